#include <string.h>

#include "control_int.h"

int series_init(struct manager *m, struct mem *mem)
{
	int g;

	(void)mem;
	for (g = 0; g < GROUPS; g++)
		histogram_init(&m->series.duration[g], histogram_work_ns,
		    m->series.duration_counts[g], HISTOGRAM_WORK_BOUNDS);
	return 0;
}

void series_reconciled(struct manager *m, const struct record *r,
    enum result how, int64_t took_ns)
{
	m->series.reconciles[r->group][how]++;
	histogram_add(&m->series.duration[r->group], took_ns);
}

static const char *const result_name[RESULTS] = {
	[RESULT_SUCCESS] = "success", [RESULT_ERROR] = "error",
	[RESULT_REQUEUE] = "requeue_after"
};

/* ---- pieces that count over all records ---- */

struct tally { uint64_t of[GROUPS][PHASE_READY + 1]; };

static void tally_make(const struct manager *m, struct tally *t)
{
	uint32_t i;

	memset(t, 0, sizeof(*t));
	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		const struct record *r = record_at(&m->records, i);

		if (r->flags & RECORD_LIVE)
			t->of[r->group][r->phase]++;
	}
}

static void emit_phases(const struct manager *m, const char *name,
    const char *type, const char *help, struct buf *out)
{
	struct tally t;
	int g, p;

	tally_make(m, &t);
	metric_family(out, name, type, help);
	for (g = 0; g < GROUPS; g++)
		for (p = 0; p <= PHASE_TERMINATING; p++) {
			struct metric_label l[] = {
				{ "group",
				  str_from(group_info((enum group)g)->group)
				},
				{ "phase", str_from(schema_word(
				  &phase_words, (uint32_t)p)) }
			};

			metric_u64(out, name, l, 2, t.of[g][p]);
		}
}

static void emit_servers(const struct manager *m, struct buf *out)
{
	/* Documented with a counter's suffix, but it goes down as well. */
	emit_phases(m, "mcp_servers_total", "untyped",
	    "MCPServers by phase.", out);
}

static void emit_server_phase(const struct manager *m, struct buf *out)
{
	emit_phases(m, "mcpserver_phase", "gauge", "MCPServers by phase.",
	    out);
}

static void emit_server_total(const struct manager *m, struct buf *out)
{
	uint64_t n = 0;
	int g;

	for (g = 0; g < GROUPS; g++)
		n += m->records.live[g];
	metric_family(out, "mcpserver_total", "untyped", "MCPServers.");
	metric_u64(out, "mcpserver_total", NULL, 0, n);
}

/* ---- reconciles ---- */

static void emit_results(const struct manager *m, const char *name,
    const char *help, const char *label, struct buf *out)
{
	int g, k;

	metric_family(out, name, "counter", help);
	for (g = 0; g < GROUPS; g++)
		for (k = 0; k < RESULTS; k++) {
			struct metric_label l[] = {
				{ label,
				  str_from(group_info((enum group)g)->group)
				},
				{ "result", str_from(result_name[k]) }
			};

			metric_u64(out, name, l, 2,
			    m->series.reconciles[g][k]);
		}
}

static void emit_reconciles(const struct manager *m, struct buf *out)
{
	emit_results(m, "mcp_controller_reconcile_total",
	    "Reconciles by result.", "group", out);
}

static void emit_runtime_reconciles(const struct manager *m,
    struct buf *out)
{
	emit_results(m, "controller_runtime_reconcile_total",
	    "Reconciles by controller and result.", "controller", out);
}

static void emit_result_errors(const struct manager *m, const char *name,
    const char *label, struct buf *out)
{
	int g;

	metric_family(out, name, "counter", "Reconciles that failed.");
	for (g = 0; g < GROUPS; g++) {
		struct metric_label l = { label,
		    str_from(group_info((enum group)g)->group) };

		metric_u64(out, name, &l, 1,
		    m->series.reconciles[g][RESULT_ERROR]);
	}
}

static void emit_errors(const struct manager *m, struct buf *out)
{
	emit_result_errors(m, "mcp_controller_reconcile_errors_total",
	    "group", out);
}

