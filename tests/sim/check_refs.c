/*
 * Pods run with what their references hold now, and not with what they held
 * when the pod was made.  Only where no reference ever holds again what it
 * held before: who has not seen what was in between need not do anything.
 */
#include "check.h"
#include "world.h"

static bool pods_well(struct sim *s, const struct api_object *server,
    const struct api_object *d, struct text *why)
{
	const struct api_object *o = NULL;

	while ((o = api_each(s->api, API_POD, server->ns, o))) {
		const struct pod *p = kubelet_find(s, o->uid);

		if (!str_eq(node_text(o->root,
		    "metadata.ownerReferences.0.uid"), d->uid) || !p ||
		    p->gone || p->ending || p->stage != POD_READY ||
		    p->env == kubelet_env(s, o))
			continue;
		text_fmt(why, "pod %.*s/%.*s runs with what its references "
		    "held before", (int)o->ns.n, o->ns.p, (int)o->name.n,
		    o->name.p);
		return false;
	}
	return true;
}

/*
 * While its pods are not all of the last template, old ones stay; nor could
 * new ones start while something is missing.
 */
static bool server_well(struct sim *s, const struct api_object *server,
    struct text *why)
{
	const struct api_object *d = child_of(s, server, API_DEPLOYMENT);
	struct expect e;

	expect_of(server, &e);
	if (!d || !e.valid || is_taken(s, server, API_SERVICE) ||
	    is_taken(s, server, API_CONFIG_MAP) ||
	    refs_missing_of(s, server, API_CONFIG_MAP) ||
	    refs_missing_of(s, server, API_SECRET) ||
	    node_path(server->root, "metadata.deletionTimestamp") ||
	    node_number(d->root, "status.replicas", 0) !=
	    node_number(d->root, "status.updatedReplicas", 0) ||
	    node_number(d->root, "status.replicas", 0) !=
	    node_number(d->root, "status.readyReplicas", 0))
		return true;
	return pods_well(s, server, d, why);
}

static bool well(struct sim *s, struct text *why)
{
	const struct api_object *o;

	if (!(s->sc.options & OPT_FRESH))
		return true;
	for (int k = API_ALLBEONE; k <= API_MCPDEV; k++) {
		o = NULL;
		while ((o = api_each(s->api, (enum api_kind)k, STR_NONE, o)))
			if (!server_well(s, o, why))
				return false;
	}
	return true;
}

const struct checker check_refs = { .name = "refs", .well = well };
