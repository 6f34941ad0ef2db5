#include <string.h>

#include "check.h"
#include "manager_world.h"

#define SERVERS "mcp.allbeone.io/v1/mcpservers"
#define PREFIX "tenant.mcp.allbeone.io/"
#define TENANT(labels) "{\"image\":\"x\",\"replicas\":0,\"transport\":{" \
	"\"type\":\"stdio\"},\"tenancy\":{\"tenantId\":\"t\"," \
	"\"isolationLevel\":\"None\",\"namespaceLabels\":{" labels "}}}"

/* ---- what is asked for ---- */

static char arena_mem[1 << 18], more_mem[1 << 16], tight_mem[1 << 15];
static struct arena arena, more;
static struct json_tok tok[4096];
static struct server server;
static struct ns_labels want;
static struct record record;

static void read_server(const char *spec, const char *status)
{
	struct json_doc doc;
	struct buf b;

	arena_init(&arena, arena_mem, sizeof(arena_mem));
	arena_init(&more, more_mem, sizeof(more_mem));
	b = arena_buf(&more);
	buf_fmt(&b, "{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\","
	    "\"uid\":\"u\"},\"spec\":%s,\"status\":%s}", spec, status);
	REQUIRE(json_parse(&doc, arena_keep(&more, &b), tok, ARRAY_LEN(tok),
	    NULL) == 0);
	REQUIRE(server_decode(GROUP_ALLBEONE, &doc, JSON_ROOT, &arena,
	    &server, NULL) == 0);
}

static void ask(const char *keys, const char *spec, const char *status)
{
	struct label_rule rule = { keys != NULL, STR_NONE };

	if (keys != NULL)
		rule.keys = str_from(keys);
	read_server(spec, status);
	REQUIRE(labels_wanted(&server, &rule, &arena, &want) == 0);
}

TEST(only_allowed_keys_are_set)
{
	static const char spec[] = TENANT("\"" PREFIX "a\":\"1\",\"team\":"
	    "\"2\",\"teams\":\"3\",\"" PREFIX "b\":\"\"");

	ask(PREFIX ", team", spec, "{}");
	EXPECT_EQ(want.set.n, 3);
	EXPECT_EQ(want.status, COND_FALSE);
	EXPECT_STR(str_from(want.reason), "KeyNotAllowed");
	EXPECT_STR(want.message, PREFIX "a=1, team=2, " PREFIX "b=; the "
	    "operator's --namespace-label-keys does not allow teams");
	ask("team,teams," PREFIX, spec, "{}");
	EXPECT_EQ(want.set.n, 4);
	EXPECT_STR(str_from(want.reason), "Labelled");
	EXPECT_EQ(want.status, COND_TRUE);
	ask("", spec, "{}");
	EXPECT_EQ(want.set.n, 0);
	EXPECT_STR(want.message, "the operator's --namespace-label-keys does "
	    "not allow " PREFIX "a, team, teams, " PREFIX "b");
	EXPECT(!labels_due(&server, &record, &want));
	/* Whatever the flag says. */
	ask("x.kubernetes.io/", TENANT("\"x.kubernetes.io/a\":\"1\""), "{}");
	EXPECT_EQ(want.set.n, 0);
}

TEST(who_asks_for_none_gets_none)
{
	ask(PREFIX, "{\"image\":\"x\"}", "{}");
	EXPECT(want.reason == NULL && !labels_due(&server, &record, &want));
	ask(PREFIX, TENANT(""), "{}");
	EXPECT(want.reason == NULL);
	ask(NULL, TENANT("\"" PREFIX "a\":\"1\""), "{}");
	EXPECT(want.reason == NULL);
	EXPECT(!labels_left(&server, &record));
}

#define TOLD(status, reason, message) "{\"conditions\":[{\"type\":" \
	"\"NamespaceLabelled\",\"status\":\"" status "\",\"reason\":\"" \
	reason "\",\"message\":\"" message "\"}]}"

TEST(the_status_tells_what_was_set)
{
	static const char spec[] = TENANT("\"" PREFIX "a\":\"1\"");

	ask(PREFIX, spec, "{}");
	EXPECT(labels_due(&server, &record, &want));
	ask(PREFIX, spec, TOLD("True", "Labelled", PREFIX "a=1"));
	EXPECT(!labels_due(&server, &record, &want));
	EXPECT(labels_left(&server, &record));
	ask(PREFIX, spec, TOLD("True", "Labelled", PREFIX "a=2"));
	EXPECT(labels_due(&server, &record, &want));
	ask(PREFIX, spec, TOLD("False", "NotPermitted", "no"));
	EXPECT(labels_due(&server, &record, &want));
	ask(PREFIX, "{\"image\":\"x\"}", TOLD("True", "Labelled", "a=2"));
	EXPECT(labels_due(&server, &record, &want));
}

