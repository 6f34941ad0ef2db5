#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "codec.h"

static char scratch_mem[YAML_SCRATCH_MAX], out_mem[1 << 20];
static struct diag diag;
static struct buf out;

static int convert(struct str *in)
{
	struct arena a;
	int err;

	arena_init(&a, scratch_mem, sizeof(scratch_mem));
	buf_init(&out, out_mem, sizeof(out_mem));
	diag_clear(&diag);
	err = yaml_to_json(in, &a, &out, &diag);
	EXPECT_EQ(arena_mark(&a), 0);
	if (err)
		EXPECT_EQ(out.n, 0);
	else
		EXPECT_EQ(json_scan(buf_view(&out), NULL), 0);
	return err;
}

static void expect_json(int line, const char *yaml, const char *want)
{
	struct str in = guard_copy(yaml, strlen(yaml));
	int err = convert(&in);

	if (err || in.n || !str_is(buf_view(&out), want))
		test_fail(__FILE__, line, "%d, %zu left, %.*s, not %s (%s)",
		    err, in.n, (int)out.n, out.p, want, diag.text);
}

static void expect_error(int line, const char *yaml, int want,
    const char *text)
{
	struct str in = guard_copy(yaml, strlen(yaml));
	size_t n = in.n;
	int err = convert(&in);

	if (err != want || in.n != n || !str_is(str_from(diag.text), text))
		test_fail(__FILE__, line, "%d, %s", err, diag.text);
}

#define EXPECT_JSON(yaml, want) expect_json(__LINE__, (yaml), (want))
#define EXPECT_ERROR(yaml, err, text) \
	expect_error(__LINE__, (yaml), (err), (text))

TEST(yaml_structures)
{
	EXPECT_JSON("a: 1\nb:\n- x\n- y: z\n  w:\n    - - 1\n      - 2\n",
	    "{\"a\":1,\"b\":[\"x\",{\"y\":\"z\",\"w\":[[1,2]]}]}");
	EXPECT_JSON("{a: [1, {b: c}], \"d\": {}, e: []}",
	    "{\"a\":[1,{\"b\":\"c\"}],\"d\":{},\"e\":[]}");
	EXPECT_JSON("? a\n: 1\n? b\n", "{\"a\":1,\"b\":null}");
	EXPECT_JSON("- a\n-\n- ~\n", "[\"a\",null,null]");
	EXPECT_JSON("# only\nplain # comment\n", "\"plain\"");
	EXPECT_JSON("\xef\xbb\xbf""a: \xc3\xa9\n", "{\"a\":\"\xc3\xa9\"}");
	EXPECT_JSON("{\"json\":[true,null,-1.5e3,\"\\u0041\\n\"]}",
	    "{\"json\":[true,null,-1.5e3,\"A\\n\"]}");
}

TEST(yaml_strings)
{
	EXPECT_JSON("a: 'it''s'\nb: \"x\\ty\\\"\\0\"\n",
	    "{\"a\":\"it's\",\"b\":\"x\\ty\\\"\\u0000\"}");
	EXPECT_JSON("a: |\n  one\n  two\nb: >-\n  one\n  two\n",
	    "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\"}");
	EXPECT_JSON("a: 'true'\nb: \"1\"\nc: ''\nd: |-\n  5\n",
	    "{\"a\":\"true\",\"b\":\"1\",\"c\":\"\",\"d\":\"5\"}");
	EXPECT_JSON("multi\n line\n", "\"multi line\"");
}

