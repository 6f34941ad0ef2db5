#include "model_int.h"

#define SEARCHES_MAX 2048	/* as Kubernetes has it */

static uint32_t bits(uint64_t set)
{
	uint32_t n = 0;

	for (; set; set &= set - 1)
		n++;
	return n;
}

/* ---- environment ---- */

static void check_variable(const struct env_var *e, const char *list,
    uint32_t i, struct faults *f)
{
	uint32_t sources = bits(e->from.has);

	if (str_find(e->name, '=') < e->name.n)
		rule_broken_at(f, list, i, "name", e->name, "holds '='");
	if (!HAS(e, env_var, from))
		return;
	if (HAS(e, env_var, value) && e->value.n)
		rule_broken_at(f, list, i, "", e->name,
		    "has both value and valueFrom");
	if (sources != 1)
		rule_broken_at(f, list, i, "valueFrom", e->name,
		    sources ? "has more than one source" :
		    "has no source that is known");
}

static void check_variables(const struct env_var_list *v, const char *list,
    struct faults *f)
{
	for (uint32_t i = 0; i < v->n; i++)
		check_variable(&v->p[i], list, i, f);
}

static void check_env_from(const struct env_from_list *v, const char *list,
    struct faults *f)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct env_from *e = &v->p[i];

		if (HAS(e, env_from, config_map) == HAS(e, env_from, secret))
			rule_broken_at(f, list, i, "", STR_NONE,
			    "needs one of configMapRef and secretRef");
	}
}

void check_env(const struct server_spec *s, struct faults *f)
{
	check_variables(&s->env, "env", f);
	check_env_from(&s->env_from, "envFrom", f);
}

/* ---- volumes ---- */

static void check_volume(const struct server_spec *s, uint32_t i,
    struct faults *f)
{
	const struct volume *v = &s->volumes.p[i];
	uint64_t sources = v->has & ~(UINT64_C(1) << volume_AT_raw |
	    UINT64_C(1) << volume_AT_name);

	if (!str_dns1123_label(v->name))
		rule_broken_at(f, "volumes", i, "name", v->name,
		    "is not a volume name: lower-case letters, digits and "
		    "'-', at most 63");
	else if (str_is(v->name, VOLUME_CONFIG) ||
	    str_is(v->name, VOLUME_TMP) || (s->config_sources.n > 0 &&
	    str_starts(v->name, STR(VOLUME_SOURCE))))
		rule_broken_at(f, "volumes", i, "name", v->name,
		    "is the name of a volume of the operator's own");
	if (bits(sources) > 1)
		rule_broken_at(f, "volumes", i, "", v->name,
		    "has more than one source");
	if (HAS(v, volume, secret) && !v->secret.secret_name.n)
		rule_broken_at(f, "volumes", i, "secret.secretName",
		    STR_NONE, "is required");
	if (HAS(v, volume, projected) &&
	    HAS(&v->projected, projected_volume, sources) &&
	    !v->projected.sources.n)
		rule_broken_at(f, "volumes", i, "projected.sources",
		    STR_NONE, "must not be empty");
}

static bool volume_known(const struct server_spec *s, struct str name)
{
	for (uint32_t i = 0; i < s->volumes.n; i++)
		if (str_eq(s->volumes.p[i].name, name))
			return true;
	return false;
}

struct str mount_place(struct str path)
{
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

static bool climbs(struct str path)
{
	while (path.n) {
		struct str part;

		path = str_cut(path, '/', &part);
		if (str_is(part, ".."))
			return true;
	}
	return false;
}

/* Is it the place of one of the first n? */
static bool is_mounted(const struct volume_mount_list *l, uint32_t n,
    struct str at)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(mount_place(l->p[i].mount_path), at))
			return true;
	return false;
}

static bool is_sourced(const struct server_spec *s, uint32_t n, struct str at)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(mount_place(s->config_sources.p[i].mount_path), at))
			return true;
	return false;
}

