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
	{ ROLE_CHILDREN, LABEL_KEY, true, "children of servers: drift" },
	{ ROLE_SERVERS, NULL, false, "the servers themselves" },
	{ ROLE_PODS, LABEL_KEY, false, "why pods are not ready" },
	{ ROLE_REF_CONFIG_MAPS, NULL, true,
	  "ConfigMaps that servers refer to" },
	{ ROLE_REF_SECRETS, NULL, true, "Secrets that servers refer to" },
};

static const struct gvr pods_gvr = { "", "v1", "pods", true };

static bool is_core(const struct watch_slot *s)
{
	return s->role == ROLE_CHILDREN && s->of < CHILD_KINDS;
}

static bool is_extra(const struct watch_slot *s)
{
	return s->role == ROLE_CHILDREN && s->of >= CHILD_KINDS;
}

/* Or is it only looked for what was left? */
static bool is_used(const struct watch_slot *s)
{
	return !is_extra(s) || s->m->records.extras.of_kind[s->of] > 0;
}

/* Who is not known (401) may be again in a moment: it is no answer. */
static bool is_forbidden(const struct kube_watch *w)
{
	return w->state == WATCH_DENIED && w->status.err == ERR_FORBIDDEN;
}

/*
 * References that may not be watched are not followed, and the servers that
 * have them go on without. Once listed, what is known of them stays: a 403
 * may pass, as while the API server starts, and pods are not for rolling
 * twice.
 */
