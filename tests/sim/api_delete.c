#include <stdio.h>
#include <string.h>

#include "api_int.h"

static const char foreground[] = "foregroundDeletion", orphan[] = "orphan";

static bool has_text(const struct node *list, const char *s)
{
	for (uint32_t i = 0; list && i < list->n; i++)
		if (str_is(list->item[i]->text, s))
			return true;
	return false;
}

static void add_text(struct tree *t, struct node *v, const char *key,
    const char *s)
{
	struct node *list = node_get(v, key);

	if (!list) {
		list = node_list(t);
		node_set(t, v, key, list);
	}
	if (!has_text(list, s))
		node_append(t, list, node_cstr(t, s));
}

static void drop_text(struct node *v, const char *key, const char *s)
{
	struct node *list = node_get(v, key);

	for (uint32_t i = 0; list && i < list->n; i++)
		if (str_is(list->item[i]->text, s))
			node_remove_at(list, i--);
	if (list && !list->n)
		node_remove(v, key);
}

/* ---- one object ------------------------------------------------------ */

/* The finalizers of the collector follow the policy; another policy takes
 * the other one away. */
static void set_policy(struct tree *t, struct node *meta,
    struct str propagation)
{
	if (str_is(propagation, "Foreground")) {
		drop_text(meta, "finalizers", orphan);
		add_text(t, meta, "finalizers", foreground);
	} else if (str_is(propagation, "Orphan")) {
		drop_text(meta, "finalizers", foreground);
		add_text(t, meta, "finalizers", orphan);
	} else if (str_is(propagation, "Background")) {
		drop_text(meta, "finalizers", foreground);
		drop_text(meta, "finalizers", orphan);
	}
}

/* How long it may take to go: only pods that run somewhere are waited for. */
static int64_t grace_of(const struct slot *slot, int64_t asked)
{
	const struct node *v = slot->v->root;
	struct str phase = node_text(v, "status.phase");

	if (!kinds[slot->o.kind].graceful || !node_text(v,
	    "spec.nodeName").n || str_is(phase, "Failed") ||
	    str_is(phase, "Succeeded"))
		return 0;
	return asked >= 0 ? asked :
	    node_number(v, "spec.terminationGracePeriodSeconds", 30);
}

static void mark(struct call *c, struct node *v, int64_t grace_s)
{
	struct node *meta = node_get(v, "metadata");
	int64_t before = node_number(meta, "deletionGracePeriodSeconds", -1);
	int64_t generation = node_number(meta, "generation", 0);

	if ((before >= 0 && before <= grace_s) || (node_get(meta,
	    "deletionTimestamp") && before < 0))
		return;
	node_set(c->t, meta, "deletionTimestamp", time_node(c->t,
	    c->now_ns + grace_s * NS_PER_S));
	/* A namespace is not of those that are given time. */
	if (!node_path(v, "spec.finalizers"))
		node_set(c->t, meta, "deletionGracePeriodSeconds",
		    node_int(c->t, grace_s));
	if (generation && before < 0)
		node_set(c->t, meta, "generation",
		    node_int(c->t, generation + 1));
}

static bool holds_on(const struct node *v)
{
	return node_path(v, "metadata.finalizers.0") ||
	    node_path(v, "spec.finalizers.0") ||
	    node_number(v, "metadata.deletionGracePeriodSeconds", 0) > 0;
}

enum delete_how delete_object(struct call *c, struct slot *slot,
    struct str propagation, int64_t grace_s)
{
	struct node *v = node_copy(c->t, slot->v->root);
	struct api_write w = {
		.verb = "delete", .sub = "", .manager = c->manager,
		.agent = c->r->agent, .system = !c->ans,
	};

	set_policy(c->t, node_get(v, "metadata"), propagation);
	grace_s = grace_of(slot, grace_s);
	mark(c, v, grace_s);
	if (slot->o.kind == API_NAMESPACE)
		node_set(c->t, node_need(c->t, v, "status"), "phase",
		    node_cstr(c->t, "Terminating"));
	if (!holds_on(v)) {
		if (!c->dry)
			(void)store_commit(c->a, slot->o.kind, slot, NULL,
			    &w);
		return DELETE_DONE;
	}
	if (!c->dry && !node_equal(v, slot->v->root))
		(void)store_commit(c->a, slot->o.kind, slot, v, &w);
	return DELETE_PENDING;
}

/* ---- requests -------------------------------------------------------- */

struct how {
	struct str propagation, uid, version;
	int64_t grace_s;		/* -1: not said */
};

