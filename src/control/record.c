#include <string.h>

#include "control_int.h"

int records_init(struct records *rs, struct mem *m, uint32_t cap)
{
	uint32_t cells = map_cap_for(cap);
	uint32_t *next = mem_reserve(m, "server slots", cap, sizeof(*next));
	struct map_cell *by_uid = mem_reserve(m, "servers by uid", cells,
	    sizeof(*by_uid));
	struct map_cell *by_key = mem_reserve(m, "servers by name", cells,
	    sizeof(*by_key));

	rs->r = mem_reserve(m, "server records", cap, sizeof(*rs->r));
	if (rs->r == NULL || next == NULL || by_uid == NULL ||
	    by_key == NULL)
		return ERR_FULL;
	pool_init(&rs->pool, rs->r, next, cap, sizeof(*rs->r));
	mem_watch(m, rs->r, &rs->pool.touched);
	map_init(&rs->by_uid, by_uid, cells);
	map_init(&rs->by_key, by_key, cells);
	return 0;
}

struct record *record_at(const struct records *rs, uint32_t i)
{
	return pool_at(&rs->pool, i);
}

uint32_t record_index(const struct records *rs, const struct record *r)
{
	return (uint32_t)(r - rs->r);
}

bool uid_same(const struct uid *a, const struct uid *b)
{
	return memcmp(a->b, b->b, UID_LEN) == 0;
}

uint64_t uid_hash(const struct uid *uid)
{
	return hash_more(HASH_SEED, uid->b, UID_LEN);
}

static bool same_uid(const void *ctx, uint32_t value, const void *key)
{
	const struct records *rs = ctx;
	const struct uid *uid = key;

	return uid_same(&rs->r[value].uid, uid);
}

static bool same_key(const void *ctx, uint32_t value, const void *key)
{
	const struct records *rs = ctx;
	const uint64_t *hash = key;

	return rs->r[value].key_hash == *hash;
}

/* Of namesakes, one that has gone leaves its children for a while. */
static bool same_live_key(const void *ctx, uint32_t value, const void *key)
{
	const struct records *rs = ctx;

	return same_key(ctx, value, key) &&
	    (rs->r[value].flags & RECORD_LIVE);
}

uint32_t record_find(const struct records *rs, const struct uid *uid)
{
	return map_get(&rs->by_uid, uid_hash(uid), same_uid, rs, uid);
}

uint32_t record_find_key(const struct records *rs, uint64_t hash)
{
	return map_get(&rs->by_key, hash, same_key, rs, &hash);
}

uint32_t record_find_live(const struct records *rs, uint64_t hash)
{
	return map_get(&rs->by_key, hash, same_live_key, rs, &hash);
}

