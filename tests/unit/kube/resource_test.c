#include "check.h"
#include "kube.h"

static const struct gvr deployments = { "apps", "v1", "deployments", true };
static const struct gvr pods = { "", "v1", "pods", true };
static const struct gvr nodes = { "", "v1", "nodes", false };

static char mem[512];

static struct str path(const struct gvr *r, const char *namespace,
    const char *name, const char *sub)
{
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	kube_path(&b, r, str_from(namespace), str_from(name), sub);
	EXPECT(!b.over);
	return buf_view(&b);
}

TEST(path_of_each_kind)
{
	EXPECT_STR(path(&deployments, "a", "b", NULL),
	    "/apis/apps/v1/namespaces/a/deployments/b");
	EXPECT_STR(path(&deployments, "", "", NULL),
	    "/apis/apps/v1/deployments");
	EXPECT_STR(path(&deployments, "a", "", NULL),
	    "/apis/apps/v1/namespaces/a/deployments");
	EXPECT_STR(path(&pods, "a", "b", "status"),
	    "/api/v1/namespaces/a/pods/b/status");
	EXPECT_STR(path(&nodes, "ignored", "n", NULL), "/api/v1/nodes/n");
	EXPECT_STR(path(&kube_crds, "", "x.y", NULL),
	    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x.y");
}

TEST(path_escapes_segments)
{
	EXPECT_STR(path(&pods, "a/..", "b?c d", NULL),
	    "/api/v1/namespaces/a%2F../pods/b%3Fc%20d");
	EXPECT_CRASH(path(&pods, "a", "", "status"));
}

TEST(path_that_does_not_fit_is_over)
{
	struct buf b;

	buf_init(&b, mem, 10);
	kube_path(&b, &pods, STR("a"), STR("b"), NULL);
	EXPECT(b.over);
}

TEST(query_begins_and_goes_on)
{
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_cstr(&b, "/p");
	kube_query(&b, "labelSelector", STR("app in (a,b)"));
	kube_query(&b, "limit", STR("500"));
	EXPECT_STR(buf_view(&b),
	    "/p?labelSelector=app%20in%20%28a%2Cb%29&limit=500");
}

TEST(api_version_of_the_core_group_has_no_slash)
{
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	kube_api_version(&b, &pods);
	buf_char(&b, ' ');
	kube_api_version(&b, &deployments);
	EXPECT_STR(buf_view(&b), "v1 apps/v1");
}