static void ref_denied(struct watch_slot *s, const struct kube_watch *w)
{
	if (s->role != ROLE_REF_CONFIG_MAPS && s->role != ROLE_REF_SECRETS)
		return;
	if (s->gave_up || w->synced || !is_forbidden(w))
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

static bool answered(const struct watch_slot *s)
{
	return s->watch.synced || s->absent ||
	    s->watch.state == WATCH_ABSENT || is_forbidden(&s->watch);
}

/* Others do not wait for it any longer. */
static bool is_late(const struct watch_slot *s)
{
	return s->started &&
	    s->m->loop.now_ns - s->started_ns >= EXTRAS_AWAIT_NS;
}

/* A kind that is gone takes its objects with it. */
static void on_absent(struct watch_slot *s)
{
	struct manager *m = s->m;

	/* Not one that must be there, which is only not told of yet. */
	if (is_extra(s)) {
		child_event(m, (enum child_kind)s->of, s->scope, WATCH_BEGIN,
		    STR_NONE);
		child_event(m, (enum child_kind)s->of, s->scope, WATCH_SYNCED,
		    STR_NONE);
	}
	if (s->role == ROLE_SERVERS) {
		intake_event(m, (enum group)s->of, s->scope, WATCH_BEGIN,
		    STR_NONE);
		intake_event(m, (enum group)s->of, s->scope, WATCH_SYNCED,
		    STR_NONE);
	}
	/* Nobody may want it any more, now that nothing is there. */
	if (s->started && kinds_may_lack(s))
		kinds_absent(m, s);
}

static void on_error(struct watch_slot *s, const struct kube_watch *w)
{
	struct manager *m = s->m;
	bool absent = w->state == WATCH_ABSENT;

	if (s->absent && absent) {
		kinds_absent(m, s);
		return;
	}
	if (is_used(s) || !(absent || w->state == WATCH_DENIED))
		log_line(&m->log, absent ? LOG_INFO : LOG_WARN,
		    absent ? "kind is not installed" : "watch interrupted",
		    "group=%s resource=%s state=%s error=%s",
		    w->row.gvr->group, w->row.gvr->plural,
		    kube_watch_state_name(w->state), w->diag.text);
	if (m->o->fail_fast && !w->synced && w->state == WATCH_WAITING) {
		m->exit_status = EXIT_UNREACHABLE;
		m->stopped = true;
		loop_stop(&m->loop);
	}
	if (absent)
		on_absent(s);
	else if (is_extra(s) && (answered(s) || is_late(s)))
		extras_synced(m, (enum child_kind)s->of);
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
	/* Before who waits for it is looked at. */
	if (e == WATCH_SYNCED)
		s->absent = false;
	switch ((enum watch_role)s->role) {
	case ROLE_CHILDREN:
		child_event(m, (enum child_kind)s->of, s->scope, e, text);
		break;
	case ROLE_SERVERS:
		intake_event(m, (enum group)s->of, s->scope, e, text);
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
		ref_listed(s);
		watches_advance(m);
	}
}

static void gvr_of(enum watch_role role, uint8_t of, struct gvr *ret)
{
	switch (role) {
	case ROLE_CHILDREN:
		*ret = child_gvr[of];
		break;
	case ROLE_SERVERS:
		server_gvr((enum group)of, ret);
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

static void slot_init(struct manager *m, size_t row, uint8_t of,
    struct str ns)
{
	struct watch_slot *s = &m->slot[m->slots++];
	struct kube_watch_row how = {
		.namespace = ns, .labels = roles[row].labels,
		.metadata = roles[row].metadata, .why = roles[row].why
	};

	s->m = m;
	s->role = (uint8_t)roles[row].role;
	s->of = of;
	s->scope = scope_of(ns);
	if (s->role == ROLE_CHILDREN && of == CHILD_DEPLOYMENT) {
		how.metadata = false;
		how.why = "Deployments of servers: drift, replicas, rollouts";
	}
	if (s->role == ROLE_CHILDREN &&
	    (child_info[of].flags & CHILD_BY_SPEC))
		how.metadata = false;
	gvr_of(roles[row].role, of, &s->gvr);
	how.gvr = &s->gvr;
	kube_watch_init(&s->watch, &m->shared, &how, on_event, s);
}

/* One for all namespaces, and only while a kind is missing: kinds.c. */
static void crds_init(struct manager *m)
{
	struct watch_slot *s = &m->slot[m->slots++];
	struct kube_watch_row how = {
		.gvr = &s->gvr, .metadata = true,
		.why = "CRDs of kinds that are not installed"
	};

	s->m = m;
	s->role = ROLE_CRDS;
	gvr_of(ROLE_CRDS, 0, &s->gvr);
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

/* Kinds of children that have a watch of their own. */
static uint32_t watched_kinds(void)
{
	uint32_t kinds = 0;
	int k;

	for (k = 0; k < CHILD_KINDS_ALL; k++)
		kinds |= UINT32_C(1) << child_watched_as((enum child_kind)k);
	return kinds;
}

/* One a group for the servers, one an API for their children. */
static uint32_t row_kinds(const struct manager *m, enum watch_role role)
{
	if (!role_wanted(m, role))
		return 0;
	return role == ROLE_SERVERS ? (1 << GROUPS) - 1 :
	    role == ROLE_CHILDREN ? watched_kinds() : 1;
}

static uint32_t rows_per_namespace(const struct manager *m)
{
	uint32_t n = 0, kinds;
	size_t i;

	for (i = 0; i < ARRAY_LEN(roles); i++)
		for (kinds = row_kinds(m, roles[i].role); kinds != 0;
		    kinds &= kinds - 1)
			n++;
	return n;
}

static void rows_init(struct manager *m, struct str ns)
{
	uint8_t of;
	size_t i;

	for (i = 0; i < ARRAY_LEN(roles); i++)
		for (of = 0; row_kinds(m, roles[i].role) >> of != 0; of++)
			if (row_kinds(m, roles[i].role) >> of & 1)
				slot_init(m, i, of, ns);
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

static bool core_synced(const struct manager *m)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		if (is_core(&m->slot[i]) && !m->slot[i].watch.synced)
			return false;
	return true;
}

static bool is_of_child(const struct watch_slot *s, enum child_kind k)
{
	return s->role == ROLE_CHILDREN && s->of == child_watched_as(k);
}

bool watches_child_answered(const struct manager *m, enum child_kind k)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++) {
		const struct watch_slot *s = &m->slot[i];

		if (is_of_child(s, k) && !answered(s) && !is_late(s))
			return false;
	}
	return true;
}

bool watches_child_absent(const struct manager *m, enum child_kind k)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		if (is_of_child(&m->slot[i], k) &&
		    m->slot[i].started && (m->slot[i].absent ||
		    m->slot[i].watch.state == WATCH_ABSENT))
			return true;
	return false;
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

static void slot_start(struct watch_slot *s)
{
	if (s->started)
		return;
	s->started = true;
	s->started_ns = s->m->loop.now_ns;
	kube_watch_start(&s->watch);
}

static void slot_stop(struct watch_slot *s)
{
	kube_watch_stop(&s->watch);
	s->started = s->absent = s->parked = false;
	s->tries = 0;
}

static void role_start(struct manager *m, enum watch_role role)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		if (m->slot[i].role == role)
			slot_start(&m->slot[i]);
}

/* Deployments first, for of them there is most to read. */
static void core_start(struct manager *m)
{
	uint32_t i = m->slots;

	while (i-- > 0)
		if (is_core(&m->slot[i]))
			slot_start(&m->slot[i]);
}

/*
 * A kind that few servers use is watched while one does. Besides, each is
 * listed once, one after the other, for a former process may have left some
 * of which nothing tells any more that they were asked for.
 */
static void extras_advance(struct manager *m)
{
	struct watch_slot *next = NULL;
	bool seeking = false;
	uint32_t i;

	for (i = 0; i < m->slots; i++) {
		struct watch_slot *s = &m->slot[i];

		if (!is_extra(s))
			continue;
		s->sought = s->sought || (s->started && answered(s));
		if (is_used(s))
			slot_start(s);
		else if (s->started && s->sought)
			slot_stop(s);
		if (!s->sought && s->started && !is_late(s))
			seeking = true;
		else if (!s->sought && !s->started)
			next = s;
	}
	if (next != NULL && !seeking && watches_all_answered(m))
		slot_start(next);
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
	core_start(m);
	if (!core_synced(m))
		return;
	role_start(m, ROLE_SERVERS);
	extras_advance(m);
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

static void slot_relist(struct watch_slot *s)
{
	if (!s->started || s->parked)
		return;
	kube_watch_stop(&s->watch);
	kube_watch_start(&s->watch);
}

void watches_relist(struct manager *m, enum watch_role role)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		if (m->slot[i].role == role)
			slot_relist(&m->slot[i]);
}

void watches_relist_child(struct manager *m, enum child_kind k)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		if (is_of_child(&m->slot[i], k))
			slot_relist(&m->slot[i]);
}

void watches_stop(struct manager *m)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		kube_watch_stop(&m->slot[i].watch);
}
