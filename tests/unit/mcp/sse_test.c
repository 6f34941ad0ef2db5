#include <string.h>

#include "check.h"
#include "mcp.h"

/* Each event as "type=data|", with what is oversized as "!". */
static struct str tell(struct str in, size_t step, size_t cap, struct buf *b)
{
	static char mem[256];
	struct str type, data, piece;
	struct sse s;

	sse_init(&s, mem, cap);
	buf_clear(b);
	while (in.n > 0) {
		piece = str_sub(in, 0, step);
		in = str_sub(in, piece.n, in.n);
		while (piece.n > 0) {
			enum sse_event e = sse_push(&s, &piece, &type, &data);

			if (e == SSE_EVENT)
				buf_fmt(b, "%S=%S|", type, data);
			else if (e == SSE_OVERSIZE)
				buf_fmt(b, "%S!", type);
		}
	}
	return buf_view(b);
}

static void check(const char *in, size_t cap, const char *want)
{
	static char mem[1024];
	struct buf b;
	size_t step;

	buf_init(&b, mem, sizeof(mem));
	for (step = 1; step <= strlen(in) + 1; step++)
		EXPECT_STR(tell(str_from(in), step, cap, &b), want);
}

TEST(events_are_cut_out_of_a_stream)
{
	check("data: a\n\n", 100, "message=a|");
	check("event: endpoint\ndata: /m?id=1\n\n", 100, "endpoint=/m?id=1|");
	check("data: a\r\ndata: b\r\n\r\n", 100, "message=a\nb|");
	check("data: a\r\rdata: b\r\r", 100, "message=a|message=b|");
	check("id: 1\nretry: 5\ndata:a\ndata\ndata:  b\n\n", 100,
	    "message=a\n\n b|");
	check(":\n\n: ping\n\ndata:x\n\n", 100, "message=x|");
	check("\xef\xbb\xbf" "data:x\n\n", 100, "message=x|");
	check("\xef\xbb" "data:x\n\ndata:y\n\n", 100, "message=y|");
	check("data:a:b\n\n", 100, "message=a:b|");
}

TEST(what_has_no_data_or_no_end_is_no_event)
{
	check("event: e\n\ndata: a\n\n", 100, "message=a|");
	check("data: a\n", 100, "");
	check("data: a", 100, "");
	check("data\n\n", 100, "message=|");
	check("Data: a\n\ndat: b\n\ndataa: c\n\n", 100, "");
	check("a_very_long_field: x\ndata: a\n\n", 100, "message=a|");
	check(" data: x\n\n", 100, "");
}

TEST(an_event_over_the_cap_is_told_and_the_next_is_whole)
{
	check("data: 12345\n\n", 5, "message=12345|");
	check("event: e\ndata: 123456\n\ndata: 12345\n\n", 5,
	    "e!message=12345|");
	check("data: 123\ndata: 45\n\ndata:1\n\n", 5, "message!message=1|");
}
