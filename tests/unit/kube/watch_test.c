#include <stdio.h>
#include <string.h>

#include "kube_world.h"

static const struct gvr things = { "x.io", "v1", "things", true };

/* One watch and what its handler was told. */
static struct {
	struct world *w;
	struct kube_watches shared;
	struct kube_watch watch;
	char mem[1 << 16];
	struct buf told;
	const char *stop_at;	/* stop when this is told, and */
	bool start_again;
	unsigned errors;
} x;

static void told(const char *what)
{
	buf_fmt(&x.told, "%s\n", what);
}

static void told_object(const char *what, struct str text)
{
	struct str name = STR("?"), version = STR("?");

	EXPECT(json_scan(text, NULL) == 0);
	EXPECT(str_search(text, STR("managedFields")) == text.n);
	(void)kube_peek(text, "metadata.name", &name);
	(void)kube_peek(text, "metadata.resourceVersion", &version);
	buf_fmt(&x.told, "%s %S %S\n", what, name, version);
}

static void handle(void *ctx, struct kube_watch *w,
    enum kube_watch_event event, struct str text)
{
	static const char *const names[] = {
		"BEGIN", "ITEM", "DELETED", "SYNCED", "OVERSIZE", "ERROR",
	};

	EXPECT(ctx == &x && w == &x.watch);
	if (event == WATCH_BEGIN || event == WATCH_SYNCED) {
		EXPECT(str_eq(text, event == WATCH_BEGIN ? STR_NONE :
		    (struct str){ w->version, w->version_n }));
		EXPECT(event == WATCH_BEGIN || text.n > 0);
		told(names[event]);
	} else if (event == WATCH_ERROR) {
		x.errors++;
		buf_fmt(&x.told, "ERROR %s %s\n",
		    kube_watch_state_name(w->state),
		    err_name(w->status.err));
		EXPECT(diag_is_set(&w->diag));
	} else {
		told_object(names[event], text);
	}
	if (x.stop_at && str_is(str_from(names[event]), x.stop_at)) {
		x.stop_at = NULL;
		kube_watch_stop(w);
		EXPECT_EQ(w->state, WATCH_STOPPED);
		if (x.start_again)
			kube_watch_start(w);
	}
}

static void begin_row(const struct kube_watch_row *row,
    void (*serve)(struct world *w, const struct world_request *r))
{
	x.w = world_begin(NULL);
	x.w->serve = serve;
	buf_init(&x.told, x.mem, sizeof(x.mem));
	REQUIRE(kube_watches_init(&x.shared, &x.w->mem, &x.w->client, 1) ==
	    0);
	kube_watch_init(&x.watch, &x.shared, row, handle, &x);
	kube_watch_start(&x.watch);
}

static void begin(void (*serve)(struct world *w,
    const struct world_request *r))
{
	const struct kube_watch_row row = { .gvr = &things, .why = "test" };

	begin_row(&row, serve);
}

static void expect_told(const char *want)
{
	EXPECT(!x.told.over);
	EXPECT_STR(buf_view(&x.told), want);
	buf_clear(&x.told);
}

static bool asked(const struct world_request *r, const char *what)
{
	return str_search(r->path, str_from(what)) < r->path.n;
}

/* ---- what a server sends --------------------------------------------- */

#define OBJECT(name, version) \
	"{\"kind\":\"Thing\",\"metadata\":{\"name\":\"" name "\"," \
	"\"resourceVersion\":\"" version "\",\"managedFields\":[{}]}}"
#define LINE(type, name, version) \
	"{\"type\":\"" type "\",\"object\":" OBJECT(name, version) "}\n"
#define BOOKMARK(version) \
	"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Thing\"," \
	"\"metadata\":{\"resourceVersion\":\"" version "\"}}}\n"
#define INITIAL_END(version) \
	"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Thing\"," \
	"\"metadata\":{\"resourceVersion\":\"" version "\"," \
	"\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define GONE \
	"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\"," \
	"\"code\":410,\"reason\":\"Expired\",\"message\":\"too old\"}}\n"

static void stream(const struct world_request *r, const char *lines)
{
	world_stream(x.w, r->peer);
	if (lines[0])
		world_chunk(x.w, r->peer, MS, str_from(lines));
}

