#include <string.h>

#include "job_int.h"

/*
 * Was what was to be deleted gone already, or is another object under its
 * name now? Other conflicts say nothing: it may stand there yet.
 */
static bool was_gone(const struct job *j)
{
	const struct kube_status *s = &j->call.status;

	return s->err == ERR_NOENT ||
	    (s->err == ERR_CONFLICT && s->why == KUBE_WHY_UID);
}

void job_look(struct job *j, enum job_step step)
{
	const struct record *r = job_record(j);
	const struct step *s = &j->plan.step[j->at];

	job_call(j);
	kube_call_get(&j->call, &child_gvr[s->child], str_from(r->ns),
	    j->plan.out.child[s->child].name);
	j->call.accept = KUBE_METADATA;
	job_send(j, step);
}

enum claim job_claim(struct job *j)
{
	const struct group_info *g = group_info(j->server.group);
	struct claimant who = {
		.uid = j->server.meta.uid, .manager = g->manager
	};
	size_t mark = arena_mark(&j->arena);
	enum claim claim = CLAIM_NONE;
	struct json_doc doc;
	char mem[64];
	struct buf key;

	buf_init(&key, mem, sizeof(mem));
	render_key(j->server.group, j->server.meta.name, &key);
	who.key = buf_view(&key);
	if (json_parse(&doc, j->call.reply, j->m->tok, JSON_TOKENS_MAX,
	    NULL) == 0)
		claim = child_claim(&doc, &j->arena, &who);
	arena_reset(&j->arena, mark);
	return claim;
}

static void count_step(struct job *j, enum child_count what)
{
	enum child_kind k = (enum child_kind)j->plan.step[j->at].child;

	series_child(j->m, job_record(j), k, what);
}

/*
 * Who has not got one name shall not take the others; and what works on a
 * Deployment by its name shall not work on somebody else's.
 */
static void only_deletions(struct job *j)
{
	const struct record *r = job_record(j);
	struct plan *p = &j->plan;
	uint32_t i, n = j->at + 1;

	for (i = n; i < p->steps; i++)
		if (p->step[i].what == STEP_DELETE)
			p->step[n++] = p->step[i];
	p->steps = n;
	if (!r->child[CHILD_DEPLOYMENT].exists)
		plan_let_go(&j->m->records, r, p);
	p->relabel = p->relabel && p->labels.set.n == 0;
	p->announce = p->announce && p->relabel;
}

/*
 * Pods that its policy was to guard are not made before it is there. Those
 * that there are go on; who made them unseen is looked for.
 */
static bool pods_wait(const struct job *j, const struct step *s)
{
	return j->unguarded && s->child == CHILD_DEPLOYMENT && !j->looked;
}

static void child_failed(struct job *j, const struct diag *d,
    const struct kube_status *status)
{
	const struct step *s = &j->plan.step[j->at];

	if (s->child == CHILD_NETWORK_POLICY &&
	    record_unguarded(&j->m->records, job_record(j)))
		j->unguarded = true;
	if (status->why == KUBE_WHY_OWNED && s->child < CHILD_KINDS)
		only_deletions(j);
	/* The first one is told, but one that the server needs before one of
	 * those that it can do without. */
	if (j->has_failed && (j->failed_child < CHILD_KINDS ||
	    s->child >= CHILD_KINDS))
		return;
	j->has_failed = true;
	j->failed = *status;
	j->failed_child = s->child;
	j->failed_diag = *d;
}

/*
 * The policy comes before the pods that it guards, but where there are some a
 * webhook that is down does not hold up the rest.
 */
static bool goes_on(struct job *j, const struct step *s)
{
	if (s->child != CHILD_NETWORK_POLICY || j->has_failed ||
	    record_unguarded(&j->m->records, job_record(j)))
		return false;
	j->late = true;
	j->failed = j->call.status;
	j->failed_diag = j->call.diag;
	return true;
}

static const struct child_state *job_child(const struct job *j,
    const struct step *s)
{
	return child_at(&j->m->records, job_record(j),
	    (enum child_kind)s->child);
}

