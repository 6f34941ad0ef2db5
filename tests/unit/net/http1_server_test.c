#include <string.h>

#include "check.h"
#include "server_world.h"

#define MS NS_PER_MS
#define PORT 8080
#define DATE "Date: Sat, 21 Nov 2026 07:06:59 GMT\r\n"
#define TYPE "Content-Type: text/plain; charset=utf-8\r\n" \
	"X-Content-Type-Options: nosniff\r\n"

static struct {
	char query[64];
	int handled, fails_at;
	uint64_t windows;
} w;

static int small_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	EXPECT(ctx == &w);
	EXPECT_EQ(*cursor, 7);
	EXPECT(out->n == 0 && out->cap >= HTTP_SERVER_WINDOW);
	buf_cstr(out, "small");
	return 0;
}

/* w.windows full windows of a letter each, then "end". */
static int large_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	EXPECT(ctx == &w);
	if (w.fails_at && *cursor == (uint64_t)w.fails_at)
		return ERR_IO;
	if (*cursor == w.windows) {
		buf_cstr(out, "end");
		return 0;
	}
	while (out->n < out->cap)
		buf_char(out, (char)('a' + *cursor % 26));
	++*cursor;
	return 1;
}

static int over_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	(void)ctx;
	(void)cursor;
	while (!out->over)
		buf_cstr(out, "more than there is room for");
	return 0;
}

static int empty_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	(void)ctx;
	(void)out;
	++*cursor;
	return *cursor < 3;
}

static void note(struct str query)
{
	struct buf b;

	w.handled++;
	buf_init(&b, w.query, sizeof(w.query) - 1);
	buf_str(&b, query);
	w.query[b.n] = '\0';
}

static void small(void *ctx, struct str path, struct str query,
    struct http_reply *ret)
{
	EXPECT(ctx == &w);
	EXPECT_STR(path, "/small");
	note(query);
	ret->cursor = 7;
	ret->more = small_more;
}

static void large(void *ctx, struct str path, struct str query,
    struct http_reply *ret)
{
	(void)ctx;
	(void)path;
	note(query);
	ret->type = "text/x-large";
	ret->more = large_more;
}

static void over(void *ctx, struct str path, struct str query,
    struct http_reply *ret)
{
	(void)ctx;
	(void)query;
	ret->more = str_is(path, "/over") ? over_more : empty_more;
}

static void sick(void *ctx, struct str path, struct str query,
    struct http_reply *ret)
{
	(void)ctx;
	(void)path;
	(void)query;
	ret->status = 503;
}

static const struct http_route routes[] = {
	{ "/small", small, &w }, { "/large", large, &w },
	{ "/over", over, &w }, { "/empty", over, &w }, { "/sick", sick, &w },
};

static const struct net_addr bind_at = { .family = 4, .port = PORT };

static void begin(void)
{
	memset(&w, 0, sizeof(w));
	sw_begin(routes, ARRAY_LEN(routes));
	sw_listen(PORT);
	w.windows = 3;
}

static void ask(int peer, const char *text)
{
	fake_take(&sw.f, peer, fake_got(&sw.f, peer).n);
	fake_send(&sw.f, peer, 0, str_from(text));
	sw_settle();
}

/* What comes for this text on a connection of its own. */
static int asked(const char *text)
{
	int peer = fake_connect(&sw.f, PORT);

	ask(peer, text);
	return peer;
}

