#include <string.h>

#include "kube_int.h"

#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

/* What the search through the files has come to. */
struct search {
	struct kube_config *c;
	const struct kube_config_source *from;
	struct str paths;	/* separated by ':' unless one */
	bool one;		/* a single file, which must be there */
	bool seen;		/* some file was read */
	struct diag *d;
	/* the file at hand */
	const char *path;
	struct str dir;		/* with its last '/', or empty */
	struct json_doc doc;
	/* what is looked for */
	const char *list;	/* "clusters", or NULL: current-context */
	struct str name;
	struct str cluster;
};

/* ---- one file -------------------------------------------------------- */

static int bad_yaml(struct search *s, const struct diag *why, int err)
{
	diag_set(s->d, str_from(s->path), "%s", why->text[0] ? why->text :
	    err_text(err));
	return err;
}

static int parse_file(struct search *s)
{
	struct config_work *work = config_work(s->c);
	struct str text;
	struct arena yaml;
	struct buf json;
	struct diag why;
	int err;

	err = config_read(s->c, s->path, sizeof(work->file), &text, s->d);
	if (err)
		return err;
	diag_clear(&why);
	arena_init(&yaml, work->yaml, sizeof(work->yaml));
	buf_init(&json, work->json, sizeof(work->json));
	err = yaml_to_json(&text, &yaml, &json, &why);
	config_work_free(s->c, &yaml);
	if (err == ERR_NOENT) {		/* an empty file is an empty config */
		buf_clear(&json);
		buf_cstr(&json, "{}");
		err = 0;
	}
	if (!err)
		err = json_parse(&s->doc, buf_view(&json), work->tok,
		    JSON_TOKENS_MAX, &why);
	return err ? bad_yaml(s, &why, err) : 0;
}

/* Members that are null count as absent, as empty strings do. */
static uint32_t member(const struct json_doc *doc, uint32_t at,
    const char *key)
{
	uint32_t v = json_get(doc, at, str_from(key));

	return v != JSON_NIL && json_type(doc, v) == JSON_NULL ? JSON_NIL : v;
}

/* A string member copied into the config's text; empty when absent. */
static int text_member(struct search *s, uint32_t at, const char *key,
    struct str *ret)
{
	uint32_t v = member(&s->doc, at, key);
	struct str text;
	int err;

	*ret = STR_NONE;
	if (v == JSON_NIL)
		return 0;
	if (json_type(&s->doc, v) != JSON_STRING) {
		diag_set(s->d, str_from(s->path), "%s must be a string", key);
		return ERR_BAD;
	}
	err = json_string(&s->doc, v, &s->c->text, &text);
	if (err)
		return err;
	*ret = arena_str(&s->c->text, text);
	return s->c->text.over ? ERR_LIMIT : 0;
}

static int refuse(struct search *s, const char *key, const char *why)
{
	diag_set(s->d, str_from(s->path), "%s is not supported: %s", key,
	    why);
	return ERR_UNSUPPORTED;
}

/* A path member, relative to its file's folder. */
static int path_member(struct search *s, uint32_t at, const char *key,
    const char **ret)
{
	struct str path;
	struct buf b;
	int err = text_member(s, at, key, &path);

	if (err || !path.n)
		return err;
	b = arena_buf(&s->c->text);
	if (path.p[0] != '/')
		buf_str(&b, s->dir);
	buf_str(&b, path);
	buf_char(&b, '\0');
	path = arena_keep(&s->c->text, &b);
	if (s->c->text.over)
		return ERR_LIMIT;
	*ret = path.p;
	return 0;
}