static void no_watch_list(const struct world_request *r)
{
	world_reply(x.w, r->peer, 422, NULL, world_status(422, "Invalid",
	    "ListOptions.meta.k8s.io is invalid: sendInitialEvents: "
	    "Forbidden: sendInitialEvents is forbidden for watch unless the "
	    "WatchList feature gate is enabled"));
}

static void list(const struct world_request *r, const char *version,
    const char *more, const char *items)
{
	char text[4096];

	snprintf(text, sizeof(text), "{\"kind\":\"ThingList\",\"apiVersion\":"
	    "\"x.io/v1\",\"metadata\":{\"resourceVersion\":\"%s\"%s%s%s},"
	    "\"items\":[%s]}\n", version, more ? ",\"continue\":\"" : "",
	    more ? more : "", more ? "\"" : "", items);
	world_reply(x.w, r->peer, 200, NULL, text);
}

/* ---- WatchList ------------------------------------------------------- */

static void serve_initial(struct world *w, const struct world_request *r)
{
	(void)w;
	if (asked(r, "sendInitialEvents"))
		stream(r, LINE("ADDED", "a", "5") LINE("ADDED", "b", "3")
		    INITIAL_END("9"));
	else
		stream(r, "");
}

TEST(watch_list_in_one_stream)
{
	begin(serve_initial);
	EXPECT_EQ(x.watch.state, WATCH_LISTING);
	world_run(x.w, SEC);
	expect_told("BEGIN\nITEM a 5\nITEM b 3\nSYNCED\n");
	EXPECT_EQ(x.watch.state, WATCH_STREAMING);
	EXPECT(x.watch.synced);
	EXPECT_EQ(x.watch.status.err, 0);
	EXPECT_EQ(x.w->requests, 1);
	world_chunk(x.w, 0, 0, STR(LINE("MODIFIED", "a", "10")));
	world_chunk(x.w, 0, 0, STR(LINE("DELETED", "b", "11")));
	world_chunk(x.w, 0, 0, STR(LINE("ADDED", "c", "12")));
	world_run(x.w, SEC);
	expect_told("ITEM a 10\nDELETED b 11\nITEM c 12\n");
	EXPECT_EQ(x.watch.items, 5);
	EXPECT_EQ(x.w->counts.v[COUNT_WATCH_EVENTS], 5);
}

TEST(watch_asks_as_the_row_says)
{
	const struct kube_watch_row row = {
		.gvr = &things, .namespace = STR_INIT("ns"), .labels = "a=b",
		.fields = "metadata.name=x", .metadata = true,
	};

	begin_row(&row, serve_initial);
	world_run(x.w, SEC);
	EXPECT(str_starts(buf_view(&x.w->log), STR("GET /apis/x.io/v1/"
	    "namespaces/ns/things?labelSelector=a%3Db&"
	    "fieldSelector=metadata.name%3Dx&watch=true&"
	    "allowWatchBookmarks=true&timeoutSeconds=")));
	EXPECT(str_ends(buf_view(&x.w->log), STR("&sendInitialEvents=true&"
	    "resourceVersionMatch=NotOlderThan\n")));
	EXPECT(str_search(x.w->head, STR("Accept: " KUBE_METADATA "\r\n")) <
	    x.w->head.n);
}

TEST(watch_resumes_from_the_last_version)
{
	begin(serve_initial);
	world_run(x.w, SEC);
	world_chunk(x.w, 0, 0, STR(LINE("MODIFIED", "a", "10")));
	world_chunk(x.w, 0, 0, STR(BOOKMARK("20")));
	world_run(x.w, 20 * SEC);
	buf_clear(&x.w->log);
	world_stream_end(x.w, 0, 0);
	world_run(x.w, SEC);
	EXPECT(str_search(buf_view(&x.w->log),
	    STR("&resourceVersion=20\n")) < x.w->log.n);
	EXPECT(str_search(buf_view(&x.w->log), STR("sendInitial")) ==
	    x.w->log.n);
	/* Over the same connection, and without a word to the handler. */
	EXPECT_EQ(x.w->io.peers, 1);
	EXPECT_EQ(x.errors, 0);
	EXPECT_EQ(x.watch.restarts, 1);
	EXPECT_EQ(x.watch.relists, 1);
	EXPECT_EQ(x.watch.state, WATCH_STREAMING);
}

