#include "control_int.h"

/* Nothing is kept of it but what the status has. */

static bool has_schedule(const struct server *s, struct cron *ret)
{
	return HAS(&s->spec, server_spec, schedule) &&
	    !HAS(&s->meta, object_meta, deletion_time) &&
	    cron_parse(s->spec.schedule, ret, NULL) == 0;
}

static int64_t since(const struct server *s)
{
	return HAS(&s->status, server_status, last_schedule) ?
	    s->status.last_schedule : s->meta.creation_time;
}

bool schedule_due(const struct server *s, int64_t wall_ns)
{
	struct cron c;

	/* Whoever followed it last had a clock that was ahead. */
	return has_schedule(s, &c) &&
	    (since(s) > wall_ns + SCHEDULE_SKEW_NS ||
	    cron_next(&c, since(s)) <= wall_ns);
}

void schedule_tell(const struct judge_in *in, struct server_status *ret)
{
	const struct server *s = in->server;
	int64_t last = since(s);
	struct cron c;

	if (!has_schedule(s, &c))
		return;
	if (in->scheduled)
		last = in->wall_ns - in->wall_ns % NS_PER_S;
	if (in->scheduled || HAS(&s->status, server_status, last_schedule)) {
		HAS_SET(ret, server_status, last_schedule);
		ret->last_schedule = last;
	}
	ret->next_schedule = cron_next(&c, last);
	if (ret->next_schedule != TIME_NEVER)
		HAS_SET(ret, server_status, next_schedule);
}

void schedule_wait(struct manager *m, uint32_t i,
    const struct server_status *next)
{
	int64_t wait;

	if (!HAS(next, server_status, next_schedule))
		return;
	wait = next->next_schedule - m->io->wall_ns(m->io->ctx);
	if (wait < 0)
		wait = 0;
	/* The wall clock may be set meanwhile. */
	if (wait > SCHEDULE_LOOK_NS)
		wait = SCHEDULE_LOOK_NS;
	queue_at(&m->queue, i, m->loop.now_ns + wait);
}
