#include <string.h>

#include "control_int.h"

static uint32_t note_record(const struct manager *m, const struct note *n)
{
	struct uid uid;

	(void)uid_parse(str_from(n->uid), &uid);
	return record_find(&m->records, &uid);
}

/* It got its slot meanwhile: its own status says more. */
static bool is_served(const struct manager *m, const struct note *n)
{
	uint32_t i = note_record(m, n);

	return (n->kind == NOTE_FULL || n->kind == NOTE_RELEASE) &&
	    i != RECORD_NONE &&
	    (record_at(&m->records, i)->flags & RECORD_LIVE);
}

#define FULL "CapacityReached"

bool is_note_reason(struct str reason)
{
	return str_is(reason, FULL) || str_is(reason, REASON_TOO_LARGE);
}

static void note_text(struct manager *m, const struct note *n,
    struct buf *out, const char **ret_reason)
{
	if (n->kind == NOTE_FULL) {
		*ret_reason = FULL;
		buf_fmt(out, "the operator has room for %D servers, see "
		    "--max-servers; this one waits until room is free",
		    m->o->max_servers);
		return;
	}
	*ret_reason = REASON_TOO_LARGE;
	if (n->kind == NOTE_VALUES)
		buf_fmt(out, "the object has more than %u values, or more "
		    "than %u levels", (unsigned)JSON_TOKENS_MAX,
		    (unsigned)JSON_DEPTH_MAX);
	else
		buf_fmt(out, "the object is over %u bytes or %u levels",
		    (unsigned)JSON_OBJECT_MAX,
		    (unsigned)JSON_DEPTH_MAX - 2);
	buf_cstr(out, "; what ran before keeps running");
}

static void condition_set(const struct note *n, struct condition *c,
    struct str reason, struct str message, int64_t wall_ns)
{
	bool full = n->kind == NOTE_FULL;

	HAS_SET(c, condition, type);
	HAS_SET(c, condition, status);
	HAS_SET(c, condition, reason);
	HAS_SET(c, condition, message);
	HAS_SET(c, condition, changed);
	c->type = full ? STR("Ready") : STR("ConfigurationValid");
	/* What was served before may run on: nobody looks. */
	c->status = full && n->known ? COND_UNKNOWN : COND_FALSE;
	c->reason = reason;
	c->message = message;
	c->changed = wall_ns;
}

static void body_write(struct manager *m, const struct note *n,
    struct buf *out, struct str reason, struct str message)
{
	const struct group_info *g = group_info((enum group)n->group);
	struct condition c = { 0 };
	struct server_status st = { .conditions = { .p = &c, .n = 1 } };
	struct jw w;

	condition_set(n, &c, reason, message, m->io->wall_ns(m->io->ctx));
	HAS_SET(&st, server_status, conditions);
	HAS_SET(&st, server_status, reason);
	HAS_SET(&st, server_status, message);
	st.reason = reason;
	st.message = message;
	if (!n->known) {
		HAS_SET(&st, server_status, phase);
		st.phase = n->kind == NOTE_FULL ? PHASE_PENDING :
		    PHASE_FAILED;
	}
	jw_init(&w, out);
	jw_open(&w);
	jw_kcstr(&w, "apiVersion", g->api_version);
	jw_kcstr(&w, "kind", g->kind);
	jw_kopen(&w, "metadata");
	jw_kcstr(&w, "name", n->name);
	jw_kcstr(&w, "uid", n->uid);
	jw_close(&w);
	jw_key(&w, STR("status"));
	status_write((enum group)n->group, &st, &w);
	jw_close(&w);
}

static void event_tell(struct manager *m, const struct note *n,
    const char *reason, struct str message)
{
	struct event_ref about;

	manager_about((enum group)n->group, str_from(n->ns),
	    str_from(n->name), str_from(n->uid), &about);
	event_record(&m->events, &about, true, reason, message);
}

/* ---- what was told last ---- */

