#include <string.h>

#include "admit.h"
#include "check.h"
#include "json_patch.h"

enum { TOKENS = 1 << 14, ROOM = 1 << 20, TEXT = 1 << 18 };
static char room[ROOM], body[TEXT], out[TEXT];
static struct json_tok tok[TOKENS];
static struct json_doc doc;
static struct diag diag;
static const struct admit_tried *tried;

static struct str review(const char *group, const char *version,
    const char *operation, const char *more, const char *object)
{
	struct buf b;

	buf_init(&b, body, sizeof(body));
	buf_fmt(&b, "{\"kind\":\"AdmissionReview\",\"apiVersion\":"
	    "\"admission.k8s.io/v1\",\"request\":{\"uid\":\"u-1\",\"kind\":{"
	    "\"group\":\"%s\",\"version\":\"%s\",\"kind\":\"MCPServer\"},"
	    "\"operation\":\"%s\",%s\"object\":%s}}", group, version,
	    operation, more, object);
	REQUIRE(!b.over);
	return buf_view(&b);
}

static int ask_text(enum admit_task task, struct str text)
{
	struct arena a;
	struct buf b;
	int err;

	arena_init(&a, room, sizeof(room));
	buf_init(&b, out, sizeof(out) - 1);
	diag_clear(&diag);
	guard_reset();
	err = admit_review(task, guard_copy(text.p, text.n), tried, &a, &b,
	    &diag);
	out[b.n] = '\0';
	EXPECT_EQ(arena_mark(&a), 0);
	if (err) {
		EXPECT_EQ(b.n, 0);
		return err;
	}
	REQUIRE(!json_parse(&doc, buf_view(&b), tok, TOKENS, NULL));
	EXPECT_STR(json_raw(&doc, json_path(&doc, JSON_ROOT, "apiVersion")),
	    "\"admission.k8s.io/v1\"");
	EXPECT_STR(json_raw(&doc, json_path(&doc, JSON_ROOT, "kind")),
	    "\"AdmissionReview\"");
	EXPECT_STR(json_raw(&doc, json_path(&doc, JSON_ROOT, "response.uid")),
	    "\"u-1\"");
	return 0;
}

static struct str answer(const char *path)
{
	char full[64];

	cut_fmt(full, sizeof(full), "response.%s", path);
	return json_raw(&doc, json_path(&doc, JSON_ROOT, full));
}

/* An object named "fs" with this spec, in the group's own version. */
static void ask(enum admit_task task, enum group g, const char *operation,
    const char *more, const char *spec)
{
	static char object[TEXT];
	const struct group_info *info = group_info(g);
	struct buf b;

	buf_init(&b, object, sizeof(object) - 1);
	buf_fmt(&b, "{\"metadata\":{\"name\":\"fs\",\"namespace\":\"n\"},"
	    "\"spec\":%s}", spec);
	REQUIRE(!b.over);
	object[b.n] = '\0';
	REQUIRE(!ask_text(task, review(info->group, info->version, operation,
	    more, object)));
}

static void validate(const char *spec)
{
	ask(ADMIT_VALIDATE, GROUP_MCPDEV, "CREATE", "", spec);
}

TEST(what_is_fine_is_allowed_in_few_words)
{
	validate("{\"image\":\"a:1\"}");
	EXPECT_STR(str_from(out), "{\"apiVersion\":\"admission.k8s.io/v1\","
	    "\"kind\":\"AdmissionReview\",\"response\":{\"uid\":\"u-1\","
	    "\"allowed\":true}}");
}

