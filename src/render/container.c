#include "render_int.h"

static void strs_write(struct jw *w, const char *key, const struct strs *v)
{
	uint32_t i;

	if (v->n == 0)
		return;
	jw_kopen_list(w, key);
	for (i = 0; i < v->n; i++)
		jw_str(w, v->p[i]);
	jw_close_list(w);
}

static bool user_sets(const struct server_spec *spec, const char *name)
{
	uint32_t i;

	for (i = 0; i < spec->env.n; i++)
		if (str_is(spec->env.p[i].name, name))
			return true;
	return false;
}

static void env_plain(struct render *r, const char *name, struct str value)
{
	if (user_sets(r->spec, name))
		return;
	jw_open(r->w);
	jw_kcstr(r->w, "name", name);
	jw_kstr(r->w, "value", value);
	jw_close(r->w);
}

static void env_field(struct render *r, const char *name, const char *path)
{
	struct jw *w = r->w;

	if (user_sets(r->spec, name))
		return;
	jw_open(w);
	jw_kcstr(w, "name", name);
	jw_kopen(w, "valueFrom");
	jw_kopen(w, "fieldRef");
	jw_kcstr(w, "fieldPath", path);
	jw_close(w);
	jw_close(w);
	jw_close(w);
}

/*
 * What the older systems tell their servers, under each name that one of
 * them documents. The user's own come after, so that $(MCP_PORT) and the
 * like can be used in them, and win where they have the same name.
 */
static void env_write(struct render *r)
{
	const struct server_spec *spec = r->spec;
	struct jw *w = r->w;
	char mem[24];
	struct buf port;
	uint32_t i;

	jw_kopen_list(w, "env");
	env_plain(r, "MCP_SERVER_NAME", r->s->meta.name);
	env_plain(r, "MCP_SERVER_NAMESPACE", r->s->meta.ns);
	env_plain(r, "MCP_TRANSPORT", str_from(schema_word(
	    &transport_type_words, (uint32_t)spec->transport.type)));
	if (spec->transport.type != TRANSPORT_STDIO && spec->ports.n > 0) {
		buf_init(&port, mem, sizeof(mem));
		buf_i64(&port, spec->ports.p[0].target_port);
		CHECK(!port.over);
		env_plain(r, "MCP_PORT", buf_view(&port));
		env_plain(r, "MCP_SERVER_PORT", buf_view(&port));
	}
	if (config_mounted(r))
		env_plain(r, "MCP_CONFIG_FILE",
		    STR(CONFIG_DIR "/config.json"));
	if (reloader_wanted(r))
		env_plain(r, RELOAD_VARIABLE, r->key);
	env_field(r, "POD_NAME", "metadata.name");
	env_field(r, "POD_NAMESPACE", "metadata.namespace");
	for (i = 0; i < spec->env.n; i++)
		schema_encode(&env_var_schema, IN_ALL, &spec->env.p[i], w);
	jw_close_list(w);
	if (spec->env_from.n == 0)
		return;
	jw_kopen_list(w, "envFrom");
	for (i = 0; i < spec->env_from.n; i++)
		schema_encode(&env_from_schema, IN_ALL,
		    &spec->env_from.p[i], w);
	jw_close_list(w);
}

/* Two ports of the Service may lead to the same one of the container. */
static bool port_written(const struct server_spec *spec, uint32_t at)
{
	const struct server_port *p = &spec->ports.p[at];
	uint32_t i;

	for (i = 0; i < at; i++)
		if (spec->ports.p[i].target_port == p->target_port &&
		    spec->ports.p[i].protocol == p->protocol)
			return true;
	return false;
}

static void ports_write(struct render *r)
{
	const struct server_spec *spec = r->spec;
	struct jw *w = r->w;
	uint32_t i;

	if (!service_wanted(spec))
		return;
	jw_kopen_list(w, "ports");
	for (i = 0; i < spec->ports.n; i++) {
		const struct server_port *p = &spec->ports.p[i];

		if (port_written(spec, i))
			continue;
		jw_open(w);
		jw_kstr(w, "name", p->name);
		jw_ki64(w, "containerPort", p->target_port);
		jw_kcstr(w, "protocol",
		    schema_word(&protocol_words, (uint32_t)p->protocol));
		jw_close(w);
	}
	jw_close_list(w);
}

static void quantities_write(struct jw *w, const char *key,
    const struct pairs *q)
{
	uint32_t i;

	if (q->n == 0)
		return;
	jw_kopen(w, key);
	for (i = 0; i < q->n; i++) {
		jw_key(w, q->p[i].key);
		jw_str(w, q->p[i].value);
	}
	jw_close(w);
}

