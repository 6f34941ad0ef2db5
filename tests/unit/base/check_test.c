#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

TEST(check_prints_the_place_and_aborts)
{
	char text[256];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	REQUIRE(pipe(fds) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 2);
		check_failed("src/x.c", 42, "a < b");
	}
	close(fds[1]);
	n = read(fds[0], text, sizeof(text) - 1);
	REQUIRE(n > 0);
	waitpid(pid, &status, 0);
	EXPECT(WIFSIGNALED(status));
	EXPECT_EQ(WTERMSIG(status), SIGABRT);
	EXPECT_STR(((struct str){ text, (size_t)n }), "src/x.c:42: a < b\n");
}

TEST(check_of_a_long_text_is_cut_and_ends_its_line)
{
	static char what[4000];
	char text[4096];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	memset(what, 'w', sizeof(what) - 1);
	REQUIRE(pipe(fds) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 2);
		check_failed("f.c", 1, what);
	}
	close(fds[1]);
	n = read(fds[0], text, sizeof(text));
	REQUIRE(n > 0);
	waitpid(pid, &status, 0);
	EXPECT_EQ(text[n - 1], '\n');
	EXPECT_MEM(text, "f.c:1: ", 7);
}

TEST(check_holds_or_crashes)
{
	CHECK(1 + 1 == 2);
	EXPECT_CRASH(CHECK(1 + 1 == 3));
	EXPECT_CRASH(UNREACHABLE());
}

TEST(errors_have_names_and_texts)
{
	EXPECT(!strcmp(err_text(ERR_FULL), "capacity reached"));
	EXPECT(!strcmp(err_name(ERR_FULL), "ERR_FULL"));
	EXPECT(!strcmp(err_text(ERR_NOTLEADER), "not the leader"));
	EXPECT(!strcmp(err_text(0), "unknown error"));
	EXPECT(!strcmp(err_text(-9999), "unknown error"));
	EXPECT(!strcmp(err_name(7), "ERR_UNKNOWN"));
}

TEST(error_codes_are_negative_and_differ)
{
	static const int codes[] = {
#define ERR(name, value, text) value,
#include "err.def"
#undef ERR
	};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		EXPECT(codes[i] < 0);
		for (size_t j = 0; j < i; j++)
			EXPECT(codes[i] != codes[j]);
	}
}
