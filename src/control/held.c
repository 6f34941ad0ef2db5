#include <string.h>

#include "control_int.h"

/*
 * A server that must wait for a job would have to be read again when its
 * turn comes. While there is room, the line that told of it is held until
 * then: a fresh installation's first servers cost no read at all.
 */
struct held {
	uint64_t version;
	uint32_t n;
	char text[HELD_TEXT_MAX];
};

int held_init(struct manager *m, struct mem *mem)
{
	uint32_t *next = mem_reserve(mem, "held line slots", HELD_MAX,
	    sizeof(*next));
	struct held *h = mem_reserve(mem, "held lines", HELD_MAX,
	    sizeof(*h));

	if (h == NULL || next == NULL)
		return ERR_FULL;
	pool_init(&m->held, h, next, HELD_MAX, sizeof(*h));
	mem_watch(mem, h, &m->held.touched);
	return 0;
}

void held_drop(struct manager *m, struct record *r)
{
	if (r->held == POOL_NONE)
		return;
	pool_give(&m->held, r->held);
	r->held = POOL_NONE;
	/* What a burst has touched does not stay. */
	if (m->held.used == 0)
		mem_trim(m->mem, m->held.mem, sizeof(struct held) *
		    HELD_MAX);
}

void held_keep(struct manager *m, struct record *r, struct str text)
{
	struct held *h;

	if (text.n > HELD_TEXT_MAX) {
		held_drop(m, r);
		return;
	}
	if (r->held == POOL_NONE)
		r->held = pool_take(&m->held);
	if (r->held == POOL_NONE)
		return;
	h = pool_at(&m->held, r->held);
	h->version = r->version;
	h->n = (uint32_t)text.n;
	memcpy(h->text, text.p, text.n);
}

struct str held_take(struct manager *m, struct record *r, char *to)
{
	const struct held *h;
	struct str s = STR_NONE;

	if (r->held == POOL_NONE)
		return s;
	h = pool_at(&m->held, r->held);
	if (h->version >= r->version) {
		s = (struct str){ to, h->n };
		memcpy(to, h->text, h->n);
	}
	held_drop(m, r);
	return s;
}
