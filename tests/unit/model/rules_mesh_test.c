#include "model_test.h"

static struct model m;

#define ISTIO(istio) "{\"image\":\"a\",\"istio\":{\"enabled\":true," istio \
	"}}"
#define ROUTE(route) ISTIO("\"virtualService\":{\"host\":\"h\"," route "}")
#define TRAFFIC(traffic) \
	ISTIO("\"destinationRule\":{\"trafficPolicy\":{" traffic "}}")
#define AT "spec.istio.destinationRule.trafficPolicy."

static void bad(const char *spec, const char *path, const char *rule)
{
	model_bad(&m, GROUP_ALLBEONE, spec, path, rule);
}

static void good(const char *spec)
{
	model_good(&m, GROUP_ALLBEONE, spec);
}

TEST(rules_mesh_hosts)
{
	bad("{\"image\":\"a\",\"gateway\":{\"enabled\":true,\"istio\":{"
	    "\"enabled\":true}}}", "spec.gateway.istio.host",
	    "is required when it is enabled");
	good("{\"image\":\"a\",\"gateway\":{\"enabled\":false,\"istio\":{"
	    "\"enabled\":true}}}");
	bad(ISTIO("\"gateway\":\"g\""), "spec.istio.virtualService",
	    "is required with gateway: it has the host");
	bad(ISTIO("\"virtualService\":{}"), "spec.istio.virtualService.host",
	    "is required");
	bad(ISTIO("\"virtualService\":{\"host\":\"a_b\"}"),
	    "spec.istio.virtualService.host", "a_b is not a host name");
	bad("{\"image\":\"a\",\"gateway\":{\"istio\":{\"host\":\"*.\"}}}",
	    "spec.gateway.istio.host", "*. is not a host name");
	good(ISTIO("\"virtualService\":{\"host\":\"*.example.com\"}"));
}

/* As Istio has it: a rule of all names is none for its sidecars. */
TEST(rules_mesh_host_of_all_names)
{
	static const char rule[] = "* is for a gateway only, not for requests "
	    "within the mesh";

	bad(ISTIO("\"virtualService\":{\"host\":\"*\"}"),
	    "spec.istio.virtualService.host", rule);
	bad(ISTIO("\"gateway\":\"mesh\",\"virtualService\":{\"host\":"
	    "\"*\"}"), "spec.istio.virtualService.host", rule);
	good(ISTIO("\"gateway\":\"g\",\"virtualService\":{\"host\":"
	    "\"*\"}"));
	/* One VirtualService has the hosts of both. */
	bad("{\"image\":\"a\",\"istio\":{\"enabled\":true,"
	    "\"virtualService\":{\"host\":\"h\"}},\"gateway\":{\"enabled\":"
	    "true,\"istio\":{\"enabled\":true,\"host\":\"*\"}}}",
	    "spec.gateway.istio.host", rule);
	good("{\"image\":\"a\",\"gateway\":{\"enabled\":true,\"istio\":{"
	    "\"enabled\":true,\"host\":\"*\"}}}");
}

TEST(rules_mesh_gateways)
{
	bad(ISTIO("\"gateway\":\"a/b/c\",\"virtualService\":{\"host\":\"h\"}"
	    ), "spec.istio.gateway", "a/b/c is neither name nor "
	    "namespace/name of a gateway");
	bad("{\"image\":\"a\",\"gateway\":{\"istio\":{\"gatewayRef\":"
	    "\"/b\"}}}", "spec.gateway.istio.gatewayRef", "/b is neither "
	    "name nor namespace/name of a gateway");
	good(ISTIO("\"gateway\":\"istio-system/public\","
	    "\"virtualService\":{\"host\":\"h\"}"));
}

TEST(rules_mesh_stdio)
{
	static const char rule[] =
	    "needs a transport other than stdio, or a gateway";

	bad("{\"image\":\"a\",\"transport\":{\"type\":\"stdio\"},\"istio\":{"
	    "\"enabled\":true,\"virtualService\":{\"host\":\"h\"}}}",
	    "spec.istio.virtualService", rule);
	bad("{\"image\":\"a\",\"transport\":{\"type\":\"stdio\"},\"istio\":{"
	    "\"enabled\":true,\"destinationRule\":{}}}",
	    "spec.istio.destinationRule", rule);
	good("{\"image\":\"a\",\"transport\":{\"type\":\"stdio\"},\"istio\":"
	    "{\"enabled\":false,\"virtualService\":{\"host\":\"h\"}}}");
}

