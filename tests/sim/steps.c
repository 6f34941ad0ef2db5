#include <stdio.h>
#include <string.h>

#include "world.h"

/* ---- the network ----------------------------------------------------- */

static void watches_end(struct sim *s, struct inst *in)
{
	for (int p = 0; p < in->f.peers; p++) {
		struct link *c = &in->link[p];

		if (c->open && c->watch && fault_now(s, FAULT_WATCH_END, in))
			c->end_ns = s->now_ns + roll_ns(&s->net, 0, 5 * SEC);
	}
	s->pushed = 0;
}

static void connects(struct sim *s, struct inst *in, enum fake_how how)
{
	(void)s;
	if (in->alive)
		fake_serve(&in->f, "127.0.0.1", 6443, how);
}

static void fault_end(struct sim *s, void *ctx, uint64_t arg)
{
	struct inst *in = ctx;
	enum fault f = (enum fault)arg;

	if (s->calm)
		return;
	if (--s->windows[f][in->id] == 0)
		s->chance[f][in->id] = 0;
	if (f == FAULT_REFUSE && s->windows[f][in->id] == 0)
		connects(s, in, FAKE_ACCEPT);
}

static void fault_begin(struct sim *s, struct inst *in,
    const struct sim_step *st)
{
	enum fault f = (enum fault)st->a;
	int64_t end = s->now_ns + st->len_ns;

	s->windows[f][in->id]++;
	s->chance[f][in->id] = (uint16_t)st->b;
	sim_at(s, end, fault_end, in, f);
	switch (f) {
	case FAULT_PART_UP:
	case FAULT_PART_DOWN:
		s->stats.faults[f]++;
		s->chance[f][in->id] = 0;
		s->held_ns[f == FAULT_PART_DOWN][in->id] = end;
		break;
	case FAULT_REFUSE:
		s->stats.faults[f]++;
		s->chance[f][in->id] = 0;
		connects(s, in, st->b % 2 ? FAKE_REFUSE : FAKE_SILENT);
		break;
	case FAULT_WATCH_END:
		watches_end(s, in);
		break;
	default:
		break;
	}
}

/* ---- instances ------------------------------------------------------- */

static void inst_step(struct sim *s, struct inst *in,
    const struct sim_step *st)
{
	switch ((enum step_op)st->op) {
	case OP_CRASH:
		inst_kill(in);
		sim_at(s, s->now_ns + st->len_ns, inst_again, in, 0);
		break;
	case OP_FLAG:
		in->secrets = !in->secrets;
		inst_kill(in);
		sim_at(s, s->now_ns + st->len_ns, inst_again, in, 0);
		break;
	case OP_STOP:
		if (in->alive)
			inst_signal(in, IO_SIGNAL_TERM);
		/* The kubelet's patience, then its kill. */
		sim_at(s, s->now_ns + 30 * SEC, inst_again, in, 1);
		break;
	case OP_PAUSE:
		in->paused_ns = s->now_ns + st->len_ns;
		break;
	case OP_CLOCK:
		in->skew_ns += (st->b % 2 ? 1 : -1) * (int64_t)(st->b %
		    7200) * SEC;
		if (in->alive)
			inst_clock(in);
		break;
	default:
		fault_begin(s, in, st);
	}
}

/* ---- the cluster ----------------------------------------------------- */

static void quota_end(struct sim *s, void *ctx, uint64_t arg)
{
	(void)ctx;
	s->around->quota[arg] = false;
}

static void admission_end(struct sim *s, void *ctx, uint64_t arg)
{
	(void)ctx, (void)arg;
	s->admission = false;
}

static void namespace_create(struct sim *s, uint32_t i)
{
	char body[80];

	snprintf(body, sizeof(body), "{\"apiVersion\":\"v1\",\"kind\":"
		    "\"Namespace\",\"metadata\":{\"name\":\"%s\"}}",
	    world_ns[i]);
	if (!api_find(s->api, API_NAMESPACE, STR_NONE, str_from(world_ns[i])))
		world_do(s, "admin", "POST", API_NAMESPACE, STR_NONE,
		    STR_NONE, "", JSON, str_from(body));
}

static const struct api_object *crd_find(struct sim *s, uint32_t which)
{
	return api_find(s->api, API_CRD, STR_NONE, str_from(
	    api_kind_resource((enum api_kind)(API_ALLBEONE + which))));
}

