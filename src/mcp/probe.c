#include <string.h>

#include "mcp_int.h"

#define META "io.modelcontextprotocol/"

void mcp_probe_begin(struct mcp_probe *p, const struct mcp_probe_how *how)
{
	size_t half = how->cap / 2;
	int c;

	CHECK(half >= MCP_ANSWER_MIN && how->toks > 0);
	memset(p, 0, sizeof(*p));
	p->path = how->path;
	p->version = how->version;
	p->tok = how->tok;
	p->toks = how->toks;
	p->verdict = MCP_SILENT;
	p->old = how->sse;
	p->state = how->sse ? PROBE_STREAM : PROBE_DISCOVER;
	for (c = MCP_CALL; c <= MCP_STREAM; c++)
		p->way[c].mem = (struct str){
			(const char *)how->mem + half * (size_t)c, half };
}

/* ---- what is sent ---- */

static void write_client(const struct mcp_probe *p, struct jw *w,
    const char *key)
{
	jw_kopen(w, key);
	jw_kcstr(w, "name", "mcp-operator");
	jw_kstr(w, "version", p->version);
	jw_close(w);
}

/* What the modern revision wants in each request. */
static void write_meta(const struct mcp_probe *p, struct jw *w)
{
	jw_kopen(w, "_meta");
	jw_kcstr(w, META "protocolVersion", MCP_MODERN);
	jw_kopen(w, META "clientCapabilities");
	jw_close(w);
	write_client(p, w, META "clientInfo");
	jw_close(w);
}

static void write_params(const struct mcp_probe *p, struct jw *w)
{
	if (p->state == PROBE_INITIALIZE) {
		jw_kcstr(w, "protocolVersion", MCP_LEGACY);
		jw_kopen(w, "capabilities");
		jw_close(w);
		write_client(p, w, "clientInfo");
		return;
	}
	if (p->cursor[0] != '\0')
		jw_kcstr(w, "cursor", p->cursor);
	if (p->state == PROBE_DISCOVER || p->found.modern)
		write_meta(p, w);
}

static const char *method(const struct mcp_probe *p)
{
	static const char *const methods[] = {
		[PROBE_DISCOVER] = "server/discover",
		[PROBE_INITIALIZE] = "initialize",
		[PROBE_INITIALIZED] = "notifications/initialized",
		[PROBE_TOOLS] = "tools/list"
	};

	CHECK(p->state < ARRAY_LEN(methods) && methods[p->state] != NULL);
	return methods[p->state];
}

static struct str body(struct mcp_probe *p, struct buf *b)
{
	size_t from = b->n;
	struct jw w;

	p->wants = p->state != PROBE_INITIALIZED;
	jw_init(&w, b);
	jw_open(&w);
	jw_kcstr(&w, "jsonrpc", "2.0");
	if (p->wants)
		jw_ki64(&w, "id", ++p->number);
	jw_kcstr(&w, "method", method(p));
	if (p->wants) {
		jw_kopen(&w, "params");
		write_params(p, &w);
		jw_close(&w);
	}
	jw_close(&w);
	return str_sub(buf_view(b), from, b->n);
}

static struct str headers(const struct mcp_probe *p, struct buf *b)
{
	bool modern = p->state == PROBE_DISCOVER || p->found.modern;
	size_t from = b->n;

	if (p->state != PROBE_BYE)
		buf_cstr(b, "Content-Type: application/json\r\n"
		    "Accept: application/json, text/event-stream\r\n");
	if (modern)
		buf_fmt(b, "MCP-Protocol-Version: " MCP_MODERN "\r\n"
		    "Mcp-Method: %s\r\n", method(p));
	else if (p->found.protocol[0] != '\0' && !p->old)
		buf_fmt(b, "MCP-Protocol-Version: %s\r\n", p->found.protocol);
	if (p->session[0] != '\0')
		buf_fmt(b, "Mcp-Session-Id: %s\r\n", p->session);
	return str_sub(buf_view(b), from, b->n);
}

static void way_begin(struct mcp_probe *p, enum mcp_channel c)
{
	struct mcp_way *w = &p->way[c];

	w->busy = true;
	w->events = false;
	w->status = 0;
	w->type[0] = '\0';
	buf_init(&w->text, (char *)(uintptr_t)w->mem.p, w->mem.n);
}