TEST(rules_mesh_routes)
{
	bad(ROUTE("\"path\":\"mcp\""), "spec.istio.virtualService.path",
	    "mcp must begin with '/'");
	bad(ROUTE("\"headers\":{\"a b\":\"c\"}"),
	    "spec.istio.virtualService.headers",
	    "a b is not a header's name");
	bad(ROUTE("\"headers\":{\"X-A\":\"c\",\"x-a\":\"d\"}"),
	    "spec.istio.virtualService.headers", "x-a is there twice");
	bad(ROUTE("\"timeout\":\"soon\""),
	    "spec.istio.virtualService.timeout",
	    "soon is not a duration such as 30s or 1h30m");
	bad(ROUTE("\"timeout\":\"0s\""), "spec.istio.virtualService.timeout",
	    "must be at least 1ms");
	bad(ROUTE("\"timeout\":\"1s\",\"retries\":{\"perTryTimeout\":\"2s\"}"
	    ), "spec.istio.virtualService.retries.perTryTimeout",
	    "is over timeout");
	good(ROUTE("\"timeout\":\"2s\",\"retries\":{\"perTryTimeout\":"
	    "\"2s\",\"attempts\":0},\"headers\":{\"x-a.b_c\":\"\"}"));
}

TEST(rules_mesh_balancing)
{
	static const char rule[] = "needs one of httpHeaderName, httpCookie "
	    "and useSourceIp";

	bad(TRAFFIC("\"loadBalancer\":{\"consistentHash\":{}}"),
	    AT "loadBalancer.consistentHash", rule);
	bad(TRAFFIC("\"loadBalancer\":{\"consistentHash\":{\"useSourceIp\":"
	    "false}}"), AT "loadBalancer.consistentHash", rule);
	bad(TRAFFIC("\"loadBalancer\":{\"consistentHash\":{\"useSourceIp\":"
	    "true,\"httpHeaderName\":\"x\"}}"),
	    AT "loadBalancer.consistentHash", rule);
	bad(TRAFFIC("\"loadBalancer\":{\"consistentHash\":{\"httpCookie\":{"
	    "\"name\":\"c\",\"ttl\":\"-1s\"}}}"),
	    AT "loadBalancer.consistentHash.httpCookie.ttl",
	    "must not be negative");
	bad(TRAFFIC("\"loadBalancer\":{\"simple\":\"FAIR\"}"),
	    AT "loadBalancer.simple", "FAIR is not one of UNSPECIFIED, "
	    "ROUND_ROBIN, LEAST_REQUEST, LEAST_CONN, RANDOM, PASSTHROUGH");
	good(TRAFFIC("\"loadBalancer\":{\"consistentHash\":{\"httpCookie\":{"
	    "\"name\":\"c\",\"ttl\":\"0s\"}}}"));
}

TEST(rules_mesh_pools)
{
	bad(TRAFFIC("\"connectionPool\":{\"tcp\":{\"maxConnections\":-1}}"),
	    AT "connectionPool.tcp.maxConnections", "-1 is under 1");
	bad(TRAFFIC("\"connectionPool\":{\"tcp\":{\"connectTimeout\":\"1us\""
	    "}}"), AT "connectionPool.tcp.connectTimeout",
	    "must be at least 1ms");
	bad(TRAFFIC("\"connectionPool\":{\"http\":{\"idleTimeout\":\"0s\"}}"
	    ), AT "connectionPool.http.idleTimeout", "must be at least 1ms");
	bad(TRAFFIC("\"outlierDetection\":{\"interval\":\"0s\"}"),
	    AT "outlierDetection.interval", "must be at least 1ms");
	bad(TRAFFIC("\"outlierDetection\":{\"baseEjectionTime\":\"-1s\"}"),
	    AT "outlierDetection.baseEjectionTime", "must be at least 1ms");
}

TEST(rules_mesh_tls)
{
	bad(TRAFFIC("\"tls\":{\"mode\":\"MUTUAL\",\"clientCertificate\":"
	    "\"/c\"}"), AT "tls", "needs clientCertificate and privateKey, "
	    "or credentialName, with mode MUTUAL");
	bad(TRAFFIC("\"tls\":{\"caCertificates\":\"/c\"}"), AT "tls",
	    "has certificates, which only modes SIMPLE and MUTUAL have use "
	    "for");
	bad(TRAFFIC("\"tls\":{\"mode\":\"SIMPLE\",\"caCertificates\":\"/c\","
	    "\"credentialName\":\"s\"}"), AT "tls.credentialName",
	    "s must not stand with paths of certificates");
	good(TRAFFIC("\"tls\":{\"mode\":\"MUTUAL\",\"credentialName\":\"s\"}"
	    ));
	good(TRAFFIC("\"tls\":{\"mode\":\"SIMPLE\",\"caCertificates\":"
	    "\"/c\"}"));
}

TEST(rules_mesh_sidecar)
{
	bad(ISTIO("\"sidecarInject\":false,\"destinationRule\":{"
	    "\"trafficPolicy\":{\"tls\":{}}}"), AT "tls.mode",
	    "ISTIO_MUTUAL needs sidecarInject");
	bad(ISTIO("\"sidecarInject\":false,\"mtls\":\"STRICT\""),
	    "spec.istio.mtls", "STRICT needs sidecarInject");
	good(ISTIO("\"sidecarInject\":false,\"mtls\":\"DISABLE\""));
	good(ISTIO("\"sidecarInject\":true,\"mtls\":\"STRICT\""));
}
