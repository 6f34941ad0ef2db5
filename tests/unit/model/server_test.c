#include "model_test.h"

static struct model m;

/* ---- what the four systems' guides show ---- */

TEST(server_allbeone_flat)
{
	const struct server_spec *s = model_good(&m, GROUP_ALLBEONE,
	    "{\"image\":\"mcp-server-filesystem\",\"tag\":\"latest\","
	    "\"replicas\":1,\"port\":8080,\"command\":[\"python\",\"-m\","
	    "\"mcp_server_filesystem\"],\"args\":[\"--allowed-dirs\","
	    "\"/app/data\"],\"env\":[{\"name\":\"MCP_SERVER_NAME\","
	    "\"value\":\"filesystem-server\"}],\"resources\":{\"requests\":"
	    "{\"memory\":\"64Mi\",\"cpu\":\"50m\"},\"limits\":{\"memory\":"
	    "\"128Mi\",\"cpu\":\"100m\"}}}");

	EXPECT_STR(m.s.meta.name, "fs");
	EXPECT_STR(m.s.meta.ns, "tools");
	EXPECT_EQ(m.s.meta.generation, 2);
	EXPECT_EQ(m.s.group, GROUP_ALLBEONE);
	EXPECT_STR(s->image, "mcp-server-filesystem:latest");
	EXPECT(!HAS(s, server_spec, tag));
	EXPECT_EQ(s->replicas, 1);
	EXPECT_EQ(s->port, 8080);
	EXPECT_EQ(s->command.n, 3);
	EXPECT_STR(s->args.p[1], "/app/data");
	EXPECT_EQ(s->transport.type, TRANSPORT_HTTP);
	EXPECT_STR(s->transport.path, "/mcp");
	EXPECT_EQ(s->ports.n, 1);
	EXPECT_STR(s->ports.p[0].name, "mcp");
	EXPECT_EQ(s->ports.p[0].port, 8080);
	EXPECT_EQ(s->ports.p[0].target_port, 8080);
	EXPECT_EQ(s->ports.p[0].protocol, PROTOCOL_TCP);
	EXPECT_EQ(s->env.n, 1);
	EXPECT_STR(pairs_get(&s->resources.limits, STR("cpu")), "100m");
	EXPECT_EQ(s->service.type, SERVICE_CLUSTER_IP);
	EXPECT_EQ(s->strategy.type, STRATEGY_ROLLING_UPDATE);
	EXPECT_EQ(s->termination_grace_s, 15);
}

TEST(server_allbeone_crd_spelling)
{
	const struct server_spec *s = model_good(&m, GROUP_ALLBEONE,
	    "{\"runtime\":{\"type\":\"python\",\"image\":\"python:3.11-slim\""
	    ",\"command\":[\"python\"],\"args\":[\"-m\",\"x\"],\"env\":{"
	    "\"Z\":\"1\",\"B\":\"2\"},\"port\":9000},\"transport\":{\"type\":"
	    "\"streamable-http\"},\"env\":[{\"name\":\"B\",\"value\":\"3\"}],"
	    "\"secretRefs\":[{\"name\":\"s\",\"key\":\"k\",\"envVar\":\"T\","
	    "\"optional\":true}],\"serviceAccount\":\"robot\","
	    "\"serviceType\":\"NodePort\",\"deploymentStrategy\":{\"type\":"
	    "\"Recreate\"},\"volumes\":[{\"name\":\"keys\",\"secret\":{"
	    "\"name\":\"tls\",\"items\":[{\"key\":\"a\",\"path\":\"b\"}]}}]}");

	EXPECT_STR(s->image, "python:3.11-slim");
	EXPECT_STR(s->command.p[0], "python");
	EXPECT_EQ(s->args.n, 2);
	EXPECT_EQ(s->port, 9000);
	EXPECT_EQ(s->ports.p[0].port, 9000);
	EXPECT_EQ(s->termination_grace_s, 30);
	/* the map by name, then secretRefs, then env, which wins */
	REQUIRE(s->env.n == 3);
	EXPECT_STR(s->env.p[0].name, "Z");
	EXPECT_STR(s->env.p[1].name, "T");
	EXPECT_STR(s->env.p[1].from.secret.key, "k");
	EXPECT(s->env.p[1].from.secret.optional);
	EXPECT_STR(s->env.p[2].name, "B");
	EXPECT_STR(s->env.p[2].value, "3");
	EXPECT_STR(s->service_account, "robot");
	EXPECT_EQ(s->service.type, SERVICE_NODE_PORT);
	EXPECT_EQ(s->strategy.type, STRATEGY_RECREATE);
	EXPECT_STR(s->volumes.p[0].secret.secret_name, "tls");
	EXPECT(!HAS(s, server_spec, strategy_alias));
	EXPECT(!HAS(s, server_spec, secret_refs));
	EXPECT(!HAS(&s->runtime, runtime, image));
	EXPECT_STR(s->runtime.type, "python");
}

