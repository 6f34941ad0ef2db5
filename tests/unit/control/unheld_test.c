#include <string.h>

#include "manager_world.h"

/* Room for one pod in trouble, and two servers that have one each. */

#define UID_A "0188f7f2-9b3a-4c5d-8e6f-0123456789aa"
#define UID_B "0188f7f2-9b3a-4c5d-8e6f-0123456789bb"
#define POD_A "0188f7f2-9b3a-4c5d-8e6f-0123456789ca"
#define POD_B "0188f7f2-9b3a-4c5d-8e6f-0123456789cb"
#define SERVER(name, uid) "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"" \
	name "\",\"uid\":\"" uid "\",\"resourceVersion\":\"5\"," \
	"\"generation\":1},\"spec\":{\"image\":\"x\"}}"
#define A SERVER("a", UID_A)
#define B SERVER("b", UID_B)
#define POD(of, uid, waiting) \
	"{\"metadata\":{\"namespace\":\"ns\",\"name\":\"pod-" of "\"," \
	"\"uid\":\"" uid "\",\"resourceVersion\":\"9\",\"labels\":" \
	"{\"" LABEL_KEY "\":\"m." of "\"}},\"status\":{" \
	"\"containerStatuses\":[{\"state\":{\"waiting\":{\"reason\":\"" \
	waiting "\"}}}]}}"
#define BAD_A MW_LINE("ADDED", POD("a", POD_A, "InvalidImageName"))
#define BAD_B MW_LINE("ADDED", POD("b", POD_B, "CreateContainerError"))
#define NO_ROOM "there is no room for what is wrong with its pods, see " \
	"--max-pods"

static const char *pods;
static char status[8192];	/* of b, as written last */
static unsigned events;		/* that say so of it */

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	if (str_ends(path, STR("/mcp.mcp.dev/v1alpha1/mcpservers")))
		return MW_LINE("ADDED", A) MW_LINE("ADDED", B);
	return str_ends(path, STR("/pods")) ? pods : "";
}

static void serve(const struct world_request *r, struct str path)
{
	if (str_ends(path, STR("/b/status")))
		text_set(status, sizeof(status), r->body);
	events += str_ends(path, STR("/events")) &&
	    str_search(r->body, STR(NO_ROOM)) < r->body.n;
	if (str_is(r->method, "GET"))
		world_reply(mw.w, r->peer, 200, NULL,
		    str_ends(path, STR("/b")) ? B : A);
	else
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":"
		    "{\"uid\":\"2188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
		    "\"resourceVersion\":\"7\",\"generation\":1}}");
}

static void begin(const char *listed)
{
	static const char *const args[] = { "--max-pods=1",
	    "--log-level=warn", NULL };

	mw.watch = watch;
	mw.serve = serve;
	pods = listed;
	status[0] = '\0';
	events = 0;
	mw_begin(args);
	mw_run(20 * SEC);
}

static bool told_no_room(void)
{
	bool told = strstr(status, NO_ROOM) != NULL;

	EXPECT_EQ(told, strstr(status, "\"reason\":\"CapacityReached\"") !=
	    NULL);
	return told;
}

TEST(who_has_a_pod_that_is_not_held_reads_why_it_is_not_told_of)
{
	begin(BAD_A BAD_B);
	EXPECT(told_no_room());
	EXPECT_EQ(events, 1);
	EXPECT(strstr(status, "\"phase\":\"Pending\"") != NULL);
	EXPECT_EQ(mw.m->counts.v[COUNT_CAPACITY_REFUSED], 1);
	/* The same again is no news. */
	status[0] = '\0';
	mw_tell("/pods", MW_LINE("MODIFIED",
	    POD("b", POD_B, "CreateContainerError")));
	mw_run(20 * SEC);
	EXPECT_EQ(status[0], '\0');
	EXPECT_EQ(mw.m->counts.v[COUNT_CAPACITY_REFUSED], 2);
	/* There is room: what is wrong takes its place. */
	pods = BAD_B;
	mw_tell("/pods", MW_LINE("DELETED",
	    POD("a", POD_A, "InvalidImageName")));
	mw_run(20 * SEC);
	EXPECT(strstr(status, "CreateContainerError") != NULL);
	EXPECT(!told_no_room());
	/* And is over with it. */
	pods = "";
	mw_tell("/pods", MW_LINE("DELETED",
	    POD("b", POD_B, "CreateContainerError")));
	mw_run(20 * SEC);
	EXPECT(strstr(status, "CreateContainerError") == NULL);
	EXPECT(!told_no_room());
	EXPECT_EQ(events, 1);
}

