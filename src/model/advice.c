#include "model_int.h"

/* ---- the container ---- */

static void advise_image(struct str path, struct str image, struct faults *f)
{
	struct str name, tag;

	image_split(image, &name, &tag);
	if (str_is(tag, "latest"))
		rule_broken(f, path, STR_NONE,
		    "names no version: pods made at different times may run "
		    "different images");
}

/* What a container says itself goes before what its pod says. */
static void advise_security(const struct server_spec *s, struct faults *f)
{
	const struct security_context *c = &s->security;
	const struct pod_security_context *p = &s->pod_security;
	bool own = HAS(c, security_context, run_as_user);
	bool held = HAS(c, security_context, run_as_non_root) ?
	    c->run_as_non_root : p->run_as_non_root;
	int64_t user;

	if (c->privileged)
		rule_broken(f, STR("spec.securityContext.privileged"),
		    STR_NONE, "gives the server all that its node may do");
	if (server_user(s, &user) && user == 0)
		rule_broken(f, own ? STR("spec.securityContext.runAsUser") :
		    STR("spec.podSecurityContext.runAsUser"), STR_NONE,
		    held ? "is root, so that with runAsNonRoot no pod "
		    "starts" : "is root");
}

/* For want of a request Kubernetes takes the limit, by default much more. */
static void advise_unnamed(const struct server *s, const char *resource,
    struct str usual, struct faults *f)
{
	const struct resources *r = &s->spec.resources;
	struct str key = str_from(resource);

	if (!pairs_have(&r->requests, key) &&
	    !pods_fit(&s->spec, resource, usual, 1))
		member_broken(f, "resources.requests", key,
		    pairs_get(&r->limits, key),
		    "is requested, the limit, for none is named");
}

/* A patch may say something else. A limit of 0 is none. */
static void advise_resources(const struct server *s, struct faults *f)
{
	struct str most = pairs_get(&s->spec.resources.limits, STR("memory"));
	const struct resource_default *usual = default_requests(s);
	int64_t milli;

	if (HAS(&s->spec, server_spec, pod_patch))
		return;
	if (usual != NULL) {
		advise_unnamed(s, "cpu", usual->cpu, f);
		advise_unnamed(s, "memory", usual->memory, f);
	}
	if (!quantity_parse(most, &milli) && milli > 0 &&
	    milli < INT64_C(1048576000))
		member_broken(f, "resources.limits", STR("memory"), most,
		    "is less than it takes to start: m is a thousandth");
}

/* What people call the variables that hold secrets. */
static bool is_secret_name(struct str name)
{
	static const char *const ends[] = {
		"TOKEN", "PASSWORD", "PASSWD", "SECRET", "API_KEY", "APIKEY",
		"ACCESS_KEY", "PRIVATE_KEY"
	};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct str end = str_from(ends[i]);

		if (name.n >= end.n && str_eq_nocase(end,
		    str_sub(name, name.n - end.n, name.n)))
			return true;
	}
	return false;
}

static void advise_env(struct str path, const struct env_var_list *env,
    struct faults *f)
{
	for (uint32_t i = 0; i < env->n; i++)
		if (env->p[i].value.n && is_secret_name(env->p[i].name))
			rule_broken(f, path, env->p[i].name,
			    "seems to hold a secret, which everybody reads "
			    "who may read this object; valueFrom."
			    "secretKeyRef keeps it in a Secret");
}

static void advise_config(const struct server_spec *s, struct faults *f)
{
	const struct pairs *m = &s->config_map;

	for (uint32_t i = 0; i < m->n; i++)
		if (m->p[i].value.n && is_secret_name(m->p[i].key))
			rule_broken(f, STR("spec.config"), m->p[i].key,
			    "seems to hold a secret, which everybody reads "
			    "who may read ConfigMaps; configSources can "
			    "mount a Secret");
}

/* Clients come to a pod as soon as nothing says that it is not ready. */
static void advise_probes(const struct server_spec *s, struct faults *f)
{
	const struct probes *p = &s->probes;

	if (s->transport.type != TRANSPORT_STDIO && p->disabled &&
	    HAS(p, probes, liveness) && !HAS(p, probes, readiness))
		rule_broken(f, STR("spec.probes.readiness"), STR_NONE,
		    "is not given beside liveness: clients are sent to pods "
		    "that cannot answer yet");
}

static void advise_volumes(const struct server_spec *s, struct faults *f)
{
	for (uint32_t i = 0; i < s->volumes.n; i++) {
		const struct volume *v = &s->volumes.p[i];

		if (HAS(v, volume, host_path))
			rule_broken_at(f, "volumes", i, "hostPath",
			    v->host_path.path, "is the node's own: other "
			    "nodes have other files there, and Pod Security "
			    "refuses it at levels baseline and restricted");
	}
}

