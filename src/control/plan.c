#include "control_int.h"

/*
 * What an HPA scales says nothing of replicas itself. One that there is no
 * room to know of goes on with what it has begun.
 */
static bool is_scaled(const struct plan_in *in, uint32_t asked)
{
	const uint32_t hpa = UINT32_C(1) << CHILD_HPA;
	const struct record *r = in->record;

	if (in->kinds & hpa)
		return true;
	return (asked & hpa) && (r->flags & RECORD_CROWDED) &&
	    r->workload.scaled &&
	    !child_at(in->records, r, CHILD_HPA)->exists;
}

/*
 * What failed once is not tried again: as long as its template is asked for,
 * the pods stay those of before. Should another one be asked for by now,
 * that is rolled out.
 */
static void plan_rollback(const struct plan_in *in, struct render_in *how)
{
	const struct workload *w = &in->record->workload;

	if (!in->server->spec.rollback)
		return;
	if (w->rolled_from != 0) {
		how->rolled_from = w->rolled_from;
		how->rolled_to = w->rolled_to;
	} else if (!in->stays && rollback_is_due(in->server, in->record) &&
	    rollback_has_aim(in->record)) {
		how->rolled_from = w->note_template;
		how->rolled_to = w->good;
	}
}

/*
 * The way the Deployment's template was made: by its revision, and with the
 * sidecar's image that the status has. False: that is today's way.
 */
static bool older_way(const struct plan_in *in, struct render_in *how)
{
	const struct workload *w = &in->record->workload;
	struct str image = in->server->status.sidecar;
	bool older = false;

	if ((!in->taken_up && !in->record->child[CHILD_DEPLOYMENT].exists) ||
	    w->note_revision == 0)
		return false;
	if (w->note_revision < RENDER_REVISION) {
		how->revision = w->note_revision;
		older = true;
	}
	if (in->sidecar.n > 0 && image.n > 0 && !str_eq(image, in->sidecar)) {
		how->sidecar = image;
		older = true;
	}
	return older;
}

/*
 * A template stays at the revision it was made by, and with the image that
 * the operator had for its sidecar, until something in it changes for another
 * reason: made in that way, it must still have the digest that was noted. See
 * RENDER_REVISION.
 */
static int render_frozen(const struct plan_in *in, struct arena *a,
    struct render_out *ret)
{
	const struct workload *w = &in->record->workload;
	struct render_in how = {
		.server = in->server, .refs = in->marks.refs,
		.seen = in->marks.seen, .scaled = in->scaled,
		.salt = in->salt, .sidecar = in->sidecar,
		.revision = RENDER_REVISION
	};
	size_t mark = arena_mark(a);
	int err;

	plan_rollback(in, &how);
	if (!older_way(in, &how))
		return render_server(&how, a, ret);
	err = render_server(&how, a, ret);
	if (err < 0 || ret->template_digest == w->note_template)
		return err;
	arena_reset(a, mark);
	how.revision = RENDER_REVISION;
	how.sidecar = in->sidecar;
	return render_server(&how, a, ret);
}

/* Kinds that may be made, and are asked for. */
static int render_extras(const struct plan_in *in, struct arena *a,
    struct render_out *ret)
{
	struct render_in how = {
		.server = in->server, .revision = RENDER_REVISION,
		.salt = in->salt
	};
	int k, err = 0;

	for (k = CHILD_KINDS; k < CHILD_KINDS_ALL && err == 0; k++)
		if (in->kinds >> k & 1)
			err = render_extra(&how, (enum child_kind)k, a,
			    &ret->child[k]);
	return err;
}

static void step_add(struct plan *p, enum step_kind what,
    enum child_kind child, bool force, bool repair)
{
	struct step *s = &p->step[p->steps++];

	s->what = (uint8_t)what;
	s->child = (uint8_t)child;
	s->force = force;
	s->repair = repair;
}

/*
 * The first apply of a child is not forced, so that an object somebody else
 * made is a conflict; later ones name the uid that was theirs before.
 */
static void plan_apply(const struct plan_in *in, enum child_kind k,
    struct plan *p)
{
	const struct child_state *have = child_at(in->records, in->record, k);
	const struct child *want = &p->out.child[k];

