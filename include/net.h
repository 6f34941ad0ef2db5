#ifndef NET_H
#define NET_H

/*
 * net: one loop, non-blocking connections, TLS behind an engine interface,
 * and HTTP/1.1. Callbacks run from loop_turn() only, never from inside a
 * call of the user's (what is known at once is posted). No callback comes
 * after a close. Every wait has a deadline.
 */

#include "base.h"
#include "codec.h"

/* loop.c [loop_, timer_, work_] ------------------------------------------- */

struct loop;

typedef void loop_fd_fn(void *ctx, uint8_t io_bits);
typedef void loop_fn(void *ctx);

/* A deadline of the owner's. Zero it (or timer_init) before first use. */
struct timer {
	loop_fn *fn;
	void *ctx;
	uint32_t id;		/* private: slot + 1; 0: not set */
};

/* A call to be made from the loop, once, in order of posting. */
struct work {
	loop_fn *fn;
	void *ctx;
	struct work *next;	/* private */
	uint32_t turn;		/* private */
	bool posted;		/* private */
};

struct loop_slot {
	loop_fd_fn *fn;
	void *ctx;
	int fd;
	uint32_t generation;
};

/* Microseconds a turn took, in powers of two: 1, 2, 4, ... 2^23. */
#define LOOP_LATENCY_BUCKETS 24

struct loop {
	const struct io *io;
	int64_t now_ns;			/* cached at each turn */
	struct loop_slot *slots;
	struct timer **timers;		/* by heap id */
	struct heap heap;
	uint32_t *timer_free;
	uint32_t slots_n, timer_free_n, timer_ids, work_turn;
	struct work *work_head, **work_tail;
	char *scratch;			/* LOOP_SCRATCH_MAX bytes, for the
					 * length of one call */
	uint64_t turns, latency[LOOP_LATENCY_BUCKETS];
	bool stop;
};

/* ERR_FULL when memory cannot be reserved. */
int loop_init(struct loop *l, struct mem *m, const struct io *io);
/* One wait and everything that is due; at most until until_ns. */
void loop_turn(struct loop *l, int64_t until_ns);
/* Until loop_stop or a signal; returns the IO_SIGNAL_* bits or 0. */
unsigned loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* bits 0: forget the descriptor (before io->close). ERR_FULL, ERR_IO. */
int loop_watch(struct loop *l, int fd, uint8_t io_bits, loop_fd_fn *fn,
    void *ctx);
void timer_init(struct timer *t, loop_fn *fn, void *ctx);
/* Sets or moves; CHECK when LOOP_TIMERS_MAX are set. */
void timer_set(struct loop *l, struct timer *t, int64_t at_ns);
void timer_stop(struct loop *l, struct timer *t);
bool timer_is_set(const struct timer *t);
void work_init(struct work *w, loop_fn *fn, void *ctx);
void work_post(struct loop *l, struct work *w);		/* twice: once */
void work_cancel(struct loop *l, struct work *w);

/* dns.c, dns_packet.c [dns_] ---------------------------------------------- */

/*
 * A stub resolver (RFC 1035): /etc/hosts, then the servers of
 * /etc/resolv.conf with search list and ndots, A and then AAAA over UDP, TCP
 * on truncation. Answers are matched by id, question and source; ids and
 * ports are random. Both files are read anew each time. One query at a time
 * per struct dns, and one after the other: A and AAAA in parallel from one
 * port meet races in the address translation of cluster networks.
 */
#define DNS_ADDRS_MAX 8
#define DNS_SERVERS_MAX 3
typedef void dns_fn(void *ctx, int err, const struct net_addr *addrs,
    uint32_t n);
struct dns {
	struct loop *loop;
	dns_fn *fn;			/* NULL: not busy */
	void *ctx;
	struct timer timer;
	struct work work;
	struct net_addr server[DNS_SERVERS_MAX], found[DNS_ADDRS_MAX];
	uint32_t servers, found_n;
	uint32_t searches, ndots, attempts, candidate, tries, server_at;
	int64_t deadline_ns, try_ns;
	int fd, err;			/* err: why a try did not begin */
	bool tcp;
	uint16_t port, id, type;
	size_t name_n, asked_n, packet_n;
	char name[256], asked[256];	/* given; with a search domain */
	uint8_t packet[DNS_PACKET_MAX];	/* TCP: what came so far */
};
void dns_init(struct dns *d, struct loop *l);
/*
 * Literal addresses are answered without asking. fn is called exactly once
 * (from the loop) unless dns_cancel comes first: 0 and at least one address,
 * ERR_DNS (no such name, or the servers fail), ERR_TIMEOUT, ERR_REFUSED,
 * ERR_UNREACH or ERR_IO of the last server asked.
 */
