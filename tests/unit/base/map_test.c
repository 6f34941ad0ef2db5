#include <string.h>

#include "check.h"

static struct map_cell cells[1024];

static bool same_value(const void *ctx, uint32_t value, const void *key)
{
	const uint32_t *k = key;

	(void)ctx;
	return value == *k;
}

static uint32_t get(const struct map *m, uint64_t hash, uint32_t key)
{
	return map_get(m, hash, same_value, NULL, &key);
}

TEST(map_finds_by_hash_and_key)
{
	struct map m;

	memset(cells, 0xff, sizeof(cells));
	map_init(&m, cells, 8);
	EXPECT_EQ(get(&m, 5, 1), MAP_NONE);
	EXPECT_EQ(map_put(&m, 5, 1), 0);
	EXPECT_EQ(map_put(&m, 5, 2), 0);
	EXPECT_EQ(map_put(&m, 13, 3), 0);
	EXPECT_EQ(get(&m, 5, 1), 1);
	EXPECT_EQ(get(&m, 5, 2), 2);
	EXPECT_EQ(get(&m, 13, 3), 3);
	EXPECT_EQ(get(&m, 13, 1), MAP_NONE);
	map_del(&m, 5, 1);
	EXPECT_EQ(get(&m, 5, 1), MAP_NONE);
	EXPECT_EQ(get(&m, 5, 2), 2);
	EXPECT_EQ(get(&m, 13, 3), 3);
	EXPECT_CRASH(map_del(&m, 5, 1));
	EXPECT_CRASH(map_del(&m, 6, 2));
}

TEST(map_is_full_at_three_quarters)
{
	struct map m;

	map_init(&m, cells, 8);
	for (uint32_t i = 0; i < 6; i++)
		EXPECT_EQ(map_put(&m, 7, i), 0);
	EXPECT_EQ(map_put(&m, 7, 6), ERR_FULL);
	EXPECT_EQ(get(&m, 7, 6), MAP_NONE);
	map_del(&m, 7, 0);
	EXPECT_EQ(map_put(&m, 7, 6), 0);
	EXPECT_EQ(get(&m, 7, 6), 6);
}

TEST(map_cap_holds_what_was_asked)
{
	EXPECT_EQ(map_cap_for(0), 4);
	EXPECT_EQ(map_cap_for(3), 4);
	EXPECT_EQ(map_cap_for(4), 8);
	EXPECT_EQ(map_cap_for(6), 8);
	EXPECT_EQ(map_cap_for(7), 16);
	EXPECT_EQ(map_cap_for(10000), 16384);
	for (uint32_t most = 1; most < 2000; most++) {
		uint32_t cap = map_cap_for(most);

		EXPECT(cap - cap / 4 >= most);
		EXPECT(cap == 4 || cap / 2 - cap / 8 < most);
	}
}

TEST(map_refuses_a_cap_that_is_no_power_of_two)
{
	struct map m;

	EXPECT_CRASH(map_init(&m, cells, 2));
	EXPECT_CRASH(map_init(&m, cells, 12));
	EXPECT_CRASH(map_init(&m, cells, 0));
}

/* Against a plain list, with few distinct hashes so that chains are long. */
TEST(map_agrees_with_a_list_under_churn)
{
	enum { KEYS = 700 };
	static uint64_t hash[KEYS];
	static bool in[KEYS];
	struct map m;
	struct rng r;

	rng_seed(&r, 1);
	map_init(&m, cells, 1024);
	for (uint32_t i = 0; i < KEYS; i++)
		hash[i] = rng_below(&r, 300) * 1019;
	for (int turn = 0; turn < 20000; turn++) {
		uint32_t k = (uint32_t)rng_below(&r, KEYS);

		if (in[k])
			map_del(&m, hash[k], k);
		else
			EXPECT_EQ(map_put(&m, hash[k], k), 0);
		in[k] = !in[k];
		if (turn % 100 == 0)
			for (uint32_t i = 0; i < KEYS; i++)
				EXPECT_EQ(get(&m, hash[i], i),
				    in[i] ? i : MAP_NONE);
	}
}
