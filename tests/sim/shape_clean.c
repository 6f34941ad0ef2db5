#include <stdlib.h>
#include <string.h>

#include "shape.h"

/* ---- quantities ------------------------------------------------------ */

static const char *const decimal_suffix[] = {
	"n", "u", "m", "", "k", "M", "G", "T", "P", "E"
};
static const char binary_suffix[] = "KMGTPE";

/* mantissa * 10^power; binary: a whole number of bytes. */
struct quantity {
	int64_t mantissa;
	int power;
	bool binary, exponent;		/* a suffix like Mi, like e3 */
};

static bool take_binary(char suffix, struct quantity *q)
{
	const char *at = memchr(binary_suffix, suffix, 6);

	if (!at)
		return false;
	q->binary = true;
	for (; at >= binary_suffix; at--) {
		if (q->mantissa > INT64_MAX / 1024)
			return false;
		q->mantissa *= 1024;
	}
	for (; q->power < 0 && q->mantissa % 10 == 0; q->power++)
		q->mantissa /= 10;
	return true;
}

static bool take_suffix(struct str s, struct quantity *q)
{
	int64_t e;

	if (s.n == 2 && s.p[1] == 'i')
		return take_binary(s.p[0], q);
	if (s.n > 1 && (s.p[0] == 'e' || s.p[0] == 'E') &&
	    str_i64(str_sub(s, s.p[1] == '+' ? 2 : 1, s.n), &e) == 0 &&
	    e > -10 && e < 19) {
		q->exponent = true;
		q->power += (int)e;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(decimal_suffix); i++)
		if (str_is(s, decimal_suffix[i])) {
			q->power += (int)i * 3 - 9;
			return true;
		}
	return false;
}

