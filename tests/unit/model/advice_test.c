#include "model_test.h"

static struct model m;

static void note(void *ctx, const struct diag *d)
{
	buf_fmt(ctx, "%s: %s\n", d->path, d->text);
}

static void told_is(const char *want)
{
	static char text[2048];
	struct buf told;

	buf_init(&told, text, sizeof(text));
	EXPECT_EQ(server_advise(&m.s, &m.arena, note, &told), 0);
	EXPECT_STR(buf_view(&told), want);
}

/* A spec of the first group beside its image, and what is said of it. */
static void advised(const char *more, const char *want)
{
	char spec[2048];

	cut_fmt(spec, sizeof(spec), "{\"image\":\"a:1\"%s%s}",
	    *more ? "," : "", more);
	model_good(&m, GROUP_ALLBEONE, spec);
	told_is(want);
}

TEST(advice_on_images)
{
	static const char moves[] = "spec.image: names no version: pods made "
	    "at different times may run different images\n";

	advised("", "");
	advised("\"tag\":\"2\"", "");
	for (int i = 0; i < 4; i++) {
		static const char *const image[] = {
			"r:5000/a", "a:latest", "a@sha256:0", "a:1@sha256:0"
		};
		char spec[128];

		cut_fmt(spec, sizeof(spec), "{\"image\":\"%s\"}", image[i]);
		model_good(&m, GROUP_MCPDEV, spec);
		told_is(i < 2 ? moves : "");
	}
}

TEST(advice_on_reloading)
{
	static const char files[] = "\"config\":{}";
	char more[512];

	cut_fmt(more, sizeof(more), "%s,\"reload\":{\"policy\":\"Signal\","
	    "\"signal\":\"SIGUSR1\"}", files);
	advised(more, "");
	advised("\"reload\":{\"policy\":\"Roll\"}", "");
	advised("\"reload\":{\"signal\":\"SIGHUP\"}", "spec.reload.signal: "
	    "has no effect without policy Signal\n");
	advised("\"reload\":{\"policy\":\"Signal\"}", "spec.reload.policy: "
	    "has no effect: no ConfigMap or Secret comes by itself as "
	    "files that running pods see change\n");
	cut_fmt(more, sizeof(more), "%s,\"reload\":{\"policy\":\"Signal\"},"
	    "\"securityContext\":{\"runAsNonRoot\":true}", files);
	advised(more, "spec.reload.policy: has no effect with runAsNonRoot "
	    "and without runAsUser: who signals must be the same user\n");
	cut_fmt(more, sizeof(more), "%s,\"reload\":{\"policy\":\"Signal\"},"
	    "\"pod\":{\"sidecars\":[{\"name\":\"s\",\"image\":\"b:1\"}]}",
	    files);
	advised(more, "spec.reload.policy: has no effect beside sidecars of "
	    "the same user without runAsGroup\n");
	cut_fmt(more, sizeof(more), "%s,\"reload\":{\"policy\":\"Signal\"},"
	    "\"podTemplatePatch\":{\"spec\":{\"shareProcessNamespace\":"
	    "false}}", files);
	advised(more, "spec.reload.policy: has no effect with runAsUser, "
	    "runAsGroup or shareProcessNamespace in podTemplatePatch\n");
}

TEST(advice_on_the_service)
{
	static const char fields[] = "\"externalTrafficPolicy\":\"Local\","
	    "\"loadBalancerSourceRanges\":[\"10.0.0.0/8\"]";
	static const char balanced[] =
	    "spec.service.loadBalancerSourceRanges: has no effect on a Service "
	    "of type NodePort\n";
	char more[512];

	cut_fmt(more, sizeof(more), "\"service\":{\"type\":\"LoadBalancer\","
	    "%s}", fields);
	advised(more, "");
	cut_fmt(more, sizeof(more), "\"serviceType\":\"NodePort\","
	    "\"service\":{%s}", fields);
	advised(more, balanced);
	cut_fmt(more, sizeof(more), "\"transport\":{\"type\":\"stdio\"},"
	    "\"service\":{%s}", fields);
	advised(more, "");
	advised("\"service\":{\"externalTrafficPolicy\":\"Local\"}",
	    "spec.service.externalTrafficPolicy: has no effect on a Service "
	    "of type ClusterIP\n");
	advised("\"service\":{\"loadBalancerSourceRanges\":[]}", "");
}

