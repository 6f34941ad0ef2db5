/*
 * A kubeconfig, and behind a line "---" a second file to merge it with: what
 * is loaded can be used, what is refused is told, and it is the same a second
 * time. A plugin would answer with the last part.
 */
#include "fake_io.h"
#include "fuzz.h"
#include "kube.h"
#include "pages.h"

static struct fake_io f;
static struct str plugin;

static int run(void *ctx, const char *const *argv, const char *const *env,
    void *p, size_t cap, int64_t timeout_ms, int *ret_status)
{
	size_t n = plugin.n < cap ? plugin.n : cap;

	(void)ctx;
	(void)timeout_ms;
	FUZZ_CHECK(argv[0] && argv[0][0] && env[0]);
	for (size_t i = 0; argv[i]; i++)
		FUZZ_CHECK(i <= KUBE_EXEC_ARGS_MAX);
	for (size_t i = 0; env[i]; i++)
		FUZZ_CHECK(strchr(env[i], '=') && i <= KUBE_EXEC_ENV_MAX);
	if (n)
		memcpy(p, plugin.p, n);
	*ret_status = 0;
	return (int)n;
}

static struct str cut_document(struct str s, struct str *ret_head)
{
	size_t at = str_search(s, STR("\n---\n"));

	*ret_head = str_sub(s, 0, at + 1);
	return str_sub(s, at + 5, s.n);
}

static uint64_t check_loaded(const struct kube_config *c)
{
	static char text[2 * TOKEN_MAX];
	uint64_t h = HASH_SEED;
	struct buf b;

	FUZZ_CHECK(c->target.host.n && c->target.port && c->host.n);
	FUZZ_CHECK(!c->prefix.n || c->prefix.p[0] == '/');
	buf_init(&b, text, sizeof(text));
	kube_config_auth(c, &b);
	FUZZ_CHECK(!b.over);
	for (size_t i = 0; b.n && i < b.n - 2; i++)
		FUZZ_CHECK(text[i] >= ' ' && text[i] <= '~');
	h = hash_more(h, b.p, b.n);
	h = hash_more(h, c->host.p, c->host.n);
	h = hash_more(h, c->namespace.p, c->namespace.n);
	return hash_more(h, &c->target.port, sizeof(c->target.port));
}

static uint64_t load(void)
{
	static struct kube_config c;
	const struct kube_config_source from = { .allow_exec = true };
	struct mem mem;
	struct diag d;
	uint64_t result;
	int err;

	diag_clear(&d);
	mem_init(&mem, &f.io);
	err = kube_config_load(&c, &mem, &f.io, &from, &d);
	FUZZ_CHECK(err <= 0 && (err != 0) == diag_is_set(&d));
	result = err ? (uint64_t)-err : check_loaded(&c);
	if (!err)
		(void)kube_config_refresh(&c, KUBE_REFRESH_DENIED);
	mem_free_all(&mem);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, one, two;

	fake_io_init(&f);
	pages_use(&f);
	f.io.run = run;
	rest = cut_document(rest, &one);
	plugin = cut_document(rest, &two);
	fake_file(&f, "/d/one", one);
	fake_file(&f, "/d/two", two);
	fake_file(&f, "/d/pem", plugin);
	fake_env(&f, "KUBECONFIG", "/d/one:/d/two");
	FUZZ_CHECK(load() == load());
	fake_io_free(&f);
	return 0;
}