TEST(all_faults_come_in_one_answer)
{
	validate("{\"ports\":[{\"port\":1,\"name\":\"-\"}],\"env\":[{\"name\":"
	    "\"A=\\\"B\"}],\"image\":\"a b\"}");
	EXPECT_STR(answer("allowed"), "false");
	EXPECT_STR(answer("status"), "{\"status\":\"Failure\",\"reason\":"
	    "\"Invalid\",\"code\":422,\"details\":{\"group\":\"mcp.mcp.dev\","
	    "\"kind\":\"MCPServer\",\"name\":\"fs\",\"causes\":["
	    "{\"reason\":\"FieldValueInvalid\",\"message\":\"a b holds a "
	    "character that no image has\",\"field\":\"spec.image\"},"
	    "{\"reason\":\"FieldValueInvalid\",\"message\":\"- is not a port "
	    "name: at most 15 lower-case letters, digits and single '-', one "
	    "a letter\",\"field\":\"spec.ports[0].name\"},"
	    "{\"reason\":\"FieldValueInvalid\",\"message\":\"A=\\\"B holds "
	    "'='\",\"field\":\"spec.env[0].name\"}]},\"message\":"
	    "\"MCPServer.mcp.mcp.dev \\\"fs\\\" is invalid: spec.image: a b "
	    "holds a character that no image has; spec.ports[0].name: - is "
	    "not a port name: at most 15 lower-case letters, digits and "
	    "single '-', one a letter; spec.env[0].name: A=\\\"B holds "
	    "'='\"}");
	EXPECT_STR(answer("warnings"), "");
}

TEST(what_is_missing_is_said_so)
{
	validate("{}");
	EXPECT_STR(answer("status.details.causes"), "[{\"reason\":"
	    "\"FieldValueRequired\",\"message\":\"is required\",\"field\":"
	    "\"spec.image\"}]");
}

/* More than are told, and more than the message holds. */
TEST(many_faults_are_counted)
{
	static char spec[TEXT];
	struct buf b;
	uint32_t causes = 0, list, c;
	struct str message;

	buf_init(&b, spec, sizeof(spec) - 1);
	buf_cstr(&b, "{\"image\":\"a:1\",\"imagePullSecrets\":[{\"name\":\"A\"}"
	    "],\"env\":[");
	for (int i = 0; i < 200; i++)
		buf_fmt(&b, "%s{\"name\":\"N%d=\"}", i ? "," : "", i);
	buf_cstr(&b, "]}");
	validate(spec);
	list = json_path(&doc, JSON_ROOT, "response.status.details.causes");
	for (c = json_first(&doc, list); c != JSON_NIL;
	    c = json_next(&doc, list, c))
		causes++;
	EXPECT_EQ(causes, ADMIT_CAUSES_MAX);
	message = answer("status.message");
	EXPECT(message.n <= ADMIT_MESSAGE_MAX);
	EXPECT(message.n > ADMIT_MESSAGE_MAX - 100);
	EXPECT(str_ends(message, STR("; 201 in all\"")));
}

/* A value of no kind that the row takes. */
static const char *wrong_value(const struct schema_field *f)
{
	switch (f->type) {
	case FIELD_STR:
	case FIELD_TIME:
	case FIELD_TIME_MICRO:
	case FIELD_DURATION:
	case FIELD_ENUM:
		return "[\"hunter2\"]";
	default:
		return "\"\\u0001hunter2\"";
	case FIELD_QUANTITY:
	case FIELD_INT_OR_STR:
		return "{\"hunter2\":1}";
	}
}

static unsigned wrong_asked;

