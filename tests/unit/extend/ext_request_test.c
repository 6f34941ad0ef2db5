#include <string.h>

#include "check.h"
#include "extend.h"

static struct json_tok tok[256];
static char mem[4096];

static const struct extension row = {
	.name = STR_INIT("one"), .type = EXT_PRE
};
static const struct ext ext = { .row = &row };

TEST(ext_request_says_what_is_to_be_done)
{
	struct ext_change change[] = {
		{ "Service", STR("s"), false }, { "ConfigMap", STR("c"), true }
	};
	struct render_out out = { .child[CHILD_SERVICE] = {
		.wanted = true, .body = STR("{\"kind\":\"Service\"}")
	} };
	struct ext_request r = {
		.ext = &ext, .id = STR("7"), .operation = "Update",
		.wall_ns = 60 * NS_PER_S, .group = GROUP_MCPDEV,
		.server = STR("{\"metadata\":{\"name\":\"s\","
		    "\"managedFields\":[{}],\"uid\":\"u\"},\"spec\":{}}"),
		.children = &out, .change = change, .changes = 2
	};
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	REQUIRE(ext_request_write(&r, tok, ARRAY_LEN(tok), &b, NULL) == 0);
	EXPECT_STR(buf_view(&b), "{\"version\":1,\"id\":\"7\",\"hook\":"
	    "\"one\",\"type\":\"PreReconcile\",\"operation\":\"Update\","
	    "\"dryRun\":false,\"time\":\"1970-01-01T00:01:00Z\",\"server\":{"
	    "\"apiVersion\":\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\","
	    "\"metadata\":{\"name\":\"s\",\"uid\":\"u\"},\"spec\":{}},"
	    "\"children\":[{\"kind\":\"Service\"}],\"changes\":[{\"kind\":"
	    "\"Service\",\"name\":\"s\",\"action\":\"Apply\"},{\"kind\":"
	    "\"ConfigMap\",\"name\":\"c\",\"action\":\"Delete\"}]}");
}

TEST(ext_request_that_does_not_fit)
{
	struct ext_request r = {
		.ext = &ext, .operation = "Create", .server = STR("{}")
	};
	struct diag d = { 0 };
	struct buf b;

	buf_init(&b, mem, 100);
	EXPECT_EQ(ext_request_write(&r, tok, ARRAY_LEN(tok), &b, &d),
	    ERR_FULL);
	EXPECT(diag_is_set(&d));
	r.server = STR("no");
	EXPECT_EQ(ext_request_write(&r, tok, ARRAY_LEN(tok), &b, NULL),
	    ERR_BAD);
}

/* As openssl dgst -sha256 -hmac says it. */
TEST(ext_sign_is_over_timestamp_and_body)
{
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	ext_sign(STR("0123456789abcdef"), 1700000000 * NS_PER_S + 5,
	    STR("{\"a\":1}"), &b);
	EXPECT_STR(buf_view(&b), "Content-Type: application/json\r\n"
	    "Accept: application/json\r\n"
	    "X-MCP-Operator-Timestamp: 1700000000\r\n"
	    "X-MCP-Operator-Signature: sha256=9eb18f493f8ec135d9eb2dad817c369b"
	    "b4e9cbfa818657897a7437c1cd8c3a23\r\n");
}
