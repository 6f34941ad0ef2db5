#include <string.h>

#include "check.h"
#include "codec.h"

enum { TOKENS = 256 };
static struct json_tok tok[TOKENS];

/* json_scan and json_parse must agree. */
static int both(const char *p, size_t n)
{
	struct str s = guard_copy(p, n), front = guard_copy_front(p, n);
	struct json_doc doc;
	int err = json_scan(s, NULL);

	EXPECT_EQ(json_scan(front, NULL), err);
	EXPECT_EQ(json_parse(&doc, s, tok, TOKENS, NULL), err);
	guard_reset();
	return err;
}

static int both_text(const char *s)
{
	return both(s, strlen(s));
}

TEST(json_takes_what_is_json)
{
	static const char *const good[] = {
		"{}", "[]", " [ ] ", "{ }", "null", "true", "false", "0",
		"-0", "-1", "10", "1.5", "0.0", "1e5", "1E+5", "1.25e-05",
		"\"\"", "\"a\"", "\t\r\n 1 \t\r\n", "[1,2,[3,{}],{\"a\":[]}]",
		"{\"a\":1,\"b\":{\"c\":null}}", "{\"\":\"\"}",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\\uABCD\\uabcd\"",
		"\"\\ud83d\\ude00\"", "\"\xc3\xa9\xe2\x82\xac\"",
		"\"\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\"", "\"\x7f\"",
		"\"0123456789\\n0123456789\xc3\xa9 and more of that\"",
		"{\"a\":1,\"a\":2}",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(good); i++)
		if (both_text(good[i]) != 0)
			test_fail(__FILE__, __LINE__, "refused: %s", good[i]);
}

TEST(json_refuses_what_is_not)
{
	static const char *const bad[] = {
		"", " ", "{", "[", "}", "]", "{]", "[}", "[1", "[1,", "[,]",
		"[1,]", "[1 2]", "[1,,2]", "{\"a\"}", "{\"a\":}",
		"{\"a\" \"b\"}", "{\"a\"::1}", "{\"a\":1,}", "{,}",
		"{,\"a\":1}", "{a:1}", "{1:2}", "{\"a\":1 \"b\":2}",
		"{\"a\":\"b\":\"c\"}", "[\"a\":1]", "{}{}", "1 2", "{} x",
		"01", "-", "-a", "+1", "1.", ".5", "1.e5", "1e", "1e+",
		"[01]", "[1.2.3]", "[-]", "0x10", "1_0", "NaN", "Infinity",
		"tru", "truE", "nulll", "[t]", "falsey", "'a'", "\"", "\"a",
		"\"\\\"", "\"\\", "\"\\x\"", "\"\\u\"", "\"\\u12\"",
		"\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800x\"",
		"\"\\ud800\\n\"", "\"\\ud800\\ud800\"", "\"\\ud800\\u0041\"",
		"\"\\ud800\\u", "\"\\ud800\\udc0\"",
		"\"\n\"", "\"\x01\"", "\"01234567\t\"", "\"\x80\"",
		"\"\xc0\x80\"", "\"\xc3\"", "\"\xe0\x80\x80\"",
		"\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xff\"",
		"\"\xe2\x82\"", "\xef\xbb\xbf{}", "// c\n1", "[1]/**/",
		"{\"a\":1;\"b\":2}",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		if (both_text(bad[i]) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	EXPECT_EQ(both("1\0", 2), ERR_BAD);
	EXPECT_EQ(both("\"a\0b\"", 5), ERR_BAD);
	EXPECT_EQ(both("\0{}", 3), ERR_BAD);
}

/* Each byte in each place of a word of eight, where the fast path looks. */
TEST(json_sees_each_byte_of_a_string)
{
	char s[32];
	int c, at;

	for (c = 0; c < 256; c++) {
		bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';

		for (at = 1; at < 25; at++) {
			memset(s, 'x', sizeof(s));
			s[0] = s[26] = '"';
			s[at] = (char)c;
			EXPECT_EQ(both(s, 27), plain ? 0 : ERR_BAD);
		}
	}
}

TEST(json_bounds_depth)
{
	char s[2 * (JSON_DEPTH_MAX + 1) + 1];
	int n;

	for (n = JSON_DEPTH_MAX - 1; n <= JSON_DEPTH_MAX + 1; n++) {
		memset(s, '[', (size_t)n);
		memset(s + n, ']', (size_t)n);
		EXPECT_EQ(both(s, 2 * (size_t)n),
		    n > JSON_DEPTH_MAX ? ERR_LIMIT : 0);
	}
	memset(s, '[', sizeof(s));
	EXPECT_EQ(both(s, sizeof(s)), ERR_LIMIT);
}

TEST(json_tells_where_it_is_wrong)
{
	struct json_doc doc;
	struct diag d = { .text = "" };

	EXPECT_EQ(json_parse(&doc, STR("{\n  \"a\": 1,\n  \"b\" 2\n}"), tok,
	    TOKENS, &d), ERR_BAD);
	EXPECT_STR(str_from(d.text), "line 3, column 7: a colon is missing");
	diag_clear(&d);
	EXPECT_EQ(json_scan(STR(""), &d), ERR_BAD);
	EXPECT_STR(str_from(d.text),
	    "line 1, column 1: the text ends too early");
	diag_clear(&d);
	EXPECT_EQ(json_scan(STR("[1,\n"), &d), ERR_BAD);
	EXPECT_STR(str_from(d.text),
	    "line 2, column 1: the text ends too early");
	diag_clear(&d);
	EXPECT_EQ(json_scan(STR_NONE, &d), ERR_BAD);
	EXPECT(diag_is_set(&d));
}
