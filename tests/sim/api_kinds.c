#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_int.h"

#define OPTIONAL(group, plural, singular, kind) \
	{ group, "v1", plural, singular, kind, .namespaced = true, \
	    .crd = "tests/sim/optional.yaml", .generation = true, \
	    .status = true }

const struct kind_info kinds[API_KINDS] = {
	[API_NAMESPACE] = { "", "v1", "namespaces", "namespace", "Namespace",
		"Namespace", .status = true, .unconditional = true },
	[API_CONFIG_MAP] = { "", "v1", "configmaps", "configmap",
		"ConfigMap", "ConfigMap", .namespaced = true,
		.unconditional = true },
	[API_SECRET] = { "", "v1", "secrets", "secret", "Secret", "Secret",
		.namespaced = true, .unconditional = true },
	[API_SERVICE] = { "", "v1", "services", "service", "Service",
		"Service", .namespaced = true, .status = true,
		.unconditional = true, .create_by_put = true },
	[API_POD] = { "", "v1", "pods", "pod", "Pod", "Pod",
		.namespaced = true, .generation = true, .status = true,
		.unconditional = true, .graceful = true },
	[API_EVENT] = { "", "v1", "events", "event", "Event", "Event",
		.namespaced = true, .unconditional = true,
		.create_by_put = true },
	[API_SERVICE_ACCOUNT] = { "", "v1", "serviceaccounts",
		"serviceaccount", "ServiceAccount", "ServiceAccount",
		.namespaced = true, .unconditional = true },
	[API_DEPLOYMENT] = { "apps", "v1", "deployments", "deployment",
		"Deployment", "Deployment", .namespaced = true,
		.generation = true, .status = true, .scale = true,
		.unconditional = true },
	[API_REPLICA_SET] = { "apps", "v1", "replicasets", "replicaset",
		"ReplicaSet", "ReplicaSet", .namespaced = true,
		.generation = true, .status = true, .scale = true,
		.unconditional = true },
	[API_HPA] = { "autoscaling", "v2", "horizontalpodautoscalers",
		"horizontalpodautoscaler", "HorizontalPodAutoscaler",
		"HorizontalPodAutoscaler", .namespaced = true,
		.status = true, .unconditional = true },
	[API_PDB] = { "policy", "v1", "poddisruptionbudgets",
		"poddisruptionbudget", "PodDisruptionBudget",
		"PodDisruptionBudget", .namespaced = true,
		.generation = true, .status = true },
	[API_INGRESS] = { "networking.k8s.io", "v1", "ingresses", "ingress",
		"Ingress", "Ingress", .namespaced = true, .generation = true,
		.status = true, .unconditional = true },
	[API_POLICY] = { "networking.k8s.io", "v1", "networkpolicies",
		"networkpolicy", "NetworkPolicy", "NetworkPolicy",
		.namespaced = true, .generation = true,
		.unconditional = true },
	[API_RESOURCE_QUOTA] = { "", "v1", "resourcequotas", "resourcequota",
		"ResourceQuota", "ResourceQuota", .namespaced = true,
		.status = true, .unconditional = true },
	[API_LIMIT_RANGE] = { "", "v1", "limitranges", "limitrange",
		"LimitRange", "LimitRange", .namespaced = true,
		.unconditional = true, .create_by_put = true },
	[API_ROLE] = { "rbac.authorization.k8s.io", "v1", "roles", "role",
		"Role", "Role", .namespaced = true, .unconditional = true,
		.create_by_put = true },
	[API_ROLE_BINDING] = { "rbac.authorization.k8s.io", "v1",
		"rolebindings", "rolebinding", "RoleBinding", "RoleBinding",
		.namespaced = true, .unconditional = true,
		.create_by_put = true },
	[API_LEASE] = { "coordination.k8s.io", "v1", "leases", "lease",
		"Lease", "Lease", .namespaced = true,
		.create_by_put = true },
	[API_CRD] = { "apiextensions.k8s.io", "v1",
		"customresourcedefinitions", "customresourcedefinition",
		"CustomResourceDefinition", .generation = true,
		.status = true },
	[API_ALLBEONE] = { "mcp.allbeone.io", "v1", "mcpservers",
		"mcpserver", "MCPServer", .namespaced = true,
		.crd = "crds/mcp.allbeone.io_mcpservers.yaml",
		.generation = true, .status = true, .scale = true },
	[API_TAKATSU] = { "mcp.n-takatsu.dev", "v1alpha1", "mcpservers",
		"mcpserver", "MCPServer", .namespaced = true,
		.crd = "crds/mcp.n-takatsu.dev_mcpservers.yaml",
		.generation = true, .status = true, .scale = true },
	[API_EXAMPLE] = { "mcp.example.com", "v1alpha1", "mcpservers",
		"mcpserver", "MCPServer", .namespaced = true,
		.crd = "crds/mcp.example.com_mcpservers.yaml",
		.generation = true, .status = true, .scale = true },
	[API_MCPDEV] = { "mcp.mcp.dev", "v1alpha1", "mcpservers",
		"mcpserver", "MCPServer", .namespaced = true,
		.crd = "crds/mcp.mcp.dev_mcpservers.yaml",
		.generation = true, .status = true, .scale = true },
	/* Those that a cluster may lack. */
	[API_ROUTE] = OPTIONAL("gateway.networking.k8s.io",
		"httproutes", "httproute",
		"HTTPRoute"),
	[API_VPA] = OPTIONAL("autoscaling.k8s.io",
		"verticalpodautoscalers", "verticalpodautoscaler",
		"VerticalPodAutoscaler"),
	[API_VIRTUAL_SERVICE] = OPTIONAL("networking.istio.io",
		"virtualservices", "virtualservice",
		"VirtualService"),
	[API_DESTINATION_RULE] = OPTIONAL("networking.istio.io",
		"destinationrules", "destinationrule",
		"DestinationRule"),
	[API_PEER_AUTH] = OPTIONAL("security.istio.io",
		"peerauthentications", "peerauthentication",
		"PeerAuthentication"),
	[API_SERVICE_MONITOR] = OPTIONAL("monitoring.coreos.com",
		"servicemonitors", "servicemonitor",
		"ServiceMonitor"),
	[API_PROMETHEUS_RULE] = OPTIONAL("monitoring.coreos.com",
		"prometheusrules", "prometheusrule",
		"PrometheusRule"),
};

