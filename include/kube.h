#ifndef KUBE_H
#define KUBE_H

/*
 * kube: a client of the Kubernetes API server. Where it is and who we are,
 * requests over a few kept connections, list and watch, server-side apply,
 * leader election, Events and discovery. It names no MCP kind, never logs,
 * and allocates nothing after its init functions ran: what it needs is
 * reserved from a struct mem before the loop starts.
 *
 * Callbacks come from loop_turn() only and are the last thing the room does
 * with the object they are about: a callback may send, stop and cancel.
 */

#include "base.h"
#include "codec.h"
#include "net.h"

/* config.c, config_file.c, config_exec.c [kube_config_] ------------------ */

/*
 * Looked for in this order: `kubeconfig` (--kubeconfig, one file), the files
 * of $KUBECONFIG (separated by ':', merged as kubectl does: the first file
 * that has an entry wins it whole), the service account of the pod, and
 * ~/.kube/config.
 */
struct kube_config_source {
	struct str kubeconfig;	/* empty: none given */
	struct str context;	/* --context; empty: current-context */
	bool allow_exec;	/* run credential plugins (command line only:
				 * io->run blocks) */
};

enum kube_config_origin {
	KUBE_CONFIG_FILE,	/* a kubeconfig */
	KUBE_CONFIG_POD		/* the pod's service account */
};

/* A file whose contents are taken up when they change. */
struct kube_file {
	const char *path;	/* NULL: none */
	uint8_t digest[SHA256_LEN];
};

/* A credential plugin. */
struct kube_exec {
	const char *argv[KUBE_EXEC_ARGS_MAX + 2];	/* NULL ended */
	const char *env[KUBE_EXEC_ENV_MAX + 2];		/* "NAME=value" */
	struct str version;	/* client.authentication.k8s.io/... */
	struct str hint;	/* how to install it; may be empty */
	bool tell_cluster;	/* provideClusterInfo */
	int64_t expires_wall_ns;	/* TIME_NEVER: not known */
};

/*
 * What is in force. Everything text lives in memory of the config's own.
 * Refused with a text that says so: insecure-skip-tls-verify, proxy-url,
 * impersonation, auth-provider, exec unless allowed, credentials over http
 * to another machine. Without certificate-authority the system's bundle is
 * taken, $SSL_CERT_FILE or /etc/ssl/certs/ca-certificates.crt.
 *
 * Taken up without a restart: the token file is read again when the last
 * reading is KUBE_TOKEN_AGE_NS old, or after 401; CA and client certificate
 * files are compared every KUBE_CERTS_AGE_NS, or after a certificate was not
 * trusted. Both happen when a request or a connection is about to begin, so
 * at rest nothing runs. A file that cannot be read or does not parse leaves
 * the last good contents in force.
 */
struct kube_config {
	const struct io *io;
	enum kube_config_origin origin;
	struct conn_target target;	/* trust NULL: http:// */
	struct str host;		/* Host header, with port if any */
	struct str prefix;		/* path of the server URL, or "" */
	struct str namespace;		/* of the pod or context, "default" */
	struct str context, user;	/* names, for messages */
	/* private from here */
	struct mem *mem;
	struct trust *trust;
	struct arena text;
	char *work;			/* files, while they are read */
	char *auth;			/* value of Authorization */
	size_t auth_n;
	struct kube_file token, ca, cert, key;
	struct str cert_pem, key_pem;	/* given in the configuration */
	int64_t token_ns, certs_ns;	/* when last read */
	bool has_exec;
	struct kube_exec exec;
};

/* 0, or ERR_* with d naming the file and field. Once per struct. */
int kube_config_load(struct kube_config *c, struct mem *m,
    const struct io *io, const struct kube_config_source *from,
    struct diag *d);

enum kube_refresh {
	KUBE_REFRESH_DUE,	/* what is old enough */
	KUBE_REFRESH_DENIED,	/* 401: the token now */
	KUBE_REFRESH_TRUST	/* TLS failed: the certificates now */
};
/* True when something changed, so that trying again makes sense. */
bool kube_config_refresh(struct kube_config *c, enum kube_refresh why);
/* "Authorization: ...\r\n", or nothing. A secret: never log it. */
void kube_config_auth(const struct kube_config *c, struct buf *out);

/* Sans-I/O, for tests and fuzzing: an ExecCredential of `version` with a
 * token, a certificate and its key, or both, copied into a. */
