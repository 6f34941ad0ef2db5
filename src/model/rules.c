#include "model_int.h"

/* By which a Deployment tells its ReplicaSets apart. */
#define DEPLOYMENTS_LABEL "pod-template-hash"
/* Keys that the operator gives its objects itself, besides its domain. */
static const char *const own_labels[] = {
	"app", "managed-by", "app.kubernetes.io/component",
	"app.kubernetes.io/instance", "app.kubernetes.io/managed-by",
	"app.kubernetes.io/name", "app.kubernetes.io/part-of",
	"mcp.example.com/transport", DEPLOYMENTS_LABEL
};

void rule_broken(struct faults *f, struct str path, struct str value,
    const char *rule)
{
	char shown[RULE_VALUE_MAX + 1];
	struct diag d;

	diag_clear(&d);
	cut_fmt(shown, sizeof(shown), "%S", value);
	if (value.n)
		diag_set(&d, path, "%s %s", shown, rule);
	else
		diag_set(&d, path, "%s", rule);
	f->any = true;
	f->each(f->ctx, &d);
}

void rule_broken_at(struct faults *f, const char *list, uint32_t i,
    const char *member, struct str value, const char *rule)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "spec.%s[%u]%s%s", list, (unsigned)i, *member ? "." : "",
	    member);
	rule_broken(f, buf_view(&b), value, rule);
}

static void number_broken_at(struct faults *f, const char *list, uint32_t i,
    const char *member, int64_t value, const char *rule)
{
	char mem[24];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_i64(&b, value);
	rule_broken_at(f, list, i, member, buf_view(&b), rule);
}

/* ---- names ---- */

static void check_name(const struct server *s, struct faults *f)
{
	struct str name = s->meta.name;

	if (name.n > 63)
		rule_broken(f, STR("metadata.name"), name,
		    "is over 63 characters, too long for a label");
	else if (s->spec.transport.type != TRANSPORT_STDIO &&
	    !str_dns1035_label(name))
		rule_broken(f, STR("metadata.name"), name,
		    "cannot name a Service: lower-case letters, digits and "
		    "'-', a letter first, no '-' last");
}

bool image_valid(struct str image)
{
	for (size_t i = 0; i < image.n; i++)
		if (image.p[i] <= ' ' || image.p[i] > '~')
			return false;
	return true;
}

static void check_image(const struct server_spec *s, struct faults *f)
{
	if (!HAS(s, server_spec, image))
		rule_broken(f, STR("spec.image"), STR_NONE,
		    HAS(s, server_spec, registry) ? "is required: images "
		    "are not taken from a registry entry yet" :
		    "is required");
	if (!image_valid(s->image))
		rule_broken(f, STR("spec.image"), s->image,
		    "holds a character that no image has");
}

static void check_references(const struct server_spec *s, struct faults *f)
{
	for (uint32_t i = 0; i < s->pull_secrets.n; i++)
		if (!str_dns1123_subdomain(s->pull_secrets.p[i].name))
			rule_broken_at(f, "imagePullSecrets", i,
			    "name", s->pull_secrets.p[i].name,
			    "is not a name of a Secret");
	if (HAS(s, server_spec, service_account) &&
	    !str_dns1123_subdomain(s->service_account))
		rule_broken(f, STR("spec.serviceAccountName"),
		    s->service_account, "is not a name of a ServiceAccount");
	if (HAS(s, server_spec, priority_class) &&
	    !str_dns1123_subdomain(s->priority_class))
		rule_broken(f, STR("spec.priorityClassName"),
		    s->priority_class, "is not a name of a PriorityClass");
	if (HAS(s, server_spec, runtime_class) &&
	    !str_dns1123_subdomain(s->runtime_class))
		rule_broken(f, STR("spec.runtimeClassName"),
		    s->runtime_class, "is not a name of a RuntimeClass");
}

/* ---- labels and annotations ---- */