void text_set(char *to, size_t cap, struct str s)
{
	size_t n = s.n < cap - 1 ? s.n : cap - 1;

	if (n > 0)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

uint64_t key_hash(struct str ns, struct str key)
{
	uint64_t h = hash_more(HASH_SEED, ns.p, ns.n);

	return hash_more(hash_more(h, "/", 1), key.p, key.n);
}

uint32_t record_add(struct records *rs, const struct uid *uid, enum group g,
    struct str ns, struct str name)
{
	char mem[64];
	struct buf key;
	struct record *r;
	uint32_t i = pool_take(&rs->pool);

	if (i == POOL_NONE) {
		rs->refused++;
		rs->full = true;
		return RECORD_NONE;
	}
	r = record_at(rs, i);
	r->uid = *uid;
	r->group = (uint8_t)g;
	r->next = RECORD_NONE;
	r->held = POOL_NONE;
	rs->ghosts++;
	text_set(r->ns, sizeof(r->ns), ns);
	text_set(r->name, sizeof(r->name), name);
	buf_init(&key, mem, sizeof(mem));
	render_key(g, name, &key);
	CHECK(!key.over);
	r->key_hash = key_hash(ns, buf_view(&key));
	/* Both maps have room for every slot of the pool. */
	CHECK(map_put(&rs->by_uid, uid_hash(uid), i) == 0);
	CHECK(map_put(&rs->by_key, r->key_hash, i) == 0);
	return i;
}

void record_drop(struct records *rs, uint32_t i)
{
	struct record *r = record_at(rs, i);

	CHECK((r->flags & (RECORD_BUSY | RECORD_QUEUED)) == 0);
	CHECK(r->held == POOL_NONE);
	record_live(rs, i, false);
	rs->ghosts--;
	map_del(&rs->by_uid, uid_hash(&r->uid), i);
	map_del(&rs->by_key, r->key_hash, i);
	pool_give(&rs->pool, i);
}

uint32_t record_next(const struct records *rs, uint32_t i)
{
	for (; i < rs->pool.high; i++)
		if (pool_has(&rs->pool, i))
			return i;
	return RECORD_NONE;
}

bool record_version(struct record *r, struct str version)
{
	uint64_t v = version_number(version);

	if (v < r->version)
		return false;
	r->version = v;
	return true;
}

void record_live(struct records *rs, uint32_t i, bool live)
{
	struct record *r = record_at(rs, i);

	if (((r->flags & RECORD_LIVE) != 0) == live)
		return;
	r->flags ^= RECORD_LIVE;
	if (live) {
		rs->live[r->group]++;
		rs->ghosts--;
	} else {
		rs->live[r->group]--;
		rs->ghosts++;
	}
}

/* Rare, so that a walk over all of them does. */
bool record_has_ghost(const struct records *rs, const struct record *r)
{
	uint32_t i;

	if (rs->ghosts == 0)
		return false;
	for (i = record_next(rs, 0); i != RECORD_NONE;
	    i = record_next(rs, i + 1)) {
		const struct record *o = record_at(rs, i);

		if (o->key_hash == r->key_hash && o != r &&
		    !(o->flags & RECORD_LIVE) && record_children(rs, o) != 0)
			return true;
	}
	return false;
}

uint32_t record_children(const struct records *rs, const struct record *r)
{
	uint32_t kinds = 0;
	int k;

	for (k = 0; k < CHILD_KINDS_ALL; k++)
		if (child_at(rs, r, (enum child_kind)k)->exists)
			kinds |= UINT32_C(1) << k;
	return kinds;
}

uint64_t scope_of(struct str ns)
{
	return ns.n > 0 ? str_hash(ns) : 0;
}

bool scope_has(uint64_t scope, uint64_t ns)
{
	return scope == 0 || scope == ns;
}

bool record_in(const struct record *r, uint64_t scope)
{
	return scope_has(scope, scope_of(str_from(r->ns)));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/*
 * The API server's uids are RFC 4122 text. A uid that is not gets a digest
 * instead, which compares as well but cannot be written out again.
 */
bool uid_parse(struct str s, struct uid *ret)
{
	uint8_t digest[SHA256_LEN];
	size_t i, n = 0;
	int hi, lo;

	for (i = 0; s.n == 36 && i < s.n;) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s.p[i++] != '-')
				break;
			continue;
		}
		hi = hex_digit(s.p[i]);
		lo = hex_digit(s.p[i + 1]);
		if (hi < 0 || lo < 0)
			break;
		ret->b[n++] = (uint8_t)(hi << 4 | lo);
		i += 2;
	}
	if (n == UID_LEN)
		return true;
	sha256(s.p, s.n, digest);
	memcpy(ret->b, digest, UID_LEN);
	return false;
}

void uid_format(const struct uid *u, struct buf *out)
{
	size_t i;

	for (i = 0; i < UID_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_char(out, '-');
		buf_hex(out, &u->b[i], 1);
	}
}

/* Decimal on every server there is; otherwise only equality is needed. */
uint64_t version_number(struct str version)
{
	uint64_t v;

	if (str_u64(version, &v) == 0)
		return v;
	return str_hash(version) | UINT64_C(1) << 63;
}

void contest_note(struct contest *c, int64_t now_ns)
{
	int64_t calm_ns = contest_calm_ns(c);

	if (calm_ns < c->last_ns)
		calm_ns = c->last_ns;
	if (c->last_ns == 0 || now_ns - calm_ns >= REPAIR_CALM_NS)
		c->n = 0;
	else if (c->n < 16)
		c->n++;
	c->last_ns = now_ns;
}

int64_t contest_calm_ns(const struct contest *c)
{
	uint8_t over = c->n > CONTEST_TOLD ? c->n - CONTEST_TOLD : 0;

	if (over == 0)
		return 0;
	return c->last_ns + (NS_PER_S << (over < 8 ? over : 8));
}

void child_forget(struct records *rs, struct record *r, enum child_kind k)
{
	struct child_state *c = child_slot(rs, r, k);

	if (c != NULL)
		*c = (struct child_state){ .gone = c->gone };
	if (k == CHILD_DEPLOYMENT)
		memset(&r->workload, 0, sizeof(r->workload));
}

