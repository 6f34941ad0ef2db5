#ifndef SERVER_WORLD_H
#define SERVER_WORLD_H

#include "fake_io.h"
#include "net.h"

/* An http_server on a fake_io, whose clients are the test's peers. */
struct server_world {
	struct fake_io f;
	struct mem mem;
	struct loop loop;
	struct http_server *server;
};
extern struct server_world sw;

/* All anew; what else the server is to have comes before it listens. */
void sw_begin(const struct http_route *routes, size_t n);
void sw_listen(uint16_t port);
/* Stops it; nothing may be left open, nor waited for. */
void sw_end(void);
/* Turns of the loop for so long. */
void sw_run(int64_t ns);
/* Turns as long as something happens, without time passing. */
void sw_settle(void);

#endif