/* Base64 of PEM text, decoded into p. */
static int data_member(struct search *s, uint32_t at, const char *key,
    char *p, size_t cap, struct str *ret)
{
	uint32_t v = member(&s->doc, at, key);
	struct str text;
	size_t n;

	*ret = STR_NONE;
	if (v == JSON_NIL)
		return 0;
	/* Base64 needs no escapes, so its text is the raw one. */
	text = json_raw(&s->doc, v);
	if (json_type(&s->doc, v) != JSON_STRING ||
	    b64_decode(str_sub(text, 1, text.n - 1), true, p, cap, &n)) {
		diag_set(s->d, str_from(s->path), "%s is not base64, or too "
		    "long", key);
		return ERR_BAD;
	}
	*ret = (struct str){ p, n };
	return 0;
}

static int pem_member(struct search *s, uint32_t at, const char *key,
    struct str *ret)
{
	struct arena *text = &s->c->text;
	struct buf b = arena_buf(text);
	struct str pem;
	int err = data_member(s, at, key, b.p, b.cap, &pem);

	b.n = err ? 0 : pem.n;
	*ret = arena_keep(text, &b);
	return err;
}

/* ---- entries --------------------------------------------------------- */

static int take_context(struct search *s, uint32_t at)
{
	struct kube_config *c = s->c;
	struct str namespace;
	int err;

	err = text_member(s, at, "cluster", &s->cluster);
	if (!err)
		err = text_member(s, at, "user", &c->user);
	if (!err)
		err = text_member(s, at, "namespace", &namespace);
	if (err)
		return err;
	if (namespace.n)
		c->namespace = namespace;
	if (s->cluster.n)
		return 0;
	diag_set(s->d, str_from(s->path), "context \"%S\" names no cluster",
	    c->context);
	return ERR_BAD;
}

/* Given in the configuration: loaded at once, and never again. */
static int take_ca(struct search *s, uint32_t at)
{
	struct kube_config *c = s->c;
	struct config_work *work = config_work(c);
	const struct io *io = c->io;
	const char *system = io->env(io->ctx, "SSL_CERT_FILE");
	struct str pem;
	int err;

	/* The file's text is no longer needed, its JSON is. */
	err = data_member(s, at, "certificate-authority-data", work->file,
	    sizeof(work->file), &pem);
	if (err)
		return err;
	if (pem.n)
		return trust_load_anchors(c->trust, pem,
		    io->wall_ns(io->ctx), s->d);
	err = path_member(s, at, "certificate-authority", &c->ca.path);
	if (!err && !c->ca.path)
		c->ca.path = system && system[0] ? system : SYSTEM_CA;
	return err;
}

/* The plugin's own settings for this cluster. */
static struct str exec_extension(const struct json_doc *doc, uint32_t at)
{
	uint32_t all = member(doc, at, "extensions"), one;

	if (all == JSON_NIL || json_type(doc, all) != JSON_ARRAY)
		return STR_NONE;
	for (one = json_first(doc, all); one != JSON_NIL;
	    one = json_next(doc, all, one)) {
		uint32_t name = member(doc, one, "name");
		uint32_t v = member(doc, one, "extension");

		if (name != JSON_NIL && v != JSON_NIL &&
		    str_is(json_raw(doc, name),
		    "\"client.authentication.k8s.io/exec\""))
			return json_raw(doc, v);
	}
	return STR_NONE;
}

static int tell_cluster(struct search *s, uint32_t at, struct str server)
{
	struct kube_config *c = s->c;
	struct config_work *work = config_work(c);
	struct exec_cluster cluster = {
		.server = server, .tls_name = c->target.tls_name,
		.config = exec_extension(&s->doc, at),
	};
	int err;

	err = data_member(s, at, "certificate-authority-data", work->file,
	    sizeof(work->file), &cluster.ca);
	if (!err && !cluster.ca.n && c->ca.path &&
	    member(&s->doc, at, "certificate-authority") != JSON_NIL)
		err = config_read(c, c->ca.path, TLS_PEM_MAX, &cluster.ca,
		    s->d);
	return err ? err : config_exec_info(c, &cluster);
}

