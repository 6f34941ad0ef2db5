#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "manager_world.h"

/* What is said of one flag; "" where nothing is. */
static struct str said(const char *flag, const char *other)
{
	static struct diag d;
	static struct manager_options o;
	const char *argv[] = { "manager", flag, other };
	struct world *w = world_new();
	int n = other ? 3 : 2, rest = 0, err;

	diag_clear(&d);
	REQUIRE(opts_parse(manager_opts, manager_opts_n, &w->io.io, n,
	    (char **)(uintptr_t)argv, &o, &rest, &d) == 0);
	err = options_check(&o, &d);
	EXPECT_EQ(err, *d.text ? ERR_USAGE : 0);
	return str_from(d.text);
}

TEST(keys_of_labels_are_checked)
{
	static const char neither[] = " is neither a label key nor the "
	    "beginning of one, up to its /";
	char text[128];

	EXPECT_STR(said("--namespace-label-keys=", NULL), "");
	EXPECT_STR(said("--namespace-label-keys=team, a.b/c ,d.e/", NULL), "");
	cut_fmt(text, sizeof(text), "\"a b\"%s", neither);
	EXPECT_STR(said("--namespace-label-keys=a,a b", NULL), text);
	cut_fmt(text, sizeof(text), "\"\"%s", neither);
	EXPECT_STR(said("--namespace-label-keys=a,,b", NULL), text);
	cut_fmt(text, sizeof(text), "\"/\"%s", neither);
	EXPECT_STR(said("--namespace-label-keys=/", NULL), text);
	EXPECT_STR(said("--namespace-label-keys=pod-security.kubernetes.io/",
	    NULL), "\"pod-security.kubernetes.io/\" is Kubernetes' own");
	EXPECT_STR(said("--namespace-label-keys=k8s.io/x", NULL),
	    "\"k8s.io/x\" is Kubernetes' own");
	EXPECT_STR(said("--namespace-label-keys=notk8s.io/x", NULL), "");
}

TEST(the_image_of_the_sidecar_is_one)
{
	char flag[IMAGE_MAX + 32];

	EXPECT_STR(said("--sidecar-image=", NULL), "");
	EXPECT_STR(said("--sidecar-image=r.example:5000/a@sha256:0", NULL),
	    "");
	EXPECT_STR(said("--sidecar-image=a b", NULL), "is not an image");
	memset(flag, 'x', sizeof(flag) - 1);
	memcpy(flag, "--sidecar-image=", 16);
	flag[16 + IMAGE_MAX] = '\0';
	EXPECT_STR(said(flag, NULL), "");
	flag[16 + IMAGE_MAX] = 'x';
	flag[16 + IMAGE_MAX + 1] = '\0';
	EXPECT_STR(said(flag, NULL), "is not an image");
}

TEST(a_dry_run_needs_webhooks)
{
	EXPECT_STR(said("--webhook-dry-run", NULL),
	    "has no effect without --enable-webhooks");
	EXPECT_STR(said("--webhook-dry-run", "--enable-webhooks"), "");
}

/* ---- where values come from ---- */

/* What the flags and the environment of operators of before are documented
 * with, and ours where they have none. */
static const struct {
	const char *name, *env, *def;
} documented[] = {
	{ "metrics-bind-address", NULL, ":8080" },
	{ "health-probe-bind-address", NULL, ":8081" },
	{ "leader-elect", NULL, "false" },
	{ "kubeconfig", NULL, "" },
	{ "namespace", "POD_NAMESPACE", "" },
	{ "watch-namespaces", "WATCH_NAMESPACE", "" },
	{ "cache-registry-ttl", NULL, "10m" },
	{ "cache-server-ttl", NULL, "5m" },
	{ "cache-cleanup-interval", NULL, "30m" },
	{ "indexing-enabled", NULL, "true" },
	{ "concurrent-reconciles", "MAX_CONCURRENT_RECONCILES", "5" },
	{ "reconcile-timeout", "RECONCILE_TIMEOUT", "2m" },
	{ "resync-period", NULL, "0" },
	{ "webhook-port", NULL, "9443" },
	{ "webhook-tls-min-version", NULL, "1.2" },
	{ "webhook-cipher-suites", NULL, "" },
	{ "enable-webhooks", "ENABLE_WEBHOOKS", "false" },
	{ "log-level", "LOG_LEVEL", "info" },
	{ "structured-logging", "STRUCTURED_LOGGING", "true" },
	{ "enable-correlation-id", "ENABLE_CORRELATION_ID", "true" },
	{ "enable-pprof", "ENABLE_PPROF", "false" },
	{ "pprof-bind-address", "PPROF_ADDR", ":6060" },
	{ "enable-hpa-support", "ENABLE_HPA_SUPPORT", "true" },
	{ "enable-vpa-support", "ENABLE_VPA_SUPPORT", "true" },
	{ "enable-istio-integration", "ENABLE_ISTIO_INTEGRATION", "true" },
	{ "enable-multi-tenancy", "ENABLE_MULTI_TENANCY", "true" },
	{ "enable-backup-controller", "ENABLE_BACKUP_CONTROLLER", "true" },
	{ "fail-fast", NULL, "false" },
};

static const struct opt *row_of(const char *name)
{
	size_t i;

	for (i = 0; i < manager_opts_n; i++)
		if (strcmp(manager_opts[i].name, name) == 0)
			return &manager_opts[i];
	test_fail(__FILE__, __LINE__, "no flag %s", name);
	abort();
}

TEST(flags_have_the_defaults_and_variables_of_the_documents)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(documented); i++) {
		const struct opt *o = row_of(documented[i].name);
		const char *env = documented[i].env;

		EXPECT_STR(str_from(o->def != NULL ? o->def : ""),
		    documented[i].def);
		EXPECT_STR(str_from(o->env != NULL ? o->env : ""),
		    env != NULL ? env : "");
	}
}

