#include <string.h>

#include "http1_int.h"

enum peer_state {
	PEER_FREE,
	PEER_REQUEST,		/* between requests, or in one's head */
	PEER_BODY,
	PEER_ASKED,		/* until its post is answered */
	PEER_ANSWER,
	PEER_LINGER		/* refused: what still comes is dropped */
};

struct peer {
	struct http_server *server;
	struct conn conn;
	struct timer timer;
	struct work work;
	uint8_t state;
	bool refused;			/* what it asked for, and is cut off */
	int64_t since_ns;		/* of PEER_REQUEST, or its head */
	struct net_addr from;
	const struct http_route *route;
	const struct http_post_route *post_route;
	struct http_post *post;		/* its request's, until it is over */
	size_t in_n, dropped;
	char in[HTTP_HEAD_MAX];
	struct answer answer;
};

struct http_server {
	struct loop *loop;
	const struct http_route *route;
	uint32_t routes;
	const struct trust *trust;	/* NULL: plain */
	struct conn_gate gate;
	http_server_lost_fn *lost;
	void *lost_ctx;
	char *tls;			/* an engine for each peer */
	const struct http_post_route *post_route;
	uint32_t post_routes;
	struct http_posts posts;
	int fd;				/* -1: not listening */
	struct timer pause;
	struct peer peer[HTTP_SERVER_CONNS_MAX];
};

/* ---- connections --------------------------------------------------------- */

static void peer_timer(struct peer *p, int64_t delay_ms)
{
	struct loop *l = p->server->loop;

	timer_set(l, &p->timer, l->now_ns + delay_ms * NS_PER_MS);
}

static void peer_leave_post(struct peer *p)
{
	if (p->post)
		post_leave(p->post);
	p->post = NULL;
}

static void peer_free(struct peer *p)
{
	struct http_server *s = p->server;

	peer_leave_post(p);
	conn_close(&p->conn);
	timer_stop(s->loop, &p->timer);
	work_cancel(s->loop, &p->work);
	p->state = PEER_FREE;
}

/* Before its handshake was done. */
static void peer_lost(struct peer *p, int err, const struct diag *d)
{
	struct http_server *s = p->server;

	if (s->lost)
		s->lost(s->lost_ctx, &p->from, err, d);
}

static void peer_wait(struct peer *p, int64_t delay_ms)
{
	p->state = PEER_REQUEST;
	p->since_ns = p->server->loop->now_ns;
	peer_timer(p, delay_ms);
}

static void peer_linger(struct peer *p)
{
	p->state = PEER_LINGER;
	p->dropped = 0;
	peer_timer(p, HTTP_SERVER_LINGER_MS);
	work_post(p->server->loop, &p->work);
}

static void peer_drain(struct peer *p)
{
	int i, n = 0;

	for (i = 0; i < HTTP_READS_MAX; i++) {
		n = conn_read(&p->conn, p->in, sizeof(p->in));
		if (n == ERR_AGAIN)
			return;
		if (n > 0)
			p->dropped += (size_t)n;
		if (n < 0 || p->dropped > HTTP_SERVER_LINGER_MAX) {
			peer_free(p);
			return;
		}
	}
	work_post(p->server->loop, &p->work);
}

/* ---- answers ------------------------------------------------------------- */

/* The answer is out. What came in behind its request has its turn later. */
static void peer_done(struct peer *p)
{
	peer_leave_post(p);
	if (p->refused) {
		peer_linger(p);
	} else if (!p->answer.keep) {
		peer_free(p);
	} else {
		peer_wait(p, p->in_n ? HTTP_SERVER_REQUEST_MS :
		    HTTP_SERVER_IDLE_MS);
		work_post(p->server->loop, &p->work);
	}
}

static void peer_send(struct peer *p)
{
	int done = answer_send(&p->answer, &p->conn);

	if (done == ERR_AGAIN)
		return;
	if (done < 0)
		peer_free(p);
	else if (done)
		peer_done(p);
	else
		work_post(p->server->loop, &p->work);
}