void dns_resolve(struct dns *d, struct str host, uint16_t port,
    int64_t deadline_ns, dns_fn *fn, void *ctx);
void dns_cancel(struct dns *d);
/* Sans-I/O parts, for tests and fuzzing. */
#define DNS_TYPE_A 1
#define DNS_TYPE_AAAA 28
/* Bytes of the query; ERR_BAD for what is no name, ERR_FULL. */
int dns_encode(struct str name, uint16_t id, uint16_t type, uint8_t *out,
    size_t cap);
/*
 * Count of addresses (their ports are 0), ERR_NOENT (no such name), ERR_MORE
 * (truncated: use TCP), ERR_IO (the server says it failed), ERR_BAD (not an
 * answer to this question). Reading ends when cap is reached.
 */
int dns_decode(struct str packet, struct str name, uint16_t id,
    uint16_t type, struct net_addr *ret, uint32_t cap);

/* trust.c [trust_] -------------------------------------------------------- */

/*
 * Whom to trust and who we are: anchors decoded from a PEM bundle, and an
 * optional client certificate chain with its key. Static memory, reserved
 * once; loading again replaces everything or, on error, nothing. Keys are
 * decoded by codec; BearSSL's own decoder, which overflows on RSA keys over
 * 4928 bits, is never called.
 */
struct trust;
int trust_new(struct mem *m, struct trust **ret);
/* What connections with it may use, of tls_suites_parse; all at first. */
void trust_set_suites(struct trust *t, uint8_t suites);
/*
 * PEM with one or more CA certificates. Those that are expired or not yet
 * valid, or whose key cannot be used, are left out; when none remains the
 * load fails (ERR_TLS_TIME, ERR_TLS_KEY; ERR_NOENT without any). ERR_BAD,
 * ERR_FULL. One that expires later is left out from then on. One that is no
 * CA is trusted as a server's own certificate.
 */
int trust_load_anchors(struct trust *t, struct str pem, int64_t wall_ns,
    struct diag *d);
/*
 * Certificate chain (leaf first) and key, to be shown as a client or as a
 * server: EC P-256/384/521, RSA <= 4096, PKCS#1, SEC1 or PKCS#8. Empty
 * slices: no certificate. ERR_TLS_KEY
 * for keys that are not taken, ERR_BAD, ERR_NOENT, ERR_FULL.
 */
int trust_load_client(struct trust *t, struct str cert_pem,
    struct str key_pem, struct diag *d);
/* Whether who is shown it now can take it: ERR_TLS_TIME, with the reason in
 * d, if not; ERR_NOENT without a certificate. */
int trust_client_check(const struct trust *t, int64_t wall_ns,
    struct diag *d);
/* Bumped by each successful load; connections keep what they began with. */
uint32_t trust_generation(const struct trust *t);

/* cert.c [cert_] ---------------------------------------------------------- */

/*
 * Certificates of our own making, for servers that nobody gave one: keys on
 * P-256, signed with ECDSA and SHA-256.
 */
#define CERT_SEED_LEN 48
struct cert_key { uint8_t x[32], point[65]; };
/* seed: from io->random, for this alone. */
void cert_key_make(struct cert_key *ret, const uint8_t seed[CERT_SEED_LEN]);

struct cert_make {
	struct str name, issuer_name;	/* common names */
	const struct cert_key *key;
	const struct cert_key *issuer;	/* NULL: signed by itself */
	const struct str *alt_name;	/* DNS names of at most 255 bytes, */
	uint32_t alt_names;		/* and IP literals; CERT_NAMES_MAX */
	int64_t not_before_s, not_after_s;
	uint8_t serial[16];		/* random */
	bool ca;			/* else of a server */
};
/* A certificate as DER, of at most CERT_MADE_MAX bytes. */
void cert_write(const struct cert_make *how, struct buf *out_der);
/* The key whose scalar that is, big endian; ERR_BAD. */
int cert_key_load(struct cert_key *ret, struct str x);
/* "EC PRIVATE KEY" as DER, of at most KEY_MADE_MAX bytes. */
void cert_key_write(const struct cert_key *k, struct buf *out_der);

