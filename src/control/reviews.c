#include "admit.h"
#include "control_int.h"

/*
 * Questions of the API server. What the operator finds itself is answered at
 * once; what it would let by waits for the validators, one after the other,
 * as long as the API server waits for it.
 */

struct review_wait {
	struct manager *m;
	struct http_post *post;		/* NULL: not in use */
	struct ask ask;
	uint32_t at;			/* the next extension */
	int64_t limit_ns;
};

static void wait_next(struct review_wait *w);

/* False: it is no review, and is answered so. */
static bool reviewed(struct manager *m, enum admit_task task,
    struct http_post *post, const struct admit_tried *tried)
{
	struct diag d;
	int err;

	diag_clear(&d);
	err = admit_review(task, post->body, tried, &m->intake, &post->out,
	    &d);
	if (err == 0) {
		count_add(&m->counts, COUNT_REVIEWS, 1);
		return true;
	}
	count_add(&m->counts, COUNT_REVIEWS_BAD, 1);
	post->out.over = false;
	buf_fmt(&post->out, "%s: %s\n", d.path, d.text);
	http_post_answer(post, err == ERR_BAD ? 400 : 413,
	    "text/plain; charset=utf-8");
	return false;
}

void reviews_mutate(void *ctx, struct http_post *post)
{
	if (reviewed(ctx, ADMIT_MUTATE, post, NULL))
		http_post_answer(post, 200, "application/json");
}

/* ---- validators ---- */

static void wait_over(struct review_wait *w, uint16_t status)
{
	struct http_post *post = w->post;

	w->post = NULL;
	http_post_answer(post, status, "application/json");
}

static int review_write(void *ctx, const struct ext *e, struct buf *out,
    struct diag *d)
{
	struct review_wait *w = ctx;
	struct manager *m = w->m;
	size_t mark = arena_mark(&m->intake);
	struct admit_subject s;
	struct ext_request r = {
		.ext = e, .wall_ns = m->io->wall_ns(m->io->ctx)
	};
	int err = ERR_LIMIT;

	if (admit_subject(w->post->body, &m->intake, &s)) {
		r.id = s.uid;
		r.operation = s.update ? "Update" : "Create";
		r.dry_run = s.dry_run;
		r.group = s.group;
		r.server = s.object;
		err = ext_request_write(&r, m->tok, JSON_TOKENS_MAX, out, d);
	}
	arena_reset(&m->intake, mark);
	return err;
}

static void refuse(struct review_wait *w, const char *what,
    struct str message)
{
	struct manager *m = w->m;
	size_t mark = arena_mark(&m->intake);
	char text[EVENT_MESSAGE_MAX];
	struct admit_subject s;

	cut_fmt(text, sizeof(text), "Validator \"%S\"%s: %S",
	    w->ask.ext->row->name, what, message);
	count_add(&m->counts, COUNT_EXT_REFUSALS, 1);
	buf_clear(&w->post->out);
	if (admit_subject(w->post->body, &m->intake, &s))
		admit_refuse(&s, str_from(text), &w->post->out);
	arena_reset(&m->intake, mark);
	wait_over(w, 200);
}

static void validator_failed(struct review_wait *w, const struct diag *d)
{
	const struct extension *x = w->ask.ext->row;

	if (x->policy == EXT_FAIL) {
		refuse(w, " could not be asked", str_from(d->text));
		return;
	}
	log_line(&w->m->log, LOG_WARN, "gone on without a validator",
	    "hook=%S error=%s", x->name, d->text);
	wait_next(w);
}

