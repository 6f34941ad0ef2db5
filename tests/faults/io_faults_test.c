/*
 * src/base/io_linux*.c with real files, sockets, pipes and programs, and one
 * system call that is interrupted or cut short: for each of them, one after
 * the other. Whatever happens, the seam shows nothing of it but a shorter
 * read or write, and no descriptor and no child is left behind.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "faults/interrupt.h"

#define IO(call, ...) io->call(io->ctx, __VA_ARGS__)

static const struct io *io;
static char folder[] = "/tmp/io_faults.XXXXXX";
static char path[64];

static int64_t in_ms(int64_t ms)
{
	return io->mono_ns(io->ctx) + ms * NS_PER_MS;
}

/* ---- what is done ------------------------------------------------------ */

static void randomness(void)
{
	unsigned char p[64], zero[16] = { 0 };

	memset(p, 0, sizeof(p));
	EXPECT_EQ(IO(random, p, sizeof(p)), 0);
	for (size_t i = 0; i < sizeof(p); i += 16)
		EXPECT(memcmp(p + i, zero, 16) != 0);
}

static void files(void)
{
	static const char one[] = "the first text", two[] = "another";
	char back[64];

	EXPECT_EQ(IO(write_file, path, one, sizeof(one), 0600), 0);
	EXPECT_EQ(IO(read_file, path, back, sizeof(back)), sizeof(one));
	EXPECT_MEM(back, one, sizeof(one));
	EXPECT_EQ(IO(write_file, path, two, sizeof(two), 0600), 0);
	/* Just as large as the room there is, and one byte larger. */
	EXPECT_EQ(IO(read_file, path, back, sizeof(two)), sizeof(two));
	EXPECT_MEM(back, two, sizeof(two));
	EXPECT_EQ(IO(read_file, path, back, sizeof(two) - 1), ERR_LIMIT);
	EXPECT_EQ(IO(read_file, "/nowhere/file", back, 64), ERR_NOENT);
}

static void measures(void)
{
	size_t file, anon;

	EXPECT_EQ(IO(rss, &file, &anon), 0);
	EXPECT(file > 0 && anon > 0);
}

static void streams(void)
{
	static char text[70000], back[70000];
	int fds[2], was = dup(1), in = dup(0);
	size_t n = 0;
	pid_t pid;
	int rc;

	memset(text, 'a', sizeof(text));
	REQUIRE(pipe(fds) == 0);
	dup2(fds[0], 0);
	dup2(fds[1], 1);
	pid = fork();
	if (pid == 0) {
		close(0);
		close(fds[0]);
		interrupt_arm(INTERRUPT_NOT, 0);
		_exit(IO(std_write, 1, text, sizeof(text)) != 0);
	}
	dup2(was, 1);
	close(fds[1]);
	while ((rc = IO(std_read, back + n, sizeof(back) - n)) > 0)
		n += (size_t)rc;
	EXPECT_EQ(rc, n == sizeof(back) ? 0 : 1);
	EXPECT_MEM(back, text, sizeof(text));
	waitpid(pid, NULL, 0);
	dup2(in, 0);
	close(fds[0]);
	close(was);
	close(in);
}

/* More than a pipe holds, so that it is waited for. */
static void stream_out(void)
{
	static char text[200000], back[200000];
	int fds[2], was = dup(1), status;
	size_t n = 0;
	ssize_t rc;
	pid_t pid;

	memset(text, 'b', sizeof(text));
	REQUIRE(pipe2(fds, O_NONBLOCK) == 0);
	pid = fork();
	if (pid == 0) {
		struct timespec pause = { .tv_nsec = 2000000 };

		close(fds[1]);
		fcntl(fds[0], F_SETFL, 0);
		nanosleep(&pause, NULL);
		while ((rc = read(fds[0], back, sizeof(back))) > 0)
			n += (size_t)rc;
		_exit(n != sizeof(text));
	}
	dup2(fds[1], 1);
	EXPECT_EQ(IO(std_write, 1, text, sizeof(text)), 0);
	dup2(was, 1);
	close(was);
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

static void signals(void)
{
	struct io_event ev;

	raise(SIGHUP);
	EXPECT_EQ(IO(wait, &ev, 1, in_ms(2000)), 0);
	EXPECT_EQ(io->signals(io->ctx), IO_SIGNAL_HUP);
	EXPECT_EQ(IO(wait, &ev, 1, in_ms(3)), 0);
	EXPECT_EQ(io->signals(io->ctx), 0);
}

/* Waits for one of the bits; who is not ready, is asked again. */
static void await(int fd, uint8_t bits)
{
	struct io_event ev = { .fd = -1 };

	EXPECT_EQ(IO(watch, fd, bits, 7), 0);
	EXPECT_EQ(IO(wait, &ev, 1, in_ms(2000)), 1);
	EXPECT(ev.fd == fd && ev.tag == 7 && (ev.bits & bits));
	EXPECT_EQ(IO(watch, fd, 0, 0), 0);
}

static int listen_any(struct net_addr *at)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd;

	REQUIRE(addr_parse_bind(STR("127.0.0.1:0"), at) == 0);
	fd = IO(tcp_listen, at);
	REQUIRE(fd >= 0);
	getsockname(fd, (struct sockaddr *)&ss, &len);
	memcpy(&at->port, (char *)&ss + 2, 2);
	at->port = (uint16_t)(at->port >> 8 | at->port << 8);
	return fd;
}

