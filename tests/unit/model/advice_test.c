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
	    "has no effect: no ConfigMap or Secret comes as files that "
	    "running pods see change\n");
	cut_fmt(more, sizeof(more), "%s,\"reload\":{\"policy\":\"Signal\"},"
	    "\"securityContext\":{\"runAsNonRoot\":true}", files);
	advised(more, "spec.reload.policy: has no effect with runAsNonRoot "
	    "and without runAsUser: who signals must be the same user\n");
	cut_fmt(more, sizeof(more), "%s,\"reload\":{\"policy\":\"Signal\"},"
	    "\"pod\":{\"sidecars\":[{\"name\":\"s\",\"image\":\"b:1\"}]}",
	    files);
	advised(more, "spec.reload.policy: has no effect beside sidecars of "
	    "the same user without runAsGroup\n");
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
	advised("\"replicas\":2,\"transport\":{\"type\":\"http\"}", "");
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

TEST(advice_on_budgets)
{
	static const char gone[] = "spec.autoscaling.pdb.maxUnavailable: of 0 "
	    "keeps nodes from being drained\n";
	static const char left[] = "spec.autoscaling.pdb.minAvailable: of all "
	    "pods keeps nodes from being drained\n";
	const char *two = "\"replicas\":2,\"autoscaling\":{\"pdb\":{%s}}";
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
	/* Of as many as an autoscaler makes. */
	advised("\"autoscaling\":{\"hpa\":{\"enabled\":true,\"maxReplicas\":4"
	    "},\"pdb\":{\"minAvailable\":3}}", "");
	advised("\"autoscaling\":{\"hpa\":{\"enabled\":true,\"maxReplicas\":4"
	    "},\"pdb\":{\"minAvailable\":4}}", left);
	advised("\"autoscaling\":{\"hpa\":{\"enabled\":true,\"maxReplicas\":4"
	    "},\"pdb\":{\"minAvailable\":\"76%\"}}", left);
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
