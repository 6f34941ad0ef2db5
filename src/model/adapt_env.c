#include "model_int.h"

/* ---- environment ---- */

/* A map has no order of its own: by name, so that pods stay the same. */
static void sort_pairs(struct pairs *m)
{
	for (uint32_t i = 1; i < m->n; i++) {
		struct pair p = m->p[i];
		uint32_t j = i;

		for (; j && str_cmp(m->p[j - 1].key, p.key) > 0; j--)
			m->p[j] = m->p[j - 1];
		m->p[j] = p;
	}
}

static void from_map(const struct pairs *m, struct env_var *to)
{
	for (uint32_t i = 0; i < m->n; i++) {
		to[i].name = m->p[i].key;
		to[i].value = m->p[i].value;
		HAS_SET(&to[i], env_var, name);
		HAS_SET(&to[i], env_var, value);
	}
}

static void from_secret(const struct secret_ref *r, struct env_var *to)
{
	struct key_ref *k = &to->from.secret;

	to->name = r->env_var;
	k->name = r->name;
	k->key = r->key;
	HAS_SET(to, env_var, name);
	HAS_SET(to, env_var, from);
	HAS_SET(&to->from, env_source, secret);
	HAS_SET(k, key_ref, name);
	HAS_SET(k, key_ref, key);
	if (HAS(r, secret_ref, optional)) {
		k->optional = r->optional;
		HAS_SET(k, key_ref, optional);
	}
}

/*
 * The API server takes a name once only; the kubelet would have let the last
 * one win, so that one stays, where it stands.
 */
static uint32_t drop_shadowed(struct env_var *p, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t j = i + 1;

		while (j < n && !str_eq(p[j].name, p[i].name))
			j++;
		if (j == n)
			p[kept++] = p[i];
	}
	return kept;
}

static int merge_env(struct arena *a, struct server_spec *s)
{
	struct pairs *map = &s->runtime.env;
	uint32_t n = map->n + s->secret_refs.n + s->env.n, at;
	struct env_var *p;

	if (!map->n && !s->secret_refs.n) {
		s->env.n = drop_shadowed(s->env.p, s->env.n);
		return 0;
	}
	p = arena_array(a, struct env_var, n);
	if (!p)
		return ERR_FULL;
	sort_pairs(map);
	from_map(map, p);
	at = map->n;
	for (uint32_t i = 0; i < s->secret_refs.n; i++)
		from_secret(&s->secret_refs.p[i], &p[at++]);
	for (uint32_t i = 0; i < s->env.n; i++)
		p[at++] = s->env.p[i];
	s->env.p = p;
	s->env.n = drop_shadowed(p, n);
	HAS_SET(s, server_spec, env);
	return 0;
}

static int merge_env_from(struct arena *a, struct server_spec *s)
{
	struct env_from *p, *last;
	uint32_t n = s->env_from.n;

	p = arena_array(a, struct env_from, n + 1);
	if (!p)
		return ERR_FULL;
	for (uint32_t i = 0; i < n; i++)
		p[i] = s->env_from.p[i];
	last = &p[n];
	last->secret.name = s->secret_name;
	HAS_SET(&last->secret, source_ref, name);
	HAS_SET(last, env_from, secret);
	s->env_from.p = p;
	s->env_from.n = n + 1;
	HAS_SET(s, server_spec, env_from);
	return 0;
}

int adapt_env(struct arena *a, struct server_spec *s)
{
	int err = merge_env(a, s);

	if (!err && HAS(s, server_spec, secret_name))
		err = merge_env_from(a, s);
	s->runtime.env = (struct pairs){ NULL, 0 };
	s->secret_refs = (struct secret_ref_list){ NULL, 0 };
	s->secret_name = STR_NONE;
	HAS_CLEAR(&s->runtime, runtime, env);
	HAS_CLEAR(s, server_spec, secret_refs);
	HAS_CLEAR(s, server_spec, secret_name);
	return err;
}

