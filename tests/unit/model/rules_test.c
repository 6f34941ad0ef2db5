#include <stdio.h>

#include "model_test.h"

static struct model m;

/* A spec of mcp.mcp.dev with this beside its image. */
static void bad(const char *more, const char *path, const char *rule)
{
	char spec[POD_PATCH_MAX + 4096];
	struct buf b;

	buf_init(&b, spec, sizeof(spec) - 1);
	buf_fmt(&b, "{\"image\":\"a\",%s}", more);
	spec[b.n] = '\0';
	model_bad(&m, GROUP_MCPDEV, spec, path, rule);
}

static void good(const char *more)
{
	char spec[POD_PATCH_MAX + 4096];
	struct buf b;

	buf_init(&b, spec, sizeof(spec) - 1);
	buf_fmt(&b, "{\"image\":\"a\",%s}", more);
	spec[b.n] = '\0';
	model_good(&m, GROUP_MCPDEV, spec);
}

static int check_named(const char *name, const char *spec)
{
	char text[1024];
	struct buf b;
	int err;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"metadata\":{\"name\":\"%s\"},\"spec\":%s}", name,
	    spec);
	text[b.n] = '\0';
	err = model_object(&m, GROUP_MCPDEV, text);
	return err ? err : server_check(&m.s, &m.arena, &m.diag);
}

TEST(rules_name)
{
	const char *http = "{\"image\":\"a\"}";
	const char *stdio = "{\"image\":\"a\",\"transport\":\"stdio\"}";
	char name[65] = "";

	memset(name, 'x', 63);
	EXPECT_EQ(check_named(name, http), 0);
	name[63] = 'x';
	EXPECT_EQ(check_named(name, http), ERR_INVALID);
	EXPECT_STR(str_from(m.diag.path), "metadata.name");
	EXPECT_EQ(check_named(name, stdio), ERR_INVALID);
	EXPECT_EQ(check_named("9lives", http), ERR_INVALID);
	EXPECT_EQ(check_named("9lives", stdio), 0);
	EXPECT_EQ(check_named("a.b", http), ERR_INVALID);
	EXPECT_EQ(check_named("a.b", stdio), 0);
}

/* However long the value is, the rule that it breaks is told. */
TEST(rules_stand_behind_long_values)
{
	static const char rule[] = "... is not a label value: at most 63 "
	    "letters, digits, '-', '_' and '.'";
	char spec[2048], text[RULE_VALUE_MAX + sizeof(rule)];
	struct buf b;

	buf_init(&b, spec, sizeof(spec) - 1);
	buf_cstr(&b, "{\"image\":\"a\",\"podLabels\":{\"k\":\"");
	for (int i = 0; i < 1024; i++)
		buf_char(&b, 'v');
	buf_cstr(&b, "\"}}");
	spec[b.n] = '\0';
	memset(text, 'v', RULE_VALUE_MAX);
	memcpy(text + RULE_VALUE_MAX - 3, rule, sizeof(rule));
	model_bad(&m, GROUP_MCPDEV, spec, "spec.podLabels", text);
}

TEST(rules_image)
{
	model_bad(&m, GROUP_ALLBEONE, "{}", "spec.image", "is required");
	model_bad(&m, GROUP_ALLBEONE, "{\"registry\":{\"name\":\"r\"}}",
	    "spec.image", "is required: images are not taken from a "
	    "registry entry yet");
	model_bad(&m, GROUP_MCPDEV, "{\"image\":\"a b\"}", "spec.image",
	    "a b holds a character that no image has");
}

TEST(rules_references)
{
	bad("\"imagePullSecrets\":[{\"name\":\"ok\"},{\"name\":\"No\"}]",
	    "spec.imagePullSecrets[1].name", "No is not a name of a Secret");
	bad("\"serviceAccountName\":\"a_b\"", "spec.serviceAccountName",
	    "a_b is not a name of a ServiceAccount");
	bad("\"imagePullPolicy\":\"Sometimes\"", "spec.imagePullPolicy",
	    "Sometimes is not one of Always, IfNotPresent, Never");
	bad("\"priorityClassName\":\"A\"", "spec.priorityClassName",
	    "A is not a name of a PriorityClass");
	bad("\"runtimeClassName\":\"k_v\"", "spec.runtimeClassName",
	    "k_v is not a name of a RuntimeClass");
	good("\"imagePullSecrets\":[{\"name\":\"a.b\"}],"
	    "\"imagePullPolicy\":\"Never\"");
}

TEST(rules_labels)
{
	bad("\"selector\":{\"a b\":\"c\"}", "spec.selector",
	    "a b is not a label key");
	bad("\"podLabels\":{\"a\":\"b c\"}", "spec.podLabels",
	    "b c is not a label value: at most 63 letters, digits, '-', '_' "
	    "and '.'");
	bad("\"podLabels\":{\"app.kubernetes.io/name\":\"x\"}",
	    "spec.podLabels",
	    "app.kubernetes.io/name is a label that the operator sets");
	bad("\"selector\":{\"app\":\"x\"}", "spec.selector",
	    "app is a label that the operator sets");
	bad("\"podAnnotations\":{\"a b\":\"c\"}", "spec.podAnnotations",
	    "a b is not an annotation key");
	bad("\"nodeSelector\":{\"\":\"c\"}", "spec.nodeSelector",
	    "\"\" is not a label key");
	bad("\"podAnnotations\":{\"\":\"c\"}", "spec.podAnnotations",
	    "\"\" is not an annotation key");
	good("\"selector\":{\"app\":\"fs\",\"tier\":\"tools\"},"
	    "\"nodeSelector\":{\"kubernetes.io/os\":\"linux\"},"
	    "\"podAnnotations\":{\"a/b\":\"any text at all\"}");
}

