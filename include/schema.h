#ifndef SCHEMA_H
#define SCHEMA_H

/*
 * schema.c [schema_]: field tables. Part of codec; included by codec.h.
 *
 * A .def file has one row a field. From it come the C structs and presence
 * bits (schema_types.h), the table that decodes, validates and encodes
 * (schema_tables.h), and in tools/gen.c the CRDs, the reference page and the
 * fuzz dictionaries. A .def file is made of these:
 *
 *   VALUES(name)				a closed set of words
 *   V(name, ID, "text")
 *   VALUES_END(name)
 *
 *   TABLE(name, "doc")				an object
 *   F(name, type, member, "key", groups, flags, min, max, "doc")
 *   E(name, values, member, "key", groups, flags, "doc")
 *   O(name, table, member, "key", groups, flags, "doc")
 *   L(name, table, member, "key", groups, flags, max, "doc")
 *   R(name, table, member, "key", groups, flags, "doc")
 *   END(name)
 *
 * F: a field of a type of enum field_type (without FIELD_); E: one word of a
 * set; O: an object inline; L: a list of at most `max` objects; R: an object
 * that is checked against the table but kept as JSON text. A table stands
 * after those it names. `groups` is a mask of variants of the object (API
 * groups) in which the field exists: the same key may stand in several rows
 * whose masks do not meet. Docs never reach a release binary.
 *
 * A header says
 *
 *   #define SCHEMA_DEF "kube_types.def"
 *   #include "schema_types.h"
 *
 * and one .c file the same with "schema_tables.h" after the headers. Each
 * TABLE(x) gives struct x, struct x_list { struct x *p; uint32_t n; } and
 * extern const struct schema x_schema; each VALUES(y) gives enum y and
 * extern const struct schema_words y_words. The .def lies in include/.
 *
 * Presence is a bit: HAS(&o, x, member). A member without its bit is zero.
 */

struct strs { struct str *p; uint32_t n; };
struct ints { int64_t *p; uint32_t n; };
struct pair { struct str key, value; };
struct pairs { struct pair *p; uint32_t n; };	/* in document order */
struct int_or_str {
	bool is_int;
	int32_t i;
	struct str s;		/* when !is_int */
};

/* min and max: of the value, of the length in bytes, or max of the count. */
enum field_type {
	FIELD_STR,		/* struct str; length min..max */
	FIELD_BOOL,		/* bool */
	FIELD_I32,		/* int32_t; min..max unless both 0 */
	FIELD_I64,		/* int64_t; min..max unless both 0 */
	FIELD_INT_OR_STR,	/* struct int_or_str; bounds the integer */
	FIELD_QUANTITY,		/* struct str; a JSON number is taken too */
	FIELD_DURATION,		/* int64_t ns; Go's text form */
	FIELD_TIME,		/* int64_t wall ns; RFC 3339 */
	FIELD_TIME_MICRO,	/* the same, written with microseconds */
	FIELD_STRS,		/* struct strs; at most max items */
	FIELD_INTS,		/* struct ints; at most max items */
	FIELD_MAP,		/* struct pairs, text values; at most max */
	FIELD_QUANTITIES,	/* struct pairs, quantities; at most max */
	FIELD_RAW,		/* struct str: any JSON value as it stands */
	FIELD_RAW_OBJ,		/* struct str: a JSON object as it stands */
	FIELD_RAW_LIST,		/* struct str: a JSON list as it stands */
	FIELD_SELF,		/* struct str: this object's own JSON text;
				 * the first row, key "", never written */
	FIELD_ENUM,		/* by E() */
	FIELD_OBJ,		/* by O() */
	FIELD_LIST,		/* by L() */
	FIELD_TYPES
};

enum field_flags {
	FIELD_REQ = 1,		/* must be there */
	FIELD_LATER = 2,	/* read, but not acted on yet */
	FIELD_ALIAS = 4,	/* another spelling; an adapter moves it */
	FIELD_SECRET = 8,	/* never in a log or a message */
	FIELD_OPEN = 16,	/* CRD: unknown keys inside are kept */
	FIELD_BY_TYPE = 32,	/* CRD: list is a map by "type" */
	FIELD_BY_NAME = 64,	/* CRD: list is a map by "name" */
	FIELD_SHORT = 128	/* MAP: values written in over min bytes
				 * are left out */
};

