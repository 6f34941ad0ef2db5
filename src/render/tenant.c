#include "render_int.h"

bool has_tenant(const struct render *r)
{
	return r->tenancy.tenant.n > 0;
}

bool keeps_nodes(const struct render *r)
{
	return has_tenant(r) && (r->tenancy.level == ISOLATION_NODE ||
	    r->tenancy.level == ISOLATION_STRICT);
}

void tenant_labels_write(struct render *r, const struct pairs *near,
    const struct pairs *nearer)
{
	const struct pairs *m = &r->tenancy.labels;
	uint32_t i;

	for (i = 0; i < m->n; i++) {
		struct pairs one = { &m->p[i], 1 };

		if (nearer == NULL || !pairs_have(nearer, m->p[i].key))
			user_labels_write(r->w, &one, near);
	}
}

/* ---- nodes ---- */

/* Pods of any namespace that have a tenant, and another one. */
static void others_write(const struct render *r, struct jw *w)
{
	jw_open(w);
	jw_kopen(w, "labelSelector");
	jw_kopen_list(w, "matchExpressions");
	jw_open(w);
	jw_kcstr(w, "key", LABEL_TENANT);
	jw_kcstr(w, "operator", "Exists");
	jw_close(w);
	jw_open(w);
	jw_kcstr(w, "key", LABEL_TENANT);
	jw_kcstr(w, "operator", "NotIn");
	jw_kopen_list(w, "values");
	jw_str(w, r->tenancy.tenant);
	jw_close_list(w);
	jw_close(w);
	jw_close_list(w);
	jw_close(w);
	jw_kopen(w, "namespaceSelector");
	jw_close(w);
	jw_kcstr(w, "topologyKey", "kubernetes.io/hostname");
	jw_close(w);
}

static void terms_write(const struct render *r, const struct json_doc *doc,
    uint32_t anti, struct jw *w)
{
	static const struct str required =
	    STR_INIT("requiredDuringSchedulingIgnoredDuringExecution");
	uint32_t list = JSON_NIL, term = JSON_NIL;

	jw_key(w, STR("podAntiAffinity"));
	jw_open(w);
	members_write(doc, anti, required, w);
	jw_key(w, required);
	jw_open_list(w);
	if (anti != JSON_NIL && json_type(doc, anti) == JSON_OBJECT)
		list = json_get(doc, anti, required);
	if (list != JSON_NIL && json_type(doc, list) == JSON_ARRAY)
		term = json_first(doc, list);
	for (; term != JSON_NIL; term = json_next(doc, list, term))
		jw_raw(w, json_raw(doc, term));
	others_write(r, w);
	jw_close_list(w);
	jw_close(w);
}

struct str affinity_render(const struct render *r, struct arena *a)
{
	struct str user = HAS(r->spec, server_spec, affinity) ?
	    r->spec->affinity : STR_NONE;
	struct str text = user.n > 0 ? user : STR("{}");
	struct json_doc doc;
	struct buf out;
	struct jw w;

	if (!keeps_nodes(r))
		return user;
	if (json_parse_in(&doc, text, a, NULL) < 0)
		return STR_NONE;
	out = arena_buf(a);
	jw_init(&w, &out);
	jw_open(&w);
	members_write(&doc, JSON_ROOT, STR("podAntiAffinity"), &w);
	terms_write(r, &doc, json_get(&doc, JSON_ROOT,
	    STR("podAntiAffinity")), &w);
	jw_close(&w);
	return arena_keep(a, &out);
}

/* ---- ResourceQuota, LimitRange ---- */

bool quota_wanted(const struct render *r)
{
	return has_tenant(r) && r->tenancy.quotas.has != 0;
}

static void count_write(struct jw *w, const char *key, bool given, int32_t n)
{
	char mem[16];
	struct buf text;

	if (!given)
		return;
	buf_init(&text, mem, sizeof(mem));
	buf_i64(&text, n);
	CHECK(!text.over);
	jw_kstr(w, key, buf_view(&text));
}

#define COUNT(key, member) \
	count_write(w, key, HAS(q, tenant_quotas, member), q->member)

/* All namespace's: a quota cannot tell pods by their labels. */
void quota_write(struct render *r)
{
	const struct tenant_quotas *q = &r->tenancy.quotas;
	struct jw *w = r->w;

	jw_kopen(w, "spec");
	jw_kopen(w, "hard");
	if (HAS(q, tenant_quotas, cpu))
		jw_kstr(w, "requests.cpu", q->cpu);
	if (HAS(q, tenant_quotas, memory))
		jw_kstr(w, "requests.memory", q->memory);
	if (HAS(q, tenant_quotas, storage))
		jw_kstr(w, "requests.storage", q->storage);
	COUNT("pods", pods);
	COUNT("services", services);
	COUNT("persistentvolumeclaims", claims);
	COUNT("configmaps", config_maps);
	COUNT("secrets", secrets);
	if (HAS(q, tenant_quotas, servers)) {
		const struct group_info *g = group_info(r->s->group);
		char mem[128];
		struct buf key;

		buf_init(&key, mem, sizeof(mem));
		buf_fmt(&key, "count/%s.%s", g->plural, g->group);
		CHECK(!key.over);
		jw_key(w, buf_view(&key));
		jw_i64(w, q->servers);
	}
	jw_close(w);
	jw_close(w);
}

