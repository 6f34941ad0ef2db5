#include <string.h>

#include "kube_int.h"

#if defined(__x86_64__)
#define KUBE_ARCH "linux/amd64"
#elif defined(__aarch64__)
#define KUBE_ARCH "linux/arm64"
#elif defined(__arm__)
#define KUBE_ARCH "linux/arm"
#elif defined(__riscv) && __riscv_xlen == 64
#define KUBE_ARCH "linux/riscv64"
#else
#define KUBE_ARCH "linux"
#endif

enum call_state { CALL_IDLE, CALL_QUEUED, CALL_WAITING, CALL_SENT };

/* What a reply may leave resident once it was handed over. */
#define REPLY_KEEP (4 * KUBE_PAGE)

static void client_pump(struct kube_client *c);
static void wake_at(struct kube_client *c, int64_t at_ns);

/* ---- calls --------------------------------------------------------------- */

void kube_call_init(struct kube_call *call,
    void (*on_done)(void *ctx, struct kube_call *call), void *ctx)
{
	/* All but the text, which the builders fill. */
	memset(call, 0, offsetof(struct kube_call, text));
	call->class = KUBE_NORMAL;
	call->accept = KUBE_JSON;
	call->on_done = on_done;
	call->ctx = ctx;
}

bool kube_call_writes(const struct kube_call *call)
{
	return !call->dry && !str_is(str_from(call->method), "GET");
}

bool kube_call_busy(const struct kube_call *call)
{
	return call->state != CALL_IDLE;
}

/* ---- queues -------------------------------------------------------------- */

static void queue_first(struct kube_client *c, struct kube_call *call)
{
	call->state = CALL_QUEUED;
	call->next = c->head[call->class];
	c->head[call->class] = call;
	if (!call->next)
		c->tail[call->class] = &call->next;
	c->queued++;
}

static void queue_last(struct kube_client *c, struct kube_call *call)
{
	call->state = CALL_QUEUED;
	call->next = NULL;
	*c->tail[call->class] = call;
	c->tail[call->class] = &call->next;
	c->queued++;
}

static void queue_remove(struct kube_client *c, struct kube_call *call)
{
	struct kube_call **at = &c->head[call->class];

	while (*at != call) {
		CHECK(*at);
		at = &(*at)->next;
	}
	*at = call->next;
	if (!*at)
		c->tail[call->class] = at;
	c->queued--;
}

static void waiting_remove(struct kube_client *c, struct kube_call *call)
{
	struct kube_call **at = &c->waiting;

	while (*at != call) {
		CHECK(*at);
		at = &(*at)->next;
	}
	*at = call->next;
	c->queued--;
}

/* Takes a call out of wherever it waits. */
static void call_remove(struct kube_client *c, struct kube_call *call)
{
	if (call->state == CALL_QUEUED)
		queue_remove(c, call);
	else if (call->state == CALL_WAITING)
		waiting_remove(c, call);
	call->state = CALL_IDLE;
}

static void call_done(struct kube_call *call)
{
	CHECK(call->state == CALL_IDLE && call->on_done);
	call->on_done(call->ctx, call);
}

static void call_fail(struct kube_call *call, int err)
{
	call->status = (struct kube_status){
		.err = err, .code = call->status.code, .retry_after_ns = -1,
	};
	call->reply = STR_NONE;
	diag_set(&call->diag, call->path, "%s", err_text(err));
	call_done(call);
}

/* At the end nobody waits for the API server's good hour. */
static bool may_wait(const struct kube_client *c,
    const struct kube_call *call)
{
	return !c->stopping || call->class == KUBE_LEASE;
}

/*
 * Queues the call again for not before delay_ns from now; false when it has
 * no try or no time left.
 */
static bool call_again(struct kube_client *c, struct kube_call *call,
    int64_t delay_ns)
{
	int64_t now = c->loop->now_ns;

	if (call->tries >= KUBE_TRIES_MAX ||
	    call->deadline_ns - now <= delay_ns)
		return false;
	if (delay_ns > 0 && !may_wait(c, call))
		return false;
	if (delay_ns == 0) {
		queue_first(c, call);
		work_post(c->loop, &c->work);
		return true;
	}
	call->state = CALL_WAITING;
	call->not_before_ns = now + delay_ns;
	call->next = c->waiting;
	c->waiting = call;
	c->queued++;
	wake_at(c, call->not_before_ns);
	return true;
}

