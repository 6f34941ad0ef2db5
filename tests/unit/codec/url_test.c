#include <string.h>

#include "check.h"
#include "codec.h"

static struct diag diag;

static int parse(const char *s, struct url *ret)
{
	diag_clear(&diag);
	return url_parse(guard_copy(s, strlen(s)), ret, &diag);
}

TEST(url_takes_servers)
{
	static const struct {
		const char *text;
		bool tls;
		const char *host;
		int port;
		const char *path;
	} t[] = {
		{ "https://a", true, "a", 443, "" },
		{ "http://a/", false, "a", 80, "" },
		{ "HTTPS://Api.Example.COM:6443/k8s/clusters/c-1///", true,
		  "Api.Example.COM", 6443, "/k8s/clusters/c-1" },
		{ "https://a:443", true, "a", 443, "" },
		{ "http://a:65535/x", false, "a", 65535, "/x" },
		{ "http://a_b.c-d.e.:1", false, "a_b.c-d.e.", 1, "" },
		{ "https://a/b%2Fc/~d;e=1,2:@!$&'()*+", true, "a", 443,
		  "/b%2Fc/~d;e=1,2:@!$&'()*+" },
		{ "https://7server", true, "7server", 443, "" },
		{ "https://1.2.3.4a", true, "1.2.3.4a", 443, "" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(t); i++) {
		struct url u = { 0 };

		EXPECT_EQ(parse(t[i].text, &u), 0);
		EXPECT_EQ(u.tls, t[i].tls);
		EXPECT_STR(u.host, t[i].host);
		EXPECT_EQ(u.port, t[i].port);
		EXPECT_STR(u.path, t[i].path);
		EXPECT(!u.host_is_ip);
	}
}

TEST(url_takes_addresses)
{
	static const uint8_t loop[16] = { [15] = 1 };
	struct url u = { 0 };

	EXPECT_EQ(parse("https://10.0.0.1:6443", &u), 0);
	EXPECT(u.host_is_ip && u.ip.family == 4 && u.ip.port == 6443);
	EXPECT_MEM(u.ip.ip, "\x0a\0\0\x01", 4);
	EXPECT_STR(u.host, "10.0.0.1");
	EXPECT_EQ(parse("https://[::1]", &u), 0);
	EXPECT(u.host_is_ip && u.ip.family == 6 && u.ip.port == 443);
	EXPECT_MEM(u.ip.ip, loop, 16);
	EXPECT_STR(u.host, "::1");
	EXPECT_EQ(parse("http://[fd00::1]:8080/x", &u), 0);
	EXPECT_EQ(u.ip.port, 8080);
	EXPECT_STR(u.host, "fd00::1");
	EXPECT_STR(u.path, "/x");
}

TEST(url_refuses_the_rest)
{
	static const char *const bad[] = {
		"", "a", "//a", "ftp://a", "https:/a", "https:a", "https://",
		"https:///x", "https://:443", "https://a:", "https://a:0",
		"https://a:65536", "https://a:x", "https://a:-1",
		"https://a:+1", "https://a:1:2", "https://a b", "https://a\n",
		"https://a..b", "https://.a", "https://a..", "https://-a",
		"https://a-", "https://a.-b", "https://a%41", "https://a~",
		"https://1.2.3", "https://1.2.3.4.5", "https://256.1.1.1",
		"https://0x7f000001", "https://a.0x", "https://123",
		"https://a.1", "https://1.2.3.4.", "https://::1",
		"https://[::1", "https://[::1]x", "https://[::1]:",
		"https://[1.2.3.4]", "https://[a]", "https://[]",
		"https://[fe80::1%2]", "https://[fe80::1%252]",
		"https://[v1.a]",
		"https://a?x", "https://a/x?y", "https://a/#x", "https://a#",
		"https://a/%", "https://a/%4", "https://a/%zz", "https://a/ ",
		"https://a/\"", "https://a/\xc3\xa9", "https://a/[",
		" https://a", "https://\xc3\xa9",
	};
	struct url u = { .port = 7 };
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		if (parse(bad[i], &u) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
		EXPECT(diag_is_set(&diag));
	}
	EXPECT_EQ(u.port, 7);
	EXPECT_EQ(url_parse(STR("https://a/\0"), &u, NULL), ERR_BAD);
}

TEST(url_never_shows_a_password)
{
	struct url u;

	EXPECT_EQ(parse("https://user:secret@a/", &u), ERR_BAD);
	EXPECT_STR(str_from(diag.text), "user names in URLs are not taken");
	EXPECT_EQ(parse("ftp://user:secret@a/", &u), ERR_BAD);
	EXPECT_STR(str_from(diag.text), "is not an http or https URL");
	EXPECT_EQ(parse("https://a:x", &u), ERR_BAD);
	EXPECT_STR(str_from(diag.text),
	    "\"https://a:x\": host or port is not valid");
}

TEST(url_has_lengths)
{
	char text[URL_MAX + 2];
	struct url u;

	memset(text, 'x', sizeof(text));
	memcpy(text, "https://a/", 10);
	text[URL_MAX] = '\0';
	EXPECT_EQ(parse(text, &u), 0);
	text[URL_MAX] = 'x';
	text[URL_MAX + 1] = '\0';
	EXPECT_EQ(parse(text, &u), ERR_BAD);
	text[8 + 63] = '\0';
	text[9] = 'x';
	EXPECT_EQ(parse(text, &u), 0);
	text[8 + 63] = 'x';
	text[8 + 64] = '\0';
	EXPECT_EQ(parse(text, &u), ERR_BAD);
}

TEST(url_escapes_components)
{
	char mem[1024], all[256];
	struct buf b, back;
	int i;

	for (i = 0; i < 256; i++)
		all[i] = (char)i;
	buf_init(&b, mem, sizeof(mem));
	url_escape(&b, STR("a-Z_0.~ /?&=+%\xc3\xa9"));
	EXPECT_STR(buf_view(&b), "a-Z_0.~%20%2F%3F%26%3D%2B%25%C3%A9");
	buf_clear(&b);
	url_escape(&b, (struct str){ all, sizeof(all) });
	buf_init(&back, guard_space(256), 256);
	EXPECT_EQ(url_unescape(buf_view(&b), &back), 0);
	EXPECT_EQ(back.n, 256);
	EXPECT_MEM(back.p, all, 256);
}

TEST(url_unescapes)
{
	char mem[8];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	EXPECT_EQ(url_unescape(STR("a+b%20%c3%A9"), &b), 0);
	EXPECT_STR(buf_view(&b), "a b \xc3\xa9");
	EXPECT_EQ(url_unescape(STR("x%"), &b), ERR_BAD);
	EXPECT_EQ(url_unescape(STR("x%4"), &b), ERR_BAD);
	EXPECT_EQ(url_unescape(STR("x%4g"), &b), ERR_BAD);
	EXPECT_STR(buf_view(&b), "a b \xc3\xa9");
	EXPECT_EQ(url_unescape(STR("%41%42"), &b), 0);
	EXPECT_EQ(url_unescape(STR("c"), &b), ERR_FULL);
}
