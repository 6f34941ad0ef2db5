#include <stdio.h>
#include <string.h>

#include "kube_world.h"

static const struct gvr things = { "x.io", "v1", "things", true };

/* What on_done was told of a call. */
struct told {
	struct kube_call call;
	int dones, err;
	enum kube_why why;
	bool done;
	char reply[4096];
	struct str text;
	struct diag diag;
};

static void on_done(void *ctx, struct kube_call *call)
{
	struct told *t = ctx;

	EXPECT(call == &t->call);
	EXPECT(!kube_call_busy(call));
	t->dones++;
	t->done = true;
	t->err = call->status.err;
	t->why = call->status.why;
	t->diag = call->diag;
	if (call->reply.n && call->reply.n <= sizeof(t->reply)) {
		memcpy(t->reply, call->reply.p, call->reply.n);
		t->text = (struct str){ t->reply, call->reply.n };
	}
}

static void get(struct world *w, struct told *t, const char *name)
{
	t->done = false;
	kube_call_init(&t->call, on_done, t);
	kube_call_get(&t->call, &things, STR("ns"), str_from(name));
	kube_send(&w->client, &t->call);
}

static void apply(struct world *w, struct told *t, const char *name)
{
	t->done = false;
	kube_call_init(&t->call, on_done, t);
	kube_call_apply(&t->call, &things, STR("ns"), str_from(name), NULL,
	    "me", true, STR("{\"a\":1}"));
	kube_send(&w->client, &t->call);
}

static void reply_ok(struct world *w, const struct world_request *r)
{
	world_reply(w, r->peer, 200, NULL, "{\"kind\":\"Thing\"}");
}

TEST(client_sends_and_hands_out_the_answer)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = reply_ok;
	get(w, &t, "a");
	EXPECT(kube_call_busy(&t.call));
	EXPECT_EQ(t.dones, 0);
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, 0);
	EXPECT_STR(t.text, "{\"kind\":\"Thing\"}");
	EXPECT_STR(buf_view(&w->log),
	    "GET /apis/x.io/v1/namespaces/ns/things/a\n");
	EXPECT(str_search(w->head, STR("Authorization: Bearer secret\r\n")) <
	    w->head.n);
	EXPECT(str_search(w->head, STR("User-Agent: mcp-operator/")) <
	    w->head.n);
	EXPECT(str_search(w->head, STR("Accept: application/json\r\n")) <
	    w->head.n);
	EXPECT(str_search(w->head, STR("Host: 127.0.0.1:8001\r\n")) <
	    w->head.n);
}

static void on_answer(void *ctx, const struct kube_call *call,
    int64_t took_ns)
{
	unsigned *answers = ctx;

	EXPECT_EQ(call->status.err, *answers == 0 ? 0 : ERR_NOENT);
	EXPECT(took_ns >= 0 && took_ns < SEC);
	++*answers;
}

static void reply_absent(struct world *w, const struct world_request *r)
{
	world_reply(w, r->peer, 404, NULL,
	    world_status(404, "NotFound", "no"));
}

TEST(client_tells_of_each_answer)
{
	struct world *w = world_begin(NULL);
	unsigned answers = 0;
	static struct told t;

	w->client.on_answer = on_answer;
	w->client.answer_ctx = &answers;
	w->serve = reply_ok;
	get(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(answers, 1);
	w->serve = reply_absent;
	get(w, &t, "b");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(answers, 2);
}

TEST(client_sends_bodies)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = reply_ok;
	apply(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_STR(w->body, "{\"a\":1}");
	EXPECT_STR(buf_view(&w->log), "PATCH /apis/x.io/v1/namespaces/ns/"
	    "things/a?fieldManager=me&force=true\n");
	EXPECT(str_search(w->head, STR("Content-Type: "
	    "application/apply-patch+yaml\r\n")) < w->head.n);
	EXPECT(str_search(w->head, STR("as=PartialObjectMetadata;")) <
	    w->head.n);
}

TEST(client_keeps_connections)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = reply_ok;
	for (int i = 0; i < 5; i++) {
		get(w, &t, "a");
		EXPECT(world_until(w, &t.done, SEC));
	}
	EXPECT_EQ(w->io.peers, 1);
	/* Idle ones are given up, and then nothing moves any more. */
	world_run(w, 200 * SEC);
	EXPECT_EQ(fake_open_fds(&w->io), 0);
	EXPECT(!heap_min(&w->loop.heap));
}

