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

void user_notes_write(struct jw *w, const struct pairs *m,
    const struct pairs *but)
{
	uint32_t i;

	for (i = 0; i < m->n; i++) {
		if (server_note_is_own(m->p[i].key) ||
		    (but != NULL && pairs_have(but, m->p[i].key)))
			continue;
		jw_key(w, m->p[i].key);
		jw_str(w, m->p[i].value);
	}
}

void note_default(struct render *r, const struct pairs *user,
    const char *key, const char *value)
{
	if (!pairs_have(user, str_from(key)) &&
	    !pairs_have(&r->tenancy.annotations, str_from(key)))
		jw_kcstr(r->w, key, value);
}

void members_write(const struct json_doc *doc, uint32_t at,
    struct str but, struct jw *w)
{
	uint32_t key;

	if (at == JSON_NIL || json_type(doc, at) != JSON_OBJECT)
		return;
	for (key = json_first(doc, at); key != JSON_NIL;
	    key = json_next(doc, at, key)) {
		if (json_key_is(doc, key, but))
			continue;
		jw_raw_key(w, json_raw(doc, key));
		jw_raw(w, json_raw(doc, json_value(doc, key)));
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
	if (has_tenant(r))
		jw_kstr(w, LABEL_TENANT, r->tenancy.tenant);
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

void int_or_str_write(struct jw *w, const char *key,
    const struct int_or_str *v)
{
	if (v->is_int)
		jw_ki64(w, key, v->i);
	else
		jw_kstr(w, key, v->s);
}

void selector_write(struct jw *w, const char *key, const char *label,
    struct str value)
{
	jw_kopen(w, key);
	jw_kopen(w, "matchLabels");
	jw_kstr(w, label, value);
	jw_close(w);
	jw_close(w);
}

static bool has_config(const struct render *r)
{
	return server_has_config(r->spec);
}

static bool has_service(const struct render *r)
{
	return service_wanted(r->spec);
}

static bool always(const struct render *r)
{
	(void)r;
	return true;
}

/* Parts of the spec that are kept as text; see areas_read. */
enum { SCALING = 1, MESH = 2, ENTRY = 4, NETWORK = 8, MONITORING = 16 };

static const struct pairs *service_labels(const struct render *r)
{
	return &r->spec->service.labels;
}

static const struct {
	bool (*wanted)(const struct render *r);
	void (*write)(struct render *r);	/* all but the metadata */
	unsigned areas;
	/* A user's labels of this kind alone, or NULL. */
	const struct pairs *(*labels)(const struct render *r);
	/* His annotations, and what stands in for them; or NULL. */
	const struct pairs *(*notes)(const struct render *r);
	void (*notes_write)(struct render *r);
} kinds[CHILD_KINDS_ALL] = {
	[CHILD_CONFIG_MAP] = { has_config, config_write, 0, NULL, NULL, NULL },
	[CHILD_SERVICE] = { has_service, service_write, ENTRY,
	    service_labels, service_notes, entry_service_notes_write },
	[CHILD_DEPLOYMENT] = { always, deployment_write, MESH, NULL, NULL,
	    NULL },
	[CHILD_HPA] = { hpa_wanted, hpa_write, SCALING, NULL, NULL, NULL },
	[CHILD_PDB] = { pdb_wanted, pdb_write, SCALING, NULL, NULL, NULL },
	[CHILD_VPA] = { vpa_wanted, vpa_write, SCALING, NULL, NULL, NULL },
	[CHILD_VIRTUAL_SERVICE] = { virtual_service_wanted,
	    virtual_service_write, MESH, NULL, NULL, NULL },
	[CHILD_DESTINATION_RULE] = { destination_rule_wanted,
	    destination_rule_write, MESH, NULL, NULL, NULL },
	[CHILD_PEER_AUTH] = { peer_auth_wanted, peer_auth_write, MESH, NULL,
	    NULL, NULL },
	[CHILD_INGRESS] = { ingress_wanted, ingress_write, ENTRY, NULL,
	    ingress_notes, ingress_notes_write },
	[CHILD_HTTP_ROUTE] = { http_route_wanted, http_route_write, ENTRY,
	    NULL, http_route_notes, NULL },
	[CHILD_NETWORK_POLICY] = { network_policy_wanted,
	    network_policy_write, NETWORK, NULL, NULL, NULL },
	[CHILD_RESOURCE_QUOTA] = { quota_wanted, quota_write, 0, NULL, NULL,
	    NULL },
	[CHILD_LIMIT_RANGE] = { limit_range_wanted, limit_range_write, 0,
	    NULL, NULL, NULL },
	[CHILD_ROLE] = { role_wanted, role_write, 0, NULL, NULL, NULL },
	[CHILD_ROLE_BINDING] = { role_wanted, role_binding_write, 0, NULL,
	    NULL, NULL },
	[CHILD_SERVICE_MONITOR] = { service_monitor_wanted,
	    service_monitor_write, MONITORING, monitor_labels, NULL, NULL },
	[CHILD_PROMETHEUS_RULE] = { prometheus_rule_wanted,
	    prometheus_rule_write, MONITORING | SCALING, monitor_labels,
	    NULL, NULL },
	[CHILD_DASHBOARD] = { dashboard_wanted, dashboard_write, MONITORING,
	    dashboard_labels, dashboard_notes, NULL },
};

const struct child_info child_info[CHILD_KINDS_ALL] = {
#define CHILD(kind, group, version, plural, name, suffix, flags) \
	{ group, version, plural, name, suffix, flags },
#include "children.def"
#undef CHILD
};

/* That of the tenant shows in all of them. */
static int areas_read(struct render *r, unsigned areas, struct arena *a)
{
	int err = server_area(r->s, server_spec_AT_tenancy, a, &r->tenancy);

	if (err == 0 && areas & SCALING)
		err = server_area(r->s, server_spec_AT_autoscaling, a,
		    &r->scaling);
	if (err == 0 && areas & MESH)
		err = server_area(r->s, server_spec_AT_istio, a, &r->istio);
	if (err == 0 && areas & MESH)
		err = server_area(r->s, server_spec_AT_gateway, a,
		    &r->gateway);
	if (err == 0 && areas & ENTRY)
		err = server_area(r->s, server_spec_AT_entry, a, &r->entry);
	if (err == 0 && areas & NETWORK)
		err = server_area(r->s, server_spec_AT_network, a,
		    &r->network);
	if (err == 0 && areas & MONITORING)
		err = server_area(r->s, server_spec_AT_monitoring, a,
		    &r->monitoring);
	return err;
}

/* What stands in for the digest while the body is written. */
static const char digest_blank[] = "0000000000000000";

static bool is_rolled_back(const struct render *r)
{
	return r->in->rolled_from != 0 &&
	    r->in->rolled_from == r->template_digest;
}

static void rolled_note_write(struct render *r)
{
	char mem[40];
	struct buf note;

	if (!is_rolled_back(r))
		return;
	buf_init(&note, mem, sizeof(mem));
	render_note(&note, r->in->rolled_to, r->in->rolled_from);
	CHECK(!note.over);
	jw_kstr(r->w, NOTE_ROLLED_BACK, buf_view(&note));
}

static void annotations_write(struct render *r, enum child_kind kind,
    size_t *ret_digest_at)
{
	static const struct pairs none;
	const struct pairs *user;
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
		if (r->in->scaled)
			jw_kcstr(w, NOTE_SCALED, "true");
		rolled_note_write(r);
	}
	user = kinds[kind].notes != NULL ? kinds[kind].notes(r) : &none;
	if (kinds[kind].notes_write != NULL)
		kinds[kind].notes_write(r);
	user_notes_write(w, user, NULL);
	user_notes_write(w, &r->tenancy.annotations, user);
	jw_close(w);
}

/* What a user says of one child is nearer than what of the server. */
static void child_labels_write(struct render *r, enum child_kind kind)
{
	const struct pairs *nearer = kinds[kind].labels != NULL ?
	    kinds[kind].labels(r) : NULL;

	jw_kopen(r->w, "labels");
	labels_write(r);
	if (nearer != NULL)
		user_labels_write(r->w, nearer, NULL);
	user_labels_write(r->w, &r->s->meta.labels, nearer);
	tenant_labels_write(r, &r->s->meta.labels, nearer);
	jw_close(r->w);
}

static void child_write(struct render *r, enum child_kind kind,
    struct child *c, size_t *ret_digest_at)
{
	const struct child_info *info = &child_info[kind];
	struct jw *w = r->w;

