#include <stdio.h>
#include <string.h>

#include "manager_world.h"

/* ---- Events, pure ---- */

static struct json_tok tok[4096];
static char arena_mem[1 << 16];

#define NOW_S 1000000
#define EVENT(type, reason, message, at) "{\"type\":\"" type "\"," \
	"\"reason\":\"" reason "\",\"message\":\"" message "\"," \
	"\"involvedObject\":{\"name\":\"p-1\"},\"lastTimestamp\":\"" at "\"}"
/* 1970-01-12T13:46:40Z is NOW_S. */
#define RECENT "1970-01-12T13:46:00Z"
#define EARLIER "1970-01-12T13:45:00Z"
#define STALE "1970-01-12T13:16:00Z"
#define LIST(items) "{\"items\":[" items "]}"

static struct trouble diagnose_of(const char *text, bool runs)
{
	struct trouble t;
	struct json_doc doc;
	struct arena a;

	arena_init(&a, arena_mem, sizeof(arena_mem));
	REQUIRE(json_parse(&doc, guard_copy(text, strlen(text)), tok,
	    ARRAY_LEN(tok), NULL) == 0);
	events_diagnose(&doc, runs, NOW_S * NS_PER_S, &a, &t);
	return t;
}

static struct trouble diagnose(const char *text)
{
	return diagnose_of(text, false);
}

/* Events are kept for an hour: those of what is over are there yet. */
TEST(what_kept_a_pod_from_running_is_not_told_of_one_that_runs)
{
	static const char list[] = LIST(
	    EVENT("Warning", "FailedMount", "no secret", RECENT) ","
	    EVENT("Warning", "Unhealthy", "Readiness probe failed", EARLIER));

	EXPECT_STR(str_from(diagnose_of(list, true).reason), "Unhealthy");
	EXPECT_STR(str_from(diagnose_of(list, false).reason), "FailedMount");
	EXPECT_EQ(diagnose_of(LIST(EVENT("Warning", "FailedMount", "no",
	    RECENT)), true).weight, TROUBLE_NONE);
	EXPECT_EQ(diagnose(LIST(EVENT("Warning", "Unhealthy", "no",
	    RECENT))).weight, TROUBLE_NONE);
}

TEST(a_mount_that_fails_is_told)
{
	struct trouble t = diagnose(LIST(
	    EVENT("Warning", "FailedMount", "MountVolume.SetUp failed for "
	    "volume \\\"v\\\" : secret \\\"absent\\\" not found", RECENT)));

	EXPECT_EQ(t.weight, TROUBLE_HARD);
	EXPECT_STR(str_from(t.reason), "FailedMount");
	EXPECT_STR(str_from(t.message), "pod p-1: MountVolume.SetUp failed "
	    "for volume \"v\" : secret \"absent\" not found");
}

TEST(other_events_tell_nothing)
{
	EXPECT_EQ(diagnose("{}").weight, TROUBLE_NONE);
	EXPECT_EQ(diagnose(LIST("")).weight, TROUBLE_NONE);
	EXPECT_EQ(diagnose(LIST("1,{},null,[]")).weight, TROUBLE_NONE);
	EXPECT_EQ(diagnose("{\"items\":3}").weight, TROUBLE_NONE);
	EXPECT_EQ(diagnose(LIST(EVENT("Normal", "FailedMount", "x", RECENT)
	    "," EVENT("Warning", "FailedScheduling", "x", RECENT)
	    "," EVENT("Warning", "FailedMount", "x", STALE)
	    "," EVENT("Warning", "FailedMount", "x", "yesterday"))).weight,
	    TROUBLE_NONE);
}

TEST(the_latest_event_wins_but_not_a_vague_one)
{
#define VAGUE EVENT("Warning", "FailedMount", \
	"Unable to attach: timed out waiting for the condition", RECENT)
#define OLDER EVENT("Warning", "FailedMount", "one", EARLIER)
#define NEWER EVENT("Warning", "FailedCreatePodSandBox", "two", RECENT)
	EXPECT_STR(str_from(diagnose(LIST(OLDER "," NEWER)).message),
	    "pod p-1: two");
	EXPECT_STR(str_from(diagnose(LIST(NEWER "," OLDER)).message),
	    "pod p-1: two");
	EXPECT_STR(str_from(diagnose(LIST(VAGUE "," OLDER)).message),
	    "pod p-1: one");
	EXPECT_STR(str_from(diagnose(LIST(OLDER "," VAGUE)).message),
	    "pod p-1: one");
	EXPECT_EQ(diagnose(LIST(VAGUE)).weight, TROUBLE_HARD);
}

