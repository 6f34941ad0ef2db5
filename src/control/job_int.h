#ifndef JOB_INT_H
#define JOB_INT_H

#include "control_int.h"

/*
 * A job is a chain of calls: each function below either sends one, and
 * job.c's dispatch goes on with its answer, or ends the job.
 */

/* ---- job.c ---- */

struct record *job_record(const struct job *j);
/* Begins a call; a builder of kube.h follows, then job_send(). */
void job_call(struct job *j);
void job_send(struct job *j, enum job_step step);
/* The next step of the plan, or what follows the last. */
void job_next(struct job *j);
/* Gives back the room of what an earlier request of this plan needed. */
void job_forget_request(struct job *j);
/* The Deployment is planned anew by the notes of the one that j->call found,
 * so that its pods stay as they are. */
bool job_mark_again(struct job *j);
/* Makes the plan anew, in the place of the one there is; false: no room. */
bool job_plan_again(struct job *j);
/* Keeps what the arena got since the plan, for as long as that. */
void job_keep(struct job *j);
/* Ends it: without a word, well, with what j->call says, again later. */
void job_release(struct job *j);
void job_done(struct job *j);
/* As job_failed, but for the release, which may be the record's end. */
void job_back_off(struct job *j, const char *what);
void job_failed(struct job *j, const char *what);
/* Its children do not fit into the arena: nothing more is written but the
 * status, which says so. */
void job_too_large(struct job *j);
/* Somebody else was faster: no failure, and with backoff. */
void job_again(struct job *j);
/* Does not count as a failure. */
void job_later(struct job *j, int64_t at_ns);

/* ---- job_child.c: steps of the plan ---- */

void job_apply(struct job *j, const struct step *s);
void job_delete(struct job *j, const struct step *s);
void job_probe_done(struct job *j);
void job_child_done(struct job *j);
void job_replaced(struct job *j);
/* The step of the plan is done, or cannot be. */
void job_step_over(struct job *j);
/* The next kind of child, before the last finalizer goes. */
void job_seek(struct job *j);
void job_sought(struct job *j);
void job_seized(struct job *j);
/* Reads the child's metadata, for this step. */
void job_look(struct job *j, enum job_step step);
/* Whose is what it read? */
enum claim job_claim(struct job *j);
/* The step's child could not be written: what is told of it. */
void job_refused(struct job *j, const struct diag *d,
    const struct kube_status *status);
/* Keeps what the call was refused for, before another takes its place. */
void job_keep_refusal(struct job *j);

/* ---- job_hooks.c: extensions that have a say ---- */

/* Asks the next one, and goes on by job_next; false: there is none. */
bool job_hooks(struct job *j);
/* The plan is another one: they are asked anew. */
void job_hooks_again(struct job *j);

/* ---- job_scale.c: replicas that an HPA is to have ---- */

void job_scale(struct job *j, const struct step *s);
void job_scaled(struct job *j);

/* ---- job_roll.c: pods that go back to an earlier template ---- */

/* Is that template still to be read before the Deployment is written? */
bool job_lacks_template(const struct job *j);
/* ... or, where it is not written, for the image that its status tells? */
bool job_lacks_image(const struct job *j);
void job_roll(struct job *j);
/* The apply of the Deployment went well: was that a rollback? */
void job_rolls_back(struct job *j);
void job_revisions_done(struct job *j);
void job_revision_done(struct job *j);
/* ---- labels.c: labels of its namespace ---- */

void job_label(struct job *j);
void job_label_done(struct job *j);

/* ---- job_disown.c: children that no apply goes together with ---- */

/* Was an apply refused that might do without what others added? */
/* Failures that say nothing about the object: only trying again helps. */
bool job_transient(int err);
bool job_may_disown(const struct job *j, const struct step *s);
void job_disown(struct job *j);
void job_owners_done(struct job *j);
void job_trial_done(struct job *j);
void job_disown_done(struct job *j);
/* The apply that followed went well. */
void job_disowned(struct job *j);

/* ---- job_status.c: finalizers, status, Events ---- */

void job_finalizers(struct job *j);
void job_finalizer_done(struct job *j);
void job_status(struct job *j);
void job_status_done(struct job *j);

/* ---- unfollowed.c ---- */

/* The status was written: what it tells of references, and what is new. */
void unfollowed_note(struct job *j);

#endif
