#include <string.h>

#include "check.h"
#include "manager_world.h"

/* A rollout that has failed, before an API server with ReplicaSets. */

#define CHILD_UID "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define DEPLOYMENTS "/apis/apps/v1/deployments"
#define PATCHED "PATCH /apis/apps/v1/namespaces/ns/deployments/one"
#define LISTED "GET /apis/apps/v1/namespaces/ns/replicasets?"
#define READ "GET /apis/apps/v1/namespaces/ns/replicasets/"
#define ROLLS(image) "{\"image\":\"" image "\"," \
	"\"rollbackOnFailure\":true}"

/* What stands in the list of ReplicaSets, and what of its next page. */
static struct {
	int status;
	const char *items, *more;
	char notes[2048], body[8192];	/* of the Deployment as applied */
	unsigned version, generation;
	bool mute;		/* a status cannot be written */
	const char *refused;	/* a child of this plural, or NULL */
} api;

#define SET_OF(owner, name, revision, history) "{\"metadata\":{\"name\":\"" \
	name "\",\"annotations\":{\"deployment.kubernetes.io/revision\":\"" \
	revision "\"" history "},\"ownerReferences\":[{\"uid\":\"" owner \
	"\"}]}}"
#define SET(name, revision) SET_OF(CHILD_UID, name, revision, "")
#define ONCE(list) ",\"deployment.kubernetes.io/revision-history\":\"" list "\""
#define TEMPLATE(more) "{\"metadata\":{\"creationTimestamp\":null," \
	"\"labels\":{\"a\":\"1\"" more "}},\"spec\":{\"containers\":[" \
	"{\"name\":\"side\",\"image\":\"x\"},{\"name\":\"mcp-server\"," \
	"\"image\":\"r/good:1\"}]}}"

static void keep(char *to, size_t cap, struct str s)
{
	REQUIRE(s.n < cap);
	memcpy(to, s.p, s.n);
	to[s.n] = '\0';
}

static void applied(const struct world_request *r)
{
	char reply[4096];
	struct buf b;
	struct str notes;

	REQUIRE(kube_peek(r->body, "metadata.annotations", &notes));
	keep(api.notes, sizeof(api.notes), notes);
	keep(api.body, sizeof(api.body), r->body);
	buf_init(&b, reply, sizeof(reply));
	buf_fmt(&b, "{\"metadata\":{\"uid\":\"" CHILD_UID "\","
	    "\"resourceVersion\":\"%u\",\"generation\":%u,"
	    "\"labels\":{\"" LABEL_KEY "\":\"m.one\"},"
	    "\"annotations\":%s}}", ++api.version, ++api.generation,
	    api.notes);
	buf_char(&b, '\0');
	REQUIRE(!b.over);
	world_reply(mw.w, r->peer, 200, NULL, reply);
}

static void listed(const struct world_request *r, bool first)
{
	char reply[4096];
	struct buf b;

	if (api.status != 200) {
		world_reply(mw.w, r->peer, api.status, NULL,
		    world_status(api.status, "x", "not here"));
		return;
	}
	buf_init(&b, reply, sizeof(reply));
	buf_fmt(&b, "{\"metadata\":{\"continue\":\"%s\"},\"items\":[%s]}",
	    first && api.more != NULL ? "to/ken" : "",
	    first ? api.items : api.more);
	buf_char(&b, '\0');
	REQUIRE(!b.over);
	world_reply(mw.w, r->peer, 200, NULL, reply);
}

/* True: it was. */
static bool refuse(const struct world_request *r, struct str path)
{
	bool told = api.mute && str_ends(path, STR(MW_STATUS));

	if (!told && (api.refused == NULL ||
	    str_search(path, str_from(api.refused)) == path.n))
		return false;
	world_reply(mw.w, r->peer, told ? 500 : 403, NULL, told ?
	    world_status(500, "InternalError", "etcd is away") :
	    world_status(403, "Forbidden", "not here"));
	return true;
}

