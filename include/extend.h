#ifndef EXTEND_H
#define EXTEND_H

/*
 * extend: services of the cluster's own that are asked, or told, about
 * servers: what the file of --extensions says, what is sent and what an
 * answer means, as bytes in and bytes out. No I/O.
 */

#include "model.h"
#include "render.h"

#define SCHEMA_DEF "extend.def"
#include "schema_types.h"

/* ext_config.c [ext_] ---------------------------------------------------- */

/* One row of the file, ready to be called. Texts are in the arena. */
struct ext {
	const struct extension *row;
	struct str host;	/* also the name in its certificate */
	struct str service, ns;	/* what host names in the cluster, or empty */
	uint16_t port;
	struct str authority;	/* Host header */
	struct str path;
	const char *ca_file, *key_file;
	int64_t timeout_ns;
	uint64_t digest;	/* changes when a PreReconcile is another */
};
struct ext_set { struct ext *e; uint32_t n; };

/* How rows are read: what is not known is refused, with defaults. */
extern const struct schema_mode ext_mode;
/*
 * Reads the file, YAML or JSON. Everything of *ret is in the arena; scratch,
 * of YAML_SCRATCH_MAX or more, is given back. ERR_BAD, ERR_LIMIT,
 * ERR_UNSUPPORTED, with path and rule in d.
 */
int ext_read(struct str file, struct arena *scratch, struct arena *a,
    struct ext_set *ret, struct diag *d);

/* Whom a call would be about. */
struct ext_who {
	enum group group;
	struct str ns;
	const struct pairs *labels;
};
bool ext_matches(const struct ext *e, const struct ext_who *who);
/* Of all PreReconcile that see this server; 0: none does. */
uint64_t ext_salt(const struct ext_set *set, const struct ext_who *who);

/* ext_request.c [ext_] --------------------------------------------------- */

struct ext_change {
	const char *kind;
	struct str name;
	bool deleted;		/* else applied */
};
/* A body; what is empty is left out. */
struct ext_request {
	const struct ext *ext;
	struct str id;			/* also in our own log */
	const char *operation;		/* "Create", "Update", ... */
	bool dry_run;
	int64_t wall_ns;
	enum group group;
	struct str server;		/* the object, as JSON */
	const char *phase;		/* before, of an Integration */
	const struct render_out *children;	/* or NULL */
	const struct ext_change *change;
	uint32_t changes;
};
/*
 * managedFields are left out of the server, and its apiVersion and kind
 * written, which items of lists lack. ERR_BAD, ERR_LIMIT: the server cannot
 * be read. ERR_FULL: out is too small.
 */
int ext_request_write(const struct ext_request *r, struct json_tok *tok,
    uint32_t toks, struct buf *out, struct diag *d);
/*
 * The headers of such a body: X-MCP-Operator-Timestamp, in seconds, and
 * X-MCP-Operator-Signature, "sha256=" and in hex the HMAC-SHA256 of the
 * timestamp, a dot and the body.
 */
void ext_sign(struct str key, int64_t wall_ns, struct str body,
    struct buf *out);

/* ext_answer.c [ext_answer_] --------------------------------------------- */

/* d names what is wrong in it. ERR_BAD, ERR_LIMIT, ERR_FULL. */
int ext_answer_read(struct str body, struct arena *a, struct ext_answer *ret,
    struct diag *d);
/*
 * Puts the patches into the bodies of *out, which are in the arena then.
 * Nobody may change by what a child is known, whose it is, or what it
 * selects: apiVersion, kind, its metadata but for labels and annotations, our
 * own of those, selectors, what an autoscaler works on, replicas. ERR_BAD,
 * ERR_LIMIT, ERR_FULL with path and rule in d; *out may be changed in part
 * then.
 */
int ext_answer_apply(const struct ext_answer *answer,
    struct json_ops *work, struct arena *a, struct render_out *out,
    struct diag *d);

#endif