static void check_place(const char *list, uint32_t i, struct str at,
    bool config, struct faults *f)
{
	if (str_find(at, ':') < at.n)
		rule_broken_at(f, list, i, "mountPath", at, "holds ':'");
	else if (config && str_is(at, CONFIG_DIR))
		rule_broken_at(f, list, i, "mountPath", at,
		    "is where spec.config is mounted");
}

static void check_sub_path(const char *list, uint32_t i, struct str sub,
    struct faults *f)
{
	if (sub.n && (sub.p[0] == '/' || climbs(sub)))
		rule_broken_at(f, list, i, "subPath", sub,
		    "must be a path below the volume");
}

/* config: spec.config is mounted in this container. */
static void check_mounts(const struct server_spec *s,
    const struct volume_mount_list *l, const char *list, bool config,
    struct faults *f)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct volume_mount *m = &l->p[i];
		struct str at = mount_place(m->mount_path);

		if (!volume_known(s, m->name))
			rule_broken_at(f, list, i, "name", m->name,
			    "names no volume of spec.volumes");
		check_place(list, i, at, config, f);
		if (is_mounted(l, i, at))
			rule_broken_at(f, list, i, "mountPath", at,
			    "is another mount's path");
		if (m->sub_path.n && m->sub_path_expr.n)
			rule_broken_at(f, list, i, "subPathExpr", STR_NONE,
			    "must not stand with subPath");
		check_sub_path(list, i, m->sub_path.n ? m->sub_path :
		    m->sub_path_expr, f);
	}
}

static void check_source(const struct server_spec *s, uint32_t i,
    struct faults *f)
{
	static const char list[] = "configSources";
	const struct config_source *c = &s->config_sources.p[i];
	struct str at = mount_place(c->mount_path);

	if (HAS(c, config_source, config_map) ==
	    HAS(c, config_source, secret))
		rule_broken_at(f, list, i, "", STR_NONE,
		    "needs one of configMap and secret");
	check_place(list, i, at, server_has_config(s), f);
	if (is_mounted(&s->volume_mounts, s->volume_mounts.n, at) ||
	    is_sourced(s, i, at))
		rule_broken_at(f, list, i, "mountPath", at,
		    "is another mount's path; several sources in one place "
		    "are a projected volume");
	check_sub_path(list, i, c->sub_path, f);
}

void check_volumes(const struct server_spec *s, struct faults *f)
{
	for (uint32_t i = 0; i < s->volumes.n; i++) {
		check_volume(s, i, f);
		for (uint32_t j = 0; j < i; j++)
			if (str_eq(s->volumes.p[j].name,
			    s->volumes.p[i].name)) {
				rule_broken_at(f, "volumes", i, "name",
				    s->volumes.p[i].name,
				    "is the name of another volume");
				break;
			}
	}
	check_mounts(s, &s->volume_mounts, "volumeMounts",
	    server_has_config(s), f);
	for (uint32_t i = 0; i < s->config_sources.n; i++)
		check_source(s, i, f);
}

/* ---- probes ---- */

/* A patch may give the container ports that the spec does not know. */
static void check_probe_port(const struct server_spec *s,
    const struct int_or_str *port, const char *path, struct faults *f)
{
	if (port->is_int || HAS(s, server_spec, pod_patch))
		return;
	for (uint32_t i = 0; i < s->ports.n; i++)
		if (str_eq(s->ports.p[i].name, port->s))
			return;
	rule_broken(f, str_from(path), port->s,
	    "is the name of no port of the server");
}

static void check_probe(const struct server_spec *s, const struct probe *p,
    const char *path, bool one_success, struct faults *f)
{
	uint64_t kinds = p->has & (UINT64_C(1) << probe_AT_http |
	    UINT64_C(1) << probe_AT_tcp | UINT64_C(1) << probe_AT_exec |
	    UINT64_C(1) << probe_AT_grpc);

	if (bits(kinds) != 1)
		rule_broken(f, str_from(path), STR_NONE,
		    kinds ? "has more than one of httpGet, tcpSocket, exec "
		    "and grpc" :
		    "needs one of httpGet, tcpSocket, exec and grpc");
	if (HAS(p, probe, http))
		check_probe_port(s, &p->http.port, path, f);
	if (HAS(p, probe, tcp))
		check_probe_port(s, &p->tcp.port, path, f);
	if (HAS(p, probe, exec) && !p->exec.command.n)
		rule_broken(f, str_from(path), STR_NONE,
		    "has an exec without a command");
	if (one_success && HAS(p, probe, successes) && p->successes != 1)
		rule_broken(f, str_from(path), STR_NONE,
		    "must have successThreshold 1");
}

