/*
 * Blocks lie one after the other in the input; each, put together again from
 * its label and body, reads as before; what is decoded does not depend on
 * white space or on how the lines are broken.
 */
#include "codec.h"
#include "fuzz.h"

enum { ROOM = 3 * FUZZ_MAX };

static char again[ROOM], mem[2][FUZZ_MAX];

static void check_again(const struct pem *p)
{
	struct str in;
	struct pem q;
	struct buf b;

	buf_init(&b, again, sizeof(again));
	buf_fmt(&b, "-----BEGIN %S-----\n%S-----END %S-----", p->label,
	    p->body, p->label);
	FUZZ_CHECK(!b.over);
	in = buf_view(&b);
	FUZZ_CHECK(!pem_next(&in, &q));
	FUZZ_CHECK(str_eq(p->label, q.label) && str_eq(p->body, q.body));
	FUZZ_CHECK(pem_next(&in, &q) == ERR_NOENT);
}

static void check_decode(const struct pem *p)
{
	struct pem bare = *p;
	size_t n = 0, m = 0;
	struct buf b;
	int rc = pem_decode(p, mem[0], sizeof(mem[0]), &n);

	FUZZ_CHECK(rc == 0 || rc == ERR_BAD || rc == ERR_UNSUPPORTED);
	if (rc)
		return;
	FUZZ_CHECK(n <= p->body.n / 4 * 3 + 3);
	buf_init(&b, again, sizeof(again));
	for (size_t i = 0; i < p->body.n; i++)
		if (str_find(STR(" \t\r\n"), p->body.p[i]) == 4)
			buf_char(&b, p->body.p[i]);
	for (size_t i = 0; i < b.n; i++)
		FUZZ_CHECK(again[i] != '\n');
	bare.body = buf_view(&b);
	rc = pem_decode(&bare, mem[1], sizeof(mem[1]), &m);
	FUZZ_CHECK(!rc && n == m && !memcmp(mem[0], mem[1], n));
	/* One byte less of room is too little. */
	if (n)
		FUZZ_CHECK(pem_decode(p, mem[1], n - 1, &m) == ERR_FULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	const char *end = in.p + size, *at = in.p;
	struct pem p;
	int rc;

	while (!(rc = pem_next(&in, &p))) {
		/* A label may be empty, and then stands nowhere. */
		FUZZ_CHECK(p.body.p > at && (!p.label.n ||
		    (p.label.p > at && p.body.p > p.label.p)));
		FUZZ_CHECK(str_find(p.label, '\n') == p.label.n);
		at = p.body.p + p.body.n;
		FUZZ_CHECK(at < end);
		FUZZ_CHECK(!in.n || (in.p > at && in.p + in.n == end));
		check_again(&p);
		check_decode(&p);
	}
	FUZZ_CHECK(rc == ERR_NOENT || rc == ERR_BAD);
	return 0;
}
