#include <string.h>

#include "check.h"
#include "codec.h"

static const struct json_list_key lists[] = {
	{ "containers", "name" }, { "ports", "containerPort" },
	{ NULL, NULL }
};

static char mem[1 << 16], text[4096];
static struct arena arena;

static struct json_doc read_json(const char *json)
{
	struct json_doc doc;

	REQUIRE(json_parse_in(&doc, guard_copy(json, strlen(json)), &arena,
	    NULL) == 0);
	return doc;
}

static struct str merged(const char *base, const char *patch)
{
	struct json_doc b, p;
	struct buf out;
	struct jw w;

	arena_init(&arena, mem, sizeof(mem));
	b = read_json(base);
	p = read_json(patch);
	buf_init(&out, text, sizeof(text));
	jw_init(&w, &out);
	json_patch_write(&b, &p, lists, &w);
	REQUIRE(jw_done(&w) && !out.over);
	return buf_view(&out);
}

TEST(json_patch_merges_objects)
{
	EXPECT_STR(merged("{\"a\":1,\"b\":{\"c\":2,\"d\":3}}",
	    "{\"b\":{\"d\":4,\"e\":{\"f\":null,\"g\":5}},\"a\":null,"
	    "\"h\":[1]}"),
	    "{\"b\":{\"c\":2,\"d\":4,\"e\":{\"g\":5}},\"h\":[1]}");
	EXPECT_STR(merged("{\"a\":1}", "{}"), "{\"a\":1}");
	EXPECT_STR(merged("{\"a\":{\"b\":1}}", "{\"a\":2}"), "{\"a\":2}");
	EXPECT_STR(merged("{\"a\":2}", "{\"a\":{\"b\":1}}"),
	    "{\"a\":{\"b\":1}}");
	EXPECT_STR(merged("{\"a\\\"b\":1}", "{\"c\":2}"),
	    "{\"a\\\"b\":1,\"c\":2}");
	EXPECT_STR(merged("{\"a\":{\"b\":1}}", "{\"a\":null}"), "{}");
}

TEST(json_patch_merges_lists_by_their_keys)
{
	EXPECT_STR(merged("{\"containers\":[{\"name\":\"a\",\"x\":1},"
	    "{\"name\":\"b\",\"x\":2}]}",
	    "{\"containers\":[{\"name\":\"c\",\"x\":3},{\"name\":\"b\","
	    "\"y\":4}]}"),
	    "{\"containers\":[{\"name\":\"a\",\"x\":1},{\"name\":\"b\","
	    "\"x\":2,\"y\":4},{\"name\":\"c\",\"x\":3}]}");
	EXPECT_STR(merged("{\"ports\":[{\"containerPort\":80}]}",
	    "{\"ports\":[{\"containerPort\":81},{\"containerPort\":80,"
	    "\"name\":\"http\"}]}"),
	    "{\"ports\":[{\"containerPort\":80,\"name\":\"http\"},"
	    "{\"containerPort\":81}]}");
}

TEST(json_patch_replaces_other_lists)
{
	EXPECT_STR(merged("{\"args\":[1,2],\"env\":[{\"name\":\"a\"}]}",
	    "{\"args\":[3],\"env\":[{\"name\":\"b\",\"x\":null}]}"),
	    "{\"args\":[3],\"env\":[{\"name\":\"b\"}]}");
}

TEST(json_patch_follows_directives)
{
	EXPECT_STR(merged("{\"containers\":[{\"name\":\"a\"},"
	    "{\"name\":\"b\"}]}", "{\"containers\":[{\"name\":\"a\","
	    "\"$patch\":\"delete\"},{\"name\":\"c\",\"$patch\":\"delete\"}]}"),
	    "{\"containers\":[{\"name\":\"b\"}]}");
	EXPECT_STR(merged("{\"containers\":[{\"name\":\"a\"}]}",
	    "{\"containers\":[{\"name\":\"b\"},{\"$patch\":\"replace\"}]}"),
	    "{\"containers\":[{\"name\":\"b\"}]}");
	EXPECT_STR(merged("{\"a\":{\"b\":1}}",
	    "{\"a\":{\"c\":2,\"$patch\":\"replace\"}}"), "{\"a\":{\"c\":2}}");
	EXPECT_STR(merged("{\"a\":{\"b\":1}}",
	    "{\"a\":{\"c\":2,\"$patch\":\"delete\"}}"), "{\"a\":{}}");
	EXPECT_STR(merged("{\"a\":{\"b\":1}}",
	    "{\"a\":{\"c\":2,\"$patch\":\"merge\"},\"d\":{\"$patch\":"
	    "\"delete\",\"e\":1}}"), "{\"a\":{\"b\":1,\"c\":2},\"d\":{}}");
}

static void refused(const char *patch, const char *path, const char *why)
{
	struct json_doc doc;
	struct diag d;

	arena_init(&arena, mem, sizeof(mem));
	diag_clear(&d);
	doc = read_json(patch);
	EXPECT_EQ(json_patch_check(&doc, lists, STR("p"), &d), ERR_BAD);
	EXPECT_STR(str_from(d.path), path);
	EXPECT_STR(str_from(d.text), why);
	EXPECT_EQ(json_patch_check(&doc, lists, STR("p"), NULL), ERR_BAD);
}

TEST(json_patch_that_is_none_is_told_where)
{
	struct json_doc doc;

	refused("[]", "p", "must be an object");
	refused("{\"a\":{\"$patch\":\"drop\"}}", "p.a",
	    "has a $patch that is not merge, delete or replace");
	refused("{\"$retainKeys\":[\"a\"]}", "p",
	    "has a directive other than $patch");
	refused("{\"a\":[{\"\\u0062\":1}]}", "p.a[0]",
	    "has a name with an escape");
	refused("{\"containers\":[{\"name\":\"a\"},2]}", "p.containers[1]",
	    "must be an object");
	refused("{\"s\":{\"containers\":[{\"x\":\"a\"}]}}",
	    "p.s.containers[0].name",
	    "is required, for it tells which one is meant");
	refused("{\"containers\":[{\"name\":\"a\"},{\"name\":\"a\"}]}",
	    "p.containers[1]", "is the same as one before");
	refused("{\"containers\":[{\"name\":null}]}", "p.containers[0].name",
	    "is required, for it tells which one is meant");
	arena_init(&arena, mem, sizeof(mem));
	doc = read_json("{\"containers\":[{\"$patch\":\"replace\"},"
	    "{\"name\":\"a\"}],\"x\":[{},{}]}");
	EXPECT_EQ(json_patch_check(&doc, lists, STR("p"), NULL), 0);
}
