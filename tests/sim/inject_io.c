/* The io seam with one call that goes wrong. */
#include "base.h"
#include "sim/inject.h"

/* What stands behind: the same for all that are given out. */
static struct io real;

/* Interrupted, or what the system says when it has no room. */
static int wrong(int err)
{
	if (inject_now(INJECT_AGAIN))
		return ERR_AGAIN;
	return inject_now(INJECT_ERROR) ? err : 0;
}

static size_t part(size_t n)
{
	if (n > 1 && inject_now(INJECT_ONE))
		return 1;
	return n > 1 && inject_now(INJECT_HALF) ? n / 2 : n;
}

static int inject_read(void *ctx, int fd, void *p, size_t cap)
{
	int err = wrong(ERR_CLOSED);

	return err ? err : real.read(ctx, fd, p, part(cap));
}

static int inject_write(void *ctx, int fd, const void *p, size_t n)
{
	int err = wrong(ERR_CLOSED);

	return err ? err : real.write(ctx, fd, p, part(n));
}

/* Before its time, with nothing to tell; or all but one event later. */
static int inject_wait(void *ctx, struct io_event *ret, int cap,
    int64_t deadline_ns)
{
	if (inject_now(INJECT_AGAIN))
		return 0;
	return real.wait(ctx, ret, cap > 1 && inject_now(INJECT_ONE) ? 1 :
	    cap, deadline_ns);
}

static int inject_connect(void *ctx, const struct net_addr *to)
{
	return inject_now(INJECT_ERROR) ? ERR_FULL :
	    real.tcp_connect(ctx, to);
}

static int inject_connected(void *ctx, int fd)
{
	int err = wrong(ERR_UNREACH);

	return err ? err : real.tcp_connected(ctx, fd);
}

static int inject_accept(void *ctx, int fd, struct net_addr *ret_from)
{
	int err = wrong(ERR_FULL);

	return err ? err : real.tcp_accept(ctx, fd, ret_from);
}

static int inject_udp(void *ctx, const struct net_addr *to)
{
	return inject_now(INJECT_ERROR) ? ERR_FULL :
	    real.udp_open(ctx, to);
}

static int inject_watch(void *ctx, int fd, uint8_t bits, uint64_t tag)
{
	return bits && inject_now(INJECT_ERROR) ? ERR_FULL :
	    real.watch(ctx, fd, bits, tag);
}

static int inject_read_file(void *ctx, const char *path, void *p, size_t cap)
{
	return inject_now(INJECT_ERROR) ? ERR_IO :
	    real.read_file(ctx, path, p, cap);
}

static int inject_random(void *ctx, void *p, size_t n)
{
	return inject_now(INJECT_ERROR) ? ERR_IO :
	    real.random(ctx, p, n);
}

static int inject_std_write(void *ctx, int stream, const void *p, size_t n)
{
	return inject_now(INJECT_ERROR) ? ERR_TIMEOUT :
	    real.std_write(ctx, stream, p, n);
}

void inject_io(struct io *io)
{
	real = *io;
	io->read = inject_read;
	io->write = inject_write;
	io->wait = inject_wait;
	io->tcp_connect = inject_connect;
	io->tcp_connected = inject_connected;
	io->tcp_accept = inject_accept;
	io->udp_open = inject_udp;
	io->watch = inject_watch;
	io->read_file = inject_read_file;
	io->random = inject_random;
	io->std_write = inject_std_write;
}
