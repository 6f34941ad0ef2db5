#include <string.h>

#include "http1_int.h"

enum client_state {
	CLIENT_IDLE,
	CLIENT_REFUSED,		/* to be told from the loop */
	CLIENT_OPENING,
	CLIENT_HEAD,
	CLIENT_BODY
};

enum client_framing { BODY_LENGTH, BODY_CHUNKED, BODY_TO_CLOSE };

/* ---- the request --------------------------------------------------------- */

static int refuse(struct diag *d, const char *path, const char *text)
{
	diag_set(d, str_from(path), "%s", text);
	return ERR_BAD;
}

/* Framing and origin are written here and nowhere else. */
static bool header_is_ours(struct str name)
{
	return str_eq_nocase(name, STR("host")) ||
	    str_eq_nocase(name, STR("content-length")) ||
	    str_eq_nocase(name, STR("transfer-encoding"));
}

static int headers_check(struct str lines, struct diag *d)
{
	struct http_header x;
	size_t end;
	int err;

	while (lines.n) {
		end = str_search(lines, STR("\r\n"));
		if (end == lines.n)
			return refuse(d, "header", "no CRLF at its end");
		err = http_parse_field(str_sub(lines, 0, end), &x, d);
		if (err)
			return err;
		if (header_is_ours(x.name)) {
			diag_set(d, x.name, "not for the caller to set");
			return ERR_BAD;
		}
		lines = str_sub(lines, end + 2, lines.n);
	}
	return 0;
}

static int request_check(const struct http_request *r, struct diag *d)
{
	CHECK(http_is_token(str_from(r->method)));
	if (!http_is_target(r->path) || r->path.p[0] != '/')
		return refuse(d, "path", "cannot stand in a request line");
	if (!r->host.n || !http_is_host(r->host))
		return refuse(d, "host", "cannot stand in a Host header");
	return headers_check(r->headers, d);
}

static bool method_wants_length(struct str method)
{
	return str_is(method, "POST") || str_is(method, "PUT") ||
	    str_is(method, "PATCH");
}

/* Pieces that fit are put behind the request line, so that a small request
 * is one write. */
static void request_gather(struct http_client *h, struct buf *b)
{
	size_t i;

	for (i = 1; i < ARRAY_LEN(h->rest); i++) {
		if (h->rest[i].n > b->cap - b->n)
			break;
		buf_str(b, h->rest[i]);
		h->rest[i] = STR_NONE;
	}
	h->rest[0] = buf_view(b);
}

static int request_format(struct http_client *h, const struct http_request *r,
    struct diag *d)
{
	struct str method = str_from(r->method);
	struct buf b;
	int err = request_check(r, d);

	if (err)
		return err;
	buf_init(&b, h->out, sizeof(h->out));
	buf_fmt(&b, "%S %S HTTP/1.1\r\nHost: %S\r\n", method, r->path,
	    r->host);
	if (r->body.n || method_wants_length(method))
		buf_fmt(&b, "Content-Length: %U\r\n", (uint64_t)r->body.n);
	if (b.over) {
		diag_set(d, STR("path"), "longer than %d bytes with the host",
		    HTTP_LINE_MAX);
		return ERR_LIMIT;
	}
	h->rest[1] = r->headers;
	h->rest[2] = STR("\r\n");
	h->rest[3] = r->body;
	request_gather(h, &b);
	return 0;
}

/* ---- the end of an exchange ---------------------------------------------- */

static void client_reset(struct http_client *h)
{
	timer_stop(h->conn.loop, &h->timer);
	work_cancel(h->conn.loop, &h->work);
	h->state = CLIENT_IDLE;
	h->exchange++;
	h->in_n = 0;
}

/* Last thing that a function does: the owner may begin the next exchange. */
static void client_end(struct http_client *h, int err)
{
	struct diag d = h->diag;

	if (err || !h->keep)
		conn_close(&h->conn);
	client_reset(h);
	h->events->on_done(h->ctx, err, &d);
}

