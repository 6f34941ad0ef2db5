/*
 * A spec that is not valid takes nothing away: what was made for the last
 * good one runs on.
 */
#include <string.h>

#include "check.h"
#include "world.h"

/* What was asked for before may still be on its way. */
#define ON_ITS_WAY (KUBE_WATCH_SILENCE_NS + 30 * SEC)

static void second(struct sim *s)
{
	struct expect e;

	for (uint32_t i = 0; i < SIM_SERVERS; i++) {
		const struct api_object *o = server_at(s, i);

		if (o)
			expect_of(s, o, &e);
		if (!o || (e.valid && e.replicas == 0))
			s->checks->none_ns[i] = s->now_ns;
	}
}

static void write(struct sim *s, const struct api_write *w)
{
	const struct api_object *o;
	struct expect e;
	struct str uid;
	uint32_t i;

	/* A spec may be there for less than a second. */
	if (!from_operator(w) && is_server_kind(w->kind))
		second(s);
	if (!from_operator(w) || w->kind != API_DEPLOYMENT || !w->old)
		return;
	o = owner_of(s, w->old, &uid);
	if (!o || node_path(o->root, "metadata.deletionTimestamp"))
		return;
	expect_of(s, o, &e);
	i = server_number(s, o);
	if (e.valid || i == SIM_SERVERS ||
	    s->now_ns - s->checks->none_ns[i] < ON_ITS_WAY)
		return;
	if (!w->new || node_path(w->new, "metadata.deletionTimestamp"))
		sim_fail(s, "invalid", "deletes the Deployment %.*s/%.*s, "
		    "whose server's spec is not valid", (int)w->ns.n,
		    w->ns.p, (int)w->name.n, w->name.p);
	else if (node_number(w->old, "spec.replicas", 1) != 0 &&
	    node_number(w->new, "spec.replicas", 1) == 0)
		sim_fail(s, "invalid", "scales the Deployment %.*s/%.*s to "
		    "nothing, whose server's spec is not valid",
		    (int)w->ns.n, w->ns.p, (int)w->name.n, w->name.p);
}

const struct checker check_invalid = { .name = "invalid", .write = write,
    .second = second };
