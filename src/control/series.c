#include <string.h>

#include "control_int.h"

/* One for each namespace, and one for those there is no room for. */
enum { SPACES = SERIES_SPACES_MAX + 1 };

static void space_begin(struct space *s, const char *ns)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->ns, ns, strlen(ns) + 1);
	histogram_init(&s->duration, histogram_work_ns, s->duration_counts,
	    HISTOGRAM_WORK_BOUNDS);
}

int series_init(struct manager *m, struct mem *mem)
{
	struct series *s = &m->series;
	int g;

	for (g = 0; g < GROUPS; g++)
		histogram_init(&s->duration[g], histogram_work_ns,
		    s->duration_counts[g], HISTOGRAM_WORK_BOUNDS);
	s->space = mem_reserve(mem, "namespaces counted", SPACES,
	    sizeof(*s->space));
	if (s->space == NULL)
		return ERR_FULL;
	space_begin(&s->space[0], "");
	return 0;
}

/*
 * The record remembers its namespace's place, which another may have by now;
 * a namespace for which there is no room has the first one.
 */
static struct space *space_of(struct manager *m, struct record *r)
{
	struct space *all = m->series.space;
	uint8_t i, unused = 0;

	if (r->space > 0 && strcmp(all[r->space].ns, r->ns) == 0)
		return &all[r->space];
	for (i = SPACES - 1; i > 0; i--) {
		if (strcmp(all[i].ns, r->ns) == 0)
			break;
		if (all[i].ns[0] == '\0')
			unused = i;
	}
	if (i == 0 && unused > 0) {
		i = unused;
		space_begin(&all[i], r->ns);
	}
	r->space = i;
	return &all[i];
}

void series_reconciled(struct manager *m, struct record *r,
    enum result how, int64_t took_ns)
{
	struct space *s = space_of(m, r);

	m->series.reconciles[r->group][how]++;
	histogram_add(&m->series.duration[r->group], took_ns);
	s->reconciles[how]++;
	histogram_add(&s->duration, took_ns);
}

void series_child(struct manager *m, struct record *r, enum child_kind k,
    enum child_count what)
{
	space_of(m, r)->children[k][what]++;
	if (what == CHILD_REFUSED && k < CHILD_KINDS)
		r->refused[k]++;
}

void series_ready(struct record *r, const struct server_status *st)
{
	const struct condition *c = status_condition(st, "Ready");

	r->flags &= ~(uint32_t)RECORD_READY;
	if (c != NULL && c->status == COND_TRUE)
		r->flags |= RECORD_READY;
}

/*
 * Once a page. A namespace that has lost its last server goes with all that
 * was counted of it, so that namespaces which come and go leave nothing.
 */
static void spaces_count(struct manager *m)
{
	struct space *all = m->series.space;
	uint32_t i;

	for (i = 0; i < SPACES; i++) {
		all[i].live = 0;
		memset(all[i].of, 0, sizeof(all[i].of));
	}
	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		struct record *r = record_at(&m->records, i);
		struct space *s;

		if (!(r->flags & RECORD_LIVE))
			continue;
		s = space_of(m, r);
		s->live++;
		s->of[r->phase]++;
	}
	for (i = 1; i < SPACES; i++)
		if (all[i].live == 0)
			all[i].ns[0] = '\0';
}

static const char *const result_name[RESULTS] = {
	[RESULT_SUCCESS] = "success", [RESULT_ERROR] = "error",
	[RESULT_REQUEUE] = "requeue_after"
};

/* ---- by namespace ---- */

static struct metric_label label_ns(const struct space *s)
{
	return (struct metric_label){ "namespace", str_from(s->ns) };
}

static void space_phases(const struct space *s, const char *name,
    struct buf *out)
{
	int p;

	for (p = 0; p <= PHASE_TERMINATING; p++) {
		struct metric_label l[] = {
			label_ns(s),
			{ "phase", str_from(schema_word(&phase_words,
			  (uint32_t)p)) }
		};

		metric_u64(out, name, l, 2, s->of[p]);
	}
}

static void space_servers(const struct space *s, const char *name,
    struct buf *out)
{
	struct metric_label l = label_ns(s);

	metric_u64(out, name, &l, 1, s->live);
}

/* As documented: each reconcile counts as started, and by its end. */
static void space_reconciles(const struct space *s, const char *name,
    struct buf *out)
{
	struct metric_label l[] = {
		label_ns(s), { "result", STR("started") }
	};
	uint64_t started = 0;
	int k;

