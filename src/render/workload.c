#include "render_int.h"

/*
 * One more pod before an old one goes, unless told otherwise: no request is
 * lost on a rollout, but of a port or selector, which the Service has at once.
 */
static void strategy_write(const struct strategy *st, struct jw *w)
{
	const struct rolling_update *ru = &st->rolling;

	jw_kopen(w, "strategy");
	if (HAS(st, strategy, type) && st->type == STRATEGY_RECREATE) {
		jw_kcstr(w, "type", "Recreate");
		jw_close(w);
		return;
	}
	jw_kcstr(w, "type", "RollingUpdate");
	jw_kopen(w, "rollingUpdate");
	if (HAS(ru, rolling_update, max_unavailable))
		int_or_str_write(w, "maxUnavailable", &ru->max_unavailable);
	else
		jw_ki64(w, "maxUnavailable", 0);
	if (HAS(ru, rolling_update, max_surge))
		int_or_str_write(w, "maxSurge", &ru->max_surge);
	else
		jw_ki64(w, "maxSurge", 1);
	jw_close(w);
	jw_close(w);
}

void deployment_write(struct render *r)
{
	const struct server_spec *spec = r->spec;
	struct jw *w = r->w;

	jw_kopen(w, "spec");
	if (!r->in->scaled)
		jw_ki64(w, "replicas", server_replicas(&r->s->spec));
	/* Immutable, so nothing that a user can change stands in it. */
	selector_write(w, "selector", LABEL_KEY, r->key);
	strategy_write(&spec->strategy, w);
	if (HAS(spec, server_spec, min_ready_s))
		jw_ki64(w, "minReadySeconds", spec->min_ready_s);
	if (HAS(spec, server_spec, progress_deadline_s))
		jw_ki64(w, "progressDeadlineSeconds",
		    spec->progress_deadline_s);
	if (spec->paused)
		jw_kbool(w, "paused", true);
	if (HAS(spec, server_spec, revision_history))
		jw_ki64(w, "revisionHistoryLimit", spec->revision_history);
	jw_kraw(w, "template", r->sent_template);
	jw_close(w);
}

static void pod_labels_write(struct render *r)
{
	const struct server_spec *spec = r->spec;

	jw_kopen(r->w, "labels");
	labels_write(r);
	sidecar_label_write(r);
	user_labels_write(r->w, &spec->selector, NULL);
	user_labels_write(r->w, &spec->pod_labels, &spec->selector);
	tenant_labels_write(r, &spec->pod_labels, &spec->selector);
	jw_close(r->w);
}

static void digest_note_write(struct jw *w, const char *key, uint64_t digest)
{
	char mem[16];
	struct buf hex;

	buf_init(&hex, mem, sizeof(mem));
	buf_hex64(&hex, digest);
	CHECK(!hex.over);
	jw_kstr(w, key, buf_view(&hex));
}

/*
 * What the pods were made from besides the spec: a change of any of these
 * is a change of the template and so brings new pods.
 */
static void pod_annotations_write(struct render *r)
{
	const struct server_spec *spec = r->spec;
	/* The file of a server that is signalled may change under it. */
	bool config = config_mounted(r) && !(reloader_wanted(r) &&
	    server_signals(spec) && server_config_is_live(spec));
	struct jw *w = r->w;

	if (spec->pod_annotations.n == 0 && r->in->refs == 0 && !config &&
	    !HAS(spec, server_spec, restarted_at) &&
	    r->tenancy.annotations.n == 0)
		return;
	jw_kopen(w, "annotations");
	if (r->in->refs != 0)
		digest_note_write(w, NOTE_REFS, r->in->refs);
	if (config)
		digest_note_write(w, NOTE_CONFIG, config_digest(spec));
	if (HAS(spec, server_spec, restarted_at))
		jw_kstr(w, NOTE_RESTARTED, spec->restarted_at);
	user_notes_write(w, &spec->pod_annotations, NULL);
	user_notes_write(w, &r->tenancy.annotations, &spec->pod_annotations);
	jw_close(w);
}

/*
 * The restricted Pod Security Standard where the user says nothing else.
 * What the container is told wins over the pod, so that a user's pod-wide
 * choice is not undone there; see security_write in container.c.
 */
static void pod_security_write(struct render *r)
{
	struct pod_security_context p = r->spec->pod_security;

	if (!HAS(&p, pod_security_context, seccomp)) {
		HAS_SET(&p, pod_security_context, seccomp);
		HAS_SET(&p.seccomp, profile, type);
		p.seccomp.type = PROFILE_RUNTIME;
	}
	jw_key(r->w, STR("securityContext"));
	schema_encode(&pod_security_context_schema, IN_ALL, &p, r->w);
}

