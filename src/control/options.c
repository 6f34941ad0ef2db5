#include <stddef.h>

#include "control_int.h"

#define AT(member) offsetof(struct manager_options, member)
#define MS(n) ((n) * NS_PER_MS)
#define HOUR (3600 * NS_PER_S)

const struct opt manager_opts[] = {
	{ "kubeconfig", NULL, NULL, OPT_STR, AT(kubeconfig), 0, 0,
	  "kubeconfig file; else KUBECONFIG, the pod's service account, "
	  "~/.kube/config" },
	{ "context", NULL, NULL, OPT_STR, AT(context), 0, 0,
	  "context of the kubeconfig" },
	{ "namespace", "POD_NAMESPACE", NULL, OPT_STR, AT(namespace), 0, 0,
	  "namespace the operator runs in, where its Lease is; else the "
	  "pod's own" },
	{ "watch-namespaces", "WATCH_NAMESPACE", NULL, OPT_STR,
	  AT(watch_namespaces), 0, 0,
	  "namespaces to serve, separated by commas; empty: all" },
	{ "metrics-bind-address", NULL, ":8080", OPT_STR, AT(metrics_addr),
	  0, 0, "address of /metrics; 0: off" },
	{ "metrics-secure", NULL, "false", OPT_BOOL, AT(metrics_secure), 0, 0,
	  "serve /metrics over TLS 1.2" },
	{ "metrics-cert-path", NULL, NULL, OPT_STR, AT(metrics_cert_dir), 0,
	  0, "folder of the certificate and key for that, read again when "
	  "they change; without it one is made, and made anew before it "
	  "expires" },
	{ "metrics-cert-name", NULL, "tls.crt", OPT_STR, AT(metrics_cert), 0,
	  0, "file name of the certificate, its chain behind it" },
	{ "metrics-cert-key", NULL, "tls.key", OPT_STR, AT(metrics_key), 0,
	  0, "file name of the key" },
	{ "enable-webhooks", "ENABLE_WEBHOOKS", "false", OPT_BOOL,
	  AT(webhooks), 0, 0, "answer the API server's questions before an "
	  "MCPServer is stored; see manifests/overlays/webhooks" },
	{ "webhook-dry-run", "WEBHOOK_DRY_RUN", "false", OPT_BOOL,
	  AT(webhook_dry_run), 0, 0, "send a server's children to the API "
	  "server as a dry run when it is asked, so that who applies it reads "
	  "what is wrong deep inside" },
	{ "webhook-port", NULL, "9443", OPT_I64, AT(webhook_port), 1, 65535,
	  "port that these come to, over TLS 1.2" },
	{ "webhook-tls-min-version", NULL, "1.2", OPT_STR,
	  AT(webhook_tls_min), 0, 0, "1.2 or less: 1.2 is spoken" },
	{ "webhook-cipher-suites", NULL, NULL, OPT_STR, AT(webhook_suites),
	  0, 0, "names of those that may be used, separated by commas; "
	  "empty: ECDHE with AES-GCM or ChaCha20-Poly1305" },
	{ "webhook-cert-dir", NULL, NULL, OPT_STR, AT(webhook_cert_dir), 0,
	  0, "the same as webhook-cert-path" },
	{ "webhook-cert-path", NULL, NULL, OPT_STR, AT(webhook_cert_path), 0,
	  0, "folder of the certificate and key for that, read again when "
	  "they change; without it they are made, signed by a CA that is "
	  "kept in a Secret and written into the webhook configurations" },
	{ "webhook-cert-name", NULL, "tls.crt", OPT_STR, AT(webhook_cert), 0,
	  0, "file name of the certificate, its chain behind it" },
	{ "webhook-cert-key", NULL, "tls.key", OPT_STR, AT(webhook_key), 0,
	  0, "file name of the key" },
	{ "extensions", "EXTENSIONS_FILE", NULL, OPT_STR, AT(extensions), 0,
	  0, "file that names hooks, validators and integrations to call; see "
	  "manifests/overlays/extensions" },
	{ "enable-http2", NULL, "false", OPT_BOOL, AT(http2), 0, 0,
	  "no effect: HTTP/1.1 is served" },
	{ "health-probe-bind-address", NULL, ":8081", OPT_STR,
	  AT(health_addr), 0, 0, "address of /healthz and /readyz; 0: off" },
	{ "leader-elect", NULL, "false", OPT_BOOL, AT(leader_elect), 0, 0,
	  "work only while holding the Lease; for more than one replica" },
	{ "leader-elect-lease-duration", NULL, "30s", OPT_DURATION,
	  AT(lease_ns), NS_PER_S, HOUR,
	  "time after which a Lease that is not renewed may be taken" },
	{ "leader-elect-renew-deadline", NULL, "20s", OPT_DURATION,
	  AT(renew_ns), NS_PER_S, HOUR,
	  "time without renewal after which the leader stops" },
	{ "leader-elect-retry-period", NULL, "2s", OPT_DURATION,
	  AT(retry_ns), MS(100), HOUR, "time between tries" },
	{ "leader-elect-resource-name", NULL,
	  "mcp-operator.mcp.allbeone.io", OPT_STR, AT(lease_name), 0, 0,
	  "name of the Lease" },
	{ "log-level", "LOG_LEVEL", "info", OPT_STR, AT(log_level), 0, 0,
	  "debug, info, warn or error" },
	{ "structured-logging", "STRUCTURED_LOGGING", "true", OPT_BOOL,
	  AT(structured_logging), 0, 0, "JSON lines; false: plain text" },
	{ "enable-correlation-id", "ENABLE_CORRELATION_ID", "true",
	  OPT_BOOL, AT(correlation_id), 0, 0,
	  "one id on all log lines of one reconcile" },
	{ "enable-pprof", "ENABLE_PPROF", "false", OPT_BOOL, AT(pprof), 0,
	  0, "serve /debug: loop latency, memory table, counters" },
	{ "pprof-bind-address", "PPROF_ADDR", ":6060", OPT_STR,
	  AT(pprof_addr), 0, 0, "address of /debug" },
	{ "concurrent-reconciles", "MAX_CONCURRENT_RECONCILES", "5",
	  OPT_I64, AT(jobs), 1, JOBS_MAX,
	  "servers worked on at the same time" },
	{ "reconcile-timeout", "RECONCILE_TIMEOUT", "2m", OPT_DURATION,
	  AT(reconcile_timeout_ns), NS_PER_S, 24 * HOUR,
	  "longest time for one reconcile" },
	{ "queue-depth", NULL, "20000", OPT_I64, AT(queue_depth), 1, 1000000,
	  "servers that may be ready to be worked on; more wait a second" },
	{ "queue-base-delay", NULL, "200ms", OPT_DURATION,
	  AT(base_delay_ns), MS(1), HOUR, "delay after a first failure" },
	{ "queue-max-delay", NULL, "5m", OPT_DURATION, AT(max_delay_ns),
	  MS(1), 24 * HOUR, "longest delay after failures" },
	{ "kube-api-qps", NULL, "0", OPT_FLOAT3, AT(qps_milli), 0,
	  INT64_C(1000000000), "requests a second; 0: no limit of our own" },
	{ "kube-api-burst", NULL, "100", OPT_I64, AT(burst), 1, 100000,
	  "requests at once when kube-api-qps limits" },
	{ "resync-period", NULL, "0", OPT_DURATION, AT(resync_ns), 0,
	  720 * HOUR, "look at every server this often; 0: never, watches "
	  "tell all there is" },
	{ "max-servers", NULL, "10000", OPT_I64, AT(max_servers), 1, 1000000,
	  "capacity: MCPServers" },
	{ "max-refs", NULL, "4096", OPT_I64, AT(max_refs), 1, 1000000,
	  "capacity: ConfigMaps and Secrets that servers refer to" },
	{ "max-pods", NULL, "1024", OPT_I64, AT(max_pods), 1, 1000000,
	  "capacity: pods with something wrong" },
	{ "max-extra-children", NULL, "16384", OPT_I64, AT(max_extras), 1,
	  1000000, "capacity: children of other kinds than ConfigMap, Service "
	  "and Deployment" },
	{ "finalizers", NULL, "false", OPT_BOOL, AT(finalizers), 0, 0,
	  "hold a deleted server until its pods are gone" },
	{ "watch-secrets", NULL, "false", OPT_BOOL, AT(watch_secrets), 0, 0,
	  "restart pods when a Secret they refer to changes; needs the "
	  "grant of manifests/overlays/secrets" },
	{ "verify-servers", NULL, "true", OPT_BOOL, AT(verify_servers), 0, 0,
	  "ask each server over MCP who it is once its pods are ready; one "
	  "that does not speak MCP is not ready" },
	{ "indexing-enabled", NULL, "true", OPT_BOOL, AT(indexing), 0, 0,
	  "index servers by the ConfigMaps they refer to, so that a changed "
	  "one restarts their pods" },
	{ "cache-registry-ttl", NULL, "10m", OPT_DURATION,
	  AT(registry_ttl_ns), 0, 24 * HOUR,
	  "age of catalog data; no effect yet: no catalog is read" },
	{ "cache-server-ttl", NULL, "5m", OPT_DURATION, AT(server_ttl_ns),
	  0, 24 * HOUR,
	  "age of a cached server; no effect: none is cached, each is worked "
	  "on as it stands" },
	{ "cache-cleanup-interval", NULL, "30m", OPT_DURATION,
	  AT(cleanup_ns), NS_PER_S, 720 * HOUR,
	  "how often memory that is not in use goes back to the system" },
	{ "enable-hpa-support", "ENABLE_HPA_SUPPORT", "true", OPT_BOOL,
	  AT(hpa), 0, 0, "make HorizontalPodAutoscalers of "
	  "spec.autoscaling.hpa" },
	{ "enable-vpa-support", "ENABLE_VPA_SUPPORT", "true", OPT_BOOL,
	  AT(vpa), 0, 0, "make VerticalPodAutoscalers of "
	  "spec.autoscaling.vpa, where the cluster has them" },
	{ "enable-istio-integration", "ENABLE_ISTIO_INTEGRATION", "true",
	  OPT_BOOL, AT(istio), 0, 0, "make VirtualServices, "
	  "DestinationRules and PeerAuthentications of spec.istio, where the "
	  "cluster has them" },
	{ "enable-multi-tenancy", "ENABLE_MULTI_TENANCY", "true", OPT_BOOL,
	  AT(tenancy), 0, 0, "make ResourceQuotas, "
	  "LimitRanges, Roles and RoleBindings of spec.tenancy" },
	{ "namespace-label-keys", "NAMESPACE_LABEL_KEYS",
	  "tenant.mcp.allbeone.io/", OPT_STR, AT(label_keys), 0, 0,
	  "keys, separated by commas, that servers may set at their namespace "
	  "by spec.tenancy.namespaceLabels; one that ends in / stands for all "
	  "that begin so" },
	{ "sidecar-image", "SIDECAR_IMAGE", NULL, OPT_STR,
	  AT(sidecar_image), 0, 0, "this operator's own image, for the "
	  "container that signals servers with spec.reload.policy Signal; "
	  "empty: their pods are made anew instead" },
	{ "enable-backup-controller", "ENABLE_BACKUP_CONTROLLER", "true",
	  OPT_BOOL, AT(backup), 0, 0,
	  "feature: MCPServerBackup (not built yet)" },
	{ "print-memory", NULL, "false", OPT_BOOL, AT(print_memory), 0, 0,
	  "print what is reserved and exit" },
	{ "fail-fast", NULL, "false", OPT_BOOL, AT(fail_fast), 0, 0,
	  "exit with 111 when the API server cannot be reached at start" },
	{ "help", NULL, "false", OPT_BOOL, AT(help), 0, 0, "this text" },
};
const size_t manager_opts_n = ARRAY_LEN(manager_opts);

