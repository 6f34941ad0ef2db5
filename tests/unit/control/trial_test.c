#include <string.h>

#include "check.h"
#include "manager_world.h"
#include "net/http1_int.h"

static const char *const flags[] = {
	"--enable-webhooks", "--webhook-dry-run", "--namespace=mcp-system",
	"--watch-namespaces=ns", NULL
};
static const char *const followers[] = {
	"--enable-webhooks", "--webhook-dry-run", "--namespace=mcp-system",
	"--leader-elect", NULL
};

/* How the API server answers a trial: of the apply, and of the create. */
static struct {
	const char *about;	/* of this plural; others are fine */
	uint16_t apply, create;
	const char *reason, *field, *message;
	const char *plain;	/* NULL: the three as a Status */
	bool silent;
} api;

static struct http_posts all;
static struct http_post *post;
static char text[65536];

static const char *status(uint16_t code)
{
	static char body[2048];
	struct buf b;

	buf_init(&b, body, sizeof(body) - 1);
	buf_fmt(&b, "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":"
	    "\"%s\",\"code\":%u,\"message\":\"%s\",\"details\":{\"causes\":["
	    "{\"field\":\"%s\"}]}}", code == 409 ? "AlreadyExists" :
	    api.reason, (unsigned)code, api.message, api.field);
	body[b.n] = '\0';
	return body;
}

static void serve(const struct world_request *r, struct str path)
{
	uint16_t code = str_is(r->method, "POST") ? api.create : api.apply;
	bool about = api.about &&
	    str_search(path, str_from(api.about)) < path.n;

	if (str_search(r->path, STR("dryRun=All")) == r->path.n) {
		world_reply(mw.w, r->peer, 403, NULL, world_status(403,
		    "Forbidden", "not for this"));
		return;
	}
	EXPECT(str_is(r->method, "POST") || (str_is(r->method, "PATCH") &&
	    str_search(r->path, STR("force=true")) < r->path.n));
	if (api.silent)
		return;
	if (!about || code < 300)
		world_reply(mw.w, r->peer, 201, NULL, "{}");
	else
		world_reply(mw.w, r->peer, code, NULL, api.plain ?
		    api.plain : status(code));
}

static void begin(const char *const *with)
{
	static struct mem mem;

	mw.serve = serve;
	api.reason = api.reason ? api.reason : "Invalid";
	api.field = api.field ? api.field : "";
	api.message = api.message ? api.message : "no";
	mw_begin(with);
	mem_init(&mem, &mw.w->io.io);
	REQUIRE(!posts_init(&all, &mem, 8));
	mw_run(2 * SEC);
	mw_forget();
}

/* A review comes in from a client that has gone since. */
static struct http_post *ask(const char *query, const char *meta,
    const char *more, const char *spec)
{
	struct http_head head = { .has_length = true };
	struct buf b;
	struct str in;
	struct http_post *p;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "{\"kind\":\"AdmissionReview\",\"apiVersion\":"
	    "\"admission.k8s.io/v1\",\"request\":{\"uid\":\"u-1\",\"kind\":{"
	    "\"group\":\"mcp.allbeone.io\",\"version\":\"v1\",\"kind\":"
	    "\"MCPServer\"},%s\"operation\":\"CREATE\",\"object\":{"
	    "\"metadata\":{%s},\"spec\":%s}}}", more, meta, spec);
	REQUIRE(!b.over);
	in = buf_view(&b);
	head.length = in.n;
	p = post_begin(&all, NULL, &head, str_from(query), 0);
	REQUIRE(p && post_eat(p, &in) == 1);
	post_lend(p);
	mw.m->webhooks->route[0].handle(mw.m, p);
	return p;
}

#define META "\"name\":\"fs\",\"namespace\":\"ns\",\"uid\":\"" MW_UID "\""
#define SPEC "{\"image\":\"a:1\",\"port\":80,\"affinity\":{},\"service\":{}}"

