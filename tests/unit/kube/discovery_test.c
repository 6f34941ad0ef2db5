#include <string.h>

#include "kube_world.h"

static const struct gvr hpas = { "autoscaling", "v2",
	"horizontalpodautoscalers", true };
static const struct gvr routes = { "gateway.networking.k8s.io", "v1",
	"httproutes", true };
static const struct gvr servers = { "mcp.example.com", "v1alpha1",
	"mcpservers", true };
static const struct gvr plugins = { "mcp.example.com", "v1alpha1",
	"plugins", true };
static const struct gvr pods = { "", "v1", "pods", true };

static struct discovery_row rows[] = {
	{ .gvr = &hpas }, { .gvr = &routes }, { .gvr = &servers },
	{ .gvr = &pods }, { .gvr = &plugins },
};
static struct discovery disc;
static bool done, broken;
static int result;

static void on_done(void *ctx, int err)
{
	EXPECT(ctx == &disc);
	EXPECT(!discovery_busy(&disc));
	done = true;
	result = err;
}

static void serve(struct world *w, const struct world_request *r)
{
	const char *text;

	if (broken && !str_is(r->path, "/version")) {
		world_reply(w, r->peer, 500, NULL, "no");
		return;
	}
	if (str_is(r->path, "/version"))
		text = "{\"major\":\"1\",\"minor\":\"27+\"}";
	else if (str_is(r->path, "/apis/autoscaling/v2"))
		text = "{\"kind\":\"APIResourceList\",\"resources\":["
		    "{\"name\":\"horizontalpodautoscalers\"},{\"name\":"
		    "\"horizontalpodautoscalers/status\"}]}";
	else if (str_is(r->path, "/apis/mcp.example.com/v1alpha1"))
		text = "{\"kind\":\"APIResourceList\",\"resources\":["
		    "{\"name\":\"mcpservers/status\"},"
		    "{\"name\":\"mcpservers\"}]}";
	else if (str_is(r->path, "/api/v1"))
		text = "{\"kind\":\"APIResourceList\",\"resources\":["
		    "{\"name\":\"podtemplates\"},{\"name\":\"pods\"}]}";
	else
		text = NULL;
	if (text)
		world_reply(w, r->peer, 200, NULL, text);
	else
		world_reply(w, r->peer, 404, NULL, "404 page not found\n");
}

TEST(discovery_finds_what_is_there)
{
	struct world *w = world_begin(NULL);

	w->serve = serve;
	discovery_init(&disc, &w->client, rows, ARRAY_LEN(rows));
	discovery_run(&disc, w->loop.now_ns + 10 * SEC, on_done, &disc);
	EXPECT(discovery_busy(&disc));
	EXPECT(world_until(w, &done, SEC));
	EXPECT_EQ(result, 0);
	EXPECT_EQ(disc.major, 1);
	EXPECT_EQ(disc.minor, 27);
	EXPECT(rows[0].present);
	EXPECT(!rows[1].present);
	EXPECT(rows[2].present);
	EXPECT(rows[3].present);
	EXPECT(!rows[4].present);
	/* One request a group and version. */
	EXPECT_EQ(w->requests, 5);

	done = false;
	broken = true;
	discovery_run(&disc, w->loop.now_ns + 10 * SEC, on_done, &disc);
	EXPECT(world_until(w, &done, SEC));
	EXPECT_EQ(result, ERR_HTTP);
	EXPECT(diag_is_set(&disc.diag));
	EXPECT(rows[0].present && rows[3].present);
}

TEST(discovery_of_odd_answers)
{
	static const char *const texts[] = {
		"", "[]", "{}", "{\"kind\":\"Status\"}",
		"{\"kind\":\"APIResourceList\"}",
		"{\"kind\":\"APIResourceList\",\"resources\":[{]}",
	};
	struct diag d;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		diag_clear(&d);
		EXPECT_EQ(discovery_decode(guard_copy(texts[i],
		    strlen(texts[i])), &pods, rows, ARRAY_LEN(rows), &d),
		    ERR_BAD);
		EXPECT(diag_is_set(&d));
	}
	EXPECT_EQ(discovery_decode(STR("{\"kind\":\"APIResourceList\","
	    "\"resources\":{}}"), &pods, rows, ARRAY_LEN(rows), NULL), 0);
	EXPECT(!rows[3].found);
}
