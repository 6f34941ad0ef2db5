/*
 * The classes of a JSON conformance collection, by RFC 8259: what every
 * parser must take, what none may, and what it leaves open, there with what
 * is done here and why.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "codec.h"

enum { TOKENS = 512 };
static struct json_tok tok[TOKENS];

/* One answer of the scanner and the reader, before a page and behind one. */
static int verdict(struct str text)
{
	struct str back = guard_copy(text.p, text.n);
	struct str front = guard_copy_front(text.p, text.n);
	struct json_doc doc;
	int err = json_scan(back, NULL);

	EXPECT_EQ(json_scan(front, NULL), err);
	EXPECT_EQ(json_parse(&doc, back, tok, TOKENS, NULL), err);
	EXPECT_EQ(json_parse(&doc, front, tok, TOKENS, NULL), err);
	guard_reset();
	return err;
}

static void all_give(const struct str *texts, size_t n, int want)
{
	size_t i;
	int err;

	for (i = 0; i < n; i++) {
		err = verdict(texts[i]);
		if (err != want)
			test_fail(__FILE__, __LINE__, "gives %d: %.*s", err,
			    (int)texts[i].n, texts[i].p);
		/* The same within a list and as a member. */
		if (want != ERR_LIMIT) {
			char mem[512];
			struct buf b;

			buf_init(&b, mem, sizeof(mem));
			buf_fmt(&b, "{\"k\":[%S\n,0]}", texts[i]);
			if (verdict(buf_view(&b)) != want)
				test_fail(__FILE__, __LINE__, "inside: %.*s",
				    (int)texts[i].n, texts[i].p);
		}
	}
}

/* ---- must be taken (sections 2 to 7) ---- */

TEST(json_must_take_structures)
{
	static const struct str good[] = {
		STR_INIT("[]"), STR_INIT("{}"), STR_INIT("[[]]"),
		STR_INIT("[{}]"), STR_INIT("{\"a\":{}}"),
		STR_INIT("[\"\"]"), STR_INIT("{\"\":0}"),
		STR_INIT("[[] ]"), STR_INIT("[ ]"), STR_INIT("{\t}"),
		STR_INIT(" []"), STR_INIT("[1\n,\r\n2\t]"),
		STR_INIT("\n\r\t {\n\r\t \"a\"\n\r\t :\n\r\t 1\n\r\t }\n\r\t "),
		STR_INIT("[null, 1, \"1\", {}, [], true, false]"),
		STR_INIT("[1,null,null,null,2]"),
		STR_INIT("{\"a\":\"b\",\"c\":\"d\"}"),
		STR_INIT("{\"a\":[]}"), STR_INIT("{\"a\\u0000b\":1}"),
		STR_INIT("{\"\\u043f\\u043e\":\"\\u0442\"}"),
		STR_INIT("{\"min\":-1.0e+28,\"max\":1.0e+28}"),
		/* Any value stands for itself since RFC 7159. */
		STR_INIT("null"), STR_INIT("true"), STR_INIT("false"),
		STR_INIT("42"), STR_INIT("-0.1"), STR_INIT("\"text\""),
		STR_INIT("\"\""),
	};

	all_give(good, ARRAY_LEN(good), 0);
}

TEST(json_must_take_numbers)
{
	static const struct str good[] = {
		STR_INIT("0"), STR_INIT("-0"), STR_INIT("0e1"),
		STR_INIT("0e+1"), STR_INIT("0E-0"), STR_INIT("-0e1"),
		STR_INIT("1"), STR_INIT("-1"), STR_INIT("-123"),
		STR_INIT("1e22"), STR_INIT("1E22"), STR_INIT("1E-2"),
		STR_INIT("1E+2"), STR_INIT("1e-2"), STR_INIT("1e00"),
		STR_INIT("1e001"), STR_INIT("123.456"), STR_INIT("0.0"),
		STR_INIT("123e45"), STR_INIT("123.456e78"),
		STR_INIT("123.456e-789"), STR_INIT("-0.0"),
		STR_INIT("1.000000000000000000000000000000000001"),
		STR_INIT("-0.0000000000000000000000000000000000000000001"),
	};

	all_give(good, ARRAY_LEN(good), 0);
}

