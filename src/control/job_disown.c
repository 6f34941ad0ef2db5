#include "job_int.h"

/*
 * An apply that is refused where nothing of others would be in its way takes
 * them out of it: a look at who owns what, for a Deployment a trial of ours
 * alone, a patch of the managers and the apply again. When ours alone is not
 * valid either, nothing is changed and the refusal is told.
 */

/*
 * A policy, a field that cannot be changed, a node port that is another's:
 * no addition to this child is the reason for those.
 */
bool job_may_disown(const struct job *j, const struct step *s)
{
	enum kube_why why = j->call.status.why;

	return s->what == STEP_APPLY && (s->force || j->owns) &&
	    !j->disowns && j->call.status.code == 422 &&
	    why != KUBE_WHY_ADMISSION && why != KUBE_WHY_IMMUTABLE &&
	    !str_ends(str_from(j->call.diag.path), STR("nodePort"));
}

void job_disown(struct job *j)
{
	j->disowns = true;
	job_keep_refusal(j);
	job_look(j, JOB_OWNERS);
}

static void take_over(struct job *j)
{
	const struct record *r = job_record(j);
	const struct step *s = &j->plan.step[j->at];

	job_call(j);
	kube_call_merge(&j->call, &child_gvr[s->child], str_from(r->ns),
	    j->plan.out.child[s->child].name, NULL,
	    group_info((enum group)r->group)->manager, j->disown.patch);
	job_send(j, JOB_DISOWN);
}

/*
 * Others' additions are not given up for a mistake in the server itself.
 * Services are not tried: one that asks for a node port is told that this is
 * taken, by itself.
 */
static void try_alone(struct job *j)
{
	const struct record *r = job_record(j);
	const struct step *s = &j->plan.step[j->at];

	job_call(j);
	kube_call_create(&j->call, &child_gvr[s->child], str_from(r->ns),
	    group_info((enum group)r->group)->manager,
	    j->plan.out.child[s->child].body);
	kube_call_dry_run(&j->call);
	job_send(j, JOB_TRIAL);
}

/* For good: then the refusal is told that all this was about. */
static void not_disowned(struct job *j, const char *what)
{
	int err = j->call.status.err;

	/* Somebody wrote to it since it was looked at, or it is gone. */
	if (err == ERR_CONFLICT || err == ERR_NOENT || job_transient(err))
		job_failed(j, what);
	else
		job_refused(j, &j->refusal, &j->refused_by);
}

void job_owners_done(struct job *j)
{
	const struct step *s = &j->plan.step[j->at];
	const char *manager = group_info(j->server.group)->manager;
	struct json_doc doc;
	struct str going;

	if (j->call.status.err < 0) {
		not_disowned(j, "cannot look at a child");
		return;
	}
	if (job_claim(j) < CLAIM_MADE ||
	    kube_peek(j->call.reply, "metadata.deletionTimestamp", &going) ||
	    json_parse(&doc, j->call.reply, j->m->tok, JSON_TOKENS_MAX,
	    NULL) < 0 || !disown(&doc, &child_gvr[s->child], manager,
	    &j->arena, &j->disown)) {
		job_refused(j, &j->refusal, &j->refused_by);
		return;
	}
	if (j->arena.over)
		job_failed(j, "arena is full");
	else if (s->child == CHILD_DEPLOYMENT)
		try_alone(j);
	else
		take_over(j);
}

void job_trial_done(struct job *j)
{
	const struct kube_status *status = &j->call.status;

	/* Valid, as far as may be said: there is one already, or no room or
	 * leave for one more. */
	if (status->err == ERR_EXIST || status->err == ERR_FORBIDDEN)
		take_over(j);
	else if (status->err == ERR_INVALID)
		job_refused(j, &j->call.diag, status);
	else
		job_failed(j, "cannot try a child");
}

void job_disown_done(struct job *j)
{
	if (j->call.status.err < 0)
		not_disowned(j, "cannot take over a child's fields");
	else
		job_apply(j, &j->plan.step[j->at]);
}

void job_disowned(struct job *j)
{
	const struct step *s = &j->plan.step[j->at];
	struct buf b = arena_buf(&j->arena);

	buf_fmt(&b, "%s %S: took out what %s had added, for it could not be "
	    "merged with what the server asks for: %s",
	    child_info[s->child].kind, j->plan.out.child[s->child].name,
	    j->disown.whom, j->refusal.text);
	manager_event(j->m, &j->server, false, "Repaired",
	    arena_keep(&j->arena, &b));
}
