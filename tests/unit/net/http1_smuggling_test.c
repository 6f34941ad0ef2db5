/*
 * The known ways to make two readers of HTTP/1.1 see different messages in
 * the same bytes, each with the section that decides and what is done here.
 * Where the RFC leaves a choice, the choice is to refuse. Sections are of
 * RFC 9112 unless "9110" stands before.
 */
#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "net.h"

enum verdict { REFUSED, NO_BODY, LENGTH, CHUNKED, TO_CLOSE };

struct row {
	const char *section;
	enum verdict verdict;
	struct str text;
	uint64_t length;
};

#define GET "GET / HTTP/1.1\r\nHost: h\r\n"
#define POST "POST / HTTP/1.1\r\nHost: h\r\n"
#define OK "HTTP/1.1 200 OK\r\n"
#define END "\r\n"
#define CL "Content-Length: "
#define TE "Transfer-Encoding: "

static void row_fails(const struct row *r, const char *what)
{
	test_fail(__FILE__, __LINE__, "section %s, %s: %.*s", r->section, what,
	    (int)r->text.n, r->text.p);
}

static void row_check(const struct row *r, bool request, bool head_request)
{
	static struct http_head h;
	struct str in = guard_copy(r->text.p, r->text.n);
	int n = request ? http_parse_request(in, &h, NULL) :
	    http_parse_response(in, head_request, &h, NULL);

	if ((r->verdict == REFUSED) != (n == ERR_BAD) || n == ERR_MORE)
		row_fails(r, n < 0 ? "refused" : "taken");
	if (n < 0 || r->verdict == REFUSED)
		return;
	if (n != (int)r->text.n)
		row_fails(r, "another end");
	if (h.chunked != (r->verdict == CHUNKED) ||
	    h.has_length != (r->verdict == LENGTH) ||
	    (h.has_length && h.length != r->length))
		row_fails(r, "framed in another way");
}

static void rows_check(const struct row *rows, size_t n, bool request)
{
	size_t i;

	for (i = 0; i < n; i++) {
		row_check(&rows[i], request, false);
		guard_reset();
	}
}

/* ---- where a body ends ---- */

static const struct row lengths[] = {
	{ "6.3", NO_BODY, STR_INIT(POST END), 0 },
	{ "6.2", LENGTH, STR_INIT(POST CL "5" END END), 5 },
	{ "9110 8.6", LENGTH, STR_INIT(POST CL "0" END END), 0 },
	{ "9110 8.6", LENGTH, STR_INIT(POST CL "0005" END END), 5 },
	{ "9110 5.5", LENGTH, STR_INIT(POST CL " \t5\t " END END), 5 },
	{ "9110 5.1", LENGTH, STR_INIT(POST "cONTENT-lENGTH:5" END END), 5 },
	{ "9110 8.6", LENGTH,
	    STR_INIT(POST CL "18446744073709551615" END END), UINT64_MAX },
	/* Given twice: the same or not, in one field or in two. */
	{ "6.3", REFUSED, STR_INIT(POST CL "5" END CL "6" END END), 0 },
	{ "6.3", REFUSED, STR_INIT(POST CL "5" END CL "5" END END), 0 },
	{ "6.3", REFUSED, STR_INIT(POST CL "5, 6" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "5, 5" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "5," END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL ",5" END END), 0 },
	{ "6.3", REFUSED,
	    STR_INIT(POST CL "5" END "X: y" END CL "5" END END), 0 },
	/* Digits, and nothing but digits. */
	{ "9110 8.6", REFUSED, STR_INIT(POST CL END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL " \t " END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "+5" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "-5" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "-0" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "5 5" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "5_0" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "5.0" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "5e0" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "0x5" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "5;q=1" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "\"5\"" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "5\0" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "\v5" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "5\xa0" END END), 0 },
	{ "9110 8.6", REFUSED, STR_INIT(POST CL "\xd9\xa5" END END), 0 },
	{ "9110 8.6", REFUSED,
	    STR_INIT(POST CL "18446744073709551616" END END), 0 },
	{ "9110 8.6", REFUSED,
	    STR_INIT(POST CL "18446744073709551621" END END), 0 },
	{ "9110 8.6", REFUSED,
	    STR_INIT(POST CL "99999999999999999999999" END END), 0 },
	/* Not this field, though a lax reader may take it for it. */
	{ "9110 5.1", NO_BODY, STR_INIT(POST "Content_Length: 5" END END), 0 },
	{ "9110 5.1", NO_BODY, STR_INIT(POST "XContent-Length: 5" END END), 0 },
	{ "9110 5.1", NO_BODY,
	    STR_INIT(POST "Content-Length-: 5" END END), 0 },
};

TEST(http_smuggling_by_content_length)
{
	rows_check(lengths, ARRAY_LEN(lengths), true);
}

