#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "manager_world.h"

/*
 * An API server with one server, and a service that answers what the test
 * says, without TLS, which tests of the net room and the real node have.
 */

#define CHILD_UID "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"

static const char *config;		/* the file */
static const char *answer;		/* of the hook; NULL: none, ever */
static int status_code;
static struct {
	char body[65536], head[2048];
	unsigned n;
} asked;				/* last, and how often */
static char sent[16384];		/* the last Service that was applied */
static char notes[3][512];		/* of ConfigMap, Service, Deployment */
static bool gone;			/* children are not listed */
static unsigned writes_before;		/* when it was first asked */

static void files(struct fake_io *f)
{
	mw_hook_files(f, config);
}

static int child_of(struct str path)
{
	return str_search(path, STR("/configmaps")) < path.n ? 0 :
	    str_search(path, STR("/services")) < path.n ? 1 :
	    str_search(path, STR("/deployments")) < path.n ? 2 : -1;
}

static void child_text(struct buf *b, int i, const char *name)
{
	buf_fmt(b, "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"%s\","
	    "\"uid\":\"" CHILD_UID "\",\"resourceVersion\":\"%u\","
	    "\"generation\":1,\"labels\":{\"mcp.allbeone.io/server-key\":"
	    "\"m.one\"},\"ownerReferences\":[{\"apiVersion\":"
	    "\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\",\"name\":"
	    "\"one\",\"uid\":\"" MW_UID "\",\"controller\":true}]%s},"
	    "\"spec\":{\"replicas\":0}}", name, 40 + (unsigned)i, notes[i]);
}

static const char *watch(const struct world_request *r, struct str path)
{
	static char text[2048];
	int i = child_of(path);
	struct buf b;

	if (i < 0 || gone || notes[i][0] == '\0')
		return mw_one_watch(r, path);
	buf_init(&b, text, sizeof(text) - 1);
	buf_cstr(&b, "{\"type\":\"ADDED\",\"object\":");
	child_text(&b, i, "one");
	buf_cstr(&b, "}\n");
	REQUIRE(!b.over);
	text[b.n] = '\0';
	return text;
}

static void child_applied(const struct world_request *r, int i)
{
	size_t at = str_search(r->body, STR(",\"annotations\":{"));
	struct str note = str_sub(r->body, at, r->body.n);
	char text[1024];
	struct buf b;

	note = str_sub(note, 0, str_find(note, '}') + 1);
	cut_fmt(notes[i], sizeof(notes[i]), "%S", note);
	if (i == 1)
		cut_fmt(sent, sizeof(sent), "%S", r->body);
	buf_init(&b, text, sizeof(text) - 1);
	child_text(&b, i, "one");
	REQUIRE(!b.over);
	text[b.n] = '\0';
	world_reply(mw.w, r->peer, 200, NULL, text);
}

static unsigned writes(void)
{
	return mw_count("PATCH /api/v1/namespaces/ns/services/") +
	    mw_count("PATCH /apis/apps/v1/");
}

static void service_answer(const struct world_request *r)
{
	if (asked.n++ == 0)
		writes_before = writes();
	cut_fmt(asked.body, sizeof(asked.body), "%S", r->body);
	cut_fmt(asked.head, sizeof(asked.head), "%S", r->head);
	if (answer != NULL)
		world_reply(mw.w, r->peer, status_code, NULL, answer);
}

static void serve(const struct world_request *r, struct str path)
{
	int i = child_of(path);

	if (!str_starts(path, STR("/api")))
		service_answer(r);
	else if (mw_one_serve(r, path))
		return;
	else if (i >= 0 && str_is(r->method, "PATCH"))
		child_applied(r, i);
	else if (i >= 0 && str_is(r->method, "DELETE"))
		world_reply(mw.w, r->peer, 200, NULL, "{}");
	else if (str_search(path, STR("/poddisruptionbudgets")) < path.n)
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"uid\":\"" CHILD_UID "\",\"resourceVersion\":\"7\"}}");
	else
		world_reply(mw.w, r->peer, 404, NULL,
		    world_status(404, "NotFound", "not found"));
}

static void start(void)
{
	static const char *const flags[] = { "--extensions=/ext", NULL };

	mw.watch = watch;
	mw.serve = serve;
	mw.before = files;
	mw_begin(flags);
	mw_hooks_plain();
}

static void begin(const char *file, const char *says)
{
	config = file;
	answer = says;
	status_code = 200;
	gone = true;
	mw_one_begin("{\"image\":\"x\",\"replicas\":0}");
	start();
}

