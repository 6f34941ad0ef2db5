#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/peers_test.XXXXXX";
static const struct peers *sys;
static char path[512], mem[256];

static const char *in(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_text(const char *name, const char *text)
{
	FILE *f = fopen(in(name), "w");

	REQUIRE(f);
	fputs(text, f);
	REQUIRE(!fclose(f));
}

static void count(void *ctx, const char *name)
{
	int *n = ctx;

	*n += strncmp(name, "name-", 5) == 0 ? 1 : 1000;
}

TEST(each_name_of_a_folder_is_told_once)
{
	int n = 0;

	sys = peers_linux();
	REQUIRE(mkdtemp(folder));
	EXPECT_EQ(sys->list(sys->ctx, folder, count, &n), 0);
	EXPECT_EQ(n, 0);
	for (int i = 0; i < 200; i++) {
		snprintf(mem, sizeof(mem), "name-of-a-file-%d", i);
		write_text(mem, "");
	}
	EXPECT_EQ(sys->list(sys->ctx, folder, count, &n), 0);
	EXPECT_EQ(n, 200);
	EXPECT_EQ(sys->list(sys->ctx, in("name-of-a-file-1"), count, &n),
	    ERR_NOENT);
	EXPECT_EQ(sys->list(sys->ctx, in("none"), count, &n), ERR_NOENT);
	for (int i = 0; i < 200; i++) {
		snprintf(mem, sizeof(mem), "name-of-a-file-%d", i);
		unlink(in(mem));
	}
	EXPECT_EQ(rmdir(folder), 0);
}

TEST(links_and_files_are_read)
{
	uint64_t one, other;

	sys = peers_linux();
	REQUIRE(mkdtemp(folder));
	write_text("file", "text");
	REQUIRE(!symlink("..1", in("link")));
	EXPECT_EQ(sys->link(sys->ctx, in("link"), mem, sizeof(mem)), 3);
	EXPECT(memcmp(mem, "..1", 3) == 0);
	EXPECT(sys->link(sys->ctx, in("file"), mem, sizeof(mem)) < 0);
	EXPECT_EQ(sys->link(sys->ctx, in("none"), mem, 3), ERR_NOENT);
	EXPECT_EQ(sys->part(sys->ctx, in("file"), 0, mem, sizeof(mem)), 4);
	EXPECT_EQ(sys->part(sys->ctx, in("file"), 0, mem, 2), 2);
	EXPECT(memcmp(mem, "te", 2) == 0);
	EXPECT_EQ(sys->part(sys->ctx, in("file"), 1, mem, 2), 2);
	EXPECT(memcmp(mem, "ex", 2) == 0);
	EXPECT_EQ(sys->part(sys->ctx, in("file"), 3, mem, 2), 1);
	EXPECT_EQ(sys->part(sys->ctx, in("file"), 4, mem, 2), 0);
	EXPECT_EQ(sys->part(sys->ctx, in("file"), 5, mem, 2), 0);
	EXPECT_EQ(sys->part(sys->ctx, in("link"), 0, mem, 2), ERR_NOENT);
	EXPECT(sys->part(sys->ctx, folder, 0, mem, 2) < 0);
	EXPECT_EQ(sys->sum(sys->ctx, in("file"), &one), 0);
	write_text("file", "tex2");
	EXPECT_EQ(sys->sum(sys->ctx, in("file"), &other), 0);
	EXPECT(one != other);
	EXPECT_EQ(sys->sum(sys->ctx, in("none"), &other), ERR_NOENT);
	EXPECT(sys->sum(sys->ctx, folder, &other) < 0);
	unlink(in("file"));
	unlink(in("link"));
	EXPECT_EQ(rmdir(folder), 0);
}

/* Field 22 of its stat. */
static uint64_t start_of(pid_t pid)
{
	char name[64], text[1024] = "";
	unsigned long long started = 0;
	const char *p;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	f = fopen(name, "r");
	REQUIRE(f);
	REQUIRE(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	p = strrchr(text, ')');
	REQUIRE(p);
	for (int i = 0; i < 20; i++, p++)
		REQUIRE((p = strchr(p, ' ')));
	REQUIRE(sscanf(p, "%llu", &started) == 1);
	return started;
}

static void set_time(const char *name, time_t s)
{
	struct timespec t[2] = { { .tv_sec = s }, { .tv_sec = s } };

	REQUIRE(!utimensat(AT_FDCWD, in(name), t, AT_SYMLINK_NOFOLLOW));
}

TEST(links_are_older_or_newer_than_a_process)
{
	struct timespec more_than_a_tick = { .tv_nsec = 40000000 };
	uint64_t before, after, started;
	pid_t pid;

	sys = peers_linux();
	REQUIRE(mkdtemp(folder));
	REQUIRE(!symlink("..1", in("before")));
	nanosleep(&more_than_a_tick, NULL);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	started = start_of(pid);
	nanosleep(&more_than_a_tick, NULL);
	REQUIRE(!symlink("..2", in("after")));
	EXPECT_EQ(sys->made(sys->ctx, in("before"), &before), 0);
	EXPECT_EQ(sys->made(sys->ctx, in("after"), &after), 0);
	EXPECT(before < started);
	EXPECT(started < after);
	EXPECT(after - before < 60 * 100);
	kill(pid, SIGKILL);
	REQUIRE(waitpid(pid, NULL, 0) == pid);
	set_time("before", 1);
	EXPECT_EQ(sys->made(sys->ctx, in("before"), &before), 0);
	EXPECT_EQ(before, 0);
	set_time("before", time(NULL) + 3600);
	EXPECT_EQ(sys->made(sys->ctx, in("before"), &before), ERR_BAD);
	EXPECT_EQ(sys->made(sys->ctx, in("none"), &before), ERR_NOENT);
	unlink(in("before"));
	unlink(in("after"));
	EXPECT_EQ(rmdir(folder), 0);
}

TEST(processes_are_signalled)
{
	int status = 0;
	pid_t pid;

	sys = peers_linux();
	EXPECT_EQ(sys->pid, getpid());
	EXPECT_EQ(sys->user, geteuid());
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	EXPECT_EQ(sys->kill(sys->ctx, pid, SIGUSR2), 0);
	REQUIRE(waitpid(pid, &status, 0) == pid);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR2);
	EXPECT_EQ(sys->kill(sys->ctx, pid, SIGUSR2), ERR_NOENT);
}
