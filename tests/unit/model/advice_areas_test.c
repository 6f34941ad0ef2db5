#include "model_test.h"

static struct model m;

static void note(void *ctx, const struct diag *d)
{
	/* What the API server would cut off a warning is read by nobody. */
	EXPECT(strlen(d->path) + strlen(d->text) + 2 <= ADMIT_WARNING_MAX);
	buf_fmt(ctx, "%s: %s\n", d->path, d->text);
}

/* A spec of the first group beside its image, and what is said of it. */
static void advised(const char *more, const char *want)
{
	static char text[4096];
	char spec[4096];
	struct buf told;

	cut_fmt(spec, sizeof(spec), "{\"image\":\"a:1\",%s}", more);
	model_good(&m, GROUP_ALLBEONE, spec);
	buf_init(&told, text, sizeof(text));
	EXPECT_EQ(server_advise(&m.s, &m.arena, note, &told), 0);
	EXPECT_STR(buf_view(&told), want);
}

#define OFF ": has fields without effect, for enabled is not true\n"
#define MESH_ON "\"istio\":{\"enabled\":true}"
#define KEPT "\"service\":{\"sessionAffinity\":\"ClientIP\"},"
#define HPA(more) KEPT "\"autoscaling\":{\"hpa\":{\"enabled\":true," \
	"\"maxReplicas\":3" more "}}"
#define SHARE(of) of " is not among the requests, of which " \
	"autoscaling.hpa takes a share: it cannot reckon, and does not scale\n"

