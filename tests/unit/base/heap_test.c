#include <string.h>

#include "check.h"

enum { CAP = 200 };
static struct heap_item items[CAP];
static uint32_t pos[CAP];

TEST(heap_has_its_least_first)
{
	struct heap h;

	memset(pos, 0xff, sizeof(pos));
	heap_init(&h, items, pos, CAP);
	EXPECT(heap_min(&h) == NULL);
	EXPECT(!heap_has(&h, 3));
	heap_set(&h, 3, 30);
	heap_set(&h, 1, 10);
	heap_set(&h, 2, 20);
	EXPECT_EQ(heap_min(&h)->id, 1);
	heap_set(&h, 1, 40);
	EXPECT_EQ(heap_min(&h)->id, 2);
	heap_del(&h, 2);
	heap_del(&h, 2);
	EXPECT(!heap_has(&h, 2));
	EXPECT_EQ(heap_min(&h)->id, 3);
	EXPECT_EQ(heap_min(&h)->at_ns, 30);
	heap_set(&h, 0, 30);
	EXPECT_EQ(heap_min(&h)->id, 0);
	EXPECT_EQ(h.n, 3);
	EXPECT_CRASH(heap_set(&h, CAP, 1));
	EXPECT_CRASH(heap_del(&h, CAP));
}

TEST(heap_takes_the_ends_of_time)
{
	struct heap h;

	heap_init(&h, items, pos, CAP);
	heap_set(&h, 0, TIME_NEVER);
	heap_set(&h, 1, INT64_MIN);
	EXPECT_EQ(heap_min(&h)->id, 1);
	heap_del(&h, 1);
	EXPECT_EQ(heap_min(&h)->id, 0);
}

TEST(heap_agrees_with_a_list_under_churn)
{
	static int64_t at[CAP];
	static bool in[CAP];
	struct heap h;
	struct rng r;

	heap_init(&h, items, pos, CAP);
	rng_seed(&r, 2);
	for (int turn = 0; turn < 20000; turn++) {
		uint32_t id = (uint32_t)rng_below(&r, CAP), best = CAP;

		if (rng_below(&r, 3) == 0) {
			heap_del(&h, id);
			in[id] = false;
		} else {
			at[id] = (int64_t)rng_below(&r, 100);
			in[id] = true;
			heap_set(&h, id, at[id]);
		}
		for (uint32_t i = 0; i < CAP; i++) {
			EXPECT_EQ(heap_has(&h, i), in[i]);
			if (in[i] && (best == CAP || at[i] < at[best]))
				best = i;
		}
		if (best == CAP)
			EXPECT(heap_min(&h) == NULL);
		else
			EXPECT_EQ(heap_min(&h)->id, best);
	}
}