TEST(client_uses_no_more_connections_than_it_has)
{
	const struct kube_client_options o = { .conns = 2 };
	struct world *w = world_begin(&o);
	static struct told t[10];

	w->serve = reply_ok;
	for (int i = 0; i < 10; i++)
		get(w, &t[i], "a");
	EXPECT_EQ(w->client.queued, 10);
	world_run(w, SEC);
	for (int i = 0; i < 10; i++)
		EXPECT_EQ(t[i].dones, 1);
	EXPECT_EQ(w->io.peers, 2);
	EXPECT_EQ(w->client.queued + w->client.in_flight, 0);
}

TEST(client_serves_classes_in_order)
{
	const struct kube_client_options o = { .conns = 1 };
	struct world *w = world_begin(&o);
	static struct told t[4];
	static const enum kube_class class[] = {
		KUBE_LOW, KUBE_NORMAL, KUBE_URGENT, KUBE_LEASE,
	};
	static const char *const name[] = { "low", "normal", "urgent",
		"lease" };

	w->serve = reply_ok;
	for (int i = 0; i < 4; i++) {
		kube_call_init(&t[i].call, on_done, &t[i]);
		kube_call_get(&t[i].call, &things, STR("ns"),
		    str_from(name[i]));
		t[i].call.class = class[i];
		kube_send(&w->client, &t[i].call);
	}
	EXPECT(world_until(w, &t[0].done, SEC));
	EXPECT_STR(buf_view(&w->log),
	    "GET /apis/x.io/v1/namespaces/ns/things/lease\n"
	    "GET /apis/x.io/v1/namespaces/ns/things/urgent\n"
	    "GET /apis/x.io/v1/namespaces/ns/things/normal\n"
	    "GET /apis/x.io/v1/namespaces/ns/things/low\n");
}

static void ignore(struct world *w, const struct world_request *r)
{
	if (str_search(r->path, STR("lease")) < r->path.n)
		reply_ok(w, r);
}

TEST(client_keeps_a_connection_for_the_lease)
{
	const struct kube_client_options o = { .conns = 1, .lease = true };
	struct world *w = world_begin(&o);
	static struct told slow, lease;

	w->serve = ignore;
	get(w, &slow, "slow");
	world_run(w, SEC);
	kube_call_init(&lease.call, on_done, &lease);
	kube_call_get(&lease.call, &things, STR("ns"), STR("lease"));
	lease.call.class = KUBE_LEASE;
	kube_send(&w->client, &lease.call);
	EXPECT(world_until(w, &lease.done, SEC));
	EXPECT_EQ(slow.dones, 0);
}

TEST(client_times_out_what_is_sent_and_what_waits)
{
	const struct kube_client_options o = { .conns = 1 };
	struct world *w = world_begin(&o);
	static struct told sent, queued, next;

	w->serve = ignore;
	get(w, &sent, "a");
	get(w, &queued, "b");
	sent.call.deadline_ns = queued.call.deadline_ns =
	    w->loop.now_ns + 3 * SEC;
	world_run(w, 2 * SEC);
	EXPECT_EQ(sent.dones + queued.dones, 0);
	world_run(w, 29 * SEC);
	EXPECT_EQ(sent.err, ERR_TIMEOUT);
	EXPECT_EQ(queued.err, ERR_TIMEOUT);
	EXPECT(diag_is_set(&queued.diag));
	w->serve = reply_ok;
	get(w, &next, "c");
	EXPECT(world_until(w, &next.done, SEC));
	EXPECT_EQ(next.err, 0);
}

TEST(client_cancels)
{
	const struct kube_client_options o = { .conns = 1 };
	struct world *w = world_begin(&o);
	static struct told sent, queued, next;

	w->serve = ignore;
	get(w, &sent, "a");
	get(w, &queued, "b");
	world_run(w, SEC);
	kube_cancel(&w->client, &sent.call);
	kube_cancel(&w->client, &queued.call);
	kube_cancel(&w->client, &queued.call);
	EXPECT(!kube_call_busy(&sent.call));
	w->serve = reply_ok;
	get(w, &next, "c");
	EXPECT(world_until(w, &next.done, SEC));
	world_run(w, 100 * SEC);
	EXPECT_EQ(sent.dones + queued.dones, 0);
	EXPECT_EQ(next.dones, 1);
}

/* ---- refusals and retries -------------------------------------------- */

