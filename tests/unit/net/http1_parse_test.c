#include <string.h>

#include "check.h"
#include "net.h"

static struct http_head head;
static struct diag diag;

/* The same answer whether the text ends at a page's end or starts at one. */
static int parse(bool request, bool head_request, struct str s)
{
	struct str in = guard_copy(s.p, s.n);
	int n;

	diag_clear(&diag);
	n = request ? http_parse_request(in, &head, &diag) :
	    http_parse_response(in, head_request, &head, &diag);
	EXPECT_EQ(n < 0 && n != ERR_MORE, diag_is_set(&diag));
	return n;
}

static int request(const char *text)
{
	return parse(true, false, str_from(text));
}

static int response(const char *text)
{
	return parse(false, false, str_from(text));
}

/* A request with these lines behind a good start and Host. */
static int with_fields(const char *lines)
{
	char text[2048];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", lines);
	return parse(true, false, buf_view(&b));
}

/* A response with these lines behind the status line given. */
static int answer(const char *status, const char *lines, bool head_request)
{
	char text[2048];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "%s\r\n%s\r\n", status, lines);
	return parse(false, head_request, buf_view(&b));
}

TEST(http_parse_reads_a_request)
{
	const char *text = "GET /metrics?x=1 HTTP/1.1\r\n"
	    "Host: localhost:8080\r\n"
	    "accept:text/plain\r\n"
	    "X-Empty:\r\n"
	    "X-Trim: \t a b \t\r\n"
	    "\r\n";

	EXPECT_EQ(request(text), strlen(text));
	EXPECT(head.request);
	EXPECT_STR(head.method, "GET");
	EXPECT_STR(head.target, "/metrics?x=1");
	EXPECT_EQ(head.minor, 1);
	EXPECT_EQ(head.headers, 4);
	EXPECT_STR(http_header_get(&head, "HOST"), "localhost:8080");
	EXPECT_STR(http_header_get(&head, "Accept"), "text/plain");
	EXPECT_STR(http_header_get(&head, "x-trim"), "a b");
	EXPECT_STR(http_header_get(&head, "x-empty"), "");
	EXPECT(http_header_get(&head, "x-empty").p);
	EXPECT(!http_header_get(&head, "x-none").p);
	EXPECT(head.keep_alive && !head.chunked && !head.has_length);
	EXPECT(!head.upgrade);
}

TEST(http_parse_reads_a_response)
{
	const char *text = "HTTP/1.1 200 OK\r\n"
	    "Content-Type: application/json\r\n"
	    "Content-Length: 12\r\n"
	    "\r\n{\"a\": 12345}";

	EXPECT_EQ(response(text), strlen(text) - 12);
	EXPECT(!head.request);
	EXPECT_EQ(head.status, 200);
	EXPECT_STR(head.reason, "OK");
	EXPECT(head.has_length && !head.chunked && head.keep_alive);
	EXPECT_EQ(head.length, 12);
}

TEST(http_parse_takes_reasons_of_all_kinds)
{
	EXPECT(response("HTTP/1.1 404 Not \x80\xff Found\r\n\r\n") > 0);
	EXPECT_STR(head.reason, "Not \x80\xff Found");
	EXPECT(response("HTTP/1.1 200 \r\n\r\n") > 0);
	EXPECT_STR(head.reason, "");
	EXPECT(response("HTTP/1.1 200\r\n\r\n") > 0);
	EXPECT_STR(head.reason, "");
	EXPECT(response("HTTP/1.1 999 odd\r\n\r\n") > 0);
	EXPECT_EQ(head.status, 999);
}