#define GUARDED "{\"allowed\":true,\"patches\":[{\"kind\":" \
	"\"Deployment\",\"name\":\"one\",\"patch\":[{\"op\":\"add\"," \
	"\"path\":\"/spec/template/metadata/labels/guarded\"," \
	"\"value\":\"yes\"}]}]}"

static void serve(const struct world_request *r, struct str path)
{
	if (!str_starts(path, STR("/api"))) {
		world_reply(mw.w, r->peer, 200, NULL, GUARDED);
		return;
	}
	if (refuse(r, path) || mw_one_serve(r, path))
		return;
	if (str_ends(path, STR("/deployments/one")) &&
	    str_is(r->method, "PATCH"))
		applied(r);
	else if (str_ends(path, STR("/replicasets")))
		listed(r, str_search(r->path, STR("continue=to%2Fken")) ==
		    r->path.n);
	else if (str_ends(path, STR("/replicasets/one-good")))
		world_reply(mw.w, r->peer, 200, NULL, "{\"spec\":{"
		    "\"template\":" TEMPLATE(",\"pod-template-hash\":\"h\"")
		    "}}");
	else if (str_is(r->method, "GET"))
		world_reply(mw.w, r->peer, 404, NULL,
		    world_status(404, "NotFound", "not found"));
	else
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"uid\":\"" CHILD_UID "\",\"resourceVersion\":\"90\"}}");
}

/* The Deployment as its controller has it. */
static void tell(unsigned revision, int available, const char *late)
{
	char line[8192];
	struct buf b;

	buf_init(&b, line, sizeof(line));
	buf_fmt(&b, "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{"
	    "\"name\":\"one\",\"namespace\":\"ns\",\"uid\":\"" CHILD_UID
	    "\",\"resourceVersion\":\"%u\",\"generation\":%u,"
	    "\"annotations\":{\"deployment.kubernetes.io/revision\":\"%u\","
	    "%S,\"labels\":{\"" LABEL_KEY "\":\"m.one\"},"
	    "\"ownerReferences\":[{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\","
	    "\"kind\":\"MCPServer\",\"name\":\"one\",\"controller\":true,"
	    "\"uid\":\"" MW_UID "\"}]},\"spec\":{\"replicas\":1},\"status\":{"
	    "\"observedGeneration\":%u,\"replicas\":1,\"updatedReplicas\":1,"
	    "\"readyReplicas\":%d,\"availableReplicas\":%d", ++api.version,
	    api.generation, revision, str_from(api.notes + 1),
	    api.generation, available, available);
	if (late != NULL)
		buf_fmt(&b, ",\"conditions\":[{\"type\":\"Progressing\","
		    "\"status\":\"False\",\"reason\":"
		    "\"ProgressDeadlineExceeded\",\"message\":"
		    "\"ReplicaSet \\\"%s\\\" has timed out progressing.\"}]",
		    late);
	buf_cstr(&b, "}}}\n");
	buf_char(&b, '\0');
	REQUIRE(!b.over);
	mw_tell(DEPLOYMENTS, line);
	mw_run(10 * SEC);
}

static void edit(const char *spec)
{
	mw_one.spec = spec;
	mw_one.version++;
	mw_one.generation++;
	mw_one_tell();
	mw_run(10 * SEC);
}

/* Revision 1 was good, and what came then is not. */
static void begin_with(const char *items, const char *const *flags)
{
	memset(&api, 0, sizeof(api));
	api.status = 200;
	api.items = items;
	api.version = 2000;
	mw.watch = mw_one_watch;
	mw.serve = serve;
	mw_one_begin(ROLLS("good"));
	mw_begin(flags);
	if (flags != NULL)
		mw_hooks_plain();
	mw_run(10 * SEC);
	tell(1, 1, NULL);
	EXPECT(strstr(mw_one.status, "\"goodRevision\":1") != NULL);
	edit(ROLLS("bad"));
	tell(2, 0, NULL);
	mw_forget();
}

