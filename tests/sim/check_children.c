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

static bool deployment_is(const struct api_object *server,
    const struct expect *e, const struct api_object *d, struct text *why)
{
	const struct node *spec = node_get(server->root, "spec");
	const struct node *c = node_path(d->root,
	    "spec.template.spec.containers.0");

	if (node_number(d->root, "spec.replicas", 1) != e->replicas)
		return differs(why, server, "replicas of the Deployment");
	if (!str_eq(node_text(c, "image"), e->image))
		return differs(why, server, "image of the Deployment");
	if (!env_is(spec, c))
		return differs(why, server, "env of the Deployment");
	if (e->service && !has_port(c, e->port))
		return differs(why, server, "port of the Deployment");
	if (!node_equal(node_get(spec, "envFrom"), node_get(c, "envFrom")))
		return differs(why, server, "envFrom of the Deployment");
	if (str_is(node_text(spec, "strategy.type"), "Recreate") !=
	    str_is(node_text(d->root, "spec.strategy.type"), "Recreate"))
		return differs(why, server, "strategy of the Deployment");
	if (!node_equal(node_get(spec, "nodeSelector"), node_path(d->root,
	    "spec.template.spec.nodeSelector")))
		return differs(why, server, "nodeSelector");
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

static bool kind_is(const struct sim *s, const struct api_object *server,
    const struct expect *e, enum api_kind kind, struct text *why)
{
	const struct api_object *o = child_of(s, server, kind);
	bool want = kind == API_DEPLOYMENT ||
	    (kind == API_SERVICE ? e->service : e->config);

	if (!want)
		return !o || differs(why, o, "should not be there");
	if (!o)
		return differs(why, server, kind == API_DEPLOYMENT ?
		    "no Deployment" : kind == API_SERVICE ? "no Service" :
		    "no ConfigMap");
	if (kind == API_DEPLOYMENT)
		return deployment_is(server, e, o, why);
	if (kind == API_SERVICE)
		return service_is(s, server, e, o, why);
	return config_is(server, o, why);
}

static bool server_is(const struct sim *s, const struct api_object *o,
    struct text *why)
{
	static const enum api_kind kinds[] = {
		API_CONFIG_MAP, API_SERVICE, API_DEPLOYMENT
	};
	struct expect e;
	bool blocked = false;

	expect_of(o, &e);
	/* The last good spec is not known from the object. */
	if (!e.valid || node_path(o->root, "metadata.deletionTimestamp"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		bool want = kinds[i] == API_DEPLOYMENT ||
		    (kinds[i] == API_SERVICE ? e.service : e.config);

		/* A taken name keeps the rest from being made, too. */
		if (want && is_taken(s, o, kinds[i]))
			blocked = true;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds) && !blocked; i++)
		if (!kind_is(s, o, &e, kinds[i], why))
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

const struct checker check_children = { .name = "children", .well = well };