TEST(rules_labels_of_the_operators_own)
{
	static const struct { const char *key; bool own; } rows[] = {
		{ "app.kubernetes.io/component", true },
		{ "app.kubernetes.io/instance", true },
		{ "app.kubernetes.io/managed-by", true },
		{ "app.kubernetes.io/name", true },
		{ "app.kubernetes.io/part-of", true },
		{ "app", true }, { "managed-by", true },
		{ "mcp.allbeone.io/anything", true },
		{ "mcp.example.com/transport", true },
		{ "app.kubernetes.io/version", false },
		{ "app.kubernetes.io/created-by", false },
		{ "kubernetes.io/a", false }, { "k8s.io/a", false },
		{ "mcp.example.com/a", false }, { "apps", false }
	};
	static const struct { const char *spec, *path; } maps[] = {
		{ "\"selector\":{\"%s\":\"v1\"}", "spec.selector" },
		{ "\"podLabels\":{\"%s\":\"v1\"}", "spec.podLabels" },
		{ "\"service\":{\"labels\":{\"%s\":\"v1\"}}",
		  "spec.service.labels" }
	};
	char spec[256], rule[128];

	for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(maps); i++) {
		size_t map = i / ARRAY_LEN(rows), row = i % ARRAY_LEN(rows);

		cut_fmt(spec, sizeof(spec), maps[map].spec, rows[row].key);
		cut_fmt(rule, sizeof(rule), "%s is a label that the operator "
		    "sets", rows[row].key);
		if (rows[row].own)
			bad(spec, maps[map].path, rule);
		else
			good(spec);
	}
}

/* In a selector it would match none of the Deployment's own ReplicaSets. */
TEST(rules_label_of_deployments)
{
	static const char rule[] = "pod-template-hash is a label that "
	    "Deployments set";

	bad("\"selector\":{\"pod-template-hash\":\"x\"}", "spec.selector",
	    rule);
	bad("\"podLabels\":{\"pod-template-hash\":\"x\"}",
	    "spec.podLabels", rule);
	bad("\"podTemplatePatch\":{\"metadata\":{\"labels\":{"
	    "\"pod-template-hash\":\"x\"}}}",
	    "spec.podTemplatePatch.metadata.labels",
	    "pod-template-hash is a label by which the pods are known");
	good("\"podTemplatePatch\":{\"metadata\":{\"labels\":{"
	    "\"app.kubernetes.io/version\":\"v1\"}}}");
}

TEST(rules_ports)
{
	bad("\"ports\":[{\"port\":1},{\"port\":1}]", "spec.ports[1].port",
	    "1 is another port's number");
	bad("\"ports\":[{\"port\":1,\"name\":\"x\"},{\"port\":2,\"name\":"
	    "\"x\"}]", "spec.ports[1].name", "x is the name of another port");
	bad("\"ports\":[{\"port\":1,\"name\":\"Web\"}]",
	    "spec.ports[0].name", "Web is not a port name: at most 15 "
	    "lower-case letters, digits and single '-', one a letter");
	bad("\"ports\":[{\"port\":0}]", "spec.ports[0].port", "0 is under 1");
	bad("\"ports\":[{}]", "spec.ports[0].port", "is required");
	bad("\"ports\":[{\"port\":1,\"nodePort\":30000}]",
	    "spec.ports[0].nodePort",
	    "30000 needs service.type NodePort or LoadBalancer");
	bad("\"serviceType\":\"NodePort\",\"ports\":[{\"port\":1,"
	    "\"nodePort\":30000},{\"port\":2,\"nodePort\":30000}]",
	    "spec.ports[1].nodePort", "30000 is another port's number");
	good("\"ports\":[{\"port\":1},{\"port\":1,\"protocol\":\"UDP\"}]");
	good("\"ports\":[{\"port\":80,\"targetPort\":8080},{\"port\":8080}]");
}

TEST(rules_port_names)
{
	static const char *const wrong[] = {
		"-a", "a-", "a--b", "1", "a_b", "sixteen-letters-", "1-2"
	};
	static const char *const right[] = {
		"a", "1a", "a-b-1", "fifteen-letters"
	};
	char spec[128];
	struct buf b;

	for (size_t i = 0; i < ARRAY_LEN(wrong) + ARRAY_LEN(right); i++) {
		bool fine = i >= ARRAY_LEN(wrong);

		buf_init(&b, spec, sizeof(spec) - 1);
		buf_fmt(&b, "{\"image\":\"a\",\"ports\":[{\"port\":1,\"name\""
		    ":\"%s\"}]}", fine ? right[i - ARRAY_LEN(wrong)] :
		    wrong[i]);
		spec[b.n] = '\0';
		if (fine)
			model_good(&m, GROUP_EXAMPLE, spec);
		else
			EXPECT(model_spec(&m, GROUP_EXAMPLE, spec) ||
			    server_check(&m.s, &m.arena, &m.diag));
	}
}

TEST(rules_service)
{
	bad("\"service\":{\"sessionAffinityTimeoutSeconds\":10}",
	    "spec.service.sessionAffinityTimeoutSeconds",
	    "needs sessionAffinity ClientIP");
	bad("\"service\":{\"loadBalancerClass\":\"x\"}",
	    "spec.service.loadBalancerClass", "needs type LoadBalancer");
	bad("\"service\":{\"type\":\"LoadBalancer\","
	    "\"loadBalancerSourceRanges\":[\"10.0.0.0/8\",\"10.0.0.0\"]}",
	    "spec.service.loadBalancerSourceRanges[1]",
	    "10.0.0.0 is not a network such as 10.0.0.0/8");
	bad("\"service\":{\"externalTrafficPolicy\":\"Sometimes\"}",
	    "spec.service.externalTrafficPolicy",
	    "Sometimes is not one of Cluster, Local");
	good("\"service\":{\"sessionAffinity\":\"ClientIP\","
	    "\"sessionAffinityTimeoutSeconds\":10}");
}

