#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "manager_world.h"

/*
 * A server whose pod is ready, and which answers in the pods' network: the
 * world takes every connection, and tells them apart by path.
 */

#define CHILD_UID "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"

static unsigned generation;		/* of the Deployment */
static const char *spec = "{\"image\":\"x\",\"replicas\":1,\"port\":7000}";
static char notes[1024];		/* of the Deployment, as applied */
static char service_notes[1024];
static unsigned service_version;
static const char *const *answers;	/* of MCP, one after the other */
static unsigned asked;
static bool no_status;			/* cannot be written */
static const char *raw;			/* it answers with that */
static char host[64];			/* who was asked last */
static bool mute;			/* the server says nothing */
static int stream;			/* of a server with HTTP+SSE, or 0 */

/* All its pods are ready, or none. */
static const char *deployment(bool ready)
{
	static char text[2048];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{"
	    "\"namespace\":\"ns\",\"name\":\"one\",\"uid\":\"" CHILD_UID "\","
	    "\"resourceVersion\":\"%u\",\"generation\":%u,\"labels\":{"
	    "\"mcp.allbeone.io/server-key\":\"m.one\"},\"ownerReferences\":["
	    "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\","
	    "\"name\":\"one\",\"uid\":\"" MW_UID "\",\"controller\":true}]%s},"
	    "\"spec\":{\"replicas\":1},\"status\":{\"observedGeneration\":%u",
	    ++mw_one.version, generation, notes, generation);
	if (ready)
		buf_cstr(&b, ",\"replicas\":1,\"readyReplicas\":1,"
		    "\"availableReplicas\":1,\"updatedReplicas\":1");
	buf_cstr(&b, "}}}\n");
	REQUIRE(!b.over);
	text[b.n] = '\0';
	return text;
}

/* As a restart finds them. */
static const char *ready_watch(const struct world_request *r,
    struct str path)
{
	static char text[2048];
	struct buf b;

	if (str_ends(path, STR("/deployments")))
		return deployment(true);
	if (!str_ends(path, STR("/services")))
		return mw_one_watch(r, path);
	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{"
	    "\"namespace\":\"ns\",\"name\":\"one\",\"uid\":\"" CHILD_UID "\","
	    "\"resourceVersion\":\"%u\",\"labels\":{"
	    "\"mcp.allbeone.io/server-key\":\"m.one\"},"
	    "\"ownerReferences\":[{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\","
	    "\"kind\":\"MCPServer\",\"name\":\"one\",\"uid\":\"" MW_UID "\","
	    "\"controller\":true}]%s}}}\n",
	    service_version, service_notes);
	REQUIRE(!b.over);
	text[b.n] = '\0';
	return text;
}

static void pod_serve(const struct world_request *r)
{
	const char *a = answers[asked];
	size_t at = str_search(r->head, STR("Host: "));
	struct str line;

	str_cut(str_sub(r->head, at + 6, r->head.n), '\r', &line);
	text_set(host, sizeof(host), line);
	if (mute)
		return;
	if (raw != NULL) {
		fake_send(&mw.w->io, r->peer, MS, str_from(raw));
		return;
	}
	if (str_is(r->method, "GET") && stream < 0) {
		stream = r->peer;
		fake_send(&mw.w->io, r->peer, MS, STR("HTTP/1.1 200 OK\r\n"
		    "Content-Type: text/event-stream\r\n\r\n"));
		return;
	}
	if (a == NULL) {
		fake_send(&mw.w->io, r->peer, MS, STR("HTTP/1.1 405 No\r\n"
		    "Content-Type: text/html\r\nContent-Length: 6\r\n\r\n"
		    "<html>"));
		return;
	}
	asked++;
	world_reply(mw.w, r->peer, *a != '\0' ? 200 : 202, NULL, a);
}

