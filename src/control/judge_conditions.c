#include <string.h>

#include "judge_int.h"

/* Every condition there is; others in a live status are not ours. */
static const char *const types[] = {
	"Ready", "Available", "Progressing", "Degraded",
	"ConfigurationValid", "Rendered", "Applied", "DeploymentReady",
	"ServiceReady", "GatewayReady", "IstioConfigured", "FieldsActedOn",
	"ConfigMapsFollowed", "SecretsFollowed", "ChildrenComplete",
	LABELS_CONDITION, "Verified", "HooksPassed"
};
_Static_assert(ARRAY_LEN(types) <= CONDITIONS_MAX, "a slot each");
_Static_assert(CHILD_KINDS_ALL <= STATUS_CHILDREN_MAX, "an item each");

static void set(struct view *v, const char *type, enum cond_status status,
    const char *reason, struct str message)
{
	size_t i;

	for (i = 0; strcmp(types[i], type) != 0; i++)
		CHECK(i + 1 < ARRAY_LEN(types));
	(void)cond_set(v->cs, type, status, reason, message, v->generation,
	    v->in->wall_ns);
}

static struct str pods(struct view *v, int32_t n, const char *what)
{
	struct buf b = arena_buf(v->a);

	buf_fmt(&b, "%d of %d pods are %s", n, v->desired, what);
	return arena_keep(v->a, &b);
}

static struct str waiting(struct view *v)
{
	return judge_text(v, "%S; the others wait for spec.paused to be false",
	    pods(v, v->w->updated, "of the current spec"));
}

static void set_ready(struct view *v)
{
	struct str counts = pods(v, v->w->ready, "ready");

	if (v->slow != NULL) {
		struct buf b = arena_buf(v->a);

		buf_fmt(&b, "%S; %s", counts, v->slow->message);
		counts = arena_keep(v->a, &b);
	}
	if (v->deleting)
		set(v, "Ready", COND_FALSE, "Terminating",
		    STR("the server is being deleted"));
	else if (v->ready)
		set(v, "Ready", COND_TRUE, "DeploymentReady", counts);
	else if (v->in->refused == NULL && v->desired == 0)
		set(v, "Ready", COND_FALSE, "ScaledToZero",
		    STR("replicas is 0"));
	else if (v->reason != NULL)
		set(v, "Ready", COND_FALSE, v->reason, v->message);
	else if (v->in->server->spec.paused)
		set(v, "Ready", COND_FALSE, "Paused", waiting(v));
	else if (v->w->ready >= v->desired)
		set(v, "Ready", COND_FALSE, "RollingUpdate", counts);
	else if (v->w->ready > 0)
		set(v, "Ready", COND_FALSE, "DeploymentPartiallyReady",
		    counts);
	else
		set(v, "Ready", COND_FALSE, "DeploymentPending", counts);
}

static void set_progress(struct view *v)
{
	struct str counts = pods(v, v->w->updated, "of the current spec");
	struct str why = judge_core_failed(v) ? STR_NONE :
	    not_rolled_message(v->in, v->message, v->a);

	if (v->deleting)
		set(v, "Progressing", COND_TRUE, "DeletionInProgress",
		    STR("the server is being deleted"));
	else if (v->rolled)
		set(v, "Progressing", COND_FALSE, "RolledBack",
		    v->rolled_text);
	else if (v->complete)
		set(v, "Progressing", COND_FALSE, "DeploymentComplete",
		    counts);
	else if (why.n > 0)
		set(v, "Progressing", COND_FALSE, "NotRolledBack", why);
	else if (v->reason != NULL && v->hard)
		set(v, "Progressing", COND_FALSE, v->reason, v->message);
	else if (v->in->server->spec.paused)
		set(v, "Progressing", COND_FALSE, "Paused", waiting(v));
	else
		set(v, "Progressing", COND_TRUE, "DeploymentInProgress",
		    counts);
}