void child_forget_uid(struct records *rs, struct record *r,
    enum child_kind k, const struct uid *uid)
{
	if (uid_same(&child_at(rs, r, k)->uid, uid))
		child_forget(rs, r, k);
}

bool version_older(uint64_t version, uint64_t than)
{
	return ((version | than) >> 63) == 0 && version < than;
}

bool child_edited(const struct child_state *c)
{
	return c->version != c->own ||
	    (c->own_meta > META_AS_SEEN && c->meta != c->own_meta);
}

/* One that is no number is known by a digest. */
bool child_has_version(const struct child_state *c)
{
	return c->told != 0 && c->told >> 63 == 0;
}

bool child_drifted(const struct records *rs, const struct record *r,
    enum child_kind k)
{
	const struct child_state *c = child_at(rs, r, k);
	bool wanted = (r->wanted >> k & 1) != 0;

	if (wanted != c->exists)
		return !(c->exists && c->going);
	return wanted && child_edited(c);
}

uint32_t record_counts(const struct record *r)
{
	const struct workload *w = &r->workload;
	int64_t parts[] = {
		w->observed, w->replicas, w->ready, w->available, w->updated,
		w->timed_out
	};

	return (uint32_t)hash_more(HASH_SEED, parts, sizeof(parts));
}

uint64_t record_wish(const struct records *rs, const struct record *r)
{
	uint64_t h = hash_more(HASH_SEED, &r->facts, sizeof(r->facts));
	int k;

	for (k = 0; k < CHILD_KINDS_ALL; k++) {
		const struct child_state *c = child_at(rs, r,
		    (enum child_kind)k);
		uint64_t parts[] = {
			c->exists, c->going, c->version, c->meta
		};

		h = hash_more(h, parts, sizeof(parts));
		h = hash_more(h, c->uid.b, UID_LEN);
	}
	return h;
}

int32_t record_desired(const struct record *r)
{
	return r->flags & RECORD_REFUSED || r->workload.scaled ?
	    r->workload.asked : r->desired;
}

bool record_short(const struct record *r)
{
	return r->workload.ready < record_desired(r);
}

bool record_lacks(const struct record *r)
{
	return record_short(r) || r->workload.ready < r->workload.replicas;
}

bool record_unguarded(const struct records *rs, const struct record *r)
{
	return !r->child[CHILD_DEPLOYMENT].exists &&
	    !child_at(rs, r, CHILD_NETWORK_POLICY)->exists;
}

static uint64_t rolled_inputs(uint64_t h, const struct workload *w)
{
	uint64_t parts[] = {
		w->rolled_from, w->rolled_to, w->revision, w->good,
		w->late_of, w->timed_out
	};

	return hash_more(h, parts, sizeof(parts));
}

uint64_t record_inputs(const struct manager *m, const struct record *r)
{
	const struct workload *w = &r->workload;
	const struct trouble *t;
	int64_t parts[] = {
		w->generation, w->observed, w->asked, w->replicas, w->ready,
		w->available, w->updated, w->deadline_exceeded,
		w->replica_failure, record_children(&m->records, r),
		(int64_t)refs_state(m, r), refs_ready(m, r),
		(int64_t)r->verify.topic, r->verify.state,
		extras_allowed(m, r), w->scaled
	};
	uint64_t h = hash_more(HASH_SEED, parts, sizeof(parts));

	if (r->flags & RECORD_ROLLS)
		h = rolled_inputs(h, w);
	h = hash_more(h, &w->failure_text, sizeof(w->failure_text));
	/* Pods are only looked at while some are missing. */
	if (!record_lacks(r))
		return h;
	t = pods_worst(&m->pods, r->key_hash, record_short(r));
	if (t == NULL)
		return h ^ (r->flags & RECORD_UNHELD);
	h = hash_more(h, t->reason, strlen(t->reason));
	return hash_more(h, t->message, strlen(t->message));
}

bool record_overwritten(const struct record *r)
{
	return (r->flags & RECORD_LIVE) && (r->flags & RECORD_PLANNED) &&
	    r->status_told != r->status_said;
}

bool record_due(const struct manager *m, const struct record *r)
{
	int k;

	if (!(r->flags & RECORD_LIVE))
		return false;
	if (!(r->flags & RECORD_PLANNED) || r->facts != r->planned_facts)
		return true;
	for (k = 0; k < CHILD_KINDS_ALL; k++)
		if (child_drifted(&m->records, r, (enum child_kind)k) &&
		    !(r->flags & (RECORD_REFUSED | RECORD_DELETING)))
			return true;
	return record_inputs(m, r) != r->planned_inputs;
}
