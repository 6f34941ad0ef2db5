/*
 * What kube_peek finds in a well-formed document is what the parser finds;
 * in any other text it stays within it. The first byte chooses the path. And
 * a watch line's parts are the parser's.
 */
#include "fuzz.h"
#include "kube.h"
#include "kube/kube_int.h"

static const char *const paths[] = {
	"a", "a.b", "metadata.name", "metadata.resourceVersion", "a.a.a.a",
	"kind", "type", "object",
};
static struct json_tok tok[FUZZ_MAX];

static void within(struct str part, struct str whole)
{
	FUZZ_CHECK(part.n <= whole.n);
	FUZZ_CHECK(!part.n || (part.p >= whole.p &&
	    part.p + part.n <= whole.p + whole.n));
}

static bool same(const struct json_doc *doc, const char *path, struct str raw)
{
	uint32_t at = json_path(doc, JSON_ROOT, path);

	return at != JSON_NIL && str_eq(json_raw(doc, at), raw);
}

static void check_line(struct str text, const struct json_doc *doc)
{
	struct kube_line line;

	if (kube_line_decode(text, &line))
		return;
	within(line.object, text);
	within(line.version, text);
	if (doc)
		FUZZ_CHECK(same(doc, "object", line.object));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text, raw, one;
	struct json_doc doc;
	const char *path;
	bool found, good;
	size_t at = 0;

	if (size < 1 || size > FUZZ_MAX)
		return 0;
	path = paths[data[0] % ARRAY_LEN(paths)];
	text = (struct str){ (const char *)data + 1, size - 1 };
	found = peek_raw(text, path, &raw);
	if (found)
		within(raw, text);
	while (peek_element(text, &at, &one))
		within(one, text);
	/* Keys with escapes are the parser's only. */
	good = str_find(text, '\\') == text.n &&
	    json_parse(&doc, text, tok, FUZZ_MAX, NULL) == 0;
	if (good && json_type(&doc, JSON_ROOT) == JSON_OBJECT) {
		FUZZ_CHECK(found == (json_path(&doc, JSON_ROOT, path) !=
		    JSON_NIL));
		if (found)
			FUZZ_CHECK(same(&doc, path, raw));
	}
	check_line(text, good ? &doc : NULL);
	return 0;
}
