#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define IO(call, ...) io->call(io->ctx, __VA_ARGS__)

static const struct io *io;
static char folder[] = "/tmp/io_test.XXXXXX";
static char path[64];

static void open_io(void)
{
	io = io_linux();
	REQUIRE(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
}

static void close_io(void)
{
	unlink(path);
	EXPECT_EQ(rmdir(folder), 0);	/* nothing else was left in it */
}

static int64_t in_ms(int64_t ms)
{
	return io->mono_ns(io->ctx) + ms * NS_PER_MS;
}

TEST(clocks_run)
{
	int64_t mono, cpu;

	io = io_linux();
	mono = io->mono_ns(io->ctx);
	cpu = io->cpu_ns(io->ctx);
	EXPECT(mono > 0 && cpu > 0);
	EXPECT(io->wall_ns(io->ctx) > INT64_C(1700000000) * NS_PER_S);
	while (io->cpu_ns(io->ctx) == cpu)
		;
	EXPECT(io->mono_ns(io->ctx) > mono);
}

TEST(random_fills_all)
{
	static unsigned char a[3000], b[3000];
	unsigned seen[256] = { 0 }, kinds = 0;

	io = io_linux();
	EXPECT_EQ(IO(random, a, sizeof(a)), 0);
	EXPECT_EQ(IO(random, b, sizeof(b)), 0);
	EXPECT_EQ(IO(random, b, 0), 0);
	EXPECT(memcmp(a, b, sizeof(a)) != 0);
	for (size_t i = 2000; i < sizeof(a); i++)
		kinds += !seen[a[i]]++;
	EXPECT(kinds > 200);
}

TEST(files_are_written_whole_and_read_whole)
{
	char back[16];
	struct stat st;

	open_io();
	EXPECT_EQ(IO(write_file, path, "first", 5, 0600), 0);
	EXPECT_EQ(IO(write_file, path, "second", 6, 0600), 0);
	EXPECT_EQ(IO(read_file, path, back, 6), 6);
	EXPECT_MEM(back, "second", 6);
	EXPECT_EQ(IO(read_file, path, back, 5), ERR_LIMIT);
	EXPECT_EQ(IO(read_file, path, back, 0), ERR_LIMIT);
	EXPECT_EQ(stat(path, &st), 0);
	EXPECT_EQ(st.st_mode & 0777, 0600);
	EXPECT_EQ(IO(write_file, path, "", 0, 0600), 0);
	EXPECT_EQ(IO(read_file, path, back, 0), 0);
	close_io();
}

TEST(file_errors_are_named)
{
	char back[16], long_path[5000];

	open_io();
	EXPECT_EQ(IO(read_file, path, back, 16), ERR_NOENT);
	EXPECT_EQ(IO(read_file, folder, back, 16), ERR_IO);
	EXPECT_EQ(IO(write_file, "/nowhere/x", "", 0, 0600), ERR_NOENT);
	EXPECT_EQ(IO(write_file, "/proc/x", "", 0, 0600), ERR_NOENT);
	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	EXPECT_EQ(IO(read_file, long_path, back, 16), ERR_LIMIT);
	EXPECT_EQ(IO(write_file, long_path, "", 0, 0600), ERR_LIMIT);
	if (geteuid() != 0) {
		EXPECT_EQ(IO(write_file, path, "x", 1, 0), 0);
		EXPECT_EQ(IO(read_file, path, back, 16), ERR_DENIED);
	}
	/* A target that is a folder: the temporary file goes away again. */
	EXPECT_EQ(mkdir(path, 0700), 0);
	EXPECT(IO(write_file, path, "x", 1, 0600) < 0);
	EXPECT_EQ(rmdir(path), 0);
	close_io();
}

TEST(files_of_a_projected_volume_are_followed)
{
	char link_path[80], back[16];

	open_io();
	snprintf(link_path, sizeof(link_path), "%s.link", path);
	EXPECT_EQ(IO(write_file, path, "token", 5, 0600), 0);
	EXPECT_EQ(symlink(path, link_path), 0);
	EXPECT_EQ(IO(read_file, link_path, back, 16), 5);
	unlink(link_path);
	close_io();
}

TEST(env_is_read)
{
	io = io_linux();
	setenv("IO_TEST", "value", 1);
	EXPECT(!strcmp(IO(env, "IO_TEST"), "value"));
	EXPECT(IO(env, "IO_TEST_NOT_THERE") == NULL);
}

TEST(std_write_waits_for_room)
{
	static char sent[300000], got[300000];
	int fds[2], status;
	size_t n = 0;
	ssize_t r;
	pid_t pid;

	io = io_linux();
	memset(sent, 'x', sizeof(sent));
	REQUIRE(pipe2(fds, O_NONBLOCK) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 2);
		_exit(IO(std_write, 2, sent, sizeof(sent)) != 0);
	}
	close(fds[1]);
	fcntl(fds[0], F_SETFL, 0);
	while ((r = read(fds[0], got + n, sizeof(got) - n)) > 0)
		n += (size_t)r;
	EXPECT_EQ(n, sizeof(sent));
	EXPECT_MEM(got, sent, sizeof(sent));
	waitpid(pid, &status, 0);
	EXPECT_EQ(status, 0);
	EXPECT_CRASH(IO(std_write, 3, "", 0));
}

