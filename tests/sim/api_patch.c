#include <string.h>

#include "api_int.h"

/* ---- merge and JSON patches ------------------------------------------ */

static struct node *read_patch(struct call *c)
{
	const char *why = NULL;
	struct node *v = node_parse(c->t, c->r->body, &why);

	if (!v)
		(void)refuse(c, 400, "BadRequest", "error decoding patch: "
		    "%s", why);
	return v;
}

/* Either of them, onto what is there now. */
static struct node *patched(struct call *c, const struct slot *slot,
    bool merge)
{
	struct node *patch = read_patch(c), *v;
	struct str why;

	if (!patch)
		return NULL;
	v = node_copy(c->t, slot->v->root);
	if (merge && patch->type != NODE_OBJECT) {
		(void)refuse(c, 400, "BadRequest", "error decoding patch: "
		    "json: cannot unmarshal array into Go value of type "
		    "map[string]interface {}");
		return NULL;
	}
	v = merge ? node_merge(c->t, v, patch) :
	    node_patch(c->t, v, patch, &why);
	if (!v)
		(void)refuse_details(c, 422, "Invalid", node_object(c->t),
		    STR("the server rejected our request due to an error in "
		    "our request"));
	return v;
}

static bool keeps_identity(struct call *c, const struct slot *slot,
    const struct node *v)
{
	struct str name = node_text(v, "metadata.name");

	if (str_eq(name, slot->o.name))
		return true;
	return refuse(c, 400, "BadRequest", "the name of the object (%.*s) "
	    "does not match the name on the URL (%.*s)", (int)name.n,
	    name.p ? name.p : "", (int)c->name.n, c->name.p);
}

static void patch_plain(struct call *c, bool merge)
{
	struct slot *slot = store_find(c->a, c->kind, c->ns, c->name);
	struct node *v;

	c->verb = "patch";
	if (!slot) {
		(void)refuse_missing(c, c->kind, c->name);
		return;
	}
	v = patched(c, slot, merge);
	if (v && keeps_identity(c, slot, v) && object_decode(c, v))
		(void)update_object(c, slot, v, false);
}

/* ---- server-side apply ----------------------------------------------- */

/* A group and a version, even where there is no group. */
static const char *core_slash(struct str version)
{
	return str_find(version, '/') == version.n ? "/" : "";
}

static bool check_apply(struct call *c, const struct node *v)
{
	struct str version = node_text(v, "apiVersion");
	struct str name = node_text(v, "metadata.name");

	if (!node_is(v, NODE_OBJECT))
		return refuse(c, 400, "BadRequest", "error decoding YAML: "
		    "not an object");
	if (!query_get(c, "fieldManager").n)
		return refuse_option(c, "PatchOptions", "fieldManager",
		    "FieldValueRequired", "Required value: is required for "
		    "apply patch");
	if (!version.n || !node_text(v, "kind").n)
		return refuse(c, 400, "BadRequest", "invalid object type: /, "
		    "Kind=");
	if (!str_is(version, kind_api_version(c->kind)) ||
	    !str_is(node_text(v, "kind"), c->info->kind))
		return refuse(c, 400, "BadRequest", "invalid object type: "
		    "%s%.*s, Kind=%.*s", core_slash(version), (int)version.n,
		    version.p, (int)node_text(v, "kind").n,
		    node_text(v, "kind").p);
	if (name.n && !str_eq(name, c->name))
		return refuse(c, 400, "BadRequest", "the name of the object "
		    "(%.*s) does not match the name on the URL (%.*s)",
		    (int)name.n, name.p, (int)c->name.n, c->name.p);
	if (node_path(v, "metadata.managedFields.0"))
		return refuse(c, 400, "BadRequest",
		    "metadata.managedFields must be nil");
	return true;
}

