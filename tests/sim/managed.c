#include <stdlib.h>
#include <string.h>

#include "api_int.h"

/*
 * managedFields, as the field manager of apimachinery keeps them.  Every
 * entry of the list is worked on as it stands in the object: fieldsV1 is the
 * set.
 */

struct managed managed_of(const struct call *c)
{
	return (struct managed){
		.t = c->t, .kind = c->kind, .shape = kind_shape(c->kind),
		.api_version = kind_api_version(c->kind),
		.manager = c->manager, .sub = c->sub, .now_ns = c->now_ns,
		.custom = kind_is_custom(c->kind),
	};
}

/* What nobody can own. */
static const struct node *strip_set(void)
{
	static struct tree kept;
	static struct node *made;
	struct tree *t = &kept;
	static const char *const names[] = { "f:name", "f:namespace",
		"f:creationTimestamp", "f:selfLink", "f:uid",
		"f:clusterName", "f:generation", "f:managedFields",
		"f:resourceVersion", "." };
	struct node *set, *meta;

	if (made)
		return made;
	set = node_object(t);
	meta = node_object(t);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		node_set(t, meta, names[i], node_object(t));
	node_set(t, set, "f:metadata", meta);
	node_set(t, set, "f:apiVersion", node_object(t));
	node_set(t, set, "f:kind", node_object(t));
	made = set;
	return set;
}

/* What a request to this subresource cannot set is nobody's. */
static struct node *reset_set(const struct managed *m)
{
	struct node *set = node_object(m->t);

	if (str_is(m->sub, "status"))
		node_set(m->t, set, "f:spec", node_object(m->t));
	if (str_is(m->sub, "status") && m->custom)
		node_set(m->t, set, "f:metadata", node_object(m->t));
	if (!m->sub.n)
		node_set(m->t, set, "f:status", node_object(m->t));
	return set;
}

static struct node *strip(const struct managed *m, const struct node *set)
{
	return fields_minus(m->t, fields_minus_deep(m->t, set,
	    reset_set(m)), strip_set());
}

static struct node *set_of_entry(const struct node *e)
{
	return node_get(e, "fieldsV1");
}

static bool is_entry(const struct node *e, const struct managed *m,
    const char *operation)
{
	return str_eq(node_text(e, "manager"), m->manager) &&
	    str_is(node_text(e, "operation"), operation) &&
	    str_eq(node_text(e, "subresource"), m->sub) &&
	    (str_is(node_text(e, "apiVersion"), m->api_version) ||
	    !strcmp(operation, "Apply"));
}

static struct node *find_entry(const struct node *list,
    const struct managed *m, const char *operation)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (is_entry(list->item[i], m, operation))
			return list->item[i];
	return NULL;
}

static struct node *add_entry(const struct managed *m, struct node *list,
    struct str manager, const char *operation)
{
	struct tree *t = m->t;
	struct node *e = node_object(t);

	node_set(t, e, "manager", node_str(t, manager));
	node_set(t, e, "operation", node_cstr(t, operation));
	node_set(t, e, "apiVersion", node_cstr(t, m->api_version));
	if (!str_is(m->sub, "scale"))
		node_set(t, e, "time", time_node(t, m->now_ns));
	node_set(t, e, "fieldsType", node_cstr(t, "FieldsV1"));
	node_set(t, e, "fieldsV1", node_object(t));
	if (m->sub.n)
		node_set(t, e, "subresource", node_str(t, m->sub));
	node_append(t, list, e);
	return e;
}

static void set_entry(const struct managed *m, struct node *e,
    struct node *set)
{
	node_set(m->t, e, "fieldsV1", set);
}

static void drop_empty(struct node *list)
{
	uint32_t i = 0;

	while (i < list->n)
		if (fields_empty(set_of_entry(list->item[i])))
			node_remove_at(list, i);
		else
			i++;
}

static int entry_order(const void *a, const void *b)
{
	static const char *const by[] = { "operation", "time", "manager",
		"apiVersion", "subresource" };
	const struct node *x = *(struct node *const *)a;
	const struct node *y = *(struct node *const *)b;
	int c = 0;

	for (size_t i = 0; !c && i < ARRAY_LEN(by); i++)
		c = key_order(node_text(x, by[i]), node_text(y, by[i]));
	return c;
}

static void put_list(const struct managed *m, struct node *v,
    struct node *list)
{
	struct node *meta = node_need(m->t, v, "metadata");

