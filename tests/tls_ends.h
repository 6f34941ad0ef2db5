/*
 * Both ends of TLS as the operator has them: a server that shows a
 * certificate of our own making, and a client.
 */
#ifndef TLS_ENDS_H
#define TLS_ENDS_H

#include "net.h"

struct ends {
	struct mem mem;
	struct trust *ca, *shown;	/* of the client; of the server */
	struct tls *client, *server;
	struct cert_key key;
	uint8_t rng;
	size_t piece;			/* moved at a time; 0: any number */
};

struct ends *ends_new(void);
void ends_free(struct ends *e);
/* Makes a CA that the client trusts, and a certificate by it for that name
 * and 10.96.0.7. What loading them says. */
int ends_serve(struct ends *e, const char *name, int64_t not_after_s);
/* The client trusts another CA of that name. */
int ends_distrust(struct ends *e);
/* A new handshake, that many seconds after PEER_WALL_S: what the client, or
 * else the server, says of it; 0: both are open. */
int ends_meet(struct ends *e, const char *name, int64_t later_s);
/* Until nothing moves any more. */
int ends_move(struct ends *e);

#endif
