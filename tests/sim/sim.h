#ifndef SIM_H
#define SIM_H

/*
 * The simulator: one process, one seed, one virtual clock. Instances of the
 * real operator (inst.c) talk HTTP over a network that misbehaves (wire.c)
 * to the model API server (api.h); around it a world of controllers and
 * kubelets (deploy.c, kubelet.c) and users (users.c). What happens and when
 * is a list of steps (scenario.c), made from the seed or read; checkers
 * (check_*.c) look on all the time. The same seed gives the same run, byte
 * for byte.
 *
 * Times are virtual nanoseconds since the beginning of the run.
 */

#include "api.h"
#include "base.h"
#include "control/control_int.h"
#include "fake_io.h"

#define MS NS_PER_MS
#define SEC NS_PER_S

enum {
	SIM_INSTS = 3,
	SIM_SERVERS = 28,	/* names that users give servers */
	SIM_STEPS = 640,
	SIM_WHY_MAX = 1024
};

/* ---- faults of the network, the machine and the API server ------------ */

enum fault {
	FAULT_LATENCY,		/* seconds instead of milliseconds */
	FAULT_PART_UP,		/* what an instance sends is held back */
	FAULT_PART_DOWN,	/* what it is sent is held back */
	FAULT_RESET_BEFORE,	/* reset, and the request is lost */
	FAULT_RESET_AFTER,	/* executed, reset instead of an answer */
	FAULT_CUT,		/* the answer ends half way */
	FAULT_STALL,		/* the answer stops half way for long */
	FAULT_HOLE,		/* the connection goes silent for ever */
	FAULT_DRIBBLE,		/* segments, reads, writes of few bytes */
	FAULT_THROTTLE,		/* 429 with Retry-After */
	FAULT_BUSY,		/* 500, 503, 504; some of them executed */
	FAULT_REFUSE,		/* connects are refused or time out */
	FAULT_WATCH_END,	/* watches end soon, in good order or not */
	FAULT_NAMES,		/* the name server fails, lies, is silent */
	FAULTS
};

/* ---- steps of a scenario --------------------------------------------- */

enum step_op {
	/* users */
	OP_CREATE, OP_EDIT, OP_SCALE, OP_DELETE, OP_RECREATE, OP_ANNOTATE,
	OP_INVALID, OP_CHILD_EDIT, OP_CHILD_DELETE, OP_UNLABEL,
	OP_POD_DELETE, OP_REF_WRITE, OP_REF_DELETE, OP_FINALIZER,
	/* others in the cluster */
	OP_FIGHT, OP_STRANGER, OP_STRANGER_GO, OP_NS_DELETE, OP_NS_CREATE,
	OP_QUOTA, OP_ADMISSION, OP_POD_CRASH, OP_POD_OOM, OP_POD_EVICT,
	/* the API server */
	OP_COMPACT, OP_CRD_GO, OP_CRD_COME, OP_TOKEN,
	/* instances */
	OP_CRASH, OP_STOP, OP_PAUSE, OP_CLOCK, OP_FLAG,
	/* weather: a is the fault, b its chance in thousandths */
	OP_FAULT,
	OPS
};

struct sim_step {
	int64_t at_ns, len_ns;
	uint8_t op;
	uint8_t inst;		/* bits: which instances */
	uint16_t a;		/* usually: which server */
	uint32_t b;		/* usually: which variant */
};

struct scenario {
	uint64_t seed;
	uint32_t insts, options;
	uint32_t steps;
	uint32_t late;		/* CRDs that are not there while it is calm */
	int64_t calm_ns;	/* from here on nothing goes wrong */
	int64_t converge_ns;	/* and this long after all must be well */
	int64_t quiet_ns;	/* and stay so for so long, before rest */
	struct sim_step step[SIM_STEPS];
};

