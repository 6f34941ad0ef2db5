#include <string.h>

#define YAML_DECLARE_STATIC
#include <yaml.h>

#include "codec.h"

_Static_assert(YAML_DEPTH_MAX < JSON_DEPTH_MAX, "the output must be readable");

/* A key of an open mapping: where it stands in the output, colon included. */
struct key {
	uint32_t at, n;
	uint32_t hash;
};

struct level {
	bool is_map, key_due;
	uint32_t first_key;	/* keys below this belong to outer mappings */
};

struct yaml {
	yaml_parser_t parser;
	struct jw w;
	struct diag *diag;
	struct key *keys;
	uint32_t n_keys;
	unsigned depth;
	yaml_mark_t end;	/* of the document */
	bool marked_end;	/* by "..." */
	struct level level[YAML_DEPTH_MAX];
};

static int tell(struct yaml *y, int err, const yaml_mark_t *at,
    const char *what)
{
	diag_set(y->diag, STR_NONE, "line %U, column %U: %s",
	    (uint64_t)at->line + 1, (uint64_t)at->column + 1, what);
	return err;
}

/* ---- plain scalars ------------------------------------------------------- */

/*
 * kubectl reads a plain scalar by the rules of its Go library, not by those
 * of YAML 1.2: yes, on and y are true, 0644 is octal. The same file must mean
 * the same here.
 */

static bool is_word(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_is(s, *words))
			return true;
	return false;
}

static bool is_null(struct str s)
{
	static const char *const words[] = {
		"", "~", "null", "Null", "NULL", NULL
	};

	return is_word(s, words);
}

static bool is_true(struct str s)
{
	static const char *const words[] = {
		"true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y",
		"on", "On", "ON", NULL
	};

	return is_word(s, words);
}

static bool is_false(struct str s)
{
	static const char *const words[] = {
		"false", "False", "FALSE", "no", "No", "NO", "n", "N",
		"off", "Off", "OFF", NULL
	};

	return is_word(s, words);
}

