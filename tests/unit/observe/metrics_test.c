#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "metrics_text.h"
#include "observe.h"

static char mem[8 << 20];
static struct buf out;

static void begin(void)
{
	buf_init(&out, mem, sizeof(mem));
}

static void page_ok(void)
{
	const char *wrong = metrics_text_check(buf_view(&out));

	EXPECT(!out.over);
	if (wrong)
		test_fail(__FILE__, __LINE__, "%s", wrong);
}

TEST(metric_text_of_plain_samples)
{
	const struct metric_label labels[] = {
		{ "namespace", STR("default") }, { "phase", STR("Running") },
	};

	begin();
	metric_family(&out, "mcpserver_phase", "gauge", "Servers by phase.");
	metric_u64(&out, "mcpserver_phase", labels, 2, 3);
	metric_u64(&out, "mcpserver_phase", labels, 1, UINT64_MAX);
	metric_i64(&out, "mcpserver_phase", NULL, 0, -5);
	EXPECT_STR(buf_view(&out), "# HELP mcpserver_phase Servers by phase.\n"
	    "# TYPE mcpserver_phase gauge\n"
	    "mcpserver_phase{namespace=\"default\",phase=\"Running\"} 3\n"
	    "mcpserver_phase{namespace=\"default\"} 18446744073709551615\n"
	    "mcpserver_phase -5\n");
	page_ok();
}

TEST(metric_text_is_escaped)
{
	const struct metric_label label = { "v",
		STR("a\\b\"c\nd{}=,# \xc3\xa4") };

	begin();
	metric_family(&out, "m", "untyped", "back\\slash \"quote\"\nline");
	metric_u64(&out, "m", &label, 1, 1);
	EXPECT_STR(buf_view(&out),
	    "# HELP m back\\\\slash \"quote\"\\nline\n# TYPE m untyped\n"
	    "m{v=\"a\\\\b\\\"c\\nd{}=,# \xc3\xa4\"} 1\n");
	page_ok();
}

TEST(metric_names_of_ours_are_checked)
{
	const struct metric_label bad = { "a-b", STR("x") };

	begin();
	EXPECT_CRASH(metric_family(&out, "a b", "gauge", "x"));
	EXPECT_CRASH(metric_family(&out, "", "gauge", "x"));
	EXPECT_CRASH(metric_family(&out, "1a", "gauge", "x"));
	EXPECT_CRASH(metric_u64(&out, "a{", NULL, 0, 1));
	EXPECT_CRASH(metric_u64(&out, "a", &bad, 1, 1));
}

static struct str seconds(int64_t ns)
{
	begin();
	metric_seconds(&out, "s", NULL, 0, ns);
	return str_sub(buf_view(&out), 2, out.n - 1);
}

TEST(metric_seconds_are_exact)
{
	EXPECT_STR(seconds(0), "0");
	EXPECT_STR(seconds(1), "0.000000001");
	EXPECT_STR(seconds(NS_PER_S), "1");
	EXPECT_STR(seconds(1500 * NS_PER_MS), "1.5");
	EXPECT_STR(seconds(INT64_C(1795244819123456789)),
	    "1795244819.123456789");
	EXPECT_STR(seconds(-1500 * NS_PER_MS), "-1.5");
	EXPECT_STR(seconds(INT64_MAX), "9223372036.854775807");
	EXPECT_STR(seconds(INT64_MIN), "-9223372036.854775808");
}

TEST(histogram_counts_at_its_bounds)
{
	static const int64_t bounds[] = { 0, 5 * NS_PER_MS, NS_PER_S };
	const struct metric_label label = { "namespace", STR("x\"y") };
	uint64_t count[4] = { 9, 9, 9, 9 };
	struct histogram h;

	histogram_init(&h, bounds, count, 3);
	histogram_add(&h, -7);
	histogram_add(&h, 0);
	histogram_add(&h, 1);
	histogram_add(&h, 5 * NS_PER_MS);
	histogram_add(&h, 5 * NS_PER_MS + 1);
	histogram_add(&h, NS_PER_S);
	histogram_add(&h, NS_PER_S + 1);
	EXPECT_EQ(count[0], 2);
	EXPECT_EQ(count[1], 2);
	EXPECT_EQ(count[2], 2);
	EXPECT_EQ(count[3], 1);
	begin();
	metric_family(&out, "d_seconds", "histogram", "Durations.");
	metric_histogram(&out, "d_seconds", NULL, 0, &h);
	metric_histogram(&out, "d_seconds", &label, 1, &h);
	page_ok();
	EXPECT(str_starts(buf_view(&out), STR(
	    "# HELP d_seconds Durations.\n# TYPE d_seconds histogram\n"
	    "d_seconds_bucket{le=\"0\"} 2\n"
	    "d_seconds_bucket{le=\"0.005\"} 4\n"
	    "d_seconds_bucket{le=\"1\"} 6\n"
	    "d_seconds_bucket{le=\"+Inf\"} 7\n"
	    "d_seconds_sum 2.010000003\n"
	    "d_seconds_count 7\n"
	    "d_seconds_bucket{namespace=\"x\\\"y\",le=\"0\"} 2\n")));
	EXPECT_STR(metrics_text_value(buf_view(&out),
	    "d_seconds_count{namespace=\"x\\\"y\"}"), "7");
}