/*
 * The notes of a Deployment are kept from the one that the watch had told of
 * when the plan was made, so that must be the one that is written to, not one
 * that came since; else it is looked at.
 */
static bool needs_version(const struct job *j, const struct step *s)
{
	return s->child == CHILD_DEPLOYMENT && s->force && j->marked != 0 &&
	    !j->looked && !j->disowns;
}

/* From where the uid stands on; with the template that it went back to. Where
 * that goes is looked for: a hook may have moved it. */
static void body_rest(const struct job *j, const struct step *s,
    struct buf *out)
{
	const struct render_out *plan = &j->plan.out;
	const struct child *c = &plan->child[s->child];
	struct str failed;
	size_t at;

	if (s->child != CHILD_DEPLOYMENT || plan->rolled_to == 0 ||
	    !kube_peek(c->body, "spec.template", &failed)) {
		buf_str(out, str_sub(c->body, c->uid_at, c->body.n));
		return;
	}
	at = (size_t)(failed.p - c->body.p);
	buf_str(out, str_sub(c->body, c->uid_at, at));
	buf_str(out, j->roll.template);
	buf_str(out, str_sub(c->body, at + failed.n, c->body.n));
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
	const struct child *c = &j->plan.out.child[s->child];
	const struct child_state *have = job_child(j, s);
	struct buf b = arena_buf(&j->arena);

	buf_str(&b, str_sub(c->body, 0, c->uid_at));
	if (s->force || j->adopts) {
		j->named = s->force ? have->uid : j->found;
		buf_cstr(&b, "\"uid\":\"");
		uid_format(&j->named, &b);
		buf_cstr(&b, "\",");
		if (needs_version(j, s))
			buf_fmt(&b, "\"resourceVersion\":\"%U\",",
			    j->marked);
	} else {
		buf_cstr(&b, "\"resourceVersion\":\"1\",");
	}
	body_rest(j, s, &b);
	return arena_keep(&j->arena, &b);
}

void job_apply(struct job *j, const struct step *s)
{
	struct record *r = job_record(j);
	const struct child *c = &j->plan.out.child[s->child];
	struct str body;

	job_forget_request(j);
	if (pods_wait(j, s)) {
		job_look(j, JOB_PROBE);
		return;
	}
	if (s->child == CHILD_DEPLOYMENT && job_lacks_template(j)) {
		job_roll(j);
		return;
	}
	body = job_body(j, s);
	if (j->arena.over) {
		job_too_large(j);
		return;
	}
	job_call(j);
	kube_call_apply(&j->call, &child_gvr[s->child], str_from(r->ns),
	    c->name, NULL, group_info((enum group)r->group)->manager,
	    s->force || j->owns, body);
	/* What becomes of it there is how it is known. */
	if (child_info[s->child].flags & CHILD_BY_SPEC)
		j->call.accept = KUBE_JSON;
	/* Whatever becomes of this plan: there may be one from now on. */
	r->wanted |= UINT32_C(1) << s->child;
	job_send(j, JOB_CHILD);
}

static struct str child_name(const struct record *r, enum child_kind k,
    struct buf *mem)
{
	buf_cstr(mem, r->name);
	buf_cstr(mem, child_info[k].suffix);
	CHECK(!mem->over);
	return buf_view(mem);
}

/* The one whose uid is j->named. */
static void child_delete(struct job *j, enum child_kind k,
    enum job_step step)
{
	const struct record *r = job_record(j);
	/* In the foreground, so that a finalizer waits for the pods. */
	enum kube_propagation how = r->flags & RECORD_DELETING ?
	    KUBE_FOREGROUND : KUBE_BACKGROUND;
	char uid_mem[40], name_mem[300];
	struct buf uid, name;

	buf_init(&uid, uid_mem, sizeof(uid_mem));
	uid_format(&j->named, &uid);
	buf_init(&name, name_mem, sizeof(name_mem));
	CHECK(!uid.over);
	job_call(j);
	kube_call_delete(&j->call, &child_gvr[k], str_from(r->ns),
	    child_name(r, k, &name), buf_view(&uid), STR_NONE, how);
	job_send(j, step);
}

