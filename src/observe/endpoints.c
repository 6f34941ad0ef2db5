#include "observe.h"

static void metrics_handle(void *ctx, struct str path, struct str query,
    struct http_reply *ret)
{
	(void)ctx;
	(void)path;
	(void)query;
	ret->type = METRICS_TYPE;
	ret->more = metrics_more;
}

/* ---- /debug -------------------------------------------------------------- */

/* How often a turn of the loop took how long. */
static int loop_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	const struct observe *o = ctx;
	const struct loop *l = o->loop;
	uint64_t total = 0;
	uint32_t i;

	(void)cursor;
	buf_fmt(out, "turns %U\nmicroseconds turns percent_up_to_here\n",
	    l->turns);
	for (i = 0; i < LOOP_LATENCY_BUCKETS; i++) {
		total += l->latency[i];
		if (!l->latency[i])
			continue;
		if (i < LOOP_LATENCY_BUCKETS - 1)
			buf_fmt(out, "<=%U", (uint64_t)1 << i);
		else
			buf_fmt(out, ">%U", (uint64_t)1 << (i - 1));
		buf_fmt(out, " %U %U\n", l->latency[i],
		    total * 100 / l->turns);
	}
	return 0;
}

static int memory_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	const struct observe *o = ctx;

	(void)cursor;
	mem_table(o->mem, out);
	return 0;
}

static int counters_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	const struct observe *o = ctx;
	uint32_t id;

	(void)cursor;
	for (id = 0; id < COUNT_IDS; id++)
		buf_fmt(out, "%s %U\n", count_name((enum count_id)id),
		    o->counts->v[id]);
	return 0;
}

static const struct {
	const char *path;
	int (*more)(void *ctx, uint64_t *cursor, struct buf *out);
} debug_pages[] = {
	{ "/debug/loop", loop_more },
	{ "/debug/memory", memory_more },
	{ "/debug/counters", counters_more },
};

static void debug_handle(void *ctx, struct str path, struct str query,
    struct http_reply *ret)
{
	size_t i;

	(void)ctx;
	(void)query;
	for (i = 0; i < ARRAY_LEN(debug_pages); i++)
		if (str_is(path, debug_pages[i].path))
			ret->more = debug_pages[i].more;
}

/* ---- routes -------------------------------------------------------------- */

uint32_t observe_routes(struct observe *o, unsigned bits,
    struct http_route ret[static OBSERVE_ROUTES_MAX])
{
	const struct http_route metrics = { "/metrics", metrics_handle,
		&o->metrics };
	const struct http_route health[] = {
		{ "/healthz", health_handle, &o->healthz },
		{ "/livez", health_handle, &o->healthz },
		{ "/readyz", health_handle, &o->readyz },
	};
	uint32_t i, n = 0;

	_Static_assert(1 + ARRAY_LEN(health) + ARRAY_LEN(debug_pages) <=
	    OBSERVE_ROUTES_MAX, "room for all");
	if (bits & OBSERVE_METRICS)
		ret[n++] = metrics;
	for (i = 0; bits & OBSERVE_HEALTH && i < ARRAY_LEN(health); i++)
		ret[n++] = health[i];
	for (i = 0; bits & OBSERVE_DEBUG && i < ARRAY_LEN(debug_pages); i++)
		ret[n++] = (struct http_route){ debug_pages[i].path,
			debug_handle, o };
	return n;
}
