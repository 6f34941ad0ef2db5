#include <string.h>

#include "control_int.h"

/* ---- work ---- */

static void wake_set(struct manager *m)
{
	int64_t at = queue_next_ns(&m->queue);

	if (at == TIME_NEVER)
		timer_stop(&m->loop, &m->wake);
	else
		timer_set(&m->loop, &m->wake, at);
}

/* Events count as well; what is said about the Lease itself does not. */
static bool under_way(const struct manager *m)
{
	uint32_t lease = kube_call_busy(&m->lease.call);

	return !jobs_idle(m) || m->client.queued + m->client.in_flight > lease;
}

/*
 * The Lease is given back when no write of ours is on its way any more: the
 * API server may still be at it when another leads.
 */
static void stop_advance(struct manager *m)
{
	if (!m->stopping || m->stopped)
		return;
	if (under_way(m)) {
		timer_set(&m->loop, &m->wake, m->loop.now_ns + STOP_LOOK_NS);
	} else if (m->lease.running) {
		lease_stop(&m->lease);
	} else if (m->lease_over) {
		m->stopped = true;
		loop_stop(&m->loop);
	}
}

static void feed(void *ctx)
{
	struct manager *m = ctx;

	jobs_feed(m);
	wake_set(m);
	stop_advance(m);
}

void manager_kick(struct manager *m)
{
	work_post(&m->loop, &m->feed);
}

static void wake(void *ctx)
{
	manager_kick(ctx);
}

/*
 * Watches tell of every change; this is for who does not want to rely on
 * that, and off by default.
 */
static void resync(void *ctx)
{
	struct manager *m = ctx;
	uint32_t i;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1))
		if (record_at(&m->records, i)->flags & RECORD_LIVE)
			queue_add(&m->queue, i, false, m->loop.now_ns);
	manager_kick(m);
	timer_set(&m->loop, &m->resync, m->loop.now_ns + m->o->resync_ns);
}

static void cleanup(void *ctx)
{
	struct manager *m = ctx;
	uint32_t i;

	for (i = 0; i < m->jobs; i++)
		if (m->job[i].record == RECORD_NONE)
			mem_trim(m->mem, m->job[i].arena.p,
			    m->job[i].arena.cap);
	timer_set(&m->loop, &m->cleanup, m->loop.now_ns + m->o->cleanup_ns);
}

/* ---- leadership ---- */

static void lead(struct manager *m, bool leading)
{
	m->leading = leading;
	if (leading)
		labels_doubt(m);
	log_line(&m->log, LOG_INFO, leading ? "leading" : "not leading",
	    "holder=%s", m->o->leader_elect ? m->lease.seen.holder : "");
	if (leading && m->webhooks)
		webhooks_lead(m->webhooks);
	notes_send(m);
	manager_kick(m);
}

static void on_lease(void *ctx, bool leading)
{
	lead(ctx, leading);
}

/* Each reason once, and again after a while. */
static void on_lease_failed(void *ctx)
{
	struct manager *m = ctx;
	const struct kube_status *s = &m->lease.status;
	const struct diag *d = &m->lease.diag;

	if (m->lease_told_ns != 0 && m->lease_told == s->err &&
	    m->loop.now_ns - m->lease_told_ns < LEASE_TOLD_NS)
		return;
	m->lease_told = s->err;
	m->lease_told_ns = m->loop.now_ns;
	log_line(&m->log, LOG_WARN, "cannot have the Lease",
	    "namespace=%S name=%S error=%s code=%d", m->lease.o.namespace,
	    m->lease.o.name, d->text[0] != '\0' ? d->text :
	    err_text(s->err), (int)s->code);
}

static void on_lease_over(void *ctx)
{
	struct manager *m = ctx;

	m->lease_over = true;
	manager_kick(m);
}

/* Asked right before each write leaves; see design.md section 5. */
static bool may_send(void *ctx, const struct kube_call *call)
{
	struct manager *m = ctx;

	if (call->class == KUBE_LEASE || !m->o->leader_elect)
		return true;
	return lease_valid(&m->lease, m->io->mono_ns(m->io->ctx));
}

static void lease_set_up(struct manager *m)
{
	struct buf b;
	struct str host = STR("mcp-operator");
	const char *pod = m->io->env(m->io->ctx, "HOSTNAME");
	struct lease_options o = {
		.name = m->o->lease_name, .duration_ns = m->o->lease_ns,
		.renew_ns = m->o->renew_ns, .retry_ns = m->o->retry_ns
	};

	if (pod != NULL && pod[0] != '\0')
		host = str_from(pod);
	buf_init(&b, m->identity, sizeof(m->identity));
	buf_fmt(&b, "%S_%x", str_sub(host, 0, 253), rng_next(&m->rng));
	o.identity = buf_view(&b);
	o.namespace = m->o->namespace.n > 0 ? m->o->namespace :
	    m->config.namespace;
	lease_init(&m->lease, &m->client, &o, on_lease, on_lease_over, m);
	m->lease.on_failed = on_lease_failed;
	m->client.may_send = may_send;
	m->client.may_ctx = m;
	m->client.write_timeout_ns = lease_write_timeout_ns(&o);
	m->io->tcp_unacked(m->io->ctx, m->client.write_timeout_ns);
}