/* ---- connections --------------------------------------------------------- */

static bool conn_idle(const struct kube_conn *k)
{
	return !k->call && http_client_open(&k->http);
}

/* Closed, and its pages given back: a burst leaves nothing behind. */
static void conn_drop(struct kube_conn *k)
{
	struct mem *m = k->client->mem;

	http_client_close(&k->http);
	mem_trim(m, k->tls, tls_size());
	mem_trim(m, k->reply, JSON_OBJECT_MAX);
}

void kube_client_close(struct kube_client *c)
{
	for (uint32_t i = 0; i < c->conns; i++)
		if (conn_idle(&c->conn[i]))
			conn_drop(&c->conn[i]);
}

/*
 * A connection for a call: an open one that was used last, so that the
 * others can be given up, else a closed one, else NULL.
 */
static struct kube_conn *conn_pick(struct kube_client *c, bool lease)
{
	struct kube_conn *best = NULL;

	for (uint32_t i = 0; i < c->conns; i++) {
		struct kube_conn *k = &c->conn[i];

		if (k->call || k->lease != lease)
			continue;
		if (!best || http_client_open(&k->http) >
		    http_client_open(&best->http) ||
		    (http_client_open(&k->http) && k->since_ns >
		    best->since_ns))
			best = k;
	}
	return best;
}

static bool has_lease_conn(const struct kube_client *c)
{
	return c->conns && c->conn[c->conns - 1].lease;
}

void kube_request_begin(const struct kube_client *c, struct buf *mem)
{
	buf_str(mem, c->config->prefix);
}

void kube_request_end(const struct kube_client *c, const char *accept,
    const char *content_type, struct buf *mem, struct http_request *ret)
{
	size_t path_n = mem->n;

	buf_fmt(mem, "User-Agent: %s\r\nAccept: %s\r\n", c->agent, accept);
	if (content_type)
		buf_fmt(mem, "Content-Type: %s\r\n", content_type);
	kube_config_auth(c->config, mem);
	CHECK(!mem->over);
	ret->path = str_sub(buf_view(mem), 0, path_n);
	ret->headers = str_sub(buf_view(mem), path_n, mem->n);
	ret->host = c->config->host;
}

static bool may_send(const struct kube_client *c,
    const struct kube_call *call)
{
	return !c->may_send || call->class == KUBE_LEASE ||
	    !kube_call_writes(call) || c->may_send(c->may_ctx, call);
}

/* The deadline of one sending. */
static int64_t send_deadline(const struct kube_client *c,
    const struct kube_call *call)
{
	int64_t at = call->deadline_ns;

	if (kube_call_writes(call) && call->class != KUBE_LEASE &&
	    c->write_timeout_ns && at - c->loop->now_ns > c->write_timeout_ns)
		at = c->loop->now_ns + c->write_timeout_ns;
	return at;
}

/* A connection that began with other certificates is not used again. */
static void check_trust(struct kube_conn *k, const struct trust *trust)
{
	uint32_t now = trust ? trust_generation(trust) : 0;

	if (http_client_open(&k->http) && k->trust != now)
		conn_drop(k);
	k->trust = now;
}

static void conn_send(struct kube_conn *k, struct kube_call *call)
{
	struct kube_client *c = k->client;
	const struct kube_config *config = c->config;
	struct http_request req = { .method = call->method,
		.body = call->body };
	struct buf head;

	check_trust(k, config->trust);
	buf_init(&head, k->reply, JSON_OBJECT_MAX);
	kube_request_begin(c, &head);
	buf_str(&head, call->path);
	kube_request_end(c, call->accept, call->content_type, &head, &req);

	k->call = call;
	k->code = 0;
	k->retry_after_ns = -1;
	k->since_ns = c->loop->now_ns;
	call->state = CALL_SENT;
	call->conn = k;
	call->tries++;
	c->in_flight++;
	count_add(c->counts, COUNT_HTTP_REQUESTS, 1);
	http_client_send(&k->http, &config->target, &req,
	    send_deadline(c, call), 0);
}