TEST(watch_resumes_after_a_broken_connection)
{
	begin(serve_initial);
	world_run(x.w, 20 * SEC);
	buf_clear(&x.told);
	buf_clear(&x.w->log);
	world_chunk(x.w, 0, 0, STR("{\"type\":\"MODIFIED\",\"obj"));
	fake_reset(&x.w->io, 0, MS);
	world_run(x.w, 10 * MS);
	expect_told("ERROR waiting ERR_IO\n");
	EXPECT(x.watch.synced);
	world_run(x.w, 2 * SEC);
	EXPECT(str_search(buf_view(&x.w->log),
	    STR("&resourceVersion=9\n")) < x.w->log.n);
	EXPECT_EQ(x.watch.state, WATCH_STREAMING);
	EXPECT_EQ(x.watch.status.err, 0);
	expect_told("");
}

TEST(watch_lists_again_when_the_initial_events_break_off)
{
	begin(serve_initial);
	x.w->serve = NULL;
	world_run(x.w, 10 * MS);
	world_stream(x.w, 0);
	world_chunk(x.w, 0, 0, STR(LINE("ADDED", "z", "99")));
	fake_end(&x.w->io, 0, 2 * MS);
	world_run(x.w, 10 * MS);
	expect_told("BEGIN\nITEM z 99\nERROR waiting ERR_IO\n");
	x.w->serve = serve_initial;
	world_run(x.w, 2 * SEC);
	expect_told("BEGIN\nITEM a 5\nITEM b 3\nSYNCED\n");
}

static size_t one(void *ctx, size_t n)
{
	(void)ctx;
	return n ? 1 : 0;
}

TEST(watch_does_not_depend_on_how_the_stream_is_cut)
{
	begin(serve_initial);
	x.w->io.cut = one;
	world_run(x.w, SEC);
	expect_told("BEGIN\nITEM a 5\nITEM b 3\nSYNCED\n");
}

TEST(watch_replaces_a_silent_connection)
{
	begin(serve_initial);
	world_run(x.w, KUBE_WATCH_SILENCE_NS - 10 * SEC);
	world_chunk(x.w, 0, 0, STR(BOOKMARK("30")));
	world_run(x.w, KUBE_WATCH_SILENCE_NS - 10 * SEC);
	EXPECT_EQ(x.w->requests, 1);
	world_run(x.w, 20 * SEC);
	EXPECT_EQ(x.w->requests, 2);
	EXPECT_EQ(x.w->io.peers, 2);
	EXPECT(str_search(buf_view(&x.w->log),
	    STR("&resourceVersion=30\n")) < x.w->log.n);
	EXPECT_EQ(x.watch.state, WATCH_STREAMING);
}

/* ---- LIST and WATCH -------------------------------------------------- */

static void serve_pages(struct world *w, const struct world_request *r)
{
	(void)w;
	if (asked(r, "sendInitialEvents"))
		no_watch_list(r);
	else if (asked(r, "watch=true"))
		stream(r, LINE("ADDED", "d", "8"));
	else if (asked(r, "continue=two"))
		list(r, "7", NULL, OBJECT("c", "3"));
	else
		list(r, "7", "two", OBJECT("a", "1") "," OBJECT("b", "2"));
}

TEST(watch_falls_back_to_pages)
{
	begin(serve_pages);
	world_run(x.w, SEC);
	expect_told("BEGIN\nITEM a 1\nITEM b 2\nITEM c 3\nSYNCED\n"
	    "ITEM d 8\n");
	EXPECT(x.shared.no_watch_list);
	EXPECT_EQ(x.w->requests, 4);
	EXPECT_EQ(x.w->io.peers, 1);
	EXPECT(str_search(buf_view(&x.w->log), STR("things?limit=500\n"
	    "GET /apis/x.io/v1/things?limit=500&continue=two\n")) <
	    x.w->log.n);
	EXPECT(str_search(buf_view(&x.w->log), STR("&resourceVersion=7\n")) <
	    x.w->log.n);
	/* Remembered for the next time. */
	kube_watch_stop(&x.watch);
	kube_watch_start(&x.watch);
	world_run(x.w, SEC);
	EXPECT_EQ(x.w->requests, 7);
}

