/* No hot loop: requests for one object, and turns, in a minute. */
#include <stdio.h>
#include <string.h>

#include "check.h"

/*
 * A server that is created, edited and troubled all the time needs about
 * 60; what goes over this spins.
 */
enum { REQUESTS_MAX = 240, TURNS_MAX = 30000 };

static void request(struct sim *s, struct inst *in,
    const struct api_request *r)
{
	struct checks *c = s->checks;
	size_t n = str_find(r->path, '?');
	struct str path = str_sub(r->path, 0, n);
	uint64_t key = hash_more(str_hash(path), r->method.p, r->method.n);
	size_t i = (key ^ (uint64_t)in->id) % RATES;

	while (c->rate[i].key && c->rate[i].key != key)
		i = (i + 1) % RATES;
	c->rate[i].key = key;
	if (++c->rate[i].n == REQUESTS_MAX)
		sim_fail(s, "rate", "%d times %.*s %.*s in a minute",
		    REQUESTS_MAX, (int)r->method.n, r->method.p,
		    (int)path.n, path.p);
}

static void second(struct sim *s)
{
	struct checks *c = s->checks;

	for (uint32_t i = 0; i < s->sc.insts; i++) {
		struct inst *in = &s->inst[i];
		uint64_t turns = in->turns - c->turns[i];
		uint64_t cuts = in->cuts - c->cuts[i];

		/* What comes by the byte takes a turn for each. */
		if (turns > TURNS_MAX + cuts)
			sim_fail(s, "rate", "%s turns %llu times in a second, "
			    "%llu of them for what was cut", inst_name(in),
			    (unsigned long long)turns,
			    (unsigned long long)cuts);
		c->turns[i] = in->turns;
		c->cuts[i] = in->cuts;
	}
	if (s->now_ns - c->rate_ns < RATE_WINDOW_S * SEC)
		return;
	c->rate_ns = s->now_ns;
	memset(c->rate, 0, sizeof(c->rate));
}

const struct checker check_rate = { .name = "rate", .request = request,
    .second = second };
