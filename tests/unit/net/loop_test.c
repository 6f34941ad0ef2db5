#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "net.h"

static struct {
	struct fake_io f;
	struct mem mem;
	struct loop l;
	char said[LOOP_TIMERS_MAX];
	size_t n;
} w;

static void world_init(void)
{
	fake_io_init(&w.f);
	mem_init(&w.mem, &w.f.io);
	REQUIRE(loop_init(&w.l, &w.mem, &w.f.io) == 0);
}

static void say(char c)
{
	if (w.n < sizeof(w.said))
		w.said[w.n++] = c;
}

#define EXPECT_SAID(text) \
	do { \
		EXPECT_STR(((struct str){ w.said, w.n }), text); \
		w.n = 0; \
	} while (0)

static void say_it(void *ctx)
{
	say(*(const char *)ctx);
}

static int64_t in_ms(int64_t ms)
{
	return w.f.now_ns + ms * NS_PER_MS;
}

TEST(loop_timers_in_order)
{
	static char names[] = "abcde";
	static const int64_t at_ms[] = { 30, 10, 20, 10, 50 };
	struct timer t[5];

	world_init();
	for (int i = 0; i < 5; i++) {
		timer_init(&t[i], say_it, &names[i]);
		EXPECT(!timer_is_set(&t[i]));
		timer_set(&w.l, &t[i], in_ms(at_ms[i]));
		EXPECT(timer_is_set(&t[i]));
	}
	loop_turn(&w.l, in_ms(5));
	EXPECT_SAID("");
	loop_turn(&w.l, TIME_NEVER);
	EXPECT_SAID("bd");
	EXPECT(!timer_is_set(&t[1]));
	timer_set(&w.l, &t[0], in_ms(90));
	timer_stop(&w.l, &t[4]);
	timer_stop(&w.l, &t[4]);
	loop_turn(&w.l, TIME_NEVER);
	EXPECT_SAID("c");
	loop_turn(&w.l, TIME_NEVER);
	EXPECT_SAID("a");
	EXPECT_EQ(w.l.heap.n, 0);
}

static struct timer again;

static void set_again(void *ctx)
{
	say('x');
	timer_set(ctx, &again, 0);
}

TEST(loop_timer_set_again_waits_its_turn)
{
	world_init();
	timer_init(&again, set_again, &w.l);
	timer_set(&w.l, &again, 0);
	loop_turn(&w.l, in_ms(1));
	EXPECT_SAID("x");
	loop_turn(&w.l, in_ms(1));
	EXPECT_SAID("x");
}

TEST(loop_timer_always_overdue_lets_others_run)
{
	static char x = 'o';
	struct timer other;

	world_init();
	timer_init(&again, set_again, &w.l);
	timer_init(&other, say_it, &x);
	timer_set(&w.l, &again, 0);
	timer_set(&w.l, &other, w.f.now_ns);
	for (int i = 0; i < 3; i++) {
		loop_turn(&w.l, 0);
		w.f.now_ns++;
	}
	EXPECT(memchr(w.said, 'o', w.n));
}

TEST(loop_timers_are_as_many_as_said)
{
	static struct timer t[LOOP_TIMERS_MAX + 1];
	static char x = 'x';

	world_init();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < LOOP_TIMERS_MAX; i++) {
			timer_init(&t[i], say_it, &x);
			timer_set(&w.l, &t[i], in_ms(i % 7));
		}
		for (int i = round; i < LOOP_TIMERS_MAX; i += 2)
			timer_stop(&w.l, &t[i]);
		for (int i = 0; i < LOOP_TIMERS_MAX; i++)
			timer_set(&w.l, &t[i], in_ms(3));
		w.n = 0;
		loop_turn(&w.l, TIME_NEVER);
		EXPECT_EQ(w.n, LOOP_TIMERS_MAX);
	}
	for (int i = 0; i < LOOP_TIMERS_MAX; i++)
		timer_set(&w.l, &t[i], 0);
	timer_init(&t[LOOP_TIMERS_MAX], say_it, &x);
	EXPECT_CRASH(timer_set(&w.l, &t[LOOP_TIMERS_MAX], 0));
}

TEST(loop_work_in_order_once)
{
	static char names[] = "abcd";
	struct work x[4];

	world_init();
	for (int i = 0; i < 4; i++) {
		work_init(&x[i], say_it, &names[i]);
		work_post(&w.l, &x[i]);
		work_post(&w.l, &x[i]);
	}
	work_cancel(&w.l, &x[1]);
	work_cancel(&w.l, &x[1]);
	EXPECT_SAID("");
	loop_turn(&w.l, TIME_NEVER);
	EXPECT_SAID("acd");
	work_post(&w.l, &x[3]);
	work_cancel(&w.l, &x[3]);
	work_post(&w.l, &x[2]);
	loop_turn(&w.l, TIME_NEVER);
	EXPECT_SAID("c");
	EXPECT(!w.l.work_head);
}

static struct work post_x, post_y;

static void posts_itself(void *ctx)
{
	say('p');
	work_post(ctx, &post_x);
	work_cancel(ctx, &post_y);
}

TEST(loop_work_may_post_and_cancel)
{
	static char y = 'y';

	world_init();
	work_init(&post_x, posts_itself, &w.l);
	work_init(&post_y, say_it, &y);
	work_post(&w.l, &post_x);
	work_post(&w.l, &post_y);
	loop_turn(&w.l, TIME_NEVER);
	EXPECT_SAID("p");
	loop_turn(&w.l, TIME_NEVER);
	EXPECT_SAID("p");
}

