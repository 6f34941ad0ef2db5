#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "net.h"

#define MS NS_PER_MS
#define PORT 8080
#define DATE "Date: Sat, 21 Nov 2026 07:06:59 GMT\r\n"
#define TYPE "Content-Type: text/plain; charset=utf-8\r\n" \
	"X-Content-Type-Options: nosniff\r\n"

static struct {
	struct fake_io f;
	struct mem mem;
	struct loop loop;
	struct http_server *server;
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
	fake_io_init(&w.f);
	mem_init(&w.mem, &w.f.io);
	REQUIRE(!loop_init(&w.loop, &w.mem, &w.f.io));
	REQUIRE(!http_server_new(&w.mem, &w.loop, routes, ARRAY_LEN(routes),
	    &w.server));
	REQUIRE(!http_server_listen(w.server, &bind_at));
	w.windows = 3;
}

static void end(void)
{
	http_server_stop(w.server);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	EXPECT_EQ(w.loop.heap.n, 0);
	EXPECT(!w.loop.work_head);
	EXPECT(w.f.waits < 20000);
	mem_free_all(&w.mem);
	fake_io_free(&w.f);
}

static void run_ms(int64_t ms)
{
	int64_t until_ns = w.f.now_ns + ms * MS;

	do
		loop_turn(&w.loop, until_ns);
	while (w.f.now_ns < until_ns || w.loop.work_head);
}

/* Turns as long as something happens, without time passing. */
static void settle(void)
{
	int i;

	for (i = 0; i < 200; i++)
		loop_turn(&w.loop, w.f.now_ns);
}

static void ask(int peer, const char *text)
{
	fake_take(&w.f, peer, fake_got(&w.f, peer).n);
	fake_send(&w.f, peer, 0, str_from(text));
	settle();
}

/* What comes for this text on a connection of its own. */
static int asked(const char *text)
{
	int peer = fake_connect(&w.f, PORT);

	ask(peer, text);
	return peer;
}

TEST(http_server_answers)
{
	int peer;

	begin();
	peer = asked("GET /small?a=b HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_STR(fake_got(&w.f, peer), "HTTP/1.1 200 OK\r\n" DATE TYPE
	    "Content-Length: 5\r\n\r\nsmall");
	EXPECT_STR(str_from(w.query), "a=b");
	EXPECT_EQ(w.f.writes, 1);
	EXPECT(!fake_gone(&w.f, peer));
	/* Kept: another one on the same connection. */
	ask(peer, "GET http://h:80/small?c HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(str_ends(fake_got(&w.f, peer), STR("\r\n\r\nsmall")));
	EXPECT_STR(str_from(w.query), "c");
	ask(peer, "HEAD /small HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_STR(fake_got(&w.f, peer), "HTTP/1.1 200 OK\r\n" DATE TYPE
	    "Content-Length: 5\r\n\r\n");
	EXPECT_STR(str_from(w.query), "");
	end();
}

TEST(http_server_keeps_alive_as_asked)
{
	int peer;

	begin();
	peer = asked("GET /small HTTP/1.1\r\nHost: h\r\n"
	    "Connection: close\r\n\r\n");
	EXPECT_STR(fake_got(&w.f, peer), "HTTP/1.1 200 OK\r\n" DATE TYPE
	    "Content-Length: 5\r\nConnection: close\r\n\r\nsmall");
	EXPECT(fake_gone(&w.f, peer));
	peer = asked("GET /small HTTP/1.0\r\n\r\n");
	EXPECT(str_ends(fake_got(&w.f, peer), STR("Content-Length: 5\r\n"
	    "Connection: close\r\n\r\nsmall")));
	EXPECT(fake_gone(&w.f, peer));
	peer = asked("GET /small HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	EXPECT(str_ends(fake_got(&w.f, peer), STR("Content-Length: 5\r\n"
	    "Connection: keep-alive\r\n\r\nsmall")));
	EXPECT(!fake_gone(&w.f, peer));
	end();
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
	got = fake_got(&w.f, peer);
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
	got = fake_got(&w.f, peer);
	EXPECT(http_parse_response(got, false, &head, NULL) > 0);
	EXPECT(!head.chunked && !head.has_length && !head.keep_alive);
	EXPECT(str_ends(got, STR("ddend")));
	EXPECT_EQ(got.n - str_search(got, STR("\r\n\r\n")) - 4, n);
	EXPECT(fake_gone(&w.f, peer));
	/* Without its body. */
	peer = asked("HEAD /large HTTP/1.1\r\nHost: h\r\n\r\n"
	    "GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	got = fake_got(&w.f, peer);
	EXPECT(str_search(got, STR("chunked\r\n\r\nHTTP/1.1 200")) < got.n);
	EXPECT(str_ends(got, STR("\r\n\r\nsmall")));
	end();
}

