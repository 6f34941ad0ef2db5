#include <stdio.h>
#include <string.h>

#include "kube_world.h"

#define CERTS "tests/unit/net/certs/"
#define POD "/var/run/secrets/kubernetes.io/serviceaccount/"

static struct kube_config config;
static struct kube_config_source from;
static struct diag d;
static struct world *w;

static void begin(void)
{
	w = world_new();
	memset(&from, 0, sizeof(from));
}

static void file(const char *path, const char *text)
{
	fake_file(&w->io, path, str_from(text));
}

static void pem_file(const char *path, const char *name)
{
	fake_file(&w->io, path, guard_file(name));
}

static int load(void)
{
	mem_init(&w->mem, &w->io.io);
	diag_clear(&d);
	return kube_config_load(&config, &w->mem, &w->io.io, &from, &d);
}

static int load_text(const char *text)
{
	begin();
	pem_file("/d/ca.pem", CERTS "ca-ec.pem");
	pem_file("/d/client.pem", CERTS "client-ec.pem");
	file("/d/config", text);
	from.kubeconfig = STR("/d/config");
	return load();
}

static struct str auth(void)
{
	static char mem[TOKEN_MAX + 64];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	kube_config_auth(&config, &b);
	return buf_view(&b);
}

static void expect_refused(int want, const char *words)
{
	struct str text = str_from(d.text);

	EXPECT(want);
	if (str_search(text, str_from(words)) == text.n)
		test_fail(__FILE__, __LINE__, "\"%s\" lacks \"%s\"", d.text,
		    words);
}

/* cluster and user are the insides of flow mappings. */
static const char *kubeconfig(const char *cluster, const char *user)
{
	static char text[8192];

	snprintf(text, sizeof(text),
	    "current-context: c\n"
	    "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
	    "clusters: [{name: k, cluster: {%s}}]\n"
	    "users: [{name: u, user: {%s}}]\n", cluster, user);
	return text;
}

#define SERVER "server: \"https://10.0.0.1:6443\", " \
	"certificate-authority: ca.pem"

/* ---- kubeconfig ------------------------------------------------------ */

TEST(config_of_a_file)
{
	EXPECT_EQ(load_text(
	    "apiVersion: v1\n"
	    "kind: Config\n"
	    "preferences: {}\n"
	    "current-context: one\n"
	    "contexts:\n"
	    "- name: other\n"
	    "  context: {cluster: x, user: x}\n"
	    "- name: one\n"
	    "  context:\n"
	    "    cluster: k\n"
	    "    user: u\n"
	    "    namespace: mine\n"
	    "clusters:\n"
	    "- name: k\n"
	    "  cluster:\n"
	    "    server: https://[fd00::1]:6443/prefix\n"
	    "    certificate-authority: ca.pem\n"
	    "    tls-server-name: api.example.com\n"
	    "users:\n"
	    "- name: u\n"
	    "  user:\n"
	    "    token: t0ken\n"), 0);
	EXPECT_STR(config.target.host, "fd00::1");
	EXPECT_EQ(config.target.port, 6443);
	EXPECT_STR(config.target.tls_name, "api.example.com");
	EXPECT(config.target.trust);
	EXPECT_STR(config.host, "[fd00::1]:6443");
	EXPECT_STR(config.prefix, "/prefix");
	EXPECT_STR(config.namespace, "mine");
	EXPECT_STR(config.context, "one");
	EXPECT_STR(config.user, "u");
	EXPECT_STR(auth(), "Authorization: Bearer t0ken\r\n");
	EXPECT_EQ(config.origin, KUBE_CONFIG_FILE);
	EXPECT_EQ(trust_generation(config.trust), 1);
}

TEST(config_of_another_context)
{
	const char *text = kubeconfig(SERVER, "token: x");
	char both[8192];

	snprintf(both, sizeof(both), "%s", text);
	memcpy(strstr(both, "name: c,"), "name: z,", 8);
	EXPECT(load_text(both));
	expect_refused(1, "no entry \"c\" among the contexts");
	from.context = STR("z");
	EXPECT_EQ(load(), 0);
	EXPECT_STR(config.context, "z");
	from.context = STR("y");
	EXPECT(load());
}

