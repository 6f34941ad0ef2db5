#include "api_try.h"

/* Owner m, and ConfigMaps a and b that belong to it. */
static void family(struct try *t, const char *meta)
{
	static const char *const names[] = { "a", "b" };
	const char *uid;

	EXPECT_EQ(try_post(t, SERVERS, SERVER("", "")), 201);
	uid = try_fmt(t, "%s", try_text(t, "metadata.uid").p);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		EXPECT_EQ(try_post(t, MAPS, try_fmt(t, "{\"apiVersion\":"
		    "\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"
		    "\"%s\"%s,\"ownerReferences\":[{\"apiVersion\":"
		    "\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\","
		    "\"name\":\"m\",\"uid\":\"%s\","
		    "\"blockOwnerDeletion\":true}]}}", names[i], meta,
		    uid)), 201);
}

static void settle(struct try *t)
{
	t->now_ns += SEC;
	api_tick(t->api, t->now_ns);
}

#define POLICY(p) "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\"," \
	"\"propagationPolicy\":\"" p "\"}"

TEST(gc_follows_the_owner_in_the_background)
{
	struct try *t = try_begin(NULL);

	family(t, "");
	EXPECT_EQ(try_delete(t, SERVERS "/m", ""), 200);
	EXPECT_STR(try_text(t, "status"), "Success");
	EXPECT_EQ(try_get(t, MAPS "/a"), 200);
	settle(t);
	EXPECT_EQ(try_get(t, MAPS "/a"), 404);
	EXPECT_EQ(try_get(t, MAPS "/b"), 404);
	EXPECT_EQ(api_wake_ns(t->api) > t->now_ns, 1);
	try_end(t);
}

TEST(gc_foreground_waits_for_dependents)
{
	struct try *t = try_begin(NULL);

	family(t, ",\"finalizers\":[\"x.example.com/y\"]");
	EXPECT_EQ(try_delete(t, SERVERS "/m", POLICY("Foreground")), 200);
	EXPECT_STR(try_json(t, "metadata.finalizers"),
	    "[\"foregroundDeletion\"]");
	EXPECT_STR(try_json(t, "metadata.generation"), "2");
	settle(t);
	EXPECT_EQ(try_get(t, SERVERS "/m"), 200);
	(void)try_get(t, MAPS "/a");
	EXPECT(try_text(t, "metadata.deletionTimestamp").n > 0);
	(void)try_merge(t, MAPS "/a",
	    "{\"metadata\":{\"finalizers\":null}}");
	settle(t);
	EXPECT_EQ(try_get(t, SERVERS "/m"), 200);
	(void)try_merge(t, MAPS "/b",
	    "{\"metadata\":{\"finalizers\":null}}");
	settle(t);
	EXPECT_EQ(try_get(t, SERVERS "/m"), 404);
	try_end(t);
}

TEST(gc_orphans)
{
	struct try *t = try_begin(NULL);

	family(t, "");
	(void)try_delete(t, SERVERS "/m", POLICY("Orphan"));
	settle(t);
	EXPECT_EQ(try_get(t, SERVERS "/m"), 404);
	EXPECT_EQ(try_get(t, MAPS "/a"), 200);
	EXPECT_STR(try_json(t, "metadata.ownerReferences"), "");
	try_end(t);
}

TEST(gc_knows_an_owner_by_its_uid)
{
	struct try *t = try_begin(NULL);

	family(t, "");
	(void)try_delete(t, SERVERS "/m", "");
	(void)try_post(t, SERVERS, SERVER("", ""));
	settle(t);
	EXPECT_EQ(try_get(t, MAPS "/a"), 404);
	EXPECT_EQ(try_get(t, SERVERS "/m"), 200);
	try_end(t);
}

TEST(finalizers_hold_what_is_deleted)
{
	struct try *t = try_begin(NULL);

	(void)try_post(t, MAPS, MAP(",\"finalizers\":[\"x.example.com/y\"]",
	    ""));
	EXPECT_EQ(try_delete(t, MAPS "/c", ""), 200);
	EXPECT(try_text(t, "metadata.deletionTimestamp").n > 0);
	EXPECT_EQ(try_post(t, MAPS, MAP("", "")), 409);
	EXPECT_EQ(try_merge(t, MAPS "/c", "{\"metadata\":{\"finalizers\":"
	    "[\"x.example.com/y\",\"x.example.com/z\"]}}"), 422);
	EXPECT_EQ(try_merge(t, MAPS "/c",
	    "{\"metadata\":{\"finalizers\":null}}"), 200);
	EXPECT_EQ(try_get(t, MAPS "/c"), 404);
	try_end(t);
}

