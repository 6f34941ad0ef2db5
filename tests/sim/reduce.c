#include <stdio.h>
#include <string.h>

#include "run.h"

/* Without the steps from..to; true when that still fails in the same way. */
static bool without(struct scenario *sc, uint32_t from, uint32_t to,
    const struct outcome *was)
{
	static struct scenario less;
	struct outcome o;

	less = *sc;
	memmove(&less.step[from], &less.step[to],
	    (less.steps - to) * sizeof(less.step[0]));
	less.steps -= to - from;
	run_one(&less, 0, false, &o);
	if (!o.failed || strcmp(o.checker, was->checker) != 0)
		return false;
	*sc = less;
	return true;
}

/* The same with calm at once, fewer instances, no skew. */
static void simplify(struct scenario *sc, const struct outcome *was)
{
	static const uint32_t options[] = {
		OPT_SKEW, OPT_TOKEN, OPT_TIGHT, OPT_SECRETS, OPT_FINALIZERS,
		OPT_WATCH_LIST, OPT_NAMESAKES, OPT_PAGES, OPT_FRESH
	};
	struct outcome o;

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		struct scenario less = *sc;

		less.options &= ~options[i];
		if (less.options == sc->options)
			continue;
		run_one(&less, 0, false, &o);
		if (o.failed && strcmp(o.checker, was->checker) == 0)
			*sc = less;
	}
}

void reduce(const struct scenario *sc, const struct outcome *was)
{
	static struct scenario at;
	struct outcome o;
	uint32_t size;

	at = *sc;
	for (size = at.steps / 2; size > 0; size = size > 1 ? size / 2 : 0) {
		for (uint32_t from = 0; from < at.steps;) {
			uint32_t to = from + size;

			if (to > at.steps)
				to = at.steps;
			if (!without(&at, from, to, was))
				from = to;
		}
		fprintf(stderr, "pieces of %u: %u steps are left\n", size,
		    at.steps);
	}
	simplify(&at, was);
	run_one(&at, 0, true, &o);
	printf("reduced to %u steps, options %#x:\n", at.steps, at.options);
	for (uint32_t i = 0; i < at.steps; i++) {
		const struct sim_step *st = &at.step[i];

		printf("  %9.3f s  %s a=%u b=%u inst=%u len=%lld ms\n",
		    (double)st->at_ns / 1e9, st->op == OP_FAULT ?
		    fault_name[st->a] : op_name[st->op], st->a, st->b,
		    st->inst, (long long)(st->len_ns / MS));
	}
	printf("%s: %s\n", o.checker, o.why);
}
