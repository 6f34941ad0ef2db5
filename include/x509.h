#ifndef X509_H
#define X509_H

/*
 * codec, part two: PEM blocks, DER, and the facts of certificates and
 * private keys, read and written. No signature is made or checked here:
 * net does that. Everything that a reader returns is a slice of its input;
 * whether a writer's room did is in the buffer's `over`.
 */

#include "base.h"

/* pem.c [pem_] ------------------------------------------------------------ */

/* One block of RFC 7468; text around blocks is skipped. */
struct pem {
	struct str label;	/* "CERTIFICATE" */
	struct str body;	/* base64 with its line ends */
};
/*
 * Advances *in past the next block: 0, ERR_NOENT when there is none left, or
 * ERR_BAD for a block without its END line or with another one's.
 */
int pem_next(struct str *in, struct pem *ret);
/*
 * The block's bytes. ERR_BAD, ERR_FULL when they do not fit, and
 * ERR_UNSUPPORTED for a block with headers (the old encrypted keys).
 */
int pem_decode(const struct pem *p, void *out, size_t cap, size_t *ret_n);

/* The block of these bytes in lines of 64 characters. out may not hold der. */
void pem_write(struct str label, struct str der, struct buf *out);

/* der.c [der_] ------------------------------------------------------------ */

enum der_tag {
	DER_BOOL = 0x01, DER_INT = 0x02, DER_BITS = 0x03, DER_OCTETS = 0x04,
	DER_NULL = 0x05, DER_OID = 0x06, DER_UTF8 = 0x0c,
	DER_UTC_TIME = 0x17, DER_TIME = 0x18, DER_SEQ = 0x30, DER_SET = 0x31
};
/* [n] of X.690, as a primitive and as a constructed value. */
#define DER_CONTEXT(n) (0x80U | (n))
#define DER_CONTEXT_SEQ(n) (0xa0U | (n))

/* One value: its identifier octet, its contents, and both with the length. */
struct der {
	uint8_t tag;
	struct str body, whole;
};
/*
 * Cuts the next value off *in. Definite minimal lengths below 2^24 and tag
 * numbers below 31, as certificates have them. ERR_NOENT when in is empty,
 * ERR_MORE when the value is cut short, ERR_BAD.
 */
int der_next(struct str *in, struct der *ret);
/* The same, of this tag or ERR_BAD; also ERR_BAD when cut short or absent. */
int der_expect(struct str *in, unsigned tag, struct str *ret_body);
/* 1 and the value when it has this tag, 0 and nothing taken, ERR_BAD. */
int der_optional(struct str *in, unsigned tag, struct str *ret_body);
/* Contents of DER_BOOL: 0xff or 0x00 only. */
int der_bool(struct str body, bool *ret);
/* Contents of a DER_INT >= 0: its magnitude, no leading zero; 0 is empty. */
int der_unsigned(struct str body, struct str *ret);
/* A DER_INT in 0..2^32-1; ERR_LIMIT beyond. */
int der_u32(struct str body, uint32_t *ret);
/* Contents of a DER_BITS of whole octets. */
int der_bits(struct str body, struct str *ret);
/* DER_UTC_TIME or DER_TIME as RFC 5280 has them (seconds, Z), since 1970. */
int der_time(const struct der *v, int64_t *ret_s);

/* der_write.c [der_] ------------------------------------------------------ */

/* Between the two stands what the value holds, at most 65,535 bytes. */
size_t der_begin(struct buf *out, unsigned tag);
void der_end(struct buf *out, size_t began);
/* A whole value of that content. */
void der_put(struct buf *out, unsigned tag, struct str body);
/* A DER_INT >= 0, big endian; leading zeros do not matter. */
void der_put_unsigned(struct buf *out, struct str magnitude);
/* A DER_BITS of whole octets. */
void der_put_bits(struct buf *out, struct str octets);
/* As RFC 5280 section 4.1.2.5 wants it; at_s from 1970 to 2262. */
void der_put_time(struct buf *out, int64_t at_s);

/* x509.c [x509_] ---------------------------------------------------------- */

enum x509_key_type { X509_OTHER, X509_RSA, X509_EC, X509_ED25519 };
/* Of a certificate. EC: P-256, P-384, P-521; other curves are X509_OTHER. */
struct x509_public {
	enum x509_key_type type;
	uint32_t bits;		/* of the modulus or the curve; 0: unknown */
	struct str n, e;	/* RSA: magnitudes, big endian */
	struct str point;	/* EC: uncompressed */
};