	if (!want->wanted)
		return;
	if (!have->exists)
		step_add(p, STEP_APPLY, k, false, false);
	else if (have->digest != want->digest)
		/* What we wrote already was written over, with the note. */
		step_add(p, STEP_APPLY, k, true, have->wrote == want->digest);
	else if (child_edited(have))
		step_add(p, STEP_APPLY, k, true, true);
	else if (in->again)
		step_add(p, STEP_APPLY, k, true, false);
}

static bool has_finalizer(const struct server *s, const char *name)
{
	uint32_t i;

	for (i = 0; i < s->meta.finalizers.n; i++)
		if (str_is(s->meta.finalizers.p[i], name))
			return true;
	return false;
}

bool is_our_finalizer(struct str finalizer)
{
	size_t i;

	for (i = 0; group_foreign_finalizers[i][0] != '\0'; i++)
		if (str_is(finalizer, group_foreign_finalizers[i]))
			return true;
	return false;
}

bool has_our_finalizers(const struct server *s)
{
	uint32_t i;

	for (i = 0; i < s->meta.finalizers.n; i++)
		if (is_our_finalizer(s->meta.finalizers.p[i]))
			return true;
	return false;
}

/*
 * Going: with a finalizer of ours the children go first, and it is released
 * when the last is gone; a finalizer that one of the older systems left
 * behind guards nothing of ours and is released in the same way. Who deletes
 * with --cascade=orphan keeps the children: they are only waited for until
 * they are let go.
 */
static void plan_deletion(const struct plan_in *in, struct plan *p)
{
	const struct child_state *have;
	int k;

	p->wanted = 0;
	p->keeps = has_finalizer(in->server, "orphan");
	if (!has_our_finalizers(in->server))
		return;
	p->drop_finalizers = true;
	for (k = CHILD_KINDS_ALL - 1; k >= 0; k--) {
		have = child_at(in->records, in->record, (enum child_kind)k);
		if (!have->exists)
			continue;
		p->drop_finalizers = false;
		if (!have->going && !p->keeps)
			step_add(p, STEP_DELETE, (enum child_kind)k, false,
			    false);
	}
}

/*
 * What was wanted before, as the last plan or the status has it, and neither
 * is any more nor is seen: it may have lost its label while the spec was not
 * valid.
 */
static uint32_t plan_seek(const struct plan_in *in, uint32_t wanted)
{
	const struct server_status *s = &in->server->status;
	uint32_t kinds = in->record->wanted, i;
	int k;

	for (i = 0; i < s->children.n; i++)
		for (k = 0; k < CHILD_KINDS_ALL; k++)
			if (child_ref_is(&s->children.p[i], in->record,
			    (enum child_kind)k))
				kinds |= UINT32_C(1) << k;
	return kinds & ~wanted &
	    ~record_children(in->records, in->record);
}

/* What it is not to have (any more), and is there. steers: CHILD_STEERS. */
static void plan_prune(const struct plan_in *in, bool steers, struct plan *p)
{
	int k;

	for (k = CHILD_KINDS_ALL - 1; k >= 0; k--) {
		const struct child_state *have = child_at(in->records,
		    in->record, (enum child_kind)k);

		if (((child_info[k].flags & CHILD_STEERS) != 0) == steers &&
		    !p->out.child[k].wanted && have->exists && !have->going)
			step_add(p, STEP_DELETE, (enum child_kind)k, false,
			    false);
	}
}

/*
 * A field that nobody applies any more goes back to its default, so another
 * manager applies the number of pods that there are before ours leaves it
 * out; the HPA's first own change takes it over from that one. A Deployment
 * that is to be made has one pod by itself, and is told of more afterwards.
 */
static int plan_scale(const struct plan_in *in, bool made, struct arena *a,
    struct plan *p)
{
	const struct workload *w = &in->record->workload;
	bool exists = in->record->child[CHILD_DEPLOYMENT].exists;
	int32_t first;
	int err;

	if (!in->scaled || made == exists || (exists && w->scaled))
		return 0;
	err = render_first_replicas(in->server, a, &first);
	if (err < 0)
		return err;
	/* An HPA lets be what has no pods. */
	p->scale_to = exists && w->asked > 0 ? w->asked : first;
	if (exists || first != 1)
		step_add(p, STEP_SCALE, CHILD_DEPLOYMENT, !exists ||
		    w->asked == 0, false);
	return 0;
}

static int plan_steps(const struct plan_in *in, struct arena *a,
    struct plan *p)
{
	int k, err = 0;