/* What a job that was held back on its way there has left undone. */
static struct str told(const char *status, bool announce)
{
	static struct verdict verdict;
	struct judge_in in = {
		.server = &server, .record = &record, .announce = announce,
		.made = UINT32_MAX, .allowed = UINT32_MAX,
		.labels = { true, STR(PREFIX) }
	};
	const struct condition *c;

	read_server(TENANT("\"" PREFIX "a\":\"1\""), status);
	judge(&in, &arena, &verdict);
	c = cond_get(&verdict.conditions, LABELS_CONDITION);
	return c != NULL ? c->reason : STR_NONE;
}

TEST(nobody_says_that_it_was_done_who_has_not_done_it)
{
	EXPECT_STR(told("{}", false), "");
	EXPECT_STR(told("{}", true), "Pending");
	EXPECT_STR(told(TOLD("True", "Labelled", PREFIX "a=2"), true),
	    "Pending");
	EXPECT_STR(told(TOLD("Unknown", "Pending", PREFIX "a=1"), false),
	    "Pending");
	EXPECT_STR(told(TOLD("True", "Labelled", PREFIX "a=2"), false),
	    "Labelled");
	record.labelled = LABELS_UNSURE;
	EXPECT_STR(told("{}", false), "");
	ask(PREFIX, TENANT("\"" PREFIX "a\":\"1\""), "{}");
	record.labelled = labels_mark(&want);
	EXPECT_STR(told("{}", false), "Labelled");
	record.labelled = 0;
}

TEST(labels_need_room)
{
	struct label_rule rule = { true, STR(PREFIX) };
	struct arena tight;
	bool fits = false;
	size_t cap;

	read_server(TENANT("\"" PREFIX "a\":\"1\",\"b\":\"2\""), "{}");
	for (cap = 0; cap < sizeof(tight_mem); cap += 41) {
		int err;

		arena_init(&tight, tight_mem, cap);
		err = labels_wanted(&server, &rule, &tight, &want);
		EXPECT(err == (fits ? 0 : ERR_FULL) || (err == 0 && !fits));
		EXPECT(err == 0 || want.reason == NULL);
		fits = fits || err == 0;
	}
	EXPECT(fits);
}

/* ---- setting them ---- */

static struct {
	const char *spec, *meta;
	unsigned version, generation;
	char status[16384];
	uint16_t code;		/* what labels are answered with; 0: well */
	uint16_t space;		/* and who asks for their namespace */
	const char *why;
	char body[1024];	/* of the last labels */
	unsigned released;
	bool mute;		/* a status cannot be written */
	bool met;		/* there is a Deployment of that name */
	bool broken;		/* and it is refused */
} it;

static const char *object(void)
{
	static char text[sizeof(it.status) + 2048];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\","
	    "\"uid\":\"" MW_UID "\",\"resourceVersion\":\"%u\","
	    "\"generation\":%u%s},\"spec\":%s,\"status\":%s}", it.version,
	    it.generation, it.meta, it.spec, it.status);
	REQUIRE(!b.over);
	text[b.n] = '\0';
	return text;
}

static const char *line(const char *type)
{
	static char text[sizeof(it.status) + 4096];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_fmt(&b, "{\"type\":\"%s\",\"object\":%s}\n", type, object());
	text[b.n] = '\0';
	return text;
}

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	return str_ends(path, STR(SERVERS)) ? line("ADDED") : "";
}

#define SPACE_UID "3188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define SPACE "{\"metadata\":{\"name\":\"ns\",\"uid\":\"" SPACE_UID "\"}}"

static void labels_take(const struct world_request *r)
{
	if (str_is(r->method, "GET")) {
		world_reply(mw.w, r->peer, it.space ? it.space : 200, NULL,
		    it.space ? world_status(it.space, "", "no") : SPACE);
		return;
	}
	EXPECT_STR(r->method, "PATCH");
	EXPECT(str_search(r->path, STR("force")) == r->path.n);
	EXPECT(str_search(r->path, STR("fieldManager=mcp-operator%2Ftenant%2F"
	    "a.one")) < r->path.n);
	text_set(it.body, sizeof(it.body), r->body);
	if (it.code == 0)
		world_reply(mw.w, r->peer, 200, NULL, "{}");
	else
		world_reply(mw.w, r->peer, it.code, NULL, it.why);
}

