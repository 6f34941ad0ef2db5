#include "api_try.h"

static void make(struct try *t, const char *name, const char *label)
{
	EXPECT_EQ(try_post(t, MAPS, try_fmt(t, "{\"apiVersion\":\"v1\","
	    "\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\","
	    "\"labels\":{\"l\":\"%s\"}}}", name, label)), 201);
}

static const char *version_of(struct try *t)
{
	return try_fmt(t, "%s", try_text(t, "metadata.resourceVersion").p);
}

/* ---- lists ----------------------------------------------------------- */

TEST(list_selects)
{
	struct try *t = try_begin(NULL);

	make(t, "a", "1");
	make(t, "b", "2");
	make(t, "c", "1");
	EXPECT_EQ(try_get(t, MAPS "?labelSelector=l%3D1"), 200);
	EXPECT_STR(try_text(t, "items.1.metadata.name"), "c");
	EXPECT_STR(try_json(t, "items.2"), "");
	(void)try_get(t, MAPS "?labelSelector=l%20in%20(2,3)");
	EXPECT_STR(try_text(t, "items.0.metadata.name"), "b");
	(void)try_get(t, MAPS "?labelSelector=!l");
	EXPECT_STR(try_json(t, "items"), "[]");
	(void)try_get(t, MAPS "?labelSelector=l!%3D1");
	EXPECT_STR(try_text(t, "items.0.metadata.name"), "b");
	(void)try_get(t, MAPS "?fieldSelector=metadata.name%3Db");
	EXPECT_STR(try_text(t, "items.0.metadata.name"), "b");
	EXPECT_EQ(try_get(t, MAPS "?fieldSelector=data.x%3Db"), 400);
	(void)try_get(t, "/api/v1/configmaps");
	EXPECT_STR(try_text(t, "items.2.metadata.name"), "c");
	try_end(t);
}

TEST(list_pages_show_one_moment)
{
	struct try *t = try_begin(NULL);
	const char *token, *version;

	make(t, "a", "1");
	make(t, "b", "1");
	make(t, "c", "1");
	(void)try_get(t, MAPS "?limit=2");
	token = try_fmt(t, "%s", try_text(t, "metadata.continue").p);
	version = version_of(t);
	EXPECT_STR(try_json(t, "metadata.remainingItemCount"), "1");
	(void)try_delete(t, MAPS "/c", "");
	make(t, "d", "1");
	(void)try_get(t, try_fmt(t, MAPS "?limit=2&continue=%s", token));
	EXPECT_STR(try_text(t, "items.0.metadata.name"), "c");
	EXPECT_STR(try_json(t, "items.1"), "");
	EXPECT_STR(try_text(t, "metadata.resourceVersion"), version);
	EXPECT_STR(try_text(t, "metadata.continue"), "");
	try_end(t);
}

TEST(list_tokens_expire_with_a_way_on)
{
	struct try *t = try_begin(NULL);
	const char *token;

	make(t, "a", "1");
	make(t, "b", "1");
	make(t, "c", "1");
	(void)try_get(t, MAPS "?limit=1");
	token = try_fmt(t, "%s", try_text(t, "metadata.continue").p);
	(void)try_delete(t, MAPS "/b", "");
	api_compact(t->api);
	EXPECT_EQ(try_get(t, try_fmt(t, MAPS "?limit=1&continue=%s",
	    token)), 410);
	EXPECT_STR(try_text(t, "reason"), "Expired");
	token = try_fmt(t, "%s", try_text(t, "metadata.continue").p);
	EXPECT_EQ(try_get(t, try_fmt(t, MAPS "?limit=1&continue=%s",
	    token)), 200);
	EXPECT_STR(try_text(t, "items.0.metadata.name"), "c");
	try_end(t);
}