TEST(advice_on_root)
{
	advised("\"securityContext\":{\"runAsUser\":0}",
	    "spec.securityContext.runAsUser: is root\n");
	advised("\"podSecurityContext\":{\"runAsUser\":0}",
	    "spec.podSecurityContext.runAsUser: is root\n");
	advised("\"podSecurityContext\":{\"runAsUser\":0},"
	    "\"securityContext\":{\"runAsUser\":7}", "");
	advised("\"securityContext\":{\"privileged\":false}", "");
}

/* As the kubelet has it: what the container says, else what the pod says. */
TEST(advice_on_root_that_may_not_run)
{
	static const struct { const char *more, *where; } rows[] = {
		{ "\"securityContext\":{\"runAsUser\":0,"
		  "\"runAsNonRoot\":true}", "securityContext" },
		{ "\"podSecurityContext\":{\"runAsUser\":0,"
		  "\"runAsNonRoot\":true}", "podSecurityContext" },
		{ "\"securityContext\":{\"runAsUser\":0},"
		  "\"podSecurityContext\":{\"runAsNonRoot\":true}",
		  "securityContext" },
		{ "\"securityContext\":{\"runAsNonRoot\":true},"
		  "\"podSecurityContext\":{\"runAsUser\":0}",
		  "podSecurityContext" }
	};
	char want[128];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cut_fmt(want, sizeof(want), "spec.%s.runAsUser: is root, so "
		    "that with runAsNonRoot no pod starts\n", rows[i].where);
		advised(rows[i].more, want);
	}
	advised("\"securityContext\":{\"runAsUser\":0,\"runAsNonRoot\":"
	    "false},\"podSecurityContext\":{\"runAsNonRoot\":true}",
	    "spec.securityContext.runAsUser: is root\n");
	advised("\"securityContext\":{\"runAsUser\":7,\"runAsNonRoot\":"
	    "true},\"podSecurityContext\":{\"runAsUser\":0}", "");
	advised("\"podSecurityContext\":{\"runAsNonRoot\":true}", "");
}

TEST(advice_on_requests_that_name_not_all)
{
	static const char cpu[] = "spec.resources.requests.cpu: 500m is "
	    "requested, the limit, for none is named\n";
	static const char memory[] = "spec.resources.requests.memory: 512Mi "
	    "is requested, the limit, for none is named\n";
	char both[256];

	advised("\"resources\":{\"requests\":{\"cpu\":\"5m\"}}", memory);
	advised("\"resources\":{\"requests\":{\"memory\":\"5Mi\"}}", cpu);
	cut_fmt(both, sizeof(both), "%s%s", cpu, memory);
	advised("\"resources\":{\"requests\":{}}", both);
	advised("\"resources\":{\"requests\":{\"cpu\":1,\"memory\":\"1Mi\""
	    "}}", "");
	/* Then it is the default that is requested. */
	advised("\"resources\":{\"limits\":{\"memory\":\"1Gi\"}}", "");
	/* No more than it would be by default, or nothing. */
	advised("\"resources\":{\"requests\":{\"cpu\":\"5m\"},\"limits\":{"
	    "\"memory\":\"128Mi\"}}", "");
	advised("\"resources\":{\"requests\":{\"cpu\":\"5m\"},\"limits\":{}"
	    "}", "");
	advised("\"resources\":{\"requests\":{\"cpu\":\"5m\"}},"
	    "\"podTemplatePatch\":{\"spec\":{}}", "");
}

