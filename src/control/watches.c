#include <string.h>

#include "control_int.h"

/*
 * The table of watches. Each costs a connection, its TLS engine and a
 * handshake, so one is only opened when something needs it, and in the
 * order in which the first server can be worked on: its children, then the
 * servers, then what only the status needs.
 */
static const struct {
	enum watch_role role;
	const char *labels;
	bool metadata;
	const char *why;
} roles[] = {
	{ ROLE_DEPLOYMENTS, LABEL_KEY, false,
	  "Deployments of servers: drift, replicas, rollouts" },
	{ ROLE_SERVICES, LABEL_KEY, true, "Services of servers: drift" },
	{ ROLE_CONFIG_MAPS, LABEL_KEY, true,
	  "ConfigMaps of servers: drift" },
	{ ROLE_SERVERS, NULL, false, "the servers themselves" },
	{ ROLE_PODS, LABEL_KEY, false, "why pods are not ready" },
	{ ROLE_REF_CONFIG_MAPS, NULL, true,
	  "ConfigMaps that servers refer to" },
	{ ROLE_REF_SECRETS, NULL, true, "Secrets that servers refer to" },
};

static const struct gvr pods_gvr = { "", "v1", "pods", true };

/*
 * References that may not be watched are not followed, and the servers that
 * have them go on without. Once listed, what is known of them stays: a 403
 * may pass, as while the API server starts, and pods are not for rolling
 * twice. Who is not known (401) may be again in a moment anyway.
 */
static void ref_denied(struct watch_slot *s, const struct kube_watch *w)
{
	if (s->role != ROLE_REF_CONFIG_MAPS && s->role != ROLE_REF_SECRETS)
		return;
	if (s->gave_up || w->synced || w->state != WATCH_DENIED ||
	    w->status.err != ERR_FORBIDDEN)
		return;
	s->gave_up = true;
	refs_give_up(s->m, s->scope);
}

static void ref_listed(struct watch_slot *s)
{
	if (!s->gave_up)
		return;
	s->gave_up = false;
	refs_resume(s->m, s->scope);
}

/* A kind that is gone takes its objects with it. */
static void on_error(struct watch_slot *s, const struct kube_watch *w)
{
	struct manager *m = s->m;
	bool absent = w->state == WATCH_ABSENT;

	if (s->absent && absent) {
		kinds_absent(m, s);
		return;
	}
	log_line(&m->log, absent ? LOG_INFO : LOG_WARN,
	    absent ? "kind is not installed" : "watch interrupted",
	    "group=%s resource=%s state=%s error=%s", w->row.gvr->group,
	    w->row.gvr->plural, kube_watch_state_name(w->state),
	    w->diag.text);
	if (m->o->fail_fast && !w->synced && w->state == WATCH_WAITING) {
		m->exit_status = EXIT_UNREACHABLE;
		m->stopped = true;
		loop_stop(&m->loop);
	}
	if (s->role == ROLE_SERVERS && absent) {
		intake_event(m, (enum group)s->group, s->scope, WATCH_BEGIN,
		    STR_NONE);
		intake_event(m, (enum group)s->group, s->scope, WATCH_SYNCED,
		    STR_NONE);
		kinds_absent(m, s);
	}
	ref_denied(s, w);
}

static void on_event(void *ctx, struct kube_watch *w,
    enum kube_watch_event e, struct str text)
{
	struct watch_slot *s = ctx;
	struct manager *m = s->m;

