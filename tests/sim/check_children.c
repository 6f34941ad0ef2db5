/* What every server has is there, once, and as the spec says. */
#include <stdlib.h>

#include "check.h"

bool differs(struct text *why, const struct api_object *o,
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

/* Pods of other tenants are kept off its nodes. */
static bool keeps_nodes(const struct node *spec)
{
	struct str level = node_text(spec, "tenancy.isolationLevel");

	return str_is(level, "Node") || str_is(level, "Strict");
}

static bool has_affinity(const struct node *d)
{
	const struct node *list = node_path(d, "spec.template.spec.affinity."
	    "podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution");

	return node_is(list, NODE_LIST) && list->n == 1 &&
	    node_path(list->item[0], "labelSelector.matchExpressions.1");
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
	return keeps_nodes(spec) == has_affinity(d->root) ||
	    differs(why, server, "whom its pods share nodes with");
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

static bool service_is(const struct sim *s, const struct api_object *server,
    const struct expect *e, const struct api_object *v, struct text *why)
{
	const struct api_object *d = child_of(s, server, KID_DEPLOYMENT);

	if (node_number(v->root, "spec.ports.0.port", 0) != e->port)
		return differs(why, server, "port of the Service");
	if (node_path(v->root, "spec.ports.1"))
		return differs(why, server, "ports of the Service");
	if (d && !labels_match(node_path(v->root, "spec.selector"),
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

bool labels_are(const struct api_object *server, const struct api_object *o,
    struct text *why)
{
	const struct node *labels = node_path(o->root, "metadata.labels");
	const struct node *has = node_get(labels, TENANT_ID);
	struct str team = node_text(server->root, "metadata.labels.team");
	struct str tenant = node_text(server->root, "spec.tenancy.tenantId");

	if (team.n && !str_eq(team, node_text(labels, "team")))
		return differs(why, o, "the user's label");
	if (tenant.n && !(has && str_eq(has->text, tenant)))
		return differs(why, o, "the tenant's label");
	return str_eq(server->name, node_text(labels, "app")) ||
	    differs(why, o, "its labels");
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

bool leaves_labels(const struct sim *s, const struct api_object *server)
{
	return left_by(s, server->ns, server->name)->at_ns != 0;
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

/* ---- all of them ---- */

static bool kid_is(const struct sim *s, const struct api_object *server,
    const struct expect *e, enum kid k, struct text *why)
{
	const struct api_object *o = child_of(s, server, k);

	if (!kid_wanted(node_get(server->root, "spec"), e, k))
		return !o || is_lost(s, o) ||
		    differs(why, o, "should not be there");
	if (!o) {
		text_fmt(why, "no %s: ", api_kind_name(kids[k].kind));
		return differs(why, server, "one is asked for");
	}
	if (!labels_are(server, o, why))
		return false;
	switch (k) {
	case KID_DEPLOYMENT:
		return deployment_is(server, e, o, why);
	case KID_SERVICE:
		return service_is(s, server, e, o, why);
	default:
		return config_is(server, o, why);
	}
}

static bool server_is(const struct sim *s, const struct api_object *o,
    struct text *why)
{
	struct expect e;

	expect_of(s, o, &e);
	/* The last good spec is not known from the object. A taken name
	 * keeps the rest from being made, too. */
	if (!e.valid || node_path(o->root, "metadata.deletionTimestamp") ||
	    is_blocked(s, o, &e))
		return true;
	/* Nobody scales it, where the autoscaler's name is taken. */
	if (e.hpa && is_taken(s, o, KID_HPA)) {
		e.min = 0;
		e.max = INT64_MAX;
	}
	for (int k = 0; k < KID_FEW; k++)
		if ((k != KID_DEPLOYMENT || !is_unguarded(s, o, &e)) &&
		    !kid_is(s, o, &e, (enum kid)k, why))
			return false;
	return true;
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
