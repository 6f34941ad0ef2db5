#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_int.h"

/* ---- making ---------------------------------------------------------- */

static void defaults(struct api_options *o)
{
	if (!o->compact_ns)
		o->compact_ns = 300 * NS_PER_S;
	if (!o->bookmark_ns)
		o->bookmark_ns = 60 * NS_PER_S;
	if (!o->gc_ns)
		o->gc_ns = 100 * NS_PER_MS;
}

static void make_namespace(struct api *a, const char *name)
{
	struct text body = { 0 };

	text_fmt(&body, "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\","
	    "\"metadata\":{\"name\":\"%s\"}}", name);
	(void)api_do(a, a->now_ns, "kube-apiserver/v1.36", "POST",
	    "/api/v1/namespaces", "application/json", text_view(&body),
	    NULL);
	text_free(&body);
}

/* Its metadata and names are enough: the schema is taken from the file. */
static void make_crd(struct api *a, enum api_kind k)
{
	const struct node *file = kind_crd(k);
	struct text text = { 0 };

	text_str(&text, STR("{\"apiVersion\":\"apiextensions.k8s.io/v1\","
	    "\"kind\":\"CustomResourceDefinition\",\"metadata\":"));
	node_write(node_get(file, "metadata"), &text);
	text_fmt(&text, ",\"spec\":{\"group\":\"%s\",\"names\":",
	    kinds[k].group);
	node_write(node_path(file, "spec.names"), &text);
	text_str(&text, STR(",\"scope\":\"Namespaced\"}}"));
	(void)api_do(a, a->now_ns, "kubectl/v1.36", "POST",
	    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
	    "application/json", text_view(&text), NULL);
	text_free(&text);
}

struct api *api_new(const struct api_options *o)
{
	static const char *const spaces[] = { "default", "kube-system",
		"kube-node-lease", "kube-public" };
	struct api *a = calloc(1, sizeof(*a));

	CHECK(a);
	a->o = *o;
	defaults(&a->o);
	rng_seed(&a->rng, o->seed);
	a->now_ns = o->wall_ns;
	a->number = a->compacted = 100 + rng_below(&a->rng, 1000);
	a->gc_ns = TIME_NEVER;
	for (size_t i = 0; i < ARRAY_LEN(spaces); i++)
		make_namespace(a, spaces[i]);
	for (int k = API_ALLBEONE; k < API_KINDS; k++)
		if (o->crds & 1U << (k - API_ALLBEONE))
			make_crd(a, (enum api_kind)k);
	return a;
}

void api_free(struct api *a)
{
	while (a->watch)
		api_watch_close(a->watch);
	for (size_t i = 0; i < a->changes; i++) {
		version_put(a->change[i].old);
		version_put(a->change[i].new);
	}
	for (int k = 0; k < API_KINDS; k++) {
		for (uint32_t i = 0; i < a->of[k].n; i++) {
			version_put(a->of[k].slot[i]->v);
			free(a->of[k].slot[i]);
		}
		free(a->of[k].slot);
	}
	free(a->change);
	text_free(&a->out);
	text_free(&a->path);
	tree_free(&a->scratch);
	free(a);
}

struct api_options *api_options(struct api *a)
{
	return &a->o;
}

/* ---- time ------------------------------------------------------------ */

static void forget(struct api *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		version_put(a->change[i].old);
		version_put(a->change[i].new);
	}
	a->changes -= n;
	a->change_base += n;
	memmove(a->change, a->change + n, a->changes * sizeof(*a->change));
}

void api_compact(struct api *a)
{
	a->compacted = a->number;
	forget(a, a->changes);
}

static void compact_old(struct api *a)
{
	size_t n = 0;

	while (n < a->changes &&
	    a->now_ns - a->change[n].at_ns > a->o.compact_ns)
		n++;
	if (!n)
		return;
	a->compacted = a->change[n - 1].number;
	forget(a, n);
}

static void expire_events(struct api *a)
{
	static const struct api_write about = {
		.verb = "delete", .sub = "", .system = true,
		.agent = STR_INIT("etcd"),
	};
	struct object_list *l = &a->of[API_EVENT];
	uint32_t i = 0;
	int64_t made;

	while (i < l->n) {
		if (time_parse(node_text(l->slot[i]->v->root,
		    "metadata.creationTimestamp"), &made) == 0 &&
		    a->now_ns - made > 3600 * NS_PER_S)
			store_commit(a, API_EVENT, l->slot[i], NULL, &about);
		else
			i++;
	}
}

void api_tick(struct api *a, int64_t now_ns)
{
	a->now_ns = now_ns;
	compact_old(a);
	expire_events(a);
	if (a->gc_due && now_ns >= a->gc_ns)
		gc_run(a, now_ns);
}

int64_t api_wake_ns(const struct api *a)
{
	int64_t at = a->gc_due ? a->gc_ns : TIME_NEVER;

	if (a->changes && a->change[0].at_ns + a->o.compact_ns + 1 < at)
		at = a->change[0].at_ns + a->o.compact_ns + 1;
	return at;
}

/* ---- looking --------------------------------------------------------- */

const struct api_object *api_find(const struct api *a, enum api_kind kind,
    struct str ns, struct str name)
{
	const struct slot *s = store_find(a, kind, ns, name);

	return s ? &s->o : NULL;
}

const struct api_object *api_find_uid(const struct api *a, struct str uid)
{
	uint64_t head = uid_head(uid);

	for (int k = 0; k < API_KINDS; k++)
		for (uint32_t i = 0; i < a->of[k].n; i++) {
			const struct slot *s = a->of[k].slot[i];

			if (s->uid_head == head && str_eq(s->o.uid, uid))
				return &s->o;
		}
	return NULL;
}

const struct api_object *api_each(const struct api *a, enum api_kind kind,
    struct str ns, const struct api_object *prev)
{
	const struct object_list *l = &a->of[kind];
	uint32_t i = 0;

	while (prev && i < l->n && &l->slot[i++]->o != prev)
		;
	while (i < l->n && ns.n && !str_eq(l->slot[i]->o.ns, ns))
		i++;
	return i < l->n ? &l->slot[i]->o : NULL;
}

uint64_t api_version(const struct api *a)
{
	return a->number;
}

const char *api_kind_name(enum api_kind kind)
{
	return kinds[kind].kind;
}

const char *api_kind_resource(enum api_kind kind)
{
	return kind_resource(kind);
}

const char *api_kind_api_version(enum api_kind kind)
{
	return kind_api_version(kind);
}

const char *api_path(struct api *a, enum api_kind kind, struct str ns,
    struct str name)
{
	const struct kind_info *i = &kinds[kind];

	a->path.n = 0;
	text_fmt(&a->path, "/%s%s%s/%s", i->group[0] ? "apis/" : "api",
	    i->group, "", i->version);
	if (ns.n)
		text_fmt(&a->path, "/namespaces/%.*s", (int)ns.n, ns.p);
	text_fmt(&a->path, "/%s", i->plural);
	if (name.n)
		text_fmt(&a->path, "/%.*s", (int)name.n, name.p);
	text_add(&a->path, "", 1);
	return a->path.p;
}

void api_observe(struct api *a, api_observer *fn, void *ctx)
{
	CHECK(a->observers < OBSERVERS);
	a->observer[a->observers].fn = fn;
	a->observer[a->observers++].ctx = ctx;
}

void api_trace(struct api *a, api_tracer *fn, void *ctx)
{
	CHECK(a->tracers < OBSERVERS);
	a->tracer[a->tracers].fn = fn;
	a->tracer[a->tracers++].ctx = ctx;
}