TEST(watch_asks_for_metadata_lists)
{
	const struct kube_watch_row row = { .gvr = &things,
		.metadata = true };

	begin_row(&row, serve_pages);
	x.shared.no_watch_list = true;
	x.w->serve = NULL;
	world_run(x.w, SEC);
	EXPECT(str_search(x.w->head, STR("Accept: " KUBE_METADATA_LIST
	    "\r\n")) < x.w->head.n);
}

static void serve_empty(struct world *w, const struct world_request *r)
{
	(void)w;
	if (asked(r, "watch=true"))
		stream(r, "");
	else
		list(r, "7", NULL, "");
}

TEST(watch_of_nothing_is_synced)
{
	begin(serve_empty);
	x.shared.no_watch_list = true;
	world_run(x.w, SEC);
	expect_told("BEGIN\nSYNCED\n");
}

static void serve_unnumbered(struct world *w, const struct world_request *r)
{
	(void)w;
	list(r, "", NULL, OBJECT("a", "1"));
}

/* Without a version nothing can be watched from there. */
TEST(watch_takes_no_list_without_a_version)
{
	begin(serve_unnumbered);
	x.shared.no_watch_list = true;
	world_run(x.w, SEC / 10);
	EXPECT_EQ(x.watch.status.err, ERR_PROTO);
	EXPECT(!x.watch.synced);
}

static void serve_long_version(struct world *w,
    const struct world_request *r)
{
	char line[1024];

	(void)w;
	snprintf(line, sizeof(line), LINE("ADDED", "a", "5") INITIAL_END("9")
	    "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"b\","
	    "\"resourceVersion\":\"%0*d\"}}}\n", KUBE_VERSION_MAX + 1, 7);
	stream(r, line);
}

TEST(watch_takes_no_version_that_it_cannot_keep)
{
	begin(serve_long_version);
	world_run(x.w, SEC / 10);
	expect_told("BEGIN\nITEM a 5\nSYNCED\nERROR waiting ERR_LIMIT\n");
}

/* The second page's token is too old; the whole list is there. */
static void serve_expired_token(struct world *w,
    const struct world_request *r)
{
	(void)w;
	if (asked(r, "watch=true"))
		stream(r, "");
	else if (asked(r, "continue="))
		world_reply(x.w, r->peer, 410, NULL, world_status(410,
		    "Expired", "The provided continue parameter is too old"));
	else if (asked(r, "limit="))
		list(r, "7", "two", OBJECT("a", "1"));
	else
		list(r, "8", NULL, OBJECT("a", "1") "," OBJECT("b", "2"));
}

TEST(watch_takes_the_whole_list_when_a_token_expires)
{
	begin(serve_expired_token);
	x.shared.no_watch_list = true;
	world_run(x.w, SEC);
	expect_told("BEGIN\nITEM a 1\nBEGIN\nITEM a 1\nITEM b 2\nSYNCED\n");
}

static void serve_cut_list(struct world *w, const struct world_request *r)
{
	(void)w;
	world_reply(x.w, r->peer, 200, NULL, "{\"kind\":\"ThingList\","
	    "\"metadata\":{\"resourceVersion\":\"1\"},\"items\":["
	    OBJECT("a", "1"));
}

TEST(watch_does_not_take_a_cut_list_for_a_whole_one)
{
	begin(serve_cut_list);
	x.shared.no_watch_list = true;
	world_run(x.w, 100 * MS);
	expect_told("BEGIN\nITEM a 1\nERROR waiting ERR_PROTO\n");
	EXPECT(!x.watch.synced);
}

static void serve_stuck(struct world *w, const struct world_request *r)
{
	if (asked(r, "sendInitialEvents"))
		stream(r, LINE("ADDED", "a", "1"));
	else
		serve_pages(w, r);
}

TEST(watch_lists_when_initial_events_have_no_end)
{
	begin(serve_stuck);
	world_run(x.w, 59 * SEC);
	expect_told("BEGIN\nITEM a 1\n");
	world_run(x.w, 2 * SEC);
	expect_told("BEGIN\nITEM a 1\nITEM b 2\nITEM c 3\nSYNCED\n"
	    "ITEM d 8\n");
	EXPECT(!x.shared.no_watch_list);
	world_run(x.w, 100 * SEC);
	expect_told("");
}

