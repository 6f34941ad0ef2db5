#include <string.h>

#include "control_int.h"

int pods_init(struct pods *p, struct mem *m, uint32_t cap)
{
	uint32_t cells = map_cap_for(cap);
	uint32_t *next = mem_reserve(m, "pod slots", cap, sizeof(*next));
	struct map_cell *cell = mem_reserve(m, "pods by uid", cells,
	    sizeof(*cell));

	p->p = mem_reserve(m, "pods in trouble", cap, sizeof(*p->p));
	if (p->p == NULL || next == NULL || cell == NULL)
		return ERR_FULL;
	pool_init(&p->pool, p->p, next, cap, sizeof(*p->p));
	mem_watch(m, p->p, &p->pool.touched);
	map_init(&p->by_uid, cell, cells);
	return 0;
}

/* ---- diagnosis ---- */

/* Reasons for which waiting does not help: somebody must act. */
static const char *const hard_reasons[] = {
	"CrashLoopBackOff", "CreateContainerConfigError",
	"CreateContainerError", "ErrImageNeverPull", "ImageInspectError",
	"InvalidImageName", "RunContainerError"
};

struct str text_at(const struct json_doc *doc, uint32_t at,
    const char *path, struct arena *a)
{
	uint32_t v = at == JSON_NIL ? JSON_NIL : json_path(doc, at, path);
	struct str s = STR_NONE;
	bool was_over = a->over;

	if (v == JSON_NIL || json_string_cut(doc, v, a, &s) < 0)
		s = STR_NONE;
	CHECK(was_over || !a->over);
	return s;
}

/* As much of a name as is told; "POD, container NAME". */
enum { POD_SHOWN = 63, WHO_MAX = 2 * POD_SHOWN + 12 };

void trouble_set(struct trouble *t, enum trouble_weight weight,
    struct str reason, const char *fmt, struct str pod, struct str detail)
{
	struct buf b;

	if (t->weight >= weight)
		return;
	t->weight = (uint8_t)weight;
	/* One byte short, so that the text ends in NUL. */
	memset(t->reason, 0, sizeof(t->reason));
	memset(t->message, 0, sizeof(t->message));
	buf_init(&b, t->reason, sizeof(t->reason) - 1);
	buf_str(&b, str_sub(reason, 0, b.cap));
	CHECK(!b.over);
	cut_fmt(t->message, sizeof(t->message), "pod %S: %s%S",
	    str_sub(pod, 0, WHO_MAX), fmt, detail);
}

/*
 * The kubelet goes to and fro between the failure of a pull and the wait for
 * the next one; told apart they would be a new status each time.
 */
static void diagnose_pull(struct str message, struct str pod,
    struct trouble *ret)
{
	struct str mark = STR("ErrImagePull: ");
	size_t at = str_search(message, mark);

	if (at < message.n)
		message = str_sub(message, at + mark.n, message.n);
	trouble_set(ret, TROUBLE_HARD, STR("ImagePullBackOff"), "", pod,
	    message);
}

static void diagnose_waiting(const struct json_doc *doc, uint32_t c,
    struct str pod, struct arena *a, struct trouble *ret)
{
	struct str reason = text_at(doc, c, "state.waiting.reason", a);
	struct str message = text_at(doc, c, "state.waiting.message", a);
	size_t i;

	if (str_is(reason, "ErrImagePull") ||
	    str_is(reason, "ImagePullBackOff")) {
		diagnose_pull(message, pod, ret);
		return;
	}
	/* What it backs off from is told by how it ended. */
	if (reason.n == 0 || str_is(reason, "ContainerCreating") ||
	    str_is(reason, "PodInitializing"))
		return;
	for (i = 0; i < ARRAY_LEN(hard_reasons); i++)
		if (str_is(reason, hard_reasons[i]))
			break;
	trouble_set(ret, i < ARRAY_LEN(hard_reasons) ?
	    TROUBLE_HARD : TROUBLE_SOFT, reason, "", pod, message);
}

/* One way of ending, as "last exit code 1 (Error): text". */
static bool ending(const struct json_doc *doc, uint32_t t, struct arena *a,
    struct buf *out, struct str *ret_reason)
{
	uint32_t code_at = t == JSON_NIL ? JSON_NIL :
	    json_get(doc, t, STR("exitCode"));
	char detail[480];
	int64_t code = 0;

