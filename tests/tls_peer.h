/*
 * A TLS server to test against: BearSSL's own, fed by hand, so that bytes can
 * be cut, damaged and withheld at will.  The fixtures in
 * tests/unit/net/certs/ hold a certificate chain and its key each.
 */
#ifndef TLS_PEER_H
#define TLS_PEER_H

#include <bearssl.h>

#include "net.h"

/* 2027-01-01: when the fixtures are valid. */
#define PEER_WALL_S INT64_C(1798761600)
#define PEER_WALL_NS (PEER_WALL_S * NS_PER_S)

struct tls_peer {
	br_ssl_server_context sc;
	br_x509_minimal_context xm;
	br_x509_trust_anchor ca;	/* of client certificates */
	br_x500_name ca_name;
	br_x509_certificate chain[4];
	size_t chain_n;
	br_ec_private_key ec;
	br_rsa_private_key rsa;
	unsigned char bytes[32768], in[16709], out[16469];
	size_t used;
};

/* fixture: "ec.pem".  client_ca: that CA's clients are demanded; or NULL. */
struct tls_peer *tls_peer_new(const char *fixture, const char *client_ca);
/* Text of a fixture. */
struct str tls_peer_file(const char *fixture);
/* Several fixtures one after the other, "a.pem b.pem". */
struct str tls_peer_files(const char *fixtures);
/* Moves up to n bytes each way; how many moved, or what the client says. */
int tls_peer_move(struct tls_peer *p, struct tls *t, size_t n);
/* Until nothing moves: 0, or what the client says. */
int tls_peer_settle(struct tls_peer *p, struct tls *t, size_t piece);
/* Plain bytes of the server; 0 when there are none, or no room. */
size_t tls_peer_read(struct tls_peer *p, void *to, size_t cap);
size_t tls_peer_write(struct tls_peer *p, const void *from, size_t n);
/* Cipher bytes of the server, for those who carry them by themselves. */
size_t tls_peer_wire_in(struct tls_peer *p, const void *from, size_t n);
size_t tls_peer_wire_out(struct tls_peer *p, void *to, size_t cap);

#endif