static const char *allowed(const struct peer *p)
{
	if (!p->post_route)
		return "GET, HEAD";
	return p->route ? "GET, HEAD, POST" : "POST";
}

/* Behind what may still be on its way: a "100 Continue". */
static void peer_answer(struct peer *p)
{
	p->state = PEER_ANSWER;
	p->answer.io = p->server->loop->io;
	p->answer.allow = allowed(p);
	answer_begin(&p->answer);
	peer_timer(p, HTTP_SERVER_ANSWER_MS);
}

void peer_post_answered(void *peer, const struct http_reply *reply)
{
	struct peer *p = peer;

	p->answer.reply = *reply;
	p->answer.more_ctx = p->post;
	p->post->since_ns = p->server->loop->now_ns;
	peer_answer(p);
	work_post(p->server->loop, &p->work);
}

/* ---- requests ------------------------------------------------------------ */

/* The path of origin and absolute form (RFC 9112 section 3.2). */
static struct str target_path(struct str target, struct str *ret_query)
{
	struct str path;
	size_t at;

	*ret_query = str_cut(target, '?', &path);
	if (!str_starts(path, STR("/"))) {
		at = str_search(path, STR("://"));
		path = str_sub(path, at + 3, path.n);
		path = str_sub(path, str_find(path, '/'), path.n);
	}
	return path.n ? path : STR("/");
}

static const struct http_route *route_find(const struct http_server *s,
    struct str path)
{
	uint32_t i;

	for (i = 0; i < s->routes; i++)
		if (str_is(path, s->route[i].path))
			return &s->route[i];
	return NULL;
}

static const struct http_post_route *post_route_find(
    const struct http_server *s, struct str path)
{
	uint32_t i;

	for (i = 0; i < s->post_routes; i++)
		if (str_is(path, s->post_route[i].path))
			return &s->post_route[i];
	return NULL;
}

static void peer_refuse(struct peer *p, uint16_t status)
{
	p->answer.reply = (struct http_reply){ .status = status,
		.type = HTTP_TEXT_PLAIN };
	p->refused = true;
	p->answer.keep = false;
}

/* Who lets its body trickle in, or the answer to it lie, does not keep others
 * from the little room. */
static bool peer_post(struct peer *p, const struct http_head *head,
    struct str query)
{
	struct http_posts *all = &p->server->posts;
	int64_t now_ns = p->server->loop->now_ns;
	struct http_post *slow;

	p->post = post_begin(all, p, head, query, now_ns);
	if (p->post)
		return true;
	slow = post_slowest(all, now_ns - HTTP_SERVER_FRESH_MS * NS_PER_MS);
	if (!slow)
		return false;
	peer_free(slow->peer);
	p->post = post_begin(all, p, head, query, now_ns);
	return true;
}

/* All that can be said before its body has come. */
static void peer_route_post(struct peer *p, const struct http_head *head,
    struct str query)
{
	struct str expect = http_header_get(head, "expect");

	if (!head->chunked && !head->has_length) {
		p->answer.reply.status = 411;
	} else if (head->length > HTTP_BODY_MAX) {
		peer_refuse(p, 413);
	} else if (expect.p && head->minor &&
	    !str_eq_nocase(expect, STR("100-continue"))) {
		peer_refuse(p, 417);
	} else if (!peer_post(p, head, query)) {
		peer_refuse(p, 503);
		p->answer.reply.retry_after_s = 1;
	} else if (expect.p && head->minor) {
		p->answer.rest = STR("HTTP/1.1 100 Continue\r\n\r\n");
	}
}

/* A body that nobody takes. */
static uint16_t unwanted(const struct peer *p)
{
	if (p->post_route)
		return 405;
	return p->route || !p->server->post_routes ? 413 : 404;
}

