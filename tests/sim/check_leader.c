/*
 * Only who holds the Lease writes, and nobody after his own deadline. What
 * counts is when a request is committed, unless its sender has gone; and
 * when its last byte is sent.
 */
#include <string.h>

#include "check.h"

/* From the check before a write to its last byte on the wire. */
#define SLACK_NS (SEC)

static bool elects(const struct sim *s)
{
	return (s->sc.options & OPT_LEASE) != 0;
}

/* Nobody takes it from another who may still hold it. */
static void lease_written(struct sim *s, const struct api_write *w)
{
	struct str was = node_text(w->old, "spec.holderIdentity");
	struct str now = node_text(w->new, "spec.holderIdentity");
	int64_t since = s->now_ns - s->checks->lease_ns;

	s->checks->lease_ns = s->now_ns;
	/* Clocks may go at other rates, by less than a thousandth. */
	if (was.n && now.n && !str_eq(was, now) && since / 999 * 1000 <
	    node_number(w->old, "spec.leaseDurationSeconds", 0) * SEC)
		sim_fail(s, "leader", "%.*s takes the Lease of %.*s %lld ms "
		    "after it was renewed", (int)now.n, now.p, (int)was.n,
		    was.p, (long long)(since / MS));
}

static void write(struct sim *s, const struct api_write *w)
{
	const struct inst *in = s->serving;
	const struct api_object *lease;
	struct str holder;

	if (w->kind == API_LEASE)
		lease_written(s, w);
	if (!elects(s) || !in || !from_operator(w))
		return;
	if (w->kind == API_LEASE) {
		if (s->serving_sent_ns > s->checks->renewed_ns[in->id])
			s->checks->renewed_ns[in->id] = s->serving_sent_ns;
		return;
	}
	/* Who has been stopped since cannot take it back. */
	if (s->serving_sent_ns < 0 || !in->alive ||
	    in->paused_ns > s->serving_sent_ns)
		return;
	lease = api_each(s->api, API_LEASE, STR_NONE, NULL);
	holder = lease ? node_text(lease->root, "spec.holderIdentity") :
	    STR_NONE;
	if (!str_is(holder, in->m->identity))
		sim_fail(s, "leader", "%s writes %s %.*s/%.*s, but the "
		    "Lease is %.*s's", inst_name(in),
		    api_kind_name(w->kind), (int)w->ns.n, w->ns.p,
		    (int)w->name.n, w->name.p, (int)holder.n, holder.p);
}

static void request(struct sim *s, struct inst *in,
    const struct api_request *r)
{
	int64_t since = s->now_ns - s->checks->renewed_ns[in->id];

	/* A dry run writes nothing, whoever leads. */
	if (!elects(s) || !is_write(r) ||
	    str_search(r->path, STR("/leases")) < r->path.n ||
	    str_search(r->path, STR("dryRun=All")) < r->path.n)
		return;
	if (since > in->o.renew_ns + SLACK_NS)
		sim_fail(s, "leader", "%s sends a write %lld ms after it "
		    "last renewed the Lease", inst_name(in),
		    (long long)(since / MS));
}

/* Would it still write when its deadline is over, by what it renewed? */
static void turn(struct sim *s, struct inst *in)
{
	int64_t until = s->checks->renewed_ns[in->id] + in->o.renew_ns;
	int64_t left = until - s->now_ns;

	if (elects(s) && in->alive && left > 0 &&
	    lease_valid(&in->m->lease, in->m->loop.now_ns + left + 10 * MS))
		sim_fail(s, "leader", "%s takes the Lease for its own for "
		    "longer than it renewed it", inst_name(in));
}

static void started(struct sim *s, struct inst *in)
{
	s->checks->renewed_ns[in->id] = INT64_MIN / 4;
}

const struct checker check_leader = { .name = "leader", .write = write,
    .request = request, .turn = turn, .started = started };
