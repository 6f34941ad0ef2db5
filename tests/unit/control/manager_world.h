#ifndef MANAGER_WORLD_H
#define MANAGER_WORLD_H

/*
 * A whole manager in front of a scripted API server. Watches are answered by
 * the world: `watch` says what stands in the initial list, and by default
 * there is nothing. Other requests go to `serve`.
 */

#include "control/control_int.h"
#include "kube_world.h"

struct manager_world {
	struct world *w;
	struct manager *m;
	/*
	 * The lines of a watch's initial list for a path without query; NULL:
	 * the handler has answered itself.
	 */
	const char *(*watch)(const struct world_request *r, struct str path);
	void (*serve)(const struct world_request *r, struct str path);
	/* Before the manager is made: files that it reads; or NULL. */
	void (*before)(struct fake_io *io);
	struct { struct str path; int peer; bool ended; } open[128];
	uint32_t opened;
};
extern struct manager_world mw;

/* args: flags after the usual ones, ended by NULL; may be NULL. */
void mw_begin(const char *const *args);
/* Bookmarks come once a minute, as the API server sends them. */
void mw_run(int64_t ns);
/* A line to the last opened watch whose path ends in this. */
void mw_tell(const char *path_end, const char *line);
/* Ends it in good order. */
void mw_end(const char *path_end);
/* How many requests the log has whose line holds this; clears nothing. */
unsigned mw_count(const char *what);
void mw_forget(void);			/* clears the log */

/* ---- one server, as the API server has it ---- */

#define MW_UID "1188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define MW_SERVERS "/mcp.mcp.dev/v1alpha1/mcpservers"
#define MW_STATUS "mcpservers/one/status"

/* mcp.mcp.dev's "one" in "ns". Its status is what was last written. */
enum { MW_SPEC_MAX = 400 << 10 };
struct mw_one {
	unsigned version, generation;
	const char *spec;
	char status[16384];		/* as JSON */
};
extern struct mw_one mw_one;

/* With this spec, and without a status. */
void mw_one_begin(const char *spec);
/* Its line of this type, as a watch would have it. */
const char *mw_one_line(const char *type);
/* Tells of it as it is now. */
void mw_one_tell(void);
/* For mw.watch: the list that has it. */
const char *mw_one_watch(const struct world_request *r, struct str path);
/* Answers what is about it, and takes its status; false: it is not. */
bool mw_one_serve(const struct world_request *r, struct str path);

/* ---- extensions, at 10.0.0.9:7443 ---- */

#define MW_HOOK_KEY "0123456789abcdef0123456789abcdef"
#define MW_HOOK(name, type, more) "{\"name\":\"" name "\",\"type\":\"" \
	type "\",\"url\":\"https://10.0.0.9:7443/" name "\",\"caFile\":" \
	"\"/ca\",\"keyFile\":\"/key\"" more "}"
#define MW_HOOKS(rows) "{\"extensions\":[" rows "]}"
/* For mw.before: /ext, with this text, /ca and /key. */
void mw_hook_files(struct fake_io *f, const char *ext);
/* Without TLS, which tests of the net room and the real node have. */
void mw_hooks_plain(void);

/* ---- a manager of which only parts are called ---- */

/* With room for 8 servers; it neither watches nor works. */
void mw_bare(struct manager *m, struct mem *mem, struct manager_options *o);

#define MW_LINE(type, object) \
	"{\"type\":\"" type "\",\"object\":" object "}\n"

#endif