TEST(rules_transport)
{
#define NO_PATH " holds what no request can have: a space, '#' or a byte " \
	"beyond ASCII"
	model_bad(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"transport\":{"
	    "\"type\":\"http\",\"path\":\"mcp\"}}", "spec.transport.path",
	    "mcp must begin with '/'");
	model_bad(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"transport\":{"
	    "\"type\":\"http\",\"path\":\"/a b\"}}", "spec.transport.path",
	    "/a b" NO_PATH);
	bad("\"verification\":{\"path\":\"mcp\"}",
	    "spec.verification.path", "mcp must begin with '/'");
	bad("\"verification\":{\"path\":\"/a\\nb\"}",
	    "spec.verification.path", "/a\nb" NO_PATH);
	bad("\"verification\":{\"path\":\"/m\\u00e4\"}",
	    "spec.verification.path", "/m\xc3\xa4" NO_PATH);
	bad("\"verification\":{\"path\":\"/a#b\"}",
	    "spec.verification.path", "/a#b" NO_PATH);
	good("\"verification\":{\"path\":\"/a?b=%20c\"}");
	model_bad(&m, GROUP_EXAMPLE, "{\"image\":\"a\",\"transport\":"
	    "\"stdio\",\"replicas\":2}", "spec.replicas",
	    "must be at most 1 with transport stdio");
	model_good(&m, GROUP_NTAKATSU,
	    "{\"transport\":\"stdio\",\"replicas\":2}");
}

TEST(rules_rollout)
{
	bad("\"strategy\":{\"type\":\"Recreate\",\"rollingUpdate\":{}}",
	    "spec.strategy.rollingUpdate",
	    "must not stand with type Recreate");
	bad("\"strategy\":{\"rollingUpdate\":{\"maxSurge\":\"x\"}}",
	    "spec.strategy.rollingUpdate.maxSurge",
	    "x is neither a number nor a percentage");
	bad("\"strategy\":{\"rollingUpdate\":{\"maxUnavailable\":\"%\"}}",
	    "spec.strategy.rollingUpdate.maxUnavailable",
	    "% is neither a number nor a percentage");
	bad("\"strategy\":{\"rollingUpdate\":{\"maxUnavailable\":\"101%\"}}",
	    "spec.strategy.rollingUpdate.maxUnavailable", "101% is over 100%");
	good("\"strategy\":{\"rollingUpdate\":{\"maxUnavailable\":\"100%\","
	    "\"maxSurge\":\"200%\"}}");
	bad("\"strategy\":{\"rollingUpdate\":{\"maxUnavailable\":\"0%\","
	    "\"maxSurge\":0}}", "spec.strategy.rollingUpdate",
	    "maxUnavailable and maxSurge must not both be 0");
	bad("\"minReadySeconds\":60,\"progressDeadlineSeconds\":60",
	    "spec.minReadySeconds",
	    "must be less than progressDeadlineSeconds");
	bad("\"minReadySeconds\":600", "spec.minReadySeconds",
	    "must be less than progressDeadlineSeconds");
	bad("\"rollbackOnFailure\":true,\"revisionHistoryLimit\":0",
	    "spec.revisionHistoryLimit",
	    "must be at least 1 with rollbackOnFailure");
	good("\"rollbackOnFailure\":true,\"revisionHistoryLimit\":1");
	good("\"rollbackOnFailure\":false,\"revisionHistoryLimit\":0");
	good("\"rollbackOnFailure\":true");
	good("\"strategy\":{\"rollingUpdate\":{\"maxUnavailable\":0}}");
	EXPECT_STR(m.s.spec.strategy.rolling.max_surge.s, "25%");
	good("\"strategy\":{\"type\":\"Recreate\"}");
}

TEST(rules_tolerations)
{
	bad("\"tolerations\":[{\"key\":\"a\",\"effect\":\"Never\"}]",
	    "spec.tolerations[0].effect", "Never is not one of NoSchedule, "
	    "PreferNoSchedule, NoExecute");
	bad("\"tolerations\":[{\"key\":\"a\",\"operator\":\"Like\"}]",
	    "spec.tolerations[0].operator",
	    "Like is not one of Equal, Exists, Lt, Gt");
	bad("\"tolerations\":[{\"operator\":\"Equal\"}]",
	    "spec.tolerations[0].key",
	    "may be empty with operator Exists only");
	bad("\"tolerations\":[{\"key\":\"a\",\"operator\":\"Exists\","
	    "\"value\":\"b\"}]", "spec.tolerations[0].value",
	    "b must not stand with operator Exists");
	good("\"tolerations\":[{\"operator\":\"Exists\"},{\"key\":\"mcp\","
	    "\"operator\":\"Equal\",\"value\":\"true\",\"effect\":"
	    "\"NoSchedule\"}]");
}

TEST(rules_config_files)
{
	model_bad(&m, GROUP_EXAMPLE, "{\"image\":\"a\",\"config\":{\"a/b\":"
	    "\"c\"}}", "spec.config", "a/b cannot name a file: letters, "
	    "digits, '-', '_' and '.' only");
	model_bad(&m, GROUP_EXAMPLE, "{\"image\":\"a\",\"config\":{"
	    "\"config.json\":\"c\"}}", "spec.config",
	    "config.json is the name of the operator's own file");
	model_bad(&m, GROUP_EXAMPLE, "{\"image\":\"a\",\"config\":{\"..a\":"
	    "\"c\"}}", "spec.config", "..a cannot name a file: letters, "
	    "digits, '-', '_' and '.' only");
	model_bad(&m, GROUP_EXAMPLE, "{\"image\":\"a\",\"config\":[]}",
	    "spec.config", "must be an object, is a list");
	model_good(&m, GROUP_EXAMPLE, "{\"image\":\"a\",\"config\":{"
	    "\"SESSION_TIMEOUT\":\"30m\",\"app.properties\":\"\"}}");
	model_good(&m, GROUP_ALLBEONE, "{\"image\":\"a\",\"config\":{\"a/b\":"
	    "[1,{\"config.json\":null}]}}");
}