#define MET_UID "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"

static void met(const struct world_request *r)
{
	if (str_is(r->method, "GET") ||
	    str_search(r->body, STR(MET_UID)) < r->body.n)
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"name\":\"one\",\"namespace\":\"ns\",\"uid\":\""
		    MET_UID "\",\"resourceVersion\":\"8\",\"labels\":{\""
		    LABEL_KEY "\":\"a.one\"}}}");
	else
		world_reply(mw.w, r->peer, 409, NULL, world_status(409,
		    "Conflict", "the object has been modified"));
}

/* Who has a say in it, where there is somebody. */
static const char *word;

static void serve(const struct world_request *r, struct str path)
{
	size_t at = str_search(r->body, STR("\"status\":")) + 9;

	if (!str_starts(path, STR("/api"))) {
		world_reply(mw.w, r->peer, 200, NULL, word);
		return;
	}
	if (str_ends(path, STR("/api/v1/namespaces/ns"))) {
		labels_take(r);
		return;
	}
	if (it.met && str_ends(path, STR("/deployments/one"))) {
		met(r);
		return;
	}
	if (it.broken && str_ends(path, STR("/deployments/one"))) {
		world_reply(mw.w, r->peer, 422, NULL, world_status(422,
		    "Invalid", "no"));
		return;
	}
	if (it.mute && str_ends(path, STR("mcpservers/one/status"))) {
		world_reply(mw.w, r->peer, 500, NULL, world_status(500,
		    "InternalError", "etcd is away"));
		return;
	}
	if (str_ends(path, STR("mcpservers/one/status"))) {
		REQUIRE(at < r->body.n);
		text_set(it.status, sizeof(it.status),
		    str_sub(r->body, at, r->body.n - 1));
		it.version++;
	} else if (str_search(r->body, STR("finalizers")) < r->body.n) {
		it.released++;
		mw_tell(SERVERS, line("DELETED"));
	} else if (str_search(path, STR("mcpservers/one")) == path.n &&
	    str_is(r->method, "GET")) {
		world_reply(mw.w, r->peer, 404, NULL, world_status(404,
		    "NotFound", "no"));
		return;
	}
	world_reply(mw.w, r->peer, 200, NULL, object());
}

static void begin(const char *const *args)
{
	mw.watch = watch;
	mw.serve = serve;
	mw_begin(args);
	mw_run(10 * SEC);
}

static void run(const char *spec)
{
	it.spec = spec;
	it.meta = "";
	it.version = 1000;
	it.generation = 1;
	text_set(it.status, sizeof(it.status), STR("{}"));
	begin(NULL);
}

static void tell(const char *spec)
{
	it.spec = spec;
	it.version++;
	it.generation++;
	mw_forget();
	mw_tell(SERVERS, line("MODIFIED"));
	mw_run(10 * SEC);
}

static bool says(const char *text)
{
	return str_search(str_from(it.status), str_from(text)) <
	    strlen(it.status);
}

static const char labelled[] = TENANT("\"" PREFIX "a\":\"1\"");
static const char plain[] = TENANT("");

TEST(labels_are_set_once)
{
	run(labelled);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
	EXPECT_STR(str_from(it.body), "{\"apiVersion\":\"v1\",\"kind\":"
	    "\"Namespace\",\"metadata\":{\"name\":\"ns\",\"uid\":\"" SPACE_UID
	    "\",\"labels\":{\""
	    PREFIX "a\":\"1\"}}}");
	EXPECT(says("\"reason\":\"Labelled\",\"message\":\"" PREFIX "a=1\""));
	tell(TENANT("\"" PREFIX "a\":\"2\""));
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
	EXPECT(says(PREFIX "a=2"));
	/* Another change of the server is none of the labels. */
	it.meta = ",\"labels\":{\"a\":\"b\"}";
	tell(it.spec);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 0);
	EXPECT(says("\"Labelled\""));
}

static void files(struct fake_io *f)
{
	mw_hook_files(f, MW_HOOKS(MW_HOOK("v", "Validator", "")));
}