struct kube_exec_credential {
	struct str token, cert, key;
	int64_t expires_wall_ns;	/* TIME_NEVER: not given */
};
int kube_exec_decode(struct str text, struct str version,
    struct json_tok *tok, uint32_t cap, struct arena *a,
    struct kube_exec_credential *ret, struct diag *d);

/* resource.c, peek.c [kube_path, kube_query, kube_peek] ------------------ */

/* One resource of the API, static text. group "" is the core group. */
struct gvr {
	const char *group, *version, *plural;
	bool namespaced;
};

/*
 * "/apis/<group>/<version>/namespaces/<ns>/<plural>/<name>/<sub>", with
 * segments escaped. namespace is left out for cluster-scoped kinds or, when
 * empty, to mean all namespaces; name empty is the collection; sub NULL is
 * none.
 */
void kube_path(struct buf *out, const struct gvr *r, struct str namespace,
    struct str name, const char *sub);
/* Appends ?key=value or &key=value, escaped. */
void kube_query(struct buf *out, const char *key, struct str value);
/* "apps/v1", "v1". */
void kube_api_version(struct buf *out, const struct gvr *r);

/*
 * The raw text of a member ("metadata.resourceVersion"; strings without
 * their quotes, escapes as they stand) without parsing the document: one
 * pass, no tokens. False when the member is not there, or not whole: the
 * text may be cut or malformed, nothing is read beyond it.
 */
bool kube_peek(struct str object, const char *path, struct str *ret);

/* status.c [kube_status_] ------------------------------------------------ */

/* What stands behind a refusal, where the code alone does not tell. */
enum kube_why {
	KUBE_WHY_NONE,
	KUBE_WHY_RBAC,		/* 403: not allowed to us */
	KUBE_WHY_QUOTA,		/* 403: a ResourceQuota is used up */
	KUBE_WHY_LIMITS,	/* 403: a LimitRange refuses it */
	KUBE_WHY_ADMISSION,	/* an admission webhook or policy refuses */
	KUBE_WHY_NO_DRY_RUN,	/* 400: an admission webhook knows none */
	KUBE_WHY_SECURITY,	/* 403: the namespace's Pod Security level */
	KUBE_WHY_TERMINATING,	/* the namespace is being deleted */
	KUBE_WHY_NO_NAMESPACE,	/* 404: the namespace, not the object */
	KUBE_WHY_OWNED,		/* 409: another field manager owns a field */
	KUBE_WHY_UID,		/* 409: not the object that was meant */
	KUBE_WHY_IMMUTABLE	/* 422: a field that cannot change */
};

/* The same of a refusal (403) that someone quotes, as conditions do. */
enum kube_why kube_why_of(struct str message);

struct kube_status {
	int err;		/* 0 or ERR_* */
	enum kube_why why;
	uint16_t code;
	int64_t retry_after_ns;	/* -1: not given */
};

/*
 * The meaning of an answer with HTTP status `code` and its body, normally a
 * Status object; reason, message and causes go to d. 2xx is 0. 400
 * ERR_INVALID, 401 ERR_DENIED, 403 ERR_FORBIDDEN, 404 ERR_NOENT, 409
 * ERR_EXIST or ERR_CONFLICT, 410 ERR_GONE, 413 ERR_LIMIT, 415 and 406
 * ERR_UNSUPPORTED, 422 ERR_INVALID, 429 ERR_THROTTLED, 500 and 502 ERR_HTTP,
 * 503 and 504 ERR_THROTTLED and ERR_TIMEOUT, others ERR_HTTP. Two are put
 * right: an apply with another uid is answered 422 and means ERR_CONFLICT,
 * one with values of wrong types 500 and means ERR_INVALID. A body that is
 * not a Status is quoted. Bodies are cut at KUBE_ERROR_BODY_MAX.
 */
void kube_status_decode(uint16_t code, struct str body,
    struct kube_status *ret, struct diag *d);
/*
 * Retry-After (RFC 9110 section 10.2.3): seconds, or an HTTP date measured
 * from wall_ns; capped at KUBE_RETRY_AFTER_MAX_NS. ERR_BAD.
 */
int kube_retry_after(struct str value, int64_t wall_ns, int64_t *ret_ns);

/* tally.c [kube_tally_] -------------------------------------------------- */

enum { KUBE_TALLY_METHODS = 5, KUBE_TALLY_CODES = 21 };