void job_delete(struct job *j, const struct step *s)
{
	j->named = job_child(j, s)->uid;
	child_delete(j, (enum child_kind)s->child, JOB_CHILD);
}

void job_step_over(struct job *j)
{
	if (j->at < j->plan.steps)
		j->at++;
	j->looked = j->adopts = j->owns = j->replaces = j->disowns = false;
	job_next(j);
}

void job_keep_refusal(struct job *j)
{
	j->refused_by = j->call.status;
	j->refusal = j->call.diag;
}

void job_refused(struct job *j, const struct diag *d,
    const struct kube_status *status)
{
	count_step(j, CHILD_REFUSED);
	child_failed(j, d, status);
	job_step_over(j);
}

/*
 * What cannot be changed can only be made anew where it is ours to delete; a
 * Deployment's pods go with it. Else the failure stands.
 */
static void job_replace(struct job *j)
{
	const struct step *s = &j->plan.step[j->at];
	struct str uid, going;

	if (j->call.status.err < 0 || job_claim(j) < CLAIM_MADE ||
	    !kube_peek(j->call.reply, "metadata.uid", &uid) ||
	    kube_peek(j->call.reply, "metadata.deletionTimestamp", &going)) {
		job_step_over(j);
		return;
	}
	(void)uid_parse(uid, &j->named);
	child_delete(j, (enum child_kind)s->child, JOB_REPLACE);
}

void job_replaced(struct job *j)
{
	struct record *r = job_record(j);
	enum child_kind k = (enum child_kind)j->plan.step[j->at].child;
	int err = j->call.status.err;

	if (err < 0 && !was_gone(j)) {
		job_failed(j, "cannot delete a child");
		return;
	}
	child_forget_uid(&j->m->records, r, k, &j->named);
	series_child(j->m, r, k, CHILD_DELETED);
	if (err == 0)
		manager_event(j->m, &j->server, true, "Replaced",
		    k == CHILD_DEPLOYMENT ?
		    STR("deleted its Deployment, whose selector was another "
		    "one and cannot be changed; it is made anew") :
		    STR("deleted its ConfigMap, which somebody had made "
		    "immutable; it is made anew"));
	job_later(j, j->m->loop.now_ns + GHOST_WAIT_NS);
}

/*
 * A Deployment's selector, and a ConfigMap that somebody made immutable: what
 * else is so is told.
 */
static bool cannot_change(const struct job *j, const struct step *s)
{
	struct str path = str_from(j->call.diag.path);

	if (s->what != STEP_APPLY ||
	    j->call.status.why != KUBE_WHY_IMMUTABLE)
		return false;
	if (s->child == CHILD_CONFIG_MAP || s->child == CHILD_DASHBOARD)
		return str_is(path, "data") || str_is(path, "immutable") ||
		    str_is(path, "binaryData");
	return s->child == CHILD_DEPLOYMENT &&
	    str_starts(path, STR("spec.selector"));
}

static void name_taken(struct job *j)
{
	size_t mark = arena_mark(&j->arena);
	char holder[DIAG_TEXT_MAX] = "belongs to somebody else";
	struct json_doc doc;

	if (json_parse(&doc, j->call.reply, j->m->tok, JSON_TOKENS_MAX,
	    NULL) == 0)
		child_holder(&doc, &j->arena, holder, sizeof(holder));
	arena_reset(&j->arena, mark);
	diag_clear(&j->refusal);
	diag_set(&j->refusal, STR_NONE, "exists already and %s", holder);
	j->refused_by.err = ERR_CONFLICT;
	j->refused_by.why = KUBE_WHY_OWNED;
	job_refused(j, &j->refusal, &j->refused_by);
}

/*
 * Whoever took the label off one took it off others, maybe, and one that was
 * made by a pass that did not come to its end is named by no status.
 */
static void seek_others(struct job *j)
{
	struct record *r = job_record(j);

	r->wanted |= j->plan.others;
	j->plan.seek |= j->plan.others & ~record_children(&j->m->records, r);
}

