#include <string.h>

#include "control_int.h"

static void job_plan(struct job *j);
static void job_next(struct job *j);

static struct record *job_record(const struct job *j)
{
	return record_at(&j->m->records, j->record);
}

/* ---- end ---- */

static void job_release(struct job *j)
{
	struct record *r = job_record(j);
	uint32_t i = j->record;

	r->flags &= ~(uint32_t)RECORD_BUSY;
	j->record = RECORD_NONE;
	j->step = JOB_IDLE;
	arena_reset(&j->arena, 0);
	/* A large object's pages are not kept for the small ones. */
	if (j->arena.high > 256 * 1024) {
		mem_trim(j->m->mem, j->arena.p, j->arena.cap);
		j->arena.high = 0;
	}
	if (!(r->flags & RECORD_LIVE) && !record_has_children(r)) {
		queue_forget(&j->m->queue, i);
		record_drop(&j->m->records, i);
	}
	manager_kick(j->m);
}

static void job_done(struct job *j)
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
	if (record_due(m, r)) {
		r->flags &= ~(uint32_t)RECORD_BUSY;
		queue_add(&m->queue, j->record, true, m->loop.now_ns);
	}
	job_release(j);
}

static void job_failed(struct job *j, const char *what)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);
	const struct diag *d = &j->call.diag;

	if (j->call.status.err != ERR_NOTLEADER)
		log_line(&m->log, LOG_WARN, what,
		    "namespace=%s name=%s error=%s code=%d", r->ns, r->name,
		    d->text[0] != '\0' ? d->text :
		    err_text(j->call.status.err), (int)j->call.status.code);
	series_reconciled(m, r, RESULT_ERROR, m->loop.now_ns - j->start_ns);
	r->flags &= ~(uint32_t)RECORD_BUSY;
	queue_backoff(&m->queue, j->record, m->loop.now_ns);
	job_release(j);
}

/* Again in a while, without counting as a failure. */
static void job_later(struct job *j, int64_t at_ns)
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

static void job_send(struct job *j, enum job_step step)
{
	struct manager *m = j->m;
	int64_t limit = j->start_ns + m->o->reconcile_timeout_ns;

	j->step = step;
	j->call.deadline_ns = m->loop.now_ns + KUBE_REQUEST_NS;
	if (j->call.deadline_ns > limit)
		j->call.deadline_ns = limit;
	kube_send(&m->client, &j->call);
}

static void job_on_done(void *ctx, struct kube_call *call);

static void job_call(struct job *j)
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
	/* What the watch has told of, the API server has at hand. */
	if (r->version != 0 && !j->reread)
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
	j->reread = j->looked = j->adopts = false;
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

void jobs_feed(struct manager *m)
{
	struct job *j;
	uint32_t i;

	queue_wake(&m->queue, m->loop.now_ns);
	while (may_work(m) && (j = job_idle(m)) != NULL &&
	    (i = queue_take(&m->queue)) != RECORD_NONE) {
		if (!(record_at(&m->records, i)->flags & RECORD_LIVE))
			continue;
		job_begin(j, i);
		j->text = held_take(m, record_at(&m->records, i), j->reply);
		if (j->text.n > 0)
			job_plan(j);
		else
			job_get(j);
	}
}

