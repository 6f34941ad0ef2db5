#include <string.h>

#include "json_patch.h"

enum { TOKENS = 1 << 16, TEXT = 1 << 20, NAME = 512 };

/* The next part of a pointer (RFC 6901), unescaped. */
static struct str part_next(struct str *path, char mem[NAME])
{
	struct str part;
	struct buf b;

	*path = str_cut(*path, '/', &part);
	buf_init(&b, mem, NAME);
	for (size_t i = 0; i < part.n; i++) {
		char c = part.p[i];

		if (c == '~' && i + 1 < part.n)
			c = part.p[++i] == '1' ? '/' : '~';
		buf_char(&b, c);
	}
	return buf_view(&b);
}

static uint32_t child_at(const struct json_doc *doc, uint32_t at,
    struct str part)
{
	uint64_t index;
	uint32_t e;

	if (json_type(doc, at) == JSON_OBJECT)
		return json_get(doc, at, part);
	if (json_type(doc, at) != JSON_ARRAY || str_u64(part, &index))
		return JSON_NIL;
	for (e = json_first(doc, at); e != JSON_NIL && index; index--)
		e = json_next(doc, at, e);
	return e;
}

static bool add(const struct json_doc *doc, struct str path,
    struct str value, struct buf *out)
{
	char mem[NAME];
	uint32_t at = JSON_ROOT, child;
	struct str part, old;
	size_t from;

	str_cut(path, '/', &part);
	if (part.n)
		return false;
	path = str_sub(path, 1, path.n);
	for (;;) {
		part = part_next(&path, mem);
		child = child_at(doc, at, part);
		if (!path.n || child == JSON_NIL)
			break;
		at = child;
	}
	if (path.n || (child == JSON_NIL &&
	    json_type(doc, at) != JSON_OBJECT))
		return false;
	old = json_raw(doc, child == JSON_NIL ? at : child);
	from = (size_t)(old.p - doc->text.p);
	if (child == JSON_NIL) {
		buf_str(out, str_sub(doc->text, 0, from + 1));
		buf_fmt(out, "\"%S\":%S%s", part, value,
		    json_first(doc, at) == JSON_NIL ? "" : ",");
		buf_str(out, str_sub(doc->text, from + 1, doc->text.n));
	} else {
		buf_str(out, str_sub(doc->text, 0, from));
		buf_str(out, value);
		buf_str(out, str_sub(doc->text, from + old.n, doc->text.n));
	}
	return !out->over;
}

bool json_patch_apply(struct str text, struct str patch, struct buf *out)
{
	static struct json_tok tok[TOKENS], ops_tok[TOKENS];
	static char mem[2][TEXT];
	struct json_doc doc, ops;
	uint32_t op;
	int turn = 0;

	if (json_parse(&ops, patch, ops_tok, TOKENS, NULL) ||
	    json_type(&ops, JSON_ROOT) != JSON_ARRAY)
		return false;
	for (op = json_first(&ops, JSON_ROOT); op != JSON_NIL;
	    op = json_next(&ops, JSON_ROOT, op)) {
		struct str path = json_raw(&ops, json_get(&ops, op,
		    STR("path")));
		struct buf b;

		if (!str_is(json_raw(&ops, json_get(&ops, op, STR("op"))),
		    "\"add\"") || json_parse(&doc, text, tok, TOKENS, NULL))
			return false;
		buf_init(&b, mem[turn], TEXT);
		if (!add(&doc, str_sub(path, 1, path.n - 1), json_raw(&ops,
		    json_get(&ops, op, STR("value"))), &b))
			return false;
		text = buf_view(&b);
		turn = !turn;
	}
	buf_str(out, text);
	return !out->over;
}
