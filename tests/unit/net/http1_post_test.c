#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "server_world.h"

/* Requests with bodies, and answers that come later. */

#define MS NS_PER_MS
#define PORT 9443
#define HOST " HTTP/1.1\r\nHost: h\r\n"
#define CL "Content-Length: "
#define CHUNKED "Transfer-Encoding: chunked\r\n"
enum { POSTS = 2 };

static struct {
	struct http_post *asked[8];	/* those to be answered later */
	unsigned n, handled;
	size_t size;			/* of the last body */
} w;

/* Says back what it got. */
static void echo(void *ctx, struct http_post *post)
{
	EXPECT(ctx == &w);
	w.handled++;
	w.size = post->body.n;
	buf_fmt(&post->out, "[%S|", post->query);
	buf_str(&post->out, str_sub(post->body, 0, 64));
	buf_char(&post->out, ']');
	http_post_answer(post, 200, "application/json");
}

static void later(void *ctx, struct http_post *post)
{
	(void)ctx;
	w.handled++;
	REQUIRE(w.n < ARRAY_LEN(w.asked));
	w.asked[w.n++] = post;
}

static void large(void *ctx, struct http_post *post)
{
	bool over = str_is(post->query, "over");

	(void)ctx;
	while (post->out.n < HTTP_POST_OUT_MAX)
		buf_char(&post->out, (char)('a' + post->out.n / 1000 % 26));
	if (over)
		buf_char(&post->out, '.');
	EXPECT_EQ(post->out.over, over);
	http_post_answer(post, 200, "text/x");
}

static void nothing(void *ctx, struct http_post *post)
{
	(void)ctx;
	http_post_answer(post, 415, NULL);
}

static void get(void *ctx, struct str path, struct str query,
    struct http_reply *ret)
{
	(void)ctx;
	(void)path;
	(void)query;
	(void)ret;
	w.handled++;
}

static const struct http_route routes[] = {
	{ "/get", get, NULL }, { "/both", get, NULL }
};
static const struct http_post_route post_routes[] = {
	{ "/echo", echo, &w }, { "/later", later, NULL },
	{ "/large", large, NULL }, { "/nothing", nothing, NULL },
	{ "/both", echo, &w },
};

static void begin(void)
{
	memset(&w, 0, sizeof(w));
	sw_begin(routes, ARRAY_LEN(routes));
	REQUIRE(!http_server_posts(sw.server, &sw.mem, post_routes,
	    ARRAY_LEN(post_routes), POSTS));
	sw_listen(PORT);
}

static void tell(int peer, const char *text)
{
	fake_send(&sw.f, peer, 0, str_from(text));
	sw_settle();
}

static int asked(const char *text)
{
	int peer = fake_connect(&sw.f, PORT);

	tell(peer, text);
	return peer;
}

/* All that came, without the dates; forgotten afterwards. */
static struct str got(int peer)
{
	static char mem[1 << 19];
	struct str all = fake_got(&sw.f, peer), line;
	const char *end = all.p + all.n;
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	while (all.n) {
		all = str_cut(all, '\n', &line);
		if (str_starts(line, STR("Date: ")) ||
		    str_starts(line, STR("X-Content-Type-Options")))
			continue;
		buf_str(&b, line);
		if (line.p + line.n < end)
			buf_char(&b, '\n');
	}
	REQUIRE(!b.over);
	fake_take(&sw.f, peer, fake_got(&sw.f, peer).n);
	return buf_view(&b);
}

static bool says(int peer, const char *status)
{
	struct str s = got(peer);

	return str_starts(str_sub(s, 9, s.n), str_from(status));
}

/* Is there room for so many, and no more? */
static bool has_room(unsigned n)
{
	int peer[POSTS];
	unsigned i, free = 0;

	for (i = 0; i < POSTS; i++) {
		peer[i] = asked("POST /echo" HOST CL "2\r\n\r\n1");
		free += fake_got(&sw.f, peer[i]).n == 0;
	}
	for (i = 0; i < POSTS; i++)
		fake_reset(&sw.f, peer[i], 0);
	sw_settle();
	return free == n;
}