bool limit_range_wanted(const struct render *r)
{
	const struct tenant_quotas *q = &r->tenancy.quotas;

	return has_tenant(r) && (HAS(q, tenant_quotas, cpu) ||
	    HAS(q, tenant_quotas, memory) || HAS(q, tenant_quotas, storage));
}

/*
 * With a quota on CPU a pod that requests none is refused, also one that is
 * none of ours. What it then requests is the same in every server's, for of
 * several defaults it is not said which one holds.
 */
static void requests_write(const struct tenant_quotas *q, struct jw *w)
{
	if (!HAS(q, tenant_quotas, cpu) && !HAS(q, tenant_quotas, memory))
		return;
	jw_open(w);
	jw_kcstr(w, "type", "Container");
	jw_kopen(w, "defaultRequest");
	if (HAS(q, tenant_quotas, cpu))
		jw_kcstr(w, "cpu", "50m");
	if (HAS(q, tenant_quotas, memory))
		jw_kcstr(w, "memory", "64Mi");
	jw_close(w);
	jw_close(w);
}

void limit_range_write(struct render *r)
{
	const struct tenant_quotas *q = &r->tenancy.quotas;
	struct jw *w = r->w;

	jw_kopen(w, "spec");
	jw_kopen_list(w, "limits");
	requests_write(q, w);
	if (HAS(q, tenant_quotas, storage)) {
		jw_open(w);
		jw_kcstr(w, "type", "PersistentVolumeClaim");
		jw_kopen(w, "max");
		jw_kstr(w, "storage", q->storage);
		jw_close(w);
		jw_close(w);
	}
	jw_close_list(w);
	jw_close(w);
}

/* ---- Role, RoleBinding ---- */

bool role_wanted(const struct render *r)
{
	return has_tenant(r) && r->tenancy.members.n > 0;
}

static void words_write(struct jw *w, const char *key, const char *words)
{
	struct str rest = str_from(words);

	jw_kopen_list(w, key);
	do {
		struct str word;

		rest = str_cut(rest, ' ', &word);
		jw_str(w, word);
	} while (rest.n > 0);
	jw_close_list(w);
}

static void rule_write(struct render *r, const char *group,
    const char *resources, bool named, const char *verbs)
{
	struct jw *w = r->w;

	jw_open(w);
	words_write(w, "apiGroups", group);
	words_write(w, "resources", resources);
	if (named) {
		jw_kopen_list(w, "resourceNames");
		jw_str(w, r->s->meta.name);
		jw_close_list(w);
	}
	words_write(w, "verbs", verbs);
	jw_close(w);
}

/*
 * The server itself and what it became. Names of pods are not known before,
 * so those of the whole namespace are seen, and not where tenants are kept
 * apart strictly.
 */
void role_write(struct render *r)
{
	const struct group_info *g = group_info(r->s->group);

	jw_kopen_list(r->w, "rules");
	rule_write(r, g->group, "mcpservers mcpservers/scale", true,
	    "get list watch update patch delete");
	rule_write(r, g->group, "mcpservers/status", true, "get");
	rule_write(r, "", "services", true, "get list watch");
	rule_write(r, "apps", "deployments", true, "get list watch");
	if (r->tenancy.level != ISOLATION_STRICT)
		rule_write(r, "", "pods pods/log events", false,
		    "get list watch");
	jw_close_list(r->w);
}

static void member_write(struct render *r, const struct tenant_member *m)
{
	bool account = m->kind == SUBJECT_ACCOUNT;
	struct jw *w = r->w;

	jw_open(w);
	jw_kcstr(w, "kind",
	    schema_word(&subject_kind_words, (uint32_t)m->kind));
	if (!account)
		jw_kcstr(w, "apiGroup", "rbac.authorization.k8s.io");
	jw_kstr(w, "name", m->name);
	if (account)
		jw_kstr(w, "namespace", m->ns.n > 0 ? m->ns : r->s->meta.ns);
	jw_close(w);
}

void role_binding_write(struct render *r)
{
	const struct tenant_member_list *m = &r->tenancy.members;
	struct jw *w = r->w;
	uint32_t i;

	jw_kopen(w, "roleRef");
	jw_kcstr(w, "apiGroup", "rbac.authorization.k8s.io");
	jw_kcstr(w, "kind", "Role");
	jw_kfmt(w, "name", "%S%s", r->s->meta.name,
	    child_info[CHILD_ROLE].suffix);
	jw_close(w);
	jw_kopen_list(w, "subjects");
	for (i = 0; i < m->n; i++)
		member_write(r, &m->p[i]);
	jw_close_list(w);
}
