#include <string.h>

#include "check.h"
#include "codec.h"

static char mem[512];

static int decode(const char *in, bool lax, size_t cap, struct str *ret)
{
	char *out = guard_space(cap);
	size_t n = 99;
	int err = b64_decode(guard_copy(in, strlen(in)), lax, out, cap, &n);

	EXPECT(!err || n == 99);
	*ret = (struct str){ out, err ? 0 : n };
	return err;
}

/* RFC 4648 section 10. */
static const struct { const char *plain, *coded; } vectors[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

TEST(b64_has_the_vectors)
{
	struct buf b;
	struct str s;
	size_t i;

	for (i = 0; i < ARRAY_LEN(vectors); i++) {
		const char *plain = vectors[i].plain;

		buf_init(&b, mem, sizeof(mem));
		b64_encode(&b, plain, strlen(plain));
		EXPECT_STR(buf_view(&b), vectors[i].coded);
		EXPECT_EQ(decode(vectors[i].coded, false, strlen(plain), &s),
		    0);
		EXPECT_STR(s, plain);
		if (*plain)
			EXPECT_EQ(decode(vectors[i].coded, false,
			    strlen(plain) - 1, &s), ERR_FULL);
	}
}

TEST(b64url_has_its_alphabet)
{
	static const uint8_t bytes[] = { 0xfb, 0xff, 0xbf, 0xfe };
	uint8_t out[4];
	struct buf b;
	size_t n;

	buf_init(&b, mem, sizeof(mem));
	b64url_encode(&b, bytes, 4);
	EXPECT_STR(buf_view(&b), "-_-__g");
	EXPECT_EQ(b64url_decode(buf_view(&b), out, 4, &n), 0);
	EXPECT_EQ(n, 4);
	EXPECT_MEM(out, bytes, 4);
	EXPECT_EQ(b64url_decode(STR("-_-__g=="), out, 4, &n), ERR_BAD);
	EXPECT_EQ(b64url_decode(STR("+/+/"), out, 4, &n), ERR_BAD);
	EXPECT_EQ(b64url_decode(STR("-_-_ "), out, 4, &n), ERR_BAD);
	EXPECT_EQ(b64url_decode(STR("-_-__"), out, 4, &n), ERR_BAD);
	buf_clear(&b);
	b64_encode(&b, bytes, 4);
	EXPECT_STR(buf_view(&b), "+/+//g==");
}

TEST(b64_is_strict)
{
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zg===", "Zm8", "Zm8==", "=", "====",
		"Zg==Zg==", "Z=g=", "Zm9v=", "Zh==", "Zm9=", "Zm-v", "Zm_v",
		"Zm9v\n", " Zm9v", "Zm 9v", "Zm9\xc3\xa9", "Zm9v\x01",
	};
	struct str s;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		if (decode(bad[i], false, 16, &s) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	EXPECT_EQ(b64_decode(STR("Zm\0v"), true, mem, 8, &i), ERR_BAD);
}

TEST(b64_lax_skips_white_space_only)
{
	struct str s;

	EXPECT_EQ(decode(" Z m9v\r\n\tYg = =\n", true, 16, &s), 0);
	EXPECT_STR(s, "foob");
	EXPECT_EQ(decode("\n", true, 0, &s), 0);
	EXPECT_EQ(decode("Zg", true, 16, &s), ERR_BAD);
	EXPECT_EQ(decode("Zm-v", true, 16, &s), ERR_BAD);
	EXPECT_EQ(decode("Zg==\nZg==", true, 16, &s), ERR_BAD);
}

TEST(b64_decodes_in_place)
{
	char text[] = "Zm9v\nYmFy";
	size_t n;

	EXPECT_EQ(b64_decode((struct str){ text, 9 }, true, text, 9, &n), 0);
	EXPECT_EQ(n, 6);
	EXPECT_MEM(text, "foobar", 6);
}

TEST(b64_encodes_all_or_nothing)
{
	struct buf b;
	size_t n, cap;

	for (n = 0; n < 8; n++)
		for (cap = 0; cap < 16; cap++) {
			size_t url = (n * 4 + 2) / 3, std = (n + 2) / 3 * 4;

			buf_init(&b, guard_space(cap), cap);
			b64_encode(&b, "abcdefgh", n);
			EXPECT_EQ(b.n, std <= cap ? std : 0);
			EXPECT_EQ(b.over, std > cap);
			buf_init(&b, guard_space(cap), cap);
			b64url_encode(&b, "abcdefgh", n);
			EXPECT_EQ(b.n, url <= cap ? url : 0);
			EXPECT_EQ(b.over, url > cap);
			guard_reset();
		}
}
