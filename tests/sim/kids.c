#include <stdio.h>
#include <string.h>

#include "check.h"

/* ---- what a few fields cannot say -------------------------------------- */

bool labels_match(const struct node *selector, const struct node *labels)
{
	for (uint32_t i = 0; node_is(selector, NODE_OBJECT) &&
	    i < selector->n; i++)
		if (!node_equal(selector->member[i].value,
		    node_get_str(labels, selector->member[i].key)))
			return false;
	return !node_empty(selector);
}

static bool among(const struct node *list, const char *word)
{
	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++)
		if (str_is(list->item[i]->text, word))
			return true;
	return false;
}

static const char *hpa_wrong(const struct kid_look *l)
{
	const struct node *spec = node_get(l->child->root, "spec");

	if (node_number(spec, "minReplicas", 0) != l->e->min ||
	    node_number(spec, "maxReplicas", 0) != l->e->max)
		return "its bounds";
	return node_path(spec, "metrics.1") ? "its metrics" : NULL;
}

static bool hpa_wanted(const struct node *spec, const struct expect *e)
{
	(void)spec;
	return e->hpa;
}

static const char *pdb_wrong(const struct kid_look *l)
{
	return node_path(l->child->root, "spec.minAvailable") ?
	    "what it keeps" : NULL;
}

static bool pdb_wanted(const struct node *spec, const struct expect *e)
{
	(void)spec;
	return e->pdb;
}

/* ---- tenants ---- */

static bool is_level(const struct node *spec, const char *level)
{
	return str_is(node_text(spec, "tenancy.isolationLevel"), level);
}

/* A level stands for itself, unless it is said otherwise. */
static bool is_apart(const struct node *spec)
{
	const struct node *own = node_path(spec, "tenancy.networkPolicy");

	if (own)
		return node_true(own, "enabled");
	return node_path(spec, "tenancy.isolationLevel") &&
	    !is_level(spec, "None");
}

static bool policy_wanted(const struct node *spec, const struct expect *e)
{
	(void)e;
	return node_true(spec, "networkPolicy.enabled") || is_apart(spec);
}

/* Of the first rule's peers, the one with this for a namespaceSelector. */
static bool lets_in(const struct node *from, const struct node *namespaces,
    const struct node *pods)
{
	for (uint32_t i = 0; node_is(from, NODE_LIST) && i < from->n; i++)
		if (node_equal(node_get(from->item[i], "namespaceSelector"),
		    namespaces) && node_equal(node_get(from->item[i],
		    "podSelector"), pods))
			return true;
	return false;
}

/* Who may connect: the tenant's pods, or the namespace's, or those named. */
static const char *policy_wrong(const struct kid_look *l)
{
	const struct node *spec = node_get(l->child->root, "spec");
	const struct node *from = node_path(spec, "ingress.0.from");
	bool strict = is_level(l->spec, "Strict"), whole = !strict &&
	    is_apart(l->spec) && !is_level(l->spec, "None");
	struct str own = node_true(l->spec, "networkPolicy.enabled") ?
	    node_text(l->spec, "networkPolicy.allowedNamespaces.0") :
	    STR_NONE;
	struct tree t = { 0 };
	struct node *any = node_object(&t), *tenant = node_object(&t);
	struct node *named = node_object(&t);
	const char *wrong = NULL;

	node_set(&t, node_need(&t, tenant, "matchLabels"), TENANT_ID,
	    node_str(&t, node_text(l->spec, "tenancy.tenantId")));
	node_set(&t, node_need(&t, named, "matchLabels"),
	    "kubernetes.io/metadata.name", node_str(&t, own));
	if (own.n && !lets_in(from, named, NULL))
		wrong = "whom it lets in";
	else if (strict && !lets_in(from, any, tenant))
		wrong = "that the tenant gets in";
	else if (whole && !lets_in(from, NULL, any))
		wrong = "that the namespace gets in";
	else if (!node_is(from, NODE_LIST) || (int)from->n != (own.n > 0) +
	    strict + (whole || (!strict && !own.n)))
		wrong = "that others get in";
	else if (!among(node_get(spec, "policyTypes"), "Ingress") ||
	    among(node_get(spec, "policyTypes"), "Egress") != strict)
		wrong = "its types";
	tree_free(&t);
	return wrong;
}

