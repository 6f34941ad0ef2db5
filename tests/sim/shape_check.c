#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "shape.h"

/* Validation by a CRD's schema, with the words of kube-openapi. */

struct checker {
	struct tree *t;
	struct node *causes;
};

static void check(struct checker *c, const struct shape *s,
    const struct node *v, struct str path);

static void cause(struct checker *c, const char *reason, struct str path,
    struct str message)
{
	struct node *v = node_object(c->t);

	node_set(c->t, v, "reason", node_cstr(c->t, reason));
	node_set(c->t, v, "message", node_str(c->t, message));
	node_set(c->t, v, "field", node_str(c->t, path.n ? path :
	    STR("<nil>")));
	node_append(c->t, c->causes, v);
}

static struct str value_text(struct tree *t, const struct node *v)
{
	struct text text = { 0 };
	struct str s;

	node_write(v, &text);
	s = tree_str(t, text_view(&text));
	text_free(&text);
	return s;
}

/* "Invalid value: 0: spec.port in body should be ..." */
static void invalid(struct checker *c, struct str path, struct str value,
    struct str what)
{
	cause(c, "FieldValueInvalid", path, tree_fmt(c->t, "Invalid value: "
	    "%.*s: %.*s in body %.*s", (int)value.n, value.p, (int)path.n,
	    path.p, (int)what.n, what.p));
}

static const char *type_name(const struct node *v)
{
	static const char *const names[] = {
		[NODE_NULL] = "null", [NODE_BOOL] = "boolean",
		[NODE_INT] = "integer", [NODE_FLOAT] = "number",
		[NODE_STRING] = "string", [NODE_LIST] = "array",
		[NODE_OBJECT] = "object",
	};

	return names[v->type];
}

static bool has_type(const struct shape *s, const struct node *v)
{
	struct str type = node_text(s->schema, "type");

	if (s->type == SHAPE_INTSTR)
		return v->type == NODE_INT || v->type == NODE_STRING;
	if (v->type == NODE_NULL)
		return s->nullable;
	if (str_is(type, "number"))
		return v->type == NODE_INT || v->type == NODE_FLOAT;
	return !type.n || str_is(type, type_name(v));
}

static void wrong_type(struct checker *c, const struct shape *s,
    const struct node *v, struct str path)
{
	struct str type = s->type == SHAPE_INTSTR ? STR("integer,string") :
	    node_text(s->schema, "type");

	cause(c, "FieldValueTypeInvalid", path, tree_fmt(c->t, "Invalid "
	    "value: \"%s\": %.*s in body must be of type %.*s: \"%s\"",
	    type_name(v), (int)path.n, path.p, (int)type.n, type.p,
	    type_name(v)));
}

static void check_number(struct checker *c, const struct node *schema,
    const struct node *v, struct str path)
{
	int64_t low = node_number(schema, "minimum", INT64_MIN);
	int64_t high = node_number(schema, "maximum", INT64_MAX);

	if (v->integer < low)
		invalid(c, path, value_text(c->t, v), tree_fmt(c->t,
		    "should be greater than or equal to %lld",
		    (long long)low));
	if (v->integer > high)
		invalid(c, path, value_text(c->t, v), tree_fmt(c->t,
		    "should be less than or equal to %lld",
		    (long long)high));
}

static size_t characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static void check_length(struct checker *c, const struct node *schema,
    const struct node *v, struct str path)
{
	int64_t n = (int64_t)characters(v->text);
	int64_t low = node_number(schema, "minLength", 0);
	int64_t high = node_number(schema, "maxLength", INT64_MAX);

	if (n < low)
		invalid(c, path, value_text(c->t, v), tree_fmt(c->t,
		    "should be at least %lld chars long", (long long)low));
	if (n > high)
		cause(c, "FieldValueTooLong", path, tree_fmt(c->t,
		    "Too long: may not be more than %lld bytes",
		    (long long)high));
}

/* The only pattern that our CRDs have is that of a quantity. */
static void check_pattern(struct checker *c, const struct node *schema,
    const struct node *v, struct str path)
{
	struct str pattern = node_text(schema, "pattern"), out;

	if (pattern.n && !quantity_canonical(c->t, v->text, &out))
		invalid(c, path, value_text(c->t, v), tree_fmt(c->t,
		    "should match '%.*s'", (int)pattern.n, pattern.p));
}

