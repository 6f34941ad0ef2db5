#include <string.h>

#include "control_int.h"

const struct gvr child_gvr[CHILD_KINDS_ALL] = {
#define CHILD(kind, group, version, plural, name, suffix, flags) \
	{ group, version, plural, true },
#include "children.def"
#undef CHILD
};

enum child_kind child_watched_as(enum child_kind k)
{
	const struct child_info *a = &child_info[k], *b = child_info;

	while (strcmp(a->plural, b->plural) != 0 ||
	    strcmp(a->group, b->group) != 0)
		b++;
	return (enum child_kind)(b - child_info);
}

/* What matters of a child's metadata. */
struct child_meta {
	struct str name, uid, ns, version, digest, rendered, seen, scaled,
	    rolled, revision;
	int64_t generation;
	struct str owner_uid, owner_name, owner_group;
	struct str key;		/* LABEL_KEY */
};

static struct str string_at(const struct json_doc *doc, uint32_t at,
    struct str key, struct arena *a)
{
	uint32_t v = at == JSON_NIL ? JSON_NIL : json_get(doc, at, key);
	struct str s = STR_NONE;

	if (v == JSON_NIL || json_string(doc, v, a, &s) < 0)
		return STR_NONE;
	return s;
}

static int64_t number_at(const struct json_doc *doc, uint32_t at,
    const char *key)
{
	uint32_t v = at == JSON_NIL ? JSON_NIL :
	    json_get(doc, at, str_from(key));
	int64_t n = 0;

	if (v == JSON_NIL || json_i64(doc, v, &n) < 0)
		return 0;
	return n;
}

/* The owner of that list of ownerReferences that controls, or JSON_NIL. The
 * API server takes no second one. */
static uint32_t controller_find(const struct json_doc *doc, uint32_t list)
{
	uint32_t o;

	for (o = json_first(doc, list); o != JSON_NIL;
	    o = json_next(doc, list, o)) {
		bool controls = false;

		if (json_bool(doc, json_get(doc, o, STR("controller")),
		    &controls) == 0 && controls)
			return o;
	}
	return JSON_NIL;
}

/* Its group, uid and name; nothing without one. */
static void owner_read(const struct json_doc *doc, uint32_t list,
    struct arena *a, struct child_meta *ret)
{
	uint32_t o = controller_find(doc, list);

	if (o == JSON_NIL)
		return;
	(void)str_cut(string_at(doc, o, STR("apiVersion"), a), '/',
	    &ret->owner_group);
	ret->owner_uid = string_at(doc, o, STR("uid"), a);
	ret->owner_name = string_at(doc, o, STR("name"), a);
}

static bool meta_read(const struct json_doc *doc, struct arena *a,
    struct child_meta *ret)
{
	uint32_t meta = json_get(doc, JSON_ROOT, STR("metadata")), notes;

	memset(ret, 0, sizeof(*ret));
	if (meta == JSON_NIL)
		return false;
	notes = json_get(doc, meta, STR("annotations"));
	ret->name = string_at(doc, meta, STR("name"), a);
	ret->uid = string_at(doc, meta, STR("uid"), a);
	ret->ns = string_at(doc, meta, STR("namespace"), a);
	ret->version = string_at(doc, meta, STR("resourceVersion"), a);
	ret->generation = number_at(doc, meta, "generation");
	ret->digest = string_at(doc, notes, STR(NOTE_DIGEST), a);
	ret->rendered = string_at(doc, notes, STR(NOTE_RENDERED), a);
	ret->seen = string_at(doc, notes, STR(NOTE_SEEN), a);
	ret->scaled = string_at(doc, notes, STR(NOTE_SCALED), a);
	ret->rolled = string_at(doc, notes, STR(NOTE_ROLLED_BACK), a);
	ret->revision = string_at(doc, notes, STR(NOTE_REVISION), a);
	ret->key = string_at(doc, json_get(doc, meta, STR("labels")),
	    STR(LABEL_KEY), a);
	owner_read(doc, json_get(doc, meta, STR("ownerReferences")), a, ret);
	return ret->uid.n > 0 && ret->version.n > 0;
}

