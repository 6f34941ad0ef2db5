#include "tls_int.h"

/*
 * P-256, which every server of TLS 1.2 has, by the arithmetic made for it;
 * P-384 and P-521, for certificates, by the slow one for all curves. BearSSL's
 * own choice brings Curve25519 too: 10 KiB to reach nothing that the others do
 * not reach.
 */
static const br_ec_impl *of(int curve)
{
	return curve == BR_EC_secp256r1 ? &br_ec_p256_m31 : &br_ec_prime_i31;
}

static const unsigned char *generator(int curve, size_t *n)
{
	return of(curve)->generator(curve, n);
}

static const unsigned char *order(int curve, size_t *n)
{
	return of(curve)->order(curve, n);
}

static size_t xoff(int curve, size_t *n)
{
	return of(curve)->xoff(curve, n);
}

static uint32_t mul(unsigned char *g, size_t g_n, const unsigned char *k,
    size_t k_n, int curve)
{
	return of(curve)->mul(g, g_n, k, k_n, curve);
}

static size_t mulgen(unsigned char *ret, const unsigned char *k, size_t k_n,
    int curve)
{
	return of(curve)->mulgen(ret, k, k_n, curve);
}

static uint32_t muladd(unsigned char *a, const unsigned char *b, size_t n,
    const unsigned char *x, size_t x_n, const unsigned char *y, size_t y_n,
    int curve)
{
	return of(curve)->muladd(a, b, n, x, x_n, y, y_n, curve);
}

const br_ec_impl tls_curves = {
	UINT32_C(1) << BR_EC_secp256r1 | UINT32_C(1) << BR_EC_secp384r1 |
	    UINT32_C(1) << BR_EC_secp521r1,
	generator, order, xoff, mul, mulgen, muladd
};
