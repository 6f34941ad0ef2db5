#include <string.h>

#include "fields.h"

/*
 * The walks of structured-merge-diff over values of a shape.  Where nothing
 * is declared, a value's own type decides: maps merge, lists are atomic.
 */

enum form { LEAF, MAP, LIST };

/* A value that is null takes whatever form the other has. */
static enum form form_of(const struct shape *s, const struct node *v)
{
	if (s->atomic)
		return LEAF;
	switch (s->type) {
	case SHAPE_ANY:
		return node_is(v, NODE_OBJECT) ? MAP : LEAF;
	case SHAPE_STRUCT:
	case SHAPE_MAP:
		return MAP;
	case SHAPE_LIST:
		return LIST;
	default:
		return LEAF;
	}
}

static bool is_null(const struct node *v)
{
	return !v || v->type == NODE_NULL;
}

static uint32_t count(const struct node *v)
{
	return is_null(v) ? 0 : v->n;
}

static const struct shape *member_shape(const struct shape *s,
    struct str key)
{
	const struct shape *at = shape_member(s, key);

	return at ? at : &shape_any;
}

static struct str field_key(struct tree *t, struct str name)
{
	return tree_join(t, STR("f:"), name);
}

/* ---- path elements --------------------------------------------------- */

static const struct node *key_default(const struct shape *item,
    struct str key)
{
	const struct shape_field *f = item->type == SHAPE_STRUCT ?
	    shape_field(item, key) : NULL;

	return f ? f->value : NULL;
}

bool typed_element(struct tree *t, const struct shape *list,
    const struct node *item, struct str *ret)
{
	struct text out = { 0 };
	struct node *keys;

	if (list->set) {
		text_add(&out, "v:", 2);
		node_write(item, &out);
	} else {
		keys = node_object(t);
		for (uint32_t i = 0; i < list->keys; i++) {
			const struct node *v = node_get_str(item,
			    list->key[i]);

			if (!v)
				v = key_default(shape_item(list),
				    list->key[i]);
			if (v)
				node_set_str(t, keys, list->key[i],
				    node_copy(t, v));
		}
		if (!keys->n)
			return false;
		text_add(&out, "k:", 2);
		node_write(keys, &out);
	}
	*ret = tree_str(t, text_view(&out));
	text_free(&out);
	return true;
}

/* The elements' keys, in order. */
static struct str *elements(struct tree *t, const struct shape *s,
    const struct node *v)
{
	struct str *keys = tree_alloc(t, (count(v) + 1) * sizeof(*keys));

	for (uint32_t i = 0; i < count(v); i++)
		if (!typed_element(t, s, v->item[i], &keys[i]))
			keys[i] = tree_fmt(t, "i:%u", i);
	return keys;
}

static uint32_t find_key(const struct str *keys, uint32_t n, struct str key)
{
	uint32_t i = 0;

	while (i < n && !str_eq(keys[i], key))
		i++;
	return i;
}

/* ---- a value's set --------------------------------------------------- */

struct walk {
	struct tree *t;
	struct str why;
};

static struct node *set_of(struct walk *w, const struct shape *s,
    const struct node *v);

static bool wrong(struct walk *w, const char *what)
{
	w->why = tree_fmt(w->t, ": %s", what);
	return false;
}

/* The way to what is wrong is told from its end. */
static bool wrong_below(struct walk *w, struct str at)
{
	w->why = tree_join(w->t, at, w->why);
	return false;
}

static const char *const kinds[] = {
	[SHAPE_STRUCT] = "map", [SHAPE_MAP] = "map", [SHAPE_LIST] = "list",
	[SHAPE_STRING] = "string", [SHAPE_INT] = "numeric (int or float)",
	[SHAPE_NUMBER] = "numeric (int or float)", [SHAPE_BOOL] = "boolean",
	[SHAPE_TIME] = "string",
};

