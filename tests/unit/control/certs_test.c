#include <string.h>

#include "manager_world.h"
#include "tls_ends.h"
#include "tls_peer.h"

#define DAY (86400 * NS_PER_S)

static struct {
	struct fake_io f;
	struct manager m;
	struct mem mem;
	struct certs certs;
	struct ends *ends;
	struct trust *own;		/* of the ends, to be given back */
} w;

static void begin(void)
{
	memset(&w, 0, sizeof(w));
	fake_io_init(&w.f);
	w.f.wall_offset_ns = PEER_WALL_NS - w.f.now_ns;
	mem_init(&w.mem, &w.f.io);
	w.m.io = &w.f.io;
	REQUIRE(!loop_init(&w.m.loop, &w.mem, &w.f.io));
	log_init(&w.m.log, &w.f.io);
	REQUIRE(!certs_init(&w.certs, &w.m, &w.mem));
	w.certs.name[0] = STR("mcp.svc");
	w.certs.names = 1;
	w.ends = ends_new();
	w.own = w.ends->shown;
	w.ends->shown = w.certs.trust;
}

static void end(void)
{
	w.ends->shown = w.own;
	ends_free(w.ends);
	mem_free_all(&w.mem);
	fake_io_free(&w.f);
}

static void run(int64_t ns)
{
	int64_t until_ns = w.f.now_ns + ns;

	while (w.f.now_ns < until_ns)
		loop_turn(&w.m.loop, until_ns);
}

/* The certificate that was loaded last is all that the client trusts. */
static void trust_it(void)
{
	REQUIRE(!trust_load_anchors(w.ends->ca, str_from(w.certs.cert),
	    w.f.io.wall_ns(&w.f), NULL));
}

static int64_t later_s(void)
{
	return (w.f.io.wall_ns(&w.f) - PEER_WALL_NS) / NS_PER_S;
}

static unsigned lines(void)
{
	struct str log = fake_std(&w.f, 2), line;
	unsigned n = 0;

	while (log.n > 0) {
		log = str_cut(log, '\n', &line);
		n++;
	}
	return n;
}

static bool tells(const char *words)
{
	struct str log = fake_std(&w.f, 2);

	return str_search(log, str_from(words)) < log.n;
}

TEST(clients_that_are_lost_are_counted_and_told_once_a_minute)
{
	const struct net_addr from = { .family = 4, .port = 5,
		.ip = { 10, 0, 0, 7 } };
	struct diag d = { .text = "client does not speak TLS" };
	int i;

	begin();
	for (i = 0; i < 300; i++) {
		certs_lost(&w.certs, &from, ERR_PROTO, &d);
		run(SEC);
	}
	EXPECT_EQ(w.m.counts.v[COUNT_SERVED_TLS_FAILURES], 300);
	EXPECT_EQ(lines(), 5);
	EXPECT(tells("\"client\":\"10.0.0.7\""));
	EXPECT(tells("\"error\":\"client does not speak TLS\""));
	EXPECT(tells("\"untold\":59"));
	end();
}

TEST(a_certificate_is_made_and_made_anew)
{
	begin();
	REQUIRE(!certs_begin(&w.certs, NULL));
	trust_it();
	EXPECT_EQ(ends_meet(w.ends, "mcp.svc", 0), 0);
	EXPECT_EQ(ends_meet(w.ends, "other.svc", 0), ERR_TLS_NAME);
	run(59 * DAY);
	EXPECT_EQ(ends_meet(w.ends, "mcp.svc", later_s()), 0);
	run(2 * DAY);
	EXPECT_EQ(ends_meet(w.ends, "mcp.svc", later_s()), ERR_TLS_TRUST);
	trust_it();
	EXPECT_EQ(ends_meet(w.ends, "mcp.svc", later_s()), 0);
	/* Never without a valid one. */
	for (int i = 0; i < 20; i++) {
		run(30 * DAY);
		trust_it();
		EXPECT_EQ(ends_meet(w.ends, "mcp.svc", later_s()), 0);
	}
	end();
}

static void files(const char *cert, const char *key)
{
	fake_file(&w.f, "/certs/tls.crt", cert ? tls_peer_file(cert) :
	    STR("nothing"));
	fake_file(&w.f, "/certs/tls.key", tls_peer_file(key));
}

static void from_files(void)
{
	begin();
	w.certs.dir = STR("/certs");
	w.certs.cert_name = STR("tls.crt");
	w.certs.key_name = STR("tls.key");
	REQUIRE(!trust_load_anchors(w.ends->ca,
	    tls_peer_files("ca-ec.pem ca-rsa.pem"), PEER_WALL_NS, NULL));
}

static unsigned lines_with(const char *words)
{
	struct str rest = { w.f.std[2], w.f.std_n[2] }, line;
	unsigned n = 0;

	while (rest.n) {
		rest = str_cut(rest, '\n', &line);
		n += str_search(line, str_from(words)) < line.n;
	}
	return n;
}

static unsigned warnings(void)
{
	return lines_with("cannot load a certificate");
}

static unsigned refusals(void)
{
	return lines_with("clients refuse the certificate that is shown");
}

