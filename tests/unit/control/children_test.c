#include <string.h>

#include "manager_world.h"

/* ---- whose it is ---- */

static enum claim claim_of(const char *text)
{
	static const struct claimant who = {
		.uid = STR_INIT("u1"), .key = STR_INIT("m.one"),
		.manager = "mcp"
	};
	static struct json_tok tok[256];
	static char mem[4096];
	struct json_doc doc;
	struct arena a;

	arena_init(&a, mem, sizeof(mem));
	REQUIRE(json_parse(&doc, guard_copy(text, strlen(text)), tok,
	    ARRAY_LEN(tok), NULL) == 0);
	return child_claim(&doc, &a, &who);
}

#define META(rest) "{\"metadata\":{\"name\":\"one\"" rest "}}"
#define KEY(key) ",\"labels\":{\"" LABEL_KEY "\":\"" key "\"}"
#define OWNER(uid, controller) ",\"ownerReferences\":[{\"uid\":\"x\"}," \
	"{\"uid\":\"" uid "\",\"controller\":" controller "}]"
#define APPLIED(manager, how) ",\"managedFields\":[{\"manager\":\"kcm\"," \
	"\"operation\":\"Update\"},{\"manager\":\"" manager \
	"\",\"operation\":\"" how "\"}]"

TEST(who_controls_it_owns_it)
{
	EXPECT_EQ(claim_of(META(KEY("m.one") OWNER("u1", "true"))),
	    CLAIM_OWNED);
	EXPECT_EQ(claim_of(META(KEY("m.two") OWNER("u1", "true"))),
	    CLAIM_HIDDEN);
	EXPECT_EQ(claim_of(META(OWNER("u1", "true"))), CLAIM_HIDDEN);
	EXPECT_EQ(claim_of(META(KEY("m.one") OWNER("u2", "true")
	    APPLIED("mcp", "Apply"))), CLAIM_NONE);
}

TEST(what_nobody_controls_may_be_adopted_by_its_label)
{
	EXPECT_EQ(claim_of(META(KEY("m.one"))), CLAIM_ADOPT);
	EXPECT_EQ(claim_of(META(KEY("m.one") OWNER("u2", "false")
	    APPLIED("mcp", "Apply"))), CLAIM_ADOPT);
	EXPECT_EQ(claim_of(META(KEY("m.one") APPLIED("other", "Apply"))),
	    CLAIM_ADOPT);
	EXPECT_EQ(claim_of(META(KEY("m.one") APPLIED("mcp", "Update"))),
	    CLAIM_ADOPT);
	EXPECT_EQ(claim_of(META(KEY("m.one") APPLIED("mcp", "Apply"))),
	    CLAIM_MADE);
}

static const char *holder_of(const char *text)
{
	static struct json_tok tok[256];
	static char mem[4096], out[128];
	struct json_doc doc;
	struct arena a;

	arena_init(&a, mem, sizeof(mem));
	REQUIRE(json_parse(&doc, guard_copy(text, strlen(text)), tok,
	    ARRAY_LEN(tok), NULL) == 0);
	child_holder(&doc, &a, out, sizeof(out));
	return out;
}

TEST(whose_a_name_is_can_be_told)
{
	EXPECT_STR(str_from(holder_of(META(APPLIED("helm", "Apply")
	    ",\"ownerReferences\":[{\"kind\":\"A\"},{\"kind\":\"Chart\","
	    "\"name\":\"web\",\"apiVersion\":\"x.io/v1\","
	    "\"controller\":true}]"))),
	    "belongs to Chart \"web\" of x.io/v1");
	EXPECT_STR(str_from(holder_of(META(",\"managedFields\":[{"
	    "\"manager\":\"kcm\",\"subresource\":\"status\"},{"
	    "\"manager\":\"kubectl-create\"}]"))),
	    "was made by kubectl-create");
	EXPECT_STR(str_from(holder_of(META(""))),
	    "belongs to somebody else");
	EXPECT_STR(str_from(holder_of("[]")), "belongs to somebody else");
}

TEST(other_names_and_no_label_give_no_claim)
{
	static const char *const all[] = {
		"{}", "[]", "{\"metadata\":3}", META(""),
		META(KEY("m.one-more")), META(KEY("a.one")), META(KEY("")),
		META(APPLIED("mcp", "Apply")),
		META(",\"labels\":{\"x\":\"m.one\"}"),
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++)
		EXPECT_EQ(claim_of(all[i]), CLAIM_NONE);
}

