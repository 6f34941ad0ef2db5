/*
 * Each reservation of a piece of work refused once, as if its arena, pool or
 * buffer were full: it says so, or gives just what it gives otherwise; what
 * is cut never passes for whole. And it leaves nothing behind that would make
 * the next time another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "faults/refuse.h"
#include "kube.h"
#include "render.h"
#include "unit/control/manager_world.h"

enum { TOKENS = 8192, ROOM = 1 << 18 };

/* Megabytes that nobody touches cost nothing there. */
static void memory_of_kernel(struct io *io)
{
	io->map = io_linux()->map;
	io->unmap = io_linux()->unmap;
	io->trim = io_linux()->trim;
}

/* ---- a server becomes its children ------------------------------------- */

static struct json_tok tok[TOKENS];
static _Alignas(16) char room[ROOM];

static int children_of(const struct json_doc *doc, enum group g,
    struct arena *a, struct render_out *ret)
{
	static struct server s;
	struct render_in in = { .server = &s, .revision = RENDER_REVISION,
		.refs = 7 };
	struct diag d;
	int err;

	diag_clear(&d);
	err = server_decode(g, doc, JSON_ROOT, a, &s, &d);
	if (!err)
		err = server_check(&s, a, &d);
	return err ? err : render_server(&in, a, ret);
}

static enum group group_of(const struct json_doc *doc)
{
	struct str v = json_raw(doc, json_get(doc, JSON_ROOT,
	    STR("apiVersion"))), name;
	enum group g;

	(void)str_cut(str_sub(v, 1, v.n), '/', &name);
	REQUIRE(!group_find(name, &g));
	return g;
}

static int render(const void *arg)
{
	struct render_out r = { 0 };
	struct json_doc doc;
	struct arena a;
	int err;

	arena_init(&a, room, sizeof(room));
	REQUIRE(!json_parse(&doc, *(const struct str *)arg, tok, TOKENS,
	    NULL));
	OPERATOR_DOES(err = children_of(&doc, group_of(&doc), &a, &r));
	for (int k = 0; k < CHILD_KINDS && !err; k++)
		if (r.child[k].wanted)
			out_put(r.child[k].body);
	return err;
}

static void rendering_of_file(const char *name)
{
	struct str text;
	char path[128];

	snprintf(path, sizeof(path), "tests/golden/render/%s.json", name);
	text = guard_file(path);
	each_wrong(TASK(name, render, &text), INJECT_FULL);
}

TEST(refused_rendering_allbeone)
{
	rendering_of_file("allbeone-runtime");
	rendering_of_file("allbeone-files");
}
TEST(refused_rendering_ntakatsu) { rendering_of_file("ntakatsu-full"); }
TEST(refused_rendering_example) { rendering_of_file("example-streaming"); }
TEST(refused_rendering_mcpdev) { rendering_of_file("mcpdev-secret"); }

/* ---- YAML -------------------------------------------------------------- */

static int yaml(const void *arg)
{
	static char scratch[ROOM], json[4096];
	struct str in = str_from(arg);
	struct arena a;
	struct buf b;
	int err;

	arena_init(&a, scratch, sizeof(scratch));
	buf_init(&b, json, sizeof(json));
	OPERATOR_DOES(err = yaml_to_json(&in, &a, &b, NULL));
	if (!err)
		out_put(buf_view(&b));
	return err;
}

TEST(refused_yaml)
{
	each_wrong(TASK("yaml", yaml,
	    "a: [1, 2.5, yes, 0644, 1_000, ~]\n"
	    "b:\n  c: >\n    folded\n    text\n  d: |\n    kept\n    text\n"
	    "\"quoted \\u00e9\": 'single'\ne: {f: {g: []}, h: {}}\n"),
	    INJECT_FULL);
}

/* ---- where the cluster is ---------------------------------------------- */

#define CERTS "tests/unit/net/certs/"

