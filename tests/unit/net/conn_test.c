#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "tls_peer.h"

#define MS NS_PER_MS
#define ADDR "10.96.0.1"

enum { CONNS = 3 };

/* One of the connections, and what its callbacks were told. */
struct end {
	struct conn conn;
	int opens, ios, closes, err;
	struct diag d;
	char in[1 << 16];
	size_t in_n;
	int read_err;
	bool lazy;			/* does not read */
	bool close_in_open, close_in_io, reopen_in_close;
	size_t read_size;
	struct str out;			/* written as far as it goes */
};

static struct {
	struct fake_io f;
	struct mem mem;
	struct loop l;
	struct trust *trust;
	struct conn_gate gate;
	struct counts counts;
	struct end end[CONNS];
	struct tls_peer *peer[FAKE_PEERS];
	const char *fixture;
	bool echo, mute;
	int handshakes, handshakes_most;
} w;

static void read_all(struct end *e)
{
	size_t want = e->read_size ? e->read_size : sizeof(e->in);
	int n;

	do {
		if (want > sizeof(e->in) - e->in_n)
			want = sizeof(e->in) - e->in_n;
		n = conn_read(&e->conn, e->in + e->in_n, want);
		if (n > 0)
			e->in_n += (size_t)n;
	} while (n > 0 && !e->read_size);
	if (n < 0 && n != ERR_AGAIN)
		e->read_err = n;
}

static void write_all(struct end *e)
{
	int n = 1;

	while (e->out.n && n > 0) {
		n = conn_write(&e->conn, e->out.p, e->out.n);
		if (n > 0)
			e->out = str_sub(e->out, (size_t)n, e->out.n);
	}
	conn_flush(&e->conn);
}

static void on_open(void *ctx)
{
	struct end *e = ctx;

	EXPECT_EQ(e->conn.state, CONN_OPEN);
	e->opens++;
	if (e->close_in_open)
		conn_close(&e->conn);
	else
		write_all(e);
}

static void on_io(void *ctx)
{
	struct end *e = ctx;

	e->ios++;
	if (e->close_in_io) {
		conn_close(&e->conn);
		return;
	}
	if (e->out.n)
		write_all(e);
	if (!e->lazy)
		read_all(e);
}

static const struct conn_target plain = { .host = STR_INIT(ADDR),
	.port = 80 };

static void on_close(void *ctx, int err, const struct diag *d)
{
	struct end *e = ctx;

	EXPECT_EQ(e->conn.state, CONN_CLOSED);
	EXPECT(diag_is_set(d));
	e->closes++;
	e->err = err;
	e->d = *d;
	if (e->reopen_in_close) {
		e->reopen_in_close = false;
		conn_open(&e->conn, &plain, w.f.now_ns + NS_PER_S);
	}
}

static const struct conn_events events = { on_open, on_io, on_close };

/* Carries bytes between the fake's peers and the TLS servers behind them. */
static void tls_server(void *ctx, struct fake_io *f, int i)
{
	struct tls_peer **p = &w.peer[i];
	char buf[20000];
	size_t moved, n;

	(void)ctx;
	if (f->peer[i].addr.port != 443 || w.mute)
		return;
	if (!*p)
		*p = tls_peer_new(w.fixture, NULL);
	do {
		struct str got = fake_got(f, i);

		moved = tls_peer_wire_in(*p, got.p, got.n);
		fake_take(f, i, moved);
		while (w.echo && (n = tls_peer_read(*p, buf, sizeof(buf))))
			EXPECT_EQ(tls_peer_write(*p, buf, n), n);
		while ((n = tls_peer_wire_out(*p, buf, sizeof(buf)))) {
			fake_send(f, i, 0, (struct str){ buf, n });
			moved += n;
		}
	} while (moved);
}

static void world_init(void)
{
	fake_io_init(&w.f);
	w.f.react = tls_server;
	fake_serve(&w.f, ADDR, 80, FAKE_ACCEPT);
	fake_serve(&w.f, ADDR, 443, FAKE_ACCEPT);
	w.fixture = "ec.pem";
	mem_init(&w.mem, &w.f.io);
	REQUIRE(loop_init(&w.l, &w.mem, &w.f.io) == 0);
	REQUIRE(trust_new(&w.mem, &w.trust) == 0);
	REQUIRE(trust_load_anchors(w.trust, tls_peer_files("ca-ec.pem"),
				   w.f.io.wall_ns(&w.f), NULL) == 0);
	for (int i = 0; i < CONNS; i++) {
		struct end *e = &w.end[i];

		conn_init(&e->conn, &w.l, &w.gate,
			  aligned_alloc(16, (tls_size() + 15) / 16 * 16),
			  &events, e);
		e->conn.counts = &w.counts;
	}
}

