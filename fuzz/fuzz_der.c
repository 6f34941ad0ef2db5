/*
 * A value that is taken is written in the one way there is, so writing it
 * again gives the same bytes; every shorter piece of it asks for more. The
 * same for numbers and times.
 */
#include "codec.h"
#include "fuzz.h"

static size_t encode(uint8_t *out, const struct der *v)
{
	size_t n = v->body.n, octets = 0, at = 0;

	out[at++] = v->tag;
	if (n >= 0x80) {
		while (n >> (8 * octets))
			octets++;
		out[at++] = (uint8_t)(0x80 | octets);
		while (octets--)
			out[at++] = (uint8_t)(n >> (8 * octets));
	} else {
		out[at++] = (uint8_t)n;
	}
	if (n)
		memcpy(out + at, v->body.p, n);
	return at + n;
}

static void check_prefixes(struct str whole)
{
	struct der v;

	for (size_t n = 0; n < whole.n && n < 40; n++) {
		struct str cut = str_sub(whole, 0, n);
		int rc = der_next(&cut, &v);

		FUZZ_CHECK(rc == (n ? ERR_MORE : ERR_NOENT));
	}
}

static void check_number(struct str body)
{
	struct str digits;
	uint32_t v = 0, sum = 0;
	int rc = der_unsigned(body, &digits), rc32 = der_u32(body, &v);

	FUZZ_CHECK(rc == 0 || rc == ERR_BAD);
	FUZZ_CHECK(rc32 == (rc ? ERR_BAD : digits.n > 4 ? ERR_LIMIT : 0));
	if (rc)
		return;
	FUZZ_CHECK(!digits.n || digits.p[0]);
	FUZZ_CHECK(body.n - digits.n <= 1);
	for (size_t i = 0; !rc32 && i < digits.n; i++)
		sum = sum << 8 | (uint8_t)digits.p[i];
	FUZZ_CHECK(rc32 || sum == v);
}

static void check_time(const struct der *v)
{
	int64_t s;
	char mem[32];
	struct buf b;
	size_t at = v->tag == DER_TIME ? 0 : 2;

	if (der_time(v, &s))
		return;
	if (s < -INT64_C(9000000000) || s > INT64_C(9000000000))
		return;
	buf_init(&b, mem, sizeof(mem));
	time_rfc3339(&b, s * NS_PER_S);
	FUZZ_CHECK(b.n == 20);
	/* The digits of both, one after the other, are the same. */
	for (size_t i = 0; i + 1 < v->body.n; i++, at++) {
		while (mem[at] < '0' || mem[at] > '9')
			at++;
		FUZZ_CHECK(mem[at] == v->body.p[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[FUZZ_MAX + 8];
	struct str in = { (const char *)data, size }, body;
	struct der v;
	bool flag;

	for (int i = 0; i < 1000; i++) {
		struct str before = in;
		int rc = der_next(&in, &v);

		if (rc) {
			FUZZ_CHECK(rc == ERR_NOENT || rc == ERR_MORE ||
			    rc == ERR_BAD);
			FUZZ_CHECK(in.p == before.p && in.n == before.n);
			break;
		}
		FUZZ_CHECK(v.whole.p == before.p);
		FUZZ_CHECK(v.whole.n + in.n == before.n);
		FUZZ_CHECK(encode(again, &v) == v.whole.n);
		FUZZ_CHECK(!memcmp(again, v.whole.p, v.whole.n));
		check_prefixes(v.whole);
		check_number(v.body);
		check_time(&v);
		der_bool(v.body, &flag);
		der_bits(v.body, &body);
		/* Down into what is constructed. */
		if (v.tag & 0x20)
			in = v.body;
	}
	return 0;
}