	if (code_at == JSON_NIL || json_i64(doc, code_at, &code) < 0)
		return false;
	*ret_reason = text_at(doc, t, "reason", a);
	cut_fmt(detail, sizeof(detail), "%S",
	    str_trim(text_at(doc, t, "message", a)));
	buf_fmt(out, "last exit code %D", code);
	if (ret_reason->n > 0)
		buf_fmt(out, " (%S)", str_sub(*ret_reason, 0, 40));
	/* SIGKILL, or SIGTERM before it. */
	if ((code == 137 || code == 143) && str_is(*ret_reason, "Error"))
		buf_cstr(out, ": killed, as by a probe that does not pass");
	if (detail[0] != '\0')
		buf_fmt(out, ": %s", detail);
	return true;
}

static bool is_ready(const struct json_doc *doc, uint32_t c)
{
	uint32_t at = json_get(doc, c, STR("ready"));
	bool ready = false;

	return at != JSON_NIL && json_bool(doc, at, &ready) == 0 && ready;
}

/*
 * Why it ended last: the exit behind a crash loop, an OOM kill. Between two
 * crashes it runs for a while, which does not make it well: from the second
 * on it is a crash loop until it is ready.
 */
static void diagnose_ended(const struct json_doc *doc, uint32_t c,
    struct str pod, struct arena *a, struct trouble *ret)
{
	uint32_t now = json_path(doc, c, "state.terminated");
	uint32_t last = json_path(doc, c, "lastState.terminated");
	uint32_t restarts_at = json_get(doc, c, STR("restartCount"));
	char mem[TROUBLE_MESSAGE_MAX];
	struct str reason = STR_NONE;
	int64_t restarts = 0;
	struct buf b;

	if (restarts_at != JSON_NIL)
		(void)json_i64(doc, restarts_at, &restarts);
	buf_init(&b, mem, sizeof(mem));
	if (is_ready(doc, c) || !ending(doc, now != JSON_NIL ? now : last, a,
	    &b, &reason))
		return;
	if (str_is(reason, "OOMKilled"))
		trouble_set(ret, TROUBLE_HARD, reason,
		    "out of memory, raise resources.limits.memory; ", pod,
		    buf_view(&b));
	else if (restarts >= 2 || str_is(text_at(doc, c,
	    "state.waiting.reason", a), "CrashLoopBackOff"))
		trouble_set(ret, TROUBLE_HARD, STR("CrashLoopBackOff"), "",
		    pod, buf_view(&b));
	else
		trouble_set(ret, TROUBLE_SOFT, STR("Crashed"), "", pod,
		    buf_view(&b));
}

static void diagnose_container(const struct json_doc *doc, uint32_t c,
    struct str pod, struct arena *a, struct trouble *ret)
{
	struct str name = text_at(doc, c, "name", a);
	char mem[WHO_MAX];
	struct buf who;

	buf_init(&who, mem, sizeof(mem));
	buf_str(&who, str_sub(pod, 0, POD_SHOWN));
	if (name.n > 0 && !str_is(name, CONTAINER_NAME))
		buf_fmt(&who, ", container %S", str_sub(name, 0, POD_SHOWN));
	diagnose_ended(doc, c, buf_view(&who), a, ret);
	diagnose_waiting(doc, c, buf_view(&who), a, ret);
}

static void diagnose_containers(const struct json_doc *doc, uint32_t list,
    struct str pod, struct arena *a, struct trouble *ret)
{
	uint32_t c;

	if (list == JSON_NIL)
		return;
	for (c = json_first(doc, list); c != JSON_NIL;
	    c = json_next(doc, list, c))
		diagnose_container(doc, c, pod, a, ret);
}

static void diagnose_scheduling(const struct json_doc *doc, uint32_t at,
    struct str pod, struct arena *a, struct trouble *ret)
{
	uint32_t list = json_path(doc, at, "status.conditions"), c;

	if (list == JSON_NIL)
		return;
	for (c = json_first(doc, list); c != JSON_NIL;
	    c = json_next(doc, list, c)) {
		if (str_is(text_at(doc, c, "type", a), "PodScheduled") &&
		    str_is(text_at(doc, c, "status", a), "False"))
			trouble_set(ret, TROUBLE_HARD,
			    text_at(doc, c, "reason", a), "", pod,
			    text_at(doc, c, "message", a));
	}
}

void pod_diagnose(const struct json_doc *doc, uint32_t at,
    struct trouble *ret)
{
	char mem[POD_SCRATCH_MAX];
	struct arena a;
	struct str pod, phase, reason;

