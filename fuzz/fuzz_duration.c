/*
 * A duration that is taken is written in a form that reads back the same. Two
 * that are taken one after the other are their sum. Nearby, a calculation in
 * long double comes to the same.
 */
#include "base.h"
#include "fuzz.h"

static bool has_sign(struct str s)
{
	return s.n && (s.p[0] == '-' || s.p[0] == '+');
}

static void check_round_trip(int64_t ns)
{
	char mem[64];
	struct buf b;
	int64_t again;

	buf_init(&b, mem, sizeof(mem));
	duration_format(&b, ns);
	FUZZ_CHECK(!b.over);
	FUZZ_CHECK(!duration_parse(buf_view(&b), &again));
	FUZZ_CHECK(again == ns);
}

/* Where a cut leaves two durations, they add up to the whole. */
static void check_sum(struct str s, int rc, int64_t ns, size_t at)
{
	struct str x = str_sub(s, 0, at), y = str_sub(s, at, s.n);
	int64_t a, b;

	if (has_sign(s) || has_sign(y) || str_is(x, "0") || str_is(y, "0"))
		return;
	if (duration_parse(x, &a) || duration_parse(y, &b))
		return;
	if (a > INT64_MAX - b)
		FUZZ_CHECK(rc == ERR_LIMIT);
	else
		FUZZ_CHECK(!rc && ns == a + b);
}

/* One number of seconds, as strtold reads it. */
static void check_reference(struct str s, int rc, int64_t ns)
{
	char text[64];
	long double want;

	if (s.n < 2 || s.n >= sizeof(text) || s.p[s.n - 1] != 's')
		return;
	for (size_t i = 0; i < s.n - 1; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '.')
			return;
	memcpy(text, s.p, s.n - 1);
	text[s.n - 1] = '\0';
	want = strtold(text, NULL) * 1e9L;
	if (rc == 0)
		FUZZ_CHECK((long double)ns <= want + 1 &&
		    (long double)ns >= want - 1);
	if (rc == ERR_LIMIT)
		FUZZ_CHECK(want >= 9223372036854775807.0L);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	int64_t ns = -77;
	int rc = duration_parse(s, &ns);

	FUZZ_CHECK(rc == 0 || rc == ERR_BAD || rc == ERR_LIMIT);
	if (rc)
		FUZZ_CHECK(ns == -77);
	else
		check_round_trip(ns);
	for (size_t at = 1; at < size && at < 64; at++)
		check_sum(s, rc, ns, at);
	check_reference(s, rc, ns);
	return 0;
}