/* Answers counted by method and status code. Zero is empty. */
struct kube_tally {
	uint64_t n[KUBE_TALLY_METHODS][KUBE_TALLY_CODES];
};

/* code 0: none came. method is one of GET, POST, PUT, PATCH, DELETE. */
void kube_tally_add(struct kube_tally *t, const char *method, uint16_t code);
/*
 * What was counted at least once, from *cursor 0 on; false at the end. A code
 * that has no row of its own is counted as UINT16_MAX.
 */
bool kube_tally_next(const struct kube_tally *t, uint32_t *cursor,
    const char **ret_method, uint16_t *ret_code, uint64_t *ret_n);

/* client.c [kube_client_, kube_send, kube_cancel] ------------------------ */

/* Served in this order, first in first out within a class. */
enum kube_class {
	KUBE_LEASE,		/* has a connection of its own */
	KUBE_URGENT,		/* what somebody waits for: CLI, probes */
	KUBE_NORMAL,
	KUBE_LOW,		/* Events */
	KUBE_CLASSES
};

/* Accept headers. */
#define KUBE_JSON "application/json"
#define KUBE_METADATA \
	"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
#define KUBE_METADATA_LIST \
	"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
/* Content types. */
#define KUBE_APPLY "application/apply-patch+yaml"	/* takes JSON too */
#define KUBE_MERGE "application/merge-patch+json"

/*
 * One request, owned by the caller, in place until on_done or kube_cancel.
 * kube_call_init, then a builder of apply.c (or method and path by hand),
 * then what shall differ, then kube_send.
 */
struct kube_call {
	/* the request */
	const char *method;
	struct str path;		/* with query, without the prefix */
	const char *content_type;	/* NULL: no body */
	const char *accept;
	struct str body;
	enum kube_class class;
	int64_t deadline_ns;		/* absolute; retries included */
	/* Where the answer goes; NULL: a buffer of the connection, up to
	 * JSON_OBJECT_MAX, valid during on_done only. */
	void *reply_mem;
	size_t reply_cap;
	void (*on_done)(void *ctx, struct kube_call *call);
	void *ctx;
	/* the answer, valid from on_done */
	struct kube_status status;	/* status.err: how it ended */
	struct str reply;		/* body of a 2xx answer */
	struct diag diag;		/* why not */
	/* private from here */
	bool dry;			/* kube_call_dry_run */
	struct kube_call *next;
	struct kube_conn *conn;
	uint8_t state, tries;
	bool renewed;			/* sent again with new credentials */
	int64_t not_before_ns;
	char text[KUBE_CALL_TEXT_MAX];	/* path and small bodies */
};

/* Default: KUBE_NORMAL, application/json, KUBE_REQUEST_NS from sending. */
void kube_call_init(struct kube_call *call,
    void (*on_done)(void *ctx, struct kube_call *call), void *ctx);
/* True for what changes something. */
bool kube_call_writes(const struct kube_call *call);
bool kube_call_busy(const struct kube_call *call);

struct kube_client_options {
	uint32_t conns;		/* for requests, 1..KUBE_CONNS_MAX; 0: 5 */
	bool lease;		/* one more connection, for KUBE_LEASE */
	uint32_t qps_milli;	/* requests in 1000 s, at most 10,000,000;
				 * 0: no limit. KUBE_LEASE is exempt. */
	uint32_t burst;		/* 0: 1; at most 1,000,000 */
	const char *agent;	/* User-Agent; NULL: mcp-operator/... */
};

/* A connection for requests, private to client.c. */
struct kube_conn {
	struct http_client http;
	struct kube_client *client;
	struct kube_call *call;		/* NULL: idle */
	struct buf body;
	char *reply, *tls;
	int64_t since_ns;		/* sent, or idle, since */
	int64_t retry_after_ns;
	uint32_t trust;			/* generation it was opened with */
	uint16_t code;			/* 0: no answer yet */
	bool lease;
};