	*ret = (struct trouble){ 0 };
	arena_init(&a, mem, sizeof(mem));
	if (json_path(doc, at, "metadata.deletionTimestamp") != JSON_NIL)
		return;
	pod = text_at(doc, at, "metadata.name", &a);
	phase = text_at(doc, at, "status.phase", &a);
	reason = text_at(doc, at, "status.reason", &a);
	if (str_is(phase, "Failed"))
		trouble_set(ret, TROUBLE_SOFT,
		    reason.n > 0 ? reason : STR("PodFailed"), "", pod,
		    text_at(doc, at, "status.message", &a));
	diagnose_containers(doc,
	    json_path(doc, at, "status.initContainerStatuses"), pod, &a,
	    ret);
	diagnose_containers(doc,
	    json_path(doc, at, "status.containerStatuses"), pod, &a, ret);
	diagnose_scheduling(doc, at, pod, &a, ret);
	ret->over = str_is(phase, "Failed");
}

/* ---- pods that are being made, or run and are not ready ---- */

/* How many of the list are, -1 when one is not. */
static int count_made(const struct json_doc *doc, const char *path,
    struct arena *a)
{
	uint32_t list = json_path(doc, JSON_ROOT, path), c;
	int n = 0;

	if (list == JSON_NIL)
		return 0;
	for (c = json_first(doc, list); c != JSON_NIL;
	    c = json_next(doc, list, c)) {
		struct str why = text_at(doc, c, "state.waiting.reason", a);

		if (!str_is(why, "ContainerCreating") &&
		    !str_is(why, "PodInitializing"))
			return -1;
		n++;
	}
	return n;
}

/* Is it on a node, and none of its containers was made yet? */
static bool pod_is_made(const struct json_doc *doc, struct arena *a)
{
	int first = count_made(doc, "status.initContainerStatuses", a);
	int rest = count_made(doc, "status.containerStatuses", a);

	return first >= 0 && rest >= 0 && first + rest > 0;
}

/* A container of it; when it was started goes to *ret. */
static bool pod_is_slow(const struct json_doc *doc, struct arena *a,
    struct str *ret)
{
	uint32_t list = json_path(doc, JSON_ROOT, "status.containerStatuses");
	uint32_t c = list == JSON_NIL ? JSON_NIL : json_first(doc, list), at;

	for (; c != JSON_NIL; c = json_next(doc, list, c)) {
		at = json_path(doc, c, "state.running");
		if (at == JSON_NIL || is_ready(doc, c))
			continue;
		*ret = text_at(doc, at, "startedAt", a);
		return true;
	}
	return false;
}

/* Since when it is not ready, or when it was started, whichever is later. */
static int64_t slow_since(const struct json_doc *doc, struct str started,
    struct arena *a)
{
	uint32_t list = json_path(doc, JSON_ROOT, "status.conditions");
	uint32_t c = list == JSON_NIL ? JSON_NIL : json_first(doc, list);
	int64_t since, unready;

	if (time_parse(started, &since) < 0)
		return INT64_MAX;
	for (; c != JSON_NIL; c = json_next(doc, list, c))
		if (str_is(text_at(doc, c, "type", a), "Ready") &&
		    time_parse(text_at(doc, c, "lastTransitionTime", a),
		    &unready) == 0 && unready > since)
			since = unready;
	return since;
}

/* ---- slots ---- */

static bool same_uid(const void *ctx, uint32_t value, const void *key)
{
	const struct pods *p = ctx;
	const uint64_t *hash = key;

	return p->p[value].uid_hash == *hash;
}

static void slot_free(struct manager *m, uint32_t i)
{
	struct pods *p = &m->pods;

	map_del(&p->by_uid, p->p[i].uid_hash, i);
	pool_give(&p->pool, i);
	waits_room(m);
}

/* The server of a pod may want another status now. */
static void tell_server(struct manager *m, uint64_t hash)
{
	uint32_t i = record_find_live(&m->records, hash);

	if (i == RECORD_NONE || !record_due(m, record_at(&m->records, i)))
		return;
	queue_add(&m->queue, i, false, m->loop.now_ns);
	manager_kick(m);
}

void pods_refuse(struct manager *m)
{
	struct pods *p = &m->pods;

	p->lost = true;
	count_add(&m->counts, COUNT_CAPACITY_REFUSED, 1);
	if (m->loop.now_ns < p->log_ns)
		return;
	p->log_ns = m->loop.now_ns + PODS_LOG_NS;
	log_line(&m->log, LOG_WARN, "no room for pods in trouble or being "
	    "made, see --max-pods", "capacity=%u", p->pool.cap);
}

