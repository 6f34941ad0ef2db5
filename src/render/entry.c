#include "render_int.h"

/* Seconds that a stream may be silent: MCP servers say nothing for long. */
#define SILENCE "3600"

struct str clients_path(const struct server_spec *s)
{
	return s->transport.type == TRANSPORT_SSE ? STR("/") :
	    s->transport.path;
}

static struct str path_of(const struct render *r)
{
	return HAS(&r->entry, entry_spec, path) ? r->entry.path :
	    clients_path(r->spec);
}

static enum entry_affinity affinity_of(const struct render *r)
{
	const struct service_spec *v = &r->spec->service;

	if (HAS(&r->entry, entry_spec, affinity))
		return r->entry.affinity;
	return HAS(v, service_spec, affinity) &&
	    v->affinity == AFFINITY_CLIENT_IP ? ENTRY_CLIENT_IP :
	    ENTRY_COOKIE;
}

/* ---- Ingress ---- */

bool ingress_wanted(const struct render *r)
{
	return service_wanted(r->spec) && r->entry.ingress.enabled;
}

void entry_service_notes_write(struct render *r)
{
	if (ingress_wanted(r) && affinity_of(r) == ENTRY_COOKIE)
		note_default(r, &r->spec->service.annotations,
		    "traefik.ingress.kubernetes.io/service.sticky.cookie",
		    "true");
}

const struct pairs *ingress_notes(const struct render *r)
{
	return &r->entry.ingress.annotations;
}

/*
 * An Ingress has no field for affinity, nor for streams: each controller has
 * annotations of its own, and does not look at those of the others.
 */
void ingress_notes_write(struct render *r)
{
	static const struct { const char *key, *cookie, *address; } notes[] = {
		{ "nginx.ingress.kubernetes.io/affinity", "cookie", NULL },
		{ "nginx.ingress.kubernetes.io/upstream-hash-by", NULL,
		  "$remote_addr" },
		{ "haproxy-ingress.github.io/affinity", "cookie", NULL },
		{ "haproxy-ingress.github.io/balance-algorithm", NULL,
		  "source" },
		{ "haproxy.org/cookie-persistence", "mcp-pod", NULL },
		{ "haproxy.org/load-balance", NULL, "source" },
		{ "alb.ingress.kubernetes.io/target-group-attributes",
		  "stickiness.enabled=true,stickiness.type=lb_cookie", NULL }
	};
	const struct pairs *user = ingress_notes(r);
	enum entry_affinity how = affinity_of(r);
	size_t i;

	note_default(r, user,
	    "nginx.ingress.kubernetes.io/proxy-read-timeout", SILENCE);
	note_default(r, user,
	    "nginx.ingress.kubernetes.io/proxy-send-timeout", SILENCE);
	note_default(r, user,
	    "nginx.ingress.kubernetes.io/proxy-buffering", "off");
	for (i = 0; i < ARRAY_LEN(notes); i++) {
		const char *value = how == ENTRY_COOKIE ? notes[i].cookie :
		    how == ENTRY_CLIENT_IP ? notes[i].address : NULL;

		if (value != NULL)
			note_default(r, user, notes[i].key, value);
	}
}

static void ingress_paths_write(struct render *r)
{
	struct jw *w = r->w;

	jw_kopen(w, "http");
	jw_kopen_list(w, "paths");
	jw_open(w);
	jw_kstr(w, "path", path_of(r));
	jw_kcstr(w, "pathType", "Prefix");
	jw_kopen(w, "backend");
	jw_kopen(w, "service");
	jw_kstr(w, "name", r->s->meta.name);
	jw_kopen(w, "port");
	jw_ki64(w, "number", r->spec->ports.p[0].port);
	jw_close(w);
	jw_close(w);
	jw_close(w);
	jw_close(w);
	jw_close_list(w);
	jw_close(w);
}

static void hosts_write(struct render *r, const char *key)
{
	const struct strs *hosts = &r->entry.hosts;
	uint32_t i;

	if (hosts->n == 0)
		return;
	jw_kopen_list(r->w, key);
	for (i = 0; i < hosts->n; i++)
		jw_str(r->w, hosts->p[i]);
	jw_close_list(r->w);
}

