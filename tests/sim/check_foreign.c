/* What is not ours is not touched. */
#include "check.h"

/*
 * An object is ours when a server controls it; one that carries our key and
 * has no controller any more was, and may be taken up again.
 */
static bool was_ours(const struct sim *s, const struct node *old)
{
	const struct node *owners = node_path(old,
	    "metadata.ownerReferences");
	const struct node *labels = node_path(old, "metadata.labels");
	struct str uid;

	(void)owner_of(s, old, &uid);
	if (uid.n)
		return true;
	return node_empty(owners) && node_get(labels,
	    "mcp.allbeone.io/server-key");
}

static bool has_finalizer(const struct node *root, struct str name)
{
	const struct node *list = node_path(root, "metadata.finalizers");

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++)
		if (str_eq(list->item[i]->text, name))
			return true;
	return false;
}

/* Ours end in /finalizer; another's goes when he takes it off. */
static void finalizers_stay(struct sim *s, const struct api_write *w)
{
	const struct node *list = node_path(w->old, "metadata.finalizers");

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++) {
		struct str name = list->item[i]->text;

		if (!str_ends(name, STR("/finalizer")) &&
		    !has_finalizer(w->new, name))
			sim_fail(s, "foreign", "takes %.*s off %.*s/%.*s",
			    (int)name.n, name.p, (int)w->ns.n, w->ns.p,
			    (int)w->name.n, w->name.p);
	}
}

/* All labels but those that a tenant may set are in both. */
static bool labels_stay(const struct node *from, const struct node *to)
{
	for (uint32_t i = 0; node_is(from, NODE_OBJECT) && i < from->n; i++)
		if (!str_starts(from->member[i].key, STR(TENANT_LABELS)) &&
		    !node_equal(from->member[i].value, node_get_str(to,
		    from->member[i].key)))
			return false;
	return true;
}

/* Nothing but labels of tenants is changed at a Namespace. */
static bool is_labelling(const struct api_write *w)
{
	const struct node *old = node_path(w->old, "metadata.labels");
	const struct node *new = node_path(w->new, "metadata.labels");

	return w->kind == API_NAMESPACE && w->old && w->new &&
	    labels_stay(old, new) && labels_stay(new, old) &&
	    node_equal(node_get(w->old, "spec"), node_get(w->new, "spec"));
}

static void write(struct sim *s, const struct api_write *w)
{
	struct str before, after;

	if (from_operator(w) && is_server_kind(w->kind))
		finalizers_stay(s, w);
	if (!from_operator(w) || w->kind == API_EVENT ||
	    w->kind == API_LEASE || is_server_kind(w->kind))
		return;
	if (is_labelling(w))
		return;
	if (!is_kid_kind(w->kind)) {
		sim_fail(s, "foreign", "writes %s %.*s",
		    api_kind_name(w->kind), (int)w->name.n, w->name.p);
		return;
	}
	if (!w->old)
		return;
	if (!was_ours(s, w->old)) {
		sim_fail(s, "foreign", "%s of %s %.*s/%.*s, which is not its "
		    "own", w->verb, api_kind_name(w->kind), (int)w->ns.n,
		    w->ns.p, (int)w->name.n, w->name.p);
		return;
	}
	(void)owner_of(s, w->old, &before);
	if (!w->new)
		return;
	(void)owner_of(s, w->new, &after);
	if (before.n && after.n && !str_eq(before, after))
		sim_fail(s, "foreign", "takes %s %.*s/%.*s from another "
		    "server", api_kind_name(w->kind), (int)w->ns.n,
		    w->ns.p, (int)w->name.n, w->name.p);
}

const struct checker check_foreign = { .name = "foreign", .write = write };