/* tls.c [tls_] ------------------------------------------------------------ */

/*
 * A TLS 1.2 engine: bytes in, bytes out, no I/O. Over BearSSL, for a client
 * with an X.509 wrapper that takes only subjectAltName (DNS and IP), never
 * the common name, and demands serverAuth where extended key usage is
 * present. Behind this interface a TLS 1.3 engine can take its place.
 */
struct tls;
size_t tls_size(void);		/* bytes of one engine, buffers included */
struct tls_start {
	const struct trust *trust;	/* must outlive the engine */
	struct str name;		/* DNS name or IP literal to verify */
	int64_t wall_ns;
	uint8_t seed[32];		/* from io->random */
};
/*
 * Names as Go and IANA have them, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
 * separated by commas, as a set; empty: all of them. ERR_BAD with the first
 * that is not known here. *ret_ecdsa: those for a key on an elliptic curve.
 */
int tls_suites_parse(struct str list, uint8_t *ret, uint8_t *ret_ecdsa,
    struct diag *d);
int tls_begin(struct tls *t, const struct tls_start *how);
/*
 * The other end: a server that shows the certificate of how->trust and asks
 * for none; how->name is not looked at. ERR_NOENT: there is no certificate.
 */
int tls_accept(struct tls *t, const struct tls_start *how);
/*
 * Cipher bytes from the wire: count taken, less than there are when the
 * engine must first be drained (tls_wire_out, then tls_read), ERR_TLS*, or
 * ERR_CLOSED after the peer's close_notify.
 */
int tls_wire_in(struct tls *t, struct str in);
/*
 * The same without a copy: put up to *ret_n bytes there (NULL: drain first)
 * and tell how many; 0 or an error as above.
 */
void *tls_wire_room(struct tls *t, size_t *ret_n);
int tls_wire_got(struct tls *t, size_t n);
/* Cipher bytes to send; consume what was written. */
struct str tls_wire_out(struct tls *t);
void tls_wire_sent(struct tls *t, size_t n);
/* Plain bytes. in_ready: some are waiting. */
bool tls_in_ready(const struct tls *t);
int tls_read(struct tls *t, void *p, size_t cap);   /* ERR_AGAIN, CLOSED */
int tls_write(struct tls *t, const void *p, size_t n); /* taken; ERR_AGAIN */
void tls_flush(struct tls *t);
bool tls_is_open(const struct tls *t);		/* handshake done */
void tls_close(struct tls *t);			/* send close_notify */
/* Why it failed, in words that name the cause; 0: it did not. d may be
 * NULL. */
int tls_error(const struct tls *t, struct diag *d);

/* conn.c [conn_] ---------------------------------------------------------- */

/* Where to. The slices must stay valid until the conn is closed. */
struct conn_target {
	struct str host;		/* name or IP literal to dial */
	uint16_t port;
	const struct trust *trust;	/* NULL: plain TCP */
	struct str tls_name;		/* name to verify; empty: host */
};

/*
 * A TCP or TLS connection. Opening ends with on_open, or with on_close and
 * the reason (the conn is then closed and may be opened again). While it is
 * open on_io comes whenever reading or writing may go on, and what happens
 * to it is told by conn_read, conn_write and conn_flush; it stays until
 * conn_close. A reader that does not call conn_read from its on_io is not
 * woken for input again until it has called it.
 *
 * At most one handshake runs at a time per struct conn_gate (zero it), so
 * that the loop stays responsive; a peer that stalls in its own does not hold
 * up the others for longer than CONN_GATE_MS. Where peers are not ours to
 * choose they are not waited for: with `steps` all handshakes run at once,
 * but only one of them goes on in a turn of the loop, each when it is its
 * turn.
 */
