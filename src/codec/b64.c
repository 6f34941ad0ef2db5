#include "codec.h"

static const char std_digits[64] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_value(char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (url ? '-' : '+'))
		return 62;
	if (c == (url ? '_' : '/'))
		return 63;
	return -1;
}

static bool is_space(char c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

/* What stands behind the last digit: padding to a whole group, no more. */
static bool padding_fits(struct str rest, bool lax, size_t digits)
{
	size_t want = (4 - digits % 4) % 4, got = 0, i;

	for (i = 0; i < rest.n; i++) {
		if (rest.p[i] == '=')
			got++;
		else if (!lax || !is_space(rest.p[i]))
			return false;
	}
	return got == want;
}

static int decode(struct str in, bool url, bool lax, uint8_t *out,
    size_t cap, size_t *ret_n)
{
	size_t i, n = 0, digits = 0;
	uint32_t bits = 0;

	for (i = 0; i < in.n && in.p[i] != '='; i++) {
		int v = digit_value(in.p[i], url);

		if (v < 0) {
			if (lax && is_space(in.p[i]))
				continue;
			return ERR_BAD;
		}
		bits = bits << 6 | (uint32_t)v;
		if (digits++ % 4 == 0)
			continue;
		if (n == cap)
			return ERR_FULL;
		out[n++] = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
	}
	/*
	 * One digit alone is not a byte, and bits left over must be 0, or
	 * two texts would mean the same bytes.
	 */
	if (digits % 4 == 1 ||
	    (digits % 4 == 2 && (bits & 15) != 0) ||
	    (digits % 4 == 3 && (bits & 3) != 0))
		return ERR_BAD;
	if (url ? i < in.n :
	    !padding_fits(str_sub(in, i, in.n), lax, digits))
		return ERR_BAD;
	*ret_n = n;
	return 0;
}

int b64_decode(struct str in, bool lax, void *out, size_t cap,
    size_t *ret_n)
{
	return decode(in, false, lax, out, cap, ret_n);
}

int b64url_decode(struct str in, void *out, size_t cap, size_t *ret_n)
{
	return decode(in, true, false, out, cap, ret_n);
}

static size_t encoded_len(size_t n, bool url)
{
	if (url)
		return n / 3 * 4 + (n % 3 ? n % 3 + 1 : 0);
	return (n + 2) / 3 * 4;
}

/* Up to three bytes as four characters. */
static void group_make(char group[static 4], const uint8_t *p, size_t n,
    bool url)
{
	uint32_t bits = (uint32_t)p[0] << 16;
	size_t k;

	if (n > 1)
		bits |= (uint32_t)p[1] << 8;
	if (n > 2)
		bits |= p[2];
	for (k = 0; k < 4; k++) {
		uint32_t v = bits >> (18 - 6 * k) & 63;

		group[k] = k > n ? '=' : url && v == 62 ? '-' :
		    url && v == 63 ? '_' : std_digits[v];
	}
}

static void encode(struct buf *out, const uint8_t *p, size_t n, bool url)
{
	char group[4];
	size_t i;

	/* All or nothing, as buf_put has it. */
	if (encoded_len(n, url) > out->cap - out->n) {
		out->over = true;
		return;
	}
	for (i = 0; i < n; i += 3) {
		size_t have = n - i < 3 ? n - i : 3;

		group_make(group, p + i, have, url);
		buf_put(out, group, url ? have + 1 : 4);
	}
}

void b64_encode(struct buf *out, const void *p, size_t n)
{
	encode(out, p, n, false);
}

void b64url_encode(struct buf *out, const void *p, size_t n)
{
	encode(out, p, n, true);
}
