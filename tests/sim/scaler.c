#include <stdlib.h>

#include "check.h"

/*
 * The controller of HorizontalPodAutoscalers: while there is load it wants
 * any number of pods between the bounds, and it always has a new status.
 */

static const char me[] = "kube-controller-manager";

static int64_t wanted(struct sim *s, const struct api_object *o, int64_t now)
{
	int64_t min = node_number(o->root, "spec.minReplicas", 1);
	int64_t max = node_number(o->root, "spec.maxReplicas", 1);

	if (s->checks->part == PART_STEPS && roll(&s->world, 3) == 0)
		return min + (int64_t)roll(&s->world,
		    (uint64_t)(max - min) + 1);
	return now < min ? min : now > max ? max : now;
}

/*
 * The real one goes by the name alone, and so scales the Deployment of who
 * took the name of one that was deleted. Its server puts that right ever more
 * slowly, and tells of it; nothing comes to rest.
 */
static bool is_anothers(const struct api_object *o, const struct api_object *d)
{
	static const char owner[] = "metadata.ownerReferences.0.uid";

	return !str_eq(node_text(o->root, owner), node_text(d->root, owner));
}

static void look(struct sim *s, const struct api_object *o)
{
	const struct api_object *d = api_find(s->api, API_DEPLOYMENT, o->ns,
	    node_text(o->root, "spec.scaleTargetRef.name"));
	int64_t now = d ? node_number(d->root, "spec.replicas", 1) : 0, want;

	/* What has no pods is left alone. */
	if (!now)
		return;
	want = wanted(s, o, now);
	world_merge(s, me, API_HPA, o->ns, o->name, "status",
	    "{\"status\":{\"currentReplicas\":%lld,\"desiredReplicas\":%lld,"
	    "\"currentMetrics\":[{\"type\":\"Resource\",\"resource\":{"
	    "\"name\":\"cpu\",\"current\":{\"averageUtilization\":%u}}}]}}",
	    (long long)now, (long long)want,
	    (unsigned)roll(&s->world, 100));
	if (want != now && !is_anothers(o, d))
		world_merge(s, me, API_DEPLOYMENT, d->ns, d->name, "scale",
		    "{\"spec\":{\"replicas\":%lld}}", (long long)want);
}

void scaler_wake(struct sim *s, void *ctx, uint64_t arg)
{
	const struct api_object *o = NULL;
	struct scaled { struct str ns, name; } *list;
	uint32_t n = 0, i;

	(void)ctx;
	(void)arg;
	while ((o = api_each(s->api, API_HPA, STR_NONE, o)))
		n++;
	list = calloc(n + 1, sizeof(*list));
	n = 0;
	while ((o = api_each(s->api, API_HPA, STR_NONE, o))) {
		list[n].ns = tree_str(&s->around->tree, o->ns);
		list[n++].name = tree_str(&s->around->tree, o->name);
	}
	for (i = 0; i < n; i++) {
		o = api_find(s->api, API_HPA, list[i].ns, list[i].name);
		if (o)
			look(s, o);
	}
	free(list);
	tree_reset(&s->around->tree);
	sim_at(s, s->now_ns + roll_ns(&s->world, 5 * SEC, 15 * SEC),
	    scaler_wake, NULL, 0);
}