static int take_cluster(struct search *s, uint32_t at)
{
	struct kube_config *c = s->c;
	bool insecure = false;
	struct str proxy, server;
	uint32_t v = member(&s->doc, at, "insecure-skip-tls-verify");
	int err;

	if (v != JSON_NIL && (json_bool(&s->doc, v, &insecure) || insecure))
		return refuse(s, "insecure-skip-tls-verify", "give "
		    "certificate-authority, the cluster's CA");
	err = text_member(s, at, "proxy-url", &proxy);
	if (!err && proxy.n)
		return refuse(s, "proxy-url", "connections are direct");
	if (!err)
		err = text_member(s, at, "server", &server);
	if (!err)
		err = text_member(s, at, "tls-server-name",
		    &c->target.tls_name);
	if (err)
		return err;
	err = config_set_server(c, server, s->d);
	if (!err && c->target.trust)
		err = take_ca(s, at);
	if (!err && c->has_exec && c->exec.tell_cluster)
		err = tell_cluster(s, at, server);
	return err;
}

static int take_basic(struct search *s, struct str name, struct str password)
{
	struct config_work *work = config_work(s->c);
	struct buf plain, coded;

	buf_init(&plain, work->file, TOKEN_MAX);
	buf_fmt(&plain, "%S:%S", name, password);
	buf_init(&coded, work->yaml, sizeof(work->yaml));
	b64_encode(&coded, plain.p, plain.n);
	if (plain.over || coded.over)
		return ERR_LIMIT;
	return config_set_auth(s->c, "Basic", buf_view(&coded), s->d);
}

static int refuse_user(struct search *s, uint32_t at)
{
	static const char *const as[] = {
		"as", "as-uid", "as-groups", "as-user-extra",
	};

	for (size_t i = 0; i < ARRAY_LEN(as); i++)
		if (member(&s->doc, at, as[i]) != JSON_NIL)
			return refuse(s, as[i], "impersonation");
	if (member(&s->doc, at, "auth-provider") != JSON_NIL)
		return refuse(s, "auth-provider", "use an exec plugin");
	return 0;
}

static int take_exec(struct search *s, uint32_t at)
{
	uint32_t exec = member(&s->doc, at, "exec");
	struct kube_config *c = s->c;

	/* As kubectl has it, credentials that are given come first. */
	if (exec == JSON_NIL || c->auth_n || c->token.path)
		return 0;
	if (!s->from->allow_exec)
		return refuse(s, "exec", "credential plugins run for the "
		    "command line only");
	return config_exec_read(c, &s->doc, exec, s->dir, s->d);
}

static int take_certs(struct search *s, uint32_t at)
{
	struct kube_config *c = s->c;
	int err;

	err = pem_member(s, at, "client-certificate-data", &c->cert_pem);
	if (!err && !c->cert_pem.n)
		err = path_member(s, at, "client-certificate",
		    &c->cert.path);
	if (!err)
		err = pem_member(s, at, "client-key-data", &c->key_pem);
	if (!err && !c->key_pem.n)
		err = path_member(s, at, "client-key", &c->key.path);
	return err;
}

static int take_user(struct search *s, uint32_t at)
{
	struct kube_config *c = s->c;
	struct str token, name, password;
	int err;

	err = refuse_user(s, at);
	if (!err)
		err = take_certs(s, at);
	if (!err)
		err = path_member(s, at, "tokenFile", &c->token.path);
	if (!err)
		err = text_member(s, at, "token", &token);
	if (!err)
		err = text_member(s, at, "username", &name);
	if (!err)
		err = text_member(s, at, "password", &password);
	if (err)
		return err;
	if (token.n)
		err = config_set_auth(c, "Bearer", token, s->d);
	else if (name.n && !c->token.path)
		err = take_basic(s, name, password);
	return err ? err : take_exec(s, at);
}

/* ---- through the files ----------------------------------------------- */

/* The inner object of the entry `name`: {name: ..., cluster: {...}}. */
static uint32_t find_entry(const struct json_doc *doc, const char *list,
    struct str name)
{
	uint32_t all = json_get(doc, JSON_ROOT, str_from(list)), at;
	struct str inner = str_from(list);

