#include <string.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

#include "json_int.h"

/*
 * jsmn takes much that is not JSON, even with JSMN_STRICT, so that nothing
 * may be concluded from its tokens alone. json_scan stands before it and
 * lets only well-formed text through. Without JSMN_PARENT_LINKS jsmn is
 * quadratic in the number of tokens, with it in the depth, which the scan
 * bounds.
 */

/* ---- tokens ------------------------------------------------------------ */

/*
 * jsmn writes its tokens into the memory of ours, and each is turned into
 * one of ours where it stands. memcpy, since the two types may not alias.
 */
_Static_assert(sizeof(jsmntok_t) == sizeof(struct json_tok),
    "tokens are converted in place");
_Static_assert(_Alignof(jsmntok_t) <= _Alignof(struct json_tok),
    "tokens are converted in place");

static uint8_t tok_type(const jsmntok_t *t, struct str text)
{
	if (t->type == JSMN_OBJECT)
		return JSON_OBJECT;
	if (t->type == JSMN_ARRAY)
		return JSON_ARRAY;
	if (t->type == JSMN_STRING)
		return JSON_STRING;
	switch (text.p[t->start]) {
	case 'n':
		return JSON_NULL;
	case 't':
	case 'f':
		return JSON_BOOL;
	}
	return JSON_NUMBER;
}

static struct json_tok tok_make(const jsmntok_t *t, struct str text,
    bool escapes)
{
	struct json_tok tok = {
		.start = (uint32_t)t->start,
		.end = (uint32_t)t->end,
		.size = (uint32_t)t->size,
		.type = tok_type(t, text),
	};

	CHECK(t->start >= 0 && t->end >= t->start &&
	    (size_t)t->end <= text.n);
	if (escapes && tok.type == JSON_STRING && tok.end > tok.start)
		tok.escaped = memchr(text.p + tok.start, '\\',
		    tok.end - tok.start) != NULL;
	return tok;
}

static bool is_key(const struct json_tok *t)
{
	return t->type == JSON_STRING && t->size == 1;
}

/* The subtree of at ends before next; so does that of its key. */
static void tok_end(struct json_tok *tok, uint32_t at, uint32_t next)
{
	tok[at].next = next;
	if (at > 0 && is_key(&tok[at - 1]))
		tok[at - 1].next = next;
}

static void tok_convert(struct json_tok *tok, uint32_t n, struct str text,
    bool escapes)
{
	uint32_t open[JSON_DEPTH_MAX];
	unsigned depth = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct json_tok t;
		jsmntok_t raw;

		memcpy(&raw, &tok[i], sizeof(raw));
		t = tok_make(&raw, text, escapes);
		memcpy(&tok[i], &t, sizeof(t));
		while (depth && tok[open[depth - 1]].end <= t.start)
			tok_end(tok, open[--depth], i);
		if (t.type != JSON_OBJECT && t.type != JSON_ARRAY) {
			tok_end(tok, i, i + 1);
			continue;
		}
		CHECK(depth < JSON_DEPTH_MAX);
		open[depth++] = i;
	}
	while (depth)
		tok_end(tok, open[--depth], n);
}

/* jsmn refuses a number or a word that stands alone. */
static int tok_lone(struct str text, size_t from, struct json_tok *tok)
{
	struct str rest = str_trim(str_sub(text, from, text.n));
	jsmntok_t raw = {
		.type = JSMN_PRIMITIVE,
		.start = (int)from,
		.end = (int)(from + rest.n),
		.parent = -1,
	};

	memcpy(tok, &raw, sizeof(raw));
	return 1;
}

/* The count of tokens, or ERR_LIMIT; the scan let the text through. */
static int tok_fill(struct str text, struct json_tok *tok, uint32_t cap)
{
	jsmn_parser parser;
	size_t from = 0;
	int n;

	if (cap == 0)
		return ERR_LIMIT;
	while (strchr(" \t\r\n", text.p[from]))
		from++;
	if (!strchr("{[\"", text.p[from]))
		return tok_lone(text, from, tok);
	jsmn_init(&parser);
	n = jsmn_parse(&parser, text.p, text.n, (jsmntok_t *)(void *)tok, cap);
	if (n == JSMN_ERROR_NOMEM)
		return ERR_LIMIT;
	CHECK(n > 0 && (uint32_t)n <= cap);
	return n;
}

int json_parse(struct json_doc *doc, struct str text, struct json_tok *tok,
    uint32_t cap, struct diag *d)
{
	bool escapes;
	int n;

	if (text.n > JSON_OBJECT_MAX) {
		diag_set(d, STR_NONE, "longer than %U bytes",
		    (uint64_t)JSON_OBJECT_MAX);
		return ERR_LIMIT;
	}
	n = json_scan_text(text, &escapes, d);
	if (n)
		return n;
	n = tok_fill(text, tok, cap);
	if (n < 0) {
		diag_set(d, STR_NONE, "more than %U values", (uint64_t)cap);
		return n;
	}
	tok_convert(tok, (uint32_t)n, text, escapes);
	*doc = (struct json_doc){ text, tok, cap, (uint32_t)n };
	return 0;
}

