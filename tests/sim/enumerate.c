#include <stdio.h>
#include <string.h>

#include "run.h"

/*
 * A few servers, one thing that happens to them, and a crash of the
 * operator before or after every single request, one run each.
 */
#define S(at, operation, server, variant, length) \
	{ .at_ns = (at) * MS, .op = OP_##operation, .a = server, \
	  .b = variant, .len_ns = (length) * MS, .inst = 1 }

enum { KIND_STEPS = 14 };
static const struct kind {
	const char *name;
	uint32_t options;
	struct sim_step step[KIND_STEPS];
} kinds[] = {
	{ "create", OPT_WATCH_LIST, {
		S(0, REF_WRITE, 0, 0, 0), S(0, REF_WRITE, 1, 1, 0),
		S(100, CREATE, 0, 1, 0), S(100, CREATE, 1, 2, 0),
		S(200, CREATE, 2, 3, 0), S(300, CREATE, 3, 4, 0) } },
	{ "create-pages", 0, {
		S(0, CREATE, 0, 5, 0), S(0, CREATE, 1, 6, 0),
		S(3000, CREATE, 2, 7, 0), S(3000, CREATE, 3, 8, 0) } },
	{ "edit", OPT_WATCH_LIST, {
		S(0, CREATE, 0, 1, 0), S(0, CREATE, 1, 2, 0),
		S(9000, EDIT, 0, 10, 0), S(9000, EDIT, 1, 11, 0),
		S(9100, EDIT, 0, 12, 0), S(15000, EDIT, 1, 13, 0) } },
	{ "scale", OPT_WATCH_LIST, {
		S(0, CREATE, 0, 1, 0), S(0, CREATE, 2, 3, 0),
		S(9000, SCALE, 0, 7, 0), S(9000, SCALE, 2, 0, 0),
		S(15000, SCALE, 2, 6, 0) } },
	{ "delete", OPT_WATCH_LIST, {
		S(0, CREATE, 0, 1, 0), S(0, CREATE, 1, 2, 0),
		S(9000, DELETE, 0, 0, 0), S(9010, DELETE, 1, 0, 0) } },
	{ "delete-finalizer", OPT_WATCH_LIST | OPT_FINALIZERS, {
		S(0, CREATE, 0, 1, 0), S(0, CREATE, 1, 2, 0),
		S(9000, DELETE, 0, 0, 0), S(9010, DELETE, 1, 0, 0) } },
	{ "recreate", OPT_WATCH_LIST, {
		S(0, CREATE, 0, 1, 0), S(0, CREATE, 1, 2, 0),
		S(9000, RECREATE, 0, 3, 0), S(9000, RECREATE, 1, 4, 900) } },
	{ "recreate-finalizer", OPT_FINALIZERS, {
		S(0, CREATE, 0, 1, 0), S(9000, RECREATE, 0, 4, 40000),
		S(9000, CREATE, 1, 2, 0), S(20000, RECREATE, 1, 3, 0) } },
	{ "children", OPT_WATCH_LIST, {
		S(0, CREATE, 0, 3, 0), S(0, CREATE, 1, 9, 0),
		S(9000, CHILD_DELETE, 0, 0, 0), S(9000, CHILD_DELETE, 1, 1, 0),
		S(9000, CHILD_EDIT, 1, 0, 0), S(12000, CHILD_EDIT, 0, 1, 0),
		S(14000, CHILD_EDIT, 0, 2, 0), S(16000, CHILD_EDIT, 1, 6, 0),
		S(18000, CHILD_DELETE, 0, 6, 0) } },
	{ "references", OPT_WATCH_LIST | OPT_SECRETS, {
		S(0, REF_WRITE, 0, 0, 0), S(0, REF_WRITE, 1, 0, 0),
		S(0, REF_WRITE, 2, 0, 0), S(0, REF_WRITE, 0, 2, 0),
		S(0, REF_WRITE, 1, 2, 0), S(0, CREATE, 0, 20, 0),
		S(0, CREATE, 1, 26, 0), S(0, CREATE, 2, 40, 0),
		S(9000, REF_WRITE, 0, 513, 0), S(9000, REF_WRITE, 1, 513, 0),
		S(9000, REF_DELETE, 2, 0, 0), S(15000, REF_WRITE, 2, 0, 0) } },
	{ "invalid", OPT_WATCH_LIST, {
		S(0, CREATE, 0, 1, 0), S(0, CREATE, 1, 2, 0),
		S(9000, INVALID, 0, 1, 0), S(9000, INVALID, 1, 1, 0),
		S(15000, EDIT, 0, 5, 0) } },
	{ "stranger", OPT_WATCH_LIST, {
		S(0, STRANGER, 0, 0, 0), S(0, STRANGER, 1, 1, 0),
		S(0, STRANGER, 2, 2, 0), S(100, CREATE, 0, 1, 0),
		S(100, CREATE, 1, 2, 0), S(100, CREATE, 2, 9, 0),
		S(12000, STRANGER_GO, 0, 0, 0),
		S(14000, STRANGER_GO, 1, 0, 0) } },
	{ "finalizer-left", OPT_WATCH_LIST, {
		S(0, CREATE, 0, 1, 0), S(5000, FINALIZER, 0, 0, 0),
		S(9000, DELETE, 0, 0, 0) } },
	{ "namespace", OPT_WATCH_LIST, {
		S(0, CREATE, 0, 1, 0), S(0, CREATE, 1, 2, 0),
		S(9000, NS_DELETE, 0, 0, 0), S(25000, NS_CREATE, 0, 0, 0),
		S(26000, CREATE, 0, 2, 0) } },
	{ "lease", OPT_WATCH_LIST | OPT_LEASE, {
		S(0, CREATE, 0, 1, 0), S(0, CREATE, 1, 2, 0),
		S(40000, EDIT, 0, 3, 0), S(60000, STOP, 0, 0, 0) } },
};

