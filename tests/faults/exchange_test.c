/*
 * A request and its answer over TLS, handshake and all, with each reservation
 * refused, each system call interrupted, cut short or failing.
 */
#include <stdlib.h>
#include <string.h>

#include "fake_io.h"
#include "faults/refuse.h"
#include "tls_peer.h"

#define ADDR "10.96.0.1"
#define SEC NS_PER_S

static struct {
	struct fake_io f;
	struct io io;
	struct mem mem;
	struct loop loop;
	struct trust *trust;
	struct http_client http;
	void *tls;
	struct tls_peer *server;
	int peer;
	bool answered;
	char asked[4096];
	size_t asked_n;
	int dones, err, status;
} w;

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" \
	"Transfer-Encoding: chunked\r\n\r\n" \
	"6\r\nfirst \r\n6\r\nsecond\r\n0\r\n\r\n"
#define BODY "what is asked"

static int on_head(void *ctx, const struct http_head *head)
{
	(void)ctx;
	w.status = head->status;
	return 0;
}

static int on_body(void *ctx, struct str data)
{
	(void)ctx;
	out_put(data);
	return 0;
}

static void on_done(void *ctx, int err, const struct diag *d)
{
	(void)ctx;
	w.dones++;
	w.err = err;
	EXPECT(!err || d->text[0]);
}

static const struct http_client_events events = { on_head, on_body, on_done };

/* The server's side, for which nothing goes wrong. */
static size_t carry_once(struct fake_io *f, int peer)
{
	char buf[20000];
	struct str got = fake_got(f, peer);
	size_t n, moved = tls_peer_wire_in(w.server, got.p, got.n);

	fake_take(f, peer, moved);
	while ((n = tls_peer_read(w.server, w.asked + w.asked_n,
	    sizeof(w.asked) - w.asked_n)))
		w.asked_n += n;
	if (!w.answered && str_ends((struct str){ w.asked, w.asked_n },
	    STR(BODY)))
		w.answered = tls_peer_write(w.server, ANSWER,
		    sizeof(ANSWER) - 1) > 0;
	while ((n = tls_peer_wire_out(w.server, buf, sizeof(buf)))) {
		fake_send(f, peer, 0, (struct str){ buf, n });
		moved += n;
	}
	return moved;
}

static void carry(void *ctx, struct fake_io *f, int peer)
{
	bool was = alloc_forbidden;

	(void)ctx;
	alloc_forbidden = false;
	if (peer != w.peer) {
		free(w.server);
		w.server = tls_peer_new("ec.pem", NULL);
		w.peer = peer;
		w.answered = false;
		w.asked_n = 0;
	}
	if (!fake_gone(f, peer))
		while (carry_once(f, peer))
			;
	alloc_forbidden = was;
}

static void begin(void)
{
	memset(&w, 0, sizeof(w));
	fake_io_init(&w.f);
	w.f.react = carry;
	w.peer = -1;
	w.f.wall_offset_ns = PEER_WALL_NS;
	fake_serve(&w.f, ADDR, 443, FAKE_ACCEPT);
	w.io = w.f.io;
	inject_io(&w.io);
	mem_init(&w.mem, &w.io);
	REQUIRE(!loop_init(&w.loop, &w.mem, &w.io));
	REQUIRE(!trust_new(&w.mem, &w.trust));
	REQUIRE(!trust_load_anchors(w.trust, tls_peer_file("ca-ec.pem"),
	    PEER_WALL_NS, NULL));
	w.tls = aligned_alloc(16, (tls_size() + 15) / 16 * 16);
	http_client_init(&w.http, &w.loop, NULL, w.tls, &events, &w);
}

static void end(void)
{
	http_client_close(&w.http);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	mem_free_all(&w.mem);
	fake_io_free(&w.f);
	free(w.tls);
	free(w.server);
	guard_reset();
}

static int exchange(const void *arg)
{
	struct conn_target to = { STR(ADDR), 443, NULL, STR_NONE };
	const struct http_request r = { "POST", STR("/path"), STR("h"),
		STR("X-Header: value\r\n"), STR(BODY) };
	int64_t until;

	(void)arg;
	begin();
	to.trust = w.trust;
	OPERATOR_DOES(http_client_send(&w.http, &to, &r,
	    w.f.now_ns + 5 * SEC, 0));
	until = w.f.now_ns + 10 * SEC;
	while (!w.dones && w.f.now_ns < until)
		OPERATOR_DOES(loop_turn(&w.loop, until));
	EXPECT_EQ(w.dones, 1);
	out_put((struct str){ w.asked, w.asked_n });
	EXPECT(w.err || w.status == 200);
	end();
	return w.err;
}

TEST(wrong_exchanges_over_tls)
{
	for (int k = INJECT_FULL; k < INJECT_KINDS; k++)
		each_wrong(TASK("exchange", exchange, NULL),
		    (enum inject_kind)k);
}