static int on_head(void *ctx, const struct http_head *head)
{
	struct kube_conn *k = ctx;
	struct kube_call *call = k->call;
	const struct io *io = k->client->loop->io;
	struct str after = http_header_get(head, "Retry-After");

	/* The request lies where the answer goes. */
	if (k->http.sending)
		return ERR_PROTO;
	k->code = head->status;
	if (after.n)
		(void)kube_retry_after(after, io->wall_ns(io->ctx),
		    &k->retry_after_ns);
	if (k->code >= 200 && k->code < 300 && call->reply_mem)
		buf_init(&k->body, call->reply_mem, call->reply_cap);
	else if (k->code >= 200 && k->code < 300)
		buf_init(&k->body, k->reply, JSON_OBJECT_MAX);
	else
		buf_init(&k->body, k->reply, KUBE_ERROR_BODY_MAX);
	return 0;
}

static int on_body(void *ctx, struct str data)
{
	struct kube_conn *k = ctx;
	bool good = k->code >= 200 && k->code < 300;

	/* Of a refusal the head says enough. */
	if (!good)
		data = str_sub(data, 0, k->body.cap - k->body.n);
	buf_str(&k->body, data);
	return k->body.over ? ERR_LIMIT : 0;
}

/* True when the call was queued once more after a transport failure. */
static bool failed_again(struct kube_conn *k, struct kube_call *call, int err)
{
	struct kube_client *c = k->client;

	/* A kept connection that had ended: so have probably the others. */
	if (err == ERR_CLOSED && !k->code && !k->http.fresh) {
		kube_client_close(c);
		return call_again(c, call, 0);
	}
	if (err == ERR_TLS_TRUST && !call->renewed) {
		call->renewed = true;
		return kube_config_refresh(c->config, KUBE_REFRESH_TRUST) &&
		    call_again(c, call, 0);
	}
	return false;
}

/* True when the call was queued once more after an answer. */
static bool answered_again(struct kube_conn *k, struct kube_call *call)
{
	struct kube_client *c = k->client;
	struct kube_status *s = &call->status;
	int64_t wait;

	if (s->err == ERR_DENIED && !call->renewed) {
		call->renewed = true;
		return kube_config_refresh(c->config, KUBE_REFRESH_DENIED) &&
		    call_again(c, call, 0);
	}
	if (s->err != ERR_THROTTLED || s->retry_after_ns < 0)
		return false;
	count_add(c->counts, COUNT_HTTP_THROTTLED, 1);
	/* Up to a quarter more, so that not all come back at once. */
	wait = s->retry_after_ns ? s->retry_after_ns : NS_PER_S / 10;
	wait += (int64_t)rng_below(&c->rng, (uint64_t)wait / 4 + 1);
	return call_again(c, call, wait);
}

static void on_done(void *ctx, int err, const struct diag *d)
{
	struct kube_conn *k = ctx;
	struct kube_client *c = k->client;
	struct kube_call *call = k->call;
	int64_t took = c->loop->now_ns - k->since_ns;

	CHECK(call && call->state == CALL_SENT);
	k->call = NULL;
	k->since_ns = c->loop->now_ns;
	call->state = CALL_IDLE;
	call->conn = NULL;
	c->in_flight--;
	diag_clear(&call->diag);
	call->reply = STR_NONE;
	kube_tally_add(&c->tally, call->method, err ? 0 : k->code);
	if (err) {
		count_add(c->counts, COUNT_HTTP_ERRORS, 1);
		call->status = (struct kube_status){ .err = err,
			.code = k->code, .retry_after_ns = -1 };
		if (d)
			call->diag = *d;
	} else {
		kube_status_decode(k->code, buf_view(&k->body),
		    &call->status, &call->diag);
		if (k->retry_after_ns >= 0)
			call->status.retry_after_ns = k->retry_after_ns;
		if (call->status.err == 0)
			call->reply = buf_view(&k->body);
	}
	if (c->on_answer)
		c->on_answer(c->answer_ctx, call, took);
	if (!(err ? failed_again(k, call, err) : answered_again(k, call)))
		call_done(call);
	if (k->body.n > REPLY_KEEP && k->body.p == k->reply)
		mem_trim(c->mem, k->reply, JSON_OBJECT_MAX);
	wake_at(c, c->loop->now_ns + KUBE_IDLE_NS);
	work_post(c->loop, &c->work);
}

/* A handshake takes time: what was allowed before it may not be now. */
static int on_ready(void *ctx)
{
	struct kube_conn *k = ctx;

	return may_send(k->client, k->call) ? 0 : ERR_NOTLEADER;
}