	drop_empty(list);
	if (!list->n) {
		node_remove(meta, "managedFields");
		return;
	}
	qsort(list->item, list->n, sizeof(struct node *), entry_order);
	node_set(m->t, meta, "managedFields", list);
}

static bool is_same_manager(const struct node *a, const struct node *b)
{
	static const char *const by[] = { "manager", "operation",
		"apiVersion", "subresource" };

	for (size_t i = 0; i < ARRAY_LEN(by); i++)
		if (!str_eq(node_text(a, by[i]), node_text(b, by[i])))
			return false;
	return true;
}

/* Of live, to be changed; v loses its own.  Of two entries of one manager
 * the real server only reads the last. */
static struct node *take_list(const struct managed *m,
    const struct node *live)
{
	const struct node *old = node_path(live, "metadata.managedFields");
	struct node *list = node_list(m->t);
	uint32_t i, j;

	for (i = 0; node_is(old, NODE_LIST) && i < old->n; i++) {
		for (j = i + 1; j < old->n; j++)
			if (is_same_manager(old->item[i], old->item[j]))
				break;
		if (j == old->n)
			node_append(m->t, list,
			    node_copy(m->t, old->item[i]));
	}
	return list;
}

static struct node *without_list(struct tree *t, const struct node *v)
{
	struct node *to = node_shallow(t, v), *meta;

	if (node_get(to, "metadata")) {
		meta = node_shallow(t, node_get(to, "metadata"));
		node_remove(meta, "managedFields");
		node_set(t, to, "metadata", meta);
	}
	return to;
}

/* ---- updates --------------------------------------------------------- */

/* What others lose when live becomes v. */
static void take_away(const struct managed *m, struct node *list,
    const struct comparison *diff, const struct node *but)
{
	struct node *gone = fields_union(m->t, fields_union(m->t,
	    diff->modified, diff->added), diff->removed);

	for (uint32_t i = 0; i < list->n; i++)
		if (list->item[i] != but)
			set_entry(m, list->item[i], fields_minus(m->t,
			    set_of_entry(list->item[i]), gone));
}

/* [{}] is how somebody asks that nobody be remembered. */
static bool wants_reset(const struct node *v)
{
	const struct node *list = node_path(v, "metadata.managedFields");

	return node_is(list, NODE_LIST) && (!list->n ||
	    (list->n == 1 && !list->item[0]->n));
}

/* Who sends a list of managers changes it; a subresource has none. */
static bool sends_list(const struct managed *m, const struct node *v)
{
	const struct node *list = node_path(v, "metadata.managedFields");

	return !m->sub.n && node_is(list, NODE_LIST) && list->n > 0;
}

/*
 * In a Scale there is nothing but the number, and none is not written, and so
 * not owned.  Whoever owned it loses it with the number; where that stays as
 * it is, what was updated with other fields becomes an entry of its own.
 * While nobody owns it nobody will, for a Scale without managers stays so.
 */
static void scale_update(const struct managed *m, const struct node *live,
    struct node *v, struct node *list)
{
	int64_t was = node_number(live, "spec.replicas", 0);
	int64_t now = node_number(v, "spec.replicas", 0);
	struct node *set = node_object(m->t), *e;
	uint32_t n = list->n, owners = 0;

	node_set(m->t, node_need(m->t, set, "f:spec"), "f:replicas",
	    node_object(m->t));
	for (uint32_t i = 0; i < n; i++) {
		e = list->item[i];
		if (!node_path(e, "fieldsV1.f:spec.f:replicas"))
			continue;
		owners++;
		if (was == now && str_is(node_text(e, "operation"), "Apply"))
			continue;
		if (was == now) {
			e = node_copy(m->t, e);
			node_remove(e, "time");
			set_entry(m, e, set);
			node_append(m->t, list, e);
		}
		set_entry(m, list->item[i], fields_minus(m->t,
		    set_of_entry(list->item[i]), set));
	}
	if (owners && was != now && now)
		set_entry(m, add_entry(m, list, m->manager, "Update"), set);
	put_list(m, v, list);
}

void managed_update(const struct managed *m, const struct node *live,
    struct node *v)
{
	struct node *list = take_list(m, sends_list(m, v) ? v : live);
	struct node *e, *mine;
	struct comparison diff;

