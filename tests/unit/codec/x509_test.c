#include <string.h>

#include "check.h"
#include "codec.h"

#define CERTS "tests/unit/net/certs/"

/* The DER of the n-th block of a file, before an untouchable page. */
static struct str block(const char *name, int n, struct str *ret_label)
{
	char path[128] = CERTS;
	static char der[CERT_DER_MAX];
	struct str file;
	struct pem p;
	size_t len;

	strcat(path, name);
	file = guard_file(path);
	do
		REQUIRE(pem_next(&file, &p) == 0);
	while (n-- > 0);
	REQUIRE(pem_decode(&p, der, sizeof(der), &len) == 0);
	if (ret_label)
		*ret_label = p.label;
	return guard_copy(der, len);
}

static struct x509 cert(const char *name)
{
	struct diag d;
	struct x509 c;

	diag_clear(&d);
	REQUIRE(x509_parse(block(name, 0, NULL), &c, &d) == 0);
	return c;
}

static int key(const char *name, int n, struct x509_key *k, struct diag *d)
{
	struct str label, der = block(name, n, &label);

	diag_clear(d);
	return x509_key_parse(label, der, k, d);
}

TEST(x509_facts_of_a_server)
{
	struct x509 c = cert("ec.pem");
	char mem[128];
	struct buf b;

	EXPECT_EQ(c.key.type, X509_EC);
	EXPECT_EQ(c.key.bits, 256);
	EXPECT_EQ(c.key.point.n, 65);
	EXPECT_EQ(c.not_before_s, 1767225600);
	EXPECT_EQ(c.not_after_s, 2713910400);
	EXPECT(!c.ca);
	EXPECT_EQ(c.exts & ~X509_EXT_OTHER, X509_EXT_SAN | X509_EXT_EKU);
	EXPECT_EQ(c.critical, 0);
	EXPECT(x509_allows(&c, X509_SERVER));
	EXPECT(!x509_allows(&c, X509_CLIENT));
	buf_init(&b, mem, sizeof(mem));
	x509_names(&c, &b);
	EXPECT_STR(buf_view(&b), "kubernetes.default.svc, "
	    "*.wild.example.org, localhost, 10.96.0.1, 127.0.0.1, ::1");
	buf_clear(&b);
	x509_subject(&c, &b);
	EXPECT_STR(buf_view(&b), "ec");
	EXPECT(str_is(STR("SHA-256 with ECDSA"), x509_signature_name(&c)));
}

TEST(x509_facts_of_a_root)
{
	struct x509 c = cert("ca-rsa.pem");

	EXPECT(c.ca);
	EXPECT_EQ(c.critical, X509_EXT_BASIC);
	EXPECT_EQ(c.key.type, X509_RSA);
	EXPECT_EQ(c.key.bits, 2048);
	EXPECT_EQ(c.key.n.n, 256);
	EXPECT_EQ(c.key.e.n, 3);
	EXPECT(str_eq(c.issuer, c.subject));
	EXPECT(x509_allows(&c, X509_SERVER));
}

TEST(x509_key_types)
{
	EXPECT_EQ(cert("p384.pem").key.bits, 384);
	EXPECT_EQ(cert("p521.pem").key.bits, 521);
	EXPECT_EQ(cert("rsa4096.pem").key.bits, 4096);
	EXPECT_EQ(cert("client-rsa5120.pem").key.bits, 5120);
	EXPECT_EQ(cert("client-ed25519.pem").key.type, X509_ED25519);
	EXPECT_EQ(cert("pss.pem").key.type, X509_OTHER);
}

TEST(x509_signature_names)
{
	struct x509 sha1 = cert("sha1.pem"), ed = cert("ca-ed25519.pem");
	struct x509 odd = sha1;

	odd.signature_oid = STR("?");
	EXPECT(str_is(STR("SHA-1 with ECDSA"), x509_signature_name(&sha1)));
	EXPECT(str_is(STR("Ed25519"), x509_signature_name(&ed)));
	EXPECT(str_is(STR("unknown algorithm"), x509_signature_name(&odd)));
}

TEST(x509_purposes)
{
	struct x509 none = cert("no-eku.pem"), any = cert("any-eku.pem");
	struct x509 client = cert("client-eku.pem");
	struct x509 critical = cert("critical-eku.pem");

	EXPECT(x509_allows(&none, X509_SERVER));
	EXPECT(x509_allows(&any, X509_SERVER));
	EXPECT(!x509_allows(&client, X509_SERVER));
	EXPECT(x509_allows(&client, X509_CLIENT));
	EXPECT(x509_allows(&critical, X509_SERVER));
	EXPECT_EQ(critical.critical, X509_EXT_EKU);
}

