#include <string.h>

#include "check.h"
#include "manager_world.h"

#define UID "1188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define CHILD_UID "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define SERVER(version, generation) \
	"{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\"," \
	"\"uid\":\"" UID "\",\"resourceVersion\":\"" version "\"," \
	"\"generation\":" generation "},\"spec\":{\"image\":\"x\"}}"
#define SERVERS "/mcp.mcp.dev/v1alpha1/mcpservers"
#define WRITTEN "{\"metadata\":{\"uid\":\"" CHILD_UID "\"," \
	"\"resourceVersion\":\"90\",\"generation\":1}}"

static const char *object;		/* what a GET of it answers */
static int object_code;
static int waits;			/* for its answer: a peer, or -1 */
static bool hold;
static const char *stands;		/* under the children's names */
static struct { char text[4096]; size_t n; } last;	/* Service */
static const char *config_map;		/* in the list; NULL: none */
static const char *delete_refused;	/* with 409, once; NULL: never */

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	if (str_ends(path, STR("/configmaps")) && config_map != NULL)
		return config_map;
	return str_ends(path, STR(SERVERS)) ?
	    MW_LINE("ADDED", SERVER("5", "1")) : "";
}

static bool is_child(struct str path)
{
	return str_search(path, STR("/services/")) < path.n ||
	    str_search(path, STR("/deployments/")) < path.n;
}

static bool makes(struct str body)
{
	struct str need = STR("\"resourceVersion\":\"1\"");

	return str_search(body, need) < body.n;
}

static void serve_child(const struct world_request *r, struct str path)
{
	if (str_search(path, STR("/services/")) < path.n &&
	    !str_is(r->method, "GET")) {
		REQUIRE(r->body.n < sizeof(last.text));
		memcpy(last.text, r->body.p, r->body.n);
		last.n = r->body.n;
	}
	if (str_is(r->method, "GET"))
		world_reply(mw.w, r->peer, stands != NULL ? 200 : 404, NULL,
		    stands != NULL ? stands :
		    world_status(404, "NotFound", "not found"));
	else if (stands != NULL && makes(r->body))
		world_reply(mw.w, r->peer, 409, NULL, world_status(409,
		    "Conflict", "the object has been modified"));
	else
		world_reply(mw.w, r->peer, makes(r->body) ? 201 : 200, NULL,
		    WRITTEN);
}

static void serve_config_map(const struct world_request *r)
{
	if (delete_refused != NULL)
		world_reply(mw.w, r->peer, 409, NULL, world_status(409,
		    "Conflict", delete_refused));
	else
		world_reply(mw.w, r->peer, 200, NULL, "{}");
	delete_refused = NULL;
}

static void serve(const struct world_request *r, struct str path)
{
	if (is_child(path))
		serve_child(r, path);
	else if (str_is(r->method, "DELETE"))
		serve_config_map(r);
	else if (!str_is(r->method, "GET"))
		world_reply(mw.w, r->peer, 200, NULL,
		    "{\"metadata\":{\"uid\":\"" UID "\","
		    "\"resourceVersion\":\"20\",\"generation\":1}}");
	else if (hold)
		waits = r->peer;
	else
		world_reply(mw.w, r->peer, object_code, NULL, object);
}

static void begin(const char *under_its_name)
{
	mw.watch = watch;
	mw.serve = serve;
	object = SERVER("20", "1");
	object_code = 200;
	stands = under_its_name;
	hold = false;
	waits = -1;
	mw_begin(NULL);
}

static const struct record *only(void)
{
	return record_at(&mw.m->records, record_next(&mw.m->records, 0));
}

TEST(a_first_apply_makes_and_reads_nothing)
{
	begin(NULL);
	mw_run(SEC / 2);
	EXPECT_EQ(mw_count("PATCH /api/v1/namespaces/ns/services/one"), 1);
	EXPECT_EQ(mw_count("PATCH /apis/apps/v1/namespaces/ns/deploy"), 1);
	EXPECT_EQ(mw_count("GET /api/v1/namespaces/ns/services/one"), 0);
	EXPECT_EQ(mw_count("GET /apis/mcp.mcp.dev/v1alpha1/namespaces/"), 0);
	EXPECT(makes((struct str){ last.text, last.n }));
	/* The user is told of what was made. */
	mw_run(5 * SEC);
	EXPECT(mw_count("/namespaces/ns/events") > 0);
}

