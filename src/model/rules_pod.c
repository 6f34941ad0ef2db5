#include "model_int.h"

static uint32_t bits(uint64_t set)
{
	uint32_t n = 0;

	for (; set; set &= set - 1)
		n++;
	return n;
}

/* ---- environment ---- */

static int check_variable(const struct env_var *e, uint32_t i,
    struct diag *d)
{
	uint32_t sources = bits(e->from.has);

	if (str_find(e->name, '=') < e->name.n)
		return rule_broken_at(d, "env", i, "name", e->name,
		    "holds '='");
	if (!HAS(e, env_var, from))
		return 0;
	if (HAS(e, env_var, value) && e->value.n)
		return rule_broken_at(d, "env", i, "", e->name,
		    "has both value and valueFrom");
	if (sources != 1)
		return rule_broken_at(d, "env", i, "valueFrom", e->name,
		    sources ? "has more than one source" :
		    "has no source that is known");
	return 0;
}

int check_env(const struct server_spec *s, struct diag *d)
{
	int err = 0;

	for (uint32_t i = 0; i < s->env.n && !err; i++)
		err = check_variable(&s->env.p[i], i, d);
	for (uint32_t i = 0; i < s->env_from.n && !err; i++) {
		const struct env_from *e = &s->env_from.p[i];

		if (HAS(e, env_from, config_map) == HAS(e, env_from, secret))
			err = rule_broken_at(d, "envFrom", i, "", STR_NONE,
			    "needs one of configMapRef and secretRef");
	}
	return err;
}

/* ---- volumes ---- */

static int check_volume(const struct volume *v, uint32_t i, struct diag *d)
{
	uint64_t sources = v->has & ~(UINT64_C(1) << volume_AT_raw |
	    UINT64_C(1) << volume_AT_name);

	if (!str_dns1123_label(v->name))
		return rule_broken_at(d, "volumes", i, "name", v->name,
		    "is not a volume name: lower-case letters, digits and "
		    "'-', at most 63");
	if (str_is(v->name, VOLUME_CONFIG) || str_is(v->name, VOLUME_TMP))
		return rule_broken_at(d, "volumes", i, "name", v->name,
		    "is the name of a volume of the operator's own");
	if (bits(sources) > 1)
		return rule_broken_at(d, "volumes", i, "", v->name,
		    "has more than one source");
	if (HAS(v, volume, secret) && !v->secret.secret_name.n)
		return rule_broken_at(d, "volumes", i, "secret.secretName",
		    STR_NONE, "is required");
	if (HAS(v, volume, projected) &&
	    HAS(&v->projected, projected_volume, sources) &&
	    !v->projected.sources.n)
		return rule_broken_at(d, "volumes", i, "projected.sources",
		    STR_NONE, "must not be empty");
	return 0;
}

static bool volume_known(const struct server_spec *s, struct str name)
{
	for (uint32_t i = 0; i < s->volumes.n; i++)
		if (str_eq(s->volumes.p[i].name, name))
			return true;
	return false;
}

/* "/a/" and "/a" are one place. */
static struct str place(struct str path)
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

static int check_sub_path(const struct volume_mount *m, uint32_t i,
    struct diag *d)
{
	struct str sub = m->sub_path.n ? m->sub_path : m->sub_path_expr;

	if (m->sub_path.n && m->sub_path_expr.n)
		return rule_broken_at(d, "volumeMounts", i, "subPathExpr",
		    STR_NONE, "must not stand with subPath");
	if (sub.n && (sub.p[0] == '/' || climbs(sub)))
		return rule_broken_at(d, "volumeMounts", i, "subPath", sub,
		    "must be a path below the volume");
	return 0;
}

static int check_mount(const struct server_spec *s, uint32_t i,
    struct diag *d)
{
	const struct volume_mount *m = &s->volume_mounts.p[i];
	struct str at = place(m->mount_path);
	bool config = HAS(s, server_spec, config) || s->config_map.n;

