/*
 * What is wrong with a certificate, as the user reads it: real handshakes in
 * memory, each against a server that differs from a good one in one thing,
 * at 2027-01-01.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "tls_peer.h"

#define DAY_NS (86400 * NS_PER_S)

struct wire {
	struct mem mem;
	struct trust *trust;
	struct tls *tls;
	struct tls_peer *peer;
	struct diag d;
	int64_t wall_ns;
};

static void wire_init(struct wire *w, const char *cas)
{
	memset(w, 0, sizeof(*w));
	w->wall_ns = PEER_WALL_NS;
	mem_init(&w->mem, io_linux());
	REQUIRE(trust_new(&w->mem, &w->trust) == 0);
	REQUIRE(trust_load_anchors(w->trust, tls_peer_files(cas), w->wall_ns,
	    &w->d) == 0);
	w->tls = aligned_alloc(16, (tls_size() + 15) / 16 * 16);
}

static void wire_free(struct wire *w)
{
	free(w->tls);
	free(w->peer);
	mem_free_all(&w->mem);
	guard_reset();
}

/* A connection to a server with that certificate. */
static void connect_to(struct wire *w, const char *server, const char *name,
    const char *client_ca)
{
	struct tls_start how = { w->trust, str_from(name), w->wall_ns,
		{ 1, 2, 3 } };

	free(w->peer);
	w->peer = tls_peer_new(server, client_ca);
	diag_clear(&w->d);
	REQUIRE(tls_begin(w->tls, &how) == 0);
}

static int shake(struct wire *w, size_t piece)
{
	int err = tls_peer_settle(w->peer, w->tls, piece);

	EXPECT_EQ(tls_error(w->tls, &w->d), err);
	return err;
}

static const struct wrong {
	const char *what;
	const char *cas, *server, *name;
	int err;
	const char *text;
} wrongs[] = {
	{ "nothing", "ca-ec.pem", "ec.pem", "localhost", 0, "" },
	{ "nothing, with an intermediate", "ca-ec.pem", "chain.pem",
	  "localhost", 0, "" },
	{ "nothing, self-signed and trusted for itself", "self.pem",
	  "self.pem", "localhost", 0, "" },
	{ "expired", "ca-ec.pem", "expired.pem", "localhost", ERR_TLS_TIME,
	  "the server's certificate expired at 2026-06-01T00:00:00Z; the "
	  "clock here says 2027-01-01T00:00:00Z" },
	{ "not valid yet", "ca-ec.pem", "early.pem", "localhost",
	  ERR_TLS_TIME,
	  "the server's certificate is not valid before "
	  "2040-01-01T00:00:00Z; the clock here says "
	  "2027-01-01T00:00:00Z" },
	{ "an intermediate expired", "ca-more.pem", "under-old-middle.pem",
	  "localhost", ERR_TLS_TIME,
	  "a CA certificate that the server sends is expired or not yet "
	  "valid; the clock here says 2027-01-01T00:00:00Z" },
	{ "another name", "ca-ec.pem", "ec.pem", "api.example.org",
	  ERR_TLS_NAME,
	  "the server's certificate does not name \"api.example.org\" but: "
	  "kubernetes.default.svc, *.wild.example.org, localhost, "
	  "10.96.0.1, 127.0.0.1, ::1" },
	{ "another address", "ca-ec.pem", "ec.pem", "10.96.0.2",
	  ERR_TLS_NAME,
	  "the server's certificate does not name \"10.96.0.2\" but: "
	  "kubernetes.default.svc, *.wild.example.org, localhost, "
	  "10.96.0.1, 127.0.0.1, ::1" },
	{ "no name", "ca-ec.pem", "cn-only.pem", "kubernetes.default.svc",
	  ERR_TLS_NAME,
	  "the server's certificate names no host (subjectAltName is empty; "
	  "a common name does not count)" },
	{ "meant for clients", "ca-ec.pem", "client-eku.pem", "localhost",
	  ERR_TLS_TRUST,
	  "the server's certificate is not meant for servers (its extended "
	  "key usage lacks serverAuth)" },
	{ "unknown CA", "ca-rsa.pem", "ec.pem", "localhost", ERR_TLS_TRUST,
	  "the server's certificate, issued by \"test root ec\", does not "
	  "lead to a CA that is trusted here" },
	{ "a CA of the same name with another key", "ca-twin.pem", "ec.pem",
	  "localhost", ERR_TLS_TRUST,
	  "the server's certificate, issued by \"test root ec\", does not "
	  "lead to a CA that is trusted here" },
	{ "self-signed", "ca-ec.pem", "self.pem", "localhost",
	  ERR_TLS_TRUST,
	  "the server's certificate, issued by \"self\", does not lead to a "
	  "CA that is trusted here" },
	{ "the intermediate is missing", "ca-ec.pem", "alone.pem",
	  "localhost", ERR_TLS_TRUST,
	  "the server's certificate, issued by \"test intermediate\", does "
	  "not lead to a CA that is trusted here" },
	{ "another intermediate", "ca-ec.pem", "crossed.pem", "localhost",
	  ERR_TLS_TRUST,
	  "the server's certificate, issued by \"test intermediate\", does "
	  "not lead to a CA that is trusted here" },
	{ "an intermediate that is no CA", "ca-ec.pem", "under-not-ca.pem",
	  "localhost", ERR_TLS_TRUST,
	  "the server's certificate, issued by \"test not ca\", does not "
	  "lead to a CA that is trusted here" },
	{ "an intermediate of another root", "ca-other.pem", "chain.pem",
	  "localhost", ERR_TLS_TRUST,
	  "the server's certificate, issued by \"test intermediate\", does "
	  "not lead to a CA that is trusted here" },
	{ "a key too small", "ca-rsa.pem", "rsa1024.pem", "localhost",
	  ERR_TLS_KEY,
	  "the server's certificate has an RSA key of 1024 bits and is "
	  "signed by SHA-256 with RSA, or one above it is such; EC (P-256, "
	  "P-384, P-521) and RSA of 2048 to 4096 bits with SHA-256, 384 or "
	  "512 are taken" },
	{ "signed with SHA-1", "ca-ec.pem", "sha1.pem", "localhost",
	  ERR_TLS_KEY,
	  "the server's certificate has an EC key of 256 bits and is signed "
	  "by SHA-1 with ECDSA, or one above it is such; EC (P-256, P-384, "
	  "P-521) and RSA of 2048 to 4096 bits with SHA-256, 384 or 512 are "
	  "taken" },
	{ "a critical extension", "ca-ec.pem", "critical-eku.pem",
	  "localhost", ERR_TLS,
	  "a certificate of the server has a critical extension that is not "
	  "supported (extended key usage)" },
};

