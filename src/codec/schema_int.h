#ifndef SCHEMA_INT_H
#define SCHEMA_INT_H

#include "codec.h"

/* One object under way; `elem` goes through the list that is its field f. */
struct frame {
	const struct schema *s;
	char *o;			/* NULL: checked only */
	uint64_t has, seen;
	uint32_t at, key;
	const struct schema_field *f;
	uint32_t list, elem, i;
	char *items;
	size_t mark;			/* of the arena, before it began */
};

struct decoder {
	const struct schema_mode *m;
	const struct json_doc *doc;
	struct arena *a;
	struct diag *d;
	struct str path;
	uint32_t depth;
	struct frame frame[SCHEMA_DEPTH_MAX];
};

union scalar {
	struct str s;
	struct int_or_str ios;
	int64_t i64;
	int32_t i32;
	int word;
	bool b;
};

/* schema_value.c: values that hold no object, and what is wrong with them */

/* The path of what is at hand, with `key` behind it unless empty. */
struct str field_path(const struct decoder *c, struct str key,
    char mem[DIAG_PATH_MAX]);
/* Both tell what is wrong with the field at hand and return ERR_BAD. */
int field_bad(const struct decoder *c, const char *text);
int field_bad_type(const struct decoder *c, const char *want, uint32_t at);
int field_full(const struct decoder *c);		/* ERR_FULL */
bool field_is(const struct decoder *c, uint32_t at, enum json_type t);
/* STR to TIME_MICRO, and ENUM; ret_size: how much of *ret it is. */
int take_scalar(const struct decoder *c, const struct schema_field *f,
    uint32_t at, union scalar *ret, size_t *ret_size);
/* STRS and INTS; MAP and QUANTITIES. to NULL: only checked. */
int take_items(const struct decoder *c, const struct schema_field *f,
    uint32_t at, char *to);
int take_pairs(const struct decoder *c, const struct schema_field *f,
    uint32_t at, char *to);
/* Room for as many items as the list or map at `at` has, if so many may. */
int list_room(const struct decoder *c, const struct schema_field *f,
    uint32_t at, size_t size, void **ret_p, uint32_t *ret_n);
/* Writes {p, n} into a list or map member. */
void list_put(char *to, void *p, uint32_t n);

#endif