bool jobs_offer(struct manager *m, uint32_t i, struct str text)
{
	struct job *j = may_work(m) ? job_idle(m) : NULL;

	if (j == NULL || text.n > JSON_OBJECT_MAX)
		return false;
	queue_forget(&m->queue, i);
	held_drop(m, record_at(&m->records, i));
	job_begin(j, i);
	memcpy(j->reply, text.p, text.n);
	j->text = (struct str){ j->reply, text.n };
	job_plan(j);
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

static int job_decode(struct job *j)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);
	struct json_doc doc;
	struct uid uid;
	int err;

	err = json_parse(&doc, j->text, m->tok, JSON_TOKENS_MAX, &j->diag);
	if (err == 0)
		err = server_decode((enum group)r->group, &doc, JSON_ROOT,
		    &j->arena, &j->server, &j->diag);
	if (err == 0)
		err = server_check(&j->server, &j->diag);
	j->refused = err == ERR_INVALID;
	if (err < 0 && err != ERR_INVALID)
		return err;
	(void)uid_parse(j->server.meta.uid, &uid);
	if (memcmp(uid.b, j->uid.b, UID_LEN) != 0)
		return ERR_NOENT;
	(void)record_version(r, j->server.meta.resource_version);
	record_facts(r, &j->server, !j->refused);
	if (HAS(&j->server.meta, object_meta, deletion_time))
		r->flags |= RECORD_DELETING;
	j->facts = r->facts;
	if (!j->refused)
		refs_follow(m, r, &j->server);
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

static void job_ref_done(struct job *j)
{
	struct ref_content c = { .tick = j->ref_tick };
	int err = j->call.status.err;
	struct str version;

	if (err == 0 && kube_peek(j->call.reply, "metadata.resourceVersion",
	    &version))
		c.version = version_number(version);
	c.digest = c.version;
	if (!j->ref_large && (err == ERR_LIMIT || (err == 0 &&
	    ref_digest(j->call.reply, j->ref_kind, j->m->tok, &j->arena,
	    &c.digest) < 0))) {
		j->ref_large = true;
	} else if (err < 0 && err != ERR_NOENT) {
		job_failed(j, "cannot read a reference");
		return;
	} else {
		j->ref_large = false;
		refs_told(j->m, j->ref_kind, j->server.meta.ns, j->ref_name,
		    &c);
	}
	if (!job_needs_ref(j))
		job_next(j);
}

static bool job_make_plan(struct job *j)
{
	struct record *r = job_record(j);
	struct plan_in in = {
		.server = &j->server, .record = r,
		.refs = refs_digest(j->m, r),
		.finalizers = j->m->o->finalizers
	};
	bool going = HAS(&j->server.meta, object_meta, deletion_time);

	/* A spec that is not valid changes nothing: the last good runs on. */
	if (j->refused && !going) {
		j->plan.wanted = r->wanted;
		return true;
	}
	return plan_children(&in, &j->arena, &j->plan) == 0;
}

static void job_plan(struct job *j)
{
	int err = job_decode(j);

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
	j->at = 0;
	if (job_needs_ref(j))
		return;
	/* Their list is under way; its end queues who waits for it. */
	if (!j->refused && !refs_ready(j->m, job_record(j)))
		job_later(j, j->m->loop.now_ns + NS_PER_S);
	else
		job_next(j);
}

/* ---- children ---- */

/* What stands under the name of a child that was thought not to exist. */
static void job_probe(struct job *j, const struct step *s)
{
	const struct record *r = job_record(j);

	job_call(j);
	kube_call_get(&j->call, &child_gvr[s->child], str_from(r->ns),
	    j->plan.out.child[s->child].name);
	j->call.accept = KUBE_METADATA;
	job_send(j, JOB_PROBE);
}

/* Ours, or an orphan of ours that a new server of the name takes up. */
static bool may_adopt(const struct job *j, struct str reply)
{
	const struct record *r = job_record(j);
	char mem[64];
	struct buf key;
	struct str owners, labels, need;

	buf_init(&key, mem, sizeof(mem));
	render_key((enum group)r->group, str_from(r->name), &key);
	if (kube_peek(reply, "metadata.ownerReferences", &owners))
		return str_search(owners, j->server.meta.uid) < owners.n;
	if (!kube_peek(reply, "metadata.labels", &labels))
		return false;
	need = buf_view(&key);
	return str_search(labels, STR("\"" LABEL_KEY "\"")) < labels.n &&
	    str_search(labels, need) < labels.n;
}

