#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "manager_world.h"

/* Somebody else writes the status and the children as we do. */

#define UID "1188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define CHILD_UID "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define SERVERS "/mcp.mcp.dev/v1alpha1/mcpservers"
#define STATUS "mcpservers/one/status"

static unsigned version;		/* the newest */
static const char *more = "";		/* of its spec */
static char stored[16384];		/* status of the server, as JSON */

static const char *server_text(void)
{
	static char text[sizeof(stored) + 512];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\","
	    "\"uid\":\"" UID "\",\"resourceVersion\":\"%u\","
	    "\"generation\":1},\"spec\":{\"image\":\"x\"%s},\"status\":%s}",
	    version, more, stored);
	REQUIRE(!b.over);
	text[b.n] = '\0';
	return text;
}

static const char *line_text(const char *type)
{
	static char text[sizeof(stored) + 1024];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"type\":\"%s\",\"object\":%s}\n", type,
	    server_text());
	REQUIRE(!b.over);
	text[b.n] = '\0';
	return text;
}

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	return str_ends(path, STR(SERVERS)) ? line_text("ADDED") : "";
}

static void status_take(struct str body)
{
	size_t at = str_search(body, STR("\"status\":")) + 9;

	REQUIRE(at < body.n && body.n - at < sizeof(stored));
	memcpy(stored, body.p + at, body.n - at - 1);
	stored[body.n - at - 1] = '\0';
	version++;
}

static void serve(const struct world_request *r, struct str path)
{
	bool reads = str_is(r->method, "GET");

	if (str_ends(path, STR(STATUS)))
		status_take(r->body);
	if (str_search(path, STR("mcpservers/one")) < path.n)
		world_reply(mw.w, r->peer, 200, NULL, server_text());
	else if (reads)
		world_reply(mw.w, r->peer, 404, NULL,
		    world_status(404, "NotFound", "not found"));
	else
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"uid\":\"" CHILD_UID "\",\"resourceVersion\":\"90\","
		    "\"generation\":1}}");
}

static void begin(void)
{
	mw.watch = watch;
	mw.serve = serve;
	version = 100;
	strcpy(stored, "{}");
	mw_begin(NULL);
	mw_run(10 * SEC);
	mw_tell(SERVERS, line_text("MODIFIED"));
	mw_run(10 * SEC);
	mw_forget();
}

static struct record *only(void)
{
	return record_at(&mw.m->records, record_next(&mw.m->records, 0));
}

/* As the status would be by somebody who has seen another pod. */
static void overwrite(void)
{
	char *at = strstr(stored, "\"readyReplicas\":");

	REQUIRE(at != NULL);
	at[strlen("\"readyReplicas\":")] = '7';
	version++;
	mw_tell(SERVERS, line_text("MODIFIED"));
}

TEST(a_status_that_somebody_else_wrote_is_put_right)
{
	begin();
	overwrite();
	mw_run(500 * MS);
	EXPECT_EQ(mw_count("PATCH "), 0);
	mw_run(10 * SEC);
	EXPECT_EQ(mw_count(STATUS), 1);
	EXPECT(strstr(stored, "\"readyReplicas\":7") == NULL);
	/* Its own line is no news. */
	mw_tell(SERVERS, line_text("MODIFIED"));
	mw_run(60 * SEC);
	EXPECT_EQ(mw_count(STATUS), 1);
	EXPECT(!record_overwritten(only()));
}

TEST(two_who_write_a_status_answer_each_other_ever_more_slowly)
{
	unsigned seen = 0;
	int s;

	begin();
	overwrite();
	for (s = 0; s < 300; s++) {
		mw_forget();
		mw_run(SEC);
		if (mw_count(STATUS) == 0)
			continue;
		seen++;
		overwrite();
	}
	EXPECT(seen >= 5);
	EXPECT(seen <= 14);
}

/* As by one that watches Secrets; false: nothing is said of that. */
static bool follows(void)
{
	char *at = strstr(stored, ",{\"type\":\"SecretsFollowed\""), *end;

	if (at == NULL)
		return false;
	end = strchr(at, '}');
	REQUIRE(end != NULL);
	memmove(at, end + 1, strlen(end));
	version++;
	mw_tell(SERVERS, line_text("MODIFIED"));
	return true;
}

TEST(who_does_not_follow_secrets_gives_in_to_who_does)
{
	unsigned told = 0;
	int s;

	more = ",\"secretName\":\"s\"";
	begin();
	for (s = 0; s < 30; s++) {
		told += follows();
		mw_run(SEC);
	}
	EXPECT(told > 1);
	EXPECT(told < 8);
	mw_forget();
	mw_run(200 * SEC);
	EXPECT_EQ(mw_count(STATUS), 0);
	EXPECT(strstr(stored, "SecretsFollowed") == NULL);
}

/* An older CRD keeps less of it than we write. */
TEST(what_was_pruned_of_a_status_is_not_written_for_ever)
{
	char *at;

	begin();
	overwrite();
	mw_run(5 * SEC);
	EXPECT_EQ(mw_count(STATUS), 1);
	at = strstr(stored, ",\"selector\":\"");
	REQUIRE(at != NULL);
	memcpy(at + 2, "unknownk", 8);
	mw_tell(SERVERS, line_text("MODIFIED"));
	mw_run(60 * SEC);
	EXPECT_EQ(mw_count(STATUS), 1);
}
