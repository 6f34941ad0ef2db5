#include <string.h>

#include "check.h"
#include "mcp.h"

/*
 * A server by script: what each request must hold, and what comes back.
 * stream: what then comes on the stream of events. A session that begins with
 * "-> " is a location.
 */
struct turn {
	const char *sent;	/* "POST /mcp", or of the stream "GET /sse" */
	const char *holds;	/* in headers or body */
	uint16_t status;	/* 0: no answer */
	const char *type, *session, *body, *stream;
};

static struct mcp_probe p;
static char mem[2 * MCP_ANSWER_MIN];
static struct json_tok tok[256];
static bool sse;

static struct str opt(const char *s)
{
	return s != NULL ? str_from(s) : STR_NONE;
}

static void feed(enum mcp_channel c, struct str text, bool *open)
{
	size_t at;

	for (at = 0; *open && at < text.n; at += 3)
		*open = mcp_probe_body(&p, c, str_sub(text, at, at + 3));
}

static bool has(const struct mcp_request *r, const char *what)
{
	struct str s = str_from(what);

	return str_search(r->headers, s) < r->headers.n ||
	    str_search(r->body, s) < r->body.n;
}

static void answer(const struct turn *t, const struct mcp_request *r,
    bool *stream)
{
	struct mcp_head head = {
		t->status, opt(t->type), opt(t->session), STR_NONE
	};
	bool open;

	if (t->status == 0) {
		mcp_probe_over(&p, r->channel, ERR_TIMEOUT, NULL);
		return;
	}
	if (str_starts(head.session, STR("-> "))) {
		head.location = str_sub(head.session, 3, head.session.n);
		head.session = STR_NONE;
	}
	open = mcp_probe_head(&p, r->channel, &head);
	if (r->channel == MCP_STREAM)
		*stream = open;
	feed(r->channel, opt(t->body), &open);
	if (r->channel == MCP_CALL || !open || t->stream == NULL)
		mcp_probe_over(&p, r->channel, 0, NULL);
	if (t->stream != NULL)
		feed(MCP_STREAM, opt(t->stream), stream);
}

/* Runs the script to its end. */
static void run(const struct turn *t, size_t turns)
{
	const struct mcp_probe_how how = {
		STR_INIT("/mcp"), STR_INIT("1.2.3"), sse, mem, sizeof(mem),
		tok, ARRAY_LEN(tok)
	};
	bool stream = false;
	size_t i;

	memset(&p, 0xa5, sizeof(p));
	mcp_probe_begin(&p, &how);
	for (i = 0; i < turns; i++, t++) {
		struct mcp_request r;
		struct str line = str_from(t->sent), method;

		REQUIRE(mcp_probe_next(&p, &r) == MCP_SEND);
		line = str_cut(line, ' ', &method);
		EXPECT_STR(method, r.method);
		EXPECT(str_eq(line, r.path));
		if (t->holds != NULL && !has(&r, t->holds))
			test_fail(__FILE__, __LINE__, "%s: %.*s %.*s",
			    t->holds, (int)r.headers.n, r.headers.p,
			    (int)r.body.n, r.body.p);
		answer(t, &r, &stream);
	}
}

static void ends(enum mcp_verdict v)
{
	struct mcp_request r;

	EXPECT_EQ(mcp_probe_next(&p, &r), MCP_END);
	EXPECT_EQ(p.verdict, v);
}

#define JSON "application/json"
#define EVENTS "text/event-stream; charset=utf-8"
#define RESULT(id, r) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" r "}"
#define ERROR(id, c) "{\"jsonrpc\":\"2.0\",\"id\":" id \
	",\"error\":{\"code\":" c ",\"message\":\"no\"}}"
#define INIT(id) RESULT(id, "{\"protocolVersion\":\"2025-06-18\"," \
	"\"serverInfo\":{\"name\":\"clock\",\"version\":\"4.1\"}," \
	"\"capabilities\":{\"tools\":{},\"logging\":{}}}")

