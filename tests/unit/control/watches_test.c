#include <string.h>

#include "manager_world.h"

#define SERVER_OF(version, generation) \
	"{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\"," \
	"\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\"," \
	"\"generation\":" generation ",\"resourceVersion\":\"" version "\"," \
	"\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\"}," \
	"\"spec\":{\"image\":\"x\",\"replicas\":0,\"port\":8080," \
	"\"envFrom\":[{\"configMapRef\":{\"name\":\"c\"}}]}}"
#define SERVER SERVER_OF("5", "1")
/* One that wants a pod. */
#define ASKING "{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\"," \
	"\"generation\":1,\"resourceVersion\":\"5\"," \
	"\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\"}," \
	"\"spec\":{\"image\":\"x\"}}"
#define CONFIG "{\"metadata\":{\"name\":\"c\",\"namespace\":\"ns\"," \
	"\"uid\":\"3188f7f2-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"resourceVersion\":\"5\"},\"data\":{\"a\":\"1\"}}"
#define MADE "\"uid\":\"11111111-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"resourceVersion\":\"9\",\"generation\":1,"

#define UNFOLLOWED "\"ConfigMapsFollowed\",\"status\":\"False\""
#define BROKEN "mcp.example.com/v1alpha1/mcpservers"
static bool denied, broken, no_pods, unreadable;
static int roles_code;		/* of the answer to their watch; 0: 200 */
static bool asking;
static char applied[8192];	/* the last Deployment */
static char status[8192];	/* the last one written */
static const char *orphan;	/* a Deployment that is there; NULL: none */
static bool moved;		/* and is not the one that the watch told of */

static const char *watch(const struct world_request *r, struct str path)
{
	if ((broken && str_ends(path, STR(BROKEN))) ||
	    (no_pods && str_ends(path, STR("/pods")))) {
		world_reply(mw.w, r->peer, 500, NULL,
		    world_status(500, "InternalError", "webhook"));
		return NULL;
	}
	if (roles_code != 0 && str_ends(path, STR("/roles"))) {
		world_reply(mw.w, r->peer, roles_code, NULL,
		    world_status(roles_code, "No", "who are you"));
		return NULL;
	}
	if (str_ends(path, STR("mcp.mcp.dev/v1alpha1/mcpservers")))
		return asking ? MW_LINE("ADDED", ASKING) :
		    MW_LINE("ADDED", SERVER);
	if (!str_ends(path, STR("/configmaps")) ||
	    str_search(r->path, STR("labelSelector")) < r->path.n)
		return "";
	if (denied) {
		world_reply(mw.w, r->peer, 403, NULL,
		    world_status(403, "Forbidden", "not now"));
		return NULL;
	}
	return MW_LINE("ADDED", CONFIG);
}

/* What was applied, as it is stored. */
static const char *made(struct str body)
{
	static char text[sizeof(applied) + sizeof(MADE)];
	struct str head = STR("\"metadata\":{");
	size_t at = str_search(body, head) + head.n;
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_str(&b, str_sub(body, 0, at));
	buf_cstr(&b, MADE);
	buf_str(&b, str_sub(body, at, body.n));
	REQUIRE(!b.over);
	text[b.n] = '\0';
	return text;
}

static void serve(const struct world_request *r, struct str path)
{
	bool reads = str_is(r->method, "GET");

	if (str_search(path, STR("/deployments/")) < path.n && !reads)
		text_set(applied, sizeof(applied), r->body);
	if (str_ends(path, STR("/status")))
		text_set(status, sizeof(status), r->body);
	if (orphan != NULL && str_ends(path, STR("/deployments/one")) &&
	    (reads || strstr(applied, moved ? "\"resourceVersion\":\"9\"" :
	    "\"resourceVersion\":\"1\"") != NULL))
		world_reply(mw.w, r->peer, reads ? 200 : 409, NULL, reads ?
		    orphan : world_status(409, "Conflict", "modified"));
	else if (unreadable && str_ends(path, STR("/configmaps/c")))
		world_reply(mw.w, r->peer, 403, NULL,
		    world_status(403, "Forbidden", "not yours"));
	else if (reads)
		world_reply(mw.w, r->peer, 200, NULL, str_ends(path,
		    STR("/configmaps/c")) ? CONFIG : asking ? ASKING : SERVER);
	else
		world_reply(mw.w, r->peer, 200, NULL, made(r->body));
}

