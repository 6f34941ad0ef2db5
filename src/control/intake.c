#include <string.h>

#include "control_int.h"

void server_gvr(enum group g, struct gvr *ret)
{
	const struct group_info *info = group_info(g);

	*ret = (struct gvr){ info->group, info->version, info->plural,
	    true };
}

/*
 * What of an object can change what it should become: the spec counts in
 * generation; labels, annotations and finalizers do not.
 */
static uint64_t facts_of(const struct server *s)
{
	const struct pairs *maps[] = {
		&s->meta.labels, &s->meta.annotations
	};
	uint64_t h = hash_more(HASH_SEED, &s->meta.generation,
	    sizeof(s->meta.generation));
	size_t k;
	uint32_t i;

	for (k = 0; k < ARRAY_LEN(maps); k++)
		for (i = 0; i < maps[k]->n; i++) {
			const struct pair *p = &maps[k]->p[i];

			/* kubectl's copy of the spec says nothing new. */
			if (str_starts(p->key,
			    STR("kubectl.kubernetes.io/")))
				continue;
			h = hash_more(h, p->key.p, p->key.n);
			h = hash_more(h, "=", 1);
			h = hash_more(h, p->value.p, p->value.n);
		}
	for (i = 0; i < s->meta.finalizers.n; i++)
		h = hash_more(h, s->meta.finalizers.p[i].p,
		    s->meta.finalizers.p[i].n);
	return hash_more(h, &s->meta.deletion_time,
	    sizeof(s->meta.deletion_time));
}

bool child_name_is(struct str name, struct str server, enum child_kind k)
{
	return str_starts(name, server) && str_is(str_sub(name, server.n,
	    name.n), child_info[k].suffix);
}

bool child_ref_is(const struct child_ref *ref, const struct record *r,
    enum child_kind k)
{
	return str_is(ref->kind, child_info[k].kind) &&
	    child_name_is(ref->name, str_from(r->name), k);
}

void own_versions(struct manager *m, struct record *r,
    const struct server_status *st, bool follow)
{
	struct child_state *c;
	uint32_t i;
	int k;

	for (i = 0; i < st->children.n; i++)
		for (k = 0; k < CHILD_KINDS_ALL; k++) {
			const struct child_ref *ref = &st->children.p[i];

			if (!child_ref_is(ref, r, (enum child_kind)k))
				continue;
			if (follow && k >= CHILD_KINDS)
				extras_named(m, r, (enum child_kind)k);
			c = child_slot(&m->records, r, (enum child_kind)k);
			if (c != NULL)
				child_own_told(c, (enum child_kind)k,
				    ref->version, m->leading);
		}
}

/*
 * As an operator before us saw it, or another. A later one is of a Deployment
 * that is not there any more.
 */
static void good_told(struct record *r, const struct server_status *st)
{
	struct workload *w = &r->workload;

	if (st->good_revision > 0 &&
	    (uint32_t)st->good_revision <= w->revision &&
	    (uint32_t)st->good_revision > w->good)
		w->good = (uint32_t)st->good_revision;
}

int record_follow(struct manager *m, struct record *r,
    const struct server *s, struct arena *a)
{
	uint32_t kinds = 0;
	int err = 0;

	refs_follow(m, r, s);
	if (!HAS(&s->meta, object_meta, deletion_time))
		err = render_kinds(s, a, &kinds);
	if (err == 0)
		extras_follow(m, r, kinds & extras_made(m));
	return err;
}

static void status_seen(struct manager *m, struct record *r,
    const struct server *s)
{
	r->status_told = status_digest(s->group, &s->status, &m->intake);
	/* Our own, as it was stored: there may be less of it. */
	if (r->status_version != 0 &&
	    version_number(s->meta.resource_version) == r->status_version)
		r->status_said = r->status_told;
}

void status_defend(struct manager *m, uint32_t i)
{
	const struct record *r = record_at(&m->records, i);
	int64_t at_ns = m->loop.now_ns + STATUS_FIRST_NS;

	if (at_ns < contest_calm_ns(&r->status_fight))
		at_ns = contest_calm_ns(&r->status_fight);
	queue_at(&m->queue, i, at_ns);
	manager_kick(m);
}

