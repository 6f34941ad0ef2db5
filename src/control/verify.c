#include <string.h>

#include "control_int.h"

/*
 * Once the pods of a server are ready it is asked over MCP who it is, through
 * its Service, one server at a time. What it said of itself stands in its
 * status; the record only knows how it ended, about what, and when to ask
 * again. Nobody is asked twice about the same pods once he has answered.
 */

static const struct gvr services_gvr = { "", "v1", "services", true };

enum { PATH_OWN, PATH_ROOT, PATH_SSE, PATHS };

static bool is_asked(const struct server *s)
{
	const struct verification *v = &s->spec.verification;

	switch (s->spec.transport.type) {
	case TRANSPORT_HTTP:
	case TRANSPORT_STREAMABLE_HTTP:
	case TRANSPORT_SSE:
		break;
	default:
		return false;
	}
	return s->spec.ports.n > 0 &&
	    !HAS(&s->meta, object_meta, deletion_time) &&
	    (!HAS(v, verification, enabled) || v->enabled);
}

static struct str path_of(const struct server *s)
{
	const struct verification *v = &s->spec.verification;

	return HAS(v, verification, path) ? v->path : s->spec.transport.path;
}

/* Of all that the answer depends on. 0: it is not asked. */
static uint64_t topic_of(const struct manager *m, const struct record *r,
    const struct server *s)
{
	struct str path = path_of(s);
	uint64_t h = HASH_SEED;
	int32_t of[2];

	if (!m->o->verify_servers || !is_asked(s))
		return 0;
	of[0] = s->spec.ports.p[0].port;
	of[1] = (int32_t)s->spec.transport.type;
	h = hash_more(h, &r->workload.note_template,
	    sizeof(r->workload.note_template));
	h = hash_more(h, &r->workload.note_refs, sizeof(r->workload.note_refs));
	/* Then they are another template's. */
	if (r->workload.rolled_from != 0)
		h = hash_more(h, &r->workload.rolled_to,
		    sizeof(r->workload.rolled_to));
	h = hash_more(h, of, sizeof(of));
	h = hash_more(h, path.p, path.n);
	return h != 0 ? h : 1;
}

/* ---- what a record knows ---- */

static int64_t again_ns(const struct manager *m, uint8_t tries)
{
	return m->loop.now_ns + time_backoff(VERIFY_AGAIN_NS, tries,
	    VERIFY_MOST_NS);
}

static void wake_by(struct manager *m, int64_t at_ns)
{
	struct verify *v = &m->verify;

	if (v->wake_ns != 0 && v->wake_ns <= at_ns)
		return;
	v->wake_ns = at_ns;
	timer_set(&m->loop, &v->timer, at_ns);
}

/* As an operator before us left it. */
static enum verified told(const struct server *s, uint64_t topic)
{
	const struct condition *c = status_condition(&s->status, "Verified");
	uint64_t about;

	if (c == NULL || !HAS(&s->status, server_status, verified) ||
	    str_hex64(s->status.verified, &about) < 0 || about != topic)
		return VERIFIED_PENDING;
	return c->status == COND_TRUE ? VERIFIED_YES :
	    c->status == COND_FALSE ? VERIFIED_NO : VERIFIED_UNSURE;
}

void verify_note(struct manager *m, struct record *r, const struct server *s)
{
	struct verify_note *n = &r->verify;
	uint64_t topic = topic_of(m, r, s);

	if (n->topic == topic)
		return;
	*n = (struct verify_note){ .topic = topic, .due_ns = TIME_NEVER };
	if (topic == 0)
		return;
	n->state = (uint8_t)told(s, topic);
	if (n->state == VERIFIED_NO || n->state == VERIFIED_UNSURE) {
		n->due_ns = again_ns(m, n->tries = 3);
		wake_by(m, n->due_ns);
	}
}

void verify_again(struct record *r)
{
	r->verify.again = r->verify.state == VERIFIED_YES;
	if (r->verify.again)
		r->verify.due_ns = 0;
}

/* Is it known, and for good? */
static bool is_known(const struct verify_note *n)
{
	return n->topic == 0 || (n->state == VERIFIED_YES && !n->again);
}

/* ---- what a status tells ---- */

static bool has_news(const struct verify *v, const struct record *r)
{
	return v->state == VERIFY_ANSWERED && uid_same(&v->uid, &r->uid) &&
	    v->topic == r->verify.topic;
}

void verify_fill(const struct manager *m, const struct record *r,
    struct judge_in *in)
{
	const struct verify *v = &m->verify;

	in->verified = (enum verified)r->verify.state;
	in->topic = r->verify.topic;
	if (!has_news(v, r))
		return;
	in->news = &v->probe;
}

/* ---- asking ---- */