/* What YAML calls a number and JSON has no words for. */
static bool is_unwritable(struct str s)
{
	static const char *const words[] = {
		".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", NULL
	};

	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		return is_word(str_sub(s, 1, s.n), words + 3);
	return is_word(s, words);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The value of a digit in bases up to 16, or 16. */
static unsigned digit_value(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

/* Cuts 0x, 0o, 0b or a lone 0 off the head and gives the base. */
static unsigned base_cut(struct str *s)
{
	unsigned base = 10;
	size_t n = 2;

	if (s->n < 2 || s->p[0] != '0')
		return 10;
	switch (s->p[1] | 0x20) {
	case 'x':
		base = 16;
		break;
	case 'o':
		base = 8;
		break;
	case 'b':
		base = 2;
		break;
	default:
		base = 8;
		n = 1;
	}
	*s = str_sub(*s, n, s->n);
	return base;
}

/*
 * Integers in bases other than ten, to 64 bits. Decimal ones keep their
 * digits, however many: decimal_put.
 */
static bool based_put(struct buf *out, bool minus, struct str s)
{
	unsigned base = base_cut(&s);
	uint64_t v = 0, max = minus ? UINT64_C(1) << 63 : UINT64_MAX;
	size_t i;

	if (base == 10 || s.n == 0)
		return false;
	for (i = 0; i < s.n; i++) {
		unsigned digit = digit_value(s.p[i]);

		if (digit >= base || v > (max - digit) / base)
			return false;
		v = v * base + digit;
	}
	if (minus && v)
		buf_char(out, '-');
	buf_u64(out, v);
	return true;
}

static size_t digits_end(struct str s, size_t at)
{
	while (at < s.n && is_digit(s.p[at]))
		at++;
	return at;
}

/* ( \.[0-9]+ | [0-9]+ (\.[0-9]*)? ) ([eE][-+]?[0-9]+)?, as JSON has it. */
static bool decimal_put(struct buf *out, bool minus, struct str s)
{
	size_t whole = digits_end(s, 0), point = whole, end, exp, zeros = 0;

	if (point < s.n && s.p[point] == '.')
		point = digits_end(s, point + 1);
	if (whole == 0 && point < 2)
		return false;
	end = point;
	if (end < s.n && (s.p[end] == 'e' || s.p[end] == 'E')) {
		exp = end + 1;
		if (exp < s.n && (s.p[exp] == '-' || s.p[exp] == '+'))
			exp++;
		end = digits_end(s, exp);
		if (end == exp)
			return false;
	}
	if (end != s.n)
		return false;
	while (zeros + 1 < whole && s.p[zeros] == '0')
		zeros++;
	if (minus)
		buf_char(out, '-');
	buf_str(out, whole ? str_sub(s, zeros, whole) : STR("0"));
	if (point > whole + 1)
		buf_str(out, str_sub(s, whole, point));
	buf_str(out, str_sub(s, point, s.n));
	return true;
}

/* Without underscores; what is longer is no number that anybody means. */
#define NUMBER_MAX 64

/* The number as JSON, in out; false when it is a string after all. */
static bool number_put(struct buf *out, struct str s)
{
	char text[NUMBER_MAX];
	struct buf plain;
	bool minus;
	size_t i, skipped = 0;

	if (s.n == 0 || !strchr("+-.0123456789", s.p[0]) || s.p[0] == '\0')
		return false;
	for (i = 0; i < s.n; i++)
		skipped += s.p[i] == '_';
	if (s.n - skipped > sizeof(text))
		return false;
	buf_init(&plain, text, sizeof(text));
	for (i = 0; i < s.n; i++)
		if (s.p[i] != '_')
			buf_char(&plain, s.p[i]);
	CHECK(!plain.over);
	s = buf_view(&plain);
	minus = s.p[0] == '-';
	if (minus || s.p[0] == '+')
		s = str_sub(s, 1, s.n);
	return based_put(out, minus, s) || decimal_put(out, minus, s);
}

static void number_write(struct jw *w, const struct buf *number)
{
	CHECK(!number->over);
	jw_raw(w, buf_view(number));
}

static int plain_put(struct yaml *y, struct str s, const yaml_mark_t *at)
{
	char text[NUMBER_MAX + 16];
	struct buf number;

	buf_init(&number, text, sizeof(text));
	if (is_null(s))
		jw_null(&y->w);
	else if (is_true(s))
		jw_bool(&y->w, true);
	else if (is_false(s))
		jw_bool(&y->w, false);
	else if (is_unwritable(s))
		return tell(y, ERR_UNSUPPORTED, at,
		    "JSON has no such number");
	else if (!number_put(&number, s))
		jw_str(&y->w, s);
	else
		number_write(&y->w, &number);
	return 0;
}

/* ---- keys ---------------------------------------------------------------- */

static bool key_seen(const struct yaml *y, const struct key *k)
{
	const char *text = y->w.out->p;
	uint32_t i = y->level[y->depth - 1].first_key;

	for (; i < y->n_keys; i++)
		if (y->keys[i].hash == k->hash && y->keys[i].n == k->n &&
		    memcmp(text + y->keys[i].at, text + k->at, k->n) == 0)
			return true;
	return false;
}

/* Keys are strings as they are written: `on: 1` is "on", `80: x` is "80". */
static int key_put(struct yaml *y, struct str s, bool plain,
    const yaml_mark_t *at)
{
	struct buf *out = y->w.out;
	struct key k;

	if (plain && is_null(s))
		return tell(y, ERR_BAD, at, "a key is missing");
	if (plain && str_is(s, "<<"))
		return tell(y, ERR_UNSUPPORTED, at,
		    "merge keys are not supported");
	k.at = (uint32_t)out->n;
	jw_key(&y->w, s);
	if (out->over)
		return ERR_FULL;
	k.at += out->p[k.at] == ',';
	k.n = (uint32_t)(out->n - k.at);
	k.hash = (uint32_t)hash_more(HASH_SEED, out->p + k.at, k.n);
	if (key_seen(y, &k))
		return tell(y, ERR_BAD, at, "this key stands here twice");
	if (y->n_keys == YAML_KEYS_MAX)
		return tell(y, ERR_LIMIT, at, "too many keys");
	y->keys[y->n_keys++] = k;
	return 0;
}

/* ---- events -------------------------------------------------------------- */

static struct level *level_of(struct yaml *y)
{
	return y->depth ? &y->level[y->depth - 1] : NULL;
}

/* After a key its value is due, after the value the next key. */
static bool key_turn(struct yaml *y)
{
	struct level *l = level_of(y);
	bool due = l && l->is_map && l->key_due;

	if (l && l->is_map)
		l->key_due = !l->key_due;
	return due;
}

static int scalar_event(struct yaml *y, const yaml_event_t *e)
{
	struct str s = {
		(const char *)e->data.scalar.value, e->data.scalar.length
	};
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (key_turn(y))
		return key_put(y, s, plain, &e->start_mark);
	if (plain)
		return plain_put(y, s, &e->start_mark);
	jw_str(&y->w, s);
	return 0;
}

static int open_event(struct yaml *y, const yaml_event_t *e)
{
	bool map = e->type == YAML_MAPPING_START_EVENT;

	if (key_turn(y))
		return tell(y, ERR_UNSUPPORTED, &e->start_mark,
		    "a key must be a scalar");
	if (y->depth == YAML_DEPTH_MAX)
		return tell(y, ERR_LIMIT, &e->start_mark, "nested too deeply");
	y->level[y->depth++] = (struct level){ map, map, y->n_keys };
	if (map)
		jw_open(&y->w);
	else
		jw_open_list(&y->w);
	return 0;
}

static int close_event(struct yaml *y)
{
	struct level *l = level_of(y);

	CHECK(l);
	y->n_keys = l->first_key;
	if (l->is_map)
		jw_close(&y->w);
	else
		jw_close_list(&y->w);
	y->depth--;
	return 0;
}

/* Tags and anchors stand in a different place of each event. */
static const char *refused(const yaml_event_t *e)
{
	const yaml_char_t *tag = NULL, *anchor = NULL;

	switch (e->type) {
	case YAML_SCALAR_EVENT:
		tag = e->data.scalar.tag;
		anchor = e->data.scalar.anchor;
		break;
	case YAML_SEQUENCE_START_EVENT:
		tag = e->data.sequence_start.tag;
		anchor = e->data.sequence_start.anchor;
		break;
	case YAML_MAPPING_START_EVENT:
		tag = e->data.mapping_start.tag;
		anchor = e->data.mapping_start.anchor;
		break;
	case YAML_DOCUMENT_START_EVENT:
		return e->data.document_start.tag_directives.start !=
		    e->data.document_start.tag_directives.end ?
		    "tags are not supported" : NULL;
	case YAML_ALIAS_EVENT:
		return "aliases are not supported";
	default:
		return NULL;
	}
	return tag ? "tags are not supported" :
	    anchor ? "anchors are not supported" : NULL;
}

static int event_put(struct yaml *y, const yaml_event_t *e)
{
	const char *what = refused(e);

	if (what)
		return tell(y, ERR_UNSUPPORTED, &e->start_mark, what);
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return scalar_event(y, e);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return open_event(y, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_event(y);
	case YAML_DOCUMENT_END_EVENT:
		y->end = e->end_mark;
		y->marked_end = !e->data.document_end.implicit;
		return 0;
	case YAML_STREAM_END_EVENT:
		return ERR_NOENT;
	default:
		return 0;
	}
}

static int parser_failed(struct yaml *y)
{
	const yaml_parser_t *p = &y->parser;

	if (p->error == YAML_MEMORY_ERROR) {
		diag_set(y->diag, STR_NONE,
		    "line %U: too large for the memory set aside for YAML",
		    (uint64_t)p->mark.line + 1);
		return ERR_FULL;
	}
	if (p->error == YAML_READER_ERROR)
		return tell(y, ERR_BAD, &p->mark, p->problem);
	return tell(y, ERR_BAD, &p->problem_mark, p->problem);
}

/* Events up to the document's end. */
static int document(struct yaml *y)
{
	bool end = false;
	int err = 0;

	while (!err && !end) {
		yaml_event_t e;

		if (!yaml_parser_parse(&y->parser, &e))
			return parser_failed(y);
		err = event_put(y, &e);
		end = e.type == YAML_DOCUMENT_END_EVENT;
		yaml_event_delete(&e);
	}
	return err;
}

/* libyaml counts in characters. */
static size_t bytes_of(struct str s, size_t chars)
{
	size_t i = 0;

	while (i < s.n && chars) {
		i++;
		while (i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80)
			i++;
		chars--;
	}
	return i;
}

/*
 * A document ends with "...", before "---" or with the stream; libyaml would
 * tell of anything else only when asked for the next one.
 */
static int rest_cut(struct yaml *y, struct str *rest)
{
	size_t used = bytes_of(*rest, y->end.index);
	struct str next = { rest->p + used, rest->n - used };

	CHECK(used > 0);
	if (next.n && !y->marked_end && !str_starts(next, STR("---")))
		return tell(y, ERR_BAD, &y->end,
		    "a document must start with '---'");
	*rest = next;
	return 0;
}

static int convert(struct yaml *y, struct str *rest)
{
	int err;

	if (!yaml_parser_initialize(&y->parser))
		return ERR_FULL;
	yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y->parser,
	    (const unsigned char *)(rest->n ? rest->p : ""), rest->n);
	err = document(y);
	if (!err && y->w.out->over)
		err = ERR_FULL;
	return err ? err : rest_cut(y, rest);
}

int yaml_to_json(struct str *in, struct arena *scratch, struct buf *out,
    struct diag *d)
{
	struct yaml y = { .diag = d };
	size_t mark = arena_mark(scratch), before = out->n;
	struct str rest = *in;
	int err = ERR_FULL;

	if (in->n > YAML_INPUT_MAX) {
		diag_set(d, STR_NONE, "longer than %U bytes",
		    (uint64_t)YAML_INPUT_MAX);
		return ERR_LIMIT;
	}
	jw_init(&y.w, out);
	y.keys = arena_array(scratch, struct key, YAML_KEYS_MAX);
	if (y.keys) {
		scratch_begin(scratch);
		err = convert(&y, &rest);
		scratch_end();
	}
	arena_reset(scratch, mark);
	if (err == ERR_FULL)
		diag_set(d, STR_NONE, "too large for the memory set aside");
	if (err) {
		out->n = before;
		return err;
	}
	*in = rest;
	return 0;
}
