#include <string.h>

#include "check.h"

/* A literal before a page that cannot be touched. */
static struct str G(const char *s)
{
	return guard_copy(s, strlen(s));
}

TEST(str_compares)
{
	EXPECT(str_eq(STR_NONE, STR("")));
	EXPECT(str_eq(G("abc"), STR("abc")));
	EXPECT(!str_eq(G("abc"), STR("abd")));
	EXPECT(!str_eq(G("ab"), STR("abc")));
	EXPECT(str_is(G("abc"), "abc"));
	EXPECT(!str_is(G("abc"), "ab"));
	EXPECT(str_is(STR_NONE, ""));
	EXPECT_EQ(str_cmp(STR_NONE, STR_NONE), 0);
	EXPECT(str_cmp(STR("a"), STR("b")) < 0);
	EXPECT(str_cmp(STR("b"), STR("a")) > 0);
	EXPECT(str_cmp(STR("a"), STR("aa")) < 0);
	EXPECT(str_cmp(STR("aa"), STR("a")) > 0);
	EXPECT(str_cmp(STR("\x80"), STR("a")) > 0);
	EXPECT(str_eq_nocase(G("Content-TYPE"), STR("content-type")));
	EXPECT(!str_eq_nocase(STR("a@"), STR("a`")));
	EXPECT(!str_eq_nocase(STR("a"), STR("ab")));
	EXPECT_EQ(str_from(NULL).n, 0);
}

TEST(str_finds)
{
	EXPECT(str_starts(G("abc"), STR("ab")));
	EXPECT(str_starts(G("abc"), STR_NONE));
	EXPECT(!str_starts(G("ab"), STR("abc")));
	EXPECT(str_ends(G("abc"), STR("bc")));
	EXPECT(str_ends(STR_NONE, STR_NONE));
	EXPECT(!str_ends(G("bc"), STR("abc")));
	EXPECT_EQ(str_find(G("abcb"), 'b'), 1);
	EXPECT_EQ(str_find(G("abcb"), 'x'), 4);
	EXPECT_EQ(str_find(STR_NONE, 'x'), 0);
	EXPECT_EQ(str_rfind(G("abcb"), 'b'), 3);
	EXPECT_EQ(str_rfind(G("abcb"), 'x'), 4);
	EXPECT_EQ(str_search(G("aababc"), STR("abc")), 3);
	EXPECT_EQ(str_search(G("aabab"), STR("abc")), 5);
	EXPECT_EQ(str_search(G("aab"), STR("")), 0);
	EXPECT_EQ(str_search(STR_NONE, STR("a")), 0);
	EXPECT_EQ(str_search(STR_NONE, STR_NONE), 0);
	EXPECT_EQ(str_search(G("abc"), STR("abc")), 0);
	EXPECT_EQ(str_search(G("xxc"), STR("c")), 2);
	EXPECT_EQ(str_search(G("a\0b"), STR("b")), 1);
}

TEST(str_cuts_and_trims)
{
	struct str head;

	EXPECT_STR(str_sub(G("abcd"), 1, 3), "bc");
	EXPECT_STR(str_sub(G("abcd"), 1, 99), "bcd");
	EXPECT_STR(str_sub(G("abcd"), 3, 1), "");
	EXPECT_STR(str_sub(G("abcd"), 9, 10), "");
	EXPECT_STR(str_trim(G(" \t a b\r\n")), "a b");
	EXPECT_STR(str_trim(G(" \n")), "");
	EXPECT_STR(str_trim(STR_NONE), "");
	EXPECT_STR(str_cut(G("a=b=c"), '=', &head), "b=c");
	EXPECT_STR(head, "a");
	EXPECT_STR(str_cut(G("abc"), '=', &head), "");
	EXPECT_STR(head, "abc");
	EXPECT_STR(str_cut(G("=c"), '=', &head), "c");
	EXPECT_STR(head, "");
	EXPECT_STR(str_cut(G("c="), '=', &head), "");
	EXPECT_STR(head, "c");
}

