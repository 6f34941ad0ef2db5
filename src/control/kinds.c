#include <string.h>

#include "control_int.h"

/*
 * A kind whose CRD is not there is not asked for again and again: its watch
 * is parked, and a watch of the CRDs' metadata tells when to start it. That
 * one is only open while a kind is missing. Who may not have it, as in
 * overlays/namespaced, asks every KINDS_POLL_NS.
 */

static struct watch_slot *crds_slot(const struct manager *m)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		if (m->slot[i].role == ROLE_CRDS)
			return &m->slot[i];
	UNREACHABLE();
}

/* The next slot from *i on of a kind that is missing, or NULL. */
static struct watch_slot *next_absent(const struct manager *m, uint32_t *i)
{
	while (*i < m->slots) {
		struct watch_slot *s = &m->slot[(*i)++];

		if (s->absent)
			return s;
	}
	return NULL;
}

static bool any_absent(const struct manager *m)
{
	uint32_t i = 0;

	return next_absent(m, &i) != NULL;
}

static void wake_by(struct manager *m, int64_t delay_ns)
{
	struct kinds *k = &m->kinds;
	int64_t at = m->loop.now_ns + delay_ns;

	if (timer_is_set(&k->timer) && k->wake_ns <= at)
		return;
	k->wake_ns = at;
	timer_set(&m->loop, &k->timer, at);
}

/* One that is asking at this moment is left to its answer. */
static void park(struct watch_slot *s)
{
	if (s->watch.state != WATCH_ABSENT)
		return;
	kube_watch_stop(&s->watch);
	s->parked = true;
}

static void try_again(struct watch_slot *s)
{
	if (!s->parked) {
		kube_watch_kick(&s->watch);
		return;
	}
	s->parked = false;
	kube_watch_start(&s->watch);
}

void kinds_absent(struct manager *m, struct watch_slot *s)
{
	const struct kinds *k = &m->kinds;

	s->absent = true;
	if (k->installed[s->group])
		wake_by(m, KINDS_RETRY_NS << k->tries[s->group]);
	else if (k->denied || k->synced)
		park(s);
}

/* ---- the CRDs ---- */

static bool group_of(struct str text, enum group *ret)
{
	struct str name, plural;

	if (!kube_peek(text, "metadata.name", &name))
		return false;
	name = str_cut(name, '.', &plural);
	return group_find(name, ret) == 0 &&
	    str_is(plural, group_info(*ret)->plural);
}

static void crd_seen(struct manager *m, struct str text, bool gone)
{
	struct kinds *k = &m->kinds;
	struct watch_slot *s;
	enum group g;
	uint32_t i = 0;

	if (!group_of(text, &g))
		return;
	k->installed[g] = k->listed[g] = !gone;
	k->tries[g] = 0;
	while ((s = next_absent(m, &i)) != NULL) {
		if (s->group != (uint8_t)g)
			continue;
		if (gone)
			park(s);
		else
			try_again(s);
	}
	if (!gone)
		wake_by(m, KINDS_RETRY_NS);
}

static void crds_synced(struct manager *m)
{
	struct kinds *k = &m->kinds;
	struct watch_slot *s;
	uint32_t i = 0;

	k->synced = true;
	memcpy(k->installed, k->listed, sizeof(k->installed));
	while ((s = next_absent(m, &i)) != NULL)
		if (!k->installed[s->group])
			park(s);
}

static void crds_stop(struct manager *m)
{
	struct kinds *k = &m->kinds;
	struct watch_slot *c = crds_slot(m);

	kube_watch_stop(&c->watch);
	c->started = false;
	k->synced = false;
	memset(k->installed, 0, sizeof(k->installed));
}

static void crds_denied(struct manager *m)
{
	struct kinds *k = &m->kinds;
	struct watch_slot *s;
	uint32_t i = 0;

	crds_stop(m);
	if (!k->told)
		log_line(&m->log, LOG_INFO, "CustomResourceDefinitions may "
		    "not be watched, so missing kinds are asked for",
		    "every_s=%D", KINDS_POLL_NS / NS_PER_S);
	k->denied = k->told = true;
	while ((s = next_absent(m, &i)) != NULL)
		park(s);
	wake_by(m, KINDS_POLL_NS);
}

void kinds_event(struct manager *m, const struct kube_watch *w,
    enum kube_watch_event e, struct str text)
{
	switch (e) {
	case WATCH_BEGIN:
		memset(m->kinds.listed, 0, sizeof(m->kinds.listed));
		break;
	case WATCH_ITEM:
		crd_seen(m, text, false);
		break;
	case WATCH_DELETED:
		crd_seen(m, text, true);
		break;
	case WATCH_OVERSIZE:
		crd_seen(m, text, w->cut_deleted);
		break;
	case WATCH_SYNCED:
		crds_synced(m);
		break;
	case WATCH_ERROR:
		if (w->state == WATCH_DENIED || w->state == WATCH_ABSENT)
			crds_denied(m);
		break;
	}
}

/* ---- time ---- */

static void retry_installed(struct manager *m)
{
	struct kinds *k = &m->kinds;
	struct watch_slot *s;
	bool again[GROUPS] = { false };
	uint32_t i = 0;
	int g;

	while ((s = next_absent(m, &i)) != NULL) {
		if (!k->installed[s->group])
			continue;
		again[s->group] = k->tries[s->group] < KINDS_TRIES;
		if (again[s->group])
			try_again(s);
		else
			park(s);
	}
	for (g = 0; g < GROUPS; g++)
		if (again[g])
			wake_by(m, KINDS_RETRY_NS << k->tries[g]++);
}

static void kinds_wake(void *ctx)
{
	struct manager *m = ctx;
	struct kinds *k = &m->kinds;
	struct watch_slot *c = crds_slot(m), *s;
	uint32_t i = 0;

	if (m->stopping || !any_absent(m))
		return;
	if (k->denied)
		while ((s = next_absent(m, &i)) != NULL)
			try_again(s);
	k->denied = false;
	if (c->started) {
		retry_installed(m);
		return;
	}
	c->started = true;
	kube_watch_start(&c->watch);
}

void kinds_advance(struct manager *m)
{
	struct kinds *k = &m->kinds;
	bool open = crds_slot(m)->started;

	if (any_absent(m)) {
		if (!open && !k->denied)
			wake_by(m, KINDS_START_NS);
		return;
	}
	timer_stop(&m->loop, &k->timer);
	k->denied = false;
	if (open)
		crds_stop(m);
}

void kinds_init(struct manager *m)
{
	timer_init(&m->kinds.timer, kinds_wake, m);
}