/* ---- the containers beside it ---- */

static struct str beside(struct buf *b, const char *list, uint32_t i,
    const char *member)
{
	b->n = 0;
	buf_fmt(b, "spec.pod.%s[%u].%s", list, (unsigned)i, member);
	return buf_view(b);
}

static void advise_beside(const char *list,
    const struct more_container_list *more, struct faults *f)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	for (uint32_t i = 0; i < more->n; i++) {
		const struct more_container *c = &more->p[i];

		advise_image(beside(&b, list, i, "image"), c->image, f);
		advise_env(beside(&b, list, i, "env"), &c->env, f);
	}
}

static void advise_containers(const struct server_spec *s, struct faults *f)
{
	advise_image(STR("spec.image"), s->image, f);
	advise_security(s, f);
	advise_env(STR("spec.env"), &s->env, f);
	advise_config(s, f);
	advise_probes(s, f);
	advise_volumes(s, f);
	advise_beside("initContainers", &s->pod.init, f);
	advise_beside("sidecars", &s->pod.sidecars, f);
}

/* ---- more than one pod ---- */

/* A session lives in the pod that began it; a web socket is one itself. */
static void advise_sessions(const struct server_spec *s,
    const struct istio_spec *m, const struct hpa_spec *h, struct faults *f)
{
	bool sessions = s->transport.type != TRANSPORT_STDIO &&
	    s->transport.type != TRANSPORT_WEBSOCKET;
	bool kept = s->service.affinity == AFFINITY_CLIENT_IP || (m->enabled &&
	    HAS(&m->destination.traffic.balancer, istio_balancer, hash));
	int32_t most = h->enabled && s->replicas > 0 ? h->max : s->replicas;

	if (sessions && !kept && most > 1)
		rule_broken(f, STR("spec.service.sessionAffinity"), STR_NONE,
		    "should be ClientIP with more than one pod, or sessions "
		    "of clients get lost");
}

/* How many of these pods that is, with 99 a part of one counting as one. */
static int64_t pods_of(const struct int_or_str *v, int32_t pods, int part)
{
	uint64_t percent = 0;

	if (v->is_int)
		return v->i;
	if (v->s.n > 1)
		(void)str_u64(str_sub(v->s, 0, v->s.n - 1), &percent);
	return ((int64_t)percent * pods + part) / 100;
}

/* Of as few pods as there may be: without work an autoscaler stays there. */
static void advise_budget(const struct server_spec *s,
    const struct autoscaling *a, struct faults *f)
{
	const struct budget_spec *b = &a->budget;
	int32_t most = a->hpa.enabled ? a->hpa.max : s->replicas;
	int32_t least = !a->hpa.enabled ? s->replicas :
	    HAS(&a->hpa, hpa_spec, min) ? a->hpa.min : 1;

	if ((HAS(b, budget_spec, enabled) ? !b->enabled : most < 2) ||
	    s->replicas == 0 || most < 1)
		return;
	if (HAS(b, budget_spec, max_unavailable) &&
	    count_given(&b->max_unavailable) &&
	    pods_of(&b->max_unavailable, most, 99) == 0)
		rule_broken(f, STR("spec.autoscaling.pdb.maxUnavailable"),
		    STR_NONE, "of 0 keeps nodes from being drained");
	if (HAS(b, budget_spec, min_available) &&
	    pods_of(&b->min_available, least, 99) >= least)
		rule_broken(f, STR("spec.autoscaling.pdb.minAvailable"),
		    STR_NONE, a->hpa.enabled ? "of all minReplicas pods keeps "
		    "nodes from being drained" :
		    "of all pods keeps nodes from being drained");
}

/*
 * Does a rollout begin with a pod more? Where both numbers come to none,
 * Kubernetes takes one away first.
 */
static bool rolls_by_more(const struct server_spec *s, int32_t pods)
{
	const struct rolling_update *r = &s->strategy.rolling;

	return s->strategy.type != STRATEGY_RECREATE &&
	    (!HAS(r, rolling_update, max_unavailable) ||
	    pods_of(&r->max_unavailable, pods, 0) == 0) &&
	    (!HAS(r, rolling_update, max_surge) ||
	    pods_of(&r->max_surge, pods, 99) > 0);
}

