/*
 * Pods run with what their references hold now, and not with what they held
 * when the pod was made.  Only where no reference ever holds again what it
 * held before: who has not seen what was in between need not do anything.
 *
 * And none is made anew for its references unless one of them was written to
 * after its template was, or is optional and went: what is missing keeps new
 * ones from starting.  Who is taken back to an earlier template gets the mark
 * that it had.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "world.h"

#define MARK "mcp.allbeone.io/references"

/* From a read of a reference to the end of the write that it led to, by way
 * of a watch that was silent for as long as it may be. */
enum { LAG_S = KUBE_WATCH_SILENCE_NS / SEC + 60 };

/* ---- no pod is made anew without a cause ------------------------------- */

/* Where its times are kept; NULL: servers do not refer to that. */
static int64_t *time_of(int64_t (*of)[SIM_NAMESPACES][3], bool secret,
    struct str ns, struct str name)
{
	char digit = name.n ? name.p[name.n - 1] : 0;

	if (!str_starts(name, secret ? STR("sec-") : STR("cm-")) ||
	    digit < '0' || digit > '2')
		return NULL;
	for (int i = 0; i < SIM_NAMESPACES; i++)
		if (str_is(ns, world_ns[i]))
			return &of[secret][i][digit - '0'];
	return NULL;
}

static void ref_written(struct sim *s, const struct api_write *w)
{
	bool secret = w->kind == API_SECRET;
	int64_t *at_ns = time_of(w->new ? s->checks->held_ns :
	    s->checks->gone_ns, secret, w->ns, w->name);

	if (at_ns)
		*at_ns = s->now_ns;
}

static struct made *made_of(struct sim *s, const struct node *deployment)
{
	uint64_t uid = str_hash(node_text(deployment, "metadata.uid"));
	struct made *m = &s->checks->made[uid % ARRAY_LEN(s->checks->made)];

	if (m->uid != uid)
		*m = (struct made){ .uid = uid, .at_ns = -1 };
	return m;
}

/* Does it hold something else since then?  What it held before the loss was
 * long known. */
static bool ref_moved(struct sim *s, const struct node *env, struct str ns,
    int64_t since_ns)
{
	bool secret = node_get(env, "secretRef");
	const struct node *ref = node_get(env, secret ? "secretRef" :
	    "configMapRef");
	struct str name = node_text(ref, "name");
	int64_t *held = time_of(s->checks->held_ns, secret, ns, name);
	int64_t *gone = time_of(s->checks->gone_ns, secret, ns, name);

	return !held || (s->checks->part != PART_LOSS && *held &&
	    *held >= since_ns) ||
	    (node_true(ref, "optional") && *gone && *gone >= since_ns);
}

/* The same but for the mark of the references. */
static bool only_marked(const struct node *old, const struct node *new)
{
	struct tree t = { 0 };
	struct node *v[2] = { node_copy(&t, old), node_copy(&t, new) };
	bool same;

	for (int i = 0; i < 2; i++) {
		struct node *meta = node_get(v[i], "metadata");
		struct node *notes = node_get(meta, "annotations");

		if (notes)
			node_remove_str(notes, STR(MARK));
		if (node_empty(notes) && meta)
			node_remove(meta, "annotations");
	}
	same = node_equal(v[0], v[1]);
	tree_free(&t);
	return same;
}

/* From one that has failed since. */
static bool is_taken_back(const struct api_write *w)
{
	return !node_equal(node_get(node_path(w->old, "metadata.annotations"),
	    ROLLED_BACK), node_get(node_path(w->new, "metadata.annotations"),
	    ROLLED_BACK));
}

static void template_written(struct sim *s, const struct api_write *w)
{
	const struct node *old = node_path(w->old, "spec.template");
	const struct node *new = node_path(w->new, "spec.template");
	const struct node *list = node_path(new, "spec.containers.0.envFrom");
	struct made *made = made_of(s, w->new);
	int64_t since_ns = made->at_ns - LAG_S * SEC;
	bool caused = is_taken_back(w);

	if (w->old && node_equal(old, new))
		return;
	if (w->old && made->at_ns >= 0 && from_operator(w) &&
	    only_marked(old, new)) {
		for (uint32_t i = 0; node_is(list, NODE_LIST) &&
		    i < list->n; i++)
			caused |= ref_moved(s, list->item[i], w->ns,
			    since_ns);
		if (!caused)
			sim_fail(s, "refs", "the pods of %.*s/%.*s are made "
			    "anew, and nothing that they refer to has "
			    "changed", (int)w->ns.n, w->ns.p, (int)w->name.n,
			    w->name.p);
	}
	made->at_ns = s->now_ns;
}

static void write(struct sim *s, const struct api_write *w)
{
	if (w->kind == API_DEPLOYMENT && w->new)
		template_written(s, w);
	else if ((w->kind == API_SECRET || w->kind == API_CONFIG_MAP) &&
	    (!w->old || !w->new || !node_equal(node_get(w->old, "data"),
	    node_get(w->new, "data"))))
		ref_written(s, w);
}

/* ---- pods run with what there is now ----------------------------------- */

static bool pods_well(struct sim *s, const struct api_object *server,
    const struct api_object *d, struct text *why)
{
	const struct api_object *o = NULL;

	while ((o = api_each(s->api, API_POD, server->ns, o))) {
		const struct pod *p = kubelet_find(s, o->uid);

		if (!str_eq(node_text(o->root,
		    "metadata.ownerReferences.0.uid"), d->uid) || !p ||
		    p->gone || p->ending || p->stage != POD_READY ||
		    p->env == kubelet_env(s, o))
			continue;
		text_fmt(why, "pod %.*s/%.*s runs with what its references "
		    "held before", (int)o->ns.n, o->ns.p, (int)o->name.n,
		    o->name.p);
		return false;
	}
	return true;
}

/*
 * While its pods are not all of the last template, old ones stay; nor could
 * new ones start while something is missing.
 */
static bool server_well(struct sim *s, const struct api_object *server,
    struct text *why)
{
	const struct api_object *d = child_of(s, server, KID_DEPLOYMENT);
	struct expect e;

	expect_of(s, server, &e);
	/* Who went back has what is asked for tried once more at most. */
	if (!d || !e.valid || is_rolled_back(d) ||
	    is_taken(s, server, KID_SERVICE) ||
	    is_taken(s, server, KID_CONFIG) ||
	    refs_missing_of(s, server, API_CONFIG_MAP) ||
	    refs_missing_of(s, server, API_SECRET) ||
	    node_path(server->root, "metadata.deletionTimestamp") ||
	    node_number(d->root, "status.replicas", 0) !=
	    node_number(d->root, "status.updatedReplicas", 0) ||
	    node_number(d->root, "status.replicas", 0) !=
	    node_number(d->root, "status.readyReplicas", 0))
		return true;
	return pods_well(s, server, d, why);
}

static bool well(struct sim *s, struct text *why)
{
	const struct api_object *o;

	/* With little room some are not followed. */
	if ((s->sc.options & (OPT_FRESH | OPT_TIGHT)) != OPT_FRESH)
		return true;
	for (int k = API_ALLBEONE; k <= API_MCPDEV; k++) {
		o = NULL;
		while ((o = api_each(s->api, (enum api_kind)k, STR_NONE, o)))
			if (!server_well(s, o, why))
				return false;
	}
	return true;
}

const struct checker check_refs = { .name = "refs", .write = write,
    .well = well };
