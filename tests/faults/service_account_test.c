/*
 * The files of a pod's service account, replaced at every moment: before
 * each single system call that reads them, in every way that files can
 * change. Real files, laid out as the kubelet does: token, ca.crt and
 * namespace are links through ..data to a folder that is swapped at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "faults/interrupt.h"
#include "kube.h"
#include "tls_peer.h"

#define POD_DIR "/var/run/secrets/kubernetes.io/serviceaccount/"
#define OLD "eyJhbGciOiJub25lIn0.old.c2lnbmF0dXJl"
#define NEW "eyJhbGciOiJub25lIn0.the-new-one.c2lnbmF0dXJl"

static char top[] = "/tmp/account.XXXXXX";
static struct io own;
static int64_t now_ns;
static struct mem mem;
static struct kube_config config;
static struct diag d;

/* ---- the seam: the kernel's, with the folder elsewhere ----------------- */

static int64_t mono(void *ctx)
{
	(void)ctx;
	return now_ns;
}

static int64_t wall(void *ctx)
{
	(void)ctx;
	return PEER_WALL_NS;
}

static const char *env(void *ctx, const char *name)
{
	(void)ctx;
	if (!strcmp(name, "KUBERNETES_SERVICE_HOST"))
		return "10.96.0.1";
	return !strcmp(name, "KUBERNETES_SERVICE_PORT") ? "443" : NULL;
}

static int read_file(void *ctx, const char *path, void *p, size_t cap)
{
	size_t n = sizeof(POD_DIR) - 1;
	char real[128];

	REQUIRE(!strncmp(path, POD_DIR, n));
	snprintf(real, sizeof(real), "%s/%s", top, path + n);
	return io_linux()->read_file(ctx, real, p, cap);
}

/* ---- the folder -------------------------------------------------------- */

static const char *at(const char *name)
{
	static char text[4][160];
	static int i;

	i = (i + 1) % 4;
	snprintf(text[i], sizeof(text[i]), "%s/%s", top, name);
	return text[i];
}

static void put(const char *name, struct str s)
{
	FILE *f = fopen(at(name), "w");

	REQUIRE(f && (!s.n || fwrite(s.p, 1, s.n, f) == s.n) && !fclose(f));
}

static void folder_fill(const char *data, const char *token, const char *ca)
{
	char name[64];

	REQUIRE(mkdir(at(data), 0700) == 0);
	snprintf(name, sizeof(name), "%s/token", data);
	put(name, str_from(token));
	snprintf(name, sizeof(name), "%s/ca.crt", data);
	put(name, tls_peer_file(ca));
	snprintf(name, sizeof(name), "%s/namespace", data);
	put(name, STR("mcp-system"));
}

static void folder_drop(const char *data)
{
	static const char *const names[] = { "token", "ca.crt", "namespace" };
	char name[64];

	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s/%s", data, names[i]);
		unlink(at(name));
	}
	rmdir(at(data));
}

/* As the kubelet has it, in this order. */
static void swap(void)
{
	folder_fill("..2027_b", NEW, "ca-rsa.pem");
	REQUIRE(symlink("..2027_b", at("..data_tmp")) == 0);
	REQUIRE(rename(at("..data_tmp"), at("..data")) == 0);
	folder_drop("..2027_a");
}

static void account_begin(void)
{
	REQUIRE(mkdtemp(top));
	folder_fill("..2027_a", OLD, "ca-ec.pem");
	REQUIRE(!symlink("..2027_a", at("..data")) &&
	    !symlink("..data/token", at("token")) &&
	    !symlink("..data/ca.crt", at("ca.crt")) &&
	    !symlink("..data/namespace", at("namespace")));
}

static void account_end(void)
{
	folder_drop("..2027_a");
	folder_drop("..2027_b");
	unlink(at("..data"));
	unlink(at("token"));
	unlink(at("ca.crt"));
	unlink(at("namespace"));
	EXPECT_EQ(rmdir(top), 0);
	memcpy(top + strlen(top) - 6, "XXXXXX", 6);
}

/* ---- what happens to it ------------------------------------------------ */

