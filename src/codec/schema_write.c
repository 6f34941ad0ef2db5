#include <string.h>

#include "codec.h"

/* One object under way; in_list: within the list at row - 1. */
struct level {
	const struct schema *s;
	const char *o;
	size_t row;
	bool in_list;
	const char *item;
	uint32_t left;
};

static void list_at(const char *p, const void **ret_p, uint32_t *ret_n)
{
	memcpy(ret_p, p, sizeof(*ret_p));
	memcpy(ret_n, p + offsetof(struct strs, n), sizeof(*ret_n));
}

static void write_time(struct jw *w, enum field_type type, int64_t ns)
{
	char mem[64];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	if (type == FIELD_DURATION)
		duration_format(&b, ns);
	else if (type == FIELD_TIME_MICRO)
		time_rfc3339_micro(&b, ns);
	else
		time_rfc3339(&b, ns);
	CHECK(!b.over);
	jw_str(w, buf_view(&b));
}

static void write_int_or_str(struct jw *w, const struct int_or_str *v)
{
	if (v->is_int)
		jw_i64(w, v->i);
	else
		jw_str(w, v->s);
}

static void write_strs(struct jw *w, const struct strs *v)
{
	jw_open_list(w);
	for (uint32_t i = 0; i < v->n; i++)
		jw_str(w, v->p[i]);
	jw_close_list(w);
}

static void write_ints(struct jw *w, const struct ints *v)
{
	jw_open_list(w);
	for (uint32_t i = 0; i < v->n; i++)
		jw_i64(w, v->p[i]);
	jw_close_list(w);
}

static void write_pairs(struct jw *w, const struct pairs *v)
{
	jw_open(w);
	for (uint32_t i = 0; i < v->n; i++) {
		jw_key(w, v->p[i].key);
		jw_str(w, v->p[i].value);
	}
	jw_close(w);
}

/* A value that holds no object. */
static void write_value(struct jw *w, const struct schema_field *f,
    const void *p)
{
	switch (f->type) {
	case FIELD_STR:
	case FIELD_QUANTITY:
		jw_str(w, *(const struct str *)p);
		break;
	case FIELD_BOOL:
		jw_bool(w, *(const bool *)p);
		break;
	case FIELD_I32:
		jw_i64(w, *(const int32_t *)p);
		break;
	case FIELD_I64:
		jw_i64(w, *(const int64_t *)p);
		break;
	case FIELD_INT_OR_STR:
		write_int_or_str(w, p);
		break;
	case FIELD_STRS:
		write_strs(w, p);
		break;
	case FIELD_INTS:
		write_ints(w, p);
		break;
	case FIELD_MAP:
	case FIELD_QUANTITIES:
		write_pairs(w, p);
		break;
	case FIELD_RAW:
	case FIELD_RAW_OBJ:
	case FIELD_RAW_LIST:
		jw_raw(w, *(const struct str *)p);
		break;
	case FIELD_ENUM: {
		int v;

		memcpy(&v, p, sizeof(v));
		jw_str(w, str_from(schema_word(f->of.words, (uint32_t)v)));
		break;
	}
	default:
		write_time(w, (enum field_type)f->type, *(const int64_t *)p);
		break;
	}
}

static void open_level(struct level *stack, uint32_t *depth,
    const struct schema *s, const char *o, struct jw *w)
{
	CHECK(*depth < SCHEMA_DEPTH_MAX);
	stack[(*depth)++] = (struct level){ s, o, 0, false, NULL, 0 };
	jw_open(w);
}

/* The next present row, or NULL when the object is at its end. */
static const struct schema_field *next_row(struct level *t, uint8_t groups)
{
	uint64_t has;

	memcpy(&has, t->o, sizeof(has));
	while (t->row < t->s->n) {
		const struct schema_field *f = &t->s->row[t->row++];

		if (has >> (t->row - 1) & 1 && f->groups & groups &&
		    f->type != FIELD_SELF)
			return f;
	}
	return NULL;
}

static void write_row(struct level *stack, uint32_t *depth,
    const struct schema_field *f, struct jw *w)
{
	struct level *t = &stack[*depth - 1];
	const void *items;

	jw_key(w, str_from(f->key));
	if (f->type == FIELD_OBJ) {
		open_level(stack, depth, f->of.table, t->o + f->offset, w);
	} else if (f->type == FIELD_LIST) {
		list_at(t->o + f->offset, &items, &t->left);
		t->item = items;
		t->in_list = true;
		jw_open_list(w);
	} else {
		write_value(w, f, t->o + f->offset);
	}
}

/* The next item of the list, or its end. */
static void write_item(struct level *stack, uint32_t *depth, struct jw *w)
{
	struct level *t = &stack[*depth - 1];
	const struct schema *sub = t->s->row[t->row - 1].of.table;
	const char *item = t->item;

	if (!t->left) {
		t->in_list = false;
		jw_close_list(w);
		return;
	}
	t->left--;
	t->item += sub->size;
	open_level(stack, depth, sub, item, w);
}

void schema_encode(const struct schema *s, uint8_t groups, const void *o,
    struct jw *w)
{
	struct level stack[SCHEMA_DEPTH_MAX];
	uint32_t depth = 0;

	open_level(stack, &depth, s, o, w);
	while (depth) {
		struct level *t = &stack[depth - 1];
		const struct schema_field *f;

		if (t->in_list) {
			write_item(stack, &depth, w);
		} else if ((f = next_row(t, groups)) != NULL) {
			write_row(stack, &depth, f, w);
		} else {
			jw_close(w);
			depth--;
		}
	}
}
