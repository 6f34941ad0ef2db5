#include <string.h>

#include "manager_world.h"

/* An operator with room for one server, and two that want it. */

#define SERVERS "mcp.mcp.dev/v1alpha1/mcpservers"
#define UID_A "0188f7f2-9b3a-4c5d-8e6f-0123456789aa"
#define UID_B "0188f7f2-9b3a-4c5d-8e6f-0123456789bb"
#define META(name, uid, more) "\"metadata\":{\"name\":\"" name "\"," \
	"\"namespace\":\"ns\",\"generation\":1,\"resourceVersion\":\"5\"," \
	"\"uid\":\"" uid "\"" more "}"
#define SERVER_OF(meta) "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\"," meta ",\"spec\":{\"image\":\"x\"," \
	"\"replicas\":0,\"port\":8080}}"
#define A SERVER_OF(META("a", UID_A, ""))
#define B SERVER_OF(META("b", UID_B, ""))
#define B_SERVED "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\"," META("b", UID_B, "") "," \
	"\"spec\":{\"image\":\"x\",\"replicas\":0,\"port\":8080}," \
	"\"status\":{\"phase\":\"Running\",\"observedGeneration\":1}}"
#define OWNER ",\"labels\":{\"" LABEL_KEY "\":\"m.a\"}," \
	"\"ownerReferences\":[{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\",\"name\":\"a\",\"uid\":\"" UID_A "\"," \
	"\"controller\":true}]"
#define CHILD "{" META("a", "11111111-9b3a-4c5d-8e6f-0123456789ab", \
	OWNER) "}"
#define MADE "{\"metadata\":{\"name\":\"x\",\"namespace\":\"ns\"," \
	"\"uid\":\"11111111-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"resourceVersion\":\"9\",\"generation\":1}}"

static int asked;	/* who waits to hear of the Lease */
static const char *servers, *deployments, *b_read = B;
/* The last writes to b's status and to b. */
static char noted[4096], released[1024];
static uint16_t refused;	/* b's status is answered with that */

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	if (str_ends(path, STR(SERVERS)))
		return servers;
	return str_ends(path, STR("/deployments")) ? deployments : "";
}

static void serve(const struct world_request *r, struct str path)
{
	bool reads = str_is(r->method, "GET");

	if (!reads && str_ends(path, STR("/b/status")) &&
	    r->body.n < sizeof(noted)) {
		memcpy(noted, r->body.p, r->body.n);
		noted[r->body.n] = '\0';
	}
	if (!reads && str_ends(path, STR("mcpservers/b")) &&
	    r->body.n < sizeof(released)) {
		memcpy(released, r->body.p, r->body.n);
		released[r->body.n] = '\0';
	}
	if (!reads && refused && str_ends(path, STR("/b/status")))
		world_reply(mw.w, r->peer, refused, NULL,
		    world_status(refused, "Forbidden", "no"));
	else if (reads && str_search(path, STR("/leases/")) < path.n)
		asked = r->peer;
	else if (reads)
		world_reply(mw.w, r->peer, 200, NULL,
		    str_ends(path, STR("/b")) ? b_read : A);
	else
		world_reply(mw.w, r->peer, 200, NULL, MADE);
}

static void begin(const char *elect)
{
	const char *const args[] = { "--max-servers=1", elect, NULL };

	mw.watch = watch;
	mw.serve = serve;
	servers = MW_LINE("ADDED", A) MW_LINE("ADDED", B);
	deployments = MW_LINE("ADDED", CHILD);
	mw_begin(args);
}

static bool told_full(void)
{
	return strstr(noted, "CapacityReached") != NULL;
}

TEST(a_slot_is_free_when_the_last_child_is_gone)
{
	begin(NULL);
	mw_run(5 * SEC);
	EXPECT(told_full());
	EXPECT(strstr(noted, "\"phase\":\"Pending\"") != NULL);
	EXPECT(strstr(noted, "\"type\":\"Ready\"") != NULL);
	/* In its condition and by itself, where `kubectl get` looks. */
	EXPECT(strstr(strstr(noted, "CapacityReached") + 1,
	    "\"reason\":\"CapacityReached\"") != NULL);
	EXPECT(strstr(noted, "\"uid\":\"" UID_B "\"") != NULL);
	servers = MW_LINE("ADDED", B);
	deployments = "";
	mw_tell(SERVERS, MW_LINE("DELETED", A));
	mw_tell("/services", MW_LINE("DELETED", CHILD));
	mw_forget();
	mw_run(10 * SEC);
	EXPECT_EQ(mw_count(SERVERS "?"), 0);
	mw_tell("/deployments", MW_LINE("DELETED", CHILD));
	mw_run(5 * SEC);
	EXPECT_EQ(mw_count(SERVERS "?"), 1);
	/* What was refused with it is told again as well. */
	EXPECT_EQ(mw_count("/apis/apps/v1/deployments?"), 1);
	EXPECT(mw_count("PATCH /apis/apps/v1/namespaces/ns/deployments/b"));
	EXPECT(!told_full());
}