static void child_failed(struct job *j, enum kube_why why, int err)
{
	const struct step *s = &j->plan.step[j->at];

	j->m->series.errors[s->child]++;
	/* Who has not got one name shall not take the others. */
	if (why == KUBE_WHY_OWNED)
		j->at = j->plan.steps;
	if (j->has_failed)
		return;
	j->has_failed = true;
	j->failed = j->call.status;
	j->failed.err = err;
	j->failed.why = why;
	j->failed_child = s->child;
	j->failed_diag = j->call.diag;
}

/*
 * Server-side apply would merge into a stranger's ConfigMap or Service where
 * no field is in both. A body with a resourceVersion that no object has is a
 * conflict with whatever exists, and makes what does not: the first apply of
 * a child takes over nothing, and needs no look before it. Later ones name
 * the uid: only the object that was meant.
 */
static struct str job_body(struct job *j, const struct step *s)
{
	const struct record *r = job_record(j);
	const struct child *c = &j->plan.out.child[s->child];
	struct buf b = arena_buf(&j->arena);

	if (j->looked && !j->adopts)
		return c->body;
	buf_str(&b, str_sub(c->body, 0, c->uid_at));
	if (s->force || j->adopts) {
		buf_cstr(&b, "\"uid\":\"");
		uid_format(s->force ? &r->child[s->child].uid : &j->found,
		    &b);
		buf_cstr(&b, "\",");
	} else {
		buf_cstr(&b, "\"resourceVersion\":\"1\",");
	}
	buf_str(&b, str_sub(c->body, c->uid_at, c->body.n));
	return arena_keep(&j->arena, &b);
}

static void job_apply(struct job *j, const struct step *s)
{
	const struct record *r = job_record(j);
	const struct child *c = &j->plan.out.child[s->child];
	struct str body = job_body(j, s);

	job_call(j);
	kube_call_apply(&j->call, &child_gvr[s->child], str_from(r->ns),
	    c->name, NULL, group_info((enum group)r->group)->manager,
	    s->force, body);
	j->m->series.applies[s->child]++;
	job_send(j, JOB_CHILD);
}

static void job_delete(struct job *j, const struct step *s)
{
	struct record *r = job_record(j);
	char uid_mem[40], name_mem[300];
	struct buf uid, name;

	buf_init(&uid, uid_mem, sizeof(uid_mem));
	uid_format(&r->child[s->child].uid, &uid);
	buf_init(&name, name_mem, sizeof(name_mem));
	buf_cstr(&name, r->name);
	if (s->child == CHILD_CONFIG_MAP)
		buf_cstr(&name, "-config");
	job_call(j);
	/* In the foreground, so that a finalizer waits for the pods. */
	kube_call_delete(&j->call, &child_gvr[s->child], str_from(r->ns),
	    buf_view(&name), buf_view(&uid), STR_NONE,
	    r->flags & RECORD_DELETING ? KUBE_FOREGROUND : KUBE_BACKGROUND);
	j->m->series.deletes[s->child]++;
	job_send(j, JOB_CHILD);
}

static void job_probe_done(struct job *j)
{
	int err = j->call.status.err;
	struct str uid;

	j->looked = true;
	if (err == 0 && !may_adopt(j, j->call.reply)) {
		diag_clear(&j->call.diag);
		diag_set(&j->call.diag, STR_NONE,
		    "exists already and belongs to somebody else");
		child_failed(j, KUBE_WHY_OWNED, ERR_CONFLICT);
		j->looked = false;
		job_next(j);
		return;
	}
	if (err < 0 && err != ERR_NOENT) {
		job_failed(j, "cannot look for a child");
		return;
	}
	j->adopts = err == 0 && kube_peek(j->call.reply, "metadata.uid",
	    &uid) && uid_parse(uid, &j->found);
	job_apply(j, &j->plan.step[j->at]);
}

/* Failures that say nothing about the object: only trying again helps. */
static bool is_transient(int err)
{
	switch (err) {
	case ERR_CONFLICT:
	case ERR_EXIST:
	case ERR_INVALID:
	case ERR_FORBIDDEN:
	case ERR_LIMIT:
	case ERR_NOENT:
		return false;
	default:
		return true;
	}
}

