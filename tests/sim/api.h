/*
 * A model of kube-apiserver and of the parts of kube-controller-manager that
 * are of the API itself: garbage collection and deletion of namespaces.  It
 * knows the kinds that the operator meets and answers requests for them as
 * the real one (1.36) does; tests/e2e/70-model.sh compares the two.
 *
 * No clock, no sockets, no threads: time is given, and everything that is
 * random comes from the seed.  The CRDs are read from files below the working
 * directory, once per process.
 */
#ifndef SIM_API_H
#define SIM_API_H

#include "base.h"
#include "tree.h"

enum api_kind {
	API_NAMESPACE, API_CONFIG_MAP, API_SECRET, API_SERVICE, API_POD,
	API_EVENT, API_SERVICE_ACCOUNT, API_DEPLOYMENT, API_REPLICA_SET,
	API_HPA, API_PDB, API_INGRESS, API_POLICY, API_RESOURCE_QUOTA,
	API_LIMIT_RANGE, API_ROLE, API_ROLE_BINDING, API_LEASE, API_CRD,
	/* in the order of enum group of model.h */
	API_ALLBEONE, API_TAKATSU, API_EXAMPLE, API_MCPDEV,
	/* what else comes with a CRD; see optional.yaml */
	API_ROUTE, API_VPA, API_VIRTUAL_SERVICE, API_DESTINATION_RULE,
	API_PEER_AUTH, API_SERVICE_MONITOR, API_PROMETHEUS_RULE,
	API_KINDS,
	API_CRDS = API_KINDS - API_ALLBEONE
};

struct api_options {
	uint64_t seed;
	int64_t wall_ns;	/* now */
	uint32_t crds;		/* bit per kind from API_ALLBEONE on that
				 * is there */
	bool no_watch_list;	/* sendInitialEvents is refused with 422 */
	bool no_discovery;	/* 404 below /apis and /api */
	int64_t compact_ns;	/* older versions go; 0: 300 s */
	int64_t bookmark_ns;	/* between bookmarks; 0: 60 s */
	int64_t gc_ns;		/* the collector's delay; 0: 100 ms */
	uint32_t page_max;	/* objects a page, whatever limit; 0: any */
	const char *token;	/* Bearer token that is accepted; NULL: any */
};

struct api;
struct api *api_new(const struct api_options *o);
void api_free(struct api *a);
/* May be changed between requests. */
struct api_options *api_options(struct api *a);

/* What shall go wrong with one request. */
enum api_fault {
	API_OK,
	API_THROTTLE,		/* 429 with Retry-After */
	API_UNAVAILABLE,	/* 503 with Retry-After */
	API_INTERNAL,		/* 500 with a Status */
	API_INTERNAL_LATE,	/* the same, but the write has happened */
	API_TIMEOUT,		/* 504 */
	API_TIMEOUT_LATE,	/* the same, but the write has happened */
	API_BAD_GATEWAY,	/* 502, a page of a proxy */
	API_UNAUTHORIZED,	/* 401 */
	API_FORBIDDEN,		/* 403: RBAC */
	API_ADMISSION,		/* a webhook refuses the write */
	API_ADMISSION_GONE,	/* a webhook cannot be reached: 500 */
	API_QUOTA,		/* 403: exceeded quota; creations only */
	API_CONFLICT,		/* 409, as if somebody had been faster */
	API_GONE,		/* 410 as the answer to a list or watch */
	API_ETCD_SLOW		/* 500: etcdserver: request timed out */
};

struct api_request {
	struct str method, path;	/* path with its query */
	struct str content_type, accept, agent;
	struct str authorization;	/* the header's value */
	struct str body;
	enum api_fault fault;
	int retry_after_s;		/* for the faults that have one */
};

struct api_answer {
	int status;
	int retry_after_s;	/* -1: no such header */
	const char *content_type;
	struct str body;	/* until the next call of the api's */
};

/* Everything but watches. */
void api_request(struct api *a, int64_t now_ns, const struct api_request *r,
    struct api_answer *ret);
/* Is this GET to be opened as a watch? */
bool api_is_watch(const struct api_request *r);

/*
 * A watch. NULL: refused, with the answer.  It outlives neither the api nor
 * api_watch_close.  Lines come without being asked for twice: whoever has
 * been given API_WATCH_NONE asks again after any write, or at api_wake_ns.
 */
struct api_watch;
enum api_next { API_WATCH_LINE, API_WATCH_NONE, API_WATCH_END };
struct api_watch *api_watch_open(struct api *a, int64_t now_ns,
    const struct api_request *r, struct api_answer *ret);
/* ret_line ends with a newline, and is valid until the next call. */
enum api_next api_watch_next(struct api_watch *w, int64_t now_ns,
    struct str *ret_line);
void api_watch_close(struct api_watch *w);
/* When this watch has something to tell without any write: a bookmark, its
 * end. */
int64_t api_watch_wake_ns(const struct api_watch *w);

/* Collector, namespaces, compaction, Events' time to live. */
void api_tick(struct api *a, int64_t now_ns);
/* When api_tick has something to do; TIME_NEVER: not before a write. */
int64_t api_wake_ns(const struct api *a);
/* All versions up to now are gone from history: lists go on, watches and
 * continue tokens get 410. */
void api_compact(struct api *a);

/* ---- for the world and the checkers ----------------------------------- */

struct api_object {
	enum api_kind kind;
	struct str ns, name, uid;
	uint64_t version;
	const struct node *root;	/* never changed; see api_write */
};

/* NULL when there is none.  Pointers are valid until the next write. */
const struct api_object *api_find(const struct api *a, enum api_kind kind,
    struct str ns, struct str name);
const struct api_object *api_find_uid(const struct api *a, struct str uid);
/* By namespace and name.  prev NULL: the first; ns empty: all. */
const struct api_object *api_each(const struct api *a, enum api_kind kind,
    struct str ns, const struct api_object *prev);
uint64_t api_version(const struct api *a);	/* of the last write */
const char *api_kind_name(enum api_kind kind);	/* "Deployment" */
const char *api_kind_api_version(enum api_kind kind);	/* "apps/v1" */
const char *api_kind_resource(enum api_kind kind);	/* "deployments.apps" */
/* "/apis/apps/v1/namespaces/ns/deployments/name", until the next call;
 * name empty: the collection. */
const char *api_path(struct api *a, enum api_kind kind, struct str ns,
    struct str name);

/* One write that was committed.  old NULL: created; new NULL: it is gone. */
struct api_write {
	enum api_kind kind;
	const char *verb;	/* create update patch apply delete */
	const char *sub;	/* "", "status", "scale" */
	struct str ns, name, manager, agent;
	const struct node *old, *new;
	uint64_t version;
	int64_t now_ns;
	bool system;		/* by the api itself: collector, namespaces */
};
typedef void api_observer(void *ctx, const struct api_write *w);
/* Called in order of registration; may read but not write. */
void api_observe(struct api *a, api_observer *fn, void *ctx);
/* Every request and its answer, the watches' openings too. */
typedef void api_tracer(void *ctx, int64_t now_ns,
    const struct api_request *r, const struct api_answer *answer);
void api_trace(struct api *a, api_tracer *fn, void *ctx);

/* Requests of the world's own: the status.  agent names who. body NULL:
 * none.  The answer's body can be had by `ret`, which may be NULL. */
int api_do(struct api *a, int64_t now_ns, const char *agent,
    const char *method, const char *path, const char *content_type,
    struct str body, struct api_answer *ret);

#endif