/* Writes of Services, of all namespaces. */
static uint64_t services(enum child_count how)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i <= SERIES_SPACES_MAX; i++)
		n += mw.m->series.space[i].children[CHILD_SERVICE][how];
	return n;
}

TEST(a_strangers_object_is_looked_at_and_left)
{
	begin("{\"metadata\":{\"uid\":\"" CHILD_UID "\","
	    "\"resourceVersion\":\"8\"}}");
	mw_run(150 * MS);
	EXPECT_EQ(mw_count("PATCH /api/v1/namespaces/ns/services/one"), 1);
	EXPECT_EQ(mw_count("GET /api/v1/namespaces/ns/services/one"), 1);
	EXPECT(only()->failures > 0);
	EXPECT_EQ(services(CHILD_REFUSED), 1);
	EXPECT_EQ(services(CHILD_APPLIED), 0);
}

TEST(an_orphan_of_ours_is_taken_up_by_its_uid)
{
	struct str uid = STR("\"uid\":\"" CHILD_UID "\"");

	begin("{\"metadata\":{\"uid\":\"" CHILD_UID "\",\"labels\":{\""
	    LABEL_KEY "\":\"m.one\"},\"resourceVersion\":\"8\"}}");
	mw_run(SEC / 2);
	EXPECT_EQ(mw_count("PATCH /api/v1/namespaces/ns/services/one"), 2);
	EXPECT(str_search((struct str){ last.text, last.n }, uid) < last.n);
	EXPECT_EQ(services(CHILD_REFUSED), 0);
	EXPECT_EQ(services(CHILD_APPLIED), 1);
	/* And nothing was made. */
	mw_run(5 * SEC);
	EXPECT_EQ(mw_count("/namespaces/ns/events"), 0);
}

/* The watch has told of generation 2 when the answer of before comes. */
TEST(an_answer_that_was_overtaken_is_asked_for_again)
{
	begin(NULL);
	mw_run(SEC / 2);
	hold = true;
	mw_run(3 * SEC);
	REQUIRE(waits >= 0);
	mw_tell(SERVERS, MW_LINE("MODIFIED", SERVER("25", "2")));
	mw_run(SEC);
	mw_forget();
	hold = false;
	object = SERVER("25", "2");
	world_reply(mw.w, waits, 200, NULL, SERVER("5", "1"));
	mw_run(SEC);
	EXPECT_EQ(mw_count("GET /apis/mcp.mcp.dev/v1alpha1/namespaces/ns/"
	    "mcpservers/one"), 1);
	EXPECT_EQ(only()->version, 25);
	EXPECT_EQ(only()->facts, only()->planned_facts);
}

/* etcd was put back: what is read from the store is right. */
TEST(versions_may_go_back)
{
	begin(NULL);
	object = SERVER("3", "1");
	mw_run(5 * SEC);
	EXPECT_EQ(mw_count("GET /apis/mcp.mcp.dev/v1alpha1/namespaces/ns/"
	    "mcpservers/one?resourceVersion="), 1);
	EXPECT(mw_count("GET /apis/mcp.mcp.dev/v1alpha1/namespaces/ns/"
	    "mcpservers/one") <= 4);
}

TEST(nothing_is_made_for_who_went_while_it_was_read)
{
	begin(NULL);
	mw_run(SEC / 2);
	hold = true;
	mw_run(3 * SEC);
	REQUIRE(waits >= 0);
	mw_tell(SERVERS, MW_LINE("DELETED", SERVER("26", "1")));
	mw_run(SEC);
	mw_forget();
	world_reply(mw.w, waits, 200, NULL, SERVER("25", "2"));
	mw_run(SEC);
	EXPECT_EQ(mw_count("PATCH "), 0);
	EXPECT(!(only()->flags & (RECORD_LIVE | RECORD_BUSY)));
}

/* Its Service cannot be made before it goes. */
static void serve_late_service(const struct world_request *r,
    struct str path)
{
	if (str_search(path, STR("/services/")) < path.n)
		waits = r->peer;
	else
		serve(r, path);
}

TEST(nothing_more_is_made_for_who_went_meanwhile)
{
	begin(NULL);
	mw.serve = serve_late_service;
	mw_run(SEC / 2);
	REQUIRE(waits >= 0);
	mw_tell(SERVERS, MW_LINE("DELETED", SERVER("26", "1")));
	mw_run(SEC / 2);
	world_reply(mw.w, waits, 200, NULL, WRITTEN);
	mw_run(SEC);
	EXPECT_EQ(mw_count("PATCH "), 1);
	EXPECT(!(only()->flags & (RECORD_LIVE | RECORD_BUSY)));
}

