#include <stdio.h>
#include <string.h>

#include "kube_world.h"

/* ---- a server with one Lease ----------------------------------------- */

static struct {
	bool exists, broken, silent, nowhere;
	unsigned version, writes, reads, conflicts;
	char spec[1024];
} store;

static void send_lease(struct world *w, int peer, int code)
{
	char text[2048];

	snprintf(text, sizeof(text), "{\"kind\":\"Lease\",\"apiVersion\":"
	    "\"coordination.k8s.io/v1\",\"metadata\":{\"name\":\"l\","
	    "\"namespace\":\"ns\",\"resourceVersion\":\"%u\","
	    "\"managedFields\":[{}]},\"spec\":%s}", store.version, store.spec);
	world_reply(w, peer, code, NULL, text);
}

static void keep_spec(struct str body)
{
	struct str spec = STR_NONE;

	EXPECT(json_scan(body, NULL) == 0);
	EXPECT(kube_peek(body, "spec", &spec));
	REQUIRE(spec.n < sizeof(store.spec));
	memcpy(store.spec, spec.p, spec.n);
	store.spec[spec.n] = '\0';
	store.exists = true;
	store.version++;
	store.writes++;
}

static bool same_version(struct str body)
{
	char now[16];
	struct str v;

	snprintf(now, sizeof(now), "%u", store.version);
	return kube_peek(body, "metadata.resourceVersion", &v) &&
	    str_is(v, now);
}

static void serve(struct world *w, const struct world_request *r)
{
	if (store.silent)
		return;
	if (store.broken) {
		world_reply(w, r->peer, 500, NULL, "etcd is gone");
	} else if (str_is(r->method, "GET")) {
		store.reads++;
		if (store.exists)
			send_lease(w, r->peer, 200);
		else
			world_reply(w, r->peer, 404, NULL,
			    world_status(404, "NotFound", "no"));
	} else if (store.nowhere) {
		store.writes++;
		world_reply(w, r->peer, 404, NULL, world_status(404,
		    "NotFound", "namespaces \"ns\" not found"));
	} else if (str_is(r->method, "POST") ? store.exists :
	    !same_version(r->body)) {
		store.conflicts++;
		world_reply(w, r->peer, 409, NULL, world_status(409,
		    str_is(r->method, "POST") ? "AlreadyExists" : "Conflict",
		    "somebody was faster"));
	} else {
		keep_spec(r->body);
		send_lease(w, r->peer, 200);
	}
}

static struct str spec(const char *field)
{
	static struct str v;
	char path[64];

	snprintf(path, sizeof(path), "%s", field);
	return kube_peek(str_from(store.spec), path, &v) ? v : STR_NONE;
}

/* ---- candidates ------------------------------------------------------ */

struct candidate {
	struct lease lease;
	struct world *w;
	int begun, ended, stopped;
	bool stop_when_lost;
};
static struct candidate a, b;

static void on_change(void *ctx, bool leading)
{
	struct candidate *c = ctx;

	EXPECT_EQ(leading, c->lease.leading);
	if (leading)
		c->begun++;
	else
		c->ended++;
	if (!leading && c->stop_when_lost)
		lease_stop(&c->lease);
}

static void on_stopped(void *ctx)
{
	struct candidate *c = ctx;

	EXPECT(!c->lease.leading);
	c->stopped++;
}

static void candidate(struct world *w, struct candidate *c, const char *name)
{
	const struct lease_options o = {
		.namespace = STR("ns"), .name = STR("l"),
		.identity = str_from(name), .duration_ns = LEASE_DURATION_NS,
		.renew_ns = LEASE_RENEW_NS, .retry_ns = LEASE_RETRY_NS,
	};

	memset(c, 0, sizeof(*c));
	c->w = w;
	lease_init(&c->lease, &w->client, &o, on_change, on_stopped, c);
	lease_start(&c->lease);
}

static struct world *begin(void)
{
	struct world *w = world_begin(NULL);

	memset(&store, 0, sizeof(store));
	w->serve = serve;
	return w;
}

static bool valid(const struct candidate *c)
{
	return lease_valid(&c->lease, c->w->io.now_ns);
}

/* ---- tests ----------------------------------------------------------- */

