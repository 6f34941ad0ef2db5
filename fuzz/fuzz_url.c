/*
 * The parts of a URL lie in the input, are of the right characters, and put
 * together again give the same parts. Escaping and unescaping is the
 * identity; what unescapes escapes to what unescapes to the same.
 */
#include "codec.h"
#include "fuzz.h"

static char text_mem[4 * FUZZ_MAX], back_mem[FUZZ_MAX + 1];

static void check_inside(struct str part, struct str whole)
{
	FUZZ_CHECK(part.n == 0 || (part.p >= whole.p &&
	    part.p + part.n <= whole.p + whole.n));
}

static void check_chars(struct str s, const char *more)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		FUZZ_CHECK((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || (c && strchr(more, c)));
	}
}

static void check_again(const struct url *u)
{
	bool v6 = u->host_is_ip && u->ip.family == 6;
	struct url again;
	struct buf b;

	buf_init(&b, text_mem, sizeof(text_mem));
	buf_fmt(&b, "%s://%s%S%s:%u%S", u->tls ? "https" : "http",
	    v6 ? "[" : "", u->host, v6 ? "]" : "", (unsigned)u->port,
	    u->path);
	FUZZ_CHECK(!b.over);
	/* The port is written now, which may be too much for the cap. */
	if (b.n > URL_MAX)
		return;
	FUZZ_CHECK(url_parse(buf_view(&b), &again, NULL) == 0);
	FUZZ_CHECK(again.tls == u->tls && again.port == u->port);
	FUZZ_CHECK(str_eq(again.host, u->host));
	FUZZ_CHECK(str_eq(again.path, u->path));
	FUZZ_CHECK(again.host_is_ip == u->host_is_ip);
}

static void check_parse(struct str in)
{
	struct url u;
	struct diag d;
	int err;

	diag_clear(&d);
	err = url_parse(in, &u, &d);
	FUZZ_CHECK(diag_is_set(&d) == (err != 0));
	FUZZ_CHECK(err == 0 || err == ERR_BAD);
	if (err)
		return;
	check_inside(u.host, in);
	check_inside(u.path, in);
	FUZZ_CHECK(u.host.n > 0 && u.port > 0);
	check_chars(u.host, u.host_is_ip ? ".:" : "-._");
	check_chars(u.path, "-._~/:@!$&'()*+,;=%");
	FUZZ_CHECK(u.path.n == 0 || (u.path.p[0] == '/' &&
	    u.path.p[u.path.n - 1] != '/'));
	if (u.host_is_ip)
		FUZZ_CHECK(u.ip.family && u.ip.port == u.port);
	check_again(&u);
}

static void check_escape(struct str in)
{
	struct buf b, back;

	buf_init(&b, text_mem, sizeof(text_mem));
	url_escape(&b, in);
	FUZZ_CHECK(!b.over);
	check_chars(buf_view(&b), "-._~%");
	buf_init(&back, back_mem, sizeof(back_mem));
	FUZZ_CHECK(url_unescape(buf_view(&b), &back) == 0);
	FUZZ_CHECK(str_eq(buf_view(&back), in));
	buf_clear(&back);
	if (url_unescape(in, &back)) {
		FUZZ_CHECK(back.n == 0);
		return;
	}
	FUZZ_CHECK(back.n <= in.n);
	buf_clear(&b);
	url_escape(&b, buf_view(&back));
	buf_init(&back, b.p + b.n, sizeof(text_mem) - b.n);
	FUZZ_CHECK(url_unescape(buf_view(&b), &back) == 0);
	FUZZ_CHECK(back.n <= in.n && !memcmp(back.p, back_mem, back.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };

	if (size > FUZZ_MAX)
		return 0;
	check_parse(in);
	check_escape(in);
	return 0;
}
