/* Children are there, once, and as the spec says; none too many. */
#include <stdlib.h>

#include "check.h"

static bool differs(struct text *why, const struct api_object *o,
    const char *what)
{
	text_fmt(why, "%s %.*s/%.*s: %s", api_kind_name(o->kind),
	    (int)o->ns.n, o->ns.p, (int)o->name.n, o->name.p, what);
	return false;
}

static bool env_is(const struct node *spec, const struct node *container)
{
	const struct node *want = node_get(spec, "env");
	const struct node *have = node_get(container, "env");

	for (uint32_t i = 0; node_is(want, NODE_LIST) && i < want->n; i++) {
		uint32_t k = 0;

		while (node_is(have, NODE_LIST) && k < have->n &&
		    !node_equal(have->item[k], want->item[i]))
			k++;
		if (!node_is(have, NODE_LIST) || k == have->n)
			return false;
	}
	return true;
}

/* Others may have added some; two of one name or number cannot be. */
static bool has_port(const struct node *container, int64_t port)
{
	const struct node *list = node_get(container, "ports");

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++)
		if (node_number(list->item[i], "containerPort", 0) == port)
			return true;
	return false;
}

static bool template_is(const struct api_object *server,
    const struct expect *e, const struct api_object *d, struct text *why)
{
	const struct node *spec = node_get(server->root, "spec");
	const struct node *c = node_path(d->root,
	    "spec.template.spec.containers.0");

	if (!str_eq(node_text(c, "image"), e->image))
		return differs(why, server, "image of the Deployment");
	if (!env_is(spec, c))
		return differs(why, server, "env of the Deployment");
	if (e->service && !has_port(c, e->port))
		return differs(why, server, "port of the Deployment");
	if (!node_equal(node_get(spec, "envFrom"), node_get(c, "envFrom")))
		return differs(why, server, "envFrom of the Deployment");
	if (!node_equal(node_get(spec, "nodeSelector"), node_path(d->root,
	    "spec.template.spec.nodeSelector")))
		return differs(why, server, "nodeSelector");
	return true;
}

static bool deployment_is(const struct api_object *server,
    const struct expect *e, const struct api_object *d, struct text *why)
{
	const struct node *spec = node_get(server->root, "spec");
	int64_t n = node_number(d->root, "spec.replicas", 1);

	if (e->hpa ? n < e->min || n > e->max : n != e->replicas)
		return differs(why, server, "replicas of the Deployment");
	if (str_is(node_text(spec, "strategy.type"), "Recreate") !=
	    str_is(node_text(d->root, "spec.strategy.type"), "Recreate"))
		return differs(why, server, "strategy of the Deployment");
	if (!is_rolled_back(d))
		return template_is(server, e, d, why);
	if (!e->rolls)
		return differs(why, server, "pods of before, unasked");
	return true;
}

/* Every pair of the selector is a label of the pods. */
static bool selects(const struct node *selector, const struct node *labels)
{
	for (uint32_t i = 0; node_is(selector, NODE_OBJECT) &&
	    i < selector->n; i++)
		if (!node_equal(selector->member[i].value,
		    node_get_str(labels, selector->member[i].key)))
			return false;
	return !node_empty(selector);
}

static bool service_is(const struct sim *s, const struct api_object *server,
    const struct expect *e, const struct api_object *v, struct text *why)
{
	const struct api_object *d = child_of(s, server, API_DEPLOYMENT);

	if (node_number(v->root, "spec.ports.0.port", 0) != e->port)
		return differs(why, server, "port of the Service");
	if (node_path(v->root, "spec.ports.1"))
		return differs(why, server, "ports of the Service");
	if (d && !selects(node_path(v->root, "spec.selector"),
	    node_path(d->root, "spec.template.metadata.labels")))
		return differs(why, server, "selector of the Service");
	return true;
}

static bool config_is(const struct api_object *server,
    const struct api_object *m, struct text *why)
{
	const struct node *want = node_path(server->root, "spec.config");
	const struct node *data = node_path(m->root, "data");
	const struct node *have = node_get(data, "config.json");
	struct tree t = { 0 };
	bool same;

	have = node_is(have, NODE_STRING) ?
	    node_parse(&t, have->text, NULL) : NULL;
	/* mcp.example.com wraps it. */
	if (server->kind == API_EXAMPLE)
		have = node_get(have, "config");
	same = have && node_equal(node_get(want, "k"), node_get(have, "k"));
	tree_free(&t);
	same = same && !node_get(node_get(m->root, "binaryData"),
	    "config.json");
	return same || differs(why, server, "config.json");
}

