#include "model_test.h"

static struct model m;

#define TENANT(more) "{\"image\":\"a\",\"tenancy\":{\"tenantId\":\"t\"," more \
	"}}"
#define QUOTA(more) TENANT("\"resourceQuotas\":{" more "}")
#define NETWORK(more) "{\"image\":\"a\",\"networkPolicy\":{\"enabled\":true," \
	more "}}"
#define IN(rule) NETWORK("\"ingressRules\":[{" rule "}]")

static void bad(const char *spec, const char *path, const char *rule)
{
	model_bad(&m, GROUP_ALLBEONE, spec, path, rule);
}

static void good(const char *spec)
{
	model_good(&m, GROUP_ALLBEONE, spec);
}

TEST(rules_tenant_id)
{
	static const char rule[] = "is not a tenant's id: lower-case "
	    "letters, digits and '-', at most 63";
	static const char *const wrong[] = { "A", "a b", "-a", "a.b", "a_b" };
	char spec[128], text[128];
	struct buf b;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		buf_init(&b, spec, sizeof(spec) - 1);
		buf_fmt(&b, "{\"image\":\"a\",\"tenancy\":{\"tenantId\":"
		    "\"%s\"}}", wrong[i]);
		spec[b.n] = '\0';
		buf_init(&b, text, sizeof(text) - 1);
		buf_fmt(&b, "%s %s", wrong[i], rule);
		text[b.n] = '\0';
		bad(spec, "spec.tenancy.tenantId", text);
	}
	bad("{\"image\":\"a\",\"tenancy\":{}}", "spec.tenancy.tenantId",
	    "is required");
	good("{\"image\":\"a\",\"tenancy\":{\"tenantId\":\"acme-2\"}}");
}

TEST(rules_tenant_level)
{
	bad(TENANT("\"isolationLevel\":\"Total\""),
	    "spec.tenancy.isolationLevel",
	    "Total is not one of None, Namespace, Node, Strict");
	bad(TENANT("\"isolationLevel\":\"Strict\",\"networkPolicy\":{"
	    "\"enabled\":false}"), "spec.tenancy.networkPolicy.enabled",
	    "must not be false with isolationLevel Strict");
	good(TENANT("\"isolationLevel\":\"Node\",\"networkPolicy\":{"
	    "\"enabled\":false}"));
}

TEST(rules_tenant_labels)
{
	bad(TENANT("\"labels\":{\"a b\":\"c\"}"), "spec.tenancy.labels",
	    "a b is not a label key");
	bad(TENANT("\"labels\":{\"mcp.allbeone.io/tenant-id\":\"c\"}"),
	    "spec.tenancy.labels", "mcp.allbeone.io/tenant-id is a label "
	    "that the operator sets");
	bad(TENANT("\"namespaceLabels\":{\"a b\":\"c\"}"),
	    "spec.tenancy.namespaceLabels", "a b is not a label key");
	bad(TENANT("\"namespaceLabels\":{\"a\":\"-\"}"),
	    "spec.tenancy.namespaceLabels", "- is not a label value: at most "
	    "63 letters, digits, '-', '_' and '.'");
	bad(TENANT("\"namespaceLabels\":{\"pod-security.kubernetes.io/"
	    "enforce\":\"privileged\"}"), "spec.tenancy.namespaceLabels",
	    "pod-security.kubernetes.io/enforce is Kubernetes' own: no "
	    "server may set it");
	bad(TENANT("\"namespaceLabels\":{\"k8s.io/x\":\"a\"}"),
	    "spec.tenancy.namespaceLabels",
	    "k8s.io/x is Kubernetes' own: no server may set it");
	good(TENANT("\"namespaceLabels\":{\"a\":\"b\",\"xk8s.io/x\":\"\"}"));
	bad(TENANT("\"annotations\":{\"a b\":\"c\"}"),
	    "spec.tenancy.annotations", "a b is not an annotation key");
}

