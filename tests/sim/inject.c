#include <execinfo.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "sim/inject.h"

const char *const inject_name[INJECT_KINDS] = {
	"none", "full", "again", "one", "half", "error"
};

unsigned inject_depth = 4;

static struct inject plan;
static struct inject_log *paths;
static uint64_t seen;
static struct inject_path *hit;

/* Where this program was loaded. */
static int base_find(struct dl_phdr_info *info, size_t size, void *ret)
{
	(void)size;
	*(uintptr_t *)ret = info->dlpi_addr;
	return 1;
}

static uintptr_t load_base(void)
{
	uintptr_t base = 0;

	dl_iterate_phdr(base_find, &base);
	return base;
}

void inject_arm(const struct inject *how, struct inject_log *log,
    struct inject_path *ret_hit)
{
	void *one[1];

	plan = *how;
	paths = log;
	seen = 0;
	hit = ret_hit;
	if (hit)
		memset(hit, 0, sizeof(*hit));
	if (log) {
		log->calls = log->paths = 0;
		log->over = false;
	}
	/* The first call loads a library, which takes memory. */
	(void)backtrace(one, 1);
}

uint64_t inject_calls(void)
{
	return seen;
}

void inject_stop(void)
{
	plan.kind = INJECT_NONE;
}

/* Without the frames that are our own: this, inject_now, who asked it. */
enum { OWN_FRAMES = 3 };

__attribute__((noinline))
static void path_take(struct inject_path *ret)
{
	void *frame[INJECT_DEPTH + OWN_FRAMES];
	int n = backtrace(frame, INJECT_DEPTH + OWN_FRAMES);

	memset(ret, 0, sizeof(*ret));
	for (int i = OWN_FRAMES; i < n; i++)
		ret->frame[i - OWN_FRAMES] = frame[i];
	ret->hash = hash_more(HASH_SEED, ret->frame,
	    inject_depth * sizeof(ret->frame[0]));
}

static void path_note(const struct inject_path *p)
{
	struct inject_path *at = paths->path;
	uint32_t i = 0;

	while (i < paths->paths && at[i].hash != p->hash)
		i++;
	if (i == INJECT_PATHS) {
		paths->over = true;
		return;
	}
	if (i == paths->paths) {
		paths->paths++;
		at[i] = *p;
		at[i].first = at[i].second = seen;
	}
	if (at[i].calls == 1)
		at[i].second = seen;
	at[i].last = seen;
	at[i].calls++;
}

__attribute__((noinline))
bool inject_now(enum inject_kind kind)
{
	bool now;

	if (!alloc_forbidden || plan.kind != kind)
		return false;
	alloc_forbidden = false;
	if (paths) {
		struct inject_path p;

		path_take(&p);
		path_note(&p);
		paths->calls++;
	}
	now = seen++ == plan.at;
	if (now && hit)
		path_take(hit);
	alloc_forbidden = true;
	return now;
}

void inject_print(const struct inject_path *p)
{
	char cmd[512], exe[256];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	uintptr_t base = load_base();
	size_t k;

	if (n < 0)
		return;
	exe[n] = '\0';
	k = (size_t)snprintf(cmd, sizeof(cmd), "addr2line -fsp -e %s", exe);
	for (int i = 0; i < INJECT_DEPTH && p->frame[i]; i++)
		k += (size_t)snprintf(cmd + k, sizeof(cmd) - k, " %#lx",
		    (unsigned long)((uintptr_t)p->frame[i] - base - 1));
	fflush(stdout);
	if (system(cmd) != 0)
		printf("(%s)\n", cmd);
}

/* ---- reservations, by the linker's --wrap ----------------------------- */

/*
 * What one file of base asks of itself is not wrapped, and need not be: the
 * outermost call is. map_put and heap_set are left out: their room is that
 * of a pool which has refused before.
 */
#define WRAP(type, name, args) \
	type __real_##name args; \
	type __wrap_##name args; \
	type __wrap_##name args

static bool refuse(void)
{
	return inject_now(INJECT_FULL);
}

WRAP(void *, arena_alloc, (struct arena *a, size_t size, size_t align))
{
	if (!refuse())
		return __real_arena_alloc(a, size, align);
	a->over = true;
	return NULL;
}

WRAP(void *, arena_alloc_array, (struct arena *a, size_t count, size_t size,
    size_t align))
{
	if (!refuse())
		return __real_arena_alloc_array(a, count, size, align);
	a->over = true;
	return NULL;
}

WRAP(struct str, arena_str, (struct arena *a, struct str s))
{
	if (!s.n || !refuse())
		return __real_arena_str(a, s);
	a->over = true;
	return STR_NONE;
}

WRAP(struct buf, arena_buf, (struct arena *a))
{
	bool full = refuse();
	struct buf b = __real_arena_buf(a);

	b.over |= full;
	return b;
}

WRAP(uint32_t, pool_take, (struct pool *p))
{
	return refuse() ? POOL_NONE : __real_pool_take(p);
}

#define WRAP_BUF(name, args, call) \
	WRAP(void, name, args) \
	{ \
		if (refuse()) \
			b->over = true; \
		else \
			__real_##name call; \
	}

WRAP_BUF(buf_put, (struct buf *b, const void *p, size_t n), (b, p, n))
WRAP_BUF(buf_str, (struct buf *b, struct str s), (b, s))
WRAP_BUF(buf_cstr, (struct buf *b, const char *s), (b, s))
WRAP_BUF(buf_char, (struct buf *b, char c), (b, c))
WRAP_BUF(buf_u64, (struct buf *b, uint64_t v), (b, v))
WRAP_BUF(buf_i64, (struct buf *b, int64_t v), (b, v))
WRAP_BUF(buf_hex, (struct buf *b, const void *p, size_t n), (b, p, n))
WRAP_BUF(buf_hex64, (struct buf *b, uint64_t v), (b, v))

/* What is dropped still takes its arguments. */
WRAP(void, buf_vfmt, (struct buf *b, bool cut, struct str fmt, va_list *ap))
{
	if (refuse())
		b->over = true;
	__real_buf_vfmt(b, cut, fmt, ap);
}

void __wrap_buf_fmt(struct buf *b, const char *fmt, ...);
void __wrap_buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	if (refuse()) {
		b->over = true;
		return;
	}
	va_start(ap, fmt);
	__real_buf_vfmt(b, false, str_from(fmt), &ap);
	va_end(ap);
}
