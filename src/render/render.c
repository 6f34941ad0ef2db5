#include "render_int.h"

/* Short names of the groups, for keys: never to be changed. */
static const char *const key_prefix[GROUPS] = { "a.", "n.", "e.", "m." };

#define LABEL_VALUE_MAX 63

void render_key(enum group g, struct str name, struct buf *out)
{
	struct str prefix = str_from(key_prefix[g]);

	buf_str(out, prefix);
	if (prefix.n + name.n <= LABEL_VALUE_MAX) {
		buf_str(out, name);
		return;
	}
	buf_str(out, str_sub(name, 0, LABEL_VALUE_MAX - prefix.n - 17));
	buf_char(out, '-');
	buf_hex64(out, str_hash(name));
}

void render_selector(enum group g, struct str name, struct buf *out)
{
	buf_cstr(out, LABEL_KEY "=");
	render_key(g, name, out);
}

void render_note(struct buf *out, uint32_t revision, uint64_t digest)
{
	buf_u64(out, revision);
	buf_char(out, '.');
	buf_hex64(out, digest);
}

int render_note_parse(struct str note, uint32_t *ret_revision,
    uint64_t *ret_digest)
{
	struct str head, tail = str_cut(note, '.', &head);
	uint64_t revision, digest;

	if (str_u64(head, &revision) < 0 || revision == 0 ||
	    revision > UINT32_MAX || str_hex64(tail, &digest) < 0)
		return ERR_BAD;
	*ret_revision = (uint32_t)revision;
	*ret_digest = digest;
	return 0;
}

void user_labels_write(struct jw *w, const struct pairs *m,
    const struct pairs *but)
{
	uint32_t i;

	for (i = 0; i < m->n; i++) {
		struct str key = m->p[i].key;

		if (server_label_is_own(key) ||
		    (but != NULL && pairs_have(but, key)))
			continue;
		jw_key(w, key);
		jw_str(w, m->p[i].value);
	}
}

void user_notes_write(struct jw *w, const struct pairs *m)
{
	uint32_t i;

	for (i = 0; i < m->n; i++) {
		if (server_note_is_own(m->p[i].key))
			continue;
		jw_key(w, m->p[i].key);
		jw_str(w, m->p[i].value);
	}
}

void labels_write(struct render *r)
{
	struct jw *w = r->w;

	/* Both label styles that users of the older systems select by. */
	if (str_label_value(r->s->meta.name)) {
		jw_kstr(w, "app", r->s->meta.name);
		jw_kstr(w, "app.kubernetes.io/instance", r->s->meta.name);
	}
	jw_kcstr(w, "app.kubernetes.io/component", "server");
	jw_kcstr(w, "app.kubernetes.io/managed-by", "mcp-operator");
	jw_kcstr(w, "app.kubernetes.io/name", "mcpserver");
	jw_kcstr(w, "app.kubernetes.io/part-of", "mcp-operator");
	jw_kcstr(w, "managed-by", "mcp-operator");
	jw_kstr(w, LABEL_KEY, r->key);
	if (r->s->group == GROUP_EXAMPLE)
		jw_kcstr(w, "mcp.example.com/transport",
		    schema_word(&transport_type_words,
		    (uint32_t)r->spec->transport.type));
}

static void owner_write(struct render *r)
{
	const struct group_info *g = group_info(r->s->group);
	struct jw *w = r->w;

	jw_kopen_list(w, "ownerReferences");
	jw_open(w);
	jw_kcstr(w, "apiVersion", g->api_version);
	jw_kcstr(w, "kind", g->kind);
	jw_kstr(w, "name", r->s->meta.name);
	jw_kstr(w, "uid", r->s->meta.uid);
	jw_kbool(w, "controller", true);
	jw_kbool(w, "blockOwnerDeletion", true);
	jw_close(w);
	jw_close_list(w);
}

static const struct {
	const char *api_version, *kind, *suffix;
} kinds[CHILD_KINDS] = {
	[CHILD_CONFIG_MAP] = { "v1", "ConfigMap", "-config" },
	[CHILD_SERVICE] = { "v1", "Service", "" },
	[CHILD_DEPLOYMENT] = { "apps/v1", "Deployment", "" },
};

const char *render_suffix(enum child_kind k)
{
	return kinds[k].suffix;
}

/* What stands in for the digest while the body is written. */
static const char digest_blank[] = "0000000000000000";

