#include <string.h>

#include "fields.h"

static bool is_dot(struct str key)
{
	return key.n == 1 && key.p[0] == '.';
}

/* Is this node, below another, a member of the set? */
static bool is_member(const struct node *at)
{
	return at && (at->n == 0 || node_get(at, "."));
}

static bool has_inner(const struct node *at)
{
	return at && at->n > (node_get(at, ".") ? 1U : 0U);
}

bool fields_empty(const struct node *set)
{
	return !set || set->n == 0;
}

bool fields_equal(const struct node *a, const struct node *b)
{
	if (fields_empty(a) || fields_empty(b))
		return fields_empty(a) == fields_empty(b);
	return node_equal(a, b);
}

/* ---- of two sets ----------------------------------------------------- */

enum op { UNION, MINUS, MINUS_DEEP, BOTH };

static bool keeps(enum op op, bool a, bool b)
{
	switch (op) {
	case UNION:
		return a || b;
	case BOTH:
		return a && b;
	default:
		return a && !b;
	}
}

static struct node *combine(struct tree *t, enum op op, const struct node *a,
    const struct node *b);

/* What becomes of one path element; NULL: it is in no way in the result. */
static struct node *combine_at(struct tree *t, enum op op,
    const struct node *a, const struct node *b)
{
	bool member = keeps(op, is_member(a), is_member(b));
	struct node *inner = NULL;

	if (op == MINUS_DEEP && is_member(b))
		return NULL;
	if (has_inner(a) || (has_inner(b) && op == UNION))
		inner = combine(t, op, a, b);
	if (fields_empty(inner))
		return member ? node_object(t) : NULL;
	if (member)
		node_set(t, inner, ".", node_object(t));
	return inner;
}

/* All that is below a set's root. */
static struct node *whole(struct tree *t, const struct node *set)
{
	struct node *to = set ? node_shallow(t, set) : node_object(t);

	node_remove(to, ".");
	return to;
}

static struct node *combine(struct tree *t, enum op op, const struct node *a,
    const struct node *b)
{
	struct node *to, *at;
	uint32_t i;

	if (!has_inner(b) && op != BOTH)
		return whole(t, a);
	if (!has_inner(a) && op == UNION)
		return whole(t, b);
	to = node_object(t);
	for (i = 0; a && i < a->n; i++) {
		struct member *m = &a->member[i];

		if (is_dot(m->key))
			continue;
		at = combine_at(t, op, m->value, node_get_str(b, m->key));
		if (at)
			node_set_str(t, to, m->key, at);
	}
	for (i = 0; op == UNION && b && i < b->n; i++) {
		struct member *m = &b->member[i];

		if (!is_dot(m->key) && !node_get_str(a, m->key))
			node_set_str(t, to, m->key,
			    combine_at(t, op, NULL, m->value));
	}
	return to;
}

struct node *fields_union(struct tree *t, const struct node *a,
    const struct node *b)
{
	return combine(t, UNION, a, b);
}

struct node *fields_minus(struct tree *t, const struct node *a,
    const struct node *b)
{
	return combine(t, MINUS, a, b);
}

struct node *fields_minus_deep(struct tree *t, const struct node *a,
    const struct node *b)
{
	return combine(t, MINUS_DEEP, a, b);
}

struct node *fields_both(struct tree *t, const struct node *a,
    const struct node *b)
{
	return combine(t, BOTH, a, b);
}

/* ---- of one ---------------------------------------------------------- */

/* The shape behind a path element. */
static const struct shape *element_shape(const struct shape *s,
    struct str key)
{
	const struct shape *at;

	if (key.n < 2 || key.p[0] != 'f')
		return s->type == SHAPE_LIST ? shape_item(s) : &shape_any;
	at = shape_member(s, str_sub(key, 2, key.n));
	return at ? at : &shape_any;
}

static bool is_declared(const struct shape *s, struct str key)
{
	return s->type == SHAPE_STRUCT && key.n > 2 && key.p[0] == 'f' &&
	    shape_field(s, str_sub(key, 2, key.n));
}

struct node *fields_named(struct tree *t, const struct node *set,
    const struct shape *s)
{
	struct node *to = node_object(t), *at;

	for (uint32_t i = 0; set && i < set->n; i++) {
		struct member *m = &set->member[i];

		if (is_dot(m->key))
			continue;
		if (!has_inner(m->value)) {
			node_set_str(t, to, m->key, node_object(t));
			continue;
		}
		at = fields_named(t, m->value, element_shape(s, m->key));
		if (is_member(m->value) || is_declared(s, m->key))
			node_set(t, at, ".", node_object(t));
		node_set_str(t, to, m->key, at);
	}
	return to;
}

bool fields_has(const struct node *set, struct str element)
{
	return is_member(node_get_str(set, element));
}

/* ---- as messages have them ------------------------------------------- */

/* k:{"name":"x"} is [name="x"], v:"x" is [="x"]. */
struct str fields_element(struct tree *t, struct str key)
{
	struct text out = { 0 };
	struct node *v;
	struct str s;

	if (key.p[0] == 'f')
		return tree_join(t, STR("."), str_sub(key, 2, key.n));
	v = node_parse(t, str_sub(key, 2, key.n), NULL);
	text_add(&out, "[", 1);
	if (key.p[0] == 'v') {
		text_add(&out, "=", 1);
		node_write(v, &out);
	}
	for (uint32_t i = 0; key.p[0] == 'k' && i < v->n; i++) {
		if (i)
			text_add(&out, ",", 1);
		text_str(&out, v->member[i].key);
		text_add(&out, "=", 1);
		node_write(v->member[i].value, &out);
	}
	text_add(&out, "]", 1);
	s = tree_str(t, text_view(&out));
	text_free(&out);
	return s;
}

static void each(struct tree *t, const struct node *set, struct str prefix,
    void (*fn)(void *ctx, struct str path), void *ctx)
{
	/* The members of a level come before what is below any of it. */
	for (uint32_t i = 0; i < set->n * 2; i++) {
		struct member *m = &set->member[i % set->n];
		struct str path;

		if (is_dot(m->key))
			continue;
		path = tree_join(t, prefix, fields_element(t, m->key));
		if (i < set->n && is_member(m->value))
			fn(ctx, path);
		if (i >= set->n)
			each(t, m->value, path, fn, ctx);
	}
}

void fields_each(struct tree *t, const struct node *set,
    void (*fn)(void *ctx, struct str path), void *ctx)
{
	if (set)
		each(t, set, STR_NONE, fn, ctx);
}
