/*
 * usage: fuzz_<name> [FOLDER | FILE]...
 *
 * Gives a harness each file, and the empty input, without libFuzzer.  The
 * files run in a child that reports how far it came: after a crash the rest is
 * run in a new one.  The last line is "N passed, N failed".
 */
#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

enum { FILES_MAX = 65536, FILE_SECONDS = 20 };

static char *files[FILES_MAX];
static size_t nfiles;

static void die(const char *what)
{
	perror(what);
	exit(111);
}

static void file_add(const char *path)
{
	if (nfiles == FILES_MAX) {
		fprintf(stderr, "more than %d files\n", FILES_MAX);
		exit(111);
	}
	files[nfiles] = strdup(path);
	if (!files[nfiles++])
		die("strdup");
}

static void folder_add(const char *path)
{
	struct dirent **entries;
	char name[1024];
	int n = scandir(path, &entries, NULL, alphasort);
	int i;

	if (n < 0)
		die(path);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path,
			 entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			file_add(name);
		free(entries[i]);
	}
	free(entries);
}

static void file_run(const char *path)
{
	struct stat st;
	uint8_t *data;
	size_t n = 0;
	FILE *f = fopen(path, "rb");

	if (!f || fstat(fileno(f), &st))
		die(path);
	data = malloc((size_t)st.st_size);
	if (!data && st.st_size)
		die("malloc");
	if (st.st_size)
		n = fread(data, 1, (size_t)st.st_size, f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
}

static void files_run(volatile size_t *at)
{
	for (; *at < nfiles; ++*at) {
		alarm(FILE_SECONDS);
		file_run(files[*at]);
	}
}

/* Runs what is left in a child; 0 when it came to the end. */
static int child_run(volatile size_t *at)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		files_run(at);
		fflush(stdout);
		exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		fprintf(stderr, "%s: more than %d seconds\n", files[*at],
			FILE_SECONDS);
	else
		fprintf(stderr, "%s: crashes\n", files[*at]);
	return -1;
}

int main(int argc, char **argv)
{
	size_t failed = 0;
	volatile size_t *at;
	struct stat st;
	int i;

	file_add("/dev/null");
	for (i = 1; i < argc; i++) {
		if (stat(argv[i], &st))
			die(argv[i]);
		if (S_ISDIR(st.st_mode))
			folder_add(argv[i]);
		else
			file_add(argv[i]);
	}
	at = mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		die("mmap");
	while (child_run(at)) {
		failed++;
		++*at;
	}
	printf("%zu passed, %zu failed\n", nfiles - failed, failed);
	return failed > 0;
}
