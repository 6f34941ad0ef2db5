#include "base_int.h"

/*
 * Packed relative relocations (DT_RELR of the generic ABI), which the musl
 * that we build with does not know: 1 bit a pointer instead of three words
 * make a tenth of the file. An even entry is the address of a pointer; an
 * odd one has a bit, from the second up, for each of the words behind it.
 */
enum { BITS = 8 * sizeof(size_t) - 1, DT_RELR_SIZE = 35, DT_RELR };

static void relocate(char *image, const size_t *table, size_t n)
{
	size_t *at = (size_t *)(void *)image;

	for (; n > 0; n--, table++) {
		size_t entry = *table, i;

		if (entry & 1) {
			for (i = 0; entry >>= 1; i++)
				if (entry & 1)
					at[i] += (size_t)image;
			at += BITS;
		} else {
			at = (size_t *)(void *)(image + entry);
			*at++ += (size_t)image;
		}
	}
}

void start_relocate(char *image, const size_t *dynamic)
{
	size_t table = 0, size = 0;

	for (; dynamic[0]; dynamic += 2) {
		if (dynamic[0] == DT_RELR)
			table = dynamic[1];
		else if (dynamic[0] == DT_RELR_SIZE)
			size = dynamic[1];
	}
	relocate(image, (size_t *)(void *)(image + table),
	    size / sizeof(size_t));
}

/*
 * Where a release binary starts: before libc, which looks at its pointers.
 * Nothing may be called or read here that has to be relocated first.
 */
#ifdef START_OWN
#define START "start_own"
#include <crt_arch.h>

#define HIDDEN __attribute__((visibility("hidden")))
extern HIDDEN char __ehdr_start[];	/* by the linker: the image */
HIDDEN _Noreturn void _start_c(size_t *stack, size_t *dynamic);	/* libc */
HIDDEN _Noreturn void start_own_c(size_t *stack, size_t *dynamic);

_Noreturn void start_own_c(size_t *stack, size_t *dynamic)
{
	start_relocate(__ehdr_start, dynamic);
	_start_c(stack, dynamic);
}
#endif
