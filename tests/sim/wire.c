#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/*
 * The network between the instances and the API server: HTTP/1.1 on the
 * server's side, and everything that can happen to its bytes.
 */

const char *const fault_name[FAULTS] = {
	[FAULT_LATENCY] = "latency", [FAULT_PART_UP] = "partition-up",
	[FAULT_PART_DOWN] = "partition-down",
	[FAULT_RESET_BEFORE] = "reset-before",
	[FAULT_RESET_AFTER] = "reset-after", [FAULT_CUT] = "cut",
	[FAULT_STALL] = "stall", [FAULT_HOLE] = "hole",
	[FAULT_DRIBBLE] = "dribble", [FAULT_THROTTLE] = "throttle",
	[FAULT_BUSY] = "busy", [FAULT_REFUSE] = "refuse",
	[FAULT_WATCH_END] = "watch-end", [FAULT_NAMES] = "names",
};

/* How long the operator may wait: for an answer, a list that stalls, a watch
 * that says nothing. */
#define ANSWER_NS (31 * SEC)
#define LIST_NS (200 * SEC)
#define SILENCE_NS (400 * SEC)

/* A request on its way, independent of what becomes of its connection. */
struct exchange {
	struct inst *in;
	int peer;
	uint32_t life;
	int64_t sent_ns;
	bool read;
	char *text;
	size_t n;
};

bool fault_now(struct sim *s, enum fault f, const struct inst *in)
{
	if (!chance(&s->net, s->chance[f][in->id]))
		return false;
	s->stats.faults[f]++;
	return true;
}

/* ---- bytes to an instance -------------------------------------------- */

static int64_t latency(struct sim *s, const struct inst *in)
{
	if (fault_now(s, FAULT_LATENCY, in))
		return roll_ns(&s->net, 100 * MS, 8 * SEC);
	return roll_ns(&s->net, 100000, 3 * MS);
}

/* What a partition adds: it is sent again until the way is open. */
static int64_t held(struct sim *s, const struct inst *in, int way)
{
	int64_t until = s->held_ns[way][in->id];

	if (until <= s->now_ns)
		return 0;
	return until - s->now_ns + roll_ns(&s->net, MS, 400 * MS);
}

static void piece(struct link *c, int64_t delay_ns, struct str s)
{
	inst_clock(c->owner);
	fake_send(&c->owner->f, c->peer, delay_ns, s);
}

/* Sends text in segments; returns when the last one comes. */
static int64_t segments(struct link *c, int64_t delay_ns, struct str text)
{
	struct sim *s = c->owner->s;
	bool few = fault_now(s, FAULT_DRIBBLE, c->owner);
	uint32_t n = 0;

	while (text.n) {
		size_t most = few && n < 200 ? 1 + roll(&s->net, 24) :
		    roll(&s->net, 4) ? text.n : 1 + roll(&s->net, text.n);
		size_t now = most < text.n ? most : text.n;

		piece(c, delay_ns, str_sub(text, 0, now));
		text = str_sub(text, now, text.n);
		if (text.n)
			delay_ns += roll_ns(&s->net, 1000, 200000);
		n++;
	}
	return delay_ns;
}

/* The connection is of no more use to the server. */
static void link_end(struct link *c, int64_t delay_ns, bool reset)
{
	inst_clock(c->owner);
	if (reset)
		fake_reset(&c->owner->f, c->peer, delay_ns);
	else
		fake_end(&c->owner->f, c->peer, delay_ns);
	if (c->watch)
		api_watch_close(c->watch);
	c->watch = NULL;
	c->hole = true;
}

