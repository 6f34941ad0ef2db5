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
		    SERVER : MADE);
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

/* The answer to its status, and that alone, is what the job waits for yet. */
TEST(a_refused_server_is_deleted_while_its_status_is_written)
{
	int n;

	waiting = -1;
	makes_wait = true;
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

static bool policy_refused, service_told, policy_is_down;

static const char *watch_guarded(const struct world_request *r,
    struct str path)
{
	(void)r;
	return str_ends(path, STR("mcp.allbeone.io/v1/mcpservers")) ?
	    MW_LINE("ADDED", GUARDED) : "";
}

static void serve_guarded(const struct world_request *r, struct str path)
{
	bool policy = str_search(path, STR("/networkpolicies/")) < path.n;

	if (policy && policy_is_down) {
		world_reply(mw.w, r->peer, 500, NULL,
		    world_status(500, "InternalError", "webhook is down"));
		return;
	}
	if (!policy_is_down && (policy ||
	    str_search(path, STR("/services/")) < path.n)) {
		policy_refused |= policy;
		world_reply(mw.w, r->peer, 403, NULL,
		    world_status(403, "Forbidden", "not here"));
		return;
	}
	if (str_ends(path, STR(MW_STATUS)))
		service_told = str_search(r->body,
		    STR("Service one: not here")) < r->body.n;
	world_reply(mw.w, r->peer, 200, NULL, str_is(r->method, "GET") &&
	    str_search(path, STR("/mcpservers/")) < path.n ? GUARDED : MADE);
}

/* The policy stands before all else, and is refused first. */
TEST(what_a_server_cannot_do_without_is_told_first)
{
	mw.watch = watch_guarded;
	mw.serve = serve_guarded;
	mw_begin(NULL);
	mw_run(5 * SEC);
	EXPECT(policy_refused);
	EXPECT(service_told);
}

/* Nor does the rest of it wait for a policy that may be had later. */
TEST(a_policy_that_fails_holds_nobody_up)
{
	policy_is_down = true;
	mw.watch = watch_guarded;
	mw.serve = serve_guarded;
	mw_begin(NULL);
	mw_run(5 * SEC);
	policy_is_down = false;
	EXPECT(mw_count("networkpolicies/one") > 1);
	EXPECT(mw_count("PATCH /apis/apps/v1/namespaces/ns/deployments/"
	    "one") > 0);
}