uint32_t name_digest(struct str name)
{
	uint64_t h = str_hash(name);

	return (uint32_t)(h ^ h >> 32) | 1;
}

static uint64_t digest_number(struct str hex)
{
	uint64_t digest = 0;

	(void)str_hex64(hex, &digest);
	return digest;
}

/*
 * False: it is another object under the name, which has not been asked to
 * go.
 */
static bool uid_take(struct child_state *c, struct str text)
{
	struct uid was = c->uid;

	(void)uid_parse(text, &c->uid);
	if (uid_same(&was, &c->uid))
		return true;
	c->going = false;
	return false;
}

/* The Deployment's controller counts there. */
static bool is_counter(struct str quoted)
{
	return str_starts(quoted, STR("\"deployment.kubernetes.io/"));
}

static uint64_t map_digest(uint64_t h, struct str object, const char *path)
{
	struct json_tok tok[CHILD_META_TOKENS];
	struct json_doc doc;
	struct str map;
	uint32_t key;

	if (!kube_peek(object, path, &map))
		return h;
	if (json_parse(&doc, map, tok, ARRAY_LEN(tok), NULL) < 0)
		return hash_more(h, map.p, map.n);
	for (key = json_first(&doc, JSON_ROOT); key != JSON_NIL;
	    key = json_next(&doc, JSON_ROOT, key)) {
		struct str k = json_raw(&doc, key);
		struct str v = json_raw(&doc, json_value(&doc, key));

		if (is_counter(k))
			continue;
		h = hash_more(h, k.p, k.n);
		h = hash_more(h, "=", 1);
		h = hash_more(h, v.p, v.n);
		h = hash_more(h, ",", 1);
	}
	return h;
}

/*
 * Never 0 nor META_AS_SEEN. It stands in statuses, so it is short. With the
 * uid: generations begin anew with a child that was made anew.
 */
static uint32_t meta_digest(struct str object)
{
	uint64_t h = map_digest(HASH_SEED, object, "metadata.labels");
	struct str uid = STR_NONE;

	h = map_digest(h, object, "metadata.annotations");
	(void)kube_peek(object, "metadata.uid", &uid);
	h = hash_more(h, uid.p, uid.n);
	return (uint32_t)(h ^ h >> 32) | 2;
}

static bool has_status(enum child_kind k)
{
	return (child_info[k].flags &
	    (CHILD_BY_GENERATION | CHILD_BY_SPEC)) != 0;
}

/*
 * A resource version moves with a status. What has one is known by its
 * generation, which moves with its spec, or where it has none by a digest of
 * that, which is no number that is older or newer than another.
 */
static uint64_t version_of(enum child_kind k, struct str object,
    struct str version)
{
	struct str value = STR_NONE;
	int64_t n = 0;

	if (child_info[k].flags & CHILD_BY_GENERATION) {
		if (kube_peek(object, "metadata.generation", &value))
			(void)str_i64(value, &n);
		return (uint64_t)n;
	}
	if (!(child_info[k].flags & CHILD_BY_SPEC))
		return version_number(version);
	(void)kube_peek(object, "spec", &value);
	return str_hash(value) | UINT64_C(1) << 63;
}

/*
 * After a restart the status tells which writes were our own; and while
 * another leads, which were that one's, to take over from. Of two that lead
 * without a Lease each takes what the other found right, and while neither
 * has got it right both tell of the later write.
 */
static void own_version(struct child_state *c, uint64_t told, bool leading)
{
	if (c->own == 0 || !leading || (c->exists && (told == c->version ||
	    (c->own != c->version && version_older(c->own, told)))))
		c->own = told;
}

