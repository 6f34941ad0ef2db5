#include "api_try.h"

TEST(apply_creates_and_owns)
{
	struct try *t = try_begin(NULL);

	EXPECT_EQ(try_apply(t, MAPS "/c", "mcp", false,
	    MAP(",\"labels\":{\"x\":\"y\"}", "\"a\":\"1\"")), 201);
	EXPECT_STR(try_json(t, "metadata.managedFields.0.fieldsV1"),
	    "{\"f:data\":{\"f:a\":{}},\"f:metadata\":{\"f:labels\":"
	    "{\"f:x\":{}}}}");
	EXPECT_STR(try_text(t, "metadata.managedFields.0.operation"),
	    "Apply");
	try_end(t);
}

TEST(apply_again_writes_nothing)
{
	struct try *t = try_begin(NULL);
	uint64_t version;

	(void)try_apply(t, DEPLOYMENTS "/d", "mcp", false, DEPLOYMENT("",
	    ",\"resources\":{\"limits\":{\"cpu\":\"0.5\"}}"));
	version = api_version(t->api);
	EXPECT_EQ(try_apply(t, DEPLOYMENTS "/d", "mcp", true, DEPLOYMENT("",
	    ",\"resources\":{\"limits\":{\"cpu\":\"0.5\"}}")), 200);
	EXPECT_EQ(api_version(t->api), version);
	try_end(t);
}

TEST(apply_takes_out_what_is_no_longer_applied)
{
	struct try *t = try_begin(NULL);

	(void)try_apply(t, MAPS "/c", "mcp", false,
	    MAP(",\"labels\":{\"x\":\"y\"}", "\"a\":\"1\",\"b\":\"1\""));
	(void)try_merge(t, MAPS "/c", "{\"data\":{\"z\":\"1\"}}");
	(void)try_apply(t, MAPS "/c", "mcp", false, MAP("", "\"b\":\"1\""));
	EXPECT_STR(try_json(t, "data"), "{\"b\":\"1\",\"z\":\"1\"}");
	EXPECT_STR(try_json(t, "metadata.labels"), "");
	EXPECT_STR(try_text(t, "metadata.name"), "c");
	try_end(t);
}

TEST(apply_keeps_what_another_applies_too)
{
	struct try *t = try_begin(NULL);

	(void)try_apply(t, MAPS "/c", "one", false, MAP("", "\"a\":\"1\""));
	(void)try_apply(t, MAPS "/c", "two", false, MAP("", "\"a\":\"1\""));
	(void)try_apply(t, MAPS "/c", "one", false, MAP("", ""));
	EXPECT_STR(try_json(t, "data"), "{\"a\":\"1\"}");
	(void)try_apply(t, MAPS "/c", "two", false, MAP("", ""));
	EXPECT_STR(try_json(t, "data"), "");
	try_end(t);
}

TEST(apply_conflicts_until_forced)
{
	struct try *t = try_begin(NULL);

	(void)try_apply(t, MAPS "/c", "one", false, MAP("", "\"a\":\"1\""));
	EXPECT_EQ(try_apply(t, MAPS "/c", "two", false,
	    MAP("", "\"a\":\"2\"")), 409);
	EXPECT_STR(try_text(t, "message"), "Apply failed with 1 conflict: "
	    "conflict with \"one\": .data.a");
	EXPECT_STR(try_text(t, "details.causes.0.reason"),
	    "FieldManagerConflict");
	EXPECT_EQ(try_apply(t, MAPS "/c", "two", true,
	    MAP("", "\"a\":\"2\"")), 200);
	EXPECT_STR(try_json(t, "metadata.managedFields.1"), "");
	(void)try_merge(t, MAPS "/c", "{\"data\":{\"a\":\"3\"}}");
	EXPECT_EQ(try_apply(t, MAPS "/c", "two", false,
	    MAP("", "\"a\":\"2\"")), 409);
	EXPECT_STR(try_text(t, "message"), "Apply failed with 1 conflict: "
	    "conflict with \"tester\" using v1: .data.a");
	try_end(t);
}