/* Answers with what was applied, as far as the operator looks at it. */
static void written(const struct world_request *r)
{
	size_t at = str_search(r->body, STR(",\"annotations\":{"));
	struct str note = str_sub(r->body, at, r->body.n);
	char text[1024];
	struct buf b;

	note = str_sub(note, 0, str_find(note, '}') + 1);
	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"metadata\":{\"uid\":\"" CHILD_UID "\","
	    "\"resourceVersion\":\"%u\",\"generation\":%u%S}}",
	    ++mw_one.version, generation, note);
	REQUIRE(!b.over);
	text[b.n] = '\0';
	world_reply(mw.w, r->peer, 200, NULL, text);
	if (str_search(r->path, STR("/deployments/")) < r->path.n) {
		cut_fmt(notes, sizeof(notes), "%S", note);
		return;
	}
	cut_fmt(service_notes, sizeof(service_notes), "%S", note);
	service_version = mw_one.version;
}

static void serve(const struct world_request *r, struct str path)
{
	if (!str_starts(path, STR("/api"))) {
		pod_serve(r);
		return;
	}
	if (no_status && str_ends(path, STR("/one/status"))) {
		world_reply(mw.w, r->peer, 500, NULL, world_status(500,
		    "InternalError", "no"));
		return;
	}
	if (mw_one_serve(r, path))
		return;
	if (str_ends(path, STR("/services/one")) &&
	    str_is(r->method, "GET"))
		world_reply(mw.w, r->peer, 200, NULL, "{\"spec\":{"
		    "\"clusterIP\":\"10.0.0.9\"}}");
	else if (str_is(r->method, "GET"))
		world_reply(mw.w, r->peer, 404, NULL,
		    world_status(404, "NotFound", "not found"));
	else
		written(r);
}

/* Nobody listens behind the Service yet. */
static void set_up(const char *const *mcp, const char *const *flags)
{
	answers = mcp;
	asked = 0;
	mw.watch = mw_one_watch;
	mw.serve = serve;
	mw_one_begin(spec);
	generation = 1;
	mw_begin(flags);
}

static void listen(void)
{
	fake_serve(&mw.w->io, "10.0.0.9", 7000, FAKE_ACCEPT);
}

static void begin(const char *const *mcp, const char *const *flags)
{
	set_up(mcp, flags);
	listen();
	mw_run(5 * SEC);
	mw_forget();
	mw_tell("/deployments", deployment(true));
	mw_run(5 * SEC);
}

static bool tells(const char *what)
{
	return strstr(mw_one.status, what) != NULL;
}

static bool counts_as_ready(void)
{
	return record_at(&mw.m->records, record_next(&mw.m->records, 0))->
	    flags & RECORD_READY;
}

#define RPC(id, r) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" r "}"
static const char *const legacy[] = {
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,"
	"\"message\":\"no\"}}",
	RPC("2", "{\"protocolVersion\":\"2025-06-18\",\"serverInfo\":{"
	"\"name\":\"clock\",\"version\":\"4\"},\"capabilities\":{"
	"\"tools\":{},\"logging\":{}}}"),
	"",
	RPC("3", "{\"tools\":[{\"name\":\"now\"},{\"name\":\"zone\"}]}"),
	NULL
};

TEST(who_a_server_is_stands_in_its_status_and_costs_no_write)
{
	begin(legacy, NULL);
	EXPECT_EQ(asked, 4);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"True\","
	    "\"reason\":\"Verified\",\"message\":\"speaks MCP 2025-06-18\""));
	EXPECT(tells("\"serverInfo\":{\"name\":\"clock\",\"version\":\"4\","
	    "\"protocolVersion\":\"2025-06-18\",\"path\":\"/mcp\","
	    "\"capabilities\":[\"tools\",\"logging\"],\"tools\":2,"
	    "\"toolNames\":[\"now\",\"zone\"]}"));
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"True\""));
	EXPECT(counts_as_ready());
	EXPECT_STR(str_from(host), "one.ns.svc:7000");
	/* It is not asked again. */
	mw_forget();
	mw_run(1200 * SEC);
	EXPECT_EQ(asked, 4);
	EXPECT_EQ(mw_count(MW_STATUS), 0);
}