struct kube_client {
	struct loop *loop;
	struct kube_config *config;
	struct counts *counts;
	struct conn_gate gate;		/* shared with the watches */
	/* Asked right before each write leaves, so that nothing is sent after
	 * one's lease: false ends the call with ERR_NOTLEADER. NULL: send.
	 * Calls of class KUBE_LEASE are not asked about. */
	bool (*may_send)(void *ctx, const struct kube_call *call);
	void *may_ctx;
	/* A write is given up after this long on the wire, whatever its own
	 * deadline: shorter than lease duration minus renew deadline, so that
	 * none is under way when another may lead. 0: no such limit. */
	int64_t write_timeout_ns;
	/* Told of each answer or failure, for metrics; may be NULL. */
	void (*on_answer)(void *ctx, const struct kube_call *call,
	    int64_t took_ns);
	void *answer_ctx;
	uint32_t queued, in_flight;	/* calls that wait; that are sent */
	struct kube_tally tally;	/* of calls and of the watches */
	/* private from here */
	struct mem *mem;
	struct kube_conn *conn;
	uint32_t conns;
	struct kube_call *head[KUBE_CLASSES], **tail[KUBE_CLASSES];
	struct kube_call *waiting;	/* for not_before_ns */
	int64_t tokens_milli, tokens_ns;	/* rate limit */
	int64_t qps_milli, burst_milli;
	int64_t wake_ns;
	bool stopping;
	struct timer timer;
	struct work work;
	struct rng rng;
	char agent[96];
};

/* ERR_FULL when memory cannot be reserved. counts may be NULL. */
int kube_client_init(struct kube_client *c, struct mem *m, struct loop *l,
    struct kube_config *config, struct counts *counts,
    const struct kube_client_options *o);
/*
 * Queues the call; on_done comes exactly once, from the loop, unless it is
 * cancelled. Inside, while the deadline allows: a kept connection that had
 * died is replaced; 429 and 503 with Retry-After are waited out, at most
 * KUBE_TRIES_MAX times; 401 and a certificate that is not trusted read the
 * files again, once. Connect failures are not retried here: the caller's
 * backoff does that. A write may thus be sent twice, so it must be one whose
 * repetition is harmless: all that name their object are.
 */
void kube_send(struct kube_client *c, struct kube_call *call);
/* Not busy: fine. A write that was sent may still take effect. */
void kube_cancel(struct kube_client *c, struct kube_call *call);
/*
 * From now on no call waits for a time that the API server named, nor for
 * kube-api-qps: those that do end with ERR_CANCELLED or go at once. The
 * calls of class KUBE_LEASE go on as before.
 */
void kube_client_stop(struct kube_client *c);
/* Closes the idle connections; those idle for KUBE_IDLE_NS close by
 * themselves. */
void kube_client_close(struct kube_client *c);

/* apply.c [kube_call_]: builders ----------------------------------------- */

/*
 * Each sets method, path, content type, body and Accept of an initialised
 * call. Bodies must stay valid until on_done. Answers to writes are asked
 * for as metadata only (PartialObjectMetadata): uid, resourceVersion,
 * generation; set accept = KUBE_JSON for the whole object. CHECK when names
 * do not fit KUBE_CALL_TEXT_MAX.
 */
void kube_call_get(struct kube_call *call, const struct gvr *r,
    struct str namespace, struct str name);
/*
 * Lets a GET be answered from the API server's memory as long as that is not
 * older than this resourceVersion; else it waits for it about 3 s, and then
 * fails with ERR_TIMEOUT or ERR_THROTTLED.
 */
void kube_call_not_older(struct kube_call *call, uint64_t version);
/* limit 0: all; continue_token empty: from the start. */
void kube_call_list(struct kube_call *call, const struct gvr *r,
    struct str namespace, const char *labels, const char *fields,
    uint32_t limit, struct str continue_token);
void kube_call_create(struct kube_call *call, const struct gvr *r,
    struct str namespace, const char *manager, struct str body);
/*
 * Server-side apply; sub NULL or "status" or "scale". Not forced, a field
 * of another manager gives ERR_CONFLICT with KUBE_WHY_OWNED. A body that
 * carries metadata.uid or resourceVersion is refused with ERR_CONFLICT
 * (KUBE_WHY_UID where the uid differs) when they are not the object's.
 */
void kube_call_apply(struct kube_call *call, const struct gvr *r,
    struct str namespace, struct str name, const char *sub,
    const char *manager, bool force, struct str body);
/* Lets a create or an apply be looked at and answered, but nothing be made by
 * it: it is no write any more, and needs no Lease. */
void kube_call_dry_run(struct kube_call *call);
/* JSON merge patch (RFC 7386): finalizers, Event counts. */
void kube_call_merge(struct kube_call *call, const struct gvr *r,
    struct str namespace, struct str name, const char *sub,
    const char *manager, struct str body);
