#include "extend.h"

int ext_answer_read(struct str body, struct arena *a, struct ext_answer *ret,
    struct diag *d)
{
	return schema_decode_text(&ext_answer_schema, NULL, body, a, ret, d);
}

/* ---- what stays as it is ---- */

/* By what a child is known, whose it is, what it works on. */
static const char *const fixed[] = {
	"apiVersion", "kind", "status", "roleRef", "metadata.name",
	"metadata.namespace", "metadata.generateName", "metadata.uid",
	"metadata.resourceVersion", "metadata.generation",
	"metadata.ownerReferences", "metadata.finalizers",
	"metadata.managedFields", "metadata.creationTimestamp",
	"metadata.deletionTimestamp", "metadata.deletionGracePeriodSeconds",
	"metadata.selfLink", "spec.selector", "spec.podSelector",
	"spec.scaleTargetRef", "spec.targetRef", "spec.replicas"
};

struct change {
	const struct json_doc *before, *after;
	struct str path;	/* of the patch */
	struct diag *d;
};

static int touched(const struct change *c, const char *what, struct str key)
{
	diag_set(c->d, c->path, "%s%s%S is not for a hook to change", what,
	    key.n > 0 ? " " : "", key);
	return ERR_BAD;
}

static struct str raw_at(const struct json_doc *doc, const char *path)
{
	return json_raw(doc, json_path(doc, JSON_ROOT, path));
}

static struct str key_text(const struct json_doc *doc, uint32_t key)
{
	struct str raw = json_raw(doc, key);

	return str_sub(raw, 1, raw.n - 1);
}

/* Our own, and in a pod template those that the selector names. */
static bool is_own(const struct change *c, const char *path, bool labels,
    struct str key)
{
	uint32_t chosen = json_path(c->before, JSON_ROOT,
	    "spec.selector.matchLabels");

	if (!labels)
		return server_note_is_own(key);
	return server_label_is_own(key) || (path[0] == 's' &&
	    chosen != JSON_NIL &&
	    json_get(c->before, chosen, key) != JSON_NIL);
}

static int check_map(const struct change *c, const char *path, bool labels,
    const struct json_doc *from, const struct json_doc *to)
{
	uint32_t map = json_path(from, JSON_ROOT, path), k;
	uint32_t other = json_path(to, JSON_ROOT, path);

	if (map == JSON_NIL || json_type(from, map) != JSON_OBJECT)
		return 0;
	for (k = json_first(from, map); k != JSON_NIL;
	    k = json_next(from, map, k)) {
		struct str key = key_text(from, k), value = STR_NONE;

		if (!is_own(c, path, labels, key))
			continue;
		if (other != JSON_NIL)
			value = json_raw(to, json_get(to, other, key));
		if (!str_eq(json_raw(from, json_value(from, k)), value))
			return touched(c, path, key);
	}
	return 0;
}

static int check_maps(const struct change *c)
{
	static const struct { const char *path; bool labels; } maps[] = {
		{ "metadata.labels", true },
		{ "metadata.annotations", false },
		{ "spec.template.metadata.labels", true },
		{ "spec.template.metadata.annotations", false },
	};
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_LEN(maps) && err == 0; i++) {
		err = check_map(c, maps[i].path, maps[i].labels, c->before,
		    c->after);
		if (err == 0)
			err = check_map(c, maps[i].path, maps[i].labels,
			    c->after, c->before);
	}
	return err;
}

static int check_change(const struct change *c)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(fixed); i++)
		if (!str_eq(raw_at(c->before, fixed[i]),
		    raw_at(c->after, fixed[i])))
			return touched(c, fixed[i], STR_NONE);
	return check_maps(c);
}

/* ---- patches ---- */

static struct child *child_find(struct render_out *out,
    const struct ext_patch *p)
{
	int k;

	for (k = 0; k < CHILD_KINDS_ALL; k++)
		if (out->child[k].wanted &&
		    str_is(p->kind, child_info[k].kind) &&
		    str_eq(p->name, out->child[k].name))
			return &out->child[k];
	return NULL;
}

/* What comes out, in work->mem, and where in it a uid may be put in. */
static int patched(const struct ext_patch *p, const struct child *child,
    struct str path, struct json_ops *work, struct arena *a,
    struct str *ret, size_t *ret_uid_at, struct diag *d)
{
	struct json_doc ops, before, after = { .n = 0 };
	struct diag why = { 0 };
	struct change c = { &before, &after, path, d };
	struct str meta;
	int err = json_parse_in(&ops, p->patch, a, &why);

	if (err == 0)
		err = json_ops_apply(child->body, &ops, JSON_ROOT, work, a,
		    ret, &why);
	if (err == 0)
		err = json_parse_in(&before, child->body, a, &why);
	if (err == 0)
		err = json_parse_in(&after, *ret, a, &why);
	if (err < 0) {
		diag_set(d, path, "%s%s%s", why.path, why.path[0] ? " " : "",
		    why.text[0] ? why.text : err_text(err));
		return err;
	}
	meta = raw_at(&after, "metadata");
	*ret_uid_at = (size_t)(meta.p - after.text.p) + 1;
	return check_change(&c);
}

static int patch_apply(const struct ext_patch *p, uint32_t i,
    struct json_ops *work, struct arena *a, struct render_out *out,
    struct diag *d)
{
	struct child *child = child_find(out, p);
	size_t mark = arena_mark(a), uid_at = 0;
	char mem[DIAG_PATH_MAX];
	struct str body = STR_NONE;
	struct buf path;
	int err;

	buf_init(&path, mem, sizeof(mem));
	buf_fmt(&path, "patches[%u]", i);
	if (child == NULL) {
		diag_set(d, buf_view(&path), "the server has no %S %S",
		    p->kind, p->name);
		return ERR_BAD;
	}
	err = patched(p, child, buf_view(&path), work, a, &body, &uid_at, d);
	arena_reset(a, mark);
	if (err < 0)
		return err;
	child->body = arena_str(a, body);
	child->uid_at = uid_at;
	return a->over ? ERR_FULL : 0;
}

int ext_answer_apply(const struct ext_answer *answer,
    struct json_ops *work, struct arena *a, struct render_out *out,
    struct diag *d)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < answer->patches.n && err == 0; i++)
		err = patch_apply(&answer->patches.p[i], i, work, a, out, d);
	return err;
}
