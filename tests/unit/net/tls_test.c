#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "tls_peer.h"

#define BOTH "ca-ec.pem ca-rsa.pem"

/* A client, its trust, and the server it talks to. */
struct wire {
	struct mem mem;
	struct trust *trust;
	struct tls *tls;
	struct tls_peer *peer;
	struct diag d;
	int64_t wall_ns;
};

static void wire_trust(struct wire *p, const char *cas)
{
	memset(p, 0, sizeof(*p));
	p->wall_ns = PEER_WALL_NS;
	mem_init(&p->mem, io_linux());
	REQUIRE(trust_new(&p->mem, &p->trust) == 0);
	REQUIRE(trust_load_anchors(p->trust, tls_peer_files(cas), p->wall_ns,
				   &p->d) == 0);
	p->tls = aligned_alloc(16, (tls_size() + 15) / 16 * 16);
	memset(p->tls, 0xa5, tls_size());
}

static int wire_begin(struct wire *p, const char *name)
{
	struct tls_start how = { p->trust, str_from(name), p->wall_ns,
				 { 1, 2, 3 } };

	diag_clear(&p->d);
	return tls_begin(p->tls, &how);
}

static void wire_init(struct wire *p, const char *cas, const char *server,
		      const char *name)
{
	wire_trust(p, cas);
	p->peer = tls_peer_new(server, NULL);
	REQUIRE(wire_begin(p, name) == 0);
}

/* The whole handshake; what the client says of it. */
static int shake(const char *cas, const char *server, const char *name,
		 struct diag *d)
{
	struct wire p;
	int err;

	wire_init(&p, cas, server, name);
	err = tls_peer_settle(p.peer, p.tls, SIZE_MAX);
	EXPECT_EQ(tls_error(p.tls, d), err);
	EXPECT_EQ(tls_is_open(p.tls), !err);
	return err;
}

/* The same when it is to fail: err, and a text that has these words. */
static void refused(const char *cas, const char *server, const char *name,
		    int err, const char *words)
{
	struct diag d;

	diag_clear(&d);
	EXPECT_EQ(shake(cas, server, name, &d), err);
	if (!strstr(d.text, words))
		test_fail(__FILE__, __LINE__, "%s: \"%s\" lacks \"%s\"",
			  server, d.text, words);
}

static void echo(struct wire *p, size_t piece)
{
	char got[64];

	REQUIRE(tls_write(p->tls, "question", 8) == 8);
	EXPECT_EQ(tls_wire_out(p->tls).n, 0);
	tls_flush(p->tls);
	EXPECT(tls_wire_out(p->tls).n > 8);
	EXPECT_EQ(tls_peer_settle(p->peer, p->tls, piece), 0);
	EXPECT_EQ(tls_peer_read(p->peer, got, sizeof(got)), 8);
	EXPECT_MEM(got, "question", 8);
	EXPECT_EQ(tls_read(p->tls, got, sizeof(got)), ERR_AGAIN);
	EXPECT_EQ(tls_peer_write(p->peer, "answer", 6), 6);
	EXPECT_EQ(tls_peer_settle(p->peer, p->tls, piece), 0);
	EXPECT(tls_in_ready(p->tls));
	EXPECT_EQ(tls_read(p->tls, got, 2), 2);
	EXPECT_EQ(tls_read(p->tls, got + 2, sizeof(got)), 4);
	EXPECT_MEM(got, "answer", 6);
	EXPECT(!tls_in_ready(p->tls));
}

TEST(tls_talks_to_every_kind_of_server)
{
	static const char *const servers[] = {
		"ec.pem", "p384.pem", "p521.pem", "rsa.pem", "rsa4096.pem",
		"no-eku.pem", "any-eku.pem", "critical-san.pem", "chain.pem",
	};

	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		struct wire p;

		wire_init(&p, BOTH, servers[i], "kubernetes.default.svc");
		if (tls_peer_settle(p.peer, p.tls, SIZE_MAX))
			test_fail(__FILE__, __LINE__, "%s", servers[i]);
		else
			echo(&p, SIZE_MAX);
	}
}

TEST(tls_may_be_cut_at_any_byte)
{
	for (size_t piece = 1; piece < 12; piece++) {
		struct wire p;

		wire_init(&p, BOTH, piece % 2 ? "chain.pem" : "rsa.pem",
			  "10.96.0.1");
		EXPECT_EQ(tls_peer_settle(p.peer, p.tls, piece), 0);
		EXPECT(tls_is_open(p.tls));
		echo(&p, piece);
	}
}

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

