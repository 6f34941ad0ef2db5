/* Nothing of a server outlives it, and none has two of a kind. */
#include "check.h"

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
		if (owner && child_of(s, owner, kind) != o) {
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
	return kind_well(s, API_DEPLOYMENT, why) &&
	    kind_well(s, API_SERVICE, why) &&
	    kind_well(s, API_CONFIG_MAP, why) &&
	    none_left(s, why);
}

const struct checker check_orphans = { .name = "orphans", .well = well };