static void post(struct mcp_probe *p, struct mcp_request *ret)
{
	struct buf b;

	buf_init(&b, p->out, sizeof(p->out));
	p->answered = false;
	ret->method = p->state == PROBE_BYE ? "DELETE" : "POST";
	ret->path = p->old ? str_from(p->endpoint) : p->path;
	ret->headers = headers(p, &b);
	p->wants = false;
	ret->body = p->state == PROBE_BYE ? STR_NONE : body(p, &b);
	/* See MCP_OUT_MAX. */
	CHECK(!b.over);
	ret->channel = MCP_CALL;
	way_begin(p, MCP_CALL);
}

enum mcp_step mcp_probe_next(struct mcp_probe *p, struct mcp_request *ret)
{
	CHECK(!p->way[MCP_CALL].busy);
	/* The session of a server of 2024-11-05 is its stream. */
	if (p->state == PROBE_BYE && (p->session[0] == '\0' || p->old))
		p->state = PROBE_END;
	if (p->state == PROBE_END)
		return MCP_END;
	if (p->state == PROBE_STREAM) {
		if (p->way[MCP_STREAM].busy)
			return MCP_WAIT;
		ret->channel = MCP_STREAM;
		ret->method = "GET";
		ret->path = p->path;
		ret->headers = STR("Accept: text/event-stream\r\n");
		ret->body = STR_NONE;
		way_begin(p, MCP_STREAM);
		return MCP_SEND;
	}
	/* Posted, and the answer comes on the stream. */
	if (p->wants && !p->answered)
		return MCP_WAIT;
	post(p, ret);
	return MCP_SEND;
}

/* ---- what comes ---- */

/* A media type without its parameters, in any case. */
static bool type_is(struct str type, const char *name)
{
	(void)str_cut(type, ';', &type);
	return str_eq_nocase(str_trim(type), str_from(name));
}