TEST(ids_do_not_make_a_new_message)
{
	static const char format[] = LIST(EVENT("Warning",
	    "FailedCreatePodSandBox", "sandbox \\\"%s\\\": no deadbeef",
	    RECENT));
	char text[1024];

	snprintf(text, sizeof(text), format, "0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef");
	EXPECT_STR(str_from(diagnose(text).message),
	    "pod p-1: sandbox \"...\": no deadbeef");
}

TEST(long_messages_are_cut)
{
	static char text[4096];
	char x[1500];
	struct trouble t;

	memset(x, 'f', sizeof(x) - 1);
	x[sizeof(x) - 1] = '\0';
	x[20] = 'z';
	snprintf(text, sizeof(text), LIST(EVENT("Warning", "FailedMount",
	    "%s", RECENT)), x);
	EXPECT_EQ(diagnose(text).weight, TROUBLE_HARD);
	memset(x, 'z', sizeof(x) - 1);
	snprintf(text, sizeof(text), LIST(EVENT("Warning", "FailedMount",
	    "%s", RECENT)), x);
	t = diagnose(text);
	EXPECT_EQ(strlen(t.message), TROUBLE_MESSAGE_MAX - 1);
}

/* ---- asking ---- */

#define UID "0188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define SERVER_UID "1188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define POD(uid, name, waiting) \
	"{\"metadata\":{\"namespace\":\"ns\",\"name\":\"" name "\"," \
	"\"uid\":\"" uid "\",\"resourceVersion\":\"9\",\"labels\":" \
	"{\"" LABEL_KEY "\":\"m.one\"}},\"status\":{" \
	"\"containerStatuses\":[{\"state\":{\"waiting\":{\"reason\":\"" \
	waiting "\"}}}]}}"
#define SERVER "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\"," \
	"\"uid\":\"" SERVER_UID "\",\"resourceVersion\":\"5\"," \
	"\"generation\":1},\"spec\":{\"image\":\"x\"}}"

static const char *events, *pods;
static int events_code;

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	if (str_ends(path, STR("/mcp.mcp.dev/v1alpha1/mcpservers")))
		return MW_LINE("ADDED", SERVER);
	return str_ends(path, STR("/pods")) ? pods : "";
}

static void serve(const struct world_request *r, struct str path)
{
	if (str_ends(path, STR("/namespaces/ns/events")) &&
	    str_is(r->method, "GET")) {
		EXPECT(str_search(r->path, STR("limit=64")) < r->path.n);
		if (events == NULL)
			return;
		world_reply(mw.w, r->peer, events_code, NULL, events);
	} else if (str_is(r->method, "GET")) {
		world_reply(mw.w, r->peer, 200, NULL, SERVER);
	} else {
		world_reply_str(mw.w, r->peer, 200, NULL, STR("{\"metadata\":"
		    "{\"uid\":\"2188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
		    "\"resourceVersion\":\"7\",\"generation\":1}}"));
	}
}

static void begin(const char *listed)
{
	static char text[1024];
	char stamp[32] = "";
	struct buf b;

	mw.watch = watch;
	mw.serve = serve;
	pods = listed;
	mw_begin(NULL);
	buf_init(&b, stamp, sizeof(stamp) - 1);
	time_rfc3339(&b, mw.m->io->wall_ns(mw.m->io->ctx));
	snprintf(text, sizeof(text), LIST(EVENT("Warning", "FailedMount",
	    "no secret", "%s")), stamp);
	events = text;
	events_code = 200;
}

static unsigned asked(void)
{
	return mw_count("GET /api/v1/namespaces/ns/events");
}

static const struct trouble *worst(void)
{
	return pods_worst(&mw.m->pods, key_hash(STR("ns"), STR("m.one")), true);
}

