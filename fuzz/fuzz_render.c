/*
 * A random MCPServer of any group becomes children that are JSON, hold no key
 * twice, do not depend on where they were written, and take a uid at its
 * place; too little room leaves nothing behind. Where the user says nothing
 * twice, no list that server-side apply knows by keys has an item twice.
 */
#include "kube.h"
#include "object.h"
#include "render.h"

enum { TEXT = 2 * FUZZ_MAX, TOKENS = TEXT };
static struct json_tok tok[TOKENS], found[TOKENS];
static char text_mem[TEXT], decoded[4 * TEXT], spliced[8 * TEXT];
static char room[2][24 * TEXT];

static void meta_make(struct fuzz_input *in, struct jw *w)
{
	static const uint8_t lengths[] = { 1, 2, 5, 60, 61, 62, 63, 64, 80 };
	uint8_t c = fuzz_u8(in);
	char name[80];

	memset(name, c < 250 ? 'a' : '0', sizeof(name));
	jw_kopen(w, "metadata");
	jw_kstr(w, "name", (struct str){ name,
	    lengths[c % ARRAY_LEN(lengths)] });
	jw_kcstr(w, "namespace", "n");
	jw_kcstr(w, "uid", "6f3c1b2a-0d4e-4f5a-9b8c-000000000001");
	jw_key(w, STR("labels"));
	object_map(in, false, w);
	jw_close(w);
}

static struct str server_make(struct fuzz_input *in, enum group g)
{
	struct buf b;
	struct jw w;

	buf_init(&b, text_mem, sizeof(text_mem));
	jw_init(&w, &b);
	jw_open(&w);
	meta_make(in, &w);
	jw_key(&w, STR("spec"));
	object_make(in, &server_spec_schema, group_mode(g)->groups, &w);
	jw_close(&w);
	FUZZ_CHECK(jw_done(&w));
	return b.over ? STR_NONE : buf_view(&b);
}

/* ---- what a body must be ---- */

static void check_keys(const struct json_doc *doc)
{
	uint32_t i, k, l;

	for (i = 0; i < doc->n; i++) {
		if (json_type(doc, i) != JSON_OBJECT)
			continue;
		for (k = json_first(doc, i); k != JSON_NIL;
		    k = json_next(doc, i, k))
			for (l = json_next(doc, i, k); l != JSON_NIL;
			    l = json_next(doc, i, l))
				FUZZ_CHECK(!str_eq(json_raw(doc, k),
				    json_raw(doc, l)));
	}
}

/* No two items of the list have both values in common. */
static void check_list(const struct json_doc *doc, uint32_t at,
    const char *list, const char *key, const char *other)
{
	uint32_t l = json_get(doc, at, str_from(list)), i, j;

	for (i = json_first(doc, l); i != JSON_NIL; i = json_next(doc, l, i))
		for (j = json_next(doc, l, i); j != JSON_NIL;
		    j = json_next(doc, l, j))
			FUZZ_CHECK(!str_eq(
			    json_raw(doc, json_get(doc, i, str_from(key))),
			    json_raw(doc, json_get(doc, j, str_from(key)))) ||
			    !str_eq(
			    json_raw(doc, json_get(doc, i, str_from(other))),
			    json_raw(doc, json_get(doc, j,
			    str_from(other)))));
}

static void check_lists(const struct json_doc *doc, enum child_kind kind)
{
	uint32_t spec = json_get(doc, JSON_ROOT, STR("spec")), pod, c;

	if (kind == CHILD_SERVICE) {
		check_list(doc, spec, "ports", "port", "protocol");
		check_list(doc, spec, "ports", "name", "name");
	} else if (kind == CHILD_DEPLOYMENT) {
		pod = json_path(doc, spec, "template.spec");
		check_list(doc, pod, "volumes", "name", "name");
		check_list(doc, pod, "imagePullSecrets", "name", "name");
		c = json_first(doc, json_get(doc, pod, STR("containers")));
		check_list(doc, c, "env", "name", "name");
		check_list(doc, c, "ports", "containerPort", "protocol");
		check_list(doc, c, "ports", "name", "name");
		check_list(doc, c, "volumeMounts", "mountPath", "mountPath");
	}
}

