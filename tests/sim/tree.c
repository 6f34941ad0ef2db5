#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

/* ---- memory ---------------------------------------------------------- */

enum { CHUNK = 4096 };

struct tree_chunk {
	struct tree_chunk *next;
	size_t cap;
	_Alignas(16) char data[];
};

static void chunk_use(struct tree *t, struct tree_chunk *c)
{
	t->at = c->data;
	t->end = c->data + c->cap;
}

static void chunk_add(struct tree *t, size_t n)
{
	size_t cap = t->chunk ? t->chunk->cap * 2 : CHUNK;
	struct tree_chunk *c;

	if (cap > 1 << 18)
		cap = 1 << 18;
	if (cap < n)
		cap = n;
	c = malloc(sizeof(*c) + cap);
	CHECK(c);
	c->cap = cap;
	c->next = t->chunk;
	t->chunk = c;
	chunk_use(t, c);
}

void *tree_alloc(struct tree *t, size_t n)
{
	void *p;

	n = (n + 15) & ~(size_t)15;
	if (!t->chunk || (size_t)(t->end - t->at) < n)
		chunk_add(t, n);
	p = t->at;
	t->at += n;
	return p;
}

void tree_reset(struct tree *t)
{
	struct tree_chunk *keep = t->chunk, *c, *next;

	if (!keep)
		return;
	for (c = keep->next; c; c = next) {
		next = c->next;
		free(c);
	}
	keep->next = NULL;
	chunk_use(t, keep);
}

void tree_free(struct tree *t)
{
	tree_reset(t);
	free(t->chunk);
	*t = (struct tree){ 0 };
}

struct str tree_str(struct tree *t, struct str s)
{
	char *p = tree_alloc(t, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct str){ p, s.n };
}

struct str tree_join(struct tree *t, struct str a, struct str b)
{
	char *p = tree_alloc(t, a.n + b.n + 1);

	if (a.n)
		memcpy(p, a.p, a.n);
	if (b.n)
		memcpy(p + a.n, b.p, b.n);
	p[a.n + b.n] = '\0';
	return (struct str){ p, a.n + b.n };
}

/* What is printed, to be freed. */
static struct str printed(const char *fmt, va_list ap)
{
	char *p = NULL;
	int n = vasprintf(&p, fmt, ap);

	CHECK(n >= 0);
	return (struct str){ p, (size_t)n };
}

struct str tree_vfmt(struct tree *t, const char *fmt, va_list ap)
{
	struct str out = printed(fmt, ap), s = tree_str(t, out);

	free((char *)(uintptr_t)out.p);
	return s;
}

struct str tree_fmt(struct tree *t, const char *fmt, ...)
{
	struct str s;
	va_list ap;

	va_start(ap, fmt);
	s = tree_vfmt(t, fmt, ap);
	va_end(ap);
	return s;
}

/* ---- text ------------------------------------------------------------ */

void text_add(struct text *t, const void *p, size_t n)
{
	if (t->cap - t->n < n) {
		t->cap = (t->cap + n) * 2 + 256;
		t->p = realloc(t->p, t->cap);
		CHECK(t->p);
	}
	if (n)
		memcpy(t->p + t->n, p, n);
	t->n += n;
}

void text_str(struct text *t, struct str s)
{
	text_add(t, s.p, s.n);
}

void text_fmt(struct text *t, const char *fmt, ...)
{
	struct str s;
	va_list ap;

	va_start(ap, fmt);
	s = printed(fmt, ap);
	va_end(ap);
	text_str(t, s);
	free((char *)(uintptr_t)s.p);
}

struct str text_view(const struct text *t)
{
	return (struct str){ t->p, t->n };
}

void text_free(struct text *t)
{
	free(t->p);
	*t = (struct text){ 0 };
}

/* ---- making ---------------------------------------------------------- */

static struct node *node_new(struct tree *t, enum node_type type)
{
	struct node *v = tree_alloc(t, sizeof(*v));

	memset(v, 0, sizeof(*v));
	v->type = (uint8_t)type;
	return v;
}

struct node *node_null(struct tree *t)
{
	return node_new(t, NODE_NULL);
}

struct node *node_bool(struct tree *t, bool b)
{
	struct node *v = node_new(t, NODE_BOOL);

	v->boolean = b;
	return v;
}

