#include "observe.h"

/*
 * What a request found out, carried to the page in the cursor: bits of the
 * checks that failed and of those left out, and how to show it.
 */
#define FAILED_SHIFT 0
#define EXCLUDED_SHIFT HEALTH_CHECKS_MAX
#define UNKNOWN_BIT ((uint64_t)1 << (2 * HEALTH_CHECKS_MAX))
#define VERBOSE_BIT (UNKNOWN_BIT << 1)
_Static_assert(2 * HEALTH_CHECKS_MAX + 2 <= 64, "the cursor holds it");

static bool has(uint64_t cursor, unsigned shift, uint32_t i)
{
	return cursor >> (shift + i) & 1;
}

/* The check's bit, or the one that says there is none of that name. */
static uint64_t exclude(const struct health *h, struct str name)
{
	uint32_t i;

	for (i = 0; i < h->checks; i++)
		if (str_is(name, h->check[i].name))
			return (uint64_t)1 << (EXCLUDED_SHIFT + i);
	return UNKNOWN_BIT;
}

static uint64_t query_read(const struct health *h, struct str query)
{
	struct str part, key, value;
	uint64_t bits = 0;

	while (query.n) {
		query = str_cut(query, '&', &part);
		value = str_cut(part, '=', &key);
		if (str_is(key, "verbose"))
			bits |= VERBOSE_BIT;
		if (str_is(key, "exclude"))
			bits |= exclude(h, value);
	}
	return bits;
}

static void line_put(struct buf *out, const struct health_check *c,
    uint64_t cursor, uint32_t i)
{
	const char *why;

	if (has(cursor, EXCLUDED_SHIFT, i)) {
		buf_fmt(out, "[+]%s excluded: ok\n", c->name);
	} else if (!has(cursor, FAILED_SHIFT, i)) {
		buf_fmt(out, "[+]%s ok\n", c->name);
	} else {
		why = c->check(c->ctx);
		buf_fmt(out, "[-]%s failed: %s\n", c->name,
		    why ? why : "just recovered");
	}
}

static int verbose_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	const struct health *h = ctx;
	uint64_t failed = *cursor & (((uint64_t)1 << HEALTH_CHECKS_MAX) - 1);
	uint32_t i;

	for (i = 0; i < h->checks; i++)
		line_put(out, &h->check[i], *cursor, i);
	if (*cursor & UNKNOWN_BIT)
		buf_cstr(out, "warn: some health checks cannot be excluded: "
		    "no such name\n");
	buf_fmt(out, "%s check %s\n", h->name, failed ? "failed" : "passed");
	return 0;
}

static int ok_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	(void)ctx;
	(void)cursor;
	buf_cstr(out, "ok");
	return 0;
}

void health_handle(void *ctx, struct str path, struct str query,
    struct http_reply *ret)
{
	const struct health *h = ctx;
	uint64_t cursor = query_read(h, query);
	bool failed = false;
	uint32_t i;

	(void)path;
	CHECK(h->checks <= HEALTH_CHECKS_MAX);
	for (i = 0; i < h->checks; i++) {
		if (has(cursor, EXCLUDED_SHIFT, i) ||
		    !h->check[i].check(h->check[i].ctx))
			continue;
		cursor |= (uint64_t)1 << (FAILED_SHIFT + i);
		failed = true;
	}
	ret->status = failed ? 503 : 200;
	ret->cursor = cursor;
	ret->more = failed || cursor & VERBOSE_BIT ? verbose_more : ok_more;
}