static void wrong_field(enum group g, const struct schema *s,
    const char *before, const char *path, const char *after, int depth)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_field *f = &s->row[i];
		const char *open = f->type == FIELD_LIST ? "[{" : "{";
		const char *shut = f->type == FIELD_LIST ? "}]" : "}";
		char text[2048], at[512], begin[1024], end[64], cause[640];

		if (f->type == FIELD_SELF || f->type == FIELD_RAW ||
		    !(f->groups & group_mode(g)->groups))
			continue;
		cut_fmt(text, sizeof(text), "%s\"%s\":%s%s", before, f->key,
		    wrong_value(f), after);
		cut_fmt(at, sizeof(at), "%s.%s", path, f->key);
		ask(ADMIT_VALIDATE, g, "CREATE", "", text);
		cut_fmt(cause, sizeof(cause), "\"field\":\"%s\"}", at);
		if (!str_is(answer("allowed"), "false") ||
		    str_search(str_from(out), str_from(cause)) ==
		    strlen(out) || (f->flags & FIELD_SECRET &&
		    strstr(out, "hunter2")))
			test_fail(__FILE__, __LINE__, "%s: %s", text, out);
		wrong_asked++;
		if (f->type != FIELD_OBJ && f->type != FIELD_LIST &&
		    (f->type != FIELD_RAW_OBJ || !f->of.table))
			continue;
		if (depth == 0)
			continue;
		cut_fmt(begin, sizeof(begin), "%s\"%s\":%s", before, f->key,
		    open);
		cut_fmt(end, sizeof(end), "%s%s", shut, after);
		cut_fmt(at, sizeof(at), "%s.%s%s", path, f->key,
		    f->type == FIELD_LIST ? "[0]" : "");
		wrong_field(g, f->of.table, begin, at, end, depth - 1);
	}
}

/* Whatever field it is, the answer names it, and no secret. */
TEST(every_field_of_a_wrong_type_is_named)
{
	for (int g = 0; g < GROUPS; g++)
		wrong_field((enum group)g, &server_spec_schema, "{", "spec",
		    "}", 4);
	EXPECT(wrong_asked > 1000);
}

TEST(what_is_unwise_is_warned_of)
{
	struct str told;
	size_t last;

	ask(ADMIT_VALIDATE, GROUP_ALLBEONE, "CREATE", "", "{\"image\":\"a\","
	    "\"replicas\":3,\"transport\":{\"type\":\"sse\"},\"runtime\":{"
	    "\"env\":{\"GITHUB_TOKEN\":\"hunter2\",\"TOKENS\":\"3\"}},"
	    "\"securityContext\":{\"privileged\":true,\"runAsUser\":0},"
	    "\"autoscaling\":{\"pdb\":{\"maxUnavailable\":\"0%\"}},"
	    "\"registry\":{\"name\":\"r\"},"
	    "\"entry\":{\"ingress\":{\"enabled\":true}}}");
	EXPECT_STR(answer("allowed"), "true");
	told = answer("warnings");
	last = str_search(told, STR(",\"spec: nothing acts yet on "));
	EXPECT(last < told.n);
	EXPECT_STR(str_sub(told, 0, last), "[\"spec.image: names no version: "
	    "pods made at different times may run different images\","
	    "\"spec.securityContext.privileged: gives the server all that its "
	    "node may do\",\"spec.securityContext.runAsUser: is root\","
	    "\"spec.env: GITHUB_TOKEN seems to hold a secret, which everybody "
	    "reads who may read this object; valueFrom.secretKeyRef keeps it "
	    "in a Secret\",\"spec.service.sessionAffinity: should be ClientIP "
	    "with more than one pod, or sessions of clients get lost\","
	    "\"spec.autoscaling.pdb.maxUnavailable: of 0 keeps nodes from "
	    "being drained\",\"spec.entry.ingress.tlsSecretName: is not "
	    "given: what clients send, tokens too, can be read on the way\"");
	EXPECT(!strstr(out, "hunter2"));
}

