/* At rest nothing is written but the Lease, and nothing is listed. */
#include "check.h"

static bool quiet(const struct sim *s, const struct inst *in)
{
	const struct checks *c = s->checks;

	(void)in;
	/* What was queued in the second of convergence may still go out. */
	if (c->part == PART_REST)
		return s->now_ns - c->part_ns > 5 * SEC;
	return c->part == PART_AGAIN;
}

static void request(struct sim *s, struct inst *in,
    const struct api_request *r)
{
	bool lease = str_search(r->path, STR("/leases")) < r->path.n;
	bool list = !is_write(r) && !api_is_watch(r);

	if (!quiet(s, in) || lease)
		return;
	if (is_write(r) || (list && s->checks->part == PART_REST))
		sim_fail(s, "rest", "%s sends %.*s %.*s at rest%s",
		    inst_name(in), (int)r->method.n, r->method.p,
		    (int)r->path.n, r->path.p,
		    s->checks->part == PART_AGAIN ? " after a restart" : "");
}

const struct checker check_rest = { .name = "rest", .request = request };