TEST(a_modern_server_is_asked_twice)
{
	static const struct turn script[] = {
		{ "POST /mcp", "Mcp-Method: server/discover\r\n", 200, JSON,
		    NULL, RESULT("1", "{\"supportedVersions\":[\"2026-07-28\"],"
		    "\"capabilities\":{\"tools\":{}},\"_meta\":{"
		    "\"io.modelcontextprotocol/serverInfo\":{\"name\":\"clo"
		    "ck\",\"version\":\"5\"}}}"), NULL },
		{ "POST /mcp", "io.modelcontextprotocol/protocolVersion", 200,
		    EVENTS, NULL, ": hello\n\ndata: {\"jsonrpc\":\"2.0\","
		    "\"method\":\"notifications/message\"}\n\n"
		    "event: message\ndata: " RESULT("2", "{\"tools\":["
		    "{\"name\":\"now\"},{\"name\":\"l\\u00e4ter\"}]}") "\n\n",
		    NULL }
	};

	run(script, ARRAY_LEN(script));
	ends(MCP_SPEAKS);
	EXPECT(p.found.modern);
	EXPECT_STR(str_from(p.found.protocol), "2026-07-28");
	EXPECT_STR(str_from(p.found.name), "clock");
	EXPECT_STR(str_from(p.found.version), "5");
	EXPECT_STR(str_from(p.found.capabilities), "tools");
	EXPECT_EQ(p.found.tools, 2);
	EXPECT_EQ(p.found.tools_named, 2);
	EXPECT(p.found.tools_known && p.found.tools_whole);
	EXPECT_MEM(p.found.tool_names, "now\0l\xc3\xa4ter", 11);
}

#define NO_DISCOVERY { "POST /mcp", "server/discover", 404, JSON, NULL, \
	ERROR("1", "-32601"), NULL }

TEST(a_legacy_server_gets_its_handshake_and_its_session_is_ended)
{
	static const struct turn script[] = {
		NO_DISCOVERY,
		{ "POST /mcp", "\"protocolVersion\":\"2025-11-25\"", 200,
		    EVENTS, "s-1", "data: " INIT("2") "\n\n", NULL },
		{ "POST /mcp", "\"method\":\"notifications/initialized\"}",
		    202, NULL, NULL, NULL, NULL },
		{ "POST /mcp", "MCP-Protocol-Version: 2025-06-18\r\n"
		    "Mcp-Session-Id: s-1\r\n", 200, JSON, NULL, RESULT("3",
		    "{\"tools\":[{\"name\":\"a\"}],\"nextCursor\":\"2\\\"\"}"),
		    NULL },
		{ "POST /mcp", "\"cursor\":\"2\\\"\"", 200, JSON, NULL,
		    RESULT("4", "{\"tools\":[{\"name\":\"b\"}]}"), NULL },
		{ "DELETE /mcp", "Mcp-Session-Id: s-1\r\n", 405, NULL, NULL,
		    NULL, NULL }
	};

	run(script, ARRAY_LEN(script));
	ends(MCP_SPEAKS);
	EXPECT(!p.found.modern);
	EXPECT_STR(str_from(p.found.protocol), "2025-06-18");
	EXPECT_STR(str_from(p.found.name), "clock");
	EXPECT_STR(str_from(p.found.capabilities), "tools, logging");
	EXPECT_EQ(p.found.tools, 2);
	EXPECT(p.found.tools_whole);
	EXPECT_MEM(p.found.tool_names, "a\0b", 4);
}

/* Answers whatever comes as an unknown method with 200, as some do. */
TEST(a_discovery_that_lists_nothing_we_speak_is_a_legacy_server)
{
	static const struct turn script[] = {
		{ "POST /mcp", NULL, 200, JSON, NULL, RESULT("1",
		    "{\"supportedVersions\":[\"2027-01-01\"]}"), NULL },
		{ "POST /mcp", "initialize", 200, JSON, NULL, RESULT("2",
		    "{\"protocolVersion\":\"2025-03-26\","
		    "\"capabilities\":{}}"), NULL },
		{ "POST /mcp", "notifications/initialized", 400, NULL, NULL,
		    NULL, NULL }
	};

	run(script, ARRAY_LEN(script));
	ends(MCP_SPEAKS);
	EXPECT(!p.found.tools_known);
	EXPECT_STR(str_from(p.found.name), "");
}

