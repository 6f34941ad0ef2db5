#include <string.h>

#include "codec.h"

_Static_assert(JSON_DEPTH_MAX <= 64, "struct jw has one bit a level");

/* What may come next. */
enum due {
	DUE_VALUE,		/* the root, or the value of a key */
	DUE_FIRST,		/* a list's or object's first, or its end */
	DUE_NEXT,		/* another one, or the end */
	DUE_NOTHING		/* the root is complete */
};

void jw_init(struct jw *w, struct buf *out)
{
	*w = (struct jw){ .out = out, .due = DUE_VALUE };
}

bool jw_done(const struct jw *w)
{
	return w->due == DUE_NOTHING;
}

static bool in_object(const struct jw *w)
{
	return w->depth && (w->objects >> (w->depth - 1) & 1);
}

static void value_begin(struct jw *w)
{
	CHECK(w->due != DUE_NOTHING);
	if (w->due == DUE_VALUE)
		return;
	CHECK(!in_object(w));
	if (w->due == DUE_NEXT)
		buf_char(w->out, ',');
}

static void value_end(struct jw *w)
{
	w->due = w->depth ? DUE_NEXT : DUE_NOTHING;
}

static void open_level(struct jw *w, bool object)
{
	uint64_t bit;

	value_begin(w);
	CHECK(w->depth < JSON_DEPTH_MAX);
	bit = UINT64_C(1) << w->depth;
	buf_char(w->out, object ? '{' : '[');
	w->objects = object ? w->objects | bit : w->objects & ~bit;
	w->depth++;
	w->due = DUE_FIRST;
}

static void close_level(struct jw *w, bool object)
{
	CHECK(w->depth && in_object(w) == object);
	CHECK(w->due == DUE_FIRST || w->due == DUE_NEXT);
	buf_char(w->out, object ? '}' : ']');
	w->depth--;
	value_end(w);
}

void jw_open(struct jw *w)
{
	open_level(w, true);
}

void jw_close(struct jw *w)
{
	close_level(w, true);
}

void jw_open_list(struct jw *w)
{
	open_level(w, false);
}

void jw_close_list(struct jw *w)
{
	close_level(w, false);
}

static void put_quoted(struct buf *out, struct str s)
{
	buf_char(out, '"');
	json_escape(out, s);
	buf_char(out, '"');
}

static void key_begin(struct jw *w)
{
	CHECK(in_object(w));
	CHECK(w->due == DUE_FIRST || w->due == DUE_NEXT);
	if (w->due == DUE_NEXT)
		buf_char(w->out, ',');
}

static void key_end(struct jw *w)
{
	buf_char(w->out, ':');
	w->due = DUE_VALUE;
}

void jw_key(struct jw *w, struct str key)
{
	key_begin(w);
	put_quoted(w->out, key);
	key_end(w);
}

void jw_raw_key(struct jw *w, struct str quoted)
{
	key_begin(w);
	buf_str(w->out, quoted);
	key_end(w);
}

void jw_str(struct jw *w, struct str s)
{
	value_begin(w);
	put_quoted(w->out, s);
	value_end(w);
}

void jw_i64(struct jw *w, int64_t v)
{
	value_begin(w);
	buf_i64(w->out, v);
	value_end(w);
}

void jw_raw(struct jw *w, struct str json)
{
	CHECK(json.n > 0);
	value_begin(w);
	buf_str(w->out, json);
	value_end(w);
}

void jw_bool(struct jw *w, bool v)
{
	jw_raw(w, v ? STR("true") : STR("false"));
}

void jw_null(struct jw *w)
{
	jw_raw(w, STR("null"));
}

void jw_kstr(struct jw *w, const char *key, struct str v)
{
	jw_key(w, str_from(key));
	jw_str(w, v);
}

void jw_kcstr(struct jw *w, const char *key, const char *v)
{
	jw_kstr(w, key, str_from(v));
}

void jw_ki64(struct jw *w, const char *key, int64_t v)
{
	jw_key(w, str_from(key));
	jw_i64(w, v);
}

void jw_kbool(struct jw *w, const char *key, bool v)
{
	jw_key(w, str_from(key));
	jw_bool(w, v);
}

void jw_kraw(struct jw *w, const char *key, struct str json)
{
	jw_key(w, str_from(key));
	jw_raw(w, json);
}

void jw_kopen(struct jw *w, const char *key)
{
	jw_key(w, str_from(key));
	jw_open(w);
}

void jw_kopen_list(struct jw *w, const char *key)
{
	jw_key(w, str_from(key));
	jw_open_list(w);
}

void jw_kfmt(struct jw *w, const char *key, const char *fmt, ...)
{
	char text[JW_FMT_MAX];
	struct buf b;
	va_list ap;

	buf_init(&b, text, sizeof(text));
	va_start(ap, fmt);
	buf_vfmt(&b, false, str_from(fmt), &ap);
	va_end(ap);
	jw_kstr(w, key, buf_view(&b));
	w->out->over |= b.over;
}

/* RFC 8259 section 7: the short form where there is one. */
static void put_control(struct buf *out, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *short_form = c ? strchr(from, c) : NULL;

	if (short_form) {
		buf_char(out, '\\');
		buf_char(out, to[short_form - from]);
	} else {
		buf_cstr(out, "\\u00");
		buf_hex(out, &c, 1);
	}
}

/* How much of s can stand in a string as it is. */
static size_t plain_run(struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		size_t n = 1;

		if (c < 0x20 || c == '"' || c == '\\')
			break;
		if (c >= 0x80)
			n = utf8_head(str_sub(s, i, s.n));
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

void json_escape(struct buf *out, struct str s)
{
	for (;;) {
		size_t run = plain_run(s);
		unsigned char c;

		buf_put(out, s.p, run);
		if (run == s.n)
			return;
		c = (unsigned char)s.p[run];
		if (c < 0x80)
			put_control(out, c);
		else
			buf_cstr(out, "\xef\xbf\xbd");
		s = str_sub(s, run + 1, s.n);
	}
}