TEST(http_server_answers)
{
	int peer;

	begin();
	peer = asked("GET /small?a=b HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_STR(fake_got(&sw.f, peer), "HTTP/1.1 200 OK\r\n" DATE TYPE
	    "Content-Length: 5\r\n\r\nsmall");
	EXPECT_STR(str_from(w.query), "a=b");
	EXPECT_EQ(sw.f.writes, 1);
	EXPECT(!fake_gone(&sw.f, peer));
	/* Kept: another one on the same connection. */
	ask(peer, "GET http://h:80/small?c HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(str_ends(fake_got(&sw.f, peer), STR("\r\n\r\nsmall")));
	EXPECT_STR(str_from(w.query), "c");
	ask(peer, "HEAD /small HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_STR(fake_got(&sw.f, peer), "HTTP/1.1 200 OK\r\n" DATE TYPE
	    "Content-Length: 5\r\n\r\n");
	EXPECT_STR(str_from(w.query), "");
	sw_end();
}

TEST(http_server_keeps_alive_as_asked)
{
	int peer;

	begin();
	peer = asked("GET /small HTTP/1.1\r\nHost: h\r\n"
	    "Connection: close\r\n\r\n");
	EXPECT_STR(fake_got(&sw.f, peer), "HTTP/1.1 200 OK\r\n" DATE TYPE
	    "Content-Length: 5\r\nConnection: close\r\n\r\nsmall");
	EXPECT(fake_gone(&sw.f, peer));
	peer = asked("GET /small HTTP/1.0\r\n\r\n");
	EXPECT(str_ends(fake_got(&sw.f, peer), STR("Content-Length: 5\r\n"
	    "Connection: close\r\n\r\nsmall")));
	EXPECT(fake_gone(&sw.f, peer));
	peer = asked("GET /small HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	EXPECT(str_ends(fake_got(&sw.f, peer), STR("Content-Length: 5\r\n"
	    "Connection: keep-alive\r\n\r\nsmall")));
	EXPECT(!fake_gone(&sw.f, peer));
	sw_end();
}

/* The chunked body of an answer into out; false: it is malformed. */
static bool dechunk(struct str answer, struct buf *out)
{
	size_t at = str_search(answer, STR("\r\n\r\n"));
	struct str in = str_sub(answer, at + 4, answer.n), data;
	struct chunk c;
	int done = 0;

	chunk_init(&c);
	while (!done && in.n) {
		done = chunk_push(&c, &in, &data);
		buf_str(out, data);
	}
	return done == 1 && !in.n;
}

