/*
 * A server that says what it likes, to a client that asks who it is. The
 * input is cut at NUL bytes into answers; the first byte of each says what
 * kind of answer it is. Whole and in pieces it comes to the same, the probe
 * ends, and what it sends is well-formed.
 */
#include "fuzz.h"
#include "mcp.h"

static char mem[2 * MCP_ANSWER_MIN];
static struct json_tok tok[512];

static void header_check(struct str h)
{
	struct str line;

	while (h.n) {
		size_t n = str_search(h, STR("\r\n")), i;

		FUZZ_CHECK(n < h.n && n > 0);
		line = str_sub(h, 0, n);
		FUZZ_CHECK(str_search(line, STR(": ")) < line.n);
		for (i = 0; i < n; i++)
			FUZZ_CHECK(line.p[i] >= 0x20 && line.p[i] < 0x7f);
		h = str_sub(h, n + 2, h.n);
	}
}

static void request_check(const struct mcp_request *r)
{
	struct json_doc doc;
	struct rpc m;
	size_t i;

	header_check(r->headers);
	FUZZ_CHECK(r->path.n && *r->path.p == '/');
	for (i = 0; i < r->path.n; i++)
		FUZZ_CHECK(r->path.p[i] > 0x20 && r->path.p[i] < 0x7f);
	FUZZ_CHECK(!strcmp(r->method, "POST") == (r->body.n > 0));
	if (!r->body.n)
		return;
	FUZZ_CHECK(json_parse(&doc, r->body, tok, 512, NULL) >= 0);
	FUZZ_CHECK(rpc_read(&doc, JSON_ROOT, &m) == 0);
	FUZZ_CHECK(m.kind == RPC_REQUEST || m.kind == RPC_NOTIFICATION);
}

static bool feed(struct mcp_probe *p, enum mcp_channel c, struct str text,
    struct fuzz_input *cuts)
{
	while (text.n) {
		size_t n = cuts ? 1 + fuzz_u8(cuts) % 16u : text.n;

		if (!mcp_probe_body(p, c, str_sub(text, 0, n)))
			return false;
		text = str_sub(text, n < text.n ? n : text.n, text.n);
	}
	return true;
}

static void answer(struct mcp_probe *p, enum mcp_channel c, struct str text,
    bool *stream, struct fuzz_input *cuts)
{
	static const char *const types[] = {
		"application/json", "text/event-stream", "", "Text/HTML; x"
	};
	static const uint16_t statuses[] = {
		307, 202, 400, 401, 404, 405, 500, 200
	};
	uint8_t kind = text.n ? (uint8_t)*text.p : 255;
	struct mcp_head head = {
		statuses[kind >> 2 & 7], str_from(types[kind & 3]),
		kind & 64 ? str_sub(text, 1, 9) : STR_NONE,
		kind & 32 ? str_sub(text, 1, 9) : STR_NONE
	};
	bool open;

	text = str_sub(text, 1, text.n);
	if (kind == 255) {
		mcp_probe_over(p, c, ERR_TIMEOUT, NULL);
		return;
	}
	open = mcp_probe_head(p, c, &head);
	if (open && c == MCP_CALL && (kind & 128) && *stream) {
		/* It comes on the stream. */
		mcp_probe_over(p, c, 0, NULL);
		*stream = feed(p, MCP_STREAM, text, cuts);
		if (!*stream)
			mcp_probe_over(p, MCP_STREAM, 0, NULL);
		return;
	}
	open = open && feed(p, c, text, cuts);
	if (c == MCP_STREAM)
		*stream = open;
	if (c == MCP_CALL || !open)
		mcp_probe_over(p, c, 0, NULL);
}

static void run(struct str in, bool sse, struct fuzz_input *cuts,
    struct mcp_probe *p)
{
	const struct mcp_probe_how how = {
		STR_INIT("/mcp"), STR_INIT("1"), sse, mem, sizeof(mem), tok,
		512
	};
	struct mcp_request r;
	struct str text;
	bool stream = false;
	unsigned turns = 0;

	memset(p, 0, sizeof(*p));
	mcp_probe_begin(p, &how);
	for (;;) {
		enum mcp_step step = mcp_probe_next(p, &r);

		FUZZ_CHECK(++turns < 2 * MCP_PAGES_MAX + 24);
		if (step == MCP_END)
			break;
		in = str_cut(in, '\0', &text);
		if (step == MCP_WAIT) {
			FUZZ_CHECK(stream);
			mcp_probe_over(p, MCP_STREAM, ERR_IO, NULL);
			stream = false;
			continue;
		}
		request_check(&r);
		answer(p, r.channel, text, &stream, cuts);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mcp_probe whole, pieces;
	struct fuzz_input in = { data, size }, cuts = { data, size };
	bool sse = fuzz_u8(&in) & 1;
	struct str text;

	if (size > FUZZ_MAX)
		return 0;
	text = (struct str){ (const char *)in.p, in.n };
	run(text, sse, NULL, &whole);
	run(text, sse, &cuts, &pieces);
	FUZZ_CHECK(whole.verdict == pieces.verdict);
	FUZZ_CHECK(!memcmp(&whole.found, &pieces.found, sizeof(whole.found)));
	FUZZ_CHECK(!memcmp(&whole.diag, &pieces.diag, sizeof(whole.diag)));
	FUZZ_CHECK(whole.found.tools_named <= whole.found.tools);
	FUZZ_CHECK(str_utf8(str_from(whole.found.name)));
	FUZZ_CHECK(str_utf8(str_from(whole.found.capabilities)));
	return 0;
}