static int plugin(void *ctx, const char *const *argv, const char *const *env,
    void *p, size_t cap, int64_t timeout_ms, int *ret_status)
{
	static const char text[] = "{\"kind\":\"ExecCredential\","
	    "\"apiVersion\":\"client.authentication.k8s.io/v1\","
	    "\"status\":{\"token\":\"from-plugin\"}}";
	size_t n = sizeof(text) - 1;

	(void)ctx, (void)timeout_ms;
	/* What it is told must be whole as well. */
	for (size_t i = 0; argv[i]; i++)
		out_put(str_from(argv[i]));
	for (size_t i = 0; env[i]; i++)
		out_put(str_from(env[i]));
	REQUIRE(n <= cap);
	memcpy(p, text, n);
	*ret_status = 0;
	return (int)n;
}

static void config_put(const struct kube_config *c)
{
	static char mem[TOKEN_MAX + 64];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	kube_config_auth(c, &b);
	out_put(buf_view(&b));
	out_put(c->host);
	out_put(c->prefix);
	out_put(c->namespace);
	out_put(c->target.host);
	out_put(c->target.tls_name);
	out_put(c->context);
}

static int config(const void *arg)
{
	static struct fake_io f;
	static struct kube_config c;
	struct kube_config_source from = { .kubeconfig = STR("/d/config"),
		.allow_exec = true };
	struct diag d;
	struct mem m;
	int err;

	fake_io_init(&f);
	memory_of_kernel(&f.io);
	f.io.run = plugin;
	f.wall_offset_ns = INT64_C(1798761600) * NS_PER_S;
	fake_file(&f, "/d/config", str_from(arg));
	fake_file(&f, "/d/ca.pem", guard_file(CERTS "ca-ec.pem"));
	fake_file(&f, "/d/token", STR("from-file"));
	mem_init(&m, &f.io);
	diag_clear(&d);
	OPERATOR_DOES(err = kube_config_load(&c, &m, &f.io, &from, &d));
	EXPECT(!err || d.text[0]);
	if (!err)
		config_put(&c);
	mem_free_all(&m);
	fake_io_free(&f);
	guard_reset();
	return err;
}

#define CONFIG(user) \
	"current-context: c\n" \
	"contexts:\n- name: c\n  context: {cluster: k, user: u, " \
	"namespace: tools}\n" \
	"clusters:\n- name: other\n  cluster: {server: \"http://x\"}\n" \
	"- name: k\n  cluster:\n    server: https://10.0.0.1:6443/prefix\n" \
	"    certificate-authority: ca.pem\n    tls-server-name: api\n" \
	"users: [{name: u, user: {" user "}}]\n"

TEST(refused_kubeconfig)
{
	each_wrong(TASK("kubeconfig, token", config,
	    CONFIG("tokenFile: token")), INJECT_FULL);
	each_wrong(TASK("kubeconfig, basic", config,
	    CONFIG("username: me, password: secret")), INJECT_FULL);
	each_wrong(TASK("kubeconfig, plugin", config,
	    CONFIG("exec: {apiVersion: client.authentication.k8s.io/v1, "
	    "command: ./bin/auth, args: [a, \"b c\"], "
	    "env: [{name: X, value: z}], provideClusterInfo: true, "
	    "interactiveMode: Never}")), INJECT_FULL);
}

/* ---- the page of metrics ----------------------------------------------- */

static int scrape(const void *arg)
{
	static char window[HTTP_SERVER_WINDOW];
	struct http_reply r = { .status = 200 };
	const struct http_route *route = &mw.m->metrics_route[0];
	int more;

	(void)arg;
	OPERATOR_DOES(route->handle(route->ctx, STR("/metrics"), STR_NONE, &r));
	do {
		struct buf b;

		buf_init(&b, window, sizeof(window));
		OPERATOR_DOES(more = r.more(route->ctx, &r.cursor, &b));
		if (more >= 0)
			out_put(buf_view(&b));
	} while (more > 0);
	return more;
}

