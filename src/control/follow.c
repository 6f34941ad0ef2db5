#include <string.h>

#include "control_int.h"

/*
 * A watch of metadata tells that an object changed, of all there are in the
 * cluster at little cost; what changed is read by a GET, and only of those
 * that servers refer to. So labels and annotations bring no new pods, and
 * contents of others never come to us.
 */

const struct gvr ref_gvr[2] = {
	[REF_CONFIG_MAP] = { "", "v1", "configmaps", true },
	[REF_SECRET] = { "", "v1", "secrets", true },
};

static void refs_room(void *ctx);

int refs_init(struct manager *manager, struct mem *m, uint32_t cap)
{
	struct refs *r = &manager->refs;
	uint32_t cells = map_cap_for(cap);
	uint32_t *next = mem_reserve(m, "reference slots", cap,
	    sizeof(*next));
	struct map_cell *cell = mem_reserve(m, "references by name", cells,
	    sizeof(*cell));

	r->r = mem_reserve(m, "references", cap, sizeof(*r->r));
	if (r->r == NULL || next == NULL || cell == NULL)
		return ERR_FULL;
	pool_init(&r->pool, r->r, next, cap, sizeof(*r->r));
	mem_watch(m, r->r, &r->pool.touched);
	map_init(&r->by_hash, cell, cells);
	timer_init(&r->room, refs_room, manager);
	return 0;
}

static uint64_t ref_hash(enum ref_kind kind, struct str ns, struct str name)
{
	uint64_t h = hash_more(HASH_SEED, kind == REF_SECRET ? "s" : "c", 1);

	h = hash_more(h, ns.p, ns.n);
	h = hash_more(h, "/", 1);
	return hash_more(h, name.p, name.n);
}

static bool same_hash(const void *ctx, uint32_t value, const void *key)
{
	const struct refs *r = ctx;
	const uint64_t *hash = key;

	return r->r[value].hash == *hash;
}

static uint32_t ref_find(const struct refs *r, uint64_t hash)
{
	return map_get(&r->by_hash, hash, same_hash, r, &hash);
}

static uint32_t ref_take(struct refs *r, enum ref_kind kind, uint64_t hash,
    uint64_t scope)
{
	uint32_t i = ref_find(r, hash);

	if (i == MAP_NONE) {
		i = pool_take(&r->pool);
		if (i == POOL_NONE)
			return POOL_NONE;
		r->r[i].hash = hash;
		r->r[i].scope = scope;
		r->r[i].secret = kind == REF_SECRET;
		r->of_kind[kind]++;
		CHECK(map_put(&r->by_hash, hash, i) == 0);
	}
	r->r[i].users++;
	return i;
}

static void ref_give(struct manager *m, uint32_t i)
{
	struct refs *r = &m->refs;
	struct ref_slot *s = &r->r[i];

	CHECK(s->users > 0);
	if (--s->users > 0)
		return;
	map_del(&r->by_hash, s->hash, i);
	r->of_kind[s->secret ? REF_SECRET : REF_CONFIG_MAP]--;
	pool_give(&r->pool, i);
	if (r->full && !timer_is_set(&r->room))
		timer_set(&m->loop, &r->room, m->loop.now_ns + REFS_ROOM_NS);
}

/*
 * Room for references became free: as many servers as may find some are
 * planned anew, and follow what they were refused.
 */
static void refs_room(void *ctx)
{
	struct manager *m = ctx;
	uint32_t n = m->refs.pool.cap - m->refs.pool.used, i;

	m->refs.full = false;
	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		const uint32_t both = RECORD_LIVE | RECORD_UNFOLLOWED;

		if ((record_at(&m->records, i)->flags & both) != both)
			continue;
		if (n == 0) {
			m->refs.full = true;
			break;
		}
		n--;
		queue_add(&m->queue, i, false, m->loop.now_ns);
	}
	manager_kick(m);
}