TEST(a_service_that_leads_nowhere_yet_is_tried_again_before_it_is_told)
{
	set_up(legacy, NULL);
	mw_run(5 * SEC);
	mw_forget();
	mw_tell("/deployments", deployment(true));
	mw_run(2 * SEC);
	EXPECT_EQ(asked, 0);
	listen();
	mw_run(10 * SEC);
	EXPECT_EQ(asked, 4);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"True\""));
}

TEST(who_cannot_be_reached_is_ready_and_tried_ever_more_rarely)
{
	static const char *const none[] = { NULL };

	set_up(none, NULL);
	mw_run(5 * SEC);
	mw_tell("/deployments", deployment(true));
	mw_run(20 * SEC);
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"True\""));
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"Unknown\","
	    "\"reason\":\"Unreachable\""));
	mw_forget();
	mw_run(600 * SEC);
	EXPECT_EQ(mw_count(MW_STATUS), 0);
	EXPECT(mw_count("GET /api/v1/namespaces/ns/services/one") <= 5);
}

TEST(what_it_said_stays_while_other_things_change)
{
	begin(legacy, NULL);
	mw_forget();
	mw_tell("/deployments", deployment(false));
	mw_run(10 * SEC);
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"False\""));
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"True\""));
	EXPECT(tells("\"toolNames\":[\"now\",\"zone\"]"));
	mw_tell("/deployments", deployment(true));
	mw_run(10 * SEC);
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"True\""));
	EXPECT_EQ(asked, 4);
}

TEST(a_web_server_is_not_ready)
{
	static const char *const none[] = { NULL };

	begin(none, NULL);
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"False\","
	    "\"reason\":\"NotMCP\",\"message\":\"GET /mcp was answered with "
	    "405 text/html, no stream of events\""));
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"False\","
	    "\"reason\":\"NotMCP\""));
	EXPECT(tells("\"phase\":\"Failed\""));
	EXPECT(!counts_as_ready());
	EXPECT(!tells("serverInfo"));
	/* Asked again, ever more rarely, with nothing new to write. */
	mw_forget();
	mw_run(1200 * SEC);
	EXPECT_EQ(mw_count(MW_STATUS), 0);
	EXPECT(mw_count("POST /mcp") >= 2 * 6);
	EXPECT(mw_count("POST /mcp") <= 2 * 9);
	/* And once it speaks, it is ready. */
	answers = legacy;
	mw_run(700 * SEC);
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"True\""));
}

/* There is no path at which it would be another. */
TEST(what_speaks_no_http_is_not_ready)
{
	static const char *const none[] = { NULL };

	raw = "SSH-2.0-OpenSSH_9.2\r\n";
	begin(none, NULL);
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"False\","
	    "\"reason\":\"NotMCP\",\"message\":\"what answers speaks no "
	    "HTTP\""));
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"False\","
	    "\"reason\":\"NotMCP\""));
	EXPECT_EQ(mw_count("POST /mcp"), 1);
}

TEST(what_answers_in_tls_is_told_so)
{
	static const char *const none[] = { NULL };

	raw = "\x15\x03\x01";
	begin(none, NULL);
	mw_run(20 * SEC);
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"Unknown\","
	    "\"reason\":\"TLSRequired\",\"message\":\"it wants TLS, "));
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"True\""));
}

/* Its turn comes while there is nobody to be asked. */
TEST(a_turn_that_is_missed_comes_again_with_the_pods)
{
	static const char *const none[] = { NULL };
	unsigned reads;

	begin(none, NULL);
	mw_tell("/deployments", deployment(false));
	mw_run(SEC);
	mw_forget();
	mw_run(40 * SEC);
	EXPECT_EQ(mw_count("POST /"), 0);
	reads = mw_count("GET /apis/mcp.mcp.dev");
	EXPECT_EQ(reads, 1);
	answers = legacy;
	mw_tell("/deployments", deployment(true));
	mw_run(10 * SEC);
	EXPECT_EQ(asked, 4);
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"True\""));
}

