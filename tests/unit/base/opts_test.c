#include <string.h>

#include "check.h"

struct options {
	bool on, off;
	int64_t n, any, wait_ns, rate;
	struct str addr, text;
};

static const struct opt table[] = {
	{ "on", "T_ON", "true", OPT_BOOL, offsetof(struct options, on), 0, 0,
	  "Is on." },
	{ "off", NULL, NULL, OPT_BOOL, offsetof(struct options, off), 0, 0,
	  "Is off." },
	{ "number", "T_NUMBER", "10", OPT_I64, offsetof(struct options, n),
	  1, 100, "A number." },
	{ "any", NULL, NULL, OPT_I64, offsetof(struct options, any), 0, 0,
	  "Any number." },
	{ "wait", "T_WAIT", "15s", OPT_DURATION,
	  offsetof(struct options, wait_ns), 0, 60 * NS_PER_S, "A time." },
	{ "rate", NULL, "1.5", OPT_FLOAT3, offsetof(struct options, rate),
	  -2000, 100000, "A rate." },
	{ "bind-address", "T_ADDR", ":8080", OPT_STR,
	  offsetof(struct options, addr), 0, 0, "An address." },
	{ "text", NULL, NULL, OPT_STR, offsetof(struct options, text), 0, 0,
	  "A text." },
};

static const char *env_names[4], *env_values[4];

static const char *fake_env(void *ctx, const char *name)
{
	(void)ctx;
	for (int i = 0; i < 4; i++)
		if (env_names[i] && !strcmp(env_names[i], name))
			return env_values[i];
	return NULL;
}

static const struct io fake = { .env = fake_env };

static struct options o;
static struct diag d;
static char *argv[16];
static int rest;

/* The words of line as arguments. */
static int parse(const char *line)
{
	static char copy[1000];
	int argc = 1;

	strcpy(copy, line);
	argv[0] = copy;
	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	diag_clear(&d);
	memset(&o, 0xee, sizeof(o));
	rest = -1;
	return opts_parse(table, ARRAY_LEN(table), &fake, argc, argv, &o,
	    &rest, &d);
}

TEST(opts_have_defaults)
{
	EXPECT_EQ(parse(""), 0);
	EXPECT(o.on && !o.off);
	EXPECT_EQ(o.n, 10);
	EXPECT_EQ(o.any, 0);
	EXPECT_EQ(o.wait_ns, 15 * NS_PER_S);
	EXPECT_EQ(o.rate, 1500);
	EXPECT_STR(o.addr, ":8080");
	EXPECT_STR(o.text, "");
	EXPECT_EQ(rest, 0);
	EXPECT(!diag_is_set(&d));
}

TEST(opts_take_flags_as_go_does)
{
	EXPECT_EQ(parse("--on=false -off --number=7 -any -5 --wait 1m "
	    "--rate=-0.25 -bind-address=a=b --text --on"), 0);
	EXPECT(!o.on && o.off);
	EXPECT_EQ(o.n, 7);
	EXPECT_EQ(o.any, -5);
	EXPECT_EQ(o.wait_ns, 60 * NS_PER_S);
	EXPECT_EQ(o.rate, -250);
	EXPECT_STR(o.addr, "a=b");
	EXPECT_STR(o.text, "--on");
	EXPECT_EQ(parse("--number=7 --number=8"), 0);
	EXPECT_EQ(o.n, 8);
	EXPECT_EQ(parse("--text="), 0);
	EXPECT_STR(o.text, "");
}

TEST(opts_put_the_flag_before_the_environment)
{
	env_names[0] = "T_NUMBER";
	env_values[0] = "20";
	env_names[1] = "T_ON";
	env_values[1] = "0";
	env_names[2] = "T_ADDR";
	env_values[2] = "";
	EXPECT_EQ(parse(""), 0);
	EXPECT_EQ(o.n, 20);
	EXPECT(!o.on);
	EXPECT_STR(o.addr, ":8080");	/* empty is unset */
	EXPECT_EQ(parse("--number 30 --on"), 0);
	EXPECT_EQ(o.n, 30);
	EXPECT(o.on);
	env_values[0] = "twenty";
	EXPECT_EQ(parse(""), ERR_USAGE);
	EXPECT(!strcmp(d.path, "T_NUMBER"));
	EXPECT(!strcmp(d.text, "environment variable T_NUMBER: \"twenty\" is "
	    "not an integer"));
	EXPECT_EQ(parse("--number 30"), 0);
	EXPECT_EQ(o.n, 30);
}

