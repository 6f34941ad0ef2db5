#include "model_int.h"

/* VOLUME_SOURCE and an index. */
#define SOURCE_NAME_MAX 24

bool server_has_config(const struct server_spec *s)
{
	return HAS(s, server_spec, config) || s->config_map.n > 0;
}

/*
 * Is it one of the texts in there? An API server writes no escapes into names
 * and paths; what is only called the same brings new pods, as ever.
 */
static bool has_text(struct str rest, struct str text)
{
	size_t at, end;

	while ((at = str_search(rest, text)) < rest.n) {
		end = at + text.n;
		if (at > 0 && rest.p[at - 1] == '"' && end < rest.n &&
		    rest.p[end] == '"')
			return true;
		rest = str_sub(rest, at + 1, rest.n);
	}
	return false;
}

static bool is_patched(const struct server_spec *s, struct str text)
{
	return has_text(s->pod_patch, text);
}

/*
 * Nothing else: the kubelet writes all of a volume anew for a token that runs
 * out or a field of the pod, and that is no change to tell of.
 */
static bool holds_refs(const struct volume *v)
{
	const struct projected_source_list *l = &v->projected.sources;

	for (uint32_t i = 0; i < l->n; i++)
		if (!HAS(&l->p[i], projected_source, config_map) &&
		    !HAS(&l->p[i], projected_source, secret))
			return false;
	return l->n > 0 || HAS(v, volume, config_map) ||
	    HAS(v, volume, secret);
}

/*
 * Of a container beside the server nobody knows what it does with files that
 * change: one that ran before it is not run again.
 */
static bool is_beside(const struct more_container_list *l, struct str name)
{
	for (uint32_t i = 0; i < l->n; i++)
		for (uint32_t k = 0; k < l->p[i].mounts.n; k++)
			if (str_eq(l->p[i].mounts.p[k].name, name))
				return true;
	return false;
}

bool server_volume_is_live(const struct server_spec *s,
    const struct volume *v)
{
	bool mounted = false;

	if (!holds_refs(v) || is_patched(s, v->name) ||
	    is_beside(&s->pod.init, v->name) ||
	    is_beside(&s->pod.sidecars, v->name))
		return false;
	for (uint32_t i = 0; i < s->volume_mounts.n; i++) {
		const struct volume_mount *m = &s->volume_mounts.p[i];

		if (!str_eq(m->name, v->name))
			continue;
		if (m->sub_path.n || m->sub_path_expr.n ||
		    is_patched(s, m->mount_path))
			return false;
		mounted = true;
	}
	return mounted;
}

/* The volume of a source, in memory for it. */
static struct str source_name(const struct server_spec *s,
    const struct config_source *c, char mem[static SOURCE_NAME_MAX])
{
	struct buf name;

	buf_init(&name, mem, SOURCE_NAME_MAX);
	buf_fmt(&name, VOLUME_SOURCE "%u",
	    (unsigned)(c - s->config_sources.p));
	CHECK(!name.over);
	return buf_view(&name);
}

bool server_source_is_live(const struct server_spec *s,
    const struct config_source *c)
{
	char mem[SOURCE_NAME_MAX];

	return !c->sub_path.n && !is_patched(s, c->mount_path) &&
	    !is_patched(s, source_name(s, c, mem));
}

bool server_config_is_live(const struct server_spec *s)
{
	return server_has_config(s) && !is_patched(s, STR(VOLUME_CONFIG)) &&
	    !is_patched(s, STR(CONFIG_DIR));
}

void server_live_volumes(const struct server_spec *s, server_volume *each,
    void *ctx)
{
	char mem[SOURCE_NAME_MAX];

	if (server_config_is_live(s))
		each(ctx, STR(VOLUME_CONFIG));
	for (uint32_t i = 0; i < s->config_sources.n; i++) {
		const struct config_source *c = &s->config_sources.p[i];

		if (server_source_is_live(s, c))
			each(ctx, source_name(s, c, mem));
	}
	for (uint32_t i = 0; i < s->volumes.n; i++)
		if (server_volume_is_live(s, &s->volumes.p[i]))
			each(ctx, s->volumes.p[i].name);
}