TEST(a_given_certificate_has_to_be_there)
{
	struct diag d;

	from_files();
	diag_clear(&d);
	EXPECT_EQ(certs_begin(&w.certs, &d), ERR_NOENT);
	EXPECT(str_starts(str_from(d.text), STR("/certs/tls.crt: ")));
	files("ec.pem", "rsa.pem");
	diag_clear(&d);
	EXPECT_EQ(certs_begin(&w.certs, &d), ERR_BAD);
	EXPECT_STR(str_from(d.text), "certificate: the private key is not "
	    "that of the certificate");
	end();
}

TEST(a_given_certificate_is_read_again)
{
	from_files();
	files("ec.pem", "ec.pem");
	REQUIRE(!certs_begin(&w.certs, NULL));
	EXPECT_EQ(ends_meet(w.ends, "localhost", 0), 0);
	/* One of two files is replaced: the old pair is shown, and it is told
	 * once. */
	files(NULL, "rsa.pem");
	run(60 * NS_PER_S);
	EXPECT_EQ(ends_meet(w.ends, "localhost", 0), 0);
	EXPECT_EQ(warnings(), 1);
	files("rsa.pem", "rsa.pem");
	run(11 * NS_PER_S);
	EXPECT_EQ(ends_meet(w.ends, "localhost", 0), 0);
	REQUIRE(!trust_load_anchors(w.ends->ca, tls_peer_file("ca-ec.pem"),
	    PEER_WALL_NS, NULL));
	EXPECT_EQ(ends_meet(w.ends, "localhost", 0), ERR_TLS_TRUST);
	EXPECT_EQ(warnings(), 1);
	files(NULL, "rsa.pem");
	run(60 * NS_PER_S);
	EXPECT_EQ(warnings(), 2);
	end();
}

/* The fixtures are of 2026 to 2056. */
TEST(a_given_certificate_that_has_expired_is_told_of)
{
	from_files();
	files("ec.pem", "ec.pem");
	REQUIRE(!certs_begin(&w.certs, NULL));
	run(60 * NS_PER_S);
	EXPECT_EQ(refusals(), 0);
	w.f.wall_offset_ns += 40 * 365 * DAY;
	run(60 * NS_PER_S);
	EXPECT(tells(" expired at "));
	EXPECT_EQ(refusals(), 1);
	/* Once more when it was good meanwhile, as by a clock put right. */
	w.f.wall_offset_ns -= 40 * 365 * DAY;
	run(11 * NS_PER_S);
	w.f.wall_offset_ns -= 40 * 365 * DAY;
	run(60 * NS_PER_S);
	EXPECT(tells(" is not valid before "));
	EXPECT_EQ(refusals(), 2);
	end();
}

/* One that comes so is shown: the clock may be wrong. */
TEST(a_given_certificate_that_is_out_of_its_time_is_shown)
{
	from_files();
	w.f.wall_offset_ns += 40 * 365 * DAY;
	files("ec.pem", "ec.pem");
	REQUIRE(!certs_begin(&w.certs, NULL));
	EXPECT_EQ(refusals(), 1);
	EXPECT(tells(" expired at "));
	w.f.wall_offset_ns -= 40 * 365 * DAY;
	EXPECT_EQ(ends_meet(w.ends, "localhost", 0), 0);
	end();
}

/* From the client's engine to the socket and back, with time to answer. */
static size_t exchange(struct tls *t, int peer, char *got, size_t cap)
{
	struct str s;
	size_t n = 0;
	int done;

	for (int i = 0; i < 50; i++) {
		while ((s = tls_wire_out(t)).n) {
			fake_send(&mw.w->io, peer, 0, s);
			tls_wire_sent(t, s.n);
		}
		mw_run(MS);
		while ((s = fake_got(&mw.w->io, peer)).n) {
			done = tls_wire_in(t, s);
			REQUIRE(done >= 0);
			fake_take(&mw.w->io, peer, (size_t)done);
			while ((done = tls_read(t, got + n, cap - n)) > 0)
				n += (size_t)done;
		}
	}
	return n;
}

TEST(metrics_are_served_over_tls)
{
	static const char get[] = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
	const char *const args[] = {
		"--metrics-secure", "--metrics-bind-address=:8443",
		"--namespace=here", NULL
	};
	static char got[1 << 17];
	struct ends *e = ends_new();
	struct tls_start how = { .trust = e->ca,
		.name = STR("mcp-operator-metrics.here.svc") };
	struct str page = { got, 0 };
	int peer;

	mw.watch = NULL;
	mw_begin(args);
	how.wall_ns = mw.m->io->wall_ns(mw.m->io->ctx);
	REQUIRE(!trust_load_anchors(e->ca,
	    str_from(mw.m->metrics_certs.cert), how.wall_ns, NULL));
	REQUIRE(!tls_begin(e->client, &how));
	peer = fake_connect(&mw.w->io, 8443);
	EXPECT_EQ(exchange(e->client, peer, got, sizeof(got)), 0);
	REQUIRE(tls_is_open(e->client));
	EXPECT_EQ(tls_write(e->client, get, strlen(get)), (int)strlen(get));
	tls_flush(e->client);
	page.n = exchange(e->client, peer, got, sizeof(got));
	EXPECT(str_starts(page, STR("HTTP/1.1 200 OK\r\n")));
	EXPECT(str_search(page, STR("\nmcp_operator_leader 1\n")) < page.n);
	ends_free(e);
}
