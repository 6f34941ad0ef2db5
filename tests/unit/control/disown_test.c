#include <string.h>

#include "manager_world.h"

/* ---- whose fields become ours ---- */

static const struct gvr services = { "", "v1", "services", true };
static const struct gvr deployments = { "apps", "v1", "deployments", true };
static struct disown out;

static bool take(const struct gvr *gvr, const char *text)
{
	static struct json_tok tok[2048];
	static char mem[16384];
	struct json_doc doc;
	struct arena a;
	bool any;

	arena_init(&a, mem, sizeof(mem));
	memset(&out, 0, sizeof(out));
	REQUIRE(json_parse(&doc, guard_copy(text, strlen(text)), tok,
	    ARRAY_LEN(tok), NULL) == 0);
	any = disown(&doc, gvr, "mcp", &a, &out);
	EXPECT(!a.over);
	EXPECT(!any || json_scan(out.patch, NULL) == 0);
	return any;
}

#define OBJECT(entries) "{\"kind\":\"PartialObjectMetadata\"," \
	"\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":\"7\"," \
	"\"managedFields\":[" entries "]}}"
#define ENTRY(who, how, fields) "{\"manager\":\"" who "\"," \
	"\"operation\":\"" how "\",\"apiVersion\":\"v1\"," \
	"\"time\":\"2026-01-02T03:04:05Z\",\"fieldsType\":\"FieldsV1\"," \
	"\"fieldsV1\":" fields "}"
#define OURS(version, fields) "{\"manager\":\"mcp\"," \
	"\"operation\":\"Apply\",\"apiVersion\":\"" version "\"," \
	"\"fieldsType\":\"FieldsV1\",\"fieldsV1\":" fields "}"
#define PATCH(entries) "{\"metadata\":{\"uid\":\"u1\"," \
	"\"resourceVersion\":\"7\",\"managedFields\":[" entries "]}}"

TEST(what_another_added_becomes_ours)
{
	EXPECT(take(&services, OBJECT(
	    ENTRY("mcp", "Apply", "{\"f:metadata\":{\"f:labels\":{"
	    "\"f:app\":{}}},\"f:spec\":{\"f:ports\":{"
	    "\"k:{\\\"port\\\":80}\":{\".\":{},\"f:port\":{}}}}}") ","
	    ENTRY("edit", "Update", "{\"f:spec\":{\"f:ports\":{"
	    "\"k:{\\\"port\\\":81}\":{\".\":{},\"f:name\":{}},"
	    "\"k:{\\\"port\\\":80}\":{\"f:name\":{}}}}}"))));
	EXPECT_STR(out.patch, PATCH(OURS("v1",
	    "{\"f:metadata\":{\"f:labels\":{\"f:app\":{}}},\"f:spec\":{"
	    "\"f:ports\":{\"k:{\\\"port\\\":80}\":{\".\":{},\"f:port\":{},"
	    "\"f:name\":{}},\"k:{\\\"port\\\":81}\":{\".\":{},"
	    "\"f:name\":{}}}}}")));
	EXPECT_STR(str_from(out.whom), "edit");
}

TEST(metadata_and_what_subresources_wrote_stays_theirs)
{
	static const char scaler[] = "{\"manager\":\"hpa\","
	    "\"operation\":\"Update\",\"apiVersion\":\"apps/v1\","
	    "\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:spec\":{"
	    "\"f:replicas\":{}}},\"subresource\":\"scale\"}";
	char text[2048], want[2048];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, OBJECT("%s," ENTRY("edit", "Update", "{\"f:metadata\":{"
	    "\"f:annotations\":{\"f:a\":{}}},\"f:spec\":{\"f:x\":{}}}") ","
	    ENTRY("other", "Apply", "{\"f:spec\":{\"f:x\":{},"
	    "\"f:y\":{}}}") "," ENTRY("noter", "Update",
	    "{\"f:metadata\":{\"f:labels\":{\"f:b\":{}}}}")), scaler);
	buf_char(&b, '\0');
	EXPECT(take(&deployments, text));
	buf_init(&b, want, sizeof(want) - 1);
	buf_fmt(&b, PATCH("%s," ENTRY("edit", "Update", "{\"f:metadata\":{"
	    "\"f:annotations\":{\"f:a\":{}}}}") "," ENTRY("noter", "Update",
	    "{\"f:metadata\":{\"f:labels\":{\"f:b\":{}}}}") ","
	    OURS("apps/v1", "{\"f:spec\":{\"f:x\":{},\"f:y\":{}}}")),
	    scaler);
	buf_char(&b, '\0');
	EXPECT_STR(out.patch, want);
	EXPECT_STR(str_from(out.whom), "edit, other");
}

