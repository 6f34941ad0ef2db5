#include <string.h>

#include "codec.h"

/*
 * The grammar of brackets, commas and colons is checked everywhere, that of
 * scalars and the insides of strings nowhere: what is emitted is parsed
 * anyway. Only the containers that lead to an object's metadata are looked
 * at; in all others the bytes just pass. What passes is copied in spans, one
 * a piece of input where nothing is left out.
 */

_Static_assert(JSON_DEPTH_MAX <= 64, "struct split has one bit a level");

enum state {
	STATE_VALUE,		/* a value is due */
	STATE_FIRST,		/* a list's first value, or its end */
	STATE_KEY,		/* a key is due */
	STATE_FIRST_KEY,	/* an object's first key, or its end */
	STATE_COLON,
	STATE_AFTER,		/* behind a value inside a container */
	STATE_SCALAR,
	STATE_STRING,
	STATE_OFF_KEY,		/* in a key of no interest */
	STATE_PATH_KEY,		/* in a key that may be of interest */
	STATE_DEEP_STRING,
	STATE_DEEP,		/* below the deepest level */
	STATE_END,
	STATE_BAD
};

/* The containers on the way to metadata, outermost first. */
enum frame {
	FRAME_TOP, FRAME_LIST, FRAME_ITEMS, FRAME_EVENT, FRAME_OBJECT,
	FRAME_META, FRAME_OFF
};

static const uint8_t frames[][5] = {
	[SPLIT_LIST] = {
		FRAME_TOP, FRAME_LIST, FRAME_ITEMS, FRAME_OBJECT, FRAME_META
	},
	[SPLIT_WATCH] = {
		FRAME_TOP, FRAME_EVENT, FRAME_OBJECT, FRAME_META, FRAME_OFF
	},
};

/* What a member's key says about its value. */
enum action {
	ACTION_NONE,
	ACTION_ENTER,		/* the next container on the way */
	ACTION_KEEP,		/* a scalar that goes to the head too */
	ACTION_EMIT,		/* the list's metadata */
	ACTION_DROP
};

static const struct {
	uint8_t frame, action;
	struct str key;
} members[] = {
	{ FRAME_LIST, ACTION_ENTER, STR_INIT("items") },
	{ FRAME_LIST, ACTION_EMIT, STR_INIT("metadata") },
	{ FRAME_EVENT, ACTION_KEEP, STR_INIT("type") },
	{ FRAME_EVENT, ACTION_ENTER, STR_INIT("object") },
	{ FRAME_OBJECT, ACTION_KEEP, STR_INIT("apiVersion") },
	{ FRAME_OBJECT, ACTION_KEEP, STR_INIT("kind") },
	{ FRAME_OBJECT, ACTION_ENTER, STR_INIT("metadata") },
	{ FRAME_META, ACTION_KEEP, STR_INIT("name") },
	{ FRAME_META, ACTION_KEEP, STR_INIT("namespace") },
	{ FRAME_META, ACTION_KEEP, STR_INIT("uid") },
	{ FRAME_META, ACTION_KEEP, STR_INIT("resourceVersion") },
	{ FRAME_META, ACTION_KEEP, STR_INIT("generation") },
	{ FRAME_META, ACTION_KEEP, STR_INIT("deletionTimestamp") },
	{ FRAME_META, ACTION_DROP, STR_INIT("managedFields") },
};

enum emit { EMIT_NONE, EMIT_ITEM, EMIT_META };

/* The piece at hand. */
struct cut {
	const char *p, *end;
	const char *copy;	/* from here on not yet in out; NULL: not */
	const char *keep;	/* the same for the head */
	enum split_event event;
};

static enum frame frame_of(const struct split *s)
{
	return s->depth == s->path ? (enum frame)frames[s->mode][s->depth] :
	    FRAME_OFF;
}

static bool in_object(const struct split *s)
{
	return s->depth && (s->objects >> (s->depth - 1) & 1);
}

static void bad(struct split *s, struct cut *c)
{
	s->state = STATE_BAD;
	c->event = SPLIT_BAD;
}

/* A value is due that has no key. */
static void value_due(struct split *s, uint8_t state)
{
	enum frame frame = frame_of(s);

	s->state = state;
	s->action = frame == FRAME_TOP || frame == FRAME_ITEMS ?
	    ACTION_ENTER : ACTION_NONE;
}

/* ---- the head: a small object out of the item's scalars ------------------ */