/* The text that a string stands for (sections 7 and 8). */
static const struct { struct str text, means; } strings[] = {
	{ STR_INIT("\"\""), STR_INIT("") },
	{ STR_INIT("\"a b\""), STR_INIT("a b") },
	{ STR_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
	    STR_INIT("\"\\/\b\f\n\r\t") },
	{ STR_INIT("\"/\""), STR_INIT("/") },
	{ STR_INIT("\"\\\\n\""), STR_INIT("\\n") },
	{ STR_INIT("\"\\\\u0041\""), STR_INIT("\\u0041") },
	{ STR_INIT("\"a/*b*/c//d#e\""), STR_INIT("a/*b*/c//d#e") },
	{ STR_INIT("\"\x7f\""), STR_INIT("\x7f") },
	{ STR_INIT("\"\\u007f\""), STR_INIT("\x7f") },
	{ STR_INIT("\"\\u0000\""), STR_INIT("\0") },
	{ STR_INIT("\"a\\u0000b\""), STR_INIT("a\0b") },
	{ STR_INIT("\"\\u0022\\u005C\""), STR_INIT("\"\\") },
	{ STR_INIT("\"\\u000a\""), STR_INIT("\n") },
	{ STR_INIT("\"\\u0041\\u0061\""), STR_INIT("Aa") },
	{ STR_INIT("\"\\u00e9\\u0821\""), STR_INIT("\xc3\xa9\xe0\xa0\xa1") },
	{ STR_INIT("\"\\uABCD\\uabcd\""),
	    STR_INIT("\xea\xaf\x8d\xea\xaf\x8d") },
	{ STR_INIT("\"\\uD801\\udc37\""), STR_INIT("\xf0\x90\x90\xb7") },
	{ STR_INIT("\"\\ud83d\\ude39\\ud83d\\udc8d\""),
	    STR_INIT("\xf0\x9f\x98\xb9\xf0\x9f\x92\x8d") },
	{ STR_INIT("\"\\uDBFF\\uDFFF\""), STR_INIT("\xf4\x8f\xbf\xbf") },
	{ STR_INIT("\"\\ud800\\udc00\""), STR_INIT("\xf0\x90\x80\x80") },
	{ STR_INIT("\"\\uDBFF\\uDFFE\""), STR_INIT("\xf4\x8f\xbf\xbe") },
	/* Not characters, but code points all the same. */
	{ STR_INIT("\"\\uFFFE\\uFFFF\""),
	    STR_INIT("\xef\xbf\xbe\xef\xbf\xbf") },
	{ STR_INIT("\"\\uFDD0\""), STR_INIT("\xef\xb7\x90") },
	{ STR_INIT("\"\\u2028\\u2029\""),
	    STR_INIT("\xe2\x80\xa8\xe2\x80\xa9") },
	{ STR_INIT("\"\\u200b\\u2064\""),
	    STR_INIT("\xe2\x80\x8b\xe2\x81\xa4") },
	{ STR_INIT("\"\\uFEFF\""), STR_INIT("\xef\xbb\xbf") },
	/* The same unescaped: the first and last of each length. */
	{ STR_INIT("\"\xc2\x80\xdf\xbf\""), STR_INIT("\xc2\x80\xdf\xbf") },
	{ STR_INIT("\"\xe0\xa0\x80\xef\xbf\xbf\""),
	    STR_INIT("\xe0\xa0\x80\xef\xbf\xbf") },
	{ STR_INIT("\"\xed\x9f\xbf\xee\x80\x80\""),
	    STR_INIT("\xed\x9f\xbf\xee\x80\x80") },
	{ STR_INIT("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""),
	    STR_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf") },
	{ STR_INIT("\"\xe2\x80\xa8\xe2\x80\xa9\""),
	    STR_INIT("\xe2\x80\xa8\xe2\x80\xa9") },
	{ STR_INIT("\"\xef\xbb\xbf\""), STR_INIT("\xef\xbb\xbf") },
};

TEST(json_must_take_strings)
{
	char mem[256];
	struct arena a;
	struct json_doc doc;
	struct str got;
	size_t i;

	for (i = 0; i < ARRAY_LEN(strings); i++) {
		EXPECT_EQ(verdict(strings[i].text), 0);
		arena_init(&a, mem, sizeof(mem));
		REQUIRE(!json_parse(&doc, strings[i].text, tok, TOKENS, NULL));
		REQUIRE(!json_string(&doc, JSON_ROOT, &a, &got));
		if (!str_eq(got, strings[i].means))
			test_fail(__FILE__, __LINE__, "means something else: "
			    "%.*s", (int)strings[i].text.n, strings[i].text.p);
	}
}

/* ---- must be refused ---- */

TEST(json_must_refuse_structures)
{
	static const struct str bad[] = {
		STR_INIT("["), STR_INIT("{"), STR_INIT("]"), STR_INIT("}"),
		STR_INIT("[1"), STR_INIT("[\"a\""), STR_INIT("[\"a"),
		STR_INIT("[\"\n]"), STR_INIT("[1,"), STR_INIT("[1,]"),
		STR_INIT("[,1]"), STR_INIT("[1,,2]"), STR_INIT("[1,1,,]"),
		STR_INIT("[,]"), STR_INIT("[1 true]"), STR_INIT("[1]x"),
		STR_INIT("[1]]"), STR_INIT("[1][2]"), STR_INIT("[\"\":1]"),
		STR_INIT("[\"a\",\n4\n,1,"), STR_INIT("[1:2]"),
		STR_INIT("[(1)]"), STR_INIT("[<null>]"), STR_INIT("<.>"),
		STR_INIT("[*]"), STR_INIT("[\\u000A\"\"]"), STR_INIT("[\\n]"),
		STR_INIT("{\"a\""), STR_INIT("{\"a\":"), STR_INIT("{\"a\":1"),
		STR_INIT("{\"a\":1,"), STR_INIT("{\"a\":1,}"),
		STR_INIT("{\"a\":1,,}"), STR_INIT("{\"a\":1,\"b\"}"),
		STR_INIT("{\"a\"}"), STR_INIT("{\"a\" 1}"),
		STR_INIT("{\"a\",1}"), STR_INIT("{:1}"), STR_INIT("{,}"),
		STR_INIT("{\"a\"::1}"), STR_INIT("{\"a\":1 2}"),
		STR_INIT("{\"a\":1}}"), STR_INIT("{\"a\":1]"),
		STR_INIT("[{\"a\":1]}"), STR_INIT("{[1]:2}"),
		STR_INIT("{1:1}"), STR_INIT("{null:1,null:1}"),
		STR_INIT("{a:1}"), STR_INIT("{'a':1}"), STR_INIT("{\"a\":a}"),
		STR_INIT("{\"a\":\"b\"}#"), STR_INIT("{\"a\":1;\"b\":2}"),
		STR_INIT("{\"a\":1=\"b\"}"), STR_INIT("{\"a\"=1}"),
		STR_INIT("{\"a\":1}/**/"), STR_INIT("{/**/\"a\":1}"),
		STR_INIT("{\"a\":1}//"), STR_INIT("#\n1"),
		STR_INIT("{\"\":-"), STR_INIT("[\"a\",{\"b\":[,"),
		STR_INIT("{{}}"), STR_INIT("{...}"),
		STR_INIT("1]"), STR_INIT("\"a\"\"b\""), STR_INIT("{}{}"),
		/* Blanks other than the four. */
		STR_INIT("[\f]"), STR_INIT("[\v]"), STR_INIT("[\xa0]"),
		STR_INIT("[\xc2\xa0]"), STR_INIT("[\xe2\x80\x8b]"),
		STR_INIT("[\xe2\x81\xa0]"), STR_INIT("[\xef\xbb\xbf]"),
		STR_INIT("[\0]"), STR_INIT("[1\0]"), STR_INIT("{}\0"),
		STR_INIT("\x1e{}"),
	};

	EXPECT_EQ(verdict(STR("")), ERR_BAD);
	EXPECT_EQ(verdict(STR(" ")), ERR_BAD);
	EXPECT_EQ(verdict(STR("\n\r\t ")), ERR_BAD);
	EXPECT_EQ(verdict(STR("\0")), ERR_BAD);
	EXPECT_EQ(verdict(STR("1,2")), ERR_BAD);
	all_give(bad, ARRAY_LEN(bad), ERR_BAD);
}

TEST(json_must_refuse_numbers)
{
	static const struct str bad[] = {
		STR_INIT("-"), STR_INIT("+"), STR_INIT("+1"), STR_INIT("++1"),
		STR_INIT("--1"), STR_INIT("- 1"), STR_INIT("-+1"),
		STR_INIT("-01"), STR_INIT("01"), STR_INIT("00"),
		STR_INIT("-00"), STR_INIT("012"), STR_INIT("00.1"),
		STR_INIT("1."), STR_INIT("-1."), STR_INIT("2.e3"),
		STR_INIT("2.e+3"), STR_INIT(".1"), STR_INIT("-.1"),
		STR_INIT("."), STR_INIT(".e1"), STR_INIT("0.e1"),
		STR_INIT("1.2.3"), STR_INIT("0.1.2"), STR_INIT("1..2"),
		STR_INIT("1e"), STR_INIT("1E"), STR_INIT("1e+"),
		STR_INIT("1e-"), STR_INIT("1.0e"), STR_INIT("1e1e1"),
		STR_INIT("1e1.5"), STR_INIT("1ee1"), STR_INIT("1e+-1"),
		STR_INIT("1 e1"), STR_INIT("1e 1"), STR_INIT("e1"),
		STR_INIT("1x"), STR_INIT("1a"), STR_INIT("0x1"),
		STR_INIT("0X1"), STR_INIT("0b1"), STR_INIT("0o7"),
		STR_INIT("1_000"), STR_INIT("1 000"), STR_INIT("1,000."),
		STR_INIT("1f"), STR_INIT("1.0f"), STR_INIT("1n"),
		STR_INIT("NaN"), STR_INIT("-NaN"), STR_INIT("nan"),
		STR_INIT("Infinity"), STR_INIT("-Infinity"), STR_INIT("inf"),
		STR_INIT("\xef\xbc\x91"), STR_INIT("\xd9\xa1"),
		STR_INIT("1\xe5"), STR_INIT("1e1\xe5"), STR_INIT("0\xe5"),
		STR_INIT("$1"), STR_INIT("1%"), STR_INIT("-foo"),
		STR_INIT("1+2"),
	};

	all_give(bad, ARRAY_LEN(bad), ERR_BAD);
}

TEST(json_must_refuse_words_and_strings)
{
	static const struct str bad[] = {
		STR_INIT("tru"), STR_INIT("truee"), STR_INIT("True"),
		STR_INIT("TRUE"), STR_INIT("fals"), STR_INIT("nul"),
		STR_INIT("nullx"), STR_INIT("undefined"), STR_INIT("yes"),
		STR_INIT("t\0ue"), STR_INIT("true\0"), STR_INIT("\xc3\xa5"),
		STR_INIT("a"), STR_INIT("'a'"), STR_INIT("`a`"),
		STR_INIT("\\u0022a\\u0022"), STR_INIT("a\""),
		STR_INIT("\""), STR_INIT("\"a"), STR_INIT("\"\\\""),
		STR_INIT("\"\\"), STR_INIT("\"\\\\\\\""),
		STR_INIT("\"\\a\""), STR_INIT("\"\\v\""),
		STR_INIT("\"\\0\""), STR_INIT("\"\\e\""),
		STR_INIT("\"\\x00\""), STR_INIT("\"\\'\""),
		STR_INIT("\"\\U0041\""), STR_INIT("\"\\\xf0\x9f\x8c\x80\""),
		STR_INIT("\"\\ \""), STR_INIT("\"\\\n\""),
		STR_INIT("\"\\\0\""), STR_INIT("\"\\u\""),
		STR_INIT("\"\\u0\""), STR_INIT("\"\\u00\""),
		STR_INIT("\"\\u00A\""), STR_INIT("\"\\u00Ag\""),
		STR_INIT("\"\\u{41}\""), STR_INIT("\"\\u +04\""),
		STR_INIT("\"\\u\0" "041\""), STR_INIT("\"\\uD834\\u\""),
		STR_INIT("\"\\uD800\\u1\""), STR_INIT("\"\\uD800\\u1x\""),
		STR_INIT("\"\\uD800\\uD"), STR_INIT("\"\\uD834\\"),
		STR_INIT("\"new\nline\""), STR_INIT("\"\t\""),
		STR_INIT("\"a\0b\""), STR_INIT("\"\x1f\""),
		STR_INIT("\"\x01\""), STR_INIT("\"12345678\r\""),
	};

	all_give(bad, ARRAY_LEN(bad), ERR_BAD);
}

/* ---- left open by RFC 8259 ---- */

TEST(json_may_refuse_what_is_not_unicode)
{
	static const struct str bad[] = {
		/* Section 8.2: half of a pair. What passes through here goes
		 * to an API server that would change it. */
		STR_INIT("\"\\uD800\""), STR_INIT("\"\\udfff\""),
		STR_INIT("\"\\uD800a\""), STR_INIT("\"\\uD800\\n\""),
		STR_INIT("\"\\uD800\\uD800\""), STR_INIT("\"\\uDC00\\uD800\""),
		STR_INIT("\"\\uD888\\u1234\""), STR_INIT("\"\\uDd1e\\uD834\""),
		STR_INIT("\"\\uD800\\uD800\\uDC00\""),
		/* Section 8.1: not UTF-8. */
		STR_INIT("\"\x80\""), STR_INIT("\"\xbf\""),
		STR_INIT("\"\x81\x82\""), STR_INIT("\"\xc3\""),
		STR_INIT("\"\xc3(\""), STR_INIT("\"\xe2\x82\""),
		STR_INIT("\"\xe2(\xa1\""), STR_INIT("\"\xf0\x9f\x98\""),
		STR_INIT("\"\xf0\x28\x8c\xbc\""), STR_INIT("\"\xc3"),
		/* Longer than need be, up to the old five and six bytes. */
		STR_INIT("\"\xc0\xaf\""), STR_INIT("\"\xc1\xbf\""),
		STR_INIT("\"\xe0\x80\xaf\""), STR_INIT("\"\xe0\x9f\xbf\""),
		STR_INIT("\"\xf0\x80\x80\xaf\""),
		STR_INIT("\"\xf0\x8f\xbf\xbf\""),
		STR_INIT("\"\xf8\x88\x80\x80\x80\""),
		STR_INIT("\"\xfc\x84\x80\x80\x80\x80\""),
		/* Surrogates, and what is beyond the last code point. */
		STR_INIT("\"\xed\xa0\x80\""), STR_INIT("\"\xed\xbf\xbf\""),
		STR_INIT("\"\xed\xa0\x80\xed\xb0\x80\""),
		STR_INIT("\"\xf4\x90\x80\x80\""),
		STR_INIT("\"\xf5\x80\x80\x80\""), STR_INIT("\"\xfe\""),
		STR_INIT("\"\xff\""), STR_INIT("\"\xe9\""),
		STR_INIT("{\"\xb9\":1}"),
	};
	static const struct str marked[] = {
		/* Section 8.1: a byte order mark, also of UTF-16. */
		STR_INIT("\xef\xbb\xbf{}"), STR_INIT("\xef\xbb\xbf"),
		STR_INIT("\xef\xbb{}"), STR_INIT("\xef"),
		STR_INIT("\xff\xfe[\0]\0"), STR_INIT("\xfe\xff\0[\0]"),
		STR_INIT("[\0]\0"), STR_INIT("\0[\0]"),
		STR_INIT("[\0\0\0]\0\0\0"),
	};
	size_t i;

	all_give(bad, ARRAY_LEN(bad), ERR_BAD);
	for (i = 0; i < ARRAY_LEN(marked); i++)
		EXPECT_EQ(verdict(marked[i]), ERR_BAD);
}

/* Section 6: any size is well-formed; who wants a number says what fits. */
TEST(json_may_take_numbers_of_any_size)
{
	static const struct { struct str text; int err; int64_t v; } any[] = {
		{ STR_INIT("1e309"), ERR_LIMIT, 0 },
		{ STR_INIT("-1e9999"), ERR_LIMIT, 0 },
		{ STR_INIT("123123e100000"), ERR_LIMIT, 0 },
		{ STR_INIT("1e-10000"), ERR_BAD, 0 },
		{ STR_INIT("123.456e-789"), ERR_BAD, 0 },
		{ STR_INIT("0e99999999999999999999"), 0, 0 },
		{ STR_INIT("100000000000000000000"), ERR_LIMIT, 0 },
		{ STR_INIT("-9223372036854775809"), ERR_LIMIT, 0 },
		{ STR_INIT("18446744073709551616"), ERR_LIMIT, 0 },
		{ STR_INIT("9007199254740993"), 0, INT64_C(9007199254740993) },
		{ STR_INIT("-9223372036854775808"), 0, INT64_MIN },
		{ STR_INIT("0.4e00669999999999999999999999999999999999"
		    "999999999999999999999999999999999999999999"
		    "969999999006"), ERR_LIMIT, 0 },
		{ STR_INIT("1.0"), 0, 1 }, { STR_INIT("10e-1"), 0, 1 },
		{ STR_INIT("1.5"), ERR_BAD, 0 }, { STR_INIT("-0"), 0, 0 },
	};
	struct json_doc doc;
	int64_t v;
	size_t i;

	for (i = 0; i < ARRAY_LEN(any); i++) {
		EXPECT_EQ(verdict(any[i].text), 0);
		REQUIRE(!json_parse(&doc, any[i].text, tok, TOKENS, NULL));
		v = 0;
		EXPECT_EQ(json_i64(&doc, JSON_ROOT, &v), any[i].err);
		EXPECT_EQ(v, any[i].v);
	}
}

/* Section 4: the reader keeps all members, and json_get finds the first. */
TEST(json_may_take_keys_twice)
{
	static const struct str twice[] = {
		STR_INIT("{\"a\":1,\"a\":2}"), STR_INIT("{\"a\":1,\"a\":1}"),
		STR_INIT("{\"a\":1,\"\\u0061\":2}"),
		STR_INIT("{\"\\u0061\":1,\"a\":[{}]}"),
		STR_INIT("{\"A\":0,\"a\":1,\"a\":2}"),
	};
	struct json_doc doc;
	int64_t v;
	size_t i;

	for (i = 0; i < ARRAY_LEN(twice); i++) {
		EXPECT_EQ(verdict(twice[i]), 0);
		REQUIRE(!json_parse(&doc, twice[i], tok, TOKENS, NULL));
		REQUIRE(!json_i64(&doc, json_get(&doc, JSON_ROOT, STR("a")),
		    &v));
		EXPECT_EQ(v, 1);
	}
}

/* Section 9: a parser may set limits to depth. */
TEST(json_may_limit_nesting)
{
	static const struct { const char *open, *close; } kinds[] = {
		{ "[", "]" }, { "{\"a\":", "}" }, { "[{\"a\":", "}]" },
	};
	static char mem[4 * 100000];
	struct buf b;
	size_t i, k, n, each;

	for (k = 0; k < ARRAY_LEN(kinds); k++) {
		each = k == 2 ? 2 : 1;
		for (n = JSON_DEPTH_MAX / each; n <= JSON_DEPTH_MAX + 1;
		    n += JSON_DEPTH_MAX + 1 - JSON_DEPTH_MAX / each) {
			buf_init(&b, mem, sizeof(mem));
			for (i = 0; i < n; i++)
				buf_cstr(&b, kinds[k].open);
			buf_cstr(&b, "1");
			for (i = 0; i < n; i++)
				buf_cstr(&b, kinds[k].close);
			EXPECT_EQ(verdict(buf_view(&b)),
			    n * each <= JSON_DEPTH_MAX ? 0 : ERR_LIMIT);
		}
	}
	/* What would end a reader that calls itself for each bracket. */
	memset(mem, '[', sizeof(mem));
	EXPECT_EQ(verdict((struct str){ mem, sizeof(mem) }), ERR_LIMIT);
	buf_init(&b, mem, sizeof(mem));
	while (!b.over)
		buf_cstr(&b, "{\"\":");
	EXPECT_EQ(verdict(buf_view(&b)), ERR_LIMIT);
}
