#include <string.h>

#include "check.h"
#include "codec.h"
#include "x509.h"

static char mem[CERT_DER_MAX];

static struct str written(const struct buf *b)
{
	REQUIRE(!b->over);
	return guard_copy(b->p, b->n);
}

/* Contents of the lengths at which another form of length begins. */
TEST(der_lengths)
{
	static const size_t lengths[] = { 0, 1, 127, 128, 255, 256, 4000 };
	static char body[4000];

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct str in, all;
		struct buf b;
		struct der v;

		memset(body, (int)i, sizeof(body));
		buf_init(&b, mem, sizeof(mem));
		der_put(&b, DER_OCTETS, (struct str){ body, lengths[i] });
		in = all = written(&b);
		EXPECT_EQ(der_next(&in, &v), 0);
		EXPECT_EQ(v.tag, DER_OCTETS);
		EXPECT(str_eq(v.body, (struct str){ body, lengths[i] }));
		EXPECT_EQ(in.n, 0);
		/* Without the last byte of room it says so. */
		buf_init(&b, mem, all.n - 1);
		der_put(&b, DER_OCTETS, (struct str){ body, lengths[i] });
		EXPECT(b.over);
	}
}

TEST(der_values_hold_others)
{
	struct str in, body;
	struct buf b;
	struct der v;
	size_t outer, inner;
	uint32_t n;

	buf_init(&b, mem, sizeof(mem));
	outer = der_begin(&b, DER_SEQ);
	inner = der_begin(&b, DER_SET);
	der_put_unsigned(&b, STR("\x00\x00\x12"));
	der_end(&b, inner);
	der_put_unsigned(&b, STR("\x80"));
	der_put_unsigned(&b, STR_NONE);
	der_put_bits(&b, STR("ab"));
	der_end(&b, outer);
	in = written(&b);
	REQUIRE(der_expect(&in, DER_SEQ, &in) == 0);
	REQUIRE(der_expect(&in, DER_SET, &body) == 0);
	REQUIRE(der_next(&body, &v) == 0 && v.tag == DER_INT);
	EXPECT(der_u32(v.body, &n) == 0 && n == 0x12 && v.body.n == 1);
	REQUIRE(der_next(&in, &v) == 0);
	EXPECT(der_u32(v.body, &n) == 0 && n == 0x80 && v.body.n == 2);
	REQUIRE(der_next(&in, &v) == 0);
	EXPECT(der_u32(v.body, &n) == 0 && n == 0 && v.body.n == 1);
	REQUIRE(der_expect(&in, DER_BITS, &body) == 0);
	EXPECT(der_bits(body, &body) == 0);
	EXPECT_STR(body, "ab");
	EXPECT_EQ(in.n, 0);
}

TEST(der_times_read_back)
{
	static const struct { int64_t at_s; uint8_t tag; } rows[] = {
		{ 0, DER_UTC_TIME }, { 946684799, DER_UTC_TIME },
		{ 946684800, DER_UTC_TIME }, { 1795281220, DER_UTC_TIME },
		{ 2524607999, DER_UTC_TIME }, { 2524608000, DER_TIME },
		{ 9000000000, DER_TIME },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str in;
		struct buf b;
		struct der v;
		int64_t at_s;

		buf_init(&b, mem, sizeof(mem));
		der_put_time(&b, rows[i].at_s);
		in = written(&b);
		REQUIRE(der_next(&in, &v) == 0);
		EXPECT_EQ(v.tag, rows[i].tag);
		EXPECT_EQ(der_time(&v, &at_s), 0);
		EXPECT_EQ(at_s, rows[i].at_s);
	}
}

TEST(pem_lines)
{
	static char der[100];
	struct str in;
	struct pem p;
	struct buf b;
	size_t n;

	for (size_t len = 0; len <= sizeof(der); len++) {
		char got[sizeof(der)];

		for (size_t i = 0; i < len; i++)
			der[i] = (char)(i * 37);
		buf_init(&b, mem, sizeof(mem));
		pem_write(STR("X Y"), (struct str){ der, len }, &b);
		in = written(&b);
		EXPECT_EQ(pem_next(&in, &p), 0);
		EXPECT_STR(p.label, "X Y");
		EXPECT_EQ(pem_decode(&p, got, sizeof(got), &n), 0);
		EXPECT(n == len && memcmp(got, der, n) == 0);
		EXPECT_EQ(str_find(p.body, '\n'), len > 48 ? 64 :
		    (len + 2) / 3 * 4);
	}
}

