#include <string.h>

#include "control_int.h"

/*
 * A record has room for the kinds of children that nearly every server has.
 * Each other child takes a slot from here, for as long as its server asks
 * for it or it is there; the slots of a record are a list. So a server pays
 * for what it uses, and a kind is watched only while a slot is of it.
 */

static void extras_room(void *ctx);

int extras_init(struct manager *m, struct mem *mem, uint32_t cap)
{
	struct extras *x = &m->records.extras;
	uint32_t *next = mem_reserve(mem, "extra child slots", cap,
	    sizeof(*next));

	x->e = mem_reserve(mem, "extra children", cap, sizeof(*x->e));
	if (x->e == NULL || next == NULL)
		return ERR_FULL;
	pool_init(&x->pool, x->e, next, cap, sizeof(*x->e));
	mem_watch(mem, x->e, &x->pool.touched);
	timer_init(&x->room, extras_room, m);
	return 0;
}

/* A record's list: slot numbers plus one, 0 is the end. */
static struct extra *extra_at(const struct extras *x, uint32_t link)
{
	return link == 0 ? NULL : pool_at(&x->pool, link - 1);
}

static struct extra *extra_find(const struct records *rs,
    const struct record *r, enum child_kind k)
{
	uint32_t link = r->extras;
	struct extra *e;

	while (link != 0) {
		e = extra_at(&rs->extras, link);
		if (e->kind == k)
			return e;
		link = e->next;
	}
	return NULL;
}

const struct child_state *child_at(const struct records *rs,
    const struct record *r, enum child_kind k)
{
	static const struct child_state none;
	const struct extra *e;

	if (k < CHILD_KINDS)
		return &r->child[k];
	e = extra_find(rs, r, k);
	return e != NULL ? &e->state : &none;
}

struct child_state *child_slot(const struct records *rs, struct record *r,
    enum child_kind k)
{
	struct extra *e;

	if (k < CHILD_KINDS)
		return &r->child[k];
	e = extra_find(rs, r, k);
	return e != NULL ? &e->state : NULL;
}

static struct extra *extra_take(struct records *rs, struct record *r,
    enum child_kind k)
{
	struct extras *x = &rs->extras;
	struct extra *e = extra_find(rs, r, k);
	uint32_t i;

	if (e != NULL)
		return e;
	i = pool_take(&x->pool);
	if (i == POOL_NONE)
		return NULL;
	e = pool_at(&x->pool, i);
	e->kind = (uint8_t)k;
	e->next = r->extras;
	r->extras = i + 1;
	x->of_kind[k]++;
	return e;
}

struct child_state *child_take(struct records *rs, struct record *r,
    enum child_kind k)
{
	struct extra *e;

	if (k < CHILD_KINDS)
		return &r->child[k];
	e = extra_take(rs, r, k);
	if (e != NULL)
		return &e->state;
	rs->extras.full = true;
	rs->extras.lost |= UINT32_C(1) << k;
	return NULL;
}

/* ---- for whom ---- */

uint32_t extras_made(const struct manager *m)
{
	const uint32_t mesh = UINT32_C(1) << CHILD_VIRTUAL_SERVICE |
	    UINT32_C(1) << CHILD_DESTINATION_RULE |
	    UINT32_C(1) << CHILD_PEER_AUTH;
	const uint32_t tenant = UINT32_C(1) << CHILD_RESOURCE_QUOTA |
	    UINT32_C(1) << CHILD_LIMIT_RANGE | UINT32_C(1) << CHILD_ROLE |
	    UINT32_C(1) << CHILD_ROLE_BINDING;
	uint32_t kinds = KINDS_EXTRA;

	if (!m->o->hpa)
		kinds &= ~(UINT32_C(1) << CHILD_HPA);
	if (!m->o->vpa)
		kinds &= ~(UINT32_C(1) << CHILD_VPA);
	if (!m->o->istio)
		kinds &= ~mesh;
	return m->o->tenancy ? kinds : kinds & ~tenant;
}

