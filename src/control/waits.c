#include <string.h>

#include "control_int.h"

/*
 * What keeps a pod from being made at all, a Secret that a volume names or a
 * network that is not ready, only stands in Events of the kubelet and of
 * others; and why one that runs does not get ready, such as a port where
 * nobody listens, in those of its probes. They are not watched, there are too
 * many; those of a pod that waits for long are read, one pod after the other
 * and less and less often. Pods that are well cost nothing.
 */

static const struct gvr events_gvr = { "", "v1", "events", true };

/* Warnings that say why; of others nothing follows. Hard: somebody must
 * act. */
static const struct {
	const char *reason;
	enum trouble_weight weight;
} reasons[] = {
	{ "FailedMount", TROUBLE_HARD },
	{ "FailedAttachVolume", TROUBLE_SOFT },
	{ "FailedMapVolume", TROUBLE_HARD },
	{ "FailedCreatePodSandBox", TROUBLE_SOFT },
	{ "FailedPrepareDynamicResources", TROUBLE_SOFT },
	{ "NetworkNotReady", TROUBLE_SOFT },
	{ "FailedSync", TROUBLE_SOFT },
	{ "Unhealthy", TROUBLE_SLOW },
};

static enum trouble_weight weight_of(struct str reason)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(reasons); i++)
		if (str_is(reason, reasons[i].reason))
			return reasons[i].weight;
	return TROUBLE_NONE;
}

/* ---- Events ---- */

struct event {
	enum trouble_weight weight;
	struct str reason, message, pod;
	int64_t wall_ns;
	bool vague;	/* it only says that there was no end to something */
};

static int64_t last_seen(const struct json_doc *doc, uint32_t at,
    struct arena *a)
{
	static const char *const paths[] = {
		"series.lastObservedTime", "lastTimestamp", "eventTime",
		"metadata.creationTimestamp"
	};
	int64_t wall_ns, last = 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(paths); i++)
		if (time_parse(text_at(doc, at, paths[i], a), &wall_ns) ==
		    0 && wall_ns > last)
			last = wall_ns;
	return last;
}

static void event_read(const struct json_doc *doc, uint32_t at,
    struct arena *a, struct event *ret)
{
	struct event e = {
		.reason = text_at(doc, at, "reason", a),
		.message = str_trim(text_at(doc, at, "message", a)),
		.pod = text_at(doc, at, "involvedObject.name", a),
		.wall_ns = last_seen(doc, at, a)
	};

	if (str_is(text_at(doc, at, "type", a), "Warning"))
		e.weight = weight_of(e.reason);
	e.vague = str_search(e.message,
	    STR("timed out waiting for the condition")) < e.message.n;
	*ret = e;
}

