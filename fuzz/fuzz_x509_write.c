/*
 * A certificate, a key and their PEM blocks made from the input read back as
 * what they were made from; with a byte less of room they say so. Input:
 * 13 bytes of numbers, then names, each ended by a NUL.
 */
#include "codec.h"
#include "fuzz.h"
#include "x509.h"

enum { HEAD = 13, NAMES = 8 };

static char tbs_mem[FUZZ_MAX], mem[FUZZ_MAX], pem_mem[2 * FUZZ_MAX],
    back[FUZZ_MAX];

static struct str name_next(struct str *in)
{
	struct str name;

	*in = str_cut(*in, '\0', &name);
	return str_sub(name, 0, name.n < 300 ? name.n : 300);
}

static int64_t seconds(const uint8_t *p)
{
	uint64_t v = (uint64_t)p[0] << 32 | (uint64_t)p[1] << 24 |
	    (uint64_t)p[2] << 16 | (uint64_t)p[3] << 8 | p[4];

	/* To the end of 2200. */
	return (int64_t)(v % UINT64_C(7289654400));
}

static void check_names(const struct x509_make *m, const struct x509 *c)
{
	struct x509_name n;
	size_t at = 0;
	uint32_t i = 0;

	while (x509_name_next(c, &at, &n)) {
		struct net_addr ip = { 0 };

		FUZZ_CHECK(i < m->names);
		if (addr_parse(m->name[i], &ip))
			FUZZ_CHECK(n.type == X509_DNS &&
			    str_eq(n.text, m->name[i]));
		else
			FUZZ_CHECK(n.type == X509_IP && n.text.n ==
			    (ip.family == 6 ? 16U : 4U) &&
			    !memcmp(n.text.p, ip.ip, n.text.n));
		i++;
	}
	FUZZ_CHECK(i == m->names);
}

static void check_pem(struct str label, struct str der)
{
	struct str in;
	struct pem p;
	struct buf b;
	size_t n;

	buf_init(&b, pem_mem, sizeof(pem_mem));
	pem_write(label, der, &b);
	FUZZ_CHECK(!b.over);
	in = buf_view(&b);
	FUZZ_CHECK(!pem_next(&in, &p) && str_eq(p.label, label) && !in.n);
	FUZZ_CHECK(!pem_decode(&p, back, sizeof(back), &n));
	FUZZ_CHECK(n == der.n && !memcmp(back, der.p, n));
}

static void check_certificate(const struct x509_make *m, struct str signature)
{
	struct buf tbs, b;
	struct x509 c;
	size_t n;

	buf_init(&tbs, tbs_mem, sizeof(tbs_mem));
	x509_write_tbs(m, &tbs);
	FUZZ_CHECK(!tbs.over);
	buf_init(&b, mem, sizeof(mem));
	x509_write_signed(buf_view(&tbs), signature, &b);
	FUZZ_CHECK(!b.over);
	FUZZ_CHECK(!x509_parse(buf_view(&b), &c, NULL));
	FUZZ_CHECK(c.not_before_s == m->not_before_s &&
	    c.not_after_s == m->not_after_s && c.ca == m->ca);
	FUZZ_CHECK(str_eq(c.key.point, m->point));
	FUZZ_CHECK(str_eq(m->issuer, m->subject) ==
	    str_eq(c.issuer, c.subject));
	FUZZ_CHECK(m->ca || x509_allows(&c, X509_SERVER));
	check_names(m, &c);
	check_pem(STR("CERTIFICATE"), buf_view(&b));
	n = tbs.n;
	buf_init(&tbs, tbs_mem, n - 1);
	x509_write_tbs(m, &tbs);
	FUZZ_CHECK(tbs.over);
}

static void check_key(struct str x, struct str point)
{
	struct x509_key k;
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	x509_write_key(x, point, &b);
	FUZZ_CHECK(!b.over);
	FUZZ_CHECK(!x509_key_parse(STR("EC PRIVATE KEY"), buf_view(&b), &k,
	    NULL));
	FUZZ_CHECK(k.bits == 256 && str_eq(k.x, x));
	check_pem(STR("EC PRIVATE KEY"), buf_view(&b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size }, names[NAMES];
	uint8_t point[65] = { 4 }, x[32] = { 1 }, serial[2];
	struct x509_make m = {
		.point = { (char *)point, sizeof(point) },
		.key_id = STR("a key"), .issuer_key_id = STR("another key"),
		.serial = { (char *)serial, sizeof(serial) }, .name = names,
	};

	if (size < HEAD)
		return 0;
	m.ca = data[0] & 1;
	serial[0] = data[1] & 0x7f;
	serial[1] = data[2] | 1;
	m.not_before_s = seconds(data + 3);
	m.not_after_s = seconds(data + 8);
	in = str_sub(in, HEAD, in.n);
	memcpy(point + 1, data, HEAD);
	memcpy(x + 1, data, HEAD);
	m.subject = name_next(&in);
	m.issuer = name_next(&in);
	while (in.n && m.names < NAMES)
		names[m.names++] = name_next(&in);
	check_certificate(&m, str_sub(m.issuer, 0, 80));
	check_key((struct str){ (char *)x, sizeof(x) }, m.point);
	return 0;
}
