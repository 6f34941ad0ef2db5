#include <string.h>

#include "check.h"
#include "server_world.h"
#include "tls_ends.h"
#include "tls_peer.h"

/* The server with a real TLS engine under it, and a real client. */

#define PORT 8443
#define SEC NS_PER_S

static struct {
	struct ends *ends;
	int peer;
	bool deaf;			/* the client takes nothing more */
	unsigned lost;
	int lost_err;			/* the last one, and why */
	struct diag why;
	char got[100000];
	size_t got_n;
} w;

enum { WINDOWS = 9 };

static int large_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	(void)ctx;
	while (out->n < HTTP_SERVER_WINDOW)
		buf_char(out, (char)('a' + *cursor % 26));
	return ++*cursor < WINDOWS;
}

static void large(void *ctx, struct str path, struct str query,
    struct http_reply *ret)
{
	(void)ctx;
	(void)path;
	(void)query;
	ret->more = large_more;
}

static const struct http_route routes[] = { { "/large", large, NULL } };

/* How long it was, and whether it is what upload() sends. */
static void measure(void *ctx, struct http_post *post)
{
	size_t i = 0;

	(void)ctx;
	while (i < post->body.n && post->body.p[i] == (char)('a' + i % 26))
		i++;
	buf_fmt(&post->out, "%U of %U", (uint64_t)i,
	    (uint64_t)post->body.n);
	http_post_answer(post, 200, "text/plain");
}

static const struct http_post_route post_routes[] = {
	{ "/measure", measure, NULL }
};

/* Between the socket and the client's engine. */
static void carry(void *ctx, struct fake_io *f, int peer)
{
	struct tls *t = w.ends->client;
	struct str s;
	int n = 0;

	(void)ctx;
	if (peer != w.peer || w.deaf)
		return;
	do {
		s = fake_got(f, peer);
		n = s.n ? tls_wire_in(t, s) : 0;
		if (n < 0)
			n = (int)s.n;
		fake_take(f, peer, (size_t)n);
		while (w.got_n < sizeof(w.got) && (n = tls_read(t,
		    w.got + w.got_n, sizeof(w.got) - w.got_n)) > 0)
			w.got_n += (size_t)n;
		while ((s = tls_wire_out(t)).n) {
			fake_send(f, peer, 0, s);
			tls_wire_sent(t, s.n);
		}
	} while (fake_got(f, peer).n && tls_error(t, NULL) == 0);
}

static void lost(void *ctx, const struct net_addr *from, int err,
    const struct diag *d)
{
	EXPECT(ctx == &w);
	EXPECT(from->family != 0);
	w.lost++;
	w.lost_err = err;
	w.why = *d;
}

static bool why(const char *words)
{
	struct str text = str_from(w.why.text);

	return str_search(text, str_from(words)) < text.n;
}

static void begin(void)
{
	memset(&w, 0, sizeof(w));
	sw_begin(routes, ARRAY_LEN(routes));
	sw.f.react = carry;
	w.peer = -1;
	w.ends = ends_new();
	REQUIRE(!ends_serve(w.ends, "h", PEER_WALL_S + 3600));
	REQUIRE(!http_server_posts(sw.server, &sw.mem, post_routes,
	    ARRAY_LEN(post_routes), 1));
	REQUIRE(!http_server_secure(sw.server, &sw.mem, w.ends->shown, lost,
	    &w));
	sw_listen(PORT);
}

static void end(void)
{
	sw_end();
	ends_free(w.ends);
}

static void client(const char *name)
{
	struct tls_start how = { .trust = w.ends->ca,
		.name = str_from(name), .wall_ns = PEER_WALL_NS };

	w.got_n = 0;
	REQUIRE(!tls_begin(w.ends->client, &how));
	w.peer = fake_connect(&sw.f, PORT);
	carry(NULL, &sw.f, w.peer);
	sw_run(SEC / 10);
}

static void ask(const char *text)
{
	struct tls *t = w.ends->client;

	w.got_n = 0;
	EXPECT_EQ(tls_write(t, text, strlen(text)), (int)strlen(text));
	tls_flush(t);
	carry(NULL, &sw.f, w.peer);
	sw_run(SEC / 10);
}

static size_t few(void *ctx, size_t n)
{
	(void)ctx;
	return n > 300 ? 300 : n > 1 ? n - 1 : n;
}