bool server_label_is_own(struct str key)
{
	for (size_t i = 0; i < ARRAY_LEN(own_labels); i++)
		if (str_is(key, own_labels[i]))
			return true;
	return server_note_is_own(key);
}

bool server_label_is_reserved(struct str key)
{
	static const struct str domains[] = {
		STR_INIT("kubernetes.io"), STR_INIT("k8s.io")
	};
	size_t slash = str_find(key, '/');
	struct str domain = str_sub(key, 0, slash);

	if (slash == key.n)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
		struct str end = domains[i];

		if (str_eq(domain, end) || (str_ends(domain, end) &&
		    domain.p[domain.n - end.n - 1] == '.'))
			return true;
	}
	return false;
}

bool server_note_is_own(struct str key)
{
	return str_starts(key, STR("mcp.allbeone.io/"));
}

/* An empty key, so that it is seen. */
static struct str shown(struct str key)
{
	return key.n > 0 ? key : STR("\"\"");
}

void check_labels(const struct pairs *m, const char *path,
    struct str name, bool ours, struct faults *f)
{
	for (uint32_t i = 0; i < m->n; i++) {
		struct str key = m->p[i].key, value = m->p[i].value;

		if (!str_label_key(key))
			rule_broken(f, str_from(path), shown(key),
			    "is not a label key");
		if (!str_label_value(value))
			rule_broken(f, str_from(path), value,
			    "is not a label value: at most 63 letters, "
			    "digits, '-', '_' and '.'");
		else if (ours && server_label_is_own(key) &&
		    !(str_is(key, "app") && str_eq(value, name)))
			rule_broken(f, str_from(path), key,
			    str_is(key, DEPLOYMENTS_LABEL) ?
			    "is a label that Deployments set" :
			    "is a label that the operator sets");
	}
}

void check_notes(const struct pairs *m, const char *path, struct faults *f)
{
	for (uint32_t i = 0; i < m->n; i++) {
		struct str key = m->p[i].key;

		if (!str_label_key(key))
			rule_broken(f, str_from(path), shown(key),
			    "is not an annotation key");
		else if (server_note_is_own(key))
			rule_broken(f, str_from(path), key,
			    "is an annotation that the operator sets");
	}
}

static void check_maps(const struct server *s, struct faults *f)
{
	const struct server_spec *p = &s->spec;
	struct str name = s->meta.name;

	check_labels(&p->selector, "spec.selector", name, true, f);
	check_labels(&p->pod_labels, "spec.podLabels", name, true, f);
	check_labels(&p->node_selector, "spec.nodeSelector", name, false, f);
	check_labels(&p->service.labels, "spec.service.labels", name, true,
	    f);
	check_notes(&p->pod_annotations, "spec.podAnnotations", f);
	check_notes(&p->service.annotations, "spec.service.annotations", f);
}

/* ---- ports and the Service ---- */

/* RFC 6335 section 5.1, as Kubernetes has it. */
bool port_name_valid(struct str s)
{
	bool letter = false;

	if (!s.n || s.n > 15 || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c >= 'a' && c <= 'z')
			letter = true;
		else if (c == '-' ? s.p[i + 1] == '-' : c < '0' || c > '9')
			return false;
	}
	return letter;
}

static void check_port_pair(const struct server_port *p,
    const struct server_port *q, uint32_t i, struct faults *f)
{
	if (str_eq(p->name, q->name))
		rule_broken_at(f, "ports", i, "name", p->name,
		    "is the name of another port");
	if (p->port == q->port && p->protocol == q->protocol)
		number_broken_at(f, "ports", i, "port", p->port,
		    "is another port's number");
	if (HAS(p, server_port, node_port) &&
	    HAS(q, server_port, node_port) && p->node_port == q->node_port &&
	    p->protocol == q->protocol)
		number_broken_at(f, "ports", i, "nodePort",
		    p->node_port, "is another port's number");
}

