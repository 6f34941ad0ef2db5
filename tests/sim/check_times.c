/*
 * A condition's time is that of its last change and no other, and a status
 * is of the server that it is written to, and not of one that had its name
 * before.
 */
#include <string.h>

#include "check.h"

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

static void write(struct sim *s, const struct api_write *w)
{
	const struct node *list;
	struct str uid;

	if (!from_operator(w) || !is_server_kind(w->kind) || !w->old ||
	    !w->new || strcmp(w->sub, "status") != 0)
		return;
	uid = node_text(w->new, "metadata.uid");
	if (str_search(s->serving_body, uid) == s->serving_body.n)
		sim_fail(s, "times", "%.*s/%.*s has the status of another",
		    (int)w->ns.n, w->ns.p, (int)w->name.n, w->name.p);
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

const struct checker check_times = { .name = "times", .write = write };