#define PRE MW_HOOKS(MW_HOOK("guard", "PreReconcile", ""))
#define ALLOW "{\"allowed\":true}"
#define DENY "{\"allowed\":false,\"message\":\"not on a Sunday\"}"
#define LABELLED "{\"allowed\":true,\"patches\":[{\"kind\":\"Service\"," \
	"\"name\":\"one\",\"patch\":[{\"op\":\"add\",\"path\":" \
	"\"/metadata/labels/team\",\"value\":\"red\"}]}]}"

static bool tells(const char *what)
{
	return strstr(mw_one.status, what) != NULL;
}

static bool was_sent(const char *what)
{
	return strstr(asked.body, what) != NULL;
}

/* By the header's own words. */
static bool is_signed(void)
{
	const char *stamp = strstr(asked.head, "X-MCP-Operator-Timestamp: ");
	const char *sum = strstr(asked.head,
	    "X-MCP-Operator-Signature: sha256=");
	struct str part[3] = { STR_NONE, STR("."), str_from(asked.body) };
	uint8_t mac[SHA256_LEN];
	char hex[2 * SHA256_LEN];
	struct buf b;

	if (stamp == NULL || sum == NULL)
		return false;
	part[0] = str_from(stamp + 26);
	part[0] = str_sub(part[0], 0, str_find(part[0], '\r'));
	hmac_sha256(STR(MW_HOOK_KEY), part, 3, mac);
	buf_init(&b, hex, sizeof(hex));
	buf_hex(&b, mac, sizeof(mac));
	return str_starts(str_from(sum + 33), buf_view(&b));
}

TEST(a_hook_is_asked_before_the_first_write_and_patches_what_is_sent)
{
	begin(PRE, LABELLED);
	mw_run(5 * SEC);
	EXPECT_EQ(asked.n, 1);
	EXPECT_EQ(writes_before, 0);
	EXPECT_EQ(writes(), 2);
	EXPECT(is_signed());
	EXPECT(was_sent("\"hook\":\"guard\",\"type\":\"PreReconcile\","
	    "\"operation\":\"Create\""));
	EXPECT(was_sent("\"server\":{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\""));
	EXPECT(was_sent("\"kind\":\"Deployment\""));
	EXPECT(was_sent("{\"kind\":\"Service\",\"name\":\"one\",\"action\":"
	    "\"Apply\"}"));
	EXPECT(strstr(sent, "\"team\":\"red\"") != NULL);
	EXPECT(!tells("HooksPassed"));
	EXPECT(tells("\"type\":\"Degraded\",\"status\":\"False\""));
}

/* The notes of the children tell it that all is as it was left. */
TEST(a_restart_asks_nobody_and_writes_nothing)
{
	begin(PRE, LABELLED);
	mw_run(5 * SEC);
	EXPECT_EQ(asked.n, 1);
	gone = false;
	start();
	mw_run(60 * SEC);
	EXPECT_EQ(asked.n, 1);
	EXPECT_EQ(writes(), 0);
	/* Another revision of the hook sees it once more. */
	config = MW_HOOKS(MW_HOOK("guard", "PreReconcile",
	    ",\"revision\":\"2\""));
	start();
	mw_run(5 * SEC);
	EXPECT_EQ(asked.n, 2);
	EXPECT_EQ(writes(), 2);
	EXPECT(was_sent("\"operation\":\"Update\""));
	/* And without it all is made anew. */
	config = MW_HOOKS("");
	start();
	mw_run(5 * SEC);
	EXPECT_EQ(asked.n, 2);
	EXPECT_EQ(writes(), 2);
	EXPECT(strstr(sent, "\"team\":\"red\"") == NULL);
}

TEST(what_a_hook_refuses_is_not_written_and_tried_again)
{
	begin(PRE, DENY);
	mw_run(5 * SEC);
	EXPECT_EQ(writes(), 0);
	EXPECT(tells("\"type\":\"HooksPassed\",\"status\":\"False\","
	    "\"reason\":\"HookRefused\",\"message\":\"PreReconcile "
	    "\\\"guard\\\": not on a Sunday\""));
	EXPECT(tells("\"type\":\"Degraded\",\"status\":\"True\",\"reason\":"
	    "\"HookRefused\""));
	EXPECT(tells("\"type\":\"ConfigurationValid\",\"status\":\"True\""));
	EXPECT(mw_count("POST /api/v1/namespaces/ns/events") > 0);
	EXPECT(asked.n >= 2 && asked.n <= 8);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
	answer = ALLOW;
	mw_run(600 * SEC);
	EXPECT_EQ(writes(), 2);
	EXPECT(!tells("HooksPassed"));
	EXPECT(tells("\"type\":\"Degraded\",\"status\":\"False\""));
}