/* Bits for extensions that were met, or met and critical. */
enum x509_ext {
	X509_EXT_BASIC = 1, X509_EXT_KEY_USAGE = 2, X509_EXT_SAN = 4,
	X509_EXT_EKU = 8, X509_EXT_NAME_CONSTRAINTS = 16,
	X509_EXT_OTHER = 32
};

struct x509 {
	struct str der;			/* all of it */
	struct str issuer, subject;	/* Name, with its header */
	struct str serial;		/* contents of the INTEGER */
	struct str signature_oid;	/* contents of the OID */
	int64_t not_before_s, not_after_s;	/* since 1970, inclusive */
	struct x509_public key;
	bool ca;			/* basicConstraints cA */
	uint8_t exts, critical;		/* X509_EXT_* bits */
	struct str san, eku;		/* contents of the SEQUENCE OF */
};
/*
 * Reads one certificate, v1 or v3 (RFC 5280), and nothing after it. Each
 * extension named above at most once. ERR_BAD, ERR_LIMIT over CERT_DER_MAX.
 */
int x509_parse(struct str der, struct x509 *ret, struct diag *d);

enum x509_name_type { X509_DNS, X509_IP };
struct x509_name {
	enum x509_name_type type;
	struct str text;	/* as written; of X509_IP 4 or 16 bytes */
};
/* Names in the subjectAltName from cursor 0 on; false: no more. */
bool x509_name_next(const struct x509 *c, size_t *cursor,
    struct x509_name *ret);
/*
 * RFC 6125 with the subjectAltName alone, never the common name: an IP
 * literal (without brackets) matches an iPAddress byte by byte, any other
 * name a dNSName without case, where "*" may stand for the whole left-most
 * label of a name of at least three. A trailing dot of host is dropped.
 */
bool x509_matches(const struct x509 *c, struct str host);
/* "a.example, 10.0.0.1, ..." for messages; nothing when it has no names. */
void x509_names(const struct x509 *c, struct buf *out);

enum x509_purpose { X509_SERVER, X509_CLIENT };
/* No extended key usage, this one, or anyExtendedKeyUsage. */
bool x509_allows(const struct x509 *c, enum x509_purpose purpose);
/* The subject's common name, or its last attribute, as far as printable. */
void x509_subject(const struct x509 *c, struct buf *out);
/* "SHA-1 with RSA", "RSA-PSS", "Ed25519", ...; "unknown algorithm". */
const char *x509_signature_name(const struct x509 *c);

/* A private key; the slices hold big-endian magnitudes. */
struct x509_key {
	enum x509_key_type type;
	uint32_t bits;
	struct str n, e, p, q, dp, dq, iq;	/* RSA */
	struct str x;				/* EC: the scalar */
};
/*
 * By PEM label: "RSA PRIVATE KEY" (PKCS#1), "EC PRIVATE KEY" (SEC1, with
 * named curve), "PRIVATE KEY" (PKCS#8 of either). ERR_UNSUPPORTED for other
 * algorithms and encrypted keys, ERR_LIMIT over KEY_DER_MAX or
 * X509_RSA_BITS_MAX, ERR_BAD.
 */
#define X509_RSA_BITS_MAX 4096
int x509_key_parse(struct str label, struct str der, struct x509_key *ret,
    struct diag *d);

/* x509_write.c [x509_write_] ---------------------------------------------- */

/*
 * A certificate for an EC key on P-256, to be signed with ECDSA and SHA-256:
 * of a CA, or of a server (RFC 5280 sections 4.1 and 4.2).
 */
struct x509_make {
	struct str issuer, subject;	/* common names, UTF-8 */
	struct str serial;		/* 1 to 20 octets, the first < 0x80 and
					 * not all zero */
	int64_t not_before_s, not_after_s;
	struct str point;		/* public key, uncompressed */
	struct str key_id, issuer_key_id;
	const struct str *name;		/* DNS names and IP literals */
	uint32_t names;
	bool ca;
};
/* What is to be signed. */
void x509_write_tbs(const struct x509_make *m, struct buf *out);
/* The certificate; signature is ASN.1's form (RFC 3279 section 2.2.3). */
void x509_write_signed(struct str tbs, struct str signature,
    struct buf *out);
/* "EC PRIVATE KEY" of P-256 (RFC 5915). */
void x509_write_key(struct str x, struct str point, struct buf *out);

#endif
