#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "inject.h"
#include "sim.h"

/* Least time from one turn of an instance to its next. */
#define TURN_NS (20 * INT64_C(1000))
/* Turns in one virtual second that no operator needs. */
#define SPIN_MAX 45000

#define KUBECONFIG "/etc/mcp/kubeconfig"

/*
 * Set while the operator's own code runs, in which nothing may ask libc for
 * memory; the Makefile wraps the allocator (see alloc.c).
 */
extern unsigned long alloc_seen;

const char *inst_name(const struct inst *in)
{
	static const char *const names[] = { "op0", "op1", "op2" };

	return names[in->id];
}

/* ---- its io: the fake one, with a few functions of our own ----------- */

static struct inst *inst_of(void *ctx)
{
	return (struct inst *)ctx;
}

static void *sim_map(void *ctx, size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	inst_of(ctx)->mapped += n;
	return p;
}

static void sim_unmap(void *ctx, void *p, size_t n)
{
	inst_of(ctx)->mapped -= n;
	munmap(p, n);
}

static void sim_trim(void *ctx, void *p, size_t n)
{
	uintptr_t from = ((uintptr_t)p + 4095) & ~(uintptr_t)4095;
	uintptr_t to = ((uintptr_t)p + n) & ~(uintptr_t)4095;

	(void)ctx;
	if (to > from)
		madvise((char *)p + (from - (uintptr_t)p), to - from,
		    MADV_DONTNEED);
}

static void sim_exit(void *ctx, int status)
{
	sim_fail(inst_of(ctx)->s, "exit", "the operator calls exit(%d)",
	    status);
	abort();
}

/* The fake io's own memory is not the operator's. */
#define BORROWED(in, call) \
	do { \
		bool was = alloc_forbidden; \
		alloc_forbidden = false; \
		call; \
		alloc_forbidden = was; \
	} while (0)

static int sim_std_write(void *ctx, int stream, const void *p, size_t n)
{
	struct inst *in = inst_of(ctx);

	(void)stream;
	while (n && ((const char *)p)[n - 1] == '\n')
		n--;
	sim_trace(in->s, inst_name(in), "log %.*s", (int)n,
	    (const char *)p);
	BORROWED(in, checks_log(in->s, in, (struct str){ p, n }));
	return 0;
}

static int sim_write(void *ctx, int fd, const void *p, size_t n)
{
	struct inst *in = inst_of(ctx);
	int got;

	BORROWED(in, got = in->f.io.write(ctx, fd, p, n));
	return got;
}

static int sim_wait(void *ctx, struct io_event *ret, int cap,
    int64_t deadline_ns)
{
	struct inst *in = inst_of(ctx);
	int got;

	(void)deadline_ns;
	BORROWED(in, got = in->f.io.wait(ctx, ret, cap, 0));
	return got;
}

static void io_init(struct inst *in)
{
	fake_io_init(&in->f);
	in->io = in->f.io;
	in->io.map = sim_map;
	in->io.unmap = sim_unmap;
	in->io.trim = sim_trim;
	in->io.exit = sim_exit;
	in->io.std_write = sim_std_write;
	in->io.write = sim_write;
	in->io.wait = sim_wait;
	inject_io(&in->io);
	in->f.react = wire_react;
	in->f.react_ctx = in;
	in->f.cut = wire_cut;
	in->f.cut_ctx = in;
	in->f.rng = rng_next(&in->s->world) | 1;
}

/* ---- clocks ---------------------------------------------------------- */

static int64_t mono_at(const struct inst *in, int64_t now_ns)
{
	int64_t d = now_ns - in->born_ns;

	return in->mono0_ns + d + d / 1000000 * in->ppm;
}

/* When its clock will show that; a little early rather than late. */
static int64_t when_mono(const struct inst *in, int64_t mono_ns)
{
	int64_t d = mono_ns - in->mono0_ns;

	if (mono_ns == TIME_NEVER)
		return TIME_NEVER;
	return in->born_ns + d - d / (1000000 + in->ppm) * in->ppm;
}

