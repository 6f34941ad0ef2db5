/* What the model room's tests share: a server from the text of its spec. */
#ifndef MODEL_TEST_H
#define MODEL_TEST_H

#include <string.h>

#include "check.h"
#include "model.h"

enum { MODEL_TOKENS = 4096, MODEL_ROOM = 1 << 18 };

struct model {
	struct json_tok tok[MODEL_TOKENS];
	struct json_doc doc;
	char room[MODEL_ROOM], out[MODEL_ROOM];
	struct arena arena;
	struct diag diag;
	struct server s;
};

/* A whole object. */
static inline int model_object(struct model *m, enum group g,
    const char *text)
{
	arena_init(&m->arena, m->room, sizeof(m->room));
	diag_clear(&m->diag);
	REQUIRE(!json_parse(&m->doc, guard_copy(text, strlen(text)), m->tok,
	    MODEL_TOKENS, &m->diag));
	return server_decode(g, &m->doc, JSON_ROOT, &m->arena, &m->s,
	    &m->diag);
}

/* An object called "fs" in namespace "tools", with this spec. */
static inline int model_spec(struct model *m, enum group g, const char *spec)
{
	char mem[POD_PATCH_MAX + 16384];
	struct buf b;

	buf_init(&b, mem, sizeof(mem) - 1);
	buf_fmt(&b, "{\"metadata\":{\"name\":\"fs\",\"namespace\":\"tools\","
	    "\"uid\":\"u-1\",\"generation\":2},\"spec\":%s}", spec);
	REQUIRE(!b.over);
	mem[b.n] = '\0';
	return model_object(m, g, mem);
}

/* The same, which must be taken. */
static inline const struct server_spec *model_good(struct model *m,
    enum group g, const char *spec)
{
	int err = model_spec(m, g, spec);

	if (!err)
		err = server_check(&m->s, &m->arena, &m->diag);
	if (err) {
		test_fail(__FILE__, __LINE__, "%s: %s: %s %s", spec,
		    err_name(err), m->diag.path, m->diag.text);
		REQUIRE(!err);
	}
	return &m->s.spec;
}

/* The same, which must be refused, at this place for this reason. */
static inline void model_bad(struct model *m, enum group g,
    const char *spec, const char *path, const char *rule)
{
	int err = model_spec(m, g, spec);

	if (!err)
		err = server_check(&m->s, &m->arena, &m->diag);
	EXPECT_EQ(err, ERR_INVALID);
	if (strcmp(m->diag.path, path) || strcmp(m->diag.text, rule))
		test_fail(__FILE__, __LINE__, "%s: is\n  %s: %s\nnot\n"
		    "  %s: %s", spec, m->diag.path, m->diag.text, path, rule);
}

/* The canonical spec as JSON. */
static inline struct str model_text(struct model *m)
{
	struct buf b;
	struct jw w;

	buf_init(&b, m->out, sizeof(m->out));
	jw_init(&w, &b);
	schema_encode(&server_spec_schema, IN_ALL, &m->s.spec, &w);
	REQUIRE(!b.over);
	return buf_view(&b);
}

#endif
