#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "observe.h"

static struct counts counts;
static struct mem mem;
static struct loop loop;
static const struct metrics_source sources[] = {
	{ metrics_emit_counts, &counts }
};
static struct observe o = {
	.metrics = { sources, 1 }, .healthz = { "healthz", NULL, 0 },
	.readyz = { "readyz", NULL, 0 }, .loop = &loop, .mem = &mem,
	.counts = &counts
};
static struct http_route routes[OBSERVE_ROUTES_MAX];
static char page_mem[HTTP_SERVER_WINDOW];
static struct buf page;

static int get(unsigned bits, const char *path)
{
	struct http_reply r = { .status = 200, .type = "text/plain" };
	uint32_t i, n = observe_routes(&o, bits, routes);

	for (i = 0; i < n; i++) {
		if (strcmp(routes[i].path, path))
			continue;
		routes[i].handle(routes[i].ctx, str_from(path), STR_NONE, &r);
		buf_init(&page, page_mem, sizeof(page_mem));
		EXPECT_EQ(r.more(routes[i].ctx, &r.cursor, &page), 0);
		EXPECT(!page.over);
		return r.status;
	}
	return 404;
}

TEST(observe_serves_what_is_asked_for)
{
	EXPECT_EQ(get(OBSERVE_METRICS, "/metrics"), 200);
	EXPECT(str_starts(buf_view(&page), STR("# HELP ")));
	EXPECT_EQ(get(OBSERVE_METRICS, "/healthz"), 404);
	EXPECT_EQ(get(OBSERVE_METRICS, "/debug/loop"), 404);
	EXPECT_EQ(get(OBSERVE_HEALTH, "/metrics"), 404);
	EXPECT_EQ(get(OBSERVE_HEALTH, "/healthz"), 200);
	EXPECT_EQ(get(OBSERVE_HEALTH, "/livez"), 200);
	EXPECT_EQ(get(OBSERVE_HEALTH, "/readyz"), 200);
	EXPECT_STR(buf_view(&page), "ok");
	EXPECT_EQ(observe_routes(&o, 0, routes), 0);
	EXPECT_EQ(observe_routes(&o, OBSERVE_METRICS | OBSERVE_HEALTH |
	    OBSERVE_DEBUG, routes), 7);
}

TEST(observe_shows_the_loop)
{
	EXPECT_EQ(get(OBSERVE_DEBUG, "/debug/loop"), 200);
	EXPECT_STR(buf_view(&page),
	    "turns 0\nmicroseconds turns percent_up_to_here\n");
	loop.turns = 8;
	loop.latency[0] = 4;
	loop.latency[10] = 3;
	loop.latency[LOOP_LATENCY_BUCKETS - 1] = 1;
	EXPECT_EQ(get(OBSERVE_DEBUG, "/debug/loop"), 200);
	EXPECT_STR(buf_view(&page), "turns 8\n"
	    "microseconds turns percent_up_to_here\n"
	    "<=1 4 50\n<=1024 3 87\n>4194304 1 100\n");
}

TEST(observe_shows_counters)
{
	struct str line = STR_NONE, rest;
	uint32_t lines = 0;

	counts.v[COUNT_BYTES_IN] = 99;
	EXPECT_EQ(get(OBSERVE_DEBUG, "/debug/counters"), 200);
	for (rest = buf_view(&page); rest.n; lines++) {
		rest = str_cut(rest, '\n', &line);
		if (str_starts(line,
		    STR("mcp_operator_network_receive_bytes_total")))
			EXPECT(str_ends(line, STR("_total 99")));
	}
	EXPECT_EQ(lines, COUNT_IDS);
}

/* The table may be full and its names long: one window must hold it. */
TEST(observe_shows_all_of_the_memory_table)
{
	struct fake_io f;
	int i;

	fake_io_init(&f);
	mem_init(&mem, &f.io);
	for (i = 0; i < MEM_REGIONS_MAX; i++)
		mem_reserve(&mem, "a region with quite a long name to show", 1,
		    4096);
	EXPECT_EQ(get(OBSERVE_DEBUG, "/debug/memory"), 200);
	EXPECT(str_search(buf_view(&page), STR("quite a long")) < page.n);
	mem_free_all(&mem);
	fake_io_free(&f);
}
