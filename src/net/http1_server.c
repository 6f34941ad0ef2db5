#include <string.h>

#include "http1_int.h"

/* Room in front of the body for the head, or a chunk's size, and behind it
 * for the end of a chunk and of the body. */
#define FRONT_MAX 512
#define BACK_MAX 16
_Static_assert(HTTP_SERVER_WINDOW + FRONT_MAX + BACK_MAX <=
    HTTP_SERVER_OUT_MAX, "the window fits into the buffer");

enum peer_state {
	PEER_FREE,
	PEER_REQUEST,		/* between requests, or in one */
	PEER_ANSWER,
	PEER_LINGER		/* refused: what still comes is dropped */
};

struct peer {
	struct http_server *server;
	struct conn conn;
	struct timer timer;
	struct work work;
	uint8_t state;
	/* Of the answer: kept open afterwards; HTTP/1.0; no body; in chunks;
	 * nothing of it is out yet; its last window is; refused. */
	bool keep, old, head_only, chunked, first, last, refused;
	int64_t since_ns;		/* of PEER_REQUEST */
	const struct http_route *route;
	struct http_reply reply;
	uint64_t cursor;
	struct str rest;		/* of out, to be sent */
	size_t in_n, dropped;
	char in[HTTP_HEAD_MAX], out[HTTP_SERVER_OUT_MAX];
};

struct http_server {
	struct loop *loop;
	const struct http_route *route;
	uint32_t routes;
	const struct trust *trust;	/* NULL: plain */
	char *tls;			/* an engine for each peer */
	int fd;				/* -1: not listening */
	struct timer pause;
	struct peer peer[HTTP_SERVER_CONNS_MAX];
};

static const struct {
	uint16_t status;
	const char *text;
} reasons[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 413, "Content Too Large" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
};

static const char *reason_of(uint16_t status)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Other";
}

/* ---- heads --------------------------------------------------------------- */

/* IMF-fixdate (RFC 9110 section 5.6.7), cut from the RFC 3339 form. */
static void http_date(struct buf *b, int64_t wall_ns)
{
	/* 1 January 1970 was a Thursday. */
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char text[32];
	struct buf t;
	struct str at;
	uint64_t month = 0;

	if (wall_ns < 0)
		wall_ns = 0;
	buf_init(&t, text, sizeof(text));
	time_rfc3339(&t, wall_ns);
	CHECK(!t.over);
	at = buf_view(&t);
	CHECK(!str_u64(str_sub(at, 5, 7), &month) && month - 1 < 12);
	buf_put(b, days + 3 * (wall_ns / NS_PER_S / 86400 % 7), 3);
	buf_fmt(b, ", %S ", str_sub(at, 8, 10));
	buf_put(b, months + 3 * (month - 1), 3);
	buf_fmt(b, " %S %S GMT", str_sub(at, 0, 4), str_sub(at, 11, 19));
}

/* length: of a body that is known as a whole. */
static void head_format(const struct peer *p, size_t length, struct buf *b)
{
	const struct io *io = p->server->loop->io;
	uint16_t status = p->reply.status;

	buf_fmt(b, "HTTP/1.1 %u %s\r\nDate: ", (unsigned)status,
	    reason_of(status));
	http_date(b, io->wall_ns(io->ctx));
	buf_fmt(b, "\r\nContent-Type: %s\r\n"
	    "X-Content-Type-Options: nosniff\r\n", p->reply.type);
	if (status == 405)
		buf_cstr(b, "Allow: GET, HEAD\r\n");
	if (p->last)
		buf_fmt(b, "Content-Length: %U\r\n", (uint64_t)length);
	else if (p->chunked)
		buf_cstr(b, "Transfer-Encoding: chunked\r\n");
	if (!p->keep)
		buf_cstr(b, "Connection: close\r\n");
	else if (p->old)
		buf_cstr(b, "Connection: keep-alive\r\n");
	buf_cstr(b, "\r\n");
}

/* ---- connections --------------------------------------------------------- */

static void peer_timer(struct peer *p, int64_t delay_ms)
{
	struct loop *l = p->server->loop;

	timer_set(l, &p->timer, l->now_ns + delay_ms * NS_PER_MS);
}