TEST(http_parse_takes_one_empty_line_before_a_request)
{
	EXPECT_EQ(request("\r"), ERR_MORE);
	EXPECT_EQ(request("\r\n"), ERR_MORE);
	EXPECT_EQ(request("\r\nGET / HTTP/1.0\r\n\r\n"), 20);
	EXPECT_EQ(request("\r\n\r\nGET / HTTP/1.0\r\n\r\n"), ERR_BAD);
	EXPECT_EQ(request("\nGET / HTTP/1.0\r\n\r\n"), ERR_BAD);
	EXPECT_EQ(request("\rGET / HTTP/1.0\r\n\r\n"), ERR_BAD);
	EXPECT_EQ(response("\r\nHTTP/1.1 200 OK\r\n\r\n"), ERR_BAD);
}

TEST(http_parse_refuses_bad_request_lines)
{
	static const char *const bad[] = {
		"GET /\r\n",			/* HTTP/0.9 */
		"GET / \r\n", "GET  / HTTP/1.1\r\n", "GET /  HTTP/1.1\r\n",
		"GET / HTTP/1.1 \r\n", " GET / HTTP/1.1\r\n",
		"GET\t/ HTTP/1.1\r\n", "G(T / HTTP/1.1\r\n",
		"GET / HTTP/1.11\r\n", "GET / HTTP/1.\r\n",
		"GET / HTTP/1\r\n", "GET / HTTP/2.0\r\n",
		"GET / HTTP/0.9\r\n", "GET / http/1.1\r\n",
		"GET / HTTP/1.1x\r\n", "GET / HTTP/01.1\r\n",
		"GET / HTTP/1.a\r\n", "GET /a b HTTP/1.1\r\n",
		"GET /a\tb HTTP/1.1\r\n", "GET /\x7f HTTP/1.1\r\n",
		"GET /\xc3\xa4 HTTP/1.1\r\n", "GET /a#b HTTP/1.1\r\n",
		"GET a HTTP/1.1\r\n", "GET * HTTP/1.1\r\n",
		"GET ftp://h/ HTTP/1.1\r\n", "CONNECT a/b HTTP/1.1\r\n",
		"PRI * HTTP/2.0\r\n", "\r\n\r\n", "GET / HTTP/1.1\n",
		"GET / HTTP/1.1\r\r\n", "GET /\r HTTP/1.1\r\n",
	};
	char text[256];
	struct buf b;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		buf_init(&b, text, sizeof(text));
		buf_fmt(&b, "%sHost: h\r\n\r\n", bad[i]);
		if (parse(true, false, buf_view(&b)) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "takes %s", bad[i]);
	}
	EXPECT_EQ(parse(true, false, STR("GET /\0 HTTP/1.1\r\n\r\n")),
	    ERR_BAD);
	EXPECT_EQ(parse(true, false, STR("\0")), ERR_BAD);
}

TEST(http_parse_takes_the_four_target_forms)
{
	EXPECT(request("GET http://h/a HTTP/1.1\r\nHost: h\r\n\r\n") > 0);
	EXPECT(request("GET https://h HTTP/1.1\r\nHost: h\r\n\r\n") > 0);
	EXPECT(request("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n") > 0);
	EXPECT(request("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n") > 0);
	EXPECT(request("GET /a{b}|^\"<> HTTP/1.1\r\nHost: h\r\n\r\n") > 0);
}

