#include "codec.h"

/*
 * Quantities are held in thousandths as a mantissa of at most 18 digits and
 * two exponents, so that no step loses a digit before the final rounding.
 */
struct number {
	uint64_t digits;
	int32_t tens;		/* decimal exponent */
	int32_t twos;		/* binary exponent */
	bool negative, rest;	/* rest: a non-zero digit was dropped */
};

#define DIGITS_MAX UINT64_C(100000000000000000)

static size_t take_digits(struct str s, size_t at, bool fraction,
    struct number *n)
{
	size_t i;

	for (i = at; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
		uint64_t d = (uint64_t)(s.p[i] - '0');

		if (n->digits >= DIGITS_MAX) {
			n->rest = n->rest || d != 0;
			n->tens += !fraction;
			continue;
		}
		n->digits = n->digits * 10 + d;
		n->tens -= fraction;
	}
	return i;
}

static const struct {
	const char *text;
	int32_t tens, twos;
} suffixes[] = {
	{ "", 0, 0 }, { "n", -9, 0 }, { "u", -6, 0 }, { "m", -3, 0 },
	{ "k", 3, 0 }, { "M", 6, 0 }, { "G", 9, 0 }, { "T", 12, 0 },
	{ "P", 15, 0 }, { "E", 18, 0 }, { "Ki", 0, 10 }, { "Mi", 0, 20 },
	{ "Gi", 0, 30 }, { "Ti", 0, 40 }, { "Pi", 0, 50 }, { "Ei", 0, 60 },
};

static int take_suffix(struct str s, struct number *n)
{
	int64_t e;
	size_t i;

	for (i = 0; i < ARRAY_LEN(suffixes); i++)
		if (str_is(s, suffixes[i].text)) {
			n->tens += suffixes[i].tens;
			n->twos = suffixes[i].twos;
			return 0;
		}
	if (s.n < 2 || (s.p[0] != 'e' && s.p[0] != 'E'))
		return ERR_BAD;
	s = str_sub(s, s.p[1] == '+' ? 2 : 1, s.n);
	if (str_i64(s, &e) < 0)
		return ERR_BAD;
	/* Beyond these it is 0 or too large whatever the digits are. */
	n->tens += (int32_t)(e < -100 ? -100 : e > 100 ? 100 : e);
	return 0;
}

/* To thousandths: up for what is lost, as Kubernetes rounds. */
static int finish(struct number *n, int64_t *ret)
{
	uint64_t v = n->digits;
	bool lost = n->rest;

	for (n->tens += 3; v != 0 && n->tens < 0 && n->twos > 0; n->twos--) {
		if (v > UINT64_MAX / 2)
			break;
		v *= 2;
	}
	for (; n->tens < 0 && v != 0; n->tens++) {
		lost = lost || v % 10 != 0;
		v /= 10;
		/* Room is free again for what the suffix multiplies. */
		for (; n->twos > 0 && v <= UINT64_MAX / 20; n->twos--)
			v *= 2;
	}
	for (; n->tens > 0 && v != 0; n->tens--) {
		if (v > INT64_MAX / 10)
			return ERR_LIMIT;
		v *= 10;
	}
	for (; n->twos > 0 && v != 0; n->twos--) {
		if (v > INT64_MAX / 2)
			return ERR_LIMIT;
		v *= 2;
	}
	if (v > INT64_MAX - 1)
		return ERR_LIMIT;
	/* Up is away from zero for what is positive, and toward it else. */
	v += lost && !n->negative;
	*ret = n->negative ? -(int64_t)v : (int64_t)v;
	return 0;
}

int quantity_parse(struct str s, int64_t *ret_milli)
{
	struct number n = { 0 };
	size_t start, end, i = 0;
	int err;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		n.negative = s.p[0] == '-';
		i = 1;
	}
	start = i;
	end = take_digits(s, i, false, &n);
	if (end < s.n && s.p[end] == '.') {
		i = end + 1;
		end = take_digits(s, i, true, &n);
		/* A point needs a digit on one side. */
		if (i == end && i == start + 1)
			return ERR_BAD;
	} else if (end == start) {
		return ERR_BAD;
	}
	err = take_suffix(str_sub(s, end, s.n), &n);
	return err < 0 ? err : finish(&n, ret_milli);
}