static void check_ports(const struct server_spec *s, struct faults *f)
{
	for (uint32_t i = 0; i < s->ports.n; i++) {
		const struct server_port *p = &s->ports.p[i];

		if (!port_name_valid(p->name))
			rule_broken_at(f, "ports", i, "name", p->name,
			    "is not a port name: at most 15 lower-case "
			    "letters, digits and single '-', one a letter");
		if (HAS(p, server_port, node_port) &&
		    s->service.type == SERVICE_CLUSTER_IP)
			number_broken_at(f, "ports", i, "nodePort",
			    p->node_port,
			    "needs service.type NodePort or LoadBalancer");
		for (uint32_t j = 0; j < i; j++)
			check_port_pair(p, &s->ports.p[j], i, f);
	}
}

static void check_service(const struct server_spec *s, struct faults *f)
{
	const struct service_spec *v = &s->service;

	if (HAS(v, service_spec, affinity_timeout_s) &&
	    (!HAS(v, service_spec, affinity) ||
	    v->affinity != AFFINITY_CLIENT_IP))
		rule_broken(f,
		    STR("spec.service.sessionAffinityTimeoutSeconds"),
		    STR_NONE, "needs sessionAffinity ClientIP");
	if (HAS(v, service_spec, load_balancer_class) &&
	    v->type != SERVICE_LOAD_BALANCER)
		rule_broken(f,
		    STR("spec.service.loadBalancerClass"), STR_NONE,
		    "needs type LoadBalancer");
	for (uint32_t i = 0; i < v->source_ranges.n; i++)
		if (!network_valid(v->source_ranges.p[i]))
			rule_broken_at(f, "service.loadBalancerSourceRanges",
			    i, "", v->source_ranges.p[i],
			    "is not a network such as 10.0.0.0/8");
}

/* As a request of HTTP has it. */
static void check_path(const char *field, struct str path, struct faults *f)
{
	size_t i;

	if (!path.n || path.p[0] != '/')
		rule_broken(f, str_from(field), path, "must begin with '/'");
	for (i = 0; i < path.n; i++)
		if (path.p[i] <= 0x20 || path.p[i] > 0x7e ||
		    path.p[i] == '#') {
			rule_broken(f, str_from(field), path, "holds what no "
			    "request can have: a space, '#' or a byte beyond "
			    "ASCII");
			return;
		}
}

static void check_transport(const struct server *s, struct faults *f)
{
	const struct server_spec *p = &s->spec;

	check_path("spec.transport.path", p->transport.path, f);
	if (HAS(&p->verification, verification, path))
		check_path("spec.verification.path", p->verification.path, f);
	/* This group's users know it as refused; others run one pod. */
	if (s->group == GROUP_EXAMPLE && p->replicas > 1 &&
	    p->transport.type == TRANSPORT_STDIO)
		rule_broken(f, STR("spec.replicas"), STR_NONE,
		    "must be at most 1 with transport stdio");
}

/* ---- rollout ---- */

static bool percent_read(struct str s, uint64_t *ret)
{
	return s.n > 1 && s.p[s.n - 1] == '%' &&
	    !str_u64(str_sub(s, 0, s.n - 1), ret) && *ret <= 1000000;
}

static bool percent_valid(struct str s)
{
	uint64_t v;

	return percent_read(s, &v);
}

bool count_given(const struct int_or_str *v)
{
	return v->is_int || v->s.n > 0;
}

bool count_valid(const struct int_or_str *v)
{
	return v->is_int || !v->s.n || percent_valid(v->s);
}

bool count_is_part(const struct int_or_str *v)
{
	uint64_t percent;

	return v->is_int || !percent_read(v->s, &percent) || percent <= 100;
}

static bool is_none(const struct int_or_str *v)
{
	uint64_t percent;

	if (v->is_int)
		return v->i == 0;
	return percent_read(v->s, &percent) && percent == 0;
}

