#include "control_int.h"

/* Not so one that has come up since, or that waits. */
bool rollback_is_due(const struct server *s, const struct record *r)
{
	const struct workload *w = &r->workload;

	return s->spec.rollback && !s->spec.paused && w->timed_out &&
	    r->child[CHILD_DEPLOYMENT].exists && w->rolled_from == 0 &&
	    w->note_template != 0 && w->observed >= w->generation;
}

bool rollback_has_aim(const struct record *r)
{
	const struct workload *w = &r->workload;

	return w->good != 0 && w->good != w->revision;
}

/* Of what keeps pods from being written: "HookRefused" and such. */
static bool is_of_a_hold(struct str reason)
{
	return str_starts(reason, STR("Hook")) ||
	    str_starts(reason, STR("Validator")) ||
	    str_is(reason, REASON_TOO_LARGE);
}

/*
 * What went wrong is known to the job that takes it back, and from then on to
 * the status only. One that ended half-way left what the status said before.
 */
struct str rolled_message(const struct judge_in *in, struct arena *a)
{
	const struct server_status *live = &in->server->status;
	const struct condition *told = status_condition(live, "Progressing");
	const struct condition *bad = status_condition(live, "Degraded");
	struct str fell = in->fell;
	struct buf b;

	if (fell.n == 0 && told != NULL &&
	    str_is(told->reason, "RolledBack"))
		return told->message;
	b = arena_buf(a);
	buf_fmt(&b, "the pods are those of revision %u again, for the "
	    "rollout of what is asked for has failed: ",
	    in->record->workload.rolled_to);
	if (fell.n > 0)
		buf_str(&b, fell);
	else if (bad != NULL && bad->status == COND_TRUE &&
	    !is_of_a_hold(bad->reason))
		buf_fmt(&b, "%S: %S", bad->reason, bad->message);
	else
		buf_cstr(&b, "it made no progress within its deadline");
	return arena_keep(a, &b);
}

struct str not_rolled_message(const struct judge_in *in, struct str failure,
    struct arena *a)
{
	struct str why = in->stays;
	struct buf b;

	if (in->refused != NULL || !rollback_is_due(in->server, in->record))
		return STR_NONE;
	if (why.n == 0 && rollback_has_aim(in->record))
		return STR_NONE;
	if (why.n == 0)
		why = STR("none of its earlier revisions is known to have "
		    "been available in full");
	b = arena_buf(a);
	buf_fmt(&b, "%S; it is not rolled back: %S", failure, why);
	return arena_keep(a, &b);
}

void status_image(const struct judge_in *in, struct str *ret_name,
    struct str *ret_tag)
{
	const struct server *s = in->server;
	bool rolled = in->record->workload.rolled_from != 0;

	/* Once it was read, the status has it. */
	if (rolled && in->rolled_image.n == 0 && s->status.image.n > 0) {
		*ret_name = s->status.image;
		*ret_tag = s->status.tag;
		return;
	}
	image_split(rolled && in->rolled_image.n > 0 ? in->rolled_image :
	    s->spec.image, ret_name, ret_tag);
}

int32_t good_revision(const struct judge_in *in)
{
	/* Whether that is asked for is not known of a spec that is no good. */
	if (in->refused != NULL)
		return in->server->status.good_revision;
	return in->server->spec.rollback ?
	    (int32_t)in->record->workload.good : 0;
}
