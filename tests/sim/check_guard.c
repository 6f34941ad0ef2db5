/* Pods that a NetworkPolicy is to guard are not made before it is there. */
#include "check.h"

/* A policy may have gone meanwhile, or be wanted since a moment only. */
#define UNSEEN (KUBE_WATCH_SILENCE_NS + 30 * SEC)

static bool wants_policy(const struct sim *s, const struct api_object *o)
{
	struct expect e;

	expect_of(s, o, &e);
	return e.valid && kid_wanted(node_get(o->root, "spec"), &e,
	    KID_POLICY);
}

static void second(struct sim *s)
{
	for (uint32_t i = 0; i < SIM_SERVERS; i++) {
		const struct api_object *o = server_at(s, i);

		if (!o)
			s->checks->guarded_ns[i] = 0;
		else if (!wants_policy(s, o) || child_of(s, o, KID_POLICY))
			s->checks->guarded_ns[i] = s->now_ns + 1;
	}
}

static void write(struct sim *s, const struct api_write *w)
{
	const struct api_object *o;
	struct str uid;
	uint32_t i;

	/* What is there for less than a second counts as well. */
	if (is_server_kind(w->kind) || w->kind == kids[KID_POLICY].kind)
		second(s);
	if (!from_operator(w) || w->kind != API_DEPLOYMENT || w->old ||
	    !w->new)
		return;
	o = owner_of(s, w->new, &uid);
	i = o ? server_number(s, o) : SIM_SERVERS;
	if (i == SIM_SERVERS || !wants_policy(s, o) ||
	    child_of(s, o, KID_POLICY))
		return;
	if (!s->checks->guarded_ns[i] ||
	    s->now_ns - s->checks->guarded_ns[i] > UNSEEN)
		sim_fail(s, "guard", "makes the Deployment %.*s/%.*s without "
		    "the policy that is to guard it", (int)w->ns.n, w->ns.p,
		    (int)w->name.n, w->name.p);
}

const struct checker check_guard = { .name = "guard", .write = write,
    .second = second };