TEST(a_server_of_2024_answers_on_its_stream)
{
	static const struct turn script[] = {
		{ "GET /mcp", "Accept: text/event-stream\r\n", 200, EVENTS,
		    NULL, NULL, "event: endpoint\ndata: /m?s=1\n\n" },
		{ "POST /m?s=1", "\"method\":\"initialize\"", 202, NULL, NULL,
		    "Accepted", "event: message\ndata: " INIT("1") "\n\n" },
		{ "POST /m?s=1", "notifications/initialized", 202, NULL, NULL,
		    NULL, ": ping\n\n" },
		{ "POST /m?s=1", "tools/list", 202, NULL, NULL, NULL,
		    "event: message\ndata: " RESULT("2",
		    "{\"tools\":[{\"name\":\"x\"}]}") "\n\n" }
	};

	sse = true;
	run(script, ARRAY_LEN(script));
	ends(MCP_SPEAKS);
	EXPECT_EQ(p.found.tools, 1);
}

TEST(who_does_not_take_posts_is_asked_for_a_stream)
{
	static const struct turn script[] = {
		{ "POST /mcp", NULL, 405, "text/plain", NULL, "no", NULL },
		{ "POST /mcp", NULL, 405, "text/plain", NULL, "no", NULL },
		{ "GET /mcp", NULL, 200, EVENTS, NULL, NULL,
		    "event: endpoint\ndata: http://elsewhere/x\n\n" },
		{ "POST /x", NULL, 202, NULL, NULL, NULL,
		    "data: " INIT("3") "\n\n" }
	};

	run(script, ARRAY_LEN(script));
	EXPECT_EQ(p.verdict, MCP_SPEAKS);
}

TEST(a_web_server_does_not_speak_mcp)
{
	static const struct turn script[] = {
		{ "POST /mcp", NULL, 405, "text/html", NULL, "<html>", NULL },
		{ "POST /mcp", NULL, 405, "text/html", NULL, "<html>", NULL },
		{ "GET /mcp", NULL, 200, "text/html", NULL, "<html>", NULL }
	};

	run(script, ARRAY_LEN(script));
	ends(MCP_FOREIGN);
	EXPECT_STR(str_from(p.diag.text), "GET /mcp was answered with 200 "
	    "text/html, no stream of events");
}

/* Of a stream, too: another try may be answered otherwise. */
TEST(who_is_busy_may_speak_mcp)
{
	static const uint16_t passing[] = { 429, 500, 503 };
	struct turn script[] = {
		{ "GET /mcp", NULL, 0, "text/plain", NULL, "busy", NULL }
	};
	size_t i;

	sse = true;
	for (i = 0; i < ARRAY_LEN(passing); i++) {
		script[0].status = passing[i];
		run(script, 1);
		ends(MCP_SILENT);
	}
	script[0].status = 501;
	run(script, 1);
	ends(MCP_FOREIGN);
}

TEST(a_method_that_is_not_implemented_does_not_speak_mcp)
{
	static const struct turn script[] = {
		{ "POST /mcp", NULL, 501, "text/html", NULL, "<html>", NULL },
		{ "POST /mcp", NULL, 501, "text/html", NULL, "<html>", NULL },
		{ "GET /mcp", NULL, 404, "text/html", NULL, "<html>", NULL }
	};

	run(script, ARRAY_LEN(script));
	ends(MCP_FOREIGN);
}

TEST(what_answers_with_something_else_does_not_speak_mcp)
{
	static const struct turn page[] = {
		{ "POST /mcp", NULL, 200, "text/html", NULL, "<html>", NULL },
		{ "POST /mcp", NULL, 200, "text/html", NULL, "<html>", NULL }
	};
	static const struct turn nameless[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 200, JSON, NULL, RESULT("2", "{}"), NULL }
	};
	static const struct turn broken[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 200, JSON, NULL, RESULT("2",
		    "{\"protocolVersion\":\"a\\r\\nb\"}"), NULL }
	};

	run(page, ARRAY_LEN(page));
	ends(MCP_FOREIGN);
	run(nameless, ARRAY_LEN(nameless));
	ends(MCP_FOREIGN);
	run(broken, ARRAY_LEN(broken));
	ends(MCP_FOREIGN);
}

