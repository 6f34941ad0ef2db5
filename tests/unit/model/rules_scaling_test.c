#include "model_test.h"

static struct model m;

#define SCALING(spec) "{\"image\":\"a\",\"autoscaling\":{" spec "}}"
#define HPA(spec) SCALING("\"hpa\":{\"enabled\":true,\"maxReplicas\":5," \
	spec "}")
#define METRIC(spec) HPA("\"metrics\":[{" spec "}]")
#define VPA(spec) SCALING("\"vpa\":{\"enabled\":true," spec "}")
#define POLICY(spec) VPA("\"resourcePolicy\":{\"containerPolicies\":[{" \
	spec "}]}")

static void bad(const char *spec, const char *path, const char *rule)
{
	model_bad(&m, GROUP_ALLBEONE, spec, path, rule);
}

static void good(const char *spec)
{
	model_good(&m, GROUP_ALLBEONE, spec);
}

TEST(rules_scaling_counts)
{
	bad(HPA("\"minReplicas\":6"), "spec.autoscaling.hpa.minReplicas",
	    "6 is over maxReplicas");
	good(HPA("\"minReplicas\":5"));
	bad("{\"image\":\"a\",\"replicas\":6,\"autoscaling\":{\"hpa\":{"
	    "\"enabled\":true,\"maxReplicas\":5}}}", "spec.replicas",
	    "6 is not within minReplicas and maxReplicas of "
	    "autoscaling.hpa");
	bad("{\"image\":\"a\",\"replicas\":2,\"autoscaling\":{\"hpa\":{"
	    "\"enabled\":true,\"minReplicas\":3,\"maxReplicas\":5}}}",
	    "spec.replicas", "2 is not within minReplicas and maxReplicas "
	    "of autoscaling.hpa");
	good("{\"image\":\"a\",\"replicas\":6,\"autoscaling\":{\"hpa\":{"
	    "\"enabled\":false,\"maxReplicas\":5}}}");
	good("{\"image\":\"a\",\"replicas\":0,\"autoscaling\":{\"hpa\":{"
	    "\"enabled\":true,\"minReplicas\":2,\"maxReplicas\":5}}}");
	bad(SCALING("\"hpa\":{\"enabled\":true}"),
	    "spec.autoscaling.hpa.maxReplicas", "is required");
}

TEST(rules_scaling_stdio)
{
	bad("{\"image\":\"a\",\"transport\":{\"type\":\"stdio\"},"
	    "\"autoscaling\":{\"hpa\":{\"enabled\":true,\"maxReplicas\":5}}"
	    "}", "spec.autoscaling.hpa.enabled", "needs a transport other "
	    "than stdio, or a gateway: each client has a stdio process of "
	    "its own");
	good("{\"image\":\"a\",\"transport\":{\"type\":\"stdio\"},"
	    "\"gateway\":{\"enabled\":true},\"autoscaling\":{\"hpa\":{"
	    "\"enabled\":true,\"maxReplicas\":5}}}");
	good("{\"image\":\"a\",\"transport\":{\"type\":\"stdio\"},"
	    "\"autoscaling\":{\"hpa\":{\"enabled\":false,\"maxReplicas\":5}"
	    "}}");
}

TEST(rules_scaling_metrics)
{
	bad(METRIC("\"type\":\"Pods\""),
	    "spec.autoscaling.hpa.metrics[0].type",
	    "Pods needs the metric of that name, and no other");
	bad(METRIC("\"type\":\"Cpu\""),
	    "spec.autoscaling.hpa.metrics[0].type",
	    "Cpu is not one of Resource, Pods, Object, External");
	bad(METRIC("\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\","
	    "\"target\":{\"type\":\"Utilization\",\"averageUtilization\":1}}"
	    ",\"pods\":{\"metric\":{\"name\":\"x\"},\"target\":{\"type\":"
	    "\"AverageValue\",\"averageValue\":1}}"),
	    "spec.autoscaling.hpa.metrics[0].type",
	    "Resource needs the metric of that name, and no other");
	good(METRIC("\"type\":\"External\",\"external\":{\"metric\":{"
	    "\"name\":\"x\"},\"target\":{\"type\":\"Value\",\"value\":1}}"));
}

TEST(rules_scaling_targets)
{
	bad(METRIC("\"type\":\"Pods\",\"pods\":{\"metric\":{\"name\":\"x\"},"
	    "\"target\":{\"type\":\"Utilization\",\"averageUtilization\":5}}"
	    ), "spec.autoscaling.hpa.metrics[0].pods.target",
	    "Utilization is for type Resource only");
	bad(METRIC("\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\","
	    "\"target\":{\"type\":\"Value\",\"value\":5}}"),
	    "spec.autoscaling.hpa.metrics[0].resource.target",
	    "Value is for types Object and External only");
	bad(METRIC("\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\","
	    "\"target\":{\"type\":\"Utilization\",\"averageValue\":5}}"),
	    "spec.autoscaling.hpa.metrics[0].resource.target",
	    "Utilization needs averageUtilization, value or averageValue, "
	    "the one that is its own");
	bad(METRIC("\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\","
	    "\"target\":{\"type\":\"AverageValue\",\"averageValue\":\"0\"}}"
	    ), "spec.autoscaling.hpa.metrics[0].resource.target",
	    "0 must be over 0");
	bad(METRIC("\"type\":\"Object\",\"object\":{\"describedObject\":{"
	    "\"kind\":\"K\",\"name\":\"n\"},\"metric\":{\"name\":\"x\"},"
	    "\"target\":{\"type\":\"Value\",\"value\":\"-1\"}}"),
	    "spec.autoscaling.hpa.metrics[0].object.target",
	    "-1 must be over 0");
}

