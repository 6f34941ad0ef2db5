#include "check.h"
#include "rendering.h"

#define SERVER(spec) \
	STR("{\"apiVersion\":\"mcp.allbeone.io/v1\",\"metadata\":" \
	"{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\"}," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")
#define ISTIO(istio) SERVER(",\"istio\":{\"enabled\":true" istio "}")
#define ROUTE(route) \
	ISTIO(",\"virtualService\":{\"host\":\"h\"" route "}")
#define TRAFFIC(traffic) \
	ISTIO(",\"destinationRule\":{\"trafficPolicy\":{" traffic "}}")
#define GATEWAY(istio) \
	SERVER(",\"gateway\":{\"enabled\":true,\"istio\":{" istio "}}")
#define INJECT "spec|template|metadata|labels|sidecar.istio.io/inject"

static struct child made(struct str json, enum child_kind kind)
{
	(void)rendering_server(json);
	return *rendering_extra(kind);
}

static struct str at(struct str json, enum child_kind kind, const char *path)
{
	struct child c = made(json, kind);

	REQUIRE(c.wanted);
	return rendering_at(c.body, path);
}

static struct str deployment_at(struct str json, const char *path)
{
	return rendering_at(rendering_of(json, 0)->
	    child[CHILD_DEPLOYMENT].body, path);
}

/* One that is there and holds nothing could not be reached from another. */
TEST(mesh_asks_for_no_empty_objects)
{
	EXPECT_STR(at(ISTIO(",\"destinationRule\":{}"),
	    CHILD_DESTINATION_RULE, "spec"), "{\"host\":\"a\"}");
	EXPECT_STR(at(TRAFFIC("\"connectionPool\":{\"tcp\":{},"
	    "\"http\":{}},\"loadBalancer\":{},\"outlierDetection\":{},"
	    "\"tls\":{}"), CHILD_DESTINATION_RULE, "spec|trafficPolicy"),
	    "{\"loadBalancer\":{\"simple\":\"ROUND_ROBIN\"},"
	    "\"tls\":{\"mode\":\"ISTIO_MUTUAL\"}}");
	EXPECT_STR(at(TRAFFIC("\"connectionPool\":{\"tcp\":{},"
	    "\"http\":{\"maxRetries\":1}},\"loadBalancer\":{\"simple\":"
	    "\"RANDOM\",\"consistentHash\":{}}"), CHILD_DESTINATION_RULE,
	    "spec|trafficPolicy"), "{\"connectionPool\":{\"http\":{"
	    "\"maxRetries\":1}},\"loadBalancer\":{\"simple\":\"RANDOM\"}}");
}

/* What stands there while it is off is kept for later. */
TEST(mesh_only_when_enabled)
{
	struct str off = SERVER(",\"istio\":{\"gateway\":\"g\",\"mtls\":"
	    "\"STRICT\",\"virtualService\":{\"host\":\"h\"},"
	    "\"destinationRule\":{}},\"gateway\":{\"istio\":{"
	    "\"enabled\":true,\"host\":\"h\"}}");

	for (int k = CHILD_VIRTUAL_SERVICE; k <= CHILD_PEER_AUTH; k++) {
		EXPECT(!made(off, (enum child_kind)k).wanted);
		EXPECT(!made(SERVER(""), (enum child_kind)k).wanted);
		EXPECT(!made(ISTIO(""), (enum child_kind)k).wanted);
	}
	EXPECT(rendering_of(off, 0)->template_digest ==
	    rendering_of(SERVER(""), 0)->template_digest);
}

TEST(mesh_sidecar_label)
{
	EXPECT_STR(deployment_at(SERVER(""), INJECT), "");
	EXPECT_STR(deployment_at(ISTIO(""), INJECT), "\"true\"");
	EXPECT_STR(deployment_at(ISTIO(",\"sidecarInject\":false"), INJECT),
	    "\"false\"");
	EXPECT_STR(deployment_at(GATEWAY("\"enabled\":true"), INJECT),
	    "\"true\"");
	EXPECT_STR(deployment_at(GATEWAY("\"enabled\":false"), INJECT), "");
	/* Of both the nearer one. */
	EXPECT_STR(deployment_at(SERVER(",\"istio\":{\"enabled\":true,"
	    "\"sidecarInject\":false},\"gateway\":{\"enabled\":true,"
	    "\"istio\":{\"enabled\":true}}"), INJECT), "\"false\"");
	EXPECT_STR(deployment_at(SERVER(",\"istio\":{\"enabled\":false},"
	    "\"gateway\":{\"enabled\":true,\"istio\":{\"enabled\":true}}"),
	    INJECT), "\"true\"");
}

TEST(mesh_sidecar_label_of_the_user)
{
	struct str pod = SERVER(",\"istio\":{\"enabled\":true},"
	    "\"podLabels\":{\"sidecar.istio.io/inject\":\"false\"}");
	struct str selector = SERVER(",\"istio\":{\"enabled\":true},"
	    "\"selector\":{\"sidecar.istio.io/inject\":\"false\"}");

	EXPECT_STR(deployment_at(pod, INJECT), "\"false\"");
	EXPECT_STR(deployment_at(selector, INJECT), "\"false\"");
	/* Then nobody speaks the mesh's TLS to them. */
	EXPECT(made(SERVER(",\"gateway\":{\"enabled\":true,\"istio\":{"
	    "\"enabled\":true,\"host\":\"h\"}},\"podLabels\":{"
	    "\"sidecar.istio.io/inject\":\"false\"}"),
	    CHILD_DESTINATION_RULE).wanted);
	EXPECT_STR(at(SERVER(",\"gateway\":{\"enabled\":true,\"istio\":{"
	    "\"enabled\":true,\"host\":\"h\"}},\"podLabels\":{"
	    "\"sidecar.istio.io/inject\":\"false\"}"),
	    CHILD_DESTINATION_RULE, "spec|trafficPolicy|tls"), "");
}

TEST(mesh_gateways)
{
	EXPECT_STR(at(ROUTE(""), CHILD_VIRTUAL_SERVICE, "spec|gateways"),
	    "[\"mesh\"]");
	EXPECT_STR(at(ISTIO(",\"gateway\":\"n/g\",\"virtualService\":{"
	    "\"host\":\"h\"}"), CHILD_VIRTUAL_SERVICE, "spec|gateways"),
	    "[\"n/g\"]");
	EXPECT_STR(at(GATEWAY("\"enabled\":true,\"host\":\"h\""),
	    CHILD_VIRTUAL_SERVICE, "spec|gateways"), "[\"default\"]");
	EXPECT_STR(at(SERVER(",\"istio\":{\"enabled\":true,\"gateway\":"
	    "\"g\",\"virtualService\":{\"host\":\"h\"}},\"gateway\":{"
	    "\"enabled\":true,\"istio\":{\"enabled\":true,\"host\":\"h\","
	    "\"gatewayRef\":\"g\"}}"), CHILD_VIRTUAL_SERVICE, "spec"),
	    "{\"hosts\":[\"h\"],\"gateways\":[\"g\"],\"http\":[{\"match\":["
	    "{\"uri\":{\"prefix\":\"/\"}}],\"route\":[{\"destination\":{"
	    "\"host\":\"a\",\"port\":{\"number\":8080}}}]}]}");
	/* Without a host there is nothing to route. */
	EXPECT(!made(GATEWAY("\"enabled\":true"),
	    CHILD_VIRTUAL_SERVICE).wanted);
}

TEST(mesh_paths_end_at_a_slash)
{
	EXPECT_STR(at(ROUTE(",\"path\":\"/mcp\""), CHILD_VIRTUAL_SERVICE,
	    "spec|http|0|match"), "[{\"uri\":{\"exact\":\"/mcp\"}},"
	    "{\"uri\":{\"prefix\":\"/mcp/\"}}]");
	EXPECT_STR(at(ROUTE(",\"path\":\"/mcp/\""), CHILD_VIRTUAL_SERVICE,
	    "spec|http|0|match"), "[{\"uri\":{\"prefix\":\"/mcp/\"}}]");
	/* The first system routes the endpoint only; of sse there is none. */
	EXPECT_STR(at(GATEWAY("\"enabled\":true,\"host\":\"h\""),
	    CHILD_VIRTUAL_SERVICE, "spec|http|0|match"),
	    "[{\"uri\":{\"exact\":\"/mcp\"}},"
	    "{\"uri\":{\"prefix\":\"/mcp/\"}}]");
	EXPECT_STR(at(SERVER(",\"transport\":{\"type\":\"sse\"},\"gateway\":{"
	    "\"enabled\":true,\"istio\":{\"enabled\":true,\"host\":\"h\"}}"),
	    CHILD_VIRTUAL_SERVICE, "spec|http|0|match"),
	    "[{\"uri\":{\"prefix\":\"/\"}}]");
}

TEST(mesh_headers_are_in_lower_case)
{
	struct str json = ROUTE(",\"headers\":{\"X-Az_9\":\"B\"}");

	EXPECT_STR(at(json, CHILD_VIRTUAL_SERVICE,
	    "spec|http|0|match|0|headers"), "{\"x-az_9\":{\"exact\":"
	    "\"B\"}}");
}

TEST(mesh_needs_a_service_to_route_to)
{
	struct str json = SERVER(",\"transport\":{\"type\":\"stdio\"},"
	    "\"istio\":{\"enabled\":true,\"mtls\":\"STRICT\","
	    "\"virtualService\":{\"host\":\"h\"},\"destinationRule\":{}}");

	EXPECT(!made(json, CHILD_VIRTUAL_SERVICE).wanted);
	EXPECT(!made(json, CHILD_DESTINATION_RULE).wanted);
	EXPECT(made(json, CHILD_PEER_AUTH).wanted);
}

TEST(mesh_traffic_as_given)
{
	EXPECT_STR(at(TRAFFIC("\"tls\":{},\"loadBalancer\":{}"),
	    CHILD_DESTINATION_RULE, "spec"), "{\"host\":\"a\","
	    "\"trafficPolicy\":{\"loadBalancer\":{\"simple\":"
	    "\"ROUND_ROBIN\"},\"tls\":{\"mode\":\"ISTIO_MUTUAL\"}}}");
	EXPECT_STR(at(GATEWAY("\"enabled\":true"), CHILD_DESTINATION_RULE,
	    "spec|trafficPolicy"), "{\"tls\":{\"mode\":\"ISTIO_MUTUAL\"}}");
	/* Which nobody could speak with pods that have no sidecar. */
	EXPECT_STR(at(SERVER(",\"istio\":{\"enabled\":true,"
	    "\"sidecarInject\":false},\"gateway\":{\"enabled\":true,"
	    "\"istio\":{\"enabled\":true,\"host\":\"h\"}}"),
	    CHILD_DESTINATION_RULE, "spec|trafficPolicy"), "");
}

#define STICKY ",\"service\":{\"sessionAffinity\":\"ClientIP\"}"

/* The sidecars do not ask the Service which pod is whose. */
TEST(mesh_keeps_session_affinity)
{
	static const char hash[] =
	    "{\"consistentHash\":{\"useSourceIp\":true}}";

	EXPECT(!made(SERVER(STICKY), CHILD_DESTINATION_RULE).wanted);
	EXPECT_STR(at(SERVER(STICKY ",\"istio\":{\"enabled\":true}"),
	    CHILD_DESTINATION_RULE, "spec|trafficPolicy|loadBalancer"),
	    hash);
	EXPECT_STR(at(SERVER(STICKY ",\"istio\":{\"enabled\":true,"
	    "\"destinationRule\":{\"trafficPolicy\":{\"loadBalancer\":{"
	    "\"simple\":\"RANDOM\"}}}}"), CHILD_DESTINATION_RULE,
	    "spec|trafficPolicy|loadBalancer"), "{\"simple\":\"RANDOM\"}");
}

TEST(mesh_hash_stands_alone)
{
	EXPECT_STR(at(TRAFFIC("\"loadBalancer\":{\"consistentHash\":{"
	    "\"httpHeaderName\":\"x-user\"}}"), CHILD_DESTINATION_RULE,
	    "spec|trafficPolicy|loadBalancer"),
	    "{\"consistentHash\":{\"httpHeaderName\":\"x-user\"}}");
}

TEST(mesh_auth_is_of_the_pods)
{
	struct str json = ISTIO(",\"mtls\":\"STRICT\"");

	EXPECT_STR(at(json, CHILD_PEER_AUTH, "spec|mtls"),
	    "{\"mode\":\"STRICT\"}");
	EXPECT_STR(at(json, CHILD_PEER_AUTH, "spec|selector"),
	    "{\"matchLabels\":{\"mcp.allbeone.io/server-key\":\"a.a\"}}");
}