static void client_fail(struct http_client *h, int err, const char *text)
{
	diag_set(&h->diag, STR("http"), "%s", text);
	client_end(h, err);
}

static void client_finish(struct http_client *h, bool clean)
{
	h->keep = h->keep && clean && !h->sending && !h->cut;
	client_end(h, 0);
}

/* The connection is at its end; that may be what ends a body. */
static void client_ended(struct http_client *h, int err, const struct diag *d)
{
	bool broke = err == ERR_CLOSED || err == ERR_IO;
	const char *when = "closed in the middle of an answer";

	if (h->state == CLIENT_BODY && h->framing == BODY_TO_CLOSE &&
	    err == ERR_CLOSED) {
		client_finish(h, false);
		return;
	}
	if (!broke || h->state < CLIENT_HEAD) {
		h->diag = *d;
	} else {
		err = h->answered ? ERR_IO : ERR_CLOSED;
		if (!h->answered)
			when = "closed before an answer came";
		diag_set(&h->diag, str_from(d->path), "%s: %s", when,
		    d->text);
	}
	client_end(h, err);
}

static void client_late(void *ctx)
{
	struct http_client *h = ctx;
	bool silence = h->state == CLIENT_BODY && h->idle_ns;
	int64_t at_ns = h->last_ns + h->idle_ns;

	if (silence && h->conn.loop->now_ns < at_ns)
		timer_set(h->conn.loop, &h->timer, at_ns);
	else if (silence)
		client_fail(h, ERR_TIMEOUT, "the body fell silent");
	else if (h->state == CLIENT_BODY)
		client_fail(h, ERR_TIMEOUT, "the body took too long");
	else
		client_fail(h, ERR_TIMEOUT, "no answer in time");
}

/* ---- sending ------------------------------------------------------------- */

int http_push(struct conn *c, struct str *rest)
{
	int n;

	while (rest->n) {
		n = conn_write(c, rest->p, rest->n);
		if (n < 0)
			return n;
		*rest = str_sub(*rest, (size_t)n, rest->n);
	}
	return 0;
}

/*
 * When writing fails the answer may have been sent all the same (413, then
 * closed): what is read decides.
 */
static void client_write(struct http_client *h)
{
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_LEN(h->rest) && !err; i++)
		err = http_push(&h->conn, &h->rest[i]);
	if (!err)
		err = conn_flush(&h->conn);
	if (err == ERR_AGAIN)
		return;
	h->sending = false;
	if (err) {
		h->cut = true;
		work_post(h->conn.loop, &h->work);
	}
}

/* ---- receiving ----------------------------------------------------------- */

/* One run of the body: 1 when it is complete, 0, ERR_BAD. */
static int body_next(struct http_client *h, struct str *in,
    struct str *ret_data)
{
	size_t n = in->n;

	if (h->framing == BODY_CHUNKED)
		return chunk_push(&h->chunk, in, ret_data);
	if (h->framing == BODY_LENGTH && n > h->body_left)
		n = (size_t)h->body_left;
	*ret_data = str_sub(*in, 0, n);
	*in = str_sub(*in, n, in->n);
	h->body_left -= h->framing == BODY_LENGTH ? n : 0;
	return h->framing == BODY_LENGTH && !h->body_left;
}

/* Bytes behind the end of the body make the connection unfit for more. */
static void client_body(struct http_client *h, struct str in)
{
	uint32_t exchange = h->exchange;
	struct str data;
	int done, err;

	do {
		done = body_next(h, &in, &data);
		if (done < 0) {
			client_fail(h, ERR_PROTO, "malformed chunk");
			return;
		}
		err = data.n ? h->events->on_body(h->ctx, data) : 0;
		if (h->exchange != exchange)
			return;
		if (err) {
			client_fail(h, err, "given up by its reader");
			return;
		}
	} while (!done && in.n);
	h->in_n = 0;
	if (done)
		client_finish(h, !in.n);
}

