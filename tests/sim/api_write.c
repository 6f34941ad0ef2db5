#include <stdio.h>
#include <string.h>

#include "api_int.h"

/* ---- what both do ---------------------------------------------------- */

static struct node *read_body(struct call *c)
{
	const char *why = NULL;
	struct node *v;

	if (!str_starts(c->r->content_type, STR("application/json"))) {
		(void)refuse(c, 415, "UnsupportedMediaType",
		    "the body of the request was in an unknown format - "
		    "accepted media types include: application/json, "
		    "application/yaml, application/vnd.kubernetes.protobuf");
		return NULL;
	}
	if (c->r->body.n > 3 << 20) {
		(void)refuse(c, 413, "RequestEntityTooLarge",
		    "Request entity too large: limit is 3145728");
		return NULL;
	}
	v = node_parse(c->t, c->r->body, &why);
	if (!node_is(v, NODE_OBJECT)) {
		(void)refuse(c, 400, "BadRequest", "the object provided is "
		    "unrecognized (must be of type %s): couldn't get version/"
		    "kind; json parse error: %s (%.*s)", c->info->kind,
		    why ? why : "not an object", (int)c->r->body.n,
		    c->r->body.p);
		return NULL;
	}
	return v;
}

/* apiVersion, kind, namespace and name are those of the path. */
static bool check_target(struct call *c, struct node *v)
{
	struct str version = node_text(v, "apiVersion");
	struct str kind = node_text(v, "kind"), ns, name;

	/* What is left out is taken to be what is meant. */
	if (!version.n)
		version = str_from(kind_api_version(c->kind));
	if (!kind.n)
		kind = str_from(c->info->kind);
	node_set(c->t, v, "apiVersion", node_str(c->t, version));
	node_set(c->t, v, "kind", node_str(c->t, kind));
	if (!str_is(version, kind_api_version(c->kind)) ||
	    !str_is(kind, c->info->kind))
		return refuse(c, 400, "BadRequest", "%s in version \"%.*s\" "
		    "cannot be handled as a %s: no kind \"%.*s\" is "
		    "registered for version \"%.*s\" in scheme",
		    c->info->kind, (int)version.n, version.p, c->info->kind,
		    (int)kind.n, kind.p, (int)version.n, version.p);
	ns = node_text(v, "metadata.namespace");
	if (c->info->namespaced && ns.n && !str_eq(ns, c->ns))
		return refuse(c, 400, "BadRequest", "the namespace of the "
		    "provided object does not match the namespace sent on "
		    "the request");
	name = node_text(v, "metadata.name");
	if (c->name.n && !str_eq(name, c->name))
		return refuse(c, 400, "BadRequest", name.n ?
		    "the name of the object (%.*s) does not match the name "
		    "on the URL (%.*s)" :
		    "name must be provided", (int)name.n,
		    name.p ? name.p : "", (int)c->name.n, c->name.p);
	return true;
}

static bool check_valid(struct call *c, const struct node *v,
    const struct node *old)
{
	struct node *causes = node_list(c->t);

	object_validate(c, v, old, causes);
	return !causes->n || refuse_invalid(c, node_text(v, "metadata.name"),
	    causes);
}

static struct api_write about(const struct call *c)
{
	return (struct api_write){
		.verb = c->verb, .sub = c->sub.n ? c->sub.p : "",
		.manager = c->manager, .agent = c->r->agent,
	};
}

static void answer_dry(struct call *c, int code, const struct node *v)
{
	answer_node(c, code, v);
}

/* ---- create ---------------------------------------------------------- */