static bool refuse_apply(struct call *c, enum apply_result result,
    const struct apply_out *out)
{
	struct node *details;

	if (result == APPLY_TYPES)
		return refuse(c, 500, "", "failed to create typed patch "
		    "object (%.*s/%.*s; %s%s, Kind=%s): %.*s", (int)out->ns.n,
		    out->ns.p ? out->ns.p : "", (int)c->name.n, c->name.p,
		    c->info->group[0] ? "" : "/",
		    kind_api_version(c->kind), c->info->kind,
		    (int)out->message.n, out->message.p);
	details = node_object(c->t);
	node_set(c->t, details, "causes", out->causes);
	return refuse_details(c, 409, "Conflict", details, out->message);
}

/* What became of it is one of the kind's objects, or is refused. */
static bool decode_applied(struct call *c, const struct apply_out *out)
{
	const char *version = kind_api_version(c->kind);
	struct str why;

	if (kind_is_custom(c->kind))
		return object_decode(c, out->object);
	if (shape_clean(c->t, kind_shape(c->kind), out->object, &why))
		return true;
	return refuse(c, 500, "", "failed to convert new object (%.*s/%.*s; "
	    "%s%s, Kind=%s) to proper version: unable to convert "
	    "unstructured object to %s%s, Kind=%s: %.*s", (int)out->ns.n,
	    out->ns.p ? out->ns.p : "", (int)c->name.n, c->name.p,
	    c->info->group[0] ? "" : "/", version, c->info->kind,
	    c->info->group[0] ? "" : "/", version, c->info->kind,
	    (int)why.n, why.p);
}

static void apply_new(struct call *c, struct node *config)
{
	struct managed m = managed_of(c);
	struct str uid = node_text(config, "metadata.uid");
	enum apply_result result;
	struct apply_out out;

	if (c->sub.n) {
		(void)refuse_missing(c, c->kind, c->name);
		return;
	}
	if (uid.n) {
		(void)refuse_conflict(c, c->name, tree_fmt(c->t,
		    "uid mismatch: the provided object specified uid %.*s, "
		    "and no existing object was found", (int)uid.n,
		    uid.p).p);
		return;
	}
	result = managed_apply(&m, object_blank(c->t, c->kind), config,
	    true, &out);
	if (result != APPLY_DONE)
		(void)refuse_apply(c, result, &out);
	else if (decode_applied(c, &out))
		(void)create_object(c, out.object, true);
}

static void apply_over(struct call *c, struct slot *slot,
    struct node *config)
{
	struct managed m = managed_of(c);
	enum apply_result result;
	struct apply_out out;

	result = managed_apply(&m, slot->v->root, config,
	    query_true(c, "force"), &out);
	if (result != APPLY_DONE)
		(void)refuse_apply(c, result, &out);
	else if (decode_applied(c, &out))
		(void)update_object(c, slot, out.object, true);
}

static void patch_apply(struct call *c)
{
	struct slot *slot = store_find(c->a, c->kind, c->ns, c->name);
	struct node *config = read_patch(c), *meta;

	c->verb = "apply";
	if (!config || !check_apply(c, config))
		return;
	/* The path tells both. */
	meta = node_need(c->t, config, "metadata");
	if (!node_get(meta, "name"))
		node_set(c->t, meta, "name", node_str(c->t, c->name));
	if (slot)
		apply_over(c, slot, config);
	else
		apply_new(c, config);
}

void write_patch(struct call *c)
{
	struct str type;

	str_cut(c->r->content_type, ';', &type);
	type = str_trim(type);
	if (str_is(type, "application/merge-patch+json"))
		patch_plain(c, true);
	else if (str_is(type, "application/json-patch+json"))
		patch_plain(c, false);
	else if (str_is(type, "application/apply-patch+yaml"))
		patch_apply(c);
	else
		(void)refuse_details(c, 415, "UnsupportedMediaType",
		    node_object(c->t), STR("415: Unsupported Media Type"));
}

/* ---- scale ----------------------------------------------------------- */

/* "a=b,c=d" */
static struct str selector_text(struct tree *t, const struct node *root)
{
	const struct node *labels = node_path(root,
	    "spec.selector.matchLabels");
	struct str s = STR_NONE;

