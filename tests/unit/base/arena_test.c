#include <string.h>

#include "check.h"

static _Alignas(16) char mem[256];

TEST(arena_aligns_and_zeroes)
{
	struct arena a;
	char *c;
	uint64_t *v;

	memset(mem, 0xff, sizeof(mem));
	arena_init(&a, mem, sizeof(mem));
	c = arena_new(&a, char);
	v = arena_array(&a, uint64_t, 3);
	REQUIRE(c && v);
	EXPECT_EQ(*c, 0);
	EXPECT_EQ((uintptr_t)v % _Alignof(uint64_t), 0);
	EXPECT_EQ(v[0] | v[1] | v[2], 0);
	EXPECT_EQ(a.n, 32);
	EXPECT_CRASH(arena_alloc(&a, 1, 3));
	EXPECT_CRASH(arena_alloc(&a, 1, 0));
}

TEST(arena_aligns_addresses_not_offsets)
{
	struct arena a;
	void *p;

	arena_init(&a, mem + 1, 100);
	p = arena_alloc(&a, 8, 16);
	REQUIRE(p);
	EXPECT_EQ((uintptr_t)p % 16, 0);
}

TEST(arena_over_sticks_until_a_reset)
{
	struct arena a;
	size_t mark;

	arena_init(&a, mem, 64);
	REQUIRE(arena_alloc(&a, 40, 8));
	mark = arena_mark(&a);
	EXPECT(arena_alloc(&a, 25, 1) == NULL);
	EXPECT(a.over);
	EXPECT(arena_alloc(&a, 1, 1) == NULL);
	EXPECT_EQ(a.n, 40);
	arena_reset(&a, mark);
	EXPECT(!a.over);
	EXPECT(arena_alloc(&a, 24, 1) != NULL);
	EXPECT(!a.over);
	EXPECT(arena_alloc(&a, 0, 1) != NULL);
	EXPECT_EQ(a.high, 64);
	arena_reset(&a, 0);
	EXPECT_EQ(a.high, 64);
	EXPECT_CRASH(arena_reset(&a, 1));
}

/* Who tries something and takes it back says nothing of what was cut before. */
TEST(arena_over_is_part_of_a_mark)
{
	struct arena a;
	size_t mark;

	arena_init(&a, mem, 64);
	EXPECT(arena_alloc(&a, 65, 1) == NULL);
	mark = arena_mark(&a);
	EXPECT(arena_alloc(&a, 1, 1) == NULL);
	arena_reset(&a, mark);
	EXPECT(a.over);
	EXPECT(arena_alloc(&a, 1, 1) == NULL);
	EXPECT_EQ(a.n, 0);
	arena_reset(&a, 0);
	EXPECT(arena_alloc(&a, 64, 1) != NULL);
}

TEST(arena_arrays_do_not_wrap)
{
	struct arena a;

	arena_init(&a, mem, sizeof(mem));
	EXPECT(arena_alloc_array(&a, SIZE_MAX / 2, 4, 4) == NULL);
	EXPECT(a.over);
	arena_reset(&a, 0);
	EXPECT(arena_alloc(&a, SIZE_MAX, 8) == NULL);
	EXPECT(a.over);
}

TEST(arena_copies_text)
{
	struct arena a;
	struct str s;

	arena_init(&a, mem, 8);
	s = arena_str(&a, STR("hello"));
	EXPECT_STR(s, "hello");
	s = arena_str(&a, STR_NONE);
	EXPECT(!s.p && !s.n && !a.over);
	s = arena_str(&a, STR("four"));
	EXPECT(!s.p && !s.n && a.over);
}

TEST(arena_lends_its_rest)
{
	struct arena a;
	struct buf b;
	struct str s;

	arena_init(&a, mem, 16);
	arena_str(&a, STR("1234"));
	b = arena_buf(&a);
	EXPECT_EQ(b.cap, 12);
	buf_cstr(&b, "text");
	s = arena_keep(&a, &b);
	EXPECT_STR(s, "text");
	EXPECT_EQ(a.n, 8);
	EXPECT_EQ(a.high, 8);

	b = arena_buf(&a);
	buf_cstr(&b, "far too long");
	s = arena_keep(&a, &b);
	EXPECT(!s.p && !s.n && a.over);
	EXPECT_EQ(a.n, 8);
	b = arena_buf(&a);
	EXPECT(b.over);

	arena_reset(&a, 0);
	b = arena_buf(&a);
	arena_new(&a, char);
	EXPECT_CRASH(arena_keep(&a, &b));
}

#ifdef __SANITIZE_ADDRESS__
TEST(arena_poisons_what_it_has_not_given)
{
	struct arena a;
	volatile char *c;

	arena_init(&a, mem, 64);
	c = arena_alloc(&a, 13, 1);
	REQUIRE(c);
	c[12] = 1;
	EXPECT_CRASH(c[13] = 1);
	arena_reset(&a, 5);
	c[4] = 1;
	EXPECT_CRASH(c[5] = 1);
}
#endif
