#include <string.h>

#include "http1_int.h"

_Static_assert(HTTP_SERVER_WINDOW + ANSWER_FRONT_MAX + ANSWER_BACK_MAX <=
    HTTP_SERVER_OUT_MAX, "the window fits into the buffer");

static const struct {
	uint16_t status;
	const char *text;
} reasons[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
};

static const char *reason_of(uint16_t status)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Other";
}

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
static void head_format(const struct answer *a, size_t length, struct buf *b)
{
	const struct io *io = a->io;
	uint16_t status = a->reply.status;

	buf_fmt(b, "HTTP/1.1 %u %s\r\nDate: ", (unsigned)status,
	    reason_of(status));
	http_date(b, io->wall_ns(io->ctx));
	buf_fmt(b, "\r\nContent-Type: %s\r\n"
	    "X-Content-Type-Options: nosniff\r\n", a->reply.type);
	if (status == 405)
		buf_fmt(b, "Allow: %s\r\n", a->allow);
	if (a->reply.retry_after_s)
		buf_fmt(b, "Retry-After: %u\r\n",
		    (unsigned)a->reply.retry_after_s);
	if (a->last)
		buf_fmt(b, "Content-Length: %U\r\n", (uint64_t)length);
	else if (a->chunked)
		buf_cstr(b, "Transfer-Encoding: chunked\r\n");
	if (!a->keep)
		buf_cstr(b, "Connection: close\r\n");
	else if (a->old)
		buf_cstr(b, "Connection: keep-alive\r\n");
	buf_cstr(b, "\r\n");
}

/* The next window of the body into out; false: cannot go on. */
static bool window_fill(struct answer *a, struct buf *b)
{
	int more = 0;

	buf_init(b, a->out + ANSWER_FRONT_MAX,
	    sizeof(a->out) - ANSWER_FRONT_MAX - ANSWER_BACK_MAX);
	if (a->reply.more)
		more = a->reply.more(a->more_ctx, &a->cursor, b);
	else
		buf_fmt(b, "%s\n", reason_of(a->reply.status));
	a->last = !more;
	return more >= 0 && !b->over && (!more || b->n);
}

/* Head and framing around the window, all in one piece of out. */
static void window_frame(struct answer *a, size_t n)
{
	char front_mem[ANSWER_FRONT_MAX];
	char *start = a->out + ANSWER_FRONT_MAX;
	struct buf front, back;

	buf_init(&front, front_mem, sizeof(front_mem));
	buf_init(&back, start + n, ANSWER_BACK_MAX);
	if (a->first) {
		a->chunked = !a->last && !a->old;
		a->keep = a->keep && (a->last || a->chunked);
		head_format(a, n, &front);
	}
	if (a->first && a->head_only) {
		n = 0;
		a->last = true;
	} else if (a->chunked) {
		if (n)
			buf_fmt(&front, "%x\r\n", (uint64_t)n);
		buf_cstr(&back, n ? "\r\n" : "");
		buf_cstr(&back, a->last ? "0\r\n\r\n" : "");
	}
	CHECK(!front.over && !back.over);
	start -= front.n;
	memcpy(start, front.p, front.n);
	a->rest = (struct str){ start, front.n + n + back.n };
	a->first = false;
}

void answer_begin(struct answer *a)
{
	a->cursor = a->reply.cursor;
	a->first = true;
	a->last = a->chunked = false;
}

int answer_send(struct answer *a, struct conn *c)
{
	struct buf window;
	int i, err = 0;

	for (i = 0; i < HTTP_READS_MAX; i++) {
		err = http_push(c, &a->rest);
		if (!err && a->last)
			err = conn_flush(c);
		if (err || a->last)
			break;
		if (!window_fill(a, &window))
			return ERR_IO;
		window_frame(a, window.n);
	}
	return err ? err : a->last && !a->rest.n;
}
