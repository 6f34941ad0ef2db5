#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/*
 * The Deployment controller. ReplicaSets are its history only (sets.c): pods
 * belong to their Deployment and carry the hash of the template that they
 * were made from.
 */

static const char me[] = "deployment-controller";
#define REVISION "deployment.kubernetes.io/revision"

/* The real default is 600. */
enum { DEADLINE_S = 100 };

/* What is counted of one Deployment's pods. */
struct count {
	uint32_t all, fresh, ready, fresh_ready;
	struct str old, old_unready, extra, extra_unready;
};

static void sync(struct sim *s, void *ctx, uint64_t arg);

static struct rollout *rollout_get(struct sim *s, struct str ns,
    struct str name)
{
	struct world *w = s->around;
	struct rollout *r = w->rollouts;

	while (r && !(str_is(ns, r->ns) && str_is(name, r->name)))
		r = r->next;
	if (r)
		return r;
	r = calloc(1, sizeof(*r));
	snprintf(r->ns, sizeof(r->ns), "%.*s", (int)ns.n, ns.p);
	snprintf(r->name, sizeof(r->name), "%.*s", (int)name.n, name.p);
	r->next = w->rollouts;
	w->rollouts = r;
	return r;
}

/* The earliest of the times asked for holds. */
static void wake_at(struct sim *s, struct rollout *r, int64_t at_ns)
{
	if (r->at_ns && r->at_ns <= at_ns)
		return;
	r->at_ns = at_ns;
	sim_at(s, at_ns, sync, r, (uint64_t)at_ns);
}

void deploy_wake(struct sim *s, struct str ns, struct str name)
{
	wake_at(s, rollout_get(s, ns, name),
	    s->now_ns + roll_ns(&s->world, 5 * MS, 400 * MS));
}

void deploy_changed(struct sim *s, struct str ns, struct str name)
{
	struct rollout *r = rollout_get(s, ns, name);

	if (!s->calm && s->now_ns >= r->late_ns && chance(&s->world, 100))
		r->late_ns = s->now_ns + roll_ns(&s->world, 2 * SEC,
		    20 * SEC);
	deploy_wake(s, ns, name);
}

void deploy_wake_uid(struct sim *s, struct str uid)
{
	const struct api_object *o = uid.n ? api_find_uid(s->api, uid) : NULL;

	if (o && o->kind == API_DEPLOYMENT)
		deploy_wake(s, o->ns, o->name);
}

static uint64_t template_hash(const struct node *d)
{
	struct text t = { 0 };
	const struct node *template = node_path(d, "spec.template");
	uint64_t h;

	if (!template)
		return 0;
	node_write(template, &t);
	h = str_hash(text_view(&t)) & 0xffffffffff;
	free(t.p);
	return h;
}

static bool pod_is_ready(const struct node *pod)
{
	const struct node *list = node_path(pod, "status.conditions");

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++)
		if (str_is(node_text(list->item[i], "type"), "Ready"))
			return str_is(node_text(list->item[i], "status"),
			    "True");
	return false;
}

static bool pod_counts(const struct node *pod, struct str owner)
{
	return str_eq(node_text(pod, "metadata.ownerReferences.0.uid"),
	    owner) && !node_path(pod, "metadata.deletionTimestamp") &&
	    !str_is(node_text(pod, "status.phase"), "Failed");
}

static void count(struct sim *s, const struct api_object *d,
    const char *hash, struct count *ret)
{
	const struct api_object *o = NULL;

	memset(ret, 0, sizeof(*ret));
	while ((o = api_each(s->api, API_POD, d->ns, o))) {
		bool ready = pod_is_ready(o->root);
		bool fresh = str_is(node_text(node_path(o->root,
		    "metadata.labels"), "pod-template-hash"), hash);

		if (!pod_counts(o->root, d->uid))
			continue;
		ret->all++;
		ret->ready += ready;
		ret->fresh += fresh;
		ret->fresh_ready += fresh && ready;
		if (fresh && ready)
			ret->extra = o->name;
		else if (fresh)
			ret->extra_unready = o->name;
		else if (ready)
			ret->old = o->name;
		else
			ret->old_unready = o->name;
	}
}

/* ---- pods ------------------------------------------------------------ */

struct node *deploy_owners(struct tree *t, const struct api_object *d)
{
	struct node *list = node_list(t), *owner = node_object(t);

	node_set(t, owner, "apiVersion", node_cstr(t, "apps/v1"));
	node_set(t, owner, "kind", node_cstr(t, "Deployment"));
	node_set(t, owner, "name", node_str(t, d->name));
	node_set(t, owner, "uid", node_str(t, d->uid));
	node_set(t, owner, "controller", node_bool(t, true));
	node_set(t, owner, "blockOwnerDeletion", node_bool(t, true));
	node_append(t, list, owner);
	return list;
}

