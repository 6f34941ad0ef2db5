#include "job_int.h"

/*
 * Before the first write of a pass: validators, then hooks, in the order of
 * the file. What these put into the bodies is what is sent; what the plan was
 * made of, and what the digests are of, stays without it, so that at rest
 * nobody is asked anything.
 */

static struct ext_who who_of(const struct job *j)
{
	const struct server *s = &j->server;

	return (struct ext_who){ s->group, s->meta.ns, &s->meta.labels };
}

/* ---- what is asked ---- */

/* Steps that do nothing to a child's contents are not told. */
static uint32_t changes_of(struct job *j, struct ext_change *ret)
{
	uint32_t i, n = 0;

	for (i = 0; i < j->plan.steps; i++) {
		const struct step *s = &j->plan.step[i];
		struct buf b;

		if (s->what == STEP_SCALE)
			continue;
		b = arena_buf(&j->arena);
		buf_fmt(&b, "%S%s", j->server.meta.name,
		    child_info[s->child].suffix);
		ret[n++] = (struct ext_change){
			child_info[s->child].kind, arena_keep(&j->arena, &b),
			s->what == STEP_DELETE
		};
	}
	return n;
}

static int job_ask_write(void *ctx, const struct ext *e, struct buf *out,
    struct diag *d)
{
	struct job *j = ctx;
	const struct io *io = j->m->io;
	struct ext_change change[ARRAY_LEN(j->plan.step)];
	size_t mark = arena_mark(&j->arena);
	char id_mem[16];
	struct buf id;
	struct ext_request r = {
		.ext = e, .operation = j->had == 0 ? "Create" : "Update",
		.wall_ns = io->wall_ns(io->ctx), .group = j->server.group,
		.server = j->text, .children = &j->plan.out, .change = change
	};
	int err;

	buf_init(&id, id_mem, sizeof(id_mem));
	buf_hex64(&id, j->id);
	r.id = buf_view(&id);
	r.changes = changes_of(j, change);
	err = j->arena.over ? ERR_FULL : ext_request_write(&r, j->m->tok,
	    JSON_TOKENS_MAX, out, d);
	arena_reset(&j->arena, mark);
	return err;
}

/* ---- what is answered ---- */

/* Nothing is written but the status, which says why. */
static void job_held(struct job *j, const char *reason, struct str message)
{
	j->hold.reason = reason;
	j->hold.message = arena_str(&j->arena, message);
	j->hold.invalid = j->ask.ext->row->type == EXT_VALIDATOR;
	j->plan_end = arena_mark(&j->arena);
	j->at = j->plan.steps;
	if (j->arena.over)
		job_failed(j, "arena is full");
	else
		job_status(j);
}

static struct str hook_text(const struct job *j, const char *text,
    char mem[EVENT_MESSAGE_MAX])
{
	const struct extension *x = j->ask.ext->row;

	cut_fmt(mem, EVENT_MESSAGE_MAX, "%s \"%S\": %s",
	    schema_word(&ext_type_words, (uint32_t)x->type), x->name, text);
	return str_from(mem);
}

static void hook_failed(struct job *j, const struct diag *d)
{
	const struct extension *x = j->ask.ext->row;
	char mem[EVENT_MESSAGE_MAX], text[EVENT_MESSAGE_MAX];

	if (x->policy == EXT_FAIL) {
		job_held(j, x->type == EXT_VALIDATOR ? "ValidatorFailed" :
		    "HookFailed", hook_text(j, d->text, mem));
		return;
	}
	cut_fmt(text, sizeof(text), "it is gone on without it: %s", d->text);
	manager_event(j->m, &j->server, true, "HookIgnored",
	    hook_text(j, text, mem));
	job_next(j);
}

