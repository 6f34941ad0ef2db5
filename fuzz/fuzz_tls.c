/*
 * What a server sends, to a client whose random numbers are always the same:
 * taken whole or byte by byte, the client answers and fails alike. So a
 * recorded server's flights are a valid handshake each time.
 */
#include "net.h"
#include "tls_side.h"

static struct mem mem;
static struct trust *trust;
static struct side whole, bytes;

static void setup(void)
{
	struct diag d;

	diag_clear(&d);
	mem_init(&mem, io_linux());
	FUZZ_CHECK(!trust_new(&mem, &trust));
	FUZZ_CHECK(!trust_load_anchors(trust,
	    file("tests/unit/net/certs/ca-ec.pem"), WALL_NS, &d));
	side_init(&whole);
	side_init(&bytes);
}

static void run(struct side *s, struct str in, size_t piece)
{
	struct tls_start how = { trust, STR("localhost"), WALL_NS, { 7 } };
	int idle = 0;

	s->out_n = s->plain_n = 0;
	s->plain_hash = HASH_SEED;
	s->end = 0;
	FUZZ_CHECK(!tls_begin(s->tls, &how));
	drain(s);
	while (in.n) {
		int n = tls_wire_in(s->tls, str_sub(in, 0, piece));

		if (n < 0) {
			s->end = n;
			break;
		}
		drain(s);
		idle = n ? 0 : idle + 1;
		FUZZ_CHECK(idle < 2);
		in = str_sub(in, (size_t)n, in.n);
	}
	drain(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct diag d;

	if (!trust)
		setup();
	run(&whole, in, SIZE_MAX);
	run(&bytes, in, 1);
	/* What follows a close_notify in its own record counts if it came
	 * with it. */
	FUZZ_CHECK(whole.end == bytes.end || bytes.end == ERR_CLOSED);
	/* What was not sent before it failed is never sent. */
	FUZZ_CHECK(whole.end ? whole.out_n <= bytes.out_n :
	    whole.out_n == bytes.out_n);
	FUZZ_CHECK(!memcmp(whole.out, bytes.out, whole.out_n));
	FUZZ_CHECK(whole.plain_n == bytes.plain_n);
	FUZZ_CHECK(whole.plain_hash == bytes.plain_hash);
	FUZZ_CHECK(tls_is_open(whole.tls) == tls_is_open(bytes.tls));
	/* Only who speaks as the server we know gets through. */
	FUZZ_CHECK(!whole.plain_n || tls_is_open(whole.tls));
	diag_clear(&d);
	FUZZ_CHECK(whole.end == ERR_CLOSED || tls_error(whole.tls, &d) ==
	    whole.end);
	FUZZ_CHECK(!whole.end || whole.end == ERR_CLOSED || diag_is_set(&d));
	return 0;
}
