#include <string.h>

#include "fields.h"

static bool is_null(const struct node *v)
{
	return !v || v->type == NODE_NULL;
}

/* Both merge member by member, or element by element. */
static bool merges(const struct shape *s, const struct node *a,
    const struct node *b, enum node_type type)
{
	if (s->atomic || is_null(a) || is_null(b) || a->type != type ||
	    b->type != type || (!a->n && !b->n))
		return false;
	if (type == NODE_OBJECT)
		return s->type == SHAPE_STRUCT || s->type == SHAPE_MAP ||
		    s->type == SHAPE_ANY;
	return s->type == SHAPE_LIST;
}

/* ---- lists ----------------------------------------------------------- */

struct order {
	struct tree *t;
	const struct shape *s;
	const struct node *a, *b;	/* live and config */
	struct str *ka, *kb;
	bool *done;			/* of b */
	struct node *out;
};

static uint32_t find(const struct str *keys, uint32_t n, struct str key)
{
	uint32_t i = 0;

	while (i < n && !str_eq(keys[i], key))
		i++;
	return i;
}

static struct str *keys_of(struct tree *t, const struct shape *s,
    const struct node *v)
{
	struct str *keys = tree_alloc(t, (v->n + 1) * sizeof(*keys));

	for (uint32_t i = 0; i < v->n; i++)
		if (!typed_element(t, s, v->item[i], &keys[i]))
			keys[i] = tree_fmt(t, "i:%u", i);
	return keys;
}

/* The next element of b from `at` on that is in a, too. */
static uint32_t next_shared(const struct order *o, uint32_t at)
{
	while (at < o->b->n &&
	    find(o->ka, o->a->n, o->kb[at]) == o->a->n)
		at++;
	return at;
}

static void put(struct order *o, uint32_t ia, uint32_t ib)
{
	const struct node *a = ia < o->a->n ? o->a->item[ia] : NULL;
	const struct node *b = ib < o->b->n ? o->b->item[ib] : NULL;

	if (ib < o->b->n)
		o->done[ib] = true;
	node_append(o->t, o->out, typed_merge(o->t, shape_item(o->s), a, b));
}

/*
 * The config's order, and what only the live list has stays behind what it
 * stood behind.
 */
static void interleave(struct order *o)
{
	uint32_t i = 0, j = 0, shared = next_shared(o, 0), in_b;

	while (i < o->a->n || j < o->b->n) {
		if (i < o->a->n && j < o->b->n) {
			if (str_eq(o->ka[i], o->kb[j])) {
				put(o, i++, j++);
				shared = next_shared(o, shared + 1);
				continue;
			}
			if (find(o->kb, o->b->n, o->ka[i]) < o->b->n &&
			    shared < o->b->n &&
			    !str_eq(o->kb[shared], o->ka[i])) {
				i++;
				continue;
			}
		}
		if (i < o->a->n) {
			in_b = find(o->kb, o->b->n, o->ka[i]);
			if (in_b == o->b->n) {
				put(o, i++, UINT32_MAX);
				continue;
			}
			if (o->done[in_b])
				i++;
		}
		if (j < o->b->n) {
			put(o, find(o->ka, o->a->n, o->kb[j]), j);
			if (shared == j)
				shared = next_shared(o, shared + 1);
			j++;
		}
	}
}

static struct node *merge_lists(struct tree *t, const struct shape *s,
    const struct node *live, const struct node *config)
{
	struct order o = {
		.t = t, .s = s, .a = live, .b = config,
		.ka = keys_of(t, s, live), .kb = keys_of(t, s, config),
		.done = tree_alloc(t, config->n + 1), .out = node_list(t),
	};

	memset(o.done, 0, config->n + 1);
	interleave(&o);
	return o.out;
}

/* ---- the rest -------------------------------------------------------- */

static struct node *merge_maps(struct tree *t, const struct shape *s,
    const struct node *live, const struct node *config)
{
	struct node *out = node_object(t);
	uint32_t i;

	for (i = 0; i < live->n; i++) {
		const struct member *m = &live->member[i];
		const struct shape *in = shape_member(s, m->key);

		node_set_str(t, out, m->key, typed_merge(t,
		    in ? in : &shape_any, m->value,
		    node_get_str(config, m->key)));
	}
	for (i = 0; i < config->n; i++) {
		const struct member *m = &config->member[i];

		if (!node_get_str(live, m->key))
			node_set_str(t, out, m->key,
			    node_copy(t, m->value));
	}
	return out;
}

/* A null in the place of a map or list that merges leaves what is there. */
struct node *typed_merge(struct tree *t, const struct shape *s,
    const struct node *live, const struct node *config)
{
	if (merges(s, live, config, NODE_OBJECT))
		return merge_maps(t, s, live, config);
	if (merges(s, live, config, NODE_LIST))
		return merge_lists(t, s, live, config);
	if (config && config->type == NODE_NULL && live && live->n &&
	    (live->type == NODE_OBJECT || live->type == NODE_LIST) &&
	    merges(s, live, live, live->type))
		return node_copy(t, live);
	return node_copy(t, config ? config : live);
}

static struct node *remove_elements(struct tree *t, const struct shape *s,
    const struct node *v, const struct node *set)
{
	struct node *out = node_list(t);

	for (uint32_t i = 0; i < v->n; i++) {
		const struct node *below;
		struct node *at;
		struct str key;

		if (!typed_element(t, s, v->item[i], &key))
			continue;
		if (fields_has(set, key))
			continue;
		below = node_get_str(set, key);
		at = below ? typed_remove(t, shape_item(s), v->item[i],
		    below) : v->item[i];
		node_append(t, out, at ? at : node_null(t));
	}
	return out->n ? out : NULL;
}

static struct node *remove_members(struct tree *t, const struct shape *s,
    const struct node *v, const struct node *set)
{
	struct node *out = node_object(t);

	for (uint32_t i = 0; i < v->n; i++) {
		const struct member *m = &v->member[i];
		const struct shape *in = shape_member(s, m->key);
		struct str key = tree_join(t, STR("f:"), m->key);
		const struct node *below = node_get_str(set, key);
		struct node *at = m->value;

		if (fields_has(set, key))
			continue;
		if (below)
			at = typed_remove(t, in ? in : &shape_any, m->value,
			    below);
		node_set_str(t, out, m->key, at ? at : node_null(t));
	}
	return out->n ? out : NULL;
}

struct node *typed_remove(struct tree *t, const struct shape *s,
    const struct node *v, const struct node *set)
{
	if (s->atomic || is_null(v) || !v->n)
		return s->atomic || (v && (v->type == NODE_OBJECT ||
		    v->type == NODE_LIST)) ? NULL : node_copy(t, v);
	if (v->type == NODE_OBJECT)
		return remove_members(t, s, v, set);
	if (v->type == NODE_LIST && s->type == SHAPE_LIST)
		return remove_elements(t, s, v, set);
	return v->type == NODE_LIST ? NULL : node_copy(t, v);
}
