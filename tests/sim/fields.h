/*
 * Sets of fields in the format of managedFields' fieldsV1: objects whose keys
 * are path elements (f:name, k:{...}, v:...) and "." where the path itself is
 * a member.  {} is a member without anything below it.  And what
 * structured-merge-diff does with typed values and such sets, from which
 * server-side apply is made.  Results may share nodes with their arguments,
 * which are never changed.
 */
#ifndef SIM_FIELDS_H
#define SIM_FIELDS_H

#include "shape.h"

bool fields_empty(const struct node *set);	/* NULL is empty, too */
bool fields_equal(const struct node *a, const struct node *b);
struct node *fields_union(struct tree *t, const struct node *a,
    const struct node *b);
struct node *fields_minus(struct tree *t, const struct node *a,
    const struct node *b);
/* And without what is below the members of b. */
struct node *fields_minus_deep(struct tree *t, const struct node *a,
    const struct node *b);
struct node *fields_both(struct tree *t, const struct node *a,
    const struct node *b);
/* Fields of structs that only hold members become members themselves. */
struct node *fields_named(struct tree *t, const struct node *set,
    const struct shape *s);
bool fields_has(const struct node *set, struct str element);
/* As messages have it: .name, [name="x"], ["x"]. */
struct str fields_element(struct tree *t, struct str element);
/* Calls fn with each member's path as messages have it. */
void fields_each(struct tree *t, const struct node *set,
    void (*fn)(void *ctx, struct str path), void *ctx);

/* typed.c */

/* NULL: v does not have that shape; why has the words. */
struct node *typed_set(struct tree *t, const struct shape *s,
    const struct node *v, struct str *ret_why);
struct comparison {
	struct node *added, *modified, *removed;
};
void typed_compare(struct tree *t, const struct shape *s,
    const struct node *old, const struct node *new, struct comparison *ret);
struct node *typed_merge(struct tree *t, const struct shape *s,
    const struct node *live, const struct node *config);
/* Without the members of set; NULL when nothing is left of it. */
struct node *typed_remove(struct tree *t, const struct shape *s,
    const struct node *v, const struct node *set);
/* The path element of a list's element; false: it has none. */
bool typed_element(struct tree *t, const struct shape *list,
    const struct node *item, struct str *ret);

#endif
