#ifndef RENDER_H
#define RENDER_H

/*
 * render: a canonical MCP server to the objects it becomes, as JSON bodies
 * for server-side apply. Pure: no I/O, no clock, all output in the arena.
 * The same input gives the same bytes.
 */

#include "model.h"

/*
 * See children.def. Those from CHILD_KINDS on are made one at a time, by
 * render_extra.
 */
enum child_kind {
#define CHILD(kind, group, version, plural, name, suffix, \
    flags) CHILD_##kind,
#include "children.def"
#undef CHILD
	CHILD_KINDS_ALL,
	CHILD_KINDS = CHILD_DEPLOYMENT + 1
};
struct child_info {
	const char *group, *version, *plural;	/* of its API */
	const char *kind;
	const char *suffix;	/* "-config" or nothing */
	uint32_t flags;		/* enum child_flags */
};
extern const struct child_info child_info[CHILD_KINDS_ALL];
/*
 * What tells that somebody has changed a child: its resource version, unless
 * that moves with a status too.
 */
enum child_flags {
	CHILD_BY_GENERATION = 1, /* its generation moves with its spec */
	CHILD_BY_SPEC = 2,	/* it has none: the spec itself tells */
	CHILD_STEERS = 4,	/* works on the Deployment of its name: goes
				 * before others are written, for it would
				 * undo that, and when that one is not ours */
	CHILD_BY_CRD = 8	/* its API comes with a CRD, or not at all */
};

/*
 * The way pods are made. Raised by one whenever the rendering of the pod
 * template changes; older ways are kept, so that an upgrade of the operator
 * restarts nobody's pods: a template stays at its revision until the user
 * changes something that shows in it. 2: configSources are mounted.
 */
#define RENDER_REVISION 2

/* Labels and annotations of our own on children and pods. */
#define LABEL_KEY "mcp.allbeone.io/server-key"
#define LABEL_TENANT "mcp.allbeone.io/tenant-id"
#define NOTE_DIGEST "mcp.allbeone.io/digest"
#define NOTE_RENDERED "mcp.allbeone.io/rendered"
#define NOTE_REFS "mcp.allbeone.io/references"
#define NOTE_SEEN "mcp.allbeone.io/seen-references"
#define NOTE_SCALED "mcp.allbeone.io/autoscaled"
#define NOTE_ROLLED_BACK "mcp.allbeone.io/rolled-back"
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
	struct child child[CHILD_KINDS_ALL];
	uint64_t template_digest;	/* of the pod template */
	struct str sidecar;	/* render_in's, where a container has it */
	/*
	 * The Deployment has NOTE_ROLLED_BACK. Its body stands here with the
	 * template that failed, so that its digest needs no other one; the
	 * one that is to be applied goes in its place.
	 */
	uint32_t rolled_to;		/* 0: it has not */
};

struct render_in {
	const struct server *server;	/* as server_decode leaves it */
	uint32_t revision;	/* 1..RENDER_REVISION */
	uint64_t refs;		/* NOTE_REFS of the pods; 0: none */
	struct str seen;	/* NOTE_SEEN of the Deployment; empty: none */
	uint64_t salt;		/* goes into NOTE_DIGEST: who else has a say in
				 * the bodies; 0: nobody */
	/*
	 * Image of the container that signals a server which asks for that;
	 * empty: there is none, and new contents bring new pods.
	 */
	struct str sidecar;
	/*
	 * The Deployment says nothing of replicas, for its HPA does, and has
	 * NOTE_SCALED. Not before somebody else is among that field's
	 * managers: a field that its last manager leaves out goes back to its
	 * default, one pod.
	 */
	bool scaled;
	/*
	 * Digest of a template that failed, and the Deployment's revision
	 * that its pods went back to; 0: none. As long as that template is
	 * asked for, NOTE_ROLLED_BACK has both, as render_note writes them.
	 */
	uint64_t rolled_from;
	uint32_t rolled_to;
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
 * The same for one child of a kind from CHILD_KINDS on; `refs` and `seen` are
 * not looked at. *ret says whether it is wanted at all.
 */
int render_extra(const struct render_in *in, enum child_kind kind,
    struct arena *a, struct child *ret);

/*
 * The value of LABEL_KEY: unique among the servers of a namespace, and a
 * valid label for names of any length. "a.filesystem".
 */
void render_key(enum group g, struct str name, struct buf *out);
/*
 * Kinds from CHILD_KINDS on that a server asks for, a bit each. Takes nothing
 * of the arena; ERR_FULL when that is too small, which it notes as `over`.
 */
int render_kinds(const struct server *s, struct arena *a,
    uint32_t *ret_kinds);
/* Selector of the pods, "mcp.allbeone.io/server-key=a.filesystem". */
void render_selector(enum group g, struct str name, struct buf *out);
/* NOTE_RENDERED: "<revision>.<digest of the template in hex>"; of two kinds of
 * revisions, NOTE_ROLLED_BACK too. */
void render_note(struct buf *out, uint32_t revision, uint64_t digest);
/* ERR_BAD, with nothing written. */
int render_note_parse(struct str note, uint32_t *ret_revision,
    uint64_t *ret_digest);

/* autoscale.c ---------------------------------------------------------- */

/* Pods that a server begins with that an HPA scales from then on. ERR_FULL. */
int render_first_replicas(const struct server *s, struct arena *a,
    int32_t *ret);


/* origin.c ------------------------------------------------------------- */

/*
 * Fields of the server that the place at this path of a child may come from,
 * "spec.affinity", the likeliest first, from *cursor 0 on; NULL: no more. All
 * are as the first group has them; others may lack them.
 */
const char *render_origin(enum child_kind kind, struct str path,
    uint32_t *cursor);

#endif