static void check_enum(struct checker *c, const struct node *schema,
    const struct node *v, struct str path)
{
	const struct node *all = node_get(schema, "enum");
	struct text text = { 0 };

	for (uint32_t i = 0; all && i < all->n; i++)
		if (node_equal(all->item[i], v))
			return;
	if (!all)
		return;
	text_str(&text, STR("Unsupported value: "));
	node_write(v, &text);
	text_str(&text, STR(": supported values: "));
	for (uint32_t i = 0; i < all->n; i++) {
		if (i)
			text_str(&text, STR(", "));
		node_write(all->item[i], &text);
	}
	cause(c, "FieldValueNotSupported", path, text_view(&text));
	text_free(&text);
}

static struct str below(struct tree *t, struct str path, struct str key)
{
	return path.n ? tree_fmt(t, "%.*s.%.*s", (int)path.n, path.p,
	    (int)key.n, key.p) : key;
}

/* What an element of a list that is a map is known by. */
static struct node *keys_of(struct tree *t, const struct shape *s,
    const struct node *item)
{
	struct node *keys = node_object(t);

	for (uint32_t i = 0; i < s->keys; i++) {
		const struct node *key = node_get_str(item, s->key[i]);

		if (key)
			node_set_str(t, keys, s->key[i], node_copy(t, key));
	}
	return keys;
}

static void check_keys(struct checker *c, const struct shape *s,
    const struct node *v, struct str path)
{
	struct text text = { 0 };

	for (uint32_t i = 1; s->keys && i < v->n; i++) {
		struct node *keys = keys_of(c->t, s, v->item[i]);
		uint32_t k = 0;

		while (k < i && !node_equal(keys, keys_of(c->t, s,
		    v->item[k])))
			k++;
		if (k == i)
			continue;
		text.n = 0;
		text_fmt(&text, "Duplicate value: ");
		node_write(keys, &text);
		cause(c, "FieldValueDuplicate", tree_fmt(c->t, "%.*s[%u]",
		    (int)path.n, path.p, i), text_view(&text));
	}
	text_free(&text);
}

static void check_list(struct checker *c, const struct shape *s,
    const struct node *v, struct str path)
{
	int64_t most = node_number(s->schema, "maxItems", INT64_MAX);

	if (v->n > most)
		cause(c, "FieldValueTooMany", path, tree_fmt(c->t, "Too "
		    "many: %u: must have at most %lld items", v->n,
		    (long long)most));
	for (uint32_t i = 0; i < v->n; i++)
		check(c, shape_item(s), v->item[i], tree_fmt(c->t,
		    "%.*s[%u]", (int)path.n, path.p, i));
	check_keys(c, s, v, path);
}

static void check_object(struct checker *c, const struct shape *s,
    const struct node *v, struct str path)
{
	const struct node *need = node_get(s->schema, "required");

	for (uint32_t i = 0; need && i < need->n; i++)
		if (!node_get_str(v, need->item[i]->text))
			cause(c, "FieldValueRequired", below(c->t, path,
			    need->item[i]->text), STR("Required value"));
	for (uint32_t i = 0; i < v->n; i++) {
		const struct shape *inner = shape_member(s,
		    v->member[i].key);

		if (inner && inner->schema)
			check(c, inner, v->member[i].value,
			    below(c->t, path, v->member[i].key));
	}
}

static void check(struct checker *c, const struct shape *s,
    const struct node *v, struct str path)
{
	if (!s->schema)
		return;
	if (!has_type(s, v)) {
		wrong_type(c, s, v, path);
		return;
	}
	if (v->type == NODE_INT)
		check_number(c, s->schema, v, path);
	if (v->type == NODE_STRING) {
		check_length(c, s->schema, v, path);
		check_pattern(c, s->schema, v, path);
	}
	check_enum(c, s->schema, v, path);
	if (v->type == NODE_LIST)
		check_list(c, s, v, path);
	if (v->type == NODE_OBJECT)
		check_object(c, s, v, path);
}

void shape_check(struct tree *t, const struct shape *s,
    const struct node *v, struct node *causes)
{
	struct checker c = { .t = t, .causes = causes };

	check(&c, s, v, STR_NONE);
}