/* By the defaults of each group and transport. */
TEST(advice_on_requests_of_other_groups)
{
	static const char spec[] = "{\"image\":\"a:1\",\"transport\":"
	    "\"%s\",\"resources\":{\"requests\":{\"cpu\":\"5m\"},"
	    "\"limits\":{\"memory\":\"200Mi\"}}}";
	static const char more[] = "spec.resources.requests.memory: 200Mi is "
	    "requested, the limit, for none is named\n";
	char text[256];

	cut_fmt(text, sizeof(text), spec, "streamable-http");
	model_good(&m, GROUP_EXAMPLE, text);
	told_is("");
	cut_fmt(text, sizeof(text), spec, "http");
	model_good(&m, GROUP_EXAMPLE, text);
	told_is(more);
	cut_fmt(text, sizeof(text), spec, "stdio");
	model_good(&m, GROUP_EXAMPLE, text);
	told_is(more);
	/* One has no defaults, the other adds what is missing. */
	cut_fmt(text, sizeof(text), spec, "http");
	model_good(&m, GROUP_MCPDEV, text);
	told_is("");
	model_good(&m, GROUP_NTAKATSU, "{\"image\":\"a:1\",\"resources\":{"
	    "\"requests\":{\"cpu\":\"5m\"}}}");
	told_is("");
}

TEST(advice_on_memory_that_is_none)
{
	static const struct { const char *limit; bool told; } rows[] = {
		{ "512m", true }, { "1000", true }, { "1023Ki", true },
		{ "1Mi", false }, { "0", false }
	};
	char more[256], want[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cut_fmt(more, sizeof(more), "\"resources\":{\"limits\":{"
		    "\"memory\":\"%s\"}}", rows[i].limit);
		cut_fmt(want, sizeof(want), "spec.resources.limits.memory: "
		    "%s is less than it takes to start: m is a thousandth\n",
		    rows[i].limit);
		advised(more, rows[i].told ? want : "");
	}
	advised("\"resources\":{\"limits\":{\"memory\":\"512m\"}},"
	    "\"podTemplatePatch\":{\"spec\":{}}", "");
}

TEST(advice_on_secrets)
{
	advised("\"env\":[{\"name\":\"TOKEN\"},{\"name\":\"my_password\","
	    "\"value\":\"x\"},{\"name\":\"MAX_TOKENS\",\"value\":\"9\"},"
	    "{\"name\":\"API_KEY\",\"valueFrom\":{\"secretKeyRef\":{\"name\":"
	    "\"s\",\"key\":\"k\"}}}]", "spec.env: my_password seems to hold "
	    "a secret, which everybody reads who may read this object; "
	    "valueFrom.secretKeyRef keeps it in a Secret\n");
}

TEST(advice_on_secrets_among_files)
{
	model_good(&m, GROUP_EXAMPLE, "{\"image\":\"a:1\",\"config\":{"
	    "\"LOG_LEVEL\":\"debug\",\"API_KEY\":\"x\",\"TOKEN\":\"\"}}");
	told_is("spec.config: API_KEY seems to hold a secret, which "
	    "everybody reads who may read ConfigMaps; configSources can mount "
	    "a Secret\n");
}

TEST(advice_on_probes)
{
	static const char alive[] = "\"liveness\":{\"tcpSocket\":{\"port\":"
	    "8080}}";
	static const char lacks[] = "spec.probes.readiness: is not given "
	    "beside liveness: clients are sent to pods that cannot answer "
	    "yet\n";
	char more[256];

	cut_fmt(more, sizeof(more), "\"probes\":{\"disabled\":true,%s}", alive);
	advised(more, lacks);
	cut_fmt(more, sizeof(more), "\"probes\":{%s}", alive);
	advised(more, "");
	advised("\"probes\":{\"disabled\":true}", "");
	cut_fmt(more, sizeof(more), "\"probes\":{\"disabled\":true,%s,"
	    "\"readiness\":{\"tcpSocket\":{\"port\":8080}}}", alive);
	advised(more, "");
	advised("\"transport\":{\"type\":\"stdio\"},\"probes\":{\"disabled\":"
	    "true,\"liveness\":{\"exec\":{\"command\":[\"true\"]}}}", "");
}