TEST(delete_checks_its_preconditions)
{
	struct try *t = try_begin(NULL);

	(void)try_post(t, MAPS, MAP("", ""));
	EXPECT_EQ(try_delete(t, MAPS "/c",
	    "{\"preconditions\":{\"uid\":\"no\"}}"), 409);
	EXPECT_EQ(try_delete(t, MAPS "/c",
	    "{\"preconditions\":{\"resourceVersion\":\"1\"}}"), 409);
	(void)try_get(t, MAPS "/c");
	EXPECT_EQ(try_delete(t, MAPS "/c", try_fmt(t,
	    "{\"preconditions\":{\"uid\":\"%s\"}}",
	    try_text(t, "metadata.uid").p)), 200);
	EXPECT_EQ(try_delete(t, MAPS "/c", ""), 404);
	try_end(t);
}

#define SPACES "/api/v1/namespaces"

TEST(namespaces_take_all_with_them)
{
	struct try *t = try_begin(NULL);

	EXPECT_EQ(try_post(t, SPACES "/none/configmaps", MAP("", "")), 404);
	EXPECT_STR(try_text(t, "details.kind"), "namespaces");
	(void)try_post(t, SPACES, "{\"apiVersion\":\"v1\",\"kind\":"
	    "\"Namespace\",\"metadata\":{\"name\":\"x\"}}");
	EXPECT_EQ(try_post(t, SPACES "/x/configmaps", MAP("", "")), 201);
	EXPECT_EQ(try_delete(t, SPACES "/x", ""), 200);
	EXPECT_STR(try_text(t, "status.phase"), "Terminating");
	EXPECT_EQ(try_post(t, SPACES "/x/services", "{\"apiVersion\":\"v1\","
	    "\"kind\":\"Service\",\"metadata\":{\"name\":\"s\"},\"spec\":"
	    "{\"ports\":[{\"port\":1}]}}"), 403);
	EXPECT_STR(try_text(t, "details.causes.0.reason"),
	    "NamespaceTerminating");
	settle(t);
	EXPECT_EQ(try_get(t, SPACES "/x/configmaps/c"), 404);
	EXPECT_EQ(try_get(t, SPACES "/x"), 404);
	try_end(t);
}

#define PODS "/api/v1/namespaces/default/pods"
#define POD(spec) "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":" \
	"{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\"," \
	"\"image\":\"i\"}]" spec "}}"

TEST(pods_that_run_go_gracefully)
{
	struct try *t = try_begin(NULL);

	(void)try_post(t, PODS, POD(""));
	EXPECT_EQ(try_delete(t, PODS "/p", ""), 200);
	EXPECT_EQ(try_get(t, PODS "/p"), 404);
	(void)try_post(t, PODS, POD(",\"nodeName\":\"n\""));
	EXPECT_EQ(try_delete(t, PODS "/p", ""), 200);
	EXPECT_EQ(try_get(t, PODS "/p"), 200);
	EXPECT_STR(try_json(t, "metadata.deletionGracePeriodSeconds"), "30");
	EXPECT_EQ(try_delete(t, PODS "/p?gracePeriodSeconds=0", ""), 200);
	EXPECT_EQ(try_get(t, PODS "/p"), 404);
	try_end(t);
}

#define CRDS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

TEST(kinds_go_with_their_crd)
{
	struct try *t = try_begin(NULL);

	(void)try_post(t, SERVERS, SERVER("", ""));
	EXPECT_EQ(try_get(t, "/apis/mcp.mcp.dev/v1alpha1"), 200);
	EXPECT_EQ(try_delete(t, CRDS "/mcpservers.mcp.mcp.dev", ""), 200);
	EXPECT_EQ(try_get(t, SERVERS), 404);
	EXPECT_EQ(try_get(t, "/apis/mcp.mcp.dev/v1alpha1"), 404);
	settle(t);
	EXPECT(!api_each(t->api, API_MCPDEV, STR_NONE, NULL));
	try_end(t);
}

TEST(events_live_for_an_hour)
{
	struct try *t = try_begin(NULL);

	EXPECT_EQ(try_post(t, "/api/v1/namespaces/default/events",
	    "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":"
	    "{\"name\":\"e\",\"namespace\":\"default\"},"
	    "\"involvedObject\":{\"namespace\":\"default\"}}"), 201);
	t->now_ns += 3590 * SEC;
	api_tick(t->api, t->now_ns);
	EXPECT(api_each(t->api, API_EVENT, STR_NONE, NULL));
	t->now_ns += 20 * SEC;
	api_tick(t->api, t->now_ns);
	EXPECT(!api_each(t->api, API_EVENT, STR_NONE, NULL));
	try_end(t);
}