TEST(who_may_not_be_called_is_not_called)
{
	spec = "{\"image\":\"x\",\"replicas\":1,\"port\":7000,"
	    "\"verification\":{\"enabled\":false}}";
	begin(legacy, NULL);
	EXPECT_EQ(asked, 0);
	EXPECT(!tells("Verified"));
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"True\""));
}

TEST(nobody_is_called_without_the_flag)
{
	static const char *const flags[] = { "--verify-servers=false", NULL };

	begin(legacy, flags);
	EXPECT_EQ(asked, 0);
	EXPECT(!tells("Verified"));
}

TEST(a_restart_asks_nobody_again)
{
	static char kept[sizeof(mw_one.status)];

	begin(legacy, NULL);
	strcpy(kept, mw_one.status);
	EXPECT(tells("\"verifiedTemplate\":\""));
	/* Another operator, which finds the status of the first. */
	asked = 0;
	strcpy(mw_one.status, kept);
	memset(&mw, 0, sizeof(mw));
	mw.watch = mw_one_watch;
	mw.serve = serve;
	mw_begin(NULL);
	mw_run(2 * SEC);
	mw_tell("/deployments", deployment(true));
	mw_run(10 * SEC);
	EXPECT_EQ(asked, 0);
	EXPECT(tells("\"toolNames\":[\"now\",\"zone\"]"));
	EXPECT(counts_as_ready());
}

#define NO_ENDPOINT "\"type\":\"Verified\",\"status\":\"False\"," \
	"\"reason\":\"NotMCP\",\"message\":\"GET /mcp was answered with a " \
	"stream of events, but no endpoint event came in time\""

/* It says again and again that it is there, and nothing else. */
TEST(a_stream_that_tells_nothing_does_not_hold_the_others_up)
{
	static const char *const none[] = { NULL };
	int i;

	spec = "{\"image\":\"x\",\"replicas\":1,\"port\":7000,"
	    "\"transport\":\"sse\"}";
	stream = -1;
	begin(none, NULL);
	REQUIRE(stream > 0);
	for (i = 0; i < 2; i++) {
		fake_send(&mw.w->io, stream, MS, STR(": ping\n\n"));
		mw_run(8 * SEC);
	}
	EXPECT(fake_gone(&mw.w->io, stream));
	EXPECT(tells(NO_ENDPOINT));
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"False\","
	    "\"reason\":\"NotMCP\""));
}

#define STREAM_ONLY "HTTP/1.1 200 OK\r\n" \
	"Content-Type: text/event-stream\r\n\r\n"

/* As one of another transport does. */
TEST(a_stream_without_an_endpoint_is_no_silence)
{
	static const char *const none[] = { NULL };

	spec = "{\"image\":\"x\",\"replicas\":1,\"port\":7000,"
	    "\"transport\":\"sse\"}";
	raw = STREAM_ONLY;
	begin(none, NULL);
	mw_run(20 * SEC);
	EXPECT(tells(NO_ENDPOINT));
	EXPECT(tells("\"reason\":\"NotMCP\""));
	/* Nothing new to write, however often it is asked. */
	mw_forget();
	mw_run(300 * SEC);
	EXPECT(mw_count("GET /mcp") >= 3);
	EXPECT_EQ(mw_count(MW_STATUS), 0);
}

/* It may be slow, but it is no rule that keeps its answer back. */
TEST(an_answer_that_does_not_end_was_heard)
{
	static const char *const none[] = { NULL };

	raw = STREAM_ONLY;
	begin(none, NULL);
	mw_run(20 * SEC);
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"Unknown\","
	    "\"reason\":\"Unreachable\",\"message\":\"the answer to "
	    "initialize broke off: the body took too long\""));
	EXPECT(mw.m->verify.probe.heard);
	EXPECT(tells("\"type\":\"Ready\",\"status\":\"True\""));
}