/* Both directions at once, in records of all sizes. */
TEST(tls_carries_bulk_both_ways)
{
	enum { ALL = 300000 };
	static uint8_t up[ALL], down[ALL];
	size_t sent = 0, got = 0, peer_sent = 0, peer_got = 0, step = 1;
	uint8_t buf[5000];
	struct wire p;

	for (size_t i = 0; i < ALL; i++)
		up[i] = down[i] = pattern(i);
	wire_init(&p, BOTH, "ec.pem", "::1");
	REQUIRE(tls_peer_settle(p.peer, p.tls, SIZE_MAX) == 0);
	while (got < ALL || peer_got < ALL) {
		size_t want = step++ % 6000 + 1, n;
		int k;

		if (sent < ALL) {
			k = tls_write(p.tls, up + sent,
				      want < ALL - sent ? want : ALL - sent);
			sent += k > 0 ? (size_t)k : 0;
			tls_flush(p.tls);
		}
		n = want * 3 < ALL - peer_sent ? want * 3 : ALL - peer_sent;
		peer_sent += tls_peer_write(p.peer, down + peer_sent, n);
		REQUIRE(tls_peer_move(p.peer, p.tls, want) >= 0);
		k = tls_read(p.tls, buf, want < 5000 ? want : 5000);
		REQUIRE(k > 0 || k == ERR_AGAIN);
		if (k > 0) {
			EXPECT_MEM(buf, down + got, (size_t)k);
			got += (size_t)k;
		}
		n = tls_peer_read(p.peer, buf, sizeof(buf));
		EXPECT_MEM(buf, up + peer_got, n);
		peer_got += n;
	}
	EXPECT_EQ(got, ALL);
	EXPECT_EQ(peer_got, ALL);
}

