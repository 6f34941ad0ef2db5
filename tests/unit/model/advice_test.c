#include "model_test.h"

static struct model m;

static void note(void *ctx, const struct diag *d)
{
	buf_fmt(ctx, "%s: %s\n", d->path, d->text);
}

/* A spec of the first group beside its image, and what is said of it. */
static void advised(const char *more, const char *want)
{
	static char text[2048];
	char spec[2048];
	struct buf told;

	cut_fmt(spec, sizeof(spec), "{\"image\":\"a:1\"%s%s}",
	    *more ? "," : "", more);
	model_good(&m, GROUP_ALLBEONE, spec);
	buf_init(&told, text, sizeof(text));
	EXPECT_EQ(server_advise(&m.s, &m.arena, note, &told), 0);
	EXPECT_STR(buf_view(&told), want);
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
		static char text[512];
		char spec[128];
		struct buf told;

		cut_fmt(spec, sizeof(spec), "{\"image\":\"%s\"}", image[i]);
		model_good(&m, GROUP_MCPDEV, spec);
		buf_init(&told, text, sizeof(text));
		EXPECT_EQ(server_advise(&m.s, &m.arena, note, &told), 0);
		EXPECT_STR(buf_view(&told), i < 2 ? moves : "");
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

#define HASH "{\"trafficPolicy\":{\"loadBalancer\":{\"consistentHash\":{" \
	"\"useSourceIp\":true}}}}"

TEST(advice_on_sessions)
{
	static const char lost[] = "spec.service.sessionAffinity: should be "
	    "ClientIP with more than one pod, or sessions of clients get "
	    "lost\n";

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
	advised("\"replicas\":2,\"transport\":{\"type\":\"sse\"},\"istio\":{"
	    "\"enabled\":false,\"destinationRule\":" HASH "}", lost);
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
		{ "\"maxUnavailable\":\"10%\"", "" },
		{ "\"maxUnavailable\":0,\"enabled\":false", "" },
		{ "\"minAvailable\":1", "" },
		{ "\"minAvailable\":2", left },
		{ "\"minAvailable\":\"99%\"", "" },
		{ "\"minAvailable\":\"100%\"", left }
	};
	char more[256];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cut_fmt(more, sizeof(more), two, rows[i].pdb);
		advised(more, rows[i].want);
	}
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
	advised("\"entry\":{\"hosts\":[\"a.example\"],\"sessionAffinity\":"
	    "\"ClientIP\",\"httpRoute\":{\"enabled\":true,\"parentRefs\":[{"
	    "\"name\":\"g\"}]}}", "spec.entry.sessionAffinity: of ClientIP "
	    "means nothing to an HTTPRoute: Cookie does\n");
	advised("\"entry\":{\"hosts\":[\"a.example\"],\"sessionAffinity\":"
	    "\"Cookie\",\"httpRoute\":{\"enabled\":true,\"parentRefs\":[{"
	    "\"name\":\"g\"}]}}", "");
}
