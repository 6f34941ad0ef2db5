#ifndef BASE_H
#define BASE_H

/*
 * base: slices, bounded memory, time, the io seam, logging, counters and
 * options. It knows nothing of Kubernetes, JSON or sockets beyond the seam.
 * Nothing here allocates: callers own every struct and every byte.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

enum err {
#define ERR(name, value, text) ERR_##name = value,
#include "err.def"
#undef ERR
};

/* check.c [CHECK] ------------------------------------------------------ */

/*
 * A broken CHECK is a bug of ours, never a property of the input: the
 * process prints "file:line: condition" to descriptor 2 and aborts.
 */
#define CHECK(cond) \
	((cond) ? (void)0 : check_failed(__FILE__, __LINE__, #cond))
#define UNREACHABLE() check_failed(__FILE__, __LINE__, "unreachable")
_Noreturn void check_failed(const char *file, int line, const char *what);

/* The text of an error code; "unknown error" for a code not in err.def. */
const char *err_text(int err);
/* The name of an error code, "ERR_FULL"; for logs and metric labels. */
const char *err_name(int err);

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* str.c [str_]: slices ------------------------------------------------- */

/*
 * A slice of bytes that somebody else owns. Not NUL terminated. {NULL, 0}
 * is the empty slice; p is never read when n is 0.
 */
struct str {
	const char *p;
	size_t n;
};

#define STR(lit) ((struct str){ "" lit, sizeof(lit) - 1 })
#define STR_INIT(lit) { "" lit, sizeof(lit) - 1 }
#define STR_NONE ((struct str){ NULL, 0 })

struct str str_from(const char *cstr);
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *cstr);
/* <0, 0, >0 like memcmp, a shorter prefix first. */
int str_cmp(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b);		/* ASCII only */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Offset of the first c, or s.n. str_rfind: of the last c, or s.n. */
size_t str_find(struct str s, char c);
size_t str_rfind(struct str s, char c);
/* Offset of the first occurrence of needle, or s.n. */
size_t str_search(struct str s, struct str needle);
struct str str_sub(struct str s, size_t from, size_t to);  /* clamps */
struct str str_trim(struct str s);		/* spaces and tabs, \r \n */
/*
 * Cuts s at the first c: *ret_head is what stands before it, the result what
 * follows. Without c the head is all of s and the result is empty.
 */
struct str str_cut(struct str s, char c, struct str *ret_head);
/*
 * Decimal integers, the whole slice or ERR_BAD: no sign for u64, optional
 * '-' for i64, no leading '+', no spaces. ERR_LIMIT when out of range.
 */
int str_u64(struct str s, uint64_t *ret);
int str_i64(struct str s, int64_t *ret);
/* 16 lower-case digits, as buf_hex64 writes them, or ERR_BAD. */
int str_hex64(struct str s, uint64_t *ret);
/* "true"/"false" as Go's strconv.ParseBool takes them (1, t, TRUE, ...). */
int str_bool(struct str s, bool *ret);
/* FNV-1a, 64 bit: for maps, never for security. */
uint64_t str_hash(struct str s);
uint64_t hash_more(uint64_t seed, const void *p, size_t n);
#define HASH_SEED 0xcbf29ce484222325ULL
/* Valid UTF-8 without surrogates and over-long forms (RFC 3629). */
bool str_utf8(struct str s);
/* Bytes of the well-formed UTF-8 sequence at the head of s, or 0. */
size_t utf8_head(struct str s);

/* Kubernetes name rules (API conventions; RFC 1123, RFC 1035). */
bool str_dns1123_label(struct str s);		/* 1..63 */
bool str_dns1123_subdomain(struct str s);	/* 1..253 */
bool str_dns1035_label(struct str s);		/* 1..63, starts with a-z */
bool str_label_value(struct str s);		/* 0..63 */
bool str_label_key(struct str s);		/* [prefix/]name */
bool str_env_name(struct str s);		/* C_IDENTIFIER, '.', '-' too */

/* buf.c [buf_]: bounded append buffers --------------------------------- */

/*
 * Appends into memory the caller gave. What does not fit is dropped whole
 * and sets `over`, which stays set: write on and check once at the end. What
 * follows is dropped too, so the text is always a prefix of what was meant.
 */
struct buf {
	char *p;
	size_t n, cap;
	bool over;
};

void buf_init(struct buf *b, void *mem, size_t cap);
void buf_clear(struct buf *b);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_cstr(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_hex(struct buf *b, const void *p, size_t n);	/* lower case */
void buf_hex64(struct buf *b, uint64_t v);		/* 16 digits */
/*
 * The one formatter: %s (const char *), %S (struct str, by value), %d (int),
 * %u (unsigned), %D (int64_t), %U (uint64_t), %z (size_t), %x (uint64_t, hex,
 * no padding), %c (int), %%. Anything else is a CHECK. No compiler checks the
 * arguments: they must have just these types, or 32-bit ARM goes wrong.
 */
void buf_fmt(struct buf *b, const char *fmt, ...);
/*
 * buf_fmt with the format as a slice. With cut, what does not fit is cut
 * at a character instead of dropped whole; over is set all the same.
 */
void buf_vfmt(struct buf *b, bool cut, struct str fmt, va_list *ap);
struct str buf_view(const struct buf *b);
/* Drops the first n bytes and moves the rest down. */
void buf_consume(struct buf *b, size_t n);

/*
 * A text for a human, of bounded length, always complete enough to read:
 * the tail is cut, never the head. Only diag carries prose out of a library
 * room. `path` names the field or file, `text` what is wrong with it.
 */
struct diag {
	char path[DIAG_PATH_MAX];
	char text[DIAG_TEXT_MAX];
};
void diag_clear(struct diag *d);
/* First error wins: a diag already set is left alone. d may be NULL. */
void diag_set(struct diag *d, struct str path, const char *fmt, ...);
bool diag_is_set(const struct diag *d);
/*
 * By buf_fmt's rules, ended by NUL; what does not fit is cut where a
 * character begins, and ends with "..." then. cap: at least 4.
 */
void cut_fmt(char *to, size_t cap, const char *fmt, ...);

/* arena.c [arena_] ------------------------------------------------------ */

/*
 * A bump allocator over memory given once. When it is full arena_alloc
 * returns NULL and `over` sticks until the next reset to a mark that was
 * taken before that; until then every allocation fails. Memory is zeroed. Under
 * AddressSanitizer what lies beyond the last allocation is poisoned, except
 * on the stack.
 */
struct arena {
	char *p;
	size_t n, cap, high;
	bool over;
};

void arena_init(struct arena *a, void *mem, size_t cap);
void *arena_alloc(struct arena *a, size_t size, size_t align);
#define arena_new(a, type) \
	((type *)arena_alloc((a), sizeof(type), _Alignof(type)))
#define arena_array(a, type, count) \
	((type *)arena_alloc_array((a), (count), sizeof(type), _Alignof(type)))
void *arena_alloc_array(struct arena *a, size_t count, size_t size,
    size_t align);
/* A copy in the arena; {NULL,0} and over when it does not fit. */
struct str arena_str(struct arena *a, struct str s);
/*
 * Format into what is left: arena_buf lends all of the rest to a buf,
 * arena_keep takes back what the buf did not use and returns its text.
 * Nothing else may be allocated in between.
 */
struct buf arena_buf(struct arena *a);
struct str arena_keep(struct arena *a, struct buf *b);
size_t arena_mark(const struct arena *a);
void arena_reset(struct arena *a, size_t mark);

/* mem.c [mem_, scratch_]: where all memory comes from ------------------- */

/*
 * Every region is reserved by name before the loop starts, from address
 * space that costs nothing until it is touched, and listed by mem_table().
 * After mem_seal() a reservation is a CHECK. One table per struct mem, so
 * that the simulator can run several operators in one process.
 */
struct mem_region {
	const char *name;	/* static text */
	void *p;
	size_t size, align;
	const size_t *high;	/* high-water mark in bytes, or NULL */
};

struct io;

struct mem {
	const struct io *io;
	struct mem_region region[MEM_REGIONS_MAX];
	size_t count, total;
	bool sealed;
	unsigned fail_after;	/* faults: the n-th reservation fails; 0: off */
};

void mem_init(struct mem *m, const struct io *io);
/* count * size zeroed bytes, or NULL when the system has no such room. */
void *mem_reserve(struct mem *m, const char *name, size_t count, size_t size);
/* Names the word that holds the region's high-water mark. */
void mem_watch(struct mem *m, const void *region, const size_t *high);
void mem_seal(struct mem *m);
/* "name bytes high" lines and a total, for --print-memory and profiling. */
void mem_table(const struct mem *m, struct buf *out);
/* Gives the pages of an unused stretch back to the system (madvise). */
void mem_trim(struct mem *m, void *p, size_t n);
void mem_free_all(struct mem *m);	/* tests and the simulator only */

/*
 * Libraries that allocate (libyaml; parts of libc in the release build) get
 * memory only between scratch_begin and scratch_end, from the arena given,
 * which is thrown away whole. Over its cap they see NULL. Outside a scope
 * scratch_malloc is a CHECK. Scopes do not nest. The release build's malloc
 * family is this one.
 */
void scratch_begin(struct arena *a);
void scratch_end(void);
void *scratch_malloc(size_t n);
void *scratch_realloc(void *p, size_t n);
void scratch_free(void *p);
char *scratch_strdup(const char *s);

/* pool.c [pool_]: fixed slots ------------------------------------------- */

/*
 * Slots of one size in memory given once, with a free list in an index
 * array of its own, so that a free slot's pages stay untouched. Lowest
 * never-used slots last: memory touched follows the high-water mark.
 */
struct pool {
	char *mem;
	uint32_t *next;
	size_t size;
	uint32_t cap, used, high, fresh, free_head;
	size_t touched;		/* bytes, the most there were; for mem_watch */
};
#define POOL_NONE UINT32_MAX

void pool_init(struct pool *p, void *mem, uint32_t *next, uint32_t cap,
    size_t size);
uint32_t pool_take(struct pool *p);	/* zeroed slot, or POOL_NONE */
void pool_give(struct pool *p, uint32_t index);
bool pool_has(const struct pool *p, uint32_t index);	/* is it taken? */
/* CHECKs that the slot is taken, as pool_give does. */
void *pool_at(const struct pool *p, uint32_t index);

/* map.c [map_]: 64-bit key hash to slot index ---------------------------- */

/*
 * Open addressing over an array given once; the caller compares full keys
 * through `same`. Capacity must be a power of two, at least 4/3 of the most
 * entries; linear probing, deletion by backward shift.
 */
struct map_cell {
	uint32_t hash;
	uint32_t value;		/* slot + 1; 0: empty */
};
struct map {
	struct map_cell *cell;
	uint32_t cap, used;
};
typedef bool map_same(const void *ctx, uint32_t value, const void *key);

void map_init(struct map *m, struct map_cell *cells, uint32_t cap);
/* The slot stored under hash for which same() holds, or MAP_NONE. */
#define MAP_NONE UINT32_MAX
uint32_t map_get(const struct map *m, uint64_t hash, map_same *same,
    const void *ctx, const void *key);
/* The key must not be there yet. ERR_FULL at cap - cap/4 entries. */
int map_put(struct map *m, uint64_t hash, uint32_t value);
/* Removes the entry with exactly this value; CHECK when it is not there. */
void map_del(struct map *m, uint64_t hash, uint32_t value);
/* The power of two to give map_init for `most` entries. */
uint32_t map_cap_for(uint32_t most);

/* heap.c [heap_]: a binary min-heap of deadlines by slot ----------------- */

/*
 * Each id in 0..cap-1 is in the heap at most once; pos[] finds it, so that a
 * deadline moves or goes in O(log n).
 */
struct heap_item {
	int64_t at_ns;
	uint32_t id;
};
struct heap {
	struct heap_item *item;
	uint32_t *pos;		/* id -> index + 1; 0: not in the heap */
	uint32_t n, cap;
};
void heap_init(struct heap *h, struct heap_item *items, uint32_t *pos,
    uint32_t cap);
void heap_set(struct heap *h, uint32_t id, int64_t at_ns); /* add or move */
void heap_del(struct heap *h, uint32_t id);		/* absent: fine */
bool heap_has(const struct heap *h, uint32_t id);
const struct heap_item *heap_min(const struct heap *h);	/* NULL: empty */

/* clock.c [time_]: instants and their text forms ------------------------- */

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define TIME_NEVER INT64_MAX
/* How long to wait after so many tries: the first delay, doubled by each but
 * the first, and at most so long. */
int64_t time_backoff(int64_t first_ns, uint32_t tries, int64_t most_ns);
#define S_PER_DAY 86400
/* In the Gregorian calendar, UTC; months and days from 1. */
struct civil {
	int64_t year;
	unsigned month, day, hour, minute, second;
};
/* year, month and day of so many days after 1970-01-01, from 1677 on. */
void time_civil_day(int64_t days, struct civil *ret);
/* RFC 3339 in UTC, seconds ("2026-11-21T07:06:59Z"), 20 bytes. */
void time_rfc3339(struct buf *b, int64_t wall_ns);
/* With six decimals, as Lease and Event micro times are written. */
void time_rfc3339_micro(struct buf *b, int64_t wall_ns);
/*
 * RFC 3339 with any offset and up to nine decimals, T and Z in upper case and
 * no leap second, as Go has it; from 1970 on, to what an int64_t of ns holds
 * (2262-04-11). ERR_BAD otherwise.
 */
int time_parse(struct str s, int64_t *ret_wall_ns);

/* io.c, io_linux.c [io_]: the seam --------------------------------------- */

struct net_addr {
	uint8_t family;		/* 4 or 6; 0: none */
	uint8_t ip[16];		/* network order; the first 4 for family 4 */
	uint16_t port;
	uint32_t scope;		/* IPv6 zone index */
};

enum io_event_bits {
	IO_READ = 1, IO_WRITE = 2, IO_HANGUP = 4
};
struct io_event {
	int fd;
	uint8_t bits;
	uint64_t tag;		/* as given to watch */
};

enum io_signal { IO_SIGNAL_TERM = 1, IO_SIGNAL_HUP = 2, IO_SIGNAL_USR1 = 4 };

/*
 * All I/O there is. Descriptors are small non-negative ints, non-blocking
 * and close-on-exec. Functions return >= 0 or a negative ERR_* code; a call
 * that would block returns ERR_AGAIN. EINTR is never seen. io_linux.c is the
 * real one; the simulator has another.
 */
struct io {
	void *ctx;
	int64_t (*mono_ns)(void *ctx);
	int64_t (*wall_ns)(void *ctx);
	int64_t (*cpu_ns)(void *ctx);		/* CPU time of the process */
	int (*random)(void *ctx, void *p, size_t n);	/* all n or ERR_IO */

	/* Files. read_file: whole, at most cap bytes, else ERR_LIMIT; the
	 * length. Follows symbolic links. ERR_NOENT, ERR_DENIED, ERR_IO. */
	int (*read_file)(void *ctx, const char *path, void *p, size_t cap);
	int (*write_file)(void *ctx, const char *path, const void *p,
	    size_t n, unsigned mode);		/* replaces atomically */
	const char *(*env)(void *ctx, const char *name);
	/* Standard streams: 0 in, 1 out, 2 err; write is all or error. Both
	 * may block: std_read until there is something (0: end) or a signal
	 * comes (ERR_CANCELLED), std_write for a second (ERR_TIMEOUT). */
	int (*std_read)(void *ctx, void *p, size_t cap);
	int (*std_write)(void *ctx, int stream, const void *p, size_t n);

	/* Sockets. connect starts; IO_WRITE then tells that it ended, and
	 * tcp_connected gives 0 or why not. Closing what was connected drops
	 * what was not sent yet, and the peer sees a reset. */
	int (*tcp_connect)(void *ctx, const struct net_addr *to);
	int (*tcp_connected)(void *ctx, int fd);
	/* What connections that are begun from now on have sent is given up
	 * after this long without an acknowledgement, even when the process is
	 * stopped; at most and at first IO_UNACKED_MS. */
	void (*tcp_unacked)(void *ctx, int64_t limit_ns);
	int (*tcp_listen)(void *ctx, const struct net_addr *at);
	int (*tcp_accept)(void *ctx, int fd, struct net_addr *ret_from);
	int (*udp_open)(void *ctx, const struct net_addr *to); /* connected */
	int (*read)(void *ctx, int fd, void *p, size_t cap);  /* 0: end */
	int (*write)(void *ctx, int fd, const void *p, size_t n);
	void (*close)(void *ctx, int fd);

	/* Readiness (level triggered). watch with bits 0 stops watching, and
	 * so does close; ERR_FULL from descriptor IO_FDS_MAX on. IO_HANGUP
	 * asks to hear that the peer closed while nobody reads; it also comes
	 * unasked with an error, together with what was watched for. */
	int (*watch)(void *ctx, int fd, uint8_t bits, uint64_t tag);
	/* Waits until an event, a signal or the deadline; the count of
	 * events, at most IO_EVENTS_MAX; returns at once as long as signals()
	 * has something to tell. */
	int (*wait)(void *ctx, struct io_event *ret, int cap,
	    int64_t deadline_ns);
	/* Signals seen since the last call, as IO_SIGNAL_* bits. */
	unsigned (*signals)(void *ctx);

	/* Runs argv (NULL ended; found by PATH) to its end, at most
	 * timeout_ms, standard output into p; for exec credential plugins of
	 * the command line. env: "NAME=value" added to the own environment,
	 * or NULL. The bytes of output; ERR_NOENT or ERR_DENIED (no such
	 * program), ERR_LIMIT (over cap), ERR_TIMEOUT, ERR_CANCELLED (a
	 * signal came); the program is killed then. Status: exit code, or
	 * 128 and the signal's number. */
	int (*run)(void *ctx, const char *const *argv, const char *const *env,
	    void *p, size_t cap, int64_t timeout_ms, int *ret_status);

	/* Address space: zeroed, page aligned, untouched; NULL: none. */
	void *(*map)(void *ctx, size_t n);
	void (*unmap)(void *ctx, void *p, size_t n);
	void (*trim)(void *ctx, void *p, size_t n);
	/* Resident bytes: text and file backed, anonymous. 0 or ERR. */
	int (*rss)(void *ctx, size_t *ret_file, size_t *ret_anon);
	void (*exit)(void *ctx, int status);	/* does not return */
};

/* The real thing; one per process. Ignores SIGPIPE, catches TERM/INT/HUP. */
const struct io *io_linux(void);
/*
 * no_new_privs, not dumpable, capabilities dropped, and where the kernel has
 * them a Landlock ruleset (files can be read and nothing else) and a seccomp
 * filter that leaves only what the loop needs. Best effort:
 * *ret_what gets one word per measure that took effect, for the log.
 */
void io_linux_harden(struct buf *ret_what);

/* io_linux_peers.c: other processes and folders ------------------------- */

typedef void peers_name(void *ctx, const char *name);
/*
 * What `mcp-operator reload` needs of the system besides; like io. Paths lead
 * through symbolic links, but for `link` itself.
 */
struct peers {
	void *ctx;
	int pid;			/* our own */
	uint32_t user;			/* that we run as */
	/* Each name in a folder but "." and "..". */
	int (*list)(void *ctx, const char *path, peers_name *each,
	    void *each_ctx);
	/* Where a symbolic link leads, and the bytes of a file from `at` on;
	 * how many bytes, less than cap only where it ends. */
	int (*link)(void *ctx, const char *path, void *p, size_t cap);
	int (*part)(void *ctx, const char *path, uint32_t at, void *p,
	    size_t cap);
	/* When a symbolic link was made, in ticks since boot, as /proc/PID/stat
	 * tells of a process; 0: before. ERR_BAD: nobody knows, the clock
	 * was set back since. */
	int (*made)(void *ctx, const char *path, uint64_t *ret_ticks);
	/* Of all that a file holds. */
	int (*sum)(void *ctx, const char *path, uint64_t *ret);
	/* ERR_DENIED: it has another user. ERR_NOENT: it has ended. */
	int (*kill)(void *ctx, int pid, int signal);
};
const struct peers *peers_linux(void);

/*
 * "1.2.3.4", "::1", "fe80::1%2" (zones by number); port stays. addr_format:
 * RFC 5952, without the port; nothing for family 0.
 */
int addr_parse(struct str s, struct net_addr *ret);
void addr_format(struct buf *b, const struct net_addr *a);
/* ":8080" (any, IPv4 too), "1.2.3.4:80", "[::1]:80", "0" (off: family 0). */
int addr_parse_bind(struct str s, struct net_addr *ret);

/* rand.c [rand_] --------------------------------------------------------- */

/* Not for keys: jitter and correlation ids. Seeded from io->random. */
struct rng { uint64_t s[4]; };
void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);		/* n > 0 */

/* log.c [log_] ------------------------------------------------------------ */

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/*
 * One line an event, JSON or logfmt-like text, to io stream 2, with time,
 * level, message, the correlation id of the work at hand and fields. Values
 * are escaped; a line is cut at LOG_LINE_MAX. Lines above the rate limit are
 * dropped and counted, the count is told by the next line that passes.
 */
struct log {
	const struct io *io;
	enum log_level level;
	bool json, correlate;
	int64_t window_ns;
	uint32_t in_window, dropped;
	struct counts *counts;		/* LOG_DROPPED; may be NULL */
	char id[17];			/* correlation id; "": none */
};

void log_init(struct log *l, const struct io *io);
int log_level_parse(struct str s, enum log_level *ret);
void log_correlate(struct log *l, uint64_t id);		/* 0: none */
/*
 * fields: name/format pairs, e.g.
 *   log_line(l, LOG_WARN, "apply failed", "kind=%s name=%S code=%d",
 *       kind, name, code)
 * Names are [a-z_]+ separated from the value's format by '=', pairs by one
 * space. fields may be NULL. Never pass a secret.
 */
void log_line(struct log *l, enum log_level level, const char *msg,
    const char *fields, ...);

/* count.c [count_]: counters that any room may bump ----------------------- */

/*
 * Declared in include/metrics.def. Plain process-wide numbers without
 * labels; what has labels is computed by control when metrics are asked for.
 * One struct per operator, so that the simulator can run several.
 */
enum count_id {
#define COUNT(id, name, type, help) COUNT_##id,
#include "metrics.def"
#undef COUNT
	COUNT_IDS
};
struct counts { uint64_t v[COUNT_IDS]; };
void count_add(struct counts *c, enum count_id id, uint64_t n);	/* c: NULL ok */
const char *count_name(enum count_id id);
const char *count_type(enum count_id id);	/* "counter" or "gauge" */
const char *count_help(enum count_id id);

/* opts.c [opts_]: flags, environment and help from one table -------------- */

enum opt_type {
	OPT_BOOL, OPT_I64, OPT_STR, OPT_DURATION, OPT_FLOAT3 /* x1000 */
};
/*
 * One row a flag. Value precedence: flag, then environment, then default.
 * `--name=value`, `--name value`, and for bools `--name`. Names are also
 * taken with one dash, as Go programs do. min/max bound I64, FLOAT3 (in
 * thousandths) and durations (in ns).
 */
struct opt {
	const char *name;	/* without dashes */
	const char *env;	/* or NULL; set but empty counts as unset */
	const char *def;	/* textual default; NULL: "", 0, false */
	enum opt_type type;
	size_t offset;		/* into the options struct: bool, int64_t,
				 * struct str, int64_t ns, int64_t x1000 */
	int64_t min, max;	/* both 0: any */
	const char *help;
};
/*
 * Fills *opts from argv[1..] and the environment. Non-flag arguments are
 * left to the caller: their count goes to *ret_rest and argv is permuted so
 * that they come first, argv[1] to argv[*ret_rest]. 0 or ERR_USAGE; then d
 * has the first error, its text a whole sentence with the flag's or the
 * variable's name, and nothing is written. A wrong default is a CHECK.
 * String values point into argv or the environment.
 */
int opts_parse(const struct opt *table, size_t n, const struct io *io,
    int argc, char **argv, void *opts, int *ret_rest, struct diag *d);
/* Help text: flag, type, default, environment, help; one flag a line. */
void opts_help(const struct opt *table, size_t n, struct buf *out);
/*
 * Durations as Go writes them ("300ms", "1.5h", "2h45m", "0"); ERR_BAD,
 * ERR_LIMIT over 2^63 ns. Days and weeks are not taken.
 */
int duration_parse(struct str s, int64_t *ret_ns);
void duration_format(struct buf *b, int64_t ns);

#endif
