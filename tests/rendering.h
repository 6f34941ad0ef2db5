/* Renders MCPServers for tests and looks into what comes out. */
#ifndef RENDERING_H
#define RENDERING_H

#include "render.h"

/*
 * Decodes one whole MCPServer of any of the four groups, given as JSON text,
 * and renders it. Ends the test when it cannot be decoded. What an earlier
 * call gave is gone.
 */
const struct server *rendering_server(struct str text);
const struct render_out *rendering_of(struct str text, uint64_t refs);

/* Another child of the same server; what an earlier call gave is gone. */
const struct child *rendering_extra(enum child_kind kind);

/*
 * The JSON text of a value in a JSON text, or nothing. The path has keys and
 * indices divided by '|', since a key may hold both '.' and '/'.
 */
struct str rendering_at(struct str json, const char *path);

/* JSON text for reading, on lines; static memory. */
struct str rendering_pretty(struct str json);

#endif