static bool says(const struct http_post *p, const char *what)
{
	return str_search(buf_view(&p->out), str_from(what)) < p->out.n;
}

static bool is_answered(const struct http_post *p)
{
	return says(p, "\"allowed\"");
}

static bool is_allowed(const struct http_post *p)
{
	return says(p, "\"allowed\":true");
}

static void run(const char *const *with)
{
	begin(with);
	post = ask("", META, "", SPEC);
	mw_run(1 * SEC);
	EXPECT(is_answered(post));
}

TEST(a_good_one_costs_one_question_a_child)
{
	run(flags);
	EXPECT(is_allowed(post));
	EXPECT(!says(post, "warnings"));
	EXPECT_EQ(mw_count("PATCH /api/v1/namespaces/ns/services/fs?"), 1);
	EXPECT_EQ(mw_count("PATCH /apis/apps/v1/namespaces/ns/deployments/fs"),
	    1);
	EXPECT_EQ(mw_count("dryRun=All"), 2);
	EXPECT_EQ(mw_count("POST"), 0);
	EXPECT_EQ(mw.m->counts.v[COUNT_TRIALS], 2);
	EXPECT_EQ(mw.m->counts.v[COUNT_TRIALS_FAILED], 0);
}

TEST(what_is_wrong_with_ours_alone_is_refused)
{
	api.about = "/deployments";
	api.apply = api.create = 422;
	api.field = "spec.template.spec.affinity.nodeAffinity.x";
	api.message = "Deployment.apps fs is invalid: Junk";
	run(flags);
	EXPECT(!is_allowed(post));
	EXPECT(says(post, "\"field\":\"spec.affinity\""));
	EXPECT(says(post, "is refused by the API server: Deployment.apps fs "
	    "is invalid: Junk"));
	EXPECT_EQ(mw_count("POST /apis/apps/v1/namespaces/ns/deployments?"),
	    1);
	EXPECT_EQ(mw.m->counts.v[COUNT_TRIALS_REFUSED], 1);
}

/* The place is in its words, and no create is needed to believe it. */
TEST(what_cannot_be_read_is_refused)
{
	api.about = "/deployments";
	api.apply = 500;
	api.reason = "InternalError";
	api.message = "failed to create typed patch object (ns/fs; apps/v1, "
	    "Kind=Deployment): .spec.template.spec.containers[name=\\\""
	    "mcp-server\\\"].ports: nonsense";
	run(flags);
	EXPECT(!is_allowed(post));
	EXPECT(says(post, "\"field\":\"spec.port\""));
	EXPECT_EQ(mw_count("POST"), 0);
}

TEST(a_place_of_no_field_is_the_specs)
{
	api.about = "/deployments";
	api.apply = api.create = 422;
	api.field = "spec.template.spec.volumes[0]";
	run(flags);
	EXPECT(says(post, "\"field\":\"spec\""));
}

TEST(faults_of_all_children_are_told)
{
	api.about = "/ns/";
	api.apply = api.create = 422;
	run(flags);
	EXPECT(!is_allowed(post));
	EXPECT_EQ(mw.m->counts.v[COUNT_TRIALS_REFUSED], 2);
	EXPECT(says(post, "\"field\":\"spec.service\""));
}

TEST(what_stands_there_is_no_fault)
{
	api.about = "/services";
	api.apply = 422;
	api.create = 409;
	api.message = "field is immutable";
	run(flags);
	EXPECT(is_allowed(post));
	EXPECT(says(post, "Service fs: does not go together with what is "
	    "there: field is immutable"));
}

TEST(a_node_port_of_its_own_is_no_fault)
{
	api.about = "/services";
	api.apply = api.create = 422;
	api.field = "spec.ports[0].nodePort";
	run(flags);
	EXPECT(is_allowed(post));
	EXPECT(says(post, "\"warnings\""));
}

