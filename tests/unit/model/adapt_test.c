#include "model_test.h"

static struct model m;

TEST(adapt_image_split)
{
	static const struct { const char *image, *name, *tag; } cases[] = {
		{ "a", "a", "latest" },
		{ "a:1", "a", "1" },
		{ "r:5000/a/b", "r:5000/a/b", "latest" },
		{ "r:5000/a/b:1.2", "r:5000/a/b", "1.2" },
		{ "a@sha256:x", "a", "sha256:x" },
		{ "a:1@sha256:x", "a", "sha256:x" },
		{ "r:5000/a@sha256:x", "r:5000/a", "sha256:x" },
		{ "r:5000/a:2@sha256:x", "r:5000/a", "sha256:x" },
		{ "", "", "latest" },
		{ ":", "", "" },
	};
	struct str name, tag;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		image_split(guard_copy(cases[i].image,
		    strlen(cases[i].image)), &name, &tag);
		EXPECT_STR(name, cases[i].name);
		EXPECT_STR(tag, cases[i].tag);
	}
}

TEST(adapt_image_and_tag)
{
	static const struct { const char *spec, *image; } cases[] = {
		{ "{\"image\":\"a\"}", "a" },
		{ "{\"image\":\"a\",\"tag\":\"\"}", "a" },
		{ "{\"image\":\"r:5/a\",\"tag\":\"2\"}", "r:5/a:2" },
		{ "{\"image\":\"a:1\",\"tag\":\"2\"}", "a:1" },
		{ "{\"image\":\"a@sha256:f\",\"tag\":\"2\"}", "a@sha256:f" },
		{ "{\"runtime\":{\"image\":\"a\"},\"tag\":\"2\"}", "a:2" },
		{ "{\"image\":\"a\",\"runtime\":{\"image\":\"a\"}}", "a" },
		{ "{\"image\":\"a\",\"runtime\":{\"image\":\"\"}}", "a" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		EXPECT_STR(model_good(&m, GROUP_ALLBEONE,
		    cases[i].spec)->image, cases[i].image);
}

TEST(adapt_two_spellings_must_agree)
{
	model_bad(&m, GROUP_ALLBEONE,
	    "{\"image\":\"a\",\"runtime\":{\"image\":\"b\"}}", "spec.image",
	    "says something else than spec.runtime.image");
	model_bad(&m, GROUP_ALLBEONE,
	    "{\"image\":\"a\",\"port\":1,\"runtime\":{\"port\":2}}",
	    "spec.port", "says something else than spec.runtime.port");
	model_bad(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"args\":[\"x\"],"
	    "\"runtime\":{\"args\":[\"y\"]}}", "spec.args",
	    "says something else than spec.runtime.args");
	model_bad(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"command\":[\"x\"],"
	    "\"runtime\":{\"command\":[]}}", "spec.command",
	    "says something else than spec.runtime.command");
	model_bad(&m, GROUP_MCPDEV, "{\"image\":\"a\",\"serviceType\":"
	    "\"NodePort\",\"service\":{\"type\":\"ClusterIP\"}}",
	    "spec.serviceType",
	    "says something else than spec.service.type");
	model_bad(&m, GROUP_MCPDEV, "{\"image\":\"a\",\"serviceAccount\":"
	    "\"x\",\"serviceAccountName\":\"y\"}", "spec.serviceAccount",
	    "says something else than spec.serviceAccountName");
	model_bad(&m, GROUP_MCPDEV, "{\"image\":\"a\",\"strategy\":{},"
	    "\"deploymentStrategy\":{}}", "spec.deploymentStrategy",
	    "is another name of spec.strategy: give one");
	model_bad(&m, GROUP_MCPDEV, "{\"image\":\"a\",\"volumes\":[{\"name\":"
	    "\"v\",\"secret\":{\"name\":\"x\",\"secretName\":\"y\"}}]}",
	    "spec.volumes.secret.name", "says something else than secretName");
	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"port\":1,"
	    "\"args\":[\"x\"],\"runtime\":{\"port\":1,\"args\":[\"x\"]},"
	    "\"serviceAccount\":\"\",\"serviceAccountName\":\"y\"}");
	EXPECT_STR(m.s.spec.service_account, "y");
}

TEST(adapt_transport)
{
	const struct server_spec *s;

	s = model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"runtime\":{"
	    "\"type\":\"stdio\"}}");
	EXPECT_EQ(s->transport.type, TRANSPORT_STDIO);
	EXPECT_EQ(s->ports.n, 0);
	s = model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"runtime\":{"
	    "\"type\":\"stdio\"},\"transport\":{\"type\":\"sse\",\"path\":"
	    "\"/x\"}}");
	EXPECT_EQ(s->transport.type, TRANSPORT_SSE);
	EXPECT_STR(s->transport.path, "/x");
	s = model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"transport\":{"
	    "\"type\":\"http\",\"path\":\"\"}}");
	EXPECT_STR(s->transport.path, "/mcp");
	s = model_good(&m, GROUP_NTAKATSU, "{\"transport\":\"websocket\"}");
	EXPECT_EQ(s->transport.type, TRANSPORT_WEBSOCKET);
	EXPECT_STR(s->args.p[1], "websocket");
}

