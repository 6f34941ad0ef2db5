#include <stdio.h>
#include <string.h>

#include "check.h"
#include "rendering.h"

/*
 * No field of the parts of a spec that are kept as text is taken and then
 * not looked at: for each row of their tables two specs stand here that
 * differ in this field alone, and must give different children.
 */

#define HPA(m) "\"autoscaling\":{\"hpa\":{\"enabled\":true," \
	"\"maxReplicas\":5," m "}}"
#define HPA_ALONE(m) "\"autoscaling\":{\"hpa\":{" m "}}"
#define METRIC(type, name, m) HPA("\"metrics\":[{\"type\":\"" type "\",\"" \
	name "\":{" m "}}]")
#define TARGET(m) METRIC("Resource", "resource", "\"name\":\"cpu\"," \
	"\"target\":{" m "}")
#define EVERY "\"target\":{\"type\":\"Value\"}"
#define NAMED(m) METRIC("Pods", "pods", EVERY ",\"metric\":{" m "}")
#define OBJECT(m) METRIC("Object", "object", EVERY \
	",\"metric\":{\"name\":\"m\"},\"describedObject\":{" m "}")
#define UP(m) HPA("\"behavior\":{\"scaleUp\":{" m "}}")
#define SPEED(m) UP("\"policies\":[{" m "}]")
#define VPA(m) "\"autoscaling\":{\"vpa\":{" m "}}"
#define VPA_ON(m) VPA("\"enabled\":true," m)
#define POLICY(m) VPA_ON("\"resourcePolicy\":{\"containerPolicies\":[{" m \
	"}]}")
#define PDB(m) "\"autoscaling\":{\"pdb\":{\"enabled\":true," m "}}"
#define GATEWAY(m) "\"gateway\":{\"enabled\":true,\"istio\":{" m "}}"
#define GATEWAY_ON(m) GATEWAY("\"enabled\":true,\"host\":\"h\"," m)
#define ISTIO(m) "\"istio\":{" m "}"
#define ISTIO_ON(m) ISTIO("\"enabled\":true," m)
#define ROUTE(m) ISTIO_ON("\"virtualService\":{" m "}")
#define ROUTED(m) ROUTE("\"host\":\"h\"," m)
#define RETRIES(m) ROUTED("\"retries\":{" m "}")
#define TRAFFIC(m) ISTIO_ON("\"destinationRule\":{\"trafficPolicy\":{" m "}}")
#define TCP(m) TRAFFIC("\"connectionPool\":{\"tcp\":{" m "}}")
#define HTTP(m) TRAFFIC("\"connectionPool\":{\"http\":{" m "}}")
#define BALANCER(m) TRAFFIC("\"loadBalancer\":{" m "}")
#define HASH(m) BALANCER("\"consistentHash\":{" m "}")
#define COOKIE(m) HASH("\"httpCookie\":{" m "}")
#define OUTLIERS(m) TRAFFIC("\"outlierDetection\":{" m "}")
#define TLS(m) TRAFFIC("\"tls\":{" m "}")
#define ENTRY(m) "\"entry\":{" m "}"
#define INGRESS(m) ENTRY("\"ingress\":{" m "}")
#define INGRESS_ON(m) INGRESS("\"enabled\":true," m)
#define HTTP_ROUTE(m) ENTRY("\"httpRoute\":{" m "}")
#define HTTP_ROUTE_ON(m) HTTP_ROUTE("\"enabled\":true," m)
#define PARENT(m) HTTP_ROUTE_ON("\"parentRefs\":[{" m "}]")
#define MONITORING(m) "\"monitoring\":{" m "}"
#define SCRAPE(m) MONITORING("\"serviceMonitor\":{" m "}")
#define RULES(m) MONITORING("\"prometheusRule\":{" m "}")
#define DASHBOARD(m) MONITORING("\"dashboard\":{" m "}")
#define NETWORK(m) "\"networkPolicy\":{" m "}"
#define NETWORK_ON(m) NETWORK("\"enabled\":true," m)
#define IN(m) NETWORK_ON("\"ingressRules\":[{" m "}]")
#define PORT(m) IN("\"ports\":[{" m "}]")
#define PEER(m) IN("\"from\":[{" m "}]")
#define BLOCK(m) PEER("\"ipBlock\":{" m "}")
#define TENANCY(m) "\"tenancy\":{" m "}"
#define TENANT(m) TENANCY("\"tenantId\":\"t\"," m)
#define QUOTA(m) TENANT("\"resourceQuotas\":{" m "}")
#define MEMBER(m) TENANT("\"members\":[{" m "}]")