static uint64_t what_of(enum note_kind kind, struct str uid,
    struct str state)
{
	uint64_t h = hash_more(HASH_SEED, uid.p, uid.n);

	h = hash_more(h, &(uint8_t){ (uint8_t)kind }, 1);
	return hash_more(h, state.p, state.n);
}

static uint64_t *told_find(const struct notes *q, uint64_t what)
{
	uint32_t i;

	for (i = 0; i < NOTES_MAX; i++)
		if (q->told[i] == what)
			return &q->told[i];
	return NULL;
}

static void told_add(struct notes *q, uint64_t what)
{
	q->told[q->told_at] = what;
	q->told_at = (q->told_at + 1) % NOTES_MAX;
}

static void told_forget(struct notes *q, uint64_t what)
{
	uint64_t *at = told_find(q, what);

	if (at != NULL)
		*at = 0;
}

/* ---- telling ---- */

static void note_drop(struct notes *q)
{
	q->head = (q->head + 1) % NOTES_MAX;
	q->n--;
}

static void note_done(void *ctx, struct kube_call *call)
{
	struct manager *m = ctx;
	struct notes *q = &m->notes;
	const struct note *n = &q->ring[q->head];

	if (call->status.err < 0 && call->status.err != ERR_NOENT) {
		q->lost = true;
		told_forget(q, n->what);
	}
	/* Written over what its job may have written a moment ago. */
	if (is_served(m, n)) {
		queue_add(&m->queue, note_record(m, n), false,
		    m->loop.now_ns);
		manager_kick(m);
	}
	q->busy = false;
	note_drop(q);
	notes_send(m);
}

static void status_send(struct manager *m, const struct note *n,
    const struct gvr *gvr)
{
	struct notes *q = &m->notes;
	char mem[DIAG_TEXT_MAX];
	struct buf text, body;
	const char *reason;

	buf_init(&text, mem, sizeof(mem));
	note_text(m, n, &text, &reason);
	buf_init(&body, q->body, sizeof(q->body));
	body_write(m, n, &body, str_from(reason), buf_view(&text));
	CHECK(!body.over);
	event_tell(m, n, reason, buf_view(&text));
	/* Beside what the status says already, hence its own manager. */
	kube_call_apply(&q->call, gvr, str_from(n->ns), str_from(n->name),
	    "status", "mcp-operator/limits", true, buf_view(&body));
}

static void note_send(struct manager *m, const struct note *n)
{
	struct notes *q = &m->notes;
	struct gvr gvr;

	server_gvr((enum group)n->group, &gvr);
	kube_call_init(&q->call, note_done, m);
	q->call.class = KUBE_LOW;
	if (n->kind == NOTE_RELEASE)
		kube_call_merge(&q->call, &gvr, str_from(n->ns),
		    str_from(n->name), NULL,
		    group_info((enum group)n->group)->manager,
		    str_from(n->patch));
	else
		status_send(m, n, &gvr);
	q->busy = true;
	kube_send(&m->client, &q->call);
}

/* One at a time, behind everything else. */
void notes_send(struct manager *m)
{
	struct notes *q = &m->notes;

	if (q->busy || !m->leading || m->stopping)
		return;
	while (q->n > 0 && is_served(m, &q->ring[q->head]))
		note_drop(q);
	if (q->n > 0) {
		note_send(m, &q->ring[q->head]);
	} else if (q->lost) {
		q->lost = false;
		timer_set(&m->loop, &q->relist,
		    m->loop.now_ns + RELIST_LOST_NS);
	}
}

/* NULL: there is no room to wait. */
static struct note *note_add(struct manager *m, enum note_kind kind,
    enum group g, struct str ns, struct str name, struct str uid)
{
	struct notes *q = &m->notes;
	struct note *n;

