#include "control_int.h"

/*
 * A kind whose CRD is not there is not asked for again and again: its watch
 * is parked, and a watch of the CRDs' metadata tells when to start it. That
 * one is only open while a kind is missing that something wants. Who may not
 * have it, as in overlays/namespaced, asks every KINDS_POLL_NS.
 */

bool kinds_may_lack(const struct watch_slot *s)
{
	return s->role == ROLE_SERVERS || (s->role == ROLE_CHILDREN &&
	    (child_info[s->of].flags & CHILD_BY_CRD));
}

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

static void wake_by(struct manager *m, int64_t at_ns)
{
	struct kinds *k = &m->kinds;

	if (timer_is_set(&k->timer) && k->wake_ns <= at_ns)
		return;
	k->wake_ns = at_ns;
	timer_set(&m->loop, &k->timer, at_ns);
}

static void wake_in(struct manager *m, int64_t delay_ns)
{
	wake_by(m, m->loop.now_ns + delay_ns);
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
	if (s->installed)
		wake_by(m, s->retry_ns);
	else if (k->denied || k->synced)
		park(s);
}

/* ---- the CRDs ---- */

static bool is_named(const struct watch_slot *s, struct str plural,
    struct str group)
{
	return kinds_may_lack(s) && str_is(plural, s->gvr.plural) &&
	    str_is(group, s->gvr.group);
}

static void crd_of(struct watch_slot *s, bool gone)
{
	struct manager *m = s->m;

	s->installed = s->listed = !gone;
	s->tries = 0;
	s->retry_ns = m->loop.now_ns + KINDS_RETRY_NS;
	if (!s->absent)
		return;
	if (gone) {
		park(s);
		return;
	}
	try_again(s);
	wake_by(m, s->retry_ns);
}

/* Its name is "<plural>.<group>". */
static void crd_seen(struct manager *m, struct str text, bool gone)
{
	struct str group, plural;
	uint32_t i;

	if (!kube_peek(text, "metadata.name", &group))
		return;
	group = str_cut(group, '.', &plural);
	for (i = 0; i < m->slots; i++)
		if (is_named(&m->slot[i], plural, group))
			crd_of(&m->slot[i], gone);
}

static void crds_unlist(struct manager *m)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		m->slot[i].listed = false;
}

static void crds_synced(struct manager *m)
{
	uint32_t i;

	m->kinds.synced = true;
	for (i = 0; i < m->slots; i++) {
		struct watch_slot *s = &m->slot[i];

		s->installed = s->listed;
		if (s->absent && !s->installed)
			park(s);
	}
}

static void crds_stop(struct manager *m)
{
	struct watch_slot *c = crds_slot(m);
	uint32_t i;

	kube_watch_stop(&c->watch);
	c->started = false;
	m->kinds.synced = false;
	for (i = 0; i < m->slots; i++)
		m->slot[i].installed = false;
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
	wake_in(m, KINDS_POLL_NS);
}

void kinds_event(struct manager *m, const struct kube_watch *w,
    enum kube_watch_event e, struct str text)
{
	switch (e) {
	case WATCH_BEGIN:
		crds_unlist(m);
		break;
	case WATCH_ITEM:
	case WATCH_OVERSIZE:
		crd_seen(m, text, false);
		break;
	case WATCH_DELETED:
		crd_seen(m, text, true);
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
	struct watch_slot *s;
	uint32_t i = 0;

	while ((s = next_absent(m, &i)) != NULL) {
		if (!s->installed)
			continue;
		if (s->tries >= KINDS_TRIES) {
			park(s);
			continue;
		}
		if (s->retry_ns <= m->loop.now_ns) {
			s->retry_ns = m->loop.now_ns +
			    (KINDS_RETRY_NS << s->tries++);
			try_again(s);
		}
		wake_by(m, s->retry_ns);
	}
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
			wake_in(m, KINDS_START_NS);
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