static int bind_check(struct str addr, const char *flag, struct diag *d)
{
	struct net_addr at;

	if (addr_parse_bind(addr, &at) == 0)
		return 0;
	diag_set(d, str_from(flag), "\"%S\" is not an address like :8080",
	    addr);
	return ERR_USAGE;
}

static int namespaces_check(struct str list, struct diag *d)
{
	struct str ns;

	while (list.n > 0) {
		list = str_cut(list, ',', &ns);
		if (str_dns1123_label(str_trim(ns)))
			continue;
		diag_set(d, STR("--watch-namespaces"),
		    "\"%S\" is not a namespace's name", ns);
		return ERR_USAGE;
	}
	return 0;
}

/* "1.2", "TLS1.2", "TLSv1.2", "VersionTLS12": people write all of these. */
static bool is_tls_minimum(struct str text)
{
	static const char *const no_more[] = { "1.0", "1.1", "1.2", "10", "11",
		"12" };
	static const struct str before[] = { STR_INIT("VersionTLS"),
		STR_INIT("TLSv"), STR_INIT("TLS") };

	for (size_t i = 0; i < ARRAY_LEN(before); i++)
		if (str_starts(text, before[i])) {
			text = str_sub(text, before[i].n, text.n);
			break;
		}
	for (size_t i = 0; i < ARRAY_LEN(no_more); i++)
		if (str_is(text, no_more[i]))
			return true;
	return false;
}

