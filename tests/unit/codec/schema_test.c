#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "codec.h"
#include "schema_random.h"

#define SCHEMA_DEF "unit/codec/schema_test.def"
#include "schema_types.h"
#define SCHEMA_DEF "unit/codec/schema_test.def"
#include "schema_tables.h"

enum { TOKENS = 4096, ROOM = 1 << 18 };
static struct json_tok tok[TOKENS];
static char memory[ROOM], out_a[ROOM], out_b[ROOM];
static struct arena arena;
static struct diag diag;

static int decode_mode(const struct schema_mode *m, const char *text,
    struct tree *ret)
{
	struct json_doc doc;

	arena_init(&arena, memory, sizeof(memory));
	diag_clear(&diag);
	REQUIRE(!json_parse(&doc, guard_copy(text, strlen(text)), tok, TOKENS,
	    NULL));
	return schema_decode(&tree_schema, m, &doc, JSON_ROOT, STR("spec"),
	    &arena, ret, &diag);
}

static int decode(const char *text, struct tree *ret)
{
	return decode_mode(NULL, text, ret);
}

static struct str encode(const struct schema *s, uint8_t groups,
    const void *o, char *mem)
{
	struct buf b;
	struct jw w;

	buf_init(&b, mem, ROOM);
	jw_init(&w, &b);
	schema_encode(s, groups, o, &w);
	REQUIRE(!b.over);
	return buf_view(&b);
}

TEST(schema_decodes_each_type)
{
	struct tree t;

	REQUIRE(!decode("{\"text\":\"a\\n\",\"yes\":true,\"small\":-3,"
	    "\"any\":-2147483648,\"wide\":9223372036854775807,"
	    "\"either\":\"25%\",\"amount\":1.5,\"span\":\"1m30s\","
	    "\"when\":\"2024-01-01T00:00:00Z\","
	    "\"exact\":\"2024-01-01T00:00:00.000001Z\",\"color\":\"blue\","
	    "\"words\":[\"x\",\"\"],\"numbers\":[1,-1],"
	    "\"map\":{\"k\":\"v\"},\"amounts\":{\"cpu\":\"100m\",\"m\":2},"
	    "\"raw\":[1, {}],\"leaf\":{\"name\":\"n\",\"port\":80},"
	    "\"parts\":[{\"name\":\"p\",\"x\":[1],\"leaves\":["
	    "{\"name\":\"a\"},{\"name\":\"b\"}]},{\"name\":\"q\"}]}", &t));
	EXPECT_STR(t.text, "a\n");
	EXPECT(t.yes);
	EXPECT_EQ(t.small, -3);
	EXPECT_EQ(t.any, INT32_MIN);
	EXPECT_EQ(t.wide, INT64_MAX);
	EXPECT(!t.either.is_int);
	EXPECT_STR(t.either.s, "25%");
	EXPECT_STR(t.amount, "1.5");
	EXPECT_EQ(t.span, 90 * NS_PER_S);
	EXPECT_EQ(t.when, INT64_C(1704067200) * NS_PER_S);
	EXPECT_EQ(t.exact, INT64_C(1704067200) * NS_PER_S + 1000);
	EXPECT_EQ(t.color, COLOR_BLUE);
	EXPECT_EQ(t.words.n, 2);
	EXPECT_STR(t.words.p[0], "x");
	EXPECT_EQ(t.numbers.p[1], -1);
	EXPECT_STR(pairs_get(&t.map, STR("k")), "v");
	EXPECT(!pairs_have(&t.map, STR("v")));
	EXPECT_STR(pairs_get(&t.amounts, STR("m")), "2");
	EXPECT_STR(t.raw, "[1, {}]");
	EXPECT_EQ(t.leaf.port, 80);
	REQUIRE(t.parts.n == 2);
	EXPECT_STR(t.parts.p[0].leaves.p[1].name, "b");
	EXPECT(str_starts(t.parts.p[0].raw, STR("{\"name\":\"p\",\"x\"")));
	EXPECT(HAS(&t, tree, yes));
	EXPECT(!HAS(&t, tree, secret));
	EXPECT(!HAS(&t.parts.p[1], part, leaves));
}

