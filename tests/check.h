/*
 * The test harness.  A file of tests includes this header and writes
 *
 *	TEST(buf_keeps_its_cap)
 *	{
 *		EXPECT_EQ(buf_append(&b, s), ERR_FULL);
 *	}
 *
 * Each test runs in a process of its own, with the repository's top folder as
 * working directory: it may crash, and what it leaves in static memory is not
 * seen by the next.  A test has 60 seconds.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stddef.h>

#include "base.h"

struct test {
	const char *name;
	const char *file;
	int line;
	void (*run)(void);
	struct test *next;
};

#define TEST(id) \
	static void test_##id(void); \
	__attribute__((constructor)) static void test_add_##id(void) \
	{ \
		static struct test t = { #id, __FILE__, __LINE__, test_##id, \
					 NULL }; \
		test_add(&t); \
	} \
	static void test_##id(void)

/* These go on after a failure; each evaluates its arguments once. */
#define EXPECT(cond) \
	((cond) ? (void)0 : test_fail(__FILE__, __LINE__, "%s", #cond))
/* Integers of any kind; compared and shown as long long. */
#define EXPECT_EQ(a, b) \
	test_eq(__FILE__, __LINE__, #a, #b, (long long)(a), (long long)(b))
/* A struct str against a C string. */
#define EXPECT_STR(a, literal) \
	test_str(__FILE__, __LINE__, #a, (a), (literal))
#define EXPECT_MEM(a, b, n) \
	test_mem(__FILE__, __LINE__, #a, (a), (b), (n))
/* The statement must end its process: a CHECK, a signal, a sanitizer. */
#define EXPECT_CRASH(statement) \
	do { \
		if (test_crash_fork()) { \
			statement; \
			test_crash_survived(); \
		} \
		test_crash_wait(__FILE__, __LINE__, #statement); \
	} while (0)
/* Ends the test when it does not hold: for what the rest stands on. */
#define REQUIRE(cond) \
	((cond) ? (void)0 : test_stop(__FILE__, __LINE__, #cond))

/* main.c */
void test_add(struct test *t);
void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void test_stop(const char *file, int line, const char *what)
	__attribute__((noreturn));
void test_eq(const char *file, int line, const char *a, const char *b,
	     long long got, long long want);
void test_str(const char *file, int line, const char *a, struct str got,
	      const char *want);
void test_mem(const char *file, int line, const char *a, const void *got,
	      const void *want, size_t n);
int test_crash_fork(void);
void test_crash_survived(void) __attribute__((noreturn));
void test_crash_wait(const char *file, int line, const char *what);

/*
 * guard.c
 *
 * Copies whose last (or first) byte borders on a page that cannot be touched,
 * so that reading one byte too far crashes whatever the compiler does.  Not
 * terminated.  They live until guard_reset() or the end of the test; a loop
 * over thousands of inputs calls guard_reset() in each turn.
 */
struct str guard_copy(const void *p, size_t n);
struct str guard_copy_front(const void *p, size_t n);
/* n writable bytes, filled with 0xa5, that end before such a page. */
void *guard_space(size_t n);
void guard_reset(void);
/* A whole file, as guard_copy() has it; ends the test if it cannot be read. */
struct str guard_file(const char *path);

/*
 * golden.c
 *
 * Compares with tests/golden/<name> and shows the first line that differs.
 * `make golden` writes what it got instead.
 */
#define EXPECT_GOLDEN(name, got) \
	golden_expect(__FILE__, __LINE__, (name), (got))
void golden_expect(const char *file, int line, const char *name,
		   struct str got);

#endif
