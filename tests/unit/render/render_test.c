#include <stdio.h>
#include <string.h>

#include "check.h"
#include "rendering.h"

/*
 * Every input stands in tests/golden/render/<name>.json, and the children
 * that it becomes beside it in <name>.out.json, in the order of their making.
 */
#define GOLDEN(id, file, digest) \
	TEST(render_golden_##id) { golden(file, digest); }

static char text_mem[1024 * 1024];

static struct str golden_input(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "tests/golden/render/%s.json", name);
	return guard_file(path);
}

static void golden(const char *name, uint64_t refs)
{
	const struct render_out *out = rendering_of(golden_input(name), refs);
	char path[256];
	struct buf text;

	buf_init(&text, text_mem, sizeof(text_mem));
	for (int k = 0; k < CHILD_KINDS; k++)
		if (out->child[k].wanted)
			buf_str(&text, rendering_pretty(out->child[k].body));
	for (int k = CHILD_KINDS; k < CHILD_KINDS_ALL; k++) {
		const struct child *c = rendering_extra((enum child_kind)k);

		if (c->wanted)
			buf_str(&text, rendering_pretty(c->body));
	}
	REQUIRE(!text.over);
	snprintf(path, sizeof(path), "render/%s.out.json", name);
	EXPECT_GOLDEN(path, buf_view(&text));
}

GOLDEN(allbeone_beside, "allbeone-beside", 0)
GOLDEN(allbeone_files, "allbeone-files", 0)
GOLDEN(allbeone_python, "allbeone-python", 0)
GOLDEN(allbeone_git, "allbeone-git", 0)
GOLDEN(allbeone_postgres, "allbeone-postgres", 0)
GOLDEN(allbeone_placement, "allbeone-placement", 0)
GOLDEN(allbeone_runtime, "allbeone-runtime", 0x1234abcd)
GOLDEN(allbeone_stdio, "allbeone-stdio", 0)
GOLDEN(allbeone_volumes, "allbeone-volumes", 0)
GOLDEN(allbeone_sources, "allbeone-sources", 0)
GOLDEN(allbeone_reload, "allbeone-reload", 0)
GOLDEN(allbeone_patched, "allbeone-patched", 0)
GOLDEN(allbeone_host_path, "allbeone-host-path", 0)
GOLDEN(allbeone_etc_taken, "allbeone-etc-taken", 0)
GOLDEN(allbeone_etc_own, "allbeone-etc-own", 0)
GOLDEN(allbeone_probes, "allbeone-probes", 0)
GOLDEN(allbeone_unprobed, "allbeone-unprobed", 0)
GOLDEN(allbeone_ports, "allbeone-ports", 0)
GOLDEN(allbeone_node_port, "allbeone-node-port", 0)
GOLDEN(allbeone_balancer, "allbeone-balancer", 0)
GOLDEN(allbeone_root, "allbeone-root", 0)
GOLDEN(allbeone_image_user, "allbeone-image-user", 0)
GOLDEN(allbeone_privileged, "allbeone-privileged", 0)
GOLDEN(allbeone_sys_admin, "allbeone-sys-admin", 0)
GOLDEN(allbeone_pod_security, "allbeone-pod-security", 0)
GOLDEN(allbeone_writable, "allbeone-writable", 0)
GOLDEN(allbeone_labels, "allbeone-labels", 0)
GOLDEN(allbeone_restarted, "allbeone-restarted", UINT64_MAX)
GOLDEN(allbeone_name_63, "allbeone-name-63", 0)
GOLDEN(allbeone_name_70, "allbeone-name-70", 0)
GOLDEN(allbeone_recreate, "allbeone-recreate", 0)
GOLDEN(allbeone_none, "allbeone-none", 0)
GOLDEN(allbeone_all, "allbeone-all", 0)
GOLDEN(allbeone_hpa, "allbeone-hpa", 0)
GOLDEN(allbeone_hpa_metrics, "allbeone-hpa-metrics", 0)
GOLDEN(allbeone_vpa, "allbeone-vpa", 0)
GOLDEN(allbeone_budget, "allbeone-budget", 0)
GOLDEN(allbeone_istio, "allbeone-istio", 0)
GOLDEN(allbeone_istio_cookie, "allbeone-istio-cookie", 0)
GOLDEN(allbeone_entry, "allbeone-entry", 0)
GOLDEN(allbeone_tenant, "allbeone-tenant", 0)
GOLDEN(allbeone_tenant_strict, "allbeone-tenant-strict", 0)
GOLDEN(allbeone_network, "allbeone-network", 0)
GOLDEN(allbeone_monitoring, "allbeone-monitoring", 0)
GOLDEN(allbeone_alerts, "allbeone-alerts", 0)
GOLDEN(allbeone_alerts_namesake, "allbeone-alerts-namesake", 0)
GOLDEN(allbeone_alerts_rests, "allbeone-alerts-rests", 0)
GOLDEN(allbeone_gateway_istio, "allbeone-gateway-istio", 0)
GOLDEN(ntakatsu_full, "ntakatsu-full", 0)
GOLDEN(ntakatsu_basic, "ntakatsu-basic", 0)
GOLDEN(ntakatsu_canary, "ntakatsu-canary", 0)
GOLDEN(ntakatsu_tenant, "ntakatsu-tenant", 0)
GOLDEN(ntakatsu_stdio, "ntakatsu-stdio", 0)
GOLDEN(ntakatsu_websocket, "ntakatsu-websocket", 0)
GOLDEN(example_streaming, "example-streaming", 0)
GOLDEN(example_http, "example-http", 0)
GOLDEN(example_stdio, "example-stdio", 0)
GOLDEN(mcpdev_secret, "mcpdev-secret", 0)
GOLDEN(mcpdev_plain, "mcpdev-plain", 0)

