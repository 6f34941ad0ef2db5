#include <stdio.h>
#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "net.h"

#define MS NS_PER_MS
#define PORT 8001

/* One client, and what its callbacks were told. */
static struct {
	struct fake_io f;
	struct mem mem;
	struct loop loop;
	struct http_client http;
	int heads, dones, err, status;
	bool fresh, busy_in_done;
	struct buf body;
	char body_mem[1 << 20];
	struct diag diag;
	/* what to do in the callbacks */
	int head_gives, body_gives;
	bool cancel_in_head, cancel_in_body, cancel_in_done, again;
	int readies, ready_gives;
	bool cancel_in_ready;
} w;

static const struct conn_target target = { .host = STR_INIT("10.0.0.1"),
	.port = PORT };
static const struct http_request get = { "GET", STR_INIT("/a?b=c"),
	STR_INIT("api:8001"), STR_INIT("Accept: x\r\n"), { NULL, 0 } };

static void send_with(const struct http_request *r, int64_t deadline_ms,
    int64_t idle_ms)
{
	http_client_send(&w.http, &target, r,
	    w.loop.now_ns + deadline_ms * MS, idle_ms * MS);
}

static int on_head(void *ctx, const struct http_head *head)
{
	EXPECT(ctx == &w);
	EXPECT(http_client_busy(&w.http));
	w.heads++;
	w.status = head->status;
	if (w.cancel_in_head)
		http_client_cancel(&w.http);
	return w.head_gives;
}

static int on_body(void *ctx, struct str data)
{
	EXPECT(ctx == &w);
	EXPECT(data.n > 0);
	EXPECT_EQ(w.heads, w.dones + 1);
	buf_str(&w.body, data);
	if (w.cancel_in_body)
		http_client_cancel(&w.http);
	return w.body_gives;
}

static void on_done(void *ctx, int err, const struct diag *d)
{
	EXPECT(ctx == &w);
	EXPECT_EQ(err != 0, diag_is_set(d));
	w.dones++;
	w.err = err;
	w.diag = *d;
	w.fresh = w.http.fresh;
	w.busy_in_done |= http_client_busy(&w.http);
	if (w.cancel_in_done)
		http_client_cancel(&w.http);
	if (w.again) {
		w.again = false;
		send_with(&get, 1000, 0);
	}
}

static int on_ready(void *ctx)
{
	EXPECT(ctx == &w);
	EXPECT(http_client_busy(&w.http));
	w.readies++;
	if (w.cancel_in_ready)
		http_client_cancel(&w.http);
	return w.ready_gives;
}

static const struct http_client_events events = { on_head, on_body, on_done };

static void begin(void)
{
	fake_io_init(&w.f);
	mem_init(&w.mem, &w.f.io);
	REQUIRE(!loop_init(&w.loop, &w.mem, &w.f.io));
	buf_init(&w.body, w.body_mem, sizeof(w.body_mem));
	http_client_init(&w.http, &w.loop, NULL, NULL, &events, &w);
	fake_serve(&w.f, "10.0.0.1", PORT, FAKE_ACCEPT);
}

static void end(void)
{
	http_client_cancel(&w.http);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	EXPECT(!w.busy_in_done);
	EXPECT(w.f.waits < 5000);
	mem_free_all(&w.mem);
	fake_io_free(&w.f);
}

/* Lets the loop run for so long. */
static void run_ms(int64_t ms)
{
	int64_t until_ns = w.f.now_ns + ms * MS;

	do {
		loop_turn(&w.loop, until_ns);
		/* As LOOP_TIMERS_MAX counts them. */
		EXPECT(w.loop.heap.n <= 2);
	} while (w.f.now_ns < until_ns || w.loop.work_head);
}

/* Sends get and runs until the server has it; the server's end. */
static int sent(void)
{
	int peer;

	send_with(&get, 1000, 0);
	run_ms(10);
	peer = fake_accept(&w.f);
	REQUIRE(peer >= 0);
	return peer;
}