static void send_text(struct link *c, int64_t delay_ns, struct str text)
{
	struct inst *in = c->owner;
	struct sim *s = in->s;
	int64_t more = held(s, in, 1);
	size_t part;

	if (c->hole)
		return;
	delay_ns += more;
	if (fault_now(s, FAULT_HOLE, in)) {
		part = roll(&s->net, text.n + 1);
		(void)segments(c, delay_ns, str_sub(text, 0, part));
		c->hole = true;
		if (c->watch) {
			c->sent_ns = s->now_ns;
			c->limit_ns = SILENCE_NS;
		} else if (part == text.n) {
			c->limit_ns = 0;	/* it came before */
		}
	} else if (fault_now(s, FAULT_CUT, in)) {
		part = roll(&s->net, text.n);
		delay_ns = segments(c, delay_ns, str_sub(text, 0, part));
		link_end(c, delay_ns + MS, roll(&s->net, 2));
	} else if (fault_now(s, FAULT_STALL, in)) {
		part = roll(&s->net, text.n);
		delay_ns = segments(c, delay_ns, str_sub(text, 0, part));
		delay_ns += roll_ns(&s->net, SEC, 50 * SEC);
		delay_ns = segments(c, delay_ns, str_sub(text, part, text.n));
		if (in->stalled_ns < s->now_ns + delay_ns)
			in->stalled_ns = s->now_ns + delay_ns;
	} else {
		(void)segments(c, delay_ns, text);
	}
}

/* ---- framing --------------------------------------------------------- */

/* As chunks that end anywhere. */
static void chunks(struct sim *s, struct text *out, struct str body)
{
	while (body.n) {
		size_t n = roll(&s->net, 3) ? body.n :
		    1 + roll(&s->net, body.n);

		text_fmt(out, "%zx\r\n", n);
		text_add(out, body.p, n);
		text_add(out, "\r\n", 2);
		body = str_sub(body, n, body.n);
	}
}

static void head_write(struct text *out, const struct api_answer *a)
{
	text_fmt(out, "HTTP/1.1 %d X\r\nContent-Type: %s\r\n", a->status,
	    a->content_type);
	if (a->retry_after_s >= 0)
		text_fmt(out, "Retry-After: %d\r\n", a->retry_after_s);
}

static void answer_send(struct link *c, const struct api_answer *a)
{
	struct sim *s = c->owner->s;
	struct text out = { 0 };

	head_write(&out, a);
	if (roll(&s->net, 3)) {
		text_fmt(&out, "Content-Length: %zu\r\n\r\n", a->body.n);
		text_str(&out, a->body);
	} else {
		text_fmt(&out, "Transfer-Encoding: chunked\r\n\r\n");
		chunks(s, &out, a->body);
		text_fmt(&out, "0\r\n\r\n");
	}
	send_text(c, latency(s, c->owner), text_view(&out));
	free(out.p);
}

static void watch_begin(struct link *c, const struct api_answer *a)
{
	struct text out = { 0 };

	head_write(&out, a);
	text_fmt(&out, "Transfer-Encoding: chunked\r\n\r\n");
	send_text(c, latency(c->owner->s, c->owner), text_view(&out));
	free(out.p);
}

/* ---- watches --------------------------------------------------------- */

static void watch_over(struct link *c, int64_t delay_ns)
{
	struct sim *s = c->owner->s;

	switch (c->end_ns == TIME_NEVER ? 0 : roll(&s->net, 3)) {
	case 0:
		piece(c, delay_ns, STR("0\r\n\r\n"));
		api_watch_close(c->watch);
		c->watch = NULL;
		c->busy = false;
		break;
	case 1:
		link_end(c, delay_ns, false);
		break;
	default:
		link_end(c, delay_ns, true);
	}
}