TEST(std_write_gives_up_on_a_reader_that_stalls)
{
	static char sent[300000];
	int fds[2];

	io = io_linux();
	REQUIRE(pipe2(fds, O_NONBLOCK) == 0);
	dup2(fds[1], 1);
	EXPECT_EQ(IO(std_write, 1, sent, sizeof(sent)), ERR_TIMEOUT);
	close(fds[0]);
	EXPECT_EQ(IO(std_write, 1, sent, sizeof(sent)), ERR_CLOSED);
}

TEST(std_read_reads_and_hears_signals)
{
	char c[4];
	int fds[2];

	io = io_linux();
	REQUIRE(pipe(fds) == 0);
	dup2(fds[0], 0);
	EXPECT_EQ(write(fds[1], "abc", 3), 3);
	EXPECT_EQ(IO(std_read, c, 4), 3);
	raise(SIGINT);
	EXPECT_EQ(IO(std_read, c, 4), ERR_CANCELLED);
	EXPECT_EQ(io->signals(io->ctx), IO_SIGNAL_TERM);
	close(fds[1]);
	EXPECT_EQ(IO(std_read, c, 4), 0);
}

/* One event for fd with at least these bits, or a failure. */
static struct io_event expect_event(int fd, uint8_t bits)
{
	struct io_event ev = { .fd = -1 };

	EXPECT_EQ(IO(wait, &ev, 1, in_ms(2000)), 1);
	EXPECT_EQ(ev.fd, fd);
	EXPECT_EQ(ev.bits & bits, bits);
	return ev;
}

/* A listener on loopback, and where it is. */
static int listen_any(struct net_addr *at, const char *where)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd;

	REQUIRE(addr_parse_bind(str_from(where), at) == 0);
	fd = IO(tcp_listen, at);
	REQUIRE(fd >= 0);
	getsockname(fd, (struct sockaddr *)&ss, &len);
	/* The port lies at the same place for both families. */
	memcpy(&at->port, (char *)&ss + 2, 2);
	at->port = (uint16_t)(at->port >> 8 | at->port << 8);
	return fd;
}

