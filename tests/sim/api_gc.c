#include <string.h>

#include "api_int.h"

/*
 * The garbage collector and the namespace controller of
 * kube-controller-manager: what belongs to nobody that is there goes, and
 * who waits for his dependents is let go when they are gone.  They look at
 * everything each time; nothing is remembered between runs.
 */

static const char collector[] =
	"kube-controller-manager/v1.36 generic-garbage-collector";
static const char namespaces[] =
	"kube-controller-manager/v1.36 namespace-controller";

bool gc_wanted(const struct api_write *w)
{
	return !w->new || node_path(w->new, "metadata.deletionTimestamp") ||
	    node_path(w->new, "metadata.ownerReferences.0");
}

/* ---- owners ---------------------------------------------------------- */

static enum api_kind owner_kind(const struct node *ref)
{
	struct str version = node_text(ref, "apiVersion");
	struct str kind = node_text(ref, "kind");
	int k = 0;

	while (k < API_KINDS && !(str_is(kind, kinds[k].kind) &&
	    str_is(version, kind_api_version((enum api_kind)k))))
		k++;
	return (enum api_kind)k;
}

/* The object of that name and uid; a kind that is not known is taken to be
 * there, as one whose API does not answer is. */
static struct slot *owner_of(const struct api *a, const struct slot *s,
    const struct node *ref, bool *ret_unknown)
{
	enum api_kind k = owner_kind(ref);
	struct slot *owner;

	*ret_unknown = k == API_KINDS;
	if (*ret_unknown)
		return NULL;
	owner = store_find(a, k, kinds[k].namespaced ? s->o.ns : STR_NONE,
	    node_text(ref, "name"));
	return owner && str_eq(owner->o.uid, node_text(ref, "uid")) ? owner :
	    NULL;
}

static bool has_finalizer(const struct slot *s, const char *name)
{
	const struct node *list = node_path(s->o.root,
	    "metadata.finalizers");

	for (uint32_t i = 0; list && i < list->n; i++)
		if (str_is(list->item[i]->text, name))
			return true;
	return false;
}

static bool is_going(const struct slot *s)
{
	return s->going;
}

static bool waits_foreground(const struct slot *s)
{
	return is_going(s) && has_finalizer(s, "foregroundDeletion");
}

static bool waits_orphan(const struct slot *s)
{
	return is_going(s) && has_finalizer(s, "orphan");
}

/* ---- writes ---------------------------------------------------------- */

static void drop_finalizer(struct api *a, struct slot *s, const char *name)
{
	struct node *v = node_copy(&a->scratch, s->o.root), *meta, *list;

	meta = node_get(v, "metadata");
	list = node_get(meta, "finalizers");
	for (uint32_t i = 0; i < list->n; i++)
		if (str_is(list->item[i]->text, name))
			node_remove_at(list, i--);
	if (!list->n)
		node_remove(meta, "finalizers");
	system_write(a, s, v, collector);
}

/* Without the references to these owners; keep false: all those that are
 * gone or wait, keep true: only the one. */
static void drop_reference(struct api *a, struct slot *s, struct str uid)
{
	struct node *v = node_copy(&a->scratch, s->o.root), *meta, *list;

	meta = node_get(v, "metadata");
	list = node_get(meta, "ownerReferences");
	for (uint32_t i = 0; i < list->n; i++)
		if (str_eq(node_text(list->item[i], "uid"), uid))
			node_remove_at(list, i--);
	if (!list->n)
		node_remove(meta, "ownerReferences");
	system_write(a, s, v, collector);
}

static void remove_object(struct api *a, struct slot *s, const char *who,
    struct str propagation)
{
	struct api_request r = { .agent = str_from(who) };
	struct call c = {
		.a = a, .t = &a->scratch, .now_ns = a->now_ns, .r = &r,
		.manager = str_from(who),
	};

	(void)delete_object(&c, s, propagation, -1);
}

/* ---- one dependent --------------------------------------------------- */

struct owners {
	uint32_t solid, gone, waiting;
	struct str dangling;		/* uid of one that is gone or waits */
};

static void look_at_owners(const struct api *a, const struct slot *s,
    const struct node *refs, struct owners *o)
{
	*o = (struct owners){ 0 };
	for (uint32_t i = 0; i < refs->n; i++) {
		bool unknown;
		struct slot *owner = owner_of(a, s, refs->item[i], &unknown);

		if (unknown || (owner && !waits_foreground(owner))) {
			o->solid++;
			continue;
		}
		o->dangling = node_text(refs->item[i], "uid");
		if (owner)
			o->waiting++;
		else
			o->gone++;
	}
}

static bool has_blockers(const struct api *a, const struct slot *owner);

