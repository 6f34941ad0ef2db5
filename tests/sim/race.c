/*
 * Somebody is faster: just before a request of an instance comes to the API
 * server, or just after, something happens to the server or the child that
 * it is about.  By lot two events hardly ever come as close.
 */
#include <string.h>

#include "world.h"

enum race {
	RACE_EDIT, RACE_SCALE, RACE_ANNOTATE, RACE_AGAIN, RACE_KID_EDIT,
	RACE_KID_GO, RACE_KID_SWAP, RACES
};

/* Which child it is by its resource and name; of a server's own path one of
 * the three that most have. Of its name, what is its server's stays. */
static uint32_t kid_by(struct sim *s, struct str plural, struct str *name)
{
	for (uint32_t k = KIDS; k-- > 0;) {
		struct str suffix = str_from(kids[k].suffix);
		struct str is = str_from(api_kind_resource(kids[k].kind));

		is = str_sub(is, 0, str_find(is, '.'));
		if (!str_eq(plural, is) || !str_ends(*name, suffix))
			continue;
		*name = str_sub(*name, 0, name->n - suffix.n);
		return k;
	}
	return (uint32_t)roll(&s->net, KID_FEW);
}

/* The server whose name, or whose child's name, the path ends in. */
static bool find(struct sim *s, struct str path, uint32_t *ret_server,
    uint32_t *ret_kind)
{
	uint32_t from = (uint32_t)roll(&s->net, SIM_SERVERS);
	struct str mark = STR("/namespaces/"), ns, plural, name;
	struct server_id id;

	path = str_sub(path, 0, str_find(path, '?'));
	path = str_sub(path, str_search(path, mark) + mark.n, path.n);
	path = str_cut(path, '/', &ns);
	path = str_cut(path, '/', &plural);
	(void)str_cut(path, '/', &name);
	*ret_kind = kid_by(s, plural, &name);
	for (uint32_t i = 0; i < SIM_SERVERS; i++) {
		*ret_server = (from + i) % SIM_SERVERS;
		server_id(s, *ret_server, &id);
		if (str_is(ns, id.ns) && str_is(name, id.name))
			return true;
	}
	return false;
}

static void happen(struct sim *s, enum step_op op, uint32_t server,
    uint32_t b)
{
	struct sim_step st = { .op = (uint8_t)op, .a = (uint16_t)server,
		.b = b };

	step_trace(s, &st);
	user_run(s, &st);
}

/* Deletions are rare. */
static unsigned thousandths(const struct api_request *r)
{
	return str_is(r->method, "DELETE") ? 200 : 12;
}

void race(struct sim *s, const struct api_request *r)
{
	static const enum step_op one[RACES] = {
		[RACE_EDIT] = OP_EDIT, [RACE_SCALE] = OP_SCALE,
		[RACE_ANNOTATE] = OP_ANNOTATE, [RACE_AGAIN] = OP_DELETE,
		[RACE_KID_EDIT] = OP_CHILD_EDIT,
		[RACE_KID_GO] = OP_CHILD_DELETE,
		[RACE_KID_SWAP] = OP_CHILD_DELETE
	};
	uint32_t server, kind, b;
	enum race what;

	if (!(s->sc.options & OPT_RACES) || s->calm ||
	    !chance(&s->net, thousandths(r)) ||
	    !find(s, r->path, &server, &kind))
		return;
	what = (enum race)roll(&s->net, RACES);
	b = kind;
	if (what == RACE_KID_EDIT)
		b += KIDS * (uint32_t)roll(&s->net, 1 << 16);
	else if (what < RACE_KID_EDIT)
		b = (uint32_t)roll(&s->net, 1 << 20);
	happen(s, one[what], server, b);
	if (what == RACE_AGAIN)
		happen(s, OP_CREATE, server, b);
	if (what == RACE_KID_SWAP)
		happen(s, OP_STRANGER, server, b);
}
