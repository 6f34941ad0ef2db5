#include "job_int.h"

/*
 * Pods go back to a template that was good: it stands in a ReplicaSet of the
 * Deployment, which is found by its revision, in as few reads as there are
 * pages of them, and read when the Deployment is to be written. As the API
 * server stored it, all defaults in it, so that the ReplicaSet is taken up
 * again and pods of it that still run stay.
 */

static const struct gvr sets_gvr = { "apps", "v1", "replicasets", true };

#define NOTE_HISTORY "deployment.kubernetes.io/revision-history"

/* Has the Deployment not gone back yet? */
static bool begins(const struct job *j)
{
	return job_record(j)->workload.rolled_from == 0 && !j->adopts;
}

bool job_lacks_template(const struct job *j)
{
	return j->plan.out.rolled_to != 0 && j->roll.template.n == 0;
}

/* A job that could not even go back has none to tell of. */
bool job_lacks_image(const struct job *j)
{
	const struct condition *c = status_condition(&j->server.status,
	    "Progressing");

	return job_lacks_template(j) && !j->roll.asked &&
	    (!j->has_failed || job_record(j)->workload.rolled_from != 0) &&
	    (c == NULL || !str_is(c->reason, "RolledBack"));
}

/* Its pods go when it is taken back, and with them what was known of them. */
static struct str what_fell(struct job *j)
{
	const struct trouble *t = pods_worst(&j->m->pods,
	    job_record(j)->key_hash, true);
	struct buf b = arena_buf(&j->arena);

	if (t != NULL)
		buf_fmt(&b, "%s: %s", t->reason, t->message);
	return arena_keep(&j->arena, &b);
}

static void revisions_ask(struct job *j, struct str more)
{
	const struct record *r = job_record(j);
	char mem[160];
	struct buf labels;

	buf_init(&labels, mem, sizeof(mem));
	render_selector((enum group)r->group, str_from(r->name), &labels);
	buf_char(&labels, '\0');
	CHECK(!labels.over);
	job_call(j);
	kube_call_list(&j->call, &sets_gvr, str_from(r->ns), mem, NULL,
	    REVISIONS_PAGE, more);
	j->call.accept = KUBE_METADATA_LIST;
	j->roll.pages++;
	job_send(j, JOB_REVISIONS);
}

void job_roll(struct job *j)
{
	j->roll.asked = true;
	if (begins(j))
		j->roll.fell = what_fell(j);
	job_keep(j);
	revisions_ask(j, STR_NONE);
}

/* Goes on where the template was asked for. */
static void go_on(struct job *j)
{
	if (j->at < j->plan.steps)
		job_apply(j, &j->plan.step[j->at]);
	else
		job_next(j);
}

/* Pods that went back already, and were edited, cannot be mended. */
static void job_strands(struct job *j, struct str why)
{
	struct kube_status status = { .err = ERR_NOENT, .retry_after_ns = -1 };
	struct diag d = { 0 };

	if (j->at >= j->plan.steps) {
		job_next(j);
		return;
	}
	diag_set(&d, STR_NONE, "its pods went back to revision %u of it, and "
	    "%S", j->plan.out.rolled_to, why);
	job_refused(j, &d, &status);
}

/* There is nothing that it can go back to: what is asked for stays. */
static void job_stays(struct job *j, struct str why)
{
	const struct child_state *have =
	    &job_record(j)->child[CHILD_DEPLOYMENT];

	if (!begins(j)) {
		job_strands(j, why);
		return;
	}
	j->roll.stays = why;
	if (!job_plan_again(j))
		job_too_large(j);
	else if (have->digest == j->plan.out.child[CHILD_DEPLOYMENT].digest &&
	    !child_edited(have))
		job_step_over(j);
	/* What is planned anew is shown to who has a say in it, too. */
	else if (j->m->hooks != NULL && !j->hooked)
		job_next(j);
	else
		job_apply(j, &j->plan.step[j->at]);
}

/* Was it that revision, now or once? "1,4" */
static bool has_been(const struct json_doc *doc, uint32_t notes,
    uint32_t revision, struct arena *a)
{
	uint32_t v = json_get(doc, notes, STR(NOTE_HISTORY));
	struct str list = STR_NONE, one;
	uint64_t n;

	if (v != JSON_NIL && json_string(doc, v, a, &list) < 0)
		return false;
	while (list.n > 0) {
		list = str_cut(list, ',', &one);
		if (str_u64(one, &n) == 0 && n == revision)
			return true;
	}
	return false;
}

static uint64_t revision_of(const struct json_doc *doc, uint32_t notes,
    struct arena *a)
{
	uint32_t v = json_get(doc, notes, STR(NOTE_REVISION));
	struct str text;
	uint64_t n = 0;

	if (v != JSON_NIL && json_string(doc, v, a, &text) == 0)
		(void)str_u64(text, &n);
	return n;
}

static bool is_its_own(const struct job *j, const struct json_doc *doc,
    uint32_t meta, struct arena *a)
{
	const struct uid *own = j->adopts ? &j->found :
	    &job_record(j)->child[CHILD_DEPLOYMENT].uid;
	uint32_t list = json_get(doc, meta, STR("ownerReferences")), o;
	struct uid uid;

	for (o = json_first(doc, list); o != JSON_NIL;
	    o = json_next(doc, list, o)) {
		(void)uid_parse(text_at(doc, o, "uid", a), &uid);
		if (uid_same(&uid, own))
			return true;
	}
	return false;
}

