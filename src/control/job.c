#include <string.h>

#include "job_int.h"

static void job_plan(struct job *j);
static void job_on_done(void *ctx, struct kube_call *call);

struct record *job_record(const struct job *j)
{
	return record_at(&j->m->records, j->record);
}

/* ---- end ---- */

void job_release(struct job *j)
{
	struct record *r = job_record(j);
	uint32_t i = j->record;

	notices_written(j, r->phase);
	r->flags &= ~(uint32_t)RECORD_BUSY;
	j->record = RECORD_NONE;
	j->step = JOB_IDLE;
	arena_reset(&j->arena, 0);
	/* A large object's pages are not kept for the small ones. */
	if (j->arena.high > 256 * 1024) {
		mem_trim(j->m->mem, j->arena.p, j->arena.cap);
		j->arena.high = 0;
	}
	record_release(j->m, i);
	manager_kick(j->m);
}

/*
 * Were children deleted for a finalizer's sake, or looked for? They may have
 * gone before the answer came, and nothing tells of that any more.
 */
static bool job_saw_them_go(const struct job *j)
{
	const struct record *r = job_record(j);

	return (r->flags & RECORD_DELETING) && (j->plan.steps > 0 ||
	    j->had != record_children(&j->m->records, r));
}

/* Between plan and status, whose inputs hold the new ones already. */
static bool job_refs_moved(const struct job *j)
{
	const struct record *r = job_record(j);

	return !j->refused && (!refs_ready(j->m, r) ||
	    j->refs != refs_state(j->m, r));
}

/* An API came or went, or room: that stands in the new inputs, too. */
static bool job_kinds_moved(const struct job *j)
{
	return !j->refused &&
	    j->kinds != extras_allowed(j->m, job_record(j));
}

void job_done(struct job *j)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);

	r->failures = 0;
	r->flags |= RECORD_PLANNED;
	r->planned_facts = j->facts;
	r->planned_inputs = j->inputs;
	r->wanted = j->plan.wanted;
	series_reconciled(m, r, RESULT_SUCCESS,
	    m->loop.now_ns - j->start_ns);
	if (record_due(m, r) || job_saw_them_go(j) || job_refs_moved(j) ||
	    job_kinds_moved(j) || j->announced) {
		r->flags &= ~(uint32_t)RECORD_BUSY;
		queue_add(&m->queue, j->record, true, m->loop.now_ns);
	} else if (record_overwritten(r) && r->minor_since_ns == 0) {
		status_defend(m, j->record);
	}
	job_release(j);
}

/* What a request was about: a child, or the server itself. */
static const char *about_kind(const struct job *j)
{
	return j->at < j->plan.steps ?
	    child_info[j->plan.step[j->at].child].kind :
	    group_info(job_record(j)->group)->kind;
}

void job_back_off(struct job *j, const char *what)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);
	const struct diag *d = &j->call.diag;
	int64_t told = j->call.status.retry_after_ns;

	if (j->call.status.err != ERR_NOTLEADER)
		log_line(&m->log, LOG_WARN, what, "group=%s namespace=%s "
		    "name=%s kind=%s error=%s code=%d",
		    group_info(r->group)->group, r->ns, r->name,
		    about_kind(j), d->text[0] != '\0' ? d->text :
		    err_text(j->call.status.err), (int)j->call.status.code);
	series_reconciled(m, r, RESULT_ERROR, m->loop.now_ns - j->start_ns);
	r->flags &= ~(uint32_t)RECORD_BUSY;
	queue_backoff(&m->queue, j->record, told > 0 ? told : 0,
	    m->loop.now_ns);
}

void job_failed(struct job *j, const char *what)
{
	job_back_off(j, what);
	job_release(j);
}

void job_again(struct job *j)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);

	series_reconciled(m, r, RESULT_REQUEUE, m->loop.now_ns - j->start_ns);
	r->flags &= ~(uint32_t)RECORD_BUSY;
	queue_backoff(&m->queue, j->record, 0, m->loop.now_ns);
	job_release(j);
}