/* Texts as numbers as well. */
static bool says_amount(const struct node *have, const struct node *want)
{
	char mem[24];

	if (!node_is(want, NODE_INT))
		return node_equal(have, want);
	snprintf(mem, sizeof(mem), "%lld", (long long)want->integer);
	return node_is(have, NODE_STRING) && str_is(have->text, mem);
}

/* What others limit besides stays. */
static const char *quota_wrong(const struct kid_look *l)
{
	static const char *const of[][2] = {
		{ "cpu", "requests.cpu" }, { "memory", "requests.memory" },
		{ "storage", "requests.storage" }, { "pods", "pods" },
		{ "mcpServers", "count/mcpservers.mcp.allbeone.io" }
	};
	const struct node *hard = node_path(l->child->root, "spec.hard");
	const struct node *want;

	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		want = node_get(node_path(l->spec, "tenancy.resourceQuotas"),
		    of[i][0]);
		if (want && !says_amount(node_get(hard, of[i][1]), want))
			return of[i][1];
	}
	return NULL;
}

/* Where pods and claims would be refused, or be as large as they like. */
static bool range_wanted(const struct node *spec, const struct expect *e)
{
	const struct node *q = node_path(spec, "tenancy.resourceQuotas");

	(void)e;
	return node_get(q, "cpu") || node_get(q, "memory") ||
	    node_get(q, "storage");
}

static const char *range_wrong(const struct kid_look *l)
{
	const struct node *q = node_path(l->spec, "tenancy.resourceQuotas");
	const struct node *list = node_path(l->child->root, "spec.limits");
	const struct node *pods = NULL, *claims = NULL, *has;

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++)
		if (str_is(node_text(list->item[i], "type"), "Container"))
			pods = list->item[i];
		else
			claims = list->item[i];
	has = node_get(pods, "defaultRequest");
	if (!node_get(has, "cpu") != !node_get(q, "cpu") ||
	    !node_get(has, "memory") != !node_get(q, "memory"))
		return "what pods request by default";
	return node_equal(node_path(claims, "max.storage"),
	    node_get(q, "storage")) ? NULL : "what claims may have";
}

/* Who is kept apart strictly does not see the namespace's pods. */
static const char *role_wrong(const struct kid_look *l)
{
	const struct node *rules = node_get(l->child->root, "rules");
	bool pods = false;

	for (uint32_t i = 0; node_is(rules, NODE_LIST) && i < rules->n; i++)
		pods |= among(node_get(rules->item[i], "resources"), "pods");
	return pods == is_level(l->spec, "Strict") ? "its rules" : NULL;
}

/* ---- */

static const char *dashboard_wrong(const struct kid_look *l)
{
	char file[128];
	const struct node *text;
	struct tree t = { 0 };
	bool is;

	snprintf(file, sizeof(file), "%.*s-%.*s.json", (int)l->server->ns.n,
	    l->server->ns.p, (int)l->server->name.n, l->server->name.p);
	text = node_get(node_get(l->child->root, "data"), file);
	is = node_is(text, NODE_STRING) &&
	    node_path(node_parse(&t, text->text, NULL), "panels.0");
	tree_free(&t);
	return is ? NULL : "what it shows";
}

/* The pods have a proxy of the mesh's, which is what asks for that. */
static const char *auth_wrong(const struct kid_look *l)
{
	const struct api_object *d = child_of(l->s, l->server,
	    KID_DEPLOYMENT);
	const struct node *label = node_get(node_path(d ? d->root : NULL,
	    "spec.template.metadata.labels"), "sidecar.istio.io/inject");

	return !d || is_rolled_back(d) || (node_is(label, NODE_STRING) &&
	    str_is(label->text, "true")) ? NULL : "whether pods have a proxy";
}

/* ---- the table --------------------------------------------------------- */

#define KEY(value) \
	"{\"metadata\":{\"labels\":{\"mcp.allbeone.io/server-key\":" value "}}}"
#define UNNOTED "{\"metadata\":{\"annotations\":null}}"
#define REPLACE(path, value) \
	"[{\"op\":\"replace\",\"path\":\"" path "\",\"value\":" value "}]"
#define STRANGERS "{\"matchLabels\":{\"x\":\"y\"}}"
#define RBAC "rbac.authorization.k8s.io"

