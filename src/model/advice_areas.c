#include "model_int.h"

#define BIT(table, member) (UINT64_C(1) << table##_AT_##member)

/* ---- given, but not on ---- */

/* more: what is given besides the switch and what it cannot be without. */
struct part {
	const char *path;
	bool on;
	uint64_t more;
};

static void tell_off(const struct part *p, size_t n, struct faults *f)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!p[i].on && p[i].more != 0)
			rule_broken(f, str_from(p[i].path), STR_NONE,
			    "has fields without effect, for enabled is "
			    "not true");
}

/* A budget is on by itself, where there may be more than one pod. */
static void advise_scaling_off(const struct autoscaling *s, struct faults *f)
{
	const struct part p[] = {
		{ "spec.autoscaling.hpa", s->hpa.enabled, s->hpa.has &
		  ~(BIT(hpa_spec, enabled) | BIT(hpa_spec, max)) },
		{ "spec.autoscaling.vpa", s->vpa.enabled, s->vpa.has &
		  ~BIT(vpa_spec, enabled) },
		{ "spec.autoscaling.pdb", s->budget.enabled ||
		  !HAS(&s->budget, budget_spec, enabled), s->budget.has &
		  ~BIT(budget_spec, enabled) },
	};

	tell_off(p, ARRAY_LEN(p), f);
}

/* That there is a sidecar is a default, which nobody need have given. */
static void advise_ways_off(const struct areas *a, struct faults *f)
{
	const struct gateway_istio *g = &a->gateway.istio;
	const struct entry_spec *e = &a->entry;
	const struct part p[] = {
		{ "spec.istio", a->istio.enabled, a->istio.has &
		  ~(BIT(istio_spec, enabled) | BIT(istio_spec, sidecar)) },
		{ "spec.gateway.istio", g->enabled, g->has &
		  ~BIT(gateway_istio, enabled) },
		{ "spec.gateway", a->gateway.enabled, g->enabled },
		{ "spec.entry.ingress", e->ingress.enabled, e->ingress.has &
		  ~BIT(entry_ingress, enabled) },
		{ "spec.entry.httpRoute", e->route.enabled, e->route.has &
		  ~BIT(entry_route, enabled) },
		{ "spec.networkPolicy", a->network.enabled, a->network.has &
		  ~BIT(tenant_policy, enabled) },
		{ "spec.tenancy.networkPolicy", a->tenancy.network.enabled,
		  a->tenancy.network.has & ~BIT(tenant_policy, enabled) },
	};

	tell_off(p, ARRAY_LEN(p), f);
}

static void advise_monitoring_off(const struct monitoring_spec *m,
    struct faults *f)
{
	const struct part p[] = {
		{ "spec.monitoring.serviceMonitor", m->scrape.enabled,
		  m->scrape.has & ~BIT(monitor_scrape, enabled) },
		{ "spec.monitoring.prometheusRule", m->rules.enabled,
		  m->rules.has & ~BIT(monitor_rules, enabled) },
		{ "spec.monitoring.dashboard", m->dashboard.enabled,
		  m->dashboard.has & ~BIT(monitor_dashboard, enabled) },
	};

	tell_off(p, ARRAY_LEN(p), f);
	if (m->labels.n > 0 && !m->scrape.enabled && !m->rules.enabled)
		rule_broken(f, STR("spec.monitoring.labels"), STR_NONE,
		    "have no effect: neither serviceMonitor nor "
		    "prometheusRule is enabled");
}

static void advise_verification_off(const struct server_spec *s,
    struct faults *f)
{
	const struct verification *v = &s->verification;

	if (HAS(v, verification, enabled) && !v->enabled &&
	    HAS(v, verification, path))
		rule_broken(f, STR("spec.verification.path"), STR_NONE,
		    "has no effect, for enabled is false");
}

/* ---- autoscaling ---- */

/* Does it scale by a share of what the pods request of it? */
static bool hpa_shares(const struct hpa_spec *h, const char *resource)
{
	bool cpu = str_is(str_from(resource), "cpu");
	uint32_t i;

	if (cpu ? HAS(h, hpa_spec, cpu_percent) :
	    HAS(h, hpa_spec, memory_percent))
		return true;
	for (i = 0; i < h->metrics.n; i++)
		if (h->metrics.p[i].type == SCALE_BY_RESOURCE &&
		    h->metrics.p[i].resource.target.type ==
		    SCALE_TO_UTILIZATION &&
		    str_is(h->metrics.p[i].resource.name, resource))
			return true;
	return cpu && !HAS(h, hpa_spec, memory_percent) &&
	    h->metrics.n == 0;
}