#define ANSWER(n, body) "HTTP/1.1 200 OK\r\n" \
	"Content-Type: application/json\r\nContent-Length: " n "\r\n\r\n" body

TEST(http_post_is_handed_over_whole)
{
	int peer;

	begin();
	peer = asked("POST /echo?q=1 HTTP/1.1\r\nHost: h\r\n" CL
	    "5\r\n\r\nhello");
	EXPECT_STR(got(peer), ANSWER("11", "[q=1|hello]"));
	tell(peer, "POST http://h/echo" HOST CHUNKED "\r\n3;x=y\r\nhel\r\n"
	    "2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n");
	EXPECT_STR(got(peer), ANSWER("8", "[|hello]"));
	tell(peer, "POST /echo" HOST CL "0\r\n\r\n");
	EXPECT_STR(got(peer), ANSWER("3", "[|]"));
	tell(peer, "POST /echo" HOST CHUNKED "\r\n0\r\n\r\n");
	EXPECT_STR(got(peer), ANSWER("3", "[|]"));
	tell(peer, "POST /nothing" HOST CL "1\r\n\r\nx");
	EXPECT_STR(got(peer), "HTTP/1.1 415 Unsupported Media Type\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: 23\r\n\r\nUnsupported Media Type\n");
	EXPECT(!fake_gone(&sw.f, peer));
	tell(peer, "POST /both HTTP/1.0\r\n" CL "1\r\n\r\nx");
	EXPECT(says(peer, "200 OK"));
	EXPECT(fake_gone(&sw.f, peer));
	EXPECT(has_room(POSTS));
	sw_end();
}

TEST(http_post_answers_may_be_long)
{
	struct str all, data;
	struct http_head h;
	struct chunk c;
	size_t n = 0;
	int peer, done = 0;

	begin();
	peer = asked("POST /large" HOST CL "3\r\n\r\nabcGET /get" HOST
	    "\r\n");
	all = fake_got(&sw.f, peer);
	n = (size_t)http_parse_response(all, false, &h, NULL);
	REQUIRE(h.chunked);
	all = str_sub(all, n, all.n);
	chunk_init(&c);
	for (n = 0; !done; n += data.n)
		done = chunk_push(&c, &all, &data);
	EXPECT_EQ(done, 1);
	EXPECT_EQ(n, HTTP_POST_OUT_MAX);
	EXPECT(str_starts(all, STR("HTTP/1.1 200 OK")));
	peer = asked("POST /large?over" HOST CL "3\r\n\r\nabc");
	EXPECT(says(peer, "500 Internal Server Error"));
	EXPECT(has_room(POSTS));
	sw_end();
}

TEST(http_post_keeps_the_order_of_pipelined_requests)
{
	struct str all;
	int peer;

	begin();
	peer = asked("POST /later" HOST CL "1\r\n\r\n1"
	    "POST /echo" HOST CL "1\r\n\r\n2"
	    "GET /get" HOST "\r\n"
	    "POST /later" HOST CHUNKED "\r\n1\r\n3\r\n0\r\n\r\n"
	    "POST /echo" HOST CL "1\r\nConnection: close\r\n\r\n4");
	REQUIRE(w.n == 1);
	EXPECT_EQ(w.handled, 1);
	EXPECT_EQ(fake_got(&sw.f, peer).n, 0);
	sw_run(5000 * MS);
	EXPECT_STR(w.asked[0]->body, "1");
	http_post_answer(w.asked[0], 503, NULL);
	/* Nothing leaves from inside a call. */
	EXPECT_EQ(fake_got(&sw.f, peer).n, 0);
	sw_settle();
	REQUIRE(w.n == 2);
	all = got(peer);
	EXPECT(str_starts(all, STR("HTTP/1.1 503 Service Unavailable")));
	EXPECT(str_search(all, STR("[|2]HTTP/1.1 200 OK\r\nContent-Type: "
	    "text/plain")) < all.n);
	EXPECT(str_ends(all, STR("OK\n")));
	buf_cstr(&w.asked[1]->out, "third");
	http_post_answer(w.asked[1], 200, "text/x");
	sw_settle();
	all = got(peer);
	EXPECT(str_search(all, STR("\r\n\r\nthirdHTTP/1.1 200 OK\r\n")) <
	    all.n);
	EXPECT(str_ends(all, STR("Connection: close\r\n\r\n[|4]")));
	EXPECT(fake_gone(&sw.f, peer));
	EXPECT_EQ(w.handled, 5);
	EXPECT(has_room(POSTS));
	sw_end();
}