struct node *node_int(struct tree *t, int64_t i)
{
	struct node *v = node_new(t, NODE_INT);

	v->integer = i;
	return v;
}

struct node *node_str(struct tree *t, struct str s)
{
	struct node *v = node_new(t, NODE_STRING);

	v->text = tree_str(t, s);
	return v;
}

struct node *node_cstr(struct tree *t, const char *s)
{
	return node_str(t, str_from(s));
}

struct node *node_list(struct tree *t)
{
	return node_new(t, NODE_LIST);
}

struct node *node_object(struct tree *t)
{
	return node_new(t, NODE_OBJECT);
}

struct node *node_copy(struct tree *t, const struct node *v)
{
	struct node *to = node_new(t, v->type);

	*to = *v;
	to->cap = to->n;
	if (v->type == NODE_STRING || v->type == NODE_FLOAT)
		to->text = tree_str(t, v->text);
	if (v->type == NODE_LIST) {
		to->item = tree_alloc(t, v->n * sizeof(*v->item));
		for (uint32_t i = 0; i < v->n; i++)
			to->item[i] = node_copy(t, v->item[i]);
	}
	if (v->type == NODE_OBJECT) {
		to->member = tree_alloc(t, v->n * sizeof(*v->member));
		for (uint32_t i = 0; i < v->n; i++)
			to->member[i] = (struct member){
				v->member[i].head,
				tree_str(t, v->member[i].key),
				node_copy(t, v->member[i].value) };
	}
	return to;
}

struct node *node_shallow(struct tree *t, const struct node *v)
{
	struct node *to = node_new(t, v->type);

	*to = *v;
	to->cap = to->n;
	if (v->type != NODE_OBJECT)
		return to;
	to->member = tree_alloc(t, v->n * sizeof(*v->member));
	if (v->n)
		memcpy(to->member, v->member, v->n * sizeof(*v->member));
	return to;
}

/* ---- asking ---------------------------------------------------------- */

bool node_is(const struct node *v, enum node_type type)
{
	return v && v->type == type;
}

/* Keys are short: a call would take longer than the loop. */
int key_order(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++)
		if (a.p[i] != b.p[i])
			return (unsigned char)a.p[i] < (unsigned char)b.p[i] ?
			    -1 : 1;
	return a.n < b.n ? -1 : a.n > b.n;
}