void check_probes(const struct server_spec *s, struct faults *f)
{
	const struct probes *p = &s->probes;

	if (HAS(p, probes, liveness))
		check_probe(s, &p->liveness, "spec.probes.liveness", true,
		    f);
	if (HAS(p, probes, readiness))
		check_probe(s, &p->readiness, "spec.probes.readiness", false,
		    f);
	if (HAS(&p->readiness, probe, termination_grace_s))
		rule_broken(f, STR("spec.probes.readiness."
		    "terminationGracePeriodSeconds"), STR_NONE,
		    "has no meaning: a pod that is not ready is not ended");
	if (HAS(p, probes, startup))
		check_probe(s, &p->startup, "spec.probes.startup", true, f);
}

/* ---- resources ---- */

void member_broken(struct faults *f, const char *at,
    struct str member, struct str value, const char *rule)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "spec.%s.%S", at, member);
	rule_broken(f, buf_view(&b), value, rule);
}

static void check_quantities(const struct pairs *m, const char *at,
    struct faults *f)
{
	for (uint32_t i = 0; i < m->n; i++) {
		int64_t milli;

		if (quantity_parse(m->p[i].value, &milli) || milli < 0)
			member_broken(f, at, m->p[i].key,
			    m->p[i].value, "must not be negative");
	}
}

void check_resources(const struct server_spec *s, struct faults *f)
{
	const struct pairs *want = &s->resources.requests;
	const struct pairs *most = &s->resources.limits;

	check_quantities(want, "resources.requests", f);
	check_quantities(most, "resources.limits", f);
	for (uint32_t i = 0; i < want->n; i++) {
		struct str key = want->p[i].key;
		int64_t a, b;

		if (pairs_have(most, key) &&
		    !quantity_parse(want->p[i].value, &a) &&
		    !quantity_parse(pairs_get(most, key), &b) && a > b)
			member_broken(f, "resources.requests", key,
			    want->p[i].value, "is over the limit");
	}
}

/* ---- security ---- */

/* "pod.sidecars[1].env", ended by a 0 */
static const char *below(char mem[static 64], const char *list, uint32_t i,
    const char *member)
{
	struct buf b;

	buf_init(&b, mem, 64);
	buf_fmt(&b, "%s[%u].%s", list, (unsigned)i, member);
	buf_char(&b, '\0');
	CHECK(!b.over);
	return mem;
}

static void check_seccomp(const struct profile *p, const char *at,
    struct faults *f)
{
	static const struct str member =
	    STR_INIT("seccompProfile.localhostProfile");
	struct str path = p->localhost;

	if (p->type != PROFILE_LOCALHOST && HAS(p, profile, localhost))
		member_broken(f, at, member, path, "is for type Localhost");
	else if (p->type == PROFILE_LOCALHOST &&
	    !HAS(p, profile, localhost))
		member_broken(f, at, member, STR_NONE,
		    "is required with type Localhost");
	else if (path.n && (path.p[0] == '/' || climbs(path)))
		member_broken(f, at, member, path,
		    "must be a path below the node's profiles");
}

static bool has_capability(const struct strs *v, const char *name)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (str_is(v->p[i], name))
			return true;
	return false;
}

static void check_context(const struct security_context *c,
    const char *at, struct faults *f)
{
	static const struct str escalation =
	    STR_INIT("allowPrivilegeEscalation");
	bool held = HAS(c, security_context, allow_escalation) &&
	    !c->allow_escalation;

	if (held && c->privileged)
		member_broken(f, at, escalation, STR_NONE,
		    "must not be false with privileged");
	else if (held && has_capability(&c->capabilities.add,
	    "CAP_SYS_ADMIN"))
		member_broken(f, at, escalation, STR_NONE,
		    "must not be false with CAP_SYS_ADMIN");
	if (HAS(c, security_context, seccomp))
		check_seccomp(&c->seccomp, at, f);
}

