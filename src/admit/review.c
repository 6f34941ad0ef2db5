#include <string.h>

#include "admit_int.h"

#define API_VERSION "admission.k8s.io/v1"
#define KIND "AdmissionReview"

/* One review: what is asked, and the answer as far as it is written. */
struct review {
	struct json_doc doc;
	uint32_t request;
	uint32_t object, old;		/* or JSON_NIL */
	struct str uid;
	enum group group;
	bool unchanged;			/* the spec is as it was */
	struct server server;
	struct jw w;
	uint32_t faults, warnings;
	bool cut;			/* not all faults are in the message */
	struct buf message;
	char message_mem[ADMIT_MESSAGE_MAX];
};

/* ---- the question ---- */

static uint32_t get(const struct review *r, uint32_t at, const char *key)
{
	return json_get(&r->doc, at, str_from(key));
}

static bool is_text(const struct review *r, uint32_t at, const char *text)
{
	struct str raw = json_raw(&r->doc, at);

	return at != JSON_NIL && json_type(&r->doc, at) == JSON_STRING &&
	    str_is(str_sub(raw, 1, raw.n - 1), text);
}

static bool is_object(const struct review *r, uint32_t at)
{
	return at != JSON_NIL && json_type(&r->doc, at) == JSON_OBJECT;
}

static int read_request(struct review *r, struct arena *a, struct diag *d)
{
	int err = ERR_BAD;

	if (!is_text(r, get(r, JSON_ROOT, "apiVersion"), API_VERSION) ||
	    !is_text(r, get(r, JSON_ROOT, "kind"), KIND)) {
		diag_set(d, STR_NONE, "is no " KIND " of " API_VERSION);
		return ERR_BAD;
	}
	r->request = get(r, JSON_ROOT, "request");
	if (is_object(r, r->request))
		err = json_string(&r->doc, get(r, r->request, "uid"), a,
		    &r->uid);
	if (!err && (!r->uid.n || r->uid.n > ADMIT_UID_MAX))
		err = ERR_BAD;
	if (err)
		diag_set(d, STR("request.uid"), "is required, with at most "
		    "%u bytes", (unsigned)ADMIT_UID_MAX);
	r->object = get(r, r->request, "object");
	r->old = get(r, r->request, "oldObject");
	return err;
}

/* Is it about an MCPServer of a group that is known? */
static bool is_ours(struct review *r)
{
	uint32_t kind = get(r, r->request, "kind");
	int g;

	for (g = 0; g < GROUPS; g++) {
		const struct group_info *info = group_info((enum group)g);

		if (is_text(r, get(r, kind, "group"), info->group) &&
		    is_text(r, get(r, kind, "version"), info->version) &&
		    is_text(r, get(r, kind, "kind"), info->kind)) {
			r->group = (enum group)g;
			return true;
		}
	}
	return false;
}

/* Is an object of ours to be stored that was not so before? */
static bool is_to_be_read(struct review *r)
{
	uint32_t operation = get(r, r->request, "operation");
	uint32_t sub = get(r, r->request, "subResource");
	uint32_t gone = json_path(&r->doc, r->object,
	    "metadata.deletionTimestamp");
	bool update = is_text(r, operation, "UPDATE");

	if (!update && !is_text(r, operation, "CREATE"))
		return false;
	if (sub != JSON_NIL && !is_text(r, sub, ""))
		return false;
	if (!is_object(r, r->object) ||
	    (gone != JSON_NIL && json_type(&r->doc, gone) != JSON_NULL))
		return false;
	/* The API server writes both, with keys in the same order. */
	r->unchanged = update && is_object(r, r->old) &&
	    str_eq(json_raw(&r->doc, get(r, r->object, "spec")),
	    json_raw(&r->doc, get(r, r->old, "spec")));
	return true;
}

/* ---- the answer ---- */

static void answer_begin(struct review *r, struct buf *out)
{
	jw_init(&r->w, out);
	jw_open(&r->w);
	jw_kcstr(&r->w, "apiVersion", API_VERSION);
	jw_kcstr(&r->w, "kind", KIND);
	jw_kopen(&r->w, "response");
	jw_kstr(&r->w, "uid", r->uid);
}

static void answer_end(struct review *r)
{
	if (r->warnings)
		jw_close_list(&r->w);
	jw_kbool(&r->w, "allowed", r->faults == 0);
	jw_close(&r->w);
	jw_close(&r->w);
}

/* Bytes of a control character at p; in UTF-8 those from U+0080 on have two. */
static size_t control(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	if (*u < ' ' || *u == 0x7f)
		return 1;
	return *u == 0xc2 && (u[1] & 0xe0) == 0x80 ? 2 : 0;
}

/*
 * The API server hands warnings on in a header: control characters would cost
 * the whole of one. Nothing else may be written between two of them.
 */
