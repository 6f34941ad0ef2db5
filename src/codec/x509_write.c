#include "codec.h"
#include "x509.h"

/* Contents of the object identifiers that are needed. */
#define OID_COMMON_NAME "\x55\x04\x03"
#define OID_EC_KEY "\x2a\x86\x48\xce\x3d\x02\x01"
#define OID_P256 "\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_ECDSA_SHA256 "\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define OID_KEY_ID "\x55\x1d\x0e"
#define OID_KEY_USAGE "\x55\x1d\x0f"
#define OID_SAN "\x55\x1d\x11"
#define OID_BASIC "\x55\x1d\x13"
#define OID_AUTHORITY_ID "\x55\x1d\x23"
#define OID_EKU "\x55\x1d\x25"
#define OID_SERVER_AUTH "\x2b\x06\x01\x05\x05\x07\x03\x01"

#define TRUE_OCTET "\xff"
/* BIT STRINGs of named bits: the count of unused ones, then the bits. */
#define USAGE_SIGN "\x07\x80"		/* digitalSignature */
#define USAGE_CA "\x01\x06"		/* keyCertSign, cRLSign */

static void put_algorithm(struct buf *out)
{
	size_t at = der_begin(out, DER_SEQ);

	der_put(out, DER_OID, STR(OID_ECDSA_SHA256));
	der_end(out, at);
}

static void put_name(struct buf *out, struct str common_name)
{
	size_t name = der_begin(out, DER_SEQ);
	size_t set = der_begin(out, DER_SET);
	size_t pair = der_begin(out, DER_SEQ);

	der_put(out, DER_OID, STR(OID_COMMON_NAME));
	der_put(out, DER_UTF8, common_name);
	der_end(out, pair);
	der_end(out, set);
	der_end(out, name);
}

static void put_validity(struct buf *out, const struct x509_make *m)
{
	size_t at = der_begin(out, DER_SEQ);

	der_put_time(out, m->not_before_s);
	der_put_time(out, m->not_after_s);
	der_end(out, at);
}

static void put_key(struct buf *out, struct str point)
{
	size_t key = der_begin(out, DER_SEQ);
	size_t algorithm = der_begin(out, DER_SEQ);

	der_put(out, DER_OID, STR(OID_EC_KEY));
	der_put(out, DER_OID, STR(OID_P256));
	der_end(out, algorithm);
	der_put_bits(out, point);
	der_end(out, key);
}

/* ---- extensions ---------------------------------------------------------- */

/* Two to be closed by ext_end: the extension, and its OCTET STRING. */
struct ext { size_t whole, octets; };

static struct ext ext_begin(struct buf *out, struct str oid, bool critical)
{
	struct ext e;

	e.whole = der_begin(out, DER_SEQ);
	der_put(out, DER_OID, oid);
	if (critical)
		der_put(out, DER_BOOL, STR(TRUE_OCTET));
	e.octets = der_begin(out, DER_OCTETS);
	return e;
}

static void ext_end(struct buf *out, struct ext e)
{
	der_end(out, e.octets);
	der_end(out, e.whole);
}

static void put_basic(struct buf *out, bool ca)
{
	struct ext e = ext_begin(out, STR(OID_BASIC), true);
	size_t at = der_begin(out, DER_SEQ);

	if (ca)
		der_put(out, DER_BOOL, STR(TRUE_OCTET));
	der_end(out, at);
	ext_end(out, e);
}

static void put_usage(struct buf *out, bool ca)
{
	struct ext e = ext_begin(out, STR(OID_KEY_USAGE), true);

	der_put(out, DER_BITS, ca ? STR(USAGE_CA) : STR(USAGE_SIGN));
	ext_end(out, e);
}

static void put_server_auth(struct buf *out)
{
	struct ext e = ext_begin(out, STR(OID_EKU), false);
	size_t at = der_begin(out, DER_SEQ);

	der_put(out, DER_OID, STR(OID_SERVER_AUTH));
	der_end(out, at);
	ext_end(out, e);
}

static void put_alt_name(struct buf *out, struct str name)
{
	struct net_addr ip = { 0 };

	if (addr_parse(name, &ip))
		der_put(out, DER_CONTEXT(2), name);
	else
		der_put(out, DER_CONTEXT(7), (struct str){
		    (const char *)ip.ip, ip.family == 6 ? 16 : 4 });
}

static void put_alt_names(struct buf *out, const struct x509_make *m)
{
	struct ext e = ext_begin(out, STR(OID_SAN), false);
	size_t at = der_begin(out, DER_SEQ);

	for (uint32_t i = 0; i < m->names; i++)
		put_alt_name(out, m->name[i]);
	der_end(out, at);
	ext_end(out, e);
}

static void put_key_ids(struct buf *out, const struct x509_make *m)
{
	struct ext e = ext_begin(out, STR(OID_KEY_ID), false);
	size_t at;

	der_put(out, DER_OCTETS, m->key_id);
	ext_end(out, e);
	e = ext_begin(out, STR(OID_AUTHORITY_ID), false);
	at = der_begin(out, DER_SEQ);
	der_put(out, DER_CONTEXT(0), m->issuer_key_id);
	der_end(out, at);
	ext_end(out, e);
}

static void put_exts(struct buf *out, const struct x509_make *m)
{
	size_t tagged = der_begin(out, DER_CONTEXT_SEQ(3));
	size_t exts = der_begin(out, DER_SEQ);

	put_basic(out, m->ca);
	put_usage(out, m->ca);
	if (!m->ca)
		put_server_auth(out);
	if (m->names)
		put_alt_names(out, m);
	put_key_ids(out, m);
	der_end(out, exts);
	der_end(out, tagged);
}

/* ---- calls --------------------------------------------------------------- */

void x509_write_tbs(const struct x509_make *m, struct buf *out)
{
	size_t tbs = der_begin(out, DER_SEQ);
	size_t version = der_begin(out, DER_CONTEXT_SEQ(0));

	der_put(out, DER_INT, STR("\x02"));		/* v3 */
	der_end(out, version);
	der_put_unsigned(out, m->serial);
	put_algorithm(out);
	put_name(out, m->issuer);
	put_validity(out, m);
	put_name(out, m->subject);
	put_key(out, m->point);
	put_exts(out, m);
	der_end(out, tbs);
}

void x509_write_signed(struct str tbs, struct str signature, struct buf *out)
{
	size_t at = der_begin(out, DER_SEQ);

	buf_str(out, tbs);
	put_algorithm(out);
	der_put_bits(out, signature);
	der_end(out, at);
}

void x509_write_key(struct str x, struct str point, struct buf *out)
{
	size_t key = der_begin(out, DER_SEQ), at;

	der_put(out, DER_INT, STR("\x01"));
	der_put(out, DER_OCTETS, x);
	at = der_begin(out, DER_CONTEXT_SEQ(0));
	der_put(out, DER_OID, STR(OID_P256));
	der_end(out, at);
	at = der_begin(out, DER_CONTEXT_SEQ(1));
	der_put_bits(out, point);
	der_end(out, at);
	der_end(out, key);
}
