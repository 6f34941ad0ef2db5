#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/*
 * Scheduler and kubelet. What becomes of a pod is told by its image: one
 * with "missing" cannot be pulled, "crash" and "oom" end again and again,
 * "flaky" does so twice, "slow" takes long; and by its node selector, which
 * may name a node that there is not.
 */

static const char me[] = "kubelet";

static void step(struct sim *s, void *ctx, uint64_t arg);

struct pod *kubelet_find(struct sim *s, struct str uid)
{
	struct pod *p = s->around->pods;

	while (p && !str_is(uid, p->uid))
		p = p->next;
	return p;
}

static void later(struct sim *s, struct pod *p, enum pod_stage stage,
    int64_t from_ns, int64_t to_ns)
{
	p->stage = (uint8_t)stage;
	p->busy = true;
	sim_at(s, s->now_ns + roll_ns(&s->world, from_ns, to_ns), step, p,
	    stage);
}

void kubelet_new(struct sim *s, const struct node *pod)
{
	struct pod *p = calloc(1, sizeof(*p));
	struct str uid = node_text(pod, "metadata.uid");
	struct str ns = node_text(pod, "metadata.namespace");
	struct str name = node_text(pod, "metadata.name");

	snprintf(p->uid, sizeof(p->uid), "%.*s", (int)uid.n, uid.p);
	snprintf(p->ns, sizeof(p->ns), "%.*s", (int)ns.n, ns.p);
	snprintf(p->name, sizeof(p->name), "%.*s", (int)name.n, name.p);
	p->next = s->around->pods;
	s->around->pods = p;
	s->around->live_pods++;
	later(s, p, POD_NEW, 2 * MS, 600 * MS);
}

/* ---- status ---------------------------------------------------------- */

static struct str image_of(const struct api_object *o)
{
	return node_text(o->root, "spec.containers.0.image");
}

static bool image_has(const struct api_object *o, const char *word)
{
	struct str image = image_of(o);

	return str_search(image, str_from(word)) < image.n;
}

/* state and last: members of "state" and "lastState". */
static void status(struct sim *s, struct pod *p, const char *phase,
    bool ready, const char *state, const char *last)
{
	const struct api_object *o = api_find(s->api, API_POD,
	    str_from(p->ns), str_from(p->name));
	struct str image = image_of(o);
	struct str name = node_text(o->root, "spec.containers.0.name");
	const char *on = ready ? "True" : "False";

	world_merge(s, me, API_POD, str_from(p->ns), str_from(p->name),
	    "status", "{\"status\":{\"phase\":\"%s\",\"conditions\":["
	    "{\"type\":\"Initialized\",\"status\":\"True\"},"
	    "{\"type\":\"Ready\",\"status\":\"%s\"},"
	    "{\"type\":\"ContainersReady\",\"status\":\"%s\"},"
	    "{\"type\":\"PodScheduled\",\"status\":\"True\"}],"
	    "\"containerStatuses\":[{\"name\":\"%.*s\",\"image\":\"%.*s\","
	    "\"imageID\":\"\",\"ready\":%s,\"restartCount\":%u,"
	    "\"state\":{%s},\"lastState\":{%s}}]}}", phase, on, on,
	    (int)name.n, name.p, (int)image.n, image.p,
	    ready ? "true" : "false", p->restarts, state, last);
}

static void waiting(struct sim *s, struct pod *p, const char *reason,
    const char *message, const char *last)
{
	char state[512];

	snprintf(state, sizeof(state), "\"waiting\":{\"reason\":\"%s\","
	    "\"message\":\"%s\"}", reason, message);
	status(s, p, "Pending", false, state, last);
}

static const char *ended(const struct pod *p)
{
	if (!p->restarts)
		return "";
	return p->oom ? "\"terminated\":{\"exitCode\":137,\"reason\":"
	    "\"OOMKilled\"}" :
	    "\"terminated\":{\"exitCode\":1,\"reason\":\"Error\"}";
}

/* ---- stages ---------------------------------------------------------- */

static bool refs_there(struct sim *s, const struct api_object *o)
{
	const struct node *list = node_path(o->root,
	    "spec.containers.0.envFrom");

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++) {
		struct str map = node_text(list->item[i],
		    "configMapRef.name");
		struct str secret = node_text(list->item[i],
		    "secretRef.name");

		if (node_true(list->item[i], "configMapRef.optional") ||
		    node_true(list->item[i], "secretRef.optional"))
			continue;
		if (map.n && !api_find(s->api, API_CONFIG_MAP, o->ns, map))
			return false;
		if (secret.n && !api_find(s->api, API_SECRET, o->ns, secret))
			return false;
	}
	return true;
}

uint64_t kubelet_env(struct sim *s, const struct api_object *pod)
{
	const struct node *list = node_path(pod->root,
	    "spec.containers.0.envFrom");
	/* What changed while they were not followed need not be seen. */
	bool secrets = (s->sc.options & (OPT_SECRETS | OPT_FLAGS)) ==
	    OPT_SECRETS;
	struct text out = { 0 };
	uint64_t h;

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++) {
		struct str map = node_text(list->item[i],
		    "configMapRef.name");
		const struct api_object *o = map.n ? api_find(s->api,
		    API_CONFIG_MAP, pod->ns, map) : !secrets ? NULL :
		    api_find(s->api, API_SECRET, pod->ns,
		    node_text(list->item[i], "secretRef.name"));

		text_fmt(&out, ";");
		if (o)
			node_write(node_get(o->root, "data"), &out);
	}
	h = str_hash(text_view(&out));
	free(out.p);
	return h;
}

