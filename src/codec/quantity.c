#include "codec.h"

/*
 * Exact in integers wide enough for QUANTITY_MAX digits times 2^60, so that
 * nothing is rounded but the result: "0.1Gi" is no whole number of bytes.
 */
#define LIMBS 10
_Static_assert(QUANTITY_MAX * 10 / 3 + 60 + 4 <= 32 * LIMBS,
    "10 bits are over 3 digits");

struct big {
	uint32_t limb[LIMBS];		/* the lowest first */
};

static void big_mul_add(struct big *b, uint32_t factor, uint32_t term)
{
	uint64_t carry = term;
	int i;

	for (i = 0; i < LIMBS; i++) {
		carry += (uint64_t)b->limb[i] * factor;
		b->limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
	CHECK(carry == 0);
}

/* The remainder. */
static uint32_t big_div(struct big *b, uint32_t by)
{
	uint64_t rest = 0;
	int i;

	for (i = LIMBS - 1; i >= 0; i--) {
		rest = rest << 32 | b->limb[i];
		b->limb[i] = (uint32_t)(rest / by);
		rest %= by;
	}
	return (uint32_t)rest;
}

static bool big_fits(const struct big *b, int limbs)
{
	int i;

	for (i = limbs; i < LIMBS; i++)
		if (b->limb[i])
			return false;
	return true;
}

struct number {
	struct big digits;
	int64_t tens, twos;		/* times 10^tens times 2^twos */
};

static size_t take_digits(struct str s, size_t at, struct number *n)
{
	for (; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++)
		big_mul_add(&n->digits, 10, (uint32_t)(s.p[at] - '0'));
	return at;
}

static const struct {
	struct str text;
	int8_t tens, twos;
} suffixes[] = {
	{ STR_INIT(""), 0, 0 }, { STR_INIT("n"), -9, 0 },
	{ STR_INIT("u"), -6, 0 }, { STR_INIT("m"), -3, 0 },
	{ STR_INIT("k"), 3, 0 }, { STR_INIT("M"), 6, 0 },
	{ STR_INIT("G"), 9, 0 }, { STR_INIT("T"), 12, 0 },
	{ STR_INIT("P"), 15, 0 }, { STR_INIT("E"), 18, 0 },
	{ STR_INIT("Ki"), 0, 10 }, { STR_INIT("Mi"), 0, 20 },
	{ STR_INIT("Gi"), 0, 30 }, { STR_INIT("Ti"), 0, 40 },
	{ STR_INIT("Pi"), 0, 50 }, { STR_INIT("Ei"), 0, 60 },
};

/* Beyond this the digits do not matter: QUANTITY_MAX is far less. */
#define EXP_CLAMP 1000

static int take_exponent(struct str s, struct number *n)
{
	bool plus = s.n > 1 && s.p[1] == '+';
	int64_t e;

	if (s.n == 0 || (s.p[0] != 'e' && s.p[0] != 'E'))
		return ERR_BAD;
	s = str_sub(s, 1 + plus, s.n);
	if (s.n == 0 || (plus && s.p[0] == '-') || str_i64(s, &e))
		return ERR_BAD;
	n->tens += e < -EXP_CLAMP ? -EXP_CLAMP : e > EXP_CLAMP ? EXP_CLAMP : e;
	return 0;
}

static int take_suffix(struct str s, struct number *n)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(suffixes); i++)
		if (str_eq(s, suffixes[i].text)) {
			n->tens += suffixes[i].tens;
			n->twos = suffixes[i].twos;
			return 0;
		}
	return take_exponent(s, n);
}

/* Digits with at most one point, at least one digit. */
static int take_number(struct str s, struct number *n)
{
	size_t whole = take_digits(s, 0, n), end = whole;

	if (whole < s.n && s.p[whole] == '.') {
		end = take_digits(s, whole + 1, n);
		n->tens -= (int64_t)(end - whole - 1);
	}
	if (whole == 0 && end < 2)
		return ERR_BAD;
	return take_suffix(str_sub(s, end, s.n), n);
}

static int64_t round_up(struct number *n)
{
	bool lost = false;
	uint64_t v;

	for (; n->twos > 0; n->twos--)
		big_mul_add(&n->digits, 2, 0);
	for (; n->tens > 0 && !big_fits(&n->digits, 0); n->tens--) {
		big_mul_add(&n->digits, 10, 0);
		if (!big_fits(&n->digits, 2))
			return INT64_MAX;
	}
	for (; n->tens < 0 && !big_fits(&n->digits, 0); n->tens++)
		lost |= big_div(&n->digits, 10) != 0;
	v = (uint64_t)n->digits.limb[1] << 32 | n->digits.limb[0];
	if (!big_fits(&n->digits, 2) || v > (uint64_t)INT64_MAX - lost)
		return INT64_MAX;
	return (int64_t)(v + lost);
}

int quantity_parse(struct str s, int64_t *ret_milli)
{
	struct number n = { .tens = 3 };
	bool minus = s.n && s.p[0] == '-';
	int64_t v;
	int err;

	if (s.n > QUANTITY_MAX)
		return ERR_LIMIT;
	if (minus || (s.n && s.p[0] == '+'))
		s = str_sub(s, 1, s.n);
	err = take_number(s, &n);
	if (err)
		return err;
	v = round_up(&n);
	*ret_milli = minus ? -v : v;
	return 0;
}
