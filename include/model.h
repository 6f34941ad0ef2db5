#ifndef MODEL_H
#define MODEL_H

/*
 * model: the canonical MCP server behind the four API groups. The groups'
 * wire forms are masks over the same tables (server.def, status.def); an
 * adapter moves each group's own spellings into the canonical fields. No
 * I/O; all memory is the caller's arena.
 */

#include "codec.h"

enum group {
	GROUP_ALLBEONE, GROUP_NTAKATSU, GROUP_EXAMPLE, GROUP_MCPDEV, GROUPS
};
/* Masks for tables; IN_ALL is all of them. */
enum {
	IN_ALLBEONE = 1 << GROUP_ALLBEONE,
	IN_NTAKATSU = 1 << GROUP_NTAKATSU,
	IN_EXAMPLE = 1 << GROUP_EXAMPLE,
	IN_MCPDEV = 1 << GROUP_MCPDEV,
	/* where transport is a plain string */
	IN_STRINGS = IN_NTAKATSU | IN_EXAMPLE | IN_MCPDEV
};

#define SCHEMA_DEF "pod.def"
#include "schema_types.h"
#define SCHEMA_DEF "areas.def"
#include "schema_types.h"
#define SCHEMA_DEF "server.def"
#include "schema_types.h"
#define SCHEMA_DEF "status.def"
#include "schema_types.h"

/* group.c [group_] -------------------------------------------------------- */

/* The check that a container gets when its spec has none of its own. */
enum probe_kind { PROBE_TCP, PROBE_HTTP };
struct probe_default {
	enum probe_kind kind;
	const char *path;		/* PROBE_HTTP */
	int32_t initial_delay_s, period_s, timeout_s, failures;
	bool on;
};

struct group_info {
	const char *group;		/* "mcp.allbeone.io" */
	const char *version;		/* "v1" */
	const char *api_version;	/* "mcp.allbeone.io/v1" */
	const char *kind, *plural;	/* "MCPServer", "mcpservers" */
	const char *finalizer;		/* set with --finalizers only */
	const char *label_prefix;	/* "mcp.allbeone.io/" */
	/* Field manager: one a group, so that a name that two groups want is
	 * a conflict. */
	const char *manager;
	const char *port_name;		/* of a port that has no name */
	/* How this group's users know each phase. */
	uint8_t phase[PHASE_READY + 1];	/* enum phase -> enum phase */
	struct probe_default liveness, readiness;
	const char *wait_for;		/* condition that users wait for */
};
/* Finalizers of the systems replaced: released when met, "" ends. */
extern const char *const group_foreign_finalizers[];

const struct group_info *group_info(enum group g);
/* By API group, such as "mcp.example.com"; ERR_NOENT. */
int group_find(struct str name, enum group *ret);
/* The group's way with the tables: mask, defaults, bounds. */
const struct schema_mode *group_mode(enum group g);

/* server.c [server_] ------------------------------------------------------ */

/*
 * One MCPServer. After server_decode the spec is canonical. What a reader
 * of it may count on, on top of the presence bits:
 *
 *   image		whole reference, "name:tag" or "name@digest"; absent
 *			where the user gave none (a registry entry may)
 *   command, args	from either spelling; ntakatsu's own arguments when
 *			the user gave none
 *   replicas		always
 *   transport		type and path always, also where it came as a string
 *   ports		at least one unless stdio, each with name, target_port
 *			and protocol; port is the first one's target_port
 *   env		names unique (the last wins), with what runtime.env
 *			and secretRefs say before it; sorted where it was a map
 *   env_from		with secretName at its end
 *   resources		requests and limits with the group's defaults
 *   service_account, service.type, strategy  from either spelling; type always
 *   termination_grace_s  always
 *   volumes		secret.secret_name in place of secret.name
 *
 * Rows marked FIELD_ALIAS are cleared by then, transport_name too.
 */
struct server {
	enum group group;
	struct object_meta meta;
	struct server_spec spec;
	struct server_status status;
};

/*
 * Reads a whole MCPServer object; lists go to the arena, text stays in the
 * document where it can: both must outlive *ret. A status that cannot be
 * read counts as none. ERR_BAD: metadata is unusable, *ret is unchanged.
 * ERR_INVALID: spec is refused, d says where and why; meta and status are
 * filled, spec is empty. ERR_FULL: the arena is too small.
 */
