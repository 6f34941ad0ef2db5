/* What is not ours is not touched. */
#include "check.h"

static bool is_child_kind(enum api_kind kind)
{
	return kind == API_DEPLOYMENT || kind == API_SERVICE ||
	    kind == API_CONFIG_MAP;
}

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

static void write(struct sim *s, const struct api_write *w)
{
	struct str before, after;

	if (!from_operator(w) || w->kind == API_EVENT ||
	    w->kind == API_LEASE || is_server_kind(w->kind))
		return;
	if (!is_child_kind(w->kind)) {
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
