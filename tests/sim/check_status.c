/*
 * The status tells the truth: what it says is compared with the objects in
 * the store, by the README's words and not by our own code.
 */
#include <string.h>

#include "check.h"

struct look {
	const struct api_object *server, *deployment;
	struct expect e;
	int64_t replicas, ready, updated;
	bool deleting, blocked, current, misses, rolled;
	struct text *why;
};

static bool wrong(const struct look *l, const char *what, struct str said)
{
	text_fmt(l->why, "%.*s/%.*s: %s, status says \"%.*s\"",
	    (int)l->server->ns.n, l->server->ns.p, (int)l->server->name.n,
	    l->server->name.p, what, (int)said.n, said.n ? said.p : "");
	return false;
}

static const struct node *condition(const struct look *l, const char *type)
{
	const struct node *list = node_path(l->server->root,
	    "status.conditions");

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++)
		if (str_is(node_text(list->item[i], "type"), type))
			return list->item[i];
	return NULL;
}

static bool says(const struct look *l, const char *type, bool on)
{
	return str_is(node_text(condition(l, type), "status"),
	    on ? "True" : "False");
}

/* ---- numbers --------------------------------------------------------- */

static bool generation_well(const struct look *l)
{
	return node_number(l->server->root, "status.observedGeneration", -1) ==
	    node_number(l->server->root, "metadata.generation", 0) ||
	    wrong(l, "observedGeneration is old", STR_NONE);
}

static bool counts_well(const struct look *l)
{
	static const char *const names[] = { "replicas", "readyReplicas",
		"updatedReplicas", "availableReplicas" };
	const struct node *status = node_get(l->server->root, "status");
	const struct node *d = l->deployment ?
	    node_get(l->deployment->root, "status") : NULL;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (node_number(status, names[i], 0) !=
		    node_number(d, names[i], 0))
			return wrong(l, names[i], STR_NONE);
	return true;
}

/* ---- what is wrong with it ------------------------------------------- */

static bool pods_have(const struct sim *s, const struct look *l,
    const char *word)
{
	const struct api_object *o = NULL;

	(void)s;
	while (l->deployment && (o = api_each(s->api, API_POD,
	    l->server->ns, o))) {
		struct str image = node_text(o->root,
		    "spec.containers.0.image");

		if (str_eq(node_text(o->root,
		    "metadata.ownerReferences.0.uid"), l->deployment->uid) &&
		    str_search(image, str_from(word)) < image.n)
			return true;
	}
	return false;
}

static bool reason_is(const struct look *l, const char *const *reasons)
{
	struct str reason = node_text(condition(l, "Degraded"), "reason");

	if (!says(l, "Degraded", true))
		return wrong(l, reasons[0], STR("not degraded"));
	for (; *reasons; reasons++)
		if (str_is(reason, *reasons))
			return true;
	return wrong(l, reasons[-1], reason);
}

/* Pods that run go on without it, and it is told all the same. */
static bool missing_well(const struct sim *s, const struct look *l)
{
	static const char *const missing[] = { "ReferenceMissing", NULL };

	if (l->rolled || !refs_missing_of(s, l->server, API_CONFIG_MAP) ||
	    l->e.replicas == 0 || l->ready != l->e.replicas ||
	    l->replicas != l->ready || l->updated != l->ready ||
	    s->sc.options & OPT_TIGHT)
		return true;
	return reason_is(l, missing);
}

/* Pods of which none is ready: the status must say why. */
static bool trouble_well(const struct sim *s, const struct look *l)
{
	static const char *const pull[] = { "ImagePullBackOff",
		"DeploymentTimeout", NULL };
	static const char *const crash[] = { "CrashLoopBackOff", "OOMKilled",
		"Crashed", "DeploymentTimeout", NULL };
	static const char *const any[] = { "ImagePullBackOff", "OOMKilled",
		"CrashLoopBackOff", "Crashed", "CreateContainerConfigError",
		"Unschedulable", "ReferenceMissing", "DeploymentTimeout",
		NULL };
	bool placed = !node_path(l->server->root, "spec.nodeSelector");
	bool pulls = str_search(l->e.image, STR("missing")) < l->e.image.n;
	bool ends = pods_have(s, l, "crash") || pods_have(s, l, "oom");
	if (l->rolled)
		return true;
	/* With little room for pods the reason may be missing. */
	if (l->ready > 0 || l->e.replicas == 0 || s->sc.options & OPT_TIGHT)
		return true;
	if (placed && !pulls && !ends && !l->misses)
		return wrong(l, "pods are still on their way", STR_NONE);
	/* Pods of an older spec may be what is worst. */
	if (!placed || l->misses || l->replicas != l->updated)
		return reason_is(l, any);
	return reason_is(l, pulls ? pull : crash);
}

/* ---- words ----------------------------------------------------------- */