static void tell_unrequested(const char *path, const char *resource,
    struct faults *f)
{
	rule_broken(f, str_from(path), str_from(resource),
	    "is not among the requests, of which autoscaling.hpa takes a "
	    "share: it cannot reckon, and does not scale");
}

/* What has a limit requests that much. */
static bool has_amount(const struct json_doc *doc, const char *resource)
{
	static const char *const list[] = {
		"resources.requests", "resources.limits"
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(list); i++) {
		uint32_t at = json_path(doc, JSON_ROOT, list[i]);

		if (at != JSON_NIL && json_type(doc, at) == JSON_OBJECT &&
		    json_get(doc, at, str_from(resource)) != JSON_NIL)
			return true;
	}
	return false;
}

static bool goes_on(const struct json_doc *doc)
{
	uint32_t at = json_get(doc, JSON_ROOT, STR("restartPolicy"));

	return at != JSON_NIL && str_is(json_raw(doc, at), "\"Always\"");
}

/*
 * Of a pod with one container that requests nothing, no share is known; of
 * those that run before the server, the ones that go on beside it count.
 */
static int advise_beside(const char *list,
    const struct more_container_list *l, bool init, const char *resource,
    struct arena *a, struct faults *f)
{
	char path[64];
	uint32_t i;

	for (i = 0; i < l->n; i++) {
		size_t mark = arena_mark(a);
		struct json_doc doc;

		if (json_parse_in(&doc, l->p[i].raw, a, NULL))
			return ERR_FULL;
		cut_fmt(path, sizeof(path), "spec.pod.%s[%u].resources",
		    list, (unsigned)i);
		if ((!init || goes_on(&doc)) && !has_amount(&doc, resource))
			tell_unrequested(path, resource, f);
		arena_reset(a, mark);
	}
	return 0;
}

static int advise_sidecars(const struct server_spec *s, const char *resource,
    struct arena *a, struct faults *f)
{
	int err = advise_beside("initContainers", &s->pod.init, true,
	    resource, a, f);

	return err ? err : advise_beside("sidecars", &s->pod.sidecars, false,
	    resource, a, f);
}

/* A quota's LimitRange gives requests to what has none. */
static int advise_requests(const struct server_spec *s,
    const struct areas *a, struct arena *scratch, struct faults *f)
{
	static const char *const resource[] = { "cpu", "memory" };
	const struct tenant_quotas *q = &a->tenancy.quotas;
	const bool given[] = {
		HAS(q, tenant_quotas, cpu), HAS(q, tenant_quotas, memory)
	};
	const struct resources *own = &s->resources;
	int err = 0;

	if (!a->scaling.hpa.enabled || s->replicas == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(resource) && err == 0; i++) {
		struct str key = str_from(resource[i]);

		if (given[i] || !hpa_shares(&a->scaling.hpa, resource[i]))
			continue;
		if (!pairs_have(&own->requests, key) &&
		    !pairs_have(&own->limits, key))
			tell_unrequested("spec.resources", resource[i], f);
		err = advise_sidecars(s, resource[i], scratch, f);
	}
	return err;
}

static void advise_room(const struct areas *a, struct faults *f)
{
	const struct tenant_quotas *q = &a->tenancy.quotas;

	if (a->scaling.hpa.enabled && HAS(q, tenant_quotas, pods) &&
	    q->pods < a->scaling.hpa.max)
		rule_broken(f, STR("spec.tenancy.resourceQuotas.pods"),
		    STR_NONE, "is less than autoscaling.hpa.maxReplicas, "
		    "which it never gets to");
}

/* ---- streams ---- */