static void open_plain(struct end *e, int64_t ms)
{
	conn_open(&e->conn, &plain, w.f.now_ns + ms * MS);
	EXPECT_EQ(e->opens + e->closes, 0);
}

static void open_tls(struct end *e, int64_t ms)
{
	struct conn_target to = { STR(ADDR), 443, w.trust, STR_NONE };

	conn_open(&e->conn, &to, w.f.now_ns + ms * MS);
}

/* Turns for a while, counting how many handshakes are on at once. */
static void turn(int64_t ms)
{
	int64_t until_ns = w.f.now_ns + ms * MS;

	while (w.f.now_ns < until_ns) {
		int n = 0;

		loop_turn(&w.l, until_ns);
		for (int i = 0; i < CONNS; i++)
			n += w.end[i].conn.state == CONN_HANDSHAKE;
		if (n > w.handshakes_most)
			w.handshakes_most = n;
	}
}

static struct str got(const struct end *e)
{
	return (struct str){ e->in, e->in_n };
}

TEST(conn_plain_both_ways)
{
	struct end *e = &w.end[0];

	world_init();
	open_plain(e, 1000);
	turn(10);
	EXPECT_EQ(e->opens, 1);
	EXPECT_EQ(conn_write(&e->conn, "hello", 5), 5);
	EXPECT_EQ(conn_flush(&e->conn), 0);
	EXPECT_STR(fake_got(&w.f, 0), "hello");
	fake_send(&w.f, 0, MS, STR("answer"));
	turn(10);
	EXPECT_STR(got(e), "answer");
	EXPECT_EQ(w.counts.v[COUNT_BYTES_OUT], 5);
	EXPECT_EQ(w.counts.v[COUNT_BYTES_IN], 6);
	conn_close(&e->conn);
	conn_close(&e->conn);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	EXPECT_EQ(e->closes, 0);
	EXPECT_EQ(w.l.heap.n, 0);
}

TEST(conn_tls_both_ways)
{
	struct end *e = &w.end[0];

	world_init();
	w.echo = true;
	e->out = STR("hello");
	open_tls(e, 1000);
	turn(50);
	EXPECT_EQ(e->opens, 1);
	EXPECT_STR(got(e), "hello");
	EXPECT_EQ(w.counts.v[COUNT_TLS_HANDSHAKES], 1);
	EXPECT_EQ(w.counts.v[COUNT_TLS_FAILURES], 0);
	/* At rest nothing turns. */
	uint64_t waits = w.f.waits;

	turn(1000);
	EXPECT_EQ(w.f.waits, waits + 1);
	conn_close(&e->conn);
	/* A close_notify was sent. */
	EXPECT(fake_got(&w.f, 0).n > 0);
	EXPECT(!w.gate.busy && !w.gate.head);
}

static size_t few(void *ctx, size_t n)
{
	(void)ctx;
	return n > 3 ? 3 : 1;
}

TEST(conn_tls_in_small_pieces)
{
	struct end *e = &w.end[0];

	world_init();
	w.echo = true;
	w.f.cut = few;
	e->out = STR("hello");
	open_tls(e, 1000);
	turn(500);
	EXPECT_EQ(e->opens, 1);
	EXPECT_STR(got(e), "hello");
}

/* The peer takes little at a time; nothing is lost and nothing spins. */
TEST(conn_write_waits_for_room)
{
	static char big[60000];
	struct end *e = &w.end[0], *s = &w.end[1];
	uint64_t waits;
	int plain_peer, tls_peer;

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 251);
	world_init();
	open_plain(e, 1000);
	open_tls(s, 1000);
	turn(50);
	REQUIRE(e->opens == 1 && s->opens == 1);
	plain_peer = w.f.peer[0].addr.port == 80 ? 0 : 1;
	tls_peer = !plain_peer;
	fake_window(&w.f, plain_peer, 1000);
	fake_window(&w.f, tls_peer, 1000);
	e->out = s->out = (struct str){ big, sizeof(big) };
	write_all(e);
	write_all(s);
	EXPECT(e->out.n && s->out.n);
	waits = w.f.waits;
	turn(100);
	EXPECT_EQ(w.f.waits, waits + 1);
	for (int i = 0; i < 200; i++) {
		fake_window(&w.f, plain_peer, 500);
		fake_window(&w.f, tls_peer, 500);
		turn(1);
	}
	EXPECT_EQ(e->out.n, 0);
	EXPECT_EQ(s->out.n, 0);
	REQUIRE(fake_got(&w.f, plain_peer).n == sizeof(big));
	EXPECT_MEM(fake_got(&w.f, plain_peer).p, big, sizeof(big));
	for (size_t n, at = 0; (n = tls_peer_read(w.peer[tls_peer], e->in,
						  sizeof(e->in)));
	     at += n) {
		struct str rest = fake_got(&w.f, tls_peer);

		EXPECT_MEM(e->in, big + at, n);
		fake_take(&w.f, tls_peer,
			  tls_peer_wire_in(w.peer[tls_peer], rest.p, rest.n));
		if (at + n == sizeof(big))
			w.mute = true;
	}
	EXPECT(w.mute);
}

