#include <signal.h>

#include "cli.h"

/* ---- the server's process ---- */

/*
 * One that a runtime has started has no parent that can be seen here: the
 * first of a container, and what is run in it later, by a probe or by hand.
 * Those are younger.
 */
struct first {
	int pid;		/* 0: none */
	uint64_t started;
	uint64_t group;		/* of its container */
	bool several;		/* there are some of other containers */
};
struct search {
	struct reloader *r;
	struct first server;	/* they say so */
	struct first kin;	/* these do not say, but have our user */
	struct first other;
};

/* /proc/PID/FILE from `at` on into r->text; how many bytes or ERR_*. */
static int proc_read(struct reloader *r, const char *pid, const char *file,
    uint32_t at, struct str *ret)
{
	char path[64];
	int n;

	cut_fmt(path, sizeof(path), "/proc/%s/%s", pid, file);
	n = r->sys->part(r->sys->ctx, path, at, r->text, sizeof(r->text));
	*ret = (struct str){ r->text, n > 0 ? (size_t)n : 0 };
	return n;
}

/* A process that lives and has no parent here: the time it was started. */
static bool is_first(struct reloader *r, const char *pid, uint64_t *ret_started)
{
	enum { PARENT = 1, STARTED = 19 };
	struct str rest, field, name;
	int i;

	if (proc_read(r, pid, "stat", 0, &rest) < 0)
		return false;
	/* Its name may hold anything, brackets too. */
	rest = str_trim(str_sub(rest, str_rfind(rest, ')') + 1, rest.n));
	rest = str_cut(rest, ' ', &name);
	if (str_is(name, "Z") || str_is(name, "X"))
		return false;
	for (i = PARENT; i <= STARTED; i++) {
		rest = str_cut(rest, ' ', &field);
		if (i == PARENT && !str_is(field, "0"))
			return false;
	}
	return str_u64(field, ret_started) == 0;
}

/* Is our variable among its own? 1 or 0, or ERR_*. */
static int has_variable(struct reloader *r, const char *pid)
{
	static const char name[] = RELOAD_VARIABLE "=";
	struct str text;
	size_t same = 0, i;	/* so far, of the one that is read */
	uint32_t at;
	int n;

	for (at = 0; at < RELOAD_ENVIRON_MAX; at += (uint32_t)n) {
		n = proc_read(r, pid, "environ", at, &text);
		if (n <= 0)
			return n;
		for (i = 0; i < text.n; i++) {
			if (text.p[i] == '\0')
				same = 0;
			else if (same < sizeof(name) &&
			    text.p[i] == name[same])
				same++;
			else
				same = sizeof(name);
			if (same == sizeof(name) - 1)
				return 1;
		}
	}
	return 0;
}

static void first_take(struct first *f, int pid, uint64_t started,
    uint64_t group)
{
	f->several = f->several || (f->pid != 0 && f->group != group);
	if (f->pid != 0 && f->started <= started)
		return;
	f->pid = pid;
	f->started = started;
	f->group = group;
}

/* Has the process our user? "Uid:" is followed by the real one's number. */
static bool is_kin(struct reloader *r, const char *pid)
{
	static const struct str label = STR_INIT("\nUid:\t");
	struct str text, number;
	uint64_t user;
	size_t at;

	if (proc_read(r, pid, "status", 0, &text) < 0)
		return false;
	at = str_search(text, label);
	(void)str_cut(str_sub(text, at + label.n, text.n), '\t', &number);
	return str_u64(number, &user) == 0 && user == r->sys->user;
}

static void search_one(void *ctx, const char *name)
{
	struct search *s = ctx;
	struct reloader *r = s->r;
	uint64_t pid, started;
	struct str text;
	int found;

	if (str_u64(str_from(name), &pid) < 0 || pid <= 1 ||
	    pid > INT32_MAX || (int)pid == r->sys->pid ||
	    !is_first(r, name, &started))
		return;
	found = has_variable(r, name);
	if (found > 0)
		first_take(&s->server, (int)pid, started, 0);
	/* It is of another group, or has given up rights. */
	if (found == ERR_DENIED) {
		struct first *f = is_kin(r, name) ? &s->kin : &s->other;

		if (proc_read(r, name, "cgroup", 0, &text) >= 0)
			first_take(f, (int)pid, started, str_hash(text));
	}
}

/*
 * Who may not be asked is the server where there is no other container that
 * it could be, those of our user before others.
 */
static const struct first *server_find(struct search *s)
{
	const struct peers *sys = s->r->sys;
	const struct first *f;

	if (sys->list(sys->ctx, "/proc", search_one, s) < 0)
		return NULL;
	f = s->server.pid != 0 ? &s->server :
	    s->kin.pid != 0 ? &s->kin : &s->other;
	return f->pid != 0 ? f : NULL;
}

