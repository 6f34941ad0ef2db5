#include <string.h>

#include "http1_int.h"

/*
 * Message heads and chunked framing by RFC 9112. Only whole lines are
 * judged, and each line for itself, so that the answer for a head does not
 * depend on how it came in: ERR_BAD and ERR_LIMIT stay what they are
 * whatever follows.
 */

/* The first bytes, by which a peer that speaks something else is known
 * before it has sent a line. */
#define START_LEN 8

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, struct str set)
{
	return memchr(set.p, c, set.n) != NULL;
}

static bool is_token_char(char c)
{
	return is_alnum(c) || is_one_of(c, STR("-_!#$%&'*+.^`|~"));
}

/* field-vchar, SP and HTAB; reason phrases are made of the same. */
static bool is_field_char(char c)
{
	unsigned char u = (unsigned char)c;

	return (u >= 0x20 && u != 0x7f) || u == '\t';
}

static bool is_target_char(char c)
{
	return c > 0x20 && c < 0x7f && c != '#';
}

/* Of a reg-name or an IPv4 address (RFC 3986 section 3.2.2). */
static bool is_name_char(char c)
{
	return is_alnum(c) || is_one_of(c, STR(".-_~%!$&'()*+,;="));
}

/* Between the brackets of an IP literal. */
static bool is_literal_char(char c)
{
	return is_alnum(c) || is_one_of(c, STR(".:-_~%"));
}

static bool all_are(struct str s, bool (*is)(char c))
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!is(s.p[i]))
			return false;
	return true;
}

bool http_is_token(struct str s)
{
	return s.n && all_are(s, is_token_char);
}

bool http_is_target(struct str s)
{
	return s.n && all_are(s, is_target_char);
}

/* uri-host [":" port]; the port keeps its colon. */
static bool host_cut(struct str s, struct str *ret_host, struct str *ret_port)
{
	bool literal = str_starts(s, STR("["));
	size_t end = str_find(s, literal ? ']' : ':');

	*ret_host = str_sub(s, literal, end);
	*ret_port = str_sub(s, end + literal, s.n);
	if (literal && (end == s.n || !all_are(*ret_host, is_literal_char)))
		return false;
	if (!literal && !all_are(*ret_host, is_name_char))
		return false;
	return !ret_port->n || (ret_port->p[0] == ':' &&
	    all_are(str_sub(*ret_port, 1, ret_port->n), is_digit));
}

bool http_is_host(struct str s)
{
	struct str host, port;

	return host_cut(s, &host, &port);
}

static int bad(struct diag *d, const char *path, const char *text)
{
	diag_set(d, str_from(path), "%s", text);
	return ERR_BAD;
}

/* ---- lines --------------------------------------------------------------- */

/* The line at *at without its CRLF; *at goes behind it. */
static int line_next(struct str in, size_t *at, struct str *ret,
    struct diag *d)
{
	struct str view = str_sub(in, *at, HTTP_HEAD_MAX);
	size_t n = str_find(view, '\n');

	if (n == view.n && in.n >= HTTP_HEAD_MAX) {
		diag_set(d, STR("head"), "longer than %d bytes",
		    HTTP_HEAD_MAX);
		return ERR_LIMIT;
	}
	if (n == view.n)
		return ERR_MORE;
	if (!n || view.p[n - 1] != '\r')
		return bad(d, "head", "a line does not end with CRLF");
	*ret = str_sub(view, 0, n - 1);
	*at += n + 1;
	return 0;
}

static struct str ows_trim(struct str s)
{
	while (s.n && is_one_of(s.p[0], STR(" \t")))
		s = str_sub(s, 1, s.n);
	while (s.n && is_one_of(s.p[s.n - 1], STR(" \t")))
		s.n--;
	return s;
}

int http_parse_field(struct str line, struct http_header *ret, struct diag *d)
{
	struct http_header h;
	size_t colon = str_find(line, ':');

	if (line.n && is_one_of(line.p[0], STR(" \t")))
		return bad(d, "header", "a line is folded");
	if (colon == line.n)
		return bad(d, "header", "a line has no colon");
	h.name = str_sub(line, 0, colon);
	h.value = ows_trim(str_sub(line, colon + 1, line.n));
	if (!http_is_token(h.name))
		return bad(d, "header", "a name is not a token");
	if (!all_are(h.value, is_field_char)) {
		diag_set(d, h.name, "holds a control character");
		return ERR_BAD;
	}
	*ret = h;
	return 0;
}

/* ---- start lines --------------------------------------------------------- */