/* Though nothing else is to be written. */
TEST(labels_are_shown_to_who_has_a_say_in_them)
{
	static const char *const flags[] = { "--extensions=/ext", NULL };

	mw.before = files;
	it.spec = plain;
	it.meta = "";
	it.version = 1000;
	it.generation = 1;
	text_set(it.status, sizeof(it.status), STR("{}"));
	mw.watch = watch;
	mw.serve = serve;
	word = "{\"allowed\":true}";
	mw_begin(flags);
	mw_hooks_plain();
	mw_run(10 * SEC);
	word = "{\"allowed\":false,\"message\":\"not this one\"}";
	tell(labelled);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 0);
	EXPECT(says("not this one"));
	word = "{\"allowed\":true}";
	mw_run(120 * SEC);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
	EXPECT(says("\"Labelled\""));
}

/* What is planned once more, as what was found asks for, has them, too. */
TEST(labels_outlive_a_second_plan)
{
	it.met = true;
	run(labelled);
	it.met = false;
	EXPECT(mw_count("/deployments/one") >= 3);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
	EXPECT(str_search(str_from(it.body), STR("\"" PREFIX "a\":\"1\"")) <
	    strlen(it.body));
}

TEST(a_restart_sets_none_again)
{
	run(labelled);
	EXPECT(says("\"Labelled\""));
	begin(NULL);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 0);
}

TEST(they_are_given_back)
{
	run(labelled);
	tell(plain);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
	EXPECT_STR(str_from(it.body), "{\"apiVersion\":\"v1\",\"kind\":"
	    "\"Namespace\",\"metadata\":{\"name\":\"ns\",\"uid\":\"" SPACE_UID
	    "\"}}");
	EXPECT(!says("NamespaceLabelled"));
}

TEST(so_they_are_where_tenancy_is_switched_off)
{
	static const char *const off[] = {
		"--enable-multi-tenancy=false", NULL
	};

	run(labelled);
	begin(off);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
	EXPECT(!says("NamespaceLabelled"));
}

static void refuse(uint16_t code, const char *why)
{
	it.code = code;
	it.why = why;
}

#define FORBIDDEN world_status(403, "Forbidden", "u cannot patch resource")

TEST(who_may_not_is_told_and_tries_again)
{
	refuse(403, FORBIDDEN);
	run(labelled);
	EXPECT(says("\"status\":\"False\",\"reason\":\"NotPermitted\""));
	EXPECT(mw_count("/api/v1/namespaces/ns?") > 1);
	/* Of what is to be set, and of what came of it. */
	EXPECT_EQ(mw_count("mcpservers/one/status"), 2);
	refuse(0, NULL);
	mw_run(60 * SEC);
	EXPECT(says("\"Labelled\""));
	/* Nobody gives back what was never set. */
	run(labelled);
	refuse(403, FORBIDDEN);
	tell(TENANT("\"" PREFIX "a\":\"3\""));
	EXPECT(says("\"NotPermitted\""));
	tell(plain);
	EXPECT(!says("NamespaceLabelled"));
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
}

/* An apply would make it anew. */
TEST(a_namespace_that_has_gone_is_not_written_to)
{
	it.space = 404;
	run(labelled);
	EXPECT(mw_count("/api/v1/namespaces/ns") > 0);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 0);
	EXPECT(says("\"Pending\""));
	it.space = 0;
	mw_run(60 * SEC);
	EXPECT(says("\"Labelled\""));
	it.space = 404;
	tell(plain);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 0);
	EXPECT(!says("NamespaceLabelled"));
	it.space = 0;
	/* Nor is another one of its name. */
	refuse(409, world_status(409, "Conflict", "Precondition failed: UID "
	    "in precondition: a, UID in object meta: b"));
	run(labelled);
	EXPECT(says("\"Pending\""));
	refuse(0, NULL);
}

TEST(what_cannot_be_given_back_is_told)
{
	run(labelled);
	refuse(403, FORBIDDEN);
	tell(plain);
	EXPECT(says("\"NotGivenBack\""));
	refuse(0, NULL);
	mw_run(60 * SEC);
	EXPECT(!says("NamespaceLabelled"));
}

TEST(a_label_of_somebody_else_stays)
{
	refuse(409, "{\"kind\":\"Status\",\"reason\":\"Conflict\",\"message\":"
	    "\"Apply failed with 1 conflict\",\"details\":{\"causes\":[{"
	    "\"reason\":\"FieldManagerConflict\",\"field\":\"x\"}]}}");
	run(labelled);
	EXPECT(says("\"reason\":\"LabelTaken\""));
	EXPECT(says("Apply failed with 1 conflict"));
}

