#include "render_int.h"

/*
 * configSources: a volume and a mount each. Pods of revision 1 were made when
 * the field was not acted on, and stay as they are.
 */

static const struct config_source *source_at(const struct render *r,
    uint32_t i)
{
	if (r->in->revision < 2 || i >= r->spec->config_sources.n)
		return NULL;
	return &r->spec->config_sources.p[i];
}

bool sources_mounted(const struct render *r)
{
	return source_at(r, 0) != NULL;
}

static void name_write(struct jw *w, uint32_t i)
{
	jw_kfmt(w, "name", VOLUME_SOURCE "%u", i);
}

void source_mounts_write(struct render *r)
{
	const struct config_source *s;
	struct jw *w = r->w;
	uint32_t i;

	for (i = 0; (s = source_at(r, i)) != NULL; i++) {
		jw_open(w);
		name_write(w, i);
		jw_kstr(w, "mountPath", s->mount_path);
		if (s->sub_path.n > 0)
			jw_kstr(w, "subPath", s->sub_path);
		jw_kbool(w, "readOnly",
		    !HAS(s, config_source, read_only) || s->read_only);
		jw_close(w);
	}
}

static void ref_write(struct jw *w, const char *key, const char *name_key,
    const struct config_source_ref *ref)
{
	uint32_t i;

	jw_kopen(w, key);
	jw_kstr(w, name_key, ref->name);
	if (ref->keys.n > 0) {
		jw_kopen_list(w, "items");
		for (i = 0; i < ref->keys.n; i++) {
			jw_open(w);
			jw_kstr(w, "key", ref->keys.p[i]);
			jw_kstr(w, "path", ref->keys.p[i]);
			jw_close(w);
		}
		jw_close_list(w);
	}
	if (HAS(ref, config_source_ref, optional))
		jw_kbool(w, "optional", ref->optional);
	jw_close(w);
}

void source_volumes_write(struct render *r)
{
	const struct config_source *s;
	struct jw *w = r->w;
	uint32_t i;

	for (i = 0; (s = source_at(r, i)) != NULL; i++) {
		jw_open(w);
		name_write(w, i);
		if (HAS(s, config_source, config_map))
			ref_write(w, "configMap", "name", &s->config_map);
		else
			ref_write(w, "secret", "secretName", &s->secret);
		jw_close(w);
	}
}
