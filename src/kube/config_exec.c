#include <string.h>

#include "kube_int.h"

/*
 * Credential plugins (KEP 541, client.authentication.k8s.io): a program that
 * is told what is asked for by KUBERNETES_EXEC_INFO and prints an
 * ExecCredential.
 */

static const char *const versions[] = {
	"client.authentication.k8s.io/v1",
	"client.authentication.k8s.io/v1beta1",
};

static struct str string_at(const struct json_doc *doc, uint32_t at,
    struct arena *a)
{
	struct str s;

	if (at == JSON_NIL || json_type(doc, at) != JSON_STRING ||
	    json_string(doc, at, a, &s))
		return STR_NONE;
	return s;
}

/* ---- its answer ------------------------------------------------------ */

static int bad_answer(struct diag *d, const char *what)
{
	diag_set(d, STR("exec"), "the credential plugin's answer %s", what);
	return ERR_BAD;
}

static int decode_expiry(const struct json_doc *doc, struct arena *a,
    int64_t *ret, struct diag *d)
{
	uint32_t at = json_path(doc, JSON_ROOT,
	    "status.expirationTimestamp");
	struct str s;

	*ret = TIME_NEVER;
	if (at == JSON_NIL || json_type(doc, at) == JSON_NULL)
		return 0;
	s = string_at(doc, at, a);
	return time_parse(s, ret) ? bad_answer(d, "has an odd "
	    "expirationTimestamp") : 0;
}

static struct str status_text(const struct json_doc *doc, const char *path,
    struct arena *a)
{
	return arena_str(a, string_at(doc, json_path(doc, JSON_ROOT, path),
	    a));
}

int kube_exec_decode(struct str text, struct str version,
    struct json_tok *tok, uint32_t cap, struct arena *a,
    struct kube_exec_credential *ret, struct diag *d)
{
	struct kube_exec_credential out;
	struct json_doc doc;
	int err;

	if (json_parse(&doc, text, tok, cap, NULL))
		return bad_answer(d, "is not JSON");
	if (!str_is(status_text(&doc, "kind", a), "ExecCredential"))
		return bad_answer(d, "is not an ExecCredential");
	if (!str_eq(status_text(&doc, "apiVersion", a), version))
		return bad_answer(d, "has another apiVersion than asked for");
	err = decode_expiry(&doc, a, &out.expires_wall_ns, d);
	if (err)
		return err;
	out.token = status_text(&doc, "status.token", a);
	out.cert = status_text(&doc, "status.clientCertificateData", a);
	out.key = status_text(&doc, "status.clientKeyData", a);
	if (a->over)
		return ERR_LIMIT;
	if (!out.cert.n != !out.key.n)
		return bad_answer(d, "has only one of clientCertificateData "
		    "and clientKeyData");
	if (!out.token.n && !out.cert.n)
		return bad_answer(d, "holds no credentials");
	*ret = out;
	return 0;
}

/* ---- running it ------------------------------------------------------ */

static int failed(const struct kube_config *c, struct diag *d, int err,
    int status)
{
	struct str name = str_from(c->exec.argv[0]);

	if (err == ERR_NOENT)
		diag_set(d, name, "the credential plugin is not installed. "
		    "%S", c->exec.hint);
	else if (err)
		diag_set(d, name, "credential plugin: %s", err_text(err));
	else
		diag_set(d, name, "the credential plugin ended with status "
		    "%d", status);
	return err ? err : ERR_DENIED;
}

static int take_credential(struct kube_config *c,
    const struct kube_exec_credential *cred, struct diag *d)
{
	int err = 0;

	if (cred->token.n)
		err = config_set_auth(c, "Bearer", cred->token, d);
	if (!err && cred->cert.n && c->target.trust)
		err = config_load_client(c, cred->cert, cred->key, d);
	if (!err)
		c->exec.expires_wall_ns = cred->expires_wall_ns;
	return err;
}

