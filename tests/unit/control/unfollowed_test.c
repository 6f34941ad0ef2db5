#include <string.h>

#include "manager_world.h"

/* An operator as it is installed, with room for one reference. */

#define FROM(name) "{\"configMapRef\":{\"name\":\"" name "\"}}"
#define SPEC(more) "{\"image\":\"x\",\"secretName\":\"s\"," \
	"\"envFrom\":[" FROM("a") more "]}"
#define CHILD_UID "2188f7f2-9b3a-4c5d-8e6f-0123456789ab"

static unsigned events;
static char event[4096];	/* the last one that tells of no room */

static void serve(const struct world_request *r, struct str path)
{
	if (mw_one_serve(r, path))
		return;
	if (str_is(r->method, "POST") && str_ends(path, STR("/events")) &&
	    str_search(r->body, STR("CapacityReached")) < r->body.n) {
		text_set(event, sizeof(event), r->body);
		events++;
	}
	if (str_is(r->method, "GET"))
		world_reply(mw.w, r->peer, 404, NULL,
		    world_status(404, "NotFound", "not found"));
	else
		world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{"
		    "\"uid\":\"" CHILD_UID "\",\"resourceVersion\":\"90\","
		    "\"generation\":1}}");
}

static void begin(const char *spec, const char *refs)
{
	const char *const args[] = { refs, NULL };

	mw.watch = mw_one_watch;
	mw.serve = serve;
	events = 0;
	mw_one_begin(spec);
	mw_begin(args);
	mw_run(20 * SEC);
	mw_one_tell();
	mw_run(20 * SEC);
}

static bool tells(const char *type, const char *reason)
{
	const char *at = strstr(mw_one.status, type), *end;

	if (at == NULL)
		return false;
	end = strchr(at, '}');
	at = strstr(at, reason);
	return at != NULL && at < end;
}

static void edit(const char *spec)
{
	mw_one.spec = spec;
	mw_one.version++;
	mw_one.generation++;
	mw_one_tell();
	mw_run(20 * SEC);
}

TEST(a_config_map_without_room_is_told_beside_secrets)
{
	begin(SPEC("," FROM("b")), "--max-refs=1");
	EXPECT(tells("ConfigMapsFollowed", "\"CapacityReached\""));
	EXPECT(tells("ConfigMapsFollowed", "some ConfigMaps"));
	EXPECT(tells("SecretsFollowed", "\"NotGranted\""));
	/* That one of them does not exist is told as well. */
	EXPECT(strstr(mw_one.status, "ReferenceMissing") != NULL);
	EXPECT_EQ(events, 1);
	EXPECT(strstr(event, "--max-refs") != NULL);
	EXPECT(strstr(event, "\"Warning\"") != NULL);
	EXPECT_EQ(mw.m->counts.v[COUNT_CAPACITY_REFUSED], 1);
	/* It is no news when the pods are others, and none when it ends. */
	edit("{\"image\":\"y\",\"envFrom\":[" FROM("a") "," FROM("b") "]}");
	EXPECT(tells("ConfigMapsFollowed", "\"CapacityReached\""));
	EXPECT(strstr(mw_one.status, "SecretsFollowed") == NULL);
	edit(SPEC(""));
	EXPECT(strstr(mw_one.status, "ConfigMapsFollowed") == NULL);
	EXPECT(tells("SecretsFollowed", "\"NotGranted\""));
	EXPECT_EQ(events, 1);
}

/* Somebody with more room takes it back each time: the want is his to tell. */
TEST(who_has_no_room_gives_in_to_who_has)
{
	unsigned told = 0;
	int s;

	begin(SPEC("," FROM("b")), "--max-refs=1");
	for (s = 0; s < 30; s++) {
		char *at = strstr(mw_one.status,
		    ",{\"type\":\"ConfigMapsFollowed\"");
		char *end = at != NULL ? strchr(at, '}') : NULL;

		if (end != NULL) {
			memmove(at, end + 1, strlen(end));
			mw_one.version++;
			mw_one_tell();
			told++;
		}
		mw_run(SEC);
	}
	EXPECT(told > 1);
	EXPECT(told < 8);
	mw_forget();
	mw_run(200 * SEC);
	EXPECT_EQ(mw_count(MW_STATUS), 0);
}

#define TWELVE FROM("b") "," FROM("c") "," FROM("d") "," FROM("e") "," \
	FROM("f") "," FROM("g") "," FROM("h") "," FROM("i") "," FROM("j") \
	"," FROM("k") "," FROM("l") "," FROM("m")

TEST(more_config_maps_than_one_server_may_have_are_told)
{
	begin(SPEC("," TWELVE), NULL);
	EXPECT(tells("ConfigMapsFollowed", "\"CapacityReached\""));
	EXPECT(tells("SecretsFollowed", "\"NotGranted\""));
	EXPECT_EQ(events, 1);
	edit("{\"image\":\"y\",\"envFrom\":[" TWELVE "]}");
	EXPECT(strstr(mw_one.status, "ConfigMapsFollowed") == NULL);
}
