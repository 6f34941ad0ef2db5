#include "check.h"
#include "rendering.h"

#define NAMED(name, spec) \
	STR("{\"apiVersion\":\"mcp.allbeone.io/v1\",\"metadata\":" \
	"{\"name\":\"" name "\",\"namespace\":\"n\",\"uid\":\"u\"}," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")
#define SERVER(spec) NAMED("a", spec)
#define MONITORING(more) SERVER(",\"monitoring\":{" more "}")
#define ON "\"enabled\":true"

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

TEST(monitor_only_what_is_enabled)
{
	struct str off = MONITORING("\"serviceMonitor\":{\"enabled\":false},"
	    "\"prometheusRule\":{\"enabled\":false},\"dashboard\":{"
	    "\"enabled\":false}");

	for (int k = CHILD_SERVICE_MONITOR; k <= CHILD_DASHBOARD; k++) {
		EXPECT(!made(SERVER(""), (enum child_kind)k).wanted);
		EXPECT(!made(off, (enum child_kind)k).wanted);
	}
}

TEST(monitor_scrape_defaults)
{
	struct str json = MONITORING("\"serviceMonitor\":{" ON "}");

	EXPECT_STR(at(json, CHILD_SERVICE_MONITOR, "spec|endpoints"),
	    "[{\"port\":\"mcp\",\"path\":\"/metrics\"}]");
	EXPECT(str_eq(at(json, CHILD_SERVICE_MONITOR,
	    "spec|selector|matchLabels|" LABEL_KEY),
	    rendering_at(rendering_of(json, 0)->child[CHILD_SERVICE].body,
	    "metadata|labels|" LABEL_KEY)));
	EXPECT(!made(SERVER(",\"transport\":{\"type\":\"stdio\"},"
	    "\"monitoring\":{\"serviceMonitor\":{" ON "}}"),
	    CHILD_SERVICE_MONITOR).wanted);
}

TEST(monitor_scrape_times_are_whole_milliseconds)
{
	struct str json = MONITORING("\"serviceMonitor\":{" ON
	    ",\"interval\":\"1m30s\",\"scrapeTimeout\":\"1500us\"}");

	EXPECT_STR(at(json, CHILD_SERVICE_MONITOR,
	    "spec|endpoints|0|interval"), "\"90000ms\"");
	EXPECT_STR(at(json, CHILD_SERVICE_MONITOR,
	    "spec|endpoints|0|scrapeTimeout"), "\"2ms\"");
}

static bool has_alert(struct str json, const char *name)
{
	struct str body = at(json, CHILD_PROMETHEUS_RULE, "spec");

	return str_search(body, str_from(name)) < body.n;
}

TEST(monitor_alerts_of_what_there_is)
{
	struct str plain = MONITORING("\"prometheusRule\":{" ON "}");
	struct str all = SERVER(",\"autoscaling\":{\"hpa\":{" ON
	    ",\"maxReplicas\":3}},\"monitoring\":{\"prometheusRule\":{" ON
	    "},\"serviceMonitor\":{" ON "}}");

	EXPECT(has_alert(plain, "MCPServerUnavailable"));
	EXPECT(has_alert(plain, "MCPServerNotReady"));
	EXPECT(!has_alert(plain, "MCPServerScaledOut"));
	EXPECT(!has_alert(plain, "MCPServerNotScraped"));
	EXPECT(has_alert(all, "MCPServerScaledOut"));
	EXPECT(has_alert(all, "MCPServerNotScraped"));
}

/* That it is not ready is then what somebody asked for. */
TEST(monitor_no_alert_of_a_server_that_is_to_rest)
{
	struct str rests = SERVER(",\"replicas\":0,\"monitoring\":{"
	    "\"prometheusRule\":{" ON "}}");
	struct str waits = SERVER(",\"paused\":true,\"monitoring\":{"
	    "\"prometheusRule\":{" ON "}}");

	EXPECT(!has_alert(rests, "MCPServerNotReady"));
	EXPECT(has_alert(rests, "MCPServerReconcileFailing"));
	EXPECT(!has_alert(waits, "MCPServerNotReady"));
	EXPECT(has_alert(waits, "MCPServerUnavailable"));
}

/* A '.' of a pattern is any character: a-b would be a.b's too. */
TEST(monitor_expressions_mean_this_server_only)
{
	struct str json = NAMED("a.b", ",\"transport\":{\"type\":\"stdio\"},"
	    "\"monitoring\":{\"prometheusRule\":{" ON "}}");

	EXPECT_STR(at(json, CHILD_PROMETHEUS_RULE,
	    "spec|groups|0|rules|0|expr"),
	    "\"kube_deployment_status_replicas_available{namespace=\\\"n\\\","
	    "deployment=\\\"a.b\\\"} == 0 and kube_deployment_spec_replicas{"
	    "namespace=\\\"n\\\",deployment=\\\"a.b\\\"} > 0\"");
	EXPECT_STR(at(json, CHILD_PROMETHEUS_RULE,
	    "spec|groups|0|rules|2|expr"),
	    "\"sum(increase(kube_pod_container_status_restarts_total{"
	    "namespace=\\\"n\\\",pod=~\\\"a[.]b-[0-9a-z]+-[0-9a-z]+\\\","
	    "container=\\\"mcp-server\\\"}[15m])) > 3\"");
}

static bool has_pattern(struct str json, const char *pattern)
{
	struct str expr = at(json, CHILD_PROMETHEUS_RULE,
	    "spec|groups|0|rules|2|expr");

	return str_search(expr, str_from(pattern)) < expr.n;
}

#define RULED(name) NAMED(name, ",\"monitoring\":{\"prometheusRule\":{" ON \
	"}}")