void extras_tidy(struct manager *m, struct record *r)
{
	struct extras *x = &m->records.extras;
	uint32_t *link = &r->extras;
	bool last = false, freed = false;

	/* A job may have an answer to come about any of them. */
	if (r->flags & RECORD_BUSY)
		return;
	while (*link != 0) {
		uint32_t i = *link - 1;
		struct extra *e = extra_at(x, *link);

		if (e->held || e->state.exists || (e->named &&
		    !watches_child_answered(m, (enum child_kind)e->kind))) {
			link = &e->next;
			continue;
		}
		*link = e->next;
		last = --x->of_kind[e->kind] == 0 || last;
		freed = true;
		pool_give(&x->pool, i);
	}
	if (freed && x->full && !timer_is_set(&x->room))
		timer_set(&m->loop, &x->room, m->loop.now_ns + REFS_ROOM_NS);
	if (last)
		watches_advance(m);
}

void extras_named(struct manager *m, struct record *r, enum child_kind k)
{
	bool first = m->records.extras.of_kind[k] == 0;
	struct extra *e;

	if (watches_child_answered(m, k))
		return;
	e = extra_take(&m->records, r, k);
	if (e == NULL)
		return;
	e->named = true;
	if (first)
		watches_advance(m);
}

/* Some were turned away, and come back when there is room. */
static void mark_crowded(struct manager *m, struct record *r, bool refused)
{
	if (!refused) {
		r->flags &= ~(uint32_t)RECORD_CROWDED;
		return;
	}
	m->records.extras.full = true;
	if (r->flags & RECORD_CROWDED)
		return;
	count_add(&m->counts, COUNT_CAPACITY_REFUSED, 1);
	r->flags |= RECORD_CROWDED;
}

void extras_follow(struct manager *m, struct record *r, uint32_t kinds)
{
	struct extras *x = &m->records.extras;
	bool refused = false, first = false;
	struct extra *e;
	int k;

	for (k = CHILD_KINDS; k < CHILD_KINDS_ALL; k++) {
		bool held = (kinds >> k & 1) != 0;

		first = first || (held && x->of_kind[k] == 0);
		e = held ? extra_take(&m->records, r, (enum child_kind)k) :
		    extra_find(&m->records, r, (enum child_kind)k);
		if (e != NULL)
			e->held = held;
		else
			refused = refused || held;
	}
	mark_crowded(m, r, refused);
	extras_tidy(m, r);
	if (first)
		watches_advance(m);
}

uint32_t extras_allowed(const struct manager *m, const struct record *r)
{
	uint32_t link = r->extras, kinds = 0;

	while (link != 0) {
		const struct extra *e = extra_at(&m->records.extras, link);

		if (e->held && !watches_child_absent(m,
		    (enum child_kind)e->kind))
			kinds |= UINT32_C(1) << e->kind;
		link = e->next;
	}
	return kinds;
}

bool extras_ready(const struct manager *m, const struct record *r)
{
	uint32_t link = r->extras;

	while (link != 0) {
		const struct extra *e = extra_at(&m->records.extras, link);

		if (!watches_child_answered(m, (enum child_kind)e->kind))
			return false;
		link = e->next;
	}
	return true;
}

void extras_synced(struct manager *m, enum child_kind k)
{
	uint32_t i;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		struct record *r = record_at(&m->records, i);

		if (extra_find(&m->records, r, k) == NULL)
			continue;
		extras_tidy(m, r);
		if ((r->flags & RECORD_LIVE) && (!(r->flags & RECORD_PLANNED) ||
		    record_due(m, r)))
			queue_add(&m->queue, i, true, m->loop.now_ns);
	}
	manager_kick(m);
}

/*
 * Room became free: as many servers as may find some are planned anew, and
 * of what watches told for nothing they tell again.
 */
static void extras_room(void *ctx)
{
	struct manager *m = ctx;
	struct extras *x = &m->records.extras;
	uint32_t n = x->pool.cap - x->pool.used, lost = x->lost, i;
	int k;

	x->full = false;
	x->lost = 0;
	for (k = CHILD_KINDS; k < CHILD_KINDS_ALL; k++)
		if (lost >> k & 1)
			watches_relist_child(m, (enum child_kind)k);
	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		const uint32_t crowded = RECORD_LIVE | RECORD_CROWDED;

		/* One whose spec is refused takes none, and comes back by
		 * itself when it is good. */
		if ((record_at(&m->records, i)->flags &
		    (crowded | RECORD_REFUSED)) != crowded)
			continue;
		if (n == 0) {
			x->full = true;
			break;
		}
		n--;
		queue_add(&m->queue, i, false, m->loop.now_ns);
	}
	manager_kick(m);
}
