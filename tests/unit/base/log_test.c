#include <string.h>

#include "check.h"

/* 2026-11-21T07:06:59.123456Z */
#define NOW (INT64_C(1795244819) * NS_PER_S + 123456789)

static char out[64 * LOG_LINE_MAX];
static size_t out_n;
static int64_t mono;
static int lines;

static int64_t fake_mono(void *ctx)
{
	(void)ctx;
	return mono;
}

static int64_t fake_wall(void *ctx)
{
	(void)ctx;
	return NOW;
}

static int fake_write(void *ctx, int stream, const void *p, size_t n)
{
	(void)ctx;
	EXPECT_EQ(stream, 2);
	EXPECT(n <= LOG_LINE_MAX);
	EXPECT_EQ(((const char *)p)[n - 1], '\n');
	lines++;
	if (out_n + n <= sizeof(out))
		memcpy(out + out_n, p, n);
	out_n += n;
	return 0;
}

static const struct io fake = {
	.mono_ns = fake_mono, .wall_ns = fake_wall, .std_write = fake_write,
};

static struct str logged(void)
{
	struct str s = { out, out_n };

	out_n = 0;
	return s;
}

#define TS "{\"ts\":\"2026-11-21T07:06:59.123456Z\",\"level\":"

TEST(log_writes_json)
{
	struct log l;

	log_init(&l, &fake);
	log_line(&l, LOG_INFO, "started", NULL);
	EXPECT_STR(logged(), TS "\"info\",\"msg\":\"started\"}\n");
	log_line(&l, LOG_WARN, "apply failed",
	    "kind=%s name=%S code=%d big=%U neg=%D n=%u z=%z hex=%x at=%S:%d",
	    "Service", STR("a b"), -4, UINT64_MAX, INT64_MIN, 7u,
	    sizeof(char), UINT64_C(255), STR("::1"), 80);
	EXPECT_STR(logged(), TS "\"warn\",\"msg\":\"apply failed\","
	    "\"kind\":\"Service\",\"name\":\"a b\",\"code\":-4,"
	    "\"big\":18446744073709551615,\"neg\":-9223372036854775808,"
	    "\"n\":7,\"z\":1,\"hex\":\"ff\",\"at\":\"::1:80\"}\n");
}

TEST(log_writes_text)
{
	struct log l;

	log_init(&l, &fake);
	l.json = false;
	log_correlate(&l, 0xabc);
	log_line(&l, LOG_ERROR, "it broke\n", "a=%s b=%s c=%s d=%d e=%s",
	    "plain", "two words", "", 5, "x=\"y\"");
	EXPECT_STR(logged(), "2026-11-21T07:06:59.123456Z ERROR it broke\\n "
	    "reconcileID=0000000000000abc a=plain b=\"two words\" c=\"\" d=5 "
	    "e=\"x=\\\"y\\\"\"\n");
}

TEST(log_correlates_when_asked)
{
	struct log l;

	log_init(&l, &fake);
	log_correlate(&l, 0x1234);
	log_line(&l, LOG_INFO, "m", NULL);
	EXPECT_STR(logged(), TS "\"info\",\"msg\":\"m\","
	    "\"reconcileID\":\"0000000000001234\"}\n");
	l.correlate = false;
	log_line(&l, LOG_INFO, "m", NULL);
	EXPECT_STR(logged(), TS "\"info\",\"msg\":\"m\"}\n");
	l.correlate = true;
	log_correlate(&l, 0);
	log_line(&l, LOG_INFO, "m", NULL);
	EXPECT_STR(logged(), TS "\"info\",\"msg\":\"m\"}\n");
}

TEST(log_escapes_what_is_not_text)
{
	struct log l;

	log_init(&l, &fake);
	log_line(&l, LOG_INFO, "m", "v=%S",
	    STR("q\" b\\ n\n r\r t\t \x01 \x7f \xc3\xa4 \xff \xe2\x82 \0."));
	EXPECT_STR(logged(), TS "\"info\",\"msg\":\"m\",\"v\":\"q\\\" b\\\\ "
	    "n\\n r\\r t\\t \\u0001 \\u007f \xc3\xa4 \xef\xbf\xbd "
	    "\xef\xbf\xbd\xef\xbf\xbd \\u0000.\"}\n");
}

