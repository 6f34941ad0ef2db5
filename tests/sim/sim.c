#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* ---- small things ------------------------------------------------------ */

uint64_t roll(struct rng *r, uint64_t n)
{
	return rng_below(r, n);
}

int64_t roll_ns(struct rng *r, int64_t from, int64_t to)
{
	return from + (int64_t)rng_below(r, (uint64_t)(to - from) + 1);
}

bool chance(struct rng *r, unsigned thousandths)
{
	return thousandths && rng_below(r, 1000) < thousandths;
}

int64_t sim_wall(const struct sim *s)
{
	return s->wall0_ns + s->now_ns;
}

void sim_trace(const struct sim *s, const char *who, const char *fmt, ...)
{
	va_list ap;

	if (!s->trace)
		return;
	printf("%5lld.%06lld %-8s ", (long long)(s->now_ns / SEC),
	    (long long)(s->now_ns % SEC / 1000), who);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

int sim_shown(struct str s, size_t max)
{
	size_t n = s.n < max ? s.n : max;

	while (n && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

void sim_fail(struct sim *s, const char *checker, const char *fmt, ...)
{
	va_list ap;

	if (s->failed)
		return;
	s->failed = true;
	snprintf(s->checker, sizeof(s->checker), "%s", checker);
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	sim_trace(s, "CHECK", "%s: %s", s->checker, s->why);
}

/* ---- events ------------------------------------------------------------ */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->seq < b->seq;
}

static void swap(struct sim_event *a, struct sim_event *b)
{
	struct sim_event t = *a;

	*a = *b;
	*b = t;
}

void sim_at(struct sim *s, int64_t at_ns,
    void (*fn)(struct sim *s, void *ctx, uint64_t arg), void *ctx,
    uint64_t arg)
{
	struct sim_event *h;
	size_t i = s->heap_n++;

	if (s->heap_n > s->heap_cap) {
		s->heap_cap = 2 * s->heap_n;
		s->heap = realloc(s->heap, s->heap_cap * sizeof(*h));
	}
	h = s->heap;
	if (at_ns < s->now_ns)
		at_ns = s->now_ns;
	h[i] = (struct sim_event){ at_ns, s->heap_seq++, fn, ctx, arg };
	for (; i > 0 && before(&h[i], &h[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&h[i], &h[(i - 1) / 2]);
}

static struct sim_event event_take(struct sim *s)
{
	struct sim_event *h = s->heap, first = h[0];
	size_t i = 0, k;

	h[0] = h[--s->heap_n];
	while ((k = 2 * i + 1) < s->heap_n) {
		if (k + 1 < s->heap_n && before(&h[k + 1], &h[k]))
			k++;
		if (!before(&h[k], &h[i]))
			break;
		swap(&h[i], &h[k]);
		i = k;
	}
	return first;
}

/* ---- the run --------------------------------------------------------- */

static void step_event(struct sim *s, void *ctx, uint64_t arg)
{
	(void)ctx;
	step_run(s, &s->sc.step[arg]);
}

static void calm_event(struct sim *s, void *ctx, uint64_t arg)
{
	(void)ctx, (void)arg;
	steps_calm(s);
}

static void second_event(struct sim *s, void *ctx, uint64_t arg)
{
	(void)ctx, (void)arg;
	checks_second(s);
	sim_at(s, s->now_ns + SEC, second_event, NULL, 0);
}

static int64_t next_ns(struct sim *s)
{
	int64_t next = s->heap_n ? s->heap[0].at_ns : TIME_NEVER;

	if (s->push_ns < next)
		next = s->push_ns;
	for (uint32_t i = 0; i < s->sc.insts; i++) {
		int64_t at = inst_next_ns(&s->inst[i]);

		if (at < next)
			next = at;
	}
	return next;
}

static void advance(struct sim *s, int64_t to_ns)
{
	if (to_ns <= s->now_ns)
		return;
	s->now_ns = to_ns;
	/* Its Events' ends need no better than a minute. */
	if (sim_wall(s) >= api_wake_ns(s->api) || to_ns >= s->tick_ns) {
		s->tick_ns = to_ns + 60 * SEC;
		api_tick(s->api, sim_wall(s));
	}
	for (uint32_t i = 0; i < s->sc.insts; i++)
		if (s->inst[i].alive)
			inst_clock(&s->inst[i]);
}

struct sim *sim_new(const struct scenario *sc, bool trace)
{
	struct sim *s = calloc(1, sizeof(*s));

	s->seed = sc->seed;
	s->sc = *sc;
	s->trace = trace;
	rng_seed(&s->net, sc->seed ^ 0x6e6574);
	rng_seed(&s->world, sc->seed ^ 0x776f726c64);
	/* 2026-11-21T07:06:59Z and on. */
	s->wall0_ns = INT64_C(1795244819) * NS_PER_S;
	snprintf(s->token, sizeof(s->token), "token-0");
	return s;
}

static void sim_begin(struct sim *s)
{
	struct api_options o = {
		.seed = s->seed, .wall_ns = s->wall0_ns,
		.crds = (1u << API_CRDS) - 1,
		.no_watch_list = !(s->sc.options & OPT_WATCH_LIST),
		.page_max = s->sc.options & OPT_PAGES ? 3 : 0,
		.token = s->sc.options & OPT_TOKEN ? s->token : NULL,
	};

	s->api = api_new(&o);
	world_init(s);
	checks_init(s);
	for (uint32_t i = 0; i < s->sc.steps; i++)
		sim_at(s, s->sc.step[i].at_ns, step_event, NULL, i);
	sim_at(s, s->sc.calm_ns, calm_event, NULL, 0);
	sim_at(s, SEC, second_event, NULL, 0);
	for (uint32_t i = 0; i < s->sc.insts; i++) {
		inst_init(s, (int)i);
		inst_start(&s->inst[i]);
	}
}

void sim_run(struct sim *s)
{
	sim_begin(s);
	while (!s->done && !s->failed) {
		advance(s, next_ns(s));
		while (s->heap_n && s->heap[0].at_ns <= s->now_ns &&
		    !s->failed) {
			struct sim_event e = event_take(s);

			e.fn(s, e.ctx, e.arg);
		}
		wire_push(s);
		for (uint32_t i = 0; i < s->sc.insts && !s->failed; i++)
			if (inst_next_ns(&s->inst[i]) <= s->now_ns)
				inst_turn(&s->inst[i]);
		wire_push(s);
	}
}

void sim_free(struct sim *s)
{
	for (uint32_t i = 0; i < s->sc.insts; i++)
		inst_kill(&s->inst[i]);
	world_free(s);
	checks_free(s);
	api_free(s->api);
	free(s->heap);
	free(s);
}
