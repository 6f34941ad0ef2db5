#include "render_int.h"

/* spec.pod: what pods have besides the server. */

/*
 * The container as the user has it, with what he leaves open of its security
 * restricted, as the server's own is: else the restricted Pod Security
 * Standard would refuse the pod.
 */
static void container_with(const struct render *r,
    const struct more_container *c, const struct json_doc *doc, struct jw *w)
{
	struct security_context security = c->security;

	security_default(&security, &r->spec->pod_security);
	jw_open(w);
	members_write(doc, JSON_ROOT, STR("securityContext"), w);
	jw_key(w, STR("securityContext"));
	schema_encode(&security_context_schema, IN_ALL, &security, w);
	jw_close(w);
}

static struct str container_render(const struct render *r,
    const struct more_container *c, struct arena *a)
{
	struct json_doc doc;
	struct buf out;
	struct jw w;

	if (json_parse_in(&doc, c->raw, a, NULL) < 0) {
		a->over = true;
		return STR_NONE;
	}
	out = arena_buf(a);
	jw_init(&w, &out);
	container_with(r, c, &doc, &w);
	return arena_keep(a, &out);
}

struct strs containers_render(const struct render *r,
    const struct more_container_list *l, struct arena *a)
{
	struct strs none = { 0 };
	struct str *p;
	uint32_t i;

	if (l->n == 0)
		return none;
	p = arena_array(a, struct str, l->n);
	for (i = 0; i < l->n && !a->over; i++)
		p[i] = container_render(r, &l->p[i], a);
	return a->over ? none : (struct strs){ p, l->n };
}

void containers_write(struct jw *w, const struct strs *v)
{
	uint32_t i;

	for (i = 0; i < v->n; i++)
		jw_raw(w, v->p[i]);
}

void lookups_write(struct render *r)
{
	const struct pod_more *p = &r->spec->pod;
	struct jw *w = r->w;
	uint32_t i;

	if (p->aliases.n > 0) {
		jw_kopen_list(w, "hostAliases");
		for (i = 0; i < p->aliases.n; i++)
			schema_encode(&host_alias_schema, IN_ALL,
			    &p->aliases.p[i], w);
		jw_close_list(w);
	}
	if (HAS(p, pod_more, dns_policy))
		jw_kcstr(w, "dnsPolicy", schema_word(&dns_policy_words,
		    (uint32_t)p->dns_policy));
	if (HAS(p, pod_more, dns)) {
		jw_key(w, STR("dnsConfig"));
		schema_encode(&dns_config_schema, IN_ALL, &p->dns, w);
	}
}
