#include "job_int.h"

/*
 * What only the API server checks of a server's children is found out before
 * the server is stored: each is sent to it as a dry run of the apply that will
 * be. One that is refused is sent once more as a dry run of a create, which
 * is refused for what is wrong with ours alone, and else because it exists:
 * what others added to it, or what cannot be changed any more, is no fault of
 * the server's, and is dealt with when it comes to that. Whatever says nothing
 * about the server lets it pass, with a warning.
 */
struct trial {
	struct webhooks *h;
	struct http_post *post;		/* NULL: idle */
	struct arena arena;
	size_t mark;			/* behind it: one child */
	struct admit_target subject;
	struct render_out out;
	uint32_t kinds;			/* yet to be tried, a bit each */
	enum child_kind kind;
	struct child child;
	bool alone;			/* as a create, after an apply */
	struct diag refusal;		/* of that apply */
	struct kube_call call;
	int64_t begun_ns, until_ns;
	struct diag fault[CHILD_KINDS_ALL], doubt[CHILD_KINDS_ALL];
	struct admit_tried tried;
};

static void trial_next(struct trial *t);

/* ---- what is told ---- */

/* In the words of who has applied it: "Deployment fs". */
static void doubt(struct trial *t, const char *what, const char *why)
{
	struct diag *d = &t->doubt[t->tried.doubts++];
	char child[DIAG_PATH_MAX];

	cut_fmt(child, sizeof(child), "%s %S", child_info[t->kind].kind,
	    t->child.name);
	diag_clear(d);
	diag_set(d, str_from(child), "%s: %s", what, why);
	count_add(&t->h->m->counts, COUNT_TRIALS_FAILED, 1);
}

/* Server-side apply has the path in its words only: "...: .spec.x: ...". */
static struct str path_in(const struct diag *d)
{
	struct str text = str_from(d->text), path;
	size_t at = str_search(text, STR(" ."));

	if (*d->path)
		return str_from(d->path);
	(void)str_cut(str_sub(text, at + 2, text.n), ':', &path);
	return path;
}

/* The field of this very server that the place comes from. */
static const char *field_of(const struct trial *t, struct str path)
{
	const struct admit_target *s = &t->subject;
	uint32_t cursor = 0;
	const char *field;

	do {
		field = render_origin(t->kind, path, &cursor);
	} while (field && json_path(&s->doc, s->object, field) == JSON_NIL);
	return field ? field : "spec";
}

/* Hooks are not asked here: who is not stored yet may never be. */
static bool has_hook(const struct trial *t)
{
	const struct server *s = &t->subject.server;
	const struct ext_who who = { s->group, s->meta.ns, &s->meta.labels };
	uint32_t at = 0;

	return t->h->m->hooks != NULL &&
	    hooks_next(t->h->m->hooks, EXT_PRE, &who, &at) != NULL;
}

static void fault(struct trial *t, const struct diag *why)
{
	struct diag *d;

	if (has_hook(t)) {
		doubt(t, "is refused by the API server unless a hook changes "
		    "that", why->text);
		return;
	}
	d = &t->fault[t->tried.faults++];
	diag_clear(d);
	diag_set(d, str_from(field_of(t, path_in(why))),
	    "is refused by the API server: %s", why->text);
	count_add(&t->h->m->counts, COUNT_TRIALS_REFUSED, 1);
}

static void trial_end(struct trial *t)
{
	struct http_post *post = t->post;

	t->post = NULL;
	t->tried.fault = t->fault;
	t->tried.doubt = t->doubt;
	if (t->arena.high > TRIAL_KEEP_MAX) {
		mem_trim(t->h->m->mem, t->arena.p, t->arena.cap);
		t->arena.high = 0;
	}
	reviews_answer(t->h->m, post, &t->tried, t->begun_ns);
}

/* ---- one child after the other ---- */