TEST(a_failure_that_passes_is_not_told)
{
	refuse(500, world_status(500, "InternalError", "etcd is away"));
	run(labelled);
	EXPECT(says("\"status\":\"Unknown\",\"reason\":\"Pending\""));
	refuse(0, NULL);
	mw_run(60 * SEC);
	EXPECT(says("\"Labelled\""));
}

/* Nobody sets what no status tells of. */
TEST(labels_are_told_before_they_are_set)
{
	refuse(500, world_status(500, "InternalError", "etcd is away"));
	run(labelled);
	EXPECT(says("\"Pending\""));
	/* Whether they were is not known, so they are given back. */
	refuse(0, NULL);
	it.spec = plain;
	it.generation++;
	begin(NULL);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
	EXPECT(!says("NamespaceLabelled"));
}

/* So it is with each change of them, and where they are given back. */
static void changes_unseen(const char *spec)
{
	run(labelled);
	it.mute = true;
	tell(spec);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 0);
	EXPECT(says("\"Labelled\""));
	it.mute = false;
	refuse(500, world_status(500, "InternalError", "etcd is away"));
	mw_run(60 * SEC);
	EXPECT(mw_count("/api/v1/namespaces/ns?") > 0);
	EXPECT(says("\"status\":\"Unknown\",\"reason\":\"Pending\""));
	refuse(0, NULL);
	/* It may have been done. */
	it.spec = labelled;
	it.generation++;
	it.version++;
	begin(NULL);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
	EXPECT(str_search(str_from(it.body), STR("\"" PREFIX "a\":\"1\"")) <
	    strlen(it.body));
	EXPECT(says("\"reason\":\"Labelled\",\"message\":\"" PREFIX
	    "a=1\""));
}

TEST(a_change_of_labels_is_told_before_it_is_made)
{
	changes_unseen(TENANT("\"" PREFIX "a\":\"2\""));
	changes_unseen(plain);
}

/* What was told is done at once, whatever else is tried again when. */
TEST(labels_do_not_wait_for_a_child_that_is_refused)
{
	it.broken = true;
	run(plain);
	mw_run(900 * SEC);
	tell(labelled);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
	EXPECT(says("\"Labelled\""));
	mw_run(900 * SEC);
	tell(plain);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
	EXPECT(!says("NamespaceLabelled"));
	it.broken = false;
}

/* There is nothing to give back, and maybe no right to. */
TEST(labels_that_were_not_allowed_are_not_given_back)
{
	run(TENANT("\"team\":\"1\""));
	EXPECT(says("\"KeyNotAllowed\""));
	tell(TENANT("\"group\":\"1\""));
	EXPECT(says("does not allow group"));
	tell(plain);
	EXPECT(!says("NamespaceLabelled"));
	EXPECT_EQ(mw_count("GET /api/v1/namespaces/ns"), 0);
	/* Nor after a restart. */
	run(TENANT("\"team\":\"1\""));
	it.spec = plain;
	it.generation++;
	begin(NULL);
	EXPECT(!says("NamespaceLabelled"));
	EXPECT_EQ(mw_count("GET /api/v1/namespaces/ns"), 0);
	/* But one that was set beside it. */
	run(TENANT("\"team\":\"1\",\"" PREFIX "a\":\"1\""));
	it.spec = plain;
	it.generation++;
	begin(NULL);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
	EXPECT(!says("NamespaceLabelled"));
}

/* Its spec is refused: the last good one's labels stay, and are known. */
TEST(a_bad_spec_changes_no_label)
{
	run(labelled);
	tell(TENANT("\"a b\":\"1\""));
	EXPECT(says("\"InvalidSpec\""));
	EXPECT(says("\"Labelled\""));
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 0);
	tell(plain);
	EXPECT_EQ(mw_count("/api/v1/namespaces/ns?"), 1);
}

/* A server that goes is met by an operator that starts. */
static void end(uint16_t code)
{
	run(labelled);
	it.meta = ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\","
	    "\"finalizers\":[\"mcp.allbeone.io/finalizer\"]";
	if (code)
		refuse(code, FORBIDDEN);
	begin(NULL);
}

TEST(who_goes_gives_back_what_it_was_given)
{
	end(0);
	EXPECT_EQ(it.released, 1);
	EXPECT(str_search(str_from(it.body), STR("\"labels\"")) ==
	    strlen(it.body));
}

TEST(who_goes_is_not_held_by_labels)
{
	end(403);
	EXPECT_EQ(it.released, 1);
}
