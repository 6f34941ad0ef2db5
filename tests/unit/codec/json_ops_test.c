#include <string.h>

#include "check.h"
#include "codec.h"

enum { TEXT = 4096 };
static char mem[1 << 16], texts[JSON_OPS_TEXTS * TEXT];
static struct json_tok tok[1024];
static struct diag diag;

/* What becomes of it, or of a patch that is refused "path: why". */
static struct str patched(const char *base, const char *ops)
{
	static char told[sizeof(diag)];
	struct json_ops work = { tok, ARRAY_LEN(tok), texts, TEXT };
	struct arena a;
	struct json_doc doc;
	struct str ret = STR_NONE;
	int err;

	arena_init(&a, mem, sizeof(mem));
	diag_clear(&diag);
	REQUIRE(json_parse_in(&doc, guard_copy(ops, strlen(ops)), &a, NULL)
	    == 0);
	err = json_ops_apply(guard_copy(base, strlen(base)), &doc, JSON_ROOT,
	    &work, &a, &ret, &diag);
	EXPECT_EQ(err != 0, diag_is_set(&diag));
	if (err == 0)
		return ret;
	EXPECT(ret.n == 0);
	cut_fmt(told, sizeof(told), "%s: %s", diag.path, diag.text);
	return str_from(told);
}

/* The examples of RFC 6902, appendix A, with this writer's order. */
TEST(json_ops_does_what_the_rfc_shows)
{
	EXPECT_STR(patched("{\"foo\":\"bar\"}", "[{\"op\":\"add\","
	    "\"path\":\"/baz\",\"value\":\"qux\"}]"),
	    "{\"foo\":\"bar\",\"baz\":\"qux\"}");
	EXPECT_STR(patched("{\"foo\":[\"bar\",\"baz\"]}", "[{\"op\":\"add\","
	    "\"path\":\"/foo/1\",\"value\":\"qux\"}]"),
	    "{\"foo\":[\"bar\",\"qux\",\"baz\"]}");
	EXPECT_STR(patched("{\"baz\":\"qux\",\"foo\":\"bar\"}",
	    "[{\"op\":\"remove\",\"path\":\"/baz\"}]"), "{\"foo\":\"bar\"}");
	EXPECT_STR(patched("{\"foo\":[\"bar\",\"qux\",\"baz\"]}",
	    "[{\"op\":\"remove\",\"path\":\"/foo/1\"}]"),
	    "{\"foo\":[\"bar\",\"baz\"]}");
	EXPECT_STR(patched("{\"baz\":\"qux\",\"foo\":\"bar\"}",
	    "[{\"op\":\"replace\",\"path\":\"/baz\",\"value\":\"boo\"}]"),
	    "{\"baz\":\"boo\",\"foo\":\"bar\"}");
	EXPECT_STR(patched("{\"foo\":{\"bar\":\"baz\",\"waldo\":\"fred\"},"
	    "\"qux\":{\"corge\":\"grault\"}}", "[{\"op\":\"move\",\"from\":"
	    "\"/foo/waldo\",\"path\":\"/qux/thud\"}]"),
	    "{\"foo\":{\"bar\":\"baz\"},\"qux\":{\"corge\":\"grault\","
	    "\"thud\":\"fred\"}}");
	EXPECT_STR(patched("{\"foo\":[\"all\",\"grass\",\"cows\",\"eat\"]}",
	    "[{\"op\":\"move\",\"from\":\"/foo/1\",\"path\":\"/foo/3\"}]"),
	    "{\"foo\":[\"all\",\"cows\",\"eat\",\"grass\"]}");
	EXPECT_STR(patched("{\"foo\":[\"bar\"]}", "[{\"op\":\"add\","
	    "\"path\":\"/foo/-\",\"value\":[\"abc\",\"def\"]}]"),
	    "{\"foo\":[\"bar\",[\"abc\",\"def\"]]}");
	EXPECT_STR(patched("{\"/\":9,\"~1\":10}", "[{\"op\":\"test\","
	    "\"path\":\"/~01\",\"value\":10},{\"op\":\"add\",\"path\":"
	    "\"/a~1b\",\"value\":{}}]"), "{\"/\":9,\"~1\":10,\"a/b\":{}}");
	EXPECT_STR(patched("{\"a\":1}", "[]"), "{\"a\":1}");
}

TEST(json_ops_puts_into_what_is_empty_and_empties_it_again)
{
	EXPECT_STR(patched("{\"a\":{},\"b\":[]}", "[{\"op\":\"add\","
	    "\"path\":\"/a/x\",\"value\":1},{\"op\":\"add\",\"path\":"
	    "\"/b/0\",\"value\":2},{\"op\":\"copy\",\"from\":\"/a\","
	    "\"path\":\"/b/-\"}]"), "{\"a\":{\"x\":1},\"b\":[2,{\"x\":1}]}");
	EXPECT_STR(patched("{\"a\":{\"x\":1},\"b\":[2]}", "[{\"op\":"
	    "\"remove\",\"path\":\"/a/x\"},{\"op\":\"remove\",\"path\":"
	    "\"/b/0\"}]"), "{\"a\":{},\"b\":[]}");
	EXPECT_STR(patched("{ \"a\" : 1 , \"b\" : 2 }",
	    "[{\"op\":\"remove\",\"path\":\"/b\"}]"), "{ \"a\" : 1 }");
	EXPECT_STR(patched("{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/\","
	    "\"value\":2}]"), "{\"a\":1,\"\":2}");
}