TEST(rules_tenant_quotas)
{
	bad(QUOTA("\"cpu\":0"), "spec.tenancy.resourceQuotas.cpu",
	    "0 must be over 0");
	good(QUOTA("\"storage\":\"10Pi\",\"memory\":\"1E\""));
	bad(QUOTA("\"storage\":\"-10Pi\""),
	    "spec.tenancy.resourceQuotas.storage", "-10Pi must be over 0");
	bad(QUOTA("\"storage\":\"-1Gi\""),
	    "spec.tenancy.resourceQuotas.storage", "-1Gi must be over 0");
	bad(QUOTA("\"cpu\":\"50m\""), "spec.tenancy.resourceQuotas.cpu",
	    "50m is less than the server's own pods request");
	bad("{\"image\":\"a\",\"replicas\":3,\"tenancy\":{\"tenantId\":\"t\","
	    "\"resourceQuotas\":{\"memory\":\"300Mi\"}}}",
	    "spec.tenancy.resourceQuotas.memory",
	    "300Mi is less than the server's own pods request");
	bad(QUOTA("\"pods\":0"), "spec.tenancy.resourceQuotas.pods",
	    "is less than spec.replicas");
	bad(QUOTA("\"services\":0"), "spec.tenancy.resourceQuotas.services",
	    "leaves no room for the server's own Service");
	bad(QUOTA("\"mcpServers\":0"),
	    "spec.tenancy.resourceQuotas.mcpServers",
	    "leaves no room for the server itself");
	good(QUOTA("\"cpu\":\"100m\",\"memory\":\"128Mi\",\"pods\":1,"
	    "\"secrets\":0"));
}

/* What has a limit and no request of it requests the limit. */
TEST(rules_tenant_quotas_of_limits)
{
	static const char spec[] = "{\"image\":\"a\",\"resources\":{"
	    "\"requests\":{\"cpu\":\"5m\"}%s},\"tenancy\":{\"tenantId\":"
	    "\"t\",\"resourceQuotas\":{\"memory\":\"%s\"}}%s}";
	static const struct { const char *limits, *memory, *more; bool good; }
	rows[] = {
		{ "", "511Mi", "", false },
		{ "", "512Mi", "", true },
		{ ",\"limits\":{\"memory\":\"300Mi\"}", "299Mi", "", false },
		{ ",\"limits\":{\"memory\":\"300Mi\"}", "300Mi", "", true },
		{ ",\"limits\":{\"memory\":\"300Mi\"}", "300Mi",
		  ",\"replicas\":2", false },
		{ ",\"limits\":{}", "1Mi", "", true },
		{ "", "511Mi", ",\"podTemplatePatch\":{\"spec\":{}}", true }
	};
	char text[512], rule[128];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cut_fmt(text, sizeof(text), spec, rows[i].limits,
		    rows[i].memory, rows[i].more);
		cut_fmt(rule, sizeof(rule), "%s is less than the server's own "
		    "pods request", rows[i].memory);
		if (rows[i].good)
			good(text);
		else
			bad(text, "spec.tenancy.resourceQuotas.memory", rule);
	}
}

TEST(rules_tenant_members)
{
	bad(TENANT("\"members\":[{\"kind\":\"User\",\"name\":\"x\","
	    "\"namespace\":\"n\"}]"), "spec.tenancy.members[0].namespace",
	    "n is for kind ServiceAccount only");
	bad(TENANT("\"members\":[{\"kind\":\"ServiceAccount\",\"name\":"
	    "\"X\"}]"), "spec.tenancy.members[0].name",
	    "X is not a name of a ServiceAccount");
	bad(TENANT("\"members\":[{\"kind\":\"ServiceAccount\",\"name\":"
	    "\"x\",\"namespace\":\"a.b\"}]"),
	    "spec.tenancy.members[0].namespace",
	    "a.b is not a name of a namespace");
	good(TENANT("\"members\":[{\"kind\":\"User\",\"name\":\"A:b@c\"}]"));
}

