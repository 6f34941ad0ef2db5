#ifndef CONTROL_INT_H
#define CONTROL_INT_H

#include "admit.h"
#include "control.h"
#include "extend.h"
#include "mcp.h"
#include "record_int.h"
#include "asked_int.h"

/* ---- held.c: lines that wait for a job ---- */

int held_init(struct manager *m, struct mem *mem);
/* Holds the text, of r->version, if there is room; it replaces another. */
void held_keep(struct manager *m, struct record *r, struct str text);
/* Copies it to `to`, of at least HELD_TEXT_MAX; empty: none is held, or a
 * newer version is known of. */
struct str held_take(struct manager *m, struct record *r, char *to);
void held_drop(struct manager *m, struct record *r);

/* ---- pods.c: pods with something wrong ---- */

enum trouble_weight {
	TROUBLE_NONE,
	TROUBLE_SLOW,		/* it may come yet: told, and nothing more */
	TROUBLE_SOFT, TROUBLE_HARD
};
struct trouble {
	uint8_t weight;		/* enum trouble_weight */
	char reason[48];
	char message[TROUBLE_MESSAGE_MAX];
	bool over;		/* of a pod that has ended and counts no more */
};
struct pod_slot {
	uint64_t uid_hash, key_hash, scope;
	bool listed;
	bool told;		/* by Events, see waits.c */
	struct trouble trouble;
};
struct pods {
	struct pool pool;
	struct pod_slot *p;
	struct map by_uid;
	int64_t until_ns;	/* a status waits for their list; 0: not set */
	int64_t log_ns;		/* when the want of slots is logged again */
	bool synced;
	bool lost;		/* some had no slot: to be listed again */
};
int pods_init(struct pods *p, struct mem *m, uint32_t cap);
/* Pure: what is wrong with a Pod, if anything. */
void pod_diagnose(const struct json_doc *doc, uint32_t at,
    struct trouble *ret);
/* The string there, cut where the arena has no room for all of it; empty when
 * it is none. at JSON_NIL: empty. */
struct str text_at(const struct json_doc *doc, uint32_t at,
    const char *path, struct arena *a);
/* One step: weight only rises. The message names the pod. */
void trouble_set(struct trouble *t, enum trouble_weight weight,
    struct str reason, const char *fmt, struct str pod, struct str detail);
struct wait_slot;
/* What Events told of a pod that is being made; TROUBLE_NONE: nothing. */
void pods_told(struct manager *m, const struct wait_slot *w,
    const struct trouble *t);
void pods_event(struct manager *m, uint64_t scope, enum kube_watch_event e,
    struct str text);
/* Is a status better written when they are listed, soon? */
bool pods_awaited(const struct manager *m);
/* synced: they are listed, as far as that may be. */
void pods_advance(struct manager *m, bool synced);
/* There was no slot, in waits.c neither: counted, and logged now and then. */
void pods_refuse(struct manager *m);
/* What is told of a server with a pod in trouble that had no slot; false: it
 * has none. */
bool pods_unheld(const struct record *r, struct trouble *ret);
/* The worst trouble of a server's pods, or NULL; over: of those that have
 * ended, too. */
const struct trouble *pods_worst(const struct pods *p, uint64_t key_hash,
    bool over);

/* ---- verify.c: who a server is, asked over MCP ---- */

enum verify_state { VERIFY_IDLE, VERIFY_ASKING, VERIFY_ANSWERED };
struct verify {
	struct manager *m;
	enum verify_state state;
	struct uid uid;		/* of the server, unless idle */
	uint64_t topic;
	struct timer timer;
	struct work work;
	int64_t wake_ns;
	int64_t until_ns;	/* of the asking, then of the telling */
	struct kube_call call;	/* reads its Service */
	struct mcp_probe probe;
	struct http_client *client;	/* by enum mcp_channel */
	struct http_request sent[2];
	struct conn_target target;
	struct diag first;	/* how the path that was asked for answered */
	uint8_t tried;
	bool fixed, is_sse;
	uint16_t port;
	char *text;
	char path[1025], name[330], host[340], dial[330];
};
int verify_set_up(struct manager *m, struct mem *mem);
void verify_stop(struct manager *m);
/* Brings the note up to the server as it is, before it is judged. */
void verify_note(struct manager *m, struct record *r, const struct server *s);
/* Who has answered is asked once more, and counts as known until then. */
void verify_again(struct record *r);
struct judge_in;
void verify_fill(const struct manager *m, const struct record *r,
    struct judge_in *in);
/* Its pods are ready: asks it, now or when its turn comes, if it is due. */
void verify_ask(struct manager *m, struct record *r, const struct server *s);
/* Its status tells what was found out. */
void verify_said(struct manager *m, const struct record *r);