static void session_keep(struct mcp_probe *p, struct str s)
{
	size_t i;

	if (s.n == 0 || s.n > MCP_SESSION_MAX)
		return;
	/* Visible ASCII; it is sent back as it is. */
	for (i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return;
	memcpy(p->session, s.p, s.n);
	p->session[s.n] = '\0';
}

static void location_keep(struct mcp_probe *p, const struct mcp_head *head)
{
	bool moves = head->status == 301 || head->status == 302 ||
	    head->status == 307 || head->status == 308;
	struct str path = moves ? path_in(head->location) : STR_NONE;

	if (path.n > 0)
		memcpy(p->location, path.p, path.n);
	p->location[path.n] = '\0';
}

/* True: what was asked is asked again, at another path of the same server. */
static bool has_moved(struct mcp_probe *p)
{
	if (p->location[0] == '\0' || p->moves == MCP_MOVES_MAX)
		return false;
	p->moves++;
	memcpy(p->moved, p->location, sizeof(p->moved));
	p->location[0] = '\0';
	p->path = str_from(p->moved);
	p->wants = false;
	return true;
}

bool mcp_probe_head(struct mcp_probe *p, enum mcp_channel c,
    const struct mcp_head *head)
{
	struct mcp_way *w = &p->way[c];

	p->heard = true;
	w->status = head->status;
	w->events = type_is(head->type, "text/event-stream");
	cut_fmt(w->type, sizeof(w->type), "%S", head->type);
	sse_init(&w->sse, (char *)(uintptr_t)w->mem.p, w->mem.n);
	location_keep(p, head);
	if (p->state == PROBE_INITIALIZE && c == MCP_CALL)
		session_keep(p, head->session);
	if (c == MCP_STREAM)
		return w->status == 200 && w->events;
	return true;
}

/* False: nothing more is wanted of it. */
static bool event_take(struct mcp_probe *p, enum mcp_channel c,
    struct str type, struct str data)
{
	if (c == MCP_STREAM && p->state == PROBE_STREAM)
		return !str_is(type, "endpoint") || answer_endpoint(p, data);
	if (!str_is(type, "message") || !answer_take(p, data))
		return true;
	return c == MCP_STREAM;
}

bool mcp_probe_body(struct mcp_probe *p, enum mcp_channel c, struct str data)
{
	struct mcp_way *w = &p->way[c];
	struct str type, text;

	if (!w->events) {
		buf_str(&w->text, data);
		return !w->text.over;
	}
	while (data.n > 0)
		switch (sse_push(&w->sse, &data, &type, &text)) {
		case SSE_EVENT:
			if (!event_take(p, c, type, text))
				return false;
			break;
		case SSE_OVERSIZE:
			answer_over(p);
			return c == MCP_STREAM && !p->answered;
		case SSE_MORE:
			break;
		}
	return true;
}

static const char *reason(int err, const struct diag *d)
{
	return d != NULL && diag_is_set(d) ? d->text : err_text(err);
}

/* False: it is silent, or what came may be of HTTP. */
static bool speaks_otherwise(struct mcp_probe *p, int err,
    const struct diag *d)
{
	if (err == ERR_TLS)
		probe_secured(p);
	else if (err == ERR_ALIEN)
		probe_fail(p, MCP_ALIEN, "%s", reason(err, d));
	else
		return false;
	return true;
}

/* Who it is may be known by then: only the rest is not. */
static void call_silent(struct mcp_probe *p, int err, const struct diag *d)
{
	p->wants = false;
	if (p->state == PROBE_INITIALIZED && p->has_tools)
		p->state = PROBE_TOOLS;
	else if (p->verdict == MCP_SPEAKS)
		p->state = PROBE_BYE;
	else if (!speaks_otherwise(p, err, d))
		probe_fail(p, MCP_SILENT, "%s", reason(err, d));
}

void mcp_probe_late(struct mcp_probe *p)
{
	if (p->state == PROBE_STREAM && p->way[MCP_STREAM].status != 0)
		probe_fail(p, MCP_FOREIGN, "GET %S was answered with a "
		    "stream of events, but no endpoint event came in time",
		    p->path);
	else
		probe_fail(p, MCP_SILENT, "no answer in time");
}

static void stream_over(struct mcp_probe *p, int err, const struct diag *d)
{
	const struct mcp_way *w = &p->way[MCP_STREAM];

	if (p->state == PROBE_END ||
	    (p->state == PROBE_STREAM && has_moved(p)))
		return;
	if (p->verdict == MCP_SPEAKS)
		p->state = PROBE_END;
	else if (p->state == PROBE_STREAM && w->status != 0 &&
	    (w->status != 200 || !w->events))
		probe_fail(p, is_passing(w->status) ? MCP_SILENT :
		    is_guard(w->status) ? MCP_GUARDED : MCP_FOREIGN,
		    "GET %S was answered with %u %s, no stream of events",
		    p->path, w->status, w->type);
	else if (w->status != 0 && err == ERR_TIMEOUT)
		mcp_probe_late(p);
	else if (w->status != 0 || !speaks_otherwise(p, err, d))
		probe_fail(p, MCP_SILENT, "the stream of events ended: %s",
		    reason(err, d));
}

static bool went_well(const struct mcp_way *w)
{
	return w->status >= 200 && w->status < 300;
}

void mcp_probe_over(struct mcp_probe *p, enum mcp_channel c, int err,
    const struct diag *d)
{
	struct mcp_way *w = &p->way[c];

	w->busy = false;
	if (c == MCP_STREAM) {
		stream_over(p, err, d);
		return;
	}
	if (p->state == PROBE_END || p->answered)
		return;
	if (p->state == PROBE_BYE) {
		p->state = PROBE_END;
		return;
	}
	/* Who does not know the question may have no answer to it. */
	if (w->status == 0 && p->state == PROBE_DISCOVER &&
	    err == ERR_TIMEOUT) {
		p->wants = false;
		p->state = PROBE_INITIALIZE;
		return;
	}
	if (w->status == 0) {
		call_silent(p, err, d);
		return;
	}
	if (!p->old && p->wants && has_moved(p))
		return;
	if (!p->wants) {
		/* Whatever it says to a notification. */
		p->state = p->has_tools ? PROBE_TOOLS : PROBE_BYE;
		return;
	}
	if (p->old && went_well(w))
		return;		/* the answer comes on the stream */
	if (w->text.over)
		answer_over(p);
	else if (!w->events && answer_take(p, buf_view(&w->text)))
		return;
	else if (err < 0 && went_well(w) && p->state == PROBE_INITIALIZE)
		probe_fail(p, MCP_SILENT, "the answer to initialize broke "
		    "off: %s", reason(err, d));
	else
		answer_missing(p);
}
