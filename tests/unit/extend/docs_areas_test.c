#include <glob.h>
#include <string.h>

#include "check.h"
#include "extend.h"
#include "rendering.h"

/* The manifests that documents show, tried as their readers would. */

enum { ROOM = 1 << 20 };
static struct json_tok tok[JSON_TOKENS_MAX];
static struct json_doc doc;
static char yaml_room[YAML_SCRATCH_MAX], json[ROOM], room[ROOM];
static char ext_room[EXT_TEXTS_MAX], warned[4096];
static struct arena arena;
static struct server server;

static void fail(const char *where, const char *path, const char *text)
{
	test_fail(__FILE__, __LINE__, "%s: %s %s", where, path, text);
	REQUIRE(false);
}

static struct str member_of(const char *path)
{
	struct str s = STR_NONE;

	json_string(&doc, json_path(&doc, JSON_ROOT, path), &arena, &s);
	return s;
}

static void warn(void *ctx, const struct diag *d)
{
	buf_fmt(ctx, "%s: %s\n", d->path, d->text);
}

/* Strictly read, with no rule broken; what is said of it is in *told. */
static void take(const char *where, struct buf *told)
{
	struct schema_mode strict;
	struct server_spec spec;
	struct diag d;
	struct str group;
	enum group g;

	diag_clear(&d);
	str_cut(member_of("apiVersion"), '/', &group);
	if (group_find(group, &g))
		fail(where, "apiVersion", "is of no group");
	strict = *group_mode(g);
	strict.strict = true;
	if (schema_decode(&server_spec_schema, &strict, &doc,
	    json_path(&doc, JSON_ROOT, "spec"), STR("spec"), &arena, &spec,
	    &d) || server_decode(g, &doc, JSON_ROOT, &arena, &server, &d) ||
	    server_check(&server, &arena, &d))
		fail(where, d.path, d.text);
	EXPECT_EQ(server_advise(&server, &arena, warn, told), 0);
}

/* What the operator reads of others than servers. */
static void other(const char *where, struct str kind)
{
	struct arena a, scratch;
	struct ext_set set;
	struct str file;
	struct diag d;

	diag_clear(&d);
	if (!str_is(kind, "ConfigMap") && !str_is(kind, "Secret"))
		fail(where, "kind", "is not known");
	REQUIRE(member_of("metadata.name").n > 0);
	if (!str_is(member_of("metadata.name"), "mcp-operator-extensions"))
		return;
	json_string(&doc, json_get(&doc, json_path(&doc, JSON_ROOT, "data"),
	    STR("extensions.yaml")), &arena, &file);
	arena_init(&a, ext_room, sizeof(ext_room));
	arena_init(&scratch, yaml_room, sizeof(yaml_room));
	if (ext_read(file, &scratch, &a, &set, &d))
		fail(where, d.path, d.text);
	EXPECT(set.n > 0);
}

/* "Service, Deployment", in the order in which they are applied. */
static void objects(struct str text, struct buf *out)
{
	const struct render_out *made = rendering_of(text, 0);

	out->n = 0;
	for (int k = 0; k < CHILD_KINDS_ALL; k++) {
		bool wanted = k < CHILD_KINDS ? made->child[k].wanted :
		    rendering_extra((enum child_kind)k)->wanted;

		if (wanted)
			buf_fmt(out, "%s%s", out->n ? ", " : "",
			    child_info[k].kind);
	}
}

/*
 * Each object of a text in YAML. Servers are rendered; *made has what comes
 * of the first. Returns how many servers there are.
 */
static int manifests(const char *where, struct str yaml, struct buf *told,
    struct buf *made)
{
	struct arena scratch;
	struct diag d;
	struct buf b;
	int n = 0, err;