static void peer_route(struct peer *p, const struct http_head *head)
{
	struct str query, path = target_path(head->target, &query);

	p->answer.keep = head->keep_alive;
	p->answer.old = !head->minor;
	p->answer.head_only = str_is(head->method, "HEAD");
	p->route = route_find(p->server, path);
	p->post_route = post_route_find(p->server, path);
	if (p->post_route && str_is(head->method, "POST")) {
		peer_route_post(p, head, query);
	} else if (head->chunked || head->length) {
		peer_refuse(p, unwanted(p));
	} else if (!p->answer.head_only && !str_is(head->method, "GET")) {
		p->answer.reply.status = 405;
	} else if (!p->route) {
		p->answer.reply.status = p->post_route ? 405 : 404;
	} else {
		p->answer.more_ctx = p->route->ctx;
		p->route->handle(p->route->ctx, path, query, &p->answer.reply);
	}
}

/* The first n bytes in hand are done with. */
static void peer_take(struct peer *p, size_t n)
{
	p->in_n -= n;
	memmove(p->in, p->in + n, p->in_n);
}

static void peer_ask(struct peer *p)
{
	p->state = PEER_ASKED;
	peer_timer(p, HTTP_SERVER_POST_MS);
	post_lend(p->post);
	p->post_route->handle(p->post_route->ctx, p->post);
}

/* What of the body is in hand; false: there is more to come. */
static bool peer_eat(struct peer *p)
{
	struct str in = { p->in, p->in_n };
	int done = post_eat(p->post, &in);

	peer_take(p, p->in_n - in.n);
	if (!done)
		return false;
	if (done > 0) {
		peer_ask(p);
		return true;
	}
	peer_leave_post(p);
	peer_refuse(p, done == ERR_LIMIT ? 413 : 400);
	p->in_n = 0;
	peer_answer(p);
	peer_send(p);
	return true;
}

/* What is in hand, up to one request. True: it is being answered. */
static bool peer_next(struct peer *p, size_t before)
{
	struct str in = { p->in, p->in_n };
	struct http_head head;
	int n;

	if (!in.n || !http_parse_again(in, before))
		return false;
	n = http_parse_request(in, &head, NULL);
	if (n == ERR_MORE)
		return false;
	p->answer.reply = (struct http_reply){ .status = 200,
		.type = HTTP_TEXT_PLAIN };
	p->answer.keep = p->answer.old = p->answer.head_only = false;
	p->refused = false;
	if (n < 0) {
		peer_refuse(p, n == ERR_LIMIT ? 431 : 400);
		n = (int)p->in_n;
	} else {
		peer_route(p, &head);
	}
	peer_take(p, (size_t)n);
	if (p->post) {
		p->state = PEER_BODY;
		work_post(p->server->loop, &p->work);
	} else {
		peer_answer(p);
		peer_send(p);
	}
	return true;
}

/* A client that waits to be told to go on is told. */
static bool peer_push(struct peer *p)
{
	int err;

	if (!p->answer.rest.n)
		return true;
	err = http_push(&p->conn, &p->answer.rest);
	if (!err)
		err = conn_flush(&p->conn);
	return !err || err == ERR_AGAIN;
}

static void peer_read_body(struct peer *p)
{
	int i, n = 1;

	for (i = 0; i < HTTP_READS_MAX && n > 0; i++) {
		if (peer_eat(p))
			return;
		n = conn_read(&p->conn, p->in, sizeof(p->in));
		if (n > 0)
			p->in_n = (size_t)n;
	}
	if (n == ERR_AGAIN)
		return;
	if (n < 0)
		peer_free(p);
	else
		work_post(p->server->loop, &p->work);
}

static void peer_read(struct peer *p)
{
	size_t before;
	int i, n;

	for (i = 0; i < HTTP_READS_MAX; i++) {
		n = conn_read(&p->conn, p->in + p->in_n,
		    sizeof(p->in) - p->in_n);
		if (n == ERR_AGAIN)
			return;
		if (n < 0) {
			peer_free(p);
			return;
		}
		before = p->in_n;
		p->in_n += (size_t)n;
		if (!before)
			peer_wait(p, HTTP_SERVER_REQUEST_MS);
		if (peer_next(p, before))
			return;
	}
	work_post(p->server->loop, &p->work);
}

