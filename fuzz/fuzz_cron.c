/*
 * What is due next is later, on a full minute that all fields allow by
 * gmtime_r(), and no minute of the next days before it is; what is parsed is
 * the same with spaces around.
 */
#include <time.h>

#include "codec.h"
#include "fuzz.h"

static bool allows(const struct cron *c, int64_t s)
{
	time_t t = (time_t)s;
	struct tm tm;
	bool day, weekday;

	FUZZ_CHECK(gmtime_r(&t, &tm));
	day = c->day >> tm.tm_mday & 1;
	weekday = c->weekday >> tm.tm_wday & 1;
	return tm.tm_sec == 0 && (c->minute >> tm.tm_min & 1) &&
	    (c->hour >> tm.tm_hour & 1) && (c->month >> (tm.tm_mon + 1) & 1) &&
	    (c->any_day || c->any_weekday ? day && weekday : day || weekday);
}

static void check_next(const struct cron *c, int64_t after)
{
	int64_t at = cron_next(c, after), s = after / NS_PER_S;

	if (c->every_s > 0) {
		FUZZ_CHECK(at == TIME_NEVER ||
		    at == (s + c->every_s) * NS_PER_S);
		return;
	}
	FUZZ_CHECK(at == TIME_NEVER || (at > after &&
	    allows(c, at / NS_PER_S)));
	for (int64_t t = s - s % 60 + 60, i = 0; i < 3 * 1440 &&
	    t < at / NS_PER_S; i++, t += 60)
		FUZZ_CHECK(!allows(c, t));
}

static void check_spaces(struct str s, const struct cron *c)
{
	char text[300];
	struct cron again;
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "  %S ", s);
	if (b.over)
		return;
	FUZZ_CHECK(cron_parse(buf_view(&b), &again, NULL) == 0);
	FUZZ_CHECK(again.minute == c->minute && again.hour == c->hour &&
	    again.day == c->day && again.month == c->month &&
	    again.weekday == c->weekday && again.every_s == c->every_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct cron c;
	struct diag d;
	uint64_t h = str_hash(s);

	diag_clear(&d);
	if (cron_parse(s, &c, &d) < 0) {
		FUZZ_CHECK(d.text[0] != '\0');
		return 0;
	}
	check_next(&c, INT64_C(1764000000) * NS_PER_S);
	check_next(&c, (int64_t)(h % (UINT64_C(6000000000) *
	    (uint64_t)NS_PER_S)));
	check_spaces(s, &c);
	return 0;
}