static void volumes_write(struct render *r)
{
	const struct server_spec *spec = r->spec;
	struct jw *w = r->w;
	uint32_t i;

	if (spec->volumes.n == 0 && !wants_tmp(r) && !config_mounted(r) &&
	    !sources_mounted(r))
		return;
	jw_kopen_list(w, "volumes");
	if (wants_tmp(r)) {
		jw_open(w);
		jw_kcstr(w, "name", VOLUME_TMP);
		jw_kopen(w, "emptyDir");
		jw_close(w);
		jw_close(w);
	}
	if (config_mounted(r)) {
		jw_open(w);
		jw_kcstr(w, "name", VOLUME_CONFIG);
		jw_kopen(w, "configMap");
		jw_kfmt(w, "name", "%S%s", r->s->meta.name,
		    child_info[CHILD_CONFIG_MAP].suffix);
		jw_close(w);
		jw_close(w);
	}
	source_volumes_write(r);
	for (i = 0; i < spec->volumes.n; i++)
		volume_write(&spec->volumes.p[i], w);
	jw_close_list(w);
}

static void placement_write(struct render *r)
{
	const struct server_spec *spec = r->spec;
	struct jw *w = r->w;
	uint32_t i;

	if (spec->node_selector.n > 0) {
		jw_kopen(w, "nodeSelector");
		for (i = 0; i < spec->node_selector.n; i++) {
			jw_key(w, spec->node_selector.p[i].key);
			jw_str(w, spec->node_selector.p[i].value);
		}
		jw_close(w);
	}
	if (spec->tolerations.n > 0) {
		jw_kopen_list(w, "tolerations");
		for (i = 0; i < spec->tolerations.n; i++)
			schema_encode(&toleration_schema, IN_ALL,
			    &spec->tolerations.p[i], w);
		jw_close_list(w);
	}
	if (r->affinity.n > 0)
		jw_kraw(w, "affinity", r->affinity);
	if (HAS(spec, server_spec, spread))
		jw_kraw(w, "topologySpreadConstraints", spec->spread);
	if (HAS(spec, server_spec, priority_class))
		jw_kstr(w, "priorityClassName", spec->priority_class);
	if (HAS(spec, server_spec, runtime_class))
		jw_kstr(w, "runtimeClassName", spec->runtime_class);
}

/* Server-side apply knows these by name, so each may stand once only. */
static void pull_secrets_write(struct jw *w, const struct local_ref_list *v)
{
	uint32_t i, j;

	if (v->n == 0)
		return;
	jw_kopen_list(w, "imagePullSecrets");
	for (i = 0; i < v->n; i++) {
		for (j = 0; j < i && !str_eq(v->p[j].name, v->p[i].name); j++)
			;
		if (j == i)
			schema_encode(&local_ref_schema, IN_ALL, &v->p[i], w);
	}
	jw_close_list(w);
}

static void identity_write(struct render *r)
{
	const struct server_spec *spec = r->spec;
	struct jw *w = r->w;

	if (HAS(spec, server_spec, service_account))
		jw_kstr(w, "serviceAccountName", spec->service_account);
	/* An MCP server runs other people's tool calls: no way into the API
	 * for it unless somebody asked. */
	jw_kbool(w, "automountServiceAccountToken",
	    HAS(spec, server_spec, mount_token) && spec->mount_token);
	pull_secrets_write(w, &spec->pull_secrets);
}

void template_write(struct render *r)
{
	struct jw *w = r->w;

	jw_open(w);
	jw_kopen(w, "metadata");
	pod_labels_write(r);
	pod_annotations_write(r);
	jw_close(w);
	jw_kopen(w, "spec");
	identity_write(r);
	jw_ki64(w, "terminationGracePeriodSeconds",
	    r->spec->termination_grace_s);
	if (reloader_wanted(r))
		jw_kbool(w, "shareProcessNamespace", true);
	pod_security_write(r);
	placement_write(r);
	lookups_write(r);
	if (r->init.n > 0) {
		jw_kopen_list(w, "initContainers");
		containers_write(w, &r->init);
		jw_close_list(w);
	}
	jw_kopen_list(w, "containers");
	container_write(r);
	if (reloader_wanted(r))
		reloader_write(r);
	containers_write(w, &r->sidecars);
	jw_close_list(w);
	volumes_write(r);
	jw_close(w);
	jw_close(w);
}
