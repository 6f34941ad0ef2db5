#include "codec.h"

/*
 * Strategic merge patches, as Kubernetes defines them (API conventions of
 * SIG API machinery): objects are merged member by member and null takes a
 * member away; lists are replaced, but for those whose items are known by a
 * key. "$patch": "delete" and "replace" say otherwise.
 */

enum directive { PATCH_MERGE, PATCH_DELETE, PATCH_REPLACE, PATCH_UNKNOWN };

static const struct str directive_key = STR_INIT("$patch");

static enum directive directive_of(const struct json_doc *doc, uint32_t at)
{
	uint32_t v = json_get(doc, at, directive_key);
	struct str text = v == JSON_NIL ? STR("\"merge\"") :
	    json_raw(doc, v);

	return str_is(text, "\"merge\"") ? PATCH_MERGE :
	    str_is(text, "\"delete\"") ? PATCH_DELETE :
	    str_is(text, "\"replace\"") ? PATCH_REPLACE : PATCH_UNKNOWN;
}

/* A member's name without its quotes; escapes stay. */
static struct str name_of(const struct json_doc *doc, uint32_t key)
{
	struct str raw = json_raw(doc, key);

	return str_sub(raw, 1, raw.n - 1);
}

/* By what the items of a list of that name are known, or NULL. */
static const char *key_of(const struct json_list_key *keys, struct str list)
{
	for (; keys->list != NULL; keys++)
		if (str_is(list, keys->list))
			return keys->key;
	return NULL;
}

static uint32_t member_raw(const struct json_doc *doc, uint32_t at,
    struct str name)
{
	uint32_t k;

	for (k = json_first(doc, at); k != JSON_NIL;
	    k = json_next(doc, at, k))
		if (str_eq(name_of(doc, k), name))
			return json_value(doc, k);
	return JSON_NIL;
}

/* ---- is it one? ---- */

/* An object or list whose members or items are being looked at. */
struct checked {
	uint32_t at, next, n;
	const char *key;	/* by which a list's items are known */
	size_t mark;		/* the length of its path */
};

struct checking {
	const struct json_doc *doc;
	const struct json_list_key *keys;
	struct checked levels[JSON_DEPTH_MAX];
	unsigned depth;
	struct buf path;
	struct diag *d;
};

static int bad(struct checking *c, const char *why)
{
	diag_set(c->d, buf_view(&c->path), "%s", why);
	return ERR_BAD;
}

/* Has the value more to look at? */
static int check_value(struct checking *c, struct str name, uint32_t at)
{
	enum json_type type = json_type(c->doc, at);

	if (type != JSON_OBJECT && type != JSON_ARRAY)
		return 0;
	if (directive_of(c->doc, at) == PATCH_UNKNOWN)
		return bad(c, "has a $patch that is not merge, delete or "
		    "replace");
	CHECK(c->depth < JSON_DEPTH_MAX);
	c->levels[c->depth++] = (struct checked){
		.at = at,
		.next = json_first(c->doc, at),
		.key = type == JSON_ARRAY ? key_of(c->keys, name) : NULL,
		.mark = c->path.n,
	};
	return 0;
}

static int check_member(struct checking *c, uint32_t k)
{
	struct str name = name_of(c->doc, k);

	if (str_starts(name, STR("$")) && !str_eq(name, directive_key))
		return bad(c, "has a directive other than $patch");
	if (str_find(name, '\\') < name.n)
		return bad(c, "has a name with an escape");
	buf_fmt(&c->path, ".%S", name);
	return check_value(c, name, json_value(c->doc, k));
}

/* Every item of a keyed list names itself, and no two the same. */
static int check_key(struct checking *c, const char *key, uint32_t list,
    uint32_t at)
{
	uint32_t named, i;

	if (json_type(c->doc, at) != JSON_OBJECT)
		return bad(c, "must be an object");
	if (directive_of(c->doc, at) == PATCH_REPLACE)
		return 0;
	named = json_get(c->doc, at, str_from(key));
	if (json_type(c->doc, named) != JSON_STRING &&
	    json_type(c->doc, named) != JSON_NUMBER) {
		buf_fmt(&c->path, ".%s", key);
		return bad(c, "is required, for it tells which one is meant");
	}
	for (i = json_first(c->doc, list); i != at;
	    i = json_next(c->doc, list, i)) {
		uint32_t other = json_get(c->doc, i, str_from(key));

		if (other != JSON_NIL && str_eq(json_raw(c->doc, other),
		    json_raw(c->doc, named)))
			return bad(c, "is the same as one before");
	}
	return 0;
}

static int check_item(struct checking *c, struct checked *in, uint32_t at)
{
	int err = 0;

	buf_fmt(&c->path, "[%u]", in->n++);
	if (in->key != NULL)
		err = check_key(c, in->key, in->at, at);
	return err < 0 ? err : check_value(c, STR_NONE, at);
}

static int check_levels(struct checking *c)
{
	int err = 0;

	while (c->depth > 0 && err == 0) {
		struct checked *in = &c->levels[c->depth - 1];
		uint32_t at = in->next;

		/* A path that is too long ends earlier. */
		c->path.n = in->mark;
		c->path.over = false;
		if (at == JSON_NIL) {
			c->depth--;
			continue;
		}
		in->next = json_next(c->doc, in->at, at);
		err = json_type(c->doc, in->at) == JSON_OBJECT ?
		    check_member(c, at) : check_item(c, in, at);
	}
	return err;
}