TEST(http_server_streams_what_is_longer_than_its_window)
{
	static char mem[1 << 20];
	struct http_head head;
	struct buf body;
	struct str got;
	size_t n;
	int peer;

	begin();
	w.windows = 30;
	peer = asked("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
	got = fake_got(&sw.f, peer);
	EXPECT(http_parse_response(got, false, &head, NULL) > 0);
	EXPECT(head.chunked && head.keep_alive);
	EXPECT_STR(http_header_get(&head, "content-type"), "text/x-large");
	buf_init(&body, mem, sizeof(mem));
	EXPECT(dechunk(got, &body));
	n = body.n;
	EXPECT(n >= 30 * HTTP_SERVER_WINDOW);
	EXPECT(str_ends(buf_view(&body), STR("ddend")));
	/* HTTP/1.0 knows no chunks: the end of the connection is the end. */
	peer = asked("GET /large HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	got = fake_got(&sw.f, peer);
	EXPECT(http_parse_response(got, false, &head, NULL) > 0);
	EXPECT(!head.chunked && !head.has_length && !head.keep_alive);
	EXPECT(str_ends(got, STR("ddend")));
	EXPECT_EQ(got.n - str_search(got, STR("\r\n\r\n")) - 4, n);
	EXPECT(fake_gone(&sw.f, peer));
	/* Without its body. */
	peer = asked("HEAD /large HTTP/1.1\r\nHost: h\r\n\r\n"
	    "GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	got = fake_got(&sw.f, peer);
	EXPECT(str_search(got, STR("chunked\r\n\r\nHTTP/1.1 200")) < got.n);
	EXPECT(str_ends(got, STR("\r\n\r\nsmall")));
	sw_end();
}

TEST(http_server_cuts_answers_that_fail)
{
	int peer;

	begin();
	w.fails_at = 2;
	peer = asked("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(fake_got(&sw.f, peer).n > HTTP_SERVER_WINDOW);
	EXPECT(!str_ends(fake_got(&sw.f, peer), STR("0\r\n\r\n")));
	EXPECT(fake_gone(&sw.f, peer));
	peer = asked("GET /over HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_EQ(fake_got(&sw.f, peer).n, 0);
	EXPECT(fake_gone(&sw.f, peer));
	/* Neither text nor end: it might go on like that for ever. */
	peer = asked("GET /empty HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(fake_gone(&sw.f, peer));
	sw_end();
}

TEST(http_server_answers_pipelined_requests_in_order)
{
	struct str got;
	int peer, i, n = 0;
	static char text[8000];
	struct buf b;

	begin();
	peer = asked("GET /small?1 HTTP/1.1\r\nHost: h\r\n\r\n"
	    "GET /none HTTP/1.1\r\nHost: h\r\n\r\n"
	    "HEAD /small HTTP/1.1\r\nHost: h\r\n\r\n\r\n"
	    "GET /sick HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
	    "GET /small?5 HTTP/1.1\r\nHost: h\r\n\r\n");
	got = fake_got(&sw.f, peer);
	EXPECT(str_search(got, STR("\r\n\r\nsmallHTTP/1.1 404 Not Found"))
	    < got.n);
	EXPECT(str_ends(got, STR("Connection: close\r\n\r\n"
	    "Service Unavailable\n")));
	EXPECT_EQ(w.handled, 2);
	EXPECT(fake_gone(&sw.f, peer));
	/* More than fit into the buffer at once. */
	buf_init(&b, text, sizeof(text));
	while (!b.over)
		buf_cstr(&b, "GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	peer = fake_connect(&sw.f, PORT);
	for (i = 0; i < 3; i++)
		fake_send(&sw.f, peer, 0, buf_view(&b));
	sw_run(50 * MS);
	for (got = fake_got(&sw.f, peer); got.n; n++)
		got = str_sub(got, str_search(got, STR("\r\n\r\nsmall")) + 9,
		    got.n);
	EXPECT_EQ(n, 3 * (b.n / 32));
	EXPECT(!fake_gone(&sw.f, peer));
	sw_end();
}

TEST(http_server_refuses)
{
	static const struct {
		const char *text, *status, *line;
		bool closes;
	} cases[] = {
		{ "GET /none HTTP/1.1\r\nHost: h\r\n\r\n", "404 Not Found",
		    "Content-Length: 10\r\n", false },
		{ "GET /small/ HTTP/1.1\r\nHost: h\r\n\r\n",
		    "404 Not Found", "", false },
		{ "DELETE /small HTTP/1.1\r\nHost: h\r\n\r\n",
		    "405 Method Not Allowed", "Allow: GET, HEAD\r\n", false },
		{ "get /small HTTP/1.1\r\nHost: h\r\n\r\n",
		    "405 Method Not Allowed", "", false },
		{ "POST /small HTTP/1.1\r\nHost: h\r\n"
		    "Content-Length: 0\r\n\r\n", "405 Method Not Allowed", "",
		    false },
		{ "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
		    "405 Method Not Allowed", "", false },
		{ "GET /small HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
		    "\r\nhello", "413 Content Too Large",
		    "Connection: close\r\n", true },
		{ "POST /small HTTP/1.1\r\nHost: h\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		    "413 Content Too Large", "", true },
		{ "GET /small HTTP/1.1\r\n\r\n", "400 Bad Request",
		    "Connection: close\r\n", true },
		{ "\x16\x03\x01\x02", "400 Bad Request", "", true },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 Bad Request", "",
		    true },
		{ "GET /small\r\n", "400 Bad Request", "", true },
		{ "GET /small HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n", "400 Bad Request",
		    "", true },
		{ "GET /sick HTTP/1.1\r\nHost: h\r\n\r\n",
		    "503 Service Unavailable", "", false },
	};
	struct str got;
	size_t i;
	int peer;

	begin();
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		peer = asked(cases[i].text);
		got = fake_got(&sw.f, peer);
		if (!str_starts(str_sub(got, 9, got.n),
		    str_from(cases[i].status)) ||
		    str_search(got, str_from(cases[i].line)) == got.n)
			test_fail(__FILE__, __LINE__, "%s gives %.*s",
			    cases[i].text, (int)got.n, got.p);
		/* The peer gets time to read why, and then is cut off. */
		EXPECT(!fake_gone(&sw.f, peer));
		sw_run((HTTP_SERVER_LINGER_MS + 1) * MS);
		EXPECT_EQ(fake_gone(&sw.f, peer), cases[i].closes);
		if (!cases[i].closes)
			fake_end(&sw.f, peer, 0);
	}
	EXPECT_EQ(w.handled, 0);
	sw_end();
}

TEST(http_server_refuses_heads_that_are_too_long)
{
	static char text[2 * HTTP_HEAD_MAX];
	struct str got;
	struct buf b;
	int peer, i;

	begin();
	for (i = 0; i < 2; i++) {
		buf_init(&b, text, sizeof(text));
		buf_cstr(&b, "GET /small HTTP/1.1\r\nHost: h\r\n");
		while (b.n < HTTP_HEAD_MAX)
			buf_cstr(&b, i ? "a: b\r\n" : "abcdefghijkl");
		peer = fake_connect(&sw.f, PORT);
		fake_send(&sw.f, peer, 0, buf_view(&b));
		sw_settle();
		got = fake_got(&sw.f, peer);
		EXPECT(str_starts(got, STR("HTTP/1.1 431 ")));
		fake_end(&sw.f, peer, 0);
		sw_settle();
		EXPECT(fake_gone(&sw.f, peer));
	}
	sw_end();
}

TEST(http_server_drops_what_a_refused_peer_sends_up_to_a_limit)
{
	static char flood[HTTP_SERVER_LINGER_MAX / 4];
	int peer, i;

	begin();
	peer = asked("POST /small HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 99999999\r\n\r\n");
	EXPECT(str_starts(fake_got(&sw.f, peer), STR("HTTP/1.1 413 ")));
	memset(flood, 'x', sizeof(flood));
	for (i = 0; i < 4; i++) {
		fake_send(&sw.f, peer, 0, (struct str){ flood, sizeof(flood) });
		sw_settle();
		EXPECT(!fake_gone(&sw.f, peer));
	}
	fake_send(&sw.f, peer, 0, STR("GET /small HTTP/1.1\r\n"));
	sw_settle();
	EXPECT(fake_gone(&sw.f, peer));
	EXPECT_EQ(w.handled, 0);
	sw_end();
}

TEST(http_server_leaves_it_to_clients_to_close)
{
	int peer;

	begin();
	peer = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	sw_run(INT64_C(91000) * MS);
	EXPECT(!fake_gone(&sw.f, peer));
	sw_end();
}

TEST(http_server_cuts_slow_and_idle_peers)
{
	int peer;

	begin();
	/* Nothing at all, and a request that never ends. */
	peer = fake_connect(&sw.f, PORT);
	sw_run((HTTP_SERVER_REQUEST_MS - 1) * MS);
	EXPECT(!fake_gone(&sw.f, peer));
	sw_run(2 * MS);
	EXPECT(fake_gone(&sw.f, peer));
	peer = asked("GET /small HTTP/1.1\r\n");
	fake_send(&sw.f, peer, (HTTP_SERVER_REQUEST_MS - 5) * MS,
	    STR("A: b\r\n"));
	sw_run((HTTP_SERVER_REQUEST_MS - 1) * MS);
	EXPECT(!fake_gone(&sw.f, peer));
	sw_run(2 * MS);
	EXPECT(fake_gone(&sw.f, peer));
	/* Between two requests. */
	peer = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	sw_run((HTTP_SERVER_IDLE_MS - 1) * MS);
	EXPECT(!fake_gone(&sw.f, peer));
	sw_run(2 * MS);
	EXPECT(fake_gone(&sw.f, peer));
	/* A second request has no more time than the first. */
	peer = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\nGE");
	sw_run((HTTP_SERVER_REQUEST_MS + 1) * MS);
	EXPECT(fake_gone(&sw.f, peer));
	/* A peer that does not read. */
	sw.f.window = 100;
	peer = asked("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_EQ(fake_got(&sw.f, peer).n, 100);
	sw_run((HTTP_SERVER_ANSWER_MS - 1) * MS);
	EXPECT(!fake_gone(&sw.f, peer));
	sw_run(2 * MS);
	EXPECT(fake_gone(&sw.f, peer));
	/* One that reads slowly gets all of it, in time. */
	peer = asked("GET /large HTTP/1.1\r\nHost: h\r\n\r\n"
	    "GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	while (!str_ends(fake_got(&sw.f, peer), STR("small"))) {
		REQUIRE(!fake_gone(&sw.f, peer));
		fake_window(&sw.f, peer, 1000);
		sw_run(100 * MS);
	}
	EXPECT(!fake_gone(&sw.f, peer));
	sw_end();
}

TEST(http_server_survives_peers_that_go)
{
	int peer;

	begin();
	peer = fake_connect(&sw.f, PORT);
	fake_end(&sw.f, peer, 0);
	sw_settle();
	EXPECT(fake_gone(&sw.f, peer));
	peer = asked("GET /sm");
	fake_reset(&sw.f, peer, 0);
	sw_settle();
	EXPECT(fake_gone(&sw.f, peer));
	sw.f.window = 5000;
	peer = asked("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
	fake_reset(&sw.f, peer, 0);
	sw_settle();
	EXPECT(fake_gone(&sw.f, peer));
	/* Half closed: it still wants its answer. */
	sw.f.window = SIZE_MAX;
	peer = fake_connect(&sw.f, PORT);
	fake_send(&sw.f, peer, 0, STR("GET /small HTTP/1.0\r\n\r\n"));
	fake_end(&sw.f, peer, 0);
	sw_settle();
	EXPECT(str_ends(fake_got(&sw.f, peer), STR("small")));
	EXPECT(fake_gone(&sw.f, peer));
	sw_end();
}

TEST(http_server_makes_room_for_who_comes)
{
	int peer[HTTP_SERVER_CONNS_MAX], late, i;

	begin();
	for (i = 0; i < HTTP_SERVER_CONNS_MAX; i++) {
		peer[i] = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
		sw_run(10 * MS);
	}
	/* All have just been served: the next waits in the backlog. */
	late = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_EQ(fake_got(&sw.f, late).n, 0);
	/* Until the oldest has been idle for a while. */
	sw_run(HTTP_SERVER_FRESH_MS * MS);
	EXPECT(str_ends(fake_got(&sw.f, late), STR("small")));
	EXPECT(fake_gone(&sw.f, peer[0]));
	EXPECT(!fake_gone(&sw.f, peer[1]));
	/* Those in the middle of something are left alone. */
	sw_run(HTTP_SERVER_FRESH_MS * MS);
	fake_send(&sw.f, peer[1], 0, STR("GET "));
	sw_settle();
	asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(!fake_gone(&sw.f, peer[1]));
	EXPECT(fake_gone(&sw.f, peer[2]));
	sw_end();
}

/* Who sends a byte and no more keeps nobody out for long. */
TEST(http_server_makes_room_for_who_is_not_slow)
{
	int peer[HTTP_SERVER_CONNS_MAX], late, i;

	begin();
	for (i = 0; i < HTTP_SERVER_CONNS_MAX; i++) {
		peer[i] = asked("G");
		sw_run(10 * MS);
	}
	late = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_EQ(fake_got(&sw.f, late).n, 0);
	sw_run(HTTP_SERVER_FRESH_MS * MS);
	EXPECT(str_ends(fake_got(&sw.f, late), STR("small")));
	EXPECT(fake_gone(&sw.f, peer[0]));
	EXPECT(!fake_gone(&sw.f, peer[1]));
	sw_end();
}

TEST(http_server_waits_while_all_places_are_busy)
{
	int peer[HTTP_SERVER_CONNS_MAX], late, i;
	size_t window;

	begin();
	window = sw.f.window;
	sw.f.window = 100;
	for (i = 0; i < HTTP_SERVER_CONNS_MAX; i++)
		peer[i] = asked("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
	sw.f.window = window;
	sw_run(5000 * MS);
	late = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	sw_run((HTTP_SERVER_ANSWER_MS - 5001) * MS);
	EXPECT_EQ(fake_got(&sw.f, late).n, 0);
	EXPECT(!fake_gone(&sw.f, peer[0]));
	sw_run((HTTP_SERVER_PAUSE_MS + 2) * MS);
	EXPECT(fake_gone(&sw.f, peer[0]));
	EXPECT(str_ends(fake_got(&sw.f, late), STR("small")));
	sw_end();
}

TEST(http_server_tries_again_when_accepting_fails)
{
	int peer;

	begin();
	sw.f.accept_err = ERR_FULL;
	sw.f.accept_errs = 5;
	peer = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_EQ(fake_got(&sw.f, peer).n, 0);
	sw_run((5 * HTTP_SERVER_PAUSE_MS + 1) * MS);
	EXPECT(str_ends(fake_got(&sw.f, peer), STR("small")));
	/* Stopped meanwhile. */
	sw.f.accept_errs = 5;
	asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	sw_end();
}

TEST(http_server_stops_and_listens_again)
{
	int peer;

	begin();
	peer = asked("GET /sm");
	http_server_stop(sw.server);
	EXPECT(fake_gone(&sw.f, peer));
	http_server_stop(sw.server);
	EXPECT_EQ(http_server_listen(sw.server, &bind_at), 0);
	EXPECT_CRASH(http_server_listen(sw.server, &bind_at));
	peer = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(str_ends(fake_got(&sw.f, peer), STR("small")));
	sw_end();
}

TEST(http_server_needs_memory_and_an_address)
{
	struct http_server *other;

	begin();
	REQUIRE(!http_server_new(&sw.mem, &sw.loop, routes, 1, &other));
	EXPECT_EQ(http_server_listen(other, &bind_at), ERR_EXIST);
	http_server_stop(other);
	sw.mem.fail_after = 1;
	EXPECT_EQ(http_server_new(&sw.mem, &sw.loop, routes, 1, &other),
	    ERR_FULL);
	sw_end();
}

static size_t cut_one(void *ctx, size_t n)
{
	(void)ctx;
	(void)n;
	return 1;
}

TEST(http_server_does_not_care_how_bytes_come)
{
	static const char text[] = "GET /large HTTP/1.1\r\nHost: h\r\n\r\n"
	    "GET /small HTTP/1.1\r\nHost: h\r\n\r\n";
	static char mem[65536];
	struct buf whole;
	size_t i;
	int peer;

	begin();
	peer = asked(text);
	buf_init(&whole, mem, sizeof(mem));
	buf_str(&whole, fake_got(&sw.f, peer));
	EXPECT(whole.n > 3 * HTTP_SERVER_WINDOW);
	peer = fake_connect(&sw.f, PORT);
	for (i = 0; i < sizeof(text) - 1; i++)
		fake_send(&sw.f, peer, (int64_t)i * MS / 100,
		    (struct str){ text + i, 1 });
	sw.f.cut = cut_one;
	sw_run(20 * MS);
	EXPECT(str_eq(fake_got(&sw.f, peer), buf_view(&whole)));
	sw_end();
}

TEST(http_server_dates_are_right)
{
	static const struct {
		int64_t s;
		const char *date;
	} cases[] = {
		{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
		{ 1735689599, "Tue, 31 Dec 2024 23:59:59 GMT" },
		{ 4102444800, "Fri, 01 Jan 2100 00:00:00 GMT" },
		{ -1, "Thu, 01 Jan 1970 00:00:00 GMT" },
	};
	struct http_head head;
	size_t i;
	int peer;

	begin();
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		sw.f.wall_offset_ns = cases[i].s * NS_PER_S - sw.f.now_ns;
		peer = asked("GET /small HTTP/1.0\r\n\r\n");
		EXPECT(http_parse_response(fake_got(&sw.f, peer), false, &head,
		    NULL) > 0);
		EXPECT_STR(http_header_get(&head, "date"), cases[i].date);
	}
	sw_end();
}