static void check_rolling(const struct rolling_update *r, struct faults *f)
{
	bool has_gone = HAS(r, rolling_update, max_unavailable);
	bool has_more = HAS(r, rolling_update, max_surge);

	if (has_gone && !r->max_unavailable.is_int &&
	    !percent_valid(r->max_unavailable.s))
		rule_broken(f,
		    STR("spec.strategy.rollingUpdate.maxUnavailable"),
		    r->max_unavailable.s, "is neither a number nor a "
		    "percentage");
	else if (has_gone && !count_is_part(&r->max_unavailable))
		rule_broken(f,
		    STR("spec.strategy.rollingUpdate.maxUnavailable"),
		    r->max_unavailable.s, "is over 100%");
	if (has_more && !r->max_surge.is_int &&
	    !percent_valid(r->max_surge.s))
		rule_broken(f,
		    STR("spec.strategy.rollingUpdate.maxSurge"),
		    r->max_surge.s, "is neither a number nor a percentage");
	if (has_gone && has_more && is_none(&r->max_unavailable) &&
	    is_none(&r->max_surge))
		rule_broken(f, STR("spec.strategy.rollingUpdate"),
		    STR_NONE, "maxUnavailable and maxSurge must not both "
		    "be 0");
}

static void check_rollout(const struct server_spec *s, struct faults *f)
{
	if (s->strategy.type == STRATEGY_RECREATE &&
	    HAS(&s->strategy, strategy, rolling))
		rule_broken(f, STR("spec.strategy.rollingUpdate"),
		    STR_NONE, "must not stand with type Recreate");
	/* 600 is what Kubernetes has for the deadline. */
	if (HAS(s, server_spec, min_ready_s) && s->min_ready_s >=
	    (HAS(s, server_spec, progress_deadline_s) ?
	    s->progress_deadline_s : 600))
		rule_broken(f, STR("spec.minReadySeconds"), STR_NONE,
		    "must be less than progressDeadlineSeconds");
	if (s->rollback && HAS(s, server_spec, revision_history) &&
	    s->revision_history == 0)
		rule_broken(f, STR("spec.revisionHistoryLimit"), STR_NONE,
		    "must be at least 1 with rollbackOnFailure");
	check_rolling(&s->strategy.rolling, f);
}

static void check_tolerations(const struct server_spec *s, struct faults *f)
{
	for (uint32_t i = 0; i < s->tolerations.n; i++) {
		const struct toleration *t = &s->tolerations.p[i];

		if (t->effect.n && !str_is(t->effect, "NoSchedule") &&
		    !str_is(t->effect, "PreferNoSchedule") &&
		    !str_is(t->effect, "NoExecute"))
			rule_broken_at(f, "tolerations", i, "effect",
			    t->effect, "is not one of NoSchedule, "
			    "PreferNoSchedule, NoExecute");
		if (t->operator.n && !str_is(t->operator, "Equal") &&
		    !str_is(t->operator, "Exists") &&
		    !str_is(t->operator, "Lt") &&
		    !str_is(t->operator, "Gt"))
			rule_broken_at(f, "tolerations", i, "operator",
			    t->operator, "is not one of Equal, Exists, Lt, "
			    "Gt");
		if (!t->key.n && !str_is(t->operator, "Exists"))
			rule_broken_at(f, "tolerations", i, "key",
			    STR_NONE, "may be empty with operator Exists "
			    "only");
		if (HAS(t, toleration, seconds) &&
		    !str_is(t->effect, "NoExecute"))
			rule_broken_at(f, "tolerations", i,
			    "tolerationSeconds", STR_NONE,
			    "needs effect NoExecute");
		if (t->value.n && str_is(t->operator, "Exists"))
			rule_broken_at(f, "tolerations", i, "value",
			    t->value, "must not stand with operator Exists");
	}
}

/* ---- all of it ---- */