static void warn(void *ctx, const struct diag *d)
{
	char text[ADMIT_WARNING_MAX + 1];
	struct review *r = ctx;
	struct str shown;

	if (r->warnings == ADMIT_WARNINGS_MAX)
		return;
	if (!r->warnings++)
		jw_kopen_list(&r->w, "warnings");
	cut_fmt(text, sizeof(text), "%s%s%s", d->path, *d->path ? ": " : "",
	    d->text);
	shown = str_from(text);
	for (size_t i = 0; i < shown.n; i++)
		memset(text + i, '?', control(text + i));
	jw_str(&r->w, shown);
}

static void status_begin(struct review *r)
{
	const struct group_info *g = group_info(r->group);
	uint32_t name = json_path(&r->doc, r->object, "metadata.name");
	struct jw *w = &r->w;

	buf_init(&r->message, r->message_mem, sizeof(r->message_mem));
	buf_fmt(&r->message, "%s.%s ", g->kind, g->group);
	jw_kopen(w, "status");
	jw_kcstr(w, "status", "Failure");
	jw_kcstr(w, "reason", "Invalid");
	jw_ki64(w, "code", 422);
	jw_kopen(w, "details");
	jw_kcstr(w, "group", g->group);
	jw_kcstr(w, "kind", g->kind);
	if (name != JSON_NIL && json_type(&r->doc, name) == JSON_STRING &&
	    json_raw(&r->doc, name).n < ADMIT_NAME_MAX) {
		jw_key(w, STR("name"));
		jw_raw(w, json_raw(&r->doc, name));
		buf_fmt(&r->message, "%S ", json_raw(&r->doc, name));
	}
	buf_cstr(&r->message, "is invalid");
	jw_kopen_list(w, "causes");
}

/* A list as long as it fits, with room left for how many there are more. */
static void message_add(struct review *r, const struct diag *d)
{
	struct str path = str_from(d->path), text = str_from(d->text);

	r->cut = r->cut ||
	    r->message.n + path.n + text.n + 32 > r->message.cap;
	if (!r->cut)
		buf_fmt(&r->message, "%s %S: %S", r->faults ? ";" : ":", path,
		    text);
}

static void refuse(void *ctx, const struct diag *d)
{
	struct review *r = ctx;
	struct jw *w = &r->w;

	if (r->unchanged) {
		warn(r, d);
		return;
	}
	if (!r->faults)
		status_begin(r);
	message_add(r, d);
	r->faults++;
	if (r->faults > ADMIT_CAUSES_MAX)
		return;
	jw_open(w);
	jw_kcstr(w, "reason", str_starts(str_from(d->text),
	    STR("is required")) ? "FieldValueRequired" : "FieldValueInvalid");
	jw_kcstr(w, "message", d->text);
	jw_kcstr(w, "field", d->path);
	jw_close(w);
}

static void status_end(struct review *r)
{
	if (!r->faults)
		return;
	jw_close_list(&r->w);
	jw_close(&r->w);
	if (r->cut)
		buf_fmt(&r->message, "; %u in all", (unsigned)r->faults);
	jw_kstr(&r->w, "message", buf_view(&r->message));
	jw_close(&r->w);
}

/* ---- the tasks ---- */

static void validate(struct review *r, const struct admit_tried *tried,
    struct arena *a)
{
	struct diag d;
	uint32_t i;
	int err;

	diag_clear(&d);
	err = server_decode(r->group, &r->doc, r->object, a, &r->server, &d);
	if (err && err != ERR_FULL)
		refuse(r, &d);
	if (!err)
		err = server_check_all(&r->server, a, refuse, r);
	for (i = 0; i < tried->faults; i++)
		refuse(r, &tried->fault[i]);
	status_end(r);
	for (i = 0; i < tried->doubts; i++)
		warn(r, &tried->doubt[i]);
	if (!err)
		err = server_advise(&r->server, a, warn, r);
	if (err == ERR_FULL) {
		diag_clear(&d);
		diag_set(&d, STR("spec"), "is too large to be checked");
		warn(r, &d);
	}
}

static int mutate(struct review *r, struct arena *a)
{
	struct str patch;
	struct buf b;
	struct jw w;

	if (r->unchanged || server_decode(r->group, &r->doc, r->object, a,
	    &r->server, NULL))
		return 0;
	b = arena_buf(a);
	jw_init(&w, &b);
	if (!patch_write(&r->doc, r->object, &r->server, &w))
		return 0;
	if (b.over)
		return ERR_FULL;
	patch = arena_keep(a, &b);
	b = arena_buf(a);
	b64_encode(&b, patch.p, patch.n);
	if (b.over)
		return ERR_FULL;
	jw_kcstr(&r->w, "patchType", "JSONPatch");
	jw_kstr(&r->w, "patch", buf_view(&b));
	return 0;
}