void refs_leave(struct manager *m, struct record *r)
{
	uint8_t i;

	for (i = 0; i < r->refs; i++)
		ref_give(m, r->ref[i]);
	r->refs = 0;
}

struct naming {
	struct str ns;
	struct ref_name *list;
	uint8_t n;
};

static void name_one(void *ctx, enum ref_kind kind, struct str name,
    struct str key, bool optional, bool live)
{
	struct naming *f = ctx;
	uint64_t hash = ref_hash(kind, f->ns, name);
	uint8_t i;

	(void)key;
	for (i = 0; i < f->n; i++)
		if (f->list[i].hash == hash) {
			f->list[i].optional &= optional;
			f->list[i].live &= live;
			return;
		}
	if (f->n < RECORD_REFS_MAX)
		f->list[f->n++] = (struct ref_name){
			.hash = hash, .kind = kind, .optional = optional,
			.live = live
		};
}

uint8_t refs_named(const struct server *s,
    struct ref_name ret[RECORD_REFS_MAX])
{
	struct naming f = { .ns = s->meta.ns, .list = ret };

	server_refs(s, name_one, &f);
	return f.n;
}

/* Some were turned away, and come back when there is room. */
static void mark_unfollowed(struct manager *m, struct record *r,
    bool refused)
{
	if (!refused) {
		r->flags &= ~(uint32_t)RECORD_UNFOLLOWED;
		return;
	}
	m->refs.full = true;
	if (r->flags & RECORD_UNFOLLOWED)
		return;
	count_add(&m->counts, COUNT_CAPACITY_REFUSED, 1);
	r->flags |= RECORD_UNFOLLOWED;
}

/* The new ones are taken before the old are given, so none is forgotten
 * that both have. */
void refs_follow(struct manager *m, struct record *r,
    const struct server *s)
{
	struct ref_name name[RECORD_REFS_MAX];
	uint32_t slot[RECORD_REFS_MAX] = { 0 }, at;
	uint32_t before[2] = {
		m->refs.of_kind[0], m->refs.of_kind[1]
	};
	uint8_t n = refs_named(s, name), i, followed = 0;
	bool refused = false;

	for (i = 0; i < n; i++) {
		if (!refs_followed(m, name[i].kind, s->meta.ns))
			continue;
		at = ref_take(&m->refs, name[i].kind, name[i].hash,
		    scope_of(s->meta.ns));
		if (at != POOL_NONE)
			slot[followed++] = at;
		else
			refused = true;
	}
	mark_unfollowed(m, r, refused);
	refs_leave(m, r);
	memcpy(r->ref, slot, followed * sizeof(slot[0]));
	r->refs = followed;
	if (m->refs.of_kind[0] != before[0] ||
	    m->refs.of_kind[1] != before[1])
		watches_advance(m);
}

bool refs_ready(const struct manager *m, const struct record *r)
{
	uint8_t i;

	for (i = 0; i < r->refs; i++) {
		const struct ref_slot *s = &m->refs.r[r->ref[i]];

		if (!s->known && !s->denied)
			return false;
	}
	return true;
}

bool refs_denied(const struct manager *m, const struct record *r,
    enum ref_kind kind)
{
	uint8_t i;

	for (i = 0; i < r->refs; i++) {
		const struct ref_slot *s = &m->refs.r[r->ref[i]];

		if (s->denied && s->secret == (kind == REF_SECRET))
			return true;
	}
	return false;
}

const struct ref_slot *refs_slot(const struct manager *m,
    const struct record *r, uint64_t hash)
{
	uint8_t i;

	for (i = 0; i < r->refs; i++)
		if (m->refs.r[r->ref[i]].hash == hash)
			return &m->refs.r[r->ref[i]];
	return NULL;
}

uint64_t refs_state(const struct manager *m, const struct record *r)
{
	uint64_t h = HASH_SEED;
	uint8_t i;

	if (r->refs == 0)
		return 0;
	for (i = 0; i < r->refs; i++) {
		const struct ref_slot *s = &m->refs.r[r->ref[i]];

		h = hash_more(h, &s->hash, sizeof(s->hash));
		h = hash_more(h, &s->digest, sizeof(s->digest));
		if (s->denied)
			h = hash_more(h, "!", 1);
	}
	return h;
}

