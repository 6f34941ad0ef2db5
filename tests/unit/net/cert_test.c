#include <string.h>

#include "check.h"
#include "tls_ends.h"
#include "tls_peer.h"

TEST(keys_come_from_the_seed)
{
	uint8_t seed[CERT_SEED_LEN] = "a";
	struct cert_key a, b, c;

	cert_key_make(&a, seed);
	cert_key_make(&b, seed);
	seed[CERT_SEED_LEN - 1] = 1;
	cert_key_make(&c, seed);
	EXPECT(!memcmp(&a, &b, sizeof(a)));
	EXPECT(memcmp(a.x, c.x, sizeof(a.x)) != 0);
	EXPECT_EQ(a.point[0], 4);
}

/* A CA of ours, and what it signed, as TLS takes them. */
TEST(a_key_is_loaded_by_its_scalar)
{
	uint8_t seed[CERT_SEED_LEN] = { 5 }, longer[34] = { 0 };
	struct cert_key k, l;
	struct str x = { (const char *)k.x, sizeof(k.x) };

	cert_key_make(&k, seed);
	REQUIRE(!cert_key_load(&l, x));
	EXPECT_MEM(l.x, k.x, sizeof(k.x));
	EXPECT_MEM(l.point, k.point, sizeof(k.point));
	memcpy(longer + 2, k.x, sizeof(k.x));
	REQUIRE(!cert_key_load(&l, (struct str){ (const char *)longer,
	    sizeof(longer) }));
	EXPECT_MEM(l.point, k.point, sizeof(k.point));
	longer[0] = 1;
	EXPECT_EQ(cert_key_load(&l, (struct str){ (const char *)longer,
	    sizeof(longer) }), ERR_BAD);
	EXPECT_EQ(cert_key_load(&l, STR_NONE), ERR_BAD);
	EXPECT_EQ(cert_key_load(&l, (struct str){ "\0", 1 }), ERR_BAD);
}

TEST(our_own_certificates_are_trusted_by_those_who_have_the_ca)
{
	struct ends *e = ends_new();

	EXPECT_EQ(ends_serve(e, "svc.ns.svc", PEER_WALL_S + 3600), 0);
	EXPECT_EQ(ends_meet(e, "svc.ns.svc", 0), 0);
	EXPECT_EQ(ends_meet(e, "10.96.0.7", 0), 0);
	EXPECT_EQ(ends_meet(e, "other.ns.svc", 0), ERR_TLS_NAME);
	/* Its time over. */
	EXPECT_EQ(ends_meet(e, "svc.ns.svc", 7200), ERR_TLS_TIME);
	/* Another CA of the same name. */
	EXPECT_EQ(ends_distrust(e), 0);
	EXPECT_EQ(ends_meet(e, "svc.ns.svc", 0), ERR_TLS_TRUST);
	ends_free(e);
}

TEST(a_certificate_that_signs_itself)
{
	struct ends *e = ends_new();
	char der_mem[CERT_MADE_MAX];
	struct cert_make how = {
		.name = STR("self"), .issuer_name = STR("self"),
		.key = &e->key, .not_before_s = 0,
		.not_after_s = PEER_WALL_S * 2, .serial = { 0xff, 1 },
	};
	struct buf der;
	struct x509 c;

	buf_init(&der, der_mem, sizeof(der_mem));
	cert_write(&how, &der);
	REQUIRE(!der.over);
	REQUIRE(!x509_parse(guard_copy(der.p, der.n), &c, NULL));
	EXPECT(str_eq(c.issuer, c.subject) && !c.ca);
	EXPECT_EQ(c.serial.n, 16);
	EXPECT_EQ((uint8_t)c.serial.p[0], 0x7f);
	ends_free(e);
}

TEST(the_longest_names_fit)
{
	struct str name[CERT_NAMES_MAX];
	char der_mem[CERT_MADE_MAX], text[255];
	struct cert_key key;
	uint8_t seed[CERT_SEED_LEN] = { 0 };
	struct cert_make how = {
		.name = STR("mcp-operator-webhook-server-certificate-name-63"),
		.issuer_name = STR("mcp-operator-webhook-server-certificate"),
		.key = &key, .alt_name = name, .alt_names = CERT_NAMES_MAX,
		.not_after_s = PEER_WALL_S,
	};
	struct buf der;

	memset(text, 'a', sizeof(text));
	for (int i = 0; i < CERT_NAMES_MAX; i++)
		name[i] = (struct str){ text, sizeof(text) };
	cert_key_make(&key, seed);
	buf_init(&der, der_mem, sizeof(der_mem));
	cert_write(&how, &der);
	EXPECT(!der.over);
}
