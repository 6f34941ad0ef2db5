#include <string.h>

#include "model_int.h"

/* ---- NetworkPolicy ---- */

/* Where a policy stands: "networkPolicy" or "tenancy.networkPolicy". */
struct place {
	const struct server *s;
	const char *path;
	struct faults *f;
};

static void broken(const struct place *at, const char *list, uint32_t i,
    const char *member, struct str value, const char *rule)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "spec.%s.%s[%u]%s%s", at->path, list, (unsigned)i,
	    *member ? "." : "", member);
	rule_broken(at->f, buf_view(&b), value, rule);
}

static void check_ports(const struct place *at, const char *list, uint32_t i,
    const struct policy_port_list *ports)
{
	uint32_t k;

	for (k = 0; k < ports->n; k++) {
		const struct policy_port *p = &ports->p[k];

		if (HAS(p, policy_port, port) && !p->port.is_int &&
		    !port_name_valid(p->port.s))
			broken(at, list, i, "ports", p->port.s,
			    "is not a port name: at most 15 lower-case "
			    "letters, digits and single '-', one a letter");
		if (!HAS(p, policy_port, end_port))
			continue;
		if (!HAS(p, policy_port, port) || !p->port.is_int)
			broken(at, list, i, "ports", STR_NONE,
			    "has an endPort without a port that is a number");
		else if (p->end_port < p->port.i)
			broken(at, list, i, "ports", STR_NONE,
			    "has an endPort under its port");
	}
}

static int network_parse(struct str s, struct net_addr *ret,
    uint64_t *ret_bits)
{
	struct str head, tail = str_cut(s, '/', &head);

	return addr_parse(head, ret) == 0 && str_u64(tail, ret_bits) == 0 &&
	    *ret_bits <= (ret->family == 6 ? 128 : 32) ? 0 : ERR_BAD;
}

bool network_valid(struct str s)
{
	struct net_addr addr;
	uint64_t bits;

	return network_parse(s, &addr, &bits) == 0;
}

static unsigned bit_of(const struct net_addr *a, uint64_t i)
{
	return a->ip[i / 8] >> (7 - i % 8) & 1;
}

bool network_has_host(struct str s)
{
	struct net_addr addr;
	uint64_t bits;

	if (network_parse(s, &addr, &bits) < 0)
		return false;
	for (; bits < (addr.family == 6 ? 128 : 32); bits++)
		if (bit_of(&addr, bits))
			return true;
	return false;
}

/* What ::ffff:0:0/96 holds is IPv4 to some and not to others. */
static bool is_mapped(const struct net_addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return a->family == 6 && memcmp(a->ip, mapped, sizeof(mapped)) == 0;
}

/* A smaller network within; the rule of those that are none is another. */
static bool is_part(struct str whole, struct str part)
{
	struct net_addr a, b;
	uint64_t bits, more, i;

	if (network_parse(whole, &a, &bits) < 0 ||
	    network_parse(part, &b, &more) < 0 || is_mapped(&a) ||
	    is_mapped(&b))
		return true;
	if (a.family != b.family || more <= bits)
		return false;
	for (i = 0; i < bits; i++)
		if (bit_of(&a, i) != bit_of(&b, i))
			return false;
	return true;
}

static void check_peer(const struct place *at, const char *list, uint32_t i,
    const char *member, const struct policy_peer *p)
{
	bool block = HAS(p, policy_peer, block);
	bool select = HAS(p, policy_peer, pods) ||
	    HAS(p, policy_peer, namespaces);
	uint32_t k;

	if (block == select)
		broken(at, list, i, member, STR_NONE, block ?
		    "has an ipBlock beside a selector" :
		    "has a peer without ipBlock or selector");
	else if (block && !network_valid(p->block.cidr))
		broken(at, list, i, member, p->block.cidr,
		    "is not a network such as 10.0.0.0/8");
	for (k = 0; k < p->block.except.n; k++) {
		struct str except = p->block.except.p[k];

		if (!network_valid(except))
			broken(at, list, i, member, except,
			    "is not a network such as 10.0.0.0/8");
		else if (!is_part(p->block.cidr, except))
			broken(at, list, i, member, except,
			    "is no smaller network within its cidr");
	}
}

static void check_peers(const struct place *at, const char *list, uint32_t i,
    const char *member, const struct policy_peer_list *peers)
{
	uint32_t k;

	for (k = 0; k < peers->n; k++)
		check_peer(at, list, i, member, &peers->p[k]);
}

