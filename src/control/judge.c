#include <string.h>

#include "judge_int.h"

struct str judge_text(struct view *v, const char *fmt, struct str arg)
{
	struct buf b = arena_buf(v->a);

	buf_fmt(&b, fmt, arg);
	return arena_keep(v->a, &b);
}

static void wrong(struct view *v, bool hard, const char *reason,
    struct str message)
{
	if (v->reason != NULL)
		return;
	v->reason = reason;
	v->message = message;
	v->hard = hard;
}

/* ---- what is wrong ---- */

static const struct {
	enum kube_why why;
	const char *reason;
} refusals[] = {
	{ KUBE_WHY_OWNED, "NameTaken" },
	{ KUBE_WHY_UID, "NameTaken" },
	{ KUBE_WHY_QUOTA, "QuotaExceeded" },
	{ KUBE_WHY_LIMITS, "LimitRange" },
	{ KUBE_WHY_RBAC, "NotPermitted" },
	{ KUBE_WHY_ADMISSION, "AdmissionDenied" },
	{ KUBE_WHY_SECURITY, "PodSecurity" },
	{ KUBE_WHY_TERMINATING, "NamespaceTerminating" },
	{ KUBE_WHY_NO_NAMESPACE, "NamespaceMissing" },
	{ KUBE_WHY_IMMUTABLE, "ImmutableField" },
};

const char *judge_refusal(enum kube_why why, const char *other)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(refusals); i++)
		if (refusals[i].why == why)
			return refusals[i].reason;
	return other;
}

bool judge_not_written(const struct view *v, enum child_kind k)
{
	return v->in->failed != NULL && v->in->failed_child == k;
}

/* One that is not asked for by all servers: they run without. */
bool judge_extra_failed(const struct view *v)
{
	return v->in->failed != NULL && v->in->failed_child >= CHILD_KINDS;
}

/* Or the policy, which its pods wait for. */
bool judge_core_failed(const struct view *v)
{
	return v->in->failed != NULL && (v->in->failed_child < CHILD_KINDS ||
	    (v->in->failed_child == CHILD_NETWORK_POLICY &&
	    record_unguarded(v->in->records, v->in->record)));
}

/* Its children are not those of the spec, for whatever reason. */
static bool is_unwritten(const struct view *v)
{
	return judge_core_failed(v) || v->in->hold != NULL;
}

struct str judge_failure(struct view *v)
{
	const struct judge_in *in = v->in;
	struct buf b = arena_buf(v->a);

	buf_fmt(&b, "%s %s%s: %s", child_info[in->failed_child].kind,
	    in->record->name, child_info[in->failed_child].suffix,
	    in->failed->text);
	return arena_keep(v->a, &b);
}

static void find_write_failure(struct view *v)
{
	if (judge_core_failed(v))
		wrong(v, true, judge_refusal(v->in->failed_why, "ApplyFailed"),
		    judge_failure(v));
}

static void find_missing(struct view *v)
{
	struct buf b;

	if (v->in->missing_kind == NULL)
		return;
	b = arena_buf(v->a);
	buf_fmt(&b, "%s \"%S\" does not exist", v->in->missing_kind,
	    v->in->missing_name);
	wrong(v, true, "ReferenceMissing", arena_keep(v->a, &b));
}

/*
 * A copy, for a verdict outlives what it was made of: the pod may be gone
 * by the time that its trouble is told.
 */
static const struct trouble *trouble_keep(struct view *v)
{
	struct trouble *t;

	if (v->in->trouble == NULL)
		return NULL;
	t = arena_new(v->a, struct trouble);
	if (t != NULL)
		*t = *v->in->trouble;
	return t;
}

static void find_trouble(struct view *v)
{
	const struct trouble *t = trouble_keep(v);
	struct str failure = str_from(v->in->failure != NULL ?
	    v->in->failure : v->w->failure);

	if (v->w->replica_failure)
		wrong(v, true, judge_refusal(kube_why_of(failure),
		    "ReplicaFailure"), judge_text(v, "%S", failure));
	if (t != NULL && t->weight == TROUBLE_HARD && !v->complete)
		wrong(v, true, t->reason, str_from(t->message));
	find_missing(v);
	if (v->w->deadline_exceeded && v->current && !v->complete)
		wrong(v, true, "DeploymentTimeout",
		    STR("the rollout made no progress within its deadline"));
	if (t != NULL && t->weight == TROUBLE_SOFT && !v->complete)
		wrong(v, false, t->reason, str_from(t->message));
	if (t != NULL && t->weight == TROUBLE_SLOW && !v->ready)
		v->slow = t;
}