static bool matches(const struct x509 *c, const char *host)
{
	return x509_matches(c, guard_copy(host, strlen(host)));
}

TEST(x509_matches_names)
{
	static const char *const yes[] = {
		"kubernetes.default.svc", "KUBERNETES.default.SVC",
		"kubernetes.default.svc.", "localhost",
		"a.wild.example.org", "A.WILD.example.ORG", "10.96.0.1",
		"127.0.0.1", "::1", "0:0:0:0:0:0:0:1",
	};
	static const char *const no[] = {
		"", ".", "kubernetes.default.svc.evil", "kubernetes.default",
		"xkubernetes.default.svc", "wild.example.org",
		".wild.example.org", "a.b.wild.example.org",
		"*.wild.example.com", "10.9.9.9", "10.96.0.1.", "::2",
		"::ffff:10.96.0.1", "ec", "localhost..", "[::1]",
	};
	struct x509 c = cert("ec.pem");

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (!matches(&c, yes[i]))
			test_fail(__FILE__, __LINE__, "%s", yes[i]);
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (matches(&c, no[i]))
			test_fail(__FILE__, __LINE__, "%s", no[i]);
}

TEST(x509_common_name_does_not_count)
{
	struct x509 c = cert("cn-only.pem");

	EXPECT(!matches(&c, "kubernetes.default.svc"));
}

/* A certificate with this subjectAltName and nothing else that counts. */
static struct x509 named(struct str san)
{
	return (struct x509){ .san = guard_copy(san.p, san.n),
			      .exts = X509_EXT_SAN };
}

TEST(x509_wildcards_are_one_whole_label)
{
	struct x509 top = named(STR("\x82\x05*.com"));
	struct x509 part = named(STR("\x82\x0b" "f*.a.b.test"));
	struct x509 inner = named(STR("\x82\x08" "a.*.test"));
	struct x509 all = named(STR("\x82\x01*"));
	struct x509 nul = named(STR("\x82\x08" "a.b\0.com"));

	EXPECT(!matches(&top, "example.com"));
	EXPECT(!matches(&part, "foo.a.b.test"));
	EXPECT(!matches(&inner, "a.b.test"));
	EXPECT(!matches(&all, "localhost"));
	EXPECT(!matches(&nul, "a.b"));
	/* An address is never a DNS name, nor the other way round. */
	struct x509 text = named(STR("\x82\x09" "127.0.0.1"));
	struct x509 bytes = named(STR("\x87\x04" "abcd"));
	struct x509 odd = named(STR("\x87\x03" "abc\x87\x00\x86\x01x"));

	EXPECT(!matches(&text, "127.0.0.1"));
	EXPECT(!matches(&bytes, "abcd"));
	EXPECT(matches(&bytes, "97.98.99.100"));
	EXPECT(!matches(&odd, "97.98.99.100"));
}

TEST(x509_names_are_fit_to_print)
{
	struct x509 c = named(STR("\x82\x04" "a\nb\x1b\x82\x02\xc3\xa9"));
	char mem[32];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	x509_names(&c, &b);
	EXPECT_STR(buf_view(&b), "a?b?, \xc3\xa9");
}

/* Every prefix, and every byte set to some other value: no crash, and what
 * is still read lies within. */
TEST(x509_parse_damaged)
{
	struct str der = block("ec.pem", 0, NULL);
	struct x509 c;

	for (size_t n = 0; n < der.n; n++) {
		EXPECT(x509_parse(guard_copy(der.p, n), &c, NULL) < 0);
		guard_reset();
		der = block("ec.pem", 0, NULL);
	}
}

TEST(x509_parse_flipped)
{
	static const uint8_t flips[] = { 0x01, 0x20, 0x80, 0xff };
	static char copy[CERT_DER_MAX];
	struct str der = block("rsa.pem", 0, NULL);
	size_t n = der.n;
	struct x509 c;

	memcpy(copy, der.p, n);
	for (size_t i = 0; i < n * ARRAY_LEN(flips); i++) {
		uint8_t flip = flips[i % ARRAY_LEN(flips)];
		char *at = copy + i / ARRAY_LEN(flips);

		*at = (char)(*at ^ flip);
		guard_reset();
		der = guard_copy(copy, n);
		if (!x509_parse(der, &c, NULL)) {
			x509_matches(&c, STR("a.b.c"));
			x509_allows(&c, X509_SERVER);
			EXPECT(c.subject.p >= der.p &&
			    c.subject.p + c.subject.n <= der.p + der.n);
		}
		*at = (char)(*at ^ flip);
	}
}