static const struct row codings[] = {
	{ "6.1", CHUNKED, STR_INIT(POST TE "chunked" END END), 0 },
	{ "9110 10.1.4", CHUNKED, STR_INIT(POST TE "CHUNKED" END END), 0 },
	{ "9110 5.5", CHUNKED, STR_INIT(POST TE "\tchunked \t" END END), 0 },
	/* CL.TE and TE.CL, in either order. */
	{ "6.3", REFUSED,
	    STR_INIT(POST CL "5" END TE "chunked" END END), 0 },
	{ "6.3", REFUSED,
	    STR_INIT(POST TE "chunked" END CL "5" END END), 0 },
	{ "6.3", REFUSED,
	    STR_INIT(POST TE "chunked" END CL "0" END END), 0 },
	{ "6.3", REFUSED,
	    STR_INIT(POST TE "identity" END CL "5" END END), 0 },
	/* TE.TE: one that a lax reader skips, or takes for chunked. */
	{ "6.1", REFUSED,
	    STR_INIT(POST TE "chunked" END TE "chunked" END END), 0 },
	{ "6.1", REFUSED,
	    STR_INIT(POST TE "chunked" END TE "identity" END END), 0 },
	{ "6.1", REFUSED,
	    STR_INIT(POST TE "x" END TE "chunked" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "chunked, chunked" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "chunked, identity" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "identity, chunked" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "gzip, chunked" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "chunked, gzip" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "chunked," END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE ",chunked" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "identity" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "gzip" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "xchunked" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "chunkedx" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "chunk" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "chunke\xe4" END END), 0 },
	{ "7", REFUSED, STR_INIT(POST TE "chunked;q=1" END END), 0 },
	{ "7", REFUSED, STR_INIT(POST TE "\"chunked\"" END END), 0 },
	{ "7", REFUSED, STR_INIT(POST TE "'chunked'" END END), 0 },
	{ "9110 5.5", REFUSED, STR_INIT(POST TE "chunked\0" END END), 0 },
	{ "9110 5.5", REFUSED, STR_INIT(POST TE "\vchunked" END END), 0 },
	{ "9110 5.5", REFUSED, STR_INIT(POST TE "\fchunked" END END), 0 },
	{ "9110 5.5", REFUSED, STR_INIT(POST TE "\x7f" "chunked" END END), 0 },
	{ "9110 5.5", REFUSED, STR_INIT(POST TE "\rchunked" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "\xa0" "chunked" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(POST TE "chunked\x85" END END), 0 },
	{ "5.1", REFUSED,
	    STR_INIT(POST "Transfer-Encoding : chunked" END END), 0 },
	{ "5.1", REFUSED,
	    STR_INIT(POST "Transfer-Encoding\t: chunked" END END), 0 },
	{ "5.1", REFUSED,
	    STR_INIT(POST "Transfer Encoding: chunked" END END), 0 },
	{ "5", REFUSED,
	    STR_INIT(POST "\0Transfer-Encoding: chunked" END END), 0 },
	{ "5", REFUSED,
	    STR_INIT(POST "Transfer-Encoding chunked" END END), 0 },
	{ "5.2", REFUSED,
	    STR_INIT(POST " Transfer-Encoding: chunked" END END), 0 },
	{ "5.2", REFUSED,
	    STR_INIT(POST "X: y" END " " TE "chunked" END END), 0 },
	{ "5.2", REFUSED,
	    STR_INIT(POST "Transfer-Encoding:" END " chunked" END END), 0 },
	{ "5.2", REFUSED, STR_INIT(POST TE "chunked" END "\tx" END END), 0 },
	{ "2.2", REFUSED, STR_INIT(POST "X: y\n" TE "chunked" END END), 0 },
	{ "2.2", REFUSED, STR_INIT(POST "X: y\r" TE "chunked" END END), 0 },
	{ "2.2", REFUSED, STR_INIT(POST TE "chunked\n" END END), 0 },
	{ "9110 5.1", NO_BODY,
	    STR_INIT(POST "Transfer_Encoding: chunked" END END), 0 },
	{ "9110 10.1.4", NO_BODY, STR_INIT(POST "TE: chunked" END END), 0 },
	/* Only what is known to speak HTTP/1.1 can frame in chunks. */
	{ "6.1", REFUSED, STR_INIT("POST / HTTP/1.0" END TE "chunked"
	    END END), 0 },
	{ "6.1", REFUSED, STR_INIT("POST / HTTP/1.0" END "Host: h" END
	    TE "chunked" END CL "5" END END), 0 },
	{ "2.3", LENGTH, STR_INIT("POST / HTTP/1.0" END CL "5" END END), 5 },
	{ "2.3", NO_BODY, STR_INIT("POST / HTTP/1.0" END END), 0 },
};

TEST(http_smuggling_by_transfer_encoding)
{
	rows_check(codings, ARRAY_LEN(codings), true);
}

/* ---- where a line ends ---- */

static const struct row lines[] = {
	{ "2.2", REFUSED, STR_INIT("GET / HTTP/1.1\nHost: h\n\n"), 0 },
	{ "2.2", REFUSED, STR_INIT("GET / HTTP/1.1\r\nHost: h\n\r\n"), 0 },
	{ "2.2", REFUSED, STR_INIT("GET / HTTP/1.1\nHost: h\r\n\r\n"), 0 },
	{ "2.2", REFUSED, STR_INIT(GET "X: y\r\n\n"), 0 },
	{ "2.2", REFUSED, STR_INIT(GET "X: y\n\n"), 0 },
	{ "2.2", REFUSED, STR_INIT(GET "X: y\r\r\n\r\n"), 0 },
	{ "2.2", REFUSED, STR_INIT(GET "X: a\rY: b" END END), 0 },
	{ "2.2", REFUSED, STR_INIT(GET "\r\r\n"), 0 },
	{ "2.2", REFUSED, STR_INIT("GET /\r HTTP/1.1" END "Host: h" END END),
	    0 },
	{ "9110 5.5", REFUSED, STR_INIT(GET "X: a\0b" END END), 0 },
	{ "9110 5.5", REFUSED, STR_INIT(GET "X\0: b" END END), 0 },
	{ "9110 5.5", REFUSED, STR_INIT(GET "X: a\x01" "b" END END), 0 },
	{ "9110 5.5", REFUSED, STR_INIT(GET "X: a\x1b[2J" END END), 0 },
	{ "9110 5.5", NO_BODY, STR_INIT(GET "X: \xc3\xa4\tb" END END), 0 },
	{ "9110 5.5", NO_BODY, STR_INIT(GET "X:" END END), 0 },
	/* Encoded, it is text like any other. */
	{ "9110 5.5", NO_BODY,
	    STR_INIT(GET "X: a%0d%0aTransfer-Encoding:%20chunked" END END),
	    0 },
	{ "9110 5.5", NO_BODY, STR_INIT(GET "X: a\\r\\nY: b" END END), 0 },
	/* UTF-8 whose low byte is CR or LF to who cuts it off. */
	{ "9110 5.5", NO_BODY,
	    STR_INIT(GET "X: \xe5\x98\x8d\xe5\x98\x8aY: b" END END), 0 },
	/* Folding, also right behind the request line. */
	{ "5.2", REFUSED, STR_INIT(GET "X: a" END " b" END END), 0 },
	{ "5.2", REFUSED, STR_INIT(GET "X: a" END "\tb" END END), 0 },
	{ "5.2", REFUSED, STR_INIT(GET "X:" END " " END END), 0 },
	{ "2.2", REFUSED,
	    STR_INIT("GET / HTTP/1.1" END " Host: h" END END), 0 },
	{ "2.2", REFUSED,
	    STR_INIT("GET / HTTP/1.1" END "\tX: y" END "Host: h" END END), 0 },
	{ "5.1", REFUSED, STR_INIT(GET "X : y" END END), 0 },
	{ "5.1", REFUSED, STR_INIT(GET ": y" END END), 0 },
	{ "5.1", REFUSED, STR_INIT(GET ":" END END), 0 },
	{ "5", REFUSED, STR_INIT(GET "X" END END), 0 },
	{ "9110 5.1", REFUSED, STR_INIT(GET "X(y): z" END END), 0 },
	{ "9110 5.1", REFUSED, STR_INIT(GET "X\x80: y" END END), 0 },
	{ "9110 5.1", REFUSED, STR_INIT(GET "\"X\": y" END END), 0 },
};

TEST(http_smuggling_by_line_ends)
{
	rows_check(lines, ARRAY_LEN(lines), true);
}

/* ---- what is asked for, of whom ---- */

#define LINE(line) STR_INIT(line END "Host: h" END END)
#define HOST(host) STR_INIT("GET / HTTP/1.1" END "Host:" host END END)

static const struct row targets[] = {
	{ "3.2.1", NO_BODY, LINE("GET /a?b=c HTTP/1.1"), 0 },
	{ "3.2.2", NO_BODY, LINE("GET http://other/a HTTP/1.1"), 0 },
	{ "3.2.2", NO_BODY, LINE("GET https://[::1]:8443 HTTP/1.1"), 0 },
	{ "3.2.3", NO_BODY, LINE("CONNECT h:443 HTTP/1.1"), 0 },
	{ "3.2.4", NO_BODY, LINE("OPTIONS * HTTP/1.1"), 0 },
	{ "9110 4.2.1", REFUSED, LINE("GET http:// HTTP/1.1"), 0 },
	{ "9110 4.2.1", REFUSED, LINE("GET http:///a HTTP/1.1"), 0 },
	{ "9110 4.2.1", REFUSED, LINE("GET http://:80/a HTTP/1.1"), 0 },
	{ "9110 4.2.1", REFUSED, LINE("GET http://?a HTTP/1.1"), 0 },
	{ "9110 4.2.4", REFUSED, LINE("GET http://u:p@h/a HTTP/1.1"), 0 },
	{ "3.2", REFUSED, LINE("GET http:h/a HTTP/1.1"), 0 },
	{ "3.2", REFUSED, LINE("GET h/a HTTP/1.1"), 0 },
	{ "3.2", REFUSED, LINE("GET ftp://h/a HTTP/1.1"), 0 },
	{ "3.2", REFUSED, LINE("GET http://h\\@other/ HTTP/1.1"), 0 },
	{ "3.2.3", REFUSED, LINE("CONNECT h HTTP/1.1"), 0 },
	{ "3.2.3", REFUSED, LINE("CONNECT h: HTTP/1.1"), 0 },
	{ "3.2.3", REFUSED, LINE("CONNECT :443 HTTP/1.1"), 0 },
	{ "3.2.3", REFUSED, LINE("CONNECT h:65536 HTTP/1.1"), 0 },
	{ "3.2.3", REFUSED, LINE("CONNECT /a HTTP/1.1"), 0 },
	{ "3.2.3", REFUSED, LINE("CONNECT http://h/ HTTP/1.1"), 0 },
	{ "3.2.4", REFUSED, LINE("GET * HTTP/1.1"), 0 },
	/* A second request line hidden in the first. */
	{ "3", REFUSED, LINE("GET /a HTTP/1.1 HTTP/1.1"), 0 },
	{ "3", REFUSED, LINE("GET /a b HTTP/1.1"), 0 },
	{ "3", REFUSED, LINE("GET  /a HTTP/1.1"), 0 },
	{ "3", REFUSED, LINE("GET\t/a\tHTTP/1.1"), 0 },
	{ "3", REFUSED, LINE("GET /a HTTP/1.1 "), 0 },
	{ "3", REFUSED, LINE(" GET /a HTTP/1.1"), 0 },
	{ "3.1", REFUSED, LINE("GET: /a HTTP/1.1"), 0 },
	{ "3.1", REFUSED, LINE("G\0T /a HTTP/1.1"), 0 },
	{ "3.1", NO_BODY, LINE("get /a HTTP/1.1"), 0 },
	{ "2.3", REFUSED, LINE("GET /a"), 0 },			/* 0.9 */
	{ "2.3", REFUSED, LINE("GET /a HTTP/0.9"), 0 },
	{ "2.3", REFUSED, LINE("GET /a HTTP/1"), 0 },
	{ "2.3", REFUSED, LINE("GET /a HTTP/1.10"), 0 },
	{ "2.3", REFUSED, LINE("GET /a HTTP/2.0"), 0 },
	{ "2.3", REFUSED, LINE("GET /a http/1.1"), 0 },
	{ "2.3", REFUSED, LINE("GET /a HTTP/1.1\0"), 0 },
	{ "2.3", REFUSED, LINE("GET /a XTTP/1.1"), 0 },
	{ "2.3", NO_BODY, LINE("GET /a HTTP/1.9"), 0 },
	{ "9110 7.2", NO_BODY, HOST("h:8080"), 0 },
	{ "9110 7.2", NO_BODY, HOST("[::1]:8080"), 0 },
	{ "9110 7.2", NO_BODY, HOST(""), 0 },
	{ "9110 7.2", NO_BODY, HOST("h:"), 0 },
	{ "3.2", REFUSED, STR_INIT("GET / HTTP/1.1" END END), 0 },
	{ "3.2", REFUSED, STR_INIT(GET "Host: h" END END), 0 },
	{ "3.2", REFUSED, STR_INIT(GET "hOST: other" END END), 0 },
	{ "3.2", REFUSED, HOST("a, b"), 0 },
	{ "3.2", REFUSED, HOST("a b"), 0 },
	{ "3.2", REFUSED, HOST("a/b"), 0 },
	{ "3.2", REFUSED, HOST("u@h"), 0 },
	{ "3.2", REFUSED, HOST("http://h"), 0 },
	{ "3.2", REFUSED, HOST("h\0"), 0 },
	{ "3.2", REFUSED, HOST("h:80:81"), 0 },
	{ "3.2", REFUSED, HOST("h:80a"), 0 },
	{ "3.2", REFUSED, HOST("h:+80"), 0 },
	{ "3.2", REFUSED, HOST("[::1"), 0 },
	{ "3.2", REFUSED, HOST("::1]"), 0 },
	{ "3.2", REFUSED, HOST("[::1]80"), 0 },
	{ "3.2", REFUSED, HOST("a[::1]"), 0 },
	{ "3.2", REFUSED, HOST("h?x"), 0 },
	{ "3.2", REFUSED, HOST("h#x"), 0 },
	{ "3.2", REFUSED, HOST("\xc3\xa4"), 0 },
	{ "2.3", NO_BODY, STR_INIT("GET / HTTP/1.0" END END), 0 },
};

TEST(http_smuggling_by_target_and_host)
{
	rows_check(targets, ARRAY_LEN(targets), true);
}

/* ---- answers ---- */

static const struct row answers[] = {
	{ "6.3", TO_CLOSE, STR_INIT(OK END), 0 },
	{ "6.3", LENGTH, STR_INIT(OK CL "5" END END), 5 },
	{ "6.3", CHUNKED, STR_INIT(OK TE "chunked" END END), 0 },
	/* These have no body, whatever they say. */
	{ "6.3", LENGTH, STR_INIT("HTTP/1.1 100 X" END CL "5" END END), 0 },
	{ "6.3", LENGTH, STR_INIT("HTTP/1.1 103 X" END TE "chunked"
	    END END), 0 },
	{ "6.3", LENGTH, STR_INIT("HTTP/1.1 204 X" END CL "5" END END), 0 },
	{ "6.3", LENGTH, STR_INIT("HTTP/1.1 204 X" END TE "chunked"
	    END END), 0 },
	{ "6.3", LENGTH, STR_INIT("HTTP/1.1 304 X" END CL "5" END END), 0 },
	{ "6.3", LENGTH, STR_INIT("HTTP/1.1 205 X" END CL "0" END END), 0 },
	{ "6.3", REFUSED, STR_INIT("HTTP/1.1 204 X" END CL "5" END
	    TE "chunked" END END), 0 },
	{ "6.3", REFUSED, STR_INIT(OK CL "5" END TE "chunked" END END), 0 },
	{ "6.3", REFUSED, STR_INIT(OK CL "5" END CL "6" END END), 0 },
	{ "6.3", REFUSED, STR_INIT(OK CL "5, 5" END END), 0 },
	{ "6.3", REFUSED, STR_INIT(OK CL "+5" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(OK TE "gzip" END END), 0 },
	{ "6.1", REFUSED, STR_INIT(OK TE "gzip, chunked" END END), 0 },
	{ "6.1", REFUSED, STR_INIT("HTTP/1.0 200 OK" END TE "chunked"
	    END END), 0 },
	{ "4", TO_CLOSE, STR_INIT("HTTP/1.1 200" END END), 0 },
	{ "4", TO_CLOSE, STR_INIT("HTTP/1.1 200 " END END), 0 },
	{ "4", TO_CLOSE, STR_INIT("HTTP/1.1 200 \xff HTTP/1.1" END END), 0 },
	{ "4", REFUSED, STR_INIT("HTTP/1.1 200 O\rK" END END), 0 },
	{ "4", REFUSED, STR_INIT("HTTP/1.1 200 O\0K" END END), 0 },
	{ "4", REFUSED, STR_INIT("HTTP/1.1  200 OK" END END), 0 },
	{ "4", REFUSED, STR_INIT("HTTP/1.1 20 OK" END END), 0 },
	{ "4", REFUSED, STR_INIT("HTTP/1.1 2000 OK" END END), 0 },
	{ "4", REFUSED, STR_INIT("HTTP/1.1 +20 OK" END END), 0 },
	{ "4", REFUSED, STR_INIT("HTTP/1.1 099 OK" END END), 0 },
	{ "4", REFUSED, STR_INIT("HTTP/1.1 OK" END END), 0 },
	{ "4", REFUSED, STR_INIT("HTTP/1.1\t200 OK" END END), 0 },
	{ "4", REFUSED, STR_INIT(" HTTP/1.1 200 OK" END END), 0 },
	{ "2.2", REFUSED, STR_INIT("\r\nHTTP/1.1 200 OK" END END), 0 },
	{ "2.2", REFUSED, STR_INIT("HTTP/1.1 200 OK\n\n"), 0 },
	{ "2.2", REFUSED, STR_INIT(OK "X: a\n" END), 0 },
	{ "5.1", REFUSED, STR_INIT(OK "Content-Length : 5" END END), 0 },
	{ "5.2", REFUSED, STR_INIT(OK "X: a" END " " CL "5" END END), 0 },
	{ "2.3", REFUSED, STR_INIT("HTTP/2.0 200 OK" END END), 0 },
	{ "2.3", REFUSED, STR_INIT("ICY 200 OK" END END), 0 },
	{ "2.3", REFUSED, STR_INIT("<html>" END END), 0 },
};

TEST(http_splitting_by_answers)
{
	static const struct row to_head[] = {
		{ "6.3", LENGTH, STR_INIT(OK CL "5" END END), 0 },
		{ "6.3", LENGTH, STR_INIT(OK TE "chunked" END END), 0 },
		{ "6.3", LENGTH, STR_INIT(OK END), 0 },
		{ "6.3", REFUSED, STR_INIT(OK CL "5" END TE "chunked"
		    END END), 0 },
	};
	size_t i;

	rows_check(answers, ARRAY_LEN(answers), false);
	for (i = 0; i < ARRAY_LEN(to_head); i++)
		row_check(&to_head[i], false, true);
}

/* ---- chunks ---- */

struct body {
	const char *section;
	bool good;
	struct str text;
	const char *data;		/* what it decodes to */
};

static const struct body bodies[] = {
	{ "7.1", true, STR_INIT("3\r\nabc\r\n0\r\n\r\n"), "abc" },
	{ "7.1", true, STR_INIT("0\r\n\r\n"), "" },
	{ "7.1", true, STR_INIT("000\r\n\r\n"), "" },
	{ "7.1", true, STR_INIT("00000000000000003\r\nabc\r\n0\r\n\r\n"),
	    "abc" },
	{ "7.1", true, STR_INIT("A\r\n0123456789\r\n0\r\n\r\n"),
	    "0123456789" },
	{ "7.1", true, STR_INIT("a\r\n0123456789\r\n0\r\n\r\n"),
	    "0123456789" },
	{ "7.1", true, STR_INIT("5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
	    "0\r\n\r\n" },
	/* A size is hexadecimal digits, and no more than 64 bits of them. */
	{ "7.1", false, STR_INIT("\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("0x3\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("+3\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("-3\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("-0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("3_0\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("3.0\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("g\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT(" 3\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("\0" "3\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("3\0\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("\"3\"\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("10000000000000003\r\nabc\r\n0\r\n\r\n"),
	    NULL },
	{ "7.1", false, STR_INIT("100000003000000000000000000000003\r\n"),
	    NULL },
	/* Lines end with CRLF here too. */
	{ "7.1", false, STR_INIT("3\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("3\rabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("3\r\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("3\r\nabc\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("3\r\nabc\r0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("3\r\nabc0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("3\r\nabcd\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("3\r\nabcXX0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("3\r\nabc\r\n\r\n0\r\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("0\r\n\n"), NULL },
	{ "7.1", false, STR_INIT("0\n\r\n"), NULL },
	{ "7.1", false, STR_INIT("0\r\n\rX"), NULL },
	{ "7.1", false, STR_INIT("0\r\n\r\r\n"), NULL },
	/* Extensions hide no line end, and no size. */
	{ "7.1.1", true, STR_INIT("3;a=b;c\r\nabc\r\n0;d\r\n\r\n"), "abc" },
	{ "7.1.1", true, STR_INIT("3 ; a=\"b;\"\r\nabc\r\n0\r\n\r\n"), "abc" },
	{ "7.1.1", true, STR_INIT("3;\r\nabc\r\n0\r\n\r\n"), "abc" },
	{ "7.1.1", false, STR_INIT("3 \r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1.1", false, STR_INIT("3 a\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1.1", false, STR_INIT("3,a\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1.1", false, STR_INIT("3;a\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1.1", false, STR_INIT("3;a\n\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1.1", false, STR_INIT("3;a\rb\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1.1", false, STR_INIT("3;a=\"\n\"\r\nabc\r\n0\r\n\r\n"), NULL },
	{ "7.1.1", false, STR_INIT("3;\0\r\nabc\r\n0\r\n\r\n"), NULL },
	/* Trailers are fields, and none of them is obeyed. */
	{ "7.1.2", true, STR_INIT("0\r\nX: y\r\nZ:\r\n\r\n"), "" },
	{ "6.5", true, STR_INIT("0\r\nContent-Length: 9\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n"), "" },
	{ "7.1.2", false, STR_INIT("0\r\nX: y\n\r\n"), NULL },
	{ "7.1.2", false, STR_INIT("0\r\nX: y\r\n z\r\n\r\n"), NULL },
	{ "7.1.2", false, STR_INIT("0\r\nX : y\r\n\r\n"), NULL },
	{ "7.1.2", false, STR_INIT("0\r\n: y\r\n\r\n"), NULL },
	{ "7.1.2", false, STR_INIT("0\r\nX: y\0\r\n\r\n"), NULL },
	{ "7.1.2", false, STR_INIT("0\r\nX: y\rz\r\n\r\n"), NULL },
	{ "7.1.2", false, STR_INIT("0\r\nGET / HTTP/1.1\r\n\r\n"), NULL },
	{ "7.1.2", false, STR_INIT("0\r\nX\r\n\r\n"), NULL },
};

/* 1: complete and nothing left, 0: not to its end, ERR_BAD. */
static int body_decode(struct str in, size_t piece, struct buf *out)
{
	struct chunk c;
	int done = 0;

	chunk_init(&c);
	while (in.n && !done) {
		struct str part = str_sub(in, 0, piece), data;
		size_t n = part.n;

		while (part.n && !done) {
			done = chunk_push(&c, &part, &data);
			if (done >= 0)
				buf_str(out, data);
		}
		in = str_sub(in, n - part.n, in.n);
	}
	return in.n && done == 1 ? 0 : done;
}

TEST(http_smuggling_by_chunks)
{
	char mem[64];
	struct buf out;
	size_t i, piece;
	int n;

	for (i = 0; i < ARRAY_LEN(bodies); i++)
		for (piece = 1; piece < 64; piece += 62) {
			buf_init(&out, mem, sizeof(mem));
			n = body_decode(guard_copy(bodies[i].text.p,
			    bodies[i].text.n), piece, &out);
			guard_reset();
			if (n != (bodies[i].good ? 1 : ERR_BAD) ||
			    (bodies[i].good && !str_is(buf_view(&out),
			    bodies[i].data)))
				test_fail(__FILE__, __LINE__,
				    "section %s, %d: %.*s", bodies[i].section,
				    n, (int)bodies[i].text.n,
				    bodies[i].text.p);
		}
}

/* ---- whole connections ---- */

static struct {
	struct fake_io f;
	struct mem mem;
	struct loop loop;
	int asked;
} w;

static void page(void *ctx, struct str path, struct str query,
    struct http_reply *ret)
{
	(void)path;
	(void)query;
	(void)ret;
	++*(int *)ctx;
}

static void world_begin(void)
{
	fake_io_init(&w.f);
	mem_init(&w.mem, &w.f.io);
	REQUIRE(!loop_init(&w.loop, &w.mem, &w.f.io));
}

static void world_end(void)
{
	mem_free_all(&w.mem);
	fake_io_free(&w.f);
}

static void run_ms(int64_t ms)
{
	int64_t until_ns = w.f.now_ns + ms * NS_PER_MS;

	do
		loop_turn(&w.loop, until_ns);
	while (w.f.now_ns < until_ns || w.loop.work_head);
}

/* How often /page was asked for, by what a server made of these bytes. */
static int asked_by(struct str text)
{
	static const struct http_route route = { "/page", page, &w.asked };
	static const struct net_addr at = { .family = 4, .port = 80 };
	struct http_server *server;
	int peer;

	world_begin();
	w.asked = 0;
	REQUIRE(!http_server_new(&w.mem, &w.loop, &route, 1, &server));
	REQUIRE(!http_server_listen(server, &at));
	peer = fake_connect(&w.f, 80);
	REQUIRE(peer >= 0);
	fake_send(&w.f, peer, 0, text);
	run_ms(20);
	http_server_stop(server);
	world_end();
	return w.asked;
}

#define PAGE "GET /page HTTP/1.1" END "Host: h" END END

TEST(http_server_is_not_smuggled_to)
{
	static const struct { const char *section; int asked;
	    struct str text; } rows[] = {
		{ "9.3.2", 2, STR_INIT(PAGE PAGE) },
		{ "3.2.2", 1, STR_INIT("GET http://h/page?x HTTP/1.1" END
		    "Host: other" END END) },
		{ "3.2.2", 0, STR_INIT("GET http://h?x=/page HTTP/1.1" END
		    "Host: h" END END) },
		{ "3.2.1", 0, STR_INIT("GET //h/page HTTP/1.1" END
		    "Host: h" END END) },
		{ "3.2.1", 0, STR_INIT("GET /%70age HTTP/1.1" END
		    "Host: h" END END) },
		{ "3.2.1", 0, STR_INIT("GET /x/../page HTTP/1.1" END
		    "Host: h" END END) },
		/* Nothing behind a body, or what may be one, is a request. */
		{ "6.3", 0, STR_INIT(POST CL "69" END END PAGE) },
		{ "6.3", 0, STR_INIT(GET CL "0x0" END END PAGE) },
		{ "6.3", 0, STR_INIT(GET TE "chunked" END END "0" END END
		    PAGE) },
		{ "6.3", 0, STR_INIT(GET CL "4" END TE "chunked" END END
		    "0" END END PAGE) },
		{ "6.1", 0, STR_INIT(GET TE "identity" END END PAGE) },
		{ "5.1", 0, STR_INIT(GET "Content-Length : 0" END END PAGE) },
		{ "2.2", 0, STR_INIT("GET / HTTP/1.1\nHost: h\n\n" PAGE) },
		{ "5.2", 0, STR_INIT(GET "X: y" END " z" END END PAGE) },
		{ "3.2", 0, STR_INIT("GET / HTTP/1.1" END END PAGE) },
		{ "2.3", 0, STR_INIT("GET /" END PAGE) },
		{ "9.6", 0, STR_INIT(GET "Connection: close" END END PAGE) },
		{ "9.3", 0, STR_INIT("GET / HTTP/1.0" END END PAGE) },
		/* One empty line is what some clients leave behind. */
		{ "2.2", 1, STR_INIT(END PAGE) },
		{ "2.2", 0, STR_INIT(END END PAGE) },
	};
	size_t i;
	int n;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		n = asked_by(rows[i].text);
		if (n != rows[i].asked)
			test_fail(__FILE__, __LINE__,
			    "section %s: asked %d times: %.*s",
			    rows[i].section, n, (int)rows[i].text.n,
			    rows[i].text.p);
	}
}

struct answered {
	int status, err, dones;
	bool open;
	size_t body_n;
};

static int on_head(void *ctx, const struct http_head *head)
{
	((struct answered *)ctx)->status = head->status;
	return 0;
}

static int on_body(void *ctx, struct str data)
{
	((struct answered *)ctx)->body_n += data.n;
	return 0;
}

static void on_done(void *ctx, int err, const struct diag *d)
{
	(void)d;
	((struct answered *)ctx)->dones++;
	((struct answered *)ctx)->err = err;
}

/* What a client makes of these bytes as the answer to one request. */
static struct answered answer_of(const char *method, struct str text)
{
	static const struct http_client_events events = { on_head, on_body,
		on_done };
	static const struct conn_target to = { .host = STR_INIT("10.0.0.1"),
		.port = 80 };
	struct http_request r = { method, STR("/"), STR("h"), STR_NONE,
		STR_NONE };
	static struct http_client http;
	struct answered a = { 0 };

	world_begin();
	fake_serve(&w.f, "10.0.0.1", 80, FAKE_ACCEPT);
	http_client_init(&http, &w.loop, NULL, NULL, &events, &a);
	http_client_send(&http, &to, &r, w.loop.now_ns + NS_PER_S, 0);
	run_ms(5);
	fake_send(&w.f, fake_accept(&w.f), 0, text);
	run_ms(5);
	a.open = http_client_open(&http);
	http_client_cancel(&http);
	world_end();
	return a;
}

#define SECOND "HTTP/1.1 403 X" END CL "1" END END "x"

TEST(http_client_is_not_split)
{
	/* body_n of the first answer; whether the connection is used again,
	 * which it never is when something stands behind that. */
	static const struct { const char *section, *method; struct str text;
	    struct answered want; } rows[] = {
		{ "6.3", "GET", STR_INIT(OK CL "1" END END "x"),
		    { 200, 0, 1, true, 1 } },
		{ "9.3.2", "GET", STR_INIT(OK CL "1" END END "x" SECOND),
		    { 200, 0, 1, false, 1 } },
		{ "6.3", "HEAD", STR_INIT(OK CL "1" END END SECOND),
		    { 200, 0, 1, false, 0 } },
		{ "6.3", "HEAD", STR_INIT(OK TE "chunked" END END "0" END END),
		    { 200, 0, 1, false, 0 } },
		{ "6.3", "GET", STR_INIT("HTTP/1.1 204 X" END CL "1" END END
		    "x"), { 204, 0, 1, false, 0 } },
		{ "6.3", "GET", STR_INIT("HTTP/1.1 304 X" END CL "1" END END
		    SECOND), { 304, 0, 1, false, 0 } },
		{ "9110 15.2", "GET", STR_INIT("HTTP/1.1 100 X" END END OK
		    CL "1" END END "x"), { 200, 0, 1, true, 1 } },
		/* What stands behind an interim answer is the next one. */
		{ "9110 15.2", "GET", STR_INIT("HTTP/1.1 103 X" END CL "1" END
		    END "x" OK CL "1" END END "x"),
		    { 0, ERR_PROTO, 1, false, 0 } },
		{ "9110 15.2.2", "GET", STR_INIT("HTTP/1.1 101 X" END
		    "Upgrade: x" END "Connection: upgrade" END END SECOND),
		    { 0, ERR_PROTO, 1, false, 0 } },
		{ "6.3", "GET", STR_INIT(OK TE "chunked" END END
		    "0" END END SECOND), { 200, 0, 1, false, 0 } },
		{ "7.1", "GET", STR_INIT(OK TE "chunked" END END
		    "1\nx\r\n0" END END), { 200, ERR_PROTO, 1, false, 0 } },
		{ "6.3", "GET", STR_INIT(OK CL "1" END TE "chunked" END END
		    "0" END END), { 0, ERR_PROTO, 1, false, 0 } },
		{ "6.3", "GET", STR_INIT(OK CL "1" END CL "2" END END "xx"),
		    { 0, ERR_PROTO, 1, false, 0 } },
		{ "2.3", "GET", STR_INIT("<html>hello</html>"),
		    { 0, ERR_ALIEN, 1, false, 0 } },
		{ "9.6", "GET", STR_INIT(OK CL "1" END "Connection: close" END
		    END "x"), { 200, 0, 1, false, 1 } },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct answered a = answer_of(rows[i].method, rows[i].text);
		const struct answered *b = &rows[i].want;

		if (a.status != b->status || a.err != b->err ||
		    a.dones != b->dones || a.open != b->open ||
		    a.body_n != b->body_n)
			test_fail(__FILE__, __LINE__, "section %s: status %d, "
			    "error %d, %zu bytes, %s: %.*s", rows[i].section,
			    a.status, a.err, a.body_n, a.open ? "open" :
			    "closed", (int)rows[i].text.n, rows[i].text.p);
	}
}
