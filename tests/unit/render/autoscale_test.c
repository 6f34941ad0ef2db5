#include "check.h"
#include "rendering.h"

#define SERVER(spec) \
	STR("{\"apiVersion\":\"mcp.allbeone.io/v1\",\"metadata\":" \
	"{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\"}," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")
#define SCALED(scaling) SERVER(",\"autoscaling\":{" scaling "}")

static const struct child *made(struct str json, enum child_kind kind)
{
	(void)rendering_server(json);
	return rendering_extra(kind);
}

static struct str spec_of(struct str json, enum child_kind kind,
    const char *path)
{
	const struct child *c = made(json, kind);

	REQUIRE(c->wanted);
	return rendering_at(rendering_at(c->body, "spec"), path);
}

TEST(autoscale_only_what_is_enabled)
{
	struct str off = SCALED("\"hpa\":{\"enabled\":false,"
	    "\"maxReplicas\":5},\"vpa\":{\"enabled\":false}");
	struct str on = SCALED("\"hpa\":{\"enabled\":true,"
	    "\"maxReplicas\":5},\"vpa\":{\"enabled\":true}");

	EXPECT(!made(SERVER(""), CHILD_HPA)->wanted);
	EXPECT(!made(SERVER(""), CHILD_VPA)->wanted);
	EXPECT(!made(off, CHILD_HPA)->wanted);
	EXPECT(!made(off, CHILD_VPA)->wanted);
	EXPECT(!made(off, CHILD_PDB)->wanted);
	EXPECT(made(on, CHILD_HPA)->wanted);
	EXPECT(made(on, CHILD_VPA)->wanted);
}

TEST(autoscale_hpa_defaults)
{
	struct str json = SCALED("\"hpa\":{\"enabled\":true,"
	    "\"maxReplicas\":5}");

	EXPECT_STR(spec_of(json, CHILD_HPA, "scaleTargetRef"),
	    "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\","
	    "\"name\":\"a\"}");
	EXPECT_STR(spec_of(json, CHILD_HPA, "minReplicas"), "1");
	EXPECT_STR(spec_of(json, CHILD_HPA, "maxReplicas"), "5");
	EXPECT_STR(spec_of(json, CHILD_HPA, "metrics"),
	    "[{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\","
	    "\"target\":{\"type\":\"Utilization\","
	    "\"averageUtilization\":80}}}]");
	EXPECT_STR(spec_of(json, CHILD_HPA, "behavior"), "");
}

/* Memory alone is a wish: the CPU does not come in by itself then. */
TEST(autoscale_hpa_metrics_are_those_given)
{
	struct str json = SCALED("\"hpa\":{\"enabled\":true,"
	    "\"maxReplicas\":5,\"targetMemoryUtilizationPercentage\":60}");

	EXPECT_STR(spec_of(json, CHILD_HPA, "metrics|0|resource"),
	    "{\"name\":\"memory\",\"target\":{\"type\":\"Utilization\","
	    "\"averageUtilization\":60}}");
	EXPECT_STR(spec_of(json, CHILD_HPA, "metrics|1"), "");
}

TEST(autoscale_deployment_leaves_replicas_to_its_hpa)
{
	static char mem[1024 * 1024];
	struct render_in in = {
		.server = rendering_server(SERVER(",\"replicas\":3")),
		.revision = RENDER_REVISION
	};
	struct render_out out[2];
	struct arena a;

	arena_init(&a, mem, sizeof(mem));
	REQUIRE(render_server(&in, &a, &out[0]) == 0);
	in.scaled = true;
	REQUIRE(render_server(&in, &a, &out[1]) == 0);
	EXPECT_STR(rendering_at(out[0].child[CHILD_DEPLOYMENT].body,
	    "spec|replicas"), "3");
	EXPECT_STR(rendering_at(out[1].child[CHILD_DEPLOYMENT].body,
	    "spec|replicas"), "");
	EXPECT_EQ(out[0].template_digest, out[1].template_digest);
}

TEST(autoscale_budget_where_there_may_be_several_pods)
{
	EXPECT(!made(SERVER(",\"replicas\":0"), CHILD_PDB)->wanted);
	EXPECT(!made(SERVER(",\"replicas\":1"), CHILD_PDB)->wanted);
	EXPECT(made(SERVER(",\"replicas\":2"), CHILD_PDB)->wanted);
	EXPECT(!made(SERVER(",\"replicas\":2,\"transport\":{\"type\":"
	    "\"stdio\"}"), CHILD_PDB)->wanted);
	EXPECT(made(SCALED("\"hpa\":{\"enabled\":true,\"maxReplicas\":2}"),
	    CHILD_PDB)->wanted);
	EXPECT(!made(SERVER(",\"replicas\":2,\"autoscaling\":{\"hpa\":{"
	    "\"enabled\":true,\"maxReplicas\":1}}"), CHILD_PDB)->wanted);
	EXPECT(!made(SERVER(",\"replicas\":2,\"autoscaling\":{\"pdb\":{"
	    "\"enabled\":false}}"), CHILD_PDB)->wanted);
	EXPECT(made(SCALED("\"pdb\":{\"enabled\":true}"),
	    CHILD_PDB)->wanted);
}

TEST(autoscale_budget_selects_as_the_deployment_does)
{
	struct str json = SERVER(",\"replicas\":2");
	struct str of = spec_of(json, CHILD_PDB, "selector");

	EXPECT(str_eq(of, rendering_at(rendering_of(json, 0)->
	    child[CHILD_DEPLOYMENT].body, "spec|selector")));
	EXPECT_STR(spec_of(json, CHILD_PDB, "maxUnavailable"), "1");
	EXPECT_STR(spec_of(json, CHILD_PDB, "minAvailable"), "");
	EXPECT_STR(spec_of(json, CHILD_PDB, "unhealthyPodEvictionPolicy"),
	    "\"AlwaysAllow\"");
}

TEST(autoscale_budget_as_given)
{
	EXPECT_STR(spec_of(SCALED("\"pdb\":{\"enabled\":true,"
	    "\"maxUnavailable\":\"20%\"}"), CHILD_PDB, "maxUnavailable"),
	    "\"20%\"");
	EXPECT_STR(spec_of(SCALED("\"pdb\":{\"enabled\":true,"
	    "\"minAvailable\":0}"), CHILD_PDB, "minAvailable"), "0");
	EXPECT_STR(spec_of(SCALED("\"pdb\":{\"enabled\":true,"
	    "\"minAvailable\":0}"), CHILD_PDB, "maxUnavailable"), "");
}

TEST(autoscale_budget_of_empty_texts_is_the_default)
{
	EXPECT_STR(spec_of(SCALED("\"pdb\":{\"enabled\":true,"
	    "\"minAvailable\":\"\"}"), CHILD_PDB, "minAvailable"), "");
	EXPECT_STR(spec_of(SCALED("\"pdb\":{\"enabled\":true,"
	    "\"minAvailable\":\"\"}"), CHILD_PDB, "maxUnavailable"), "1");
	EXPECT_STR(spec_of(SCALED("\"pdb\":{\"enabled\":true,"
	    "\"maxUnavailable\":\"\"}"), CHILD_PDB, "maxUnavailable"), "1");
}

TEST(autoscale_vpa_modes)
{
	EXPECT_STR(spec_of(SCALED("\"vpa\":{\"enabled\":true,"
	    "\"updateMode\":\"Recreation\"}"), CHILD_VPA,
	    "updatePolicy|updateMode"), "\"Recreate\"");
	EXPECT_STR(spec_of(SCALED("\"vpa\":{\"enabled\":true,"
	    "\"updateMode\":\"Off\"}"), CHILD_VPA,
	    "updatePolicy|updateMode"), "\"Off\"");
	EXPECT_STR(spec_of(SCALED("\"vpa\":{\"enabled\":true}"), CHILD_VPA,
	    "updatePolicy"), "");
	EXPECT_STR(spec_of(SCALED("\"vpa\":{\"enabled\":true}"), CHILD_VPA,
	    "resourcePolicy"), "");
}

#define RELOADED(vpa) SERVER(",\"reload\":{\"policy\":\"Signal\"," \
	"\"signal\":\"SIGHUP\"},\"volumes\":[{\"name\":\"v\"," \
	"\"configMap\":{\"name\":\"c\"}}],\"volumeMounts\":[{" \
	"\"name\":\"v\",\"mountPath\":\"/v\"}],\"autoscaling\":{" \
	"\"vpa\":{\"enabled\":true" vpa "}}")
#define POLICIES(list) ",\"resourcePolicy\":{\"containerPolicies\":[" \
	list "]}"
#define OFF "{\"containerName\":\"config-reloader\",\"mode\":\"Off\"}"
#define OTHER "{\"containerName\":\"config-reloader\",\"mode\":\"Auto\"}"
#define ALL "{\"containerName\":\"*\",\"mode\":\"Auto\"}"

TEST(autoscale_vpa_leaves_the_reloader_alone)
{
	static const char path[] = "resourcePolicy|containerPolicies";

	EXPECT_STR(spec_of(RELOADED(""), CHILD_VPA, path), "[" OFF "]");
	EXPECT_STR(spec_of(RELOADED(POLICIES(ALL)), CHILD_VPA, path),
	    "[" ALL "," OFF "]");
	EXPECT_STR(spec_of(RELOADED(POLICIES(OTHER)), CHILD_VPA, path),
	    "[" OTHER "]");
}