static int version_parse(struct str s, uint8_t *ret)
{
	if (s.n != 8 || !str_starts(s, STR("HTTP/1.")) || !is_digit(s.p[7]))
		return ERR_BAD;
	*ret = (uint8_t)(s.p[7] - '0');
	return 0;
}

/* Without a host nobody is meant, without a port no one can be reached. */
static bool authority_fits(struct str s)
{
	struct str host, port;
	uint64_t n;

	return host_cut(s, &host, &port) && host.n && port.n &&
	    !str_u64(str_sub(port, 1, port.n), &n) && n && n <= UINT16_MAX;
}

/* http or https, and a host; no user either (RFC 9110 section 4.2). */
static bool absolute_fits(struct str target)
{
	struct str host, port, rest;
	size_t at = str_search(target, STR("://"));

	if (!str_is(str_sub(target, 0, at), "http") &&
	    !str_is(str_sub(target, 0, at), "https"))
		return false;
	str_cut(str_sub(target, at + 3, target.n), '?', &rest);
	str_cut(rest, '/', &rest);
	return host_cut(rest, &host, &port) && host.n;
}

/* The four forms of RFC 9112 section 3.2. */
static bool target_fits(struct str method, struct str target)
{
	if (!http_is_target(target))
		return false;
	if (str_is(method, "CONNECT"))
		return authority_fits(target);
	if (str_is(target, "*"))
		return str_is(method, "OPTIONS");
	return target.p[0] == '/' || absolute_fits(target);
}

static int request_line(struct str line, struct http_head *h, struct diag *d)
{
	struct str rest = str_cut(line, ' ', &h->method);
	struct str version = str_cut(rest, ' ', &h->target);

	if (!http_is_token(h->method))
		return bad(d, "request line", "the method is not a token");
	if (version_parse(version, &h->minor))
		return bad(d, "request line", "does not end with HTTP/1.x");
	if (!target_fits(h->method, h->target))
		return bad(d, "request line", "malformed target");
	return 0;
}

/* The space before an empty reason is missing often enough to be let by. */
static int status_line(struct str line, struct http_head *h, struct diag *d)
{
	struct str version, code, rest = str_cut(line, ' ', &version);
	uint64_t status;

	h->reason = str_cut(rest, ' ', &code);
	if (version_parse(version, &h->minor))
		return bad(d, "status line", "does not start with HTTP/1.x");
	if (code.n != 3 || str_u64(code, &status) || status < 100)
		return bad(d, "status line", "the status is not 100 to 999");
	if (!all_are(h->reason, is_field_char))
		return bad(d, "status line", "holds a control character");
	h->status = (uint16_t)status;
	return 0;
}

/* Judges what is there of a first line; false: no line will begin so. */
static bool start_fits(struct str in, bool request)
{
	struct str start = str_sub(in, 0, START_LEN), word;

	if (!request)
		return str_starts(STR("HTTP/1."), str_sub(start, 0, 7));
	str_cut(start, ' ', &word);
	return !start.n || http_is_token(word);
}

/* An empty line before a request is what some clients leave behind a body
 * (RFC 9112 section 2.2). */
static size_t start_skip(struct str in)
{
	return str_starts(in, STR("\r\n")) ? 2 : 0;
}

static int start_parse(struct str in, struct http_head *h, size_t *at,
    struct diag *d)
{
	struct str line, rest;
	int err;

	*at = h->request ? start_skip(in) : 0;
	rest = str_sub(in, *at, in.n);
	if (h->request && !*at && str_is(rest, "\r"))
		return ERR_MORE;
	if (!start_fits(rest, h->request))
		return bad(d, "head", "this is not HTTP/1");
	err = line_next(in, at, &line, d);
	if (err)
		return err;
	return h->request ? request_line(line, h, d) :
	    status_line(line, h, d);
}

bool http_parse_again(struct str in, size_t before)
{
	struct str fresh = str_sub(in, before, in.n);

	return before < START_LEN + 2 || in.n >= HTTP_HEAD_MAX ||
	    str_find(fresh, '\n') < fresh.n;
}

/* ---- framing ------------------------------------------------------------- */

/* What the headers said about the message's extent. */
struct framing {
	uint32_t lengths, codings, hosts;
	bool close, keep_alive, upgrade_option, upgrade;
};

/* Connection is a list, in one field or several (RFC 9110 section 7.6.1). */
static void connection_options(struct str value, struct framing *f)
{
	struct str option;

	while (value.n) {
		value = str_cut(value, ',', &option);
		option = ows_trim(option);
		if (str_eq_nocase(option, STR("close")))
			f->close = true;
		if (str_eq_nocase(option, STR("keep-alive")))
			f->keep_alive = true;
		if (str_eq_nocase(option, STR("upgrade")))
			f->upgrade_option = true;
	}
}