static bool volumes_are_plain(const struct server_spec *s)
{
	uint32_t i, j;

	for (i = 0; i < s->volumes.n; i++) {
		struct str name = s->volumes.p[i].name;

		if (str_is(name, VOLUME_TMP) || str_is(name, VOLUME_CONFIG) ||
		    str_starts(name, STR(VOLUME_SOURCE)))
			return false;
		for (j = 0; j < i; j++)
			if (str_eq(name, s->volumes.p[j].name))
				return false;
	}
	return true;
}

/* Mounts, and behind them config sources. */
static struct str mount_path(const struct server_spec *s, uint32_t i)
{
	uint32_t n = s->volume_mounts.n;

	return i < n ? s->volume_mounts.p[i].mount_path :
	    s->config_sources.p[i - n].mount_path;
}

static bool mounts_are_plain(const struct server_spec *s)
{
	uint32_t n = s->volume_mounts.n + s->config_sources.n, i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (str_eq(mount_path(s, i), mount_path(s, j)))
				return false;
	return true;
}

/* Do the user's own lists hold nothing twice, and nothing of ours? */
static bool is_plain(const struct server_spec *s)
{
	uint32_t i, j;

	for (i = 0; i < s->ports.n; i++)
		for (j = 0; j < i; j++)
			if (str_eq(s->ports.p[i].name, s->ports.p[j].name) ||
			    (s->ports.p[i].port == s->ports.p[j].port &&
			    s->ports.p[i].protocol == s->ports.p[j].protocol))
				return false;
	return volumes_are_plain(s) && mounts_are_plain(s);
}

static void check_child(const struct child *c, enum child_kind kind,
    bool plain)
{
	struct json_doc doc;
	struct buf b;

	if (!c->wanted)
		return;
	FUZZ_CHECK(json_scan(c->body, NULL) == 0);
	buf_init(&b, spliced, sizeof(spliced));
	buf_str(&b, str_sub(c->body, 0, c->uid_at));
	buf_cstr(&b, "\"uid\":\"1\",");
	buf_str(&b, str_sub(c->body, c->uid_at, c->body.n));
	FUZZ_CHECK(!b.over);
	if (json_parse(&doc, buf_view(&b), found, TOKENS, NULL) == ERR_LIMIT)
		return;
	FUZZ_CHECK(str_is(json_raw(&doc, json_path(&doc, JSON_ROOT,
	    "metadata.uid")), "\"1\""));
	check_keys(&doc);
	if (plain)
		check_lists(&doc, kind);
}

/* ---- how it is made ---- */

static void check_same(const struct render_out *a, const struct render_out *b)
{
	FUZZ_CHECK(a->template_digest == b->template_digest);
	for (int k = 0; k < CHILD_KINDS; k++) {
		const struct child *x = &a->child[k], *y = &b->child[k];

		FUZZ_CHECK(x->wanted == y->wanted);
		FUZZ_CHECK(x->digest == y->digest);
		FUZZ_CHECK(x->uid_at == y->uid_at);
		FUZZ_CHECK(str_eq(x->name, y->name));
		FUZZ_CHECK(str_eq(x->body, y->body));
	}
}

/* A change of the references is one of the pods and nothing else. */
static void check_refs(const struct render_in *in,
    const struct render_out *out)
{
	struct render_in other = *in;
	struct render_out changed;
	struct arena a;

	other.refs = ~in->refs;
	arena_init(&a, room[1], sizeof(room[1]));
	FUZZ_CHECK(render_server(&other, &a, &changed) == 0);
	FUZZ_CHECK(changed.template_digest != out->template_digest);
	for (int k = 0; k < CHILD_KINDS; k++)
		FUZZ_CHECK((changed.child[k].digest == out->child[k].digest) ==
		    (k != CHILD_DEPLOYMENT));
}

/* What is sent has an account's name in a second field, right behind. */
static bool has_digest(struct str template, uint64_t digest)
{
	static const struct str key = STR_INIT(",\"serviceAccount\":");
	size_t at = str_search(template, key), n;
	struct str head = str_sub(template, 0, at);
	struct str rest = str_sub(template, at + key.n, template.n);
	uint64_t h = hash_more(HASH_SEED, head.p, head.n);

	if (hash_more(HASH_SEED, template.p, template.n) == digest)
		return true;
	for (n = 1; n <= rest.n; n++) {
		struct str tail = str_sub(rest, n, rest.n);

		if (str_ends(head, str_sub(rest, 0, n)) &&
		    hash_more(h, tail.p, tail.n) == digest)
			return true;
	}
	return false;
}