/* Before all else, unless what is asked for cannot even be written. */
bool judge_tells_rollback(const struct view *v)
{
	return v->rolled && !v->deleting && v->in->refused == NULL &&
	    !judge_core_failed(v);
}

static void set_common(struct view *v)
{
	bool available = v->desired > 0 &&
	    v->w->available >= v->desired;

	set_ready(v);
	set(v, "Available", available ? COND_TRUE : COND_FALSE,
	    available ? "PodsAvailable" : v->reason != NULL ? v->reason :
	    v->desired == 0 ? "ScaledToZero" : "PodsMissing",
	    pods(v, v->w->available, "available"));
	set_progress(v);
	if (judge_tells_rollback(v))
		set(v, "Degraded", COND_TRUE, "RolledBack", v->rolled_text);
	else if (v->reason != NULL)
		set(v, "Degraded", COND_TRUE, v->reason, v->message);
	else
		set(v, "Degraded", COND_FALSE, "AsExpected", STR_NONE);
	if (v->in->refused != NULL)
		set(v, "ConfigurationValid", COND_FALSE, "InvalidSpec",
		    v->message);
	else if (v->in->hold != NULL && v->in->hold->invalid)
		set(v, "ConfigurationValid", COND_FALSE, v->in->hold->reason,
		    v->in->hold->message);
	else if (v->in->failed != NULL && v->in->failed_invalid)
		set(v, "ConfigurationValid", COND_FALSE, "InvalidSpec",
		    judge_failure(v));
	else
		set(v, "ConfigurationValid", COND_TRUE,
		    "ConfigurationValid", STR_NONE);
}

static void set_of_allbeone(struct view *v)
{
	bool rendered = v->in->refused == NULL;

	set(v, "Rendered", rendered ? COND_TRUE : COND_FALSE,
	    rendered ? "Assembled" : "InvalidSpec", STR_NONE);
	if (v->in->failed != NULL)
		set(v, "Applied", COND_FALSE, "ApplyFailed",
		    judge_failure(v));
	else if (v->in->hold != NULL)
		set(v, "Applied", COND_FALSE, v->in->hold->reason,
		    v->in->hold->message);
	else if (rendered)
		set(v, "Applied", COND_TRUE, "Applied", STR_NONE);
}

static void set_of_example(struct view *v)
{
	bool service = v->in->record->child[CHILD_SERVICE].exists &&
	    !judge_not_written(v, CHILD_SERVICE);
	/* Which transport it last had is not known after a restart. */
	bool wants = v->in->refused != NULL ? service ||
	    cond_get(v->cs, "ServiceReady") != NULL :
	    v->in->server->spec.transport.type != TRANSPORT_STDIO;

	if (!v->exists)
		set(v, "DeploymentReady", COND_FALSE, "DeploymentNotFound",
		    STR_NONE);
	else
		set(v, "DeploymentReady", v->ready ? COND_TRUE : COND_FALSE,
		    v->ready ? "DeploymentReady" : "DeploymentNotReady",
		    STR_NONE);
	if (wants)
		set(v, "ServiceReady", service ? COND_TRUE : COND_FALSE,
		    service ? "ServiceReady" : "ServiceNotFound", STR_NONE);
}

/* "PodDisruptionBudget, HorizontalPodAutoscaler"; apis: of which API each
 * is, "HTTPRoute of gateway.networking.k8s.io/v1". */
static struct str kinds_text(struct view *v, uint32_t kinds, bool apis)
{
	struct buf b = arena_buf(v->a);
	int k;

	for (k = 0; k < CHILD_KINDS_ALL; k++) {
		if (!(kinds >> k & 1))
			continue;
		buf_fmt(&b, "%s%s", b.n > 0 ? ", " : "", child_info[k].kind);
		if (apis)
			buf_fmt(&b, " of %s/%s", child_info[k].group,
			    child_info[k].version);
	}
	return arena_keep(v->a, &b);
}