TEST(a_hook_that_cannot_be_asked_holds_everything)
{
	begin(PRE, "oops");
	status_code = 500;
	mw_run(5 * SEC);
	EXPECT_EQ(writes(), 0);
	EXPECT(tells("\"reason\":\"HookFailed\",\"message\":\"PreReconcile "
	    "\\\"guard\\\": it answered with HTTP status 500\""));
	status_code = 200;
	mw_run(60 * SEC);
	EXPECT(tells("its answer cannot be used"));
	EXPECT_EQ(writes(), 0);
	fake_serve(&mw.w->io, "10.0.0.9", 7443, FAKE_REFUSE);
	mw_run(300 * SEC);
	EXPECT(tells("connection refused"));
	EXPECT_EQ(writes(), 0);
}

TEST(a_hook_that_says_nothing_is_given_up_in_time)
{
	begin(MW_HOOKS(MW_HOOK("guard", "PreReconcile",
	    ",\"timeoutSeconds\":2")), NULL);
	mw_run(1500 * MS);
	EXPECT_EQ(asked.n, 1);
	EXPECT(!tells("HookFailed"));
	mw_run(1000 * MS);
	EXPECT(tells("\"reason\":\"HookFailed\",\"message\":\"PreReconcile "
	    "\\\"guard\\\": no answer in time\""));
	EXPECT_EQ(writes(), 0);
}

TEST(with_ignore_it_goes_on_and_the_user_is_told)
{
	begin(MW_HOOKS(MW_HOOK("guard", "PreReconcile",
	    ",\"failurePolicy\":\"Ignore\"")), "oops");
	mw_run(5 * SEC);
	EXPECT_EQ(asked.n, 1);
	EXPECT_EQ(writes(), 2);
	EXPECT(mw_count("POST /api/v1/namespaces/ns/events") > 0);
	EXPECT(!tells("HooksPassed"));
	/* What is refused is refused. */
	begin(MW_HOOKS(MW_HOOK("guard", "PreReconcile",
	    ",\"failurePolicy\":\"Ignore\"")), DENY);
	memset(notes, 0, sizeof(notes));
	mw_run(5 * SEC);
	EXPECT_EQ(writes(), 0);
}

TEST(a_patch_of_what_is_not_a_hooks_to_change_is_refused)
{
	begin(PRE, "{\"allowed\":true,\"patches\":[{\"kind\":\"Service\","
	    "\"name\":\"one\",\"patch\":[{\"op\":\"add\",\"path\":"
	    "\"/metadata/name\",\"value\":\"x\"}]}]}");
	mw_run(5 * SEC);
	EXPECT_EQ(writes(), 0);
	EXPECT(tells("its answer cannot be used: patches[0]: metadata.name "
	    "is not for a hook to change"));
}

TEST(a_validator_comes_first_and_makes_a_spec_invalid)
{
	begin(MW_HOOKS(MW_HOOK("guard", "PreReconcile", "") ","
	    MW_HOOK("rules", "Validator", "")), DENY);
	mw_run(300 * MS);
	EXPECT_EQ(writes(), 0);
	EXPECT(was_sent("\"hook\":\"rules\",\"type\":\"Validator\""));
	mw_run(5 * SEC);
	EXPECT(tells("\"type\":\"ConfigurationValid\",\"status\":\"False\","
	    "\"reason\":\"ValidatorRefused\",\"message\":\"Validator "
	    "\\\"rules\\\": not on a Sunday\""));
	EXPECT(!tells("HooksPassed"));
	answer = LABELLED;
	mw_run(600 * SEC);
	EXPECT(tells("patches: are not for a Validator"));
	answer = ALLOW;
	mw_run(600 * SEC);
	EXPECT_EQ(writes(), 2);
	EXPECT(was_sent("\"hook\":\"guard\""));
	EXPECT(tells("\"type\":\"ConfigurationValid\",\"status\":\"True\""));
}

TEST(who_is_not_for_a_server_is_not_asked)
{
	begin(MW_HOOKS(MW_HOOK("guard", "PreReconcile",
	    ",\"namespaces\":[\"other\"]")), DENY);
	mw_run(5 * SEC);
	EXPECT_EQ(asked.n, 0);
	EXPECT_EQ(writes(), 2);
}

