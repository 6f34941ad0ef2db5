#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hang.h"
#include "run.h"

/* Of the real clock: a run takes about one second. */
enum { RUN_LIMIT_S = 120 };

struct slot {
	pid_t pid;
	int err;		/* what it wrote to standard error */
	int64_t began_ns;
	struct run_job job;
	struct outcome *out;	/* shared with the child */
};

static int64_t real_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SEC + t.tv_nsec;
}

static void child(const struct run_job *job, bool trace, struct outcome *out)
{
	struct sim *s = sim_new(&job->sc, trace);

	s->crash_at = job->crash_at;
	inject_arm(&job->inject, job->log, &out->hit);
	sim_run(s);
	out->failed = s->failed;
	memcpy(out->checker, s->checker, sizeof(out->checker));
	memcpy(out->why, s->why, sizeof(out->why));
	out->stats = s->stats;
	out->boundaries = s->boundary;
	if (!s->failed)
		sim_free(s);
	fflush(stdout);
	_exit(0);
}

static void slot_begin(struct slot *at, bool trace)
{
	char name[] = "/tmp/sim-XXXXXX";

	if (!at->out)
		at->out = mmap(NULL, sizeof(*at->out), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(at->out, 0, sizeof(*at->out));
	at->err = mkstemp(name);
	unlink(name);
	at->began_ns = real_ns();
	fflush(NULL);
	at->pid = fork();
	if (at->pid != 0)
		return;
	if (!trace)
		dup2(at->err, 2);
	hang_limit(RUN_LIMIT_S);
	child(&at->job, trace, at->out);
}

/* The first and the last of what it said before it died. */
static void died(struct slot *at, int status)
{
	struct outcome *o = at->out;
	char text[700] = "";
	ssize_t n = pread(at->err, text, sizeof(text) - 1, 0);

	o->failed = true;
	text[n > 0 ? n : 0] = '\0';
	snprintf(o->checker, sizeof(o->checker), "%s",
	    hung(status) ? "hang" : "crash");
	snprintf(o->why, sizeof(o->why), "%s %d: %s",
	    WIFSIGNALED(status) ? "signal" : "exit",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
	    text);
}

static void slot_end(struct slot *at, int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		died(at, status);
	at->out->took_ns = real_ns() - at->began_ns;
	close(at->err);
	at->pid = 0;
}

void run_one(const struct scenario *sc, uint32_t crash_at, bool trace,
    struct outcome *ret)
{
	static struct run_job job;

	job = (struct run_job){ .sc = *sc, .crash_at = crash_at };
	run_job(&job, trace, ret);
}

void run_job(const struct run_job *job, bool trace, struct outcome *ret)
{
	static struct slot at;
	int status;

	at.job = *job;
	slot_begin(&at, trace);
	while (waitpid(at.pid, &status, 0) < 0 && errno == EINTR)
		continue;
	slot_end(&at, status);
	*ret = *at.out;
}

void run_many(const struct runner *r)
{
	enum { SLOTS = 16 };
	static struct slot slot[SLOTS];
	unsigned n = r->jobs < SLOTS ? r->jobs : SLOTS, busy = 0;
	bool more = true;
	int status;

	for (;;) {
		pid_t pid;

		for (unsigned i = 0; i < n && more; i++)
			if (!slot[i].pid &&
			    (more = r->next(r->ctx, &slot[i].job))) {
				slot_begin(&slot[i], false);
				busy++;
			}
		if (!busy)
			return;
		pid = waitpid(-1, &status, 0);
		for (unsigned i = 0; i < n; i++) {
			if (slot[i].pid != pid || pid <= 0)
				continue;
			slot_end(&slot[i], status);
			busy--;
			if (!r->done(r->ctx, &slot[i].job, slot[i].out))
				more = false;
		}
	}
}

const char *commit_name(void)
{
	static char name[64];
	FILE *f = popen("git describe --always --dirty 2>/dev/null", "r");

	if (f && fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		pclose(f);
	return name[0] ? name : "unknown";
}
