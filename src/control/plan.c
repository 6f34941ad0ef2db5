#include "control_int.h"

/*
 * A template stays at the revision it was made by until something in it
 * changes for another reason: rendered at that revision, it must still have
 * the digest that was noted. See RENDER_REVISION.
 */
static int render_frozen(const struct plan_in *in, struct arena *a,
    struct render_out *ret)
{
	const struct workload *w = &in->record->workload;
	struct render_in how = {
		.server = in->server, .refs = in->marks.refs,
		.seen = in->marks.seen, .revision = RENDER_REVISION
	};
	size_t mark = arena_mark(a);
	int err;

	if (!in->record->child[CHILD_DEPLOYMENT].exists ||
	    w->note_revision == 0 || w->note_revision >= RENDER_REVISION)
		return render_server(&how, a, ret);
	how.revision = w->note_revision;
	err = render_server(&how, a, ret);
	if (err < 0 || ret->template_digest == w->note_template)
		return err;
	arena_reset(a, mark);
	how.revision = RENDER_REVISION;
	return render_server(&how, a, ret);
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
static void plan_apply(const struct record *r, enum child_kind k,
    struct plan *p)
{
	const struct child_state *have = &r->child[k];
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
	int k;

	p->wanted = 0;
	p->keeps = has_finalizer(in->server, "orphan");
	if (!has_our_finalizers(in->server))
		return;
	p->drop_finalizers = true;
	for (k = CHILD_KINDS - 1; k >= 0; k--) {
		if (!in->record->child[k].exists)
			continue;
		p->drop_finalizers = false;
		if (!in->record->child[k].going && !p->keeps)
			step_add(p, STEP_DELETE, (enum child_kind)k, false,
			    false);
	}
}

int plan_children(const struct plan_in *in, struct arena *a,
    struct plan *ret)
{
	struct plan p = { 0 };
	int k, err;

	if (HAS(&in->server->meta, object_meta, deletion_time)) {
		plan_deletion(in, &p);
		*ret = p;
		return 0;
	}
	err = render_frozen(in, a, &p.out);
	if (err < 0)
		return err;
	for (k = 0; k < CHILD_KINDS; k++) {
		if (p.out.child[k].wanted)
			p.wanted |= (uint8_t)(1 << k);
		plan_apply(in->record, (enum child_kind)k, &p);
	}
	for (k = CHILD_KINDS - 1; k >= 0; k--)
		if (!p.out.child[k].wanted &&
		    in->record->child[k].exists &&
		    !in->record->child[k].going)
			step_add(&p, STEP_DELETE, (enum child_kind)k, false,
			    false);
	p.add_finalizer = in->finalizers && !has_finalizer(in->server,
	    group_info(in->server->group)->finalizer);
	*ret = p;
	return 0;
}