static void resources_write(struct render *r)
{
	const struct resources *v = &r->spec->resources;

	if (v->requests.n == 0 && v->limits.n == 0)
		return;
	jw_kopen(r->w, "resources");
	quantities_write(r->w, "requests", &v->requests);
	quantities_write(r->w, "limits", &v->limits);
	jw_close(r->w);
}

/* ---- probes ---- */

static void probe_default_write(struct render *r, const char *key,
    const struct probe_default *d)
{
	struct jw *w = r->w;

	jw_kopen(w, key);
	jw_kopen(w, d->kind == PROBE_HTTP ? "httpGet" : "tcpSocket");
	if (d->kind == PROBE_HTTP)
		jw_kcstr(w, "path", d->path);
	jw_ki64(w, "port", r->spec->ports.p[0].target_port);
	jw_close(w);
	if (d->initial_delay_s > 0)
		jw_ki64(w, "initialDelaySeconds", d->initial_delay_s);
	jw_ki64(w, "periodSeconds", d->period_s);
	jw_ki64(w, "timeoutSeconds", d->timeout_s);
	jw_ki64(w, "failureThreshold", d->failures);
	jw_close(w);
}

/* By number: a port that ports_write left out has its name in no pod. */
static void port_resolve(const struct server_spec *spec,
    struct int_or_str *port)
{
	uint32_t i;

	for (i = 0; !port->is_int && i < spec->ports.n; i++)
		if (str_eq(spec->ports.p[i].name, port->s)) {
			port->is_int = true;
			port->i = spec->ports.p[i].target_port;
		}
}

static void probe_given_write(struct render *r, const char *key,
    const struct probe *given)
{
	struct probe p = *given;

	port_resolve(r->spec, &p.http.port);
	port_resolve(r->spec, &p.tcp.port);
	jw_key(r->w, str_from(key));
	schema_encode(&probe_schema, IN_ALL, &p, r->w);
}

static void probe_write(struct render *r, const char *key,
    const struct probe *given, bool is_given, const struct probe_default *d)
{
	if (is_given) {
		probe_given_write(r, key, given);
		return;
	}
	/* A UDP or SCTP port answers no check of ours. */
	if (d == NULL || !d->on || r->spec->probes.disabled ||
	    !service_wanted(r->spec) ||
	    r->spec->ports.p[0].protocol != PROTOCOL_TCP)
		return;
	probe_default_write(r, key, d);
}

/*
 * The default liveness check waits, five minutes at most, until the server
 * has answered it once: an interpreter that takes half a minute to start on a
 * small board would be killed before, over and over. Readiness waits as well,
 * so the period is short.
 */
enum { STARTUP_PERIOD_S = 2, STARTUP_MAX_S = 300 };

static struct probe_default startup_default(const struct probe_default *live)
{
	struct probe_default d = *live;

	d.initial_delay_s = 0;
	d.period_s = STARTUP_PERIOD_S;
	d.failures = STARTUP_MAX_S / STARTUP_PERIOD_S;
	return d;
}

static void probes_write(struct render *r)
{
	const struct group_info *g = group_info(r->s->group);
	const struct probes *p = &r->spec->probes;
	struct probe_default startup = startup_default(&g->liveness);

	probe_write(r, "livenessProbe", &p->liveness,
	    HAS(p, probes, liveness), &g->liveness);
	probe_write(r, "readinessProbe", &p->readiness,
	    HAS(p, probes, readiness), &g->readiness);
	probe_write(r, "startupProbe", &p->startup, HAS(p, probes, startup),
	    HAS(p, probes, liveness) ? NULL : &startup);
}

/* ---- security ---- */

static bool adds_admin(const struct capabilities *c)
{
	uint32_t i;

	for (i = 0; i < c->add.n; i++)
		if (str_is(c->add.p[i], "SYS_ADMIN") ||
		    str_is(c->add.p[i], "CAP_SYS_ADMIN"))
			return true;
	return false;
}

/*
 * Who says whether root may run it knows who does: then the image's own user
 * stays. Else it is 1000, which no image has to be made for.
 */
