#include "job_int.h"

/* ---- finalizers ---- */

void finalizers_write(const struct server *s, bool drop, bool add,
    struct buf *out)
{
	struct jw w;
	uint32_t i;

	jw_init(&w, out);
	jw_open(&w);
	jw_kopen(&w, "metadata");
	jw_kstr(&w, "resourceVersion", s->meta.resource_version);
	jw_kopen_list(&w, "finalizers");
	for (i = 0; i < s->meta.finalizers.n; i++)
		if (!drop ||
		    !is_our_finalizer(s->meta.finalizers.p[i]))
			jw_str(&w, s->meta.finalizers.p[i]);
	if (add)
		jw_str(&w, str_from(group_info(s->group)->finalizer));
	jw_close_list(&w);
	jw_close(&w);
	jw_close(&w);
}

void job_finalizers(struct job *j)
{
	const struct server *s = &j->server;
	const struct group_info *g = group_info(s->group);
	struct buf b = arena_buf(&j->arena);
	struct gvr gvr;

	finalizers_write(s, j->plan.drop_finalizers, j->plan.add_finalizer,
	    &b);
	server_gvr(s->group, &gvr);
	job_call(j);
	kube_call_merge(&j->call, &gvr, s->meta.ns, s->meta.name, NULL,
	    g->manager, arena_keep(&j->arena, &b));
	job_send(j, JOB_FINALIZER);
}

/* The status that follows is of the version that this write has made. */
static void version_take(struct job *j)
{
	struct str version;

	if (!kube_peek(j->call.reply, "metadata.resourceVersion", &version))
		return;
	j->server.meta.resource_version = arena_str(&j->arena, version);
	job_keep(j);
}

/* Of our own write to the object, of which the watch will tell later. */
static void note_version(struct job *j)
{
	struct str version;

	if (kube_peek(j->call.reply, "metadata.resourceVersion", &version))
		(void)record_version(job_record(j), version);
}

/* The watch may have been faster, or have told of somebody else's since. */
static void note_status(struct job *j)
{
	struct record *r = job_record(j);
	struct str version;
	bool told;

	if (!kube_peek(j->call.reply, "metadata.resourceVersion", &version))
		return;
	told = version_number(version) == r->version;
	r->status_said = told ? r->status_told : j->said;
	if (!record_version(r, version) || told)
		return;
	r->status_told = j->said;
	r->status_version = r->version;
}

/* Or perhaps it was, and only the answer did not come. */
static void not_written(struct job *j, const char *what)
{
	job_record(j)->flags |= RECORD_OUTDATED;
	if (j->call.status.err == ERR_CONFLICT)
		job_again(j);
	else
		job_failed(j, what);
}

void job_finalizer_done(struct job *j)
{
	int err = j->call.status.err;

	if (err == ERR_NOENT) {
		job_release(j);
		return;
	}
	if (err < 0) {
		not_written(j, "cannot write finalizers");
		return;
	}
	note_version(j);
	if (j->plan.drop_finalizers) {
		job_done(j);
		return;
	}
	version_take(j);
	j->plan.add_finalizer = false;
	job_next(j);
}

/* ---- status ---- */

void judge_fill(const struct manager *m, const struct record *r,
    const struct server *s, struct judge_in *in)
{
	enum ref_kind kind;
	int k;

	in->wall_ns = m->io->wall_ns(m->io->ctx);
	if (record_lacks(r)) {
		in->trouble = pods_worst(&m->pods, r->key_hash,
		    record_short(r));
		if (in->trouble == NULL &&
		    (waits_recall(m, r, s, &in->recalled) ||
		    pods_unheld(r, &in->recalled)))
			in->trouble = &in->recalled;
	}
	if (r->workload.replica_failure)
		in->failure = text_find(&m->texts,
		    r->workload.failure_text);
	if (refs_missing(m, s, &kind, &in->missing_name))
		in->missing_kind = kind == REF_SECRET ? "Secret" :
		    "ConfigMap";
	unfollowed_fill(m, r, s, in);
	labels_rule(m, &in->labels);
	in->made = extras_made(m);
	in->allowed = extras_allowed(m, r);
	for (k = CHILD_KINDS; k < CHILD_KINDS_ALL; k++)
		if (watches_child_absent(m, (enum child_kind)k))
			in->absent |= UINT32_C(1) << k;
	in->no_sidecar = m->o->sidecar_image.n == 0;
	verify_fill(m, r, in);
}

/* Created, but not yet seen by who makes the pods: a status written now
 * would be written again at once. */