static bool check_namespace(struct call *c)
{
	struct node *details, *causes, *cause;
	struct str message;
	struct slot *s;

	if (!c->info->namespaced)
		return true;
	s = store_find(c->a, API_NAMESPACE, STR_NONE, c->ns);
	if (!s)
		return refuse_missing(c, API_NAMESPACE, c->ns);
	if (!node_path(s->v->root, "metadata.deletionTimestamp"))
		return true;
	details = node_object(c->t);
	causes = node_list(c->t);
	cause = node_object(c->t);
	node_set(c->t, cause, "reason",
	    node_cstr(c->t, "NamespaceTerminating"));
	node_set(c->t, cause, "message", node_str(c->t, tree_fmt(c->t,
	    "namespace %.*s is being terminated", (int)c->ns.n, c->ns.p)));
	node_set(c->t, cause, "field",
	    node_cstr(c->t, "metadata.namespace"));
	node_append(c->t, causes, cause);
	node_set(c->t, details, "name", node_str(c->t, c->name));
	if (c->info->group[0])
		node_set(c->t, details, "group",
		    node_cstr(c->t, c->info->group));
	node_set(c->t, details, "kind", node_cstr(c->t, c->info->plural));
	node_set(c->t, details, "causes", causes);
	message = tree_fmt(c->t, "%s \"%.*s\" is forbidden: unable to create "
	    "new content in namespace %.*s because it is being terminated",
	    kind_resource(c->kind), (int)c->name.n, c->name.p, (int)c->ns.n,
	    c->ns.p);
	return refuse_details(c, 403, "Forbidden", details, message);
}

static void make_name(struct call *c, struct node *meta)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	struct str stem = node_text(meta, "generateName");
	char end[6] = "";

	if (node_text(meta, "name").n || !stem.n)
		return;
	for (int i = 0; i < 5; i++)
		end[i] = letters[rng_below(&c->a->rng, sizeof(letters) - 1)];
	node_set(c->t, meta, "name", node_str(c->t, tree_fmt(c->t, "%.*s%s",
	    (int)stem.n, stem.p, end)));
}

static void new_meta(struct call *c, struct node *v)
{
	struct node *meta = node_need(c->t, v, "metadata");
	static const char *const ours[] = { "deletionTimestamp",
		"deletionGracePeriodSeconds", "selfLink", "generation",
		"resourceVersion" };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		node_remove(meta, ours[i]);
	make_name(c, meta);
	c->name = node_text(meta, "name");
	if (c->info->namespaced)
		node_set(c->t, meta, "namespace", node_str(c->t, c->ns));
	node_set(c->t, meta, "uid", new_uid(c->a, c->t));
	node_set(c->t, meta, "creationTimestamp",
	    time_node(c->t, c->now_ns));
	if (c->info->generation)
		node_set(c->t, meta, "generation", node_int(c->t, 1));
}

/* The status is for the subresource to write. */
static void drop_status(struct call *c, struct node *v)
{
	struct str why;

	if (!c->info->status || c->kind == API_NAMESPACE)
		return;
	node_remove(v, "status");
	if (!kind_is_custom(c->kind) && c->kind != API_CRD)
		(void)shape_clean(c->t, kind_shape(c->kind), v, &why);
}

static bool check_free(struct call *c)
{
	const struct slot *s = store_find(c->a, c->kind, c->ns, c->name);

	return !s || refuse_details(c, 409, "AlreadyExists",
	    status_about(c, c->kind, c->name), tree_fmt(c->t,
	    "%s%s \"%.*s\" already exists", node_path(s->v->root,
	    "metadata.deletionTimestamp") ? "object is being deleted: " : "",
	    kind_resource(c->kind), (int)c->name.n, c->name.p));
}

bool create_object(struct call *c, struct node *v, bool applied)
{
	struct managed m = managed_of(c);
	struct api_write w;
	struct node *list;

	c->name = node_text(v, "metadata.name");
	if (!check_namespace(c))
		return false;
	list = node_path(v, "metadata.managedFields");
	object_default(c, v);
	if (!applied)
		managed_update(&m, object_blank(c->t, c->kind), v);
	else if (list)
		node_set(c->t, node_get(v, "metadata"), "managedFields",
		    list);
	drop_status(c, v);
	object_default(c, v);
	new_meta(c, v);
	if (!fault_admission(c, true) || !check_valid(c, v, NULL) ||
	    !check_free(c))
		return false;
	if (c->kind == API_SERVICE)
		service_allocate(c, v, NULL);
	if (c->kind == API_NAMESPACE)
		namespace_begin(c->t, v);
	if (c->dry) {
		answer_dry(c, 201, v);
		return true;
	}
	w = about(c);
	answer_object(c, 201, store_commit(c->a, c->kind, NULL, v, &w));
	return true;
}

