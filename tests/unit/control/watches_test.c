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
#define CONFIG "{\"metadata\":{\"name\":\"c\",\"namespace\":\"ns\"," \
	"\"uid\":\"3188f7f2-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"resourceVersion\":\"5\"},\"data\":{\"a\":\"1\"}}"
#define MADE "{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\"," \
	"\"uid\":\"11111111-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"resourceVersion\":\"9\",\"generation\":1}}"

static bool denied;
static char applied[8192];	/* the last Deployment */

static const char *watch(const struct world_request *r, struct str path)
{
	if (str_ends(path, STR("mcp.mcp.dev/v1alpha1/mcpservers")))
		return MW_LINE("ADDED", SERVER);
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

static void serve(const struct world_request *r, struct str path)
{
	bool reads = str_is(r->method, "GET");

	if (str_search(path, STR("/deployments/")) < path.n && !reads &&
	    r->body.n < sizeof(applied)) {
		memcpy(applied, r->body.p, r->body.n);
		applied[r->body.n] = '\0';
	}
	if (reads)
		world_reply(mw.w, r->peer, 200, NULL, str_ends(path,
		    STR("/configmaps/c")) ? CONFIG : SERVER);
	else
		world_reply(mw.w, r->peer, 200, NULL, MADE);
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
	denied = false;
	mw_run(KUBE_DENIED_RETRY_NS + SEC);
	EXPECT(refs_followed(mw.m, REF_CONFIG_MAP, STR("ns")));
	EXPECT(strstr(applied, NOTE_REFS) != NULL);
}
