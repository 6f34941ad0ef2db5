#ifndef TLS_INT_H
#define TLS_INT_H

#include <bearssl.h>

#include "net.h"

/* curves.c: instead of br_ec_get_default(). */
extern const br_ec_impl tls_curves;

/* trust.c */

/*
 * Each of these is one half of a pair: loading fills the one that is not in
 * use. A handshake goes on with what it began with; `written` changes when
 * that memory is filled with something else, and then the handshake has to
 * fail. Two loads within one handshake: that does not happen by itself.
 */
struct trust_anchors {
	br_x509_trust_anchor anchor[TLS_ANCHORS_MAX];
	int64_t not_after_s[TLS_ANCHORS_MAX];	/* latest first */
	uint32_t n, written;
	size_t used;
	uint8_t bytes[TLS_ANCHOR_BYTES_MAX];
};

struct trust_client {
	br_x509_certificate chain[TLS_CHAIN_MAX];
	uint32_t chain_n, written;	/* chain_n 0: no certificate */
	unsigned key_type;		/* BR_KEYTYPE_EC or BR_KEYTYPE_RSA */
	br_rsa_private_key rsa;
	br_ec_private_key ec;
	size_t used;
	uint8_t bytes[TLS_CLIENT_BYTES_MAX];
};

struct trust_use {
	const struct trust_anchors *anchors;
	const struct trust_client *client;
	uint32_t anchors_written, client_written;
	uint8_t suites;
};
struct trust_use trust_use(const struct trust *t);
bool trust_unchanged(const struct trust_use *u);
/* How many anchors, from the first on, are still valid at wall_ns. */
uint32_t trust_anchors_valid(const struct trust_anchors *a, int64_t wall_ns);

/* tls_verify.c */

/*
 * The X.509 engine that TLS is given: BearSSL's for signatures, dates and
 * constraints, and this around it for the names and the purpose.
 */
enum verify_result {
	VERIFY_NONE, VERIFY_OK, VERIFY_TOO_LARGE, VERIFY_MALFORMED,
	VERIFY_NO_NAME, VERIFY_NAME, VERIFY_PURPOSE
};
struct verify {
	const br_x509_class *vtable;	/* first: BearSSL's convention */
	br_x509_minimal_context minimal;
	struct str name;		/* to be found among the names */
	uint8_t *cert;			/* DER of the peer's own certificate */
	size_t cert_n, cert_cap;
	uint32_t certs;
	enum verify_result result;
};
void verify_init(struct verify *v, const struct trust_anchors *anchors,
    struct str name, int64_t wall_ns, void *cert, size_t cert_cap);
/* The peer's certificate as far as it was kept; ERR_BAD. */
int verify_peer(const struct verify *v, struct x509 *ret);

/* tls_error.c */

struct tls_failure {
	int code;		/* BearSSL's */
	bool hello;		/* after the ServerHello */
	bool asked;		/* for a client certificate we lack */
	int first;		/* byte of what the peer sent; -1: nothing */
	int64_t wall_ns;
};
/* ERR_* for a failed handshake or connection, and d in words. */
int tls_explain(const struct tls_failure *f, const struct verify *v,
    struct diag *d);
/* The same of a client's, for a server. */
int tls_explain_client(const struct tls_failure *f, struct diag *d);
/* RFC 3339, for certificates whose dates may lie beyond an int64_t of ns. */
void tls_time(struct buf *out, int64_t s);

#endif
