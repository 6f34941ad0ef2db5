/*
 * Two texts with a NUL between them, a base and a patch. What comes out is
 * JSON, whatever the patch; and where it is one that is let by, patching once
 * more changes nothing.
 */
#include "codec.h"
#include "fuzz.h"

static const struct json_list_key lists[] = {
	{ "c", "name" }, { "p", "port" }, { NULL, NULL }
};

static char mem[4096 * sizeof(struct json_tok) + 65536], once[65536],
    twice[65536];

static struct str patched(struct str base, const struct json_doc *patch,
    struct arena *a, char *p)
{
	struct json_doc doc;
	struct buf out;
	struct jw w;

	FUZZ_CHECK(json_parse_in(&doc, base, a, NULL) == 0);
	buf_init(&out, p, sizeof(once));
	jw_init(&w, &out);
	json_patch_write(&doc, patch, lists, &w);
	FUZZ_CHECK(jw_done(&w) && !out.over);
	return buf_view(&out);
}

/* A name that an object has twice may be there twice. */
static bool has_twice(const struct json_doc *doc)
{
	uint32_t at, k, l;

	for (at = 0; at < doc->n; at++) {
		if (json_type(doc, at) != JSON_OBJECT)
			continue;
		for (k = json_first(doc, at); k != JSON_NIL;
		    k = json_next(doc, at, k))
			for (l = json_next(doc, at, k); l != JSON_NIL;
			    l = json_next(doc, at, l))
				if (str_eq(json_raw(doc, k),
				    json_raw(doc, l)))
					return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size }, base, text;
	struct json_doc doc, patch;
	struct arena a;
	struct diag d;
	int err;

	if (size > 2000)
		return 0;
	arena_init(&a, mem, sizeof(mem));
	text = str_cut(in, '\0', &base);
	diag_clear(&d);
	if (json_parse_in(&doc, base, &a, NULL) < 0 ||
	    json_parse_in(&patch, text, &a, NULL) < 0)
		return 0;
	err = json_patch_check(&patch, lists, STR("p"), &d);
	FUZZ_CHECK(err <= 0 && (err != 0) == diag_is_set(&d));
	base = patched(base, &patch, &a, once);
	if (err == 0 && !has_twice(&doc) && !has_twice(&patch))
		FUZZ_CHECK(str_eq(patched(base, &patch, &a, twice), base));
	return 0;
}