static bool hpa_is(const struct api_object *server, const struct expect *e,
    const struct api_object *h, struct text *why)
{
	const struct node *spec = node_get(h->root, "spec");
	int64_t percent = node_number(server->root, "spec.autoscaling.hpa."
	    "targetCPUUtilizationPercentage", 80);

	if (node_number(spec, "minReplicas", 0) != e->min ||
	    node_number(spec, "maxReplicas", 0) != e->max)
		return differs(why, server, "bounds of the autoscaler");
	if (!str_eq(node_text(spec, "scaleTargetRef.name"), server->name))
		return differs(why, server, "target of the autoscaler");
	if (node_number(spec, "metrics.0.resource.target.averageUtilization",
	    0) != percent || node_path(spec, "metrics.1"))
		return differs(why, server, "metrics of the autoscaler");
	return true;
}

static bool pdb_is(const struct sim *s, const struct api_object *server,
    const struct api_object *p, struct text *why)
{
	const struct api_object *d = child_of(s, server, API_DEPLOYMENT);
	const struct node *spec = node_get(p->root, "spec");

	if (node_number(spec, "maxUnavailable", 0) != 1 ||
	    node_get(spec, "minAvailable"))
		return differs(why, server, "the disruption budget");
	if (d && !selects(node_path(spec, "selector.matchLabels"),
	    node_path(d->root, "spec.template.metadata.labels")))
		return differs(why, server, "selector of the budget");
	return true;
}

static bool ingress_is(const struct api_object *server,
    const struct expect *e, const struct api_object *i, struct text *why)
{
	const struct node *rule = node_path(i->root, "spec.rules.0");
	const struct node *to = node_path(rule,
	    "http.paths.0.backend.service");

	if (!str_eq(node_text(rule, "host"), node_text(server->root,
	    "spec.entry.hosts.0")))
		return differs(why, server, "host of the Ingress");
	if (!str_eq(node_text(to, "name"), server->name) ||
	    node_number(to, "port.number", 0) != e->port)
		return differs(why, server, "backend of the Ingress");
	return true;
}

static bool policy_is(const struct sim *s, const struct api_object *server,
    const struct api_object *p, struct text *why)
{
	const struct api_object *d = child_of(s, server, API_DEPLOYMENT);
	const struct node *spec = node_get(p->root, "spec");
	const struct node *from = node_path(spec,
	    "ingress.0.from.0.namespaceSelector.matchLabels");

	if (!node_equal(node_path(server->root,
	    "spec.networkPolicy.allowedNamespaces.0"),
	    node_get(from, "kubernetes.io/metadata.name")))
		return differs(why, server, "whom the policy lets in");
	if (!str_is(node_text(spec, "policyTypes.0"), "Ingress") ||
	    node_path(spec, "policyTypes.1"))
		return differs(why, server, "types of the policy");
	if (d && !selects(node_path(spec, "podSelector.matchLabels"),
	    node_path(d->root, "spec.template.metadata.labels")))
		return differs(why, server, "selector of the policy");
	return true;
}

static bool route_is(const struct api_object *server,
    const struct expect *e, const struct api_object *r, struct text *why)
{
	const struct node *spec = node_get(r->root, "spec");
	const struct node *to = node_path(spec, "rules.0.backendRefs.0");

	if (!str_eq(node_text(spec, "hostnames.0"), node_text(server->root,
	    "spec.entry.hosts.0")))
		return differs(why, server, "host of the HTTPRoute");
	if (!str_eq(node_text(spec, "parentRefs.0.name"), node_text(
	    server->root, "spec.entry.httpRoute.parentRefs.0.name")))
		return differs(why, server, "parent of the HTTPRoute");
	if (!str_eq(node_text(to, "name"), server->name) ||
	    node_number(to, "port", 0) != e->port)
		return differs(why, server, "backend of the HTTPRoute");
	return true;
}