/* The same; of digests none is the later one, so both tell the greater. */
static void own_meta(struct child_state *c, uint32_t told, bool leading)
{
	if (c->own_meta == 0 || !leading || (c->exists && (told == c->meta ||
	    (c->own_meta != c->meta && c->own_meta < told))))
		c->own_meta = told;
}

/* Older operators told nothing of it: as it is seen then, it is right. */
static void own_meta_as_seen(struct child_state *c)
{
	if (c->own_meta == 0)
		c->own_meta = META_AS_SEEN;
	if (c->exists && c->own_meta == META_AS_SEEN)
		c->own_meta = c->meta;
}

void child_own_told(struct child_state *c, enum child_kind k,
    struct str version, bool leading)
{
	struct str text = str_cut(version, '.', &version);
	uint64_t told, meta;

	if (str_u64(version, &told) < 0)
		return;
	if (has_status(k) && str_u64(text, &meta) == 0) {
		own_meta(c, (uint32_t)meta, leading);
		/* Else it may be about the one before: generations begin anew
		 * with a child that was made anew. */
		if (c->own == 0 || meta == c->meta || meta == c->own_meta)
			own_version(c, told, leading);
		return;
	}
	own_version(c, told, leading);
	if (has_status(k))
		own_meta_as_seen(c);
}

void child_own_write(const struct child_state *c, struct buf *out)
{
	buf_u64(out, c->own);
	if (c->own_meta > META_AS_SEEN)
		buf_fmt(out, ".%u", c->own_meta);
}

/*
 * What has a status is known besides by a digest of what people edit in its
 * metadata.
 */
static void meta_take(struct child_state *c, enum child_kind k,
    const struct child_meta *meta, struct str text)
{
	(void)uid_take(c, meta->uid);
	c->told = version_number(meta->version);
	c->version = version_of(k, text, meta->version);
	if (has_status(k)) {
		c->meta = meta_digest(text);
		if (c->own_meta == META_AS_SEEN)
			c->own_meta = c->meta;
	}
	c->digest = digest_number(meta->digest);
	c->exists = true;
}

/* An answer to our own write was faster than the watch. */
static bool line_is_old(const struct child_state *c,
    const struct child_meta *meta)
{
	struct uid uid;

	(void)uid_parse(meta->uid, &uid);
	return c->exists && uid_same(&uid, &c->uid) &&
	    version_older(version_number(meta->version), c->told);
}

/* ---- whose it is ---- */

static bool was_applied_by(const struct json_doc *doc, uint32_t meta,
    struct arena *a, const char *manager)
{
	uint32_t list = json_get(doc, meta, STR("managedFields")), f;

	for (f = list == JSON_NIL ? JSON_NIL : json_first(doc, list);
	    f != JSON_NIL; f = json_next(doc, list, f))
		if (str_is(string_at(doc, f, STR("manager"), a), manager) &&
		    str_is(string_at(doc, f, STR("operation"), a), "Apply"))
			return true;
	return false;
}

enum claim child_claim(const struct json_doc *doc, struct arena *a,
    const struct claimant *who)
{
	uint32_t meta = json_get(doc, JSON_ROOT, STR("metadata"));
	uint32_t owners = meta == JSON_NIL ? JSON_NIL :
	    json_get(doc, meta, STR("ownerReferences"));
	struct str controller = string_at(doc, controller_find(doc, owners),
	    STR("uid"), a);
	struct str key;

	if (meta == JSON_NIL)
		return CLAIM_NONE;
	key = string_at(doc, json_get(doc, meta, STR("labels")),
	    STR(LABEL_KEY), a);
	if (controller.n > 0 && !str_eq(controller, who->uid))
		return CLAIM_NONE;
	if (controller.n > 0)
		return str_eq(key, who->key) ? CLAIM_OWNED : CLAIM_HIDDEN;
	if (!str_eq(key, who->key))
		return CLAIM_NONE;
	if (owners != JSON_NIL && json_first(doc, owners) != JSON_NIL)
		return CLAIM_ADOPT;
	return was_applied_by(doc, meta, a, who->manager) ? CLAIM_MADE :
	    CLAIM_ADOPT;
}