/* True when something was written. */
static bool collect(struct api *a, struct slot *s)
{
	const struct node *refs = node_path(s->o.root,
	    "metadata.ownerReferences");
	struct owners o;

	if (!s->owned)
		return false;
	look_at_owners(a, s, refs, &o);
	if (!o.gone && !o.waiting)
		return false;
	if (o.solid) {
		drop_reference(a, s, tree_str(&a->scratch, o.dangling));
		return true;
	}
	if (is_going(s))
		return false;
	if (o.waiting)
		remove_object(a, s, collector, has_blockers(a, s) ?
		    STR("Foreground") : STR_NONE);
	else
		remove_object(a, s, collector, has_finalizer(s, "orphan") ?
		    STR("Orphan") : has_finalizer(s, "foregroundDeletion") ?
		    STR("Foreground") : STR("Background"));
	return true;
}

/* ---- one owner ------------------------------------------------------- */

static const struct node *reference_to(const struct slot *s,
    const struct slot *owner)
{
	const struct node *refs = s->owned ? node_path(s->o.root,
	    "metadata.ownerReferences") : NULL;

	for (uint32_t i = 0; refs && i < refs->n; i++)
		if (str_eq(node_text(refs->item[i], "uid"), owner->o.uid))
			return refs->item[i];
	return NULL;
}

/* The next dependent of owner after (kind, index). */
static struct slot *next_dependent(const struct api *a,
    const struct slot *owner, bool blocking, int *k, uint32_t *i)
{
	for (; *k < API_KINDS; (*k)++, *i = 0)
		while (*i < a->of[*k].n) {
			struct slot *s = a->of[*k].slot[(*i)++];
			const struct node *ref = reference_to(s, owner);

			if (ref && (!blocking ||
			    node_true(ref, "blockOwnerDeletion")))
				return s;
		}
	return NULL;
}

static bool has_blockers(const struct api *a, const struct slot *owner)
{
	uint32_t i = 0;
	int k = 0;

	return next_dependent(a, owner, true, &k, &i);
}

static bool release(struct api *a, struct slot *s)
{
	struct slot *dependent;
	uint32_t i = 0;
	int k = 0;

	if (waits_orphan(s)) {
		dependent = next_dependent(a, s, false, &k, &i);
		if (dependent)
			drop_reference(a, dependent, s->o.uid);
		else
			drop_finalizer(a, s, "orphan");
		return true;
	}
	if (!waits_foreground(s) || has_blockers(a, s))
		return false;
	drop_finalizer(a, s, "foregroundDeletion");
	return true;
}

/* ---- namespaces and kinds that go ------------------------------------ */

static bool empty_namespace(struct api *a, struct slot *space)
{
	bool left = false;

	for (int k = 0; k < API_KINDS; k++)
		for (uint32_t i = 0; i < a->of[k].n; i++) {
			struct slot *s = a->of[k].slot[i];

			if (!kinds[k].namespaced ||
			    !str_eq(s->o.ns, space->o.name))
				continue;
			left = true;
			if (is_going(s))
				continue;
			remove_object(a, s, namespaces, STR("Background"));
			return true;
		}
	if (left || !node_path(space->o.root, "spec.finalizers.0"))
		return false;
	{
		struct node *v = node_copy(&a->scratch, space->o.root);

		node_remove(node_get(v, "spec"), "finalizers");
		system_write(a, space, v, namespaces);
	}
	return true;
}

/* Objects go with the CRD that they are of. */
static bool drop_orphan_kind(struct api *a, enum api_kind k)
{
	struct str name;

	if (!kind_is_custom(k) || !a->of[k].n)
		return false;
	name = tree_fmt(&a->scratch, "%s.%s", kinds[k].plural,
	    kinds[k].group);
	if (store_find(a, API_CRD, STR_NONE, name))
		return false;
	system_write(a, a->of[k].slot[0], NULL, "apiextensions-apiserver");
	return true;
}

/* Each object of a kind once; one that goes leaves its place to the next. */
static bool run_kind(struct api *a, enum api_kind k)
{
	const struct object_list *l = &a->of[k];
	bool wrote = false;
	uint32_t i = 0;

	while (drop_orphan_kind(a, k))
		wrote = true;
	while (i < l->n) {
		struct slot *s = l->slot[i];

		if ((k == API_NAMESPACE && s->going &&
		    empty_namespace(a, s)) || (s->going && release(a, s)) ||
		    collect(a, s))
			wrote = true;
		if (i < l->n && l->slot[i] == s)
			i++;
	}
	return wrote;
}

/* Until a look at everything finds nothing to do. */
void gc_run(struct api *a, int64_t now_ns)
{
	bool wrote;

	a->now_ns = now_ns;
	a->gc_due = false;
	a->gc_ns = TIME_NEVER;
	do {
		wrote = false;
		tree_reset(&a->scratch);
		for (int k = 0; k < API_KINDS; k++)
			wrote |= run_kind(a, (enum api_kind)k);
	} while (wrote);
	/* What this run wrote it has seen itself. */
	a->gc_due = false;
}