	for (uint32_t i = 0; labels && i < labels->n; i++) {
		struct str key = labels->member[i].key;
		struct str value = labels->member[i].value->text;

		s = tree_fmt(t, "%.*s%s%.*s=%.*s", (int)s.n, s.p ? s.p : "",
		    i ? "," : "", (int)key.n, key.p, (int)value.n, value.p);
	}
	return s;
}

static struct node *scale_of(struct call *c, const struct node *root)
{
	static const char *const kept[] = { "name", "namespace", "uid",
		"resourceVersion", "creationTimestamp" };
	struct tree *t = c->t;
	struct node *v = node_object(t), *meta, *spec, *status;
	const struct node *from;
	struct str selector = kind_is_custom(c->kind) ?
	    node_text(root, "status.selector") : selector_text(t, root);

	node_set(t, v, "kind", node_cstr(t, "Scale"));
	node_set(t, v, "apiVersion", node_cstr(t, "autoscaling/v1"));
	meta = node_need(t, v, "metadata");
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		from = node_path(root, "metadata");
		from = node_get(from, kept[i]);
		if (from)
			node_set(t, meta, kept[i], node_copy(t, from));
	}
	spec = node_need(t, v, "spec");
	from = node_path(root, "spec.replicas");
	if (from && !node_empty(from))
		node_set(t, spec, "replicas", node_copy(t, from));
	status = node_need(t, v, "status");
	node_set(t, status, "replicas", node_int(t,
	    node_number(root, "status.replicas", 0)));
	if (selector.n)
		node_set(t, status, "selector", node_str(t, selector));
	return v;
}

static struct node *scale_wanted(struct call *c, const struct slot *slot)
{
	struct node *scale = scale_of(c, slot->v->root), *patch;
	struct str why;

	patch = read_patch(c);
	if (!patch)
		return NULL;
	if (str_is(c->r->method, "PUT"))
		return patch;
	if (str_starts(c->r->content_type,
	    STR("application/json-patch+json")))
		scale = node_patch(c->t, scale, patch, &why);
	else
		scale = node_merge(c->t, scale, patch);
	if (!scale)
		(void)refuse(c, 422, "Invalid", "the server rejected our "
		    "request due to an error in our request");
	return scale;
}

/* Of a custom object the whole is looked at, as if it had been written. */
static bool check_scale(struct call *c, const struct node *scale)
{
	int64_t n = node_number(scale, "spec.replicas", 0);
	struct node *causes;

	if (n >= 0 || kind_is_custom(c->kind))
		return true;
	causes = node_list(c->t);
	cause_add(c->t, causes, "FieldValueInvalid", "spec.replicas",
	    "Invalid value: %lld: must be greater than or equal to 0",
	    (long long)n);
	return refuse_invalid_as(c, "autoscaling", "Scale", c->name, causes);
}

void scale_call(struct call *c)
{
	struct slot *slot = store_find(c->a, c->kind, c->ns, c->name);
	struct node *scale, *v;
	struct str version;

	c->verb = str_is(c->r->method, "PUT") ? "update" : "patch";
	if (!slot) {
		(void)refuse_missing(c, c->kind, c->name);
		return;
	}
	if (str_is(c->r->method, "GET")) {
		answer_node(c, 200, scale_of(c, slot->v->root));
		return;
	}
	scale = scale_wanted(c, slot);
	if (!scale || !check_scale(c, scale))
		return;
	v = node_copy(c->t, slot->v->root);
	node_set(c->t, node_need(c->t, v, "spec"), "replicas", node_int(c->t,
	    node_number(scale, "spec.replicas", 0)));
	version = node_text(scale, "metadata.resourceVersion");
	if (version.n)
		node_set(c->t, node_get(v, "metadata"), "resourceVersion",
		    node_str(c->t, version));
	if (!update_object(c, slot, v, false) || c->dry)
		return;
	slot = store_find(c->a, c->kind, c->ns, c->name);
	if (slot)
		answer_node(c, 200, scale_of(c, slot->v->root));
}