static void serve_old(struct world *w, const struct world_request *r)
{
	if (asked(r, "sendInitialEvents"))
		stream(r, LINE("ADDED", "a", "1") BOOKMARK("5"));
	else
		serve_pages(w, r);
}

TEST(watch_lists_when_a_server_does_not_know_watch_list)
{
	begin(serve_old);
	world_run(x.w, SEC);
	expect_told("BEGIN\nITEM a 1\n"
	    "BEGIN\nITEM a 1\nITEM b 2\nITEM c 3\nSYNCED\nITEM d 8\n");
	EXPECT(x.shared.no_watch_list);
}

/* ---- 410 ------------------------------------------------------------- */

static void serve_gone(struct world *w, const struct world_request *r)
{
	if (asked(r, "sendInitialEvents"))
		stream(r, w->requests == 1 ? LINE("ADDED", "a", "5")
		    INITIAL_END("9") : LINE("ADDED", "b", "50")
		    INITIAL_END("90"));
	else
		world_reply(w, r->peer, 410, NULL,
		    world_status(410, "Expired", "too old"));
}

TEST(watch_lists_again_after_410)
{
	begin(serve_gone);
	world_run(x.w, 20 * SEC);
	world_stream_end(x.w, 0, 0);
	world_run(x.w, 2 * SEC);
	expect_told("BEGIN\nITEM a 5\nSYNCED\nBEGIN\nITEM b 50\nSYNCED\n");
	EXPECT_EQ(x.watch.relists, 2);
}

static void serve_two_failures(struct world *w,
    const struct world_request *r)
{
	if (w->requests == 1)
		world_reply(w, r->peer, 500, NULL, world_status(500,
		    "InternalError", "the first"));
	else
		world_reply(w, r->peer, 503, NULL, world_status(503,
		    "ServiceUnavailable", "the second"));
}

TEST(watch_tells_the_last_failure)
{
	begin(serve_two_failures);
	world_run(x.w, SEC / 10);
	EXPECT_STR(str_from(x.watch.diag.text), "the first");
	world_run(x.w, 5 * SEC);
	EXPECT_STR(str_from(x.watch.diag.text), "the second");
}

static void serve_always_gone(struct world *w, const struct world_request *r)
{
	if (asked(r, "sendInitialEvents")) {
		stream(r, LINE("ADDED", "a", "5") INITIAL_END("9") GONE);
		return;
	}
	world_reply(w, r->peer, 410, NULL,
	    world_status(410, "Expired", "too old"));
}

TEST(watch_does_not_spin_when_each_list_is_gone)
{
	begin(serve_always_gone);
	world_run(x.w, 60 * SEC);
	EXPECT(x.w->requests < 20);
	EXPECT(x.watch.relists > 3);
}

TEST(watch_lists_again_after_an_error_line)
{
	begin(serve_gone);
	world_run(x.w, 20 * SEC);
	world_chunk(x.w, 0, 0, STR(GONE));
	world_run(x.w, 2 * SEC);
	expect_told("BEGIN\nITEM a 5\nSYNCED\nBEGIN\nITEM b 50\nSYNCED\n");
}

/* ---- failures -------------------------------------------------------- */

static void serve_absent(struct world *w, const struct world_request *r)
{
	world_reply(w, r->peer, 404, NULL, "404 page not found\n");
}

TEST(watch_of_an_absent_kind)
{
	begin(serve_absent);
	world_run(x.w, SEC);
	expect_told("ERROR absent ERR_NOENT\n");
	EXPECT_EQ(fake_open_fds(&x.w->io), 0);
	world_run(x.w, 120 * SEC);
	expect_told("");
	EXPECT(x.w->requests >= 4 && x.w->requests <= 9);
	x.w->serve = serve_initial;
	kube_watch_kick(&x.watch);
	kube_watch_kick(&x.watch);
	world_run(x.w, SEC);
	expect_told("BEGIN\nITEM a 5\nITEM b 3\nSYNCED\n");
}

