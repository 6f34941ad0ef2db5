#include <string.h>

#include "manager_world.h"

#define SERVER "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\",\"metadata\":{\"name\":\"one\"," \
	"\"namespace\":\"ns\",\"generation\":1,\"resourceVersion\":\"5\"," \
	"\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\"}," \
	"\"spec\":{\"image\":\"x\",\"port\":8080}}"
#define OWNED "\"name\":\"one\",\"namespace\":\"ns\"," \
	"\"uid\":\"11111111-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"generation\":1,\"labels\":{\"mcp.mcp.dev/server\":\"one\"}," \
	"\"ownerReferences\":[{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\",\"name\":\"one\",\"controller\":true," \
	"\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\"}]"
#define MADE "{\"metadata\":{\"resourceVersion\":\"9\"," OWNED "}}"
#define DEPLOYMENTS "/apis/apps/v1/deployments"

/* The peer that waits for the answer to its status; and whether it shall. */
static int waiting;
static bool makes_wait;
static const char *object;

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	return str_ends(path, STR("mcp.mcp.dev/v1alpha1/mcpservers")) ?
	    MW_LINE("ADDED", SERVER) : "";
}

static void serve(const struct world_request *r, struct str path)
{
	bool reads = str_is(r->method, "GET");

	if (makes_wait && str_ends(path, STR(MW_STATUS)))
		waiting = r->peer;
	else if (str_search(path, STR("/services/")) < path.n)
		world_reply(mw.w, r->peer, 403, NULL,
		    world_status(403, "Forbidden", "not here"));
	else
		world_reply(mw.w, r->peer, 200, NULL,
		    reads && str_search(path, STR("/deployments/")) == path.n ?
		    object : MADE);
}

static void tell_pods(int ready, int version)
{
	char line[1024];
	struct buf b;

	buf_init(&b, line, sizeof(line));
	buf_fmt(&b, "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{"
	    "\"resourceVersion\":\"%d\"," OWNED "},\"spec\":{\"replicas\":1},"
	    "\"status\":{\"observedGeneration\":1,\"replicas\":1,"
	    "\"readyReplicas\":%d}}}\n", version, ready);
	buf_char(&b, '\0');
	REQUIRE(!b.over);
	mw_tell(DEPLOYMENTS, line);
}

TEST(a_refused_service_is_not_asked_for_at_each_crash)
{
	int n;

	object = SERVER;
	mw.watch = watch;
	mw.serve = serve;
	mw_begin(NULL);
	mw_run(20 * SEC);
	EXPECT(mw_count("PATCH /api/v1/namespaces/ns/services/one") > 2);
	mw_forget();
	/* The delay is over ten seconds by now. */
	for (n = 0; n < 40; n++) {
		tell_pods(n & 1, 1000 + n);
		mw_run(100 * MS);
	}
	EXPECT(mw_count("PATCH /api/v1/namespaces/ns/services/one") <= 1);
}

#define EDITED "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\",\"metadata\":{\"name\":\"one\"," \
	"\"namespace\":\"ns\",\"generation\":2,\"resourceVersion\":\"20\"," \
	"\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\"}," \
	"\"spec\":{\"image\":\"x\",\"port\":9090}}"

TEST(what_is_asked_for_anew_does_not_wait_for_what_was_refused)
{
	object = SERVER;
	mw.watch = watch;
	mw.serve = serve;
	mw_begin(NULL);
	mw_run(60 * SEC);
	mw_forget();
	object = EDITED;
	mw_tell(MW_SERVERS, MW_LINE("MODIFIED", EDITED));
	mw_run(5 * SEC);
	/* From the shortest delay on: the old one is over half a minute. */
	EXPECT(mw_count("PATCH /api/v1/namespaces/ns/services/one") > 3);
}

/* The answer to its status, and that alone, is what the job waits for yet. */
TEST(a_refused_server_is_deleted_while_its_status_is_written)
{
	int n;

	waiting = -1;
	makes_wait = true;
	object = SERVER;
	mw.watch = watch;
	mw.serve = serve;
	mw_begin(NULL);
	for (n = 0; n < 100 && waiting < 0; n++)
		mw_run(100 * MS);
	makes_wait = false;
	REQUIRE(waiting >= 0);
	EXPECT_EQ(mw.m->records.pool.used, 1);
	mw_tell(DEPLOYMENTS, MW_LINE("DELETED", MADE));
	mw_tell(MW_SERVERS, MW_LINE("DELETED", SERVER));
	mw_run(100 * MS);
	world_reply(mw.w, waiting, 200, NULL, SERVER);
	mw_run(20 * SEC);
	EXPECT_EQ(mw.m->records.pool.used, 0);
}

#define GUARDED "{\"apiVersion\":\"mcp.allbeone.io/v1\"," \
	"\"kind\":\"MCPServer\",\"metadata\":{\"name\":\"one\"," \
	"\"namespace\":\"ns\",\"generation\":1,\"resourceVersion\":\"5\"," \
	"\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\"}," \
	"\"spec\":{\"image\":\"x\",\"port\":8080," \
	"\"networkPolicy\":{\"enabled\":true}}}"

