#include <string.h>

#include "manager_world.h"

/* What users are told of children that were made. */

#define UID "1188f7f2-9b3a-4c5d-8e6f-012345678"
#define SERVERS "/mcp.mcp.dev/v1alpha1/mcpservers"

static char lines[300 * 512];
static unsigned told;			/* Events */
static char message[512];		/* of the last one */
static const char *stands;		/* there already; of its path */

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	return str_ends(path, STR(SERVERS)) ? lines : "";
}

static void write_lines(unsigned n)
{
	struct buf b;
	unsigned i;

	buf_init(&b, lines, sizeof(lines) - 1);
	for (i = 0; i < n; i++)
		buf_fmt(&b, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{"
		    "\"namespace\":\"ns\",\"name\":\"s%u\",\"uid\":\"" UID
		    "%u%u%u\",\"resourceVersion\":\"%u\",\"generation\":1},"
		    "\"spec\":{\"image\":\"x\",\"replicas\":0,"
		    "\"config\":{\"a\":1}}}}\n", i, i / 100, i / 10 % 10,
		    i % 10, i + 5);
	REQUIRE(!b.over);
	lines[b.n] = '\0';
}

static void take_event(struct str body)
{
	size_t at = str_search(body, STR("\"message\":\"")) + 11;

	if (str_search(body, STR("\"reason\":\"Created\"")) == body.n)
		return;
	told++;
	text_set(message, sizeof(message), str_sub(body, at, at +
	    str_find(str_sub(body, at, body.n), '"')));
}

static void serve(const struct world_request *r, struct str path)
{
	bool makes = str_search(r->body, STR("\"resourceVersion\":\"1\"")) <
	    r->body.n;
	bool is_there = stands != NULL && str_ends(path, str_from(stands));

	/* More than the world's log has room for. */
	if (mw.w->log.n > mw.w->log.cap / 2)
		mw_forget();
	if (str_ends(path, STR("/events")))
		take_event(r->body);
	if (is_there && makes)
		world_reply(mw.w, r->peer, 409, NULL, world_status(409,
		    "Conflict", "the object has been modified"));
	else
		world_reply(mw.w, r->peer, makes ? 201 : 200, NULL,
		    "{\"metadata\":{\"uid\":\"2188f7f2-9b3a-4c5d-8e6f-"
		    "0123456789ab\",\"resourceVersion\":\"900\","
		    "\"generation\":1,\"labels\":{\"" LABEL_KEY
		    "\":\"m.s0\"}}}");
}

static void run_with(unsigned n)
{
	mw.watch = watch;
	mw.serve = serve;
	write_lines(n);
	mw_begin(NULL);
	mw_run(600 * SEC);
}

TEST(each_child_that_was_made_is_told_by_its_name)
{
	run_with(1);
	EXPECT_EQ(told, 1);
	EXPECT_STR(str_from(message), "created Deployment s0, Service s0, "
	    "ConfigMap s0-config");
}

TEST(what_was_there_before_is_not_told)
{
	stands = "/services/s0";
	run_with(1);
	EXPECT_EQ(told, 1);
	EXPECT_STR(str_from(message), "created Deployment s0, "
	    "ConfigMap s0-config");
}

/* More at once than there is room for among the Events. */
TEST(none_of_many_is_forgotten)
{
	run_with(300);
	EXPECT_EQ(told, 300);
	EXPECT_EQ(mw.m->events.dropped, 0);
}
