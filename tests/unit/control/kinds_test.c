#include <string.h>

#include "manager_world.h"

#define ALLBEONE "mcp.allbeone.io/v1/mcpservers"
#define EXAMPLE "mcp.example.com/v1alpha1/mcpservers"
#define CRDS "/customresourcedefinitions"
#define CRD(name) "{\"metadata\":{\"name\":\"" name "\"," \
	"\"resourceVersion\":\"7\"}}"
#define OURS "mcpservers.mcp.allbeone.io"

static bool installed[GROUPS], crds_denied;
static const char *crds_listed;

static const char *refuse(const struct world_request *r, int code,
    const char *reason)
{
	world_reply(mw.w, r->peer, code, NULL,
	    world_status(code, reason, reason));
	return NULL;
}

static const char *watch(const struct world_request *r, struct str path)
{
	struct gvr gvr;
	char mem[128];
	struct buf b;
	int g;

	if (str_ends(path, STR(CRDS))) {
		EXPECT(str_search(r->head, STR("PartialObjectMetadata")) <
		    r->head.n);
		return crds_denied ? refuse(r, 403, "Forbidden") :
		    crds_listed;
	}
	for (g = 0; g < GROUPS; g++) {
		server_gvr((enum group)g, &gvr);
		buf_init(&b, mem, sizeof(mem));
		kube_path(&b, &gvr, STR_NONE, STR_NONE, NULL);
		if (str_eq(path, buf_view(&b)) && !installed[g])
			return refuse(r, 404, "NotFound");
	}
	return "";
}

static void begin(const char *const *args)
{
	mw.watch = watch;
	installed[GROUP_MCPDEV] = true;
	crds_listed = MW_LINE("ADDED", CRD("mcpservers.mcp.mcp.dev"))
	    MW_LINE("ADDED", CRD("others.x.io"));
	mw_begin(args);
}

TEST(missing_kinds_cost_nothing_at_rest)
{
	begin(NULL);
	mw_run(10 * SEC);
	EXPECT_EQ(mw_count(CRDS), 1);
	EXPECT_EQ(mw_count(ALLBEONE), 1);
	mw_forget();
	mw_run(200 * SEC);
	EXPECT_EQ(mw.w->log.n, 0);
	EXPECT(watches_all_answered(mw.m));
}

TEST(with_all_kinds_no_crd_is_watched)
{
	memset(installed, true, sizeof(installed));
	begin(NULL);
	mw_run(60 * SEC);
	EXPECT_EQ(mw_count(CRDS), 0);
}

TEST(a_kind_is_watched_as_soon_as_it_is_served)
{
	begin(NULL);
	mw_run(10 * SEC);
	mw_forget();
	/* The CRD is there, but not served for a moment. */
	mw_tell(CRDS, MW_LINE("ADDED", CRD(OURS)));
	mw_run(20 * MS);
	EXPECT_EQ(mw_count(ALLBEONE), 1);
	installed[GROUP_ALLBEONE] = true;
	mw_tell(CRDS, MW_LINE("MODIFIED", CRD(OURS)));
	mw_run(20 * MS);
	EXPECT_EQ(mw_count(ALLBEONE), 2);
	EXPECT_EQ(mw_count(EXAMPLE), 0);
	mw_forget();
	mw_run(100 * SEC);
	EXPECT_EQ(mw.w->log.n, 0);
}

TEST(one_that_is_served_later_than_told_is_tried_again)
{
	begin(NULL);
	mw_run(10 * SEC);
	mw_tell(CRDS, MW_LINE("ADDED", CRD(OURS)));
	mw_run(3 * SEC);
	installed[GROUP_ALLBEONE] = true;
	mw_forget();
	mw_run(3 * SEC);
	EXPECT_EQ(mw_count(ALLBEONE), 1);
	EXPECT(!mw.m->slot[3].absent);
}

TEST(one_that_is_never_served_is_given_up_until_its_crd_changes)
{
	begin(NULL);
	mw_run(10 * SEC);
	mw_forget();
	mw_tell(CRDS, MW_LINE("ADDED", CRD(OURS)));
	mw_run(150 * SEC);
	EXPECT(mw_count(ALLBEONE) > 5 && mw_count(ALLBEONE) < 15);
	mw_forget();
	mw_run(100 * SEC);
	EXPECT_EQ(mw.w->log.n, 0);
	installed[GROUP_ALLBEONE] = true;
	mw_tell(CRDS, MW_LINE("MODIFIED", CRD(OURS)));
	mw_run(20 * MS);
	EXPECT_EQ(mw_count(ALLBEONE), 1);
}

TEST(a_kind_that_goes_is_told_and_comes_back)
{
	memset(installed, true, sizeof(installed));
	begin(NULL);
	mw_run(20 * SEC);
	installed[GROUP_ALLBEONE] = false;
	mw_end(ALLBEONE);
	mw_run(20 * SEC);
	EXPECT_EQ(mw_count(CRDS), 1);
	mw_forget();
	mw_run(100 * SEC);
	EXPECT_EQ(mw.w->log.n, 0);
	installed[GROUP_ALLBEONE] = true;
	mw_tell(CRDS, MW_LINE("ADDED", CRD(OURS)));
	mw_run(SEC);
	EXPECT_EQ(mw_count(ALLBEONE), 1);
	/* All are there: nothing more is asked of the CRDs. */
	EXPECT(!mw.m->slot[mw.m->slots - 1].started);
	EXPECT_EQ(mw.m->slot[mw.m->slots - 1].role, ROLE_CRDS);
}

TEST(without_the_grant_missing_kinds_are_asked_for_now_and_then)
{
	crds_denied = true;
	begin(NULL);
	mw_run(10 * SEC);
	EXPECT_EQ(mw_count(CRDS), 1);
	mw_forget();
	mw_run(100 * SEC);
	EXPECT_EQ(mw.w->log.n, 0);
	mw_run(30 * SEC);
	EXPECT_EQ(mw_count(ALLBEONE), 1);
	EXPECT_EQ(mw_count(CRDS), 1);
	installed[GROUP_ALLBEONE] = true;
	mw_run(120 * SEC);
	EXPECT(!mw.m->slot[3].absent);
	mw_forget();
	/* The grant is given later. */
	crds_denied = false;
	mw_run(130 * SEC);
	EXPECT_EQ(mw_count(CRDS), 1);
	mw_forget();
	mw_run(150 * SEC);
	EXPECT_EQ(mw_count(EXAMPLE) + mw_count(CRDS), 0);
}

TEST(namespaces_share_the_watch_of_crds)
{
	static const char *const args[] = {
		"--watch-namespaces=a,b", NULL
	};

	memset(installed, true, sizeof(installed));
	mw.watch = watch;
	mw_begin(args);
	mw_run(10 * SEC);
	EXPECT_EQ(mw_count("namespaces/a/mcpservers"), 4);
	EXPECT_EQ(mw_count("namespaces/b/mcpservers"), 4);
	EXPECT_EQ(mw_count(CRDS), 0);
}