/* ---- texts.c: long texts of few servers ---- */

struct text_slot { uint64_t hash; char text[TEXT_MAX]; };
struct texts { struct text_slot *slot; uint32_t next; };
int texts_init(struct texts *t, struct mem *m);
/* What text_find finds it by, for as long as it is not the oldest. */
uint64_t text_keep(struct texts *t, struct str s);
const char *text_find(const struct texts *t, uint64_t hash);	/* or NULL */

/* ---- waits.c: pods that are long in being made or in getting ready ---- */

struct wait_pod {
	struct uid uid;
	uint64_t uid_hash, key_hash, scope;
	int64_t start_wall_ns;	/* INT64_MAX: not told */
	bool runs;		/* it is made, and is not ready yet */
};
struct wait_slot {
	struct uid uid;
	uint64_t uid_hash, key_hash, scope;
	int64_t due_ns;
	uint8_t tries;
	bool listed, runs;
	bool old;	/* was due when first seen, and is not asked yet */
};
struct waits {
	struct pool pool;
	struct wait_slot *w;
	struct map by_uid;
	struct timer timer;
	int64_t wake_ns;
	struct uid asking;
	struct kube_call call;	/* one at a time */
};
int waits_init(struct manager *m, struct mem *mem, uint32_t cap);
/* False: it has just begun to wait, or to wait for something else. */
bool waits_see(struct manager *m, const struct wait_pod *pod);
void waits_forget(struct manager *m, const struct uid *uid);
/* A slot for a pod became free: those that had none are listed again. */
void waits_room(struct manager *m);
void waits_unlist(struct manager *m, uint64_t scope);
void waits_sweep(struct manager *m, uint64_t scope);
/*
 * After a restart, until the Events were read again: what the status says
 * that they told.
 */
bool waits_recall(const struct manager *m, const struct record *r,
    const struct server *s, struct trouble *ret);
/* Pure: the reason in a list of Events, if there is one. */
void events_diagnose(const struct json_doc *doc, bool runs, int64_t wall_ns,
    struct arena *a, struct trouble *ret);

/* ---- follow.c: ConfigMaps and Secrets that servers refer to ---- */

struct ref_slot {
	uint64_t hash;		/* of kind, namespace and name */
	uint64_t scope;
	uint64_t version;	/* as last told; 0: does not exist */
	uint64_t digest;	/* of its contents; 0: does not exist */
	uint64_t tick;		/* of the last change the watch told */
	uint32_t users;
	bool known;		/* the digest is that of the version */
	bool denied;		/* it may not be read, as of the last try */
	bool awaited;		/* there when its list began */
	bool listed, secret;
	bool changed;		/* its users are to be told */
};
struct refs {
	struct pool pool;
	struct ref_slot *r;
	struct map by_hash;
	uint32_t of_kind[2];	/* slots in use by enum ref_kind */
	bool synced[2], followed[2];	/* followed: as the flags ask for */
	bool full;		/* RECORD_UNFOLLOWED ones wait for room */
	struct timer room;
	uint64_t ticks;
};
int refs_init(struct manager *manager, struct mem *m, uint32_t cap);
void refs_event(struct manager *m, enum ref_kind kind, uint64_t scope,
    enum kube_watch_event e, struct str text);
/* One that a server names; optional: not needed wherever it is named. */
struct ref_name {
	uint64_t hash;
	enum ref_kind kind;
	bool optional;
	bool live;		/* wherever it is named; see server_ref */
};
/*
 * The first ones, each once, in the order of the spec. No others are
 * followed, whichever of these are: so all operators speak of the same ones.
 */
uint8_t refs_named(const struct server *s,
    struct ref_name ret[RECORD_REFS_MAX]);
/* Lets the record follow what the server refers to, and no more than it. */
void refs_follow(struct manager *m, struct record *r,
    const struct server *s);
void refs_leave(struct manager *m, struct record *r);
/* Are the contents of all that the record refers to known, as far as they
 * may be? */
bool refs_ready(const struct manager *m, const struct record *r);
/*
 * The first one that a GET must tell of, because it changed or came to be
 * followed after its kind was listed; false: none.
 */
bool refs_unknown(const struct manager *m, const struct server *s,
    enum ref_kind *ret_kind, struct str *ret_name);
/* Does it refer to one that may not be read? Its next change asks again. */
bool refs_denied(const struct manager *m, const struct record *r,
    enum ref_kind kind);