static bool has_type(const struct shape *s, const struct node *v)
{
	switch (s->type) {
	case SHAPE_STRUCT:
	case SHAPE_MAP:
		return v->type == NODE_OBJECT;
	case SHAPE_LIST:
		return v->type == NODE_LIST;
	case SHAPE_STRING:
	case SHAPE_TIME:
		return v->type == NODE_STRING;
	case SHAPE_INT:
	case SHAPE_NUMBER:
		return v->type == NODE_INT || v->type == NODE_FLOAT;
	case SHAPE_BOOL:
		return v->type == NODE_BOOL;
	case SHAPE_INTSTR:
	case SHAPE_QUANTITY:
		return v->type != NODE_OBJECT && v->type != NODE_LIST &&
		    v->type != NODE_BOOL;
	default:
		return true;
	}
}

static const char *const got[] = {
	[NODE_NULL] = "null", [NODE_BOOL] = "boolean", [NODE_INT] = "int64",
	[NODE_FLOAT] = "float64", [NODE_STRING] = "string",
	[NODE_LIST] = "list", [NODE_OBJECT] = "map",
};

static bool check_type(struct walk *w, const struct shape *s,
    const struct node *v)
{
	struct text text = { 0 };
	struct str shown;

	if (is_null(v) || has_type(s, v))
		return true;
	if (s->type == SHAPE_INTSTR || s->type == SHAPE_QUANTITY)
		return wrong(w, "expected scalar");
	if (s->type != SHAPE_STRING && s->type != SHAPE_TIME)
		return wrong(w, tree_fmt(w->t, "expected %s, got %s",
		    kinds[s->type], got[v->type]).p);
	node_write(v, &text);
	shown = tree_str(w->t, text_view(&text));
	text_free(&text);
	return wrong(w, tree_fmt(w->t, "expected string, got &value."
	    "valueUnstructured{Value:%.*s}", (int)shown.n, shown.p).p);
}

static bool wrong_member(struct walk *w, struct str key)
{
	return wrong_below(w, tree_join(w->t, STR("."), key));
}

/* One member's set below `to`; members that are no fields of a struct are
 * in the set themselves. */
static bool add_member(struct walk *w, const struct shape *s,
    const struct member *m, struct node *to)
{
	const struct shape *inner = shape_member(s, m->key);
	bool member = is_null(m->value) ||
	    (m->value->type == NODE_OBJECT && m->value->n == 0);
	struct node *at;

	if (!inner) {
		wrong(w, "field not declared in schema");
		return wrong_member(w, m->key);
	}
	at = set_of(w, inner, m->value);
	if (!at)
		return wrong_member(w, m->key);
	if (s->type != SHAPE_STRUCT || !shape_field(s, m->key) ||
	    form_of(inner, m->value) == LEAF)
		member = true;
	if (member && at->n)
		node_set(w->t, at, ".", node_object(w->t));
	if (member || at->n)
		node_set_str(w->t, to, field_key(w->t, m->key), at);
	return true;
}

static bool add_element(struct walk *w, const struct shape *s,
    const struct node *item, struct node *to)
{
	struct str key;
	struct node *at;

	if (!typed_element(w->t, s, item, &key))
		return wrong(w, "associative list with keys has an element "
		    "that omits all key fields");
	if (node_get_str(to, key)) {
		wrong(w, "duplicate entries for key ");
		w->why = tree_join(w->t, w->why,
		    fields_element(w->t, key));
		return false;
	}
	at = set_of(w, shape_item(s), item);
	if (!at)
		return wrong_below(w, fields_element(w->t, key));
	if (at->n)
		node_set(w->t, at, ".", node_object(w->t));
	node_set_str(w->t, to, key, at);
	return true;
}

static bool check_item(struct walk *w, const struct shape *s,
    const struct node *list, uint32_t i)
{
	return set_of(w, shape_item(s), list->item[i]) ||
	    wrong_below(w, tree_fmt(w->t, "[%u]", i));
}

/* The set below v; empty where v is a leaf, whose types are looked at all
 * the same. */