/* Of the verification: as just found out, or as the status has it. */
struct str judge_verified(struct view *v)
{
	const struct condition *c = cond_get(v->cs, "Verified");
	const struct mcp_probe *p = v->in->news;

	if (p == NULL)
		return c != NULL ? c->message : STR_NONE;
	if (p->verdict == MCP_SPEAKS)
		return judge_text(v, "speaks MCP %S",
		    str_from(p->found.protocol));
	/* Who is kept out by a rule is not answered at all. */
	if (p->verdict == MCP_SILENT && !p->heard && child_at(v->in->records,
	    v->in->record, CHILD_NETWORK_POLICY)->exists)
		return judge_text(v, "%S; its NetworkPolicy lets in only "
		    "whom it names, and the operator has to be among them",
		    str_from(p->diag.text));
	return judge_text(v, "%S", str_from(p->diag.text));
}

static void find_wrong(struct view *v)
{
	const struct diag *d = v->in->refused;

	if (d != NULL) {
		struct buf b = arena_buf(v->a);

		buf_fmt(&b, "%s: %s", d->path, d->text);
		wrong(v, true, "InvalidSpec", arena_keep(v->a, &b));
	}
	if (v->in->hold != NULL)
		wrong(v, true, v->in->hold->reason, v->in->hold->message);
	find_write_failure(v);
	if (v->desired > 0)
		find_trouble(v);
	if (v->up && v->in->verified == VERIFIED_NO) {
		wrong(v, true, "NotMCP", judge_verified(v));
		v->ready = false;
	}
}

/* ---- the rest of the status ---- */

static enum phase phase_of(const struct view *v)
{
	if (v->deleting)
		return PHASE_TERMINATING;
	if (v->w->ready == 0 && v->reason != NULL && v->hard)
		return PHASE_FAILED;
	/* None of its pods serves what they are for. */
	if (v->up && !v->ready)
		return PHASE_FAILED;
	if (v->desired == 0 || v->w->ready == 0)
		return PHASE_PENDING;
	return v->reason != NULL && v->hard && !v->ready ? PHASE_DEGRADED :
	    PHASE_RUNNING;
}

/*
 * What the last good spec was given and is not seen (any more) may have lost
 * its label only, or is news that have not come yet. Unless a whole plan has
 * looked for it, it stays named, so that the next one does, whoever leads by
 * then. None looks for what is asked for and has no slot.
 */
static const struct child_ref *child_told(const struct view *v,
    enum child_kind k)
{
	const struct server_status *live = &v->in->server->status;
	uint32_t i;

	if (v->deleting ? v->in->gone >> k & 1 : v->in->refused == NULL &&
	    v->in->failed == NULL && v->in->hold == NULL &&
	    !(v->lacking >> k & 1))
		return NULL;
	for (i = 0; i < live->children.n; i++)
		if (child_ref_is(&live->children.p[i], v->in->record, k))
			return &live->children.p[i];
	return NULL;
}

static void set_children(struct view *v, struct server_status *s)
{
	const struct record *r = v->in->record;
	struct child_ref *list = arena_array(v->a, struct child_ref,
	    CHILD_KINDS_ALL);
	int k;

	if (list == NULL)
		return;
	s->children.p = list;
	for (k = 0; k < CHILD_KINDS_ALL; k++) {
		struct child_ref *c = &list[s->children.n];
		const struct child_state *have = child_at(v->in->records, r,
		    (enum child_kind)k);
		const struct child_ref *told;
		struct buf b;

		if (!have->exists) {
			told = child_told(v, (enum child_kind)k);
			if (told != NULL)
				list[s->children.n++] = *told;
			continue;
		}
		s->children.n++;
		HAS_SET(c, child_ref, kind);
		HAS_SET(c, child_ref, name);
		c->kind = str_from(child_info[k].kind);
		b = arena_buf(v->a);
		buf_fmt(&b, "%s%s", r->name,
		    child_info[k].suffix);
		c->name = arena_keep(v->a, &b);
		if (have->own == 0)
			continue;
		HAS_SET(c, child_ref, version);
		b = arena_buf(v->a);
		child_own_write(have, &b);
		c->version = arena_keep(v->a, &b);
	}
	if (s->children.n > 0)
		HAS_SET(s, server_status, children);
}

#define COUNT_SET(s, member, v) \
	(HAS_SET(s, server_status, member), (s)->member = (v))
#define TEXT_SET(s, member, v) \
	(HAS_SET(s, server_status, member), (s)->member = (v))