static const struct {
	const char *text, *status, *line;
	bool closes;
} refusals[] = {
	{ "POST /echo" HOST "\r\n", "411 Length Required", "",
	  false },
	{ "POST /echo" HOST CL "3145729\r\n\r\n",
	  "413 Content Too Large", "Connection: close\r\n", true },
	{ "POST /echo" HOST CL "18446744073709551615\r\n\r\n",
	  "413 Content Too Large", "", true },
	{ "POST /echo" HOST "Expect: a-miracle\r\n" CL
	  "1\r\n\r\n", "417 Expectation Failed", "", true },
	{ "POST /get" HOST CL "1\r\n\r\n1",
	  "413 Content Too Large", "", true },
	{ "POST /get" HOST CL "0\r\n\r\n",
	  "405 Method Not Allowed", "Allow: GET, HEAD\r\n", false },
	{ "POST /none" HOST CL "1\r\n\r\n1", "404 Not Found", "",
	  true },
	{ "PUT /echo" HOST CL "1\r\n\r\n1",
	  "405 Method Not Allowed", "Allow: POST\r\n", true },
	{ "GET /echo" HOST "\r\n", "405 Method Not Allowed",
	  "Allow: POST\r\n", false },
	{ "DELETE /both" HOST "\r\n", "405 Method Not Allowed",
	  "Allow: GET, HEAD, POST\r\n", false },
	/* Two readers might see two requests in these. */
	{ "POST /echo" HOST CL "1\r\n" CHUNKED "\r\n1",
	  "400 Bad Request", "", true },
	{ "POST /echo" HOST CHUNKED CL "1\r\n\r\n1",
	  "400 Bad Request", "", true },
	{ "POST /echo" HOST CL "1\r\n" CL "1\r\n\r\n1",
	  "400 Bad Request", "", true },
	{ "POST /echo" HOST CL "1, 1\r\n\r\n1", "400 Bad Request", "",
	  true },
	{ "POST /echo" HOST CL "+1\r\n\r\n1", "400 Bad Request", "",
	  true },
	{ "POST /echo" HOST CL "1\n\r\n1", "400 Bad Request", "",
	  true },
	{ "POST /echo" HOST CHUNKED CHUNKED "\r\n0\r\n\r\n",
	  "400 Bad Request", "", true },
	{ "POST /echo" HOST "Transfer-Encoding: gzip, chunked\r\n"
	  "\r\n0\r\n\r\n", "400 Bad Request", "", true },
	{ "POST /echo HTTP/1.0\r\n" CHUNKED "\r\n0\r\n\r\n",
	  "400 Bad Request", "", true },
	{ "POST /echo" HOST CHUNKED "\r\n1\n1\r\n0\r\n\r\n",
	  "400 Bad Request", "", true },
	{ "POST /echo" HOST CHUNKED "\r\n1\r\n12\r\n0\r\n\r\n",
	  "400 Bad Request", "", true },
	{ "POST /echo" HOST CHUNKED "\r\n0x1\r\n1\r\n0\r\n\r\n",
	  "400 Bad Request", "", true },
	{ "POST /echo" HOST CHUNKED "\r\n300001\r\n",
	  "", "", false },
};