static void peer_free(struct peer *p)
{
	struct http_server *s = p->server;

	conn_close(&p->conn);
	timer_stop(s->loop, &p->timer);
	work_cancel(s->loop, &p->work);
	p->state = PEER_FREE;
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

/* The next window of the body into out; false: cannot go on. */
static bool window_fill(struct peer *p, struct buf *b)
{
	int more = 0;

	buf_init(b, p->out + FRONT_MAX,
	    sizeof(p->out) - FRONT_MAX - BACK_MAX);
	if (p->reply.more)
		more = p->reply.more(p->route->ctx, &p->cursor, b);
	else
		buf_fmt(b, "%s\n", reason_of(p->reply.status));
	p->last = !more;
	return more >= 0 && !b->over && (!more || b->n);
}

/* Head and framing around the window, all in one piece of out. */
static void window_frame(struct peer *p, size_t n)
{
	char front_mem[FRONT_MAX];
	char *start = p->out + FRONT_MAX;
	struct buf front, back;

	buf_init(&front, front_mem, sizeof(front_mem));
	buf_init(&back, start + n, BACK_MAX);
	if (p->first) {
		p->chunked = !p->last && !p->old;
		p->keep = p->keep && (p->last || p->chunked);
		head_format(p, n, &front);
	}
	if (p->first && p->head_only) {
		n = 0;
		p->last = true;
	} else if (p->chunked) {
		if (n)
			buf_fmt(&front, "%x\r\n", (uint64_t)n);
		buf_cstr(&back, n ? "\r\n" : "");
		buf_cstr(&back, p->last ? "0\r\n\r\n" : "");
	}
	CHECK(!front.over && !back.over);
	start -= front.n;
	memcpy(start, front.p, front.n);
	p->rest = (struct str){ start, front.n + n + back.n };
	p->first = false;
}

/* The answer is out. What came in behind its request has its turn later. */
static void peer_done(struct peer *p)
{
	if (p->refused) {
		peer_linger(p);
	} else if (!p->keep) {
		peer_free(p);
	} else {
		peer_wait(p, p->in_n ? HTTP_SERVER_REQUEST_MS :
		    HTTP_SERVER_IDLE_MS);
		work_post(p->server->loop, &p->work);
	}
}

static void peer_send(struct peer *p)
{
	struct buf window;
	int i, err = 0;

	for (i = 0; i < HTTP_READS_MAX; i++) {
		err = http_push(&p->conn, &p->rest);
		if (!err && p->last)
			err = conn_flush(&p->conn);
		if (err || p->last)
			break;
		if (!window_fill(p, &window)) {
			peer_free(p);
			return;
		}
		window_frame(p, window.n);
	}
	if (err == ERR_AGAIN)
		return;
	if (err)
		peer_free(p);
	else if (p->last && !p->rest.n)
		peer_done(p);
	else
		work_post(p->server->loop, &p->work);
}

static void peer_answer(struct peer *p)
{
	p->state = PEER_ANSWER;
	p->cursor = p->reply.cursor;
	p->rest = STR_NONE;
	p->first = true;
	p->last = p->chunked = false;
	peer_timer(p, HTTP_SERVER_ANSWER_MS);
	peer_send(p);
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

static void peer_route(struct peer *p, const struct http_head *head)
{
	struct str query, path = target_path(head->target, &query);

	p->keep = head->keep_alive;
	p->old = !head->minor;
	p->head_only = str_is(head->method, "HEAD");
	p->route = route_find(p->server, path);
	if (head->chunked || head->length) {
		p->reply.status = 413;
		p->refused = true;
		p->keep = false;
	} else if (!p->head_only && !str_is(head->method, "GET")) {
		p->reply.status = 405;
	} else if (!p->route) {
		p->reply.status = 404;
	} else {
		p->route->handle(p->route->ctx, path, query, &p->reply);
	}
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
	p->reply = (struct http_reply){ .status = 200,
		.type = "text/plain; charset=utf-8" };
	p->keep = p->old = p->head_only = p->refused = false;
	if (n < 0) {
		p->reply.status = n == ERR_LIMIT ? 431 : 400;
		p->refused = true;
		n = (int)p->in_n;
	} else {
		peer_route(p, &head);
	}
	p->in_n -= (size_t)n;
	memmove(p->in, p->in + n, p->in_n);
	peer_answer(p);
	return true;
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
			peer_timer(p, HTTP_SERVER_REQUEST_MS);
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
	(void)err;
	(void)d;
	peer_free(ctx);
}

static void peer_on_open(void *ctx)
{
	(void)ctx;
}

static void peer_late(void *ctx)
{
	peer_free(ctx);
}

static const struct conn_events peer_events = {
	peer_on_open, peer_on_io, peer_on_close
};

/* ---- accepting ----------------------------------------------------------- */

/* A free place, or that of the connection that has been idle longest. */
static struct peer *peer_place(struct http_server *s)
{
	int64_t since_ns = s->loop->now_ns - HTTP_SERVER_FRESH_MS * NS_PER_MS;
	struct peer *p, *idle = NULL;
	uint32_t i;

	for (i = 0; i < HTTP_SERVER_CONNS_MAX; i++) {
		p = &s->peer[i];
		if (p->state == PEER_FREE)
			return p;
		if (p->state == PEER_REQUEST && !p->in_n &&
		    p->since_ns <= since_ns) {
			since_ns = p->since_ns;
			idle = p;
		}
	}
	return idle;
}

/* At its first use: what is never used stays untouched memory. */
static void peer_init(struct peer *p, struct http_server *s)
{
	size_t i = (size_t)(p - s->peer);

	p->server = s;
	conn_init(&p->conn, s->loop, NULL,
	    s->trust ? s->tls + i * tls_size() : NULL, &peer_events, p);
	timer_init(&p->timer, peer_late, p);
	work_init(&p->work, peer_on_work, p);
}

static void accept_begin(struct http_server *s, struct peer *p, int fd)
{
	if (!p->server)
		peer_init(p, s);
	if (p->state != PEER_FREE)
		peer_free(p);
	p->in_n = 0;
	peer_wait(p, HTTP_SERVER_REQUEST_MS);
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
			accept_begin(s, p, fd);
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
    const struct trust *trust)
{
	CHECK(s->fd < 0 && !s->trust);
	s->tls = mem_reserve(m, "http server tls", HTTP_SERVER_CONNS_MAX,
	    tls_size());
	if (!s->tls)
		return ERR_FULL;
	s->trust = trust;
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
