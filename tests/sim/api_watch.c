#include <stdlib.h>
#include <string.h>

#include "api_int.h"

/*
 * A watch is a place in the history.  The initial objects of one that wants
 * them are taken down when it opens, as the cache does.
 */
struct api_watch {
	struct api *a;
	struct api_watch *next;
	enum api_kind kind;
	struct str ns;
	struct selector select;
	struct tree tree;		/* ns, select, initial */
	bool metadata, bookmarks, ended;
	bool initial_end;	/* its bookmark is to come */
	uint64_t version;		/* told so far */
	size_t at;			/* in the history, from change_base */
	struct version **initial;
	uint32_t initial_n, initial_at;
	int64_t end_ns, bookmark_ns;
	struct node *error;	/* an ERROR line to come, then the end */
	struct text line;
};

/* ---- opening --------------------------------------------------------- */

static bool check_options(struct call *c)
{
	struct str match = query_get(c, "resourceVersionMatch");
	bool initial = query_true(c, "sendInitialEvents");

	if (!query_get(c, "sendInitialEvents").n)
		return !match.n || refuse_listing(c, "resourceVersionMatch",
		    "Forbidden: resourceVersionMatch is forbidden for watch "
		    "unless sendInitialEvents is provided");
	if (c->a->o.no_watch_list)
		return refuse_listing(c, "sendInitialEvents", "Forbidden: "
		    "sendInitialEvents is forbidden for watch unless the "
		    "WatchList feature gate is enabled");
	if (!match.n)
		return refuse_listing(c, "resourceVersionMatch", "Forbidden: "
		    "sendInitialEvents requires setting resourceVersionMatch "
		    "to NotOlderThan");
	return !initial || str_is(match, "NotOlderThan") || refuse_listing(c,
	    "resourceVersionMatch", "Forbidden: sendInitialEvents requires "
	    "setting resourceVersionMatch to NotOlderThan");
}

static void take_initial(struct call *c, struct api_watch *w)
{
	struct version **all;
	uint32_t n;

	all = store_at(c->a, w->kind, c->a->number, &n);
	w->initial = tree_alloc(&w->tree, (n + 1) * sizeof(*w->initial));
	for (uint32_t i = 0; i < n; i++) {
		if ((w->ns.n && !str_eq(w->ns, node_text(all[i]->root,
		    "metadata.namespace"))) ||
		    !select_matches(&w->select, w->kind, all[i]->root))
			continue;
		all[i]->refs++;
		w->initial[w->initial_n++] = all[i];
	}
	w->version = c->a->number;
}

static bool begin_at(struct call *c, struct api_watch *w, uint64_t version)
{
	struct str message;

	if (version <= c->a->compacted) {
		message = tree_fmt(&w->tree, "too old resource version: %llu "
		    "(%llu)", (unsigned long long)version,
		    (unsigned long long)c->a->compacted + 1);
		w->error = status_node(&w->tree, 410, "Expired", message,
		    NULL);
		return true;
	}
	w->version = version;
	while (w->at > c->a->change_base && c->a->change[w->at - 1 -
	    c->a->change_base].number > version)
		w->at--;
	return true;
}

static bool begin(struct call *c, struct api_watch *w)
{
	struct str version = query_get(c, "resourceVersion");
	uint64_t v = 0;

	w->at = (size_t)(c->a->change_base + c->a->changes);
	if (version.n && str_u64(version, &v))
		return refuse(c, 500, "", "resourceVersion: Invalid value: "
		    "\"%.*s\": strconv.ParseUint: parsing \"%.*s\": invalid "
		    "syntax", (int)version.n, version.p, (int)version.n,
		    version.p);
	if (query_true(c, "sendInitialEvents")) {
		take_initial(c, w);
		w->initial_end = w->bookmarks;
		return true;
	}
	if (query_get(c, "sendInitialEvents").n && !v) {
		w->version = c->a->number;
		return true;
	}
	if (v)
		return begin_at(c, w, v);
	take_initial(c, w);
	return true;
}