TEST(warnings_fit_a_header)
{
	static char more[TEXT], spec[4096];
	struct buf b;
	uint32_t list, w, n = 0;

	buf_init(&b, spec, sizeof(spec) - 1);
	buf_cstr(&b, "{\"image\":\"a:1\",\"env\":[{\"name\":\"\\u0001\\n"
	    "\xc2\x85");
	for (int i = 0; i < 100; i++)
		buf_cstr(&b, "\xc3\xa4\xc3\xb6\xc3\xbc");
	buf_cstr(&b, "=\"}");
	for (int i = 0; i < 40; i++)
		buf_fmt(&b, ",{\"name\":\"%d=\"}", i);
	buf_cstr(&b, "]}");
	buf_init(&b, more, sizeof(more) - 1);
	buf_fmt(&b, "\"oldObject\":{\"metadata\":{\"name\":\"fs\"},\"spec\":"
	    "%s},", spec);
	ask(ADMIT_VALIDATE, GROUP_MCPDEV, "UPDATE", more, spec);
	EXPECT_STR(answer("allowed"), "true");
	list = json_path(&doc, JSON_ROOT, "response.warnings");
	for (w = json_first(&doc, list); w != JSON_NIL;
	    w = json_next(&doc, list, w), n++) {
		struct str s = json_raw(&doc, w);

		EXPECT(s.n <= ADMIT_WARNING_MAX + 2);
		EXPECT(str_utf8(s));
		EXPECT(str_find(s, '\\') == s.n);
		EXPECT(str_search(s, STR("\xc2\x85")) == s.n);
	}
	EXPECT_EQ(n, ADMIT_WARNINGS_MAX);
}

/* It was stored before: its finalizers must still go. */
TEST(an_update_that_leaves_the_spec_alone_passes)
{
	const char *old = "\"oldObject\":{\"metadata\":{\"name\":\"fs\"},"
	    "\"spec\":{\"image\":\"a b\"}},";

	ask(ADMIT_VALIDATE, GROUP_MCPDEV, "UPDATE", old,
	    "{\"image\":\"a b\"}");
	EXPECT_STR(answer("allowed"), "true");
	EXPECT_STR(answer("warnings"), "[\"spec.image: a b holds a character "
	    "that no image has\"]");
	ask(ADMIT_VALIDATE, GROUP_MCPDEV, "UPDATE", old,
	    "{\"image\":\"a  b\"}");
	EXPECT_STR(answer("allowed"), "false");
	ask(ADMIT_VALIDATE, GROUP_MCPDEV, "CREATE", old,
	    "{\"image\":\"a b\"}");
	EXPECT_STR(answer("allowed"), "false");
	ask(ADMIT_VALIDATE, GROUP_MCPDEV, "UPDATE", "\"oldObject\":null,",
	    "{\"image\":\"a b\"}");
	EXPECT_STR(answer("allowed"), "false");
}

TEST(what_is_none_of_ours_passes)
{
	static const char bad[] = "{\"metadata\":{\"name\":\"A B\"},"
	    "\"spec\":{\"image\":7}}";
	static const char dying[] = "{\"metadata\":{\"name\":\"A B\","
	    "\"deletionTimestamp\":\"2026-11-21T07:06:59Z\"},\"spec\":7}";
	const char *group = "mcp.mcp.dev", *version = "v1alpha1";

	for (int t = ADMIT_MUTATE; t <= ADMIT_VALIDATE; t++) {
		enum admit_task task = (enum admit_task)t;

		REQUIRE(!ask_text(task, review(group, version, "DELETE", "",
		    "null")));
		EXPECT_STR(answer("allowed"), "true");
		REQUIRE(!ask_text(task, review(group, version, "CONNECT", "",
		    bad)));
		EXPECT_STR(answer("allowed"), "true");
		REQUIRE(!ask_text(task, review(group, version, "UPDATE",
		    "\"subResource\":\"status\",", bad)));
		EXPECT_STR(answer("allowed"), "true");
		REQUIRE(!ask_text(task, review(group, version, "UPDATE", "",
		    dying)));
		EXPECT_STR(answer("allowed"), "true");
		EXPECT_STR(answer("warnings"), "");
		REQUIRE(!ask_text(task, review("apps", "v1", "CREATE", "",
		    bad)));
		EXPECT_STR(answer("allowed"), "true");
		EXPECT_STR(answer("warnings"), "[\"mcp-operator does not "
		    "know this kind and has not looked at it\"]");
		REQUIRE(!ask_text(task, review(group, "v2", "CREATE", "",
		    bad)));
		EXPECT_STR(answer("allowed"), "true");
	}
	REQUIRE(!ask_text(ADMIT_VALIDATE, review(group, version, "UPDATE",
	    "\"subResource\":\"\",", bad)));
	EXPECT_STR(answer("allowed"), "false");
	REQUIRE(!ask_text(ADMIT_MUTATE, review(group, version, "CREATE", "",
	    bad)));
	EXPECT_STR(answer("allowed"), "true");
	EXPECT_STR(answer("patch"), "");
}

