#include "extend.h"

/* All of an object's members but some; with what a list's item lacks. */
static void members_write(const struct json_doc *doc, uint32_t at,
    const char *const *but, struct jw *w)
{
	uint32_t k;
	size_t i;

	for (k = json_first(doc, at); json_type(doc, at) == JSON_OBJECT &&
	    k != JSON_NIL; k = json_next(doc, at, k)) {
		for (i = 0; but[i] != NULL; i++)
			if (json_key_is(doc, k, str_from(but[i])))
				break;
		if (but[i] != NULL)
			continue;
		jw_raw_key(w, json_raw(doc, k));
		jw_raw(w, json_raw(doc, json_value(doc, k)));
	}
}

static void server_write(const struct ext_request *r,
    const struct json_doc *doc, struct jw *w)
{
	static const char *const top[] = {
		"apiVersion", "kind", "metadata", NULL
	};
	static const char *const meta[] = { "managedFields", NULL };
	const struct group_info *g = group_info(r->group);

	jw_kopen(w, "server");
	jw_kcstr(w, "apiVersion", g->api_version);
	jw_kcstr(w, "kind", g->kind);
	jw_kopen(w, "metadata");
	members_write(doc, json_get(doc, JSON_ROOT, STR("metadata")), meta,
	    w);
	jw_close(w);
	members_write(doc, JSON_ROOT, top, w);
	jw_close(w);
}

static void children_write(const struct render_out *out, struct jw *w)
{
	int k;

	jw_kopen_list(w, "children");
	for (k = 0; k < CHILD_KINDS_ALL; k++)
		if (out->child[k].wanted)
			jw_raw(w, out->child[k].body);
	jw_close_list(w);
}

static void changes_write(const struct ext_request *r, struct jw *w)
{
	uint32_t i;

	jw_kopen_list(w, "changes");
	for (i = 0; i < r->changes; i++) {
		jw_open(w);
		jw_kcstr(w, "kind", r->change[i].kind);
		jw_kstr(w, "name", r->change[i].name);
		jw_kcstr(w, "action", r->change[i].deleted ? "Delete" :
		    "Apply");
		jw_close(w);
	}
	jw_close_list(w);
}

int ext_request_write(const struct ext_request *r, struct json_tok *tok,
    uint32_t toks, struct buf *out, struct diag *d)
{
	const struct extension *x = r->ext->row;
	struct json_doc doc;
	char time_mem[32];
	struct buf time;
	struct jw w;
	int err = json_parse(&doc, r->server, tok, toks, d);

	if (err < 0)
		return err;
	buf_init(&time, time_mem, sizeof(time_mem));
	time_rfc3339(&time, r->wall_ns);
	jw_init(&w, out);
	jw_open(&w);
	jw_ki64(&w, "version", 1);
	jw_kstr(&w, "id", r->id);
	jw_kstr(&w, "hook", x->name);
	jw_kcstr(&w, "type", schema_word(&ext_type_words,
	    (uint32_t)x->type));
	jw_kcstr(&w, "operation", r->operation);
	jw_kbool(&w, "dryRun", r->dry_run);
	jw_kstr(&w, "time", buf_view(&time));
	server_write(r, &doc, &w);
	if (r->phase != NULL)
		jw_kcstr(&w, "previousPhase", r->phase);
	if (r->children != NULL)
		children_write(r->children, &w);
	if (r->changes > 0)
		changes_write(r, &w);
	jw_close(&w);
	if (!out->over)
		return 0;
	diag_set(d, STR_NONE, "what would be sent is too large");
	return ERR_FULL;
}

void ext_sign(struct str key, int64_t wall_ns, struct str body,
    struct buf *out)
{
	uint8_t mac[SHA256_LEN];
	char mem[24];
	struct buf stamp;
	struct str part[3];

	buf_init(&stamp, mem, sizeof(mem));
	buf_i64(&stamp, wall_ns / NS_PER_S);
	part[0] = buf_view(&stamp);
	part[1] = STR(".");
	part[2] = body;
	hmac_sha256(key, part, ARRAY_LEN(part), mac);
	buf_fmt(out, "Content-Type: application/json\r\n"
	    "Accept: application/json\r\n"
	    "X-MCP-Operator-Timestamp: %S\r\n"
	    "X-MCP-Operator-Signature: sha256=", part[0]);
	buf_hex(out, mac, sizeof(mac));
	buf_cstr(out, "\r\n");
}
