/*
 * The input is a program of calls. Whatever the calls, in an order that is
 * allowed, the text is well-formed, reads back as what was written, and with
 * less room is a prefix with `over` set.
 */
#include "codec.h"
#include "fuzz.h"

enum { OUT = 64 * FUZZ_MAX, TOKENS = JSON_TOKENS_MAX };
static char out_mem[OUT], small_mem[4096], arena_mem[8 * FUZZ_MAX];
static struct json_tok tok[TOKENS];

/* What was written, in the order of the tokens. */
struct written {
	enum json_type type;
	bool is_key, exact;	/* exact: str is the text read back */
	struct str str;
	int64_t i;
};
static struct written log_of[FUZZ_MAX];
static uint32_t log_n;

struct run {
	struct jw w;
	struct fuzz_input in;
	bool object[JSON_DEPTH_MAX];
	int depth;
};

static void note(enum json_type type, bool is_key, struct str s, int64_t i)
{
	FUZZ_CHECK(log_n < FUZZ_MAX);
	log_of[log_n++] = (struct written){ type, is_key, str_utf8(s), s, i };
}

static struct str take_str(struct run *r)
{
	size_t n = fuzz_u8(&r->in) % 40;
	struct str s;

	if (n > r->in.n)
		n = r->in.n;
	s = (struct str){ (const char *)r->in.p, n };
	r->in.p += n;
	r->in.n -= n;
	return s;
}

static void scalar(struct run *r, uint8_t op)
{
	struct str s;
	int64_t v;

	switch (op % 5) {
	case 0:
		s = take_str(r);
		note(JSON_STRING, false, s, 0);
		jw_str(&r->w, s);
		break;
	case 1:
		v = (int64_t)((uint64_t)fuzz_u32(&r->in) << 32 |
		    fuzz_u32(&r->in));
		note(JSON_NUMBER, false, STR_NONE, v);
		jw_i64(&r->w, v);
		break;
	case 2:
		note(JSON_BOOL, false, STR_NONE, op / 5 % 2);
		jw_bool(&r->w, op / 5 % 2);
		break;
	case 3:
		note(JSON_NULL, false, STR_NONE, 0);
		jw_null(&r->w);
		break;
	default:
		note(JSON_NUMBER, false, STR_NONE, -12);
		jw_raw(&r->w, STR(" -1.2e1 "));
	}
}

static void key(struct run *r)
{
	struct str s = take_str(r);

	note(JSON_STRING, true, s, 0);
	jw_key(&r->w, s);
}

static void open_level(struct run *r, bool object)
{
	note(object ? JSON_OBJECT : JSON_ARRAY, false, STR_NONE, 0);
	r->object[r->depth++] = object;
	if (object)
		jw_open(&r->w);
	else
		jw_open_list(&r->w);
}

static void close_level(struct run *r)
{
	if (r->object[--r->depth])
		jw_close(&r->w);
	else
		jw_close_list(&r->w);
}

static void value(struct run *r)
{
	uint8_t op = fuzz_u8(&r->in);

	if (r->depth < JSON_DEPTH_MAX && op % 4 == 0)
		open_level(r, op / 4 % 2);
	else
		scalar(r, op / 4);
}

static void program(struct run *r, struct buf *out, struct fuzz_input in)
{
	*r = (struct run){ .in = in };
	log_n = 0;
	jw_init(&r->w, out);
	value(r);
	while (r->depth) {
		if (r->in.n == 0 || fuzz_u8(&r->in) % 5 == 0) {
			close_level(r);
			continue;
		}
		if (r->object[r->depth - 1])
			key(r);
		value(r);
	}
	FUZZ_CHECK(jw_done(&r->w));
}

/* Text that was no UTF-8 comes back with U+FFFD in it. */
static void check_string(const struct json_doc *doc, uint32_t at,
    const struct written *l)
{
	static struct arena a;
	struct str s = STR_NONE;

	arena_init(&a, arena_mem, sizeof(arena_mem));
	FUZZ_CHECK(json_string(doc, at, &a, &s) == 0);
	FUZZ_CHECK(str_utf8(s));
	if (l->exact)
		FUZZ_CHECK(str_eq(s, l->str));
	else
		FUZZ_CHECK(str_search(s, STR("\xef\xbf\xbd")) < s.n);
}

static void check_token(const struct json_doc *doc, uint32_t at)
{
	const struct written *l = &log_of[at];
	int64_t i = 0;
	bool b = false;

	FUZZ_CHECK(json_type(doc, at) == l->type);
	FUZZ_CHECK((json_value(doc, at) != JSON_NIL) == l->is_key);
	if (l->type == JSON_STRING)
		check_string(doc, at, l);
	if (l->type == JSON_NUMBER)
		FUZZ_CHECK(json_i64(doc, at, &i) == 0 && i == l->i);
	if (l->type == JSON_BOOL)
		FUZZ_CHECK(json_bool(doc, at, &b) == 0 && b == l->i);
}

static void check_small(struct fuzz_input in, size_t cap, struct str whole)
{
	struct run r;
	struct buf b;

	buf_init(&b, small_mem, cap);
	program(&r, &b, in);
	FUZZ_CHECK(b.over == (whole.n > cap));
	FUZZ_CHECK(str_starts(whole, buf_view(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	size_t cap = fuzz_u8(&in) * 16U;
	struct json_doc doc;
	struct buf out;
	struct run r;
	uint32_t at;
	int err;

	if (size > FUZZ_MAX)
		return 0;
	buf_init(&out, out_mem, sizeof(out_mem));
	program(&r, &out, in);
	FUZZ_CHECK(!out.over);
	FUZZ_CHECK(json_scan(buf_view(&out), NULL) == 0);
	err = json_parse(&doc, buf_view(&out), tok, TOKENS, NULL);
	FUZZ_CHECK(err == 0 || err == ERR_LIMIT);
	if (err == 0) {
		FUZZ_CHECK(doc.n == log_n);
		for (at = 0; at < doc.n; at++)
			check_token(&doc, at);
	}
	check_small(in, cap, buf_view(&out));
	return 0;
}
