/* Nothing of a server outlives it, and none has two of a kind. */
#include "check.h"

static bool is_child(const struct sim *s, const struct api_object *server,
    const struct api_object *o)
{
	for (int k = 0; k < KIDS; k++)
		if (kids[k].kind == o->kind &&
		    child_of(s, server, (enum kid)k) == o)
			return true;
	return false;
}

static bool kind_well(struct sim *s, enum api_kind kind, struct text *why)
{
	const struct api_object *o = NULL, *owner;
	struct str uid;

	while ((o = api_each(s->api, kind, STR_NONE, o))) {
		owner = owner_of(s, o->root, &uid);
		if (uid.n && !owner) {
			text_fmt(why, "%s %.*s/%.*s belongs to no server",
			    api_kind_name(kind), (int)o->ns.n, o->ns.p,
			    (int)o->name.n, o->name.p);
			return false;
		}
		if (owner && !is_child(s, owner, o)) {
			text_fmt(why, "%s %.*s/%.*s is one too many",
			    api_kind_name(kind), (int)o->ns.n, o->ns.p,
			    (int)o->name.n, o->name.p);
			return false;
		}
	}
	return true;
}

/* At the end every server is deleted; and who was before, has gone. */
static bool none_left(struct sim *s, struct text *why)
{
	for (int k = API_ALLBEONE; k <= API_MCPDEV; k++) {
		const struct api_object *o = api_each(s->api,
		    (enum api_kind)k, STR_NONE, NULL);

		while (o && s->checks->part != PART_ENDING &&
		    !node_path(o->root, "metadata.deletionTimestamp"))
			o = api_each(s->api, (enum api_kind)k, STR_NONE, o);
		if (!o)
			continue;
		text_fmt(why, "%.*s/%.*s is still there", (int)o->ns.n,
		    o->ns.p, (int)o->name.n, o->name.p);
		return false;
	}
	return true;
}

static bool well(struct sim *s, struct text *why)
{
	for (int k = 0; k < KIDS; k++)
		if (!kind_well(s, kids[k].kind, why))
			return false;
	return none_left(s, why);
}

/* Ours, of the server's own group; what others left guards nothing. */
static bool guarded(const struct node *root)
{
	const struct node *list = node_path(root, "metadata.finalizers");
	struct str group = node_text(root, "apiVersion");

	group = str_sub(group, 0, str_find(group, '/'));
	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++)
		if (str_starts(list->item[i]->text, group) &&
		    str_ends(list->item[i]->text, STR("/finalizer")))
			return true;
	return false;
}

/*
 * A finalizer of ours goes after the last child.  Only while nothing has
 * gone wrong for a while: an answer may not have come, and its child is not
 * known then.
 */
static void write(struct sim *s, const struct api_write *w)
{
	struct str uid, owner;

	if (!from_operator(w) || !is_server_kind(w->kind) || !w->old ||
	    !guarded(w->old) || (w->new && guarded(w->new)) ||
	    s->sc.insts > 1 || s->now_ns - s->checks->foul_ns < 20 * SEC)
		return;
	uid = node_text(w->old, "metadata.uid");
	for (int k = 0; k < KIDS; k++) {
		const struct api_object *o = NULL;

		while ((o = api_each(s->api, kids[k].kind, w->ns, o))) {
			(void)owner_of(s, o->root, &owner);
			if (str_eq(owner, uid) && !is_lost(s, o))
				sim_fail(s, "orphans", "lets %.*s/%.*s go "
				    "before its %s", (int)w->ns.n, w->ns.p,
				    (int)w->name.n, w->name.p,
				    api_kind_name(kids[k].kind));
		}
	}
}

const struct checker check_orphans = { .name = "orphans", .well = well,
    .write = write };
