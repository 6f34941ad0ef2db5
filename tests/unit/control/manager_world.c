#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager_world.h"

struct manager_world mw;

/* Of an early version: what is answered to writes is of later ones. */
#define INITIAL_END MW_LINE("BOOKMARK", \
	"{\"metadata\":{\"resourceVersion\":\"1\",\"annotations\":" \
	"{\"k8s.io/initial-events-end\":\"true\"}}}")

static struct str path_keep(struct str path)
{
	char *copy = malloc(path.n + 1);

	REQUIRE(copy);
	memcpy(copy, path.p, path.n);
	return (struct str){ copy, path.n };
}

static void open_watch(const struct world_request *r, struct str path)
{
	const char *lines = "";

	if (mw.watch != NULL)
		lines = mw.watch(r, path);
	if (lines == NULL)
		return;
	REQUIRE(mw.opened < ARRAY_LEN(mw.open));
	mw.open[mw.opened].path = path_keep(path);
	mw.open[mw.opened].ended = false;
	mw.open[mw.opened++].peer = r->peer;
	world_stream(mw.w, r->peer);
	if (lines[0] != '\0')
		world_chunk(mw.w, r->peer, MS, str_from(lines));
	if (str_search(r->path, STR("sendInitialEvents")) < r->path.n)
		world_chunk(mw.w, r->peer, MS, STR(INITIAL_END));
}

static void serve(struct world *w, const struct world_request *r)
{
	struct str path;

	(void)str_cut(r->path, '?', &path);
	if (str_search(r->path, STR("watch=true")) < r->path.n)
		open_watch(r, path);
	else if (mw.serve != NULL)
		mw.serve(r, path);
	else
		world_reply(w, r->peer, 404, NULL, world_status(404,
		    "NotFound", "not found"));
}

void mw_begin(const char *const *args)
{
	static struct manager_options o;
	const char *argv[16] = {
		"manager", "--kubeconfig=/kubeconfig",
		"--metrics-bind-address=0", "--health-probe-bind-address=0",
		"--log-level=error"
	};
	struct diag d = { 0 };
	int n = 5, rest = 0;

	while (args != NULL && *args != NULL)
		argv[n++] = *args++;
	mw.w = world_new();
	mw.opened = 0;
	mw.w->serve = serve;
	world_serve(mw.w);
	if (mw.before != NULL)
		mw.before(&mw.w->io);
	if (opts_parse(manager_opts, manager_opts_n, &mw.w->io.io, n,
	    (char **)(uintptr_t)argv, &o, &rest, &d) < 0 ||
	    manager_new(&mw.w->mem, &mw.w->io.io, &o, "test", &mw.m,
	    &d) < 0 || manager_start(mw.m, &d) < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", d.path, d.text);
}

/* The last one that was opened over its connection, and goes on. */
static bool is_open(uint32_t i)
{
	int peer = mw.open[i].peer;

	if (mw.open[i].ended || fake_gone(&mw.w->io, peer))
		return false;
	while (++i < mw.opened)
		if (mw.open[i].peer == peer)
			return false;
	return true;
}

static void bookmarks(void)
{
	uint32_t i;

	for (i = 0; i < mw.opened; i++)
		if (is_open(i))
			world_chunk(mw.w, mw.open[i].peer, MS,
			    STR(MW_LINE("BOOKMARK", "{\"metadata\":{"
			    "\"resourceVersion\":\"1000\"}}")));
}

void mw_run(int64_t ns)
{
	const int64_t minute_ns = 60 * SEC;
	int64_t end_ns = mw.w->io.now_ns + ns, until_ns;

	while (mw.w->io.now_ns < end_ns) {
		until_ns = (mw.w->io.now_ns / minute_ns + 1) * minute_ns;
		if (until_ns > end_ns)
			until_ns = end_ns;
		while (mw.w->io.now_ns < until_ns)
			loop_turn(manager_loop(mw.m), until_ns);
		if (until_ns % minute_ns == 0)
			bookmarks();
	}
}

static uint32_t watch_of(const char *path_end)
{
	uint32_t i = mw.opened;

	while (i-- > 0)
		if (str_ends(mw.open[i].path, str_from(path_end)))
			return i;
	test_fail(__FILE__, __LINE__, "no watch of %s", path_end);
	abort();
}

void mw_tell(const char *path_end, const char *line)
{
	world_chunk(mw.w, mw.open[watch_of(path_end)].peer, MS,
	    str_from(line));
}

void mw_end(const char *path_end)
{
	uint32_t i = watch_of(path_end);

	mw.open[i].ended = true;
	world_stream_end(mw.w, mw.open[i].peer, MS);
}

unsigned mw_count(const char *what)
{
	struct str rest = buf_view(&mw.w->log), line;
	unsigned n = 0;

	while (rest.n > 0) {
		rest = str_cut(rest, '\n', &line);
		n += str_search(line, str_from(what)) < line.n;
	}
	return n;
}

void mw_forget(void)
{
	buf_clear(&mw.w->log);
}

/* ---- one server ---- */

struct mw_one mw_one;

void mw_one_begin(const char *spec)
{
	mw_one = (struct mw_one){
		.version = 1000, .generation = 1, .spec = spec,
		.status = "{}"
	};
}

static const char *one_text(void)
{
	static char text[sizeof(mw_one.status) + MW_SPEC_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\","
	    "\"uid\":\"" MW_UID "\",\"resourceVersion\":\"%u\","
	    "\"generation\":%u,\"creationTimestamp\":"
	    "\"2026-11-21T07:06:59Z\"},\"spec\":%s,\"status\":%s}",
	    mw_one.version, mw_one.generation, mw_one.spec, mw_one.status);
	REQUIRE(!b.over);
	text[b.n] = '\0';
	return text;
}

const char *mw_one_line(const char *type)
{
	static char text[sizeof(mw_one.status) + MW_SPEC_MAX + 512];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"type\":\"%s\",\"object\":%s}\n", type, one_text());
	REQUIRE(!b.over);
	text[b.n] = '\0';
	return text;
}