TEST(rules_policy_peers)
{
	bad(NETWORK("\"allowedNamespaces\":[\"a\",\"B\"]"),
	    "spec.networkPolicy.allowedNamespaces[1]",
	    "B is not a name of a namespace");
	bad(IN("\"from\":[{}]"), "spec.networkPolicy.ingressRules[0].from",
	    "has a peer without ipBlock or selector");
	bad(IN("\"from\":[{\"podSelector\":{},\"ipBlock\":{\"cidr\":"
	    "\"10.0.0.0/8\"}}]"), "spec.networkPolicy.ingressRules[0].from",
	    "has an ipBlock beside a selector");
	bad(IN("\"from\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/33\"}}]"),
	    "spec.networkPolicy.ingressRules[0].from",
	    "10.0.0.0/33 is not a network such as 10.0.0.0/8");
	bad(NETWORK("\"egressRules\":[{},{\"to\":[{\"ipBlock\":{\"cidr\":"
	    "\"::/0\",\"except\":[\"x\"]}}]}]"),
	    "spec.networkPolicy.egressRules[1].to",
	    "x is not a network such as 10.0.0.0/8");
	bad(TENANT("\"networkPolicy\":{\"enabled\":true,\"egressRules\":[{"
	    "\"to\":[{}]}]}"),
	    "spec.tenancy.networkPolicy.egressRules[0].to",
	    "has a peer without ipBlock or selector");
	good(IN("\"from\":[{\"ipBlock\":{\"cidr\":\"fd00::/8\",\"except\":["
	    "\"fd00:1::/64\"]}}]"));
}

TEST(rules_policy_except)
{
	static const struct { const char *cidr, *except; bool good; } of[] = {
		{ "10.0.0.0/8", "10.1.0.0/16", true },
		{ "10.0.0.0/8", "10.1.2.3/9", true },
		{ "0.0.0.0/0", "10.0.0.0/8", true },
		{ "10.9.0.0/12", "10.15.255.255/32", true },
		{ "::/0", "fd00::/8", true },
		{ "fd00::/7", "fc00::/8", true },
		{ "::ffff:10.0.0.0/104", "10.0.0.0/9", true },
		{ "10.0.0.0/8", "10.0.0.0/8", false },
		{ "10.0.0.0/8", "10.0.0.0/7", false },
		{ "10.0.0.0/8", "11.0.0.0/16", false },
		{ "10.0.0.0/12", "10.16.0.0/32", false },
		{ "0.0.0.0/0", "fd00::/8", false },
		{ "fd00::/8", "10.0.0.0/16", false },
		{ "fd00::/8", "fe00::/16", false }
	};
	char spec[256], rule[128];

	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		cut_fmt(spec, sizeof(spec), IN("\"from\":[{\"ipBlock\":{"
		    "\"cidr\":\"%s\",\"except\":[\"%s\"]}}]"), of[i].cidr,
		    of[i].except);
		cut_fmt(rule, sizeof(rule), "%s is no smaller network within "
		    "its cidr", of[i].except);
		if (of[i].good)
			good(spec);
		else
			bad(spec, "spec.networkPolicy.ingressRules[0].from",
			    rule);
	}
}

TEST(rules_policy_port_numbers_and_names)
{
	static const char rule[] = " is not a port name: at most 15 "
	    "lower-case letters, digits and single '-', one a letter";
	static const char *const wrong[] = { "80", "Mcp", "a_b", "a--b" };
	char spec[128], text[128];

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		cut_fmt(spec, sizeof(spec), NETWORK("\"egressRules\":[{"
		    "\"ports\":[{\"port\":\"%s\"}]}]"), wrong[i]);
		cut_fmt(text, sizeof(text), "%s%s", wrong[i], rule);
		bad(spec, "spec.networkPolicy.egressRules[0].ports", text);
	}
	bad(NETWORK("\"egressRules\":[{\"ports\":[{\"port\":\"\"}]}]"),
	    "spec.networkPolicy.egressRules[0].ports", rule + 1);
	bad(IN("\"ports\":[{\"port\":0}]"),
	    "spec.networkPolicy.ingressRules[0].ports[0].port",
	    "0 is under 1");
	bad(IN("\"ports\":[{\"port\":65536}]"),
	    "spec.networkPolicy.ingressRules[0].ports[0].port",
	    "65536 is over 65535");
	good(NETWORK("\"egressRules\":[{\"ports\":[{\"port\":\"mcp-2\"},{"
	    "\"port\":1},{\"port\":65535},{\"protocol\":\"UDP\"}]}]"));
}

