/*
 * Runs every test, or those whose "file:name" contains one of the arguments.
 * The last line is "N passed, N failed".  With CHECK_NOFORK set the tests run
 * in this process, for a debugger.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "hang.h"

enum { TEST_SECONDS = 60, SHOWN_BYTES = 200, FAILURES_SHOWN = 20 };

static struct test *tests;
static const struct test *current;
/* Shared with the children. */
static int *failures;

static int test_order(const struct test *a, const struct test *b)
{
	int c = strcmp(a->file, b->file);

	return c ? c : a->line - b->line;
}

void test_add(struct test *t)
{
	struct test **at = &tests;

	while (*at && test_order(*at, t) < 0)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	if (++*failures > FAILURES_SHOWN)
		return;
	fprintf(stderr, "%s:%d: %s: ", file, line, current->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void test_end(void)
{
	fflush(stdout);
	fflush(stderr);
	_exit(0);
}

void test_stop(const char *file, int line, const char *what)
{
	test_fail(file, line, "%s", what);
	test_end();
	abort();
}

void test_eq(const char *file, int line, const char *a, const char *b,
	     long long got, long long want)
{
	if (got != want)
		test_fail(file, line, "%s is %lld, not %s (%lld)", a, got, b,
			  want);
}

/* Quoted and escaped, cut when long. */
static const char *shown(char out[static 4 * SHOWN_BYTES + 8], const void *p,
			 size_t n)
{
	const unsigned char *s = p;
	char *o = out;
	size_t i;

	*o++ = '"';
	for (i = 0; i < n && i < SHOWN_BYTES; i++) {
		if (s[i] == '\n')
			o += sprintf(o, "\\n");
		else if (s[i] == '"' || s[i] == '\\')
			o += sprintf(o, "\\%c", s[i]);
		else if (s[i] < 0x20 || s[i] > 0x7e)
			o += sprintf(o, "\\x%02x", s[i]);
		else
			*o++ = (char)s[i];
	}
	strcpy(o, i < n ? "\"..." : "\"");
	return out;
}

void test_str(const char *file, int line, const char *a, struct str got,
	      const char *want)
{
	char x[4 * SHOWN_BYTES + 8], y[4 * SHOWN_BYTES + 8];
	size_t n = strlen(want);

	if (got.n != n || (n && memcmp(got.p, want, n)))
		test_fail(file, line, "%s is %s (%zu bytes), not %s (%zu)", a,
			  shown(x, got.p, got.n), got.n, shown(y, want, n), n);
}

void test_mem(const char *file, int line, const char *a, const void *got,
	      const void *want, size_t n)
{
	const unsigned char *g = got, *w = want;
	size_t i;

	for (i = 0; i < n && g[i] == w[i]; i++)
		;
	if (i < n)
		test_fail(file, line, "%s: byte %zu of %zu is 0x%02x, not "
			  "0x%02x", a, i, n, g[i], w[i]);
}

static pid_t test_fork(void)
{
	pid_t pid;

	fflush(stdout);
	fflush(stderr);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(111);
	}
	return pid;
}

enum { SURVIVED = 77 };
static pid_t crash_pid;

int test_crash_fork(void)
{
	crash_pid = test_fork();
	if (crash_pid)
		return 0;
	hang_limit(10);
	return freopen("/dev/null", "w", stderr) != NULL;
}

void test_crash_survived(void)
{
	_exit(SURVIVED);
}

void test_crash_wait(const char *file, int line, const char *what)
{
	int status;

	waitpid(crash_pid, &status, 0);
	if (hung(status))
		test_fail(file, line, "hangs: %s", what);
	else if (WIFEXITED(status) && (WEXITSTATUS(status) == SURVIVED ||
				       WEXITSTATUS(status) == 0))
		test_fail(file, line, "does not crash: %s", what);
}

static void test_wait(const struct test *t, pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	if (hung(status))
		test_fail(t->file, t->line, "more than %d seconds",
			  TEST_SECONDS);
	else if (WIFSIGNALED(status))
		test_fail(t->file, t->line, "killed by signal %d (%s)",
			  WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		test_fail(t->file, t->line, "exit code %d",
			  WEXITSTATUS(status));
}

static int test_run(const struct test *t, int forking)
{
	pid_t pid;

	*failures = 0;
	current = t;
	if (!forking) {
		t->run();
		return *failures;
	}
	pid = test_fork();
	if (!pid) {
		hang_limit(TEST_SECONDS);
		t->run();
		test_end();
	}
	test_wait(t, pid);
	return *failures;
}

static int test_wanted(const struct test *t, int argc, char **argv)
{
	char name[512];
	int i;

	snprintf(name, sizeof(name), "%s:%s", t->file, t->name);
	for (i = 1; i < argc; i++)
		if (strstr(name, argv[i]))
			return 1;
	return argc < 2;
}

int main(int argc, char **argv)
{
	int forking = !getenv("CHECK_NOFORK");
	int passed = 0, failed = 0;
	const struct test *t;

	failures = mmap(NULL, sizeof(*failures), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (failures == MAP_FAILED) {
		perror("mmap");
		return 111;
	}
	for (t = tests; t; t = t->next) {
		if (!test_wanted(t, argc, argv))
			continue;
		if (test_run(t, forking))
			failed++;
		else
			passed++;
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
