/*
 * A time that is taken is the one that libc's timegm() makes of its parts, is
 * written as gmtime_r() would have it, and reads back the same.
 */
#include <time.h>

#include "base.h"
#include "fuzz.h"

static void check_text(int64_t ns)
{
	char mem[64], want[64];
	struct buf b;
	struct tm tm;
	time_t t = (time_t)(ns / NS_PER_S);
	int64_t again;

	FUZZ_CHECK(gmtime_r(&t, &tm));
	FUZZ_CHECK(strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm));
	buf_init(&b, mem, sizeof(mem));
	time_rfc3339(&b, ns);
	FUZZ_CHECK(str_is(buf_view(&b), want));
	FUZZ_CHECK(!time_parse(buf_view(&b), &again));
	FUZZ_CHECK(again == ns - ns % NS_PER_S);
	buf_clear(&b);
	time_rfc3339_micro(&b, ns);
	FUZZ_CHECK(!time_parse(buf_view(&b), &again));
	FUZZ_CHECK(again == ns - ns % 1000);
}

/* Its parts by the one call that reads numbers as we must not. */
static void check_parts(struct str s, int64_t ns)
{
	char text[64], sign = '+';
	int n = 0, h = 0, m = 0;
	struct tm tm = { 0 };
	int64_t offset;

	FUZZ_CHECK(s.n < sizeof(text));
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	FUZZ_CHECK(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year,
	    &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
	    &n) == 6);
	if (text[n] == '.')
		n += 1 + (int)strspn(text + n + 1, "0123456789");
	if (text[n] != 'Z')
		FUZZ_CHECK(sscanf(text + n, "%c%2d:%2d", &sign, &h, &m) == 3);
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	offset = (sign == '-' ? -1 : 1) * (h * 3600 + m * 60);
	FUZZ_CHECK(ns / NS_PER_S == (int64_t)timegm(&tm) - offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	int64_t ns = -77;
	int rc = time_parse(s, &ns);

	FUZZ_CHECK(rc == 0 || rc == ERR_BAD);
	if (rc) {
		FUZZ_CHECK(ns == -77);
		return 0;
	}
	FUZZ_CHECK(ns >= 0);
	check_parts(s, ns);
	check_text(ns);
	return 0;
}