TEST(rules_env)
{
	bad("\"env\":[{\"name\":\"A\"},{\"name\":\"B=C\"}]",
	    "spec.env[1].name", "B=C holds '='");
	bad("\"env\":[{\"name\":\"\"}]", "spec.env[0].name",
	    "must not be empty");
	bad("\"env\":[{\"name\":\"A\",\"value\":\"b\",\"valueFrom\":{"
	    "\"fieldRef\":{\"fieldPath\":\"x\"}}}]", "spec.env[0]",
	    "A has both value and valueFrom");
	bad("\"env\":[{\"name\":\"A\",\"valueFrom\":{}}]",
	    "spec.env[0].valueFrom", "A has no source that is known");
	bad("\"env\":[{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{"
	    "\"name\":\"s\",\"key\":\"k\"},\"configMapKeyRef\":{\"name\":"
	    "\"s\",\"key\":\"k\"}}}]", "spec.env[0].valueFrom",
	    "A has more than one source");
	bad("\"env\":[{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{"
	    "\"key\":\"k\"}}}]", "spec.env[0].valueFrom.secretKeyRef.name",
	    "is required");
	bad("\"secretRefs\":[{\"key\":\"k\",\"envVar\":\"A\"}]",
	    "spec.secretRefs[0].name", "is required");
	bad("\"envFrom\":[{\"prefix\":\"a\"}]", "spec.envFrom[0]",
	    "needs one of configMapRef and secretRef");
	good("\"env\":[{\"name\":\"A\",\"value\":\"\",\"valueFrom\":{"
	    "\"resourceFieldRef\":{\"resource\":\"limits.cpu\",\"divisor\":"
	    "\"1m\"}}}]");
}

TEST(rules_env_values_are_secret)
{
	bad("\"env\":[{\"name\":\"A\",\"value\":{\"hunter\":2}}]",
	    "spec.env[0].value", "must be a string, is an object");
	EXPECT(!strstr(m.diag.text, "hunter"));
}

static void bad_beside(const char *more, const char *path, const char *text)
{
	char mem[512];

	snprintf(mem, sizeof(mem), "\"volumes\":[{\"name\":\"v\"}],\"pod\":{"
	    "\"initContainers\":[{\"name\":\"first\",\"image\":\"b\"}],"
	    "\"sidecars\":[{\"name\":\"second\",\"image\":\"c\"},"
	    "{\"image\":\"d\",%s}]}", more);
	bad(mem, path, text);
}

TEST(rules_containers_beside_the_server)
{
	bad_beside("\"name\":\"first\"", "spec.pod.sidecars[1].name",
	    "first is the name of another container");
	bad_beside("\"name\":\"second\"", "spec.pod.sidecars[1].name",
	    "second is the name of another container");
	bad_beside("\"name\":\"mcp-server\"", "spec.pod.sidecars[1].name",
	    "mcp-server is the name of a container of the operator's own");
	bad_beside("\"name\":\"config-reloader\"",
	    "spec.pod.sidecars[1].name", "config-reloader is the name of a "
	    "container of the operator's own");
	bad_beside("\"name\":\"a_b\"", "spec.pod.sidecars[1].name",
	    "a_b is not a container name: lower-case letters, digits and "
	    "'-', at most 63");
	bad_beside("\"name\":\"x\",\"env\":[{\"name\":\"A\"},{\"name\":"
	    "\"B\",\"valueFrom\":{}}]",
	    "spec.pod.sidecars[1].env[1].valueFrom",
	    "B has no source that is known");
	bad_beside("\"name\":\"x\",\"env\":[{\"name\":\"A\"},{\"name\":"
	    "\"B\"},{\"name\":\"A\",\"value\":\"2\"}]",
	    "spec.pod.sidecars[1].env[2].name", "A is given twice");
	bad_beside("\"name\":\"x\",\"ports\":[{\"containerPort\":80},{"
	    "\"containerPort\":80,\"protocol\":\"TCP\"}]",
	    "spec.pod.sidecars[1].ports[1].containerPort",
	    "is given twice with this protocol");
	bad_beside("\"name\":\"x\",\"ports\":[{\"name\":\"a\"}]",
	    "spec.pod.sidecars[1].ports[0].containerPort", "is required");
	good("\"pod\":{\"sidecars\":[{\"name\":\"x\",\"image\":\"b\","
	    "\"ports\":[{\"containerPort\":80,\"hostPort\":80},{"
	    "\"containerPort\":80,\"protocol\":\"UDP\"},{"
	    "\"containerPort\":81,\"name\":\"b\",\"hostIP\":\"::\"}]}]}");
	bad_beside("\"name\":\"x\",\"envFrom\":[{}]",
	    "spec.pod.sidecars[1].envFrom[0]",
	    "needs one of configMapRef and secretRef");
	bad_beside("\"name\":\"x\",\"volumeMounts\":[{\"name\":\"w\","
	    "\"mountPath\":\"/a\"}]",
	    "spec.pod.sidecars[1].volumeMounts[0].name",
	    "w names no volume of spec.volumes");
	bad_beside("\"name\":\"x\",\"volumeMounts\":[{\"name\":\"v\","
	    "\"mountPath\":\"/a\"},{\"name\":\"v\",\"mountPath\":\"/a/\"}]",
	    "spec.pod.sidecars[1].volumeMounts[1].mountPath",
	    "/a is another mount's path");
	bad("\"pod\":{\"initContainers\":[{\"name\":\"x\",\"image\":"
	    "\"a b\"}]}", "spec.pod.initContainers[0].image",
	    "a b holds a character that no image has");
}

