#include <string.h>

#include "manager_world.h"

/* The number of pods goes to an autoscaler, and back. */

#define SERVERS "mcp.allbeone.io/v1/mcpservers"
#define DEPLOYMENTS "/apps/v1/deployments"
#define NONE "\"replicas\":0"
#define SCALED "\"autoscaling\":{\"hpa\":{\"enabled\":true," \
	"\"minReplicas\":3,\"maxReplicas\":5}}"

static const char *spec;
static unsigned generation, version, replicas;
static bool apply_fails;
static char digest[17];		/* as it was written with */

/* before and after: the server. */
static const char *server(const char *before, const char *after)
{
	static char text[1024];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "%s{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\","
	    "\"uid\":\"" MW_UID "\",\"resourceVersion\":\"%u\","
	    "\"generation\":%u},\"spec\":{\"image\":\"x\",%s}}%s", before,
	    1000 + generation, generation, spec, after);
	buf_char(&b, '\0');
	REQUIRE(!b.over);
	return text;
}

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	return str_ends(path, STR(SERVERS)) ?
	    server("{\"type\":\"ADDED\",\"object\":", "}\n") : "";
}

static void edit(const char *to)
{
	spec = to;
	generation++;
	mw_tell(SERVERS, server("{\"type\":\"MODIFIED\",\"object\":",
	    "}\n"));
}

static const char *deployment(void)
{
	static char text[640];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\","
	    "\"uid\":\"2188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
	    "\"resourceVersion\":\"%u\",\"generation\":%u,"
	    "\"annotations\":{\"" NOTE_DIGEST "\":\"%s\"},"
	    "\"ownerReferences\":[{\"apiVersion\":\"mcp.allbeone.io/v1\","
	    "\"kind\":\"MCPServer\",\"name\":\"one\",\"controller\":true,"
	    "\"uid\":\"" MW_UID "\"}]},\"spec\":{\"replicas\":%u},"
	    "\"status\":{}}", version, version, digest,
	    replicas);
	buf_char(&b, '\0');
	REQUIRE(!b.over);
	return text;
}

static void told(void)
{
	char text[1024];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "{\"type\":\"MODIFIED\",\"object\":%s}\n", deployment());
	buf_char(&b, '\0');
	REQUIRE(!b.over);
	mw_tell(DEPLOYMENTS, text);
}

static void serve(const struct world_request *r, struct str path)
{
	const struct str asks = STR("\"replicas\":");
	const struct str note = STR("\"" NOTE_DIGEST "\":\"");
	size_t at = str_search(r->body, asks) + asks.n;
	size_t noted = str_search(r->body, note) + note.n;

	if (str_ends(path, STR("/mcpservers/one"))) {
		world_reply(mw.w, r->peer, 200, NULL, server("", ""));
		return;
	}
	if (!str_ends(path, STR("/deployments/one"))) {
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"uid\":\"3188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
		    "\"resourceVersion\":\"90\",\"generation\":1}}");
		return;
	}
	if (apply_fails &&
	    str_search(r->path, STR("handover")) == r->path.n) {
		world_reply(mw.w, r->peer, 500, NULL,
		    world_status(500, "InternalError", "not now"));
		return;
	}
	if (at < r->body.n)
		replicas = (unsigned)(r->body.p[at] - '0');
	if (noted < r->body.n)
		memcpy(digest, r->body.p + noted, sizeof(digest) - 1);
	version++;
	world_reply(mw.w, r->peer, 200, NULL, deployment());
}

/*
 * What was handed over stands in the Deployment though the apply after it
 * failed, and is not what the server asks for once it has no autoscaler.
 */
TEST(a_number_that_was_handed_over_is_taken_back)
{
	spec = NONE;
	generation = 1;
	version = 90;
	replicas = 9;
	mw.watch = watch;
	mw.serve = serve;
	mw_begin(NULL);
	mw_run(SEC);
	EXPECT_EQ(replicas, 0);
	told();
	mw_run(SEC);
	apply_fails = true;
	edit(SCALED);
	mw_run(SEC);
	EXPECT_EQ(replicas, 3);
	told();
	mw_run(SEC);
	apply_fails = false;
	edit(NONE);
	mw_run(10 * SEC);
	EXPECT_EQ(replicas, 0);
}
