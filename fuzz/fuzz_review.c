/*
 * What an API server, or anybody who can reach the port, asks before an
 * object is stored. An answer is well-formed and names the question; what it
 * allows the decoder and the rules take; what the patch writes down changes
 * nothing that is rendered, and is written down once. The first byte says
 * whether the rest is a whole review, or an object and, behind a NUL, the one
 * before it.
 */
#include "admit.h"
#include "fuzz.h"
#include "json_patch.h"
#include "render.h"

enum { TEXT = 8 * FUZZ_MAX, TOKENS = TEXT / 2, ROOM = 1 << 24 };
static struct json_tok tok[TOKENS];
static char body[TEXT], out[TEXT], patched[TEXT], room[ROOM];
static char rendered[2][ROOM / 2];

static void body_make(struct buf *b, enum group g, bool update,
    struct str object, struct str old)
{
	const struct group_info *info = group_info(g);

	buf_init(b, body, sizeof(body));
	buf_fmt(b, "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":"
	    "\"AdmissionReview\",\"request\":{\"uid\":\"u-1\",\"kind\":{"
	    "\"group\":\"%s\",\"version\":\"%s\",\"kind\":\"MCPServer\"},"
	    "\"operation\":\"%s\",\"oldObject\":%S,\"object\":%S}}",
	    info->group, info->version, update ? "UPDATE" : "CREATE",
	    old.n ? old : STR("null"), object);
}

static struct str answer(struct json_doc *doc, const char *path)
{
	return json_raw(doc, json_path(doc, JSON_ROOT, path));
}

/* The answer as a document, or false; whatever happens, it is clean. */
static bool ask(enum admit_task task, struct str text, struct json_doc *doc)
{
	struct arena a;
	struct buf b;
	struct diag d;
	int err;

	arena_init(&a, room, sizeof(room));
	buf_init(&b, out, sizeof(out));
	diag_clear(&d);
	err = admit_review(task, text, NULL, &a, &b, &d);
	FUZZ_CHECK(arena_mark(&a) == 0 && !a.over);
	FUZZ_CHECK(err == 0 || err == ERR_BAD || err == ERR_LIMIT);
	FUZZ_CHECK((err != 0) == diag_is_set(&d));
	FUZZ_CHECK(!err || b.n == 0);
	if (err)
		return false;
	FUZZ_CHECK(!b.over && b.n < HTTP_POST_OUT_MAX);
	FUZZ_CHECK(!json_parse(doc, buf_view(&b), tok, TOKENS, NULL));
	FUZZ_CHECK(answer(doc, "response.uid").n > 2);
	FUZZ_CHECK(str_is(answer(doc, "response.allowed"), "true") ==
	    !answer(doc, "response.status").n);
	FUZZ_CHECK(task == ADMIT_VALIDATE ||
	    str_is(answer(doc, "response.allowed"), "true"));
	return true;
}

/* What becomes of an object; false where it is not taken. */
static bool render(enum group g, struct str object, char *mem,
    struct render_out *ret)
{
	static struct server s;
	const struct render_in in = {
		.server = &s, .revision = RENDER_REVISION
	};
	struct json_doc doc;
	struct arena a;

	arena_init(&a, mem, ROOM / 2);
	if (json_parse(&doc, object, tok, TOKENS, NULL) ||
	    server_decode(g, &doc, JSON_ROOT, &a, &s, NULL) ||
	    server_check(&s, &a, NULL))
		return false;
	FUZZ_CHECK(!render_server(&in, &a, ret));
	for (int k = CHILD_KINDS; k < CHILD_KINDS_ALL; k++)
		FUZZ_CHECK(!render_extra(&in, (enum child_kind)k, &a,
		    &ret->child[k]));
	return true;
}

static void check_same(enum group g, struct str before, struct str after)
{
	struct render_out a, b;

	if (!render(g, before, rendered[0], &a))
		return;
	FUZZ_CHECK(render(g, after, rendered[1], &b));
	for (int k = 0; k < CHILD_KINDS_ALL; k++) {
		FUZZ_CHECK(a.child[k].wanted == b.child[k].wanted);
		FUZZ_CHECK(str_eq(a.child[k].body, b.child[k].body));
	}
}

static void check_patch(enum group g, struct str object, struct str text)
{
	static char ops[TEXT];
	struct json_doc doc;
	struct buf b;
	size_t n;

	FUZZ_CHECK(!b64_decode(str_sub(text, 1, text.n - 1), false, ops,
	    sizeof(ops), &n));
	buf_init(&b, patched, sizeof(patched));
	FUZZ_CHECK(json_patch_apply(object, (struct str){ ops, n }, &b));
	check_same(g, object, buf_view(&b));
	body_make(&b, g, false, (struct str){ patched, b.n }, STR_NONE);
	FUZZ_CHECK(!b.over && ask(ADMIT_MUTATE, buf_view(&b), &doc));
	FUZZ_CHECK(!answer(&doc, "response.patch").n);
}

/* Is it an object that nobody has deleted? */
static bool is_looked_at(struct str object)
{
	struct json_doc doc;

	return !json_parse(&doc, object, tok, TOKENS, NULL) &&
	    json_type(&doc, JSON_ROOT) == JSON_OBJECT &&
	    json_path(&doc, JSON_ROOT, "metadata.deletionTimestamp") ==
	    JSON_NIL;
}

static void check_object(enum group g, struct str object, struct str old)
{
	static struct render_out made;
	struct json_doc doc;
	struct str patch;
	struct buf b;

	body_make(&b, g, old.n > 0, object, old);
	if (b.over || json_scan(object, NULL))
		return;
	if (ask(ADMIT_VALIDATE, buf_view(&b), &doc) && !old.n &&
	    str_is(answer(&doc, "response.allowed"), "true") &&
	    is_looked_at(object))
		FUZZ_CHECK(render(g, object, rendered[0], &made));
	if (!ask(ADMIT_MUTATE, buf_view(&b), &doc))
		return;
	patch = answer(&doc, "response.patch");
	if (patch.n)
		check_patch(g, object, patch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint8_t how = fuzz_u8(&in);
	struct str text = { (const char *)in.p, in.n }, object;
	struct json_doc doc;

	if (size > FUZZ_MAX)
		return 0;
	if (how & 1) {
		ask(ADMIT_VALIDATE, text, &doc);
		ask(ADMIT_MUTATE, text, &doc);
		return 0;
	}
	text = str_cut(text, '\0', &object);
	check_object((enum group)((how >> 1) % GROUPS), object, text);
	return 0;
}