TEST(tls_takes_only_names_that_the_certificate_has)
{
	static const char *const yes[] = {
		"kubernetes.default.svc", "Kubernetes.Default.Svc.",
		"x.wild.example.org", "10.96.0.1", "127.0.0.1", "::1",
	};
	static const char *const no[] = {
		"kubernetes.default.svc.evil", "wild.example.org",
		"a.b.wild.example.org", "10.9.9.9", "::2", "ec",
	};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		EXPECT_EQ(shake(BOTH, "ec.pem", yes[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		refused(BOTH, "ec.pem", no[i], ERR_TLS_NAME,
			"127.0.0.1, ::1");
}

TEST(tls_refuses_what_is_no_name)
{
	char longest[300];
	struct wire p;

	wire_trust(&p, BOTH);
	memset(longest, 'a', sizeof(longest));
	longest[299] = '\0';
	EXPECT_EQ(wire_begin(&p, ""), ERR_BAD);
	EXPECT_EQ(wire_begin(&p, "."), ERR_BAD);
	EXPECT_EQ(wire_begin(&p, longest), ERR_BAD);
}

TEST(tls_common_name_does_not_count)
{
	refused(BOTH, "cn-only.pem", "kubernetes.default.svc", ERR_TLS_NAME,
		"names no host");
}

TEST(tls_client_certificate_is_no_server)
{
	refused(BOTH, "client-eku.pem", "localhost", ERR_TLS_TRUST,
		"not meant for servers");
}

TEST(tls_refuses_times)
{
	refused(BOTH, "expired.pem", "localhost", ERR_TLS_TIME,
		"expired at 2026-06-01T00:00:00Z; the clock here says "
		"2027-01-01T00:00:00Z");
	refused(BOTH, "early.pem", "localhost", ERR_TLS_TIME,
		"not valid before 2040-01-01T00:00:00Z");
}

TEST(tls_refuses_strangers)
{
	refused("ca-other.pem", "ec.pem", "localhost", ERR_TLS_TRUST,
		"\"test root ec\"");
	refused("ca-twin.pem", "ec.pem", "localhost", ERR_TLS_TRUST,
		"\"test root ec\"");
	refused("ca-other.pem", "chain.pem", "localhost", ERR_TLS_TRUST,
		"test intermediate");
	refused(BOTH, "under-not-ca.pem", "localhost", ERR_TLS_TRUST,
		"does not lead");
	refused(BOTH, "self.pem", "localhost", ERR_TLS_TRUST, "\"self\"");
	EXPECT_EQ(shake("ca-twin.pem ca-ec.pem", "ec.pem", "localhost", NULL),
		  0);
	/* Trusted for itself, as a kubeconfig may have it. */
	EXPECT_EQ(shake("self.pem", "self.pem", "localhost", NULL), 0);
}

TEST(tls_refuses_algorithms)
{
	refused(BOTH, "sha1.pem", "localhost", ERR_TLS_KEY,
		"SHA-1 with ECDSA");
	refused(BOTH, "rsa1024.pem", "localhost", ERR_TLS_KEY, "1024 bits");
	refused(BOTH, "critical-eku.pem", "localhost", ERR_TLS,
		"extended key usage");
}

TEST(tls_root_expires_while_loaded)
{
	struct wire p;

	wire_init(&p, "ca-short.pem ca-other.pem", "under-short.pem",
		  "localhost");
	EXPECT_EQ(tls_peer_settle(p.peer, p.tls, SIZE_MAX), 0);
	p.wall_ns += 200 * 86400 * NS_PER_S;
	p.peer = tls_peer_new("under-short.pem", NULL);
	REQUIRE(wire_begin(&p, "localhost") == 0);
	EXPECT_EQ(tls_peer_settle(p.peer, p.tls, SIZE_MAX), ERR_TLS_TRUST);
	wire_init(&p, "ca-short.pem", "under-short.pem", "localhost");
	p.wall_ns += 200 * 86400 * NS_PER_S;
	REQUIRE(wire_begin(&p, "localhost") == 0);
	EXPECT_EQ(tls_peer_settle(p.peer, p.tls, SIZE_MAX), ERR_TLS_TRUST);
	EXPECT_EQ(tls_error(p.tls, &p.d), ERR_TLS_TRUST);
	EXPECT(strstr(p.d.text, "valid today"));
}

static void client_shakes(const char *client, const char *ca)
{
	struct wire p;

	wire_trust(&p, BOTH);
	p.peer = tls_peer_new("rsa.pem", ca);
	REQUIRE(trust_load_client(p.trust, tls_peer_file(client),
				  tls_peer_file(client), &p.d) == 0);
	REQUIRE(wire_begin(&p, "localhost") == 0);
	EXPECT_EQ(tls_peer_settle(p.peer, p.tls, 100), 0);
	EXPECT_EQ(br_ssl_engine_last_error(&p.peer->sc.eng), 0);
	if (tls_is_open(p.tls))
		echo(&p, SIZE_MAX);
	else
		test_fail(__FILE__, __LINE__, "%s", client);
}

TEST(tls_client_certificates)
{
	client_shakes("client-ec.pem", "ca-ec.pem");
	client_shakes("client-p384.pem", "ca-ec.pem");
	client_shakes("client-rsa.pem", "ca-rsa.pem");
	client_shakes("client-rsa4096.pem", "ca-rsa.pem");
}

/* A fatal alert in the clear. */
static int alert(struct wire *p, uint8_t code)
{
	uint8_t record[7] = { 21, 3, 3, 0, 2, 2, code };
	int n = tls_wire_in(p->tls, guard_copy(record, sizeof(record)));

	EXPECT_EQ(tls_error(p->tls, &p->d), n);
	return n;
}

TEST(tls_alert_before_the_hello)
{
	struct wire p;

	wire_init(&p, BOTH, "ec.pem", "localhost");
	tls_wire_sent(p.tls, tls_wire_out(p.tls).n);
	EXPECT_EQ(alert(&p, 70), ERR_TLS_VERSION);
	EXPECT(strstr(p.d.text, "TLS 1.3"));
	wire_init(&p, BOTH, "ec.pem", "localhost");
	tls_wire_sent(p.tls, tls_wire_out(p.tls).n);
	EXPECT_EQ(alert(&p, 40), ERR_TLS);
	EXPECT(strstr(p.d.text, "FIPS"));
	wire_init(&p, BOTH, "ec.pem", "localhost");
	tls_wire_sent(p.tls, tls_wire_out(p.tls).n);
	EXPECT_EQ(alert(&p, 112), ERR_TLS_NAME);
}

/* All but what the server says last: its Finished. */
static void until_finished(struct wire *p)
{
	uint8_t wire[8192];
	size_t n;

	for (int i = 0; i < 2; i++) {
		struct str out = tls_wire_out(p->tls);

		n = tls_peer_wire_in(p->peer, out.p, out.n);
		tls_wire_sent(p->tls, n);
		while (i == 0 && (n = tls_peer_wire_out(p->peer, wire,
							sizeof(wire))))
			REQUIRE(tls_wire_in(p->tls, guard_copy(wire, n)) ==
				(int)n);
	}
	REQUIRE(!tls_is_open(p->tls));
}

/* What Go's server does in FIPS mode, see bearssl.md: after key exchange. */
TEST(tls_alert_after_the_hello)
{
	struct wire p;

	wire_init(&p, BOTH, "ec.pem", "localhost");
	until_finished(&p);
	EXPECT_EQ(alert(&p, 40), ERR_TLS_EMS);
	EXPECT(strstr(p.d.text, "FIPS"));
	EXPECT(strstr(p.d.text, "extended master secret"));
	wire_init(&p, BOTH, "ec.pem", "localhost");
	until_finished(&p);
	EXPECT_EQ(alert(&p, 80), ERR_TLS);
	EXPECT(strstr(p.d.text, "internal_error"));
}

TEST(tls_alert_on_certificates)
{
	struct wire p;

	wire_trust(&p, BOTH);
	p.peer = tls_peer_new("ec.pem", "ca-ec.pem");
	REQUIRE(wire_begin(&p, "localhost") == 0);
	until_finished(&p);
	EXPECT_EQ(alert(&p, 40), ERR_TLS);
	EXPECT(strstr(p.d.text, "none is configured"));
	p.peer = tls_peer_new("ec.pem", "ca-ec.pem");
	REQUIRE(trust_load_client(p.trust, tls_peer_file("client-ec.pem"),
				  tls_peer_file("client-ec.pem"), &p.d) == 0);
	REQUIRE(wire_begin(&p, "localhost") == 0);
	until_finished(&p);
	EXPECT_EQ(alert(&p, 42), ERR_TLS);
	EXPECT(strstr(p.d.text, "refuses our client certificate"));
}

TEST(tls_meets_other_protocols)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	static const uint8_t ssl2[] = { 22, 2, 0, 0, 10 };
	/* A ServerHello that chooses TLS 1.1. */
	static const uint8_t tls11[47] = {
		[0] = 22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2, [44] = 0xc0, 0x13
	};
	struct wire p;

	wire_init(&p, BOTH, "ec.pem", "localhost");
	EXPECT_EQ(tls_wire_in(p.tls, guard_copy(http, sizeof(http))),
		  ERR_PROTO);
	wire_init(&p, BOTH, "ec.pem", "localhost");
	EXPECT_EQ(tls_wire_in(p.tls, guard_copy(ssl2, sizeof(ssl2))),
		  ERR_TLS_VERSION);
	wire_init(&p, BOTH, "ec.pem", "localhost");
	EXPECT_EQ(tls_wire_in(p.tls, guard_copy(tls11, sizeof(tls11))),
		  ERR_TLS_VERSION);
}

TEST(tls_refuses_old_suites)
{
	static const uint16_t old[] = {
		BR_TLS_RSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		BR_TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA,
	};
	struct wire p;

	wire_init(&p, BOTH, "rsa.pem", "localhost");
	br_ssl_engine_set_suites(&p.peer->sc.eng, old, ARRAY_LEN(old));
	EXPECT(br_ssl_server_reset(&p.peer->sc));
	EXPECT(tls_peer_settle(p.peer, p.tls, SIZE_MAX) < 0);
	EXPECT(!tls_is_open(p.tls));
}

TEST(tls_speaks_each_suite)
{
	static const uint16_t suites[] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	};

	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct wire p;

		wire_init(&p, BOTH, "ec.pem", "localhost");
		br_ssl_engine_set_suites(&p.peer->sc.eng, &suites[i], 1);
		EXPECT(br_ssl_server_reset(&p.peer->sc));
		REQUIRE(tls_peer_settle(p.peer, p.tls, SIZE_MAX) == 0);
		echo(&p, SIZE_MAX);
	}
}

