#include <string.h>

#include "schema_int.h"

/* Longest value that a message shows. */
#define SHOWN_MAX 64

static void path_write(const struct decoder *c, struct buf *out)
{
	buf_str(out, c->path);
	for (uint32_t i = 0; i < c->depth; i++) {
		const struct frame *t = &c->frame[i];

		if (!t->f)
			continue;
		if (out->n)
			buf_char(out, '.');
		buf_cstr(out, t->f->key);
		if (t->f->type == FIELD_LIST && t->i)
			buf_fmt(out, "[%u]", (unsigned)(t->i - 1));
	}
}

/* The path of what is at hand, with `key` behind it unless empty. */
struct str field_path(const struct decoder *c, struct str key,
    char mem[DIAG_PATH_MAX])
{
	struct buf b;

	buf_init(&b, mem, DIAG_PATH_MAX);
	path_write(c, &b);
	if (key.n && b.n)
		buf_char(&b, '.');
	buf_str(&b, key);
	return buf_view(&b);
}

int field_bad(const struct decoder *c, const char *text)
{
	char mem[DIAG_PATH_MAX];

	diag_set(c->d, field_path(c, STR_NONE, mem), "%s", text);
	return ERR_BAD;
}

/* A value and the rule it breaks; secrets are not shown. */
static int bad_value(const struct decoder *c, struct str value,
    const char *rule)
{
	const struct schema_field *f = c->frame[c->depth - 1].f;
	char mem[DIAG_PATH_MAX];
	struct str path = field_path(c, STR_NONE, mem);

	if (f && f->flags & FIELD_SECRET)
		diag_set(c->d, path, "%s", rule);
	else
		diag_set(c->d, path, "%S%s %s",
		    str_sub(value, 0, SHOWN_MAX),
		    value.n > SHOWN_MAX ? "..." : "", rule);
	return ERR_BAD;
}

static const char *const type_name[] = {
	[JSON_NONE] = "nothing", [JSON_OBJECT] = "an object",
	[JSON_ARRAY] = "a list", [JSON_STRING] = "a string",
	[JSON_NUMBER] = "a number", [JSON_BOOL] = "a boolean",
	[JSON_NULL] = "null"
};

int field_bad_type(const struct decoder *c, const char *want, uint32_t at)
{
	char mem[DIAG_PATH_MAX];

	diag_set(c->d, field_path(c, STR_NONE, mem), "must be %s, is %s", want,
	    type_name[json_type(c->doc, at)]);
	return ERR_BAD;
}

static int bad_range(const struct decoder *c, int64_t v, int64_t min,
    int64_t max)
{
	char mem[DIAG_PATH_MAX];
	struct str path = field_path(c, STR_NONE, mem);

	if (v < min)
		diag_set(c->d, path, "%D is under %D", v, min);
	else
		diag_set(c->d, path, "%D is over %D", v, max);
	return ERR_BAD;
}

static int bad_count(const struct decoder *c, int64_t n, int64_t max)
{
	char mem[DIAG_PATH_MAX];

	diag_set(c->d, field_path(c, STR_NONE, mem),
	    "has %D items, at most %D are taken", n, max);
	return ERR_BAD;
}

int field_full(const struct decoder *c)
{
	char mem[DIAG_PATH_MAX];

	diag_set(c->d, field_path(c, STR_NONE, mem), "no memory left for this");
	return ERR_FULL;
}

/* ---- values ---- */

bool field_is(const struct decoder *c, uint32_t at, enum json_type t)
{
	return json_type(c->doc, at) == t;
}

static size_t row_of(const struct decoder *c, const struct schema_field *f)
{
	return (size_t)(f - c->frame[c->depth - 1].s->row);
}

static void bounds(const struct decoder *c, const struct schema_field *f,
    int64_t *ret_min, int64_t *ret_max)
{
	const struct schema_rule *r = schema_rule_find(c->m,
	    c->frame[c->depth - 1].s, row_of(c, f), RULE_BOUNDS);

	*ret_min = r ? r->min : f->min;
	*ret_max = r ? r->max : f->max;
}

static int text_at(const struct decoder *c, uint32_t at, struct str *ret)
{
	int err;

	if (!field_is(c, at, JSON_STRING))
		return field_bad_type(c, "a string", at);
	err = json_string(c->doc, at, c->a, ret);
	return err == ERR_FULL ? field_full(c) : err;
}