TEST(what_is_no_review_is_told)
{
	static const char *const bad[] = {
		"", "7", "[]", "{}", "{\"kind\":\"AdmissionReview\"}",
		"{\"kind\":\"AdmissionReview\",\"apiVersion\":"
		"\"admission.k8s.io/v1beta1\",\"request\":{\"uid\":\"u\"}}",
		"{\"kind\":\"Pod\",\"apiVersion\":\"admission.k8s.io/v1\","
		"\"request\":{\"uid\":\"u\"}}",
		"{\"kind\":\"AdmissionReview\",\"apiVersion\":"
		"\"admission.k8s.io/v1\"}",
		"{\"kind\":\"AdmissionReview\",\"apiVersion\":"
		"\"admission.k8s.io/v1\",\"request\":7}",
		"{\"kind\":\"AdmissionReview\",\"apiVersion\":"
		"\"admission.k8s.io/v1\",\"request\":{}}",
		"{\"kind\":\"AdmissionReview\",\"apiVersion\":"
		"\"admission.k8s.io/v1\",\"request\":{\"uid\":\"\"}}",
		"{\"kind\":\"AdmissionReview\",\"apiVersion\":"
		"\"admission.k8s.io/v1\",\"request\":{\"uid\":7}}"
	};
	struct buf b;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		EXPECT_EQ(ask_text(ADMIT_VALIDATE, str_from(bad[i])),
		    ERR_BAD);
		EXPECT(diag_is_set(&diag));
	}
	buf_init(&b, body, sizeof(body));
	buf_cstr(&b, "{\"kind\":\"AdmissionReview\",\"apiVersion\":"
	    "\"admission.k8s.io/v1\",\"request\":{\"uid\":\"");
	for (int i = 0; i <= ADMIT_UID_MAX; i++)
		buf_char(&b, 'u');
	buf_cstr(&b, "\"}}");
	EXPECT_EQ(ask_text(ADMIT_VALIDATE, buf_view(&b)), ERR_BAD);
	EXPECT_STR(str_from(diag.path), "request.uid");
}

/* With less and less room: the same answer, a warning, or none. */
TEST(room_is_never_overrun)
{
	struct str text = review("mcp.allbeone.io", "v1", "CREATE", "",
	    "{\"metadata\":{\"name\":\"fs\"},\"spec\":{\"image\":\"a b\","
	    "\"ports\":[{\"port\":1}],\"transport\":{\"type\":\"http\"},"
	    "\"tenancy\":{\"tenantId\":\"-\"}}}");

	for (int t = ADMIT_MUTATE; t <= ADMIT_VALIDATE; t++)
		for (size_t cap = 0; cap < 32768; cap += 37) {
			struct arena a;
			struct buf b;
			int err;

			arena_init(&a, room, cap);
			buf_init(&b, out, cap % 3 ? sizeof(out) : cap / 32);
			buf_cstr(&b, cap % 2 ? "x" : "");
			diag_clear(&diag);
			err = admit_review((enum admit_task)t, text, NULL, &a,
			    &b, &diag);
			EXPECT(err == 0 || err == ERR_FULL);
			EXPECT_EQ(arena_mark(&a), 0);
			EXPECT(!err || b.n <= 1);
			EXPECT(err || !b.over);
			EXPECT(err || json_scan(str_sub(buf_view(&b),
			    cap % 2, b.n), NULL) == 0);
		}
}

TEST(more_than_one_object_is_over_the_limit)
{
	static char large[JSON_OBJECT_MAX + 1];

	memset(large, ' ', sizeof(large));
	large[0] = '7';
	EXPECT_EQ(ask_text(ADMIT_VALIDATE, (struct str){ large,
	    sizeof(large) }), ERR_LIMIT);
}

