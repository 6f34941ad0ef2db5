#include <stdlib.h>
#include <string.h>

#include "world.h"

const char *const op_name[OPS] = {
	[OP_CREATE] = "create", [OP_EDIT] = "edit", [OP_SCALE] = "scale",
	[OP_DELETE] = "delete", [OP_RECREATE] = "recreate",
	[OP_ANNOTATE] = "annotate", [OP_INVALID] = "invalid",
	[OP_CHILD_EDIT] = "child-edit", [OP_CHILD_DELETE] = "child-delete",
	[OP_UNLABEL] = "unlabel",
	[OP_POD_DELETE] = "pod-delete", [OP_REF_WRITE] = "ref-write",
	[OP_REF_DELETE] = "ref-delete", [OP_FINALIZER] = "finalizer",
	[OP_FIGHT] = "fight", [OP_STRANGER] = "stranger",
	[OP_STRANGER_GO] = "stranger-go", [OP_NS_DELETE] = "ns-delete",
	[OP_NS_CREATE] = "ns-create", [OP_QUOTA] = "quota",
	[OP_ADMISSION] = "admission", [OP_POD_CRASH] = "pod-crash",
	[OP_POD_OOM] = "pod-oom", [OP_POD_EVICT] = "pod-evict",
	[OP_COMPACT] = "compact", [OP_CRD_GO] = "crd-go",
	[OP_CRD_COME] = "crd-come", [OP_TOKEN] = "token",
	[OP_CRASH] = "crash", [OP_STOP] = "stop", [OP_PAUSE] = "pause",
	[OP_CLOCK] = "clock", [OP_FLAG] = "flag", [OP_FAULT] = "fault",
};

void step_trace(const struct sim *s, const struct sim_step *st)
{
	if (st->op == OP_FAULT)
		sim_trace(s, "STEP", "%s inst=%u chance=%u for %lld ms",
		    fault_name[st->a], st->inst, st->b,
		    (long long)(st->len_ns / MS));
	else
		sim_trace(s, "STEP", "%s a=%u b=%u inst=%u for %lld ms",
		    op_name[st->op], st->a, st->b, st->inst,
		    (long long)(st->len_ns / MS));
}

/* What happens how often, out of their sum. */
static const struct { uint8_t op; uint8_t weight; } events[] = {
	{ OP_EDIT, 34 }, { OP_SCALE, 20 }, { OP_DELETE, 12 },
	{ OP_CREATE, 22 }, { OP_RECREATE, 8 }, { OP_ANNOTATE, 12 },
	{ OP_INVALID, 7 }, { OP_CHILD_EDIT, 14 }, { OP_CHILD_DELETE, 10 },
	{ OP_POD_DELETE, 8 }, { OP_REF_WRITE, 14 }, { OP_REF_DELETE, 4 },
	{ OP_FINALIZER, 3 }, { OP_FIGHT, 2 }, { OP_STRANGER, 5 },
	{ OP_STRANGER_GO, 3 }, { OP_QUOTA, 2 }, { OP_ADMISSION, 1 },
	{ OP_POD_CRASH, 8 }, { OP_POD_OOM, 4 }, { OP_POD_EVICT, 4 },
	{ OP_COMPACT, 2 },
};

static void add(struct scenario *sc, int64_t at_ns, enum step_op op,
    uint32_t a, uint32_t b, unsigned inst, int64_t len_ns)
{
	if (sc->steps == SIM_STEPS)
		return;
	sc->step[sc->steps++] = (struct sim_step){
		.at_ns = at_ns, .op = (uint8_t)op, .a = (uint16_t)a, .b = b,
		.inst = (uint8_t)inst, .len_ns = len_ns,
	};
}

static enum step_op pick(struct rng *r)
{
	uint32_t sum = 0;
	uint64_t at;

	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		sum += events[i].weight;
	at = roll(r, sum);
	for (size_t i = 0;; i++) {
		if (at < events[i].weight)
			return (enum step_op)events[i].op;
		at -= events[i].weight;
	}
}

static unsigned some_insts(struct rng *r, const struct scenario *sc)
{
	unsigned all = (1u << sc->insts) - 1;
	unsigned one = 1u << roll(r, sc->insts);

	return roll(r, 3) ? one : all;
}

