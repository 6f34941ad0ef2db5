#include <string.h>

#include "check.h"
#include "codec.h"

#define GUARD(lit) guard_copy(lit, sizeof(lit) - 1)

static int next(struct str in, struct der *v)
{
	return der_next(&in, v);
}

TEST(der_next_cuts_a_value)
{
	struct str in = GUARD("\x04\x02" "ab" "\x05\x00");
	struct der v;

	REQUIRE(der_next(&in, &v) == 0);
	EXPECT_EQ(v.tag, DER_OCTETS);
	EXPECT_STR(v.body, "ab");
	EXPECT_EQ(v.whole.n, 4);
	REQUIRE(der_next(&in, &v) == 0);
	EXPECT_EQ(v.tag, DER_NULL);
	EXPECT_EQ(v.body.n, 0);
	EXPECT_EQ(der_next(&in, &v), ERR_NOENT);
}

TEST(der_next_long_lengths)
{
	char value[3 + 128] = "\x04\x81\x80";
	struct der v;

	EXPECT_EQ(next(guard_copy(value, sizeof(value)), &v), 0);
	EXPECT_EQ(v.body.n, 128);
	EXPECT_EQ(next(guard_copy(value, sizeof(value) - 1), &v), ERR_MORE);
	EXPECT_EQ(next(GUARD("\x04\x83\xff\xff\xff"), &v), ERR_MORE);
}

TEST(der_next_refuses)
{
	struct der v;

	EXPECT_EQ(next(GUARD("\x04"), &v), ERR_MORE);
	EXPECT_EQ(next(GUARD("\x04\x01"), &v), ERR_MORE);
	EXPECT_EQ(next(GUARD("\x04\x81"), &v), ERR_MORE);
	/* Indefinite, too long, not the shortest form, reserved. */
	EXPECT_EQ(next(GUARD("\x30\x80\x00\x00"), &v), ERR_BAD);
	EXPECT_EQ(next(GUARD("\x04\x84\x00\x00\x00\x01" "a"), &v), ERR_BAD);
	EXPECT_EQ(next(GUARD("\x04\x81\x01" "a"), &v), ERR_BAD);
	EXPECT_EQ(next(GUARD("\x04\x82\x00\x80"), &v), ERR_BAD);
	EXPECT_EQ(next(GUARD("\x04\xff"), &v), ERR_BAD);
	EXPECT_EQ(next(GUARD("\x1f\x01\x00"), &v), ERR_BAD);
}

TEST(der_failure_takes_nothing)
{
	struct str in = GUARD("\x04\x01" "a"), was = in, body = STR("kept");

	EXPECT_EQ(der_expect(&in, DER_SEQ, &body), ERR_BAD);
	EXPECT_EQ(der_optional(&in, DER_BOOL, &body), 0);
	EXPECT(in.p == was.p && in.n == was.n);
	EXPECT_STR(body, "kept");
	EXPECT_EQ(der_optional(&in, DER_OCTETS, &body), 1);
	EXPECT_STR(body, "a");
	EXPECT_EQ(der_optional(&in, DER_OCTETS, &body), 0);
	in = GUARD("\x04\x05" "a");
	EXPECT_EQ(der_optional(&in, DER_OCTETS, &body), ERR_BAD);
}

TEST(der_bool_values)
{
	bool b = false;

	EXPECT_EQ(der_bool(GUARD("\xff"), &b), 0);
	EXPECT(b);
	EXPECT_EQ(der_bool(GUARD("\x01"), &b), ERR_BAD);
	EXPECT(b);
	EXPECT_EQ(der_bool(GUARD("\x00"), &b), 0);
	EXPECT(!b);
	EXPECT_EQ(der_bool(GUARD(""), &b), ERR_BAD);
	EXPECT_EQ(der_bool(GUARD("\x00\x00"), &b), ERR_BAD);
}

TEST(der_unsigned_is_minimal)
{
	struct str v;

	EXPECT_EQ(der_unsigned(GUARD("\x00"), &v), 0);
	EXPECT_EQ(v.n, 0);
	EXPECT_EQ(der_unsigned(GUARD("\x7f"), &v), 0);
	EXPECT_EQ(v.n, 1);
	EXPECT_EQ(der_unsigned(GUARD("\x00\x80"), &v), 0);
	EXPECT_EQ(v.n, 1);
	EXPECT_EQ((uint8_t)v.p[0], 0x80);
	EXPECT_EQ(der_unsigned(GUARD(""), &v), ERR_BAD);
	EXPECT_EQ(der_unsigned(GUARD("\x80"), &v), ERR_BAD);
	EXPECT_EQ(der_unsigned(GUARD("\x00\x7f"), &v), ERR_BAD);
	EXPECT_EQ(der_unsigned(GUARD("\x00\x00"), &v), ERR_BAD);
}

