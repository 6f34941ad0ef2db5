#include <stdlib.h>
#include <string.h>

#include "codec.h"

#include "api_int.h"

/* ---- decoding -------------------------------------------------------- */

static bool refuse_type(struct call *c, struct str why)
{
	return refuse(c, 400, "BadRequest", "%s in version \"%s\" cannot be "
	    "handled as a %s: %.*s", c->info->kind, c->info->version,
	    c->info->kind, (int)why.n, why.p);
}

bool object_decode(struct call *c, struct node *v)
{
	struct node *meta = node_get(v, "metadata");
	struct str why;

	if (!kind_is_custom(c->kind)) {
		if (!shape_clean(c->t, kind_shape(c->kind), v, &why))
			return refuse_type(c, why);
		return true;
	}
	if (meta && !shape_clean(c->t, shape_builtin("ObjectMeta"), meta,
	    &why))
		return refuse_type(c, why);
	shape_prune(kind_shape(c->kind), v);
	/* What apply leaves as null stays, and is refused. */
	if (strcmp(c->verb, "apply"))
		shape_drop_nulls(kind_shape(c->kind), v);
	return true;
}

struct node *object_blank(struct tree *t, enum api_kind k)
{
	struct node *v = node_object(t);
	struct str why;

	node_set(t, v, "apiVersion", node_cstr(t, kind_api_version(k)));
	node_set(t, v, "kind", node_cstr(t, kinds[k].kind));
	if (!kind_is_custom(k))
		(void)shape_clean(t, kind_shape(k), v, &why);
	return v;
}

/* ---- pods ------------------------------------------------------------ */

static void set_missing(struct tree *t, struct node *v, const char *key,
    struct node *value)
{
	if (!node_get(v, key))
		node_set(t, v, key, value);
}

/* The tag decides: latest, or none, is always pulled. */
static const char *pull_policy(struct str image)
{
	size_t slash = image.n;
	struct str tag;

	if (str_find(image, '@') < image.n)
		return "IfNotPresent";
	while (slash > 0 && image.p[slash - 1] != '/')
		slash--;
	tag = str_sub(image, slash, image.n);
	tag = str_sub(tag, str_find(tag, ':'), tag.n);
	return !tag.n || str_is(tag, ":latest") ? "Always" : "IfNotPresent";
}

/* A limit without a request is the request. */
static void default_resources(struct tree *t, struct node *v)
{
	struct node *limits = node_get(v, "limits"), *requests;

	if (!limits)
		return;
	requests = node_need(t, v, "requests");
	for (uint32_t i = 0; i < limits->n; i++)
		if (!node_get_str(requests, limits->member[i].key))
			node_set_str(t, requests, limits->member[i].key,
			    node_copy(t, limits->member[i].value));
}

static void default_containers(struct tree *t, struct node *list, bool pod)
{
	for (uint32_t i = 0; list && i < list->n; i++) {
		struct node *v = list->item[i];
		struct node *resources = node_get(v, "resources");

		set_missing(t, v, "imagePullPolicy",
		    node_cstr(t, pull_policy(node_text(v, "image"))));
		if (resources && pod)
			default_resources(t, resources);
	}
}

/* pod: of a pod itself, not of a template. */
static void default_pod_spec(struct tree *t, struct node *spec, bool pod)
{
	struct node *list = node_get(spec, "volumes"), *account;

	if (!spec)
		return;
	for (uint32_t i = 0; list && i < list->n; i++)
		if (list->item[i]->n == 1)
			node_set(t, list->item[i], "emptyDir",
			    node_object(t));
	default_containers(t, node_get(spec, "containers"), pod);
	default_containers(t, node_get(spec, "initContainers"), pod);
	/* The old name of the field is kept in step. */
	account = node_get(spec, "serviceAccountName");
	if (account)
		node_set(t, spec, "serviceAccount", node_copy(t, account));
	else
		node_remove(spec, "serviceAccount");
}

/* ---- workloads ------------------------------------------------------- */