/*
 * Who repairs the same child again and again fights with somebody: each
 * time a little later, and the user is told.
 */
static void note_repair(struct job *j, uint64_t seen)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);
	const struct step *s = &j->plan.step[j->at];

	if (!s->repair || r->child[s->child].own == seen)
		return;
	if (m->loop.now_ns - r->repaired_ns < REPAIR_CALM_NS) {
		if (r->repairs < 16)
			r->repairs++;
	} else {
		r->repairs = 0;
	}
	r->repaired_ns = m->loop.now_ns;
	log_line(&m->log, LOG_INFO, "repaired a child",
	    "namespace=%s name=%s kind=%s", r->ns, r->name,
	    child_kind_name[s->child]);
	if (r->repairs == 3)
		manager_event(m, &j->server, true, "Contested",
		    STR("somebody else keeps changing an object that belongs "
		    "to this server"));
}

static void job_child_done(struct job *j)
{
	struct record *r = job_record(j);
	const struct step *s = &j->plan.step[j->at];
	struct child_state *c = &r->child[s->child];
	int err = j->call.status.err;
	uint64_t seen = c->version;
	bool was = c->exists;

	if (s->what == STEP_DELETE) {
		if (err == ERR_NOENT || err == ERR_CONFLICT)
			memset(c, 0, sizeof(*c));
		else if (err == 0)
			c->going = true;
		else {
			job_failed(j, "cannot delete a child");
			return;
		}
	} else if (err == 0) {
		child_written(r, (enum child_kind)s->child, j->call.reply);
		note_repair(j, seen);
		if (!was)
			r->flags |= RECORD_CREATED;
	} else if (j->call.status.why == KUBE_WHY_TERMINATING) {
		/* The server goes with its namespace; nobody need be told. */
		job_later(j, j->m->loop.now_ns + TERMINATING_WAIT_NS);
		return;
	} else if (is_transient(err)) {
		job_failed(j, "cannot apply a child");
		return;
	} else if (err == ERR_CONFLICT &&
	    j->call.status.why == KUBE_WHY_UID) {
		/* Somebody made it anew; next time as if it were not there. */
		memset(c, 0, sizeof(*c));
		job_later(j, j->m->loop.now_ns);
		return;
	} else if ((err == ERR_CONFLICT || err == ERR_EXIST) && !s->force &&
	    !j->looked) {
		job_probe(j, s);
		return;
	} else {
		child_failed(j, j->call.status.why, err);
	}
	if (j->at < j->plan.steps)
		j->at++;
	j->looked = j->adopts = false;
	job_next(j);
}

/* ---- finalizers ---- */

static bool is_ours(struct str finalizer)
{
	size_t i;

	for (i = 0; group_foreign_finalizers[i][0] != '\0'; i++)
		if (str_is(finalizer, group_foreign_finalizers[i]))
			return true;
	return false;
}

static void job_finalizers(struct job *j)
{
	const struct server *s = &j->server;
	const struct group_info *g = group_info(s->group);
	struct buf b = arena_buf(&j->arena);
	struct gvr gvr;
	struct jw w;
	uint32_t i;

	jw_init(&w, &b);
	jw_open(&w);
	jw_kopen(&w, "metadata");
	jw_kstr(&w, "resourceVersion", s->meta.resource_version);
	jw_kopen_list(&w, "finalizers");
	for (i = 0; i < s->meta.finalizers.n; i++)
		if (!j->plan.drop_finalizers ||
		    !is_ours(s->meta.finalizers.p[i]))
			jw_str(&w, s->meta.finalizers.p[i]);
	if (j->plan.add_finalizer)
		jw_str(&w, str_from(g->finalizer));
	jw_close_list(&w);
	jw_close(&w);
	jw_close(&w);
	server_gvr(s->group, &gvr);
	job_call(j);
	kube_call_merge(&j->call, &gvr, s->meta.ns, s->meta.name, NULL,
	    g->manager, arena_keep(&j->arena, &b));
	job_send(j, JOB_FINALIZER);
}

