/*
 * Who is told to come again later does so.  Of writes only: two servers may
 * ask for one ConfigMap; and for one server, for who was made anew under its
 * name was told nothing yet.  An answer counts when nothing can have kept it.
 */
#include "check.h"

/* Who has the name in a server's path now; a patch of finalizers does not
 * tell its uid. */
static struct str whose(const struct sim *s, struct str path)
{
	struct str mark = STR("/namespaces/"), rest, ns, name;
	const struct api_object *o = NULL;
	int k = API_ALLBEONE;

	rest = str_sub(path, 0, str_find(path, '?'));
	rest = str_sub(rest, str_search(rest, mark) + mark.n, rest.n);
	rest = str_cut(rest, '/', &ns);
	rest = str_cut(rest, '/', &name);
	(void)str_cut(rest, '/', &name);
	for (; k <= API_MCPDEV && !o; k++)
		if (str_search(path, str_from(api_kind_api_version(
		    (enum api_kind)k))) < path.n)
			o = api_find(s->api, (enum api_kind)k, ns, name);
	return o ? o->uid : STR_NONE;
}

/* Path and method, whose that is, and every uid that the body names. */
static uint64_t key_of(const struct inst *in, const struct api_request *r)
{
	struct str now = whose(in->s, r->path);
	uint64_t h = hash_more(str_hash(r->path), r->method.p, r->method.n);
	struct str uid = STR("\"uid\":"), rest = r->body;
	size_t at;

	h = hash_more(h, now.p, now.n);
	while ((at = str_search(rest, uid)) < rest.n) {
		rest = str_sub(rest, at + uid.n, rest.n);
		h = hash_more(h, rest.p, rest.n < 38 ? rest.n : 38);
	}
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

static struct later *find(struct checks *c, uint64_t key)
{
	for (size_t i = 0; i < LATERS; i++)
		if (c->later[i].key == key)
			return &c->later[i];
	return NULL;
}

static void answer(struct sim *s, struct inst *in,
    const struct api_request *r, const struct api_answer *a)
{
	struct later *l = counts(r) ? find(s->checks, key_of(in, r)) : NULL;

	/* Whoever has given it up is told nothing. */
	if (!l || s->serving_sent_ns < 0)
		return;
	l->at_ns = 0;
	if ((a->status == 429 || a->status == 503) &&
	    a->retry_after_s > 0 && comes(s, in))
		l->at_ns = s->now_ns + a->retry_after_s * (SEC - SEC / 100);
}

static void request(struct sim *s, struct inst *in,
    const struct api_request *r)
{
	struct checks *c = s->checks;
	struct later *l;
	uint64_t key;

	if (!counts(r))
		return;
	key = key_of(in, r);
	l = find(c, key);
	if (!l) {
		l = &c->later[c->laters++ % LATERS];
		*l = (struct later){ .key = key };
	}
	if (s->now_ns < l->at_ns)
		sim_fail(s, "throttle", "%s comes again %lld ms too early: "
		    "%.*s %.*s", inst_name(in), (long long)((l->at_ns -
		    s->now_ns) / MS), (int)r->method.n, r->method.p,
		    (int)r->path.n, r->path.p);
}

const struct checker check_throttle = { .name = "throttle",
    .request = request, .answer = answer };