/* ---- walking ----------------------------------------------------------- */

static const struct json_tok *tok_at(const struct json_doc *doc, uint32_t at)
{
	return at < doc->n ? &doc->tok[at] : NULL;
}

static struct str tok_text(const struct json_doc *doc,
    const struct json_tok *t)
{
	return (struct str){ doc->text.p + t->start, t->end - t->start };
}

int json_parse_in(struct json_doc *doc, struct str text, struct arena *a,
    struct diag *d)
{
	struct json_tok *tok;
	uint32_t cap = 1;
	size_t i;

	/* Before each value but the first stands one of these. */
	for (i = 0; i < text.n && cap < JSON_TOKENS_MAX; i++)
		cap += text.p[i] == ',' || text.p[i] == ':' ||
		    text.p[i] == '{' || text.p[i] == '[';
	tok = arena_array(a, struct json_tok, cap);
	if (tok == NULL) {
		diag_set(d, STR_NONE, "%s", err_text(ERR_FULL));
		return ERR_FULL;
	}
	return json_parse(doc, text, tok, cap, d);
}

enum json_type json_type(const struct json_doc *doc, uint32_t at)
{
	const struct json_tok *t = tok_at(doc, at);

	return t ? (enum json_type)t->type : JSON_NONE;
}

struct str json_raw(const struct json_doc *doc, uint32_t at)
{
	const struct json_tok *t = tok_at(doc, at);
	struct str s;

	if (!t)
		return STR_NONE;
	s = tok_text(doc, t);
	if (t->type == JSON_STRING) {
		s.p--;
		s.n += 2;
	}
	return s;
}

uint32_t json_first(const struct json_doc *doc, uint32_t at)
{
	const struct json_tok *t = tok_at(doc, at);

	if (!t || t->type == JSON_STRING || t->size == 0)
		return JSON_NIL;
	return at + 1;
}

uint32_t json_next(const struct json_doc *doc, uint32_t parent, uint32_t at)
{
	const struct json_tok *t = tok_at(doc, at);
	const struct json_tok *up = tok_at(doc, parent);

	return t && up && t->next < up->next ? t->next : JSON_NIL;
}

uint32_t json_value(const struct json_doc *doc, uint32_t key)
{
	const struct json_tok *t = tok_at(doc, key);

	return t && is_key(t) && key + 1 < doc->n ? key + 1 : JSON_NIL;
}

/* Encodes a code point that is no surrogate; the length, 1 to 4. */
static unsigned utf8_put(uint32_t point, char ret[static 4])
{
	static const unsigned char lead[5] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	unsigned n = point < 0x80 ? 1 : point < 0x800 ? 2 :
	    point < 0x10000 ? 3 : 4;
	unsigned i;

	for (i = n - 1; i > 0; i--) {
		ret[i] = (char)(0x80 | (point & 0x3f));
		point >>= 6;
	}
	ret[0] = (char)(lead[n] | point);
	return n;
}

/*
 * Decodes the escape at p, which the scan has found good, and moves p behind
 * it; the length in UTF-8.
 */
static unsigned unescape(const char **p, char ret[static 4])
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const unsigned char *u = (const unsigned char *)*p;
	uint32_t point, low;

	if (u[1] != 'u') {
		ret[0] = to[strchr(from, u[1]) - from];
		*p += 2;
		return 1;
	}
	point = (uint32_t)json_hex4(u + 2, u + 6);
	*p += 6;
	if (json_is_high((int32_t)point)) {
		low = (uint32_t)json_hex4(u + 8, u + 12);
		point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
		*p += 6;
	}
	return utf8_put(point, ret);
}

bool json_key_is(const struct json_doc *doc, uint32_t key, struct str name)
{
	const struct json_tok *t = tok_at(doc, key);
	struct str s;
	const char *p;
	char c[4];

	if (!t || t->type != JSON_STRING)
		return false;
	s = tok_text(doc, t);
	if (!t->escaped)
		return str_eq(s, name);
	for (p = s.p; p < s.p + s.n;) {
		unsigned n = 1;

		if (*p == '\\')
			n = unescape(&p, c);
		else
			c[0] = *p++;
		if (name.n < n || memcmp(name.p, c, n) != 0)
			return false;
		name = str_sub(name, n, name.n);
	}
	return name.n == 0;
}

uint32_t json_get(const struct json_doc *doc, uint32_t at, struct str key)
{
	uint32_t k;

	if (json_type(doc, at) != JSON_OBJECT)
		return JSON_NIL;
	for (k = json_first(doc, at); k != JSON_NIL; k = json_next(doc, at, k))
		if (json_key_is(doc, k, key))
			return json_value(doc, k);
	return JSON_NIL;
}

uint32_t json_path(const struct json_doc *doc, uint32_t at, const char *path)
{
	struct str rest = str_from(path), key;

	while (at != JSON_NIL && rest.n) {
		rest = str_cut(rest, '.', &key);
		at = json_get(doc, at, key);
	}
	return at;
}