TEST(histogram_bounds_must_rise)
{
	static const int64_t same[] = { 1, 1 }, negative[] = { -1, 1 };
	uint64_t count[HISTOGRAM_WORK_BOUNDS + 1];
	struct histogram h;

	EXPECT_CRASH(histogram_init(&h, same, count, 2));
	EXPECT_CRASH(histogram_init(&h, negative, count, 2));
	histogram_init(&h, histogram_work_ns, count, HISTOGRAM_WORK_BOUNDS);
	begin();
	metric_family(&out, "d", "histogram", "x");
	metric_histogram(&out, "d", NULL, 0, &h);
	page_ok();
	EXPECT_STR(metrics_text_value(buf_view(&out),
	    "d_bucket{le=\"0.025\"}"), "0");
	EXPECT_STR(metrics_text_value(buf_view(&out), "d_bucket{le=\"60\"}"),
	    "0");
}

/* ---- pages --------------------------------------------------------------- */

/* A head and then one line for every second slot. */
static int emit_servers(void *ctx, uint64_t *cursor, struct buf *b)
{
	uint32_t slots = *(const uint32_t *)ctx;
	struct metric_label label = { "name", STR_NONE };
	char name[32];
	struct buf n;

	if (!*cursor) {
		metric_family(b, "mcp_server_info", "gauge", "Servers.");
	} else if (*cursor % 2) {
		buf_init(&n, name, sizeof(name));
		buf_fmt(&n, "server-%U", *cursor);
		label.value = buf_view(&n);
		metric_u64(b, "mcp_server_info", &label, 1, 1);
	}
	return ++*cursor <= slots;
}

static int emit_nothing(void *ctx, uint64_t *cursor, struct buf *b)
{
	(void)ctx;
	(void)cursor;
	(void)b;
	return 0;
}

static int emit_error(void *ctx, uint64_t *cursor, struct buf *b)
{
	(void)ctx;
	(void)cursor;
	(void)b;
	return ERR_IO;
}

static int emit_stuck(void *ctx, uint64_t *cursor, struct buf *b)
{
	(void)ctx;
	(void)cursor;
	buf_char(b, 'x');
	return 1;
}

/* The whole page through windows of the size given; the count of them. */
static int page_through(struct metrics_page *page, size_t window)
{
	char *space = guard_space(window);
	uint64_t cursor = 0;
	struct buf w;
	int more, windows = 0;

	begin();
	do {
		buf_init(&w, space, window);
		more = metrics_more(page, &cursor, &w);
		if (more < 0)
			return more;
		EXPECT(!w.over);
		EXPECT(w.n || !more);
		buf_str(&out, buf_view(&w));
		windows++;
	} while (more);
	return windows;
}

TEST(metrics_page_is_the_same_through_any_window)
{
	static char whole[1 << 20];
	struct fake_io f;
	static struct counts counts;
	uint32_t slots = 3000, none = 0;
	size_t n, window;
	struct metrics_process process;
	const struct metrics_source sources[] = {
		{ emit_nothing, NULL }, { emit_servers, &slots },
		{ metrics_emit_counts, &counts }, { emit_nothing, NULL },
		{ metrics_emit_process, &process }, { emit_nothing, NULL },
	};
	const struct metrics_source empty[] = { { emit_servers, &none } };
	struct metrics_page page = { sources, ARRAY_LEN(sources) };

	fake_io_init(&f);
	process = (struct metrics_process){ &f.io, 1795244819 * NS_PER_S };
	counts.v[COUNT_OVERSIZE] = 7;
	EXPECT_EQ(page_through(&page, sizeof(whole)), 1);
	page_ok();
	n = out.n;
	memcpy(whole, out.p, n);
	for (window = 700; window < 20000; window += window / 3) {
		EXPECT(page_through(&page, window) > 1);
		REQUIRE(out.n == n);
		EXPECT_MEM(out.p, whole, n);
	}
	/* A piece that fits into no window ends the page. */
	EXPECT_EQ(page_through(&page, 60), ERR_LIMIT);
	page = (struct metrics_page){ empty, 1 };
	EXPECT_EQ(page_through(&page, 700), 1);
	page_ok();
	page.sources = 0;
	EXPECT_EQ(page_through(&page, 700), 1);
	EXPECT_EQ(out.n, 0);
	fake_io_free(&f);
}

TEST(metrics_page_tells_of_a_source_that_fails)
{
	const struct metrics_source bad[] = { { emit_error, NULL } };
	const struct metrics_source stuck[] = { { emit_stuck, NULL } };
	struct metrics_page page = { bad, 1 };
	uint64_t cursor = 0;

	EXPECT_EQ(page_through(&page, 700), ERR_IO);
	page.source = stuck;
	begin();
	EXPECT_CRASH(metrics_more(&page, &cursor, &out));
}