	for (k = 0; k < RESULTS; k++)
		started += s->reconciles[k];
	metric_u64(out, name, l, 2, started);
	for (k = 0; k < RESULTS; k++) {
		l[1].value = str_from(result_name[k]);
		metric_u64(out, name, l, 2, s->reconciles[k]);
	}
}

static void space_errors(const struct space *s, const char *name,
    struct buf *out)
{
	struct metric_label l = label_ns(s);

	metric_u64(out, name, &l, 1, s->reconciles[RESULT_ERROR]);
}

static void space_duration(const struct space *s, const char *name,
    struct buf *out)
{
	struct metric_label l = label_ns(s);

	metric_histogram(out, name, &l, 1, &s->duration);
}

static void space_children(const struct space *s, enum child_kind k,
    const char *name, struct buf *out)
{
	static const char *const words[][2] = {
		[CHILD_APPLIED] = { "apply", "success" },
		[CHILD_REFUSED] = { "apply", "error" },
		[CHILD_DELETED] = { "delete", "success" },
		[CHILD_KEPT] = { "delete", "error" }
	};
	size_t i;

	for (i = 0; i < CHILD_COUNTS; i++) {
		struct metric_label l[] = {
			label_ns(s), { "operation", str_from(words[i][0]) },
			{ "result", str_from(words[i][1]) },
			{ "kind", str_from(child_info[k].kind) }
		};

		metric_u64(out, name, l, k < CHILD_KINDS ? 3 : 4,
		    s->children[k][i]);
	}
}

/* Of the kinds without a family of their own; where any were written. */
static void space_extras(const struct space *s, const char *name,
    struct buf *out)
{
	int k;

	for (k = CHILD_KINDS; k < CHILD_KINDS_ALL; k++)
		if (s->children[k][CHILD_APPLIED] +
		    s->children[k][CHILD_REFUSED] +
		    s->children[k][CHILD_DELETED] +
		    s->children[k][CHILD_KEPT] > 0)
			space_children(s, (enum child_kind)k, name, out);
}

static void space_deployments(const struct space *s, const char *name,
    struct buf *out)
{
	space_children(s, CHILD_DEPLOYMENT, name, out);
}

static void space_services(const struct space *s, const char *name,
    struct buf *out)
{
	space_children(s, CHILD_SERVICE, name, out);
}

/* The first two are documented with a counter's suffix, but go down too. */
static const struct space_family {
	const char *name, *type, *help;
	void (*emit)(const struct space *s, const char *name,
	    struct buf *out);
} space_families[] = {
	{ "mcp_servers_total", "untyped", "MCPServers by phase.",
	  space_phases },
	{ "mcpserver_total", "untyped", "MCPServers.", space_servers },
	{ "mcpserver_phase", "gauge", "MCPServers by phase.", space_phases },
	{ "mcp_controller_reconcile_total", "counter",
	  "Reconciles by result.", space_reconciles },
	{ "mcp_controller_reconcile_errors_total", "counter",
	  "Reconciles that failed.", space_errors },
	{ "mcp_controller_reconcile_duration_seconds", "histogram",
	  "Time from taking a server in hand to its end.", space_duration },
	{ "mcpserver_reconcile_duration_seconds", "histogram",
	  "Time from taking a server in hand to its end.", space_duration },
	{ "mcp_deployment_operations_total", "counter",
	  "Writes of Deployments.", space_deployments },
	{ "mcp_service_operations_total", "counter",
	  "Writes of Services.", space_services },
	{ "mcp_child_operations_total", "counter",
	  "Writes of other children, of kinds with any.", space_extras },
};

/* at 0: the family's head; then one namespace each. True: all told. */
static bool space_emit(const struct manager *m, const struct space_family *f,
    uint32_t *at, struct buf *out)
{
	const struct space *all = m->series.space;
	uint32_t i = *at;

	if (i == 0) {
		metric_family(out, f->name, f->type, f->help);
		*at = 1;
		return false;
	}
	while (i <= SPACES && all[i - 1].live == 0)
		i++;
	if (i > SPACES)
		return true;
	f->emit(&all[i - 1], f->name, out);
	*at = i + 1;
	return false;
}

/* ---- by server ---- */

static void emit_info(const struct record *r, const char *name,
    struct buf *out)
{
	struct metric_label l[] = {
		{ "namespace", str_from(r->ns) },
		{ "name", str_from(r->name) },
		{ "group",
		  str_from(group_info((enum group)r->group)->group) },
		{ "transport", str_from(schema_word(&transport_type_words,
		  r->transport)) },
		{ "image", str_from(r->image) }
	};