static void hang_up(struct verify *v)
{
	http_client_cancel(&v->client[MCP_CALL]);
	http_client_cancel(&v->client[MCP_STREAM]);
}

static void verify_end(struct manager *m)
{
	struct verify *v = &m->verify;

	hang_up(v);
	v->state = VERIFY_IDLE;
	if (!m->stopping)
		wake_by(m, m->loop.now_ns + VERIFY_PACE_NS);
}

static struct record *asked(const struct manager *m)
{
	uint32_t i = record_find(&m->records, &m->verify.uid);

	return i == RECORD_NONE ? NULL : record_at(&m->records, i);
}

/* Did it end within the time for which a status waits? */
static bool is_early(const struct manager *m)
{
	return m->loop.now_ns < m->verify.until_ns - VERIFY_DEADLINE_NS +
	    VERIFY_HOLD_NS;
}

/* Whom it is still to be told of, or NULL. */
static struct record *wanted(const struct manager *m)
{
	struct record *r = asked(m);

	return r != NULL && r->verify.topic == m->verify.topic ? r : NULL;
}

static void answered(struct manager *m)
{
	static const enum verified of[] = {
		[MCP_SPEAKS] = VERIFIED_YES, [MCP_SILENT] = VERIFIED_UNSURE,
		[MCP_GUARDED] = VERIFIED_UNSURE,
		[MCP_DECLINED] = VERIFIED_UNSURE,
		[MCP_SECURED] = VERIFIED_UNSURE,
		[MCP_FOREIGN] = VERIFIED_NO, [MCP_ALIEN] = VERIFIED_NO
	};
	struct verify *v = &m->verify;
	struct record *r = wanted(m);
	struct verify_note *n;

	hang_up(v);
	if (r == NULL) {
		verify_end(m);
		return;
	}
	n = &r->verify;
	n->again = false;
	/* A Service leads to its pods a little later than they are ready. */
	if (n->state == VERIFIED_PENDING && v->probe.verdict == MCP_SILENT &&
	    n->tries < VERIFY_EARLY_TRIES && is_early(m)) {
		n->due_ns = m->loop.now_ns + (VERIFY_EARLY_NS << n->tries++);
		verify_end(m);
		wake_by(m, n->due_ns);
		return;
	}
	n->state = (uint8_t)of[v->probe.verdict];
	if (n->tries < UINT8_MAX)
		n->tries++;
	n->due_ns = n->state == VERIFIED_YES ? TIME_NEVER :
	    again_ns(m, n->tries);
	v->state = VERIFY_ANSWERED;
	v->until_ns = m->loop.now_ns + VERIFY_TELL_NS;
	wake_by(m, v->until_ns);
	wake_by(m, n->due_ns);
	queue_add(&m->queue, record_index(&m->records, r), true,
	    m->loop.now_ns);
	manager_kick(m);
}

static void begin(struct manager *m);

/*
 * A page of a web server may stand at one path, and MCP at another. What is
 * told in the end is how the path that was asked for answered.
 */
static bool elsewhere(struct verify *v)
{
	struct mcp_probe *p = &v->probe;

	if (p->verdict == MCP_SPEAKS || v->fixed)
		return false;
	if (v->tried == PATH_OWN) {
		if (p->verdict != MCP_FOREIGN)
			return false;
		v->first = p->diag;
	}
	while (++v->tried < PATHS) {
		const char *path = v->tried == PATH_ROOT ? "/" : "/sse";

		if (strcmp(path, v->path) == 0)
			continue;
		cut_fmt(v->path, sizeof(v->path), "%s", path);
		return true;
	}
	p->verdict = MCP_FOREIGN;
	p->diag = v->first;
	return false;
}

/*
 * Each call has an end of its own, but a stream goes on for as long as
 * anything comes on it.
 */
static void give_up(struct manager *m)
{
	struct verify *v = &m->verify;
	struct mcp_probe *p = &v->probe;

	if (p->verdict != MCP_SPEAKS && v->tried != PATH_OWN) {
		p->verdict = MCP_FOREIGN;
		p->diag = v->first;
	} else if (p->verdict != MCP_SPEAKS) {
		mcp_probe_late(p);
	}
	answered(m);
}

static int64_t call_until(const struct manager *m)
{
	int64_t until = m->loop.now_ns + VERIFY_CALL_NS;

	return until < m->verify.until_ns ? until : m->verify.until_ns;
}