static void owner_name(const struct json_doc *doc, uint32_t owner,
    struct arena *a, char *out, size_t cap)
{
	struct str version = string_at(doc, owner, STR("apiVersion"), a);
	struct str kind = string_at(doc, owner, STR("kind"), a);
	struct str name = string_at(doc, owner, STR("name"), a);

	cut_fmt(out, cap, "belongs to %S \"%S\" of %S", kind, name, version);
}

void child_holder(const struct json_doc *doc, struct arena *a, char *out,
    size_t cap)
{
	uint32_t meta = json_get(doc, JSON_ROOT, STR("metadata"));
	uint32_t o = controller_find(doc, json_get(doc, meta,
	    STR("ownerReferences"))), list;
	struct str manager = STR_NONE;

	if (o != JSON_NIL) {
		owner_name(doc, o, a, out, cap);
		return;
	}
	list = json_get(doc, meta, STR("managedFields"));
	for (o = json_first(doc, list); o != JSON_NIL && manager.n == 0;
	    o = json_next(doc, list, o))
		if (json_get(doc, o, STR("subresource")) == JSON_NIL)
			manager = string_at(doc, o, STR("manager"), a);
	cut_fmt(out, cap, manager.n > 0 ? "was made by %S" :
	    "belongs to somebody else", manager);
}

/* ---- the Deployment's status ---- */

static void failure_take(struct manager *m, struct str message,
    struct workload *w)
{
	w->replica_failure = true;
	cut_fmt(w->failure, sizeof(w->failure), "%S", message);
	w->failure_text = text_keep(&m->texts, message);
}

/*
 * The condition stays as it was while a ReplicaSet of before is taken up
 * again, until that one makes progress; only the message, `ReplicaSet "NAME"
 * has timed out progressing.`, tells whom it is about.
 */
static void late_take(const struct json_doc *doc, uint32_t cond,
    struct arena *a, struct workload *w)
{
	struct str name, rest;

	w->deadline_exceeded = true;
	if (!str_is(string_at(doc, cond, STR("reason"), a),
	    "ProgressDeadlineExceeded"))
		return;
	w->timed_out = true;
	rest = str_cut(string_at(doc, cond, STR("message"), a), '"', &name);
	(void)str_cut(rest, '"', &name);
	if (name.n > 0)
		w->late_of = name_digest(name);
}

static void conditions_take(struct manager *m, const struct json_doc *doc,
    uint32_t list, struct workload *w)
{
	struct arena *a = &m->intake;
	uint32_t c;

	w->deadline_exceeded = w->timed_out = false;
	w->late_of = 0;
	w->replica_failure = false;
	memset(w->failure, 0, sizeof(w->failure));
	w->failure_text = 0;
	if (list == JSON_NIL)
		return;
	for (c = json_first(doc, list); c != JSON_NIL;
	    c = json_next(doc, list, c)) {
		struct str type = string_at(doc, c, STR("type"), a);
		struct str status = string_at(doc, c, STR("status"), a);

		if (str_is(type, "Progressing") && str_is(status, "False"))
			late_take(doc, c, a, w);
		if (str_is(type, "ReplicaFailure") && str_is(status, "True"))
			failure_take(m, string_at(doc, c, STR("message"), a),
			    w);
	}
}

static void rendered_take(struct workload *w, struct str note)
{
	if (render_note_parse(note, &w->note_revision,
	    &w->note_template) == 0)
		return;
	w->note_revision = 0;
	w->note_template = 0;
}

/* No longer than until the next apply of another template. */
static void rolled_take(struct workload *w, struct str note)
{
	if (render_note_parse(note, &w->rolled_to, &w->rolled_from) == 0)
		return;
	w->rolled_to = 0;
	w->rolled_from = 0;
}

