#include <string.h>

#include "check.h"

static char mem[5 * 12];
static uint32_t next[5];

static void init(struct pool *p)
{
	memset(mem, 0xff, sizeof(mem));
	pool_init(p, mem, next, 5, 12);
}

TEST(pool_gives_zeroed_slots_until_full)
{
	struct pool p;

	init(&p);
	for (uint32_t i = 0; i < 5; i++) {
		uint32_t got = pool_take(&p);
		char *slot = pool_at(&p, got);

		EXPECT_EQ(got, i);
		EXPECT_EQ(slot - mem, 12 * (int)i);
		for (int j = 0; j < 12; j++)
			EXPECT_EQ(slot[j], 0);
		memset(slot, 7, 12);
	}
	EXPECT_EQ(pool_take(&p), POOL_NONE);
	EXPECT_EQ(p.used, 5);
	EXPECT_EQ(p.high, 5);
	EXPECT_EQ(p.touched, 60);
}

TEST(pool_uses_given_slots_before_fresh_ones)
{
	struct pool p;
	char *slot;

	init(&p);
	pool_take(&p);
	pool_take(&p);
	memset(pool_at(&p, 0), 7, 12);
	pool_give(&p, 0);
	EXPECT(!pool_has(&p, 0));
	EXPECT(pool_has(&p, 1));
	EXPECT(!pool_has(&p, 2));
	EXPECT(!pool_has(&p, POOL_NONE));
	EXPECT_EQ(pool_take(&p), 0);
	slot = pool_at(&p, 0);
	EXPECT_EQ(slot[11], 0);
	EXPECT_EQ(p.fresh, 2);
	EXPECT_EQ(p.high, 2);
	EXPECT_EQ(p.touched, 24);
	/* Unused slots were never written. */
	EXPECT_EQ(p.used, 2);
}

TEST(pool_crashes_on_misuse)
{
	struct pool p;

	init(&p);
	EXPECT_CRASH(pool_at(&p, 0));
	EXPECT_CRASH(pool_give(&p, 0));
	pool_take(&p);
	pool_give(&p, 0);
	EXPECT_CRASH(pool_give(&p, 0));
	EXPECT_CRASH(pool_at(&p, 0));
	EXPECT_CRASH(pool_at(&p, POOL_NONE));
}

#ifdef __SANITIZE_ADDRESS__
TEST(pool_poisons_free_slots)
{
	struct pool p;
	volatile char *a, *b;
	volatile char *volatile first = mem;	/* or gcc knows it is mem */

	init(&p);
	EXPECT_CRASH(first[0] = 1);
	pool_take(&p);
	pool_take(&p);
	a = pool_at(&p, 0);
	b = pool_at(&p, 1);
	pool_give(&p, 0);
	EXPECT_CRASH(a[0] = 1);
	for (int i = 0; i < 12; i++)
		b[i] = 1;
}
#endif