static bool is_better(const struct event *e, const struct event *than)
{
	if (e->weight == TROUBLE_NONE || than->weight == TROUBLE_NONE)
		return e->weight != TROUBLE_NONE;
	if (e->vague != than->vague)
		return than->vague;
	return e->wall_ns > than->wall_ns;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Ids of sandboxes are new each time, and would make a new status of it. */
static void message_write(struct buf *out, struct str s)
{
	size_t i = 0, n;

	while (i < s.n && out->n < out->cap) {
		for (n = 0; i + n < s.n && is_hex(s.p[i + n]); n++)
			;
		if (n >= 32) {
			buf_str(out, str_sub(STR("..."), 0,
			    out->cap - out->n));
			i += n;
			continue;
		}
		n = n == 0 ? 1 : n;
		buf_str(out, str_sub(str_sub(s, i, i + n), 0,
		    out->cap - out->n));
		i += n;
	}
}

void events_diagnose(const struct json_doc *doc, bool runs, int64_t wall_ns,
    struct arena *a, struct trouble *ret)
{
	uint32_t list = json_get(doc, JSON_ROOT, STR("items")), at;
	struct event best = { .weight = TROUBLE_NONE }, e;
	char mem[EVENT_MESSAGE_MAX];
	struct buf b;

	*ret = (struct trouble){ 0 };
	for (at = list == JSON_NIL ? JSON_NIL : json_first(doc, list);
	    at != JSON_NIL; at = json_next(doc, list, at)) {
		event_read(doc, at, a, &e);
		/* What kept it from running is over, or else what runs. */
		if ((e.weight == TROUBLE_SLOW) != runs)
			continue;
		if (wall_ns - e.wall_ns < WAIT_STALE_NS &&
		    is_better(&e, &best))
			best = e;
	}
	if (best.weight == TROUBLE_NONE)
		return;
	buf_init(&b, mem, sizeof(mem));
	message_write(&b, best.message);
	trouble_set(ret, best.weight, best.reason, "", best.pod,
	    buf_view(&b));
}

/* ---- the slots ---- */

static void wake_by(struct manager *m, int64_t at_ns)
{
	struct waits *q = &m->waits;

	if (timer_is_set(&q->timer) && q->wake_ns <= at_ns)
		return;
	q->wake_ns = at_ns;
	timer_set(&m->loop, &q->timer, at_ns);
}

static bool same_uid(const void *ctx, uint32_t value, const void *key)
{
	const struct waits *q = ctx;
	const struct uid *uid = key;

	return uid_same(&q->w[value].uid, uid);
}

static uint32_t wait_find(const struct waits *q, const struct uid *uid)
{
	return map_get(&q->by_uid, uid_hash(uid), same_uid, q, uid);
}

void waits_room(struct manager *m)
{
	if (m->pods.lost)
		wake_by(m, m->loop.now_ns + WAIT_PACE_NS);
}

static void wait_drop(struct manager *m, uint32_t i)
{
	struct waits *q = &m->waits;

	map_del(&q->by_uid, uid_hash(&q->w[i].uid), i);
	pool_give(&q->pool, i);
	waits_room(m);
}

/* When it is first asked about; after a restart that may be at once. */
static int64_t first_due(const struct manager *m, int64_t start_wall_ns)
{
	int64_t age = m->io->wall_ns(m->io->ctx) - start_wall_ns;

	if (age < 0)
		age = 0;
	return m->loop.now_ns + (age < WAIT_FIRST_NS ? WAIT_FIRST_NS - age :
	    0);
}

bool waits_see(struct manager *m, const struct wait_pod *pod)
{
	struct waits *q = &m->waits;
	uint32_t i = wait_find(q, &pod->uid);

	if (i != MAP_NONE && q->w[i].runs == pod->runs) {
		q->w[i].listed = true;
		return true;
	}
	if (i == MAP_NONE) {
		i = pool_take(&q->pool);
		if (i == POOL_NONE) {
			pods_refuse(m);
			return false;
		}
		CHECK(map_put(&q->by_uid, uid_hash(&pod->uid), i) == 0);
	}
	q->w[i] = (struct wait_slot){
		.uid = pod->uid, .uid_hash = pod->uid_hash,
		.key_hash = pod->key_hash, .scope = pod->scope,
		.due_ns = first_due(m, pod->start_wall_ns),
		.listed = true, .runs = pod->runs
	};
	q->w[i].old = q->w[i].due_ns == m->loop.now_ns;
	wake_by(m, q->w[i].due_ns);
	return false;
}

void waits_forget(struct manager *m, const struct uid *uid)
{
	uint32_t i = wait_find(&m->waits, uid);

	if (i != MAP_NONE)
		wait_drop(m, i);
}

static bool wait_in(const struct waits *q, uint32_t i, uint64_t scope)
{
	return pool_has(&q->pool, i) && scope_has(scope, q->w[i].scope);
}

void waits_unlist(struct manager *m, uint64_t scope)
{
	uint32_t i;

	for (i = 0; i < m->waits.pool.high; i++)
		if (wait_in(&m->waits, i, scope))
			m->waits.w[i].listed = false;
}

void waits_sweep(struct manager *m, uint64_t scope)
{
	uint32_t i;

	for (i = 0; i < m->waits.pool.high; i++)
		if (wait_in(&m->waits, i, scope) && !m->waits.w[i].listed)
			wait_drop(m, i);
}

bool waits_recall(const struct manager *m, const struct record *r,
    const struct server *s, struct trouble *ret)
{
	const struct waits *q = &m->waits;
	enum trouble_weight weight = weight_of(s->status.reason);
	struct buf b;
	uint32_t i;

	if (weight == TROUBLE_NONE)
		return false;
	for (i = 0; i < q->pool.high; i++)
		if (pool_has(&q->pool, i) && q->w[i].old &&
		    q->w[i].key_hash == r->key_hash)
			break;
	if (i == q->pool.high)
		return false;
	*ret = (struct trouble){ .weight = (uint8_t)weight };
	buf_init(&b, ret->reason, sizeof(ret->reason) - 1);
	buf_str(&b, str_sub(s->status.reason, 0, b.cap));
	cut_fmt(ret->message, sizeof(ret->message), "%S", s->status.message);
	return true;
}

/* ---- asking ---- */

static int64_t next_due(const struct manager *m, uint8_t tries)
{
	return m->loop.now_ns + time_backoff(WAIT_AGAIN_NS, tries,
	    WAIT_MOST_NS);
}

static void tried(struct manager *m, struct wait_slot *w)
{
	if (w->tries < UINT8_MAX)
		w->tries++;
	w->old = false;
	w->due_ns = next_due(m, w->tries);
}

static void wait_told(void *ctx, struct kube_call *call)
{
	struct manager *m = ctx;
	struct waits *q = &m->waits;
	uint32_t i = wait_find(q, &q->asking), record;
	size_t mark = arena_mark(&m->intake);
	struct trouble t;
	struct json_doc doc;
	bool old;

	wake_by(m, m->loop.now_ns + WAIT_PACE_NS);
	if (i == MAP_NONE)
		return;
	old = q->w[i].old;
	tried(m, &q->w[i]);
	if (call->status.err < 0 || json_parse(&doc, call->reply, m->tok,
	    JSON_TOKENS_MAX, NULL) < 0) {
		log_line(&m->log, LOG_DEBUG, "cannot read Events",
		    "error=%s", call->diag.text);
		return;
	}
	events_diagnose(&doc, q->w[i].runs, m->io->wall_ns(m->io->ctx),
	    &m->intake, &t);
	arena_reset(&m->intake, mark);
	pods_told(m, &q->w[i], &t);
	/* What was recalled until now may not hold any more. */
	record = record_find_live(&m->records, q->w[i].key_hash);
	if (old && record != RECORD_NONE)
		queue_add(&m->queue, record, false, m->loop.now_ns);
	manager_kick(m);
}

static void ask(struct manager *m, const struct wait_slot *w, struct str ns)
{
	struct waits *q = &m->waits;
	char mem[96];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_cstr(&b, "type=Warning,involvedObject.uid=");
	uid_format(&w->uid, &b);
	buf_char(&b, '\0');
	CHECK(!b.over);
	q->asking = w->uid;
	kube_call_init(&q->call, wait_told, m);
	q->call.class = KUBE_LOW;
	kube_call_list(&q->call, &events_gvr, ns, NULL, mem, WAIT_EVENTS,
	    STR_NONE);
	q->call.deadline_ns = m->loop.now_ns + WAIT_ASK_NS;
	kube_send(&m->client, &q->call);
}

/* The record of the pod's server, when its status would tell. */
static const struct record *who_asks(const struct manager *m,
    const struct wait_slot *w)
{
	uint32_t i = record_find_live(&m->records, w->key_hash);
	const struct record *r;

	if (i == RECORD_NONE || !m->leading)
		return NULL;
	r = record_at(&m->records, i);
	return record_lacks(r) ? r : NULL;
}

static void relist_lost(struct manager *m)
{
	const struct pool *p = &m->pods.pool, *q = &m->waits.pool;

	if (!m->pods.lost || p->used > p->cap / 2 || q->used > q->cap / 2)
		return;
	m->pods.lost = false;
	watches_relist(m, ROLE_PODS);
}

static void wait_next(struct manager *m)
{
	struct waits *q = &m->waits;
	int64_t next = TIME_NEVER;
	uint32_t i;

	for (i = 0; i < q->pool.high; i++) {
		struct wait_slot *w = &q->w[i];
		const struct record *r;

		if (!pool_has(&q->pool, i))
			continue;
		if (w->due_ns <= m->loop.now_ns) {
			r = who_asks(m, w);
			if (r != NULL) {
				ask(m, w, str_from(r->ns));
				return;
			}
			w->due_ns = m->loop.now_ns + WAIT_AGAIN_NS;
		}
		if (w->due_ns < next)
			next = w->due_ns;
	}
	if (next != TIME_NEVER)
		wake_by(m, next);
}

static void waits_wake(void *ctx)
{
	struct manager *m = ctx;

	if (m->stopping)
		return;
	relist_lost(m);
	if (!kube_call_busy(&m->waits.call))
		wait_next(m);
}

int waits_init(struct manager *m, struct mem *mem, uint32_t cap)
{
	struct waits *q = &m->waits;
	uint32_t cells = map_cap_for(cap);
	uint32_t *next = mem_reserve(mem, "slots of pods being made", cap,
	    sizeof(*next));
	struct map_cell *cell = mem_reserve(mem, "pods being made by uid",
	    cells, sizeof(*cell));

	q->w = mem_reserve(mem, "pods being made", cap, sizeof(*q->w));
	if (q->w == NULL || next == NULL || cell == NULL)
		return ERR_FULL;
	pool_init(&q->pool, q->w, next, cap, sizeof(*q->w));
	mem_watch(mem, q->w, &q->pool.touched);
	map_init(&q->by_uid, cell, cells);
	timer_init(&q->timer, waits_wake, m);
	kube_call_init(&q->call, wait_told, m);
	return 0;
}