static void next(struct manager *m)
{
	struct verify *v = &m->verify;
	struct mcp_request r;

	for (;;)
		switch (mcp_probe_next(&v->probe, &r)) {
		case MCP_WAIT:
			return;
		case MCP_END:
			if (!elsewhere(v)) {
				answered(m);
				return;
			}
			begin(m);
			continue;
		case MCP_SEND:
			v->sent[r.channel] = (struct http_request){
				.method = r.method, .path = r.path,
				.host = str_from(v->host),
				.headers = r.headers, .body = r.body
			};
			/* A stream stays open beside what is posted. */
			http_client_send(&v->client[r.channel], &v->target,
			    &v->sent[r.channel], call_until(m),
			    r.channel == MCP_STREAM ? VERIFY_DEADLINE_NS : 0);
			return;
		}
}

static void begin(struct manager *m)
{
	struct verify *v = &m->verify;
	const struct mcp_probe_how how = {
		.path = str_from(v->path), .version = str_from(m->version),
		.sse = v->is_sse || v->tried == PATH_SSE,
		.mem = v->text, .cap = 2 * MCP_ANSWER_MAX,
		.tok = m->tok, .toks = JSON_TOKENS_MAX
	};

	hang_up(v);
	mcp_probe_begin(&v->probe, &how);
}

static void verify_work(void *ctx)
{
	struct manager *m = ctx;
	struct verify *v = &m->verify;

	if (v->state == VERIFY_ASKING &&
	    !http_client_busy(&v->client[MCP_CALL]))
		next(m);
}

static int on_head(struct verify *v, enum mcp_channel c,
    const struct http_head *h)
{
	struct mcp_head head = {
		h->status, http_header_get(h, "Content-Type"),
		http_header_get(h, "Mcp-Session-Id"),
		http_header_get(h, "Location")
	};

	return mcp_probe_head(&v->probe, c, &head) ? 0 : ERR_CANCELLED;
}

static int on_body(struct verify *v, enum mcp_channel c, struct str data)
{
	int err = mcp_probe_body(&v->probe, c, data) ? 0 : ERR_CANCELLED;

	/* What came may be what was waited for. */
	work_post(&v->m->loop, &v->work);
	return err;
}

static void on_done(struct verify *v, enum mcp_channel c, int err,
    const struct diag *d)
{
	mcp_probe_over(&v->probe, c, err, d);
	work_post(&v->m->loop, &v->work);
}

static int call_head(void *ctx, const struct http_head *h)
{
	return on_head(ctx, MCP_CALL, h);
}

static int call_body(void *ctx, struct str data)
{
	return on_body(ctx, MCP_CALL, data);
}

static void call_done(void *ctx, int err, const struct diag *d)
{
	on_done(ctx, MCP_CALL, err, d);
}

static int stream_head(void *ctx, const struct http_head *h)
{
	return on_head(ctx, MCP_STREAM, h);
}

static int stream_body(void *ctx, struct str data)
{
	return on_body(ctx, MCP_STREAM, data);
}

static void stream_done(void *ctx, int err, const struct diag *d)
{
	on_done(ctx, MCP_STREAM, err, d);
}

static const struct http_client_events events[] = {
	[MCP_CALL] = { call_head, call_body, call_done },
	[MCP_STREAM] = { stream_head, stream_body, stream_done }
};

/* The Service is there: where does it answer? A headless one by its name. */
static void service_told(void *ctx, struct kube_call *call)
{
	struct manager *m = ctx;
	struct verify *v = &m->verify;
	struct str ip;
	struct net_addr addr;

	if (call->status.err < 0) {
		/* Whoever takes it away or hides it, its pods come again. */
		v->probe.verdict = MCP_SILENT;
		/* By the API server, at that. */
		v->probe.heard = true;
		cut_fmt(v->probe.diag.text, sizeof(v->probe.diag.text),
		    "cannot read its Service: %s", call->diag.text);
		answered(m);
		return;
	}
	cut_fmt(v->dial, sizeof(v->dial), "%s", v->name);
	if (kube_peek(call->reply, "spec.clusterIP", &ip) &&
	    addr_parse(ip, &addr) == 0)
		cut_fmt(v->dial, sizeof(v->dial), "%S", ip);
	v->target = (struct conn_target){
		.host = str_from(v->dial), .port = v->port
	};
	begin(m);
	next(m);
}

