#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "manager_world.h"

/* Somebody else writes the status and the children as we do. */

#define CHILD_UID "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"

static void serve(const struct world_request *r, struct str path)
{
	if (mw_one_serve(r, path))
		return;
	if (str_is(r->method, "GET"))
		world_reply(mw.w, r->peer, 404, NULL,
		    world_status(404, "NotFound", "not found"));
	else
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"uid\":\"" CHILD_UID "\",\"resourceVersion\":\"90\","
		    "\"generation\":1}}");
}

static void begin(const char *spec)
{
	mw.watch = mw_one_watch;
	mw.serve = serve;
	mw_one_begin(spec);
	mw_begin(NULL);
	mw_run(10 * SEC);
	mw_one_tell();
	mw_run(10 * SEC);
	mw_forget();
}

static void edit(const char *spec)
{
	mw_one.spec = spec;
	mw_one.version++;
	mw_one.generation++;
	mw_one_tell();
}

static struct record *only(void)
{
	return record_at(&mw.m->records, record_next(&mw.m->records, 0));
}

/* As the status would be by somebody who has seen another pod. */
static void overwrite(void)
{
	char *at = strstr(mw_one.status, "\"readyReplicas\":");

	REQUIRE(at != NULL);
	at[strlen("\"readyReplicas\":")] = '7';
	mw_one.version++;
	mw_one_tell();
}

TEST(a_status_that_somebody_else_wrote_is_put_right)
{
	begin("{\"image\":\"x\"}");
	overwrite();
	mw_run(500 * MS);
	EXPECT_EQ(mw_count("PATCH "), 0);
	mw_run(10 * SEC);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
	EXPECT(strstr(mw_one.status, "\"readyReplicas\":7") == NULL);
	/* Its own line is no news. */
	mw_one_tell();
	mw_run(60 * SEC);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
	EXPECT(!record_overwritten(only()));
}