	if (all == JSON_NIL || json_type(doc, all) != JSON_ARRAY)
		return JSON_NIL;
	inner.n--;				/* without the plural's s */
	for (at = json_first(doc, all); at != JSON_NIL;
	    at = json_next(doc, all, at)) {
		uint32_t v = member(doc, at, "name");
		struct str raw;

		if (v == JSON_NIL || json_type(doc, v) != JSON_STRING)
			continue;
		/* Names with escapes are compared as they were written. */
		raw = json_raw(doc, v);
		if (str_eq(str_sub(raw, 1, raw.n - 1), name))
			return json_get(doc, at, inner);
	}
	return JSON_NIL;
}

/* Looks into the file at hand: 0, ERR_NOENT when it is not there, ERR_*. */
static int look(struct search *s)
{
	uint32_t at;
	int err;

	if (!s->list) {
		err = text_member(s, JSON_ROOT, "current-context", &s->name);
		return err || s->name.n ? err : ERR_NOENT;
	}
	at = find_entry(&s->doc, s->list, s->name);
	if (at == JSON_NIL || json_type(&s->doc, at) != JSON_OBJECT)
		return ERR_NOENT;
	if (str_is(str_from(s->list), "contexts"))
		return take_context(s, at);
	if (str_is(str_from(s->list), "users"))
		return take_user(s, at);
	return take_cluster(s, at);
}

/* Sets path and dir for the next of the paths; false: no more. */
static int next_path(struct search *s, struct str *rest)
{
	struct str path = *rest;

	*rest = STR_NONE;
	if (!s->one)
		*rest = str_cut(path, ':', &path);
	s->path = config_cstr(s->c, path);
	if (!s->path)
		return ERR_LIMIT;
	s->dir = str_sub(path, 0, str_rfind(path, '/') + 1);
	if (str_rfind(path, '/') == path.n)
		s->dir = STR_NONE;
	return path.n ? 0 : ERR_NOENT;
}

/* The first file that has what is looked for decides. */
static int search_files(struct search *s)
{
	struct str rest = s->paths;
	int err;

	while (rest.n) {
		err = next_path(s, &rest);
		if (err == ERR_NOENT)
			continue;
		if (!err)
			err = parse_file(s);
		if (err == ERR_NOENT && !s->one) {
			diag_clear(s->d);
			continue;
		}
		if (err)
			return err;
		s->seen = true;
		err = look(s);
		if (err != ERR_NOENT)
			return err;
	}
	return ERR_NOENT;
}

static int search_for(struct search *s, const char *list, struct str name)
{
	int err;

	s->list = list;
	s->name = name;
	err = search_files(s);
	if (err != ERR_NOENT || !s->seen)
		return err;
	if (list)
		diag_set(s->d, STR("kubeconfig"), "%S: no entry \"%S\" among "
		    "the %s", s->paths, name, list);
	else
		diag_set(s->d, STR("kubeconfig"), "%S: no current-context; "
		    "choose one by --context", s->paths);
	return ERR_BAD;
}

int config_from_files(struct kube_config *c, struct str paths, bool one,
    const struct kube_config_source *from, struct diag *d)
{
	struct search s = { .c = c, .from = from, .paths = paths, .one = one };
	struct diag own;
	int err;

	diag_clear(&own);
	s.d = d ? d : &own;
	c->origin = KUBE_CONFIG_FILE;
	c->context = from->context;
	if (!c->context.n) {
		err = search_for(&s, NULL, STR_NONE);
		if (err)
			return err;
		c->context = s.name;
	}
	err = search_for(&s, "contexts", c->context);
	if (!err && c->user.n)
		err = search_for(&s, "users", c->user);
	/* The cluster last: what may go over http depends on the user. */
	if (!err)
		err = search_for(&s, "clusters", s.cluster);
	return err;
}