TEST(tcp_connects_talks_and_ends)
{
	struct net_addr at, from;
	struct io_event ev;
	char text[16];
	int l, c, s;

	io = io_linux();
	l = listen_any(&at, "127.0.0.1:0");
	EXPECT_EQ(IO(tcp_accept, l, &from), ERR_AGAIN);
	EXPECT_EQ(IO(watch, l, IO_READ, 11), 0);
	c = IO(tcp_connect, &at);
	REQUIRE(c >= 0);
	ev = expect_event(l, IO_READ);
	EXPECT_EQ(ev.tag, 11);
	s = IO(tcp_accept, l, &from);
	REQUIRE(s >= 0);
	EXPECT_EQ(from.family, 4);
	EXPECT_MEM(from.ip, "\x7f\0\0\1", 4);
	EXPECT_EQ(IO(watch, l, 0, 0), 0);

	EXPECT_EQ(IO(watch, c, IO_WRITE, 12), 0);
	ev = expect_event(c, IO_WRITE);
	EXPECT_EQ(ev.tag, 12);
	EXPECT_EQ(IO(tcp_connected, c), 0);
	EXPECT_EQ(IO(read, c, text, 16), ERR_AGAIN);
	EXPECT_EQ(IO(write, c, "hello", 5), 5);
	EXPECT_EQ(IO(watch, c, 0, 0), 0);
	EXPECT_EQ(IO(watch, c, 0, 0), 0);

	EXPECT_EQ(IO(watch, s, IO_READ, 13), 0);
	expect_event(s, IO_READ);
	expect_event(s, IO_READ);	/* level: it is still there */
	EXPECT_EQ(IO(read, s, text, 16), 5);
	EXPECT_MEM(text, "hello", 5);
	EXPECT_EQ(IO(wait, &ev, 1, 0), 0);
	io->close(io->ctx, s);
	EXPECT_EQ(IO(watch, c, IO_READ, 14), 0);
	expect_event(c, IO_READ);
	EXPECT_EQ(IO(read, c, text, 16), 0);
	io->close(io->ctx, c);
	io->close(io->ctx, l);
}

/* A request that was given up must not be obeyed later. */
TEST(tcp_close_drops_what_was_not_sent)
{
	static char text[65536];
	struct net_addr at, from;
	int64_t sent = 0, got = 0;
	int l, c, s, n;

	io = io_linux();
	l = listen_any(&at, "127.0.0.1:0");
	c = IO(tcp_connect, &at);
	IO(watch, l, IO_READ, 1);
	expect_event(l, IO_READ);
	s = IO(tcp_accept, l, &from);
	REQUIRE(s >= 0);
	while ((n = IO(write, c, text, sizeof(text))) > 0)
		sent += n;
	EXPECT_EQ(n, ERR_AGAIN);
	io->close(io->ctx, c);
	while ((n = IO(read, s, text, sizeof(text))) > 0)
		got += n;
	EXPECT_EQ(n, ERR_CLOSED);
	EXPECT(got < sent);
	io->close(io->ctx, s);
	io->close(io->ctx, l);
}

static int user_timeout(const struct net_addr *at)
{
	int c = IO(tcp_connect, at), ms = -1;
	socklen_t len = sizeof(ms);

	REQUIRE(c >= 0);
	EXPECT_EQ(getsockopt(c, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, &len), 0);
	io->close(io->ctx, c);
	return ms;
}

TEST(tcp_gives_up_sooner_when_told)
{
	struct net_addr at;
	int l;

	io = io_linux();
	l = listen_any(&at, "127.0.0.1:0");
	EXPECT_EQ(user_timeout(&at), IO_UNACKED_MS);
	io->tcp_unacked(io->ctx, 4500 * NS_PER_MS);
	EXPECT_EQ(user_timeout(&at), 4500);
	io->tcp_unacked(io->ctx, 1);
	EXPECT_EQ(user_timeout(&at), 1);
	io->tcp_unacked(io->ctx, 3600 * NS_PER_S);
	EXPECT_EQ(user_timeout(&at), IO_UNACKED_MS);
	io->close(io->ctx, l);
}

TEST(tcp_tells_hangup_without_reading)
{
	struct net_addr at, from;
	struct io_event ev;
	int l, c, s;

	io = io_linux();
	l = listen_any(&at, "127.0.0.1:0");
	c = IO(tcp_connect, &at);
	IO(watch, l, IO_READ, 1);
	expect_event(l, IO_READ);
	s = IO(tcp_accept, l, &from);
	EXPECT_EQ(IO(watch, s, IO_HANGUP, 2), 0);
	EXPECT_EQ(IO(write, c, "x", 1), 1);
	EXPECT_EQ(IO(wait, &ev, 1, in_ms(20)), 0);
	io->close(io->ctx, c);
	ev = expect_event(s, IO_HANGUP);
	EXPECT(!(ev.bits & IO_READ));
	EXPECT_EQ(ev.tag, 2);
}