TEST(lease_is_created_and_renewed)
{
	struct world *w = begin();

	candidate(w, &a, "a");
	EXPECT(!valid(&a));
	world_run(w, SEC);
	EXPECT_EQ(a.begun, 1);
	EXPECT(valid(&a));
	EXPECT_STR(spec("holderIdentity"), "a");
	EXPECT_STR(spec("leaseDurationSeconds"), "30");
	EXPECT_STR(spec("leaseTransitions"), "0");
	EXPECT_STR(spec("acquireTime"), "2026-11-21T07:06:59.002000Z");
	store.writes = store.reads = 0;
	world_run(w, 600 * SEC);
	EXPECT(store.writes <= 60);
	EXPECT(store.writes >= 55);
	EXPECT_EQ(store.reads, 0);
	EXPECT_EQ(a.ended, 0);
	EXPECT_STR(spec("acquireTime"), "2026-11-21T07:06:59.002000Z");
	EXPECT(!str_is(spec("renewTime"), "2026-11-21T07:06:59.002000Z"));
}

TEST(lease_has_one_holder)
{
	struct world *w = begin();

	candidate(w, &a, "a");
	candidate(w, &b, "b");
	for (int i = 0; i < 300; i++) {
		world_run(w, SEC);
		EXPECT(!(valid(&a) && valid(&b)));
	}
	EXPECT_EQ(a.begun + b.begun, 1);
	EXPECT_STR(str_from(b.lease.seen.holder), a.begun ? "a" : "b");
	EXPECT_STR(str_from(a.lease.seen.holder), a.begun ? "a" : "b");
}

TEST(lease_of_a_dead_holder_is_taken_after_its_duration)
{
	struct world *w = begin();

	store.exists = true;
	store.version = 5;
	/* The wall clock of its holder does not count. */
	snprintf(store.spec, sizeof(store.spec), "{\"holderIdentity\":\"x\","
	    "\"leaseDurationSeconds\":15,\"leaseTransitions\":3,"
	    "\"acquireTime\":\"2000-01-01T00:00:00.000000Z\","
	    "\"renewTime\":\"2000-01-01T00:00:00.000000Z\"}");
	candidate(w, &a, "a");
	world_run(w, 14 * SEC);
	EXPECT_EQ(a.begun, 0);
	EXPECT_STR(str_from(a.lease.seen.holder), "x");
	world_run(w, 5 * SEC);
	EXPECT_EQ(a.begun, 1);
	EXPECT_STR(spec("leaseTransitions"), "4");
	EXPECT_STR(spec("holderIdentity"), "a");
}

TEST(lease_that_changes_is_alive)
{
	struct world *w = begin();

	store.exists = true;
	snprintf(store.spec, sizeof(store.spec), "{\"holderIdentity\":\"x\","
	    "\"leaseDurationSeconds\":15}");
	candidate(w, &a, "a");
	for (int i = 0; i < 10; i++) {
		store.version++;
		world_run(w, 10 * SEC);
	}
	EXPECT_EQ(a.begun, 0);
	world_run(w, 20 * SEC);
	EXPECT_EQ(a.begun, 1);
}

TEST(lease_without_holder_is_taken_at_once)
{
	static const char *const specs[] = {
		"{\"holderIdentity\":\"\",\"leaseDurationSeconds\":1}",
		"{\"holderIdentity\":null}", "{}",
	};

	for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
		struct world *w = begin();

		store.exists = true;
		snprintf(store.spec, sizeof(store.spec), "%s", specs[i]);
		candidate(w, &a, "a");
		world_run(w, SEC);
		EXPECT_EQ(a.begun, 1);
	}
}

/* It is made when its namespace is. */
TEST(lease_waits_for_its_namespace)
{
	struct world *w = begin();

	store.nowhere = true;
	candidate(w, &a, "a");
	world_run(w, 20 * SEC);
	EXPECT_EQ(a.begun, 0);
	EXPECT(a.lease.status.err);
	EXPECT(store.writes > 5 && store.writes < 12);
	store.nowhere = false;
	world_run(w, 3 * SEC);
	EXPECT_EQ(a.begun, 1);
}

TEST(lease_ends_before_another_may_take_it)
{
	struct world *w = begin();
	int64_t from;

	candidate(w, &a, "a");
	world_run(w, 12 * SEC);
	EXPECT(valid(&a));
	store.silent = true;
	from = w->io.now_ns;
	while (!a.ended && w->io.now_ns < from + 60 * SEC) {
		EXPECT(valid(&a));
		world_run(w, SEC / 10);
	}
	EXPECT_EQ(a.ended, 1);
	EXPECT(!valid(&a));
	/* The last renewal was 10 s after the first second. */
	EXPECT(w->io.now_ns - from <= LEASE_RENEW_NS);
	/* And it leads again when the server is back. */
	store.silent = false;
	world_run(w, 60 * SEC);
	EXPECT_EQ(a.begun, 2);
}