static const struct http_client_events conn_events = {
	on_head, on_body, on_done,
};

/* ---- the pump ------------------------------------------------------------ */

static void wake_at(struct kube_client *c, int64_t at_ns)
{
	if (timer_is_set(&c->timer) && c->wake_ns <= at_ns)
		return;
	c->wake_ns = at_ns;
	timer_set(c->loop, &c->timer, at_ns);
}

/* Takes one request's worth of the rate; else when there will be one. */
static bool rate_take(struct kube_client *c, int64_t *ret_at_ns)
{
	int64_t now = c->loop->now_ns, missing;

	if (!c->qps_milli)
		return true;
	missing = c->burst_milli - c->tokens_milli;
	if (now - c->tokens_ns >= missing * NS_PER_S / c->qps_milli + 1)
		c->tokens_milli = c->burst_milli;
	else
		c->tokens_milli += (now - c->tokens_ns) * c->qps_milli /
		    NS_PER_S;
	c->tokens_ns = now;
	if (c->tokens_milli >= 1000) {
		c->tokens_milli -= 1000;
		return true;
	}
	*ret_at_ns = now + (1000 - c->tokens_milli) * NS_PER_S /
	    c->qps_milli + 1;
	return false;
}

/* False when nothing of this class can be sent now. */
static bool pump_class(struct kube_client *c, enum kube_class class)
{
	struct kube_call *call = c->head[class];
	bool lease = class == KUBE_LEASE && has_lease_conn(c);
	struct kube_conn *k;
	int64_t at;

	if (!call)
		return false;
	k = conn_pick(c, lease);
	if (!k)
		return false;
	if (class != KUBE_LEASE && !c->stopping && !rate_take(c, &at)) {
		wake_at(c, at);
		return false;
	}
	call_remove(c, call);
	if (may_send(c, call))
		conn_send(k, call);
	else
		call_fail(call, ERR_NOTLEADER);
	return true;
}

static void client_pump(struct kube_client *c)
{
	if (!c->queued)
		return;
	(void)kube_config_refresh(c->config, KUBE_REFRESH_DUE);
	for (unsigned i = 0; i < KUBE_CLASSES; i++)
		while (pump_class(c, (enum kube_class)i))
			continue;
}

static void pump_work(void *ctx)
{
	client_pump(ctx);
}

/* A call whose deadline passed before it was sent, or NULL. */
static struct kube_call *find_late(struct kube_client *c, int64_t *ret_next)
{
	int64_t now = c->loop->now_ns;

	for (unsigned i = 0; i <= KUBE_CLASSES; i++) {
		struct kube_call *call = i < KUBE_CLASSES ? c->head[i] :
		    c->waiting;

		for (; call; call = call->next) {
			if (call->deadline_ns <= now)
				return call;
			if (call->deadline_ns < *ret_next)
				*ret_next = call->deadline_ns;
		}
	}
	return NULL;
}

static void resume_waiting(struct kube_client *c, int64_t *ret_next)
{
	struct kube_call *call = c->waiting, *next;

	for (; call; call = next) {
		next = call->next;
		if (call->not_before_ns <= c->loop->now_ns) {
			waiting_remove(c, call);
			queue_first(c, call);
		} else if (call->not_before_ns < *ret_next) {
			*ret_next = call->not_before_ns;
		}
	}
}

static void close_idle(struct kube_client *c, int64_t *ret_next)
{
	for (uint32_t i = 0; i < c->conns; i++) {
		struct kube_conn *k = &c->conn[i];
		int64_t at = k->since_ns + KUBE_IDLE_NS;

		if (!conn_idle(k))
			continue;
		if (at <= c->loop->now_ns)
			conn_drop(k);
		else if (at < *ret_next)
			*ret_next = at;
	}
}

static void client_timer(void *ctx)
{
	struct kube_client *c = ctx;
	struct kube_call *late;
	int64_t next = TIME_NEVER;

	while ((late = find_late(c, &next))) {
		call_remove(c, late);
		call_fail(late, ERR_TIMEOUT);
		next = TIME_NEVER;
	}
	resume_waiting(c, &next);
	close_idle(c, &next);
	client_pump(c);
	if (next < TIME_NEVER)
		wake_at(c, next);
}

/* ---- sending and cancelling ---------------------------------------------- */

