#include "control_int.h"

/*
 * Server-side apply merges: what others have put into an object stays there
 * beside ours. Where the two do not go together (a second port of one name,
 * another kind of probe), the API server refuses every apply from then on.
 * Fields that an apply's manager had and does not apply any more are taken
 * away, in the same step and with one look whether the whole is valid. So
 * the others' fields are written down as ours, as client-go's csaupgrade
 * does it, and the next apply leaves nothing of them. Metadata stays theirs,
 * and so does what was written by subresources: status, and a scaler's
 * replicas.
 */

/* The same place in each of the sets, and where the walk over them is. */
struct level {
	uint32_t at[DISOWN_SETS_MAX];	/* JSON_NIL: not in this one */
	uint32_t set, key;
};

static uint32_t find_raw(const struct json_doc *doc, uint32_t at,
    struct str key)
{
	uint32_t k;

	if (json_type(doc, at) != JSON_OBJECT)
		return JSON_NIL;
	for (k = json_first(doc, at); k != JSON_NIL; k = json_next(doc, at, k))
		if (str_eq(json_raw(doc, k), key))
			return json_value(doc, k);
	return JSON_NIL;
}

/* One set has come before with this key: it is written already. */
static bool was_seen(const struct json_doc *doc, const struct level *l)
{
	struct str key = json_raw(doc, l->key);
	uint32_t i;

	for (i = 0; i < l->set; i++)
		if (find_raw(doc, l->at[i], key) != JSON_NIL)
			return true;
	return false;
}

static bool key_next(const struct json_doc *doc, struct level *l, uint32_t n)
{
	for (; l->set < n; l->set++) {
		uint32_t at = l->at[l->set];

		if (json_type(doc, at) != JSON_OBJECT)
			continue;
		do {
			l->key = l->key == JSON_NIL ? json_first(doc, at) :
			    json_next(doc, at, l->key);
		} while (l->key != JSON_NIL && was_seen(doc, l));
		if (l->key != JSON_NIL)
			return true;
	}
	return false;
}

static void level_below(const struct json_doc *doc, const struct level *l,
    uint32_t n, struct level *ret)
{
	struct str key = json_raw(doc, l->key);
	uint32_t i;

	for (i = 0; i < n; i++)
		ret->at[i] = find_raw(doc, l->at[i], key);
	ret->set = 0;
	ret->key = JSON_NIL;
}

/* Sets of fields are objects of objects; theirs but for the metadata. */
static void union_write(const struct json_doc *doc, const uint32_t *sets,
    uint32_t n, struct buf *out)
{
	struct level level[JSON_DEPTH_MAX];
	uint32_t depth = 0, i;
	const char *comma = "";

	for (i = 0; i < n; i++)
		level[0].at[i] = sets[i];
	level[0].set = 0;
	level[0].key = JSON_NIL;
	buf_char(out, '{');
	for (;;) {
		struct level *l = &level[depth];

		if (!key_next(doc, l, n)) {
			buf_char(out, '}');
			comma = ",";
			if (depth-- == 0)
				return;
			continue;
		}
		if (depth == 0 && l->set > 0 &&
		    str_is(json_raw(doc, l->key), "\"f:metadata\""))
			continue;
		buf_cstr(out, comma);
		buf_str(out, json_raw(doc, l->key));
		buf_cstr(out, ":{");
		comma = "";
		/* Parsed, so no deeper than that. */
		level_below(doc, l, n, &level[++depth]);
	}
}

static bool text_is(const struct json_doc *doc, uint32_t at, const char *key,
    const char *text)
{
	uint32_t v = json_get(doc, at, str_from(key));

	return json_key_is(doc, v, str_from(text));
}

static bool is_subresource(const struct json_doc *doc, uint32_t entry)
{
	return json_get(doc, entry, STR("subresource")) != JSON_NIL;
}

static bool is_ours(const struct json_doc *doc, uint32_t entry,
    const char *manager)
{
	return text_is(doc, entry, "manager", manager) &&
	    text_is(doc, entry, "operation", "Apply");
}

/* Is there more in it than metadata? */
static bool has_fields(const struct json_doc *doc, uint32_t set)
{
	uint32_t k;

	if (json_type(doc, set) != JSON_OBJECT)
		return false;
	for (k = json_first(doc, set); k != JSON_NIL;
	    k = json_next(doc, set, k))
		if (!json_key_is(doc, k, STR("f:metadata")))
			return true;
	return false;
}

/* Ours first, if there is one; then those to be taken. How many. */
static uint32_t sets_find(const struct json_doc *doc, uint32_t list,
    const char *manager, uint32_t sets[DISOWN_SETS_MAX])
{
	uint32_t e, n = 1;

	sets[0] = JSON_NIL;
	for (e = json_first(doc, list); e != JSON_NIL;
	    e = json_next(doc, list, e)) {
		uint32_t set = json_get(doc, e, STR("fieldsV1"));

		/* The number of pods belongs to an HPA. */
		if (is_subresource(doc, e) ||
		    text_is(doc, e, "manager", SCALE_MANAGER))
			continue;
		if (is_ours(doc, e, manager))
			sets[0] = set;
		else if (has_fields(doc, set) && n < DISOWN_SETS_MAX)
			sets[n++] = set;
	}
	return n;
}

