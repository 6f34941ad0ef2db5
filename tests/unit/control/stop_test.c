#include <string.h>

#include "manager_world.h"

#define LEASES "/apis/coordination.k8s.io/v1/namespaces/here/leases"
#define SERVER "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\",\"metadata\":{\"name\":\"one\"," \
	"\"namespace\":\"ns\",\"generation\":1,\"resourceVersion\":\"5\"," \
	"\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\"}," \
	"\"spec\":{\"image\":\"x\",\"replicas\":0,\"port\":8080}}"
#define WITH_SECRET "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\",\"metadata\":{\"name\":\"one\"," \
	"\"namespace\":\"ns\",\"generation\":1,\"resourceVersion\":\"5\"," \
	"\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\"}," \
	"\"spec\":{\"image\":\"x\",\"replicas\":0,\"secretName\":\"s\"}}"
#define MADE "{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\"," \
	"\"uid\":\"11111111-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"resourceVersion\":\"9\",\"generation\":1}}"

static int held;	/* whose write is not answered; -1: nobody's */

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	return str_ends(path, STR("mcp.mcp.dev/v1alpha1/mcpservers")) ?
	    MW_LINE("ADDED", SERVER) : "";
}

static void serve(const struct world_request *r, struct str path)
{
	bool reads = str_is(r->method, "GET");

	if (str_search(path, STR("/services/")) < path.n && held < 0)
		held = r->peer;
	else if (str_starts(path, STR(LEASES)) && reads)
		world_reply(mw.w, r->peer, 404, NULL,
		    world_status(404, "NotFound", "not found"));
	else if (reads)
		world_reply(mw.w, r->peer, 200, NULL, SERVER);
	else
		world_reply(mw.w, r->peer, 200, NULL, MADE);
}

static void serve_busy(const struct world_request *r, struct str path)
{
	if (str_search(path, STR("/services/")) < path.n) {
		held = r->peer;
		world_reply(mw.w, r->peer, 429, "Retry-After: 20\r\n",
		    world_status(429, "TooManyRequests", "later"));
		return;
	}
	serve(r, path);
}

/* The API server may still be at it when another operator leads. */
TEST(the_lease_is_kept_until_the_last_write_ended)
{
	const char *const args[] = {
		"--leader-elect", "--namespace=here", NULL
	};

	held = -1;
	mw.watch = watch;
	mw.serve = serve;
	mw_begin(args);
	mw_run(5 * SEC);
	REQUIRE(held >= 0);
	EXPECT_EQ(mw_count("POST " LEASES), 1);
	mw_forget();
	manager_stop(mw.m);
	mw_run(2 * SEC);
	EXPECT_EQ(mw_count(LEASES), 0);
	EXPECT(!manager_stopped(mw.m));
	world_reply(mw.w, held, 201, NULL, MADE);
	mw_run(2 * SEC);
	EXPECT_EQ(mw_count("PATCH " LEASES), 1);
	EXPECT(manager_stopped(mw.m));
}

TEST(at_rest_the_lease_is_given_back_at_once)
{
	const char *const args[] = {
		"--leader-elect", "--namespace=here", NULL
	};

	mw.watch = NULL;
	mw.serve = serve;
	mw_begin(args);
	mw_run(5 * SEC);
	mw_forget();
	manager_stop(mw.m);
	mw_run(100 * MS);
	EXPECT_EQ(mw_count("PATCH " LEASES), 1);
	EXPECT(manager_stopped(mw.m));
}

static const char *ready_text(void)
{
	return mw.m->check[1].check(mw.m->check[1].ctx);
}

/* Nobody waits for a minute to be told so again. */
TEST(a_call_that_waits_does_not_keep_the_lease)
{
	const char *const args[] = {
		"--leader-elect", "--namespace=here",
		"--leader-elect-lease-duration=15s",
		"--leader-elect-renew-deadline=10s", NULL
	};

	held = -1;
	mw.watch = watch;
	mw.serve = serve_busy;
	mw_begin(args);
	EXPECT_EQ(mw.w->io.unacked_ns, 4500 * MS);
	mw_run(5 * SEC);
	REQUIRE(held >= 0);
	mw_forget();
	manager_stop(mw.m);
	mw_run(500 * MS);
	EXPECT_EQ(mw_count("PATCH " LEASES), 1);
	EXPECT(manager_stopped(mw.m));
}

static const char *watch_no_secrets(const struct world_request *r,
    struct str path)
{
	if (str_ends(path, STR("/secrets"))) {
		world_reply(mw.w, r->peer, 403, NULL,
		    world_status(403, "Forbidden", "no"));
		return NULL;
	}
	return str_ends(path, STR("mcp.mcp.dev/v1alpha1/mcpservers")) ?
	    MW_LINE("ADDED", WITH_SECRET) : "";
}

TEST(references_that_may_not_be_watched_do_not_count_for_ready)
{
	const char *const args[] = { "--watch-secrets", NULL };

	held = -1;
	mw.watch = watch_no_secrets;
	mw.serve = serve;
	mw_begin(args);
	mw_run(20 * SEC);
	EXPECT(mw_count("/secrets?") > 0);
	EXPECT(ready_text() == NULL);
}

static void serve_denied(const struct world_request *r, struct str path)
{
	if (str_starts(path, STR(LEASES)))
		world_reply(mw.w, r->peer, 403, NULL,
		    world_status(403, "Forbidden", "no Leases for you"));
	else
		serve(r, path);
}

static unsigned told_of_lease(void)
{
	struct str log = fake_std(&mw.w->io, 2), what = STR("have the Lease");
	size_t at;
	unsigned n = 0;

	while ((at = str_search(log, what)) < log.n) {
		log = str_sub(log, at + what.n, log.n);
		n++;
	}
	return n;
}

/* Or it would be ready for ever, and do nothing, and say nothing. */
TEST(a_lease_that_may_not_be_had_is_told_of)
{
	const char *const args[] = {
		"--leader-elect", "--namespace=here", "--log-level=warn", NULL
	};
	struct str log;

	mw.watch = watch;
	mw.serve = serve_denied;
	mw_begin(args);
	mw_run(200 * SEC);
	EXPECT(mw_count("GET " LEASES) > 50);
	EXPECT_EQ(told_of_lease(), 1);
	log = fake_std(&mw.w->io, 2);
	EXPECT(str_search(log, STR("no Leases for you")) < log.n);
	EXPECT(str_search(log, STR("\"namespace\":\"here\"")) < log.n);
	mw_run(200 * SEC);
	EXPECT_EQ(told_of_lease(), 2);
	EXPECT_EQ(mw_count("PATCH"), 0);
}