TEST(lease_is_not_valid_after_its_deadline_even_if_nothing_ran)
{
	struct world *w = begin();

	candidate(w, &a, "a");
	world_run(w, SEC);
	EXPECT(lease_valid(&a.lease, a.lease.renewed_ns + LEASE_RENEW_NS -
	    1));
	EXPECT(!lease_valid(&a.lease, a.lease.renewed_ns + LEASE_RENEW_NS));
}

TEST(lease_survives_short_failures)
{
	struct world *w = begin();

	candidate(w, &a, "a");
	world_run(w, 9 * SEC);
	store.broken = true;
	world_run(w, 8 * SEC);
	EXPECT(a.lease.status.err);
	EXPECT(diag_is_set(&a.lease.diag));
	store.broken = false;
	world_run(w, 4 * SEC);
	EXPECT_EQ(a.ended, 0);
	EXPECT(valid(&a));
	EXPECT_EQ(a.lease.status.err, 0);
}

TEST(lease_that_was_taken_is_lost)
{
	struct world *w = begin();

	candidate(w, &a, "a");
	world_run(w, SEC);
	store.version++;
	snprintf(store.spec, sizeof(store.spec), "{\"holderIdentity\":\"x\","
	    "\"leaseDurationSeconds\":15}");
	world_run(w, 11 * SEC);
	EXPECT_EQ(a.ended, 1);
	EXPECT_STR(str_from(a.lease.seen.holder), "x");
	EXPECT_STR(spec("holderIdentity"), "x");
}

TEST(lease_that_was_touched_is_kept)
{
	struct world *w = begin();

	candidate(w, &a, "a");
	world_run(w, SEC);
	store.version++;
	world_run(w, 30 * SEC);
	EXPECT_EQ(a.ended, 0);
	EXPECT_EQ(store.conflicts, 1);
	store.exists = false;
	world_run(w, 30 * SEC);
	EXPECT_EQ(a.ended, 0);
	EXPECT(store.exists);
}

TEST(lease_is_given_back)
{
	struct world *w = begin();

	candidate(w, &a, "a");
	world_run(w, SEC);
	candidate(w, &b, "b");
	world_run(w, 5 * SEC);
	lease_stop(&a.lease);
	EXPECT_EQ(a.stopped, 0);
	world_run(w, 4 * SEC);
	EXPECT_EQ(a.stopped, 1);
	EXPECT_EQ(a.ended, 1);
	EXPECT_EQ(b.begun, 1);
	EXPECT_STR(spec("holderIdentity"), "b");
	EXPECT_STR(spec("leaseTransitions"), "1");
}

TEST(lease_of_another_is_left_alone_when_stopping)
{
	struct world *w = begin();

	candidate(w, &a, "a");
	world_run(w, SEC);
	candidate(w, &b, "b");
	world_run(w, 5 * SEC);
	store.writes = 0;
	lease_stop(&b.lease);
	world_run(w, SEC);
	EXPECT_EQ(b.stopped, 1);
	EXPECT_EQ(store.writes, 0);
	EXPECT_STR(spec("holderIdentity"), "a");
}

TEST(lease_stops_in_bounded_time)
{
	struct world *w = begin();

	candidate(w, &a, "a");
	world_run(w, SEC);
	store.silent = true;
	lease_stop(&a.lease);
	world_run(w, LEASE_RELEASE_NS + SEC / 10);
	EXPECT_EQ(a.stopped, 1);
	EXPECT_EQ(a.ended, 1);
	EXPECT(!kube_call_busy(&a.lease.call));
}

TEST(lease_stops_while_a_renewal_is_under_way)
{
	struct world *w = begin();

	candidate(w, &a, "a");
	world_run(w, 10 * SEC);
	w->io.connect_ns = SEC;
	world_run(w, 5 * MS);		/* the renewal has left by now */
	lease_stop(&a.lease);
	world_run(w, LEASE_RELEASE_NS);
	EXPECT_EQ(a.stopped, 1);
	EXPECT_STR(spec("holderIdentity"), "");
}

TEST(lease_stops_when_its_owner_has_enough)
{
	struct world *w = begin();

	candidate(w, &a, "a");
	a.stop_when_lost = true;
	world_run(w, SEC);
	store.silent = true;
	world_run(w, 40 * SEC);
	EXPECT_EQ(a.ended, 1);
	EXPECT_EQ(a.stopped, 1);
	EXPECT(!timer_is_set(&a.lease.timer));
}

