#ifndef MCP_INT_H
#define MCP_INT_H

#include "mcp.h"

enum probe_state {
	PROBE_DISCOVER, PROBE_STREAM, PROBE_INITIALIZE, PROBE_INITIALIZED,
	PROBE_TOOLS, PROBE_BYE, PROBE_END
};

/* probe_answer.c: what the answers say; each moves p->state on. */

/* One message of the server's. True: the answer that is waited for. */
bool answer_take(struct mcp_probe *p, struct str text);
/*
 * The path in an address of the same server, or in a whole one, whatever host
 * that names: nothing is sent to others. Empty: there is none that could be
 * sent, or it is too long.
 */
struct str path_in(struct str uri);
/* HTTP+SSE: where messages are to be posted. */
bool answer_endpoint(struct mcp_probe *p, struct str uri);
/* The answer is longer than there is room for. */
void answer_over(struct mcp_probe *p);
/* Is this answer of HTTP worth another try? */
bool is_passing(uint16_t status);
/* Does it say that somebody is in the way? */
bool is_guard(uint16_t status);
/* The exchange ended without an answer to what was asked. */
void answer_missing(struct mcp_probe *p);
void probe_fail(struct mcp_probe *p, enum mcp_verdict v, const char *fmt,
    ...);
void probe_secured(struct mcp_probe *p);

#endif
