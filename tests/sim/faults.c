#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "run.h"

/*
 * The scenarios of enumerate.c once more, with one reservation refused or
 * one system call interrupted in each run, instead of a crash.
 */
struct tour {
	const struct faults_how *how;
	struct run_job job;
	const char *scenario;
	uint64_t *at;			/* which calls, in order */
	size_t n, next, paths;
	uint64_t passed, failed, proved;
	uint64_t tried[4 * INJECT_PATHS]; /* by hash; 0: free */
};

/*
 * Where a CHECK of the operator says that there is always room, ending is
 * right: the bound is next to it, or in limits.h. Whoever adds one, adds it
 * here.
 */
static const char *const proved[] = {
	"src/codec/schema_write.c:",	/* a time, a duration */
	"src/codec/yaml.c:",		/* a number */
	"src/control/children.c:",	/* the name of an annotation */
	"src/control/disown.c:",	/* a version's number */
	"src/control/hooks.c:",		/* a signature */
	"src/control/job_child.c:",	/* a child's name, a uid */
	"src/control/job_roll.c:",	/* a selector by a name */
	"src/control/job_scale.c:",	/* a uid */
	"src/control/labels.c:",	/* a uid, a field manager's name */
	"src/control/noted.c:",		/* RECORD_REFS_MAX numbers */
	"src/control/job_status.c:",	/* what was made, by its names */
	"src/control/notes.c:",		/* NOTE_BODY_MAX */
	"src/control/notices.c:",	/* names, a number */
	"src/control/pods.c:",		/* what is cut to fit */
	"src/control/record.c:",	/* LABEL_KEY's value */
	"src/control/series.c:",	/* a status code */
	"src/control/waits.c:",		/* a uid in a selector */
	"src/kube/apply.c:",		/* a path of names that are checked */
	"src/kube/client.c:",		/* URL_MAX, TOKEN_MAX, such a path */
	"src/kube/config.c:",		/* TOKEN_MAX */
	"src/kube/discovery.c:",	/* a group of ours */
	"src/kube/events.c:",		/* EVENT_BODY_MAX */
	"src/kube/lease.c:",		/* LEASE_BODY_MAX */
	"src/net/http1_server.c:",	/* heads of our own words */
	"src/render/container.c:",	/* a port */
	"src/render/dashboard.c:",	/* a file's name */
	"src/render/entry.c:",		/* a duration */
	"src/render/mesh.c:",		/* a duration */
	"src/render/render.c:",		/* a digest */
	"src/render/reloader.c:",	/* a word of a closed set */
	"src/render/tenant.c:",		/* a number, a kind of ours */
	"src/render/workload.c:",	/* a digest */
};