	plan_prune(in, true, p);
	/* Before there are pods for it to guard, or new ones. */
	plan_apply(in, CHILD_NETWORK_POLICY, p);
	for (k = 0; k < CHILD_KINDS_ALL; k++) {
		if (p->out.child[k].wanted)
			p->wanted |= UINT32_C(1) << k;
		if (k == CHILD_DEPLOYMENT)
			err = plan_scale(in, false, a, p);
		if (k != CHILD_NETWORK_POLICY)
			plan_apply(in, (enum child_kind)k, p);
		if (k == CHILD_DEPLOYMENT && err == 0)
			err = plan_scale(in, true, a, p);
	}
	plan_prune(in, false, p);
	return err;
}

/* Kinds that it may have by the spec at hand: all, where that is no good. */
static uint32_t kinds_asked(const struct plan_in *in, struct arena *a)
{
	uint32_t asked;

	if ((in->record->flags & RECORD_REFUSED) ||
	    render_kinds(in->server, a, &asked) < 0)
		return KINDS_EVERY;
	return asked | KINDS_CORE;
}

/*
 * What it has besides is seen, or was wanted before; that is looked for at
 * once, for the status that follows does not tell of it any more.
 */
static void plan_last_look(const struct plan_in *in, struct arena *a,
    struct plan *p)
{
	uint32_t asked;

	if (!has_our_finalizers(in->server))
		return;
	asked = kinds_asked(in, a);
	p->seek = plan_seek(in, asked);
	if (p->drop_finalizers)
		p->seek |= asked;
}

void plan_let_go(const struct records *rs, const struct record *r,
    struct plan *p)
{
	int k;

	for (k = 0; k < CHILD_KINDS_ALL; k++) {
		const struct child_state *c = child_at(rs, r,
		    (enum child_kind)k);
		uint32_t bit = UINT32_C(1) << k;

		if (!(child_info[k].flags & CHILD_STEERS) || c->going ||
		    !(p->wanted & bit))
			continue;
		p->wanted &= ~bit;
		/* Without its label nobody sees it, and it works all the
		 * same. */
		if (c->exists)
			step_add(p, STEP_DELETE, (enum child_kind)k, false,
			    false);
		else
			p->seek |= bit;
	}
}

void plan_refused(const struct records *rs, const struct record *r,
    struct plan *ret)
{
	ret->wanted = r->wanted | record_children(rs, r);
	if (!r->child[CHILD_DEPLOYMENT].exists)
		plan_let_go(rs, r, ret);
}

/* Who goes gives back at its end what the status says that it was given. */
static int plan_labels(const struct plan_in *in, struct arena *a,
    struct plan *p)
{
	int err;

	if (HAS(&in->server->meta, object_meta, deletion_time)) {
		p->relabel = p->drop_finalizers && labels_left(in->server,
		    in->record);
		return 0;
	}
	err = labels_wanted(in->server, &in->labels, a, &p->labels);
	if (err == 0)
		p->relabel = labels_due(in->server, in->record, &p->labels);
	p->announce = p->relabel && labels_unannounced(in->server);
	return err;
}

int plan_children(const struct plan_in *in, struct arena *a,
    struct plan *ret)
{
	struct plan_in how = *in;
	struct plan p = { 0 };
	uint32_t asked;
	int err;

	if (HAS(&in->server->meta, object_meta, deletion_time)) {
		plan_deletion(in, &p);
		plan_last_look(in, a, &p);
		(void)plan_labels(in, a, &p);
		*ret = p;
		return 0;
	}
	/* What there is room for may be of a newer spec than this one. */
	err = render_kinds(in->server, a, &asked);
	if (err < 0)
		return err;
	how.kinds &= asked;
	how.scaled = is_scaled(&how, asked);
	err = render_frozen(&how, a, &p.out);
	if (err == 0)
		err = render_extras(&how, a, &p.out);
	if (err == 0)
		err = plan_steps(&how, a, &p);
	if (err == 0)
		err = plan_labels(in, a, &p);
	if (err < 0)
		return err;
	/* What is asked for and has no slot is left alone. */
	p.seek = plan_seek(in, p.wanted | asked);
	p.others = KINDS_EVERY & ~(p.wanted | asked);
	p.add_finalizer = in->finalizers && !has_finalizer(in->server,
	    group_info(in->server->group)->finalizer);
	*ret = p;
	return 0;
}
