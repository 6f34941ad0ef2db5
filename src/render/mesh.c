#include "render_int.h"

/* Newer than the annotation of this name, and enough by itself. */
#define SIDECAR_LABEL "sidecar.istio.io/inject"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/*
 * Two places of the spec ask for a mesh: spec.istio, and the first system's
 * spec.gateway.istio, which is the shorter one. What both say holds together;
 * where they contradict each other spec.istio is the nearer one.
 */
static const struct gateway_istio *gateway_mesh(const struct render *r)
{
	static const struct gateway_istio none;

	return r->gateway.enabled && r->gateway.istio.enabled ?
	    &r->gateway.istio : &none;
}

static bool is_on(const struct render *r)
{
	return r->istio.enabled || gateway_mesh(r)->enabled;
}

static bool has_route(const struct render *r)
{
	return r->istio.enabled && HAS(&r->istio, istio_spec, route);
}

/* A user's own label wins, wherever he puts it. */
static const struct pairs *labelled(const struct render *r)
{
	const struct pairs *of[] = {
		&r->spec->selector, &r->spec->pod_labels, &r->tenancy.labels
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(of); i++)
		if (pairs_have(of[i], STR(SIDECAR_LABEL)))
			return of[i];
	return NULL;
}

static bool injects(const struct render *r)
{
	const struct pairs *own = labelled(r);

	if (own != NULL)
		return str_is(pairs_get(own, STR(SIDECAR_LABEL)), "true");
	return r->istio.enabled ? r->istio.sidecar :
	    gateway_mesh(r)->enabled;
}

void sidecar_label_write(struct render *r)
{
	if (!is_on(r) || labelled(r) != NULL)
		return;
	jw_kcstr(r->w, SIDECAR_LABEL, injects(r) ? "true" : "false");
}

/* ---- VirtualService ---- */

bool virtual_service_wanted(const struct render *r)
{
	return service_wanted(r->spec) &&
	    (has_route(r) || gateway_mesh(r)->host.n > 0);
}

static void hosts_write(struct render *r)
{
	struct str own = has_route(r) ? r->istio.route.host : STR_NONE;
	struct str other = gateway_mesh(r)->host;

	jw_kopen_list(r->w, "hosts");
	if (own.n > 0)
		jw_str(r->w, own);
	if (other.n > 0 && !str_eq(own, other))
		jw_str(r->w, other);
	jw_close_list(r->w);
}

/* "mesh" is every sidecar, which is who a rule without gateways is for. */
static void gateways_write(struct render *r)
{
	const struct gateway_istio *g = gateway_mesh(r);
	struct str own = r->istio.gateway.n > 0 ? r->istio.gateway :
	    STR("mesh");
	struct str other = g->gateway.n > 0 ? g->gateway : STR("default");

	jw_kopen_list(r->w, "gateways");
	if (has_route(r))
		jw_str(r->w, own);
	if (g->host.n > 0 && !(has_route(r) && str_eq(own, other)))
		jw_str(r->w, other);
	jw_close_list(r->w);
}

/*
 * The mesh knows names of headers in lower case only; of two that are one
 * then the first holds, as the rules have it.
 */
static void header_write(struct jw *w, const struct pairs *m, uint32_t at)
{
	char mem[HEADER_NAME_MAX];
	struct str key = m->p[at].key;
	struct buf name;
	uint32_t i;

	buf_init(&name, mem, sizeof(mem));
	for (i = 0; i < key.n; i++)
		buf_char(&name, lower(key.p[i]));
	for (i = 0; i < at; i++)
		if (str_eq_nocase(m->p[i].key, key))
			return;
	if (name.over)
		return;
	jw_key(w, buf_view(&name));
	jw_open(w);
	jw_kstr(w, "exact", m->p[at].value);
	jw_close(w);
}

static void match_write(struct jw *w, const char *how, struct str path,
    const char *tail, const struct pairs *headers)
{
	uint32_t i;

	jw_open(w);
	jw_kopen(w, "uri");
	jw_kfmt(w, how, "%S%s", path, tail);
	jw_close(w);
	if (headers->n > 0)
		jw_kopen(w, "headers");
	for (i = 0; i < headers->n; i++)
		header_write(w, headers, i);
	if (headers->n > 0)
		jw_close(w);
	jw_close(w);
}

/* A mesh's prefix is one of characters: /mcp alone would be /mcpanel too. */
static void matches_write(struct render *r)
{
	static const struct pairs none;
	bool own = has_route(r);
	const struct pairs *headers = own ? &r->istio.route.headers : &none;
	struct str path = own ? r->istio.route.path :
	    clients_path(r->spec);
	bool whole = str_ends(path, STR("/"));

	jw_kopen_list(r->w, "match");
	if (!whole)
		match_write(r->w, "exact", path, "", headers);
	match_write(r->w, "prefix", path, whole ? "" : "/", headers);
	jw_close_list(r->w);
}