TEST(https_server_answers)
{
	begin();
	for (int i = 0; i < 2; i++) {
		sw.f.cut = i ? few : NULL;
		client("h");
		ask("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
		EXPECT(str_starts((struct str){ w.got, w.got_n },
		    STR("HTTP/1.1 404 Not Found\r\n")));
		/* On the same connection, in many records. */
		ask("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
		EXPECT(w.got_n > WINDOWS * HTTP_SERVER_WINDOW);
		EXPECT(str_ends((struct str){ w.got, w.got_n },
		    STR("iii\r\n0\r\n\r\n")));
		EXPECT(!fake_gone(&sw.f, w.peer));
	}
	EXPECT_EQ(w.lost, 0);
	end();
}

/* In records of this size, which the wire cuts in turn. */
static void upload(size_t n, size_t record)
{
	struct tls *t = w.ends->client;
	char piece[4096];
	size_t at, i;

	REQUIRE(record <= sizeof(piece));
	for (at = 0; at < n; at += i) {
		for (i = 0; i < record && at + i < n; i++)
			piece[i] = (char)('a' + (at + i) % 26);
		EXPECT_EQ(tls_write(t, piece, i), (int)i);
		tls_flush(t);
		carry(NULL, &sw.f, w.peer);
	}
	sw_run(SEC);
}

TEST(https_server_takes_bodies_of_many_records)
{
	static const struct { size_t n, record; } rows[] = {
		{ 100000, 4096 }, { 3000, 1 }, { 1, 1 }, { 20000, 1023 }
	};
	char text[128];
	struct buf b;
	size_t i;

	begin();
	client("h");
	for (i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		sw.f.cut = i % 2 ? few : NULL;
		buf_init(&b, text, sizeof(text) - 1);
		buf_fmt(&b, "POST /measure HTTP/1.1\r\nHost: h\r\n"
		    "Content-Length: %U\r\nExpect: 100-continue\r\n\r\n",
		    (uint64_t)rows[i / 2].n);
		text[b.n] = '\0';
		ask(text);
		EXPECT_STR(((struct str){ w.got, w.got_n }),
		    "HTTP/1.1 100 Continue\r\n\r\n");
		upload(rows[i / 2].n, rows[i / 2].record);
		buf_clear(&b);
		buf_fmt(&b, "\r\n\r\n%U of %U", (uint64_t)rows[i / 2].n,
		    (uint64_t)rows[i / 2].n);
		EXPECT(str_ends((struct str){ w.got, w.got_n },
		    buf_view(&b)));
	}
	end();
}

TEST(https_server_ends_with_close_notify)
{
	char c;

	begin();
	client("h");
	ask("GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	EXPECT(fake_gone(&sw.f, w.peer));
	EXPECT_EQ(tls_read(w.ends->client, &c, 1), ERR_CLOSED);
	end();
}

/* One that says nothing, one that stops in the middle of its handshake, one
 * that speaks HTTP, one that does not like the name. */
TEST(https_server_outlives_bad_clients)
{
	int silent, plain;

	begin();
	silent = fake_connect(&sw.f, PORT);
	plain = fake_connect(&sw.f, PORT);
	fake_send(&sw.f, plain, 0, STR("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
	sw_run(SEC / 10);
	EXPECT(fake_gone(&sw.f, plain));
	EXPECT(!fake_gone(&sw.f, silent));
	EXPECT_EQ(w.lost, 1);
	EXPECT_EQ(w.lost_err, ERR_PROTO);
	EXPECT(why("does not speak TLS"));
	w.deaf = true;
	client("h");
	EXPECT(!fake_gone(&sw.f, w.peer));
	sw_run(HTTP_SERVER_REQUEST_MS * NS_PER_MS);
	EXPECT(fake_gone(&sw.f, silent));
	EXPECT(fake_gone(&sw.f, w.peer));
	EXPECT_EQ(w.lost, 3);
	EXPECT_EQ(w.lost_err, ERR_TIMEOUT);
	w.deaf = false;
	client("x");
	EXPECT_EQ(tls_error(w.ends->client, NULL), ERR_TLS_NAME);
	fake_end(&sw.f, w.peer, 0);
	sw_run(SEC / 10);
	EXPECT(fake_gone(&sw.f, w.peer));
	EXPECT_EQ(w.lost, 4);
	EXPECT_EQ(w.lost_err, ERR_CLOSED);
	client("h");
	ask("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(w.got_n > 0);
	/* What ends later is no handshake. */
	fake_end(&sw.f, w.peer, 0);
	sw_run(SEC / 10);
	EXPECT_EQ(w.lost, 4);
	end();
}

TEST(https_server_tells_why_a_client_was_lost)
{
	static const struct { const char *bytes; size_t n; int err;
	    const char *why; } rows[] = {
		{ "\x15\x03\x03\x00\x02\x02\x30", 7, ERR_TLS_TRUST,
		  "client does not trust our certificate" },
		{ "\x15\x03\x01\x00\x02\x02\x46", 7, ERR_TLS,
		  "client ends the connection (alert 70" },
		{ "\x16\x03\x01\x00\x04\x05\x00\x00\x00", 9, ERR_TLS,
		  "client broke the TLS protocol" },
	};
	size_t i;
	int peer;

	begin();
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		peer = fake_connect(&sw.f, PORT);
		fake_send(&sw.f, peer, 0, (struct str){ rows[i].bytes,
		    rows[i].n });
		sw_run(SEC / 10);
		EXPECT(fake_gone(&sw.f, peer));
		EXPECT_EQ(w.lost, i + 1);
		EXPECT_EQ(w.lost_err, rows[i].err);
		EXPECT(why(rows[i].why));
	}
	end();
}

/* Records of nothing may come for ever: others have their turn, and its time
 * runs out. */
TEST(https_server_has_no_time_for_empty_records)
{
	static char flood[100000];
	uint64_t before;
	int peer;

	for (size_t i = 0; i < sizeof(flood); i += 5)
		memcpy(flood + i, "\x16\x03\x03\x00\x00", 5);
	begin();
	peer = fake_connect(&sw.f, PORT);
	fake_send(&sw.f, peer, 0, (struct str){ flood, sizeof(flood) });
	loop_turn(&sw.loop, sw.f.now_ns + SEC);
	for (int i = 0; i < 20; i++) {
		before = sw.f.reads;
		loop_turn(&sw.loop, sw.f.now_ns);
		EXPECT(sw.f.reads - before <= CONN_READS_MAX);
	}
	EXPECT(!fake_gone(&sw.f, peer));
	sw_run((HTTP_SERVER_REQUEST_MS + 100) * NS_PER_MS);
	EXPECT(fake_gone(&sw.f, peer));
	end();
}

/* More than there are places for: those in a handshake keep theirs. */
TEST(https_server_is_full)
{
	int i;

	begin();
	for (i = 0; i < HTTP_SERVER_CONNS_MAX; i++)
		fake_connect(&sw.f, PORT);
	sw_run(SEC / 10);
	client("h");
	EXPECT(!tls_is_open(w.ends->client));
	sw_run(2 * SEC);
	EXPECT(tls_is_open(w.ends->client));
	EXPECT_EQ(w.lost, 1);
	ask("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(w.got_n > 0);
	end();
}

/* A whole ClientHello of each is there at once: the loop is not held up for
 * longer than by one. */
TEST(https_server_goes_on_with_one_handshake_a_turn)
{
	struct tls_start how = { .trust = NULL, .name = STR("h"),
		.wall_ns = PEER_WALL_NS };
	int peer[HTTP_SERVER_CONNS_MAX], i, j, answered, before = 0;
	struct str hello;

	begin();
	how.trust = w.ends->ca;
	REQUIRE(!tls_begin(w.ends->client, &how));
	hello = tls_wire_out(w.ends->client);
	for (i = 0; i < HTTP_SERVER_CONNS_MAX; i++) {
		peer[i] = fake_connect(&sw.f, PORT);
		fake_send(&sw.f, peer[i], 0, hello);
	}
	for (i = 0; i < 4 * HTTP_SERVER_CONNS_MAX; i++) {
		loop_turn(&sw.loop, sw.f.now_ns);
		answered = 0;
		for (j = 0; j < HTTP_SERVER_CONNS_MAX; j++)
			answered += fake_got(&sw.f, peer[j]).n > 0;
		EXPECT(answered <= before + 1);
		EXPECT(sw.loop.heap.n <= HTTP_SERVER_CONNS_MAX + 1);
		before = answered;
	}
	EXPECT_EQ(before, HTTP_SERVER_CONNS_MAX);
	end();
}

/* Who keeps the server busy takes turns with all others. */
TEST(https_server_lets_a_flood_wait_for_its_turn)
{
	static char flood[200000];
	int i, peer;

	for (size_t n = 0; n < sizeof(flood); n += 5)
		memcpy(flood + n, "\x16\x03\x03\x00\x00", 5);
	begin();
	for (i = 0; i < HTTP_SERVER_CONNS_MAX - 1; i++) {
		peer = fake_connect(&sw.f, PORT);
		fake_send(&sw.f, peer, 0, (struct str){ flood,
		    sizeof(flood) });
	}
	for (i = 0; i < 5; i++)
		loop_turn(&sw.loop, sw.f.now_ns);
	client("h");
	EXPECT(tls_is_open(w.ends->client));
	end();
}

TEST(https_server_shows_a_new_certificate)
{
	begin();
	client("h");
	EXPECT(tls_is_open(w.ends->client));
	REQUIRE(!ends_serve(w.ends, "new", PEER_WALL_S + 7200));
	/* Whoever is connected stays so. */
	ask("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(w.got_n > 0);
	client("new");
	EXPECT(tls_is_open(w.ends->client));
	end();
}
