#include <stdlib.h>
#include <string.h>

#include "base_int.h"

/* The least page of the four architectures; larger ones only round more. */
#define MEM_PAGE 4096

void mem_init(struct mem *m, const struct io *io)
{
	*m = (struct mem){ .io = io };
}

void *mem_reserve(struct mem *m, const char *name, size_t count, size_t size)
{
	size_t n;
	void *p;

	CHECK(!m->sealed);
	CHECK(m->count < MEM_REGIONS_MAX);
	if (m->fail_after && --m->fail_after == 0)
		return NULL;
	if (size && count > (SIZE_MAX - MEM_PAGE) / size)
		return NULL;
	n = count * size;
	n = n ? (n + MEM_PAGE - 1) / MEM_PAGE * MEM_PAGE : MEM_PAGE;
	p = m->io->map(m->io->ctx, n);
	if (!p)
		return NULL;
	/* An earlier life of these addresses may have been an arena. */
	mem_unpoison(p, n);
	m->region[m->count++] = (struct mem_region){
		.name = name, .p = p, .size = n, .align = MEM_PAGE,
	};
	m->total += n;
	return p;
}

void mem_watch(struct mem *m, const void *region, const size_t *high)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->region[i].p == region) {
			m->region[i].high = high;
			return;
		}
	}
	UNREACHABLE();
}

void mem_seal(struct mem *m)
{
	m->sealed = true;
}

static void put_padded(struct buf *out, struct str s, size_t width, bool right)
{
	if (!right)
		buf_str(out, s);
	for (size_t i = s.n; i < width; i++)
		buf_char(out, ' ');
	if (right)
		buf_str(out, s);
}

static void put_number(struct buf *out, uint64_t v)
{
	char text[24];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_u64(&b, v);
	put_padded(out, buf_view(&b), 14, true);
}

void mem_table(const struct mem *m, struct buf *out)
{
	size_t width = sizeof("total") - 1;

	for (size_t i = 0; i < m->count; i++) {
		size_t n = strlen(m->region[i].name);

		width = n > width ? n : width;
	}
	put_padded(out, STR("region"), width, false);
	put_padded(out, STR("bytes"), 14, true);
	put_padded(out, STR("high"), 14, true);
	buf_char(out, '\n');
	for (size_t i = 0; i < m->count; i++) {
		const struct mem_region *r = &m->region[i];

		put_padded(out, str_from(r->name), width, false);
		put_number(out, r->size);
		if (r->high)
			put_number(out, *r->high);
		else
			put_padded(out, STR("-"), 14, true);
		buf_char(out, '\n');
	}
	put_padded(out, STR("total"), width, false);
	put_number(out, m->total);
	buf_char(out, '\n');
}

void mem_trim(struct mem *m, void *p, size_t n)
{
	m->io->trim(m->io->ctx, p, n);
}

void mem_free_all(struct mem *m)
{
	for (size_t i = 0; i < m->count; i++) {
		mem_unpoison(m->region[i].p, m->region[i].size);
		m->io->unmap(m->io->ctx, m->region[i].p, m->region[i].size);
	}
	mem_init(m, m->io);
}

/*
 * Scratch. Each block has its size in front, in a header that keeps what
 * follows aligned for any type. Only the topmost block is ever given back or
 * grown in place; the scope's end takes the rest.
 */
#define SCRATCH_ALIGN 16
struct scratch_head {
	_Alignas(SCRATCH_ALIGN) size_t size;	/* a multiple of that */
	struct scratch_head *next;		/* in its bin, when free */
};
_Static_assert(sizeof(struct scratch_head) == SCRATCH_ALIGN, "aligned");

/* One per process, as malloc is: libyaml has nowhere to pass a context. */
static struct arena *scratch;
static size_t scratch_from, scratch_mark;

/*
 * Freed blocks by the power of two below their size. libyaml frees most of
 * what it takes, in sizes it takes again; without this a document would need
 * ten times its own length.
 */
#define SCRATCH_BINS 12
#define SCRATCH_TRIES 8
static struct scratch_head *scratch_bin[SCRATCH_BINS];