const struct kid_info kids[KIDS] = {
	[KID_DEPLOYMENT] = { API_DEPLOYMENT, "",
		.edit = { "{\"spec\":{\"replicas\":5}}",
		"{\"metadata\":{\"annotations\":{\"mcp.allbeone.io/digest\":"
		"null}},\"spec\":{\"template\":{\"spec\":{"
		"\"terminationGracePeriodSeconds\":7}}}}", KEY("null") },
		.stranger = "\"spec\":{\"replicas\":0,\"selector\":" STRANGERS
		",\"template\":{\"metadata\":{\"labels\":{\"x\":\"y\"}},"
		"\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":"
		"\"reg.example/good:1\"}]}}}" },
	[KID_SERVICE] = { API_SERVICE, "",
		.edit = { "{\"spec\":{\"selector\":{\"app\":\"other\"}}}",
		"{\"spec\":{\"sessionAffinity\":\"ClientIP\"}}",
		KEY("\"x\"") },
		.spoil = REPLACE("/spec/ports/0/port", "9003"),
		.stranger = "\"spec\":{\"ports\":[{\"port\":1,\"name\":\"x\"}"
		"],\"selector\":{\"x\":\"y\"}}" },
	[KID_CONFIG] = { API_CONFIG_MAP, "-config",
		.edit = { "{\"data\":{\"config.json\":\"spoilt\"}}",
		"{\"data\":{\"more\":\"1\"}}",
		"{\"metadata\":{\"annotations\":{\"extra\":\"1\"}}}" },
		.stranger = "\"data\":{\"mine\":\"1\"}" },
	[KID_HPA] = { API_HPA, "", .area = "autoscaling", .often = 75,
		.ask = { "\"hpa\":{\"enabled\":true,\"minReplicas\":^,"
		"\"maxReplicas\":3,\"targetCPUUtilizationPercentage\":5#}",
		"\"hpa\":{\"enabled\":true,\"maxReplicas\":^}",
		"\"hpa\":{\"enabled\":true,\"minReplicas\":1,"
		"\"maxReplicas\":4,\"targetCPUUtilizationPercentage\":6#}",
		"\"hpa\":{\"enabled\":false,\"maxReplicas\":2}" },
		.wanted = hpa_wanted, .wrong = hpa_wrong,
		.same = { { "spec.scaleTargetRef.name", "@name" },
		{ "spec.metrics.0.resource.target.averageUtilization",
		"autoscaling.hpa.targetCPUUtilizationPercentage|80" } },
		.edit = { "{\"spec\":{\"maxReplicas\":9}}",
		"{\"spec\":{\"minReplicas\":null}}", KEY("null") },
		.spoil = REPLACE("/spec/metrics", "[]"),
		.stranger = "\"spec\":{\"maxReplicas\":1,\"scaleTargetRef\":{"
		"\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\","
		"\"name\":\"nobody\"}}" },
	[KID_PDB] = { API_PDB, "", .area = "autoscaling", .often = 20,
		.ask = { "\"pdb\":{\"enabled\":true}",
		"\"pdb\":{\"enabled\":false}", "\"pdb\":{\"maxUnavailable\":"
		"2}", "\"pdb\":{\"enabled\":true,\"maxUnavailable\":^}" },
		.wanted = pdb_wanted, .wrong = pdb_wrong,
		.same = { { "spec.maxUnavailable",
		"autoscaling.pdb.maxUnavailable|1" } },
		.selects = "spec.selector.matchLabels",
		.edit = { "{\"spec\":{\"maxUnavailable\":3}}",
		"{\"spec\":{\"selector\":" STRANGERS "}}", UNNOTED },
		.spoil = "[{\"op\":\"remove\",\"path\":"
		"\"/spec/maxUnavailable\"},{\"op\":\"add\",\"path\":"
		"\"/spec/minAvailable\",\"value\":1}]",
		.stranger = "\"spec\":{\"minAvailable\":1,\"selector\":"
		STRANGERS "}" },
	[KID_VPA] = { API_VPA, "", .area = "autoscaling", .often = 50,
		.ask = { "\"vpa\":{\"enabled\":true,\"updateMode\":\"Off\"}",
		"\"vpa\":{\"enabled\":true,\"updateMode\":\"Initial\","
		"\"resourcePolicy\":{\"containerPolicies\":[{\"mode\":"
		"\"Auto\",\"minAllowed\":{\"cpu\":\"1#m\"}}]}}",
		"\"vpa\":{\"enabled\":true,\"updateMode\":\"Off\","
		"\"resourcePolicy\":{\"containerPolicies\":[{\"mode\":"
		"\"Off\"}]}}", "\"vpa\":{\"enabled\":false}" },
		.on = { "autoscaling.vpa.enabled" },
		.same = { { "spec.targetRef.name", "@name" },
		{ "spec.targetRef.kind", "=Deployment" },
		{ "spec.updatePolicy.updateMode",
		"autoscaling.vpa.updateMode" },
		{ "spec.resourcePolicy.containerPolicies.0.mode", "autoscaling"
		".vpa.resourcePolicy.containerPolicies.0.mode|*" },
		{ "spec.resourcePolicy.containerPolicies.0.minAllowed.cpu",
		"autoscaling.vpa.resourcePolicy.containerPolicies.0."
		"minAllowed.cpu" } },
		.edit = { "{\"spec\":{\"updatePolicy\":{\"updateMode\":"
		"\"Recreate\"}}}", "{\"spec\":{\"resourcePolicy\":null,"
		"\"updatePolicy\":null}}", KEY("null") },
		.spoil = REPLACE("/spec/targetRef", "{\"kind\":\"X\","
		"\"name\":\"x\"}"),
		.stranger = "\"spec\":{\"targetRef\":{\"kind\":\"X\","
		"\"name\":\"x\"}}" },
	[KID_VIRTUAL_SERVICE] = { API_VIRTUAL_SERVICE, "", .area = "istio",
		.often = 60, .serves = true,
		.ask = { "\"virtualService\":{\"host\":\"m#.example\"}",
		"\"virtualService\":{\"host\":\"m#.example\",\"path\":"
		"\"/p#\",\"timeout\":\"^s\"},\"gateway\":\"gw\"",
		"\"virtualService\":{\"host\":\"m#.example\",\"retries\":{"
		"\"attempts\":^}}" },
		.on = { "istio.enabled", "istio.virtualService" },
		.same = { { "spec.hosts.0", "istio.virtualService.host" },
		{ "spec.gateways.0", "istio.gateway|=mesh" },
		{ "spec.http.0.route.0.destination.host", "@name" },
		{ "spec.http.0.route.0.destination.port.number", "@port" },
		{ "spec.http.0.timeout", "istio.virtualService.timeout" } },
		.edit = { "{\"spec\":{\"hosts\":[\"other.example\"]}}",
		"{\"spec\":{\"gateways\":null}}", KEY("\"x\"") },
		.spoil = REPLACE("/spec/http", "[]"),
		.stranger = "\"spec\":{\"hosts\":[\"stranger.example\"]}" },
	[KID_DESTINATION_RULE] = { API_DESTINATION_RULE, "",
		.area = "istio", .often = 50, .serves = true,
		.ask = { "\"destinationRule\":{\"trafficPolicy\":{"
		"\"loadBalancer\":{\"simple\":\"RANDOM\"}}}",
		"\"destinationRule\":{\"trafficPolicy\":{\"loadBalancer\":{"
		"\"simple\":\"ROUND_ROBIN\"},\"tls\":{\"mode\":\"DISABLE\"},"
		"\"outlierDetection\":{\"consecutive5xxErrors\":^}}}",
		"\"destinationRule\":{\"trafficPolicy\":{\"connectionPool\":{"
		"\"tcp\":{\"maxConnections\":1#}},\"tls\":{\"mode\":"
		"\"ISTIO_MUTUAL\"}}}" },
		.on = { "istio.enabled", "istio.destinationRule" },
		.same = { { "spec.host", "@name" },
		{ "spec.trafficPolicy.loadBalancer.simple", "istio."
		"destinationRule.trafficPolicy.loadBalancer.simple" },
		{ "spec.trafficPolicy.tls.mode",
		"istio.destinationRule.trafficPolicy.tls.mode" },
		{ "spec.trafficPolicy.connectionPool.tcp.maxConnections",
		"istio.destinationRule.trafficPolicy.connectionPool.tcp."
		"maxConnections" },
		{ "spec.trafficPolicy.outlierDetection.consecutive5xxErrors",
		"istio.destinationRule.trafficPolicy.outlierDetection."
		"consecutive5xxErrors" } },
		.edit = { "{\"spec\":{\"host\":\"other\"}}",
		"{\"spec\":{\"trafficPolicy\":null}}", KEY("null") },
		.spoil = REPLACE("/spec", "{\"host\":\"other\"}"),
		.stranger = "\"spec\":{\"host\":\"stranger\"}" },
	[KID_PEER_AUTH] = { API_PEER_AUTH, "", .area = "istio", .often = 50,
		.ask = { "\"mtls\":\"STRICT\"", "\"mtls\":\"PERMISSIVE\"",
		"\"mtls\":\"DISABLE\"" },
		.on = { "istio.enabled", "istio.mtls" },
		.same = { { "spec.mtls.mode", "istio.mtls" } },
		.selects = "spec.selector.matchLabels", .wrong = auth_wrong,
		/* Labels that others add to a selector that is no atom stay. */
		.edit = { "{\"spec\":{\"mtls\":null}}",
		"{\"spec\":{\"selector\":null}}", UNNOTED },
		.spoil = REPLACE("/spec", "{\"mtls\":{\"mode\":\"UNSET\"}}"),
		.stranger = "\"spec\":{\"mtls\":{\"mode\":\"UNSET\"}}" },
	[KID_INGRESS] = { API_INGRESS, "", .area = "entry", .often = 70,
		.serves = true,
		.ask = { "\"ingress\":{\"enabled\":true}", "\"ingress\":{"
		"\"enabled\":true,\"className\":\"c#\"}",
		"\"ingress\":{\"enabled\":false}" },
		.on = { "entry.ingress.enabled" },
		.same = { { "spec.rules.0.host", "entry.hosts.0" },
		{ "spec.ingressClassName", "entry.ingress.className|*" },
		{ "spec.rules.0.http.paths.0.backend.service.name", "@name" },
		{ "spec.rules.0.http.paths.0.backend.service.port.number",
		"@port" } },
		.edit = { "{\"spec\":{\"rules\":[{\"host\":"
		"\"other.example\"}]}}",
		"{\"spec\":{\"ingressClassName\":\"other\"}}", KEY("null") },
		.spoil = REPLACE("/spec/rules/0/http/paths/0/backend", "{"
		"\"resource\":{\"kind\":\"X\",\"name\":\"x\"}}"),
		.stranger = "\"spec\":{\"defaultBackend\":{\"service\":{"
		"\"name\":\"x\",\"port\":{\"number\":1}}}}" },
	[KID_POLICY] = { API_POLICY, "", .area = "networkPolicy",
		.often = 100, .ask = { "\"enabled\":true,\"allowedNamespaces\""
		":[\"n#\"]", "\"enabled\":true,\"allowedNamespaces\":[\"n#\"]",
		"\"enabled\":true", "\"enabled\":false" },
		.wanted = policy_wanted, .wrong = policy_wrong,
		.selects = "spec.podSelector.matchLabels",
		.edit = { "{\"spec\":{\"ingress\":[]}}",
		"{\"spec\":{\"podSelector\":" STRANGERS "}}", UNNOTED },
		.spoil = REPLACE("/spec/policyTypes", "[\"Egress\"]"),
		.stranger = "\"spec\":{\"podSelector\":" STRANGERS
		",\"policyTypes\":[\"Ingress\"]}" },
	[KID_ROUTE] = { API_ROUTE, "", .area = "entry", .often = 70,
		.serves = true,
		.ask = { "\"httpRoute\":{\"enabled\":true,\"parentRefs\":[{"
		"\"name\":\"g#\"}]}", "\"httpRoute\":{\"enabled\":true,"
		"\"parentRefs\":[{\"name\":\"g#\"}]}",
		"\"httpRoute\":{\"enabled\":false}" },
		.on = { "entry.httpRoute.enabled" },
		.same = { { "spec.hostnames.0", "entry.hosts.0" },
		{ "spec.parentRefs.0.name",
		"entry.httpRoute.parentRefs.0.name" },
		{ "spec.rules.0.backendRefs.0.name", "@name" },
		{ "spec.rules.0.backendRefs.0.port", "@port" } },
		.edit = { "{\"spec\":{\"hostnames\":[\"other.example\"]}}",
		"{\"spec\":{\"parentRefs\":null}}", KEY("null") },
		.spoil = REPLACE("/spec/rules", "[]"),
		.stranger = "\"spec\":{\"hostnames\":[\"stranger.example\"]}"
		},
	[KID_SERVICE_MONITOR] = { API_SERVICE_MONITOR, "",
		.area = "monitoring", .often = 50, .serves = true,
		.ask = { "\"serviceMonitor\":{\"enabled\":true}",
		"\"serviceMonitor\":{\"enabled\":true,\"path\":\"/m#\"}",
		"\"serviceMonitor\":{\"enabled\":false}" },
		.on = { "monitoring.serviceMonitor.enabled" },
		.same = { { "spec.endpoints.0.path",
		"monitoring.serviceMonitor.path|=/metrics" } },
		.selects_service = "spec.selector.matchLabels",
		.edit = { "{\"spec\":{\"endpoints\":[]}}",
		"{\"spec\":{\"selector\":" STRANGERS "}}", KEY("null") },
		.spoil = REPLACE("/spec/endpoints", "[{\"port\":\"x\"},{"
		"\"port\":\"y\"}]"),
		.stranger = "\"spec\":{\"endpoints\":[],\"selector\":"
		STRANGERS "}" },
	[KID_PROMETHEUS_RULE] = { API_PROMETHEUS_RULE, "",
		.area = "monitoring", .often = 50,
		.ask = { "\"prometheusRule\":{\"enabled\":true}",
		"\"prometheusRule\":{\"enabled\":true,\"alertLabels\":{"
		"\"team\":\"a#\"}}", "\"prometheusRule\":{\"enabled\":false}"
		},
		.on = { "monitoring.prometheusRule.enabled" },
		.same = { { "spec.groups.0.rules.0.alert",
		"=MCPServerUnavailable" },
		{ "spec.groups.0.rules.0.labels.team",
		"monitoring.prometheusRule.alertLabels.team" } },
		.edit = { "{\"spec\":{\"groups\":[]}}",
		"{\"metadata\":{\"annotations\":{\"extra\":\"1\"}}}",
		KEY("null") },
		.spoil = REPLACE("/spec/groups/0/rules", "[]"),
		.stranger = "\"spec\":{\"groups\":[]}" },
	[KID_DASHBOARD] = { API_CONFIG_MAP, "-dashboard",
		.area = "monitoring", .often = 50,
		.ask = { "\"dashboard\":{\"enabled\":true}",
		"\"dashboard\":{\"enabled\":true,\"labels\":{"
		"\"grafana_dashboard\":\"2\"}}",
		"\"dashboard\":{\"enabled\":false}" },
		.on = { "monitoring.dashboard.enabled" },
		.same = { { "metadata.labels.grafana_dashboard", "monitoring."
		"dashboard.labels.grafana_dashboard|=1" } },
		.wrong = dashboard_wrong,
		.edit = { "{\"data\":null}", "{\"data\":{\"more\":\"1\"}}",
		"{\"metadata\":{\"labels\":{\"grafana_dashboard\":null}}}" },
		.spoil = "[{\"op\":\"add\",\"path\":\"/data\",\"value\":{"
		"\"x\":\"y\"}},{\"op\":\"add\",\"path\":\"/immutable\","
		"\"value\":true}]",
		.stranger = "\"data\":{\"mine\":\"1\"}" },
	[KID_QUOTA] = { API_RESOURCE_QUOTA, "-tenant", .area = "tenancy",
		.often = 70,
		.ask = { "\"resourceQuotas\":{\"pods\":1#}",
		"\"resourceQuotas\":{\"pods\":2#,\"cpu\":\"^\"}",
		"\"resourceQuotas\":{\"cpu\":\"^\",\"memory\":\"^Gi\","
		"\"mcpServers\":4#}", "\"resourceQuotas\":{\"storage\":"
		"\"^Gi\"}" },
		.on = { "tenancy.resourceQuotas" }, .wrong = quota_wrong,
		.edit = { "{\"spec\":{\"hard\":{\"pods\":\"99\"}}}",
		"{\"spec\":{\"hard\":{\"services\":\"3\"}}}", UNNOTED },
		.spoil = REPLACE("/spec", "{\"hard\":{\"secrets\":\"1\"}}"),
		.stranger = "\"spec\":{\"hard\":{\"pods\":\"1\"}}" },
	[KID_LIMIT_RANGE] = { API_LIMIT_RANGE, "-tenant",
		.wanted = range_wanted, .wrong = range_wrong,
		.edit = { "{\"spec\":{\"limits\":[]}}",
		"{\"metadata\":{\"annotations\":{\"extra\":\"1\"}}}",
		KEY("null") },
		.spoil = REPLACE("/spec/limits", "[{\"type\":\"Pod\"}]"),
		.stranger = "\"spec\":{\"limits\":[]}" },
	[KID_ROLE] = { API_ROLE, "-tenant", .on = { "tenancy.members" },
		.same = { { "rules.0.resourceNames.0", "@name" } },
		.wrong = role_wrong,
		.edit = { "{\"rules\":[]}",
		"{\"metadata\":{\"annotations\":{\"extra\":\"1\"}}}",
		KEY("null") },
		.spoil = REPLACE("/rules", "[]"), .stranger = "\"rules\":[]"
		},
	[KID_ROLE_BINDING] = { API_ROLE_BINDING, "-tenant",
		.area = "tenancy", .often = 50,
		.ask = { "\"members\":[{\"kind\":\"User\",\"name\":\"u#\"}]",
		"\"members\":[{\"kind\":\"ServiceAccount\",\"name\":\"u#\"}]"
		},
		.on = { "tenancy.members" },
		.same = { { "roleRef.name", "@child" }, { "subjects.0.name",
		"tenancy.members.0.name" }, { "subjects.0.kind",
		"tenancy.members.0.kind" } },
		.edit = { "{\"subjects\":null}",
		"{\"subjects\":[{\"kind\":\"Group\",\"name\":\"x\"}]}",
		UNNOTED },
		.spoil = REPLACE("/subjects", "[]"),
		.stranger = "\"roleRef\":{\"kind\":\"Role\",\"name\":\"x\","
		"\"apiGroup\":\"" RBAC "\"}" },
};