void refs_doubt(struct manager *m, struct record *r)
{
	uint8_t i;

	if (!(r->flags & RECORD_DOUBTED))
		return;
	r->flags &= ~(uint32_t)RECORD_DOUBTED;
	for (i = 0; i < r->refs; i++) {
		struct ref_slot *s = &m->refs.r[r->ref[i]];

		s->known = s->denied = false;
	}
}

/* Looks through a server's references for one of a certain kind. */
struct search {
	const struct manager *m;
	struct str ns;
	bool (*match)(const struct refs *r, const struct ref_slot *slot,
	    bool optional);
	bool found;
	enum ref_kind kind;
	struct str name;
};

static void search_one(void *ctx, enum ref_kind kind, struct str name,
    struct str key, bool optional, bool live)
{
	struct search *f = ctx;
	const struct refs *r = &f->m->refs;
	uint32_t i;

	(void)key;
	(void)live;
	if (f->found)
		return;
	i = ref_find(r, ref_hash(kind, f->ns, name));
	if (i == MAP_NONE || !f->match(r, &r->r[i], optional))
		return;
	f->found = true;
	f->kind = kind;
	f->name = name;
}

static bool search(const struct manager *m, const struct server *s,
    bool (*match)(const struct refs *r, const struct ref_slot *slot,
    bool optional), enum ref_kind *ret_kind, struct str *ret_name)
{
	struct search f = { .m = m, .ns = s->meta.ns, .match = match };

	server_refs(s, search_one, &f);
	if (!f.found)
		return false;
	*ret_kind = f.kind;
	*ret_name = f.name;
	return true;
}

static bool is_missing(const struct refs *r, const struct ref_slot *slot,
    bool optional)
{
	(void)r;
	return slot->known && slot->version == 0 && !optional;
}

static bool is_unknown(const struct refs *r, const struct ref_slot *slot,
    bool optional)
{
	(void)optional;
	return !slot->known && !slot->denied &&
	    r->synced[slot->secret ? REF_SECRET : REF_CONFIG_MAP];
}

bool refs_missing(const struct manager *m, const struct server *s,
    enum ref_kind *ret_kind, struct str *ret_name)
{
	return search(m, s, is_missing, ret_kind, ret_name);
}

bool refs_unknown(const struct manager *m, const struct server *s,
    enum ref_kind *ret_kind, struct str *ret_name)
{
	return search(m, s, is_unknown, ret_kind, ret_name);
}

struct any {
	const struct manager *m;
	const struct record *r;	/* NULL: any at all */
	enum ref_kind kind;
	bool found;
};

static void any_one(void *ctx, enum ref_kind kind, struct str name,
    struct str key, bool optional, bool live)
{
	struct any *f = ctx;
	struct str ns;

	(void)key;
	(void)optional;
	(void)live;
	if (kind != f->kind)
		return;
	if (f->r != NULL) {
		ns = str_from(f->r->ns);
		if (!refs_followed(f->m, kind, ns) || refs_slot(f->m, f->r,
		    ref_hash(kind, ns, name)) != NULL)
			return;
	}
	f->found = true;
}

bool refs_any(const struct server *s, enum ref_kind kind)
{
	struct any f = { .kind = kind };

	server_refs(s, any_one, &f);
	return f.found;
}

bool refs_dropped(const struct manager *m, const struct record *r,
    const struct server *s, enum ref_kind kind)
{
	struct any f = { .m = m, .r = r, .kind = kind };

	server_refs(s, any_one, &f);
	return f.found;
}

uint64_t refs_tick(const struct manager *m, enum ref_kind kind,
    struct str ns, struct str name)
{
	const struct refs *r = &m->refs;
	uint32_t i = ref_find(r, ref_hash(kind, ns, name));