TEST(yaml_plain_scalars)
{
	static const struct { const char *in, *want; } t[] = {
		{ "~", "null" }, { "null", "null" }, { "Null", "null" },
		{ "NULL", "null" }, { "nUll", "\"nUll\"" },
		{ "true", "true" }, { "True", "true" }, { "TRUE", "true" },
		{ "tRue", "\"tRue\"" }, { "yes", "true" }, { "On", "true" },
		{ "y", "true" }, { "no", "false" }, { "OFF", "false" },
		{ "n", "false" }, { "False", "false" }, { "yess", "\"yess\"" },
		{ "0", "0" }, { "-0", "-0" }, { "+5", "5" }, { "007", "7" },
		{ "0644", "420" }, { "-010", "-8" }, { "08", "8" },
		{ "089", "89" }, { "0x1F", "31" }, { "-0x10", "-16" },
		{ "0o17", "15" }, { "0b101", "5" }, { "0x", "\"0x\"" },
		{ "0xg", "\"0xg\"" }, { "0o8", "\"0o8\"" },
		{ "0xffffffffffffffff", "18446744073709551615" },
		{ "0x10000000000000000", "\"0x10000000000000000\"" },
		{ "-0x8000000000000000", "-9223372036854775808" },
		{ "-0x8000000000000001", "\"-0x8000000000000001\"" },
		{ "1_000", "1000" }, { "_1", "\"_1\"" },
		{ "123456789012345678901234567890",
		  "123456789012345678901234567890" },
		{ "1.5", "1.5" }, { ".5", "0.5" }, { "1.", "1" },
		{ "-.5e+3", "-0.5e+3" }, { "+1.5E-3", "1.5E-3" },
		{ "00.5", "0.5" }, { "0.0", "0.0" }, { "0e1", "0e1" },
		{ "1e", "\"1e\"" }, { "1e+", "\"1e+\"" }, { ".", "\".\"" },
		{ "-", "\"-\"" }, { "1.2.3", "\"1.2.3\"" },
		{ "+", "\"+\"" }, { "-e3", "\"-e3\"" }, { "1-2", "\"1-2\"" },
		{ "12:30", "\"12:30\"" }, { "1.5Gi", "\"1.5Gi\"" },
		{ "2001-01-01", "\"2001-01-01\"" },
		{ "inf", "\"inf\"" }, { ".info", "\".info\"" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(t); i++) {
		if (str_is(str_from(t[i].in), "-"))
			continue;	/* a sequence, not a scalar */
		expect_json(__LINE__, t[i].in, t[i].want);
	}
	EXPECT_JSON("[+, -x, 5]", "[\"+\",\"-x\",5]");
}

TEST(yaml_long_numbers_are_strings)
{
	char in[100], want[100];

	memset(in, '7', 65);
	in[64] = '\0';
	EXPECT_JSON(in, in);
	in[64] = '7';
	in[65] = '\0';
	want[0] = want[66] = '"';
	memset(want + 1, '7', 65);
	want[67] = '\0';
	EXPECT_JSON(in, want);
}

TEST(yaml_keys_are_strings)
{
	EXPECT_JSON("80: a\non: b\n'': c\n1.5: d\n\"~\": e\ntrue: f\n",
	    "{\"80\":\"a\",\"on\":\"b\",\"\":\"c\",\"1.5\":\"d\",\"~\":\"e\","
	    "\"true\":\"f\"}");
	EXPECT_JSON("a: {k: 1}\nb: {k: 1, a: 2}\nk: 3\n",
	    "{\"a\":{\"k\":1},\"b\":{\"k\":1,\"a\":2},\"k\":3}");
	EXPECT_JSON("a: {k: 1}\nk: 2\nl:\n- k: 1\n- k: 2\n",
	    "{\"a\":{\"k\":1},\"k\":2,\"l\":[{\"k\":1},{\"k\":2}]}");
	EXPECT_ERROR("a: 1\nb: {x: [1]}\na: 2\n", ERR_BAD,
	    "line 3, column 1: this key stands here twice");
	EXPECT_ERROR("{a: 1, \"\\x61\": 2}", ERR_BAD,
	    "line 1, column 8: this key stands here twice");
	EXPECT_ERROR("~: 1\n", ERR_BAD,
	    "line 1, column 1: a key is missing");
	EXPECT_ERROR("{[a]: 1}", ERR_UNSUPPORTED,
	    "line 1, column 2: a key must be a scalar");
	EXPECT_ERROR("? {a: 1}\n: 2\n", ERR_UNSUPPORTED,
	    "line 1, column 3: a key must be a scalar");
}

TEST(yaml_refuses_what_it_does_not_do)
{
	EXPECT_ERROR("a: &x 1\n", ERR_UNSUPPORTED,
	    "line 1, column 4: anchors are not supported");
	EXPECT_ERROR("a: &x [1]\n", ERR_UNSUPPORTED,
	    "line 1, column 4: anchors are not supported");
	EXPECT_ERROR("a: &x {}\n", ERR_UNSUPPORTED,
	    "line 1, column 4: anchors are not supported");
	EXPECT_ERROR("a: *x\n", ERR_UNSUPPORTED,
	    "line 1, column 4: aliases are not supported");
	EXPECT_ERROR("a: !!str 1\n", ERR_UNSUPPORTED,
	    "line 1, column 4: tags are not supported");
	EXPECT_ERROR("a: ! 1\n", ERR_UNSUPPORTED,
	    "line 1, column 4: tags are not supported");
	EXPECT_ERROR("- !x [1]\n", ERR_UNSUPPORTED,
	    "line 1, column 3: tags are not supported");
	EXPECT_ERROR("- !x {}\n", ERR_UNSUPPORTED,
	    "line 1, column 3: tags are not supported");
	EXPECT_ERROR("%TAG ! tag:x,2000:\n--- a\n", ERR_UNSUPPORTED,
	    "line 1, column 1: tags are not supported");
	EXPECT_ERROR("<<: {a: 1}\n", ERR_UNSUPPORTED,
	    "line 1, column 1: merge keys are not supported");
	EXPECT_JSON("'<<': 1\n", "{\"<<\":1}");
	EXPECT_ERROR("a: .inf\n", ERR_UNSUPPORTED,
	    "line 1, column 4: JSON has no such number");
	EXPECT_ERROR("-.Inf", ERR_UNSUPPORTED,
	    "line 1, column 1: JSON has no such number");
	EXPECT_ERROR(".NaN", ERR_UNSUPPORTED,
	    "line 1, column 1: JSON has no such number");
}

TEST(yaml_syntax_errors_name_the_place)
{
	EXPECT_ERROR("a: 1\nb: [1\nc: 2\n", ERR_BAD,
	    "line 3, column 2: did not find expected ',' or ']'");
	EXPECT_ERROR("a: 1\n\tb: 2\n", ERR_BAD,
	    "line 2, column 1: found a tab character that violates "
	    "indentation");
	EXPECT_ERROR("a: \"x\n", ERR_BAD,
	    "line 2, column 1: found unexpected end of stream");
	EXPECT_ERROR("a: \xff\n", ERR_BAD,
	    "line 1, column 1: invalid leading UTF-8 octet");
	EXPECT_ERROR("a: \x01\n", ERR_BAD,
	    "line 1, column 1: control characters are not allowed");
	EXPECT_ERROR("[a]\nb: 1\n", ERR_BAD,
	    "line 2, column 1: a document must start with '---'");
}

TEST(yaml_streams)
{
	struct str in = STR("%YAML 1.1\n---\na: \xc3\xa9\n---\n- b\n"
	    "...\n# between\nc\n---\n---\n'd'\n... # end\n");

	in = guard_copy(in.p, in.n);
	EXPECT_EQ(convert(&in), 0);
	EXPECT_STR(buf_view(&out), "{\"a\":\"\xc3\xa9\"}");
	EXPECT(str_starts(in, STR("---\n- b")));
	EXPECT_EQ(convert(&in), 0);
	EXPECT_STR(buf_view(&out), "[\"b\"]");
	EXPECT(str_starts(in, STR("\n# between")));
	EXPECT_EQ(convert(&in), 0);
	EXPECT_STR(buf_view(&out), "\"c\"");
	EXPECT_EQ(convert(&in), 0);
	EXPECT_STR(buf_view(&out), "null");
	EXPECT_EQ(convert(&in), 0);
	EXPECT_STR(buf_view(&out), "\"d\"");
	EXPECT_STR(in, " # end\n");
	EXPECT_EQ(convert(&in), ERR_NOENT);
	EXPECT_STR(in, " # end\n");
}

TEST(yaml_nothing_there)
{
	EXPECT_ERROR("", ERR_NOENT, "");
	EXPECT_ERROR("\n  \n# x\n", ERR_NOENT, "");
}

TEST(yaml_bounds_depth)
{
	char s[2 * YAML_DEPTH_MAX + 3];
	int n;

	for (n = YAML_DEPTH_MAX; n <= YAML_DEPTH_MAX + 1; n++) {
		struct str in = { s, 2 * (size_t)n };

		memset(s, '[', (size_t)n);
		memset(s + n, ']', (size_t)n);
		EXPECT_EQ(convert(&in), n > YAML_DEPTH_MAX ? ERR_LIMIT : 0);
	}
	EXPECT_STR(str_from(diag.text),
	    "line 1, column 49: nested too deeply");
}

TEST(yaml_bounds_keys)
{
	static char mem[16 * (YAML_KEYS_MAX + 1)];
	struct buf b;
	struct str in;
	int i, n;

	for (n = YAML_KEYS_MAX; n <= YAML_KEYS_MAX + 1; n++) {
		buf_init(&b, mem, sizeof(mem));
		for (i = 0; i < n; i++)
			buf_fmt(&b, "k%d: 1\n", i);
		in = buf_view(&b);
		EXPECT_EQ(convert(&in), n > YAML_KEYS_MAX ? ERR_LIMIT : 0);
	}
}

TEST(yaml_bounds_input)
{
	char *s = malloc(YAML_INPUT_MAX + 1);
	struct str in = { s, YAML_INPUT_MAX };

	memset(s, '\n', YAML_INPUT_MAX + 1);
	memcpy(s, "'a'", 3);
	EXPECT_EQ(convert(&in), 0);
	EXPECT_STR(buf_view(&out), "\"a\"");
	in = (struct str){ s, YAML_INPUT_MAX + 1 };
	EXPECT_EQ(convert(&in), ERR_LIMIT);
	free(s);
}

/* Whatever the scratch arena gives out at, it ends with ERR_FULL. */
TEST(yaml_scratch_may_be_small)
{
	struct arena a;
	size_t cap, full = 0;

	for (cap = 0; cap < 300000; cap += cap < 50000 ? 4999 : 509) {
		struct str in = STR("a: 1\nb: [x, \"y\", {c: 'text'}]\n");
		int err;

		arena_init(&a, scratch_mem, cap);
		buf_init(&out, out_mem, sizeof(out_mem));
		err = yaml_to_json(&in, &a, &out, NULL);
		EXPECT_EQ(arena_mark(&a), 0);
		full += err == ERR_FULL;
		EXPECT_EQ(err, in.n ? ERR_FULL : 0);
		EXPECT_EQ(out.n == 0, err != 0);
	}
	EXPECT(full > 10);
}

TEST(yaml_out_may_be_small)
{
	static const char want[] = "x {\"a\":[1,\"b\"],\"c\":{\"d\":null}}";
	struct arena a;
	size_t cap;

	for (cap = 2; cap < sizeof(want) + 2; cap++) {
		struct str in = STR("a: [1, b]\nc: {d: ~}\n");
		int err;

		arena_init(&a, scratch_mem, sizeof(scratch_mem));
		buf_init(&out, guard_space(cap), cap);
		buf_cstr(&out, "x ");
		err = yaml_to_json(&in, &a, &out, NULL);
		if (cap < sizeof(want) - 1) {
			EXPECT_EQ(err, ERR_FULL);
			EXPECT_STR(buf_view(&out), "x ");
			EXPECT(in.n > 0);
		} else {
			EXPECT_EQ(err, 0);
			EXPECT_STR(buf_view(&out), want);
		}
	}
}