static void half(const char *name, struct str whole)
{
	put(name, str_sub(whole, 0, whole.n / 2));
}

static void token_vanishes(void) { unlink(at("..2027_a/token")); }
static void token_empty(void) { put("..2027_a/token", STR_NONE); }
static void token_blank(void) { put("..2027_a/token", STR("\n")); }
static void token_half(void) { half("..2027_a/token", STR(NEW)); }
static void ca_vanishes(void) { unlink(at("..2027_a/ca.crt")); }
static void ca_empty(void) { put("..2027_a/ca.crt", STR_NONE); }
static void ca_half(void)
{
	half("..2027_a/ca.crt", tls_peer_file("ca-rsa.pem"));
}
static void ca_garbage(void) { put("..2027_a/ca.crt", STR("garbage")); }
static void ns_vanishes(void) { unlink(at("..2027_a/namespace")); }
static void ns_empty(void) { put("..2027_a/namespace", STR_NONE); }
static void all_vanish(void) { unlink(at("..data")); }

static const struct event {
	const char *name;
	void (*act)(void);
	/* At the start it may be told of, by these words. */
	int err;
	const char *text;
} events[] = {
	{ "swap", swap, 0, NULL },
	{ "the token vanishes", token_vanishes, ERR_NOENT,
	  POD_DIR "token: not found" },
	{ "the token is empty", token_empty, ERR_BAD,
	  POD_DIR "token: empty, or holds characters that no header may" },
	{ "the token is blank", token_blank, ERR_BAD,
	  POD_DIR "token: empty, or holds characters that no header may" },
	{ "the token is half written", token_half, 0, NULL },
	{ "the CA vanishes", ca_vanishes, ERR_NOENT,
	  POD_DIR "ca.crt: not found" },
	{ "the CA is empty", ca_empty, ERR_NOENT,
	  POD_DIR "ca.crt: no CA certificate in it" },
	{ "the CA is half written", ca_half, ERR_BAD,
	  POD_DIR "ca.crt: certificates: not PEM" },
	{ "the CA is garbage", ca_garbage, ERR_NOENT,
	  POD_DIR "ca.crt: no CA certificate in it" },
	{ "the namespace vanishes", ns_vanishes, 0, NULL },
	{ "the namespace is empty", ns_empty, ERR_BAD,
	  POD_DIR "namespace: not the name of a namespace" },
	{ "all of it vanishes", all_vanish, ERR_NOENT, NULL },
};

/* ---- what must hold ---------------------------------------------------- */

static struct str auth(void)
{
	static char text[TOKEN_MAX + 64];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	kube_config_auth(&config, &b);
	return buf_view(&b);
}

static bool auth_is(const char *token)
{
	char want[256];

	snprintf(want, sizeof(want), "Authorization: Bearer %s\r\n", token);
	return str_is(auth(), want);
}

/* Would a connection to that server be made? */
static bool reaches(const char *server)
{
	static _Alignas(16) char tls[65536];
	struct tls_start how = { config.trust, STR("localhost"),
		PEER_WALL_NS, { 1, 2, 3 } };
	struct tls_peer *peer = tls_peer_new(server, NULL);
	int err;

	REQUIRE(tls_size() <= sizeof(tls));
	REQUIRE(tls_begin((struct tls *)(void *)tls, &how) == 0);
	err = tls_peer_settle(peer, (struct tls *)(void *)tls, SIZE_MAX);
	free(peer);
	guard_reset();
	return err == 0;
}

/* Some CA is there; looked at when another was loaded. */
static bool has_ca(void)
{
	static const struct trust *of;
	static uint32_t generation;

	if (of == config.trust && generation == trust_generation(of))
		return true;
	of = config.trust;
	generation = trust_generation(of);
	return reaches("ec.pem") || reaches("rsa.pem");
}

/* The old one is kept until the new one is there, each for itself. */
static void expect_one(const struct event *e, uint32_t n)
{
	bool token = auth_is(OLD) || auth_is(NEW) ||
	    (e->act == token_half &&
	    str_eq(auth(), STR("Authorization: Bearer "
	    "eyJhbGciOiJub25lIn0.th\r\n")));

	if (!token || !has_ca())
		test_fail(__FILE__, __LINE__, "%s before call %u: \"%.*s\"",
		    e->name, n, (int)auth().n, auth().p);
}