static bool selects(const struct node *d, const struct node *pod)
{
	const struct node *want = node_path(d, "spec.selector.matchLabels");
	const struct node *have = node_path(pod, "metadata.labels");

	if (!node_is(want, NODE_OBJECT) || !want->n)
		return false;
	for (uint32_t i = 0; i < want->n; i++)
		if (!node_equal(node_get_str(have, want->member[i].key),
		    want->member[i].value))
			return false;
	return true;
}

/* One pod whose Deployment was deleted alone, as ReplicaSets are adopted. */
static bool adopt(struct sim *s, const struct api_object *d)
{
	struct tree *t = &s->around->tree;
	const struct api_object *o = NULL;
	struct node *body = node_object(t);
	struct text out = { 0 };
	int status;

	while ((o = api_each(s->api, API_POD, d->ns, o)))
		if (node_empty(node_path(o->root,
		    "metadata.ownerReferences")) && !node_path(o->root,
		    "metadata.deletionTimestamp") && selects(d->root,
		    o->root))
			break;
	if (!o)
		return false;
	node_set(t, node_need(t, body, "metadata"), "ownerReferences",
	    deploy_owners(t, d));
	node_write(body, &out);
	status = world_do(s, me, "PATCH", API_POD, d->ns, o->name, "", MERGE,
	    text_view(&out));
	free(out.p);
	return status < 300;
}

static int pod_create(struct sim *s, const struct api_object *d,
    const char *hash)
{
	struct tree *t = &s->around->tree;
	struct node *pod = node_copy(t, node_path(d->root, "spec.template"));
	struct node *meta = node_need(t, pod, "metadata");
	struct text body = { 0 };
	int status;

	node_set(t, pod, "apiVersion", node_cstr(t, "v1"));
	node_set(t, pod, "kind", node_cstr(t, "Pod"));
	node_set(t, meta, "name", node_str(t, tree_fmt(t, "%.*s-%s-%05llx",
	    (int)(d->name.n > 200 ? 200 : d->name.n), d->name.p, hash,
	    (unsigned long long)++s->around->names)));
	node_set(t, meta, "namespace", node_str(t, d->ns));
	node_set(t, node_need(t, meta, "labels"), "pod-template-hash",
	    node_cstr(t, hash));
	node_set(t, meta, "ownerReferences", deploy_owners(t, d));
	node_write(pod, &body);
	status = world_do(s, me, "POST", API_POD, d->ns, STR_NONE, "", JSON,
	    text_view(&body));
	free(body.p);
	return status;
}

static bool drop(struct sim *s, const struct api_object *d, struct str a,
    struct str b)
{
	struct str name = a.n ? a : b;

	return name.n &&
	    world_delete(s, me, API_POD, d->ns, name) < 300;
}

/* One pod more or fewer; false when there is nothing to do. */
static bool move(struct sim *s, const struct api_object *d, const char *hash,
    const struct count *c, bool *ret_quota)
{
	uint32_t want = (uint32_t)node_number(d->root, "spec.replicas", 1);
	bool recreate = str_is(node_text(d->root, "spec.strategy.type"),
	    "Recreate");
	uint32_t surge = want && !recreate ? 1 : 0;

	if (c->fresh > want)
		return drop(s, d, c->extra_unready, c->extra);
	if (c->all > c->fresh && (recreate || c->ready > want ||
	    c->old_unready.n || want == 0))
		return drop(s, d, c->old_unready, c->old);
	if (recreate && c->all > c->fresh)
		return false;
	if (c->fresh >= want || c->all >= want + surge)
		return false;
	if (world_quota(s, d->ns)) {
		*ret_quota = true;
		return false;
	}
	return pod_create(s, d, hash) < 300;
}

/* ---- status ---------------------------------------------------------- */

static void condition(struct text *out, const char *type, bool on,
    const char *reason, const char *message)
{
	text_fmt(out, "%s{\"type\":\"%s\",\"status\":\"%s\",\"reason\":"
	    "\"%s\",\"message\":\"%s\"}", out->p[out->n - 1] == '[' ? "" :
	    ",", type, on ? "True" : "False", reason, message);
}

static void status_text(const struct api_object *d, const struct count *c,
    bool quota, const char *late, struct text *out)
{
	uint32_t want = (uint32_t)node_number(d->root, "spec.replicas", 1);
	bool full = c->fresh == want && c->all == want &&
	    c->fresh_ready >= want;

	text_fmt(out, "{\"status\":{\"observedGeneration\":%lld,"
	    "\"replicas\":%u,\"updatedReplicas\":%u,\"readyReplicas\":%u,"
	    "\"availableReplicas\":%u,\"unavailableReplicas\":%u,"
	    "\"conditions\":[",
	    (long long)node_number(d->root, "metadata.generation", 0),
	    c->all, c->fresh, c->ready, c->ready,
	    c->all > c->ready ? c->all - c->ready : 0);
	condition(out, "Available", c->ready >= want,
	    c->ready >= want ? "MinimumReplicasAvailable" :
	    "MinimumReplicasUnavailable", "");
	if (quota)
		condition(out, "ReplicaFailure", true, "FailedCreate",
		    "pods \\\"x\\\" is forbidden: exceeded quota: small, "
		    "requested: pods=1, used: pods=0, limited: pods=0");
	condition(out, "Progressing", !late, full ?
	    "NewReplicaSetAvailable" : late ? "ProgressDeadlineExceeded" :
	    "ReplicaSetUpdated", late ? late : "");
	text_fmt(out, "]}}");
}

