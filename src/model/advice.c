#include "model_int.h"

/* ---- the container ---- */

static void advise_image(const struct server_spec *s, struct faults *f)
{
	struct str name, tag;

	image_split(s->image, &name, &tag);
	if (str_is(tag, "latest"))
		rule_broken(f, STR("spec.image"), STR_NONE,
		    "names no version: pods made at different times may run "
		    "different images");
}

static void advise_security(const struct server_spec *s, struct faults *f)
{
	const struct security_context *c = &s->security;
	const struct pod_security_context *p = &s->pod_security;
	bool own = HAS(c, security_context, run_as_user);
	bool root = own ? c->run_as_user == 0 :
	    HAS(p, pod_security_context, run_as_user) && p->run_as_user == 0;

	if (c->privileged)
		rule_broken(f, STR("spec.securityContext.privileged"),
		    STR_NONE, "gives the server all that its node may do");
	if (root)
		rule_broken(f, own ? STR("spec.securityContext.runAsUser") :
		    STR("spec.podSecurityContext.runAsUser"), STR_NONE,
		    "is root");
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

static void advise_env(const struct server_spec *s, struct faults *f)
{
	for (uint32_t i = 0; i < s->env.n; i++)
		if (s->env.p[i].value.n && is_secret_name(s->env.p[i].name))
			rule_broken(f, STR("spec.env"), s->env.p[i].name,
			    "seems to hold a secret, which everybody reads "
			    "who may read this object; valueFrom."
			    "secretKeyRef keeps it in a Secret");
}

/* ---- more than one pod ---- */

/* A session lives in the pod that began it. */
static void advise_sessions(const struct server_spec *s,
    const struct istio_spec *m, const struct hpa_spec *h, struct faults *f)
{
	bool sessions = s->transport.type == TRANSPORT_SSE ||
	    s->transport.type == TRANSPORT_STREAMABLE_HTTP;
	bool kept = s->service.affinity == AFFINITY_CLIENT_IP || (m->enabled &&
	    HAS(&m->destination.traffic.balancer, istio_balancer, hash));
	int32_t most = h->enabled && s->replicas > 0 ? h->max : s->replicas;

	if (sessions && !kept && most > 1)
		rule_broken(f, STR("spec.service.sessionAffinity"), STR_NONE,
		    "should be ClientIP with more than one pod, or sessions "
		    "of clients get lost");
}

/* Is it 0%, or at least that much? */
static bool is_share(const struct int_or_str *v, int32_t percent)
{
	uint64_t p;

	return !v->is_int && v->s.n > 1 &&
	    !str_u64(str_sub(v->s, 0, v->s.n - 1), &p) &&
	    (percent ? p >= (uint64_t)percent : p == 0);
}

static void advise_budget(const struct server_spec *s,
    const struct autoscaling *a, struct faults *f)
{
	const struct budget_spec *b = &a->budget;
	const struct int_or_str *gone = &b->max_unavailable;
	const struct int_or_str *left = &b->min_available;

	if (HAS(b, budget_spec, enabled) && !b->enabled)
		return;
	if (HAS(b, budget_spec, max_unavailable) &&
	    (gone->is_int ? gone->i == 0 : is_share(gone, 0)))
		rule_broken(f, STR("spec.autoscaling.pdb.maxUnavailable"),
		    STR_NONE, "of 0 keeps nodes from being drained");
	if (HAS(b, budget_spec, min_available) && (left->is_int ?
	    !a->hpa.enabled && left->i >= s->replicas : is_share(left, 100)))
		rule_broken(f, STR("spec.autoscaling.pdb.minAvailable"),
		    STR_NONE, "of all pods keeps nodes from being drained");
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
	if (e->hosts.n && !e->ingress.enabled && !e->route.enabled)
		rule_broken(f, STR("spec.entry.hosts"), STR_NONE,
		    "lead nowhere: neither ingress nor httpRoute is enabled");
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

int server_advise(const struct server *s, struct arena *scratch,
    server_fault *each, void *ctx)
{
	struct faults f = { each, ctx, false };
	size_t mark = arena_mark(scratch);
	bool over = scratch->over;
	struct istio_spec istio;
	struct autoscaling scaling;
	struct entry_spec entry;
	int err = 0;

	advise_image(&s->spec, &f);
	advise_security(&s->spec, &f);
	advise_env(&s->spec, &f);
	if (server_area(s, server_spec_AT_istio, scratch, &istio) ||
	    server_area(s, server_spec_AT_autoscaling, scratch, &scaling) ||
	    server_area(s, server_spec_AT_entry, scratch, &entry)) {
		err = ERR_FULL;
	} else {
		advise_sessions(&s->spec, &istio, &scaling.hpa, &f);
		advise_budget(&s->spec, &scaling, &f);
		advise_entry(&entry, &f);
	}
	server_idle_fields(s, each, ctx);
	advise_unacted(s, &f);
	arena_reset(scratch, mark);
	scratch->over = over;
	return err;
}