TEST(watch_of_a_kind_that_goes_away)
{
	begin(serve_initial);
	world_run(x.w, 20 * SEC);
	buf_clear(&x.told);
	x.w->serve = serve_absent;
	world_stream_end(x.w, 0, 0);
	world_run(x.w, SEC);
	expect_told("ERROR absent ERR_NOENT\n");
	EXPECT(!x.watch.synced);
	x.w->serve = serve_initial;
	world_run(x.w, 40 * SEC);
	expect_told("BEGIN\nITEM a 5\nITEM b 3\nSYNCED\n");
}

static void serve_denied(struct world *w, const struct world_request *r)
{
	world_reply(w, r->peer, 403, NULL, world_status(403, "Forbidden",
	    "things.x.io is forbidden: User \\\"u\\\" cannot list"));
}

TEST(watch_that_is_denied)
{
	begin(serve_denied);
	world_run(x.w, 100 * SEC);
	expect_told("ERROR denied ERR_FORBIDDEN\n");
	EXPECT_EQ(x.watch.status.why, KUBE_WHY_RBAC);
	EXPECT(x.w->requests >= 3 && x.w->requests <= 8);
}

/* What it knew it still knows when it is let in again. */
TEST(watch_that_is_denied_goes_on_where_it_was)
{
	begin(serve_initial);
	world_run(x.w, 20 * SEC);
	buf_clear(&x.told);
	x.w->serve = serve_denied;
	world_stream_end(x.w, 0, 0);
	world_run(x.w, SEC);
	expect_told("ERROR denied ERR_FORBIDDEN\n");
	EXPECT(x.watch.version_n > 0);
}

TEST(watch_backs_off_from_a_server_that_is_not_there)
{
	begin(serve_initial);
	fake_serve(&x.w->io, "127.0.0.1", 8001, FAKE_REFUSE);
	world_run(x.w, 600 * SEC);
	EXPECT(x.w->io.peers >= 20);
	EXPECT(x.w->io.peers <= 60);
	EXPECT_EQ(x.watch.state, WATCH_WAITING);
	EXPECT_EQ(x.watch.status.err, ERR_REFUSED);
	fake_serve(&x.w->io, "127.0.0.1", 8001, FAKE_ACCEPT);
	world_run(x.w, 40 * SEC);
	EXPECT(x.watch.synced);
}

static void serve_nothing(struct world *w, const struct world_request *r)
{
	(void)w;
	(void)r;
}

TEST(watch_gives_each_try_a_deadline)
{
	begin(serve_nothing);
	world_run(x.w, 31 * SEC);
	expect_told("ERROR waiting ERR_TIMEOUT\n");
}

static void serve_short(struct world *w, const struct world_request *r)
{
	serve_initial(w, r);
	world_stream_end(w, r->peer, 2 * MS);
}

TEST(watch_does_not_spin_when_streams_end_at_once)
{
	begin(serve_short);
	world_run(x.w, 60 * SEC);
	EXPECT(x.w->requests < 20);
	EXPECT(x.watch.synced);
	EXPECT_EQ(x.watch.relists, 1);
}

static void serve_throttled(struct world *w, const struct world_request *r)
{
	if (w->requests == 1)
		world_reply(w, r->peer, 429, "Retry-After: 20\r\n", "busy");
	else
		serve_initial(w, r);
}

TEST(watch_honours_retry_after)
{
	begin(serve_throttled);
	world_run(x.w, 19 * SEC);
	expect_told("ERROR waiting ERR_THROTTLED\n");
	EXPECT_EQ(x.w->requests, 1);
	world_run(x.w, 4 * SEC);
	EXPECT(x.watch.synced);
}

/* A version from another history: every resume is answered, never well. */
static void serve_too_large(struct world *w, const struct world_request *r)
{
	if (asked(r, "sendInitialEvents"))
		serve_initial(w, r);
	else
		world_reply(w, r->peer, 504, NULL, world_status(504,
		    "Timeout", "Too large resource version: 9, current: 3"));
}

TEST(watch_lists_again_when_its_version_is_never_answered)
{
	begin(serve_too_large);
	world_run(x.w, 20 * SEC);
	world_stream_end(x.w, 0, 0);
	world_run(x.w, 20 * SEC);
	EXPECT_EQ(x.watch.relists, 2);
	EXPECT_EQ(x.watch.state, WATCH_STREAMING);
}