TEST(rules_security_that_contradicts_itself)
{
	bad("\"securityContext\":{\"privileged\":true,"
	    "\"allowPrivilegeEscalation\":false}",
	    "spec.securityContext.allowPrivilegeEscalation",
	    "must not be false with privileged");
	bad_beside("\"name\":\"x\",\"securityContext\":{\"capabilities\":{"
	    "\"add\":[\"CAP_SYS_ADMIN\"]},"
	    "\"allowPrivilegeEscalation\":false}",
	    "spec.pod.sidecars[1].securityContext.allowPrivilegeEscalation",
	    "must not be false with CAP_SYS_ADMIN");
	good("\"securityContext\":{\"privileged\":true},\"pod\":{"
	    "\"sidecars\":[{\"name\":\"x\",\"image\":\"b\","
	    "\"securityContext\":{\"privileged\":false,"
	    "\"allowPrivilegeEscalation\":false,\"capabilities\":{\"add\":["
	    "\"SYS_ADMIN\"]}}}]}");
	/* The patch may take one of them back. */
	good("\"podTemplatePatch\":{\"spec\":{}},\"securityContext\":{"
	    "\"privileged\":true,\"allowPrivilegeEscalation\":false}");
}

TEST(rules_seccomp_profiles)
{
	bad("\"podSecurityContext\":{\"seccompProfile\":{\"type\":"
	    "\"Localhost\"}}", "spec.podSecurityContext.seccompProfile."
	    "localhostProfile", "is required with type Localhost");
	bad("\"securityContext\":{\"seccompProfile\":{\"type\":"
	    "\"RuntimeDefault\",\"localhostProfile\":\"a\"}}",
	    "spec.securityContext.seccompProfile.localhostProfile",
	    "a is for type Localhost");
	bad_beside("\"name\":\"x\",\"securityContext\":{\"seccompProfile\":{"
	    "\"type\":\"Localhost\",\"localhostProfile\":\"a/../b\"}}",
	    "spec.pod.sidecars[1].securityContext.seccompProfile."
	    "localhostProfile",
	    "a/../b must be a path below the node's profiles");
	good("\"securityContext\":{\"seccompProfile\":{\"type\":"
	    "\"Localhost\",\"localhostProfile\":\"a/b.json\"}}");
	/* Of no use, but legal. */
	good("\"securityContext\":{\"seccompProfile\":{\"type\":"
	    "\"Localhost\",\"localhostProfile\":\"\"}}");
}

TEST(rules_mount_propagation)
{
	static const char rule[] =
	    "of Bidirectional needs a privileged container";

	bad("\"volumes\":[{\"name\":\"v\"}],\"volumeMounts\":[{\"name\":"
	    "\"v\",\"mountPath\":\"/a\",\"mountPropagation\":"
	    "\"Bidirectional\"}]", "spec.volumeMounts[0].mountPropagation",
	    rule);
	bad_beside("\"name\":\"x\",\"securityContext\":{\"privileged\":false"
	    "},\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/a\","
	    "\"mountPropagation\":\"Bidirectional\"}]",
	    "spec.pod.sidecars[1].volumeMounts[0].mountPropagation", rule);
	good("\"volumes\":[{\"name\":\"v\"}],\"volumeMounts\":[{\"name\":"
	    "\"v\",\"mountPath\":\"/a\",\"mountPropagation\":"
	    "\"HostToContainer\"}],\"pod\":{\"initContainers\":[{\"name\":"
	    "\"x\",\"image\":\"b\",\"securityContext\":{\"privileged\":true},"
	    "\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/a\","
	    "\"mountPropagation\":\"Bidirectional\"}]}]}");
}

TEST(rules_toleration_seconds)
{
	bad("\"tolerations\":[{\"key\":\"a\",\"effect\":\"NoSchedule\","
	    "\"tolerationSeconds\":9}]",
	    "spec.tolerations[0].tolerationSeconds",
	    "needs effect NoExecute");
	bad("\"tolerations\":[{\"key\":\"a\",\"tolerationSeconds\":0}]",
	    "spec.tolerations[0].tolerationSeconds",
	    "needs effect NoExecute");
	good("\"tolerations\":[{\"key\":\"a\",\"effect\":\"NoExecute\","
	    "\"tolerationSeconds\":0}]");
}

TEST(rules_schedule_comes)
{
	bad("\"schedule\":\"0 0 31 2 *\"", "spec.schedule",
	    "0 0 31 2 * never comes: its months have no such day");
	bad("\"schedule\":\"@every 1s\"", "spec.schedule",
	    "@every 1s comes more than once a minute");
	bad("\"schedule\":\"61 * * * *\"", "spec.schedule",
	    "61 is no minute");
	good("\"schedule\":\"0 0 29 2 *\"");
	good("\"schedule\":\"0 0 31 2 1\"");
	good("\"schedule\":\"@every 1m\"");
}

TEST(rules_containers_have_room)
{
	static char spec[40000];
	struct buf b;

	buf_init(&b, spec, sizeof(spec));
	buf_cstr(&b, "\"pod\":{\"sidecars\":[{\"name\":\"x\",\"image\":\"b\","
	    "\"args\":[\"");
	while (b.n < 33000)
		buf_char(&b, 'a');
	buf_cstr(&b, "\"]}]}");
	buf_char(&b, '\0');
	bad(spec, "spec.pod", "has more than 32 KiB of containers; give large "
	    "texts as files of a ConfigMap");
}

