#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "codec.h"

enum { CAP = 4096, LINES = 8192 };
static char mem[CAP];
static char got[LINES];

static const char *event_name(enum split_event e)
{
	static const char *const names[] = {
		"MORE", "ITEM", "META", "OVERSIZE", "END", "BAD"
	};

	return names[e];
}

/*
 * One line an event, "ITEM {...}". Pieces of `step` bytes, each before a page
 * that cannot be touched.
 */
static const char *run(enum split_mode mode, size_t cap, struct str text,
    size_t step)
{
	struct split s;
	struct buf b;
	enum split_event e = SPLIT_MORE;

	buf_init(&b, got, sizeof(got) - 1);
	split_init(&s, mode, mem, cap);
	while (text.n && e != SPLIT_BAD) {
		size_t n = text.n < step ? text.n : step;
		struct str in = guard_copy(text.p, n), ret = STR_NONE;

		while ((e = split_push(&s, &in, &ret)) != SPLIT_MORE) {
			buf_fmt(&b, "%s %S\n", event_name(e), ret);
			ret = STR_NONE;
			if (e == SPLIT_BAD)
				break;
		}
		EXPECT(e == SPLIT_BAD || in.n == 0);
		text = str_sub(text, n, text.n);
		guard_reset();
	}
	REQUIRE(!b.over);
	got[b.n] = '\0';
	return got;
}

static void expect_cap(int line, enum split_mode mode, size_t cap,
    const char *text, const char *want)
{
	static const size_t steps[] = { 1, 2, 3, 7, 64, LINES };
	size_t i;

	for (i = 0; i < ARRAY_LEN(steps); i++) {
		const char *is = run(mode, cap, str_from(text), steps[i]);

		if (strcmp(is, want))
			test_fail(__FILE__, line, "pieces of %zu: is\n"
			    "%.400snot\n%.400s", steps[i], is, want);
	}
}

#define EXPECT_LIST(text, want) \
	expect_cap(__LINE__, SPLIT_LIST, CAP, (text), (want))
#define EXPECT_WATCH(text, want) \
	expect_cap(__LINE__, SPLIT_WATCH, CAP, (text), (want))
#define ONE(member) "{\"items\":[{\"metadata\":" member "}]}"
#define ONE_OUT(member) "ITEM {\"metadata\":" member "}\nEND \n"

TEST(split_cuts_a_list)
{
	EXPECT_LIST("{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":"
	    "{\"resourceVersion\":\"7\"},\"items\":[{\"a\":1},{\"b\":[{}]}]}"
	    "\n", "META {\"resourceVersion\":\"7\"}\nITEM {\"a\":1}\n"
	    "ITEM {\"b\":[{}]}\nEND \n");
	EXPECT_LIST("{\"items\":[{}],\"metadata\":{}}",
	    "ITEM {}\nMETA {}\nEND \n");
	EXPECT_LIST(" {\n \"items\" : [\n {\n \"a\" : 1\n }\n ,\n [ ]\n ]\n"
	    " }\n", "ITEM {\n \"a\" : 1\n }\nITEM [ ]\nEND \n");
}

TEST(split_takes_lists_without_items)
{
	EXPECT_LIST("{}", "END \n");
	EXPECT_LIST("{\"items\":[]}", "END \n");
	EXPECT_LIST("{\"items\":null,\"metadata\":null}",
	    "META null\nEND \n");
	EXPECT_LIST("{\"items\":{\"items\":[1]},\"a\":{\"items\":[2]}}",
	    "END \n");
	EXPECT_LIST("{\"items\":[1,\"]\",null , true]}",
	    "ITEM 1\nITEM \"]\"\nITEM null\nITEM true\nEND \n");
	EXPECT_LIST("{\"items\":[[{\"metadata\":{\"managedFields\":1}}]]}",
	    "ITEM [{\"metadata\":{\"managedFields\":1}}]\nEND \n");
}

