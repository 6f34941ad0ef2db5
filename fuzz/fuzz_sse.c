/*
 * The first byte is the room for an event's data; the rest is a stream of
 * events: whole, in pieces, and by a second reader that goes line by line.
 */
#include "fuzz.h"
#include "mcp.h"

struct result { size_t n; char text[4 * FUZZ_MAX]; };

static struct result whole, pieces, plain;

static void tell(struct result *r, const char *what, struct str type,
    struct str data)
{
	r->n += (size_t)snprintf(r->text + r->n, sizeof(r->text) - r->n,
	    "%s%.*s=", what, (int)type.n, type.n ? type.p : "");
	FUZZ_CHECK(r->n + data.n + 1 < sizeof(r->text));
	if (data.n)
		memcpy(r->text + r->n, data.p, data.n);
	r->n += data.n;
	r->text[r->n++] = '|';
}

static void run(struct str in, struct fuzz_input cuts, size_t cap,
    struct result *r)
{
	static char mem[256];
	struct str type, data, piece;
	struct sse s;

	r->n = 0;
	sse_init(&s, mem, cap);
	while (in.n) {
		piece = str_sub(in, 0,
		    cuts.n ? 1 + fuzz_u8(&cuts) % 40u : in.n);
		in = str_sub(in, piece.n, in.n);
		while (piece.n) {
			size_t before = piece.n;
			enum sse_event e = sse_push(&s, &piece, &type, &data);

			FUZZ_CHECK(piece.n < before);
			FUZZ_CHECK(e != SSE_MORE || !piece.n);
			if (e == SSE_MORE)
				continue;
			FUZZ_CHECK(data.n <= cap);
			if (e == SSE_OVERSIZE)
				data = STR_NONE;
			tell(r, e == SSE_OVERSIZE ? "!" : "", type, data);
		}
	}
}

/* One line, and what is behind it; false: it has no end. */
static bool line_cut(struct str *in, struct str *line)
{
	size_t i = 0;

	while (i < in->n && in->p[i] != '\n' && in->p[i] != '\r')
		i++;
	if (i == in->n)
		return false;
	*line = str_sub(*in, 0, i);
	if (str_starts(str_sub(*in, i, in->n), STR("\r\n")))
		i++;
	*in = str_sub(*in, i + 1, in->n);
	return true;
}

static void read_plain(struct str in, size_t cap, struct result *r)
{
	static char data[FUZZ_MAX];
	struct str line, name, value, type = STR("");
	size_t n = 0;
	bool has = false;

	r->n = 0;
	if (str_starts(in, STR("\xef\xbb\xbf")))
		in = str_sub(in, 3, in.n);
	while (line_cut(&in, &line)) {
		if (!line.n) {
			if (has)
				tell(r, n > cap ? "!" : "", type.n ?
				    str_sub(type, 0, 32) : STR("message"),
				    n > cap ? STR_NONE :
				    (struct str){ data, n });
			n = 0;
			has = false;
			type = STR("");
			continue;
		}
		value = str_cut(line, ':', &name);
		if (value.n && *value.p == ' ')
			value = str_sub(value, 1, value.n);
		if (str_is(name, "event"))
			type = value;
		if (!str_is(name, "data"))
			continue;
		if (has)
			data[n++] = '\n';
		has = true;
		if (value.n)
			memcpy(data + n, value.p, value.n);
		n += value.n;
	}
}

static bool same(const struct result *a, const struct result *b)
{
	return a->n == b->n && !memcmp(a->text, b->text, a->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size }, cuts = { data, size };
	size_t cap = fuzz_u8(&in);
	struct str text;

	if (size > FUZZ_MAX / 2)
		return 0;
	text = (struct str){ (const char *)in.p, in.n };
	run(text, (struct fuzz_input){ NULL, 0 }, cap, &whole);
	run(text, cuts, cap, &pieces);
	FUZZ_CHECK(same(&whole, &pieces));
	read_plain(text, cap, &plain);
	FUZZ_CHECK(same(&whole, &plain));
	return 0;
}
