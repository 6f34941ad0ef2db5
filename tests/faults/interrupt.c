#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults/interrupt.h"

static enum interrupt kind;
static uint32_t at, seen;
static void (*act)(void);

void interrupt_arm(enum interrupt how, uint32_t n)
{
	kind = how;
	at = n;
	seen = 0;
}

void interrupt_do(void (*meanwhile)(void))
{
	act = meanwhile;
}

uint32_t interrupt_calls(void)
{
	return seen;
}

/* Is it this call's turn? */
static bool turn(void)
{
	return seen++ == at && kind != INTERRUPT_NOT;
}

static bool interrupted(void)
{
	if (kind >= INTERRUPT_ONE || !turn())
		return false;
	if (kind == INTERRUPT_MEANWHILE) {
		act();
		return false;
	}
	errno = EINTR;
	return true;
}

/* How much of n bytes the call may move. */
static size_t less(size_t n)
{
	if (kind < INTERRUPT_ONE || n < 2 || !turn())
		return n;
	return kind == INTERRUPT_ONE ? 1 : n / 2;
}

#define CALL(type, name, args) \
	type interrupt_##name args; \
	type interrupt_##name args

CALL(ssize_t, read, (int fd, void *p, size_t n))
{
	return interrupted() ? -1 : read(fd, p, less(n));
}

CALL(ssize_t, write, (int fd, const void *p, size_t n))
{
	return interrupted() ? -1 : write(fd, p, less(n));
}

CALL(ssize_t, getrandom, (void *p, size_t n, unsigned flags))
{
	return interrupted() ? -1 :
	    getrandom(p, less(n), flags);
}

CALL(int, open, (const char *path, int flags, ...))
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return interrupted() ? -1 : open(path, flags, mode);
}

CALL(int, poll, (struct pollfd *fds, nfds_t n, int ms))
{
	return interrupted() ? -1 : poll(fds, n, ms);
}

CALL(int, epoll_wait, (int fd, struct epoll_event *ev, int n, int ms))
{
	return interrupted() ? -1 : epoll_wait(fd, ev, n, ms);
}

/* The connection is on its way all the same (POSIX). */
CALL(int, connect, (int fd, const struct sockaddr *to, socklen_t n))
{
	int rc = connect(fd, to, n);

	return interrupted() ? -1 : rc;
}

CALL(int, accept4, (int fd, struct sockaddr *from, socklen_t *n, int flags))
{
	return interrupted() ? -1 : accept4(fd, from, n, flags);
}

CALL(int, fsync, (int fd))
{
	return interrupted() ? -1 : fsync(fd);
}

/* Linux has closed it before it says so. */
CALL(int, close, (int fd))
{
	int rc = close(fd);

	return interrupted() ? -1 : rc;
}

CALL(int, dup2, (int from, int to))
{
	return interrupted() ? -1 : dup2(from, to);
}

CALL(pid_t, waitpid, (pid_t pid, int *status, int options))
{
	return interrupted() ? -1 : waitpid(pid, status, options);
}

/* renameat2 is all that is called in this way. */
CALL(long, syscall, (long number, ...))
{
	va_list ap;
	long a[5];

	va_start(ap, number);
	for (int i = 0; i < 5; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return interrupted() ? -1 :
	    syscall(number, a[0], a[1], a[2], a[3], a[4]);
}
