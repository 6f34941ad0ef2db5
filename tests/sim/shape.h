/*
 * The shape of a kind's objects: what server-side apply, defaulting, pruning
 * and validation know of them.  Of built-in kinds from shapes.txt, of custom
 * ones from their CRDs.  Made once per process and never changed.
 */
#ifndef SIM_SHAPE_H
#define SIM_SHAPE_H

#include "tree.h"

enum shape_type {
	SHAPE_ANY,		/* whatever it is: maps merge, lists do not */
	SHAPE_STRUCT, SHAPE_MAP, SHAPE_LIST,
	SHAPE_STRING, SHAPE_INT, SHAPE_NUMBER, SHAPE_BOOL, SHAPE_INTSTR,
	SHAPE_QUANTITY, SHAPE_TIME
};

enum { SHAPE_KEYS = 4 };

struct shape;
struct shape_field {
	struct str name;
	const struct shape *shape;
	const struct node *value;	/* its default, or NULL */
	bool pointer;			/* zero is kept */
	bool always;			/* written even when empty */
};

struct shape {
	enum shape_type type;
	struct str name;		/* of a type of shapes.txt */
	bool atomic;			/* one value for ownership */
	bool set;
	bool builtin;			/* unknown fields are dropped */
	bool preserve;			/* unknown fields are kept */
	bool nullable;
	uint32_t keys;			/* of a list that is a map */
	struct str key[SHAPE_KEYS];
	uint32_t n;
	struct shape_field *field;	/* by name */
	const struct shape *item;	/* elements, values of a map */
	const struct node *schema;	/* a CRD's, for validation */
};

const struct shape *shape_builtin(const char *name);
/* The object of a CRD's version; crd is kept. */
const struct shape *shape_crd(struct tree *t, const struct node *crd);
/* A whole file below the working directory, which must be there. */
struct str shape_file(struct tree *t, const char *path);
/* "crds/..." as a CustomResourceDefinition. */
struct node *shape_crd_file(struct tree *t, const char *path,
    const char *name);

const struct shape_field *shape_field(const struct shape *s,
    struct str name);
/* Of the member `name` of a struct or map; NULL: it is not declared. */
const struct shape *shape_member(const struct shape *s, struct str name);
/* Of elements; never NULL. */
const struct shape *shape_item(const struct shape *s);
extern const struct shape shape_any;

/* shape_clean.c: as decoding into Go's structs and writing them again: no
 * nulls, no unknown fields, no empty ones but those that are kept.  False:
 * a type is wrong, and why has the words. */
bool shape_clean(struct tree *t, const struct shape *s, struct node *v,
    struct str *ret_why);
/* Custom objects: unknown fields go; nulls that are neither allowed nor to
 * become a default. */
void shape_prune(const struct shape *s, struct node *v);
void shape_drop_nulls(const struct shape *s, struct node *v);
void shape_default(struct tree *t, const struct shape *s, struct node *v);
/* "0.5" is "500m".  False: not a quantity. */
bool quantity_canonical(struct tree *t, struct str s, struct str *ret);

/* shape_check.c: what is wrong by the CRD's schema, each cause an object
 * with reason, message and field, as in a Status. */
void shape_check(struct tree *t, const struct shape *s,
    const struct node *v, struct node *causes);

#endif
