#include <string.h>

#include "tree.h"

/*
 * A reader and a writer of their own, so that a fault of the operator's is
 * not hidden by the same one here.
 */

enum { DEPTH = 100 };

struct reader {
	struct tree *t;
	const char *p, *end;
	const char *why;
	int depth;
};

static struct node *read_value(struct reader *r);

static void skip_blank(struct reader *r)
{
	while (r->p < r->end && memchr(" \t\r\n", *r->p, 4))
		r->p++;
}

static struct node *wrong(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = r->p >= r->end ? "unexpected end of JSON input" :
		    why;
	return NULL;
}

static bool take(struct reader *r, char c)
{
	skip_blank(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static int read_hex4(struct reader *r, uint32_t *ret)
{
	uint32_t v = 0;

	if (r->end - r->p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = *r->p++;

		if (c >= '0' && c <= '9')
			v = v * 16 + (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v = v * 16 + (uint32_t)((c | 32) - 'a') + 10;
		else
			return -1;
	}
	*ret = v;
	return 0;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* A lone surrogate becomes U+FFFD, as Go has it. */
static char *read_unicode(struct reader *r, char *to)
{
	uint32_t c, low;

	if (read_hex4(r, &c))
		return NULL;
	if (c >= 0xd800 && c < 0xdc00 && r->end - r->p >= 6 &&
	    r->p[0] == '\\' && r->p[1] == 'u') {
		const char *back = r->p;

		r->p += 2;
		if (read_hex4(r, &low))
			return NULL;
		if (low >= 0xdc00 && low < 0xe000)
			return put_utf8(to, 0x10000 + ((c - 0xd800) << 10) +
			    (low - 0xdc00));
		r->p = back;
	}
	return put_utf8(to, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
}

static char *read_escape(struct reader *r, char *to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char c;

	if (r->p == r->end)
		return NULL;
	c = *r->p++;
	if (c == 'u')
		return read_unicode(r, to);
	at = c ? strchr(from, c) : NULL;
	if (!at)
		return NULL;
	*to++ = into[at - from];
	return to;
}

static bool read_string(struct reader *r, struct str *ret)
{
	const char *end;
	char *to, *from;

	if (!take(r, '"'))
		return false;
	for (end = r->p; end < r->end && *end != '"'; end++)
		if (*end == '\\')
			end++;
	if (end >= r->end)
		return false;
	from = to = tree_alloc(r->t, (size_t)(end - r->p) + 1);
	while (r->p < end) {
		if ((unsigned char)*r->p < 0x20)
			return false;
		if (*r->p != '\\') {
			*to++ = *r->p++;
			continue;
		}
		r->p++;
		to = read_escape(r, to);
		if (!to)
			return false;
	}
	r->p = end + 1;
	*to = '\0';
	*ret = (struct str){ from, (size_t)(to - from) };
	return str_utf8(*ret);
}

static size_t digits(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

static struct node *read_number(struct reader *r)
{
	const char *from = r->p;
	struct node *v;
	bool integral = true;
	size_t n;

	if (r->p < r->end && *r->p == '-')
		r->p++;
	n = digits(r->p, r->end);
	if (!n || (n > 1 && *r->p == '0'))
		return wrong(r, "invalid number");
	r->p += n;
	if (r->p < r->end && *r->p == '.') {
		integral = false;
		n = digits(++r->p, r->end);
		if (!n)
			return wrong(r, "invalid number");
		r->p += n;
	}
	if (r->p < r->end && (*r->p | 32) == 'e') {
		integral = false;
		if (++r->p < r->end && (*r->p == '+' || *r->p == '-'))
			r->p++;
		n = digits(r->p, r->end);
		if (!n)
			return wrong(r, "invalid number");
		r->p += n;
	}
	v = node_int(r->t, 0);
	if (!integral || str_i64((struct str){ from, (size_t)(r->p - from) },
	    &v->integer)) {
		v->type = NODE_FLOAT;
		v->text = tree_str(r->t,
		    (struct str){ from, (size_t)(r->p - from) });
	}
	return v;
}

static bool word(struct reader *r, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, w, n))
		return false;
	r->p += n;
	return true;
}

static struct node *read_list(struct reader *r)
{
	struct node *v = node_list(r->t), *item;

	if (take(r, ']'))
		return v;
	do {
		item = read_value(r);
		if (!item)
			return NULL;
		node_append(r->t, v, item);
	} while (take(r, ','));
	return take(r, ']') ? v : wrong(r, "a list that does not end");
}

static struct node *read_object(struct reader *r)
{
	struct node *v = node_object(r->t), *value;
	struct str key;

	if (take(r, '}'))
		return v;
	do {
		if (!read_string(r, &key))
			return wrong(r, "invalid key");
		if (!take(r, ':'))
			return wrong(r, "no colon after a key");
		value = read_value(r);
		if (!value)
			return NULL;
		node_set_str(r->t, v, key, value);
	} while (take(r, ','));
	return take(r, '}') ? v : wrong(r, "an object that does not end");
}

static struct node *read_inner(struct reader *r)
{
	struct node *v;
	struct str s;

	skip_blank(r);
	if (r->p == r->end)
		return wrong(r, "unexpected end of JSON input");
	if (*r->p == '"') {
		if (!read_string(r, &s))
			return wrong(r, "invalid string");
		v = node_null(r->t);
		v->type = NODE_STRING;
		v->text = s;
		return v;
	}
	if (*r->p == '{' || *r->p == '[')
		return *r->p++ == '{' ? read_object(r) : read_list(r);
	if (word(r, "null"))
		return node_null(r->t);
	if (word(r, "true"))
		return node_bool(r->t, true);
	if (word(r, "false"))
		return node_bool(r->t, false);
	return read_number(r);
}

static struct node *read_value(struct reader *r)
{
	struct node *v;

	if (++r->depth > DEPTH)
		return wrong(r, "too many levels");
	v = read_inner(r);
	r->depth--;
	return v;
}

struct node *node_parse(struct tree *t, struct str text, const char **why)
{
	struct reader r = { .t = t, .p = text.p, .end = text.p + text.n };
	struct node *v;

	v = read_value(&r);
	skip_blank(&r);
	if (v && r.p != r.end)
		v = wrong(&r, "text behind the value");
	if (why)
		*why = r.why;
	return v;
}

/* ---- writing --------------------------------------------------------- */

static void write_string(struct text *out, struct str s)
{
	size_t from = 0;

	text_add(out, "\"", 1);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		text_add(out, s.p + from, i - from);
		from = i + 1;
		if (c == '"' || c == '\\')
			text_fmt(out, "\\%c", c);
		else if (c == '\n')
			text_add(out, "\\n", 2);
		else
			text_fmt(out, "\\u%04x", c);
	}
	text_add(out, s.p + from, s.n - from);
	text_add(out, "\"", 1);
}

static void write_int(struct text *out, int64_t v)
{
	char digits[24];
	struct buf b;

	buf_init(&b, digits, sizeof(digits));
	buf_i64(&b, v);
	text_str(out, buf_view(&b));
}

static void write_inner(const struct node *v, struct text *out)
{
	bool list = v->type == NODE_LIST;

	text_add(out, list ? "[" : "{", 1);
	for (uint32_t i = 0; i < v->n; i++) {
		if (i)
			text_add(out, ",", 1);
		if (!list) {
			write_string(out, v->member[i].key);
			text_add(out, ":", 1);
		}
		node_write(list ? v->item[i] : v->member[i].value, out);
	}
	text_add(out, list ? "]" : "}", 1);
}

void node_write(const struct node *v, struct text *out)
{
	switch ((enum node_type)v->type) {
	case NODE_NULL:
		text_add(out, "null", 4);
		break;
	case NODE_BOOL:
		text_str(out, v->boolean ? STR("true") : STR("false"));
		break;
	case NODE_INT:
		write_int(out, v->integer);
		break;
	case NODE_FLOAT:
		text_str(out, v->text);
		break;
	case NODE_STRING:
		write_string(out, v->text);
		break;
	default:
		write_inner(v, out);
	}
}
