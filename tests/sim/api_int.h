#ifndef SIM_API_INT_H
#define SIM_API_INT_H

#include "api.h"
#include "fields.h"
#include "shape.h"
#include "tree.h"

/* ---- kinds (api_kinds.c) ---------------------------------------------- */

struct kind_info {
	const char *group, *version, *plural, *singular, *kind;
	const char *shape;		/* NULL: of a CRD */
	const char *crd;		/* its file */
	bool namespaced;
	bool generation;		/* counts changes of the spec */
	bool status, scale;		/* subresources */
	bool unconditional;		/* PUT without resourceVersion */
	bool graceful;			/* pods */
	bool create_by_put;
};
extern const struct kind_info kinds[API_KINDS];
const struct shape *kind_shape(enum api_kind k);
const struct node *kind_crd(enum api_kind k);	/* the file's object */
const char *kind_api_version(enum api_kind k);
/* "deployments.apps", "configmaps", as messages name them. */
const char *kind_resource(enum api_kind k);
/* "Deployment.apps", "ConfigMap". */
const char *kind_qualified(enum api_kind k);
bool kind_is_custom(enum api_kind k);

/* ---- store (api_store.c) ---------------------------------------------- */

/* One state of one object; shared by its slot and the history. */
struct version {
	uint32_t refs;
	struct tree tree;
	struct node *root;
	struct text whole, meta;	/* JSON, made when first asked for */
	uint64_t number;
};

struct slot {
	struct api_object o;		/* first */
	struct version *v;
	uint64_t uid_head;		/* of its uid, to be found fast */
	bool owned, going;		/* what the collector looks for */
};

struct change {
	uint64_t number;
	enum api_kind kind;
	int64_t at_ns;
	struct version *old, *new;	/* NULL: was not, is not there */
};

struct object_list {
	struct slot **slot;
	uint32_t n, cap;
};

enum { OBSERVERS = 8 };

struct api {
	struct api_options o;
	struct rng rng;
	uint64_t number;		/* of the last write */
	uint64_t compacted;		/* versions up to here are gone */
	struct object_list of[API_KINDS];
	struct change *change;		/* oldest first */
	size_t changes, change_cap;
	uint64_t change_base;		/* index of the first ever kept */
	struct { api_observer *fn; void *ctx; } observer[OBSERVERS];
	struct { api_tracer *fn; void *ctx; } tracer[OBSERVERS];
	uint32_t observers, tracers;
	struct api_watch *watch;
	struct tree scratch;		/* of one request */
	struct text out;		/* its answer */
	int64_t now_ns;
	bool gc_due;
	int64_t gc_ns;			/* when the collector runs next */
	uint32_t next_ip, next_port;
	struct text path;
};

const char *version_text(struct version *v, size_t *ret_n);
const char *version_meta(struct version *v, size_t *ret_n);
void version_put(struct version *v);
struct slot *store_find(const struct api *a, enum api_kind k, struct str ns,
    struct str name);
/* root NULL: the object goes.  Returns the version that is there now, or
 * was last. */
struct version *store_commit(struct api *a, enum api_kind k,
    struct slot *slot, struct node *root, const struct api_write *about);
/* The objects as they were at a version, in order; into the scratch tree. */
struct version **store_at(struct api *a, enum api_kind k, uint64_t number,
    uint32_t *ret_n);
/* The first eight bytes of a uid. */
uint64_t uid_head(struct str uid);
struct node *new_uid(struct api *a, struct tree *t);
struct node *time_node(struct tree *t, int64_t ns);

/* ---- one request ------------------------------------------------------- */

struct selector {
	struct node *labels, *fields;	/* parsed; NULL: all */
};

struct call {
	struct api *a;
	struct tree *t;
	int64_t now_ns;
	const struct api_request *r;
	struct api_answer *ans;
	/* where to (api_route.c) */
	enum api_kind kind;
	const struct kind_info *info;
	struct str ns, name, sub;
	struct node *query;		/* parameters, text by name */
	struct str manager;		/* field manager */
	bool dry;
	const char *verb;		/* of api_write */
	struct selector select;
	bool metadata;			/* PartialObjectMetadata is wanted */
};

/* The parameter, or STR_NONE. */
struct str query_get(const struct call *c, const char *name);
bool query_true(const struct call *c, const char *name);
/* Is its CRD there, if it is of one? */
bool kind_is_served(const struct api *a, enum api_kind k);
/* False, and the answer is there: not found, not served, bad. */
bool call_route(struct call *c, struct api *a, int64_t now_ns,
    const struct api_request *r, struct api_answer *ans);
void discovery_answer(struct call *c, struct str path);