static void conflict(struct world *w, const struct world_request *r)
{
	world_reply(w, r->peer, 409, NULL, world_status(409, "Conflict",
	    "Apply failed with 1 conflict: FieldManagerConflict"));
}

TEST(client_decodes_refusals)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = conflict;
	apply(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, ERR_CONFLICT);
	EXPECT_EQ(t.why, KUBE_WHY_OWNED);
	EXPECT_EQ(w->requests, 1);
	EXPECT_EQ(t.text.n, 0);
}

/* 429 with Retry-After: 2, twice. */
static void throttle(struct world *w, const struct world_request *r)
{
	if (w->requests <= 2)
		world_reply(w, r->peer, 429, "Retry-After: 2\r\n",
		    world_status(429, "TooManyRequests", "slow down"));
	else
		reply_ok(w, r);
}

TEST(client_waits_out_retry_after)
{
	struct world *w = world_begin(NULL);
	static struct told t;
	int64_t from;

	w->serve = throttle;
	from = w->io.now_ns;
	get(w, &t, "a");
	EXPECT(world_until(w, &t.done, 20 * SEC));
	EXPECT_EQ(t.err, 0);
	EXPECT_EQ(w->requests, 3);
	EXPECT(w->io.now_ns - from >= 4 * SEC);
	EXPECT(w->io.now_ns - from <= 6 * SEC);
	EXPECT_EQ(w->counts.v[COUNT_HTTP_THROTTLED], 2);
}

TEST(client_gives_up_retrying_at_the_deadline)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = throttle;
	get(w, &t, "a");
	t.call.deadline_ns = w->loop.now_ns + SEC;
	EXPECT(world_until(w, &t.done, 2 * SEC));
	EXPECT_EQ(t.err, ERR_THROTTLED);
	EXPECT_EQ(w->requests, 1);
}

static void throttle_always(struct world *w, const struct world_request *r)
{
	world_reply(w, r->peer, 503, "Retry-After: 1\r\n", "busy");
}

TEST(client_gives_up_after_so_many_tries)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = throttle_always;
	get(w, &t, "a");
	t.call.deadline_ns = w->loop.now_ns + 100 * SEC;
	EXPECT(world_until(w, &t.done, 100 * SEC));
	EXPECT_EQ(t.err, ERR_THROTTLED);
	EXPECT_EQ(w->requests, KUBE_TRIES_MAX);
}

TEST(client_cancels_what_waits_for_a_retry)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = throttle_always;
	get(w, &t, "a");
	world_run(w, SEC / 2);
	EXPECT_EQ(w->requests, 1);
	kube_cancel(&w->client, &t.call);
	world_run(w, 10 * SEC);
	EXPECT_EQ(w->requests, 1);
	EXPECT_EQ(t.dones, 0);
}

TEST(client_replaces_a_kept_connection_that_died)
{
	const struct kube_client_options o = { .conns = 1 };
	struct world *w = world_begin(&o);
	static struct told t;

	w->serve = reply_ok;
	get(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	/* It dies with the next request already on its way. */
	w->serve = NULL;
	get(w, &t, "b");
	loop_turn(&w->loop, w->io.now_ns);
	fake_reset(&w->io, 0, 0);
	w->serve = reply_ok;
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, 0);
	EXPECT_EQ(w->io.peers, 2);
	EXPECT_EQ(t.dones, 2);
}

static void hang_up(struct world *w, const struct world_request *r)
{
	fake_end(&w->io, r->peer, MS);
}

TEST(client_does_not_repeat_on_a_fresh_connection)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = hang_up;
	get(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, ERR_CLOSED);
	EXPECT_EQ(w->requests, 1);
}

TEST(client_tells_that_nobody_is_there)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	fake_serve(&w->io, "127.0.0.1", 8001, FAKE_REFUSE);
	get(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, ERR_REFUSED);
	EXPECT(diag_is_set(&t.diag));
}

static void endless(struct world *w, const struct world_request *r)
{
	static char block[64 * 1024];

	world_stream(w, r->peer);
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 10; i++)
		world_chunk(w, r->peer, MS,
		    (struct str){ block, sizeof(block) });
}

TEST(client_refuses_enormous_answers)
{
	struct world *w = world_begin(NULL);
	static struct told t;
	char small[8];

	w->serve = endless;
	get(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, ERR_LIMIT);
	w->serve = reply_ok;
	get(w, &t, "a");
	t.call.reply_mem = small;
	t.call.reply_cap = sizeof(small);
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, ERR_LIMIT);
}