/* Its pods may run on: what is known of them stays, and nobody looks. */
TEST(who_was_served_before_keeps_its_status)
{
	begin(NULL);
	mw_run(5 * SEC);
	EXPECT(told_full());
	EXPECT(strstr(noted, "\"phase\":\"Pending\"") != NULL);
	EXPECT(strstr(noted, "\"status\":\"False\"") != NULL);
	servers = MW_LINE("ADDED", A) MW_LINE("ADDED", B_SERVED);
	mw_begin((const char *const[]){ "--max-servers=1", NULL });
	mw_run(5 * SEC);
	EXPECT(told_full());
	EXPECT(strstr(noted, "\"phase\"") == NULL);
	EXPECT(strstr(noted, "\"status\":\"Unknown\"") != NULL);
	EXPECT(mw_count("/mcpservers/b/status?fieldManager="
	    "mcp-operator%2Flimits"));
}

/* That it was too large is not that it was served. */
TEST(who_was_only_told_of_has_a_phase)
{
	begin(NULL);
	servers = MW_LINE("ADDED", A) MW_LINE("ADDED", "{" META("b", UID_B,
	    "") ",\"spec\":{\"image\":\"x\"},\"status\":{\"phase\":"
	    "\"Failed\",\"reason\":\"ObjectTooLarge\"}}");
	mw_run(5 * SEC);
	EXPECT(told_full());
	EXPECT(strstr(noted, "\"phase\":\"Pending\"") != NULL);
	EXPECT(strstr(noted, "\"status\":\"False\"") != NULL);
}

TEST(who_is_served_is_not_told_that_there_is_no_room)
{
	begin(NULL);
	mw.m->leading = false;
	deployments = "";
	mw_run(2 * SEC);
	EXPECT_EQ(mw.m->notes.n, 1);
	servers = MW_LINE("ADDED", B);
	mw_tell(SERVERS, MW_LINE("DELETED", A));
	mw_run(5 * SEC);
	EXPECT_EQ(mw.m->notes.n, 1);
	mw.m->leading = true;
	notes_send(mw.m);
	manager_kick(mw.m);
	mw_run(5 * SEC);
	EXPECT_EQ(mw.m->notes.n, 0);
	EXPECT(noted[0] != '\0');
	EXPECT(!told_full());
	EXPECT_EQ(mw_count("PATCH /apis/" "mcp.mcp.dev/v1alpha1/namespaces/ns"
	    "/mcpservers/b/status"), 1);
}

/* Its children have a record for it, but it has not got in itself. */
TEST(who_only_has_children_there_is_told_that_there_is_no_room)
{
	struct uid uid;

	begin(NULL);
	mw.m->leading = false;
	deployments = "";
	mw_run(2 * SEC);
	EXPECT_EQ(mw.m->notes.n, 1);
	servers = "";
	mw_tell(SERVERS, MW_LINE("DELETED", A));
	mw_run(SEC / 10);
	(void)uid_parse(STR(UID_B), &uid);
	REQUIRE(record_find(&mw.m->records, &uid) == RECORD_NONE);
	REQUIRE(record_add(&mw.m->records, &uid, GROUP_MCPDEV, STR("ns"),
	    STR("b")) != RECORD_NONE);
	mw.m->leading = true;
	notes_send(mw.m);
	mw_run(SEC / 10);
	EXPECT(told_full());
}

TEST(what_was_turned_away_on_standby_is_told_when_leading)
{
	asked = -1;
	begin("--leader-elect");
	mw_run(2 * SEC);
	REQUIRE(asked >= 0);
	EXPECT(!mw.m->leading && mw.m->notes.n == 1);
	world_reply(mw.w, asked, 404, NULL,
	    world_status(404, "NotFound", "not found"));
	mw_run(2 * SEC);
	EXPECT(mw.m->leading);
	EXPECT(told_full());
}

TEST(who_goes_without_a_slot_is_let_go)
{
	begin(NULL);
	servers = MW_LINE("ADDED", A) MW_LINE("ADDED", SERVER_OF(META("b",
	    UID_B, ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\","
	    "\"finalizers\":[\"other.io/x\",\"mcp.mcp.dev/finalizer\"]")));
	mw_run(5 * SEC);
	EXPECT(!told_full());
	EXPECT_STR(str_from(released), "{\"metadata\":{\"resourceVersion\":"
	    "\"5\",\"finalizers\":[\"other.io/x\"]}}");
}

/* ---- what cannot be read ---- */

static char large[JSON_OBJECT_MAX];

/* More values than can be read, between two texts. */
static const char *many_values(const char *before, const char *after)
{
	uint32_t i;
	struct buf b;

	buf_init(&b, large, sizeof(large) - 1);
	buf_cstr(&b, before);
	buf_cstr(&b, "[1");
	for (i = 1; i < JSON_TOKENS_MAX; i++)
		buf_cstr(&b, ",1");
	buf_cstr(&b, "]");
	buf_cstr(&b, after);
	REQUIRE(!b.over);
	large[b.n] = '\0';
	return large;
}

