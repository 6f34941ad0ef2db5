#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults/refuse.h"

enum { OUT = 1 << 17 };

static char out[OUT], want[OUT];
static size_t out_n;
static struct inject_path hit;

void out_put(struct str s)
{
	REQUIRE(s.n <= OUT - out_n);
	if (s.n)
		memcpy(out + out_n, s.p, s.n);
	out_n += s.n;
}

static enum inject_kind kind;

static int once(const struct task *x, uint64_t at)
{
	struct inject how = { kind, at };
	int err;

	out_n = 0;
	inject_arm(&how, NULL, &hit);
	err = x->act(x->arg);
	inject_stop();
	return err;
}

/* Shared with the processes in which it happens. */
static struct tally {
	uint64_t at, told, proved;
} *tally;

enum { PROVED = 77 };

_Noreturn void __real_check_failed(const char *file, int line,
    const char *what);
_Noreturn void __wrap_check_failed(const char *file, int line,
    const char *what);

/* Where a CHECK says that there is always room, ending is right. */
_Noreturn void __wrap_check_failed(const char *file, int line,
    const char *what)
{
	if (!tally || !strstr(what, "over"))
		__real_check_failed(file, line, what);
	tally->proved++;
	_exit(PROVED);
}

static bool may_fail(const struct task *x)
{
	return !x->recovers && (kind == INJECT_FULL || kind == INJECT_ERROR);
}

/* So many in one process, before the next begins as the first did. */
enum { BATCH = 100 };

/* From tally->at on, until a CHECK or the end. */
static void refuse_some(const struct task *x, uint64_t n, size_t want_n)
{
	for (int i = 0; i < BATCH && tally->at < n; i++, tally->at++) {
		int err = once(x, tally->at);

		tally->told += err < 0;
		if ((err < 0 && may_fail(x)) || (!err && out_n == want_n &&
		    !memcmp(out, want, out_n)))
			continue;
		test_fail(__FILE__, __LINE__, "%s: call %llu refused: %d, "
		    "%zu bytes, not %zu", x->name,
		    (unsigned long long)tally->at, err, out_n, want_n);
		inject_print(&hit);
	}
	/* And once more with nothing refused. */
	EXPECT_EQ(once(x, INJECT_NEVER), 0);
	EXPECT(out_n == want_n && !memcmp(out, want, out_n));
}

void each_wrong(const struct task *x, enum inject_kind how)
{
	uint64_t n;
	int status;

	kind = how;
	REQUIRE(once(x, INJECT_NEVER) == 0);
	n = inject_calls();
	memcpy(want, out, out_n);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	while (tally->at < n) {
		pid_t pid = fork();

		if (pid == 0) {
			refuse_some(x, n, out_n);
			fflush(stderr);
			_exit(0);
		}
		REQUIRE(waitpid(pid, &status, 0) == pid);
		if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 &&
		    WEXITSTATUS(status) != PROVED))
			test_fail(__FILE__, __LINE__, "%s: call %llu "
			    "refused: status %d", x->name,
			    (unsigned long long)tally->at, status);
		tally->at += status != 0;
	}
	EXPECT(n > 0);
	EXPECT((tally->told > 0) == may_fail(x));
	if (getenv("FAULTS_FIGURES"))
		printf("%s, %s: %llu calls, %llu told, %llu cannot be\n",
		    x->name, inject_name[kind], (unsigned long long)n,
		    (unsigned long long)tally->told,
		    (unsigned long long)tally->proved);
	munmap(tally, sizeof(*tally));
	tally = NULL;
}