static int take_str(const struct decoder *c, const struct schema_field *f,
    uint32_t at, struct str *ret)
{
	int64_t min, max;
	int err = text_at(c, at, ret);

	if (err)
		return err;
	bounds(c, f, &min, &max);
	if ((int64_t)ret->n < min)
		return field_bad(c, min == 1 ? "must not be empty" :
		    "is too short");
	if (max && (int64_t)ret->n > max) {
		char mem[DIAG_PATH_MAX];

		diag_set(c->d, field_path(c, STR_NONE, mem),
		    "is %D bytes long, at most %D are taken",
		    (int64_t)ret->n, max);
		return ERR_BAD;
	}
	return 0;
}

static int take_int(const struct decoder *c, uint32_t at, int64_t min,
    int64_t max, int64_t *ret)
{
	if (!field_is(c, at, JSON_NUMBER))
		return field_bad_type(c, "an integer", at);
	if (json_i64(c->doc, at, ret))
		return bad_value(c, json_raw(c->doc, at),
		    "is not a 64-bit integer");
	return *ret < min || *ret > max ? bad_range(c, *ret, min, max) : 0;
}

/* An integer within the field's bounds, or those of its width. */
static int take_bounded(const struct decoder *c,
    const struct schema_field *f, uint32_t at, int64_t *ret)
{
	bool wide = f->type == FIELD_I64;
	int64_t min, max;

	bounds(c, f, &min, &max);
	if (!min && !max) {
		min = wide ? INT64_MIN : INT32_MIN;
		max = wide ? INT64_MAX : INT32_MAX;
	}
	return take_int(c, at, min, max, ret);
}

static int take_quantity(const struct decoder *c, uint32_t at,
    struct str *ret)
{
	int64_t milli;
	int err;

	if (field_is(c, at, JSON_NUMBER)) {
		*ret = json_raw(c->doc, at);
	} else if (!field_is(c, at, JSON_STRING)) {
		return field_bad_type(c, "a quantity", at);
	} else {
		err = text_at(c, at, ret);
		if (err)
			return err;
	}
	if (quantity_parse(*ret, &milli))
		return bad_value(c, *ret, "is not a quantity");
	return 0;
}

static int take_time(const struct decoder *c, const struct schema_field *f,
    uint32_t at, int64_t *ret)
{
	struct str s;
	int err = text_at(c, at, &s);

	if (err)
		return err;
	if (f->type == FIELD_DURATION)
		return duration_parse(s, ret) ?
		    bad_value(c, s, "is not a duration such as 30s or 1h30m")
		    : 0;
	return time_parse(s, ret) ?
	    bad_value(c, s, "is not a time as in RFC 3339") : 0;
}

static int take_word(const struct decoder *c, const struct schema_field *f,
    uint32_t at, int *ret)
{
	const struct schema_words *w = f->of.words;
	const struct schema_rule *r = schema_rule_find(c->m,
	    c->frame[c->depth - 1].s, row_of(c, f), RULE_WORDS);
	char mem[DIAG_TEXT_MAX];
	struct buf b;
	struct str s;
	int err = text_at(c, at, &s);

	if (err)
		return err;
	*ret = schema_word_find(w, s);
	if (*ret >= 0 && (!r || r->min >> *ret & 1))
		return 0;
	buf_init(&b, mem, sizeof(mem) - 1);
	buf_cstr(&b, "is not one of");
	for (uint32_t i = 0; i < w->n; i++)
		if ((!r || r->min >> i & 1) && *w->text[i])
			buf_fmt(&b, "%s %s", b.n > 13 ? "," : "", w->text[i]);
	mem[b.n] = '\0';
	return bad_value(c, s, mem);
}

static int take_int_or_str(const struct decoder *c,
    const struct schema_field *f, uint32_t at, struct int_or_str *ret)
{
	int64_t v;
	int err;

	if (field_is(c, at, JSON_STRING))
		return text_at(c, at, &ret->s);
	if (!field_is(c, at, JSON_NUMBER))
		return field_bad_type(c, "an integer or a string", at);
	err = take_bounded(c, f, at, &v);
	if (err)
		return err;
	ret->is_int = true;
	ret->i = (int32_t)v;
	return 0;
}

/* ---- lists and maps ---- */

void list_put(char *to, void *p, uint32_t n)
{
	memcpy(to, &p, sizeof(p));
	memcpy(to + offsetof(struct strs, n), &n, sizeof(n));
}