/* ---- what others have found out ---- */

TEST(what_was_tried_is_told_with_the_rest)
{
	static const struct diag found[] = {
		{ .path = "spec.affinity", .text = "is no good" },
		{ .path = "Service fs", .text = "could not be tried" }
	};
	struct admit_tried what = { &found[0], &found[1], 1, 1 };

	tried = &what;
	validate("{\"image\":\"a:1\"}");
	EXPECT_STR(answer("allowed"), "false");
	EXPECT_STR(answer("status.message"), "\"MCPServer.mcp.mcp.dev "
	    "\\\"fs\\\" is invalid: spec.affinity: is no good\"");
	EXPECT_STR(answer("warnings"), "[\"Service fs: could not be tried\"]");
	what.faults = 0;
	validate("{\"image\":\"a:1\"}");
	EXPECT_STR(answer("allowed"), "true");
	/* A patch of defaults has no room for it. */
	what.faults = 1;
	ask(ADMIT_MUTATE, GROUP_ALLBEONE, "CREATE", "", "{\"image\":\"a\"}");
	EXPECT_STR(answer("allowed"), "true");
	tried = NULL;
}

static int target(const char *group, const char *operation,
    const char *more, const char *object)
{
	static struct admit_target s;
	struct str text = review(group, "v1", operation, more, object);
	struct arena a;
	int err;

	arena_init(&a, room, sizeof(room));
	guard_reset();
	err = admit_target(guard_copy(text.p, text.n), &a, &s);
	if (!err) {
		EXPECT_STR(s.server.meta.name, "fs");
		EXPECT_STR(json_raw(&s.doc, json_path(&s.doc, s.object,
		    "spec.image")), "\"a\"");
	}
	return err;
}

#define OURS "mcp.allbeone.io"
#define GOOD "{\"metadata\":{\"name\":\"fs\"},\"spec\":{\"image\":\"a\"}}"

TEST(only_what_could_be_refused_is_tried)
{
	EXPECT_EQ(target(OURS, "CREATE", "", GOOD), 0);
	EXPECT_EQ(target(OURS, "UPDATE", "\"oldObject\":{\"spec\":{}},",
	    GOOD), 0);
	EXPECT_EQ(target(OURS, "UPDATE", "\"oldObject\":" GOOD ",", GOOD),
	    ERR_NOENT);
	EXPECT_EQ(target(OURS, "DELETE", "", GOOD), ERR_NOENT);
	EXPECT_EQ(target(OURS, "CREATE", "\"subResource\":\"status\",",
	    GOOD), ERR_NOENT);
	EXPECT_EQ(target("x.y", "CREATE", "", GOOD), ERR_NOENT);
	EXPECT_EQ(target(OURS, "CREATE", "", "{\"metadata\":{\"name\":"
	    "\"fs\"},\"spec\":{\"image\":\"a b\"}}"), ERR_NOENT);
	EXPECT_EQ(target(OURS, "CREATE", "", "7"), ERR_NOENT);
}

TEST(a_subject_needs_room)
{
	struct str text = review(OURS, "v1", "CREATE", "", GOOD);
	struct admit_target s;
	struct arena a;
	bool fits = false;

	for (size_t cap = 0; cap < 65536; cap += 61) {
		int err;

		arena_init(&a, room, cap);
		err = admit_target(text, &a, &s);
		EXPECT(err == 0 || (err == ERR_NOENT && !fits));
		fits = fits || !err;
	}
	EXPECT(fits);
}

/* ---- defaults ---- */

static struct str patch(void)
{
	static char mem[TEXT];
	struct str text = answer("patch");
	size_t n;

	if (!text.n)
		return STR_NONE;
	EXPECT_STR(answer("patchType"), "\"JSONPatch\"");
	REQUIRE(!b64_decode(str_sub(text, 1, text.n - 1), false, mem,
	    sizeof(mem), &n));
	return (struct str){ mem, n };
}