static int answer(struct review *r, enum admit_task task,
    const struct admit_tried *tried, struct arena *a, struct buf *out)
{
	static const struct admit_tried nothing;
	struct diag d;
	int err = 0;

	answer_begin(r, out);
	if (!is_ours(r)) {
		diag_clear(&d);
		diag_set(&d, STR_NONE, "mcp-operator does not know this kind "
		    "and has not looked at it");
		warn(r, &d);
	} else if (is_to_be_read(r)) {
		if (task == ADMIT_VALIDATE)
			validate(r, tried ? tried : &nothing, a);
		else
			err = mutate(r, a);
	}
	answer_end(r);
	return out->over ? ERR_FULL : err;
}

static int read_review(struct review *r, struct str body, struct arena *a,
    struct diag *d)
{
	int err = json_parse_in(&r->doc, body, a, d);

	return err ? err : read_request(r, a, d);
}

int admit_review(enum admit_task task, struct str body,
    const struct admit_tried *tried, struct arena *a, struct buf *out,
    struct diag *d)
{
	size_t mark = arena_mark(a), before = out->n;
	struct review *r = arena_new(a, struct review);
	int err = r ? read_review(r, body, a, d) : ERR_FULL;

	if (!err)
		err = answer(r, task, tried, a, out);
	if (err)
		out->n = before;
	if (err == ERR_FULL)
		diag_set(d, STR_NONE, "there is no room for it");
	arena_reset(a, mark);
	return err;
}

/* ---- who else has a word on it ---- */

static bool subject_read(struct review *r, struct str body, struct arena *a,
    struct admit_subject *ret)
{
	struct object_meta meta;

	if (read_review(r, body, a, NULL) < 0 || !is_ours(r) ||
	    !is_to_be_read(r) || r->unchanged ||
	    !is_object(r, get(r, r->object, "metadata")) ||
	    schema_decode(&object_meta_schema, NULL, &r->doc, get(r,
	    r->object, "metadata"), STR_NONE, a, &meta, NULL) < 0)
		return false;
	*ret = (struct admit_subject){
		.group = r->group, .uid = r->uid,
		.object = json_raw(&r->doc, r->object), .ns = meta.ns,
		.name = meta.name, .labels = meta.labels,
		.update = is_text(r, get(r, r->request, "operation"),
		    "UPDATE")
	};
	(void)json_bool(&r->doc, get(r, r->request, "dryRun"),
	    &ret->dry_run);
	return true;
}

bool admit_subject(struct str body, struct arena *a,
    struct admit_subject *ret)
{
	struct review *r = arena_new(a, struct review);

	return r != NULL && subject_read(r, body, a, ret);
}

void admit_refuse(const struct admit_subject *s, struct str message,
    struct buf *out)
{
	const struct group_info *g = group_info(s->group);
	struct jw w;

	jw_init(&w, out);
	jw_open(&w);
	jw_kcstr(&w, "apiVersion", API_VERSION);
	jw_kcstr(&w, "kind", KIND);
	jw_kopen(&w, "response");
	jw_kstr(&w, "uid", s->uid);
	jw_kbool(&w, "allowed", false);
	jw_kopen(&w, "status");
	jw_kcstr(&w, "status", "Failure");
	jw_kcstr(&w, "reason", "Invalid");
	jw_ki64(&w, "code", 422);
	jw_kopen(&w, "details");
	jw_kcstr(&w, "group", g->group);
	jw_kcstr(&w, "kind", g->kind);
	jw_kstr(&w, "name", s->name);
	/* kubectl shows causes, and the message only where details lack. */
	jw_kopen_list(&w, "causes");
	jw_open(&w);
	jw_kcstr(&w, "reason", "FieldValueInvalid");
	jw_kstr(&w, "message", message);
	jw_kcstr(&w, "field", "spec");
	jw_close(&w);
	jw_close_list(&w);
	jw_close(&w);
	jw_kfmt(&w, "message", "%s.%s \"%S\" is refused: %S", g->kind,
	    g->group, s->name, message);
	jw_close(&w);
	jw_close(&w);
	jw_close(&w);
}

/* ---- what is tried of it ---- */

int admit_target(struct str body, struct arena *a, struct admit_target *ret)
{
	struct review *r = arena_new(a, struct review);
	struct diag d;

	diag_clear(&d);
	if (!r || read_review(r, body, a, &d) || !is_ours(r) ||
	    !is_to_be_read(r) || r->unchanged ||
	    server_decode(r->group, &r->doc, r->object, a, &r->server, &d) ||
	    server_check(&r->server, a, &d))
		return ERR_NOENT;
	ret->server = r->server;
	ret->doc = r->doc;
	ret->object = r->object;
	return 0;
}