TEST(two_who_write_a_status_answer_each_other_ever_more_slowly)
{
	unsigned seen = 0;
	int s;

	begin("{\"image\":\"x\"}");
	overwrite();
	for (s = 0; s < 300; s++) {
		mw_forget();
		mw_run(SEC);
		if (mw_count(MW_STATUS) == 0)
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
	char *at = strstr(mw_one.status, ",{\"type\":\"SecretsFollowed\"");
	char *end;

	if (at == NULL)
		return false;
	end = strchr(at, '}');
	REQUIRE(end != NULL);
	memmove(at, end + 1, strlen(end));
	mw_one.version++;
	mw_one_tell();
	return true;
}

TEST(who_does_not_follow_secrets_gives_in_to_who_does)
{
	unsigned told = 0;
	int s;

	begin("{\"image\":\"x\",\"secretName\":\"s\"}");
	for (s = 0; s < 30; s++) {
		told += follows();
		mw_run(SEC);
	}
	EXPECT(told > 1);
	EXPECT(told < 8);
	mw_forget();
	mw_run(200 * SEC);
	EXPECT_EQ(mw_count(MW_STATUS), 0);
	EXPECT(strstr(mw_one.status, "SecretsFollowed") == NULL);
}

/* A quarrel about something else is nobody's word for following them. */
TEST(who_quarrels_of_pods_tells_that_it_does_not_follow_secrets)
{
	int s;

	begin("{\"image\":\"x\"}");
	for (s = 0; s < 30; s++) {
		overwrite();
		mw_run(SEC);
	}
	EXPECT(only()->status_fight.n >= CONTEST_TOLD);
	edit("{\"image\":\"x\",\"secretName\":\"s\"}");
	mw_run(60 * SEC);
	EXPECT(strstr(mw_one.status, "SecretsFollowed") != NULL);
	EXPECT(only()->flags & RECORD_TOLD_SECRETS);
	edit("{\"image\":\"x\"}");
	mw_run(60 * SEC);
	EXPECT(strstr(mw_one.status, "SecretsFollowed") == NULL);
	EXPECT(!(only()->flags & RECORD_TOLD_SECRETS));
}

/* An older CRD keeps less of it than we write. */
TEST(what_was_pruned_of_a_status_is_not_written_for_ever)
{
	char *at;

	begin("{\"image\":\"x\"}");
	overwrite();
	mw_run(5 * SEC);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
	at = strstr(mw_one.status, ",\"selector\":\"");
	REQUIRE(at != NULL);
	memcpy(at + 2, "unknownk", 8);
	mw_one_tell();
	mw_run(60 * SEC);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
}

/* ---- a Deployment of somebody else under the server's name ---- */

#define HPAS "horizontalpodautoscalers"
#define HPA_META META("mcp.allbeone.io/v1")
#define META(owner) "\"name\":\"one\",\"namespace\":\"ns\"," \
	"\"uid\":\"" CHILD_UID "\",\"ownerReferences\":[{" \
	"\"apiVersion\":\"" owner "\",\"kind\":\"MCPServer\"," \
	"\"name\":\"one\",\"controller\":true,\"uid\":\"" MW_UID "\"}]"

static const char *with_autoscaler(const struct world_request *r,
    struct str path)
{
	(void)r;
	if (str_ends(path, STR("mcp.allbeone.io/v1/mcpservers")))
		return MW_LINE("ADDED", "{\"metadata\":{\"name\":\"one\","
		    "\"namespace\":\"ns\",\"uid\":\"" MW_UID "\","
		    "\"resourceVersion\":\"6\",\"generation\":1},\"spec\":{"
		    "\"image\":\"x\",\"autoscaling\":{\"hpa\":{\"enabled\":"
		    "true,\"maxReplicas\":3}}}}");
	return str_ends(path, STR(HPAS)) ? MW_LINE("ADDED", "{\"metadata\":{"
	    HPA_META ",\"resourceVersion\":\"7\"},\"spec\":{}}") : "";
}

static void serve_a_strangers(const struct world_request *r, struct str path)
{
	bool reads = str_is(r->method, "GET");

	if (str_search(path, STR("/deployments/")) < path.n && !reads)
		world_reply(mw.w, r->peer, 409, NULL,
		    world_status(409, "Conflict", "it is not yours"));
	else
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"uid\":\"" CHILD_UID "\",\"resourceVersion\":\"8\","
		    "\"managedFields\":[{\"manager\":\"kubectl\"}]}}");
}

TEST(no_autoscaler_is_left_to_a_strangers_deployment)
{
	mw.watch = with_autoscaler;
	mw.serve = serve_a_strangers;
	mw_begin(NULL);
	mw_run(10 * SEC);
	EXPECT(mw_count("PATCH /apis/apps/v1/") >= 1);
	EXPECT(mw_count("DELETE /apis/autoscaling/v2/namespaces/ns/" HPAS
	    "/one") >= 1);
	/* And none is made. */
	mw_tell(HPAS, MW_LINE("DELETED", "{\"metadata\":{" HPA_META
	    ",\"resourceVersion\":\"9\"}}"));
	mw_run(60 * SEC);
	EXPECT_EQ(mw_count("PATCH /apis/autoscaling/v2/"), 0);
}

/* ---- two write one Deployment at once ---- */

#define FROM(port) "{\"image\":\"x\",\"port\":" #port ",\"envFrom\":[{" \
	"\"configMapRef\":{\"name\":\"c\"}}]}"

#define SECRET(port) "{\"image\":\"x\",\"port\":" #port "," \
	"\"secretName\":\"s\"}"
#define SEEN "\"mcp.allbeone.io/seen-references\":\""

static int held;		/* whose Service waits; -1: nobody's */
static bool holds;
static char written[16384];	/* the last Deployment that we wrote */
static unsigned version;	/* of the last that was answered */

static void serve_written(int peer)
{
	char text[256];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"metadata\":{\"uid\":\"" CHILD_UID "\","
	    "\"generation\":1,\"resourceVersion\":\"%u\"}}", ++version);
	text[b.n] = '\0';
	world_reply(mw.w, peer, 200, NULL, text);
}