static bool read_options(struct call *c, struct how *how)
{
	struct node *v = NULL;
	struct str grace = query_get(c, "gracePeriodSeconds");
	const char *why;
	uint64_t seconds;

	*how = (struct how){ .grace_s = -1 };
	how->propagation = query_get(c, "propagationPolicy");
	if (str_u64(grace, &seconds) == 0)
		how->grace_s = (int64_t)seconds;
	if (!c->r->body.n)
		return true;
	v = node_parse(c->t, c->r->body, &why);
	if (!node_is(v, NODE_OBJECT))
		return refuse(c, 400, "BadRequest", "couldn't get version/"
		    "kind; json parse error");
	if (node_text(v, "propagationPolicy").n)
		how->propagation = node_text(v, "propagationPolicy");
	how->uid = node_text(v, "preconditions.uid");
	how->version = node_text(v, "preconditions.resourceVersion");
	how->grace_s = node_number(v, "gracePeriodSeconds", how->grace_s);
	if (node_get(v, "dryRun"))
		c->dry = true;
	return true;
}

/* Here the kind stands where else the resource does. */
static bool refuse_stale(struct call *c, const char *why)
{
	struct node *details = status_about(c, c->kind, c->name);

	node_set(c->t, details, "kind", node_cstr(c->t, c->info->kind));
	return refuse_details(c, 409, "Conflict", details, tree_fmt(c->t,
	    "Operation cannot be fulfilled on %s \"%.*s\": %s",
	    kind_qualified(c->kind), (int)c->name.n, c->name.p, why));
}

static bool check_conditions(struct call *c, const struct slot *slot,
    const struct how *how)
{
	char now[24];

	if (how->uid.n && !str_eq(how->uid, slot->o.uid))
		return refuse_stale(c, tree_fmt(c->t, "the UID in the "
		    "precondition (%.*s) does not match the UID in record "
		    "(%.*s). The object might have been deleted and then "
		    "recreated", (int)how->uid.n, how->uid.p,
		    (int)slot->o.uid.n, slot->o.uid.p).p);
	snprintf(now, sizeof(now), "%llu",
	    (unsigned long long)slot->o.version);
	if (how->version.n && !str_is(how->version, now))
		return refuse_stale(c, tree_fmt(c->t, "the ResourceVersion "
		    "in the precondition (%.*s) does not match the "
		    "ResourceVersion in record (%s). The object might have "
		    "been modified", (int)how->version.n, how->version.p,
		    now).p);
	return true;
}

static void answer_gone(struct call *c, struct str uid)
{
	struct node *details = status_about(c, c->kind, c->name);

	node_set(c->t, details, "uid", node_str(c->t, uid));
	answer_node(c, 200, status_node(c->t, 0, "", STR_NONE, details));
}

void write_delete(struct call *c)
{
	struct slot *slot = store_find(c->a, c->kind, c->ns, c->name);
	struct version *last;
	struct how how;
	struct str uid;

	c->verb = "delete";
	if (!read_options(c, &how))
		return;
	if (!slot) {
		(void)refuse_missing(c, c->kind, c->name);
		return;
	}
	if (!check_conditions(c, slot, &how) || !fault_admission(c, false))
		return;
	uid = tree_str(c->t, slot->o.uid);
	last = slot->v;
	last->refs++;
	if (delete_object(c, slot, how.propagation, how.grace_s) ==
	    DELETE_PENDING)
		answer_object(c, 200, store_find(c->a, c->kind, c->ns,
		    c->name)->v);
	else if (c->info->graceful || c->kind == API_SERVICE ||
	    c->kind == API_RESOURCE_QUOTA)
		answer_object(c, 200, last);
	else
		answer_gone(c, uid);
	version_put(last);
}

void write_delete_all(struct call *c)
{
	const struct object_list *l = &c->a->of[c->kind];
	struct version **all;
	struct how how;
	uint32_t n = 0;

	c->verb = "delete";
	if (!read_options(c, &how) || !select_parse(c))
		return;
	all = tree_alloc(c->t, (l->n + 1) * sizeof(struct version *));
	for (uint32_t i = 0; i < l->n; i++) {
		struct slot *s = l->slot[i];

		if ((c->ns.n && !str_eq(s->o.ns, c->ns)) ||
		    !select_matches(&c->select, c->kind, s->o.root))
			continue;
		s->v->refs++;
		all[n++] = s->v;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct node *root = all[i]->root;

		(void)delete_object(c, store_find(c->a, c->kind,
		    node_text(root, "metadata.namespace"),
		    node_text(root, "metadata.name")), how.propagation,
		    how.grace_s);
	}
	answer_list(c, all, n);
	for (uint32_t i = 0; i < n; i++)
		version_put(all[i]);
}
