#include <string.h>

#include "kube_int.h"

/*
 * A watch is a table of steps and what can happen in them. Whatever happens
 * leads to the next request or to a wait with a deadline, so that a watch
 * that was started is never left without either.
 */

bool watch_emit(struct kube_watch *w, enum kube_watch_event event,
    struct str text)
{
	uint32_t epoch = w->epoch;

	w->fn(w->ctx, w, event, text);
	return w->epoch == epoch;
}

void watch_enter(struct kube_watch *w, enum kube_watch_state state)
{
	if (w->state == state)
		return;
	w->state = state;
	w->since_ns = w->shared->client->loop->now_ns;
}

static int64_t now_ns(const struct kube_watch *w)
{
	return w->shared->client->loop->now_ns;
}

/* Between half of most_ns and all of it. */
static int64_t jitter(struct kube_watch *w, int64_t most_ns)
{
	uint64_t half = (uint64_t)most_ns / 2;

	return (int64_t)(half +
	    rng_below(&w->shared->client->rng, half + 1));
}

/* ---- waiting --------------------------------------------------------- */

/* Closed, and its pages given back. */
static void drop_connection(struct kube_watch *w)
{
	struct mem *m = w->shared->client->mem;

	http_client_cancel(&w->http);
	mem_trim(m, w->tls, kube_tls_stride());
	mem_trim(m, w->line, JSON_OBJECT_MAX);
	mem_trim(m, w->http.out, sizeof(w->http.out) + sizeof(w->http.in));
}

/*
 * Waits in `state`; told only when that is news: an absent kind is tried
 * for ever, and said once. Its connection is not kept for the next try.
 */
static void wait_in(struct kube_watch *w, enum kube_watch_state state,
    int64_t delay_ns)
{
	bool news = w->state != state || state == WATCH_WAITING;

	w->step = STEP_WAIT;
	timer_set(w->shared->client->loop, &w->timer, now_ns(w) + delay_ns);
	watch_enter(w, state);
	if (state != WATCH_WAITING)
		drop_connection(w);
	if (news)
		(void)watch_emit(w, WATCH_ERROR, STR_NONE);
}

static int64_t backoff(const struct kube_watch *w)
{
	return time_backoff(KUBE_BACKOFF_MIN_NS, w->failures,
	    KUBE_BACKOFF_MAX_NS);
}

/* A stream that lived for a while starts the count anew. */
static void count_failure(struct kube_watch *w)
{
	if (w->step == STEP_STREAM && w->code == 200 &&
	    now_ns(w) - w->opened_ns >= KUBE_WATCH_STEADY_NS)
		w->failures = 0;
	if (w->failures < UINT8_MAX)
		w->failures++;
}

static void count_restart(struct kube_watch *w)
{
	if (w->step != STEP_STREAM)
		return;
	w->restarts++;
	count_add(w->shared->client->counts, COUNT_WATCH_RESTARTS, 1);
}

static void forget_version(struct kube_watch *w)
{
	w->version_n = 0;
	w->more_n = 0;
}

/* ---- actions --------------------------------------------------------- */

static void do_nothing(struct kube_watch *w)
{
	(void)w;
}

static void do_request(struct kube_watch *w, enum watch_step step)
{
	w->step = (uint8_t)step;
	watch_request(w);
}

static void do_begin(struct kube_watch *w)
{
	if (w->version_n && !w->more_n)
		do_request(w, STEP_STREAM);
	else if (w->shared->no_watch_list)
		do_request(w, STEP_PAGES);
	else
		do_request(w, STEP_INITIAL);
}

static void do_page(struct kube_watch *w)
{
	do_request(w, STEP_PAGES);
}

static void do_synced(struct kube_watch *w)
{
	w->step = STEP_STREAM;
	w->synced = true;
	w->whole = false;
	watch_trim_line(w);
	watch_enter(w, WATCH_STREAMING);
	(void)watch_emit(w, WATCH_SYNCED,
	    (struct str){ w->version, w->version_n });
}