TEST(defaults_are_written_down)
{
	ask(ADMIT_MUTATE, GROUP_ALLBEONE, "CREATE", "", "{\"image\":\"a\","
	    "\"transport\":{\"type\":\"http\"},\"ports\":[{\"port\":80},"
	    "{\"port\":81,\"targetPort\":8081},{\"port\":82,\"targetPort\":"
	    "null}],\"tenancy\":{\"tenantId\":\"t\"},\"registry\":{\"name\":"
	    "\"r\",\"serverName\":\"\"}}");
	EXPECT_STR(answer("allowed"), "true");
	EXPECT_STR(patch(), "[{\"op\":\"add\",\"path\":"
	    "\"/spec/registry/serverName\",\"value\":\"fs\"},"
	    "{\"op\":\"add\",\"path\":\"/spec/transport/path\",\"value\":"
	    "\"/mcp\"}]");
}

TEST(what_has_no_name_yet_gets_no_defaults)
{
	REQUIRE(!ask_text(ADMIT_MUTATE, review("mcp.example.com", "v1alpha1",
	    "CREATE", "", "{\"metadata\":{\"generateName\":\"fs-\"},"
	    "\"spec\":{\"image\":\"a\"}}")));
	EXPECT_STR(answer("allowed"), "true");
	EXPECT_STR(patch(), "");
}

/* A port that is changed later takes its target along, asked or not. */
TEST(what_follows_another_field_is_not_written_down)
{
	ask(ADMIT_MUTATE, GROUP_ALLBEONE, "CREATE", "", "{\"image\":\"a\","
	    "\"ports\":[{\"port\":80},{\"port\":81,\"targetPort\":null}],"
	    "\"tenancy\":{\"tenantId\":\"t\"}}");
	EXPECT_STR(patch(), "");
}

TEST(nothing_is_added_to_what_says_it_all)
{
	ask(ADMIT_MUTATE, GROUP_ALLBEONE, "CREATE", "", "{\"image\":\"a\"}");
	EXPECT_STR(patch(), "");
	EXPECT_STR(answer("patchType"), "");
	ask(ADMIT_MUTATE, GROUP_ALLBEONE, "CREATE", "", "{\"image\":\"a\","
	    "\"transport\":{\"type\":\"http\",\"path\":\"/x\"},\"ports\":[{"
	    "\"port\":80,\"targetPort\":8080}],\"registry\":{\"name\":\"r\","
	    "\"serverName\":\"s\"},\"tenancy\":{\"tenantId\":\"t\","
	    "\"isolationLevel\":\"None\"}}");
	EXPECT_STR(patch(), "");
	ask(ADMIT_MUTATE, GROUP_ALLBEONE, "UPDATE", "\"oldObject\":{\"spec\":"
	    "{\"ports\":[{\"port\":80}]}},", "{\"ports\":[{\"port\":80}]}");
	EXPECT_STR(patch(), "");
	ask(ADMIT_MUTATE, GROUP_MCPDEV, "CREATE", "", "{\"ports\":7}");
	EXPECT_STR(patch(), "");
}

TEST(servers_of_the_third_group_are_labelled)
{
	static const char *const labels[] = {
		"", "\"labels\":null,", "\"labels\":{},",
		"\"labels\":{\"app.kubernetes.io/name\":\"x\"},",
		"\"labels\":{\"app.kubernetes.io/name\":\"x\","
		"\"app.kubernetes.io/instance\":\"y\"},"
	};
	static const char whole[] = "[{\"op\":\"add\",\"path\":"
	    "\"/metadata/labels\",\"value\":{\"app.kubernetes.io/name\":"
	    "\"mcp-server\",\"app.kubernetes.io/instance\":\"fs\"}}]";
	static const char *const want[] = {
		whole, whole,
		"[{\"op\":\"add\",\"path\":\"/metadata/labels/"
		"app.kubernetes.io~1name\",\"value\":\"mcp-server\"},"
		"{\"op\":\"add\",\"path\":\"/metadata/labels/"
		"app.kubernetes.io~1instance\",\"value\":\"fs\"}]",
		"[{\"op\":\"add\",\"path\":\"/metadata/labels/"
		"app.kubernetes.io~1instance\",\"value\":\"fs\"}]",
		""
	};
	char object[512];

	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		cut_fmt(object, sizeof(object), "{\"metadata\":{%s\"name\":"
		    "\"fs\"},\"spec\":{\"image\":\"a\"}}", labels[i]);
		REQUIRE(!ask_text(ADMIT_MUTATE, review("mcp.example.com",
		    "v1alpha1", "CREATE", "", object)));
		EXPECT_STR(patch(), want[i]);
	}
}

