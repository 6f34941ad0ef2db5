#include <stdio.h>

#include "check.h"
#include "rendering.h"

/*
 * An upgrade of the operator makes no pods anew: what an earlier version
 * noted of a template is what this one makes of the same server, at the
 * revision of that time. See tests/golden/upgrades.tsv and RENDER_REVISION.
 */

struct upgrade {
	char input[128];
	uint64_t refs, digest;
	uint32_t revision;
	struct str from;
};

static bool upgrade_parse(struct str line, struct upgrade *u)
{
	struct str name, refs, note;
	int n;

	line = str_cut(line, '\t', &name);
	line = str_cut(line, '\t', &refs);
	u->from = str_cut(line, '\t', &note);
	n = snprintf(u->input, sizeof(u->input),
		     "tests/golden/render/%.*s.json", (int)name.n, name.p);
	return n > 0 && (size_t)n < sizeof(u->input) && u->from.n > 0 &&
	       str_hex64(refs, &u->refs) == 0 &&
	       render_note_parse(note, &u->revision, &u->digest) == 0;
}

static uint64_t rendered_digest(const struct upgrade *u)
{
	static char mem[8 * 1024 * 1024];
	struct render_in in = {
		.server = rendering_server(guard_file(u->input)),
		.refs = u->refs, .revision = u->revision
	};
	struct render_out out;
	struct arena a;

	arena_init(&a, mem, sizeof(mem));
	REQUIRE(render_server(&in, &a, &out) == 0);
	return out.template_digest;
}

TEST(render_makes_the_templates_of_earlier_versions)
{
	struct str rest = guard_file("tests/golden/upgrades.tsv"), line;
	struct upgrade u;
	int n = 0;

	while (rest.n > 0) {
		rest = str_cut(rest, '\n', &line);
		if (str_starts(line, STR("#")))
			continue;
		REQUIRE(upgrade_parse(line, &u));
		if (rendered_digest(&u) != u.digest)
			test_fail(__FILE__, __LINE__, "%s: an upgrade from "
				  "%.*s makes its pods anew", u.input,
				  (int)u.from.n, u.from.p);
		n++;
	}
	EXPECT(n >= 39);
}