/* Whole, and in pieces: the text is the same. */
TEST(server_certificates_that_are_wrong)
{
	static const size_t pieces[] = { SIZE_MAX, 1, 7 };

	for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
		const struct wrong *x = &wrongs[i];

		for (size_t k = 0; k < ARRAY_LEN(pieces); k++) {
			struct wire w;
			int err;

			wire_init(&w, x->cas);
			connect_to(&w, x->server, x->name, NULL);
			err = shake(&w, pieces[k]);
			if (err != x->err || strcmp(w.d.text, x->text) != 0)
				test_fail(__FILE__, __LINE__,
				    "%s: %d \"%s\"", x->what, err, w.d.text);
			wire_free(&w);
		}
	}
}

/* The bundle itself: refused whole, and what was there before stays. */
TEST(ca_bundles_that_are_wrong)
{
	static const struct {
		const char *cas;
		int err;
		const char *text;
	} rows[] = {
		{ "ca-old.pem", ERR_TLS_TIME, "CA certificate \"test root "
		  "old\" expired at 2026-06-01T00:00:00Z; the clock here "
		  "says 2027-01-01T00:00:00Z" },
		{ "ca-early.pem", ERR_TLS_TIME, "CA certificate \"test root "
		  "early\" is not valid before 2040-01-01T00:00:00Z; the "
		  "clock here says 2027-01-01T00:00:00Z" },
		{ "ca-ed25519.pem", ERR_TLS_KEY, "CA certificate: its key "
		  "is neither EC (P-256, P-384, P-521) nor RSA of 2048 to "
		  "4096 bits" },
		{ "key-sec1.pem", ERR_NOENT, "no CA certificate in it" },
	};
	struct wire w;

	wire_init(&w, "ca-ec.pem");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct diag d;

		diag_clear(&d);
		EXPECT_EQ(trust_load_anchors(w.trust,
		    tls_peer_files(rows[i].cas), w.wall_ns, &d),
		    rows[i].err);
		EXPECT_STR(str_from(d.text), rows[i].text);
		connect_to(&w, "ec.pem", "localhost", NULL);
		EXPECT_EQ(shake(&w, SIZE_MAX), 0);
	}
	wire_free(&w);
}

