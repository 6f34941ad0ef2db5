#include "mcp.h"

static bool is_version(const struct json_doc *doc, uint32_t at)
{
	uint32_t v = json_get(doc, at, STR("jsonrpc"));

	return json_type(doc, v) == JSON_STRING &&
	    str_is(json_raw(doc, v), "\"2.0\"");
}

/* The text of a string without its quotes. */
static struct str inside(const struct json_doc *doc, uint32_t at)
{
	struct str raw = json_raw(doc, at);

	return str_sub(raw, 1, raw.n - 1);
}

static bool is_id(const struct json_doc *doc, uint32_t at)
{
	int64_t number;

	return json_type(doc, at) == JSON_STRING ||
	    (json_type(doc, at) == JSON_NUMBER &&
	    json_i64(doc, at, &number) == 0);
}

/* An error may come without an id, or with null: the request's could not be
 * read. */
static int read_error(const struct json_doc *doc, uint32_t error,
    struct rpc *m)
{
	if (json_type(doc, error) != JSON_OBJECT ||
	    json_i64(doc, json_get(doc, error, STR("code")), &m->code) < 0)
		return ERR_BAD;
	if (m->id != JSON_NIL && json_type(doc, m->id) == JSON_NULL)
		m->id = JSON_NIL;
	if (m->id != JSON_NIL && !is_id(doc, m->id))
		return ERR_BAD;
	m->kind = RPC_ERROR;
	m->data = json_get(doc, error, STR("data"));
	m->message = json_get(doc, error, STR("message"));
	return 0;
}

int rpc_read(const struct json_doc *doc, uint32_t at, struct rpc *ret)
{
	struct rpc m = {
		.id = json_get(doc, at, STR("id")),
		.params = json_get(doc, at, STR("params")),
		.result = json_get(doc, at, STR("result")),
		.data = JSON_NIL, .message = JSON_NIL
	};
	uint32_t method = json_get(doc, at, STR("method"));
	uint32_t error = json_get(doc, at, STR("error"));

	if (!is_version(doc, at))
		return ERR_BAD;
	if (method != JSON_NIL) {
		if (json_type(doc, method) != JSON_STRING ||
		    m.result != JSON_NIL || error != JSON_NIL)
			return ERR_BAD;
		if (m.id != JSON_NIL && !is_id(doc, m.id))
			return ERR_BAD;
		m.method = inside(doc, method);
		m.kind = m.id == JSON_NIL ? RPC_NOTIFICATION : RPC_REQUEST;
	} else if (error != JSON_NIL) {
		if (m.result != JSON_NIL || read_error(doc, error, &m) < 0)
			return ERR_BAD;
	} else {
		if (m.result == JSON_NIL || !is_id(doc, m.id))
			return ERR_BAD;
		m.kind = RPC_RESULT;
	}
	*ret = m;
	return 0;
}

bool rpc_answers(const struct json_doc *doc, const struct rpc *m,
    int64_t number)
{
	int64_t id;

	return (m->kind == RPC_RESULT || m->kind == RPC_ERROR) &&
	    json_type(doc, m->id) == JSON_NUMBER &&
	    json_i64(doc, m->id, &id) == 0 && id == number;
}