static void early(struct world *w, const struct world_request *r)
{
	world_reply(w, r->peer, 200, NULL, "{}");
}

TEST(client_refuses_an_answer_to_half_a_request)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = early;
	w->io.window = 40;
	get(w, &t, "a");
	world_run(w, 100 * MS);
	EXPECT_EQ(w->requests, 0);
	world_reply(w, 0, 200, NULL, "{}");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, ERR_PROTO);
}

/* ---- credentials ----------------------------------------------------- */

static void check_token(struct world *w, const struct world_request *r)
{
	if (str_search(r->head, STR("Bearer new\r\n")) < r->head.n)
		reply_ok(w, r);
	else
		world_reply(w, r->peer, 401, NULL,
		    world_status(401, "Unauthorized", "Unauthorized"));
}

TEST(client_reads_the_token_again_on_401)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = check_token;
	get(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, ERR_DENIED);
	EXPECT_EQ(w->requests, 1);
	w->config.token.path = "/token";
	fake_file(&w->io, "/token", STR("new\n"));
	get(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, 0);
	EXPECT_EQ(w->requests, 3);
	fake_file(&w->io, "/token", STR("wrong"));
	world_run(w, 61 * SEC);
	get(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, ERR_DENIED);
	EXPECT_EQ(w->requests, 4);
}

/* ---- fencing and rates ----------------------------------------------- */

static bool allow;

static bool may_send(void *ctx, const struct kube_call *call)
{
	EXPECT(ctx == &allow);
	EXPECT(kube_call_writes(call));
	return allow;
}

TEST(client_asks_before_each_write)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = reply_ok;
	w->client.may_send = may_send;
	w->client.may_ctx = &allow;
	allow = false;
	apply(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, ERR_NOTLEADER);
	get(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, 0);
	EXPECT_EQ(w->requests, 1);
	allow = true;
	apply(w, &t, "a");
	EXPECT(world_until(w, &t.done, SEC));
	EXPECT_EQ(t.err, 0);
}

TEST(client_asks_again_when_the_connection_is_open)
{
	struct world *w = world_begin(NULL);
	static struct told t;

	w->serve = reply_ok;
	w->client.may_send = may_send;
	w->client.may_ctx = &allow;
	w->io.connect_ns = SEC;
	allow = true;
	apply(w, &t, "a");
	world_run(w, SEC / 2);
	allow = false;
	EXPECT(world_until(w, &t.done, 2 * SEC));
	EXPECT_EQ(t.err, ERR_NOTLEADER);
	EXPECT_EQ(w->requests, 0);
}

TEST(client_gives_a_write_less_time_than_the_lease_has)
{
	struct world *w = world_begin(NULL);
	static struct told write, read;

	w->serve = ignore;
	w->client.write_timeout_ns = 5 * SEC;
	apply(w, &write, "a");
	get(w, &read, "a");
	world_run(w, 6 * SEC);
	EXPECT_EQ(write.err, ERR_TIMEOUT);
	EXPECT_EQ(read.dones, 0);
}

TEST(client_keeps_its_rate)
{
	const struct kube_client_options o = {
		.qps_milli = 2000, .burst = 3,
	};
	struct world *w = world_begin(&o);
	static struct told t[9];
	int done = 0;

	w->serve = reply_ok;
	for (int i = 0; i < 9; i++)
		get(w, &t[i], "a");
	world_run(w, SEC / 10);
	for (int i = 0; i < 9; i++)
		done += t[i].dones;
	EXPECT_EQ(done, 3);
	world_run(w, 2 * SEC);
	EXPECT_EQ(w->requests, 7);
	world_run(w, 2 * SEC);
	EXPECT_EQ(w->requests, 9);
	/* Nothing is saved up beyond the burst. */
	world_run(w, 100 * SEC);
	for (int i = 0; i < 9; i++)
		get(w, &t[i], "a");
	world_run(w, SEC / 10);
	EXPECT_EQ(w->requests, 12);
	/* Nor is what a part of a turn has brought forgotten. */
	world_run(w, 100 * SEC);
	EXPECT_EQ(w->requests, 18);
	for (int i = 0; i < 3; i++)
		get(w, &t[i], "a");
	world_run(w, 400 * MS);
	get(w, &t[3], "a");
	world_run(w, 50 * MS);
	EXPECT_EQ(w->requests, 21);
	world_run(w, 100 * MS);
	EXPECT_EQ(w->requests, 22);
}
