#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "codec.h"

enum { TOKENS = 256 };
static struct json_tok tok[TOKENS];

static struct str text_of(const char *s)
{
	return guard_copy(s, strlen(s));
}

static int parse(struct json_doc *doc, const char *s)
{
	return json_parse(doc, text_of(s), tok, TOKENS, NULL);
}

TEST(json_bounds_tokens)
{
	struct json_doc doc = { .n = 77 };
	struct json_tok *few = guard_space(4 * sizeof(*few));
	struct diag d = { .text = "" };

	EXPECT_EQ(json_parse(&doc, STR("[1,2,3]"), few, 4, &d), 0);
	EXPECT_EQ(doc.n, 4);
	doc.n = 77;
	EXPECT_EQ(json_parse(&doc, STR("[1,2,3,4]"), few, 4, &d), ERR_LIMIT);
	EXPECT_STR(str_from(d.text), "more than 4 values");
	EXPECT_EQ(json_parse(&doc, STR("1"), NULL, 0, NULL), ERR_LIMIT);
	EXPECT_EQ(json_parse(&doc, STR("[]"), NULL, 0, NULL), ERR_LIMIT);
	EXPECT_EQ(doc.n, 77);
}

TEST(json_bounds_length)
{
	size_t n = JSON_OBJECT_MAX;
	char *s = malloc(n + 1);
	struct json_doc doc;

	memset(s, ' ', n + 1);
	s[0] = '7';
	EXPECT_EQ(json_parse(&doc, (struct str){ s, n }, tok, 1, NULL), 0);
	EXPECT_STR(json_raw(&doc, JSON_ROOT), "7");
	EXPECT_EQ(json_parse(&doc, (struct str){ s, n + 1 }, tok, 1, NULL),
	    ERR_LIMIT);
	EXPECT_EQ(json_scan((struct str){ s, n + 1 }, NULL), 0);
	free(s);
}

TEST(json_walks_siblings)
{
	struct json_doc doc;
	uint32_t k, v;

	REQUIRE(parse(&doc, "{\"a\":[1,[2,3],{}],\"b\":{\"c\":{\"d\":4}},"
	    "\"e\":\"\",\"f\":[]}") == 0);
	EXPECT_EQ(doc.n, 18);
	EXPECT_EQ(doc.tok[JSON_ROOT].size, 4);
	EXPECT_EQ(doc.tok[JSON_ROOT].next, 18);
	k = json_first(&doc, JSON_ROOT);
	EXPECT(json_key_is(&doc, k, STR("a")));
	v = json_first(&doc, json_value(&doc, k));
	EXPECT_STR(json_raw(&doc, v), "1");
	v = json_next(&doc, k + 1, v);
	EXPECT_STR(json_raw(&doc, v), "[2,3]");
	v = json_next(&doc, k + 1, v);
	EXPECT_STR(json_raw(&doc, v), "{}");
	EXPECT_EQ(json_first(&doc, v), JSON_NIL);
	EXPECT_EQ(json_next(&doc, k + 1, v), JSON_NIL);
	k = json_next(&doc, JSON_ROOT, k);
	EXPECT_STR(json_raw(&doc, k), "\"b\"");
	EXPECT_STR(json_raw(&doc, json_value(&doc, k)), "{\"c\":{\"d\":4}}");
	k = json_next(&doc, JSON_ROOT, k);
	EXPECT_STR(json_raw(&doc, k), "\"e\"");
	EXPECT_STR(json_raw(&doc, json_value(&doc, k)), "\"\"");
	k = json_next(&doc, JSON_ROOT, k);
	EXPECT_STR(json_raw(&doc, k), "\"f\"");
	EXPECT_EQ(json_next(&doc, JSON_ROOT, k), JSON_NIL);
}

TEST(json_tokens_are_of_the_right_type)
{
	static const char types[] = {
		JSON_ARRAY, JSON_OBJECT, JSON_STRING, JSON_NUMBER,
		JSON_NUMBER, JSON_BOOL, JSON_BOOL, JSON_NULL
	};
	struct json_doc doc;
	uint32_t i;

	REQUIRE(parse(&doc, "[{},\"x\",1,-1,true,false,null]") == 0);
	REQUIRE(doc.n == sizeof(types));
	for (i = 0; i < doc.n; i++)
		EXPECT_EQ(json_type(&doc, i), types[i]);
	EXPECT_EQ(json_type(&doc, i), JSON_NONE);
	EXPECT_EQ(json_type(&doc, JSON_NIL), JSON_NONE);
}