static int fds[2], reborn;

static void close_both(void *ctx, uint8_t bits)
{
	EXPECT_EQ(bits, IO_READ);
	say('r');
	(void)ctx;
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(loop_watch(&w.l, fds[i], 0, NULL, NULL), 0);
		w.f.io.close(&w.f, fds[i]);
	}
}

static void not_for_me(void *ctx, uint8_t bits)
{
	(void)ctx;
	(void)bits;
	say('!');
}

/* Two are ready at once; the first one's handler closes both. */
TEST(loop_event_of_a_closed_descriptor_is_dropped)
{
	struct net_addr to = { .family = 4, .ip = { 10 }, .port = 1 };

	world_init();
	fake_serve(&w.f, "10.0.0.0", 1, FAKE_ACCEPT);
	for (int i = 0; i < 2; i++) {
		fds[i] = w.f.io.tcp_connect(&w.f, &to);
		REQUIRE(fds[i] >= 0);
		EXPECT_EQ(loop_watch(&w.l, fds[i], IO_READ, close_both, NULL),
			  0);
		fake_send(&w.f, i, 0, STR("x"));
	}
	loop_turn(&w.l, TIME_NEVER);
	EXPECT_SAID("r");
	EXPECT_EQ(fake_open_fds(&w.f), 0);
}

static void replace(void *ctx, uint8_t bits)
{
	struct net_addr to = { .family = 4, .ip = { 10 }, .port = 1 };

	close_both(ctx, bits);
	reborn = w.f.io.tcp_connect(&w.f, &to);
	EXPECT_EQ(loop_watch(&w.l, reborn, IO_READ, not_for_me, NULL), 0);
}

/* The same, and the freed slot is taken by a new one in the same turn. */
TEST(loop_event_is_not_for_the_next_in_its_slot)
{
	struct net_addr to = { .family = 4, .ip = { 10 }, .port = 1 };

	world_init();
	fake_serve(&w.f, "10.0.0.0", 1, FAKE_ACCEPT);
	for (int i = 0; i < 2; i++) {
		fds[i] = w.f.io.tcp_connect(&w.f, &to);
		EXPECT_EQ(loop_watch(&w.l, fds[i], IO_READ, replace, NULL),
			  0);
		fake_send(&w.f, i, 0, STR("x"));
	}
	loop_turn(&w.l, TIME_NEVER);
	EXPECT_SAID("r");
	EXPECT_EQ(w.l.slots_n, 2);
	fake_send(&w.f, 2, 0, STR("x"));
	loop_turn(&w.l, TIME_NEVER);
	EXPECT_SAID("!");
}

/* A seam that watches anything and never has events. */
static int watch_any(void *ctx, int fd, uint8_t bits, uint64_t tag)
{
	(void)ctx, (void)fd, (void)bits, (void)tag;
	return 0;
}

TEST(loop_has_so_many_descriptors)
{
	world_init();
	w.f.io.watch = watch_any;
	for (int i = 0; i < LOOP_FDS_MAX; i++)
		EXPECT_EQ(loop_watch(&w.l, 1000 + i, IO_READ, not_for_me,
				     NULL), 0);
	EXPECT_EQ(loop_watch(&w.l, 5, IO_READ, not_for_me, NULL), ERR_FULL);
	EXPECT_EQ(loop_watch(&w.l, 1000, IO_WRITE, not_for_me, NULL), 0);
	EXPECT_EQ(loop_watch(&w.l, 1007, 0, NULL, NULL), 0);
	EXPECT_EQ(loop_watch(&w.l, 5, IO_READ, not_for_me, NULL), 0);
	EXPECT_EQ(w.l.slots_n, LOOP_FDS_MAX);
	EXPECT_EQ(loop_watch(&w.l, 4, 0, NULL, NULL), 0);
}

static void stop_it(void *ctx)
{
	say('s');
	loop_stop(ctx);
}

TEST(loop_run_ends)
{
	struct timer t;

	world_init();
	timer_init(&t, stop_it, &w.l);
	timer_set(&w.l, &t, in_ms(1));
	EXPECT_EQ(loop_run(&w.l), 0);
	EXPECT_SAID("s");
	timer_set(&w.l, &t, in_ms(1));
	w.f.signals = IO_SIGNAL_HUP;
	EXPECT_EQ(loop_run(&w.l), IO_SIGNAL_HUP);
	loop_stop(&w.l);
	EXPECT_EQ(loop_run(&w.l), 0);
}

static void take_5_ms(void *ctx)
{
	(void)ctx;
	w.f.now_ns += 5 * NS_PER_MS;
}

TEST(loop_measures_its_turns)
{
	struct timer t;

	world_init();
	timer_init(&t, take_5_ms, NULL);
	timer_set(&w.l, &t, in_ms(100));
	loop_turn(&w.l, TIME_NEVER);
	loop_turn(&w.l, in_ms(1));
	EXPECT_EQ(w.l.turns, 2);
	/* 4096 < 5000 <= 8192; the wait does not count. */
	EXPECT_EQ(w.l.latency[13], 1);
	EXPECT_EQ(w.l.latency[0], 1);
}

TEST(loop_needs_memory)
{
	for (unsigned i = 1; i <= 6; i++) {
		fake_io_init(&w.f);
		mem_init(&w.mem, &w.f.io);
		w.mem.fail_after = i;
		EXPECT_EQ(loop_init(&w.l, &w.mem, &w.f.io), ERR_FULL);
	}
}
