/*
 * What a client sends, to a server whose random numbers are always the same:
 * taken record by record or byte by byte, the server answers and fails alike,
 * and none but a client that ends its handshake gets anything in. Not all at
 * once: whoever sends more than he may before the answer is refused.
 */
#include "net.h"
#include "tls_side.h"

static struct mem mem;
static struct trust *trust;
static struct side records, bytes;

static void setup(void)
{
	struct str pem = file("tests/unit/net/certs/ec.pem");

	mem_init(&mem, io_linux());
	FUZZ_CHECK(!trust_new(&mem, &trust));
	FUZZ_CHECK(!trust_load_client(trust, pem, pem, NULL));
	side_init(&records);
	side_init(&bytes);
}

/* As long as the record at the head of in says that it is. */
static size_t record(struct str in)
{
	return in.n < 5 ? in.n : 5U + ((size_t)(uint8_t)in.p[3] << 8 |
	    (uint8_t)in.p[4]);
}

static void run(struct side *s, struct str in, bool single)
{
	struct tls_start how = { trust, STR_NONE, WALL_NS, { 7 } };
	size_t left = 0;		/* of a record that was begun */
	int idle = 0;

	s->out_n = s->plain_n = 0;
	s->plain_hash = HASH_SEED;
	s->end = 0;
	FUZZ_CHECK(!tls_accept(s->tls, &how));
	drain(s);
	while (in.n) {
		size_t piece = single ? 1 : left ? left : record(in);
		int n = tls_wire_in(s->tls, str_sub(in, 0, piece));

		if (n < 0) {
			s->end = n;
			break;
		}
		left = (piece < in.n ? piece : in.n) - (size_t)n;
		drain(s);
		idle = n ? 0 : idle + 1;
		FUZZ_CHECK(idle < 2);
		in = str_sub(in, (size_t)n, in.n);
	}
	drain(s);
	/* It fails when the alert that says so has left. */
	if (!s->end)
		s->end = tls_error(s->tls, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct diag d;

	if (!trust)
		setup();
	run(&records, in, false);
	run(&bytes, in, true);
	FUZZ_CHECK(records.end == bytes.end || bytes.end == ERR_CLOSED);
	/* What was not sent before it failed is never sent. */
	FUZZ_CHECK(records.end ? records.out_n <= bytes.out_n :
	    records.out_n == bytes.out_n);
	FUZZ_CHECK(!memcmp(records.out, bytes.out, records.out_n));
	FUZZ_CHECK(records.plain_n == bytes.plain_n);
	FUZZ_CHECK(records.plain_hash == bytes.plain_hash);
	FUZZ_CHECK(tls_is_open(records.tls) == tls_is_open(bytes.tls));
	FUZZ_CHECK(!records.plain_n || tls_is_open(records.tls));
	diag_clear(&d);
	if (records.end && records.end != ERR_CLOSED) {
		FUZZ_CHECK(tls_error(records.tls, &d) == records.end);
		FUZZ_CHECK(diag_is_set(&d));
	}
	return 0;
}