/* ---- what users write -------------------------------------------------- */

/* Of a key that several ask for they say the same: nobody has to give in. */
#define TENANT "\"tenantId\":\"t#\""
#define LABELS(n) ",\"namespaceLabels\":{\"" TENANT_LABELS "k" n "\":\"v\"}"
#define LEVEL(word) ",\"isolationLevel\":\"" word "\""

/* In how many of a hundred specs, and what is in each besides. */
static const struct area {
	const char *name;
	uint8_t often, heads;
	const char *head[10];
} areas[] = {
	{ "autoscaling", 60, 1, { "" } },
	{ "entry", 45, 1, { "\"hosts\":[\"h#.example\"]" } },
	{ "networkPolicy", 30, 1, { "" } },
	{ "istio", 45, 4, { "\"enabled\":true", "\"enabled\":true",
	  "\"enabled\":true", "\"enabled\":false" } },
	{ "monitoring", 50, 1, { "" } },
	{ "tenancy", 50, 10, { TENANT, TENANT LABELS("0"),
	  TENANT LEVEL("None"), TENANT LEVEL("None") LABELS("1"),
	  TENANT LEVEL("Namespace"), TENANT LEVEL("Node"),
	  TENANT LEVEL("Node") LABELS("2"), TENANT LEVEL("Strict"),
	  TENANT ",\"networkPolicy\":{\"enabled\":true}" LABELS("#"),
	  TENANT LEVEL("Namespace") ",\"networkPolicy\":{\"enabled\":false}"
	} },
};