TEST(split_is_not_confused_by_nested_keys)
{
	EXPECT_LIST("{\"items\":[{\"items\":[{\"metadata\":{\"managedFields\":"
	    "1}}],\"metadata\":{\"items\":[2],\"metadata\":{\"managedFields\":"
	    "3}},\"managedFields\":4}]}",
	    "ITEM {\"items\":[{\"metadata\":{\"managedFields\":1}}],"
	    "\"metadata\":{\"items\":[2],\"metadata\":{\"managedFields\":3}},"
	    "\"managedFields\":4}\nEND \n");
	EXPECT_LIST("{\"metadata\":{\"managedFields\":1},\"items\":[]}",
	    "META {\"managedFields\":1}\nEND \n");
	EXPECT_WATCH("{\"metadata\":{\"managedFields\":1}}",
	    "ITEM {\"metadata\":{\"managedFields\":1}}\n");
	EXPECT_WATCH("{\"object\":[{\"metadata\":{\"managedFields\":1}}]}",
	    "ITEM {\"object\":[{\"metadata\":{\"managedFields\":1}}]}\n");
}

TEST(split_leaves_managed_fields_out)
{
	EXPECT_LIST(ONE("{\"managedFields\":[{\"a\":\"}]\"}]}"), ONE_OUT("{}"));
	EXPECT_LIST(ONE("{\"a\":1,\"managedFields\":[]}"),
	    ONE_OUT("{\"a\":1}"));
	EXPECT_LIST(ONE("{\"managedFields\":[],\"b\":2}"),
	    ONE_OUT("{\"b\":2}"));
	EXPECT_LIST(ONE("{\"a\":1,\"managedFields\":[],\"b\":2}"),
	    ONE_OUT("{\"a\":1,\"b\":2}"));
	EXPECT_LIST(ONE("{\"managedFields\":1,\"managedFields\":null}"),
	    ONE_OUT("{}"));
	EXPECT_LIST(ONE("{\"managedFields\":1,\"a\":2,\"managedFields\":3,"
	    "\"b\":{\"managedFields\":4}}"),
	    ONE_OUT("{\"a\":2,\"b\":{\"managedFields\":4}}"));
	EXPECT_LIST(ONE("{\n\t\"a\": 1,\n\t\"managedFields\": [\n\t],\n"
	    "\t\"b\": 2\n}"), ONE_OUT("{\"a\": 1,\"b\": 2\n}"));
	EXPECT_LIST(ONE("{\"managedFieldsOfAnotherLength\":1,\"\":2,"
	    "\"managedField\":3,\"managedFieldsManagedFields\":4}"),
	    ONE_OUT("{\"managedFieldsOfAnotherLength\":1,\"\":2,"
	    "\"managedField\":3,\"managedFieldsManagedFields\":4}"));
	EXPECT_LIST(ONE("[\"managedFields\"]"),
	    ONE_OUT("[\"managedFields\"]"));
	EXPECT_LIST(ONE("{\"a\\\"\\\\\":1,\"managedFields\":\"\\\"\",\"b\":2}"),
	    ONE_OUT("{\"a\\\"\\\\\":1,\"b\":2}"));
}

TEST(split_cuts_a_watch)
{
	EXPECT_WATCH("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":"
	    "\"x\",\"managedFields\":[{}]}}}\n"
	    "{\"type\":\"BOOKMARK\",\"object\":{}}\r\n\n",
	    "ITEM {\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":"
	    "\"x\"}}}\nITEM {\"type\":\"BOOKMARK\",\"object\":{}}\n");
	EXPECT_WATCH("{}{}[]1 \"a\"null ", "ITEM {}\nITEM {}\nITEM []\n"
	    "ITEM 1\nITEM \"a\"\nITEM null\n");
	EXPECT_WATCH("12", "");
	EXPECT_WATCH("{\"object\":{}", "");
}