static bool kube_refresh(enum kube_refresh why, int64_t later_ns)
{
	now_ns += later_ns;
	return kube_config_refresh(&config, why);
}

/* All that there is to read, four times, in 11 minutes. */
static void some_time(const struct event *e, uint32_t n)
{
	static const enum kube_refresh why[] = {
		KUBE_REFRESH_DUE, KUBE_REFRESH_DENIED, KUBE_REFRESH_TRUST,
		KUBE_REFRESH_DUE
	};

	for (size_t i = 0; i < ARRAY_LEN(why); i++) {
		(void)kube_refresh(why[i], i % 3 ? NS_PER_S :
		    KUBE_CERTS_AGE_NS);
		expect_one(e, n);
	}
}

static int start(void)
{
	struct kube_config_source from = { .allow_exec = false };
	int err;

	own = *io_linux();
	own.mono_ns = mono;
	own.wall_ns = wall;
	own.env = env;
	own.read_file = read_file;
	mem_init(&mem, &own);
	diag_clear(&d);
	err = kube_config_load(&config, &mem, &own, &from, &d);
	return err;
}

/* It is all there again, and a while later it has been seen. */
static void expect_taken_up(const struct event *e, uint32_t n, bool denied)
{
	if (e->act != swap) {
		unlink(at("..data"));
		REQUIRE(symlink("..2027_a", at("..data")) == 0);
		swap();
	}
	/* Asked for at once by a 401 and a handshake that fails. */
	if (denied) {
		(void)kube_refresh(KUBE_REFRESH_DENIED, 0);
		(void)kube_refresh(KUBE_REFRESH_TRUST, 0);
	} else {
		(void)kube_refresh(KUBE_REFRESH_DUE, KUBE_CERTS_AGE_NS);
	}
	if (!auth_is(NEW) || !reaches("rsa.pem"))
		test_fail(__FILE__, __LINE__, "%s before call %u: not taken "
		    "up, \"%.*s\"", e->name, n, (int)auth().n, auth().p);
}

/* Before the n-th call of all that start and refreshes do; false: no such. */
static bool while_running(const struct event *e, uint32_t n, bool denied)
{
	uint32_t calls;

	account_begin();
	REQUIRE(start() == 0);
	interrupt_do(e->act);
	interrupt_arm(INTERRUPT_MEANWHILE, n);
	some_time(e, n);
	calls = interrupt_calls();
	interrupt_arm(INTERRUPT_NOT, 0);
	if (n < calls)
		expect_taken_up(e, n, denied);
	mem_free_all(&mem);
	account_end();
	return n < calls;
}

static bool while_starting(const struct event *e, uint32_t n)
{
	uint32_t calls;
	char text[512];
	int err;

	account_begin();
	interrupt_do(e->act);
	interrupt_arm(INTERRUPT_MEANWHILE, n);
	err = start();
	calls = interrupt_calls();
	interrupt_arm(INTERRUPT_NOT, 0);
	snprintf(text, sizeof(text), "%s: %s", d.path, d.text);
	if (err && (err != e->err || (e->text && strcmp(text, e->text))))
		test_fail(__FILE__, __LINE__, "%s before call %u: %d %s",
		    e->name, n, err, text);
	if (!err && n < calls) {
		EXPECT(str_is(config.namespace, "mcp-system") ||
		    str_is(config.namespace, "default"));
		expect_one(e, n);
		expect_taken_up(e, n, true);
	}
	mem_free_all(&mem);
	account_end();
	return n < calls;
}

TEST(service_account_replaced_while_running)
{
	uint32_t n;

	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		for (n = 0; while_running(&events[i], n, n % 2); n++)
			;
		EXPECT(n > 15);
	}
}

TEST(service_account_replaced_while_starting)
{
	uint32_t n;

	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		for (n = 0; while_starting(&events[i], n); n++)
			;
		EXPECT(n > 5);
	}
}
