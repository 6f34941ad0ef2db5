#include <string.h>

#include "codec.h"

/* Contents of the object identifiers that are told apart here. */
#define OID_EXT "\x55\x1d"			/* 2.5.29 */
#define OID_PKCS1 "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define OID_ECDSA_SHA2 "\x2a\x86\x48\xce\x3d\x04\x03"
#define OID_KEY_PURPOSE "\x2b\x06\x01\x05\x05\x07\x03"

static const struct str oid_rsa = STR_INIT(OID_PKCS1 "\x01");
static const struct str oid_ec = STR_INIT("\x2a\x86\x48\xce\x3d\x02\x01");
static const struct str oid_ed25519 = STR_INIT("\x2b\x65\x70");

static const struct {
	struct str oid;
	uint32_t bits;
} curves[] = {
	{ STR_INIT("\x2a\x86\x48\xce\x3d\x03\x01\x07"), 256 },
	{ STR_INIT("\x2b\x81\x04\x00\x22"), 384 },
	{ STR_INIT("\x2b\x81\x04\x00\x23"), 521 },
};

static const struct {
	struct str oid;
	uint8_t bit;
} extensions[] = {
	{ STR_INIT(OID_EXT "\x13"), X509_EXT_BASIC },
	{ STR_INIT(OID_EXT "\x0f"), X509_EXT_KEY_USAGE },
	{ STR_INIT(OID_EXT "\x11"), X509_EXT_SAN },
	{ STR_INIT(OID_EXT "\x25"), X509_EXT_EKU },
	{ STR_INIT(OID_EXT "\x1e"), X509_EXT_NAME_CONSTRAINTS },
};

static const struct {
	struct str oid;
	const char *name;
} signatures[] = {
	{ STR_INIT(OID_PKCS1 "\x04"), "MD5 with RSA" },
	{ STR_INIT(OID_PKCS1 "\x05"), "SHA-1 with RSA" },
	{ STR_INIT(OID_PKCS1 "\x0a"), "RSA-PSS" },
	{ STR_INIT(OID_PKCS1 "\x0b"), "SHA-256 with RSA" },
	{ STR_INIT(OID_PKCS1 "\x0c"), "SHA-384 with RSA" },
	{ STR_INIT(OID_PKCS1 "\x0d"), "SHA-512 with RSA" },
	{ STR_INIT("\x2a\x86\x48\xce\x3d\x04\x01"), "SHA-1 with ECDSA" },
	{ STR_INIT(OID_ECDSA_SHA2 "\x02"), "SHA-256 with ECDSA" },
	{ STR_INIT(OID_ECDSA_SHA2 "\x03"), "SHA-384 with ECDSA" },
	{ STR_INIT(OID_ECDSA_SHA2 "\x04"), "SHA-512 with ECDSA" },
	{ STR_INIT("\x2b\x65\x70"), "Ed25519" },
	{ STR_INIT("\x2b\x65\x71"), "Ed448" },
};

static int refuse(struct diag *d, int err, const char *what)
{
	diag_set(d, STR_NONE, "certificate: %s", what);
	return err;
}

/* Of a magnitude without leading zeroes. */
static uint32_t bit_count(struct str digits)
{
	uint32_t n = (uint32_t)digits.n * 8;

	if (!n)
		return 0;
	for (uint8_t top = (uint8_t)digits.p[0]; !(top & 0x80); top <<= 1)
		n--;
	return n;
}

static uint32_t curve_bits(struct str oid)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++)
		if (str_eq(oid, curves[i].oid))
			return curves[i].bits;
	return 0;
}

/* An INTEGER >= 0 off *in. */
static int magnitude(struct str *in, struct str *ret)
{
	struct str body;

	if (der_expect(in, DER_INT, &body))
		return ERR_BAD;
	return der_unsigned(body, ret);
}

static int public_rsa(struct str bits, struct x509_public *k)
{
	struct str seq;

	if (der_expect(&bits, DER_SEQ, &seq) || bits.n ||
	    magnitude(&seq, &k->n) || magnitude(&seq, &k->e) || seq.n ||
	    !k->n.n || !k->e.n)
		return ERR_BAD;
	k->type = X509_RSA;
	k->bits = bit_count(k->n);
	return 0;
}