static int webhooks_options_check(const struct manager_options *o,
    struct diag *d)
{
	uint8_t suites, ecdsa;
	struct diag why = { 0 };

	if (!o->webhooks && o->webhook_dry_run) {
		diag_set(d, STR("--webhook-dry-run (WEBHOOK_DRY_RUN)"),
		    "has no effect without --enable-webhooks");
		return ERR_USAGE;
	}
	if (!o->webhooks)
		return 0;
	if (!is_tls_minimum(o->webhook_tls_min)) {
		diag_set(d, STR("--webhook-tls-min-version"),
		    "\"%S\" is not spoken here, TLS 1.2 is",
		    o->webhook_tls_min);
		return ERR_USAGE;
	}
	if (tls_suites_parse(o->webhook_suites, &suites, &ecdsa, &why) < 0) {
		diag_set(d, STR("--webhook-cipher-suites"), "%s", why.text);
		return ERR_USAGE;
	}
	if (!ecdsa && !o->webhook_cert_dir.n && !o->webhook_cert_path.n) {
		diag_set(d, STR("--webhook-cipher-suites"), "has none with "
		    "ECDSA, which a certificate of our own making needs");
		return ERR_USAGE;
	}
	return 0;
}

/* What makes others trust a namespace is not for who may make a server. */
static int label_keys_check(struct str list, struct diag *d)
{
	const char *rule = NULL;
	struct str one;
	char mem[320];
	struct buf b;

	while (list.n > 0 && !rule) {
		list = str_cut(list, ',', &one);
		one = str_trim(one);
		buf_init(&b, mem, sizeof(mem));
		buf_fmt(&b, "%S%s", one, str_ends(one, STR("/")) ? "x" : "");
		if (b.over || !str_label_key(buf_view(&b)))
			rule = "is neither a label key nor the beginning of "
			    "one, up to its /";
		else if (server_label_is_reserved(buf_view(&b)))
			rule = "is Kubernetes' own";
	}
	if (!rule)
		return 0;
	diag_set(d, STR("--namespace-label-keys (NAMESPACE_LABEL_KEYS)"),
	    "\"%S\" %s", one, rule);
	return ERR_USAGE;
}

