#include "base_int.h"

void heap_init(struct heap *h, struct heap_item *items, uint32_t *pos,
    uint32_t cap)
{
	*h = (struct heap){ .item = items, .pos = pos, .cap = cap };
	/* Reads first: a page of zeroes that is not written costs nothing. */
	for (uint32_t i = 0; i < cap; i++)
		if (pos[i])
			pos[i] = 0;
}

/* By deadline, then by id: the same order in every run. */
static bool before(const struct heap_item *a, const struct heap_item *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->id < b->id;
}

static void place(struct heap *h, uint32_t i, struct heap_item item)
{
	h->item[i] = item;
	h->pos[item.id] = i + 1;
}

static void sift_up(struct heap *h, uint32_t i, struct heap_item item)
{
	while (i > 0 && before(&item, &h->item[(i - 1) / 2])) {
		place(h, i, h->item[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(h, i, item);
}

static void sift_down(struct heap *h, uint32_t i, struct heap_item item)
{
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= h->n)
			break;
		if (child + 1 < h->n &&
		    before(&h->item[child + 1], &h->item[child]))
			child++;
		if (!before(&h->item[child], &item))
			break;
		place(h, i, h->item[child]);
		i = child;
	}
	place(h, i, item);
}

/* Puts item at i, whatever stood there, and mends the order. */
static void settle(struct heap *h, uint32_t i, struct heap_item item)
{
	if (i > 0 && before(&item, &h->item[(i - 1) / 2]))
		sift_up(h, i, item);
	else
		sift_down(h, i, item);
}

bool heap_has(const struct heap *h, uint32_t id)
{
	CHECK(id < h->cap);
	return h->pos[id] != 0;
}

void heap_set(struct heap *h, uint32_t id, int64_t at_ns)
{
	struct heap_item item = { .at_ns = at_ns, .id = id };

	if (heap_has(h, id))
		settle(h, h->pos[id] - 1, item);
	else
		sift_up(h, h->n++, item);
}

void heap_del(struct heap *h, uint32_t id)
{
	uint32_t i;

	if (!heap_has(h, id))
		return;
	i = h->pos[id] - 1;
	h->pos[id] = 0;
	h->n--;
	if (i < h->n)
		settle(h, i, h->item[h->n]);
}

const struct heap_item *heap_min(const struct heap *h)
{
	return h->n ? &h->item[0] : NULL;
}
