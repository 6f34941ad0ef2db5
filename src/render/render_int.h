#ifndef RENDER_INT_H
#define RENDER_INT_H

#include "render.h"

/* What all parts of one rendering share. */
struct render {
	const struct render_in *in;
	const struct server *s;
	const struct server_spec *spec;
	struct str key;			/* value of LABEL_KEY */
	struct str config_text;		/* what config.json will hold */
	struct str template;		/* of the pods */
	struct str sent_template;	/* as it is asked for */
	struct str affinity;		/* of the pods; empty: none */
	struct strs init, sidecars;	/* containers beside the server's */
	struct str dashboard;		/* Grafana's JSON */
	uint64_t template_digest;
	/* Those parts of the spec that the kind at hand is made of. */
	struct autoscaling scaling;
	struct istio_spec istio;
	struct gateway_spec gateway;
	struct entry_spec entry;
	struct tenancy_spec tenancy;
	struct tenant_policy network;
	struct monitoring_spec monitoring;
	struct jw *w;
};

/* render.c */
/* A number, or the text for a percentage or a name. */
void int_or_str_write(struct jw *w, const char *key,
    const struct int_or_str *v);
/* A selector of what has this one label. */
void selector_write(struct jw *w, const char *key, const char *label,
    struct str value);
/* An object's members as they are, but for one. JSON_NIL: none. */
void members_write(const struct json_doc *doc, uint32_t at, struct str but,
    struct jw *w);
/* The labels of our own, which children and pods have in common. */
void labels_write(struct render *r);
/* A user's labels but ours, and but those that `but` (may be NULL) has. */
void user_labels_write(struct jw *w, const struct pairs *m,
    const struct pairs *but);
/* The same for annotations. */
void user_notes_write(struct jw *w, const struct pairs *m,
    const struct pairs *but);
/* One that a user's own of that name stands before. */
void note_default(struct render *r, const struct pairs *user,
    const char *key, const char *value);

/* workload.c */
void deployment_write(struct render *r);
void template_write(struct render *r);

/* pod.c */
struct strs containers_render(const struct render *r,
    const struct more_container_list *l, struct arena *a);
void containers_write(struct jw *w, const struct strs *v);
/* Lines of /etc/hosts, the resolver. */
void lookups_write(struct render *r);

/* autoscale.c */
bool hpa_wanted(const struct render *r);
void hpa_write(struct render *r);
bool pdb_wanted(const struct render *r);
void pdb_write(struct render *r);
bool vpa_wanted(const struct render *r);
void vpa_write(struct render *r);

/* mesh.c */
/* Asks for the mesh's sidecar, or for none, where a mesh is asked for. */
void sidecar_label_write(struct render *r);
bool virtual_service_wanted(const struct render *r);
void virtual_service_write(struct render *r);
bool destination_rule_wanted(const struct render *r);
void destination_rule_write(struct render *r);
bool peer_auth_wanted(const struct render *r);
void peer_auth_write(struct render *r);

/* entry.c */
/* Where clients come in; / with sse, whose messages go where the server says */
struct str clients_path(const struct server_spec *s);
/* What a Service must say for Traefik, which asks it how clients are kept. */
void entry_service_notes_write(struct render *r);
bool ingress_wanted(const struct render *r);
const struct pairs *ingress_notes(const struct render *r);
void ingress_notes_write(struct render *r);
void ingress_write(struct render *r);
bool http_route_wanted(const struct render *r);
const struct pairs *http_route_notes(const struct render *r);
void http_route_write(struct render *r);

/* tenant.c */
bool has_tenant(const struct render *r);
/* The tenant's labels but those that stand in one of these, or are ours. */
void tenant_labels_write(struct render *r, const struct pairs *near,
    const struct pairs *nearer);
/* Pods of other tenants are kept from the node, and the other way round. */
bool keeps_nodes(const struct render *r);
/* The pods' affinity, with what the tenancy asks for. */
struct str affinity_render(const struct render *r, struct arena *a);
bool quota_wanted(const struct render *r);
void quota_write(struct render *r);
bool limit_range_wanted(const struct render *r);
void limit_range_write(struct render *r);
bool role_wanted(const struct render *r);
void role_write(struct render *r);
void role_binding_write(struct render *r);

/* policy.c */
bool network_policy_wanted(const struct render *r);
void network_policy_write(struct render *r);

/* monitor.c */
const struct pairs *monitor_labels(const struct render *r);
bool service_monitor_wanted(const struct render *r);
void service_monitor_write(struct render *r);
bool prometheus_rule_wanted(const struct render *r);
void prometheus_rule_write(struct render *r);

/* dashboard.c */
bool dashboard_wanted(const struct render *r);
struct str dashboard_render(const struct render *r, struct arena *a);
const struct pairs *dashboard_labels(const struct render *r);
const struct pairs *dashboard_notes(const struct render *r);
void dashboard_write(struct render *r);

/*
 * promql.c: a template with $n for the namespace, $d for the Deployment's
 * name, $p for a pattern of its pods' names and $g for the server's API group.
 */
void promql_write(const struct render *r, const char *template,
    struct buf *out);
/* Names of 253 bytes, which are ten in one at most, and the rest of it. */
#define PROMQL_MAX 4096
#define OF_DEPLOYMENT "{namespace=\"$n\",deployment=\"$d\"}"
#define OF_CONTAINERS \
	"{namespace=\"$n\",pod=~\"$p\",container=\"mcp-server\"}"
/*
 * What the operator tells of a namespace has the label of its own, which gets
 * another name where Prometheus keeps the label of its target.
 */
#define OF_OPERATOR(before, metric, more, after) \
	before metric "{exported_namespace=\"$n\"" more "}" after " or " \
	before metric "{namespace=\"$n\",exported_namespace=\"\"" more "}" \
	after
#define FAILED_RECONCILES \
	OF_OPERATOR("increase(", "mcp_controller_reconcile_errors_total", \
	"", "[15m])")

/* container.c */
void container_write(struct render *r);
/* What is not given of it becomes restricted, but for the root's. */
void security_default(struct security_context *c,
    const struct pod_security_context *pod);
bool mounts_at(const struct render *r, struct str path);
bool wants_tmp(const struct render *r);

/* sources.c */
bool sources_mounted(const struct render *r);
void source_mounts_write(struct render *r);
void source_volumes_write(struct render *r);

/* reloader.c */
/* Has the pod a container that signals the server? */
bool reloader_wanted(const struct render *r);
void reloader_write(struct render *r);

/* service.c */
bool service_wanted(const struct server_spec *spec);
const struct pairs *service_notes(const struct render *r);
void service_write(struct render *r);

/* configmap.c */
bool config_mounted(const struct render *r);
/* Of what the user gave, not of what is made of it: see NOTE_CONFIG. */
uint64_t config_digest(const struct server_spec *spec);
struct str config_render(struct render *r, struct arena *a);
void config_write(struct render *r);

#endif