/* Braces that may still have to be put: those of event, object, metadata. */
enum { HEAD_RESERVE = 3 };

static bool head_put(struct split *s, const char *p, size_t n)
{
	if (n > sizeof(s->head) - HEAD_RESERVE - s->head_n)
		return false;
	memcpy(s->head + s->head_n, p, n);
	s->head_n = (uint16_t)(s->head_n + n);
	return true;
}

/* A comma where one is due, the key at hand, a colon. */
static bool head_key(struct split *s)
{
	return (s->head[s->head_n - 1] == '{' || head_put(s, ",", 1)) &&
	    head_put(s, "\"", 1) && head_put(s, s->key, s->key_n) &&
	    head_put(s, "\":", 2);
}

/* Enters the object at hand, unless its parent was not entered either. */
static void head_open(struct split *s)
{
	uint16_t mark = s->head_n;

	if (s->head_depth != s->depth)
		return;
	if ((s->depth == s->emit_depth || head_key(s)) && head_put(s, "{", 1))
		s->head_depth++;
	else
		s->head_n = mark;
}

static void head_close(struct split *s)
{
	if (s->head_depth != s->depth)
		return;
	s->head[s->head_n++] = '}';
	s->head_depth--;
}

static void keep_begin(struct split *s, struct cut *c)
{
	if (s->head_depth != s->depth)
		return;
	s->head_mark = s->head_n;
	if (head_key(s))
		c->keep = c->p;
	else
		s->head_n = s->head_mark;
}

/* Takes what was kept up to `to`; false when it did not fit. */
static bool keep_take(struct split *s, struct cut *c, const char *to)
{
	bool fits = head_put(s, c->keep, (size_t)(to - c->keep));

	c->keep = NULL;
	if (!fits)
		s->head_n = s->head_mark;
	return fits;
}

/* ---- spans --------------------------------------------------------------- */

static void copy_end(struct split *s, struct cut *c, const char *to)
{
	if (c->copy)
		buf_put(&s->out, c->copy, (size_t)(to - c->copy));
	c->copy = NULL;
}

/*
 * In metadata, a comma and the key behind it are held back until the key is
 * known not to be one that is left out. If it is, copying goes on with the
 * next member's key or with the closing brace.
 */
static void hold_release(struct split *s, struct cut *c, const char *from)
{
	if (s->has_members)
		buf_char(&s->out, ',');
	buf_char(&s->out, '"');
	buf_put(&s->out, s->key, s->key_n);
	s->held = false;
	s->has_members = true;
	c->copy = from;
}

/* ---- values -------------------------------------------------------------- */

static void value_begin(struct split *s, struct cut *c)
{
	bool container = *c->p == '{' || *c->p == '[';

	if (s->emit == EMIT_NONE) {
		enum frame frame = frame_of(s);

		if (frame == FRAME_ITEMS ||
		    (frame == FRAME_TOP && s->mode == SPLIT_WATCH))
			s->emit = EMIT_ITEM;
		else if (s->action == ACTION_EMIT)
			s->emit = EMIT_META;
		if (s->emit != EMIT_NONE) {
			s->emit_depth = s->head_depth = s->depth;
			c->copy = c->p;
		}
	}
	if (s->action == ACTION_KEEP && !container)
		keep_begin(s, c);
}

static void emit_end(struct split *s, struct cut *c, const char *to)
{
	copy_end(s, c, to);
	if (!s->out.over)
		c->event = s->emit == EMIT_ITEM ? SPLIT_ITEM : SPLIT_META;
	else if (s->emit == EMIT_ITEM)
		c->event = SPLIT_OVERSIZE;
	else
		bad(s, c);
	s->emit = EMIT_NONE;
}

/* The value's last byte stands before `to`. */
static void value_end(struct split *s, struct cut *c, const char *to)
{
	if (c->keep)
		keep_take(s, c, to);
	if (s->depth > 0) {
		s->state = STATE_AFTER;
	} else if (s->mode == SPLIT_WATCH) {
		value_due(s, STATE_VALUE);
	} else {
		s->state = STATE_END;
		c->event = SPLIT_END;
	}
	if (s->emit != EMIT_NONE && s->depth == s->emit_depth)
		emit_end(s, c, to);
}

/*
 * An item that is nested too deep is over its cap whatever its size: it may
 * not end the stream, in which it would come again each time. Below the
 * deepest level brackets are only counted.
 */
static void deep_begin(struct split *s, struct cut *c)
{
	if (s->emit != EMIT_ITEM) {
		bad(s, c);
		return;
	}
	s->out.over = true;
	s->deep = 0;
	s->state = STATE_DEEP;
}

