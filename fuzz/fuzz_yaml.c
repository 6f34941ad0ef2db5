/*
 * Every document of a stream comes out as one well-formed JSON text without
 * duplicate keys, and the stream gets shorter by each. JSON of plain ASCII
 * read as YAML is itself. With less memory the result is the same or
 * ERR_FULL, and nothing is lost or left behind.
 */
#include "codec.h"
#include "fuzz.h"

enum { OUT = 8 * FUZZ_MAX, TOKENS = FUZZ_MAX };
static char scratch_mem[1 << 20], out_mem[OUT], again_mem[OUT];
static struct json_tok tok[TOKENS];

static int convert(struct str *in, size_t scratch_cap, struct buf *out,
    char *mem, size_t cap)
{
	struct arena a;
	struct diag d;
	struct str before = *in;
	int err;

	arena_init(&a, scratch_mem, scratch_cap);
	buf_init(out, mem, cap);
	diag_clear(&d);
	err = yaml_to_json(in, &a, out, &d);
	FUZZ_CHECK(arena_mark(&a) == 0);
	if (err) {
		FUZZ_CHECK(out->n == 0);
		FUZZ_CHECK(in->p == before.p && in->n == before.n);
		FUZZ_CHECK(err == ERR_NOENT || diag_is_set(&d));
	} else {
		FUZZ_CHECK(in->n < before.n);
		FUZZ_CHECK(in->p + in->n == before.p + before.n);
	}
	return err;
}

static void no_duplicates(const struct json_doc *doc)
{
	uint32_t at, a, b, budget = 100000;

	for (at = 0; at < doc->n; at++) {
		if (json_type(doc, at) != JSON_OBJECT)
			continue;
		for (a = json_first(doc, at); a != JSON_NIL;
		    a = json_next(doc, at, a))
			for (b = json_next(doc, at, a); b != JSON_NIL &&
			    budget--; b = json_next(doc, at, b))
				FUZZ_CHECK(!str_eq(json_raw(doc, a),
				    json_raw(doc, b)));
		if (budget > 100000)
			return;
	}
}

static bool is_ascii(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

/* libyaml takes no implicit key over 1024 characters. */
static void check_itself(struct str json)
{
	struct str in = json;
	struct buf again;

	if (json.n > 1000 || !is_ascii(json))
		return;
	FUZZ_CHECK(convert(&in, sizeof(scratch_mem), &again, again_mem,
	    sizeof(again_mem)) == 0);
	FUZZ_CHECK(in.n == 0);
	FUZZ_CHECK(str_eq(buf_view(&again), json));
}

static void check_small(struct str in, size_t scratch_cap, size_t cap,
    int err, struct str want)
{
	struct buf out;
	int small = convert(&in, scratch_cap, &out, again_mem, cap);

	if (small == ERR_FULL)
		return;
	FUZZ_CHECK(small == err);
	FUZZ_CHECK(str_eq(buf_view(&out), want));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input choice = { data, size };
	size_t scratch_cap = fuzz_u8(&choice) * 2048U;
	size_t cap = fuzz_u8(&choice) * 8U;
	struct str in = { (const char *)choice.p, choice.n }, before;
	struct json_doc doc;
	struct buf out;
	int err;

	if (size > FUZZ_MAX)
		return 0;
	do {
		before = in;
		err = convert(&in, sizeof(scratch_mem), &out, out_mem,
		    sizeof(out_mem));
		FUZZ_CHECK(err != ERR_FULL);
		check_small(before, scratch_cap, cap, err, buf_view(&out));
		if (err)
			break;
		FUZZ_CHECK(json_scan(buf_view(&out), NULL) == 0);
		if (out.n <= JSON_OBJECT_MAX &&
		    json_parse(&doc, buf_view(&out), tok, TOKENS, NULL) == 0)
			no_duplicates(&doc);
		check_itself(buf_view(&out));
	} while (true);
	return 0;
}
