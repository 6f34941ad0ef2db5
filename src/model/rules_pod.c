#include "model_int.h"

static uint32_t bits(uint64_t set)
{
	uint32_t n = 0;

	for (; set; set &= set - 1)
		n++;
	return n;
}

/* ---- environment ---- */

static void check_variable(const struct env_var *e, uint32_t i,
    struct faults *f)
{
	uint32_t sources = bits(e->from.has);

	if (str_find(e->name, '=') < e->name.n)
		rule_broken_at(f, "env", i, "name", e->name, "holds '='");
	if (!HAS(e, env_var, from))
		return;
	if (HAS(e, env_var, value) && e->value.n)
		rule_broken_at(f, "env", i, "", e->name,
		    "has both value and valueFrom");
	if (sources != 1)
		rule_broken_at(f, "env", i, "valueFrom", e->name,
		    sources ? "has more than one source" :
		    "has no source that is known");
}

void check_env(const struct server_spec *s, struct faults *f)
{
	for (uint32_t i = 0; i < s->env.n; i++)
		check_variable(&s->env.p[i], i, f);
	for (uint32_t i = 0; i < s->env_from.n; i++) {
		const struct env_from *e = &s->env_from.p[i];

		if (HAS(e, env_from, config_map) == HAS(e, env_from, secret))
			rule_broken_at(f, "envFrom", i, "", STR_NONE,
			    "needs one of configMapRef and secretRef");
	}
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

/* Is it one of the first so many places? */
static bool is_taken(const struct server_spec *s, struct str at,
    uint32_t mounts, uint32_t sources)
{
	for (uint32_t i = 0; i < mounts; i++)
		if (str_eq(mount_place(s->volume_mounts.p[i].mount_path), at))
			return true;
	for (uint32_t i = 0; i < sources; i++)
		if (str_eq(mount_place(s->config_sources.p[i].mount_path), at))
			return true;
	return false;
}

static void check_place(const struct server_spec *s, const char *list,
    uint32_t i, struct str at, struct faults *f)
{
	if (str_find(at, ':') < at.n)
		rule_broken_at(f, list, i, "mountPath", at, "holds ':'");
	else if (server_has_config(s) && str_is(at, CONFIG_DIR))
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

static void check_mount(const struct server_spec *s, uint32_t i,
    struct faults *f)
{
	static const char list[] = "volumeMounts";
	const struct volume_mount *m = &s->volume_mounts.p[i];
	struct str at = mount_place(m->mount_path);

	if (!volume_known(s, m->name))
		rule_broken_at(f, list, i, "name", m->name,
		    "names no volume of spec.volumes");
	check_place(s, list, i, at, f);
	if (is_taken(s, at, i, 0))
		rule_broken_at(f, list, i, "mountPath", at,
		    "is another mount's path");
	if (m->sub_path.n && m->sub_path_expr.n)
		rule_broken_at(f, list, i, "subPathExpr", STR_NONE,
		    "must not stand with subPath");
	check_sub_path(list, i, m->sub_path.n ? m->sub_path :
	    m->sub_path_expr, f);
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
	check_place(s, list, i, at, f);
	if (is_taken(s, at, s->volume_mounts.n, i))
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
	for (uint32_t i = 0; i < s->volume_mounts.n; i++)
		check_mount(s, i, f);
	for (uint32_t i = 0; i < s->config_sources.n; i++)
		check_source(s, i, f);
}

/* ---- probes ---- */

static void check_probe(const struct probe *p, const char *path,
    bool one_success, struct faults *f)
{
	uint64_t kinds = p->has & (UINT64_C(1) << probe_AT_http |
	    UINT64_C(1) << probe_AT_tcp | UINT64_C(1) << probe_AT_exec |
	    UINT64_C(1) << probe_AT_grpc);

	if (bits(kinds) != 1)
		rule_broken(f, str_from(path), STR_NONE,
		    kinds ? "has more than one of httpGet, tcpSocket, exec "
		    "and grpc" :
		    "needs one of httpGet, tcpSocket, exec and grpc");
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
		check_probe(&p->liveness, "spec.probes.liveness", true, f);
	if (HAS(p, probes, readiness))
		check_probe(&p->readiness, "spec.probes.readiness", false,
		    f);
	if (HAS(p, probes, startup))
		check_probe(&p->startup, "spec.probes.startup", true, f);
}

/* ---- resources ---- */

static void quantity_broken(struct faults *f, const char *list,
    struct str key, struct str value, const char *rule)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "spec.resources.%s.%S", list, key);
	rule_broken(f, buf_view(&b), value, rule);
}

static void check_quantities(const struct pairs *m, const char *list,
    struct faults *f)
{
	for (uint32_t i = 0; i < m->n; i++) {
		int64_t milli;

		if (quantity_parse(m->p[i].value, &milli) || milli < 0)
			quantity_broken(f, list, m->p[i].key,
			    m->p[i].value, "must not be negative");
	}
}

void check_resources(const struct server_spec *s, struct faults *f)
{
	const struct pairs *want = &s->resources.requests;
	const struct pairs *most = &s->resources.limits;

	check_quantities(want, "requests", f);
	check_quantities(most, "limits", f);
	for (uint32_t i = 0; i < want->n; i++) {
		struct str key = want->p[i].key;
		int64_t a, b;

		if (pairs_have(most, key) &&
		    !quantity_parse(want->p[i].value, &a) &&
		    !quantity_parse(pairs_get(most, key), &b) && a > b)
			quantity_broken(f, "requests", key,
			    want->p[i].value, "is over the limit");
	}
}
