#include <stdlib.h>
#include <string.h>

#include "check.h"

static const struct checker *const all[] = {
	&check_children, &check_deadline, &check_foreign, &check_guard,
	&check_hooks, &check_invalid, &check_kids, &check_leader, &check_memory,
	&check_orphans, &check_rate, &check_refs, &check_rest, &check_secrets,
	&check_spec, &check_status, &check_throttle, &check_times,
};

bool from_operator(const struct api_write *w)
{
	return !w->system && str_starts(w->agent, STR("mcp-operator/"));
}

bool is_write(const struct api_request *r)
{
	return !str_is(r->method, "GET");
}

bool is_server_kind(enum api_kind kind)
{
	return kind >= API_ALLBEONE && kind <= API_MCPDEV;
}

uint32_t server_number(const struct sim *s, const struct api_object *o)
{
	struct server_id id;
	uint32_t i = 0;

	do
		server_id(s, i, &id);
	while ((id.kind != o->kind || !str_is(o->ns, id.ns) ||
	    !str_is(o->name, id.name)) && ++i < SIM_SERVERS);
	return i;
}

const struct api_object *server_at(const struct sim *s, uint32_t i)
{
	struct server_id id;

	server_id(s, i, &id);
	return api_find(s->api, id.kind, str_from(id.ns), str_from(id.name));
}

const struct api_object *owner_of(const struct sim *s,
    const struct node *root, struct str *ret_uid)
{
	const struct node *list = node_path(root, "metadata.ownerReferences");

	*ret_uid = STR_NONE;
	for (uint32_t i = 0; node_is(list, NODE_LIST) && i < list->n; i++) {
		const struct node *o = list->item[i];

		if (!node_true(o, "controller") ||
		    !str_is(node_text(o, "kind"), "MCPServer"))
			continue;
		*ret_uid = node_text(o, "uid");
		return api_find_uid(s->api, *ret_uid);
	}
	return NULL;
}

static void on_write(void *ctx, const struct api_write *w)
{
	struct sim *s = ctx;

	s->stats.writes += from_operator(w);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->write)
			all[i]->write(s, w);
}

void checks_init(struct sim *s)
{
	s->checks = calloc(1, sizeof(*s->checks));
	api_observe(s->api, on_write, s);
}

void checks_free(struct sim *s)
{
	free(s->checks);
}

void checks_request(struct sim *s, struct inst *in,
    const struct api_request *r)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->request)
			all[i]->request(s, in, r);
}

void checks_answer(struct sim *s, struct inst *in,
    const struct api_request *r, const struct api_answer *a)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->answer)
			all[i]->answer(s, in, r, a);
}

void checks_turn(struct sim *s, struct inst *in)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->turn)
			all[i]->turn(s, in);
}

void checks_log(struct sim *s, struct inst *in, struct str line)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->log)
			all[i]->log(s, in, line);
}

void checks_started(struct sim *s, struct inst *in)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->started)
			all[i]->started(s, in);
}

void checks_killed(struct sim *s, struct inst *in)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->killed)
			all[i]->killed(s, in);
}

/* ---- the parts of a run ---------------------------------------------- */

/*
 * Steps and faults; calm, until all is as it should be and stays so, with
 * the world at rest; rest, in which nothing may be written or listed; rest
 * once more, with every instance started anew; the loss of all that servers
 * refer to, for which no pod that runs is made anew, while what APIs there
 * were not come, and with them the children; and the end, in which
 * every server is deleted and nothing of it may remain.
 */
enum { REST_S = 45, AGAIN_S = 100, LOSS_S = 30, COME_S = 60, ENDING_S = 200 };

static void enter(struct sim *s, enum part part)
{
	static const char *const names[] = {
		"steps", "calm", "rest", "again", "loss", "ending"
	};

	s->checks->part = part;
	s->checks->part_ns = s->now_ns;
	sim_trace(s, "PART", "%s", names[part]);
}

static bool well(struct sim *s, struct text *why, const char **ret_name)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		*ret_name = all[i]->name;
		if (all[i]->well && !all[i]->well(s, why))
			return false;
	}
	return true;
}

