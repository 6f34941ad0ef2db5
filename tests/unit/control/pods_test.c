#include <string.h>

#include "check.h"
#include "control/control_int.h"

static struct json_tok tok[512];

static struct trouble look(const char *text)
{
	struct json_doc doc;
	struct trouble t;

	REQUIRE(json_parse(&doc, str_from(text), tok, ARRAY_LEN(tok),
	    NULL) == 0);
	pod_diagnose(&doc, JSON_ROOT, &t);
	return t;
}

#define POD(status) \
	"{\"metadata\":{\"name\":\"p-1\"},\"status\":" status "}"
#define CONTAINER(state) POD("{\"containerStatuses\":[" state "]}")

TEST(pod_well)
{
	EXPECT_EQ(look(POD("{}")).weight, TROUBLE_NONE);
	EXPECT_EQ(look("{}").weight, TROUBLE_NONE);
	EXPECT_EQ(look(CONTAINER("{\"ready\":true,\"state\":{\"running\":{}},"
	    "\"restartCount\":7,\"lastState\":{\"terminated\":"
	    "{\"exitCode\":1}}}")).weight, TROUBLE_NONE);
	EXPECT_EQ(look(CONTAINER("{\"state\":{\"waiting\":{\"reason\":"
	    "\"ContainerCreating\"}}}")).weight, TROUBLE_NONE);
}

TEST(pod_that_has_ended_is_known)
{
	EXPECT(look(POD("{\"phase\":\"Failed\",\"reason\":\"Evicted\"}"))
	    .over);
	EXPECT(look(POD("{\"phase\":\"Failed\",\"containerStatuses\":[{"
	    "\"state\":{\"terminated\":{\"exitCode\":137,\"reason\":"
	    "\"OOMKilled\"}}}]}")).over);
	EXPECT(!look(CONTAINER("{\"state\":{\"waiting\":{\"reason\":"
	    "\"RunContainerError\"}}}")).over);
}

TEST(pod_names_the_container_that_is_not_the_server)
{
	EXPECT_STR(str_from(look(POD("{\"initContainerStatuses\":[{\"name\":"
	    "\"fetch\",\"state\":{\"waiting\":{\"reason\":"
	    "\"RunContainerError\",\"message\":\"no\"}}}]}")).message),
	    "pod p-1, container fetch: no");
	EXPECT_STR(str_from(look(CONTAINER("{\"name\":\"mcp-server\","
	    "\"state\":{\"waiting\":{\"reason\":\"RunContainerError\","
	    "\"message\":\"no\"}}}")).message), "pod p-1: no");
}

TEST(pod_pull_does_not_flap)
{
	struct trouble failed = look(CONTAINER("{\"state\":{\"waiting\":"
	    "{\"reason\":\"ErrImagePull\",\"message\":\"rpc error: no\"}}}"));
	struct trouble waits = look(CONTAINER("{\"state\":{\"waiting\":"
	    "{\"reason\":\"ImagePullBackOff\",\"message\":\"Back-off pulling "
	    "image \\\"x\\\": ErrImagePull: rpc error: no\"}}}"));

	EXPECT_EQ(failed.weight, TROUBLE_HARD);
	EXPECT_STR(str_from(failed.reason), "ImagePullBackOff");
	EXPECT_STR(str_from(failed.message), "pod p-1: rpc error: no");
	EXPECT(memcmp(&failed, &waits, sizeof(failed)) == 0);
}

#define CRASHED "\"lastState\":{\"terminated\":{\"exitCode\":3," \
	"\"reason\":\"Error\",\"message\":\"no config\\n\"}}"

TEST(pod_crash_loop_keeps_its_reason_while_it_runs)
{
	struct trouble waits = look(CONTAINER("{\"restartCount\":4," CRASHED
	    ",\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\","
	    "\"message\":\"back-off 40s\"}}}"));
	struct trouble runs = look(CONTAINER("{\"restartCount\":4," CRASHED
	    ",\"state\":{\"running\":{}},\"ready\":false}"));

	EXPECT_STR(str_from(waits.reason), "CrashLoopBackOff");
	EXPECT_STR(str_from(waits.message),
	    "pod p-1: last exit code 3 (Error): no config");
	EXPECT(memcmp(&waits, &runs, sizeof(runs)) == 0);
}

TEST(pod_first_crash_is_soft)
{
	struct trouble t = look(CONTAINER("{\"restartCount\":1," CRASHED
	    ",\"state\":{\"running\":{}}}"));

	EXPECT_EQ(t.weight, TROUBLE_SOFT);
	EXPECT_STR(str_from(t.reason), "Crashed");
}