static void user_defaults(struct security_context *c,
    const struct pod_security_context *pod)
{
	bool user = HAS(c, security_context, run_as_user) ||
	    HAS(pod, pod_security_context, run_as_user);

	if (HAS(c, security_context, run_as_non_root) ||
	    HAS(pod, pod_security_context, run_as_non_root))
		return;
	if (!user) {
		HAS_SET(c, security_context, run_as_user);
		c->run_as_user = SERVER_USER;
	}
	if (HAS(c, security_context, run_as_user) ? c->run_as_user != 0 :
	    pod->run_as_user != 0) {
		HAS_SET(c, security_context, run_as_non_root);
		c->run_as_non_root = true;
	}
}

/*
 * The restricted Pod Security Standard for everything the user leaves open.
 * What he says stands, and what Kubernetes would refuse beside it (no
 * escalation for a privileged container) is then left out.
 */
void security_default(struct security_context *c,
    const struct pod_security_context *pod)
{
	static struct str all = STR_INIT("ALL");

	user_defaults(c, pod);
	if (!HAS(c, security_context, allow_escalation) && !c->privileged &&
	    !adds_admin(&c->capabilities)) {
		HAS_SET(c, security_context, allow_escalation);
		c->allow_escalation = false;
	}
	if (!HAS(&c->capabilities, capabilities, drop) && !c->privileged) {
		HAS_SET(c, security_context, capabilities);
		HAS_SET(&c->capabilities, capabilities, drop);
		c->capabilities.drop = (struct strs){ &all, 1 };
	}
}

static void security_write(struct render *r)
{
	struct security_context c = r->spec->security;

	security_default(&c, &r->spec->pod_security);
	if (!HAS(&c, security_context, read_only_root)) {
		HAS_SET(&c, security_context, read_only_root);
		c.read_only_root = true;
	}
	jw_key(r->w, STR("securityContext"));
	schema_encode(&security_context_schema, IN_ALL, &c, r->w);
}

/* ---- volumes ---- */

bool mounts_at(const struct render *r, struct str path)
{
	const struct server_spec *spec = r->spec;
	uint32_t i;

	for (i = 0; i < spec->volume_mounts.n; i++)
		if (str_eq(mount_place(spec->volume_mounts.p[i].mount_path),
		    path))
			return true;
	for (i = 0; sources_mounted(r) && i < spec->config_sources.n; i++)
		if (str_eq(mount_place(
		    spec->config_sources.p[i].mount_path), path))
			return true;
	return false;
}

/* Programs write there; with a read-only root somebody must give it. */
bool wants_tmp(const struct render *r)
{
	const struct security_context *c = &r->spec->security;

	if (HAS(c, security_context, read_only_root) && !c->read_only_root)
		return false;
	return !mounts_at(r, STR("/tmp"));
}

static void mount_write(struct jw *w, const char *name, const char *path,
    bool read_only)
{
	jw_open(w);
	jw_kcstr(w, "name", name);
	jw_kcstr(w, "mountPath", path);
	if (read_only)
		jw_kbool(w, "readOnly", true);
	jw_close(w);
}

static void mounts_write(struct render *r)
{
	const struct server_spec *spec = r->spec;
	bool config = config_mounted(r);
	uint32_t i;

	if (spec->volume_mounts.n == 0 && !wants_tmp(r) && !config &&
	    !sources_mounted(r))
		return;
	jw_kopen_list(r->w, "volumeMounts");
	if (wants_tmp(r))
		mount_write(r->w, VOLUME_TMP, "/tmp", false);
	if (config)
		mount_write(r->w, VOLUME_CONFIG, CONFIG_DIR, true);
	source_mounts_write(r);
	for (i = 0; i < spec->volume_mounts.n; i++)
		schema_encode(&volume_mount_schema, IN_ALL,
		    &spec->volume_mounts.p[i], r->w);
	jw_close_list(r->w);
}

void container_write(struct render *r)
{
	const struct server_spec *spec = r->spec;
	struct jw *w = r->w;

	jw_open(w);
	jw_kcstr(w, "name", CONTAINER_NAME);
	jw_kstr(w, "image", spec->image);
	if (HAS(spec, server_spec, pull_policy))
		jw_kcstr(w, "imagePullPolicy", schema_word(
		    &pull_policy_words, (uint32_t)spec->pull_policy));
	strs_write(w, "command", &spec->command);
	strs_write(w, "args", &spec->args);
	/* A stdio server ends when its input does. */
	if (spec->transport.type == TRANSPORT_STDIO)
		jw_kbool(w, "stdin", true);
	ports_write(r);
	env_write(r);
	resources_write(r);
	probes_write(r);
	security_write(r);
	mounts_write(r);
	jw_close(w);
}