TEST(schema_presence_is_not_zero)
{
	struct tree t;

	REQUIRE(!decode("{\"small\":0,\"text\":\"\",\"yes\":false,"
	    "\"words\":[],\"any\":null}", &t));
	EXPECT(HAS(&t, tree, small));
	EXPECT(HAS(&t, tree, text));
	EXPECT(HAS(&t, tree, yes));
	EXPECT(HAS(&t, tree, words));
	EXPECT(!HAS(&t, tree, any));
	EXPECT_STR(encode(&tree_schema, IN_ALL, &t, out_a),
	    "{\"text\":\"\",\"yes\":false,\"small\":0,\"words\":[]}");
	HAS_CLEAR(&t, tree, small);
	HAS_SET(&t, tree, any);
	EXPECT_STR(encode(&tree_schema, IN_ALL, &t, out_a),
	    "{\"text\":\"\",\"yes\":false,\"any\":0,\"words\":[]}");
}

static const struct { const char *text, *path, *rule; } bad[] = {
	{ "[]", "spec", "must be an object, is a list" },
	{ "{\"text\":1}", "spec.text",
	  "must be a string, is a number" },
	{ "{\"text\":\"123456\"}", "spec.text",
	  "is 6 bytes long, at most 5 are taken" },
	{ "{\"yes\":\"true\"}", "spec.yes",
	  "must be a boolean, is a string" },
	{ "{\"small\":4}", "spec.small", "4 is over 3" },
	{ "{\"small\":-4}", "spec.small", "-4 is under -3" },
	{ "{\"small\":1.5}", "spec.small",
	  "1.5 is not a 64-bit integer" },
	{ "{\"any\":2147483648}", "spec.any",
	  "2147483648 is over 2147483647" },
	{ "{\"wide\":9223372036854775808}", "spec.wide",
	  "9223372036854775808 is not a 64-bit integer" },
	{ "{\"either\":101}", "spec.either", "101 is over 100" },
	{ "{\"either\":true}", "spec.either",
	  "must be an integer or a string, is a boolean" },
	{ "{\"amount\":\"1Qi\"}", "spec.amount",
	  "1Qi is not a quantity" },
	{ "{\"amount\":{}}", "spec.amount",
	  "must be a quantity, is an object" },
	{ "{\"span\":\"5\"}", "spec.span",
	  "5 is not a duration such as 30s or 1h30m" },
	{ "{\"when\":\"today\"}", "spec.when",
	  "today is not a time as in RFC 3339" },
	{ "{\"color\":\"pink\"}", "spec.color",
	  "pink is not one of red, green, blue" },
	{ "{\"words\":{}}", "spec.words",
	  "must be a list, is an object" },
	{ "{\"words\":[\"a\",1]}", "spec.words",
	  "must be a string, is a number" },
	{ "{\"words\":[\"\",\"\",\"\",\"\"]}", "spec.words",
	  "has 4 items, at most 3 are taken" },
	{ "{\"numbers\":[\"1\"]}", "spec.numbers",
	  "must be an integer, is a string" },
	{ "{\"map\":{\"a\":1}}", "spec.map",
	  "must be a string, is a number" },
	{ "{\"map\":{\"a\":\"\",\"\\u0061\":\"\"}}", "spec.map",
	  "a appears twice" },
	{ "{\"map\":{\"a\":\"\",\"b\":\"\",\"c\":\"\"}}", "spec.map",
	  "has 3 items, at most 2 are taken" },
	{ "{\"amounts\":{\"a\":\"x\"}}", "spec.amounts",
	  "x is not a quantity" },
	{ "{\"rawObj\":[]}", "spec.rawObj",
	  "must be an object, is a list" },
	{ "{\"rawList\":{}}", "spec.rawList",
	  "must be a list, is an object" },
	{ "{\"leaf\":{}}", "spec.leaf.name", "is required" },
	{ "{\"leaf\":{\"name\":\"\"}}", "spec.leaf.name",
	  "must not be empty" },
	{ "{\"leaf\":{\"name\":null}}", "spec.leaf.name",
	  "is required" },
	{ "{\"parts\":[{\"name\":\"a\"},{\"name\":\"b\",\"leaves\":"
	  "[{\"name\":\"c\"},{\"name\":\"d\",\"port\":70000}]}]}",
	  "spec.parts[1].leaves[1].port", "70000 is over 65535" },
	{ "{\"parts\":[1]}", "spec.parts[0]",
	  "must be an object, is a number" },
	{ "{\"parts\":[null]}", "spec.parts[0]",
	  "must be an object, is null" },
	{ "{\"parts\":[{\"name\":\"a\"},{\"name\":\"a\"},"
	  "{\"name\":\"a\"},{\"name\":\"a\"}]}", "spec.parts",
	  "has 4 items, at most 3 are taken" },
	{ "{\"checked\":{\"name\":\"a\",\"leaves\":[{}]}}",
	  "spec.checked.leaves[0].name", "is required" },
	{ "{\"yes\":true,\"yes\":true}", "spec.yes",
	  "appears twice" },
	{ "{\"yes\":null,\"\\u0079es\":true}", "spec.yes",
	  "appears twice" },
};

