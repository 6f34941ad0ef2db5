#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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