#define ONE(op) patched("{\"a\":{\"b\":[1,2]},\"c\":\"x\"}", "[" op "]")

TEST(json_ops_says_what_is_wrong_and_where)
{
	EXPECT_STR(ONE("1"), "patch[0]: must be an object");
	EXPECT_STR(ONE("{\"op\":\"increase\"}"), "patch[0].op: is none of "
	    "add, remove, replace, move, copy and test");
	EXPECT_STR(ONE("{\"op\":\"remove\"}"),
	    "patch[0].path: is required, and a string");
	EXPECT_STR(ONE("{\"op\":\"add\",\"path\":\"/z\"}"),
	    "patch[0].value: is required");
	EXPECT_STR(ONE("{\"op\":\"remove\",\"path\":\"\"}"), "patch[0].path: "
	    "names the whole object, of which only parts can be patched");
	EXPECT_STR(ONE("{\"op\":\"remove\",\"path\":\"a\"}"),
	    "patch[0].path: must begin with /");
	EXPECT_STR(ONE("{\"op\":\"remove\",\"path\":\"/z\"}"),
	    "patch[0].path: is not there");
	EXPECT_STR(ONE("{\"op\":\"add\",\"path\":\"/z/y\",\"value\":1}"),
	    "patch[0].path: goes through what is not there");
	EXPECT_STR(ONE("{\"op\":\"add\",\"path\":\"/c/y\",\"value\":1}"),
	    "patch[0].path: goes into what is neither an object nor a list");
	EXPECT_STR(ONE("{\"op\":\"add\",\"path\":\"/a/b/3\",\"value\":1}"),
	    "patch[0].path: has an index behind the list's end");
	EXPECT_STR(ONE("{\"op\":\"remove\",\"path\":\"/a/b/2\"}"),
	    "patch[0].path: is not there");
	EXPECT_STR(ONE("{\"op\":\"remove\",\"path\":\"/a/b/01\"}"),
	    "patch[0].path: has a part that is no index of a list");
	EXPECT_STR(ONE("{\"op\":\"remove\",\"path\":\"/a~2\"}"),
	    "patch[0].path: has a ~ that is neither ~0 nor ~1");
	EXPECT_STR(ONE("{\"op\":\"copy\",\"from\":\"/z\",\"path\":\"/y\"}"),
	    "patch[0].from: is not there");
	EXPECT_STR(ONE("{\"op\":\"move\",\"from\":\"/a\",\"path\":"
	    "\"/a/b/0\"}"), "patch[0].path: lies in what is moved");
	EXPECT_STR(ONE("{\"op\":\"remove\",\"path\":\"/c\"},{\"op\":"
	    "\"remove\",\"path\":\"/c\"}"), "patch[1].path: is not there");
}

/* A reader that takes the first, and one that takes the last. */
TEST(json_ops_takes_no_name_that_two_readers_read_as_two)
{
	EXPECT_STR(ONE("{\"op\":\"add\",\"path\":\"/z\",\"value\":{\"y\":[{"
	    "\"a\":1,\"a\":2}]}}"), "patch[0].value: has the same name twice "
	    "in one object");
	EXPECT_STR(ONE("{\"op\":\"add\",\"path\":\"/z\",\"value\":{"
	    "\"\\u0061\":1}}"), "patch[0].value: has a name with an escape");
}

#define TESTED(text, value) (patched("{\"a\":" text "}", "[{\"op\":" \
	"\"test\",\"path\":\"/a\",\"value\":" value "}]").p[0] == '{')

TEST(json_ops_compares_values_and_not_texts)
{
	EXPECT(TESTED("{\"x\":1,\"y\":[true,null]}",
	    "{ \"y\":[ true, null ], \"x\":1.0 }"));
	EXPECT(TESTED("\"\\u0041\"", "\"A\""));
	EXPECT(!TESTED("{\"x\":1}", "{\"x\":1,\"y\":2}"));
	EXPECT(!TESTED("{\"x\":1,\"z\":2}", "{\"x\":1,\"y\":2}"));
	EXPECT(!TESTED("[1,2]", "[2,1]"));
	EXPECT(!TESTED("[[1],[2]]", "[[1],[3]]"));
	EXPECT(!TESTED("\"1\"", "1"));
	EXPECT(!TESTED("1.5", "1"));
}

TEST(json_ops_knows_its_bounds)
{
	static char many[8192], large[TEXT + 64];
	struct buf b;
	int i;

	buf_init(&b, many, sizeof(many) - 1);
	for (i = 0; i <= JSON_OPS_MAX; i++)
		buf_fmt(&b, "%s{\"op\":\"copy\",\"from\":\"/c\",\"path\":"
		    "\"/d%d\"}", i > 0 ? "," : "[", i);
	buf_char(&b, ']');
	REQUIRE(!b.over);
	EXPECT_STR(patched("{\"c\":1}", many),
	    "patch[64]: is one operation too many");
	buf_init(&b, large, sizeof(large) - 1);
	buf_cstr(&b, "{\"a\":\"");
	while (b.n < TEXT - 40)
		buf_char(&b, 'x');
	buf_cstr(&b, "\"}");
	EXPECT_STR(patched(large, "[{\"op\":\"copy\",\"from\":\"/a\","
	    "\"path\":\"/b\"}]"), "patch: makes it too large");
}
