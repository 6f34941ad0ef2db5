#include "control_int.h"

int queue_init(struct queue *q, struct mem *m, struct records *rs,
    const struct manager_options *o, uint64_t seed)
{
	uint32_t cap = rs->pool.cap;
	struct heap_item *items = mem_reserve(m, "queue: delayed", cap,
	    sizeof(*items));
	uint32_t *pos = mem_reserve(m, "queue: positions", cap,
	    sizeof(*pos));

	if (items == NULL || pos == NULL)
		return ERR_FULL;
	heap_init(&q->later, items, pos, cap);
	q->records = rs;
	q->head[0] = q->head[1] = RECORD_NONE;
	q->tail[0] = q->tail[1] = RECORD_NONE;
	q->depth_max = (uint32_t)o->queue_depth;
	q->base_ns = o->base_delay_ns;
	q->max_ns = o->max_delay_ns;
	rng_seed(&q->rng, seed);
	return 0;
}

static void unlink_ready(struct queue *q, uint32_t i)
{
	struct record *r = record_at(q->records, i);
	int list = r->flags & RECORD_HOT ? 0 : 1;
	uint32_t *at = &q->head[list], prev = RECORD_NONE;

	while (*at != i) {
		CHECK(*at != RECORD_NONE);
		prev = *at;
		at = &record_at(q->records, *at)->next;
	}
	*at = r->next;
	if (q->tail[list] == i)
		q->tail[list] = prev;
	r->next = RECORD_NONE;
	r->flags &= ~(uint32_t)(RECORD_QUEUED | RECORD_HOT);
	q->depth--;
}

static void link_ready(struct queue *q, uint32_t i, bool hot)
{
	struct record *r = record_at(q->records, i);
	int list = hot ? 0 : 1;

	r->flags |= RECORD_QUEUED | (hot ? RECORD_HOT : 0);
	r->next = RECORD_NONE;
	if (q->tail[list] == RECORD_NONE)
		q->head[list] = i;
	else
		record_at(q->records, q->tail[list])->next = i;
	q->tail[list] = i;
	q->depth++;
}

static bool is_refused_still(const struct queue *q, uint32_t i)
{
	const struct record *r = record_at(q->records, i);

	return r->failures > 0 && heap_has(&q->later, i) &&
	    r->refused_wish == record_wish(q->records, r);
}

bool queue_holds(const struct queue *q, uint32_t i)
{
	const struct record *r = record_at(q->records, i);

	return is_refused_still(q, i) &&
	    r->refused_counts == record_counts(r);
}

/*
 * A record in a job's hands is not queued: the job looks at what changed
 * meanwhile when it ends. Over the depth asked for, work waits a second in
 * the heap, which has room for all.
 */
void queue_add(struct queue *q, uint32_t i, bool hot, int64_t now_ns)
{
	struct record *r = record_at(q->records, i);

	if ((r->flags & RECORD_BUSY) || queue_holds(q, i))
		return;
	/* For its status; what was refused is asked for along with it. */
	if (is_refused_still(q, i)) {
		queue_at(q, i, now_ns + REFUSED_COUNTS_NS);
		return;
	}
	if (r->flags & RECORD_QUEUED) {
		if (hot && !(r->flags & RECORD_HOT)) {
			unlink_ready(q, i);
			link_ready(q, i, true);
		}
		return;
	}
	if (r->not_before_ns > now_ns) {
		queue_at(q, i, r->not_before_ns);
		return;
	}
	if (q->depth >= q->depth_max) {
		queue_at(q, i, now_ns + NS_PER_S);
		return;
	}
	heap_del(&q->later, i);
	r->queued_ns = now_ns;
	q->adds++;
	link_ready(q, i, hot);
}

/* The earlier of two times holds. */
void queue_at(struct queue *q, uint32_t i, int64_t at_ns)
{
	struct record *r = record_at(q->records, i);
	uint32_t pos;

	if (r->flags & RECORD_QUEUED)
		return;
	if (heap_has(&q->later, i)) {
		pos = q->later.pos[i] - 1;
		if (q->later.item[pos].at_ns <= at_ns)
			return;
	}
	heap_set(&q->later, i, at_ns);
}

void queue_backoff(struct queue *q, uint32_t i, int64_t told_ns,
    int64_t now_ns)
{
	struct record *r = record_at(q->records, i);
	int64_t delay = time_backoff(q->base_ns, r->failures + 1U,
	    q->max_ns);

	if (r->failures < UINT8_MAX)
		r->failures++;
	if (delay < told_ns)
		delay = told_ns;
	r->not_before_ns = now_ns + told_ns;
	/* Up to a fifth more, so that what failed together parts. */
	delay += (int64_t)rng_below(&q->rng, (uint64_t)delay / 5 + 1);
	q->retries++;
	heap_del(&q->later, i);
	heap_set(&q->later, i, now_ns + delay);
}

int64_t queue_next_ns(const struct queue *q)
{
	const struct heap_item *min = heap_min(&q->later);

	return min != NULL ? min->at_ns : TIME_NEVER;
}

void queue_wake(struct queue *q, int64_t now_ns)
{
	const struct heap_item *min;

	while ((min = heap_min(&q->later)) != NULL && min->at_ns <= now_ns &&
	    q->depth < q->depth_max) {
		uint32_t i = min->id;

		heap_del(&q->later, i);
		queue_add(q, i, false, now_ns);
	}
}

uint32_t queue_take(struct queue *q)
{
	int list = q->head[0] != RECORD_NONE ? 0 : 1;
	uint32_t i = q->head[list];

	if (i != RECORD_NONE)
		unlink_ready(q, i);
	return i;
}

void queue_forget(struct queue *q, uint32_t i)
{
	if (record_at(q->records, i)->flags & RECORD_QUEUED)
		unlink_ready(q, i);
	heap_del(&q->later, i);
}