TEST(opts_move_the_rest_to_the_front)
{
	EXPECT_EQ(parse("get --on servers -text t - -- --off x"), 0);
	EXPECT_EQ(rest, 5);
	EXPECT(!strcmp(argv[1], "get"));
	EXPECT(!strcmp(argv[2], "servers"));
	EXPECT(!strcmp(argv[3], "-"));
	EXPECT(!strcmp(argv[4], "--off"));
	EXPECT(!strcmp(argv[5], "x"));
	EXPECT(!strcmp(argv[6], "--on"));
	EXPECT(!strcmp(argv[7], "-text"));
	EXPECT(!strcmp(argv[8], "t"));
	EXPECT(!strcmp(argv[9], "--"));
	EXPECT(!o.off);
	EXPECT_STR(o.text, "t");
}

static void expect_error(const char *line, const char *path, const char *text)
{
	struct options before;

	memset(&before, 0xee, sizeof(before));
	EXPECT_EQ(parse(line), ERR_USAGE);
	EXPECT_STR(str_from(d.path), path);
	EXPECT_STR(str_from(d.text), text);
	EXPECT(!memcmp(&o, &before, sizeof(o)));
	EXPECT_EQ(rest, -1);
}

TEST(opts_say_which_flag_is_wrong_and_why)
{
	expect_error("x --nope", "nope", "unknown flag --nope");
	expect_error("--nmber=3", "nmber",
	    "unknown flag --nmber, did you mean --number?");
	expect_error("---on", "-on", "unknown flag ---on, did you mean --on?");
	expect_error("--=1", "", "unknown flag --");
	expect_error("-5", "5", "unknown flag --5");
	expect_error("--number", "number", "--number needs a value");
	expect_error("--number=", "number",
	    "--number: \"\" is not an integer");
	expect_error("--number=1x", "number",
	    "--number: \"1x\" is not an integer");
	expect_error("--number=0", "number",
	    "--number: \"0\" is not in the range 1 to 100");
	expect_error("--any=9223372036854775808", "any",
	    "--any: \"9223372036854775808\" is out of range for an integer");
	expect_error("--wait=2m", "wait",
	    "--wait: \"2m\" is not in the range 0s to 1m0s");
	expect_error("--wait=5", "wait",
	    "--wait: \"5\" is not a duration like 300ms or 1h30m");
	expect_error("--rate=100.001", "rate",
	    "--rate: \"100.001\" is not in the range -2 to 100");
	expect_error("--rate=1.2345", "rate", "--rate: \"1.2345\" is not a "
	    "number with at most three decimals");
	expect_error("--on=maybe", "on",
	    "--on: \"maybe\" is not true or false");
	/* The first of several, though a later one is worse. */
	expect_error("--number=0 --nope", "number",
	    "--number: \"0\" is not in the range 1 to 100");
}

