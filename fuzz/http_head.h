/*
 * What fuzz_http_request and fuzz_http_response have in common: properties of
 * the head parser, with a second reader beside it that takes lines as a lax
 * peer would.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "fuzz.h"
#include "net.h"
#include "net/http1_int.h"

struct lax {
	int lengths, codings;
	bool odd;			/* CR, LF or NUL out of place */
};

static inline int head_parse_as(bool request, bool head_request,
    struct str in, struct http_head *ret)
{
	return request ? http_parse_request(in, ret, NULL) :
	    http_parse_response(in, head_request, ret, NULL);
}

/* What stands before the colon, in lower case, without what is not seen. */
static inline struct str lax_name(struct str line, char mem[static 32])
{
	size_t i, n = 0;

	for (i = 0; i < line.n && line.p[i] != ':' && n < 32; i++) {
		char c = line.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		if (c > ' ' && c < 0x7f)
			mem[n++] = c;
	}
	return (struct str){ mem, n };
}

/* Lines end at any LF or CR, and blanks mean nothing. */
static inline struct lax lax_read(struct str head)
{
	struct lax l = { 0 };
	size_t i, start = 0;
	char mem[32];

	for (i = 0; i < head.n; i++) {
		bool crlf = head.p[i] == '\r' && i + 1 < head.n &&
		    head.p[i + 1] == '\n';
		struct str name;

		l.odd |= !head.p[i] || (head.p[i] == '\r' && !crlf) ||
		    (head.p[i] == '\n' && (!i || head.p[i - 1] != '\r'));
		if (head.p[i] != '\r' && head.p[i] != '\n')
			continue;
		name = lax_name(str_sub(head, start, i), mem);
		l.lengths += str_is(name, "content-length");
		l.codings += str_is(name, "transfer-encoding");
		start = i + 1;
	}
	return l;
}

static inline bool slice_inside(struct str s, struct str in)
{
	return !s.n || (s.p >= in.p && s.p + s.n <= in.p + in.n);
}

static inline bool framing_same(const struct http_head *a,
    const struct http_head *b)
{
	return a->chunked == b->chunked && a->has_length == b->has_length &&
	    a->keep_alive == b->keep_alive && a->upgrade == b->upgrade &&
	    a->length == b->length;
}

static inline void head_put(struct buf *b, const struct http_head *h)
{
	uint32_t i;

	if (h->request)
		buf_fmt(b, "%S %S HTTP/1.%u\r\n", h->method, h->target,
		    (unsigned)h->minor);
	else
		buf_fmt(b, "HTTP/1.%u %u %S\r\n", (unsigned)h->minor,
		    (unsigned)h->status, h->reason);
	for (i = 0; i < h->headers; i++)
		buf_fmt(b, "%S: %S\r\n", h->header[i].name,
		    h->header[i].value);
	buf_cstr(b, "\r\n");
}

/* Written out again it reads the same. */
static inline void head_round_trip(const struct http_head *h,
    bool head_request)
{
	static char mem[2 * HTTP_HEAD_MAX];
	static struct http_head again;
	struct buf b;
	uint32_t i;
	int n;

	buf_init(&b, mem, sizeof(mem));
	head_put(&b, h);
	FUZZ_CHECK(!b.over);
	n = head_parse_as(h->request, head_request, buf_view(&b), &again);
	/* A space may have been added behind each colon. */
	if (n == ERR_LIMIT && b.n > HTTP_HEAD_MAX)
		return;
	FUZZ_CHECK(n == (int)b.n);
	FUZZ_CHECK(framing_same(h, &again));
	FUZZ_CHECK(again.headers == h->headers);
	FUZZ_CHECK(str_eq(again.method, h->method));
	FUZZ_CHECK(str_eq(again.target, h->target));
	FUZZ_CHECK(again.status == h->status);
	for (i = 0; i < h->headers; i++) {
		FUZZ_CHECK(str_eq(again.header[i].name, h->header[i].name));
		FUZZ_CHECK(str_eq(again.header[i].value, h->header[i].value));
	}
}

static inline void head_good(struct str in, int n, const struct http_head *h,
    bool head_request)
{
	struct str all = str_sub(in, 0, (size_t)n);
	struct lax lax = lax_read(all);
	uint32_t i;

	FUZZ_CHECK(n <= HTTP_HEAD_MAX && (size_t)n <= in.n);
	FUZZ_CHECK(str_ends(all, STR("\r\n\r\n")));
	FUZZ_CHECK(!lax.odd && lax.lengths + lax.codings <= 1);
	FUZZ_CHECK(!(h->chunked && h->has_length));
	FUZZ_CHECK(h->request == !h->status);
	if (h->request) {
		FUZZ_CHECK(h->chunked == (lax.codings == 1));
		FUZZ_CHECK(h->has_length == (lax.lengths == 1));
	}
	FUZZ_CHECK(slice_inside(h->method, all));
	FUZZ_CHECK(slice_inside(h->target, all));
	FUZZ_CHECK(slice_inside(h->reason, all));
	for (i = 0; i < h->headers; i++) {
		FUZZ_CHECK(slice_inside(h->header[i].name, all));
		FUZZ_CHECK(slice_inside(h->header[i].value, all));
	}
	head_round_trip(h, head_request);
}

/* However much has come in: MORE until the answer, then that answer. */
static inline void head_prefixes(struct str in, size_t step, bool request,
    bool head_request, int whole)
{
	static struct http_head h;
	size_t at, before = 0;
	bool known = false;
	int n;

	for (at = 0; at < in.n; at += step) {
		struct str part = str_sub(in, 0, at);

		n = head_parse_as(request, head_request, part, &h);
		FUZZ_CHECK(n == whole || (n == ERR_MORE && !known));
		if (n != ERR_MORE && !known)
			FUZZ_CHECK(http_parse_again(part, before));
		known |= n != ERR_MORE;
		before = at;
	}
}

static inline void head_fuzz(struct fuzz_input *data, bool request)
{
	static struct http_head h;
	bool head_request = fuzz_u8(data) & 1;
	size_t step = 1 + fuzz_u8(data) % 61u;
	struct str in = { (const char *)data->p, data->n };
	int n;

	/* Only the first bytes matter, and prefixes cost their square. */
	if (in.n > HTTP_HEAD_MAX + 64)
		in.n = HTTP_HEAD_MAX + 64;
	n = head_parse_as(request, head_request, in, &h);
	FUZZ_CHECK(n > 0 || n == ERR_MORE || n == ERR_BAD || n == ERR_LIMIT);
	if (n > 0)
		head_good(in, n, &h, head_request);
	head_prefixes(in, in.n > 600 ? step + 60 : step, request,
	    head_request, n);
}

#endif