static void set_end(struct call *c, struct api_watch *w)
{
	struct str s = query_get(c, "timeoutSeconds");
	uint64_t seconds;

	/* Unasked, between 30 and 60 minutes. */
	if (str_u64(s, &seconds) || !seconds)
		seconds = 1800 + rng_below(&c->a->rng, 1800);
	w->end_ns = c->now_ns + (int64_t)seconds * NS_PER_S;
	w->bookmark_ns = c->now_ns + c->a->o.bookmark_ns;
}

static void selector_copy(struct api_watch *w, const struct selector *from)
{
	if (from->labels)
		w->select.labels = node_copy(&w->tree, from->labels);
	if (from->fields)
		w->select.fields = node_copy(&w->tree, from->fields);
}

static bool open_routed(struct call *c, struct api_watch *w)
{
	if (!select_parse(c) || !check_options(c))
		return false;
	/* A watch of one object by its path. */
	if (c->name.n) {
		struct node *fields = node_list(c->t);
		struct node *need = node_object(c->t);
		struct node *values = node_list(c->t);

		node_append(c->t, values, node_str(c->t, c->name));
		node_set(c->t, need, "key",
		    node_cstr(c->t, "metadata.name"));
		node_set(c->t, need, "op", node_cstr(c->t, "in"));
		node_set(c->t, need, "values", values);
		node_append(c->t, fields, need);
		c->select.fields = fields;
	}
	w->a = c->a;
	w->kind = c->kind;
	w->ns = tree_str(&w->tree, c->ns);
	w->metadata = c->metadata;
	w->bookmarks = query_true(c, "allowWatchBookmarks");
	selector_copy(w, &c->select);
	set_end(c, w);
	return begin(c, w);
}

struct api_watch *api_watch_open(struct api *a, int64_t now_ns,
    const struct api_request *r, struct api_answer *ret)
{
	struct api_watch *w = calloc(1, sizeof(*w));
	struct call c;

	CHECK(w);
	if (!call_route(&c, a, now_ns, r, ret) || !open_routed(&c, w)) {
		tree_free(&w->tree);
		free(w);
		w = NULL;
	} else {
		ret->status = 200;
		ret->content_type = "application/json";
		ret->body = STR_NONE;
		w->next = a->watch;
		a->watch = w;
	}
	for (uint32_t i = 0; i < a->tracers; i++)
		a->tracer[i].fn(a->tracer[i].ctx, now_ns, r, ret);
	return w;
}

void api_watch_close(struct api_watch *w)
{
	struct api_watch **at = &w->a->watch;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	for (uint32_t i = 0; i < w->initial_n; i++)
		version_put(w->initial[i]);
	tree_free(&w->tree);
	text_free(&w->line);
	free(w);
}

/* ---- lines ----------------------------------------------------------- */

static enum api_next give(struct api_watch *w, struct str *ret_line)
{
	text_add(&w->line, "}\n", 2);
	*ret_line = text_view(&w->line);
	return API_WATCH_LINE;
}

static void line_begin(struct api_watch *w, const char *type)
{
	w->line.n = 0;
	text_fmt(&w->line, "{\"type\":\"%s\",\"object\":", type);
}

static void put_version(struct api_watch *w, struct version *v)
{
	const char *p;
	size_t n;

	p = w->metadata ? version_meta(v, &n) : version_text(v, &n);
	text_add(&w->line, p, n);
}

/* What goes is told with the version of its going. */
static void put_gone(struct api_watch *w, const struct version *v,
    uint64_t number)
{
	struct tree t = { 0 };
	struct node *root = node_copy(&t, v->root), *meta;

	meta = node_get(root, "metadata");
	node_set(&t, meta, "resourceVersion", node_str(&t, tree_fmt(&t,
	    "%llu", (unsigned long long)number)));
	if (w->metadata) {
		struct node *partial = node_object(&t);

		node_set(&t, partial, "kind",
		    node_cstr(&t, "PartialObjectMetadata"));
		node_set(&t, partial, "apiVersion",
		    node_cstr(&t, "meta.k8s.io/v1"));
		node_set(&t, partial, "metadata", meta);
		root = partial;
	}
	node_write(root, &w->line);
	tree_free(&t);
}

/* An object of the kind with nothing in it, as Go writes one. */
static struct node *bookmark_object(struct tree *t, const struct api_watch *w)
{
	struct node *v = object_blank(t, w->kind), *spec;