/* One value of a row as text, as it stands in the options. */
static void value_write(const struct opt *o, const void *options,
    struct buf *b)
{
	const char *at = (const char *)options + o->offset;
	struct str s;
	int64_t v;

	switch (o->type) {
	case OPT_BOOL:
		buf_cstr(b, *(const bool *)at ? "true" : "false");
		return;
	case OPT_STR:
		memcpy(&s, at, sizeof(s));
		buf_str(b, s);
		return;
	case OPT_DURATION:
		memcpy(&v, at, sizeof(v));
		duration_format(b, v);
		return;
	case OPT_I64:
	case OPT_FLOAT3:
		memcpy(&v, at, sizeof(v));
		buf_i64(b, v);
		return;
	}
}

/* Two values that the row takes, the first of which is not the default. */
static void values_of(const struct opt *o, struct buf *first,
    struct buf *second)
{
	bool on = o->def != NULL && strcmp(o->def, "true") == 0;

	switch (o->type) {
	case OPT_BOOL:
		buf_cstr(first, on ? "false" : "true");
		buf_cstr(second, on ? "true" : "false");
		break;
	case OPT_STR:
		buf_cstr(first, "by-first");
		buf_cstr(second, "by-second");
		break;
	case OPT_DURATION:
		duration_format(first, o->max);
		duration_format(second, o->min);
		break;
	case OPT_I64:
	case OPT_FLOAT3:
		buf_i64(first, o->type == OPT_I64 ? o->max : o->max / 1000);
		buf_i64(second, o->type == OPT_I64 ? o->min : o->min / 1000);
		break;
	}
	buf_char(first, '\0');
	buf_char(second, '\0');
	REQUIRE(!first->over && !second->over);
}

/* env and flag may be NULL; compared with what `same` gives by flag alone. */
static void expect_value(const struct opt *o, const char *env,
    const char *flag, const char *same)
{
	static struct manager_options got, want;
	static struct fake_io f, plain;
	char flag_mem[96], same_mem[96], a_mem[96], b_mem[96];
	const char *argv[] = { "manager", flag_mem };
	const char *same_argv[] = { "manager", same_mem };
	struct diag d = { 0 };
	struct buf a, b;
	int rest;

	fake_io_init(&f);
	fake_io_init(&plain);
	if (env != NULL)
		fake_env(&f, o->env, env);
	cut_fmt(flag_mem, sizeof(flag_mem), "--%s=%s", o->name,
	    flag != NULL ? flag : "");
	cut_fmt(same_mem, sizeof(same_mem), "--%s=%s", o->name, same);
	REQUIRE(opts_parse(manager_opts, manager_opts_n, &f.io,
	    flag != NULL ? 2 : 1, (char **)(uintptr_t)argv, &got, &rest,
	    &d) == 0);
	REQUIRE(opts_parse(manager_opts, manager_opts_n, &plain.io, 2,
	    (char **)(uintptr_t)same_argv, &want, &rest, &d) == 0);
	buf_init(&a, a_mem, sizeof(a_mem) - 1);
	buf_init(&b, b_mem, sizeof(b_mem) - 1);
	value_write(o, &got, &a);
	value_write(o, &want, &b);
	REQUIRE(!b.over);
	b_mem[b.n] = '\0';
	EXPECT_STR(buf_view(&a), b_mem);
	fake_io_free(&f);
	fake_io_free(&plain);
}

TEST(a_flag_stands_before_the_environment_and_that_before_the_default)
{
	char first_mem[64], second_mem[64];
	struct buf first, second;
	size_t i;

	for (i = 0; i < manager_opts_n; i++) {
		const struct opt *o = &manager_opts[i];
		const char *def = o->def != NULL ? o->def : "";

		buf_init(&first, first_mem, sizeof(first_mem));
		buf_init(&second, second_mem, sizeof(second_mem));
		values_of(o, &first, &second);
		EXPECT(strcmp(first_mem, def) != 0);
		expect_value(o, NULL, NULL, def);
		expect_value(o, NULL, first_mem, first_mem);
		if (o->env == NULL)
			continue;
		expect_value(o, first_mem, NULL, first_mem);
		expect_value(o, first_mem, second_mem, second_mem);
		/* Set but empty is as if it was not. */
		expect_value(o, "", NULL, def);
	}
}

/* ---- what is reserved, without a cluster ---- */

static int print_memory(const char *namespaces, struct diag *d)
{
	static struct fake_io f;
	static struct manager_options o;
	static struct mem mem;
	const char *argv[] = { "manager", namespaces, "--print-memory" };
	struct manager *m;
	int rest = 0;

	fake_io_init(&f);
	mem_init(&mem, &f.io);
	REQUIRE(opts_parse(manager_opts, manager_opts_n, &f.io, 3,
	    (char **)(uintptr_t)argv, &o, &rest, d) == 0);
	return manager_new(&mem, &f.io, &o, "test", &m, d);
}

TEST(what_does_not_fit_is_told_without_a_cluster_too)
{
	struct diag d = { 0 };

	EXPECT_EQ(print_memory("--watch-namespaces=a", &d), 0);
	EXPECT_STR(str_from(d.text), "");
	EXPECT_EQ(print_memory("--watch-namespaces=a,b,c,d,e,f,g", &d),
	    ERR_LIMIT);
	EXPECT_STR(str_from(d.path), "--watch-namespaces");
	EXPECT(str_starts(str_from(d.text), STR("169 watches would be needed, "
	    "there is room for 151")));
}