void inst_clock(struct inst *in)
{
	int64_t mono = mono_at(in, in->s->now_ns);

	if (mono > in->f.now_ns) {
		in->f.now_ns = mono;
		in->f.still = 0;
	}
	in->f.wall_offset_ns = sim_wall(in->s) + in->skew_ns - in->f.now_ns;
}

int64_t inst_next_ns(struct inst *in)
{
	const struct loop *l;
	const struct heap_item *first;
	int64_t next;

	if (!in->alive)
		return TIME_NEVER;
	l = manager_loop(in->m);
	first = heap_min(&l->heap);
	next = fake_next_ns(&in->f);
	if (first && first->at_ns < next)
		next = first->at_ns;
	next = l->work_head || fake_ready(&in->f) ? in->s->now_ns :
	    when_mono(in, next);
	if (next < in->turn_ns)
		next = in->turn_ns;
	if (next < in->paused_ns)
		next = in->paused_ns;
	return next;
}

/* ---- life ------------------------------------------------------------ */

void inst_files(struct inst *in)
{
	const struct sim *s = in->s;
	bool token = (s->sc.options & OPT_TOKEN) != 0;
	char text[1024];

	snprintf(text, sizeof(text),
	    "apiVersion: v1\nkind: Config\ncurrent-context: sim\n"
	    "clusters:\n- name: sim\n  cluster:\n"
	    "    server: http://%s:6443\n"
	    "contexts:\n- name: sim\n  context:\n    cluster: sim\n"
	    "    user: sim\n    namespace: mcp-system\n"
	    "users:\n- name: sim\n  user: %s\n",
	    s->sc.options & OPT_NAMES ? "api.sim.local" : "127.0.0.1",
	    token ? "{tokenFile: " SIM_TOKEN "}" : "{}");
	fake_file(&in->f, KUBECONFIG, str_from(text));
	if (token)
		fake_file(&in->f, SIM_TOKEN, str_from(s->token));
}

static void arg_add(struct inst *in, const char *arg)
{
	in->argv[in->argc++] = (char *)(uintptr_t)arg;
	in->argv[in->argc] = NULL;
}

/* Capacities near what a scenario needs: less memory to look through. */
static void args_init(struct inst *in)
{
	uint32_t o = in->s->sc.options;

	in->argc = 0;
	arg_add(in, "mcp-operator");
	arg_add(in, "--kubeconfig=" KUBECONFIG);
	arg_add(in, "--queue-max-delay=30s");
	arg_add(in, "--max-servers=96");
	arg_add(in, o & OPT_TIGHT ? "--max-refs=6" : "--max-refs=64");
	arg_add(in, o & OPT_TIGHT ? "--max-pods=4" : "--max-pods=128");
	if (o & OPT_LEASE)
		arg_add(in, "--leader-elect");
	if (o & OPT_FINALIZERS)
		arg_add(in, "--finalizers");
	if (in->secrets)
		arg_add(in, "--watch-secrets");
	if (o & OPT_HOOKS)
		arg_add(in, "--extensions=" SIM_HOOKS);
	arg_add(in, "--sidecar-image=reg.example/mcp-operator:1");
	arg_add(in, "--verify-servers=false");
}

static bool options_get(struct inst *in)
{
	struct diag d = { 0 };
	int rest = 0;

	args_init(in);
	if (opts_parse(manager_opts, manager_opts_n, &in->io, in->argc,
	    in->argv, &in->o, &rest, &d) < 0 ||
	    options_check(&in->o, &d) < 0) {
		sim_fail(in->s, "start", "options: %s", d.text);
		return false;
	}
	return true;
}

void inst_init(struct sim *s, int id)
{
	struct inst *in = &s->inst[id];

	in->s = s;
	in->id = id;
	in->secrets = (s->sc.options & OPT_SECRETS) != 0;
	if (s->sc.options & OPT_SKEW) {
		in->ppm = roll_ns(&s->world, -400, 400);
		in->skew_ns = roll_ns(&s->world, -40 * SEC, 40 * SEC);
	}
}