/* Cut anywhere, as a reader sees it that comes while it is written. */
TEST(ca_bundles_that_are_half_written)
{
	struct str pem;
	struct wire w;
	uint32_t taken = 0;

	wire_init(&w, "ca-ec.pem");
	pem = tls_peer_file("ca-rsa.pem");
	for (size_t n = 0; n < pem.n; n++) {
		struct diag d;
		int err;

		diag_clear(&d);
		err = trust_load_anchors(w.trust, str_sub(pem, 0, n),
		    w.wall_ns, &d);
		/* Without the last newline it is whole. */
		EXPECT(err < 0 || n == pem.n - 1);
		EXPECT(err == 0 || d.text[0]);
		taken += err == 0;
	}
	EXPECT_EQ(taken, 1);
	wire_free(&w);
}

TEST(server_certificates_that_are_renewed)
{
	struct wire w;
	char got[8];

	/* Expired, until the server has a new one. */
	wire_init(&w, "ca-ec.pem");
	connect_to(&w, "expired.pem", "localhost", NULL);
	EXPECT_EQ(shake(&w, SIZE_MAX), ERR_TLS_TIME);
	connect_to(&w, "ec.pem", "localhost", NULL);
	EXPECT_EQ(shake(&w, SIZE_MAX), 0);
	wire_free(&w);

	/* It expires while a connection is open, which goes on. */
	wire_init(&w, "ca-short.pem");
	connect_to(&w, "under-short.pem", "localhost", NULL);
	EXPECT_EQ(shake(&w, SIZE_MAX), 0);
	w.wall_ns += 200 * DAY_NS;
	EXPECT_EQ(tls_peer_write(w.peer, "on", 2), 2);
	EXPECT_EQ(tls_peer_settle(w.peer, w.tls, SIZE_MAX), 0);
	EXPECT_EQ(tls_read(w.tls, got, sizeof(got)), 2);
	/* The next one needs the CA's successor, and then has it. */
	connect_to(&w, "under-short.pem", "localhost", NULL);
	EXPECT_EQ(shake(&w, SIZE_MAX), ERR_TLS_TRUST);
	EXPECT_STR(str_from(w.d.text), "no CA certificate is given that is "
	    "valid today");
	EXPECT_EQ(trust_load_anchors(w.trust, tls_peer_file("ca-ec.pem"),
	    w.wall_ns, &w.d), 0);
	connect_to(&w, "ec.pem", "localhost", NULL);
	EXPECT_EQ(shake(&w, SIZE_MAX), 0);
	wire_free(&w);
}

/* ---- the CA is replaced while a handshake goes on ---------------------- */

/* Turns of a handshake in pieces of 40 bytes. */
enum { PIECE = 40 };

static int shake_and_load(struct wire *w, int at, const char *first,
    const char *second)
{
	int n, turn = 0;

	do {
		if (turn++ == at) {
			EXPECT_EQ(trust_load_anchors(w->trust,
			    tls_peer_file(first), w->wall_ns, NULL), 0);
			if (second)
				EXPECT_EQ(trust_load_anchors(w->trust,
				    tls_peer_file(second), w->wall_ns, NULL),
				    0);
		}
		n = tls_peer_move(w->peer, w->tls, PIECE);
	} while (n > 0);
	n = tls_error(w->tls, &w->d);
	return n < 0 ? n : turn;
}

/* At each turn: what began goes on, what comes next has the new one. */
TEST(ca_replaced_during_a_handshake)
{
	struct wire w;
	int turns;

	wire_init(&w, "ca-ec.pem");
	connect_to(&w, "chain.pem", "localhost", NULL);
	turns = shake_and_load(&w, -1, NULL, NULL);
	EXPECT(turns > 20 && tls_is_open(w.tls));
	wire_free(&w);
	for (int at = 0; at < turns; at++) {
		wire_init(&w, "ca-ec.pem");
		connect_to(&w, "chain.pem", "localhost", NULL);
		EXPECT_EQ(shake_and_load(&w, at, "ca-rsa.pem", NULL), turns);
		EXPECT(tls_is_open(w.tls));
		connect_to(&w, "chain.pem", "localhost", NULL);
		EXPECT_EQ(shake(&w, SIZE_MAX), ERR_TLS_TRUST);
		connect_to(&w, "rsa.pem", "localhost", NULL);
		EXPECT_EQ(shake(&w, SIZE_MAX), 0);
		wire_free(&w);
	}
}

