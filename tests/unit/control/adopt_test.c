#include <stdlib.h>
#include <string.h>

#include "manager_world.h"

/* A Deployment that was let go, and is taken up by a server of its name. */

#define SERVER_UID "1188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define ORPHAN_UID "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define ORPHAN(notes) "{\"metadata\":{\"name\":\"one\",\"namespace\":" \
	"\"ns\",\"uid\":\"" ORPHAN_UID "\",\"resourceVersion\":\"8\"," \
	"\"labels\":{\"" LABEL_KEY "\":\"m.one\"},\"annotations\":{" \
	notes "}}}"
#define SECRET "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"s\"," \
	"\"uid\":\"3188f7f2-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"resourceVersion\":\"3\"},\"data\":{\"a\":\"YQ==\"}}"

static const char *spec = "\"image\":\"x\"", *orphan = ORPHAN("");
static struct { char *p; size_t n; } body;	/* of the last apply */
static unsigned applies, looks;		/* at a ConfigMap */
static bool denied;			/* what would take it up */

static const char *server_text(const char *fmt)
{
	size_t cap = strlen(spec) + 512;
	char *text = malloc(cap);
	struct buf b;

	REQUIRE(text);
	buf_init(&b, text, cap - 1);
	buf_fmt(&b, fmt, "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\","
	    "\"uid\":\"" SERVER_UID "\",\"resourceVersion\":\"5\","
	    "\"generation\":1},\"spec\":{", spec, "}}");
	REQUIRE(!b.over);
	text[b.n] = '\0';
	return text;
}

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	if (str_ends(path, STR("/secrets")))
		return MW_LINE("ADDED", SECRET);
	return str_ends(path, STR("/mcp.mcp.dev/v1alpha1/mcpservers")) ?
	    server_text("{\"type\":\"ADDED\",\"object\":%s%s%s}\n") : "";
}

static void serve_deployment(const struct world_request *r)
{
	if (str_is(r->method, "GET")) {
		world_reply(mw.w, r->peer, 200, NULL, orphan);
		return;
	}
	applies++;
	body.p = realloc(body.p, r->body.n);
	REQUIRE(body.p);
	memcpy(body.p, r->body.p, r->body.n);
	body.n = r->body.n;
	if (str_search(r->body, STR(ORPHAN_UID)) == r->body.n)
		world_reply(mw.w, r->peer, 409, NULL, world_status(409,
		    "Conflict", "the object has been modified"));
	else if (denied)
		world_reply(mw.w, r->peer, 403, NULL, world_status(403,
		    "Forbidden", "not allowed by policy"));
	else
		world_reply(mw.w, r->peer, 200, NULL, orphan);
}

static void serve(const struct world_request *r, struct str path)
{
	if (str_ends(path, STR("/configmaps/one-config")))
		looks++;
	if (str_ends(path, STR("/deployments/one")))
		serve_deployment(r);
	else if (str_ends(path, STR("/secrets/s")))
		world_reply(mw.w, r->peer, 200, NULL, SECRET);
	else if (str_is(r->method, "GET"))
		world_reply(mw.w, r->peer, 200, NULL, server_text("%s%s%s"));
	else
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"uid\":\"4188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
		    "\"resourceVersion\":\"7\"}}");
}

static void begin(const char *const *args)
{
	mw.watch = watch;
	mw.serve = serve;
	mw_begin(args);
	mw_run(500 * MS);
}

static bool applied(const char *text)
{
	struct str s = { body.p, body.n };

	return str_search(s, str_from(text)) < s.n;
}

static const struct record *only(void)
{
	return record_at(&mw.m->records, record_next(&mw.m->records, 0));
}

/* As large as a server can be: it is planned twice, and written twice. */
TEST(a_large_one_is_taken_up)
{
	static const char head[] = "\"image\":\"x\",\"env\":[{\"name\":\"A\","
	    "\"value\":\"", tail[] = "\"}]";
	size_t n = JSON_OBJECT_MAX - 1024;
	char *text = malloc(sizeof(head) + n + sizeof(tail));

	REQUIRE(text);
	memcpy(text, head, sizeof(head) - 1);
	memset(text + sizeof(head) - 1, 'v', n);
	memcpy(text + sizeof(head) - 1 + n, tail, sizeof(tail));
	spec = text;
	begin(NULL);
	EXPECT_EQ(applies, 2);
	EXPECT(applied(ORPHAN_UID));
	EXPECT(body.n > n);
	EXPECT(only()->child[CHILD_DEPLOYMENT].exists);
	EXPECT_EQ(only()->failures, 0);
}

/* Its pods hold what they were started with, whatever that was. */
TEST(one_without_notes_keeps_its_pods)
{
	static const char *const args[] = { "--watch-secrets", NULL };

	spec = "\"image\":\"x\",\"secretName\":\"s\"";
	begin(args);
	EXPECT_EQ(applies, 2);
	EXPECT(applied(ORPHAN_UID));
	EXPECT(applied(NOTE_SEEN));
	EXPECT(!applied(NOTE_REFS));
}

TEST(what_was_noted_and_is_not_named_counts_as_a_change)
{
	static const char *const args[] = { "--watch-secrets", NULL };

	spec = "\"image\":\"x\",\"secretName\":\"s\"";
	orphan = ORPHAN("\"" NOTE_SEEN "\":\"00000000000000ab,"
	    "0000000100000001\"");
	begin(args);
	/* What is noted there is not named: that has gone from the pods. */
	EXPECT(applied(NOTE_REFS));
}

/* The rendering of its pods is that of the operator that made it. */
TEST(the_rendering_that_it_was_made_with_is_known)
{
	orphan = ORPHAN("\"" NOTE_RENDERED "\":\"1.00000000000000cd\"");
	begin(NULL);
	EXPECT(applied(ORPHAN_UID));
	EXPECT_EQ(only()->workload.note_revision, 1);
	EXPECT_EQ(only()->workload.note_template, 0xcd);
}

/* Else the status would tell of it until the next start, which does not. */
TEST(one_that_could_not_be_taken_up_is_not_known)
{
	denied = true;
	orphan = ORPHAN("\"" NOTE_RENDERED "\":\"1.00000000000000cd\",\""
	    NOTE_SCALED "\":\"true\"");
	begin(NULL);
	EXPECT(applied(ORPHAN_UID));
	EXPECT_EQ(only()->workload.note_revision, 0);
	EXPECT(!only()->workload.scaled);
}

/* The label is gone from one of its own; others may have lost theirs. */
TEST(what_else_may_be_hidden_is_looked_for)
{
	orphan = "{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\","
	    "\"uid\":\"" ORPHAN_UID "\",\"resourceVersion\":\"8\","
	    "\"ownerReferences\":[{\"uid\":\"" SERVER_UID "\","
	    "\"controller\":true}]}}";
	begin(NULL);
	EXPECT_EQ(applies, 2);
	EXPECT_EQ(looks, 1);
	mw_run(5000 * MS);
	EXPECT_EQ(looks, 1);
}

TEST(of_one_that_is_seen_nothing_is_looked_for)
{
	orphan = ORPHAN("");
	begin(NULL);
	EXPECT_EQ(applies, 2);
	EXPECT_EQ(looks, 0);
}
