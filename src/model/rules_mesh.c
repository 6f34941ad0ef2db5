#include "model_int.h"

#define ROUTE "spec.istio.virtualService"
#define TRAFFIC "spec.istio.destinationRule.trafficPolicy"

static const char no_service[] =
    "needs a transport other than stdio, or a gateway";

/* ---- names ---- */

bool host_valid(struct str host)
{
	if (str_is(host, "*"))
		return true;
	if (str_starts(host, STR("*.")))
		host = str_sub(host, 2, host.n);
	return str_dns1123_subdomain(host);
}

/* "name", or "namespace/name". */
static bool gateway_valid(struct str ref)
{
	struct str head, rest = str_cut(ref, '/', &head);

	if (head.n == ref.n)
		return str_dns1123_subdomain(ref);
	return str_dns1123_label(head) && str_dns1123_subdomain(rest);
}

static void check_host(const char *path, struct str host, struct faults *f)
{
	if (host.n > 0 && !host_valid(host))
		rule_broken(f, str_from(path), host,
		    "is not a host name");
}

static void check_gateway(const char *path, struct str ref, struct faults *f)
{
	if (ref.n > 0 && !gateway_valid(ref))
		rule_broken(f, str_from(path), ref,
		    "is neither name nor namespace/name of a gateway");
}

/* RFC 9110 section 5.6.2. */
bool header_name_valid(struct str s)
{
	static const struct str marks = STR_INIT("!#$%&'*+-.^_`|~");
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && str_find(marks, c) == marks.n)
			return false;
	}
	return s.n > 0 && s.n <= HEADER_NAME_MAX;
}

/* ---- routing ---- */

/* The mesh takes no shorter one. */
static void check_time(bool given, int64_t ns, const char *path,
    struct faults *f)
{
	if (given && ns < 1000000)
		rule_broken(f, str_from(path), STR_NONE,
		    "must be at least 1ms");
}

static void check_retries(const struct istio_route *v, struct faults *f)
{
	const struct istio_retries *t = &v->retries;
	bool each = HAS(t, istio_retries, per_try);

	check_time(each, t->per_try, ROUTE ".retries.perTryTimeout", f);
	if (each && HAS(v, istio_route, timeout) && t->per_try > v->timeout)
		rule_broken(f, STR(ROUTE ".retries.perTryTimeout"),
		    STR_NONE, "is over timeout");
}

static void check_header(const struct pairs *m, uint32_t at, struct faults *f)
{
	struct str key = m->p[at].key;
	uint32_t i;

	if (!header_name_valid(key))
		rule_broken(f, STR(ROUTE ".headers"), key,
		    "is not a header's name");
	for (i = 0; i < at; i++)
		if (str_eq_nocase(m->p[i].key, key)) {
			rule_broken(f, STR(ROUTE ".headers"), key,
			    "is there twice");
			break;
		}
}

static void check_route(const struct istio_route *v, struct faults *f)
{
	uint32_t i;

	check_time(HAS(v, istio_route, timeout), v->timeout,
	    ROUTE ".timeout", f);
	if (!v->path.n || v->path.p[0] != '/')
		rule_broken(f, STR(ROUTE ".path"), v->path,
		    "must begin with '/'");
	for (i = 0; i < v->headers.n; i++)
		check_header(&v->headers, i, f);
	check_retries(v, f);
}

/* ---- traffic ---- */

static void check_balancer(const struct istio_balancer *b, struct faults *f)
{
	const struct istio_hash *h = &b->hash;
	int ways = HAS(h, istio_hash, header) + HAS(h, istio_hash, cookie) +
	    h->source_ip;

	if (!HAS(b, istio_balancer, hash))
		return;
	if (ways != 1)
		rule_broken(f, STR(TRAFFIC ".loadBalancer.consistentHash"),
		    STR_NONE, "needs one of httpHeaderName, httpCookie and "
		    "useSourceIp");
	if (h->cookie.ttl < 0)
		rule_broken(f, STR(TRAFFIC
		    ".loadBalancer.consistentHash.httpCookie.ttl"), STR_NONE,
		    "must not be negative");
}

static void check_pool(const struct istio_pool *p, struct faults *f)
{
	check_time(HAS(&p->tcp, istio_tcp_pool, timeout),
	    p->tcp.timeout, TRAFFIC ".connectionPool.tcp.connectTimeout", f);
	check_time(HAS(&p->http, istio_http_pool, idle),
	    p->http.idle, TRAFFIC ".connectionPool.http.idleTimeout", f);
}

static void check_outliers(const struct istio_outliers *o, struct faults *f)
{
	check_time(HAS(o, istio_outliers, interval), o->interval,
	    TRAFFIC ".outlierDetection.interval", f);
	check_time(HAS(o, istio_outliers, ejection),
	    o->ejection, TRAFFIC ".outlierDetection.baseEjectionTime", f);
}