	if (w->metadata) {
		v = node_object(t);
		node_set(t, v, "kind",
		    node_cstr(t, "PartialObjectMetadata"));
		node_set(t, v, "apiVersion", node_cstr(t, "meta.k8s.io/v1"));
	} else if (w->kind == API_DEPLOYMENT || w->kind == API_REPLICA_SET) {
		spec = node_get(v, "spec");
		node_set(t, spec, "replicas", node_int(t, 0));
		node_set(t, spec, "selector", node_null(t));
	}
	return v;
}

static void put_bookmark(struct api_watch *w)
{
	struct tree t = { 0 };
	struct node *v = bookmark_object(&t, w), *meta, *notes;

	meta = node_need(&t, v, "metadata");
	node_set(&t, meta, "resourceVersion", node_str(&t, tree_fmt(&t,
	    "%llu", (unsigned long long)w->version)));
	if (w->initial_end) {
		notes = node_need(&t, meta, "annotations");
		node_set(&t, notes, "k8s.io/initial-events-end",
		    node_cstr(&t, "true"));
	}
	line_begin(w, "BOOKMARK");
	node_write(v, &w->line);
	tree_free(&t);
	w->initial_end = false;
	w->bookmark_ns = w->a->now_ns + w->a->o.bookmark_ns;
}

/* False: this change is of no concern. */
static bool put_change(struct api_watch *w, const struct change *c)
{
	const struct version *any = c->new ? c->new : c->old;
	bool was, is;

	if (c->kind != w->kind || (w->ns.n && !str_eq(w->ns,
	    node_text(any->root, "metadata.namespace"))))
		return false;
	was = c->old && select_matches(&w->select, w->kind, c->old->root);
	is = c->new && select_matches(&w->select, w->kind, c->new->root);
	if (!was && !is)
		return false;
	line_begin(w, !was ? "ADDED" : is ? "MODIFIED" : "DELETED");
	if (is)
		put_version(w, c->new);
	else
		put_gone(w, c->old, c->number);
	return true;
}

static enum api_next next_change(struct api_watch *w, struct str *ret_line)
{
	const struct api *a = w->a;

	while (w->at < a->change_base + a->changes) {
		const struct change *c = &a->change[w->at++ -
		    a->change_base];

		w->version = c->number;
		if (put_change(w, c))
			return give(w, ret_line);
	}
	w->version = a->number;
	/* Its storage goes with the CRD, when no object is left. */
	w->ended = !a->of[w->kind].n && !kind_is_served(a, w->kind);
	return w->ended ? API_WATCH_END : API_WATCH_NONE;
}

static enum api_next next_error(struct api_watch *w, struct str *ret_line)
{
	line_begin(w, "ERROR");
	node_write(w->error, &w->line);
	w->error = NULL;
	w->ended = true;
	return give(w, ret_line);
}

enum api_next api_watch_next(struct api_watch *w, int64_t now_ns,
    struct str *ret_line)
{
	struct version *v;

	w->a->now_ns = now_ns;
	if (w->ended || now_ns >= w->end_ns)
		return API_WATCH_END;
	if (w->error)
		return next_error(w, ret_line);
	if (w->initial_at < w->initial_n) {
		v = w->initial[w->initial_at++];
		line_begin(w, "ADDED");
		put_version(w, v);
		return give(w, ret_line);
	}
	if (w->initial_end) {
		put_bookmark(w);
		return give(w, ret_line);
	}
	/* A slow reader that history has left behind. */
	if (w->at < w->a->change_base)
		return API_WATCH_END;
	if (next_change(w, ret_line) == API_WATCH_LINE)
		return API_WATCH_LINE;
	if (w->ended)
		return API_WATCH_END;
	if (w->bookmarks && now_ns >= w->bookmark_ns) {
		put_bookmark(w);
		return give(w, ret_line);
	}
	return API_WATCH_NONE;
}

int64_t api_watch_wake_ns(const struct api_watch *w)
{
	return w->bookmarks && w->bookmark_ns < w->end_ns ? w->bookmark_ns :
	    w->end_ns;
}