void job_probe_done(struct job *j)
{
	int err = j->call.status.err;
	enum claim claim;
	struct str uid;

	if (j->replaces) {
		job_replace(j);
		return;
	}
	/* None, or nobody knows: none is made. */
	if (err < 0 && pods_wait(j, &j->plan.step[j->at])) {
		job_step_over(j);
		return;
	}
	j->looked = true;
	claim = err == 0 ? job_claim(j) : CLAIM_NONE;
	if (err == 0 && claim == CLAIM_NONE) {
		name_taken(j);
		return;
	}
	/* What stood there may be gone; again, and it was not the name. */
	if (err < 0 && (err != ERR_NOENT || job_record(j)->failures == 0)) {
		job_failed(j, "cannot look for a child");
		return;
	}
	j->adopts = err == 0 && kube_peek(j->call.reply, "metadata.uid",
	    &uid) && uid_parse(uid, &j->found);
	/* What others did to its fields is undone; a label proves less. */
	j->owns = j->adopts && claim >= CLAIM_MADE;
	if (j->adopts && claim == CLAIM_HIDDEN)
		seek_others(j);
	if (j->adopts && j->plan.step[j->at].child == CHILD_DEPLOYMENT &&
	    !job_mark_again(j)) {
		job_too_large(j);
		return;
	}
	/* What is planned anew is shown to who has a say in it, too. */
	if (j->m->hooks != NULL && !j->hooked)
		job_next(j);
	else
		job_apply(j, &j->plan.step[j->at]);
}

bool job_transient(int err)
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

/* The user is told of a fight once. */
static void note_repair(struct job *j, const struct child_state *before)
{
	struct manager *m = j->m;
	struct record *r = job_record(j);
	const struct step *s = &j->plan.step[j->at];
	const struct child_state *c = job_child(j, s);

	if (!(s->repair || j->disowns) || (c->own == before->version &&
	    c->own_meta == before->meta))
		return;
	contest_note(&r->repair, m->loop.now_ns);
	log_line(&m->log, LOG_INFO, "repaired a child",
	    "group=%s namespace=%s name=%s kind=%s",
	    group_info(r->group)->group, r->ns, r->name,
	    child_info[s->child].kind);
	if (r->repair.n == CONTEST_TOLD)
		manager_event(m, &j->server, true, "Contested",
		    STR("somebody else keeps changing an object that belongs "
		    "to this server"));
}

/*
 * An apply that met something, or something else than was known, is not at
 * its end yet.
 */
static bool must_look(const struct job *j, const struct step *s)
{
	int err = j->call.status.err;

	return s->what == STEP_APPLY && !j->looked &&
	    (err == ERR_EXIST || (err == ERR_CONFLICT &&
	    j->call.status.why != KUBE_WHY_UID));
}

/* In a row; some seconds, by the backoff. */
enum { FAILURES_UNTOLD = 3 };

/*
 * What passes by itself is not told. A webhook that cannot be called may be
 * down for good, and this is how the API server says so.
 */
static bool has_lasted(const struct job *j)
{
	return j->call.status.code == 500 &&
	    job_record(j)->failures >= FAILURES_UNTOLD;
}

static void count_outcome(struct job *j, const struct step *s)
{
	int err = j->call.status.err;

	if (err == ERR_NOTLEADER || must_look(j, s) || job_may_disown(j, s))
		return;
	if (s->what == STEP_APPLY && err == 0)
		count_step(j, CHILD_APPLIED);
	else if (s->what == STEP_APPLY)
		count_step(j, CHILD_REFUSED);
	else if (err == 0 || was_gone(j))
		count_step(j, CHILD_DELETED);
	else
		count_step(j, CHILD_KEPT);
}