TEST(advice_on_areas_that_are_off)
{
	static const struct { const char *more, *want; } rows[] = {
		{ "\"autoscaling\":{\"hpa\":{\"enabled\":false,\"maxReplicas\":"
		  "3,\"targetCPUUtilizationPercentage\":50}}",
		  "spec.autoscaling.hpa" OFF },
		{ "\"autoscaling\":{\"hpa\":{\"enabled\":false,\"maxReplicas\":"
		  "3}}", "" },
		{ "\"autoscaling\":{\"vpa\":{\"enabled\":false,\"updateMode\":"
		  "\"Auto\"}}", "spec.autoscaling.vpa" OFF },
		{ "\"autoscaling\":{\"vpa\":{\"enabled\":true,\"updateMode\":"
		  "\"Auto\"}}", "" },
		{ "\"istio\":{\"mtls\":\"STRICT\"}", "spec.istio" OFF },
		{ "\"istio\":{\"enabled\":true,\"mtls\":\"STRICT\"}", "" },
		{ "\"istio\":{\"sidecarInject\":true}", "" },
		{ "\"entry\":{\"ingress\":{\"enabled\":false,\"className\":"
		  "\"n\"}}", "spec.entry.ingress" OFF },
		{ "\"entry\":{\"httpRoute\":{\"enabled\":false,"
		  "\"parentRefs\":[{\"name\":\"g\"}]}}",
		  "spec.entry.httpRoute" OFF },
		{ "\"entry\":{\"ingress\":{\"enabled\":false}}", "" },
		{ "\"networkPolicy\":{\"enabled\":false,"
		  "\"allowedNamespaces\":[\"x\"]}", "spec.networkPolicy" OFF },
		{ "\"networkPolicy\":{\"enabled\":false}", "" },
		{ "\"tenancy\":{\"tenantId\":\"t\",\"networkPolicy\":{"
		  "\"enabled\":false,\"egressRules\":[]}}",
		  "spec.tenancy.networkPolicy" OFF },
		{ "\"monitoring\":{\"serviceMonitor\":{\"enabled\":false,"
		  "\"path\":\"/m\"},\"prometheusRule\":{\"enabled\":false,"
		  "\"alertLabels\":{\"a\":\"b\"}},\"dashboard\":{\"enabled\":"
		  "false,\"labels\":{\"a\":\"b\"}}}",
		  "spec.monitoring.serviceMonitor" OFF
		  "spec.monitoring.prometheusRule" OFF
		  "spec.monitoring.dashboard" OFF },
		{ "\"monitoring\":{\"labels\":{\"a\":\"b\"},\"dashboard\":{"
		  "\"enabled\":true}}", "spec.monitoring.labels: have no "
		  "effect: neither serviceMonitor nor prometheusRule is "
		  "enabled\n" },
		{ "\"monitoring\":{\"labels\":{\"a\":\"b\"},"
		  "\"prometheusRule\":{\"enabled\":true}}", "" },
		{ "\"verification\":{\"enabled\":false,\"path\":\"/x\"}",
		  "spec.verification.path: has no effect, for enabled is "
		  "false\n" },
		{ "\"verification\":{\"path\":\"/x\"}", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		advised(rows[i].more, rows[i].want);
}

/* Nothing acts yet on the rest of a gateway, which is told as well. */
TEST(advice_on_a_gateway_that_is_off)
{
	static const char later[] = "spec: nothing acts yet on spec.gateway\n";
	char want[256];

	cut_fmt(want, sizeof(want), "spec.gateway%s%s", OFF, later);
	advised("\"gateway\":{\"istio\":{\"enabled\":true,\"host\":\"h\"}}",
	    want);
	cut_fmt(want, sizeof(want), "spec.gateway.istio%s%s", OFF, later);
	advised("\"gateway\":{\"enabled\":true,\"istio\":{\"host\":\"h\"}}",
	    want);
	advised("\"gateway\":{\"enabled\":true,\"istio\":{\"enabled\":true,"
	    "\"host\":\"h\"}}", later);
}

TEST(advice_on_shares_of_nothing)
{
	static const char memory[] = "\"resources\":{\"requests\":{"
	    "\"memory\":\"1Mi\"},\"limits\":{\"memory\":\"1Mi\"}},";
	static const char cpu[] = "\"resources\":{\"requests\":{\"cpu\":"
	    "\"1m\"},\"limits\":{}},";
	static const struct { bool cpu; const char *more, *want; } rows[] = {
		{ false, HPA(""), "spec.resources: " SHARE("cpu") },
		{ false, HPA(",\"targetMemoryUtilizationPercentage\":50"),
		  "" },
		{ true, HPA(""), "" },
		{ true, HPA(",\"targetMemoryUtilizationPercentage\":50"),
		  "spec.resources: " SHARE("memory") },
		{ true, HPA(",\"metrics\":[{\"type\":\"Resource\","
		  "\"resource\":{\"name\":\"memory\",\"target\":{\"type\":"
		  "\"Utilization\",\"averageUtilization\":5}}}]"),
		  "spec.resources: " SHARE("memory") },
		{ true, HPA(",\"metrics\":[{\"type\":\"Resource\","
		  "\"resource\":{\"name\":\"memory\",\"target\":{\"type\":"
		  "\"AverageValue\",\"averageValue\":5}}}]"), "" },
		{ false, "\"replicas\":0," HPA(""), "" },
		/* The LimitRange of a quota says what is requested. */
		{ false, "\"tenancy\":{\"tenantId\":\"t\","
		  "\"resourceQuotas\":{\"cpu\":1}}," HPA(""), "" },
	};
	char more[1024];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cut_fmt(more, sizeof(more), "%s%s", rows[i].cpu ? cpu : memory,
		    rows[i].more);
		advised(more, rows[i].want);
	}
	advised(HPA(""), "");
	advised("\"resources\":{\"requests\":{},\"limits\":{\"cpu\":1}},"
	    HPA(""), "spec.resources.requests.cpu: 1 is requested, the limit, "
	    "for none is named\n");
}

TEST(advice_on_shares_of_sidecars)
{
	static const char pod[] = "\"pod\":{\"sidecars\":[{\"name\":\"x\","
	    "\"image\":\"x:1\",\"resources\":{\"requests\":{\"cpu\":1}}},{"
	    "\"name\":\"y\",\"image\":\"y:1\",\"resources\":{%s}}]},%s";
	char more[1024];

	cut_fmt(more, sizeof(more), pod, "", HPA(""));
	advised(more, "spec.pod.sidecars[1].resources: " SHARE("cpu"));
	cut_fmt(more, sizeof(more), pod, "\"limits\":{\"cpu\":\"1\"}",
	    HPA(""));
	advised(more, "");
	cut_fmt(more, sizeof(more), pod, "", "\"replicas\":1");
	advised(more, "");
}

/* Of those that have ended before, none is asked. */
TEST(advice_on_shares_of_init_containers)
{
	static const char pod[] = "\"pod\":{\"initContainers\":[{\"name\":"
	    "\"x\",\"image\":\"x:1\"},{\"name\":\"y\",\"image\":\"y:1\"%s}]},"
	    "%s";
	char more[1024];

	cut_fmt(more, sizeof(more), pod, "", HPA(""));
	advised(more, "");
	cut_fmt(more, sizeof(more), pod, ",\"restartPolicy\":\"Always\"",
	    HPA(""));
	advised(more, "spec.pod.initContainers[1].resources: " SHARE("cpu"));
	cut_fmt(more, sizeof(more), pod, ",\"restartPolicy\":\"Always\","
	    "\"resources\":{\"limits\":{\"cpu\":1}}", HPA(""));
	advised(more, "");
}

/* Legal, until Kubernetes is strict about them. */
TEST(advice_on_networks_with_hosts)
{
	static const char policy[] = "\"networkPolicy\":{\"enabled\":true,"
	    "\"%s\":[{\"%s\":[{\"ipBlock\":{\"cidr\":\"%s\",\"except\":["
	    "\"%s\"]}}]}]}";
	static const char rule[] = "has bits of a host behind its prefix, "
	    "which Kubernetes refuses from 1.36 on\n";
	char more[512], text[512];

	cut_fmt(more, sizeof(more), policy, "ingressRules", "from",
	    "10.0.0.0/8", "10.1.0.0/16");
	advised(more, "");
	cut_fmt(more, sizeof(more), policy, "ingressRules", "from",
	    "10.0.0.1/8", "10.1.0.0/16");
	cut_fmt(text, sizeof(text), "spec.networkPolicy.ingressRules[0].from"
	    ": 10.0.0.1/8 %s", rule);
	advised(more, text);
	cut_fmt(more, sizeof(more), policy, "egressRules", "to", "fd00::/8",
	    "fd00::1/127");
	cut_fmt(text, sizeof(text), "spec.networkPolicy.egressRules[0].to: "
	    "fd00::1/127 %s", rule);
	advised(more, text);
	cut_fmt(text, sizeof(text), "spec.service.loadBalancerSourceRanges"
	    "[1]: 10.0.0.1/31 %s", rule);
	advised("\"service\":{\"type\":\"LoadBalancer\","
	    "\"loadBalancerSourceRanges\":[\"10.0.0.2/31\","
	    "\"10.0.0.1/31\"]}", text);
}

TEST(advice_on_room_for_an_autoscaler)
{
	static const char quota[] = "\"tenancy\":{\"tenantId\":\"t\","
	    "\"resourceQuotas\":{\"pods\":%s}},%s";
	char more[512];

	cut_fmt(more, sizeof(more), quota, "2", HPA(""));
	advised(more, "spec.tenancy.resourceQuotas.pods: is less than "
	    "autoscaling.hpa.maxReplicas, which it never gets to\n");
	cut_fmt(more, sizeof(more), quota, "3", HPA(""));
	advised(more, "");
	cut_fmt(more, sizeof(more), quota, "3", KEPT "\"replicas\":2");
	advised(more, "");
}

TEST(advice_on_timeouts_of_streams)
{
	static const char ways[] = "\"transport\":{\"type\":\"%s\"},\"istio\":"
	    "{\"enabled\":%s,\"virtualService\":{\"host\":\"h\",\"timeout\":"
	    "\"5s\"}},\"entry\":{\"httpRoute\":{\"enabled\":true,"
	    "\"parentRefs\":[{\"name\":\"g\"}],\"timeout\":\"%s\"}}";
	static const char both[] = "spec.istio.virtualService.timeout: ends "
	    "every session: with this transport each is one request, as long "
	    "as it lasts\nspec.entry.httpRoute.timeout: ends every session: "
	    "with this transport each is one request, as long as it lasts\n";
	char more[512];

	cut_fmt(more, sizeof(more), ways, "sse", "true", "5s");
	advised(more, both);
	cut_fmt(more, sizeof(more), ways, "websocket", "true", "5s");
	advised(more, both);
	cut_fmt(more, sizeof(more), ways, "streamable-http", "true", "5s");
	advised(more, "");
	cut_fmt(more, sizeof(more), ways, "sse", "false", "0s");
	advised(more, "spec.istio" OFF);
}

/* ---- policies ---- */

#define TENANT(more) "\"tenancy\":{\"tenantId\":\"t\"" more "}"
#define NETWORK(more) "\"networkPolicy\":{\"enabled\":true" more "}"
#define INGRESS "\"entry\":{\"ingress\":{\"enabled\":true," \
	"\"tlsSecretName\":\"c\"}}"
#define ROUTE(ns) "\"entry\":{\"httpRoute\":{\"enabled\":true," \
	"\"parentRefs\":[{\"name\":\"g\"" ns "}]}}"
#define SCRAPE "\"ports\":[{\"name\":\"mcp\",\"port\":8080},{\"name\":" \
	"\"metrics\",\"port\":9090}],\"monitoring\":{\"serviceMonitor\":{" \
	"\"enabled\":true,\"port\":\"metrics\"}}"
#define FENCED(path) path ": leads to pods whose NetworkPolicy lets in no " \
	"other namespace: name the one that the requests come from in " \
	"allowedNamespaces\n"
#define UNSEEN "spec.monitoring.serviceMonitor: is of pods whose " \
	"NetworkPolicy lets in no other namespace: name that of Prometheus " \
	"in allowedNamespaces\n"
#define CUT(path) path ": brings a sidecar that is kept from istiod, and " \
	"so never ready: let it out to istiod's namespace, TCP port 15012, " \
	"by egressRules\n"

TEST(advice_on_policies_before_a_way_in)
{
	static const struct { const char *more, *want; } rows[] = {
		{ INGRESS, "" },
		{ INGRESS "," NETWORK(""), FENCED("spec.entry.ingress") },
		{ INGRESS "," TENANT(""), FENCED("spec.entry.ingress") },
		{ INGRESS "," TENANT(",\"isolationLevel\":\"Strict\""),
		  FENCED("spec.entry.ingress") },
		{ INGRESS "," TENANT(",\"isolationLevel\":\"None\""), "" },
		{ INGRESS "," TENANT(",\"networkPolicy\":{\"enabled\":false}"
		  ), "" },
		{ INGRESS "," NETWORK(",\"allowedNamespaces\":[\"x\"]"), "" },
		{ INGRESS "," NETWORK(",\"allowedPods\":{}"),
		  FENCED("spec.entry.ingress") },
		{ INGRESS "," NETWORK(",\"ingressRules\":[{}]"), "" },
		{ INGRESS "," NETWORK(",\"ingressRules\":[{\"from\":[{"
		  "\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}}]}]"), "" },
		{ INGRESS "," NETWORK(",\"ingressRules\":[{\"from\":[{"
		  "\"podSelector\":{}}]}]"), FENCED("spec.entry.ingress") },
		/* Two policies add up. */
		{ INGRESS "," NETWORK(",\"allowedNamespaces\":[\"x\"]") ","
		  TENANT(""), "" },
		/* The proxies of a Gateway may be where it is. */
		{ ROUTE("") "," NETWORK(""), "" },
		{ ROUTE(",\"namespace\":\"tools\"") "," NETWORK(""), "" },
		{ ROUTE(",\"namespace\":\"edge\"") "," NETWORK(""),
		  FENCED("spec.entry.httpRoute") },
		{ "\"istio\":{\"enabled\":true,\"gateway\":\"g\","
		  "\"virtualService\":{\"host\":\"h\"}}," NETWORK(""),
		  FENCED("spec.istio.gateway") },
		{ "\"istio\":{\"enabled\":true,\"virtualService\":{\"host\":"
		  "\"h\"}}," NETWORK(""), "" },
		{ "\"gateway\":{\"enabled\":true,\"istio\":{\"enabled\":true,"
		  "\"host\":\"h\"}}," NETWORK(""),
		  FENCED("spec.gateway.istio")
		  "spec: nothing acts yet on spec.gateway\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		advised(rows[i].more, rows[i].want);
}

TEST(advice_on_policies_before_prometheus)
{
	advised(SCRAPE, "");
	advised(SCRAPE "," NETWORK(""), UNSEEN);
	advised(SCRAPE "," TENANT(""), UNSEEN);
	advised(SCRAPE "," NETWORK(",\"allowedNamespaces\":[\"x\"]"), "");
	/* Its port is not the one that clients go to. */
	advised(SCRAPE "," NETWORK(",\"ingressRules\":[{\"ports\":[{"
	    "\"port\":8080}]}]"), UNSEEN);
	advised(SCRAPE "," NETWORK(",\"ingressRules\":[{\"ports\":[{"
	    "\"port\":8080}]},{\"ports\":[{\"port\":\"metrics\"}]}]"), "");
}

TEST(advice_on_policies_before_istiod)
{
	static const struct { const char *more, *want; } rows[] = {
		{ NETWORK(""), "" },
		{ NETWORK(",\"egressRules\":[]"), CUT("spec.istio") },
		{ NETWORK(",\"egressRules\":[{\"to\":[{\"podSelector\":{}}]}"
		  "]"), CUT("spec.istio") },
		{ NETWORK(",\"egressRules\":[{\"ports\":[{\"port\":443}]}]"),
		  CUT("spec.istio") },
		{ NETWORK(",\"egressRules\":[{\"ports\":[{\"port\":15012}],"
		  "\"to\":[{\"namespaceSelector\":{}}]}]"), "" },
		{ NETWORK(",\"egressRules\":[{\"ports\":[{\"port\":15010,"
		  "\"endPort\":15020}]}]"), "" },
		{ TENANT(",\"isolationLevel\":\"Strict\""),
		  CUT("spec.istio") },
		{ TENANT(",\"isolationLevel\":\"Strict\"") ","
		  NETWORK(",\"egressRules\":[{}]"), "" },
		{ TENANT(""), "" },
	};
	char more[512];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cut_fmt(more, sizeof(more), "%s,%s", MESH_ON, rows[i].more);
		advised(more, rows[i].want);
		advised(rows[i].more, "");
	}
	advised("\"istio\":{\"enabled\":true,\"sidecarInject\":false},"
	    NETWORK(",\"egressRules\":[]"), "");
	advised("\"gateway\":{\"enabled\":true,\"istio\":{\"enabled\":true,"
	    "\"host\":\"h\"}}," NETWORK(",\"allowedNamespaces\":[\"x\"],"
	    "\"egressRules\":[]"), CUT("spec.gateway.istio")
	    "spec: nothing acts yet on spec.gateway\n");
}

TEST(advice_on_sidecars_needs_room)
{
	static char text[256], mem[2048];
	struct arena little;
	struct buf told;
	size_t n;
	int err = ERR_FULL;

	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a:1\",\"pod\":{"
	    "\"sidecars\":[{\"name\":\"x\",\"image\":\"x:1\"}]}," HPA("")
	    "}");
	for (n = 0; err == ERR_FULL && n < sizeof(mem); n += 16) {
		arena_init(&little, mem, n);
		buf_init(&told, text, sizeof(text));
		err = server_advise(&m.s, &little, note, &told);
		EXPECT(err == 0 || err == ERR_FULL);
		EXPECT_EQ(arena_mark(&little), 0);
		EXPECT(!little.over);
	}
	EXPECT_EQ(err, 0);
	EXPECT(n > 16);
}
