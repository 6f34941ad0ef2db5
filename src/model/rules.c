#include "model_int.h"

/* Keys that the operator gives pods and Services itself. */
static const char *const own_labels[] = { "app", "managed-by" };
static const char *const own_domains[] = {
	"app.kubernetes.io/", "mcp.allbeone.io/", "kubernetes.io/",
	"k8s.io/", "mcp.example.com/"
};

int rule_broken(struct diag *d, struct str path, struct str value,
    const char *rule)
{
	if (value.n)
		diag_set(d, path, "%S %s", value, rule);
	else
		diag_set(d, path, "%s", rule);
	return ERR_INVALID;
}

int rule_broken_at(struct diag *d, const char *list, uint32_t i,
    const char *member, struct str value, const char *rule)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "spec.%s[%u]%s%s", list, (unsigned)i, *member ? "." : "",
	    member);
	return rule_broken(d, buf_view(&b), value, rule);
}

static int number_broken_at(struct diag *d, const char *list, uint32_t i,
    const char *member, int64_t value, const char *rule)
{
	char mem[24];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_i64(&b, value);
	return rule_broken_at(d, list, i, member, buf_view(&b), rule);
}

/* ---- names ---- */

static int check_name(const struct server *s, struct diag *d)
{
	struct str name = s->meta.name;

	if (name.n > 63)
		return rule_broken(d, STR("metadata.name"), name,
		    "is over 63 characters, too long for a label");
	if (s->spec.transport.type == TRANSPORT_STDIO)
		return 0;
	if (!str_dns1035_label(name))
		return rule_broken(d, STR("metadata.name"), name,
		    "cannot name a Service: lower-case letters, digits and "
		    "'-', a letter first, no '-' last");
	return 0;
}

static int check_image(const struct server_spec *s, struct diag *d)
{
	if (!HAS(s, server_spec, image))
		return rule_broken(d, STR("spec.image"), STR_NONE,
		    HAS(s, server_spec, registry) ? "is required: images "
		    "are not taken from a registry entry yet" :
		    "is required");
	for (size_t i = 0; i < s->image.n; i++)
		if (s->image.p[i] <= ' ' || s->image.p[i] > '~')
			return rule_broken(d, STR("spec.image"), s->image,
			    "holds a character that no image has");
	return 0;
}

static int check_references(const struct server_spec *s, struct diag *d)
{
	for (uint32_t i = 0; i < s->pull_secrets.n; i++)
		if (!str_dns1123_subdomain(s->pull_secrets.p[i].name))
			return rule_broken_at(d, "imagePullSecrets", i,
			    "name", s->pull_secrets.p[i].name,
			    "is not a name of a Secret");
	if (HAS(s, server_spec, service_account) &&
	    !str_dns1123_subdomain(s->service_account))
		return rule_broken(d, STR("spec.serviceAccountName"),
		    s->service_account, "is not a name of a ServiceAccount");
	if (HAS(s, server_spec, priority_class) &&
	    !str_dns1123_subdomain(s->priority_class))
		return rule_broken(d, STR("spec.priorityClassName"),
		    s->priority_class, "is not a name of a PriorityClass");
	return 0;
}

/* ---- labels and annotations ---- */