TEST(lease_options)
{
	struct lease_options o = {
		.namespace = STR("ns"), .name = STR("l"),
		.identity = STR("a"), .duration_ns = LEASE_DURATION_NS,
		.renew_ns = LEASE_RENEW_NS, .retry_ns = LEASE_RETRY_NS,
	}, bad;
	struct diag d;

	diag_clear(&d);
	EXPECT_EQ(lease_options_check(&o, &d), 0);
	EXPECT(!diag_is_set(&d));
	EXPECT(lease_write_timeout_ns(&o) < o.duration_ns - o.renew_ns);
	EXPECT(lease_write_timeout_ns(&o) > 0);
	/* client-go's defaults are taken. */
	o.duration_ns = 15 * SEC;
	o.renew_ns = 10 * SEC;
	EXPECT_EQ(lease_options_check(&o, NULL), 0);
	bad = o;
	bad.renew_ns = bad.duration_ns;
	EXPECT_EQ(lease_options_check(&bad, &d), ERR_USAGE);
	EXPECT(diag_is_set(&d));
	bad = o;
	bad.retry_ns = bad.renew_ns;
	EXPECT_EQ(lease_options_check(&bad, NULL), ERR_USAGE);
	bad = o;
	bad.retry_ns = 0;
	EXPECT_EQ(lease_options_check(&bad, NULL), ERR_USAGE);
	bad = o;
	bad.duration_ns = SEC / 2;
	EXPECT_EQ(lease_options_check(&bad, NULL), ERR_USAGE);
	bad = o;
	bad.identity = STR_NONE;
	EXPECT_EQ(lease_options_check(&bad, NULL), ERR_USAGE);
}

static int decode(const char *text, struct lease_record *r)
{
	return lease_decode(guard_copy(text, strlen(text)), r, NULL);
}

TEST(lease_objects)
{
	struct lease_record r;

	EXPECT_EQ(decode("{\"metadata\":{\"resourceVersion\":\"9\"},\"spec\":"
	    "{\"holderIdentity\":\"h\\u0021\",\"leaseDurationSeconds\":15,"
	    "\"leaseTransitions\":2,\"renewTime\":"
	    "\"1970-01-01T00:00:01.500000Z\"}}", &r), 0);
	EXPECT_STR(str_from(r.holder), "h!");
	EXPECT_STR(str_from(r.version), "9");
	EXPECT_EQ(r.duration_s, 15);
	EXPECT_EQ(r.transitions, 2);
	EXPECT_EQ(r.renew_wall_ns, 1500 * MS);
	EXPECT_EQ(r.acquire_wall_ns, 0);
	EXPECT(decode("", &r));
	EXPECT(decode("{}", &r));
	EXPECT(decode("{\"metadata\":{\"resourceVersion\":\"9\"},\"spec\":"
	    "{\"holderIdentity\":7}}", &r));
	EXPECT(decode("{\"metadata\":{\"resourceVersion\":\"9\"},\"spec\":"
	    "{\"leaseDurationSeconds\":\"x\"}}", &r));
	EXPECT(decode("{\"metadata\":{\"resourceVersion\":\"9\"},\"spec\":"
	    "{\"renewTime\":\"yesterday\"}}", &r));
	EXPECT_STR(str_from(r.holder), "h!");
}

TEST(lease_is_written_whole)
{
	struct lease_record r = { .holder = "me", .version = "7",
		.duration_s = 15, .transitions = 2,
		.acquire_wall_ns = SEC, .renew_wall_ns = 1500 * MS };
	struct lease_options o = { .namespace = STR("ns"), .name = STR("l") };
	char text[1024];
	struct buf out;

	buf_init(&out, text, sizeof(text));
	lease_encode(&out, &o, &r);
	EXPECT_STR(buf_view(&out), "{\"apiVersion\":\"coordination.k8s.io/v1\","
	    "\"kind\":\"Lease\",\"metadata\":{\"name\":\"l\","
	    "\"namespace\":\"ns\",\"resourceVersion\":\"7\"},\"spec\":{"
	    "\"holderIdentity\":\"me\",\"leaseDurationSeconds\":15,"
	    "\"leaseTransitions\":2,\"acquireTime\":"
	    "\"1970-01-01T00:00:01.000000Z\",\"renewTime\":"
	    "\"1970-01-01T00:00:01.500000Z\"}}");
}