void scratch_begin(struct arena *a)
{
	CHECK(!scratch);
	memset(scratch_bin, 0, sizeof(scratch_bin));
	scratch = a;
	scratch_from = a->n;
	scratch_mark = arena_mark(a);
}

void scratch_end(void)
{
	CHECK(scratch);
	arena_reset(scratch, scratch_mark);
	scratch = NULL;
}

static size_t scratch_round(size_t n)
{
	return (n + SCRATCH_ALIGN - 1) & ~(size_t)(SCRATCH_ALIGN - 1);
}

static struct scratch_head **scratch_bin_of(size_t n)
{
	unsigned bin = 0;

	for (n /= SCRATCH_ALIGN; n > 1 && bin < SCRATCH_BINS - 1; n /= 2)
		bin++;
	return &scratch_bin[bin];
}

/* A freed block of at least n bytes, when one of the first in its bin is. */
static void *scratch_reuse(size_t n)
{
	struct scratch_head **at = scratch_bin_of(n), *h;
	int i;

	for (i = 0; *at && i < SCRATCH_TRIES; i++, at = &(*at)->next) {
		h = *at;
		if (h->size < n)
			continue;
		*at = h->next;
		mem_unpoison(h + 1, h->size);
		return memset(h + 1, 0, h->size);
	}
	return NULL;
}

void *scratch_malloc(size_t n)
{
	struct scratch_head *h;
	void *again;

	CHECK(scratch);
	if (n > SIZE_MAX - 2 * SCRATCH_ALIGN)
		return NULL;
	n = scratch_round(n);
	again = scratch_reuse(n);
	if (again)
		return again;
	h = arena_alloc(scratch, sizeof(*h) + n, SCRATCH_ALIGN);
	if (!h) {
		/* One refusal does not forbid a smaller block later. */
		scratch->over = false;
		return NULL;
	}
	h->size = n;
	return h + 1;
}

static struct scratch_head *scratch_head(void *p)
{
	char *c = p;

	CHECK(scratch);
	CHECK(c >= scratch->p + scratch_from + sizeof(struct scratch_head) &&
	    c <= scratch->p + scratch->n);
	return (struct scratch_head *)p - 1;
}

static bool scratch_is_top(const struct scratch_head *h)
{
	return (const char *)(h + 1) + h->size == scratch->p + scratch->n;
}

void *scratch_realloc(void *p, size_t n)
{
	struct scratch_head *h;
	size_t more;
	void *q;

	if (!p)
		return scratch_malloc(n);
	h = scratch_head(p);
	if (n <= h->size)
		return p;
	if (n > SIZE_MAX - 2 * SCRATCH_ALIGN)
		return NULL;
	more = scratch_round(n) - h->size;
	if (scratch_is_top(h) && arena_alloc(scratch, more, 1)) {
		h->size += more;
		return p;
	}
	scratch->over = false;
	q = scratch_malloc(n);
	if (q) {
		memcpy(q, p, h->size);
		scratch_free(p);
	}
	return q;
}

void scratch_free(void *p)
{
	struct scratch_head *h, **at;

	if (!p)
		return;
	h = scratch_head(p);
	if (scratch_is_top(h)) {
		arena_reset(scratch, (size_t)((char *)h - scratch->p));
		return;
	}
	at = scratch_bin_of(h->size);
	h->next = *at;
	*at = h;
	mem_poison(h + 1, h->size);
}

char *scratch_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = scratch_malloc(n);

	return copy ? memcpy(copy, s, n) : NULL;
}

/*
 * The release build has no other allocator: what a library takes outside a
 * scope stops the process with this file's name instead of growing the heap.
 */
#ifdef MEM_OWN_MALLOC
void *malloc(size_t n)
{
	return scratch_malloc(n);
}

void *calloc(size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return NULL;
	return scratch_malloc(count * size);	/* zeroed anyway */
}

void *realloc(void *p, size_t n)
{
	return scratch_realloc(p, n);
}

void free(void *p)
{
	scratch_free(p);
}
#endif