#define LINE(version) \
	"{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{" \
	"\"name\":\"b\",\"namespace\":\"ns\",\"generation\":1," \
	"\"resourceVersion\":\"" version "\",\"uid\":\"" UID_B "\"}," \
	"\"spec\":{\"image\":\"x\",\"x\":"

#define B_STATUS "PATCH /apis/mcp.mcp.dev/v1alpha1/namespaces/ns/" \
	"mcpservers/b/status"

TEST(an_object_of_too_many_values_is_told_once_and_keeps_running)
{
	struct uid uid;
	uint32_t i;

	begin(NULL);
	servers = MW_LINE("ADDED", B);
	deployments = "";
	mw_run(5 * SEC);
	REQUIRE(uid_parse(STR(UID_B), &uid));
	i = record_find(&mw.m->records, &uid);
	REQUIRE(i != RECORD_NONE);
	mw_forget();
	mw_tell(SERVERS, many_values(LINE("6"), "}}}\n"));
	mw_run(2 * SEC);
	EXPECT(strstr(noted, "ObjectTooLarge") != NULL);
	EXPECT(strstr(noted, "values") != NULL);
	/* Its own status stays but for that, whatever stands there. */
	EXPECT(strstr(noted, "ConfigurationValid") != NULL);
	EXPECT(strstr(noted, "phase") == NULL);
	EXPECT_EQ(mw_count(B_STATUS), 1);
	EXPECT_EQ(mw_count("limits&force=true"), 1);
	/* As the line of our own write does. */
	mw_tell(SERVERS, many_values(LINE("7"), "}}}\n"));
	mw_run(2 * SEC);
	EXPECT_EQ(mw_count(B_STATUS), 1);
	/* It counts as listed. */
	intake_event(mw.m, GROUP_MCPDEV, 0, WATCH_BEGIN, STR_NONE);
	oversize_note(mw.m, NOTE_VALUES, GROUP_MCPDEV,
	    STR(B));
	intake_event(mw.m, GROUP_MCPDEV, 0, WATCH_SYNCED, STR_NONE);
	EXPECT(record_at(&mw.m->records, i)->flags & RECORD_LIVE);
}

/* What could not be told is told at its next line. */
TEST(an_object_of_too_many_values_is_told_once_it_may_be)
{
	begin(NULL);
	servers = MW_LINE("ADDED", B);
	deployments = "";
	mw_run(5 * SEC);
	mw_forget();
	refused = 403;
	mw_tell(SERVERS, many_values(LINE("6"), "}}}\n"));
	mw_run(2 * SEC);
	EXPECT_EQ(mw_count("limits&force=true"), 1);
	refused = 0;
	mw_tell(SERVERS, many_values(LINE("7"), "}}}\n"));
	mw_run(2 * SEC);
	EXPECT_EQ(mw_count("limits&force=true"), 2);
}

/* The line of the status that tells of it is the next try. */
TEST(an_object_that_needs_too_much_memory_is_told_and_tried_again)
{
	size_t cap;
	struct uid uid;

	begin(NULL);
	servers = deployments = "";
	mw_run(5 * SEC);
	REQUIRE(uid_parse(STR(UID_B), &uid));
	cap = mw.m->intake.cap;
	mw.m->intake.cap = sizeof(struct server) + 64;
	mw_tell(SERVERS, MW_LINE("ADDED", B));
	mw_run(2 * SEC);
	EXPECT(strstr(noted, "ObjectTooLarge") != NULL);
	/* Nobody has said anything of it yet. */
	EXPECT(strstr(noted, "\"phase\":\"Failed\"") != NULL);
	EXPECT_EQ(mw_count(B_STATUS), 1);
	EXPECT(record_find(&mw.m->records, &uid) == RECORD_NONE);
	mw_tell(SERVERS, MW_LINE("MODIFIED", B));
	mw_run(2 * SEC);
	EXPECT_EQ(mw_count(B_STATUS), 1);
	mw.m->intake.cap = cap;
	mw_tell(SERVERS, MW_LINE("MODIFIED", B));
	mw_run(2 * SEC);
	EXPECT(record_find(&mw.m->records, &uid) != RECORD_NONE);
	EXPECT(mw_count("/deployments/b") > 0);
}

/* A read has them, a watch line has not. */
TEST(managed_fields_make_no_object_too_large)
{
	b_read = many_values("{\"metadata\":{\"name\":\"b\",\"namespace\":"
	    "\"ns\",\"generation\":1,\"resourceVersion\":\"5\",\"uid\":"
	    "\"" UID_B "\",\"managedFields\":", "},\"spec\":{\"image\":"
	    "\"x\",\"replicas\":0,\"port\":8080}}");
	begin(NULL);
	servers = MW_LINE("ADDED", B);
	deployments = "";
	mw_run(10 * SEC);
	EXPECT(mw_count("GET /apis/mcp.mcp.dev/v1alpha1/namespaces/ns/"
	    "mcpservers/b") > 0);
	EXPECT(noted[0] != '\0');
	EXPECT(strstr(noted, "ObjectTooLarge") == NULL);
}