/* What a GET told; version 0: it does not exist. */
struct ref_content {
	uint64_t version, digest;
	uint64_t tick;		/* refs_tick before the GET was sent */
	bool denied;
};
uint64_t refs_tick(const struct manager *m, enum ref_kind kind,
    struct str ns, struct str name);
/* Nothing, when the watch has told of a change meanwhile. */
void refs_told(struct manager *m, enum ref_kind kind, struct str ns,
    struct str name, const struct ref_content *c);
/*
 * Of data and binaryData, in whatever order their keys stand. ERR_BAD when
 * the object is none, or has more values than can be read.
 */
int ref_digest(struct str object, enum ref_kind kind, struct json_tok *tok,
    struct arena *a, uint64_t *ret_digest);
extern const struct gvr ref_gvr[2];
bool refs_any(const struct server *s, enum ref_kind kind);
/* Is one of its references of this kind not followed for want of room? */
bool refs_dropped(const struct manager *m, const struct record *r,
    const struct server *s, enum ref_kind kind);
/* Are references of this kind followed there? */
bool refs_followed(const struct manager *m, enum ref_kind kind,
    struct str ns);
/*
 * What a watch gave up: servers in its scope go on without following that;
 * and what it has got after all: their next plans take it up.
 */
void refs_give_up(struct manager *m, uint64_t scope);
void refs_resume(struct manager *m, uint64_t scope);
/* 0 when nothing is followed; else changes when one of them does. */
uint64_t refs_state(const struct manager *m, const struct record *r);
/* The one of this name, if the record follows it; else NULL. */
const struct ref_slot *refs_slot(const struct manager *m,
    const struct record *r, uint64_t hash);
/* What is doubted is read again. */
void refs_doubt(struct manager *m, struct record *r);
/* The first required one that does not exist; false: none. */
bool refs_missing(const struct manager *m, const struct server *s,
    enum ref_kind *ret_kind, struct str *ret_name);

/* ---- noted.c: what a Deployment was made with ---- */

/*
 * Pods are made anew when NOTE_REFS of their template changes, and it
 * changes only when the contents of a reference do that NOTE_SEEN of the
 * Deployment, outside of the template, has. Who follows more of them from
 * now on adds them there; what is not followed, or not any more, or has gone
 * without being optional, stays there as it was. Those that a server sees
 * change, and is signalled for, are not among them.
 */
struct ref_marks {
	uint64_t refs;		/* NOTE_REFS; 0: none */
	struct str seen;	/* NOTE_SEEN; empty: none */
};
/*
 * They are ready; *ret is cut when a->over. taken_up: there is a Deployment
 * that is to become this server's, whose notes r->workload has.
 */
void refs_mark(const struct manager *m, const struct record *r,
    const struct server *s, bool taken_up, struct arena *a,
    struct ref_marks *ret);
/*
 * Reads NOTE_SEEN, which begins with NOTE_REFS as it was written with it:
 * "<refs>,<ref and content>,...", 16 digits each. Where it is empty or
 * cannot be read nothing was seen, and w->note_refs stays. True: other
 * contents than were known of.
 */
bool seen_take(struct workload *w, struct str note);
/*
 * A Deployment that somebody else made with other contents than are known
 * here may be of later ones: they are read again before it is undone.
 */
void refs_compare(const struct manager *m, struct record *r);

/* ---- labels.c: labels of a server's namespace ---- */

/* Pure: what a server asks for, as far as it may. */
struct label_rule {
	bool on;		/* with --enable-multi-tenancy */
	struct str keys;	/* --namespace-label-keys */
};
struct ns_labels {
	struct pairs set;	/* those that may be */
	/* The condition, once they are set; reason NULL: nothing is asked
	 * for. */
	enum cond_status status;
	const char *reason;
	struct str message;
};
#define LABELS_CONDITION "NamespaceLabelled"
/* ERR_FULL: the arena is too small. */
int labels_wanted(const struct server *s, const struct label_rule *rule,
    struct arena *a, struct ns_labels *ret);
/* By its status and record: were others set, or may some have been? */
bool labels_due(const struct server *s, const struct record *r,
    const struct ns_labels *want);
/*
 * What a record knows of them before the status tells: 0: nothing, 1: that
 * there are none, LABELS_UNSURE, else a digest.
 */
enum { LABELS_UNSURE = 2 };
uint32_t labels_mark(const struct ns_labels *l);
/* By its status or record: is there anything to be given back? */
bool labels_left(const struct server *s, const struct record *r);
/* Does the status say something that a change of them would make untrue? */
bool labels_unannounced(const struct server *s);
void labels_rule(const struct manager *m, struct label_rule *ret);
/* Another has led meanwhile: what the status tells is what there is. */
void labels_doubt(struct manager *m);

