#include <string.h>

#include "mcp_int.h"

#define SERVER_INFO "io.modelcontextprotocol/serverInfo"

void probe_fail(struct mcp_probe *p, enum mcp_verdict v, const char *fmt,
    ...)
{
	struct buf b;
	va_list ap;

	p->verdict = v;
	p->state = PROBE_END;
	diag_clear(&p->diag);
	buf_init(&b, p->diag.text, sizeof(p->diag.text) - 1);
	va_start(ap, fmt);
	buf_vfmt(&b, true, str_from(fmt), &ap);
	va_end(ap);
	p->diag.text[b.n] = '\0';
}

void probe_secured(struct mcp_probe *p)
{
	probe_fail(p, MCP_SECURED, "it wants TLS, in which servers are not "
	    "asked who they are");
}

/* ---- values ---- */

/* Cut where a character begins; empty where there is no such string. */
static void keep(const struct json_doc *doc, uint32_t at, char *to,
    size_t cap)
{
	char mem[1024];
	struct arena a;
	struct str s = STR_NONE;

	arena_init(&a, mem, sizeof(mem));
	if (json_type(doc, at) == JSON_STRING)
		(void)json_string_cut(doc, at, &a, &s);
	cut_fmt(to, cap, "%S", s);
}

static void keep_info(struct mcp_probe *p, const struct json_doc *doc,
    uint32_t info)
{
	struct mcp_found *f = &p->found;

	keep(doc, json_get(doc, info, STR("name")), f->name, sizeof(f->name));
	keep(doc, json_get(doc, info, STR("version")), f->version,
	    sizeof(f->version));
}

static void keep_capabilities(struct mcp_probe *p, const struct json_doc *doc,
    uint32_t caps)
{
	uint32_t key = json_type(doc, caps) == JSON_OBJECT ?
	    json_first(doc, caps) : JSON_NIL;
	char name[64];
	struct buf b;

	buf_init(&b, p->found.capabilities, sizeof(p->found.capabilities) - 1);
	for (; key != JSON_NIL; key = json_next(doc, caps, key)) {
		keep(doc, key, name, sizeof(name));
		if (b.n + 2 + strlen(name) > b.cap)
			break;
		buf_fmt(&b, "%s%s", b.n > 0 ? ", " : "", name);
	}
	p->found.capabilities[b.n] = '\0';
	p->has_tools = json_get(doc, caps, STR("tools")) != JSON_NIL;
}

/* ---- server/discover ---- */

static bool lists(const struct json_doc *doc, uint32_t list, const char *what)
{
	uint32_t at = json_type(doc, list) == JSON_ARRAY ?
	    json_first(doc, list) : JSON_NIL;
	struct str s = STR_NONE;
	char mem[64];

	for (; at != JSON_NIL; at = json_next(doc, list, at)) {
		struct arena a;

		arena_init(&a, mem, sizeof(mem));
		if (json_string(doc, at, &a, &s) == 0 && str_is(s, what))
			return true;
	}
	return false;
}

/* Anything but a discovery of a revision that we speak: an older one. */
static void take_discovery(struct mcp_probe *p, const struct json_doc *doc,
    const struct rpc *m)
{
	uint32_t meta;

	if (m->kind != RPC_RESULT || !lists(doc, json_get(doc, m->result,
	    STR("supportedVersions")), MCP_MODERN)) {
		p->state = PROBE_INITIALIZE;
		return;
	}
	p->found.modern = true;
	cut_fmt(p->found.protocol, sizeof(p->found.protocol), "%s",
	    MCP_MODERN);
	meta = json_get(doc, m->result, STR("_meta"));
	keep_info(p, doc, json_get(doc, meta, STR(SERVER_INFO)));
	keep_capabilities(p, doc, json_get(doc, m->result,
	    STR("capabilities")));
	p->verdict = MCP_SPEAKS;
	p->state = p->has_tools ? PROBE_TOOLS : PROBE_BYE;
}