TEST(str_hex64_takes_what_is_written)
{
	char mem[16];
	struct buf b;
	uint64_t v = 7;

	EXPECT_EQ(str_hex64(G("0000000000000000"), &v), 0);
	EXPECT_EQ(v, 0);
	EXPECT_EQ(str_hex64(G("0123456789abcdef"), &v), 0);
	EXPECT(v == UINT64_C(0x0123456789abcdef));
	buf_init(&b, mem, sizeof(mem));
	buf_hex64(&b, UINT64_MAX);
	EXPECT_EQ(str_hex64(buf_view(&b), &v), 0);
	EXPECT(v == UINT64_MAX);
	v = 7;
	EXPECT_EQ(str_hex64(STR_NONE, &v), ERR_BAD);
	EXPECT_EQ(str_hex64(G("000000000000000"), &v), ERR_BAD);
	EXPECT_EQ(str_hex64(G("00000000000000000"), &v), ERR_BAD);
	EXPECT_EQ(str_hex64(G("000000000000000A"), &v), ERR_BAD);
	EXPECT_EQ(str_hex64(G("000000000000000g"), &v), ERR_BAD);
	EXPECT_EQ(str_hex64(G("/000000000000000"), &v), ERR_BAD);
	EXPECT_EQ(str_hex64(G(":000000000000000"), &v), ERR_BAD);
	EXPECT_EQ(v, 7);
}

TEST(str_u64_takes_the_whole_slice)
{
	uint64_t v = 7;

	EXPECT_EQ(str_u64(G("0"), &v), 0);
	EXPECT_EQ(v, 0);
	EXPECT_EQ(str_u64(G("18446744073709551615"), &v), 0);
	EXPECT(v == UINT64_MAX);
	v = 7;
	EXPECT_EQ(str_u64(G("18446744073709551616"), &v), ERR_LIMIT);
	EXPECT_EQ(str_u64(G("99999999999999999999999"), &v), ERR_LIMIT);
	EXPECT_EQ(str_u64(G("9999999999999999999999x"), &v), ERR_BAD);
	EXPECT_EQ(str_u64(STR_NONE, &v), ERR_BAD);
	EXPECT_EQ(str_u64(G("+1"), &v), ERR_BAD);
	EXPECT_EQ(str_u64(G("-1"), &v), ERR_BAD);
	EXPECT_EQ(str_u64(G(" 1"), &v), ERR_BAD);
	EXPECT_EQ(str_u64(G("1 "), &v), ERR_BAD);
	EXPECT_EQ(v, 7);
}

TEST(str_i64_takes_a_minus)
{
	int64_t v = 7;

	EXPECT_EQ(str_i64(G("-9223372036854775808"), &v), 0);
	EXPECT(v == INT64_MIN);
	EXPECT_EQ(str_i64(G("9223372036854775807"), &v), 0);
	EXPECT(v == INT64_MAX);
	EXPECT_EQ(str_i64(G("-1"), &v), 0);
	EXPECT_EQ(v, -1);
	EXPECT_EQ(str_i64(G("-0"), &v), 0);
	EXPECT_EQ(v, 0);
	v = 7;
	EXPECT_EQ(str_i64(G("9223372036854775808"), &v), ERR_LIMIT);
	EXPECT_EQ(str_i64(G("-9223372036854775809"), &v), ERR_LIMIT);
	EXPECT_EQ(str_i64(G("-"), &v), ERR_BAD);
	EXPECT_EQ(str_i64(G("--1"), &v), ERR_BAD);
	EXPECT_EQ(str_i64(STR_NONE, &v), ERR_BAD);
	EXPECT_EQ(v, 7);
}

TEST(str_bool_is_as_in_go)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE",
		"True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE",
		"False" };
	static const char *const bad[] = { "", "yes", "tRUE", "on", "2",
		"true " };
	bool v;

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		v = false;
		EXPECT_EQ(str_bool(G(yes[i]), &v), 0);
		EXPECT(v);
		EXPECT_EQ(str_bool(G(no[i]), &v), 0);
		EXPECT(!v);
		v = true;
		EXPECT_EQ(str_bool(G(bad[i]), &v), ERR_BAD);
		EXPECT(v);
	}
}