/* ---- plan.c: pure ---- */

/* Who applies the number of pods until an HPA does: job_scale.c. */
#define SCALE_MANAGER "mcp-operator/handover"
/* STEP_SCALE: an HPA is to have the Deployment's replicas; job_scale.c. */
enum step_kind { STEP_APPLY, STEP_DELETE, STEP_SCALE };
struct step {
	uint8_t what;		/* enum step_kind */
	uint8_t child;		/* enum child_kind */
	bool force, repair;
};
struct plan {
	struct step step[CHILD_KINDS_ALL + 1];
	uint32_t steps;
	uint32_t wanted;	/* bit per child_kind */
	/* Those to be looked for by name: without its label a child is seen
	 * by no watch. */
	uint32_t seek;
	uint32_t others;	/* not asked for either */
	int32_t scale_to;	/* replicas of STEP_SCALE */
	bool add_finalizer, drop_finalizers;
	bool keeps;		/* its children are to be orphans */
	bool relabel;		/* its namespace, with these labels, */
	bool announce;		/* once a status tells of it */
	struct ns_labels labels;
	struct render_out out;
};
struct plan_in {
	const struct server *server;
	const struct records *records;
	const struct record *record;
	struct ref_marks marks;
	uint32_t kinds;		/* extras_allowed */
	bool finalizers;	/* --finalizers */
	struct label_rule labels;
	bool taken_up;		/* the Deployment; see refs_mark */
	bool stays;		/* there is nothing to roll back to */
	bool scaled;		/* by an HPA: plan_children finds out */
	bool again;		/* every child is applied once more */
	uint64_t salt;		/* hooks_salt */
	struct str sidecar;	/* --sidecar-image */
};
int plan_children(const struct plan_in *in, struct arena *a,
    struct plan *ret);
/*
 * Of a spec that is not valid nothing is made, and the children stay, but for
 * those that work on a Deployment of its name when that is not ours.
 */
void plan_refused(const struct records *rs, const struct record *r,
    struct plan *ret);
/* Adds the deletion of those, which are not wanted then. */
void plan_let_go(const struct records *rs, const struct record *r,
    struct plan *p);
/* Ours, or one that the older systems left behind. */
bool is_our_finalizer(struct str finalizer);
bool has_our_finalizers(const struct server *s);

/* ---- schedule.c: spec.schedule ---- */

/*
 * Has its time come? Then every child is applied once more, whatever is known
 * of it, and the server is asked again who it is. What was missed meanwhile is
 * made up for once.
 */
bool schedule_due(const struct server *s, int64_t wall_ns);
/* Pure: when it was followed, and when it comes next. */
void schedule_tell(const struct judge_in *in, struct server_status *ret);
/* Looks at the server again then; next: as schedule_tell has it. */
void schedule_wait(struct manager *m, uint32_t i,
    const struct server_status *next);

/* ---- judge.c: pure; a status from everything that is known ---- */

#define REASON_TOO_LARGE "ObjectTooLarge"

/* An extension does not let its children be written, or they do not fit. */
struct hold {
	const char *reason;	/* NULL: nobody does so */
	struct str message;
	bool invalid;		/* for what it asks for */
};
struct judge_in {
	const struct server *server;
	const struct records *records;
	const struct record *record;
	const struct trouble *trouble;	/* of the pods, or NULL */
	struct trouble recalled;	/* where that may point to */
	const char *failure;	/* of the ReplicaSet, where it is kept whole */
	const struct diag *refused;	/* the spec is not valid, or NULL */
	const struct diag *failed;	/* the last write, or NULL */
	enum kube_why failed_why;
	bool failed_invalid;	/* the API server refused what it says */
	uint8_t failed_child;
	const struct hold *hold;	/* or NULL */
	const char *missing_kind;	/* "ConfigMap", or NULL */
	struct str missing_name;
	/* By enum ref_kind: all are not, or one may not be read; for some there
	 * is no room. */
	bool unfollowed[2], full[2];
	/* Kinds of children: extras_made, extras_allowed, and those whose
	 * API is missing. */
	uint32_t made, allowed, absent;
	struct label_rule labels;
	bool announce;			/* its namespace is labelled next */
	const struct diag *label_failed; /* why, if it was tried, or NULL */
	enum kube_why label_why;
	enum verified verified;
	uint64_t topic;			/* of what it is about */
	/* What was just found out; else the status has it. NULL: nothing. */
	const struct mcp_probe *news;
	uint32_t gone;		/* kinds of which a look has found none */
	/* Of a rollout that is taken back: what went wrong, and the image that
	 * runs again, where that was just read; why it is not; or nothing. */
	struct str fell, rolled_image, stays;
	int64_t wall_ns;
	bool scheduled;		/* this is what spec.schedule asked for */
	struct str sidecar;	/* of the pods, as they are planned */
	bool no_sidecar;	/* the operator has no image for it */
};
struct verdict {
	struct server_status status;
	bool up;		/* its pods are ready, of the current spec */
	struct conditions conditions;
	/* What the user ought to be told by an Event; "" nothing. */
	const char *reason;
	bool warning;
	char message[EVENT_MESSAGE_MAX];
};
/* What the manager knows of references and pods; not pure. */
void judge_fill(const struct manager *m, const struct record *r,
    const struct server *s, struct judge_in *in);
