#include "model_test.h"

static struct model m;

static struct str written(enum group g, const struct server_status *s)
{
	struct buf b;
	struct jw w;

	buf_init(&b, m.out, sizeof(m.out));
	jw_init(&w, &b);
	status_write(g, s, &w);
	REQUIRE(!b.over);
	return buf_view(&b);
}

static struct server_status running(void)
{
	struct server_status s = { 0 };

	s.phase = PHASE_RUNNING;
	HAS_SET(&s, server_status, phase);
	s.ready_replicas = 0;
	HAS_SET(&s, server_status, ready_replicas);
	s.endpoint = STR("http://fs.tools.svc.cluster.local:8080/mcp");
	HAS_SET(&s, server_status, endpoint);
	return s;
}

TEST(status_in_each_groups_words)
{
	struct server_status s = running();

	EXPECT_STR(written(GROUP_ALLBEONE, &s), "{\"phase\":\"Running\","
	    "\"readyReplicas\":0,\"serviceEndpoint\":"
	    "\"fs.tools.svc.cluster.local:8080\"}");
	EXPECT_STR(written(GROUP_NTAKATSU, &s), "{\"phase\":\"Running\","
	    "\"readyReplicas\":0,\"endpoint\":"
	    "\"http://fs.tools.svc.cluster.local:8080/mcp\"}");
	EXPECT_STR(written(GROUP_EXAMPLE, &s), "{\"phase\":\"Ready\","
	    "\"readyReplicas\":0,\"endpoint\":"
	    "\"http://fs.tools.svc.cluster.local:8080\"}");
	s.phase = PHASE_DEGRADED;
	EXPECT(str_starts(written(GROUP_MCPDEV, &s),
	    STR("{\"phase\":\"Pending\",")));
	EXPECT(str_starts(written(GROUP_ALLBEONE, &s),
	    STR("{\"phase\":\"Running\",")));
	s.phase = PHASE_TERMINATING;
	EXPECT(str_starts(written(GROUP_EXAMPLE, &s),
	    STR("{\"phase\":\"Terminating\",")));
}

TEST(status_without_a_service)
{
	struct server_status s = running();

	s.endpoint = STR("stdio://fs");
	EXPECT_STR(written(GROUP_ALLBEONE, &s),
	    "{\"phase\":\"Running\",\"readyReplicas\":0}");
	EXPECT_STR(written(GROUP_EXAMPLE, &s), "{\"phase\":\"Ready\","
	    "\"readyReplicas\":0,\"endpoint\":\"stdio://fs\"}");
}

TEST(status_comes_back)
{
	REQUIRE(!model_object(&m, GROUP_EXAMPLE, "{\"metadata\":{\"name\":"
	    "\"a\"},\"spec\":{\"image\":\"i\"},\"status\":{\"phase\":"
	    "\"Ready\",\"conditions\":[{\"type\":\"Ready\",\"status\":"
	    "\"True\",\"lastTransitionTime\":\"2024-01-01T00:00:00Z\","
	    "\"reason\":\"R\",\"message\":\"m\"}],\"resources\":[{\"kind\":"
	    "\"Service\",\"name\":\"a\",\"version\":\"12\"}]}}"));
	EXPECT_EQ(m.s.status.phase, PHASE_RUNNING);
	EXPECT_EQ(m.s.status.conditions.p[0].changed,
	    INT64_C(1704067200) * NS_PER_S);
	EXPECT_STR(m.s.status.children.p[0].version, "12");
	EXPECT_STR(written(GROUP_EXAMPLE, &m.s.status), "{\"phase\":"
	    "\"Ready\",\"conditions\":[{\"type\":\"Ready\",\"status\":"
	    "\"True\",\"reason\":\"R\",\"message\":\"m\","
	    "\"lastTransitionTime\":\"2024-01-01T00:00:00Z\"}],"
	    "\"resources\":[{\"kind\":\"Service\",\"name\":\"a\",\"version\":"
	    "\"12\"}]}");
}

TEST(status_endpoint_of_a_server)
{
	static const struct { enum group g; const char *spec, *url; } c[] = {
		{ GROUP_NTAKATSU, "{}",
		  "http://fs.tools.svc.cluster.local:3000/mcp" },
		{ GROUP_NTAKATSU, "{\"transport\":\"websocket\"}",
		  "ws://fs.tools.svc.cluster.local:3000/mcp" },
		{ GROUP_NTAKATSU, "{\"transport\":\"stdio\"}",
		  "stdio://fs" },
		{ GROUP_ALLBEONE, "{\"image\":\"a\",\"transport\":{\"type\":"
		  "\"http\",\"path\":\"/x\"},\"ports\":[{\"port\":80,"
		  "\"targetPort\":9}]}",
		  "http://fs.tools.svc.cluster.local:80/x" },
	};
	char mem[128];

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct buf b;

		model_good(&m, c[i].g, c[i].spec);
		buf_init(&b, mem, sizeof(mem));
		status_endpoint(&m.s, &b);
		EXPECT_STR(buf_view(&b), c[i].url);
	}
}
