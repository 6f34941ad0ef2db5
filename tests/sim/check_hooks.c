/* No Deployment is made, or left, without what the hook puts in. */
#include "check.h"

static bool is_marked(const struct node *root)
{
	return str_is(node_text(node_path(root, "metadata.annotations"),
	    "marked"), "yes");
}

static void write(struct sim *s, const struct api_write *w)
{
	if (!(s->sc.options & OPT_HOOKS) || !from_operator(w) ||
	    w->kind != API_DEPLOYMENT || w->new == NULL || is_marked(w->new))
		return;
	/* What users take away stays away until it is put right. */
	if (w->old == NULL || is_marked(w->old))
		sim_fail(s, "hooks", "%.*s/%.*s is written without the hook",
		    (int)w->ns.n, w->ns.p, (int)w->name.n, w->name.p);
}

const struct checker check_hooks = { .name = "hooks", .write = write };