/* Pods that went back: a note, and a place for their template. */
static void check_rolled(const struct render_in *in,
    const struct render_out *out)
{
	const struct child *c = &out->child[CHILD_DEPLOYMENT];
	struct render_in other = *in;
	struct render_out rolled;
	struct str template;
	struct arena a;

	FUZZ_CHECK(out->rolled_to == 0);
	other.rolled_from = out->template_digest;
	other.rolled_to = 7;
	arena_init(&a, room[1], sizeof(room[1]));
	FUZZ_CHECK(render_server(&other, &a, &rolled) == 0);
	FUZZ_CHECK(rolled.rolled_to == 7);
	FUZZ_CHECK(rolled.template_digest == out->template_digest);
	FUZZ_CHECK(rolled.child[CHILD_DEPLOYMENT].digest != c->digest);
	c = &rolled.child[CHILD_DEPLOYMENT];
	FUZZ_CHECK(kube_peek(c->body, "spec.template", &template));
	FUZZ_CHECK(has_digest(template, rolled.template_digest));
	FUZZ_CHECK((size_t)(template.p - c->body.p) > c->uid_at);
}

static void check_small(const struct render_in *in, size_t cap)
{
	struct render_out out;
	struct arena a;

	arena_init(&a, room[1], cap);
	FUZZ_CHECK(render_server(in, &a, &out) == ERR_FULL);
	FUZZ_CHECK(arena_mark(&a) == 0 && !a.over);
}

/* Each of the others, which are made one at a time. */
static void check_extra(const struct render_in *in, enum child_kind kind,
    uint32_t cut)
{
	struct child c, again;
	struct arena a;
	size_t need;

	arena_init(&a, room[0], sizeof(room[0]));
	FUZZ_CHECK(render_extra(in, kind, &a, &c) == 0);
	need = arena_mark(&a);
	check_child(&c, kind, false);
	arena_init(&a, room[1], sizeof(room[1]));
	FUZZ_CHECK(arena_alloc(&a, 1 + cut % 7, 1) != NULL);
	FUZZ_CHECK(render_extra(in, kind, &a, &again) == 0);
	FUZZ_CHECK(c.wanted == again.wanted && c.digest == again.digest);
	FUZZ_CHECK(str_eq(c.name, again.name) && str_eq(c.body, again.body));
	arena_init(&a, room[1], cut % (need - 1));
	if (cut % (need - 1) + 64 < need) {
		FUZZ_CHECK(render_extra(in, kind, &a, &again) == ERR_FULL);
		FUZZ_CHECK(arena_mark(&a) == 0 && !a.over);
	}
}

static void check_rendering(const struct render_in *in, uint32_t cut)
{
	bool plain = is_plain(&in->server->spec);
	struct render_out out, again;
	struct arena a;
	size_t need;

	arena_init(&a, room[0], sizeof(room[0]));
	FUZZ_CHECK(render_server(in, &a, &out) == 0);
	need = arena_mark(&a);
	for (int k = 0; k < CHILD_KINDS; k++)
		check_child(&out.child[k], (enum child_kind)k, plain);
	arena_init(&a, room[1], sizeof(room[1]));
	FUZZ_CHECK(arena_alloc(&a, 1 + cut % 7, 1) != NULL);
	FUZZ_CHECK(render_server(in, &a, &again) == 0);
	check_same(&out, &again);
	check_rolled(in, &out);
	check_refs(in, &out);
	check_small(in, cut % need);
	for (int k = CHILD_KINDS; k < CHILD_KINDS_ALL; k++)
		check_extra(in, (enum child_kind)k, cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct server server;
	struct fuzz_input in = { data, size };
	enum group g = (enum group)(fuzz_u8(&in) % GROUPS);
	uint32_t cut = fuzz_u32(&in);
	struct render_in how = {
		.server = &server, .refs = fuzz_u8(&in),
		.sidecar = cut & 1 ? STR("i") : STR_NONE,
		.revision = RENDER_REVISION
	};
	struct str text = server_make(&in, g);
	struct json_doc doc;
	struct arena a;
	int err;

	if (text.n == 0 || json_parse(&doc, text, tok, TOKENS, NULL) ==
	    ERR_LIMIT)
		return 0;
	arena_init(&a, decoded, sizeof(decoded));
	err = server_decode(g, &doc, JSON_ROOT, &a, &server, NULL);
	FUZZ_CHECK(err == 0 || err == ERR_INVALID || err == ERR_FULL);
	if (err == 0)
		check_rendering(&how, cut);
	return 0;
}