static void tell(struct reloader *r)
{
	struct search s = { .r = r };
	const struct first *f = server_find(&s);
	int err;

	if (f == NULL || f->several) {
		log_line(r->log, LOG_ERROR, f == NULL ?
		    "no process of the server is there to be signalled" :
		    "cannot tell which process is the server's: give it a "
		    "runAsGroup", "signal=%s changed=%s", r->word,
		    r->changed);
		return;
	}
	err = r->sys->kill(r->sys->ctx, f->pid, r->signal);
	if (err == 0)
		log_line(r->log, LOG_INFO, "server signalled",
		    "signal=%s pid=%d changed=%s", r->word, f->pid,
		    r->changed);
	else
		log_line(r->log, LOG_ERROR, err == ERR_DENIED ?
		    "server not signalled: it runs as another user than this "
		    "one" : "server not signalled",
		    "signal=%s pid=%d changed=%s user=%u err=%s", r->word,
		    f->pid, r->changed, (unsigned)r->sys->user,
		    err_name(err));
}

/* ---- the volumes ---- */

struct look {
	struct reloader *r;
	const char *volume;
	char data[512];		/* its ..data */
	uint64_t sum;
	uint64_t started;	/* the server's process; 0: not looked for */
	struct buf changed;
};

/* In whatever order they are listed. */
static void look_file(void *ctx, const char *name)
{
	struct look *l = ctx;
	const struct peers *sys = l->r->sys;
	uint64_t part = 0;
	char path[1024];

	cut_fmt(path, sizeof(path), "%s/%s/%s", l->r->dir, l->volume, name);
	(void)sys->sum(sys->ctx, path, &part);
	l->sum += hash_more(str_hash(str_from(name)), &part, sizeof(part));
}

/*
 * The kubelet writes a folder of all that a volume holds, and then lets its
 * link ..data lead there. What has none is known by its files. False: it
 * cannot be told now.
 */
static bool volume_sum(struct look *l)
{
	const struct peers *sys = l->r->sys;
	char path[512], target[256];
	int n;

	cut_fmt(l->data, sizeof(l->data), "%s/%s/..data", l->r->dir,
	    l->volume);
	n = sys->link(sys->ctx, l->data, target, sizeof(target));
	if (n >= 0) {
		l->sum = hash_more(HASH_SEED, target, (size_t)n);
		return true;
	}
	cut_fmt(path, sizeof(path), "%s/%s", l->r->dir, l->volume);
	l->sum = HASH_SEED;
	return sys->list(sys->ctx, path, look_file, l) >= 0;
}

/*
 * Was it written anew since the server's process was started? The kubelet
 * writes a volume before it starts a container, so at a pod's start it was
 * not; but ours may have begun much later than the server, or anew. Then what
 * was told of already is told of again: there is nowhere to note it. What was
 * written in the very tick (10 ms) of the start counts as known: a runtime
 * takes longer to make a process that then runs the server, and that read its
 * files afterwards.
 */
static bool made_since_start(struct look *l)
{
	const struct peers *sys = l->r->sys;
	struct search s = { .r = l->r };
	const struct first *f;
	uint64_t made;

	if (sys->made(sys->ctx, l->data, &made) < 0)
		return false;
	if (l->started == 0) {
		f = server_find(&s);
		l->started = f != NULL && !f->several ? f->started :
		    UINT64_MAX;
	}
	return made > l->started;
}

static struct reloader_volume *slot_of(struct reloader *r, uint64_t name)
{
	size_t i;

	for (i = 0; i < RELOAD_VOLUMES_MAX; i++)
		if (r->volume[i].name == name || r->volume[i].name == 0)
			return &r->volume[i];
	return NULL;
}

static void look_volume(void *ctx, const char *name)
{
	struct look *l = ctx;
	uint64_t hash = str_hash(str_from(name));
	struct reloader_volume *v = slot_of(l->r, hash);

	l->volume = name;
	if (v == NULL || !volume_sum(l))
		return;
	if (v->name == 0) {
		uint64_t was = made_since_start(l) ? ~l->sum : l->sum;

		*v = (struct reloader_volume){ hash, was, was };
	}
	/* What is still being written is other at the next look. */
	if (v->last == l->sum && v->known != l->sum) {
		v->known = l->sum;
		buf_fmt(&l->changed, "%s%s", l->changed.n > 0 ? "," : "",
		    name);
	}
	v->last = l->sum;
}

void reloader_look(struct reloader *r)
{
	struct look l = { .r = r };

	buf_init(&l.changed, r->changed, sizeof(r->changed) - 1);
	(void)r->sys->list(r->sys->ctx, r->dir, look_volume, &l);
	r->changed[l.changed.n] = '\0';
	if (l.changed.n > 0)
		tell(r);
}

void reloader_init(struct reloader *r, const struct peers *sys, struct log *log,
    const char *dir, enum reload_signal signal)
{
	static const int number[] = {
		[RELOAD_HUP] = SIGHUP, [RELOAD_USR1] = SIGUSR1,
		[RELOAD_USR2] = SIGUSR2, [RELOAD_INT] = SIGINT,
		[RELOAD_TERM] = SIGTERM
	};

	*r = (struct reloader){ .sys = sys, .log = log, .dir = dir,
		.word = schema_word(&reload_signal_words, signal),
		.signal = number[signal] };
}
