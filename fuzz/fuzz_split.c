/*
 * The first bytes choose the mode, a small cap and the pieces. The events and
 * texts are the same however the input is cut; with a small cap only items
 * over it differ, and come as a well-formed head. On well-formed input the
 * items are the elements without managedFields, as read off the tokens. Only
 * what is nested too deep is oversize whatever the cap.
 */
#include "codec.h"
#include "fuzz.h"

enum { LOG = 16 * FUZZ_MAX, EVENTS = FUZZ_MAX + 2, TOKENS = FUZZ_MAX + 1 };

struct event {
	enum split_event what;
	size_t at, n;
};
struct record {
	char text[LOG];
	size_t text_n, n;
	struct event event[EVENTS];
};

static struct record whole, cut, want;
static char item_mem[FUZZ_MAX + 1], norm_mem[2][2 * FUZZ_MAX];
static struct json_tok tok[TOKENS], item_tok[TOKENS];

static void record_add(struct record *r, enum split_event what, struct str s)
{
	struct event *e = &r->event[r->n++];

	FUZZ_CHECK(r->n <= EVENTS && s.n <= LOG - r->text_n);
	*e = (struct event){ what, r->text_n, s.n };
	if (s.n)
		memcpy(r->text + r->text_n, s.p, s.n);
	r->text_n += s.n;
}

static struct str event_text(const struct record *r, size_t i)
{
	return (struct str){ r->text + r->event[i].at, r->event[i].n };
}

static void piece_push(struct split *s, struct record *r, const uint8_t *p,
    size_t n)
{
	char *piece = malloc(n ? n : 1);
	struct str in = { piece, n };
	enum split_event e;

	if (n)
		memcpy(piece, p, n);
	do {
		struct str text = STR_NONE;
		size_t before = in.n;

		e = split_push(s, &in, &text);
		FUZZ_CHECK(e != SPLIT_MORE || in.n == 0);
		FUZZ_CHECK(in.n <= before);
		if (e != SPLIT_MORE && (e != SPLIT_BAD || !r->n ||
		    r->event[r->n - 1].what != SPLIT_BAD))
			record_add(r, e, text);
	} while (e != SPLIT_MORE && e != SPLIT_BAD);
	free(piece);
}

static void run(struct record *r, enum split_mode mode, size_t cap,
    struct fuzz_input in, struct fuzz_input choice)
{
	struct split s;

	r->n = r->text_n = 0;
	split_init(&s, mode, item_mem, cap);
	while (in.n) {
		uint8_t c = fuzz_u8(&choice);
		size_t n = choice.n && c < 250 ? c % 17 : in.n;

		if (n > in.n)
			n = in.n;
		piece_push(&s, r, in.p, n);
		in.p += n;
		in.n -= n;
	}
	if (mode == SPLIT_WATCH)
		piece_push(&s, r, (const uint8_t *)"\n", 1);
}

static void same_records(const struct record *a, const struct record *b)
{
	size_t i;

	FUZZ_CHECK(a->n == b->n);
	for (i = 0; i < a->n; i++) {
		FUZZ_CHECK(a->event[i].what == b->event[i].what);
		FUZZ_CHECK(str_eq(event_text(a, i), event_text(b, i)));
	}
}

/* ---- the reference ------------------------------------------------------- */

enum level { EVENT, OBJECT, META, DEEPER };

static bool key_in(const struct json_doc *doc, uint32_t key,
    const char *const *names)
{
	struct str raw = json_raw(doc, key);

	for (raw = str_sub(raw, 1, raw.n - 1); *names; names++)
		if (str_is(raw, *names))
			return true;
	return false;
}

static enum level level_below(const struct json_doc *doc, enum level level,
    uint32_t key)
{
	static const char *const down[][2] = {
		[EVENT] = { "object" }, [OBJECT] = { "metadata" },
	};

	if (level > OBJECT || !key_in(doc, key, down[level]) ||
	    json_type(doc, json_value(doc, key)) != JSON_OBJECT)
		return DEEPER;
	return level + 1;
}

