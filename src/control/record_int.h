#ifndef RECORD_INT_H
#define RECORD_INT_H

#include "control.h"
#include "render.h"

struct manager;

/* ---- record.c: what is remembered of each server ---- */

#define UID_LEN 16
struct uid { uint8_t b[UID_LEN]; };

#define META_AS_SEEN 1		/* the next that is seen is taken as right */
/* What is known of one child, from its watch and from our own writes. */
struct child_state {
	struct uid uid;
	uint64_t version;	/* as the watch or our write saw it last */
	uint64_t own;		/* of our own last write; 0: not known */
	uint64_t told;		/* resource version that all this is of */
	/* Of labels and annotations, which count neither in a generation nor
	 * in a spec. own_meta: after our own last write. 0: not known, or of
	 * a kind that is told by its resource version. */
	uint32_t meta, own_meta;
	uint64_t digest;	/* NOTE_DIGEST it carries; 0: none */
	uint64_t wrote;		/* the one of our own last write; 0: none */
	uint64_t gone;		/* version at which the last one went */
	bool exists, listed;	/* listed: seen since the last WATCH_BEGIN */
	bool going;		/* its deletion was asked for */
};

/* What one reference held when its Deployment was last written; noted.c. */
struct ref_note {
	uint32_t ref;		/* a digest of kind, namespace and name */
	uint32_t content;	/* 0: it did not exist */
};

/* The Deployment's status, as far as ours is made of it. */
struct workload {
	int64_t generation, observed;
	int32_t asked;		/* spec.replicas */
	int32_t replicas, ready, available, updated;
	uint32_t note_revision;	/* NOTE_RENDERED */
	uint64_t failure_text;	/* see text_find */
	uint64_t note_template;
	uint64_t note_refs;	/* NOTE_REFS; 0: none */
	/* NOTE_ROLLED_BACK: the template that failed, and the revision that
	 * its pods went back to; 0: none. */
	uint64_t rolled_from;
	uint32_t rolled_to;
	uint32_t revision;	/* the Deployment controller's; 0: none */
	uint32_t good;		/* the last that was available in full */
	uint32_t late_of;	/* digest of the name of the ReplicaSet that
				 * made no progress; 0: not told */
	struct ref_note seen[RECORD_REFS_MAX];	/* NOTE_SEEN */
	uint8_t seen_n;
	bool deadline_exceeded;	/* Progressing=False */
	bool timed_out;		/* ... for its deadline has passed */
	bool replica_failure;	/* ReplicaFailure=True; see failure[] */
	bool scaled;		/* NOTE_SCALED */
	char failure[REPLICA_FAILURE_MAX];
};

/* Somebody undoes what we write, and we write it again. */
struct contest {
	int64_t last_ns;	/* when we did so */
	uint8_t n;		/* how often, in a row */
};
enum { CONTEST_TOLD = 3 };	/* from then on it is a fight */
void contest_note(struct contest *c, int64_t now_ns);
/* From the fourth time on each next one waits twice as long. */
int64_t contest_calm_ns(const struct contest *c);

enum record_flags {
	RECORD_LIVE = 1,	/* its object was seen; else only children */
	RECORD_LISTED = 2,	/* seen since its group's WATCH_BEGIN */
	RECORD_BUSY = 4,	/* a job works on it */
	RECORD_QUEUED = 8,	/* in the ready list */
	RECORD_HOT = 16,	/* in the first of the two ready lists */
	RECORD_PLANNED = 32,	/* planned since start */
	RECORD_REFUSED = 64,	/* its spec is not valid; last good stays */
	RECORD_DELETING = 128,
	RECORD_UNFOLLOWED = 256, /* there was no room for its references */
	RECORD_DOUBTED = 512,	/* somebody knows other contents of them */
	/* We told that those it refers to are not followed, and nothing of
	 * that has changed. */
	RECORD_TOLD_CONFIG_MAPS = 1024,
	RECORD_TOLD_SECRETS = 2048,
	RECORD_OUTDATED = 8192,	/* the API server has, or may have, another
				 * version of it: it is read before the next
				 * write */
	RECORD_ROLLS = 16384,	/* a failed rollout is to be taken back */
	RECORD_CROWDED = 4096,	/* there was no slot for one of its children */
	RECORD_UNHELD = 32768,	/* nor for a pod of its that is in trouble */
	RECORD_READY = 65536	/* as its status has it, for the metrics */
};

/* Whether a server speaks MCP, as far as known; see verify.c. */
enum verified {
	VERIFIED_OFF,		/* it is not asked */
	VERIFIED_PENDING,	/* it was not yet */
	VERIFIED_YES, VERIFIED_NO,
	VERIFIED_UNSURE		/* it could not be asked */
};
struct verify_note {
	uint64_t topic;		/* what all this is about; 0: nothing */
	int64_t due_ns;		/* when to ask again; TIME_NEVER */
	uint8_t state, tries;
	bool again;		/* it is known, and asked once more */
};