static void default_deployment(struct tree *t, struct node *spec)
{
	struct node *strategy = node_need(t, spec, "strategy"), *rolling;

	set_missing(t, strategy, "type", node_cstr(t, "RollingUpdate"));
	if (str_is(node_text(strategy, "type"), "RollingUpdate")) {
		rolling = node_need(t, strategy, "rollingUpdate");
		set_missing(t, rolling, "maxUnavailable",
		    node_cstr(t, "25%"));
		set_missing(t, rolling, "maxSurge", node_cstr(t, "25%"));
	}
	default_pod_spec(t, node_path(spec, "template.spec"), false);
}

static void default_pod(struct tree *t, struct node *v)
{
	struct node *spec = node_get(v, "spec"), *status;

	default_pod_spec(t, spec, true);
	set_missing(t, spec, "enableServiceLinks", node_bool(t, true));
	set_missing(t, spec, "priority", node_int(t, 0));
	set_missing(t, spec, "preemptionPolicy",
	    node_cstr(t, "PreemptLowerPriority"));
	status = node_need(t, v, "status");
	set_missing(t, status, "phase", node_cstr(t, "Pending"));
}

/* ---- services -------------------------------------------------------- */

static void default_service(struct tree *t, struct node *spec)
{
	struct node *ports = node_get(spec, "ports");
	struct str type = node_text(spec, "type");
	struct node *client;

	for (uint32_t i = 0; ports && i < ports->n; i++) {
		struct node *p = ports->item[i], *to;

		to = node_get(p, "targetPort");
		if (!to || (to->type == NODE_INT && !to->integer) ||
		    (to->type == NODE_STRING && !to->text.n))
			node_set(t, p, "targetPort", node_int(t,
			    node_number(p, "port", 0)));
	}
	if (str_is(node_text(spec, "sessionAffinity"), "ClientIP")) {
		client = node_need(t, node_need(t, spec,
		    "sessionAffinityConfig"), "clientIP");
		set_missing(t, client, "timeoutSeconds",
		    node_int(t, 10800));
	} else {
		node_remove(spec, "sessionAffinityConfig");
	}
	if (str_is(type, "NodePort") || str_is(type, "LoadBalancer"))
		set_missing(t, spec, "externalTrafficPolicy",
		    node_cstr(t, "Cluster"));
	if (str_is(type, "LoadBalancer"))
		set_missing(t, spec, "allocateLoadBalancerNodePorts",
		    node_bool(t, true));
}

static bool wants_ports(const struct node *spec)
{
	struct str type = node_text(spec, "type");

	return str_is(type, "NodePort") || (str_is(type, "LoadBalancer") &&
	    node_true(spec, "allocateLoadBalancerNodePorts"));
}

static void keep_from(struct tree *t, struct node *v, const struct node *old,
    const char *key)
{
	if (!node_get(v, key) && node_get(old, key))
		node_set(t, v, key, node_copy(t, node_get(old, key)));
}

/* A port that is in both keeps its number. */
static void allocate_ports(struct call *c, struct node *spec,
    const struct node *old)
{
	struct node *ports = node_get(spec, "ports");
	const struct node *before = node_get(old, "ports");

	for (uint32_t i = 0; ports && i < ports->n; i++) {
		struct node *p = ports->item[i];

		if (!wants_ports(spec)) {
			if (wants_ports(old))
				node_remove(p, "nodePort");
			continue;
		}
		for (uint32_t j = 0; before && j < before->n; j++)
			if (node_number(before->item[j], "port", -1) ==
			    node_number(p, "port", -2) && str_eq(node_text(
			    before->item[j], "protocol"),
			    node_text(p, "protocol")))
				keep_from(c->t, p, before->item[j],
				    "nodePort");
		if (!node_get(p, "nodePort"))
			node_set(c->t, p, "nodePort", node_int(c->t, 30000 +
			    c->a->next_port++ % 2768));
	}
}

/* What only another type has use for goes when the type changes, unless it
 * was set anew. */
static void drop_of_type(struct node *spec, const struct node *before)
{
	static const char *const some[] = { "externalTrafficPolicy",
		"allocateLoadBalancerNodePorts", "loadBalancerClass",
		"healthCheckNodePort" };
	struct str type = node_text(spec, "type");
	bool balancer = str_is(type, "LoadBalancer");

	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		struct node *v = node_get(spec, some[i]);

		if (balancer || (i == 0 && str_is(type, "NodePort")))
			continue;
		if (v && node_equal(v, node_get(before, some[i])))
			node_remove(spec, some[i]);
	}
}