/* Writing was refused, then a flush had room: on_io comes all the same. */
TEST(conn_writer_is_told_after_a_flush)
{
	static char big[60000];
	struct end *e = &w.end[0];
	int ios;

	world_init();
	open_tls(e, 1000);
	turn(50);
	fake_window(&w.f, 0, 0);
	EXPECT(conn_write(&e->conn, big, sizeof(big)) > 0);
	EXPECT_EQ(conn_write(&e->conn, big, sizeof(big)), ERR_AGAIN);
	ios = e->ios;
	fake_window(&w.f, 0, SIZE_MAX);
	EXPECT_EQ(conn_flush(&e->conn), 0);
	turn(10);
	EXPECT_EQ(e->ios, ios + 1);
}

/* More than a read takes is left in the engine, of which the socket says
 * nothing. */
TEST(conn_tells_of_what_is_left_in_the_engine)
{
	static char big[16000];
	struct end *e = &w.end[0];

	memset(big, 'x', sizeof(big));
	world_init();
	w.echo = true;
	e->read_size = 100;
	e->out = (struct str){ big, sizeof(big) };
	open_tls(e, 1000);
	turn(100);
	EXPECT_EQ(e->in_n, sizeof(big));
}

TEST(conn_reader_that_pauses_is_not_woken)
{
	struct end *e = &w.end[0];
	uint64_t waits;
	int ios;

	world_init();
	open_plain(e, 1000);
	turn(10);
	e->lazy = true;
	ios = e->ios;
	fake_send(&w.f, 0, 0, STR("one"));
	waits = w.f.waits;
	turn(1000);
	EXPECT_EQ(e->ios, ios + 1);
	EXPECT(w.f.waits <= waits + 3);
	/* Also not by the end, or by a reset. */
	fake_end(&w.f, 0, 0);
	turn(1000);
	EXPECT(w.f.waits <= waits + 5);
	e->lazy = false;
	read_all(e);
	EXPECT_STR(got(e), "one");
	EXPECT_EQ(e->read_err, ERR_CLOSED);
}

TEST(conn_end_comes_after_the_data)
{
	struct end *e = &w.end[0];
	uint64_t waits;

	world_init();
	open_plain(e, 1000);
	turn(10);
	fake_send(&w.f, 0, 0, STR("last"));
	fake_end(&w.f, 0, 0);
	turn(10);
	EXPECT_STR(got(e), "last");
	EXPECT_EQ(e->read_err, ERR_CLOSED);
	/* Half closed: what is written still goes out, and nothing spins. */
	waits = w.f.waits;
	turn(1000);
	EXPECT_EQ(w.f.waits, waits + 1);
	EXPECT_EQ(conn_write(&e->conn, "late", 4), 4);
	EXPECT_STR(fake_got(&w.f, 0), "late");
	EXPECT_EQ(conn_read(&e->conn, e->in, 1), ERR_CLOSED);
	EXPECT_EQ(e->closes, 0);
}

TEST(conn_reset_is_no_end)
{
	struct end *e = &w.end[0];

	world_init();
	open_plain(e, 1000);
	turn(10);
	fake_reset(&w.f, 0, MS);
	turn(10);
	EXPECT_EQ(e->read_err, ERR_IO);
	EXPECT(conn_write(&e->conn, "x", 1) < 0);
	turn(10);
	conn_close(&e->conn);
}

TEST(conn_tls_end_with_close_notify)
{
	struct end *e = &w.end[0];

	world_init();
	open_tls(e, 1000);
	turn(50);
	EXPECT_EQ(tls_peer_write(w.peer[0], "last", 4), 4);
	w.f.peer[0].noticed = false;
	turn(1);
	br_ssl_engine_close(&w.peer[0]->sc.eng);
	w.f.peer[0].noticed = false;
	turn(10);
	EXPECT_STR(got(e), "last");
	EXPECT_EQ(e->read_err, ERR_CLOSED);
}