void kube_call_update(struct kube_call *call, const struct gvr *r,
    struct str namespace, struct str name, const char *sub,
    const char *manager, struct str body);
enum kube_propagation {
	KUBE_PROPAGATE_DEFAULT, KUBE_BACKGROUND, KUBE_FOREGROUND, KUBE_ORPHAN
};
/* uid and version empty: no precondition; they fail with ERR_CONFLICT. */
void kube_call_delete(struct kube_call *call, const struct gvr *r,
    struct str namespace, struct str name, struct str uid,
    struct str version, enum kube_propagation propagation);

/* watch.c, watch_http.c [kube_watch_] ------------------------------------ */

/* A row of the table of watches; text and gvr outlive the watch. */
struct kube_watch_row {
	const struct gvr *gvr;
	struct str namespace;	/* empty: all, or cluster-scoped */
	const char *labels;	/* selectors, or NULL */
	const char *fields;
	bool metadata;		/* as PartialObjectMetadata */
	const char *why;	/* what it is there for, for the memory page */
};

enum kube_watch_event {
	WATCH_BEGIN,	/* a fresh list starts: mark all as not seen */
	WATCH_ITEM,	/* an object, listed, added or modified */
	WATCH_DELETED,	/* its last state, reduced as below if too large */
	WATCH_SYNCED,	/* the list is complete: what was not seen since BEGIN
			 * is gone; text is the list's resource version */
	WATCH_OVERSIZE,	/* an object over JSON_OBJECT_MAX, reduced to its
			 * apiVersion, kind and the scalars of metadata that
			 * codec.h's split_push keeps */
	WATCH_ERROR	/* w->state, w->status and w->diag changed */
};

enum kube_watch_state {
	WATCH_STOPPED,
	WATCH_LISTING,	/* WatchList or pages under way, or being opened */
	WATCH_STREAMING,	/* synced and live */
	WATCH_WAITING,	/* for another try, after an error */
	WATCH_ABSENT,	/* 404: the kind is not installed, whatever was seen
			 * before; tried every KUBE_ABSENT_RETRY_NS, or when
			 * kicked */
	WATCH_DENIED	/* 401, 403: tried every KUBE_DENIED_RETRY_NS */
};

struct kube_watch;
/*
 * text is the raw object (in a LIST without apiVersion and kind), without
 * managedFields, valid until the handler returns or stops the watch; it is
 * empty for events without one. The handler may stop and start watches.
 */
typedef void kube_watch_fn(void *ctx, struct kube_watch *w,
    enum kube_watch_event event, struct str text);

/* What the watches of one server share; initialised before them. */
struct kube_watches {
	struct kube_client *client;
	bool no_watch_list;	/* the server refused sendInitialEvents */
	int64_t silence_ns;	/* KUBE_WATCH_SILENCE_NS */
	/* private from here */
	char *lines, *tls;
	uint32_t cap, used;
};
/* Memory for `count` watches, WATCHES_MAX at most. ERR_FULL. */
int kube_watches_init(struct kube_watches *s, struct mem *m,
    struct kube_client *client, uint32_t count);

struct kube_watch {
	struct kube_watch_row row;
	enum kube_watch_state state;
	bool synced;		/* the handler has had a complete list */
	struct kube_status status;	/* status.err: why not streaming */
	struct diag diag;
	int64_t since_ns;	/* of the state */
	uint64_t items, restarts, relists;
	/* private from here */
	struct kube_watches *shared;
	kube_watch_fn *fn;
	void *ctx;
	struct timer timer;
	struct work work;
	struct split split;
	char *line, *tls;	/* JSON_OBJECT_MAX, touched as needed */
	int64_t retry_after_ns, opened_ns, listed_ns;
	uint32_t epoch;		/* counts stops */
	uint32_t trust;		/* generation the connection began with */
	uint16_t code;		/* 0: no answer yet */
	uint8_t step, failures;
	bool whole;		/* list without pages: a token expired */
	bool ended;		/* the list's closing brace was seen */
	bool renewed;		/* tried again with new credentials */
	char version[KUBE_VERSION_MAX];
	size_t version_n;
	struct http_client http;
	size_t more_n;
	char more[KUBE_CONTINUE_MAX];	/* continue token of a paged list */
};

/* CHECK when `count` of kube_watches_init is used up. */
void kube_watch_init(struct kube_watch *w, struct kube_watches *shared,
    const struct kube_watch_row *row, kube_watch_fn *fn, void *ctx);