TEST(an_answer_that_could_not_be_told_is_asked_for_again)
{
	set_up(legacy, NULL);
	listen();
	mw_run(5 * SEC);
	no_status = true;
	mw_tell("/deployments", deployment(true));
	mw_run(60 * SEC);
	EXPECT(asked >= 4);
	no_status = false;
	asked = 0;
	mw_run(600 * SEC);
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"True\""));
	EXPECT(tells("speaks MCP 2025-06-18"));
	EXPECT(tells("\"toolNames\":[\"now\",\"zone\"]"));
}

/* Nor do the others wait until it would have been told. */
TEST(an_answer_to_an_older_question_is_dropped)
{
	set_up(legacy, NULL);
	listen();
	mw_run(5 * SEC);
	no_status = true;
	mw_tell("/deployments", deployment(true));
	mw_run(2 * SEC);
	EXPECT_EQ(asked, 4);
	asked = 0;
	no_status = false;
	mw_one.spec = "{\"image\":\"x\",\"replicas\":1,\"port\":7000,"
	    "\"verification\":{\"path\":\"/x\"}}";
	mw_one.generation++;
	mw_one_tell();
	mw_run(10 * SEC);
	EXPECT_EQ(asked, 4);
	EXPECT(tells("\"path\":\"/x\""));
}

TEST(who_was_about_to_be_asked_is_asked_after_a_restart)
{
	static char kept[sizeof(mw_one.status)];

	mute = true;
	set_up(legacy, NULL);
	listen();
	mw_run(5 * SEC);
	mw_tell("/deployments", deployment(true));
	mw_run(7 * SEC);
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"Unknown\","
	    "\"reason\":\"Pending\""));
	strcpy(kept, mw_one.status);
	mute = false;
	memset(&mw, 0, sizeof(mw));
	mw.watch = ready_watch;
	mw.serve = serve;
	strcpy(mw_one.status, kept);
	mw_begin(NULL);
	listen();
	mw_run(60 * SEC);
	EXPECT_EQ(asked, 4);
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"True\""));
}

/* The tries at the beginning are for who refuses at once. */
TEST(who_lets_calls_wait_is_told_of_after_the_first_try)
{
	static const char *const none[] = { NULL };

	mute = true;
	begin(none, NULL);
	mw_run(8 * SEC);
	EXPECT(tells("\"type\":\"Verified\",\"status\":\"Unknown\","
	    "\"reason\":\"Unreachable\""));
}

/* Whoever stands first would else be asked again before the others. */
TEST(who_has_waited_longest_is_asked_first)
{
	static const struct uid uids[] = {
		{ { 1 } }, { { 2 } }, { { 3 } }, { { 4 } }
	};
	/* The last was silent before: new ones do not wait for it. */
	static const uint8_t state[] = {
		VERIFIED_PENDING, VERIFIED_PENDING, VERIFIED_PENDING,
		VERIFIED_UNSURE
	};
	static const int64_t due_s[] = { 30, 10, 20, 5 };
	static struct manager m;
	static struct mem mem;
	struct manager_options o;
	uint32_t at[ARRAY_LEN(uids)];
	size_t i;

	mw_bare(&m, &mem, &o);
	REQUIRE(verify_set_up(&m, &mem) == 0);
	m.stopping = false;
	for (i = 0; i < ARRAY_LEN(uids); i++) {
		struct record *r;

		at[i] = record_add(&m.records, &uids[i], GROUP_ALLBEONE,
		    STR("ns"), STR("one"));
		r = record_at(&m.records, at[i]);
		r->flags |= RECORD_LIVE;
		r->verify = (struct verify_note){
			1, m.loop.now_ns - 60 * SEC + due_s[i] * SEC,
			state[i], 0, false
		};
	}
	m.verify.timer.fn(m.verify.timer.ctx);
	EXPECT_EQ(queue_take(&m.queue), at[1]);
	m.verify.timer.fn(m.verify.timer.ctx);
	EXPECT_EQ(queue_take(&m.queue), at[2]);
	m.verify.timer.fn(m.verify.timer.ctx);
	EXPECT_EQ(queue_take(&m.queue), at[0]);
	m.verify.timer.fn(m.verify.timer.ctx);
	EXPECT_EQ(queue_take(&m.queue), at[3]);
}