/* Again in a while, without counting as a failure. */
void job_later(struct job *j, int64_t at_ns)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);

	r->flags &= ~(uint32_t)RECORD_BUSY;
	series_reconciled(m, r, RESULT_REQUEUE,
	    m->loop.now_ns - j->start_ns);
	queue_at(&m->queue, j->record, at_ns);
	job_release(j);
}

/* ---- calls ---- */

void job_send(struct job *j, enum job_step step)
{
	struct manager *m = j->m;
	int64_t limit = j->start_ns + m->o->reconcile_timeout_ns;

	j->step = step;
	j->call.deadline_ns = m->loop.now_ns + KUBE_REQUEST_NS;
	if (j->call.deadline_ns > limit)
		j->call.deadline_ns = limit;
	kube_send(&m->client, &j->call);
}

void job_call(struct job *j)
{
	kube_call_init(&j->call, job_on_done, j);
}

static void job_get(struct job *j)
{
	const struct record *r = job_record(j);
	struct gvr gvr;

	server_gvr((enum group)r->group, &gvr);
	job_call(j);
	kube_call_get(&j->call, &gvr, str_from(r->ns), str_from(r->name));
	j->known = r->version;
	/* What the watch has told of, the API server has at hand. */
	if (r->version != 0 && !j->reread && !(r->flags & RECORD_OUTDATED))
		kube_call_not_older(&j->call, r->version);
	j->call.reply_mem = j->reply;
	j->call.reply_cap = JSON_OBJECT_MAX;
	job_send(j, JOB_GET);
}

/* ---- begin ---- */

static void job_begin(struct job *j, uint32_t i)
{
	struct manager *m = j->m;
	struct record *r = record_at(&m->records, i);

	CHECK(j->record == RECORD_NONE && !(r->flags & RECORD_BUSY));
	r->flags |= RECORD_BUSY;
	j->record = i;
	j->uid = r->uid;
	j->start_ns = m->loop.now_ns;
	j->id = rng_next(&m->rng);
	j->refused = j->has_failed = j->planned = j->ref_large = false;
	j->reread = j->looked = j->adopts = j->owns = j->replaces = false;
	j->call.status = (struct kube_status){ .retry_after_ns = -1 };
	j->disowns = j->scheduled = j->late = j->unguarded = false;
	j->gone = 0;
	memset(&j->roll, 0, sizeof(j->roll));
	j->applied = j->deleted = 0;
	memset(&j->hold, 0, sizeof(j->hold));
	job_hooks_again(j);
	j->label_failed = j->announced = false;
	memset(&j->plan, 0, sizeof(j->plan));
	memset(&j->diag, 0, sizeof(j->diag));
	arena_reset(&j->arena, 0);
	log_correlate(&m->log, j->id);
}

static struct job *job_idle(struct manager *m)
{
	uint32_t i;

	for (i = 0; i < m->jobs; i++)
		if (m->job[i].record == RECORD_NONE)
			return &m->job[i];
	return NULL;
}

static bool may_work(const struct manager *m)
{
	return m->leading && !m->stopping;
}

/* Only what somebody else does to its children is left to be done. */
static bool is_contested(const struct manager *m, const struct record *r)
{
	return r->facts == r->planned_facts &&
	    contest_calm_ns(&r->repair) > m->loop.now_ns;
}

void jobs_feed(struct manager *m)
{
	struct job *j;
	uint32_t i;

	queue_wake(&m->queue, m->loop.now_ns);
	while (may_work(m) && (j = job_idle(m)) != NULL &&
	    (i = queue_take(&m->queue)) != RECORD_NONE) {
		struct record *r = record_at(&m->records, i);

		if (!(r->flags & RECORD_LIVE))
			continue;
		if (is_contested(m, r)) {
			queue_at(&m->queue, i, contest_calm_ns(&r->repair));
			continue;
		}
		job_begin(j, i);
		j->text = held_take(m, r, j->reply);
		if (j->text.n > 0 && !(r->flags & RECORD_OUTDATED))
			job_plan(j);
		else
			job_get(j);
	}
	log_correlate(&m->log, 0);
}