/* ---- events -------------------------------------------------------------- */

static void peer_on_io(void *ctx)
{
	struct peer *p = ctx;

	if (p->state == PEER_REQUEST)
		peer_read(p);
	else if (p->state == PEER_BODY && !peer_push(p))
		peer_free(p);
	else if (p->state == PEER_BODY)
		peer_read_body(p);
	else if (p->state == PEER_ANSWER)
		peer_send(p);
	else if (p->state == PEER_LINGER)
		peer_drain(p);
}

static void peer_on_work(void *ctx)
{
	struct peer *p = ctx;

	if (p->state != PEER_REQUEST)
		peer_on_io(p);
	else if (!peer_next(p, 0))
		peer_read(p);
}

static void peer_on_close(void *ctx, int err, const struct diag *d)
{
	peer_lost(ctx, err, d);
	peer_free(ctx);
}

/* From now on the time that is left is the request's. */
static void peer_on_open(void *ctx)
{
	struct peer *p = ctx;

	timer_set(p->server->loop, &p->timer, p->since_ns +
	    HTTP_SERVER_REQUEST_MS * NS_PER_MS);
}

static void peer_late(void *ctx)
{
	struct peer *p = ctx;

	if (p->state != PEER_ASKED) {
		peer_free(p);
		return;
	}
	peer_leave_post(p);
	p->answer.reply = (struct http_reply){ .status = 504,
		.type = HTTP_TEXT_PLAIN };
	peer_answer(p);
	peer_send(p);
}

static const struct conn_events peer_events = {
	peer_on_open, peer_on_io, peer_on_close
};

/* ---- accepting ----------------------------------------------------------- */

/* Does p make room before q does? Who is idle, then who has waited longest. */
static bool goes_before(const struct peer *p, const struct peer *q)
{
	if (!p->in_n != !q->in_n)
		return !p->in_n;
	return p->since_ns < q->since_ns;
}

/*
 * A free place, or that of a connection that has been idle for a while, or
 * lets its head trickle in.
 */
static struct peer *peer_place(struct http_server *s)
{
	int64_t since_ns = s->loop->now_ns - HTTP_SERVER_FRESH_MS * NS_PER_MS;
	struct peer *p, *first = NULL;
	uint32_t i;

	for (i = 0; i < HTTP_SERVER_CONNS_MAX; i++) {
		p = &s->peer[i];
		if (p->state == PEER_FREE)
			return p;
		if (p->state == PEER_REQUEST && p->since_ns <= since_ns &&
		    (!first || goes_before(p, first)))
			first = p;
	}
	return first;
}

/* At its first use: what is never used stays untouched memory. */
static void peer_init(struct peer *p, struct http_server *s)
{
	size_t i = (size_t)(p - s->peer);

	p->server = s;
	conn_init(&p->conn, s->loop, &s->gate,
	    s->trust ? s->tls + i * tls_size() : NULL, &peer_events, p);
	timer_init(&p->timer, peer_late, p);
	work_init(&p->work, peer_on_work, p);
}

static void peer_give_way(struct peer *p)
{
	struct diag d;

	diag_clear(&d);
	diag_set(&d, STR_NONE, "another took the place of a client that "
	    "said nothing");
	if (p->conn.state != CONN_OPEN)
		peer_lost(p, ERR_TIMEOUT, &d);
	peer_free(p);
}