static bool is_wanted(const struct json_doc *doc, enum level level,
    uint32_t key, bool head)
{
	static const char *const dropped[] = { "managedFields", NULL };
	static const char *const kept[][7] = {
		[EVENT] = { "type" }, [OBJECT] = { "apiVersion", "kind" },
		[META] = { "name", "namespace", "uid", "resourceVersion",
			   "generation", "deletionTimestamp" },
	};
	enum json_type type = json_type(doc, json_value(doc, key));

	if (!head)
		return level != META || !key_in(doc, key, dropped);
	if (level == DEEPER)
		return false;
	return level_below(doc, level, key) != DEEPER ||
	    (type != JSON_OBJECT && type != JSON_ARRAY &&
	     key_in(doc, key, kept[level]));
}

/* Without white space, without what is left out at this level. */
static void normal(struct buf *out, const struct json_doc *doc, uint32_t at,
    enum level level, bool head)
{
	enum json_type type = json_type(doc, at);
	const char *comma = "";
	uint32_t k;

	if (type != JSON_OBJECT && type != JSON_ARRAY) {
		buf_str(out, json_raw(doc, at));
		return;
	}
	buf_char(out, type == JSON_OBJECT ? '{' : '[');
	for (k = json_first(doc, at); k != JSON_NIL;
	    k = json_next(doc, at, k)) {
		enum level below = DEEPER;
		uint32_t v = k;

		if (type == JSON_OBJECT) {
			if (!is_wanted(doc, level, k, head))
				continue;
			below = level_below(doc, level, k);
			v = json_value(doc, k);
		}
		buf_cstr(out, comma);
		comma = ",";
		if (type == JSON_OBJECT) {
			buf_str(out, json_raw(doc, k));
			buf_char(out, ':');
		}
		normal(out, doc, v, below, head);
	}
	buf_char(out, type == JSON_OBJECT ? '}' : ']');
}

static struct str normal_of(char *mem, const struct json_doc *doc,
    uint32_t at, enum level level, bool head)
{
	struct buf b;

	buf_init(&b, mem, 2 * FUZZ_MAX);
	if (head && json_type(doc, at) != JSON_OBJECT)
		buf_cstr(&b, "{}");
	else
		normal(&b, doc, at, level, head);
	FUZZ_CHECK(!b.over);
	return buf_view(&b);
}

static void want_item(const struct json_doc *doc, uint32_t at,
    enum level level)
{
	record_add(&want, SPLIT_ITEM, normal_of(norm_mem[0], doc, at, level,
	    false));
	record_add(&want, SPLIT_OVERSIZE, normal_of(norm_mem[1], doc, at,
	    level, true));
}

static void want_list(const struct json_doc *doc)
{
	static const char *const items[] = { "items", NULL };
	static const char *const meta[] = { "metadata", NULL };
	uint32_t k, e;

	for (k = json_first(doc, JSON_ROOT); k != JSON_NIL;
	    k = json_next(doc, JSON_ROOT, k)) {
		uint32_t v = json_value(doc, k);

		if (key_in(doc, k, meta)) {
			record_add(&want, SPLIT_META, json_raw(doc, v));
			record_add(&want, SPLIT_META, STR_NONE);
		}
		if (!key_in(doc, k, items) || json_type(doc, v) != JSON_ARRAY)
			continue;
		for (e = json_first(doc, v); e != JSON_NIL;
		    e = json_next(doc, v, e))
			want_item(doc, e, OBJECT);
	}
	record_add(&want, SPLIT_END, STR_NONE);
	record_add(&want, SPLIT_END, STR_NONE);
}