TEST(where_nobody_added_there_is_nothing_to_take)
{
	static const char *const all[] = {
		"{}", "[]", "{\"metadata\":3}", OBJECT(""),
		OBJECT(ENTRY("mcp", "Apply", "{\"f:spec\":{}}")),
		OBJECT(ENTRY("edit", "Update", "{\"f:metadata\":{}}")),
		OBJECT(ENTRY("edit", "Update", "3")), OBJECT("7"),
		OBJECT("{\"manager\":\"x\",\"subresource\":\"status\","
		    "\"fieldsV1\":{\"f:status\":{}}}"),
		"{\"metadata\":{\"uid\":\"u1\",\"managedFields\":["
		    ENTRY("edit", "Update", "{\"f:spec\":{}}") "]}}",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++)
		EXPECT(!take(&services, all[i]));
}

/* More than there is room for stay: the next time has the rest. */
TEST(very_many_managers_are_taken_some_at_a_time)
{
	static char text[16384];
	struct buf b;
	unsigned i, left = 0;

	buf_init(&b, text, sizeof(text) - 1);
	buf_cstr(&b, "{\"metadata\":{\"uid\":\"u1\",\"resourceVersion\":"
	    "\"7\",\"managedFields\":[");
	for (i = 0; i < DISOWN_SETS_MAX + 4; i++)
		buf_fmt(&b, "%s{\"manager\":\"m%u\",\"operation\":"
		    "\"Update\",\"fieldsV1\":{\"f:spec\":{\"f:x%u\":{}}}}",
		    i ? "," : "", i, i);
	buf_cstr(&b, "]}}");
	buf_char(&b, '\0');
	EXPECT(take(&services, text));
	for (i = 0; i < DISOWN_SETS_MAX + 4; i++) {
		char name[16];
		struct buf n;

		buf_init(&n, name, sizeof(name));
		buf_fmt(&n, "\"m%u\"", i);
		left += str_search(out.patch, buf_view(&n)) < out.patch.n;
	}
	EXPECT_EQ(left, 5);
	EXPECT(strlen(out.whom) > 100);
}

/* ---- a job that does so ---- */

#define UID "1188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define CHILD_UID "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define SERVER "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\",\"metadata\":{\"name\":\"one\"," \
	"\"namespace\":\"ns\",\"generation\":1,\"resourceVersion\":\"5\"," \
	"\"uid\":\"" UID "\"},\"spec\":{\"image\":\"x\",\"config\":{" \
	"\"a\":1},\"replicas\":0}}"
#define SHOWN_SERVER "{\"apiVersion\":\"mcp.allbeone.io/v1\"," \
	"\"kind\":\"MCPServer\",\"metadata\":{\"name\":\"one\"," \
	"\"namespace\":\"ns\",\"generation\":1,\"resourceVersion\":\"5\"," \
	"\"uid\":\"" UID "\"},\"spec\":{\"image\":\"x\",\"replicas\":0," \
	"\"monitoring\":{\"enabled\":true,\"dashboard\":{\"enabled\":true}}}}"
#define SHOWN_OWNER ",\"ownerReferences\":[{\"apiVersion\":" \
	"\"mcp.allbeone.io/v1\",\"kind\":\"MCPServer\",\"name\":\"one\"," \
	"\"controller\":true,\"uid\":\"" UID "\"}]"
#define FIELDS ",\"managedFields\":[" ENTRY("edit", "Update", \
	"{\"f:spec\":{\"f:x\":{}}}") "]"
#define OWNER ",\"ownerReferences\":[{\"apiVersion\":" \
	"\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\",\"name\":\"one\"," \
	"\"controller\":true,\"uid\":\"" UID "\"}]"
#define INVALID "{\"kind\":\"Status\",\"status\":\"Failure\"," \
	"\"code\":422,\"reason\":\"Invalid\",\"message\":\"%s: %s\"," \
	"\"details\":{\"causes\":[{\"field\":\"%s\"}]}}"

static const char *server = SERVER, *group = "mcp.mcp.dev/v1alpha1";

