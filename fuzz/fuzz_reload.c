/*
 * What `mcp-operator reload` reads of the processes of its pod: the one that
 * is signalled is the one that a plain reading of the same files takes for
 * the server's, and it is one that lives, has no parent and is not ourselves.
 * It is signalled at the start when a volume was written since its own.
 * The input is cut at bytes of 0xff: what else fails, in one byte, and when
 * the volume was written, the name of a process, and then stat, environ,
 * status and cgroup of each; an empty one is not there, one that begins with
 * 0xfe may not be read.
 */
#include <signal.h>

#include "cli.h"
#include "fuzz.h"

enum { PROCESSES = 5, FILES = 4, OURSELVES = 30, USER = 1000, TEXTS = 2 };
enum { STAT, ENVIRON, STATUS, CGROUP };
static const char *const file_name[FILES] = {
	"stat", "environ", "status", "cgroup"
};
static char first_name[12];
static const char *const name[PROCESSES] = {
	first_name, "7", "30", "12", "self"
};
static struct str text[TEXTS + PROCESSES * FILES];
static int killed;
static const char *data_link;		/* where ..data leads */
static struct io io;
static struct log logger;
static struct reloader reloader;

static void split(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size, *at;

	memset(text, 0, sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(text) && p < end; i++) {
		at = memchr(p, 0xff, (size_t)(end - p));
		text[i] = (struct str){ p, (size_t)((at ? at : end) - p) };
		p = at ? at + 1 : end;
	}
}

/* A name in a folder has neither NUL nor slash, is not empty and the only one
 * of its kind. */
static void first_name_make(struct str s)
{
	size_t n = s.n < sizeof(first_name) ? s.n : sizeof(first_name) - 1;

	memset(first_name, 0, sizeof(first_name));
	memcpy(first_name, n ? s.p : "2", n ? n : 1);
	for (char *p = first_name; *p; p++)
		if (*p == '/')
			*p = '.';
	for (int i = 1; i < PROCESSES; i++)
		if (!first_name[0] || !strcmp(first_name, name[i]))
			memcpy(first_name, "2", 2);
}