static uint32_t count(const struct json_doc *doc, uint32_t at)
{
	uint32_t n = 0;

	for (uint32_t i = json_first(doc, at); i != JSON_NIL;
	    i = json_next(doc, at, i))
		n++;
	return n;
}

/* Room for as many items as the list or map at `at` has. */
int list_room(const struct decoder *c, const struct schema_field *f,
    uint32_t at, size_t size, void **ret_p, uint32_t *ret_n)
{
	int64_t min, max;

	*ret_n = count(c->doc, at);
	bounds(c, f, &min, &max);
	if (max && *ret_n > max)
		return bad_count(c, *ret_n, max);
	*ret_p = arena_alloc_array(c->a, *ret_n, size, _Alignof(int64_t));
	return *ret_p || !*ret_n ? 0 : field_full(c);
}

int take_items(const struct decoder *c, const struct schema_field *f,
    uint32_t at, char *to)
{
	size_t size = f->type == FIELD_STRS ? sizeof(struct str) :
	    sizeof(int64_t);
	void *p;
	uint32_t n, i = 0;
	int err;

	if (!field_is(c, at, JSON_ARRAY))
		return field_bad_type(c, "a list", at);
	err = list_room(c, f, at, size, &p, &n);
	for (uint32_t e = json_first(c->doc, at); !err && e != JSON_NIL;
	    e = json_next(c->doc, at, e), i++)
		err = f->type == FIELD_STRS ?
		    text_at(c, e, (struct str *)p + i) :
		    take_int(c, e, INT64_MIN, INT64_MAX,
		    (int64_t *)p + i);
	if (!err && to)
		list_put(to, p, n);
	return err;
}

static int take_pair(const struct decoder *c, const struct schema_field *f,
    uint32_t key, const struct pairs *sofar, struct pair *ret)
{
	uint32_t at = json_value(c->doc, key);
	int err = json_string(c->doc, key, c->a, &ret->key);

	if (err)
		return err == ERR_FULL ? field_full(c) : err;
	if (pairs_have(sofar, ret->key))
		return bad_value(c, ret->key, "appears twice");
	return f->type == FIELD_QUANTITIES ?
	    take_quantity(c, at, &ret->value) : text_at(c, at, &ret->value);
}

int take_pairs(const struct decoder *c, const struct schema_field *f,
    uint32_t at, char *to)
{
	struct pairs m = { NULL, 0 };
	void *p = NULL;
	uint32_t n;
	int err;

	if (!field_is(c, at, JSON_OBJECT))
		return field_bad_type(c, "an object", at);
	err = list_room(c, f, at, sizeof(struct pair), &p, &n);
	m.p = p;
	for (uint32_t k = json_first(c->doc, at); !err && k != JSON_NIL;
	    k = json_next(c->doc, at, k)) {
		uint32_t v = json_value(c->doc, k);

		if (json_type(c->doc, v) == JSON_NULL ||
		    (f->flags & FIELD_SHORT &&
		    json_raw(c->doc, v).n > (size_t)f->min + 2))
			continue;
		err = take_pair(c, f, k, &m, &m.p[m.n]);
		if (!err)
			m.n++;
	}
	if (!err && to)
		list_put(to, m.p, m.n);
	return err;
}

/* ---- scalars ---- */

int take_scalar(const struct decoder *c, const struct schema_field *f,
    uint32_t at, union scalar *ret, size_t *ret_size)
{
	int64_t v = 0;
	int err;

	*ret_size = sizeof(struct str);
	switch (f->type) {
	case FIELD_STR:
		return take_str(c, f, at, &ret->s);
	case FIELD_QUANTITY:
		return take_quantity(c, at, &ret->s);
	case FIELD_BOOL:
		*ret_size = sizeof(bool);
		return json_bool(c->doc, at, &ret->b) ?
		    field_bad_type(c, "a boolean", at) : 0;
	case FIELD_I32:
		*ret_size = sizeof(int32_t);
		err = take_bounded(c, f, at, &v);
		ret->i32 = (int32_t)v;
		return err;
	case FIELD_INT_OR_STR:
		*ret_size = sizeof(struct int_or_str);
		return take_int_or_str(c, f, at, &ret->ios);
	case FIELD_ENUM:
		*ret_size = sizeof(int);
		return take_word(c, f, at, &ret->word);
	case FIELD_I64:
		*ret_size = sizeof(int64_t);
		return take_bounded(c, f, at, &ret->i64);
	default:
		*ret_size = sizeof(int64_t);
		return take_time(c, f, at, &ret->i64);
	}
}