void write_create(struct call *c)
{
	struct node *v = read_body(c);

	c->verb = "create";
	if (!v || !check_target(c, v) || !object_decode(c, v))
		return;
	if (node_text(v, "metadata.resourceVersion").n)
		(void)refuse(c, 500, "", "resourceVersion "
		    "should not be set on objects to be created");
	else
		(void)create_object(c, v, false);
}

/* ---- update ---------------------------------------------------------- */

static bool check_current(struct call *c, const struct slot *s,
    const struct node *v)
{
	struct str version = node_text(v, "metadata.resourceVersion");
	struct str uid = node_text(v, "metadata.uid");
	char now[24];

	if (uid.n && !str_eq(uid, s->o.uid) && !strcmp(c->verb, "update"))
		return refuse_conflict(c, c->name, tree_fmt(c->t,
		    "StorageError: invalid object, Code: 4, Key: /registry/"
		    "%s%s%s/%.*s/%.*s, ResourceVersion: 0, "
		    "AdditionalErrorMsg: Precondition failed: UID in "
		    "precondition: %.*s, UID in object meta: %.*s",
		    kind_is_custom(c->kind) ? c->info->group : "",
		    kind_is_custom(c->kind) ? "/" : "", c->kind ==
		    API_SERVICE ? "services/specs" : c->info->plural,
		    (int)c->ns.n, c->ns.p, (int)c->name.n, c->name.p,
		    (int)uid.n, uid.p, (int)s->o.uid.n, s->o.uid.p).p);
	snprintf(now, sizeof(now), "%llu", (unsigned long long)s->o.version);
	if (version.n && !str_is(version, now))
		return refuse_conflict(c, c->name, "the object has been "
		    "modified; please apply your changes to the latest "
		    "version and try again");
	return true;
}

static void copy_back(struct tree *t, struct node *v, const struct node *old,
    const char *key)
{
	const struct node *was = node_get(old, key);

	if (was)
		node_set(t, v, key, node_copy(t, was));
	else
		node_remove(v, key);
}

/* What the server keeps to itself. */
static void keep_meta(struct call *c, struct node *v, const struct node *old)
{
	static const char *const ours[] = { "creationTimestamp",
		"deletionTimestamp", "deletionGracePeriodSeconds",
		"generation", "resourceVersion", "selfLink" };
	struct node *meta = node_need(c->t, v, "metadata");
	const struct node *was = node_get(old, "metadata");

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		copy_back(c->t, meta, was, ours[i]);
	if (!node_get(meta, "uid"))
		copy_back(c->t, meta, was, "uid");
	if (!node_get(meta, "namespace"))
		copy_back(c->t, meta, was, "namespace");
}

/* A request to the object leaves the status alone, one to the status all
 * else. */
static void keep_rest(struct call *c, struct node *v, const struct node *old)
{
	struct node *status, *list;

	if (!c->info->status)
		return;
	if (!str_is(c->sub, "status")) {
		if (c->kind != API_NAMESPACE || !c->sub.n)
			copy_back(c->t, v, old, "status");
		return;
	}
	if (!kind_is_custom(c->kind)) {
		copy_back(c->t, v, old, "spec");
		copy_back(c->t, node_get(v, "metadata"),
		    node_get(old, "metadata"), "labels");
		return;
	}
	status = node_get(v, "status");
	list = node_path(v, "metadata.managedFields");
	v->n = 0;
	for (uint32_t i = 0; i < old->n; i++)
		node_set_str(c->t, v, old->member[i].key,
		    node_copy(c->t, old->member[i].value));
	if (status)
		node_set(c->t, v, "status", status);
	else
		node_remove(v, "status");
	copy_back(c->t, node_get(v, "metadata"), NULL, "managedFields");
	if (list)
		node_set(c->t, node_get(v, "metadata"), "managedFields",
		    list);
}

