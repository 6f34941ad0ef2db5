#include <string.h>

#include "base_int.h"

void buf_init(struct buf *b, void *mem, size_t cap)
{
	*b = (struct buf){ .p = mem, .cap = cap };
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->over = false;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (b->over || n > b->cap - b->n) {
		b->over = true;
		return;
	}
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

void buf_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}

void buf_cstr(struct buf *b, const char *s)
{
	buf_str(b, str_from(s));
}

void buf_char(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

/* 2^64 has 20 decimal digits. */
#define DIGITS_MAX 20

static const char digit[] = "0123456789abcdef";

/* The digits of v at the end of text. */
static struct str digits(char text[static DIGITS_MAX], uint64_t v,
    unsigned base)
{
	size_t at = DIGITS_MAX;

	do {
		text[--at] = digit[v % base];
		v /= base;
	} while (v);
	return (struct str){ text + at, DIGITS_MAX - at };
}

void buf_u64(struct buf *b, uint64_t v)
{
	char text[DIGITS_MAX];

	buf_str(b, digits(text, v, 10));
}

void buf_i64(struct buf *b, int64_t v)
{
	char text[1 + DIGITS_MAX];
	struct str s;

	if (v >= 0) {
		buf_u64(b, (uint64_t)v);
		return;
	}
	s = digits(text + 1, 0 - (uint64_t)v, 10);
	text[s.p - text - 1] = '-';
	buf_put(b, s.p - 1, s.n + 1);
}

void buf_hex(struct buf *b, const void *p, size_t n)
{
	const unsigned char *c = p;

	if (b->over || n > (b->cap - b->n) / 2) {
		b->over = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		buf_char(b, digit[c[i] >> 4]);
		buf_char(b, digit[c[i] & 15]);
	}
}

void buf_hex64(struct buf *b, uint64_t v)
{
	unsigned char big[8];

	for (int i = 7; i >= 0; i--, v >>= 8)
		big[i] = (unsigned char)v;
	buf_hex(b, big, sizeof(big));
}

/* As much of s as there is room for, not ending inside a character. */
static void put_cut(struct buf *b, struct str s)
{
	size_t room = b->cap - b->n;

	if (s.n > room && !b->over) {
		while (room && ((unsigned char)s.p[room] & 0xc0) == 0x80)
			room--;
		buf_put(b, s.p, room);
	}
	buf_str(b, s);
}

/* One conversion's argument as text, in text where it has none of its own. */
static struct str fmt_arg(char conv, va_list *ap,
    char text[static 1 + DIGITS_MAX])
{
	struct buf b;

	buf_init(&b, text, 1 + DIGITS_MAX);
	switch (conv) {
	case 's':
		return str_from(va_arg(*ap, const char *));
	case 'S':
		return va_arg(*ap, struct str);
	case 'd':
		buf_i64(&b, va_arg(*ap, int));
		break;
	case 'u':
		buf_u64(&b, va_arg(*ap, unsigned));
		break;
	case 'D':
		buf_i64(&b, va_arg(*ap, int64_t));
		break;
	case 'U':
		buf_u64(&b, va_arg(*ap, uint64_t));
		break;
	case 'z':
		buf_u64(&b, va_arg(*ap, size_t));
		break;
	case 'x':
		return digits(text, va_arg(*ap, uint64_t), 16);
	case 'c':
		buf_char(&b, (char)va_arg(*ap, int));
		break;
	case '%':
		buf_char(&b, '%');
		break;
	default:
		UNREACHABLE();
	}
	return buf_view(&b);
}

void buf_vfmt(struct buf *b, bool cut, struct str fmt, va_list *ap)
{
	void (*put)(struct buf *, struct str) = cut ? put_cut : buf_str;
	char text[1 + DIGITS_MAX];

	while (fmt.n) {
		size_t at = str_find(fmt, '%');

		put(b, str_sub(fmt, 0, at));
		if (at == fmt.n)
			return;
		CHECK(at + 1 < fmt.n);
		put(b, fmt_arg(fmt.p[at + 1], ap, text));
		fmt = str_sub(fmt, at + 2, fmt.n);
	}
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(b, false, str_from(fmt), &ap);
	va_end(ap);
}

struct str buf_view(const struct buf *b)
{
	return (struct str){ b->p, b->n };
}

void buf_consume(struct buf *b, size_t n)
{
	CHECK(n <= b->n);
	b->n -= n;
	if (n && b->n)
		memmove(b->p, b->p + n, b->n);
}

void diag_clear(struct diag *d)
{
	d->path[0] = d->text[0] = '\0';
}

bool diag_is_set(const struct diag *d)
{
	return d->path[0] || d->text[0];
}

#define CUT_MARK "..."

/* Leaves room for the mark of a cut and the NUL. */
static void diag_buf(struct buf *b, char *mem, size_t cap)
{
	buf_init(b, mem, cap - sizeof(CUT_MARK));
}

/* A NUL out of what somebody sent must not end the text. */
static void diag_end(struct buf *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (b->p[i] == '\0')
			b->p[i] = '?';
	memcpy(b->p + b->n, b->over ? CUT_MARK : "",
	    b->over ? sizeof(CUT_MARK) : 1);
}

void cut_fmt(char *to, size_t cap, const char *fmt, ...)
{
	struct buf b;
	va_list ap;

	diag_buf(&b, to, cap);
	va_start(ap, fmt);
	buf_vfmt(&b, true, str_from(fmt), &ap);
	va_end(ap);
	diag_end(&b);
}

void diag_set(struct diag *d, struct str path, const char *fmt, ...)
{
	struct buf b;
	va_list ap;

	if (!d || diag_is_set(d))
		return;
	diag_buf(&b, d->path, sizeof(d->path));
	put_cut(&b, path);
	diag_end(&b);
	diag_buf(&b, d->text, sizeof(d->text));
	va_start(ap, fmt);
	buf_vfmt(&b, true, str_from(fmt), &ap);
	va_end(ap);
	diag_end(&b);
}