/* Of our own write to the object, of which the watch will tell later. */
static void note_version(struct job *j)
{
	struct str version;

	if (kube_peek(j->call.reply, "metadata.resourceVersion", &version))
		(void)record_version(job_record(j), version);
}

static void job_finalizer_done(struct job *j)
{
	int err = j->call.status.err;

	if (err == ERR_NOENT) {
		job_release(j);
		return;
	}
	if (err < 0) {
		job_failed(j, "cannot write finalizers");
		return;
	}
	note_version(j);
	if (j->plan.drop_finalizers) {
		job_done(j);
		return;
	}
	j->plan.add_finalizer = false;
	job_next(j);
}

/* ---- status ---- */

void judge_fill(const struct manager *m, const struct record *r,
    const struct server *s, struct judge_in *in)
{
	enum ref_kind kind;

	in->wall_ns = m->io->wall_ns(m->io->ctx);
	if (r->workload.ready < r->desired)
		in->trouble = pods_worst(&m->pods, r->key_hash);
	if (refs_missing(m, s, &kind, &in->missing_name))
		in->missing_kind = kind == REF_SECRET ? "Secret" :
		    "ConfigMap";
	in->secrets_unfollowed = !m->refs.followed[REF_SECRET] &&
	    refs_any(s, REF_SECRET);
	in->full = m->refs.refused > 0 && refs_dropped(m, s);
}

/* Created, but not yet seen by who makes the pods: a status written now
 * would be written again at once. */
static bool is_early(const struct job *j, const struct record *r)
{
	const struct workload *w = &r->workload;

	if (j->refused || j->has_failed || w->replica_failure ||
	    j->verdict->reason != NULL || (r->flags & RECORD_DELETING))
		return false;
	return w->observed < w->generation ||
	    w->updated < render_replicas(&j->server);
}

static bool job_status_waits(struct job *j)
{
	struct record *r = job_record(j);
	int64_t now = j->m->loop.now_ns, wait;

	if (is_early(j, r))
		wait = STATUS_FIRST_NS;
	else if (status_is_minor(&j->server.status, &j->verdict->status))
		wait = STATUS_MINOR_NS;
	else
		return false;
	if (r->minor_since_ns == 0)
		r->minor_since_ns = now;
	if (now - r->minor_since_ns >= wait)
		return false;
	queue_at(&j->m->queue, j->record, r->minor_since_ns + wait);
	return true;
}

static void job_write_status(struct job *j)
{
	struct server *s = &j->server;
	const struct group_info *g = group_info(s->group);
	struct server_status *st = &j->verdict->status;
	int64_t now = j->m->io->wall_ns(j->m->io->ctx);
	bool moved = st->phase != s->status.phase ||
	    !HAS(&s->status, server_status, changed);
	struct buf b;
	struct gvr gvr;
	struct jw w;

	HAS_SET(st, server_status, updated);
	st->updated = now;
	HAS_SET(st, server_status, changed);
	st->changed = moved ? now : s->status.changed;
	b = arena_buf(&j->arena);
	jw_init(&w, &b);
	jw_open(&w);
	jw_kcstr(&w, "apiVersion", g->api_version);
	jw_kcstr(&w, "kind", g->kind);
	jw_kopen(&w, "metadata");
	jw_kstr(&w, "name", s->meta.name);
	jw_kstr(&w, "uid", s->meta.uid);
	jw_close(&w);
	jw_key(&w, STR("status"));
	status_write(s->group, st, &w);
	jw_close(&w);
	server_gvr(s->group, &gvr);
	job_call(j);
	kube_call_apply(&j->call, &gvr, s->meta.ns, s->meta.name, "status",
	    g->manager, true, arena_keep(&j->arena, &b));
	j->m->series.status_writes++;
	job_send(j, JOB_STATUS);
}