struct conn;
struct conn_gate {
	struct conn *head, **tail;
	struct conn *busy;
	bool steps;
};
struct conn_events {
	void (*on_open)(void *ctx);
	void (*on_io)(void *ctx);
	void (*on_close)(void *ctx, int err, const struct diag *d);
};
enum conn_state {
	CONN_CLOSED, CONN_RESOLVING, CONN_CONNECTING, CONN_QUEUED,
	CONN_HANDSHAKE, CONN_OPEN
};
struct conn {
	struct loop *loop;
	const struct conn_events *events;
	void *ctx;
	struct conn_gate *gate;		/* NULL: none */
	struct conn *gate_next;
	struct counts *counts;		/* NULL: none; set after conn_init */
	struct tls *tls;		/* engine memory, given at init */
	struct conn_target target;
	enum conn_state state;
	int fd;
	uint8_t io_bits;
	bool want_read, want_write;	/* why on_io should come */
	bool wire_full;			/* the engine's output waits */
	bool reading;			/* conn_read was called in on_io */
	bool accepted;			/* the server's end */
	uint32_t opened;		/* tells one opening from the next */
	uint32_t addrs, addr_at;	/* of dns.found */
	int end;			/* ERR_*: nothing more to be read */
	int64_t deadline_ns;		/* of connect and handshake */
	struct timer timer;
	struct work work;
	struct diag diag;
	struct dns dns;			/* last: its tail is hardly used */
};
/* tls_mem: tls_size() bytes aligned to 16, or NULL for plain only. */
void conn_init(struct conn *c, struct loop *l, struct conn_gate *gate,
    void *tls_mem, const struct conn_events *events, void *ctx);
/*
 * deadline_ns bounds resolving, connecting and the handshake together; every
 * address gets its share of it. The conn must be closed.
 */
void conn_open(struct conn *c, const struct conn_target *to,
    int64_t deadline_ns);
/*
 * Wraps an accepted descriptor. trust NULL: plain, and open at once, without
 * on_open. Else TLS with trust's certificate: on_open or on_close come later,
 * within deadline_ns.
 */
void conn_accept(struct conn *c, int fd, const struct trust *trust,
    int64_t deadline_ns);
/*
 * Bytes read, at least 1; ERR_AGAIN: on_io comes; ERR_CLOSED: the peer has
 * ended its stream, and writing may go on. A stream that is reset, or a TLS
 * stream that ends without close_notify, may have been cut by somebody else:
 * ERR_IO.
 */
int conn_read(struct conn *c, void *p, size_t cap);
/*
 * Bytes taken, at least 1; ERR_AGAIN: on_io comes. After an error reading
 * may go on: there may be an answer.
 */
int conn_write(struct conn *c, const void *p, size_t n);
/* Encrypts and sends what is buffered; ERR_AGAIN: on_io comes later. */
int conn_flush(struct conn *c);
void conn_close(struct conn *c);			/* no callback after */

/* http1_parse.c [http_parse_, chunk_] ------------------------------------- */

struct http_header { struct str name, value; };
struct http_head {
	bool request;
	struct str method, target;	/* request */
	uint16_t status;		/* response: 100 to 999 */
	struct str reason;
	uint8_t minor;			/* HTTP/1.x */
	struct http_header header[HTTP_HEADERS_MAX];
	uint32_t headers;
	/*
	 * Framing, decided by RFC 9112 section 6 and refusing what is
	 * ambiguous (both length and chunked, repeated or odd lengths, any
	 * transfer coding but a single "chunked", that in HTTP/1.0).
	 * Responses that have no body by definition (to HEAD, 1xx, 204,
	 * 304) have length 0 whatever their headers say. Neither chunked
	 * nor has_length: no body in a request, in a response all that
	 * comes until the connection is closed.
	 */
	bool chunked, has_length, keep_alive, upgrade;
	uint64_t length;
};
/*
 * Bytes of the head incl. the empty line, ERR_MORE, ERR_BAD, or ERR_LIMIT
 * over HTTP_HEAD_MAX bytes or HTTP_HEADERS_MAX fields. Slices point into
 * `in`. Bare CR or LF, obs-fold, NUL, space before a colon: ERR_BAD, as are
 * requests with no Host (HTTP/1.1), two, or one that is no host. ERR_BAD
 * and ERR_LIMIT never turn into something else when more comes.
 * d names a field, but never shows a value.
 */
int http_parse_request(struct str in, struct http_head *ret,
    struct diag *d);