static void deep(struct split *s, struct cut *c)
{
	switch (*c->p++) {
	case '"':
		s->state = STATE_DEEP_STRING;
		break;
	case '{':
	case '[':
		if (s->deep == UINT32_MAX)
			bad(s, c);
		else
			s->deep++;
		break;
	case '}':
	case ']':
		if (--s->deep == 0)
			value_end(s, c, c->p);
		break;
	}
}

static void container_open(struct split *s, struct cut *c)
{
	bool object = *c->p == '{';
	uint64_t bit = UINT64_C(1) << (s->depth & 63);
	bool enter = s->action == ACTION_ENTER && s->depth == s->path;

	if (s->depth == JSON_DEPTH_MAX) {
		deep_begin(s, c);
		return;
	}
	value_begin(s, c);
	if (enter)
		enter = object == (frames[s->mode][s->depth + 1] !=
		    FRAME_ITEMS);
	if (enter && s->emit == EMIT_ITEM)
		head_open(s);
	s->objects = object ? s->objects | bit : s->objects & ~bit;
	s->depth++;
	c->p++;
	if (enter)
		s->path = s->depth;
	if (frame_of(s) == FRAME_META) {
		copy_end(s, c, c->p);
		s->held = true;
		s->has_members = false;
	}
	if (object)
		s->state = STATE_FIRST_KEY;
	else
		value_due(s, STATE_FIRST);
}

static void container_close(struct split *s, struct cut *c)
{
	bool object = *c->p == '}';

	if (in_object(s) != object || (s->state != STATE_AFTER &&
	    s->state != (object ? STATE_FIRST_KEY : STATE_FIRST))) {
		bad(s, c);
		return;
	}
	if (frame_of(s) == FRAME_META && !c->copy)
		c->copy = c->p;
	s->held = false;
	if (s->emit == EMIT_ITEM)
		head_close(s);
	if (s->path == s->depth)
		s->path--;
	s->depth--;
	c->p++;
	value_end(s, c, c->p);
}

static void comma(struct split *s, struct cut *c)
{
	if (s->state != STATE_AFTER) {
		bad(s, c);
		return;
	}
	if (frame_of(s) == FRAME_META) {
		copy_end(s, c, c->p);
		s->held = true;
	}
	if (in_object(s))
		s->state = STATE_KEY;
	else
		value_due(s, STATE_VALUE);
	c->p++;
}

/* ---- strings and other scalars ------------------------------------------- */

static void quote(struct split *s, struct cut *c)
{
	switch (s->state) {
	case STATE_KEY:
	case STATE_FIRST_KEY:
		s->state = s->depth == s->path ? STATE_PATH_KEY :
		    STATE_OFF_KEY;
		s->key_n = 0;
		s->key_over = false;
		break;
	case STATE_VALUE:
	case STATE_FIRST:
		value_begin(s, c);
		s->state = STATE_STRING;
		break;
	default:
		bad(s, c);
		return;
	}
	c->p++;
}

static void key_add(struct split *s, struct cut *c, const char *from)
{
	size_t n = (size_t)(c->p - from);

	if (s->key_over)
		return;
	if (n <= sizeof(s->key) - s->key_n) {
		memcpy(s->key + s->key_n, from, n);
		s->key_n = (uint8_t)(s->key_n + n);
		return;
	}
	s->key_over = true;
	if (s->held)
		hold_release(s, c, from);
}

static enum action key_action(const struct split *s)
{
	struct str key = { s->key, s->key_n };
	enum frame frame = frame_of(s);
	size_t i;

	if (s->key_over)
		return ACTION_NONE;
	for (i = 0; i < ARRAY_LEN(members); i++)
		if (members[i].frame == frame && str_eq(members[i].key, key))
			return (enum action)members[i].action;
	return ACTION_NONE;
}

static void key_end(struct split *s, struct cut *c)
{
	s->action = key_action(s);
	if (s->held && s->action != ACTION_DROP)
		hold_release(s, c, c->p);
}

