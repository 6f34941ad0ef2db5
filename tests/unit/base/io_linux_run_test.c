#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static const struct io *io;
static char out[4096];
static int status;

/* What a shell command gave, its output in out. */
static int run(const char *command, const char *const *env, size_t cap,
    int64_t timeout_ms)
{
	const char *const argv[] = { "sh", "-c", command, NULL };

	io = io_linux();
	status = -1;
	return io->run(io->ctx, argv, env, out, cap, timeout_ms, &status);
}

static int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

TEST(run_collects_output_and_status)
{
	EXPECT_EQ(run("printf hello; exit 3", NULL, sizeof(out), 5000), 5);
	EXPECT_MEM(out, "hello", 5);
	EXPECT_EQ(status, 3);
	EXPECT_EQ(run("exit 0", NULL, 0, 5000), 0);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(run("kill -9 $$", NULL, sizeof(out), 5000), 0);
	EXPECT_EQ(status, 128 + 9);
	EXPECT_EQ(run("printf 1234", NULL, 4, 5000), 4);
}

TEST(run_finds_no_program)
{
	const char *const argv[] = { "no-such-program-here", NULL };
	const char *const folder[] = { "/tmp", NULL };
	int fds;

	io = io_linux();
	fds = open_fds();
	EXPECT_EQ(io->run(io->ctx, argv, NULL, out, 10, 1000, &status),
	    ERR_NOENT);
	EXPECT_EQ(io->run(io->ctx, folder, NULL, out, 10, 1000, &status),
	    ERR_DENIED);
	EXPECT_EQ(open_fds(), fds);
	EXPECT_EQ(waitpid(-1, NULL, WNOHANG), -1);
}

TEST(run_stops_what_is_too_much_or_too_slow)
{
	int64_t start;
	int fds;

	io = io_linux();
	fds = open_fds();
	start = io->mono_ns(io->ctx);
	EXPECT_EQ(run("printf 12345", NULL, 4, 5000), ERR_LIMIT);
	EXPECT_EQ(run("yes", NULL, sizeof(out), 5000), ERR_LIMIT);
	EXPECT_EQ(run("exec sleep 20", NULL, 10, 50), ERR_TIMEOUT);
	EXPECT_EQ(run("exec >&-; sleep 20", NULL, 10, 50), ERR_TIMEOUT);
	EXPECT_EQ(status, -1);
	EXPECT(io->mono_ns(io->ctx) - start < 5 * NS_PER_S);
	EXPECT_EQ(open_fds(), fds);
	EXPECT_EQ(waitpid(-1, NULL, WNOHANG), -1);
}

TEST(run_adds_to_the_environment)
{
	const char *const env[] = { "RUN_A=new", "RUN_B=b", NULL };

	setenv("RUN_A", "old", 1);
	setenv("RUN_C", "c", 1);
	EXPECT_EQ(run("printf $RUN_A-$RUN_B-$RUN_C-; env | grep -c ^RUN_",
	    env, sizeof(out), 5000), 10);
	EXPECT_MEM(out, "new-b-c-3\n", 10);
}

TEST(run_is_ended_by_a_signal)
{
	io = io_linux();
	raise(SIGTERM);
	EXPECT_EQ(run("exec sleep 20", NULL, 10, 20000), ERR_CANCELLED);
	EXPECT_EQ(io->signals(io->ctx), IO_SIGNAL_TERM);
}

TEST(run_gives_the_program_its_signals_back)
{
	EXPECT_EQ(run("grep -c '^SigBlk:.0000000000000000$' "
	    "/proc/self/status", NULL, sizeof(out), 5000), 2);
	EXPECT_MEM(out, "1\n", 2);
	EXPECT_EQ(run("kill -PIPE $$; echo ignored", NULL, sizeof(out), 5000),
	    0);
	EXPECT_EQ(status, 128 + SIGPIPE);
}