/* Twice: it says so, or was done before, and the next one is fine. */
TEST(ca_replaced_twice_during_a_handshake)
{
	uint32_t said = 0, done = 0;

	for (int at = 0; !done && at < 1000; at++) {
		struct wire w;
		int err;

		wire_init(&w, "ca-ec.pem");
		connect_to(&w, "chain.pem", "localhost", NULL);
		err = shake_and_load(&w, at, "ca-rsa.pem", "ca-ec.pem");
		done += err > 0;
		said += err < 0;
		if (err < 0) {
			EXPECT_EQ(err, ERR_TLS);
			EXPECT_STR(str_from(w.d.text), "the certificates "
			    "were replaced twice while the handshake went "
			    "on");
		}
		connect_to(&w, "chain.pem", "localhost", NULL);
		EXPECT_EQ(shake(&w, SIZE_MAX), 0);
		wire_free(&w);
	}
	EXPECT(said > 20 && done == 1);
}

/* ---- our own certificate ----------------------------------------------- */

/* Against a server that demands one. */
static void present(struct wire *w, const char *client, const char *client_ca)
{
	wire_init(w, "ca-ec.pem");
	if (client)
		REQUIRE(trust_load_client(w->trust, tls_peer_file(client),
		    tls_peer_file(client), &w->d) == 0);
	connect_to(w, "ec.pem", "localhost", client_ca);
	EXPECT_EQ(tls_peer_settle(w->peer, w->tls, SIZE_MAX), 0);
}

/* BearSSL's server says nothing; others send an alert, still in the clear. */
static int alert(struct wire *w, uint8_t code)
{
	uint8_t record[7] = { 21, 3, 3, 0, 2, 2, code };

	tls_wire_sent(w->tls, tls_wire_out(w->tls).n);
	(void)tls_wire_in(w->tls, guard_copy(record, sizeof(record)));
	return tls_error(w->tls, &w->d);
}

TEST(client_certificates_that_are_wrong)
{
	static const struct {
		const char *client, *ca;
		int found;		/* by the server */
		uint8_t alert;		/* that says so */
		const char *text;
	} rows[] = {
		{ "client-expired.pem", "ca-more.pem", BR_ERR_X509_EXPIRED,
		  45, "server refuses our client certificate (alert "
		  "certificate_expired)" },
		{ "client-early.pem", "ca-more.pem", BR_ERR_X509_EXPIRED, 42,
		  "server refuses our client certificate (alert "
		  "bad_certificate)" },
		{ "client-ec.pem", "ca-other.pem", BR_ERR_X509_NOT_TRUSTED,
		  48, "server refuses our client certificate (alert "
		  "unknown_ca)" },
		{ NULL, "ca-ec.pem", BR_ERR_NO_CLIENT_AUTH, 42,
		  "server demands a client certificate (alert "
		  "bad_certificate) and none is configured" },
	};
	struct wire w;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		present(&w, rows[i].client, rows[i].ca);
		EXPECT_EQ(br_ssl_engine_last_error(&w.peer->sc.eng),
		    rows[i].found);
		EXPECT(!tls_is_open(w.tls));
		EXPECT_EQ(alert(&w, rows[i].alert), ERR_TLS);
		EXPECT_STR(str_from(w.d.text), rows[i].text);
		wire_free(&w);
	}
	/* Renewed, it is presented in the next handshake. */
	present(&w, "client-expired.pem", "ca-ec.pem");
	EXPECT(!tls_is_open(w.tls));
	REQUIRE(trust_load_client(w.trust, tls_peer_file("client-ec.pem"),
	    tls_peer_file("client-ec.pem"), NULL) == 0);
	connect_to(&w, "ec.pem", "localhost", "ca-ec.pem");
	EXPECT_EQ(shake(&w, SIZE_MAX), 0);
	EXPECT(tls_is_open(w.tls));
	wire_free(&w);
}