/* Faults of the network: some kinds, each in a few windows. */
static void weather(struct rng *r, struct scenario *sc, int64_t end_ns)
{
	unsigned kinds = 4 + (unsigned)roll(r, 5);
	uint32_t seen = 0;

	while (kinds) {
		unsigned f = (unsigned)roll(r, FAULTS);
		unsigned n = 1 + (unsigned)roll(r, 3);

		if (seen >> f & 1)
			continue;
		seen |= 1u << f;
		kinds--;
		while (n--)
			add(sc, roll_ns(r, 0, end_ns), OP_FAULT, f,
			    20 + (uint32_t)roll(r, roll(r, 3) ? 200 : 980),
			    some_insts(r, sc),
			    roll_ns(r, 2 * SEC, 45 * SEC));
	}
}

static void machines(struct rng *r, struct scenario *sc, int64_t end_ns)
{
	unsigned n = (unsigned)roll(r, 7);
	static const uint8_t ops[] = { OP_CRASH, OP_CRASH, OP_STOP, OP_PAUSE,
		OP_CLOCK };

	while (n--) {
		uint8_t op = ops[roll(r, ARRAY_LEN(ops))];

		add(sc, roll_ns(r, SEC, end_ns), op, 0,
		    (uint32_t)roll(r, 1000000), 1u << roll(r, sc->insts),
		    roll(r, 2) ? roll_ns(r, 10 * MS, 3 * SEC) :
		    roll_ns(r, 3 * SEC, 60 * SEC));
	}
}

static void upheavals(struct rng *r, struct scenario *sc, int64_t end_ns)
{
	uint32_t ns = (uint32_t)roll(r, SIM_NAMESPACES);
	uint32_t g = (uint32_t)roll(r, GROUPS);
	int64_t at = roll_ns(r, end_ns / 4, end_ns * 3 / 4);

	if (roll(r, 4) == 0) {
		add(sc, at, OP_NS_DELETE, ns, 0, 0, 0);
		add(sc, at + roll_ns(r, 20 * SEC, 60 * SEC), OP_NS_CREATE,
		    ns, 0, 0, 0);
	}
	at = roll_ns(r, 0, end_ns * 3 / 4);
	if (roll(r, 5) == 0) {
		add(sc, at, OP_CRD_GO, g, 0, 0, 0);
		add(sc, at + roll_ns(r, SEC, 80 * SEC), OP_CRD_COME, g, 0, 0,
		    0);
	}
	if (sc->options & OPT_TOKEN)
		for (int i = 0; i < 3; i++)
			add(sc, roll_ns(r, 0, end_ns), OP_TOKEN, 0, 0, 0,
			    roll_ns(r, 0, 20 * SEC));
}

static int by_time(const void *a, const void *b)
{
	const struct sim_step *x = a, *y = b;

	return x->at_ns < y->at_ns ? -1 : x->at_ns > y->at_ns;
}

static uint32_t options_roll(struct rng *r, uint32_t *ret_insts)
{
	uint32_t o = 0;

	*ret_insts = 1;
	if (roll(r, 5) < 2) {
		o |= OPT_LEASE;
		*ret_insts = roll(r, 3) ? 2 : 3;
	} else if (roll(r, 8) == 0) {
		*ret_insts = 2;		/* by accident, no Lease */
	}
	o |= roll(r, 4) ? 0 : OPT_FINALIZERS;
	o |= roll(r, 3) ? 0 : OPT_SECRETS;
	o |= roll(r, 6) ? 0 : OPT_TIGHT;
	o |= roll(r, 3) ? OPT_WATCH_LIST : 0;
	o |= roll(r, 2) ? OPT_SKEW : 0;
	o |= roll(r, 4) ? 0 : OPT_TOKEN;
	/* A token goes in clear to nobody but the own machine. */
	o |= roll(r, 3) || (o & OPT_TOKEN) ? 0 : OPT_NAMES;
	return o;
}