static const struct str names[] = {
	STR_INIT("mcp.svc"), STR_INIT("*.mcp.svc"), STR_INIT("10.0.0.1"),
	STR_INIT("fd00::1"),
};

static struct x509_make facts(void)
{
	static char point[65] = { 4 };

	return (struct x509_make){
		.issuer = STR("the issuer"), .subject = STR("mcp"),
		.serial = STR("\x01\x02\x80"),
		.not_before_s = 1700000000, .not_after_s = 2600000000,
		.point = { point, sizeof(point) },
		.key_id = STR("key"), .issuer_key_id = STR("issuer key"),
		.name = names, .names = ARRAY_LEN(names),
	};
}

static struct x509 made(const struct x509_make *m)
{
	static char tbs_mem[4096];
	struct diag d;
	struct x509 c;
	struct buf tbs, b;

	diag_clear(&d);
	buf_init(&tbs, tbs_mem, sizeof(tbs_mem));
	buf_init(&b, mem, sizeof(mem));
	x509_write_tbs(m, &tbs);
	REQUIRE(!tbs.over);
	x509_write_signed(buf_view(&tbs), STR("signature"), &b);
	REQUIRE(x509_parse(written(&b), &c, &d) == 0);
	return c;
}

TEST(a_servers_certificate_reads_back)
{
	struct x509_make m = facts();
	struct x509 c = made(&m);
	char text[128];
	struct buf b;

	EXPECT_STR(c.serial, "\x01\x02\x80");
	EXPECT_EQ(c.not_before_s, m.not_before_s);
	EXPECT_EQ(c.not_after_s, m.not_after_s);
	EXPECT_EQ(c.key.type, X509_EC);
	EXPECT_EQ(c.key.bits, 256);
	EXPECT(str_eq(c.key.point, m.point));
	EXPECT(!c.ca);
	EXPECT_EQ(c.exts & ~X509_EXT_OTHER, X509_EXT_SAN | X509_EXT_EKU |
	    X509_EXT_BASIC | X509_EXT_KEY_USAGE);
	EXPECT_EQ(c.critical, X509_EXT_BASIC | X509_EXT_KEY_USAGE);
	EXPECT(x509_allows(&c, X509_SERVER));
	EXPECT(!x509_allows(&c, X509_CLIENT));
	EXPECT(x509_matches(&c, STR("mcp.svc")));
	EXPECT(x509_matches(&c, STR("a.mcp.svc")));
	EXPECT(x509_matches(&c, STR("10.0.0.1")));
	EXPECT(x509_matches(&c, STR("fd00::1")));
	EXPECT(!x509_matches(&c, STR("mcp")));
	buf_init(&b, text, sizeof(text));
	x509_subject(&c, &b);
	EXPECT_STR(buf_view(&b), "mcp");
	EXPECT(str_is(STR("SHA-256 with ECDSA"), x509_signature_name(&c)));
}

TEST(a_cas_certificate_reads_back)
{
	struct x509_make m = facts();
	struct x509 c;

	m.ca = true;
	m.names = 0;
	m.issuer = m.subject;
	c = made(&m);
	EXPECT(c.ca);
	EXPECT(str_eq(c.issuer, c.subject));
	EXPECT_EQ(c.exts & ~X509_EXT_OTHER,
	    X509_EXT_BASIC | X509_EXT_KEY_USAGE);
}

TEST(a_key_reads_back)
{
	static char x[32] = "scalar", point[65] = { 4 };
	struct x509_key k;
	struct diag d;
	struct buf b;

	diag_clear(&d);
	buf_init(&b, mem, sizeof(mem));
	x509_write_key((struct str){ x, sizeof(x) },
	    (struct str){ point, sizeof(point) }, &b);
	EXPECT_EQ(b.n, 121);
	EXPECT_EQ(x509_key_parse(STR("EC PRIVATE KEY"), written(&b), &k, &d),
	    0);
	EXPECT_EQ(k.type, X509_EC);
	EXPECT_EQ(k.bits, 256);
	EXPECT(str_eq(k.x, (struct str){ x, sizeof(x) }));
}
