#include "render_int.h"

/* What an autoscaler scales: our Deployment. */
static void target_write(struct render *r, const char *key)
{
	struct jw *w = r->w;

	jw_kopen(w, key);
	jw_kcstr(w, "apiVersion", "apps/v1");
	jw_kcstr(w, "kind", "Deployment");
	jw_kstr(w, "name", r->s->meta.name);
	jw_close(w);
}

/* ---- HorizontalPodAutoscaler ---- */

/* Not for what is told to have no pods, nor for what has one at most. */
bool hpa_wanted(const struct render *r)
{
	return r->scaling.hpa.enabled && r->s->spec.replicas > 0 &&
	    r->s->spec.transport.type != TRANSPORT_STDIO;
}

int render_first_replicas(const struct server *s, struct arena *a,
    int32_t *ret)
{
	struct autoscaling scaling;
	size_t mark = arena_mark(a);
	int32_t n = server_replicas(&s->spec);
	int err = server_area(s, server_spec_AT_autoscaling, a, &scaling);

	if (err < 0)
		return err;
	arena_reset(a, mark);
	if (HAS(&scaling.hpa, hpa_spec, min) && n < scaling.hpa.min)
		n = scaling.hpa.min;
	*ret = n > scaling.hpa.max ? scaling.hpa.max : n;
	return 0;
}

static void percent_write(struct jw *w, const char *resource, int32_t percent)
{
	jw_open(w);
	jw_kcstr(w, "type", "Resource");
	jw_kopen(w, "resource");
	jw_kcstr(w, "name", resource);
	jw_kopen(w, "target");
	jw_kcstr(w, "type", "Utilization");
	jw_ki64(w, "averageUtilization", percent);
	jw_close(w);
	jw_close(w);
	jw_close(w);
}

/* Several may be of one resource: the one that asks for most pods holds. */
static void metrics_write(const struct hpa_spec *h, struct jw *w)
{
	bool cpu = HAS(h, hpa_spec, cpu_percent);
	bool memory = HAS(h, hpa_spec, memory_percent);
	uint32_t i;

	jw_kopen_list(w, "metrics");
	if (cpu)
		percent_write(w, "cpu", h->cpu_percent);
	if (memory)
		percent_write(w, "memory", h->memory_percent);
	for (i = 0; i < h->metrics.n; i++)
		schema_encode(&metric_spec_schema, IN_ALL, &h->metrics.p[i],
		    w);
	if (!cpu && !memory && h->metrics.n == 0)
		percent_write(w, "cpu", 80);
	jw_close_list(w);
}

/* To Kubernetes no policies at all are an error, to people the default. */
static void rules_settle(struct scaling_rules *rules)
{
	if (rules->policies.n == 0)
		HAS_CLEAR(rules, scaling_rules, policies);
}

static void behavior_write(struct scaling_behavior b, struct jw *w)
{
	rules_settle(&b.up);
	rules_settle(&b.down);
	jw_key(w, STR("behavior"));
	schema_encode(&scaling_behavior_schema, IN_ALL, &b, w);
}

void hpa_write(struct render *r)
{
	const struct hpa_spec *h = &r->scaling.hpa;
	struct jw *w = r->w;

	jw_kopen(w, "spec");
	target_write(r, "scaleTargetRef");
	jw_ki64(w, "minReplicas", HAS(h, hpa_spec, min) ? h->min : 1);
	jw_ki64(w, "maxReplicas", h->max);
	metrics_write(h, w);
	if (HAS(h, hpa_spec, behavior))
		behavior_write(h->behavior, w);
	jw_close(w);
}

/* ---- PodDisruptionBudget ---- */

/* Where there may be several pods; one alone is nobody's to keep back. */
bool pdb_wanted(const struct render *r)
{
	const struct budget_spec *b = &r->scaling.budget;

	if (HAS(b, budget_spec, enabled))
		return b->enabled;
	return hpa_wanted(r) ? r->scaling.hpa.max > 1 :
	    server_replicas(&r->s->spec) > 1;
}

/*
 * At least one pod may always go, so that a node can be drained; and one that
 * does not serve anyway, which Kubernetes would keep by itself.
 */
void pdb_write(struct render *r)
{
	static const struct int_or_str one = { .is_int = true, .i = 1 };
	const struct budget_spec *b = &r->scaling.budget;
	struct jw *w = r->w;

	jw_kopen(w, "spec");
	selector_write(w, "selector", LABEL_KEY, r->key);
	if (count_given(&b->min_available))
		int_or_str_write(w, "minAvailable", &b->min_available);
	else
		int_or_str_write(w, "maxUnavailable",
		    count_given(&b->max_unavailable) ?
		    &b->max_unavailable : &one);
	jw_kcstr(w, "unhealthyPodEvictionPolicy",
	    schema_word(&unhealthy_eviction_words,
	    HAS(b, budget_spec, unhealthy) ? (uint32_t)b->unhealthy :
	    EVICT_ALWAYS));
	jw_close(w);
}

/* ---- VerticalPodAutoscaler ---- */

bool vpa_wanted(const struct render *r)
{
	return r->scaling.vpa.enabled;
}

static void policy_write(const struct vpa_policy *p, struct jw *w)
{
	schema_encode(&vpa_policy_schema, IN_ALL, p, w);
}

/*
 * "*" is every container without a policy of its own. The least that VPA gives
 * any container is many times what the reloader takes.
 */
static void policies_write(const struct vpa_policies *v, bool reloader,
    struct jw *w)
{
	struct vpa_policy none = { .container = STR(RELOADER_NAME),
		.mode = VPA_SCALING_OFF };
	uint32_t i;

	jw_kopen(w, "resourcePolicy");
	jw_kopen_list(w, "containerPolicies");
	for (i = 0; i < v->containers.n; i++) {
		struct vpa_policy p = v->containers.p[i];

		if (p.container.n == 0) {
			HAS_SET(&p, vpa_policy, container);
			p.container = STR("*");
		}
		reloader &= !str_is(p.container, RELOADER_NAME);
		policy_write(&p, w);
	}
	HAS_SET(&none, vpa_policy, container);
	HAS_SET(&none, vpa_policy, mode);
	if (reloader)
		policy_write(&none, w);
	jw_close_list(w);
	jw_close(w);
}

void vpa_write(struct render *r)
{
	const struct vpa_spec *v = &r->scaling.vpa;
	enum vpa_update mode = v->mode == VPA_RECREATION ? VPA_RECREATE :
	    v->mode;
	struct jw *w = r->w;

	jw_kopen(w, "spec");
	target_write(r, "targetRef");
	if (HAS(v, vpa_spec, mode)) {
		jw_kopen(w, "updatePolicy");
		jw_kcstr(w, "updateMode",
		    schema_word(&vpa_update_words, (uint32_t)mode));
		jw_close(w);
	}
	if (v->policy.containers.n > 0 || server_has_reloader(r->spec))
		policies_write(&v->policy, server_has_reloader(r->spec), w);
	jw_close(w);
}
