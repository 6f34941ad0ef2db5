/*
 * JSON values that can be changed.  Members of objects stand in the order of
 * their keys' bytes, so that two equal values have the same text.  All memory
 * comes from a struct tree and goes with it: nothing is freed on its own.
 */
#ifndef SIM_TREE_H
#define SIM_TREE_H

#include <stdarg.h>

#include "base.h"

struct tree_chunk;
struct tree {
	struct tree_chunk *chunk;
	char *at, *end;
};
/* A zeroed struct tree is an empty one. */
void tree_free(struct tree *t);
/* Gives back all but one chunk: for a scratch that is used again. */
void tree_reset(struct tree *t);
void *tree_alloc(struct tree *t, size_t n);
struct str tree_str(struct tree *t, struct str s);
struct str tree_join(struct tree *t, struct str a, struct str b);
struct str tree_vfmt(struct tree *t, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
struct str tree_fmt(struct tree *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

enum node_type {
	NODE_NULL, NODE_BOOL, NODE_INT, NODE_FLOAT, NODE_STRING, NODE_LIST,
	NODE_OBJECT
};

struct node;
struct member {
	uint64_t head;			/* of the key, see key_head */
	struct str key;
	struct node *value;
};

struct node {
	uint8_t type;			/* enum node_type */
	uint32_t n, cap;		/* members or elements */
	union {
		bool boolean;
		int64_t integer;
		struct str text;	/* strings; floats as written */
		struct node **item;
		struct member *member;
	};
};

/* Growing text. */
struct text {
	char *p;
	size_t n, cap;
};
void text_add(struct text *t, const void *p, size_t n);
void text_str(struct text *t, struct str s);
void text_fmt(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct str text_view(const struct text *t);
void text_free(struct text *t);

/* NULL: not one JSON value (of at most 100 levels).  Of members of the same
 * name the last one counts.  why, if given, becomes a static text. */
struct node *node_parse(struct tree *t, struct str text, const char **why);
void node_write(const struct node *v, struct text *out);

struct node *node_null(struct tree *t);
struct node *node_bool(struct tree *t, bool v);
struct node *node_int(struct tree *t, int64_t v);
struct node *node_str(struct tree *t, struct str s);	/* copies s */
struct node *node_cstr(struct tree *t, const char *s);
struct node *node_list(struct tree *t);
struct node *node_object(struct tree *t);
struct node *node_copy(struct tree *t, const struct node *v);
/* A copy of the object itself; its members' values are shared. */
struct node *node_shallow(struct tree *t, const struct node *v);

bool node_is(const struct node *v, enum node_type type); /* NULL: false */
bool node_equal(const struct node *a, const struct node *b);
/* Null, "", 0, false, [] and {}; NULL, too. */
bool node_empty(const struct node *v);

/* -1, 0 or 1, by bytes. */
int key_order(struct str a, struct str b);
/* Members; NULL when there is none, or v is no object. */
struct node *node_get(const struct node *v, const char *key);
struct node *node_get_str(const struct node *v, struct str key);
/* Along "a.b.c"; a number is an index of a list.  No keys with dots. */
struct node *node_path(const struct node *v, const char *path);
/* The text of the string there, or STR_NONE; the number, or `other`. */
struct str node_text(const struct node *v, const char *path);
int64_t node_number(const struct node *v, const char *path, int64_t other);
bool node_true(const struct node *v, const char *path);

void node_set(struct tree *t, struct node *v, const char *key,
    struct node *value);
/* key is copied. */
void node_set_str(struct tree *t, struct node *v, struct str key,
    struct node *value);
bool node_remove(struct node *v, const char *key);
bool node_remove_str(struct node *v, struct str key);
/* The object member of this name, made if it is not there. */
struct node *node_need(struct tree *t, struct node *v, const char *key);
void node_append(struct tree *t, struct node *v, struct node *item);
void node_insert(struct tree *t, struct node *v, uint32_t at,
    struct node *item);
void node_remove_at(struct node *v, uint32_t at);

/* RFC 7386 and 6902.  node_patch: NULL, and *why says why not. */
struct node *node_merge(struct tree *t, struct node *to,
    const struct node *patch);
struct node *node_patch(struct tree *t, struct node *to,
    const struct node *ops, struct str *ret_why);

#endif
