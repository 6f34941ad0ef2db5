#include <string.h>

#include "check.h"
#include "codec.h"

static struct str text(const char *s)
{
	return guard_copy(s, strlen(s));
}

static int first(const char *s, struct pem *ret)
{
	struct str in = text(s);

	return pem_next(&in, ret);
}

TEST(pem_blocks_in_order)
{
	struct str in = text("words before\n"
	    "-----BEGIN ONE-----\r\nYWJj\r\n-----END ONE-----\r\n"
	    "between\n"
	    "-----BEGIN TWO KEY-----\nZGVm\nZ2hp\n-----END TWO KEY-----");
	struct pem p;
	char out[16];
	size_t n;

	REQUIRE(pem_next(&in, &p) == 0);
	EXPECT_STR(p.label, "ONE");
	REQUIRE(pem_decode(&p, out, sizeof(out), &n) == 0);
	EXPECT_STR(((struct str){ out, n }), "abc");
	REQUIRE(pem_next(&in, &p) == 0);
	EXPECT_STR(p.label, "TWO KEY");
	REQUIRE(pem_decode(&p, out, sizeof(out), &n) == 0);
	EXPECT_STR(((struct str){ out, n }), "defghi");
	EXPECT_EQ(pem_next(&in, &p), ERR_NOENT);
}

TEST(pem_without_blocks)
{
	struct pem p;

	EXPECT_EQ(first("", &p), ERR_NOENT);
	EXPECT_EQ(first("\n\n", &p), ERR_NOENT);
	EXPECT_EQ(first("no such thing", &p), ERR_NOENT);
	EXPECT_EQ(first("----BEGIN X-----\n", &p), ERR_NOENT);
	EXPECT_EQ(first("-----END X-----\n", &p), ERR_NOENT);
}

TEST(pem_malformed_blocks)
{
	struct pem p;

	EXPECT_EQ(first("-----BEGIN X-----", &p), ERR_BAD);
	EXPECT_EQ(first("-----BEGIN X-----\nYWJj\n", &p), ERR_BAD);
	EXPECT_EQ(first("-----BEGIN X-----\nYWJj\n-----END Y-----\n", &p),
	    ERR_BAD);
	EXPECT_EQ(first("-----BEGIN X-----\nYWJj\n-----BEGIN X-----\n"
	    "YWJj\n-----END X-----\n", &p), ERR_BAD);
}

TEST(pem_decode_refuses)
{
	struct pem p;
	char out[4];
	size_t n = 77;

	REQUIRE(first("-----BEGIN X-----\nYWJjZGVm\n-----END X-----\n",
	    &p) == 0);
	EXPECT_EQ(pem_decode(&p, out, sizeof(out), &n), ERR_FULL);
	REQUIRE(first("-----BEGIN X-----\nY*Jj\n-----END X-----\n", &p) == 0);
	EXPECT_EQ(pem_decode(&p, out, sizeof(out), &n), ERR_BAD);
	REQUIRE(first("-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nYWJj\n"
	    "-----END X-----\n", &p) == 0);
	EXPECT_EQ(pem_decode(&p, out, sizeof(out), &n), ERR_UNSUPPORTED);
	EXPECT_EQ(n, 77);
	REQUIRE(first("-----BEGIN X-----\n-----END X-----\n", &p) == 0);
	EXPECT_EQ(pem_decode(&p, out, sizeof(out), &n), 0);
	EXPECT_EQ(n, 0);
}