struct record {
	struct uid uid;
	uint64_t key_hash;	/* of namespace and LABEL_KEY value */
	uint32_t flags;
	/* Bit per child_kind: of the last plan, and since then what was
	 * applied or lost from sight. */
	uint32_t wanted;
	uint32_t created;	/* bit per child_kind: made, to be told */
	uint32_t extras;	/* see extra_first */
	uint32_t labelled;	/* labels set at its namespace, labels_mark */
	uint8_t group, phase;
	uint8_t failures;	/* in a row, for the backoff */
	uint8_t refs;
	uint8_t transport;
	uint8_t space;		/* in series, if of this namespace; a hint */
	uint32_t refused[CHILD_KINDS];	/* writes, for the metrics */
	int32_t desired;	/* replicas asked for */
	uint32_t refused_counts; /* as refused_wish, of record_counts */
	uint64_t facts;		/* digest of generation and metadata */
	uint64_t planned_facts;	/* as of the last plan */
	uint64_t refused_wish;	/* record_wish when a child was refused */
	uint64_t planned_inputs; /* record_inputs of the last status */
	/* Digests of the status in the newest version that is known, and of
	 * the one that was last found right or written. */
	uint64_t status_told, status_said;
	uint64_t status_version; /* of our own last write of it */
	int64_t minor_since_ns;	/* a small change waits; 0: none */
	int64_t queued_ns;
	int64_t not_before_ns;	/* a Retry-After told to wait; 0: none */
	struct contest repair, status_fight;
	uint32_t next;		/* in a ready list */
	uint32_t held;		/* its line in held.c, or POOL_NONE */
	uint64_t version;	/* the newest that was told or written */
	uint32_t ref[RECORD_REFS_MAX];	/* slots in refs */
	struct child_state child[CHILD_KINDS];
	struct workload workload;
	struct verify_note verify;
	char ns[64], name[254], image[IMAGE_NOTE_MAX];
};
/* What stands between 10,000 servers and the memory that was promised. */
_Static_assert(sizeof(struct record) <= RECORD_BYTES, "see limits.h");
_Static_assert(CHILD_KINDS_ALL < 32, "a bit each");
/* Kinds of children: all, those in a record, those beyond. */
#define KINDS_EVERY ((UINT32_C(1) << CHILD_KINDS_ALL) - 1)
#define KINDS_CORE ((UINT32_C(1) << CHILD_KINDS) - 1)
#define KINDS_EXTRA (KINDS_EVERY & ~KINDS_CORE)

/* A child of another kind than a record has room for; see extras.c. */
struct extra {
	struct child_state state;
	uint32_t next;		/* of the same record, plus one; 0: none */
	uint8_t kind;
	bool held;		/* its server asks for it */
	bool named;		/* there was one, as the status has it */
};
struct extras {
	struct pool pool;
	struct extra *e;
	uint32_t of_kind[CHILD_KINDS_ALL];	/* slots in use */
	uint32_t lost;		/* kinds of which some were not taken note of */
	bool full;		/* RECORD_CROWDED ones wait for room */
	struct timer room;
};

struct records {
	struct pool pool;
	struct record *r;
	struct map by_uid, by_key;
	struct extras extras;
	uint64_t refused;	/* objects turned away: no slot left */
	uint32_t live[GROUPS];
	uint32_t ghosts;	/* records that are not live */
	bool full;		/* some were refused since room was free */
};
#define RECORD_NONE POOL_NONE

int records_init(struct records *rs, struct mem *m, uint32_t cap);
struct record *record_at(const struct records *rs, uint32_t i);
uint32_t record_index(const struct records *rs, const struct record *r);
uint32_t record_find(const struct records *rs, const struct uid *uid);
uint32_t record_find_key(const struct records *rs, uint64_t key_hash);
/* Not one that has gone and left children under the same name. */
uint32_t record_find_live(const struct records *rs, uint64_t hash);
/* A new record, not yet live, or RECORD_NONE when full. */
uint32_t record_add(struct records *rs, const struct uid *uid, enum group g,
    struct str ns, struct str name);
void record_drop(struct records *rs, uint32_t i);
/* Next record in use from i on, or RECORD_NONE. */
uint32_t record_next(const struct records *rs, uint32_t i);
/* The kinds of those that there are, a bit each. */
uint32_t record_children(const struct records *rs, const struct record *r);
/*
 * A list is of one namespace or of all: what it says to be gone is gone from
 * there only. The hash of the namespace; 0: all.
 */
uint64_t scope_of(struct str ns);
/* Is what is of the namespace with this hash in the scope? */
bool scope_has(uint64_t scope, uint64_t ns);
bool record_in(const struct record *r, uint64_t scope);
/* A version of its object was told or written; false: an old one. */
bool record_version(struct record *r, struct str version);
/* Its object was seen, or is gone. */
void record_live(struct records *rs, uint32_t i, bool live);
/*
 * Are there still children of a deleted server of the same name? The API
 * server collects them soon; until then their names are taken.
 */