TEST(no_answer_and_no_entry_are_told_apart)
{
	static const struct turn silent[] = {
		{ "POST /mcp", "server/discover", 0, NULL, NULL, NULL, NULL },
		{ "POST /mcp", "initialize", 0, NULL, NULL, NULL, NULL }
	};
	static const struct turn busy[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 503, JSON, NULL, "{}", NULL }
	};
	static const struct turn throttled[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 429, JSON, NULL, "{}", NULL }
	};
	static const struct turn guarded[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 401, JSON, NULL, "{}", NULL }
	};
	static const struct turn refused[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 200, JSON, NULL, ERROR("2", "-32000"),
		    NULL }
	};

	run(silent, ARRAY_LEN(silent));
	ends(MCP_SILENT);
	run(busy, ARRAY_LEN(busy));
	ends(MCP_SILENT);
	run(throttled, ARRAY_LEN(throttled));
	ends(MCP_SILENT);
	run(guarded, ARRAY_LEN(guarded));
	ends(MCP_GUARDED);
	run(refused, ARRAY_LEN(refused));
	ends(MCP_DECLINED);
	EXPECT_STR(str_from(p.diag.text),
	    "initialize was answered with error -32000: no");
}

TEST(a_server_that_wants_tls_is_not_taken_for_another)
{
	static const struct turn go[] = {
		{ "POST /mcp", "server/discover", 400, NULL, NULL,
		    "Client sent an HTTP request to an HTTPS server.\n", NULL }
	};
	static const struct turn nginx[] = {
		{ "POST /mcp", "server/discover", 400, "text/html", NULL,
		    "<html><head><title>400 The plain HTTP request was sent "
		    "to HTTPS port</title></head></html>", NULL }
	};

	run(go, ARRAY_LEN(go));
	ends(MCP_SECURED);
	EXPECT_STR(str_from(p.diag.text), "it wants TLS, in which servers are "
	    "not asked who they are");
	run(nginx, ARRAY_LEN(nginx));
	ends(MCP_SECURED);
}

/* What came was no answer of HTTP. */
static void ends_by(bool old, int err, enum mcp_verdict v)
{
	struct mcp_request r;

	sse = old;
	run(NULL, 0);
	REQUIRE(mcp_probe_next(&p, &r) == MCP_SEND);
	EXPECT_EQ(r.channel, old ? MCP_STREAM : MCP_CALL);
	mcp_probe_over(&p, r.channel, err, NULL);
	ends(v);
	sse = false;
}

TEST(who_speaks_no_http_is_not_taken_for_a_silent_one)
{
	ends_by(false, ERR_ALIEN, MCP_ALIEN);
	EXPECT_STR(str_from(p.diag.text), "peer speaks no HTTP");
	ends_by(true, ERR_ALIEN, MCP_ALIEN);
	ends_by(false, ERR_TLS, MCP_SECURED);
	ends_by(true, ERR_TLS, MCP_SECURED);
	ends_by(false, ERR_CLOSED, MCP_SILENT);
	ends_by(true, ERR_CLOSED, MCP_SILENT);
}

/* Nor is one that has said who it is by the way it ends. */
TEST(who_has_spoken_is_no_alien)
{
	static const struct turn script[] = {
		{ "POST /mcp", "server/discover", 200, JSON, NULL,
		    RESULT("1", "{\"supportedVersions\":[\"2026-07-28\"],"
		    "\"capabilities\":{\"tools\":{}}}"), NULL }
	};
	struct mcp_request r;

	run(script, ARRAY_LEN(script));
	REQUIRE(mcp_probe_next(&p, &r) == MCP_SEND);
	mcp_probe_over(&p, r.channel, ERR_ALIEN, NULL);
	ends(MCP_SPEAKS);
}

