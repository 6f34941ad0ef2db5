#include <glob.h>

#include "model_test.h"

static struct model m;
static char yaml_room[YAML_SCRATCH_MAX], json[65536];

static struct str member_of(uint32_t at, const char *key)
{
	struct str s = STR_NONE;

	json_string(&m.doc, json_get(&m.doc, at, str_from(key)), &m.arena,
	    &s);
	return s;
}

/* One object of a sample; true when it is an MCPServer, of which group. */
static bool sample(const char *path, struct str text, enum group *ret)
{
	struct schema_mode strict;
	struct server_spec spec;
	struct str api;

	arena_init(&m.arena, m.room, sizeof(m.room));
	diag_clear(&m.diag);
	REQUIRE(!json_parse(&m.doc, text, m.tok, MODEL_TOKENS, NULL));
	if (!str_eq(member_of(JSON_ROOT, "kind"), STR("MCPServer")))
		return false;
	str_cut(member_of(JSON_ROOT, "apiVersion"), '/', &api);
	REQUIRE(!group_find(api, ret));
	strict = *group_mode(*ret);
	strict.strict = true;
	if (schema_decode(&server_spec_schema, &strict, &m.doc,
	    json_get(&m.doc, JSON_ROOT, STR("spec")), STR("spec"), &m.arena,
	    &spec, &m.diag) || server_decode(*ret, &m.doc, JSON_ROOT,
	    &m.arena, &m.s, &m.diag) || server_check(&m.s, &m.arena, &m.diag))
		test_fail(__FILE__, __LINE__, "%s: %s %s", path, m.diag.path,
		    m.diag.text);
	return true;
}

/* What `make run` applies: every group, no unknown field, no broken rule. */
TEST(samples_are_taken_by_their_groups)
{
	bool seen[GROUPS] = { false };
	struct arena scratch;
	struct diag d;
	enum group g;
	glob_t files;

	REQUIRE(!glob("manifests/samples/*.yaml", 0, NULL, &files));
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct str in = guard_file(files.gl_pathv[i]);
		struct buf b;
		int err;

		arena_init(&scratch, yaml_room, sizeof(yaml_room));
		diag_clear(&d);
		do {
			buf_init(&b, json, sizeof(json));
			err = yaml_to_json(&in, &scratch, &b, &d);
			if (!err && sample(files.gl_pathv[i], buf_view(&b),
			    &g))
				seen[g] = true;
		} while (!err);
		EXPECT_EQ(err, ERR_NOENT);
	}
	globfree(&files);
	for (int i = 0; i < GROUPS; i++)
		EXPECT(seen[i]);
}