static void validator_said(struct review_wait *w, struct str answer)
{
	struct manager *m = w->m;
	size_t mark = arena_mark(&m->intake);
	struct ext_answer said = { 0 };
	struct diag why = { 0 }, d = { 0 };
	char text[EXT_MESSAGE_MAX];
	int err = ext_answer_read(answer, &m->intake, &said, &why);

	if (err == 0 && said.patches.n > 0) {
		diag_set(&why, STR("patches"), "are not for a Validator");
		err = ERR_BAD;
	}
	if (err == 0)
		cut_fmt(text, sizeof(text), "%S", said.message.n > 0 ?
		    said.message : STR("it gives no reason"));
	arena_reset(&m->intake, mark);
	diag_set(&d, STR_NONE, "its answer cannot be used: %s%s%s", why.path,
	    why.path[0] != '\0' ? ": " : "", why.text[0] != '\0' ? why.text :
	    err_text(err));
	if (err < 0)
		validator_failed(w, &d);
	else if (said.allowed)
		wait_next(w);
	else
		refuse(w, "", str_from(text));
}

static void validator_asked(void *ctx, int err, struct str answer,
    const struct diag *d)
{
	struct review_wait *w = ctx;

	if (err == ERR_CANCELLED) {
		buf_clear(&w->post->out);
		wait_over(w, 503);
	} else if (err < 0) {
		validator_failed(w, d);
	} else {
		validator_said(w, answer);
	}
}

/* The next validator, or what was found before all of them. */
static void wait_next(struct review_wait *w)
{
	struct manager *m = w->m;
	size_t mark = arena_mark(&m->intake);
	const struct ext *e = NULL;
	struct admit_subject s;

	if (admit_subject(w->post->body, &m->intake, &s)) {
		const struct ext_who who = { s.group, s.ns, &s.labels };

		e = hooks_next(m->hooks, EXT_VALIDATOR, &who, &w->at);
	}
	arena_reset(&m->intake, mark);
	if (e == NULL) {
		wait_over(w, 200);
		return;
	}
	w->ask = (struct ask){
		.ext = e, .write = review_write, .done = validator_asked,
		.ctx = w, .limit_ns = w->limit_ns
	};
	hooks_ask(m->hooks, &w->ask);
}

int64_t reviews_timeout(struct str query)
{
	struct str one;
	int64_t ns;

	while (query.n > 0) {
		query = str_cut(query, '&', &one);
		if (str_starts(one, STR("timeout=")) &&
		    duration_parse(str_sub(one, 8, one.n), &ns) == 0)
			return ns;
	}
	return TIME_NEVER;
}

static int64_t time_for(struct str query)
{
	int64_t told = reviews_timeout(query);

	return told != TIME_NEVER && told > 2 * EXT_REVIEW_LESS_NS ?
	    told - EXT_REVIEW_LESS_NS : EXT_REVIEW_NS;
}

void reviews_answer(struct manager *m, struct http_post *post,
    const struct admit_tried *tried, int64_t begun_ns)
{
	struct review_wait *w = m->webhooks->waits;
	struct str allowed;

	if (!reviewed(m, ADMIT_VALIDATE, post, tried))
		return;
	if (m->hooks == NULL || !kube_peek(buf_view(&post->out),
	    "response.allowed", &allowed) || !str_is(allowed, "true")) {
		http_post_answer(post, 200, "application/json");
		return;
	}
	/* There are no more posts than places. */
	while (w->post != NULL)
		w++;
	CHECK(w < m->webhooks->waits + m->webhooks->posts);
	w->m = m;
	w->post = post;
	w->at = 0;
	w->limit_ns = begun_ns + time_for(post->query);
	wait_next(w);
}

void reviews_validate(void *ctx, struct http_post *post)
{
	struct manager *m = ctx;

	if (m->webhooks->trial != NULL)
		trial_begin(m->webhooks, post);
	else
		reviews_answer(m, post, NULL, m->loop.now_ns);
}

int reviews_init(struct manager *m, struct webhooks *h, struct mem *mem)
{
	if (m->hooks == NULL)
		return 0;
	h->waits = mem_reserve(mem, "reviews that wait", h->posts,
	    sizeof(*h->waits));
	return h->waits != NULL ? 0 : ERR_FULL;
}