static void servers_delete(struct sim *s)
{
	struct server_id id;

	for (uint32_t i = 0; i < SIM_SERVERS; i++) {
		server_id(s, i, &id);
		if (api_find(s->api, id.kind, str_from(id.ns),
		    str_from(id.name)))
			world_delete(s, "user", id.kind, str_from(id.ns),
			    str_from(id.name));
	}
}

/*
 * Somebody takes the label off the children of those whose spec is not valid:
 * nobody puts it back, and no watch tells of them when their server goes.
 */
static void labels_take(struct sim *s)
{
	const struct api_object *server;
	struct server_id id;
	struct expect e;

	for (uint32_t i = 0; i < SIM_SERVERS; i++) {
		server_id(s, i, &id);
		server = api_find(s->api, id.kind, str_from(id.ns),
		    str_from(id.name));
		if (!server)
			continue;
		expect_of(s, server, &e);
		if (!e.valid)
			server_unlabel(s, &id);
	}
}

/* Pods that were orphaned belong to nobody. */
static void pods_delete(struct sim *s)
{
	const struct api_object *o = NULL;

	while ((o = api_each(s->api, API_POD, STR_NONE, o)))
		if (!api_find_uid(s->api, node_text(o->root,
		    "metadata.ownerReferences.0.uid")) &&
		    !node_path(o->root, "metadata.deletionTimestamp")) {
			world_delete(s, "user", API_POD, o->ns, o->name);
			return;
		}
}

static void late(struct sim *s, int64_t limit_ns, const char *name,
    const struct text *why)
{
	if (s->now_ns - s->checks->part_ns > limit_ns)
		sim_fail(s, name, "not well after %lld s: %.*s",
		    (long long)(limit_ns / SEC), (int)why->n, why->p);
}

/* Nothing was written since; but the last look is a whole one. */
static bool still_well(const struct sim *s)
{
	const struct checks *c = s->checks;

	return c->well_ns && c->well_version == api_version(s->api) &&
	    s->now_ns - c->quiet_ns + SEC < s->sc.quiet_ns;
}

static void part_second(struct sim *s)
{
	struct checks *c = s->checks;
	int64_t since = s->now_ns - c->part_ns;
	struct text why = { 0 };
	const char *name = "";

	switch (c->part) {
	case PART_STEPS:
		if (s->calm)
			enter(s, PART_CALM);
		break;
	case PART_CALM:
		if (!still_well(s) && !well(s, &why, &name)) {
			c->well_ns = c->quiet_ns = 0;
			late(s, s->sc.converge_ns, name, &why);
			break;
		}
		if (!c->well_ns)
			c->well_ns = s->now_ns;
		c->well_version = api_version(s->api);
		if (!c->quiet_ns || !world_idle(s) || wire_holes(s))
			c->quiet_ns = s->now_ns;
		if (s->now_ns - c->quiet_ns < s->sc.quiet_ns)
			break;
		s->stats.converged_ns = c->well_ns - c->part_ns;
		enter(s, PART_REST);
		break;
	case PART_REST:
		if (since < REST_S * SEC)
			break;
		for (uint32_t i = 0; i < s->sc.insts; i++) {
			inst_kill(&s->inst[i]);
			if (s->sc.options & OPT_FLAGS)
				s->inst[i].secrets = !s->inst[i].secrets;
			inst_start(&s->inst[i]);
		}
		enter(s, PART_AGAIN);
		break;
	case PART_AGAIN:
		if (since < AGAIN_S * SEC)
			break;
		if (!well(s, &why, &name))
			sim_fail(s, name, "not well after rest: %.*s",
			    (int)why.n, why.p);
		enter(s, PART_LOSS);
		users_take_refs(s);
		labels_take(s);
		steps_late(s);
		break;
	case PART_LOSS:
		if (since < LOSS_S * SEC)
			break;
		if (!check_kids.well(s, &why)) {
			late(s, (LOSS_S + COME_S) * SEC, check_kids.name,
			    &why);
			break;
		}
		enter(s, PART_ENDING);
		servers_delete(s);
		break;
	case PART_ENDING:
		pods_delete(s);
		if (well(s, &why, &name))
			s->done = true;
		else
			late(s, ENDING_S * SEC, name, &why);
	}
	free(why.p);
}

void checks_second(struct sim *s)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->second)
			all[i]->second(s);
	part_second(s);
}
