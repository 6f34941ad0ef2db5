#include "render_int.h"

/*
 * One policy a server, of its own pods, from spec.networkPolicy and from the
 * tenant's: policies only ever allow, so what several say adds up, and none
 * has to be shared by servers that contradict each other.
 */

static bool is_level(const struct render *r, enum isolation_level level)
{
	return has_tenant(r) && HAS(&r->tenancy, tenancy_spec, level) &&
	    r->tenancy.level == level;
}

static bool tenant_keeps_apart(const struct render *r)
{
	return has_tenant(r) && tenancy_keeps_apart(&r->tenancy);
}

bool network_policy_wanted(const struct render *r)
{
	return r->network.enabled || tenant_keeps_apart(r);
}

/* ---- in ---- */

static void namespaces_write(struct jw *w, const struct tenant_policy *p)
{
	uint32_t i;

	for (i = 0; i < p->namespaces.n; i++) {
		jw_open(w);
		selector_write(w, "namespaceSelector",
		    "kubernetes.io/metadata.name", p->namespaces.p[i]);
		jw_close(w);
	}
	if (!HAS(p, tenant_policy, pods))
		return;
	jw_open(w);
	jw_kraw(w, "podSelector", p->pods);
	jw_close(w);
}

/* The tenant's own pods, wherever they are. */
static void tenant_write(struct render *r)
{
	struct jw *w = r->w;

	jw_open(w);
	jw_kopen(w, "namespaceSelector");
	jw_close(w);
	selector_write(w, "podSelector", LABEL_TENANT, r->tenancy.tenant);
	jw_close(w);
}

static void namespace_write(struct jw *w)
{
	jw_open(w);
	jw_kopen(w, "podSelector");
	jw_close(w);
	jw_close(w);
}

static bool names_somebody(const struct tenant_policy *p)
{
	return p->namespaces.n > 0 || HAS(p, tenant_policy, pods) ||
	    p->ingress.n > 0;
}

static void peers_write(struct render *r, const struct tenant_policy *own,
    const struct tenant_policy *tenant)
{
	bool strict = is_level(r, ISOLATION_STRICT);
	bool whole = !strict && tenant_keeps_apart(r) &&
	    !is_level(r, ISOLATION_NONE);
	bool nobody = !strict && !names_somebody(own) &&
	    !names_somebody(tenant);
	struct jw *w = r->w;

	if (!strict && !whole && !nobody && own->namespaces.n == 0 &&
	    tenant->namespaces.n == 0 && !HAS(own, tenant_policy, pods) &&
	    !HAS(tenant, tenant_policy, pods))
		return;
	jw_open(w);
	jw_kopen_list(w, "from");
	if (strict)
		tenant_write(r);
	if (whole || nobody)
		namespace_write(w);
	namespaces_write(w, own);
	namespaces_write(w, tenant);
	jw_close_list(w);
	jw_close(w);
}

static void ingress_rules_write(struct jw *w, const struct tenant_policy *p)
{
	uint32_t i;

	for (i = 0; i < p->ingress.n; i++)
		schema_encode(&ingress_rule_schema, IN_ALL, &p->ingress.p[i],
		    w);
}

/* ---- out ---- */

/* 5353 is where OpenShift's DNS pods listen. */
static void dns_write(struct jw *w)
{
	static const int port[] = { 53, 5353 };
	size_t i;

	jw_open(w);
	jw_kopen_list(w, "ports");
	for (i = 0; i < 2 * ARRAY_LEN(port); i++) {
		jw_open(w);
		jw_kcstr(w, "protocol", i % 2 == 0 ? "UDP" : "TCP");
		jw_ki64(w, "port", port[i / 2]);
		jw_close(w);
	}
	jw_close_list(w);
	jw_close(w);
}

static void egress_rules_write(struct jw *w, const struct tenant_policy *p)
{
	uint32_t i;

	for (i = 0; i < p->egress.n; i++)
		schema_encode(&egress_rule_schema, IN_ALL, &p->egress.p[i],
		    w);
}

static void egress_write(struct render *r, const struct tenant_policy *own,
    const struct tenant_policy *tenant)
{
	struct jw *w = r->w;

	jw_kopen_list(w, "egress");
	dns_write(w);
	if (is_level(r, ISOLATION_STRICT)) {
		jw_open(w);
		jw_kopen_list(w, "to");
		tenant_write(r);
		jw_close_list(w);
		jw_close(w);
	}
	egress_rules_write(w, own);
	egress_rules_write(w, tenant);
	jw_close_list(w);
}

void network_policy_write(struct render *r)
{
	static const struct tenant_policy none;
	const struct tenant_policy *own = r->network.enabled ? &r->network :
	    &none;
	const struct tenant_policy *tenant = tenant_keeps_apart(r) ?
	    &r->tenancy.network : &none;
	bool out = is_level(r, ISOLATION_STRICT) ||
	    HAS(own, tenant_policy, egress) ||
	    HAS(tenant, tenant_policy, egress);
	struct jw *w = r->w;

	jw_kopen(w, "spec");
	selector_write(w, "podSelector", LABEL_KEY, r->key);
	jw_kopen_list(w, "policyTypes");
	jw_str(w, STR("Ingress"));
	if (out)
		jw_str(w, STR("Egress"));
	jw_close_list(w);
	jw_kopen_list(w, "ingress");
	peers_write(r, own, tenant);
	ingress_rules_write(w, own);
	ingress_rules_write(w, tenant);
	jw_close_list(w);
	if (out)
		egress_write(r, own, tenant);
	jw_close(w);
}
