/*
 * Certificates and private keys against BearSSL's own decoders: what both
 * take they understand alike, and a certificate is good for each name that it
 * holds. The first byte says what the rest is: 0 a certificate, else a key by
 * label.
 */
#include <bearssl.h>

#include "codec.h"
#include "fuzz.h"

static const char *const labels[] = {
	"RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY",
	"RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "CERTIFICATE"
};

static void check_within(struct str all, struct str s)
{
	FUZZ_CHECK(!s.n || (s.p >= all.p && s.p + s.n <= all.p + all.n));
}

static void check_digits(struct str a, const unsigned char *b, size_t n)
{
	while (n && !*b) {
		b++;
		n--;
	}
	FUZZ_CHECK(a.n == n && !memcmp(a.p, b, n));
}

static int curve(uint32_t bits)
{
	return bits == 256 ? BR_EC_secp256r1 :
	    bits == 384 ? BR_EC_secp384r1 : BR_EC_secp521r1;
}

static void check_public(const struct x509_public *k, const br_x509_pkey *ref)
{
	if (k->type == X509_RSA) {
		FUZZ_CHECK(ref->key_type == BR_KEYTYPE_RSA);
		check_digits(k->n, ref->key.rsa.n, ref->key.rsa.nlen);
		check_digits(k->e, ref->key.rsa.e, ref->key.rsa.elen);
	} else if (k->type == X509_EC) {
		FUZZ_CHECK(ref->key_type == BR_KEYTYPE_EC);
		FUZZ_CHECK(ref->key.ec.curve == curve(k->bits));
		FUZZ_CHECK(k->point.n == ref->key.ec.qlen &&
		    !memcmp(k->point.p, ref->key.ec.q, k->point.n));
	}
}

static void check_reference(const struct x509 *c)
{
	static br_x509_decoder_context dc;
	const br_x509_pkey *ref;

	br_x509_decoder_init(&dc, NULL, NULL);
	br_x509_decoder_push(&dc, c->der.p, c->der.n);
	ref = br_x509_decoder_get_pkey(&dc);
	if (!ref)
		return;
	check_public(&c->key, ref);
	FUZZ_CHECK(c->ca == !!br_x509_decoder_isCA(&dc));
	/* It counts days from year 0. */
	FUZZ_CHECK(c->not_before_s == ((int64_t)dc.notbefore_days - 719528) *
	    86400 + dc.notbefore_seconds);
	FUZZ_CHECK(c->not_after_s == ((int64_t)dc.notafter_days - 719528) *
	    86400 + dc.notafter_seconds);
}

/* Names that look like addresses, or end with a dot, are for nobody. */
static void check_name(const struct x509 *c, const struct x509_name *name)
{
	struct net_addr ip = { .family = name->text.n == 4 ? 4 : 6 };
	char mem[64];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	if (name->type == X509_IP) {
		memcpy(ip.ip, name->text.p, name->text.n);
		addr_format(&b, &ip);
		FUZZ_CHECK(x509_matches(c, buf_view(&b)));
	} else if (addr_parse(name->text, &ip) && name->text.n < 60) {
		buf_fmt(&b, "%S.", name->text);
		FUZZ_CHECK(x509_matches(c, buf_view(&b)) ==
		    (name->text.n != 0));
	}
}

static void check_names(const struct x509 *c)
{
	struct x509_name name;
	size_t cursor = 0, names = 0;
	char mem[256];
	struct buf b;

	while (x509_name_next(c, &cursor, &name)) {
		check_within(c->san, name.text);
		check_name(c, &name);
		names++;
		FUZZ_CHECK(names <= c->san.n);
	}
	buf_init(&b, mem, sizeof(mem));
	x509_names(c, &b);
	x509_subject(c, &b);
	for (size_t i = 0; i < b.n; i++)
		FUZZ_CHECK((uint8_t)mem[i] >= 0x20 && mem[i] != 0x7f);
	FUZZ_CHECK(names || !x509_matches(c, STR("a.b.c")));
	FUZZ_CHECK(!x509_matches(c, STR("")));
}

static void run_certificate(struct str der)
{
	struct x509 c = { .serial = STR_INIT("kept") };
	struct diag d;
	int rc;

	diag_clear(&d);
	rc = x509_parse(der, &c, &d);
	FUZZ_CHECK(rc == 0 || rc == ERR_BAD || rc == ERR_LIMIT);
	FUZZ_CHECK(!rc == !diag_is_set(&d));
	if (rc) {
		FUZZ_CHECK(str_is(c.serial, "kept"));
		return;
	}
	check_within(der, c.subject);
	check_within(der, c.issuer);
	check_within(der, c.san);
	check_within(der, c.eku);
	check_names(&c);
	FUZZ_CHECK(c.exts & X509_EXT_EKU ||
	    (x509_allows(&c, X509_SERVER) && x509_allows(&c, X509_CLIENT)));
	FUZZ_CHECK(x509_signature_name(&c)[0]);
	check_reference(&c);
}

static void run_key(const char *label, struct str der)
{
	static br_skey_decoder_context dc;
	struct x509_key k;
	const br_rsa_private_key *rsa;
	const br_ec_private_key *ec;
	struct diag d;
	int rc;

	diag_clear(&d);
	rc = x509_key_parse(str_from(label), der, &k, &d);
	FUZZ_CHECK(!rc == !diag_is_set(&d));
	if (rc)
		return;
	FUZZ_CHECK(k.bits <= X509_RSA_BITS_MAX && der.n <= KEY_DER_MAX);
	br_skey_decoder_init(&dc);
	br_skey_decoder_push(&dc, der.p, der.n);
	rsa = br_skey_decoder_get_rsa(&dc);
	ec = br_skey_decoder_get_ec(&dc);
	if (k.type == X509_RSA && rsa) {
		FUZZ_CHECK(rsa->n_bitlen == k.bits);
		check_digits(k.p, rsa->p, rsa->plen);
		check_digits(k.q, rsa->q, rsa->qlen);
		check_digits(k.dp, rsa->dp, rsa->dplen);
		check_digits(k.dq, rsa->dq, rsa->dqlen);
		check_digits(k.iq, rsa->iq, rsa->iqlen);
	}
	if (k.type == X509_EC && ec) {
		FUZZ_CHECK(ec->curve == curve(k.bits));
		check_digits(k.x, ec->x, ec->xlen);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str der = { (const char *)data + 1, size - 1 };

	if (!size)
		return 0;
	if (!data[0])
		run_certificate(der);
	else
		run_key(labels[data[0] % ARRAY_LEN(labels)], der);
	return 0;
}