TEST(another_path_of_the_same_server_is_followed)
{
	static const struct turn script[] = {
		{ "POST /mcp", NULL, 307, NULL,
		    "-> http://pod/mcp/", NULL, NULL },
		{ "POST /mcp/", "server/discover", 404, NULL, NULL,
		    NULL, NULL },
		{ "POST /mcp/", "initialize", 308, NULL,
		    "-> /v1/mcp", NULL, NULL },
		{ "POST /v1/mcp", "initialize", 200, JSON, NULL, RESULT("4",
		    "{\"protocolVersion\":\"2025-03-26\"}"), NULL },
		{ "POST /v1/mcp", NULL, 202, NULL, NULL, NULL, NULL }
	};
	static const struct turn round[] = {
		{ "POST /mcp", NULL, 302, NULL,
		    "-> /a", NULL, NULL },
		{ "POST /a", NULL, 302, NULL,
		    "-> /b", NULL, NULL },
		{ "POST /b", NULL, 302, NULL,
		    "-> /a", NULL, NULL },
		{ "POST /a", NULL, 302, NULL,
		    "-> /b", NULL, NULL },
		{ "POST /a", NULL, 302, NULL,
		    "-> /b", NULL, NULL }
	};

	run(script, ARRAY_LEN(script));
	ends(MCP_SPEAKS);
	EXPECT_STR(p.path, "/v1/mcp");
	run(round, ARRAY_LEN(round));
	ends(MCP_FOREIGN);
}

TEST(a_session_that_is_no_header_is_not_sent_back)
{
	static const struct turn script[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 200, JSON, "a b", INIT("2"), NULL },
		{ "POST /mcp", NULL, 202, NULL, NULL, NULL, NULL },
		{ "POST /mcp", NULL, 200, JSON, NULL, ERROR("3", "1"), NULL }
	};

	run(script, ARRAY_LEN(script));
	ends(MCP_SPEAKS);
	EXPECT(!p.found.tools_known);
}

static void long_answer(const char *type, char *body, size_t cap)
{
	struct turn script[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 200, JSON, NULL, INIT("2"), NULL },
		{ "POST /mcp", NULL, 202, NULL, NULL, NULL, NULL },
		{ "POST /mcp", NULL, 200, type, NULL, body, NULL }
	};
	struct buf b;

	buf_init(&b, body, cap - 1);
	buf_cstr(&b, *type == 't' ? "data: " : "");
	while (b.n < 2 * MCP_ANSWER_MIN)
		buf_cstr(&b, "[1,2,3],");
	buf_cstr(&b, "\n\n");
	body[b.n] = '\0';
	run(script, ARRAY_LEN(script));
	ends(MCP_SPEAKS);
	EXPECT(!p.found.tools_known);
}

TEST(a_list_that_is_too_long_is_not_counted)
{
	static char body[3 * MCP_ANSWER_MIN];

	long_answer(JSON, body, sizeof(body));
	long_answer("text/event-stream", body, sizeof(body));
}

TEST(pages_have_an_end)
{
	struct mcp_request r;
	struct mcp_head head = {
		200, STR_INIT(JSON), STR_NONE, STR_NONE
	};
	static const struct turn script[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 200, JSON, NULL, INIT("2"), NULL },
		{ "POST /mcp", NULL, 202, NULL, NULL, NULL, NULL }
	};
	char text[256];
	struct buf b;
	int n = 0;

	run(script, ARRAY_LEN(script));
	while (mcp_probe_next(&p, &r) == MCP_SEND) {
		buf_init(&b, text, sizeof(text));
		buf_fmt(&b, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":"
		    "{\"tools\":[{\"name\":\"t\"}],\"nextCursor\":\"c\"}}",
		    3 + n++);
		REQUIRE(n <= MCP_PAGES_MAX);
		EXPECT(mcp_probe_head(&p, MCP_CALL, &head));
		EXPECT(mcp_probe_body(&p, MCP_CALL, buf_view(&b)));
		mcp_probe_over(&p, MCP_CALL, 0, NULL);
	}
	ends(MCP_SPEAKS);
	EXPECT_EQ(p.found.tools, MCP_PAGES_MAX);
	EXPECT(!p.found.tools_whole);
}