bool jobs_offer(struct manager *m, uint32_t i, struct str text)
{
	struct job *j = may_work(m) ? job_idle(m) : NULL;

	if (j == NULL || text.n > JSON_OBJECT_MAX ||
	    (record_at(&m->records, i)->flags & RECORD_OUTDATED))
		return false;
	queue_forget(&m->queue, i);
	held_drop(m, record_at(&m->records, i));
	job_begin(j, i);
	memcpy(j->reply, text.p, text.n);
	j->text = (struct str){ j->reply, text.n };
	job_plan(j);
	log_correlate(&m->log, 0);
	return true;
}

bool jobs_idle(const struct manager *m)
{
	uint32_t i;

	for (i = 0; i < m->jobs; i++)
		if (m->job[i].record != RECORD_NONE)
			return false;
	return true;
}

/* ---- plan ---- */

/*
 * A read carries managedFields, a watch line does not: of two that are the
 * same object only one may have too many values.
 */
static int job_parse(struct job *j, struct json_doc *ret)
{
	struct json_tok *tok = j->m->tok;
	int err = json_parse(ret, j->text, tok, JSON_TOKENS_MAX, &j->diag);
	struct str list = STR("{\"items\":["), text = j->text, without;
	struct split split;
	char *mem;

	if (err != ERR_LIMIT)
		return err;
	mem = arena_alloc(&j->arena, text.n, 1);
	if (mem == NULL)
		return err;
	split_init(&split, SPLIT_LIST, mem, text.n);
	(void)split_push(&split, &list, &without);
	if (split_push(&split, &text, &without) != SPLIT_ITEM)
		return err;
	diag_clear(&j->diag);
	err = json_parse(ret, without, tok, JSON_TOKENS_MAX, &j->diag);
	if (err == ERR_LIMIT)
		oversize_note(j->m, NOTE_VALUES,
		    (enum group)job_record(j)->group, without);
	return err;
}

static int job_decode(struct job *j)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);
	struct json_doc doc;
	struct uid uid;
	int err;

	err = job_parse(j, &doc);
	if (err == 0)
		err = server_decode((enum group)r->group, &doc, JSON_ROOT,
		    &j->arena, &j->server, &j->diag);
	if (err == 0)
		err = server_check(&j->server, &j->arena, &j->diag);
	j->refused = err == ERR_INVALID;
	if (err < 0 && err != ERR_INVALID)
		return err;
	(void)uid_parse(j->server.meta.uid, &uid);
	if (!uid_same(&uid, &j->uid))
		return ERR_NOENT;
	/*
	 * The watch has told of a newer one since the read was asked for. A
	 * read from the store that is older than what was known before it is
	 * right even so: etcd was put back.
	 */
	if (!record_version(r, j->server.meta.resource_version)) {
		if (!j->reread || r->version != j->known)
			return ERR_AGAIN;
		r->version = version_number(j->server.meta.resource_version);
	}
	r->flags &= ~(uint32_t)RECORD_OUTDATED;
	/* The watch may be far behind: another wrote them meanwhile. */
	own_versions(m, r, &j->server.status, false);
	record_facts(r, &j->server, !j->refused);
	if (HAS(&j->server.meta, object_meta, deletion_time))
		r->flags |= RECORD_DELETING;
	j->facts = r->facts;
	if (!j->refused)
		return record_follow(m, r, &j->server, &j->arena);
	return 0;
}