#define GUARDED_MADE "{\"metadata\":{\"resourceVersion\":\"9\"," \
	"\"name\":\"one\",\"namespace\":\"ns\"," \
	"\"uid\":\"11111111-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"generation\":1,\"labels\":{" \
	"\"mcp.allbeone.io/server-key\":\"a.one\"}," \
	"\"ownerReferences\":[{\"apiVersion\":\"mcp.allbeone.io/v1\"," \
	"\"kind\":\"MCPServer\",\"name\":\"one\",\"controller\":true," \
	"\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\"}]}}"
#define DEPLOYS "PATCH /apis/apps/v1/namespaces/ns/deployments/one"

/* What the API server says to its policy, and to its Service. */
static unsigned policy_code, service_code;
static bool has_pods, policy_refused, service_told, policy_told;
static bool hides_pods;		/* without their label; no watch tells */

static const char *watch_guarded(const struct world_request *r,
    struct str path)
{
	(void)r;
	if (has_pods && str_ends(path, STR(DEPLOYMENTS)))
		return MW_LINE("ADDED", GUARDED_MADE);
	return str_ends(path, STR("mcp.allbeone.io/v1/mcpservers")) ?
	    MW_LINE("ADDED", GUARDED) : "";
}

static void refuse(const struct world_request *r, unsigned code)
{
	world_reply(mw.w, r->peer, code, NULL, code == 403 ?
	    world_status(403, "Forbidden", "not here") :
	    world_status(500, "InternalError", "webhook is down"));
}

static void serve_guarded(const struct world_request *r, struct str path)
{
	bool policy = str_search(path, STR("/networkpolicies/")) < path.n;
	bool service = str_search(path, STR("/services/")) < path.n;

	policy_refused |= policy && policy_code == 403;
	if (str_ends(path, STR(MW_STATUS))) {
		service_told |= str_search(r->body,
		    STR("Service one: not here")) < r->body.n;
		policy_told |= str_search(r->body,
		    STR("NetworkPolicy one: webhook is down")) < r->body.n;
	}
	if (str_is(r->method, "GET") && !hides_pods &&
	    str_search(path, STR("/deployments/")) < path.n)
		world_reply(mw.w, r->peer, 404, NULL,
		    world_status(404, "NotFound", "no"));
	else if (policy && policy_code != 200)
		refuse(r, policy_code);
	else if (service && service_code != 200)
		refuse(r, service_code);
	else
		world_reply(mw.w, r->peer, 200, NULL,
		    str_is(r->method, "GET") &&
		    str_search(path, STR("/mcpservers/")) < path.n ?
		    GUARDED : GUARDED_MADE);
}

static void guarded_begin(unsigned policy, unsigned service, bool pods)
{
	policy_code = policy;
	service_code = service;
	has_pods = pods;
	policy_refused = service_told = policy_told = hides_pods = false;
	mw.watch = watch_guarded;
	mw.serve = serve_guarded;
	mw_begin(NULL);
}

/* The policy stands before all else, and is refused first. */
TEST(what_a_server_cannot_do_without_is_told_first)
{
	guarded_begin(403, 403, false);
	mw_run(5 * SEC);
	EXPECT(policy_refused);
	EXPECT(service_told);
}

TEST(nobody_waits_for_a_policy_whose_pods_run)
{
	guarded_begin(500, 200, true);
	mw_run(2 * SEC);
	EXPECT(mw_count("networkpolicies/one") > 1);
	EXPECT(mw_count(DEPLOYS) > 0);
}

TEST(pods_wait_for_the_policy_that_is_to_guard_them)
{
	guarded_begin(500, 200, false);
	mw_run(60 * SEC);
	EXPECT(mw_count("networkpolicies/one") > 4);
	EXPECT(mw_count("/services/one") > 0);
	EXPECT_EQ(mw_count(DEPLOYS), 0);
	policy_code = 200;
	mw_run(60 * SEC);
	EXPECT(mw_count(DEPLOYS) > 0);
}

TEST(pods_wait_for_a_policy_that_is_refused_too)
{
	guarded_begin(403, 200, false);
	mw_run(60 * SEC);
	EXPECT(mw_count("/services/one") > 0);
	EXPECT_EQ(mw_count(DEPLOYS), 0);
}

/* Those that nobody sees are no new ones, and are taken care of. */
TEST(pods_that_are_not_seen_do_not_wait_for_a_policy)
{
	guarded_begin(403, 200, false);
	hides_pods = true;
	mw_run(60 * SEC);
	EXPECT(mw_count("GET /apis/apps/v1/namespaces/ns/deployments/one") >
	    0);
	EXPECT(mw_count(DEPLOYS) > 0);
}

/* A blip is not told, but a webhook that is gone for good is, to whom it
 * holds up and to whom it does not. */
TEST(a_webhook_that_stays_down_is_told)
{
	guarded_begin(500, 200, false);
	mw_run(50 * MS);
	EXPECT(mw_count("networkpolicies/one") > 0);
	EXPECT(!policy_told);
	mw_run(60 * SEC);
	EXPECT(policy_told);
}

TEST(a_webhook_that_stays_down_is_told_beside_pods)
{
	guarded_begin(500, 200, true);
	mw_run(60 * SEC);
	EXPECT(policy_told);
}
