#include "check.h"
#include "rendering.h"

#define META "\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"," \
	"\"uid\":\"u\"}"
#define PLAIN(spec) \
	STR("{\"apiVersion\":\"mcp.allbeone.io/v1\"," META "," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")
#define WRAPPED(spec) \
	STR("{\"apiVersion\":\"mcp.example.com/v1alpha1\"," META "," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")
#define NOTE "spec|template|metadata|annotations|" NOTE_CONFIG

static struct str data_of(struct str json)
{
	return rendering_at(rendering_of(json, 0)->
	    child[CHILD_CONFIG_MAP].body, "data");
}

TEST(configmap_is_made_where_there_is_a_config)
{
	EXPECT(!rendering_of(PLAIN(""), 0)->child[CHILD_CONFIG_MAP].wanted);
	EXPECT(!rendering_of(WRAPPED(""), 0)->child[CHILD_CONFIG_MAP].wanted);
	EXPECT(!rendering_of(WRAPPED(",\"config\":{}"), 0)->
	    child[CHILD_CONFIG_MAP].wanted);
	EXPECT(rendering_of(PLAIN(",\"config\":{}"), 0)->
	    child[CHILD_CONFIG_MAP].wanted);
	EXPECT_STR(rendering_of(PLAIN(""), 0)->child[CHILD_CONFIG_MAP].name,
	    "a-config");
}

TEST(configmap_holds_the_object_as_it_is)
{
	EXPECT_STR(data_of(PLAIN(",\"config\":{\"a\":[1.50,\"\\u00e4\\n\"]}")),
	    "{\"config.json\":\"{\\\"a\\\":[1.50,\\\"\\\\u00e4\\\\n\\\"]}\"}");
}

TEST(configmap_wraps_a_map_of_texts)
{
	EXPECT_STR(data_of(WRAPPED(",\"config\":{\"k\":\"v\\\"\"}")),
	    "{\"config.json\":\"{\\\"server\\\":{\\\"name\\\":\\\"a\\\","
	    "\\\"transport\\\":\\\"streamable-http\\\",\\\"port\\\":8080},"
	    "\\\"config\\\":{\\\"k\\\":\\\"v\\\\\\\"\\\"},"
	    "\\\"streamable-http\\\":{\\\"session\\\":{\\\"timeout\\\":"
	    "\\\"30m\\\",\\\"maxConnections\\\":100}}}\",\"k\":\"v\\\"\"}");
}

/* The operator's own file is not written twice. */
TEST(configmap_key_of_our_file_is_not_the_users)
{
	struct str data = data_of(WRAPPED(",\"config\":"
	    "{\"config.json\":\"x\"}"));

	EXPECT(str_starts(data, STR("{\"config.json\":\"{\\\"server\\\"")));
	EXPECT(str_ends(data, STR("}}}\"}")));
	data = data_of(WRAPPED(",\"config\":"
	    "{\"config.json\":\"x\",\"k\":\"v\"}"));
	EXPECT(str_ends(data, STR("}}}\",\"k\":\"v\"}")));
}

static uint64_t digest(struct str json)
{
	struct str note = rendering_at(rendering_of(json, 0)->
	    child[CHILD_DEPLOYMENT].body, NOTE);
	char mem[40];
	struct buf b;
	uint32_t revision;
	uint64_t ret = 0;

	REQUIRE(note.n == 18);
	buf_init(&b, mem, sizeof(mem));
	buf_cstr(&b, "1.");
	buf_str(&b, str_sub(note, 1, 17));
	REQUIRE(render_note_parse(buf_view(&b), &revision, &ret) == 0);
	return ret;
}

TEST(configmap_digest_tells_one_config_from_another)
{
	const struct str all[] = {
		WRAPPED(",\"config\":{\"a\":\"1\"}"),
		WRAPPED(",\"config\":{\"a\":\"2\"}"),
		WRAPPED(",\"config\":{\"a\":\"\",\"b\":\"\"}"),
		/* What runs together without lengths. */
		WRAPPED(",\"config\":{\"a\":\"1\",\"b\":\"2\"}"),
		WRAPPED(",\"config\":{\"a\":\"1\\nb=2\"}"),
		WRAPPED(",\"config\":{\"a\":\"1b2\"}"),
		WRAPPED(",\"config\":{\"a1\":\"b2\"}"),
		PLAIN(",\"config\":{\"a\":\"1\"}"),
		PLAIN(",\"config\":{}"),
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (size_t j = 0; j < i; j++)
			EXPECT(digest(all[i]) != digest(all[j]));
	EXPECT(digest(all[0]) == digest(all[0]));
}

/* A volume of the user's there hides ours: then nothing is said of it. */
TEST(configmap_gives_way_to_a_volume_at_its_place)
{
	struct str json = PLAIN(",\"config\":{},\"volumes\":[{\"name\":\"v\","
	    "\"emptyDir\":{}}],\"volumeMounts\":[{\"name\":\"v\","
	    "\"mountPath\":\"/etc/mcp/\"}]");
	struct str pods = rendering_at(rendering_of(json, 0)->
	    child[CHILD_DEPLOYMENT].body, "spec|template");

	EXPECT_EQ(str_search(pods, STR("mcp-config")), pods.n);
	EXPECT_EQ(str_search(pods, STR("MCP_CONFIG_FILE")), pods.n);
	EXPECT_STR(rendering_at(pods, "metadata|annotations"), "");
}
