/*
 * libc's allocator as the simulator sees it: linked with --wrap, so that
 * what the operator's own code takes after its start is counted.
 */
#include <stdbool.h>
#include <stddef.h>

bool alloc_forbidden;
unsigned long alloc_seen;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
	alloc_seen += alloc_forbidden;
	return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	alloc_seen += alloc_forbidden;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	alloc_seen += alloc_forbidden;
	return __real_realloc(p, n);
}