/* Which of its pods it was is not known: it is told so until one is held, all
 * are ready, or a list of them had room for all. */
static void pod_unheld(struct manager *m, uint64_t key)
{
	uint32_t i = record_find_live(&m->records, key);

	if (i == RECORD_NONE)
		return;
	record_at(&m->records, i)->flags |= RECORD_UNHELD;
	tell_server(m, key);
}

bool pods_unheld(const struct record *r, struct trouble *ret)
{
	if (!(r->flags & RECORD_UNHELD))
		return false;
	*ret = (struct trouble){ .weight = TROUBLE_SOFT };
	cut_fmt(ret->reason, sizeof(ret->reason), "CapacityReached");
	cut_fmt(ret->message, sizeof(ret->message), "there is no room for "
	    "what is wrong with its pods, see --max-pods");
	return true;
}

static void pod_seen(struct manager *m, uint64_t uid, uint64_t key,
    uint64_t scope, const struct trouble *t)
{
	struct pods *p = &m->pods;
	uint32_t i = map_get(&p->by_uid, uid, same_uid, p, &uid), server;

	if (t->weight == TROUBLE_NONE) {
		if (i == MAP_NONE)
			return;
		slot_free(m, i);
		tell_server(m, key);
		return;
	}
	if (i == MAP_NONE) {
		i = pool_take(&p->pool);
		if (i == POOL_NONE) {
			pods_refuse(m);
			pod_unheld(m, key);
			return;
		}
		p->p[i].uid_hash = uid;
		p->p[i].key_hash = key;
		p->p[i].scope = scope;
		CHECK(map_put(&p->by_uid, uid, i) == 0);
	}
	p->p[i].listed = true;
	p->p[i].told = false;
	p->p[i].trouble = *t;
	server = record_find_live(&m->records, key);
	if (server != RECORD_NONE)
		record_at(&m->records, server)->flags &=
		    ~(uint32_t)RECORD_UNHELD;
	tell_server(m, key);
}

void pods_told(struct manager *m, const struct wait_slot *w,
    const struct trouble *t)
{
	struct pods *p = &m->pods;
	uint64_t uid = w->uid_hash;
	uint32_t i;

	pod_seen(m, uid, w->key_hash, w->scope, t);
	i = map_get(&p->by_uid, uid, same_uid, p, &uid);
	if (i != MAP_NONE)
		p->p[i].told = true;
}

/* What its Events told holds until they are read again. */
static bool pod_keeps(struct pods *p, uint64_t uid)
{
	uint32_t i = map_get(&p->by_uid, uid, same_uid, p, &uid);

	if (i == MAP_NONE || !p->p[i].told)
		return false;
	p->p[i].listed = true;
	return true;
}

static void pods_sweep(struct manager *m, uint64_t scope)
{
	struct pods *p = &m->pods;
	uint32_t i;

	for (i = 0; i < p->pool.high; i++) {
		uint64_t key;

		if (!pool_has(&p->pool, i) || p->p[i].listed ||
		    !scope_has(scope, p->p[i].scope))
			continue;
		key = p->p[i].key_hash;
		slot_free(m, i);
		tell_server(m, key);
	}
}

/* All had room this time. */
static void unheld_sweep(struct manager *m, uint64_t scope)
{
	uint32_t i;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		struct record *r = record_at(&m->records, i);

		if (!(r->flags & RECORD_UNHELD) ||
		    !scope_has(scope, scope_of(str_from(r->ns))))
			continue;
		r->flags &= ~(uint32_t)RECORD_UNHELD;
		tell_server(m, r->key_hash);
	}
}

/* The label's own key has dots, so no path can name it. */
static struct str server_key_of(const struct json_doc *doc,
    struct arena *a)
{
	uint32_t labels = json_path(doc, JSON_ROOT, "metadata.labels");
	uint32_t v = labels == JSON_NIL ? JSON_NIL :
	    json_get(doc, labels, STR(LABEL_KEY));
	struct str key = STR_NONE;

	if (v == JSON_NIL || json_string(doc, v, a, &key) < 0)
		return STR_NONE;
	return key;
}

/* False: nothing is waited for. */
static bool wait_pod_read(const struct json_doc *doc, struct arena *a,
    struct wait_pod *ret)
{
	struct str start;