/* ---- resources ---- */

enum resource_when { ABSENT, PARTIAL };

static const struct resource_default resource_defaults[] = {
#define RESOURCE(groups, transports, list, when, cpu, memory) \
	{ groups, transports, resources_AT_##list, when, \
	  STR_INIT(cpu), STR_INIT(memory) },
#include "defaults.def"
#undef RESOURCE
};

static int put_pair(struct arena *a, struct pairs *m, struct str key,
    struct str value)
{
	struct pair *p;

	if (pairs_have(m, key))
		return 0;
	p = arena_array(a, struct pair, m->n + 1);
	if (!p)
		return ERR_FULL;
	for (uint32_t i = 0; i < m->n; i++)
		p[i] = m->p[i];
	p[m->n] = (struct pair){ key, value };
	m->p = p;
	m->n++;
	return 0;
}

/*
 * A default never contradicts what the user gave: a request is at most the
 * limit, a limit at least the request.
 */
static struct str fitting(struct str def, const struct pairs *other,
    struct str key, bool is_limit)
{
	struct str given = pairs_get(other, key);
	int64_t a, b;

	if (!pairs_have(other, key) || quantity_parse(def, &a) ||
	    quantity_parse(given, &b))
		return def;
	return (is_limit ? b > a : b < a) ? given : def;
}

static int apply_default(struct arena *a, struct resources *r,
    const struct resource_default *def)
{
	bool is_limit = def->row == resources_AT_limits;
	struct pairs *to = is_limit ? &r->limits : &r->requests;
	const struct pairs *other = is_limit ? &r->requests : &r->limits;
	bool has = r->has >> def->row & 1;
	int err;

	if (has != (def->when == PARTIAL))
		return 0;
	err = put_pair(a, to, STR("cpu"),
	    fitting(def->cpu, other, STR("cpu"), is_limit));
	if (!err)
		err = put_pair(a, to, STR("memory"),
		    fitting(def->memory, other, STR("memory"), is_limit));
	r->has |= UINT64_C(1) << def->row;
	return err;
}

/* {cpu, memory} without requests and limits is both. */
static int spread_flat(struct arena *a, struct resources *r)
{
	int err = 0;

	if (HAS(r, resources, cpu)) {
		err = put_pair(a, &r->requests, STR("cpu"), r->cpu);
		if (!err)
			err = put_pair(a, &r->limits, STR("cpu"), r->cpu);
	}
	if (!err && HAS(r, resources, memory)) {
		err = put_pair(a, &r->requests, STR("memory"), r->memory);
		if (!err)
			err = put_pair(a, &r->limits, STR("memory"),
			    r->memory);
	}
	if (HAS(r, resources, cpu) || HAS(r, resources, memory)) {
		HAS_SET(r, resources, requests);
		HAS_SET(r, resources, limits);
	}
	HAS_CLEAR(r, resources, cpu);
	HAS_CLEAR(r, resources, memory);
	r->cpu = r->memory = STR_NONE;
	return err;
}

static bool is_for(const struct resource_default *def, enum group g,
    const struct server_spec *s)
{
	return def->groups >> g & 1 &&
	    def->transports >> s->transport.type & 1;
}

const struct resource_default *default_requests(const struct server *s)
{
	for (size_t i = 0; i < ARRAY_LEN(resource_defaults); i++)
		if (resource_defaults[i].row == resources_AT_requests &&
		    is_for(&resource_defaults[i], s->group, &s->spec))
			return &resource_defaults[i];
	return NULL;
}

int adapt_resources(enum group g, struct arena *a, struct server_spec *s)
{
	struct resources *r = &s->resources;
	int err = spread_flat(a, r);

	for (size_t i = 0; i < ARRAY_LEN(resource_defaults) && !err; i++)
		if (is_for(&resource_defaults[i], g, s))
			err = apply_default(a, r, &resource_defaults[i]);
	if (r->has)
		HAS_SET(s, server_spec, resources);
	return err;
}