static void watch_push(struct link *c)
{
	struct sim *s = c->owner->s;
	struct text lines = { 0 }, out = { 0 };
	enum api_next next;
	struct str line;
	int64_t delay;

	/* Nobody hears it any more. */
	if (c->hole) {
		api_watch_close(c->watch);
		c->watch = NULL;
		return;
	}
	while ((next = api_watch_next(c->watch, sim_wall(s), &line)) ==
	    API_WATCH_LINE) {
		sim_trace(s, inst_name(c->owner), "event %d %.*s", c->peer,
		    sim_shown(str_sub(line, 0, line.n - 1), 6000), line.p);
		text_str(&lines, line);
		s->stats.lines++;
	}
	if (lines.n) {
		chunks(s, &out, text_view(&lines));
		send_text(c, latency(s, c->owner), text_view(&out));
	}
	delay = held(s, c->owner, 1) + 4 * MS;
	if (!c->hole && c->watch &&
	    (next == API_WATCH_END || s->now_ns >= c->end_ns))
		watch_over(c, delay);
	free(lines.p);
	free(out.p);
}

static int64_t from_wall(const struct sim *s, int64_t wall_ns)
{
	return wall_ns == TIME_NEVER ? wall_ns : wall_ns - s->wall0_ns;
}

void wire_push(struct sim *s)
{
	uint64_t version = api_version(s->api);

	if (version == s->pushed && s->now_ns < s->push_ns)
		return;
	s->pushed = version;
	s->push_ns = from_wall(s, api_wake_ns(s->api));
	for (uint32_t i = 0; i < s->sc.insts; i++)
		for (int p = 0; p < s->inst[i].f.peers; p++) {
			struct link *c = &s->inst[i].link[p];
			int64_t at;

			if (!c->open || !c->watch)
				continue;
			watch_push(c);
			if (!c->watch)
				continue;
			at = from_wall(s, api_watch_wake_ns(c->watch));
			if (c->end_ns < at)
				at = c->end_ns;
			if (at < s->push_ns)
				s->push_ns = at;
		}
}

/* ---- requests -------------------------------------------------------- */

static struct str header(const struct http_head *h, const char *name)
{
	struct str s = http_header_get(h, name);

	return s.p ? s : STR_NONE;
}

/* 0: not whole yet. */
static size_t request_parse(struct str in, struct http_head *h,
    struct api_request *ret)
{
	int n = http_parse_request(in, h, NULL);

	if (n == ERR_MORE)
		return 0;
	CHECK(n > 0 && !h->chunked);
	if (in.n - (size_t)n < (h->has_length ? h->length : 0))
		return 0;
	*ret = (struct api_request){
		.method = h->method, .path = h->target,
		.content_type = header(h, "Content-Type"),
		.accept = header(h, "Accept"),
		.agent = header(h, "User-Agent"),
		.authorization = header(h, "Authorization"),
		.body = str_sub(in, (size_t)n, (size_t)n +
		    (h->has_length ? h->length : 0)),
		.retry_after_s = 1,
	};
	return (size_t)n + ret->body.n;
}

static enum api_fault pick_fault(struct sim *s, const struct inst *in,
    struct api_request *r)
{
	static const enum api_fault busy[] = {
		API_UNAVAILABLE, API_INTERNAL, API_INTERNAL_LATE,
		API_TIMEOUT, API_TIMEOUT_LATE, API_BAD_GATEWAY,
		API_ETCD_SLOW, API_CONFLICT
	};

	r->retry_after_s = (int)roll(&s->net, 5);
	if (fault_now(s, FAULT_THROTTLE, in))
		return API_THROTTLE;
	if (fault_now(s, FAULT_BUSY, in))
		return busy[roll(&s->net, ARRAY_LEN(busy))];
	if (s->admission && str_is(r->method, "PATCH") &&
	    str_search(r->path, STR("/deployments/")) < r->path.n)
		return API_ADMISSION;
	return API_OK;
}

static struct link *link_of(const struct exchange *x)
{
	struct link *c = &x->in->link[x->peer];

	return x->in->alive && c->open && c->life == x->life ? c : NULL;
}

static void exchange_free(struct exchange *x)
{
	free(x->text);
	free(x);
}

