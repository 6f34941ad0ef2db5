#include <string.h>

#include "check.h"

/*
 * Deliberately not our own render and model code: what the README promises,
 * from the object's text, for the fields that the users of this world write.
 */

static struct str transport_of(const struct node *spec)
{
	const struct node *t = node_get(spec, "transport");
	struct str type = node_is(t, NODE_OBJECT) ? node_text(t, "type") :
	    node_text(spec, "transport");

	return type.n ? type : STR("http");
}

static int64_t default_port(enum api_kind kind)
{
	return kind == API_TAKATSU ? 3000 : 8080;
}

static bool mounts_are_there(const struct node *spec)
{
	const struct node *mounts = node_get(spec, "volumeMounts");

	/* No user here writes volumes. */
	return node_empty(mounts);
}

/* Pods that are not to be are not scaled, nor is one that must be. */
static void scaling_of(const struct node *spec, bool stdio,
    struct expect *ret)
{
	const struct node *hpa = node_path(spec, "autoscaling.hpa");
	bool on = node_true(hpa, "enabled");
	int64_t n = node_number(spec, "replicas", 1);

	ret->hpa = on && !stdio && n > 0;
	ret->min = node_number(hpa, "minReplicas", 1);
	ret->max = node_number(hpa, "maxReplicas", 1);
	ret->pdb = (ret->hpa ? ret->max : ret->replicas) > 1;
	if (node_path(spec, "autoscaling.pdb.enabled"))
		ret->pdb = node_true(spec, "autoscaling.pdb.enabled");
	/* Both would work on the same. */
	if (on && node_true(spec, "autoscaling.vpa.enabled") && !str_is(
	    node_text(spec, "autoscaling.vpa.updateMode"), "Off"))
		ret->valid = false;
	if (on && (stdio || (n > 1 && (n < ret->min || n > ret->max))))
		ret->valid = false;
}

bool is_refused_image(struct str image)
{
	return str_ends(image, STR(":6"));
}

void expect_of(const struct sim *s, const struct api_object *server,
    struct expect *ret)
{
	const struct node *spec = node_get(server->root, "spec");
	struct str transport = transport_of(spec);
	bool stdio = str_is(transport, "stdio");

	memset(ret, 0, sizeof(*ret));
	ret->valid = mounts_are_there(spec);
	ret->rolls = node_true(spec, "rollbackOnFailure");
	ret->image = node_text(spec, "image");
	ret->replicas = node_number(spec, "replicas", 1);
	/* Only this group's users know that as refused. */
	if (stdio && ret->replicas > 1 && server->kind == API_EXAMPLE)
		ret->valid = false;
	if (stdio && ret->replicas > 1)
		ret->replicas = 1;
	scaling_of(spec, stdio, ret);
	ret->port = node_number(spec, "port", default_port(server->kind));
	ret->service = !stdio;
	ret->config = node_get(spec, "config") != NULL;
	/* There is no Service that they could lead to. */
	for (int k = KID_FEW; k < KIDS; k++)
		if (stdio && kids[k].serves && kid_wanted(spec, ret,
		    (enum kid)k))
			ret->valid = false;
	if (s->sc.options & OPT_HOOKS && is_refused_image(ret->image))
		ret->valid = false;
}

bool is_rolled_back(const struct api_object *d)
{
	return d && node_get(node_path(d->root, "metadata.annotations"),
	    ROLLED_BACK);
}

const struct api_object *child_of(const struct sim *s,
    const struct api_object *server, enum kid k)
{
	char mem[300];
	const struct api_object *o = api_find(s->api, kids[k].kind,
	    server->ns, kid_name(server->name, k, mem));
	struct str uid;

	if (!o)
		return NULL;
	(void)owner_of(s, o->root, &uid);
	return str_eq(uid, server->uid) ? o : NULL;
}

bool is_taken(const struct sim *s, const struct api_object *server,
    enum kid k)
{
	char mem[300];

	return api_find(s->api, kids[k].kind, server->ns,
	    kid_name(server->name, k, mem)) && !child_of(s, server, k);
}

bool is_blocked(const struct sim *s, const struct api_object *server,
    const struct expect *e)
{
	const struct node *spec = node_get(server->root, "spec");

	for (int k = 0; k < KID_FEW; k++)
		if (kid_wanted(spec, e, (enum kid)k) &&
		    is_taken(s, server, (enum kid)k))
			return true;
	return false;
}

bool is_unguarded(const struct sim *s, const struct api_object *server,
    const struct expect *e)
{
	return kid_wanted(node_get(server->root, "spec"), e, KID_POLICY) &&
	    is_taken(s, server, KID_POLICY) &&
	    !child_of(s, server, KID_DEPLOYMENT);
}

bool refs_missing_of(const struct sim *s, const struct api_object *server,
    enum api_kind kind)
{
	const struct node *list = node_path(server->root, "spec.envFrom");

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++) {
		const struct node *e = node_get(list->item[i],
		    kind == API_SECRET ? "secretRef" : "configMapRef");
		struct str name = node_text(e, "name");

		if (name.n && !node_true(e, "optional") &&
		    !api_find(s->api, kind, server->ns, name))
			return true;
	}
	return false;
}