	jw_open(w);
	jw_kfmt(w, "apiVersion", "%s%s%s", info->group,
	    info->group[0] ? "/" : "", info->version);
	jw_kcstr(w, "kind", info->kind);
	jw_kopen(w, "metadata");
	c->uid_at = w->out->n;
	jw_kstr(w, "name", c->name);
	jw_kstr(w, "namespace", r->s->meta.ns);
	child_labels_write(r, kind);
	annotations_write(r, kind, ret_digest_at);
	owner_write(r);
	jw_close(w);
	kinds[kind].write(r);
	jw_close(w);
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
		if (r->in->salt != 0)
			c->digest = hash_more(c->digest, &r->in->salt,
			    sizeof(r->in->salt));
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
	buf_cstr(&name, child_info[kind].suffix);
	c->name = arena_keep(a, &name);
	c->wanted = kinds[kind].wanted(r);
	if (c->wanted)
		body_render(r, kind, a, c);
}

/* What does not fit is noted by the arena, as with all that is rendered. */
static void template_patch(struct render *r, struct arena *a)
{
	struct json_doc base, patch;
	struct buf out;
	struct jw w;

	if (a->over || json_parse_in(&base, r->template, a, NULL) < 0 ||
	    json_parse_in(&patch, r->spec->pod_patch, a, NULL) < 0) {
		a->over = true;
		return;
	}
	out = arena_buf(a);
	jw_init(&w, &out);
	json_patch_write(&base, &patch, pod_template_lists, &w);
	r->template = arena_keep(a, &out);
}

/*
 * The API server writes an account's name into serviceAccount as well, the
 * field of old, and takes it from there when it is given nowhere else. So
 * both are ours, or the name would stay for good when it is taken away. No
 * pod changes for that, nor the digest of the template.
 */
static void account_twice(struct render *r, struct arena *a)
{
	size_t mark = arena_mark(a), end;
	struct str name = STR_NONE;
	struct json_doc doc;
	struct buf out;
	uint32_t spec;

	r->sent_template = r->template;
	if (!HAS(r->spec, server_spec, service_account) &&
	    !HAS(r->spec, server_spec, pod_patch))
		return;
	if (a->over || json_parse_in(&doc, r->template, a, NULL) < 0) {
		a->over = true;
		return;
	}
	spec = json_get(&doc, JSON_ROOT, STR("spec"));
	if (json_get(&doc, spec, STR("serviceAccount")) == JSON_NIL)
		name = json_raw(&doc, json_get(&doc, spec,
		    STR("serviceAccountName")));
	arena_reset(a, mark);
	if (name.n == 0)
		return;
	out = arena_buf(a);
	end = (size_t)(name.p - r->template.p) + name.n;
	buf_fmt(&out, "%S,\"serviceAccount\":%S%S",
	    str_sub(r->template, 0, end), name,
	    str_sub(r->template, end, r->template.n));
	r->sent_template = arena_keep(a, &out);
}

static void template_render(struct render *r, struct arena *a)
{
	struct buf out = arena_buf(a);
	struct jw w;

	jw_init(&w, &out);
	r->w = &w;
	template_write(r);
	r->template = arena_keep(a, &out);
	if (HAS(r->spec, server_spec, pod_patch))
		template_patch(r, a);
	r->template_digest = hash_more(HASH_SEED, r->template.p,
	    r->template.n);
	account_twice(r, a);
}

static struct render render_begin(const struct render_in *in,
    struct arena *a)
{
	struct render r = {
		.in = in, .s = in->server, .spec = &in->server->spec
	};
	struct buf key = arena_buf(a);