static bool is_fault(const struct kube_status *s)
{
	if (s->why == KUBE_WHY_NO_DRY_RUN)
		return false;
	return s->err == ERR_INVALID ||
	    (s->err == ERR_FORBIDDEN && s->why == KUBE_WHY_ADMISSION);
}

/* What cannot even be read as a child has nothing to do with who exists. */
static bool is_unreadable(const struct kube_status *s)
{
	return s->err == ERR_INVALID && s->code != 422;
}

static void on_tried(void *ctx, struct kube_call *call);

static void trial_send(struct trial *t, bool alone)
{
	const struct server *s = &t->subject.server;
	const char *manager = group_info(s->group)->manager;
	const struct gvr *gvr = &child_gvr[t->kind];

	t->alone = alone;
	kube_call_init(&t->call, on_tried, t);
	if (alone)
		kube_call_create(&t->call, gvr, s->meta.ns, manager,
		    t->child.body);
	else
		kube_call_apply(&t->call, gvr, s->meta.ns, t->child.name,
		    NULL, manager, true, t->child.body);
	kube_call_dry_run(&t->call);
	t->call.class = KUBE_URGENT;
	t->call.deadline_ns = t->until_ns;
	kube_send(&t->h->m->client, &t->call);
}

/* Whether ours alone is valid; a node port that it has already is its own. */
static void tried_alone(struct trial *t, const struct kube_call *call)
{
	if (is_fault(&call->status) &&
	    !str_ends(str_from(call->diag.path), STR("nodePort")))
		fault(t, &call->diag);
	else
		doubt(t, "does not go together with what is there",
		    t->refusal.text);
}

/* There is a namespace, but nothing of that kind. */
static bool is_unserved(const struct kube_status *s)
{
	return s->err == ERR_NOENT && s->why != KUBE_WHY_NO_NAMESPACE;
}

static void on_tried(void *ctx, struct kube_call *call)
{
	struct trial *t = ctx;
	int err = call->status.err;

	if (t->alone) {
		tried_alone(t, call);
	} else if (is_fault(&call->status) && !is_unreadable(&call->status)) {
		t->refusal = call->diag;
		trial_send(t, true);
		return;
	} else if (is_fault(&call->status)) {
		fault(t, &call->diag);
	} else if (is_unserved(&call->status)) {
		/* The Role that it binds to was but tried, too. */
		if (t->kind != CHILD_ROLE_BINDING)
			doubt(t, "could not be tried",
			    "the cluster has no such API");
	} else if (err < 0) {
		doubt(t, "could not be tried", call->diag.text);
		/* Nor will the others be. */
		if (job_transient(err))
			t->kinds = 0;
	}
	trial_next(t);
}

/* False where it is not to be made, or there is no room for it. */
static bool child_take_up(struct trial *t)
{
	struct render_in how = {
		.server = &t->subject.server, .revision = RENDER_REVISION
	};

	arena_reset(&t->arena, t->mark);
	t->child = (struct child){ 0 };
	if (t->kind < CHILD_KINDS)
		t->child = t->out.child[t->kind];
	else if (render_extra(&how, t->kind, &t->arena, &t->child))
		doubt(t, "could not be tried", "there is no room for it");
	return t->child.wanted;
}

static void trial_next(struct trial *t)
{
	int k;

	for (k = 0; k < CHILD_KINDS_ALL; k++) {
		if (!(t->kinds >> k & 1))
			continue;
		t->kinds &= ~(UINT32_C(1) << k);
		t->kind = (enum child_kind)k;
		if (child_take_up(t)) {
			count_add(&t->h->m->counts, COUNT_TRIALS, 1);
			trial_send(t, false);
			return;
		}
	}
	trial_end(t);
}

/* ---- begin ---- */

/* Where nobody watches, nobody will make anything. */
static bool is_served(const struct manager *m, struct str ns)
{
	uint32_t i;

	for (i = 0; i < m->slots; i++)
		if (m->slot[i].role == ROLE_SERVERS &&
		    scope_has(m->slot[i].scope, scope_of(ns)))
			return true;
	return false;
}