static void advise_timeouts(const struct server_spec *s,
    const struct areas *a, struct faults *f)
{
	static const char rule[] = "ends every session: with this transport "
	    "each is one request, as long as it lasts";
	const struct istio_route *v = &a->istio.route;

	if (s->transport.type != TRANSPORT_SSE &&
	    s->transport.type != TRANSPORT_WEBSOCKET)
		return;
	if (a->istio.enabled && HAS(v, istio_route, timeout))
		rule_broken(f, STR("spec.istio.virtualService.timeout"),
		    STR_NONE, rule);
	if (a->entry.route.enabled && a->entry.route.timeout > 0)
		rule_broken(f, STR("spec.entry.httpRoute.timeout"), STR_NONE,
		    rule);
}

/* ---- who has to come in, or out, and may not ---- */

/* Pods are chosen within the server's own namespace, or by all of these. */
static bool is_elsewhere(const struct policy_peer_list *peers)
{
	uint32_t i;

	for (i = 0; i < peers->n; i++)
		if (HAS(&peers->p[i], policy_peer, namespaces) ||
		    HAS(&peers->p[i], policy_peer, block))
			return true;
	return peers->n == 0;
}

static bool lets_others_in(const struct tenant_policy *p,
    const struct server_port *to)
{
	uint32_t i;

	for (i = 0; i < p->ingress.n; i++)
		if (ports_let_in(&p->ingress.p[i].ports, to) &&
		    is_elsewhere(&p->ingress.p[i].from))
			return true;
	return p->namespaces.n > 0;
}

static bool lets_out(const struct tenant_policy *p,
    const struct server_port *to)
{
	uint32_t i;

	for (i = 0; i < p->egress.n; i++)
		if (ports_let_in(&p->egress.p[i].ports, to) &&
		    is_elsewhere(&p->egress.p[i].to))
			return true;
	return false;
}

/* The policies of a server that are on, which add up. */
struct fence {
	const struct tenant_policy *p[2];
	uint32_t n;
	bool strict;
};

static struct fence fence_of(const struct server_spec *s,
    const struct areas *a)
{
	struct fence e = { 0 };

	if (a->network.enabled)
		e.p[e.n++] = &a->network;
	if (HAS(s, server_spec, tenancy) && tenancy_keeps_apart(&a->tenancy))
		e.p[e.n++] = &a->tenancy.network;
	e.strict = HAS(s, server_spec, tenancy) &&
	    a->tenancy.level == ISOLATION_STRICT;
	return e;
}

static bool keeps_in(const struct fence *e, const struct server_port *to)
{
	bool kept = e->strict;
	uint32_t i;

	for (i = 0; i < e->n; i++) {
		kept = kept || HAS(e->p[i], tenant_policy, egress);
		if (lets_out(e->p[i], to))
			return false;
	}
	return kept;
}

static bool keeps_out(const struct fence *e, const struct server_port *to)
{
	uint32_t i;

	for (i = 0; i < e->n; i++)
		if (lets_others_in(e->p[i], to))
			return false;
	return e->n > 0;
}

/* Where a Gateway is, there its pods may be. */
static bool is_foreign(const struct server *s, const struct entry_route *v)
{
	uint32_t i;

	for (i = 0; i < v->parents.n; i++)
		if (v->parents.p[i].ns.n > 0 &&
		    !str_eq(v->parents.p[i].ns, s->meta.ns))
			return true;
	return false;
}

static void advise_ways_in(const struct server *s, const struct areas *a,
    const struct fence *e, struct faults *f)
{
	const struct istio_spec *m = &a->istio;
	const struct { const char *path; bool on; } way[] = {
		{ "spec.entry.ingress", a->entry.ingress.enabled },
		{ "spec.entry.httpRoute", a->entry.route.enabled &&
		  is_foreign(s, &a->entry.route) },
		{ "spec.istio.gateway", m->enabled && m->gateway.n > 0 &&
		  !str_is(m->gateway, "mesh") },
		{ "spec.gateway.istio", a->gateway.enabled &&
		  a->gateway.istio.enabled &&
		  !str_is(a->gateway.istio.gateway, "mesh") },
	};
	size_t i;

	if (!keeps_out(e, &s->spec.ports.p[0]))
		return;
	for (i = 0; i < ARRAY_LEN(way); i++)
		if (way[i].on)
			rule_broken(f, str_from(way[i].path), STR_NONE,
			    "leads to pods whose NetworkPolicy lets in no "
			    "other namespace: name the one that the requests "
			    "come from in allowedNamespaces");
}