static void answer(int peer, const char *text)
{
	fake_send(&w.f, peer, 0, str_from(text));
	run_ms(5);
}

/* An exchange on a new connection with this answer. */
static int exchange(const char *text)
{
	int peer;

	http_client_close(&w.http);
	w.heads = w.dones;
	buf_clear(&w.body);
	peer = sent();
	answer(peer, text);
	return peer;
}

TEST(http_client_gets)
{
	int peer;

	begin();
	peer = sent();
	EXPECT_STR(fake_got(&w.f, peer), "GET /a?b=c HTTP/1.1\r\n"
	    "Host: api:8001\r\nAccept: x\r\n\r\n");
	EXPECT_EQ(w.f.writes, 1);
	EXPECT(http_client_busy(&w.http));
	answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	EXPECT_EQ(w.dones, 1);
	EXPECT_EQ(w.err, 0);
	EXPECT_EQ(w.status, 200);
	EXPECT_STR(buf_view(&w.body), "hello");
	EXPECT(w.fresh);
	EXPECT(http_client_open(&w.http) && !http_client_busy(&w.http));
	EXPECT(!fake_gone(&w.f, peer));
	end();
}

TEST(http_client_keeps_the_connection)
{
	int peer;

	begin();
	peer = sent();
	answer(peer, "HTTP/1.1 204 No Content\r\n\r\n");
	EXPECT_EQ(w.dones, 1);
	fake_take(&w.f, peer, fake_got(&w.f, peer).n);
	run_ms(60000);
	send_with(&get, 1000, 0);
	run_ms(5);
	EXPECT(str_starts(fake_got(&w.f, peer), STR("GET /a")));
	answer(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n0\r\nX: y\r\n\r\n");
	EXPECT_EQ(w.dones, 2);
	EXPECT_EQ(w.err, 0);
	EXPECT(!w.fresh);
	EXPECT_STR(buf_view(&w.body), "abc");
	EXPECT_EQ(fake_accept(&w.f), -1);
	end();
}

TEST(http_client_sends_bodies)
{
	static char big[300000];
	static const char *const methods[] = { "POST", "PUT", "PATCH" };
	struct http_request r = get;
	struct str got;
	size_t i;
	int peer;

	begin();
	for (i = 0; i < ARRAY_LEN(methods); i++) {
		r.method = methods[i];
		r.headers = STR_NONE;
		send_with(&r, 1000, 0);
		run_ms(5);
		peer = fake_accept(&w.f);
		got = fake_got(&w.f, peer);
		EXPECT(str_ends(got, STR("\r\nContent-Length: 0\r\n\r\n")));
		http_client_cancel(&w.http);
	}
	memset(big, 'b', sizeof(big));
	r.method = "DELETE";
	r.body = (struct str){ big, sizeof(big) };
	w.f.window = 0;
	send_with(&r, 1000, 0);
	run_ms(5);
	peer = fake_accept(&w.f);
	EXPECT_EQ(fake_got(&w.f, peer).n, 0);
	for (i = 0; i < 100; i++) {
		fake_window(&w.f, peer, 5000);
		run_ms(1);
	}
	got = fake_got(&w.f, peer);
	EXPECT(str_starts(got, STR("DELETE /a?b=c HTTP/1.1\r\n"
	    "Host: api:8001\r\nContent-Length: 300000\r\n\r\nbbb")));
	EXPECT_EQ(got.n, sizeof(big) + str_search(got, STR("bbb")));
	answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	EXPECT_EQ(w.err, 0);
	EXPECT(http_client_open(&w.http));
	end();
}

TEST(http_client_sends_headers_longer_than_its_buffer)
{
	static char token[16384];
	static char text[20000];
	struct http_request r = get;
	struct buf b;
	struct str got;
	int peer;

	begin();
	memset(token, 'k', sizeof(token));
	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "Authorization: Bearer %S\r\n",
	    (struct str){ token, sizeof(token) });
	r.headers = buf_view(&b);
	r.body = STR("{}");
	send_with(&r, 1000, 0);
	run_ms(5);
	peer = fake_accept(&w.f);
	got = fake_got(&w.f, peer);
	EXPECT(str_search(got, r.headers) < got.n);
	EXPECT(str_ends(got, STR("kkk\r\n\r\n{}")));
	end();
}