/* ---- properties ---- */

/* Objects whose children hold all there is, each of a group of its own. */
static const char *const rich[] = {
	"allbeone-runtime", "ntakatsu-full", "example-http", "mcpdev-secret"
};

static bool same(const struct render_out *a, const struct render_out *b)
{
	for (int k = 0; k < CHILD_KINDS; k++) {
		const struct child *x = &a->child[k], *y = &b->child[k];

		if (x->wanted != y->wanted || x->digest != y->digest ||
		    x->uid_at != y->uid_at || !str_eq(x->name, y->name) ||
		    !str_eq(x->body, y->body))
			return false;
	}
	return a->template_digest == b->template_digest;
}

TEST(render_does_not_depend_on_the_arena)
{
	static char mem[2][1024 * 1024];

	memset(mem[1], 'x', sizeof(mem[1]));
	for (size_t i = 0; i < ARRAY_LEN(rich); i++) {
		struct render_in in = {
			.server = rendering_server(golden_input(rich[i])),
			.revision = RENDER_REVISION, .refs = 7
		};
		struct render_out out[2];
		struct arena a;

		arena_init(&a, mem[0], sizeof(mem[0]));
		REQUIRE(render_server(&in, &a, &out[0]) == 0);
		arena_init(&a, mem[1], sizeof(mem[1]));
		REQUIRE(arena_alloc(&a, 13, 1) != NULL);
		REQUIRE(render_server(&in, &a, &out[1]) == 0);
		EXPECT(same(&out[0], &out[1]));
	}
}

TEST(render_notes_what_was_seen_outside_of_the_template)
{
	static char mem[1024 * 1024];
	struct render_in in = {
		.server = rendering_server(golden_input("example-http")),
		.revision = RENDER_REVISION, .refs = 7
	};
	struct render_out out[2];
	struct arena a;

	arena_init(&a, mem, sizeof(mem));
	REQUIRE(render_server(&in, &a, &out[0]) == 0);
	in.seen = STR("00000001000000ff");
	REQUIRE(render_server(&in, &a, &out[1]) == 0);
	EXPECT_EQ(out[0].template_digest, out[1].template_digest);
	EXPECT(out[0].child[CHILD_DEPLOYMENT].digest !=
	    out[1].child[CHILD_DEPLOYMENT].digest);
	EXPECT_EQ(out[0].child[CHILD_SERVICE].digest,
	    out[1].child[CHILD_SERVICE].digest);
	EXPECT_STR(rendering_at(out[1].child[CHILD_DEPLOYMENT].body,
	    "metadata|annotations|" NOTE_SEEN), "\"00000001000000ff\"");
}