TEST(apply_checks_uid_and_version)
{
	struct try *t = try_begin(NULL);
	const char *uid;

	EXPECT_EQ(try_apply(t, MAPS "/c", "mcp", false,
	    MAP(",\"uid\":\"no\"", "")), 409);
	EXPECT(str_search(try_text(t, "message"), STR("uid mismatch")) <
	    try_text(t, "message").n);
	(void)try_apply(t, MAPS "/c", "mcp", false, MAP("", ""));
	uid = try_fmt(t, "%s", try_text(t, "metadata.uid").p);
	EXPECT_EQ(try_apply(t, MAPS "/c", "mcp", true,
	    try_fmt(t, MAP(",\"uid\":\"%s\"", "\"a\":\"1\""), uid)), 200);
	EXPECT_EQ(try_apply(t, MAPS "/c", "mcp", true,
	    MAP(",\"uid\":\"no\"", "")), 422);
	EXPECT_STR(try_text(t, "details.causes.0.field"), "metadata.uid");
	EXPECT_EQ(try_apply(t, MAPS "/c", "mcp", true,
	    MAP(",\"resourceVersion\":\"1\"", "")), 409);
	try_end(t);
}

TEST(apply_refuses_what_it_cannot_read)
{
	struct try *t = try_begin(NULL);

	EXPECT_EQ(try_apply(t, MAPS "/c", "mcp", false,
	    MAP("", "\"a\":1")), 500);
	EXPECT_EQ(try_apply(t, MAPS "/c", "mcp", false,
	    MAP(",\"managedFields\":[{}]", "")), 400);
	EXPECT_EQ(try_do(t, "PATCH", MAPS "/c",
	    "application/apply-patch+yaml", MAP("", "")), 422);
	EXPECT_EQ(try_get(t, MAPS "/c"), 404);
	try_end(t);
}

#define STATUS(status) "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\",\"metadata\":{\"name\":\"m\"}," \
	"\"status\":" status "}"
#define CONDITION(type) "{\"type\":\"" type "\",\"status\":\"True\"," \
	"\"reason\":\"R\",\"message\":\"\",\"lastTransitionTime\":" \
	"\"2026-01-01T00:00:00Z\"}"

TEST(apply_of_a_status_is_an_entry_of_its_own)
{
	struct try *t = try_begin(NULL);

	(void)try_apply(t, SERVERS "/m", "mcp", false, SERVER("", ""));
	EXPECT_EQ(try_apply(t, SERVERS "/m/status", "mcp", true,
	    STATUS("{\"phase\":\"Running\",\"conditions\":["
	    CONDITION("A") "," CONDITION("B") "]}")), 200);
	EXPECT_STR(try_text(t, "metadata.managedFields.1.subresource"),
	    "status");
	EXPECT_EQ(try_apply(t, SERVERS "/m/status", "mcp", true,
	    STATUS("{\"conditions\":[" CONDITION("B") "]}")), 200);
	EXPECT_STR(try_text(t, "status.conditions.0.type"), "B");
	EXPECT_STR(try_json(t, "status.conditions.1"), "");
	EXPECT_STR(try_json(t, "status.phase"), "");
	EXPECT_STR(try_text(t, "spec.image"), "i");
	try_end(t);
}

TEST(apply_knows_list_elements_by_key)
{
	struct try *t = try_begin(NULL);

	(void)try_apply(t, DEPLOYMENTS "/d", "mcp", false, DEPLOYMENT("",
	    ",\"env\":[{\"name\":\"A\",\"value\":\"1\"},"
	    "{\"name\":\"B\",\"value\":\"1\"}]"));
	(void)try_apply(t, DEPLOYMENTS "/d", "side", false,
	    "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\","
	    "\"metadata\":{\"name\":\"d\"},\"spec\":{\"template\":{\"spec\":"
	    "{\"containers\":[{\"name\":\"main\",\"env\":[{\"name\":\"C\","
	    "\"value\":\"1\"}]}]}}}}");
	(void)try_apply(t, DEPLOYMENTS "/d", "mcp", false, DEPLOYMENT("",
	    ",\"env\":[{\"name\":\"B\",\"value\":\"1\"}]"));
	EXPECT_STR(try_json(t, "spec.template.spec.containers.0.env"),
	    "[{\"name\":\"B\",\"value\":\"1\"},"
	    "{\"name\":\"C\",\"value\":\"1\"}]");
	try_end(t);
}

TEST(apply_after_updates_counts_them_as_one_before)
{
	struct try *t = try_begin(NULL);

	(void)try_post(t, MAPS, MAP("", "\"a\":\"1\""));
	(void)try_merge(t, MAPS "/c",
	    "{\"metadata\":{\"managedFields\":[{}]}}");
	EXPECT_STR(try_json(t, "metadata.managedFields"), "");
	(void)try_apply(t, MAPS "/c", "mcp", false, MAP("", "\"a\":\"1\""));
	EXPECT_STR(try_text(t, "metadata.managedFields.1.manager"),
	    "before-first-apply");
	try_end(t);
}
