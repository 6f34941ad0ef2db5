#include "model_test.h"

static struct model m;

#define MONITORING(more) "{\"image\":\"a\",\"monitoring\":{" more "}}"
#define SCRAPE(more) \
	MONITORING("\"serviceMonitor\":{\"enabled\":true," more "}")
#define AT "spec.monitoring."

static void bad(const char *spec, const char *path, const char *rule)
{
	model_bad(&m, GROUP_ALLBEONE, spec, path, rule);
}

static void good(const char *spec)
{
	model_good(&m, GROUP_ALLBEONE, spec);
}

TEST(rules_monitor_scrape)
{
	bad(SCRAPE("\"port\":\"admin\""), AT "serviceMonitor.port",
	    "admin names no port of the server");
	bad(SCRAPE("\"path\":\"m\""), AT "serviceMonitor.path",
	    "m must begin with '/'");
	bad(SCRAPE("\"interval\":\"0s\""), AT "serviceMonitor.interval",
	    "must be at least 1ms");
	bad(SCRAPE("\"scrapeTimeout\":\"-1s\""),
	    AT "serviceMonitor.scrapeTimeout", "must be at least 1ms");
	bad(SCRAPE("\"interval\":\"5s\",\"scrapeTimeout\":\"6s\""),
	    AT "serviceMonitor.scrapeTimeout", "is over interval");
	bad("{\"image\":\"a\",\"transport\":{\"type\":\"stdio\"},"
	    "\"monitoring\":{\"serviceMonitor\":{\"enabled\":true}}}",
	    AT "serviceMonitor.enabled",
	    "needs a transport other than stdio, or a gateway");
	good(SCRAPE("\"port\":\"mcp\",\"interval\":\"5s\","
	    "\"scrapeTimeout\":\"5s\""));
	good("{\"image\":\"a\",\"transport\":{\"type\":\"stdio\"},"
	    "\"monitoring\":{\"prometheusRule\":{\"enabled\":true}}}");
}

TEST(rules_monitor_labels)
{
	bad(MONITORING("\"labels\":{\"a b\":\"c\"}"), AT "labels",
	    "a b is not a label key");
	bad(MONITORING("\"dashboard\":{\"enabled\":true,\"labels\":{"
	    "\"app\":\"x\"}}"), AT "dashboard.labels",
	    "app is a label that the operator sets");
	bad(MONITORING("\"dashboard\":{\"enabled\":true,\"annotations\":{"
	    "\"a b\":\"x\"}}"), AT "dashboard.annotations",
	    "a b is not an annotation key");
}

TEST(rules_monitor_alert_labels)
{
	static const char *const wrong[] = { "a-b", "1a", "__a", "" };
	char spec[256];
	struct buf b;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		buf_init(&b, spec, sizeof(spec) - 1);
		buf_fmt(&b, MONITORING("\"prometheusRule\":{\"enabled\":true,"
		    "\"alertLabels\":{\"%s\":\"x\"}}"), wrong[i]);
		spec[b.n] = '\0';
		EXPECT(model_spec(&m, GROUP_ALLBEONE, spec) == 0 &&
		    server_check(&m.s, &m.arena, &m.diag) == ERR_INVALID);
		EXPECT_STR(str_from(m.diag.path),
		    AT "prometheusRule.alertLabels");
	}
	good(MONITORING("\"prometheusRule\":{\"enabled\":true,"
	    "\"alertLabels\":{\"a_1\":\"any text\"}}"));
}