static size_t bytes_needed(const struct render_in *in)
{
	static char mem[1024 * 1024];
	struct render_out out;
	struct arena a;

	arena_init(&a, mem, sizeof(mem));
	REQUIRE(render_server(in, &a, &out) == 0);
	return a.high;
}

/* Every size that is too small, the arena before a page of no access. */
TEST(render_keeps_nothing_when_the_arena_is_too_small)
{
	struct render_in in = {
		.server = rendering_server(golden_input("example-http")),
		.revision = RENDER_REVISION, .refs = 7
	};
	/* More, and less, than what alignment costs at another place. */
	const size_t most = bytes_needed(&in) + 32, need = most - 64;
	struct render_out before, out;
	char *mem = guard_space(most + 3);
	struct arena a;
	size_t n;

	memset(&before, 0x5a, sizeof(before));
	for (n = 0; n < need; n++) {
		out = before;
		arena_init(&a, mem + most - n, n + 3);
		REQUIRE(arena_alloc(&a, 3, 1) != NULL);
		REQUIRE(render_server(&in, &a, &out) == ERR_FULL);
		REQUIRE(arena_mark(&a) == 3 && !a.over);
		REQUIRE(memcmp(&out, &before, sizeof(out)) == 0);
	}
	arena_init(&a, mem + 3, most);
	EXPECT_EQ(render_server(&in, &a, &out), 0);
}

/* A server that has every kind of child. */
static const char all_kinds[] = "allbeone-all";

static struct child child_of(const struct render_out *out, int k)
{
	return k < CHILD_KINDS ? out->child[k] :
	    *rendering_extra((enum child_kind)k);
}

TEST(render_extra_keeps_nothing_when_the_arena_is_too_small)
{
	static char whole[1024 * 1024];
	struct render_in in = {
		.server = rendering_server(golden_input(all_kinds)),
		.revision = RENDER_REVISION
	};
	struct child before, c;
	struct arena a;

	memset(&before, 0x5a, sizeof(before));
	for (int k = CHILD_KINDS; k < CHILD_KINDS_ALL; k++) {
		enum child_kind kind = (enum child_kind)k;

		arena_init(&a, whole, sizeof(whole));
		REQUIRE(render_extra(&in, kind, &a, &c) == 0);
		size_t need = arena_mark(&a);
		char *mem = guard_space(need);
		/* Less what alignment may have cost at another place. */
		for (size_t n = 0; n + 32 < need; n += 1 + n / 64) {
			c = before;
			arena_init(&a, mem + need - n, n);
			REQUIRE(render_extra(&in, kind, &a, &c) == ERR_FULL);
			REQUIRE(arena_mark(&a) == 0 && !a.over);
			REQUIRE(memcmp(&c, &before, sizeof(c)) == 0);
		}
	}
}

TEST(render_bodies_are_json_with_a_place_for_the_uid)
{
	const struct render_out *out;
	struct buf b;

	out = rendering_of(golden_input(all_kinds), 0);
	for (int k = 0; k < CHILD_KINDS_ALL; k++) {
		struct child c = child_of(out, k);

		REQUIRE(c.wanted);
		EXPECT_EQ(json_scan(c.body, NULL), 0);
		buf_init(&b, text_mem, sizeof(text_mem));
		buf_str(&b, str_sub(c.body, 0, c.uid_at));
		buf_cstr(&b, "\"uid\":\"1-2\",");
		buf_str(&b, str_sub(c.body, c.uid_at, c.body.n));
		EXPECT_EQ(json_scan(buf_view(&b), NULL), 0);
		EXPECT_STR(rendering_at(buf_view(&b), "metadata|uid"),
		    "\"1-2\"");
		EXPECT(str_eq(rendering_at(buf_view(&b), "spec"),
		    rendering_at(c.body, "spec")));
	}
}