/* But for metadata and status. */
static bool same_rest(const struct node *a, const struct node *b)
{
	for (uint32_t i = 0; i < a->n; i++) {
		struct str key = a->member[i].key;

		if (!str_is(key, "metadata") && !str_is(key, "status") &&
		    !node_equal(a->member[i].value, node_get_str(b, key)))
			return false;
	}
	return true;
}

static void count_generation(struct call *c, struct node *v,
    const struct node *old)
{
	bool same;

	if (!c->info->generation || str_is(c->sub, "status"))
		return;
	same = same_rest(v, old) && same_rest(old, v);
	if (c->kind == API_DEPLOYMENT)
		same = same && node_equal(node_path(v,
		    "metadata.annotations"), node_path(old,
		    "metadata.annotations"));
	if (!same)
		node_set(c->t, node_get(v, "metadata"), "generation",
		    node_int(c->t, node_number(old, "metadata.generation",
		    0) + 1));
}

/* Nothing holds it any more. */
static bool is_released(const struct node *v)
{
	return node_path(v, "metadata.deletionTimestamp") &&
	    !node_path(v, "metadata.finalizers") &&
	    node_number(v, "metadata.deletionGracePeriodSeconds", 0) == 0 &&
	    !node_path(v, "spec.finalizers.0");
}

static void finish_update(struct call *c, struct slot *slot, struct node *v)
{
	struct api_write w = about(c);
	struct version *now;

	if (c->dry) {
		answer_dry(c, 200, v);
		return;
	}
	if (is_released(v)) {
		/* The last state is what the answer tells. */
		w.verb = "delete";
		answer_node(c, 200, v);
		(void)store_commit(c->a, c->kind, slot, NULL, &w);
		return;
	}
	now = store_commit(c->a, c->kind, slot, v, &w);
	answer_object(c, 200, now);
}

bool update_object(struct call *c, struct slot *slot, struct node *v,
    bool applied)
{
	const struct node *old = slot->v->root;
	struct managed m = managed_of(c);

	if (!check_current(c, slot, v))
		return false;
	/* Before the managers are told, as the real one decodes first. */
	object_default(c, v);
	keep_meta(c, v, old);
	keep_rest(c, v, old);
	if (!applied)
		managed_update(&m, old, v);
	if (c->kind == API_SERVICE)
		service_allocate(c, v, old);
	count_generation(c, v, old);
	if (!fault_admission(c, false) || !check_valid(c, v, old))
		return false;
	if (managed_equal(v, old)) {
		answer_object(c, 200, slot->v);
		return true;
	}
	finish_update(c, slot, v);
	return true;
}

void write_put(struct call *c)
{
	struct node *v = read_body(c);
	struct slot *slot;

	c->verb = "update";
	if (!v || !check_target(c, v) || !object_decode(c, v))
		return;
	slot = store_find(c->a, c->kind, c->ns, c->name);
	if (!slot && c->info->create_by_put && !c->sub.n) {
		(void)create_object(c, v, false);
		return;
	}
	if (!slot) {
		(void)refuse_missing(c, c->kind, c->name);
		return;
	}
	if (!c->info->unconditional &&
	    !node_text(v, "metadata.resourceVersion").n) {
		(void)refuse_unversioned(c);
		return;
	}
	(void)update_object(c, slot, v, false);
}

void system_write(struct api *a, struct slot *slot, struct node *v,
    const char *who)
{
	const struct api_write w = {
		.verb = v ? "update" : "delete", .sub = "", .system = true,
		.agent = str_from(who), .manager = str_from(who),
	};
	const struct managed m = {
		.t = &a->scratch, .kind = slot->o.kind,
		.shape = kind_shape(slot->o.kind),
		.api_version = kind_api_version(slot->o.kind),
		.manager = str_sub(w.agent, 0, str_find(w.agent, '/')),
		.now_ns = a->now_ns, .custom = kind_is_custom(slot->o.kind),
	};

	if (v)
		managed_update(&m, slot->v->root, v);
	if (v && is_released(v))
		v = NULL;
	(void)store_commit(a, slot->o.kind, slot, v, &w);
}