/* ---- who else has a word on it ---- */

static bool subject(const char *operation, const char *more,
    const char *object, struct admit_subject *ret)
{
	static struct arena a;
	struct str text = review("mcp.mcp.dev", "v1alpha1", operation, more,
	    object);

	arena_init(&a, room, sizeof(room));
	return admit_subject(text, &a, ret);
}

TEST(others_see_what_is_made_or_changed_in_its_spec)
{
	struct admit_subject s;

	REQUIRE(subject("CREATE", "\"dryRun\":true,", "{\"metadata\":{"
	    "\"name\":\"a\",\"namespace\":\"n\",\"labels\":{\"x\":\"y\"}},"
	    "\"spec\":{}}", &s));
	EXPECT_EQ(s.group, GROUP_MCPDEV);
	EXPECT_STR(s.uid, "u-1");
	EXPECT_STR(s.ns, "n");
	EXPECT_STR(s.name, "a");
	EXPECT(s.dry_run && !s.update);
	EXPECT_STR(pairs_get(&s.labels, STR("x")), "y");
	EXPECT(str_starts(s.object, STR("{\"metadata\"")));
	EXPECT(subject("UPDATE", "\"oldObject\":{\"spec\":{\"image\":\"x\"}},",
	    "{\"metadata\":{\"name\":\"a\"},\"spec\":{}}", &s));
	EXPECT(s.update && !s.dry_run);
	EXPECT(!subject("UPDATE", "\"oldObject\":{\"spec\":{}},",
	    "{\"metadata\":{\"name\":\"a\"},\"spec\":{}}", &s));
	EXPECT(!subject("DELETE", "", "{\"metadata\":{\"name\":\"a\"}}", &s));
	EXPECT(!subject("CREATE", "\"subResource\":\"status\",",
	    "{\"metadata\":{\"name\":\"a\"}}", &s));
	EXPECT(!subject("CREATE", "", "{\"spec\":{}}", &s));
	EXPECT(!subject("CREATE", "", "{\"metadata\":1}", &s));
}

TEST(what_another_refuses_names_the_question)
{
	struct admit_subject s;
	struct buf b;

	REQUIRE(subject("CREATE", "", "{\"metadata\":{\"name\":\"a\"},"
	    "\"spec\":{}}", &s));
	buf_init(&b, out, sizeof(out) - 1);
	admit_refuse(&s, STR("Validator \"v\": no\n"), &b);
	REQUIRE(!b.over);
	EXPECT_STR(buf_view(&b), "{\"apiVersion\":\"admission.k8s.io/v1\","
	    "\"kind\":\"AdmissionReview\",\"response\":{\"uid\":\"u-1\","
	    "\"allowed\":false,\"status\":{\"status\":\"Failure\","
	    "\"reason\":\"Invalid\",\"code\":422,\"details\":{\"group\":"
	    "\"mcp.mcp.dev\",\"kind\":\"MCPServer\",\"name\":\"a\","
	    "\"causes\":[{\"reason\":\"FieldValueInvalid\",\"message\":"
	    "\"Validator \\\"v\\\": no\\n\",\"field\":\"spec\"}]},"
	    "\"message\":\"MCPServer.mcp.mcp.dev \\\"a\\\" is refused: "
	    "Validator \\\"v\\\": no\\n\"}}}");
}
