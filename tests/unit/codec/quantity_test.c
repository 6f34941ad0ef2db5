#include <string.h>

#include "check.h"
#include "codec.h"

static int parse(const char *s, int64_t *ret)
{
	return quantity_parse(guard_copy(s, strlen(s)), ret);
}

TEST(quantity_takes_all_suffixes)
{
	static const struct { const char *text; int64_t milli; } t[] = {
		{ "0", 0 }, { "1", 1000 }, { "128974848", 128974848000 },
		{ "100m", 100 }, { "1500m", 1500 }, { "2k", 2000000 },
		{ "3M", 3000000000 }, { "4G", 4000000000000 },
		{ "5T", 5000000000000000 }, { "6P", 6000000000000000000 },
		{ "0.001E", 1000000000000000000 }, { "1Ki", 1024000 },
		{ "2Mi", 2097152000 }, { "3Gi", 3221225472000 },
		{ "4Ti", 4398046511104000 }, { "5Pi", 5629499534213120000 },
		{ "0.005Ei", 5764607523034234880 },
		{ "1000000n", 1 }, { "1000u", 1 }, { "0Ei", 0 }, { "0m", 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(t); i++) {
		int64_t v = -1;

		EXPECT_EQ(parse(t[i].text, &v), 0);
		EXPECT_EQ(v, t[i].milli);
	}
}

TEST(quantity_takes_signs_points_and_exponents)
{
	static const struct { const char *text; int64_t milli; } t[] = {
		{ "+1", 1000 }, { "-1", -1000 }, { "-0", 0 }, { "1.", 1000 },
		{ ".5", 500 }, { "-.5Ki", -512000 }, { "1.5Gi", 1610612736000 },
		{ "007", 7000 }, { "1e3", 1000000 }, { "1E3", 1000000 },
		{ "2e+3", 2000000 }, { "1.5e-3", 2 }, { "1e-3", 1 },
		{ "25E-1", 2500 }, { "1e03", 1000000 }, { "0e1000000", 0 },
		{ "1.e1", 10000 }, { "0.00000000000000000000001e23", 1000 },
		{ "100000000000000000000000e-23", 1000 }, { "1e-99999", 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(t); i++) {
		int64_t v = -1;

		EXPECT_EQ(parse(t[i].text, &v), 0);
		EXPECT_EQ(v, t[i].milli);
	}
}

/* As MilliValue() of Kubernetes' own type: away from zero. */
TEST(quantity_rounds_away_from_zero)
{
	static const struct { const char *text; int64_t milli; } t[] = {
		{ "1n", 1 }, { "1u", 1 }, { "1001u", 2 }, { "0.1m", 1 },
		{ "-1n", -1 }, { "-1.1m", -2 }, { "1.0001", 1001 },
		{ "0.1Gi", 107374182400 }, { "0.1Ki", 102400 },
		{ "0.0001Ki", 103 }, { "0.123456789Pi", 138999987234189488 },
		{ "0.33333333333333333333333333333333Pi",
		  375299968947541334 },
		{ "1.00000000000000000000000000000000000001", 1001 },
		{ "1.00000000000000000000000000000000000000", 1000 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(t); i++) {
		int64_t v = -1;

		EXPECT_EQ(parse(t[i].text, &v), 0);
		EXPECT_EQ(v, t[i].milli);
	}
}

TEST(quantity_has_limits)
{
	static const char longest[] = "0.0000000000000000000000000000000000"
	    "000000000000000000000000001";
	static const char *const more[] = {
		"9223372036854775.8070001", "9223372036854775.808",
		"9223372036854775808m", "10Pi", "1E", "9Ei", "1e999999999",
		"18446744073709551616m"
	};
	char text[QUANTITY_MAX + 2];
	int64_t v = 7;

	EXPECT_EQ(parse("9223372036854775.807", &v), 0);
	EXPECT_EQ(v, INT64_MAX);
	EXPECT_EQ(parse("-9223372036854775807m", &v), 0);
	EXPECT_EQ(v, -INT64_MAX);
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		char minus[32] = "-";

		EXPECT_EQ(parse(more[i], &v), 0);
		EXPECT_EQ(v, INT64_MAX);
		strcpy(minus + 1, more[i]);
		EXPECT_EQ(parse(minus, &v), 0);
		EXPECT_EQ(v, -INT64_MAX);
	}
	EXPECT_EQ(parse(longest, &v), 0);
	EXPECT_EQ(v, 1);
	memset(text, '9', sizeof(text));
	text[QUANTITY_MAX] = '\0';
	EXPECT_EQ(parse(text, &v), 0);
	EXPECT_EQ(v, INT64_MAX);
	text[QUANTITY_MAX - 2] = 'E';
	text[QUANTITY_MAX - 1] = 'i';
	EXPECT_EQ(parse(text, &v), 0);
	EXPECT_EQ(v, INT64_MAX);
	memset(text, '0', sizeof(text));
	text[QUANTITY_MAX] = '\0';
	EXPECT_EQ(parse(text, &v), 0);
	EXPECT_EQ(v, 0);
	text[QUANTITY_MAX] = '0';
	text[QUANTITY_MAX + 1] = '\0';
	EXPECT_EQ(parse(text, &v), ERR_LIMIT);
}

TEST(quantity_refuses_what_is_none)
{
	static const char *const bad[] = {
		"", "+", "-", ".", "+.", "e3", "Ki", "m", "1e", "1e+", "1e-",
		"1e+-3", "1e 3", "1e1.5", "1K", "1ki", "1KI", "1mi", "1Mm",
		"1kk", "1 ", " 1", "1 Ki", "1,5", "1..5", "1.5.", "--1", "+-1",
		"0x10", "1e3k", "1e3Ki", "1iK", "1i", "inf", "NaN", "1_000",
		"1e99999999999999999999", "1\xc2\xb5",
	};
	int64_t v = 7;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		if (parse(bad[i], &v) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	EXPECT_EQ(v, 7);
	EXPECT_EQ(quantity_parse(STR_NONE, &v), ERR_BAD);
	EXPECT_EQ(quantity_parse(STR("1\0"), &v), ERR_BAD);
}