void job_child_done(struct job *j)
{
	struct record *r = job_record(j);
	const struct step *s = &j->plan.step[j->at];
	enum child_kind k = (enum child_kind)s->child;
	struct child_state *c = child_slot(&j->m->records, r, k);
	struct child_state before = *job_child(j, s);
	int err = j->call.status.err;

	count_outcome(j, s);
	if (s->what == STEP_DELETE) {
		if (err == 0)
			j->deleted |= UINT32_C(1) << k;
		if (was_gone(j))
			child_forget_uid(&j->m->records, r, k, &j->named);
		else if (err == 0 && c != NULL)
			c->going = c->exists && uid_same(&c->uid, &j->named);
		else if (err < 0) {
			job_failed(j, "cannot delete a child");
			return;
		}
	} else if (err == 0) {
		if (k == CHILD_DEPLOYMENT)
			job_rolls_back(j);
		if (!child_written(&j->m->records, r, k, j->call.reply)) {
			job_later(j, j->m->loop.now_ns + GHOST_WAIT_NS);
			return;
		}
		j->applied |= UINT32_C(1) << k;
		note_repair(j, &before);
		if (j->disowns)
			job_disowned(j);
		/* The watch may have told of it already. */
		if (j->call.status.code == 201)
			r->created |= UINT32_C(1) << k;
	} else if (j->call.status.why == KUBE_WHY_TERMINATING) {
		/* The server goes with its namespace; nobody need be told. */
		job_later(j, j->m->loop.now_ns + TERMINATING_WAIT_NS);
		return;
	} else if (job_transient(err) && !has_lasted(j)) {
		if (!goes_on(j, s)) {
			job_failed(j, "cannot apply a child");
			return;
		}
	} else if (err == ERR_CONFLICT &&
	    j->call.status.why == KUBE_WHY_UID) {
		/* Somebody made it anew; next time as if it were not there. */
		child_forget_uid(&j->m->records, r, k, &j->named);
		job_later(j, j->m->loop.now_ns);
		return;
	} else if (must_look(j, s)) {
		job_keep_refusal(j);
		job_look(j, JOB_PROBE);
		return;
	} else if (job_may_disown(j, s)) {
		job_disown(j);
		return;
	} else {
		child_failed(j, &j->call.diag, &j->call.status);
		j->replaces = cannot_change(j, s);
		if (j->replaces) {
			job_look(j, JOB_PROBE);
			return;
		}
	}
	job_step_over(j);
}

/* ---- children that no watch tells of ---- */

/*
 * Without its label, which anybody can take away, a child is not seen. It is
 * put back unless the spec is not valid, or the server goes. Then whoever
 * waits for the finalizer would wait for less than all; and what the next
 * good spec does not ask for would stay. Nothing tells of its end either, so
 * the finalizer waits until a look finds it gone.
 */
void job_seek(struct job *j)
{
	const struct record *r = job_record(j);
	enum child_kind k = (enum child_kind)j->sought;
	char mem[300];
	struct buf name;

	buf_init(&name, mem, sizeof(mem));
	job_call(j);
	kube_call_get(&j->call, &child_gvr[k], str_from(r->ns),
	    child_name(r, k, &name));
	j->call.accept = KUBE_METADATA;
	job_send(j, JOB_SEEK);
}

void job_sought(struct job *j)
{
	int err = j->call.status.err;
	struct str uid, at;
	bool going;

	/* Of a kind that may not even be read none was made. */
	if (err == ERR_FORBIDDEN && j->sought >= CHILD_KINDS)
		err = ERR_NOENT;
	if (err < 0 && err != ERR_NOENT) {
		job_failed(j, "cannot look for a child");
		return;
	}
	if (err == ERR_NOENT)
		j->gone |= UINT32_C(1) << j->sought;
	going = err == 0 && kube_peek(j->call.reply,
	    "metadata.deletionTimestamp", &at);
	if (err == ERR_NOENT || job_claim(j) < CLAIM_OWNED ||
	    !kube_peek(j->call.reply, "metadata.uid", &uid) ||
	    (going && !(job_record(j)->flags & RECORD_DELETING))) {
		j->sought++;
		job_next(j);
	} else if (j->plan.keeps || going)
		job_later(j, j->m->loop.now_ns + TERMINATING_WAIT_NS);
	else {
		(void)uid_parse(uid, &j->named);
		child_delete(j, (enum child_kind)j->sought, JOB_SEIZE);
	}
}

void job_seized(struct job *j)
{
	if (j->call.status.err < 0 && !was_gone(j)) {
		job_failed(j, "cannot delete a child");
		return;
	}
	series_child(j->m, job_record(j), (enum child_kind)j->sought,
	    CHILD_DELETED);
	job_later(j, j->m->loop.now_ns + GHOST_WAIT_NS);
}