int http_parse_response(struct str in, bool head_request,
    struct http_head *ret, struct diag *d);
/* The first of that name, any case; p is NULL when there is none. */
struct str http_header_get(const struct http_head *h, const char *name);

/*
 * Incremental chunked decoding (RFC 9112 section 7.1). Extensions and
 * trailers are checked for form and eaten, up to HTTP_CHUNK_LINE_MAX a line
 * and HTTP_TRAILERS_MAX in all.
 */
struct chunk { uint64_t left; uint32_t line; uint8_t state; };
void chunk_init(struct chunk *c);
/*
 * Advances *in; *ret_data is the next run of body bytes, a slice of it.
 * 0: go on while there is input (data may be empty); 1: the body is
 * complete, *in stands behind it; ERR_BAD: malformed, and stays so.
 */
int chunk_push(struct chunk *c, struct str *in, struct str *ret_data);

/* http1_client.c [http_client_] ------------------------------------------- */

/*
 * One keep-alive connection to one origin, one exchange at a time. The
 * request's slices must stay valid until on_done; body bytes are handed out
 * as they come (after dechunking), interim answers (1xx) are skipped.
 * on_done comes exactly once per send, unless http_client_cancel does, and
 * any function here may be called from any callback.
 *
 * What on_done tells:
 * ERR_CLOSED	the connection ended before the first byte of an answer. If
 *		`fresh` is false it had been kept alive and may have been
 *		stale: the caller may send again.
 * ERR_IO	it ended, or broke, in the middle of an answer.
 * ERR_TIMEOUT	the deadline, or the limit of silence.
 * ERR_PROTO	not HTTP, or ambiguously framed. ERR_LIMIT: too long a head.
 * ERR_BAD	the request cannot be sent as it is: a line break in path,
 *		host or headers, or a header that is this file's to write.
 *		ERR_LIMIT: path and host exceed HTTP_LINE_MAX.
 * others	why no connection came about, or what on_head or on_body gave.
 */
struct http_request {
	const char *method;
	struct str path;		/* origin form, with query */
	struct str host;		/* Host header */
	struct str headers;		/* complete lines ending in CRLF */
	struct str body;		/* empty: none (Content-Length: 0 is
					 * sent for POST, PUT, PATCH) */
};
struct http_client_events {
	/* ERR_*: give up the exchange and close. The head's slices, and
	 * data, are valid during the call. */
	int (*on_head)(void *ctx, const struct http_head *head);
	int (*on_body)(void *ctx, struct str data);
	void (*on_done)(void *ctx, int err, const struct diag *d);
};
struct http_client {
	struct conn conn;
	const struct http_client_events *events;
	void *ctx;
	bool fresh;			/* opened for this exchange */
	bool sending;			/* the request is still being read */
	/* Set after init if wanted: asked when a connection that had to be
	 * opened is open, before the request leaves. ERR_*: do not send. */
	int (*on_ready)(void *ctx);
	/* private to http1_client.c from here */
	bool answered, keep, cut, head_request;
	bool spoke;			/* HTTP came over this connection */
	uint8_t state, framing;
	int err;
	struct diag diag;
	struct timer timer;
	struct work work;
	struct str rest[4];		/* still to be sent */
	struct chunk chunk;
	uint64_t body_left;
	uint32_t exchange;		/* counts; a changed one is over */
	int64_t deadline_ns, idle_ns, last_ns;
	size_t in_n;
	char out[HTTP_LINE_MAX];
	char in[HTTP_HEAD_MAX];
};
void http_client_init(struct http_client *h, struct loop *l,
    struct conn_gate *gate, void *tls_mem,
    const struct http_client_events *events, void *ctx);
/*
 * Opens the connection where needed (`to` is not looked at otherwise) and
 * sends. deadline_ns is absolute and covers everything up to the end of the
 * head; after that idle_ns is the longest silence between body bytes (0: the
 * deadline covers the body too). Not while busy.
 */
void http_client_send(struct http_client *h, const struct conn_target *to,
    const struct http_request *req, int64_t deadline_ns, int64_t idle_ns);
/* From send to on_done; false in on_done. */
bool http_client_busy(const struct http_client *h);
bool http_client_open(const struct http_client *h);
void http_client_cancel(struct http_client *h);	/* closes; no on_done */
void http_client_close(struct http_client *h);	/* idle connection */