TEST(http_client_refuses_to_be_injected)
{
	static const struct {
		const char *path, *host, *headers;
	} bad[] = {
		{ "/a\r\nX: y", "h", "" }, { "/a b", "h", "" },
		{ "/a\n", "h", "" }, { "", "h", "" }, { "a", "h", "" },
		{ "*", "h", "" }, { "http://x/", "h", "" },
		{ "/\x80", "h", "" }, { "/a", "h\r\nX: y", "" },
		{ "/a", "", "" }, { "/a", "h x", "" }, { "/a", "u@h", "" },
		{ "/a", "h", "X: y" }, { "/a", "h", "X: y\n" },
		{ "/a", "h", "X: y\r\n\r\nGET" }, { "/a", "h", "\r\n" },
		{ "/a", "h", "X: y\r\n\r\n" }, { "/a", "h", "X y\r\n" },
		{ "/a", "h", "X: to\nken\r\n" }, { "/a", "h", "X: a\rb\r\n" },
		{ "/a", "h", "X : y\r\n" }, { "/a", "h", " X: y\r\n" },
		{ "/a", "h", "Host: evil\r\n" },
		{ "/a", "h", "A: b\r\ncontent-length: 5\r\n" },
		{ "/a", "h", "Transfer-Encoding: chunked\r\n" },
	};
	static char path[HTTP_LINE_MAX];
	struct http_request r = get;
	size_t i;

	begin();
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		r.path = str_from(bad[i].path);
		r.host = str_from(bad[i].host);
		r.headers = str_from(bad[i].headers);
		send_with(&r, 1000, 0);
		EXPECT(http_client_busy(&w.http));
		EXPECT_EQ(w.dones, i);
		run_ms(1);
		EXPECT_EQ(w.dones, i + 1);
		if (w.err != ERR_BAD)
			test_fail(__FILE__, __LINE__, "sends %s %s %s",
			    bad[i].path, bad[i].host, bad[i].headers);
	}
	memset(path, '/', sizeof(path));
	r = get;
	r.path = (struct str){ path, sizeof(path) };
	send_with(&r, 1000, 0);
	run_ms(1);
	EXPECT_EQ(w.err, ERR_LIMIT);
	EXPECT_EQ(w.f.peers, 0);
	/* Cancelled before it is told. */
	i = (size_t)w.dones;
	send_with(&r, 1000, 0);
	http_client_cancel(&w.http);
	run_ms(1);
	EXPECT_EQ(w.dones, i);
	r.method = "GE T";
	EXPECT_CRASH(send_with(&r, 1000, 0));
	end();
}