static void check_rules(const struct place *at, const struct tenant_policy *p)
{
	uint32_t i;

	for (i = 0; i < p->ingress.n; i++) {
		check_ports(at, "ingressRules", i, &p->ingress.p[i].ports);
		check_peers(at, "ingressRules", i, "from",
		    &p->ingress.p[i].from);
	}
	for (i = 0; i < p->egress.n; i++) {
		check_ports(at, "egressRules", i, &p->egress.p[i].ports);
		check_peers(at, "egressRules", i, "to", &p->egress.p[i].to);
	}
}

static bool lets_in(const struct policy_port *p, const struct server_port *to)
{
	if (p->protocol != to->protocol)
		return false;
	if (!HAS(p, policy_port, port))
		return true;
	if (!p->port.is_int)
		return str_eq(p->port.s, to->name);
	return HAS(p, policy_port, end_port) ?
	    to->target_port >= p->port.i && to->target_port <= p->end_port :
	    to->target_port == p->port.i;
}

bool ports_let_in(const struct policy_port_list *ports,
    const struct server_port *to)
{
	uint32_t i;

	for (i = 0; i < ports->n; i++)
		if (lets_in(&ports->p[i], to))
			return true;
	return ports->n == 0;
}

static void check_policy(const struct place *at,
    const struct tenant_policy *p)
{
	uint32_t i;

	for (i = 0; i < p->namespaces.n; i++)
		if (!str_dns1123_label(p->namespaces.p[i]))
			broken(at, "allowedNamespaces", i, "",
			    p->namespaces.p[i],
			    "is not a name of a namespace");
	check_rules(at, p);
}

/* ---- quotas ---- */

static void quota_broken(struct faults *f, const char *member,
    struct str value, const char *rule)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "spec.tenancy.resourceQuotas.%s", member);
	rule_broken(f, buf_view(&b), value, rule);
}

/* A limit is the request of what has no other. A patch may give one. */
static struct str requested(const struct server_spec *s, struct str resource)
{
	const struct resources *r = &s->resources;

	return pairs_have(&r->requests, resource) ||
	    HAS(s, server_spec, pod_patch) ?
	    pairs_get(&r->requests, resource) :
	    pairs_get(&r->limits, resource);
}

bool pods_fit(const struct server_spec *s, const char *resource,
    struct str room, int64_t pods)
{
	int64_t most, each;

	return quantity_parse(room, &most) ||
	    quantity_parse(requested(s, str_from(resource)), &each) ||
	    each <= 0 || most == INT64_MAX || most / each >= pods;
}

/* The server's own pods must fit, or it can never run. */
static void check_amount(const struct server_spec *s, const char *member,
    struct str quota, bool own, struct faults *f)
{
	int64_t most;

	if (!quota.n)
		return;
	if (quantity_parse(quota, &most) || most <= 0)
		quota_broken(f, member, quota, "must be over 0");
	else if (own && !pods_fit(s, member, quota, s->replicas))
		quota_broken(f, member, quota, "is less than the "
		    "server's own pods request");
}

static void check_counts(const struct server_spec *s,
    const struct tenant_quotas *q, struct faults *f)
{
	bool service = s->transport.type != TRANSPORT_STDIO;

	if (HAS(q, tenant_quotas, pods) && q->pods < s->replicas)
		quota_broken(f, "pods", STR_NONE,
		    "is less than spec.replicas");
	if (HAS(q, tenant_quotas, services) && service && q->services < 1)
		quota_broken(f, "services", STR_NONE,
		    "leaves no room for the server's own Service");
	if (HAS(q, tenant_quotas, servers) && q->servers < 1)
		quota_broken(f, "mcpServers", STR_NONE,
		    "leaves no room for the server itself");
}

static void check_quotas(const struct server_spec *s,
    const struct tenant_quotas *q, struct faults *f)
{
	check_amount(s, "cpu", q->cpu, true, f);
	check_amount(s, "memory", q->memory, true, f);
	check_amount(s, "storage", q->storage, false, f);
	check_counts(s, q, f);
}

/* ---- the tenant ---- */