TEST(der_u32_range)
{
	uint32_t v = 7;

	EXPECT_EQ(der_u32(GUARD("\x00"), &v), 0);
	EXPECT_EQ(v, 0);
	EXPECT_EQ(der_u32(GUARD("\x00\xff\xff\xff\xff"), &v), 0);
	EXPECT_EQ(v, UINT32_MAX);
	EXPECT_EQ(der_u32(GUARD("\x01\x00\x00\x00\x00"), &v), ERR_LIMIT);
	EXPECT_EQ(der_u32(GUARD("\xff"), &v), ERR_BAD);
	EXPECT_EQ(v, UINT32_MAX);
}

TEST(der_bits_of_whole_octets)
{
	struct str v;

	EXPECT_EQ(der_bits(GUARD("\x00" "ab"), &v), 0);
	EXPECT_STR(v, "ab");
	EXPECT_EQ(der_bits(GUARD("\x00"), &v), 0);
	EXPECT_EQ(v.n, 0);
	EXPECT_EQ(der_bits(GUARD(""), &v), ERR_BAD);
	EXPECT_EQ(der_bits(GUARD("\x01" "ab"), &v), ERR_BAD);
}

static int64_t time_of(uint8_t tag, const char *text)
{
	struct der v = { .tag = tag,
			 .body = guard_copy(text, strlen(text)) };
	int64_t s = INT64_MIN;

	return der_time(&v, &s) ? INT64_MIN : s;
}

TEST(der_time_known_instants)
{
	EXPECT_EQ(time_of(DER_UTC_TIME, "700101000000Z"), 0);
	EXPECT_EQ(time_of(DER_UTC_TIME, "491231235959Z"), 2524607999);
	EXPECT_EQ(time_of(DER_UTC_TIME, "500101000000Z"), -631152000);
	EXPECT_EQ(time_of(DER_TIME, "20270101000000Z"), 1798761600);
	EXPECT_EQ(time_of(DER_TIME, "20240229120000Z"), 1709208000);
	/* RFC 5280: no well-defined expiration. */
	EXPECT_EQ(time_of(DER_TIME, "99991231235959Z"), 253402300799);
	EXPECT_EQ(time_of(DER_TIME, "00010101000000Z"), -62135596800);
}

TEST(der_time_agrees_with_rfc3339)
{
	int64_t s = 951782400;		/* 2000-02-29 */

	for (int day = 0; day < 3000; day++, s += 86400) {
		char mem[32], digits[16];
		struct buf b;
		size_t n = 0;

		buf_init(&b, mem, sizeof(mem));
		time_rfc3339(&b, s * NS_PER_S);
		for (size_t i = 0; i < b.n; i++)
			if (mem[i] >= '0' && mem[i] <= '9')
				digits[n++] = mem[i];
		digits[n++] = 'Z';
		digits[n] = '\0';
		EXPECT_EQ(time_of(DER_TIME, digits), s);
		guard_reset();
	}
}

TEST(der_time_refuses)
{
	static const char *const bad[] = {
		"", "Z", "20270101000000", "202701010000Z", "20270101000000z",
		"20271301000000Z", "20270001000000Z", "20270229000000Z",
		"20270100000000Z", "20270101240000Z", "20270101006000Z",
		"20270101000060Z", "2027010100000aZ", "2027 101000000Z",
		"20270101000000+0000", "20270101000000.5Z", "00000101000000Z",
	};
	struct der v = { .tag = DER_INT, .body = STR("700101000000Z") };
	int64_t s;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		EXPECT_EQ(time_of(DER_TIME, bad[i]), INT64_MIN);
		EXPECT_EQ(time_of(DER_UTC_TIME, bad[i]), INT64_MIN);
	}
	EXPECT_EQ(time_of(DER_TIME, "700101000000Z"), INT64_MIN);
	EXPECT_EQ(time_of(DER_UTC_TIME, "20270101000000Z"), INT64_MIN);
	EXPECT_EQ(der_time(&v, &s), ERR_BAD);
}
