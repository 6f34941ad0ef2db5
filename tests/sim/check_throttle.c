/*
 * Who is told to come again later does so.  Of writes only: two servers may
 * ask for one ConfigMap.  An answer counts when nothing can have kept it.
 */
#include "check.h"

static uint64_t key_of(const struct inst *in, const struct api_request *r)
{
	struct str path = str_sub(r->path, 0, str_find(r->path, '?'));
	uint64_t h = hash_more(str_hash(path), r->method.p, r->method.n);

	return hash_more(h, &in->starts, sizeof(in->starts)) + (uint64_t)in->id;
}

static bool comes(const struct sim *s, const struct inst *in)
{
	static const enum fault keeps[] = {
		FAULT_LATENCY, FAULT_RESET_AFTER, FAULT_CUT, FAULT_STALL,
		FAULT_HOLE
	};

	for (size_t i = 0; i < ARRAY_LEN(keeps); i++)
		if (s->chance[keeps[i]][in->id])
			return false;
	return s->held_ns[1][in->id] <= s->now_ns && in->paused_ns <=
	    s->now_ns;
}

static bool counts(const struct api_request *r)
{
	return is_write(r) && str_search(r->path, STR("/leases")) ==
	    r->path.n && str_search(r->path, STR("/events")) == r->path.n;
}

static void answer(struct sim *s, struct inst *in,
    const struct api_request *r, const struct api_answer *a)
{
	struct checks *c = s->checks;

	if (a->status != 429 || a->retry_after_s <= 0 || !counts(r) ||
	    !comes(s, in))
		return;
	c->later[c->laters++ % LATERS] = (struct later){ key_of(in, r),
		s->now_ns + a->retry_after_s * (SEC - SEC / 100) };
}

static void request(struct sim *s, struct inst *in,
    const struct api_request *r)
{
	struct checks *c = s->checks;
	uint64_t key;

	if (!counts(r))
		return;
	key = key_of(in, r);
	for (size_t i = 0; i < LATERS; i++)
		if (c->later[i].key == key && s->now_ns < c->later[i].at_ns)
			sim_fail(s, "throttle", "%s comes again %lld ms too "
			    "early: %.*s %.*s", inst_name(in),
			    (long long)((c->later[i].at_ns - s->now_ns) /
			    MS), (int)r->method.n, r->method.p,
			    (int)r->path.n, r->path.p);
}

const struct checker check_throttle = { .name = "throttle",
    .request = request, .answer = answer };