static bool job_needs_ref(struct job *j)
{
	struct record *r = job_record(j);

	if (j->refused || !refs_unknown(j->m, &j->server, &j->ref_kind,
	    &j->ref_name))
		return false;
	job_call(j);
	kube_call_get(&j->call, &ref_gvr[j->ref_kind], str_from(r->ns),
	    j->ref_name);
	/* Of what is too large to read, any change counts. */
	if (j->ref_large)
		j->call.accept = KUBE_METADATA;
	j->ref_tick = refs_tick(j->m, j->ref_kind, str_from(r->ns),
	    j->ref_name);
	job_send(j, JOB_REF);
	return true;
}

static void job_refs_known(struct job *j)
{
	/* Their list is under way; its end queues who waits for it. */
	if ((!j->refused && !refs_ready(j->m, job_record(j))) ||
	    !extras_ready(j->m, job_record(j))) {
		job_later(j, j->m->loop.now_ns + NS_PER_S);
		return;
	}
	job_next(j);
}

static void job_ref_done(struct job *j)
{
	int err = j->call.status.err;
	/* Who may not read it goes on without, as who may not watch it. */
	struct ref_content c = {
		.tick = j->ref_tick, .denied = err == ERR_FORBIDDEN
	};
	struct str version;

	if (err == 0 && kube_peek(j->call.reply, "metadata.resourceVersion",
	    &version))
		c.version = version_number(version);
	c.digest = c.version;
	if (!j->ref_large && (err == ERR_LIMIT || (err == 0 &&
	    ref_digest(j->call.reply, j->ref_kind, j->m->tok, &j->arena,
	    &c.digest) < 0))) {
		j->ref_large = true;
	} else if (err < 0 && err != ERR_NOENT && !c.denied) {
		job_failed(j, "cannot read a reference");
		return;
	} else {
		j->ref_large = false;
		refs_told(j->m, j->ref_kind, j->server.meta.ns, j->ref_name,
		    &c);
	}
	if (!job_needs_ref(j))
		job_refs_known(j);
}

/*
 * Another operator may follow what this one does not, so there may be notes
 * though none are made here.
 */
static bool refers(const struct server *s)
{
	return refs_any(s, REF_CONFIG_MAP) || refs_any(s, REF_SECRET);
}

static int job_plan_children(struct job *j, struct plan *ret)
{
	const struct child_state *have = child_at(&j->m->records,
	    job_record(j), CHILD_DEPLOYMENT);
	struct plan_in in = {
		.server = &j->server, .records = &j->m->records,
		.record = job_record(j), .finalizers = j->m->o->finalizers,
		.taken_up = j->adopts,
		.stays = j->roll.stays.n > 0 || j->roll.late
	};

	labels_rule(j->m, &in.labels);
	in.kinds = j->kinds;
	in.again = j->scheduled;
	in.salt = hooks_salt(j->m, in.server);
	in.sidecar = j->m->o->sidecar_image;
	refs_mark(j->m, in.record, in.server, in.taken_up, &j->arena,
	    &in.marks);
	j->marked = refers(in.server) && child_has_version(have) ?
	    have->told : 0;
	return plan_children(&in, &j->arena, ret);
}

/* Its steps stay: they are about the same children. */
bool job_plan_again(struct job *j)
{
	struct plan again;

	/* In the place of the first: there may be no room for both. Behind it
	 * stood what was read of ReplicaSets, too. */
	arena_reset(&j->arena, j->plan_at);
	j->roll = (struct rolling){
		.asked = j->roll.asked, .late = j->roll.late,
		.pages = j->roll.pages, .stays = j->roll.stays
	};
	job_hooks_again(j);
	if (job_plan_children(j, &again) < 0)
		return false;
	j->plan.out = again.out;
	j->plan.labels = again.labels;
	j->plan_end = arena_mark(&j->arena);
	return true;
}

bool job_mark_again(struct job *j)
{
	struct record *r = job_record(j);
	bool planned;

	child_seen_notes(r, j->call.reply);
	memset(&j->roll, 0, sizeof(j->roll));
	planned = job_plan_again(j);
	/* It is not this server's before its apply went well. */
	if (!r->child[CHILD_DEPLOYMENT].exists)
		child_forget(&j->m->records, r, CHILD_DEPLOYMENT);
	return planned;
}