static bool is_proved(const struct outcome *o)
{
	if (strcmp(o->checker, "crash") != 0 || !strstr(o->why, "over"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(proved); i++)
		if (strstr(o->why, proved[i]))
			return true;
	return false;
}

static struct inject_log *log_new(void)
{
	return mmap(NULL, sizeof(struct inject_log), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Did an earlier scenario have this path? From now on one did. */
static bool tried_before(struct tour *t, uint64_t hash)
{
	size_t i = hash % ARRAY_LEN(t->tried);

	while (t->tried[i] && t->tried[i] != hash)
		i = (i + 1) % ARRAY_LEN(t->tried);
	if (t->tried[i])
		return true;
	CHECK(++t->paths < ARRAY_LEN(t->tried));
	t->tried[i] = hash;
	return false;
}

/* Which calls go wrong: all of them, or some by each path that is new. */
static void tour_pick(struct tour *t, const struct inject_log *log)
{
	unsigned some = t->how->per_path;
	size_t n = 0, kept = 0;

	t->at = calloc(some ? 3 * log->paths + 1 : log->calls + 1,
	    sizeof(*t->at));
	for (uint64_t i = 0; !some && i < log->calls; i++)
		t->at[n++] = i;
	for (uint32_t i = 0; some && i < log->paths; i++) {
		if (tried_before(t, log->path[i].hash))
			continue;
		t->at[n++] = log->path[i].first;
		if (some > 1)
			t->at[n++] = log->path[i].last;
		if (some > 2)
			t->at[n++] = log->path[i].second;
	}
	qsort(t->at, n, sizeof(*t->at), by_number);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || t->at[i] != t->at[i - 1])
			t->at[kept++] = t->at[i];
	t->n = kept;
	t->next = 0;
}

static bool tour_next(void *ctx, struct run_job *ret)
{
	struct tour *t = ctx;

	if (t->next == t->n)
		return false;
	*ret = t->job;
	ret->inject.at = t->at[t->next++];
	return true;
}

static bool tour_done(void *ctx, const struct run_job *job,
    const struct outcome *o)
{
	struct tour *t = ctx;
	const char *kind = inject_name[job->inject.kind];

	if (!o->failed || is_proved(o)) {
		t->proved += o->failed;
		t->passed++;
		return true;
	}
	t->failed++;
	printf("%s, %s at call %llu, at %s: %s: %s\n"
	    "  replay: build/sim/sim --faults=%s --scenario=%s --at=%llu\n",
	    t->scenario, kind, (unsigned long long)job->inject.at,
	    commit_name(), o->checker, o->why, kind, t->scenario,
	    (unsigned long long)job->inject.at);
	inject_print(&o->hit);
	return t->failed < t->how->failures_max;
}

static void tour(struct tour *t, struct inject_log *log)
{
	struct runner r = { tour_next, tour_done, t, t->how->jobs };
	const char *kind = inject_name[t->job.inject.kind];
	struct outcome o;

	t->job.inject.at = INJECT_NEVER;
	t->job.log = log;
	/* What was lost may be asked for again only after some time. */
	t->job.sc.quiet_ns = 2 * KUBE_INITIAL_NS;
	run_job(&t->job, false, &o);
	t->job.log = NULL;
	if (o.failed || log->over) {
		printf("%s, nothing wrong: %s: %s\n", t->scenario, o.checker,
		    o.failed ? o.why : "more paths than INJECT_PATHS");
		t->failed++;
		return;
	}
	tour_pick(t, log);
	printf("%s, %s: %llu calls by %u paths, %zu go wrong\n",
	    t->scenario, kind, (unsigned long long)log->calls, log->paths,
	    t->n);
	fflush(stdout);
	run_many(&r);
	free(t->at);
}

static bool is_wanted(const char *kind, enum inject_kind k)
{
	return !kind || strcmp(kind, inject_name[k]) == 0 ||
	    (strcmp(kind, "calls") == 0 && k != INJECT_FULL);
}

static int faults_one(struct tour *t)
{
	struct outcome o;

	t->job.inject.at = t->how->at;
	t->job.sc.quiet_ns = 2 * KUBE_INITIAL_NS;
	run_job(&t->job, true, &o);
	printf("%s: %s\n", o.checker, o.why);
	inject_print(&o.hit);
	return o.failed;
}

int faults_all(const struct faults_how *how)
{
	static struct tour t;
	struct inject_log *log = log_new();

	t.how = how;
	for (int k = INJECT_FULL; k < INJECT_KINDS; k++) {
		if (!is_wanted(how->kind, (enum inject_kind)k))
			continue;
		t.job.inject.kind = (enum inject_kind)k;
		memset(t.tried, 0, sizeof(t.tried));
		t.paths = 0;
		for (size_t i = 0; t.failed < how->failures_max &&
		    (t.scenario = enumerate_kind(i, &t.job.sc)); i++) {
			if (how->scenario &&
			    strcmp(how->scenario, t.scenario) != 0)
				continue;
			if (how->at != INJECT_NEVER)
				return faults_one(&t);
			tour(&t, log);
		}
	}
	if (t.proved)
		printf("%llu of them cannot be, as a CHECK says\n",
		    (unsigned long long)t.proved);
	printf("%llu passed, %llu failed\n", (unsigned long long)t.passed,
	    (unsigned long long)t.failed);
	return t.failed != 0;
}