/* ---- initialize ---- */

/* It goes into a header. */
static bool is_revision(const char *s)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if (s[i] <= 0x20 || s[i] > 0x7e)
			return false;
	return i > 0;
}

static void take_initialize(struct mcp_probe *p, const struct json_doc *doc,
    const struct rpc *m)
{
	struct mcp_found *f = &p->found;
	char why[160];

	if (m->kind == RPC_ERROR) {
		keep(doc, m->message, why, sizeof(why));
		probe_fail(p, MCP_DECLINED, "initialize was answered with "
		    "error %D: %s", m->code, why);
		return;
	}
	keep(doc, json_get(doc, m->result, STR("protocolVersion")),
	    f->protocol, sizeof(f->protocol));
	if (!is_revision(f->protocol)) {
		f->protocol[0] = '\0';
		probe_fail(p, MCP_FOREIGN, "the answer to initialize names no "
		    "protocolVersion");
		return;
	}
	keep_info(p, doc, json_get(doc, m->result, STR("serverInfo")));
	keep_capabilities(p, doc, json_get(doc, m->result,
	    STR("capabilities")));
	p->verdict = MCP_SPEAKS;
	p->state = PROBE_INITIALIZED;
}

/* ---- tools/list ---- */

static void name_tool(struct mcp_found *f, const struct json_doc *doc,
    uint32_t name, size_t *used)
{
	char text[160];
	size_t n;

	/* The first ones: after one that has no room none is told. */
	if (f->tools_named != f->tools - 1 ||
	    f->tools_named == SERVER_TOOL_NAMES_MAX)
		return;
	keep(doc, name, text, sizeof(text));
	n = strlen(text) + 1;
	if (n > sizeof(f->tool_names) - *used)
		return;
	memcpy(f->tool_names + *used, text, n);
	*used += n;
	f->tools_named++;
}

static size_t names_used(const struct mcp_found *f)
{
	size_t used = 0;
	uint32_t i;

	for (i = 0; i < f->tools_named; i++)
		used += strlen(f->tool_names + used) + 1;
	return used;
}

/* The next page's; false: there is none, or none that can be asked for. */
static bool keep_cursor(struct mcp_probe *p, const struct json_doc *doc,
    uint32_t at)
{
	char mem[MCP_CURSOR_MAX];
	struct str s = STR_NONE;
	struct arena a;

	arena_init(&a, mem, sizeof(mem));
	p->cursor[0] = '\0';
	p->found.tools_whole = json_type(doc, at) != JSON_STRING;
	if (p->found.tools_whole || json_string(doc, at, &a, &s) < 0 ||
	    s.n == 0 || s.n > MCP_CURSOR_MAX || memchr(s.p, '\0', s.n))
		return false;
	memcpy(p->cursor, s.p, s.n);
	p->cursor[s.n] = '\0';
	return ++p->pages < MCP_PAGES_MAX;
}

static void take_tools(struct mcp_probe *p, const struct json_doc *doc,
    const struct rpc *m)
{
	struct mcp_found *f = &p->found;
	uint32_t tools = m->kind == RPC_RESULT ?
	    json_get(doc, m->result, STR("tools")) : JSON_NIL;
	size_t used = names_used(f);
	uint32_t at;

	p->state = PROBE_BYE;
	if (json_type(doc, tools) != JSON_ARRAY)
		return;
	f->tools_known = true;
	for (at = json_first(doc, tools); at != JSON_NIL;
	    at = json_next(doc, tools, at)) {
		f->tools++;
		name_tool(f, doc, json_get(doc, at, STR("name")), &used);
	}
	if (keep_cursor(p, doc, json_get(doc, m->result, STR("nextCursor"))))
		p->state = PROBE_TOOLS;
}

/* ---- all of them ---- */