static void client_begin_body(struct http_client *h,
    const struct http_head *head)
{
	int64_t now_ns = h->conn.loop->now_ns;

	h->state = CLIENT_BODY;
	h->keep = head->keep_alive;
	h->framing = head->chunked ? BODY_CHUNKED :
	    head->has_length ? BODY_LENGTH : BODY_TO_CLOSE;
	h->body_left = head->length;
	chunk_init(&h->chunk);
	h->last_ns = now_ns;
	if (h->idle_ns)
		timer_set(h->conn.loop, &h->timer, now_ns + h->idle_ns);
	/* Refused before it was sent whole: the rest is not wanted. */
	if (head->status >= 400 && h->sending) {
		h->sending = false;
		h->cut = true;
	}
}

static void client_head_done(struct http_client *h,
    const struct http_head *head, size_t n)
{
	uint32_t exchange = h->exchange;
	int err;

	if (head->status == 101) {
		client_fail(h, ERR_PROTO, "switches protocols unasked");
		return;
	}
	client_begin_body(h, head);
	err = h->events->on_head(h->ctx, head);
	if (h->exchange != exchange)
		return;
	if (err)
		client_fail(h, err, "given up by its reader");
	else
		client_body(h, str_sub((struct str){ h->in, h->in_n }, n,
		    h->in_n));
}

/* A record of TLS that is an alert, or the beginning of a handshake. */
static bool is_tls(struct str in)
{
	return in.n >= 2 && (in.p[0] == 0x15 || in.p[0] == 0x16) &&
	    in.p[1] == 3;
}

/* Whoever has never spoken HTTP is another than who speaks it badly. */
static void client_misheard(struct http_client *h, int err)
{
	struct str in = { h->in, h->in_n };
	size_t n = in.n < 5 ? in.n : 5;

	if (err == ERR_LIMIT || h->spoke ||
	    str_starts(in, str_sub(STR("HTTP/"), 0, n))) {
		client_fail(h, err == ERR_BAD ? ERR_PROTO : err,
		    "malformed head");
		return;
	}
	diag_clear(&h->diag);
	if (is_tls(in))
		client_fail(h, ERR_TLS, "it answers in TLS");
	else
		client_fail(h, ERR_ALIEN, "what answers speaks no HTTP");
}

/* Interim answers are passed over. */
static void client_head(struct http_client *h, size_t before)
{
	struct http_head head;
	struct str in;
	int n;

	for (;;) {
		in = (struct str){ h->in, h->in_n };
		if (!http_parse_again(in, before))
			return;
		n = http_parse_response(in, h->head_request, &head, &h->diag);
		if (n == ERR_MORE)
			return;
		if (n < 0) {
			client_misheard(h, n);
			return;
		}
		h->spoke = true;
		if (head.status >= 200 || head.status == 101) {
			client_head_done(h, &head, (size_t)n);
			return;
		}
		h->in_n -= (size_t)n;
		memmove(h->in, h->in + n, h->in_n);
		before = 0;
	}
}

static void client_read(struct http_client *h)
{
	uint32_t exchange = h->exchange;
	size_t before;
	int i, n;

	for (i = 0; i < HTTP_READS_MAX; i++) {
		n = conn_read(&h->conn, h->in + h->in_n,
		    sizeof(h->in) - h->in_n);
		if (n == ERR_AGAIN)
			return;
		if (n < 0) {
			client_ended(h, n, &h->conn.diag);
			return;
		}
		before = h->in_n;
		h->in_n += (size_t)n;
		h->answered = true;
		h->last_ns = h->conn.loop->now_ns;
		if (h->state == CLIENT_HEAD)
			client_head(h, before);
		else
			client_body(h, (struct str){ h->in, h->in_n });
		if (h->exchange != exchange)
			return;
	}
	/* The others first; what is left in the engine wakes nobody. */
	work_post(h->conn.loop, &h->work);
}