TEST(x509_parse_refuses)
{
	static char big[CERT_DER_MAX + 1];
	struct str der = block("ec.pem", 0, NULL);
	char more[2048];
	struct diag d;
	struct x509 c;

	memcpy(more, der.p, der.n);
	more[der.n] = 0;
	diag_clear(&d);
	EXPECT_EQ(x509_parse(guard_copy(more, der.n + 1), &c, &d), ERR_BAD);
	EXPECT(diag_is_set(&d));
	EXPECT_EQ(x509_parse(guard_copy(big, sizeof(big)), &c, NULL),
	    ERR_LIMIT);
	EXPECT_EQ(x509_parse(STR_NONE, &c, NULL), ERR_BAD);
}

TEST(x509_key_forms)
{
	struct x509_key k, sec1, pkcs1;
	struct diag d;

	REQUIRE(key("ec.pem", 1, &k, &d) == 0);
	REQUIRE(key("key-sec1.pem", 0, &sec1, &d) == 0);
	EXPECT_EQ(k.type, X509_EC);
	EXPECT_EQ(k.bits, 256);
	EXPECT(str_eq(k.x, sec1.x) && k.bits == sec1.bits);
	REQUIRE(key("rsa.pem", 1, &k, &d) == 0);
	REQUIRE(key("key-pkcs1.pem", 0, &pkcs1, &d) == 0);
	EXPECT_EQ(k.type, X509_RSA);
	EXPECT_EQ(k.bits, 2048);
	EXPECT_EQ(k.p.n, 128);
	EXPECT(str_eq(k.n, pkcs1.n) && str_eq(k.iq, pkcs1.iq));
	EXPECT(str_eq(k.n, cert("rsa.pem").key.n));
	REQUIRE(key("p521.pem", 1, &k, &d) == 0);
	EXPECT_EQ(k.bits, 521);
	REQUIRE(key("client-rsa4096.pem", 1, &k, &d) == 0);
	EXPECT_EQ(k.bits, 4096);
}

TEST(x509_key_refuses)
{
	struct x509_key k;
	struct diag d;
	struct str label, der, file;
	struct pem p;
	size_t n;

	EXPECT_EQ(key("client-rsa5120.pem", 1, &k, &d), ERR_LIMIT);
	EXPECT(diag_is_set(&d));
	EXPECT_EQ(key("client-ed25519.pem", 1, &k, &d), ERR_UNSUPPORTED);
	EXPECT_EQ(key("pss.pem", 1, &k, &d), ERR_UNSUPPORTED);
	EXPECT_EQ(key("key-explicit.pem", 0, &k, &d), ERR_UNSUPPORTED);
	EXPECT_EQ(key("key-encrypted.pem", 0, &k, &d), ERR_UNSUPPORTED);
	EXPECT_EQ(key("ec.pem", 0, &k, &d), ERR_UNSUPPORTED);
	file = guard_file(CERTS "key-encrypted-pkcs1.pem");
	REQUIRE(pem_next(&file, &p) == 0);
	EXPECT_EQ(pem_decode(&p, &k, sizeof(k), &n), ERR_UNSUPPORTED);
	der = block("rsa.pem", 1, &label);
	for (n = 0; n < der.n; n++)
		EXPECT(x509_key_parse(label, str_sub(der, 0, n), &k, NULL) <
		    0);
	EXPECT_EQ(x509_key_parse(STR("EC PRIVATE KEY"), der, &k, NULL),
	    ERR_BAD);
	EXPECT_EQ(x509_key_parse(STR("RSA PRIVATE KEY"), der, &k, NULL),
	    ERR_BAD);
}

/* Factors that are not those of the modulus would make BearSSL compute with
 * numbers of other sizes than it made room for. */
TEST(x509_key_factors_must_fit)
{
	struct str label, der = block("key-pkcs1.pem", 0, &label);
	static char copy[KEY_DER_MAX];
	struct x509_key k;
	char *p;

	memcpy(copy, der.p, der.n);
	REQUIRE(x509_key_parse(label, guard_copy(copy, der.n), &k, NULL) ==
	    0);
	p = copy + str_search((struct str){ copy, der.n }, k.p);
	/* Even. */
	p[k.p.n - 1] = (char)(p[k.p.n - 1] & ~1);
	EXPECT_EQ(x509_key_parse(label, guard_copy(copy, der.n), &k, NULL),
	    ERR_BAD);
	p[k.p.n - 1] |= 1;
	/* Shorter than its length says. */
	p[0] = 0;
	EXPECT_EQ(x509_key_parse(label, guard_copy(copy, der.n), &k, NULL),
	    ERR_BAD);
}
