#ifndef FAULTS_REFUSE_H
#define FAULTS_REFUSE_H

/*
 * A piece of work done again and again, with another thing wrong each time:
 * it must give what it gives otherwise, or, when room is refused or the
 * system fails, an error. In the end it is done once more, with nothing
 * wrong.
 */

#include "check.h"
#include "sim/inject.h"

struct task {
	const char *name;
	/* 0 with all that came of it in out_put, or ERR_*. */
	int (*act)(const void *arg);
	const void *arg;
	bool recovers;		/* it tries again by itself: never ERR_* */
};

#define TASK(name, act, arg) (&(const struct task){ name, act, arg, false })

void each_wrong(const struct task *x, enum inject_kind how);
void out_put(struct str s);

/* Only within it anything goes wrong. */
#define OPERATOR_DOES(call) \
	do { \
		alloc_forbidden = true; \
		call; \
		alloc_forbidden = false; \
	} while (0)

#endif
