/*
 * A struct io without a system: time that only passes in wait(), sockets
 * whose other ends the test holds, files and environment from tables.
 *
 *	struct fake_io f;
 *	int peer;
 *
 *	fake_io_init(&f);
 *	fake_serve(&f, "10.0.0.1", 6443, FAKE_ACCEPT);
 *	... the program connects, loop_turn() ...
 *	peer = fake_accept(&f);
 *	... EXPECT_STR(fake_got(&f, peer), "GET / ..."); ...
 *	fake_send(&f, peer, 5 * NS_PER_MS, STR("HTTP/1.1 200 OK\r\n"));
 *	fake_end(&f, peer, 6 * NS_PER_MS);
 *	... loop_turn() ...
 *	fake_io_free(&f);
 *
 * A peer is the test's end of one connection; peers are numbered from 0 in
 * order of their making and not reused, unless the test releases them.  What
 * a peer sends is read in the same pieces, never two in one read; see also
 * `cut`.  Wrong use of the seam
 * (a descriptor that is closed, a wait that would never end, a loop that
 * turns without end) aborts with a line that says so.
 */
#ifndef FAKE_IO_H
#define FAKE_IO_H

#include "base.h"

enum {
	FAKE_FDS = 120,			/* descriptors open at once */
	FAKE_PEERS = 1024,
	FAKE_SERVED = 32,
	FAKE_FILES = 32
};

enum fake_how {
	FAKE_ACCEPT,
	FAKE_REFUSE,
	FAKE_SILENT			/* never answers a connect */
};

enum fake_event { FAKE_DATA, FAKE_END, FAKE_RESET };

/* Something on its way to the program. */
struct fake_piece {
	struct fake_piece *next;
	int64_t at_ns;
	enum fake_event what;
	size_t n, taken;
	char data[];
};

struct fake_peer {
	struct net_addr addr;		/* the program's view of the peer */
	int fd;				/* of the program's end; -1: closed */
	bool udp, accepted, gone, reset, free;
	bool noticed;			/* react() has seen all of it */
	int64_t open_ns;		/* when the connect is done */
	enum fake_how how;
	struct fake_piece *head, **tail;
	char *out;			/* what the program wrote */
	size_t out_n, out_cap;
	size_t window;			/* bytes it may still write */
};

struct fake_fd {
	bool used, listening;
	struct net_addr addr;		/* of a listener */
	int peer;
	uint8_t watch;
	uint64_t tag;
};

struct fake_io {
	struct io io;			/* what the program is given */
	int64_t now_ns, wall_offset_ns, cpu_ns;
	uint64_t rng;
	struct fake_fd fd[FAKE_FDS];
	int fd_last;
	struct fake_peer peer[FAKE_PEERS];
	int peers, accepted;
	struct { struct net_addr addr; enum fake_how how; }
		served[FAKE_SERVED];
	int served_n;
	struct { char *name; char *data; size_t n; } file[FAKE_FILES];
	int files;
	struct { char *name, *value; } env[FAKE_FILES];
	int envs;
	char *std[3];			/* what was written, per stream */
	size_t std_n[3];
	unsigned signals;
	/* How many of n bytes the next read or write moves, NULL: n; 0: none,
	 * although it was said to be ready. */
	size_t (*cut)(void *ctx, size_t n);
	void *cut_ctx;
	/* Called in wait() for each peer that the program has opened, written
	 * to or closed since: a scripted server. */
	void (*react)(void *ctx, struct fake_io *f, int peer);
	void *react_ctx;
	int connect_ns;			/* how long a connect takes */
	int64_t unacked_ns;		/* as the program set it */
	size_t window;			/* that new peers begin with */
	int accept_err, accept_errs;	/* the next accepts fail so */
	uint64_t waits, reads, writes, still;
};

void fake_io_init(struct fake_io *f);
void fake_io_free(struct fake_io *f);

/* Addresses that nobody serves refuse.  Serving again changes how. */
void fake_serve(struct fake_io *f, const char *ip, uint16_t port,
		enum fake_how how);
/* The next connection that the program has opened, or -1. */
int fake_accept(struct fake_io *f);
/* A connection to a port that the program listens on; ends the process when
 * it does not. */
int fake_connect(struct fake_io *f, uint16_t port);

/* These take effect delay_ns from now, in order. */
void fake_send(struct fake_io *f, int peer, int64_t delay_ns, struct str s);
void fake_end(struct fake_io *f, int peer, int64_t delay_ns);
void fake_reset(struct fake_io *f, int peer, int64_t delay_ns);
/* The program may write n more bytes (SIZE_MAX: any number). */
void fake_window(struct fake_io *f, int peer, size_t n);

/* What the program has written and nobody has taken. */
struct str fake_got(const struct fake_io *f, int peer);
void fake_take(struct fake_io *f, int peer, size_t n);
/* Has the program closed its end? */
bool fake_gone(const struct fake_io *f, int peer);
/* The number of a peer that is gone may be used again. */
void fake_release(struct fake_io *f, int peer);
int fake_open_fds(const struct fake_io *f);

/* For who turns the loop himself: would a wait end at once, and if not, when
 * does something become due by itself (TIME_NEVER: nothing will)? */
bool fake_ready(const struct fake_io *f);
/* Calls `react` for what the program has done by now, as a wait does. */
void fake_react(struct fake_io *f);
int64_t fake_next_ns(const struct fake_io *f);

/* Content is copied; again: replaces.  value NULL: unset. */
void fake_file(struct fake_io *f, const char *name, struct str data);
void fake_env(struct fake_io *f, const char *name, const char *value);
struct str fake_std(const struct fake_io *f, int stream);

#endif
