#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void golden_write(const char *file, int line, const char *path,
			 struct str got)
{
	char dir[512];
	char *slash;
	FILE *f;

	/* Every folder of the path; those that exist are left alone. */
	snprintf(dir, sizeof(dir), "%s", path);
	for (slash = strchr(dir, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(dir, 0777);
		*slash = '/';
	}
	f = fopen(path, "w");
	if (!f || fwrite(got.p, 1, got.n, f) != got.n || fclose(f))
		test_fail(file, line, "%s: %s", path, strerror(errno));
}

static struct str golden_line(struct str s, size_t at)
{
	const char *end;

	while (at && s.p[at - 1] != '\n')
		at--;
	end = at < s.n ? memchr(s.p + at, '\n', s.n - at) : NULL;
	return (struct str){ s.p + at,
			     end ? (size_t)(end - s.p) - at : s.n - at };
}

static void golden_differ(const char *file, int line, const char *path,
			  struct str got, struct str want)
{
	struct str g, w;
	size_t at = 0, i;
	int row = 1;

	while (at < got.n && at < want.n && got.p[at] == want.p[at])
		at++;
	for (i = 0; i < at; i++)
		row += got.p[i] == '\n';
	g = golden_line(got, at);
	w = golden_line(want, at);
	test_fail(file, line, "%s:%d: is\n  %.*s\nnot\n  %.*s", path, row,
		  (int)g.n, g.p, (int)w.n, w.p);
}

void golden_expect(const char *file, int line, const char *name,
		   struct str got)
{
	char path[512];
	struct str want;

	snprintf(path, sizeof(path), "tests/golden/%s", name);
	if (getenv("UPDATE_GOLDEN")) {
		golden_write(file, line, path, got);
		return;
	}
	if (access(path, R_OK)) {
		test_fail(file, line, "%s is missing: make golden", path);
		return;
	}
	want = guard_file(path);
	if (got.n != want.n || (got.n && memcmp(got.p, want.p, got.n)))
		golden_differ(file, line, path, got, want);
}