	if (wants_reset(v))
		list = node_list(m->t);
	/* An object whose fields nobody follows stays so. */
	if (!list->n && node_text(live, "metadata.uid").n) {
		node_remove(node_get(v, "metadata"), "managedFields");
		return;
	}
	if (str_is(m->sub, "scale")) {
		scale_update(m, live, v, list);
		return;
	}
	typed_compare(m->t, m->shape, without_list(m->t, live),
	    without_list(m->t, v), &diff);
	e = find_entry(list, m, "Update");
	take_away(m, list, &diff, NULL);
	mine = strip(m, fields_union(m->t, diff.modified, diff.added));
	if (!fields_empty(mine)) {
		if (!e)
			e = add_entry(m, list, m->manager, "Update");
		set_entry(m, e, fields_union(m->t, set_of_entry(e), mine));
		node_set(m->t, e, "time", time_node(m->t, m->now_ns));
	}
	put_list(m, v, list);
}

/* ---- apply ----------------------------------------------------------- */

struct conflict {
	const struct managed *m;
	struct node *causes;
	struct text *text;
	const struct node *entry;
	bool first;
};

static void one_conflict(void *ctx, struct str path)
{
	struct conflict *c = ctx;
	struct tree *t = c->m->t;
	struct node *v = node_object(t);
	struct str who = node_text(c->entry, "manager");
	struct str sub = node_text(c->entry, "subresource");
	struct text text = { 0 };

	text_fmt(&text, "conflict with \"%.*s\"", (int)who.n, who.p);
	if (sub.n)
		text_fmt(&text, " with subresource \"%.*s\"", (int)sub.n,
		    sub.p);
	if (str_is(node_text(c->entry, "operation"), "Update")) {
		struct str version = node_text(c->entry, "apiVersion");

		text_fmt(&text, " using %.*s", (int)version.n, version.p);
	}
	node_set(t, v, "reason", node_cstr(t, "FieldManagerConflict"));
	node_set(t, v, "message", node_str(t, text_view(&text)));
	node_set(t, v, "field", node_str(t, path));
	node_append(t, c->causes, v);
	text_free(&text);
}

/* By manager, and in the order of a manager's fields as they stand. */
static void sort_causes(struct node *causes)
{
	for (uint32_t i = 1; i < causes->n; i++) {
		struct node *v = causes->item[i];
		uint32_t j = i;

		for (; j > 0 && key_order(node_text(causes->item[j - 1],
		    "message"), node_text(v, "message")) > 0; j--)
			causes->item[j] = causes->item[j - 1];
		causes->item[j] = v;
	}
}

/* One on a line; more by manager: "conflicts with "x":\n- .spec.a\n...". */
static struct str conflict_text(struct tree *t, const struct node *causes)
{
	struct text text = { 0 };
	struct str last = STR_NONE, s;
	uint32_t n = causes->n;

	text_fmt(&text, "Apply failed with %u conflict%s: ", n,
	    n == 1 ? "" : "s");
	for (uint32_t i = 0; i < n; i++) {
		struct str who = node_text(causes->item[i], "message");
		struct str field = node_text(causes->item[i], "field");

		/* "conflict" becomes "conflicts". */
		if (n > 1 && !str_eq(who, last))
			text_fmt(&text, "%sconflicts%.*s:", i ? "\n" : "",
			    (int)who.n - 8, who.p + 8);
		if (n > 1)
			text_fmt(&text, "\n- %.*s", (int)field.n, field.p);
		else
			text_fmt(&text, "%.*s: %.*s", (int)who.n, who.p,
			    (int)field.n, field.p);
		last = who;
	}
	s = tree_str(t, text_view(&text));
	text_free(&text);
	return s;
}

static struct node *conflicts(const struct managed *m, struct node *list,
    const struct comparison *diff, const struct node *mine)
{
	struct conflict c = { .m = m, .causes = node_list(m->t) };
	struct node *set = fields_union(m->t, diff->modified, diff->added);

	for (uint32_t i = 0; i < list->n; i++) {
		if (list->item[i] == mine)
			continue;
		c.entry = list->item[i];
		fields_each(m->t, fields_both(m->t,
		    set_of_entry(list->item[i]), set), one_conflict, &c);
	}
	sort_causes(c.causes);
	return c.causes;
}

