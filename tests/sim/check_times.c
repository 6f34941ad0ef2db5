/*
 * A condition's time is that of its last change and no other.  Looked at
 * while nothing has gone wrong for a while, and where one instance writes:
 * a status that came late tells the time of what was judged before, and so
 * does one that its sender had given up (seed 8300089).
 */
#include <string.h>

#include "check.h"

enum { FAIR_S = 20 };

static const struct node *find(const struct node *root, struct str type)
{
	const struct node *list = node_path(root, "status.conditions");

	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++)
		if (str_eq(node_text(list->item[i], "type"), type))
			return list->item[i];
	return NULL;
}

static bool same(const struct node *a, const struct node *b,
    const char *member)
{
	return str_eq(node_text(a, member), node_text(b, member));
}

/*
 * A status that was on its way when its server was made anew comes to the new
 * one: neither its times nor those that take their place are looked at.
 */
static bool is_formers(struct sim *s, const struct api_write *w)
{
	struct str uid = node_text(w->new, "metadata.uid");
	uint64_t h = str_hash(uid);
	uint64_t *told = &s->checks->told[h % ARRAY_LEN(s->checks->told)];
	bool was = *told == h;

	if (str_search(s->serving_body, uid) == s->serving_body.n)
		*told = h;
	else if (was)
		*told = 0;
	return was || *told == h;
}

static void write(struct sim *s, const struct api_write *w)
{
	const struct node *list;

	if (!from_operator(w) || !is_server_kind(w->kind) || !w->old ||
	    !w->new || strcmp(w->sub, "status") != 0 || is_formers(s, w) ||
	    s->sc.insts > 1 || s->serving_sent_ns < 0 ||
	    s->now_ns - s->checks->foul_ns < FAIR_S * SEC)
		return;
	list = node_path(w->new, "status.conditions");
	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++) {
		const struct node *c = list->item[i];
		struct str type = node_text(c, "type");
		const struct node *was = find(w->old, type);

		if (was && same(was, c, "status") &&
		    !same(was, c, "lastTransitionTime"))
			sim_fail(s, "times", "%.*s/%.*s: %.*s has another "
			    "time, but has not changed", (int)w->ns.n,
			    w->ns.p, (int)w->name.n, w->name.p, (int)type.n,
			    type.p);
	}
}

static void second(struct sim *s)
{
	bool foul = false;

	for (uint32_t i = 0; i < s->sc.insts; i++) {
		const struct inst *in = &s->inst[i];

		foul = foul || !in->alive || in->paused_ns + SEC > s->now_ns ||
		    s->now_ns - in->born_ns < FAIR_S * SEC;
		for (int f = 0; f < FAULTS; f++)
			foul = foul || (s->windows[f][i] && !s->calm);
	}
	if (foul || wire_holes(s))
		s->checks->foul_ns = s->now_ns;
}

const struct checker check_times = { .name = "times", .write = write,
    .second = second };
