#include "codec.h"

/* Longest length in octets: 2^24 - 1 is far over any cap of ours. */
#define LENGTH_OCTETS_MAX 3
#define SECONDS_PER_DAY 86400

static uint8_t byte_at(struct str s, size_t i)
{
	return (uint8_t)s.p[i];
}

/* The length octets at the head of in: their count, ERR_MORE, ERR_BAD. */
static int length_read(struct str in, size_t *ret)
{
	size_t n = 0;
	int octets;

	if (!in.n)
		return ERR_MORE;
	if (byte_at(in, 0) < 0x80) {
		*ret = byte_at(in, 0);
		return 1;
	}
	octets = byte_at(in, 0) & 0x7f;
	if (octets == 0 || octets > LENGTH_OCTETS_MAX)
		return ERR_BAD;
	if (in.n < 1 + (size_t)octets)
		return ERR_MORE;
	for (int i = 1; i <= octets; i++)
		n = n << 8 | byte_at(in, (size_t)i);
	/* DER: the shortest form only (X.690 section 10.1). */
	if (n < 0x80 || n >> (8 * (octets - 1)) == 0)
		return ERR_BAD;
	*ret = n;
	return 1 + octets;
}

int der_next(struct str *in, struct der *ret)
{
	size_t length, head;
	int octets;

	if (!in->n)
		return ERR_NOENT;
	/* The high tag number form: nothing in a certificate needs it. */
	if ((byte_at(*in, 0) & 0x1f) == 0x1f)
		return ERR_BAD;
	octets = length_read(str_sub(*in, 1, in->n), &length);
	if (octets < 0)
		return octets;
	head = 1 + (size_t)octets;
	if (in->n - head < length)
		return ERR_MORE;
	ret->tag = byte_at(*in, 0);
	ret->body = str_sub(*in, head, head + length);
	ret->whole = str_sub(*in, 0, head + length);
	*in = str_sub(*in, head + length, in->n);
	return 0;
}

int der_expect(struct str *in, unsigned tag, struct str *ret_body)
{
	struct str rest = *in;
	struct der v;

	if (der_next(&rest, &v) || v.tag != tag)
		return ERR_BAD;
	*in = rest;
	*ret_body = v.body;
	return 0;
}

int der_optional(struct str *in, unsigned tag, struct str *ret_body)
{
	if (!in->n || byte_at(*in, 0) != tag)
		return 0;
	return der_expect(in, tag, ret_body) ? ERR_BAD : 1;
}

int der_bool(struct str body, bool *ret)
{
	if (body.n != 1 || (byte_at(body, 0) && byte_at(body, 0) != 0xff))
		return ERR_BAD;
	*ret = byte_at(body, 0) != 0;
	return 0;
}

int der_unsigned(struct str body, struct str *ret)
{
	if (!body.n || byte_at(body, 0) & 0x80)
		return ERR_BAD;
	if (byte_at(body, 0)) {
		*ret = body;
		return 0;
	}
	/* A leading zero only where the next bit would mean a sign. */
	if (body.n > 1 && !(byte_at(body, 1) & 0x80))
		return ERR_BAD;
	*ret = str_sub(body, 1, body.n);
	return 0;
}

int der_u32(struct str body, uint32_t *ret)
{
	struct str digits;
	uint32_t v = 0;

	if (der_unsigned(body, &digits))
		return ERR_BAD;
	if (digits.n > 4)
		return ERR_LIMIT;
	for (size_t i = 0; i < digits.n; i++)
		v = v << 8 | byte_at(digits, i);
	*ret = v;
	return 0;
}

int der_bits(struct str body, struct str *ret)
{
	if (!body.n || byte_at(body, 0))
		return ERR_BAD;
	*ret = str_sub(body, 1, body.n);
	return 0;
}

/* Two decimal digits at `at`, or ERR_BAD. */
static int two_digits(struct str s, size_t at)
{
	int hi = byte_at(s, at) - '0', lo = byte_at(s, at + 1) - '0';

	if (hi < 0 || hi > 9 || lo < 0 || lo > 9)
		return ERR_BAD;
	return 10 * hi + lo;
}

static bool leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
	static const uint8_t days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};

	return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01; before that negative. */
static int64_t day_number(int year, int month, int day)
{
	int before = year - 1;
	int64_t days = 365 * (int64_t)before + before / 4 - before / 100 +
	    before / 400;

	for (int m = 1; m < month; m++)
		days += month_days(year, m);
	return days + day - 1 - 719162;
}

/*
 * RFC 5280 section 4.1.2.5: YYMMDDHHMMSSZ with years 1950 to 2049, or
 * YYYYMMDDHHMMSSZ; always with seconds, always in UTC.
 */
int der_time(const struct der *v, int64_t *ret_s)
{
	bool utc = v->tag == DER_UTC_TIME;
	struct str s = v->body;
	int part[7] = { 0 }, year, *p = part + (utc ? 1 : 2);

	if ((!utc && v->tag != DER_TIME) || s.n != (utc ? 13 : 15) ||
	    byte_at(s, s.n - 1) != 'Z')
		return ERR_BAD;
	for (size_t i = 0; i < s.n / 2; i++) {
		part[i] = two_digits(s, 2 * i);
		if (part[i] < 0)
			return ERR_BAD;
	}
	if (utc)
		year = part[0] + (part[0] < 50 ? 2000 : 1900);
	else
		year = 100 * part[0] + part[1];
	if (year < 1 || p[0] < 1 || p[0] > 12 || p[1] < 1 ||
	    p[1] > month_days(year, p[0]) || p[2] > 23 || p[3] > 59 ||
	    p[4] > 59)
		return ERR_BAD;
	*ret_s = day_number(year, p[0], p[1]) * SECONDS_PER_DAY +
	    p[2] * 3600 + p[3] * 60 + p[4];
	return 0;
}
