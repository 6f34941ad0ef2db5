#include <string.h>

#include "check.h"
#include "kube.h"
#include "kube/kube_int.h"

static struct str guarded(const char *s)
{
	return guard_copy(s, strlen(s));
}

static const char object[] =
    " {\"kind\" : \"Pod\", \"metadata\":{\"labels\":{\"a\":\"}{\\\"\"},"
    "\"name\":\"x\",\"resourceVersion\":\"12\",\"n\":-3},\n"
    "\"list\":[1,[2,\"]\"],{\"k\":null}],\"end\":true}";

static void expect_peek(struct str text, const char *path, const char *want)
{
	struct str got;

	if (!kube_peek(text, path, &got))
		test_fail(__FILE__, __LINE__, "%s: not found", path);
	else
		EXPECT_STR(got, want);
}

TEST(peek_finds_members)
{
	struct str text = guarded(object), s;

	expect_peek(text, "kind", "Pod");
	expect_peek(text, "metadata.name", "x");
	expect_peek(text, "metadata.resourceVersion", "12");
	expect_peek(text, "metadata.n", "-3");
	expect_peek(text, "metadata.labels", "{\"a\":\"}{\\\"\"}");
	expect_peek(text, "metadata.labels.a", "}{\\\"");
	expect_peek(text, "end", "true");
	EXPECT(!kube_peek(text, "metadata.nam", &s));
	EXPECT(!kube_peek(text, "kind.x", &s));
	EXPECT(!kube_peek(text, "list.k", &s));
	EXPECT(!kube_peek(text, "absent", &s));
}

TEST(peek_of_a_cut_text_finds_what_is_whole)
{
	struct str whole = str_from(object), s;

	for (size_t n = 0; n <= whole.n; n++) {
		struct str text = guard_copy(object, n);

		if (kube_peek(text, "metadata.name", &s))
			EXPECT_STR(s, "x");
		else
			EXPECT(n < str_search(whole, STR("\"x\"")) + 3);
		if (kube_peek(text, "metadata.n", &s))
			EXPECT_STR(s, "-3");
		if (kube_peek(text, "end", &s))
			EXPECT_EQ(n, whole.n);
		guard_reset();
	}
}

TEST(peek_of_malformed_text_finds_nothing)
{
	static const char *const texts[] = {
		"", " ", "{", "{}", "[]", "\"a\"", "{\"a\"", "{\"a\":",
		"{\"a\":}", "{\"a\":,", "{a:1}", "{\"a\" 1}", "{\"b\":\"",
		"{\"b\":\"\\", "{\"b\":[}", "{,\"a\":1}", "{\"b\":1 \"a\":2}",
		"{\"b\":]", "}", "{\"b\":{}", "nul",
	};
	struct str s;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (kube_peek(guarded(texts[i]), "a", &s))
			test_fail(__FILE__, __LINE__, "found in %s",
			    texts[i]);
}

TEST(peek_string_unescapes)
{
	char mem[16];
	struct buf b;
	struct str text = guarded("{\"a\":\"q\\u00e9\\n\",\"b\":1,\"c\":\"\","
	    "\"d\":\"0123456789abcdefg\",\"e\":\"\\ud800\"}");

	buf_init(&b, mem, sizeof(mem));
	buf_cstr(&b, "<");
	EXPECT_EQ(peek_string(text, "a", &b), 0);
	EXPECT_STR(buf_view(&b), "<q\xc3\xa9\n");
	EXPECT_EQ(peek_string(text, "c", &b), 0);
	EXPECT_EQ(b.n, 5);
	EXPECT_EQ(peek_string(text, "b", &b), ERR_BAD);
	EXPECT_EQ(peek_string(text, "d", &b), ERR_FULL);
	EXPECT_EQ(peek_string(text, "e", &b), ERR_BAD);
	EXPECT_EQ(peek_string(text, "f", &b), ERR_NOENT);
	EXPECT_EQ(b.n, 5);
	buf_cstr(&b, "0123456789");		/* nothing stays poisoned */
	EXPECT(!b.over);
}

TEST(peek_goes_through_elements)
{
	struct str list, one;
	size_t at = 0, n = 0;

	EXPECT(peek_raw(guarded(object), "list", &list));
	while (peek_element(list, &at, &one))
		n++;
	EXPECT_EQ(n, 3);
	EXPECT_STR(one, "{\"k\":null}");
	at = 0;
	EXPECT(!peek_element(STR("[ ]"), &at, &one));
}