static void check_members(const struct tenancy_spec *t, struct faults *f)
{
	uint32_t i;

	for (i = 0; i < t->members.n; i++) {
		const struct tenant_member *m = &t->members.p[i];

		if (m->kind != SUBJECT_ACCOUNT && m->ns.n)
			rule_broken_at(f, "tenancy.members", i,
			    "namespace", m->ns,
			    "is for kind ServiceAccount only");
		else if (m->ns.n && !str_dns1123_label(m->ns))
			rule_broken_at(f, "tenancy.members", i,
			    "namespace", m->ns,
			    "is not a name of a namespace");
		if (m->kind == SUBJECT_ACCOUNT &&
		    !str_dns1123_subdomain(m->name))
			rule_broken_at(f, "tenancy.members", i,
			    "name", m->name,
			    "is not a name of a ServiceAccount");
	}
}

static void check_namespace_labels(const struct server *s,
    const struct pairs *m, struct faults *f)
{
	static const char path[] = "spec.tenancy.namespaceLabels";

	check_labels(m, path, s->meta.name, false, f);
	for (uint32_t i = 0; i < m->n; i++)
		if (server_label_is_reserved(m->p[i].key))
			rule_broken(f, str_from(path), m->p[i].key,
			    "is Kubernetes' own: no server may set it");
}

static void check_tenant(const struct server *s, const struct tenancy_spec *t,
    struct faults *f)
{
	if (!str_dns1123_label(t->tenant))
		rule_broken(f, STR("spec.tenancy.tenantId"),
		    t->tenant, "is not a tenant's id: lower-case letters, "
		    "digits and '-', at most 63");
	if (t->level == ISOLATION_STRICT &&
	    HAS(t, tenancy_spec, network) && !t->network.enabled)
		rule_broken(f, STR("spec.tenancy.networkPolicy.enabled"),
		    STR_NONE, "must not be false with isolationLevel Strict");
	check_labels(&t->labels, "spec.tenancy.labels", s->meta.name, true,
	    f);
	check_notes(&t->annotations, "spec.tenancy.annotations", f);
	check_namespace_labels(s, &t->namespace_labels, f);
	check_quotas(&s->spec, &t->quotas, f);
	check_members(t, f);
}

/* ---- who is let in ---- */

bool tenancy_keeps_apart(const struct tenancy_spec *t)
{
	return HAS(t, tenancy_spec, network) ? t->network.enabled :
	    HAS(t, tenancy_spec, level) && t->level != ISOLATION_NONE;
}

static bool lets_somebody_in(const struct tenant_policy *p,
    const struct server_spec *s)
{
	uint32_t i;

	if (p->namespaces.n || HAS(p, tenant_policy, pods))
		return true;
	for (i = 0; i < p->ingress.n; i++)
		if (ports_let_in(&p->ingress.p[i].ports, &s->ports.p[0]))
			return true;
	return false;
}

/*
 * As the policy is rendered, where both add up: a tenancy lets in by its
 * level, and who names nobody his own namespace. Rules that all name ports,
 * and never the one that the probes and every client go to, keep the server
 * from ever being of use.
 */
static void check_locked(const struct place *own,
    const struct tenant_policy *network, const struct place *tenant,
    const struct tenancy_spec *t)
{
	const struct server_spec *s = &own->s->spec;
	bool apart = HAS(s, server_spec, tenancy) &&
	    tenancy_keeps_apart(t);
	bool none = HAS(t, tenancy_spec, level) &&
	    t->level == ISOLATION_NONE;
	bool own_rules = network->enabled && network->ingress.n;

	if (s->transport.type == TRANSPORT_STDIO || (apart && !none) ||
	    (network->enabled && lets_somebody_in(network, s)) ||
	    (apart && lets_somebody_in(&t->network, s)))
		return;
	if (own_rules || (apart && t->network.ingress.n))
		broken(own_rules ? own : tenant, "ingressRules", 0, "ports",
		    STR_NONE, "lets nobody in to the server's first port, "
		    "nor does another rule: clients and probes would be "
		    "locked out");
}

void check_tenancy(const struct server *s, const struct tenancy_spec *t,
    const struct tenant_policy *network, struct faults *f)
{
	const struct place own = { s, "networkPolicy", f };
	const struct place tenant = { s, "tenancy.networkPolicy", f };

	check_policy(&own, network);
	if (HAS(&s->spec, server_spec, tenancy))
		check_tenant(s, t, f);
	check_policy(&tenant, &t->network);
	check_locked(&own, network, &tenant, t);
}