void record_facts(struct record *r, const struct server *s, bool valid)
{
	uint64_t facts = facts_of(s);
	struct buf b;

	/* What failed before says little of what is asked for now. */
	if (facts != r->facts)
		r->failures = 0;
	r->facts = facts;
	good_told(r, &s->status);
	/* Who does not lead tells what it reads. */
	series_ready(r, &s->status);
	if (!valid) {
		r->flags |= RECORD_REFUSED;
		return;
	}
	r->flags &= ~(uint32_t)RECORD_REFUSED;
	r->flags &= ~(uint32_t)RECORD_ROLLS;
	if (s->spec.rollback)
		r->flags |= RECORD_ROLLS;
	r->desired = server_replicas(&s->spec);
	r->transport = (uint8_t)s->spec.transport.type;
	memset(r->image, 0, sizeof(r->image));
	buf_init(&b, r->image, sizeof(r->image) - 1);
	buf_str(&b, str_sub(s->spec.image, 0, b.cap));
}

/*
 * A settled server costs no request: its line is planned once for the
 * digests alone, and when children and status are what they should be it is
 * not queued at all.
 */
static bool is_settled(struct manager *m, struct record *r,
    const struct server *s)
{
	struct plan_in in = {
		.server = s, .records = &m->records, .record = r,
		.kinds = extras_allowed(m, r), .finalizers = m->o->finalizers
	};
	struct judge_in look = {
		.server = s, .records = &m->records, .record = r
	};
	struct verdict *verdict;
	struct plan plan;
	uint64_t said;

	if (!refs_ready(m, r))
		return false;
	refs_mark(m, r, s, false, &m->intake, &in.marks);
	in.salt = hooks_salt(m, s);
	in.sidecar = m->o->sidecar_image;
	labels_rule(m, &in.labels);
	if (plan_children(&in, &m->intake, &plan) < 0 ||
	    plan.steps > 0 || plan.add_finalizer || plan.drop_finalizers)
		return false;
	if (plan.relabel)
		return false;
	if (!m->pods.synced && record_lacks(r))
		return false;
	verdict = arena_new(&m->intake, struct verdict);
	if (verdict == NULL)
		return false;
	verify_note(m, r, s);
	judge_fill(m, r, s, &look);
	look.sidecar = plan.out.sidecar;
	if (schedule_due(s, look.wall_ns))
		return false;
	judge(&look, &m->intake, verdict);
	/* It is still to be asked who it is. */
	if (verdict->up && r->verify.state == VERIFIED_PENDING)
		return false;
	said = status_digest(s->group, &verdict->status, &m->intake);
	if (said != r->status_told)
		return false;
	schedule_wait(m, record_index(&m->records, r), &verdict->status);
	r->status_said = said;
	r->wanted = plan.wanted;
	r->planned_facts = r->facts;
	r->planned_inputs = record_inputs(m, r);
	r->phase = (uint8_t)s->status.phase;
	r->flags |= RECORD_PLANNED;
	return true;
}

static uint32_t server_record(struct manager *m, enum group g,
    const struct server *s)
{
	struct uid uid;
	uint32_t i;
	struct record *r;

	(void)uid_parse(s->meta.uid, &uid);
	i = record_find(&m->records, &uid);
	if (i == RECORD_NONE)
		i = record_add(&m->records, &uid, g, s->meta.ns,
		    s->meta.name);
	if (i == RECORD_NONE)
		return i;
	r = record_at(&m->records, i);
	record_live(&m->records, i, true);
	r->flags |= RECORD_LISTED;
	if (HAS(&s->meta, object_meta, deletion_time))
		r->flags |= RECORD_DELETING;
	return i;
}

/* No slot is left: running servers are untouched, the new one is told. */
static void server_refused(struct manager *m, const struct server *s)
{
	count_add(&m->counts, COUNT_CAPACITY_REFUSED, 1);
	if (!HAS(&s->meta, object_meta, deletion_time))
		refusal_note(m, s);
	else if (has_our_finalizers(s))
		release_note(m, s);
}

/*
 * A read has told of a later version; what this line says is over, and the
 * later ones come. It is read all the same where it tells of another spec.
 */
static void line_is_old(struct manager *m, uint32_t i,
    const struct server *s)
{
	const struct record *r = record_at(&m->records, i);

	if ((r->flags & RECORD_BUSY) || facts_of(s) == r->facts)
		return;
	queue_add(&m->queue, i, false, m->loop.now_ns);
	manager_kick(m);
}

static void server_seen(struct manager *m, enum group g,
    struct server *s, bool valid, struct str text)
{
	uint32_t i = server_record(m, g, s);
	struct record *r;

