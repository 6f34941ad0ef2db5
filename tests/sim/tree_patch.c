#include "tree.h"

/* ---- RFC 7386 -------------------------------------------------------- */

struct node *node_merge(struct tree *t, struct node *to,
    const struct node *patch)
{
	if (patch->type != NODE_OBJECT)
		return node_copy(t, patch);
	if (!node_is(to, NODE_OBJECT))
		to = node_object(t);
	for (uint32_t i = 0; i < patch->n; i++) {
		const struct member *m = &patch->member[i];

		if (m->value->type == NODE_NULL)
			node_remove_str(to, m->key);
		else
			node_set_str(t, to, m->key, node_merge(t,
			    node_get_str(to, m->key), m->value));
	}
	return to;
}

/* ---- RFC 6902 -------------------------------------------------------- */

struct place {
	struct node *parent;	/* NULL: the root */
	struct str key;		/* unescaped */
	uint32_t index;
	bool end;		/* "-" */
	struct node *value;	/* NULL: nothing stands there */
};

static struct str unescape(struct tree *t, struct str s)
{
	struct str out = tree_str(t, s);
	char *p = tree_alloc(t, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '~' && i + 1 < s.n)
			c = s.p[++i] == '0' ? '~' : '/';
		p[n++] = c;
	}
	out = (struct str){ p, n };
	return out;
}

static struct node *step(struct place *at, struct node *v, struct str key)
{
	uint64_t i;

	at->parent = v;
	at->key = key;
	at->end = false;
	if (v->type == NODE_OBJECT)
		return node_get_str(v, key);
	if (v->type != NODE_LIST)
		return NULL;
	if (str_is(key, "-")) {
		at->end = true;
		at->index = v->n;
		return NULL;
	}
	if (str_u64(key, &i) || i > v->n) {
		at->index = UINT32_MAX;
		return NULL;
	}
	at->index = (uint32_t)i;
	return i < v->n ? v->item[i] : NULL;
}

/* False: a part of the way is not there. */
static bool find_place(struct tree *t, struct node *root, struct str path,
    struct place *at)
{
	struct str key;

	*at = (struct place){ .value = root };
	if (!path.n)
		return true;
	if (path.p[0] != '/')
		return false;
	path = str_sub(path, 1, path.n);
	for (;;) {
		bool last = str_find(path, '/') == path.n;

		path = str_cut(path, '/', &key);
		if (!at->value)
			return false;
		at->value = step(at, at->value, unescape(t, key));
		if (last)
			return at->parent->type == NODE_OBJECT ||
			    at->parent->type == NODE_LIST;
	}
}

static bool place_put(struct tree *t, const struct place *at,
    struct node **root, struct node *v, bool add)
{
	if (!at->parent) {
		*root = v;
		return true;
	}
	if (at->parent->type == NODE_OBJECT) {
		if (!add && !at->value)
			return false;
		node_set_str(t, at->parent, at->key, v);
		return true;
	}
	if (add ? at->index > at->parent->n : !at->value)
		return false;
	if (add)
		node_insert(t, at->parent, at->index, v);
	else
		at->parent->item[at->index] = v;
	return true;
}

static bool place_remove(const struct place *at)
{
	if (!at->parent || !at->value)
		return false;
	if (at->parent->type == NODE_OBJECT)
		return node_remove_str(at->parent, at->key);
	node_remove_at(at->parent, at->index);
	return true;
}

static bool do_op(struct tree *t, struct node **root, const struct node *op)
{
	struct str name = node_text(op, "op");
	struct node *value = node_get(op, "value");
	struct place at, from;

	if (!find_place(t, *root, node_text(op, "path"), &at))
		return false;
	if (str_is(name, "test"))
		return value && (at.value ? node_equal(at.value, value) :
		    value->type == NODE_NULL);
	if (str_is(name, "remove"))
		return place_remove(&at);
	if (str_is(name, "add") || str_is(name, "replace"))
		return value && place_put(t, &at, root, node_copy(t, value),
		    str_is(name, "add"));
	if (!find_place(t, *root, node_text(op, "from"), &from) ||
	    !from.value)
		return false;
	value = node_copy(t, from.value);
	if (str_is(name, "move") && (!place_remove(&from) ||
	    !find_place(t, *root, node_text(op, "path"), &at)))
		return false;
	return place_put(t, &at, root, value, true);
}

/* The words of the library that the API server uses. */
static struct str complaint(struct tree *t, const struct node *op)
{
	struct str name = node_text(op, "op"), path = node_text(op, "path");

	if (str_is(name, "test"))
		return tree_fmt(t, "testing value %.*s failed: test failed",
		    (int)path.n, path.p);
	return tree_fmt(t, "%.*s operation does not apply: doc is missing "
	    "path: \"%.*s\": missing value", (int)name.n, name.p,
	    (int)path.n, path.p);
}

struct node *node_patch(struct tree *t, struct node *to,
    const struct node *ops, struct str *ret_why)
{
	if (!node_is(ops, NODE_LIST)) {
		*ret_why = STR("a JSON patch is a list");
		return NULL;
	}
	for (uint32_t i = 0; i < ops->n; i++)
		if (!do_op(t, &to, ops->item[i])) {
			*ret_why = complaint(t, ops->item[i]);
			return NULL;
		}
	return to;
}