/* Much happens while every instance starts and reads all anew. */
static void starts(struct rng *r, struct scenario *sc, uint32_t servers,
    int64_t end_ns)
{
	static const uint8_t ops[] = { OP_DELETE, OP_RECREATE, OP_EDIT,
		OP_CHILD_DELETE, OP_CHILD_EDIT, OP_REF_WRITE, OP_CREATE };
	unsigned all = (1u << sc->insts) - 1;
	int64_t at = roll_ns(r, end_ns / 4, end_ns * 3 / 4);
	int64_t down = roll_ns(r, 10 * MS, 5 * SEC);

	add(sc, at, OP_CRASH, 0, 0, all, down);
	add(sc, at, OP_FAULT, FAULT_LATENCY, (uint32_t)roll(r, 500), all,
	    down + 20 * SEC);
	for (int i = 0; i < 16; i++)
		add(sc, at + down + roll_ns(r, -SEC, 8 * SEC),
		    ops[roll(r, ARRAY_LEN(ops))], (uint32_t)roll(r, servers),
		    (uint32_t)roll(r, 1 << 20), 0, SEC);
}

/* All references are there early, and are written to once more. */
static void references(struct rng *r, struct scenario *sc, int64_t end_ns)
{
	for (uint32_t i = 0; i < 2 * 3 * SIM_NAMESPACES; i++)
		for (uint32_t late = 0; late < 2; late++)
			add(sc, late ? roll_ns(r, end_ns / 2, end_ns) :
			    roll_ns(r, 0, 30 * SEC), OP_REF_WRITE, i % 3,
			    i / 3 % SIM_NAMESPACES * 3 + i / 9 * 2, 0, 0);
}

/* Started with the other flag: one alone, or all of them at a time. */
static void flags(struct rng *r, struct scenario *sc, int64_t end_ns)
{
	unsigned n = 1 + (unsigned)roll(r, 4);

	while (n--)
		add(sc, roll_ns(r, end_ns / 8, end_ns), OP_FLAG, 0, 0,
		    some_insts(r, sc), roll_ns(r, 10 * MS, 3 * SEC));
}

/*
 * What some seeds have besides, from a stream of its own, so that the others
 * stay what they were.
 */
static void extras(struct scenario *sc, uint32_t servers, int64_t end_ns)
{
	struct rng r;

	rng_seed(&r, sc->seed ^ 0x6d6f7265);
	if (roll(&r, 3))
		return;
	sc->options |= roll(&r, 2) ? OPT_NAMESAKES : 0;
	if (roll(&r, 3)) {
		sc->options |= OPT_FRESH;
		references(&r, sc, end_ns);
	}
	if (roll(&r, 2)) {
		sc->options |= OPT_PAGES;
		sc->options &= ~(uint32_t)OPT_WATCH_LIST;
	}
	if (roll(&r, 2))
		starts(&r, sc, servers, end_ns);
	if (roll(&r, 2)) {
		sc->options |= OPT_FLAGS;
		flags(&r, sc, end_ns);
	}
}

/*
 * What few servers use is often not there at first, or goes for a while. Of
 * some APIs that is the last that happens until all has been at rest.
 */
static void optional(struct scenario *sc, int64_t end_ns)
{
	struct rng r;

	rng_seed(&r, sc->seed ^ 0x6f707469);
	if (roll(&r, 3) == 0)
		return;
	for (uint32_t i = GROUPS; i < API_CRDS; i++) {
		int64_t at = roll(&r, 2) ? 0 : roll_ns(&r, 0, end_ns * 3 / 4);

		if (roll(&r, 5) == 0)
			sc->late |= 1u << i;
		if (roll(&r, 3))
			continue;
		add(sc, at, OP_CRD_GO, i, 0, 0, 0);
		add(sc, at + roll_ns(&r, SEC, 120 * SEC), OP_CRD_COME, i, 0,
		    0, 0);
	}
}

/* From a stream of its own, too. */
static void races(struct scenario *sc)
{
	struct rng r;

	rng_seed(&r, sc->seed ^ 0x72616365);
	sc->options |= roll(&r, 4) ? 0 : OPT_RACES;
}

/* And so has a hook that has a say. */
static void hooks(struct scenario *sc)
{
	struct rng r;

	rng_seed(&r, sc->seed ^ 0x686f6f6b);
	sc->options |= roll(&r, 4) ? 0 : OPT_HOOKS;
}

