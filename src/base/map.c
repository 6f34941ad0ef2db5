#include "base_int.h"

static uint32_t fold(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

void map_init(struct map *m, struct map_cell *cells, uint32_t cap)
{
	/* Below 4 the last free cell, which ends each probe, could go. */
	CHECK(cap >= 4 && !(cap & (cap - 1)));
	*m = (struct map){ .cell = cells, .cap = cap };
	/* Reads first: a page of zeroes that is not written costs nothing. */
	for (uint32_t i = 0; i < cap; i++)
		if (cells[i].value)
			cells[i].value = 0;
}

uint32_t map_get(const struct map *m, uint64_t hash, map_same *same,
    const void *ctx, const void *key)
{
	uint32_t h = fold(hash), mask = m->cap - 1;

	for (uint32_t i = h & mask; m->cell[i].value; i = (i + 1) & mask) {
		const struct map_cell *c = &m->cell[i];

		if (c->hash == h && same(ctx, c->value - 1, key))
			return c->value - 1;
	}
	return MAP_NONE;
}

int map_put(struct map *m, uint64_t hash, uint32_t value)
{
	uint32_t h = fold(hash), mask = m->cap - 1, i = h & mask;

	CHECK(value != MAP_NONE);
	if (m->used >= m->cap - m->cap / 4)
		return ERR_FULL;
	while (m->cell[i].value)
		i = (i + 1) & mask;
	m->cell[i] = (struct map_cell){ .hash = h, .value = value + 1 };
	m->used++;
	return 0;
}

void map_del(struct map *m, uint64_t hash, uint32_t value)
{
	uint32_t h = fold(hash), mask = m->cap - 1, hole = h & mask;

	while (m->cell[hole].hash != h || m->cell[hole].value != value + 1) {
		CHECK(m->cell[hole].value);
		hole = (hole + 1) & mask;
	}
	/*
	 * Close the hole: an entry further on moves into it unless its home
	 * lies after the hole, for there no probe for it would look.
	 */
	for (uint32_t i = hole;;) {
		i = (i + 1) & mask;
		if (!m->cell[i].value)
			break;
		if (((i - m->cell[i].hash) & mask) >= ((i - hole) & mask)) {
			m->cell[hole] = m->cell[i];
			hole = i;
		}
	}
	m->cell[hole] = (struct map_cell){ 0 };
	m->used--;
}

uint32_t map_cap_for(uint32_t most)
{
	uint32_t cap = 4;

	CHECK(most <= (UINT32_C(1) << 31) / 4 * 3);
	while (cap - cap / 4 < most)
		cap *= 2;
	return cap;
}