TEST(refused_metrics)
{
	struct uid uid = { { 1 } };
	uint32_t i;

	mw_begin(NULL);
	i = record_add(&mw.m->records, &uid, GROUP_MCPDEV, STR("blue"),
	    STR("one"));
	record_live(&mw.m->records, i, true);
	each_wrong(TASK("metrics", scrape, NULL), INJECT_FULL);
}

/* ---- the regions of an operator that starts ---------------------------- */

static int operator_new(struct world *w, unsigned n, struct manager **ret)
{
	static struct manager_options o;
	char *argv[] = { (char *)(uintptr_t)"manager",
		(char *)(uintptr_t)"--kubeconfig=/kubeconfig",
		(char *)(uintptr_t)"--leader-elect",
		(char *)(uintptr_t)"--enable-pprof",
		(char *)(uintptr_t)"--enable-webhooks", NULL };
	struct diag d = { 0 };
	int rest = 0;

	REQUIRE(!opts_parse(manager_opts, manager_opts_n, &w->io.io, 5, argv,
	    &o, &rest, &d));
	mem_init(&w->mem, &w->io.io);
	w->mem.fail_after = n;
	return manager_new(&w->mem, &w->io.io, &o, "test", ret, &d);
}

TEST(refused_regions)
{
	struct world *w = world_new();
	struct manager *m = NULL;
	unsigned n = 0;
	int err;

	world_serve(w);
	memory_of_kernel(&w->io.io);
	do {
		err = operator_new(w, ++n, &m);
		EXPECT(err == 0 || err == ERR_FULL);
		EXPECT_EQ(fake_open_fds(&w->io), 0);
		mem_free_all(&w->mem);
	} while (err);
	EXPECT(n > 30);
}

/* ---- an answer to who asks for metrics --------------------------------- */

/*
 * What comes of the chunks; of each line all but its value, which may have
 * changed. ERR_MORE: the end is missing.
 */
static int body_put(struct str got)
{
	static char page[ROOM];
	size_t n = 0, head = str_search(got, STR("\r\n\r\n"));
	struct str line, rest = str_sub(got, head + 4, got.n);
	unsigned long size;

	do {
		rest = str_cut(rest, '\n', &line);
		size = line.n ? strtoul(line.p, NULL, 16) : 0;
		if (!line.n || rest.n < size + 2)
			return ERR_MORE;
		memcpy(page + n, rest.p, size);
		n += size;
		rest = str_sub(rest, size + 2, rest.n);
	} while (size);
	for (rest = (struct str){ page, n }; rest.n;) {
		rest = str_cut(rest, '\n', &line);
		out_put(str_sub(line, 0, str_rfind(line, ' ')));
		out_put(STR("\n"));
	}
	return 0;
}

/* Whole, or the connection ends before. */
static int ask(const void *arg)
{
	struct fake_io *f = &mw.w->io;
	struct loop *l = manager_loop(mw.m);
	int peer = fake_connect(f, 8080), err;
	int64_t until = f->now_ns + SEC;
	struct str got;

	fake_send(f, peer, 0, str_from(arg));
	while (f->now_ns < until && !fake_gone(f, peer))
		OPERATOR_DOES(loop_turn(l, until));
	got = fake_got(f, peer);
	err = body_put(got);
	EXPECT(!err || fake_gone(f, peer));
	fake_end(f, peer, 0);
	until += SEC;
	while (f->now_ns < until && !fake_gone(f, peer))
		loop_turn(l, until);
	if (fake_gone(f, peer))
		fake_release(f, peer);
	return err;
}

TEST(refused_answers)
{
	static const char *const args[] = {
		"--metrics-bind-address=127.0.0.1:8080",
		"--health-probe-bind-address=127.0.0.1:8081", NULL
	};

	const struct task task = { "GET /metrics", ask,
	    "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	    "\r\n", false };

	mw_begin(args);
	inject_io(&mw.w->io.io);
	mw_run(SEC);
	mw.w->io.react = NULL;	/* it would take the answer for a request */
	for (int k = INJECT_FULL; k < INJECT_KINDS; k++)
		each_wrong(&task, (enum inject_kind)k);
}
