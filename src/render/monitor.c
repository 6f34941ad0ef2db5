#include "render_int.h"

const struct pairs *monitor_labels(const struct render *r)
{
	return &r->monitoring.labels;
}

/* ---- ServiceMonitor ---- */

bool service_monitor_wanted(const struct render *r)
{
	return service_wanted(r->spec) && r->monitoring.scrape.enabled;
}

static void time_write(struct jw *w, const char *key, bool given, int64_t ns)
{
	if (given)
		jw_kfmt(w, key, "%Dms", (ns + 999999) / 1000000);
}

void service_monitor_write(struct render *r)
{
	const struct monitor_scrape *v = &r->monitoring.scrape;
	struct jw *w = r->w;

	jw_kopen(w, "spec");
	selector_write(w, "selector", LABEL_KEY, r->key);
	jw_kopen_list(w, "endpoints");
	jw_open(w);
	jw_kstr(w, "port", v->port.n > 0 ? v->port : r->spec->ports.p[0].name);
	jw_kstr(w, "path", v->path.n > 0 ? v->path : STR("/metrics"));
	time_write(w, "interval", HAS(v, monitor_scrape, interval),
	    v->interval);
	time_write(w, "scrapeTimeout", HAS(v, monitor_scrape, timeout),
	    v->timeout);
	jw_close(w);
	jw_close_list(w);
	jw_close(w);
}

/* ---- PrometheusRule ---- */

bool prometheus_rule_wanted(const struct render *r)
{
	return r->monitoring.rules.enabled;
}

/*
 * Not of a server without pods, or one whose new pods are held back: that it
 * is not ready is what somebody asked for.
 */
static bool ready_meant(const struct render *r)
{
	return !r->spec->paused && server_replicas(&r->s->spec) > 0;
}

/*
 * One of two operators has the last word of it, so the better one counts. Of
 * another group's server that has the same name it says nothing.
 */
#define READY \
	"max(" OF_OPERATOR("", "mcp_server_ready", \
	",mcpserver=\"$d\",group=\"$g\"", "") ")"

#define OF_HPA "{namespace=\"$n\",horizontalpodautoscaler=\"$d\"}"

static const struct alert {
	bool (*wanted)(const struct render *r);		/* NULL: always */
	const char *name, *severity, *lasts, *expr, *summary;
} alerts[] = {
	{ NULL, "MCPServerUnavailable", "critical", "5m",
	  "kube_deployment_status_replicas_available" OF_DEPLOYMENT
	  " == 0 and kube_deployment_spec_replicas" OF_DEPLOYMENT " > 0",
	  "No pod of the MCP server is available." },
	{ NULL, "MCPServerDegraded", "warning", "15m",
	  "kube_deployment_status_replicas_available" OF_DEPLOYMENT
	  " < kube_deployment_spec_replicas" OF_DEPLOYMENT,
	  "Pods of the MCP server are missing." },
	{ NULL, "MCPServerRestarting", "warning", "0m",
	  "sum(increase(kube_pod_container_status_restarts_total"
	  OF_CONTAINERS "[15m])) > 3",
	  "The MCP server's containers were restarted over three times in "
	  "15 minutes." },
	{ NULL, "MCPServerMemoryHigh", "warning", "10m",
	  "max by (pod) (container_memory_working_set_bytes" OF_CONTAINERS
	  ") / on (pod) max by (pod) (kube_pod_container_resource_limits{"
	  "namespace=\"$n\",pod=~\"$p\",container=\"mcp-server\","
	  "resource=\"memory\"}) > 0.9",
	  "A pod of the MCP server uses over 90 % of the memory that it "
	  "may." },
	{ NULL, "MCPServerThrottled", "warning", "15m",
	  "sum by (pod) (rate(container_cpu_cfs_throttled_periods_total"
	  OF_CONTAINERS "[5m])) / sum by (pod) (rate("
	  "container_cpu_cfs_periods_total" OF_CONTAINERS "[5m])) > 0.5",
	  "A pod of the MCP server waits for its CPU limit over half of the "
	  "time." },
	{ ready_meant, "MCPServerNotReady", "warning", "10m",
	  READY " == 0",
	  "The MCP server is not ready; its condition Ready says why." },
	{ NULL, "MCPServerReconcileFailing", "warning", "15m",
	  "sum(" FAILED_RECONCILES ") > 0",
	  "The operator fails at MCP servers of this namespace." },
	{ hpa_wanted, "MCPServerScaledOut", "warning", "30m",
	  "kube_horizontalpodautoscaler_status_current_replicas" OF_HPA
	  " >= kube_horizontalpodautoscaler_spec_max_replicas" OF_HPA,
	  "The MCP server has as many pods as it may, and may need more." },
	{ service_monitor_wanted, "MCPServerNotScraped", "warning", "10m",
	  "max(up{namespace=\"$n\",service=\"$d\"}) == 0",
	  "No pod of the MCP server tells its metrics." },
};

/*
 * An alert is what its labels are: to Alertmanager those of two servers are
 * one, if nothing in them says whose they are, and many expressions add up
 * what would have told.
 */
static void alert_labels_write(struct render *r, const struct alert *v)
{
	const struct pairs *user = &r->monitoring.rules.labels;
	uint32_t i;

	jw_kopen(r->w, "labels");
	if (!pairs_have(user, STR("severity")))
		jw_kcstr(r->w, "severity", v->severity);
	if (!pairs_have(user, STR("namespace")))
		jw_kstr(r->w, "namespace", r->s->meta.ns);
	if (!pairs_have(user, STR("mcpserver")))
		jw_kstr(r->w, "mcpserver", r->s->meta.name);
	for (i = 0; i < user->n; i++) {
		jw_key(r->w, user->p[i].key);
		jw_str(r->w, user->p[i].value);
	}
	jw_close(r->w);
}

static void alert_write(struct render *r, const struct alert *v)
{
	char mem[PROMQL_MAX];
	struct jw *w = r->w;
	struct buf expr;

	buf_init(&expr, mem, sizeof(mem));
	promql_write(r, v->expr, &expr);
	jw_open(w);
	jw_kcstr(w, "alert", v->name);
	jw_kstr(w, "expr", buf_view(&expr));
	jw_kcstr(w, "for", v->lasts);
	alert_labels_write(r, v);
	jw_kopen(w, "annotations");
	jw_kcstr(w, "summary", v->summary);
	jw_kfmt(w, "description", "MCPServer %S in namespace %S: {{ $value }}",
	    r->s->meta.name, r->s->meta.ns);
	jw_close(w);
	jw_close(w);
}

void prometheus_rule_write(struct render *r)
{
	struct jw *w = r->w;
	size_t i;

	jw_kopen(w, "spec");
	jw_kopen_list(w, "groups");
	jw_open(w);
	jw_kfmt(w, "name", "mcpserver-%S-%S", r->s->meta.ns, r->s->meta.name);
	jw_kopen_list(w, "rules");
	for (i = 0; i < ARRAY_LEN(alerts); i++)
		if (alerts[i].wanted == NULL || alerts[i].wanted(r))
			alert_write(r, &alerts[i]);
	jw_close_list(w);
	jw_close(w);
	jw_close_list(w);
	jw_close(w);
}