static void crd_delete(struct sim *s, uint32_t which)
{
	const struct api_object *o = crd_find(s, which);
	struct text *kept = &s->around->crd[which];
	struct node *copy;

	if (!o)
		return;
	copy = node_copy(&s->around->tree, o->root);
	node_remove(copy, "status");
	copy = node_get(copy, "metadata");
	node_remove(copy, "uid");
	node_remove(copy, "resourceVersion");
	node_remove(copy, "generation");
	node_remove(copy, "creationTimestamp");
	node_remove(copy, "managedFields");
	node_remove(copy, "finalizers");
	kept->n = 0;
	text_fmt(kept, "{\"apiVersion\":\"apiextensions.k8s.io/v1\","
	    "\"kind\":\"CustomResourceDefinition\",\"metadata\":");
	node_write(copy, kept);
	text_fmt(kept, ",\"spec\":");
	node_write(node_get(o->root, "spec"), kept);
	text_fmt(kept, "}");
	world_delete(s, "admin", API_CRD, STR_NONE, o->name);
	tree_reset(&s->around->tree);
}

static void crd_create(struct sim *s, uint32_t which)
{
	struct text *kept = &s->around->crd[which];

	if (kept->n && !crd_find(s, which))
		world_do(s, "admin", "POST", API_CRD, STR_NONE, STR_NONE, "",
		    JSON, text_view(kept));
}

static void token_file(struct sim *s, void *ctx, uint64_t arg)
{
	struct inst *in = ctx;

	(void)s, (void)arg;
	if (in->alive)
		inst_files(in);
}

/* Who does not write it aside and rename it is seen doing so. */
static void token_half(struct inst *in)
{
	size_t n = strlen(in->s->token);
	struct str half = { in->s->token, n / 2 };

	if (in->alive)
		fake_file(&in->f, SIM_TOKEN, half);
}

/*
 * The old one has ended, and the new one is in the files then or later; some
 * hold half of it until then.
 */
static void token_step(struct sim *s, const struct sim_step *st)
{
	if (!(s->sc.options & OPT_TOKEN))
		return;
	snprintf(s->token, sizeof(s->token), "token-%u", ++s->tokens);
	api_options(s->api)->token = s->token;
	for (uint32_t i = 0; i < s->sc.insts; i++) {
		if (st->len_ns % 3 == 0)
			token_half(&s->inst[i]);
		sim_at(s, s->now_ns + st->len_ns, token_file, &s->inst[i], 0);
	}
}

void step_run(struct sim *s, const struct sim_step *st)
{
	step_trace(s, st);
	s->stats.ops[st->op]++;
	switch ((enum step_op)st->op) {
	case OP_NS_DELETE:
		world_delete(s, "admin", API_NAMESPACE, STR_NONE,
		    str_from(world_ns[st->a % SIM_NAMESPACES]));
		break;
	case OP_NS_CREATE:
		namespace_create(s, st->a % SIM_NAMESPACES);
		break;
	case OP_QUOTA:
		s->around->quota[st->b % SIM_NAMESPACES] = true;
		sim_at(s, s->now_ns + st->len_ns, quota_end, NULL,
		    st->b % SIM_NAMESPACES);
		break;
	case OP_ADMISSION:
		s->admission = true;
		sim_at(s, s->now_ns + st->len_ns, admission_end, NULL, 0);
		break;
	case OP_COMPACT:
		api_compact(s->api);
		break;
	case OP_CRD_GO:
		crd_delete(s, st->a % API_CRDS);
		break;
	case OP_CRD_COME:
		crd_create(s, st->a % API_CRDS);
		break;
	case OP_TOKEN:
		token_step(s, st);
		break;
	case OP_CRASH:
	case OP_STOP:
	case OP_PAUSE:
	case OP_CLOCK:
	case OP_FLAG:
	case OP_FAULT:
		for (uint32_t i = 0; i < s->sc.insts; i++)
			if (st->inst >> i & 1)
				inst_step(s, &s->inst[i], st);
		break;
	default:
		user_run(s, st);
	}
}

/* From now on nothing goes wrong any more. */
void steps_calm(struct sim *s)
{
	sim_trace(s, "STEP", "calm");
	s->calm = true;
	s->calm_since_ns = s->now_ns;
	memset(s->chance, 0, sizeof(s->chance));
	memset(s->held_ns, 0, sizeof(s->held_ns));
	s->admission = false;
	for (uint32_t i = 0; i < s->sc.insts; i++) {
		struct inst *in = &s->inst[i];

		connects(s, in, FAKE_ACCEPT);
		in->paused_ns = s->now_ns;
		/* Each would tell in every status what it does not follow. */
		if (in->secrets != s->inst[0].secrets) {
			inst_kill(in);
			in->secrets = s->inst[0].secrets;
		}
		if (in->alive)
			inst_files(in);
		else
			inst_start(in);
	}
	for (uint32_t i = 0; i < SIM_NAMESPACES; i++) {
		s->around->quota[i] = false;
		namespace_create(s, i);
	}
	for (uint32_t i = 0; i < API_CRDS; i++)
		if (s->sc.late >> i & 1)
			crd_delete(s, i);
		else
			crd_create(s, i);
	users_release(s);
}

void steps_late(struct sim *s)
{
	for (uint32_t i = 0; i < API_CRDS; i++)
		crd_create(s, i);
}