/* Takes out what this manager no longer applies and nobody else has. */
static struct node *prune(const struct managed *m, struct node *merged,
    const struct node *list, const struct node *last)
{
	struct tree *t = m->t;
	const struct shape *s = m->shape;
	struct node *named = fields_named(t, last, s), *pruned, *all;
	struct node *in_merged, *in_pruned;
	struct str why;

	if (fields_empty(last))
		return merged;
	pruned = typed_remove(t, s, merged, named);
	all = node_object(t);
	for (uint32_t i = 0; i < list->n; i++)
		all = fields_union(t, all, set_of_entry(list->item[i]));
	in_merged = fields_named(t, typed_set(t, s, merged, &why), s);
	in_pruned = fields_named(t, typed_set(t, s, pruned ? pruned :
	    node_object(t), &why), s);
	pruned = typed_remove(t, s, merged, fields_minus(t, in_merged,
	    fields_union(t, in_pruned, fields_named(t, all, s))));
	in_pruned = fields_named(t, typed_set(t, s, pruned ? pruned :
	    node_object(t), &why), s);
	return typed_remove(t, s, merged, fields_both(t,
	    fields_minus(t, in_merged, in_pruned), named));
}

/* What was there before anybody applied belongs to a manager of that name. */
static void before_first(const struct managed *m, const struct node *live,
    struct node *list)
{
	struct comparison diff;
	struct node *e;

	typed_compare(m->t, m->shape, object_blank(m->t, m->kind), live, &diff);
	e = add_entry(m, list, STR("before-first-apply"), "Update");
	node_remove(e, "subresource");
	set_entry(m, e, strip(m, fields_union(m->t, diff.added,
	    diff.modified)));
}

enum apply_result managed_apply(const struct managed *m,
    const struct node *live, const struct node *config, bool force,
    struct apply_out *ret)
{
	struct tree *t = m->t;
	struct node *list = take_list(m, live), *bare, *merged, *set, *e;
	const struct node *last;
	struct comparison diff;
	struct str why;

	bare = without_list(t, live);
	if (!list->n && node_text(live, "metadata.uid").n)
		before_first(m, bare, list);
	set = typed_set(t, m->shape, config, &why);
	if (!set) {
		ret->message = why;
		ret->ns = node_text(config, "metadata.namespace");
		return APPLY_TYPES;
	}
	set = fields_minus_deep(t, set, reset_set(m));
	merged = typed_merge(t, m->shape, bare, config);
	e = find_entry(list, m, "Apply");
	last = e ? node_copy(t, set_of_entry(e)) : NULL;
	if (!e)
		e = add_entry(m, list, m->manager, "Apply");
	if (!last)
		node_remove(e, "time");
	set_entry(m, e, set);
	merged = prune(m, merged, list, last);
	typed_compare(t, m->shape, bare, merged, &diff);
	ret->causes = conflicts(m, list, &diff, e);
	if (!force && ret->causes->n) {
		ret->message = conflict_text(t, ret->causes);
		return APPLY_CONFLICT;
	}
	take_away(m, list, &diff, e);
	/* Until here the name kept its parents from being pruned. */
	set = strip(m, set);
	set_entry(m, e, set);
	/* The time is that of the object's change, not of the set's. */
	if (!node_equal(merged, bare))
		node_set(t, e, "time", time_node(t, m->now_ns));
	put_list(m, merged, list);
	ret->object = merged;
	return APPLY_DONE;
}

/* ---- comparing ------------------------------------------------------- */

/* Equal objects, one member left out. */
static bool same_but(const struct node *a, const struct node *b,
    const char *but)
{
	uint32_t n = 0;

	for (uint32_t i = 0; a && i < a->n; i++) {
		if (str_is(a->member[i].key, but))
			continue;
		n++;
		if (!node_equal(a->member[i].value,
		    node_get_str(b, a->member[i].key)))
			return false;
	}
	return (b ? b->n : 0) == n + (node_get(b, but) ? 1 : 0);
}

static bool same_lists(const struct node *a, const struct node *b)
{
	if (!a || !b || a->n != b->n)
		return !a && !b;
	for (uint32_t i = 0; i < a->n; i++)
		if (!same_but(a->item[i], b->item[i], "time"))
			return false;
	return true;
}

bool managed_equal(const struct node *a, const struct node *b)
{
	const struct node *x = node_get(a, "metadata");
	const struct node *y = node_get(b, "metadata");

	return same_but(a, b, "metadata") &&
	    same_but(x, y, "managedFields") &&
	    same_lists(node_get(x, "managedFields"),
	    node_get(y, "managedFields"));
}
