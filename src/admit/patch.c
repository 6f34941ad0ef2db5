#include "admit_int.h"

struct patch {
	const struct json_doc *doc;
	uint32_t at;
	struct jw *w;
	uint32_t n;
};

static bool is_absent(const struct json_doc *doc, uint32_t at)
{
	return at == JSON_NIL || json_type(doc, at) == JSON_NULL;
}

/* Absent, or an empty text, which says as little. */
static bool is_empty(const struct json_doc *doc, uint32_t at)
{
	return is_absent(doc, at) || str_is(json_raw(doc, at), "\"\"");
}

/* All but the value of an operation that adds at this path. */
static void begin(struct patch *p, const char *path)
{
	jw_open(p->w);
	jw_kcstr(p->w, "op", "add");
	jw_kcstr(p->w, "path", path);
	jw_key(p->w, STR("value"));
	p->n++;
}

static void add(struct patch *p, const char *path, struct str value)
{
	begin(p, path);
	jw_str(p->w, value);
	jw_close(p->w);
}

/*
 * A member of an object of the spec, where that object was given and says
 * nothing of it; "spec.transport", "path".
 */
static void fill(struct patch *p, const char *object, const char *member,
    const char *path, struct str value)
{
	uint32_t o = json_path(p->doc, p->at, object);

	if (o != JSON_NIL && json_type(p->doc, o) == JSON_OBJECT &&
	    is_empty(p->doc, json_get(p->doc, o, str_from(member))))
		add(p, path, value);
}

#define LABELS "/metadata/labels"

/* Those by which the third group's users know its servers. */
static void fill_labels(struct patch *p, struct str name)
{
	static const char kind[] = "app.kubernetes.io/name";
	static const char one[] = "app.kubernetes.io/instance";
	uint32_t labels = json_path(p->doc, p->at, "metadata.labels");

	if (!str_label_value(name))
		return;
	if (is_absent(p->doc, labels)) {
		begin(p, LABELS);
		jw_open(p->w);
		jw_kcstr(p->w, kind, "mcp-server");
		jw_kstr(p->w, one, name);
		jw_close(p->w);
		jw_close(p->w);
		return;
	}
	if (is_absent(p->doc, json_get(p->doc, labels, str_from(kind))))
		add(p, LABELS "/app.kubernetes.io~1name", STR("mcp-server"));
	if (is_absent(p->doc, json_get(p->doc, labels, str_from(one))))
		add(p, LABELS "/app.kubernetes.io~1instance", name);
}

uint32_t patch_write(const struct json_doc *doc, uint32_t at,
    const struct server *s, struct jw *w)
{
	struct patch p = { doc, at, w, 0 };

	jw_open_list(w);
	if (s->group == GROUP_EXAMPLE)
		fill_labels(&p, s->meta.name);
	if (s->group == GROUP_ALLBEONE) {
		fill(&p, "spec.registry", "serverName",
		    "/spec/registry/serverName", s->meta.name);
		fill(&p, "spec.transport", "path", "/spec/transport/path",
		    s->spec.transport.path);
	}
	jw_close_list(w);
	return p.n;
}
