#include <string.h>

#include "check.h"
#include "tls_ends.h"
#include "tls_peer.h"

static struct ends *served(void)
{
	struct ends *e = ends_new();

	REQUIRE(!ends_serve(e, "h", PEER_WALL_S + 3600));
	return e;
}

/* All that one end has to say, as the other reads it. */
static size_t said(struct ends *e, struct tls *from, struct tls *to,
    struct str s, char *got, size_t cap)
{
	size_t at = 0, n = 0;

	while (at < s.n || tls_wire_out(from).n) {
		int done = at < s.n ? tls_write(from, s.p + at, s.n - at) : 0;

		at += done > 0 ? (size_t)done : 0;
		tls_flush(from);
		EXPECT_EQ(ends_move(e), 0);
		while (n < cap && (done = tls_read(to, got + n, cap - n)) > 0)
			n += (size_t)done;
	}
	return n;
}

TEST(server_and_client_talk)
{
	static const size_t pieces[] = { 0, 1, 7, 1000 };
	static char text[50000], got[sizeof(text) + 1];
	struct ends *e = served();
	struct str s = { text, sizeof(text) };

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 31 % 251);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		e->piece = pieces[i];
		EXPECT_EQ(ends_meet(e, "h", 0), 0);
		EXPECT_EQ(said(e, e->client, e->server, s, got, sizeof(got)),
		    s.n);
		EXPECT(!memcmp(got, text, s.n));
		EXPECT_EQ(said(e, e->server, e->client, s, got, sizeof(got)),
		    s.n);
		EXPECT(!memcmp(got, text, s.n));
		tls_close(e->server);
		EXPECT_EQ(ends_move(e), 0);
		EXPECT_EQ(tls_read(e->client, got, 1), ERR_CLOSED);
	}
	ends_free(e);
}

TEST(suites_are_those_of_the_list)
{
	struct ends *e = served();
	struct diag d;
	uint8_t set, ecdsa;

	REQUIRE(!tls_suites_parse(STR_NONE, &set, &ecdsa, NULL));
	EXPECT_EQ(set, 0x3f);
	REQUIRE(!tls_suites_parse(STR("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
	    ", TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"), &set, &ecdsa,
	    NULL));
	EXPECT(set != ecdsa && ecdsa);
	trust_set_suites(e->shown, set);
	EXPECT_EQ(ends_meet(e, "h", 0), 0);
	/* Its key is on a curve. */
	trust_set_suites(e->shown, (uint8_t)(set & ~ecdsa));
	EXPECT(ends_meet(e, "h", 0) < 0);
	trust_set_suites(e->shown, 0x3f);
	EXPECT_EQ(ends_meet(e, "h", 0), 0);
	diag_clear(&d);
	EXPECT_EQ(tls_suites_parse(STR("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
	    ",TLS_RSA_WITH_AES_128_CBC_SHA"), &set, &ecdsa, &d), ERR_BAD);
	EXPECT(str_starts(str_from(d.text),
	    STR("\"TLS_RSA_WITH_AES_128_CBC_SHA\"")));
	EXPECT(tls_suites_parse(STR(","), &set, &ecdsa, NULL) < 0);
	ends_free(e);
}

/* Fixtures of other makers: RSA keys, other curves, chains. */
TEST(server_shows_what_it_is_given)
{
	static const struct { const char *file, *ca; } rows[] = {
		{ "ec.pem", "ca-ec.pem" }, { "rsa.pem", "ca-rsa.pem" },
		{ "p384.pem", "ca-ec.pem" }, { "chain.pem", "ca-ec.pem" },
	};
	struct ends *e = ends_new();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str own = tls_peer_file(rows[i].file);

		EXPECT_EQ(trust_load_anchors(e->ca, tls_peer_file(rows[i].ca),
		    PEER_WALL_NS, NULL), 0);
		EXPECT_EQ(trust_load_client(e->shown, own, own, NULL), 0);
		EXPECT_EQ(ends_meet(e, "localhost", 0), 0);
	}
	ends_free(e);
}

TEST(server_without_a_certificate)
{
	struct ends *e = ends_new();
	struct tls_start how = { .trust = e->shown };

	EXPECT_EQ(tls_accept(e->server, &how), ERR_NOENT);
	ends_free(e);
}

static int first_words(struct ends *e, struct str s, struct diag *d)
{
	struct tls_start how = { .trust = e->shown, .seed = { 1 } };

	diag_clear(d);
	EXPECT_EQ(tls_accept(e->server, &how), 0);
	(void)tls_wire_in(e->server, s);
	/* It fails when its alert has left. */
	while ((s = tls_wire_out(e->server)).n)
		tls_wire_sent(e->server, s.n);
	return tls_error(e->server, d);
}

/* A client's hello that offers this version and suite. */
#define HELLO(version, suite) "\x16\x03\x01\x00\x31\x01\x00\x00\x2d" version \
	"0123456789abcdef0123456789abcdef" "\x00\x00\x04" suite \
	"\x00\xff\x01\x00\x00\x00"

TEST(server_names_what_a_client_does_wrong)
{
	struct ends *e = served();
	struct diag d;

	EXPECT_EQ(first_words(e, STR("GET / HTTP/1.1\r\n\r\n"), &d),
	    ERR_PROTO);
	EXPECT_STR(str_from(d.text), "client does not speak TLS");
	EXPECT_EQ(first_words(e, STR(HELLO("\x03\x02", "\xc0\x2b")), &d),
	    ERR_TLS_VERSION);
	EXPECT_STR(str_from(d.text), "client does not take TLS 1.2");
	EXPECT_EQ(first_words(e, STR(HELLO("\x03\x03", "\x00\x2f")), &d),
	    ERR_TLS);
	EXPECT(str_starts(str_from(d.text), STR("client has no cipher suite")));
	/* Alerts in the clear. */
	EXPECT_EQ(first_words(e, STR("\x15\x03\x01\x00\x02\x02\x28"), &d),
	    ERR_TLS);
	EXPECT_STR(str_from(d.text), "client ends the connection (alert 40 "
	    "handshake_failure)");
	EXPECT_EQ(first_words(e, STR("\x15\x03\x01\x00\x02\x02\x30"), &d),
	    ERR_TLS_TRUST);
	EXPECT_STR(str_from(d.text), "client does not trust our certificate "
	    "(alert unknown_ca)");
	ends_free(e);
}

/* A replaced certificate is shown from the next handshake on. */
TEST(server_certificates_are_replaced)
{
	struct ends *e = served();

	EXPECT_EQ(ends_meet(e, "h", 0), 0);
	EXPECT_EQ(ends_serve(e, "other", PEER_WALL_S + 7200), 0);
	EXPECT_EQ(ends_meet(e, "h", 0), ERR_TLS_NAME);
	EXPECT_EQ(ends_meet(e, "other", 3700), 0);
	ends_free(e);
}