TEST(list_versions_mean_what_they_say)
{
	struct try *t = try_begin(NULL);
	const char *old;

	make(t, "a", "1");
	old = version_of(t);
	make(t, "b", "1");
	(void)try_get(t, try_fmt(t, MAPS "?resourceVersion=%s"
	    "&resourceVersionMatch=Exact", old));
	EXPECT_STR(try_json(t, "items.1"), "");
	(void)try_get(t, try_fmt(t, MAPS "?resourceVersion=%s"
	    "&resourceVersionMatch=NotOlderThan", old));
	EXPECT_STR(try_text(t, "items.1.metadata.name"), "b");
	EXPECT_EQ(try_get(t, MAPS "?resourceVersion=99999999"), 504);
	EXPECT_EQ(t->ans.retry_after_s, 1);
	api_compact(t->api);
	EXPECT_EQ(try_get(t, try_fmt(t, MAPS "?resourceVersion=%s"
	    "&resourceVersionMatch=Exact", old)), 410);
	try_end(t);
}

TEST(list_of_metadata_is_that)
{
	struct try *t = try_begin(NULL);

	make(t, "a", "1");
	t->accept = "application/json;as=PartialObjectMetadataList;"
	    "g=meta.k8s.io;v=v1";
	(void)try_get(t, MAPS);
	EXPECT_STR(try_text(t, "kind"), "PartialObjectMetadataList");
	EXPECT_STR(try_text(t, "items.0.kind"), "PartialObjectMetadata");
	EXPECT_STR(try_text(t, "items.0.metadata.name"), "a");
	EXPECT_STR(try_json(t, "items.0.data"), "");
	try_end(t);
}

/* ---- watches --------------------------------------------------------- */

#define WATCH MAPS "?watch=true&allowWatchBookmarks=true"
#define INITIAL WATCH "&sendInitialEvents=true" \
	"&resourceVersionMatch=NotOlderThan"

TEST(watch_begins_with_what_is_there)
{
	struct try *t = try_begin(NULL);
	struct api_watch *w;

	make(t, "a", "1");
	make(t, "b", "2");
	w = try_watch(t, INITIAL "&labelSelector=l");
	REQUIRE(w);
	make(t, "c", "1");
	EXPECT_STR(try_lines(t, w), "ADDED a, ADDED b, BOOKMARK!, ADDED c");
	EXPECT_STR(try_lines(t, w), "");
	api_watch_close(w);
	try_end(t);
}

TEST(watch_resumes_behind_a_version)
{
	struct try *t = try_begin(NULL);
	struct api_watch *w;
	const char *version;

	make(t, "a", "1");
	version = version_of(t);
	make(t, "b", "1");
	(void)try_merge(t, MAPS "/a", "{\"data\":{\"x\":\"y\"}}");
	(void)try_delete(t, MAPS "/b", "");
	w = try_watch(t, try_fmt(t, WATCH "&resourceVersion=%s", version));
	EXPECT_STR(try_lines(t, w), "ADDED b, MODIFIED a, DELETED b");
	api_watch_close(w);
	try_end(t);
}

TEST(watch_sees_labels_come_and_go)
{
	struct try *t = try_begin(NULL);
	struct api_watch *w;

	make(t, "a", "1");
	make(t, "b", "2");
	w = try_watch(t, try_fmt(t, WATCH "&labelSelector=l%%3D1"
	    "&resourceVersion=%s", version_of(t)));
	(void)try_merge(t, MAPS "/a",
	    "{\"metadata\":{\"labels\":{\"l\":\"2\"}}}");
	(void)try_merge(t, MAPS "/b",
	    "{\"metadata\":{\"labels\":{\"l\":\"1\"}}}");
	(void)try_merge(t, MAPS "/a", "{\"data\":{\"x\":\"y\"}}");
	EXPECT_STR(try_lines(t, w), "DELETED a, ADDED b");
	api_watch_close(w);
	try_end(t);
}

TEST(watch_tells_a_deletion_with_its_version)
{
	struct try *t = try_begin(NULL);
	struct api_watch *w;
	struct str line;
	struct node *v;

	make(t, "a", "1");
	w = try_watch(t, try_fmt(t, WATCH "&resourceVersion=%s",
	    version_of(t)));
	(void)try_delete(t, MAPS "/a", "");
	REQUIRE(api_watch_next(w, t->now_ns, &line) == API_WATCH_LINE);
	v = node_parse(&t->tree, line, NULL);
	EXPECT_STR(node_text(v, "object.metadata.resourceVersion"),
	    try_fmt(t, "%llu", (unsigned long long)api_version(t->api)));
	api_watch_close(w);
	try_end(t);
}