enum scenario_option {
	OPT_LEASE = 1, OPT_FINALIZERS = 2, OPT_SECRETS = 4,
	OPT_TIGHT = 8,		/* little room for pods in trouble */
	OPT_WATCH_LIST = 16,	/* the API server knows sendInitialEvents */
	OPT_SKEW = 32,		/* clocks run at different rates */
	OPT_TOKEN = 64,		/* bearer tokens are checked */
	OPT_NO_CALM = 128,	/* for enumerated crashes: faults stay off */
	OPT_NAMES = 256,	/* the API server is known by its name */
	OPT_NAMESAKES = 512,	/* the namespaces have servers of one name */
	OPT_PAGES = 1024,	/* lists come in pages of a few objects */
	OPT_FRESH = 2048,	/* no reference holds again what it held */
	OPT_FLAGS = 4096,	/* --watch-secrets is switched now and then */
	OPT_RACES = 8192,	/* see race.c */
	OPT_HOOKS = 16384	/* see hook.c */
};

/* ---- one instance of the operator -------------------------------------- */

struct link {
	struct inst *owner;
	int peer;
	uint32_t life;		/* changes when the peer is another */
	bool open, hole;
	char *in;
	size_t in_n, in_cap;
	bool busy;		/* a request is under way */
	int64_t sent_ns, limit_ns; /* of it; limit 0: none under way */
	char what[80];		/* its path's beginning */
	struct api_watch *watch;
	int64_t end_ns;		/* when the server ends the watch */
};

struct inst {
	struct fake_io f;	/* first: its functions' context is this */
	struct sim *s;
	struct io io;
	int id;
	bool alive, doomed;	/* doomed: killed after this turn */
	bool stopping;
	bool secrets;		/* with --watch-secrets */
	struct mem mem;
	struct manager_options o;
	struct manager *m;
	char *argv[24];
	int argc;
	int64_t born_ns, mono0_ns, ppm, skew_ns;
	int64_t paused_ns;	/* does not run before */
	int64_t turn_ns;	/* the next turn not before */
	int64_t stalled_ns;	/* until then something that was sent stalls */
	int64_t again_ns;	/* when it is started anew */
	uint32_t starts;
	size_t mapped;
	uint64_t turns, cuts;	/* reads and writes cut short */
	struct link link[FAKE_PEERS];
};

/* ---- all of it ------------------------------------------------------- */

struct sim_event {
	int64_t at_ns;
	uint64_t seq;
	void (*fn)(struct sim *s, void *ctx, uint64_t arg);
	void *ctx;
	uint64_t arg;
};

struct sim_stats {
	uint64_t requests, writes, turns, connects, lines;
	uint32_t steps, ops[OPS], faults[FAULTS], crashes;
	int64_t converged_ns;	/* after calm */
};

struct sim {
	uint64_t seed;
	struct rng net, world;
	int64_t now_ns, wall0_ns;
	struct sim_event *heap;
	size_t heap_n, heap_cap;
	uint64_t heap_seq;
	struct api *api;
	struct scenario sc;
	struct inst inst[SIM_INSTS];
	uint16_t chance[FAULTS][SIM_INSTS];	/* in thousandths */
	uint16_t windows[FAULTS][SIM_INSTS];
	int64_t held_ns[2][SIM_INSTS];	/* partitions: up, down; until */
	bool calm, done;
	int64_t calm_since_ns;
	char token[32];
	uint32_t tokens;
	bool admission;			/* a webhook refuses Deployments */
	uint64_t pushed;		/* watches were told up to here */
	int64_t push_ns;		/* and have more to tell then */
	int64_t tick_ns;		/* the api looks around then */
	/* Whose request is being served, when it was sent (-1: its sender
	 * has gone) and what it has; NULL: the world's. */
	struct inst *serving;
	int64_t serving_sent_ns;
	struct str serving_body;
	/* Enumerated crashes: the boundary at which instance 0 is killed;
	 * two a request, before and after it is executed. 0: never. */
	uint32_t crash_at, boundary;
	struct world *around;
	struct checks *checks;
	bool trace, failed;
	char checker[32], why[SIM_WHY_MAX];
	struct sim_stats stats;
};

/* sim.c */
struct sim *sim_new(const struct scenario *sc, bool trace);
void sim_run(struct sim *s);
void sim_free(struct sim *s);
/* Events at the same time run in the order in which they were asked for. */
void sim_at(struct sim *s, int64_t at_ns,
    void (*fn)(struct sim *s, void *ctx, uint64_t arg), void *ctx,
    uint64_t arg);