static void set_counters(struct view *v, struct server_status *s)
{
	COUNT_SET(s, replicas, v->w->replicas);
	COUNT_SET(s, ready_replicas, v->w->ready);
	COUNT_SET(s, available_replicas, v->w->available);
	COUNT_SET(s, updated_replicas, v->w->updated);
	COUNT_SET(s, observed_generation, v->generation);
}

/* The pods are of an older spec, and not about to be of this one. */
static bool runs_older(const struct view *v)
{
	return v->in->refused != NULL || ((judge_not_written(v,
	    CHILD_DEPLOYMENT) || v->in->hold != NULL) && v->exists &&
	    v->in->server->status.image.n > 0);
}

/* Another operator may have taken them back while this one was held. */
static bool knows_rolled_image(const struct view *v)
{
	return v->w->rolled_from != 0 && v->in->rolled_image.n > 0;
}

static void set_identity(struct view *v, struct server_status *s)
{
	const struct server *o = v->in->server;
	struct buf b = arena_buf(v->a);

	render_selector(o->group, o->meta.name, &b);
	TEXT_SET(s, selector, arena_keep(v->a, &b));
	if (runs_older(v)) {
		/* The last good spec's, from the status it was told in. */
		TEXT_SET(s, image, o->status.image);
		TEXT_SET(s, tag, o->status.tag);
		if (knows_rolled_image(v))
			status_image(v->in, &s->image, &s->tag);
		s->endpoint = o->status.endpoint;
	} else {
		HAS_SET(s, server_status, image);
		HAS_SET(s, server_status, tag);
		status_image(v->in, &s->image, &s->tag);
		b = arena_buf(v->a);
		status_endpoint(o, &b);
		s->endpoint = arena_keep(v->a, &b);
	}
	if (s->endpoint.n > 0)
		HAS_SET(s, server_status, endpoint);
	if (v->w->note_revision > 0) {
		b = arena_buf(v->a);
		buf_u64(&b, v->w->note_revision);
		TEXT_SET(s, revision, arena_keep(v->a, &b));
	}
}

#define INFO_SET(s, member, v) \
	(HAS_SET(s, server_info, member), (s)->member = (v))

/* Texts of the probe are another's by the time that the status is written. */
static struct str copy(struct view *v, const char *s)
{
	return arena_str(v->a, str_from(s));
}

static void set_tools(struct view *v, struct server_info *info)
{
	const struct mcp_found *f = &v->in->news->found;
	struct str *name = arena_array(v->a, struct str, f->tools_named);
	const char *at = f->tool_names;
	uint32_t i;

	INFO_SET(info, tools, (int32_t)f->tools);
	if (f->tools_named == 0 || name == NULL)
		return;
	for (i = 0; i < f->tools_named; i++) {
		name[i] = copy(v, at);
		at += strlen(at) + 1;
	}
	HAS_SET(info, server_info, tool_names);
	info->tool_names.p = name;
	info->tool_names.n = f->tools_named;
}

static void set_capabilities(struct view *v, struct server_info *info)
{
	struct str all = copy(v, v->in->news->found.capabilities), one;
	struct str *name = arena_array(v->a, struct str,
	    SERVER_CAPABILITIES_MAX);
	uint32_t n = 0;

	while (all.n > 0 && n < SERVER_CAPABILITIES_MAX && name != NULL) {
		all = str_trim(str_cut(all, ',', &one));
		name[n++] = one;
	}
	if (n == 0)
		return;
	HAS_SET(info, server_info, capabilities);
	info->capabilities.p = name;
	info->capabilities.n = n;
}

/* What the server said of itself, as long as the same pods are there. */
static void set_info(struct view *v, struct server_status *s)
{
	const struct server_status *live = &v->in->server->status;
	const struct mcp_probe *p = v->in->news;
	struct server_info *info = &s->info;
	struct buf b;

	if (v->in->verified < VERIFIED_YES)
		return;
	b = arena_buf(v->a);
	buf_hex64(&b, v->in->topic);
	TEXT_SET(s, verified, arena_keep(v->a, &b));
	if (v->in->verified != VERIFIED_YES)
		return;
	if (p == NULL) {
		if (HAS(live, server_status, info)) {
			HAS_SET(s, server_status, info);
			s->info = live->info;
		}
		return;
	}
	HAS_SET(s, server_status, info);
	if (p->found.name[0] != '\0')
		INFO_SET(info, name, copy(v, p->found.name));
	if (p->found.version[0] != '\0')
		INFO_SET(info, version, copy(v, p->found.version));
	INFO_SET(info, protocol, copy(v, p->found.protocol));
	INFO_SET(info, path, arena_str(v->a, p->path));
	set_capabilities(v, info);
	if (p->found.tools_known)
		set_tools(v, info);
}

