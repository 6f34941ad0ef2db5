#include <string.h>

#include "manager_world.h"

#define ALLBEONE "mcp.allbeone.io/v1/mcpservers"
#define EXAMPLE "mcp.example.com/v1alpha1/mcpservers"
#define CRDS "/customresourcedefinitions"
#define CRD(name) "{\"metadata\":{\"name\":\"" name "\"," \
	"\"resourceVersion\":\"7\"}}"
#define OURS "mcpservers.mcp.allbeone.io"

#define ROUTES "/httproutes?"
#define ROUTES_CRD CRD("httproutes.gateway.networking.k8s.io")
#define SERVER_OF(more) "{\"metadata\":{\"name\":\"one\",\"namespace\":" \
	"\"ns\",\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"resourceVersion\":\"1001\",\"generation\":1},\"spec\":{" \
	"\"image\":\"x\",\"replicas\":0,\"entry\":{\"httpRoute\":{" \
	"\"enabled\":true,\"parentRefs\":[{\"name\":\"g\"}]}}" more "}}"
#define SERVER SERVER_OF("")
#define SERVER_OF_BOTH SERVER_OF(",\"monitoring\":{\"prometheusRule\":{" \
	"\"enabled\":true}}")
#define RULES "/prometheusrules?"
#define RULES_CRD CRD("prometheusrules.monitoring.coreos.com")

static bool installed[GROUPS], crds_denied;
static bool apis_missing;	/* of all children that come with a CRD */
static bool routes_there;	/* but for these */
static bool routes_denied, routes_broken;
static const char *crds_listed;

static const char *refuse(const struct world_request *r, int code,
    const char *reason)
{
	world_reply(mw.w, r->peer, code, NULL,
	    world_status(code, reason, reason));
	return NULL;
}

static bool is_of(struct str path, const struct gvr *gvr)
{
	char mem[128];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	kube_path(&b, gvr, STR_NONE, STR_NONE, NULL);
	return str_eq(path, buf_view(&b));
}

static const char *watch(const struct world_request *r, struct str path)
{
	struct gvr gvr;
	int g, k;

	if (str_ends(path, STR(CRDS))) {
		EXPECT(str_search(r->head, STR("PartialObjectMetadata")) <
		    r->head.n);
		return crds_denied ? refuse(r, 403, "Forbidden") :
		    crds_listed;
	}
	if ((routes_denied || routes_broken) &&
	    is_of(path, &child_gvr[CHILD_HTTP_ROUTE]))
		return routes_denied ? refuse(r, 403, "Forbidden") :
		    refuse(r, 500, "InternalError");
	for (g = 0; g < GROUPS; g++) {
		server_gvr((enum group)g, &gvr);
		if (is_of(path, &gvr) && !installed[g])
			return refuse(r, 404, "NotFound");
	}
	for (k = 0; k < CHILD_KINDS_ALL && apis_missing; k++)
		if ((child_info[k].flags & CHILD_BY_CRD) &&
		    !(k == CHILD_HTTP_ROUTE && routes_there) &&
		    is_of(path, &child_gvr[k]))
			return refuse(r, 404, "NotFound");
	return "";
}

static const struct watch_slot *group_slot(enum group g)
{
	uint32_t i = 0;

	while (mw.m->slot[i].role != ROLE_SERVERS || mw.m->slot[i].of != g)
		i++;
	return &mw.m->slot[i];
}