/* What a container says itself goes before what its pod says. */
static bool user_named(const struct security_context *c,
    const struct pod_security_context *p, int64_t *ret)
{
	if (HAS(c, security_context, run_as_user))
		*ret = c->run_as_user;
	else if (HAS(p, pod_security_context, run_as_user))
		*ret = p->run_as_user;
	else
		return false;
	return true;
}

bool server_user(const struct server_spec *s, int64_t *ret)
{
	const struct security_context *c = &s->security;
	const struct pod_security_context *p = &s->pod_security;

	if (user_named(c, p, ret))
		return true;
	if (HAS(c, security_context, run_as_non_root) ||
	    HAS(p, pod_security_context, run_as_non_root))
		return false;
	*ret = SERVER_USER;
	return true;
}

static void count_one(void *ctx, struct str name)
{
	uint32_t *n = ctx;

	(void)name;
	++*n;
}

static bool has_live(const struct server_spec *s)
{
	uint32_t n = 0;

	server_live_volumes(s, count_one, &n);
	return n > 0;
}

bool server_has_reloader(const struct server_spec *s)
{
	int64_t user;

	return s->reload.policy == RELOAD_SIGNAL && server_user(s, &user) &&
	    has_live(s);
}

/* Of those that run first, only one with a restartPolicy may go on. */
static bool has_user(const struct server_spec *s,
    const struct more_container_list *l, bool first, int64_t user)
{
	int64_t beside;

	for (uint32_t i = 0; i < l->n; i++)
		if ((!first || has_text(l->p[i].raw, STR("restartPolicy"))) &&
		    (!user_named(&l->p[i].security, &s->pod_security,
		    &beside) || beside == user))
			return true;
	return false;
}

/*
 * Of a container of the same user nobody can tell whether it is the server's,
 * unless who signals has the server's group and may look.
 */
static bool is_told_apart(const struct server_spec *s)
{
	int64_t user = SERVER_USER;

	(void)server_user(s, &user);
	return HAS(&s->security, security_context, run_as_group) ||
	    HAS(&s->pod_security, pod_security_context, run_as_group) ||
	    !(has_user(s, &s->pod.sidecars, false, user) ||
	    has_user(s, &s->pod.init, true, user));
}

/* Whose the server's process is then, and who sees it, nobody knows here. */
static bool is_hidden(const struct server_spec *s)
{
	return is_patched(s, STR("runAsUser")) ||
	    is_patched(s, STR("runAsGroup")) ||
	    is_patched(s, STR("shareProcessNamespace"));
}

bool server_signals(const struct server_spec *s)
{
	return server_has_reloader(s) && is_told_apart(s) && !is_hidden(s);
}

void reload_idle(const struct server_spec *s, struct faults *f)
{
	int64_t user;

	if (s->reload.policy != RELOAD_SIGNAL) {
		if (HAS(&s->reload, reload, signal))
			rule_broken(f, STR("spec.reload.signal"), STR_NONE,
			    "has no effect without policy Signal");
	} else if (!server_user(s, &user)) {
		rule_broken(f, STR("spec.reload.policy"), STR_NONE,
		    "has no effect with runAsNonRoot and without runAsUser: "
		    "who signals must be the same user");
	} else if (!has_live(s)) {
		rule_broken(f, STR("spec.reload.policy"), STR_NONE,
		    "has no effect: no ConfigMap or Secret comes by "
		    "itself as files that running pods see change");
	} else if (!is_told_apart(s)) {
		rule_broken(f, STR("spec.reload.policy"), STR_NONE,
		    "has no effect beside sidecars of the same user without "
		    "runAsGroup");
	} else if (is_hidden(s)) {
		rule_broken(f, STR("spec.reload.policy"), STR_NONE,
		    "has no effect with runAsUser, runAsGroup or "
		    "shareProcessNamespace in podTemplatePatch");
	}
}
