/*
 * All memory was reserved before the loop began, nothing is over its mark,
 * and when all servers are gone every slot is free again.
 */
#include "check.h"

static void turn(struct sim *s, struct inst *in)
{
	const struct mem *m = &in->mem;

	if (in->mapped != m->total)
		sim_fail(s, "memory", "%s has %zu bytes, not the %zu of its "
		    "table", inst_name(in), in->mapped, m->total);
}

static void second(struct sim *s)
{
	for (uint32_t i = 0; i < s->sc.insts; i++) {
		const struct mem *m = &s->inst[i].mem;

		for (size_t k = 0; s->inst[i].alive && k < m->count; k++)
			if (m->region[k].high &&
			    *m->region[k].high > m->region[k].size)
				sim_fail(s, "memory", "%s is over its size",
				    m->region[k].name);
	}
}

static bool slots_free(const struct inst *in, struct text *why)
{
	const struct manager *m = in->m;

	if (m->records.pool.used || m->refs.pool.used || m->pods.pool.used) {
		text_fmt(why, "%s still has %u servers, %u references, %u "
		    "pods", inst_name(in), m->records.pool.used,
		    m->refs.pool.used, m->pods.pool.used);
		return false;
	}
	if (m->queue.depth || m->queue.later.n) {
		text_fmt(why, "%s still has work queued", inst_name(in));
		return false;
	}
	return true;
}

static bool well(struct sim *s, struct text *why)
{
	if (s->checks->part != PART_ENDING)
		return true;
	for (uint32_t i = 0; i < s->sc.insts; i++)
		if (s->inst[i].alive && !slots_free(&s->inst[i], why))
			return false;
	return true;
}

const struct checker check_memory = { .name = "memory", .turn = turn,
    .second = second, .well = well };