/* ---- a reference that changes meanwhile ---- */

#define REFERS "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\"," \
	"\"uid\":\"" UID "\",\"resourceVersion\":\"5\"," \
	"\"generation\":1},\"spec\":{\"image\":\"x\",\"envFrom\":[" \
	"{\"configMapRef\":{\"name\":\"c\"}}]}}"
#define REFERENCE(version, value) "{\"metadata\":{\"namespace\":\"ns\"," \
	"\"name\":\"c\",\"resourceVersion\":\"" version "\"}," \
	"\"data\":{\"a\":\"" value "\"}}"

/* Of an older plan, and all its pods are ready: no status waits for them. */
#define ROLLED_OUT "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\"," \
	"\"uid\":\"" CHILD_UID "\",\"resourceVersion\":\"80\"," \
	"\"generation\":1,\"ownerReferences\":[{\"apiVersion\":" \
	"\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\",\"name\":" \
	"\"one\",\"uid\":\"" UID "\",\"controller\":true}]}," \
	"\"spec\":{\"replicas\":1},\"status\":{\"observedGeneration\":1," \
	"\"replicas\":1,\"readyReplicas\":1,\"availableReplicas\":1," \
	"\"updatedReplicas\":1}}"

static const char *reference;
static bool hold_apply;

static const char *watch_refers(const struct world_request *r,
    struct str path)
{
	(void)r;
	if (str_ends(path, STR("/configmaps")))
		return MW_LINE("ADDED", REFERENCE("3", "1"));
	if (str_ends(path, STR("/deployments")))
		return MW_LINE("ADDED", ROLLED_OUT);
	return str_ends(path, STR(SERVERS)) ? MW_LINE("ADDED", REFERS) : "";
}

static void serve_refers(const struct world_request *r, struct str path)
{
	if (str_ends(path, STR("/configmaps/c")))
		world_reply(mw.w, r->peer, 200, NULL, reference);
	else if (str_search(path, STR("/deployments/")) < path.n &&
	    hold_apply)
		waits = r->peer;
	else
		serve(r, path);
}

/* After the plan, and before the status, whose inputs hold it already. */
TEST(a_reference_that_changes_under_a_plan_is_not_lost)
{
	begin(NULL);
	mw.watch = watch_refers;
	mw.serve = serve_refers;
	reference = REFERENCE("3", "1");
	object = REFERS;
	hold_apply = true;
	mw_run(SEC);
	REQUIRE(waits >= 0);
	reference = REFERENCE("9", "2");
	mw_tell("/configmaps", MW_LINE("MODIFIED", REFERENCE("9", "2")));
	mw_run(SEC);
	hold_apply = false;
	mw_forget();
	world_reply(mw.w, waits, 200, NULL, WRITTEN);
	mw_run(10 * SEC);
	EXPECT_EQ(mw_count("GET /api/v1/namespaces/ns/configmaps/c"), 1);
	EXPECT(mw_count("PATCH /apis/apps/v1/namespaces/ns/deploy") > 0);
}

/* ---- one who is told to come later ---- */

static void serve_throttled(const struct world_request *r, struct str path)
{
	if (str_search(path, STR("/services/")) < path.n)
		world_reply(mw.w, r->peer, 429, "Retry-After: 40\r\n",
		    "{}");
	else
		serve(r, path);
}

/* Longer than a request may take, and whatever its user does meanwhile. */
TEST(who_is_told_to_come_later_does_so)
{
	int i;

	begin(NULL);
	mw.serve = serve_throttled;
	for (i = 0; i < 39; i++) {
		mw_run(SEC);
		mw_tell(SERVERS, i % 2 ? MW_LINE("MODIFIED",
		    SERVER("25", "2")) : MW_LINE("MODIFIED",
		    SERVER("26", "3")));
	}
	EXPECT_EQ(mw_count("PATCH /api/v1/namespaces/ns/services/one"), 1);
	EXPECT(only()->not_before_ns > mw.m->loop.now_ns);
	mw_run(10 * SEC);
	EXPECT_EQ(mw_count("PATCH /api/v1/namespaces/ns/services/one"), 2);
}