TEST(a_pod_that_is_made_for_long_is_asked_about)
{
	begin(MW_LINE("ADDED", POD(UID, "p-1", "ContainerCreating")));
	mw_run(18 * SEC);
	EXPECT_EQ(asked(), 0);
	mw_run(4 * SEC);
	EXPECT_EQ(asked(), 1);
	EXPECT_EQ(mw_count("involvedObject.uid%3D" UID), 1);
	REQUIRE(worst() != NULL);
	EXPECT_STR(str_from(worst()->reason), "FailedMount");
	/* Another line of the same pod changes nothing. */
	mw_tell("/pods", MW_LINE("MODIFIED",
	    POD(UID, "p-1", "ContainerCreating")));
	mw_run(SEC);
	EXPECT(worst() != NULL);
	mw_run(240 * SEC);
	EXPECT(asked() >= 3 && asked() <= 5);
}

/* Nothing is told any more, and nothing asked. */
static void expect_over(void)
{
	EXPECT(worst() == NULL);
	EXPECT_EQ(mw.m->waits.pool.used, 0);
	mw_forget();
	mw_run(200 * SEC);
	EXPECT_EQ(asked(), 0);
}

TEST(what_was_wrong_is_over_when_its_containers_are_made)
{
	begin(MW_LINE("ADDED", POD(UID, "p-1", "ContainerCreating")));
	mw_run(22 * SEC);
	EXPECT(worst() != NULL);
	mw_tell("/pods", MW_LINE("MODIFIED", POD(UID, "p-1", "")));
	mw_run(SEC);
	expect_over();
}

TEST(a_pod_that_goes_is_not_asked_about)
{
	begin(MW_LINE("ADDED", POD(UID, "p-1", "ContainerCreating")));
	mw_run(10 * SEC);
	mw_tell("/pods", MW_LINE("DELETED",
	    POD(UID, "p-1", "ContainerCreating")));
	mw_run(60 * SEC);
	EXPECT_EQ(asked(), 0);
	EXPECT_EQ(mw.m->waits.pool.used, 0);
}

TEST(a_refusal_is_no_reason_to_hurry)
{
	begin(MW_LINE("ADDED", POD(UID, "p-1", "PodInitializing")));
	events_code = 403;
	events = "{}";
	mw_run(240 * SEC);
	EXPECT(asked() >= 3 && asked() <= 5);
	EXPECT(worst() == NULL);
}

TEST(what_the_events_no_longer_say_is_dropped)
{
	begin(MW_LINE("ADDED", POD(UID, "p-1", "ContainerCreating")));
	mw_run(22 * SEC);
	EXPECT(worst() != NULL);
	events = LIST("");
	mw_run(40 * SEC);
	EXPECT_EQ(asked(), 2);
	EXPECT(worst() == NULL);
}

TEST(many_pods_are_asked_about_one_after_the_other)
{
	static char text[1 << 16];
	size_t n = 0;
	int i;

	for (i = 0; i < 100; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    MW_LINE("ADDED", POD("0188f7f2-9b3a-4c5d-8e6f-%012d",
		    "p", "ContainerCreating")), i);
	begin(text);
	mw_run(20 * SEC);
	mw_forget();
	mw_run(10 * SEC);
	EXPECT(asked() >= 40 && asked() <= 52);
}

/* A pod that is being made since before this operator began. */
#define OLD_POD "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"p-1\"," \
	"\"uid\":\"" UID "\",\"labels\":{\"" LABEL_KEY "\":\"m.one\"}}," \
	"\"status\":{\"startTime\":\"2001-01-01T00:00:00Z\"," \
	"\"containerStatuses\":[{\"state\":{\"waiting\":{\"reason\":" \
	"\"ContainerCreating\"}}}]}}"

TEST(after_a_restart_the_status_is_believed_until_it_was_asked)
{
	struct server s = { .group = GROUP_MCPDEV };
	struct record *r;
	struct trouble t;
	struct uid uid;

	begin(MW_LINE("ADDED", OLD_POD));
	mw.w->io.wall_offset_ns += INT64_C(1800000000) * NS_PER_S;
	events = NULL;
	mw_run(2 * SEC);
	EXPECT_EQ(asked(), 1);
	REQUIRE(uid_parse(STR(SERVER_UID), &uid));
	r = record_at(&mw.m->records, record_find(&mw.m->records, &uid));
	s.status.reason = STR("FailedMount");
	s.status.message = STR("pod p-1: no secret");
	EXPECT(waits_recall(mw.m, r, &s, &t));
	EXPECT_EQ(t.weight, TROUBLE_HARD);
	EXPECT_STR(str_from(t.reason), "FailedMount");
	EXPECT_STR(str_from(t.message), "pod p-1: no secret");
	s.status.reason = STR("CrashLoopBackOff");
	EXPECT(!waits_recall(mw.m, r, &s, &t));
	/* The request is given up, which is an answer, too. */
	s.status.reason = STR("FailedMount");
	mw_run(15 * SEC);
	EXPECT(!waits_recall(mw.m, r, &s, &t));
}