static void destination_write(struct render *r)
{
	struct jw *w = r->w;

	jw_kopen_list(w, "route");
	jw_open(w);
	jw_kopen(w, "destination");
	jw_kstr(w, "host", r->s->meta.name);
	jw_kopen(w, "port");
	jw_ki64(w, "number", r->spec->ports.p[0].port);
	jw_close(w);
	jw_close(w);
	jw_close(w);
	jw_close_list(w);
}

static void duration_write(struct jw *w, const char *key, int64_t ns)
{
	char mem[64];
	struct buf text;

	buf_init(&text, mem, sizeof(mem));
	duration_format(&text, ns);
	CHECK(!text.over);
	jw_kstr(w, key, buf_view(&text));
}

void virtual_service_write(struct render *r)
{
	const struct istio_route *v = &r->istio.route;
	struct jw *w = r->w;

	jw_kopen(w, "spec");
	hosts_write(r);
	gateways_write(r);
	jw_kopen_list(w, "http");
	jw_open(w);
	matches_write(r);
	destination_write(r);
	if (has_route(r) && HAS(v, istio_route, timeout))
		duration_write(w, "timeout", v->timeout);
	if (has_route(r) && HAS(v, istio_route, retries)) {
		jw_key(w, STR("retries"));
		schema_encode(&istio_retries_schema, IN_ALL, &v->retries, w);
	}
	jw_close(w);
	jw_close_list(w);
	jw_close(w);
}

/* ---- DestinationRule ---- */

static bool has_destination(const struct render *r)
{
	return r->istio.enabled && HAS(&r->istio, istio_spec, destination);
}

/* In a mesh it is not the Service any more that keeps clients at a pod. */
static bool keeps_clients(const struct render *r)
{
	const struct service_spec *v = &r->spec->service;

	return is_on(r) && HAS(v, service_spec, affinity) &&
	    v->affinity == AFFINITY_CLIENT_IP;
}

bool destination_rule_wanted(const struct render *r)
{
	return service_wanted(r->spec) && (has_destination(r) ||
	    gateway_mesh(r)->enabled || keeps_clients(r));
}

/* Of the two ways to balance only one may be written. */
static void balancer_settle(const struct render *r,
    struct istio_traffic *t)
{
	struct istio_balancer *b = &t->balancer;

	if (!HAS(t, istio_traffic, balancer) && keeps_clients(r)) {
		HAS_SET(t, istio_traffic, balancer);
		HAS_SET(b, istio_balancer, hash);
		HAS_SET(&b->hash, istio_hash, source_ip);
		b->hash.source_ip = true;
	}
	if (b->hash.has)
		HAS_CLEAR(b, istio_balancer, simple);
}

/*
 * When an apply takes away all that is in an object, but goes on to ask for
 * the object, it becomes null, which no CRD takes. So none is asked for.
 */
static void empties_clear(struct istio_traffic *t)
{
	struct istio_pool *pool = &t->pool;
	struct istio_balancer *b = &t->balancer;

	if (!pool->tcp.has)
		HAS_CLEAR(pool, istio_pool, tcp);
	if (!pool->http.has)
		HAS_CLEAR(pool, istio_pool, http);
	if (!pool->has)
		HAS_CLEAR(t, istio_traffic, pool);
	if (!b->hash.has)
		HAS_CLEAR(b, istio_balancer, hash);
	if (!b->has)
		HAS_CLEAR(t, istio_traffic, balancer);
	if (!t->outliers.has)
		HAS_CLEAR(t, istio_traffic, outliers);
	if (!t->tls.has)
		HAS_CLEAR(t, istio_traffic, tls);
}

void destination_rule_write(struct render *r)
{
	struct istio_traffic t = { 0 };
	struct jw *w = r->w;

	if (has_destination(r))
		t = r->istio.destination.traffic;
	balancer_settle(r, &t);
	/* Its pods have a sidecar then, whatever the mesh is used to. */
	if (gateway_mesh(r)->enabled && !has_destination(r) && injects(r)) {
		HAS_SET(&t, istio_traffic, tls);
		HAS_SET(&t.tls, istio_tls, mode);
		t.tls.mode = MESH_TLS_ISTIO_MUTUAL;
	}
	jw_kopen(w, "spec");
	jw_kstr(w, "host", r->s->meta.name);
	empties_clear(&t);
	if (t.has) {
		jw_key(w, STR("trafficPolicy"));
		schema_encode(&istio_traffic_schema, IN_ALL, &t, w);
	}
	jw_close(w);
}

/* ---- PeerAuthentication ---- */

bool peer_auth_wanted(const struct render *r)
{
	return r->istio.enabled && HAS(&r->istio, istio_spec, auth);
}

void peer_auth_write(struct render *r)
{
	struct jw *w = r->w;

	jw_kopen(w, "spec");
	selector_write(w, "selector", LABEL_KEY, r->key);
	jw_kopen(w, "mtls");
	jw_kcstr(w, "mode",
	    schema_word(&mesh_auth_words, (uint32_t)r->istio.auth));
	jw_close(w);
	jw_close(w);
}
