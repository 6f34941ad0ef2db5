#include "check.h"
#include "rendering.h"

#define SERVER(spec) \
	STR("{\"apiVersion\":\"mcp.allbeone.io/v1\",\"metadata\":" \
	"{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\"}," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")
#define TENANT(tenancy) SERVER(",\"tenancy\":{\"tenantId\":\"t\"" tenancy "}")
#define QUOTA(quotas) TENANT(",\"resourceQuotas\":{" quotas "}")
#define LABEL "metadata|labels|mcp.allbeone.io/tenant-id"
#define REQUIRED \
	"podAntiAffinity|requiredDuringSchedulingIgnoredDuringExecution"
#define OTHERS "{\"labelSelector\":{\"matchExpressions\":[{\"key\":" \
	"\"mcp.allbeone.io/tenant-id\",\"operator\":\"Exists\"},{\"key\":" \
	"\"mcp.allbeone.io/tenant-id\",\"operator\":\"NotIn\",\"values\":" \
	"[\"t\"]}]},\"namespaceSelector\":{},\"topologyKey\":" \
	"\"kubernetes.io/hostname\"}"

static struct child made(struct str json, enum child_kind kind)
{
	(void)rendering_server(json);
	return *rendering_extra(kind);
}

static struct str at(struct str json, enum child_kind kind, const char *path)
{
	struct child c = made(json, kind);

	REQUIRE(c.wanted);
	return rendering_at(c.body, path);
}

static struct str affinity(struct str json)
{
	return rendering_at(rendering_of(json, 0)->
	    child[CHILD_DEPLOYMENT].body,
	    "spec|template|spec|affinity");
}

TEST(tenant_only_what_is_asked_for)
{
	static const enum child_kind kinds[] = {
		CHILD_RESOURCE_QUOTA, CHILD_LIMIT_RANGE, CHILD_ROLE,
		CHILD_ROLE_BINDING
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		EXPECT(!made(SERVER(""), kinds[i]).wanted);
		EXPECT(!made(TENANT(""), kinds[i]).wanted);
	}
	EXPECT(!made(QUOTA(""), CHILD_RESOURCE_QUOTA).wanted);
	EXPECT(!made(QUOTA("\"pods\":1"), CHILD_LIMIT_RANGE).wanted);
}

TEST(tenant_label_on_pods_and_children)
{
	const struct render_out *out = rendering_of(TENANT(""), 0);

	EXPECT_STR(rendering_at(out->child[CHILD_SERVICE].body, LABEL),
	    "\"t\"");
	EXPECT_STR(rendering_at(out->child[CHILD_DEPLOYMENT].body, LABEL),
	    "\"t\"");
	EXPECT_STR(rendering_at(out->child[CHILD_DEPLOYMENT].body,
	    "spec|template|" LABEL), "\"t\"");
	/* It can be changed, so it selects nothing of ours. */
	EXPECT_STR(rendering_at(out->child[CHILD_DEPLOYMENT].body,
	    "spec|selector|matchLabels"),
	    "{\"mcp.allbeone.io/server-key\":\"a.a\"}");
	out = rendering_of(SERVER(""), 0);
	EXPECT_STR(rendering_at(out->child[CHILD_DEPLOYMENT].body,
	    "spec|template|" LABEL), "");
}

TEST(tenant_keeps_nodes_to_itself)
{
	EXPECT_STR(affinity(TENANT("")), "");
	EXPECT_STR(affinity(TENANT(",\"isolationLevel\":\"Namespace\"")),
	    "");
	EXPECT_STR(affinity(TENANT(",\"isolationLevel\":\"Node\"")),
	    "{\"podAntiAffinity\":{\"requiredDuringSchedulingIgnoredDuring"
	    "Execution\":[" OTHERS "]}}");
	EXPECT_STR(affinity(TENANT(",\"isolationLevel\":\"Strict\"")),
	    "{\"podAntiAffinity\":{\"requiredDuringSchedulingIgnoredDuring"
	    "Execution\":[" OTHERS "]}}");
}

TEST(tenant_affinity_beside_the_users)
{
	struct str json = SERVER(",\"affinity\":{\"nodeAffinity\":{\"x\":1},"
	    "\"podAntiAffinity\":{\"y\":[2],\"requiredDuringScheduling"
	    "IgnoredDuringExecution\":[{\"z\":3}]}},\"tenancy\":{"
	    "\"tenantId\":\"t\",\"isolationLevel\":\"Node\"}");
	struct str not = SERVER(",\"affinity\":{\"podAntiAffinity\":7},"
	    "\"tenancy\":{\"tenantId\":\"t\",\"isolationLevel\":\"Node\"}");

	EXPECT_STR(rendering_at(affinity(json), "nodeAffinity"),
	    "{\"x\":1}");
	EXPECT_STR(rendering_at(affinity(json), "podAntiAffinity|y"),
	    "[2]");
	EXPECT_STR(rendering_at(affinity(json), REQUIRED),
	    "[{\"z\":3}," OTHERS "]");
	EXPECT_STR(rendering_at(affinity(not), REQUIRED), "[" OTHERS "]");
}

TEST(tenant_quota)
{
	EXPECT_STR(at(QUOTA("\"cpu\":2,\"memory\":\"1Gi\",\"storage\":"
	    "\"5Gi\""), CHILD_RESOURCE_QUOTA, "spec"), "{\"hard\":{"
	    "\"requests.cpu\":\"2\",\"requests.memory\":\"1Gi\","
	    "\"requests.storage\":\"5Gi\"}}");
	EXPECT_STR(at(QUOTA("\"pods\":1,\"services\":2,"
	    "\"persistentVolumeClaims\":3,\"configMaps\":4,\"secrets\":0,"
	    "\"mcpServers\":6"), CHILD_RESOURCE_QUOTA, "spec|hard"),
	    "{\"pods\":\"1\",\"services\":\"2\","
	    "\"persistentvolumeclaims\":\"3\",\"configmaps\":\"4\","
	    "\"secrets\":\"0\","
	    "\"count/mcpservers.mcp.allbeone.io\":6}");
	EXPECT_STR(made(QUOTA("\"pods\":1"), CHILD_RESOURCE_QUOTA).name,
	    "a-tenant");
}

/* Who requests nothing is not refused for the quota. */
TEST(tenant_limit_range)
{
	EXPECT_STR(at(QUOTA("\"cpu\":2"), CHILD_LIMIT_RANGE, "spec|limits"),
	    "[{\"type\":\"Container\",\"defaultRequest\":{\"cpu\":\"50m\"}}]"
	    );
	EXPECT_STR(at(QUOTA("\"storage\":\"5Gi\",\"memory\":1"),
	    CHILD_LIMIT_RANGE, "spec|limits"),
	    "[{\"type\":\"Container\",\"defaultRequest\":{\"memory\":"
	    "\"64Mi\"}},{\"type\":\"PersistentVolumeClaim\",\"max\":{"
	    "\"storage\":\"5Gi\"}}]");
}

#define MEMBERS(level) TENANT(level ",\"members\":[{\"kind\":\"Group\"," \
	"\"name\":\"g\"},{\"kind\":\"ServiceAccount\",\"name\":\"s\"}]")

TEST(tenant_role)
{
	struct str json = MEMBERS("");

	EXPECT_STR(at(json, CHILD_ROLE, "rules|0|resourceNames"),
	    "[\"a\"]");
	EXPECT_STR(at(json, CHILD_ROLE, "rules|4|resources"),
	    "[\"pods\",\"pods/log\",\"events\"]");
	EXPECT_STR(at(MEMBERS(",\"isolationLevel\":\"Strict\""), CHILD_ROLE,
	    "rules|4"), "");
}

TEST(tenant_role_binding)
{
	struct str json = MEMBERS("");

	EXPECT(str_is(rendering_at(made(json, CHILD_ROLE_BINDING).body,
	    "roleRef|name"), "\"a-tenant\"") &&
	    str_is(made(json, CHILD_ROLE).name, "a-tenant"));
	EXPECT_STR(at(json, CHILD_ROLE_BINDING, "subjects"),
	    "[{\"kind\":\"Group\",\"apiGroup\":"
	    "\"rbac.authorization.k8s.io\",\"name\":\"g\"},{\"kind\":"
	    "\"ServiceAccount\",\"name\":\"s\",\"namespace\":\"n\"}]");
}