static bool is_early(const struct job *j, const struct record *r)
{
	const struct workload *w = &r->workload;

	if (j->refused || w->replica_failure ||
	    j->verdict->reason != NULL || (r->flags & RECORD_DELETING))
		return false;
	return w->observed < w->generation || w->updated < record_desired(r);
}

/* Who is tried again after a while comes back no earlier for its status. */
static bool is_tried_again(const struct job *j)
{
	return j->has_failed || j->hold.reason != NULL || j->label_failed;
}

static bool job_status_waits(struct job *j)
{
	struct record *r = job_record(j);
	int64_t now = j->m->loop.now_ns, wait;

	if (is_tried_again(j))
		return false;
	if (is_early(j, r))
		wait = STATUS_FIRST_NS;
	else if (j->verdict->up && r->verify.state == VERIFIED_PENDING)
		wait = VERIFY_HOLD_NS;
	else if (status_is_minor(j->server.group, &j->server.status,
	    &j->verdict->status))
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

/*
 * With the version that it was judged by: what comes late, of a leader that
 * is none any more or of a server that had the name before, changes nothing.
 */
static void job_write_status(struct job *j)
{
	struct server *s = &j->server;
	const struct group_info *g = group_info(s->group);
	struct server_status *st = &j->verdict->status;
	int64_t now = j->m->io->wall_ns(j->m->io->ctx);
	bool moved = phase_moved(s->group, &s->status, st->phase) ||
	    !HAS(&s->status, server_status, changed);
	struct record *r = job_record(j);
	struct str body;
	struct buf b;
	struct gvr gvr;
	struct jw w;

	if (record_overwritten(r))
		contest_note(&r->status_fight, j->m->loop.now_ns);
	j->said = status_digest(s->group, st, &j->arena);
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
	jw_kstr(&w, "resourceVersion", s->meta.resource_version);
	jw_close(&w);
	jw_key(&w, STR("status"));
	status_write(s->group, st, &w);
	jw_close(&w);
	body = arena_keep(&j->arena, &b);
	if (j->arena.over) {
		job_failed(j, "arena is full");
		return;
	}
	server_gvr(s->group, &gvr);
	job_call(j);
	kube_call_apply(&j->call, &gvr, s->meta.ns, s->meta.name, "status",
	    g->manager, true, body);
	j->m->series.status_writes++;
	job_send(j, JOB_STATUS);
}

/*
 * "created Deployment one, Service one, ConfigMap one-config"; of other kinds
 * only that, for there may be many of them and names are long.
 */
static void created_write(const struct record *r, struct buf *out)
{
	const char *comma = "created ";
	int k;

	for (k = CHILD_KINDS_ALL - 1; k >= 0; k--) {
		if (!(r->created >> k & 1))
			continue;
		buf_fmt(out, "%s%s", comma, child_info[k].kind);
		if (k < CHILD_KINDS)
			buf_fmt(out, " %s%s", r->name, child_info[k].suffix);
		comma = ", ";
	}
}

/* False: it waits in the record, for there is no room among the Events. */
static bool created_tell(struct manager *m, struct record *r)
{
	char uid_mem[40], mem[EVENT_MESSAGE_MAX];
	struct event_ref about;
	struct buf uid, b;

	if (r->created == 0)
		return true;
	if (event_full(&m->events))
		return false;
	buf_init(&uid, uid_mem, sizeof(uid_mem));
	uid_format(&r->uid, &uid);
	manager_about((enum group)r->group, str_from(r->ns),
	    str_from(r->name), buf_view(&uid), &about);
	buf_init(&b, mem, sizeof(mem));
	created_write(r, &b);
	/* Three names of 253 bytes, and 30 bytes for each kind at most. */
	CHECK(!uid.over && !b.over);
	r->created = 0;
	manager_tell(m, &about, false, "Created", buf_view(&b));
	return true;
}

void created_more(void *ctx)
{
	struct manager *m = ctx;
	uint32_t i;

	if (m->stopping || !m->leading)
		return;
	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1))
		if (!created_tell(m, record_at(&m->records, i))) {
			timer_set(&m->loop, &m->untold,
			    m->loop.now_ns + UNTOLD_NS);
			return;
		}
}

static void job_tell(struct job *j)
{
	struct manager *m = j->m;

	if (!created_tell(m, job_record(j)) && !timer_is_set(&m->untold))
		timer_set(&m->loop, &m->untold,
		    m->loop.now_ns + UNTOLD_NS);
	if (j->verdict != NULL && j->verdict->reason != NULL)
		manager_event(j->m, &j->server, j->verdict->warning,
		    j->verdict->reason, str_from(j->verdict->message));
}