/* ---- events ---- */

void manager_about(enum group g, struct str ns, struct str name,
    struct str uid, struct event_ref *ret)
{
	const struct group_info *info = group_info(g);

	*ret = (struct event_ref){
		.api_version = str_from(info->api_version),
		.kind = str_from(info->kind), .namespace = ns, .name = name,
		.uid = uid
	};
}

void manager_tell(struct manager *m, const struct event_ref *about,
    bool warning, const char *reason, struct str message)
{
	struct str group;

	(void)str_cut(about->api_version, '/', &group);
	log_line(&m->log, warning ? LOG_WARN : LOG_INFO, "event",
	    "group=%S namespace=%S name=%S reason=%s message=%S", group,
	    about->namespace, about->name, reason, message);
	event_record(&m->events, about, warning, reason, message);
}

void manager_event(struct manager *m, const struct server *s, bool warning,
    const char *reason, struct str message)
{
	struct event_ref about;

	manager_about(s->group, s->meta.ns, s->meta.name, s->meta.uid,
	    &about);
	about.version = s->meta.resource_version;
	manager_tell(m, &about, warning, reason, message);
}

/* ---- health ---- */

static const char *check_ping(void *ctx)
{
	(void)ctx;
	return NULL;
}

static const char *check_watches(void *ctx)
{
	const struct manager *m = ctx;
	bool any = false;
	uint32_t i;

	for (i = 0; i < m->slots; i++) {
		const struct watch_slot *s = &m->slot[i];

		/* Servers are served all the same without references, and
		 * without the children that not all of them have. */
		if (s->started && s->watch.state == WATCH_DENIED &&
		    s->role != ROLE_REF_CONFIG_MAPS &&
		    s->role != ROLE_REF_SECRETS &&
		    (s->role != ROLE_CHILDREN || s->of < CHILD_KINDS))
			return "the API server denies a watch, see the log";
		if (s->role == ROLE_SERVERS && s->watch.synced)
			any = true;
	}
	if (!watches_all_answered(m))
		return "not all watches have been answered yet";
	return any ? NULL : "none of the MCPServer kinds is installed";
}

static const char *check_stopping(void *ctx)
{
	const struct manager *m = ctx;

	return m->stopping ? "shutting down" : NULL;
}

/* ---- start ---- */

static void observe_set_up(struct manager *m)
{
	struct observe *o = &m->observe;

	m->source[0] = (struct metrics_source){ series_emit, m };
	m->source[1] = (struct metrics_source){
	    metrics_emit_counts, &m->counts };
	m->process = (struct metrics_process){
	    m->io, m->io->wall_ns(m->io->ctx) };
	m->source[2] = (struct metrics_source){
	    metrics_emit_process, &m->process };
	o->metrics = (struct metrics_page){ m->source,
	    ARRAY_LEN(m->source) };
	m->check[0] = (struct health_check){ "ping", check_ping, m };
	m->check[1] = (struct health_check){ "watches", check_watches, m };
	m->check[2] = (struct health_check){
	    "shutdown", check_stopping, m };
	o->healthz = (struct health){ "healthz", m->check, 1 };
	m->check[3] = (struct health_check){	/* with webhooks only */
	    "webhooks", webhooks_check, m->webhooks };
	o->readyz = (struct health){ "readyz", m->check,
	    m->webhooks ? 4 : 3 };
	o->loop = &m->loop;
	o->mem = m->mem;
	o->counts = &m->counts;
}

static int server_set_up(struct manager *m, struct mem *mem, unsigned bits,
    struct http_route *routes, struct http_server **ret)
{
	uint32_t n = observe_routes(&m->observe, bits, routes);

	return http_server_new(mem, &m->loop, routes, n, ret);
}

/* The Service of manifests/30-metrics.yaml, and a forwarded port. */
static void metrics_names(struct manager *m, struct certs *c)
{
	struct str ns = m->o->namespace.n ? m->o->namespace :
	    m->config.namespace;
	struct buf b;

	c->name[c->names++] = STR("mcp-operator-metrics");
	c->name[c->names++] = STR("localhost");
	c->name[c->names++] = STR("127.0.0.1");
	buf_init(&b, c->name_mem, sizeof(c->name_mem));
	buf_fmt(&b, "mcp-operator-metrics.%S.svc", ns);
	if (ns.n && !b.over)
		c->name[c->names++] = buf_view(&b);
}

