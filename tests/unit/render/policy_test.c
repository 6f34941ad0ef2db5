#include "check.h"
#include "rendering.h"

#define SERVER(spec) \
	STR("{\"apiVersion\":\"mcp.allbeone.io/v1\",\"metadata\":" \
	"{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\"}," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")
#define NETWORK(policy) \
	SERVER(",\"networkPolicy\":{\"enabled\":true" policy "}")
#define TENANT(tenancy) SERVER(",\"tenancy\":{\"tenantId\":\"t\"" tenancy "}")
#define LEVEL(level) ",\"isolationLevel\":\"" level "\""
#define DNS "{\"ports\":[{\"protocol\":\"UDP\",\"port\":53}," \
	"{\"protocol\":\"TCP\",\"port\":53},{\"protocol\":\"UDP\"," \
	"\"port\":5353},{\"protocol\":\"TCP\",\"port\":5353}]}"
#define OWN "{\"podSelector\":{}}"
#define TENANTS "{\"namespaceSelector\":{},\"podSelector\":{\"matchLabels\"" \
	":{\"mcp.allbeone.io/tenant-id\":\"t\"}}}"
#define OF_NAMESPACE(name) "{\"namespaceSelector\":{\"matchLabels\":{" \
	"\"kubernetes.io/metadata.name\":\"" name "\"}}}"

static bool wanted(struct str json)
{
	(void)rendering_server(json);
	return rendering_extra(CHILD_NETWORK_POLICY)->wanted;
}

static struct str at(struct str json, const char *path)
{
	REQUIRE(wanted(json));
	return rendering_at(rendering_at(rendering_extra(
	    CHILD_NETWORK_POLICY)->body, "spec"), path);
}

TEST(policy_only_when_asked_for)
{
	EXPECT(!wanted(SERVER("")));
	EXPECT(!wanted(SERVER(",\"networkPolicy\":{\"enabled\":false,"
	    "\"allowedNamespaces\":[\"x\"]}")));
	EXPECT(!wanted(TENANT(LEVEL("None"))));
	EXPECT(!wanted(TENANT(LEVEL("Namespace")
	    ",\"networkPolicy\":{\"enabled\":false}")));
	EXPECT(wanted(TENANT(LEVEL("Namespace"))));
	EXPECT(wanted(TENANT("")));
	EXPECT(wanted(TENANT(LEVEL("Node"))));
	EXPECT(wanted(TENANT(LEVEL("Strict"))));
	EXPECT(wanted(TENANT(",\"networkPolicy\":{\"enabled\":true}")));
	EXPECT(wanted(TENANT(LEVEL("None")
	    ",\"networkPolicy\":{\"enabled\":true}")));
}

/* Of the pods and nobody else's: not of the tenant's others. */
TEST(policy_selects_the_servers_pods)
{
	struct str json = TENANT(LEVEL("Strict"));
	struct str of = at(json, "podSelector");

	EXPECT(str_eq(of, rendering_at(rendering_of(json, 0)->
	    child[CHILD_DEPLOYMENT].body, "spec|selector")));
}

TEST(policy_lets_in_the_own_namespace_when_nobody_is_named)
{
	EXPECT_STR(at(NETWORK(""), "ingress"), "[{\"from\":[" OWN "]}]");
	EXPECT_STR(at(TENANT(LEVEL("None")
	    ",\"networkPolicy\":{\"enabled\":true}"), "ingress"),
	    "[{\"from\":[" OWN "]}]");
}

TEST(policy_lets_in_who_is_named)
{
	EXPECT_STR(at(NETWORK(",\"allowedNamespaces\":[\"x\",\"y\"]"),
	    "ingress"), "[{\"from\":[" OF_NAMESPACE("x") ","
	    OF_NAMESPACE("y") "]}]");
	EXPECT_STR(at(NETWORK(",\"allowedPods\":{\"matchLabels\":{}}"),
	    "ingress"),
	    "[{\"from\":[{\"podSelector\":{\"matchLabels\":{}}}]}]");
	EXPECT_STR(at(NETWORK(",\"ingressRules\":[{\"ports\":[{\"port\":1}]}]"
	    ), "ingress"), "[{\"ports\":[{\"port\":1}]}]");
	EXPECT_STR(at(NETWORK(",\"ingressRules\":[{}]"), "ingress"), "[{}]");
}

TEST(policy_of_both_adds_up)
{
	struct str json = SERVER(",\"networkPolicy\":{\"enabled\":true,"
	    "\"allowedNamespaces\":[\"x\"]},\"tenancy\":{\"tenantId\":\"t\","
	    "\"networkPolicy\":{\"enabled\":true,\"allowedNamespaces\":"
	    "[\"y\"],\"ingressRules\":[{}]}}");

	EXPECT_STR(at(json, "ingress"), "[{\"from\":[" OWN ","
	    OF_NAMESPACE("x") "," OF_NAMESPACE("y") "]},{}]");
	/* What is off is not looked at. */
	EXPECT_STR(at(SERVER(",\"networkPolicy\":{\"enabled\":false,"
	    "\"ingressRules\":[{}],\"egressRules\":[]},\"tenancy\":{"
	    "\"tenantId\":\"t\",\"isolationLevel\":\"Node\"}"), "ingress"),
	    "[{\"from\":[" OWN "]}]");
}

TEST(policy_levels)
{
	EXPECT_STR(at(TENANT(LEVEL("Namespace")), "ingress"),
	    "[{\"from\":[" OWN "]}]");
	/* Which is what a tenant has who says nothing of it. */
	EXPECT_STR(at(TENANT(""), "ingress"), "[{\"from\":[" OWN "]}]");
	EXPECT_STR(at(TENANT(""), "policyTypes"), "[\"Ingress\"]");
	EXPECT_STR(at(TENANT(LEVEL("Node")), "ingress"),
	    "[{\"from\":[" OWN "]}]");
	EXPECT_STR(at(TENANT(LEVEL("Strict")), "ingress"),
	    "[{\"from\":[" TENANTS "]}]");
	EXPECT_STR(at(TENANT(LEVEL("Strict")), "egress"),
	    "[" DNS ",{\"to\":[" TENANTS "]}]");
	EXPECT_STR(at(TENANT(LEVEL("None") ",\"networkPolicy\":{\"enabled\":"
	    "true,\"allowedNamespaces\":[\"x\"]}"), "ingress"),
	    "[{\"from\":[" OF_NAMESPACE("x") "]}]");
}

TEST(policy_out_is_free_until_somebody_says_what_may)
{
	EXPECT_STR(at(NETWORK(""), "policyTypes"), "[\"Ingress\"]");
	EXPECT_STR(at(NETWORK(""), "egress"), "");
	EXPECT_STR(at(NETWORK(",\"egressRules\":[]"), "policyTypes"),
	    "[\"Ingress\",\"Egress\"]");
}

/* Nobody who lists what may be reached thinks of it. */
TEST(policy_never_locks_out_dns)
{
	EXPECT_STR(at(NETWORK(",\"egressRules\":[]"), "egress"),
	    "[" DNS "]");
	EXPECT_STR(at(NETWORK(",\"egressRules\":[{\"to\":[{\"podSelector\":{"
	    "}}]}]"), "egress"), "[" DNS ",{\"to\":[" OWN "]}]");
}
