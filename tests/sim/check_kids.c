/*
 * Children that not every server has: each that is asked for is there, once,
 * and as the spec says, and no other, whatever becomes of the others.  One
 * whose API the cluster lacks is told to be missing, and comes with it.
 */
#include "check.h"

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
		    leaves_labels(s, server) ||
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

/* ---- what the status says ---- */

static const struct node *condition(const struct api_object *server,
    const char *type)
{
	const struct node *list = node_path(server->root,
	    "status.conditions");

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++)
		if (str_is(node_text(list->item[i], "type"), type))
			return list->item[i];
	return NULL;
}

/* What keeps it from being made. */
enum lack { LACK_NONE, LACK_API, LACK_NAME };

static enum lack lack_of(const struct sim *s,
    const struct api_object *server, enum kid k)
{
	if (!kid_served(s, k))
		return LACK_API;
	return is_taken(s, server, k) ? LACK_NAME : LACK_NONE;
}

static bool names_api(const struct node *c, enum kid k)
{
	struct str message = node_text(c, "message");
	struct str name = str_from(api_kind_name(kids[k].kind));
	struct str api = str_from(api_kind_api_version(kids[k].kind));

	return str_search(message, name) < message.n &&
	    str_search(message, api) < message.n;
}

/* The first of these is told until it is mended. */
static bool complete_is(const struct sim *s,
    const struct api_object *server, uint32_t wanted, struct text *why)
{
	const struct node *c = condition(server, "ChildrenComplete");
	struct str reason = node_text(c, "reason");
	uint32_t lacks[LACK_NAME + 1] = { 0 };

	for (int k = KID_FEW; k < KIDS; k++)
		if (wanted >> k & 1)
			lacks[lack_of(s, server, (enum kid)k)] |= 1u << k;
	if (lacks[LACK_NAME])
		return str_is(reason, "NameTaken") ||
		    differs(why, server, "a child's name is taken");
	if (!lacks[LACK_API])
		return !c || differs(why, server,
		    "nothing is missing, and it says so");
	if (!str_is(reason, "APIMissing"))
		return differs(why, server, "an API is missing");
	for (int k = KID_FEW; k < KIDS; k++)
		if (lacks[LACK_API] >> k & 1 && !names_api(c, (enum kid)k))
			return differs(why, server,
			    "does not name the API that is missing");
	return true;
}

static bool mesh_is(const struct sim *s, const struct api_object *server,
    uint32_t wanted, struct text *why)
{
	static const enum kid mesh[] = { KID_VIRTUAL_SERVICE,
		KID_DESTINATION_RULE, KID_PEER_AUTH };
	const struct node *c = condition(server, "IstioConfigured");
	bool asked = false, all = true;

	for (size_t i = 0; i < ARRAY_LEN(mesh); i++)
		if (wanted >> mesh[i] & 1) {
			asked = true;
			all = all && child_of(s, server, mesh[i]);
		}
	if (!asked)
		return !c || differs(why, server,
		    "tells of a mesh that it does not ask for");
	return str_is(node_text(c, "status"), all ? "True" : "False") ||
	    differs(why, server, "IstioConfigured is wrong");
}

/* ---- one server ---- */

static bool kid_is(const struct kid_look *l, enum kid k, bool wanted,
    struct text *why)
{
	const struct api_object *o = child_of(l->s, l->server, k);
	struct kid_look look = *l;
	const char *wrong;

	if (!wanted)
		return !o || is_lost(l->s, o) ||
		    differs(why, o, "should not be there");
	if (!o && lack_of(l->s, l->server, k) != LACK_NONE)
		return true;
	if (!o) {
		text_fmt(why, "no %s: ", api_kind_name(kids[k].kind));
		return differs(why, l->server, "one is asked for");
	}
	look.child = o;
	wrong = kid_wrong(&look, k);
	if (wrong)
		return differs(why, o, wrong);
	return labels_are(l->server, o, why);
}

static bool server_is(const struct sim *s, const struct api_object *o,
    struct text *why)
{
	const struct node *spec = node_get(o->root, "spec");
	struct kid_look look = { .s = s, .server = o, .spec = spec };
	uint32_t wanted = 0;
	struct expect e;

	expect_of(s, o, &e);
	if (!e.valid || node_path(o->root, "metadata.deletionTimestamp") ||
	    is_blocked(s, o, &e))
		return true;
	look.e = &e;
	for (int k = KID_FEW; k < KIDS; k++)
		if (kid_wanted(spec, &e, (enum kid)k))
			wanted |= 1u << k;
	for (int k = KID_FEW; k < KIDS; k++)
		if (!kid_is(&look, (enum kid)k, wanted >> k & 1, why))
			return false;
	return namespace_is(s, o, why) && complete_is(s, o, wanted, why) &&
	    mesh_is(s, o, wanted, why);
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

const struct checker check_kids = { .name = "kids", .well = well };