void job_keep(struct job *j)
{
	j->plan_end = arena_mark(&j->arena);
}

static bool job_make_plan(struct job *j)
{
	struct record *r = job_record(j);
	bool going = HAS(&j->server.meta, object_meta, deletion_time);

	/* A spec that is not valid changes nothing: the last good runs on. */
	if (j->refused && !going) {
		plan_refused(&j->m->records, r, &j->plan);
		return true;
	}
	j->refs = refs_state(j->m, r);
	j->had = record_children(&j->m->records, r);
	/* For all of this job: the watch may tell of a newer spec. */
	j->kinds = extras_allowed(j->m, r);
	return job_plan_children(j, &j->plan) == 0;
}

static bool job_plan_once(struct job *j)
{
	if (j->planned)
		return true;
	j->plan_at = arena_mark(&j->arena);
	j->planned = job_make_plan(j);
	j->plan_end = arena_mark(&j->arena);
	return j->planned;
}

/* As with a spec that is not valid: what runs goes on, and its user is told. */
void job_too_large(struct job *j)
{
	if (HAS(&j->server.meta, object_meta, deletion_time)) {
		job_failed(j, "arena is full");
		return;
	}
	arena_reset(&j->arena, j->plan_at);
	memset(&j->plan, 0, sizeof(j->plan));
	plan_refused(&j->m->records, job_record(j), &j->plan);
	j->planned = true;
	j->plan_end = arena_mark(&j->arena);
	j->hold = (struct hold){ .reason = REASON_TOO_LARGE,
		.message = STR("what is made of it takes more memory than "
		    "there is for one server; what ran before keeps running"),
		.invalid = true };
	job_status(j);
}

/* Nothing is made for who is gone; its owner references would be. */
static bool job_is_over(struct job *j)
{
	if (job_record(j)->flags & RECORD_LIVE)
		return false;
	job_release(j);
	return true;
}

static void job_plan(struct job *j)
{
	int err;

	if (job_is_over(j))
		return;
	err = job_decode(j);
	if (err == ERR_AGAIN) {
		j->reread = true;
		arena_reset(&j->arena, 0);
		job_get(j);
		return;
	}
	if (err == ERR_NOENT) {
		/* Deleted and made anew under its name: the watch tells. */
		job_release(j);
		return;
	}
	if (err < 0) {
		j->call.status.err = err;
		j->call.diag = j->diag;
		job_failed(j, "cannot read the server");
		return;
	}
	j->at = j->sought = 0;
	j->scheduled = !j->refused && schedule_due(&j->server,
	    j->m->io->wall_ns(j->m->io->ctx));
	if (j->scheduled)
		verify_again(job_record(j));
	refs_doubt(j->m, job_record(j));
	if (!job_needs_ref(j))
		job_refs_known(j);
}

/* ---- steps ---- */

void job_forget_request(struct job *j)
{
	arena_reset(&j->arena, j->plan_end);
}

/*
 * NULL: all are done. What could not be made is not scaled, and what is not
 * seen any more is deleted only if it is found under its name.
 */
static const struct step *job_step(struct job *j)
{
	struct record *r = job_record(j);

	for (; j->at < j->plan.steps; j->at++) {
		const struct step *s = &j->plan.step[j->at];

		if (s->what == STEP_APPLY || child_at(&j->m->records, r,
		    (enum child_kind)s->child)->exists)
			return s;
		if (s->what == STEP_SCALE)
			continue;
		j->plan.seek |= UINT32_C(1) << s->child;
		/* In the next plan, too, should this one fail. */
		r->wanted |= UINT32_C(1) << s->child;
	}
	return NULL;
}

/* Of a kind that there is not, there is none. */
static bool may_be_there(const struct job *j)
{
	return (j->plan.seek >> j->sought & 1) &&
	    !watches_child_absent(j->m, (enum child_kind)j->sought);
}