TEST(http_client_frames_bodies)
{
	int peer;

	begin();
	peer = exchange("HTTP/1.1 200 OK\r\nConnection: close\r\n"
	    "Content-Length: 3\r\n\r\nabc");
	EXPECT_EQ(w.dones, 1);
	EXPECT_STR(buf_view(&w.body), "abc");
	EXPECT(fake_gone(&w.f, peer));
	/* By the connection's end. */
	peer = exchange("HTTP/1.1 200 OK\r\n\r\nabc");
	EXPECT_EQ(w.dones, 1);
	answer(peer, "def");
	fake_end(&w.f, peer, 0);
	run_ms(5);
	EXPECT_EQ(w.dones, 2);
	EXPECT_EQ(w.err, 0);
	EXPECT_STR(buf_view(&w.body), "abcdef");
	EXPECT(fake_gone(&w.f, peer));
	/* HTTP/1.0 closes unless it says otherwise. */
	peer = exchange("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx");
	EXPECT_EQ(w.dones, 3);
	EXPECT(fake_gone(&w.f, peer));
	peer = exchange("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n"
	    "Connection: keep-alive\r\n\r\nx");
	EXPECT_EQ(w.dones, 4);
	EXPECT(!fake_gone(&w.f, peer));
	exchange("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
	EXPECT_EQ(w.dones, 5);
	EXPECT(http_client_open(&w.http));
	end();
}

TEST(http_client_head_has_no_body)
{
	struct http_request r = get;
	int peer;

	begin();
	r.method = "HEAD";
	send_with(&r, 1000, 0);
	run_ms(5);
	peer = fake_accept(&w.f);
	answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	EXPECT_EQ(w.dones, 1);
	EXPECT_EQ(w.err, 0);
	EXPECT_EQ(w.body.n, 0);
	EXPECT(http_client_open(&w.http));
	end();
}

TEST(http_client_passes_over_interim_answers)
{
	int peer;

	begin();
	peer = exchange("HTTP/1.1 100 Continue\r\n\r\n");
	answer(peer, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
	    "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 20");
	EXPECT_EQ(w.heads, 0);
	answer(peer, "1 Created\r\nContent-Length: 1\r\n\r\nx");
	EXPECT_EQ(w.heads, 1);
	EXPECT_EQ(w.status, 201);
	EXPECT_EQ(w.dones, 1);
	EXPECT_EQ(w.err, 0);
	exchange("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
	EXPECT_EQ(w.dones, 2);
	EXPECT_EQ(w.err, ERR_PROTO);
	end();
}

TEST(http_client_names_bad_answers)
{
	static const struct {
		const char *text;
		int err;
	} bad[] = {
		{ "\x15\x03\x01", ERR_TLS }, { "\x16\x03", ERR_TLS },
		{ "SSH-2.0-x\r\n", ERR_ALIEN }, { "-ERR", ERR_ALIEN },
		{ "\x15xx", ERR_ALIEN }, { "HTTP/3 200\r\n", ERR_PROTO },
		{ "HTTP/1.1 103 x\r\n\r\ngarbage", ERR_PROTO },
		{ "HTTP/1.1 200 OK\nX: y\n\n", ERR_PROTO },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
		    "Content-Length: 1\r\n\r\nx", ERR_PROTO },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ERR_PROTO },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		    ERR_PROTO },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "1\r\nab\r\n", ERR_PROTO },
	};
	static char huge[HTTP_HEAD_MAX + 100];
	size_t i;
	int peer;

	begin();
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		peer = exchange(bad[i].text);
		EXPECT_EQ(w.dones, i + 1);
		EXPECT_EQ(w.err, bad[i].err);
		EXPECT(fake_gone(&w.f, peer));
	}
	memset(huge, 'x', sizeof(huge) - 1);
	memcpy(huge, "HTTP/1.1 200 OK\r\nA: ", 20);
	peer = exchange(huge);
	EXPECT_EQ(w.dones, i + 1);
	EXPECT_EQ(w.err, ERR_LIMIT);
	EXPECT(fake_gone(&w.f, peer));
	end();
}