TEST(advice_on_paths_of_the_node)
{
	advised("\"volumes\":[{\"name\":\"a\",\"emptyDir\":{}},{\"name\":\"b\","
	    "\"hostPath\":{\"path\":\"/srv\"}}]", "spec.volumes[1].hostPath: "
	    "/srv is the node's own: other nodes have other files there, and "
	    "Pod Security refuses it at levels baseline and restricted\n");
	advised("\"volumes\":[{\"name\":\"a\",\"persistentVolumeClaim\":{"
	    "\"claimName\":\"c\"}}]", "");
}

TEST(advice_on_containers_beside)
{
	advised("\"pod\":{\"initContainers\":[{\"name\":\"a\",\"image\":"
	    "\"b:2\",\"env\":[{\"name\":\"TOKEN\",\"value\":\"x\"}]}],"
	    "\"sidecars\":[{\"name\":\"c\",\"image\":\"d:1\",\"env\":[{"
	    "\"name\":\"LEVEL\",\"value\":\"x\"}]},{\"name\":\"e\",\"image\":"
	    "\"f\"}]}", "spec.pod.initContainers[0].env: TOKEN seems to hold a "
	    "secret, "
	    "which everybody reads who may read this object; "
	    "valueFrom.secretKeyRef keeps it in a Secret\n"
	    "spec.pod.sidecars[1].image: names no version: pods made at "
	    "different times may run different images\n");
}

#define HASH "{\"trafficPolicy\":{\"loadBalancer\":{\"consistentHash\":{" \
	"\"useSourceIp\":true}}}}"

TEST(advice_on_sessions)
{
	static const char lost[] = "spec.service.sessionAffinity: should be "
	    "ClientIP with more than one pod, or sessions of clients get "
	    "lost\n";
	char both[256];

	advised("\"replicas\":2,\"transport\":{\"type\":\"sse\"}", lost);
	advised("\"replicas\":2,\"transport\":{\"type\":\"streamable-http\"}",
	    lost);
	advised("\"replicas\":2,\"transport\":{\"type\":\"http\"}", lost);
	advised("\"replicas\":2", lost);
	advised("\"replicas\":2,\"transport\":{\"type\":\"websocket\"}", "");
	advised("\"replicas\":2,\"transport\":{\"type\":\"stdio\"}",
	    "spec: nothing acts yet on spec.replicas\n");
	advised("\"replicas\":1,\"transport\":{\"type\":\"sse\"}", "");
	advised("\"replicas\":2,\"transport\":{\"type\":\"sse\"},\"service\":"
	    "{\"sessionAffinity\":\"ClientIP\"}", "");
	/* As many as its autoscaler may make; none while it is halted. */
	advised("\"transport\":{\"type\":\"sse\"},\"autoscaling\":{\"hpa\":"
	    "{\"enabled\":true,\"maxReplicas\":3}}", lost);
	advised("\"transport\":{\"type\":\"sse\"},\"autoscaling\":{\"hpa\":"
	    "{\"enabled\":false,\"maxReplicas\":3}}", "");
	advised("\"replicas\":0,\"transport\":{\"type\":\"sse\"},"
	    "\"autoscaling\":{\"hpa\":{\"enabled\":true,\"maxReplicas\":3}}",
	    "");
	/* A mesh keeps them only where it is. */
	advised("\"replicas\":2,\"transport\":{\"type\":\"sse\"},\"istio\":{"
	    "\"enabled\":true,\"destinationRule\":" HASH "}", "");
	cut_fmt(both, sizeof(both), "%sspec.istio: has fields without effect, "
	    "for enabled is not true\n", lost);
	advised("\"replicas\":2,\"transport\":{\"type\":\"sse\"},\"istio\":{"
	    "\"enabled\":false,\"destinationRule\":" HASH "}", both);
}