/* What is short of room is left out; a->over tells. */
void judge(const struct judge_in *in, struct arena *a, struct verdict *ret);
/* Digest of a status; times of writing do not count. */
uint64_t status_digest(enum group g, const struct server_status *s,
    struct arena *a);
/* Is it another word than the status has, as the group has words for it? */
bool phase_moved(enum group g, const struct server_status *was,
    enum phase phase);
/* Do only counters and texts differ? */
bool status_is_minor(enum group g, const struct server_status *a,
    const struct server_status *b);

/* ---- unfollowed.c: references whose changes are not seen ---- */

void unfollowed_fill(const struct manager *m, const struct record *r,
    const struct server *s, struct judge_in *in);
/* Pure: the condition that tells of it, and its reason; NULL: none is so. */
const char *unfollowed_condition(enum ref_kind kind);
const char *unfollowed_reason(const struct judge_in *in, enum ref_kind kind,
    struct arena *a, struct str *ret_message);

/* ---- rolled.c: pure; rollouts that are taken back ---- */

/*
 * Has the rollout of what is asked for failed, and is it to be taken back?
 * And is a revision known that it could go back to?
 */
bool rollback_is_due(const struct server *s, const struct record *r);
bool rollback_has_aim(const struct record *r);
/* What a status tells of one that was, and of one that cannot be: what went
 * wrong, and why it stays; empty: it may be yet, or need not be. */
struct str rolled_message(const struct judge_in *in, struct arena *a);
struct str not_rolled_message(const struct judge_in *in, struct str failure,
    struct arena *a);
/* Of the pods, which may be those of before. */
void status_image(const struct judge_in *in, struct str *ret_name,
    struct str *ret_tag);
int32_t good_revision(const struct judge_in *in);	/* 0: not told */

/* ---- disown.c: pure; what others added to a child ---- */

struct disown {
	struct str patch;	/* a merge patch of managedFields alone */
	char whom[DISOWN_WHOM_MAX]; /* managers: "kubectl-edit, helm" */
};
/*
 * Makes the fields that others have in an object, but for its metadata and
 * what subresources wrote, those of this manager's last apply, so that the
 * next one takes them away. False: there are none. doc: with managedFields;
 * a->over tells that there was no room.
 */
bool disown(const struct json_doc *doc, const struct gvr *gvr,
    const char *manager, struct arena *a, struct disown *ret);

/* ---- job.c: work on one record ---- */

