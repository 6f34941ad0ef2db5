#include <string.h>

#include "base_int.h"

/* In a mark: it was over by then. No arena is as large. */
#define MARK_OVER (~(SIZE_MAX >> 1))

void arena_init(struct arena *a, void *mem, size_t cap)
{
	CHECK(mem && !(cap & MARK_OVER));
	*a = (struct arena){ .p = mem, .cap = cap };
	mem_poison(mem, cap);
}

static void arena_take(struct arena *a, size_t n)
{
	a->n += n;
	if (a->n > a->high)
		a->high = a->n;
}

void *arena_alloc(struct arena *a, size_t size, size_t align)
{
	size_t pad, room = a->cap - a->n;
	char *p = a->p + a->n;

	CHECK(align && !(align & (align - 1)));
	pad = (size_t)(0 - (uintptr_t)p) & (align - 1);
	if (a->over || pad > room || size > room - pad) {
		a->over = true;
		return NULL;
	}
	p += pad;
	mem_unpoison(p, size);
	memset(p, 0, size);
	arena_take(a, pad + size);
	return p;
}

void *arena_alloc_array(struct arena *a, size_t count, size_t size,
    size_t align)
{
	if (size && count > SIZE_MAX / size) {
		a->over = true;
		return NULL;
	}
	return arena_alloc(a, count * size, align);
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p;

	if (!s.n)
		return STR_NONE;
	p = arena_alloc(a, s.n, 1);
	if (!p)
		return STR_NONE;
	memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

struct buf arena_buf(struct arena *a)
{
	struct buf b;

	mem_unpoison(a->p + a->n, a->cap - a->n);
	buf_init(&b, a->p + a->n, a->cap - a->n);
	b.over = a->over;
	return b;
}

struct str arena_keep(struct arena *a, struct buf *b)
{
	struct str s = STR_NONE;

	CHECK(b->p == a->p + a->n && b->n <= a->cap - a->n);
	if (b->over) {
		a->over = true;
	} else {
		s = buf_view(b);
		arena_take(a, b->n);
	}
	mem_poison(a->p + a->n, a->cap - a->n);
	return s;
}

size_t arena_mark(const struct arena *a)
{
	return a->n | (a->over ? MARK_OVER : 0);
}

void arena_reset(struct arena *a, size_t mark)
{
	size_t n = mark & ~MARK_OVER;

	CHECK(n <= a->n);
	mem_scrub(a->p + n, a->n - n);
	a->n = n;
	a->over = (mark & MARK_OVER) != 0;
	mem_poison(a->p + n, a->cap - n);
}