TEST(tcp_names_its_errors)
{
	struct net_addr at, other;
	char text[4];
	int l, c, rc;

	io = io_linux();
	l = listen_any(&at, "127.0.0.1:0");
	EXPECT_EQ(IO(tcp_listen, &at), ERR_EXIST);
	c = IO(tcp_connect, &at);
	EXPECT_EQ(IO(tcp_accept, l, &other) < 0, false);
	io->close(io->ctx, l);
	rc = IO(tcp_connect, &at);
	if (rc >= 0) {
		EXPECT_EQ(IO(watch, rc, IO_WRITE, 5), 0);
		expect_event(rc, IO_WRITE | IO_HANGUP);
		EXPECT_EQ(IO(tcp_connected, rc), ERR_REFUSED);
		io->close(io->ctx, rc);
	} else {
		EXPECT_EQ(rc, ERR_REFUSED);
	}
	/* Nobody at the other end: an error, and no SIGPIPE. */
	shutdown(c, SHUT_WR);
	EXPECT_EQ(IO(write, c, "x", 1), ERR_CLOSED);
	EXPECT_EQ(IO(read, 999, text, 4), ERR_IO);
	EXPECT_EQ(IO(watch, IO_FDS_MAX, IO_READ, 0), ERR_FULL);
	EXPECT_CRASH(IO(watch, -1, IO_READ, 0));
}

TEST(tcp_listens_on_both_families)
{
	struct net_addr at, v4 = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct net_addr from;
	int l, c, s;

	io = io_linux();
	l = listen_any(&at, ":0");
	v4.port = at.port;
	c = IO(tcp_connect, &v4);
	REQUIRE(c >= 0);
	IO(watch, l, IO_READ, 1);
	expect_event(l, IO_READ);
	s = IO(tcp_accept, l, &from);
	REQUIRE(s >= 0);
	EXPECT_EQ(from.family, 4);
	EXPECT_MEM(from.ip, v4.ip, 16);
}

TEST(descriptors_do_not_leak_into_programs_nor_block)
{
	struct net_addr at;
	int l;

	io = io_linux();
	l = listen_any(&at, "127.0.0.1:0");
	EXPECT(fcntl(l, F_GETFD) & FD_CLOEXEC);
	EXPECT(fcntl(l, F_GETFL) & O_NONBLOCK);
	l = IO(tcp_connect, &at);
	EXPECT(fcntl(l, F_GETFD) & FD_CLOEXEC);
	EXPECT(fcntl(l, F_GETFL) & O_NONBLOCK);
}

TEST(udp_goes_to_its_peer)
{
	struct net_addr at = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char text[8];
	int c, s = socket(AF_INET, SOCK_DGRAM, 0);

	io = io_linux();
	memset(&ss, 0, sizeof(ss));
	ss.ss_family = AF_INET;
	memcpy((char *)&ss + 4, at.ip, 4);
	REQUIRE(bind(s, (struct sockaddr *)&ss, 16) == 0);
	getsockname(s, (struct sockaddr *)&ss, &len);
	at.port = (uint16_t)(((unsigned char *)&ss)[2] << 8 |
	    ((unsigned char *)&ss)[3]);
	c = IO(udp_open, &at);
	REQUIRE(c >= 0);
	EXPECT_EQ(IO(read, c, text, 8), ERR_AGAIN);
	EXPECT_EQ(IO(write, c, "query", 5), 5);
	EXPECT_EQ(recv(s, text, 8, 0), 5);
	close(s);
	EXPECT_EQ(IO(write, c, "again", 5), 5);
	IO(watch, c, IO_READ, 1);
	expect_event(c, IO_READ);
	EXPECT_EQ(IO(read, c, text, 8), ERR_REFUSED);
}

