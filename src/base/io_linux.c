#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "io_linux_int.h"

/* What the process has of the kernel, once. */
static struct {
	bool ready;
	int epoll_fd, signal_fd;
	int unacked_ms;			/* of what is connected next */
	unsigned signals;		/* seen and not yet asked for */
	uint8_t bits[IO_FDS_MAX];	/* watched for, by descriptor */
	uint64_t tag[IO_FDS_MAX];
} sys = { .unacked_ms = IO_UNACKED_MS };

/* PATH_MAX of Linux. */
#define PATH_CAP 4096

_Noreturn void io_linux_die(const char *p, size_t n)
{
	while (write(2, p, n) < 0 && errno == EINTR)
		;
	abort();
}

/* Errors */

int linux_err(int errnum)
{
	static const struct {
		int errnum, err;
	} rows[] = {
		{ EAGAIN, ERR_AGAIN }, { EINPROGRESS, ERR_AGAIN },
		{ ENOENT, ERR_NOENT }, { ENOTDIR, ERR_NOENT },
		{ ESRCH, ERR_NOENT },
		{ EACCES, ERR_DENIED }, { EPERM, ERR_DENIED },
		{ EROFS, ERR_DENIED },
		{ EEXIST, ERR_EXIST }, { EADDRINUSE, ERR_EXIST },
		{ ECONNREFUSED, ERR_REFUSED },
		{ EPIPE, ERR_CLOSED }, { ECONNRESET, ERR_CLOSED },
		{ ECONNABORTED, ERR_CLOSED }, { ENOTCONN, ERR_CLOSED },
		{ ETIMEDOUT, ERR_TIMEOUT },
		{ EHOSTUNREACH, ERR_UNREACH }, { ENETUNREACH, ERR_UNREACH },
		{ EHOSTDOWN, ERR_UNREACH }, { ENETDOWN, ERR_UNREACH },
		{ EADDRNOTAVAIL, ERR_UNREACH },
		{ EMFILE, ERR_FULL }, { ENFILE, ERR_FULL },
		{ ENOMEM, ERR_FULL }, { ENOBUFS, ERR_FULL },
		{ ENOSPC, ERR_FULL }, { EDQUOT, ERR_FULL },
		{ EFBIG, ERR_LIMIT }, { EMSGSIZE, ERR_LIMIT },
		{ E2BIG, ERR_LIMIT }, { ENAMETOOLONG, ERR_LIMIT },
		{ ENOSYS, ERR_UNSUPPORTED }, { EOPNOTSUPP, ERR_UNSUPPORTED },
		{ EAFNOSUPPORT, ERR_UNSUPPORTED },
		{ EPROTONOSUPPORT, ERR_UNSUPPORTED },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].errnum == errnum)
			return rows[i].err;
	return ERR_IO;
}

/* A system call's result, or the error that errno stands for. */
static int result(ssize_t rc)
{
	if (rc < 0)
		return linux_err(errno);
	return rc > INT_MAX ? INT_MAX : (int)rc;
}

/* Clocks and entropy */

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	CHECK(!clock_gettime(id, &ts));
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t linux_mono_ns(void *ctx)
{
	(void)ctx;
	return clock_ns(CLOCK_BOOTTIME);
}

static int64_t sys_wall_ns(void *ctx)
{
	(void)ctx;
	return clock_ns(CLOCK_REALTIME);
}

