#include "model_int.h"

#define HPA "spec.autoscaling.hpa"
#define VPA "spec.autoscaling.vpa"
#define PDB "spec.autoscaling.pdb"
#define METRICS "autoscaling.hpa.metrics"
#define POLICIES "autoscaling.vpa.resourcePolicy.containerPolicies"

static void number_broken(struct faults *f, struct str path, int64_t value,
    const char *rule)
{
	char mem[24];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_i64(&b, value);
	rule_broken(f, path, buf_view(&b), rule);
}

/* ---- metrics ---- */

static bool is_positive(struct str quantity)
{
	int64_t milli;

	return quantity_parse(quantity, &milli) == 0 && milli > 0;
}

/* Of the values of a target, which one its type is about. */
static uint64_t target_bit(enum scale_target type)
{
	switch (type) {
	case SCALE_TO_UTILIZATION:
		return UINT64_C(1) << metric_target_AT_utilization;
	case SCALE_TO_VALUE:
		return UINT64_C(1) << metric_target_AT_value;
	case SCALE_TO_AVERAGE:
		return UINT64_C(1) << metric_target_AT_average;
	}
	UNREACHABLE();
}

static void check_target(const struct metric_target *t, const char *member,
    uint32_t i, struct faults *f)
{
	uint64_t values = t->has &
	    ~(UINT64_C(1) << metric_target_AT_type);

	if (values != target_bit(t->type))
		rule_broken_at(f, METRICS, i, member,
		    str_from(schema_word(&scale_target_words,
		    (uint32_t)t->type)), "needs averageUtilization, value "
		    "or averageValue, the one that is its own");
	else if (t->type == SCALE_TO_VALUE && !is_positive(t->value))
		rule_broken_at(f, METRICS, i, member, t->value,
		    "must be over 0");
	else if (t->type == SCALE_TO_AVERAGE && !is_positive(t->average))
		rule_broken_at(f, METRICS, i, member, t->average,
		    "must be over 0");
}

/* What Kubernetes can make of a target, by the kind of the metric. */
static void check_source(const struct metric_spec *m, uint32_t i,
    struct faults *f)
{
	static const char *const member[] = {
		[SCALE_BY_RESOURCE] = "resource.target",
		[SCALE_BY_PODS] = "pods.target",
		[SCALE_BY_OBJECT] = "object.target",
		[SCALE_BY_EXTERNAL] = "external.target"
	};
	const struct metric_target *t[] = {
		[SCALE_BY_RESOURCE] = &m->resource.target,
		[SCALE_BY_PODS] = &m->pods.target,
		[SCALE_BY_OBJECT] = &m->object.target,
		[SCALE_BY_EXTERNAL] = &m->external.target
	};
	const struct metric_target *of = t[m->type];
	struct str word = str_from(schema_word(&scale_target_words,
	    (uint32_t)of->type));

	if (of->type == SCALE_TO_UTILIZATION && m->type != SCALE_BY_RESOURCE)
		rule_broken_at(f, METRICS, i, member[m->type], word,
		    "is for type Resource only");
	else if (of->type == SCALE_TO_VALUE && m->type != SCALE_BY_OBJECT &&
	    m->type != SCALE_BY_EXTERNAL)
		rule_broken_at(f, METRICS, i, member[m->type], word,
		    "is for types Object and External only");
	else
		check_target(of, member[m->type], i, f);
}

static void check_metric(const struct metric_spec *m, uint32_t i,
    struct faults *f)
{
	static const uint8_t row[] = {
		[SCALE_BY_RESOURCE] = metric_spec_AT_resource,
		[SCALE_BY_PODS] = metric_spec_AT_pods,
		[SCALE_BY_OBJECT] = metric_spec_AT_object,
		[SCALE_BY_EXTERNAL] = metric_spec_AT_external
	};
	uint64_t sources = m->has & ~(UINT64_C(1) << metric_spec_AT_type);

	if (sources != UINT64_C(1) << row[m->type])
		rule_broken_at(f, METRICS, i, "type",
		    str_from(schema_word(&scale_source_words,
		    (uint32_t)m->type)),
		    "needs the metric of that name, and no other");
	else
		check_source(m, i, f);
}

/* ---- HorizontalPodAutoscaler ---- */

/* Of replicas 1 nobody can tell whether it is the default; 0 is a halt. */
static void check_count(const struct server_spec *s,
    const struct hpa_spec *h, struct faults *f)
{
	int32_t min = HAS(h, hpa_spec, min) ? h->min : 1;

	if (min > h->max)
		number_broken(f, STR(HPA ".minReplicas"), min,
		    "is over maxReplicas");
	else if (h->enabled && s->replicas > 1 &&
	    (s->replicas < min || s->replicas > h->max))
		number_broken(f, STR("spec.replicas"), s->replicas,
		    "is not within minReplicas and maxReplicas of "
		    "autoscaling.hpa");
}