static void begin(void)
{
	mw.watch = watch;
	mw.serve = serve;
	mw_begin(NULL);
	mw_run(5 * SEC);
}

TEST(a_403_of_a_moment_rolls_no_pods)
{
	begin();
	REQUIRE(strstr(applied, NOTE_REFS) != NULL);
	denied = true;
	mw_forget();
	mw_end("/configmaps");
	mw_run(10 * SEC);
	EXPECT(mw_count("/api/v1/configmaps") > 0);
	EXPECT(refs_followed(mw.m, REF_CONFIG_MAP, STR("ns")));
	EXPECT_EQ(mw_count("PATCH "), 0);
	EXPECT_EQ(mw_count("/deployments/"), 0);
}

TEST(what_was_never_listed_is_gone_on_without)
{
	denied = true;
	begin();
	EXPECT(applied[0] != '\0');
	EXPECT(strstr(applied, NOTE_REFS) == NULL);
	EXPECT(!refs_followed(mw.m, REF_CONFIG_MAP, STR("ns")));
	EXPECT(strstr(status, UNFOLLOWED) != NULL);
	denied = false;
	mw_run(KUBE_DENIED_RETRY_NS + 10 * SEC);
	EXPECT(strstr(status, UNFOLLOWED) == NULL);
	EXPECT(refs_followed(mw.m, REF_CONFIG_MAP, STR("ns")));
	/* It is followed from now on, which is no change. */
	EXPECT(strstr(applied, NOTE_SEEN) != NULL);
	EXPECT(strstr(applied, NOTE_REFS) == NULL);
}

TEST(what_may_be_watched_but_not_read_holds_nothing_up)
{
	unreadable = true;
	begin();
	EXPECT(applied[0] != '\0');
	EXPECT(strstr(applied, NOTE_SEEN) == NULL);
	EXPECT(strstr(status, UNFOLLOWED) != NULL);
	unreadable = false;
	mw_forget();
	mw_run(60 * SEC);
	EXPECT_EQ(mw_count("/configmaps/c"), 0);
	mw_tell("/configmaps", MW_LINE("MODIFIED", "{\"metadata\":{"
	    "\"name\":\"c\",\"namespace\":\"ns\",\"resourceVersion\":"
	    "\"6\"}}"));
	mw_run(5 * SEC);
	EXPECT(mw_count("/configmaps/c") > 0);
	EXPECT(strstr(applied, NOTE_SEEN) != NULL);
	mw_run(5 * SEC);
	EXPECT(strstr(status, UNFOLLOWED) == NULL);
}

/* Its mark may be older than the last that came to be noted beside it. */
static void mark_another(void)
{
	static char text[1024];
	const char *seen = strstr(applied, NOTE_SEEN);
	struct buf b;

	REQUIRE(seen != NULL);
	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\","
	    "\"uid\":\"11111111-9b3a-4c5d-8e6f-0123456789ab\","
	    "\"resourceVersion\":\"9\",\"labels\":{\"" LABEL_KEY
	    "\":\"m.one\"},\"annotations\":{\"" NOTE_SEEN
	    "\":\"00000000000000ab");
	seen = strchr(seen, ',');
	REQUIRE(seen != NULL);
	buf_str(&b, (struct str){ seen, 17 });
	buf_cstr(&b, "\"}}}");
	REQUIRE(!b.over);
	orphan = text;
}

TEST(a_deployment_that_is_taken_up_keeps_its_pods)
{
	begin();
	mark_another();
	mw_tell("/deployments", MW_LINE("DELETED", "{\"metadata\":{"
	    "\"name\":\"one\",\"namespace\":\"ns\",\"uid\":\""
	    "11111111-9b3a-4c5d-8e6f-0123456789ab\",\"resourceVersion\":"
	    "\"9\",\"ownerReferences\":[{\"apiVersion\":"
	    "\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\",\"name\":"
	    "\"one\",\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
	    "\"controller\":true}]}}"));
	applied[0] = '\0';
	mw_run(5 * SEC);
	EXPECT(strstr(applied, NOTE_REFS "\":\"00000000000000ab\"") !=
	    NULL);
}