/* ---- scalars ----------------------------------------------------------- */

/* How much of s, of valid UTF-8, goes into so much room. */
static size_t whole_chars(struct str s, size_t room)
{
	if (room >= s.n)
		return s.n;
	while (room > 0 && ((unsigned char)s.p[room] & 0xc0) == 0x80)
		room--;
	return room;
}

/* cut: what there is no room for is left out. */
static void string_put(struct buf *b, struct str s, bool cut)
{
	const char *p = s.p, *end = s.p + s.n;
	char c[4];

	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		struct str piece = { p, (size_t)((slash ? slash : end) - p) };
		unsigned n;

		if (cut && piece.n > b->cap - b->n) {
			buf_put(b, p, whole_chars(piece, b->cap - b->n));
			return;
		}
		buf_put(b, piece.p, piece.n);
		p = slash ? slash : end;
		n = slash ? unescape(&p, c) : 0;
		if (cut && n > b->cap - b->n)
			return;
		buf_put(b, c, n);
	}
}

static int string_read(const struct json_doc *doc, uint32_t at, bool cut,
    struct arena *a, struct str *ret)
{
	const struct json_tok *t = tok_at(doc, at);
	struct str s;
	struct buf b;

	if (!t || t->type != JSON_STRING)
		return ERR_BAD;
	s = tok_text(doc, t);
	if (!t->escaped) {
		*ret = s;
		return 0;
	}
	b = arena_buf(a);
	string_put(&b, s, cut);
	s = arena_keep(a, &b);
	if (b.over)
		return ERR_FULL;
	*ret = s;
	return 0;
}

int json_string(const struct json_doc *doc, uint32_t at, struct arena *a,
    struct str *ret)
{
	return string_read(doc, at, false, a, ret);
}

int json_string_cut(const struct json_doc *doc, uint32_t at, struct arena *a,
    struct str *ret)
{
	return string_read(doc, at, true, a, ret);
}

/* A JSON number: digits without the point, times 10^exp. */
struct decimal {
	bool minus;
	struct str digits;	/* from the first to the last one not 0 */
	int64_t exp;
};

/* Far beyond what a text of JSON_OBJECT_MAX bytes can bring back. */
#define EXP_CLAMP INT64_C(1000000000)

static int64_t exp_parse(struct str s)
{
	bool minus = s.n && s.p[0] == '-';
	int64_t v = 0;
	size_t i;

	for (i = s.n && (s.p[0] == '-' || s.p[0] == '+'); i < s.n; i++)
		if (v < EXP_CLAMP)
			v = v * 10 + (s.p[i] - '0');
	return minus ? -v : v;
}

static struct decimal decimal_parse(struct str s)
{
	struct decimal d = { .minus = s.p[0] == '-' };
	size_t e = str_find(s, 'e'), dot, from = d.minus, to;

	if (e == s.n)
		e = str_find(s, 'E');
	if (e < s.n)
		d.exp = exp_parse(str_sub(s, e + 1, s.n));
	s = str_sub(s, 0, e);
	dot = str_find(s, '.');
	for (to = s.n; to > from; to--)
		if (s.p[to - 1] != '0' && s.p[to - 1] != '.')
			break;
	while (from < to && (s.p[from] == '0' || s.p[from] == '.'))
		from++;
	d.digits = str_sub(s, from, to);
	/* The last digit's place; one behind the point has place -1. */
	if (to <= dot)
		d.exp += (int64_t)(dot - to);
	else
		d.exp -= (int64_t)(to - dot - 1);
	return d;
}

int json_i64(const struct json_doc *doc, uint32_t at, int64_t *ret)
{
	const struct json_tok *t = tok_at(doc, at);
	struct decimal d;
	uint64_t v = 0, max;
	size_t i;

	if (!t || t->type != JSON_NUMBER)
		return ERR_BAD;
	d = decimal_parse(tok_text(doc, t));
	max = (uint64_t)INT64_MAX + d.minus;
	if (d.digits.n && d.exp < 0)
		return ERR_BAD;
	for (i = 0; i < d.digits.n; i++) {
		unsigned digit = (unsigned)(d.digits.p[i] - '0');

		if (d.digits.p[i] == '.')
			continue;
		if (v > (max - digit) / 10)
			return ERR_LIMIT;
		v = v * 10 + digit;
	}
	for (; v && d.exp > 0; d.exp--) {
		if (v > max / 10)
			return ERR_LIMIT;
		v *= 10;
	}
	*ret = d.minus ? -(int64_t)(v - (v > 0)) - (v > 0) : (int64_t)v;
	return 0;
}

int json_bool(const struct json_doc *doc, uint32_t at, bool *ret)
{
	const struct json_tok *t = tok_at(doc, at);

	if (!t || t->type != JSON_BOOL)
		return ERR_BAD;
	*ret = doc->text.p[t->start] == 't';
	return 0;
}