/* Curves and point forms that we do not know leave the key X509_OTHER. */
static int public_ec(struct str params, struct str bits,
    struct x509_public *k)
{
	struct str curve;
	uint32_t n;

	if (der_expect(&params, DER_OID, &curve))
		return 0;
	n = curve_bits(curve);
	if (!n || bits.n != 1 + 2 * ((n + 7) / 8) || bits.p[0] != 0x04)
		return 0;
	k->type = X509_EC;
	k->bits = n;
	k->point = bits;
	return 0;
}

/* Contents of a SubjectPublicKeyInfo. */
static int public_parse(struct str spki, struct x509_public *k)
{
	struct str algorithm, oid, body, bits;

	if (der_expect(&spki, DER_SEQ, &algorithm) ||
	    der_expect(&algorithm, DER_OID, &oid) ||
	    der_expect(&spki, DER_BITS, &body) || spki.n ||
	    der_bits(body, &bits))
		return ERR_BAD;
	if (str_eq(oid, oid_rsa))
		return public_rsa(bits, k);
	if (str_eq(oid, oid_ec))
		return public_ec(algorithm, bits, k);
	if (str_eq(oid, oid_ed25519))
		k->type = X509_ED25519;
	return 0;
}

static int basic_parse(struct str seq, bool *ret_ca)
{
	struct str body;
	uint32_t path_length;
	int there = der_optional(&seq, DER_BOOL, &body);

	*ret_ca = false;
	if (there < 0 || (there && der_bool(body, ret_ca)))
		return ERR_BAD;
	there = der_optional(&seq, DER_INT, &body);
	if (there < 0 || (there && der_u32(body, &path_length)) || seq.n)
		return ERR_BAD;
	return 0;
}

/* Well-formed values only, all the way through. */
static int sequence_check(struct str seq)
{
	struct der v;

	while (seq.n)
		if (der_next(&seq, &v))
			return ERR_BAD;
	return 0;
}

static int extension_value(struct x509 *c, uint8_t bit, struct str value)
{
	struct str seq;

	if (bit != X509_EXT_BASIC && bit != X509_EXT_SAN &&
	    bit != X509_EXT_EKU)
		return 0;
	if (der_expect(&value, DER_SEQ, &seq) || value.n)
		return ERR_BAD;
	if (bit == X509_EXT_BASIC)
		return basic_parse(seq, &c->ca);
	if (bit == X509_EXT_SAN)
		c->san = seq;
	else
		c->eku = seq;
	return seq.n ? sequence_check(seq) : ERR_BAD;
}

static int extension_parse(struct x509 *c, struct str ext)
{
	struct str oid, body, value;
	uint8_t bit = X509_EXT_OTHER;
	bool critical = false;
	int there;

	if (der_expect(&ext, DER_OID, &oid))
		return ERR_BAD;
	there = der_optional(&ext, DER_BOOL, &body);
	if (there < 0 || (there && der_bool(body, &critical)) ||
	    der_expect(&ext, DER_OCTETS, &value) || ext.n)
		return ERR_BAD;
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (str_eq(oid, extensions[i].oid))
			bit = extensions[i].bit;
	if (bit != X509_EXT_OTHER && c->exts & bit)
		return ERR_BAD;
	c->exts |= bit;
	if (critical)
		c->critical |= bit;
	return extension_value(c, bit, value);
}

/* What follows the public key in a TBSCertificate. */
static int extensions_parse(struct x509 *c, struct str tbs, uint32_t version)
{
	struct str body, list, ext;
	int there;

	if (der_optional(&tbs, DER_CONTEXT(1), &body) < 0 ||
	    der_optional(&tbs, DER_CONTEXT(2), &body) < 0)
		return ERR_BAD;
	there = der_optional(&tbs, DER_CONTEXT_SEQ(3), &body);
	if (there < 0 || tbs.n)
		return ERR_BAD;
	if (!there)
		return 0;
	if (version != 2 || der_expect(&body, DER_SEQ, &list) || body.n)
		return ERR_BAD;
	while (list.n)
		if (der_expect(&list, DER_SEQ, &ext) ||
		    extension_parse(c, ext))
			return ERR_BAD;
	return 0;
}