TEST(wait_keeps_its_deadline)
{
	struct io_event ev;
	int64_t start, took, cpu;

	io = io_linux();
	start = io->mono_ns(io->ctx);
	cpu = io->cpu_ns(io->ctx);
	EXPECT_EQ(IO(wait, &ev, 1, start + 50 * NS_PER_MS + 1), 0);
	took = io->mono_ns(io->ctx) - start;
	EXPECT(took > 50 * NS_PER_MS);
	EXPECT(took < 2000 * NS_PER_MS);
	EXPECT(io->cpu_ns(io->ctx) - cpu < 20 * NS_PER_MS);
	EXPECT_EQ(IO(wait, &ev, 1, 0), 0);
	EXPECT_EQ(IO(wait, &ev, 1, INT64_MIN), 0);
	EXPECT_CRASH(IO(wait, &ev, 0, 0));
}

TEST(wait_gives_no_more_than_asked)
{
	struct io_event ev[200];
	int fds[100][2];

	io = io_linux();
	for (int i = 0; i < 100; i++) {
		REQUIRE(pipe(fds[i]) == 0);
		EXPECT_EQ(IO(watch, fds[i][1], IO_WRITE, (uint64_t)i), 0);
	}
	EXPECT_EQ(IO(wait, ev, 3, 0), 3);
	EXPECT_EQ(IO(wait, ev, 200, 0), IO_EVENTS_MAX);
}

TEST(signals_end_a_wait)
{
	struct io_event ev;
	pid_t parent = getpid(), pid;

	io = io_linux();
	raise(SIGTERM);
	EXPECT_EQ(IO(wait, &ev, 1, TIME_NEVER), 0);
	/* Not asked for yet: the next wait does not sleep over it. */
	EXPECT_EQ(IO(wait, &ev, 1, TIME_NEVER), 0);
	EXPECT_EQ(io->signals(io->ctx), IO_SIGNAL_TERM);
	EXPECT_EQ(io->signals(io->ctx), 0);
	raise(SIGHUP);
	raise(SIGUSR1);
	raise(SIGPIPE);
	EXPECT_EQ(io->signals(io->ctx), IO_SIGNAL_HUP | IO_SIGNAL_USR1);
	pid = fork();
	if (pid == 0) {
		usleep(50000);
		_exit(kill(parent, SIGHUP) != 0);
	}
	EXPECT_EQ(IO(wait, &ev, 1, TIME_NEVER), 0);
	EXPECT_EQ(io->signals(io->ctx), IO_SIGNAL_HUP);
	waitpid(pid, NULL, 0);
}

/* MSan keeps a shadow of what was touched, which is not given back. */
#ifdef __has_feature
#if __has_feature(memory_sanitizer)
#define SHADOWED 1
#endif
#endif
#ifndef SHADOWED
#define SHADOWED 0
#endif

TEST(memory_is_mapped_measured_and_given_back)
{
	size_t n = 8 << 20, file, before, touched, after;
	volatile char *p;
	void *region;

	io = io_linux();
	EXPECT(IO(map, SIZE_MAX / 2) == NULL);
	p = region = IO(map, n);
	REQUIRE(p);
	EXPECT_EQ(IO(rss, &file, &before), 0);
	EXPECT(file > 0 && before > 0);
	for (size_t i = 0; i < n; i += 4096)
		p[i] = 1;
	EXPECT_EQ(IO(rss, &file, &touched), 0);
	EXPECT(touched >= before + n);
	IO(trim, region, n);
	EXPECT_EQ(p[0], 0);
	EXPECT_EQ(IO(rss, &file, &after), 0);
	EXPECT(SHADOWED || after < before + n / 8);
	IO(unmap, region, n);
	EXPECT_CRASH(p[0] = 1);
}

/* A byte in the middle of a big region costs a page, not a huge page. */
TEST(memory_is_not_made_of_huge_pages)
{
	size_t n = 64 << 20, file, before, after;
	volatile char *p;

	io = io_linux();
	p = IO(map, n);
	REQUIRE(p);
	EXPECT_EQ(IO(rss, &file, &before), 0);
	for (size_t i = 0; i < n; i += 4 << 20)
		p[i] = 1;
	EXPECT_EQ(IO(rss, &file, &after), 0);
	EXPECT(after - before < 1 << 20);
}