TEST(adapt_ports)
{
	const struct server_spec *s = model_good(&m, GROUP_ALLBEONE,
	    "{\"image\":\"a\",\"port\":7,\"ports\":[{\"port\":80,"
	    "\"targetPort\":8080},{\"name\":\"web\",\"port\":81},"
	    "{\"port\":82},{\"port\":65535,\"protocol\":\"SCTP\"},"
	    "{\"port\":53,\"protocol\":\"UDP\"}]}");

	EXPECT_STR(s->ports.p[0].name, "mcp");
	EXPECT_STR(s->ports.p[1].name, "web");
	EXPECT_EQ(s->ports.p[1].target_port, 81);
	EXPECT_STR(s->ports.p[2].name, "port-82");
	EXPECT_STR(s->ports.p[3].name, "sctp-65535");
	EXPECT_STR(s->ports.p[4].name, "udp-53");
	EXPECT_EQ(s->port, 8080);
	/* a group's port is defaulted by its CRD, so ports must win there */
	s = model_good(&m, GROUP_MCPDEV, "{\"image\":\"a\",\"port\":8080,"
	    "\"ports\":[{\"port\":80,\"name\":\"http\"},{\"port\":90}]}");
	EXPECT_EQ(s->port, 80);
	EXPECT_STR(s->ports.p[1].name, "port-90");
	s = model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"runtime\":{"
	    "\"port\":0}}");
	EXPECT_EQ(s->port, 8080);
}

TEST(adapt_env_names_are_unique)
{
	const struct server_spec *s = model_good(&m, GROUP_MCPDEV,
	    "{\"image\":\"a\",\"env\":[{\"name\":\"A\",\"value\":\"1\"},"
	    "{\"name\":\"B\",\"value\":\"2\"},{\"name\":\"A\",\"value\":"
	    "\"$(B)3\"}]}");

	REQUIRE(s->env.n == 2);
	EXPECT_STR(s->env.p[0].name, "B");
	EXPECT_STR(s->env.p[1].value, "$(B)3");
}

TEST(adapt_resources_by_group)
{
	static const struct {
		enum group g;
		const char *spec, *resources;
	} cases[] = {
		{ GROUP_ALLBEONE, "{\"image\":\"a\"}",
		  "{\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"},"
		  "\"limits\":{\"cpu\":\"500m\",\"memory\":\"512Mi\"}}" },
		/* a default stays within what the user gave */
		{ GROUP_ALLBEONE, "{\"image\":\"a\",\"resources\":{"
		  "\"requests\":{\"cpu\":\"2\"}}}",
		  "{\"requests\":{\"cpu\":\"2\"},"
		  "\"limits\":{\"cpu\":\"2\",\"memory\":\"512Mi\"}}" },
		{ GROUP_ALLBEONE, "{\"image\":\"a\",\"resources\":{"
		  "\"limits\":{\"memory\":\"64Mi\"}}}",
		  "{\"requests\":{\"cpu\":\"100m\",\"memory\":\"64Mi\"},"
		  "\"limits\":{\"memory\":\"64Mi\"}}" },
		{ GROUP_NTAKATSU, "{\"resources\":{}}", "{}" },
		{ GROUP_NTAKATSU, "{\"resources\":{\"limits\":{\"cpu\":"
		  "\"2\"}}}",
		  "{\"limits\":{\"cpu\":\"2\",\"memory\":\"512Mi\"}}" },
		{ GROUP_NTAKATSU, "{\"resources\":{\"requests\":{},"
		  "\"limits\":{\"cpu\":\"50m\"}}}",
		  "{\"requests\":{\"cpu\":\"50m\",\"memory\":\"128Mi\"},"
		  "\"limits\":{\"cpu\":\"50m\",\"memory\":\"512Mi\"}}" },
		{ GROUP_EXAMPLE, "{\"image\":\"a\",\"resources\":{\"limits\":"
		  "{\"memory\":\"100Mi\"}}}",
		  "{\"requests\":{\"cpu\":\"200m\",\"memory\":\"100Mi\"},"
		  "\"limits\":{\"memory\":\"100Mi\"}}" },
		{ GROUP_EXAMPLE, "{\"image\":\"a\",\"resources\":{\"cpu\":1,"
		  "\"requests\":{\"cpu\":\"500m\"}}}",
		  "{\"requests\":{\"cpu\":\"500m\"},"
		  "\"limits\":{\"cpu\":\"1\"}}" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b;
		struct jw w;

		model_good(&m, cases[i].g, cases[i].spec);
		buf_init(&b, m.out, sizeof(m.out));
		jw_init(&w, &b);
		schema_encode(&resources_schema, IN_ALL,
		    &m.s.spec.resources, &w);
		EXPECT_STR(buf_view(&b), cases[i].resources);
	}
}