TEST(watch_stops_at_lines_that_are_none)
{
	static const char *const lines[] = {
		"nonsense\n", "[]\n", "{}\n", "{\"type\":\"ADDED\"}\n",
		"{\"type\":\"NEW\",\"object\":{}}\n",
		"{\"object\":{}}\n", "{\"type\":1,\"object\":{}}\n",
		"{\"type\":\"ADDED\",\"object\":[]}\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		begin(serve_initial);
		world_run(x.w, SEC);
		buf_clear(&x.told);
		world_chunk(x.w, 0, 0, str_from(lines[i]));
		world_run(x.w, 10 * MS);
		expect_told("ERROR waiting ERR_PROTO\n");
		world_run(x.w, 5 * SEC);
		EXPECT_EQ(x.watch.state, WATCH_STREAMING);
		kube_watch_stop(&x.watch);
	}
}

/* ---- large objects --------------------------------------------------- */

static void send_large(int peer, const char *type)
{
	static char block[JSON_OBJECT_MAX];
	char head[256];

	memset(block, 'x', sizeof(block));
	snprintf(head, sizeof(head), "{\"type\":\"%s\",\"object\":{\"kind\":"
	    "\"Thing\",\"metadata\":{\"name\":\"big\",\"namespace\":\"ns\","
	    "\"resourceVersion\":\"77\"},\"spec\":\"", type);
	world_chunk(x.w, peer, 0, str_from(head));
	world_chunk(x.w, peer, 0, (struct str){ block, sizeof(block) });
	world_chunk(x.w, peer, 0, STR("\"}}\n"));
}

TEST(watch_names_objects_that_are_too_large)
{
	begin(serve_initial);
	world_run(x.w, 20 * SEC);
	buf_clear(&x.told);
	send_large(0, "ADDED");
	world_chunk(x.w, 0, 0, STR(LINE("ADDED", "c", "78")));
	world_run(x.w, SEC);
	expect_told("OVERSIZE big 77\nITEM c 78\n");
	EXPECT_EQ(x.w->counts.v[COUNT_OVERSIZE], 1);
	send_large(0, "DELETED");
	world_run(x.w, SEC);
	expect_told("DELETED big 77\n");
	buf_clear(&x.w->log);
	world_stream_end(x.w, 0, 0);
	world_run(x.w, SEC);
	EXPECT(str_search(buf_view(&x.w->log),
	    STR("&resourceVersion=77\n")) < x.w->log.n);
}

/* ---- stopping -------------------------------------------------------- */

TEST(watch_stops_from_its_handler)
{
	static const char *const at[] = { "BEGIN", "ITEM", "SYNCED" };

	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		x.stop_at = at[i];
		x.start_again = false;
		begin(serve_initial);
		world_run(x.w, 10 * SEC);
		EXPECT_EQ(x.watch.state, WATCH_STOPPED);
		EXPECT(str_search(buf_view(&x.told), str_from(at[i])) +
		    strlen(at[i]) + 1 >= x.told.n - 4);
		EXPECT_EQ(fake_open_fds(&x.w->io), 0);
		EXPECT(!heap_min(&x.w->loop.heap));
	}
}

TEST(watch_starts_again_from_its_handler)
{
	static const char *const at[] = { "BEGIN", "ITEM", "SYNCED" };

	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		x.stop_at = at[i];
		x.start_again = true;
		begin(serve_initial);
		world_run(x.w, 10 * SEC);
		EXPECT_EQ(x.watch.state, WATCH_STREAMING);
		EXPECT(str_ends(buf_view(&x.told),
		    STR("BEGIN\nITEM a 5\nITEM b 3\nSYNCED\n")));
		kube_watch_stop(&x.watch);
	}
}

TEST(watch_stops_from_its_handler_of_errors)
{
	x.stop_at = "ERROR";
	begin(serve_absent);
	world_run(x.w, 100 * SEC);
	EXPECT_EQ(x.watch.state, WATCH_STOPPED);
	EXPECT_EQ(x.w->requests, 1);
	EXPECT(!heap_min(&x.w->loop.heap));
}

TEST(watch_stopped_before_it_began)
{
	begin(serve_initial);
	kube_watch_stop(&x.watch);
	world_run(x.w, 10 * SEC);
	EXPECT_EQ(x.w->requests, 0);
	expect_told("");
}