/* ---- a child that is not wanted any more ---- */

#define CONFIG_MAP "{\"metadata\":{\"namespace\":\"ns\"," \
	"\"name\":\"one-config\",\"uid\":\"" CHILD_UID "\"," \
	"\"resourceVersion\":\"4\",\"ownerReferences\":[{\"apiVersion\":" \
	"\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\",\"name\":" \
	"\"one\",\"uid\":\"" UID "\",\"controller\":true}]}}"

static unsigned deletes_after(const char *refused)
{
	config_map = MW_LINE("ADDED", CONFIG_MAP);
	delete_refused = refused;
	begin(NULL);
	mw_run(20 * SEC);
	return mw_count("DELETE /api/v1/namespaces/ns/configmaps/one-config");
}

TEST(a_child_that_is_not_wanted_is_deleted_once)
{
	EXPECT_EQ(deletes_after(NULL), 1);
	EXPECT(only()->child[CHILD_CONFIG_MAP].going);
}

/* It stands there yet, and its watch has nothing to tell. */
TEST(a_conflict_of_versions_does_not_mean_that_it_is_gone)
{
	EXPECT_EQ(deletes_after("the object has been modified"), 2);
	EXPECT(only()->child[CHILD_CONFIG_MAP].going);
}

TEST(a_conflict_of_uids_means_that_it_is_gone)
{
	EXPECT_EQ(deletes_after("the UID in the precondition (a) does not "
	    "match the UID in record (b)"), 1);
	EXPECT(!only()->child[CHILD_CONFIG_MAP].exists);
}

/* ---- a finalizer ---- */

#define GOING "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\"," \
	"\"uid\":\"" UID "\",\"resourceVersion\":\"30\",\"generation\":2," \
	"\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"finalizers\":[" \
	"\"mcp.mcp.dev/finalizer\"]},\"spec\":{\"image\":\"x\"}}"

static const char *watch_going(const struct world_request *r,
    struct str path)
{
	(void)r;
	return str_ends(path, STR(SERVERS)) ? MW_LINE("ADDED", GOING) : "";
}

/* Its last finalizer gone, so is the object. */
static void serve_going(const struct world_request *r, struct str path)
{
	serve(r, path);
	if (str_is(r->method, "PATCH"))
		object_code = 404;
}

TEST(a_finalizer_is_taken_away_once_and_the_status_left_alone)
{
	mw.watch = watch_going;
	mw.serve = serve_going;
	object = GOING;
	object_code = 200;
	mw_begin(NULL);
	mw_run(5 * SEC);
	EXPECT_EQ(mw_count("PATCH /apis/mcp.mcp.dev/v1alpha1/namespaces/ns/"
	    "mcpservers/one"), 1);
	EXPECT_EQ(mw_count("one/status"), 0);
	EXPECT_EQ(mw.m->queue.retries, 0);
	/* Looked for is only what it may have. */
	EXPECT_EQ(mw_count("/deployments/one"), 1);
	EXPECT_EQ(mw_count("/roles/one-tenant"), 0);
}

#define OWNED_BY(uid, more) "{\"metadata\":{\"uid\":\"" CHILD_UID "\"," \
	"\"ownerReferences\":[{\"uid\":\"" uid "\",\"controller\":true}]" \
	more "}}"

static const char *unseen;	/* the Deployment, without its label */
static bool deletes;		/* and a DELETE is its end at once */

static void serve_unseen(const struct world_request *r, struct str path)
{
	bool hit = str_search(path, STR("/deployments/one")) < path.n;

	if (!hit || unseen == NULL) {
		serve_going(r, path);
		return;
	}
	world_reply(mw.w, r->peer, 200, NULL, unseen);
	if (str_is(r->method, "DELETE") && deletes)
		unseen = NULL;
}

static void begin_unseen(const char *deployment)
{
	mw.watch = watch_going;
	mw.serve = serve_unseen;
	unseen = deployment;
	deletes = true;
	stands = NULL;
	object = GOING;
	object_code = 200;
	mw_begin(NULL);
}

TEST(a_finalizer_waits_for_a_child_that_lost_its_label)
{
	begin_unseen(OWNED_BY(UID, ""));
	mw_run(SEC / 4);
	EXPECT_EQ(mw_count("DELETE /apis/apps/v1/namespaces/ns/deployments/"
	    "one"), 1);
	EXPECT_EQ(mw_count("PATCH "), 0);
	mw_run(SEC);
	EXPECT_EQ(mw_count("DELETE "), 1);
	EXPECT_EQ(mw_count("PATCH "), 1);
	EXPECT_EQ(mw.m->queue.retries, 0);
}