/* Has nothing moved for so long that the rollout counts as failed? */
static bool is_late(struct sim *s, struct rollout *r,
    const struct api_object *d, const struct count *c)
{
	uint32_t want = (uint32_t)node_number(d->root, "spec.replicas", 1);
	int64_t deadline = node_number(d->root,
	    "spec.progressDeadlineSeconds", DEADLINE_S) * SEC;
	uint64_t mark = template_hash(d->root) * 31 + c->all * 1000003 +
	    c->fresh * 10007 + c->fresh_ready * 101 + want;

	if (mark != r->mark) {
		r->mark = mark;
		r->progress_ns = s->now_ns;
	}
	if (c->fresh == want && c->all == want && c->fresh_ready >= want)
		return false;
	if (s->now_ns - r->progress_ns >= deadline)
		return true;
	wake_at(s, r, r->progress_ns + deadline);
	return false;
}

/* The newest revision goes into the annotations, by way of the status. */
static bool revision_put(struct sim *s, const struct api_object *d,
    uint64_t revision)
{
	struct tree *t = &s->around->tree;
	struct str text = tree_fmt(t, "%llu", (unsigned long long)revision);
	const struct node *now = node_get(node_path(d->root,
	    "metadata.annotations"), REVISION);

	if (!revision || (node_is(now, NODE_STRING) &&
	    str_eq(now->text, text)))
		return false;
	(void)world_merge(s, me, API_DEPLOYMENT, d->ns, d->name, "status",
	    "{\"metadata\":{\"annotations\":{\"" REVISION "\":\"%.*s\"}}}",
	    (int)text.n, text.p);
	return true;
}

static void status_put(struct sim *s, struct rollout *r,
    const struct api_object *d, const struct count *c, bool quota,
    const struct newest *set)
{
	struct tree *t = &s->around->tree;
	struct text out = { 0 };
	const struct node *now = node_get(d->root, "status"), *new;
	const char *late = is_late(s, r, d, c) ? tree_fmt(t, "ReplicaSet "
	    "\\\"%s\\\" has timed out progressing.", set->name).p : NULL;

	status_text(d, c, quota, late, &out);
	new = node_get(node_parse(t, text_view(&out), NULL), "status");
	if (!node_equal(node_get(new, "conditions"),
	    node_get(now, "conditions")) ||
	    node_number(now, "observedGeneration", -1) !=
	    node_number(new, "observedGeneration", -2) ||
	    node_number(now, "replicas", 0) !=
	    node_number(new, "replicas", 0) ||
	    node_number(now, "updatedReplicas", 0) !=
	    node_number(new, "updatedReplicas", 0) ||
	    node_number(now, "readyReplicas", 0) !=
	    node_number(new, "readyReplicas", 0))
		world_do(s, me, "PATCH", API_DEPLOYMENT, d->ns, d->name,
		    "status", MERGE, text_view(&out));
	free(out.p);
}

static const struct api_object *found(const struct sim *s,
    const struct rollout *r)
{
	return api_find(s->api, API_DEPLOYMENT, str_from(r->ns),
	    str_from(r->name));
}

static void sync(struct sim *s, void *ctx, uint64_t arg)
{
	struct rollout *r = ctx;
	const struct api_object *d = found(s, r);
	struct newest set;
	struct count c;
	bool quota = false;
	uint64_t revision;

	if (arg != (uint64_t)r->at_ns)
		return;
	r->at_ns = 0;
	if (s->now_ns < r->late_ns) {
		wake_at(s, r, r->late_ns);
		return;
	}
	if (!d || node_path(d->root, "metadata.deletionTimestamp"))
		return;
	revision = sets_sync(s, d, template_hash(d->root), &set);
	d = found(s, r);
	if (d && revision_put(s, d, revision))
		d = found(s, r);
	for (int i = 0; i < 20 && d; i++) {
		count(s, d, set.hash, &c);
		if (!adopt(s, d) && !move(s, d, set.hash, &c, &quota))
			break;
		d = found(s, r);
	}
	if (!d)
		return;
	if (quota)
		wake_at(s, r, s->now_ns + 10 * SEC);
	status_put(s, r, d, &c, quota, &set);
	tree_reset(&s->around->tree);
}