/* ---- that run, and are not ready ---- */

/* Not ready since a moment that comes with the format. */
#define UNREADY "\"conditions\":[{\"type\":\"ContainersReady\"}," \
	"{\"type\":\"Ready\",\"status\":\"False\"," \
	"\"lastTransitionTime\":\"%s\"}],"
#define RUNS(ready, more) RUNS_OF(ready, more, "", "%s")
#define RUNS_OF(ready, more, conditions, start) "{\"metadata\":{" \
	"\"namespace\":\"ns\",\"name\":\"p-1\",\"uid\":\"" UID "\"," more \
	"\"labels\":{\"" LABEL_KEY "\":\"m.one\"}},\"status\":{" conditions \
	"\"startTime\":\"2001-01-01T00:00:00Z\",\"containerStatuses\":[" \
	"{\"ready\":true},{\"ready\":" ready ",\"started\":" ready "," \
	"\"state\":{\"running\":{\"startedAt\":\"" start "\"}}}]}}"

/* Started as long ago as that; lasts for one more. */
static const char *runs(const char *event, const char *format, int64_t ago_ns)
{
	static char text[2][1024];
	static unsigned at;
	char stamp[32] = "", line[1024];
	struct buf b;

	buf_init(&b, stamp, sizeof(stamp) - 1);
	time_rfc3339(&b, mw.m->io->wall_ns(mw.m->io->ctx) - ago_ns);
	snprintf(line, sizeof(line), format, stamp);
	at ^= 1;
	snprintf(text[at], sizeof(text[at]), MW_LINE("%s", "%s"), event,
	    line);
	return text[at];
}

/* Of a probe, of now. */
static void fails(void)
{
	static char text[1024];
	char stamp[32] = "";
	struct buf b;

	buf_init(&b, stamp, sizeof(stamp) - 1);
	time_rfc3339(&b, mw.m->io->wall_ns(mw.m->io->ctx));
	snprintf(text, sizeof(text), LIST(EVENT("Warning", "Unhealthy",
	    "Startup probe failed: dial tcp 10.1.0.9:9999: connect: "
	    "connection refused", "%s")), stamp);
	events = text;
}

/* Long in being made is not long in getting ready. */
TEST(a_pod_that_runs_for_long_is_asked_about)
{
	begin(MW_LINE("ADDED", POD(UID, "p-1", "ContainerCreating")));
	mw.w->io.wall_offset_ns += INT64_C(1800000000) * NS_PER_S;
	mw_run(18 * SEC);
	fails();
	mw_tell("/pods", runs("MODIFIED", RUNS("false", ""), 0));
	mw_run(18 * SEC);
	EXPECT_EQ(asked(), 0);
	EXPECT(worst() == NULL);
	mw_run(4 * SEC);
	EXPECT_EQ(asked(), 1);
	REQUIRE(worst() != NULL);
	EXPECT_EQ(worst()->weight, TROUBLE_SLOW);
	EXPECT_STR(str_from(worst()->reason), "Unhealthy");
	EXPECT_STR(str_from(worst()->message), "pod p-1: Startup probe "
	    "failed: dial tcp 10.1.0.9:9999: connect: connection refused");
	/* It holds until it is ready. */
	mw_tell("/pods", runs("MODIFIED", RUNS("false", ""), 22 * SEC));
	mw_run(SEC);
	EXPECT(worst() != NULL);
	mw_tell("/pods", runs("MODIFIED", RUNS("true", ""), 23 * SEC));
	mw_run(SEC);
	expect_over();
}