/* n bytes from one end to the other, as a loop does it. */
static void carry(int from, int to, const char *text, size_t n)
{
	char back[64];
	size_t sent = 0, got = 0;

	while (sent < n) {
		int rc = IO(write, from, text + sent, n - sent);

		REQUIRE(rc > 0);
		sent += (size_t)rc;
	}
	while (got < n) {
		int rc;

		await(to, IO_READ);
		rc = IO(read, to, back + got, n - got);
		REQUIRE(rc > 0);
		got += (size_t)rc;
	}
	EXPECT_MEM(back, text, n);
}

static void sockets(void)
{
	struct net_addr at, from;
	int l = listen_any(&at), c, s;

	EXPECT_EQ(IO(tcp_accept, l, &from), ERR_AGAIN);
	c = IO(tcp_connect, &at);
	REQUIRE(c >= 0);
	await(l, IO_READ);
	s = IO(tcp_accept, l, &from);
	REQUIRE(s >= 0);
	await(c, IO_WRITE);
	EXPECT_EQ(IO(tcp_connected, c), 0);
	carry(c, s, "a question", 10);
	carry(s, c, "and its answer", 14);
	io->close(io->ctx, c);
	io->close(io->ctx, s);
	io->close(io->ctx, l);
}

static void datagrams(void)
{
	struct net_addr at = { .family = 4, .ip = { 127, 0, 0, 1 },
		.port = 9 };
	int fd = IO(udp_open, &at);

	REQUIRE(fd >= 0);
	io->close(io->ctx, fd);
}

static int program(const char *command, char *out, size_t cap, int *status)
{
	const char *const argv[] = { "sh", "-c", command, NULL };

	return io->run(io->ctx, argv, NULL, out, cap, 5000, status);
}

static void programs(void)
{
	const char *const none[] = { "no-such-program-here", NULL };
	char out[64];
	int status = -1;

	EXPECT_EQ(program("printf hello; exit 3", out, 64, &status), 5);
	EXPECT_MEM(out, "hello", 5);
	EXPECT_EQ(status, 3);
	EXPECT_EQ(program("printf 12345", out, 4, &status), ERR_LIMIT);
	EXPECT_EQ(io->run(io->ctx, none, NULL, out, 64, 5000, &status),
	    ERR_NOENT);
}

/* ---- each of its calls ------------------------------------------------- */

static int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void each_call(void (*act)(void), enum interrupt how)
{
	int fds = open_fds();
	uint32_t n, i = 0;

	do {
		interrupt_arm(how, i);
		act();
		n = interrupt_calls();
		interrupt_arm(INTERRUPT_NOT, 0);
		if (open_fds() != fds)
			test_stop(__FILE__, __LINE__, "descriptors are left");
		if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
			test_stop(__FILE__, __LINE__, "a child is left");
	} while (++i < n);
}

static void each(void (*act)(void))
{
	io = io_linux();
	REQUIRE(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	interrupt_arm(INTERRUPT_NOT, 0);
	act();
	each_call(act, INTERRUPT_EINTR);
	each_call(act, INTERRUPT_ONE);
	each_call(act, INTERRUPT_HALF);
	unlink(path);
	EXPECT_EQ(rmdir(folder), 0);	/* nothing else was left in it */
}

#define EACH(act) TEST(interrupted_##act) { each(act); }
EACH(randomness)
EACH(files)
EACH(measures)
EACH(streams)
EACH(stream_out)
EACH(signals)
EACH(sockets)
EACH(datagrams)
EACH(programs)