/* True: the one that is looked for. */
static bool revision_look(struct job *j, const struct json_doc *doc,
    uint32_t meta)
{
	const struct workload *w = &job_record(j)->workload;
	struct arena *a = &j->arena;
	struct str name = text_at(doc, meta, "name", a);
	uint32_t notes = json_get(doc, meta, STR("annotations"));
	uint64_t revision = revision_of(doc, notes, a);
	uint32_t aim = j->plan.out.rolled_to;

	if (!is_its_own(j, doc, meta, a))
		return false;
	if (begins(j) && revision != w->revision &&
	    name_digest(name) == w->late_of)
		j->roll.late = true;
	if (revision != aim && !has_been(doc, notes, aim, a))
		return false;
	/* What has failed was good once: there is no other one. */
	return !begins(j) || revision != w->revision;
}

/* ERR_*: it cannot be read. */
static int revisions_read(struct job *j)
{
	size_t mark = arena_mark(&j->arena);
	struct json_doc doc;
	struct str name = STR_NONE;
	struct buf b;
	uint32_t list, o, meta;
	int err = json_parse(&doc, j->call.reply, j->m->tok, JSON_TOKENS_MAX,
	    NULL);

	if (err < 0)
		return err;
	list = json_get(&doc, JSON_ROOT, STR("items"));
	for (o = json_first(&doc, list); o != JSON_NIL;
	    o = json_next(&doc, list, o)) {
		meta = json_get(&doc, o, STR("metadata"));
		if (meta != JSON_NIL && revision_look(j, &doc, meta))
			name = json_raw(&doc, json_get(&doc, meta,
			    STR("name")));
	}
	arena_reset(&j->arena, mark);
	if (name.n <= 2)
		return 0;
	/* A name has no escapes. */
	b = arena_buf(&j->arena);
	buf_str(&b, str_sub(name, 1, name.n - 1));
	j->roll.name = arena_keep(&j->arena, &b);
	job_keep(j);
	return 0;
}

static void revision_ask(struct job *j)
{
	job_call(j);
	kube_call_get(&j->call, &sets_gvr, str_from(job_record(j)->ns),
	    j->roll.name);
	job_send(j, JOB_REVISION);
}

/* What can be said of a read that trying again does not help; else empty. */
static struct str why_unread(int err)
{
	switch (err) {
	case ERR_FORBIDDEN:
		return STR("the operator may not read its ReplicaSets");
	case ERR_NOENT:
		return STR("the ReplicaSet of that revision has gone");
	case ERR_LIMIT:
	case ERR_FULL:
	case ERR_BAD:
	case ERR_UNSUPPORTED:
		return STR("its ReplicaSets cannot be read");
	default:
		return STR_NONE;
	}
}

static void not_read(struct job *j, int err)
{
	struct str why = why_unread(err);

	if (why.n == 0)
		job_failed(j, "cannot read ReplicaSets");
	else
		job_stays(j, why);
}

void job_revisions_done(struct job *j)
{
	int err = j->call.status.err;
	struct str more = STR_NONE;

	if (err == 0)
		err = revisions_read(j);
	if (err < 0) {
		not_read(j, err);
		return;
	}
	(void)kube_peek(j->call.reply, "metadata.continue", &more);
	if (more.n > 0 && more.n <= REVISIONS_TOKEN_MAX &&
	    j->roll.pages < REVISIONS_PAGES_MAX && !j->roll.late)
		revisions_ask(j, more);
	else if (j->roll.late)
		job_stays(j, STR_NONE);
	else if (j->roll.name.n == 0)
		not_read(j, ERR_NOENT);
	else
		revision_ask(j);
}

/* What is the ReplicaSet's own does not belong to the Deployment. */
static int template_take(struct job *j, struct str text)
{
	struct arena *a = &j->arena;
	struct json_doc base, patch;
	uint32_t list, c;
	struct buf out;
	struct jw w;

	if (json_parse_in(&base, text, a, NULL) < 0 || json_parse_in(&patch,
	    STR("{\"metadata\":{\"creationTimestamp\":null,\"labels\":"
	    "{\"pod-template-hash\":null}}}"), a, NULL) < 0)
		return ERR_BAD;
	list = json_path(&base, JSON_ROOT, "spec.containers");
	for (c = list == JSON_NIL ? JSON_NIL : json_first(&base, list);
	    c != JSON_NIL; c = json_next(&base, list, c))
		if (str_is(text_at(&base, c, "name", a), CONTAINER_NAME))
			j->roll.image = arena_str(a,
			    text_at(&base, c, "image", a));
	out = arena_buf(a);
	jw_init(&w, &out);
	json_patch_write(&base, &patch, pod_template_lists, &w);
	j->roll.template = arena_keep(a, &out);
	return a->over ? ERR_FULL : 0;
}

void job_revision_done(struct job *j)
{
	int err = j->call.status.err;
	struct str text;

	if (err == 0)
		err = kube_peek(j->call.reply, "spec.template", &text) ?
		    template_take(j, text) : ERR_BAD;
	if (j->arena.over) {
		job_failed(j, "arena is full");
		return;
	}
	if (err < 0) {
		not_read(j, err);
		return;
	}
	job_keep(j);
	go_on(j);
}

void job_rolls_back(struct job *j)
{
	const struct record *r = job_record(j);

	if (j->plan.out.rolled_to == 0 || !begins(j))
		return;
	count_add(&j->m->counts, COUNT_ROLLBACKS, 1);
	log_line(&j->m->log, LOG_INFO, "rolled back",
	    "group=%s namespace=%s name=%s revision=%u",
	    group_info(r->group)->group, r->ns, r->name,
	    j->plan.out.rolled_to);
}
