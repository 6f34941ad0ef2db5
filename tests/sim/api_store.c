#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_int.h"

/* ---- versions -------------------------------------------------------- */

static struct version *version_new(const struct node *root)
{
	struct version *v = calloc(1, sizeof(*v));

	CHECK(v);
	v->refs = 1;
	v->root = node_copy(&v->tree, root);
	return v;
}

static struct version *version_get(struct version *v)
{
	if (v)
		v->refs++;
	return v;
}

void version_put(struct version *v)
{
	if (!v || --v->refs)
		return;
	tree_free(&v->tree);
	text_free(&v->whole);
	text_free(&v->meta);
	free(v);
}

const char *version_text(struct version *v, size_t *ret_n)
{
	if (!v->whole.n)
		node_write(v->root, &v->whole);
	*ret_n = v->whole.n;
	return v->whole.p;
}

const char *version_meta(struct version *v, size_t *ret_n)
{
	if (!v->meta.n) {
		text_str(&v->meta, STR("{\"kind\":\"PartialObjectMetadata\","
		    "\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":"));
		node_write(node_get(v->root, "metadata"), &v->meta);
		text_add(&v->meta, "}", 1);
	}
	*ret_n = v->meta.n;
	return v->meta.p;
}

/* ---- objects --------------------------------------------------------- */

static uint32_t place_of(const struct object_list *l, struct str ns,
    struct str name)
{
	uint32_t low = 0, high = l->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int c = key_order(l->slot[mid]->o.ns, ns);

		if (!c)
			c = key_order(l->slot[mid]->o.name, name);
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct slot *store_find(const struct api *a, enum api_kind k, struct str ns,
    struct str name)
{
	const struct object_list *l = &a->of[k];
	uint32_t i = place_of(l, ns, name);

	return i < l->n && str_eq(l->slot[i]->o.ns, ns) &&
	    str_eq(l->slot[i]->o.name, name) ? l->slot[i] : NULL;
}

static struct slot *slot_add(struct api *a, enum api_kind k, struct str ns,
    struct str name)
{
	struct object_list *l = &a->of[k];
	struct slot *s = calloc(1, sizeof(*s));
	uint32_t at = place_of(l, ns, name);

	CHECK(s);
	if (l->n == l->cap) {
		l->cap = l->cap * 2 + 16;
		l->slot = realloc(l->slot, l->cap * sizeof(struct slot *));
		CHECK(l->slot);
	}
	memmove(l->slot + at + 1, l->slot + at,
	    (l->n - at) * sizeof(struct slot *));
	l->slot[at] = s;
	l->n++;
	s->o.kind = k;
	return s;
}

static void slot_remove(struct api *a, struct slot *s)
{
	struct object_list *l = &a->of[s->o.kind];
	uint32_t at = place_of(l, s->o.ns, s->o.name);

	l->n--;
	memmove(l->slot + at, l->slot + at + 1,
	    (l->n - at) * sizeof(struct slot *));
	free(s);
}

uint64_t uid_head(struct str uid)
{
	uint64_t head = 0;

	if (uid.n >= sizeof(head))
		memcpy(&head, uid.p, sizeof(head));
	return head;
}

/* The slot's texts are its version's. */
static void slot_show(struct slot *s, struct version *v)
{
	s->v = v;
	s->o.root = v->root;
	s->o.version = v->number;
	s->o.ns = node_text(v->root, "metadata.namespace");
	s->o.name = node_text(v->root, "metadata.name");
	s->o.uid = node_text(v->root, "metadata.uid");
	s->uid_head = uid_head(s->o.uid);
	s->owned = node_path(v->root, "metadata.ownerReferences.0");
	s->going = node_path(v->root, "metadata.deletionTimestamp");
}

/* ---- writes ---------------------------------------------------------- */

static void history_add(struct api *a, const struct change *c)
{
	if (a->changes == a->change_cap) {
		a->change_cap = a->change_cap * 2 + 256;
		a->change = realloc(a->change,
		    a->change_cap * sizeof(*a->change));
		CHECK(a->change);
	}
	a->change[a->changes++] = *c;
	version_get(c->old);
	version_get(c->new);
}

static void stamp(struct api *a, struct node *root)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu",
	    (unsigned long long)a->number);
	node_set(&a->scratch, node_need(&a->scratch, root, "metadata"),
	    "resourceVersion", node_cstr(&a->scratch, digits));
}

static void tell(struct api *a, const struct change *c,
    const struct api_write *about)
{
	struct api_write w = *about;
	const struct version *v = c->new ? c->new : c->old;

	w.kind = c->kind;
	w.old = c->old ? c->old->root : NULL;
	w.new = c->new ? c->new->root : NULL;
	w.ns = node_text(v->root, "metadata.namespace");
	w.name = node_text(v->root, "metadata.name");
	w.version = c->number;
	w.now_ns = c->at_ns;
	if (gc_wanted(&w) && !a->gc_due) {
		a->gc_due = true;
		a->gc_ns = a->now_ns + a->o.gc_ns;
	}
	for (uint32_t i = 0; i < a->observers; i++)
		a->observer[i].fn(a->observer[i].ctx, &w);
}

struct version *store_commit(struct api *a, enum api_kind k,
    struct slot *slot, struct node *root, const struct api_write *about)
{
	struct change c = { .kind = k, .at_ns = a->now_ns };

	c.number = ++a->number;
	c.old = slot ? version_get(slot->v) : NULL;
	if (!root) {
		version_put(slot->v);
		slot_remove(a, slot);
	} else {
		stamp(a, root);
		c.new = version_new(root);
		c.new->number = a->number;
		if (!slot)
			slot = slot_add(a, k,
			    node_text(c.new->root, "metadata.namespace"),
			    node_text(c.new->root, "metadata.name"));
		version_put(slot->v);
		slot_show(slot, version_get(c.new));
	}
	history_add(a, &c);
	version_put(c.old);
	version_put(c.new);
	tell(a, &a->change[a->changes - 1], about);
	return c.new ? c.new : c.old;
}

/* ---- the past -------------------------------------------------------- */

static int version_order(const void *a, const void *b)
{
	const struct version *x = *(struct version *const *)a;
	const struct version *y = *(struct version *const *)b;
	int c = key_order(node_text(x->root, "metadata.namespace"),
	    node_text(y->root, "metadata.namespace"));

	return c ? c : key_order(node_text(x->root, "metadata.name"),
	    node_text(y->root, "metadata.name"));
}

static bool same_object(const struct version *a, const struct version *b)
{
	return str_eq(node_text(a->root, "metadata.name"),
	    node_text(b->root, "metadata.name")) &&
	    str_eq(node_text(a->root, "metadata.namespace"),
	    node_text(b->root, "metadata.namespace"));
}

/* Takes one change back. */
static uint32_t undo(struct version **all, uint32_t n, const struct change *c)
{
	uint32_t i = 0;

	while (i < n && !same_object(all[i], c->new ? c->new : c->old))
		i++;
	if (i == n && c->old)
		all[n++] = c->old;
	else if (c->old)
		all[i] = c->old;
	else if (i < n)
		all[i] = all[--n];
	return n;
}

struct version **store_at(struct api *a, enum api_kind k, uint64_t number,
    uint32_t *ret_n)
{
	const struct object_list *l = &a->of[k];
	struct version **all;
	uint32_t n = 0;
	size_t i;

	all = tree_alloc(&a->scratch,
	    (l->n + a->changes + 1) * sizeof(struct version *));
	for (; n < l->n; n++)
		all[n] = l->slot[n]->v;
	for (i = a->changes; i-- > 0 && a->change[i].number > number;)
		if (a->change[i].kind == k)
			n = undo(all, n, &a->change[i]);
	if (number < a->number)
		qsort(all, n, sizeof(struct version *), version_order);
	*ret_n = n;
	return all;
}

/* ---- small things ---------------------------------------------------- */

struct node *new_uid(struct api *a, struct tree *t)
{
	uint64_t x = rng_next(&a->rng), y = rng_next(&a->rng);
	char text[40];

	snprintf(text, sizeof(text), "%08x-%04x-4%03x-%04x-%012llx",
	    (unsigned)(x >> 32), (unsigned)(x >> 16) & 0xffff,
	    (unsigned)x & 0xfff, (unsigned)(y >> 48 & 0x3fff) | 0x8000,
	    (unsigned long long)(y & 0xffffffffffff));
	return node_cstr(t, text);
}

struct node *time_node(struct tree *t, int64_t ns)
{
	char text[40];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	time_rfc3339(&b, ns);
	return node_str(t, buf_view(&b));
}
