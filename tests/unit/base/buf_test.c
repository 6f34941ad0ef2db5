#include <string.h>

#include "check.h"

TEST(buf_drops_what_does_not_fit_and_all_after_it)
{
	struct buf b;

	buf_init(&b, guard_space(5), 5);
	buf_cstr(&b, "abc");
	EXPECT(!b.over);
	buf_cstr(&b, "def");
	EXPECT(b.over);
	buf_char(&b, 'x');
	EXPECT(b.over);
	EXPECT_STR(buf_view(&b), "abc");
	buf_clear(&b);
	EXPECT(!b.over);
	buf_cstr(&b, "12345");
	EXPECT(!b.over);
	EXPECT_STR(buf_view(&b), "12345");
}

TEST(buf_takes_nothing_and_a_buf_without_memory)
{
	struct buf b;

	buf_init(&b, NULL, 0);
	buf_str(&b, STR_NONE);
	EXPECT(!b.over);
	EXPECT_EQ(buf_view(&b).n, 0);
	buf_char(&b, 'x');
	EXPECT(b.over);
}

TEST(buf_writes_numbers)
{
	char mem[200];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_u64(&b, 0);
	buf_char(&b, ' ');
	buf_u64(&b, UINT64_MAX);
	buf_char(&b, ' ');
	buf_i64(&b, INT64_MIN);
	buf_char(&b, ' ');
	buf_i64(&b, INT64_MAX);
	buf_char(&b, ' ');
	buf_i64(&b, -10);
	buf_char(&b, ' ');
	buf_hex(&b, "\x00\xff\x1a", 3);
	buf_char(&b, ' ');
	buf_hex64(&b, 0xabc);
	EXPECT_STR(buf_view(&b), "0 18446744073709551615 -9223372036854775808 "
	    "9223372036854775807 -10 00ff1a 0000000000000abc");
}

TEST(buf_hex_is_dropped_whole)
{
	struct buf b;

	buf_init(&b, guard_space(5), 5);
	buf_hex(&b, "abc", 3);
	EXPECT(b.over);
	EXPECT_EQ(b.n, 0);
}

TEST(buf_fmt_knows_its_conversions)
{
	char mem[200];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "%s|%S|%d|%u|%D|%U|%z|%x|%c|%%", "cstr", STR("slice"), -5,
	    4000000000u, INT64_C(-5000000000), UINT64_C(5000000000),
	    sizeof(mem), UINT64_MAX, 'c');
	EXPECT_STR(buf_view(&b), "cstr|slice|-5|4000000000|-5000000000|"
	    "5000000000|200|ffffffffffffffff|c|%");
	buf_clear(&b);
	buf_fmt(&b, "%x%S%d", UINT64_C(0), STR_NONE, 0);
	EXPECT_STR(buf_view(&b), "00");
	buf_clear(&b);
	buf_fmt(&b, "");
	EXPECT_STR(buf_view(&b), "");
}

TEST(buf_fmt_crashes_on_other_conversions)
{
	char mem[20];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	EXPECT_CRASH(buf_fmt(&b, "%f"));
	EXPECT_CRASH(buf_fmt(&b, "%5d", 3));
	EXPECT_CRASH(buf_fmt(&b, "100%"));
}

TEST(buf_consumes_from_the_front)
{
	char mem[20];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_cstr(&b, "0123456789");
	buf_consume(&b, 0);
	EXPECT_STR(buf_view(&b), "0123456789");
	buf_consume(&b, 3);
	EXPECT_STR(buf_view(&b), "3456789");
	buf_consume(&b, 7);
	EXPECT_STR(buf_view(&b), "");
	EXPECT_CRASH(buf_consume(&b, 1));
}

TEST(diag_keeps_the_first_error)
{
	struct diag d;

	diag_clear(&d);
	EXPECT(!diag_is_set(&d));
	diag_set(&d, STR("spec.port"), "%d is over %d", 70000, 65535);
	diag_set(&d, STR("spec.x"), "other");
	EXPECT(diag_is_set(&d));
	EXPECT(!strcmp(d.path, "spec.port"));
	EXPECT(!strcmp(d.text, "70000 is over 65535"));
	diag_set(NULL, STR("x"), "ignored");
}

TEST(diag_is_not_ended_by_what_was_sent)
{
	struct diag d;

	diag_clear(&d);
	diag_set(&d, (struct str){ "a\0b", 3 }, "\"%S\" is no minute",
	    (struct str){ "\0*", 2 });
	EXPECT(!strcmp(d.path, "a?b"));
	EXPECT(!strcmp(d.text, "\"?*\" is no minute"));
}

TEST(diag_cuts_the_tail_at_a_character)
{
	static char text[2000];
	struct diag d;
	size_t n;

	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	for (size_t skip = 0; skip < 2; skip++) {
		struct str s = { text + skip, sizeof(text) - skip };

		/* An ASCII head of either parity puts the cut on each byte. */
		diag_clear(&d);
		diag_set(&d, skip ? STR("x") : STR(""), "%s%S",
		    skip ? "" : "y", str_sub(s, skip, s.n));
		n = strlen(d.text);
		EXPECT(n < DIAG_TEXT_MAX && n >= DIAG_TEXT_MAX - 6);
		EXPECT(!strcmp(d.text + n - 3, "..."));
		EXPECT(str_utf8(str_from(d.text)));
	}
	diag_clear(&d);
	memset(text, 'p', sizeof(text));
	diag_set(&d, (struct str){ text, sizeof(text) }, "x");
	EXPECT_EQ(strlen(d.path), DIAG_PATH_MAX - 1);
	EXPECT(!strcmp(d.path + DIAG_PATH_MAX - 4, "..."));
}

TEST(a_text_is_cut_where_a_character_begins)
{
	char to[12];

	cut_fmt(to, sizeof(to), "%s %d", "abc", 12);
	EXPECT_STR(str_from(to), "abc 12");
	cut_fmt(to, sizeof(to), "%s", "12345678");
	EXPECT_STR(str_from(to), "12345678");
	cut_fmt(to, sizeof(to), "%s", "123456789");
	EXPECT_STR(str_from(to), "12345678...");
	cut_fmt(to, sizeof(to), "%s", "1234567\xc3\xa4");
	EXPECT_STR(str_from(to), "1234567...");
	cut_fmt(to, sizeof(to), "%s", "");
	EXPECT_STR(str_from(to), "");
	cut_fmt(to, 4, "%s", "ab");
	EXPECT_STR(str_from(to), "...");
}