TEST(rules_names_of_the_pod)
{
	static const char *const domains[] = {
		"", "A", "a b", "a..b", ".a", "-a.b", "a-.b", "a.-b", "a.b-",
		"..", "a/b", "*.a"
	};

	bad("\"pod\":{\"hostAliases\":[{\"ip\":\"db\",\"hostnames\":[]}]}",
	    "spec.pod.hostAliases[0].ip", "db is not an address");
	bad("\"pod\":{\"hostAliases\":[{\"ip\":\"::1\",\"hostnames\":[]},{"
	    "\"ip\":\"::1\",\"hostnames\":[]}]}",
	    "spec.pod.hostAliases[1].ip", "::1 is the address of another one");
	bad("\"pod\":{\"hostAliases\":[{\"ip\":\"::1\",\"hostnames\":["
	    "\"a\",\"B\"]}]}", "spec.pod.hostAliases[0].hostnames",
	    "B is not a host name");
	bad("\"pod\":{\"dnsConfig\":{\"nameservers\":[\"10.0.0.1\","
	    "\"dns\"]}}", "spec.pod.dnsConfig.nameservers[1]",
	    "dns is not an address");
	for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
		char spec[128], text[64];

		cut_fmt(spec, sizeof(spec), "\"pod\":{\"dnsConfig\":{"
		    "\"searches\":[\"%s\"]}}", domains[i]);
		cut_fmt(text, sizeof(text), "%s%sis not a domain",
		    domains[i], *domains[i] ? " " : "");
		bad(spec, "spec.pod.dnsConfig.searches[0]", text);
	}
	good("\"pod\":{\"dnsConfig\":{\"searches\":[\"a\",\"a-1.b.c\","
	    "\"svc.cluster.local.\",\".\",\"_tcp.a_b\",\"1.2\"]}}");
	bad("\"pod\":{\"dnsPolicy\":\"None\"}",
	    "spec.pod.dnsConfig.nameservers",
	    "is required with dnsPolicy None");
}

TEST(rules_search_domains_have_room)
{
	static const char rule[] = "are over 2048 characters, the blanks "
	    "between them too";
	char spec[4096];

	for (unsigned last = 240; last <= 241; last++) {
		struct buf b;

		buf_init(&b, spec, sizeof(spec));
		buf_cstr(&b, "\"pod\":{\"dnsConfig\":{\"searches\":[");
		for (unsigned i = 0; i < 9; i++) {
			buf_cstr(&b, i ? ",\"" : "\"");
			for (unsigned k = 0; k < (i < 8 ? 225 : last); k++)
				buf_char(&b, 'a');
			buf_char(&b, '"');
		}
		buf_cstr(&b, "]}}");
		buf_char(&b, '\0');
		REQUIRE(!b.over);
		if (last == 240)
			good(spec);
		else
			bad(spec, "spec.pod.dnsConfig.searches", rule);
	}
}

TEST(rules_volumes)
{
	bad("\"volumes\":[{\"name\":\"a\"},{\"name\":\"a\"}]",
	    "spec.volumes[1].name", "a is the name of another volume");
	bad("\"volumes\":[{\"name\":\"mcp-config\"}]",
	    "spec.volumes[0].name",
	    "mcp-config is the name of a volume of the operator's own");
	bad("\"volumes\":[{\"name\":\"A\"}]", "spec.volumes[0].name",
	    "A is not a volume name: lower-case letters, digits and '-', at "
	    "most 63");
	bad("\"volumes\":[{\"name\":\"a\",\"emptyDir\":{},\"configMap\":{"
	    "\"name\":\"c\"}}]", "spec.volumes[0]",
	    "a has more than one source");
	bad("\"volumes\":[{\"name\":\"a\",\"secret\":{\"optional\":true}}]",
	    "spec.volumes[0].secret.secretName", "is required");
	bad("\"volumes\":[{\"name\":\"a\",\"projected\":{\"sources\":[]}}]",
	    "spec.volumes[0].projected.sources", "must not be empty");
	bad("\"volumes\":[{\"name\":\"a\",\"emptyDir\":{\"sizeLimit\":"
	    "\"lots\"}}]", "spec.volumes[0].emptyDir.sizeLimit",
	    "lots is not a quantity");
	good("\"volumes\":[{\"name\":\"config\",\"emptyDir\":{}},{\"name\":"
	    "\"b\",\"csi\":{\"driver\":\"x\"}}]");
}

TEST(rules_mounts)
{
	const char *config = "{\"image\":\"a\",\"config\":{\"a\":\"b\"},"
	    "\"volumes\":[{\"name\":\"v\"}],\"volumeMounts\":[{\"name\":"
	    "\"v\",\"mountPath\":\"/etc/mcp/\"}]}";

	bad("\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/a\"}]",
	    "spec.volumeMounts[0].name", "v names no volume of spec.volumes");
	bad("\"volumes\":[{\"name\":\"v\"}],\"volumeMounts\":[{\"name\":"
	    "\"v\",\"mountPath\":\"/a\"},{\"name\":\"v\",\"mountPath\":"
	    "\"/a/\"}]", "spec.volumeMounts[1].mountPath",
	    "/a is another mount's path");
	bad("\"volumes\":[{\"name\":\"v\"}],\"volumeMounts\":[{\"name\":"
	    "\"v\",\"mountPath\":\"/a:b\"}]", "spec.volumeMounts[0].mountPath",
	    "/a:b holds ':'");
	bad("\"volumes\":[{\"name\":\"v\"}],\"volumeMounts\":[{\"name\":"
	    "\"v\",\"mountPath\":\"/a\",\"subPath\":\"b/../../c\"}]",
	    "spec.volumeMounts[0].subPath",
	    "b/../../c must be a path below the volume");
	bad("\"volumes\":[{\"name\":\"v\"}],\"volumeMounts\":[{\"name\":"
	    "\"v\",\"mountPath\":\"/a\",\"subPath\":\"b\",\"subPathExpr\":"
	    "\"c\"}]", "spec.volumeMounts[0].subPathExpr",
	    "must not stand with subPath");
	model_bad(&m, GROUP_EXAMPLE, config,
	    "spec.volumeMounts[0].mountPath",
	    "/etc/mcp is where spec.config is mounted");
	good("\"volumes\":[{\"name\":\"v\"}],\"volumeMounts\":[{\"name\":"
	    "\"v\",\"mountPath\":\"/etc/mcp\"},{\"name\":\"v\",\"mountPath\":"
	    "\"/tmp\",\"subPath\":\"a..b\"}]");
}

