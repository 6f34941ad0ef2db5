#include <string.h>

#include "tls_int.h"

/* br_x509_minimal_set_minrsa counts bytes. */
#define RSA_BYTES_MIN (2048 / 8)
/* Days from year 0 to 1970, as br_x509_minimal_set_time counts. */
#define DAYS_TO_1970 719528
#define SECONDS_PER_DAY 86400

static struct verify *verify_of(const br_x509_class **ctx)
{
	return (struct verify *)(void *)ctx;
}

static void chain_start(const br_x509_class **ctx, const char *name)
{
	struct verify *v = verify_of(ctx);

	(void)name;
	v->cert_n = 0;
	v->certs = 0;
	v->result = VERIFY_NONE;
	/* Without a name the inner engine looks at none: no common name. */
	v->minimal.vtable->start_chain(&v->minimal.vtable, NULL);
}

static void cert_start(const br_x509_class **ctx, uint32_t length)
{
	struct verify *v = verify_of(ctx);

	v->minimal.vtable->start_cert(&v->minimal.vtable, length);
}

static void cert_append(const br_x509_class **ctx, const unsigned char *p,
    size_t n)
{
	struct verify *v = verify_of(ctx);

	if (!v->certs && n > v->cert_cap - v->cert_n) {
		v->result = VERIFY_TOO_LARGE;
	} else if (!v->certs) {
		memcpy(v->cert + v->cert_n, p, n);
		v->cert_n += n;
	}
	v->minimal.vtable->append(&v->minimal.vtable, p, n);
}

static void cert_end(const br_x509_class **ctx)
{
	struct verify *v = verify_of(ctx);

	v->certs++;
	v->minimal.vtable->end_cert(&v->minimal.vtable);
}

int verify_peer(const struct verify *v, struct x509 *ret)
{
	if (!v->certs || v->result == VERIFY_TOO_LARGE)
		return ERR_BAD;
	return x509_parse((struct str){ (const char *)v->cert, v->cert_n },
	    ret, NULL);
}

static enum verify_result names_check(const struct verify *v)
{
	struct x509 cert;
	struct x509_name name;
	size_t cursor = 0;

	if (v->result == VERIFY_TOO_LARGE)
		return VERIFY_TOO_LARGE;
	if (verify_peer(v, &cert))
		return VERIFY_MALFORMED;
	if (!x509_name_next(&cert, &cursor, &name))
		return VERIFY_NO_NAME;
	if (!x509_matches(&cert, v->name))
		return VERIFY_NAME;
	if (!x509_allows(&cert, X509_SERVER))
		return VERIFY_PURPOSE;
	return VERIFY_OK;
}

static unsigned chain_end(const br_x509_class **ctx)
{
	struct verify *v = verify_of(ctx);
	unsigned err = v->minimal.vtable->end_chain(&v->minimal.vtable);

	if (err)
		return err;
	v->result = names_check(v);
	return v->result == VERIFY_OK ? 0 : BR_ERR_X509_BAD_SERVER_NAME;
}

static const br_x509_pkey *key_get(const br_x509_class *const *ctx,
    unsigned *usages)
{
	const struct verify *v = (const struct verify *)(const void *)ctx;

	if (v->result != VERIFY_OK)
		return NULL;
	return v->minimal.vtable->get_pkey(&v->minimal.vtable, usages);
}

static const br_x509_class verify_class = {
	sizeof(struct verify), chain_start, cert_start, cert_append, cert_end,
	chain_end, key_get
};

void verify_init(struct verify *v, const struct trust_anchors *anchors,
    struct str name, int64_t wall_ns, void *cert, size_t cert_cap)
{
	br_x509_minimal_context *m = &v->minimal;
	int64_t s = wall_ns < 0 ? 0 : wall_ns / NS_PER_S;

	memset(v, 0, sizeof(*v));
	v->vtable = &verify_class;
	v->name = name;
	v->cert = cert;
	v->cert_cap = cert_cap;
	br_x509_minimal_init(m, &br_sha256_vtable, anchors->anchor,
	    trust_anchors_valid(anchors, wall_ns));
	br_x509_minimal_set_rsa(m, br_rsa_pkcs1_vrfy_get_default());
	br_x509_minimal_set_ecdsa(m, &tls_curves,
	    br_ecdsa_vrfy_asn1_get_default());
	br_x509_minimal_set_hash(m, br_sha256_ID, &br_sha256_vtable);
	br_x509_minimal_set_hash(m, br_sha384_ID, &br_sha384_vtable);
	br_x509_minimal_set_hash(m, br_sha512_ID, &br_sha512_vtable);
	br_x509_minimal_set_minrsa(m, RSA_BYTES_MIN);
	br_x509_minimal_set_time(m,
	    (uint32_t)(s / SECONDS_PER_DAY + DAYS_TO_1970),
	    (uint32_t)(s % SECONDS_PER_DAY));
}