TEST(a_finalizer_waits_as_long_as_that_child_goes)
{
	begin_unseen(OWNED_BY(UID,
	    ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\""));
	mw_run(65 * SEC);
	EXPECT_EQ(mw_count("DELETE "), 0);
	EXPECT_EQ(mw_count("PATCH "), 0);
	EXPECT(mw_count("GET /apis/apps/v1/namespaces/ns/deployments/one") <
	    10);
	unseen = NULL;
	mw_run(11 * SEC);
	EXPECT_EQ(mw_count("PATCH "), 1);
}

TEST(a_finalizer_does_not_wait_for_what_is_anothers)
{
	begin_unseen(OWNED_BY(CHILD_UID, ""));
	mw_run(SEC);
	EXPECT_EQ(mw_count("DELETE "), 0);
	EXPECT_EQ(mw_count("PATCH "), 1);
}

/* Its status names a budget that no list has, and its Deployment is there. */
#define GOING_NAMED "{\"metadata\":{\"namespace\":\"ns\",\"name\":" \
	"\"one\",\"uid\":\"" UID "\",\"resourceVersion\":\"30\"," \
	"\"generation\":2,\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"," \
	"\"finalizers\":[\"mcp.mcp.dev/finalizer\"]},\"spec\":{\"image\":" \
	"\"x\"},\"status\":{\"resources\":[{\"kind\":" \
	"\"PodDisruptionBudget\",\"name\":\"one\"}]}}"
#define DEPLOYMENT "{\"metadata\":{\"namespace\":\"ns\",\"name\":" \
	"\"one\",\"uid\":\"3188f7f2-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"resourceVersion\":\"9\",\"generation\":1,\"labels\":{\"" \
	LABEL_KEY "\":\"m.one\"},\"ownerReferences\":[{\"apiVersion\":" \
	"\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\",\"name\":" \
	"\"one\",\"uid\":\"" UID "\",\"controller\":true}]}}"

static const char *watch_named(const struct world_request *r,
    struct str path)
{
	(void)r;
	return str_ends(path, STR(SERVERS)) ? MW_LINE("ADDED", GOING_NAMED) :
	    str_ends(path, STR("/deployments")) ?
	    MW_LINE("ADDED", DEPLOYMENT) : "";
}

static void serve_named(const struct world_request *r, struct str path)
{
	if (str_search(path, STR("/poddisruptionbudgets/")) == path.n) {
		bool held = hold;

		hold = false;
		serve(r, path);
		hold = held;
		return;
	}
	if (hold && str_is(r->method, "GET")) {
		waits = r->peer;
		return;
	}
	world_reply(mw.w, r->peer, unseen != NULL ? 200 : 404, NULL,
	    unseen != NULL ? unseen :
	    world_status(404, "NotFound", "not found"));
}

/* The status is all that tells of it, and the next one does not. */
TEST(what_only_the_status_names_is_waited_for_before_the_next_status)
{
	begin(NULL);
	mw.watch = watch_named;
	mw.serve = serve_named;
	object = GOING_NAMED;
	unseen = OWNED_BY(UID,
	    ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"");
	mw_run(25 * SEC);
	EXPECT_EQ(mw_count("DELETE /apis/apps/v1/namespaces/ns/deployments/"
	    "one"), 1);
	EXPECT(mw_count("GET /apis/policy/v1/namespaces/ns/"
	    "poddisruptionbudgets/one") > 1);
	EXPECT_EQ(mw_count("PATCH "), 0);
	unseen = NULL;
	mw_run(11 * SEC);
	EXPECT(mw_count("one/status") > 0);
	EXPECT_EQ(mw_count("one/status"), mw_count("PATCH "));
}