TEST(rules_policy_ports)
{
	bad(IN("\"ports\":[{\"endPort\":9}]"),
	    "spec.networkPolicy.ingressRules[0].ports",
	    "has an endPort without a port that is a number");
	bad(IN("\"ports\":[{\"port\":\"mcp\",\"endPort\":9}]"),
	    "spec.networkPolicy.ingressRules[0].ports",
	    "has an endPort without a port that is a number");
	bad(IN("\"ports\":[{\"port\":10,\"endPort\":9}]"),
	    "spec.networkPolicy.ingressRules[0].ports",
	    "has an endPort under its port");
	bad(IN("\"ports\":[{\"protocol\":\"ICMP\"}]"),
	    "spec.networkPolicy.ingressRules[0].ports[0].protocol",
	    "ICMP is not one of TCP, UDP, SCTP");
}

TEST(rules_policy_does_not_lock_out)
{
	static const char path[] =
	    "spec.networkPolicy.ingressRules[0].ports";
	static const char rule[] = "lets nobody in to the server's first "
	    "port, nor does another rule: clients and probes would be locked "
	    "out";

	bad(IN("\"ports\":[{\"port\":9090}]"), path, rule);
	bad(IN("\"ports\":[{\"port\":8080,\"protocol\":\"UDP\"}]"), path,
	    rule);
	bad(IN("\"ports\":[{\"port\":8081,\"endPort\":9000}]"), path, rule);
	bad(IN("\"ports\":[{\"port\":\"web\"}]"), path, rule);
	good(IN("\"ports\":[{\"port\":8080}]"));
	good(IN("\"ports\":[{\"port\":\"mcp\"}]"));
	good(IN("\"ports\":[{\"port\":8000,\"endPort\":8080}]"));
	good(IN("\"ports\":[{\"protocol\":\"TCP\"}]"));
	good(IN("\"ports\":[{\"port\":9090}]},{\"ports\":[]"));
	bad(TENANT("\"isolationLevel\":\"None\",\"networkPolicy\":{"
	    "\"enabled\":true,\"ingressRules\":[{\"ports\":[{\"port\":9090}]"
	    "}]}"), "spec.tenancy.networkPolicy.ingressRules[0].ports", rule);
	bad("{\"image\":\"a\",\"tenancy\":{\"tenantId\":\"t\","
	    "\"isolationLevel\":\"None\"},\"networkPolicy\":{\"enabled\":true,"
	    "\"ingressRules\":[{\"ports\":[{\"port\":9090}]}]}}", path, rule);
	good("{\"image\":\"a\",\"tenancy\":{\"tenantId\":\"t\","
	    "\"isolationLevel\":\"Node\"},\"networkPolicy\":{\"enabled\":true,"
	    "\"ingressRules\":[{\"ports\":[{\"port\":9090}]}]}}");
	/* Then the namespace is let in, by default as well. */
	good("{\"image\":\"a\",\"tenancy\":{\"tenantId\":\"t\"},"
	    "\"networkPolicy\":{\"enabled\":true,\"ingressRules\":[{"
	    "\"ports\":[{\"port\":9090}]}]}}");
	good(TENANT("\"networkPolicy\":{\"enabled\":true,\"ingressRules\":[{"
	    "\"ports\":[{\"port\":9090}]}]}"));
	good(NETWORK("\"ingressRules\":[{\"ports\":[{\"port\":9090}]}],"
	    "\"allowedNamespaces\":[\"x\"]"));
	/* What both say adds up. */
	good("{\"image\":\"a\",\"tenancy\":{\"tenantId\":\"t\","
	    "\"isolationLevel\":\"None\",\"networkPolicy\":{\"enabled\":true,"
	    "\"allowedNamespaces\":[\"x\"]}},\"networkPolicy\":{\"enabled\":"
	    "true,\"ingressRules\":[{\"ports\":[{\"port\":9090}]}]}}");
	bad("{\"image\":\"a\",\"tenancy\":{\"tenantId\":\"t\","
	    "\"isolationLevel\":\"None\",\"networkPolicy\":{\"enabled\":true}"
	    "},\"networkPolicy\":{\"enabled\":true,\"ingressRules\":[{"
	    "\"ports\":[{\"port\":9090}]}]}}", path, rule);
	good("{\"image\":\"a\",\"transport\":{\"type\":\"stdio\"},"
	    "\"networkPolicy\":{\"enabled\":true,\"ingressRules\":[{"
	    "\"ports\":[{\"port\":9090}]}]}}");
}
