#include <string.h>

#include "mcp.h"

/*
 * A line is "field", "field:value" or "field: value"; one that begins with a
 * colon is a comment, an empty one ends the event. Lines end with CR, LF or
 * both. A byte order mark at the very beginning is left out.
 */

enum { AT_FIELD, AT_BLANK, AT_DATA, AT_TYPE, AT_REST };

void sse_init(struct sse *s, void *mem, size_t cap)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->data, mem, cap);
}

static void begin_event(struct sse *s)
{
	buf_clear(&s->data);
	s->data.over = false;
	s->type_n = 0;
	s->has_data = false;
}

static bool field_is(const struct sse *s, const char *name)
{
	struct str field = { s->field, s->field_n };

	return !s->field_over && str_is(field, name);
}

/* The field's name is complete. */
static uint8_t value_of(struct sse *s)
{
	if (field_is(s, "data")) {
		/* Each value is a line of its own. */
		if (s->has_data)
			buf_char(&s->data, '\n');
		s->has_data = true;
		return AT_DATA;
	}
	if (field_is(s, "event")) {
		s->type_n = 0;
		return AT_TYPE;
	}
	return AT_REST;
}

static void put(struct sse *s, char c)
{
	if (s->state == AT_DATA)
		buf_char(&s->data, c);
	else if (s->state == AT_TYPE && s->type_n < sizeof(s->type))
		s->type[s->type_n++] = c;
}

static void take(struct sse *s, char c)
{
	if (s->state == AT_BLANK) {
		s->state = value_of(s);
		if (c != ' ')
			put(s, c);
	} else if (s->state != AT_FIELD) {
		put(s, c);
	} else if (c == ':') {
		s->state = AT_BLANK;
	} else if (s->field_n < sizeof(s->field)) {
		s->field[s->field_n++] = c;
	} else {
		s->field_over = true;
	}
}

/* True: the line was empty and ended an event that has data. */
static bool end_line(struct sse *s)
{
	bool empty = s->state == AT_FIELD && s->field_n == 0 &&
	    !s->field_over;

	if ((s->state == AT_FIELD && !empty) || s->state == AT_BLANK)
		(void)value_of(s);
	s->state = AT_FIELD;
	s->field_n = 0;
	s->field_over = false;
	if (!empty)
		return false;
	if (s->has_data)
		return true;
	begin_event(s);
	return false;
}

static bool in_mark(struct sse *s, char c)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (s->bom > 2)
		return false;
	if (c == mark[s->bom]) {
		s->bom++;
		return true;
	}
	/* Only the whole of it is left out. */
	for (uint8_t i = 0; i < s->bom; i++)
		take(s, mark[i]);
	s->bom = 3;
	return false;
}

static enum sse_event tell(struct sse *s, struct str *ret_type,
    struct str *ret_data)
{
	bool over = s->data.over;

	*ret_type = s->type_n > 0 ? (struct str){ s->type, s->type_n } :
	    STR("message");
	*ret_data = buf_view(&s->data);
	/* What was told stays where it is until the next call. */
	s->has_data = false;
	s->told = true;
	return over ? SSE_OVERSIZE : SSE_EVENT;
}

enum sse_event sse_push(struct sse *s, struct str *in, struct str *ret_type,
    struct str *ret_data)
{
	if (s->told) {
		s->told = false;
		begin_event(s);
	}
	while (in->n > 0) {
		char c = *in->p;
		bool follows = s->cr && c == '\n';

		*in = str_sub(*in, 1, in->n);
		s->cr = c == '\r';
		if (follows || in_mark(s, c))
			continue;
		if (c != '\r' && c != '\n')
			take(s, c);
		else if (end_line(s))
			return tell(s, ret_type, ret_data);
	}
	return SSE_MORE;
}