static int metrics_secure(struct manager *m, struct mem *mem)
{
	struct certs *c = &m->metrics_certs;

	if (certs_init(c, m, mem) < 0)
		return ERR_FULL;
	c->dir = m->o->metrics_cert_dir;
	c->cert_name = m->o->metrics_cert;
	c->key_name = m->o->metrics_key;
	metrics_names(m, c);
	return http_server_secure(m->metrics_server, mem, c->trust,
	    certs_lost, c);
}

static int servers_set_up(struct manager *m, struct mem *mem,
    struct diag *d)
{
	int err = m->o->extensions.n > 0 ? hooks_init(m, mem, d) : 0;

	if (err < 0)
		return err;
	if (m->o->webhooks && webhooks_init(m, mem) < 0)
		return ERR_FULL;
	observe_set_up(m);
	if (server_set_up(m, mem, OBSERVE_METRICS, m->metrics_route,
	    &m->metrics_server) < 0 ||
	    server_set_up(m, mem, OBSERVE_HEALTH, m->health_route,
	    &m->health_server) < 0)
		return ERR_FULL;
	if (m->o->metrics_secure && metrics_secure(m, mem) < 0)
		return ERR_FULL;
	if (!m->o->pprof)
		return 0;
	return server_set_up(m, mem, OBSERVE_DEBUG, m->pprof_route,
	    &m->pprof_server);
}

static int client_set_up(struct manager *m, struct mem *mem, struct diag *d)
{
	struct kube_config_source from = {
		.kubeconfig = m->o->kubeconfig, .context = m->o->context
	};
	struct kube_client_options o = {
		.conns = (uint32_t)(m->o->jobs < KUBE_CONNS_MAX ?
		    m->o->jobs : KUBE_CONNS_MAX),
		.lease = m->o->leader_elect,
		.qps_milli = (uint32_t)m->o->qps_milli,
		.burst = (uint32_t)m->o->burst
	};
	int err;

	err = kube_config_load(&m->config, mem, m->io, &from, d);
	/* What is reserved does not depend on where the cluster is. */
	if (err < 0 && !m->o->print_memory)
		return err;
	diag_clear(d);
	buf_init(&m->agent_buf, m->agent, sizeof(m->agent) - 1);
	buf_fmt(&m->agent_buf, "mcp-operator/%s", m->version);
	m->agent[m->agent_buf.n] = '\0';
	o.agent = m->agent;
	err = kube_client_init(&m->client, mem, &m->loop, &m->config,
	    &m->counts, &o);
	if (err < 0)
		return err;
	return event_init(&m->events, mem, &m->client, "mcp-operator",
	    STR_NONE);
}

static int records_set_up(struct manager *m, struct mem *mem,
    struct diag *d)
{
	void *intake = mem_reserve(mem, "watch line", 1, INTAKE_ARENA_MAX);

	m->tok = mem_reserve(mem, "json tokens", JSON_TOKENS_MAX,
	    sizeof(*m->tok));
	if (intake == NULL || m->tok == NULL ||
	    records_init(&m->records, mem, (uint32_t)m->o->max_servers) < 0 ||
	    queue_init(&m->queue, mem, &m->records, m->o,
	    rng_next(&m->rng)) < 0 ||
	    pods_init(&m->pods, mem, (uint32_t)m->o->max_pods) < 0 ||
	    waits_init(m, mem, (uint32_t)m->o->max_pods) < 0 ||
	    verify_set_up(m, mem) < 0 ||
	    texts_init(&m->texts, mem) < 0 ||
	    refs_init(m, mem, (uint32_t)m->o->max_refs) < 0 ||
	    extras_init(m, mem, (uint32_t)m->o->max_extras) < 0 ||
	    held_init(m, mem) < 0 || jobs_init(m, mem) < 0 ||
	    notes_init(m, mem) < 0 || series_init(m, mem) < 0)
		return ERR_FULL;
	arena_init(&m->intake, intake, INTAKE_ARENA_MAX);
	mem_watch(mem, intake, &m->intake.high);
	return watches_init(m, mem, d);
}

int manager_new(struct mem *mem, const struct io *io,
    const struct manager_options *o, const char *version,
    struct manager **ret, struct diag *d)
{
	struct manager *m = mem_reserve(mem, "manager", 1, sizeof(*m));
	uint64_t seed = 0;
	int err;

