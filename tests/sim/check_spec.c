/* Of users' objects only the status is written, and finalizers. */
#include <string.h>

#include "check.h"

static bool same(const struct node *a, const struct node *b, const char *path)
{
	return node_equal(node_path(a, path), node_path(b, path));
}

static bool is_ours(struct str finalizer)
{
	static const char *const ours[] = {
		"mcp.allbeone.io/finalizer", "mcp.n-takatsu.dev/finalizer",
		"mcp.example.com/finalizer", "mcp.mcp.dev/finalizer"
	};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (str_is(finalizer, ours[i]))
			return true;
	return false;
}

/* Is every finalizer of a, but for our own, in b? */
static bool finalizers_in(const struct node *a, const struct node *b)
{
	const struct node *x = node_path(a, "metadata.finalizers");
	const struct node *y = node_path(b, "metadata.finalizers");

	for (uint32_t i = 0; node_is(x, NODE_LIST) && i < x->n; i++) {
		uint32_t k = 0;

		if (is_ours(x->item[i]->text))
			continue;
		while (node_is(y, NODE_LIST) && k < y->n &&
		    !node_equal(x->item[i], y->item[k]))
			k++;
		if (!node_is(y, NODE_LIST) || k == y->n)
			return false;
	}
	return true;
}

static void write(struct sim *s, const struct api_write *w)
{
	bool status = strcmp(w->sub, "status") == 0;

	if (!from_operator(w) || !is_server_kind(w->kind))
		return;
	/* A deletion ends when the last finalizer goes. */
	if (!w->new)
		return;
	if (!w->old) {
		sim_fail(s, "spec", "makes the server %.*s/%.*s",
		    (int)w->ns.n, w->ns.p, (int)w->name.n, w->name.p);
		return;
	}
	if (!finalizers_in(w->old, w->new) ||
	    !finalizers_in(w->new, w->old))
		sim_fail(s, "spec", "changes others' finalizers of "
		    "%.*s/%.*s", (int)w->ns.n, w->ns.p, (int)w->name.n,
		    w->name.p);
	if (!same(w->old, w->new, "spec") ||
	    !same(w->old, w->new, "metadata.labels") ||
	    !same(w->old, w->new, "metadata.annotations") ||
	    !same(w->old, w->new, "metadata.ownerReferences") ||
	    !same(w->old, w->new, "metadata.uid") ||
	    (status && !same(w->old, w->new, "metadata.finalizers")) ||
	    (!status && !same(w->old, w->new, "status")))
		sim_fail(s, "spec", "changes more of %.*s/%.*s than it may",
		    (int)w->ns.n, w->ns.p, (int)w->name.n, w->name.p);
}

const struct checker check_spec = { .name = "spec", .write = write };
