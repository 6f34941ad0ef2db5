/*
 * What the harnesses share.  A harness is fuzz/fuzz_<name>.c; it defines
 * LLVMFuzzerTestOneInput() and asserts a property of one parser with
 * FUZZ_CHECK.  Seeds and past findings are files in fuzz/corpus/<name>/, an
 * optional dictionary is fuzz/dict/<name>.dict.  libFuzzer drives it in
 * `make fuzz`, fuzz/main.c replays the corpus in `make test`.
 *
 * The input lies in a heap block of exactly its size: with ASan, reading past
 * the end is seen.  Inputs longer than FUZZ_MAX are not made.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FUZZ_MAX = 65536 };

#define FUZZ_CHECK(cond) \
	((cond) ? (void)0 : fuzz_die(__FILE__, __LINE__, #cond))

static inline void fuzz_die(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

/* A cursor for harnesses that take choices from the head of their input. */
struct fuzz_input {
	const uint8_t *p;
	size_t n;
};

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
	if (!in->n)
		return 0;
	in->n--;
	return *in->p++;
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
	uint32_t v = fuzz_u8(in);

	v = v << 8 | fuzz_u8(in);
	v = v << 8 | fuzz_u8(in);
	return v << 8 | fuzz_u8(in);
}

/* A number below bound, 0 when bound is 0. */
static inline uint32_t fuzz_below(struct fuzz_input *in, uint32_t bound)
{
	return bound ? fuzz_u32(in) % bound : 0;
}

/* Called with each input; what it does may depend on nothing else. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