#define ON "\"enabled\":true"
#define OFF "\"enabled\":false"
/* One field given, and not. */
#define GIVEN(table, key, in, value) \
	{ table "." key, { in("\"" key "\":" value), in("\"other\":0") } }
/* One that must be there, between others that must be. */
#define EITHER(table, key, in, more, a, b) \
	{ table "." key, { in("\"" key "\":" a more), \
	    in("\"" key "\":" b more) } }

static const struct {
	const char *row, *spec[2];
} rows[] = {
	EITHER("metric_id", "name", NAMED, "", "\"x\"", "\"y\""),
	{ "metric_id.selector", { NAMED("\"name\":\"x\",\"selector\":{}"),
	  NAMED("\"name\":\"x\"") } },
	EITHER("metric_target", "type", TARGET, "", "\"Utilization\"",
	    "\"AverageValue\""),
	{ "metric_target.value", { TARGET("\"type\":\"Value\",\"value\":1"),
	  TARGET("\"type\":\"Value\"") } },
	{ "metric_target.averageValue", {
	  TARGET("\"type\":\"Value\",\"averageValue\":1"),
	  TARGET("\"type\":\"Value\"") } },
	{ "metric_target.averageUtilization", {
	  TARGET("\"type\":\"Value\",\"averageUtilization\":1"),
	  TARGET("\"type\":\"Value\"") } },
	{ "object_ref.apiVersion", {
	  OBJECT("\"kind\":\"K\",\"name\":\"n\",\"apiVersion\":\"v1\""),
	  OBJECT("\"kind\":\"K\",\"name\":\"n\"") } },
	EITHER("object_ref", "kind", OBJECT, ",\"name\":\"n\"", "\"K\"",
	    "\"L\""),
	EITHER("object_ref", "name", OBJECT, ",\"kind\":\"K\"", "\"n\"",
	    "\"o\""),
	{ "resource_metric.name", {
	  METRIC("Resource", "resource", "\"name\":\"cpu\"," EVERY),
	  METRIC("Resource", "resource", "\"name\":\"memory\"," EVERY) } },
	{ "metric_spec.type", { HPA("\"metrics\":[{\"type\":\"Pods\"}]"),
	  HPA("\"metrics\":[{\"type\":\"Object\"}]") } },
	EITHER("scaling_policy", "type", SPEED,
	    ",\"value\":1,\"periodSeconds\":1", "\"Pods\"", "\"Percent\""),
	EITHER("scaling_policy", "value", SPEED,
	    ",\"type\":\"Pods\",\"periodSeconds\":1", "1", "2"),
	EITHER("scaling_policy", "periodSeconds", SPEED,
	    ",\"value\":1,\"type\":\"Pods\"", "1", "2"),
	GIVEN("scaling_rules", "stabilizationWindowSeconds", UP, "0"),
	GIVEN("scaling_rules", "selectPolicy", UP, "\"Max\""),
	EITHER("hpa_spec", "enabled", HPA_ALONE, ",\"maxReplicas\":5",
	    "true", "false"),
	GIVEN("hpa_spec", "minReplicas", HPA, "2"),
	EITHER("hpa_spec", "maxReplicas", HPA_ALONE, "," ON, "5", "6"),
	GIVEN("hpa_spec", "targetCPUUtilizationPercentage", HPA, "50"),
	GIVEN("hpa_spec", "targetMemoryUtilizationPercentage", HPA, "50"),
	GIVEN("vpa_policy", "containerName", POLICY, "\"x\""),
	GIVEN("vpa_policy", "mode", POLICY, "\"Auto\""),
	GIVEN("vpa_policy", "minAllowed", POLICY, "{\"cpu\":1}"),
	GIVEN("vpa_policy", "maxAllowed", POLICY, "{\"cpu\":1}"),
	GIVEN("vpa_policy", "controlledResources", POLICY, "[\"cpu\"]"),
	GIVEN("vpa_policy", "controlledValues", POLICY,
	    "\"RequestsOnly\""),
	EITHER("vpa_spec", "enabled", VPA, "", "true", "false"),
	GIVEN("vpa_spec", "updateMode", VPA_ON, "\"Off\""),
	{ "budget_spec.enabled", { PDB("\"other\":0"), "\"autoscaling\":{}" } },
	GIVEN("budget_spec", "maxUnavailable", PDB, "2"),
	GIVEN("budget_spec", "minAvailable", PDB, "2"),
	GIVEN("budget_spec", "unhealthyPodEvictionPolicy", PDB,
	    "\"IfHealthyBudget\""),
	{ "gateway_spec.enabled", { GATEWAY(ON),
	  "\"gateway\":{\"istio\":{" ON "}}" } },
	GIVEN("gateway_istio", "enabled", GATEWAY, "true"),
	{ "gateway_istio.host", { GATEWAY(ON ",\"host\":\"h\""),
	  GATEWAY(ON) } },
	GIVEN("gateway_istio", "gatewayRef", GATEWAY_ON, "\"g\""),
	GIVEN("istio_retries", "attempts", RETRIES, "1"),
	GIVEN("istio_retries", "perTryTimeout", RETRIES, "\"1s\""),
	GIVEN("istio_retries", "retryOn", RETRIES, "\"5xx\""),
	EITHER("istio_route", "host", ROUTE, "", "\"h\"", "\"i\""),
	GIVEN("istio_route", "path", ROUTED, "\"/x\""),
	GIVEN("istio_route", "headers", ROUTED, "{\"a\":\"b\"}"),
	GIVEN("istio_route", "timeout", ROUTED, "\"1s\""),
	GIVEN("istio_tcp_pool", "maxConnections", TCP, "1"),
	GIVEN("istio_tcp_pool", "connectTimeout", TCP, "\"1s\""),
	GIVEN("istio_http_pool", "http1MaxPendingRequests", HTTP, "1"),
	GIVEN("istio_http_pool", "http2MaxRequests", HTTP, "1"),
	GIVEN("istio_http_pool", "maxRequestsPerConnection", HTTP, "1"),
	GIVEN("istio_http_pool", "maxRetries", HTTP, "1"),
	GIVEN("istio_http_pool", "idleTimeout", HTTP, "\"1s\""),
	EITHER("istio_cookie", "name", COOKIE, ",\"ttl\":\"0s\"", "\"a\"",
	    "\"b\""),
	{ "istio_cookie.path", {
	  COOKIE("\"name\":\"a\",\"ttl\":\"0s\",\"path\":\"/x\""),
	  COOKIE("\"name\":\"a\",\"ttl\":\"0s\"") } },
	EITHER("istio_cookie", "ttl", COOKIE, ",\"name\":\"a\"", "\"0s\"",
	    "\"1s\""),
	GIVEN("istio_hash", "httpHeaderName", HASH, "\"a\""),
	GIVEN("istio_hash", "useSourceIp", HASH, "true"),
	GIVEN("istio_balancer", "simple", BALANCER, "\"RANDOM\""),
	GIVEN("istio_outliers", "consecutive5xxErrors", OUTLIERS, "1"),
	GIVEN("istio_outliers", "consecutiveGatewayErrors", OUTLIERS, "1"),
	GIVEN("istio_outliers", "interval", OUTLIERS, "\"1s\""),
	GIVEN("istio_outliers", "baseEjectionTime", OUTLIERS, "\"1s\""),
	GIVEN("istio_outliers", "maxEjectionPercent", OUTLIERS, "1"),
	GIVEN("istio_outliers", "minHealthPercent", OUTLIERS, "1"),
	GIVEN("istio_tls", "mode", TLS, "\"SIMPLE\""),
	GIVEN("istio_tls", "clientCertificate", TLS, "\"/c\""),
	GIVEN("istio_tls", "privateKey", TLS, "\"/c\""),
	GIVEN("istio_tls", "caCertificates", TLS, "\"/c\""),
	GIVEN("istio_tls", "credentialName", TLS, "\"c\""),
	GIVEN("istio_tls", "sni", TLS, "\"c\""),
	GIVEN("istio_tls", "subjectAltNames", TLS, "[\"c\"]"),
	GIVEN("istio_spec", "enabled", ISTIO, "true"),
	{ "istio_spec.gateway", {
	  ISTIO_ON("\"virtualService\":{\"host\":\"h\"},\"gateway\":\"g\""),
	  ISTIO_ON("\"virtualService\":{\"host\":\"h\"}") } },
	GIVEN("istio_spec", "sidecarInject", ISTIO_ON, "false"),
	GIVEN("istio_spec", "mtls", ISTIO_ON, "\"STRICT\""),
	EITHER("entry_ingress", "enabled", INGRESS, "", "true", "false"),
	GIVEN("entry_ingress", "className", INGRESS_ON, "\"x\""),
	GIVEN("entry_ingress", "tlsSecretName", INGRESS_ON, "\"x\""),
	GIVEN("entry_ingress", "annotations", INGRESS_ON, "{\"x\":\"y\"}"),
	{ "entry_parent.group", { PARENT("\"name\":\"g\",\"group\":\"\""),
	  PARENT("\"name\":\"g\"") } },
	{ "entry_parent.kind", { PARENT("\"name\":\"g\",\"kind\":\"K\""),
	  PARENT("\"name\":\"g\"") } },
	{ "entry_parent.namespace", {
	  PARENT("\"name\":\"g\",\"namespace\":\"o\""),
	  PARENT("\"name\":\"g\"") } },
	EITHER("entry_parent", "name", PARENT, "", "\"g\"", "\"h\""),
	{ "entry_parent.sectionName", {
	  PARENT("\"name\":\"g\",\"sectionName\":\"s\""),
	  PARENT("\"name\":\"g\"") } },
	{ "entry_parent.port", { PARENT("\"name\":\"g\",\"port\":1"),
	  PARENT("\"name\":\"g\"") } },
	EITHER("entry_route", "enabled", HTTP_ROUTE, "", "true", "false"),
	GIVEN("entry_route", "timeout", HTTP_ROUTE_ON, "\"1s\""),
	GIVEN("entry_route", "annotations", HTTP_ROUTE_ON,
	    "{\"x\":\"y\"}"),
	{ "entry_spec.hosts", { ENTRY("\"ingress\":{" ON "},\"hosts\":[\"h\"]"
	  ), INGRESS(ON) } },
	{ "entry_spec.path", { ENTRY("\"ingress\":{" ON "},\"path\":\"/x\""),
	  INGRESS(ON) } },
	{ "entry_spec.sessionAffinity", { ENTRY("\"ingress\":{" ON "},"
	  "\"sessionAffinity\":\"None\""), INGRESS(ON) } },
	EITHER("monitor_scrape", "enabled", SCRAPE, "", "true", "false"),
	{ "monitor_scrape.port", { SCRAPE(ON ",\"port\":\"x\""),
	  SCRAPE(ON) } },
	{ "monitor_scrape.path", { SCRAPE(ON ",\"path\":\"/x\""),
	  SCRAPE(ON) } },
	{ "monitor_scrape.interval", { SCRAPE(ON ",\"interval\":\"1s\""),
	  SCRAPE(ON) } },
	{ "monitor_scrape.scrapeTimeout", {
	  SCRAPE(ON ",\"scrapeTimeout\":\"1s\""), SCRAPE(ON) } },
	EITHER("monitor_rules", "enabled", RULES, "", "true", "false"),
	{ "monitor_rules.alertLabels", {
	  RULES(ON ",\"alertLabels\":{\"a\":\"b\"}"), RULES(ON) } },
	EITHER("monitor_dashboard", "enabled", DASHBOARD, "", "true",
	    "false"),
	{ "monitor_dashboard.labels", {
	  DASHBOARD(ON ",\"labels\":{\"a\":\"b\"}"), DASHBOARD(ON) } },
	{ "monitor_dashboard.annotations", {
	  DASHBOARD(ON ",\"annotations\":{\"a\":\"b\"}"), DASHBOARD(ON) } },
	{ "monitoring_spec.labels", {
	  MONITORING("\"prometheusRule\":{" ON "},\"labels\":{\"a\":\"b\"}"),
	  RULES(ON) } },
	GIVEN("policy_port", "protocol", PORT, "\"TCP\""),
	GIVEN("policy_port", "port", PORT, "1"),
	GIVEN("policy_port", "endPort", PORT, "1"),
	EITHER("ip_block", "cidr", BLOCK, "", "\"10.0.0.0/8\"",
	    "\"10.0.0.0/9\""),
	{ "ip_block.except", {
	  BLOCK("\"cidr\":\"10.0.0.0/8\",\"except\":[\"10.0.0.0/9\"]"),
	  BLOCK("\"cidr\":\"10.0.0.0/8\"") } },
	GIVEN("policy_peer", "podSelector", PEER, "{}"),
	GIVEN("policy_peer", "namespaceSelector", PEER, "{}"),
	EITHER("tenant_policy", "enabled", NETWORK, "", "true", "false"),
	GIVEN("tenant_policy", "allowedNamespaces", NETWORK_ON, "[\"x\"]"),
	GIVEN("tenant_policy", "allowedPods", NETWORK_ON,
	    "{\"matchLabels\":{}}"),
	GIVEN("tenant_quotas", "cpu", QUOTA, "1"),
	GIVEN("tenant_quotas", "memory", QUOTA, "1"),
	GIVEN("tenant_quotas", "storage", QUOTA, "1"),
	GIVEN("tenant_quotas", "pods", QUOTA, "1"),
	GIVEN("tenant_quotas", "services", QUOTA, "1"),
	GIVEN("tenant_quotas", "persistentVolumeClaims", QUOTA, "1"),
	GIVEN("tenant_quotas", "configMaps", QUOTA, "1"),
	GIVEN("tenant_quotas", "secrets", QUOTA, "1"),
	GIVEN("tenant_quotas", "mcpServers", QUOTA, "1"),
	EITHER("tenant_member", "kind", MEMBER, ",\"name\":\"x\"",
	    "\"User\"", "\"Group\""),
	EITHER("tenant_member", "name", MEMBER, ",\"kind\":\"User\"",
	    "\"x\"", "\"y\""),
	{ "tenant_member.namespace", {
	  MEMBER("\"kind\":\"ServiceAccount\",\"name\":\"x\","
	    "\"namespace\":\"o\""),
	  MEMBER("\"kind\":\"ServiceAccount\",\"name\":\"x\"") } },
	{ "tenancy_spec.tenantId", {
	  TENANCY("\"isolationLevel\":\"Strict\",\"tenantId\":\"t\""),
	  TENANCY("\"isolationLevel\":\"Strict\",\"tenantId\":\"u\"") } },
	GIVEN("tenancy_spec", "isolationLevel", TENANT, "\"None\""),
	GIVEN("tenancy_spec", "labels", TENANT, "{\"a\":\"b\"}"),
	GIVEN("tenancy_spec", "annotations", TENANT, "{\"a\":\"b\"}"),
};