/* api_status.c: each gives an answer and returns false. */
bool refuse(struct call *c, int code, const char *reason,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
bool refuse_missing(struct call *c, enum api_kind k, struct str name);
/* kind: ListOptions or PatchOptions; reason: of the cause. */
bool refuse_option(struct call *c, const char *kind, const char *field,
    const char *reason, const char *message);
bool refuse_listing(struct call *c, const char *field, const char *message);
bool refuse_conflict(struct call *c, struct str name, const char *why);
bool refuse_invalid(struct call *c, struct str name, struct node *causes);
bool refuse_invalid_as(struct call *c, const char *group, const char *kind,
    struct str name, struct node *causes);
bool refuse_unversioned(struct call *c);
bool refuse_expired(struct call *c, const char *message, struct node *meta);
bool refuse_details(struct call *c, int code, const char *reason,
    struct node *details, struct str message);
struct node *status_about(struct call *c, enum api_kind k, struct str name);
void cause_add(struct tree *t, struct node *causes, const char *reason,
    const char *field, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* A Status as text, for the ERROR line of a watch. */
struct node *status_node(struct tree *t, int code, const char *reason,
    struct str message, struct node *details);
void answer_node(struct call *c, int code, const struct node *v);
void answer_object(struct call *c, int code, struct version *v);
/* Faults that the request asks for; false: it was answered by one. */
bool fault_early(struct call *c);
bool fault_admission(struct call *c, bool create);
void fault_late(struct call *c);

/* api_read.c */
bool select_parse(struct call *c);
bool select_matches(const struct selector *s, enum api_kind k,
    const struct node *root);
void read_get(struct call *c);
void read_list(struct call *c);
/* These objects as they were, as a list. */
void answer_list(struct call *c, struct version **all, uint32_t n);

/* api_write.c, api_patch.c, api_delete.c */
void write_create(struct call *c);
void write_put(struct call *c);
void write_patch(struct call *c);
void write_delete(struct call *c);
void write_delete_all(struct call *c);
/* A new object from a body that is decoded; true when it was committed. */
bool create_object(struct call *c, struct node *v, bool applied);
/* v in the place of what is in the slot. */
bool update_object(struct call *c, struct slot *slot, struct node *v,
    bool applied);
/* Marks for deletion or removes. 0, or what blocks it. */
enum delete_how { DELETE_DONE, DELETE_PENDING };
enum delete_how delete_object(struct call *c, struct slot *slot,
    struct str propagation, int64_t grace_s);
/* A change by the api itself, without any check. */
void system_write(struct api *a, struct slot *slot, struct node *v,
    const char *who);
void scale_call(struct call *c);

/* api_strategy.c: what the kinds do on their own. */
/* Decodes into the kind's shape: unknown fields go.  False: answered. */
bool object_decode(struct call *c, struct node *v);
void object_default(struct call *c, struct node *v);
void object_validate(struct call *c, const struct node *v,
    const struct node *old, struct node *causes);
/* An object of the kind as it is before there is one. */
struct node *object_blank(struct tree *t, enum api_kind k);
/* The namespace controller's finalizer, which nobody owns. */
void namespace_begin(struct tree *t, struct node *v);
void service_allocate(struct call *c, struct node *v,
    const struct node *old);

/* api_validate.c: where what is wrong with an object is gathered. */
struct check {
	struct tree *t;
	struct node *causes;
};
/* NULL is "null". */
struct str json_of(struct tree *t, const struct node *v);
void labels_check(struct check *c, const struct node *labels,
    const char *field);

/* api_scaling.c */
void hpa_default(struct tree *t, struct node *spec);
void hpa_check(struct check *c, const struct node *spec);
void pdb_check(struct check *c, const struct node *spec);
void pdb_status_check(struct check *c, const struct node *status);

/* api_entry.c */
void ingress_check(struct check *c, const struct node *spec);

/* managed.c */
struct managed {
	struct tree *t;
	enum api_kind kind;
	const struct shape *shape;
	const char *api_version;
	struct str manager, sub;	/* sub: "", "status", "scale" */
	int64_t now_ns;
	bool custom;
};
/* Of a request. */
struct managed managed_of(const struct call *c);
/* Sets v's managedFields from live's and what differs. */
void managed_update(const struct managed *m, const struct node *live,
    struct node *v);
enum apply_result { APPLY_DONE, APPLY_CONFLICT, APPLY_TYPES };
struct apply_out {
	struct node *object;		/* with managedFields */
	struct node *causes;		/* of a conflict */
	struct str message;
	struct str ns;			/* as the config has it */
};
enum apply_result managed_apply(const struct managed *m,
    const struct node *live, const struct node *config, bool force,
    struct apply_out *ret);
/* Equal but for the times in managedFields? */
bool managed_equal(const struct node *a, const struct node *b);

/* api_gc.c */
void gc_run(struct api *a, int64_t now_ns);
bool gc_wanted(const struct api_write *w);

#endif