	if (!volume_known(s, m->name))
		return rule_broken_at(d, "volumeMounts", i, "name", m->name,
		    "names no volume of spec.volumes");
	if (str_find(at, ':') < at.n)
		return rule_broken_at(d, "volumeMounts", i, "mountPath", at,
		    "holds ':'");
	if (config && str_is(at, CONFIG_DIR))
		return rule_broken_at(d, "volumeMounts", i, "mountPath", at,
		    "is where spec.config is mounted");
	for (uint32_t j = 0; j < i; j++)
		if (str_eq(place(s->volume_mounts.p[j].mount_path), at))
			return rule_broken_at(d, "volumeMounts", i,
			    "mountPath", at, "is another mount's path");
	return check_sub_path(m, i, d);
}

int check_volumes(const struct server_spec *s, struct diag *d)
{
	int err = 0;

	for (uint32_t i = 0; i < s->volumes.n && !err; i++) {
		err = check_volume(&s->volumes.p[i], i, d);
		for (uint32_t j = 0; j < i && !err; j++)
			if (str_eq(s->volumes.p[j].name,
			    s->volumes.p[i].name))
				err = rule_broken_at(d, "volumes", i, "name",
				    s->volumes.p[i].name,
				    "is the name of another volume");
	}
	for (uint32_t i = 0; i < s->volume_mounts.n && !err; i++)
		err = check_mount(s, i, d);
	return err;
}

/* ---- probes ---- */

static int check_probe(const struct probe *p, const char *path,
    bool one_success, struct diag *d)
{
	uint64_t kinds = p->has & (UINT64_C(1) << probe_AT_http |
	    UINT64_C(1) << probe_AT_tcp | UINT64_C(1) << probe_AT_exec |
	    UINT64_C(1) << probe_AT_grpc);

	if (bits(kinds) != 1)
		return rule_broken(d, str_from(path), STR_NONE,
		    kinds ? "has more than one of httpGet, tcpSocket, exec "
		    "and grpc" :
		    "needs one of httpGet, tcpSocket, exec and grpc");
	if (HAS(p, probe, exec) && !p->exec.command.n)
		return rule_broken(d, str_from(path), STR_NONE,
		    "has an exec without a command");
	if (one_success && HAS(p, probe, successes) && p->successes != 1)
		return rule_broken(d, str_from(path), STR_NONE,
		    "must have successThreshold 1");
	return 0;
}

int check_probes(const struct server_spec *s, struct diag *d)
{
	const struct probes *p = &s->probes;
	int err = 0;

	if (HAS(p, probes, liveness))
		err = check_probe(&p->liveness, "spec.probes.liveness", true,
		    d);
	if (!err && HAS(p, probes, readiness))
		err = check_probe(&p->readiness, "spec.probes.readiness",
		    false, d);
	if (!err && HAS(p, probes, startup))
		err = check_probe(&p->startup, "spec.probes.startup", true,
		    d);
	return err;
}

/* ---- resources ---- */

static int quantity_broken(struct diag *d, const char *list, struct str key,
    struct str value, const char *rule)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "spec.resources.%s.%S", list, key);
	return rule_broken(d, buf_view(&b), value, rule);
}

static int check_quantities(const struct pairs *m, const char *list,
    struct diag *d)
{
	for (uint32_t i = 0; i < m->n; i++) {
		int64_t milli;

		if (quantity_parse(m->p[i].value, &milli) || milli < 0)
			return quantity_broken(d, list, m->p[i].key,
			    m->p[i].value, "must not be negative");
	}
	return 0;
}

int check_resources(const struct server_spec *s, struct diag *d)
{
	const struct pairs *want = &s->resources.requests;
	const struct pairs *most = &s->resources.limits;
	int err = check_quantities(want, "requests", d);

	if (!err)
		err = check_quantities(most, "limits", d);
	for (uint32_t i = 0; i < want->n && !err; i++) {
		struct str key = want->p[i].key;
		int64_t a, b;

		if (pairs_have(most, key) &&
		    !quantity_parse(want->p[i].value, &a) &&
		    !quantity_parse(pairs_get(most, key), &b) && a > b)
			err = quantity_broken(d, "requests", key,
			    want->p[i].value, "is over the limit");
	}
	return err;
}
