#ifndef CONTROL_H
#define CONTROL_H

/*
 * control: the manager that runs every controller in one loop. It keeps a
 * compact record of each MCPServer (record.c), fed by watches (intake.c,
 * children.c, pods.c, follow.c); what may differ from what it should be is
 * queued (queue.c) and worked on by a fixed number of jobs (job.c), which
 * read the object, plan (plan.c, judge.c; pure) and write.
 */

#include "base.h"
#include "kube.h"
#include "model.h"
#include "observe.h"

/* options.c [options_] ---------------------------------------------------- */

/*
 * All settings of `mcp-operator manager`; rows in options.c say flag,
 * environment, default, bounds and help of each. Times in ns.
 */
struct manager_options {
	/* where */
	struct str kubeconfig, context, namespace, watch_namespaces;
	struct str metrics_addr, health_addr, pprof_addr;
	bool metrics_secure, http2;
	struct str metrics_cert_dir, metrics_cert, metrics_key;
	struct str extensions;
	bool webhooks, webhook_dry_run;
	int64_t webhook_port;
	struct str webhook_cert_path, webhook_cert_dir, webhook_cert,
	    webhook_key;
	struct str webhook_tls_min, webhook_suites;
	/* election */
	bool leader_elect;
	int64_t lease_ns, renew_ns, retry_ns;
	struct str lease_name;
	/* logs */
	struct str log_level;
	bool structured_logging, correlation_id, pprof;
	/* work */
	int64_t jobs, jobs_env, queue_depth;
	int64_t base_delay_ns, max_delay_ns, reconcile_timeout_ns;
	int64_t resync_ns, qps_milli, burst;
	/* capacities */
	int64_t max_servers, max_refs, max_pods, max_extras;
	/* features */
	bool finalizers, watch_secrets, verify_servers;
	bool hpa, vpa, istio, tenancy, backup;
	struct str label_keys;
	struct str sidecar_image;
	bool indexing;
	int64_t registry_ttl_ns, server_ttl_ns, cleanup_ns;
	/* other */
	bool print_memory, fail_fast, help;
};

/* Rows for opts_parse and opts_help. */
extern const struct opt manager_opts[];
extern const size_t manager_opts_n;
/* What no single row can see: times of the lease, names. ERR_USAGE. */
int options_check(const struct manager_options *o, struct diag *d);

/* manager.c [manager_] ----------------------------------------------------- */

struct manager;

/*
 * Reserves everything from m, which may then be sealed. ERR_FULL, or ERR_*
 * with d when no API server is configured or an address cannot be bound.
 */
int manager_new(struct mem *m, const struct io *io,
    const struct manager_options *o, const char *version,
    struct manager **ret, struct diag *d);
/*
 * Begins to listen, list and watch; everything else happens in turns of
 * manager_loop(). Separate from manager_run for the simulator's sake.
 */
int manager_start(struct manager *m, struct diag *d);
struct loop *manager_loop(struct manager *m);
/* Begins an orderly end: no new work, what is in flight ends, lease back. */
void manager_stop(struct manager *m);
bool manager_stopped(const struct manager *m);
/* Runs until SIGTERM and through the orderly end; the exit status. */
int manager_run(struct manager *m);

/* For tests, the simulator and the benchmark: is there nothing to do? */
bool manager_settled(const struct manager *m);

#endif