	if (q->n == NOTES_MAX) {
		q->lost = true;
		return NULL;
	}
	n = &q->ring[(q->head + q->n++) % NOTES_MAX];
	n->what = 0;
	n->kind = (uint8_t)kind;
	n->known = false;
	n->group = (uint8_t)g;
	text_set(n->ns, sizeof(n->ns), ns);
	text_set(n->name, sizeof(n->name), name);
	text_set(n->uid, sizeof(n->uid), uid);
	return n;
}

/* Its status may say so already, from the last time it was listed. */
void refusal_note(struct manager *m, const struct server *s)
{
	struct note *n;
	uint32_t i;

	for (i = 0; i < s->status.conditions.n; i++)
		if (str_is(s->status.conditions.p[i].reason, FULL))
			return;
	n = note_add(m, NOTE_FULL, s->group, s->meta.ns, s->meta.name,
	    s->meta.uid);
	/* A note writes a phase, too. */
	if (n != NULL)
		n->known = HAS(&s->status, server_status,
		    observed_generation);
	notes_send(m);
}

void release_note(struct manager *m, const struct server *s)
{
	uint64_t what = what_of(NOTE_RELEASE, s->meta.uid,
	    s->meta.resource_version);
	char mem[NOTE_PATCH_MAX - 1];
	struct note *n;
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	finalizers_write(s, true, false, &b);
	/* More finalizers than anybody has: it waits for room. */
	if (b.over || told_find(&m->notes, what) != NULL)
		return;
	n = note_add(m, NOTE_RELEASE, s->group, s->meta.ns, s->meta.name,
	    s->meta.uid);
	if (n == NULL)
		return;
	text_set(n->patch, sizeof(n->patch), buf_view(&b));
	n->what = what;
	told_add(&m->notes, what);
	notes_send(m);
}

void oversize_note(struct manager *m, enum note_kind kind, enum group g,
    struct str head)
{
	struct str ns, name, uid_text, generation = STR_NONE;
	struct note *n;
	struct uid uid;
	uint64_t what;
	uint32_t i;

	/* What is oversize was counted by its watch. */
	if (kind == NOTE_VALUES)
		count_add(&m->counts, COUNT_OVERSIZE, 1);
	if (!kube_peek(head, "metadata.namespace", &ns) ||
	    !kube_peek(head, "metadata.name", &name) ||
	    !kube_peek(head, "metadata.uid", &uid_text))
		return;
	(void)uid_parse(uid_text, &uid);
	i = record_find(&m->records, &uid);
	if (i != RECORD_NONE)
		record_at(&m->records, i)->flags |= RECORD_LISTED;
	/* Our own write of the status brings its line again. */
	(void)kube_peek(head, "metadata.generation", &generation);
	what = what_of(kind, uid_text, generation);
	if (told_find(&m->notes, what) != NULL)
		return;
	n = note_add(m, kind, g, ns, name, uid_text);
	if (n == NULL)
		return;
	n->what = what;
	n->known = i != RECORD_NONE;
	told_add(&m->notes, what);
	notes_send(m);
}

static void relist(void *ctx)
{
	struct manager *m = ctx;

	m->records.full = false;
	/* Whose server was turned away, its Deployment's lines were too. */
	watches_relist_child(m, CHILD_DEPLOYMENT);
	watches_relist(m, ROLE_SERVERS);
}

void capacity_freed(struct manager *m)
{
	if (m->records.full && !timer_is_set(&m->notes.relist))
		timer_set(&m->loop, &m->notes.relist,
		    m->loop.now_ns + RELIST_NS);
}

int notes_init(struct manager *m, struct mem *mem)
{
	m->notes.ring = mem_reserve(mem, "refusals to tell", NOTES_MAX,
	    sizeof(*m->notes.ring));
	m->notes.told = mem_reserve(mem, "refusals told", NOTES_MAX,
	    sizeof(*m->notes.told));
	timer_init(&m->notes.relist, relist, m);
	return m->notes.ring != NULL && m->notes.told != NULL ? 0 : ERR_FULL;
}