/*
 * Lists and then watches until stopped, whatever happens. WatchList
 * (sendInitialEvents) where the server has it, else LIST by pages of
 * KUBE_LIST_PAGE; then WATCH with bookmarks, resumed from the last resource
 * version whenever it ends; 410 lists again. Each try has a deadline, a
 * connection that is silent for KUBE_WATCH_SILENCE_NS is replaced, failures
 * back off from KUBE_BACKOFF_MIN_NS to KUBE_BACKOFF_MAX_NS with jitter, and
 * Retry-After is honoured. Handshakes of all watches and requests go through
 * one gate; the order of starting is the order of connecting.
 */
void kube_watch_start(struct kube_watch *w);
/* No event follows. What was seen is forgotten: starting lists anew. Gives
 * the connection and its memory back. */
void kube_watch_stop(struct kube_watch *w);
/* Ends a wait (backoff, ABSENT, DENIED) now; else nothing. */
void kube_watch_kick(struct kube_watch *w);
const char *kube_watch_state_name(enum kube_watch_state state);

/*
 * Sans-I/O: one line of a watch stream. type is the event's type, object the
 * raw object. ERR_BAD when it is not a watch event.
 */
enum kube_line_type {
	KUBE_LINE_ADDED, KUBE_LINE_MODIFIED, KUBE_LINE_DELETED,
	KUBE_LINE_BOOKMARK, KUBE_LINE_ERROR
};
struct kube_line {
	enum kube_line_type type;
	struct str object;
	struct str version;	/* of the object; empty: none */
	bool initial_end;	/* BOOKMARK: the initial events are over */
};
int kube_line_decode(struct str line, struct kube_line *ret);

/* lease.c [lease_] ------------------------------------------------------- */

/*
 * Leader election on one coordination.k8s.io/v1 Lease, with client-go's
 * meaning of the three times: a lease not renewed for duration, measured by
 * one's own clock from when its change was seen, may be taken; who leads and
 * cannot renew for `renew` (the deadline) stops leading; `retry` is the time
 * between tries. One thing differs: after a success the next renewal comes
 * at half the deadline, not after retry, because a Lease is written to etcd
 * and the default must stay at 6 writes a minute. Hence the defaults of 30,
 * 20 and 2 seconds: a write each 10 s, five tries left when one fails, and
 * 10 s between our own stop and anybody else's start, in which every write
 * of ours has ended. lease_options_check refuses what client-go refuses.
 * Needed on the Lease: get, create, patch.
 */
#define LEASE_DURATION_NS (30 * NS_PER_S)
#define LEASE_RENEW_NS (20 * NS_PER_S)
#define LEASE_RETRY_NS (2 * NS_PER_S)
struct lease_options {
	struct str namespace, name;	/* outlive the lease */
	struct str identity;		/* unique: pod name and random */
	int64_t duration_ns, renew_ns, retry_ns;
};
int lease_options_check(const struct lease_options *o, struct diag *d);

/* What a Lease says, as far as an election reads it. */
struct lease_record {
	char holder[LEASE_IDENTITY_MAX];	/* "": released */
	char version[KUBE_VERSION_MAX];
	int64_t duration_s, transitions;
	int64_t acquire_wall_ns, renew_wall_ns;	/* 0: not set */
};
/* Sans-I/O: from a Lease object, and to one (or a merge patch of one, which
 * leaves alone what an election does not know). */
int lease_decode(struct str object, struct lease_record *ret,
    struct diag *d);
void lease_encode(struct buf *out, const struct lease_options *o,
    const struct lease_record *r);

struct lease {
	struct lease_options o;
	struct kube_client *client;
	/* Called when leading begins (true) or ends (false). */
	void (*on_change)(void *ctx, bool leading);
	/* Called once after lease_stop, when the lease is given back or that
	 * was tried for at most LEASE_RELEASE_NS. */
	void (*on_stopped)(void *ctx);
	/* Of a try that ends in `status` and `diag`, and is made again after
	 * a wait. May be set after lease_init; NULL: nobody is told. */
	void (*on_failed)(void *ctx);
	void *ctx;
	bool leading;
	struct lease_record seen;	/* seen.holder: who leads */
	struct kube_status status;	/* err 0: the last try was good */
	struct diag diag;
	/* private from here */
	bool known, running, stopping;
	uint8_t step;
	int64_t seen_ns;		/* when the record last changed */
	int64_t sent_ns;		/* when the write at hand was queued */
	int64_t renewed_ns;		/* the same of the last good one */
	int64_t acquire_wall_ns, transitions;	/* as written */
	int64_t stop_ns;
	struct timer timer;
	struct kube_call call;
	char body[LEASE_BODY_MAX];
};
void lease_init(struct lease *l, struct kube_client *client,
    const struct lease_options *o,
    void (*on_change)(void *ctx, bool leading),
    void (*on_stopped)(void *ctx), void *ctx);
