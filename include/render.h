#ifndef RENDER_H
#define RENDER_H

/*
 * render: a canonical MCP server to the objects it becomes, as JSON bodies
 * for server-side apply. Pure: no I/O, no clock, all output in the arena.
 * The same input gives the same bytes.
 */

#include "model.h"

/* In the order in which they are applied; pruned in the reverse. */
enum child_kind {
	CHILD_CONFIG_MAP, CHILD_SERVICE, CHILD_DEPLOYMENT, CHILD_KINDS
};

/*
 * The way pods are made. Raised by one whenever the rendering of the pod
 * template changes; older ways are kept, so that an upgrade of the operator
 * restarts nobody's pods: a template stays at its revision until the user
 * changes something that shows in it.
 */
#define RENDER_REVISION 1

/* Labels and annotations of our own on children and pods. */
#define LABEL_KEY "mcp.allbeone.io/server-key"
#define NOTE_DIGEST "mcp.allbeone.io/digest"
#define NOTE_RENDERED "mcp.allbeone.io/rendered"
#define NOTE_REFS "mcp.allbeone.io/references"
#define NOTE_SEEN "mcp.allbeone.io/seen-references"
#define NOTE_CONFIG "mcp.allbeone.io/config"
#define NOTE_RESTARTED "mcp.allbeone.io/restarted-at"

struct child {
	bool wanted;
	struct str name;
	struct str body;	/* JSON; without metadata.uid */
	size_t uid_at;		/* where `"uid":"...",` may be put in */
	uint64_t digest;	/* of the body; also its NOTE_DIGEST */
};

struct render_out {
	struct child child[CHILD_KINDS];
	uint64_t template_digest;	/* of the pod template */
};

struct render_in {
	const struct server *server;	/* as server_decode leaves it */
	uint32_t revision;	/* 1..RENDER_REVISION */
	uint64_t refs;		/* NOTE_REFS of the pods; 0: none */
	struct str seen;	/* NOTE_SEEN of the Deployment; empty: none */
};

/* render.c ------------------------------------------------------------- */

/*
 * All texts of *ret are in the arena. ERR_FULL when that is too small, with
 * nothing kept and *ret as before. What server_check refuses is rendered all
 * the same: well-formed JSON, which the API server may refuse.
 */
int render_server(const struct render_in *in, struct arena *a,
    struct render_out *ret);

/*
 * The value of LABEL_KEY: unique among the servers of a namespace, and a
 * valid label for names of any length. "a.filesystem".
 */
void render_key(enum group g, struct str name, struct buf *out);
/* What a child's name has behind its server's: "-config" or nothing. */
const char *render_suffix(enum child_kind k);
/* Selector of the pods, "mcp.allbeone.io/server-key=a.filesystem". */
void render_selector(enum group g, struct str name, struct buf *out);
/* NOTE_RENDERED: "<revision>.<digest of the template in hex>". */
void render_note(struct buf *out, uint32_t revision, uint64_t digest);
/* ERR_BAD, with nothing written. */
int render_note_parse(struct str note, uint32_t *ret_revision,
    uint64_t *ret_digest);

/* workload.c ----------------------------------------------------------- */

/* Pods that the Deployment asks for; a stdio server has at most one. */
int32_t render_replicas(const struct server *s);

#endif