static const struct watch_slot *crds_slot(void)
{
	EXPECT_EQ(mw.m->slot[mw.m->slots - 1].role, ROLE_CRDS);
	return &mw.m->slot[mw.m->slots - 1];
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
	EXPECT(!group_slot(GROUP_ALLBEONE)->absent);
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
	EXPECT(!crds_slot()->started);
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
	EXPECT(!group_slot(GROUP_ALLBEONE)->absent);
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

/* ---- children's kinds ---- */

static void begin_without_apis(void)
{
	apis_missing = true;
	memset(installed, true, sizeof(installed));
	begin(NULL);
	mw_run(10 * SEC);
}

TEST(missing_apis_that_nobody_wants_are_asked_for_once)
{
	begin_without_apis();
	EXPECT_EQ(mw_count(ROUTES), 1);
	EXPECT_EQ(mw_count("/verticalpodautoscalers?"), 1);
	EXPECT_EQ(mw_count("/prometheusrules?"), 1);
	EXPECT_EQ(mw_count(CRDS), 0);
	mw_forget();
	mw_run(200 * SEC);
	EXPECT_EQ(mw.w->log.n, 0);
}

TEST(a_missing_api_that_a_server_wants_is_waited_for)
{
	begin_without_apis();
	mw_forget();
	mw_tell(ALLBEONE, MW_LINE("ADDED", SERVER));
	mw_run(5 * SEC);
	EXPECT_EQ(mw_count(ROUTES), 1);
	EXPECT_EQ(mw_count(CRDS), 1);
	EXPECT(watches_child_absent(mw.m, CHILD_HTTP_ROUTE));
	mw_run(200 * SEC);
	EXPECT_EQ(mw_count(ROUTES), 1);
	/* Another one's is no reason to ask. */
	mw_tell(CRDS, MW_LINE("ADDED",
	    CRD("httproutes.gateway.networking.x-k8s.io")));
	mw_run(SEC);
	EXPECT_EQ(mw_count(ROUTES), 1);
	apis_missing = false;
	mw_forget();
	mw_tell(CRDS, MW_LINE("ADDED", ROUTES_CRD));
	mw_run(SEC);
	EXPECT_EQ(mw_count(ROUTES), 1);
	/* And the server is worked on. */
	EXPECT(mw_count("GET /apis/mcp.allbeone.io/v1/namespaces/ns/") > 0);
	EXPECT(!watches_child_absent(mw.m, CHILD_HTTP_ROUTE));
	EXPECT(!crds_slot()->started);
	/* It goes again. */
	apis_missing = true;
	mw_end("/httproutes");
	mw_run(20 * SEC);
	EXPECT(watches_child_absent(mw.m, CHILD_HTTP_ROUTE));
	EXPECT(crds_slot()->started);
}

TEST(who_wants_no_missing_api_any_more_has_no_crd_watched)
{
	begin_without_apis();
	mw_tell(ALLBEONE, MW_LINE("ADDED", SERVER));
	mw_run(5 * SEC);
	EXPECT(crds_slot()->started);
	mw_tell(ALLBEONE, MW_LINE("DELETED", SERVER));
	mw_run(5 * SEC);
	EXPECT(!crds_slot()->started);
	EXPECT(!watches_child_absent(mw.m, CHILD_HTTP_ROUTE));
	mw_forget();
	mw_run(200 * SEC);
	EXPECT_EQ(mw_count(ROUTES) + mw_count(CRDS), 0);
}

/* While the route is made, the API of the rule comes. */
static void serve(const struct world_request *r, struct str path)
{
	static const char made[] = "{\"metadata\":{\"uid\":\"2188f7f2-9b3a"
	    "-4c5d-8e6f-0123456789ab\",\"resourceVersion\":\"2000\","
	    "\"generation\":1}}";

	if (str_search(path, STR("/mcpservers/one")) < path.n) {
		world_reply(mw.w, r->peer, 200, NULL, SERVER_OF_BOTH);
		return;
	}
	if (routes_denied || routes_broken ||
	    !str_ends(path, STR("/httproutes/one"))) {
		world_reply(mw.w, r->peer, 201, NULL, made);
		return;
	}
	apis_missing = false;
	mw_tell(CRDS, MW_LINE("ADDED", RULES_CRD));
	world_stream(mw.w, r->peer);
	world_chunk(mw.w, r->peer, 2 * SEC, str_from(made));
	world_stream_end(mw.w, r->peer, 2 * SEC);
}

TEST(an_api_that_comes_while_a_server_is_worked_on_is_not_missed)
{
	mw.serve = serve;
	begin_without_apis();
	mw_tell(ALLBEONE, MW_LINE("ADDED", SERVER_OF_BOTH));
	mw_run(5 * SEC);
	routes_there = true;
	mw_tell(CRDS, MW_LINE("ADDED", ROUTES_CRD));
	mw_run(SEC);
	EXPECT_EQ(mw_count(RULES), 3);
	EXPECT_EQ(mw_count("/prometheusrules/one"), 0);
	mw_run(5 * SEC);
	EXPECT_EQ(mw_count("/prometheusrules/one"), 1);
}

/* The children of a kind that cannot be watched keep nobody from the others. */
static void expect_work_after(int64_t wait_ns)
{
	memset(installed, true, sizeof(installed));
	mw.serve = serve;
	begin(NULL);
	mw_run(30 * SEC);
	mw_tell(ALLBEONE, MW_LINE("ADDED", SERVER));
	mw_run(wait_ns);
	EXPECT(mw_count("/deployments/one") > 0);
}

TEST(a_kind_that_may_not_be_watched_holds_nobody_up)
{
	routes_denied = true;
	expect_work_after(3 * SEC);
}

TEST(a_kind_that_cannot_be_listed_holds_nobody_up_for_long)
{
	routes_broken = true;
	expect_work_after(40 * SEC);
}