static void ask(struct rng *r, const char *of, struct text *out)
{
	for (; *of; of++)
		if (*of == '#')
			text_fmt(out, "%u", (unsigned)roll(r, 4));
		else if (*of == '^')
			text_fmt(out, "%u", 1 + (unsigned)roll(r, 3));
		else
			text_add(out, of, 1);
}

static uint32_t ways(const struct kid_info *k)
{
	uint32_t n = 0;

	while (n < KID_ASKS && k->ask[n])
		n++;
	return n;
}

static void area_ask(struct rng *r, const struct area *a, struct text *out)
{
	const char *head = a->head[roll(r, a->heads)];
	bool more = head[0] != '\0';

	text_fmt(out, ",\"%s\":{", a->name);
	ask(r, head, out);
	for (int k = 0; k < KIDS; k++) {
		const struct kid_info *i = &kids[k];

		if (!i->area || strcmp(i->area, a->name) != 0 ||
		    roll(r, 100) >= i->often)
			continue;
		text_fmt(out, "%s", more ? "," : "");
		ask(r, i->ask[roll(r, ways(i))], out);
		more = true;
	}
	text_fmt(out, "}");
}

void kids_ask(struct rng *r, struct text *out)
{
	for (size_t i = 0; i < ARRAY_LEN(areas); i++)
		if (roll(r, 100) < areas[i].often)
			area_ask(r, &areas[i], out);
}

