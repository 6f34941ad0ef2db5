#ifndef KUBE_WORLD_H
#define KUBE_WORLD_H

/*
 * A client of the kube room in front of a scripted API server: `serve` is
 * called with each request as soon as it is complete, and answers with
 * world_reply or world_stream, or not at all.
 */

#include "check.h"
#include "fake_io.h"
#include "kube.h"

#define MS NS_PER_MS
#define SEC NS_PER_S

struct world_request {
	int peer;
	struct str method, path, head, body;
};

struct world {
	struct fake_io io;
	struct mem mem;
	struct loop loop;
	struct counts counts;
	struct kube_config config;
	struct kube_client client;
	void (*serve)(struct world *w, const struct world_request *r);
	unsigned requests;	/* so far */
	char log_mem[1 << 16];
	struct buf log;		/* "METHOD path\n" for each */
	char head_mem[8192];
	struct str head;	/* of the last request */
	char body_mem[1 << 19];
	struct str body;
};

/* o NULL: defaults. One per test. */
struct world *world_begin(const struct kube_client_options *o);
/* The struct to use where world_begin is not wanted. */
struct world *world_new(void);
/* Puts the API server and /kubeconfig, which names it, into such a one. */
void world_serve(struct world *w);
void world_run(struct world *w, int64_t ns);
/* Runs until *flag is set, at most ns; false when it was not. */
bool world_until(struct world *w, const bool *flag, int64_t ns);

void world_reply(struct world *w, int peer, int status, const char *headers,
    const char *body);
void world_reply_str(struct world *w, int peer, int status,
    const char *headers, struct str body);
/* A chunked body: its head, a piece, its end. */
void world_stream(struct world *w, int peer);
void world_chunk(struct world *w, int peer, int64_t delay_ns,
    struct str text);
void world_stream_end(struct world *w, int peer, int64_t delay_ns);
/* A Status as the API server writes it. */
const char *world_status(int code, const char *reason, const char *message);

#endif
