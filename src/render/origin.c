#include "render.h"

/* Places in the server's own container, however a path names that. */
#define MAIN_CONTAINER CHILD_KINDS_ALL
static const char *const main_container[] = {
	"spec.template.spec.containers[0].",
	"spec.template.spec.containers[name=\"mcp-server\"]."
};

/*
 * Where a child has its parts from. Of several rows for one place the first
 * comes first; longer places stand before those that they lie in.
 */
static const struct origin {
	enum child_kind kind;
	const char *at;			/* in the child; "" is all of it */
	const char *field;		/* of the server */
} origins[] = {
#define POD(at, field) { CHILD_DEPLOYMENT, "spec.template.spec." at, field },
#define MAIN(at, field) { MAIN_CONTAINER, at, field },
	MAIN("image", "spec.image")
	MAIN("imagePullPolicy", "spec.imagePullPolicy")
	MAIN("command", "spec.command")
	MAIN("args", "spec.args")
	MAIN("ports", "spec.ports")
	MAIN("ports", "spec.port")
	MAIN("envFrom", "spec.envFrom")
	MAIN("envFrom", "spec.secretName")
	MAIN("env", "spec.env")
	MAIN("env", "spec.secretRefs")
	MAIN("resources", "spec.resources")
	MAIN("livenessProbe", "spec.probes.liveness")
	MAIN("readinessProbe", "spec.probes.readiness")
	MAIN("startupProbe", "spec.probes.startup")
	MAIN("securityContext", "spec.securityContext")
	MAIN("volumeMounts", "spec.volumeMounts")
	MAIN("volumeMounts", "spec.configSources")
	POD("affinity", "spec.affinity")
	POD("tolerations", "spec.tolerations")
	POD("nodeSelector", "spec.nodeSelector")
	POD("topologySpreadConstraints", "spec.topologySpreadConstraints")
	POD("priorityClassName", "spec.priorityClassName")
	POD("runtimeClassName", "spec.runtimeClassName")
	POD("imagePullSecrets", "spec.imagePullSecrets")
	POD("serviceAccountName", "spec.serviceAccountName")
	POD("serviceAccountName", "spec.serviceAccount")
	POD("securityContext", "spec.podSecurityContext")
	POD("volumes", "spec.volumes")
	POD("volumes", "spec.configSources")
	POD("terminationGracePeriodSeconds",
	    "spec.terminationGracePeriodSeconds")
	/* The server stands before it, and others behind. */
	POD("containers[1]", "spec.reload")
	POD("containers[name=\"" RELOADER_NAME "\"]", "spec.reload")
	POD("shareProcessNamespace", "spec.reload")
	POD("initContainers", "spec.pod.initContainers")
	POD("containers", "spec.pod.sidecars")
	POD("hostAliases", "spec.pod.hostAliases")
	POD("dnsPolicy", "spec.pod.dnsPolicy")
	POD("dnsConfig", "spec.pod.dnsConfig")
#undef MAIN
#undef POD
#define WORK(at, field) { CHILD_DEPLOYMENT, at, field },
	WORK("spec.template.metadata.labels", "spec.podLabels")
	WORK("spec.template.metadata.annotations", "spec.podAnnotations")
	WORK("spec.template", "spec.podTemplatePatch")
	WORK("spec.strategy", "spec.strategy")
	WORK("spec.strategy", "spec.deploymentStrategy")
	WORK("spec.replicas", "spec.replicas")
	WORK("spec.minReadySeconds", "spec.minReadySeconds")
	WORK("spec.progressDeadlineSeconds", "spec.progressDeadlineSeconds")
	WORK("spec.revisionHistoryLimit", "spec.revisionHistoryLimit")
	WORK("spec.selector", "spec.selector")
#undef WORK
	{ CHILD_CONFIG_MAP, "data", "spec.config" },
	{ CHILD_SERVICE, "spec.externalTrafficPolicy",
	  "spec.service.externalTrafficPolicy" },
	{ CHILD_SERVICE, "spec.internalTrafficPolicy",
	  "spec.service.internalTrafficPolicy" },
	{ CHILD_SERVICE, "spec.loadBalancerSourceRanges",
	  "spec.service.loadBalancerSourceRanges" },
	{ CHILD_SERVICE, "spec.loadBalancerClass",
	  "spec.service.loadBalancerClass" },
	{ CHILD_SERVICE, "spec.LoadBalancerSourceRanges",
	  "spec.service.loadBalancerSourceRanges" },
	{ CHILD_SERVICE, "spec.sessionAffinityConfig",
	  "spec.service.sessionAffinityTimeoutSeconds" },
	{ CHILD_SERVICE, "spec.ports", "spec.ports" },
	{ CHILD_SERVICE, "spec.ports", "spec.port" },
	{ CHILD_SERVICE, "spec.selector", "spec.selector" },
	{ CHILD_SERVICE, "metadata.annotations", "spec.service.annotations" },
	{ CHILD_SERVICE, "metadata.labels", "spec.service.labels" },
	{ CHILD_SERVICE, "", "spec.service" },
	{ CHILD_SERVICE, "", "spec.serviceType" },
	{ CHILD_HPA, "", "spec.autoscaling.hpa" },
	{ CHILD_PDB, "", "spec.autoscaling.pdb" },
	{ CHILD_VPA, "", "spec.autoscaling.vpa" },
	{ CHILD_VIRTUAL_SERVICE, "", "spec.istio.virtualService" },
	{ CHILD_VIRTUAL_SERVICE, "", "spec.istio" },
	{ CHILD_DESTINATION_RULE, "", "spec.istio.destinationRule" },
	{ CHILD_DESTINATION_RULE, "", "spec.istio" },
	{ CHILD_PEER_AUTH, "", "spec.istio" },
	{ CHILD_INGRESS, "", "spec.entry.ingress" },
	{ CHILD_HTTP_ROUTE, "", "spec.entry.httpRoute" },
	{ CHILD_NETWORK_POLICY, "", "spec.networkPolicy" },
	{ CHILD_NETWORK_POLICY, "", "spec.tenancy.networkPolicy" },
	{ CHILD_NETWORK_POLICY, "", "spec.tenancy" },
	{ CHILD_SERVICE_MONITOR, "", "spec.monitoring.serviceMonitor" },
	{ CHILD_PROMETHEUS_RULE, "", "spec.monitoring.prometheusRule" },
	{ CHILD_DASHBOARD, "", "spec.monitoring.dashboard" },
	{ CHILD_RESOURCE_QUOTA, "", "spec.tenancy.resourceQuotas" },
	{ CHILD_LIMIT_RANGE, "", "spec.tenancy.resourceQuotas" },
	{ CHILD_ROLE, "", "spec.tenancy.members" },
	{ CHILD_ROLE_BINDING, "", "spec.tenancy.members" },
};

/* "spec.ports" holds spec.ports[1].port, but not spec.portsAndMore. */
static bool holds(struct str at, struct str path)
{
	return str_starts(path, at) && (at.n == 0 || path.n == at.n ||
	    path.p[at.n] == '.' || path.p[at.n] == '[');
}

static struct str main_place(enum child_kind kind, struct str path)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(main_container); i++) {
		struct str before = str_from(main_container[i]);

		if (kind == CHILD_DEPLOYMENT && str_starts(path, before))
			return str_sub(path, before.n, path.n);
	}
	return STR_NONE;
}

const char *render_origin(enum child_kind kind, struct str path,
    uint32_t *cursor)
{
	struct str place = main_place(kind, path);

	while (*cursor < ARRAY_LEN(origins)) {
		const struct origin *o = &origins[(*cursor)++];
		bool in_main = o->kind == MAIN_CONTAINER;

		if ((in_main ? place.n > 0 : o->kind == kind) &&
		    holds(str_from(o->at), in_main ? place : path))
			return o->field;
	}
	return NULL;
}