TEST(what_was_done_is_told_afterwards_and_holds_nothing_up)
{
	begin(MW_HOOKS(MW_HOOK("log", "PostReconcile", "")), NULL);
	mw_run(4 * SEC);
	EXPECT_EQ(writes(), 2);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
	EXPECT_EQ(asked.n, 1);
	EXPECT(is_signed());
	EXPECT(was_sent("\"operation\":\"Reconciled\""));
	EXPECT(was_sent("\"action\":\"Apply\""));
	mw_run(10 * SEC);
	/* It failed, and nothing more is said of it. */
	EXPECT_EQ(asked.n, 1);
	EXPECT_EQ(mw.m->counts.v[COUNT_EXT_FAILURES], 1);
}

TEST(what_was_deleted_is_told_too)
{
	begin(MW_HOOKS(MW_HOOK("log", "PostReconcile", "")), "");
	mw_run(4 * SEC);
	EXPECT(was_sent("\"action\":\"Apply\""));
	mw_one.generation++;
	mw_one.version += 10;
	mw_one.spec = "{\"image\":\"x\",\"replicas\":0,"
	    "\"transport\":\"stdio\"}";
	mw_one_tell();
	mw_run(4 * SEC);
	EXPECT_EQ(asked.n, 2);
	EXPECT(was_sent("\"kind\":\"Service\",\"name\":\"one\","
	    "\"action\":\"Delete\""));
}

TEST(an_integration_is_told_of_a_phase)
{
	begin(MW_HOOKS(MW_HOOK("page", "Integration", "")), "");
	mw_run(10 * SEC);
	EXPECT_EQ(asked.n, 1);
	EXPECT(was_sent("\"operation\":\"PhaseChanged\""));
	EXPECT(was_sent("\"status\":{\"phase\":\"Pending\"}"));
	EXPECT(!was_sent("previousPhase"));
	EXPECT_EQ(mw.m->counts.v[COUNT_EXT_FAILURES], 0);
}

/* Of two pods; late: its rollout makes no progress. */
static void tell_ready(unsigned version, int ready, bool late)
{
	char text[2048];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{"
	    "\"namespace\":\"ns\",\"name\":\"one\",\"uid\":\"" CHILD_UID
	    "\",\"resourceVersion\":\"%u\",\"generation\":1,\"labels\":{"
	    "\"mcp.allbeone.io/server-key\":\"m.one\"},\"ownerReferences\":["
	    "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\",\"kind\":"
	    "\"MCPServer\",\"name\":\"one\",\"uid\":\"" MW_UID "\","
	    "\"controller\":true}]%s},\"spec\":{\"replicas\":2},"
	    "\"status\":{\"observedGeneration\":1,\"replicas\":2,"
	    "\"updatedReplicas\":2,\"readyReplicas\":%d,"
	    "\"availableReplicas\":%d", version, notes[2], ready, ready);
	if (late)
		buf_cstr(&b, ",\"conditions\":[{\"type\":\"Progressing\","
		    "\"status\":\"False\",\"reason\":"
		    "\"ProgressDeadlineExceeded\"}]");
	buf_cstr(&b, "}}}\n");
	REQUIRE(!b.over);
	text[b.n] = '\0';
	mw_tell("/apis/apps/v1/deployments", text);
	mw_run(10 * SEC);
}

/* Of this group's words, Pending is one for pods of which some are ready. */
TEST(an_integration_is_told_only_when_the_word_changes)
{
	begin(MW_HOOKS(MW_HOOK("page", "Integration", "")), "");
	mw_one.spec = "{\"image\":\"x\",\"replicas\":2}";
	start();
	mw_run(10 * SEC);
	EXPECT_EQ(asked.n, 1);
	mw_forget();
	tell_ready(50, 1, true);
	EXPECT(tells("\"DeploymentTimeout\""));
	EXPECT(tells("\"phase\":\"Pending\""));
	EXPECT_EQ(mw_count(MW_STATUS), 1);
	EXPECT_EQ(asked.n, 1);
	mw_one.generation++;
	mw_one.version++;
	mw_one.spec = "{\"image\":\"x\",\"replicas\":2,\"port\":8081}";
	mw_one_tell();
	mw_run(10 * SEC);
	tell_ready(60, 1, true);
	EXPECT(mw_count(MW_STATUS) > 1);
	EXPECT_EQ(asked.n, 1);
	tell_ready(70, 2, false);
	mw_run(60 * SEC);	/* It is verified. */
	EXPECT_EQ(asked.n, 2);
	EXPECT(was_sent("\"previousPhase\":\"Pending\""));
	EXPECT(was_sent("\"phase\":\"Running\""));
}

