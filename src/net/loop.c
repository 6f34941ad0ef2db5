#include <string.h>

#include "net.h"

static uint64_t slot_tag(const struct loop *l, uint32_t i)
{
	return (uint64_t)l->slots[i].generation << 32 | i;
}

int loop_init(struct loop *l, struct mem *m, const struct io *io)
{
	struct heap_item *items;
	uint32_t *pos;

	memset(l, 0, sizeof(*l));
	l->io = io;
	l->slots = mem_reserve(m, "loop descriptors", LOOP_FDS_MAX,
	    sizeof(*l->slots));
	l->timers = mem_reserve(m, "loop timers", LOOP_TIMERS_MAX,
	    sizeof(struct timer *));
	items = mem_reserve(m, "loop timer heap", LOOP_TIMERS_MAX,
	    sizeof(*items));
	pos = mem_reserve(m, "loop timer places", LOOP_TIMERS_MAX,
	    sizeof(*pos));
	l->timer_free = mem_reserve(m, "loop free timers", LOOP_TIMERS_MAX,
	    sizeof(*l->timer_free));
	l->scratch = mem_reserve(m, "loop scratch", 1, LOOP_SCRATCH_MAX);
	if (!l->slots || !l->timers || !items || !pos || !l->timer_free ||
	    !l->scratch)
		return ERR_FULL;
	heap_init(&l->heap, items, pos, LOOP_TIMERS_MAX);
	l->work_tail = &l->work_head;
	l->now_ns = io->mono_ns(io->ctx);
	return 0;
}

static uint32_t slot_find(const struct loop *l, int fd)
{
	uint32_t i = 0;

	while (i < l->slots_n && !(l->slots[i].fn && l->slots[i].fd == fd))
		i++;
	return i;
}

static uint32_t slot_take(struct loop *l)
{
	uint32_t i = 0;

	while (i < l->slots_n && l->slots[i].fn)
		i++;
	if (i == l->slots_n && l->slots_n < LOOP_FDS_MAX)
		l->slots_n++;
	return i;
}

int loop_watch(struct loop *l, int fd, uint8_t io_bits, loop_fd_fn *fn,
    void *ctx)
{
	uint32_t i = slot_find(l, fd);
	struct loop_slot *s;
	int err;

	CHECK(fd >= 0 && (fn || !io_bits));
	if (i == l->slots_n && !io_bits)
		return 0;
	if (i == l->slots_n)
		i = slot_take(l);
	if (i == LOOP_FDS_MAX)
		return ERR_FULL;
	s = &l->slots[i];
	err = l->io->watch(l->io->ctx, fd, io_bits, slot_tag(l, i));
	if (!io_bits) {
		/* Events of this turn that still name the slot are stale. */
		s->fn = NULL;
		s->generation++;
		return 0;
	}
	if (err < 0)
		return err;
	s->fn = fn;
	s->ctx = ctx;
	s->fd = fd;
	return 0;
}

void timer_init(struct timer *t, loop_fn *fn, void *ctx)
{
	*t = (struct timer){ .fn = fn, .ctx = ctx };
}

bool timer_is_set(const struct timer *t)
{
	return t->id != 0;
}

/* Ids that were given back first, then those never used. */
static uint32_t timer_id_take(struct loop *l)
{
	if (l->timer_free_n)
		return l->timer_free[--l->timer_free_n];
	CHECK(l->timer_ids < LOOP_TIMERS_MAX);
	return l->timer_ids++;
}

void timer_set(struct loop *l, struct timer *t, int64_t at_ns)
{
	CHECK(t->fn);
	if (!t->id) {
		uint32_t id = timer_id_take(l);

		l->timers[id] = t;
		t->id = id + 1;
	}
	CHECK(l->timers[t->id - 1] == t);
	/* One that is always overdue would keep the others from their turn. */
	if (at_ns < l->now_ns)
		at_ns = l->now_ns;
	heap_set(&l->heap, t->id - 1, at_ns);
}

void timer_stop(struct loop *l, struct timer *t)
{
	uint32_t id = t->id - 1;

	if (!t->id)
		return;
	CHECK(l->timers[id] == t);
	heap_del(&l->heap, id);
	l->timers[id] = NULL;
	l->timer_free[l->timer_free_n++] = id;
	t->id = 0;
}

void work_init(struct work *w, loop_fn *fn, void *ctx)
{
	*w = (struct work){ .fn = fn, .ctx = ctx };
}

void work_post(struct loop *l, struct work *w)
{
	CHECK(w->fn);
	if (w->posted)
		return;
	w->posted = true;
	w->turn = l->work_turn;
	w->next = NULL;
	*l->work_tail = w;
	l->work_tail = &w->next;
}

void work_cancel(struct loop *l, struct work *w)
{
	struct work **at = &l->work_head;

	if (!w->posted)
		return;
	while (*at != w) {
		CHECK(*at);
		at = &(*at)->next;
	}
	*at = w->next;
	if (l->work_tail == &w->next)
		l->work_tail = at;
	w->posted = false;
}

static void events_run(struct loop *l, const struct io_event *ev, int n)
{
	for (int i = 0; i < n; i++) {
		uint32_t at = (uint32_t)ev[i].tag;
		const struct loop_slot *s = &l->slots[at];

		CHECK(at < LOOP_FDS_MAX);
		/* A handler before may have closed this descriptor. */
		if (s->fn && s->generation == ev[i].tag >> 32)
			s->fn(s->ctx, ev[i].bits);
	}
}

/* As many as there are now, so that one set again cannot hold the turn. */
static void timers_run(struct loop *l)
{
	for (uint32_t left = l->heap.n; left > 0; left--) {
		const struct heap_item *first = heap_min(&l->heap);
		struct timer *t;

		if (!first || first->at_ns > l->now_ns)
			return;
		t = l->timers[first->id];
		timer_stop(l, t);
		t->fn(t->ctx);
	}
}

/* What is posted meanwhile has its turn in the next one. */
static void work_run(struct loop *l)
{
	struct work *w;

	l->work_turn++;
	while ((w = l->work_head) && w->turn != l->work_turn) {
		work_cancel(l, w);
		w->fn(w->ctx);
	}
}

static void latency_note(struct loop *l, int64_t since_ns)
{
	uint64_t us = (uint64_t)(l->io->mono_ns(l->io->ctx) - since_ns) / 1000;
	uint32_t bucket = 0;

	while (us > (uint64_t)1 << bucket &&
	    bucket < LOOP_LATENCY_BUCKETS - 1)
		bucket++;
	l->latency[bucket]++;
	l->turns++;
}

void loop_turn(struct loop *l, int64_t until_ns)
{
	struct io_event events[IO_EVENTS_MAX];
	const struct heap_item *first = heap_min(&l->heap);
	int n;

	if (first && first->at_ns < until_ns)
		until_ns = first->at_ns;
	if (l->work_head)
		until_ns = 0;
	n = l->io->wait(l->io->ctx, events, IO_EVENTS_MAX, until_ns);
	l->now_ns = l->io->mono_ns(l->io->ctx);
	events_run(l, events, n);
	timers_run(l);
	work_run(l);
	latency_note(l, l->now_ns);
}

unsigned loop_run(struct loop *l)
{
	unsigned signals = 0;

	while (!l->stop && !signals) {
		loop_turn(l, TIME_NEVER);
		signals = l->io->signals(l->io->ctx);
	}
	l->stop = false;
	return signals;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