static int version_parse(struct str *tbs, uint32_t *ret)
{
	struct str body, number;
	int there = der_optional(tbs, DER_CONTEXT_SEQ(0), &body);

	*ret = 0;
	if (there <= 0)
		return there;
	if (der_expect(&body, DER_INT, &number) || body.n ||
	    der_u32(number, ret) || *ret > 2)
		return ERR_BAD;
	return 0;
}

static int name_take(struct str *in, struct str *ret)
{
	struct der v;

	if (der_next(in, &v) || v.tag != DER_SEQ)
		return ERR_BAD;
	*ret = v.whole;
	return 0;
}

static int validity_parse(struct str seq, struct x509 *c)
{
	struct der before, after;

	if (der_next(&seq, &before) || der_next(&seq, &after) || seq.n ||
	    der_time(&before, &c->not_before_s) ||
	    der_time(&after, &c->not_after_s))
		return ERR_BAD;
	return 0;
}

static int tbs_parse(struct str tbs, struct str algorithm, struct x509 *c,
    struct diag *d)
{
	struct str inner, validity, spki;
	uint32_t version;

	if (version_parse(&tbs, &version))
		return refuse(d, ERR_BAD, "version");
	if (der_expect(&tbs, DER_INT, &c->serial) || !c->serial.n)
		return refuse(d, ERR_BAD, "serial number");
	/* Both say how it is signed, and must say the same. */
	if (der_expect(&tbs, DER_SEQ, &inner) || !str_eq(inner, algorithm))
		return refuse(d, ERR_BAD, "signature algorithm");
	if (name_take(&tbs, &c->issuer))
		return refuse(d, ERR_BAD, "issuer");
	if (der_expect(&tbs, DER_SEQ, &validity) ||
	    validity_parse(validity, c))
		return refuse(d, ERR_BAD, "validity");
	if (name_take(&tbs, &c->subject))
		return refuse(d, ERR_BAD, "subject");
	if (der_expect(&tbs, DER_SEQ, &spki) || public_parse(spki, &c->key))
		return refuse(d, ERR_BAD, "public key");
	if (extensions_parse(c, tbs, version))
		return refuse(d, ERR_BAD, "extensions");
	return 0;
}

int x509_parse(struct str der, struct x509 *ret, struct diag *d)
{
	struct str rest = der, all, tbs, algorithm, oid, signature, bits;
	struct x509 c;
	int err;

	if (der.n > CERT_DER_MAX)
		return refuse(d, ERR_LIMIT, "too large");
	memset(&c, 0, sizeof(c));
	c.der = der;
	if (der_expect(&rest, DER_SEQ, &all) || rest.n ||
	    der_expect(&all, DER_SEQ, &tbs) ||
	    der_expect(&all, DER_SEQ, &algorithm) ||
	    der_expect(&all, DER_BITS, &signature) || all.n ||
	    der_bits(signature, &bits))
		return refuse(d, ERR_BAD, "not a certificate");
	oid = algorithm;
	if (der_expect(&oid, DER_OID, &c.signature_oid))
		return refuse(d, ERR_BAD, "signature algorithm");
	err = tbs_parse(tbs, algorithm, &c, d);
	if (err)
		return err;
	*ret = c;
	return 0;
}

bool x509_name_next(const struct x509 *c, size_t *cursor,
    struct x509_name *ret)
{
	struct str rest = str_sub(c->san, *cursor, c->san.n);
	struct der v;

	while (!der_next(&rest, &v)) {
		*cursor = c->san.n - rest.n;
		ret->text = v.body;
		if (v.tag == DER_CONTEXT(2)) {
			ret->type = X509_DNS;
			return true;
		}
		if (v.tag == DER_CONTEXT(7) &&
		    (v.body.n == 4 || v.body.n == 16)) {
			ret->type = X509_IP;
			return true;
		}
	}
	return false;
}

static bool dns_matches(struct str pattern, struct str host)
{
	struct str label, parent;

	if (str_eq_nocase(pattern, host))
		return true;
	if (!str_starts(pattern, STR("*.")))
		return false;
	parent = str_cut(host, '.', &label);
	return label.n && str_find(parent, '.') < parent.n &&
	    str_eq_nocase(str_sub(pattern, 2, pattern.n), parent);
}

static bool ip_matches(struct str bytes, const struct net_addr *a)
{
	return bytes.n == (a->family == 4 ? 4 : 16) &&
	    !memcmp(bytes.p, a->ip, bytes.n);
}