	if (json_path(doc, JSON_ROOT, "metadata.deletionTimestamp") !=
	    JSON_NIL)
		return false;
	ret->runs = pod_is_slow(doc, a, &start);
	if (ret->runs) {
		ret->start_wall_ns = slow_since(doc, start, a);
		return true;
	}
	if (!pod_is_made(doc, a))
		return false;
	start = text_at(doc, JSON_ROOT, "status.startTime", a);
	if (time_parse(start, &ret->start_wall_ns) < 0)
		ret->start_wall_ns = INT64_MAX;
	return true;
}

static void pod_take(struct manager *m, enum kube_watch_event e,
    const struct json_doc *doc, struct wait_pod *pod)
{
	struct trouble t = { 0 };

	if (e == WATCH_ITEM)
		pod_diagnose(doc, JSON_ROOT, &t);
	if (e == WATCH_ITEM && t.weight == TROUBLE_NONE &&
	    wait_pod_read(doc, &m->intake, pod)) {
		if (waits_see(m, pod) &&
		    pod_keeps(&m->pods, pod->uid_hash))
			return;
	} else {
		waits_forget(m, &pod->uid);
	}
	pod_seen(m, pod->uid_hash, pod->key_hash, pod->scope, &t);
}

static void pod_event(struct manager *m, enum kube_watch_event e,
    struct str text)
{
	struct json_doc doc;
	struct wait_pod pod = { .start_wall_ns = 0 };
	struct str uid, ns, key;
	size_t mark = arena_mark(&m->intake);

	if (json_parse(&doc, text, m->tok, JSON_TOKENS_MAX, NULL) < 0)
		return;
	uid = text_at(&doc, JSON_ROOT, "metadata.uid", &m->intake);
	ns = text_at(&doc, JSON_ROOT, "metadata.namespace", &m->intake);
	key = server_key_of(&doc, &m->intake);
	if (uid.n > 0 && key.n > 0) {
		(void)uid_parse(uid, &pod.uid);
		pod.uid_hash = str_hash(uid);
		pod.key_hash = key_hash(ns, key);
		pod.scope = scope_of(ns);
		pod_take(m, e, &doc, &pod);
	}
	arena_reset(&m->intake, mark);
}

void pods_event(struct manager *m, uint64_t scope, enum kube_watch_event e,
    struct str text)
{
	struct pods *p = &m->pods;
	uint32_t i;

	switch (e) {
	case WATCH_BEGIN:
		for (i = 0; i < p->pool.high; i++)
			if (pool_has(&p->pool, i) &&
			    scope_has(scope, p->p[i].scope))
				p->p[i].listed = false;
		waits_unlist(m, scope);
		break;
	case WATCH_ITEM:
	case WATCH_DELETED:
		pod_event(m, e, text);
		break;
	case WATCH_SYNCED:
		pods_sweep(m, scope);
		if (!p->lost)
			unheld_sweep(m, scope);
		waits_sweep(m, scope);
		break;
	case WATCH_OVERSIZE:
	case WATCH_ERROR:
		break;
	}
}

bool pods_awaited(const struct manager *m)
{
	return !m->pods.synced && m->loop.now_ns < m->pods.until_ns;
}

/* Who waits has not been planned, and is due. */
static void pods_listed(struct manager *m)
{
	uint32_t i;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1))
		if (record_due(m, record_at(&m->records, i)))
			queue_add(&m->queue, i, false, m->loop.now_ns);
	manager_kick(m);
}

void pods_advance(struct manager *m, bool synced)
{
	struct pods *p = &m->pods;
	bool awaited = pods_awaited(m);

	if (p->until_ns == 0)
		p->until_ns = m->loop.now_ns + PODS_AWAIT_NS;
	p->synced = synced;
	if (awaited && synced)
		pods_listed(m);
}

const struct trouble *pods_worst(const struct pods *p, uint64_t hash,
    bool over)
{
	const struct trouble *worst = NULL;
	uint32_t i;

	for (i = 0; i < p->pool.high; i++) {
		const struct pod_slot *s = &p->p[i];

		if (!pool_has(&p->pool, i) || s->key_hash != hash ||
		    (s->trouble.over && !over))
			continue;
		/* The same one each time, or the status would flap. */
		if (worst == NULL || s->trouble.weight > worst->weight ||
		    (s->trouble.weight == worst->weight &&
		    strcmp(s->trouble.message, worst->message) < 0))
			worst = &s->trouble;
	}
	return worst;
}