static void advise_quotas(const struct server_spec *s,
    const struct tenant_quotas *q, struct faults *f)
{
	int32_t pods = server_replicas(s);
	const char *full = HAS(q, tenant_quotas, pods) && q->pods <= pods ?
	    "pods" : !pods_fit(s, "cpu", q->cpu, pods + 1) ? "cpu" :
	    !pods_fit(s, "memory", q->memory, pods + 1) ? "memory" : NULL;

	if (full != NULL && pods > 0 && rolls_by_more(s, pods))
		rule_broken(f, STR("spec.tenancy.resourceQuotas"),
		    str_from(full), "has no room for one more pod, without "
		    "which a rollout hangs");
}

/* ---- fields without effect ---- */

/* What the API server would refuse beside the type is not sent to it. */
static void service_idle(const struct server *s, struct faults *f)
{
	const struct service_spec *v = &s->spec.service;
	bool outside = v->type != SERVICE_CLUSTER_IP;
	bool balanced = v->type == SERVICE_LOAD_BALANCER;
	const struct { const char *path; bool idle; } field[] = {
		{ "spec.service.externalTrafficPolicy", !outside &&
		  HAS(v, service_spec, external_policy) },
		{ "spec.service.loadBalancerSourceRanges", !balanced &&
		  v->source_ranges.n > 0 },
	};
	char rule[80];

	if (s->spec.transport.type == TRANSPORT_STDIO)
		return;
	cut_fmt(rule, sizeof(rule), "has no effect on a Service of type %s",
	    schema_word(&service_type_words, (uint32_t)v->type));
	for (size_t i = 0; i < ARRAY_LEN(field); i++)
		if (field[i].idle)
			rule_broken(f, str_from(field[i].path), STR_NONE,
			    rule);
}

void server_idle_fields(const struct server *s, server_fault *each,
    void *ctx)
{
	struct faults f = { each, ctx, false };

	service_idle(s, &f);
	reload_idle(&s->spec, &f);
}

/* ---- all of it ---- */

static void advise_entry(const struct entry_spec *e, struct faults *f)
{
	if (e->ingress.enabled && !e->ingress.tls_secret.n)
		rule_broken(f, STR("spec.entry.ingress.tlsSecretName"),
		    STR_NONE, "is not given: what clients send, tokens too, "
		    "can be read on the way");
	if (e->route.enabled && HAS(e, entry_spec, affinity) &&
	    e->affinity == ENTRY_CLIENT_IP)
		rule_broken(f, STR("spec.entry.sessionAffinity"), STR_NONE,
		    "of ClientIP means nothing to an HTTPRoute: Cookie does");
	if (e->ingress.enabled || e->route.enabled)
		return;
	if (e->hosts.n)
		rule_broken(f, STR("spec.entry.hosts"), STR_NONE,
		    "lead nowhere: neither ingress nor httpRoute is enabled");
	else if (HAS(e, entry_spec, path) || HAS(e, entry_spec, affinity))
		rule_broken(f, STR("spec.entry"), STR_NONE,
		    "leads nowhere: neither ingress nor httpRoute is "
		    "enabled");
}

static void advise_unacted(const struct server *s, struct faults *f)
{
	char mem[DIAG_TEXT_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem) - 1);
	buf_cstr(&b, "nothing acts yet on ");
	if (!server_unacted(s, &b))
		return;
	mem[b.n] = '\0';
	rule_broken(f, STR("spec"), STR_NONE, mem);
}

static int areas_decode(const struct server *s, struct arena *a,
    struct areas *ret)
{
	return server_area(s, server_spec_AT_gateway, a, &ret->gateway) ||
	    server_area(s, server_spec_AT_autoscaling, a, &ret->scaling) ||
	    server_area(s, server_spec_AT_istio, a, &ret->istio) ||
	    server_area(s, server_spec_AT_entry, a, &ret->entry) ||
	    server_area(s, server_spec_AT_network, a, &ret->network) ||
	    server_area(s, server_spec_AT_tenancy, a, &ret->tenancy) ||
	    server_area(s, server_spec_AT_monitoring, a, &ret->monitoring) ?
	    ERR_FULL : 0;
}

int server_advise(const struct server *s, struct arena *scratch,
    server_fault *each, void *ctx)
{
	struct faults f = { each, ctx, false };
	size_t mark = arena_mark(scratch);
	struct areas areas;
	int err;

	advise_containers(&s->spec, &f);
	advise_resources(s, &f);
	err = areas_decode(s, scratch, &areas);
	if (!err) {
		advise_sessions(&s->spec, &areas.istio, &areas.scaling.hpa,
		    &f);
		advise_budget(&s->spec, &areas.scaling, &f);
		advise_quotas(&s->spec, &areas.tenancy.quotas, &f);
		advise_entry(&areas.entry, &f);
		err = advise_areas(s, &areas, scratch, &f);
	}
	server_idle_fields(s, each, ctx);
	advise_unacted(s, &f);
	arena_reset(scratch, mark);
	return err;
}
