#ifndef SIM_RUN_H
#define SIM_RUN_H

/* Scenarios in processes of their own: what one breaks ends with it. */

#include "inject.h"
#include "sim.h"

struct outcome {
	bool failed;
	char checker[32], why[SIM_WHY_MAX];
	struct sim_stats stats;
	uint32_t boundaries;
	int64_t took_ns;	/* of the real clock */
	struct inject_path hit;	/* what went wrong, when something did */
};

struct run_job {
	struct scenario sc;
	uint32_t crash_at;
	struct inject inject;
	struct inject_log *log;	/* shared memory, or NULL */
};

/* One, and its end; trace: told on standard output. */
void run_one(const struct scenario *sc, uint32_t crash_at, bool trace,
    struct outcome *ret);
void run_job(const struct run_job *job, bool trace, struct outcome *ret);

/* Several at once: next() fills in what to run, done() is told. */
struct runner {
	bool (*next)(void *ctx, struct run_job *ret);
	/* False: no more are begun. */
	bool (*done)(void *ctx, const struct run_job *job,
	    const struct outcome *o);
	void *ctx;
	unsigned jobs;
};
void run_many(const struct runner *r);

/* reduce.c: the fewest steps that still fail the same checker. */
void reduce(const struct scenario *sc, const struct outcome *was);
/* enumerate.c: a crash at every boundary of every kind of scenario. */
/* at with a kind: only that one, traced. */
int enumerate_crashes(unsigned jobs, const char *only, uint32_t at);
/* The n-th of those scenarios and its name, or NULL. */
const char *enumerate_kind(size_t n, struct scenario *ret);
/* faults.c: each thing that can be refused or interrupted, once. */
struct faults_how {
	const char *kind;	/* of inject_name, or "calls": all but full;
				 * NULL: all of them */
	const char *scenario;	/* NULL: all of them */
	uint64_t at;		/* INJECT_NEVER: all of them; else traced */
	unsigned jobs, failures_max;
	/* How many of the calls by one path: 0: all; 1: the first; 2: and
	 * the last; 3: and the second. */
	unsigned per_path;
};
int faults_all(const struct faults_how *how);

const char *commit_name(void);

#endif