int config_exec_run(struct kube_config *c, struct diag *d)
{
	struct config_work *work = config_work(c);
	struct kube_exec_credential cred;
	struct arena a;
	int status = 0, n, err;

	n = c->io->run(c->io->ctx, c->exec.argv, c->exec.env, work->file,
	    KUBE_EXEC_OUT_MAX, KUBE_EXEC_TIMEOUT_MS, &status);
	if (n < 0 || status)
		return failed(c, d, n < 0 ? n : 0, status);
	arena_init(&a, work->yaml, sizeof(work->yaml));
	err = kube_exec_decode((struct str){ work->file, (size_t)n },
	    c->exec.version, work->tok, JSON_TOKENS_MAX, &a, &cred, d);
	if (!err)
		err = take_credential(c, &cred, d);
	config_work_free(c, &a);
	mem_trim(c->mem, work, sizeof(*work));
	return err;
}

/* ---- its entry in a kubeconfig --------------------------------------- */

static int bad_entry(struct diag *d, const char *what)
{
	diag_set(d, STR("exec"), "%s", what);
	return ERR_BAD;
}

static int read_version(struct kube_config *c, const struct json_doc *doc,
    uint32_t exec, struct diag *d)
{
	struct str s = string_at(doc, json_get(doc, exec, STR("apiVersion")),
	    &c->text);

	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (str_is(s, versions[i])) {
			c->exec.version = str_from(versions[i]);
			return 0;
		}
	diag_set(d, STR("exec.apiVersion"), "\"%S\" is not supported: %s, "
	    "%s", s, versions[0], versions[1]);
	return ERR_UNSUPPORTED;
}

/* A command with a '/' is relative to the kubeconfig, another in PATH. */
static int read_command(struct kube_config *c, const struct json_doc *doc,
    uint32_t exec, struct str dir, struct diag *d)
{
	struct str s = string_at(doc, json_get(doc, exec, STR("command")),
	    &c->text);
	struct buf b = arena_buf(&c->text);

	if (!s.n)
		return bad_entry(d, "no command");
	if (s.p[0] != '/' && str_find(s, '/') < s.n)
		buf_str(&b, dir);
	buf_str(&b, s);
	buf_char(&b, '\0');
	c->exec.argv[0] = arena_keep(&c->text, &b).p;
	return 0;
}

/* False when it is there and no list; JSON_NIL has no elements. */
static bool list_at(const struct json_doc *doc, uint32_t exec,
    const char *key, uint32_t *ret)
{
	*ret = json_get(doc, exec, str_from(key));
	if (*ret != JSON_NIL && json_type(doc, *ret) == JSON_NULL)
		*ret = JSON_NIL;
	return *ret == JSON_NIL || json_type(doc, *ret) == JSON_ARRAY;
}

static int read_args(struct kube_config *c, const struct json_doc *doc,
    uint32_t exec, struct diag *d)
{
	uint32_t args, at;
	size_t n = 1;

	if (!list_at(doc, exec, "args", &args))
		return bad_entry(d, "args must be a list");
	for (at = json_first(doc, args); at != JSON_NIL;
	    at = json_next(doc, args, at)) {
		if (json_type(doc, at) != JSON_STRING)
			return bad_entry(d, "args must be strings");
		if (n > KUBE_EXEC_ARGS_MAX)
			return bad_entry(d, "too many args");
		c->exec.argv[n++] = config_cstr(c,
		    string_at(doc, at, &c->text));
	}
	return 0;
}

static const char *pair(struct kube_config *c, struct str name,
    struct str value)
{
	struct buf b = arena_buf(&c->text);

	buf_fmt(&b, "%S=%S", name, value);
	buf_char(&b, '\0');
	return arena_keep(&c->text, &b).p;
}