enum job_step {
	JOB_IDLE, JOB_GET, JOB_REF, JOB_PROBE, JOB_CHILD, JOB_REPLACE,
	JOB_OWNERS, JOB_TRIAL, JOB_DISOWN, JOB_SEEK, JOB_SEIZE, JOB_SCALE,
	JOB_REVISIONS, JOB_REVISION,
	JOB_SPACE, JOB_LABEL, JOB_FINALIZER, JOB_STATUS, JOB_HOOK
};
/* A template of before, for pods that go back to it; job_roll.c. */
struct rolling {
	bool asked;		/* the API server, in this job */
	bool late;		/* it was another one that made no progress */
	uint32_t pages;
	struct str name;	/* of its ReplicaSet; empty: not found */
	struct str template, image;	/* empty: not read */
	struct str fell, stays;	/* see judge_in */
};
struct job {
	struct manager *m;
	uint32_t record;	/* RECORD_NONE: idle */
	struct uid uid;
	enum job_step step;
	uint32_t at;		/* into plan.step */
	uint32_t sought;	/* the next child kind, of plan.seek */
	uint32_t gone;		/* of these the looks found none */
	uint32_t kinds;		/* extras_allowed, as it was planned with */
	uint32_t had;		/* child kinds, when it was planned */
	struct kube_call call;
	struct arena arena;
	size_t plan_at, plan_end; /* of it; behind: of one request */
	struct str text;	/* the object */
	struct json_doc doc;
	struct server server;
	struct plan plan;
	struct diag diag;
	struct rolling roll;
	struct kube_status failed;
	bool refused, has_failed, planned, scheduled;
	bool late;		/* failed is no refusal, but for another try */
	bool unguarded;		/* its policy was refused: no pods are made */
	bool label_failed;		/* see judge_in */
	bool announced;			/* a status has told of the labels */
	struct kube_status label_status;
	struct diag label_diag;
	bool reread;		/* the first answer to JOB_GET was no good */
	uint64_t known;		/* version, when JOB_GET was asked */
	uint64_t refs;		/* refs_state that the plan was made with */
	/* Version of the Deployment whose notes the plan goes on with; 0: it
	 * can have none, or no number. */
	uint64_t marked;
	bool looked;		/* at what stands under the child's name */
	struct uid found;	/* ours, as the look told */
	struct uid named;	/* the child that the request is about */
	bool adopts;		/* found is set */
	bool owns;		/* and what it names is surely ours */
	bool replaces;		/* a child of what cannot be changed */
	bool disowns;		/* what others added to a child */
	/* The Deployment's own and own_meta that were not what it had when
	 * its replicas were handed over; 0: they were. */
	uint64_t edited_own;
	uint32_t edited_meta;
	struct disown disown;
	/* Of an apply, while what it met is looked at. */
	struct kube_status refused_by;
	struct diag refusal;
	uint8_t failed_child;
	enum ref_kind ref_kind;
	struct str ref_name;
	uint64_t ref_tick;
	bool ref_large;		/* its contents do not fit */
	struct verdict *verdict;
	int64_t start_ns;
	uint64_t facts, inputs;	/* of what was planned */
	uint32_t counts;	/* record_counts that were judged */
	uint64_t said;		/* digest of the verdict's status */
	uint64_t id;		/* correlation */
	char *reply;
	struct diag failed_diag;
	struct ask ask;		/* job_hooks.c */
	uint32_t hook;
	bool validated, hooked;
	struct hold hold;
	uint32_t applied, deleted;	/* bit per child_kind */
};
int jobs_init(struct manager *m, struct mem *mem);
/* Hands ready records to idle jobs. */
void jobs_feed(struct manager *m);
bool jobs_idle(const struct manager *m);
/* A merge patch that leaves the others: without ours, or one more. */
void finalizers_write(const struct server *s, bool drop, bool add,
    struct buf *out);
/* Tells of children made while there was no room among the Events. */
void created_more(void *ctx);
/* An idle job takes the object that stands at hand; false: none is idle. */
bool jobs_offer(struct manager *m, uint32_t record, struct str text);

/* ---- intake.c, children.c ---- */

/* scope: of the list that the event is from, see scope_of. */
void intake_event(struct manager *m, enum group g, uint64_t scope,
    enum kube_watch_event e, struct str text);
void child_event(struct manager *m, enum child_kind k, uint64_t scope,
    enum kube_watch_event e, struct str text);
/* Is it the name of the server's child of this kind? */
bool child_name_is(struct str name, struct str server, enum child_kind k);
/* Does a status name this child? Two kinds may be one kind of object. */
bool child_ref_is(const struct child_ref *ref, const struct record *r,
    enum child_kind k);
/* By which a ReplicaSet is told from others; never 0. */
uint32_t name_digest(struct str name);
/* The Deployment controller's count of its templates. */
#define NOTE_REVISION "deployment.kubernetes.io/revision"
/* Takes the notes of a Deployment that was read or written. */
void child_seen_notes(struct record *r, struct str deployment);
/*
 * What a child's own last write is known by, as a status tells it to those
 * that come after: "12", and of what is not known by its resource version
 * "12.1069123457", with a digest of labels and annotations. leading: what we
 * know ourselves stands, unless another leads as well.
 */
void child_own_told(struct child_state *c, enum child_kind k,
    struct str version, bool leading);
void child_own_write(const struct child_state *c, struct buf *out);
/*
 * Takes version, generation and digest from an answer to our own write.
 * false: it has gone since, as a watch told meanwhile.
 */
bool child_written(struct records *rs, struct record *r, enum child_kind k,
    struct str reply);
/*
 * Whose is an object that has a child's name? What has a controller is that
 * one's, by Kubernetes' rules; what has none and carries the server's
 * LABEL_KEY may be adopted. Ours to delete is only what this server
 * controls, or what has no owner at all and was applied by us.
 */
/* HIDDEN: OWNED, and without the label that watches see it by. */
enum claim { CLAIM_NONE, CLAIM_ADOPT, CLAIM_MADE, CLAIM_OWNED, CLAIM_HIDDEN };
struct claimant {
	struct str uid, key;	/* of the server */
	const char *manager;
};
/* doc: with managedFields. */
enum claim child_claim(const struct json_doc *doc, struct arena *a,
    const struct claimant *who);