TEST(config_with_data_in_it)
{
	static char ca[8192], cert[8192], text[32768];
	struct buf a, b;
	struct str pem;

	buf_init(&a, ca, sizeof(ca) - 1);
	pem = guard_file(CERTS "ca-ec.pem");
	b64_encode(&a, pem.p, pem.n);
	buf_init(&b, cert, sizeof(cert) - 1);
	pem = guard_file(CERTS "client-ec.pem");
	b64_encode(&b, pem.p, pem.n);
	ca[a.n] = cert[b.n] = '\0';
	snprintf(text, sizeof(text), "{\"current-context\":\"c\","
	    "\"contexts\":[{\"name\":\"c\",\"context\":{\"cluster\":\"k\","
	    "\"user\":\"u\"}}],\"clusters\":[{\"name\":\"k\",\"cluster\":"
	    "{\"server\":\"https://h\",\"certificate-authority-data\":"
	    "\"%s\"}}],\"users\":[{\"name\":\"u\",\"user\":{"
	    "\"client-certificate\":\"none.pem\",\"client-key\":\"none.pem\","
	    "\"client-certificate-data\":\"%s\",\"client-key-data\":"
	    "\"%s\"}}]}", ca, cert, cert);
	EXPECT_EQ(load_text(text), 0);
	EXPECT_EQ(config.target.port, 443);
	EXPECT_STR(config.host, "h");
	EXPECT_EQ(trust_generation(config.trust), 2);
	EXPECT_EQ(auth().n, 0);
	EXPECT(!kube_config_refresh(&config, KUBE_REFRESH_TRUST));
}

TEST(config_with_files)
{
	EXPECT_EQ(load_text(kubeconfig(SERVER, "client-certificate: "
	    "client.pem, client-key: /d/client.pem")), 0);
	EXPECT_EQ(trust_generation(config.trust), 2);
	EXPECT(load_text(kubeconfig(SERVER,
	    "client-certificate: client.pem")));
	expect_refused(1, "needs both");
	EXPECT(load_text(kubeconfig(SERVER,
	    "client-certificate: none.pem, client-key: client.pem")));
	EXPECT_STR(str_from(d.path), "/d/none.pem");
}