TEST(rules_scaling_vpa)
{
	bad(POLICY("\"minAllowed\":{\"cpu\":\"2\"},\"maxAllowed\":{\"cpu\":"
	    "\"1500m\"}"), "spec.autoscaling.vpa.resourcePolicy."
	    "containerPolicies[0].minAllowed", "2 is over maxAllowed");
	bad(POLICY("\"controlledResources\":[\"cpu\",\"disk\"]"),
	    "spec.autoscaling.vpa.resourcePolicy.containerPolicies[0]."
	    "controlledResources", "disk is neither cpu nor memory");
	bad(POLICY("\"containerName\":\"x\"},{\"containerName\":\"x\""),
	    "spec.autoscaling.vpa.resourcePolicy.containerPolicies[1]."
	    "containerName", "x is another policy's container");
	bad(VPA("\"updateMode\":\"Sometimes\""),
	    "spec.autoscaling.vpa.updateMode", "Sometimes is not one of "
	    "Off, Initial, Recreate, Recreation, InPlaceOrRecreate, Auto");
	good(POLICY("\"minAllowed\":{\"cpu\":\"1500m\"},\"maxAllowed\":{"
	    "\"cpu\":1.5}},{\"containerName\":\"x\""));
}

#define BOTH(hpa, vpa) SCALING("\"hpa\":{\"enabled\":true," \
	"\"maxReplicas\":5" hpa "},\"vpa\":{\"enabled\":true" vpa "}")
#define SETS(what) ",\"resourcePolicy\":{\"containerPolicies\":[{" what "}]}"

TEST(rules_scaling_both_ways)
{
	static const char memory[] = "memory is what hpa scales by: the two "
	    "would work against each other";
	static const char cpu[] = "cpu is what hpa scales by: the two would "
	    "work against each other";
	static const char path[] = "spec.autoscaling.vpa";

	bad(BOTH("", ""), path, cpu);
	bad(BOTH(",\"targetMemoryUtilizationPercentage\":5", ""), path,
	    memory);
	bad(BOTH("", SETS("\"controlledResources\":[\"cpu\"]")), path, cpu);
	bad(BOTH(",\"metrics\":[{\"type\":\"Resource\",\"resource\":{"
	    "\"name\":\"memory\",\"target\":{\"type\":\"Utilization\","
	    "\"averageUtilization\":5}}}]", ""), path, memory);
	good(BOTH("", ",\"updateMode\":\"Off\""));
	good(BOTH("", SETS("\"controlledResources\":[\"memory\"]")));
	good(BOTH("", SETS("\"mode\":\"Off\"")));
	good(SCALING("\"hpa\":{\"enabled\":false,\"maxReplicas\":5},"
	    "\"vpa\":{\"enabled\":true}"));
}

/* VPA sets all of containers that no policy is for. */
TEST(rules_scaling_both_ways_without_a_policy_of_the_server)
{
	static const char cpu[] = "cpu is what hpa scales by: the two would "
	    "work against each other";
	static const char path[] = "spec.autoscaling.vpa";

	bad(BOTH("", SETS("\"containerName\":\"proxy\","
	    "\"controlledResources\":[\"memory\"]")), path, cpu);
	bad(BOTH("", SETS("\"containerName\":\"config-reloader\","
	    "\"mode\":\"Off\"")), path, cpu);
	bad(BOTH("", ",\"resourcePolicy\":{\"containerPolicies\":[]}"),
	    path, cpu);
	good(BOTH("", SETS("\"containerName\":\"mcp-server\","
	    "\"mode\":\"Off\"")));
	good(BOTH("", SETS("\"containerName\":\"*\","
	    "\"controlledResources\":[\"memory\"]")));
	good(BOTH("", SETS("\"containerName\":\"proxy\",\"mode\":\"Off\"},{"
	    "\"controlledResources\":[\"memory\"]")));
}

TEST(rules_scaling_budget)
{
	bad(SCALING("\"pdb\":{\"maxUnavailable\":1,\"minAvailable\":1}"),
	    "spec.autoscaling.pdb.minAvailable",
	    "must not stand with maxUnavailable");
	bad(SCALING("\"pdb\":{\"maxUnavailable\":\"x\"}"),
	    "spec.autoscaling.pdb.maxUnavailable",
	    "x is neither a number nor a percentage");
	bad(SCALING("\"pdb\":{\"minAvailable\":\"5\"}"),
	    "spec.autoscaling.pdb.minAvailable",
	    "5 is neither a number nor a percentage");
	good(SCALING("\"pdb\":{\"minAvailable\":\"50%\"}"));
}
