#include <string.h>

#include "check.h"
#include "rendering.h"

enum { ARENA = 8 * 1024 * 1024, WHOLE_MAX = 70 };
static struct json_tok tokens[JSON_TOKENS_MAX], found[JSON_TOKENS_MAX];
static _Alignas(16) char decoded_mem[ARENA], rendered_mem[ARENA];
static char pretty_mem[ARENA], extra_mem[ARENA];
static struct server server;

const struct server *rendering_server(struct str text)
{
	struct arena a;
	struct json_doc doc;
	struct diag d;
	struct str group, value;
	enum group g;
	int err;

	diag_clear(&d);
	arena_init(&a, decoded_mem, sizeof(decoded_mem));
	if (json_parse(&doc, text, tokens, JSON_TOKENS_MAX, &d))
		test_fail(__FILE__, __LINE__, "%s: %s", d.path, d.text);
	REQUIRE(!diag_is_set(&d));
	REQUIRE(!json_string(&doc, json_get(&doc, JSON_ROOT,
	    STR("apiVersion")), &a, &value));
	(void)str_cut(value, '/', &group);
	REQUIRE(!group_find(group, &g));
	err = server_decode(g, &doc, JSON_ROOT, &a, &server, &d);
	if (err)
		test_fail(__FILE__, __LINE__, "%s: %s", d.path, d.text);
	REQUIRE(!err);
	return &server;
}

const struct render_out *rendering_of(struct str text, uint64_t refs)
{
	static struct render_out out;
	struct render_in in = {
		.server = rendering_server(text), .refs = refs,
		.sidecar = STR("mcp-operator:test"),
		.revision = RENDER_REVISION
	};
	struct arena a;

	arena_init(&a, rendered_mem, sizeof(rendered_mem));
	REQUIRE(!render_server(&in, &a, &out));
	return &out;
}

const struct child *rendering_extra(enum child_kind kind)
{
	static struct child child;
	struct render_in in = {
		.server = &server, .revision = RENDER_REVISION
	};
	struct arena a;

	arena_init(&a, extra_mem, sizeof(extra_mem));
	REQUIRE(!render_extra(&in, kind, &a, &child));
	return &child;
}

struct str rendering_at(struct str json, const char *path)
{
	struct str rest = str_from(path), part;
	struct json_doc doc;
	uint32_t at = JSON_ROOT;
	uint64_t i;

	REQUIRE(!json_parse(&doc, json, found, JSON_TOKENS_MAX, NULL));
	while (rest.n && at != JSON_NIL) {
		rest = str_cut(rest, '|', &part);
		if (json_type(&doc, at) == JSON_OBJECT) {
			at = json_get(&doc, at, part);
			continue;
		}
		if (json_type(&doc, at) != JSON_ARRAY || str_u64(part, &i))
			return STR_NONE;
		uint32_t list = at;
		for (at = json_first(&doc, at); i && at != JSON_NIL; i--)
			at = json_next(&doc, list, at);
	}
	return at == JSON_NIL ? STR_NONE : json_raw(&doc, at);
}

static void line(struct buf *b, int depth)
{
	buf_char(b, '\n');
	while (depth-- > 0)
		buf_cstr(b, "  ");
}

/* Where the value at the head of s, an object or a list, ends. */
static size_t value_length(struct str s)
{
	bool quoted = false;
	int depth = 0;
	size_t i = 0;

	do {
		char c = s.p[i++];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			depth++;
		else if (!quoted && (c == '}' || c == ']'))
			depth--;
	} while (depth);
	return i;
}

struct str rendering_pretty(struct str json)
{
	bool quoted = false;
	int depth = 0;
	size_t whole = 0;	/* up to here all on one line */
	struct buf b;

	buf_init(&b, pretty_mem, sizeof(pretty_mem));
	for (size_t i = 0; i < json.n; i++) {
		char c = json.p[i];
		bool open = !quoted && (c == '{' || c == '[');
		bool close = !quoted && (c == '}' || c == ']');
		size_t n = open && i >= whole ?
		    value_length(str_sub(json, i, json.n)) : 0;

		if (n && n <= WHOLE_MAX)
			whole = i + n;
		if (close && i >= whole)
			line(&b, --depth);
		buf_char(&b, c);
		if (quoted && c == '\\')
			buf_char(&b, json.p[++i]);
		else if (c == '"')
			quoted = !quoted;
		if (open && i >= whole)
			line(&b, ++depth);
		else if (!quoted && c == ',' && i >= whole)
			line(&b, depth);
		else if (!quoted && (c == ':' || c == ','))
			buf_char(&b, ' ');
	}
	buf_char(&b, '\n');
	REQUIRE(!b.over);
	return buf_view(&b);
}