/* Nothing tells of its end any more when the status is made. */
TEST(a_child_that_goes_during_a_look_is_not_waited_for)
{
	begin(NULL);
	mw.watch = watch_named;
	mw.serve = serve_named;
	object = GOING_NAMED;
	unseen = OWNED_BY(UID,
	    ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"");
	mw_run(SEC);
	hold = true;
	mw_run(11 * SEC);
	REQUIRE(waits >= 0);
	mw_tell("/deployments", MW_LINE("DELETED", DEPLOYMENT));
	mw_run(SEC / 2);
	hold = false;
	unseen = NULL;
	world_reply(mw.w, waits, 404, NULL,
	    world_status(404, "NotFound", "not found"));
	mw_run(SEC);
	EXPECT(mw_count("PATCH ") > mw_count("one/status"));
}

/* ---- a child without its label that is not wanted any more ---- */

/* Its status names a ConfigMap that no list has. */
#define NAMES_MORE "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\"," \
	"\"uid\":\"" UID "\",\"resourceVersion\":\"20\"," \
	"\"generation\":1},\"spec\":{\"image\":\"x\"},\"status\":{" \
	"\"resources\":[{\"kind\":\"ConfigMap\",\"name\":\"one-config\"}]}}"
#define STRAY "/api/v1/namespaces/ns/configmaps/one-config"

static const char *watch_stray(const struct world_request *r,
    struct str path)
{
	(void)r;
	return str_ends(path, STR(SERVERS)) ? MW_LINE("ADDED", NAMES_MORE) :
	    "";
}

static void serve_stray(const struct world_request *r, struct str path)
{
	if (!str_ends(path, STR("/configmaps/one-config"))) {
		serve(r, path);
		return;
	}
	world_reply(mw.w, r->peer, unseen != NULL ? 200 : 404, NULL,
	    unseen != NULL ? unseen :
	    world_status(404, "NotFound", "not found"));
	if (str_is(r->method, "DELETE"))
		unseen = NULL;
}

static void begin_stray(const char *found)
{
	begin(NULL);
	mw.watch = watch_stray;
	mw.serve = serve_stray;
	object = NAMES_MORE;
	unseen = found;
	mw_run(10 * SEC);
}

TEST(a_child_without_its_label_is_found_and_deleted)
{
	begin_stray(OWNED_BY(UID, ""));
	EXPECT_EQ(mw_count("DELETE " STRAY), 1);
	EXPECT(mw_count("one/status") > 0);
	EXPECT_EQ(mw.m->queue.retries, 0);
}

TEST(what_is_anothers_under_a_childs_name_is_left)
{
	begin_stray(OWNED_BY(CHILD_UID, ""));
	EXPECT(mw_count("GET " STRAY) > 0);
	EXPECT_EQ(mw_count("DELETE " STRAY), 0);
	EXPECT(mw_count("one/status") > 0);
}

/* Its end is nothing that a status waits for. */
TEST(a_child_without_its_label_that_goes_is_not_waited_for)
{
	begin_stray(OWNED_BY(UID,
	    ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\""));
	EXPECT_EQ(mw_count("DELETE " STRAY), 0);
	EXPECT(mw_count("one/status") > 0);
}

/* It loses its label when its deletion is the next step. */
static void serve_stray_late(const struct world_request *r, struct str path)
{
	if (hold_apply && str_search(path, STR("/deployments/")) < path.n)
		waits = r->peer;
	else
		serve_stray(r, path);
}

TEST(a_child_that_is_lost_from_sight_before_it_is_deleted_is_looked_for)
{
	config_map = MW_LINE("ADDED", CONFIG_MAP);
	unseen = OWNED_BY(UID, "");
	begin(NULL);
	mw.serve = serve_stray_late;
	hold_apply = true;
	mw_run(SEC / 2);
	REQUIRE(waits >= 0);
	mw_tell("/configmaps", MW_LINE("DELETED", CONFIG_MAP));
	mw_run(SEC / 2);
	hold_apply = false;
	world_reply(mw.w, waits, 200, NULL, WRITTEN);
	mw_run(5 * SEC);
	EXPECT_EQ(mw_count("GET " STRAY), 2);
	EXPECT_EQ(mw_count("DELETE " STRAY), 1);
	EXPECT(unseen == NULL);
}

#define CONFIGURED(version, generation, config) \
	"{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\"," \
	"\"uid\":\"" UID "\",\"resourceVersion\":\"" version "\"," \
	"\"generation\":" generation "},\"spec\":{\"image\":\"x\"" \
	config "}}"