/* http1_server.c, http1_post.c [http_server_, http_post_] ----------------- */

/*
 * A small server for metrics, health, profiling and webhooks: GET and HEAD,
 * and POST where http_server_posts says so; keep-alive, pipelining,
 * HTTP_SERVER_CONNS_MAX connections. One more takes the place of the one that
 * has been idle longest, or waits in the backlog. Slow readers and writers
 * are cut off by the deadlines in limits.h.
 */
struct http_reply {
	uint16_t status;
	uint16_t retry_after_s;		/* 0: not said */
	const char *type;		/* Content-Type */
	uint64_t cursor;		/* what `more` begins with */
	/*
	 * Appends at most what fits into out, which is empty, at least
	 * HTTP_SERVER_WINDOW bytes, and sent before the next call. 1: call
	 * again (something was appended), 0: that was all, ERR_*: cut the
	 * connection. NULL: a line that names the status.
	 */
	int (*more)(void *ctx, uint64_t *cursor, struct buf *out);
};
/* Out buffer without the room for a head and chunk framing. */
#define HTTP_SERVER_WINDOW (HTTP_SERVER_OUT_MAX - 544)
/*
 * A POST with its body, which came with a Content-Length or in chunks. Whoever
 * gets one answers it once, at once or later from the loop, and may write the
 * answer's body to `out`, behind the request's, before that. Until then all of
 * it stays where it is, even when the peer goes away or has been told, after
 * HTTP_SERVER_POST_MS, that it took too long (504): nobody reads such an
 * answer, but it must be given.
 */
struct http_post {
	struct str query, body;		/* of the request */
	struct buf out;			/* HTTP_POST_OUT_MAX; empty: a line
					 * that names the status */
	/* private to http1_post.c from here */
	struct http_posts *all;
	void *peer;			/* NULL: nobody waits for it */
	uint8_t state;
	bool chunked;
	struct chunk chunk;
	uint64_t left;			/* of a body not in chunks */
	int64_t since_ns;
	struct buf in;			/* query, and body as far as it came */
	size_t query_n;
};
/* 500 in place of an answer whose out is over. */
void http_post_answer(struct http_post *post, uint16_t status,
    const char *type);

struct http_route {
	const char *path;		/* exact; a query is cut off */
	/* ret: 200, text/plain, no more unless set. */
	void (*handle)(void *ctx, struct str path, struct str query,
	    struct http_reply *ret);
	void *ctx;			/* of handle and more */
};
struct http_post_route {
	const char *path;
	void (*handle)(void *ctx, struct http_post *post);
	void *ctx;
};
struct http_server;
/* routes must outlive it. ERR_FULL. */
int http_server_new(struct mem *m, struct loop *l,
    const struct http_route *routes, uint32_t n, struct http_server **ret);
/* A client was lost before its handshake was done, and why. */
typedef void http_server_lost_fn(void *ctx, const struct net_addr *from,
    int err, const struct diag *d);
/*
 * From now on over TLS with trust's certificate, whichever it has when a
 * connection comes. Before listening; trust must outlive it. lost may be
 * NULL, and calls nothing of the server's. ERR_FULL.
 */
int http_server_secure(struct http_server *s, struct mem *m,
    const struct trust *trust, http_server_lost_fn *lost, void *ctx);
/*
 * Takes POSTs as well, with bodies of up to HTTP_BODY_MAX, and `posts` of them
 * at a time, from the end of the head to the end of the answer. A larger one
 * is refused with 413, one that does not say how long it is with 411, one
 * that finds no room with 503 and Retry-After; but one whose body has been
 * coming for longer than HTTP_SERVER_FRESH_MS is cut off to make room.
 * "Expect: 100-continue" is answered. Before listening; routes must outlive
 * it. Without this, and where only a route for GET is, a request with a body
 * is refused with 413.
 * ERR_FULL.
 */
int http_server_posts(struct http_server *s, struct mem *m,
    const struct http_post_route *routes, uint32_t n, uint32_t posts);
/* One address; ERR_* of the system's. */
int http_server_listen(struct http_server *s, const struct net_addr *at);
/* Closes everything; may listen again. */
void http_server_stop(struct http_server *s);

#endif
