#include "check.h"
#include "kube.h"

static const struct gvr things = { "x.io", "v1", "things", true };
static struct kube_call call;

static void begin(void)
{
	kube_call_init(&call, NULL, NULL);
}

TEST(apply_call)
{
	begin();
	kube_call_apply(&call, &things, STR("n"), STR("a"), "status", "me",
	    false, STR("{}"));
	EXPECT_STR(str_from(call.method), "PATCH");
	EXPECT_STR(call.path, "/apis/x.io/v1/namespaces/n/things/a/status"
	    "?fieldManager=me");
	EXPECT_STR(str_from(call.content_type), KUBE_APPLY);
	EXPECT_STR(str_from(call.accept), KUBE_METADATA);
	EXPECT_STR(call.body, "{}");
	EXPECT(kube_call_writes(&call));
	EXPECT(!kube_call_busy(&call));
	begin();
	kube_call_apply(&call, &things, STR("n"), STR("a"), NULL, "me", true,
	    STR("{}"));
	EXPECT_STR(call.path, "/apis/x.io/v1/namespaces/n/things/a"
	    "?fieldManager=me&force=true");
}

TEST(get_and_list_calls)
{
	begin();
	kube_call_get(&call, &things, STR("n"), STR("a"));
	EXPECT_STR(str_from(call.method), "GET");
	EXPECT(!kube_call_writes(&call));
	EXPECT(!call.content_type);
	begin();
	kube_call_list(&call, &things, STR_NONE, "a=b", "metadata.name=x",
	    50, STR("tok/en"));
	EXPECT_STR(call.path, "/apis/x.io/v1/things?labelSelector=a%3Db"
	    "&fieldSelector=metadata.name%3Dx&limit=50&continue=tok%2Fen");
	begin();
	kube_call_list(&call, &things, STR("n"), NULL, NULL, 0, STR_NONE);
	EXPECT_STR(call.path, "/apis/x.io/v1/namespaces/n/things");
}

TEST(create_update_and_merge_calls)
{
	begin();
	kube_call_create(&call, &things, STR("n"), "me", STR("{}"));
	EXPECT_STR(str_from(call.method), "POST");
	EXPECT_STR(call.path,
	    "/apis/x.io/v1/namespaces/n/things?fieldManager=me");
	begin();
	kube_call_update(&call, &things, STR("n"), STR("a"), NULL, "me",
	    STR("{}"));
	EXPECT_STR(str_from(call.method), "PUT");
	begin();
	kube_call_merge(&call, &things, STR("n"), STR("a"), NULL, "me",
	    STR("{}"));
	EXPECT_STR(str_from(call.method), "PATCH");
	EXPECT_STR(str_from(call.content_type), KUBE_MERGE);
}

TEST(what_is_tried_is_no_write)
{
	begin();
	kube_call_apply(&call, &things, STR("n"), STR("a"), NULL, "me", true,
	    STR("{}"));
	EXPECT(kube_call_writes(&call));
	kube_call_dry_run(&call);
	EXPECT(!kube_call_writes(&call));
	EXPECT_STR(call.path, "/apis/x.io/v1/namespaces/n/things/a?"
	    "fieldManager=me&force=true&dryRun=All");
	begin();
	kube_call_create(&call, &things, STR("n"), "me", STR("{}"));
	EXPECT(kube_call_writes(&call));
	kube_call_dry_run(&call);
	EXPECT(!kube_call_writes(&call));
}

TEST(delete_call)
{
	begin();
	kube_call_delete(&call, &things, STR("n"), STR("a"), STR("u-1"),
	    STR("7"), KUBE_FOREGROUND);
	EXPECT_STR(str_from(call.method), "DELETE");
	EXPECT_STR(call.path, "/apis/x.io/v1/namespaces/n/things/a");
	EXPECT_STR(call.body, "{\"kind\":\"DeleteOptions\",\"apiVersion\":"
	    "\"v1\",\"preconditions\":{\"uid\":\"u-1\",\"resourceVersion\":"
	    "\"7\"},\"propagationPolicy\":\"Foreground\"}");
	begin();
	kube_call_delete(&call, &things, STR("n"), STR("a"), STR_NONE,
	    STR_NONE, KUBE_PROPAGATE_DEFAULT);
	EXPECT_STR(call.body,
	    "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\"}");
}

TEST(calls_need_names)
{
	begin();
	EXPECT_CRASH(kube_call_get(&call, &things, STR("n"), STR_NONE));
	EXPECT_CRASH(kube_call_delete(&call, &things, STR("n"), STR_NONE,
	    STR_NONE, STR_NONE, KUBE_BACKGROUND));
}