/* ---- a Deployment of another selector ---- */

#define SERVER_UID "1188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define OLD_UID "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define SERVER "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\"," \
	"\"uid\":\"" SERVER_UID "\",\"resourceVersion\":\"5\"," \
	"\"generation\":1},\"spec\":{\"image\":\"x\"}}"
#define ORPHAN(rest) "{\"metadata\":{\"name\":\"one\",\"namespace\":" \
	"\"ns\",\"uid\":\"" OLD_UID "\"" rest "}}"
#define IMMUTABLE "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":" \
	"{},\"status\":\"Failure\",\"message\":\"Deployment.apps \\\"one\\\" " \
	"is invalid: spec.selector: Invalid value: {}: field is immutable\"," \
	"\"reason\":\"Invalid\",\"details\":{\"name\":\"one\",\"causes\":" \
	"[{\"reason\":\"FieldValueInvalid\",\"message\":\"field is " \
	"immutable\",\"field\":\"spec.selector\"}]},\"code\":422}"

static const char *orphan;	/* NULL: there is none */
static unsigned deleted;

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	return str_ends(path, STR("/mcp.mcp.dev/v1alpha1/mcpservers")) ?
	    MW_LINE("ADDED", SERVER) : "";
}

static void serve_deployment(const struct world_request *r)
{
	bool named = str_search(r->body, STR(OLD_UID)) < r->body.n;

	if (str_is(r->method, "DELETE")) {
		EXPECT(named);
		EXPECT(str_search(r->body, STR("Background")) < r->body.n);
		deleted++;
		orphan = NULL;
		world_reply(mw.w, r->peer, 200, NULL, "{}");
	} else if (str_is(r->method, "GET")) {
		world_reply(mw.w, r->peer, orphan ? 200 : 404, NULL,
		    orphan ? orphan : world_status(404, "NotFound", "none"));
	} else if (orphan == NULL) {
		world_reply(mw.w, r->peer, 201, NULL, "{\"metadata\":{"
		    "\"uid\":\"3188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
		    "\"resourceVersion\":\"9\",\"generation\":1}}");
	} else if (named) {
		world_reply(mw.w, r->peer, 422, NULL, IMMUTABLE);
	} else {
		world_reply(mw.w, r->peer, 409, NULL, world_status(409,
		    "Conflict", "the object has been modified"));
	}
}

static void serve(const struct world_request *r, struct str path)
{
	if (str_ends(path, STR("/deployments/one")))
		serve_deployment(r);
	else if (str_is(r->method, "GET"))
		world_reply(mw.w, r->peer, 200, NULL, SERVER);
	else
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"uid\":\"4188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
		    "\"resourceVersion\":\"7\"}}");
}

/* Runs for a while with this in the server's way. */
static void run_with(const char *text)
{
	mw.watch = watch;
	mw.serve = serve;
	orphan = text;
	mw_begin(NULL);
	mw_run(20 * SEC);
}

static const struct child_state *deployment(void)
{
	struct uid uid;

	REQUIRE(uid_parse(STR(SERVER_UID), &uid));
	return &record_at(&mw.m->records,
	    record_find(&mw.m->records, &uid))->child[CHILD_DEPLOYMENT];
}

TEST(an_orphan_that_was_made_by_us_is_made_anew)
{
	static char text[512];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, ORPHAN(KEY("m.one") APPLIED("%s", "Apply")),
	    group_info(GROUP_MCPDEV)->manager);
	run_with(text);
	EXPECT_EQ(deleted, 1);
	EXPECT(deployment()->exists);
}

TEST(one_that_this_server_controls_is_made_anew)
{
	run_with(ORPHAN(OWNER(SERVER_UID, "true")));
	EXPECT_EQ(deleted, 1);
	EXPECT(deployment()->exists);
}

TEST(one_with_our_label_that_somebody_else_made_is_left_alone)
{
	run_with(ORPHAN(KEY("m.one") APPLIED("kubectl", "Apply")));
	EXPECT_EQ(deleted, 0);
	EXPECT(!deployment()->exists);
	EXPECT(mw_count("/mcpservers/one/status") > 0);
}

TEST(one_that_is_going_is_waited_for)
{
	run_with(ORPHAN(OWNER(SERVER_UID, "true")
	    ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\""));
	EXPECT_EQ(deleted, 0);
	EXPECT(mw_count("PATCH /apis/apps/v1/namespaces/ns/deployments") <
	    30);
}
