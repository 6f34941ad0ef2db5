#include <stdio.h>

#include "check.h"
#include "rendering.h"

#define CONTAINER "spec|template|spec|containers|0"
#define SECURITY CONTAINER "|securityContext"
#define SERVER(spec) \
	STR("{\"apiVersion\":\"mcp.allbeone.io/v1\",\"metadata\":" \
	"{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\"}," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")

static struct str deployment_at(struct str json, const char *path)
{
	return rendering_at(rendering_of(json, 0)->
	    child[CHILD_DEPLOYMENT].body, path);
}

/* ---- security ---- */

TEST(container_is_restricted_by_default)
{
	EXPECT_STR(deployment_at(SERVER(""), SECURITY),
	    "{\"allowPrivilegeEscalation\":false,"
	    "\"readOnlyRootFilesystem\":true,\"runAsNonRoot\":true,"
	    "\"runAsUser\":1000,\"capabilities\":{\"drop\":[\"ALL\"]}}");
	EXPECT_STR(deployment_at(SERVER(""), "spec|template|spec|"
	    "securityContext"),
	    "{\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}");
	EXPECT_STR(deployment_at(SERVER(""), "spec|template|spec|"
	    "automountServiceAccountToken"), "false");
}

TEST(container_user_is_who_was_asked_for)
{
	const struct {
		struct str json;
		const char *user, *non_root;
	} cases[] = {
		{ SERVER(",\"securityContext\":{\"runAsUser\":0}"),
		  "0", "" },
		{ SERVER(",\"securityContext\":{\"runAsUser\":7}"),
		  "7", "true" },
		{ SERVER(",\"securityContext\":{\"runAsNonRoot\":true}"),
		  "", "true" },
		{ SERVER(",\"securityContext\":{\"runAsNonRoot\":false}"),
		  "", "false" },
		{ SERVER(",\"podSecurityContext\":{\"runAsUser\":0}"),
		  "", "" },
		{ SERVER(",\"podSecurityContext\":{\"runAsUser\":7}"),
		  "", "true" },
		{ SERVER(",\"podSecurityContext\":{\"runAsNonRoot\":false}"),
		  "", "" },
		/* The container's own wins over the pod's. */
		{ SERVER(",\"podSecurityContext\":{\"runAsUser\":0},"
		  "\"securityContext\":{\"runAsUser\":7}"), "7", "true" },
		{ SERVER(",\"podSecurityContext\":{\"runAsUser\":7},"
		  "\"securityContext\":{\"runAsUser\":0}"), "0", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		EXPECT_STR(deployment_at(cases[i].json,
		    SECURITY "|runAsUser"), cases[i].user);
		EXPECT_STR(deployment_at(cases[i].json,
		    SECURITY "|runAsNonRoot"), cases[i].non_root);
	}
}

TEST(container_escalation_is_left_out_where_it_is_refused)
{
	const struct {
		struct str json;
		const char *escalation, *capabilities;
	} cases[] = {
		{ SERVER(",\"securityContext\":{\"privileged\":true}"),
		  "", "" },
		{ SERVER(",\"securityContext\":{\"privileged\":false}"),
		  "false", "{\"drop\":[\"ALL\"]}" },
		{ SERVER(",\"securityContext\":{\"capabilities\":"
		  "{\"add\":[\"SYS_ADMIN\"]}}"),
		  "", "{\"add\":[\"SYS_ADMIN\"],\"drop\":[\"ALL\"]}" },
		{ SERVER(",\"securityContext\":{\"capabilities\":"
		  "{\"add\":[\"CAP_SYS_ADMIN\"]}}"),
		  "", "{\"add\":[\"CAP_SYS_ADMIN\"],\"drop\":[\"ALL\"]}" },
		{ SERVER(",\"securityContext\":{\"capabilities\":"
		  "{\"add\":[\"NET_BIND_SERVICE\"]}}"),
		  "false",
		  "{\"add\":[\"NET_BIND_SERVICE\"],\"drop\":[\"ALL\"]}" },
		{ SERVER(",\"securityContext\":{\"capabilities\":"
		  "{\"drop\":[\"NET_RAW\"]}}"),
		  "false", "{\"drop\":[\"NET_RAW\"]}" },
		{ SERVER(",\"securityContext\":{\"capabilities\":"
		  "{\"drop\":[]},\"allowPrivilegeEscalation\":true}"),
		  "true", "{\"drop\":[]}" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		EXPECT_STR(deployment_at(cases[i].json,
		    SECURITY "|allowPrivilegeEscalation"),
		    cases[i].escalation);
		EXPECT_STR(deployment_at(cases[i].json,
		    SECURITY "|capabilities"), cases[i].capabilities);
	}
}

/* ---- files ---- */

TEST(container_has_a_tmp_unless_somebody_else_gives_one)
{
	static const char mounts[] = CONTAINER "|volumeMounts";

	EXPECT_STR(deployment_at(SERVER(""), mounts),
	    "[{\"name\":\"mcp-tmp\",\"mountPath\":\"/tmp\"}]");
	EXPECT_STR(deployment_at(SERVER(",\"securityContext\":"
	    "{\"readOnlyRootFilesystem\":false}"), mounts), "");
	EXPECT_STR(deployment_at(SERVER(",\"volumes\":[{\"name\":\"t\","
	    "\"emptyDir\":{}}],\"volumeMounts\":[{\"name\":\"t\","
	    "\"mountPath\":\"/tmp//\"}]"), mounts),
	    "[{\"name\":\"t\",\"mountPath\":\"/tmp//\"}]");
	EXPECT_STR(deployment_at(SERVER(",\"volumes\":[{\"name\":\"t\","
	    "\"emptyDir\":{}}],\"volumeMounts\":[{\"name\":\"t\","
	    "\"mountPath\":\"/tmp/a\"}]"), mounts),
	    "[{\"name\":\"mcp-tmp\",\"mountPath\":\"/tmp\"},"
	    "{\"name\":\"t\",\"mountPath\":\"/tmp/a\"}]");
}

/* ---- ports, environment, probes ---- */

TEST(container_port_stands_once)
{
	EXPECT_STR(deployment_at(SERVER(",\"ports\":["
	    "{\"name\":\"a\",\"port\":80,\"targetPort\":8080},"
	    "{\"name\":\"b\",\"port\":8080},"
	    "{\"name\":\"c\",\"port\":8080,\"protocol\":\"UDP\"}]"),
	    CONTAINER "|ports"),
	    "[{\"name\":\"a\",\"containerPort\":8080,\"protocol\":\"TCP\"},"
	    "{\"name\":\"c\",\"containerPort\":8080,\"protocol\":\"UDP\"}]");
}

/* How often a variable of this name stands in the list, and its value. */
static int variable(struct str env, const char *name, struct str *ret_value)
{
	char path[32], quoted[64];
	int n = 0;

	snprintf(quoted, sizeof(quoted), "\"%s\"", name);
	for (int i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), "%d|name", i);
		if (!str_is(rendering_at(env, path), quoted))
			continue;
		n++;
		snprintf(path, sizeof(path), "%d|value", i);
		*ret_value = rendering_at(env, path);
	}
	return n;
}

TEST(container_variable_of_the_user_wins)
{
	struct str env = deployment_at(SERVER(",\"port\":81,\"env\":["
	    "{\"name\":\"MCP_PORT\",\"value\":\"x\"},"
	    "{\"name\":\"MCP_SERVER_NAME\",\"value\":\"y\"},"
	    "{\"name\":\"POD_NAME\",\"value\":\"z\"}]"), CONTAINER "|env");
	struct str value;

	EXPECT_EQ(variable(env, "MCP_PORT", &value), 1);
	EXPECT_STR(value, "\"x\"");
	EXPECT_EQ(variable(env, "MCP_SERVER_NAME", &value), 1);
	EXPECT_STR(value, "\"y\"");
	EXPECT_EQ(variable(env, "POD_NAME", &value), 1);
	EXPECT_STR(value, "\"z\"");
	EXPECT_EQ(variable(env, "MCP_SERVER_PORT", &value), 1);
	EXPECT_STR(value, "\"81\"");
	EXPECT_EQ(variable(env, "MCP_CONFIG_FILE", &value), 0);
}

TEST(container_without_ports_is_not_told_of_any)
{
	struct str json = SERVER(",\"transport\":{\"type\":\"stdio\"}");
	struct str env = deployment_at(json, CONTAINER "|env"), value;

	EXPECT_EQ(variable(env, "MCP_PORT", &value), 0);
	EXPECT_EQ(variable(env, "MCP_SERVER_PORT", &value), 0);
	EXPECT_EQ(variable(env, "MCP_TRANSPORT", &value), 1);
	EXPECT_STR(value, "\"stdio\"");
	EXPECT_STR(deployment_at(json, CONTAINER "|stdin"), "true");
	EXPECT_STR(deployment_at(json, CONTAINER "|ports"), "");
	EXPECT_STR(deployment_at(json, CONTAINER "|readinessProbe"), "");
	EXPECT_STR(deployment_at(SERVER(""), CONTAINER "|stdin"), "");
}

TEST(container_probe_finds_a_port_by_its_name)
{
	EXPECT_STR(deployment_at(SERVER(",\"ports\":[{\"port\":80,"
	    "\"targetPort\":8080},{\"name\":\"b\",\"port\":8080}],"
	    "\"probes\":{\"liveness\":{\"tcpSocket\":{\"port\":\"b\"}},"
	    "\"readiness\":{\"httpGet\":{\"port\":\"other\"}}}"),
	    CONTAINER "|livenessProbe"), "{\"tcpSocket\":{\"port\":8080}}");
	EXPECT_STR(deployment_at(SERVER(",\"probes\":{\"readiness\":"
	    "{\"httpGet\":{\"port\":\"other\"}}}"),
	    CONTAINER "|readinessProbe"), "{\"httpGet\":{\"port\":\"other\"}}");
}

TEST(container_default_probes_are_for_tcp)
{
	struct str udp = SERVER(",\"ports\":[{\"port\":53,"
	    "\"protocol\":\"UDP\"}]");
	struct str off = SERVER(",\"probes\":{\"disabled\":true}");

	EXPECT_STR(deployment_at(SERVER(""),
	    CONTAINER "|livenessProbe|tcpSocket|port"), "8080");
	EXPECT_STR(deployment_at(udp, CONTAINER "|livenessProbe"), "");
	EXPECT_STR(deployment_at(udp, CONTAINER "|startupProbe"), "");
	EXPECT_STR(deployment_at(udp, CONTAINER "|readinessProbe"), "");
	EXPECT_STR(deployment_at(off, CONTAINER "|livenessProbe"), "");
	EXPECT_STR(deployment_at(off, CONTAINER "|readinessProbe"), "");
	EXPECT_STR(deployment_at(off, CONTAINER "|startupProbe"), "");
}

/* The user's own liveness check may ask what the server cannot answer yet. */
TEST(container_default_startup_goes_with_default_liveness)
{
	struct str own = SERVER(",\"probes\":{\"liveness\":{\"exec\":"
	    "{\"command\":[\"x\"]}}}");
	struct str both = SERVER(",\"probes\":{\"startup\":{\"exec\":"
	    "{\"command\":[\"x\"]}}}");

	EXPECT_STR(deployment_at(SERVER(""), CONTAINER "|startupProbe"),
	    "{\"tcpSocket\":{\"port\":8080},\"periodSeconds\":2,"
	    "\"timeoutSeconds\":5,\"failureThreshold\":150}");
	EXPECT_STR(deployment_at(own, CONTAINER "|startupProbe"), "");
	EXPECT_STR(deployment_at(both, CONTAINER "|startupProbe"),
	    "{\"exec\":{\"command\":[\"x\"]}}");
}