	if (i == RECORD_NONE) {
		server_refused(m, s);
		return;
	}
	r = record_at(&m->records, i);
	if (!record_version(r, s->meta.resource_version)) {
		line_is_old(m, i, s);
		return;
	}
	/* Where there is no room for all of it a job will say so. */
	if (valid)
		(void)record_follow(m, r, s, &m->intake);
	own_versions(m, r, &s->status, true);
	status_seen(m, r, s);
	record_facts(r, s, valid);
	/* Who does not lead tells what it reads. */
	if (!m->leading && HAS(&s->status, server_status, phase))
		r->phase = (uint8_t)s->status.phase;
	if ((r->flags & RECORD_BUSY) || queue_holds(&m->queue, i))
		return;
	if (r->flags & RECORD_PLANNED) {
		if (!record_due(m, r)) {
			if (record_overwritten(r))
				status_defend(m, i);
			return;
		}
	} else if (!extras_ready(m, r)) {
		/* The end of their list queues it. */
		held_keep(m, r, text);
		return;
	} else if (valid && is_settled(m, r, s)) {
		return;
	}
	/* Small waits of the status are over when the spec changes. */
	r->minor_since_ns = 0;
	if (r->not_before_ns <= m->loop.now_ns && jobs_offer(m, i, text))
		return;
	held_keep(m, r, text);
	queue_add(&m->queue, i, true, m->loop.now_ns);
	manager_kick(m);
}

void record_release(struct manager *m, uint32_t i)
{
	struct record *r = record_at(&m->records, i);

	extras_tidy(m, r);
	if ((r->flags & (RECORD_LIVE | RECORD_BUSY)) ||
	    record_children(&m->records, r) != 0)
		return;
	refs_leave(m, r);
	held_drop(m, r);
	queue_forget(&m->queue, i);
	record_drop(&m->records, i);
	capacity_freed(m);
}

static void server_gone(struct manager *m, struct str uid_text)
{
	struct record *r;
	struct uid uid;
	uint32_t i;

	(void)uid_parse(uid_text, &uid);
	i = record_find(&m->records, &uid);
	if (i == RECORD_NONE)
		return;
	r = record_at(&m->records, i);
	record_live(&m->records, i, false);
	refs_leave(m, r);
	extras_follow(m, r, 0);
	held_drop(m, r);
	queue_forget(&m->queue, i);
	record_release(m, i);
}

static void server_item(struct manager *m, enum group g, struct str text)
{
	size_t mark = arena_mark(&m->intake);
	struct server *s = arena_new(&m->intake, struct server);
	struct diag d = { 0 };
	struct json_doc doc;
	int err;

	err = s == NULL ? ERR_FULL :
	    json_parse(&doc, text, m->tok, JSON_TOKENS_MAX, &d);
	if (err == 0)
		err = server_decode(g, &doc, JSON_ROOT, &m->intake, s, &d);
	if (err == 0)
		err = server_check(s, &m->intake, &d);
	if (err == 0 || err == ERR_INVALID)
		server_seen(m, g, s, err == 0, text);
	else
		log_line(&m->log, LOG_ERROR, "unreadable object",
		    "group=%s error=%s path=%s", group_info(g)->group,
		    d.text[0] ? d.text : err_text(err), d.path);
	arena_reset(&m->intake, mark);
	/* Its user is told, and the status that says so brings it again. */
	if (err == ERR_LIMIT || err == ERR_FULL)
		oversize_note(m, NOTE_VALUES, g, text);
}

static void servers_sweep(struct manager *m, enum group g, uint64_t scope)
{
	char mem[48];
	struct buf uid;
	uint32_t i;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		struct record *r = record_at(&m->records, i);

		if (r->group != g || (r->flags & RECORD_LISTED) ||
		    !record_in(r, scope))
			continue;
		if (r->flags & RECORD_LIVE) {
			buf_init(&uid, mem, sizeof(mem));
			uid_format(&r->uid, &uid);
			server_gone(m, buf_view(&uid));
		}
	}
}

static void servers_unlist(struct manager *m, enum group g, uint64_t scope)
{
	uint32_t i;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1)) {
		struct record *r = record_at(&m->records, i);

		if (r->group != g || !record_in(r, scope))
			continue;
		r->flags &= ~(uint32_t)RECORD_LISTED;
		/* Versions may have begun anew: a restored etcd. */
		r->version = 0;
	}
}

void intake_event(struct manager *m, enum group g, uint64_t scope,
    enum kube_watch_event e, struct str text)
{
	struct str uid;

	switch (e) {
	case WATCH_BEGIN:
		servers_unlist(m, g, scope);
		break;
	case WATCH_ITEM:
		server_item(m, g, text);
		break;
	case WATCH_DELETED:
		if (kube_peek(text, "metadata.uid", &uid))
			server_gone(m, uid);
		break;
	case WATCH_SYNCED:
		servers_sweep(m, g, scope);
		break;
	case WATCH_OVERSIZE:
		oversize_note(m, NOTE_OVERSIZE, g, text);
		break;
	case WATCH_ERROR:
		break;
	}
}