static void begin(const char *items)
{
	begin_with(items, NULL);
}

static bool body_has(const char *text)
{
	return strstr(api.body, text) != NULL;
}

static bool status_has(const char *text)
{
	return strstr(mw_one.status, text) != NULL;
}

TEST(roll_takes_back_what_failed_and_stays_there)
{
	begin(SET("one-bad", "2") "," SET_OF(
	    "3188f7f2-9b3a-4c5d-8e6f-0123456789ab", "one-other", "1", "") ","
	    SET("one-good", "1"));
	tell(2, 0, "one-bad");
	EXPECT_EQ(mw_count(LISTED), 1);
	EXPECT_EQ(mw_count(READ), 1);
	EXPECT_EQ(mw_count(PATCHED), 1);
	EXPECT(body_has("\"template\":{\"metadata\":{\"labels\":{\"a\":\"1\"}"
	    "},\"spec\":{\"containers\":[{\"name\":\"side\""));
	EXPECT(body_has("\"" NOTE_ROLLED_BACK "\":\"1."));
	EXPECT(!body_has("pod-template-hash"));
	EXPECT(!body_has("\"image\":\"bad\""));
	EXPECT(status_has("\"RolledBack\""));
	EXPECT(status_has("\"image\":\"r/good\""));
	/* As it is brought in, at last, and scaled: the pods of before. */
	tell(3, 1, "one-bad");
	tell(3, 1, NULL);
	EXPECT_EQ(mw_count(PATCHED), 1);
	EXPECT(status_has("\"goodRevision\":3"));
	EXPECT(status_has("\"RolledBack\""));
	api.items = SET_OF(CHILD_UID, "one-good", "3", ONCE("1")) ","
	    SET("one-bad", "2");
	edit("{\"image\":\"bad\",\"replicas\":2,\"rollbackOnFailure\":true}");
	EXPECT_EQ(mw_count(PATCHED), 2);
	EXPECT(body_has("\"replicas\":2"));
	EXPECT(body_has("r/good:1"));
	EXPECT(status_has("\"RolledBack\""));
	EXPECT_EQ(mw.m->counts.v[COUNT_ROLLBACKS], 1);
	/* Until other pods are asked for. */
	mw_forget();
	edit(ROLLS("better"));
	EXPECT_EQ(mw_count(PATCHED), 1);
	EXPECT(body_has("\"image\":\"better\""));
	EXPECT(!body_has(NOTE_ROLLED_BACK));
	EXPECT_EQ(mw_count(LISTED), 0);
	tell(4, 0, NULL);
	EXPECT(!status_has("\"RolledBack\""));
}

TEST(roll_reads_on_until_it_has_seen_all)
{
	begin(SET("one-bad", "2"));
	api.more = SET("one-good", "1");
	tell(2, 0, "one-bad");
	EXPECT_EQ(mw_count(LISTED), 2);
	EXPECT(body_has("r/good:1"));
}

static void goes_nowhere(const char *why)
{
	tell(2, 0, "one-bad");
	EXPECT_EQ(mw_count(PATCHED), 0);
	EXPECT(mw_count(LISTED) > 0);
	if (why == NULL)
		EXPECT(!status_has("RolledBack"));
	else
		EXPECT(status_has("NotRolledBack") && status_has(why));
	/* Nor is it asked again for nothing. */
	mw_forget();
	mw_run(60 * SEC);
	EXPECT_EQ(mw_count(LISTED), 0);
}

TEST(roll_says_what_it_lacks)
{
	begin(SET("one-bad", "2") "," SET("one-some", "3"));
	goes_nowhere("the ReplicaSet of that revision has gone");
}

static void hooked(struct fake_io *f)
{
	mw_hook_files(f, MW_HOOKS(MW_HOOK("guard", "PreReconcile", "")));
}

