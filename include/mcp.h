#ifndef MCP_H
#define MCP_H

/*
 * mcp: messages of the Model Context Protocol, as bytes in and bytes out.
 * No I/O. Revisions up to 2025-11-25 ("legacy", with an initialize handshake
 * and sessions) and from 2026-07-28 on ("modern", without either) differ so
 * much that a client has to find out which one it talks to.
 */

#include "codec.h"

#define MCP_MODERN "2026-07-28"
#define MCP_LEGACY "2025-11-25"

/* rpc.c [rpc_] ----------------------------------------------------------- */

/* JSON-RPC 2.0 as MCP narrows it: an id is a string or an integer. */
enum rpc_kind { RPC_REQUEST, RPC_NOTIFICATION, RPC_RESULT, RPC_ERROR };
struct rpc {
	enum rpc_kind kind;
	struct str method;	/* as written, quotes and escapes left out */
	uint32_t id;		/* in the document, or JSON_NIL */
	uint32_t params;	/* of a request or notification, or JSON_NIL */
	uint32_t result;	/* of a result */
	int64_t code;		/* of an error, with its data or JSON_NIL */
	uint32_t data, message;
};
/* One message; ERR_BAD when it is none (a batch is none), *ret unchanged. */
int rpc_read(const struct json_doc *doc, uint32_t at, struct rpc *ret);
/* Is it the answer to our request of that number? */
bool rpc_answers(const struct json_doc *doc, const struct rpc *m,
    int64_t number);

/* sse.c [sse_] ----------------------------------------------------------- */

/*
 * Server-sent events (WHATWG HTML, "Interpreting an event stream"), arriving
 * in pieces of any size. The caller's memory holds the data of one event and
 * bounds it: what is longer comes as SSE_OVERSIZE in its place, and the next
 * event is whole again. What is told does not depend on how the input is cut.
 */
enum sse_event { SSE_MORE, SSE_EVENT, SSE_OVERSIZE };
struct sse {
	struct buf data;
	/* private to sse.c from here */
	char type[32], field[8];
	uint8_t type_n, field_n, state, bom;
	bool told, field_over, cr, has_data;
};
void sse_init(struct sse *s, void *mem, size_t cap);
/*
 * Advances *in up to the end of an event. *ret_type is "message" where the
 * stream gives none, and what of it is over 32 bytes is cut. Both slices are
 * valid until the next call. Ids and reconnection times are skipped.
 */
enum sse_event sse_push(struct sse *s, struct str *in, struct str *ret_type,
    struct str *ret_data);

/* probe.c, probe_answer.c [mcp_probe_] ----------------------------------- */

/*
 * Who are you? A client's first words over HTTP, in every form that there
 * is: server/discover; if that is not understood, initialize over Streamable
 * HTTP; if that is not, HTTP+SSE of 2024-11-05. Then the list of tools, and
 * the end of the session, if the server gave one. To another path of the same
 * server it follows, to other servers it does not.
 *
 * The caller carries the exchanges: it asks mcp_probe_next, sends, hands in
 * head and body, tells the end, and asks again. With HTTP+SSE the stream
 * stays open while messages are posted: two exchanges at a time.
 */
enum mcp_verdict {
	MCP_SPEAKS,		/* it does; *found is filled */
	MCP_SILENT,		/* no answer, or 5xx: worth another try */
	MCP_GUARDED,		/* it wants to be authorized */
	MCP_DECLINED,		/* it speaks MCP, and answers with an error */
	MCP_SECURED,		/* it wants TLS */
	MCP_FOREIGN,		/* what answers there does not speak MCP */
	MCP_ALIEN		/* ... nor HTTP, whatever the path */
};
struct mcp_found {
	char name[128], version[64], protocol[32];
	bool modern;
	char capabilities[256];	/* names, in the server's order, by ", " */
	uint32_t tools;
	bool tools_known;	/* false: it has none, or too much to read */
	bool tools_whole;	/* all of them were counted */
	char tool_names[MCP_TOOL_NAMES_MAX]; /* each ended by NUL */
	uint32_t tools_named;
};
enum mcp_channel { MCP_CALL, MCP_STREAM };
struct mcp_request {
	enum mcp_channel channel;
	const char *method;
	struct str path, headers, body;	/* valid until the exchange ends */
};
enum mcp_step {
	MCP_SEND,		/* *ret is to be sent */
	MCP_WAIT,		/* for what comes on the stream */
	MCP_END			/* close what is open; verdict stands */
};
struct mcp_probe {
	enum mcp_verdict verdict;
	struct mcp_found found;
	struct diag diag;	/* why not */
	struct str path;	/* where it was found */
	bool heard;		/* there was an answer, of whatever kind */
	/* private to probe*.c from here */
	struct str version;
	struct json_tok *tok;
	uint32_t toks;
	uint8_t state;
	bool old;		/* HTTP+SSE of 2024-11-05 */
	bool wants, answered;	/* of the request that was sent last */
	bool has_tools;
	uint8_t moves;
	uint32_t pages;
	int64_t number;
	struct mcp_way { /* of each channel */
		bool busy, events;
		uint16_t status;
		struct str mem;
		struct sse sse;
		struct buf text;
		char type[48];
	} way[2];
	char session[MCP_SESSION_MAX + 1];
	char cursor[MCP_CURSOR_MAX + 1];
	char endpoint[MCP_ENDPOINT_MAX + 1];
	char moved[MCP_ENDPOINT_MAX + 1], location[MCP_ENDPOINT_MAX + 1];
	char out[MCP_OUT_MAX];
};
/*
 * path: of the endpoint, in origin form; version: our own. Both must outlive
 * it, as must mem, of at least 2 * MCP_ANSWER_MIN bytes, which bounds one
 * answer, and the tokens. sse: it is known to be a server of 2024-11-05.
 */
struct mcp_probe_how {
	struct str path, version;
	bool sse;
	void *mem;
	size_t cap;
	struct json_tok *tok;
	uint32_t toks;
};
void mcp_probe_begin(struct mcp_probe *p, const struct mcp_probe_how *how);
/* Not while an exchange on MCP_CALL is under way. */
enum mcp_step mcp_probe_next(struct mcp_probe *p, struct mcp_request *ret);
/* It took too long in all; what is open is to be closed. */
void mcp_probe_late(struct mcp_probe *p);
/* Empty slices: no such header. False: close, that is enough. */
struct mcp_head { uint16_t status; struct str type, session, location; };
bool mcp_probe_head(struct mcp_probe *p, enum mcp_channel c,
    const struct mcp_head *head);
bool mcp_probe_body(struct mcp_probe *p, enum mcp_channel c,
    struct str data);
/* The exchange is over, with 0 or an error; also after false above. */
void mcp_probe_over(struct mcp_probe *p, enum mcp_channel c, int err,
    const struct diag *d);

#endif