static void annotations_write(struct render *r, enum child_kind kind,
    size_t *ret_digest_at)
{
	char mem[40];
	struct buf note;
	struct jw *w = r->w;

	jw_kopen(w, "annotations");
	jw_kcstr(w, NOTE_DIGEST, digest_blank);
	*ret_digest_at = w->out->n - 1 - (sizeof(digest_blank) - 1);
	if (kind == CHILD_DEPLOYMENT) {
		buf_init(&note, mem, sizeof(mem));
		render_note(&note, r->in->revision, r->template_digest);
		CHECK(!note.over);
		jw_kstr(w, NOTE_RENDERED, buf_view(&note));
		if (r->in->seen.n > 0)
			jw_kstr(w, NOTE_SEEN, r->in->seen);
	}
	if (kind == CHILD_SERVICE)
		user_notes_write(w, &r->spec->service.annotations);
	jw_close(w);
}

/* What a user says of the Service is nearer than what of the server. */
static void child_labels_write(struct render *r, enum child_kind kind)
{
	const struct pairs *nearer = kind == CHILD_SERVICE ?
	    &r->spec->service.labels : NULL;

	jw_kopen(r->w, "labels");
	labels_write(r);
	if (nearer != NULL)
		user_labels_write(r->w, nearer, NULL);
	user_labels_write(r->w, &r->s->meta.labels, nearer);
	jw_close(r->w);
}

static void child_write(struct render *r, enum child_kind kind,
    struct child *c, size_t *ret_digest_at)
{
	struct jw *w = r->w;

	jw_open(w);
	jw_kcstr(w, "apiVersion", kinds[kind].api_version);
	jw_kcstr(w, "kind", kinds[kind].kind);
	jw_kopen(w, "metadata");
	c->uid_at = w->out->n;
	jw_kstr(w, "name", c->name);
	jw_kstr(w, "namespace", r->s->meta.ns);
	child_labels_write(r, kind);
	annotations_write(r, kind, ret_digest_at);
	owner_write(r);
	jw_close(w);
	switch (kind) {
	case CHILD_CONFIG_MAP:
		config_write(r);
		break;
	case CHILD_SERVICE:
		service_write(r);
		break;
	case CHILD_DEPLOYMENT:
		deployment_write(r);
		break;
	case CHILD_KINDS:
		UNREACHABLE();
	}
	jw_close(w);
}

static bool child_wanted(const struct server_spec *spec, enum child_kind kind)
{
	switch (kind) {
	case CHILD_CONFIG_MAP:
		return config_wanted(spec);
	case CHILD_SERVICE:
		return service_wanted(spec);
	default:
		return true;
	}
}

/* Writes the body into the rest of the arena and puts its digest in. */
static void body_render(struct render *r, enum child_kind kind,
    struct arena *a, struct child *c)
{
	struct buf out = arena_buf(a), hex;
	struct jw w;
	size_t digest_at = 0;

	jw_init(&w, &out);
	r->w = &w;
	child_write(r, kind, c, &digest_at);
	if (!out.over) {
		c->digest = hash_more(HASH_SEED, out.p, out.n);
		buf_init(&hex, out.p + digest_at, sizeof(digest_blank) - 1);
		buf_hex64(&hex, c->digest);
		CHECK(!hex.over);
	}
	c->body = arena_keep(a, &out);
}

static void child_render(struct render *r, enum child_kind kind,
    struct arena *a, struct child *c)
{
	struct buf name = arena_buf(a);

	buf_str(&name, r->s->meta.name);
	buf_cstr(&name, kinds[kind].suffix);
	c->name = arena_keep(a, &name);
	c->wanted = child_wanted(r->spec, kind);
	if (c->wanted)
		body_render(r, kind, a, c);
}

static void template_render(struct render *r, struct arena *a)
{
	struct buf out = arena_buf(a);
	struct jw w;

	jw_init(&w, &out);
	r->w = &w;
	template_write(r);
	r->template_digest = hash_more(HASH_SEED, out.p, out.n);
	r->template = arena_keep(a, &out);
}

int render_server(const struct render_in *in, struct arena *a,
    struct render_out *ret)
{
	struct render r = {
		.in = in, .s = in->server, .spec = &in->server->spec
	};
	struct render_out out = { 0 };
	size_t mark = arena_mark(a);
	struct buf key = arena_buf(a);
	int k;

	CHECK(in->revision >= 1 && in->revision <= RENDER_REVISION);
	render_key(r.s->group, r.s->meta.name, &key);
	r.key = arena_keep(a, &key);
	if (config_wanted(r.spec))
		r.config_text = config_render(&r, a);
	template_render(&r, a);
	/* Nothing of a text that did not fit may be written on. */
	for (k = 0; k < CHILD_KINDS && !a->over; k++)
		child_render(&r, (enum child_kind)k, a, &out.child[k]);
	if (a->over) {
		arena_reset(a, mark);
		return ERR_FULL;
	}
	out.template_digest = r.template_digest;
	*ret = out;
	return 0;
}