TEST(server_ntakatsu)
{
	const struct server_spec *s = model_good(&m, GROUP_NTAKATSU,
	    "{\"replicas\":2,\"image\":\"mcp-rs:latest\",\"transport\":"
	    "\"http\",\"port\":3000,\"resources\":{\"limits\":{\"cpu\":"
	    "\"1000m\",\"memory\":\"512Mi\"},\"requests\":{\"cpu\":\"100m\","
	    "\"memory\":\"128Mi\"}},\"securityPolicy\":\"default-policy\","
	    "\"plugins\":[\"wordpress-plugin\",\"mysql-plugin\"],\"env\":[{"
	    "\"name\":\"RUST_LOG\",\"value\":\"info\"}]}");
	char mem[128];
	struct buf b;

	EXPECT_EQ(s->transport.type, TRANSPORT_HTTP);
	EXPECT(!HAS(s, server_spec, transport_name));
	REQUIRE(s->args.n == 4);
	EXPECT_STR(s->args.p[0], "--transport");
	EXPECT_STR(s->args.p[1], "http");
	EXPECT_STR(s->args.p[2], "--port");
	EXPECT_STR(s->args.p[3], "3000");
	EXPECT_EQ(s->ports.p[0].port, 3000);
	buf_init(&b, mem, sizeof(mem));
	EXPECT_EQ(server_unacted(&m.s, &b), 2);
	EXPECT_STR(buf_view(&b), "spec.plugins, spec.securityPolicy");
}

TEST(server_ntakatsu_defaults)
{
	const struct server_spec *s = model_good(&m, GROUP_NTAKATSU, "{}");
	char mem[128];
	struct buf b;

	EXPECT_STR(s->image, "mcp-rs:latest");
	EXPECT_EQ(s->port, 3000);
	EXPECT_EQ(s->replicas, 1);
	EXPECT(HAS(s, server_spec, plugins));
	EXPECT(!HAS(s, server_spec, resources));
	buf_init(&b, mem, sizeof(mem));
	EXPECT_EQ(server_unacted(&m.s, &b), 0);
	s = model_good(&m, GROUP_NTAKATSU, "{\"transport\":\"stdio\"}");
	EXPECT_EQ(s->args.n, 2);
	EXPECT_EQ(s->ports.n, 0);
	s = model_good(&m, GROUP_NTAKATSU, "{\"args\":[\"--config\"]}");
	EXPECT_EQ(s->args.n, 1);
	s = model_good(&m, GROUP_NTAKATSU, "{\"command\":[\"sh\"]}");
	EXPECT_EQ(s->args.n, 0);
	s = model_good(&m, GROUP_NTAKATSU, "{\"args\":[]}");
	EXPECT_EQ(s->args.n, 4);
}

TEST(server_example)
{
	const struct server_spec *s = model_good(&m, GROUP_EXAMPLE,
	    "{\"image\":\"my-mcp-server:latest\",\"config\":{\"LEVEL\":"
	    "\"debug\"},\"resources\":{\"cpu\":\"250m\",\"memory\":\"64Mi\"}}");

	EXPECT_EQ(s->transport.type, TRANSPORT_STREAMABLE_HTTP);
	EXPECT_EQ(s->port, 8080);
	EXPECT_STR(pairs_get(&s->config_map, STR("LEVEL")), "debug");
	EXPECT_STR(pairs_get(&s->resources.requests, STR("cpu")), "250m");
	EXPECT_STR(pairs_get(&s->resources.limits, STR("memory")), "64Mi");
	EXPECT(!HAS(&s->resources, resources, cpu));
	EXPECT_EQ(s->termination_grace_s, 30);
	s = model_good(&m, GROUP_EXAMPLE,
	    "{\"image\":\"a\",\"transport\":\"stdio\"}");
	EXPECT_STR(pairs_get(&s->resources.requests, STR("cpu")), "50m");
	EXPECT_EQ(s->resources.limits.n, 0);
	EXPECT_EQ(s->termination_grace_s, 5);
	s = model_good(&m, GROUP_EXAMPLE,
	    "{\"image\":\"a\",\"transport\":\"http\"}");
	EXPECT_STR(pairs_get(&s->resources.requests, STR("memory")), "128Mi");
	s = model_good(&m, GROUP_EXAMPLE,
	    "{\"image\":\"a\",\"transport\":\"sse\"}");
	EXPECT_STR(pairs_get(&s->resources.requests, STR("memory")), "256Mi");
}