/* Mask of groups for types that have no variants. */
#define IN_ALL 0xff

struct schema_words {
	const char *const *text;	/* index: the C enumerator's value */
	uint32_t n;
};

struct schema_field {
	const char *key;
	union {
		const struct schema *table;		/* OBJ, LIST, RAW_OBJ */
		const struct schema_words *words;	/* ENUM */
	} of;
	int32_t min, max;	/* wider: by RULE_BOUNDS */
	uint16_t offset;
	uint8_t type, groups, flags;
};

struct schema {
	const char *name;
	const struct schema_field *row;
	uint16_t n, size;
};

/*
 * What some groups do their own way with a row of the common table; at most
 * one rule of a kind for a row in a group.
 */
struct schema_rule {
	const struct schema *table;
	uint8_t row;		/* x_AT_member */
	uint8_t groups;
	uint8_t what;		/* enum schema_what */
	int64_t min, max;
	const char *text;	/* of the default, JSON */
};
enum schema_what {
	RULE_REQ,		/* required in these groups */
	RULE_BOUNDS,		/* min..max instead of the row's */
	RULE_WORDS,		/* ENUM: min is a mask of the words allowed */
	RULE_DEFAULT,		/* when absent: text; also in the CRD */
	RULE_DEFAULT_HIDDEN	/* the same, but not in the CRD */
};

struct schema_mode {
	uint8_t groups;		/* one bit, or IN_ALL */
	bool strict;		/* unknown keys are refused */
	const struct schema_rule *rule;
	size_t rules;
};
extern const struct schema_mode schema_plain;	/* IN_ALL, lax, no rules */

#define HAS(o, table, member) \
	(((o)->has >> table##_AT_##member & 1) != 0)
#define HAS_SET(o, table, member) \
	((void)((o)->has |= UINT64_C(1) << table##_AT_##member))
#define HAS_CLEAR(o, table, member) \
	((void)((o)->has &= ~(UINT64_C(1) << table##_AT_##member)))

/*
 * Decodes the object at `at` into *ret (a struct of this table), lists and
 * unescaped strings into the arena; strings and RAW are slices of the
 * document where they can be. null is absence. ERR_BAD for what the table
 * forbids (wrong type, out of range, required but missing, duplicate key),
 * ERR_LIMIT when nested over SCHEMA_DEPTH_MAX, ERR_FULL when the arena is;
 * d then names the path below `path`, the value and the rule. On failure
 * neither *ret nor the arena is changed. m NULL: schema_plain.
 */
int schema_decode(const struct schema *s, const struct schema_mode *m,
    const struct json_doc *doc, uint32_t at, struct str path,
    struct arena *a, void *ret, struct diag *d);
/* The same for JSON text, with tokens taken from the arena as well. */
int schema_decode_text(const struct schema *s, const struct schema_mode *m,
    struct str text, struct arena *a, void *ret, struct diag *d);
/* Writes what is present, in the order of the rows, as one JSON object. */
void schema_encode(const struct schema *s, uint8_t groups, const void *o,
    struct jw *w);

/* The word's text; CHECK when v is not in the set. */
const char *schema_word(const struct schema_words *w, uint32_t v);
/* The word's index or ERR_NOENT. */
int schema_word_find(const struct schema_words *w, struct str text);
/* The matching rule, or NULL. */
const struct schema_rule *schema_rule_find(const struct schema_mode *m,
    const struct schema *s, size_t row, enum schema_what what);

/* The value of a key, or an empty slice without a pointer. */
struct str pairs_get(const struct pairs *m, struct str key);
bool pairs_have(const struct pairs *m, struct str key);

#define SCHEMA_DEF "meta.def"
#include "schema_types.h"

#endif
