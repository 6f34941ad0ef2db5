#include <string.h>

#include "check.h"
#include "codec.h"

static void expect_digest(int line, struct str s, const char *want)
{
	uint8_t whole[SHA256_LEN], parts[SHA256_LEN];
	char text[2 * SHA256_LEN];
	struct sha256 c;
	struct buf b;
	size_t i;

	sha256(s.p, s.n, whole);
	buf_init(&b, text, sizeof(text));
	buf_hex(&b, whole, sizeof(whole));
	if (!str_is(buf_view(&b), want))
		test_fail(__FILE__, line, "%.*s", (int)b.n, b.p);
	sha256_init(&c);
	for (i = 0; i < s.n; i += 7) {
		struct str piece = str_sub(s, i, i + 7);

		sha256_add(&c, piece.p, piece.n);
		sha256_end(&c, parts);
	}
	sha256_end(&c, parts);
	EXPECT_MEM(parts, whole, SHA256_LEN);
}

/* FIPS 180-4's examples. */
TEST(sha256_has_the_vectors)
{
	static char million[1000000];

	expect_digest(__LINE__, STR(""), "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	expect_digest(__LINE__, STR("abc"), "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	expect_digest(__LINE__, STR("abcdbcdecdefdefgefghfghighijhijkijkljklm"
	    "klmnlmnomnopnopq"), "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', sizeof(million));
	expect_digest(__LINE__, (struct str){ million, sizeof(million) },
	    "cdc76e5c9914fb9281a1c7e284d73e67"
	    "f1809a48a497200e046d39ccc7112cd0");
}

/* RFC 4231, cases 2 and 6. */
TEST(hmac_sha256_has_the_vectors)
{
	struct str part[] = {
		STR("what do ya want "), STR(""), STR("for nothing?")
	};
	uint8_t got[SHA256_LEN];
	char key[131], hex[2 * SHA256_LEN];
	struct buf b;

	hmac_sha256(STR("Jefe"), part, 3, got);
	buf_init(&b, hex, sizeof(hex));
	buf_hex(&b, got, sizeof(got));
	EXPECT_STR(buf_view(&b), "5bdcc146bf60754e6a042426089575c75a003f08"
	    "9d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	part[0] = STR("Test Using Larger Than Block-Size Key - Hash Key "
	    "First");
	hmac_sha256((struct str){ key, sizeof(key) }, part, 1, got);
	buf_clear(&b);
	buf_hex(&b, got, sizeof(got));
	EXPECT_STR(buf_view(&b), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc621"
	    "3728c5140546040f0ee37f54");
}
