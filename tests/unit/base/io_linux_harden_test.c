#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static const struct io *io;
static char mem[200];

static struct str harden(void)
{
	struct buf b;

	io = io_linux();
	buf_init(&b, mem, sizeof(mem));
	io_linux_harden(&b);
	return buf_view(&b);
}

static bool took(struct str words, const char *word)
{
	return str_search(words, str_from(word)) < words.n;
}

TEST(harden_says_what_took_effect)
{
	struct str words = harden();
	char text[4096];
	struct str s = { text, 0 };
	int n = io->read_file(io->ctx, "/proc/self/status", text,
	    sizeof(text));

	REQUIRE(n > 0);
	s.n = (size_t)n;
	EXPECT(took(words, "no_new_privs"));
	EXPECT(took(words, "undumpable"));
	EXPECT(took(words, "no_capabilities"));
	EXPECT(took(s, "NoNewPrivs:\t1\n"));
	EXPECT(took(s, "CapEff:\t0000000000000000\n"));
	EXPECT(took(s, "CapPrm:\t0000000000000000\n"));
	EXPECT_EQ(took(s, "Seccomp:\t2\n"), took(words, "seccomp"));
}

TEST(harden_takes_what_the_loop_does_not_need)
{
	if (!took(harden(), "seccomp"))
		return;
	errno = 0;
	EXPECT(fork() < 0);
	EXPECT_EQ(errno, ENOSYS);
	EXPECT(execl("/bin/true", "true", (char *)NULL) < 0);
	EXPECT_EQ(errno, ENOSYS);
	EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) < 0);
	EXPECT(socket(AF_NETLINK, SOCK_RAW, 0) < 0);
	EXPECT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) < 0);
	EXPECT(mprotect(mem, 1, PROT_READ) < 0);
	EXPECT(chdir("/") < 0);
	EXPECT(kill(getpid(), 0) < 0);
}

TEST(harden_leaves_files_to_be_read_only)
{
	char path[] = "/tmp/harden_test.XXXXXX", text[16];
	int status;
	pid_t pid;

	close(mkstemp(path));
	pid = fork();
	if (pid == 0) {
		bool locked = took(harden(), "landlock");

		_exit(io->read_file(io->ctx, path, text, 16) == 0 &&
		    io->write_file(io->ctx, path, "text", 4, 0600) ==
		    (locked ? ERR_DENIED : 0) &&
		    unlink(path) == (locked ? -1 : 0) ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	unlink(path);
	EXPECT_EQ(status, 0);
}

/* Everything else in the seam works on as before. */
TEST(harden_leaves_the_loop_what_it_needs)
{
	struct net_addr at = { .family = 4, .ip = { 127, 0, 0, 1 } }, from;
	char path[] = "/tmp/harden_test.XXXXXX", text[16];
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct io_event ev;
	size_t file, anon;
	int l, c, s;
	void *p;

	close(mkstemp(path));
	io = io_linux();
	EXPECT_EQ(io->write_file(io->ctx, path, "text", 4, 0600), 0);
	EXPECT_EQ(io->read_file(io->ctx, path, text, 16), 4);
	unlink(path);
	harden();
	EXPECT_EQ(io->random(io->ctx, text, 16), 0);
	EXPECT(io->mono_ns(io->ctx) > 0 && io->cpu_ns(io->ctx) > 0);
	p = io->map(io->ctx, 1 << 20);
	REQUIRE(p);
	memset(p, 1, 1 << 20);
	io->trim(io->ctx, p, 1 << 20);
	io->unmap(io->ctx, p, 1 << 20);
	EXPECT_EQ(io->rss(io->ctx, &file, &anon), 0);
	EXPECT_EQ(io->std_write(io->ctx, 2, "", 0), 0);

	l = io->tcp_listen(io->ctx, &at);
	REQUIRE(l >= 0);
	getsockname(l, (struct sockaddr *)&ss, &len);
	memcpy(text, (char *)&ss + 2, 2);
	at.port = (uint16_t)((unsigned char)text[0] << 8 |
	    (unsigned char)text[1]);
	c = io->tcp_connect(io->ctx, &at);
	REQUIRE(c >= 0);
	EXPECT_EQ(io->watch(io->ctx, l, IO_READ, 1), 0);
	EXPECT_EQ(io->wait(io->ctx, &ev, 1,
	    io->mono_ns(io->ctx) + NS_PER_S), 1);
	s = io->tcp_accept(io->ctx, l, &from);
	REQUIRE(s >= 0);
	EXPECT_EQ(io->tcp_connected(io->ctx, c), 0);
	EXPECT_EQ(io->write(io->ctx, c, "x", 1), 1);
	EXPECT_EQ(io->read(io->ctx, s, text, 1), 1);
	c = io->udp_open(io->ctx, &at);
	EXPECT(c >= 0);
	io->close(io->ctx, c);
	raise(SIGTERM);
	EXPECT_EQ(io->signals(io->ctx), IO_SIGNAL_TERM);
}

TEST(harden_still_lets_a_check_abort)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(2);
		harden();
		check_failed("f.c", 1, "x");
	}
	waitpid(pid, &status, 0);
	EXPECT(WIFSIGNALED(status));
	EXPECT_EQ(WTERMSIG(status), SIGABRT);
}

TEST(harden_twice_is_harmless)
{
	if (!took(harden(), "seccomp"))
		return;
	EXPECT(!took(harden(), "seccomp"));
}