/* A rollout makes a pod more first, unless it takes one away first. */
TEST(advice_on_quotas_without_room_for_a_rollout)
{
	static const struct { const char *quota, *strategy, *full; } rows[] = {
		{ "\"pods\":2", "", "pods" },
		{ "\"pods\":3", "", NULL },
		{ "\"cpu\":\"200m\"", "", "cpu" },
		{ "\"cpu\":\"299m\"", "", "cpu" },
		{ "\"cpu\":\"300m\"", "", NULL },
		{ "\"memory\":\"256Mi\"", "", "memory" },
		{ "\"memory\":\"384Mi\"", "", NULL },
		{ "\"pods\":2,\"cpu\":\"200m\"", "", "pods" },
		{ "\"storage\":\"1Gi\"", "", NULL },
		{ "\"pods\":2", "\"type\":\"Recreate\"", NULL },
		{ "\"pods\":2", "\"type\":\"RollingUpdate\"", "pods" },
		{ "\"pods\":2", "\"rollingUpdate\":{\"maxUnavailable\":1}",
		  NULL },
		/* Parts of a pod: none that goes, one that comes. */
		{ "\"pods\":2", "\"rollingUpdate\":{\"maxUnavailable\":"
		  "\"49%\"}", "pods" },
		{ "\"pods\":2", "\"rollingUpdate\":{\"maxUnavailable\":"
		  "\"50%\"}", NULL },
		{ "\"pods\":2", "\"rollingUpdate\":{\"maxUnavailable\":0,"
		  "\"maxSurge\":\"1%\"}", "pods" },
		/* Where both are none Kubernetes lets one go. */
		{ "\"pods\":2", "\"rollingUpdate\":{\"maxSurge\":0}", NULL }
	};
	char more[512], want[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cut_fmt(more, sizeof(more), "\"replicas\":2,\"service\":{"
		    "\"sessionAffinity\":\"ClientIP\"},\"tenancy\":{"
		    "\"tenantId\":\"t\",\"resourceQuotas\":{%s}},"
		    "\"strategy\":{%s}", rows[i].quota, rows[i].strategy);
		cut_fmt(want, sizeof(want), "spec.tenancy.resourceQuotas: %s "
		    "has no room for one more pod, without which a rollout "
		    "hangs\n", rows[i].full != NULL ? rows[i].full : "");
		advised(more, rows[i].full != NULL ? want : "");
	}
	advised("\"replicas\":0,\"tenancy\":{\"tenantId\":\"t\","
	    "\"resourceQuotas\":{\"pods\":0}}", "");
	/* Of stdio there is one at most. */
	advised("\"replicas\":2,\"transport\":{\"type\":\"stdio\"},"
	    "\"tenancy\":{\"tenantId\":\"t\",\"resourceQuotas\":{\"pods\""
	    ":2}}", "spec: nothing acts yet on spec.replicas\n");
}

#define KEPT "\"service\":{\"sessionAffinity\":\"ClientIP\"},"

