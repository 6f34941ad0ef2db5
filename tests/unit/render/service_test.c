#include "check.h"
#include "rendering.h"

#define SERVER(meta, spec) \
	STR("{\"apiVersion\":\"mcp.allbeone.io/v1\",\"metadata\":" \
	"{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\"" meta "}," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")

static struct str service_at(struct str json, const char *path)
{
	return rendering_at(rendering_of(json, 0)->child[CHILD_SERVICE].body,
	    path);
}

TEST(service_is_for_those_who_listen)
{
	EXPECT(rendering_of(SERVER("", ""), 0)->child[CHILD_SERVICE].wanted);
	EXPECT(!rendering_of(SERVER("", ",\"transport\":"
	    "{\"type\":\"stdio\"},\"port\":80"), 0)->
	    child[CHILD_SERVICE].wanted);
}

TEST(service_leads_from_port_to_target)
{
	EXPECT_STR(service_at(SERVER("", ",\"ports\":[{\"port\":80,"
	    "\"targetPort\":9000}]"), "spec|ports"),
	    "[{\"name\":\"mcp\",\"port\":80,\"targetPort\":9000,"
	    "\"protocol\":\"TCP\"}]");
}

TEST(service_label_of_its_own_is_nearer_than_the_servers)
{
	struct str json = SERVER(",\"labels\":{\"x\":\"far\",\"y\":\"1\"}",
	    ",\"service\":{\"labels\":{\"x\":\"near\"}}");

	EXPECT_STR(service_at(json, "metadata|labels|x"), "\"near\"");
	EXPECT_STR(service_at(json, "metadata|labels|y"), "\"1\"");
	EXPECT_STR(rendering_at(rendering_of(json, 0)->
	    child[CHILD_DEPLOYMENT].body, "metadata|labels|x"), "\"far\"");
}

TEST(service_leaves_out_what_its_type_does_not_take)
{
	struct str cluster = SERVER("", ",\"service\":{"
	    "\"externalTrafficPolicy\":\"Local\","
	    "\"loadBalancerSourceRanges\":[\"10.0.0.0/8\"],"
	    "\"internalTrafficPolicy\":\"Local\"}");
	struct str node = SERVER("", ",\"service\":{\"type\":\"NodePort\","
	    "\"externalTrafficPolicy\":\"Local\","
	    "\"loadBalancerSourceRanges\":[\"10.0.0.0/8\"]}");

	EXPECT_STR(service_at(cluster, "spec|externalTrafficPolicy"), "");
	EXPECT_STR(service_at(cluster, "spec|loadBalancerSourceRanges"), "");
	EXPECT_STR(service_at(cluster, "spec|internalTrafficPolicy"),
	    "\"Local\"");
	EXPECT_STR(service_at(node, "spec|externalTrafficPolicy"),
	    "\"Local\"");
	EXPECT_STR(service_at(node, "spec|loadBalancerSourceRanges"), "");
}

TEST(service_leaves_out_what_is_empty)
{
	struct str json = SERVER("", ",\"service\":{\"type\":"
	    "\"LoadBalancer\",\"externalTrafficPolicy\":\"\","
	    "\"internalTrafficPolicy\":\"\",\"loadBalancerClass\":\"\"}");

	EXPECT_STR(service_at(json, "spec|externalTrafficPolicy"), "");
	EXPECT_STR(service_at(json, "spec|internalTrafficPolicy"), "");
	EXPECT_STR(service_at(json, "spec|loadBalancerClass"), "");
	EXPECT_STR(service_at(json, "spec|type"), "\"LoadBalancer\"");
}

TEST(service_says_how_long_a_client_keeps_its_pod)
{
	EXPECT_STR(service_at(SERVER("", ",\"service\":{"
	    "\"sessionAffinity\":\"ClientIP\","
	    "\"sessionAffinityTimeoutSeconds\":60}"),
	    "spec|sessionAffinityConfig"),
	    "{\"clientIP\":{\"timeoutSeconds\":60}}");
	EXPECT_STR(service_at(SERVER("", ",\"service\":{"
	    "\"sessionAffinity\":\"None\","
	    "\"sessionAffinityTimeoutSeconds\":60}"),
	    "spec|sessionAffinityConfig"), "");
	EXPECT_STR(service_at(SERVER("", ""), "spec|sessionAffinity"), "");
}