static bool hello_has(const char *name, const char *words)
{
	struct wire p;

	wire_trust(&p, BOTH);
	REQUIRE(wire_begin(&p, name) == 0);
	return str_search(tls_wire_out(p.tls), str_from(words)) <
	    tls_wire_out(p.tls).n;
}

TEST(tls_server_name_only_for_names)
{
	EXPECT(hello_has("kubernetes.default.svc", "kubernetes.default.svc"));
	EXPECT(!hello_has("localhost.", "localhost."));
	EXPECT(hello_has("localhost.", "localhost"));
	EXPECT(!hello_has("10.96.0.1", "10.96.0.1"));
}

TEST(tls_randomness_is_the_seed)
{
	struct wire p, q;
	struct str a, b;
	struct tls_start how;

	wire_trust(&p, BOTH);
	wire_trust(&q, BOTH);
	EXPECT_EQ(wire_begin(&p, "localhost"), 0);
	EXPECT_EQ(wire_begin(&q, "localhost"), 0);
	a = tls_wire_out(p.tls);
	b = tls_wire_out(q.tls);
	EXPECT(str_eq(a, b));
	how = (struct tls_start){ q.trust, STR("localhost"), q.wall_ns,
				  { 1, 2, 4 } };
	EXPECT_EQ(tls_begin(q.tls, &how), 0);
	b = tls_wire_out(q.tls);
	EXPECT(a.n == b.n && !str_eq(a, b));
}

