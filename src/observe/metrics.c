#include "observe.h"

/* ---- text ---------------------------------------------------------------- */

static bool name_ok(const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (!(*c == '_' || (*c >= 'a' && *c <= 'z') ||
		    (c > name && *c >= '0' && *c <= '9')))
			return false;
	return c > name;
}

/* Inside of a label's value; quotes stand free in a help text. */
static void escape(struct buf *out, struct str s, bool quotes)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '\n')
			buf_cstr(out, "\\n");
		else if (s.p[i] == '\\' || (quotes && s.p[i] == '"'))
			buf_fmt(out, "\\%c", s.p[i]);
		else
			buf_char(out, s.p[i]);
	}
}

void metric_family(struct buf *out, const char *name, const char *type,
    const char *help)
{
	CHECK(name_ok(name));
	buf_fmt(out, "# HELP %s ", name);
	escape(out, str_from(help), false);
	buf_fmt(out, "\n# TYPE %s %s\n", name, type);
}

/* "a="x",b="y"" without braces. */
static void labels_put(struct buf *out, const struct metric_label *labels,
    uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		CHECK(name_ok(labels[i].name));
		buf_fmt(out, "%s%s=\"", i ? "," : "", labels[i].name);
		escape(out, labels[i].value, true);
		buf_char(out, '"');
	}
}

static void sample_head(struct buf *out, const char *name, const char *suffix,
    const struct metric_label *labels, uint32_t n)
{
	CHECK(name_ok(name));
	buf_fmt(out, "%s%s", name, suffix);
	if (n) {
		buf_char(out, '{');
		labels_put(out, labels, n);
		buf_char(out, '}');
	}
	buf_char(out, ' ');
}

/* "1.25": without zeros at the end, as Prometheus' own clients write. */
static void put_seconds(struct buf *out, uint64_t ns)
{
	char digits[9];
	uint64_t rest = ns % NS_PER_S;
	size_t i, n = sizeof(digits);

	for (i = n; i > 0; i--) {
		digits[i - 1] = (char)('0' + rest % 10);
		rest /= 10;
	}
	while (n && digits[n - 1] == '0')
		n--;
	buf_u64(out, ns / NS_PER_S);
	if (n) {
		buf_char(out, '.');
		buf_put(out, digits, n);
	}
}

void metric_u64(struct buf *out, const char *name,
    const struct metric_label *labels, uint32_t n, uint64_t value)
{
	sample_head(out, name, "", labels, n);
	buf_fmt(out, "%U\n", value);
}

void metric_i64(struct buf *out, const char *name,
    const struct metric_label *labels, uint32_t n, int64_t value)
{
	sample_head(out, name, "", labels, n);
	buf_fmt(out, "%D\n", value);
}

void metric_seconds(struct buf *out, const char *name,
    const struct metric_label *labels, uint32_t n, int64_t value_ns)
{
	sample_head(out, name, "", labels, n);
	if (value_ns < 0)
		buf_char(out, '-');
	put_seconds(out, value_ns < 0 ? 0 - (uint64_t)value_ns :
	    (uint64_t)value_ns);
	buf_char(out, '\n');
}

/* ---- histograms ---------------------------------------------------------- */

#define MS(n) ((n) * NS_PER_MS)
const int64_t histogram_work_ns[HISTOGRAM_WORK_BOUNDS] = {
	MS(5), MS(10), MS(25), MS(50), MS(100), MS(250), MS(500),
	MS(1000), MS(2500), MS(5000), MS(10000), MS(30000), MS(60000)
};

void histogram_init(struct histogram *h, const int64_t *bound_ns,
    uint64_t *count, uint32_t bounds)
{
	uint32_t i;

	*h = (struct histogram){ bound_ns, count, bounds, 0 };
	for (i = 0; i < bounds; i++) {
		CHECK(bound_ns[i] >= (i ? bound_ns[i - 1] + 1 : 0));
		count[i] = 0;
	}
	count[bounds] = 0;
}

void histogram_add(struct histogram *h, int64_t ns)
{
	uint32_t i = 0;

	if (ns < 0)
		ns = 0;
	while (i < h->bounds && ns > h->bound_ns[i])
		i++;
	h->count[i]++;
	h->sum_ns += (uint64_t)ns;
}

