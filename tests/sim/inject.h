#ifndef SIM_INJECT_H
#define SIM_INJECT_H

/*
 * One thing goes wrong, once: the n-th reservation is refused as if its
 * arena, pool or buffer were full, or the n-th call of the io seam is
 * interrupted, cut short or fails. Nothing of this is in the operator: the
 * programs that do it are linked with --wrap, see inject_wrap in the
 * Makefile.
 *
 * Only what the operator's own code asks for counts, that is while
 * alloc_forbidden (alloc.c) is set.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inject_kind {
	INJECT_NONE,
	INJECT_FULL,		/* a reservation is refused */
	INJECT_AGAIN,		/* interrupted: nothing yet, ask again */
	INJECT_ONE,		/* one byte of a read or write */
	INJECT_HALF,		/* half of it */
	INJECT_ERROR,		/* the system has no room, or the disk fails */
	INJECT_KINDS
};
extern const char *const inject_name[INJECT_KINDS];

#define INJECT_NEVER UINT64_MAX
struct inject {
	enum inject_kind kind;
	uint64_t at;		/* counted from 0; INJECT_NEVER: only count */
};

/*
 * Who asked, by the return addresses above the call: two calls by the same
 * path differ only in their data.
 */
enum { INJECT_DEPTH = 10, INJECT_PATHS = 32768 };
/* So many of them tell two paths apart. */
extern unsigned inject_depth;
struct inject_path {
	uint64_t hash, calls;
	uint64_t first, second, last;
	void *frame[INJECT_DEPTH];
};
struct inject_log {
	uint64_t calls;
	uint32_t paths;
	bool over;		/* more paths than there is room for */
	struct inject_path path[INJECT_PATHS];
};

extern bool alloc_forbidden;

/*
 * Counts anew from here. log may be NULL, else it is filled in; so may hit,
 * which gets the path of the call that goes wrong, in time for who dies of
 * it.
 */
void inject_arm(const struct inject *plan, struct inject_log *log,
    struct inject_path *hit);
/* Nothing is counted and nothing goes wrong any more. */
void inject_stop(void);
/* How many calls there were since it was armed. */
uint64_t inject_calls(void);
/* Is this the call? Counts it. */
bool inject_now(enum inject_kind kind);
/* "function (file:line)", each on a line of its own. */
void inject_print(const struct inject_path *p);

struct io;
/* Puts itself before the functions of an io; several must have the same. */
void inject_io(struct io *io);

#endif