bool x509_matches(const struct x509 *c, struct str host)
{
	struct net_addr ip = { 0 };
	bool is_ip = !addr_parse(host, &ip);
	struct x509_name name;
	size_t cursor = 0;

	if (!is_ip && str_ends(host, STR(".")))
		host = str_sub(host, 0, host.n - 1);
	if (!host.n)
		return false;
	while (x509_name_next(c, &cursor, &name)) {
		if (is_ip && name.type == X509_IP &&
		    ip_matches(name.text, &ip))
			return true;
		if (!is_ip && name.type == X509_DNS &&
		    dns_matches(name.text, host))
			return true;
	}
	return false;
}

/* Text of a peer's choice, fit for a terminal and a log. */
static void printable(struct str s, struct buf *out)
{
	bool utf8 = str_utf8(s);

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];
		bool fine = c < 0x80 ? c >= 0x20 && c < 0x7f : utf8;

		buf_char(out, fine ? (char)c : '?');
	}
}

void x509_names(const struct x509 *c, struct buf *out)
{
	struct net_addr ip = { 0 };
	struct x509_name name;
	size_t cursor = 0;
	const char *between = "";

	while (x509_name_next(c, &cursor, &name)) {
		buf_cstr(out, between);
		between = ", ";
		if (name.type == X509_DNS) {
			printable(name.text, out);
			continue;
		}
		ip.family = name.text.n == 4 ? 4 : 6;
		memcpy(ip.ip, name.text.p, name.text.n);
		addr_format(out, &ip);
	}
}

bool x509_allows(const struct x509 *c, enum x509_purpose purpose)
{
	static const struct str any = STR_INIT(OID_EXT "\x25\x00");
	struct str rest = c->eku, oid;
	struct str want = purpose == X509_SERVER ?
	    STR(OID_KEY_PURPOSE "\x01") : STR(OID_KEY_PURPOSE "\x02");

	if (!(c->exts & X509_EXT_EKU))
		return true;
	while (!der_expect(&rest, DER_OID, &oid))
		if (str_eq(oid, want) || str_eq(oid, any))
			return true;
	return false;
}

void x509_subject(const struct x509 *c, struct buf *out)
{
	struct str rest = c->subject, name, set, attribute, oid, best;
	struct der value;

	best = STR_NONE;
	if (der_expect(&rest, DER_SEQ, &name))
		return;
	while (!der_expect(&name, DER_SET, &set) &&
	    !der_expect(&set, DER_SEQ, &attribute) &&
	    !der_expect(&attribute, DER_OID, &oid) &&
	    !der_next(&attribute, &value)) {
		best = value.body;
		if (str_is(oid, "\x55\x04\x03"))	/* commonName */
			break;
	}
	printable(best, out);
}

const char *x509_signature_name(const struct x509 *c)
{
	for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
		if (str_eq(c->signature_oid, signatures[i].oid))
			return signatures[i].name;
	return "unknown algorithm";
}

static int key_refuse(struct diag *d, int err, const char *what)
{
	diag_set(d, STR_NONE, "private key: %s", what);
	return err;
}

/* Two odd primes that can be the factors of n. */
static bool factors_fit(const struct x509_key *k)
{
	uint32_t p = bit_count(k->p), q = bit_count(k->q);

	return p + q >= k->bits && p + q <= k->bits + 1 &&
	    p <= k->bits / 2 + 8 && q <= k->bits / 2 + 8 &&
	    k->p.p[k->p.n - 1] & 1 && k->q.p[k->q.n - 1] & 1;
}

/* RSAPrivateKey of RFC 8017 appendix A.1.2, with two primes. */
static int key_rsa(struct str seq, struct x509_key *k, struct diag *d)
{
	struct str version, secret;

	if (magnitude(&seq, &version) || magnitude(&seq, &k->n) ||
	    magnitude(&seq, &k->e) || magnitude(&seq, &secret) ||
	    magnitude(&seq, &k->p) || magnitude(&seq, &k->q) ||
	    magnitude(&seq, &k->dp) || magnitude(&seq, &k->dq) ||
	    magnitude(&seq, &k->iq))
		return key_refuse(d, ERR_BAD, "not an RSA key");
	if (version.n || seq.n)
		return key_refuse(d, ERR_UNSUPPORTED,
		    "RSA key with more than two primes");
	k->type = X509_RSA;
	k->bits = bit_count(k->n);
	if (k->bits > X509_RSA_BITS_MAX)
		return key_refuse(d, ERR_LIMIT, "RSA key over 4096 bits");
	if (!k->p.n || !k->q.n || !factors_fit(k))
		return key_refuse(d, ERR_BAD, "RSA factors do not fit");
	return 0;
}

