/*
 * json_scan agrees with a plain recursive reader of RFC 8259; json_parse takes
 * what the scan takes; its tokens, walked and written again, give a text that
 * parses to the same tokens. The pool is static and keeps the tokens of
 * earlier inputs, as in production.
 */
#include "codec.h"
#include "fuzz.h"

enum { TOKENS = FUZZ_MAX, OUT = 8 * FUZZ_MAX };
static struct json_tok tok[TOKENS], again[TOKENS];
static char out_mem[OUT], arena_mem[2 * FUZZ_MAX];

/* ---- the reference: recursive, a byte at a time ------------------------- */

struct ref {
	const uint8_t *p, *end;
	int depth, deepest;
};

static int peek(const struct ref *r)
{
	return r->p < r->end ? *r->p : -1;
}

static bool take(struct ref *r, int c)
{
	if (peek(r) != c)
		return false;
	r->p++;
	return true;
}

static void space(struct ref *r)
{
	while (take(r, ' ') || take(r, '\n') || take(r, '\r') || take(r, '\t'))
		;
}

static bool digits(struct ref *r)
{
	const uint8_t *from = r->p;

	while (peek(r) >= '0' && peek(r) <= '9')
		r->p++;
	return r->p > from;
}

static bool ref_number(struct ref *r)
{
	take(r, '-');
	if (!take(r, '0') && !digits(r))
		return false;
	if (take(r, '.') && !digits(r))
		return false;
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '+'))
			take(r, '-');
		return digits(r);
	}
	return true;
}

static int ref_hex4(struct ref *r)
{
	char text[5] = "";
	int i;

	for (i = 0; i < 4; i++, r->p++) {
		if (peek(r) <= 0 || !strchr("0123456789abcdefABCDEF", *r->p))
			return -1;
		text[i] = (char)*r->p;
	}
	return (int)strtol(text, NULL, 16);
}

static bool ref_escape(struct ref *r)
{
	int unit;

	if (peek(r) > 0 && strchr("\"\\/bfnrt", peek(r))) {
		r->p++;
		return true;
	}
	if (!take(r, 'u'))
		return false;
	unit = ref_hex4(r);
	if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000))
		return false;
	if (unit < 0xd800 || unit >= 0xe000)
		return true;
	if (!take(r, '\\') || !take(r, 'u'))
		return false;
	unit = ref_hex4(r);
	return unit >= 0xdc00 && unit < 0xe000;
}

static bool ref_string(struct ref *r)
{
	const uint8_t *from = ++r->p;

	while (!take(r, '"')) {
		if (peek(r) < 0x20)
			return false;
		if (*r->p++ == '\\' && !ref_escape(r))
			return false;
	}
	return str_utf8((struct str){ (const char *)from,
	    (size_t)(r->p - from) });
}

static bool ref_word(struct ref *r, const char *word)
{
	while (*word)
		if (!take(r, *word++))
			return false;
	return true;
}

static bool ref_value(struct ref *r);

static bool ref_members(struct ref *r, bool object)
{
	int end = object ? '}' : ']';

	r->p++;
	space(r);
	if (take(r, end))
		return true;
	do {
		space(r);
		if (object && (peek(r) != '"' || !ref_string(r)))
			return false;
		space(r);
		if (object && !take(r, ':'))
			return false;
		if (!ref_value(r))
			return false;
		space(r);
	} while (take(r, ','));
	return take(r, end);
}

static bool ref_value(struct ref *r)
{
	bool good;

	space(r);
	switch (peek(r)) {
	case '"':
		return ref_string(r);
	case 't':
		return ref_word(r, "true");
	case 'f':
		return ref_word(r, "false");
	case 'n':
		return ref_word(r, "null");
	case '{':
	case '[':
		if (++r->depth > r->deepest)
			r->deepest = r->depth;
		if (r->depth > JSON_DEPTH_MAX)
			return false;
		good = ref_members(r, peek(r) == '{');
		r->depth--;
		return good;
	default:
		return ref_number(r);
	}
}