static bool take_quantity(struct str s, struct quantity *q)
{
	bool negative = s.n && s.p[0] == '-', point = false;
	size_t i = s.n && (negative || s.p[0] == '+') ? 1 : 0, n = 0;

	*q = (struct quantity){ 0 };
	for (; i < s.n; i++) {
		if (s.p[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			break;
		n++;
		if (point)
			q->power--;
		if (q->mantissa > INT64_MAX / 10 - 1)
			return false;
		q->mantissa = q->mantissa * 10 + (s.p[i] - '0');
	}
	if (!n || !take_suffix(str_sub(s, i, s.n), q))
		return false;
	if (negative)
		q->mantissa = -q->mantissa;
	return true;
}

bool quantity_canonical(struct tree *t, struct str s, struct str *ret)
{
	struct quantity q;
	int i = 0;

	if (!take_quantity(s, &q))
		return false;
	if (q.binary && !q.power && llabs(q.mantissa) >= 1024) {
		for (; i < 6 && q.mantissa % 1024 == 0; i++)
			q.mantissa /= 1024;
		*ret = i ? tree_fmt(t, "%lld%ci", (long long)q.mantissa,
		    binary_suffix[i - 1]) :
		    tree_fmt(t, "%lld", (long long)q.mantissa);
		return true;
	}
	for (; q.power % 3 || q.power > 18; q.power--)
		q.mantissa *= 10;
	for (; q.mantissa && q.mantissa % 1000 == 0 && q.power < 18;
	    q.power += 3)
		q.mantissa /= 1000;
	for (; q.power < -9; q.power += 3)
		q.mantissa = q.mantissa / 1000 + (q.mantissa % 1000 > 0);
	if (!q.mantissa)
		*ret = STR("0");
	else if (q.exponent && q.power)
		*ret = tree_fmt(t, "%llde%d", (long long)q.mantissa, q.power);
	else
		*ret = tree_fmt(t, "%lld%.1s", (long long)q.mantissa,
		    decimal_suffix[q.power / 3 + 3]);
	return true;
}

/* ---- built-in kinds -------------------------------------------------- */

struct cleaner {
	struct tree *t;
	struct str *why;
	const struct shape *shape;	/* where it went wrong */
	const struct node *node;
};

static const char *const type_names[] = {
	[NODE_NULL] = "null", [NODE_BOOL] = "bool", [NODE_INT] = "number",
	[NODE_FLOAT] = "number", [NODE_STRING] = "string",
	[NODE_LIST] = "array", [NODE_OBJECT] = "object",
};

static const char *const go_names[] = {
	[SHAPE_ANY] = "interface", [SHAPE_STRUCT] = "struct",
	[SHAPE_MAP] = "map", [SHAPE_LIST] = "slice",
	[SHAPE_STRING] = "string", [SHAPE_INT] = "int32",
	[SHAPE_NUMBER] = "float64", [SHAPE_BOOL] = "bool",
	[SHAPE_INTSTR] = "intstr.IntOrString",
	[SHAPE_QUANTITY] = "resource.Quantity", [SHAPE_TIME] = "v1.Time",
};

static bool fits(const struct shape *s, const struct node *v)
{
	switch (s->type) {
	case SHAPE_ANY:
		return true;
	case SHAPE_STRUCT:
	case SHAPE_MAP:
		return v->type == NODE_OBJECT;
	case SHAPE_LIST:
		return v->type == NODE_LIST;
	case SHAPE_STRING:
	case SHAPE_TIME:
		return v->type == NODE_STRING;
	case SHAPE_INT:
		return v->type == NODE_INT;
	case SHAPE_NUMBER:
		return v->type == NODE_INT || v->type == NODE_FLOAT;
	case SHAPE_BOOL:
		return v->type == NODE_BOOL;
	case SHAPE_INTSTR:
		return v->type == NODE_INT || v->type == NODE_STRING;
	case SHAPE_QUANTITY:
		return v->type == NODE_INT || v->type == NODE_FLOAT ||
		    v->type == NODE_STRING;
	}
	return false;
}

static bool clean(struct cleaner *c, const struct shape *s, struct node *v);

static void clean_absent(struct cleaner *c, const struct shape_field *f,
    struct node *v)
{
	struct node *made = NULL;

	if (!f->always)
		return;
	if (f->pointer)
		made = node_null(c->t);
	else if (f->shape->type == SHAPE_STRUCT)
		made = node_object(c->t);
	else if (f->shape->type == SHAPE_STRING)
		made = node_cstr(c->t, "");
	else if (f->shape->type == SHAPE_INT ||
	    f->shape->type == SHAPE_INTSTR)
		made = node_int(c->t, 0);
	else if (f->shape->type == SHAPE_BOOL)
		made = node_bool(c->t, false);
	else if (f->shape->type == SHAPE_TIME || f->shape->type == SHAPE_LIST)
		made = node_null(c->t);
	if (!made)
		return;
	if (made->type != NODE_NULL)
		(void)clean(c, f->shape, made);
	node_set_str(c->t, v, f->name, made);
}

/* An empty struct that is pointed to is there; others that are empty are
 * not, unless they are always written. */
static bool is_kept(const struct shape_field *f, const struct node *v)
{
	if (v->type == NODE_NULL)
		return f->always && f->shape->type == SHAPE_TIME;
	/* Stored, a list of nothing is none: null where it is written. */
	if (f->shape->type == SHAPE_LIST && node_empty(v))
		return f->pointer;
	return f->always || f->pointer || f->shape->type == SHAPE_STRUCT ||
	    f->shape->type == SHAPE_INTSTR || !node_empty(v);
}

static bool clean_struct(struct cleaner *c, const struct shape *s,
    struct node *v)
{
	uint32_t i = 0;

	while (i < v->n) {
		struct member *m = &v->member[i];
		const struct shape_field *f = shape_field(s, m->key);

		if (!f || !is_kept(f, m->value)) {
			node_remove_str(v, m->key);
			continue;
		}
		if (!clean(c, f->shape, m->value)) {
			if (!c->why->n)
				*c->why = tree_fmt(c->t, "json: cannot "
				    "unmarshal %s into Go struct field %s.%s "
				    "of type %s", type_names[c->node->type],
				    s->name.p, f->name.p,
				    go_names[c->shape->type]);
			return false;
		}
		i++;
	}
	for (i = 0; i < s->n; i++)
		if (s->field[i].always && !node_get_str(v, s->field[i].name))
			clean_absent(c, &s->field[i], v);
	return true;
}

static bool clean_inner(struct cleaner *c, const struct shape *item,
    struct node *v)
{
	for (uint32_t i = 0; i < v->n; i++) {
		struct node *at = v->type == NODE_LIST ? v->item[i] :
		    v->member[i].value;

		if (at->type == NODE_NULL && item->type == SHAPE_STRING) {
			at->type = NODE_STRING;
			at->text = STR("");
		}
		if (!clean(c, item, at))
			return false;
	}
	return true;
}

static bool clean(struct cleaner *c, const struct shape *s, struct node *v)
{
	struct str text;

	if (v->type == NODE_NULL && s->type == SHAPE_TIME)
		return true;
	if (!fits(s, v)) {
		c->shape = s;
		c->node = v;
		return false;
	}
	if (s->type == SHAPE_STRUCT)
		return clean_struct(c, s, v);
	if (s->type == SHAPE_MAP || s->type == SHAPE_LIST)
		return clean_inner(c, s->item, v);
	if (s->type != SHAPE_QUANTITY)
		return true;
	text = v->type == NODE_INT ? tree_fmt(c->t, "%lld",
	    (long long)v->integer) : v->text;
	if (!quantity_canonical(c->t, text, &text)) {
		*c->why = STR("quantities must match the regular expression "
		    "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
		return false;
	}
	v->type = NODE_STRING;
	v->text = text;
	return true;
}

bool shape_clean(struct tree *t, const struct shape *s, struct node *v,
    struct str *ret_why)
{
	struct cleaner c = { .t = t, .why = ret_why };

	*ret_why = STR_NONE;
	return clean(&c, s, v);
}

/* ---- custom objects -------------------------------------------------- */

void shape_prune(const struct shape *s, struct node *v)
{
	uint32_t i = 0;

	if (v->type == NODE_LIST)
		for (; i < v->n; i++)
			shape_prune(shape_item(s), v->item[i]);
	if (v->type != NODE_OBJECT || s->type == SHAPE_ANY)
		return;
	while (i < v->n) {
		struct member *m = &v->member[i];
		const struct shape *inner = shape_member(s, m->key);

		if (!inner) {
			node_remove_str(v, m->key);
			continue;
		}
		shape_prune(inner, m->value);
		i++;
	}
}

void shape_drop_nulls(const struct shape *s, struct node *v)
{
	uint32_t i = 0;

	if (v->type == NODE_LIST)
		for (; i < v->n; i++)
			shape_drop_nulls(shape_item(s), v->item[i]);
	if (v->type != NODE_OBJECT || s->type == SHAPE_ANY)
		return;
	while (i < v->n) {
		struct member *m = &v->member[i];
		const struct shape *inner = shape_member(s, m->key);
		const struct shape_field *f = s->type == SHAPE_STRUCT ?
		    shape_field(s, m->key) : NULL;

		if (f && m->value->type == NODE_NULL && !inner->nullable &&
		    !f->value) {
			node_remove_str(v, m->key);
			continue;
		}
		if (inner)
			shape_drop_nulls(inner, m->value);
		i++;
	}
}

/* ---- defaults -------------------------------------------------------- */

static void default_struct(struct tree *t, const struct shape *s,
    struct node *v)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct shape_field *f = &s->field[i];
		struct node *at = node_get_str(v, f->name);
		bool null = node_is(at, NODE_NULL);

		null = null && !s->builtin;
		if ((!at || (null && !f->shape->nullable)) && f->value)
			node_set_str(t, v, f->name, node_copy(t, f->value));
	}
}

void shape_default(struct tree *t, const struct shape *s, struct node *v)
{
	if (v->type == NODE_OBJECT && s->type == SHAPE_STRUCT)
		default_struct(t, s, v);
	if (v->type == NODE_LIST)
		for (uint32_t i = 0; i < v->n; i++)
			shape_default(t, shape_item(s), v->item[i]);
	if (v->type != NODE_OBJECT || s->type == SHAPE_ANY)
		return;
	for (uint32_t i = 0; i < v->n; i++) {
		const struct shape *inner = shape_member(s,
		    v->member[i].key);

		if (inner)
			shape_default(t, inner, v->member[i].value);
	}
}
