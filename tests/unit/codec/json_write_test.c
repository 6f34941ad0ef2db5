#include <string.h>

#include "check.h"
#include "codec.h"

static char mem[8192];
static struct buf out;
static struct jw w;

static void start(void)
{
	buf_init(&out, mem, sizeof(mem));
	jw_init(&w, &out);
}

TEST(jw_puts_commas_and_colons)
{
	start();
	jw_open(&w);
	jw_kcstr(&w, "a", "x");
	jw_ki64(&w, "b", INT64_MIN);
	jw_kopen_list(&w, "c");
	jw_open(&w);
	jw_close(&w);
	jw_open_list(&w);
	jw_close_list(&w);
	jw_null(&w);
	jw_bool(&w, false);
	jw_i64(&w, 0);
	jw_str(&w, STR_NONE);
	jw_close_list(&w);
	jw_kopen(&w, "d");
	jw_kbool(&w, "e", true);
	jw_close(&w);
	jw_kraw(&w, "f", STR("[1, 2]"));
	jw_kstr(&w, "", STR("y"));
	EXPECT(!jw_done(&w));
	jw_close(&w);
	EXPECT(jw_done(&w));
	EXPECT_STR(buf_view(&out), "{\"a\":\"x\",\"b\":-9223372036854775808,"
	    "\"c\":[{},[],null,false,0,\"\"],\"d\":{\"e\":true},"
	    "\"f\":[1, 2],\"\":\"y\"}");
	EXPECT_EQ(json_scan(buf_view(&out), NULL), 0);
}

TEST(jw_appends)
{
	start();
	buf_cstr(&out, "data: ");
	jw_i64(&w, 7);
	EXPECT(jw_done(&w));
	EXPECT_STR(buf_view(&out), "data: 7");
}

TEST(jw_kfmt_escapes_what_it_formats)
{
	start();
	jw_open(&w);
	jw_kfmt(&w, "m", "%s is \"%S\" (%d)\n", "it", STR("a\\b"), -3);
	jw_close(&w);
	EXPECT_STR(buf_view(&out),
	    "{\"m\":\"it is \\\"a\\\\b\\\" (-3)\\n\"}");
}

TEST(jw_kfmt_is_bounded)
{
	static char big[JW_FMT_MAX + 1];

	memset(big, 'x', sizeof(big));
	start();
	jw_open(&w);
	jw_kfmt(&w, "m", "%S", (struct str){ big, JW_FMT_MAX });
	jw_close(&w);
	EXPECT(!out.over);
	EXPECT_EQ(out.n, JW_FMT_MAX + 8);
	start();
	jw_open(&w);
	jw_kfmt(&w, "m", "%S", (struct str){ big, JW_FMT_MAX + 1 });
	jw_close(&w);
	EXPECT(out.over);
}

TEST(json_escape_by_the_byte)
{
	static const char hex[] = "0123456789abcdef";
	static const char escaped[] = "\b\f\n\r\t\"\\";
	char want[8];
	int c;

	for (c = 0; c < 0x80; c++) {
		char in = (char)c;
		const char *at = c ? strchr(escaped, c) : NULL;

		memset(want, 0, sizeof(want));
		if (at) {
			want[0] = '\\';
			want[1] = "bfnrt\"\\"[at - escaped];
		} else if (c < 0x20) {
			memcpy(want, "\\u00", 4);
			want[4] = hex[c >> 4];
			want[5] = hex[c & 15];
		} else {
			want[0] = in;
		}
		buf_init(&out, mem, sizeof(mem));
		json_escape(&out, guard_copy(&in, 1));
		EXPECT_STR(buf_view(&out), want);
	}
}

TEST(json_escape_replaces_bad_utf8)
{
	static const struct { const char *in, *want; } t[] = {
		{ "\xc3\xa9", "\xc3\xa9" },
		{ "a\xff""b", "a\xef\xbf\xbd""b" },
		{ "\xc3", "\xef\xbf\xbd" },
		{ "\xc3\"", "\xef\xbf\xbd\\\"" },
		{ "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80z",
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(t); i++) {
		buf_init(&out, mem, sizeof(mem));
		json_escape(&out, guard_copy(t[i].in, strlen(t[i].in)));
		EXPECT_STR(buf_view(&out), t[i].want);
	}
}

TEST(jw_overflow_sticks)
{
	char *small = guard_space(5);
	struct buf b;

	buf_init(&b, small, 5);
	jw_init(&w, &b);
	jw_open_list(&w);
	jw_i64(&w, 123456);
	jw_i64(&w, 1);
	jw_close_list(&w);
	EXPECT(b.over);
	EXPECT(jw_done(&w));
}

TEST(jw_depth_is_bounded)
{
	int i;

	start();
	for (i = 0; i < JSON_DEPTH_MAX; i++)
		if (i % 2)
			jw_kopen_list(&w, "k");
		else
			jw_open(&w);
	EXPECT_CRASH(jw_kopen(&w, "k"));
	EXPECT_CRASH(jw_open(&w));
	for (; i > 0; i--)
		if (i % 2)
			jw_close(&w);
		else
			jw_close_list(&w);
	EXPECT(jw_done(&w));
	EXPECT_EQ(json_scan(buf_view(&out), NULL), 0);
}

TEST(jw_misuse_crashes)
{
	start();
	EXPECT_CRASH(jw_close(&w));
	EXPECT_CRASH(jw_key(&w, STR("k")));
	EXPECT_CRASH(jw_raw(&w, STR_NONE));
	jw_open(&w);
	EXPECT_CRASH(jw_i64(&w, 1));
	EXPECT_CRASH(jw_open(&w));
	EXPECT_CRASH(jw_close_list(&w));
	jw_key(&w, STR("k"));
	EXPECT_CRASH(jw_key(&w, STR("k")));
	EXPECT_CRASH(jw_close(&w));
	jw_open_list(&w);
	EXPECT_CRASH(jw_close(&w));
	EXPECT_CRASH(jw_key(&w, STR("k")));
	jw_close_list(&w);
	EXPECT_CRASH(jw_str(&w, STR("no key")));
	jw_close(&w);
	EXPECT_CRASH(jw_null(&w));
	EXPECT_CRASH(jw_close(&w));
}