void job_next(struct job *j)
{
	const struct step *s;

	if (job_is_over(j))
		return;
	if (!job_plan_once(j)) {
		job_too_large(j);
		return;
	}
	job_forget_request(j);
	if (j->hold.reason != NULL) {
		job_status(j);
		return;
	}
	if (job_hooks(j))
		return;
	s = job_step(j);
	if (s != NULL) {
		if (s->what == STEP_APPLY && !s->force &&
		    record_has_ghost(&j->m->records, job_record(j))) {
			job_later(j, j->m->loop.now_ns + GHOST_WAIT_NS);
			return;
		}
		if (s->what == STEP_DELETE)
			job_delete(j, s);
		else if (s->what == STEP_SCALE)
			job_scale(j, s);
		else
			job_apply(j, s);
		return;
	}
	if (j->plan.relabel && !j->plan.announce) {
		job_label(j);
		return;
	}
	while (j->sought < CHILD_KINDS_ALL && !may_be_there(j))
		j->sought++;
	if (j->sought < CHILD_KINDS_ALL)
		job_seek(j);
	else if (j->plan.add_finalizer || j->plan.drop_finalizers)
		job_finalizers(j);
	else
		job_status(j);
}

static void job_on_done(void *ctx, struct kube_call *call)
{
	struct job *j = ctx;

	log_correlate(&j->m->log, j->id);
	switch (j->step) {
	case JOB_GET:
		if (call->status.err == ERR_NOENT) {
			job_release(j);
		} else if (call->status.err < 0 && !j->reread) {
			/* Not as new as asked for; so from the store. */
			j->reread = true;
			job_get(j);
		} else if (call->status.err < 0) {
			job_failed(j, "cannot read the server");
		} else {
			j->text = call->reply;
			job_plan(j);
		}
		break;
	case JOB_REF:
		job_ref_done(j);
		break;
	case JOB_PROBE:
		job_probe_done(j);
		break;
	case JOB_REPLACE:
		job_replaced(j);
		break;
	case JOB_CHILD:
		job_child_done(j);
		break;
	case JOB_SEEK:
		job_sought(j);
		break;
	case JOB_SEIZE:
		job_seized(j);
		break;
	case JOB_OWNERS:
		job_owners_done(j);
		break;
	case JOB_TRIAL:
		job_trial_done(j);
		break;
	case JOB_DISOWN:
		job_disown_done(j);
		break;
	case JOB_SCALE:
		job_scaled(j);
		break;
	case JOB_REVISIONS:
		job_revisions_done(j);
		break;
	case JOB_REVISION:
		job_revision_done(j);
		break;
	case JOB_SPACE:
	case JOB_LABEL:
		job_label_done(j);
		break;
	case JOB_FINALIZER:
		job_finalizer_done(j);
		break;
	case JOB_STATUS:
		job_status_done(j);
		break;
	case JOB_IDLE:
	case JOB_HOOK:
		UNREACHABLE();
	}
	log_correlate(&j->m->log, 0);
}

int jobs_init(struct manager *m, struct mem *mem)
{
	uint32_t i, n = (uint32_t)m->o->jobs;
	char *arenas = mem_reserve(mem, "job arenas", n, JOB_ARENA_MAX);
	char *replies = mem_reserve(mem, "job objects", n, JSON_OBJECT_MAX);

	m->job = mem_reserve(mem, "jobs", n, sizeof(*m->job));
	if (m->job == NULL || arenas == NULL || replies == NULL)
		return ERR_FULL;
	m->jobs = n;
	for (i = 0; i < n; i++) {
		struct job *j = &m->job[i];

		j->m = m;
		j->record = RECORD_NONE;
		j->reply = replies + (size_t)i * JSON_OBJECT_MAX;
		arena_init(&j->arena, arenas + (size_t)i * JOB_ARENA_MAX,
		    JOB_ARENA_MAX);
	}
	return 0;
}