	if (e == WATCH_ERROR && (s->role != ROLE_CRDS ||
	    w->state == WATCH_WAITING)) {
		on_error(s, w);
		watches_advance(m);
		return;
	}
	switch ((enum watch_role)s->role) {
	case ROLE_DEPLOYMENTS:
		child_event(m, CHILD_DEPLOYMENT, s->scope, e, text);
		break;
	case ROLE_SERVICES:
		child_event(m, CHILD_SERVICE, s->scope, e, text);
		break;
	case ROLE_CONFIG_MAPS:
		child_event(m, CHILD_CONFIG_MAP, s->scope, e, text);
		break;
	case ROLE_SERVERS:
		intake_event(m, (enum group)s->group, s->scope, e, text);
		break;
	case ROLE_PODS:
		pods_event(m, s->scope, e, text);
		break;
	case ROLE_REF_CONFIG_MAPS:
		refs_event(m, REF_CONFIG_MAP, s->scope, e, text);
		break;
	case ROLE_REF_SECRETS:
		refs_event(m, REF_SECRET, s->scope, e, text);
		break;
	case ROLE_CRDS:
		kinds_event(m, w, e, text);
		break;
	}
	if (e == WATCH_SYNCED) {
		s->absent = false;
		ref_listed(s);
		watches_advance(m);
	}
}

static void gvr_of(enum watch_role role, enum group g, struct gvr *ret)
{
	switch (role) {
	case ROLE_DEPLOYMENTS:
		*ret = child_gvr[CHILD_DEPLOYMENT];
		break;
	case ROLE_SERVICES:
		*ret = child_gvr[CHILD_SERVICE];
		break;
	case ROLE_CONFIG_MAPS:
		*ret = child_gvr[CHILD_CONFIG_MAP];
		break;
	case ROLE_SERVERS:
		server_gvr(g, ret);
		break;
	case ROLE_PODS:
		*ret = pods_gvr;
		break;
	case ROLE_REF_CONFIG_MAPS:
		*ret = ref_gvr[REF_CONFIG_MAP];
		break;
	case ROLE_REF_SECRETS:
		*ret = ref_gvr[REF_SECRET];
		break;
	case ROLE_CRDS:
		*ret = kube_crds;
		break;
	}
}

static void slot_init(struct manager *m, size_t row, enum group g,
    struct str ns)
{
	struct watch_slot *s = &m->slot[m->slots++];
	struct kube_watch_row how = {
		.namespace = ns, .labels = roles[row].labels,
		.metadata = roles[row].metadata, .why = roles[row].why
	};

	s->m = m;
	s->role = (uint8_t)roles[row].role;
	s->group = (uint8_t)g;
	s->scope = scope_of(ns);
	gvr_of(roles[row].role, g, &s->gvr);
	how.gvr = &s->gvr;
	kube_watch_init(&s->watch, &m->shared, &how, on_event, s);
}

/* One for all namespaces, and only while a kind is missing: kinds.c. */
static void crds_init(struct manager *m)
{
	struct watch_slot *s = &m->slot[m->slots++];
	struct kube_watch_row how = {
		.gvr = &s->gvr, .metadata = true,
		.why = "CRDs of server kinds that are not installed"
	};

	s->m = m;
	s->role = ROLE_CRDS;
	gvr_of(ROLE_CRDS, GROUP_ALLBEONE, &s->gvr);
	kube_watch_init(&s->watch, &m->shared, &how, on_event, s);
}

static bool role_wanted(const struct manager *m, enum watch_role role)
{
	if (role == ROLE_REF_SECRETS)
		return m->refs.followed[REF_SECRET];
	if (role == ROLE_REF_CONFIG_MAPS)
		return m->refs.followed[REF_CONFIG_MAP];
	return true;
}

/* One row a role, but one a group for the servers. */
static uint32_t rows_per_namespace(const struct manager *m)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(roles); i++)
		if (role_wanted(m, roles[i].role))
			n += roles[i].role == ROLE_SERVERS ? GROUPS : 1;
	return n;
}

static void rows_init(struct manager *m, struct str ns)
{
	size_t i;
	int g;

	for (i = 0; i < ARRAY_LEN(roles); i++) {
		if (!role_wanted(m, roles[i].role))
			continue;
		for (g = 0; g < GROUPS; g++)
			if (roles[i].role == ROLE_SERVERS || g == 0)
				slot_init(m, i, (enum group)g, ns);
	}
}

static uint32_t namespaces(struct str list)
{
	uint32_t n = 1;
	size_t i;

	for (i = 0; i < list.n; i++)
		n += list.p[i] == ',';
	return n;
}

