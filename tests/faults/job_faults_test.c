/*
 * A job from the watch line to the status, with each reservation refused. It
 * is tried again until all is written, and nothing is ever written that was
 * cut: not a child, and not a status that says less than the truth.
 */
#include <stdio.h>
#include <string.h>

#include "faults/refuse.h"
#include "unit/control/manager_world.h"

#define SERVERS "/mcp.mcp.dev/v1alpha1/mcpservers"
#define WRITTEN "{\"metadata\":{\"uid\":" \
	"\"2188f7f2-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"resourceVersion\":\"90\",\"generation\":1}}"

static unsigned version = 100000, image;
static struct { char text[8192]; size_t n; } status;
static void (*react)(void *ctx, struct fake_io *f, int peer);

/* With another image each time, so that there is something to apply. */
static const char *object(const char *before, const char *after)
{
	static char text[768];

	snprintf(text, sizeof(text), "%s{\"apiVersion\":"
	    "\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\","
	    "\"metadata\":{\"namespace\":\"ns\",\"name\":\"one\","
	    "\"uid\":\"1188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
	    "\"resourceVersion\":\"%u\",\"generation\":%u},"
	    "\"spec\":{\"image\":\"x:%u\"}}%s", before, version, image,
	    image, after);
	return text;
}

/* What was told while no watch was open is told when it is opened again. */
static const char *watch(const struct world_request *r, struct str path)
{
	struct str key = STR("resourceVersion="), since;
	size_t at = str_search(r->path, key);
	uint64_t known;

	(void)str_cut(str_sub(r->path, at + key.n, r->path.n), '&', &since);
	if (!str_ends(path, STR(SERVERS)) || str_u64(since, &known) < 0 ||
	    known == 0 || known >= version)
		return "";
	return object("{\"type\":\"MODIFIED\",\"object\":", "}\n");
}

static bool is_whole(struct str body)
{
	static struct json_tok tok[2048];
	struct json_doc doc;

	return body.n && json_parse(&doc, body, tok, 2048, NULL) == 0;
}

/* Times and images are others each time. */
static void others_blank(void)
{
	char *p = status.text;

	for (size_t i = 0; i + 22 < status.n; i++) {
		if (p[i] == '"' && p[i + 5] == '-' && p[i + 11] == 'T' &&
		    p[i + 20] == 'Z')
			memset(p + i + 1, 't', 20);
		if (!memcmp(p + i, "10", 2) && strspn(p + i, "0123456789") ==
		    6)
			memset(p + i, 'v', 6);
	}
}

static void tell(void)
{
	version++;
	mw_tell(SERVERS, object("{\"type\":\"MODIFIED\",\"object\":",
	    "}\n"));
}

static void serve(const struct world_request *r, struct str path)
{
	bool told = str_search(r->path, STR("limits")) < r->path.n;

	if (str_is(r->method, "GET")) {
		world_reply(mw.w, r->peer, 200, NULL, object("", ""));
		return;
	}
	if (!is_whole(r->body))
		test_fail(__FILE__, __LINE__, "%.*s %.*s is cut",
		    (int)r->method.n, r->method.p, (int)path.n, path.p);
	if (str_ends(path, STR("/status")) && !told) {
		REQUIRE(r->body.n <= sizeof(status.text));
		memcpy(status.text, r->body.p, r->body.n);
		status.n = r->body.n;
		others_blank();
	}
	world_reply(mw.w, r->peer, 200, NULL, WRITTEN);
	/* What is told that it was too large, is read again. */
	if (told)
		tell();
}

/* What the API server does cannot go wrong. */
static void quietly(void *ctx, struct fake_io *f, int peer)
{
	bool was = alloc_forbidden;

	alloc_forbidden = false;
	react(ctx, f, peer);
	alloc_forbidden = was;
}

static bool is_well(void)
{
	struct str text = { status.text, status.n };

	return str_search(text, STR("AsExpected")) < text.n;
}

static int edit(const void *arg)
{
	struct loop *l = manager_loop(mw.m);
	int64_t until = mw.w->io.now_ns + 60 * SEC;

	(void)arg;
	status.n = 0;
	mw_forget();
	image = version;
	tell();
	while (mw.w->io.now_ns < until) {
		OPERATOR_DOES(loop_turn(l, until));
		/* Of what was refused the status may tell, for a while. */
		if (is_well() && until > mw.w->io.now_ns + SEC / 2)
			until = mw.w->io.now_ns + SEC / 2;
	}
	EXPECT(mw_count("/deployments/one") > 0);
	out_put((struct str){ status.text, status.n });
	return status.n ? 0 : ERR_MORE;
}

TEST(refused_jobs)
{
	const struct task task = { "edit", edit, NULL, true };

	mw.watch = watch;
	mw.serve = serve;
	mw_begin(NULL);
	inject_io(&mw.w->io.io);
	react = mw.w->io.react;
	mw.w->io.react = quietly;
	mw_run(5 * SEC);
	(void)edit(NULL);
	for (int k = INJECT_FULL; k < INJECT_KINDS; k++)
		each_wrong(&task, (enum inject_kind)k);
}
