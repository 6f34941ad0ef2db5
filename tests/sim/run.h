#ifndef SIM_RUN_H
#define SIM_RUN_H

/* Scenarios in processes of their own: what one breaks ends with it. */

#include "sim.h"

struct outcome {
	bool failed;
	char checker[32], why[SIM_WHY_MAX];
	struct sim_stats stats;
	uint32_t boundaries;
	int64_t took_ns;	/* of the real clock */
};

/* One, and its end; trace: told on standard output. */
void run_one(const struct scenario *sc, uint32_t crash_at, bool trace,
    struct outcome *ret);

/* Several at once: next() fills in what to run, done() is told. */
struct run_job { struct scenario sc; uint32_t crash_at; };
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

const char *commit_name(void);

#endif