TEST(opts_take_decimals)
{
	static const struct {
		const char *arg;
		int64_t v;
	} good[] = {
		{ "--rate=0", 0 }, { "--rate=0.001", 1 }, { "--rate=1.", -1 },
		{ "--rate=.5", -1 }, { "--rate=1e3", -1 },
		{ "--rate=2.50", 2500 }, { "--rate=-1.5", -1500 },
		{ "--rate=--1", -1 }, { "--rate=-", -1 }, { "--rate=1.-5", -1 },
		{ "--rate=9223372036854775.808", -1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		bool bad = good[i].v == -1;

		EXPECT_EQ(parse(good[i].arg), bad ? ERR_USAGE : 0);
		if (!bad)
			EXPECT_EQ(o.rate, good[i].v);
	}
}

TEST(opts_do_without_arguments)
{
	char *none[] = { NULL };

	EXPECT_EQ(opts_parse(table, ARRAY_LEN(table), NULL, 0, none, &o,
	    &rest, &d), 0);
	EXPECT_EQ(rest, 0);
	EXPECT_EQ(o.n, 10);
}

TEST(opts_crash_on_a_default_that_is_wrong)
{
	static const struct opt bad = { "x", NULL, "y", OPT_I64, 0, 0, 0, "" };
	char *none[] = { NULL };
	int64_t v;

	EXPECT_CRASH(opts_parse(&bad, 1, NULL, 0, none, &v, &rest, &d));
}

TEST(opts_explain_themselves)
{
	char text[2000];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	opts_help(table, ARRAY_LEN(table), &b);
	EXPECT_STR(buf_view(&b),
	    "  --on                   Is on. (default true) [T_ON]\n"
	    "  --off                  Is off.\n"
	    "  --number int           A number. (1 to 100) (default 10) "
	    "[T_NUMBER]\n"
	    "  --any int              Any number.\n"
	    "  --wait duration        A time. (0s to 1m0s) (default 15s) "
	    "[T_WAIT]\n"
	    "  --rate number          A rate. (-2 to 100) (default 1.5)\n"
	    "  --bind-address string  An address. (default :8080) [T_ADDR]\n"
	    "  --text string          A text.\n");
}

static int duration(const char *s, int64_t *ret)
{
	return duration_parse(guard_copy(s, strlen(s)), ret);
}

TEST(durations_are_parsed_as_in_go)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{ "0", 0 }, { "-0", 0 }, { "+0", 0 }, { "0s", 0 },
		{ "5s", 5000000000 }, { "+5s", 5000000000 },
		{ "-5s", -5000000000 }, { "300ms", 300000000 },
		{ "1.5h", 5400000000000 }, { "2h45m", 9900000000000 },
		{ ".5s", 500000000 }, { "5.s", 5000000000 },
		{ "1us", 1000 }, { "1\xc2\xb5s", 1000 },
		{ "1\xce\xbcs", 1000 }, { "1ns", 1 }, { "1.9ns", 1 },
		{ "1h1m1s1ms1us1ns", 3661001001001 },
		{ "0.3333333333333333333h", 1199999999999 },
		{ "0.999999999999999999999999999999s", 999999999 },
		{ "0.100000000000000000000h", 360000000000 },
		{ "1m1h", 3660000000000 },
		{ "9223372036854775807ns", INT64_MAX },
		{ "-9223372036854775808ns", INT64_MIN },
		{ "2562047h47m16.854775807s", INT64_MAX },
	};
	static const char *const bad[] = {
		"", "3", "-", "+", "s", ".", ".s", "-.", "1..5s", "1.5.5s",
		"1x", "1d", "1w", " 1s", "1s ", "1 s", "--1s", "+-1s", "1h0",
		"0 ", "00", "1S", "1\xc2s", "1s2",
	};
	static const char *const over[] = {
		"9223372036854775808ns", "-9223372036854775809ns",
		"9223372036854775807.1us", "2562047h47m16.854775808s",
		"2562048h", "99999999999999999999999h",
		"9223372036s854775808ns", "18446744073709551616ns",
		"2562047h2562047h2562047h2562047h2562047h2562047h2562047h",
	};
	int64_t ns;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ns = -77;
		EXPECT_EQ(duration(good[i].text, &ns), 0);
		EXPECT_EQ(ns, good[i].ns);
	}
	ns = 7;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		EXPECT_EQ(duration(bad[i], &ns), ERR_BAD);
	for (size_t i = 0; i < ARRAY_LEN(over); i++)
		EXPECT_EQ(duration(over[i], &ns), ERR_LIMIT);
	EXPECT_EQ(ns, 7);
}

TEST(durations_are_written_as_in_go)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0s" }, { 1, "1ns" }, { 1100, "1.1\xc2\xb5s" },
		{ 2200000, "2.2ms" }, { 3300000000, "3.3s" },
		{ 245000000000, "4m5s" }, { 245001000000, "4m5.001s" },
		{ 18367001000000, "5h6m7.001s" }, { 480000000001,
		"8m0.000000001s" }, { 3600000000000, "1h0m0s" },
		{ INT64_MAX, "2562047h47m16.854775807s" },
		{ INT64_MIN, "-2562047h47m16.854775808s" },
		{ -1500, "-1.5\xc2\xb5s" },
	};
	char text[64];
	struct buf b;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_init(&b, text, sizeof(text));
		duration_format(&b, rows[i].ns);
		EXPECT_STR(buf_view(&b), rows[i].text);
	}
}