TEST(http_parse_refuses_bad_status_lines)
{
	static const char *const bad[] = {
		"HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 099 OK",
		"HTTP/1.1 +20 OK", "HTTP/1.1 2e2 OK", "HTTP/1.1  200 OK",
		"HTTP/1.1\t200 OK", "HTTP/1.1", "HTTP/1.1 ", "HTTP/2 200 OK",
		"HTTP/2.0 200 OK", "HTTP/1.11 200 OK", "HTTP/1.x 200 OK",
		"http/1.1 200 OK", " HTTP/1.1 200 OK", "ICY 200 OK",
		"HTTP/1.1 200 O\x01K", "HTTP/1.1 200 OK\r", "HTTP 200 OK",
		"HTTP/1.1 200 \x7f", "HTTP/1.1 -20 OK", "HTTP/0.9 200 OK",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		if (answer(bad[i], "", false) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "takes %s", bad[i]);
}

TEST(http_parse_sees_early_that_it_is_not_http)
{
	/* A TLS hello, HTTP/2's frame, SSH: no line is waited for. */
	EXPECT_EQ(parse(true, false, STR("\x16")), ERR_BAD);
	EXPECT_EQ(parse(true, false, STR("\x16\x03\x01\x02")), ERR_BAD);
	EXPECT_EQ(parse(false, false, STR("\x15\x03\x03")), ERR_BAD);
	EXPECT_EQ(parse(false, false, STR("\0\0\x12\x04")), ERR_BAD);
	EXPECT_EQ(response("SSH"), ERR_BAD);
	EXPECT_EQ(response("HTTP/2"), ERR_BAD);
	EXPECT_EQ(response("HTTP/"), ERR_MORE);
	EXPECT_EQ(response(""), ERR_MORE);
	EXPECT_EQ(request(""), ERR_MORE);
	EXPECT_EQ(request("GET"), ERR_MORE);
}

TEST(http_parse_refuses_bad_fields)
{
	static const char *const bad[] = {
		"Name : v\r\n", "Name\t: v\r\n", ": v\r\n", " Name: v\r\n",
		"\tName: v\r\n", "Na me: v\r\n", "Name\r\n", "Na(me: v\r\n",
		"Na\x80me: v\r\n", "Na\x01me: v\r\n", "a: b\r\n c\r\n",
		"a: b\r\n\tc\r\n", "a: b\nc: d\r\n", "a: b\rc: d\r\n",
		"a: b\r\r\n", "a: \x01\r\n", "a: \x7f\r\n", "a: b\x0b\r\n",
		"a: b\n", "\n", "Name\v: v\r\n", "Na\"me: v\r\n",
		"Na,me: v\r\n", "Na/me: v\r\n", "[Name]: v\r\n",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		if (with_fields(bad[i]) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "takes %s", bad[i]);
	EXPECT_EQ(parse(true, false,
	    STR("GET / HTTP/1.0\r\na: b\0c\r\n\r\n")), ERR_BAD);
	EXPECT_EQ(parse(true, false,
	    STR("GET / HTTP/1.0\r\na\0: c\r\n\r\n")), ERR_BAD);
	EXPECT(with_fields("!#$%&'*+-.^_`|~09azAZ: \x80\xff\tx\r\n") > 0);
	EXPECT(with_fields("a: b: c:: \r\n") > 0);
	EXPECT_STR(http_header_get(&head, "a"), "b: c::");
}

TEST(http_parse_refuses_what_frames_ambiguously)
{
	static const char *const bad[] = {
		/* two framings */
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
		"Content-Length: 0\r\nTransfer-Encoding: CHUNKED\r\n",
		/* repeated */
		"Content-Length: 5\r\nContent-Length: 5\r\n",
		"Content-Length: 5\r\ncontent-length: 6\r\n",
		"Content-Length: 5, 5\r\n", "Content-Length: 5,6\r\n",
		"Transfer-Encoding: chunked\r\n"
		"Transfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\n"
		"Transfer-Encoding: identity\r\n",
		/* no number */
		"Content-Length: +5\r\n", "Content-Length: -5\r\n",
		"Content-Length: 0x5\r\n", "Content-Length: 5 \x0b\r\n",
		"Content-Length: 5 5\r\n", "Content-Length: \r\n",
		"Content-Length: 5;\r\n", "Content-Length: 1e3\r\n",
		"Content-Length: \"5\"\r\n", "Content-Length: 5.0\r\n",
		"Content-Length: 18446744073709551616\r\n",
		"Content-Length: 99999999999999999999999999\r\n",
		/* another coding */
		"Transfer-Encoding: xchunked\r\n",
		"Transfer-Encoding: chunkedx\r\n",
		"Transfer-Encoding: chunked, identity\r\n",
		"Transfer-Encoding: identity, chunked\r\n",
		"Transfer-Encoding: gzip, chunked\r\n",
		"Transfer-Encoding: chunked,\r\n",
		"Transfer-Encoding: ,chunked\r\n",
		"Transfer-Encoding: chunked, chunked\r\n",
		"Transfer-Encoding: chunked;q=1\r\n",
		"Transfer-Encoding: \"chunked\"\r\n",
		"Transfer-Encoding: identity\r\n",
		"Transfer-Encoding: gzip\r\n",
		"Transfer-Encoding:\r\n",
		"Transfer-Encoding: chu nked\r\n",
		"Transfer-Encoding:\x0b" "chunked\r\n",
		/* hidden from one of two readers */
		"Transfer-Encoding : chunked\r\n",
		"Transfer-Encoding\r\n: chunked\r\n",
		"Transfer-Encoding:\r\n chunked\r\n",
		"X: y\rTransfer-Encoding: chunked\r\n",
		"X: y\nTransfer-Encoding: chunked\r\n",
		" Transfer-Encoding: chunked\r\n",
		"Content-Length : 5\r\n", "Content-Length\t: 5\r\n",
		"Content-Length: 5\nX: y\r\n",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		if (with_fields(bad[i]) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "takes %s", bad[i]);
		if (answer("HTTP/1.1 200 OK", bad[i], false) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "answers %s", bad[i]);
		/* No body is no excuse. */
		if (answer("HTTP/1.1 304 OK", bad[i], true) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "answers %s", bad[i]);
	}
	EXPECT_EQ(request("POST / HTTP/1.0\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n"), ERR_BAD);
	EXPECT_EQ(answer("HTTP/1.0 200 OK", "Transfer-Encoding: chunked\r\n",
	    false), ERR_BAD);
}

TEST(http_parse_frames_by_what_is_clear)
{
	EXPECT(with_fields("Content-Length: 5\r\n") > 0);
	EXPECT(head.has_length && !head.chunked);
	EXPECT_EQ(head.length, 5);
	EXPECT(with_fields("CONTENT-LENGTH:\t 0005 \r\n") > 0);
	EXPECT_EQ(head.length, 5);
	EXPECT(with_fields("Content-Length: 18446744073709551615\r\n") > 0);
	EXPECT(head.length == UINT64_MAX);
	/* Codings are named without regard to case (RFC 9112 section 7). */
	EXPECT(with_fields("transfer-encoding:  ChunKed\t\r\n") > 0);
	EXPECT(head.chunked && !head.has_length);
	EXPECT_EQ(head.length, 0);
	EXPECT(with_fields("TE: trailers\r\nX-Transfer-Encoding: y\r\n") > 0);
	EXPECT(!head.chunked && !head.has_length);
}

TEST(http_parse_knows_responses_without_body)
{
	static const char *const none[] = { "HTTP/1.1 100 x",
		"HTTP/1.1 103 x", "HTTP/1.1 204 x", "HTTP/1.1 304 x" };
	static const char *const lines[] = { "", "Content-Length: 9\r\n",
		"Transfer-Encoding: chunked\r\n" };
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(none); i++) {
		for (j = 0; j < ARRAY_LEN(lines); j++) {
			EXPECT(answer(none[i], lines[j], false) > 0);
			EXPECT(head.has_length && !head.chunked);
			EXPECT_EQ(head.length, 0);
			EXPECT(head.keep_alive);
		}
	}
	EXPECT(answer("HTTP/1.1 200 x", "Content-Length: 9\r\n", true) > 0);
	EXPECT(head.has_length && !head.length && head.keep_alive);
	/* Without framing the connection's end ends the body. */
	EXPECT(answer("HTTP/1.1 200 x", "", false) > 0);
	EXPECT(!head.has_length && !head.chunked && !head.keep_alive);
	EXPECT(answer("HTTP/1.1 200 x", "", true) > 0);
	EXPECT(head.has_length && head.keep_alive);
}

TEST(http_parse_decides_keep_alive)
{
	EXPECT(with_fields("Connection: close\r\n") > 0);
	EXPECT(!head.keep_alive);
	EXPECT(with_fields("Connection: foo ,\tCLOSE, bar\r\n") > 0);
	EXPECT(!head.keep_alive);
	EXPECT(with_fields("Connection: foo\r\nConnection: close\r\n") > 0);
	EXPECT(!head.keep_alive);
	EXPECT(with_fields("Connection: closed, xclose\r\n") > 0);
	EXPECT(head.keep_alive);
	EXPECT(with_fields("Connection: ,, ,\r\n") > 0);
	EXPECT(head.keep_alive);
	EXPECT(request("GET / HTTP/1.0\r\n\r\n") > 0);
	EXPECT(!head.keep_alive);
	EXPECT(request("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
	    > 0);
	EXPECT(head.keep_alive);
	EXPECT(request("GET / HTTP/1.0\r\n"
	    "Connection: keep-alive, close\r\n\r\n") > 0);
	EXPECT(!head.keep_alive);
	EXPECT(request("GET / HTTP/1.9\r\nHost: h\r\n\r\n") > 0);
	EXPECT(head.keep_alive);
}

TEST(http_parse_notices_an_upgrade)
{
	EXPECT(with_fields("Connection: Upgrade\r\nUpgrade: websocket\r\n")
	    > 0);
	EXPECT(head.upgrade);
	EXPECT(with_fields("Upgrade: websocket\r\n") > 0);
	EXPECT(!head.upgrade);
	EXPECT(with_fields("Connection: upgrade\r\n") > 0);
	EXPECT(!head.upgrade);
	EXPECT(request("GET / HTTP/1.0\r\nConnection: upgrade\r\n"
	    "Upgrade: h2c\r\n\r\n") > 0);
	EXPECT(!head.upgrade);
}

TEST(http_parse_wants_one_good_host)
{
	EXPECT_EQ(request("GET / HTTP/1.1\r\n\r\n"), ERR_BAD);
	EXPECT_EQ(with_fields("Host: h\r\n"), ERR_BAD);
	EXPECT_EQ(request("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), ERR_BAD);
	EXPECT_EQ(request("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"), ERR_BAD);
	EXPECT_EQ(request("GET / HTTP/1.1\r\nHost: h/x\r\n\r\n"), ERR_BAD);
	EXPECT_EQ(request("GET / HTTP/1.0\r\nHost: \x80\r\n\r\n"), ERR_BAD);
	EXPECT(request("GET / HTTP/1.1\r\nHost:\r\n\r\n") > 0);
	EXPECT(request("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n") > 0);
}

TEST(http_parse_keeps_its_limits)
{
	static char text[HTTP_HEAD_MAX + 64];
	struct buf b;
	int i;

	/* A head of exactly the most bytes, and one more. */
	for (i = 0; i < 2; i++) {
		buf_init(&b, text, sizeof(text));
		buf_cstr(&b, "GET / HTTP/1.0\r\na: ");
		while (b.n < (size_t)(HTTP_HEAD_MAX - 4 + i))
			buf_char(&b, 'x');
		EXPECT_EQ(parse(true, false, buf_view(&b)), ERR_MORE);
		buf_cstr(&b, "\r\n\r\n");
		EXPECT_EQ(parse(true, false, buf_view(&b)),
		    i ? ERR_LIMIT : HTTP_HEAD_MAX);
	}
	memset(text, 'x', sizeof(text));
	EXPECT_EQ(parse(true, false, (struct str){ text, HTTP_HEAD_MAX - 1 }),
	    ERR_MORE);
	EXPECT_EQ(parse(true, false, (struct str){ text, HTTP_HEAD_MAX }),
	    ERR_LIMIT);
	EXPECT_EQ(parse(true, false, (struct str){ text, sizeof(text) }),
	    ERR_LIMIT);
	for (i = 0; i < 2; i++) {
		int fields = HTTP_HEADERS_MAX + i;

		buf_init(&b, text, sizeof(text));
		buf_cstr(&b, "HTTP/1.1 200 OK\r\n");
		while (fields--)
			buf_cstr(&b, "a: b\r\n");
		buf_cstr(&b, "\r\n");
		EXPECT_EQ(parse(false, false, buf_view(&b)) > 0, !i);
	}
	EXPECT_EQ(parse(false, false, buf_view(&b)), ERR_LIMIT);
}

TEST(http_parse_writes_only_on_success)
{
	struct http_head before;

	EXPECT(request("GET / HTTP/1.0\r\n\r\n") > 0);
	before = head;
	EXPECT_EQ(request("POST /x HTTP/1.1\r\nHost: h\r\na:"), ERR_MORE);
	EXPECT_EQ(request("POST /x HTTP/1.1\r\nHost: h\r\nb\r\n"), ERR_BAD);
	EXPECT_MEM(&head, &before, sizeof(head));
}

TEST(http_parse_wants_more_for_each_prefix)
{
	static const char text[] = "\r\nPUT /a/b HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 3\r\n\r\n";
	size_t n;

	for (n = 0; n < sizeof(text) - 1; n++)
		EXPECT_EQ(parse(true, false, (struct str){ text, n }),
		    ERR_MORE);
	EXPECT_EQ(request(text), sizeof(text) - 1);
}

TEST(http_parse_names_the_field_but_not_its_value)
{
	EXPECT_EQ(with_fields("Authorization: Bearer s3cr\x01t\r\n"),
	    ERR_BAD);
	EXPECT_STR(str_from(diag.path), "Authorization");
	EXPECT(!strstr(diag.text, "s3cr"));
}

/* ---- chunked ------------------------------------------------------------- */

struct decoded {
	int result;
	size_t taken;		/* bytes of the input */
	struct buf data;
	char mem[4096];
};

/* Feeds s in pieces of `step` bytes. */
static void decode(struct str s, size_t step, struct decoded *ret)
{
	struct chunk c;
	size_t at = 0;

	buf_init(&ret->data, ret->mem, sizeof(ret->mem));
	chunk_init(&c);
	ret->result = 0;
	while (!ret->result && at < s.n) {
		struct str piece = str_sub(s, at, at + step), data;
		struct str in = guard_copy(piece.p, piece.n);
		size_t n = in.n;

		while (!ret->result && in.n) {
			ret->result = chunk_push(&c, &in, &data);
			buf_str(&ret->data, data);
		}
		at += n - in.n;
		guard_reset();
	}
	ret->taken = at;
	if (ret->result) {
		struct str in = STR("more"), data;

		EXPECT_EQ(chunk_push(&c, &in, &data), ret->result);
		EXPECT_EQ(in.n, 4);
		EXPECT_EQ(data.n, 0);
	}
}

/* The same however it is cut. */
static int chunked_n(struct str s, struct decoded *ret)
{
	static struct decoded other;
	size_t step;

	decode(s, s.n + 1, ret);
	for (step = 1; step < 8; step++) {
		decode(s, step, &other);
		EXPECT_EQ(other.result, ret->result);
		EXPECT_EQ(other.taken, ret->taken);
		EXPECT(str_eq(buf_view(&other.data), buf_view(&ret->data)));
	}
	return ret->result;
}

static int chunked(const char *text, struct decoded *ret)
{
	return chunked_n(str_from(text), ret);
}

TEST(chunk_decodes_a_body)
{
	struct decoded r;

	EXPECT_EQ(chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nnext", &r),
	    1);
	EXPECT_STR(buf_view(&r.data), "hello world");
	EXPECT_EQ(r.taken, 26);
	EXPECT_EQ(chunked("0\r\n\r\n", &r), 1);
	EXPECT_STR(buf_view(&r.data), "");
	EXPECT_EQ(chunked("000000000000000000000a\r\n0123456789\r\n"
	    "1\r\n.\r\n000\r\n\r\n", &r), 1);
	EXPECT_STR(buf_view(&r.data), "0123456789.");
	EXPECT_EQ(chunked("1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
	    &r), 1);
	EXPECT_EQ(r.data.n, 26);
}

TEST(chunk_eats_extensions_and_trailers)
{
	struct decoded r;

	EXPECT_EQ(chunked("3;a=b;c=\"d\\\"e\"\r\nabc\r\n0;x\r\n\r\n", &r), 1);
	EXPECT_STR(buf_view(&r.data), "abc");
	EXPECT_EQ(chunked("3 \t; a\r\nabc\r\n0\r\nA: b\r\nC-d:\r\n\r\n", &r),
	    1);
	EXPECT_STR(buf_view(&r.data), "abc");
	EXPECT_EQ(chunked("0\r\nContent-Length: 5\r\n\r\n", &r), 1);
}

TEST(chunk_refuses_malformed_bodies)
{
	static const char *const bad[] = {
		"\r\n", "g\r\n", " 5\r\nhello\r\n", "-5\r\n", "+5\r\n",
		"0x5\r\nhello\r\n", "5\nhello", "5\r\rhello", "5 \r\nhello",
		"5 5\r\n", "5,5\r\n", "5\x0b\r\n", ";a\r\n",
		"5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
		"5\r\nhello\r0\r\n\r\n", "5\r\nhellox\r\n0\r\n\r\n",
		"5\r\nhello\r\n\r\n", "5;a\nhello", "5;a\rb\r\n",
		"5;\x01\r\n", "0\n\n", "0\r\n\n", "0\r\n\rx",
		"0\r\n: b\r\n\r\n", "0\r\n a: b\r\n\r\n",
		"0\r\na : b\r\n\r\n", "0\r\na\r\n\r\n", "0\r\na: b\n\r\n",
		"0\r\na: b\r\n c\r\n\r\n", "0\r\na: \x01\r\n\r\n",
		"0\r\na: b\r\r\n\r\n", "10000000000000000\r\n",
		"ffffffffffffffff0\r\n", "fffffffffffffffff\r\n",
	};
	struct decoded r;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		if (chunked(bad[i], &r) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "takes %s", bad[i]);
	EXPECT_EQ(chunked_n(STR("5;\0\r\nhello\r\n0\r\n\r\n"), &r), ERR_BAD);
	EXPECT_EQ(chunked_n(STR("5\0\r\nhello\r\n0\r\n\r\n"), &r), ERR_BAD);
	/* The largest there can be is only cut short. */
	EXPECT_EQ(chunked("ffffffffffffffff\r\nabc", &r), 0);
	EXPECT_STR(buf_view(&r.data), "abc");
}

TEST(chunk_bounds_extensions_and_trailers)
{
	static char text[2 * HTTP_TRAILERS_MAX];
	static struct decoded r;
	struct buf b;
	int i;

	for (i = 0; i < 2; i++) {
		buf_init(&b, text, sizeof(text));
		buf_cstr(&b, "0;");
		while (b.n < (size_t)(HTTP_CHUNK_LINE_MAX - 2 + i))
			buf_char(&b, 'x');
		buf_cstr(&b, "\r\n\r\n");
		EXPECT_EQ(chunked_n(buf_view(&b), &r), i ? ERR_BAD : 1);
	}
	for (i = 0; i < 2; i++) {
		buf_init(&b, text, sizeof(text));
		buf_cstr(&b, "0\r\na: b\r\nc: ");
		while (b.n < (size_t)(3 + HTTP_TRAILERS_MAX - 4 + i))
			buf_char(&b, 'x');
		buf_cstr(&b, "\r\n\r\n");
		EXPECT_EQ(chunked_n(buf_view(&b), &r), i ? ERR_BAD : 1);
	}
}