static void hook_refused(struct job *j, struct str message)
{
	char mem[EVENT_MESSAGE_MAX], text[EXT_MESSAGE_MAX];

	count_add(&j->m->counts, COUNT_EXT_REFUSALS, 1);
	cut_fmt(text, sizeof(text), "%S", message.n > 0 ? message :
	    STR("it gives no reason"));
	job_held(j, j->ask.ext->row->type == EXT_VALIDATOR ?
	    "ValidatorRefused" : "HookRefused", hook_text(j, text, mem));
}

/* An answer that is not all right is none. */
static int hook_take(struct job *j, struct str answer,
    struct ext_answer *ret, struct diag *d)
{
	struct render_out before = j->plan.out;
	struct diag why = { 0 };
	int err = ext_answer_read(answer, &j->arena, ret, &why);

	if (err == 0 && ret->allowed && ret->patches.n > 0 &&
	    j->ask.ext->row->type == EXT_VALIDATOR) {
		diag_set(&why, STR("patches"), "are not for a Validator");
		err = ERR_BAD;
	}
	if (err == 0 && ret->allowed)
		err = ext_answer_apply(ret, &j->m->hooks->work, &j->arena,
		    &j->plan.out, &why);
	if (err == 0)
		return 0;
	j->plan.out = before;
	diag_set(d, STR_NONE, "its answer cannot be used: %s%s%s", why.path,
	    why.path[0] != '\0' ? ": " : "", why.text[0] != '\0' ? why.text :
	    err_text(err));
	return err;
}

/* A newer spec is not written by what was said of this one. */
static bool was_overtaken(const struct job *j)
{
	return job_record(j)->facts != j->facts;
}

static void job_asked(void *ctx, int err, struct str answer,
    const struct diag *d)
{
	struct job *j = ctx;
	size_t mark = arena_mark(&j->arena);
	struct ext_answer said = { 0 };
	struct diag why = *d;

	log_correlate(&j->m->log, j->id);
	if (err == ERR_CANCELLED) {
		job_release(j);
	} else if (was_overtaken(j)) {
		job_later(j, j->m->loop.now_ns);
	} else {
		if (err == 0)
			err = hook_take(j, answer, &said, &why);
		if (err < 0)
			arena_reset(&j->arena, mark);
		j->plan_end = arena_mark(&j->arena);
		if (err < 0)
			hook_failed(j, &why);
		else if (!said.allowed)
			hook_refused(j, said.message);
		else
			job_next(j);
	}
	log_correlate(&j->m->log, 0);
}

/* ---- whose turn it is ---- */

static const struct ext *hook_next(struct job *j)
{
	const struct ext_who who = who_of(j);
	const struct ext *e = NULL;

	if (!j->validated)
		e = hooks_next(j->m->hooks, EXT_VALIDATOR, &who, &j->hook);
	if (e == NULL && !j->validated) {
		j->validated = true;
		j->hook = 0;
	}
	/* Labels of its namespace are not its hooks' to change. */
	if (e == NULL && j->plan.steps > 0)
		e = hooks_next(j->m->hooks, EXT_PRE, &who, &j->hook);
	return e;
}

static bool writes_labels(const struct plan *p)
{
	return p->relabel && !p->announce && p->labels.set.n > 0;
}

bool job_hooks(struct job *j)
{
	const struct ext *e;

	/* It may go since; what was planned before is not sent unseen. */
	if (j->m->hooks == NULL || j->hooked ||
	    (j->plan.steps == 0 && !writes_labels(&j->plan)) ||
	    j->refused || HAS(&j->server.meta, object_meta, deletion_time))
		return false;
	e = hook_next(j);
	if (e == NULL) {
		j->hooked = true;
		return false;
	}
	j->ask = (struct ask){
		.ext = e, .write = job_ask_write, .done = job_asked,
		.ctx = j, .limit_ns = j->start_ns +
		    j->m->o->reconcile_timeout_ns
	};
	j->step = JOB_HOOK;
	hooks_ask(j->m->hooks, &j->ask);
	return true;
}

void job_hooks_again(struct job *j)
{
	j->hooked = j->validated = false;
	j->hook = 0;
}
