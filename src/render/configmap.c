#include "render_int.h"

static const char config_file[] = "config.json";

/* A user's own volume at that place stays, and hides ours. */
bool config_mounted(const struct render *r)
{
	return server_has_config(r->spec) &&
	    !mounts_at(r, STR(CONFIG_DIR));
}

/* With its length, so that no two lists of texts look the same. */
static uint64_t hash_text(uint64_t h, struct str s)
{
	uint64_t n = s.n;
	char len[8];
	size_t i;

	for (i = 0; i < sizeof(len); i++, n >>= 8)
		len[i] = (char)(n & 0xff);
	return hash_more(hash_more(h, len, sizeof(len)), s.p, s.n);
}

uint64_t config_digest(const struct server_spec *spec)
{
	uint64_t h = hash_text(HASH_SEED, spec->config);
	uint32_t i;

	for (i = 0; i < spec->config_map.n; i++) {
		h = hash_text(h, spec->config_map.p[i].key);
		h = hash_text(h, spec->config_map.p[i].value);
	}
	return h;
}

/* Session and browser settings that mcp.example.com documents. */
static void transport_settings_write(struct jw *w, enum transport_type type)
{
	if (type == TRANSPORT_HTTP) {
		jw_kopen(w, "http");
		jw_kopen(w, "cors");
		jw_kbool(w, "enabled", true);
		jw_kopen_list(w, "origins");
		jw_str(w, STR("*"));
		jw_close_list(w);
		jw_close(w);
		jw_close(w);
	} else if (type == TRANSPORT_STREAMABLE_HTTP) {
		jw_kopen(w, "streamable-http");
		jw_kopen(w, "session");
		jw_kcstr(w, "timeout", "30m");
		jw_ki64(w, "maxConnections", 100);
		jw_close(w);
		jw_close(w);
	}
}

/* mcp.example.com wraps the map of strings into one document. */
static void wrapped_write(const struct render *r, struct jw *w)
{
	const struct server_spec *spec = r->spec;
	const struct pairs *m = &spec->config_map;
	uint32_t i;

	jw_open(w);
	jw_kopen(w, "server");
	jw_kstr(w, "name", r->s->meta.name);
	jw_kcstr(w, "transport", schema_word(&transport_type_words,
	    (uint32_t)spec->transport.type));
	if (spec->transport.type != TRANSPORT_STDIO)
		jw_ki64(w, "port", spec->port);
	jw_close(w);
	jw_kopen(w, "config");
	for (i = 0; i < m->n; i++) {
		jw_key(w, m->p[i].key);
		jw_str(w, m->p[i].value);
	}
	jw_close(w);
	transport_settings_write(w, spec->transport.type);
	jw_close(w);
}

struct str config_render(struct render *r, struct arena *a)
{
	struct buf out;
	struct jw w;

	if (HAS(r->spec, server_spec, config))
		return r->spec->config;
	out = arena_buf(a);
	jw_init(&w, &out);
	wrapped_write(r, &w);
	return arena_keep(a, &out);
}

void config_write(struct render *r)
{
	const struct pairs *m = &r->spec->config_map;
	uint32_t i;

	jw_kopen(r->w, "data");
	jw_kstr(r->w, config_file, r->config_text);
	for (i = 0; i < m->n; i++) {
		if (str_is(m->p[i].key, config_file))
			continue;
		jw_key(r->w, m->p[i].key);
		jw_str(r->w, m->p[i].value);
	}
	jw_close(r->w);
}