/* Have all pods of its newest revision been available, and no others left? */
static void good_take(struct workload *w, struct str revision)
{
	uint64_t n = 0;

	(void)str_u64(revision, &n);
	w->revision = n <= INT32_MAX ? (uint32_t)n : 0;
	if (w->revision != 0 && w->asked > 0 &&
	    w->observed >= w->generation && w->updated == w->asked &&
	    w->replicas == w->asked && w->available >= w->asked)
		w->good = w->revision;
}

/* True: it was last written with other references than were known of. */
static bool workload_take(struct manager *m, const struct json_doc *doc,
    const struct child_meta *meta, struct workload *w)
{
	struct arena *a = &m->intake;
	uint32_t s = json_get(doc, JSON_ROOT, STR("status"));

	w->generation = meta->generation;
	w->scaled = meta->scaled.n > 0;
	w->asked = (int32_t)number_at(doc, json_get(doc, JSON_ROOT,
	    STR("spec")), "replicas");
	w->observed = number_at(doc, s, "observedGeneration");
	w->replicas = (int32_t)number_at(doc, s, "replicas");
	w->ready = (int32_t)number_at(doc, s, "readyReplicas");
	w->available = (int32_t)number_at(doc, s, "availableReplicas");
	w->updated = (int32_t)number_at(doc, s, "updatedReplicas");
	/* Unless it stands in NOTE_SEEN as well. */
	w->note_refs = digest_number(string_at(doc, json_path(doc, JSON_ROOT,
	    "spec.template.metadata.annotations"), STR(NOTE_REFS), a));
	rendered_take(w, meta->rendered);
	conditions_take(m, doc, s == JSON_NIL ? JSON_NIL :
	    json_get(doc, s, STR("conditions")), w);
	rolled_take(w, meta->rolled);
	good_take(w, meta->revision);
	/* The pods are another template's. */
	if (w->rolled_from != 0)
		w->note_refs = 0;
	return seen_take(w, meta->seen);
}

/* ---- events ---- */

/*
 * The record of a child's owner. Children are listed before servers, so it
 * may have to be made; what no server claims in the end is dropped again.
 */
static uint32_t owner_record(struct manager *m,
    const struct child_meta *meta, bool make)
{
	enum group g;
	struct uid uid;
	uint32_t i;

	if (meta->owner_uid.n == 0 || group_find(meta->owner_group, &g) < 0)
		return RECORD_NONE;
	(void)uid_parse(meta->owner_uid, &uid);
	i = record_find(&m->records, &uid);
	if (i == RECORD_NONE && make)
		i = record_add(&m->records, &uid, g, meta->ns,
		    meta->owner_name);
	return i;
}

static void record_look(struct manager *m, uint32_t i)
{
	const struct record *r = record_at(&m->records, i);
	bool hot = false;
	int k;

	if (!record_due(m, r))
		return;
	for (k = 0; k < CHILD_KINDS_ALL; k++)
		hot = hot || child_drifted(&m->records, r,
		    (enum child_kind)k);
	queue_add(&m->queue, i, hot, m->loop.now_ns);
	manager_kick(m);
}

static void child_gone(struct manager *m, uint32_t i, enum child_kind k)
{
	struct record *r = record_at(&m->records, i);

	child_forget(&m->records, r, k);
	extras_tidy(m, r);
	if (r->flags & RECORD_LIVE)
		record_look(m, i);
	else
		record_release(m, i);
}

/* A child that has another owner now, or none. */
static void child_left(struct manager *m, enum child_kind k,
    const struct child_meta *meta)
{
	uint64_t key = key_hash(meta->ns, meta->key);
	struct uid uid;
	uint32_t i;

	(void)uid_parse(meta->uid, &uid);
	if (record_find_key(&m->records, key) == RECORD_NONE)
		return;
	/* Rare, so that a walk does; a namesake may have gone before. */
	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		const struct record *r = record_at(&m->records, i);
		const struct child_state *c = child_at(&m->records, r, k);

		if (r->key_hash == key && c->exists &&
		    uid_same(&uid, &c->uid))
			child_gone(m, i, k);
	}
}

