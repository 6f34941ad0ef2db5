/*
 * Every request ends: by its answer, or because the operator gives it up
 * within 30 s of its own clock; a list, within what silence it bears.
 */
#include "check.h"

static bool is_over(const struct inst *in, const struct link *c)
{
	return !c->hole && (c->watch || !c->busy) && !in->f.peer[c->peer].head;
}

static void second(struct sim *s)
{
	for (uint32_t i = 0; i < s->sc.insts; i++) {
		struct inst *in = &s->inst[i];

		for (int p = 0; in->alive && p < in->f.peers; p++) {
			struct link *c = &in->link[p];

			if (c->open && is_over(in, c))
				c->limit_ns = 0;
			if (!c->open || !c->limit_ns || c->limit_ns +
			    c->sent_ns > s->now_ns || in->paused_ns + SEC >
			    s->now_ns)
				continue;
			sim_fail(s, "deadline", "%s waits for an answer "
			    "to %s since %lld ms", inst_name(in), c->what,
			    (long long)((s->now_ns - c->sent_ns) / MS));
		}
	}
}

const struct checker check_deadline = { .name = "deadline",
    .second = second };