static void run_doubt(uint16_t code, const char *reason, const char *message)
{
	api.about = "/services";
	api.apply = code;
	api.reason = reason;
	api.message = message;
	run(flags);
	EXPECT(is_allowed(post));
	EXPECT(says(post, "Service fs: could not be tried: "));
	EXPECT(says(post, message));
	EXPECT_EQ(mw.m->counts.v[COUNT_TRIALS_FAILED], 1);
	EXPECT_EQ(mw_count("POST"), 0);
}

TEST(what_says_nothing_of_the_server_lets_it_pass)
{
	run_doubt(403, "Forbidden", "u cannot patch resource services");
	EXPECT_EQ(mw_count("/deployments/fs"), 1);
	run_doubt(403, "Forbidden", "exceeded quota: q");
	run_doubt(409, "Conflict", "somebody was faster");
	run_doubt(400, "BadRequest", "admission webhook x does not support "
	    "dry run");
	/* The others will not be answered either. */
	run_doubt(500, "InternalError", "etcd is away");
	EXPECT_EQ(mw_count("/deployments/fs"), 0);
}

TEST(an_api_that_there_is_not_is_told)
{
	api.about = "/services";
	api.apply = 404;
	api.plain = "404 page not found\n";
	run(flags);
	EXPECT(is_allowed(post));
	EXPECT(says(post, "Service fs: could not be tried: the cluster has "
	    "no such API\""));
	EXPECT_EQ(mw.m->counts.v[COUNT_TRIALS_FAILED], 1);
	EXPECT_EQ(mw_count("/deployments/fs"), 1);
}

TEST(a_namespace_that_is_gone_is_no_missing_api)
{
	api.about = "/services";
	api.apply = 404;
	api.plain = "{\"kind\":\"Status\",\"code\":404,\"reason\":"
	    "\"NotFound\",\"message\":\"namespaces ns not found\","
	    "\"details\":{\"kind\":\"namespaces\"}}";
	run(flags);
	EXPECT(is_allowed(post));
	EXPECT(says(post, "could not be tried: namespaces ns not found"));
}

/* The Role is not there before the server is. */
TEST(a_binding_to_a_role_to_come_is_no_doubt)
{
	static const char spec[] = "{\"image\":\"a:1\",\"port\":80,"
	    "\"tenancy\":{\"tenantId\":\"acme\",\"members\":[{\"kind\":"
	    "\"User\",\"name\":\"ann\"}]}}";

	api.about = "/rolebindings";
	api.apply = 404;
	api.message = "rolebindings.rbac.authorization.k8s.io fs-tenant "
	    "not found";
	begin(flags);
	post = ask("", META, "", spec);
	mw_run(1 * SEC);
	EXPECT(is_allowed(post) && !says(post, "could not be tried"));
	EXPECT_EQ(mw_count("/rolebindings/fs-tenant?"), 1);
	EXPECT_EQ(mw.m->counts.v[COUNT_TRIALS_FAILED], 0);
	/* Other refusals are told. */
	api.apply = 403;
	api.reason = "Forbidden";
	api.message = "u cannot patch resource rolebindings";
	post = ask("", META, "", spec);
	mw_run(1 * SEC);
	EXPECT(says(post, "RoleBinding fs-tenant: could not be tried: u "));
}

TEST(a_policy_may_refuse)
{
	api.about = "/deployments";
	api.apply = api.create = 403;
	api.reason = "Forbidden";
	api.message = "admission webhook policy denied the request: no";
	run(flags);
	EXPECT(!is_allowed(post));
}

static void files(struct fake_io *f)
{
	mw_hook_files(f, MW_HOOKS(MW_HOOK("pre", "PreReconcile", "")));
}

