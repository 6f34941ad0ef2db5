#include <string.h>

#include "check.h"

static struct str text_of(int64_t ns, bool micro)
{
	static char mem[64];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	if (micro)
		time_rfc3339_micro(&b, ns);
	else
		time_rfc3339(&b, ns);
	return buf_view(&b);
}

TEST(times_are_written_as_rfc3339)
{
	EXPECT_STR(text_of(0, false), "1970-01-01T00:00:00Z");
	EXPECT_STR(text_of(0, true), "1970-01-01T00:00:00.000000Z");
	EXPECT_STR(text_of(INT64_C(951782400) * NS_PER_S, false),
	    "2000-02-29T00:00:00Z");
	EXPECT_STR(text_of(INT64_C(951868799) * NS_PER_S + 999999999, true),
	    "2000-02-29T23:59:59.999999Z");
	EXPECT_STR(text_of(INT64_C(1795244819) * NS_PER_S, false),
	    "2026-11-21T07:06:59Z");
	EXPECT_STR(text_of(INT64_MAX, true), "2262-04-11T23:47:16.854775Z");
	EXPECT_STR(text_of(-1, true), "1969-12-31T23:59:59.999999Z");
	EXPECT_STR(text_of(INT64_MIN, false), "1677-09-21T00:12:43Z");
}

static int parse(const char *s, int64_t *ret)
{
	return time_parse(guard_copy(s, strlen(s)), ret);
}

TEST(times_are_parsed_with_offset_and_fraction)
{
	int64_t ns = -1;

	EXPECT_EQ(parse("1970-01-01T00:00:00Z", &ns), 0);
	EXPECT_EQ(ns, 0);
	EXPECT_EQ(parse("2026-11-21T07:06:59Z", &ns), 0);
	EXPECT_EQ(ns, INT64_C(1795244819) * NS_PER_S);
	EXPECT_EQ(parse("2026-11-21T09:06:59.5+02:00", &ns), 0);
	EXPECT_EQ(ns, INT64_C(1795244819) * NS_PER_S + 500000000);
	EXPECT_EQ(parse("2026-11-20T21:36:59.000000001-09:30", &ns), 0);
	EXPECT_EQ(ns, INT64_C(1795244819) * NS_PER_S + 1);
	EXPECT_EQ(parse("2000-02-29T00:00:00Z", &ns), 0);
	EXPECT_EQ(parse("2024-12-31T23:59:59-23:59", &ns), 0);
	EXPECT_EQ(parse("2262-04-11T23:47:16.854775807Z", &ns), 0);
	EXPECT(ns == INT64_MAX);
}

TEST(times_that_are_none_are_refused)
{
	static const char *const bad[] = {
		"", "2026", "2026-11-21", "2026-11-21T07:06:59",
		"2026-11-21 07:06:59Z", "2026-11-21T07:06:59z",
		"2026-11-21T07:06:59Zx", "2026-11-21T07:06Z",
		"2026-13-21T07:06:59Z", "2026-00-21T07:06:59Z",
		"2026-11-31T07:06:59Z", "2026-11-00T07:06:59Z",
		"2026-02-29T07:06:59Z", "2100-02-29T07:06:59Z",
		"2026-11-21T24:00:00Z", "2026-11-21T07:60:00Z",
		"2026-11-21T07:06:60Z", "2026-11-21T07:06:59.Z",
		"2026-11-21T07:06:59.1234567890Z",
		"2026-11-21T07:06:59+24:00", "2026-11-21T07:06:59+02:60",
		"2026-11-21T07:06:59+0200", "2026-11-21T07:06:59+02",
		"2026-1a-21T07:06:59Z", "1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+00:01", "2262-04-11T23:47:16.854775808Z",
		"9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
		"+026-11-21T07:06:59Z", "2026-11-21T07:06:59.12",
	};
	int64_t ns = 7;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		EXPECT_EQ(parse(bad[i], &ns), ERR_BAD);
	EXPECT_EQ(ns, 7);
}

TEST(times_go_round_for_every_day)
{
	for (int64_t day = 0; day < 106751; day++) {
		int64_t ns = day * 86400 * NS_PER_S + 86399 * NS_PER_S;
		int64_t back = -1;

		EXPECT_EQ(time_parse(text_of(ns, false), &back), 0);
		EXPECT_EQ(back, ns);
	}
}

TEST(a_delay_doubles_up_to_the_most)
{
	EXPECT_EQ(time_backoff(5, 0, 100), 5);
	EXPECT_EQ(time_backoff(5, 1, 100), 5);
	EXPECT_EQ(time_backoff(5, 2, 100), 10);
	EXPECT_EQ(time_backoff(5, 5, 100), 80);
	EXPECT_EQ(time_backoff(5, 6, 100), 100);
	EXPECT_EQ(time_backoff(5, UINT32_MAX, 100), 100);
	EXPECT_EQ(time_backoff(200, 1, 100), 100);
	EXPECT_EQ(time_backoff(NS_PER_S, UINT32_MAX, INT64_MAX / 2),
	    INT64_MAX / 2);
}