void lease_start(struct lease *l);
/* Gives the lease back if held: to be called when no write is under way.
 * on_change(false) comes first, then on_stopped. */
void lease_stop(struct lease *l);
/*
 * May we write at this moment? False from `renew` after the last good
 * renewal was sent, even when no timer has run since: the fence. To be asked
 * from kube_client.may_send with io->mono_ns, not the loop's cached time.
 */
bool lease_valid(const struct lease *l, int64_t now_ns);
/* For kube_client.write_timeout_ns. */
int64_t lease_write_timeout_ns(const struct lease_options *o);

/* events.c [event_] ------------------------------------------------------ */

/* The object that an Event is about. */
struct event_ref {
	struct str api_version, kind, namespace, name, uid;
	struct str version;		/* resourceVersion, or empty */
};

struct event_key;
struct event_source;
struct event_slot;

/*
 * core/v1 Events, which `kubectl describe` and `kubectl get events` show.
 * The same (object, type, reason, message) again within EVENT_FORGET_NS
 * raises the count of the Event that is there; per object at most
 * EVENT_BURST at once and one each EVENT_REFILL_NS after that, as client-go
 * has it. At most EVENT_QUEUE_MAX wait to be sent. What exceeds a limit is
 * dropped and counted, never waited for.
 */
struct event_recorder {
	struct kube_client *client;
	const char *component;		/* source.component */
	struct str host;		/* source.host; may be empty */
	uint64_t sent;			/* created or counted up */
	uint64_t dropped;		/* by a limit of ours */
	uint64_t failed;		/* refused or lost on the way */
	/* private from here */
	struct event_key *key;
	struct event_source *source;
	struct event_slot *slot, *sending;
	uint64_t seq;
	uint32_t queued;
	struct kube_call call;
	char body[EVENT_BODY_MAX];
};
/* component and host outlive r. ERR_FULL. */
int event_init(struct event_recorder *r, struct mem *m,
    struct kube_client *client, const char *component, struct str host);
/* reason in CamelCase; the message is cut at EVENT_MESSAGE_MAX. */
void event_record(struct event_recorder *r, const struct event_ref *about,
    bool warning, const char *reason, struct str message);
bool event_idle(const struct event_recorder *r);
/* The next one would be dropped for want of room. */
bool event_full(const struct event_recorder *r);

/* discovery.c [discovery_] ----------------------------------------------- */

/* Rows the caller asks about; same group and version: one request. */
struct discovery_row {
	const struct gvr *gvr;
	bool present;		/* set by discovery */
	bool found;		/* private: by the run under way */
};
struct discovery {
	struct kube_client *client;
	struct discovery_row *row;
	uint32_t rows;
	uint32_t major, minor;	/* of the server; 0: not told */
	int err;		/* of the last run */
	struct diag diag;
	/* private from here */
	void (*on_done)(void *ctx, int err);
	void *ctx;
	uint32_t at;		/* row asked about; UINT32_MAX: /version */
	int64_t deadline_ns;
	struct kube_call call;
};
void discovery_init(struct discovery *d, struct kube_client *client,
    struct discovery_row *rows, uint32_t n);
/*
 * Asks /version and then each group version; rows change only when all
 * answered. A group version that is not served leaves its rows absent.
 * Runs once a call: to follow what is installed later, watch the CRDs
 * (kube_crds, metadata only, silent at rest) and run again on an event.
 */
void discovery_run(struct discovery *d, int64_t deadline_ns,
    void (*on_done)(void *ctx, int err), void *ctx);
bool discovery_busy(const struct discovery *d);
/* Sans-I/O. Sets `found` in those rows of this group and version that an
 * APIResourceList names, and clears it in the others. */
int discovery_decode(struct str text, const struct gvr *group_version,
    struct discovery_row *rows, uint32_t n, struct diag *d);
/* apiextensions.k8s.io/v1 customresourcedefinitions */
extern const struct gvr kube_crds;

#endif
