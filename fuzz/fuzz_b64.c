/*
 * What decodes encodes to the same text (but for what lax skips); what is
 * encoded decodes to the same bytes, in place too; room short by one is
 * ERR_FULL.
 */
#include "codec.h"
#include "fuzz.h"

static char text_mem[2 * FUZZ_MAX], byte_mem[FUZZ_MAX + 1];

/* The input without what lax skips. */
static struct str squeeze(struct str s)
{
	struct buf b;
	size_t i;

	buf_init(&b, byte_mem, sizeof(byte_mem));
	for (i = 0; i < s.n; i++)
		if (!memchr(" \t\r\n", s.p[i], 4))
			buf_char(&b, s.p[i]);
	return buf_view(&b);
}

static void check_decode(struct str in, bool url, bool lax)
{
	size_t cap = in.n / 4 * 3 + 3, n = 0, again = 0;
	char *out = malloc(cap), *tight;
	struct buf b;

	if ((url ? b64url_decode(in, out, cap, &n) :
	    b64_decode(in, lax, out, cap, &n)) != 0) {
		free(out);
		return;
	}
	FUZZ_CHECK(n <= cap);
	buf_init(&b, text_mem, sizeof(text_mem));
	if (url)
		b64url_encode(&b, out, n);
	else
		b64_encode(&b, out, n);
	FUZZ_CHECK(!b.over);
	FUZZ_CHECK(str_eq(buf_view(&b), lax ? squeeze(in) : in));
	tight = malloc(n ? n : 1);
	FUZZ_CHECK((url ? b64url_decode(in, tight, n, &again) :
	    b64_decode(in, lax, tight, n, &again)) == 0);
	FUZZ_CHECK(again == n && !memcmp(tight, out, n));
	if (n)
		FUZZ_CHECK((url ? b64url_decode(in, tight, n - 1, &again) :
		    b64_decode(in, lax, tight, n - 1, &again)) == ERR_FULL);
	free(tight);
	free(out);
}

static void check_encode(struct str in, bool url)
{
	struct buf b;
	size_t n = 0;

	buf_init(&b, text_mem, sizeof(text_mem));
	if (url)
		b64url_encode(&b, in.p, in.n);
	else
		b64_encode(&b, in.p, in.n);
	FUZZ_CHECK(!b.over);
	FUZZ_CHECK((url ? b64url_decode(buf_view(&b), b.p, b.n, &n) :
	    b64_decode(buf_view(&b), false, b.p, b.n, &n)) == 0);
	FUZZ_CHECK(n == in.n && (!n || !memcmp(b.p, in.p, n)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };

	if (size > FUZZ_MAX)
		return 0;
	check_decode(in, false, false);
	check_decode(in, false, true);
	check_decode(in, true, false);
	check_encode(in, false);
	check_encode(in, true);
	return 0;
}