/* What stays is planned anew, and shown to its hooks anew. */
TEST(roll_leaves_what_a_hook_changed)
{
	static const char *const flags[] = { "--extensions=/ext", NULL };

	mw.before = hooked;
	begin_with(SET("one-bad", "2"), flags);
	EXPECT(body_has("\"guarded\":\"yes\""));
	tell(2, 0, "one-bad");
	EXPECT(status_has("NotRolledBack"));
	mw_forget();
	edit("{\"image\":\"bad\",\"replicas\":2,\"rollbackOnFailure\":true}");
	EXPECT_EQ(mw_count(PATCHED), 1);
	EXPECT(body_has("\"replicas\":2"));
	EXPECT(body_has("\"guarded\":\"yes\""));
}

TEST(roll_may_not_read)
{
	begin("");
	api.status = 403;
	goes_nowhere("may not read its ReplicaSets");
}

TEST(roll_does_not_go_back_to_itself)
{
	begin(SET_OF(CHILD_UID, "one-bad", "2", ONCE("7,1")));
	goes_nowhere("the ReplicaSet of that revision has gone");
}

/* Until it has made progress, the condition is of the one before. */
TEST(roll_lets_what_just_began_begin)
{
	begin(SET("one-good", "1") "," SET("one-bad", "2") ","
	    SET("one-third", "3"));
	edit(ROLLS("third"));
	mw_forget();
	tell(3, 0, "one-bad");
	EXPECT_EQ(mw_count(PATCHED), 0);
	EXPECT(!status_has("RolledBack"));
	tell(3, 0, "one-third");
	EXPECT_EQ(mw_count(PATCHED), 1);
	EXPECT(body_has("r/good:1"));
}

TEST(roll_tries_again_what_could_not_be_read)
{
	begin(SET("one-good", "1") "," SET("one-bad", "2"));
	api.status = 503;
	tell(2, 0, "one-bad");
	EXPECT_EQ(mw_count(PATCHED), 0);
	api.status = 200;
	mw_run(120 * SEC);
	EXPECT_EQ(mw_count(PATCHED), 1);
	EXPECT(body_has("r/good:1"));
}

/* Who begins anew knows it by the status and the Deployment. */
TEST(roll_cannot_mend_without_its_revision)
{
	begin(SET("one-good", "1") "," SET("one-bad", "2"));
	tell(2, 0, "one-bad");
	tell(3, 1, NULL);
	EXPECT(status_has("\"RolledBack\""));
	mw_forget();
	api.items = SET("one-bad", "2");
	edit("{\"image\":\"bad\",\"replicas\":2,\"rollbackOnFailure\":true}");
	EXPECT_EQ(mw_count(PATCHED), 0);
	EXPECT(status_has("its pods went back to revision 1 of it, and the "
	    "ReplicaSet of that revision has gone"));
}

/* The status is written by a job that writes no Deployment any more. */
static void tells_what_runs(const char *refused)
{
	begin(SET("one-good", "1") "," SET("one-bad", "2"));
	edit("{\"image\":\"bad\",\"replicas\":2,\"rollbackOnFailure\":true}");
	tell(2, 0, NULL);
	EXPECT(status_has("\"image\":\"bad\""));
	mw_forget();
	api.refused = refused;
	api.mute = true;
	tell(2, 0, "one-bad");
	EXPECT_EQ(mw_count(PATCHED), 1);
	api.mute = false;
	mw_run(120 * SEC);
	EXPECT_EQ(mw_count(PATCHED), 1);
	EXPECT(status_has("\"RolledBack\""));
	EXPECT(status_has("\"image\":\"r/good\",\"tag\":\"1\""));
}

TEST(roll_tells_what_runs_though_it_told_late)
{
	tells_what_runs(NULL);
}

TEST(roll_tells_what_runs_beside_a_refused_child)
{
	tells_what_runs("/poddisruptionbudgets/");
}