static void emit_runtime_errors(const struct manager *m, struct buf *out)
{
	emit_result_errors(m, "controller_runtime_reconcile_errors_total",
	    "controller", out);
}

static void emit_durations(const struct manager *m, const char *name,
    const char *label, struct buf *out)
{
	int g;

	metric_family(out, name, "histogram",
	    "Time from taking a server in hand to its end.");
	for (g = 0; g < GROUPS; g++) {
		struct metric_label l = { label,
		    str_from(group_info((enum group)g)->group) };

		metric_histogram(out, name, &l, 1, &m->series.duration[g]);
	}
}

static void emit_duration(const struct manager *m, struct buf *out)
{
	emit_durations(m, "mcp_controller_reconcile_duration_seconds",
	    "group", out);
}

static void emit_server_duration(const struct manager *m, struct buf *out)
{
	emit_durations(m, "mcpserver_reconcile_duration_seconds", "group",
	    out);
}

static void emit_runtime_duration(const struct manager *m, struct buf *out)
{
	emit_durations(m, "controller_runtime_reconcile_time_seconds",
	    "controller", out);
}

/* ---- children ---- */

static void emit_child_counts(const char *name, const char *help,
    const struct manager *m, enum child_kind k, struct buf *out)
{
	static const char *const op[] = {
		"apply", "apply", "delete", "delete"
	};
	static const char *const result[] = {
		"success", "error", "success", "error"
	};
	const uint64_t v[] = {
		m->series.child[k].applies, m->series.child[k].refused,
		m->series.child[k].deletes, m->series.child[k].kept
	};
	size_t i;

	metric_family(out, name, "counter", help);
	for (i = 0; i < ARRAY_LEN(v); i++) {
		struct metric_label l[] = {
			{ "operation", str_from(op[i]) },
			{ "result", str_from(result[i]) }
		};

		metric_u64(out, name, l, 2, v[i]);
	}
}

static void emit_deployments(const struct manager *m, struct buf *out)
{
	emit_child_counts("mcp_deployment_operations_total",
	    "Writes of Deployments.", m, CHILD_DEPLOYMENT, out);
}

static void emit_services(const struct manager *m, struct buf *out)
{
	emit_child_counts("mcp_service_operations_total",
	    "Writes of Services.", m, CHILD_SERVICE, out);
}

static void emit_creation_errors(const struct manager *m, struct buf *out)
{
	metric_family(out, "mcpserver_deployment_creation_errors_total",
	    "counter", "Deployments that were refused.");
	metric_u64(out, "mcpserver_deployment_creation_errors_total", NULL,
	    0, m->series.child[CHILD_DEPLOYMENT].refused);
	metric_family(out, "mcpserver_service_creation_errors_total",
	    "counter", "Services that were refused.");
	metric_u64(out, "mcpserver_service_creation_errors_total", NULL, 0,
	    m->series.child[CHILD_SERVICE].refused);
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
	emit_servers, emit_server_total, emit_server_phase,
	emit_reconciles, emit_errors, emit_duration, emit_server_duration,
	emit_runtime_reconciles, emit_runtime_errors, emit_runtime_duration,
	emit_deployments, emit_services, emit_creation_errors, emit_queue,
	emit_capacity, emit_state
};

static void emit_info(const struct record *r, struct buf *out)
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

	metric_u64(out, "mcp_server_info", l, ARRAY_LEN(l), 1);
}

/*
 * The cursor: first the pieces by index, then one line a record, counted
 * from the slot.
 */
int series_emit(void *ctx, uint64_t *cursor, struct buf *out)
{
	const struct manager *m = ctx;
	uint64_t at = *cursor;
	uint32_t i;

	if (at < ARRAY_LEN(pieces)) {
		pieces[at](m, out);
		*cursor = at + 1;
		return 1;
	}
	at -= ARRAY_LEN(pieces);
	if (at == 0)
		metric_family(out, "mcp_server_info", "gauge",
		    "One for each MCPServer, with what it is in labels.");
	i = record_next(&m->records, (uint32_t)at);
	if (i == RECORD_NONE)
		return 0;
	if (record_at(&m->records, i)->flags & RECORD_LIVE)
		emit_info(record_at(&m->records, i), out);
	*cursor = ARRAY_LEN(pieces) + i + 1;
	return 1;
}
