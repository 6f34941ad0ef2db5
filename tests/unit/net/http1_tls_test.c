#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "tls_peer.h"

/* The client with a real TLS engine under it, against a real TLS server. */

#define MS NS_PER_MS
#define ADDR "10.96.0.1"

enum { BODY = 400000 };

static struct {
	struct fake_io f;
	struct mem mem;
	struct loop loop;
	struct trust *trust;
	struct http_client http;
	struct tls_peer *tls;
	int peer;
	char asked[2 * BODY];
	size_t asked_n;
	struct str answer;		/* still to be written */
	int dones, err, status;
	size_t body_n, body_bad;
	struct diag diag;
} w;

static int on_head(void *ctx, const struct http_head *head)
{
	(void)ctx;
	w.status = head->status;
	return 0;
}

static char body_byte(size_t at)
{
	return (char)('a' + at * 7 % 26);
}

static int on_body(void *ctx, struct str data)
{
	size_t i;

	(void)ctx;
	for (i = 0; i < data.n; i++)
		w.body_bad += data.p[i] != body_byte(w.body_n++);
	return 0;
}

static void on_done(void *ctx, int err, const struct diag *d)
{
	(void)ctx;
	w.dones++;
	w.err = err;
	w.diag = *d;
}

static const struct http_client_events events = { on_head, on_body, on_done };

/* Carries what there is between the socket and the server. */
static void carry(void *ctx, struct fake_io *f, int peer)
{
	char buf[20000];
	struct str got;
	size_t moved, n;

	(void)ctx;
	if (peer != w.peer)
		w.tls = tls_peer_new("ec.pem", NULL);
	w.peer = peer;
	do {
		got = fake_got(f, peer);
		moved = tls_peer_wire_in(w.tls, got.p, got.n);
		fake_take(f, peer, moved);
		while ((n = tls_peer_read(w.tls, w.asked + w.asked_n,
		    sizeof(w.asked) - w.asked_n)))
			w.asked_n += n;
		n = w.answer.n ?
		    tls_peer_write(w.tls, w.answer.p, w.answer.n) : 0;
		w.answer = str_sub(w.answer, n, w.answer.n);
		while ((n = tls_peer_wire_out(w.tls, buf, sizeof(buf)))) {
			fake_send(f, peer, 0, (struct str){ buf, n });
			moved += n;
		}
	} while (moved);
}

static void begin(void)
{
	size_t size = (tls_size() + 15) / 16 * 16;

	fake_io_init(&w.f);
	w.f.react = carry;
	w.peer = -1;
	fake_serve(&w.f, ADDR, 443, FAKE_ACCEPT);
	mem_init(&w.mem, &w.f.io);
	REQUIRE(!loop_init(&w.loop, &w.mem, &w.f.io));
	REQUIRE(!trust_new(&w.mem, &w.trust));
	REQUIRE(!trust_load_anchors(w.trust, tls_peer_files("ca-ec.pem"),
	    w.f.io.wall_ns(&w.f), NULL));
	http_client_init(&w.http, &w.loop, NULL, aligned_alloc(16, size),
	    &events, &w);
}

static void run_ms(int64_t ms)
{
	int64_t until_ns = w.f.now_ns + ms * MS;

	while (w.f.now_ns < until_ns || w.loop.work_head)
		loop_turn(&w.loop, until_ns);
}

static void ask(struct str body)
{
	const struct conn_target to = { STR(ADDR), 443, w.trust, STR_NONE };
	const struct http_request r = { "POST", STR("/"), STR("h"), STR_NONE,
		body };

	w.asked_n = w.body_n = 0;
	http_client_send(&w.http, &to, &r, w.f.now_ns + 5000 * MS, 0);
	run_ms(100);
	EXPECT(w.asked_n > body.n);
}

/* The server says this; then whatever the client makes of it. */
static void answer(struct str s)
{
	w.answer = s;
	carry(NULL, &w.f, w.peer);
	run_ms(100);
}

static struct str body_text(size_t n)
{
	static char text[BODY];
	size_t i;

	for (i = 0; i < n; i++)
		text[i] = body_byte(i);
	return (struct str){ text, n };
}

/* n bytes in one chunk, behind a head. */
static struct str chunked_answer(size_t n)
{
	static char text[BODY + 200];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "%x\r\n%S\r\n0\r\n\r\n", (uint64_t)n, body_text(n));
	CHECK(!b.over);
	return buf_view(&b);
}

static size_t few(void *ctx, size_t n)
{
	(void)ctx;
	return n > 700 ? 700 : n > 1 ? n - 1 : n;
}

TEST(http_over_tls_moves_large_bodies_both_ways)
{
	int i;

	begin();
	for (i = 0; i < 3; i++) {
		w.f.cut = i == 1 ? few : NULL;
		ask(body_text(BODY));
		EXPECT(str_ends((struct str){ w.asked, w.asked_n },
		    body_text(BODY)));
		answer(chunked_answer(BODY));
		EXPECT_EQ(w.dones, i + 1);
		EXPECT_EQ(w.err, 0);
		EXPECT_EQ(w.status, 200);
		EXPECT_EQ(w.body_n, BODY);
		EXPECT_EQ(w.body_bad, 0);
		EXPECT(http_client_open(&w.http));
	}
	/* All on one connection, and now at rest. */
	EXPECT_EQ(w.f.peers, 1);
	w.f.waits = 0;
	run_ms(60000);
	EXPECT(w.f.waits < 3);
	http_client_close(&w.http);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
}

static const char to_close[] = "HTTP/1.1 200 OK\r\n\r\nahov";

TEST(http_over_tls_tells_an_end_from_a_cut)
{
	begin();
	ask(STR("x"));
	answer(str_from(to_close));
	br_ssl_engine_close(&w.tls->sc.eng);
	answer(STR_NONE);
	fake_end(&w.f, w.peer, 0);
	run_ms(10);
	EXPECT_EQ(w.dones, 1);
	EXPECT_EQ(w.err, 0);
	EXPECT_EQ(w.body_n, 4);
	EXPECT_EQ(w.body_bad, 0);
	/* Without close_notify anybody may have ended it. */
	ask(STR("x"));
	answer(str_from(to_close));
	fake_end(&w.f, w.peer, 0);
	run_ms(10);
	EXPECT_EQ(w.dones, 2);
	EXPECT_EQ(w.err, ERR_IO);
	EXPECT(strstr(w.diag.text, "close_notify"));
	ask(STR("x"));
	answer(str_from(to_close));
	fake_reset(&w.f, w.peer, 0);
	run_ms(10);
	EXPECT_EQ(w.dones, 3);
	EXPECT_EQ(w.err, ERR_IO);
	/* Before the first byte it is a connection that was no good. */
	ask(STR("x"));
	fake_end(&w.f, w.peer, 0);
	run_ms(10);
	EXPECT_EQ(w.dones, 4);
	EXPECT_EQ(w.err, ERR_CLOSED);
	EXPECT(w.http.fresh);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
}

TEST(http_over_tls_sees_that_an_idle_connection_ends)
{
	begin();
	ask(STR("x"));
	answer(STR("HTTP/1.1 204 x\r\n\r\n"));
	EXPECT(http_client_open(&w.http));
	br_ssl_engine_close(&w.tls->sc.eng);
	answer(STR_NONE);
	EXPECT(!http_client_open(&w.http));
	ask(STR("x"));
	answer(STR("HTTP/1.1 204 x\r\n\r\n"));
	EXPECT_EQ(w.dones, 2);
	EXPECT_EQ(w.err, 0);
	EXPECT_EQ(w.f.peers, 2);
	http_client_close(&w.http);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
}