TEST(a_stream_that_ends_early_is_silence)
{
	static const struct turn script[] = {
		{ "GET /mcp", NULL, 200, EVENTS, NULL, NULL,
		    "event: endpoint\ndata: /m\n\n" },
		{ "POST /m", NULL, 202, NULL, NULL, NULL, NULL }
	};
	struct mcp_request r;

	sse = true;
	run(script, ARRAY_LEN(script));
	EXPECT_EQ(mcp_probe_next(&p, &r), MCP_WAIT);
	mcp_probe_over(&p, MCP_STREAM, ERR_CLOSED, NULL);
	ends(MCP_SILENT);
}

TEST(an_endpoint_that_is_no_path_is_refused)
{
	static const char *const bad[] = {
		"event: endpoint\ndata: m\n\n",
		"event: endpoint\ndata: /a b\n\n",
		"event: endpoint\ndata: http://host\n\n",
		"event: endpoint\ndata:\n\n"
	};
	size_t i;

	sse = true;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		struct turn script = { "GET /mcp", NULL, 200, EVENTS, NULL,
			NULL, bad[i] };

		run(&script, 1);
		ends(MCP_FOREIGN);
	}
}

/* Its head came, and then nothing more: that says nothing of who it is. */
TEST(an_answer_that_breaks_off_is_silence)
{
	static const struct turn script[] = { NO_DISCOVERY };
	const struct mcp_head heads[] = {
		{ 200, STR_INIT(EVENTS), STR_NONE, STR_NONE },
		{ 200, STR_INIT(JSON), STR_NONE, STR_NONE }
	};
	struct mcp_request r;
	size_t i;

	for (i = 0; i < ARRAY_LEN(heads); i++) {
		run(script, ARRAY_LEN(script));
		REQUIRE(mcp_probe_next(&p, &r) == MCP_SEND);
		EXPECT(mcp_probe_head(&p, MCP_CALL, &heads[i]));
		EXPECT(mcp_probe_body(&p, MCP_CALL, STR("{\"json")));
		mcp_probe_over(&p, MCP_CALL, ERR_TIMEOUT, NULL);
		ends(MCP_SILENT);
	}
}

/* Who it is is known by then. */
TEST(who_does_not_list_its_tools_speaks_mcp_all_the_same)
{
	static const struct turn silent[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 200, JSON, "s-1", INIT("2"), NULL },
		{ "POST /mcp", NULL, 202, NULL, NULL, NULL, NULL },
		{ "POST /mcp", "tools/list", 0, NULL, NULL, NULL, NULL },
		{ "DELETE /mcp", "s-1", 0, NULL, NULL, NULL, NULL }
	};
	static const struct turn deaf[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 200, JSON, NULL, INIT("2"), NULL },
		{ "POST /mcp", "notifications/initialized", 0, NULL, NULL,
		    NULL, NULL },
		{ "POST /mcp", "tools/list", 200, JSON, NULL, RESULT("3",
		    "{\"tools\":[{\"name\":\"a\"}]}"), NULL }
	};
	static const struct turn stream[] = {
		{ "GET /mcp", NULL, 200, EVENTS, NULL, NULL,
		    "event: endpoint\ndata: /m\n\n" },
		{ "POST /m", NULL, 202, NULL, NULL, NULL,
		    "data: " INIT("1") "\n\n" },
		{ "POST /m", NULL, 202, NULL, NULL, NULL, NULL },
		{ "POST /m", "tools/list", 202, NULL, NULL, NULL, NULL }
	};

	run(silent, ARRAY_LEN(silent));
	ends(MCP_SPEAKS);
	EXPECT(!p.found.tools_known);
	run(deaf, ARRAY_LEN(deaf));
	ends(MCP_SPEAKS);
	EXPECT_EQ(p.found.tools, 1);
	sse = true;
	run(stream, ARRAY_LEN(stream));
	mcp_probe_over(&p, MCP_STREAM, ERR_CLOSED, NULL);
	ends(MCP_SPEAKS);
}

