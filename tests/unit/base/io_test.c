#include <string.h>

#include "check.h"

static int parse(const char *s, struct net_addr *ret)
{
	return addr_parse(guard_copy(s, strlen(s)), ret);
}

/* What an address looks like after a way through both functions. */
static struct str canonical(const char *s)
{
	static char mem[100];
	struct net_addr a = { .port = 7 };
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	if (parse(s, &a))
		return STR("(bad)");
	EXPECT_EQ(a.port, 7);
	addr_format(&b, &a);
	return buf_view(&b);
}

TEST(addr_parses_ipv4)
{
	struct net_addr a = { .port = 80, .scope = 9 };

	EXPECT_EQ(parse("192.168.0.255", &a), 0);
	EXPECT_EQ(a.family, 4);
	EXPECT_MEM(a.ip, "\xc0\xa8\x00\xff\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	EXPECT_EQ(a.port, 80);
	EXPECT_EQ(a.scope, 0);
	EXPECT_STR(canonical("0.0.0.0"), "0.0.0.0");
	EXPECT_STR(canonical("255.255.255.255"), "255.255.255.255");
}

TEST(addr_parses_ipv6)
{
	struct net_addr a = { .port = 80 };

	EXPECT_EQ(parse("2001:DB8::8:800:200c:417A", &a), 0);
	EXPECT_EQ(a.family, 6);
	EXPECT_MEM(a.ip, "\x20\x01\x0d\xb8\0\0\0\0\0\x08\x08\0\x20\x0c\x41"
	    "\x7a", 16);
	EXPECT_EQ(parse("fe80::1%12", &a), 0);
	EXPECT_EQ(a.scope, 12);
	EXPECT_EQ(parse("::", &a), 0);
	EXPECT_EQ(a.scope, 0);
}

/* RFC 5952 section 4 and 5. */
TEST(addr_formats_canonically)
{
	EXPECT_STR(canonical("2001:0db8::0001"), "2001:db8::1");
	EXPECT_STR(canonical("2001:db8:0:0:0:0:2:1"), "2001:db8::2:1");
	EXPECT_STR(canonical("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
	EXPECT_STR(canonical("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");
	EXPECT_STR(canonical("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
	EXPECT_STR(canonical("2001:DB8::ABCD"), "2001:db8::abcd");
	EXPECT_STR(canonical("::"), "::");
	EXPECT_STR(canonical("::1"), "::1");
	EXPECT_STR(canonical("1::"), "1::");
	EXPECT_STR(canonical("0:0:0:0:0:0:0:0"), "::");
	EXPECT_STR(canonical("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
	EXPECT_STR(canonical("::2:3:4:5:6:7:8"), "0:2:3:4:5:6:7:8");
	EXPECT_STR(canonical("::FFFF:1.2.3.4"), "::ffff:1.2.3.4");
	EXPECT_STR(canonical("::ffff:102:304"), "::ffff:1.2.3.4");
	EXPECT_STR(canonical("64:ff9b::1.2.3.4"), "64:ff9b::102:304");
	EXPECT_STR(canonical("1:2:3:4:5:6:1.2.3.4"), "1:2:3:4:5:6:102:304");
	EXPECT_STR(canonical("fe80::1%4294967295"), "fe80::1%4294967295");
}

TEST(addr_refuses_what_is_none)
{
	static const char *const bad[] = {
		"", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5",
		".1.2.3", "1..2.3", "256.1.1.1", "01.2.3.4", "1.2.3.0004",
		"1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "0x1.2.3.4", "1.2.3.4%1",
		":", ":::", "::1::", "1::2::3", "1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::",
		"1.2.3.4::", "::1.2.3.4:5", "::1.2.3", "::1.2.3.256",
		"1:2:3:4:5:6:7:1.2.3.4", "::1:2:3:4:5:6:1.2.3.4",
		"fe80::1%", "fe80::1%0", "fe80::1%eth0",
		"fe80::1%4294967296", "fe80::1%1%2", "%1", "[::1]",
		"localhost", "1:::2",
	};
	struct net_addr a = { .family = 9, .port = 8 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		EXPECT_EQ(parse(bad[i], &a), ERR_BAD);
	EXPECT_EQ(a.family, 9);
}

static int parse_bind(const char *s, struct net_addr *ret)
{
	return addr_parse_bind(guard_copy(s, strlen(s)), ret);
}

TEST(addr_parses_where_to_listen)
{
	static const uint8_t zero[16];
	struct net_addr a = { .family = 9 };

	EXPECT_EQ(parse_bind(":8080", &a), 0);
	EXPECT_EQ(a.family, 6);
	EXPECT_MEM(a.ip, zero, 16);
	EXPECT_EQ(a.port, 8080);
	EXPECT_EQ(parse_bind("127.0.0.1:0", &a), 0);
	EXPECT_EQ(a.family, 4);
	EXPECT_EQ(a.port, 0);
	EXPECT_EQ(parse_bind("[fe80::1%2]:65535", &a), 0);
	EXPECT_EQ(a.family, 6);
	EXPECT_EQ(a.scope, 2);
	EXPECT_EQ(a.port, 65535);
	EXPECT_EQ(parse_bind("0", &a), 0);
	EXPECT_EQ(a.family, 0);
}

TEST(addr_refuses_where_not_to_listen)
{
	static const char *const bad[] = {
		"", "1", "8080", ":", ":65536", ":-1", ":80a", "1.2.3.4",
		"::1:80", "[::1]", "[::1]80", "::1]:80", "[::1:80",
		"[1.2.3.4]:80", "[]:80", "host:80", "[:80", "00",
	};
	struct net_addr a = { .family = 9 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		EXPECT_EQ(parse_bind(bad[i], &a), ERR_BAD);
	EXPECT_EQ(a.family, 9);
}