TEST(server_mcpdev)
{
	const struct server_spec *s = model_good(&m, GROUP_MCPDEV,
	    "{\"image\":\"my-mcp-server:latest\",\"replicas\":2,\"port\":8080,"
	    "\"secretName\":\"mcp-secrets\",\"envFrom\":[{\"configMapRef\":"
	    "{\"name\":\"c\"}}]}");

	EXPECT_EQ(s->transport.type, TRANSPORT_HTTP);
	EXPECT_STR(s->ports.p[0].name, "http");
	REQUIRE(s->env_from.n == 2);
	EXPECT_STR(s->env_from.p[0].config_map.name, "c");
	EXPECT_STR(s->env_from.p[1].secret.name, "mcp-secrets");
	EXPECT(!s->env_from.p[1].secret.optional);
	EXPECT(!HAS(s, server_spec, secret_name));
	EXPECT(!HAS(s, server_spec, resources));
	s = model_good(&m, GROUP_MCPDEV, "{\"image\":\"a\"}");
	EXPECT_EQ(s->replicas, 1);
	EXPECT_EQ(s->port, 8080);
}

/* ---- objects that are not as they should be ---- */

TEST(server_refused_spec_keeps_meta_and_status)
{
	EXPECT_EQ(model_object(&m, GROUP_MCPDEV, "{\"metadata\":{\"name\":"
	    "\"a\",\"uid\":\"u\"},\"spec\":{\"replicas\":\"two\"},"
	    "\"status\":{\"replicas\":3}}"), ERR_INVALID);
	EXPECT_STR(str_from(m.diag.path), "spec.replicas");
	EXPECT_STR(str_from(m.diag.text),
	    "must be an integer, is a string");
	EXPECT_STR(m.s.meta.uid, "u");
	EXPECT_EQ(m.s.status.replicas, 3);
	EXPECT_EQ(m.s.spec.has, 0);
}

TEST(server_without_spec)
{
	static const char *const none[] = {
		"{\"metadata\":{\"name\":\"a\"}}",
		"{\"metadata\":{\"name\":\"a\"},\"spec\":null}"
	};

	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		EXPECT_EQ(model_object(&m, GROUP_MCPDEV, none[i]),
		    ERR_INVALID);
		EXPECT_STR(str_from(m.diag.path), "spec.image");
		EXPECT_EQ(model_object(&m, GROUP_NTAKATSU, none[i]), 0);
		EXPECT_EQ(m.s.spec.port, 3000);
		/* Nothing is required by the table, an image by the rules. */
		EXPECT_EQ(model_object(&m, GROUP_ALLBEONE, none[i]), 0);
		EXPECT_EQ(server_check(&m.s, &m.arena, &m.diag), ERR_INVALID);
		EXPECT_STR(str_from(m.diag.path), "spec.image");
	}
	EXPECT_EQ(model_object(&m, GROUP_MCPDEV,
	    "{\"metadata\":{\"name\":\"a\"},\"spec\":[]}"), ERR_INVALID);
	EXPECT_STR(str_from(m.diag.path), "spec");
}

TEST(server_without_usable_metadata)
{
	static const char *const bad[] = {
		"{}", "{\"metadata\":{}}", "{\"metadata\":[]}", "[]", "1",
		"{\"metadata\":{\"name\":\"\"}}",
		"{\"metadata\":{\"name\":5}}",
		"{\"metadata\":{\"name\":\"a\",\"labels\":{\"a\":1}}}"
	};
	struct server before;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		memset(&m.s, 0x5a, sizeof(m.s));
		before = m.s;
		EXPECT_EQ(model_object(&m, GROUP_EXAMPLE, bad[i]), ERR_BAD);
		EXPECT(diag_is_set(&m.diag));
		EXPECT(!memcmp(&before, &m.s, sizeof(before)));
		EXPECT_EQ(m.arena.n, 0);
	}
}

TEST(server_unreadable_status_is_none)
{
	EXPECT_EQ(model_object(&m, GROUP_NTAKATSU, "{\"metadata\":{\"name\":"
	    "\"a\"},\"status\":{\"phase\":\"Odd\",\"replicas\":1}}"), 0);
	EXPECT_EQ(m.s.status.has, 0);
	EXPECT_EQ(m.s.status.replicas, 0);
	EXPECT_EQ(model_object(&m, GROUP_NTAKATSU, "{\"metadata\":{\"name\":"
	    "\"a\"},\"status\":\"gone\"}"), 0);
	EXPECT_EQ(m.s.status.has, 0);
}

TEST(server_long_annotations_are_left_out)
{
	char text[6000];
	size_t at;

	strcpy(text, "{\"metadata\":{\"name\":\"a\",\"annotations\":{"
	    "\"x\":\"1\",\"kubectl.kubernetes.io/last-applied-configuration\""
	    ":\"");
	at = strlen(text);
	memset(text + at, 'y', 5000);
	strcpy(text + at + 5000, "\"}}}");
	REQUIRE(!model_object(&m, GROUP_NTAKATSU, text));
	EXPECT_EQ(m.s.meta.annotations.n, 1);
}