/* Entry 0 is KUBERNETES_EXEC_INFO. */
static int read_env(struct kube_config *c, const struct json_doc *doc,
    uint32_t exec, struct diag *d)
{
	uint32_t env, at;
	size_t n = 1;

	if (!list_at(doc, exec, "env", &env))
		return bad_entry(d, "env must be a list");
	for (at = json_first(doc, env); at != JSON_NIL;
	    at = json_next(doc, env, at)) {
		uint32_t value = json_get(doc, at, STR("value"));
		struct str name = string_at(doc,
		    json_get(doc, at, STR("name")), &c->text);

		if (!name.n || str_find(name, '=') < name.n ||
		    value == JSON_NIL ||
		    json_type(doc, value) != JSON_STRING)
			return bad_entry(d, "env needs names and values, "
			    "which are strings");
		if (n > KUBE_EXEC_ENV_MAX)
			return bad_entry(d, "too many env");
		c->exec.env[n++] = pair(c, name,
		    string_at(doc, value, &c->text));
	}
	return 0;
}

static void write_cluster(struct kube_config *c, struct jw *w,
    const struct exec_cluster *cluster)
{
	struct config_work *work = config_work(c);
	struct buf ca;

	jw_kopen(w, "cluster");
	jw_kstr(w, "server", cluster->server);
	if (cluster->tls_name.n)
		jw_kstr(w, "tls-server-name", cluster->tls_name);
	if (cluster->ca.n) {
		buf_init(&ca, work->yaml, sizeof(work->yaml));
		b64_encode(&ca, cluster->ca.p, cluster->ca.n);
		_Static_assert(YAML_SCRATCH_MAX / 4 * 3 >= KUBECONFIG_MAX,
		    "a CA of any size that was read");
		CHECK(!ca.over);
		jw_kstr(w, "certificate-authority-data", buf_view(&ca));
	}
	if (cluster->config.n)
		jw_kraw(w, "config", cluster->config);
	jw_close(w);
}

int config_exec_info(struct kube_config *c,
    const struct exec_cluster *cluster)
{
	struct buf b = arena_buf(&c->text);
	struct jw w;

	buf_cstr(&b, "KUBERNETES_EXEC_INFO=");
	jw_init(&w, &b);
	jw_open(&w);
	jw_kstr(&w, "apiVersion", c->exec.version);
	jw_kcstr(&w, "kind", "ExecCredential");
	jw_kopen(&w, "spec");
	jw_kbool(&w, "interactive", false);
	if (cluster)
		write_cluster(c, &w, cluster);
	jw_close(&w);
	jw_close(&w);
	buf_char(&b, '\0');
	c->exec.env[0] = arena_keep(&c->text, &b).p;
	return c->text.over ? ERR_LIMIT : 0;
}

static int read_modes(struct kube_config *c, const struct json_doc *doc,
    uint32_t exec, struct diag *d)
{
	uint32_t v = json_get(doc, exec, STR("provideClusterInfo"));

	if (str_is(string_at(doc, json_get(doc, exec,
	    STR("interactiveMode")), &c->text), "Always")) {
		diag_set(d, STR("exec.interactiveMode"), "Always: nothing is "
		    "asked of the user here");
		return ERR_UNSUPPORTED;
	}
	if (v != JSON_NIL && json_type(doc, v) != JSON_NULL &&
	    json_bool(doc, v, &c->exec.tell_cluster))
		return bad_entry(d, "provideClusterInfo must be a boolean");
	return 0;
}

int config_exec_read(struct kube_config *c, const struct json_doc *doc,
    uint32_t exec, struct str dir, struct diag *d)
{
	int err;

	if (json_type(doc, exec) != JSON_OBJECT)
		return bad_entry(d, "not an object");
	err = read_version(c, doc, exec, d);
	if (!err)
		err = read_modes(c, doc, exec, d);
	if (!err)
		err = read_command(c, doc, exec, dir, d);
	if (!err)
		err = read_args(c, doc, exec, d);
	if (!err)
		err = read_env(c, doc, exec, d);
	if (err)
		return err;
	c->exec.hint = arena_str(&c->text, string_at(doc,
	    json_get(doc, exec, STR("installHint")), &c->text));
	c->has_exec = true;
	return config_exec_info(c, NULL);
}
