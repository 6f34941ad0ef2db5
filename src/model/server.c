#include <string.h>

#include "model.h"

static int spec_decode(enum group g, const struct json_doc *doc,
    uint32_t at, struct arena *a, struct server_spec *ret, struct diag *d)
{
	struct json_tok tok[2];
	struct json_doc none;
	int err;

	if (at == JSON_NIL || json_type(doc, at) == JSON_NULL) {
		/* The group's defaults stand for a spec that is not there. */
		CHECK(!json_parse(&none, STR("{}"), tok, 2, NULL));
		doc = &none;
		at = JSON_ROOT;
	}
	err = schema_decode(&server_spec_schema, group_mode(g), doc, at,
	    STR("spec"), a, ret, d);
	return err ? err : adapt_spec(g, a, ret, d);
}

/* One that nobody could have written on purpose counts as none. */
static int status_decode(enum group g, const struct json_doc *doc,
    uint32_t at, struct arena *a, struct server_status *ret)
{
	int err = at == JSON_NIL ? ERR_NOENT :
	    schema_decode(&server_status_schema, group_mode(g), doc, at,
	    STR("status"), a, ret, NULL);

	if (err)
		*ret = (struct server_status){ 0 };
	else if (HAS(ret, server_status, phase) && ret->phase == PHASE_READY)
		ret->phase = PHASE_RUNNING;
	return err == ERR_FULL ? err : 0;
}

int server_decode(enum group g, const struct json_doc *doc, uint32_t at,
    struct arena *a, struct server *ret, struct diag *d)
{
	size_t mark = arena_mark(a);
	struct object_meta meta;
	uint32_t m = json_get(doc, at, STR("metadata"));
	int err;

	if (m == JSON_NIL) {
		diag_set(d, STR("metadata"), "is required");
		return ERR_BAD;
	}
	err = schema_decode(&object_meta_schema, NULL, doc, m,
	    STR("metadata"), a, &meta, d);
	if (!err && !meta.name.n) {
		diag_set(d, STR("metadata.name"), "is required");
		err = ERR_BAD;
	}
	if (err) {
		arena_reset(a, mark);
		return err;
	}
	*ret = (struct server){ .group = g, .meta = meta };
	err = status_decode(g, doc, json_get(doc, at, STR("status")), a,
	    &ret->status);
	if (!err)
		err = spec_decode(g, doc, json_get(doc, at, STR("spec")), a,
		    &ret->spec, d);
	else
		diag_set(d, STR("status"), "%s", err_text(err));
	if (err)
		ret->spec = (struct server_spec){ 0 };
	return err && err != ERR_FULL ? ERR_INVALID : err;
}

static bool row_is_empty(const struct schema_field *f, const char *p)
{
	uint64_t has;
	uint32_t n;
	struct str text;

	switch (f->type) {
	case FIELD_OBJ:
		memcpy(&has, p, sizeof(has));
		return has == 0;
	case FIELD_LIST:
	case FIELD_STRS:
		memcpy(&n, p + offsetof(struct strs, n), sizeof(n));
		return n == 0;
	case FIELD_STR:
		memcpy(&text, p, sizeof(text));
		return text.n == 0;
	default:
		return false;
	}
}

static void unacted(struct buf *out, int *n, const char *key)
{
	buf_fmt(out, "%sspec.%s", *n ? ", " : "", key);
	++*n;
}

/* Without a gateway every client needs a stdio process of its own. */
int32_t server_replicas(const struct server_spec *s)
{
	return s->transport.type == TRANSPORT_STDIO && s->replicas > 1 ? 1 :
	    s->replicas;
}

int server_unacted(const struct server *s, struct buf *out)
{
	const struct schema *table = &server_spec_schema;
	const struct server_spec *spec = &s->spec;
	int n = 0;

	if (server_replicas(spec) != spec->replicas)
		unacted(out, &n, "replicas");
	for (size_t i = 0; i < table->n; i++) {
		const struct schema_field *f = &table->row[i];

		if (f->flags & FIELD_LATER && spec->has >> i & 1 &&
		    !row_is_empty(f, (const char *)spec + f->offset))
			unacted(out, &n, f->key);
	}
	return n;
}
