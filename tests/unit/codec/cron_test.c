#include <string.h>

#include "check.h"
#include "codec.h"

static int parse(const char *s, struct cron *ret, struct diag *d)
{
	diag_clear(d);
	return cron_parse(guard_copy(s, strlen(s)), ret, d);
}

/* The next time as text, or "never". */
static const char *next(const char *cron, const char *after)
{
	static char text[32];
	int64_t at;
	struct cron c;
	struct diag d;
	struct buf b;

	REQUIRE(parse(cron, &c, &d) == 0);
	REQUIRE(time_parse(str_from(after), &at) == 0);
	at = cron_next(&c, at);
	if (at == TIME_NEVER)
		return "never";
	buf_init(&b, text, sizeof(text));
	time_rfc3339(&b, at);
	buf_char(&b, '\0');
	REQUIRE(!b.over);
	return text;
}

TEST(cron_comes_next)
{
	static const struct { const char *cron, *after, *at; } t[] = {
		{ "0 2 * * *", "2026-11-22T01:59:59.5Z",
		  "2026-11-22T02:00:00Z" },
		{ "0 2 * * *", "2026-11-22T02:00:00Z",
		  "2026-11-23T02:00:00Z" },
		{ "*/15 * * * *", "2026-11-22T02:31:10Z",
		  "2026-11-22T02:45:00Z" },
		{ "5/20 * * * *", "2026-11-22T02:26:00Z",
		  "2026-11-22T02:45:00Z" },
		{ "0 9-17/4 * * MON-FRI", "2026-11-21T12:00:00Z",
		  "2026-11-23T09:00:00Z" },
		{ "30 4 1,15 * ?", "2026-11-15T04:30:00Z",
		  "2026-12-01T04:30:00Z" },
		/* Either day, when both are restricted. */
		{ "0 0 13 * 5", "2026-11-01T00:00:00Z",
		  "2026-11-06T00:00:00Z" },
		{ "0 0 13 * 5", "2026-11-07T00:00:00Z",
		  "2026-11-13T00:00:00Z" },
		{ "0 0 29 2 *", "2096-03-01T00:00:00Z",
		  "2104-02-29T00:00:00Z" },
		{ "0 0 30 feb *", "2026-01-01T00:00:00Z", "never" },
		{ "59 23 31 12 *", "2026-12-31T23:59:00Z",
		  "2027-12-31T23:59:00Z" },
		{ "  0  0 * *  sun ", "2026-11-21T00:00:00Z",
		  "2026-11-22T00:00:00Z" },
		{ "@hourly", "2026-11-22T23:00:00Z", "2026-11-23T00:00:00Z" },
		{ "@weekly", "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z" },
		{ "@yearly", "2026-11-22T00:00:00Z", "2027-01-01T00:00:00Z" },
		{ "@every 1h30m", "2026-11-22T00:00:00.9Z",
		  "2026-11-22T01:30:00Z" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		EXPECT_STR(str_from(next(t[i].cron, t[i].after)), t[i].at);
}

TEST(cron_tells_what_is_wrong)
{
	static const struct { const char *cron, *why; } t[] = {
		{ "", "has 0 of five fields: minute, hour, day of the month, "
		  "month, day of the week" },
		{ "0 2 * *", "has 4 of five fields: minute, hour, day of the "
		  "month, month, day of the week" },
		{ "0 2 * * * *", "has more than five fields" },
		{ "60 * * * *", "60 is no minute" },
		{ "0 24 * * *", "24 is no hour" },
		{ "0 0 0 * *", "0 is no day of the month" },
		{ "0 0 * foo *", "foo is no month" },
		{ "0 0 * * 7", "7 is no day of the week" },
		{ "5-1 * * * *", "5-1 is no minute" },
		{ "*/0 * * * *", "*/0 is no minute" },
		{ "1, * * * *", "1, is no minute" },
		{ "1- * * * *", "1- is no minute" },
		{ "1-2-3 * * * *", "1-2-3 is no minute" },
		{ "TZ=UTC 0 2 * * *", "TZ=UTC is no minute" },
		{ "@often", "@often is none of @yearly, @monthly, @weekly, "
		  "@daily, @hourly, @every DURATION" },
		{ "@every", " is no duration of a second or more, as 1h30m" },
		{ "@every 5ms", "5ms is no duration of a second or more, as "
		  "1h30m" },
	};
	struct cron c;
	struct diag d;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		EXPECT_EQ(parse(t[i].cron, &c, &d), ERR_BAD);
		EXPECT_STR(str_from(d.text), t[i].why);
	}
}