static void check_hpa(const struct server *s, const struct hpa_spec *h,
    bool gateway, struct faults *f)
{
	uint32_t i;

	check_count(&s->spec, h, f);
	if (h->enabled && !gateway &&
	    s->spec.transport.type == TRANSPORT_STDIO)
		rule_broken(f, STR(HPA ".enabled"), STR_NONE,
		    "needs a transport other than stdio, or a gateway: each "
		    "client has a stdio process of its own");
	for (i = 0; i < h->metrics.n; i++)
		check_metric(&h->metrics.p[i], i, f);
}

/* ---- VerticalPodAutoscaler ---- */

static void check_bounds(const struct vpa_policy *p, uint32_t i,
    struct faults *f)
{
	uint32_t k;

	for (k = 0; k < p->min.n; k++) {
		struct str key = p->min.p[k].key;
		int64_t least, most;

		if (pairs_have(&p->max, key) &&
		    !quantity_parse(p->min.p[k].value, &least) &&
		    !quantity_parse(pairs_get(&p->max, key), &most) &&
		    least > most)
			rule_broken_at(f, POLICIES, i, "minAllowed",
			    p->min.p[k].value, "is over maxAllowed");
	}
	for (k = 0; k < p->resources.n; k++)
		if (!str_is(p->resources.p[k], "cpu") &&
		    !str_is(p->resources.p[k], "memory"))
			rule_broken_at(f, POLICIES, i,
			    "controlledResources", p->resources.p[k],
			    "is neither cpu nor memory");
}

static bool hpa_scales_by(const struct hpa_spec *h, const char *resource)
{
	bool cpu = str_is(str_from(resource), "cpu");
	uint32_t i;

	if (cpu ? HAS(h, hpa_spec, cpu_percent) :
	    HAS(h, hpa_spec, memory_percent))
		return true;
	for (i = 0; i < h->metrics.n; i++)
		if (h->metrics.p[i].type == SCALE_BY_RESOURCE &&
		    str_is(h->metrics.p[i].resource.name, resource))
			return true;
	return cpu && !HAS(h, hpa_spec, memory_percent) &&
	    h->metrics.n == 0;
}

/* Of containers that no policy is for VPA sets all. */
static bool is_for_server(const struct vpa_policy *p)
{
	return p->container.n == 0 || str_is(p->container, "*") ||
	    str_is(p->container, CONTAINER_NAME);
}

static bool vpa_sets(const struct vpa_spec *v, const char *resource)
{
	bool told = false;
	uint32_t i, k;

	if (HAS(v, vpa_spec, mode) && v->mode == VPA_OFF)
		return false;
	for (i = 0; i < v->policy.containers.n; i++) {
		const struct vpa_policy *p = &v->policy.containers.p[i];

		told |= is_for_server(p);
		if (HAS(p, vpa_policy, mode) && p->mode == VPA_SCALING_OFF)
			continue;
		if (!HAS(p, vpa_policy, resources))
			return true;
		for (k = 0; k < p->resources.n; k++)
			if (str_is(p->resources.p[k], resource))
				return true;
	}
	return !told;
}

static void check_vpa(const struct autoscaling *s, struct faults *f)
{
	const struct vpa_policies *p = &s->vpa.policy;
	bool both = s->hpa.enabled && s->vpa.enabled;
	uint32_t i, k;

	for (i = 0; i < p->containers.n; i++) {
		check_bounds(&p->containers.p[i], i, f);
		for (k = 0; k < i; k++)
			if (str_eq(p->containers.p[k].container,
			    p->containers.p[i].container)) {
				rule_broken_at(f, POLICIES, i,
				    "containerName",
				    p->containers.p[i].container,
				    "is another policy's container");
				break;
			}
	}
	if (both && hpa_scales_by(&s->hpa, "cpu") && vpa_sets(&s->vpa, "cpu"))
		rule_broken(f, STR(VPA), STR("cpu"),
		    "is what hpa scales by: the two would work against each "
		    "other");
	if (both && hpa_scales_by(&s->hpa, "memory") &&
	    vpa_sets(&s->vpa, "memory"))
		rule_broken(f, STR(VPA), STR("memory"),
		    "is what hpa scales by: the two would work against each "
		    "other");
}

/* ---- PodDisruptionBudget ---- */

static void check_pods(const char *path, const struct int_or_str *v,
    struct faults *f)
{
	if (!count_valid(v))
		rule_broken(f, str_from(path), v->s,
		    "is neither a number nor a percentage");
	else if (!count_is_part(v))
		rule_broken(f, str_from(path), v->s, "is over 100%");
}

static void check_budget(const struct budget_spec *b, struct faults *f)
{
	if (HAS(b, budget_spec, max_unavailable) &&
	    HAS(b, budget_spec, min_available))
		rule_broken(f, STR(PDB ".minAvailable"), STR_NONE,
		    "must not stand with maxUnavailable");
	check_pods(PDB ".maxUnavailable", &b->max_unavailable, f);
	check_pods(PDB ".minAvailable", &b->min_available, f);
}

void check_autoscaling(const struct server *s, const struct autoscaling *a,
    bool gateway, struct faults *f)
{
	if (HAS(a, autoscaling, hpa))
		check_hpa(s, &a->hpa, gateway, f);
	check_vpa(a, f);
	check_budget(&a->budget, f);
}