/* The child that is edited, and how the API server stands to that. */
static struct {
	const char *path;
	const char *field, *message;	/* of the refusal */
	const char *more;	/* what its metadata has besides */
	int trial;		/* code of the answer to a dry run */
	int take;		/* ... to the patch; 0: 200 */
	bool edited;		/* ... and its fields are not ours yet */
	bool body_fails;	/* nor would that help */
	unsigned version;
	unsigned tries, takes, applies, reads, deletes;
	char digest[17];
} it;

static const char *invalid(const char *field, const char *message)
{
	static char text[512];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, INVALID, field, message, field);
	text[b.n] = '\0';
	return text;
}

static const char *child(const char *digest)
{
	static char text[2048];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns\","
	    "\"uid\":\"" CHILD_UID "\",\"resourceVersion\":\"%u\","
	    "\"generation\":%u,\"annotations\":{\"" NOTE_DIGEST "\":\"%s\"}"
	    "%s}}", strrchr(it.path, '/') + 1, it.version,
	    it.version, digest, it.more);
	text[b.n] = '\0';
	return text;
}

static struct str digest_of(struct str body)
{
	size_t at = str_search(body, STR(NOTE_DIGEST "\":\"")) +
	    sizeof(NOTE_DIGEST "\":\"") - 1;

	return str_sub(body, at, at + 16);
}

static const char *echo(const struct world_request *r)
{
	char digest[17];

	text_set(digest, sizeof(digest), digest_of(r->body));
	it.version++;
	return child(digest);
}

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	static char line[1024];

	if (str_search(path, str_from(group)) == path.n)
		return "";
	cut_fmt(line, sizeof(line), "{\"type\":\"ADDED\",\"object\":%s}\n",
	    server);
	return line;
}

static void serve_child(const struct world_request *r)
{
	if (str_is(r->method, "GET")) {
		it.reads++;
		world_reply(mw.w, r->peer, 200, NULL, child(it.digest));
	} else if (str_is(r->method, "DELETE")) {
		it.deletes++;
		it.edited = false;
		world_reply(mw.w, r->peer, 200, NULL, "{}");
	} else if (str_search(r->body, STR("managedFields")) < r->body.n) {
		it.takes++;
		if (it.take) {
			world_reply(mw.w, r->peer, it.take, NULL,
			    world_status(it.take, "Forbidden", "a policy"));
			return;
		}
		it.edited = it.body_fails;
		it.version++;
		world_reply(mw.w, r->peer, 200, NULL, child(it.digest));
	} else {
		it.applies++;
		text_set(it.digest, sizeof(it.digest), digest_of(r->body));
		world_reply(mw.w, r->peer, it.edited ? 422 : 200, NULL,
		    it.edited ? invalid(it.field, it.message) : echo(r));
	}
}

static void serve(const struct world_request *r, struct str path)
{
	if (str_search(r->path, STR("dryRun=All")) < r->path.n) {
		EXPECT_STR(r->method, "POST");
		it.tries++;
		world_reply(mw.w, r->peer, it.trial, NULL, it.trial == 409 ?
		    world_status(409, "AlreadyExists", "exists") :
		    invalid("spec", "ours alone"));
	} else if (str_ends(path, str_from(it.path))) {
		serve_child(r);
	} else {
		world_reply(mw.w, r->peer, 200, NULL,
		    str_is(r->method, "GET") ? server : echo(r));
	}
}

/* Settles, then somebody edits the child in a way that is refused. */
static void run_edit(const char *path, const char *list)
{
	static const char *const args[] = { "--log-level=warn", NULL };
	static char line[2048];
	struct buf b;

	mw.watch = watch;
	mw.serve = serve;
	it.path = path;
	if (it.field == NULL) {
		it.field = "spec.x";
		it.message = "two of one name";
	}
	if (it.more == NULL)
		it.more = OWNER FIELDS;
	if (it.trial == 0)
		it.trial = 409;
	it.version = 10;
	mw_begin(args);
	mw_run(10 * SEC);
	EXPECT_EQ(it.applies, 1);
	it.applies = 0;
	it.edited = true;
	it.version += 10;
	mw_forget();
	buf_init(&b, line, sizeof(line) - 1);
	buf_fmt(&b, "{\"type\":\"MODIFIED\",\"object\":%s}\n",
	    child(it.digest));
	line[b.n] = '\0';
	mw_tell(list, line);
	mw_run(100 * MS);
}

#define SERVICE "/services/one", "/api/v1/services"
#define DEPLOYMENT "/deployments/one", "/apis/apps/v1/deployments"