static void incomplete(struct view *v, const char *reason,
    struct str message)
{
	v->lacks = reason;
	v->lack = message;
	set(v, "ChildrenComplete", COND_FALSE, reason, message);
}

/* The first of these: each is told when those before it are mended. */
static void set_children_complete(struct view *v)
{
	const struct judge_in *in = v->in;
	uint32_t asked = 0, lacking;

	if (v->deleting || render_kinds(in->server, v->a, &asked) < 0)
		return;
	lacking = asked & in->made & ~in->allowed;
	v->lacking = asked & ~in->allowed & ~in->absent & KINDS_EXTRA;
	if (judge_extra_failed(v))
		incomplete(v, judge_refusal(in->failed_why, "ApplyFailed"),
		    judge_failure(v));
	else if (lacking & in->absent)
		incomplete(v, "APIMissing", judge_text(v, "the cluster has "
		    "no %S; it is made when that is installed",
		    kinds_text(v, lacking & in->absent, true)));
	else if (lacking)
		incomplete(v, "CapacityReached", judge_text(v, "there is no "
		    "room for %S, see --max-extra-children; it is made when "
		    "there is", kinds_text(v, lacking, false)));
	else if (asked & ~in->made)
		incomplete(v, "NotMade", judge_text(v, "this operator makes "
		    "no %S", kinds_text(v, asked & ~in->made,
		    false)));
}

/* As the first system has it; only where the mesh is asked for. */
static void set_mesh(struct view *v)
{
	static const uint32_t mesh = UINT32_C(1) << CHILD_VIRTUAL_SERVICE |
	    UINT32_C(1) << CHILD_DESTINATION_RULE |
	    UINT32_C(1) << CHILD_PEER_AUTH;
	const struct judge_in *in = v->in;
	uint32_t asked = 0, lacking;

	if (v->deleting || render_kinds(in->server, v->a, &asked) < 0 ||
	    !(asked & mesh))
		return;
	asked &= mesh;
	lacking = asked & ~record_children(in->records, in->record);
	if (in->failed != NULL && (asked >> in->failed_child & 1))
		set(v, "IstioConfigured", COND_FALSE,
		    "IstioConfigurationFailed", judge_failure(v));
	else if (lacking)
		set(v, "IstioConfigured", COND_FALSE,
		    "IstioConfigurationFailed", judge_text(v,
		    "there is no %S; see ChildrenComplete",
		    kinds_text(v, lacking, false)));
	else
		set(v, "IstioConfigured", COND_TRUE, "IstioConfigured",
		    STR_NONE);
}

static void idle_note(void *ctx, const struct diag *d)
{
	struct buf *b = ctx;

	buf_fmt(b, "%s%s %s", b->n > 0 ? "; " : "", d->path, d->text);
}

static void set_fields_acted_on(struct view *v)
{
	struct buf b = arena_buf(v->a);
	const char *reason = "NotActedOn";
	struct str later = STR_NONE, idle;

	if (server_unacted(v->in->server, &b) > 0)
		later = arena_keep(v->a, &b);
	b = arena_buf(v->a);
	if (later.n > 0)
		buf_fmt(&b, "not acted on yet: %S", later);
	else
		reason = "NoEffect";
	server_idle_fields(v->in->server, idle_note, &b);
	if (v->in->no_sidecar && server_signals(&v->in->server->spec))
		buf_fmt(&b, "%sspec.reload.policy has no effect: this operator "
		    "has no --sidecar-image", b.n > 0 ? "; " : "");
	idle = arena_keep(v->a, &b);
	if (idle.n > 0)
		set(v, "FieldsActedOn", COND_FALSE, reason, idle);
}

static void set_followed(struct view *v)
{
	enum ref_kind kind;
	const char *reason;
	struct str message;

	for (kind = REF_CONFIG_MAP; kind <= REF_SECRET; kind++) {
		reason = unfollowed_reason(v->in, kind, v->a, &message);
		if (reason != NULL)
			set(v, unfollowed_condition(kind), COND_FALSE, reason,
			    message);
	}
}