static void schedule(struct sim *s, struct pod *p,
    const struct api_object *o)
{
	if (node_path(o->root, "spec.nodeSelector.nowhere")) {
		world_merge(s, "scheduler", API_POD, o->ns, o->name, "status",
		    "{\"status\":{\"phase\":\"Pending\",\"conditions\":["
		    "{\"type\":\"PodScheduled\",\"status\":\"False\","
		    "\"reason\":\"Unschedulable\",\"message\":\"0/1 nodes "
		    "are available: 1 node(s) didn't match Pod's node "
		    "affinity/selector.\"}]}}");
		return;
	}
	waiting(s, p, "ContainerCreating", "", "");
	later(s, p, POD_PULL, 20 * MS,
	    image_has(o, "slow") ? 40 * SEC : 2 * SEC);
}

static int64_t backoff(uint32_t n)
{
	return (n > 5 ? 300 : INT64_C(10) << n) * SEC;
}

static void pull(struct sim *s, struct pod *p, const struct api_object *o)
{
	int64_t wait;

	if (image_has(o, "missing")) {
		wait = backoff(p->pulls / 2);
		if (p->pulls++ % 2)
			waiting(s, p, "ImagePullBackOff", "Back-off pulling "
			    "image \\\"x\\\": ErrImagePull: not found", "");
		else
			waiting(s, p, "ErrImagePull", "not found", "");
		/* So that a run does not last for ever. */
		if (p->pulls < (s->calm ? 4 : 8))
			later(s, p, POD_PULL, wait / 2, wait);
		return;
	}
	if (!refs_there(s, o)) {
		if (p->pulls++ == 0)
			waiting(s, p, "CreateContainerConfigError",
			    "configmap \\\"x\\\" not found", "");
		later(s, p, POD_PULL, 5 * SEC, 15 * SEC);
		p->busy = false;
		return;
	}
	later(s, p, POD_START, MS, 500 * MS);
}

static void start(struct sim *s, struct pod *p, const struct api_object *o)
{
	bool ends = image_has(o, "crash") || image_has(o, "oom") ||
	    (image_has(o, "flaky") && p->restarts < 2);

	p->env = kubelet_env(s, o);
	status(s, p, "Running", false, "\"running\":{}", ended(p));
	if (ends) {
		p->oom = image_has(o, "oom");
		later(s, p, POD_CRASH, 300 * MS, 4 * SEC);
	} else {
		later(s, p, POD_READY, 200 * MS, 5 * SEC);
	}
}

static void crash(struct sim *s, struct pod *p)
{
	int64_t wait = backoff(p->restarts);

	p->restarts++;
	status(s, p, "Running", false, "\"waiting\":{\"reason\":"
	    "\"CrashLoopBackOff\",\"message\":\"back-off restarting\"}",
	    ended(p));
	if (p->restarts < (s->calm ? 3 : 8))
		later(s, p, POD_START, wait / 2, wait);
}

static void step(struct sim *s, void *ctx, uint64_t arg)
{
	struct pod *p = ctx;
	const struct api_object *o;

	if (p->gone || p->ending || p->stage != arg)
		return;
	o = api_find(s->api, API_POD, str_from(p->ns), str_from(p->name));
	CHECK(o);
	p->busy = false;
	switch ((enum pod_stage)p->stage) {
	case POD_NEW:
		schedule(s, p, o);
		break;
	case POD_PULL:
		pull(s, p, o);
		break;
	case POD_START:
		start(s, p, o);
		break;
	case POD_READY:
		status(s, p, "Running", true, "\"running\":{}", ended(p));
		break;
	case POD_CRASH:
		crash(s, p);
	}
}

/* ---- the end --------------------------------------------------------- */

static void end(struct sim *s, void *ctx, uint64_t arg)
{
	struct pod *p = ctx;

	(void)arg;
	if (!p->gone)
		world_do(s, me, "DELETE", API_POD, str_from(p->ns),
		    str_from(p->name), "", JSON,
		    STR("{\"gracePeriodSeconds\":0}"));
}

void kubelet_ends(struct sim *s, struct pod *p)
{
	if (p->ending)
		return;
	p->ending = true;
	sim_at(s, s->now_ns + roll_ns(&s->world, 50 * MS, 4 * SEC), end, p,
	    0);
}

void kubelet_crash(struct sim *s, struct pod *p, bool oom)
{
	if (p->gone || p->ending || p->stage != POD_READY)
		return;
	p->oom = oom;
	p->restarts++;
	status(s, p, "Running", false, ended(p), "");
	later(s, p, POD_START, 300 * MS, 3 * SEC);
}

static void evicted(struct sim *s, void *ctx, uint64_t arg)
{
	struct pod *p = ctx;

	(void)arg;
	if (!p->gone && !p->ending)
		world_delete(s, "gc", API_POD, str_from(p->ns),
		    str_from(p->name));
}

void kubelet_evict(struct sim *s, struct pod *p)
{
	if (p->gone || p->ending || p->stage != POD_READY)
		return;
	p->stage = POD_NEW;
	world_merge(s, me, API_POD, str_from(p->ns), str_from(p->name),
	    "status", "{\"status\":{\"phase\":\"Failed\",\"reason\":"
	    "\"Evicted\",\"message\":\"The node was low on resource: "
	    "memory.\",\"conditions\":null}}");
	sim_at(s, s->now_ns + roll_ns(&s->world, 5 * SEC, 30 * SEC), evicted,
	    p, 0);
}