TEST(http_post_refuses)
{
	struct str all;
	size_t i;
	int peer;

	begin();
	for (i = 0; i < ARRAY_LEN(refusals); i++) {
		peer = asked(refusals[i].text);
		all = got(peer);
		if (!str_starts(str_sub(all, 9, all.n),
		    str_from(refusals[i].status)) ||
		    (all.n && str_search(all, str_from(refusals[i].line)) ==
		    all.n))
			test_fail(__FILE__, __LINE__, "%s gives %.*s",
			    refusals[i].text, (int)all.n, all.p);
		sw_run((HTTP_SERVER_LINGER_MS + 1) * MS);
		EXPECT_EQ(fake_gone(&sw.f, peer), refusals[i].closes);
		if (!refusals[i].closes)
			fake_end(&sw.f, peer, 0);
	}
	sw_settle();
	EXPECT_EQ(w.handled, 0);
	EXPECT(has_room(POSTS));
	sw_end();
}

/* With a length and in chunks: as much as may be, and a byte more. */
TEST(http_post_bodies_may_be_so_long)
{
	size_t n = HTTP_BODY_MAX;
	char *body = malloc(n + 64), head[128];
	struct buf b;
	int i, peer;

	REQUIRE(body);
	memset(body, 'b', n + 64);
	for (i = 0; i < 4; i++) {
		begin();
		peer = fake_connect(&sw.f, PORT);
		buf_init(&b, head, sizeof(head));
		if (i == 0)
			buf_fmt(&b, "POST /echo" HOST CL "%U\r\n\r\n",
			    (uint64_t)n);
		else
			buf_fmt(&b, "POST /echo" HOST CHUNKED "\r\n%x\r\n",
			    (uint64_t)n + (i > 1));
		fake_send(&sw.f, peer, 0, buf_view(&b));
		fake_send(&sw.f, peer, 0, (struct str){ body, n + (i == 2) });
		if (i == 3)
			fake_send(&sw.f, peer, 0, STR("x"));
		if (i)
			fake_send(&sw.f, peer, 0, STR("\r\n0\r\n\r\n"));
		sw_run(100 * MS);
		EXPECT(says(peer, i < 2 ? "200 OK" : "413 "));
		EXPECT_EQ(w.size, i < 2 ? n : 0);
		EXPECT_EQ(w.handled, i < 2);
		EXPECT(has_room(POSTS));
		sw_end();
	}
	free(body);
}

TEST(http_post_that_finds_no_room_is_told_when)
{
	struct str all;
	int peer[3], i;

	begin();
	for (i = 0; i < POSTS; i++)
		peer[i] = asked("POST /later" HOST CL "1\r\n\r\n1");
	peer[2] = asked("POST /later" HOST CL "1\r\n\r\n1");
	all = got(peer[2]);
	EXPECT(str_starts(all, STR("HTTP/1.1 503 ")));
	EXPECT(str_search(all, STR("\r\nRetry-After: 1\r\n")) < all.n);
	sw_run((HTTP_SERVER_LINGER_MS + 1) * MS);
	EXPECT(fake_gone(&sw.f, peer[2]));
	/* Other requests need none. */
	peer[2] = asked("GET /get" HOST "\r\n");
	EXPECT(says(peer[2], "200 OK"));
	http_post_answer(w.asked[0], 200, NULL);
	sw_settle();
	EXPECT(says(peer[0], "200 OK"));
	EXPECT(has_room(1));
	http_post_answer(w.asked[1], 200, NULL);
	EXPECT_CRASH(http_post_answer(w.asked[1], 200, NULL));
	sw_settle();
	EXPECT(has_room(POSTS));
	sw_end();
}

