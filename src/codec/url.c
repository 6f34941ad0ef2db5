#include "codec.h"

/* What stands before an '@' may be a password. */
static int bad(struct diag *d, struct str url, const char *why)
{
	if (str_find(url, '@') < url.n)
		diag_set(d, STR("url"), "%s", why);
	else
		diag_set(d, STR("url"), "\"%S\": %s", str_sub(url, 0, 200),
		    why);
	return ERR_BAD;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
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

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* The byte that %XX at the head of s stands for, or -1. */
static int percent_value(struct str s)
{
	if (s.n < 3 || hex_value(s.p[1]) < 0 || hex_value(s.p[2]) < 0)
		return -1;
	return hex_value(s.p[1]) << 4 | hex_value(s.p[2]);
}

/* pchar and '/' of RFC 3986 section 3.3. */
static bool path_is_valid(struct str s)
{
	static const char more[] = "/:@!$&'()*+,;=";
	size_t i, k;

	for (i = 0; i < s.n; i++) {
		if (is_unreserved(s.p[i]))
			continue;
		if (s.p[i] == '%') {
			if (percent_value(str_sub(s, i, s.n)) < 0)
				return false;
			i += 2;
			continue;
		}
		for (k = 0; k < sizeof(more) - 1; k++)
			if (s.p[i] == more[k])
				break;
		if (k == sizeof(more) - 1)
			return false;
	}
	return true;
}

/* Underscores are seen in the wild. */
static bool label_is_valid(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!is_unreserved(s.p[i]) || s.p[i] == '~')
			return false;
	return s.n > 0 && s.n <= 63 && s.p[0] != '-' && s.p[s.n - 1] != '-';
}

/* Digits, or hexadecimal ones behind 0x. */
static bool is_number(struct str s)
{
	bool hex = str_eq_nocase(str_sub(s, 0, 2), STR("0x"));
	size_t i;

	for (i = hex ? 2 : 0; i < s.n; i++)
		if (hex ? hex_value(s.p[i]) < 0 : !is_digit(s.p[i]))
			return false;
	return true;
}

/*
 * A DNS name, absolute or not. One that ends in a number is no name but a
 * spoilt IPv4 address, which some resolvers would take for another.
 */
static bool name_is_valid(struct str s)
{
	struct str label = STR_NONE;

	if (str_ends(s, STR(".")))
		s.n--;
	if (s.n == 0 || s.n > 253 || s.p[s.n - 1] == '.')
		return false;
	while (s.n) {
		s = str_cut(s, '.', &label);
		if (!label_is_valid(label))
			return false;
	}
	return !is_number(label);
}

static int port_take(struct str s, struct url *u)
{
	uint64_t port;

	if (str_u64(s, &port) || port == 0 || port > UINT16_MAX)
		return ERR_BAD;
	u->port = (uint16_t)port;
	return 0;
}

/* host, host:port, [v6], [v6]:port */
static int authority_take(struct str s, struct url *u)
{
	size_t end = str_find(s, ']');

	if (s.n > 0 && s.p[0] == '[') {
		if (end == s.n)
			return ERR_BAD;
		u->host = str_sub(s, 1, end);
		s = str_sub(s, end + 1, s.n);
		/* No zones: they mean nothing to the server named. */
		if (str_find(u->host, '%') < u->host.n ||
		    addr_parse(u->host, &u->ip) || u->ip.family != 6)
			return ERR_BAD;
		u->host_is_ip = true;
		if (s.n == 0)
			return 0;
		return s.p[0] == ':' ? port_take(str_sub(s, 1, s.n), u) :
		    ERR_BAD;
	}
	end = str_find(s, ':');
	u->host = str_sub(s, 0, end);
	u->host_is_ip = addr_parse(u->host, &u->ip) == 0;
	if (!u->host_is_ip && !name_is_valid(u->host))
		return ERR_BAD;
	return end == s.n ? 0 : port_take(str_sub(s, end + 1, s.n), u);
}

int url_parse(struct str s, struct url *ret, struct diag *d)
{
	struct url u = { 0 };
	struct str rest, head;
	size_t end;

	if (s.n > URL_MAX)
		return bad(d, s, "is too long");
	if (str_eq_nocase(str_sub(s, 0, 8), STR("https://"))) {
		u.tls = true;
		rest = str_sub(s, 8, s.n);
	} else if (str_eq_nocase(str_sub(s, 0, 7), STR("http://"))) {
		rest = str_sub(s, 7, s.n);
	} else {
		return bad(d, s, "is not an http or https URL");
	}
	end = str_find(rest, '/');
	head = str_sub(rest, 0, end);
	u.path = str_sub(rest, end, rest.n);
	if (str_find(head, '@') < head.n)
		return bad(d, s, "user names in URLs are not taken");
	if (str_find(s, '?') < s.n || str_find(s, '#') < s.n)
		return bad(d, s, "a query or fragment is not taken");
	u.port = u.tls ? 443 : 80;
	if (authority_take(head, &u))
		return bad(d, s, "host or port is not valid");
	u.ip.port = u.port;
	while (u.path.n > 0 && u.path.p[u.path.n - 1] == '/')
		u.path.n--;
	if (!path_is_valid(u.path))
		return bad(d, s, "path is not valid");
	*ret = u;
	return 0;
}

void url_escape(struct buf *out, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_unreserved(s.p[i])) {
			buf_char(out, s.p[i]);
			continue;
		}
		buf_char(out, '%');
		buf_char(out, hex[c >> 4]);
		buf_char(out, hex[c & 15]);
	}
}

int url_unescape(struct str s, struct buf *out)
{
	size_t before = out->n, i;

	for (i = 0; i < s.n; i++) {
		int c = s.p[i] == '+' ? ' ' : s.p[i];

		if (c == '%') {
			c = percent_value(str_sub(s, i, s.n));
			if (c < 0) {
				out->n = before;
				return ERR_BAD;
			}
			i += 2;
		}
		buf_char(out, (char)c);
	}
	return out->over ? ERR_FULL : 0;
}
