#include <string.h>

#include "control_int.h"

/* 32 bits each, for there is a list of them in every record. */
static uint32_t fold(uint64_t h)
{
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t content_of(const struct ref_slot *s)
{
	uint32_t content = fold(s->digest);

	if (s->version == 0)
		return 0;
	return content != 0 ? content : 1;
}

bool seen_take(struct workload *w, struct str note)
{
	struct ref_note seen[RECORD_REFS_MAX] = { { 0, 0 } };
	struct str one;
	uint64_t refs = 0, both;
	uint8_t n = 0;
	bool same;

	note = str_cut(note, ',', &one);
	if (str_hex64(one, &refs) < 0)
		note = STR_NONE;
	while (note.n > 0) {
		note = str_cut(note, ',', &one);
		/* What cannot be read is as if nothing had been noted. */
		if (n == RECORD_REFS_MAX || str_hex64(one, &both) < 0) {
			n = 0;
			break;
		}
		seen[n++] = (struct ref_note){
			(uint32_t)(both >> 32), (uint32_t)both
		};
	}
	same = n == w->seen_n &&
	    memcmp(seen, w->seen, n * sizeof(seen[0])) == 0;
	memcpy(w->seen, seen, n * sizeof(seen[0]));
	w->seen_n = n;
	if (n > 0)
		w->note_refs = refs;
	return !same;
}

static const struct ref_note *seen_find(const struct workload *w,
    uint32_t ref)
{
	uint8_t i;

	for (i = 0; i < w->seen_n; i++)
		if (w->seen[i].ref == ref)
			return &w->seen[i];
	return NULL;
}

void refs_compare(const struct manager *m, struct record *r)
{
	const struct ref_note *was;
	uint8_t i;

	if (!(r->flags & RECORD_PLANNED) || !refs_ready(m, r))
		return;
	for (i = 0; i < r->refs; i++) {
		const struct ref_slot *s = &m->refs.r[r->ref[i]];

		was = seen_find(&r->workload, fold(s->hash));
		if (was != NULL && was->content != content_of(s))
			r->flags |= RECORD_DOUBTED;
	}
}

struct marking {
	const struct manager *m;
	const struct record *r;
	bool signals;		/* live ones bring no new pods */
	uint8_t kept;		/* of those that were noted */
	bool changed;
};

/* False: nothing is known of it, nor was. */
static bool mark_one(struct marking *f, const struct ref_name *name,
    struct ref_note *ret)
{
	const struct ref_slot *s = refs_slot(f->m, f->r, name->hash);
	const struct ref_note *was;

	ret->ref = fold(name->hash);
	was = seen_find(&f->r->workload, ret->ref);
	if (s != NULL && s->known)
		ret->content = content_of(s);
	else if (was != NULL)
		ret->content = was->content;
	else
		return false;
	if (was == NULL)
		return true;
	f->kept++;
	/* New pods could not start without it; those that run can stay. */
	if (ret->content == 0 && !name->optional)
		ret->content = was->content;
	if (ret->content != was->content)
		f->changed = true;
	return true;
}

/* Made before NOTE_SEEN was, when NOTE_REFS was of all that was followed. */
static bool old_changed(const struct manager *m, const struct record *r)
{
	const struct workload *w = &r->workload;

	return w->seen_n == 0 && w->note_refs != 0 && r->refs > 0 &&
	    w->note_refs != refs_state(m, r);
}

/* Its digest; 0: nothing is known of any. */
static uint64_t marks_write(struct marking *f, const struct server *s,
    struct buf *out)
{
	struct ref_name name[RECORD_REFS_MAX];
	uint8_t n = refs_named(s, name), i;
	struct ref_note note;
	size_t from = out->n;

	for (i = 0; i < n; i++) {
		if ((f->signals && name[i].live) ||
		    !mark_one(f, &name[i], &note))
			continue;
		buf_char(out, ',');
		buf_hex64(out, (uint64_t)note.ref << 32 | note.content);
	}
	return out->n > from ?
	    hash_more(HASH_SEED, out->p + from, out->n - from) : 0;
}

void refs_mark(const struct manager *m, const struct record *r,
    const struct server *s, bool taken_up, struct arena *a,
    struct ref_marks *ret)
{
	const struct workload *w = &r->workload;
	bool made = taken_up || r->child[CHILD_DEPLOYMENT].exists;
	struct marking f = { .m = m, .r = r,
		.signals = m->o->sidecar_image.n > 0 &&
		    server_signals(&s->spec) };
	char mem[17 * (RECORD_REFS_MAX + 1)];
	struct buf list, seen = arena_buf(a);
	uint64_t h;

	buf_init(&list, mem, sizeof(mem));
	h = marks_write(&f, s, &list);
	CHECK(!list.over);
	/*
	 * One that is not named any more has gone from the template, too.
	 * Without it, so that it counts should it come back.
	 */
	ret->refs = f.changed || f.kept < w->seen_n || old_changed(m, r) ||
	    !made ? h : w->note_refs;
	if (list.n > 0)
		buf_hex64(&seen, ret->refs);
	buf_str(&seen, buf_view(&list));
	ret->seen = arena_keep(a, &seen);
}