/* ECPrivateKey of RFC 5915; curve is that of PKCS#8, or empty. */
static int key_ec(struct str seq, struct str curve, struct x509_key *k,
    struct diag *d)
{
	struct str number, params, body;
	uint32_t version;

	if (der_expect(&seq, DER_INT, &number) || der_u32(number, &version) ||
	    version != 1 || der_expect(&seq, DER_OCTETS, &k->x))
		return key_refuse(d, ERR_BAD, "not an EC key");
	if (der_optional(&seq, DER_CONTEXT_SEQ(0), &params) == 1 &&
	    (der_expect(&params, DER_OID, &curve) || params.n))
		return key_refuse(d, ERR_UNSUPPORTED,
		    "EC key without a named curve");
	if (der_optional(&seq, DER_CONTEXT_SEQ(1), &body) < 0 || seq.n)
		return key_refuse(d, ERR_BAD, "not an EC key");
	k->type = X509_EC;
	k->bits = curve_bits(curve);
	if (!k->bits)
		return key_refuse(d, ERR_UNSUPPORTED,
		    "EC curve other than P-256, P-384 and P-521");
	while (k->x.n && !k->x.p[0])
		k->x = str_sub(k->x, 1, k->x.n);
	if (!k->x.n || bit_count(k->x) > k->bits)
		return key_refuse(d, ERR_BAD, "EC scalar out of range");
	return 0;
}

/* PrivateKeyInfo of RFC 5208 and RFC 5958. */
static int key_pkcs8(struct str seq, struct x509_key *k, struct diag *d)
{
	struct str number, algorithm, oid, inner, key, curve = STR_NONE;
	uint32_t version;

	if (der_expect(&seq, DER_INT, &number) || der_u32(number, &version) ||
	    version > 1 || der_expect(&seq, DER_SEQ, &algorithm) ||
	    der_expect(&algorithm, DER_OID, &oid) ||
	    der_expect(&seq, DER_OCTETS, &inner) || sequence_check(seq))
		return key_refuse(d, ERR_BAD, "not PKCS#8");
	if (str_eq(oid, oid_ed25519))
		return key_refuse(d, ERR_UNSUPPORTED,
		    "Ed25519; EC (P-256) and RSA keys are taken");
	if (!str_eq(oid, oid_rsa) && !str_eq(oid, oid_ec))
		return key_refuse(d, ERR_UNSUPPORTED, "algorithm");
	if (der_expect(&inner, DER_SEQ, &key) || inner.n)
		return key_refuse(d, ERR_BAD, "not PKCS#8");
	if (str_eq(oid, oid_rsa))
		return key_rsa(key, k, d);
	if (der_expect(&algorithm, DER_OID, &curve))
		curve = STR_NONE;
	return key_ec(key, curve, k, d);
}

int x509_key_parse(struct str label, struct str der, struct x509_key *ret,
    struct diag *d)
{
	struct x509_key k;
	struct str seq;
	int err;

	memset(&k, 0, sizeof(k));
	if (str_is(label, "ENCRYPTED PRIVATE KEY"))
		return key_refuse(d, ERR_UNSUPPORTED, "encrypted");
	if (der.n > KEY_DER_MAX)
		return key_refuse(d, ERR_LIMIT,
		    "too large; RSA keys of up to 4096 bits are taken");
	if (der_expect(&der, DER_SEQ, &seq) || der.n)
		return key_refuse(d, ERR_BAD, "not DER");
	if (str_is(label, "RSA PRIVATE KEY"))
		err = key_rsa(seq, &k, d);
	else if (str_is(label, "EC PRIVATE KEY"))
		err = key_ec(seq, STR_NONE, &k, d);
	else if (str_is(label, "PRIVATE KEY"))
		err = key_pkcs8(seq, &k, d);
	else
		return key_refuse(d, ERR_UNSUPPORTED, "PEM label");
	if (!err)
		*ret = k;
	return err;
}