TEST(split_refuses_what_is_no_json)
{
	static const char *const bad[] = {
		"[]", "1", "\"a\"", "}", "]", ",", ":", "{]", "{,}", "{1:2}",
		"{\"a\"}", "{\"a\",1}", "{\"a\":}", "{\"a\"::1}",
		"{\"a\":1,}", "{\"a\":1 2}", "{\"a\":1\"b\":2}",
		"{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":[1 2]}",
		"{\"a\":[1:2]}", "{\"a\":{]}", "{\"a\":[}}", "{\"a\" 1}",
		"{{}}", "{[]}", "{\"a\":'b'}", "{\"a\":#}", "{}{}", "{}x",
		"{} ,", "{}\"", "\xef\xbb\xbf{}", "{\"a\":tr\xc3\xa9}",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		const char *is = run(SPLIT_LIST, CAP, str_from(bad[i]), 1);

		if (!strstr(is, "BAD"))
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	}
	EXPECT(!strcmp(run(SPLIT_LIST, CAP, STR("{\"a\":\0}"), 9),
	    "BAD \n"));
	EXPECT_LIST("{\"items\":[{\"a\":1},{\"b\":}]}",
	    "ITEM {\"a\":1}\nBAD \n");
	EXPECT_WATCH("{}\n}", "ITEM {}\nBAD \n");
}

TEST(split_stays_bad)
{
	struct split s;
	struct str in = STR("}{}"), ret = STR_NONE;

	split_init(&s, SPLIT_WATCH, mem, CAP);
	EXPECT_EQ(split_push(&s, &in, &ret), SPLIT_BAD);
	in = STR("{}\n");
	EXPECT_EQ(split_push(&s, &in, &ret), SPLIT_BAD);
	EXPECT_EQ(in.n, 3);
	in = STR_NONE;
	EXPECT_EQ(split_push(&s, &in, &ret), SPLIT_BAD);
	EXPECT_EQ(ret.n, 0);
}

/* `n` lists, the innermost holding `core`, between `head` and `tail`. */
static const char *nested(char *to, size_t cap, const char *head, int n,
    const char *core, const char *tail)
{
	struct buf b;
	int i;

	buf_init(&b, to, cap);
	buf_cstr(&b, head);
	for (i = 0; i < n; i++)
		buf_char(&b, '[');
	buf_cstr(&b, core);
	for (i = 0; i < n; i++)
		buf_char(&b, ']');
	buf_cstr(&b, tail);
	buf_char(&b, '\0');
	REQUIRE(!b.over);
	return to;
}

TEST(split_bounds_depth)
{
	char text[1024], want[1024];
	const int max = JSON_DEPTH_MAX;

	EXPECT_WATCH(nested(text, sizeof(text), "", max, "1", "\n{}"),
	    nested(want, sizeof(want), "ITEM ", max, "1", "\nITEM {}\n"));
	EXPECT_WATCH(nested(text, sizeof(text), "", max + 1, "", "\n{}"),
	    "OVERSIZE {}\nITEM {}\n");
	EXPECT_LIST(nested(text, sizeof(text), "{\"items\":[1,", max - 1,
	    "", ",2]}"), "ITEM 1\nOVERSIZE {}\nITEM 2\nEND \n");
}

/* What is too deep costs its own item only, whose head is kept. */
TEST(split_goes_on_behind_what_is_too_deep)
{
	char text[1024];

	EXPECT_WATCH(nested(text, sizeof(text), "{\"type\":\"ADDED\","
	    "\"object\":{\"kind\":\"x\",\"spec\":", 70,
	    "{\"]\":\"\\\"]}\"},true", ",\"metadata\":{\"name\":\"a\"}}}\n"
	    "{\"object\":{}}\n"),
	    "OVERSIZE {\"type\":\"ADDED\",\"object\":{\"kind\":\"x\","
	    "\"metadata\":{\"name\":\"a\"}}}\nITEM {\"object\":{}}\n");
	/* In what is left out, too: the levels are the text's. */
	EXPECT_WATCH(nested(text, sizeof(text), "{\"object\":{\"metadata\":{"
	    "\"managedFields\":", 70, "", ",\"uid\":1}}}\n"),
	    "OVERSIZE {\"object\":{\"metadata\":{\"uid\":1}}}\n");
	EXPECT_WATCH(nested(text, sizeof(text), "", 300, "", "]\n"),
	    "OVERSIZE {}\nBAD \n");
}