static void job_tell(struct job *j)
{
	struct record *r = job_record(j);
	char mem[320];
	struct buf b;

	if (r->flags & RECORD_CREATED) {
		r->flags &= ~(uint32_t)RECORD_CREATED;
		buf_init(&b, mem, sizeof(mem));
		buf_fmt(&b, "created Deployment%s%s %s",
		    j->plan.out.child[CHILD_SERVICE].wanted ?
		    ", Service" : "",
		    j->plan.out.child[CHILD_CONFIG_MAP].wanted ?
		    ", ConfigMap" : "", r->name);
		manager_event(j->m, &j->server, false, "Created",
		    buf_view(&b));
	}
	if (j->verdict != NULL && j->verdict->reason != NULL)
		manager_event(j->m, &j->server, j->verdict->warning,
		    j->verdict->reason, str_from(j->verdict->message));
}

/* A failed child is tried again after a while; the user knows by then. */
static void job_end(struct job *j)
{
	if (j->has_failed) {
		j->call.diag = j->failed_diag;
		j->call.status = j->failed;
		job_failed(j, "child refused");
		return;
	}
	job_done(j);
}

static void job_status(struct job *j)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);
	struct judge_in in = {
		.server = &j->server, .record = r,
		.refused = j->refused ? &j->diag : NULL,
		.failed = j->has_failed ? &j->failed_diag : NULL,
		.failed_why = j->failed.why, .failed_child = j->failed_child
	};

	/* Why pods are missing is not known before they were listed. */
	if (!m->pods.synced && r->workload.ready < r->desired) {
		job_later(j, m->loop.now_ns + NS_PER_S / 5);
		return;
	}
	j->verdict = arena_new(&j->arena, struct verdict);
	if (j->verdict == NULL) {
		job_failed(j, "arena is full");
		return;
	}
	judge_fill(m, r, &j->server, &in);
	j->inputs = record_inputs(m, r);
	judge(&in, &j->arena, j->verdict);
	r->phase = (uint8_t)j->verdict->status.phase;
	if (status_digest(j->server.group, &j->verdict->status,
	    &j->arena) == status_digest(j->server.group,
	    &j->server.status, &j->arena)) {
		r->minor_since_ns = 0;
		j->verdict = NULL;
		job_tell(j);
		job_end(j);
	} else if (job_status_waits(j)) {
		j->verdict = NULL;
		job_tell(j);
		job_end(j);
	} else {
		job_write_status(j);
	}
}

static void job_status_done(struct job *j)
{
	struct record *r = job_record(j);
	int err = j->call.status.err;

	if (err == ERR_NOENT) {
		job_release(j);
		return;
	}
	if (err < 0) {
		job_failed(j, "cannot write status");
		return;
	}
	note_version(j);
	r->minor_since_ns = 0;
	job_tell(j);
	job_end(j);
}

/* ---- steps ---- */

static void job_next(struct job *j)
{
	const struct step *s;

	if (!j->planned && !job_make_plan(j)) {
		job_failed(j, "arena is full");
		return;
	}
	j->planned = true;
	if (j->at < j->plan.steps) {
		s = &j->plan.step[j->at];
		if (s->what == STEP_APPLY && !s->force &&
		    record_has_ghost(&j->m->records, job_record(j))) {
			job_later(j, j->m->loop.now_ns + GHOST_WAIT_NS);
			return;
		}
		if (s->what == STEP_DELETE)
			job_delete(j, s);
		else
			job_apply(j, s);
		return;
	}
	if (j->plan.add_finalizer || j->plan.drop_finalizers)
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
	case JOB_CHILD:
		job_child_done(j);
		break;
	case JOB_FINALIZER:
		job_finalizer_done(j);
		break;
	case JOB_STATUS:
		job_status_done(j);
		break;
	case JOB_IDLE:
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