static bool is_taken(const uint32_t *sets, uint32_t n, uint32_t set)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (sets[i] == set)
			return true;
	return false;
}

/* What stays of an entry that is taken: its metadata. */
static void rest_write(const struct json_doc *doc, uint32_t entry,
    struct jw *w)
{
	uint32_t set = json_get(doc, entry, STR("fieldsV1"));
	uint32_t meta = json_get(doc, set, STR("f:metadata")), k;

	if (meta == JSON_NIL)
		return;
	jw_open(w);
	for (k = json_first(doc, entry); k != JSON_NIL;
	    k = json_next(doc, entry, k)) {
		struct str key = json_raw(doc, k);

		jw_key(w, str_sub(key, 1, key.n - 1));
		if (json_value(doc, k) != set) {
			jw_raw(w, json_raw(doc, json_value(doc, k)));
			continue;
		}
		jw_open(w);
		jw_kraw(w, "f:metadata", json_raw(doc, meta));
		jw_close(w);
	}
	jw_close(w);
}

static void ours_write(const struct gvr *gvr, const char *manager,
    struct str fields, struct jw *w)
{
	char mem[64];
	struct buf version;

	buf_init(&version, mem, sizeof(mem));
	kube_api_version(&version, gvr);
	CHECK(!version.over);
	jw_open(w);
	jw_kcstr(w, "manager", manager);
	jw_kcstr(w, "operation", "Apply");
	jw_kstr(w, "apiVersion", buf_view(&version));
	jw_kcstr(w, "fieldsType", "FieldsV1");
	jw_kraw(w, "fieldsV1", fields);
	jw_close(w);
}

/* "kubectl-edit, helm", as far as there is room. */
static void whom_add(const struct json_doc *doc, uint32_t entry,
    struct buf *whom)
{
	uint32_t v = json_get(doc, entry, STR("manager"));
	struct str name, had = buf_view(whom);

	if (json_type(doc, v) != JSON_STRING)
		return;
	name = json_raw(doc, v);
	name = str_sub(name, 1, name.n - 1);
	if (str_search(had, name) < had.n ||
	    had.n + 2 + name.n > whom->cap)
		return;
	buf_cstr(whom, had.n > 0 ? ", " : "");
	buf_str(whom, name);
}

static void patch_write(const struct json_doc *doc, uint32_t meta,
    const uint32_t *sets, uint32_t n, struct jw *w, struct buf *whom)
{
	uint32_t list = json_get(doc, meta, STR("managedFields")), e;
	static const char *const same[] = { "uid", "resourceVersion" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(same); i++)
		jw_kraw(w, same[i], json_raw(doc, json_get(doc, meta,
		    str_from(same[i]))));
	jw_kopen_list(w, "managedFields");
	for (e = json_first(doc, list); e != JSON_NIL;
	    e = json_next(doc, list, e)) {
		uint32_t set = json_get(doc, e, STR("fieldsV1"));

		if (is_subresource(doc, e) || !is_taken(sets, n, set)) {
			jw_raw(w, json_raw(doc, e));
		} else if (set != sets[0]) {
			whom_add(doc, e, whom);
			rest_write(doc, e, w);
		}
	}
}

bool disown(const struct json_doc *doc, const struct gvr *gvr,
    const char *manager, struct arena *a, struct disown *ret)
{
	uint32_t meta = json_get(doc, JSON_ROOT, STR("metadata")), n;
	uint32_t sets[DISOWN_SETS_MAX];
	struct buf b, whom;
	struct str fields;
	struct jw w;

	if (json_get(doc, meta, STR("uid")) == JSON_NIL ||
	    json_get(doc, meta, STR("resourceVersion")) == JSON_NIL)
		return false;
	n = sets_find(doc, json_get(doc, meta, STR("managedFields")),
	    manager, sets);
	if (n == 1)
		return false;
	b = arena_buf(a);
	union_write(doc, sets, n, &b);
	fields = arena_keep(a, &b);
	buf_init(&whom, ret->whom, sizeof(ret->whom) - 1);
	b = arena_buf(a);
	jw_init(&w, &b);
	jw_open(&w);
	jw_kopen(&w, "metadata");
	patch_write(doc, meta, sets, n, &w, &whom);
	ours_write(gvr, manager, fields, &w);
	jw_close_list(&w);
	jw_close(&w);
	jw_close(&w);
	ret->patch = arena_keep(a, &b);
	ret->whom[whom.n] = '\0';
	return true;
}