TEST(an_edit_that_refuses_every_apply_is_taken_out)
{
	run_edit(SERVICE);
	EXPECT_EQ(it.applies, 2);
	EXPECT_EQ(it.takes, 1);
	EXPECT_EQ(it.tries, 0);
	mw_run(600 * SEC);
	EXPECT_EQ(it.applies, 2);
	/* Only for the version of our own last write. */
	EXPECT(mw_count("/status") <= 1);
	EXPECT_EQ(mw_count("POST /api/v1/namespaces/ns/events"), 1);
}

TEST(a_deployment_is_tried_alone_first)
{
	run_edit(DEPLOYMENT);
	EXPECT_EQ(it.tries, 1);
	EXPECT_EQ(it.takes, 1);
	EXPECT_EQ(it.applies, 2);
}

TEST(for_a_mistake_of_our_own_nothing_is_taken)
{
	it.trial = 422;
	run_edit(DEPLOYMENT);
	EXPECT_EQ(it.tries, 1);
	EXPECT_EQ(it.takes, 0);
	EXPECT_EQ(it.applies, 1);
	EXPECT(mw_count("/status") > 0);
}

/* An API server that is busy has not said that ours alone is valid. */
TEST(a_trial_that_failed_proves_nothing)
{
	it.trial = 500;
	run_edit(DEPLOYMENT);
	EXPECT(it.tries > 0);
	EXPECT_EQ(it.takes, 0);
	it.trial = 409;
	mw_run(60 * SEC);
	EXPECT_EQ(it.takes, 1);
}

TEST(where_the_managers_may_not_be_written_the_refusal_is_told)
{
	it.take = 403;
	run_edit(SERVICE);
	EXPECT_EQ(it.takes, 1);
	EXPECT_EQ(it.applies, 1);
	EXPECT(mw_count("/status") > 0);
}

TEST(for_what_no_addition_explains_nothing_is_taken)
{
	static const char *const rows[][2] = {
		{ "spec.ports[0].nodePort", "provided port is already "
		  "allocated" },
		{ "spec.loadBalancerClass", "may not change once set" },
		{ "", "admission webhook x denied the request: no" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		memset(&it, 0, sizeof(it));
		it.field = rows[i][0];
		it.message = rows[i][1];
		run_edit(SERVICE);
		EXPECT_EQ(it.reads, 0);
		EXPECT_EQ(it.takes, 0);
		EXPECT(mw_count("/status") > 0);
	}
}

TEST(what_goes_on_to_be_refused_is_taken_once)
{
	it.body_fails = true;
	run_edit(SERVICE);
	EXPECT_EQ(it.takes, 1);
	EXPECT_EQ(it.applies, 2);
	EXPECT(mw_count("/status") > 0);
}

TEST(where_nobody_added_the_refusal_is_told)
{
	struct str log;
	size_t at;

	it.more = OWNER;
	run_edit(SERVICE);
	EXPECT_EQ(it.reads, 1);
	EXPECT_EQ(it.takes, 0);
	EXPECT_EQ(it.applies, 1);
	EXPECT(mw_count("/status") > 0);
	/* With the code of the refusal, not of the look that followed. */
	log = fake_std(&mw.w->io, 2);
	at = str_search(log, STR("child refused"));
	EXPECT(str_search(str_sub(log, at, log.n), STR("\"code\":422")) <
	    log.n - at);
}

TEST(what_goes_is_not_mended)
{
	it.more = OWNER FIELDS
	    ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"";
	run_edit(SERVICE);
	EXPECT_EQ(it.reads, 1);
	EXPECT_EQ(it.takes, 0);
}

TEST(a_config_map_that_was_made_immutable_is_made_anew)
{
	it.field = "data";
	it.message = "field is immutable when `immutable` is set";
	run_edit("/configmaps/one-config", "/api/v1/configmaps");
	EXPECT_EQ(it.deletes, 1);
	EXPECT_EQ(it.takes, 0);
	mw_run(2 * SEC);
	EXPECT_EQ(it.applies, 2);
}

TEST(so_is_a_dashboard)
{
	server = SHOWN_SERVER;
	group = "mcp.allbeone.io/v1/";
	it.field = "data";
	it.message = "field is immutable when `immutable` is set";
	it.more = SHOWN_OWNER FIELDS;
	run_edit("/configmaps/one-dashboard", "/api/v1/configmaps");
	EXPECT_EQ(it.deletes, 1);
	EXPECT_EQ(it.takes, 0);
	mw_run(2 * SEC);
	EXPECT_EQ(it.applies, 2);
}
