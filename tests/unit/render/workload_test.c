#include "check.h"
#include "rendering.h"

#define SERVER(spec) \
	STR("{\"apiVersion\":\"mcp.allbeone.io/v1\",\"metadata\":" \
	"{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\"}," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")
#define STDIO ",\"transport\":{\"type\":\"stdio\"}"

static struct str deployment_at(struct str json, const char *path)
{
	return rendering_at(rendering_of(json, 0)->
	    child[CHILD_DEPLOYMENT].body, path);
}

TEST(workload_of_stdio_has_one_pod_at_most)
{
	const struct {
		struct str json;
		int32_t replicas;
		const char *text;
	} cases[] = {
		{ SERVER(""), 1, "1" },
		{ SERVER(",\"replicas\":0"), 0, "0" },
		{ SERVER(",\"replicas\":3"), 3, "3" },
		{ SERVER(STDIO), 1, "1" },
		{ SERVER(STDIO ",\"replicas\":0"), 0, "0" },
		{ SERVER(STDIO ",\"replicas\":3"), 1, "1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		EXPECT_EQ(server_replicas(&rendering_server(
		    cases[i].json)->spec), cases[i].replicas);
		EXPECT_STR(deployment_at(cases[i].json, "spec|replicas"),
		    cases[i].text);
	}
}

TEST(workload_waits_while_it_is_paused)
{
	EXPECT_STR(deployment_at(SERVER(",\"paused\":true"), "spec|paused"),
	    "true");
	EXPECT_STR(deployment_at(SERVER(",\"paused\":false"),
	    "spec|paused"), "");
}

TEST(workload_selector_holds_nothing_a_user_can_change)
{
	EXPECT_STR(deployment_at(SERVER(",\"selector\":{\"x\":\"y\"},"
	    "\"podLabels\":{\"z\":\"1\"},\"replicas\":4"), "spec|selector"),
	    "{\"matchLabels\":{\"mcp.allbeone.io/server-key\":\"a.a\"}}");
}

TEST(workload_labels_of_the_selector_are_on_the_pods)
{
	struct str json = SERVER(",\"selector\":{\"x\":\"y\"},"
	    "\"podLabels\":{\"x\":\"z\",\"app\":\"b\",\"w\":\"1\"}");

	EXPECT_STR(deployment_at(json, "spec|template|metadata|labels|x"),
	    "\"y\"");
	EXPECT_STR(deployment_at(json, "spec|template|metadata|labels|w"),
	    "\"1\"");
	EXPECT_STR(deployment_at(json, "spec|template|metadata|labels|app"),
	    "\"a\"");
}

TEST(workload_without_notes_has_no_annotations)
{
	EXPECT_STR(deployment_at(SERVER(""),
	    "spec|template|metadata|annotations"), "");
	EXPECT_STR(deployment_at(SERVER(",\"podAnnotations\":"
	    "{\"mcp.allbeone.io/config\":\"x\",\"a\":\"b\"}"),
	    "spec|template|metadata|annotations"), "{\"a\":\"b\"}");
}

TEST(workload_pull_secret_stands_once)
{
	EXPECT_STR(deployment_at(SERVER(",\"imagePullSecrets\":["
	    "{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"a\"}]"),
	    "spec|template|spec|imagePullSecrets"),
	    "[{\"name\":\"a\"},{\"name\":\"b\"}]");
}

TEST(workload_rolls_without_losing_a_pod)
{
	EXPECT_STR(deployment_at(SERVER(""), "spec|strategy"),
	    "{\"type\":\"RollingUpdate\",\"rollingUpdate\":"
	    "{\"maxUnavailable\":0,\"maxSurge\":1}}");
	EXPECT_STR(deployment_at(SERVER(",\"strategy\":"
	    "{\"type\":\"Recreate\"}"), "spec|strategy"),
	    "{\"type\":\"Recreate\"}");
	EXPECT_STR(deployment_at(SERVER(",\"deploymentStrategy\":"
	    "{\"rollingUpdate\":{\"maxSurge\":0}}"),
	    "spec|strategy|rollingUpdate"),
	    "{\"maxUnavailable\":\"25%\",\"maxSurge\":0}");
}

/* As the API server writes it, so that both go when it is taken away. */
TEST(workload_names_an_account_in_both_fields)
{
	static const char *const patched = "\"zz\"";
	struct str given = SERVER(",\"serviceAccountName\":\"x\"");
	struct str patch = SERVER(",\"podTemplatePatch\":{\"spec\":{"
	    "\"serviceAccountName\":\"zz\"}}");

	EXPECT_STR(deployment_at(SERVER(""),
	    "spec|template|spec|serviceAccount"), "");
	EXPECT_STR(deployment_at(given,
	    "spec|template|spec|serviceAccountName"), "\"x\"");
	EXPECT_STR(deployment_at(given,
	    "spec|template|spec|serviceAccount"), "\"x\"");
	EXPECT_STR(deployment_at(patch,
	    "spec|template|spec|serviceAccount"), patched);
	EXPECT_STR(deployment_at(SERVER(",\"serviceAccountName\":\"x\","
	    "\"podTemplatePatch\":{\"spec\":{\"serviceAccountName\":"
	    "\"zz\"}}"), "spec|template|spec|serviceAccount"), patched);
	EXPECT_STR(deployment_at(SERVER(",\"podTemplatePatch\":{\"spec\":{"
	    "\"serviceAccount\":\"old\"}}"),
	    "spec|template|spec|serviceAccount"), "\"old\"");
}