static void check_tls(const struct istio_tls *t, struct faults *f)
{
	bool own = t->cert.n || t->key.n || t->ca.n || t->credential.n;

	if (t->mode == MESH_TLS_MUTUAL && !t->credential.n &&
	    !(t->cert.n && t->key.n))
		rule_broken(f, STR(TRAFFIC ".tls"), STR_NONE,
		    "needs clientCertificate and privateKey, or "
		    "credentialName, with mode MUTUAL");
	if (own && (t->mode == MESH_TLS_ISTIO_MUTUAL ||
	    t->mode == MESH_TLS_DISABLE))
		rule_broken(f, STR(TRAFFIC ".tls"), STR_NONE,
		    "has certificates, which only modes SIMPLE and MUTUAL "
		    "have use for");
	if (t->credential.n && (t->cert.n || t->key.n || t->ca.n))
		rule_broken(f, STR(TRAFFIC ".tls.credentialName"),
		    t->credential, "must not stand with paths of "
		    "certificates");
}

static void check_traffic(const struct istio_traffic *t, struct faults *f)
{
	check_pool(&t->pool, f);
	check_balancer(&t->balancer, f);
	check_outliers(&t->outliers, f);
	if (HAS(t, istio_traffic, tls))
		check_tls(&t->tls, f);
}

/* ---- together ---- */

/* Mutual TLS is between two sidecars. */
static void check_sidecar(const struct istio_spec *m, struct faults *f)
{
	const struct istio_traffic *t = &m->destination.traffic;

	if (m->sidecar)
		return;
	if (HAS(t, istio_traffic, tls) &&
	    t->tls.mode == MESH_TLS_ISTIO_MUTUAL)
		rule_broken(f, STR(TRAFFIC ".tls.mode"),
		    STR("ISTIO_MUTUAL"), "needs sidecarInject");
	if (HAS(m, istio_spec, auth) && m->auth != MESH_AUTH_DISABLE)
		rule_broken(f, STR("spec.istio.mtls"),
		    str_from(schema_word(&mesh_auth_words,
		    (uint32_t)m->auth)), "needs sidecarInject");
}

/*
 * Both hosts stand in one rule with both gateways, and the mesh takes no rule
 * of all names for its sidecars.
 */
static void check_everywhere(const struct istio_spec *m,
    const struct gateway_spec *g, struct faults *f)
{
	static const char rule[] =
	    "is for a gateway only, not for requests within the mesh";
	bool own = m->enabled && HAS(m, istio_spec, route);
	bool other = g->enabled && g->istio.enabled;

	if (!(own && (!m->gateway.n || str_is(m->gateway, "mesh"))) &&
	    !(other && str_is(g->istio.gateway, "mesh")))
		return;
	if (own && str_is(m->route.host, "*"))
		rule_broken(f, STR(ROUTE ".host"), m->route.host, rule);
	if (other && str_is(g->istio.host, "*"))
		rule_broken(f, STR("spec.gateway.istio.host"), g->istio.host,
		    rule);
}

static void check_hosts(const struct server *s, const struct istio_spec *m,
    const struct gateway_spec *g, struct faults *f)
{
	bool stdio = s->spec.transport.type == TRANSPORT_STDIO && !g->enabled;

	if (g->enabled && g->istio.enabled && !g->istio.host.n)
		rule_broken(f, STR("spec.gateway.istio.host"),
		    STR_NONE, "is required when it is enabled");
	if (!m->enabled)
		return;
	if (m->gateway.n && !HAS(m, istio_spec, route))
		rule_broken(f, STR(ROUTE), STR_NONE,
		    "is required with gateway: it has the host");
	if (stdio && HAS(m, istio_spec, route))
		rule_broken(f, STR(ROUTE), STR_NONE, no_service);
	if (stdio && HAS(m, istio_spec, destination))
		rule_broken(f, STR("spec.istio.destinationRule"),
		    STR_NONE, no_service);
	check_sidecar(m, f);
}

void check_mesh(const struct server *s, const struct istio_spec *m,
    const struct gateway_spec *g, struct faults *f)
{
	check_host(ROUTE ".host", m->route.host, f);
	check_gateway("spec.istio.gateway", m->gateway, f);
	check_host("spec.gateway.istio.host", g->istio.host, f);
	check_gateway("spec.gateway.istio.gatewayRef", g->istio.gateway, f);
	if (HAS(m, istio_spec, route))
		check_route(&m->route, f);
	check_traffic(&m->destination.traffic, f);
	check_hosts(s, m, g, f);
	check_everywhere(m, g, f);
}