static void serve_two(const struct world_request *r, struct str path)
{
	if (holds && str_search(path, STR("/services/")) < path.n) {
		held = r->peer;
		return;
	}
	if (str_ends(path, STR("/configmaps/c"))) {
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"name\":\"c\",\"uid\":\"u\","
		    "\"resourceVersion\":\"3\"},"
		    "\"data\":{\"a\":\"1\"}}");
		return;
	}
	if (str_ends(path, STR("/deployments/one"))) {
		REQUIRE(r->body.n < sizeof(written));
		memcpy(written, r->body.p, r->body.n);
		written[r->body.n] = '\0';
	}
	if (str_is(r->method, "PATCH") && !str_ends(path, STR(MW_STATUS)))
		serve_written(r->peer);
	else
		serve(r, path);
}

/* The Deployment at that version, with that note of references. */
static void tell_noted(unsigned at, struct str note)
{
	char line[2048];
	struct buf b;

	buf_init(&b, line, sizeof(line));
	buf_fmt(&b, "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{"
	    META("mcp.mcp.dev/v1alpha1") ",\"resourceVersion\":\"%u\","
	    "\"generation\":1,\"annotations\":{%s%S%s}},"
	    "\"spec\":{\"replicas\":1},\"status\":{}}}\n", at,
	    note.n > 0 ? SEEN : "", note, note.n > 0 ? "\"" : "");
	buf_char(&b, '\0');
	REQUIRE(!b.over);
	mw_tell("/apps/v1/deployments", line);
}

/* As we wrote it. */
static void tell_written(unsigned at)
{
	const char *note = strstr(written, SEEN);

	REQUIRE(note != NULL);
	note += strlen(SEEN);
	tell_noted(at, (struct str){ note, strcspn(note, "\"") });
}

/* Up to where another one's Deployment could come; from: the spec before. */
static void begin_two(const char *from)
{
	held = -1;
	holds = false;
	version = 90;
	mw.watch = mw_one_watch;
	mw.serve = serve_two;
	mw_one_begin(from);
	mw_begin(NULL);
	mw_run(10 * SEC);
}

/* Its plan is made, and waits for the Service. */
static void plan_two(const char *to)
{
	holds = true;
	edit(to);
	mw_run(SEC);
	REQUIRE(held >= 0);
	holds = false;
}

static bool wrote_to(unsigned at)
{
	char planned[64];

	mw_run(SEC);
	written[0] = '\0';
	serve_written(held);
	mw_run(100 * MS);
	snprintf(planned, sizeof(planned), "\"resourceVersion\":\"%u\"",
	    at);
	return strstr(written, planned) != NULL;
}

/*
 * What it noted of references when the plan was made is what the pods go on
 * with, so it is that one that is written to, though another came meanwhile.
 */
TEST(a_deployment_is_written_as_it_was_when_planned)
{
	unsigned planned;

	begin_two(FROM(8080));
	tell_written(version);
	mw_run(SEC);
	planned = version;
	plan_two(FROM(8081));
	tell_written(++version);
	EXPECT(wrote_to(planned));
}

/* Nor is what another noted undone by one that follows nothing itself. */
TEST(who_follows_nothing_writes_to_what_was_planned_too)
{
	unsigned planned;

	begin_two(SECRET(8080));
	tell_noted(version, STR_NONE);
	mw_run(SEC);
	planned = version;
	plan_two(SECRET(8081));
	tell_noted(++version, STR("00000000000000ab,00000001000000ff"));
	EXPECT(wrote_to(planned));
}

/* What refers to nothing is not held up by what became of the Deployment. */
TEST(who_refers_to_nothing_writes_to_whatever_is_there)
{
	unsigned planned;

	begin_two("{\"image\":\"x\"}");
	tell_noted(version, STR_NONE);
	mw_run(SEC);
	planned = version;
	plan_two("{\"image\":\"x\",\"port\":8081}");
	EXPECT(!wrote_to(planned));
	EXPECT(strstr(written, "\"uid\":\"" CHILD_UID) != NULL);
}
