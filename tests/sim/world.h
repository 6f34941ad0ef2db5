#ifndef SIM_WORLD_H
#define SIM_WORLD_H

/* What the controllers of the cluster and the users share. */

#include "kids.h"

/* Namespaces of the users; the operator's own is mcp-system. */
enum { SIM_NAMESPACES = 3 };
extern const char *const world_ns[SIM_NAMESPACES];

enum pod_stage { POD_NEW, POD_PULL, POD_START, POD_READY, POD_CRASH };

struct pod {
	struct pod *next;
	char uid[40], ns[64], name[254], owner[40];
	uint8_t stage;
	uint32_t restarts, pulls;
	bool gone, ending, oom;	/* oom: how it crashes next */
	uint64_t env;		/* what its references held at its start */
	bool busy;		/* something is about to happen to it */
};

struct rollout {
	struct rollout *next;
	char ns[64], name[254];
	int64_t at_ns;		/* of the next look; 0: none */
	int64_t late_ns;	/* and none before */
	uint64_t mark;		/* of what counts as progress */
	int64_t progress_ns;
};

struct world {
	struct tree tree;	/* of one function's length */
	struct pod *pods;
	struct rollout *rollouts;
	uint64_t names;
	struct text crd[API_CRDS];	/* to make those that went again */
	bool quota[SIM_NAMESPACES];
	uint32_t live_pods;
	uint32_t values;		/* that references were given */
};

/* A request of somebody in the cluster; traced; the status. */
int world_do(struct sim *s, const char *who, const char *method,
    enum api_kind kind, struct str ns, struct str name, const char *sub,
    const char *type, struct str body);
#define MERGE "application/merge-patch+json"
#define JSON "application/json"
#define APPLY "application/apply-patch+yaml"
/* The same with a body of printf's. */
__attribute__((format(printf, 7, 8)))
int world_merge(struct sim *s, const char *who, enum api_kind kind,
    struct str ns, struct str name, const char *sub, const char *fmt, ...);
int world_delete(struct sim *s, const char *who, enum api_kind kind,
    struct str ns, struct str name);
bool world_quota(const struct sim *s, struct str ns);
/* Text form of a virtual time. */
const char *world_time(const struct sim *s, char mem[static 40]);

/* deploy.c */
void deploy_wake(struct sim *s, struct str ns, struct str name);
/* The same for one that was written to, which is seen late now and then. */
void deploy_changed(struct sim *s, struct str ns, struct str name);
void deploy_wake_uid(struct sim *s, struct str uid);

struct node *deploy_owners(struct tree *t, const struct api_object *d);

/* sets.c: the ReplicaSet of a Deployment's template */
struct newest { char hash[24], name[254]; };
/*
 * Makes it, or makes it the newest again. hash: what it is to be known by if
 * it is new. Its revision, or 0: it cannot be made now, and has no name. The
 * objects that were found before may be gone.
 */
uint64_t sets_sync(struct sim *s, const struct api_object *d, uint64_t hash,
    struct newest *ret);

/* scaler.c: once, and then by itself */
void scaler_wake(struct sim *s, void *ctx, uint64_t arg);

/* kubelet.c */
void kubelet_new(struct sim *s, const struct node *pod);
struct pod *kubelet_find(struct sim *s, struct str uid);
void kubelet_ends(struct sim *s, struct pod *p);
/* A container of a running pod ends: with 137 and OOMKilled, or 1. */
void kubelet_crash(struct sim *s, struct pod *p, bool oom);
void kubelet_evict(struct sim *s, struct pod *p);
/* A digest of what a pod's references hold now. */
uint64_t kubelet_env(struct sim *s, const struct api_object *pod);

/* users.c: servers as users write them */

/* What stands behind a name that users give. */
struct server_id {
	enum group group;
	enum api_kind kind;
	const char *ns;
	char name[32];
};
void server_id(const struct sim *s, uint32_t i, struct server_id *ret);
/* A spec of that variant; the same each time. */
void server_spec_text(const struct server_id *id, uint32_t variant,
    struct text *out);
/* Takes the label off all children of a server. */
void server_unlabel(struct sim *s, const struct server_id *id);
/* The finalizers of somebody else are taken away by him. */
void users_release(struct sim *s);
/* All that servers refer to is deleted. */
void users_take_refs(struct sim *s);
void user_run(struct sim *s, const struct sim_step *st);

#endif
