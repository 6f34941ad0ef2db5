#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/*
 * ReplicaSets, as far as a Deployment's history goes: one for each template,
 * with its revision; pods are their Deployment's own. Who compares templates
 * does so as the real controller: whatever the order of their fields.
 */

static const char me[] = "deployment-controller";

#define REVISION "deployment.kubernetes.io/revision"
#define HISTORY "deployment.kubernetes.io/revision-history"
#define HASH "pod-template-hash"

/* The real default of revisionHistoryLimit, and the one in use. */
enum { SETS_KEPT = 11 };

static bool same(const struct node *a, const struct node *b)
{
	if (!a || !b || a->type != b->type || a->n != b->n ||
	    (a->type != NODE_OBJECT && a->type != NODE_LIST))
		return node_equal(a, b);
	for (uint32_t i = 0; i < a->n; i++)
		if (a->type == NODE_LIST ? !same(a->item[i], b->item[i]) :
		    !same(a->member[i].value, node_get_str(b,
		    a->member[i].key)))
			return false;
	return true;
}

/* Without the label that tells one ReplicaSet's pods from another's. */
static bool is_of(struct sim *s, const struct api_object *d,
    const struct api_object *set)
{
	struct node *v = node_copy(&s->around->tree,
	    node_path(set->root, "spec.template"));
	struct node *labels = node_get(node_get(v, "metadata"), "labels");

	if (labels)
		node_remove(labels, HASH);
	return same(v, node_path(d->root, "spec.template"));
}

static struct str note(const struct api_object *set, const char *key)
{
	const struct node *v = node_get(node_path(set->root,
	    "metadata.annotations"), key);

	return node_is(v, NODE_STRING) ? v->text : STR_NONE;
}

static uint64_t revision_of(const struct api_object *set)
{
	uint64_t n = 0;

	(void)str_u64(note(set, REVISION), &n);
	return n;
}

static bool owned(const struct api_object *d, const struct api_object *set)
{
	return str_eq(node_text(set->root, "metadata.ownerReferences.0.uid"),
	    d->uid);
}

/* What there is of a Deployment's history. */
struct history {
	const struct api_object *now, *oldest;
	uint64_t newest;		/* revision */
	uint32_t n;
};

static void history_read(struct sim *s, const struct api_object *d,
    struct history *ret)
{
	const struct api_object *o = NULL;

	memset(ret, 0, sizeof(*ret));
	while ((o = api_each(s->api, API_REPLICA_SET, d->ns, o))) {
		if (!owned(d, o))
			continue;
		ret->n++;
		if (revision_of(o) > ret->newest)
			ret->newest = revision_of(o);
		if (!ret->now && is_of(s, d, o))
			ret->now = o;
		else if (!ret->oldest ||
		    revision_of(o) < revision_of(ret->oldest))
			ret->oldest = o;
	}
}

static const char *hex_of(struct tree *t, uint64_t hash)
{
	return tree_fmt(t, "%010llx", (unsigned long long)hash).p;
}

static void make(struct sim *s, const struct api_object *d, uint64_t hash,
    uint64_t revision)
{
	struct tree *t = &s->around->tree;
	struct node *set = node_object(t), *meta = node_need(t, set,
	    "metadata"), *spec = node_need(t, set, "spec");
	struct node *template = node_copy(t, node_path(d->root,
	    "spec.template"));
	struct text body = { 0 };
	const char *hex = hex_of(t, hash);

	node_set(t, set, "apiVersion", node_cstr(t, "apps/v1"));
	node_set(t, set, "kind", node_cstr(t, "ReplicaSet"));
	node_set(t, node_need(t, node_need(t, template, "metadata"),
	    "labels"), HASH, node_cstr(t, hex));
	node_set(t, meta, "name", node_str(t, tree_fmt(t, "%.*s-%s",
	    (int)(d->name.n > 200 ? 200 : d->name.n), d->name.p, hex)));
	node_set(t, meta, "namespace", node_str(t, d->ns));
	node_set(t, meta, "labels", node_copy(t, node_path(template,
	    "metadata.labels")));
	node_set(t, node_need(t, meta, "annotations"), REVISION, node_str(t,
	    tree_fmt(t, "%llu", (unsigned long long)revision)));
	node_set(t, meta, "ownerReferences", deploy_owners(t, d));
	node_set(t, spec, "replicas", node_int(t, 0));
	node_set(t, spec, "selector", node_copy(t, node_path(d->root,
	    "spec.selector")));
	node_set(t, node_need(t, node_need(t, spec, "selector"),
	    "matchLabels"), HASH, node_cstr(t, hex));
	node_set(t, spec, "template", template);
	node_write(set, &body);
	(void)world_do(s, me, "POST", API_REPLICA_SET, d->ns, STR_NONE, "",
	    "application/json", text_view(&body));
	free(body.p);
}

/* One of before is the newest again, and keeps its former revisions. */
static void renew(struct sim *s, const struct api_object *set,
    uint64_t revision)
{
	struct str was = note(set, HISTORY), now = note(set, REVISION);

	(void)world_merge(s, me, API_REPLICA_SET, set->ns, set->name, "",
	    "{\"metadata\":{\"annotations\":{\"" REVISION "\":\"%llu\",\""
	    HISTORY "\":\"%.*s%s%.*s\"}}}", (unsigned long long)revision,
	    (int)was.n, was.n ? was.p : "", was.n ? "," : "", (int)now.n,
	    now.p);
}

static void copy(char *to, size_t cap, struct str s)
{
	size_t n = s.n < cap - 1 ? s.n : cap - 1;

	if (n)
		memcpy(to, s.p, n);
	to[n] = 0;
}

uint64_t sets_sync(struct sim *s, const struct api_object *d, uint64_t hash,
    struct newest *ret)
{
	struct history h;
	uint64_t revision;

	snprintf(ret->hash, sizeof(ret->hash), "%010llx",
	    (unsigned long long)hash);
	ret->name[0] = 0;
	history_read(s, d, &h);
	if (!h.now)
		make(s, d, hash, h.newest + 1);
	else if (revision_of(h.now) < h.newest)
		renew(s, h.now, h.newest + 1);
	else if (h.n > SETS_KEPT && h.oldest)
		(void)world_delete(s, me, API_REPLICA_SET, d->ns,
		    h.oldest->name);
	history_read(s, d, &h);
	/* The name is another's yet, or the namespace goes. */
	if (!h.now)
		return 0;
	revision = revision_of(h.now);
	copy(ret->hash, sizeof(ret->hash), node_text(h.now->root,
	    "spec.selector.matchLabels." HASH));
	copy(ret->name, sizeof(ret->name), h.now->name);
	return revision;
}