TEST(watch_of_a_compacted_version_is_gone)
{
	struct try *t = try_begin(NULL);
	struct api_watch *w;
	const char *version;
	struct str line;

	make(t, "a", "1");
	version = version_of(t);
	make(t, "b", "1");
	api_compact(t->api);
	w = try_watch(t, try_fmt(t, WATCH "&resourceVersion=%s", version));
	REQUIRE(w);
	REQUIRE(api_watch_next(w, t->now_ns, &line) == API_WATCH_LINE);
	EXPECT(str_search(line, STR("\"type\":\"ERROR\"")) < line.n);
	EXPECT(str_search(line, STR("\"code\":410")) < line.n);
	EXPECT_EQ(api_watch_next(w, t->now_ns, &line), API_WATCH_END);
	api_watch_close(w);
	try_end(t);
}

TEST(watch_goes_on_over_a_compaction)
{
	struct try *t = try_begin(NULL);
	struct api_watch *w = try_watch(t, INITIAL);

	EXPECT_STR(try_lines(t, w), "BOOKMARK!");
	make(t, "a", "1");
	EXPECT_STR(try_lines(t, w), "ADDED a");
	t->now_ns += 400 * SEC;
	api_tick(t->api, t->now_ns);
	make(t, "b", "1");
	EXPECT_STR(try_lines(t, w), "ADDED b, BOOKMARK");
	api_watch_close(w);
	try_end(t);
}

TEST(watch_has_bookmarks_and_an_end)
{
	struct try *t = try_begin(NULL);
	struct api_watch *w = try_watch(t, WATCH "&resourceVersion=0"
	    "&timeoutSeconds=100");

	EXPECT_STR(try_lines(t, w), "");
	EXPECT_EQ(api_watch_wake_ns(w), t->now_ns + 60 * SEC);
	t->now_ns += 61 * SEC;
	EXPECT_STR(try_lines(t, w), "BOOKMARK");
	EXPECT_STR(try_lines(t, w), "");
	t->now_ns += 40 * SEC;
	EXPECT_STR(try_lines(t, w), "END");
	api_watch_close(w);
	w = try_watch(t, MAPS "?watch=true");
	t->now_ns += 90 * SEC;
	EXPECT_STR(try_lines(t, w), "");
	api_watch_close(w);
	try_end(t);
}

TEST(watch_ends_with_its_crd)
{
	struct try *t = try_begin(NULL);
	struct api_watch *w;

	EXPECT_EQ(try_post(t, SERVERS, SERVER("", "")), 201);
	w = try_watch(t, SERVERS "?watch=true");
	EXPECT_STR(try_lines(t, w), "ADDED m");
	EXPECT_EQ(try_delete(t, "/apis/apiextensions.k8s.io/v1/"
	    "customresourcedefinitions/mcpservers.mcp.mcp.dev", ""), 200);
	t->now_ns += SEC;
	api_tick(t->api, t->now_ns);
	EXPECT_STR(try_lines(t, w), "DELETED m, END");
	api_watch_close(w);
	EXPECT(!try_watch(t, SERVERS "?watch=true"));
	EXPECT_EQ(t->ans.status, 404);
	try_end(t);
}

TEST(watch_options_are_checked)
{
	struct api_options o = { .seed = 1, .no_watch_list = true };
	struct try *t = try_begin(NULL), *old = try_begin(&o);

	EXPECT(!try_watch(t, WATCH "&sendInitialEvents=true"));
	EXPECT_EQ(t->ans.status, 422);
	EXPECT(!try_watch(t, WATCH "&resourceVersionMatch=Exact"));
	EXPECT(!try_watch(t, WATCH "&resourceVersion=x"));
	EXPECT(!try_watch(t, "/api/v1/nothings?watch=true"));
	EXPECT_EQ(t->ans.status, 404);
	EXPECT(!try_watch(old, INITIAL));
	EXPECT_EQ(old->ans.status, 422);
	EXPECT(str_search(try_text(old, "message"),
	    STR("sendInitialEvents")) < try_text(old, "message").n);
	try_end(t);
	try_end(old);
}