static void child_seen(struct manager *m, enum child_kind k, uint32_t i,
    const struct child_meta *meta, const struct json_doc *doc,
    struct str text)
{
	struct record *r = record_at(&m->records, i);
	struct child_state *c = child_take(&m->records, r, k);
	struct uid was;

	if (c == NULL) {
		record_release(m, i);
		return;
	}
	c->listed = true;
	if (line_is_old(c, meta))
		return;
	was = c->uid;
	meta_take(c, k, meta, text);
	/* Revisions count in each for itself. */
	if (k == CHILD_DEPLOYMENT && !uid_same(&was, &c->uid))
		r->workload.good = 0;
	if (k == CHILD_DEPLOYMENT &&
	    workload_take(m, doc, meta, &r->workload))
		refs_compare(m, r);
	record_look(m, i);
}

static void child_ended(struct manager *m, enum child_kind k, uint32_t i,
    const struct child_meta *meta)
{
	struct child_state *c = child_slot(&m->records,
	    record_at(&m->records, i), k);
	struct uid uid;

	if (c == NULL)
		return;
	(void)uid_parse(meta->uid, &uid);
	c->gone = version_number(meta->version);
	/* Not when it was made anew in between. */
	if (uid_same(&uid, &c->uid))
		child_gone(m, i, k);
}

/* Of the kinds of a watch's API, the one whose children end so. */
static enum child_kind kind_named(enum child_kind watched, struct str name)
{
	int k;

	for (k = watched + 1; k < CHILD_KINDS_ALL; k++)
		if (child_watched_as((enum child_kind)k) == watched &&
		    str_ends(name, str_from(child_info[k].suffix)))
			return (enum child_kind)k;
	return watched;
}

static void child_item(struct manager *m, enum child_kind k,
    enum kube_watch_event e, struct str text)
{
	size_t mark = arena_mark(&m->intake);
	struct child_meta meta;
	struct json_doc doc;
	uint32_t i;

	if (json_parse(&doc, text, m->tok, JSON_TOKENS_MAX, NULL) == 0 &&
	    meta_read(&doc, &m->intake, &meta)) {
		k = kind_named(k, meta.name);
		/* A copy has label and owner, and is no child for that. */
		i = !child_name_is(meta.name, meta.owner_name, k) ?
		    RECORD_NONE : owner_record(m, &meta, e == WATCH_ITEM);
		if (i == RECORD_NONE)
			child_left(m, k, &meta);
		else if (e == WATCH_ITEM)
			child_seen(m, k, i, &meta, &doc, text);
		else
			child_ended(m, k, i, &meta);
	}
	arena_reset(&m->intake, mark);
}

/*
 * at: the version of the list, or 0. What was written since then is there all
 * the same, and an answer to an earlier write that is still to come is about
 * one that has gone.
 */
static void child_sweep(struct manager *m, enum child_kind k, uint64_t scope,
    uint64_t at)
{
	uint32_t i;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		struct record *r = record_at(&m->records, i);
		struct child_state *c = child_slot(&m->records, r, k);

		if (c == NULL || c->listed || !record_in(r, scope) ||
		    version_older(at, c->told))
			continue;
		c->gone = at;
		if (c->exists)
			child_gone(m, i, k);
	}
}

static void child_unlist(struct manager *m, enum child_kind k,
    uint64_t scope)
{
	uint32_t i;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		struct record *r = record_at(&m->records, i);
		struct child_state *c = child_slot(&m->records, r, k);

		if (c == NULL || !record_in(r, scope))
			continue;
		c->listed = false;
		/* Versions may have begun anew: a restored etcd. */
		c->told = c->gone = 0;
	}
}