void inst_start(struct inst *in)
{
	struct sim *s = in->s;
	struct diag d = { 0 };
	int err;

	CHECK(!in->alive);
	io_init(in);
	in->born_ns = s->now_ns;
	in->mono0_ns = roll_ns(&s->world, 1, 100000) * SEC;
	in->f.now_ns = 0;
	in->f.connect_ns = 200000;
	inst_clock(in);
	fake_env(&in->f, "HOSTNAME", inst_name(in));
	fake_env(&in->f, "POD_NAMESPACE", "mcp-system");
	fake_file(&in->f, "/etc/hosts", STR("127.0.0.1 localhost\n"));
	fake_file(&in->f, "/etc/resolv.conf", STR("nameserver 127.0.0.53\n"
	    "options timeout:2\n"));
	fake_serve(&in->f, "127.0.0.1", 6443, FAKE_ACCEPT);
	fake_serve(&in->f, "127.0.0.53", 53, FAKE_ACCEPT);
	inst_files(in);
	hook_files(in);
	if (!options_get(in))
		return;
	in->mapped = 0;
	in->doomed = in->stopping = false;
	in->starts++;
	mem_init(&in->mem, &in->io);
	sim_trace(s, inst_name(in), "starts");
	err = manager_new(&in->mem, &in->io, &in->o, "sim", &in->m, &d);
	if (err == 0)
		hook_plain(in);
	if (err == 0)
		err = manager_start(in->m, &d);
	if (err < 0) {
		sim_fail(s, "start", "%s %s", d.path, d.text);
		return;
	}
	mem_seal(&in->mem);
	in->alive = true;
	fake_react(&in->f);
	in->turn_ns = in->paused_ns = s->now_ns;
	checks_started(s, in);
}

void inst_again(struct sim *s, void *ctx, uint64_t arg)
{
	struct inst *in = ctx;

	(void)s;
	if (in->alive && in->stopping && arg)
		inst_kill(in);
	if (!in->alive)
		inst_start(in);
}

void inst_kill(struct inst *in)
{
	if (!in->alive)
		return;
	sim_trace(in->s, inst_name(in), "is killed");
	checks_killed(in->s, in);
	in->alive = in->doomed = false;
	wire_drop(in);
	mem_free_all(&in->mem);
	fake_io_free(&in->f);
	in->m = NULL;
	in->s->stats.crashes++;
	if (in->s->crash_at)
		sim_at(in->s, in->s->now_ns + 2 * SEC, inst_again, in, 0);
}

void inst_signal(struct inst *in, enum io_signal sig)
{
	in->f.signals |= (unsigned)sig;
}

/* ---- a turn ---------------------------------------------------------- */

/* A stopped process ends in good order, and is no crash. */
static void stopped(struct inst *in)
{
	sim_trace(in->s, inst_name(in), "has stopped");
	in->s->stats.crashes--;
	inst_kill(in);
	sim_at(in->s, in->s->now_ns + 2 * SEC, inst_again, in, 0);
}

void inst_turn(struct inst *in)
{
	struct sim *s = in->s;
	struct loop *l = manager_loop(in->m);
	unsigned long allocs = alloc_seen;
	unsigned signals;

	in->turns++;
	s->stats.turns++;
	in->f.cpu_ns += 20000;
	if (s->calm)
		inject_stop();
	alloc_forbidden = true;
	loop_turn(l, 0);
	signals = in->io.signals(in->io.ctx);
	if (signals & IO_SIGNAL_TERM) {
		in->stopping = true;
		manager_stop(in->m);
	}
	alloc_forbidden = false;
	fake_react(&in->f);
	l->stop = false;
	if (alloc_seen != allocs)
		sim_fail(s, "memory", "%s allocates after its start",
		    inst_name(in));
	in->turn_ns = s->now_ns + TURN_NS;
	wire_sweep(in);
	checks_turn(s, in);
	if (in->doomed)
		inst_kill(in);
	else if (manager_stopped(in->m))
		stopped(in);
}