static void advise_scrape(const struct server_spec *s, const struct areas *a,
    const struct fence *e, struct faults *f)
{
	const struct monitor_scrape *v = &a->monitoring.scrape;
	const struct server_port *port = &s->ports.p[0];
	uint32_t i;

	for (i = 0; i < s->ports.n; i++)
		if (str_eq(s->ports.p[i].name, v->port))
			port = &s->ports.p[i];
	if (v->enabled && keeps_out(e, port))
		rule_broken(f, STR("spec.monitoring.serviceMonitor"),
		    STR_NONE, "is of pods whose NetworkPolicy lets in no "
		    "other namespace: name that of Prometheus in "
		    "allowedNamespaces");
}

/* Where a sidecar gets its certificate from, without which it is not ready. */
static void advise_control(const struct areas *a, const struct fence *e,
    struct faults *f)
{
	static const struct server_port istiod = {
		.name = STR_INIT("tls-xds"), .protocol = PROTOCOL_TCP,
		.target_port = 15012
	};
	bool own = a->istio.enabled;
	bool other = a->gateway.enabled && a->gateway.istio.enabled;

	if ((own ? a->istio.sidecar : other) && keeps_in(e, &istiod))
		rule_broken(f, own ? STR("spec.istio") :
		    STR("spec.gateway.istio"), STR_NONE,
		    "brings a sidecar that is kept from istiod, and so never "
		    "ready: let it out to istiod's namespace, TCP port "
		    "15012, by egressRules");
}

/* ---- networks ---- */

static void advise_network(const char *path, struct str network,
    struct faults *f)
{
	if (network_has_host(network))
		rule_broken(f, str_from(path), network,
		    "has bits of a host behind its prefix, which Kubernetes "
		    "refuses from 1.36 on");
}

static void advise_peers(const char *path, const struct policy_peer_list *l,
    struct faults *f)
{
	uint32_t i, k;

	for (i = 0; i < l->n; i++) {
		const struct ip_block *block = &l->p[i].block;

		advise_network(path, block->cidr, f);
		for (k = 0; k < block->except.n; k++)
			advise_network(path, block->except.p[k], f);
	}
}

static void advise_blocks(const char *path, const struct tenant_policy *p,
    struct faults *f)
{
	char mem[DIAG_PATH_MAX];
	uint32_t i;

	for (i = 0; i < p->ingress.n; i++) {
		cut_fmt(mem, sizeof(mem), "%s.ingressRules[%u].from", path,
		    (unsigned)i);
		advise_peers(mem, &p->ingress.p[i].from, f);
	}
	for (i = 0; i < p->egress.n; i++) {
		cut_fmt(mem, sizeof(mem), "%s.egressRules[%u].to", path,
		    (unsigned)i);
		advise_peers(mem, &p->egress.p[i].to, f);
	}
}

static void advise_sources(const struct service_spec *v, struct faults *f)
{
	char path[64];
	uint32_t i;

	for (i = 0; i < v->source_ranges.n &&
	    v->type == SERVICE_LOAD_BALANCER; i++) {
		cut_fmt(path, sizeof(path),
		    "spec.service.loadBalancerSourceRanges[%u]", (unsigned)i);
		advise_network(path, v->source_ranges.p[i], f);
	}
}

/* ---- all of it ---- */

int advise_areas(const struct server *s, const struct areas *a,
    struct arena *scratch, struct faults *f)
{
	const struct server_spec *spec = &s->spec;
	bool served = spec->transport.type != TRANSPORT_STDIO;
	struct fence e = fence_of(spec, a);

	advise_scaling_off(&a->scaling, f);
	advise_ways_off(a, f);
	advise_monitoring_off(&a->monitoring, f);
	advise_verification_off(spec, f);
	advise_room(a, f);
	advise_blocks("spec.networkPolicy", &a->network, f);
	advise_blocks("spec.tenancy.networkPolicy", &a->tenancy.network, f);
	advise_timeouts(spec, a, f);
	if (served) {
		advise_sources(&spec->service, f);
		advise_ways_in(s, a, &e, f);
		advise_scrape(spec, a, &e, f);
	}
	advise_control(a, &e, f);
	return served ? advise_requests(spec, a, scratch, f) : 0;
}
