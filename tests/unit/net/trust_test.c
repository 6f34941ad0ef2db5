#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "tls_peer.h"

static struct mem mem;
static struct diag d;

static struct trust *trust_make(void)
{
	struct trust *t;

	mem_init(&mem, io_linux());
	REQUIRE(trust_new(&mem, &t) == 0);
	return t;
}

static int anchors(struct trust *t, const char *fixtures)
{
	diag_clear(&d);
	return trust_load_anchors(t, tls_peer_files(fixtures), PEER_WALL_NS,
				  &d);
}

static int client(struct trust *t, const char *cert, const char *key)
{
	diag_clear(&d);
	return trust_load_client(t, tls_peer_file(cert), tls_peer_file(key),
				 &d);
}

TEST(trust_each_load_is_a_generation)
{
	struct trust *t = trust_make();

	EXPECT_EQ(trust_generation(t), 0);
	EXPECT_EQ(anchors(t, "ca-ec.pem"), 0);
	EXPECT_EQ(trust_generation(t), 1);
	EXPECT_EQ(client(t, "client-ec.pem", "client-ec.pem"), 0);
	EXPECT_EQ(trust_generation(t), 2);
	EXPECT_EQ(anchors(t, "key-sec1.pem"), ERR_NOENT);
	EXPECT_EQ(client(t, "client-ec.pem", "ec.pem"), ERR_BAD);
	EXPECT_EQ(trust_generation(t), 2);
	EXPECT_EQ(trust_load_client(t, STR_NONE, STR_NONE, &d), 0);
	EXPECT_EQ(trust_generation(t), 3);
}

TEST(trust_anchors_that_are_none)
{
	struct trust *t = trust_make();

	EXPECT_EQ(trust_load_anchors(t, STR_NONE, PEER_WALL_NS, &d),
		  ERR_NOENT);
	EXPECT(diag_is_set(&d));
	EXPECT_EQ(trust_load_anchors(t, STR("-----BEGIN CERTIFICATE-----\n"
	    "AAAA\n-----END CERTIFICATE-----\n"), PEER_WALL_NS, NULL),
	    ERR_BAD);
	EXPECT_EQ(trust_load_anchors(t, STR("-----BEGIN CERTIFICATE-----\n"
	    "AAAA\n"), PEER_WALL_NS, NULL), ERR_BAD);
}

TEST(trust_anchors_left_out)
{
	struct trust *t = trust_make();

	EXPECT_EQ(anchors(t, "ca-old.pem"), ERR_TLS_TIME);
	EXPECT(strstr(d.text, "\"test root old\" expired at "
	    "2026-06-01T00:00:00Z"));
	EXPECT_EQ(anchors(t, "ca-early.pem"), ERR_TLS_TIME);
	EXPECT(strstr(d.text, "not valid before 2040"));
	EXPECT_EQ(anchors(t, "ca-ed25519.pem"), ERR_TLS_KEY);
	EXPECT_EQ(anchors(t, "rsa1024.pem"), ERR_TLS_KEY);
	EXPECT_EQ(anchors(t, "client-rsa5120.pem"), ERR_TLS_KEY);
	EXPECT_EQ(anchors(t, "ca-old.pem ca-ed25519.pem ca-early.pem"),
		  ERR_TLS_TIME);
	EXPECT_EQ(anchors(t, "ca-old.pem ca-ed25519.pem ca-ec.pem"), 0);
	EXPECT(!diag_is_set(&d));
}

TEST(trust_anchors_have_a_cap)
{
	struct str one = tls_peer_file("ca-ec.pem");
	size_t n = one.n * (TLS_ANCHORS_MAX + 1);
	struct trust *t = trust_make();
	char *all = malloc(n);

	for (size_t i = 0; i < n; i += one.n)
		memcpy(all + i, one.p, one.n);
	EXPECT_EQ(trust_load_anchors(t, (struct str){ all, n - one.n },
				     PEER_WALL_NS, &d), 0);
	EXPECT_EQ(trust_load_anchors(t, (struct str){ all, n },
				     PEER_WALL_NS, &d), ERR_FULL);
	EXPECT_EQ(trust_generation(t), 1);
}

