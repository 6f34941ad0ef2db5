#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "tls_ends.h"
#include "tls_peer.h"

/* The server with a real TLS engine under it, and a real client. */

#define PORT 8443
#define SEC NS_PER_S

static struct {
	struct fake_io f;
	struct mem mem;
	struct loop loop;
	struct http_server *server;
	struct ends *ends;
	int peer;
	bool deaf;			/* the client takes nothing more */
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

static void begin(void)
{
	const struct net_addr at = { .family = 4, .port = PORT };

	memset(&w, 0, sizeof(w));
	fake_io_init(&w.f);
	w.f.react = carry;
	w.peer = -1;
	w.ends = ends_new();
	REQUIRE(!ends_serve(w.ends, "h", PEER_WALL_S + 3600));
	mem_init(&w.mem, &w.f.io);
	REQUIRE(!loop_init(&w.loop, &w.mem, &w.f.io));
	REQUIRE(!http_server_new(&w.mem, &w.loop, routes, ARRAY_LEN(routes),
	    &w.server));
	REQUIRE(!http_server_secure(w.server, &w.mem, w.ends->shown));
	REQUIRE(!http_server_listen(w.server, &at));
}

static void end(void)
{
	http_server_stop(w.server);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	EXPECT_EQ(w.loop.heap.n, 0);
	EXPECT(!w.loop.work_head);
	EXPECT(w.f.waits < 20000);
	mem_free_all(&w.mem);
	ends_free(w.ends);
	fake_io_free(&w.f);
}

static void run(int64_t ns)
{
	int64_t until_ns = w.f.now_ns + ns;

	do
		loop_turn(&w.loop, until_ns);
	while (w.f.now_ns < until_ns || w.loop.work_head);
}

static void client(const char *name)
{
	struct tls_start how = { .trust = w.ends->ca,
		.name = str_from(name), .wall_ns = PEER_WALL_NS };

	w.got_n = 0;
	REQUIRE(!tls_begin(w.ends->client, &how));
	w.peer = fake_connect(&w.f, PORT);
	carry(NULL, &w.f, w.peer);
	run(SEC / 10);
}

static void ask(const char *text)
{
	struct tls *t = w.ends->client;

	w.got_n = 0;
	EXPECT_EQ(tls_write(t, text, strlen(text)), (int)strlen(text));
	tls_flush(t);
	carry(NULL, &w.f, w.peer);
	run(SEC / 10);
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
		w.f.cut = i ? few : NULL;
		client("h");
		ask("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
		EXPECT(str_starts((struct str){ w.got, w.got_n },
		    STR("HTTP/1.1 404 Not Found\r\n")));
		/* On the same connection, in many records. */
		ask("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
		EXPECT(w.got_n > WINDOWS * HTTP_SERVER_WINDOW);
		EXPECT(str_ends((struct str){ w.got, w.got_n },
		    STR("iii\r\n0\r\n\r\n")));
		EXPECT(!fake_gone(&w.f, w.peer));
	}
	end();
}

TEST(https_server_ends_with_close_notify)
{
	char c;

	begin();
	client("h");
	ask("GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	EXPECT(fake_gone(&w.f, w.peer));
	EXPECT_EQ(tls_read(w.ends->client, &c, 1), ERR_CLOSED);
	end();
}

/* One that says nothing, one that stops in the middle of its handshake, one
 * that speaks HTTP, one that does not like the name. */
TEST(https_server_outlives_bad_clients)
{
	int silent, plain;

	begin();
	silent = fake_connect(&w.f, PORT);
	plain = fake_connect(&w.f, PORT);
	fake_send(&w.f, plain, 0, STR("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
	run(SEC / 10);
	EXPECT(fake_gone(&w.f, plain));
	EXPECT(!fake_gone(&w.f, silent));
	w.deaf = true;
	client("h");
	EXPECT(!fake_gone(&w.f, w.peer));
	run(HTTP_SERVER_REQUEST_MS * NS_PER_MS);
	EXPECT(fake_gone(&w.f, silent));
	EXPECT(fake_gone(&w.f, w.peer));
	w.deaf = false;
	client("x");
	EXPECT_EQ(tls_error(w.ends->client, NULL), ERR_TLS_NAME);
	fake_end(&w.f, w.peer, 0);
	run(SEC / 10);
	EXPECT(fake_gone(&w.f, w.peer));
	client("h");
	ask("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(w.got_n > 0);
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
	peer = fake_connect(&w.f, PORT);
	fake_send(&w.f, peer, 0, (struct str){ flood, sizeof(flood) });
	loop_turn(&w.loop, w.f.now_ns + SEC);
	for (int i = 0; i < 20; i++) {
		before = w.f.reads;
		loop_turn(&w.loop, w.f.now_ns);
		EXPECT(w.f.reads - before <= CONN_READS_MAX);
	}
	EXPECT(!fake_gone(&w.f, peer));
	run((HTTP_SERVER_REQUEST_MS + 100) * NS_PER_MS);
	EXPECT(fake_gone(&w.f, peer));
	end();
}

/* More than there are places for: those in a handshake keep theirs. */
TEST(https_server_is_full)
{
	int i;

	begin();
	for (i = 0; i < HTTP_SERVER_CONNS_MAX; i++)
		fake_connect(&w.f, PORT);
	run(SEC / 10);
	client("h");
	EXPECT(!tls_is_open(w.ends->client));
	run(2 * SEC);
	EXPECT(tls_is_open(w.ends->client));
	ask("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
	EXPECT(w.got_n > 0);
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