int watches_init(struct manager *m, struct mem *mem, struct diag *d)
{
	struct str rest = m->o->watch_namespaces, ns;
	uint32_t n;

	m->refs.followed[REF_CONFIG_MAP] = m->o->indexing;
	m->refs.followed[REF_SECRET] = m->o->watch_secrets;
	n = namespaces(rest) * rows_per_namespace(m) + 1;
	if (n > WATCHES_MAX) {
		diag_set(d, STR("--watch-namespaces"),
		    "%u watches would be needed, there is room for %u: "
		    "watch all namespaces, or run several operators",
		    n, (unsigned)WATCHES_MAX);
		return ERR_LIMIT;
	}
	m->slot = mem_reserve(mem, "watches", n, sizeof(*m->slot));
	if (m->slot == NULL ||
	    kube_watches_init(&m->shared, mem, &m->client, n) < 0)
		return ERR_FULL;
	if (rest.n == 0)
		rows_init(m, STR_NONE);
	while (rest.n > 0) {
		rest = str_cut(rest, ',', &ns);
		rows_init(m, str_trim(ns));
	}
	crds_init(m);
	kinds_init(m);
	return 0;
}

static bool answered(const struct watch_slot *s)
{
	return s->watch.synced || s->absent ||
	    s->watch.state == WATCH_ABSENT || s->watch.state == WATCH_DENIED;
}

bool watches_role_synced(const struct manager *m, enum watch_role role)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		if (m->slot[i].role == role && m->slot[i].started &&
		    !m->slot[i].watch.synced)
			return false;
	return true;
}

static bool role_answered(const struct manager *m, enum watch_role role)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		if (m->slot[i].role == role &&
		    (!m->slot[i].started || !answered(&m->slot[i])))
			return false;
	return true;
}

bool watches_all_answered(const struct manager *m)
{
	return role_answered(m, ROLE_SERVERS);
}

bool watches_gave_up(const struct manager *m, enum watch_role role,
    uint64_t scope)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++) {
		const struct watch_slot *s = &m->slot[i];

		if (s->role == role && s->gave_up &&
		    scope_has(s->scope, scope))
			return true;
	}
	return false;
}

static void role_start(struct manager *m, enum watch_role role)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++) {
		struct watch_slot *s = &m->slot[i];

		if (s->role != role || s->started)
			continue;
		s->started = true;
		kube_watch_start(&s->watch);
	}
}

/* Are servers of any group known? */
static bool any_listed(const struct manager *m)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		if (m->slot[i].role == ROLE_SERVERS &&
		    m->slot[i].watch.synced)
			return true;
	return false;
}

void watches_advance(struct manager *m)
{
	if (m->stopping)
		return;
	role_start(m, ROLE_DEPLOYMENTS);
	role_start(m, ROLE_SERVICES);
	role_start(m, ROLE_CONFIG_MAPS);
	if (!watches_role_synced(m, ROLE_DEPLOYMENTS) ||
	    !watches_role_synced(m, ROLE_SERVICES) ||
	    !watches_role_synced(m, ROLE_CONFIG_MAPS))
		return;
	role_start(m, ROLE_SERVERS);
	if (m->refs.of_kind[REF_CONFIG_MAP] > 0)
		role_start(m, ROLE_REF_CONFIG_MAPS);
	if (m->refs.of_kind[REF_SECRET] > 0)
		role_start(m, ROLE_REF_SECRETS);
	/* Not behind all groups: one may never answer. */
	if (any_listed(m) || watches_all_answered(m))
		role_start(m, ROLE_PODS);
	pods_advance(m, role_answered(m, ROLE_PODS));
	if (watches_all_answered(m))
		kinds_advance(m);
}

void watches_relist(struct manager *m, enum watch_role role)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++) {
		struct watch_slot *s = &m->slot[i];

		if (s->role != role || !s->started || s->parked)
			continue;
		kube_watch_stop(&s->watch);
		kube_watch_start(&s->watch);
	}
}

void watches_stop(struct manager *m)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		kube_watch_stop(&m->slot[i].watch);
}