#define TEN "a123456789"

/* Of a long name a pod has no more than 58 characters, before five. */
TEST(monitor_expressions_know_pods_of_long_names)
{
	EXPECT(has_pattern(RULED(TEN TEN TEN TEN "123456"),
	    "=~\\\"" TEN TEN TEN TEN "123456-[0-9a-z]+-[0-9a-z]+\\\""));
	EXPECT(has_pattern(RULED(TEN TEN TEN TEN "1234567"),
	    "=~\\\"" TEN TEN TEN TEN "1234567(-[0-9a-z]+){1,2}\\\""));
	EXPECT(has_pattern(RULED(TEN TEN TEN TEN TEN "1234567"),
	    "=~\\\"" TEN TEN TEN TEN TEN "1234567(-[0-9a-z]+){1,2}\\\""));
	EXPECT(has_pattern(RULED(TEN TEN TEN TEN TEN "12345678"),
	    "=~\\\"" TEN TEN TEN TEN TEN "12345678[0-9a-z]{5}\\\""));
	EXPECT(has_pattern(RULED(TEN TEN TEN TEN TEN TEN "123"),
	    "=~\\\"" TEN TEN TEN TEN TEN "a1234567[0-9a-z]{5}\\\""));
}

TEST(monitor_alert_labels)
{
	EXPECT_STR(at(MONITORING("\"prometheusRule\":{" ON "}"),
	    CHILD_PROMETHEUS_RULE, "spec|groups|0|rules|0|labels"),
	    "{\"severity\":\"critical\",\"namespace\":\"n\","
	    "\"mcpserver\":\"a\"}");
	EXPECT_STR(at(MONITORING("\"prometheusRule\":{" ON ",\"alertLabels\":"
	    "{\"severity\":\"page\",\"x\":\"y\"}}"), CHILD_PROMETHEUS_RULE,
	    "spec|groups|0|rules|0|labels"),
	    "{\"namespace\":\"n\",\"mcpserver\":\"a\","
	    "\"severity\":\"page\",\"x\":\"y\"}");
	EXPECT_STR(at(MONITORING("\"prometheusRule\":{" ON ",\"alertLabels\":"
	    "{\"namespace\":\"x\",\"mcpserver\":\"y\"}}"),
	    CHILD_PROMETHEUS_RULE, "spec|groups|0|rules|0|labels"),
	    "{\"severity\":\"critical\",\"namespace\":\"x\","
	    "\"mcpserver\":\"y\"}");
}

TEST(monitor_labels_for_the_finders)
{
	struct str json = MONITORING("\"labels\":{\"release\":\"p\"},"
	    "\"serviceMonitor\":{" ON "},\"prometheusRule\":{" ON "},"
	    "\"dashboard\":{" ON "}");
	struct str own = MONITORING("\"dashboard\":{" ON
	    ",\"labels\":{\"d\":\"e\"},\"annotations\":{\"f\":\"g\"}}");

	EXPECT_STR(at(json, CHILD_SERVICE_MONITOR,
	    "metadata|labels|release"), "\"p\"");
	EXPECT_STR(at(json, CHILD_PROMETHEUS_RULE,
	    "metadata|labels|release"), "\"p\"");
	EXPECT_STR(at(json, CHILD_DASHBOARD, "metadata|labels|release"), "");
	EXPECT_STR(at(json, CHILD_DASHBOARD,
	    "metadata|labels|grafana_dashboard"), "\"1\"");
	EXPECT_STR(at(own, CHILD_DASHBOARD,
	    "metadata|labels|grafana_dashboard"), "");
	EXPECT_STR(at(own, CHILD_DASHBOARD, "metadata|labels|d"), "\"e\"");
	EXPECT_STR(at(own, CHILD_DASHBOARD, "metadata|annotations|f"),
	    "\"g\"");
}

TEST(monitor_dashboard_is_json_within_json)
{
	static struct json_tok tok[4096];
	static char mem[65536];
	struct child c = made(MONITORING("\"dashboard\":{" ON "}"),
	    CHILD_DASHBOARD);
	struct str text = rendering_at(c.body, "data|n-a.json");
	struct json_doc doc;
	struct arena a;

	EXPECT_STR(c.name, "a-dashboard");
	arena_init(&a, mem, sizeof(mem));
	REQUIRE(json_parse(&doc, text, tok, ARRAY_LEN(tok), NULL) == 0);
	REQUIRE(json_string(&doc, JSON_ROOT, &a, &text) == 0);
	EXPECT_EQ(json_scan(text, NULL), 0);
	EXPECT_STR(rendering_at(text, "title"), "\"MCP server n/a\"");
	EXPECT_STR(rendering_at(text, "panels|5|gridPos"),
	    "{\"x\":12,\"y\":16,\"w\":12,\"h\":8}");
	EXPECT_STR(rendering_at(text, "panels|4|targets|1|refId"),
	    "\"B\"");
	EXPECT_STR(rendering_at(text, "panels|6"), "");
}