/* The first eight bytes, so that most keys are told apart by a number. */
static uint64_t key_head(struct str key)
{
	const unsigned char *p = (const unsigned char *)key.p;
	uint64_t head = 0;

	/* The compiler makes one load of it. */
	if (key.n >= 8)
		return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 |
		    (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
		    (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
		    (uint64_t)p[6] << 8 | p[7];
	for (size_t i = 0; i < key.n; i++)
		head |= (uint64_t)p[i] << (56 - 8 * i);
	return head;
}

static int member_order(const struct member *m, uint64_t head, struct str key)
{
	if (m->head != head)
		return m->head < head ? -1 : 1;
	return key_order(m->key, key);
}

/* The first member whose key is not before `key`. */
static uint32_t member_at(const struct node *v, uint64_t head,
    struct str key)
{
	uint32_t low = 0, high = v->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (member_order(&v->member[mid], head, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct node *node_get_str(const struct node *v, struct str key)
{
	uint64_t head = key_head(key);
	uint32_t i;

	if (!node_is(v, NODE_OBJECT))
		return NULL;
	i = member_at(v, head, key);
	return i < v->n && !member_order(&v->member[i], head, key) ?
	    v->member[i].value : NULL;
}

struct node *node_get(const struct node *v, const char *key)
{
	return node_get_str(v, str_from(key));
}

struct node *node_path(const struct node *v, const char *path)
{
	struct str rest = str_from(path), key;
	struct node *at = NULL;
	uint64_t i;

	while (rest.n) {
		rest = str_cut(rest, '.', &key);
		if (!node_is(v, NODE_LIST))
			at = node_get_str(v, key);
		else
			at = str_u64(key, &i) == 0 && i < v->n ?
			    v->item[i] : NULL;
		if (!at)
			return NULL;
		v = at;
	}
	return at;
}

struct str node_text(const struct node *v, const char *path)
{
	const struct node *at = node_path(v, path);

	return node_is(at, NODE_STRING) ? at->text : STR_NONE;
}

int64_t node_number(const struct node *v, const char *path, int64_t other)
{
	const struct node *at = node_path(v, path);

	return node_is(at, NODE_INT) ? at->integer : other;
}

bool node_true(const struct node *v, const char *path)
{
	const struct node *at = node_path(v, path);

	return node_is(at, NODE_BOOL) && at->boolean;
}

bool node_equal(const struct node *a, const struct node *b)
{
	if (!a || !b)
		return a == b;
	if (a->type != b->type)
		return false;
	switch ((enum node_type)a->type) {
	case NODE_NULL:
		return true;
	case NODE_BOOL:
		return a->boolean == b->boolean;
	case NODE_INT:
		return a->integer == b->integer;
	case NODE_FLOAT:
	case NODE_STRING:
		return str_eq(a->text, b->text);
	default:
		break;
	}
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		if (a->type == NODE_LIST ?
		    !node_equal(a->item[i], b->item[i]) :
		    !str_eq(a->member[i].key, b->member[i].key) ||
		    !node_equal(a->member[i].value, b->member[i].value))
			return false;
	}
	return true;
}

bool node_empty(const struct node *v)
{
	if (!v)
		return true;
	switch ((enum node_type)v->type) {
	case NODE_NULL:
		return true;
	case NODE_BOOL:
		return !v->boolean;
	case NODE_INT:
		return v->integer == 0;
	case NODE_FLOAT:
		return false;
	case NODE_STRING:
		return v->text.n == 0;
	default:
		return v->n == 0;
	}
}

/* ---- changing -------------------------------------------------------- */

static void node_grow(struct tree *t, struct node *v, size_t size)
{
	uint32_t cap = v->cap < 4 ? 4 : v->cap * 2;
	void *p;

	if (v->n < v->cap)
		return;
	p = tree_alloc(t, cap * size);
	if (v->n)
		memcpy(p, v->item, v->n * size);
	v->item = p;
	v->cap = cap;
}

/* key is not copied. */
static void member_set(struct tree *t, struct node *v, struct str key,
    struct node *value)
{
	uint64_t head = key_head(key);
	uint32_t i;

	CHECK(v->type == NODE_OBJECT && value);
	i = member_at(v, head, key);
	if (i < v->n && str_eq(v->member[i].key, key)) {
		v->member[i].value = value;
		return;
	}
	node_grow(t, v, sizeof(*v->member));
	memmove(v->member + i + 1, v->member + i,
	    (v->n - i) * sizeof(*v->member));
	v->member[i] = (struct member){ head, key, value };
	v->n++;
}

void node_set(struct tree *t, struct node *v, const char *key,
    struct node *value)
{
	member_set(t, v, tree_str(t, str_from(key)), value);
}

void node_set_str(struct tree *t, struct node *v, struct str key,
    struct node *value)
{
	member_set(t, v, tree_str(t, key), value);
}

bool node_remove_str(struct node *v, struct str key)
{
	uint32_t i;

	if (!node_is(v, NODE_OBJECT))
		return false;
	i = member_at(v, key_head(key), key);
	if (i == v->n || !str_eq(v->member[i].key, key))
		return false;
	v->n--;
	memmove(v->member + i, v->member + i + 1,
	    (v->n - i) * sizeof(*v->member));
	return true;
}

bool node_remove(struct node *v, const char *key)
{
	return node_remove_str(v, str_from(key));
}

struct node *node_need(struct tree *t, struct node *v, const char *key)
{
	struct node *at = node_get(v, key);

	if (!node_is(at, NODE_OBJECT)) {
		at = node_object(t);
		node_set(t, v, key, at);
	}
	return at;
}

void node_insert(struct tree *t, struct node *v, uint32_t at,
    struct node *item)
{
	CHECK(v->type == NODE_LIST && at <= v->n && item);
	node_grow(t, v, sizeof(*v->item));
	memmove(v->item + at + 1, v->item + at,
	    (v->n - at) * sizeof(*v->item));
	v->item[at] = item;
	v->n++;
}

void node_append(struct tree *t, struct node *v, struct node *item)
{
	node_insert(t, v, v->n, item);
}

void node_remove_at(struct node *v, uint32_t at)
{
	CHECK(v->type == NODE_LIST && at < v->n);
	v->n--;
	memmove(v->item + at, v->item + at + 1,
	    (v->n - at) * sizeof(*v->item));
}