static bool phase_well(const struct look *l)
{
	struct str phase = node_text(l->server->root, "status.phase");
	bool all = l->ready >= l->e.replicas && l->e.replicas > 0;
	const char *good = l->server->kind == API_EXAMPLE ? "Ready" :
	    "Running";

	if (l->ready == 0 && !str_is(phase, "Pending") &&
	    !str_is(phase, "Failed"))
		return wrong(l, "no pod is ready", phase);
	if (all && l->current && l->updated >= l->e.replicas &&
	    l->replicas == l->e.replicas &&
	    !str_is(phase, good))
		return wrong(l, "all pods are ready", phase);
	return true;
}

static bool ready_well(const struct look *l)
{
	/* Any of the old spec may be among the ready ones. */
	int64_t old = l->replicas > l->updated ? l->replicas - l->updated : 0;
	bool ready = l->current && l->e.replicas > 0 && l->ready - old >=
	    l->e.replicas && l->updated >= l->e.replicas;

	if (!says(l, "Ready", ready))
		return wrong(l, ready ? "it is ready" : "it is not ready",
		    node_text(condition(l, "Ready"), "reason"));
	/* A trouble that is over must not be told any longer. */
	if (ready && !l->blocked && !l->rolled && !l->misses &&
	    l->replicas == l->e.replicas && !says(l, "Degraded", false))
		return wrong(l, "nothing is wrong with it",
		    node_text(condition(l, "Degraded"), "reason"));
	return true;
}

static bool names_well(const struct look *l)
{
	const struct node *status = node_get(l->server->root, "status");
	struct str image = node_text(status, "image");
	struct str tag = node_text(status, "tag");

	if (image.n + 1 + tag.n != l->e.image.n ||
	    !str_starts(l->e.image, image) || !str_ends(l->e.image, tag))
		return wrong(l, "another image", image);
	return true;
}

/* The one of that revision, now or before. */
static bool set_is_there(const struct sim *s, const struct look *l,
    int64_t revision)
{
	const struct api_object *o = NULL;

	while ((o = api_each(s->api, API_REPLICA_SET, l->server->ns, o))) {
		struct node *notes = node_path(o->root,
		    "metadata.annotations");
		const struct node *n = node_get(notes,
		    "deployment.kubernetes.io/revision");
		uint64_t is = 0;

		if (node_is(n, NODE_STRING) &&
		    str_u64(n->text, &is) == 0 && (int64_t)is == revision &&
		    str_eq(node_text(o->root, "metadata.ownerReferences.0."
		    "uid"), l->deployment->uid))
			return true;
	}
	return false;
}

/* What has failed goes back to what was good, as far as that is known. */
static bool rollback_well(const struct sim *s, const struct look *l)
{
	static const char *const rolled[] = { "RolledBack", NULL };
	const struct node *d = l->deployment ? l->deployment->root : NULL;
	const struct node *list = node_path(d, "status.conditions"), *n;
	int64_t good = node_number(l->server->root, "status.goodRevision", 0);
	uint64_t now = 0;

	if (l->rolled)
		return reason_is(l, rolled) && (str_is(node_text(
		    condition(l, "Progressing"), "reason"), "RolledBack") ||
		    wrong(l, "it was rolled back", STR_NONE));
	if (!l->e.rolls || !good)
		return !good || wrong(l, "nobody asked for it",
		    STR("goodRevision"));
	n = node_get(node_path(d, "metadata.annotations"),
	    "deployment.kubernetes.io/revision");
	if (node_is(n, NODE_STRING))
		(void)str_u64(n->text, &now);
	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++)
		if (str_is(node_text(list->item[i], "reason"),
		    "ProgressDeadlineExceeded") && l->current &&
		    (int64_t)now != good && set_is_there(s, l, good))
			return wrong(l, "it is not rolled back", STR_NONE);
	return true;
}

static bool server_well(const struct sim *s, struct look *l)
{
	static const char *const taken[] = { "NameTaken", NULL };

	if (l->deleting)
		return str_is(node_text(l->server->root, "status.phase"),
		    "Terminating") || wrong(l, "it is being deleted",
		    node_text(l->server->root, "status.phase"));
	if (!condition(l, "Ready"))
		return wrong(l, "no status", STR_NONE);
	if (!l->e.valid)
		return says(l, "ConfigurationValid", false) ||
		    wrong(l, "its spec is not valid", STR_NONE);
	if (!says(l, "ConfigurationValid", true))
		return wrong(l, "its spec is valid", STR_NONE);
	/* Nor has it taken up again what lost its label. */
	if (l->blocked)
		return generation_well(l) && reason_is(l, taken);
	if (!generation_well(l) || !counts_well(l) || !names_well(l))
		return false;
	return phase_well(l) && ready_well(l) && trouble_well(s, l) &&
	    missing_well(s, l) && rollback_well(s, l);
}

static void look_at(const struct sim *s, const struct api_object *o,
    struct text *why, struct look *ret)
{
	const struct node *d;

