#include <stdlib.h>

#include "check.h"
#include "sim/tree.h"

static struct tree tree;

static struct node *parse(const char *s)
{
	struct node *v = node_parse(&tree, guard_copy(s, str_from(s).n),
	    NULL);

	REQUIRE(v);
	return v;
}

static struct str text_of(const struct node *v)
{
	struct text out = { 0 };
	struct str s;

	node_write(v, &out);
	s = tree_str(&tree, text_view(&out));
	text_free(&out);
	return s;
}

TEST(tree_reads_and_writes_in_one_order)
{
	EXPECT_STR(text_of(parse(" { \"b\" : [1, 2.5, -3e2, true, null] , "
	    "\"a\" : { } } ")), "{\"a\":{},\"b\":[1,2.5,-3e2,true,null]}");
	EXPECT_STR(text_of(parse("\"\\u00e9\\n\\ud83d\\ude00\\ud800\"")),
	    "\"\xc3\xa9\\n\xf0\x9f\x98\x80\xef\xbf\xbd\"");
	EXPECT_STR(text_of(parse("{\"a\":1,\"a\":2}")), "{\"a\":2}");
	EXPECT_STR(text_of(parse("\"\\u0001\\\"\\\\\"")),
	    "\"\\u0001\\\"\\\\\"");
}

TEST(tree_refuses_what_is_not_json)
{
	static const char *const bad[] = {
		"", "{", "[", "{\"a\"}", "{\"a\":}", "[1,]", "{,}", "01",
		"1.", "1e", "-", "nul", "\"", "\"\\x\"", "\"\\u12\"",
		"\"\n\"", "[1] 2", "{a:1}", "\"\xff\"",
	};
	char deep[202];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (node_parse(&tree, guard_copy(bad[i],
		    str_from(bad[i]).n), NULL))
			test_fail(__FILE__, __LINE__, "accepts %s", bad[i]);
	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = i < 101 ? '[' : ']';
	EXPECT(!node_parse(&tree, guard_copy(deep, sizeof(deep)), NULL));
	EXPECT(node_parse(&tree, guard_copy(deep + 1, 200), NULL));
}

TEST(tree_finds_along_paths)
{
	struct node *v = parse("{\"a\":{\"b\":[{\"c\":\"x\"},7]}}");

	EXPECT_STR(node_text(v, "a.b.0.c"), "x");
	EXPECT_EQ(node_number(v, "a.b.1", 0), 7);
	EXPECT_EQ(node_number(v, "a.b.2", -1), -1);
	EXPECT(!node_path(v, "a.x.c"));
	EXPECT(!node_path(v, "a.b.c"));
}

TEST(tree_merges_as_rfc_7386_has_it)
{
	static const char *const rows[][3] = {
		{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"b\":\"c\"}",
		  "{\"a\":\"b\",\"b\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
		{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
		{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\","
		  "\"c\":null}}", "{\"a\":{\"b\":\"d\"}}" },
		{ "[\"a\"]", "[\"c\"]", "[\"c\"]" },
		{ "{\"e\":null}", "{\"a\":1}", "{\"a\":1,\"e\":null}" },
		{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}",
		  "{\"a\":{\"bb\":{}}}" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		EXPECT_STR(text_of(node_merge(&tree, parse(rows[i][0]),
		    parse(rows[i][1]))), rows[i][2]);
}

/* {op} applied to {"a":[1,2],"b":{"c":"d"}}. */
static struct str patched(const char *ops)
{
	struct str why = STR_NONE;
	struct node *v = node_patch(&tree,
	    parse("{\"a\":[1,2],\"b\":{\"c\":\"d\"}}"), parse(ops), &why);

	return v ? text_of(v) : STR("refused");
}

TEST(tree_patches_as_rfc_6902_has_it)
{
	EXPECT_STR(patched("[{\"op\":\"add\",\"path\":\"/a/1\","
	    "\"value\":9}]"), "{\"a\":[1,9,2],\"b\":{\"c\":\"d\"}}");
	EXPECT_STR(patched("[{\"op\":\"add\",\"path\":\"/a/-\","
	    "\"value\":9}]"), "{\"a\":[1,2,9],\"b\":{\"c\":\"d\"}}");
	EXPECT_STR(patched("[{\"op\":\"remove\",\"path\":\"/a/0\"}]"),
	    "{\"a\":[2],\"b\":{\"c\":\"d\"}}");
	EXPECT_STR(patched("[{\"op\":\"replace\",\"path\":\"/b/c\","
	    "\"value\":[]}]"), "{\"a\":[1,2],\"b\":{\"c\":[]}}");
	EXPECT_STR(patched("[{\"op\":\"move\",\"from\":\"/b/c\","
	    "\"path\":\"/e\"}]"), "{\"a\":[1,2],\"b\":{},\"e\":\"d\"}");
	EXPECT_STR(patched("[{\"op\":\"copy\",\"from\":\"/a\","
	    "\"path\":\"/b/x~1y\"}]"),
	    "{\"a\":[1,2],\"b\":{\"c\":\"d\",\"x/y\":[1,2]}}");
	EXPECT_STR(patched("[{\"op\":\"test\",\"path\":\"/a/1\","
	    "\"value\":2}]"), "{\"a\":[1,2],\"b\":{\"c\":\"d\"}}");
}

TEST(tree_refuses_patches_that_do_not_fit)
{
	EXPECT_STR(patched("[{\"op\":\"test\",\"path\":\"/a/1\","
	    "\"value\":3}]"), "refused");
	EXPECT_STR(patched("[{\"op\":\"remove\",\"path\":\"/x\"}]"),
	    "refused");
	EXPECT_STR(patched("[{\"op\":\"replace\",\"path\":\"/a/2\","
	    "\"value\":3}]"), "refused");
	EXPECT_STR(patched("[{\"op\":\"add\",\"path\":\"/a/3\","
	    "\"value\":3}]"), "refused");
	EXPECT_STR(patched("[{\"op\":\"add\",\"path\":\"/x/y\","
	    "\"value\":3}]"), "refused");
	EXPECT_STR(patched("{}"), "refused");
}