void verify_ask(struct manager *m, struct record *r, const struct server *s)
{
	struct verify *v = &m->verify;
	struct verify_note *n = &r->verify;

	if (n->due_ns == TIME_NEVER)
		n->due_ns = m->loop.now_ns;
	if (is_known(n) || n->due_ns > m->loop.now_ns || m->stopping ||
	    !m->leading)
		return;
	if (v->state != VERIFY_IDLE) {
		wake_by(m, m->loop.now_ns + VERIFY_PACE_NS);
		return;
	}
	memset(&v->probe.diag, 0, sizeof(v->probe.diag));
	v->first.text[0] = '\0';
	v->state = VERIFY_ASKING;
	v->uid = r->uid;
	v->topic = n->topic;
	v->tried = PATH_OWN;
	v->fixed = HAS(&s->spec.verification, verification, path);
	v->is_sse = s->spec.transport.type == TRANSPORT_SSE;
	v->port = (uint16_t)s->spec.ports.p[0].port;
	cut_fmt(v->path, sizeof(v->path), "%S", path_of(s));
	cut_fmt(v->name, sizeof(v->name), "%s.%s.svc", r->name, r->ns);
	cut_fmt(v->host, sizeof(v->host), "%s:%d", v->name, (int)v->port);
	v->until_ns = m->loop.now_ns + VERIFY_DEADLINE_NS;
	n->due_ns = v->until_ns + VERIFY_PACE_NS;
	kube_call_init(&v->call, service_told, m);
	v->call.class = KUBE_LOW;
	kube_call_get(&v->call, &services_gvr, str_from(r->ns),
	    str_from(r->name));
	v->call.deadline_ns = v->until_ns;
	kube_send(&m->client, &v->call);
	wake_by(m, v->until_ns + VERIFY_PACE_NS);
}

void verify_said(struct manager *m, const struct record *r)
{
	if (has_news(&m->verify, r))
		verify_end(m);
}

/* Its status could not be written in time: what it said is lost. */
static void forget_answer(struct manager *m)
{
	struct record *r = wanted(m);

	if (r != NULL && r->verify.state == VERIFIED_YES) {
		r->verify.state = VERIFIED_PENDING;
		r->verify.due_ns = again_ns(m, r->verify.tries);
		wake_by(m, r->verify.due_ns);
	}
	verify_end(m);
}

static bool comes_before(const struct verify_note *n,
    const struct verify_note *other)
{
	bool new = n->state == VERIFIED_PENDING;
	bool other_new = other->state == VERIFIED_PENDING;

	return new != other_new ? new : n->due_ns < other->due_ns;
}

/*
 * Who has waited longest, or none: *ret_next is when the next one is due. One
 * of whom nothing was told yet comes before those that are asked again, each
 * of whom may take all of its time to say nothing.
 */
static uint32_t longest_due(const struct manager *m, int64_t *ret_next)
{
	const struct verify_note *first = NULL;
	uint32_t i, ret = RECORD_NONE;

	*ret_next = TIME_NEVER;
	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		const struct record *r = record_at(&m->records, i);
		const struct verify_note *n = &r->verify;

		if (is_known(n) || !(r->flags & RECORD_LIVE))
			continue;
		if (n->due_ns < *ret_next)
			*ret_next = n->due_ns;
		if (n->due_ns > m->loop.now_ns || (first != NULL &&
		    !comes_before(n, first)))
			continue;
		first = n;
		ret = i;
	}
	return ret;
}

/* Whose turn it is: a job reads it, judges it, and asks. */
static void verify_wake(void *ctx)
{
	struct manager *m = ctx;
	struct verify *v = &m->verify;
	int64_t next_ns, now = m->loop.now_ns;
	uint32_t i;

	v->wake_ns = 0;
	if (m->stopping)
		return;
	if (v->state == VERIFY_ANSWERED &&
	    (v->until_ns <= now || wanted(m) == NULL))
		forget_answer(m);
	if (v->state == VERIFY_ASKING && v->until_ns <= now &&
	    !kube_call_busy(&v->call))
		give_up(m);
	if (v->state != VERIFY_IDLE) {
		wake_by(m, (v->until_ns > now ? v->until_ns : now) +
		    VERIFY_PACE_NS);
		return;
	}
	i = longest_due(m, &next_ns);
	if (i != RECORD_NONE) {
		/* If its pods are not ready, it is its turn when they are. */
		record_at(&m->records, i)->verify.due_ns = TIME_NEVER;
		queue_add(&m->queue, i, false, now);
		next_ns = now + VERIFY_PACE_NS;
	}
	if (next_ns != TIME_NEVER)
		wake_by(m, next_ns);
	manager_kick(m);
}

void verify_stop(struct manager *m)
{
	verify_end(m);
}

int verify_set_up(struct manager *m, struct mem *mem)
{
	struct verify *v = &m->verify;
	int c;

	v->m = m;
	timer_init(&v->timer, verify_wake, m);
	work_init(&v->work, verify_work, m);
	kube_call_init(&v->call, service_told, m);
	v->client = mem_reserve(mem, "MCP clients", 2, sizeof(*v->client));
	v->text = mem_reserve(mem, "MCP answers", 2, MCP_ANSWER_MAX);
	if (v->client == NULL || v->text == NULL)
		return ERR_FULL;
	for (c = MCP_CALL; c <= MCP_STREAM; c++)
		http_client_init(&v->client[c], &m->loop, NULL, NULL,
		    &events[c], v);
	return 0;
}
