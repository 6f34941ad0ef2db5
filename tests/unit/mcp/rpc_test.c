#include "check.h"
#include "mcp.h"

static struct json_doc doc;

static int read_rpc(const char *text, struct rpc *ret)
{
	static struct json_tok tok[64];

	REQUIRE(json_parse(&doc, str_from(text), tok, ARRAY_LEN(tok),
	    NULL) >= 0);
	return rpc_read(&doc, JSON_ROOT, ret);
}

TEST(messages_are_told_apart)
{
	struct rpc m;

	REQUIRE(read_rpc("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"a/b\","
	    "\"params\":{}}", &m) == 0);
	EXPECT_EQ(m.kind, RPC_REQUEST);
	EXPECT_STR(m.method, "a/b");
	EXPECT(json_type(&doc, m.params) == JSON_OBJECT);
	REQUIRE(read_rpc("{\"jsonrpc\":\"2.0\",\"method\":\"n\"}", &m) == 0);
	EXPECT_EQ(m.kind, RPC_NOTIFICATION);
	REQUIRE(read_rpc("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{}}",
	    &m) == 0);
	EXPECT_EQ(m.kind, RPC_RESULT);
	REQUIRE(read_rpc("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":"
	    "{\"code\":-32601,\"message\":\"no\",\"data\":[]}}", &m) == 0);
	EXPECT_EQ(m.kind, RPC_ERROR);
	EXPECT_EQ(m.code, -32601);
	EXPECT(json_type(&doc, m.data) == JSON_ARRAY);
}

TEST(an_answer_is_known_by_its_number)
{
	struct rpc m;

	REQUIRE(read_rpc("{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":1}",
	    &m) == 0);
	EXPECT(rpc_answers(&doc, &m, 3));
	EXPECT(!rpc_answers(&doc, &m, 4));
	REQUIRE(read_rpc("{\"jsonrpc\":\"2.0\",\"id\":\"3\",\"result\":1}",
	    &m) == 0);
	EXPECT(!rpc_answers(&doc, &m, 3));
	REQUIRE(read_rpc("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"m\"}",
	    &m) == 0);
	EXPECT(!rpc_answers(&doc, &m, 3));
	REQUIRE(read_rpc("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":"
	    "{\"code\":1}}", &m) == 0);
	EXPECT_EQ(m.id, JSON_NIL);
	EXPECT(!rpc_answers(&doc, &m, 3));
}

TEST(what_is_no_message_is_refused)
{
	static const char *const bad[] = {
		"[]", "1", "{}", "{\"jsonrpc\":\"2.0\"}",
		"{\"jsonrpc\":\"1.0\",\"id\":1,\"result\":1}",
		"{\"jsonrpc\":2.0,\"id\":1,\"result\":1}",
		"{\"id\":1,\"result\":1}",
		"[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}]",
		"{\"jsonrpc\":\"2.0\",\"result\":1}",
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":1}",
		"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"result\":1}",
		"{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"m\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":1}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"result\":1}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":"
		"{\"code\":1}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":\"no\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":{},\"error\":{\"code\":1}}"
	};
	struct rpc m = { .code = 99 };
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		if (read_rpc(bad[i], &m) != ERR_BAD)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	EXPECT_EQ(m.code, 99);
}