/* It may add what the policy asks for, and is not asked here. */
TEST(what_a_hook_may_mend_is_no_fault)
{
	static const char *const hooked[] = {
		"--enable-webhooks", "--webhook-dry-run",
		"--namespace=mcp-system", "--watch-namespaces=ns",
		"--extensions=/ext", NULL
	};

	mw.before = files;
	api.about = "/deployments";
	api.apply = api.create = 403;
	api.reason = "Forbidden";
	api.message = "admission webhook policy denied the request: no";
	run(hooked);
	EXPECT(is_allowed(post));
	EXPECT(says(post, "Deployment fs: is refused by the API server "
	    "unless a hook changes that: "));
	EXPECT_EQ(mw.m->counts.v[COUNT_TRIALS_REFUSED], 0);
}

TEST(it_answers_in_time)
{
	api.silent = true;
	begin(flags);
	post = ask("", META, "", SPEC);
	mw_run(WEBHOOKS_TRIAL_NS - 10 * MS);
	EXPECT(!is_answered(post));
	mw_run(20 * MS);
	EXPECT(is_allowed(post));
	EXPECT(says(post, "could not be tried"));
	/* Who waits for less is answered sooner. */
	post = ask("timeout=2s", META, "", SPEC);
	mw_run(990 * MS);
	EXPECT(!is_answered(post));
	mw_run(20 * MS);
	EXPECT(is_allowed(post));
	post = ask("a=b&timeout=1s", META, "", SPEC);
	EXPECT(says(post, "there is no time for it"));
	EXPECT(is_allowed(post));
}

TEST(no_more_than_some_are_tried_at_once)
{
	struct http_post *p[WEBHOOKS_TRIALS + 1];
	unsigned i;

	api.silent = true;
	begin(flags);
	for (i = 0; i <= WEBHOOKS_TRIALS; i++)
		p[i] = ask("", META, "", SPEC);
	EXPECT(is_allowed(p[WEBHOOKS_TRIALS]));
	EXPECT(says(p[WEBHOOKS_TRIALS], "others are being tried"));
	mw_run(4 * SEC);
	for (i = 0; i < WEBHOOKS_TRIALS; i++)
		EXPECT(is_allowed(p[i]));
	/* Later ones have room again. */
	api.silent = false;
	mw_run(1 * SEC);
	post = ask("", META, "", SPEC);
	mw_run(1 * SEC);
	EXPECT(is_allowed(post) && !says(post, "warnings"));
}

/* Answered at once, without a question. */
static void at_once(const char *meta, const char *more, const char *spec)
{
	post = ask("", meta, more, spec);
	EXPECT(is_answered(post));
	EXPECT_EQ(mw_count("dryRun"), 0);
}

TEST(what_is_not_to_be_tried_is_answered_at_once)
{
	begin(flags);
	at_once(META, "\"operation\":\"UPDATE\",\"oldObject\":{\"spec\":"
	    SPEC "},", SPEC);
	at_once(META, "\"subResource\":\"status\",", SPEC);
	at_once(META ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", "",
	    SPEC);
	EXPECT(is_allowed(post));
	at_once("\"name\":\"fs\",\"namespace\":\"other\",\"uid\":\"" MW_UID
	    "\"", "", SPEC);
	EXPECT(is_allowed(post) && !says(post, "warnings"));
	at_once("\"name\":\"fs\",\"namespace\":\"ns\"", "", SPEC);
	EXPECT(is_allowed(post) && says(post, "it has no uid yet"));
	/* What the rules refuse needs no trial. */
	at_once(META, "", "{\"image\":\"a b\"}");
	EXPECT(!is_allowed(post));
}

TEST(who_does_not_lead_tries_as_well)
{
	api.about = "/deployments";
	api.apply = api.create = 422;
	run(followers);
	EXPECT(!mw.m->leading);
	EXPECT(!is_allowed(post));
}

TEST(without_the_flag_nothing_is_tried)
{
	static const char *const with[] = {
		"--enable-webhooks", "--namespace=mcp-system", NULL
	};

	begin(with);
	at_once(META, "", SPEC);
	EXPECT(is_allowed(post));
	EXPECT(mw.m->webhooks->trial == NULL);
}