TEST(rules_config_sources)
{
#define SOURCE(more) "\"configSources\":[{\"mountPath\":\"/a\"," \
	"\"configMap\":{\"name\":\"c\"}}," more "]"
	bad(SOURCE("{\"mountPath\":\"/b\"}"), "spec.configSources[1]",
	    "needs one of configMap and secret");
	bad(SOURCE("{\"mountPath\":\"/b\",\"configMap\":{\"name\":\"d\"},"
	    "\"secret\":{\"name\":\"e\"}}"), "spec.configSources[1]",
	    "needs one of configMap and secret");
	bad(SOURCE("{\"mountPath\":\"/a/\",\"secret\":{\"name\":\"e\"}}"),
	    "spec.configSources[1].mountPath",
	    "/a is another mount's path; several sources in one place are a "
	    "projected volume");
	bad("\"volumes\":[{\"name\":\"v\"}],\"volumeMounts\":[{\"name\":"
	    "\"v\",\"mountPath\":\"/b\"}],"
	    SOURCE("{\"mountPath\":\"/b\",\"secret\":{\"name\":\"e\"}}"),
	    "spec.configSources[1].mountPath",
	    "/b is another mount's path; several sources in one place are a "
	    "projected volume");
	bad(SOURCE("{\"mountPath\":\"/b:c\",\"secret\":{\"name\":\"e\"}}"),
	    "spec.configSources[1].mountPath", "/b:c holds ':'");
	bad(SOURCE("{\"mountPath\":\"/b\",\"secret\":{\"name\":\"e\"},"
	    "\"subPath\":\"/c\"}"), "spec.configSources[1].subPath",
	    "/c must be a path below the volume");
	bad("\"volumes\":[{\"name\":\"mcp-source-0\"}],"
	    SOURCE("{\"mountPath\":\"/b\",\"secret\":{\"name\":\"e\"}}"),
	    "spec.volumes[0].name",
	    "mcp-source-0 is the name of a volume of the operator's own");
	good("\"volumes\":[{\"name\":\"mcp-source-0\"}]");
	good(SOURCE("{\"mountPath\":\"/b\",\"secret\":{\"name\":\"e\","
	    "\"keys\":[\"k\"]},\"subPath\":\"k\",\"readOnly\":true}"));
#undef SOURCE
}

#define PATCH(text) "\"podTemplatePatch\":" text

TEST(rules_pod_template_patch)
{
	static char large[POD_PATCH_MAX + 100];

	bad(PATCH("{\"spec\":{\"containers\":[{\"image\":\"a\"}]}}"),
	    "spec.podTemplatePatch.spec.containers[0].name",
	    "is required, for it tells which one is meant");
	bad(PATCH("{\"kind\":\"Pod\"}"), "spec.podTemplatePatch",
	    "kind cannot be patched");
	bad(PATCH("{\"metadata\":{\"name\":\"a\"}}"),
	    "spec.podTemplatePatch.metadata", "name cannot be patched");
	bad(PATCH("{\"spec\":{\"$patch\":\"replace\"}}"),
	    "spec.podTemplatePatch.spec",
	    "cannot be replaced or deleted as a whole");
	bad(PATCH("{\"spec\":null}"), "spec.podTemplatePatch.spec",
	    "must be an object");
	bad(PATCH("{\"spec\":{\"containers\":[{\"name\":\"mcp-server\","
	    "\"$patch\":\"delete\"}]}}"),
	    "spec.podTemplatePatch.spec.containers",
	    "mcp-server is the server itself and cannot be taken away");
	bad(PATCH("{\"spec\":{\"containers\":[{\"$patch\":\"replace\"}]}}"),
	    "spec.podTemplatePatch.spec.containers",
	    "mcp-server is the server itself and cannot be taken away");
	bad(PATCH("{\"spec\":{\"containers\":null}}"),
	    "spec.podTemplatePatch.spec.containers", "must be a list");
	bad(PATCH("{\"metadata\":{\"labels\":{\"app\":null}}}"),
	    "spec.podTemplatePatch.metadata.labels",
	    "app is a label by which the pods are known");
	bad("\"selector\":{\"tier\":\"a\"},"
	    PATCH("{\"metadata\":{\"labels\":{\"tier\":\"b\"}}}"),
	    "spec.podTemplatePatch.metadata.labels",
	    "tier is a label by which the pods are known");
	bad(PATCH("{\"metadata\":{\"annotations\":"
	    "{\"mcp.allbeone.io/references\":\"1\"}}}"),
	    "spec.podTemplatePatch.metadata.annotations",
	    "mcp.allbeone.io/references is an annotation that the operator "
	    "sets");
	snprintf(large, sizeof(large), PATCH("{\"spec\":{\"a\":\"%0*d\"}}"),
	    POD_PATCH_MAX, 0);
	bad(large, "spec.podTemplatePatch", "is over 32768 bytes");
	good(PATCH("{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{"
	    "\"containers\":[{\"name\":\"other\",\"$patch\":\"delete\"},"
	    "{\"name\":\"mcp-server\",\"lifecycle\":null}]}}"));
}

