#include <string.h>

#include "json_int.h"

_Static_assert(JSON_DEPTH_MAX <= 64, "struct scan has one bit a level");

struct scan {
	const unsigned char *p, *end;
	uint64_t objects;	/* bit d: the container at depth d is one */
	unsigned depth;
	bool escapes;		/* some string has a backslash */
	const char *wrong;	/* what is, at p */
};

static bool scan_wrong(struct scan *s, const char *what)
{
	s->wrong = s->p == s->end ? "the text ends too early" : what;
	return false;
}

/* The byte at hand; 0, which is nowhere allowed, at the end. */
static unsigned char scan_peek(const struct scan *s)
{
	return s->p < s->end ? *s->p : 0;
}

static struct str scan_rest(const struct scan *s)
{
	return (struct str){ (const char *)s->p, (size_t)(s->end - s->p) };
}

static void scan_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' ||
	    *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int32_t json_hex4(const unsigned char *p, const unsigned char *end)
{
	int32_t v = 0;
	int i;

	if (end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* p stands on the backslash; past the escape, or on its pair, when good. */
static bool scan_escape(struct scan *s)
{
	static const char simple[] = "\"\\/bfnrt";
	const unsigned char *p = s->p + 1;
	int32_t unit;

	s->escapes = true;
	if (p < s->end && *p && strchr(simple, *p)) {
		s->p = p + 1;
		return true;
	}
	if (p == s->end || *p != 'u')
		return scan_wrong(s, "no such escape");
	unit = json_hex4(p + 1, s->end);
	if (unit < 0)
		return scan_wrong(s, "\\u without four hex digits");
	if (json_is_high(unit)) {
		p += 5;
		if (s->end - p < 2 || p[0] != '\\' || p[1] != 'u' ||
		    !json_is_low(json_hex4(p + 2, s->end)))
			return scan_wrong(s, "a surrogate without its pair");
		p++;
	} else if (json_is_low(unit)) {
		return scan_wrong(s, "a surrogate without its pair");
	}
	s->p = p + 5;
	return true;
}

/* Bytes that a string may hold as they are, eight at a time. */
static const unsigned char *plain_end(const unsigned char *p,
    const unsigned char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t tops = ones * 0x80;
	uint64_t x, quote, slash;

	for (; end - p >= 8; p += 8) {
		memcpy(&x, p, 8);
		quote = x ^ ones * '"';
		slash = x ^ ones * '\\';
		if ((((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) |
		    ((slash - ones) & ~slash) | x) & tops)
			break;
	}
	while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* p stands on the opening quote; behind the closing one when good. */
static bool scan_string(struct scan *s)
{
	s->p++;
	for (;;) {
		size_t n;

		s->p = plain_end(s->p, s->end);
		switch (scan_peek(s)) {
		case '"':
			s->p++;
			return true;
		case '\\':
			if (!scan_escape(s))
				return false;
			break;
		default:
			if (s->p == s->end || *s->p < 0x20)
				return scan_wrong(s,
				    "a control character in a string");
			n = utf8_head(scan_rest(s));
			if (n == 0)
				return scan_wrong(s, "not UTF-8");
			s->p += n;
		}
	}
}

static bool scan_digits(struct scan *s)
{
	const unsigned char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > from || scan_wrong(s, "a digit is missing");
}

static bool scan_number(struct scan *s)
{
	if (*s->p == '-')
		s->p++;
	if (scan_peek(s) == '0')
		s->p++;
	else if (!scan_digits(s))
		return false;
	if (scan_peek(s) == '.') {
		s->p++;
		if (!scan_digits(s))
			return false;
	}
	if (scan_peek(s) == 'e' || scan_peek(s) == 'E') {
		s->p++;
		if (scan_peek(s) == '+' || scan_peek(s) == '-')
			s->p++;
		if (!scan_digits(s))
			return false;
	}
	return true;
}

static bool scan_word(struct scan *s, struct str word)
{
	if (!str_starts(scan_rest(s), word))
		return scan_wrong(s, "a value is missing");
	s->p += word.n;
	return true;
}

static bool scan_scalar(struct scan *s)
{
	unsigned char c = scan_peek(s);

	if (c == '"')
		return scan_string(s);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(s);
	if (c == 't')
		return scan_word(s, STR("true"));
	if (c == 'f')
		return scan_word(s, STR("false"));
	if (c == 'n')
		return scan_word(s, STR("null"));
	return scan_wrong(s, "a value is missing");
}

/* A key and its colon. */
static bool scan_key(struct scan *s)
{
	scan_space(s);
	if (scan_peek(s) != '"')
		return scan_wrong(s, "a key is missing");
	if (!scan_string(s))
		return false;
	scan_space(s);
	if (scan_peek(s) != ':')
		return scan_wrong(s, "a colon is missing");
	s->p++;
	return true;
}

static bool in_object(const struct scan *s)
{
	return s->objects >> (s->depth - 1) & 1;
}

/*
 * p stands on a bracket. *ret_due tells whether a value comes next: not so
 * in an empty container, whose end is left to scan_after.
 */
static bool scan_open(struct scan *s, bool *ret_due)
{
	bool object = *s->p == '{';
	uint64_t bit = UINT64_C(1) << s->depth;

	s->objects = object ? s->objects | bit : s->objects & ~bit;
	s->depth++;
	s->p++;
	scan_space(s);
	*ret_due = scan_peek(s) != (object ? '}' : ']');
	return !object || !*ret_due || scan_key(s);
}

/* Behind a value: ends of containers, then a comma or the end. */
static bool scan_after(struct scan *s, bool *ret_due)
{
	for (;;) {
		scan_space(s);
		*ret_due = false;
		if (s->depth == 0)
			return s->p == s->end ||
			    scan_wrong(s, "something follows the value");
		if (scan_peek(s) == ',')
			break;
		if (scan_peek(s) != (in_object(s) ? '}' : ']'))
			return scan_wrong(s, in_object(s) ?
			    "',' or '}' is missing" : "',' or ']' is missing");
		s->p++;
		s->depth--;
	}
	s->p++;
	*ret_due = true;
	return !in_object(s) || scan_key(s);
}

static int scan_text(struct scan *s)
{
	bool due = true;

	while (due) {
		scan_space(s);
		if (scan_peek(s) != '{' && scan_peek(s) != '[') {
			if (!scan_scalar(s))
				return ERR_BAD;
		} else if (s->depth == JSON_DEPTH_MAX) {
			s->wrong = "nested too deeply";
			return ERR_LIMIT;
		} else {
			if (!scan_open(s, &due))
				return ERR_BAD;
			if (due)
				continue;
		}
		if (!scan_after(s, &due))
			return ERR_BAD;
	}
	return 0;
}

static void scan_tell(const struct scan *s, const char *text, struct diag *d)
{
	const char *at = (const char *)s->p;
	uint64_t line = 1, column;
	const char *p = text;

	for (; p < at; p++)
		line += *p == '\n';
	while (p > text && p[-1] != '\n')
		p--;
	column = (uint64_t)(at - p) + 1;
	diag_set(d, STR_NONE, "line %U, column %U: %s", line, column,
	    s->wrong);
}

int json_scan_text(struct str text, bool *ret_escapes, struct diag *d)
{
	struct scan s = { .p = (const unsigned char *)(text.n ? text.p : "") };
	const char *from = (const char *)s.p;
	int err;

	s.end = s.p + text.n;
	err = scan_text(&s);
	if (err)
		scan_tell(&s, from, d);
	else
		*ret_escapes = s.escapes;
	return err;
}

int json_scan(struct str text, struct diag *d)
{
	bool escapes;

	return json_scan_text(text, &escapes, d);
}