	while (diag_clear(&d), buf_init(&b, json, sizeof(json)),
	    arena_init(&scratch, yaml_room, sizeof(yaml_room)),
	    !(err = yaml_to_json(&yaml, &scratch, &b, &d))) {
		char mem[512];
		struct buf list;
		struct str kind;

		arena_init(&arena, room, sizeof(room));
		REQUIRE(!json_parse(&doc, buf_view(&b), tok, JSON_TOKENS_MAX,
		    &d));
		kind = member_of("kind");
		if (!str_is(kind, "MCPServer")) {
			other(where, kind);
			continue;
		}
		take(where, told);
		buf_init(&list, mem, sizeof(mem));
		objects(buf_view(&b), &list);
		EXPECT(str_search(buf_view(&list), STR("Deployment")) <
		    list.n);
		if (n++ == 0)
			buf_str(made, buf_view(&list));
	}
	if (err != ERR_NOENT)
		fail(where, d.path, d.text);
	return n;
}

/* Cuts the next block of YAML out of a document; false: there is none. */
static bool block(struct str *rest, struct str *ret)
{
	size_t at = str_search(*rest, STR("\n```yaml\n")), end;

	if (at == rest->n)
		return false;
	*rest = str_sub(*rest, at + 9, rest->n);
	end = str_search(*rest, STR("\n```"));
	REQUIRE(end < rest->n);
	*ret = str_sub(*rest, 0, end + 1);
	*rest = str_sub(*rest, end + 4, rest->n);
	return true;
}

/* The text up to the next heading, whose name is *ret. */
static bool section(struct str *rest, struct str *ret, char name[64])
{
	size_t at = str_search(*rest, STR("\n## ")), end;
	struct str line;

	if (at == rest->n)
		return false;
	*rest = str_cut(str_sub(*rest, at + 4, rest->n), '\n', &line);
	cut_fmt(name, 64, "%S", line);
	end = str_search(*rest, STR("\n## "));
	*ret = str_sub(*rest, 0, end);
	*rest = str_sub(*rest, end, rest->n);
	return true;
}

TEST(docs_areas_are_as_their_examples)
{
	struct str rest = guard_file("docs/areas.md"), text, yaml, more;
	char name[64], mem[512], line[512];
	struct buf told, made;
	int n = 0;

	while (section(&rest, &text, name)) {
		buf_init(&told, warned, sizeof(warned));
		buf_init(&made, mem, sizeof(mem));
		more = text;
		if (!block(&more, &yaml))
			fail(name, "", "has no example");
		EXPECT(manifests(name, yaml, &told, &made) > 0);
		if (told.n)
			test_fail(__FILE__, __LINE__, "%s: %.*s", name,
			    (int)told.n, warned);
		cut_fmt(line, sizeof(line), "\nObjects: %S.\n",
		    buf_view(&made));
		if (str_search(text, str_from(line)) == text.n)
			test_fail(__FILE__, __LINE__, "%s: lacks%s", name,
			    line);
		EXPECT(!block(&more, &yaml));
		n++;
	}
	EXPECT_EQ(n, 13);
}

/* What the samples, which name no versions, may be told. */
static void expect_mild(const char *where, struct str told)
{
	struct str line;

	while (told.n) {
		told = str_cut(told, '\n', &line);
		if (str_search(line, STR("names no version")) == line.n &&
		    !str_starts(line, STR("spec: nothing acts yet on ")))
			test_fail(__FILE__, __LINE__, "%s: %.*s", where,
			    (int)line.n, line.p);
	}
}

TEST(docs_samples_are_warned_of_nothing_else)
{
	char mem[4096];
	glob_t files;
	int n = 0;

	REQUIRE(!glob("manifests/samples/*.yaml", 0, NULL, &files));
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *path = files.gl_pathv[i];
		struct buf told, made;

		buf_init(&told, warned, sizeof(warned));
		buf_init(&made, mem, sizeof(mem));
		n += manifests(path, guard_file(path), &told, &made);
		expect_mild(path, buf_view(&told));
	}
	globfree(&files);
	EXPECT(n >= 7);
}