int server_decode(enum group g, const struct json_doc *doc, uint32_t at,
    struct arena *a, struct server *ret, struct diag *d);

/* areas.c [server_area] --------------------------------------------------- */

/*
 * A part of the spec that is kept as its text, such as
 * server_spec_AT_autoscaling, decoded with the group's defaults into *ret, a
 * struct of its table: all zero where it is absent. What it took of the
 * arena stays taken: lists, and 8 bytes for each byte of the text. ERR_FULL.
 */
int server_area(const struct server *s, size_t row, struct arena *a,
    void *ret);

/* adapt.c, adapt_env.c [adapt_] ------------------------------------------- */

/*
 * Moves the group's spellings into the canonical fields and fills in what
 * the group defaults to; server_decode has done so. ERR_INVALID with path
 * and rule where two spellings contradict each other, ERR_FULL.
 */
int adapt_spec(enum group g, struct arena *a, struct server_spec *s,
    struct diag *d);
/*
 * Splits an image reference at its tag or digest: "r:5000/a/b:1" is
 * "r:5000/a/b" and "1", "a@sha256:x" is "a" and "sha256:x", "a" is "a" and
 * "latest".
 */
void image_split(struct str image, struct str *ret_name, struct str *ret_tag);

/* rules*.c [server_check] ------------------------------------------------- */

/*
 * What no single row can see: names that are too long for a Service or a
 * label, duplicate ports, volumes that collide with each other or with the
 * operator's own, mounts without a volume, requests over limits, probes of
 * two kinds, sources of none, stdio with more than one pod, and in the parts
 * kept as text what contradicts itself, the rest or what the objects they
 * become may hold. 0 or ERR_INVALID, with path, value and rule in d; the
 * first fault is told. ERR_FULL: those parts do not fit the arena, of which
 * nothing stays taken.
 */
int server_check(const struct server *s, struct arena *scratch,
    struct diag *d);
/* The same, with each fault told, in the same order. */
typedef void server_fault(void *ctx, const struct diag *d);
int server_check_all(const struct server *s, struct arena *scratch,
    server_fault *each, void *ctx);
/* advice.c, advice_areas.c */
/*
 * Tells what is taken, but unwise: an image that may change, root, secrets
 * in clear, sessions that get lost, budgets that keep nodes from being
 * drained, autoscalers that cannot reckon, policies that keep out who has to
 * come in, fields that nothing acts on. ERR_FULL as server_check.
 */
int server_advise(const struct server *s, struct arena *scratch,
    server_fault *each, void *ctx);
/* Names of headers longer than this are refused. */
#define HEADER_NAME_MAX 253
/*
 * Labels and annotations that the operator gives children itself, and the
 * label that Deployments give their pods: a user's must not be these, and
 * those of the MCPServer's metadata are not copied.
 */
bool server_label_is_own(struct str key);
/* Of a domain of Kubernetes' own, kubernetes.io or k8s.io or below one? */
bool server_label_is_reserved(struct str key);
bool server_note_is_own(struct str key);
/*
 * Does a tenancy ask for a policy? A level stands for itself, unless it is
 * said otherwise.
 */
bool tenancy_keeps_apart(const struct tenancy_spec *t);
/* Of the server itself, among those of its pods, and of who signals it. */
#define CONTAINER_NAME "mcp-server"
#define RELOADER_NAME "config-reloader"
/* What tells its processes from all others in a pod, by being set. */
#define RELOAD_VARIABLE "MCP_RELOAD_ID"
/* The user it runs as where nobody says anything of users. */
#define SERVER_USER 1000
/* The operator's own volumes; a user's names and paths must not be these. */
#define VOLUME_CONFIG "mcp-config"
#define VOLUME_TMP "mcp-tmp"
#define VOLUME_SOURCE "mcp-source-"	/* and a number */
#define CONFIG_DIR "/etc/mcp"
/* rules_pod.c: "/a/" and "/a" are one place. */
struct str mount_place(struct str path);

/* rules_patch.c: by what items of the lists of a pod template are known. */
extern const struct json_list_key pod_template_lists[];

/*
 * Appends the paths of present fields whose area is not acted on yet,
 * "spec.autoscaling, spec.tenancy"; returns how many.
 */
int server_unacted(const struct server *s, struct buf *out);

