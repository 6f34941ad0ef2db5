#include "base_int.h"

static const char *const level_name[] = { "debug", "info", "warn", "error" };

void log_init(struct log *l, const struct io *io)
{
	*l = (struct log){ .io = io, .level = LOG_INFO, .json = true,
			   .correlate = true };
}

int log_level_parse(struct str s, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(level_name); i++) {
		if (str_eq_nocase(s, str_from(level_name[i]))) {
			*ret = (enum log_level)i;
			return 0;
		}
	}
	if (!str_eq_nocase(s, STR("warning")))
		return ERR_BAD;
	*ret = LOG_WARN;
	return 0;
}

void log_correlate(struct log *l, uint64_t id)
{
	struct buf b;

	buf_init(&b, l->id, sizeof(l->id) - 1);
	if (id)
		buf_hex64(&b, id);
	l->id[b.n] = '\0';
}

/*
 * The line is built in a buffer that keeps LINE_TAIL bytes back, so that a
 * value that is cut still gets its quote and the object its brace.
 */
#define LINE_TAIL 3			/* quote, brace, newline */

struct line {
	struct buf b;
	bool json, cut;
	char mem[LOG_LINE_MAX];
};

/* What must not stand as it is: quotes and whatever a terminator acts on. */
static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != 0x7f && c != '"' && c != '\\';
}

static void put_escape(struct buf *b, char c)
{
	static const char hex[] = "0123456789abcdef";
	char text[] = "\\u00__";

	switch (c) {
	case '"':
		buf_cstr(b, "\\\"");
		break;
	case '\\':
		buf_cstr(b, "\\\\");
		break;
	case '\n':
		buf_cstr(b, "\\n");
		break;
	case '\r':
		buf_cstr(b, "\\r");
		break;
	case '\t':
		buf_cstr(b, "\\t");
		break;
	default:
		text[4] = hex[(unsigned char)c >> 4];
		text[5] = hex[(unsigned char)c & 15];
		buf_cstr(b, text);
	}
}

/* RFC 8259 section 7; bytes that are not UTF-8 become U+FFFD. */
static void put_escaped(struct line *ln, struct str s)
{
	while (s.n && !ln->b.over) {
		size_t n = utf8_head(s);

		if (!n) {
			buf_cstr(&ln->b, "\xef\xbf\xbd");
			n = 1;
		} else if (is_plain(s.p[0])) {
			buf_put(&ln->b, s.p, n);
		} else {
			put_escape(&ln->b, s.p[0]);
		}
		s = str_sub(s, n, s.n);
	}
}

/* As much of s as there is room for; after a cut nothing follows. */
static void put_text(struct line *ln, struct str s)
{
	put_escaped(ln, s);
	ln->cut = ln->b.over;
	ln->b.over = false;
}

static void put_quoted(struct line *ln, struct str s)
{
	buf_char(&ln->b, '"');
	put_text(ln, s);
	ln->cut = ln->cut || ln->b.n == ln->b.cap;
	ln->b.cap += ln->cut;
	buf_char(&ln->b, '"');
}

/* In text, a value is quoted when it would not read back as one word. */
static bool needs_quotes(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_plain(s.p[i]) || s.p[i] == ' ' || s.p[i] == '=' ||
		    (unsigned char)s.p[i] >= 0x80)
			return true;
	return !s.n;
}

static void put_value(struct line *ln, struct str value, bool number)
{
	if (number)
		buf_str(&ln->b, value);
	else if (ln->json || needs_quotes(value))
		put_quoted(ln, value);
	else
		put_text(ln, value);
}

/* One member; dropped whole with all that follow when its name has no room. */
static void put_field(struct line *ln, struct str name, struct str value,
    bool number)
{
	size_t mark = ln->b.n;
	struct buf *b = &ln->b;

	if (ln->cut)
		return;
	if (ln->json) {
		buf_char(b, mark == 0 ? '{' : ',');
		buf_char(b, '"');
		buf_str(b, name);
		buf_cstr(b, "\":");
	} else {
		buf_char(b, ' ');
		buf_str(b, name);
		buf_char(b, '=');
	}
	if (!b->over && (number || b->n < b->cap - 1))
		put_value(ln, value, number);
	else
		b->over = true;
	if (b->over) {
		b->n = mark;
		b->over = false;
		ln->cut = true;
	}
}

static bool is_number(struct str fmt)
{
	return fmt.n == 2 && fmt.p[0] == '%' &&
	    str_find(STR("duDUz"), fmt.p[1]) < 5;
}

static void put_fields(struct line *ln, struct str fields, va_list *ap)
{
	char mem[LOG_LINE_MAX];

	while (fields.n) {
		struct str pair, name, fmt;
		struct buf value;

		fields = str_cut(fields, ' ', &pair);
		fmt = str_cut(pair, '=', &name);
		CHECK(name.n && name.n < pair.n);
		buf_init(&value, mem, sizeof(mem));
		buf_vfmt(&value, true, fmt, ap);
		put_field(ln, name, buf_view(&value), is_number(fmt));
	}
}

static void put_head(struct line *ln, const struct log *l,
    enum log_level level, const char *msg)
{
	static const char *const upper[] = { "DEBUG", "INFO", "WARN",
		"ERROR" };
	int64_t now = l->io->wall_ns(l->io->ctx);
	char mem[32];
	struct buf ts;

	buf_init(&ts, mem, sizeof(mem));
	time_rfc3339_micro(&ts, now);
	if (ln->json) {
		put_field(ln, STR("ts"), buf_view(&ts), false);
		put_field(ln, STR("level"), str_from(level_name[level]),
		    false);
		put_field(ln, STR("msg"), str_from(msg), false);
	} else {
		buf_fmt(&ln->b, "%S %s ", buf_view(&ts), upper[level]);
		put_text(ln, str_from(msg));
	}
	if (l->correlate && l->id[0])
		put_field(ln, STR("reconcileID"), str_from(l->id), false);
}

/* Whether a line may go out now. Errors always may. */
static bool pass(struct log *l, enum log_level level)
{
	int64_t now = l->io->mono_ns(l->io->ctx);

	if (now - l->window_ns >= NS_PER_S || now < l->window_ns) {
		l->window_ns = now;
		l->in_window = 0;
	}
	if (l->in_window >= LOG_LINES_PER_S && level != LOG_ERROR) {
		l->dropped++;
		count_add(l->counts, COUNT_LOG_DROPPED, 1);
		return false;
	}
	l->in_window++;
	return true;
}

static void put_dropped(struct line *ln, uint32_t dropped)
{
	char mem[16];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_u64(&b, dropped);
	put_field(ln, STR("dropped"), buf_view(&b), true);
}

void log_line(struct log *l, enum log_level level, const char *msg,
    const char *fields, ...)
{
	struct line ln;
	va_list ap;

	CHECK(level <= LOG_ERROR);
	if (level < l->level || !pass(l, level))
		return;
	buf_init(&ln.b, ln.mem, sizeof(ln.mem) - LINE_TAIL);
	ln.json = l->json;
	ln.cut = false;
	put_head(&ln, l, level, msg);
	if (l->dropped)
		put_dropped(&ln, l->dropped);
	l->dropped = 0;
	va_start(ap, fields);
	put_fields(&ln, str_from(fields), &ap);
	va_end(ap);
	ln.b.cap = sizeof(ln.mem);
	buf_cstr(&ln.b, ln.json ? "}\n" : "\n");
	/* When the stream is gone there is nobody to tell. */
	(void)l->io->std_write(l->io->ctx, 2, ln.b.p, ln.b.n);
}
