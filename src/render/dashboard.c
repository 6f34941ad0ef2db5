#include "render_int.h"

bool dashboard_wanted(const struct render *r)
{
	return r->monitoring.dashboard.enabled;
}

/* By the label that Grafana's sidecar looks for unless it is told another. */
const struct pairs *dashboard_labels(const struct render *r)
{
	static struct pair found = {
		STR_INIT("grafana_dashboard"), STR_INIT("1")
	};
	static const struct pairs one = { &found, 1 };
	const struct pairs *user = &r->monitoring.dashboard.labels;

	return user->n > 0 ? user : &one;
}

const struct pairs *dashboard_notes(const struct render *r)
{
	return &r->monitoring.dashboard.annotations;
}

#define OF_PODS "{namespace=\"$n\",pod=~\"$p\"}"

static const struct panel {
	const char *title, *unit;
	struct { const char *legend, *expr; } line[2];
} panels[] = {
	{ "Pods", "short", {
	  { "available",
	    "kube_deployment_status_replicas_available" OF_DEPLOYMENT },
	  { "wanted", "kube_deployment_spec_replicas" OF_DEPLOYMENT } } },
	{ "Restarts", "short", {
	  { "{{pod}}", "sum by (pod) (increase("
	    "kube_pod_container_status_restarts_total" OF_CONTAINERS
	    "[15m]))" } } },
	{ "CPU", "short", {
	  { "{{pod}}", "sum by (pod) (rate(container_cpu_usage_seconds_total"
	    OF_CONTAINERS "[5m]))" } } },
	{ "Memory", "bytes", {
	  { "{{pod}}", "max by (pod) (container_memory_working_set_bytes"
	    OF_CONTAINERS ")" } } },
	{ "Network", "Bps", {
	  { "in {{pod}}", "sum by (pod) (rate("
	    "container_network_receive_bytes_total" OF_PODS "[5m]))" },
	  { "out {{pod}}", "sum by (pod) (rate("
	    "container_network_transmit_bytes_total" OF_PODS "[5m]))" } } },
	{ "Reconciliations that failed", "short", {
	  { "in the namespace", "sum(" FAILED_RECONCILES ")" } } },
};

static void source_write(struct jw *w)
{
	jw_kopen(w, "datasource");
	jw_kcstr(w, "type", "prometheus");
	jw_kcstr(w, "uid", "${datasource}");
	jw_close(w);
}

static void line_write(const struct render *r, const struct panel *p,
    size_t i, struct jw *w)
{
	char mem[PROMQL_MAX];
	struct buf expr;

	buf_init(&expr, mem, sizeof(mem));
	promql_write(r, p->line[i].expr, &expr);
	jw_open(w);
	jw_kcstr(w, "refId", i == 0 ? "A" : "B");
	source_write(w);
	jw_kstr(w, "expr", buf_view(&expr));
	jw_kcstr(w, "legendFormat", p->line[i].legend);
	jw_close(w);
}

/* Two beside each other, of Grafana's 24 columns. */
static void panel_write(const struct render *r, size_t at, struct jw *w)
{
	const struct panel *p = &panels[at];
	size_t i;

	jw_open(w);
	jw_ki64(w, "id", (int64_t)at + 1);
	jw_kcstr(w, "type", "timeseries");
	jw_kcstr(w, "title", p->title);
	source_write(w);
	jw_kopen(w, "gridPos");
	jw_ki64(w, "x", at % 2 * 12);
	jw_ki64(w, "y", (int64_t)(at / 2) * 8);
	jw_ki64(w, "w", 12);
	jw_ki64(w, "h", 8);
	jw_close(w);
	jw_kopen(w, "fieldConfig");
	jw_kopen(w, "defaults");
	jw_kcstr(w, "unit", p->unit);
	jw_ki64(w, "min", 0);
	jw_close(w);
	jw_kopen_list(w, "overrides");
	jw_close_list(w);
	jw_close(w);
	jw_kopen_list(w, "targets");
	for (i = 0; i < ARRAY_LEN(p->line) && p->line[i].expr != NULL; i++)
		line_write(r, p, i, w);
	jw_close_list(w);
	jw_close(w);
}

static void variables_write(struct jw *w)
{
	jw_kopen(w, "templating");
	jw_kopen_list(w, "list");
	jw_open(w);
	jw_kcstr(w, "name", "datasource");
	jw_kcstr(w, "type", "datasource");
	jw_kcstr(w, "query", "prometheus");
	jw_close(w);
	jw_close_list(w);
	jw_close(w);
}

/* The uid stays that of this server, so that links to it do. */
struct str dashboard_render(const struct render *r, struct arena *a)
{
	uint64_t uid = hash_more(str_hash(r->s->meta.ns), r->key.p, r->key.n);
	struct buf out = arena_buf(a);
	struct jw w;
	size_t i;

	jw_init(&w, &out);
	jw_open(&w);
	jw_kfmt(&w, "uid", "mcp-%x", uid);
	jw_kfmt(&w, "title", "MCP server %S/%S", r->s->meta.ns,
	    r->s->meta.name);
	jw_kopen_list(&w, "tags");
	jw_str(&w, STR("mcp"));
	jw_close_list(&w);
	jw_ki64(&w, "schemaVersion", 39);
	jw_kcstr(&w, "refresh", "1m");
	jw_kopen(&w, "time");
	jw_kcstr(&w, "from", "now-6h");
	jw_kcstr(&w, "to", "now");
	jw_close(&w);
	variables_write(&w);
	jw_kopen_list(&w, "panels");
	for (i = 0; i < ARRAY_LEN(panels); i++)
		panel_write(r, i, &w);
	jw_close_list(&w);
	jw_close(&w);
	return arena_keep(a, &out);
}

void dashboard_write(struct render *r)
{
	char mem[512];
	struct buf file;

	buf_init(&file, mem, sizeof(mem));
	buf_fmt(&file, "%S-%S.json", r->s->meta.ns, r->s->meta.name);
	CHECK(!file.over);
	jw_kopen(r->w, "data");
	jw_key(r->w, buf_view(&file));
	jw_str(r->w, r->dashboard);
	jw_close(r->w);
}
