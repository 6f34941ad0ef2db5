/*
 * Memory for a fake_io straight from the system, for harnesses that reserve
 * megabytes a run and touch few of their pages.
 */
#ifndef PAGES_H
#define PAGES_H

#include <sys/mman.h>
#include <unistd.h>

#include "fake_io.h"
#include "fuzz.h"

static inline void *pages_map(void *ctx, size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)ctx;
	return p == MAP_FAILED ? NULL : p;
}

static inline void pages_unmap(void *ctx, void *p, size_t n)
{
	(void)ctx;
	FUZZ_CHECK(munmap(p, n) == 0);
}

/* Whole ones only, as the system's side does it. */
static inline void pages_trim(void *ctx, void *p, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t skip = (0 - (uintptr_t)p) & (page - 1);

	(void)ctx;
	if (n < skip + page)
		return;
	n = (n - skip) & ~(page - 1);
	FUZZ_CHECK(madvise((char *)p + skip, n, MADV_DONTNEED) == 0);
}

static inline void pages_use(struct fake_io *f)
{
	f->io.map = pages_map;
	f->io.unmap = pages_unmap;
	f->io.trim = pages_trim;
}

#endif
