#include <string.h>

#include "job_int.h"

/*
 * What a server is told of the ConfigMaps and Secrets it refers to, when their
 * changes bring no new pods: the one kind may not be granted while the other
 * has no room, so each has a condition of its own.
 */

static const struct {
	const char *kinds, *condition;
	uint32_t told;		/* flag of a record */
} of[] = {
	[REF_CONFIG_MAP] = { "ConfigMaps", "ConfigMapsFollowed",
	  RECORD_TOLD_CONFIG_MAPS },
	[REF_SECRET] = { "Secrets", "SecretsFollowed", RECORD_TOLD_SECRETS },
};

static const char no_room[] = "CapacityReached";

const char *unfollowed_condition(enum ref_kind kind)
{
	return of[kind].condition;
}

/* The want of room first: it may have an end that nobody has to grant. */
const char *unfollowed_reason(const struct judge_in *in, enum ref_kind kind,
    struct arena *a, struct str *ret_message)
{
	bool full = in->full[kind], denied = in->unfollowed[kind];
	struct buf b = arena_buf(a);

	if (!full && !denied)
		return NULL;
	buf_fmt(&b, "changes of %s %s it refers to do not restart its pods: ",
	    full ? "some" : "the", of[kind].kinds);
	if (full)
		buf_fmt(&b, "the operator follows %u of a server, and "
		    "--max-refs of all", (unsigned)RECORD_REFS_MAX);
	if (denied)
		buf_cstr(&b, full ? "; it may not read one" : "the operator "
		    "does not watch them, or may not read one");
	*ret_message = arena_keep(a, &b);
	return full ? no_room : "NotGranted";
}

static const struct condition *told(const struct server_status *st,
    enum ref_kind kind)
{
	return status_condition(st, of[kind].condition);
}

/* Who takes it back again and again that they are not followed. */
static bool somebody_follows(const struct record *r, const struct server *s,
    enum ref_kind kind)
{
	return (r->flags & of[kind].told) &&
	    r->status_fight.n >= CONTEST_TOLD &&
	    told(&s->status, kind) == NULL;
}

static bool is_denied(const struct manager *m, const struct record *r,
    const struct server *s, enum ref_kind kind)
{
	return refs_any(s, kind) &&
	    (!refs_followed(m, kind, str_from(r->ns)) ||
	    refs_denied(m, r, kind));
}

void unfollowed_fill(const struct manager *m, const struct record *r,
    const struct server *s, struct judge_in *in)
{
	enum ref_kind kind;

	for (kind = REF_CONFIG_MAP; kind <= REF_SECRET; kind++) {
		bool ours = !somebody_follows(r, s, kind);

		in->unfollowed[kind] = ours && is_denied(m, r, s, kind);
		in->full[kind] = ours && refs_dropped(m, r, s, kind);
	}
}

static bool says_no_room(const struct condition *c)
{
	return c != NULL && str_is(c->reason, no_room);
}

/* What stands in the status now; the verdict has one Event, which something
 * worse may need. */
void unfollowed_note(struct job *j)
{
	struct record *r = job_record(j);
	enum ref_kind kind;

	for (kind = REF_CONFIG_MAP; kind <= REF_SECRET; kind++) {
		const struct condition *c = told(&j->verdict->status, kind);

		if (c != NULL)
			r->flags |= of[kind].told;
		else if (!is_denied(j->m, r, &j->server, kind) &&
		    !refs_dropped(j->m, r, &j->server, kind))
			r->flags &= ~of[kind].told;
		if (says_no_room(c) &&
		    !says_no_room(told(&j->server.status, kind)))
			manager_event(j->m, &j->server, true, no_room,
			    c->message);
	}
}