/*
 * The last to happen is much to children while no instance runs. Not to
 * Deployments: what becomes of their pods would have all be looked at.
 */
static void downtime(struct scenario *sc, uint32_t servers, int64_t end_ns)
{
	struct rng r;

	rng_seed(&r, sc->seed ^ 0x646f776e);
	if (roll(&r, 4))
		return;
	add(sc, end_ns - 5 * SEC, OP_CRASH, 0, 0, (1u << sc->insts) - 1,
	    60 * SEC);
	for (int i = 0; i < 16; i++) {
		uint32_t few = KID_FEW + (uint32_t)roll(&r, KIDS - KID_FEW);
		uint32_t kid = 1 + (uint32_t)roll(&r, 4);
		/* Where there is none of the few, it is one of the two. */
		uint32_t rest = 3 * (uint32_t)roll(&r, 1 << 15) + 1 +
		    (uint32_t)roll(&r, 2);

		add(sc, end_ns - roll_ns(&r, 0, 4 * SEC), OP_CHILD_EDIT,
		    (uint32_t)roll(&r, servers), (kid < KID_FEW ? kid : few) +
		    KIDS * rest, 0, 0);
	}
}

/*
 * Children lose their label while the spec of their server is not valid, and
 * the next spec may not ask for them any more.
 */
static void strays(struct scenario *sc, uint32_t servers, int64_t end_ns)
{
	struct rng r;

	rng_seed(&r, sc->seed ^ 0x73747261);
	if (roll(&r, 2))
		return;
	for (int i = 0; i < 12; i++) {
		int64_t at = roll_ns(&r, end_ns / 4, end_ns - 40 * SEC);
		uint32_t server = (uint32_t)roll(&r, servers);

		add(sc, at, OP_INVALID, server, 0, 0, 0);
		at += roll_ns(&r, 0, 20 * SEC);
		add(sc, at, OP_UNLABEL, server, 0, 0, 0);
		at += roll_ns(&r, 0, 20 * SEC);
		add(sc, at, OP_EDIT, server, (uint32_t)roll(&r, 1 << 20), 0,
		    0);
	}
}

void scenario_make(uint64_t seed, struct scenario *ret)
{
	struct scenario *sc = ret;
	unsigned servers, more;
	int64_t end_ns;
	struct rng r;

	memset(sc, 0, sizeof(*sc));
	sc->seed = seed;
	rng_seed(&r, seed);
	sc->options = options_roll(&r, &sc->insts);
	end_ns = roll_ns(&r, 200 * SEC, 600 * SEC);
	servers = 20 + (unsigned)roll(&r, SIM_SERVERS - 20 + 1);
	more = 200 + (unsigned)roll(&r, 100);
	for (unsigned i = 0; i < 6; i++)
		add(sc, roll_ns(&r, 0, 20 * SEC), OP_REF_WRITE, i,
		    (uint32_t)roll(&r, 1 << 20), 0, 0);
	for (unsigned i = 0; i < servers; i++)
		add(sc, roll(&r, 3) ? roll_ns(&r, 0, 10 * SEC) :
		    roll_ns(&r, 0, end_ns / 2), OP_CREATE, i,
		    (uint32_t)roll(&r, 1 << 20), 0, 0);
	while (more--)
		add(sc, roll_ns(&r, 5 * SEC, end_ns), pick(&r),
		    (uint32_t)roll(&r, servers), (uint32_t)roll(&r, 1 << 20),
		    0, roll_ns(&r, SEC, 40 * SEC));
	weather(&r, sc, end_ns);
	machines(&r, sc, end_ns);
	upheavals(&r, sc, end_ns);
	extras(sc, servers, end_ns);
	optional(sc, end_ns);
	races(sc);
	hooks(sc);
	downtime(sc, servers, end_ns);
	strays(sc, servers, end_ns);
	qsort(sc->step, sc->steps, sizeof(sc->step[0]), by_time);
	sc->calm_ns = end_ns + SEC;
	sc->converge_ns = 420 * SEC;
	sc->quiet_ns = 40 * SEC;
}