bool record_has_ghost(const struct records *rs, const struct record *r);
/* True for the canonical text form; others are hashed. */
bool uid_parse(struct str s, struct uid *ret);
void uid_format(const struct uid *u, struct buf *out);
bool uid_same(const struct uid *a, const struct uid *b);
uint64_t uid_hash(const struct uid *uid);
/* Ended by NUL, and cut where it does not fit. */
void text_set(char *to, size_t cap, struct str s);
uint64_t key_hash(struct str ns, struct str key);
uint64_t version_number(struct str version);
/*
 * Pods there should be: by its spec, or by the Deployment where an HPA says
 * it, and while the spec is not valid, for nobody remembers the last good one
 * over a restart.
 */
int32_t record_desired(const struct record *r);
/*
 * Fewer pods are ready than are asked for; some pod is not ready, which may be
 * a new one while a rollout keeps the old ones. What has ended, and stays for
 * whoever wants to read its log, is a reason for the first only.
 */
bool record_short(const struct record *r);
bool record_lacks(const struct record *r);
/* Neither pods nor a policy that keeps anybody from them. */
bool record_unguarded(const struct records *rs, const struct record *r);
/* Everything outside the object that its status is made of. */
uint64_t record_inputs(const struct manager *m, const struct record *r);
/* Does anything differ from what the last plan saw or wanted? */
bool record_due(const struct manager *m, const struct record *r);
/*
 * Did somebody else write its status? Not part of record_due: two writers
 * must not answer each other at once.
 */
bool record_overwritten(const struct record *r);
bool child_drifted(const struct records *rs, const struct record *r,
    enum child_kind k);
/* Did somebody else write to it after us? */
bool child_edited(const struct child_state *c);
/* Can a write say which one it is meant for, by resource version? */
bool child_has_version(const struct child_state *c);
/* It has gone, and a Deployment's counters with it. */
void child_forget(struct records *rs, struct record *r, enum child_kind k);
/* The same, unless the watch has told of another one since. */
void child_forget_uid(struct records *rs, struct record *r,
    enum child_kind k, const struct uid *uid);
/* False only where both are numbers. */
bool version_older(uint64_t version, uint64_t than);
/* Digest of how many pods there are, and of what kind. */
uint32_t record_counts(const struct record *r);
/* Digest of what is asked for and of which children there are. */
uint64_t record_wish(const struct records *rs, const struct record *r);

/* ---- extras.c: children that a record has no room for itself ---- */

int extras_init(struct manager *m, struct mem *mem, uint32_t cap);
/* What is known of a child; of one without a slot, nothing. */
const struct child_state *child_at(const struct records *rs,
    const struct record *r, enum child_kind k);
/* To be written to; NULL: it has no slot. */
struct child_state *child_slot(const struct records *rs, struct record *r,
    enum child_kind k);
/* With a slot taken if need be; NULL: none is left. */
struct child_state *child_take(struct records *rs, struct record *r,
    enum child_kind k);
/* Those that this operator makes by its flags, a bit each. */
uint32_t extras_made(const struct manager *m);
/*
 * Holds slots for the kinds that its server asks for, a bit each, and for no
 * others. What there is no slot for is told, and comes back when there is.
 */
void extras_follow(struct manager *m, struct record *r, uint32_t kinds);
/* Its status tells that there is one: its list tells whether that is so. */
void extras_named(struct manager *m, struct record *r, enum child_kind k);
/* Gives back those that nobody asks for and of which there is no child. */
void extras_tidy(struct manager *m, struct record *r);
/* Kinds that its server asks for and that may be made, a bit each. */
uint32_t extras_allowed(const struct manager *m, const struct record *r);
/* Has it been told which of these children there are, as far as may be? */
bool extras_ready(const struct manager *m, const struct record *r);
/* All of a kind are known now: who waited for that goes on. */
void extras_synced(struct manager *m, enum child_kind k);

/* ---- queue.c: which record next ---- */

struct queue {
	struct records *records;
	uint32_t head[2], tail[2], depth;
	uint32_t depth_max;	/* of the hot list, else they wait */
	struct heap later;
	struct rng rng;
	int64_t base_ns, max_ns;
	uint64_t adds, retries;
};
int queue_init(struct queue *q, struct mem *m, struct records *rs,
    const struct manager_options *o, uint64_t seed);
/*
 * Waits it for another try of what was refused? That nothing but its spec or
 * its children shortens, and other counts of its pods to REFUSED_COUNTS_NS.
 */
bool queue_holds(const struct queue *q, uint32_t i);
/*
 * Not while queue_holds, nor before a Retry-After is over. hot: children are
 * missing or wrong; before all that is only status.
 */
void queue_add(struct queue *q, uint32_t i, bool hot, int64_t now_ns);
void queue_at(struct queue *q, uint32_t i, int64_t at_ns);
/*
 * After a failure: doubles from base to max, with jitter. told_ns: nothing
 * makes it come again sooner than that.
 */
void queue_backoff(struct queue *q, uint32_t i, int64_t told_ns,
    int64_t now_ns);
int64_t queue_next_ns(const struct queue *q);	/* earliest of the later */
/* Moves what is due to the ready lists; then the next, or RECORD_NONE. */
void queue_wake(struct queue *q, int64_t now_ns);
uint32_t queue_take(struct queue *q);
void queue_forget(struct queue *q, uint32_t i);

#endif