TEST(tls_outlives_one_new_load)
{
	struct wire p;

	wire_init(&p, BOTH, "ec.pem", "localhost");
	REQUIRE(tls_peer_move(p.peer, p.tls, 50) > 0);
	REQUIRE(trust_load_anchors(p.trust, tls_peer_file("ca-other.pem"),
				   PEER_WALL_NS, &p.d) == 0);
	REQUIRE(trust_load_client(p.trust, STR_NONE, STR_NONE, &p.d) == 0);
	EXPECT_EQ(tls_peer_settle(p.peer, p.tls, 50), 0);
	EXPECT(tls_is_open(p.tls));
	/* The next handshake has the new ones; an open one needs none. */
	REQUIRE(trust_load_anchors(p.trust, tls_peer_file("ca-rsa.pem"),
				   PEER_WALL_NS, &p.d) == 0);
	echo(&p, 50);
	p.peer = tls_peer_new("ec.pem", NULL);
	REQUIRE(wire_begin(&p, "localhost") == 0);
	EXPECT_EQ(tls_peer_settle(p.peer, p.tls, 50), ERR_TLS_TRUST);
}

TEST(tls_fails_when_its_trust_is_overwritten)
{
	struct wire p;

	wire_init(&p, BOTH, "ec.pem", "localhost");
	REQUIRE(tls_peer_move(p.peer, p.tls, 50) > 0);
	REQUIRE(trust_load_anchors(p.trust, tls_peer_file("ca-ec.pem"),
				   PEER_WALL_NS, &p.d) == 0);
	/* A load that fails has used the other half all the same. */
	EXPECT_EQ(trust_load_anchors(p.trust, STR("none"), PEER_WALL_NS,
				     &p.d), ERR_NOENT);
	EXPECT_EQ(tls_wire_out(p.tls).n, 0);
	EXPECT_EQ(tls_wire_got(p.tls, 0), ERR_TLS);
	EXPECT_EQ(tls_wire_in(p.tls, STR("x")), ERR_TLS);
	EXPECT_EQ(tls_error(p.tls, &p.d), ERR_TLS);
	EXPECT_EQ(tls_write(p.tls, "x", 1), ERR_TLS);
}

TEST(tls_data_before_close_notify_is_read)
{
	struct wire p;
	char got[16];

	wire_init(&p, BOTH, "ec.pem", "localhost");
	REQUIRE(tls_peer_settle(p.peer, p.tls, SIZE_MAX) == 0);
	EXPECT_EQ(tls_peer_write(p.peer, "last", 4), 4);
	REQUIRE(tls_peer_settle(p.peer, p.tls, SIZE_MAX) == 0);
	br_ssl_engine_close(&p.peer->sc.eng);
	EXPECT_EQ(tls_peer_settle(p.peer, p.tls, SIZE_MAX), 0);
	EXPECT_EQ(tls_read(p.tls, got, sizeof(got)), 4);
	EXPECT_EQ(tls_read(p.tls, got, sizeof(got)), ERR_AGAIN);
	EXPECT_EQ(tls_peer_settle(p.peer, p.tls, SIZE_MAX), ERR_CLOSED);
	EXPECT_EQ(tls_read(p.tls, got, sizeof(got)), ERR_CLOSED);
	EXPECT_EQ(tls_write(p.tls, "x", 1), ERR_CLOSED);
	EXPECT_EQ(tls_error(p.tls, &p.d), 0);
	/* And our own close_notify goes out. */
	EXPECT(tls_wire_out(p.tls).n > 0);
}

