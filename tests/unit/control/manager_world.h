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
	struct { struct str path; int peer; } open[64];
	uint32_t opened;
};
extern struct manager_world mw;

/* args: flags after the usual ones, ended by NULL; may be NULL. */
void mw_begin(const char *const *args);
void mw_run(int64_t ns);
/* A line to the last opened watch whose path ends in this. */
void mw_tell(const char *path_end, const char *line);
/* Ends it in good order. */
void mw_end(const char *path_end);
/* How many requests the log has whose line holds this; clears nothing. */
unsigned mw_count(const char *what);
void mw_forget(void);			/* clears the log */

#define MW_LINE(type, object) \
	"{\"type\":\"" type "\",\"object\":" object "}\n"

#endif