/* Its pod may be well by the time that there is room. */
TEST(who_was_told_so_is_told_when_a_list_has_room_for_all)
{
	begin(BAD_A BAD_B);
	EXPECT(told_no_room());
	pods = "";
	mw_tell("/pods", MW_LINE("DELETED",
	    POD("a", POD_A, "InvalidImageName")));
	mw_run(20 * SEC);
	EXPECT(status[0] != '\0');
	EXPECT(!told_no_room());
}

TEST(a_pod_that_is_being_made_and_has_no_slot_is_no_trouble)
{
	begin(MW_LINE("ADDED", POD("a", POD_A, "ContainerCreating"))
	    MW_LINE("ADDED", POD("b", POD_B, "ContainerCreating")));
	EXPECT_EQ(mw.m->counts.v[COUNT_CAPACITY_REFUSED], 1);
	EXPECT(mw.m->pods.lost);
	EXPECT(status[0] != '\0');
	EXPECT(!told_no_room());
	EXPECT_EQ(events, 0);
}

TEST(servers_whose_pods_are_ready_forget_it)
{
	struct record *r;
	struct trouble t;
	struct uid uid;

	begin(BAD_A BAD_B);
	REQUIRE(uid_parse(STR(UID_B), &uid));
	r = record_at(&mw.m->records, record_find(&mw.m->records, &uid));
	EXPECT(pods_unheld(r, &t));
	EXPECT_EQ(t.weight, TROUBLE_SOFT);
	mw_tell("/deployments", MW_LINE("ADDED", "{\"metadata\":{"
	    "\"namespace\":\"ns\",\"name\":\"b\",\"uid\":"
	    "\"2188f7f2-9b3a-4c5d-8e6f-0123456789ab\",\"resourceVersion\":"
	    "\"7\",\"generation\":1,\"labels\":{\"" LABEL_KEY "\":\"m.b\"},"
	    "\"ownerReferences\":[{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\","
	    "\"kind\":\"MCPServer\",\"name\":\"b\",\"uid\":\"" UID_B "\","
	    "\"controller\":true}]},\"spec\":{\"replicas\":1},\"status\":{"
	    "\"observedGeneration\":1,\"replicas\":1,\"updatedReplicas\":1,"
	    "\"readyReplicas\":1,\"availableReplicas\":1}}"));
	mw_run(20 * SEC);
	EXPECT(!pods_unheld(r, &t));
	EXPECT(!told_no_room());
}

static unsigned logged(void)
{
	struct str rest = { mw.w->io.std[2], mw.w->io.std_n[2] }, line;
	unsigned n = 0;

	while (rest.n > 0) {
		rest = str_cut(rest, '\n', &line);
		n += str_search(line, STR("or being made")) < line.n;
	}
	return n;
}

TEST(that_pods_have_no_room_is_logged_now_and_then)
{
	int i;

	begin(BAD_A BAD_B);
	for (i = 0; i < 3; i++)
		pods_refuse(mw.m);
	EXPECT_EQ(logged(), 1);
	mw_run(PODS_LOG_NS / 2);
	pods_refuse(mw.m);
	EXPECT_EQ(logged(), 1);
	mw_run(PODS_LOG_NS);
	pods_refuse(mw.m);
	EXPECT_EQ(logged(), 2);
}