TEST(tls_close_tells_the_peer)
{
	struct wire p;
	char got[16];
	struct str out;

	wire_init(&p, BOTH, "ec.pem", "localhost");
	tls_close(p.tls);
	REQUIRE(tls_peer_settle(p.peer, p.tls, SIZE_MAX) == 0);
	EXPECT_EQ(tls_write(p.tls, "unsent", 6), 6);
	tls_close(p.tls);
	while ((out = tls_wire_out(p.tls)).n)
		tls_wire_sent(p.tls, tls_peer_wire_in(p.peer, out.p, out.n) ?
			      out.n : 1);
	EXPECT_EQ(tls_peer_read(p.peer, got, sizeof(got)), 6);
}

TEST(tls_damaged_record)
{
	struct wire p;
	uint8_t wire[256];
	size_t n;

	wire_init(&p, BOTH, "ec.pem", "localhost");
	REQUIRE(tls_peer_settle(p.peer, p.tls, SIZE_MAX) == 0);
	EXPECT_EQ(tls_peer_write(p.peer, "data", 4), 4);
	n = tls_peer_wire_out(p.peer, wire, sizeof(wire));
	wire[n - 1] ^= 1;
	EXPECT_EQ(tls_wire_in(p.tls, guard_copy(wire, n)), ERR_TLS);
	EXPECT_EQ(tls_error(p.tls, &p.d), ERR_TLS);
	EXPECT(strstr(p.d.text, "damaged"));
	EXPECT_EQ(tls_read(p.tls, wire, sizeof(wire)), ERR_TLS);
}

/* Every byte of the server's flights turned over, one a handshake: it fails,
 * whatever it says, and nothing is read out of place. */
TEST(tls_damaged_handshake)
{
	struct wire p;
	uint8_t wire[4096];
	size_t n, all = 1;

	wire_trust(&p, BOTH);
	for (size_t at = 0; at < all; at += 13) {
		size_t seen = 0;
		int err = 0;

		p.peer = tls_peer_new("ec.pem", NULL);
		REQUIRE(wire_begin(&p, "localhost") == 0);
		for (int i = 0; i < 40 && !err; i++) {
			struct str out = tls_wire_out(p.tls);

			n = tls_peer_wire_in(p.peer, out.p, out.n);
			tls_wire_sent(p.tls, n);
			n = tls_peer_wire_out(p.peer, wire, sizeof(wire));
			if (at >= seen && at < seen + n)
				wire[at - seen] ^= 0x5a;
			seen += n;
			err = n ? tls_wire_in(p.tls, guard_copy(wire, n)) : 0;
			err = err > 0 ? 0 : err;
			guard_reset();
		}
		if (seen > all)
			all = seen;
		EXPECT(!tls_is_open(p.tls));
		free(p.peer);
	}
	EXPECT(all > 700);
}

TEST(tls_must_be_drained_between_records)
{
	struct wire p;
	uint8_t wire[512];
	char got[8];
	size_t n;

	wire_init(&p, BOTH, "ec.pem", "localhost");
	REQUIRE(tls_peer_settle(p.peer, p.tls, SIZE_MAX) == 0);
	tls_peer_write(p.peer, "one", 3);
	n = tls_peer_wire_out(p.peer, wire, sizeof(wire));
	tls_peer_write(p.peer, "two", 3);
	n += tls_peer_wire_out(p.peer, wire + n, sizeof(wire) - n);
	EXPECT_EQ(tls_wire_in(p.tls, guard_copy(wire, n)), n / 2);
	EXPECT_EQ(tls_wire_in(p.tls, guard_copy(wire + n / 2, n / 2)), 0);
	EXPECT_EQ(tls_read(p.tls, got, 8), 3);
	EXPECT_EQ(tls_wire_in(p.tls, guard_copy(wire + n / 2, n / 2)), n / 2);
	EXPECT_EQ(tls_read(p.tls, got, 8), 3);
	EXPECT_MEM(got, "two", 3);
}

TEST(tls_does_not_renegotiate)
{
	struct wire p;

	wire_init(&p, BOTH, "ec.pem", "localhost");
	REQUIRE(tls_peer_settle(p.peer, p.tls, SIZE_MAX) == 0);
	EXPECT(br_ssl_engine_renegotiate(&p.peer->sc.eng));
	tls_peer_settle(p.peer, p.tls, SIZE_MAX);
	/* The answer was a no_renegotiation, which this server calls fatal. */
	EXPECT_EQ(br_ssl_engine_last_error(&p.peer->sc.eng),
		  BR_ERR_RECV_FATAL_ALERT + 100);
	EXPECT_EQ(tls_error(p.tls, NULL), 0);
	EXPECT_EQ(tls_write(p.tls, "still", 5), 5);
}