/* Where the string pauses: a quote, a backslash or the end; by eight. */
static const char *string_pause(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t x, q, b;

	for (; end - p >= 8; p += 8) {
		memcpy(&x, p, 8);
		q = x ^ ones * '"';
		b = x ^ ones * '\\';
		if ((((q - ones) & ~q) | ((b - ones) & ~b)) & ones * 0x80)
			break;
	}
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* Goes to the closing quote, or to the end of the piece. */
static bool string_run(struct split *s, struct cut *c)
{
	for (;;) {
		if (s->escape && c->p < c->end) {
			s->escape = false;
			c->p++;
		}
		c->p = string_pause(c->p, c->end);
		if (c->p == c->end)
			return false;
		if (*c->p == '"')
			return true;
		s->escape = true;
		c->p++;
	}
}

static void string(struct split *s, struct cut *c)
{
	const char *from = c->p;
	bool ended = string_run(s, c);

	if (s->state == STATE_PATH_KEY) {
		key_add(s, c, from);
		if (ended)
			key_end(s, c);
	}
	if (!ended)
		return;
	c->p++;
	if (s->state == STATE_STRING) {
		value_end(s, c, c->p);
	} else if (s->state == STATE_DEEP_STRING) {
		s->state = STATE_DEEP;
	} else {
		if (s->state == STATE_OFF_KEY)
			s->action = ACTION_NONE;
		s->state = STATE_COLON;
	}
}

/* Bytes of numbers and words. */
static bool is_scalar(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

static void scalar(struct split *s, struct cut *c)
{
	while (c->p < c->end && is_scalar(*c->p))
		c->p++;
	if (c->p < c->end)
		value_end(s, c, c->p);
}

/* ---- pieces -------------------------------------------------------------- */

/* A byte outside strings and scalars. */
static void structure(struct split *s, struct cut *c)
{
	bool due = s->state == STATE_VALUE || s->state == STATE_FIRST;

	switch (*c->p) {
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		c->p++;
		return;
	case '"':
		quote(s, c);
		return;
	case ',':
		comma(s, c);
		return;
	case ':':
		if (s->state != STATE_COLON)
			break;
		s->state = STATE_VALUE;
		c->p++;
		return;
	case '{':
	case '[':
		if (!due)
			break;
		container_open(s, c);
		return;
	case '}':
	case ']':
		container_close(s, c);
		return;
	default:
		if (!due || !is_scalar(*c->p))
			break;
		value_begin(s, c);
		s->state = STATE_SCALAR;
		return;
	}
	bad(s, c);
}

void split_init(struct split *s, enum split_mode mode, void *mem, size_t cap)
{
	memset(s, 0, sizeof(*s));
	s->mode = mode;
	buf_init(&s->out, mem, cap);
	value_due(s, STATE_VALUE);
}

/* The pieces end where they will: what is open goes on in the next. */
static void piece_begin(struct split *s, struct cut *c, struct str in)
{
	*c = (struct cut){ .p = in.p, .end = in.p + in.n,
	    .event = s->state == STATE_BAD ? SPLIT_BAD : SPLIT_MORE };
	if (s->copying)
		c->copy = c->p;
	if (s->keeping)
		c->keep = c->p;
	if (s->emit == EMIT_NONE) {
		buf_clear(&s->out);
		s->head_n = 0;
	}
}

static void piece_end(struct split *s, struct cut *c)
{
	s->copying = c->copy != NULL;
	copy_end(s, c, c->p);
	s->keeping = c->keep != NULL && keep_take(s, c, c->p);
}

enum split_event split_push(struct split *s, struct str *in,
    struct str *ret_text)
{
	struct cut c;

	if (in->n == 0)
		return s->state == STATE_BAD ? SPLIT_BAD : SPLIT_MORE;
	piece_begin(s, &c, *in);
	while (c.p < c.end && c.event == SPLIT_MORE) {
		/* A list is an object; scalars of its own say nothing. */
		if (s->depth == 0 && s->mode == SPLIT_LIST &&
		    s->state == STATE_VALUE && !strchr(" \t\r\n{", *c.p))
			bad(s, &c);
		else if (s->state == STATE_SCALAR)
			scalar(s, &c);
		else if (s->state >= STATE_STRING &&
		    s->state <= STATE_DEEP_STRING)
			string(s, &c);
		else if (s->state == STATE_DEEP)
			deep(s, &c);
		else
			structure(s, &c);
	}
	piece_end(s, &c);
	*in = str_sub(*in, (size_t)(c.p - in->p), in->n);
	if (c.event == SPLIT_ITEM || c.event == SPLIT_META)
		*ret_text = buf_view(&s->out);
	else if (c.event == SPLIT_OVERSIZE)
		*ret_text = s->head_n ?
		    (struct str){ s->head, s->head_n } : STR("{}");
	return c.event;
}