void mw_one_tell(void)
{
	mw_tell(MW_SERVERS, mw_one_line("MODIFIED"));
}

const char *mw_one_watch(const struct world_request *r, struct str path)
{
	(void)r;
	return str_ends(path, STR(MW_SERVERS)) ? mw_one_line("ADDED") : "";
}

static void status_take(struct str body)
{
	size_t at = str_search(body, STR("\"status\":")) + 9;

	REQUIRE(at < body.n && body.n - at < sizeof(mw_one.status));
	memcpy(mw_one.status, body.p + at, body.n - at - 1);
	mw_one.status[body.n - at - 1] = '\0';
	mw_one.version++;
}

bool mw_one_serve(const struct world_request *r, struct str path)
{
	if (str_search(path, STR("mcpservers/one")) == path.n)
		return false;
	if (str_ends(path, STR(MW_STATUS)))
		status_take(r->body);
	world_reply(mw.w, r->peer, 200, NULL, one_text());
	return true;
}

/* ---- extensions ---- */

void mw_hook_files(struct fake_io *f, const char *ext)
{
	uint8_t seed[CERT_SEED_LEN] = { 3 };
	struct cert_key key;
	struct cert_make how = {
		.name = STR("ca"), .issuer_name = STR("ca"), .key = &key,
		.not_after_s = INT64_C(4000000000), .ca = true
	};
	char der[CERT_MADE_MAX], pem[2 * CERT_MADE_MAX];
	struct buf b, p;

	cert_key_make(&key, seed);
	buf_init(&b, der, sizeof(der));
	cert_write(&how, &b);
	buf_init(&p, pem, sizeof(pem));
	pem_write(STR("CERTIFICATE"), buf_view(&b), &p);
	REQUIRE(!b.over && !p.over);
	fake_file(f, "/ca", buf_view(&p));
	fake_file(f, "/key", STR(MW_HOOK_KEY "\n"));
	fake_file(f, "/ext", str_from(ext));
	fake_serve(f, "10.0.0.9", 7443, FAKE_ACCEPT);
}

void mw_hooks_plain(void)
{
	uint32_t i;

	for (i = 0; i < mw.m->hooks->set.n; i++)
		mw.m->hooks->trust[i] = NULL;
}

/* ---- parts ---- */

static void nothing(void *ctx)
{
	(void)ctx;
}

void mw_bare(struct manager *m, struct mem *mem, struct manager_options *o)
{
	static struct fake_io fake;

	memset(m, 0, sizeof(*m));
	fake_io_init(&fake);
	mem_init(mem, &fake.io);
	*o = (struct manager_options){
		.max_servers = 8, .queue_depth = 8, .base_delay_ns = NS_PER_S,
		.max_delay_ns = NS_PER_S
	};
	m->o = o;
	m->stopping = true;
	work_init(&m->feed, nothing, NULL);
	REQUIRE(loop_init(&m->loop, mem, &fake.io) == 0);
	REQUIRE(records_init(&m->records, mem, 8) == 0);
	REQUIRE(queue_init(&m->queue, mem, &m->records, o, 1) == 0);
}