TEST(rules_probes)
{
	bad("\"probes\":{\"startup\":{\"tcpSocket\":{\"port\":\"web\"}}}",
	    "spec.probes.startup", "web is the name of no port of the server");
	bad("\"ports\":[{\"name\":\"a\",\"port\":1}],\"probes\":{"
	    "\"liveness\":{\"httpGet\":{\"port\":\"mcp\"}}}",
	    "spec.probes.liveness", "mcp is the name of no port of the server");
	good("\"ports\":[{\"name\":\"a\",\"port\":1}],\"probes\":{"
	    "\"liveness\":{\"httpGet\":{\"port\":\"a\"}}}");
	good("\"probes\":{\"liveness\":{\"httpGet\":{\"port\":\"web\"}}},"
	    "\"podTemplatePatch\":{\"spec\":{\"containers\":[{\"name\":"
	    "\"mcp-server\",\"ports\":[{\"name\":\"web\","
	    "\"containerPort\":9}]}]}}");
	bad("\"probes\":{\"readiness\":{\"tcpSocket\":{\"port\":1},"
	    "\"terminationGracePeriodSeconds\":3}}",
	    "spec.probes.readiness.terminationGracePeriodSeconds",
	    "has no meaning: a pod that is not ready is not ended");
	bad("\"probes\":{\"liveness\":{}}", "spec.probes.liveness",
	    "needs one of httpGet, tcpSocket, exec and grpc");
	bad("\"probes\":{\"readiness\":{\"httpGet\":{\"port\":1},"
	    "\"tcpSocket\":{\"port\":1}}}", "spec.probes.readiness",
	    "has more than one of httpGet, tcpSocket, exec and grpc");
	bad("\"probes\":{\"startup\":{\"exec\":{\"command\":[]}}}",
	    "spec.probes.startup", "has an exec without a command");
	bad("\"probes\":{\"liveness\":{\"grpc\":{\"port\":1},"
	    "\"successThreshold\":2}}", "spec.probes.liveness",
	    "must have successThreshold 1");
	bad("\"probes\":{\"liveness\":{\"httpGet\":{\"path\":\"/\"}}}",
	    "spec.probes.liveness.httpGet.port", "is required");
	good("\"probes\":{\"readiness\":{\"httpGet\":{\"port\":\"http\","
	    "\"path\":\"/r\"},\"successThreshold\":2}}");
}

TEST(rules_resources)
{
	bad("\"resources\":{\"requests\":{\"cpu\":\"2\"},\"limits\":{"
	    "\"cpu\":\"1500m\"}}", "spec.resources.requests.cpu",
	    "2 is over the limit");
	bad("\"resources\":{\"limits\":{\"memory\":\"-1Gi\"}}",
	    "spec.resources.limits.memory", "-1Gi must not be negative");
	bad("\"resources\":{\"limits\":{\"memory\":\"1 Gi\"}}",
	    "spec.resources.limits", "1 Gi is not a quantity");
	good("\"resources\":{\"requests\":{\"cpu\":1.5,\"x.io/gpu\":1},"
	    "\"limits\":{\"cpu\":\"1500m\"}}");
}

static void note_fault(void *ctx, const struct diag *d)
{
	buf_fmt(ctx, "%s: %s\n", d->path, d->text);
}

/* In one go, each item of a list for itself, and no fault of a fault. */
TEST(rules_tell_all)
{
	static const char all[] =
	    "spec.imagePullSecrets[0].name: A is not a name of a Secret\n"
	    "spec.imagePullSecrets[2].name: B is not a name of a Secret\n"
	    "spec.priorityClassName: C is not a name of a PriorityClass\n"
	    "spec.podLabels: a b is not a label key\n"
	    "spec.podLabels: app.kubernetes.io/name is a label that the "
	    "operator sets\n"
	    "spec.ports[1].name: x is the name of another port\n"
	    "spec.ports[1].port: 1 is another port's number\n"
	    "spec.minReadySeconds: must be less than "
	    "progressDeadlineSeconds\n"
	    "spec.strategy.rollingUpdate.maxUnavailable: x is neither a "
	    "number nor a percentage\n"
	    "spec.env[0].name: B=C holds '='\n"
	    "spec.env[0].valueFrom: B=C has no source that is known\n"
	    "spec.volumes[2].name: v is the name of another volume\n"
	    "spec.volumeMounts[0].name: w names no volume of spec.volumes\n"
	    "spec.volumeMounts[1].mountPath: /a is another mount's path\n"
	    "spec.probes.liveness: needs one of httpGet, tcpSocket, exec and "
	    "grpc\n"
	    "spec.resources.limits.cpu: -1 must not be negative\n"
	    "spec.resources.requests.memory: 2Gi is over the limit\n";
	static char text[4096];
	struct buf told;

	REQUIRE(!model_spec(&m, GROUP_MCPDEV, "{\"image\":\"a\","
	    "\"imagePullSecrets\":[{\"name\":\"A\"},{\"name\":\"a\"},"
	    "{\"name\":\"B\"}],\"priorityClassName\":\"C\","
	    "\"podLabels\":{\"a b\":\"c\",\"app.kubernetes.io/name\":"
	    "\"x\"},\"ports\":[{\"name\":\"x\",\"port\":1},{\"name\":"
	    "\"x\",\"port\":1}],\"strategy\":{\"rollingUpdate\":{"
	    "\"maxUnavailable\":\"x\",\"maxSurge\":0}},"
	    "\"minReadySeconds\":600,\"env\":[{\"name\":\"B=C\","
	    "\"valueFrom\":{}}],\"volumes\":[{\"name\":\"v\"},{\"name\":"
	    "\"u\"},{\"name\":\"v\"}],\"volumeMounts\":[{\"name\":\"w\","
	    "\"mountPath\":\"/a\"},{\"name\":\"v\",\"mountPath\":\"/a\"}"
	    "],\"probes\":{\"liveness\":{}},\"resources\":{\"limits\":{"
	    "\"cpu\":-1,\"memory\":\"1Gi\"},\"requests\":{\"memory\":"
	    "\"2Gi\"}}}"));
	buf_init(&told, text, sizeof(text));
	EXPECT_EQ(server_check_all(&m.s, &m.arena, note_fault, &told),
	    ERR_INVALID);
	EXPECT_STR(buf_view(&told), all);
	model_good(&m, GROUP_MCPDEV, "{\"image\":\"a\"}");
	buf_clear(&told);
	EXPECT_EQ(server_check_all(&m.s, &m.arena, note_fault, &told), 0);
	EXPECT_STR(buf_view(&told), "");
}