void kube_send(struct kube_client *c, struct kube_call *call)
{
	CHECK(call->state == CALL_IDLE && call->method && call->path.n);
	CHECK(call->class < KUBE_CLASSES);
	if (!call->deadline_ns)
		call->deadline_ns = c->loop->now_ns + KUBE_REQUEST_NS;
	call->tries = 0;
	call->renewed = false;
	call->status = (struct kube_status){ .retry_after_ns = -1 };
	call->reply = STR_NONE;
	diag_clear(&call->diag);
	queue_last(c, call);
	wake_at(c, call->deadline_ns);
	work_post(c->loop, &c->work);
}

void kube_cancel(struct kube_client *c, struct kube_call *call)
{
	struct kube_conn *k = call->conn;

	if (call->state == CALL_SENT) {
		CHECK(k && k->call == call);
		http_client_cancel(&k->http);
		k->call = NULL;
		call->conn = NULL;
		c->in_flight--;
		work_post(c->loop, &c->work);
	}
	call_remove(c, call);
}

void kube_client_stop(struct kube_client *c)
{
	struct kube_call *call = c->waiting;

	c->stopping = true;
	while (call) {
		if (may_wait(c, call)) {
			call = call->next;
			continue;
		}
		call_remove(c, call);
		call_fail(call, ERR_CANCELLED);
		/* Whoever was told may have changed the list. */
		call = c->waiting;
	}
	work_post(c->loop, &c->work);
}

/* ---- init ---------------------------------------------------------------- */

size_t kube_tls_stride(void)
{
	return (tls_size() + KUBE_PAGE - 1) / KUBE_PAGE * KUBE_PAGE;
}

static int conns_init(struct kube_client *c, bool lease)
{
	struct mem *m = c->mem;
	char *tls, *reply;

	c->conn = mem_reserve(m, "api connections", c->conns,
	    sizeof(*c->conn));
	tls = mem_reserve(m, "api tls", c->conns, kube_tls_stride());
	reply = mem_reserve(m, "api replies", c->conns, JSON_OBJECT_MAX);
	if (!c->conn || !tls || !reply)
		return ERR_FULL;
	for (uint32_t i = 0; i < c->conns; i++) {
		struct kube_conn *k = &c->conn[i];

		k->client = c;
		k->tls = tls + i * kube_tls_stride();
		k->reply = reply + (size_t)i * JSON_OBJECT_MAX;
		k->lease = lease && i == c->conns - 1;
		http_client_init(&k->http, c->loop, &c->gate, k->tls,
		    &conn_events, k);
		k->http.conn.counts = c->counts;
		k->http.on_ready = on_ready;
	}
	return 0;
}

static void rate_init(struct kube_client *c,
    const struct kube_client_options *o)
{
	c->qps_milli = o->qps_milli < KUBE_QPS_MILLI_MAX ? o->qps_milli :
	    KUBE_QPS_MILLI_MAX;
	c->burst_milli = o->burst < KUBE_BURST_MAX ? o->burst : KUBE_BURST_MAX;
	if (!c->burst_milli)
		c->burst_milli = 1;
	c->burst_milli *= 1000;
	c->tokens_milli = c->burst_milli;
	c->tokens_ns = c->loop->now_ns;
}

int kube_client_init(struct kube_client *c, struct mem *m, struct loop *l,
    struct kube_config *config, struct counts *counts,
    const struct kube_client_options *o)
{
	uint64_t seed;
	struct buf agent;

	CHECK(o->conns <= KUBE_CONNS_MAX);
	memset(c, 0, sizeof(*c));
	c->loop = l;
	c->config = config;
	c->counts = counts;
	c->mem = m;
	c->conns = (o->conns ? o->conns : 5) + o->lease;
	for (unsigned i = 0; i < KUBE_CLASSES; i++)
		c->tail[i] = &c->head[i];
	timer_init(&c->timer, client_timer, c);
	work_init(&c->work, pump_work, c);
	if (l->io->random(l->io->ctx, &seed, sizeof(seed)))
		return ERR_IO;
	rng_seed(&c->rng, seed);
	rate_init(c, o);
	buf_init(&agent, c->agent, sizeof(c->agent) - 1);
	buf_cstr(&agent, o->agent ? o->agent :
	    "mcp-operator/" MCP_VERSION " (" KUBE_ARCH ")");
	CHECK(!agent.over);
	return conns_init(c, o->lease);
}