TEST(conn_tls_end_without_close_notify)
{
	struct end *e = &w.end[0];

	world_init();
	open_tls(e, 1000);
	turn(50);
	fake_end(&w.f, 0, 0);
	turn(10);
	EXPECT_EQ(e->read_err, ERR_IO);
	EXPECT(strstr(e->conn.diag.text, "close_notify"));
}

TEST(conn_tls_refused_certificate)
{
	struct end *e = &w.end[0];

	world_init();
	w.fixture = "cn-only.pem";
	open_tls(e, 1000);
	turn(50);
	EXPECT_EQ(e->opens, 0);
	EXPECT_EQ(e->closes, 1);
	EXPECT_EQ(e->err, ERR_TLS_NAME);
	EXPECT(strstr(e->d.text, "names no host"));
	EXPECT(str_is(STR(ADDR), e->d.path));
	EXPECT_EQ(w.counts.v[COUNT_TLS_FAILURES], 1);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	/* The same conn again, with the right server. */
	w.fixture = "ec.pem";
	open_tls(e, 1000);
	turn(50);
	EXPECT_EQ(e->opens, 1);
}

TEST(conn_tls_against_something_else)
{
	struct end *e = &w.end[0];

	world_init();
	w.mute = true;
	open_tls(e, 1000);
	turn(5);
	fake_send(&w.f, 0, 0, STR("HTTP/1.0 400 Bad Request\r\n\r\n"));
	turn(5);
	EXPECT_EQ(e->err, ERR_PROTO);
	open_tls(e, 1000);
	turn(5);
	fake_end(&w.f, 1, 0);
	turn(5);
	EXPECT_EQ(e->err, ERR_CLOSED);
	EXPECT(strstr(e->d.text, "handshake"));
	open_tls(e, 100);
	turn(200);
	EXPECT_EQ(e->err, ERR_TIMEOUT);
	EXPECT_EQ(e->closes, 3);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
}

TEST(conn_one_handshake_at_a_time)
{
	world_init();
	for (int i = 0; i < CONNS; i++)
		open_tls(&w.end[i], 1000);
	turn(100);
	for (int i = 0; i < CONNS; i++)
		EXPECT_EQ(w.end[i].opens, 1);
	EXPECT_EQ(w.handshakes_most, 1);
	EXPECT(!w.gate.busy && !w.gate.head && !w.gate.tail);
}

/* The first one's server never answers: after a second the others go on. */
TEST(conn_gate_is_not_held_up)
{
	world_init();
	w.mute = true;
	open_tls(&w.end[0], 5000);
	turn(100);
	EXPECT_EQ(w.end[0].conn.state, CONN_HANDSHAKE);
	w.mute = false;
	w.f.peer[0].noticed = true;
	open_tls(&w.end[1], 5000);
	open_tls(&w.end[2], 5000);
	turn(500);
	EXPECT_EQ(w.end[1].conn.state, CONN_QUEUED);
	turn(1000);
	EXPECT_EQ(w.end[1].opens, 1);
	EXPECT_EQ(w.end[2].opens, 1);
	EXPECT_EQ(w.end[0].conn.state, CONN_HANDSHAKE);
	turn(4000);
	EXPECT_EQ(w.end[0].err, ERR_TIMEOUT);
	EXPECT(!w.gate.busy && !w.gate.head && !w.gate.tail);
}

TEST(conn_closed_in_the_queue)
{
	world_init();
	w.mute = true;
	for (int i = 0; i < CONNS; i++)
		open_tls(&w.end[i], 10000);
	turn(10);
	EXPECT_EQ(w.end[0].conn.state, CONN_HANDSHAKE);
	EXPECT_EQ(w.end[1].conn.state, CONN_QUEUED);
	conn_close(&w.end[1].conn);
	conn_close(&w.end[2].conn);
	EXPECT(!w.gate.head && !w.gate.tail);
	open_tls(&w.end[1], 10000);
	turn(10);
	conn_close(&w.end[0].conn);
	turn(10);
	EXPECT_EQ(w.end[1].conn.state, CONN_HANDSHAKE);
	conn_close(&w.end[1].conn);
	turn(100);
	for (int i = 0; i < CONNS; i++)
		EXPECT_EQ(w.end[i].opens + w.end[i].closes + w.end[i].ios, 0);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	EXPECT_EQ(w.l.heap.n, 0);
	EXPECT(!w.l.work_head);
}

