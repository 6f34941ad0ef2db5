#include <string.h>

#include "check.h"
#include "extend.h"

enum { TEXT = 8192 };
static char mem[1 << 18], texts[JSON_OPS_TEXTS * TEXT];
static struct json_tok tok[4096];
static struct arena arena;
static struct render_out out;

#define SERVICE "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{" \
	"\"name\":\"one\",\"namespace\":\"ns\",\"labels\":{\"app\":\"one\"," \
	"\"team\":\"a\"},\"annotations\":{\"mcp.allbeone.io/digest\":\"0\"}," \
	"\"ownerReferences\":[]},\"spec\":{\"selector\":{\"a\":\"b\"}," \
	"\"ports\":[{\"port\":80}]}}"
#define DEPLOYMENT "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\"," \
	"\"metadata\":{\"name\":\"one\"},\"spec\":{\"replicas\":1," \
	"\"selector\":{\"matchLabels\":{\"key\":\"k\"}},\"template\":{" \
	"\"metadata\":{\"labels\":{\"key\":\"k\"},\"annotations\":{" \
	"\"mcp.allbeone.io/references\":\"1\"}},\"spec\":{}}}}"

/* NULL: it is applied; else "path: why". */
static const char *apply(const char *answer)
{
	static char told[sizeof(struct diag)];
	struct json_ops work = { tok, ARRAY_LEN(tok), texts, TEXT };
	struct ext_answer said;
	struct diag d = { 0 };
	int err;

	arena_init(&arena, mem, sizeof(mem));
	memset(&out, 0, sizeof(out));
	out.child[CHILD_SERVICE] = (struct child){
		.wanted = true, .name = STR("one"), .body = STR(SERVICE)
	};
	out.child[CHILD_DEPLOYMENT] = (struct child){
		.wanted = true, .name = STR("one"), .body = STR(DEPLOYMENT)
	};
	err = ext_answer_read(guard_copy(answer, strlen(answer)), &arena,
	    &said, &d);
	if (err == 0)
		err = ext_answer_apply(&said, &work, &arena, &out, &d);
	EXPECT_EQ(err != 0, diag_is_set(&d));
	cut_fmt(told, sizeof(told), "%s: %s", d.path, d.text);
	return err == 0 ? NULL : told;
}

#define PATCH(kind, ops) "{\"allowed\":true,\"patches\":[{\"kind\":\"" kind \
	"\",\"name\":\"one\",\"patch\":[" ops "]}]}"
#define ADD(path, value) "{\"op\":\"add\",\"path\":\"" path "\",\"value\":" \
	value "}"

TEST(ext_answer_changes_the_child_that_it_names)
{
	const struct child *c = &out.child[CHILD_SERVICE];

	REQUIRE(apply(PATCH("Service", ADD("/metadata/annotations/x",
	    "\"y\"") "," ADD("/spec/type", "\"NodePort\""))) == NULL);
	EXPECT(str_search(c->body, STR("\"x\":\"y\"")) < c->body.n);
	EXPECT(str_search(c->body, STR("\"type\":\"NodePort\"")) <
	    c->body.n);
	/* Where a uid is put in. */
	EXPECT(str_starts(str_sub(c->body, c->uid_at, c->body.n),
	    STR("\"name\":\"one\"")));
	EXPECT_STR(out.child[CHILD_DEPLOYMENT].body, DEPLOYMENT);
}

TEST(ext_answer_that_changes_nothing)
{
	EXPECT(apply("{\"allowed\":true}") == NULL);
	EXPECT(apply("{\"allowed\":false,\"message\":\"no\",\"more\":1}") ==
	    NULL);
	EXPECT(apply("{\"allowed\":true,\"patches\":null}") == NULL);
	EXPECT_STR(out.child[CHILD_SERVICE].body, SERVICE);
}

#define TOLD(answer, what) EXPECT_STR(str_from(apply(answer)), what)

TEST(ext_answer_is_told_what_is_wrong_with_it)
{
	TOLD("{}", "allowed: is required");
	TOLD("{\"allowed\":1}", "allowed: must be a boolean, is a "
	    "number");
	EXPECT(apply("no") != NULL);
	EXPECT(apply("[]") != NULL);
	TOLD("{\"allowed\":true,\"patches\":[{\"kind\":\"Service\"}]}",
	    "patches[0].name: is required");
	TOLD(PATCH("Ingress", ""),
	    "patches[0]: the server has no Ingress one");
	TOLD(PATCH("Service", "{\"op\":\"remove\",\"path\":\"/x\"}"),
	    "patches[0]: patch[0].path is not there");
}

#define FIXED(kind, op, what) TOLD(PATCH(kind, op), "patches[0]: " what \
	" is not for a hook to change")
#define REMOVE(path) "{\"op\":\"remove\",\"path\":\"" path "\"}"

TEST(ext_answer_does_not_touch_what_a_child_is_known_by)
{
	FIXED("Service", ADD("/kind", "\"Pod\""), "kind");
	FIXED("Service", ADD("/apiVersion", "\"v2\""), "apiVersion");
	FIXED("Service", ADD("/metadata/name", "\"two\""), "metadata.name");
	FIXED("Service", ADD("/metadata/namespace", "\"x\""),
	    "metadata.namespace");
	FIXED("Service", ADD("/metadata/uid", "\"x\""), "metadata.uid");
	FIXED("Service", ADD("/metadata/finalizers", "[\"x\"]"),
	    "metadata.finalizers");
	FIXED("Service", ADD("/metadata/ownerReferences/-", "{}"),
	    "metadata.ownerReferences");
	FIXED("Service", ADD("/spec/selector/c", "\"d\""), "spec.selector");
	FIXED("Service", REMOVE("/spec"), "spec.selector");
	FIXED("Service", REMOVE("/metadata"), "metadata.name");
	FIXED("Service", ADD("/metadata/labels/app", "\"x\""),
	    "metadata.labels app");
	FIXED("Service", REMOVE("/metadata/labels"), "metadata.labels app");
	FIXED("Service", ADD("/metadata/labels/mcp.allbeone.io~1x", "\"x\""),
	    "metadata.labels mcp.allbeone.io/x");
	FIXED("Service",
	    ADD("/metadata/annotations/mcp.allbeone.io~1digest", "\"1\""),
	    "metadata.annotations mcp.allbeone.io/digest");
	FIXED("Deployment", ADD("/spec/replicas", "3"), "spec.replicas");
	FIXED("Deployment", ADD("/spec/template/metadata/labels/key",
	    "\"x\""), "spec.template.metadata.labels key");
	FIXED("Deployment", REMOVE("/spec/template/metadata/annotations"),
	    "spec.template.metadata.annotations mcp.allbeone.io/references");
	EXPECT(apply(PATCH("Service", ADD("/metadata/labels/team",
	    "\"b\""))) == NULL);
	EXPECT(apply(PATCH("Deployment", ADD("/spec/template/metadata/labels/x",
	    "\"b\""))) == NULL);
}