static int ref_scan(const uint8_t *data, size_t size)
{
	struct ref r = { data, data + size, 0, 0 };
	bool good = ref_value(&r);

	space(&r);
	if (r.deepest > JSON_DEPTH_MAX)
		return ERR_LIMIT;
	return good && r.p == r.end ? 0 : ERR_BAD;
}

/* ---- the round trip ------------------------------------------------------ */

/* With half the room: whole characters of it, or all where it lies as it is. */
static void check_cut(const struct json_doc *doc, uint32_t at, struct str whole)
{
	static char room[FUZZ_MAX];
	struct arena a;
	struct str s;

	arena_init(&a, room, whole.n / 2);
	FUZZ_CHECK(json_string_cut(doc, at, &a, &s) == 0);
	FUZZ_CHECK(str_starts(whole, s) && str_utf8(s));
	FUZZ_CHECK(s.n == whole.n || s.n <= whole.n / 2);
}

static struct str string_at(const struct json_doc *doc, uint32_t at)
{
	static struct arena a;
	struct str s = STR_NONE;

	arena_init(&a, arena_mem, sizeof(arena_mem));
	FUZZ_CHECK(json_string(doc, at, &a, &s) == 0);
	FUZZ_CHECK(str_utf8(s));
	check_cut(doc, at, s);
	return s;
}

static void scalar_write(struct jw *w, const struct json_doc *doc, uint32_t at)
{
	int64_t v;
	bool b;

	if (json_type(doc, at) == JSON_STRING)
		jw_str(w, string_at(doc, at));
	else if (json_bool(doc, at, &b) == 0)
		jw_bool(w, b);
	else if (json_i64(doc, at, &v) == 0)
		jw_i64(w, v);
	else
		jw_raw(w, json_raw(doc, at));
}

static void value_write(struct jw *w, const struct json_doc *doc, uint32_t at)
{
	bool object = json_type(doc, at) == JSON_OBJECT;
	uint32_t k, count = 0;

	if (!object && json_type(doc, at) != JSON_ARRAY) {
		scalar_write(w, doc, at);
		return;
	}
	if (object)
		jw_open(w);
	else
		jw_open_list(w);
	for (k = json_first(doc, at); k != JSON_NIL;
	    k = json_next(doc, at, k), count++) {
		FUZZ_CHECK(k > at && k < doc->tok[at].next);
		if (object) {
			struct str key = string_at(doc, k);

			FUZZ_CHECK(json_key_is(doc, k, key));
			jw_key(w, key);
		}
		value_write(w, doc, object ? json_value(doc, k) : k);
	}
	FUZZ_CHECK(count == doc->tok[at].size);
	if (object)
		jw_close(w);
	else
		jw_close_list(w);
}

static void same_tokens(const struct json_doc *a, const struct json_doc *b)
{
	uint32_t i;

	FUZZ_CHECK(a->n == b->n);
	for (i = 0; i < a->n; i++) {
		FUZZ_CHECK(a->tok[i].type == b->tok[i].type);
		FUZZ_CHECK(a->tok[i].size == b->tok[i].size);
		FUZZ_CHECK(a->tok[i].next == b->tok[i].next);
		FUZZ_CHECK(json_scan(json_raw(a, i), NULL) == 0);
		if (a->tok[i].type == JSON_STRING)
			FUZZ_CHECK(json_key_is(b, i, string_at(a, i)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct json_doc doc, doc2;
	struct diag d;
	struct buf out;
	struct jw w;
	int err = json_scan(text, NULL);

	FUZZ_CHECK(err == ref_scan(data, size));
	diag_clear(&d);
	FUZZ_CHECK(json_parse(&doc, text, tok, TOKENS, &d) == err);
	FUZZ_CHECK(diag_is_set(&d) == (err != 0));
	if (err)
		return 0;
	buf_init(&out, out_mem, sizeof(out_mem));
	jw_init(&w, &out);
	value_write(&w, &doc, JSON_ROOT);
	FUZZ_CHECK(jw_done(&w) && !out.over);
	if (out.n > JSON_OBJECT_MAX)
		return 0;
	FUZZ_CHECK(json_parse(&doc2, buf_view(&out), again, TOKENS, NULL) ==
	    0);
	same_tokens(&doc, &doc2);
	return 0;
}
