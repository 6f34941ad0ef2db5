#include "model_int.h"

#define PARENTS "entry.httpRoute.parentRefs"

/* Nor an address, which Kubernetes does not take for one here. */
static void check_hosts(const struct strs *hosts, struct faults *f)
{
	struct net_addr addr;
	uint32_t i, k;

	for (i = 0; i < hosts->n; i++) {
		struct str host = hosts->p[i];

		if (str_is(host, "*") || !host_valid(host) ||
		    !addr_parse(host, &addr))
			rule_broken_at(f, "entry.hosts", i, "", host,
			    "is not a host name");
		for (k = 0; k < i; k++)
			if (str_eq(hosts->p[k], host)) {
				rule_broken_at(f, "entry.hosts", i, "", host,
				    "is there twice");
				break;
			}
	}
}

/* As Ingress and HTTPRoute have it: one that no client can send is none. */
static void check_path(struct str at, struct str path, struct faults *f)
{
	static const char *const not[] = { "//", "/./", "/../", "%2f", "%2F",
		"#" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(not); i++)
		if (str_search(path, str_from(not[i])) < path.n) {
			rule_broken(f, at, path,
			    "must not hold '//', '/./', '/../', '%2f' or "
			    "'#'");
			break;
		}
	if (str_ends(path, STR("/.")) || str_ends(path, STR("/..")))
		rule_broken(f, at, path, "must not end in '/.' or '/..'");
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return is_alnum(c) && (c <= 'F' || (c >= 'a' && c <= 'f'));
}

static bool is_escape(struct str s)
{
	return s.n >= 3 && s.p[0] == '%' && is_hex(s.p[1]) && is_hex(s.p[2]);
}

/* As the Gateway API's CRD has it. */
static void check_prefix(struct str at, struct str path, struct faults *f)
{
	static const struct str more = STR_INIT("-/._~!$&'()*+,;=:@");
	size_t i;

	for (i = 0; i < path.n; i++) {
		if (is_alnum(path.p[i]) ||
		    str_find(more, path.p[i]) < more.n ||
		    is_escape(str_sub(path, i, path.n)))
			continue;
		rule_broken(f, at, path, "holds what no HTTPRoute takes: "
		    "letters, digits, -/._~!$&'()*+,;=:@ and % with two "
		    "hex digits only");
		return;
	}
}

/* The one that clients come in by; of sse's there is none. */
static void check_paths(const struct server_spec *s,
    const struct entry_spec *e, struct faults *f)
{
	if (!HAS(e, entry_spec, path)) {
		if (s->transport.type == TRANSPORT_SSE)
			return;
		if (e->ingress.enabled || e->route.enabled)
			check_path(STR("spec.transport.path"),
			    s->transport.path, f);
		if (e->route.enabled)
			check_prefix(STR("spec.transport.path"),
			    s->transport.path, f);
		return;
	}
	if (!e->path.n || e->path.p[0] != '/')
		rule_broken(f, STR("spec.entry.path"), e->path,
		    "must begin with '/'");
	check_path(STR("spec.entry.path"), e->path, f);
	if (e->route.enabled)
		check_prefix(STR("spec.entry.path"), e->path, f);
}

static void check_ingress(const struct entry_ingress *v, struct faults *f)
{
	if (v->class_name.n && !str_dns1123_subdomain(v->class_name))
		rule_broken(f, STR("spec.entry.ingress.className"),
		    v->class_name, "is not a name of an IngressClass");
	if (v->tls_secret.n && !str_dns1123_subdomain(v->tls_secret))
		rule_broken(f, STR("spec.entry.ingress.tlsSecretName"),
		    v->tls_secret, "is not a name of a Secret");
	check_notes(&v->annotations, "spec.entry.ingress.annotations", f);
}

static void check_parent(const struct entry_parent *p, uint32_t i,
    struct faults *f)
{
	if (p->group.n && !str_dns1123_subdomain(p->group))
		rule_broken_at(f, PARENTS, i, "group", p->group,
		    "is not an API group");
	if (p->ns.n && !str_dns1123_label(p->ns))
		rule_broken_at(f, PARENTS, i, "namespace", p->ns,
		    "is not a name of a namespace");
	if (!str_dns1123_subdomain(p->name))
		rule_broken_at(f, PARENTS, i, "name", p->name,
		    "is not a name of a Gateway");
}

/* As they are given: a namespace that is named is another to the CRD. */
static bool is_same_parent(const struct entry_parent *p,
    const struct entry_parent *q)
{
	static const struct str group = STR_INIT("gateway.networking.k8s.io");
	static const struct str kind = STR_INIT("Gateway");

	return str_eq(HAS(p, entry_parent, group) ? p->group : group,
	    HAS(q, entry_parent, group) ? q->group : group) &&
	    str_eq(HAS(p, entry_parent, kind) ? p->kind : kind,
	    HAS(q, entry_parent, kind) ? q->kind : kind) &&
	    str_eq(p->ns, q->ns) && str_eq(p->name, q->name) &&
	    str_eq(p->section, q->section) && p->port == q->port;
}

static void check_parents(const struct entry_parent_list *l, bool on,
    struct faults *f)
{
	uint32_t i, k;

	for (i = 0; i < l->n; i++) {
		check_parent(&l->p[i], i, f);
		for (k = 0; k < i && on; k++)
			if (is_same_parent(&l->p[k], &l->p[i])) {
				rule_broken_at(f, PARENTS, i, "",
				    l->p[i].name, "is there twice");
				break;
			}
	}
}

static void check_http_route(const struct entry_route *v, struct faults *f)
{
	if (v->enabled && !v->parents.n)
		rule_broken(f, STR("spec." PARENTS), STR_NONE,
		    "is required when it is enabled: a route belongs to a "
		    "Gateway");
	if (v->timeout < 0)
		rule_broken(f, STR("spec.entry.httpRoute.timeout"),
		    STR_NONE, "must not be negative");
	check_parents(&v->parents, v->enabled, f);
	check_notes(&v->annotations, "spec.entry.httpRoute.annotations", f);
}

void check_entry(const struct server *s, const struct entry_spec *e,
    bool gateway, struct faults *f)
{
	static const char no_service[] =
	    "needs a transport other than stdio, or a gateway";
	bool stdio = s->spec.transport.type == TRANSPORT_STDIO && !gateway;

	check_hosts(&e->hosts, f);
	check_paths(&s->spec, e, f);
	if (stdio && e->ingress.enabled)
		rule_broken(f, STR("spec.entry.ingress.enabled"),
		    STR_NONE, no_service);
	if (stdio && e->route.enabled)
		rule_broken(f, STR("spec.entry.httpRoute.enabled"),
		    STR_NONE, no_service);
	check_ingress(&e->ingress, f);
	check_http_route(&e->route, f);
}