static void bucket_put(struct buf *out, const char *name,
    const struct metric_label *labels, uint32_t n,
    const struct histogram *h, uint32_t i, uint64_t total)
{
	buf_fmt(out, "%s_bucket{", name);
	labels_put(out, labels, n);
	buf_cstr(out, n ? ",le=\"" : "le=\"");
	if (i < h->bounds)
		put_seconds(out, (uint64_t)h->bound_ns[i]);
	else
		buf_cstr(out, "+Inf");
	buf_fmt(out, "\"} %U\n", total);
}

void metric_histogram(struct buf *out, const char *name,
    const struct metric_label *labels, uint32_t n,
    const struct histogram *h)
{
	uint64_t total = 0;
	uint32_t i;

	for (i = 0; i <= h->bounds; i++) {
		total += h->count[i];
		bucket_put(out, name, labels, n, h, i, total);
	}
	sample_head(out, name, "_sum", labels, n);
	put_seconds(out, h->sum_ns);
	buf_char(out, '\n');
	sample_head(out, name, "_count", labels, n);
	buf_fmt(out, "%U\n", total);
}

/* ---- pages --------------------------------------------------------------- */

/* A page's cursor: the source above, the source's own below. */
#define SOURCE_SHIFT 48

int metrics_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	const struct metrics_page *page = ctx;
	uint64_t at = *cursor >> SOURCE_SHIFT;
	uint64_t inner = *cursor & (((uint64_t)1 << SOURCE_SHIFT) - 1);

	while (at < page->sources) {
		const struct metrics_source *s = &page->source[at];
		size_t mark = out->n;
		uint64_t next = inner;
		int more = s->emit(s->ctx, &next, out);

		if (more < 0)
			return more;
		if (out->over && !mark)
			return ERR_LIMIT;
		if (out->over) {
			out->n = mark;
			out->over = false;
			break;
		}
		CHECK(!more || (next != inner && !(next >> SOURCE_SHIFT)));
		at += !more;
		inner = more ? next : 0;
	}
	*cursor = at << SOURCE_SHIFT | inner;
	return at < page->sources;
}

int metrics_emit_counts(void *ctx, uint64_t *cursor, struct buf *out)
{
	const struct counts *counts = ctx;
	enum count_id id = (enum count_id)*cursor;
	const char *name;

	if (*cursor >= COUNT_IDS)
		return 0;
	name = count_name(id);
	metric_family(out, name, count_type(id), count_help(id));
	metric_u64(out, name, NULL, 0, counts->v[id]);
	return ++*cursor < COUNT_IDS;
}

static void process_memory(const struct io *io, struct buf *out)
{
	static const char name[] = "process_resident_memory_bytes";
	size_t file, anon;

	if (io->rss(io->ctx, &file, &anon))
		return;
	metric_family(out, name, "gauge", "Resident memory in bytes.");
	metric_u64(out, name, NULL, 0, (uint64_t)file + anon);
}

static void process_times(const struct metrics_process *p, struct buf *out)
{
	static const char cpu[] = "process_cpu_seconds_total";
	static const char start[] = "process_start_time_seconds";

	metric_family(out, cpu, "counter",
	    "User and system CPU time spent in seconds.");
	metric_seconds(out, cpu, NULL, 0, p->io->cpu_ns(p->io->ctx));
	metric_family(out, start, "gauge",
	    "Start time of the process since the Unix epoch in seconds.");
	metric_seconds(out, start, NULL, 0, p->start_ns);
}

static void process_build(struct buf *out)
{
	static const char name[] = "mcp_operator_build_info";
	const struct metric_label version = { "version", STR(MCP_VERSION) };

	metric_family(out, name, "gauge",
	    "Always 1; the label tells what is running.");
	metric_u64(out, name, &version, 1, 1);
}

int metrics_emit_process(void *ctx, uint64_t *cursor, struct buf *out)
{
	const struct metrics_process *p = ctx;

	(void)cursor;
	process_memory(p->io, out);
	process_times(p, out);
	process_build(out);
	return 0;
}