TEST(split_refuses_depth_outside_items)
{
	char text[1024];

	EXPECT_LIST(nested(text, sizeof(text), "{\"a\":", 70, "", "}"),
	    "BAD \n");
	EXPECT_LIST(nested(text, sizeof(text), "{\"metadata\":", 70, "",
	    "}"), "BAD \n");
}

TEST(split_tells_of_oversize_by_a_head)
{
	static const char line[] = "{\"type\":\"MODIFIED\",\"object\":{"
	    "\"spec\":{\"name\":\"not this\"},\"kind\":\"MCPServer\","
	    "\"metadata\":{\"annotations\":{\"name\":\"nor this\"},"
	    "\"managedFields\":[{\"name\":\"x\"}],\"name\":\"web\",\"uid\":"
	    "[1],\"generation\": 3 ,\"labels\":{},\"namespace\":\"a\\\"b\"},"
	    "\"apiVersion\":\"v1\",\"name\":\"no\"}}\n{}\n";

	expect_cap(__LINE__, SPLIT_WATCH, 100, line,
	    "OVERSIZE {\"type\":\"MODIFIED\",\"object\":{\"kind\":"
	    "\"MCPServer\",\"metadata\":{\"name\":\"web\",\"generation\":3,"
	    "\"namespace\":\"a\\\"b\"},\"apiVersion\":\"v1\"}}\nITEM {}\n");
	expect_cap(__LINE__, SPLIT_LIST, 4, "{\"items\":[{\"kind\":\"x\"},"
	    "[1,2,3],\"abcd\",12345,{\"metadata\":{}},{}]}",
	    "OVERSIZE {\"kind\":\"x\"}\nOVERSIZE {}\nOVERSIZE {}\n"
	    "OVERSIZE {}\nOVERSIZE {\"metadata\":{}}\nITEM {}\nEND \n");
}

TEST(split_cap_is_exact)
{
	static const char text[] = "{\"items\":[{\"metadata\":{\"a\":1,"
	    "\"managedFields\":[{}]}}]}";

	expect_cap(__LINE__, SPLIT_LIST, 20, text,
	    "ITEM {\"metadata\":{\"a\":1}}\nEND \n");
	expect_cap(__LINE__, SPLIT_LIST, 19, text,
	    "OVERSIZE {\"metadata\":{}}\nEND \n");
	expect_cap(__LINE__, SPLIT_LIST, 4,
	    "{\"metadata\":{\"a\":1},\"items\":[]}", "BAD \n");
}

/* The head keeps its braces however full it gets, and never overflows. */
TEST(split_head_is_bounded)
{
	static char text[2 * SPLIT_HEAD_MAX], want[2 * SPLIT_HEAD_MAX];
	const char *before = "{\"object\":{\"metadata\":{";
	struct buf b, w;
	size_t n;

	for (n = SPLIT_HEAD_MAX - 60; n < SPLIT_HEAD_MAX + 20; n++) {
		size_t i;

		buf_init(&b, text, sizeof(text));
		buf_fmt(&b, "%s\"name\":\"", before);
		for (i = 0; i < n; i++)
			buf_char(&b, 'x');
		buf_cstr(&b, "\",\"uid\":1,\"x\":2}}}");
		buf_init(&w, want, sizeof(want));
		if (strlen(before) + 9 + n + 3 > SPLIT_HEAD_MAX)
			buf_fmt(&w, "OVERSIZE %s\"uid\":1}}}\n", before);
		else
			buf_fmt(&w, "OVERSIZE %S\"%s}}}\n",
			    str_sub(buf_view(&b), 0, b.n - 18),
			    strlen(before) + 9 + n + 8 + 3 > SPLIT_HEAD_MAX ?
			    "" : ",\"uid\":1");
		buf_char(&w, '\0');
		buf_char(&b, '\0');
		EXPECT(!b.over && !w.over);
		expect_cap(__LINE__, SPLIT_WATCH, 64, text, want);
	}
}