static void child_listed(struct manager *m, enum child_kind k,
    uint64_t scope, struct str version)
{
	uint64_t at = 0;

	(void)str_u64(version, &at);
	child_sweep(m, k, scope, at);
	if (k >= CHILD_KINDS)
		extras_synced(m, k);
}

void child_event(struct manager *m, enum child_kind watched, uint64_t scope,
    enum kube_watch_event e, struct str text)
{
	int k;

	switch (e) {
	case WATCH_BEGIN:
		for (k = watched; k < CHILD_KINDS_ALL; k++)
			if (child_watched_as((enum child_kind)k) == watched)
				child_unlist(m, (enum child_kind)k, scope);
		break;
	case WATCH_ITEM:
	case WATCH_DELETED:
		child_item(m, watched, e, text);
		break;
	case WATCH_SYNCED:
		for (k = watched; k < CHILD_KINDS_ALL; k++)
			if (child_watched_as((enum child_kind)k) == watched)
				child_listed(m, (enum child_kind)k, scope,
				    text);
		break;
	case WATCH_OVERSIZE:
	case WATCH_ERROR:
		break;
	}
}

/* Of annotations as they stand in an answer; ours have no escapes. */
static struct str note_in(struct str notes, const char *key)
{
	char mem[64];
	struct buf b;
	struct str at, value;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "\"%s\":\"", key);
	CHECK(!b.over);
	at = str_sub(notes, str_search(notes, buf_view(&b)), notes.n);
	(void)str_cut(str_sub(at, b.n, at.n), '"', &value);
	return value;
}

void child_seen_notes(struct record *r, struct str deployment)
{
	struct str notes = STR_NONE;
	bool had = r->workload.seen_n > 0;

	(void)kube_peek(deployment, "metadata.annotations", &notes);
	rendered_take(&r->workload, note_in(notes, NOTE_RENDERED));
	rolled_take(&r->workload, note_in(notes, NOTE_ROLLED_BACK));
	(void)seen_take(&r->workload, note_in(notes, NOTE_SEEN));
	r->workload.scaled = note_in(notes, NOTE_SCALED).n > 0;
	if ((had || r->workload.rolled_from != 0) && r->workload.seen_n == 0)
		r->workload.note_refs = 0;
}

/* Of an answer to our own write of a Deployment. */
static void deployment_written(struct record *r, struct str reply)
{
	struct str value;
	int64_t n;

	if (kube_peek(reply, "metadata.generation", &value) &&
	    str_i64(value, &n) == 0 && n > r->workload.generation)
		r->workload.generation = n;
	child_seen_notes(r, reply);
}

/*
 * The watch may have told of a later version before the answer came: then
 * that one stays, and differs from our own.
 */
bool child_written(struct records *rs, struct record *r, enum child_kind k,
    struct str reply)
{
	struct child_state *c = child_slot(rs, r, k);
	struct str uid, version, notes;
	uint64_t told;
	bool known;

	if (c == NULL || !kube_peek(reply, "metadata.uid", &uid) ||
	    !kube_peek(reply, "metadata.resourceVersion", &version))
		return true;
	told = version_number(version);
	/* The watch was faster: it has gone since. */
	if (version_older(told, c->gone))
		return false;
	known = c->exists;
	known = uid_take(c, uid) && known;
	if (!known && k == CHILD_DEPLOYMENT)
		r->workload.good = 0;
	c->exists = true;
	c->own = version_of(k, reply, version);
	if (has_status(k))
		c->own_meta = meta_digest(reply);
	if (!known || !version_older(told, c->told)) {
		c->told = told;
		c->version = c->own;
		c->meta = c->own_meta;
		if (k == CHILD_DEPLOYMENT)
			deployment_written(r, reply);
	}
	if (kube_peek(reply, "metadata.annotations", &notes))
		c->digest = digest_number(note_in(notes, NOTE_DIGEST));
	c->wrote = c->digest;
	return true;
}