static int field_note(struct http_head *h, const struct http_header *x,
    struct framing *f, struct diag *d)
{
	if (str_eq_nocase(x->name, STR("content-length"))) {
		if (f->lengths++)
			return bad(d, "Content-Length", "given twice");
		if (str_u64(x->value, &h->length))
			return bad(d, "Content-Length", "not a number");
	} else if (str_eq_nocase(x->name, STR("transfer-encoding"))) {
		if (f->codings++)
			return bad(d, "Transfer-Encoding", "given twice");
		if (!str_eq_nocase(x->value, STR("chunked")))
			return bad(d, "Transfer-Encoding",
			    "other than \"chunked\"");
	} else if (str_eq_nocase(x->name, STR("host"))) {
		if (f->hosts++)
			return bad(d, "Host", "given twice");
		if (!http_is_host(x->value))
			return bad(d, "Host", "malformed");
	} else if (str_eq_nocase(x->name, STR("connection"))) {
		connection_options(x->value, f);
	} else if (str_eq_nocase(x->name, STR("upgrade"))) {
		f->upgrade = true;
	}
	return 0;
}

static bool status_has_body(uint16_t status)
{
	return status >= 200 && status != 204 && status != 304;
}

/* RFC 9112 section 6.3, what is ambiguous refused. */
static int framing_decide(struct http_head *h, const struct framing *f,
    bool head_request, struct diag *d)
{
	if (f->codings && f->lengths)
		return bad(d, "Transfer-Encoding",
		    "together with Content-Length");
	if (f->codings && !h->minor)
		return bad(d, "Transfer-Encoding", "in HTTP/1.0");
	if (h->request && h->minor && !f->hosts)
		return bad(d, "Host", "missing");
	h->chunked = f->codings != 0;
	h->has_length = f->lengths != 0;
	h->keep_alive = !f->close && (h->minor || f->keep_alive);
	h->upgrade = h->minor && f->upgrade_option && f->upgrade;
	if (h->request)
		return 0;
	if (head_request || !status_has_body(h->status)) {
		h->chunked = false;
		h->has_length = true;
		h->length = 0;
	}
	if (!h->chunked && !h->has_length)
		h->keep_alive = false;
	return 0;
}

/* ---- heads --------------------------------------------------------------- */

static int fields_parse(struct str in, size_t *at, struct http_head *h,
    struct framing *f, struct diag *d)
{
	struct http_header x;
	struct str line;
	int err;

	for (;;) {
		err = line_next(in, at, &line, d);
		if (err || !line.n)
			return err;
		err = http_parse_field(line, &x, d);
		if (!err)
			err = field_note(h, &x, f, d);
		if (err)
			return err;
		if (h->headers == HTTP_HEADERS_MAX) {
			diag_set(d, STR("head"), "more than %d headers",
			    HTTP_HEADERS_MAX);
			return ERR_LIMIT;
		}
		h->header[h->headers++] = x;
	}
}

static int head_parse(struct str in, bool request, bool head_request,
    struct http_head *ret, struct diag *d)
{
	struct http_head h = { .request = request };
	struct framing f = { 0 };
	size_t at;
	int err;

	err = start_parse(in, &h, &at, d);
	if (!err)
		err = fields_parse(in, &at, &h, &f, d);
	if (!err)
		err = framing_decide(&h, &f, head_request, d);
	if (err)
		return err;
	*ret = h;
	return (int)at;
}

int http_parse_request(struct str in, struct http_head *ret, struct diag *d)
{
	return head_parse(in, true, false, ret, d);
}

int http_parse_response(struct str in, bool head_request,
    struct http_head *ret, struct diag *d)
{
	return head_parse(in, false, head_request, ret, d);
}

struct str http_header_get(const struct http_head *h, const char *name)
{
	struct str want = str_from(name);
	uint32_t i;

	for (i = 0; i < h->headers; i++)
		if (str_eq_nocase(h->header[i].name, want))
			return h->header[i].value;
	return STR_NONE;
}

/* ---- chunked ------------------------------------------------------------- */

enum chunk_state {
	CHUNK_SIZE,		/* the first digit of a size */
	CHUNK_DIGITS,
	CHUNK_SPACE,		/* before an extension's semicolon */
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER,		/* the first byte of a line */
	CHUNK_TRAILER_NAME,
	CHUNK_TRAILER_VALUE,
	CHUNK_TRAILER_LF,
	CHUNK_END_LF,
	CHUNK_DONE,
	CHUNK_BAD
};

