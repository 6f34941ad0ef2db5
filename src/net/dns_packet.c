#include <string.h>

#include "net.h"

#define HEADER_BYTES 12
#define LABEL_MAX 63
#define NAME_WIRE_MAX 255	/* with the root label */
#define CLASS_IN 1
#define FLAG_RESPONSE 0x8000
#define FLAG_OPCODE 0x7800
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSE 0x0100
#define RCODE_MASK 0x000f
#define RCODE_NXDOMAIN 3

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint16_t get16(struct str s, size_t at)
{
	return (uint16_t)((uint8_t)s.p[at] << 8 | (uint8_t)s.p[at + 1]);
}

static bool label_fits(struct str label)
{
	if (!label.n || label.n > LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (label.p[i] <= ' ' || label.p[i] >= 0x7f)
			return false;
	return true;
}

/* Labels with their lengths, and the root; ERR_BAD. */
static int name_encode(struct str name, uint8_t out[static NAME_WIRE_MAX])
{
	size_t n = 0;

	if (str_ends(name, STR(".")))
		name = str_sub(name, 0, name.n - 1);
	if (!name.n || name.n > NAME_WIRE_MAX - 2 ||
	    name.p[name.n - 1] == '.')
		return ERR_BAD;
	while (name.n) {
		struct str label;

		name = str_cut(name, '.', &label);
		if (!label_fits(label))
			return ERR_BAD;
		out[n++] = (uint8_t)label.n;
		memcpy(out + n, label.p, label.n);
		n += label.n;
	}
	out[n++] = 0;
	return (int)n;
}

int dns_encode(struct str name, uint16_t id, uint16_t type, uint8_t *out,
    size_t cap)
{
	uint8_t wire[NAME_WIRE_MAX];
	int n = name_encode(name, wire);
	size_t all;

	if (n < 0)
		return n;
	all = HEADER_BYTES + (size_t)n + 4;
	if (all > cap)
		return ERR_FULL;
	memset(out, 0, HEADER_BYTES);
	put16(out, id);
	put16(out + 2, FLAG_RECURSE);
	put16(out + 4, 1);
	memcpy(out + HEADER_BYTES, wire, (size_t)n);
	put16(out + all - 4, type);
	put16(out + all - 2, CLASS_IN);
	return (int)all;
}

/* The question is ours, in any case of letters; where it ends, ERR_BAD. */
static int question_match(struct str p, struct str name, uint16_t type)
{
	uint8_t wire[NAME_WIRE_MAX];
	int n = name_encode(name, wire);
	size_t end;

	if (n < 0)
		return ERR_BAD;
	end = HEADER_BYTES + (size_t)n;
	if (get16(p, 4) != 1 || p.n < end + 4 ||
	    !str_eq_nocase(str_sub(p, HEADER_BYTES, end),
		(struct str){ (char *)wire, (size_t)n }) ||
	    get16(p, end) != type || get16(p, end + 2) != CLASS_IN)
		return ERR_BAD;
	return (int)end + 4;
}

/* Past a name: labels up to the root or to a pointer, which is not followed. */
static int name_skip(struct str p, size_t at)
{
	while (at < p.n) {
		uint8_t n = (uint8_t)p.p[at];

		if (n >= 0xc0)
			return at + 2 <= p.n ? (int)at + 2 : ERR_BAD;
		if (n > LABEL_MAX)
			return ERR_BAD;
		at += 1 + (size_t)n;
		if (!n)
			return (int)at;
	}
	return ERR_BAD;
}

/*
 * One record at `at`: where the next begins, or ERR_BAD. An address of the
 * type goes to *ret, whoever owns it: that is an alias of what was asked,
 * and servers differ in the order of aliases and addresses.
 */
static int record_read(struct str p, size_t at, uint16_t type,
    struct net_addr *ret, bool *ret_is)
{
	int head = name_skip(p, at);
	size_t body, n, size = type == DNS_TYPE_A ? 4 : 16;

	if (head < 0 || p.n - (size_t)head < 10)
		return ERR_BAD;
	body = (size_t)head + 10;
	n = get16(p, body - 2);
	if (p.n - body < n)
		return ERR_BAD;
	*ret_is = get16(p, body - 10) == type &&
	    get16(p, body - 8) == CLASS_IN;
	if (*ret_is) {
		if (n != size)
			return ERR_BAD;
		*ret = (struct net_addr){ .family = size == 4 ? 4 : 6 };
		memcpy(ret->ip, p.p + body, size);
	}
	return (int)(body + n);
}

int dns_decode(struct str packet, struct str name, uint16_t id,
    uint16_t type, struct net_addr *ret, uint32_t cap)
{
	uint32_t n = 0;
	unsigned flags, rcode, answers;
	int at;

	if (packet.n < HEADER_BYTES || packet.n > UINT16_MAX ||
	    get16(packet, 0) != id)
		return ERR_BAD;
	flags = get16(packet, 2);
	at = question_match(packet, name, type);
	if (!(flags & FLAG_RESPONSE) || flags & FLAG_OPCODE || at < 0)
		return ERR_BAD;
	rcode = flags & RCODE_MASK;
	if (rcode)
		return rcode == RCODE_NXDOMAIN ? ERR_NOENT : ERR_IO;
	if (flags & FLAG_TRUNCATED)
		return ERR_MORE;
	for (answers = get16(packet, 6); answers && n < cap; answers--) {
		struct net_addr a = { 0 };
		bool is;

		at = record_read(packet, (size_t)at, type, &a, &is);
		if (at < 0)
			return ERR_BAD;
		if (is)
			ret[n++] = a;
	}
	return (int)n;
}