/*
 * Whose it is, for people: "belongs to KIND "NAME" of GROUP" of its controller,
 * or "was made by MANAGER". doc: with managedFields.
 */
void child_holder(const struct json_doc *doc, struct arena *a, char *out,
    size_t cap);
extern const struct gvr child_gvr[CHILD_KINDS_ALL];
/* Kinds of one API have one watch, that of the first of them. */
enum child_kind child_watched_as(enum child_kind k);
void server_gvr(enum group g, struct gvr *ret);

/* Looks at a status that somebody else wrote, after a while. */
void status_defend(struct manager *m, uint32_t i);
/* Gives the slot back if its server is gone and nothing holds it. */
void record_release(struct manager *m, uint32_t i);
/* What its server refers to, and the children that it asks for. ERR_FULL. */
int record_follow(struct manager *m, struct record *r,
    const struct server *s, struct arena *a);
/* Takes what the record keeps of an object; valid: its spec is. */
void record_facts(struct record *r, const struct server *s, bool valid);
/* Takes what a status tells of the children's own versions; follow: kinds of
 * which there are some are watched from now on. */
void own_versions(struct manager *m, struct record *r,
    const struct server_status *st, bool follow);

/* ---- notes.c: objects that got no record ---- */

enum note_kind {
	NOTE_FULL,
	NOTE_OVERSIZE,		/* too many bytes */
	NOTE_VALUES,		/* too many values */
	NOTE_RELEASE		/* no news: its finalizers are taken away */
};
struct note {
	uint64_t what;		/* of uid, kind and state; see told */
	uint8_t group, kind;
	bool known;		/* it was, or is, served */
	char ns[64], name[254], uid[64];
	char patch[NOTE_PATCH_MAX];
};
struct notes {
	struct note *ring;
	uint64_t *told;		/* the last ones, so that none is twice */
	uint32_t head, n, told_at;
	bool busy, lost;	/* lost: the ring was full once */
	struct kube_call call;
	struct timer relist;
	char body[NOTE_BODY_MAX];
};
int notes_init(struct manager *m, struct mem *mem);
/* No slot is left for this server. */
void refusal_note(struct manager *m, const struct server *s);
/* It goes, and waits for finalizers that guard nothing of ours. */
void release_note(struct manager *m, const struct server *s);
/* An object that cannot be read, or the small one in its place. */
void oversize_note(struct manager *m, enum note_kind kind, enum group g,
    struct str head);
/* Does a note say so in a status? */
bool is_note_reason(struct str reason);
/* The next one that waits, if it is our turn to write. */
void notes_send(struct manager *m);
/* A slot became free: those turned away are listed again. */
void capacity_freed(struct manager *m);

/* ---- watches.c: the table of watches ---- */

/* With --fail-fast; as cli.h has it for all commands. */
#define EXIT_UNREACHABLE 111

enum watch_role {
	ROLE_CHILDREN, ROLE_SERVERS, ROLE_PODS, ROLE_REF_CONFIG_MAPS,
	ROLE_REF_SECRETS, ROLE_CRDS
};
struct watch_slot {
	struct manager *m;
	struct kube_watch watch;
	struct gvr gvr;
	uint64_t scope;
	int64_t started_ns;
	uint8_t role;
	uint8_t of;	/* which group or child_kind, as the role has it */
	bool started;
	bool sought;	/* of extra children: has answered once */
	bool absent;	/* its kind is not installed, as far as known */
	bool parked;	/* ... and it is stopped until it is */
	/* Its CRD, as the watch of those tells; only while that is open. */
	bool installed, listed;
	uint8_t tries;	/* since its CRD was seen last */
	int64_t retry_ns;
	bool gave_up;	/* denied (403) before it was ever listed */
};
int watches_init(struct manager *m, struct mem *mem, struct diag *d);
/* Starts what has become possible or needed, in order. */
void watches_advance(struct manager *m);
void watches_relist(struct manager *m, enum watch_role role);
void watches_relist_child(struct manager *m, enum child_kind k);
void watches_stop(struct manager *m);
/* Is it known which children of this kind there are, as far as may be? */
bool watches_child_answered(const struct manager *m, enum child_kind k);
/* Has the API server no such kind? */
bool watches_child_absent(const struct manager *m, enum child_kind k);
/* Every server group has answered: listed, absent or denied. */
bool watches_all_answered(const struct manager *m);
/* Of references: may none of this kind be watched there? */
bool watches_gave_up(const struct manager *m, enum watch_role role,
    uint64_t scope);

