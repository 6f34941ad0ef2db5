/* At rest nothing is written but the Lease, and nothing is listed. */
#include "check.h"

static bool quiet(const struct sim *s)
{
	return s->checks->part == PART_REST || s->checks->part == PART_AGAIN;
}

static void request(struct sim *s, struct inst *in,
    const struct api_request *r)
{
	if (s->checks->part != PART_REST || is_write(r) || !is_list(r))
		return;
	sim_fail(s, "rest", "%s lists %.*s", inst_name(in), (int)r->path.n,
	    r->path.p);
}

/*
 * Two that run without a Lease by mistake, each with too little room for the
 * pods in trouble, may know of different ones: nothing that both see says
 * who is right. They take turns in telling, ever more slowly.
 */
static bool knows_else(const struct sim *s, struct str path)
{
	path = str_sub(path, 0, str_find(path, '?'));
	return s->sc.options & OPT_TIGHT && s->sc.insts > 1 &&
	    !(s->sc.options & OPT_LEASE) &&
	    (str_ends(path, STR("/status")) ||
	    str_search(path, STR("/events")) < path.n);
}

/* Who follows more, or less, notes that, and tells of it. */
static bool has_other_flag(const struct sim *s, struct str path)
{
	path = str_sub(path, 0, str_find(path, '?'));
	return s->checks->part == PART_AGAIN && s->sc.options & OPT_FLAGS &&
	    (str_ends(path, STR("/status")) ||
	    str_search(path, STR("/deployments/")) < path.n ||
	    str_search(path, STR("/events")) < path.n);
}

/* What is refused was tried again: a name may be free by now. */
static void answer(struct sim *s, struct inst *in,
    const struct api_request *r, const struct api_answer *a)
{
	/* Which pods have room is another choice after a restart. */
	if (s->sc.options & OPT_TIGHT && s->checks->part == PART_AGAIN)
		return;
	if (!quiet(s) || !is_write(r) || a->status >= 400 ||
	    knows_else(s, r->path) || has_other_flag(s, r->path) ||
	    str_search(r->path, STR("/leases")) < r->path.n)
		return;
	sim_fail(s, "rest", "%s writes%s: %.*s %.*s", inst_name(in),
	    s->checks->part == PART_AGAIN ? " after a restart" : "",
	    (int)r->method.n, r->method.p, (int)r->path.n, r->path.p);
}

const struct checker check_rest = { .name = "rest", .request = request,
    .answer = answer };
