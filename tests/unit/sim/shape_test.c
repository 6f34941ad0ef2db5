#include "check.h"
#include "sim/fields.h"

static struct tree tree;

static struct node *parse(const char *s)
{
	struct node *v = node_parse(&tree, str_from(s), NULL);

	REQUIRE(v);
	return v;
}

static struct str text_of(const struct node *v)
{
	struct text out = { 0 };
	struct str s;

	if (!v)
		return STR("nothing");
	node_write(v, &out);
	s = tree_str(&tree, text_view(&out));
	text_free(&out);
	return s;
}

static struct str canonical(const char *s)
{
	struct str out = STR("refused");

	return quantity_canonical(&tree, str_from(s), &out) ? out :
	    STR("refused");
}

TEST(shape_writes_quantities_as_kubernetes_does)
{
	static const char *const rows[][2] = {
		{ "0.5", "500m" }, { "1000m", "1" }, { "1500m", "1500m" },
		{ "1", "1" }, { "0", "0" }, { "1000", "1k" },
		{ "1024Mi", "1Gi" }, { "1.5Gi", "1536Mi" },
		{ "0.5Ki", "512" }, { "2e3", "2e3" }, { "100k", "100k" },
		{ "128974848", "128974848" }, { "-1.5", "-1500m" },
		{ "1Mi", "1Mi" }, { "0.1m", "100u" }, { "", "refused" },
		{ "abc", "refused" }, { "1X", "refused" }, { ".", "refused" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		EXPECT_STR(canonical(rows[i][0]), rows[i][1]);
}

static struct str cleaned(const char *type, const char *s)
{
	struct node *v = parse(s);
	struct str why;

	if (!shape_clean(&tree, shape_builtin(type), v, &why))
		return STR("refused");
	shape_default(&tree, shape_builtin(type), v);
	return text_of(v);
}

TEST(shape_decodes_as_go_does)
{
	EXPECT_STR(cleaned("ContainerPort", "{\"containerPort\":1,"
	    "\"junk\":1,\"hostPort\":0,\"name\":\"\"}"),
	    "{\"containerPort\":1,\"protocol\":\"TCP\"}");
	EXPECT_STR(cleaned("SecurityContext", "{\"privileged\":false,"
	    "\"runAsUser\":0,\"capabilities\":{}}"),
	    "{\"capabilities\":{},\"privileged\":false,\"runAsUser\":0}");
	EXPECT_STR(cleaned("ContainerPort", "{\"containerPort\":\"1\"}"),
	    "refused");
	EXPECT_STR(cleaned("ResourceRequirements",
	    "{\"limits\":{\"cpu\":0.5}}"), "{\"limits\":{\"cpu\":\"500m\"}}");
}

/* ---- sets ------------------------------------------------------------ */

static const char env[] = "{\"containers\":[{\"name\":\"x\",\"image\":\"i\","
    "\"args\":[\"a\"],\"ports\":[{\"containerPort\":1}],"
    "\"env\":[{\"name\":\"A\",\"value\":\"1\"}]}]}";

TEST(fields_are_named_as_managed_fields_have_them)
{
	struct str why;

	EXPECT_STR(text_of(typed_set(&tree, shape_builtin("PodSpec"),
	    parse(env), &why)), "{\"f:containers\":{\"k:{\\\"name\\\":"
	    "\\\"x\\\"}\":{\".\":{},\"f:args\":{},\"f:env\":{\"k:{\\\"name\\\""
	    ":\\\"A\\\"}\":{\".\":{},\"f:name\":{},\"f:value\":{}}},"
	    "\"f:image\":{},\"f:name\":{},\"f:ports\":{\"k:{\\\"container"
	    "Port\\\":1,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},"
	    "\"f:containerPort\":{}}}}}}");
}

TEST(fields_of_wrong_types_say_where)
{
	struct str why;

	EXPECT(!typed_set(&tree, shape_builtin("PodSpec"), parse(
	    "{\"containers\":[{\"name\":\"x\",\"image\":1}]}"), &why));
	EXPECT_STR(why, ".containers[name=\"x\"].image: expected string, "
	    "got &value.valueUnstructured{Value:1}");
	EXPECT(!typed_set(&tree, shape_builtin("PodSpec"),
	    parse("{\"junk\":1}"), &why));
	EXPECT_STR(why, ".junk: field not declared in schema");
}

TEST(fields_combine)
{
	const struct node *a = parse("{\"f:a\":{},\"f:b\":{\".\":{},"
	    "\"f:c\":{}}}");
	const struct node *b = parse("{\"f:b\":{\"f:c\":{}},\"f:d\":{}}");

	EXPECT_STR(text_of(fields_union(&tree, a, b)), "{\"f:a\":{},"
	    "\"f:b\":{\".\":{},\"f:c\":{}},\"f:d\":{}}");
	EXPECT_STR(text_of(fields_minus(&tree, a, b)),
	    "{\"f:a\":{},\"f:b\":{}}");
	EXPECT_STR(text_of(fields_both(&tree, a, b)),
	    "{\"f:b\":{\"f:c\":{}}}");
	EXPECT_STR(text_of(fields_minus_deep(&tree, b, a)),
	    "{\"f:d\":{}}");
	EXPECT(fields_empty(fields_minus(&tree, b, fields_union(&tree, a,
	    b))));
}

/* ---- lists ----------------------------------------------------------- */

static struct str merged(const char *live, const char *config)
{
	struct node *v = typed_merge(&tree, shape_builtin("Container"),
	    parse(live), parse(config));
	struct node *list = node_get(v, "env");
	struct text out = { 0 };
	struct str s;

	for (uint32_t i = 0; i < list->n; i++) {
		text_str(&out, node_text(list->item[i], "name"));
		text_str(&out, node_text(list->item[i], "value"));
	}
	s = tree_str(&tree, text_view(&out));
	text_free(&out);
	return s;
}

#define ENV(list) "{\"env\":[" list "]}"
#define V(name, value) "{\"name\":\"" name "\",\"value\":\"" value "\"}"

TEST(merge_keeps_what_only_the_live_list_has)
{
	EXPECT_STR(merged(ENV(V("a", "1") "," V("b", "1")),
	    ENV(V("b", "2"))), "a1b2");
	EXPECT_STR(merged(ENV(V("a", "1") "," V("b", "1") "," V("c", "1")),
	    ENV(V("c", "2") "," V("a", "2"))), "b1c2a2");
	EXPECT_STR(merged(ENV(V("a", "1") "," V("x", "1")),
	    ENV(V("b", "2") "," V("a", "2"))), "b2a2x1");
}

/* ---- comparing ------------------------------------------------------- */

TEST(comparison_tells_added_modified_removed)
{
	struct comparison d;

	typed_compare(&tree, shape_builtin("Container"),
	    parse("{\"name\":\"x\",\"image\":\"a\",\"stdin\":true}"),
	    parse("{\"name\":\"x\",\"image\":\"b\",\"env\":[]}"), &d);
	EXPECT_STR(text_of(d.added), "{\"f:env\":{}}");
	EXPECT_STR(text_of(d.modified), "{\"f:image\":{}}");
	EXPECT_STR(text_of(d.removed), "{\"f:stdin\":{}}");
}