static void accept_begin(struct http_server *s, struct peer *p, int fd,
    const struct net_addr *from)
{
	if (!p->server)
		peer_init(p, s);
	if (p->state != PEER_FREE)
		peer_give_way(p);
	p->in_n = 0;
	p->answer.rest = STR_NONE;
	p->from = *from;
	peer_wait(p, HTTP_SERVER_REQUEST_MS);
	/* Until its handshake is done it is for the connection to end it. */
	if (s->trust)
		timer_stop(s->loop, &p->timer);
	conn_accept(&p->conn, fd, s->trust, p->since_ns +
	    HTTP_SERVER_REQUEST_MS * NS_PER_MS);
}

/* Without a place, or when the system has none, the rest waits a moment. */
static void accept_on_io(void *ctx, uint8_t io_bits)
{
	struct http_server *s = ctx;
	struct loop *l = s->loop;
	struct net_addr from;
	struct peer *p;
	int fd = 0;

	(void)io_bits;
	while (fd >= 0) {
		p = peer_place(s);
		fd = p ? l->io->tcp_accept(l->io->ctx, s->fd, &from) :
		    ERR_FULL;
		if (fd >= 0)
			accept_begin(s, p, fd, &from);
	}
	if (fd == ERR_AGAIN)
		return;
	loop_watch(l, s->fd, 0, NULL, NULL);
	timer_set(l, &s->pause,
	    l->now_ns + HTTP_SERVER_PAUSE_MS * NS_PER_MS);
}

static void accept_resume(void *ctx)
{
	struct http_server *s = ctx;
	struct loop *l = s->loop;

	if (loop_watch(l, s->fd, IO_READ, accept_on_io, s))
		timer_set(l, &s->pause,
		    l->now_ns + HTTP_SERVER_PAUSE_MS * NS_PER_MS);
}

/* ---- calls --------------------------------------------------------------- */

int http_server_new(struct mem *m, struct loop *l,
    const struct http_route *routes, uint32_t n, struct http_server **ret)
{
	struct http_server *s = mem_reserve(m, "http server", 1, sizeof(*s));

	if (!s)
		return ERR_FULL;
	s->loop = l;
	s->route = routes;
	s->routes = n;
	s->fd = -1;
	timer_init(&s->pause, accept_resume, s);
	*ret = s;
	return 0;
}

int http_server_secure(struct http_server *s, struct mem *m,
    const struct trust *trust, http_server_lost_fn *lost, void *ctx)
{
	CHECK(s->fd < 0 && !s->trust);
	s->tls = mem_reserve(m, "http server tls", HTTP_SERVER_CONNS_MAX,
	    tls_size());
	if (!s->tls)
		return ERR_FULL;
	s->trust = trust;
	s->gate.steps = true;
	s->lost = lost;
	s->lost_ctx = ctx;
	return 0;
}

int http_server_posts(struct http_server *s, struct mem *m,
    const struct http_post_route *routes, uint32_t n, uint32_t posts)
{
	CHECK(s->fd < 0 && !s->post_routes && n && posts);
	if (posts_init(&s->posts, m, posts))
		return ERR_FULL;
	s->post_route = routes;
	s->post_routes = n;
	return 0;
}

int http_server_listen(struct http_server *s, const struct net_addr *at)
{
	const struct io *io = s->loop->io;
	int err, fd;

	CHECK(s->fd < 0);
	fd = io->tcp_listen(io->ctx, at);
	if (fd < 0)
		return fd;
	err = loop_watch(s->loop, fd, IO_READ, accept_on_io, s);
	if (err) {
		io->close(io->ctx, fd);
		return err;
	}
	s->fd = fd;
	return 0;
}

void http_server_stop(struct http_server *s)
{
	const struct io *io = s->loop->io;
	uint32_t i;
	int fd = s->fd;

	if (fd < 0)
		return;
	timer_stop(s->loop, &s->pause);
	loop_watch(s->loop, fd, 0, NULL, NULL);
	s->fd = -1;
	io->close(io->ctx, fd);
	for (i = 0; i < HTTP_SERVER_CONNS_MAX; i++)
		if (s->peer[i].state != PEER_FREE)
			peer_free(&s->peer[i]);
}