static void do_listed(struct kube_watch *w)
{
	uint32_t epoch = w->epoch;

	do_synced(w);
	if (w->epoch == epoch)
		do_request(w, STEP_STREAM);
}

/* Something went wrong; try again after a while. */
static void do_retry(struct kube_watch *w)
{
	int64_t delay;
	bool answered = w->code >= 400;

	count_failure(w);
	count_restart(w);
	/* A version that no answer is given to may be from another history:
	 * etcd was restored from a copy. */
	if (w->step == STEP_STREAM && answered && w->failures >= 3)
		forget_version(w);
	if (w->step != STEP_STREAM)
		forget_version(w);
	delay = jitter(w, backoff(w));
	if (w->retry_after_ns > delay)
		delay = w->retry_after_ns + jitter(w, NS_PER_S);
	wait_in(w, WATCH_WAITING, delay);
}

/* The stream is over in good order: the next one at once, but not in a
 * loop. */
static void do_resume(struct kube_watch *w)
{
	count_failure(w);
	count_restart(w);
	if (w->failures == 1) {
		do_request(w, STEP_STREAM);
		return;
	}
	w->status.err = ERR_CLOSED;
	diag_clear(&w->diag);
	diag_set(&w->diag, STR_NONE, "the server ends the watch at once");
	wait_in(w, WATCH_WAITING, jitter(w, backoff(w)));
}

/* At once, unless that is how the last list began a moment ago. */
static void do_relist(struct kube_watch *w)
{
	bool again = now_ns(w) - w->listed_ns < KUBE_WATCH_STEADY_NS;

	forget_version(w);
	if (!again) {
		do_begin(w);
		return;
	}
	count_failure(w);
	wait_in(w, WATCH_WAITING, jitter(w, backoff(w)));
}

/* The continue token is too old: the rest cannot be had by pages. */
static void do_whole(struct kube_watch *w)
{
	if (w->whole) {
		do_retry(w);
		return;
	}
	w->whole = true;
	forget_version(w);
	do_begin(w);
}

/* The server's words name the option that it does not have; if they do not,
 * the list will tell better what is wrong. */
static void do_without_watch_list(struct kube_watch *w)
{
	struct str text = str_from(w->diag.text);

	if (str_search(text, STR("sendInitialEvents")) < text.n ||
	    str_search(text, STR("resourceVersionMatch")) < text.n)
		w->shared->no_watch_list = true;
	do_request(w, STEP_PAGES);
}

/* The stream gave its last object long ago and no end: ask the old way. */
static void do_pages(struct kube_watch *w)
{
	http_client_cancel(&w->http);
	forget_version(w);
	do_request(w, STEP_PAGES);
}

static void do_absent(struct kube_watch *w)
{
	forget_version(w);
	w->synced = false;
	wait_in(w, WATCH_ABSENT, jitter(w, KUBE_ABSENT_RETRY_NS));
}

static void do_denied(struct kube_watch *w)
{
	if (w->step != STEP_STREAM)
		forget_version(w);
	wait_in(w, WATCH_DENIED, jitter(w, KUBE_DENIED_RETRY_NS));
}

typedef void watch_action(struct kube_watch *w);

/*
 * STEP_STREAM keeps its version over failures, so that the next stream goes
 * on where this one broke; what fails before it starts from the beginning.
 */
static watch_action *const actions[STEPS][HAPPENS] = {
	[STEP_STOPPED] = {
		do_nothing, do_nothing, do_nothing, do_nothing, do_nothing,
		do_nothing, do_nothing, do_nothing, do_nothing, do_nothing,
	},
	[STEP_WAIT] = {
		do_begin, NULL, NULL, NULL, NULL,
		NULL, NULL, NULL, NULL, NULL,
	},
	[STEP_INITIAL] = {
		do_pages, NULL, NULL, do_synced, NULL,
		do_retry, do_retry, do_without_watch_list, do_absent,
		do_denied,
	},
	[STEP_PAGES] = {
		NULL, do_page, do_listed, NULL, NULL,
		do_retry, do_whole, do_retry, do_absent, do_denied,
	},
	[STEP_STREAM] = {
		NULL, NULL, NULL, NULL, do_resume,
		do_retry, do_relist, do_relist, do_absent, do_denied,
	},
};

