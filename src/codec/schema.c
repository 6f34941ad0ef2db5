#include <string.h>

#include "schema_int.h"

const struct schema_mode schema_plain = { IN_ALL, false, NULL, 0 };

/* Tokens of a default: a word, a number, an empty list or object. */
#define DEFAULT_TOKENS 4

const char *schema_word(const struct schema_words *w, uint32_t v)
{
	CHECK(v < w->n);
	return w->text[v];
}

int schema_word_find(const struct schema_words *w, struct str text)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (str_is(text, w->text[i]))
			return (int)i;
	return ERR_NOENT;
}

const struct schema_rule *schema_rule_find(const struct schema_mode *m,
    const struct schema *s, size_t row, enum schema_what what)
{
	for (size_t i = 0; i < m->rules; i++) {
		const struct schema_rule *r = &m->rule[i];

		if (r->table == s && r->row == row && r->what == what &&
		    r->groups & m->groups)
			return r;
	}
	return NULL;
}

bool pairs_have(const struct pairs *m, struct str key)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (str_eq(m->p[i].key, key))
			return true;
	return false;
}

struct str pairs_get(const struct pairs *m, struct str key)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (str_eq(m->p[i].key, key))
			return m->p[i].value;
	return STR_NONE;
}

/* ---- objects ---- */

static int push(struct decoder *c, const struct schema *s, uint32_t at,
    char *o)
{
	struct frame *t;

	if (!field_is(c, at, JSON_OBJECT))
		return field_bad_type(c, "an object", at);
	if (c->depth == SCHEMA_DEPTH_MAX) {
		field_bad(c, "is nested too deeply");
		return ERR_LIMIT;
	}
	t = &c->frame[c->depth++];
	memset(t, 0, sizeof(*t));
	t->s = s;
	t->o = o;
	t->at = at;
	t->key = json_first(c->doc, at);
	t->elem = JSON_NIL;
	t->mark = arena_mark(c->a);
	if (s->n && s->row[0].type == FIELD_SELF) {
		struct str raw = json_raw(c->doc, at);

		if (o)
			memcpy(o + s->row[0].offset, &raw, sizeof(raw));
		t->has = 1;
	}
	return 0;
}

static int open_list(struct decoder *c, const struct schema_field *f,
    uint32_t at, char *to)
{
	struct frame *t = &c->frame[c->depth - 1];
	void *p = NULL;
	uint32_t n;
	int err;

	if (!field_is(c, at, JSON_ARRAY))
		return field_bad_type(c, "a list", at);
	err = list_room(c, f, at, to ? f->of.table->size : 1, &p, &n);
	if (err)
		return err;
	if (to)
		list_put(to, p, n);
	t->list = at;
	t->elem = json_first(c->doc, at);
	t->items = p;
	t->i = 0;
	return 0;
}

static int take_raw(struct decoder *c, const struct schema_field *f,
    uint32_t at, char *to)
{
	enum json_type want = f->type == FIELD_RAW_LIST ? JSON_ARRAY :
	    JSON_OBJECT;
	struct str raw = json_raw(c->doc, at);

	if (f->type != FIELD_RAW && !field_is(c, at, want))
		return field_bad_type(c, want == JSON_OBJECT ? "an object" :
		    "a list", at);
	if (to)
		memcpy(to, &raw, sizeof(raw));
	return f->type == FIELD_RAW_OBJ && f->of.table ?
	    push(c, f->of.table, at, NULL) : 0;
}

/* One member; objects and lists are only opened. */
static int take(struct decoder *c, const struct schema_field *f, uint32_t at)
{
	struct frame *t = &c->frame[c->depth - 1];
	char *to = t->o ? t->o + f->offset : NULL;
	union scalar v;
	size_t size;
	int err;

	switch (f->type) {
	case FIELD_OBJ:
		return push(c, f->of.table, at, to);
	case FIELD_LIST:
		return open_list(c, f, at, to);
	case FIELD_STRS:
	case FIELD_INTS:
		return take_items(c, f, at, to);
	case FIELD_MAP:
	case FIELD_QUANTITIES:
		return take_pairs(c, f, at, to);
	case FIELD_RAW:
	case FIELD_RAW_OBJ:
	case FIELD_RAW_LIST:
		return take_raw(c, f, at, to);
	default:
		memset(&v, 0, sizeof(v));
		err = take_scalar(c, f, at, &v, &size);
		if (!err && to)
			memcpy(to, &v, size);
		return err;
	}
}

static const struct schema_field *row_for(const struct decoder *c,
    const struct schema *s, uint32_t key)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_field *f = &s->row[i];

		if (f->groups & c->m->groups && f->type != FIELD_SELF &&
		    json_key_is(c->doc, key, str_from(f->key)))
			return f;
	}
	return NULL;
}

static int unknown(const struct decoder *c, uint32_t key)
{
	struct str quoted = json_raw(c->doc, key);
	char mem[DIAG_PATH_MAX];

	diag_set(c->d, field_path(c, str_sub(quoted, 1, quoted.n - 1), mem),
	    "is not a known field");
	return ERR_BAD;
}