TEST(http_server_cuts_answers_that_fail)
{
	int peer;

	begin();
	w.fails_at = 2;
	peer = asked("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(fake_got(&w.f, peer).n > HTTP_SERVER_WINDOW);
	EXPECT(!str_ends(fake_got(&w.f, peer), STR("0\r\n\r\n")));
	EXPECT(fake_gone(&w.f, peer));
	peer = asked("GET /over HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_EQ(fake_got(&w.f, peer).n, 0);
	EXPECT(fake_gone(&w.f, peer));
	/* Neither text nor end: it might go on like that for ever. */
	peer = asked("GET /empty HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(fake_gone(&w.f, peer));
	end();
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
	got = fake_got(&w.f, peer);
	EXPECT(str_search(got, STR("\r\n\r\nsmallHTTP/1.1 404 Not Found"))
	    < got.n);
	EXPECT(str_ends(got, STR("Connection: close\r\n\r\n"
	    "Service Unavailable\n")));
	EXPECT_EQ(w.handled, 2);
	EXPECT(fake_gone(&w.f, peer));
	/* More than fit into the buffer at once. */
	buf_init(&b, text, sizeof(text));
	while (!b.over)
		buf_cstr(&b, "GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	peer = fake_connect(&w.f, PORT);
	for (i = 0; i < 3; i++)
		fake_send(&w.f, peer, 0, buf_view(&b));
	run_ms(50);
	for (got = fake_got(&w.f, peer); got.n; n++)
		got = str_sub(got, str_search(got, STR("\r\n\r\nsmall")) + 9,
		    got.n);
	EXPECT_EQ(n, 3 * (b.n / 32));
	EXPECT(!fake_gone(&w.f, peer));
	end();
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
		got = fake_got(&w.f, peer);
		if (!str_starts(str_sub(got, 9, got.n),
		    str_from(cases[i].status)) ||
		    str_search(got, str_from(cases[i].line)) == got.n)
			test_fail(__FILE__, __LINE__, "%s gives %.*s",
			    cases[i].text, (int)got.n, got.p);
		/* The peer gets time to read why, and then is cut off. */
		EXPECT(!fake_gone(&w.f, peer));
		run_ms(HTTP_SERVER_LINGER_MS + 1);
		EXPECT_EQ(fake_gone(&w.f, peer), cases[i].closes);
		if (!cases[i].closes)
			fake_end(&w.f, peer, 0);
	}
	EXPECT_EQ(w.handled, 0);
	end();
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
		peer = fake_connect(&w.f, PORT);
		fake_send(&w.f, peer, 0, buf_view(&b));
		settle();
		got = fake_got(&w.f, peer);
		EXPECT(str_starts(got, STR("HTTP/1.1 431 ")));
		fake_end(&w.f, peer, 0);
		settle();
		EXPECT(fake_gone(&w.f, peer));
	}
	end();
}

TEST(http_server_drops_what_a_refused_peer_sends_up_to_a_limit)
{
	static char flood[HTTP_SERVER_LINGER_MAX / 4];
	int peer, i;

	begin();
	peer = asked("POST /small HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 99999999\r\n\r\n");
	EXPECT(str_starts(fake_got(&w.f, peer), STR("HTTP/1.1 413 ")));
	memset(flood, 'x', sizeof(flood));
	for (i = 0; i < 4; i++) {
		fake_send(&w.f, peer, 0, (struct str){ flood, sizeof(flood) });
		settle();
		EXPECT(!fake_gone(&w.f, peer));
	}
	fake_send(&w.f, peer, 0, STR("GET /small HTTP/1.1\r\n"));
	settle();
	EXPECT(fake_gone(&w.f, peer));
	EXPECT_EQ(w.handled, 0);
	end();
}

TEST(http_server_cuts_slow_and_idle_peers)
{
	int peer;

	begin();
	/* Nothing at all, and a request that never ends. */
	peer = fake_connect(&w.f, PORT);
	run_ms(HTTP_SERVER_REQUEST_MS - 1);
	EXPECT(!fake_gone(&w.f, peer));
	run_ms(2);
	EXPECT(fake_gone(&w.f, peer));
	peer = asked("GET /small HTTP/1.1\r\n");
	fake_send(&w.f, peer, (HTTP_SERVER_REQUEST_MS - 5) * MS,
	    STR("A: b\r\n"));
	run_ms(HTTP_SERVER_REQUEST_MS - 1);
	EXPECT(!fake_gone(&w.f, peer));
	run_ms(2);
	EXPECT(fake_gone(&w.f, peer));
	/* Between two requests. */
	peer = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	run_ms(HTTP_SERVER_IDLE_MS - 1);
	EXPECT(!fake_gone(&w.f, peer));
	run_ms(2);
	EXPECT(fake_gone(&w.f, peer));
	/* A second request has no more time than the first. */
	peer = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\nGE");
	run_ms(HTTP_SERVER_REQUEST_MS + 1);
	EXPECT(fake_gone(&w.f, peer));
	/* A peer that does not read. */
	w.f.window = 100;
	peer = asked("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_EQ(fake_got(&w.f, peer).n, 100);
	run_ms(HTTP_SERVER_ANSWER_MS - 1);
	EXPECT(!fake_gone(&w.f, peer));
	run_ms(2);
	EXPECT(fake_gone(&w.f, peer));
	/* One that reads slowly gets all of it, in time. */
	peer = asked("GET /large HTTP/1.1\r\nHost: h\r\n\r\n"
	    "GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	while (!str_ends(fake_got(&w.f, peer), STR("small"))) {
		REQUIRE(!fake_gone(&w.f, peer));
		fake_window(&w.f, peer, 1000);
		run_ms(100);
	}
	EXPECT(!fake_gone(&w.f, peer));
	end();
}

TEST(http_server_survives_peers_that_go)
{
	int peer;

	begin();
	peer = fake_connect(&w.f, PORT);
	fake_end(&w.f, peer, 0);
	settle();
	EXPECT(fake_gone(&w.f, peer));
	peer = asked("GET /sm");
	fake_reset(&w.f, peer, 0);
	settle();
	EXPECT(fake_gone(&w.f, peer));
	w.f.window = 5000;
	peer = asked("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
	fake_reset(&w.f, peer, 0);
	settle();
	EXPECT(fake_gone(&w.f, peer));
	/* Half closed: it still wants its answer. */
	w.f.window = SIZE_MAX;
	peer = fake_connect(&w.f, PORT);
	fake_send(&w.f, peer, 0, STR("GET /small HTTP/1.0\r\n\r\n"));
	fake_end(&w.f, peer, 0);
	settle();
	EXPECT(str_ends(fake_got(&w.f, peer), STR("small")));
	EXPECT(fake_gone(&w.f, peer));
	end();
}

TEST(http_server_makes_room_for_who_comes)
{
	int peer[HTTP_SERVER_CONNS_MAX], late, i;

	begin();
	for (i = 0; i < HTTP_SERVER_CONNS_MAX; i++) {
		peer[i] = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
		run_ms(10);
	}
	/* All have just been served: the next waits in the backlog. */
	late = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_EQ(fake_got(&w.f, late).n, 0);
	/* Until the oldest has been idle for a while. */
	run_ms(HTTP_SERVER_FRESH_MS);
	EXPECT(str_ends(fake_got(&w.f, late), STR("small")));
	EXPECT(fake_gone(&w.f, peer[0]));
	EXPECT(!fake_gone(&w.f, peer[1]));
	/* Those in the middle of something are left alone. */
	run_ms(HTTP_SERVER_FRESH_MS);
	fake_send(&w.f, peer[1], 0, STR("GET "));
	settle();
	asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(!fake_gone(&w.f, peer[1]));
	EXPECT(fake_gone(&w.f, peer[2]));
	end();
}

TEST(http_server_waits_while_all_places_are_busy)
{
	int peer[HTTP_SERVER_CONNS_MAX], late, i;

	begin();
	for (i = 0; i < HTTP_SERVER_CONNS_MAX; i++)
		peer[i] = asked("GET /sma");
	run_ms(5000);
	late = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	run_ms(1000);
	EXPECT_EQ(fake_got(&w.f, late).n, 0);
	fake_end(&w.f, peer[5], 0);
	run_ms(HTTP_SERVER_PAUSE_MS + 1);
	EXPECT(str_ends(fake_got(&w.f, late), STR("small")));
	run_ms(HTTP_SERVER_REQUEST_MS);
	EXPECT(fake_gone(&w.f, peer[0]));
	end();
}

TEST(http_server_tries_again_when_accepting_fails)
{
	int peer;

	begin();
	w.f.accept_err = ERR_FULL;
	w.f.accept_errs = 5;
	peer = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT_EQ(fake_got(&w.f, peer).n, 0);
	run_ms(5 * HTTP_SERVER_PAUSE_MS + 1);
	EXPECT(str_ends(fake_got(&w.f, peer), STR("small")));
	/* Stopped meanwhile. */
	w.f.accept_errs = 5;
	asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	end();
}

TEST(http_server_stops_and_listens_again)
{
	int peer;

	begin();
	peer = asked("GET /sm");
	http_server_stop(w.server);
	EXPECT(fake_gone(&w.f, peer));
	http_server_stop(w.server);
	EXPECT_EQ(http_server_listen(w.server, &bind_at), 0);
	EXPECT_CRASH(http_server_listen(w.server, &bind_at));
	peer = asked("GET /small HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(str_ends(fake_got(&w.f, peer), STR("small")));
	end();
}

TEST(http_server_needs_memory_and_an_address)
{
	struct http_server *other;

	begin();
	REQUIRE(!http_server_new(&w.mem, &w.loop, routes, 1, &other));
	EXPECT_EQ(http_server_listen(other, &bind_at), ERR_EXIST);
	http_server_stop(other);
	w.mem.fail_after = 1;
	EXPECT_EQ(http_server_new(&w.mem, &w.loop, routes, 1, &other),
	    ERR_FULL);
	end();
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
	buf_str(&whole, fake_got(&w.f, peer));
	EXPECT(whole.n > 3 * HTTP_SERVER_WINDOW);
	peer = fake_connect(&w.f, PORT);
	for (i = 0; i < sizeof(text) - 1; i++)
		fake_send(&w.f, peer, (int64_t)i * MS / 100,
		    (struct str){ text + i, 1 });
	w.f.cut = cut_one;
	run_ms(20);
	EXPECT(str_eq(fake_got(&w.f, peer), buf_view(&whole)));
	end();
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
		w.f.wall_offset_ns = cases[i].s * NS_PER_S - w.f.now_ns;
		peer = asked("GET /small HTTP/1.0\r\n\r\n");
		EXPECT(http_parse_response(fake_got(&w.f, peer), false, &head,
		    NULL) > 0);
		EXPECT_STR(http_header_get(&head, "date"), cases[i].date);
	}
	end();
}