/* A status must be able to hold it. */
static int sidecar_check(struct str image, struct diag *d)
{
	size_t i;

	for (i = 0; i < image.n && image.p[i] > ' ' && image.p[i] <= '~'; i++)
		;
	if (i == image.n && i <= IMAGE_MAX)
		return 0;
	diag_set(d, STR("--sidecar-image (SIDECAR_IMAGE)"),
	    "is not an image");
	return ERR_USAGE;
}

int options_check(const struct manager_options *o, struct diag *d)
{
	struct lease_options lease = {
		.namespace = STR("x"), .name = o->lease_name,
		.identity = STR("x"), .duration_ns = o->lease_ns,
		.renew_ns = o->renew_ns, .retry_ns = o->retry_ns
	};
	enum log_level level;

	if (log_level_parse(o->log_level, &level) < 0) {
		diag_set(d, STR("--log-level (LOG_LEVEL)"),
		    "\"%S\" is none of debug, info, warn, error",
		    o->log_level);
		return ERR_USAGE;
	}
	if (bind_check(o->metrics_addr, "--metrics-bind-address", d) < 0 ||
	    bind_check(o->health_addr, "--health-probe-bind-address",
	    d) < 0 ||
	    bind_check(o->pprof_addr, "--pprof-bind-address", d) < 0 ||
	    namespaces_check(o->watch_namespaces, d) < 0)
		return ERR_USAGE;
	if (o->metrics_cert_dir.n && !o->metrics_secure) {
		diag_set(d, STR("--metrics-cert-path"),
		    "has no effect without --metrics-secure");
		return ERR_USAGE;
	}
	if (webhooks_options_check(o, d) < 0 ||
	    label_keys_check(o->label_keys, d) < 0 ||
	    sidecar_check(o->sidecar_image, d) < 0)
		return ERR_USAGE;
	if (o->max_delay_ns < o->base_delay_ns) {
		diag_set(d, STR("--queue-max-delay"),
		    "is less than --queue-base-delay");
		return ERR_USAGE;
	}
	if (o->leader_elect && lease_options_check(&lease, d) < 0)
		return ERR_USAGE;
	return 0;
}