TEST(http_post_answers_to_nobody_are_dropped)
{
	int peer;

	begin();
	peer = asked("POST /later" HOST CL "5\r\n\r\nhello");
	fake_reset(&sw.f, peer, 0);
	sw_settle();
	/* It is not known to be gone yet, nor does that matter. */
	EXPECT_STR(w.asked[0]->body, "hello");
	EXPECT(has_room(1));
	buf_cstr(&w.asked[0]->out, "x");
	http_post_answer(w.asked[0], 200, "text/x");
	sw_settle();
	EXPECT(fake_gone(&sw.f, peer));
	EXPECT(has_room(POSTS));
	/* The server is stopped meanwhile. */
	peer = asked("POST /later" HOST CL "5\r\n\r\nhello");
	http_server_stop(sw.server);
	EXPECT(fake_gone(&sw.f, peer));
	EXPECT_STR(w.asked[1]->body, "hello");
	http_post_answer(w.asked[1], 200, NULL);
	EXPECT(!sw.loop.work_head);
	sw_end();
}

TEST(http_post_answers_that_come_too_late_are_given_up)
{
	int peer;

	begin();
	peer = asked("POST /later" HOST CL "1\r\n\r\n1");
	sw_run((HTTP_SERVER_POST_MS - 1) * MS);
	EXPECT_EQ(fake_got(&sw.f, peer).n, 0);
	sw_run(2 * MS);
	EXPECT(says(peer, "504 Gateway Timeout"));
	/* Whose turn it is now is not told what the first one asked for. */
	tell(peer, "POST /later?b" HOST CL "1\r\n\r\n2");
	REQUIRE(w.n == 2);
	EXPECT(w.asked[0] != w.asked[1]);
	buf_cstr(&w.asked[0]->out, "first");
	http_post_answer(w.asked[0], 200, "text/x");
	sw_settle();
	EXPECT_EQ(fake_got(&sw.f, peer).n, 0);
	buf_cstr(&w.asked[1]->out, "second");
	http_post_answer(w.asked[1], 200, "text/x");
	sw_settle();
	EXPECT(str_ends(got(peer), STR("\r\n\r\nsecond")));
	EXPECT(has_room(POSTS));
	sw_end();
}

TEST(http_post_bodies_that_come_slowly_or_not_at_all)
{
	int peer;

	begin();
	peer = asked("POST /echo" HOST CL "9\r\n\r\n123");
	sw_run((HTTP_SERVER_REQUEST_MS - 1) * MS);
	EXPECT(!fake_gone(&sw.f, peer));
	tell(peer, "4");
	sw_run(2 * MS);
	EXPECT(fake_gone(&sw.f, peer));
	peer = asked("POST /echo" HOST CL "9\r\n\r\n123");
	fake_end(&sw.f, peer, 0);
	sw_settle();
	EXPECT(fake_gone(&sw.f, peer));
	/* Half closed behind the last byte: it waits for its answer. */
	peer = fake_connect(&sw.f, PORT);
	fake_send(&sw.f, peer, 0, STR("POST /echo" HOST CL "1\r\n\r\n1"));
	fake_end(&sw.f, peer, 0);
	sw_settle();
	EXPECT_STR(got(peer), ANSWER("4", "[|1]"));
	EXPECT(fake_gone(&sw.f, peer));
	EXPECT(has_room(POSTS));
	sw_end();
}

TEST(http_post_bodies_that_come_slowly_make_room)
{
	int peer[POSTS + 1], i;

	begin();
	for (i = 0; i < POSTS; i++) {
		peer[i] = asked("POST /echo" HOST CL "9\r\n\r\n123");
		sw_run(10 * MS);
	}
	peer[2] = asked("POST /echo" HOST CL "1\r\n\r\n1");
	EXPECT(says(peer[2], "503 "));
	sw_run((HTTP_SERVER_FRESH_MS - 15) * MS);
	tell(peer[0], "4");
	peer[2] = asked("POST /echo" HOST CL "1\r\n\r\n1");
	EXPECT_STR(got(peer[2]), ANSWER("4", "[|1]"));
	EXPECT(fake_gone(&sw.f, peer[0]));
	tell(peer[1], "456789");
	EXPECT_STR(got(peer[1]), ANSWER("12", "[|123456789]"));
	EXPECT(has_room(POSTS));
	sw_end();
}