TEST(schema_tells_path_value_and_rule)
{
	struct tree t, before;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		memset(&t, 0x5a, sizeof(t));
		before = t;
		EXPECT_EQ(decode(bad[i].text, &t), ERR_BAD);
		EXPECT_STR(str_from(diag.path), bad[i].path);
		EXPECT_STR(str_from(diag.text), bad[i].rule);
		EXPECT(!memcmp(&t, &before, sizeof(t)));
		EXPECT_EQ(arena.n, 0);
	}
}

TEST(schema_shows_no_secret)
{
	struct tree t;

	EXPECT_EQ(decode("{\"secret\":\"hunter2\"}", &t), ERR_BAD);
	EXPECT_STR(str_from(diag.path), "spec.secret");
	EXPECT(str_search(str_from(diag.text), STR("hunter")) ==
	    strlen(diag.text));
}

TEST(schema_cuts_long_values)
{
	char text[400];
	struct tree t;

	strcpy(text, "{\"color\":\"");
	memset(text + 10, 'x', 300);
	strcpy(text + 310, "\"}");
	EXPECT_EQ(decode(text, &t), ERR_BAD);
	EXPECT(str_search(str_from(diag.text), STR("x... is not one of")) <
	    strlen(diag.text));
	EXPECT(strlen(diag.text) < 120);
}

TEST(schema_refuses_unknown_keys_when_strict)
{
	const struct schema_mode strict = { IN_ALL, true, NULL, 0 };
	struct tree t;

	EXPECT(!decode("{\"nobody\":{\"knows\":[1]}}", &t));
	EXPECT_EQ(t.has, 0);
	EXPECT_EQ(decode_mode(&strict, "{\"leaf\":{\"name\":\"a\",\"nobody\""
	    ":1}}", &t), ERR_BAD);
	EXPECT_STR(str_from(diag.path), "spec.leaf.nobody");
	EXPECT_STR(str_from(diag.text), "is not a known field");
}

TEST(schema_groups_share_a_key)
{
	const struct schema_mode one = { 1, false, NULL, 0 };
	const struct schema_mode two = { 2, false, NULL, 0 };
	const char *text = "{\"shape\":\"round\"}";
	const char *object = "{\"shape\":{\"name\":\"round\"}}";
	struct tree t;

	REQUIRE(!decode_mode(&one, text, &t));
	EXPECT_STR(t.shape_text, "round");
	EXPECT_STR(encode(&tree_schema, 1, &t, out_a), text);
	EXPECT_STR(encode(&tree_schema, 2, &t, out_a), "{}");
	EXPECT_EQ(decode_mode(&two, text, &t), ERR_BAD);
	REQUIRE(!decode_mode(&two, object, &t));
	EXPECT_STR(t.shape_leaf.name, "round");
	EXPECT_STR(encode(&tree_schema, 2, &t, out_a), object);
}