static void check_propagation(const struct volume_mount_list *l,
    const struct security_context *c, const char *list, struct faults *f)
{
	for (uint32_t i = 0; i < l->n && !c->privileged; i++)
		if (HAS(&l->p[i], volume_mount, propagation) &&
		    l->p[i].propagation == PROPAGATE_BOTH)
			rule_broken_at(f, list, i, "mountPropagation",
			    STR_NONE, "of Bidirectional needs a privileged "
			    "container");
}

static void check_contexts(const struct more_container_list *l,
    const char *list, struct faults *f)
{
	char mem[64];

	for (uint32_t i = 0; i < l->n; i++) {
		const struct more_container *c = &l->p[i];

		check_context(&c->security, below(mem, list, i,
		    "securityContext"), f);
		check_propagation(&c->mounts, &c->security, below(mem, list,
		    i, "volumeMounts"), f);
	}
}

/* What does not go together here may do so with a patch. */
void check_security(const struct server_spec *s, struct faults *f)
{
	if (HAS(s, server_spec, pod_patch))
		return;
	check_context(&s->security, "securityContext", f);
	if (HAS(&s->pod_security, pod_security_context, seccomp))
		check_seccomp(&s->pod_security.seccomp, "podSecurityContext",
		    f);
	check_propagation(&s->volume_mounts, &s->security, "volumeMounts",
	    f);
	check_contexts(&s->pod.init, "pod.initContainers", f);
	check_contexts(&s->pod.sidecars, "pod.sidecars", f);
}

/* ---- beside the server ---- */

static bool is_named(const struct more_container_list *l, uint32_t n,
    struct str name)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_eq(l->p[i].name, name))
			return true;
	return false;
}

/* others: those whose names are known before. */
static void check_more_name(const struct more_container_list *l, uint32_t i,
    const struct more_container_list *others, const char *list,
    struct faults *f)
{
	struct str name = l->p[i].name;

	if (!str_dns1123_label(name))
		rule_broken_at(f, list, i, "name", name,
		    "is not a container name: lower-case letters, digits "
		    "and '-', at most 63");
	else if (str_is(name, CONTAINER_NAME) || str_is(name, RELOADER_NAME))
		rule_broken_at(f, list, i, "name", name,
		    "is the name of a container of the operator's own");
	else if (is_named(l, i, name) || is_named(others, others->n, name))
		rule_broken_at(f, list, i, "name", name,
		    "is the name of another container");
}

/* A list with keys: server-side apply takes no such two. */
static void check_env_twice(const struct env_var_list *v, const char *list,
    struct faults *f)
{
	for (uint32_t i = 1; i < v->n; i++)
		for (uint32_t k = 0; k < i; k++)
			if (str_eq(v->p[k].name, v->p[i].name)) {
				rule_broken_at(f, list, i, "name",
				    v->p[i].name, "is given twice");
				break;
			}
}

static bool is_same_port(const struct more_port *p, const struct more_port *q)
{
	return p->number == q->number && p->protocol == q->protocol;
}

static void check_ports_twice(const struct more_port_list *v,
    const char *list, struct faults *f)
{
	for (uint32_t i = 1; i < v->n; i++)
		for (uint32_t k = 0; k < i; k++)
			if (is_same_port(&v->p[k], &v->p[i])) {
				rule_broken_at(f, list, i, "containerPort",
				    STR_NONE, "is given twice with this "
				    "protocol");
				break;
			}
}

static void check_more(const struct server_spec *s,
    const struct more_container_list *l,
    const struct more_container_list *others, const char *list,
    struct faults *f)
{
	char mem[64];