TEST(render_digest_is_noted_in_the_body)
{
	const struct render_out *out =
	    rendering_of(golden_input(all_kinds), 0);
	char mem[32], body_mem[16384];
	struct buf hex, body;

	for (int k = 0; k < CHILD_KINDS_ALL; k++) {
		struct child c = child_of(out, k);
		struct str note = rendering_at(c.body,
		    "metadata|annotations|" NOTE_DIGEST);

		buf_init(&hex, mem, sizeof(mem));
		buf_char(&hex, '"');
		buf_hex64(&hex, c.digest);
		buf_char(&hex, '"');
		EXPECT(str_eq(note, buf_view(&hex)));
		/* It is that of the body with zeros in its place. */
		buf_init(&body, body_mem, sizeof(body_mem));
		buf_str(&body, c.body);
		REQUIRE(!body.over);
		memset(body_mem + str_search(c.body, note) + 1, '0', 16);
		EXPECT(hash_more(HASH_SEED, body_mem, body.n) == c.digest);
	}
}

#define SERVER(meta, spec) \
	STR("{\"apiVersion\":\"mcp.allbeone.io/v1\",\"metadata\":" \
	"{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\"" meta "}," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")

/* Which children and whether the template differ from the plain server. */
static unsigned changes(struct str json, uint64_t refs)
{
	struct render_out plain = *rendering_of(SERVER("", ""), 0);
	uint64_t digest[CHILD_KINDS], template = plain.template_digest;
	const struct render_out *out;
	unsigned bits = 0;

	for (int k = 0; k < CHILD_KINDS; k++)
		digest[k] = plain.child[k].digest;
	out = rendering_of(json, refs);
	for (int k = 0; k < CHILD_KINDS; k++)
		if (out->child[k].digest != digest[k])
			bits |= 1U << k;
	return bits | (out->template_digest != template) << CHILD_KINDS;
}

TEST(render_digest_moves_with_what_it_is_of)
{
	enum {
		CONFIG = 1 << CHILD_CONFIG_MAP, SERVICE = 1 << CHILD_SERVICE,
		DEPLOYMENT = 1 << CHILD_DEPLOYMENT, PODS = 1 << CHILD_KINDS
	};

	EXPECT_EQ(changes(SERVER("", ""), 0), 0);
	EXPECT_EQ(changes(SERVER(",\"resourceVersion\":\"9\","
	    "\"generation\":4", ",\"plugins\":[\"x\"]"), 0), 0);
	EXPECT_EQ(changes(SERVER("", ",\"replicas\":2"), 0), DEPLOYMENT);
	EXPECT_EQ(changes(SERVER("", ",\"minReadySeconds\":2"), 0),
	    DEPLOYMENT);
	EXPECT_EQ(changes(SERVER("", ",\"args\":[\"x\"]"), 0),
	    DEPLOYMENT | PODS);
	EXPECT_EQ(changes(SERVER("", ""), 1), DEPLOYMENT | PODS);
	EXPECT_EQ(changes(SERVER("", ",\"restartedAt\":\"1\""), 0),
	    DEPLOYMENT | PODS);
	EXPECT_EQ(changes(SERVER("", ",\"serviceType\":\"NodePort\""), 0),
	    SERVICE);
	EXPECT_EQ(changes(SERVER("", ",\"selector\":{\"x\":\"y\"}"), 0),
	    SERVICE | DEPLOYMENT | PODS);
	EXPECT_EQ(changes(SERVER("", ",\"port\":81"), 0),
	    SERVICE | DEPLOYMENT | PODS);
	EXPECT_EQ(changes(SERVER("", ",\"config\":{}"), 0),
	    CONFIG | DEPLOYMENT | PODS);
	/* A label of the server's own is no reason for new pods. */
	EXPECT_EQ(changes(SERVER(",\"labels\":{\"x\":\"y\"}", ""), 0),
	    SERVICE | DEPLOYMENT);
	EXPECT_EQ(changes(SERVER(",\"labels\":{\"app\":\"y\"}", ""), 0), 0);
}

/* ---- names and notes ---- */

static struct str key_of(enum group g, struct str name)
{
	static char mem[256];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	render_key(g, name, &b);
	return buf_view(&b);
}

TEST(render_key_is_a_label_value_for_every_name)
{
	char name[253];
	struct str key;

	memset(name, 'n', sizeof(name));
	for (size_t n = 1; n <= sizeof(name); n++) {
		key = key_of(GROUP_MCPDEV, (struct str){ name, n });
		EXPECT(str_label_value(key));
		EXPECT_EQ(key.n, n <= 61 ? n + 2 : 63);
	}
	/* As cut at a place where a name has what a label may not end in. */
	memset(name + 40, '.', 8);
	EXPECT(str_label_value(key_of(GROUP_MCPDEV,
	    (struct str){ name, 70 })));
}

TEST(render_key_is_unique)
{
	char mem[64], name[80];
	struct str key;
	struct buf b;

	EXPECT_STR(key_of(GROUP_ALLBEONE, STR("x")), "a.x");
	EXPECT_STR(key_of(GROUP_NTAKATSU, STR("x")), "n.x");
	EXPECT_STR(key_of(GROUP_EXAMPLE, STR("x")), "e.x");
	EXPECT_STR(key_of(GROUP_MCPDEV, STR("x")), "m.x");
	memset(name, 'n', sizeof(name));
	key = key_of(GROUP_ALLBEONE, (struct str){ name, 79 });
	buf_init(&b, mem, sizeof(mem));
	buf_str(&b, key);
	name[78] = 'm';
	key = key_of(GROUP_ALLBEONE, (struct str){ name, 79 });
	EXPECT(!str_eq(key, buf_view(&b)));
	key = key_of(GROUP_ALLBEONE, (struct str){ name, 78 });
	EXPECT(!str_eq(key, buf_view(&b)));
}

TEST(render_selector_names_the_key)
{
	char mem[128];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	render_selector(GROUP_EXAMPLE, STR("web"), &b);
	EXPECT_STR(buf_view(&b), "mcp.allbeone.io/server-key=e.web");
}

TEST(render_note_round_trip)
{
	static const uint64_t digests[] = {
		0, 1, 0xfedcba9876543210, UINT64_MAX
	};
	static const uint32_t revisions[] = { 1, 2, UINT32_MAX };
	char mem[40];
	struct buf b;
	uint32_t revision;
	uint64_t digest;

	for (size_t i = 0; i < ARRAY_LEN(digests); i++)
		for (size_t j = 0; j < ARRAY_LEN(revisions); j++) {
			buf_init(&b, mem, sizeof(mem));
			render_note(&b, revisions[j], digests[i]);
			EXPECT_EQ(render_note_parse(buf_view(&b), &revision,
			    &digest), 0);
			EXPECT(revision == revisions[j]);
			EXPECT(digest == digests[i]);
		}
	buf_init(&b, mem, sizeof(mem));
	render_note(&b, 1, 0xab);
	EXPECT_STR(buf_view(&b), "1.00000000000000ab");
}

TEST(render_note_refuses_what_it_did_not_write)
{
	static const char *const bad[] = {
		"", ".", "1", "1.", "1.00000000000000a", "1.0000000000000000a",
		"0.00000000000000ab", ".00000000000000ab",
		"-1.00000000000000ab", "4294967296.00000000000000ab",
		"1.00000000000000AB", "1.00000000000000ag",
		"1.00000000000000ab ", " 1.00000000000000ab",
		"99999999999999999999.00000000000000ab"
	};
	uint32_t revision = 77;
	uint64_t digest = 88;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct str s = guard_copy(bad[i], strlen(bad[i]));

		EXPECT_EQ(render_note_parse(s, &revision, &digest), ERR_BAD);
	}
	EXPECT_EQ(revision, 77);
	EXPECT_EQ(digest, 88);
}

TEST(render_refuses_a_revision_that_is_not)
{
	static char mem[65536];
	struct render_in in = {
		.server = rendering_server(SERVER("", "")),
		.revision = RENDER_REVISION + 1
	};
	struct render_out out;
	struct arena a;

	arena_init(&a, mem, sizeof(mem));
	EXPECT_CRASH(render_server(&in, &a, &out));
	in.revision = 0;
	EXPECT_CRASH(render_server(&in, &a, &out));
}