/* Closing at every turn of the way, in every state: no callback after. */
TEST(conn_close_at_any_time)
{
	struct end *e = &w.end[0];

	for (int turns = 0; turns < 12; turns++) {
		memset(&w, 0, sizeof(w));
		world_init();
		e->out = STR("hello");
		open_tls(e, 1000);
		for (int i = 0; i < turns; i++)
			loop_turn(&w.l, w.f.now_ns + MS);
		int before = e->opens + e->closes + e->ios;

		conn_close(&e->conn);
		EXPECT_EQ(e->conn.state, CONN_CLOSED);
		turn(2000);
		EXPECT_EQ(e->opens + e->closes + e->ios, before);
		EXPECT_EQ(fake_open_fds(&w.f), 0);
		EXPECT_EQ(w.l.heap.n, 0);
	}
}

TEST(conn_close_in_callbacks)
{
	struct end *e = &w.end[0];

	world_init();
	e->close_in_open = true;
	open_plain(e, 1000);
	turn(10);
	EXPECT_EQ(e->opens, 1);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	e->close_in_open = false;
	e->close_in_io = true;
	e->opens = 0;
	open_plain(e, 1000);
	turn(10);
	fake_send(&w.f, 1, 0, STR("x"));
	turn(10);
	EXPECT_EQ(e->ios, 1);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	/* on_close may open anew. */
	e->reopen_in_close = true;
	w.fixture = "expired.pem";
	open_tls(e, 1000);
	turn(100);
	EXPECT_EQ(e->err, ERR_TLS_TIME);
	EXPECT_EQ(e->opens, 2);
	EXPECT_EQ(e->conn.state, CONN_OPEN);
}

TEST(conn_tries_each_address)
{
	struct end *e = &w.end[0];
	struct conn_target to = { STR("many"), 80, NULL, STR_NONE };

	world_init();
	fake_file(&w.f, "/etc/hosts", STR("10.0.0.1 many\n10.0.0.2 many\n"
	    ADDR " many\n"));
	fake_serve(&w.f, "10.0.0.2", 80, FAKE_SILENT);
	conn_open(&e->conn, &to, w.f.now_ns + 3000 * MS);
	turn(1400);
	EXPECT_EQ(e->opens, 0);
	/* Refused at once; the silent one had half of what was left. */
	turn(200);
	EXPECT_EQ(e->opens, 1);
	EXPECT_EQ(w.f.peers, 3);
}

TEST(conn_reports_the_last_address)
{
	struct end *e = &w.end[0];
	struct conn_target to = { STR("many"), 80, NULL, STR_NONE };

	world_init();
	fake_file(&w.f, "/etc/hosts", STR("10.0.0.1 many\n10.0.0.2 many\n"));
	conn_open(&e->conn, &to, w.f.now_ns + 1000 * MS);
	turn(100);
	EXPECT_EQ(e->err, ERR_REFUSED);
	EXPECT(strstr(e->d.text, "10.0.0.2 port 80: connection refused"));
	fake_serve(&w.f, "10.0.0.1", 80, FAKE_SILENT);
	fake_serve(&w.f, "10.0.0.2", 80, FAKE_SILENT);
	conn_open(&e->conn, &to, w.f.now_ns + 1000 * MS);
	turn(1010);
	EXPECT_EQ(e->closes, 2);
	EXPECT_EQ(e->err, ERR_TIMEOUT);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	fake_serve(&w.f, "127.0.0.1", 53, FAKE_ACCEPT);
	to.host = STR("nowhere..at all");
	conn_open(&e->conn, &to, w.f.now_ns + 1000 * MS);
	turn(10);
	EXPECT_EQ(e->err, ERR_DNS);
	EXPECT(str_is(STR("nowhere..at all"), e->d.path));
}

TEST(conn_accepts)
{
	struct net_addr at = { .family = 4, .port = 8080 }, from;
	struct end *e = &w.end[0];
	int fd, peer;

	world_init();
	fd = w.f.io.tcp_listen(&w.f, &at);
	peer = fake_connect(&w.f, 8080);
	conn_accept(&e->conn, w.f.io.tcp_accept(&w.f, fd, &from), NULL, 0);
	EXPECT_EQ(e->conn.state, CONN_OPEN);
	fake_send(&w.f, peer, MS, STR("GET /"));
	turn(10);
	EXPECT_EQ(e->opens, 0);
	EXPECT_STR(got(e), "GET /");
	EXPECT_EQ(conn_write(&e->conn, "200", 3), 3);
	EXPECT_STR(fake_got(&w.f, peer), "200");
	conn_close(&e->conn);
	EXPECT_EQ(fake_open_fds(&w.f), 1);
}