/*
 * By this a later release finds out which image its templates were made with,
 * and lets them be. What could not be written is not what runs.
 */
static void set_sidecar(struct view *v, struct server_status *s)
{
	struct str image = v->deleting || v->in->refused != NULL ||
	    is_unwritten(v) ? v->in->server->status.sidecar :
	    v->in->sidecar;

	if (image.n > 0)
		TEXT_SET(s, sidecar, image);
}

static void look(struct view *v)
{
	const struct record *r = v->in->record;
	const struct workload *w = v->w;
	int32_t older;

	v->exists = r->child[CHILD_DEPLOYMENT].exists;
	v->deleting = HAS(&v->in->server->meta, object_meta, deletion_time);
	v->desired = v->in->refused != NULL || w->scaled ? w->asked :
	    server_replicas(&v->in->server->spec);
	v->current = v->exists && w->observed >= w->generation;
	/* What could not be written is not what runs. */
	v->complete = v->current && !is_unwritten(v) &&
	    w->updated == v->desired && w->replicas == v->desired &&
	    w->available >= v->desired;
	/* Those of an older spec count among the ready ones, too. */
	older = w->replicas > w->updated ? w->replicas - w->updated : 0;
	v->ready = v->current && v->desired > 0 &&
	    w->updated >= v->desired && w->ready - older >= v->desired &&
	    v->in->refused == NULL && !is_unwritten(v);
	v->up = v->ready;
	v->rolled = v->exists && w->rolled_from != 0;
	if (v->rolled)
		v->rolled_text = rolled_message(v->in, v->a);
}

/* Does the live status say so already? */
static bool was_told(const struct view *v, const char *type,
    enum cond_status status, const char *reason)
{
	const struct condition *c = status_condition(
	    &v->in->server->status, type);

	return c != NULL && c->status == status && str_is(c->reason, reason);
}

/* An Event only when the trouble is new, not each time it is seen. */
static void tell(struct view *v, struct verdict *out)
{
	struct str message = v->message;

	if (judge_tells_rollback(v)) {
		if (!was_told(v, "Degraded", COND_TRUE, "RolledBack")) {
			out->reason = "RolledBack";
			message = v->rolled_text;
		}
	} else if (v->reason != NULL &&
	    !was_told(v, "Degraded", COND_TRUE, v->reason)) {
		out->reason = v->reason;
	} else if (v->lacks != NULL &&
	    !was_told(v, "ChildrenComplete", COND_FALSE, v->lacks)) {
		out->reason = v->lacks;
		message = v->lack;
	}
	if (out->reason == NULL)
		return;
	out->warning = true;
	cut_fmt(out->message, sizeof(out->message), "%S", message);
}

void judge(const struct judge_in *in, struct arena *a, struct verdict *ret)
{
	const struct server_status *live = &in->server->status;
	struct server_status *s = &ret->status;
	struct view v = { .in = in, .w = &in->record->workload, .a = a };

	memset(ret, 0, sizeof(*ret));
	v.cs = &ret->conditions;
	v.generation = in->server->meta.generation;
	cond_from(v.cs, live);
	look(&v);
	find_wrong(&v);
	judge_conditions(&v);
	ret->up = v.up;

	HAS_SET(s, server_status, phase);
	s->phase = phase_of(&v);
	set_counters(&v, s);
	if (good_revision(in) != 0)
		COUNT_SET(s, good_revision, good_revision(in));
	set_identity(&v, s);
	set_children(&v, s);
	set_sidecar(&v, s);
	schedule_tell(in, s);
	set_info(&v, s);
	if (v.reason != NULL) {
		TEXT_SET(s, reason, str_from(v.reason));
		TEXT_SET(s, message, v.message);
	} else if (judge_tells_rollback(&v)) {
		TEXT_SET(s, reason, STR("RolledBack"));
		TEXT_SET(s, message, v.rolled_text);
	} else if (v.slow != NULL) {
		TEXT_SET(s, reason, str_from(v.slow->reason));
		TEXT_SET(s, message, str_from(v.slow->message));
	} else if (is_note_reason(live->reason)) {
		/* A note's manager has it: left out, it would stay. */
		TEXT_SET(s, reason, STR_NONE);
		TEXT_SET(s, message, STR_NONE);
	}
	cond_lend(&ret->conditions, s);
	tell(&v, ret);
}
