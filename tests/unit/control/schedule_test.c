#include <string.h>

#include "check.h"
#include "manager_world.h"

/* ---- pure ---- */

#define HOUR (INT64_C(3600) * NS_PER_S)
#define DAY (24 * HOUR)
/* A midnight. */
#define START (20000 * DAY)

static struct server server;

static void set_up(const char *schedule)
{
	memset(&server, 0, sizeof(server));
	HAS_SET(&server.spec, server_spec, schedule);
	server.spec.schedule = str_from(schedule);
	HAS_SET(&server.meta, object_meta, creation_time);
	server.meta.creation_time = START;
}

static void followed(int64_t at)
{
	HAS_SET(&server.status, server_status, last_schedule);
	server.status.last_schedule = at;
}

static struct server_status tell(int64_t wall_ns, bool scheduled)
{
	struct server_status st = { 0 };
	struct judge_in in = {
		.server = &server, .wall_ns = wall_ns, .scheduled = scheduled
	};

	schedule_tell(&in, &st);
	return st;
}

TEST(a_schedule_comes_due)
{
	set_up("0 2 * * *");
	EXPECT(!schedule_due(&server, START));
	EXPECT(!schedule_due(&server, START + 2 * HOUR - 1));
	EXPECT(schedule_due(&server, START + 2 * HOUR));
	/* Missed for a week, it is due once. */
	EXPECT(schedule_due(&server, START + 7 * DAY));
	followed(START + 7 * DAY);
	EXPECT(!schedule_due(&server, START + 7 * DAY));
	EXPECT(schedule_due(&server, START + 7 * DAY + 2 * HOUR));
	/* The clock was a year ahead when it was followed. */
	followed(START + 365 * DAY);
	EXPECT(schedule_due(&server, START + HOUR));
	EXPECT_EQ(tell(START + HOUR, true).next_schedule, START + 2 * HOUR);
	followed(START + HOUR + 1);
	EXPECT(!schedule_due(&server, START + HOUR));
	/* None, none that can be read, and of one that goes. */
	server.spec.schedule = STR("0 2 * *");
	EXPECT(!schedule_due(&server, START + 9 * DAY));
	set_up("0 2 * * *");
	HAS_SET(&server.meta, object_meta, deletion_time);
	EXPECT(!schedule_due(&server, START + 9 * DAY));
	memset(&server, 0, sizeof(server));
	EXPECT(!schedule_due(&server, START + 9 * DAY));
}

TEST(a_schedule_is_told)
{
	struct server_status st;

	set_up("@every 6h");
	st = tell(START + HOUR, false);
	EXPECT(!HAS(&st, server_status, last_schedule));
	EXPECT(HAS(&st, server_status, next_schedule));
	EXPECT_EQ(st.next_schedule, START + 6 * HOUR);
	st = tell(START + 7 * HOUR + 5, true);
	EXPECT(HAS(&st, server_status, last_schedule));
	EXPECT_EQ(st.last_schedule, START + 7 * HOUR);
	EXPECT_EQ(st.next_schedule, START + 13 * HOUR);
	followed(START + 7 * HOUR);
	st = tell(START + 8 * HOUR, false);
	EXPECT_EQ(st.last_schedule, START + 7 * HOUR);
	EXPECT_EQ(st.next_schedule, START + 13 * HOUR);
	set_up("0 0 30 2 *");
	st = tell(START, false);
	EXPECT(!HAS(&st, server_status, next_schedule));
	memset(&server, 0, sizeof(server));
	st = tell(START, false);
	EXPECT(!HAS(&st, server_status, next_schedule));
}

/* ---- a whole manager ---- */

#define CHILD "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define OWNED(name, more) "{\"metadata\":{\"name\":\"" name "\"," \
	"\"namespace\":\"ns\",\"uid\":\"" CHILD "\"," \
	"\"resourceVersion\":\"90\",\"generation\":1," \
	"\"ownerReferences\":[{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\",\"name\":\"one\",\"controller\":true," \
	"\"uid\":\"" MW_UID "\"}]" more "}}"

/* What was applied is there from then on. */
static void serve(const struct world_request *r, struct str path)
{
	char line[2048], note[17] = "";
	struct str body = r->body;
	size_t at;
	struct buf b;

	if (mw_one_serve(r, path))
		return;
	at = str_search(body, STR(NOTE_DIGEST "\":\""));
	if (at < body.n)
		memcpy(note, body.p + at + strlen(NOTE_DIGEST "\":\""), 16);
	buf_init(&b, line, sizeof(line));
	buf_fmt(&b, OWNED("one", ",\"annotations\":{\"" NOTE_DIGEST
	    "\":\"%s\"}"), note);
	buf_char(&b, '\0');
	REQUIRE(!b.over);
	world_reply(mw.w, r->peer, 200, NULL, line);
}

TEST(all_children_are_applied_on_time)
{
	mw.watch = mw_one_watch;
	mw.serve = serve;
	mw_one_begin("{\"image\":\"x\",\"schedule\":\"@every 2m\"}");
	mw_begin(NULL);
	mw_run(30 * SEC);
	mw_one_tell();
	mw_run(20 * SEC);
	EXPECT(strstr(mw_one.status, "\"nextScheduleTime\"") != NULL);
	EXPECT(strstr(mw_one.status, "\"lastScheduleTime\"") == NULL);
	mw_forget();
	mw_run(60 * SEC);
	EXPECT_EQ(mw_count("PATCH "), 0);
	mw_run(20 * SEC);
	EXPECT_EQ(mw_count("PATCH /apis/apps/v1/"), 1);
	EXPECT_EQ(mw_count("PATCH /api/v1/namespaces/ns/services/"), 1);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
	EXPECT(strstr(mw_one.status, "\"lastScheduleTime\"") != NULL);
	mw_one_tell();
	mw_forget();
	mw_run(100 * SEC);
	EXPECT_EQ(mw_count("PATCH "), 0);
	mw_run(20 * SEC);
	EXPECT_EQ(mw_count("PATCH /apis/apps/v1/"), 1);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
}
