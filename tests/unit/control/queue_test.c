#include <stdlib.h>

#include "check.h"
#include "control/control_int.h"

#define CAP 64

static struct mem mem;
static struct records records;
static struct queue queue;

static void set_up(int64_t depth)
{
	static struct manager_options o;

	o.queue_depth = depth;
	o.base_delay_ns = 100 * NS_PER_MS;
	o.max_delay_ns = 10 * NS_PER_S;
	mem_init(&mem, io_linux());
	REQUIRE(records_init(&records, &mem, CAP) == 0);
	REQUIRE(queue_init(&queue, &mem, &records, &o, 1) == 0);
}

static uint32_t add(int n)
{
	struct uid uid = { { (uint8_t)n, 1 } };
	char name[4] = { 's', (char)('0' + n / 10), (char)('0' + n % 10), 0 };

	return record_add(&records, &uid, GROUP_MCPDEV, STR("ns"),
	    str_from(name));
}

TEST(queue_takes_each_once_in_order)
{
	uint32_t a, b;

	set_up(CAP);
	a = add(1);
	b = add(2);
	queue_add(&queue, a, false, 0);
	queue_add(&queue, b, false, 0);
	queue_add(&queue, a, false, 0);
	EXPECT_EQ(queue.depth, 2);
	EXPECT_EQ(queue_take(&queue), a);
	EXPECT_EQ(queue_take(&queue), b);
	EXPECT_EQ(queue_take(&queue), RECORD_NONE);
	EXPECT_EQ(queue.depth, 0);
}

TEST(queue_hot_comes_first_and_a_waiting_one_can_become_hot)
{
	uint32_t a, b, c;

	set_up(CAP);
	a = add(1);
	b = add(2);
	c = add(3);
	queue_add(&queue, a, false, 0);
	queue_add(&queue, b, false, 0);
	queue_add(&queue, c, true, 0);
	queue_add(&queue, b, true, 0);
	EXPECT_EQ(queue_take(&queue), c);
	EXPECT_EQ(queue_take(&queue), b);
	EXPECT_EQ(queue_take(&queue), a);
	EXPECT_EQ(queue_take(&queue), RECORD_NONE);
}

TEST(queue_holds_what_is_in_work)
{
	uint32_t a;

	set_up(CAP);
	a = add(1);
	record_at(&records, a)->flags |= RECORD_BUSY;
	queue_add(&queue, a, true, 0);
	EXPECT_EQ(queue_take(&queue), RECORD_NONE);
}

TEST(queue_earlier_time_wins)
{
	uint32_t a;

	set_up(CAP);
	a = add(1);
	queue_at(&queue, a, 500);
	queue_at(&queue, a, 900);
	EXPECT_EQ(queue_next_ns(&queue), 500);
	queue_at(&queue, a, 200);
	EXPECT_EQ(queue_next_ns(&queue), 200);
	queue_wake(&queue, 199);
	EXPECT_EQ(queue_take(&queue), RECORD_NONE);
	queue_wake(&queue, 200);
	EXPECT_EQ(queue_take(&queue), a);
	EXPECT_EQ(queue_next_ns(&queue), TIME_NEVER);
}

TEST(queue_backoff_doubles_up_to_its_cap)
{
	int64_t base = 100 * NS_PER_MS, want = base;
	uint32_t a;
	int i;

	set_up(CAP);
	a = add(1);
	for (i = 0; i < 300; i++) {
		queue_backoff(&queue, a, 0, 0);
		EXPECT(queue_next_ns(&queue) >= want);
		EXPECT(queue_next_ns(&queue) <= want + want / 5);
		if (want < 10 * NS_PER_S)
			want *= 2;
		if (want > 10 * NS_PER_S)
			want = 10 * NS_PER_S;
	}
}

/* Neither an event nor a delay of its own makes it come sooner. */
TEST(queue_waits_as_long_as_it_was_told)
{
	uint32_t a;

	set_up(CAP);
	a = add(1);
	queue_backoff(&queue, a, 4 * NS_PER_S, 1);
	EXPECT(queue_next_ns(&queue) >= 4 * NS_PER_S + 1);
	EXPECT(queue_next_ns(&queue) <= 5 * NS_PER_S);
	queue_add(&queue, a, true, NS_PER_S);
	EXPECT_EQ(queue.depth, 0);
	EXPECT_EQ(queue_next_ns(&queue), 4 * NS_PER_S + 1);
	queue_at(&queue, a, 2 * NS_PER_S);
	queue_wake(&queue, 2 * NS_PER_S);
	EXPECT_EQ(queue_take(&queue), RECORD_NONE);
	queue_wake(&queue, 4 * NS_PER_S + 1);
	EXPECT_EQ(queue_take(&queue), a);
	queue_backoff(&queue, a, 0, 5 * NS_PER_S);
	queue_add(&queue, a, true, 5 * NS_PER_S);
	EXPECT_EQ(queue_take(&queue), a);
}