/* A gateway before the pods is an area of its own, still to come. */
static const char *const to_come[] = {
	"gateway_spec.image", "gateway_spec.port", "gateway_spec.args",
	"gateway_spec.env"
};

static uint64_t children(const char *spec)
{
	static char mem[8192];
	struct buf b;
	uint64_t h = HASH_SEED;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "{\"apiVersion\":\"mcp.allbeone.io/v1\",\"metadata\":{"
	    "\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\"},\"spec\":{"
	    "\"image\":\"i:1\",%s}}", spec);
	REQUIRE(!b.over);
	const struct render_out *out = rendering_of(buf_view(&b), 0);
	for (int k = 0; k < CHILD_KINDS_ALL; k++) {
		struct str body = k < CHILD_KINDS ? out->child[k].body :
		    rendering_extra((enum child_kind)k)->body;

		h = hash_more(h, body.p, body.n);
	}
	return h;
}

TEST(areas_every_field_shows_in_a_child)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (children(rows[i].spec[0]) == children(rows[i].spec[1]))
			test_fail(__FILE__, __LINE__, "%s changes nothing",
			    rows[i].row);
}

/* What shows in no child: labels.c sets it at the Namespace. */
static const char *const elsewhere[] = { "tenancy_spec.namespaceLabels" };

static bool is_listed(const char *row)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].row, row) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(to_come); i++)
		if (strcmp(to_come[i], row) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
		if (strcmp(elsewhere[i], row) == 0)
			return true;
	return false;
}

/* Environment variables are those of any container. */
static void table_walk(const struct schema *s, int depth)
{
	char row[128];

	REQUIRE(depth < SCHEMA_DEPTH_MAX);
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_field *f = &s->row[i];
		bool inner = (f->type == FIELD_OBJ || f->type == FIELD_LIST) &&
		    f->of.table != &env_var_schema;

		snprintf(row, sizeof(row), "%s.%s", s->name, f->key);
		if (inner)
			table_walk(f->of.table, depth + 1);
		else if (!is_listed(row))
			test_fail(__FILE__, __LINE__, "%s is not tried", row);
	}
}

TEST(areas_every_field_is_tried)
{
	for (size_t i = 0; i < server_spec_schema.n; i++) {
		const struct schema_field *f = &server_spec_schema.row[i];

		if (f->type == FIELD_RAW_OBJ && f->of.table != NULL)
			table_walk(f->of.table, 0);
	}
}
