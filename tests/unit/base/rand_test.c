#include "check.h"

TEST(rng_is_xoshiro256starstar)
{
	/* The reference implementation's first values for this state. */
	struct rng r = { .s = { 1, 2, 3, 4 } };

	EXPECT_EQ(rng_next(&r), 11520);
	EXPECT_EQ(rng_next(&r), 0);
	EXPECT_EQ(rng_next(&r), 1509978240);
	EXPECT_EQ(rng_next(&r), 1215971899390074240);
}

TEST(rng_seeds_repeat_and_differ)
{
	struct rng a, b, c;

	rng_seed(&a, 0);
	rng_seed(&b, 0);
	rng_seed(&c, 1);
	/* splitmix64 of 0. */
	EXPECT(a.s[0] == 0xe220a8397b1dcdafULL);
	EXPECT_EQ(rng_next(&a), rng_next(&b));
	EXPECT(rng_next(&a) != rng_next(&c));
}

TEST(rng_below_stays_below_and_is_even)
{
	uint32_t seen[10] = { 0 };
	struct rng r;

	rng_seed(&r, 3);
	for (int i = 0; i < 100000; i++) {
		uint64_t v = rng_below(&r, 10);

		REQUIRE(v < 10);
		seen[v]++;
	}
	for (int i = 0; i < 10; i++)
		EXPECT(seen[i] > 9500 && seen[i] < 10500);
	for (int i = 0; i < 100; i++)
		EXPECT_EQ(rng_below(&r, 1), 0);
	EXPECT(rng_below(&r, UINT64_MAX) < UINT64_MAX);
	EXPECT_CRASH(rng_below(&r, 0));
}