bool server_label_is_own(struct str key)
{
	for (size_t i = 0; i < ARRAY_LEN(own_labels); i++)
		if (str_is(key, own_labels[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(own_domains); i++)
		if (str_starts(key, str_from(own_domains[i])))
			return true;
	return false;
}

bool server_note_is_own(struct str key)
{
	return str_starts(key, STR("mcp.allbeone.io/"));
}

static int check_labels(const struct pairs *m, const char *path,
    struct str name, bool ours, struct diag *d)
{
	for (uint32_t i = 0; i < m->n; i++) {
		struct str key = m->p[i].key, value = m->p[i].value;

		if (!str_label_key(key))
			return rule_broken(d, str_from(path), key,
			    "is not a label key");
		if (!str_label_value(value))
			return rule_broken(d, str_from(path), value,
			    "is not a label value: at most 63 letters, "
			    "digits, '-', '_' and '.'");
		if (ours && server_label_is_own(key) &&
		    !(str_is(key, "app") && str_eq(value, name)))
			return rule_broken(d, str_from(path), key,
			    "is a label that the operator sets");
	}
	return 0;
}

static int check_keys(const struct pairs *m, const char *path,
    struct diag *d)
{
	for (uint32_t i = 0; i < m->n; i++) {
		struct str key = m->p[i].key;

		if (!str_label_key(key))
			return rule_broken(d, str_from(path), key,
			    "is not an annotation key");
		if (server_note_is_own(key))
			return rule_broken(d, str_from(path), key,
			    "is an annotation that the operator sets");
	}
	return 0;
}

static int check_maps(const struct server *s, struct diag *d)
{
	const struct server_spec *p = &s->spec;
	struct str name = s->meta.name;
	int err = check_labels(&p->selector, "spec.selector", name, true, d);

	if (!err)
		err = check_labels(&p->pod_labels, "spec.podLabels", name,
		    true, d);
	if (!err)
		err = check_labels(&p->node_selector, "spec.nodeSelector",
		    name, false, d);
	if (!err)
		err = check_labels(&p->service.labels,
		    "spec.service.labels", name, true, d);
	if (!err)
		err = check_keys(&p->pod_annotations, "spec.podAnnotations",
		    d);
	if (!err)
		err = check_keys(&p->service.annotations,
		    "spec.service.annotations", d);
	return err;
}

/* ---- ports and the Service ---- */

/* RFC 6335 section 5.1, as Kubernetes has it. */
static bool port_name_valid(struct str s)
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

static int check_port_pair(const struct server_port *p,
    const struct server_port *q, uint32_t i, struct diag *d)
{
	if (str_eq(p->name, q->name))
		return rule_broken_at(d, "ports", i, "name", p->name,
		    "is the name of another port");
	if (p->port == q->port && p->protocol == q->protocol)
		return number_broken_at(d, "ports", i, "port", p->port,
		    "is another port's number");
	if (HAS(p, server_port, node_port) &&
	    HAS(q, server_port, node_port) && p->node_port == q->node_port &&
	    p->protocol == q->protocol)
		return number_broken_at(d, "ports", i, "nodePort",
		    p->node_port, "is another port's number");
	return 0;
}

static int check_ports(const struct server_spec *s, struct diag *d)
{
	int err = 0;

	for (uint32_t i = 0; i < s->ports.n && !err; i++) {
		const struct server_port *p = &s->ports.p[i];

		if (!port_name_valid(p->name))
			return rule_broken_at(d, "ports", i, "name", p->name,
			    "is not a port name: at most 15 lower-case "
			    "letters, digits and single '-', one a letter");
		if (HAS(p, server_port, node_port) &&
		    s->service.type == SERVICE_CLUSTER_IP)
			return number_broken_at(d, "ports", i, "nodePort",
			    p->node_port,
			    "needs service.type NodePort or LoadBalancer");
		for (uint32_t j = 0; j < i && !err; j++)
			err = check_port_pair(p, &s->ports.p[j], i, d);
	}
	return err;
}

static int check_service(const struct server_spec *s, struct diag *d)
{
	const struct service_spec *v = &s->service;

	if (HAS(v, service_spec, affinity_timeout_s) &&
	    (!HAS(v, service_spec, affinity) ||
	    v->affinity != AFFINITY_CLIENT_IP))
		return rule_broken(d,
		    STR("spec.service.sessionAffinityTimeoutSeconds"),
		    STR_NONE, "needs sessionAffinity ClientIP");
	if (HAS(v, service_spec, load_balancer_class) &&
	    v->type != SERVICE_LOAD_BALANCER)
		return rule_broken(d,
		    STR("spec.service.loadBalancerClass"), STR_NONE,
		    "needs type LoadBalancer");
	return 0;
}

static int check_transport(const struct server *s, struct diag *d)
{
	const struct server_spec *p = &s->spec;
	struct str path = p->transport.path;

	if (!path.n || path.p[0] != '/')
		return rule_broken(d, STR("spec.transport.path"), path,
		    "must begin with '/'");
	/* This group's users know it as refused; others run one pod. */
	if (s->group == GROUP_EXAMPLE && p->replicas > 1 &&
	    p->transport.type == TRANSPORT_STDIO)
		return rule_broken(d, STR("spec.replicas"), STR_NONE,
		    "must be at most 1 with transport stdio");
	return 0;
}

/* ---- rollout ---- */

static bool percent_valid(struct str s)
{
	uint64_t v;

	return s.n > 1 && s.p[s.n - 1] == '%' &&
	    !str_u64(str_sub(s, 0, s.n - 1), &v) && v <= 1000000;
}

static bool is_none(const struct int_or_str *v)
{
	uint64_t percent;

	if (v->is_int)
		return v->i == 0;
	return !str_u64(str_sub(v->s, 0, v->s.n - 1), &percent) && !percent;
}

static int check_rolling(const struct rolling_update *r, struct diag *d)
{
	bool has_gone = HAS(r, rolling_update, max_unavailable);
	bool has_more = HAS(r, rolling_update, max_surge);

	if (has_gone && !r->max_unavailable.is_int &&
	    !percent_valid(r->max_unavailable.s))
		return rule_broken(d,
		    STR("spec.strategy.rollingUpdate.maxUnavailable"),
		    r->max_unavailable.s, "is neither a number nor a "
		    "percentage");
	if (has_more && !r->max_surge.is_int &&
	    !percent_valid(r->max_surge.s))
		return rule_broken(d,
		    STR("spec.strategy.rollingUpdate.maxSurge"),
		    r->max_surge.s, "is neither a number nor a percentage");
	if (has_gone && has_more && is_none(&r->max_unavailable) &&
	    is_none(&r->max_surge))
		return rule_broken(d, STR("spec.strategy.rollingUpdate"),
		    STR_NONE, "maxUnavailable and maxSurge must not both "
		    "be 0");
	return 0;
}

static int check_rollout(const struct server_spec *s, struct diag *d)
{
	if (s->strategy.type == STRATEGY_RECREATE &&
	    HAS(&s->strategy, strategy, rolling))
		return rule_broken(d, STR("spec.strategy.rollingUpdate"),
		    STR_NONE, "must not stand with type Recreate");
	/* 600 is what Kubernetes has for the deadline. */
	if (HAS(s, server_spec, min_ready_s) && s->min_ready_s >=
	    (HAS(s, server_spec, progress_deadline_s) ?
	    s->progress_deadline_s : 600))
		return rule_broken(d, STR("spec.minReadySeconds"), STR_NONE,
		    "must be less than progressDeadlineSeconds");
	return check_rolling(&s->strategy.rolling, d);
}

static int check_tolerations(const struct server_spec *s, struct diag *d)
{
	for (uint32_t i = 0; i < s->tolerations.n; i++) {
		const struct toleration *t = &s->tolerations.p[i];

		if (t->effect.n && !str_is(t->effect, "NoSchedule") &&
		    !str_is(t->effect, "PreferNoSchedule") &&
		    !str_is(t->effect, "NoExecute"))
			return rule_broken_at(d, "tolerations", i, "effect",
			    t->effect, "is not one of NoSchedule, "
			    "PreferNoSchedule, NoExecute");
		if (!t->key.n && !str_is(t->operator, "Exists"))
			return rule_broken_at(d, "tolerations", i, "key",
			    STR_NONE, "may be empty with operator Exists "
			    "only");
		if (t->value.n && str_is(t->operator, "Exists"))
			return rule_broken_at(d, "tolerations", i, "value",
			    t->value, "must not stand with operator Exists");
	}
	return 0;
}

/* ---- all of it ---- */

static int check_config(const struct server_spec *s, struct diag *d)
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
			return rule_broken(d, STR("spec.config"), key,
			    "cannot name a file: letters, digits, '-', '_' "
			    "and '.' only");
		if (str_is(key, "config.json"))
			return rule_broken(d, STR("spec.config"), key,
			    "is the name of the operator's own file");
	}
	return 0;
}

int server_check(const struct server *s, struct diag *d)
{
	int err = check_name(s, d);

	if (!err)
		err = check_image(&s->spec, d);
	if (!err)
		err = check_references(&s->spec, d);
	if (!err)
		err = check_maps(s, d);
	if (!err)
		err = check_ports(&s->spec, d);
	if (!err)
		err = check_service(&s->spec, d);
	if (!err)
		err = check_transport(s, d);
	if (!err)
		err = check_rollout(&s->spec, d);
	if (!err)
		err = check_tolerations(&s->spec, d);
	if (!err)
		err = check_config(&s->spec, d);
	if (!err)
		err = check_env(&s->spec, d);
	if (!err)
		err = check_volumes(&s->spec, d);
	if (!err)
		err = check_probes(&s->spec, d);
	if (!err)
		err = check_resources(&s->spec, d);
	return err;
}
