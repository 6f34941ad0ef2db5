#ifndef OBSERVE_H
#define OBSERVE_H

/*
 * observe: what a running program shows of itself: metrics as Prometheus
 * text, health checks, and pages for finding out what costs time or memory.
 * All of it is computed when it is asked for, in pieces that fit into the
 * server's window, so that a page of any length needs no memory.
 */

#include "base.h"
#include "net.h"

/* metrics.c [metric_, histogram_, metrics_] -------------------------------- */

/*
 * Prometheus text format 0.0.4. One family is its HELP and TYPE lines
 * followed by all its samples; a name may come once a page. Names of
 * metrics and labels are our own, so malformed ones are a CHECK; label
 * values and help may be any UTF-8 and are escaped.
 */
struct metric_label {
	const char *name;
	struct str value;
};

/* type: "counter", "gauge", "histogram" or "untyped". */
void metric_family(struct buf *out, const char *name, const char *type,
    const char *help);
/* One sample with n labels (NULL, 0: none). */
void metric_u64(struct buf *out, const char *name,
    const struct metric_label *labels, uint32_t n, uint64_t value);
void metric_i64(struct buf *out, const char *name,
    const struct metric_label *labels, uint32_t n, int64_t value);
/* Nanoseconds, shown as seconds, exactly. */
void metric_seconds(struct buf *out, const char *name,
    const struct metric_label *labels, uint32_t n, int64_t value_ns);

/*
 * Durations counted in buckets. count has one more element than bound: the
 * last one counts what is above every bound. Both belong to the caller.
 */
struct histogram {
	const int64_t *bound_ns;	/* rising, each 0 or more */
	uint64_t *count;		/* not cumulative */
	uint32_t bounds;
	uint64_t sum_ns;
};
void histogram_init(struct histogram *h, const int64_t *bound_ns,
    uint64_t *count, uint32_t bounds);
void histogram_add(struct histogram *h, int64_t ns);	/* < 0 counts as 0 */
/* The samples name_bucket{le=}, name_sum and name_count, in seconds. */
void metric_histogram(struct buf *out, const char *name,
    const struct metric_label *labels, uint32_t n,
    const struct histogram *h);
/* 5 ms to 60 s, for work that waits for a server. */
#define HISTOGRAM_WORK_BOUNDS 13
extern const int64_t histogram_work_ns[HISTOGRAM_WORK_BOUNDS];

/*
 * Where families come from. emit appends a piece, best one sample or one
 * family's head, and moves *cursor (0 at first, below 2^48) on; pieces are
 * put back and asked for again when they do not fit, so it must depend on
 * the cursor alone. What it walks over may change between two calls. 1:
 * there is more, 0: that was all, ERR_*: the page is cut.
 */
struct metrics_source {
	int (*emit)(void *ctx, uint64_t *cursor, struct buf *out);
	void *ctx;
};
struct metrics_page {
	const struct metrics_source *source;
	uint32_t sources;		/* below 2^16 */
};
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
/*
 * Fills out with whole pieces, as http_reply's `more` does; ctx is a struct
 * metrics_page. ERR_LIMIT when a single piece exceeds out.
 */
int metrics_more(void *ctx, uint64_t *cursor, struct buf *out);

/* Sources. ctx: struct counts: all of metrics.def. */
int metrics_emit_counts(void *ctx, uint64_t *cursor, struct buf *out);
/* ctx: struct metrics_process: memory, CPU time, start, version. */
struct metrics_process {
	const struct io *io;
	int64_t start_ns;		/* by the wall clock */
};
int metrics_emit_process(void *ctx, uint64_t *cursor, struct buf *out);

/* health.c [health_] ------------------------------------------------------- */

/*
 * Named checks, answered as Kubernetes' own servers do: "ok", or with
 * ?verbose or on failure one line a check; ?exclude=NAME leaves one out.
 * Status 200, or 503 when one fails.
 */
#define HEALTH_CHECKS_MAX 16
struct health_check {
	const char *name;
	/* NULL: well; else why not, in a few words without secrets. */
	const char *(*check)(void *ctx);
	void *ctx;
};
struct health {
	const char *name;		/* "readyz": the last line names it */
	const struct health_check *check;
	uint32_t checks;		/* at most HEALTH_CHECKS_MAX */
};
/* http_route's handle; ctx is a struct health. */
void health_handle(void *ctx, struct str path, struct str query,
    struct http_reply *ret);

/* endpoints.c [observe_] --------------------------------------------------- */

/* What the pages show; all of it must outlive the server. */
struct observe {
	struct metrics_page metrics;
	struct health healthz, readyz;
	const struct loop *loop;
	const struct mem *mem;
	const struct counts *counts;
};
enum observe_bits {
	OBSERVE_METRICS = 1,		/* /metrics */
	OBSERVE_HEALTH = 2,		/* /healthz, /livez, /readyz */
	OBSERVE_DEBUG = 4		/* /debug/loop, memory, counters */
};
#define OBSERVE_ROUTES_MAX 8
/* Routes for one server; the count of them. */
uint32_t observe_routes(struct observe *o, unsigned bits,
    struct http_route ret[static OBSERVE_ROUTES_MAX]);

#endif