void watch_await_initial(struct kube_watch *w)
{
	if (w->step == STEP_INITIAL)
		timer_set(w->shared->client->loop, &w->timer,
		    now_ns(w) + KUBE_INITIAL_NS);
}

void watch_happens(struct kube_watch *w, enum watch_happen happen)
{
	watch_action *act = actions[w->step][happen];

	CHECK(act);
	timer_stop(w->shared->client->loop, &w->timer);
	act(w);
}

/* ---- from outside ---------------------------------------------------- */

static void watch_begin(void *ctx)
{
	struct kube_watch *w = ctx;

	work_cancel(w->shared->client->loop, &w->work);
	watch_happens(w, HAPPEN_BEGIN);
}

int kube_watches_init(struct kube_watches *s, struct mem *m,
    struct kube_client *client, uint32_t count)
{
	CHECK(count && count <= WATCHES_MAX);
	*s = (struct kube_watches){
		.client = client, .silence_ns = KUBE_WATCH_SILENCE_NS,
		.cap = count,
	};
	s->lines = mem_reserve(m, "watch lines", count, JSON_OBJECT_MAX);
	s->tls = mem_reserve(m, "watch tls", count, kube_tls_stride());
	return s->lines && s->tls ? 0 : ERR_FULL;
}

void kube_watch_init(struct kube_watch *w, struct kube_watches *shared,
    const struct kube_watch_row *row, kube_watch_fn *fn, void *ctx)
{
	uint32_t slot = shared->used++;

	CHECK(slot < shared->cap);
	/* The buffers at the end stay untouched until they are used. */
	memset(w, 0, offsetof(struct kube_watch, http));
	w->row = *row;
	w->shared = shared;
	w->fn = fn;
	w->ctx = ctx;
	w->more_n = 0;
	w->line = shared->lines + (size_t)slot * JSON_OBJECT_MAX;
	w->tls = shared->tls + slot * kube_tls_stride();
	timer_init(&w->timer, watch_begin, w);
	work_init(&w->work, watch_begin, w);
	watch_http_init(w);
}

void kube_watch_start(struct kube_watch *w)
{
	CHECK(w->step == STEP_STOPPED);
	w->step = STEP_WAIT;
	w->failures = 0;
	w->since_ns = now_ns(w);
	watch_enter(w, WATCH_LISTING);
	work_post(w->shared->client->loop, &w->work);
}

void kube_watch_stop(struct kube_watch *w)
{
	struct kube_client *c = w->shared->client;

	timer_stop(c->loop, &w->timer);
	work_cancel(c->loop, &w->work);
	drop_connection(w);
	forget_version(w);
	w->step = STEP_STOPPED;
	w->synced = w->whole = w->renewed = false;
	w->epoch++;
	watch_enter(w, WATCH_STOPPED);
}

void kube_watch_kick(struct kube_watch *w)
{
	if (w->step == STEP_WAIT)
		work_post(w->shared->client->loop, &w->work);
}

const char *kube_watch_state_name(enum kube_watch_state state)
{
	static const char *const names[] = {
		[WATCH_STOPPED] = "stopped", [WATCH_LISTING] = "listing",
		[WATCH_STREAMING] = "streaming",
		[WATCH_WAITING] = "waiting", [WATCH_ABSENT] = "absent",
		[WATCH_DENIED] = "denied",
	};

	CHECK((size_t)state < ARRAY_LEN(names));
	return names[state];
}