TEST(advice_on_budgets)
{
	static const char gone[] = "spec.autoscaling.pdb.maxUnavailable: of 0 "
	    "keeps nodes from being drained\n";
	static const char left[] = "spec.autoscaling.pdb.minAvailable: of all "
	    "pods keeps nodes from being drained\n";
	static const char least[] = "spec.autoscaling.pdb.minAvailable: of all "
	    "minReplicas pods keeps nodes from being drained\n";
	const char *two = KEPT "\"replicas\":2,\"autoscaling\":{\"pdb\":{%s}}";
	static const struct { const char *pdb, *want; } rows[] = {
		{ "\"maxUnavailable\":0", gone },
		{ "\"maxUnavailable\":\"0%\"", gone },
		{ "\"maxUnavailable\":1", "" },
		{ "\"maxUnavailable\":\"\"", "" },
		{ "\"minAvailable\":\"\"", "" },
		{ "\"maxUnavailable\":\"10%\"", "" },
		{ "\"maxUnavailable\":0,\"enabled\":false",
		  "spec.autoscaling.pdb: has fields without effect, for "
		  "enabled is not true\n" },
		{ "\"minAvailable\":1", "" },
		{ "\"minAvailable\":2", left },
		/* A part of a pod is a pod: one of two, and both. */
		{ "\"minAvailable\":\"50%\"", "" },
		{ "\"minAvailable\":\"51%\"", left },
		{ "\"minAvailable\":\"100%\"", left }
	};
	char more[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cut_fmt(more, sizeof(more), two, rows[i].pdb);
		advised(more, rows[i].want);
	}
	/* One pod alone has no budget unless it is asked for. */
	advised("\"autoscaling\":{\"pdb\":{\"minAvailable\":1}}", "");
	advised("\"autoscaling\":{\"pdb\":{\"enabled\":true,"
	    "\"minAvailable\":1}}", left);
	advised("\"replicas\":0,\"autoscaling\":{\"pdb\":{\"enabled\":true,"
	    "\"minAvailable\":1}}", "");
	/* An autoscaler may stay at as few as it is told. */
	advised(KEPT "\"autoscaling\":{\"hpa\":{\"enabled\":true,"
	    "\"minReplicas\":2,\"maxReplicas\":4},\"pdb\":{"
	    "\"minAvailable\":1}}", "");
	advised(KEPT "\"autoscaling\":{\"hpa\":{\"enabled\":true,"
	    "\"minReplicas\":2,\"maxReplicas\":4},\"pdb\":{"
	    "\"minAvailable\":2}}", least);
	advised(KEPT "\"autoscaling\":{\"hpa\":{\"enabled\":true,"
	    "\"minReplicas\":2,\"maxReplicas\":4},\"pdb\":{"
	    "\"minAvailable\":\"50%\"}}", "");
	advised(KEPT "\"autoscaling\":{\"hpa\":{\"enabled\":true,"
	    "\"minReplicas\":2,\"maxReplicas\":4},\"pdb\":{"
	    "\"minAvailable\":\"51%\"}}", least);
	advised(KEPT "\"autoscaling\":{\"hpa\":{\"enabled\":true,"
	    "\"maxReplicas\":4},\"pdb\":{\"minAvailable\":1}}", least);
}

TEST(advice_on_what_is_ignored)
{
	advised("\"registry\":{\"name\":\"r\"}",
	    "spec: nothing acts yet on spec.registry\n");
}

TEST(advice_needs_room)
{
	static char text[256];
	struct arena none;
	struct buf told;
	char mem[16];

	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a:1\",\"istio\":{"
	    "\"enabled\":true}}");
	arena_init(&none, mem, sizeof(mem));
	buf_init(&told, text, sizeof(text));
	EXPECT_EQ(server_advise(&m.s, &none, note, &told), ERR_FULL);
	EXPECT_EQ(arena_mark(&none), 0);
	EXPECT(!none.over);
}

TEST(advice_on_a_way_in_that_is_none)
{
	advised("\"entry\":{\"hosts\":[\"a.example\"]}",
	    "spec.entry.hosts: lead nowhere: neither ingress nor httpRoute is "
	    "enabled\n");
	advised("\"entry\":{\"path\":\"/x\"}", "spec.entry: leads nowhere: "
	    "neither ingress nor httpRoute is enabled\n");
	advised("\"entry\":{}", "");
	advised("\"entry\":{\"hosts\":[\"a.example\"],\"sessionAffinity\":"
	    "\"ClientIP\",\"httpRoute\":{\"enabled\":true,\"parentRefs\":[{"
	    "\"name\":\"g\"}]}}", "spec.entry.sessionAffinity: of ClientIP "
	    "means nothing to an HTTPRoute: Cookie does\n");
	advised("\"entry\":{\"hosts\":[\"a.example\"],\"sessionAffinity\":"
	    "\"Cookie\",\"httpRoute\":{\"enabled\":true,\"parentRefs\":[{"
	    "\"name\":\"g\"}]}}", "");
}
