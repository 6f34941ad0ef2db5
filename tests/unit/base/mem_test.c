#include <string.h>

#include "check.h"

TEST(mem_reserves_zeroes_until_sealed)
{
	struct mem m;
	char *p;

	mem_init(&m, io_linux());
	p = mem_reserve(&m, "first", 3, 1000);
	REQUIRE(p);
	EXPECT_EQ((uintptr_t)p % 4096, 0);
	for (size_t i = 0; i < 4096; i++)
		EXPECT_EQ(p[i], 0);
	EXPECT(mem_reserve(&m, "empty", 0, 8) != NULL);
	EXPECT_EQ(m.count, 2);
	EXPECT_EQ(m.total, 8192);
	mem_seal(&m);
	EXPECT_CRASH(mem_reserve(&m, "late", 1, 1));
	mem_free_all(&m);
	EXPECT_EQ(m.count, 0);
}

TEST(mem_reservations_fail_without_crashing)
{
	struct mem m;

	mem_init(&m, io_linux());
	EXPECT(mem_reserve(&m, "wraps", SIZE_MAX / 2, 3) == NULL);
	EXPECT(mem_reserve(&m, "huge", SIZE_MAX / 4, 2) == NULL);
	EXPECT_EQ(m.count, 0);
	m.fail_after = 2;
	EXPECT(mem_reserve(&m, "a", 1, 1) != NULL);
	EXPECT(mem_reserve(&m, "b", 1, 1) == NULL);
	EXPECT(mem_reserve(&m, "c", 1, 1) != NULL);
	EXPECT_EQ(m.count, 2);
	mem_free_all(&m);
}

TEST(mem_prints_its_table)
{
	char text[1000];
	size_t high = 123;
	struct mem m;
	struct buf b;
	void *p;

	mem_init(&m, io_linux());
	p = mem_reserve(&m, "records", 2, 4096);
	mem_reserve(&m, "tokens of the parser", 1, 100);
	mem_watch(&m, p, &high);
	EXPECT_CRASH(mem_watch(&m, text, &high));
	buf_init(&b, text, sizeof(text));
	mem_table(&m, &b);
	EXPECT_STR(buf_view(&b),
	    "region                       bytes          high\n"
	    "records                       8192           123\n"
	    "tokens of the parser          4096             -\n"
	    "total                        12288\n");
	mem_free_all(&m);
}

TEST(mem_trims_whole_pages_only)
{
	struct mem m;
	char *p;

	mem_init(&m, io_linux());
	p = mem_reserve(&m, "r", 4, 4096);
	REQUIRE(p);
	memset(p, 1, 4 * 4096);
	mem_trim(&m, p + 100, 2 * 4096);
	EXPECT_EQ(p[4095], 1);
	EXPECT_EQ(p[4096], 0);
	EXPECT_EQ(p[8191], 0);
	EXPECT_EQ(p[8192], 1);
	mem_trim(&m, p + 8193, 4096);
	EXPECT_EQ(p[8192], 1);
	EXPECT_EQ(p[3 * 4096], 1);
	mem_free_all(&m);
}

static _Alignas(16) char scratch_mem[1024];
static struct arena arena;

static void scratch_open(size_t cap)
{
	arena_init(&arena, scratch_mem, cap);
	scratch_begin(&arena);
}

TEST(scratch_exists_only_in_its_scope)
{
	EXPECT_CRASH(scratch_malloc(1));
	EXPECT_CRASH(scratch_end());
	scratch_free(NULL);
	scratch_open(1024);
	EXPECT_CRASH(scratch_begin(&arena));
	EXPECT(scratch_malloc(1) != NULL);
	scratch_end();
	EXPECT_EQ(arena.n, 0);
	EXPECT(arena.high > 0);
	EXPECT_CRASH(scratch_malloc(1));
}

TEST(scratch_gives_null_over_its_cap_and_then_less)
{
	char *p;

	scratch_open(64);
	EXPECT(scratch_malloc(49) == NULL);
	EXPECT(scratch_malloc(SIZE_MAX) == NULL);
	p = scratch_malloc(48);
	REQUIRE(p);
	EXPECT_EQ((uintptr_t)p % 16, 0);
	EXPECT(scratch_malloc(0) == NULL);
	EXPECT(scratch_realloc(p, SIZE_MAX) == NULL);
	scratch_end();
}

TEST(scratch_grows_the_top_in_place)
{
	char *p, *q;

	scratch_open(1024);
	p = scratch_malloc(5);
	memcpy(p, "hello", 5);
	q = scratch_realloc(p, 300);
	EXPECT(q == p);
	EXPECT_MEM(q, "hello", 5);
	memset(q, 'x', 300);
	EXPECT(scratch_realloc(q, 10) == q);
	EXPECT(scratch_realloc(q, 5000) == NULL);
	EXPECT_EQ(q[299], 'x');
	scratch_end();
}

TEST(scratch_moves_a_block_below_the_top)
{
	char *p, *q, *r;

	scratch_open(1024);
	p = scratch_realloc(NULL, 16);
	REQUIRE(p);
	memcpy(p, "0123456789abcdef", 16);
	q = scratch_strdup("other");
	REQUIRE(q);
	r = scratch_realloc(p, 17);
	REQUIRE(r);
	EXPECT(r != p && r > q);
	EXPECT_MEM(r, "0123456789abcdef", 16);
	EXPECT(!strcmp(q, "other"));
	scratch_end();
}

TEST(scratch_uses_again_what_was_freed)
{
	char *p, *q;

	scratch_open(1024);
	p = scratch_malloc(100);
	q = scratch_malloc(100);
	scratch_free(q);
	EXPECT(scratch_malloc(90) == q);
	memset(p, 'x', 100);
	scratch_free(p);
	EXPECT(scratch_malloc(113) > (void *)q);
	EXPECT(scratch_malloc(100) == p);
	EXPECT(p[0] == 0 && p[99] == 0);
	EXPECT(scratch_malloc(100) > (void *)q);
	EXPECT_CRASH(scratch_free(scratch_mem + 1000));
	EXPECT_CRASH(scratch_free(&p));
	scratch_end();
}