/* As by another leader, which the watch does not tell of. */
TEST(notes_that_are_not_the_last_are_read_again)
{
	begin();
	mark_another();
	moved = true;
	mw_forget();
	mw_tell("mcp.mcp.dev/v1alpha1/mcpservers", MW_LINE("MODIFIED",
	    "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\",\"kind\":"
	    "\"MCPServer\",\"metadata\":{\"name\":\"one\",\"namespace\":"
	    "\"ns\",\"generation\":2,\"resourceVersion\":\"12\",\"uid\":"
	    "\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\"},\"spec\":{\"image\":"
	    "\"y\",\"replicas\":0,\"port\":8080,\"envFrom\":[{"
	    "\"configMapRef\":{\"name\":\"c\"}}]}}"));
	mw_run(100 * MS);
	EXPECT_EQ(mw_count("GET /apis/apps/v1/namespaces/ns/deployments"),
	    1);
	EXPECT_EQ(mw_count("PATCH /apis/apps/v1/namespaces/ns/deployments"),
	    2);
	EXPECT(strstr(applied, "resourceVersion") == NULL);
	EXPECT(strstr(applied, "\"image\":\"y") != NULL);
	EXPECT(strstr(applied, NOTE_REFS "\":\"00000000000000ab\"") !=
	    NULL);
}

#define STATUS "PATCH /apis/mcp.mcp.dev/v1alpha1/namespaces/ns/" \
	"mcpservers/one/status"
#define ROLES "GET /apis/rbac.authorization.k8s.io/v1/roles?"
#define READ "GET /apis/mcp.mcp.dev/v1alpha1/namespaces/ns/mcpservers/one"

TEST(a_group_that_never_answers_holds_up_no_other)
{
	broken = true;
	asking = true;
	begin();
	EXPECT(!watches_all_answered(mw.m));
	EXPECT_EQ(mw_count("GET /api/v1/pods"), 1);
	EXPECT(mw_count(STATUS) > 0);
}

TEST(references_are_followed_beside_a_group_that_never_answers)
{
	broken = true;
	begin();
	EXPECT(strstr(applied, NOTE_REFS) != NULL);
}

TEST(a_status_does_not_wait_for_pods_for_ever)
{
	no_pods = true;
	asking = true;
	begin();
	EXPECT_EQ(mw_count(STATUS), 0);
	mw_run(PODS_AWAIT_NS);
	EXPECT_EQ(mw_count(STATUS), 1);
	/* Neither is it asked again and again meanwhile. */
	EXPECT(mw_count(READ) <= 3);
}

TEST(who_may_not_watch_references_is_ready)
{
	uint32_t i;

	denied = true;
	begin();
	for (i = 0; i < mw.m->observe.readyz.checks; i++)
		EXPECT(mw.m->check[i].check(mw.m->check[i].ctx) == NULL);
}

/* Roles that nothing tells of any more are only found by listing them once. */
TEST(leftovers_are_looked_for_until_there_is_an_answer)
{
	roles_code = 401;
	begin();
	EXPECT_EQ(mw_count(ROLES), 1);
	EXPECT(applied[0] != '\0');
	mw_run(2 * KUBE_DENIED_RETRY_NS);
	EXPECT(mw_count(ROLES) > 1);
	roles_code = 0;
	mw_run(2 * KUBE_DENIED_RETRY_NS);
	mw_forget();
	mw_run(10 * KUBE_DENIED_RETRY_NS);
	EXPECT_EQ(mw_count(ROLES), 0);
}

TEST(leftovers_that_are_not_for_us_are_asked_for_once)
{
	roles_code = 403;
	begin();
	mw_run(10 * KUBE_DENIED_RETRY_NS);
	EXPECT_EQ(mw_count(ROLES), 1);
}
