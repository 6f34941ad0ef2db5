/*
 * The first byte chooses: decode what follows, whole, in pieces and by a
 * second decoder that sees all of it at once; or encode it and decode that.
 */
#include "fuzz.h"
#include "net.h"

struct result {
	int done;		/* 1, 0 or ERR_BAD */
	size_t taken, n;
	char data[FUZZ_MAX];
};

static struct result whole, pieces, plain;

static void run(struct str in, struct fuzz_input cuts, struct result *r)
{
	struct chunk c;
	size_t at = 0;

	*r = (struct result){ 0 };
	chunk_init(&c);
	while (!r->done && at < in.n) {
		size_t step = cuts.n ? 1 + fuzz_u8(&cuts) % 40u : in.n - at;
		struct str piece = str_sub(in, at, at + step), data;

		at += piece.n;
		while (!r->done && piece.n) {
			size_t before = piece.n;

			r->done = chunk_push(&c, &piece, &data);
			FUZZ_CHECK(piece.n < before);
			FUZZ_CHECK(!r->done || !data.n);
			if (data.n)
				memcpy(r->data + r->n, data.p, data.n);
			r->n += data.n;
		}
		at -= piece.n;
	}
	r->taken = at;
}

static bool same(const struct result *a, const struct result *b)
{
	return a->done == b->done && a->taken == b->taken && a->n == b->n &&
	    !memcmp(a->data, b->data, a->n);
}

/* The end of the line at `at`, a CRLF within so many bytes; 0: none. */
static size_t line_end(struct str in, size_t at, size_t most)
{
	struct str line = str_sub(in, at, at + most);
	size_t n = str_search(line, STR("\r\n"));

	return n == line.n ? 0 : at + n;
}

/*
 * A body that is complete and has neither white space nor trailers, decoded
 * in the plainest way; false: it is not of that kind.
 */
static bool decode_plain(struct str in, struct result *r)
{
	size_t at = 0, end, i;

	*r = (struct result){ .done = 1 };
	for (;;) {
		uint64_t size = 0;

		end = line_end(in, at, 100);
		if (!end)
			return false;
		for (i = at; i < end && in.p[i] != ';'; i++) {
			const char *digits = "0123456789abcdefABCDEF", *d;

			d = memchr(digits, in.p[i], 22);
			if (!d || size > 1 << 20)
				return false;
			d = d - digits > 15 ? d - 6 : d;
			size = size * 16 + (uint64_t)(d - digits);
		}
		for (; i < end; i++)
			if (in.p[i] < 0x20 || in.p[i] > 0x7e)
				return false;
		if (at == end || in.p[at] == ';')
			return false;
		at = end + 2;
		if (!size)
			break;
		if (size > in.n - at)
			return false;
		memcpy(r->data + r->n, in.p + at, (size_t)size);
		r->n += (size_t)size;
		at += (size_t)size;
		if (!str_starts(str_sub(in, at, in.n), STR("\r\n")))
			return false;
		at += 2;
	}
	r->taken = at + 2;
	return str_starts(str_sub(in, at, in.n), STR("\r\n"));
}

static void encode(struct str in, struct fuzz_input cuts, struct buf *out)
{
	while (in.n) {
		struct str part = str_sub(in, 0, 1 + fuzz_u8(&cuts) * 9u);

		buf_fmt(out, "%x%s\r\n%S\r\n", (uint64_t)part.n,
		    fuzz_u8(&cuts) & 1 ? ";x=\"y\"" : "", part);
		in = str_sub(in, part.n, in.n);
	}
	buf_fmt(out, "0\r\n%s\r\n", fuzz_u8(&cuts) & 1 ? "A: b\r\n" : "");
}

static void round_trip(struct str in, struct fuzz_input cuts)
{
	static char mem[24 * FUZZ_MAX];
	struct buf b;

	if (in.n > FUZZ_MAX / 32)
		in.n = FUZZ_MAX / 32;
	buf_init(&b, mem, sizeof(mem));
	encode(in, cuts, &b);
	FUZZ_CHECK(!b.over);
	run(buf_view(&b), cuts, &pieces);
	FUZZ_CHECK(pieces.done == 1 && pieces.taken == b.n);
	FUZZ_CHECK(str_eq((struct str){ pieces.data, pieces.n }, in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size }, cuts = { data, size };
	bool back = fuzz_u8(&in) & 1;
	struct str text;

	if (size > FUZZ_MAX)
		return 0;
	text = (struct str){ (const char *)in.p, in.n };
	if (back) {
		round_trip(text, cuts);
		return 0;
	}
	run(text, (struct fuzz_input){ NULL, 0 }, &whole);
	run(text, cuts, &pieces);
	FUZZ_CHECK(same(&whole, &pieces));
	if (decode_plain(text, &plain))
		FUZZ_CHECK(same(&whole, &plain));
	return 0;
}