int json_patch_check(const struct json_doc *patch,
    const struct json_list_key *keys, struct str path, struct diag *d)
{
	struct checking c = { .doc = patch, .keys = keys, .d = d };
	char mem[DIAG_PATH_MAX];
	int err;

	buf_init(&c.path, mem, sizeof(mem));
	buf_str(&c.path, path);
	if (json_type(patch, JSON_ROOT) != JSON_OBJECT)
		return bad(&c, "must be an object");
	err = check_value(&c, STR_NONE, JSON_ROOT);
	return err < 0 ? err : check_levels(&c);
}

/* ---- both as one ---- */

/*
 * An object or list that is being written: first what the base has in it,
 * then what the patch alone has.
 */
struct merged {
	uint32_t base, patch;	/* JSON_NIL: as if it were empty */
	uint32_t next;
	bool list, behind;
	const char *key;	/* by which a list's items are known */
};

struct merging {
	const struct json_doc *base, *patch;
	const struct json_list_key *keys;
	struct merged levels[JSON_DEPTH_MAX];
	unsigned depth;
	struct jw *w;
};

static bool replaces_all(const struct json_doc *doc, uint32_t list)
{
	uint32_t i;

	for (i = json_first(doc, list); i != JSON_NIL;
	    i = json_next(doc, list, i))
		if (directive_of(doc, i) == PATCH_REPLACE)
			return true;
	return false;
}

static void value_write(struct merging *m, struct str name, uint32_t base,
    uint32_t patch)
{
	enum json_type type = json_type(m->patch, patch);
	enum directive how = directive_of(m->patch, patch);
	bool list = type == JSON_ARRAY;
	const char *key = list ? key_of(m->keys, name) : NULL;

	if (!list && type != JSON_OBJECT) {
		jw_raw(m->w, json_raw(m->patch, patch));
		return;
	}
	if (list)
		jw_open_list(m->w);
	else
		jw_open(m->w);
	if (json_type(m->base, base) != type || how != PATCH_MERGE ||
	    (list && (key == NULL || replaces_all(m->patch, patch))))
		base = JSON_NIL;
	CHECK(m->depth < JSON_DEPTH_MAX);
	m->levels[m->depth++] = (struct merged){
		.base = base,
		.patch = how == PATCH_DELETE ? JSON_NIL : patch,
		.next = json_first(m->base, base),
		.list = list,
		.key = key,
	};
}

static void member_write(struct merging *m, const struct merged *in,
    uint32_t k)
{
	const struct json_doc *doc = in->behind ? m->patch : m->base;
	struct str name = name_of(doc, k);
	uint32_t base = in->behind ? member_raw(m->base, in->base, name) :
	    json_value(m->base, k);
	uint32_t patch = in->behind ? json_value(m->patch, k) :
	    member_raw(m->patch, in->patch, name);

	if (json_type(m->patch, patch) == JSON_NULL || (in->behind &&
	    (base != JSON_NIL || str_eq(name, directive_key))))
		return;
	jw_raw_key(m->w, json_raw(doc, k));
	if (patch == JSON_NIL)
		jw_raw(m->w, json_raw(m->base, base));
	else
		value_write(m, name, base, patch);
}

/* The item of a list that has the same key as one of another list. */
static uint32_t item_like(const struct json_doc *doc, uint32_t list,
    const struct json_doc *other, uint32_t item, const char *key)
{
	uint32_t named, i, v;

	named = key != NULL ? json_get(other, item, str_from(key)) : JSON_NIL;
	if (named == JSON_NIL)
		return JSON_NIL;
	for (i = json_first(doc, list); i != JSON_NIL;
	    i = json_next(doc, list, i)) {
		v = json_get(doc, i, str_from(key));
		if (v != JSON_NIL && str_eq(json_raw(doc, v),
		    json_raw(other, named)))
			return i;
	}
	return JSON_NIL;
}

static void item_write(struct merging *m, const struct merged *in,
    uint32_t i)
{
	uint32_t base = in->behind ? item_like(m->base, in->base, m->patch, i,
	    in->key) : i;
	uint32_t patch = in->behind ? i : item_like(m->patch, in->patch,
	    m->base, i, in->key);

	if (patch == JSON_NIL)
		jw_raw(m->w, json_raw(m->base, base));
	else if (!(in->behind ? base != JSON_NIL ||
	    directive_of(m->patch, patch) != PATCH_MERGE :
	    directive_of(m->patch, patch) == PATCH_DELETE))
		value_write(m, STR_NONE, base, patch);
}

static void level_write(struct merging *m)
{
	struct merged *in = &m->levels[m->depth - 1];
	uint32_t at = in->next;

	if (at != JSON_NIL) {
		in->next = in->behind ? json_next(m->patch, in->patch, at) :
		    json_next(m->base, in->base, at);
		if (in->list)
			item_write(m, in, at);
		else
			member_write(m, in, at);
	} else if (!in->behind) {
		in->behind = true;
		in->next = json_first(m->patch, in->patch);
	} else {
		if (in->list)
			jw_close_list(m->w);
		else
			jw_close(m->w);
		m->depth--;
	}
}

void json_patch_write(const struct json_doc *base,
    const struct json_doc *patch, const struct json_list_key *keys,
    struct jw *w)
{
	struct merging m = {
		.base = base, .patch = patch, .keys = keys, .w = w
	};

	value_write(&m, STR_NONE, JSON_ROOT, JSON_ROOT);
	while (m.depth > 0)
		level_write(&m);
}
