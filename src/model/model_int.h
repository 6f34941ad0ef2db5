#ifndef MODEL_INT_H
#define MODEL_INT_H

#include "model.h"

/* adapt_env.c: 0 or ERR_FULL */
int adapt_env(struct arena *a, struct server_spec *s);
int adapt_resources(enum group g, struct arena *a, struct server_spec *s);

struct resource_default {
	uint8_t groups, transports, row, when;
	struct str cpu, memory;
};
/* adapt_env.c: what a server that says nothing requests; NULL: nothing */
const struct resource_default *default_requests(const struct server *s);

/* To whom the rules tell what is wrong; they go on, so that all is told. */
struct faults {
	server_fault *each;
	void *ctx;
	bool any;
};

/*
 * rules.c: a broken rule, with the value that breaks it unless empty. The
 * second is for "spec.list[i].member".
 */
void rule_broken(struct faults *f, struct str path, struct str value,
    const char *rule);
void rule_broken_at(struct faults *f, const char *list, uint32_t i,
    const char *member, struct str value, const char *rule);

/* rules.c: a number, or a percentage as text; annotations */
bool count_valid(const struct int_or_str *v);
bool count_is_part(const struct int_or_str *v);	/* not over 100% */
bool image_valid(struct str image);
bool port_name_valid(struct str s);
bool network_valid(struct str s);	/* "10.0.0.0/8", "fd00::/8" */
void check_notes(const struct pairs *m, const char *path, struct faults *f);
void check_labels(const struct pairs *m, const char *path, struct str name,
    bool ours, struct faults *f);

/* rules_mesh.c */
bool host_valid(struct str host);	/* "*.example.com" too */
bool header_name_valid(struct str s);

/*
 * rules_scaling.c, rules_mesh.c, rules_entry.c, rules_tenant.c,
 * rules_monitor.c. gateway: one stands before the pods.
 */
void check_autoscaling(const struct server *s, const struct autoscaling *a,
    bool gateway, struct faults *f);
void check_mesh(const struct server *s, const struct istio_spec *m,
    const struct gateway_spec *g, struct faults *f);
void check_entry(const struct server *s, const struct entry_spec *e,
    bool gateway, struct faults *f);
void check_monitoring(const struct server *s, const struct monitoring_spec *m,
    bool gateway, struct faults *f);
void check_tenancy(const struct server *s, const struct tenancy_spec *t,
    const struct tenant_policy *network, struct faults *f);

/* rules_tenant.c: does a network have bits of a host, as 10.0.0.1/8 does? */
bool network_has_host(struct str s);

/* rules_tenant.c: does what so many pods request, as of "cpu", fit in? */
bool pods_fit(const struct server_spec *s, const char *resource,
    struct str room, int64_t pods);

/* rules_tenant.c: is one of them that port, or are there none? */
bool ports_let_in(const struct policy_port_list *ports,
    const struct server_port *to);

/* All that is kept as text, decoded. */
struct areas {
	struct gateway_spec gateway;
	struct autoscaling scaling;
	struct istio_spec istio;
	struct entry_spec entry;
	struct tenant_policy network;
	struct tenancy_spec tenancy;
	struct monitoring_spec monitoring;
};
/* advice_areas.c: 0 or ERR_FULL */
int advise_areas(const struct server *s, const struct areas *a,
    struct arena *scratch, struct faults *f);

/* live.c: what it says without effect */
void reload_idle(const struct server_spec *s, struct faults *f);

/* rules_patch.c: 0 or ERR_FULL */
int check_pod_patch(const struct server_spec *s, struct arena *a,
    struct faults *f);

/* rules_pod.c: of "spec.at.member"; at as "resources.limits" */
void member_broken(struct faults *f, const char *at, struct str member,
    struct str value, const char *rule);
void check_env(const struct server_spec *s, struct faults *f);
void check_security(const struct server_spec *s, struct faults *f);
void check_volumes(const struct server_spec *s, struct faults *f);
void check_probes(const struct server_spec *s, struct faults *f);
void check_resources(const struct server_spec *s, struct faults *f);
void check_pod(const struct server_spec *s, struct faults *f);

#endif