TEST(adapt_registry_alias)
{
	const struct registry_ref *r = &m.s.spec.registry;

	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"registry\":{"
	    "\"registry\":\"r\",\"serverName\":\"s\"}}");
	EXPECT_STR(r->name, "r");
	EXPECT_STR(r->server_name, "s");
	EXPECT(!HAS(r, registry_ref, registry));
	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"registry\":{"
	    "\"registry\":\"r\",\"name\":\"n\"}}");
	EXPECT_STR(r->name, "n");
}

/* What adapt makes is what adapt leaves alone. */
TEST(adapt_is_idempotent)
{
	char first[4096];
	struct str text;

	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"tag\":\"1\","
	    "\"runtime\":{\"env\":{\"Z\":\"1\",\"B\":\"2\"},\"port\":9},"
	    "\"secretRefs\":[{\"name\":\"s\",\"key\":\"k\",\"envVar\":\"T\"}]"
	    ",\"secretName\":\"x\",\"serviceAccount\":\"sa\",\"volumes\":[{"
	    "\"name\":\"v\",\"secret\":{\"name\":\"n\"}}]}");
	text = model_text(&m);
	REQUIRE(text.n < sizeof(first));
	memcpy(first, text.p, text.n);
	first[text.n] = '\0';
	model_good(&m, GROUP_ALLBEONE, first);
	EXPECT_STR(model_text(&m), first);
}

TEST(adapt_volume_write)
{
	static const struct { const char *volume, *out; } cases[] = {
		{ "{\"name\":\"v\", \"nfs\":{\"server\":\"s\"}}",
		  "{\"name\":\"v\", \"nfs\":{\"server\":\"s\"}}" },
		{ "{\"name\":\"v\",\"secret\":{\"secretName\":\"s\"}}",
		  "{\"name\":\"v\",\"secret\":{\"secretName\":\"s\"}}" },
		{ "{\"name\":\"v\",\"secret\":{\"name\":\"s\",\"items\":[{"
		  "\"key\":\"k\",\"path\":\"p\",\"mode\":256}],"
		  "\"defaultMode\":288,\"optional\":true}}",
		  "{\"name\":\"v\",\"secret\":{\"secretName\":\"s\","
		  "\"items\":[{\"key\":\"k\",\"path\":\"p\",\"mode\":256}],"
		  "\"defaultMode\":288,\"optional\":true}}" },
		{ "{\"name\":\"v\",\"secret\":{\"name\":\"s\",\"secretName\":"
		  "\"s\"}}",
		  "{\"name\":\"v\",\"secret\":{\"secretName\":\"s\"}}" },
	};
	char spec[1024];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b;
		struct jw w;

		buf_init(&b, spec, sizeof(spec) - 1);
		buf_fmt(&b, "{\"image\":\"a\",\"volumes\":[%s]}",
		    cases[i].volume);
		spec[b.n] = '\0';
		model_good(&m, GROUP_EXAMPLE, spec);
		buf_init(&b, m.out, sizeof(m.out));
		jw_init(&w, &b);
		volume_write(&m.s.spec.volumes.p[0], &w);
		EXPECT_STR(buf_view(&b), cases[i].out);
	}
}
