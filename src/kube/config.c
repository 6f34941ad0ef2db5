#include <string.h>

#include "kube_int.h"

#define POD_DIR "/var/run/secrets/kubernetes.io/serviceaccount/"
/* Also a name of the API server's certificate wherever the address in the
 * pod's environment is not one. */
#define POD_TLS_NAME "kubernetes.default.svc"

#define AUTH_MAX (TOKEN_MAX + 16)

/* ---- helpers of the three files ------------------------------------- */

struct config_work *config_work(struct kube_config *c)
{
	return (struct config_work *)(void *)c->work;
}

void config_work_free(struct kube_config *c, struct arena *a)
{
	CHECK(a->p == config_work(c)->yaml);
	arena_reset(a, 0);
	(void)arena_buf(a);		/* nothing stays poisoned */
}

const char *config_cstr(struct kube_config *c, struct str s)
{
	char *p = arena_alloc(&c->text, s.n + 1, 1);

	if (!p)
		return NULL;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

static const char *env(const struct io *io, const char *name)
{
	const char *v = io->env(io->ctx, name);

	return v && v[0] ? v : NULL;
}

static int read_into(struct kube_config *c, const char *path, void *p,
    size_t cap, struct str *ret, struct diag *d)
{
	int n = c->io->read_file(c->io->ctx, path, p, cap);

	if (n < 0) {
		diag_set(d, str_from(path), "%s", err_text(n));
		return n;
	}
	*ret = (struct str){ p, (size_t)n };
	return 0;
}

int config_read(struct kube_config *c, const char *path, size_t cap,
    struct str *ret, struct diag *d)
{
	struct config_work *work = config_work(c);

	CHECK(cap <= sizeof(work->file));
	return read_into(c, path, work->file, cap, ret, d);
}

static void work_done(struct kube_config *c)
{
	/* What was read may be secret, and is not needed again. */
	mem_trim(c->mem, c->work, sizeof(struct config_work));
}

static bool is_visible(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

int config_set_auth(struct kube_config *c, const char *scheme,
    struct str credentials, struct diag *d)
{
	struct buf b;

	if (!is_visible(credentials)) {
		diag_set(d, str_from(scheme), "empty, or holds characters "
		    "that no header may");
		return ERR_BAD;
	}
	if (credentials.n > TOKEN_MAX) {
		diag_set(d, str_from(scheme), "longer than %d bytes",
		    TOKEN_MAX);
		return ERR_LIMIT;
	}
	buf_init(&b, c->auth, AUTH_MAX);
	buf_fmt(&b, "%s %S", scheme, credentials);
	CHECK(!b.over);
	c->auth_n = b.n;
	return 0;
}

void kube_config_auth(const struct kube_config *c, struct buf *out)
{
	if (c->auth_n)
		buf_fmt(out, "Authorization: %S\r\n",
		    (struct str){ c->auth, c->auth_n });
}

/* ---- the server ------------------------------------------------------ */

static int set_host(struct kube_config *c, struct str host, uint16_t port,
    bool tell_port)
{
	bool v6 = str_find(host, ':') < host.n;
	struct buf b = arena_buf(&c->text);

	buf_fmt(&b, v6 ? "[%S]" : "%S", host);
	if (tell_port)
		buf_fmt(&b, ":%u", (unsigned)port);
	c->host = arena_keep(&c->text, &b);
	c->target.host = host;
	c->target.port = port;
	return c->text.over ? ERR_LIMIT : 0;
}

static bool is_here(const struct url *u)
{
	if (!u->host_is_ip)
		return str_is(u->host, "localhost");
	if (u->ip.family == 4)
		return u->ip.ip[0] == 127;
	for (int i = 0; i < 15; i++)
		if (u->ip.ip[i])
			return false;
	return u->ip.ip[15] == 1;
}

int config_set_server(struct kube_config *c, struct str text, struct diag *d)
{
	struct url u;
	int err = url_parse(text, &u, d);

	if (err)
		return err;
	if (!u.tls && !is_here(&u) && (c->auth_n || c->token.path)) {
		diag_set(d, STR("server"), "credentials would be sent in "
		    "clear to %S: use https", u.host);
		return ERR_UNSUPPORTED;
	}
	if (!u.tls)
		c->target.trust = NULL;
	c->prefix = u.path;
	return set_host(c, u.host, u.port, u.port != (u.tls ? 443 : 80));
}

/* ---- files whose contents may change --------------------------------- */

static int64_t wall_ns(const struct kube_config *c)
{
	return c->io->wall_ns(c->io->ctx);
}

/* Names the file, where `why` says only what is wrong with its contents. */
static int blame(const char *path, int err, const struct diag *why,
    struct diag *d)
{
	if (err && path)
		diag_set(d, str_from(path), "%s", why->text);
	else if (err)
		diag_set(d, str_from(why->path), "%s", why->text);
	return err;
}

static int load_token(struct kube_config *c, struct diag *d)
{
	struct diag why;
	struct str s;
	int err = read_into(c, c->token.path, c->auth + AUTH_MAX, AUTH_MAX,
	    &s, d);

	if (err)
		return err;
	diag_clear(&why);
	err = config_set_auth(c, "Bearer", str_trim(s), &why);
	return blame(c->token.path, err, &why, d);
}

/* Takes up the bundle in file when it is new. */
static int load_ca(struct kube_config *c, bool *ret_changed, struct diag *d)
{
	uint8_t digest[SHA256_LEN];
	struct diag why;
	struct str pem;
	int err;

	err = config_read(c, c->ca.path, TLS_PEM_MAX, &pem, d);
	if (err)
		return err;
	sha256(pem.p, pem.n, digest);
	if (memcmp(digest, c->ca.digest, sizeof(digest)) == 0)
		return 0;
	diag_clear(&why);
	err = trust_load_anchors(c->trust, pem, wall_ns(c), &why);
	if (err)
		return blame(c->ca.path, err, &why, d);
	memcpy(c->ca.digest, digest, sizeof(digest));
	*ret_changed = true;
	return 0;
}

int config_load_client(struct kube_config *c, struct str cert,
    struct str key, struct diag *d)
{
	if (!cert.n || !key.n) {
		diag_set(d, STR("user"), "a client certificate needs both "
		    "certificate and key");
		return ERR_BAD;
	}
	return trust_load_client(c->trust, cert, key, d);
}

/* One half of the pair: given, or from its file, whose digest is told. */
static int read_half(struct kube_config *c, const struct kube_file *file,
    struct str given, char *mem, uint8_t digest[static SHA256_LEN],
    struct str *ret, struct diag *d)
{
	*ret = given;
	if (file->path) {
		int err = read_into(c, file->path, mem, TLS_PEM_MAX, ret, d);

		if (err)
			return err;
	}
	sha256(ret->p, ret->n, digest);
	return 0;
}

static int load_client(struct kube_config *c, bool *ret_changed,
    struct diag *d)
{
	struct config_work *work = config_work(c);
	uint8_t cert_sum[SHA256_LEN], key_sum[SHA256_LEN];
	struct str cert, key;
	struct diag why;
	int err;

	_Static_assert(TLS_PEM_MAX <= KUBECONFIG_MAX &&
	    TLS_PEM_MAX <= JSON_OBJECT_MAX, "both are read into work");
	err = read_half(c, &c->cert, c->cert_pem, work->file, cert_sum,
	    &cert, d);
	if (!err)
		err = read_half(c, &c->key, c->key_pem, work->json, key_sum,
		    &key, d);
	if (err)
		return err;
	if (memcmp(cert_sum, c->cert.digest, SHA256_LEN) == 0 &&
	    memcmp(key_sum, c->key.digest, SHA256_LEN) == 0)
		return 0;
	diag_clear(&why);
	err = config_load_client(c, cert, key, &why);
	if (err)
		return blame(c->cert.path ? c->cert.path : c->key.path, err,
		    &why, d);
	memcpy(c->cert.digest, cert_sum, SHA256_LEN);
	memcpy(c->key.digest, key_sum, SHA256_LEN);
	*ret_changed = true;
	return 0;
}

static bool has_client(const struct kube_config *c)
{
	return c->cert.path || c->cert_pem.n || c->key.path || c->key_pem.n;
}

/* Everything that comes from files, for the first time. */
static int load_files(struct kube_config *c, struct diag *d)
{
	bool changed;
	int err = 0;

	if (c->token.path)
		err = load_token(c, d);
	if (!err && c->target.trust && c->ca.path)
		err = load_ca(c, &changed, d);
	if (!err && c->target.trust && has_client(c))
		err = load_client(c, &changed, d);
	if (!err && c->has_exec)
		err = config_exec_run(c, d);
	c->token_ns = c->certs_ns = c->io->mono_ns(c->io->ctx);
	return err;
}

/* ---- refreshing ------------------------------------------------------ */

static bool refresh_token(struct kube_config *c, bool now)
{
	int64_t mono = c->io->mono_ns(c->io->ctx);
	bool run = c->has_exec && (now ||
	    wall_ns(c) >= c->exec.expires_wall_ns);
	bool read = c->token.path && (now ||
	    mono - c->token_ns >= KUBE_TOKEN_AGE_NS);
	uint64_t before;

	if (!run && !read)
		return false;
	before = str_hash((struct str){ c->auth, c->auth_n });
	if (run)
		(void)config_exec_run(c, NULL);
	if (read) {
		c->token_ns = mono;
		(void)load_token(c, NULL);
	}
	return before != str_hash((struct str){ c->auth, c->auth_n });
}

static bool refresh_certs(struct kube_config *c, bool now)
{
	int64_t mono = c->io->mono_ns(c->io->ctx);
	bool changed = false;

	if (!c->target.trust || (!c->ca.path && !c->cert.path &&
	    !c->key.path))
		return false;
	if (!now && mono - c->certs_ns < KUBE_CERTS_AGE_NS)
		return false;
	c->certs_ns = mono;
	if (c->ca.path)
		(void)load_ca(c, &changed, NULL);
	if (c->cert.path || c->key.path)
		(void)load_client(c, &changed, NULL);
	work_done(c);
	return changed;
}

bool kube_config_refresh(struct kube_config *c, enum kube_refresh why)
{
	uint32_t before = c->target.trust ?
	    trust_generation(c->target.trust) : 0;
	bool changed = refresh_token(c, why == KUBE_REFRESH_DENIED);

	/* 401 may also mean a client certificate that was replaced. */
	changed |= refresh_certs(c, why != KUBE_REFRESH_DUE);
	return changed || (c->target.trust &&
	    trust_generation(c->target.trust) != before);
}

/* ---- where to look --------------------------------------------------- */

static int pod_server(struct kube_config *c, const char *host, struct diag *d)
{
	const char *port = env(c->io, "KUBERNETES_SERVICE_PORT");
	uint64_t n;

	if (!port || str_u64(str_from(port), &n) || n == 0 ||
	    n > UINT16_MAX) {
		diag_set(d, STR("KUBERNETES_SERVICE_PORT"), "not a port");
		return ERR_BAD;
	}
	c->target.tls_name = STR(POD_TLS_NAME);
	return set_host(c, arena_str(&c->text, str_from(host)), (uint16_t)n,
	    true);
}

/*
 * A file that is there but cannot be read is no reason to take up the work,
 * and above all the Lease, in another namespace.
 */
static int pod_namespace(struct kube_config *c, struct diag *d)
{
	static const char path[] = POD_DIR "namespace";
	struct diag why;
	struct str s;
	int err;

	diag_clear(&why);
	err = config_read(c, path, 256, &s, &why);
	if (err == ERR_NOENT)
		return 0;
	if (err)
		return blame(path, err, &why, d);
	if (!str_dns1123_label(str_trim(s))) {
		diag_set(d, str_from(path), "not the name of a namespace");
		return ERR_BAD;
	}
	c->namespace = arena_str(&c->text, str_trim(s));
	return 0;
}

static int from_pod(struct kube_config *c, const char *host, struct diag *d)
{
	int err = pod_server(c, host, d);

	if (err)
		return err;
	c->origin = KUBE_CONFIG_POD;
	c->token.path = POD_DIR "token";
	c->ca.path = POD_DIR "ca.crt";
	return pod_namespace(c, d);
}

static int from_home(struct kube_config *c,
    const struct kube_config_source *from, struct diag *d)
{
	const char *home = env(c->io, "HOME");
	struct buf b = arena_buf(&c->text);
	struct str path;
	int err = ERR_NOENT;

	buf_fmt(&b, "%s/.kube/config", home ? home : "");
	path = arena_keep(&c->text, &b);
	if (home && path.n)
		err = config_from_files(c, path, false, from, d);
	if (err == ERR_NOENT)
		diag_set(d, STR("kubeconfig"), "no cluster configured: "
		    "neither --kubeconfig nor KUBECONFIG nor a service "
		    "account nor ~/.kube/config");
	return err;
}

static int find_config(struct kube_config *c,
    const struct kube_config_source *from, struct diag *d)
{
	const char *v;

	if (from->kubeconfig.n)
		return config_from_files(c, from->kubeconfig, true, from, d);
	v = env(c->io, "KUBECONFIG");
	if (v) {
		int err = config_from_files(c, str_from(v), false, from, d);

		if (err == ERR_NOENT)
			diag_set(d, STR("KUBECONFIG"), "no such file: %s", v);
		return err;
	}
	v = env(c->io, "KUBERNETES_SERVICE_HOST");
	return v ? from_pod(c, v, d) : from_home(c, from, d);
}

int kube_config_load(struct kube_config *c, struct mem *m,
    const struct io *io, const struct kube_config_source *from,
    struct diag *d)
{
	void *text;
	int err;

	memset(c, 0, sizeof(*c));
	c->io = io;
	c->mem = m;
	text = mem_reserve(m, "kube config", 1, KUBE_CONFIG_TEXT_MAX);
	c->auth = mem_reserve(m, "kube token", 2, AUTH_MAX);
	c->work = mem_reserve(m, "kube config work", 1,
	    sizeof(struct config_work));
	if (!text || !c->auth || !c->work || trust_new(m, &c->trust))
		return ERR_FULL;
	arena_init(&c->text, text, KUBE_CONFIG_TEXT_MAX);
	c->target.trust = c->trust;
	c->exec.expires_wall_ns = TIME_NEVER;
	c->namespace = STR("default");
	err = find_config(c, from, d);
	if (!err)
		err = load_files(c, d);
	if (c->text.over) {
		diag_set(d, STR("kubeconfig"), "more text than %d bytes",
		    KUBE_CONFIG_TEXT_MAX);
		err = err ? err : ERR_LIMIT;
	}
	if (err)
		diag_set(d, STR("kubeconfig"), "%s", err_text(err));
	work_done(c);
	return err;
}