TEST(schema_rules_default_require_and_bound)
{
	static const struct schema_rule rules[] = {
		{ &tree_schema, tree_AT_small, 1, RULE_BOUNDS, 1, 2, NULL },
		{ &tree_schema, tree_AT_text, 1, RULE_REQ, 0, 0, NULL },
		{ &tree_schema, tree_AT_text, 2, RULE_DEFAULT, 0, 0,
		  "\"def\"" },
		{ &tree_schema, tree_AT_any, IN_ALL, RULE_DEFAULT_HIDDEN, 0,
		  0, "7" },
		{ &tree_schema, tree_AT_words, IN_ALL, RULE_DEFAULT, 0, 0,
		  "[]" },
		{ &tree_schema, tree_AT_parts, IN_ALL, RULE_DEFAULT, 0, 0,
		  "[]" },
		{ &tree_schema, tree_AT_color, 1, RULE_WORDS,
		  1 << COLOR_RED, 0, NULL },
		{ &leaf_schema, leaf_AT_port, IN_ALL, RULE_DEFAULT, 0, 0,
		  "80" },
	};
	const struct schema_mode one = { 1, false, rules, ARRAY_LEN(rules) };
	const struct schema_mode two = { 2, false, rules, ARRAY_LEN(rules) };
	struct tree t;

	EXPECT_EQ(decode_mode(&one, "{}", &t), ERR_BAD);
	EXPECT_STR(str_from(diag.path), "spec.text");
	EXPECT_EQ(decode_mode(&one, "{\"text\":\"\",\"small\":3}", &t),
	    ERR_BAD);
	EXPECT_STR(str_from(diag.text), "3 is over 2");
	EXPECT_EQ(decode_mode(&one, "{\"text\":\"\",\"color\":\"blue\"}",
	    &t), ERR_BAD);
	EXPECT_STR(str_from(diag.text), "blue is not one of red");
	REQUIRE(!decode_mode(&two, "{\"small\":3,\"color\":\"blue\",\"parts\""
	    ":[{\"name\":\"a\",\"leaves\":[{\"name\":\"l\"}]}]}", &t));
	EXPECT_STR(t.text, "def");
	EXPECT(HAS(&t, tree, text));
	EXPECT_EQ(t.any, 7);
	EXPECT(HAS(&t, tree, words));
	EXPECT_EQ(t.words.n, 0);
	EXPECT_EQ(t.parts.n, 1);
	EXPECT_EQ(t.parts.p[0].leaves.p[0].port, 80);
	EXPECT(!HAS(&t, tree, leaf));
	REQUIRE(!decode_mode(&two, "{\"text\":\"\",\"any\":0}", &t));
	EXPECT_EQ(t.text.n, 0);
	EXPECT_EQ(t.any, 0);
	EXPECT(HAS(&t, tree, parts));
}

TEST(schema_leaves_long_notes_out)
{
	struct tree t;

	REQUIRE(!decode("{\"notes\":{\"a\":\"1\",\"b\":\"123456789\","
	    "\"c\":\"2\",\"d\":null}}", &t));
	EXPECT_EQ(t.notes.n, 2);
	EXPECT_STR(pairs_get(&t.notes, STR("c")), "2");
	EXPECT(!pairs_have(&t.notes, STR("b")));
}

TEST(schema_checked_text_takes_no_room)
{
	struct tree t;
	size_t without;

	REQUIRE(!decode("{\"checked\":{\"name\":\"a\"}}", &t));
	without = arena.n;
	REQUIRE(!decode("{\"checked\":{\"name\":\"a\",\"leaves\":[{\"name\":"
	    "\"\\u0062\",\"port\":1},{\"name\":\"c\"}]}}", &t));
	EXPECT_EQ(arena.n, without);
	EXPECT(str_starts(t.checked, STR("{\"name\":\"a\",\"leaves\"")));
}