TEST(log_keeps_quiet_below_its_level)
{
	struct log l;

	log_init(&l, &fake);
	log_line(&l, LOG_DEBUG, "m", NULL);
	EXPECT_EQ(out_n, 0);
	l.level = LOG_ERROR;
	log_line(&l, LOG_WARN, "m", NULL);
	EXPECT_EQ(out_n, 0);
	log_line(&l, LOG_ERROR, "m", NULL);
	EXPECT(out_n > 0);
	EXPECT_CRASH(log_line(&l, LOG_ERROR, "m", "novalue"));
}

static bool quotes_close(struct str s)
{
	bool in = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			in = !in;
		else if (s.p[i] == '\\')
			i++;
	}
	return !in;
}

/* Of every length around the limit: one line, closed, with valid UTF-8. */
TEST(log_cuts_long_lines_cleanly)
{
	static char text[2 * LOG_LINE_MAX + 1];
	struct log l;

	log_init(&l, &fake);
	for (size_t i = 0; i < 2 * LOG_LINE_MAX; i += 2)
		memcpy(text + i, i % 16 ? "\xc3\xa4" : "\"\n", 2);
	for (size_t n = LOG_LINE_MAX / 2; n < sizeof(text); n++) {
		struct str s = { text, n }, got;

		mono += NS_PER_S;
		l.json = n % 2;
		log_line(&l, LOG_INFO, "m", "a=%S b=%d c=%s", s, 123456,
		    "end");
		got = logged();
		EXPECT(got.n <= LOG_LINE_MAX);
		EXPECT(str_utf8(got));
		if (l.json)
			EXPECT(str_ends(got, STR("}\n")));
		EXPECT(quotes_close(got));
		EXPECT(n < LOG_LINE_MAX || got.n > LOG_LINE_MAX - 12);
		EXPECT_EQ(str_find(got, '\n'), got.n - 1);
	}
	log_line(&l, LOG_INFO, text, "a=%d", 1);
	EXPECT(logged().n > LOG_LINE_MAX - 12);
}

TEST(log_drops_and_counts_over_the_rate)
{
	struct counts counts = { 0 };
	struct log l;

	log_init(&l, &fake);
	l.counts = &counts;
	mono = 5 * NS_PER_S;
	for (int i = 0; i < LOG_LINES_PER_S + 50; i++) {
		log_line(&l, LOG_INFO, "m", NULL);
		out_n = 0;
	}
	EXPECT_EQ(lines, LOG_LINES_PER_S);
	EXPECT_EQ(l.dropped, 50);
	EXPECT_EQ(counts.v[COUNT_LOG_DROPPED], 50);
	log_line(&l, LOG_ERROR, "bad", NULL);
	EXPECT_STR(logged(), TS "\"error\",\"msg\":\"bad\",\"dropped\":50}\n");
	log_line(&l, LOG_INFO, "m", NULL);
	EXPECT_EQ(l.dropped, 1);
	mono += NS_PER_S;
	log_line(&l, LOG_INFO, "m", "x=%d", 1);
	EXPECT_STR(logged(),
	    TS "\"info\",\"msg\":\"m\",\"dropped\":1,\"x\":1}\n");
	log_line(&l, LOG_INFO, "m", NULL);
	EXPECT_STR(logged(), TS "\"info\",\"msg\":\"m\"}\n");
	EXPECT_EQ(counts.v[COUNT_LOG_DROPPED], 51);
}

TEST(log_levels_are_parsed)
{
	enum log_level v = LOG_DEBUG;

	EXPECT_EQ(log_level_parse(STR("info"), &v), 0);
	EXPECT_EQ(v, LOG_INFO);
	EXPECT_EQ(log_level_parse(STR("WARN"), &v), 0);
	EXPECT_EQ(v, LOG_WARN);
	EXPECT_EQ(log_level_parse(STR("Error"), &v), 0);
	EXPECT_EQ(v, LOG_ERROR);
	EXPECT_EQ(log_level_parse(STR("debug"), &v), 0);
	EXPECT_EQ(v, LOG_DEBUG);
	EXPECT_EQ(log_level_parse(STR("warning"), &v), 0);
	EXPECT_EQ(v, LOG_WARN);
	EXPECT_EQ(log_level_parse(STR("loud"), &v), ERR_BAD);
	EXPECT_EQ(log_level_parse(STR_NONE, &v), ERR_BAD);
	EXPECT_EQ(v, LOG_WARN);
}