TEST(json_finds_members)
{
	struct json_doc doc;
	uint32_t at;

	REQUIRE(parse(&doc, "{\"spec\":{\"a.b\":1,\"port\":8080,\"port\":2},"
	    "\"list\":[\"port\"],\"s\":\"port\",\"po\\u0072t\":3,"
	    "\"\\ud83d\\ude00\":4}") == 0);
	EXPECT_STR(json_raw(&doc, json_path(&doc, 0, "spec.port")), "8080");
	at = json_get(&doc, 0, STR("spec"));
	EXPECT_STR(json_raw(&doc, json_get(&doc, at, STR("a.b"))), "1");
	EXPECT_EQ(json_path(&doc, 0, "spec.por"), JSON_NIL);
	EXPECT_EQ(json_path(&doc, 0, "spec.port.x"), JSON_NIL);
	EXPECT_EQ(json_path(&doc, 0, "nope.port"), JSON_NIL);
	EXPECT_EQ(json_path(&doc, 0, ""), JSON_ROOT);
	EXPECT_EQ(json_get(&doc, json_path(&doc, 0, "list"), STR("port")),
	    JSON_NIL);
	EXPECT_EQ(json_get(&doc, json_path(&doc, 0, "s"), STR("port")),
	    JSON_NIL);
	EXPECT_STR(json_raw(&doc, json_get(&doc, 0, STR("port"))), "3");
	EXPECT_STR(json_raw(&doc, json_get(&doc, 0,
	    STR("\xf0\x9f\x98\x80"))), "4");
	EXPECT_EQ(json_get(&doc, 0, STR("\xf0\x9f\x98")), JSON_NIL);
	EXPECT_EQ(json_get(&doc, 0, STR("ports")), JSON_NIL);
}

TEST(json_nil_is_harmless)
{
	struct json_doc doc;
	struct str s = STR("kept");
	int64_t v = 7;
	bool b = true;

	REQUIRE(parse(&doc, "[1]") == 0);
	EXPECT_EQ(json_raw(&doc, JSON_NIL).n, 0);
	EXPECT_EQ(json_first(&doc, JSON_NIL), JSON_NIL);
	EXPECT_EQ(json_next(&doc, 0, JSON_NIL), JSON_NIL);
	EXPECT_EQ(json_next(&doc, JSON_NIL, 1), JSON_NIL);
	EXPECT_EQ(json_get(&doc, JSON_NIL, STR("a")), JSON_NIL);
	EXPECT_EQ(json_value(&doc, JSON_NIL), JSON_NIL);
	EXPECT_EQ(json_value(&doc, 1), JSON_NIL);
	EXPECT(!json_key_is(&doc, JSON_NIL, STR("a")));
	EXPECT_EQ(json_string(&doc, JSON_NIL, NULL, &s), ERR_BAD);
	EXPECT_EQ(json_i64(&doc, JSON_NIL, &v), ERR_BAD);
	EXPECT_EQ(json_bool(&doc, 1, &b), ERR_BAD);
	EXPECT_STR(s, "kept");
	EXPECT(v == 7 && b);
}

TEST(json_string_unescapes)
{
	static char mem[64];
	struct json_doc doc;
	struct arena a;
	struct str s;

	arena_init(&a, mem, sizeof(mem));
	REQUIRE(parse(&doc, "[\"plain\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t|\","
	    "\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\\uffff\",\"\","
	    "\"a\\u0000b\"]") == 0);
	EXPECT_EQ(json_string(&doc, 1, &a, &s), 0);
	EXPECT_STR(s, "plain");
	EXPECT(s.p == doc.text.p + 2);
	EXPECT_EQ(json_string(&doc, 2, &a, &s), 0);
	EXPECT_STR(s, "\"\\/\b\f\n\r\t|");
	EXPECT_EQ(json_string(&doc, 3, &a, &s), 0);
	EXPECT_STR(s, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf");
	EXPECT_EQ(json_string(&doc, 4, &a, &s), 0);
	EXPECT_EQ(s.n, 0);
	EXPECT_EQ(json_string(&doc, 5, &a, &s), 0);
	EXPECT_EQ(s.n, 3);
	EXPECT_MEM(s.p, "a\0b", 3);
	EXPECT_EQ(json_string(&doc, 0, &a, &s), ERR_BAD);
}

TEST(json_string_needs_room)
{
	static char mem[4];
	struct json_doc doc;
	struct arena a;
	struct str s = STR("kept");

	arena_init(&a, mem, sizeof(mem));
	REQUIRE(parse(&doc, "[\"abc\\nd\",\"ab\\nd\"]") == 0);
	EXPECT_EQ(json_string(&doc, 1, &a, &s), ERR_FULL);
	EXPECT_STR(s, "kept");
	arena_reset(&a, 0);
	EXPECT_EQ(json_string(&doc, 2, &a, &s), 0);
	EXPECT_STR(s, "ab\nd");
}

TEST(json_string_cut_takes_what_fits)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "[\"ab\\nd\"]", "ab\nd" },
		{ "[\"ab\\nde\"]", "ab\nd" },
		{ "[\"abcd\\n\"]", "abcd" },
		{ "[\"abcdef\\n\"]", "abcd" },
		{ "[\"abc\\u00e9\"]", "abc" },
		{ "[\"ab\\u00e9\"]", "ab\xc3\xa9" },
		{ "[\"abc\xc3\xa9\\n\"]", "abc" },
		{ "[\"a\xf0\x9f\x98\x80\\n\"]", "a" },
		{ "[\"abcdefgh\"]", "abcdefgh" },
	};
	static char mem[4];
	struct json_doc doc;
	struct arena a;
	struct str s;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		arena_init(&a, mem, sizeof(mem));
		REQUIRE(parse(&doc, rows[i].text) == 0);
		EXPECT_EQ(json_string_cut(&doc, 1, &a, &s), 0);
		EXPECT_STR(s, rows[i].want);
		EXPECT(!a.over);
	}
	EXPECT_EQ(json_string_cut(&doc, 0, &a, &s), ERR_BAD);
	REQUIRE(parse(&doc, "[\"\\n\"]") == 0);
	a.over = true;
	EXPECT_EQ(json_string_cut(&doc, 1, &a, &s), ERR_FULL);
}