TEST(http_post_answers_that_nobody_reads_make_room)
{
	size_t window;
	int peer[POSTS + 1], i;

	begin();
	window = sw.f.window;
	sw.f.window = 100;
	for (i = 0; i < POSTS; i++) {
		peer[i] = asked("POST /large" HOST CL "1\r\n\r\n1");
		sw_run(10 * MS);
	}
	sw.f.window = window;
	peer[2] = asked("POST /echo" HOST CL "1\r\n\r\n1");
	EXPECT(says(peer[2], "503 "));
	sw_run((HTTP_SERVER_FRESH_MS - 15) * MS);
	peer[2] = asked("POST /echo" HOST CL "1\r\n\r\n1");
	EXPECT_STR(got(peer[2]), ANSWER("4", "[|1]"));
	EXPECT(fake_gone(&sw.f, peer[0]));
	EXPECT(!fake_gone(&sw.f, peer[1]));
	sw_end();
}

#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

TEST(http_post_tells_who_waits_for_it_to_go_on)
{
	int peer;

	begin();
	peer = asked("POST /echo" HOST "Expect: 100-Continue\r\n" CL
	    "2\r\n\r\n");
	EXPECT_STR(got(peer), CONTINUE);
	tell(peer, "12");
	EXPECT_STR(got(peer), ANSWER("5", "[|12]"));
	/* Not who is not to go on, nor who does not know of it. */
	tell(peer, "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\n"
	    "Connection: keep-alive\r\n" CL "1\r\n\r\n1");
	EXPECT(says(peer, "200 OK"));
	tell(peer, "POST /none" HOST "Expect: 100-continue\r\n" CL
	    "1\r\n\r\n");
	EXPECT(says(peer, "404 "));
	/* It reads slowly. */
	sw.f.window = 5;
	peer = asked("POST /echo" HOST "Expect: 100-continue\r\n" CL
	    "1\r\n\r\n1");
	fake_window(&sw.f, peer, SIZE_MAX);
	sw_settle();
	EXPECT_STR(got(peer), CONTINUE ANSWER("4", "[|1]"));
	sw_end();
}

static size_t cut_one(void *ctx, size_t n)
{
	(void)ctx;
	(void)n;
	return 1;
}

TEST(http_post_does_not_care_how_bytes_come)
{
	static const char text[] = "POST /echo?a" HOST CHUNKED "\r\n"
	    "A;e\r\n0123456789\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n"
	    "POST /echo?b" HOST CL "3\r\nExpect: 100-continue\r\n\r\nabc"
	    "GET /get" HOST "\r\n";
	char whole[2048];
	struct buf b;
	size_t i;
	int peer;

	begin();
	peer = asked(text);
	buf_init(&b, whole, sizeof(whole));
	buf_str(&b, got(peer));
	buf_char(&b, '\0');
	EXPECT(!b.over);
	EXPECT(str_search(buf_view(&b), STR("[a|0123456789!]" CONTINUE
	    "HTTP/1.1 200 OK")) < b.n);
	peer = fake_connect(&sw.f, PORT);
	for (i = 0; i < sizeof(text) - 1; i++)
		fake_send(&sw.f, peer, (int64_t)i * MS / 100,
		    (struct str){ text + i, 1 });
	sw.f.cut = cut_one;
	sw_run(20 * MS);
	EXPECT_STR(got(peer), b.p);
	sw_end();
}

TEST(http_post_needs_memory)
{
	struct http_server *other;
	uint32_t i;

	begin();
	for (i = 0; i < 2; i++) {
		REQUIRE(!http_server_new(&sw.mem, &sw.loop, routes, 1, &other));
		sw.mem.fail_after = i + 1;
		EXPECT_EQ(http_server_posts(other, &sw.mem, post_routes, 1,
		    1), ERR_FULL);
		sw.mem.fail_after = 0;
	}
	EXPECT_CRASH(http_server_posts(sw.server, &sw.mem, post_routes, 1, 1));
	sw_end();
}