TEST(what_takes_too_long_is_told_by_what_came)
{
	static const struct turn silent[] = {
		{ "GET /mcp", NULL, 200, EVENTS, NULL, NULL, ": ping\n\n" }
	};
	static const struct turn deaf[] = {
		{ "GET /mcp", NULL, 200, EVENTS, NULL, NULL,
		    "event: endpoint\ndata: /m\n\n" },
		{ "POST /m", NULL, 202, NULL, NULL, NULL, NULL }
	};
	static const char no_endpoint[] = "GET /mcp was answered with a "
	    "stream of events, but no endpoint event came in time";

	sse = true;
	run(silent, ARRAY_LEN(silent));
	EXPECT(p.heard);
	mcp_probe_late(&p);
	ends(MCP_FOREIGN);
	EXPECT_STR(str_from(p.diag.text), no_endpoint);
	run(silent, ARRAY_LEN(silent));
	mcp_probe_over(&p, MCP_STREAM, ERR_TIMEOUT, NULL);
	ends(MCP_FOREIGN);
	EXPECT_STR(str_from(p.diag.text), no_endpoint);
	/* One that ends may be another's by the next time. */
	run(silent, ARRAY_LEN(silent));
	mcp_probe_over(&p, MCP_STREAM, ERR_CLOSED, NULL);
	ends(MCP_SILENT);
	run(deaf, ARRAY_LEN(deaf));
	mcp_probe_over(&p, MCP_STREAM, ERR_TIMEOUT, NULL);
	ends(MCP_SILENT);
	EXPECT_STR(str_from(p.diag.text), "no answer in time");
	run(silent, 0);
	EXPECT(!p.heard);
	mcp_probe_late(&p);
	ends(MCP_SILENT);
	EXPECT_STR(str_from(p.diag.text), "no answer in time");
}

TEST(a_stream_may_be_guarded_too)
{
	static const uint16_t guards[] = { 401, 403, 407, 421 };
	struct turn script[] = {
		{ "GET /mcp", NULL, 0, JSON, NULL, "{}", NULL }
	};
	size_t i;

	sse = true;
	for (i = 0; i < ARRAY_LEN(guards); i++) {
		script[0].status = guards[i];
		run(script, 1);
		ends(MCP_GUARDED);
	}
}

TEST(an_address_within_a_query_is_none_of_a_server)
{
	static const struct turn script[] = {
		{ "POST /mcp", NULL, 307, NULL,
		    "-> /v1?from=http://pod/mcp", NULL, NULL }
	};
	struct mcp_request r;

	run(script, 1);
	EXPECT_EQ(mcp_probe_next(&p, &r), MCP_SEND);
	EXPECT_STR(r.path, "/v1?from=http://pod/mcp");
}

/* As many as fit into the list that a status has for them. */
TEST(names_of_tools_are_as_many_as_a_status_takes)
{
	static const struct turn script[] = {
		NO_DISCOVERY,
		{ "POST /mcp", NULL, 200, JSON, NULL, INIT("2"), NULL },
		{ "POST /mcp", NULL, 202, NULL, NULL, NULL, NULL }
	};
	const struct mcp_head head = {
		200, STR_INIT(JSON), STR_NONE, STR_NONE
	};
	static const char open[] = "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":"
	    "{\"tools\":[{\"name\":\"t\"}";
	struct mcp_request r;
	char text[1000];
	struct buf b;
	int i, page;

	run(script, ARRAY_LEN(script));
	for (page = 0; page < 3; page++) {
		REQUIRE(mcp_probe_next(&p, &r) == MCP_SEND);
		buf_init(&b, text, sizeof(text));
		buf_fmt(&b, open, 3 + page);
		for (i = 1; i < 30; i++)
			buf_cstr(&b, ",{\"name\":\"t\"}");
		buf_cstr(&b, "],\"nextCursor\":\"c\"}}");
		REQUIRE(!b.over);
		EXPECT(mcp_probe_head(&p, MCP_CALL, &head));
		EXPECT(mcp_probe_body(&p, MCP_CALL, buf_view(&b)));
		mcp_probe_over(&p, MCP_CALL, 0, NULL);
	}
	EXPECT_EQ(p.found.tools, 90);
	EXPECT_EQ(p.found.tools_named, SERVER_TOOL_NAMES_MAX);
}