#define CONFIGURED_SERVERS "/mcp.allbeone.io/v1/mcpservers"
#define ITS_CONFIG "{\"metadata\":{\"namespace\":\"ns\"," \
	"\"name\":\"one-config\",\"uid\":\"" CHILD_UID "\"," \
	"\"resourceVersion\":\"95\",\"ownerReferences\":[{" \
	"\"apiVersion\":\"mcp.allbeone.io/v1\",\"kind\":\"MCPServer\"," \
	"\"name\":\"one\",\"uid\":\"" UID "\",\"controller\":true}]}}"

static const char *watch_configured(const struct world_request *r,
    struct str path)
{
	(void)r;
	return str_ends(path, STR(CONFIGURED_SERVERS)) ? MW_LINE("ADDED",
	    CONFIGURED("5", "1", ",\"config\":{\"a\":1}")) : "";
}

/* Its Deployment cannot be made, so that no status names its ConfigMap. */
static void serve_configured(const struct world_request *r, struct str path)
{
	if (str_search(path, STR("/deployments/")) < path.n && hold_apply)
		world_reply(mw.w, r->peer, 500, NULL, "{}");
	else if (str_is(r->method, "PATCH"))
		serve_child(r, path);
	else
		serve_stray(r, path);
}

TEST(a_child_of_a_plan_that_failed_is_looked_for)
{
	begin(NULL);
	mw.watch = watch_configured;
	mw.serve = serve_configured;
	hold_apply = true;
	unseen = OWNED_BY(UID, "");
	object = CONFIGURED("5", "1", ",\"config\":{\"a\":1}");
	mw_run(SEC);
	EXPECT(only()->failures > 0);
	EXPECT_EQ(mw_count("mcpservers/one/status"), 0);
	mw_tell("/configmaps", MW_LINE("DELETED", ITS_CONFIG));
	object = CONFIGURED("100", "2", "");
	mw_tell(CONFIGURED_SERVERS, MW_LINE("MODIFIED",
	    CONFIGURED("100", "2", "")));
	hold_apply = false;
	mw_run(20 * SEC);
	EXPECT_EQ(mw_count("DELETE " STRAY), 1);
	EXPECT(unseen == NULL);
}

/* ---- what does not fit ---- */

/* Many settings, and a patch, for which the template is read once more. */
static void serve_one(const struct world_request *r, struct str path)
{
	if (!mw_one_serve(r, path))
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"uid\":\"" CHILD_UID "\",\"resourceVersion\":\"7\"}}");
}

static const char *large(unsigned each)
{
	static char spec[400 << 10];
	struct buf b;
	unsigned i, n;

	buf_init(&b, spec, sizeof(spec) - 1);
	buf_cstr(&b, "{\"image\":\"x\",\"podTemplatePatch\":{\"spec\":{"
	    "\"hostname\":\"h\"}},\"env\":[");
	for (i = 0; i < 256; i++) {
		buf_fmt(&b, "%s{\"name\":\"N%u\",\"value\":\"", i > 0 ?
		    "," : "", i);
		for (n = 0; n < each; n++)
			buf_char(&b, 'v');
		buf_cstr(&b, "\"}");
	}
	buf_cstr(&b, "]}");
	REQUIRE(!b.over);
	spec[b.n] = '\0';
	return spec;
}

static void run_large(unsigned each)
{
	mw.watch = mw_one_watch;
	mw.serve = serve_one;
	mw_one_begin(large(each));
	mw_begin(NULL);
	mw_run(20 * SEC);
}

TEST(what_is_large_is_made)
{
	run_large(1000);
	EXPECT(mw_count("PATCH /apis/apps/v1/namespaces/ns/deploy") > 0);
	EXPECT(strstr(mw_one.status, "ObjectTooLarge") == NULL);
}

TEST(what_does_not_fit_is_told)
{
	run_large(1450);
	EXPECT_EQ(mw_count("PATCH /apis/apps/v1/namespaces/ns/deploy"), 0);
	EXPECT(strstr(mw_one.status, "\"ConfigurationValid\",\"status\":"
	    "\"False\",\"reason\":\"ObjectTooLarge\"") != NULL);
	EXPECT_EQ(mw_count("mcpservers/one/status"), 1);
}

/* ---- what cannot be read ---- */

TEST(a_server_that_cannot_be_read_is_tried_again)
{
	begin(NULL);
	mw_run(SEC / 2);
	object = "{\"metadata\":7}";
	mw_run(5 * SEC);
	EXPECT(mw.m->queue.retries > 0);
	EXPECT(!(only()->flags & RECORD_BUSY));
}