/* Pods that the Deployment asks for; a stdio server has at most one. */
int32_t server_replicas(const struct server_spec *s);

/* rules.c: an empty text counts as none. */
bool count_given(const struct int_or_str *v);

/*
 * advice.c: fields of the Service that its type leaves without effect, and
 * those of reload.
 */
void server_idle_fields(const struct server *s, server_fault *each,
    void *ctx);

/* refs.c [server_refs] ---------------------------------------------------- */

enum ref_kind { REF_CONFIG_MAP, REF_SECRET };
/*
 * key: the one key used, or empty for all of them. live: it comes by a volume
 * of server_live_volumes.
 */
typedef void server_ref(void *ctx, enum ref_kind kind, struct str name,
    struct str key, bool optional, bool live);
/*
 * Every ConfigMap and Secret that a server's pods need, in the order of the
 * spec and as often as it is named; pull secrets are not among them.
 */
void server_refs(const struct server *s, server_ref *each, void *ctx);

/* live.c [server_] -------------------------------------------------------- */

/* Has it a configuration of its own to mount? */
bool server_has_config(const struct server_spec *s);
/*
 * Is it a volume of ConfigMaps or Secrets in which a running server sees what
 * they hold now? The kubelet writes such a volume anew in place, but not where
 * a part of it alone is mounted; nor is one taken for such that nobody mounts,
 * or of which a patch of the pods says more.
 */
bool server_volume_is_live(const struct server_spec *s,
    const struct volume *v);
bool server_source_is_live(const struct server_spec *s,
    const struct config_source *c);
bool server_config_is_live(const struct server_spec *s);
/* Names of all of these, among the pods' volumes, spec.config's first. */
typedef void server_volume(void *ctx, struct str name);
void server_live_volumes(const struct server_spec *s, server_volume *each,
    void *ctx);
/* The user that its process has; false: its image says. */
bool server_user(const struct server_spec *s, int64_t *ret);
/*
 * Is it asked for, and can it be, that changes in such volumes are told by a
 * signal? Its pods have who signals also where there are containers that it
 * could not tell from the server.
 */
bool server_signals(const struct server_spec *s);
bool server_has_reloader(const struct server_spec *s);

/* conditions.c [cond_] ---------------------------------------------------- */

/*
 * What a status has of conditions. Each judgement starts from the live ones,
 * for their times, sets every condition that it has a word on, and lends
 * those to the status: what was not set again is gone.
 */
#define CONDITIONS_MAX 24
struct conditions {
	struct condition c[CONDITIONS_MAX];
	uint32_t n;
	uint32_t set;		/* bit i: c[i] was set, not only copied */
};
/*
 * Copies those of a live status, as many as fit; texts stay where they are.
 * Others may have written there: what no one sets makes room.
 */
void cond_from(struct conditions *cs, const struct server_status *s);
/*
 * Sets one condition; its time moves to now only when status changes. Texts
 * are kept by reference. Returns whether anything but times differs from
 * before. CHECK when over CONDITIONS_MAX types are set.
 */
bool cond_set(struct conditions *cs, const char *type,
    enum cond_status status, const char *reason, struct str message,
    int64_t generation, int64_t now_ns);
/* As it stands in the live status, if it does. */
void cond_keep(struct conditions *cs, const char *type);
const struct condition *cond_get(const struct conditions *cs,
    const char *type);
void cond_drop(struct conditions *cs, const char *type);
/* Drops what was not set and lends the rest to a status about to go out. */
void cond_lend(struct conditions *cs, struct server_status *s);

/* server_status.c [status_] ----------------------------------------------- */

/* The condition of that type in a status that was read, or NULL. */
const struct condition *status_condition(const struct server_status *s,
    const char *type);

/*
 * Writes a status in the group's own words: its phases, and the endpoint as
 * its users know it. s->endpoint is the URL of status_endpoint(), s->phase
 * one of the first five.
 */
void status_write(enum group g, const struct server_status *s,
    struct jw *w);
/*
 * "http://name.ns.svc.cluster.local:8080/mcp", the URL for clients within
 * the cluster; "stdio://name" where there is no port.
 */
void status_endpoint(const struct server *s, struct buf *out);

/* volumes.c [volume_] ----------------------------------------------------- */

/* Writes a volume for a pod: as it came in, secret.name as secretName. */
void volume_write(const struct volume *v, struct jw *w);

#endif