/* ---- what there must be ------------------------------------------------ */

static bool is_on(const struct node *v)
{
	return v && !(node_is(v, NODE_BOOL) && !v->boolean);
}

bool kid_wanted(const struct node *spec, const struct expect *e, enum kid k)
{
	const struct kid_info *i = &kids[k];

	switch (k) {
	case KID_DEPLOYMENT:
		return true;
	case KID_SERVICE:
		return e->service;
	case KID_CONFIG:
		return e->config;
	default:
		break;
	}
	if (i->wanted)
		return i->wanted(spec, e);
	return is_on(node_path(spec, i->on[0])) &&
	    (!i->on[1] || is_on(node_path(spec, i->on[1])));
}

bool kid_served(const struct sim *s, enum kid k)
{
	return kids[k].kind < API_ALLBEONE || api_find(s->api, API_CRD,
	    STR_NONE, str_from(api_kind_resource(kids[k].kind)));
}

struct str kid_name(struct str server, enum kid k, char mem[static 300])
{
	struct buf b;

	buf_init(&b, mem, 299);
	buf_str(&b, server);
	buf_cstr(&b, kids[k].suffix);
	return buf_view(&b);
}

bool is_kid_kind(enum api_kind kind)
{
	for (int k = 0; k < KIDS; k++)
		if (kids[k].kind == kind)
			return true;
	return false;
}