bool answer_take(struct mcp_probe *p, struct str text)
{
	struct json_doc doc;
	struct rpc m;

	if (!p->wants || p->answered ||
	    json_parse(&doc, text, p->tok, p->toks, NULL) < 0 ||
	    rpc_read(&doc, JSON_ROOT, &m) < 0 ||
	    !rpc_answers(&doc, &m, p->number))
		return false;
	p->answered = true;
	switch ((enum probe_state)p->state) {
	case PROBE_DISCOVER:
		take_discovery(p, &doc, &m);
		break;
	case PROBE_INITIALIZE:
		take_initialize(p, &doc, &m);
		break;
	default:
		take_tools(p, &doc, &m);
	}
	return true;
}

void answer_over(struct mcp_probe *p)
{
	if (!p->wants || p->answered)
		return;
	p->answered = true;
	if (p->state == PROBE_TOOLS)
		p->state = PROBE_BYE;
	else if (p->state == PROBE_DISCOVER)
		p->state = PROBE_INITIALIZE;
	else
		probe_fail(p, MCP_FOREIGN, "the answer to initialize is too "
		    "long");
}

struct str path_in(struct str uri)
{
	size_t scheme = str_search(uri, STR("://"));
	size_t i;

	/* What a path has in its query is no address of its own. */
	if (scheme < uri.n && scheme < str_find(uri, '/')) {
		uri = str_sub(uri, scheme + 3, uri.n);
		uri = str_sub(uri, str_find(uri, '/'), uri.n);
	}
	for (i = 0; i < uri.n; i++)
		if (uri.p[i] <= 0x20 || uri.p[i] > 0x7e)
			return STR_NONE;
	if (uri.n == 0 || uri.p[0] != '/' || uri.n > MCP_ENDPOINT_MAX)
		return STR_NONE;
	return uri;
}

bool answer_endpoint(struct mcp_probe *p, struct str uri)
{
	uri = path_in(uri);
	if (uri.n == 0) {
		probe_fail(p, MCP_FOREIGN, "the stream of events names no "
		    "endpoint for messages");
		return false;
	}
	memcpy(p->endpoint, uri.p, uri.n);
	p->endpoint[uri.n] = '\0';
	p->state = PROBE_INITIALIZE;
	return true;
}

/* A method that is not implemented never will be. */
bool is_passing(uint16_t status)
{
	return (status >= 500 && status != 501) || status == 429;
}

bool is_guard(uint16_t status)
{
	return status == 401 || status == 403 || status == 407 ||
	    status == 421;
}

/* As servers say it that were made with Go or stand behind nginx. */
static bool wants_tls(const struct mcp_way *w)
{
	struct str text = buf_view(&w->text);

	return w->status == 400 && !w->events &&
	    str_search(text, STR("HTTPS")) < text.n;
}

void answer_missing(struct mcp_probe *p)
{
	const struct mcp_way *w = &p->way[MCP_CALL];
	const char *type = w->type[0] != '\0' ? w->type : "without a type";

	p->wants = false;
	if (p->verdict != MCP_SPEAKS && wants_tls(w)) {
		probe_secured(p);
		return;
	}
	switch ((enum probe_state)p->state) {
	case PROBE_DISCOVER:
		p->state = PROBE_INITIALIZE;
		return;
	case PROBE_TOOLS:
		p->state = PROBE_BYE;
		return;
	default:
		break;
	}
	if (is_passing(w->status))
		probe_fail(p, MCP_SILENT, "initialize was answered with %u",
		    w->status);
	else if (is_guard(w->status))
		probe_fail(p, MCP_GUARDED, "initialize was answered with %u",
		    w->status);
	else if (p->old)
		probe_fail(p, MCP_FOREIGN, "initialize was answered with "
		    "%u %s", w->status, type);
	else if (w->status >= 400) {
		/* As a server of 2024-11-05 would, which is asked so. */
		p->old = true;
		p->state = PROBE_STREAM;
	} else
		probe_fail(p, MCP_FOREIGN, "POST %S was answered with %u %s, "
		    "no message of MCP", p->path, w->status, type);
}