void chunk_init(struct chunk *c)
{
	*c = (struct chunk){ .state = CHUNK_SIZE };
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static uint8_t chunk_digit(struct chunk *c, char byte)
{
	int v = hex_value(byte);

	if (v < 0 || c->left > UINT64_MAX >> 4)
		return CHUNK_BAD;
	c->left = c->left << 4 | (unsigned)v;
	return CHUNK_DIGITS;
}

/* Behind the digits, or behind white space that may follow them. */
static uint8_t chunk_size_tail(const struct chunk *c, char byte)
{
	if (byte == ';')
		return CHUNK_EXTENSION;
	if (byte == ' ' || byte == '\t')
		return CHUNK_SPACE;
	if (byte == '\r' && c->state == CHUNK_DIGITS)
		return CHUNK_SIZE_LF;
	return CHUNK_BAD;
}

static uint8_t chunk_size_end(struct chunk *c, char byte)
{
	c->line = 0;
	if (byte != '\n')
		return CHUNK_BAD;
	return c->left ? CHUNK_DATA : CHUNK_TRAILER;
}

/* Any field character goes on; a CR ends the line. */
static uint8_t chunk_text(char byte, uint8_t same, uint8_t end)
{
	if (byte == '\r')
		return end;
	return is_field_char(byte) ? same : CHUNK_BAD;
}

static uint8_t chunk_expect(char byte, char want, uint8_t next)
{
	return byte == want ? next : CHUNK_BAD;
}

static uint8_t chunk_trailer_name(char byte)
{
	if (byte == ':')
		return CHUNK_TRAILER_VALUE;
	return is_token_char(byte) ? CHUNK_TRAILER_NAME : CHUNK_BAD;
}

/* The state behind one byte that is not data. */
static uint8_t chunk_step(struct chunk *c, char byte)
{
	switch ((enum chunk_state)c->state) {
	case CHUNK_SIZE:
		return chunk_digit(c, byte);
	case CHUNK_DIGITS:
		return hex_value(byte) < 0 ? chunk_size_tail(c, byte) :
		    chunk_digit(c, byte);
	case CHUNK_SPACE:
		return chunk_size_tail(c, byte);
	case CHUNK_EXTENSION:
		return chunk_text(byte, CHUNK_EXTENSION, CHUNK_SIZE_LF);
	case CHUNK_SIZE_LF:
		return chunk_size_end(c, byte);
	case CHUNK_DATA_CR:
		return chunk_expect(byte, '\r', CHUNK_DATA_LF);
	case CHUNK_DATA_LF:
		return chunk_expect(byte, '\n', CHUNK_SIZE);
	case CHUNK_TRAILER:
		if (byte == '\r')
			return CHUNK_END_LF;
		return byte == ':' ? CHUNK_BAD : chunk_trailer_name(byte);
	case CHUNK_TRAILER_NAME:
		return chunk_trailer_name(byte);
	case CHUNK_TRAILER_VALUE:
		return chunk_text(byte, CHUNK_TRAILER_VALUE,
		    CHUNK_TRAILER_LF);
	case CHUNK_TRAILER_LF:
		return chunk_expect(byte, '\n', CHUNK_TRAILER);
	case CHUNK_END_LF:
		return chunk_expect(byte, '\n', CHUNK_DONE);
	case CHUNK_DATA:
	case CHUNK_DONE:
	case CHUNK_BAD:
		break;
	}
	UNREACHABLE();
}

/* How long a size line, or all trailers together, may be. */
static uint32_t chunk_line_max(const struct chunk *c)
{
	return c->state < CHUNK_DATA ? HTTP_CHUNK_LINE_MAX :
	    HTTP_TRAILERS_MAX;
}

static struct str chunk_data(struct chunk *c, struct str *in)
{
	size_t n = in->n < c->left ? in->n : (size_t)c->left;
	struct str data = str_sub(*in, 0, n);

	*in = str_sub(*in, n, in->n);
	c->left -= n;
	if (!c->left)
		c->state = CHUNK_DATA_CR;
	return data;
}

int chunk_push(struct chunk *c, struct str *in, struct str *ret_data)
{
	*ret_data = STR_NONE;
	while (in->n && c->state < CHUNK_DONE) {
		if (c->state == CHUNK_DATA) {
			*ret_data = chunk_data(c, in);
			return 0;
		}
		if (++c->line > chunk_line_max(c))
			c->state = CHUNK_BAD;
		else
			c->state = chunk_step(c, in->p[0]);
		*in = str_sub(*in, 1, in->n);
	}
	if (c->state == CHUNK_BAD)
		return ERR_BAD;
	return c->state == CHUNK_DONE;
}