static bool is_text(const struct node *have, struct str text)
{
	return node_is(have, NODE_STRING) && str_eq(have->text, text);
}

/* See kid_info.same; "|*" is anything. */
static bool says(const struct kid_look *l, const struct node *have,
    const char *what)
{
	struct str rest = str_from(what), path;
	const struct node *want;
	char mem[128];
	int64_t n;

	if (what[0] == '=')
		return is_text(have, str_from(what + 1));
	if (what[0] == '@' && what[1] == 'p')
		return node_is(have, NODE_INT) &&
		    have->integer == l->e->port;
	if (what[0] == '@')
		return is_text(have, what[1] == 'n' ? l->server->name :
		    l->child->name);
	rest = str_cut(rest, '|', &path);
	snprintf(mem, sizeof(mem), "%.*s", (int)path.n, path.p);
	want = node_path(l->spec, mem);
	if (want || !rest.n)
		return node_equal(have, want);
	if (rest.p[0] == '=')
		return is_text(have, str_sub(rest, 1, rest.n));
	return rest.p[0] == '*' || (str_i64(rest, &n) == 0 &&
	    node_is(have, NODE_INT) && have->integer == n);
}

static bool selects_well(const struct kid_look *l, const char *selector,
    enum kid of, const char *labels)
{
	const struct api_object *o = child_of(l->s, l->server, of);

	return !selector || !o || labels_match(node_path(l->child->root,
	    selector), node_path(o->root, labels));
}

const char *kid_wrong(const struct kid_look *l, enum kid k)
{
	const struct kid_info *i = &kids[k];

	for (int n = 0; n < KID_SAME && i->same[n].child; n++)
		if (!says(l, node_path(l->child->root, i->same[n].child),
		    i->same[n].says))
			return i->same[n].child;
	if (!selects_well(l, i->selects, KID_DEPLOYMENT,
	    "spec.template.metadata.labels"))
		return "which pods it selects";
	if (!selects_well(l, i->selects_service, KID_SERVICE,
	    "metadata.labels"))
		return "which Service it selects";
	return i->wrong ? i->wrong(l) : NULL;
}
