#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "io_linux_int.h"

/* As the kernel writes it; libc's readdir would allocate. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t size;
	uint8_t type;
	char name[];
};

static void entries_tell(const char *p, long n, peers_name *each,
    void *each_ctx)
{
	long at;

	for (at = 0; at < n;) {
		const struct entry *e = (const void *)(p + at);

		CHECK(e->size > 0);
		if (strcmp(e->name, ".") != 0 && strcmp(e->name, "..") != 0)
			each(each_ctx, e->name);
		at += e->size;
	}
}

static int peers_list(void *ctx, const char *path, peers_name *each,
    void *each_ctx)
{
	/* MSan does not see what a bare system call writes. */
	_Alignas(struct entry) char mem[2048] = { 0 };
	int fd = linux_open(path, O_DIRECTORY);
	long n;

	(void)ctx;
	if (fd < 0)
		return fd;
	while ((n = syscall(SYS_getdents64, fd, mem, sizeof(mem))) > 0)
		entries_tell(mem, n, each, each_ctx);
	close(fd);
	return n < 0 ? linux_err(errno) : 0;
}

static int peers_link(void *ctx, const char *path, void *p, size_t cap)
{
	ssize_t n = readlink(path, p, cap);

	(void)ctx;
	return n < 0 ? linux_err(errno) : (int)n;
}

static int peers_part(void *ctx, const char *path, uint32_t at, void *p,
    size_t cap)
{
	int n = 0, got = 0, fd = linux_open(path, 0);

	(void)ctx;
	if (fd < 0)
		return fd;
	if (lseek(fd, (off_t)at, SEEK_SET) < 0)
		got = linux_err(errno);
	else do {
		n += got;
		got = linux_read(fd, (char *)p + n, cap - (size_t)n);
	} while (got > 0);
	close(fd);
	return got < 0 ? got : n;
}

/* As statx(2) writes it; libc's lstat is 500 bytes more. */
struct times {
	uint64_t other[14];
	int64_t made_s;
	uint32_t made_ns;
	uint32_t more[33];
};
_Static_assert(sizeof(struct times) == 256, "what the kernel writes");
enum { STATX_MODIFIED = 0x40 };

/* What sysconf tells of _SC_CLK_TCK, wherever we are built for. */
#define TICK_NS (NS_PER_S / 100)

/*
 * A link has a time of the wall clock, a process one since boot. How long ago
 * that was is the same by both, unless the wall clock was set.
 */
static int peers_made(void *ctx, const char *path, uint64_t *ret_ticks)
{
	struct timespec now;
	struct times t = { 0 };
	int64_t age, at;

	(void)ctx;
	if (syscall(SYS_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW,
	    STATX_MODIFIED, &t) < 0)
		return linux_err(errno);
	CHECK(!clock_gettime(CLOCK_REALTIME, &now));
	if (t.made_s < 0 || t.made_s > now.tv_sec)
		return ERR_BAD;
	age = (now.tv_sec - t.made_s) * NS_PER_S + now.tv_nsec - t.made_ns;
	at = linux_mono_ns(NULL) - age;
	*ret_ticks = at > 0 ? (uint64_t)(at / TICK_NS) : 0;
	return age < 0 ? ERR_BAD : 0;
}

static int peers_sum(void *ctx, const char *path, uint64_t *ret)
{
	uint64_t sum = HASH_SEED;
	char part[2048];
	int n, fd = linux_open(path, 0);

	(void)ctx;
	if (fd < 0)
		return fd;
	while ((n = linux_read(fd, part, sizeof(part))) > 0)
		sum = hash_more(sum, part, (size_t)n);
	close(fd);
	*ret = sum;
	return n;
}

static int peers_kill(void *ctx, int pid, int signal)
{
	(void)ctx;
	return kill(pid, signal) < 0 ? linux_err(errno) : 0;
}

const struct peers *peers_linux(void)
{
	static struct peers peers = {
		.list = peers_list, .link = peers_link, .part = peers_part,
		.made = peers_made, .sum = peers_sum, .kill = peers_kill
	};

	peers.pid = getpid();
	peers.user = (uint32_t)geteuid();
	return &peers;
}
