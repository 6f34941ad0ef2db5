#ifndef SIM_CHECK_H
#define SIM_CHECK_H

/*
 * Checkers. Each is a row in check.c and a file of its own; any of its
 * functions may be NULL. What it finds wrong it tells by sim_fail with its
 * own name. State that must outlive a call is in the struct below.
 */

#include "world.h"

struct checker {
	const char *name;
	/* A committed write, by whomever; see from_operator. */
	void (*write)(struct sim *s, const struct api_write *w);
	/* An instance has sent the last byte of a request. */
	void (*request)(struct sim *s, struct inst *in,
	    const struct api_request *r);
	void (*answer)(struct sim *s, struct inst *in,
	    const struct api_request *r, const struct api_answer *a);
	void (*turn)(struct sim *s, struct inst *in);
	/* A line of an instance's log, without its end. */
	void (*log)(struct sim *s, struct inst *in, struct str line);
	void (*second)(struct sim *s);
	void (*started)(struct sim *s, struct inst *in);
	void (*killed)(struct sim *s, struct inst *in);
	/* What must hold when nothing goes wrong any more; else why not. */
	bool (*well)(struct sim *s, struct text *why);
};

extern const struct checker check_children, check_deadline, check_foreign,
    check_guard, check_hooks, check_invalid, check_kids, check_leader,
    check_memory, check_orphans, check_rate, check_refs, check_rest,
    check_secrets, check_spec, check_status, check_throttle, check_times;

/* Parts of a run, told to the checkers by converge.c. */
enum part {
	PART_STEPS, PART_CALM, PART_REST, PART_AGAIN, PART_LOSS, PART_ENDING
};

struct rate { uint64_t key; uint32_t n; char what[96]; };
enum { RATES = 4096, RATE_WINDOW_S = 60 };

/* A write that is tried again: not before at_ns. */
struct later { uint64_t key; int64_t at_ns; };
enum { LATERS = 64 };

struct checks {
	enum part part;
	int64_t part_ns, well_ns, quiet_ns;
	uint64_t well_version;	/* of the store, when all was well */
	/* leader */
	int64_t renewed_ns[SIM_INSTS];
	int64_t lease_ns;	/* when the Lease was last written to */
	/* rate */
	struct rate rate[RATES];
	int64_t rate_ns;
	uint64_t turns[SIM_INSTS], cuts[SIM_INSTS];
	/* throttle */
	struct later later[LATERS];
	uint32_t laters;
	/* status: when something was last wrong */
	int64_t foul_ns;
	/* refs: when each was written, and when it went; by kind, namespace,
	 * name. And when templates were written, by a hash of their uid. */
	int64_t held_ns[2][SIM_NAMESPACES][3], gone_ns[2][SIM_NAMESPACES][3];
	struct made { uint64_t uid; int64_t at_ns; } made[256];
	/* status: when specs of Deployments were written, in the same way */
	struct made moved[256];
	/* children: when one lost its label that no status named yet, by a
	 * hash of its uid */
	struct made lost[256];
	struct made left[256];	/* servers that went, by name */
	/* hooks: what those that are told have yet to be told, by a hash of
	 * the server's uid */
	struct due {
		uint64_t uid;
		int64_t pass_ns, phase_ns;	/* since when; 0: nothing */
		char phase[24], told[24];	/* as it is; the last told */
		uint32_t again;			/* told since it is so */
	} due[256];
	/* invalid: when a server last asked for no pods at all */
	int64_t none_ns[SIM_SERVERS];
	/* guard: when one last asked for no policy, or had it; 0: never */
	int64_t guarded_ns[SIM_SERVERS];
};

/* Is it one of the instances that writes, and not the world? */
bool from_operator(const struct api_write *w);
/* Is this a request of an instance that changes something? */
bool is_write(const struct api_request *r);
bool is_server_kind(enum api_kind kind);
/* Which of the scenario's servers it is; SIM_SERVERS: none of them. */
uint32_t server_number(const struct sim *s, const struct api_object *o);
/* The server of that number, while it is there; or NULL. */
const struct api_object *server_at(const struct sim *s, uint32_t i);
/* The server that an object says it belongs to, by its uid; NULL: none. */
const struct api_object *owner_of(const struct sim *s,
    const struct node *root, struct str *ret_uid);

/*
 * Made, but not named in a status before it lost its label; who made it has
 * gone. See the end of what was found in docs/simulation.md.
 */
bool is_lost(const struct sim *s, const struct api_object *child);

/* The user's labels, those that pods are found by, and the tenant's. */
bool labels_are(const struct api_object *server, const struct api_object *o,
    struct text *why);
/* One that went without a finalizer leaves its labels to its namesake. */
bool leaves_labels(const struct sim *s, const struct api_object *server);
/* Says so, and is false. */
bool differs(struct text *why, const struct api_object *o, const char *what);

/* Keys of a namespace's labels that servers may ask for. */
#define TENANT_LABELS "tenant.mcp.allbeone.io/"
/* The label of all that a tenant has. */
#define TENANT_ID "mcp.allbeone.io/tenant-id"

/* check_hooks.c: somebody is told of a pass or a phase. */
void hook_told(struct sim *s, const struct node *notice);

/* expect.c: what a server ought to be, from its spec alone */
struct expect {
	bool valid;
	bool rolls;		/* a failed rollout is taken back */
	bool service, config, hpa, pdb;
	int64_t replicas, port;
	int64_t min, max;	/* of replicas, with hpa */
	struct str image;
};
void expect_of(const struct sim *s, const struct api_object *server,
    struct expect *ret);
/* What the validator of the hooks never lets pass. */
bool is_refused_image(struct str image);
#define ROLLED_BACK "mcp.allbeone.io/rolled-back"
/*
 * Has a Deployment (may be NULL) gone back to a template of before? Then its
 * ReplicaSets have that, and its server asks for it.
 */
bool is_rolled_back(const struct api_object *d);
/* The child under the wanted name, if it belongs to the server. */
const struct api_object *child_of(const struct sim *s,
    const struct api_object *server, enum kid k);
/* Does it need an object of this kind that does not exist? */
bool refs_missing_of(const struct sim *s, const struct api_object *server,
    enum api_kind kind);
/* Is the wanted name taken by somebody else? */
bool is_taken(const struct sim *s, const struct api_object *server,
    enum kid k);
/* Is one taken that keeps all that comes after it from being made? */
bool is_blocked(const struct sim *s, const struct api_object *server,
    const struct expect *e);
/* Do its pods wait for a policy whose name is taken? */
bool is_unguarded(const struct sim *s, const struct api_object *server,
    const struct expect *e);

#endif