/* Nobody comes back for it before the next try. */
TEST(what_pods_do_is_told_though_more_of_them_are_held_back)
{
	begin(MW_HOOKS(MW_HOOK("rules", "Validator", "")), ALLOW);
	mw_one.spec = "{\"image\":\"x\",\"replicas\":2}";
	start();
	mw_run(10 * SEC);
	tell_ready(50, 2, false);
	answer = DENY;
	mw_one.generation++;
	mw_one.version += 100;
	mw_one.spec = "{\"image\":\"x\",\"replicas\":3}";
	mw_one_tell();
	mw_run(900 * SEC);
	EXPECT(tells("ValidatorRefused"));
	mw_forget();
	tell_ready(60, 1, true);
	EXPECT_EQ(mw_count(MW_STATUS), 1);
	EXPECT(tells("\"readyReplicas\":1"));
}

TEST(more_than_can_be_told_is_dropped_and_counted)
{
	struct job *j;
	uint32_t i;

	begin(MW_HOOKS(MW_HOOK("log", "PostReconcile", "")), NULL);
	mw_run(4 * SEC);
	j = &mw.m->job[0];
	j->applied = 1;
	for (i = 0; i < EXT_NOTICES_MAX + 3; i++)
		notices_written(j, PHASE_PENDING);
	EXPECT_EQ(mw.m->counts.v[COUNT_EXT_DROPPED], 4);
	j->applied = 0;
	answer = "";
	mw_run(60 * SEC);
	EXPECT_EQ(mw.m->hooks->notices, 0);
	EXPECT_EQ(mw.m->counts.v[COUNT_EXT_DROPPED], 4);
}

TEST(an_end_does_not_wait_for_a_hook)
{
	begin(PRE, NULL);
	mw_run(2 * SEC);
	EXPECT_EQ(asked.n, 1);
	EXPECT(!jobs_idle(mw.m));
	manager_stop(mw.m);
	mw_run(SEC);
	EXPECT(manager_stopped(mw.m));
	EXPECT(jobs_idle(mw.m));
	EXPECT_EQ(writes(), 0);
}

/* A newer spec came while the hook thought about the older one. */
TEST(a_spec_that_is_overtaken_is_asked_about_anew)
{
	begin(PRE, NULL);
	mw_run(SEC);
	EXPECT_EQ(asked.n, 1);
	mw_one.generation++;
	mw_one.version += 10;
	mw_one.spec = "{\"image\":\"y\",\"replicas\":0}";
	mw_one_tell();
	mw_run(SEC);
	answer = ALLOW;
	mw_run(30 * SEC);
	EXPECT(was_sent("\"image\":\"y\""));
	EXPECT_EQ(writes(), 2);
}

static void expect_bad(const char *file, const char *path, const char *text)
{
	static struct manager_options o;
	struct world *w = world_new();
	struct manager *m;
	struct diag d = { 0 };
	char *argv[] = {
		(char[]){ "manager" }, (char[]){ "--kubeconfig=/kubeconfig" },
		(char[]){ "--extensions=/ext" }
	};
	int rest;

	world_serve(w);
	config = file;
	files(&w->io);
	REQUIRE(opts_parse(manager_opts, manager_opts_n, &w->io.io, 3, argv,
	    &o, &rest, &d) == 0);
	EXPECT(manager_new(&w->mem, &w->io.io, &o, "test", &m, &d) < 0);
	EXPECT_STR(str_from(d.path), path);
	EXPECT_STR(str_from(d.text), text);
}

TEST(a_file_that_cannot_be_used_is_told_at_start)
{
	expect_bad("extensions: [{name: a}]", "/ext",
	    "extensions[0].type: is required");
	expect_bad("{\"extensions\":[{\"name\":\"a\",\"type\":\"Validator\","
	    "\"url\":\"https://h\",\"caFile\":\"/none\",\"keyFile\":"
	    "\"/key\"}]}", "/ext", "extensions[0].caFile: /none: not found");
	expect_bad("{\"extensions\":[{\"name\":\"a\",\"type\":\"Validator\","
	    "\"url\":\"https://h\",\"caFile\":\"/ca\",\"keyFile\":"
	    "\"/none\"}]}", "/ext", "extensions[0].keyFile: /none: not found");
	expect_bad("{\"extensions\":[{\"name\":\"a\",\"type\":\"Validator\","
	    "\"url\":\"https://h\",\"caFile\":\"/key\",\"keyFile\":"
	    "\"/key\"}]}", "/ext", "extensions[0].caFile: /key: no "
	    "CA certificate in it");
}
