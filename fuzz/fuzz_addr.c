/*
 * An address that is taken is written in one canonical form that reads back
 * the same. Without a zone, inet_pton() takes the very same texts.
 */
#include <arpa/inet.h>

#include "base.h"
#include "fuzz.h"

static struct str format(const struct net_addr *a)
{
	static char mem[64];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	addr_format(&b, a);
	FUZZ_CHECK(!b.over);
	return buf_view(&b);
}

static void check_round_trip(const struct net_addr *a)
{
	struct net_addr again = { .port = a->port };
	char first[64];
	struct str text = format(a);
	size_t n = text.n;

	memcpy(first, text.p, n);
	FUZZ_CHECK(!addr_parse((struct str){ first, n }, &again));
	FUZZ_CHECK(again.family == a->family && again.port == a->port);
	FUZZ_CHECK(again.scope == a->scope);
	FUZZ_CHECK(!memcmp(again.ip, a->ip, sizeof(a->ip)));
	FUZZ_CHECK(str_eq(format(&again), (struct str){ first, n }));
}

static void check_reference(struct str s, int rc, const struct net_addr *a)
{
	char text[128];
	uint8_t v4[4], v6[16];

	if (s.n >= sizeof(text) || str_find(s, '\0') < s.n ||
	    str_find(s, '%') < s.n)
		return;
	if (s.n)
		memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(AF_INET, text, v4) == 1)
		FUZZ_CHECK(!rc && a->family == 4 && !memcmp(a->ip, v4, 4));
	else if (inet_pton(AF_INET6, text, v6) == 1)
		FUZZ_CHECK(!rc && a->family == 6 && !memcmp(a->ip, v6, 16));
	else
		FUZZ_CHECK(rc == ERR_BAD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct net_addr a = { .family = 77, .port = 4711 };
	struct net_addr b = { .family = 77 };
	int rc = addr_parse(s, &a);

	FUZZ_CHECK(rc == 0 || rc == ERR_BAD);
	FUZZ_CHECK(a.port == 4711);
	if (rc)
		FUZZ_CHECK(a.family == 77);
	else
		check_round_trip(&a);
	check_reference(s, rc, &a);

	rc = addr_parse_bind(s, &b);
	FUZZ_CHECK(rc == 0 || rc == ERR_BAD);
	if (rc)
		FUZZ_CHECK(b.family == 77);
	else if (b.family)
		check_round_trip(&b);
	return 0;
}
