#ifndef BASE_INT_H
#define BASE_INT_H

#include <stdarg.h>

#include "base.h"

/*
 * Poisoning by hand: AddressSanitizer knows nothing of what lies inside our
 * regions. Without it these are nothing.
 */
#if defined(__SANITIZE_ADDRESS__)
#define BASE_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BASE_ASAN
#endif
#endif
#ifdef BASE_ASAN
#include <sanitizer/asan_interface.h>
/*
 * Not on the stack: gcc leaves our poison there when a function returns, for
 * the next one to step on. Frames of callers lie above our own.
 */
static inline void mem_poison(const void *p, size_t n)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);

	if ((uintptr_t)p - frame >= (uintptr_t)64 << 20)
		__asan_poison_memory_region(p, n);
}
#define mem_unpoison(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define mem_poison(p, n) ((void)(p), (void)(n))
#define mem_unpoison(p, n) ((void)(p), (void)(n))
#endif
/* Who still reads what was given back shall not find it as it was. */
#if defined(BASE_ASAN) || defined(BASE_SCRUB)
#define mem_scrub(p, n) \
	(mem_unpoison((p), (n)), (void)memset((p), 0xdb, (n)))
#else
#define mem_scrub(p, n) ((void)(p), (void)(n))
#endif

/* io_linux.c */

/* Writes to descriptor 2 and aborts, whatever state we are in. */
_Noreturn void io_linux_die(const char *p, size_t n);

/* start.c */

/*
 * Adds the image's address to each of its pointers that the packed relative
 * relocations name; `dynamic`: pairs of words, tag and value, that end with
 * a tag of 0.
 */
void start_relocate(char *image, const size_t *dynamic);

#endif