TEST(http_client_closes_after_bytes_that_belong_to_nothing)
{
	int peer;

	begin();
	peer = exchange("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP");
	EXPECT_EQ(w.dones, 1);
	EXPECT_EQ(w.err, 0);
	EXPECT_STR(buf_view(&w.body), "ab");
	EXPECT(fake_gone(&w.f, peer));
	/* The same when they come late ... */
	peer = exchange("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
	EXPECT(!fake_gone(&w.f, peer));
	answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
	EXPECT(fake_gone(&w.f, peer));
	EXPECT_EQ(w.dones, 2);
	/* ... and when they are there as the next request is sent. */
	peer = exchange("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
	fake_send(&w.f, peer, 0, STR("HTTP/1.1 200 OK\r\n\r\nevil"));
	send_with(&get, 1000, 0);
	EXPECT(fake_gone(&w.f, peer));
	run_ms(5);
	peer = fake_accept(&w.f);
	REQUIRE(peer >= 0);
	answer(peer, "HTTP/1.1 204 x\r\n\r\n");
	EXPECT_EQ(w.err, 0);
	EXPECT_EQ(w.status, 204);
	EXPECT(w.fresh);
	end();
}

TEST(http_client_sees_that_an_idle_connection_ends)
{
	int peer;

	begin();
	peer = exchange("HTTP/1.1 204 x\r\n\r\n");
	fake_end(&w.f, peer, 0);
	run_ms(5);
	EXPECT(fake_gone(&w.f, peer));
	EXPECT(!http_client_open(&w.http));
	peer = exchange("HTTP/1.1 204 x\r\n\r\n");
	fake_reset(&w.f, peer, 0);
	run_ms(5);
	EXPECT(fake_gone(&w.f, peer));
	EXPECT_EQ(w.dones, 2);
	/* Its end is there, but the loop has not turned yet. */
	peer = exchange("HTTP/1.1 204 x\r\n\r\n");
	fake_end(&w.f, peer, 0);
	send_with(&get, 1000, 0);
	EXPECT(fake_gone(&w.f, peer));
	run_ms(5);
	answer(fake_accept(&w.f), "HTTP/1.1 204 x\r\n\r\n");
	EXPECT_EQ(w.dones, 4);
	EXPECT_EQ(w.err, 0);
	EXPECT(w.fresh);
	end();
}

TEST(http_client_tells_a_stale_connection_from_a_fresh_one)
{
	int peer;

	begin();
	/* Fresh: closed without an answer. */
	peer = sent();
	fake_end(&w.f, peer, 0);
	run_ms(5);
	EXPECT_EQ(w.err, ERR_CLOSED);
	EXPECT(w.fresh);
	peer = sent();
	fake_reset(&w.f, peer, 0);
	run_ms(5);
	EXPECT_EQ(w.err, ERR_CLOSED);
	EXPECT(w.fresh);
	/* Kept, and closed as the request was under way. */
	peer = exchange("HTTP/1.1 204 x\r\n\r\n");
	EXPECT_EQ(w.err, 0);
	send_with(&get, 1000, 0);
	fake_end(&w.f, peer, 0);
	run_ms(5);
	EXPECT_EQ(w.err, ERR_CLOSED);
	EXPECT(!w.fresh);
	peer = exchange("HTTP/1.1 204 x\r\n\r\n");
	send_with(&get, 1000, 0);
	fake_reset(&w.f, peer, 0);
	run_ms(5);
	EXPECT_EQ(w.err, ERR_CLOSED);
	EXPECT(!w.fresh);
	EXPECT_EQ(w.dones, 6);
	end();
}

TEST(http_client_tells_of_answers_cut_short)
{
	static const char *const cut[] = { "H", "HTTP/1.1 200 OK\r\nA:",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n" };
	size_t i;
	int peer;

	begin();
	for (i = 0; i < ARRAY_LEN(cut); i++) {
		peer = exchange(cut[i]);
		fake_end(&w.f, peer, 0);
		run_ms(5);
		EXPECT_EQ(w.dones, 2 * i + 1);
		EXPECT_EQ(w.err, ERR_IO);
		peer = exchange(cut[i]);
		fake_reset(&w.f, peer, 0);
		run_ms(5);
		EXPECT_EQ(w.dones, 2 * i + 2);
		EXPECT_EQ(w.err, ERR_IO);
	}
	/* What ends with the connection must not end with a reset. */
	peer = exchange("HTTP/1.1 200 OK\r\n\r\nab");
	fake_reset(&w.f, peer, 0);
	run_ms(5);
	EXPECT_EQ(w.err, ERR_IO);
	end();
}

TEST(http_client_passes_on_why_it_cannot_connect)
{
	begin();
	fake_serve(&w.f, "10.0.0.1", PORT, FAKE_REFUSE);
	send_with(&get, 1000, 0);
	EXPECT_EQ(w.dones, 0);
	run_ms(10);
	EXPECT_EQ(w.dones, 1);
	EXPECT_EQ(w.err, ERR_REFUSED);
	EXPECT(w.fresh);
	fake_serve(&w.f, "10.0.0.1", PORT, FAKE_SILENT);
	send_with(&get, 1000, 0);
	run_ms(999);
	EXPECT_EQ(w.dones, 1);
	run_ms(2);
	EXPECT_EQ(w.dones, 2);
	EXPECT_EQ(w.err, ERR_TIMEOUT);
	end();
}

TEST(http_client_keeps_its_deadline)
{
	int peer;

	begin();
	peer = sent();
	run_ms(980);
	EXPECT_EQ(w.dones, 0);
	run_ms(20);
	EXPECT_EQ(w.dones, 1);
	EXPECT_EQ(w.err, ERR_TIMEOUT);
	EXPECT(fake_gone(&w.f, peer));
	/* Half a head is no head. */
	peer = sent();
	fake_send(&w.f, peer, 900 * MS, STR("HTTP/1.1 200 OK\r\nA: "));
	run_ms(1000);
	EXPECT_EQ(w.dones, 2);
	EXPECT_EQ(w.err, ERR_TIMEOUT);
	/* Without a limit of silence it covers the body. */
	peer = sent();
	w.heads = w.dones;
	answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
	run_ms(970);
	answer(peer, "abc");
	EXPECT_EQ(w.dones, 2);
	run_ms(15);
	EXPECT_EQ(w.dones, 3);
	EXPECT_EQ(w.err, ERR_TIMEOUT);
	end();
}

TEST(http_client_streams_as_long_as_bytes_come)
{
	int i, peer;

	begin();
	send_with(&get, 1000, 100);
	run_ms(5);
	peer = fake_accept(&w.f);
	answer(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (i = 0; i < 1000; i++) {
		fake_send(&w.f, peer, 0, STR("5\r\nline\n\r\n"));
		run_ms(95);
	}
	EXPECT_EQ(w.dones, 0);
	EXPECT_EQ(w.body.n, 5000);
	run_ms(4);
	EXPECT_EQ(w.dones, 0);
	run_ms(2);
	EXPECT_EQ(w.dones, 1);
	EXPECT_EQ(w.err, ERR_TIMEOUT);
	/* The timer is not moved by each line. */
	EXPECT(w.f.waits < 4000);
	end();
}

TEST(http_client_reads_an_answer_before_all_is_sent)
{
	static char big[100000];
	struct http_request r = get;
	int peer, i;

	begin();
	memset(big, 'b', sizeof(big));
	r.method = "POST";
	r.body = (struct str){ big, sizeof(big) };
	for (i = 0; i < 3; i++) {
		w.f.window = 1000;
		send_with(&r, 1000, 0);
		run_ms(5);
		peer = fake_accept(&w.f);
		EXPECT_EQ(fake_got(&w.f, peer).n, 1000);
		fake_send(&w.f, peer, 0, STR("HTTP/1.1 413 Too Large\r\n"
		    "Content-Length: 2\r\n\r\nno"));
		if (i == 1)
			fake_end(&w.f, peer, 0);
		if (i == 2)
			fake_reset(&w.f, peer, 0);
		run_ms(5);
		EXPECT_EQ(w.dones, i + 1);
		EXPECT_EQ(w.err, 0);
		EXPECT_EQ(w.status, 413);
		EXPECT(fake_gone(&w.f, peer));
	}
	EXPECT_STR(buf_view(&w.body), "nonono");
	/* Early but welcome: the rest of the body goes out. */
	send_with(&r, 1000, 0);
	run_ms(5);
	peer = fake_accept(&w.f);
	answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
	fake_window(&w.f, peer, SIZE_MAX);
	run_ms(5);
	EXPECT(fake_got(&w.f, peer).n > sizeof(big));
	answer(peer, "ok");
	EXPECT_EQ(w.err, 0);
	EXPECT(!fake_gone(&w.f, peer));
	end();
}

TEST(http_client_reads_the_answer_though_writing_fails)
{
	static char big[100000];
	struct http_request r = get;
	int peer;

	begin();
	r.method = "POST";
	r.body = (struct str){ big, sizeof(big) };
	w.f.window = 1000;
	send_with(&r, 1000, 0);
	run_ms(5);
	peer = fake_accept(&w.f);
	fake_reset(&w.f, peer, 0);
	fake_window(&w.f, peer, SIZE_MAX);
	run_ms(5);
	EXPECT_EQ(w.dones, 1);
	EXPECT_EQ(w.err, ERR_CLOSED);
	end();
}

TEST(http_client_gives_up_where_its_reader_does)
{
	int peer;

	begin();
	w.head_gives = ERR_HTTP;
	peer = exchange("HTTP/1.1 500 x\r\nContent-Length: 2\r\n\r\nab");
	EXPECT_EQ(w.dones, 1);
	EXPECT_EQ(w.err, ERR_HTTP);
	EXPECT_EQ(w.body.n, 0);
	EXPECT(fake_gone(&w.f, peer));
	w.head_gives = 0;
	w.body_gives = ERR_BAD;
	peer = exchange("HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nab");
	EXPECT_EQ(w.dones, 2);
	EXPECT_EQ(w.err, ERR_BAD);
	EXPECT_EQ(w.body.n, 2);
	EXPECT(fake_gone(&w.f, peer));
	end();
}

TEST(http_client_can_be_cancelled_anywhere)
{
	static const char text[] =
	    "HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nab";
	int peer;

	begin();
	send_with(&get, 1000, 0);
	http_client_cancel(&w.http);
	run_ms(2000);
	peer = sent();
	http_client_cancel(&w.http);
	EXPECT(fake_gone(&w.f, peer));
	run_ms(2000);
	w.cancel_in_head = true;
	w.heads = w.dones;
	peer = sent();
	answer(peer, text);
	EXPECT(fake_gone(&w.f, peer));
	EXPECT_EQ(w.body.n, 0);
	w.cancel_in_head = false;
	w.cancel_in_body = true;
	w.heads = w.dones;
	peer = sent();
	answer(peer, text);
	EXPECT_EQ(w.body.n, 2);
	EXPECT(fake_gone(&w.f, peer));
	run_ms(2000);
	EXPECT_EQ(w.dones, 0);
	w.cancel_in_body = false;
	w.cancel_in_done = true;
	w.heads = w.dones;
	peer = sent();
	answer(peer, text);
	EXPECT_EQ(w.dones, 1);
	EXPECT(fake_gone(&w.f, peer));
	http_client_cancel(&w.http);
	end();
}

TEST(http_client_can_send_from_on_done)
{
	int peer, i;

	begin();
	/* On the kept connection, on a new one after a close, after an
	 * error, after a refusal. */
	w.again = true;
	peer = sent();
	answer(peer, "HTTP/1.1 204 x\r\n\r\n");
	EXPECT_EQ(w.dones, 1);
	EXPECT(http_client_busy(&w.http));
	w.again = true;
	answer(peer, "HTTP/1.1 204 x\r\nConnection: close\r\n\r\n");
	EXPECT_EQ(w.dones, 2);
	EXPECT(!w.fresh);
	peer = fake_accept(&w.f);
	REQUIRE(peer >= 0);
	w.again = true;
	answer(peer, "garbage");
	EXPECT_EQ(w.dones, 3);
	EXPECT_EQ(w.err, ERR_ALIEN);
	EXPECT(w.fresh);
	peer = fake_accept(&w.f);
	REQUIRE(peer >= 0);
	w.again = true;
	fake_serve(&w.f, "10.0.0.1", PORT, FAKE_REFUSE);
	fake_end(&w.f, peer, 0);
	for (i = 0; i < 3; i++) {
		run_ms(10);
		EXPECT_EQ(w.err, ERR_REFUSED);
		EXPECT_EQ(w.dones, 5 + i);
		send_with(&get, 1000, 0);
	}
	run_ms(10);
	end();
}

TEST(http_client_asks_before_a_request_leaves)
{
	int peer;

	begin();
	w.http.on_ready = on_ready;
	peer = sent();
	EXPECT_EQ(w.readies, 1);
	EXPECT(!w.http.sending);
	answer(peer, "HTTP/1.1 204 x\r\n\r\n");
	/* Not on a connection that is open already. */
	send_with(&get, 1000, 0);
	answer(peer, "HTTP/1.1 204 x\r\n\r\n");
	EXPECT_EQ(w.dones, 2);
	EXPECT_EQ(w.err, 0);
	EXPECT_EQ(w.readies, 1);
	http_client_close(&w.http);
	w.ready_gives = ERR_NOTLEADER;
	peer = sent();
	EXPECT_EQ(w.dones, 3);
	EXPECT_EQ(w.err, ERR_NOTLEADER);
	EXPECT_EQ(fake_got(&w.f, peer).n, 0);
	EXPECT(fake_gone(&w.f, peer));
	w.cancel_in_ready = true;
	peer = sent();
	EXPECT_EQ(w.readies, 3);
	EXPECT_EQ(w.dones, 3);
	EXPECT(fake_gone(&w.f, peer));
	end();
}

static size_t cut_one(void *ctx, size_t n)
{
	(void)ctx;
	(void)n;
	return 1;
}

TEST(http_client_does_not_care_how_bytes_come)
{
	static const char text[] = "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 OK\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n"
	    "6\r\n world\r\n0\r\nA: b\r\n\r\n";
	size_t i;
	int peer;

	begin();
	w.f.cut = cut_one;
	peer = sent();
	EXPECT(str_ends(fake_got(&w.f, peer), STR("\r\n\r\n")));
	for (i = 0; i < sizeof(text) - 1; i++)
		fake_send(&w.f, peer, (int64_t)i * MS / 4,
		    (struct str){ text + i, 1 });
	run_ms(100);
	EXPECT_EQ(w.dones, 1);
	EXPECT_EQ(w.err, 0);
	EXPECT_STR(buf_view(&w.body), "hello world");
	EXPECT(http_client_open(&w.http));
	end();
}

/* A flood must not keep the loop from others. */
TEST(http_client_lets_others_have_their_turn)
{
	static char flood[400000];
	int peer;

	begin();
	peer = sent();
	fake_send(&w.f, peer, 0, STR("HTTP/1.1 200 OK\r\n\r\n"));
	memset(flood, 'f', sizeof(flood));
	fake_send(&w.f, peer, 0, (struct str){ flood, sizeof(flood) });
	loop_turn(&w.loop, w.f.now_ns);
	EXPECT(w.body.n > 0);
	EXPECT(w.body.n <= 2 * HTTP_READS_MAX * HTTP_HEAD_MAX);
	run_ms(5);
	EXPECT_EQ(w.body.n, sizeof(flood));
	EXPECT(w.f.reads < sizeof(flood) / HTTP_HEAD_MAX + 20);
	end();
}

TEST(http_client_is_for_one_exchange_at_a_time)
{
	begin();
	send_with(&get, 1000, 0);
	EXPECT_CRASH(send_with(&get, 1000, 0));
	EXPECT_CRASH(http_client_close(&w.http));
	end();
}