/* What the user asked for and does not get: said, not dropped. */
static void set_shortfalls(struct view *v)
{
	if (v->in->refused != NULL)
		return;
	if (v->in->hold != NULL && !v->in->hold->invalid)
		set(v, "HooksPassed", COND_FALSE, v->in->hold->reason,
		    v->in->hold->message);
	if (v->in->server->spec.transport.type == TRANSPORT_STDIO)
		set(v, "GatewayReady", COND_FALSE, "NoGateway",
		    STR("transport stdio has no gateway yet: one pod with an "
		    "open standard input, without Service and probes"));
	set_fields_acted_on(v);
	set_children_complete(v);
	if (v->in->server->group == GROUP_ALLBEONE)
		set_mesh(v);
	set_followed(v);
}

/* It outlives the spec that asked for them, until they are given back. */
static void set_labelled(struct view *v)
{
	const struct judge_in *in = v->in;
	struct ns_labels want;

	if (in->refused != NULL || v->deleting) {
		cond_keep(v->cs, LABELS_CONDITION);
		return;
	}
	if (labels_wanted(in->server, &in->labels, v->a, &want) < 0)
		return;
	if (in->label_failed != NULL) {
		want.status = COND_FALSE;
		want.reason = want.set.n == 0 ? "NotGivenBack" :
		    in->label_why == KUBE_WHY_OWNED ? "LabelTaken" :
		    judge_refusal(in->label_why, "ApplyFailed");
		want.message = arena_str(v->a,
		    str_from(in->label_failed->text));
	} else if (in->announce) {
		want.status = COND_UNKNOWN;
		want.reason = "Pending";
		if (want.set.n == 0)
			want.message = STR("what was set is given back");
	} else if (labels_due(in->server, in->record, &want)) {
		cond_keep(v->cs, LABELS_CONDITION);
		return;
	}
	if (want.reason != NULL)
		set(v, LABELS_CONDITION, want.status, want.reason,
		    want.message);
}

/* As it was told last, unless there are news. */
static const char *unsure_reason(struct view *v)
{
	static const char *const of[] = {
		[MCP_SILENT] = "Unreachable",
		[MCP_GUARDED] = "AuthorizationRequired",
		[MCP_DECLINED] = "InitializeRefused",
		[MCP_SECURED] = "TLSRequired"
	};
	const struct condition *c = cond_get(v->cs, "Verified");
	uint32_t i = v->in->news != NULL ? v->in->news->verdict : MCP_SECURED;

	while (v->in->news == NULL && i > MCP_SILENT &&
	    (c == NULL || !str_is(c->reason, of[i])))
		i--;
	return of[i];
}

static void set_verified(struct view *v)
{
	struct str message = judge_verified(v);

	switch (v->in->verified) {
	case VERIFIED_OFF:
		return;
	case VERIFIED_PENDING:
		if (v->desired > 0)
			set(v, "Verified", COND_UNKNOWN, v->up ? "Pending" :
			    "PodsNotReady", STR_NONE);
		return;
	case VERIFIED_YES:
		set(v, "Verified", COND_TRUE, "Verified", message);
		return;
	case VERIFIED_NO:
		set(v, "Verified", COND_FALSE, "NotMCP", message);
		return;
	case VERIFIED_UNSURE:
		set(v, "Verified", COND_UNKNOWN, unsure_reason(v), message);
	}
}

void judge_conditions(struct view *v)
{
	set_common(v);
	if (v->in->server->group == GROUP_ALLBEONE)
		set_of_allbeone(v);
	if (v->in->server->group == GROUP_EXAMPLE)
		set_of_example(v);
	set_shortfalls(v);
	set_labelled(v);
	set_verified(v);
}