TEST(config_with_basic_authentication)
{
	EXPECT_EQ(load_text(kubeconfig(SERVER,
	    "username: Aladdin, password: \"open sesame\"")), 0);
	EXPECT_STR(auth(),
	    "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
}

TEST(config_takes_the_system_bundle_without_an_authority)
{
	const char *text = kubeconfig("server: \"https://h\"", "token: x");

	EXPECT_EQ(load_text(text), ERR_NOENT);
	EXPECT_STR(str_from(d.path), "/etc/ssl/certs/ca-certificates.crt");
	fake_env(&w->io, "SSL_CERT_FILE", "/d/ca.pem");
	EXPECT_EQ(load(), 0);
}

TEST(config_refuses)
{
	static const struct {
		const char *cluster, *user;
		int err;
		const char *words;
	} rows[] = {
		{ SERVER ", insecure-skip-tls-verify: true", "",
		  ERR_UNSUPPORTED, "certificate-authority" },
		{ SERVER ", proxy-url: \"http://p\"", "", ERR_UNSUPPORTED,
		  "proxy-url" },
		{ "server: \"ftp://h\"", "", ERR_BAD, "" },
		{ "server: 12", "", ERR_BAD, "server must be a string" },
		{ "", "", ERR_BAD, "" },
		{ SERVER, "as: somebody", ERR_UNSUPPORTED, "impersonation" },
		{ SERVER, "auth-provider: {name: gcp}", ERR_UNSUPPORTED,
		  "auth-provider" },
		{ SERVER, "exec: {command: x}", ERR_UNSUPPORTED,
		  "credential plugins" },
		{ SERVER, "token: 7", ERR_BAD, "token must be a string" },
		{ SERVER, "token: \"a b\"", ERR_BAD, "characters" },
		{ SERVER, "token: \"a\\r\\nX: y\"", ERR_BAD, "characters" },
		{ "server: \"https://h\", certificate-authority-data: \"?\"",
		  "", ERR_BAD, "not base64" },
		{ "server: \"https://h\", certificate-authority-data: eA==",
		  "", 0, "" },
		{ "server: \"http://10.0.0.1\"", "token: x", ERR_UNSUPPORTED,
		  "in clear" },
		{ "server: \"http://10.0.0.1\"", "tokenFile: x",
		  ERR_UNSUPPORTED, "in clear" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int err = load_text(kubeconfig(rows[i].cluster,
		    rows[i].user));

		if (rows[i].err)
			EXPECT_EQ(err, rows[i].err);
		EXPECT(diag_is_set(&d));
		expect_refused(err, rows[i].words);
	}
}

TEST(config_takes_what_is_harmless)
{
	EXPECT_EQ(load_text(kubeconfig(SERVER ", insecure-skip-tls-verify: "
	    "false, disable-compression: true, proxy-url: null", "")), 0);
	EXPECT_EQ(load_text(kubeconfig("server: \"http://10.0.0.1\"", "")),
	    0);
	EXPECT(!config.target.trust);
	EXPECT_EQ(config.target.port, 80);
	EXPECT_EQ(load_text(kubeconfig("server: \"http://[::1]:8001\"",
	    "token: x")), 0);
}

TEST(config_of_malformed_files)
{
	static const char *const texts[] = {
		"", "{", "[]", "a: [b", "just text", "current-context: []",
		"current-context: c", "current-context: c\ncontexts: {}",
		"current-context: c\ncontexts: [1, {name: 2}, {name: c}]",
		"current-context: c\ncontexts: [{name: c, context: {}}]",
		"current-context: c\ncontexts: [{name: c, context: "
		"{cluster: k}}]\nclusters: []",
		"current-context: c\ncontexts: [{name: c, context: "
		"{cluster: [k]}}]",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		EXPECT(load_text(texts[i]));
		EXPECT(diag_is_set(&d));
	}
}

/* ---- merging --------------------------------------------------------- */

TEST(config_merges_files)
{
	begin();
	pem_file("/a/ca.pem", CERTS "ca-ec.pem");
	file("/a/one", "current-context: c\n"
	    "clusters: [{name: k, cluster: {" SERVER "}}]\n"
	    "users: [{name: u, user: {token: first}}]\n");
	file("/b/two", "current-context: other\n"
	    "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
	    "clusters: [{name: k, cluster: {server: \"https://wrong\"}}]\n"
	    "users: [{name: u, user: {username: x, password: y}}]\n");
	fake_env(&w->io, "KUBECONFIG", "/missing::/a/one:/b/two");
	EXPECT_EQ(load(), 0);
	EXPECT_STR(config.context, "c");
	EXPECT_STR(config.target.host, "10.0.0.1");
	EXPECT_STR(auth(), "Authorization: Bearer first\r\n");
	fake_env(&w->io, "KUBECONFIG", "/missing:/none");
	EXPECT_EQ(load(), ERR_NOENT);
	EXPECT_STR(str_from(d.path), "KUBECONFIG");
	file("/bad", "a: [");
	fake_env(&w->io, "KUBECONFIG", "/bad:/a/one:/b/two");
	EXPECT(load());
	EXPECT_STR(str_from(d.path), "/bad");
}

TEST(config_is_looked_for_in_order)
{
	begin();
	EXPECT_EQ(load(), ERR_NOENT);
	EXPECT(diag_is_set(&d));
	fake_env(&w->io, "HOME", "/home/me");
	file("/home/me/.kube/config",
	    kubeconfig("server: \"http://home\"", ""));
	EXPECT_EQ(load(), 0);
	EXPECT_STR(config.target.host, "home");
	fake_env(&w->io, "KUBERNETES_SERVICE_HOST", "10.96.0.1");
	fake_env(&w->io, "KUBERNETES_SERVICE_PORT", "443");
	EXPECT_EQ(load(), ERR_NOENT);		/* no service account */
	file("/env", kubeconfig("server: \"http://env\"", ""));
	fake_env(&w->io, "KUBECONFIG", "/env");
	EXPECT_EQ(load(), 0);
	EXPECT_STR(config.target.host, "env");
	file("/flag", kubeconfig("server: \"http://flag\"", ""));
	from.kubeconfig = STR("/flag");
	EXPECT_EQ(load(), 0);
	EXPECT_STR(config.target.host, "flag");
	from.kubeconfig = STR("/none");
	EXPECT_EQ(load(), ERR_NOENT);
	EXPECT_STR(str_from(d.path), "/none");
}

/* ---- the pod's service account --------------------------------------- */

static void pod(const char *host, const char *port)
{
	begin();
	fake_env(&w->io, "KUBERNETES_SERVICE_HOST", host);
	fake_env(&w->io, "KUBERNETES_SERVICE_PORT", port);
	file(POD "token", "one\n");
	file(POD "namespace", "mcp-system");
	pem_file(POD "ca.crt", CERTS "ca-ec.pem");
}

TEST(config_of_a_pod)
{
	pod("10.96.0.1", "6443");
	EXPECT_EQ(load(), 0);
	EXPECT_EQ(config.origin, KUBE_CONFIG_POD);
	EXPECT_STR(config.target.host, "10.96.0.1");
	EXPECT_EQ(config.target.port, 6443);
	EXPECT_STR(config.target.tls_name, "kubernetes.default.svc");
	EXPECT_STR(config.host, "10.96.0.1:6443");
	EXPECT_STR(config.namespace, "mcp-system");
	EXPECT_STR(auth(), "Authorization: Bearer one\r\n");
	pod("fd00::1", "443");
	EXPECT_EQ(load(), 0);
	EXPECT_STR(config.host, "[fd00::1]:443");
	pod("10.96.0.1", "x");
	EXPECT_EQ(load(), ERR_BAD);
	EXPECT_STR(str_from(d.path), "KUBERNETES_SERVICE_PORT");
	pod("10.96.0.1", "443");
	file(POD "token", "");
	EXPECT_EQ(load(), ERR_BAD);
}

static void later(int64_t ns)
{
	w->io.now_ns += ns;
}

TEST(config_takes_up_rotated_tokens)
{
	pod("10.96.0.1", "443");
	EXPECT_EQ(load(), 0);
	file(POD "token", "two");
	EXPECT(!kube_config_refresh(&config, KUBE_REFRESH_DUE));
	later(59 * SEC);
	EXPECT(!kube_config_refresh(&config, KUBE_REFRESH_DUE));
	later(SEC);
	EXPECT(kube_config_refresh(&config, KUBE_REFRESH_DUE));
	EXPECT_STR(auth(), "Authorization: Bearer two\r\n");
	EXPECT(!kube_config_refresh(&config, KUBE_REFRESH_DENIED));
	file(POD "token", "three");
	EXPECT(kube_config_refresh(&config, KUBE_REFRESH_DENIED));
	EXPECT_STR(auth(), "Authorization: Bearer three\r\n");
	file(POD "token", " \n");
	EXPECT(!kube_config_refresh(&config, KUBE_REFRESH_DENIED));
	EXPECT_STR(auth(), "Authorization: Bearer three\r\n");
}

TEST(config_takes_a_token_of_any_allowed_length)
{
	static char token[TOKEN_MAX + 1];

	memset(token, 't', sizeof(token));
	pod("10.96.0.1", "443");
	fake_file(&w->io, POD "token", (struct str){ token, TOKEN_MAX });
	EXPECT_EQ(load(), 0);
	EXPECT_EQ(auth().n, TOKEN_MAX + 24);
	fake_file(&w->io, POD "token", (struct str){ token, TOKEN_MAX + 1 });
	EXPECT_EQ(load(), ERR_LIMIT);
}

TEST(config_takes_up_other_certificates)
{
	uint32_t before;

	pod("10.96.0.1", "443");
	EXPECT_EQ(load(), 0);
	before = trust_generation(config.trust);
	EXPECT(!kube_config_refresh(&config, KUBE_REFRESH_TRUST));
	pem_file(POD "ca.crt", CERTS "ca-rsa.pem");
	later(299 * SEC);
	(void)kube_config_refresh(&config, KUBE_REFRESH_DUE);
	EXPECT_EQ(trust_generation(config.trust), before);
	later(SEC);
	EXPECT(kube_config_refresh(&config, KUBE_REFRESH_DUE));
	EXPECT_EQ(trust_generation(config.trust), before + 1);
	/* What does not parse is tried again, and changes nothing. */
	file(POD "ca.crt", "garbage");
	EXPECT(!kube_config_refresh(&config, KUBE_REFRESH_TRUST));
	pem_file(POD "ca.crt", CERTS "ca-ec.pem");
	EXPECT(kube_config_refresh(&config, KUBE_REFRESH_TRUST));
}

TEST(config_takes_up_other_client_certificates)
{
	EXPECT_EQ(load_text(kubeconfig(SERVER, "client-certificate: "
	    "client.pem, client-key: client.pem")), 0);
	EXPECT(!kube_config_refresh(&config, KUBE_REFRESH_TRUST));
	pem_file("/d/client.pem", CERTS "client-rsa.pem");
	EXPECT(kube_config_refresh(&config, KUBE_REFRESH_DENIED));
	EXPECT_EQ(trust_generation(config.trust), 3);
}

/* ---- credential plugins ---------------------------------------------- */

static struct {
	const char *out;
	int status, runs;
	char argv[256], info[8192], env[256];
} plugin;

static int run(void *ctx, const char *const *argv, const char *const *env,
    void *p, size_t cap, int64_t timeout_ms, int *ret_status)
{
	struct buf b;

	(void)ctx;
	(void)timeout_ms;
	plugin.runs++;
	buf_init(&b, plugin.argv, sizeof(plugin.argv) - 1);
	for (size_t i = 0; argv[i]; i++)
		buf_fmt(&b, "%s ", argv[i]);
	plugin.argv[b.n] = '\0';
	snprintf(plugin.info, sizeof(plugin.info), "%s", env[0]);
	snprintf(plugin.env, sizeof(plugin.env), "%s", env[1] ? env[1] : "");
	*ret_status = plugin.status;
	REQUIRE(strlen(plugin.out) <= cap);
	memcpy(p, plugin.out, strlen(plugin.out));
	return (int)strlen(plugin.out);
}

#define CREDENTIAL(status) \
	"{\"kind\":\"ExecCredential\",\"apiVersion\":" \
	"\"client.authentication.k8s.io/v1\",\"status\":{" status "}}"
#define EXEC "exec: {apiVersion: client.authentication.k8s.io/v1, "

static int load_exec(const char *cluster, const char *user)
{
	begin();
	memset(&plugin.argv, 0, sizeof(plugin.argv));
	plugin.status = plugin.runs = 0;
	w->io.io.run = run;
	pem_file("/d/ca.pem", CERTS "ca-ec.pem");
	file("/d/config", kubeconfig(cluster, user));
	from.kubeconfig = STR("/d/config");
	from.allow_exec = true;
	return load();
}

TEST(config_runs_a_plugin)
{
	plugin.out = CREDENTIAL("\"token\":\"from-plugin\","
	    "\"expirationTimestamp\":\"2026-11-21T08:06:59Z\"");
	EXPECT_EQ(load_exec(SERVER, EXEC "command: ./bin/auth, args: [a, "
	    "\"b c\"], env: [{name: X, value: z}], interactiveMode: Never}"),
	    0);
	EXPECT_STR(auth(), "Authorization: Bearer from-plugin\r\n");
	EXPECT_STR(str_from(plugin.argv), "/d/./bin/auth a b c ");
	EXPECT_STR(str_from(plugin.env), "X=z");
	EXPECT_STR(str_from(plugin.info), "KUBERNETES_EXEC_INFO={"
	    "\"apiVersion\":\"client.authentication.k8s.io/v1\","
	    "\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false}}");
	EXPECT_EQ(plugin.runs, 1);
	plugin.out = CREDENTIAL("\"token\":\"second\"");
	later(3599 * SEC);
	EXPECT(!kube_config_refresh(&config, KUBE_REFRESH_DUE));
	EXPECT_EQ(plugin.runs, 1);
	later(SEC);
	EXPECT(kube_config_refresh(&config, KUBE_REFRESH_DUE));
	EXPECT_STR(auth(), "Authorization: Bearer second\r\n");
	later(100000 * SEC);
	EXPECT(!kube_config_refresh(&config, KUBE_REFRESH_DUE));
	EXPECT_EQ(plugin.runs, 2);
	plugin.out = CREDENTIAL("\"token\":\"third\"");
	EXPECT(kube_config_refresh(&config, KUBE_REFRESH_DENIED));
}

TEST(config_tells_a_plugin_of_the_cluster)
{
	struct str info, ca, config_json, server;

	plugin.out = CREDENTIAL("\"token\":\"x\"");
	EXPECT_EQ(load_exec(SERVER ", tls-server-name: api, extensions: "
	    "[{name: client.authentication.k8s.io/exec, extension: "
	    "{audience: z}}]",
	    EXEC "command: auth, provideClusterInfo: true}"), 0);
	EXPECT_STR(str_from(plugin.argv), "auth ");
	info = str_from(plugin.info);
	(void)str_cut(info, '=', &server);
	info = str_sub(info, server.n + 1, info.n);
	EXPECT(json_scan(info, NULL) == 0);
	EXPECT(kube_peek(info, "spec.cluster.server", &server));
	EXPECT_STR(server, "https://10.0.0.1:6443");
	EXPECT(kube_peek(info, "spec.cluster.config", &config_json));
	EXPECT_STR(config_json, "{\"audience\":\"z\"}");
	EXPECT(kube_peek(info, "spec.cluster.certificate-authority-data",
	    &ca));
	EXPECT(str_starts(ca, STR("LS0t")));
}

TEST(config_takes_certificates_from_a_plugin)
{
	static char text[16384], pem[8192];
	struct buf b;

	buf_init(&b, pem, sizeof(pem) - 1);
	json_escape(&b, guard_file(CERTS "client-ec.pem"));
	pem[b.n] = '\0';
	snprintf(text, sizeof(text), CREDENTIAL("\"clientCertificateData\":"
	    "\"%s\",\"clientKeyData\":\"%s\""), pem, pem);
	plugin.out = text;
	EXPECT_EQ(load_exec(SERVER, EXEC "command: auth}"), 0);
	EXPECT_EQ(trust_generation(config.trust), 2);
	EXPECT_EQ(auth().n, 0);
}

TEST(config_prefers_given_credentials_to_a_plugin)
{
	EXPECT_EQ(load_exec(SERVER, "token: given, " EXEC
	    "command: auth}"), 0);
	EXPECT_EQ(plugin.runs, 0);
}

TEST(config_of_a_plugin_that_fails)
{
	static const char *const outs[] = {
		"", "x", "{}", "{\"kind\":\"ExecCredential\"}",
		"{\"kind\":\"ExecCredential\",\"apiVersion\":\"v9\","
		"\"status\":{\"token\":\"x\"}}",
		CREDENTIAL(""), CREDENTIAL("\"token\":\"\""),
		CREDENTIAL("\"token\":\"a b\""),
		CREDENTIAL("\"clientKeyData\":\"x\""),
		CREDENTIAL("\"token\":\"x\",\"expirationTimestamp\":\"x\""),
	};

	for (size_t i = 0; i < ARRAY_LEN(outs); i++) {
		plugin.out = outs[i];
		EXPECT(load_exec(SERVER, EXEC "command: auth}"));
		EXPECT(diag_is_set(&d));
	}
	plugin.out = CREDENTIAL("\"token\":\"x\"");
	EXPECT_EQ(load_exec(SERVER, EXEC "command: auth}"), 0);
	plugin.status = 3;
	EXPECT_EQ(load(), ERR_DENIED);
	expect_refused(1, "status 3");
}

TEST(config_of_odd_plugin_entries)
{
	static const char *const users[] = {
		"exec: x", "exec: {command: x}",
		"exec: {apiVersion: client.authentication.k8s.io/v1alpha1, "
		"command: x}", EXEC "}", EXEC "command: x, args: [1]}",
		EXEC "command: x, args: {a: b}}", EXEC "command: x, args: a}",
		EXEC "command: x, env: {name: a, value: b}}",
		EXEC "command: x, env: [{value: y}]}",
		EXEC "command: x, env: [{name: \"a=b\", value: z}]}",
		EXEC "command: x, env: [{name: a, value: 1}]}",
		EXEC "command: x, interactiveMode: Always}",
		EXEC "command: x, provideClusterInfo: 3}",
		EXEC "command: x, args: [a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,"
		"a,a,a,a,a,a,a,a,a,a,a,a,a,a,a]}",
	};

	plugin.out = CREDENTIAL("\"token\":\"x\"");
	for (size_t i = 0; i < ARRAY_LEN(users); i++) {
		EXPECT(load_exec(SERVER, users[i]));
		EXPECT(diag_is_set(&d));
		EXPECT_EQ(plugin.runs, 0);
	}
	EXPECT_EQ(load_exec(SERVER, EXEC "command: x, args: null, env: null, "
	    "provideClusterInfo: null}"), 0);
}