/* A failed child is tried again after a while; the user knows by then. */
static void job_end(struct job *j)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);

	if (j->hold.reason != NULL && !j->has_failed) {
		j->has_failed = true;
		j->failed = (struct kube_status){
			.err = ERR_CANCELLED, .retry_after_ns = -1
		};
		diag_clear(&j->failed_diag);
		diag_set(&j->failed_diag, STR_NONE, "%S", j->hold.message);
	}
	if (j->has_failed) {
		j->call.diag = j->failed_diag;
		j->call.status = j->failed;
		r->refused_wish = record_wish(&m->records, r);
		r->refused_counts = j->counts;
		job_back_off(j, j->hold.reason != NULL ? "held back" :
		    "child refused");
		/* What was announced is done now, whatever else failed. */
		if (j->announced)
			queue_at(&m->queue, j->record, m->loop.now_ns);
		/* Its pods may have changed since they were judged. */
		queue_add(&m->queue, j->record, false, m->loop.now_ns);
		job_release(j);
		return;
	}
	if (j->label_failed) {
		j->call.diag = j->label_diag;
		j->call.status = j->label_status;
		job_failed(j, "cannot label the namespace");
		return;
	}
	job_done(j);
}

/* What is to come first goes on by itself, or the job has ended. */
static bool is_for_later(struct job *j, const struct record *r)
{
	const struct manager *m = j->m;

	if (j->late && !j->has_failed) {
		j->call.status = j->failed;
		j->call.diag = j->failed_diag;
		job_failed(j, "cannot apply a child");
	} else if (job_lacks_image(j)) {
		job_roll(j);
	} else if (pods_awaited(m) && record_lacks(r)) {
		/* Why pods are missing is not known before they were listed. */
		job_later(j, m->pods.until_ns);
	} else {
		return false;
	}
	return true;
}

void job_status(struct job *j)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);
	uint64_t live;
	struct judge_in in = {
		.server = &j->server, .records = &m->records, .record = r,
		.refused = j->refused ? &j->diag : NULL,
		.failed = j->has_failed ? &j->failed_diag : NULL,
		.failed_why = j->failed.why, .failed_child = j->failed_child,
		.failed_invalid = j->failed.err == ERR_INVALID &&
		    j->failed.why == KUBE_WHY_NONE,
		.gone = j->gone,
		.fell = j->roll.fell, .rolled_image = j->roll.image,
		.stays = j->roll.stays,
		.hold = j->hold.reason != NULL ? &j->hold : NULL,
		.announce = j->plan.announce,
		.sidecar = j->plan.out.sidecar,
		.label_failed = j->label_failed ? &j->label_diag : NULL,
		.label_why = j->label_status.why
	};

	if (is_for_later(j, r))
		return;
	j->verdict = arena_new(&j->arena, struct verdict);
	if (j->verdict == NULL) {
		job_failed(j, "arena is full");
		return;
	}
	if (!j->refused)
		verify_note(m, r, &j->server);
	if (!record_lacks(r))
		r->flags &= ~(uint32_t)RECORD_UNHELD;
	judge_fill(m, r, &j->server, &in);
	in.scheduled = j->scheduled;
	j->inputs = record_inputs(m, r);
	j->counts = record_counts(r);
	judge(&in, &j->arena, j->verdict);
	/* A verdict that was cut is not told for the truth. */
	if (j->arena.over) {
		job_failed(j, "arena is full");
		return;
	}
	if (j->verdict->up)
		verify_ask(m, r, &j->server);
	r->phase = (uint8_t)j->verdict->status.phase;
	series_ready(r, &j->verdict->status);
	schedule_wait(m, j->record, &j->verdict->status);
	live = status_digest(j->server.group, &j->server.status, &j->arena);
	if (version_number(j->server.meta.resource_version) == r->version)
		r->status_told = live;
	if (status_digest(j->server.group, &j->verdict->status,
	    &j->arena) == live) {
		r->minor_since_ns = 0;
		r->status_said = live;
		verify_said(m, r);
	} else if (j->scheduled || !job_status_waits(j)) {
		job_write_status(j);
		return;
	}
	j->verdict = NULL;
	job_tell(j);
	job_end(j);
}

void job_status_done(struct job *j)
{
	struct record *r = job_record(j);
	int err = j->call.status.err;

	if (err == ERR_NOENT) {
		job_release(j);
		return;
	}
	if (err < 0) {
		not_written(j, "cannot write status");
		return;
	}
	note_status(j);
	unfollowed_note(j);
	notices_phase(j, (uint8_t)j->verdict->status.phase);
	j->announced = j->plan.announce;
	r->minor_since_ns = 0;
	verify_said(j->m, r);
	job_tell(j);
	job_end(j);
}
