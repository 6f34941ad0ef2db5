/*
 * What people write into the file of --extensions, what their hooks answer,
 * and servers that these are asked about. A file that is taken names places
 * that can be called; a body that is patched is JSON, and what a child is
 * known by is as it was; a request is JSON with all of a server but its
 * managedFields. The first byte says which of the three the rest is.
 */
#include "extend.h"
#include "fuzz.h"

enum { TEXT = 1 << 16, TOKENS = TEXT / 2 };
static char room[1 << 21], yaml[YAML_SCRATCH_MAX],
    texts[JSON_OPS_TEXTS * TEXT];
static struct json_tok tok[TOKENS];

#define SERVICE "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{" \
	"\"name\":\"a\",\"namespace\":\"n\",\"labels\":{\"app\":\"a\"," \
	"\"x\":\"y\"},\"annotations\":{\"mcp.allbeone.io/digest\":\"0\"}," \
	"\"ownerReferences\":[{\"uid\":\"u\"}]},\"spec\":{\"selector\":{" \
	"\"app\":\"a\"},\"ports\":[{\"port\":80},{\"port\":81}]}}"

static void check_ext(const struct ext *e)
{
	FUZZ_CHECK(e->host.n > 0 && e->authority.n > e->host.n);
	FUZZ_CHECK(e->port > 0 && e->path.n > 0 && e->path.p[0] == '/');
	FUZZ_CHECK(e->ca_file[0] == '/' && e->key_file[0] == '/');
	FUZZ_CHECK(e->timeout_ns >= NS_PER_S &&
	    e->timeout_ns <= 30 * NS_PER_S);
	FUZZ_CHECK(str_dns1123_label(e->row->name));
	FUZZ_CHECK((e->service.n > 0) == (e->ns.n > 0));
}

static void read_file(struct str in)
{
	const struct pairs none = { NULL, 0 };
	const struct ext_who who = { GROUP_MCPDEV, STR("a"), &none };
	struct arena a, scratch;
	struct ext_set set;
	struct diag d;
	uint32_t i;
	int err;

	arena_init(&a, room, sizeof(room));
	arena_init(&scratch, yaml, sizeof(yaml));
	diag_clear(&d);
	err = ext_read(in, &scratch, &a, &set, &d);
	FUZZ_CHECK(arena_mark(&scratch) == 0);
	FUZZ_CHECK((err != 0) == diag_is_set(&d));
	if (err)
		return;
	FUZZ_CHECK(set.n <= EXTENSIONS_MAX);
	for (i = 0; i < set.n; i++)
		check_ext(&set.e[i]);
	(void)ext_salt(&set, &who);
}

static struct str at(const struct json_doc *doc, const char *path)
{
	return json_raw(doc, json_path(doc, JSON_ROOT, path));
}

static void check_body(const struct child *c)
{
	static const char *const fixed[] = {
		"apiVersion", "kind", "metadata.name", "metadata.namespace",
		"metadata.labels.app", "metadata.ownerReferences",
		"metadata.uid", "metadata.finalizers", "spec.selector"
	};
	static struct json_tok was_tok[256];
	struct json_doc doc, was;
	struct str meta;
	size_t i;

	FUZZ_CHECK(!json_parse(&doc, c->body, tok, TOKENS, NULL));
	FUZZ_CHECK(!json_parse(&was, STR(SERVICE), was_tok, 256, NULL));
	for (i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		FUZZ_CHECK(str_eq(at(&doc, fixed[i]), at(&was, fixed[i])));
	meta = at(&doc, "metadata");
	FUZZ_CHECK(c->body.p + c->uid_at == meta.p + 1 ||
	    str_is(c->body, SERVICE));
}

static void read_answer(struct str in)
{
	struct json_ops work = { tok, TOKENS, texts, TEXT };
	static struct render_out out;
	struct ext_answer said;
	struct arena a;
	struct diag d;
	int err;

	arena_init(&a, room, sizeof(room));
	diag_clear(&d);
	memset(&out, 0, sizeof(out));
	out.child[CHILD_SERVICE] = (struct child){
		.wanted = true, .name = STR("a"), .body = STR(SERVICE)
	};
	err = ext_answer_read(in, &a, &said, &d);
	if (!err)
		err = ext_answer_apply(&said, &work, &a, &out, &d);
	FUZZ_CHECK(err == ERR_FULL || (err != 0) == diag_is_set(&d));
	check_body(&out.child[CHILD_SERVICE]);
}

static void write_request(struct str in)
{
	static const struct extension row = {
		.name = STR_INIT("x"), .type = EXT_VALIDATOR
	};
	static const struct ext ext = { .row = &row };
	static char body[2 * TEXT], headers[512];
	struct ext_request r = {
		.ext = &ext, .id = STR("1"), .operation = "Create",
		.server = in
	};
	struct json_doc doc;
	struct buf b, h;
	uint32_t server, meta;
	int err;

	buf_init(&b, body, sizeof(body));
	err = ext_request_write(&r, tok, TOKENS, &b, NULL);
	FUZZ_CHECK(err != ERR_FULL);
	if (err)
		return;
	FUZZ_CHECK(!json_parse(&doc, buf_view(&b), tok, TOKENS, NULL));
	server = json_get(&doc, JSON_ROOT, STR("server"));
	meta = json_get(&doc, server, STR("metadata"));
	FUZZ_CHECK(json_type(&doc, meta) == JSON_OBJECT);
	FUZZ_CHECK(json_get(&doc, meta, STR("managedFields")) == JSON_NIL);
	FUZZ_CHECK(str_is(json_raw(&doc, json_get(&doc, server,
	    STR("kind"))), "\"MCPServer\""));
	buf_init(&h, headers, sizeof(headers));
	ext_sign(STR("0123456789abcdef"), 0, buf_view(&b), &h);
	FUZZ_CHECK(!h.over);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint8_t how = fuzz_u8(&in);
	struct str text = { (const char *)in.p, in.n };

	if (size > 8192)
		return 0;
	if (how % 3 == 0)
		read_file(text);
	else if (how % 3 == 1)
		read_answer(text);
	else
		write_request(text);
	return 0;
}
