#include <string.h>

#include "base_int.h"

/* Stands in next[] of a slot that is taken. */
#define POOL_TAKEN (UINT32_MAX - 1)

void pool_init(struct pool *p, void *mem, uint32_t *next, uint32_t cap,
    size_t size)
{
	CHECK(cap < POOL_TAKEN && size);
	*p = (struct pool){
		.mem = mem, .next = next, .size = size, .cap = cap,
		.free_head = POOL_NONE,
	};
	mem_poison(mem, size * cap);
}

static char *slot(const struct pool *p, uint32_t index)
{
	return p->mem + p->size * index;
}

uint32_t pool_take(struct pool *p)
{
	uint32_t index = p->free_head;

	if (index != POOL_NONE)
		p->free_head = p->next[index];
	else if (p->fresh < p->cap)
		index = p->fresh++;
	else
		return POOL_NONE;
	p->next[index] = POOL_TAKEN;
	p->used++;
	if (p->used > p->high)
		p->high = p->used;
	p->touched = p->size * p->fresh;
	mem_unpoison(slot(p, index), p->size);
	memset(slot(p, index), 0, p->size);
	return index;
}

bool pool_has(const struct pool *p, uint32_t index)
{
	return index < p->fresh && p->next[index] == POOL_TAKEN;
}

void pool_give(struct pool *p, uint32_t index)
{
	CHECK(pool_has(p, index));
	p->next[index] = p->free_head;
	p->free_head = index;
	p->used--;
	mem_poison(slot(p, index), p->size);
}

void *pool_at(const struct pool *p, uint32_t index)
{
	CHECK(pool_has(p, index));
	return slot(p, index);
}