static void tls_write(struct render *r)
{
	struct str secret = r->entry.ingress.tls_secret;
	struct jw *w = r->w;

	if (secret.n == 0)
		return;
	jw_kopen_list(w, "tls");
	jw_open(w);
	hosts_write(r, "hosts");
	jw_kstr(w, "secretName", secret);
	jw_close(w);
	jw_close_list(w);
}

void ingress_write(struct render *r)
{
	const struct strs *hosts = &r->entry.hosts;
	struct jw *w = r->w;
	uint32_t i;

	jw_kopen(w, "spec");
	if (r->entry.ingress.class_name.n > 0)
		jw_kstr(w, "ingressClassName", r->entry.ingress.class_name);
	tls_write(r);
	jw_kopen_list(w, "rules");
	for (i = 0; i < hosts->n || i == 0; i++) {
		jw_open(w);
		if (hosts->n > 0)
			jw_kstr(w, "host", hosts->p[i]);
		ingress_paths_write(r);
		jw_close(w);
	}
	jw_close_list(w);
	jw_close(w);
}

/* ---- HTTPRoute ---- */

bool http_route_wanted(const struct render *r)
{
	return service_wanted(r->spec) && r->entry.route.enabled;
}

const struct pairs *http_route_notes(const struct render *r)
{
	return &r->entry.route.annotations;
}

/* The Gateway API's durations: whole numbers, of at most five digits. */
static void timeout_write(struct jw *w, int64_t ns)
{
	const int64_t ms = (ns + 999999) / 1000000;
	char mem[64];
	struct buf text;

	buf_init(&text, mem, sizeof(mem));
	if (ms >= 3600000)
		buf_fmt(&text, "%Uh", (uint64_t)ms / 3600000);
	if (ms / 60000 % 60 > 0)
		buf_fmt(&text, "%Um", (uint64_t)ms / 60000 % 60);
	if (ms / 1000 % 60 > 0)
		buf_fmt(&text, "%Us", (uint64_t)ms / 1000 % 60);
	if (ms % 1000 > 0)
		buf_fmt(&text, "%Ums", (uint64_t)ms % 1000);
	CHECK(!text.over);
	jw_kopen(w, "timeouts");
	jw_kstr(w, "request", text.n > 0 ? buf_view(&text) : STR("0s"));
	jw_close(w);
}

static void persistence_write(struct render *r)
{
	struct jw *w = r->w;

	if (!HAS(&r->entry, entry_spec, affinity) ||
	    r->entry.affinity != ENTRY_COOKIE)
		return;
	jw_kopen(w, "sessionPersistence");
	jw_kcstr(w, "type", "Cookie");
	jw_kopen(w, "cookieConfig");
	jw_kcstr(w, "lifetimeType", "Session");
	jw_close(w);
	jw_close(w);
}

static void backend_write(struct render *r)
{
	struct jw *w = r->w;

	jw_kopen_list(w, "backendRefs");
	jw_open(w);
	jw_kstr(w, "name", r->s->meta.name);
	jw_ki64(w, "port", r->spec->ports.p[0].port);
	jw_close(w);
	jw_close_list(w);
}

static void rule_write(struct render *r)
{
	struct jw *w = r->w;

	jw_open(w);
	jw_kopen_list(w, "matches");
	jw_open(w);
	jw_kopen(w, "path");
	jw_kcstr(w, "type", "PathPrefix");
	jw_kstr(w, "value", path_of(r));
	jw_close(w);
	jw_close(w);
	jw_close_list(w);
	backend_write(r);
	if (HAS(&r->entry.route, entry_route, timeout))
		timeout_write(w, r->entry.route.timeout);
	persistence_write(r);
	jw_close(w);
}

void http_route_write(struct render *r)
{
	const struct entry_route *v = &r->entry.route;
	struct jw *w = r->w;
	uint32_t i;

	jw_kopen(w, "spec");
	jw_kopen_list(w, "parentRefs");
	for (i = 0; i < v->parents.n; i++)
		schema_encode(&entry_parent_schema, IN_ALL, &v->parents.p[i],
		    w);
	jw_close_list(w);
	hosts_write(r, "hostnames");
	jw_kopen_list(w, "rules");
	rule_write(r);
	jw_close_list(w);
	jw_close(w);
}
