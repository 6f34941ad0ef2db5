/*
 * quantity_parse against rational arithmetic on the decimal digits: the value
 * as an array of digits, doubled and shifted by hand. The text means the same
 * with a zero more in front or behind the point, and mirrored by its sign.
 */
#include "codec.h"
#include "fuzz.h"

enum { WHOLE = 160, ALL = 1200 };	/* digits before the point, in all */

struct decimal {
	uint8_t digit[ALL];	/* digit[WHOLE - 1] is that of the ones */
};

static void twice(struct decimal *d)
{
	int i, carry = 0;

	for (i = ALL - 1; i >= 0; i--) {
		carry += 2 * d->digit[i];
		d->digit[i] = (uint8_t)(carry % 10);
		carry /= 10;
	}
	FUZZ_CHECK(carry == 0);
}

/* The power of ten and of two of a suffix; -1: there is none such. */
static int suffix_of(struct str s, long *ret_tens, int *ret_twos)
{
	static const char si[] = "num kMGTPE", bin[] = "KMGTPE";
	char text[QUANTITY_MAX + 1];
	char *end;

	*ret_tens = *ret_twos = 0;
	if (s.n == 0)
		return 0;
	if (s.n == 1 && s.p[0] && s.p[0] != ' ' && strchr(si, s.p[0])) {
		*ret_tens = 3 * (strchr(si, s.p[0]) - si) - 9;
		return 0;
	}
	if (s.n == 2 && s.p[1] == 'i' && s.p[0] && strchr(bin, s.p[0])) {
		*ret_twos = 10 * (int)(strchr(bin, s.p[0]) - bin + 1);
		return 0;
	}
	if ((s.p[0] != 'e' && s.p[0] != 'E') || s.n < 2 ||
	    s.n >= sizeof(text) || memchr(s.p, '\0', s.n))
		return -1;
	memcpy(text, s.p + 1, s.n - 1);
	text[s.n - 1] = '\0';
	if (strspn(text, "+-0123456789") != s.n - 1)
		return -1;
	*ret_tens = strtol(text, &end, 10);
	return *end || text[strspn(text, "+-")] == '\0' ? -1 : 0;
}

/* 0 and *ret, ERR_BAD, ERR_LIMIT over 2^63/1000, or 1: too wide to tell. */
static int ref_parse(struct str s, int64_t *ret)
{
	static struct decimal d;
	size_t sign = s.n && (s.p[0] == '-' || s.p[0] == '+'), i, digits = 0;
	long place = 0, at, tens;
	bool point = false;
	uint64_t v = 0;
	int twos;

	for (i = sign; i < s.n; i++) {
		if (s.p[i] == '.' && !point)
			point = true;
		else if (s.p[i] < '0' || s.p[i] > '9')
			break;
		else
			digits++;
	}
	if (digits == 0 ||
	    suffix_of(str_sub(s, i, s.n), &tens, &twos))
		return ERR_BAD;
	if (tens < -900 || tens > 900 || digits > 70)
		return 1;
	memset(&d, 0, sizeof(d));
	/* place: of the next digit, counted from that of the ones. */
	for (at = (long)sign; at < (long)i && s.p[at] != '.'; at++)
		place++;
	place += tens + 3 - 1;
	for (at = (long)sign; at < (long)i; at++) {
		if (s.p[at] == '.')
			continue;
		if (s.p[at] != '0') {
			if (place >= WHOLE - 20)
				return ERR_LIMIT;
			if (WHOLE - 1 - place >= ALL)
				return 1;
			d.digit[WHOLE - 1 - place] = (uint8_t)(s.p[at] - '0');
		}
		place--;
	}
	while (twos-- > 0)
		twice(&d);
	for (at = 0; at < WHOLE; at++) {
		if (v > (UINT64_MAX - d.digit[at]) / 10)
			return ERR_LIMIT;
		v = v * 10 + d.digit[at];
	}
	for (; at < ALL && !d.digit[at]; at++)
		;
	if (at < ALL && v++ == UINT64_MAX)
		return ERR_LIMIT;
	if (v > INT64_MAX)
		return ERR_LIMIT;
	*ret = s.p[0] == '-' ? -(int64_t)v : (int64_t)v;
	return 0;
}

static void check_same(struct buf *b, int err, int64_t v)
{
	int64_t w = 0;

	if (b->over)
		return;
	FUZZ_CHECK(quantity_parse(buf_view(b), &w) == err);
	FUZZ_CHECK(err || w == v);
}

static void check_variants(struct str s, int err, int64_t v)
{
	size_t sign = s.n && (s.p[0] == '-' || s.p[0] == '+');
	size_t end = str_find(s, '.');
	char text[QUANTITY_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "%S0%S", str_sub(s, 0, sign), str_sub(s, sign, s.n));
	if (err != ERR_BAD)
		check_same(&b, err, v);
	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "%s%S", s.n && s.p[0] == '-' ? "+" : "-",
	    str_sub(s, sign, s.n));
	check_same(&b, err, -v);
	if (end == s.n || err == ERR_BAD)
		return;
	for (end++; end < s.n && s.p[end] >= '0' && s.p[end] <= '9'; end++)
		;
	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "%S0%S", str_sub(s, 0, end), str_sub(s, end, s.n));
	check_same(&b, err, v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	int64_t got = 7, want = 7;
	int err = quantity_parse(s, &got), ref;

	FUZZ_CHECK(!err || got == 7);
	if (size > QUANTITY_MAX) {
		FUZZ_CHECK(err == ERR_LIMIT);
		return 0;
	}
	ref = ref_parse(s, &want);
	if (ref == ERR_LIMIT) {
		want = s.p[0] == '-' ? -INT64_MAX : INT64_MAX;
		ref = 0;
	}
	if (ref != 1) {
		FUZZ_CHECK(err == ref);
		FUZZ_CHECK(got == want);
	}
	check_variants(s, err, err ? 0 : got);
	return 0;
}