static int i64_of(const char *text, int64_t *ret)
{
	struct json_doc doc;
	int err = parse(&doc, text);

	REQUIRE(err == 0);
	err = json_i64(&doc, JSON_ROOT, ret);
	guard_reset();
	return err;
}

TEST(json_i64_takes_integers)
{
	static const struct { const char *text; int64_t v; } good[] = {
		{ "0", 0 }, { "-0", 0 }, { "0.0", 0 }, { "0e5", 0 },
		{ "0.000e-9", 0 }, { "0e999999999999999999999", 0 },
		{ "1", 1 }, { "-17", -17 }, { "1e3", 1000 }, { "1.0", 1 },
		{ "-1.20e1", -12 }, { "1200e-2", 12 }, { "100.0e-2", 1 },
		{ "0.05E+2", 5 }, { "10203.0", 10203 }, { "1.5e1", 15 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
		{ "9.223372036854775807e18", INT64_MAX },
		{ "92233720368547758070000e-4", INT64_MAX },
		{ "1e18", 1000000000000000000 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(good); i++) {
		int64_t v = 99;

		EXPECT_EQ(i64_of(good[i].text, &v), 0);
		EXPECT_EQ(v, good[i].v);
	}
}

TEST(json_i64_refuses_the_rest)
{
	static const struct { const char *text; int err; } bad[] = {
		{ "1.5", ERR_BAD }, { "1e-1", ERR_BAD }, { "15e-1", ERR_BAD },
		{ "0.1", ERR_BAD }, { "1e-999999999999999999999", ERR_BAD },
		{ "9223372036854775808", ERR_LIMIT },
		{ "-9223372036854775809", ERR_LIMIT },
		{ "1e19", ERR_LIMIT }, { "99999999999999999999", ERR_LIMIT },
		{ "1e999999999999999999999", ERR_LIMIT },
		{ "\"1\"", ERR_BAD }, { "true", ERR_BAD }, { "[]", ERR_BAD },
		{ "null", ERR_BAD },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t v = 99;

		EXPECT_EQ(i64_of(bad[i].text, &v), bad[i].err);
		EXPECT_EQ(v, 99);
	}
}

TEST(json_bool_is_a_bool)
{
	struct json_doc doc;
	bool v = false;

	REQUIRE(parse(&doc, "[true,false,0,\"true\"]") == 0);
	EXPECT_EQ(json_bool(&doc, 1, &v), 0);
	EXPECT(v);
	EXPECT_EQ(json_bool(&doc, 2, &v), 0);
	EXPECT(!v);
	EXPECT_EQ(json_bool(&doc, 3, &v), ERR_BAD);
	EXPECT_EQ(json_bool(&doc, 4, &v), ERR_BAD);
}

/* The pool keeps an older document's tokens; none of them may be followed. */
TEST(json_never_follows_stale_tokens)
{
	struct json_doc doc;
	uint32_t i;

	REQUIRE(parse(&doc, "[[1,2,3],[4,5,6],{\"a\":{\"b\":[7,8]}}]") == 0);
	REQUIRE(parse(&doc, "{\"a\":[]}") == 0);
	EXPECT_EQ(doc.n, 3);
	for (i = 0; i < doc.n; i++) {
		EXPECT(doc.tok[i].next <= doc.n);
		EXPECT(doc.tok[i].next > i);
	}
	EXPECT_EQ(json_first(&doc, 2), JSON_NIL);
	EXPECT_EQ(json_next(&doc, 0, 1), JSON_NIL);
}