/* What must come out, two a event: whole and as head. False: not JSON. */
static bool want_make(enum split_mode mode, struct str text)
{
	struct json_doc doc;
	struct str line;

	want.n = want.text_n = 0;
	if (mode == SPLIT_LIST) {
		if (json_parse(&doc, text, tok, TOKENS, NULL) ||
		    json_type(&doc, JSON_ROOT) != JSON_OBJECT)
			return false;
		want_list(&doc);
		return true;
	}
	while (text.n) {
		text = str_cut(text, '\n', &line);
		if (str_trim(line).n == 0)
			continue;
		if (json_parse(&doc, line, tok, TOKENS, NULL))
			return false;
		want_item(&doc, JSON_ROOT, EVENT);
	}
	return true;
}

static void check_reference(void)
{
	struct json_doc doc;
	size_t i;

	FUZZ_CHECK(2 * whole.n == want.n);
	for (i = 0; i < whole.n; i++) {
		struct str got = event_text(&whole, i);

		FUZZ_CHECK(whole.event[i].what == want.event[2 * i].what);
		if (whole.event[i].what == SPLIT_ITEM) {
			FUZZ_CHECK(json_parse(&doc, got, item_tok, TOKENS,
			    NULL) == 0);
			got = normal_of(norm_mem[0], &doc, JSON_ROOT, DEEPER,
			    false);
		}
		FUZZ_CHECK(str_eq(got, event_text(&want, 2 * i)));
	}
}

/* With a cap that no item can be over, depth is what is left. */
static void check_depth(struct fuzz_input in)
{
	size_t i, opened = 0;

	for (i = 0; i < in.n; i++)
		opened += in.p[i] == '{' || in.p[i] == '[';
	for (i = 0; i < whole.n; i++)
		FUZZ_CHECK(whole.event[i].what != SPLIT_OVERSIZE ||
		    opened > JSON_DEPTH_MAX);
}

/* The run with a small cap against the one without. */
static void check_small(size_t cap, bool good)
{
	size_t i;

	for (i = 0; i < cut.n; i++) {
		struct str got = event_text(&cut, i), head;

		FUZZ_CHECK(i < whole.n);
		if (cut.event[i].what == SPLIT_BAD && i + 1 == cut.n) {
			/* The list's own metadata may be over it. */
			FUZZ_CHECK(whole.event[i].what == SPLIT_BAD ||
			    (whole.event[i].what == SPLIT_META &&
			     whole.event[i].n > cap));
			return;
		}
		if (cut.event[i].what != SPLIT_OVERSIZE) {
			FUZZ_CHECK(cut.event[i].what == whole.event[i].what);
			FUZZ_CHECK(str_eq(got, event_text(&whole, i)));
			continue;
		}
		if (whole.event[i].what == SPLIT_OVERSIZE) {
			FUZZ_CHECK(str_eq(got, event_text(&whole, i)));
			continue;
		}
		FUZZ_CHECK(whole.event[i].what == SPLIT_ITEM);
		FUZZ_CHECK(whole.event[i].n > cap);
		if (!good)
			continue;
		head = event_text(&want, 2 * i + 1);
		FUZZ_CHECK(json_scan(got, NULL) == 0);
		if (head.n <= SPLIT_HEAD_MAX - 3)
			FUZZ_CHECK(str_eq(got, head));
	}
	FUZZ_CHECK(i == whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size }, choice, none = { NULL, 0 };
	uint8_t head = fuzz_u8(&in);
	enum split_mode mode = head & 1 ? SPLIT_WATCH : SPLIT_LIST;
	size_t cap = fuzz_u8(&in) * 8U;
	bool good;

	if (size > FUZZ_MAX)
		return 0;
	/* The text stands first: its bytes serve as lengths, too. */
	choice = in;
	run(&whole, mode, sizeof(item_mem), in, none);
	run(&cut, mode, sizeof(item_mem), in, choice);
	same_records(&whole, &cut);
	check_depth(in);
	good = want_make(mode, (struct str){ (const char *)in.p, in.n });
	if (good)
		check_reference();
	run(&cut, mode, cap, in, choice);
	check_small(cap, good);
	return 0;
}
