#include "check.h"
#include "rendering.h"

#define POD "spec|template|spec|"
#define SIDECAR POD "containers|1"
#define SERVER(spec) \
	STR("{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\",\"metadata\":" \
	"{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\"}," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")
#define SIGNAL ",\"reload\":{\"policy\":\"Signal\"}"
#define FILES ",\"configSources\":[{\"mountPath\":\"/a\"," \
	"\"configMap\":{\"name\":\"c\"}}]"

static struct str at(struct str json, const char *path)
{
	return rendering_at(rendering_of(json, 0)->
	    child[CHILD_DEPLOYMENT].body, path);
}

static uint64_t template_of(struct str json)
{
	return rendering_of(json, 0)->template_digest;
}

TEST(a_server_is_signalled_where_it_asks_for_it_only)
{
	EXPECT_STR(at(SERVER(SIGNAL FILES), SIDECAR "|name"),
	    "\"config-reloader\"");
	EXPECT_STR(at(SERVER(SIGNAL FILES), SIDECAR "|image"),
	    "\"mcp-operator:test\"");
	EXPECT_STR(at(SERVER(SIGNAL FILES), SIDECAR "|args"),
	    "[\"reload\",\"--signal=SIGHUP\",\"--watch=/watch\"]");
	EXPECT_STR(at(SERVER(SIGNAL FILES), SIDECAR "|volumeMounts"),
	    "[{\"name\":\"mcp-source-0\",\"mountPath\":"
	    "\"/watch/mcp-source-0\",\"readOnly\":true}]");
	EXPECT_STR(at(SERVER(SIGNAL FILES), POD "shareProcessNamespace"),
	    "true");
	EXPECT_STR(rendering_of(SERVER(SIGNAL FILES), 0)->sidecar,
	    "mcp-operator:test");
	EXPECT_EQ(template_of(SERVER(FILES)), template_of(SERVER(
	    ",\"reload\":{\"policy\":\"Roll\"}" FILES)));
	EXPECT_EQ(template_of(SERVER("")), template_of(SERVER(SIGNAL)));
	EXPECT_STR(rendering_of(SERVER(SIGNAL), 0)->sidecar, "");
	EXPECT_STR(at(SERVER(SIGNAL FILES
	    ",\"securityContext\":{\"runAsNonRoot\":true}"), SIDECAR), "");
}

TEST(who_signals_has_the_servers_user)
{
	const struct {
		struct str json;
		const char *user, *group, *non_root;
	} cases[] = {
		{ SERVER(SIGNAL FILES), "1000", "", "true" },
		{ SERVER(SIGNAL FILES ",\"securityContext\":{"
		  "\"runAsUser\":0,\"runAsGroup\":3}"), "0", "3", "false" },
		{ SERVER(SIGNAL FILES ",\"podSecurityContext\":{"
		  "\"runAsUser\":5,\"runAsGroup\":6,"
		  "\"runAsNonRoot\":true}"), "5", "", "true" },
		{ SERVER(SIGNAL FILES ",\"podSecurityContext\":{"
		  "\"runAsUser\":5},\"securityContext\":{"
		  "\"runAsUser\":7}"), "7", "", "true" },
	};
#define SECURITY SIDECAR "|securityContext|"

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		EXPECT_STR(at(cases[i].json, SECURITY "runAsUser"),
		    cases[i].user);
		EXPECT_STR(at(cases[i].json, SECURITY "runAsGroup"),
		    cases[i].group);
		EXPECT_STR(at(cases[i].json, SECURITY "runAsNonRoot"),
		    cases[i].non_root);
	}
}

#define BESIDE ",\"pod\":{\"sidecars\":[{\"name\":\"s\",\"image\":\"s:1\"}]}"
#define GROUP ",\"securityContext\":{\"runAsGroup\":7}"

/* Whom nobody can tell from others is made anew as ever. */
TEST(the_configuration_of_one_that_cannot_be_told_is_in_its_template)
{
	EXPECT(template_of(SERVER(SIGNAL BESIDE ",\"config\":{\"a\":1}")) !=
	    template_of(SERVER(SIGNAL BESIDE ",\"config\":{\"a\":2}")));
	EXPECT_EQ(template_of(SERVER(SIGNAL BESIDE GROUP
	    ",\"config\":{\"a\":1}")), template_of(SERVER(SIGNAL BESIDE GROUP
	    ",\"config\":{\"a\":2}")));
}

/* Its pods are not made anew for that, the file in them changes. */
TEST(the_configuration_of_one_that_is_signalled_is_not_in_its_template)
{
	EXPECT_EQ(template_of(SERVER(SIGNAL ",\"config\":{\"a\":1}")),
	    template_of(SERVER(SIGNAL ",\"config\":{\"a\":2}")));
	EXPECT(template_of(SERVER(",\"config\":{\"a\":1}")) !=
	    template_of(SERVER(",\"config\":{\"a\":2}")));
	/* Who patches its mount may have made it one that stays as it is. */
	EXPECT(template_of(SERVER(SIGNAL FILES ",\"config\":{\"a\":1},"
	    "\"podTemplatePatch\":{\"spec\":{\"containers\":[{\"name\":"
	    "\"mcp-server\",\"volumeMounts\":[{\"mountPath\":\"/etc/mcp\","
	    "\"subPath\":\"x\"}]}]}}")) !=
	    template_of(SERVER(SIGNAL FILES ",\"config\":{\"a\":2},"
	    "\"podTemplatePatch\":{\"spec\":{\"containers\":[{\"name\":"
	    "\"mcp-server\",\"volumeMounts\":[{\"mountPath\":\"/etc/mcp\","
	    "\"subPath\":\"x\"}]}]}}")));
}

TEST(an_invalid_place_of_the_configuration_mounts_nothing_that_there_is_not)
{
	EXPECT_STR(at(SERVER(SIGNAL ",\"config\":{\"a\":1},\"volumes\":["
	    "{\"name\":\"v\",\"configMap\":{\"name\":\"c\"}}],"
	    "\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":"
	    "\"/etc/mcp\"}]"), SIDECAR "|volumeMounts|0|name"), "\"v\"");
}