static struct node *set_of(struct walk *w, const struct shape *s,
    const struct node *v)
{
	struct node *to = node_object(w->t), *in = to;
	enum form form = form_of(s, v);
	uint32_t i;

	if (!check_type(w, s, v))
		return NULL;
	if (!node_is(v, NODE_OBJECT) && !node_is(v, NODE_LIST))
		return to;
	if (form == LEAF)
		in = node_object(w->t);
	for (i = 0; i < v->n; i++)
		if (v->type == NODE_OBJECT ?
		    !add_member(w, s, &v->member[i], in) : form == LIST ?
		    !add_element(w, s, v->item[i], in) :
		    !check_item(w, s, v, i))
			return NULL;
	return to;
}

struct node *typed_set(struct tree *t, const struct shape *s,
    const struct node *v, struct str *ret_why)
{
	struct walk w = { .t = t };
	struct node *set = set_of(&w, s, v);

	*ret_why = w.why;
	return set;
}

/* ---- comparing ------------------------------------------------------- */

/* What is found below one path. */
struct found {
	bool added, modified, removed;		/* the path itself */
	struct comparison in;
};

static void compare(struct tree *t, const struct shape *s,
    const struct node *old, const struct node *new, struct found *f);

static void note(struct tree *t, struct node **set, struct str key,
    bool member, struct node *inner)
{
	if (!member && fields_empty(inner))
		return;
	if (!*set)
		*set = node_object(t);
	if (fields_empty(inner))
		inner = node_object(t);
	else if (member)
		node_set(t, inner, ".", node_object(t));
	node_set_str(t, *set, key, inner);
}

static void compare_at(struct tree *t, const struct shape *s,
    const struct node *old, const struct node *new, struct str key,
    struct found *f)
{
	struct found in = { 0 };

	compare(t, s, old, new, &in);
	note(t, &f->in.added, key, in.added, in.in.added);
	note(t, &f->in.modified, key, in.modified, in.in.modified);
	note(t, &f->in.removed, key, in.removed, in.in.removed);
}

static void compare_maps(struct tree *t, const struct shape *s,
    const struct node *old, const struct node *new, struct found *f)
{
	uint32_t i;

	for (i = 0; i < count(old); i++) {
		struct member *m = &old->member[i];

		compare_at(t, member_shape(s, m->key), m->value,
		    is_null(new) ? NULL : node_get_str(new, m->key),
		    field_key(t, m->key), f);
	}
	for (i = 0; i < count(new); i++) {
		struct member *m = &new->member[i];

		if (is_null(old) || !node_get_str(old, m->key))
			compare_at(t, member_shape(s, m->key), NULL,
			    m->value, field_key(t, m->key), f);
	}
}

static void compare_lists(struct tree *t, const struct shape *s,
    const struct node *old, const struct node *new, struct found *f)
{
	struct str *a = elements(t, s, old), *b = elements(t, s, new);
	uint32_t i, at;

	for (i = 0; i < count(old); i++) {
		at = find_key(b, count(new), a[i]);
		compare_at(t, shape_item(s), old->item[i],
		    at < count(new) ? new->item[at] : NULL, a[i], f);
	}
	for (i = 0; i < count(new); i++)
		if (find_key(a, count(old), b[i]) == count(old))
			compare_at(t, shape_item(s), NULL, new->item[i],
			    b[i], f);
}

static void compare(struct tree *t, const struct shape *s,
    const struct node *old, const struct node *new, struct found *f)
{
	enum form form = form_of(s, old), other = form_of(s, new);

	if (!old || is_null(old))
		form = other;
	else if (!new || is_null(new))
		other = form;
	f->added = !old;
	f->removed = !new;
	if (form != other || form == LEAF || (!count(old) && !count(new))) {
		f->modified = old && new && !node_equal(old, new);
		return;
	}
	if (form == MAP)
		compare_maps(t, s, old, new, f);
	else
		compare_lists(t, s, old, new, f);
}

void typed_compare(struct tree *t, const struct shape *s,
    const struct node *old, const struct node *new, struct comparison *ret)
{
	struct found f = { 0 };

	compare(t, s, old, new, &f);
	*ret = f.in;
}