static bool quota_is(const struct api_object *server,
    const struct api_object *q, struct text *why)
{
	const struct node *hard = node_path(q->root, "spec.hard");
	int64_t pods = 0;

	/* What others limit besides stays. */
	if (!node_is(hard, NODE_OBJECT) ||
	    str_i64(node_text(hard, "pods"), &pods) < 0 ||
	    pods != node_number(server->root,
	    "spec.tenancy.resourceQuotas.pods", 0))
		return differs(why, server, "the quota");
	return true;
}

static bool role_is(const struct api_object *server,
    const struct api_object *r, struct text *why)
{
	return str_eq(node_text(r->root, "rules.0.resourceNames.0"),
	    server->name) || differs(why, server, "whom the Role is about");
}

static bool binding_is(const struct api_object *server,
    const struct api_object *b, struct text *why)
{
	return (str_eq(node_text(b->root, "roleRef.name"), b->name) &&
	    str_eq(node_text(b->root, "subjects.0.name"), node_text(
	    server->root, "spec.tenancy.members.0.name"))) ||
	    differs(why, server, "the RoleBinding");
}

/* The user's, where there is one, and those that pods are found by. */
static bool labels_are(const struct api_object *server,
    const struct api_object *o, struct text *why)
{
	struct str team = node_text(server->root, "metadata.labels.team");

	return ((team.n == 0 || str_eq(team, node_text(o->root,
	    "metadata.labels.team"))) && str_eq(server->name,
	    node_text(o->root, "metadata.labels.app"))) ||
	    differs(why, o, "its labels");
}

static bool is_missing(struct text *why, const struct api_object *server,
    enum api_kind kind)
{
	text_fmt(why, "no %s: ", api_kind_name(kind));
	return differs(why, server, "one is asked for");
}

static bool wants(const struct expect *e, enum api_kind kind)
{
	switch (kind) {
	case API_SERVICE:
		return e->service;
	case API_CONFIG_MAP:
		return e->config;
	case API_HPA:
		return e->hpa;
	case API_PDB:
		return e->pdb;
	case API_INGRESS:
		return e->ingress;
	case API_POLICY:
		return e->policy;
	case API_ROUTE:
		return e->route;
	case API_RESOURCE_QUOTA:
		return e->quota;
	case API_ROLE:
	case API_ROLE_BINDING:
		return e->role;
	default:
		return true;
	}
}

/* ---- what nobody can know of ---- */

static bool is_labelled(const struct node *root)
{
	return node_get_str(node_path(root, "metadata.labels"),
	    STR("mcp.allbeone.io/server-key")) != NULL;
}

static bool names(const struct api_object *server, const struct api_write *w)
{
	const struct node *list = node_path(server->root, "status.resources");

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++)
		if (str_eq(node_text(list->item[i], "name"), w->name) &&
		    str_is(node_text(list->item[i], "kind"),
		    api_kind_name(w->kind)))
			return true;
	return false;
}

/* One that goes without a finalizer leaves its labels to its namesake. */
static struct made *left_by(const struct sim *s, struct str ns,
    struct str name)
{
	uint64_t h = str_hash(ns) * 31 + str_hash(name);

	return &s->checks->left[h % ARRAY_LEN(s->checks->left)];
}

static void write(struct sim *s, const struct api_write *w)
{
	const struct api_object *server;
	struct str owner;
	uint64_t uid;

	if (w->kind == API_ALLBEONE && !w->new)
		left_by(s, w->ns, w->name)->at_ns = s->now_ns + 1;
	if (from_operator(w) || !w->old || !w->new || !is_labelled(w->old) ||
	    is_labelled(w->new))
		return;
	server = owner_of(s, w->old, &owner);
	if (!server || names(server, w))
		return;
	uid = str_hash(node_text(w->old, "metadata.uid"));
	s->checks->lost[uid % ARRAY_LEN(s->checks->lost)] =
	    (struct made){ .uid = uid, .at_ns = s->now_ns };
}

/* A new process may have to wait so long for the first list of a kind. */
#define LIST_WAIT (60 * SEC)

bool is_lost(const struct sim *s, const struct api_object *o)
{
	uint64_t uid = str_hash(o->uid);
	const struct made *m =
	    &s->checks->lost[uid % ARRAY_LEN(s->checks->lost)];

	if (m->uid != uid || is_labelled(o->root))
		return false;
	for (int i = 0; i < SIM_INSTS; i++)
		if (s->inst[i].starts > 1 && s->inst[i].born_ns > m->at_ns -
		    LIST_WAIT)
			return true;
	return false;
}