	CHECK(in->revision >= 1 && in->revision <= RENDER_REVISION);
	render_key(r.s->group, r.s->meta.name, &key);
	r.key = arena_keep(a, &key);
	return r;
}

int render_server(const struct render_in *in, struct arena *a,
    struct render_out *ret)
{
	struct render_out out = { 0 };
	size_t mark = arena_mark(a);
	struct render r = render_begin(in, a);
	unsigned areas = 0;
	int k, err;

	for (k = 0; k < CHILD_KINDS; k++)
		areas |= kinds[k].areas;
	err = areas_read(&r, areas, a);
	if (server_has_config(r.spec))
		r.config_text = config_render(&r, a);
	r.affinity = affinity_render(&r, a);
	r.init = containers_render(&r, &r.spec->pod.init, a);
	r.sidecars = containers_render(&r, &r.spec->pod.sidecars, a);
	template_render(&r, a);
	/* Nothing of a text that did not fit may be written on. */
	for (k = 0; k < CHILD_KINDS && !a->over; k++)
		child_render(&r, (enum child_kind)k, a, &out.child[k]);
	if (err < 0 || a->over) {
		arena_reset(a, mark);
		return ERR_FULL;
	}
	out.template_digest = r.template_digest;
	out.sidecar = reloader_wanted(&r) ? in->sidecar : STR_NONE;
	out.rolled_to = is_rolled_back(&r) ? in->rolled_to : 0;
	*ret = out;
	return 0;
}

int render_extra(const struct render_in *in, enum child_kind kind,
    struct arena *a, struct child *ret)
{
	struct child c = { 0 };
	size_t mark = arena_mark(a);
	struct render r = render_begin(in, a);
	int err;

	CHECK(kind >= CHILD_KINDS && kind < CHILD_KINDS_ALL);
	err = areas_read(&r, kinds[kind].areas, a);
	if (err == 0 && kind == CHILD_DASHBOARD && dashboard_wanted(&r))
		r.dashboard = dashboard_render(&r, a);
	if (err == 0 && !a->over)
		child_render(&r, kind, a, &c);
	if (err < 0 || a->over) {
		arena_reset(a, mark);
		return ERR_FULL;
	}
	*ret = c;
	return 0;
}

int render_kinds(const struct server *s, struct arena *a,
    uint32_t *ret_kinds)
{
	struct render r = { .s = s, .spec = &s->spec };
	size_t mark = arena_mark(a);
	uint32_t kinds_set = 0;
	unsigned areas = 0;
	int k, err;

	for (k = CHILD_KINDS; k < CHILD_KINDS_ALL; k++)
		areas |= kinds[k].areas;
	err = areas_read(&r, areas, a);
	for (k = CHILD_KINDS; k < CHILD_KINDS_ALL && err == 0; k++)
		if (kinds[k].wanted(&r))
			kinds_set |= UINT32_C(1) << k;
	arena_reset(a, mark);
	/* What this lacks makes whatever is written of it a cut one. */
	if (err < 0)
		a->over = true;
	else
		*ret_kinds = kinds_set;
	return err;
}
