#include <string.h>

#include "base_int.h"

/* Four decimals without leading zeros, which some read as octal. */
static int parse_v4(struct str s, uint8_t ret[static 4])
{
	uint8_t ip[4];

	for (int i = 0; i < 4; i++) {
		size_t end = i < 3 ? str_find(s, '.') : s.n;
		struct str part = str_sub(s, 0, end);
		uint64_t v;

		if ((i < 3 && end == s.n) || part.n > 3 ||
		    (part.n > 1 && part.p[0] == '0') ||
		    str_u64(part, &v) || v > 255)
			return ERR_BAD;
		ip[i] = (uint8_t)v;
		s = str_sub(s, end + 1, s.n);
	}
	memcpy(ret, ip, 4);
	return 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One to four hex digits at the head of s: their count, or ERR_BAD. */
static int parse_group(struct str s, uint8_t ret[static 2])
{
	unsigned v = 0;
	size_t n = 0;

	while (n < s.n && hex_value(s.p[n]) >= 0) {
		if (n == 4)
			return ERR_BAD;
		v = v << 4 | (unsigned)hex_value(s.p[n++]);
	}
	if (!n)
		return ERR_BAD;
	ret[0] = (uint8_t)(v >> 8);
	ret[1] = (uint8_t)v;
	return (int)n;
}

/*
 * Groups separated by ':' into ip, all of s; an IPv4 address may be the end
 * (RFC 4291 section 2.2). The bytes written, at most room, or ERR_BAD.
 */
static int parse_groups(struct str s, uint8_t *ip, int room)
{
	int at = 0, n;

	if (!s.n)
		return 0;
	for (;;) {
		if (at + 4 <= room && !parse_v4(s, ip + at))
			return at + 4;
		n = at + 2 <= room ? parse_group(s, ip + at) : ERR_BAD;
		if (n < 0)
			return ERR_BAD;
		at += 2;
		s = str_sub(s, (size_t)n, s.n);
		if (!s.n)
			return at;
		if (s.p[0] != ':' || s.n == 1)
			return ERR_BAD;
		s = str_sub(s, 1, s.n);
	}
}

static int parse_v6(struct str s, uint8_t ret[static 16])
{
	uint8_t ip[16] = { 0 }, tail[16];
	size_t gap = str_search(s, STR("::"));
	int head_n, tail_n;

	if (gap == s.n) {
		if (parse_groups(s, ip, 16) != 16)
			return ERR_BAD;
		memcpy(ret, ip, 16);
		return 0;
	}
	/* The gap stands for at least one group; IPv4 only ends the whole. */
	head_n = parse_groups(str_sub(s, 0, gap), ip, 14);
	if (head_n < 0 || str_find(str_sub(s, 0, gap), '.') < gap)
		return ERR_BAD;
	tail_n = parse_groups(str_sub(s, gap + 2, s.n), tail, 14 - head_n);
	if (tail_n < 0)
		return ERR_BAD;
	memset(ip + head_n, 0, 16 - (size_t)head_n);
	memcpy(ip + 16 - tail_n, tail, (size_t)tail_n);
	memcpy(ret, ip, 16);
	return 0;
}

int addr_parse(struct str s, struct net_addr *ret)
{
	size_t percent = str_find(s, '%');
	uint8_t ip[16] = { 0 };
	uint8_t family = 4;
	uint64_t scope = 0;

	if (parse_v4(s, ip)) {
		family = 6;
		/* By number: names of interfaces are the kernel's. */
		if (percent < s.n && (str_u64(str_sub(s, percent + 1, s.n),
		    &scope) || !scope || scope > UINT32_MAX))
			return ERR_BAD;
		if (parse_v6(str_sub(s, 0, percent), ip))
			return ERR_BAD;
	}
	ret->family = family;
	memcpy(ret->ip, ip, sizeof(ip));
	ret->scope = (uint32_t)scope;
	return 0;
}

static void format_v4(struct buf *b, const uint8_t ip[static 4])
{
	buf_fmt(b, "%u.%u.%u.%u", (unsigned)ip[0], (unsigned)ip[1],
	    (unsigned)ip[2], (unsigned)ip[3]);
}

static unsigned group(const uint8_t ip[static 16], int i)
{
	return (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
}

/* The first longest run of two or more zero groups: its length, or 0. */
static int zero_run(const uint8_t ip[static 16], int *ret_at)
{
	int best = 0, run = 0;

	for (int i = 0; i < 8; i++) {
		run = group(ip, i) ? 0 : run + 1;
		if (run > best && run >= 2) {
			best = run;
			*ret_at = i - run + 1;
		}
	}
	return best;
}

static void format_v6(struct buf *b, const uint8_t ip[static 16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	int at = 8, run = zero_run(ip, &at);

	if (!memcmp(ip, mapped, sizeof(mapped))) {
		buf_cstr(b, "::ffff:");
		format_v4(b, ip + 12);
		return;
	}
	for (int i = 0; i < 8; i++) {
		if (run && i == at) {
			buf_cstr(b, "::");
			i += run - 1;
			continue;
		}
		if (i && i != at + run)
			buf_char(b, ':');
		buf_fmt(b, "%x", (uint64_t)group(ip, i));
	}
}

void addr_format(struct buf *b, const struct net_addr *a)
{
	if (a->family == 4)
		format_v4(b, a->ip);
	else if (a->family == 6)
		format_v6(b, a->ip);
	if (a->family == 6 && a->scope)
		buf_fmt(b, "%%%u", (unsigned)a->scope);
}

int addr_parse_bind(struct str s, struct net_addr *ret)
{
	size_t colon = str_rfind(s, ':');
	struct str host = str_sub(s, 0, colon);
	struct net_addr a = { .family = 6 };
	uint64_t port;

	if (str_is(s, "0")) {
		*ret = (struct net_addr){ .family = 0 };
		return 0;
	}
	if (colon == s.n || str_u64(str_sub(s, colon + 1, s.n), &port) ||
	    port > UINT16_MAX)
		return ERR_BAD;
	if (host.n) {
		bool bracket = host.p[0] == '[';

		if (bracket && !str_ends(host, STR("]")))
			return ERR_BAD;
		host = str_sub(host, bracket, host.n - bracket);
		/* Brackets belong to IPv6 and only to it (RFC 3986 3.2.2). */
		if (addr_parse(host, &a) || (a.family == 6) != bracket)
			return ERR_BAD;
	}
	a.port = (uint16_t)port;
	*ret = a;
	return 0;
}