	metric_u64(out, name, l, ARRAY_LEN(l), 1);
}

/* With the group, for servers of two may have one name. */
static void emit_ready(const struct record *r, const char *name,
    struct buf *out)
{
	struct metric_label l[] = {
		{ "namespace", str_from(r->ns) },
		{ "mcpserver", str_from(r->name) },
		{ "group",
		  str_from(group_info((enum group)r->group)->group) }
	};

	metric_u64(out, name, l, ARRAY_LEN(l), (r->flags & RECORD_READY) != 0);
}

static void emit_refused(const struct record *r, enum child_kind k,
    const char *name, struct buf *out)
{
	struct metric_label l[] = {
		{ "namespace", str_from(r->ns) },
		{ "name", str_from(r->name) },
		{ "group",
		  str_from(group_info((enum group)r->group)->group) }
	};

	if (r->refused[k] > 0)
		metric_u64(out, name, l, ARRAY_LEN(l), r->refused[k]);
}

static void emit_refused_deployments(const struct record *r,
    const char *name, struct buf *out)
{
	emit_refused(r, CHILD_DEPLOYMENT, name, out);
}

static void emit_refused_services(const struct record *r, const char *name,
    struct buf *out)
{
	emit_refused(r, CHILD_SERVICE, name, out);
}

static const struct record_family {
	const char *name, *type, *help;
	void (*emit)(const struct record *r, const char *name,
	    struct buf *out);
} record_families[] = {
	{ "mcpserver_deployment_creation_errors_total", "counter",
	  "Deployments that were refused, of servers with any.",
	  emit_refused_deployments },
	{ "mcpserver_service_creation_errors_total", "counter",
	  "Services that were refused, of servers with any.",
	  emit_refused_services },
	{ "mcp_server_info", "gauge",
	  "One for each MCPServer, with what it is in labels.", emit_info },
	{ "mcp_server_ready", "gauge",
	  "1 while the MCPServer is Ready, else 0.", emit_ready },
};

/* at 0: the family's head; then the slots, one a call. True: all told. */
static bool record_emit(const struct manager *m,
    const struct record_family *f, uint32_t *at, struct buf *out)
{
	const struct record *r;
	uint32_t i;

	if (*at == 0) {
		metric_family(out, f->name, f->type, f->help);
		*at = 1;
		return false;
	}
	i = record_next(&m->records, *at - 1);
	if (i == RECORD_NONE)
		return true;
	r = record_at(&m->records, i);
	if (r->flags & RECORD_LIVE)
		f->emit(r, f->name, out);
	*at = i + 2;
	return false;
}

/* ---- by group, as controller-runtime has it ---- */

static struct metric_label label_group(int g)
{
	return (struct metric_label){ "controller",
		str_from(group_info((enum group)g)->group) };
}

static void emit_runtime_reconciles(const struct manager *m,
    struct buf *out)
{
	static const char name[] = "controller_runtime_reconcile_total";
	int g, k;

	metric_family(out, name, "counter",
	    "Reconciles by controller and result.");
	for (g = 0; g < GROUPS; g++)
		for (k = 0; k < RESULTS; k++) {
			struct metric_label l[] = {
				label_group(g),
				{ "result", str_from(result_name[k]) }
			};

			metric_u64(out, name, l, 2,
			    m->series.reconciles[g][k]);
		}
}

static void emit_runtime_errors(const struct manager *m, struct buf *out)
{
	static const char name[] =
	    "controller_runtime_reconcile_errors_total";
	int g;

	metric_family(out, name, "counter", "Reconciles that failed.");
	for (g = 0; g < GROUPS; g++) {
		struct metric_label l = label_group(g);

		metric_u64(out, name, &l, 1,
		    m->series.reconciles[g][RESULT_ERROR]);
	}
}

static void emit_runtime_duration(const struct manager *m, struct buf *out)
{
	static const char name[] =
	    "controller_runtime_reconcile_time_seconds";
	int g;

	metric_family(out, name, "histogram",
	    "Time from taking a server in hand to its end.");
	for (g = 0; g < GROUPS; g++) {
		struct metric_label l = label_group(g);

		metric_histogram(out, name, &l, 1, &m->series.duration[g]);
	}
}

/* ---- the queue, capacities, leadership ---- */