	for (uint32_t i = 0; i < l->n; i++) {
		const struct more_container *c = &l->p[i];

		check_more_name(l, i, others, list, f);
		if (!image_valid(c->image))
			rule_broken_at(f, list, i, "image", c->image,
			    "holds a character that no image has");
		check_variables(&c->env, below(mem, list, i, "env"), f);
		check_env_twice(&c->env, below(mem, list, i, "env"), f);
		check_env_from(&c->env_from, below(mem, list, i, "envFrom"),
		    f);
		check_ports_twice(&c->ports, below(mem, list, i, "ports"),
		    f);
		check_mounts(s, &c->mounts, below(mem, list, i,
		    "volumeMounts"), false, f);
	}
}

static void check_alias(const struct host_alias_list *l, uint32_t i,
    struct faults *f)
{
	static const char list[] = "pod.hostAliases";
	const struct host_alias *h = &l->p[i];
	struct net_addr addr;

	if (addr_parse(h->ip, &addr) < 0)
		rule_broken_at(f, list, i, "ip", h->ip, "is not an address");
	for (uint32_t k = 0; k < i; k++)
		if (str_eq(l->p[k].ip, h->ip)) {
			rule_broken_at(f, list, i, "ip", h->ip,
			    "is the address of another one");
			break;
		}
	for (uint32_t k = 0; k < h->names.n; k++)
		if (!str_dns1123_subdomain(h->names.p[k]))
			rule_broken_at(f, list, i, "hostnames",
			    h->names.p[k], "is not a host name");
}

/*
 * What no Kubernetes takes. From 1.32 on "_" is legal, and "." by itself: who
 * has it before that hears of it from the API server.
 */
static bool search_valid(struct str s)
{
	if (str_is(s, "."))
		return true;
	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	if (!s.n || s.n > 253)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool ends = i == 0 || s.p[i - 1] == '.' || i + 1 == s.n ||
		    s.p[i + 1] == '.';

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    c == '_')
			continue;
		if (ends || (c != '-' && c != '.'))
			return false;
	}
	return true;
}

static void check_searches(const struct strs *v, struct faults *f)
{
	size_t n = 0;

	for (uint32_t i = 0; i < v->n; i++) {
		n += v->p[i].n + (i > 0);
		if (!search_valid(v->p[i]))
			rule_broken_at(f, "pod.dnsConfig.searches", i, "",
			    v->p[i], "is not a domain");
	}
	if (n > SEARCHES_MAX)
		rule_broken(f, STR("spec.pod.dnsConfig.searches"), STR_NONE,
		    "are over 2048 characters, the blanks between them too");
}

static void check_dns(const struct pod_more *p, struct faults *f)
{
	for (uint32_t i = 0; i < p->dns.servers.n; i++) {
		struct net_addr addr;

		if (addr_parse(p->dns.servers.p[i], &addr) < 0)
			rule_broken_at(f, "pod.dnsConfig.nameservers", i, "",
			    p->dns.servers.p[i], "is not an address");
	}
	check_searches(&p->dns.searches, f);
	if (HAS(p, pod_more, dns_policy) && p->dns_policy == DNS_NONE &&
	    p->dns.servers.n == 0)
		rule_broken(f, STR("spec.pod.dnsConfig.nameservers"),
		    STR_NONE, "is required with dnsPolicy None");
}

static size_t size_of(const struct more_container_list *l)
{
	size_t n = 0;

	for (uint32_t i = 0; i < l->n; i++)
		n += l->p[i].raw.n;
	return n;
}

void check_pod(const struct server_spec *s, struct faults *f)
{
	static const struct more_container_list none;
	const struct pod_more *p = &s->pod;

	if (size_of(&p->init) + size_of(&p->sidecars) > POD_MORE_MAX)
		rule_broken(f, STR("spec.pod"), STR_NONE,
		    "has more than 32 KiB of containers; give large texts "
		    "as files of a ConfigMap");

	check_more(s, &p->init, &none, "pod.initContainers", f);
	check_more(s, &p->sidecars, &p->init, "pod.sidecars", f);
	for (uint32_t i = 0; i < p->aliases.n; i++)
		check_alias(&p->aliases, i, f);
	check_dns(p, f);
}
