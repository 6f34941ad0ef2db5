#include "control_int.h"

uint64_t status_digest(enum group g, const struct server_status *s,
    struct arena *a)
{
	struct server_status copy = *s;
	size_t mark = arena_mark(a);
	struct buf b = arena_buf(a);
	struct jw w;
	uint64_t h;

	HAS_CLEAR(&copy, server_status, updated);
	HAS_CLEAR(&copy, server_status, changed);
	/* Empty, they say as little as when they are not there. */
	if (copy.reason.n == 0)
		HAS_CLEAR(&copy, server_status, reason);
	if (copy.message.n == 0)
		HAS_CLEAR(&copy, server_status, message);
	jw_init(&w, &b);
	status_write(g, &copy, &w);
	h = hash_more(HASH_SEED, b.p, b.n);
	(void)arena_keep(a, &b);
	arena_reset(a, mark);
	return h;
}

/* A status that was read has the word only, which may be of several. */
bool phase_moved(enum group g, const struct server_status *was,
    enum phase phase)
{
	const struct group_info *info = group_info(g);

	return !HAS(was, server_status, phase) ||
	    info->phase[was->phase] != info->phase[phase];
}

bool status_is_minor(enum group g, const struct server_status *a,
    const struct server_status *b)
{
	uint32_t i;

	if (phase_moved(g, a, b->phase) || a->conditions.n != b->conditions.n ||
	    a->observed_generation != b->observed_generation ||
	    a->children.n != b->children.n)
		return false;
	for (i = 0; i < a->conditions.n; i++) {
		const struct condition *x = &a->conditions.p[i];
		const struct condition *y = &b->conditions.p[i];

		if (!str_eq(x->type, y->type) || x->status != y->status ||
		    !str_eq(x->reason, y->reason))
			return false;
	}
	for (i = 0; i < a->children.n; i++)
		if (!str_eq(a->children.p[i].version,
		    b->children.p[i].version))
			return false;
	return true;
}