	return i == MAP_NONE ? 0 : r->r[i].tick;
}

void refs_told(struct manager *m, enum ref_kind kind, struct str ns,
    struct str name, const struct ref_content *c)
{
	struct refs *r = &m->refs;
	uint32_t i = ref_find(r, ref_hash(kind, ns, name));

	if (i == MAP_NONE || r->r[i].tick != c->tick)
		return;
	r->r[i].denied = c->denied;
	if (c->denied)
		return;
	r->r[i].version = c->version;
	r->r[i].digest = c->version != 0 ? c->digest : 0;
	r->r[i].known = true;
}

/* ---- the contents ---- */

/* A member's own digest; all of them are joined in no order. */
static int member_add(const struct json_doc *doc, uint32_t key,
    struct arena *a, uint8_t sum[SHA256_LEN])
{
	uint8_t d[SHA256_LEN];
	struct str name, value;
	struct sha256 c;
	uint64_t n;
	size_t i;

	if (json_string(doc, key, a, &name) < 0 ||
	    json_string(doc, json_value(doc, key), a, &value) < 0)
		return ERR_BAD;
	n = name.n;
	sha256_init(&c);
	sha256_add(&c, &n, sizeof(n));
	sha256_add(&c, name.p, name.n);
	sha256_add(&c, value.p, value.n);
	sha256_end(&c, d);
	for (i = 0; i < SHA256_LEN; i++)
		sum[i] ^= d[i];
	return 0;
}

static int members_add(const struct json_doc *doc, const char *path,
    struct arena *a, struct sha256 *c)
{
	uint32_t map = json_path(doc, JSON_ROOT, path), key;
	uint8_t sum[SHA256_LEN] = { 0 };
	size_t mark = arena_mark(a);

	for (key = map == JSON_NIL ? JSON_NIL : json_first(doc, map);
	    key != JSON_NIL; key = json_next(doc, map, key)) {
		if (member_add(doc, key, a, sum) < 0)
			return ERR_BAD;
		arena_reset(a, mark);
	}
	sha256_add(c, sum, sizeof(sum));
	return 0;
}

/*
 * The digest ends up where it can be read by people who may not read
 * Secrets, and a short secret could be guessed from it. The uid, which only
 * those know who may read the Secret, keeps them from trying.
 */
int ref_digest(struct str object, enum ref_kind kind, struct json_tok *tok,
    struct arena *a, uint64_t *ret_digest)
{
	uint8_t d[SHA256_LEN];
	struct json_doc doc;
	struct sha256 c;
	struct str uid;
	size_t mark = arena_mark(a);
	int err;

	if (json_parse(&doc, object, tok, JSON_TOKENS_MAX, NULL) < 0)
		return ERR_BAD;
	sha256_init(&c);
	if (kind == REF_SECRET) {
		if (!kube_peek(object, "metadata.uid", &uid))
			return ERR_BAD;
		sha256_add(&c, uid.p, uid.n);
	}
	err = members_add(&doc, "data", a, &c);
	if (err == 0)
		err = members_add(&doc, "binaryData", a, &c);
	arena_reset(a, mark);
	if (err < 0)
		return err;
	sha256_end(&c, d);
	memcpy(ret_digest, d, sizeof(*ret_digest));
	return 0;
}

/* ---- the watches ---- */

/* Records keep slots, not the other way round: changes are rare. */
static void tell_users(struct manager *m)
{
	struct refs *refs = &m->refs;
	uint32_t i;
	uint8_t k;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		struct record *r = record_at(&m->records, i);

		for (k = 0; k < r->refs; k++)
			if (refs->r[r->ref[k]].changed) {
				/* Something else is asked for now. */
				r->refused_wish = 0;
				queue_add(&m->queue, i, true,
				    m->loop.now_ns);
				break;
			}
	}
	for (i = 0; i < refs->pool.high; i++)
		if (pool_has(&refs->pool, i))
			refs->r[i].changed = false;
	manager_kick(m);
}