static int64_t time_for(struct str query)
{
	int64_t told = reviews_timeout(query);

	if (told == TIME_NEVER || told - WEBHOOKS_SPARE_NS > WEBHOOKS_TRIAL_NS)
		return WEBHOOKS_TRIAL_NS;
	return told - WEBHOOKS_SPARE_NS;
}

static bool trial_render(struct trial *t)
{
	struct render_in how = {
		.server = &t->subject.server, .revision = RENDER_REVISION,
		.sidecar = t->h->m->o->sidecar_image
	};
	uint32_t asked;

	if (render_kinds(how.server, &t->arena, &asked) ||
	    render_server(&how, &t->arena, &t->out))
		return false;
	t->kinds = (asked & extras_made(t->h->m)) | KINDS_CORE;
	t->mark = arena_mark(&t->arena);
	return true;
}

static void pass(struct webhooks *h, struct http_post *post, const char *why)
{
	struct diag d;
	struct admit_tried tried = { .doubt = &d, .doubts = 1 };

	diag_clear(&d);
	diag_set(&d, STR("spec"), "what only the API server checks was not "
	    "looked at: %s", why);
	count_add(&h->m->counts, COUNT_TRIALS_FAILED, 1);
	reviews_answer(h->m, post, &tried, h->m->loop.now_ns);
}

static struct trial *trial_idle(struct webhooks *h)
{
	uint32_t i;

	for (i = 0; i < WEBHOOKS_TRIALS; i++)
		if (!h->trial[i].post)
			return &h->trial[i];
	return NULL;
}

/* Whether there is anything to try; without a trial it is only read. */
static bool is_subject(struct webhooks *h, struct trial *t, struct str body)
{
	struct manager *m = h->m;
	struct arena *a = t ? &t->arena : &m->intake;
	size_t mark = arena_mark(a);
	struct admit_target *s = t ? &t->subject :
	    arena_new(a, struct admit_target);
	bool is = s && !admit_target(body, a, s) &&
	    is_served(m, s->server.meta.ns);

	if (!t)
		arena_reset(a, mark);
	return is;
}

void trial_begin(struct webhooks *h, struct http_post *post)
{
	struct trial *t = trial_idle(h);
	int64_t time_ns = time_for(post->query);

	if (t)
		arena_reset(&t->arena, 0);
	if (!is_subject(h, t, post->body)) {
		reviews_answer(h->m, post, NULL, h->m->loop.now_ns);
		return;
	}
	if (!t) {
		pass(h, post, "others are being tried at this moment");
		return;
	}
	if (!t->subject.server.meta.uid.n) {
		pass(h, post, "it has no uid yet");
	} else if (time_ns <= 0) {
		pass(h, post, "there is no time for it");
	} else if (!trial_render(t)) {
		pass(h, post, "there is no room for it");
	} else {
		t->post = post;
		t->tried = (struct admit_tried){ 0 };
		t->begun_ns = h->m->loop.now_ns;
		t->until_ns = t->begun_ns + time_ns;
		trial_next(t);
	}
}

int trials_init(struct webhooks *h, struct mem *mem)
{
	char *arenas = mem_reserve(mem, "trial arenas", WEBHOOKS_TRIALS,
	    TRIAL_ARENA_MAX);
	uint32_t i;

	h->trial = mem_reserve(mem, "trials", WEBHOOKS_TRIALS,
	    sizeof(*h->trial));
	if (h->trial == NULL || arenas == NULL)
		return ERR_FULL;
	for (i = 0; i < WEBHOOKS_TRIALS; i++) {
		h->trial[i].h = h;
		arena_init(&h->trial[i].arena,
		    arenas + (size_t)i * TRIAL_ARENA_MAX, TRIAL_ARENA_MAX);
	}
	return 0;
}