static void kind_scenario(const struct kind *k, struct scenario *ret)
{
	int64_t last = 0;

	memset(ret, 0, sizeof(*ret));
	ret->seed = 7;
	ret->options = k->options;
	ret->insts = k->options & OPT_LEASE ? 2 : 1;
	for (size_t i = 0; i < KIND_STEPS; i++) {
		if (k->step[i].inst == 0)
			break;
		ret->step[ret->steps++] = k->step[i];
		if (k->step[i].at_ns > last)
			last = k->step[i].at_ns;
	}
	ret->calm_ns = last + 10 * SEC;
	ret->converge_ns = 420 * SEC;
	ret->quiet_ns = 40 * SEC;
}

const char *enumerate_kind(size_t n, struct scenario *ret)
{
	if (n >= ARRAY_LEN(kinds))
		return NULL;
	kind_scenario(&kinds[n], ret);
	return kinds[n].name;
}

struct walk {
	const struct kind *kind;
	uint32_t next, end;
	uint64_t passed, failed;
};

static bool walk_next(void *ctx, struct run_job *ret)
{
	struct walk *w = ctx;

	if (w->next > w->end)
		return false;
	kind_scenario(w->kind, &ret->sc);
	ret->crash_at = w->next++;
	return true;
}

static bool walk_done(void *ctx, const struct run_job *job,
    const struct outcome *o)
{
	struct walk *w = ctx;

	if (!o->failed) {
		w->passed++;
		return true;
	}
	w->failed++;
	printf("%s, crash at boundary %u, at %s: %s: %s\n"
	    "  replay: build/sim/sim --crashes=%s --at=%u\n", w->kind->name,
	    job->crash_at, commit_name(), o->checker, o->why, w->kind->name,
	    job->crash_at);
	return w->failed < 5;
}

static void walk(const struct kind *k, unsigned jobs, struct walk *w)
{
	static struct scenario sc;
	struct runner r = { walk_next, walk_done, w, jobs };
	struct outcome o;

	kind_scenario(k, &sc);
	/* Without a crash, to count the boundaries. */
	run_one(&sc, UINT32_MAX, false, &o);
	w->kind = k;
	w->next = 1;
	w->end = o.boundaries;
	if (o.failed) {
		printf("%s, no crash: %s: %s\n", k->name, o.checker, o.why);
		w->failed++;
		return;
	}
	run_many(&r);
	printf("%s: %u boundaries\n", k->name, w->end);
	fflush(stdout);
}

int enumerate_crashes(unsigned jobs, const char *only, uint32_t at)
{
	struct walk w = { 0 };
	struct outcome o;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (only && strcmp(only, kinds[i].name) != 0)
			continue;
		if (at && only) {
			static struct scenario sc;

			kind_scenario(&kinds[i], &sc);
			run_one(&sc, at, true, &o);
			printf("%s: %s\n", o.checker, o.why);
			return o.failed;
		}
		walk(&kinds[i], jobs, &w);
	}
	printf("%llu passed, %llu failed\n", (unsigned long long)w.passed,
	    (unsigned long long)w.failed);
	return w.failed != 0;
}