void service_allocate(struct call *c, struct node *v,
    const struct node *old)
{
	static const char *const once[] = { "clusterIP", "clusterIPs",
		"ipFamilies", "ipFamilyPolicy", "healthCheckNodePort" };
	struct node *spec = node_get(v, "spec"), *list;
	const struct node *before = node_get(old, "spec");
	struct str ip;
	uint32_t n;

	/* Who changes the first address means the list, too. */
	if (node_get(spec, "clusterIP") && (!node_get(spec, "clusterIPs") ||
	    (before && !node_equal(node_get(spec, "clusterIP"),
	    node_get(before, "clusterIP")) &&
	    node_equal(node_get(spec, "clusterIPs"),
	    node_get(before, "clusterIPs"))))) {
		list = node_list(c->t);
		node_append(c->t, list, node_copy(c->t,
		    node_get(spec, "clusterIP")));
		node_set(c->t, spec, "clusterIPs", list);
	}
	for (size_t i = 0; i < ARRAY_LEN(once); i++)
		keep_from(c->t, spec, before, once[i]);
	drop_of_type(spec, before);
	if (!node_get(spec, "clusterIP")) {
		n = ++c->a->next_ip;
		node_set(c->t, spec, "clusterIP", node_str(c->t, tree_fmt(
		    c->t, "10.97.%u.%u", n / 250, n % 250 + 1)));
	}
	ip = node_text(spec, "clusterIP");
	if (!node_get(spec, "clusterIPs")) {
		list = node_list(c->t);
		node_append(c->t, list, node_str(c->t, ip));
		node_set(c->t, spec, "clusterIPs", list);
	}
	if (!node_get(spec, "ipFamilies")) {
		list = node_list(c->t);
		node_append(c->t, list, node_cstr(c->t, "IPv4"));
		node_set(c->t, spec, "ipFamilies", list);
	}
	set_missing(c->t, spec, "ipFamilyPolicy",
	    node_cstr(c->t, "SingleStack"));
	allocate_ports(c, spec, before);
}

/* ---- the rest -------------------------------------------------------- */

void namespace_begin(struct tree *t, struct node *v)
{
	struct node *list = node_list(t);

	node_append(t, list, node_cstr(t, "kubernetes"));
	node_set(t, node_need(t, v, "spec"), "finalizers", list);
}

static void default_namespace(struct tree *t, struct node *v)
{
	struct node *labels;

	set_missing(t, node_need(t, v, "status"), "phase",
	    node_cstr(t, "Active"));
	labels = node_need(t, node_need(t, v, "metadata"), "labels");
	node_set(t, labels, "kubernetes.io/metadata.name",
	    node_str(t, node_text(v, "metadata.name")));
}

static void take_string_data(struct tree *t, struct node *v)
{
	struct node *plain = node_get(v, "stringData"), *data;

	if (!node_is(plain, NODE_OBJECT))
		return;
	data = node_need(t, v, "data");
	for (uint32_t i = 0; i < plain->n; i++) {
		struct str s = plain->member[i].value->text;
		size_t cap = (s.n + 2) / 3 * 4;
		char *p = tree_alloc(t, cap + 1);
		struct buf b;

		buf_init(&b, p, cap);
		b64_encode(&b, s.p, s.n);
		node_set_str(t, data, plain->member[i].key,
		    node_str(t, buf_view(&b)));
	}
	node_remove(v, "stringData");
}

void object_default(struct call *c, struct node *v)
{
	struct tree *t = c->t;

	if (c->kind == API_SECRET)
		take_string_data(t, v);
	shape_default(t, kind_shape(c->kind), v);
	switch (c->kind) {
	case API_NAMESPACE:
		default_namespace(t, v);
		break;
	case API_POD:
		default_pod(t, v);
		break;
	case API_DEPLOYMENT:
		default_deployment(t, node_get(v, "spec"));
		break;
	case API_REPLICA_SET:
		default_pod_spec(t, node_path(v, "spec.template.spec"),
		    false);
		break;
	case API_SERVICE:
		default_service(t, node_get(v, "spec"));
		break;
	case API_HPA:
		hpa_default(t, node_get(v, "spec"));
		break;
	default:
		break;
	}
}