TEST(schema_fails_whole_when_the_arena_is_full)
{
	const char *text = "{\"words\":[\"a\\n\",\"b\"],\"map\":{\"a\":\"b\"}"
	    ",\"parts\":[{\"name\":\"\\u0061\",\"leaves\":[{\"name\":\"b\"}]"
	    "}]}";
	struct json_doc doc;
	struct tree t, before;
	size_t room, done = 0;

	REQUIRE(!json_parse(&doc, str_from(text), tok, TOKENS, NULL));
	for (room = 0; !done && room < 4096; room += 8) {
		struct arena a;

		memset(&t, 0x5a, sizeof(t));
		before = t;
		arena_init(&a, memory, room);
		diag_clear(&diag);
		if (!schema_decode(&tree_schema, NULL, &doc, JSON_ROOT,
		    STR_NONE, &a, &t, &diag)) {
			done = room;
			EXPECT_EQ(t.parts.n, 1);
			continue;
		}
		EXPECT(diag_is_set(&diag));
		EXPECT(!memcmp(&t, &before, sizeof(t)));
		EXPECT_EQ(a.n, 0);
		EXPECT(!a.over);
	}
	EXPECT(done > sizeof(struct tree));
}

TEST(schema_decodes_text)
{
	struct tree t;

	arena_init(&arena, memory, sizeof(memory));
	diag_clear(&diag);
	EXPECT(!schema_decode_text(&tree_schema, NULL,
	    guard_copy("{\"small\":1}", 11), &arena, &t, &diag));
	EXPECT_EQ(t.small, 1);
	EXPECT_EQ(schema_decode_text(&tree_schema, NULL, STR("{\"small\":"),
	    &arena, &t, &diag), ERR_BAD);
	EXPECT(diag_is_set(&diag));
	arena_init(&arena, memory, 16);
	EXPECT_EQ(schema_decode_text(&tree_schema, NULL, STR("{\"small\":1}"),
	    &arena, &t, NULL), ERR_FULL);
}

TEST(schema_words)
{
	EXPECT_EQ(schema_word_find(&color_words, STR("green")), COLOR_GREEN);
	EXPECT_EQ(schema_word_find(&color_words, STR("Green")), ERR_NOENT);
	EXPECT_EQ(schema_word_find(&color_words, STR_NONE), ERR_NOENT);
	EXPECT_STR(str_from(schema_word(&color_words, COLOR_BLUE)), "blue");
	EXPECT_CRASH(schema_word(&color_words, 3));
}

TEST(schema_reads_object_meta)
{
	struct object_meta m;

	arena_init(&arena, memory, sizeof(memory));
	REQUIRE(!schema_decode_text(&object_meta_schema, NULL,
	    STR("{\"name\":\"a\",\"namespace\":\"b\",\"generation\":3,"
	    "\"labels\":{\"x\":\"y\"},\"finalizers\":[\"f/g\"],"
	    "\"deletionTimestamp\":\"2024-01-01T00:00:00Z\","
	    "\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Pod\","
	    "\"name\":\"p\",\"uid\":\"u\",\"controller\":true}]}"),
	    &arena, &m, NULL));
	EXPECT_STR(m.ns, "b");
	EXPECT_EQ(m.generation, 3);
	EXPECT(HAS(&m, object_meta, deletion_time));
	EXPECT_EQ(m.owners.n, 1);
	EXPECT(m.owners.p[0].controller);
}

/* decode(encode(x)) says the same as x, and says it again. */
TEST(schema_round_trip_of_random_objects)
{
	struct rng r;

	rng_seed(&r, 20260101);
	for (int i = 0; i < 2000; i++) {
		uint8_t groups = (uint8_t)(1 << rng_below(&r, 2));
		const struct schema_mode m = { groups, true, NULL, 0 };
		struct tree x, y;
		struct str a, b;

		arena_init(&arena, memory, sizeof(memory));
		schema_random(&tree_schema, groups, &r, &arena, &x);
		a = encode(&tree_schema, groups, &x, out_a);
		diag_clear(&diag);
		if (schema_decode_text(&tree_schema, &m, a, &arena, &y,
		    &diag)) {
			test_fail(__FILE__, __LINE__, "%.*s: %s %s",
			    (int)a.n, a.p, diag.path, diag.text);
			return;
		}
		EXPECT_EQ(x.has, y.has);
		b = encode(&tree_schema, groups, &y, out_b);
		if (!str_eq(a, b))
			test_fail(__FILE__, __LINE__, "%.*s\n%.*s", (int)a.n,
			    a.p, (int)b.n, b.p);
	}
}