/* What has run for days may be unready for a moment. */
TEST(a_pod_that_becomes_unready_is_given_time)
{
	begin("");
	mw.w->io.wall_offset_ns += INT64_C(1800000000) * NS_PER_S;
	mw_run(5 * SEC);
	fails();
	mw_tell("/pods", runs("ADDED", RUNS_OF("false", "", UNREADY,
	    "2001-01-01T00:00:00Z"), 0));
	mw_run(18 * SEC);
	EXPECT_EQ(asked(), 0);
	mw_run(4 * SEC);
	EXPECT_EQ(asked(), 1);
}

TEST(who_never_gets_ready_is_told_of_once)
{
	int i;

	begin("");
	mw.w->io.wall_offset_ns += INT64_C(1800000000) * NS_PER_S;
	mw_run(5 * SEC);
	fails();
	mw_tell("/pods", runs("ADDED", RUNS("false", ""), 0));
	mw_forget();
	mw_run(25 * SEC);
	EXPECT_EQ(asked(), 1);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
	/* The kubelet goes on to say so. */
	mw_forget();
	for (i = 0; i < 30; i++) {
		mw_run(60 * SEC);
		fails();
	}
	EXPECT(asked() >= 5 && asked() <= 8);
	EXPECT_EQ(mw_count(MW_STATUS), 0);
	EXPECT(worst() != NULL);
}

TEST(what_kept_it_from_being_made_is_over_when_it_runs)
{
	begin(MW_LINE("ADDED", POD(UID, "p-1", "ContainerCreating")));
	mw_run(22 * SEC);
	REQUIRE(worst() != NULL);
	EXPECT_STR(str_from(worst()->reason), "FailedMount");
	mw_tell("/pods", runs("MODIFIED", RUNS("false", ""), 0));
	mw_run(SEC);
	EXPECT(worst() == NULL);
	EXPECT_EQ(mw.m->waits.pool.used, 1);
	/* Nor is one that is on its way out slow to get ready. */
	mw_tell("/pods", runs("MODIFIED", RUNS("false",
	    "\"deletionTimestamp\":\"2026-01-01T00:00:00Z\","), 0));
	mw_run(SEC);
	EXPECT_EQ(mw.m->waits.pool.used, 0);
}

TEST(what_a_probe_told_is_believed_after_a_restart)
{
	struct server s = { .group = GROUP_MCPDEV };
	struct record *r;
	struct trouble t;
	struct uid uid;

	begin("");
	mw.w->io.wall_offset_ns += INT64_C(1800000000) * NS_PER_S;
	mw_run(SEC);
	events = NULL;
	mw_tell("/pods", runs("ADDED", RUNS("false", ""), 60 * SEC));
	mw_run(SEC);
	EXPECT_EQ(asked(), 1);
	REQUIRE(uid_parse(STR(SERVER_UID), &uid));
	r = record_at(&mw.m->records, record_find(&mw.m->records, &uid));
	s.status.reason = STR("Unhealthy");
	s.status.message = STR("pod p-1: Startup probe failed");
	EXPECT(waits_recall(mw.m, r, &s, &t));
	EXPECT_EQ(t.weight, TROUBLE_SLOW);
	EXPECT_STR(str_from(t.message), "pod p-1: Startup probe failed");
}

/* ---- more pods in trouble than there is room for ---- */

#define SECOND_UID "9188f7f2-9b3a-4c5d-8e6f-0123456789ab"

TEST(pods_that_had_no_slot_are_listed_when_there_is_one)
{
	static const char *const args[] = { "--max-pods=1", NULL };

	mw.watch = watch;
	mw.serve = serve;
	pods = MW_LINE("ADDED", POD(UID, "p-1", "CreateContainerError"))
	    MW_LINE("ADDED", POD(SECOND_UID, "p-2", "InvalidImageName"));
	mw_begin(args);
	mw_run(5 * SEC);
	REQUIRE(worst() != NULL);
	EXPECT_STR(str_from(worst()->reason), "CreateContainerError");
	pods = MW_LINE("ADDED", POD(SECOND_UID, "p-2", "InvalidImageName"));
	mw_forget();
	mw_tell("/pods", MW_LINE("DELETED",
	    POD(UID, "p-1", "CreateContainerError")));
	mw_run(5 * SEC);
	EXPECT_EQ(mw_count("/pods?"), 1);
	REQUIRE(worst() != NULL);
	EXPECT_STR(str_from(worst()->reason), "InvalidImageName");
	EXPECT(!mw.m->pods.lost);
}
