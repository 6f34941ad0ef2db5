#include <string.h>

#include <bearssl.h>

#include "codec.h"

_Static_assert(sizeof(struct sha256) >= sizeof(br_sha256_context),
    "struct sha256 holds BearSSL's context");

/* Copied in and out: the caller's struct has no type of BearSSL's. */
static void load(br_sha256_context *to, const struct sha256 *c)
{
	memcpy(to, c->opaque, sizeof(*to));
}

void sha256_init(struct sha256 *c)
{
	br_sha256_context ctx;

	memset(&ctx, 0, sizeof(ctx));
	br_sha256_init(&ctx);
	memcpy(c->opaque, &ctx, sizeof(ctx));
}

void sha256_add(struct sha256 *c, const void *p, size_t n)
{
	br_sha256_context ctx;

	load(&ctx, c);
	br_sha256_update(&ctx, p, n);
	memcpy(c->opaque, &ctx, sizeof(ctx));
}

void sha256_end(const struct sha256 *c, uint8_t ret[SHA256_LEN])
{
	br_sha256_context ctx;

	load(&ctx, c);
	br_sha256_out(&ctx, ret);
}

void sha256(const void *p, size_t n, uint8_t ret[SHA256_LEN])
{
	br_sha256_context ctx;

	br_sha256_init(&ctx);
	br_sha256_update(&ctx, p, n);
	br_sha256_out(&ctx, ret);
}

void hmac_sha256(struct str key, const struct str *part, size_t parts,
    uint8_t ret[SHA256_LEN])
{
	br_hmac_key_context k;
	br_hmac_context ctx;
	size_t i;

	br_hmac_key_init(&k, &br_sha256_vtable, key.p, key.n);
	br_hmac_init(&ctx, &k, SHA256_LEN);
	for (i = 0; i < parts; i++)
		br_hmac_update(&ctx, part[i].p, part[i].n);
	br_hmac_out(&ctx, ret);
}