#define KILLED(code, reason) CONTAINER("{\"restartCount\":1," \
	"\"lastState\":{\"terminated\":{\"exitCode\":" code "," \
	"\"reason\":\"" reason "\"}},\"state\":{\"running\":{}}}")

TEST(pod_that_was_killed_was_not_out_of_memory)
{
	EXPECT_STR(str_from(look(KILLED("137", "Error")).message),
	    "pod p-1: last exit code 137 (Error): killed, as by a probe "
	    "that does not pass");
	EXPECT_STR(str_from(look(KILLED("143", "Error")).message),
	    "pod p-1: last exit code 143 (Error): killed, as by a probe "
	    "that does not pass");
	EXPECT_STR(str_from(look(KILLED("1", "Error")).message),
	    "pod p-1: last exit code 1 (Error)");
	EXPECT_STR(str_from(look(KILLED("137", "OOMKilled")).message),
	    "pod p-1: out of memory, raise resources.limits.memory; last "
	    "exit code 137 (OOMKilled)");
}

TEST(pod_out_of_memory)
{
	struct trouble t = look(CONTAINER("{\"restartCount\":1,"
	    "\"lastState\":{\"terminated\":{\"exitCode\":137,"
	    "\"reason\":\"OOMKilled\"}},\"state\":{\"running\":{}}}"));

	EXPECT_EQ(t.weight, TROUBLE_HARD);
	EXPECT_STR(str_from(t.reason), "OOMKilled");
	EXPECT(strstr(t.message, "resources.limits.memory") != NULL);
}

TEST(pod_missing_secret_and_no_node)
{
	struct trouble t = look(CONTAINER("{\"state\":{\"waiting\":"
	    "{\"reason\":\"CreateContainerConfigError\",\"message\":"
	    "\"secret \\\"db\\\" not found\"}}}"));

	EXPECT_EQ(t.weight, TROUBLE_HARD);
	EXPECT_STR(str_from(t.message), "pod p-1: secret \"db\" not found");
	t = look(POD("{\"conditions\":[{\"type\":\"PodScheduled\","
	    "\"status\":\"False\",\"reason\":\"Unschedulable\","
	    "\"message\":\"0/1 nodes are available\"}]}"));
	EXPECT_STR(str_from(t.reason), "Unschedulable");
}

TEST(pod_long_texts_are_cut_and_end)
{
	static char text[8192];
	struct buf b;
	struct trouble t;
	int i;

	buf_init(&b, text, sizeof(text) - 1);
	buf_cstr(&b, "{\"metadata\":{\"name\":\"p\"},\"status\":{"
	    "\"containerStatuses\":[{\"state\":{\"waiting\":{\"reason\":\"");
	for (i = 0; i < 300; i++)
		buf_char(&b, 'R');
	buf_cstr(&b, "\",\"message\":\"");
	for (i = 0; i < 3000; i++)
		buf_char(&b, 'm');
	buf_cstr(&b, "\"}}}]}}");
	t = look(text);
	EXPECT_EQ(strlen(t.reason), sizeof(t.reason) - 1);
	EXPECT_EQ(strlen(t.message), sizeof(t.message) - 1);
}

/* With an escape in it, and longer than what it is unescaped into. */
TEST(pod_texts_beyond_all_room_are_cut)
{
	static char text[2 * POD_SCRATCH_MAX + 512];
	struct buf b;
	struct trouble t;
	int i;

	buf_init(&b, text, sizeof(text) - 1);
	buf_cstr(&b, "{\"metadata\":{\"name\":\"p\"},\"status\":{"
	    "\"containerStatuses\":[{\"state\":{\"waiting\":{\"reason\":"
	    "\"CreateContainerError\",\"message\":\"\\\"");
	for (i = 0; i < 2 * POD_SCRATCH_MAX; i++)
		buf_char(&b, 'm');
	buf_cstr(&b, "\"}}}]}}");
	REQUIRE(!b.over);
	t = look(text);
	EXPECT_EQ(t.weight, TROUBLE_HARD);
	EXPECT(str_starts(str_from(t.message), STR("pod p: \"mmm")));
	EXPECT_EQ(strlen(t.message), sizeof(t.message) - 1);
}

TEST(pod_going_is_no_trouble)
{
	EXPECT_EQ(look("{\"metadata\":{\"name\":\"p\",\"deletionTimestamp\":"
	    "\"2026-01-01T00:00:00Z\"},\"status\":{\"phase\":\"Failed\"}}")
	    .weight, TROUBLE_NONE);
}