	if (m == NULL)
		return ERR_FULL;
	m->mem = mem;
	m->io = io;
	m->o = o;
	m->version = version;
	m->start_ns = io->mono_ns(io->ctx);
	err = io->random(io->ctx, &seed, sizeof(seed));
	if (err < 0)
		return err;
	rng_seed(&m->rng, seed);
	log_init(&m->log, io);
	m->log.counts = &m->counts;
	(void)log_level_parse(o->log_level, &m->log.level);
	m->log.json = o->structured_logging;
	m->log.correlate = o->correlation_id;
	err = loop_init(&m->loop, mem, io);
	if (err == 0)
		err = client_set_up(m, mem, d);
	if (err == 0)
		err = records_set_up(m, mem, d);
	if (err == 0)
		err = servers_set_up(m, mem, d);
	if (err < 0)
		return err;
	work_init(&m->feed, feed, m);
	timer_init(&m->wake, wake, m);
	timer_init(&m->resync, resync, m);
	timer_init(&m->cleanup, cleanup, m);
	timer_init(&m->grace, grace_over, m);
	timer_init(&m->untold, created_more, m);
	if (o->leader_elect)
		lease_set_up(m);
	*ret = m;
	return 0;
}

static int listen_at(struct http_server *s, struct str addr,
    const char *flag, struct diag *d)
{
	struct net_addr at;
	int err;

	if (s == NULL || addr_parse_bind(addr, &at) < 0 || at.family == 0)
		return 0;
	err = http_server_listen(s, &at);
	if (err < 0)
		diag_set(d, str_from(flag), "cannot listen on %S: %s", addr,
		    err_text(err));
	return err;
}

int manager_start(struct manager *m, struct diag *d)
{
	int err = 0;

	if (m->o->metrics_secure)
		err = certs_begin(&m->metrics_certs, d);
	if (err < 0)
		return err;
	if (m->webhooks)
		err = webhooks_begin(m->webhooks, d);
	if (err < 0)
		return err;
	err = listen_at(m->metrics_server, m->o->metrics_addr,
	    "--metrics-bind-address", d);
	if (err == 0)
		err = listen_at(m->health_server, m->o->health_addr,
		    "--health-probe-bind-address", d);
	if (err == 0)
		err = listen_at(m->pprof_server, m->o->pprof_addr,
		    "--pprof-bind-address", d);
	if (err < 0)
		return err;
	log_line(&m->log, LOG_INFO, "starting",
	    "version=%s server=%S capacity=%D reserved=%U", m->version,
	    m->config.host, m->o->max_servers, (uint64_t)m->mem->total);
	if (m->hooks != NULL)
		log_line(&m->log, LOG_INFO, "extensions are called",
		    "file=%S rows=%u", m->o->extensions, m->hooks->set.n);
	m->lease_over = !m->o->leader_elect;
	if (m->o->leader_elect)
		lease_start(&m->lease);
	else
		lead(m, true);
	watches_advance(m);
	if (m->o->resync_ns > 0)
		timer_set(&m->loop, &m->resync,
		    m->loop.now_ns + m->o->resync_ns);
	timer_set(&m->loop, &m->cleanup, m->loop.now_ns + m->o->cleanup_ns);
	return 0;
}

struct loop *manager_loop(struct manager *m)
{
	return &m->loop;
}

/* ---- end ---- */

void grace_over(void *ctx)
{
	struct manager *m = ctx;

	log_line(&m->log, LOG_WARN, "gave up what was in flight", NULL);
	m->stopped = true;
	loop_stop(&m->loop);
}

void manager_stop(struct manager *m)
{
	if (m->stopping)
		return;
	m->stopping = true;
	log_line(&m->log, LOG_INFO, "shutting down", NULL);
	watches_stop(m);
	verify_stop(m);
	if (m->webhooks)
		webhooks_stop(m->webhooks);
	if (m->hooks)
		hooks_stop(m->hooks);
	kube_client_stop(&m->client);
	timer_set(&m->loop, &m->grace,
	    m->io->mono_ns(m->io->ctx) + STOP_GRACE_NS);
	manager_kick(m);
}

bool manager_stopped(const struct manager *m)
{
	return m->stopped;
}

bool manager_settled(const struct manager *m)
{
	return watches_all_answered(m) && m->pods.synced && jobs_idle(m) &&
	    m->queue.depth == 0 && heap_min(&m->queue.later) == NULL &&
	    event_idle(&m->events) && m->notes.n == 0 &&
	    (m->hooks == NULL || (m->hooks->notices == 0 &&
	    m->hooks->head == NULL));
}

int manager_run(struct manager *m)
{
	while (!m->stopped) {
		unsigned signals = loop_run(&m->loop);

		if (signals & IO_SIGNAL_TERM) {
			/* Twice: somebody is in a hurry. */
			if (m->stopping)
				break;
			manager_stop(m);
		}
	}
	http_server_stop(m->metrics_server);
	http_server_stop(m->health_server);
	if (m->webhooks != NULL)
		http_server_stop(m->webhooks->server);
	if (m->pprof_server != NULL)
		http_server_stop(m->pprof_server);
	log_line(&m->log, LOG_INFO, "stopped", NULL);
	return m->exit_status;
}