static void answer_trace(struct sim *s, const struct inst *in,
    const struct api_request *r, const struct api_answer *a)
{
	sim_trace(s, inst_name(in), "%.*s %.*s -> %d %.*s%s%.*s",
	    (int)r->method.n, r->method.p, (int)r->path.n, r->path.p,
	    a->status, a->status >= 400 ? sim_shown(a->body, 300) : 0,
	    a->body.p, r->body.n ? "\n\t\t" : "",
	    sim_shown(r->body, 6000), r->body.p);
}

/* The exchange has come to the server. */
static void serve(struct sim *s, struct exchange *x)
{
	struct inst *in = x->in;
	struct link *c = link_of(x);
	struct api_request r;
	struct api_answer a;
	struct http_head h;
	bool reset;

	CHECK(request_parse((struct str){ x->text, x->n }, &h, &r) > 0);
	r.fault = pick_fault(s, in, &r);
	race(s, &r);
	s->serving = in;
	s->serving_sent_ns = c ? x->sent_ns : -1;
	s->serving_body = r.body;
	if (is_hook(&r)) {
		hook_serve(s, &r, &a);
		answer_trace(s, in, &r, &a);
		if (c) {
			answer_send(c, &a);
			c->busy = false;
		}
	} else if (c && api_is_watch(&r)) {
		c->watch = api_watch_open(s->api, sim_wall(s), &r, &a);
		c->end_ns = TIME_NEVER;
		s->pushed = 0;
		answer_trace(s, in, &r, &a);
		if (c->watch) {
			c->limit_ns = 0;
			watch_begin(c, &a);
		} else {
			answer_send(c, &a);
		}
		c->busy = c->watch != NULL;
	} else if (!api_is_watch(&r)) {
		api_request(s->api, sim_wall(s), &r, &a);
		answer_trace(s, in, &r, &a);
		checks_answer(s, in, &r, &a);
		reset = c && fault_now(s, FAULT_RESET_AFTER, in);
		if (reset)
			link_end(c, latency(s, in), true);
		else if (c)
			answer_send(c, &a);
		if (c)
			c->busy = false;
	}
	s->serving = NULL;
	race(s, &r);
	if (++s->boundary == s->crash_at && in->id == 0)
		inst_kill(in);
}

static void arrive(struct sim *s, void *ctx, uint64_t arg)
{
	struct exchange *x = ctx;
	struct link *c = link_of(x);
	int64_t more = held(s, x->in, 0);

	(void)arg;
	if (more > 0) {
		sim_at(s, s->now_ns + more, arrive, x, 0);
		return;
	}
	/* Who has gone meanwhile may have sent it all the same. */
	if ((c && c->hole) || (!c && chance(&s->net, 500))) {
		exchange_free(x);
		return;
	}
	serve(s, x);
	exchange_free(x);
}

bool is_list(const struct api_request *r)
{
	static const char *const plurals[] = {
		"pods", "services", "configmaps", "secrets", "deployments",
		"mcpservers", "customresourcedefinitions", "leases",
		"horizontalpodautoscalers", "poddisruptionbudgets",
		"ingresses", "networkpolicies", "verticalpodautoscalers",
		"virtualservices", "destinationrules", "peerauthentications",
		"httproutes", "servicemonitors", "prometheusrules",
		"resourcequotas", "limitranges", "roles", "rolebindings"
	};
	struct str path = str_sub(r->path, 0, str_find(r->path, '?'));
	struct str last = str_sub(path, str_rfind(path, '/') + 1, path.n);

	for (size_t i = 0; i < ARRAY_LEN(plurals); i++)
		if (str_is(last, plurals[i]))
			return str_is(r->method, "GET") && !api_is_watch(r);
	return false;
}

static void request_sent(struct link *c, const struct api_request *r,
    struct str text)
{
	struct inst *in = c->owner;
	struct sim *s = in->s;
	struct exchange *x;