/* ---- kinds.c: kinds that are not installed ---- */

struct kinds {
	struct timer timer;
	int64_t wake_ns;
	bool synced, denied, told;
};
void kinds_init(struct manager *m);
/* Does its kind come with a CRD? */
bool kinds_may_lack(const struct watch_slot *s);
/* The watch of such a one was told that there is no such kind. */
void kinds_absent(struct manager *m, struct watch_slot *s);
void kinds_event(struct manager *m, const struct kube_watch *w,
    enum kube_watch_event e, struct str text);
/* Opens or ends the watch of CRDs, as needed. */
void kinds_advance(struct manager *m);

/* ---- series.c: metrics ---- */

enum result { RESULT_SUCCESS, RESULT_ERROR, RESULT_REQUEUE, RESULTS };
/* Buckets, and the one above all of them. */
enum { SERIES_BUCKETS = HISTOGRAM_WORK_BOUNDS + 1 };
/* Writes of a child by how they ended; kept: not deleted. */
enum child_count {
	CHILD_APPLIED, CHILD_REFUSED, CHILD_DELETED, CHILD_KEPT, CHILD_COUNTS
};

/* What is counted by namespace, from its first server to its last. */
struct space {
	char ns[64];		/* empty: not in use, but for the first */
	uint32_t live;		/* servers when they were last counted */
	uint32_t of[PHASE_READY + 1];
	uint64_t reconciles[RESULTS];
	uint64_t children[CHILD_KINDS_ALL][CHILD_COUNTS];
	struct histogram duration;
	uint64_t duration_counts[SERIES_BUCKETS];
};
struct series {
	uint64_t reconciles[GROUPS][RESULTS];
	uint64_t status_writes;
	struct histogram duration[GROUPS];
	uint64_t duration_counts[GROUPS][SERIES_BUCKETS];
	struct space *space;	/* the first: of whom there is no room for */
};
int series_init(struct manager *m, struct mem *mem);
int series_emit(void *ctx, uint64_t *cursor, struct buf *out);
void series_reconciled(struct manager *m, struct record *r,
    enum result how, int64_t took_ns);
void series_child(struct manager *m, struct record *r, enum child_kind k,
    enum child_count what);
/* Takes from a status, as read or judged, whether it is Ready. */
void series_ready(struct record *r, const struct server_status *st);

/* ---- manager.c ---- */

struct manager {
	const struct io *io;
	const struct manager_options *o;
	const char *version;
	struct mem *mem;
	struct loop loop;
	struct log log;
	struct counts counts;
	struct rng rng;
	struct kube_config config;
	struct kube_client client;
	struct kube_watches shared;
	struct event_recorder events;
	struct lease lease;
	int lease_told;			/* why it could not be had */
	int64_t lease_told_ns;		/* 0: never */
	struct records records;
	struct queue queue;
	struct pool held;
	struct pods pods;
	struct waits waits;
	struct verify verify;
	struct texts texts;
	struct refs refs;
	struct series series;
	struct notes notes;
	struct kinds kinds;
	struct watch_slot *slot;
	uint32_t slots;
	struct job *job;
	uint32_t jobs;
	struct json_tok *tok;		/* shared by all parsing */
	struct arena intake;		/* of one watch line */
	struct work feed;
	struct timer wake;
	struct http_server *metrics_server, *health_server, *pprof_server;
	struct http_route metrics_route[OBSERVE_ROUTES_MAX],
	    health_route[OBSERVE_ROUTES_MAX],
	    pprof_route[OBSERVE_ROUTES_MAX];
	struct observe observe;
	struct metrics_source source[3];
	struct metrics_process process;
	struct health_check check[4];
	struct certs metrics_certs;	/* with --metrics-secure */
	struct webhooks *webhooks;	/* with --enable-webhooks, or NULL */
	struct hooks *hooks;		/* with --extensions, or NULL */
	struct timer resync, cleanup, grace, untold;
	char agent[96], identity[LEASE_IDENTITY_MAX];
	struct buf agent_buf;
	int64_t start_ns;
	int exit_status;
	bool leading, stopping, stopped, lease_over;
};
void grace_over(void *ctx);
/* Something may have become ready: call jobs_feed soon. */
void manager_kick(struct manager *m);
/* The server as an Event's object. */
void manager_about(enum group g, struct str ns, struct str name,
    struct str uid, struct event_ref *ret);
void manager_event(struct manager *m, const struct server *s, bool warning,
    const char *reason, struct str message);
void manager_tell(struct manager *m, const struct event_ref *about,
    bool warning, const char *reason, struct str message);

#endif