	*ret = (struct look){ .server = o, .why = why,
		.deployment = child_of(s, o, KID_DEPLOYMENT) };
	expect_of(s, o, &ret->e);
	ret->rolled = is_rolled_back(ret->deployment);
	if (ret->rolled)
		ret->e.image = node_text(ret->deployment->root,
		    "spec.template.spec.containers.0.image");
	ret->deleting = node_path(o->root, "metadata.deletionTimestamp");
	ret->misses = refs_missing_of(s, o, API_CONFIG_MAP) ||
	    refs_missing_of(s, o, API_SECRET);
	ret->blocked = is_taken(s, o, KID_DEPLOYMENT) ||
	    (ret->e.service && is_taken(s, o, KID_SERVICE)) ||
	    (ret->e.config && is_taken(s, o, KID_CONFIG)) ||
	    is_unguarded(s, o, &ret->e);
	if (!ret->deployment)
		return;
	d = ret->deployment->root;
	/* Which of the pods there may be is the autoscaler's to say. */
	if (ret->e.hpa)
		ret->e.replicas = node_number(d, "spec.replicas", 1);
	ret->replicas = node_number(d, "status.replicas", 0);
	ret->ready = node_number(d, "status.readyReplicas", 0);
	ret->updated = node_number(d, "status.updatedReplicas", 0);
	ret->current = node_number(d, "status.observedGeneration", 0) >=
	    node_number(d, "metadata.generation", 1);
}

static bool well(struct sim *s, struct text *why)
{
	const struct api_object *o;
	struct look l;

	for (int k = API_ALLBEONE; k <= API_MCPDEV; k++) {
		o = NULL;
		while ((o = api_each(s->api, (enum api_kind)k, STR_NONE,
		    o))) {
			look_at(s, o, why, &l);
			if (!server_well(s, &l))
				return false;
		}
	}
	return true;
}

/*
 * What it says to have seen of the spec there was to be seen. The API server
 * does not look at the uid in a status: one that is on its way when its
 * server is made anew comes to the new one, which is seen soon after.
 */
static void answer(struct sim *s, struct inst *in,
    const struct api_request *r, const struct api_answer *a)
{
	struct tree t = { 0 };
	const struct node *sent, *now;

	if (!is_write(r) || a->status != 200 ||
	    str_search(r->path, STR("/mcpservers/")) == r->path.n ||
	    str_search(r->path, STR("/status?")) == r->path.n)
		return;
	sent = node_parse(&t, r->body, NULL);
	now = node_parse(&t, a->body, NULL);
	if (str_eq(node_text(sent, "metadata.uid"),
	    node_text(now, "metadata.uid")) &&
	    node_number(now, "status.observedGeneration", 0) >
	    node_number(now, "metadata.generation", 0))
		sim_fail(s, "status", "%s says to have seen a generation "
		    "that is yet to come: %.*s", inst_name(in),
		    (int)r->path.n, r->path.p);
	tree_free(&t);
}

/* ---- ready by what the Deployment says of now -------------------------- */

static struct made *moved_of(struct sim *s, const struct node *deployment)
{
	uint64_t uid = str_hash(node_text(deployment, "metadata.uid"));
	struct made *m = &s->checks->moved[uid %
	    ARRAY_LEN(s->checks->moved)];

	if (m->uid != uid)
		*m = (struct made){ .uid = uid, .at_ns = s->now_ns };
	return m;
}

/*
 * Who makes the pods may take long to see a Deployment; what it says until
 * then is of the one before.  Only where nothing has gone wrong for a while,
 * so that the operator knows of the change.
 */
static void status_written(struct sim *s, const struct api_write *w)
{
	const struct api_object *o = api_find(s->api, w->kind, w->ns,
	    w->name);
	struct look l;

	if (!o || s->sc.insts > 1 || s->serving_sent_ns < 0 ||
	    s->now_ns - s->checks->foul_ns < 20 * SEC)
		return;
	look_at(s, o, NULL, &l);
	if (!l.deployment || l.current || !says(&l, "Ready", true) ||
	    s->now_ns - moved_of(s, l.deployment->root)->at_ns < 700 * MS)
		return;
	sim_fail(s, "status", "says that %.*s/%.*s is ready, by a Deployment "
	    "that was not seen yet", (int)w->ns.n, w->ns.p, (int)w->name.n,
	    w->name.p);
}

static void write(struct sim *s, const struct api_write *w)
{
	if (w->kind == API_DEPLOYMENT && w->new &&
	    node_number(w->old, "metadata.generation", 0) !=
	    node_number(w->new, "metadata.generation", 0))
		moved_of(s, w->new)->at_ns = s->now_ns;
	else if (from_operator(w) && is_server_kind(w->kind) && w->new &&
	    !strcmp(w->sub, "status"))
		status_written(s, w);
}

static void second(struct sim *s)
{
	bool foul = false;

	for (uint32_t i = 0; i < s->sc.insts; i++) {
		const struct inst *in = &s->inst[i];

		foul = foul || !in->alive || in->paused_ns + SEC > s->now_ns ||
		    in->stalled_ns > s->now_ns ||
		    s->now_ns - in->born_ns < 20 * SEC;
		for (int f = 0; f < FAULTS; f++)
			foul = foul || (s->windows[f][i] && !s->calm);
	}
	if (foul || wire_holes(s))
		s->checks->foul_ns = s->now_ns;
}

const struct checker check_status = { .name = "status", .well = well,
    .answer = answer, .write = write, .second = second };
