#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

struct guard {
	struct guard *next;
	void *map;
	size_t len;
};

static struct guard *guards;

/* Room for n bytes in whole pages, with an untouchable page on each side. */
static char *guard_map(size_t n, size_t *ret_len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t len = (n + page - 1) / page * page;
	struct guard *g = malloc(sizeof(*g));
	char *map = mmap(NULL, len + 2 * page, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!g || map == MAP_FAILED ||
	    (len && mprotect(map + page, len, PROT_READ | PROT_WRITE))) {
		perror("guard");
		abort();
	}
	g->map = map;
	g->len = len + 2 * page;
	g->next = guards;
	guards = g;
	*ret_len = len;
	return map + page;
}

void *guard_space(size_t n)
{
	size_t len;
	char *start = guard_map(n, &len);

	memset(start, 0xa5, len);
	return start + len - n;
}

struct str guard_copy(const void *p, size_t n)
{
	char *copy = guard_space(n);

	if (n)
		memcpy(copy, p, n);
	return (struct str){ copy, n };
}

struct str guard_copy_front(const void *p, size_t n)
{
	size_t len;
	char *copy = guard_map(n, &len);

	if (n)
		memcpy(copy, p, n);
	return (struct str){ copy, n };
}

void guard_reset(void)
{
	while (guards) {
		struct guard *g = guards;

		guards = g->next;
		munmap(g->map, g->len);
		free(g);
	}
}

struct str guard_file(const char *path)
{
	struct stat st;
	size_t n, got = 0;
	ssize_t r = 1;
	char *space;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		test_stop(path, 0, strerror(errno));
	n = (size_t)st.st_size;
	space = guard_space(n);
	while (got < n && (r = read(fd, space + got, n - got)) > 0)
		got += (size_t)r;
	close(fd);
	if (got < n)
		test_stop(path, 0, "cannot be read whole");
	return (struct str){ space, n };
}
