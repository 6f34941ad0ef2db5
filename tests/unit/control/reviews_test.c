#include <string.h>

#include "check.h"
#include "manager_world.h"

/*
 * Reviews that wait for validators. They come to a server of the test's own,
 * which is that of the webhooks but for TLS.
 */

static const char *config;
static const char *answer;		/* of a validator; NULL: none */
static unsigned asked;
static char body[8192];
static char told[16384];		/* the last answer to a review */
static struct http_post_route routes[] = {
	{ "/validate", reviews_validate, NULL },
	{ "/mutate", reviews_mutate, NULL }
};

static void files(struct fake_io *f)
{
	mw_hook_files(f, config);
}

static void serve(const struct world_request *r, struct str path)
{
	/* What is answered goes to a peer of the test's, too. */
	if (str_is(r->method, "HTTP/1.1")) {
		cut_fmt(told, sizeof(told), "%S%S", r->head, r->body);
		return;
	}
	if (str_starts(path, STR("/api"))) {
		world_reply(mw.w, r->peer, 404, NULL,
		    world_status(404, "NotFound", "not found"));
		return;
	}
	asked++;
	cut_fmt(body, sizeof(body), "%S", r->body);
	if (answer != NULL)
		world_reply(mw.w, r->peer, 200, NULL, answer);
}

static void begin(const char *file, const char *says)
{
	static const char *const flags[] = {
		"--extensions=/ext", "--enable-webhooks", "--namespace=a", NULL
	};
	struct http_server *server;
	struct net_addr at;

	config = file;
	answer = says;
	mw.serve = serve;
	mw.before = files;
	mw_begin(flags);
	mw_hooks_plain();
	routes[0].ctx = routes[1].ctx = mw.m;
	REQUIRE(addr_parse_bind(STR(":9000"), &at) == 0);
	REQUIRE(http_server_new(&mw.w->mem, &mw.m->loop, NULL, 0, &server)
	    == 0);
	REQUIRE(http_server_posts(server, &mw.w->mem, routes,
	    ARRAY_LEN(routes), WEBHOOKS_POSTS) == 0);
	REQUIRE(http_server_listen(server, &at) == 0);
	asked = 0;
}

static void post(const char *ns, const char *spec, const char *query)
{
	int peer = fake_connect(&mw.w->io, 9000);
	char text[4096], review[2048];
	struct buf b, r;

	buf_init(&r, review, sizeof(review));
	buf_fmt(&r, "{\"kind\":\"AdmissionReview\",\"apiVersion\":"
	    "\"admission.k8s.io/v1\",\"request\":{\"uid\":\"u-1\",\"kind\":{"
	    "\"group\":\"mcp.mcp.dev\",\"version\":\"v1alpha1\",\"kind\":"
	    "\"MCPServer\"},\"operation\":\"CREATE\",\"dryRun\":true,"
	    "\"object\":{\"metadata\":{\"name\":\"one\",\"namespace\":\"%s\"},"
	    "\"spec\":%s}}}", ns, spec);
	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "POST /validate%s HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: %z\r\n\r\n%S", query, r.n, buf_view(&r));
	REQUIRE(!b.over && !r.over);
	told[0] = '\0';
	fake_send(&mw.w->io, peer, MS, buf_view(&b));
}

static bool got(const char *what)
{
	return strstr(told, what) != NULL;
}

#define GOOD "{\"image\":\"x:1\"}"
#define RULES MW_HOOKS(MW_HOOK("rules", "Validator", ""))
#define DENY "{\"allowed\":false,\"message\":\"not so\"}"

TEST(a_review_waits_for_what_a_validator_says)
{
	begin(RULES, DENY);
	post("ns", GOOD, "?timeout=5s");
	mw_run(SEC);
	EXPECT_EQ(asked, 1);
	EXPECT(strstr(body, "\"id\":\"u-1\",\"hook\":\"rules\",\"type\":"
	    "\"Validator\",\"operation\":\"Create\",\"dryRun\":true") != NULL);
	EXPECT(got("HTTP/1.1 200"));
	EXPECT(got("\"allowed\":false"));
	EXPECT(got("Validator \\\"rules\\\": not so"));
	answer = "{\"allowed\":true}";
	post("ns", GOOD, "");
	mw_run(SEC);
	EXPECT_EQ(asked, 2);
	EXPECT(got("\"allowed\":true"));
	/* Nobody need be asked about what is faulty in itself. */
	post("ns", "{\"image\":\"x:1\",\"replicas\":-1}", "");
	mw_run(SEC);
	EXPECT_EQ(asked, 2);
	EXPECT(got("\"allowed\":false"));
}

TEST(what_is_no_review_is_told_so)
{
	int peer;

	begin(RULES, DENY);
	peer = fake_connect(&mw.w->io, 9000);
	told[0] = '\0';
	fake_send(&mw.w->io, peer, MS, STR("POST /mutate HTTP/1.1\r\n"
	    "Host: x\r\nContent-Length: 12\r\n\r\n{\"kind\":\"x\"}"));
	mw_run(SEC);
	EXPECT(got("400"));
	EXPECT(got("is no AdmissionReview of admission.k8s.io/v1\n"));
	EXPECT_EQ(asked, 0);
	EXPECT_EQ(mw.m->counts.v[COUNT_REVIEWS_BAD], 1);
}

TEST(all_validators_that_are_for_it_have_a_word)
{
	begin(MW_HOOKS(MW_HOOK("first", "Validator", "") ","
	    MW_HOOK("other", "Validator", ",\"namespaces\":[\"b\"]") ","
	    MW_HOOK("hook", "PreReconcile", "") ","
	    MW_HOOK("last", "Validator", "")), "{\"allowed\":true}");
	post("ns", GOOD, "");
	mw_run(SEC);
	EXPECT_EQ(asked, 2);
	EXPECT(strstr(body, "\"hook\":\"last\"") != NULL);
	EXPECT(got("\"allowed\":true"));
}

TEST(a_validator_that_does_not_answer_in_time_refuses)
{
	begin(RULES, NULL);
	post("ns", GOOD, "?timeout=2s");
	mw_run(1300 * MS);
	EXPECT(!got("HTTP/1.1"));
	mw_run(400 * MS);
	EXPECT(got("Validator \\\"rules\\\" could not be asked: "
	    "no answer in time"));
	answer = "{\"allowed\":true,\"patches\":[{\"kind\":\"a\",\"name\":"
	    "\"b\",\"patch\":[]}]}";
	post("ns", GOOD, "");
	mw_run(SEC);
	EXPECT(got("its answer cannot be used: patches: are not for a "
	    "Validator"));
}

TEST(one_that_may_be_missed_is)
{
	begin(MW_HOOKS(MW_HOOK("rules", "Validator",
	    ",\"failurePolicy\":\"Ignore\"")), "what?");
	post("ns", GOOD, "");
	mw_run(SEC);
	EXPECT_EQ(asked, 1);
	EXPECT(got("\"allowed\":true"));
	answer = DENY;
	post("ns", GOOD, "");
	mw_run(SEC);
	EXPECT(got("\"allowed\":false"));
}

TEST(an_end_leaves_a_review_to_others)
{
	begin(RULES, NULL);
	post("ns", GOOD, "");
	mw_run(SEC);
	EXPECT_EQ(asked, 1);
	manager_stop(mw.m);
	mw_run(100 * MS);
	EXPECT(got("HTTP/1.1 503"));
}