	s->stats.requests++;
	if (++s->boundary == s->crash_at && in->id == 0)
		in->doomed = true;
	if (in->doomed || c->hole)
		return;
	if (!is_hook(r))
		checks_request(s, in, r);
	c->busy = true;
	c->sent_ns = s->now_ns;
	c->limit_ns = api_is_watch(r) ? SILENCE_NS :
	    is_list(r) ? LIST_NS : ANSWER_NS;
	snprintf(c->what, sizeof(c->what), "%.*s", (int)r->path.n,
	    r->path.p);
	if (fault_now(s, FAULT_RESET_BEFORE, in)) {
		link_end(c, latency(s, in), true);
		return;
	}
	x = calloc(1, sizeof(*x));
	*x = (struct exchange){ .in = in, .peer = c->peer, .life = c->life,
		.sent_ns = s->now_ns, .n = text.n };
	x->text = malloc(text.n);
	memcpy(x->text, text.p, text.n);
	sim_at(s, s->now_ns + latency(s, in), arrive, x, 0);
}

static void link_close(struct link *c)
{
	if (c->watch)
		api_watch_close(c->watch);
	free(c->in);
	*c = (struct link){ .life = c->life + 1 };
}

static void link_open(struct inst *in, int peer)
{
	struct link *c = &in->link[peer];

	*c = (struct link){ .owner = in, .peer = peer, .life = c->life + 1,
		.open = true };
	in->s->stats.connects++;
}

static void link_take(struct link *c)
{
	struct fake_io *f = &c->owner->f;
	struct str got = fake_got(f, c->peer);

	if (c->in_n + got.n > c->in_cap) {
		c->in_cap = 2 * (c->in_n + got.n);
		c->in = realloc(c->in, c->in_cap);
	}
	if (got.n)
		memcpy(c->in + c->in_n, got.p, got.n);
	c->in_n += got.n;
	fake_take(f, c->peer, got.n);
}

/* The program has opened, written to or closed a connection. */
void wire_react(void *ctx, struct fake_io *f, int peer)
{
	struct inst *in = ctx;
	struct link *c = &in->link[peer];
	struct api_request r;
	struct http_head h;
	size_t n;

	if (f->peer[peer].udp) {
		names_react(in, peer);
		return;
	}
	if (fake_gone(f, peer))
		return;
	if (!c->open)
		link_open(in, peer);
	link_take(c);
	while (!c->busy && c->in_n &&
	    (n = request_parse((struct str){ c->in, c->in_n }, &h, &r))) {
		request_sent(c, &r, (struct str){ c->in, n });
		c->in_n -= n;
		memmove(c->in, c->in + n, c->in_n);
		if (in->doomed)
			break;
	}
}

void wire_sweep(struct inst *in)
{
	for (int p = 0; p < in->f.peers; p++) {
		if (!in->f.peer[p].gone || in->f.peer[p].free)
			continue;
		link_close(&in->link[p]);
		fake_release(&in->f, p);
	}
}

void wire_drop(struct inst *in)
{
	for (int p = 0; p < in->f.peers; p++)
		if (in->link[p].open)
			link_close(&in->link[p]);
}

bool wire_holes(const struct sim *s)
{
	for (uint32_t i = 0; i < s->sc.insts; i++)
		for (int p = 0; p < s->inst[i].f.peers; p++)
			if (s->inst[i].link[p].open &&
			    s->inst[i].link[p].hole)
				return true;
	return false;
}

/* Short reads, partial writes, readiness that was none. */
size_t wire_cut(void *ctx, size_t n)
{
	struct inst *in = ctx;
	struct sim *s = in->s;

	if (!s->chance[FAULT_DRIBBLE][in->id] ||
	    !fault_now(s, FAULT_DRIBBLE, in))
		return n;
	in->cuts++;
	switch (roll(&s->net, 4)) {
	case 0:
		return 0;
	case 1:
		return 1;
	case 2:
		return 1 + roll(&s->net, n < 64 ? n : 64);
	default:
		return 1 + roll(&s->net, n);
	}
}