int64_t sim_wall(const struct sim *s);
/* The first failure is kept; the run ends soon after. */
__attribute__((format(printf, 3, 4)))
void sim_fail(struct sim *s, const char *checker, const char *fmt, ...);
/* who: "op0", "user", "kubelet"; nothing unless tracing. */
__attribute__((format(printf, 3, 4)))
void sim_trace(const struct sim *s, const char *who, const char *fmt, ...);
/* The bytes of s to show: max at the most, and no half of a character. */
int sim_shown(struct str s, size_t max);
const char *inst_name(const struct inst *in);
uint64_t roll(struct rng *r, uint64_t n);		/* 0..n-1 */
int64_t roll_ns(struct rng *r, int64_t from, int64_t to);
bool chance(struct rng *r, unsigned thousandths);

/* inst.c */
#define SIM_TOKEN "/etc/mcp/token"
void inst_init(struct sim *s, int id);
void inst_start(struct inst *in);
/* As kill -9: memory and connections are gone. */
void inst_kill(struct inst *in);
/* For sim_at: starts it unless it runs. */
void inst_again(struct sim *s, void *ctx, uint64_t arg);
/* Brings its clocks to the simulator's time. */
void inst_clock(struct inst *in);
/* When it next has something to do; TIME_NEVER when it is down. */
int64_t inst_next_ns(struct inst *in);
void inst_turn(struct inst *in);
void inst_files(struct inst *in);
void inst_signal(struct inst *in, enum io_signal sig);

/* wire.c */
void wire_react(void *ctx, struct fake_io *f, int peer);
size_t wire_cut(void *ctx, size_t n);
/* All connections of an instance are gone. */
void wire_drop(struct inst *in);
/* Frees what the program has closed and nobody served. */
void wire_sweep(struct inst *in);
/* Does an instance still wait on a connection that is silent for ever? */
bool wire_holes(const struct sim *s);
/* Sends on what the watches have to tell. */
void wire_push(struct sim *s);
bool fault_now(struct sim *s, enum fault f, const struct inst *in);
/* A GET of a collection that is not a watch. */
bool is_list(const struct api_request *r);
extern const char *const fault_name[FAULTS];

/* race.c: before and after the API server works on a request */
void race(struct sim *s, const struct api_request *r);

/* names.c: what it asked the name server */
void names_react(struct inst *in, int peer);

/* scenario.c */
void scenario_make(uint64_t seed, struct scenario *ret);
extern const char *const op_name[OPS];
void step_trace(const struct sim *s, const struct sim_step *st);

/* steps.c */
void step_run(struct sim *s, const struct sim_step *st);
void steps_calm(struct sim *s);
/* The CRDs that are yet to come. */
void steps_late(struct sim *s);

/* world.c: what the cluster does by itself */
void world_init(struct sim *s);
void world_free(struct sim *s);
/* Has the world nothing more to do by itself? */
bool world_idle(const struct sim *s);

/* check.c */
void checks_init(struct sim *s);
void checks_free(struct sim *s);
/* A request whose last byte an instance has sent. */
void checks_request(struct sim *s, struct inst *in,
    const struct api_request *r);
/* And what it came to. */
void checks_answer(struct sim *s, struct inst *in,
    const struct api_request *r, const struct api_answer *a);
void checks_turn(struct sim *s, struct inst *in);
void checks_log(struct sim *s, struct inst *in, struct str line);
void checks_second(struct sim *s);
void checks_started(struct sim *s, struct inst *in);
void checks_killed(struct sim *s, struct inst *in);

/* ---- hook.c ------------------------------------------------------------- */

#define SIM_HOOKS "/etc/mcp/extensions.yaml"
#define SIM_HOOK "/hook/"
void hook_files(struct inst *in);
void hook_plain(struct inst *in);
bool is_hook(const struct api_request *r);
void hook_serve(struct sim *s, const struct api_request *r,
    struct api_answer *ret);

#endif