TEST(server_full_arena_is_told)
{
	static const char text[] = "{\"metadata\":{\"name\":\"a\"},\"spec\":"
	    "{\"env\":[{\"name\":\"a\",\"value\":\"\\n\"}],\"runtime\":{"
	    "\"image\":\"i\",\"env\":{\"b\":\"c\"}},\"secretName\":\"s\","
	    "\"tag\":\"t\"}}";
	size_t room, taken = 0;
	struct arena a;

	REQUIRE(!json_parse(&m.doc, str_from(text), m.tok, MODEL_TOKENS,
	    NULL));
	for (room = 64; room < 20000 && !taken; room += 16) {
		int err;

		arena_init(&a, m.room, room);
		diag_clear(&m.diag);
		err = server_decode(GROUP_ALLBEONE, &m.doc, JSON_ROOT, &a,
		    &m.s, &m.diag);
		if (!err)
			taken = room;
		else
			EXPECT_EQ(err, ERR_FULL);
		EXPECT(!err || diag_is_set(&m.diag));
	}
	EXPECT(taken > 0);
}

TEST(server_unacted_lists_what_is_not_acted_on)
{
	char mem[256];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"transport\":{"
	    "\"type\":\"stdio\"},\"replicas\":2,\"autoscaling\":{\"hpa\":{"
	    "\"enabled\":true,\"maxReplicas\":3}},\"tenancy\":{\"tenantId\":"
	    "\"t\"},\"registry\":{\"name\":\"r\"},\"gateway\":{\"enabled\":"
	    "true},\"istio\":{}}");
	EXPECT_EQ(server_unacted(&m.s, &b), 3);
	EXPECT_STR(buf_view(&b), "spec.replicas, spec.registry, "
	    "spec.gateway");
}

TEST(server_areas_are_checked)
{
	model_bad(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"autoscaling\":{"
	    "\"hpa\":{\"enabled\":true,\"maxReplicas\":0}}}",
	    "spec.autoscaling.hpa.maxReplicas", "0 is under 1");
	model_bad(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"tenancy\":{"
	    "\"networkPolicy\":{\"enabled\":true},\"tenantId\":\"t\","
	    "\"isolationLevel\":\"Total\"}}",
	    "spec.tenancy.isolationLevel",
	    "Total is not one of None, Namespace, Node, Strict");
	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"tenancy\":{"
	    "\"tenantId\":\"t\",\"resourceQuotas\":{\"cpu\":4,\"memory\":"
	    "\"8Gi\"},\"networkPolicy\":{\"enabled\":true,\"ingressRules\":["
	    "{\"from\":[{\"podSelector\":{\"matchLabels\":{\"a\":\"b\"}}}],"
	    "\"ports\":[{\"port\":\"http\"}]}]}}}");
}

TEST(server_area_is_what_the_text_says)
{
	struct autoscaling s;
	struct istio_spec i;

	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"autoscaling\":"
	    "{\"hpa\":{\"enabled\":true,\"maxReplicas\":7}},\"istio\":{}}");
	EXPECT_EQ(server_area(&m.s, server_spec_AT_autoscaling, &m.arena,
	    &s), 0);
	EXPECT(HAS(&s, autoscaling, hpa) && !HAS(&s, autoscaling, vpa));
	EXPECT(s.hpa.enabled && s.hpa.max == 7);
	/* With the defaults of the group. */
	EXPECT_EQ(server_area(&m.s, server_spec_AT_istio, &m.arena, &i), 0);
	EXPECT(i.sidecar && !i.enabled);
}

TEST(server_area_that_is_absent_is_empty)
{
	struct autoscaling s;

	memset(&s, 0x5a, sizeof(s));
	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\"}");
	EXPECT_EQ(server_area(&m.s, server_spec_AT_autoscaling, &m.arena,
	    &s), 0);
	EXPECT(s.has == 0 && s.hpa.has == 0 && !s.hpa.enabled);
	EXPECT_CRASH(server_area(&m.s, server_spec_AT_image, &m.arena, &s));
	EXPECT_CRASH(server_area(&m.s, server_spec_ROWS, &m.arena, &s));
}

TEST(server_area_in_an_arena_that_is_too_small)
{
	struct autoscaling s;
	struct arena a;
	char mem[64];

	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"autoscaling\":"
	    "{\"hpa\":{\"enabled\":true,\"maxReplicas\":7}}}");
	arena_init(&a, mem, sizeof(mem));
	EXPECT_EQ(server_area(&m.s, server_spec_AT_autoscaling, &a, &s),
	    ERR_FULL);
	EXPECT_EQ(arena_mark(&a), 0);
}