/* What is made once per process. */
static struct tree memory;
static const struct shape *shapes[API_KINDS];
static struct node *crds[API_KINDS];
static char names[API_KINDS][3][96];

bool kind_is_custom(enum api_kind k)
{
	return kinds[k].crd != NULL;
}

const struct node *kind_crd(enum api_kind k)
{
	CHECK(kind_is_custom(k));
	if (!crds[k])
		crds[k] = shape_crd_file(&memory, kinds[k].crd,
		    kind_resource(k));
	return crds[k];
}

const struct shape *kind_shape(enum api_kind k)
{
	if (!shapes[k])
		shapes[k] = kind_is_custom(k) ?
		    shape_crd(&memory, kind_crd(k)) : kinds[k].shape ?
		    shape_builtin(kinds[k].shape) : &shape_any;
	return shapes[k];
}

static const char *name_of(enum api_kind k, int which, const char *a,
    const char *between, const char *b)
{
	char *to = names[k][which];

	if (!to[0])
		snprintf(to, sizeof(names[k][which]), "%s%s%s", a,
		    b[0] ? between : "", b);
	return to;
}

const char *kind_api_version(enum api_kind k)
{
	const struct kind_info *i = &kinds[k];

	return i->group[0] ? name_of(k, 0, i->group, "/", i->version) :
	    i->version;
}

const char *kind_resource(enum api_kind k)
{
	return name_of(k, 1, kinds[k].plural, ".", kinds[k].group);
}

const char *kind_qualified(enum api_kind k)
{
	return name_of(k, 2, kinds[k].kind, ".", kinds[k].group);
}