TEST(str_hash_is_fnv1a)
{
	/* The vectors of the algorithm's own page. */
	EXPECT(str_hash(STR_NONE) == 0xcbf29ce484222325ULL);
	EXPECT(str_hash(G("a")) == 0xaf63dc4c8601ec8cULL);
	EXPECT(str_hash(G("foobar")) == 0x85944171f73967e8ULL);
	EXPECT(hash_more(hash_more(HASH_SEED, "foo", 3), "bar", 3) ==
	    str_hash(STR("foobar")));
}

TEST(str_utf8_refuses_what_rfc3629_does)
{
	static const char *const good[] = {
		"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
		"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa4z",
	};
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2 ",
		"\xe0\x9f\xbf", "\xe0\xa0", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xff", "ab\xe2\x82", "\xf0\x90\x80",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		EXPECT(str_utf8(G(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		EXPECT(!str_utf8(G(bad[i])));
	EXPECT(str_utf8(STR("a\0b")));
}

/* n times c, then tail. */
static struct str many(char c, size_t n, const char *tail)
{
	static char mem[512];

	memset(mem, c, n);
	memcpy(mem + n, tail, strlen(tail));
	return guard_copy(mem, n + strlen(tail));
}

TEST(names_follow_kubernetes)
{
	EXPECT(str_dns1123_label(G("a")));
	EXPECT(str_dns1123_label(G("0-a")));
	EXPECT(str_dns1123_label(many('a', 63, "")));
	EXPECT(!str_dns1123_label(many('a', 64, "")));
	EXPECT(!str_dns1123_label(STR_NONE));
	EXPECT(!str_dns1123_label(G("-a")));
	EXPECT(!str_dns1123_label(G("a-")));
	EXPECT(!str_dns1123_label(G("A")));
	EXPECT(!str_dns1123_label(G("a.b")));
	EXPECT(!str_dns1123_label(G("a_b")));

	EXPECT(str_dns1123_subdomain(G("a.b-c.0")));
	EXPECT(str_dns1123_subdomain(many('a', 251, ".b")));
	EXPECT(!str_dns1123_subdomain(many('a', 252, ".b")));
	EXPECT(!str_dns1123_subdomain(STR_NONE));
	EXPECT(!str_dns1123_subdomain(G(".a")));
	EXPECT(!str_dns1123_subdomain(G("a.")));
	EXPECT(!str_dns1123_subdomain(G("a..b")));
	EXPECT(!str_dns1123_subdomain(G("a.-b")));

	EXPECT(str_dns1035_label(G("a0")));
	EXPECT(!str_dns1035_label(G("0a")));
	EXPECT(!str_dns1035_label(STR_NONE));
}

TEST(labels_follow_kubernetes)
{
	EXPECT(str_label_value(STR_NONE));
	EXPECT(str_label_value(G("a")));
	EXPECT(str_label_value(G("A-b_c.9")));
	EXPECT(str_label_value(many('a', 63, "")));
	EXPECT(!str_label_value(many('a', 64, "")));
	EXPECT(!str_label_value(G("-a")));
	EXPECT(!str_label_value(G("a.")));
	EXPECT(!str_label_value(G("a b")));
	EXPECT(!str_label_value(G("a/b")));

	EXPECT(str_label_key(G("app")));
	EXPECT(str_label_key(G("app.kubernetes.io/Name_x")));
	EXPECT(!str_label_key(STR_NONE));
	EXPECT(!str_label_key(G("/a")));
	EXPECT(!str_label_key(G("a/")));
	EXPECT(!str_label_key(G("a/b/c")));
	EXPECT(!str_label_key(G("App.io/a")));
}

TEST(env_names_follow_kubernetes)
{
	EXPECT(str_env_name(G("PATH")));
	EXPECT(str_env_name(G("_a-b.c9")));
	EXPECT(str_env_name(G(".a")));
	EXPECT(str_env_name(G("-a")));
	EXPECT(!str_env_name(STR_NONE));
	EXPECT(!str_env_name(G("9a")));
	EXPECT(!str_env_name(G("a b")));
	EXPECT(!str_env_name(G("a=b")));
	EXPECT(!str_env_name(G(".")));
	EXPECT(!str_env_name(G("..")));
	EXPECT(!str_env_name(G("..a")));
}