/* ---- labels of the namespace ---- */

/* Does the Namespace have fields by the manager of this very server? */
static bool is_labeller(const struct node *space,
    const struct api_object *server)
{
	static const struct str before = STR_INIT("mcp-operator/tenant/a.");
	const struct node *list = node_path(space, "metadata.managedFields");

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++) {
		struct str who = node_text(list->item[i], "manager");

		if (str_starts(who, before) && str_eq(server->name,
		    str_sub(who, before.n, who.n)))
			return true;
	}
	return false;
}

static bool namespace_is(const struct sim *s,
    const struct api_object *server, struct text *why)
{
	const struct api_object *space = api_find(s->api, API_NAMESPACE,
	    STR_NONE, server->ns);
	const struct node *want = node_path(server->root,
	    "spec.tenancy.namespaceLabels");
	const struct node *have;

	if (!space || server->kind != API_ALLBEONE)
		return true;
	if (node_empty(want))
		return !is_labeller(space->root, server) ||
		    left_by(s, server->ns, server->name)->at_ns ||
		    differs(why, server, "has labels at its namespace");
	have = node_path(space->root, "metadata.labels");
	for (uint32_t i = 0; i < want->n; i++)
		if (!node_equal(want->member[i].value, node_get_str(have,
		    want->member[i].key)))
			return differs(why, server,
			    "has no label at its namespace");
	return is_labeller(space->root, server) ||
	    differs(why, server, "is none of its namespace's managers");
}

/* ---- all of them ---- */

static bool kind_is(const struct sim *s, const struct api_object *server,
    const struct expect *e, enum api_kind kind, struct text *why)
{
	const struct api_object *o = child_of(s, server, kind);

	if (!wants(e, kind))
		return !o || is_lost(s, o) ||
		    differs(why, o, "should not be there");
	/* A stranger's name for one of these is no reason for the others. */
	if (!o && is_few_kind(kind) && is_taken(s, server, kind))
		return true;
	if (!o)
		return is_missing(why, server, kind);
	if (!labels_are(server, o, why))
		return false;
	switch (kind) {
	case API_HPA:
		return hpa_is(server, e, o, why);
	case API_PDB:
		return pdb_is(s, server, o, why);
	case API_INGRESS:
		return ingress_is(server, e, o, why);
	case API_POLICY:
		return policy_is(s, server, o, why);
	case API_ROUTE:
		return route_is(server, e, o, why);
	case API_RESOURCE_QUOTA:
		return quota_is(server, o, why);
	case API_ROLE:
		return role_is(server, o, why);
	case API_ROLE_BINDING:
		return binding_is(server, o, why);
	case API_DEPLOYMENT:
		return deployment_is(server, e, o, why);
	case API_SERVICE:
		return service_is(s, server, e, o, why);
	default:
		return config_is(server, o, why);
	}
}

static bool server_is(const struct sim *s, const struct api_object *o,
    struct text *why)
{
	struct expect e;
	bool blocked = false;

	expect_of(o, &e);
	/* The last good spec is not known from the object. */
	if (!e.valid || node_path(o->root, "metadata.deletionTimestamp"))
		return true;
	/* Nobody scales it, where the autoscaler's name is taken. */
	if (e.hpa && is_taken(s, o, API_HPA)) {
		e.min = 0;
		e.max = INT64_MAX;
	}
	/* A taken name keeps the rest from being made, too. */
	for (size_t i = 0; i < KID_FEW; i++)
		if (wants(&e, kid_kinds[i]) && is_taken(s, o, kid_kinds[i]))
			blocked = true;
	for (size_t i = 0; i < KID_KINDS && !blocked; i++)
		if (!kind_is(s, o, &e, kid_kinds[i], why))
			return false;
	return blocked || namespace_is(s, o, why);
}

static bool well(struct sim *s, struct text *why)
{
	const struct api_object *o;

	for (int k = API_ALLBEONE; k <= API_MCPDEV; k++) {
		o = NULL;
		while ((o = api_each(s->api, (enum api_kind)k, STR_NONE, o)))
			if (!server_is(s, o, why))
				return false;
	}
	return true;
}

const struct checker check_children = { .name = "children", .write = write,
    .well = well };