/* Decimal digits and nothing else, within 64 bits. */
static bool number(struct str s, uint64_t *ret)
{
	uint64_t v = 0, digit;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		digit = (uint64_t)(s.p[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*ret = v;
	return s.n > 0;
}

/* ---- the system -------------------------------------------------------- */

/* The folder of processes is read to its end, or not. */
static int proc_err(void)
{
	return text[0].n && text[0].p[0] == 'p' ? ERR_IO : 0;
}

static int fake_list(void *ctx, const char *path, peers_name *each,
    void *each_ctx)
{
	(void)ctx;
	if (!strcmp(path, "/watch")) {
		each(each_ctx, "plain");
		each(each_ctx, "app");
		return 0;
	}
	if (!strcmp(path, "/watch/plain")) {
		each(each_ctx, "a");
		return 0;
	}
	FUZZ_CHECK(!strcmp(path, "/proc"));
	for (int i = 0; i < PROCESSES; i++)
		each(each_ctx, name[i]);
	return proc_err();
}

static int fake_link(void *ctx, const char *path, void *p, size_t cap)
{
	(void)ctx;
	if (strcmp(path, "/watch/app/..data") != 0)
		return ERR_NOENT;
	FUZZ_CHECK(cap > 3);
	memcpy(p, data_link, 3);
	return 3;
}

/* Nobody knows when, unless it is a number. */
static int fake_made(void *ctx, const char *path, uint64_t *ret)
{
	(void)ctx;
	if (strcmp(path, "/watch/app/..data") != 0)
		return ERR_NOENT;
	return number(str_sub(text[0], 1, text[0].n), ret) ? 0 : ERR_BAD;
}

/* What the i-th process has, whatever is read of it in one piece cut as it is
 * then; ERR_*. */
static int file_of(int i, int file, struct str *ret)
{
	struct str s = text[TEXTS + i * FILES + file];

	*ret = STR_NONE;
	if (s.n && (uint8_t)s.p[0] == 0xfe)
		return ERR_DENIED;
	if (!s.n)
		return ERR_NOENT;
	*ret = file == ENVIRON ? s : str_sub(s, 0, RELOAD_CHUNK_MAX);
	return 0;
}

static int fake_part(void *ctx, const char *path, uint32_t at, void *p,
    size_t cap)
{
	char want[64];
	struct str s;
	int err;

	(void)ctx;
	for (int i = 0; i < PROCESSES; i++)
		for (int file = 0; file < FILES; file++) {
			snprintf(want, sizeof(want), "/proc/%s/%s", name[i],
			    file_name[file]);
			if (strcmp(want, path) != 0)
				continue;
			err = file_of(i, file, &s);
			if (err)
				return err;
			FUZZ_CHECK(file == ENVIRON || (!at && s.n <= cap));
			s = str_sub(s, at, at + cap);
			memcpy(p, s.p, s.n);
			return (int)s.n;
		}
	return ERR_NOENT;
}

static int fake_sum(void *ctx, const char *path, uint64_t *ret)
{
	(void)ctx;
	FUZZ_CHECK(!strcmp(path, "/watch/plain/a"));
	*ret = 1;
	return 0;
}

static int fake_kill(void *ctx, int pid, int signal)
{
	(void)ctx;
	FUZZ_CHECK(!killed && signal == SIGHUP);
	killed = pid;
	return text[0].n == 0 ? 0 : text[0].p[0] == 'd' ? ERR_DENIED :
	    ERR_NOENT;
}

static const struct peers sys = {
	.pid = OURSELVES, .user = USER, .list = fake_list, .link = fake_link,
	.part = fake_part, .made = fake_made, .sum = fake_sum, .kill = fake_kill
};

static int64_t fake_clock(void *ctx)
{
	(void)ctx;
	return 0;
}

static int fake_write(void *ctx, int stream, const void *p, size_t n)
{
	(void)ctx;
	FUZZ_CHECK(stream == 2 && n && ((const char *)p)[n - 1] == '\n');
	return 0;
}

/* ---- a plain reading --------------------------------------------------- */

struct plain {
	int pid, rank;		/* 0: says so, 1: our user, 2: hidden */
	uint64_t started;
	struct str group;
};

/* The i-th field behind the name in brackets, from 0. */
static struct str stat_field(struct str s, int i)
{
	size_t at = s.n, end;

	while (at > 0 && s.p[at - 1] != ')')
		at--;
	if (at == 0)
		return STR_NONE;
	while (s.n > at && memchr(" \t\r\n", s.p[s.n - 1], 4))
		s.n--;
	while (at < s.n && memchr(" \t\r\n", s.p[at], 4))
		at++;
	for (; i > 0 && at < s.n; i--) {
		while (at < s.n && s.p[at] != ' ')
			at++;
		at++;
	}
	for (end = at; end < s.n && s.p[end] != ' '; )
		end++;
	return at < s.n ? str_sub(s, at, end) : STR_NONE;
}

static bool says_so(struct str s)
{
	static const char want[] = RELOAD_VARIABLE "=";
	size_t n = sizeof(want) - 1;

	for (size_t at = 0; at + n <= s.n; at++)
		if ((at == 0 || !s.p[at - 1]) && !memcmp(s.p + at, want, n))
			return true;
	return false;
}

static bool has_our_user(struct str s)
{
	static const char want[] = "\nUid:\t";
	size_t n = sizeof(want) - 1, end;
	uint64_t user;

	for (size_t at = 0; at + n <= s.n; at++) {
		if (memcmp(s.p + at, want, n) != 0)
			continue;
		for (end = at + n; end < s.n && s.p[end] != '\t'; )
			end++;
		return number(str_sub(s, at + n, end), &user) && user == USER;
	}
	return false;
}

static bool read_one(int i, struct plain *ret)
{
	struct str s, f;
	uint64_t pid;
	int err;

	if (!number(str_from(name[i]), &pid) || pid <= 1 || pid > INT32_MAX ||
	    pid == OURSELVES || file_of(i, STAT, &s))
		return false;
	f = stat_field(s, 0);
	if (str_is(f, "Z") || str_is(f, "X") ||
	    !str_is(stat_field(s, 1), "0") ||
	    !number(stat_field(s, 19), &ret->started))
		return false;
	ret->pid = (int)pid;
	ret->rank = 0;
	ret->group = STR_NONE;
	err = file_of(i, ENVIRON, &s);
	if (!err)
		return says_so(s);
	if (err != ERR_DENIED)
		return false;
	ret->rank = !file_of(i, STATUS, &s) && has_our_user(s) ? 1 : 2;
	return !file_of(i, CGROUP, &ret->group);
}

/* Who is to be signalled, and its start; 0: nobody, or it cannot be told. */
static int plain_server(uint64_t *ret_started)
{
	struct plain all[PROCESSES], *best = NULL;
	int n = 0;

	for (int i = 0; i < PROCESSES; i++)
		n += read_one(i, &all[n]);
	for (int i = 0; i < n; i++)
		if (!best || all[i].rank < best->rank ||
		    (all[i].rank == best->rank &&
		    all[i].started < best->started))
			best = &all[i];
	for (int i = 0; i < n; i++)
		if (all[i].rank == best->rank &&
		    !str_eq(all[i].group, best->group))
			return 0;
	*ret_started = best ? best->started : 0;
	return best && !proc_err() ? best->pid : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t made, started;
	int server;

	if (size > FUZZ_MAX)
		return 0;
	split(data, size);
	first_name_make(text[1]);
	io = (struct io){ .mono_ns = fake_clock, .wall_ns = fake_clock,
		.std_write = fake_write };
	log_init(&logger, &io);
	reloader_init(&reloader, &sys, &logger, "/watch", RELOAD_HUP);
	killed = 0;
	server = plain_server(&started);
	data_link = "..1";
	reloader_look(&reloader);
	FUZZ_CHECK(!killed);
	reloader_look(&reloader);
	FUZZ_CHECK(killed == (!fake_made(NULL, "/watch/app/..data", &made) &&
	    made > started ? server : 0));
	killed = 0;
	data_link = "..2";
	reloader_look(&reloader);
	FUZZ_CHECK(!killed);
	reloader_look(&reloader);
	FUZZ_CHECK(killed == server);
	return 0;
}