/* Nobody asked: what comes on an idle connection is its end, or a lie. */
static void client_idle_check(struct http_client *h)
{
	char byte;

	if (conn_read(&h->conn, &byte, 1) != ERR_AGAIN)
		conn_close(&h->conn);
}

/* ---- events -------------------------------------------------------------- */

static void client_on_open(void *ctx)
{
	struct http_client *h = ctx;
	uint32_t exchange = h->exchange;
	int err;

	CHECK(h->state == CLIENT_OPENING);
	err = h->on_ready ? h->on_ready(h->ctx) : 0;
	if (h->exchange != exchange)
		return;
	if (err) {
		client_fail(h, err, "given up before it was sent");
		return;
	}
	h->state = CLIENT_HEAD;
	h->spoke = false;
	timer_set(h->conn.loop, &h->timer, h->deadline_ns);
	client_write(h);
}

static void client_on_io(void *ctx)
{
	struct http_client *h = ctx;

	if (h->state == CLIENT_IDLE)
		client_idle_check(h);
	if (h->state < CLIENT_HEAD)
		return;
	if (h->sending)
		client_write(h);
	client_read(h);
}

static void client_on_close(void *ctx, int err, const struct diag *d)
{
	struct http_client *h = ctx;

	if (h->state >= CLIENT_OPENING)
		client_ended(h, err, d);
}

static void client_on_work(void *ctx)
{
	struct http_client *h = ctx;

	if (h->state == CLIENT_REFUSED)
		client_end(h, h->err);
	else
		client_on_io(h);
}

static const struct conn_events client_conn_events = {
	client_on_open, client_on_io, client_on_close
};

/* ---- calls --------------------------------------------------------------- */

void http_client_init(struct http_client *h, struct loop *l,
    struct conn_gate *gate, void *tls_mem,
    const struct http_client_events *events, void *ctx)
{
	/* Not zeroed whole: the buffers stay untouched until used. */
	conn_init(&h->conn, l, gate, tls_mem, &client_conn_events, h);
	timer_init(&h->timer, client_late, h);
	work_init(&h->work, client_on_work, h);
	h->events = events;
	h->ctx = ctx;
	h->state = CLIENT_IDLE;
	h->exchange = 0;
	h->fresh = h->sending = h->spoke = false;
	h->on_ready = NULL;
	h->in_n = 0;
}

void http_client_send(struct http_client *h, const struct conn_target *to,
    const struct http_request *req, int64_t deadline_ns, int64_t idle_ns)
{
	CHECK(!http_client_busy(h));
	h->exchange++;
	h->answered = h->keep = h->cut = false;
	h->sending = true;
	h->head_request = str_is(str_from(req->method), "HEAD");
	h->deadline_ns = deadline_ns;
	h->idle_ns = idle_ns;
	diag_clear(&h->diag);
	if (http_client_open(h))
		client_idle_check(h);
	h->fresh = !http_client_open(h);
	h->err = request_format(h, req, &h->diag);
	if (h->err) {
		h->state = CLIENT_REFUSED;
		work_post(h->conn.loop, &h->work);
	} else if (h->fresh) {
		h->state = CLIENT_OPENING;
		conn_open(&h->conn, to, deadline_ns);
	} else {
		h->state = CLIENT_HEAD;
		timer_set(h->conn.loop, &h->timer, deadline_ns);
		client_write(h);
	}
}

bool http_client_busy(const struct http_client *h)
{
	return h->state != CLIENT_IDLE;
}

bool http_client_open(const struct http_client *h)
{
	return h->conn.state == CONN_OPEN;
}

void http_client_cancel(struct http_client *h)
{
	conn_close(&h->conn);
	client_reset(h);
}

void http_client_close(struct http_client *h)
{
	CHECK(!http_client_busy(h));
	conn_close(&h->conn);
}
