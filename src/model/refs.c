#include "model.h"

static void env_refs(const struct env_var *e, server_ref *each, void *ctx)
{
	const struct env_source *from = &e->from;

	if (HAS(from, env_source, config_map))
		each(ctx, REF_CONFIG_MAP, from->config_map.name,
		    from->config_map.key, from->config_map.optional, false);
	if (HAS(from, env_source, secret))
		each(ctx, REF_SECRET, from->secret.name, from->secret.key,
		    from->secret.optional, false);
}

static void env_from_refs(const struct env_from *e, server_ref *each,
    void *ctx)
{
	if (HAS(e, env_from, config_map))
		each(ctx, REF_CONFIG_MAP, e->config_map.name, STR_NONE,
		    e->config_map.optional, false);
	if (HAS(e, env_from, secret))
		each(ctx, REF_SECRET, e->secret.name, STR_NONE,
		    e->secret.optional, false);
}

/* With items each of them is needed, else whatever there is. */
static void volume_refs(const struct key_to_path_list *items,
    enum ref_kind kind, struct str name, bool optional, bool live,
    server_ref *each, void *ctx)
{
	if (!items->n)
		each(ctx, kind, name, STR_NONE, optional, live);
	for (uint32_t i = 0; i < items->n; i++)
		each(ctx, kind, name, items->p[i].key, optional, live);
}

static void projected_refs(const struct projected_source *s, bool live,
    server_ref *each, void *ctx)
{
	const struct projected_part *p = &s->config_map;

	if (HAS(s, projected_source, config_map))
		volume_refs(&p->items, REF_CONFIG_MAP, p->name, p->optional,
		    live, each, ctx);
	p = &s->secret;
	if (HAS(s, projected_source, secret))
		volume_refs(&p->items, REF_SECRET, p->name, p->optional,
		    live, each, ctx);
}

static void source_refs(const struct config_source_ref *r,
    enum ref_kind kind, bool live, server_ref *each, void *ctx)
{
	if (!r->keys.n)
		each(ctx, kind, r->name, STR_NONE, r->optional, live);
	for (uint32_t i = 0; i < r->keys.n; i++)
		each(ctx, kind, r->name, r->keys.p[i], r->optional, live);
}

static void one_volume_refs(const struct volume *v, bool live,
    server_ref *each, void *ctx)
{
	const struct projected_source_list *l = &v->projected.sources;

	if (HAS(v, volume, config_map))
		volume_refs(&v->config_map.items, REF_CONFIG_MAP,
		    v->config_map.name, v->config_map.optional, live, each,
		    ctx);
	if (HAS(v, volume, secret))
		volume_refs(&v->secret.items, REF_SECRET,
		    v->secret.secret_name, v->secret.optional, live, each,
		    ctx);
	for (uint32_t j = 0; j < l->n; j++)
		projected_refs(&l->p[j], live, each, ctx);
}

static void container_refs(const struct env_var_list *env,
    const struct env_from_list *from, server_ref *each, void *ctx)
{
	for (uint32_t i = 0; i < env->n; i++)
		env_refs(&env->p[i], each, ctx);
	for (uint32_t i = 0; i < from->n; i++)
		env_from_refs(&from->p[i], each, ctx);
}

static void more_refs(const struct more_container_list *l, server_ref *each,
    void *ctx)
{
	for (uint32_t i = 0; i < l->n; i++)
		container_refs(&l->p[i].env, &l->p[i].env_from, each, ctx);
}

void server_refs(const struct server *s, server_ref *each, void *ctx)
{
	const struct server_spec *spec = &s->spec;

	container_refs(&spec->env, &spec->env_from, each, ctx);
	more_refs(&spec->pod.init, each, ctx);
	more_refs(&spec->pod.sidecars, each, ctx);
	for (uint32_t i = 0; i < spec->volumes.n; i++) {
		const struct volume *v = &spec->volumes.p[i];

		one_volume_refs(v, server_volume_is_live(spec, v), each, ctx);
	}
	for (uint32_t i = 0; i < spec->config_sources.n; i++) {
		const struct config_source *c = &spec->config_sources.p[i];
		bool live = server_source_is_live(spec, c);

		if (HAS(c, config_source, config_map))
			source_refs(&c->config_map, REF_CONFIG_MAP, live,
			    each, ctx);
		if (HAS(c, config_source, secret))
			source_refs(&c->secret, REF_SECRET, live, each, ctx);
	}
}
