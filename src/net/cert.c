#include <string.h>

#include "tls_int.h"

#define SIGNATURE_MAX 80
#define KEY_ID_LEN 20

static struct str octets(const void *p, size_t n)
{
	return (struct str){ p, n };
}

void cert_key_make(struct cert_key *ret, const uint8_t seed[CERT_SEED_LEN])
{
	const br_ec_impl *ec = &tls_curves;
	br_hmac_drbg_context rng;
	br_ec_private_key sk;
	br_ec_public_key pk;

	br_hmac_drbg_init(&rng, &br_sha256_vtable, seed, CERT_SEED_LEN);
	CHECK(br_ec_keygen(&rng.vtable, ec, &sk, ret->x, BR_EC_secp256r1) ==
	    sizeof(ret->x));
	CHECK(br_ec_compute_pub(ec, &pk, ret->point, &sk) ==
	    sizeof(ret->point));
}

int cert_key_load(struct cert_key *ret, struct str x)
{
	br_ec_private_key sk = { BR_EC_secp256r1, ret->x, sizeof(ret->x) };
	br_ec_public_key pk;

	while (x.n && *x.p == '\0')
		x = str_sub(x, 1, x.n);
	if (!x.n || x.n > sizeof(ret->x))
		return ERR_BAD;
	memset(ret->x, 0, sizeof(ret->x));
	memcpy(ret->x + sizeof(ret->x) - x.n, x.p, x.n);
	return br_ec_compute_pub(&tls_curves, &pk, ret->point, &sk) ==
	    sizeof(ret->point) ? 0 : ERR_BAD;
}

/* RFC 7093 section 2, method 1. */
static void key_id(const struct cert_key *k, uint8_t ret[SHA256_LEN])
{
	sha256(k->point, sizeof(k->point), ret);
}

static size_t sign(const struct cert_key *k, struct str what,
    uint8_t ret[SIGNATURE_MAX])
{
	uint8_t digest[SHA256_LEN], x[sizeof(k->x)];
	br_ec_private_key sk = { BR_EC_secp256r1, x, sizeof(x) };
	size_t n;

	memcpy(x, k->x, sizeof(x));
	sha256(what.p, what.n, digest);
	n = br_ecdsa_sign_asn1_get_default()(&tls_curves,
	    &br_sha256_vtable, digest, &sk, ret);
	CHECK(n > 0 && n <= SIGNATURE_MAX);
	return n;
}

void cert_write(const struct cert_make *how, struct buf *out_der)
{
	const struct cert_key *issuer = how->issuer ? how->issuer : how->key;
	uint8_t own_id[SHA256_LEN], issuer_id[SHA256_LEN];
	uint8_t signature[SIGNATURE_MAX], serial[sizeof(how->serial)];
	char tbs_mem[CERT_MADE_MAX];
	struct x509_make m = {
		.issuer = how->issuer_name, .subject = how->name,
		.serial = octets(serial, sizeof(serial)),
		.not_before_s = how->not_before_s,
		.not_after_s = how->not_after_s,
		.point = octets(how->key->point, sizeof(how->key->point)),
		.key_id = octets(own_id, KEY_ID_LEN),
		.issuer_key_id = octets(issuer_id, KEY_ID_LEN),
		.name = how->alt_name, .names = how->alt_names, .ca = how->ca,
	};
	struct buf tbs;

	CHECK(how->alt_names <= CERT_NAMES_MAX);
	memcpy(serial, how->serial, sizeof(serial));
	serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
	key_id(how->key, own_id);
	key_id(issuer, issuer_id);
	buf_init(&tbs, tbs_mem, sizeof(tbs_mem));
	x509_write_tbs(&m, &tbs);
	CHECK(!tbs.over);
	x509_write_signed(buf_view(&tbs), octets(signature,
	    sign(issuer, buf_view(&tbs), signature)), out_der);
}

void cert_key_write(const struct cert_key *k, struct buf *out_der)
{
	x509_write_key(octets(k->x, sizeof(k->x)),
	    octets(k->point, sizeof(k->point)), out_der);
}