TEST(trust_client_forms)
{
	struct trust *t = trust_make();

	EXPECT_EQ(client(t, "ec.pem", "key-sec1.pem"), 0);
	EXPECT_EQ(client(t, "rsa.pem", "key-pkcs1.pem"), 0);
	EXPECT_EQ(client(t, "chain.pem", "chain.pem"), 0);
	EXPECT_EQ(client(t, "p384.pem", "p384.pem"), 0);
	EXPECT_EQ(client(t, "p521.pem", "p521.pem"), 0);
	EXPECT_EQ(client(t, "client-rsa4096.pem", "client-rsa4096.pem"), 0);
}

TEST(trust_client_is_checked_by_the_clock)
{
	const int64_t years_ns = (int64_t)40 * 365 * 86400 * NS_PER_S;
	struct trust *t = trust_make();

	EXPECT_EQ(trust_client_check(t, PEER_WALL_NS, NULL), ERR_NOENT);
	REQUIRE(client(t, "chain.pem", "chain.pem") == 0);
	EXPECT_EQ(trust_client_check(t, PEER_WALL_NS, NULL), 0);
	diag_clear(&d);
	EXPECT_EQ(trust_client_check(t, PEER_WALL_NS + years_ns, &d),
		  ERR_TLS_TIME);
	EXPECT(str_starts(str_from(d.text), STR("certificate \"")));
	EXPECT_EQ(trust_client_check(t, PEER_WALL_NS - years_ns, NULL),
		  ERR_TLS_TIME);
}

TEST(trust_client_refused)
{
	struct trust *t = trust_make();

	EXPECT_EQ(client(t, "client-rsa5120.pem", "client-rsa5120.pem"),
		  ERR_TLS_KEY);
	EXPECT(strstr(d.text, "4096"));
	EXPECT_EQ(client(t, "client-ed25519.pem", "client-ed25519.pem"),
		  ERR_TLS_KEY);
	EXPECT(strstr(d.text, "Ed25519"));
	EXPECT_EQ(client(t, "ec.pem", "key-encrypted.pem"), ERR_TLS_KEY);
	EXPECT(strstr(d.text, "encrypted"));
	EXPECT_EQ(client(t, "rsa.pem", "key-encrypted-pkcs1.pem"),
		  ERR_TLS_KEY);
	EXPECT(strstr(d.text, "encrypted"));
	EXPECT_EQ(client(t, "ec.pem", "key-explicit.pem"), ERR_TLS_KEY);
	EXPECT_EQ(client(t, "ec.pem", "client-ec.pem"), ERR_BAD);
	EXPECT(strstr(d.text, "not that of the certificate"));
	EXPECT_EQ(client(t, "rsa.pem", "client-rsa.pem"), ERR_BAD);
	EXPECT_EQ(client(t, "rsa.pem", "ec.pem"), ERR_BAD);
	EXPECT_EQ(client(t, "key-sec1.pem", "ec.pem"), ERR_NOENT);
	EXPECT_EQ(client(t, "ec.pem", "ca-ec.pem"), ERR_NOENT);
	EXPECT_EQ(trust_load_client(t, tls_peer_file("ec.pem"), STR_NONE,
				    &d), ERR_NOENT);
	EXPECT_EQ(trust_load_client(t, STR_NONE, tls_peer_file("ec.pem"),
				    &d), ERR_NOENT);
	EXPECT_EQ(trust_generation(t), 0);
}

TEST(trust_client_chain_has_a_cap)
{
	struct trust *t = trust_make();
	struct str pem = tls_peer_files("ec.pem ec.pem ec.pem ec.pem ec.pem "
	    "ec.pem ec.pem ec.pem");
	struct str more = tls_peer_files("ec.pem ec.pem ec.pem ec.pem ec.pem "
	    "ec.pem ec.pem ec.pem ec.pem");

	EXPECT_EQ(trust_load_client(t, pem, pem, &d), 0);
	EXPECT_EQ(trust_load_client(t, more, more, &d), ERR_FULL);
}

TEST(trust_needs_memory)
{
	struct trust *t;

	mem_init(&mem, io_linux());
	mem.fail_after = 1;
	EXPECT_EQ(trust_new(&mem, &t), ERR_FULL);
}