TEST(metrics_streams_ten_thousand_servers_through_8_kib)
{
	uint32_t slots = 20000;
	const struct metrics_source sources[] = { { emit_servers, &slots } };
	struct metrics_page page = { sources, 1 };

	EXPECT(page_through(&page, HTTP_SERVER_WINDOW) > 40);
	page_ok();
	EXPECT_STR(metrics_text_value(buf_view(&out),
	    "mcp_server_info{name=\"server-19999\"}"), "1");
}

/* With METRICS_PAGE set the page is written there, for promtool. */
TEST(metrics_of_the_process_and_its_counters)
{
	static struct counts counts;
	struct fake_io f;
	struct metrics_process process;
	const struct metrics_source sources[] = {
		{ metrics_emit_counts, &counts },
		{ metrics_emit_process, &process },
	};
	struct metrics_page page = { sources, 2 };
	struct str text;
	FILE *dump;

	fake_io_init(&f);
	process = (struct metrics_process){ &f.io,
		INT64_C(1795244819500000000) };
	counts.v[COUNT_WATCH_EVENTS] = 12345678901;
	EXPECT_EQ(page_through(&page, HTTP_SERVER_WINDOW), 1);
	page_ok();
	text = buf_view(&out);
	EXPECT_STR(metrics_text_value(text,
	    "mcp_operator_watch_events_total"), "12345678901");
	EXPECT_STR(metrics_text_value(text, "process_resident_memory_bytes"),
	    "1024000");
	EXPECT_STR(metrics_text_value(text, "process_cpu_seconds_total"),
	    "1.23456789");
	EXPECT_STR(metrics_text_value(text, "process_start_time_seconds"),
	    "1795244819.5");
	EXPECT_STR(metrics_text_value(text,
	    "mcp_operator_build_info{version=\"" MCP_VERSION "\"}"), "1");
	if (getenv("METRICS_PAGE")) {
		dump = fopen(getenv("METRICS_PAGE"), "w");
		REQUIRE(dump);
		fwrite(text.p, 1, text.n, dump);
		fclose(dump);
	}
	fake_io_free(&f);
}

/* ---- the reader that the tests above stand on ---------------------------- */

TEST(metrics_text_check_finds_what_is_wrong)
{
#define H "# HELP a x\n# TYPE a histogram\n"
#define G "# HELP a x\n# TYPE a gauge\n"
	static const char *const bad[] = {
		"a 1\n", "# HELP a x\na 1\n", "# TYPE a gauge\na 1\n",
		"# HELP a x\n# TYPE b gauge\n", G "b 1\n", G "a 1", G "a  1\n",
		G "a 1 \n", G "a 1 2\n", G "a x\n", G "a\n", G "a{} 1\n",
		G "a{b} 1\n", G "a{b=c} 1\n", G "a{b=\"c} 1\n",
		G "a{b=\"\\x\"} 1\n", G "a{b=\"c\",} 1\n",
		G "a{b=\"c\",b=\"d\"} 1\n", G "a 1\na 2\n", G "a 1\n\n",
		G "a{b=\"c\"}1\n", G "a_sum 1\n", G "# a\n",
		G "a 1\n# HELP a x\n# TYPE a gauge\n", G "a{b=\"\xff\"} 1\n",
		"# HELP a_total x\n# TYPE a_total gauge\na_total 1\n",
		"# HELP a x\n# TYPE a counter\na 1\n",
		"# HELP a x\n# TYPE a summary\na 1\n",
		"# HELP a \\x\n# TYPE a gauge\na 1\n",
		"# HELP a \n# TYPE a gauge\na 1\n",
		H "a 1\n", H "a_sum 1\n", H "a_bucket{le=\"1\"} 1\n",
		H "a_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 0\n",
		H "a_bucket{le=\"1\"} 1\na_sum 0\na_count 1\n",
		H "a_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\n"
		"a_sum 0\na_count 1\n",
		H "a_bucket{le=\"2\"} 1\na_bucket{le=\"1\"} 1\n"
		"a_bucket{le=\"+Inf\"} 1\na_sum 0\na_count 1\n",
		H "a_bucket{le=\"+Inf\"} 1\na_sum 0\na_count 2\n",
		H "a_bucket 1\n",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		if (!metrics_text_check(str_from(bad[i])))
			test_fail(__FILE__, __LINE__, "takes %s", bad[i]);
	EXPECT(!metrics_text_check(STR_NONE));
	EXPECT(!metrics_text_check(STR(G)));
	EXPECT(!metrics_text_check(STR(G "a{b=\"}\\\"\\\\\\n\"} 1e9\na 1\n")));
	EXPECT(!metrics_text_check(STR(H "a_bucket{b=\"c\",le=\"1\"} 1\n"
	    "a_bucket{b=\"c\",le=\"+Inf\"} 1\na_sum{b=\"c\"} 0.5\n"
	    "a_count{b=\"c\"} 1\n")));
#undef G
#undef H
}
