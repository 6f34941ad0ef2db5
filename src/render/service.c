#include "render_int.h"

bool service_wanted(const struct server_spec *spec)
{
	return spec->transport.type != TRANSPORT_STDIO && spec->ports.n > 0;
}

static void port_write(const struct server_port *p, struct jw *w)
{
	jw_open(w);
	jw_kstr(w, "name", p->name);
	jw_ki64(w, "port", p->port);
	jw_ki64(w, "targetPort", p->target_port);
	jw_kcstr(w, "protocol",
	    schema_word(&protocol_words, (uint32_t)p->protocol));
	if (HAS(p, server_port, app_protocol))
		jw_kstr(w, "appProtocol", p->app_protocol);
	if (HAS(p, server_port, node_port))
		jw_ki64(w, "nodePort", p->node_port);
	jw_close(w);
}

static void affinity_write(const struct service_spec *v, struct jw *w)
{
	if (!HAS(v, service_spec, affinity))
		return;
	jw_kcstr(w, "sessionAffinity",
	    schema_word(&session_affinity_words, (uint32_t)v->affinity));
	if (v->affinity != AFFINITY_CLIENT_IP ||
	    !HAS(v, service_spec, affinity_timeout_s))
		return;
	jw_kopen(w, "sessionAffinityConfig");
	jw_kopen(w, "clientIP");
	jw_ki64(w, "timeoutSeconds", v->affinity_timeout_s);
	jw_close(w);
	jw_close(w);
}

/* Fields that only a load balancer or node ports have use for. */
static void outside_write(const struct service_spec *v, struct jw *w)
{
	uint32_t i;

	if (v->type != SERVICE_CLUSTER_IP &&
	    v->external_policy != TRAFFIC_DEFAULT)
		jw_kcstr(w, "externalTrafficPolicy", schema_word(
		    &traffic_policy_words, (uint32_t)v->external_policy));
	if (v->type != SERVICE_LOAD_BALANCER)
		return;
	if (v->load_balancer_class.n > 0)
		jw_kstr(w, "loadBalancerClass", v->load_balancer_class);
	if (v->source_ranges.n == 0)
		return;
	jw_kopen_list(w, "loadBalancerSourceRanges");
	for (i = 0; i < v->source_ranges.n; i++)
		jw_str(w, v->source_ranges.p[i]);
	jw_close_list(w);
}

const struct pairs *service_notes(const struct render *r)
{
	return &r->spec->service.annotations;
}

void service_write(struct render *r)
{
	const struct service_spec *v = &r->spec->service;
	struct jw *w = r->w;
	uint32_t i;

	jw_kopen(w, "spec");
	/* Always said, so that a stranger's Service of another type under
	 * this name is a conflict and not a merge. */
	jw_kcstr(w, "type",
	    schema_word(&service_type_words, (uint32_t)v->type));
	jw_kopen(w, "selector");
	jw_kstr(w, LABEL_KEY, r->key);
	user_labels_write(w, &r->spec->selector, NULL);
	jw_close(w);
	jw_kopen_list(w, "ports");
	for (i = 0; i < r->spec->ports.n; i++)
		port_write(&r->spec->ports.p[i], w);
	jw_close_list(w);
	affinity_write(v, w);
	if (v->internal_policy != TRAFFIC_DEFAULT)
		jw_kcstr(w, "internalTrafficPolicy", schema_word(
		    &traffic_policy_words, (uint32_t)v->internal_policy));
	outside_write(v, w);
	jw_close(w);
}