/* version 0: it does not exist, which is all there is to know. */
static void ref_changed(struct refs *r, struct ref_slot *s,
    uint64_t version)
{
	s->tick = ++r->ticks;
	s->version = version;
	s->known = version == 0;
	s->denied = false;
	s->changed = true;
	if (version == 0)
		s->digest = 0;
}

static void ref_seen(struct manager *m, enum ref_kind kind,
    enum kube_watch_event e, struct str text)
{
	struct refs *r = &m->refs;
	struct str ns, name, version;
	uint64_t v = 0;
	uint32_t i;

	if (!kube_peek(text, "metadata.namespace", &ns) ||
	    !kube_peek(text, "metadata.name", &name))
		return;
	i = ref_find(r, ref_hash(kind, ns, name));
	if (i == MAP_NONE)
		return;
	if (e != WATCH_DELETED &&
	    kube_peek(text, "metadata.resourceVersion", &version))
		v = version_number(version);
	r->r[i].listed = true;
	if ((r->r[i].known || r->r[i].tick != 0) && r->r[i].version == v)
		return;
	ref_changed(r, &r->r[i], v);
	if (r->synced[kind])
		tell_users(m);
}

static bool ref_in(const struct refs *r, uint32_t i, enum ref_kind kind,
    uint64_t scope)
{
	const struct ref_slot *s = &r->r[i];

	return pool_has(&r->pool, i) && s->secret == (kind == REF_SECRET) &&
	    scope_has(scope, s->scope);
}

static void refs_sweep(struct manager *m, enum ref_kind kind,
    uint64_t scope)
{
	struct refs *r = &m->refs;
	uint32_t i;

	r->synced[kind] = true;
	for (i = 0; i < r->pool.high; i++) {
		struct ref_slot *s = &r->r[i];

		if (!ref_in(r, i, kind, scope))
			continue;
		/* Who came while it was listed may have been passed by. */
		if (s->awaited && !s->listed &&
		    (!s->known || s->version != 0))
			ref_changed(r, s, 0);
		s->denied = false;
		s->changed = s->changed || !s->known;
	}
	tell_users(m);
}

bool refs_followed(const struct manager *m, enum ref_kind kind,
    struct str ns)
{
	return m->refs.followed[kind] && !watches_gave_up(m,
	    kind == REF_SECRET ? ROLE_REF_SECRETS : ROLE_REF_CONFIG_MAPS,
	    scope_of(ns));
}

void refs_give_up(struct manager *m, uint64_t scope)
{
	uint32_t i;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		struct record *r = record_at(&m->records, i);

		if (r->refs == 0 || !record_in(r, scope))
			continue;
		/* What is still followed comes back with the next plan. */
		refs_leave(m, r);
		queue_add(&m->queue, i, true, m->loop.now_ns);
	}
	manager_kick(m);
}

void refs_resume(struct manager *m, uint64_t scope)
{
	uint32_t i;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		const struct record *r = record_at(&m->records, i);

		if ((r->flags & RECORD_LIVE) && record_in(r, scope))
			queue_add(&m->queue, i, false, m->loop.now_ns);
	}
	manager_kick(m);
}

void refs_event(struct manager *m, enum ref_kind kind, uint64_t scope,
    enum kube_watch_event e, struct str text)
{
	struct refs *r = &m->refs;
	uint32_t i;

	switch (e) {
	case WATCH_BEGIN:
		for (i = 0; i < r->pool.high; i++)
			if (ref_in(r, i, kind, scope)) {
				r->r[i].listed = false;
				r->r[i].awaited = true;
			}
		break;
	case WATCH_ITEM:
	case WATCH_DELETED:
	case WATCH_OVERSIZE:
		ref_seen(m, kind, e, text);
		break;
	case WATCH_SYNCED:
		refs_sweep(m, kind, scope);
		break;
	case WATCH_ERROR:
		break;
	}
}