static int64_t sys_cpu_ns(void *ctx)
{
	(void)ctx;
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static int sys_random(void *ctx, void *p, size_t n)
{
	char *at = p;

	(void)ctx;
	while (n) {
		ssize_t rc = getrandom(at, n, 0);

		if (rc < 0 && errno == EINTR)
			continue;
		if (rc <= 0)
			return ERR_IO;
		at += rc;
		n -= (size_t)rc;
	}
	return 0;
}

/* Files and standard streams */

int linux_read(int fd, void *p, size_t n)
{
	ssize_t rc;

	do
		rc = read(fd, p, n);
	while (rc < 0 && errno == EINTR);
	return result(rc);
}

static int write_some(int fd, const void *p, size_t n)
{
	ssize_t rc;

	do
		rc = write(fd, p, n);
	while (rc < 0 && errno == EINTR);
	return result(rc);
}

int linux_read_whole(int fd, char *p, size_t cap)
{
	size_t n = 0;
	char more;

	for (;;) {
		int rc = n < cap ? linux_read(fd, p + n, cap - n) :
		    linux_read(fd, &more, 1);

		if (rc < 0)
			return rc;
		if (rc == 0)
			return (int)n;
		if (n == cap)
			return ERR_LIMIT;
		n += (size_t)rc;
	}
}

static int open_retry(const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
	while (fd < 0 && errno == EINTR);
	return result(fd);
}

int linux_open(const char *path, int flags)
{
	return open_retry(path, O_RDONLY | flags, 0);
}

static int sys_read_file(void *ctx, const char *path, void *p, size_t cap)
{
	int n, fd = linux_open(path, 0);

	(void)ctx;
	CHECK(cap < INT_MAX);
	if (fd < 0)
		return fd;
	n = linux_read_whole(fd, p, cap);
	close(fd);
	return n;
}

/* A full pipe that somebody made non-blocking is waited for this long. */
#define WRITE_STALL_MS 1000

int linux_write_all(int fd, const char *p, size_t n)
{
	while (n) {
		struct pollfd ready = { .fd = fd, .events = POLLOUT };
		int rc = write_some(fd, p, n);

		if (rc == ERR_AGAIN) {
			if (poll(&ready, 1, WRITE_STALL_MS) == 0)
				return ERR_TIMEOUT;
			continue;
		}
		if (rc < 0)
			return rc;
		p += rc;
		n -= (size_t)rc;
	}
	return 0;
}

static int sync_retry(int fd)
{
	int rc;

	do
		rc = fsync(fd);
	while (rc < 0 && errno == EINTR);
	return result(rc);
}

/* File systems over a network or in user space may be interrupted in it. */
static int rename_retry(const char *from, const char *to)
{
	long rc;

	do
		rc = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
	while (rc < 0 && errno == EINTR);
	return result(rc);
}

/* Makes a rename last: what else is there to do when this fails? */
static void sync_folder_of(const char *path)
{
	char mem[PATH_CAP];
	struct str s = str_from(path);
	size_t slash = str_rfind(s, '/');
	struct buf b;
	int fd;

	buf_init(&b, mem, sizeof(mem) - 1);
	if (slash == s.n)
		buf_char(&b, '.');
	else
		buf_str(&b, str_sub(s, 0, slash ? slash : 1));
	mem[b.n] = '\0';
	fd = open_retry(mem, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return;
	(void)sync_retry(fd);
	close(fd);
}

/* path, and a name beside it that nobody else has. */
static int temp_name(char mem[static PATH_CAP], const char *path)
{
	uint64_t unique;
	struct buf b;

	if (sys_random(NULL, &unique, sizeof(unique)))
		return ERR_IO;
	buf_init(&b, mem, PATH_CAP - 1);
	buf_fmt(&b, "%s.%x.tmp", path, unique);
	mem[b.n] = '\0';
	return b.over ? ERR_LIMIT : 0;
}

static int sys_write_file(void *ctx, const char *path, const void *p,
    size_t n, unsigned mode)
{
	char temp[PATH_CAP];
	int fd, err = temp_name(temp, path);

	(void)ctx;
	if (err)
		return err;
	fd = open_retry(temp, O_WRONLY | O_CREAT | O_EXCL, (mode_t)mode);
	if (fd < 0)
		return fd;
	err = linux_write_all(fd, p, n);
	if (!err)
		err = sync_retry(fd);
	close(fd);
	if (!err)
		err = rename_retry(temp, path);
	if (err)
		unlink(temp);
	else
		sync_folder_of(path);
	return err;
}

static const char *sys_env(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

/*
 * Signals come by descriptor, so a read that blocks would not hear the user's
 * Ctrl-C: both are waited for.
 */
static int sys_std_read(void *ctx, void *p, size_t cap)
{
	struct pollfd ready[2] = {
		{ .fd = 0, .events = POLLIN },
		{ .fd = sys.signal_fd, .events = POLLIN },
	};
	int rc;

	(void)ctx;
	do
		rc = poll(ready, 2, -1);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return linux_err(errno);
	if (!ready[0].revents)
		return ERR_CANCELLED;
	return linux_read(0, p, cap);
}

static int sys_std_write(void *ctx, int stream, const void *p, size_t n)
{
	(void)ctx;
	CHECK(stream == 1 || stream == 2);
	return linux_write_all(stream, p, n);
}

/* Sockets */

union sock_addr {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t sock_addr_from(const struct net_addr *a,
    union sock_addr *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (a->family == 4) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons(a->port);
		memcpy(&ret->in.sin_addr, a->ip, 4);
		return sizeof(ret->in);
	}
	CHECK(a->family == 6);
	ret->in6.sin6_family = AF_INET6;
	ret->in6.sin6_port = htons(a->port);
	ret->in6.sin6_scope_id = a->scope;
	memcpy(&ret->in6.sin6_addr, a->ip, 16);
	return sizeof(ret->in6);
}

/* musl's IN6_IS_ADDR_V4MAPPED() casts const away. */
static bool is_v4mapped(const struct in6_addr *a)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(a->s6_addr, prefix, sizeof(prefix));
}

/* A peer that came over a dual-stack listener by IPv4 is shown as IPv4. */
static void net_addr_from(const union sock_addr *s, struct net_addr *ret)
{
	*ret = (struct net_addr){ .family = 0 };
	if (s->any.sa_family == AF_INET) {
		ret->family = 4;
		ret->port = ntohs(s->in.sin_port);
		memcpy(ret->ip, &s->in.sin_addr, 4);
	} else if (s->any.sa_family == AF_INET6 &&
	    is_v4mapped(&s->in6.sin6_addr)) {
		ret->family = 4;
		ret->port = ntohs(s->in6.sin6_port);
		memcpy(ret->ip, &s->in6.sin6_addr.s6_addr[12], 4);
	} else if (s->any.sa_family == AF_INET6) {
		ret->family = 6;
		ret->port = ntohs(s->in6.sin6_port);
		ret->scope = s->in6.sin6_scope_id;
		memcpy(ret->ip, &s->in6.sin6_addr, 16);
	}
}

static int socket_open(const struct net_addr *a, int type)
{
	return result(socket(a->family == 4 ? AF_INET : AF_INET6,
	    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

static void option_set(int fd, int level, int name, int value)
{
	/* No kernel refuses one that we set. */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

/*
 * What was given up must not arrive later: without these the kernel goes on
 * trying for minutes after a close, and after the end of the process, and a
 * request from before a partition would be obeyed behind it.
 */
static void unsent_forget(int fd)
{
	const struct linger none = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	option_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, sys.unacked_ms);
}

static int connect_start(const struct net_addr *to, int type)
{
	union sock_addr addr;
	socklen_t len = sock_addr_from(to, &addr);
	int fd = socket_open(to, type);

	if (fd < 0)
		return fd;
	if (type == SOCK_STREAM) {
		option_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
		unsent_forget(fd);
	}
	/* EINTR too leaves the connection on its way (POSIX connect). */
	if (connect(fd, &addr.any, len) && errno != EINPROGRESS &&
	    errno != EINTR) {
		int err = linux_err(errno);

		close(fd);
		return err;
	}
	return fd;
}

static int sys_tcp_connect(void *ctx, const struct net_addr *to)
{
	(void)ctx;
	return connect_start(to, SOCK_STREAM);
}

static int sys_udp_open(void *ctx, const struct net_addr *to)
{
	(void)ctx;
	return connect_start(to, SOCK_DGRAM);
}

static void sys_tcp_unacked(void *ctx, int64_t limit_ns)
{
	int64_t ms = limit_ns / NS_PER_MS;

	(void)ctx;
	/* 0 would be the system's own, which is many minutes. */
	if (ms < 1)
		ms = 1;
	sys.unacked_ms = ms < IO_UNACKED_MS ? (int)ms : IO_UNACKED_MS;
}

static int sys_tcp_connected(void *ctx, int fd)
{
	union sock_addr peer;
	socklen_t len = sizeof(int);
	int errnum = 0;

	(void)ctx;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &len))
		return linux_err(errno);
	if (errnum)
		return linux_err(errnum);
	len = sizeof(peer);
	if (getpeername(fd, &peer.any, &len))
		return errno == ENOTCONN ? ERR_AGAIN : linux_err(errno);
	return 0;
}

/* How many may wait to be accepted. */
#define LISTEN_BACKLOG 128

static int listen_at(const struct net_addr *at)
{
	union sock_addr addr;
	socklen_t len = sock_addr_from(at, &addr);
	int err, fd = socket_open(at, SOCK_STREAM);

	if (fd < 0)
		return fd;
	option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (at->family == 6)
		option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (!bind(fd, &addr.any, len) && !listen(fd, LISTEN_BACKLOG))
		return fd;
	err = linux_err(errno);
	close(fd);
	return err;
}

static int sys_tcp_listen(void *ctx, const struct net_addr *at)
{
	static const uint8_t any[16];
	struct net_addr v4 = { .family = 4, .port = at->port };
	int fd = listen_at(at);

	(void)ctx;
	/* "::" means every address, also where the kernel has no IPv6. */
	if ((fd == ERR_UNSUPPORTED || fd == ERR_UNREACH) && at->family == 6 &&
	    !memcmp(at->ip, any, sizeof(any)))
		return listen_at(&v4);
	return fd;
}

static int sys_tcp_accept(void *ctx, int fd, struct net_addr *ret_from)
{
	union sock_addr addr;
	socklen_t len = sizeof(addr);
	int conn;

	(void)ctx;
	memset(&addr, 0, sizeof(addr));
	do
		conn = accept4(fd, &addr.any, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (conn < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (conn < 0)
		return linux_err(errno);
	option_set(conn, IPPROTO_TCP, TCP_NODELAY, 1);
	net_addr_from(&addr, ret_from);
	return conn;
}

static int sys_read(void *ctx, int fd, void *p, size_t cap)
{
	(void)ctx;
	return linux_read(fd, p, cap);
}

static int sys_write(void *ctx, int fd, const void *p, size_t n)
{
	(void)ctx;
	return write_some(fd, p, n);
}

static void sys_close(void *ctx, int fd)
{
	(void)ctx;
	CHECK(fd >= 0);
	if (fd < IO_FDS_MAX)
		sys.bits[fd] = 0;
	/* Linux has closed it even when it says EINTR. */
	(void)close(fd);
}

/* Readiness and signals */

static int sys_watch(void *ctx, int fd, uint8_t bits, uint64_t tag)
{
	struct epoll_event ev = { .events = 0 };
	int op = EPOLL_CTL_MOD;

	(void)ctx;
	CHECK(fd >= 0);
	if (fd >= IO_FDS_MAX)
		return ERR_FULL;
	if (!bits && !sys.bits[fd])
		return 0;
	if (!bits)
		op = EPOLL_CTL_DEL;
	else if (!sys.bits[fd])
		op = EPOLL_CTL_ADD;
	ev.events = (bits & IO_READ ? EPOLLIN : 0u) |
	    (bits & IO_WRITE ? EPOLLOUT : 0u) |
	    (bits & IO_HANGUP ? EPOLLRDHUP : 0u);
	ev.data.fd = fd;
	if (epoll_ctl(sys.epoll_fd, op, fd, &ev))
		return linux_err(errno);
	sys.bits[fd] = bits;
	sys.tag[fd] = tag;
	return 0;
}

int linux_signal_fd(void)
{
	return sys.signal_fd;
}

static void signals_drain(void)
{
	struct signalfd_siginfo info;

	while (linux_read(sys.signal_fd, &info, sizeof(info)) ==
	    (int)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			sys.signals |= IO_SIGNAL_TERM;
			break;
		case SIGHUP:
			sys.signals |= IO_SIGNAL_HUP;
			break;
		case SIGUSR1:
			sys.signals |= IO_SIGNAL_USR1;
			break;
		}
	}
}

static unsigned sys_signals(void *ctx)
{
	unsigned seen;

	(void)ctx;
	signals_drain();
	seen = sys.signals;
	sys.signals = 0;
	return seen;
}

/* Milliseconds for epoll_wait, rounded up so that no turn comes early. */
int linux_timeout_ms(int64_t deadline_ns)
{
	int64_t left_ns, now_ns;

	if (deadline_ns == TIME_NEVER)
		return -1;
	now_ns = linux_mono_ns(NULL);
	if (deadline_ns <= now_ns)
		return 0;
	left_ns = deadline_ns - now_ns;
	if (left_ns > INT_MAX / 2 * NS_PER_MS)
		return INT_MAX / 2;
	return (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static void event_from(const struct epoll_event *ev, struct io_event *ret)
{
	int fd = ev->data.fd;
	uint8_t bits = 0, watched = sys.bits[fd];

	if (ev->events & EPOLLIN)
		bits |= IO_READ;
	if (ev->events & EPOLLOUT)
		bits |= IO_WRITE;
	if (ev->events & EPOLLRDHUP)
		bits |= IO_HANGUP;
	/* The next read or write has the reason: wake whoever waits. */
	if (ev->events & (EPOLLERR | EPOLLHUP))
		bits |= IO_HANGUP | (watched & (IO_READ | IO_WRITE));
	*ret = (struct io_event){ .fd = fd, .bits = bits,
				  .tag = sys.tag[fd] };
}

static int sys_wait(void *ctx, struct io_event *ret, int cap,
    int64_t deadline_ns)
{
	struct epoll_event evs[IO_EVENTS_MAX];
	int n, count = 0;

	(void)ctx;
	CHECK(cap > 0);
	if (cap > IO_EVENTS_MAX)
		cap = IO_EVENTS_MAX;
	for (;;) {
		int ms = sys.signals ? 0 : linux_timeout_ms(deadline_ns);

		n = epoll_wait(sys.epoll_fd, evs, cap, ms);
		if (n > 0 || (n == 0 && ms == 0))
			break;
		CHECK(n == 0 || errno == EINTR);
	}
	for (int i = 0; i < n; i++) {
		if (evs[i].data.fd == sys.signal_fd)
			signals_drain();
		else
			event_from(&evs[i], &ret[count++]);
	}
	return count;
}

/* Memory */

static void *sys_map(void *ctx, size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)ctx;
	if (p == MAP_FAILED)
		return NULL;
	/* A huge page would make the first byte touched cost 2 MiB. */
	(void)madvise(p, n, MADV_NOHUGEPAGE);
	return p;
}

static void sys_unmap(void *ctx, void *p, size_t n)
{
	(void)ctx;
	CHECK(!munmap(p, n));
}

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Whole pages only: the bytes at both ends may be somebody's. */
static void sys_trim(void *ctx, void *p, size_t n)
{
	size_t page = page_size();
	size_t skip = (size_t)(0 - (uintptr_t)p) & (page - 1);

	(void)ctx;
	if (n < skip + page)
		return;
	n = (n - skip) & ~(page - 1);
	(void)madvise((char *)p + skip, n, MADV_DONTNEED);
}

/* "Rss:   1234 kB" in smaps_rollup, in bytes. */
static int rollup_field(struct str text, struct str name, size_t *ret)
{
	while (text.n) {
		struct str line;
		uint64_t kib;

		text = str_cut(text, '\n', &line);
		if (!str_starts(line, name))
			continue;
		line = str_trim(str_sub(line, name.n, line.n));
		(void)str_cut(line, ' ', &line);
		if (str_u64(line, &kib))
			return ERR_BAD;
		*ret = (size_t)kib * 1024;
		return 0;
	}
	return ERR_NOENT;
}

/* Before Linux 4.14: pages in all, resident, of files. */
static int rss_statm(size_t *ret_file, size_t *ret_anon)
{
	char text[256];
	int n = sys_read_file(NULL, "/proc/self/statm", text, sizeof(text));
	struct str s = { text, n > 0 ? (size_t)n : 0 }, word;
	uint64_t resident, file;

	if (n < 0)
		return n;
	s = str_cut(s, ' ', &word);
	s = str_cut(s, ' ', &word);
	if (str_u64(word, &resident))
		return ERR_BAD;
	(void)str_cut(s, ' ', &word);
	if (str_u64(word, &file) || file > resident)
		return ERR_BAD;
	*ret_file = (size_t)file * page_size();
	*ret_anon = (size_t)(resident - file) * page_size();
	return 0;
}

static int sys_rss(void *ctx, size_t *ret_file, size_t *ret_anon)
{
	char text[4096];
	int n = sys_read_file(NULL, "/proc/self/smaps_rollup", text,
	    sizeof(text));
	struct str s = { text, n > 0 ? (size_t)n : 0 };
	size_t all, anon;

	(void)ctx;
	if (n < 0 || rollup_field(s, STR("Rss:"), &all) ||
	    rollup_field(s, STR("Anonymous:"), &anon) || anon > all)
		return rss_statm(ret_file, ret_anon);
	*ret_file = all - anon;
	*ret_anon = anon;
	return 0;
}

static void sys_exit(void *ctx, int status)
{
	(void)ctx;
	exit(status);
}

/* The seam */

static const struct io linux_io = {
	.mono_ns = linux_mono_ns,
	.wall_ns = sys_wall_ns,
	.cpu_ns = sys_cpu_ns,
	.random = sys_random,
	.read_file = sys_read_file,
	.write_file = sys_write_file,
	.env = sys_env,
	.std_read = sys_std_read,
	.std_write = sys_std_write,
	.tcp_connect = sys_tcp_connect,
	.tcp_connected = sys_tcp_connected,
	.tcp_unacked = sys_tcp_unacked,
	.tcp_listen = sys_tcp_listen,
	.tcp_accept = sys_tcp_accept,
	.udp_open = sys_udp_open,
	.read = sys_read,
	.write = sys_write,
	.close = sys_close,
	.watch = sys_watch,
	.wait = sys_wait,
	.signals = sys_signals,
	.run = linux_run,
	.map = sys_map,
	.unmap = sys_unmap,
	.trim = sys_trim,
	.rss = sys_rss,
	.exit = sys_exit,
};

/* Signals stay blocked and are read from a descriptor that epoll watches. */
static void signals_init(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	sys.signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	CHECK(sys.signal_fd >= 0);
	ev.data.fd = sys.signal_fd;
	CHECK(!epoll_ctl(sys.epoll_fd, EPOLL_CTL_ADD, sys.signal_fd, &ev));
}

const struct io *io_linux(void)
{
	if (!sys.ready) {
		linux_relro_protect();
		sys.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		CHECK(sys.epoll_fd >= 0);
		signals_init();
		sys.ready = true;
	}
	return &linux_io;
}