static void check_config(const struct server_spec *s, struct faults *f)
{
	for (uint32_t i = 0; i < s->config_map.n; i++) {
		struct str key = s->config_map.p[i].key;
		bool fine = key.n > 0 && key.n <= 253 && !str_is(key, ".") &&
		    !str_starts(key, STR(".."));

		for (size_t k = 0; k < key.n && fine; k++) {
			char c = key.p[k];

			fine = (c >= 'a' && c <= 'z') ||
			    (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '-' ||
			    c == '_' || c == '.';
		}
		if (!fine)
			rule_broken(f, STR("spec.config"), key,
			    "cannot name a file: letters, digits, '-', '_' "
			    "and '.' only");
		else if (str_is(key, "config.json"))
			rule_broken(f, STR("spec.config"), key,
			    "is the name of the operator's own file");
	}
}

/* Each time costs a write per child and one of the status. */
static void check_schedule(const struct server_spec *s, struct faults *f)
{
	struct cron c;
	struct diag d;

	if (!HAS(s, server_spec, schedule))
		return;
	diag_clear(&d);
	if (cron_parse(s->schedule, &c, &d) < 0)
		rule_broken(f, STR("spec.schedule"), STR_NONE, d.text);
	else if (c.every_s > 0 && c.every_s < 60)
		rule_broken(f, STR("spec.schedule"), s->schedule,
		    "comes more than once a minute");
	else if (cron_next(&c, 0) == TIME_NEVER)
		rule_broken(f, STR("spec.schedule"), s->schedule,
		    "never comes: its months have no such day");
}

static int check_areas(const struct server *s, struct arena *a,
    struct faults *f)
{
	struct autoscaling scaling;
	struct istio_spec istio;
	struct gateway_spec gateway;
	struct entry_spec entry;
	struct tenancy_spec tenancy;
	struct tenant_policy network;
	struct monitoring_spec monitoring;

	if (server_area(s, server_spec_AT_gateway, a, &gateway) ||
	    server_area(s, server_spec_AT_autoscaling, a, &scaling) ||
	    server_area(s, server_spec_AT_istio, a, &istio) ||
	    server_area(s, server_spec_AT_entry, a, &entry) ||
	    server_area(s, server_spec_AT_network, a, &network) ||
	    server_area(s, server_spec_AT_tenancy, a, &tenancy) ||
	    server_area(s, server_spec_AT_monitoring, a, &monitoring))
		return ERR_FULL;
	check_autoscaling(s, &scaling, gateway.enabled, f);
	check_mesh(s, &istio, &gateway, f);
	check_entry(s, &entry, gateway.enabled, f);
	check_tenancy(s, &tenancy, &network, f);
	check_monitoring(s, &monitoring, gateway.enabled, f);
	return 0;
}

int server_check_all(const struct server *s, struct arena *scratch,
    server_fault *each, void *ctx)
{
	struct faults f = { each, ctx, false };
	size_t mark = arena_mark(scratch);
	int err;

	check_name(s, &f);
	check_image(&s->spec, &f);
	check_references(&s->spec, &f);
	check_maps(s, &f);
	check_ports(&s->spec, &f);
	check_service(&s->spec, &f);
	check_transport(s, &f);
	check_rollout(&s->spec, &f);
	check_tolerations(&s->spec, &f);
	check_security(&s->spec, &f);
	check_schedule(&s->spec, &f);
	check_config(&s->spec, &f);
	check_env(&s->spec, &f);
	check_volumes(&s->spec, &f);
	check_probes(&s->spec, &f);
	check_resources(&s->spec, &f);
	check_pod(&s->spec, &f);
	err = check_areas(s, scratch, &f);
	if (!err)
		err = check_pod_patch(&s->spec, scratch, &f);
	arena_reset(scratch, mark);
	return f.any ? ERR_INVALID : err;
}

static void keep_first(void *ctx, const struct diag *fault)
{
	struct diag *d = ctx;

	if (d && !diag_is_set(d))
		*d = *fault;
}

int server_check(const struct server *s, struct arena *scratch,
    struct diag *d)
{
	return server_check_all(s, scratch, keep_first, d);
}
