#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

const char *const world_ns[SIM_NAMESPACES] = { "blue", "green", "red" };

int world_do(struct sim *s, const char *who, const char *method,
    enum api_kind kind, struct str ns, struct str name, const char *sub,
    const char *type, struct str body)
{
	struct api_answer a;
	char path[1024];
	bool write = type && strcmp(type, APPLY) != 0;
	const char *token = api_options(s->api)->token;
	int status;

	snprintf(path, sizeof(path), "%s%s%s%s%s",
	    api_path(s->api, kind, ns, name), sub[0] ? "/" : "", sub,
	    write ? "?fieldManager=" : type ? "?force=true&fieldManager=" :
	    "", type ? who : "");
	/* Tokens are a matter of the operator's. */
	api_options(s->api)->token = NULL;
	status = api_do(s->api, sim_wall(s), who, method, path, type, body, &a);
	api_options(s->api)->token = token;
	sim_trace(s, who, "%s %s -> %d %.*s%s%.*s", method, path, status,
	    status >= 400 ? sim_shown(a.body, 300) : 0,
	    a.body.p, body.n ? "\n\t\t" : "",
	    sim_shown(body, 400), body.p);
	return status;
}

int world_merge(struct sim *s, const char *who, enum api_kind kind,
    struct str ns, struct str name, const char *sub, const char *fmt, ...)
{
	char body[8192];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(body, sizeof(body), fmt, ap);
	va_end(ap);
	CHECK(n > 0 && (size_t)n < sizeof(body));
	return world_do(s, who, "PATCH", kind, ns, name, sub, MERGE,
	    str_from(body));
}

int world_delete(struct sim *s, const char *who, enum api_kind kind,
    struct str ns, struct str name)
{
	return world_do(s, who, "DELETE", kind, ns, name, "", NULL,
	    STR_NONE);
}

bool world_quota(const struct sim *s, struct str ns)
{
	for (int i = 0; i < SIM_NAMESPACES; i++)
		if (str_is(ns, world_ns[i]))
			return s->around->quota[i];
	return false;
}

const char *world_time(const struct sim *s, char mem[static 40])
{
	struct buf b;

	buf_init(&b, mem, 39);
	time_rfc3339(&b, sim_wall(s));
	mem[b.n] = '\0';
	return mem;
}

/* ---- what wakes whom ------------------------------------------------- */

static void pod_changed(struct sim *s, const struct api_write *w)
{
	struct pod *p;

	if (!w->old) {
		kubelet_new(s, w->new);
		return;
	}
	p = kubelet_find(s, node_text(w->old, "metadata.uid"));
	if (p && !w->new) {
		p->gone = true;
		s->around->live_pods--;
	} else if (p && node_path(w->new, "metadata.deletionTimestamp")) {
		kubelet_ends(s, p);
	}
	deploy_wake_uid(s, node_text(w->old,
	    "metadata.ownerReferences.0.uid"));
}

static void on_write(void *ctx, const struct api_write *w)
{
	struct sim *s = ctx;

	if (w->kind == API_POD)
		pod_changed(s, w);
	else if (w->kind == API_DEPLOYMENT && w->new &&
	    strcmp(w->sub, "status") != 0)
		deploy_changed(s, w->ns, w->name);
}

void world_init(struct sim *s)
{
	char body[128];

	s->around = calloc(1, sizeof(*s->around));
	api_observe(s->api, on_write, s);
	for (int i = -1; i < SIM_NAMESPACES; i++) {
		const char *ns = i < 0 ? "mcp-system" : world_ns[i];

		snprintf(body, sizeof(body),
		    "{\"apiVersion\":\"v1\",\"kind\":"
		    "\"Namespace\",\"metadata\":{\"name\":\"%s\"}}", ns);
		if (!api_find(s->api, API_NAMESPACE, STR_NONE, str_from(ns)))
			world_do(s, "admin", "POST", API_NAMESPACE, STR_NONE,
			    STR_NONE, "", JSON, str_from(body));
	}
	scaler_wake(s, NULL, 0);
}

bool world_idle(const struct sim *s)
{
	for (const struct pod *p = s->around->pods; p; p = p->next)
		if (!p->gone && (p->busy || p->ending))
			return false;
	for (const struct rollout *r = s->around->rollouts; r; r = r->next)
		if (r->at_ns && api_find(s->api, API_DEPLOYMENT,
		    str_from(r->ns), str_from(r->name)))
			return false;
	return true;
}

void world_free(struct sim *s)
{
	struct world *w = s->around;

	while (w->pods) {
		struct pod *p = w->pods;

		w->pods = p->next;
		free(p);
	}
	while (w->rollouts) {
		struct rollout *r = w->rollouts;

		w->rollouts = r->next;
		free(r);
	}
	for (int k = 0; k < API_CRDS; k++)
		free(w->crd[k].p);
	tree_free(&w->tree);
	free(w);
}
