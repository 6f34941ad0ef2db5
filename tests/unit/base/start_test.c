#include "base/base_int.h"
#include "check.h"

enum { BITS = 8 * sizeof(size_t) - 1, WORDS = 3 * BITS };

static size_t image[WORDS + 8];

/* The table lies behind the words; true: only those of the list moved. */
static bool moved(const size_t *table, size_t n, const size_t *list,
    size_t count)
{
	const size_t dynamic[] = {
		5, 77, 36, WORDS * sizeof(size_t), 35, n * sizeof(size_t),
		0, 36
	};
	bool same = true;
	size_t i, j;

	for (i = 0; i < WORDS; i++)
		image[i] = i;
	for (i = 0; i < n; i++)
		image[WORDS + i] = table[i];
	start_relocate((char *)image, dynamic);
	for (i = j = 0; i < WORDS; i++) {
		bool is = j < count && list[j] == i;

		same = same && image[i] == i + (is ? (size_t)image : 0);
		j += is;
	}
	return same && j == count;
}

TEST(start_relocates_what_the_table_names)
{
	const size_t word = sizeof(size_t);
	const size_t last = (size_t)1 << BITS;

	EXPECT(moved(NULL, 0, NULL, 0));
	EXPECT(moved((size_t[]){ 3 * word }, 1, (size_t[]){ 3 }, 1));
	EXPECT(moved((size_t[]){ word, 5 * word }, 2,
	    (size_t[]){ 1, 5 }, 2));
	/* Bits stand for the words behind. */
	EXPECT(moved((size_t[]){ 2 * word, 1 }, 2, (size_t[]){ 2 }, 1));
	EXPECT(moved((size_t[]){ 2 * word, 1 | 1 << 1 | 1 << 3 | last }, 2,
	    (size_t[]){ 2, 3, 5, 2 + BITS }, 4));
	/* And the next ones for those behind these. */
	EXPECT(moved((size_t[]){ 0, 1 | last, 1 | 1 << 1, 2 * BITS * word + 8
	    * word }, 4, (size_t[]){ 0, BITS, BITS + 1, 2 * BITS + 8 }, 4));
	EXPECT(moved((size_t[]){ 0, 1, 1 | 1 << 2 }, 3,
	    (size_t[]){ 0, BITS + 2 }, 2));
}

TEST(start_relocates_nothing_without_a_table)
{
	image[0] = 1;
	start_relocate((char *)image, (size_t[]){ 5, 0, 0, 0 });
	EXPECT_EQ(image[0], 1);
}
