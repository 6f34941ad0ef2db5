/*
 * usage: sim --seeds=N [--seed0=M] [--jobs=J] [--seconds=T]
 *        sim --seed=N [--reduce] [--quiet]
 *        sim --crashes[=KIND [--at=N]] [--jobs=J]
 *        sim --faults[=KIND] [--scenario=NAME [--at=N]] [--per-path=N]
 *            [--depth=N]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run.h"

struct batch {
	uint64_t next, end;
	time_t until;
	uint64_t passed, failed, events;
	struct sim_stats sum;
	int64_t slowest_ns, took_ns;
	unsigned failures_max;
};

static bool batch_next(void *ctx, struct run_job *ret)
{
	struct batch *b = ctx;

	if (b->next == b->end || (b->until && time(NULL) >= b->until))
		return false;
	scenario_make(b->next++, &ret->sc);
	ret->crash_at = 0;
	return true;
}

static void failure_print(const struct scenario *sc, const struct outcome *o)
{
	printf("seed %llu at %s fails: %s: %s\n  replay: make sim SEED=%llu\n",
	    (unsigned long long)sc->seed, commit_name(), o->checker, o->why,
	    (unsigned long long)sc->seed);
	fflush(stdout);
}

static bool batch_done(void *ctx, const struct run_job *job,
    const struct outcome *o)
{
	struct batch *b = ctx;

	b->events += job->sc.steps;
	b->sum.requests += o->stats.requests;
	b->sum.writes += o->stats.writes;
	b->sum.crashes += o->stats.crashes;
	b->took_ns += o->took_ns;
	if (o->stats.converged_ns > b->slowest_ns)
		b->slowest_ns = o->stats.converged_ns;
	for (int i = 0; i < FAULTS; i++)
		b->sum.faults[i] += o->stats.faults[i];
	if (!o->failed) {
		b->passed++;
		return true;
	}
	b->failed++;
	failure_print(&job->sc, o);
	return b->failed < b->failures_max;
}

static int batch_run(uint64_t first, uint64_t n, unsigned jobs,
    int64_t seconds, unsigned failures_max)
{
	struct batch b = { .next = first, .end = first + n,
		.until = seconds ? time(NULL) + seconds : 0,
		.failures_max = failures_max };
	struct runner r = { batch_next, batch_done, &b, jobs };
	time_t began = time(NULL);
	long took;

	run_many(&r);
	took = (long)(time(NULL) - began);
	printf("seeds %llu to %llu: %llu steps, %llu requests, %llu writes, "
	    "%u crashes\n", (unsigned long long)first,
	    (unsigned long long)b.next - 1, (unsigned long long)b.events,
	    (unsigned long long)b.sum.requests,
	    (unsigned long long)b.sum.writes, b.sum.crashes);
	for (int i = 0; i < FAULTS; i++)
		printf("%s %u%s", fault_name[i], b.sum.faults[i],
		    i + 1 < FAULTS ? ", " : "\n");
	printf("slowest to converge: %lld s; %ld s, %llu scenarios a "
	    "minute\n", (long long)(b.slowest_ns / SEC), took,
	    (unsigned long long)((b.passed + b.failed) * 60 /
	    (uint64_t)(took ? took : 1)));
	printf("%llu passed, %llu failed\n", (unsigned long long)b.passed,
	    (unsigned long long)b.failed);
	return b.failed != 0;
}

static int one_run(uint64_t seed, bool shorten, bool quiet)
{
	static struct scenario sc;
	struct outcome o;

	scenario_make(seed, &sc);
	run_one(&sc, 0, !shorten && !quiet, &o);
	if (o.failed)
		failure_print(&sc, &o);
	else
		printf("seed %llu passes: %u steps, %llu requests, %llu "
		    "turns, converged after %lld s, %lld ms\n",
		    (unsigned long long)seed, sc.steps,
		    (unsigned long long)o.stats.requests,
		    (unsigned long long)o.stats.turns,
		    (long long)(o.stats.converged_ns / SEC),
		    (long long)(o.took_ns / MS));
	if (o.failed && shorten)
		reduce(&sc, &o);
	return o.failed;
}

static const char *value_of(const char *arg, const char *name)
{
	size_t n = strlen(name);

	return strncmp(arg, name, n) == 0 && arg[n] == '=' ?
	    arg + n + 1 : NULL;
}

int main(int argc, char **argv)
{
	uint64_t seeds = 20, seed0 = 1, seed = 0;
	bool one = false, shorten = false, quiet = false, crashes = false;
	unsigned jobs = 2, failures = 10, at = 0;
	struct faults_how faults = { .at = INJECT_NEVER, .per_path = 2 };
	bool inject = false;
	const char *v, *only = NULL;
	int64_t seconds = 0;

	for (int i = 1; i < argc; i++) {
		if ((v = value_of(argv[i], "--seeds")))
			seeds = strtoull(v, NULL, 10);
		else if ((v = value_of(argv[i], "--seed0")))
			seed0 = strtoull(v, NULL, 10);
		else if ((v = value_of(argv[i], "--seed")))
			seed = strtoull(v, NULL, 10), one = true;
		else if ((v = value_of(argv[i], "--jobs")))
			jobs = (unsigned)atoi(v);
		else if ((v = value_of(argv[i], "--seconds")))
			seconds = atoi(v);
		else if ((v = value_of(argv[i], "--failures")))
			failures = (unsigned)atoi(v);
		else if ((v = value_of(argv[i], "--at")))
			at = (unsigned)atoi(v), faults.at = at;
		else if ((v = value_of(argv[i], "--per-path")))
			faults.per_path = (unsigned)atoi(v);
		else if ((v = value_of(argv[i], "--depth")))
			inject_depth = (unsigned)atoi(v) % (INJECT_DEPTH + 1);
		else if ((v = value_of(argv[i], "--scenario")))
			faults.scenario = v;
		else if ((v = value_of(argv[i], "--faults")))
			faults.kind = v, inject = true;
		else if (strcmp(argv[i], "--faults") == 0)
			inject = true;
		else if ((v = value_of(argv[i], "--crashes")))
			only = v, crashes = true;
		else if (strcmp(argv[i], "--crashes") == 0)
			crashes = true;
		else if (strcmp(argv[i], "--reduce") == 0)
			shorten = true;
		else if (strcmp(argv[i], "--quiet") == 0)
			quiet = true;
		else
			return fprintf(stderr, "sim: %s?\n", argv[i]), 2;
	}
	faults.jobs = jobs;
	faults.failures_max = failures;
	if (inject)
		return faults_all(&faults);
	if (crashes)
		return enumerate_crashes(jobs, only, at);
	return one ? one_run(seed, shorten, quiet) :
	    batch_run(seed0, seeds, jobs, seconds, failures);
}