static void plain(struct buf *out, const char *name, const char *type,
    const char *help, uint64_t v)
{
	metric_family(out, name, type, help);
	metric_u64(out, name, NULL, 0, v);
}

static void emit_queue(const struct manager *m, struct buf *out)
{
	struct metric_label l = { "name", STR("mcpserver") };
	static const char depth[] = "workqueue_depth";
	static const char adds[] = "workqueue_adds_total";
	static const char retries[] = "workqueue_retries_total";

	metric_family(out, depth, "gauge", "Servers ready to be worked on.");
	metric_u64(out, depth, &l, 1, m->queue.depth);
	metric_family(out, adds, "counter", "Servers put into the queue.");
	metric_u64(out, adds, &l, 1, m->queue.adds);
	metric_family(out, retries, "counter", "Failures put off.");
	metric_u64(out, retries, &l, 1, m->queue.retries);
}

static void emit_capacity(const struct manager *m, struct buf *out)
{
	static const char used[] = "mcp_operator_capacity_used";
	static const char size[] = "mcp_operator_capacity";
	const struct { const char *what; uint64_t used, size; } row[] = {
		{ "servers", m->records.pool.used, m->records.pool.cap },
		{ "references", m->refs.pool.used, m->refs.pool.cap },
		{ "pods", m->pods.pool.used, m->pods.pool.cap },
		{ "extra_children", m->records.extras.pool.used,
		  m->records.extras.pool.cap },
	};
	size_t i, k;

	for (k = 0; k < 2; k++) {
		metric_family(out, k ? size : used, "gauge", k ?
		    "Slots reserved at start." : "Slots in use.");
		for (i = 0; i < ARRAY_LEN(row); i++) {
			struct metric_label l = { "what",
			    str_from(row[i].what) };

			metric_u64(out, k ? size : used, &l, 1,
			    k ? row[i].size : row[i].used);
		}
	}
}

/* As client-go names and labels them, but for the host. */
static void emit_answers(const struct manager *m, struct buf *out)
{
	static const char name[] = "rest_client_requests_total";
	const char *method;
	uint32_t at = 0;
	uint16_t code;
	uint64_t n;

	metric_family(out, name, "counter", "Requests to the API server, by "
	    "method and status code; <error>: without a whole answer.");
	while (kube_tally_next(&m->client.tally, &at, &method, &code, &n)) {
		char text[8];
		struct buf b;
		struct metric_label l[2] = {
			{ "code", STR("<error>") },
			{ "method", str_from(method) },
		};

		buf_init(&b, text, sizeof(text));
		buf_u64(&b, code);
		CHECK(!b.over);
		if (code == UINT16_MAX)
			l[0].value = STR("other");
		else if (code)
			l[0].value = buf_view(&b);
		metric_u64(out, name, l, ARRAY_LEN(l), n);
	}
}

static void emit_state(const struct manager *m, struct buf *out)
{
	plain(out, "mcp_operator_leader", "gauge",
	    "1 while this process may write.", m->leading);
	plain(out, "mcp_operator_status_writes_total", "counter",
	    "Statuses written.", m->series.status_writes);
	plain(out, "mcp_operator_events_sent_total", "counter",
	    "Events written.", m->events.sent);
	plain(out, "mcp_operator_events_dropped_total", "counter",
	    "Events over a rate or a capacity.", m->events.dropped);
}

static void (*const pieces[])(const struct manager *, struct buf *) = {
	emit_runtime_reconciles, emit_runtime_errors, emit_runtime_duration,
	emit_queue, emit_answers, emit_capacity, emit_state
};

/* The cursor: which family, and behind it the place in that. */
enum { AT_BITS = 32 };

int series_emit(void *ctx, uint64_t *cursor, struct buf *out)
{
	const size_t spaces = ARRAY_LEN(space_families);
	const size_t records = spaces + ARRAY_LEN(record_families);
	struct manager *m = ctx;
	uint64_t family = *cursor >> AT_BITS;
	uint32_t at = (uint32_t)*cursor;
	bool over = true;

	if (*cursor == 0)
		spaces_count(m);
	if (family < spaces)
		over = space_emit(m, &space_families[family], &at, out);
	else if (family < records)
		over = record_emit(m, &record_families[family - spaces],
		    &at, out);
	else if (family - records < ARRAY_LEN(pieces))
		pieces[family - records](m, out);
	else
		return 0;
	*cursor = over ? (family + 1) << AT_BITS : family << AT_BITS | at;
	return 1;
}
