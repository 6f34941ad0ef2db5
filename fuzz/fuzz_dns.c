/*
 * A name that can be asked for, answered with nothing, gives no address; an
 * answer read with less room gives the first of the same addresses; records
 * put behind an answer are found. The first byte is the length of a name,
 * then come the name, the type, and a packet.
 */
#include "fuzz.h"
#include "net.h"

static int decode(struct str packet, struct str name, uint16_t type,
    struct net_addr *ret, uint32_t cap)
{
	uint16_t id = packet.n < 2 ? 0 :
	    (uint16_t)((uint8_t)packet.p[0] << 8 | (uint8_t)packet.p[1]);

	return dns_decode(packet, name, id, type, ret, cap);
}

static void check_packet(struct str packet, struct str name, uint16_t type)
{
	struct net_addr all[DNS_ADDRS_MAX], some[DNS_ADDRS_MAX];
	int n = decode(packet, name, type, all, DNS_ADDRS_MAX), m;

	FUZZ_CHECK(n <= DNS_ADDRS_MAX);
	FUZZ_CHECK(n >= 0 || n == ERR_BAD || n == ERR_NOENT || n == ERR_IO ||
	    n == ERR_MORE);
	for (int cap = 1; n > 0 && cap <= n; cap++) {
		m = decode(packet, name, type, some, (uint32_t)cap);
		FUZZ_CHECK(m == cap);
		for (int i = 0; i < m; i++)
			FUZZ_CHECK(some[i].family == all[i].family &&
			    !memcmp(some[i].ip, all[i].ip, 16));
	}
	for (int i = 0; i < n; i++)
		FUZZ_CHECK(all[i].family == (type == DNS_TYPE_A ? 4 : 6) &&
		    !all[i].port && !all[i].scope);
}

static void check_name(struct str name, uint16_t type)
{
	static const uint8_t record[] = {
		0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 1, 2, 3
	};
	uint8_t q[512];
	struct net_addr got[2];
	int n = dns_encode(name, 0x1234, type, q, sizeof(q));

	FUZZ_CHECK(n > 0 || n == ERR_BAD);
	if (n < 0)
		return;
	FUZZ_CHECK((size_t)n == 12 + name.n + 2 + 4 -
	    (size_t)str_ends(name, STR(".")));
	FUZZ_CHECK(decode((struct str){ (char *)q, (size_t)n }, name, type,
	    got, 2) == ERR_BAD);
	q[2] |= 0x80;
	FUZZ_CHECK(!decode((struct str){ (char *)q, (size_t)n }, name, type,
	    got, 2));
	memcpy(q + n, record, sizeof(record));
	q[n + 3] = (uint8_t)type;
	q[7] = 1;
	FUZZ_CHECK(decode((struct str){ (char *)q, (size_t)n + 16 }, name,
	    type, got, 2) == (type == DNS_TYPE_A ? 1 : ERR_BAD));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct str name = { (const char *)data, fuzz_u8(&in) };
	uint16_t type;

	if (name.n > in.n)
		name.n = in.n;
	name.p = (const char *)in.p;
	in.p += name.n;
	in.n -= name.n;
	type = fuzz_u8(&in) & 1 ? DNS_TYPE_AAAA : DNS_TYPE_A;
	check_name(name, type);
	check_packet((struct str){ (const char *)in.p, in.n }, name, type);
	return 0;
}