/* A pod's crash is no reason to ask for what was refused once more. */
TEST(queue_keeps_the_delay_of_what_was_refused)
{
	struct record *r;
	uint32_t a;

	set_up(CAP);
	a = add(1);
	r = record_at(&records, a);
	r->refused_wish = record_wish(&records, r);
	r->refused_counts = record_counts(r);
	queue_backoff(&queue, a, 0, 0);
	EXPECT(queue_holds(&queue, a));
	queue_add(&queue, a, true, 1);
	EXPECT_EQ(queue.depth, 0);
	EXPECT(queue_next_ns(&queue) >= 100 * NS_PER_MS);
	queue_wake(&queue, NS_PER_S);
	EXPECT(!queue_holds(&queue, a));
	EXPECT_EQ(queue_take(&queue), a);
}

/* The status is to tell of its pods, and not at each of their crashes. */
TEST(queue_cuts_the_delay_for_counters_a_little)
{
	struct record *r;
	uint32_t a;
	int n;

	set_up(CAP);
	a = add(1);
	r = record_at(&records, a);
	for (n = 0; n < 12; n++)
		queue_backoff(&queue, a, 0, 0);
	r->refused_wish = record_wish(&records, r);
	r->refused_counts = record_counts(r);
	EXPECT(queue_next_ns(&queue) > 2 * REFUSED_COUNTS_NS);
	r->workload.ready++;
	EXPECT(!queue_holds(&queue, a));
	queue_add(&queue, a, true, NS_PER_S);
	queue_add(&queue, a, true, 2 * NS_PER_S);
	EXPECT_EQ(queue.depth, 0);
	EXPECT_EQ(queue_next_ns(&queue), NS_PER_S + REFUSED_COUNTS_NS);
	queue_wake(&queue, NS_PER_S + REFUSED_COUNTS_NS);
	EXPECT_EQ(queue_take(&queue), a);
}

TEST(queue_cuts_the_delay_when_the_wish_changes)
{
	struct record *r;
	uint32_t a;
	int n;

	set_up(CAP);
	a = add(1);
	r = record_at(&records, a);
	for (n = 0; n < 4; n++) {
		r->refused_wish = record_wish(&records, r);
		r->refused_counts = record_counts(r);
		queue_backoff(&queue, a, 0, 0);
		r->facts += n == 0;
		r->child[CHILD_SERVICE].exists = n == 1;
		r->child[CHILD_DEPLOYMENT].version += n == 2;
		/* Not refused: it was only not to be had. */
		if (n == 3)
			r->refused_wish = 0;
		queue_add(&queue, a, false, 1);
		EXPECT_EQ(queue_take(&queue), a);
	}
}

TEST(queue_over_its_depth_waits_and_loses_nothing)
{
	uint32_t got = 0;
	int i;

	set_up(4);
	for (i = 0; i < 20; i++)
		queue_add(&queue, add(i), false, 0);
	EXPECT_EQ(queue.depth, 4);
	for (i = 0; i < 40; i++) {
		queue_wake(&queue, i * NS_PER_S);
		while (queue_take(&queue) != RECORD_NONE)
			got++;
	}
	EXPECT_EQ(got, 20);
}

TEST(queue_random_operations_keep_the_lists_whole)
{
	bool ready[CAP] = { false };
	uint32_t ids[CAP], n = 0, i;
	struct rng rng;
	int step;

	set_up(CAP);
	rng_seed(&rng, 7);
	for (i = 0; i < CAP; i++)
		ids[i] = add((int)i);
	for (step = 0; step < 20000; step++) {
		i = (uint32_t)rng_below(&rng, CAP);
		switch (rng_below(&rng, 4)) {
		case 0:
		case 1:
			n += !ready[ids[i]];
			ready[ids[i]] = true;
			queue_add(&queue, ids[i], rng_below(&rng, 2), step);
			break;
		case 2:
			i = queue_take(&queue);
			EXPECT_EQ(i == RECORD_NONE, n == 0);
			if (i == RECORD_NONE)
				break;
			EXPECT(ready[i]);
			ready[i] = false;
			n--;
			break;
		default:
			n -= ready[ids[i]];
			ready[ids[i]] = false;
			queue_forget(&queue, ids[i]);
			break;
		}
		EXPECT_EQ(queue.depth, n);
	}
}