static int member(struct decoder *c, struct frame *t)
{
	uint32_t key = t->key, at = json_value(c->doc, key);
	const struct schema_field *f = row_for(c, t->s, key);
	uint64_t bit;
	int err;

	t->key = json_next(c->doc, t->at, key);
	t->f = f;
	t->i = 0;
	if (!f)
		return c->m->strict ? unknown(c, key) : 0;
	bit = UINT64_C(1) << (f - t->s->row);
	if (t->seen & bit)
		return field_bad(c, "appears twice");
	t->seen |= bit;
	if (json_type(c->doc, at) == JSON_NULL)
		return 0;
	err = take(c, f, at);
	if (!err)
		t->has |= bit;
	return err;
}

static int take_default(struct decoder *c, struct frame *t,
    const struct schema_rule *r)
{
	const struct json_doc *doc = c->doc;
	struct json_tok tok[DEFAULT_TOKENS];
	struct json_doc def;
	uint32_t depth = c->depth;
	int err;

	CHECK(!json_parse(&def, str_from(r->text), tok, DEFAULT_TOKENS, NULL));
	c->doc = &def;
	t->f = &t->s->row[r->row];
	err = take(c, t->f, JSON_ROOT);
	c->doc = doc;
	/* An object here would be finished against the wrong document. */
	CHECK(c->depth == depth && t->elem == JSON_NIL);
	if (!err)
		t->has |= UINT64_C(1) << r->row;
	return err;
}

static int missing(const struct decoder *c, const struct frame *t, size_t row)
{
	char mem[DIAG_PATH_MAX];
	struct str key = str_from(t->s->row[row].key);

	diag_set(c->d, field_path(c, key, mem), "is required");
	return ERR_BAD;
}

/* The rules of kind `what` for rows that are not there. */
static int absent(struct decoder *c, struct frame *t, enum schema_what what)
{
	int err = 0;

	t->f = NULL;
	for (size_t i = 0; i < c->m->rules && !err; i++) {
		const struct schema_rule *r = &c->m->rule[i];

		if (r->table != t->s || r->what != what ||
		    !(r->groups & c->m->groups) || t->has >> r->row & 1)
			continue;
		err = what == RULE_REQ ? missing(c, t, r->row) :
		    take_default(c, t, r);
		t->f = NULL;
	}
	return err;
}

static int required(const struct decoder *c, struct frame *t)
{
	t->f = NULL;
	for (size_t i = 0; i < t->s->n; i++) {
		const struct schema_field *f = &t->s->row[i];

		if (f->flags & FIELD_REQ && f->groups & c->m->groups &&
		    !(t->has >> i & 1))
			return missing(c, t, i);
	}
	return 0;
}

/* The end of an object: what is absent gets its default or is refused. */
static int finish(struct decoder *c, struct frame *t)
{
	int err = absent(c, t, RULE_DEFAULT);

	if (!err)
		err = absent(c, t, RULE_DEFAULT_HIDDEN);
	if (!err)
		err = absent(c, t, RULE_REQ);
	if (!err)
		err = required(c, t);
	if (err)
		return err;
	c->depth--;
	if (t->o)
		memcpy(t->o, &t->has, sizeof(t->has));
	else if (c->frame[c->depth - 1].o)
		arena_reset(c->a, t->mark);	/* only checked: not kept */
	return 0;
}

static int step(struct decoder *c)
{
	struct frame *t = &c->frame[c->depth - 1];
	char *o = NULL;
	uint32_t e = t->elem;

	if (e == JSON_NIL)
		return t->key == JSON_NIL ? finish(c, t) : member(c, t);
	if (t->o)
		o = t->items + t->i * (size_t)t->f->of.table->size;
	t->elem = json_next(c->doc, t->list, e);
	t->i++;
	return push(c, t->f->of.table, e, o);
}

int schema_decode(const struct schema *s, const struct schema_mode *m,
    const struct json_doc *doc, uint32_t at, struct str path,
    struct arena *a, void *ret, struct diag *d)
{
	struct decoder c = { m ? m : &schema_plain, doc, a, d, path, 0, {{0}} };
	size_t mark = arena_mark(a);
	char *o = arena_alloc(a, s->size, _Alignof(int64_t));
	int err;

	if (!o) {
		arena_reset(a, mark);
		return field_full(&c);
	}
	err = push(&c, s, at, o);
	while (!err && c.depth)
		err = step(&c);
	if (err)
		arena_reset(a, mark);
	else
		memcpy(ret, o, s->size);
	return err;
}

int schema_decode_text(const struct schema *s, const struct schema_mode *m,
    struct str text, struct arena *a, void *ret, struct diag *d)
{
	size_t mark = arena_mark(a);
	struct json_doc doc;
	int err = json_parse_in(&doc, text, a, d);

	if (!err)
		err = schema_decode(s, m, &doc, JSON_ROOT, STR_NONE, a, ret,
		    d);
	if (err)
		arena_reset(a, mark);
	return err;
}
