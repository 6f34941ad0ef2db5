/*
 * No Deployment is made, or left, without what the hook puts in, nor with
 * what the validator refuses.  Whoever is told of passes and phases is told
 * of each once, while nothing goes wrong.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"

/* ---- who is asked ---- */

static bool is_marked(const struct node *root)
{
	return str_is(node_text(node_path(root, "metadata.annotations"),
	    "marked"), "yes");
}

static struct str image_of(const struct node *root)
{
	return node_text(root, "spec.template.spec.containers.0.image");
}

static void deployment_written(struct sim *s, const struct api_write *w)
{
	struct str image = image_of(w->new);

	/* What users take away stays away until it is put right. */
	if (!is_marked(w->new) && (w->old == NULL || is_marked(w->old)))
		sim_fail(s, "hooks", "%.*s/%.*s is written without the hook",
		    (int)w->ns.n, w->ns.p, (int)w->name.n, w->name.p);
	else if (is_refused_image(image) && !str_eq(image, image_of(w->old)))
		sim_fail(s, "hooks", "%.*s/%.*s is written against the "
		    "validator", (int)w->ns.n, w->ns.p, (int)w->name.n,
		    w->name.p);
}

/* ---- who is told ---- */

/* Longer than a call that is waited for, and what waits before it. */
#define TOLD_WITHIN (60 * SEC)

/* Nobody else writes, and no answer was lost. */
static bool is_fair(const struct sim *s)
{
	return (s->sc.insts == 1 || s->sc.options & OPT_LEASE) &&
	    s->serving_sent_ns >= 0 &&
	    s->now_ns - s->checks->foul_ns > 30 * SEC;
}

static struct due *due_of(struct sim *s, struct str uid)
{
	uint64_t h = str_hash(uid);
	struct due *d = &s->checks->due[h % ARRAY_LEN(s->checks->due)];

	if (d->uid != h)
		*d = (struct due){ .uid = h };
	return d;
}

void hook_told(struct sim *s, const struct node *notice)
{
	struct due *d = due_of(s, node_text(notice, "server.metadata.uid"));
	struct str phase = node_text(notice, "server.status.phase");
	struct str name = node_text(notice, "server.metadata.name");

	if (str_is(node_text(notice, "operation"), "Reconciled")) {
		d->pass_ns = 0;
		return;
	}
	if (str_is(phase, d->phase))
		d->phase_ns = 0;
	d->again = str_is(phase, d->told) ? d->again + 1 : 0;
	snprintf(d->told, sizeof(d->told), "%.*s", (int)phase.n, phase.p);
	if (d->again > 0 && is_fair(s))
		sim_fail(s, "hooks", "%.*s is told to be %s once more",
		    (int)name.n, name.p, d->told);
}

static void status_written(struct sim *s, const struct api_write *w)
{
	struct str phase = node_text(w->new, "status.phase");
	struct due *d;

	if (str_eq(phase, node_text(w->old, "status.phase")))
		return;
	d = due_of(s, node_text(w->new, "metadata.uid"));
	snprintf(d->phase, sizeof(d->phase), "%.*s", (int)phase.n, phase.p);
	d->phase_ns = is_fair(s) ? s->now_ns : 0;
	d->again = 0;
	d->told[0] = '\0';
}

static void write(struct sim *s, const struct api_write *w)
{
	struct str owner;

	if (!(s->sc.options & OPT_HOOKS) || !from_operator(w))
		return;
	if (is_server_kind(w->kind) && w->new && !strcmp(w->sub, "status"))
		status_written(s, w);
	if (w->kind != API_DEPLOYMENT || !w->new || *w->sub)
		return;
	deployment_written(s, w);
	(void)owner_of(s, w->new, &owner);
	if (w->old == NULL && is_fair(s))
		due_of(s, owner)->pass_ns = s->now_ns;
}

static void second(struct sim *s)
{
	int64_t before = s->now_ns - TOLD_WITHIN;

	if (!(s->sc.options & OPT_HOOKS))
		return;
	for (size_t i = 0; i < ARRAY_LEN(s->checks->due); i++) {
		struct due *d = &s->checks->due[i];

		/* It may be gone with who was to tell it. */
		if (s->checks->foul_ns >= before - 30 * SEC)
			d->pass_ns = d->phase_ns = 0;
		if (d->phase_ns && d->phase_ns < before)
			sim_fail(s, "hooks", "that a server is %s is not "
			    "told", d->phase);
		else if (d->pass_ns && d->pass_ns < before)
			sim_fail(s, "hooks", "a pass is not told");
	}
}

const struct checker check_hooks = { .name = "hooks", .write = write,
    .second = second };
