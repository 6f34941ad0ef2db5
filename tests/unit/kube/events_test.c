#include <stdio.h>
#include <string.h>

#include "kube_world.h"

static struct event_recorder rec;

static const struct event_ref about = {
	.api_version = STR_INIT("x.io/v1"), .kind = STR_INIT("Thing"),
	.namespace = STR_INIT("ns"), .name = STR_INIT("a"),
	.uid = STR_INIT("u-1"), .version = STR_INIT("7"),
};

static int code;

static void serve(struct world *w, const struct world_request *r)
{
	EXPECT(json_scan(r->body, NULL) == 0);
	if (code && (code != 404 || str_is(r->method, "PATCH")))
		world_reply(w, r->peer, code, NULL, world_status(code, "X",
		    "refused"));
	else
		world_reply(w, r->peer, 201, NULL, "{}");
}

static struct world *begin(void)
{
	struct world *w = world_begin(NULL);

	code = 0;
	w->serve = serve;
	REQUIRE(event_init(&rec, &w->mem, &w->client, "mcp-operator",
	    STR("pod-1")) == 0);
	return w;
}

static void record(const char *reason, const char *message)
{
	event_record(&rec, &about, true, reason, str_from(message));
}

static void expect_member(struct world *w, const char *path, const char *want)
{
	struct str got;

	if (!kube_peek(w->body, path, &got))
		test_fail(__FILE__, __LINE__, "no %s", path);
	else
		EXPECT_STR(got, want);
}

TEST(event_is_created)
{
	struct world *w = begin();

	record("ImagePull", "no such \"image\"");
	EXPECT(!event_idle(&rec));
	world_run(w, SEC);
	EXPECT(event_idle(&rec));
	EXPECT_EQ(rec.sent, 1);
	EXPECT_STR(buf_view(&w->log), "POST /api/v1/namespaces/ns/events?"
	    "fieldManager=mcp-operator\n");
	expect_member(w, "kind", "Event");
	expect_member(w, "metadata.namespace", "ns");
	expect_member(w, "involvedObject.apiVersion", "x.io/v1");
	expect_member(w, "involvedObject.kind", "Thing");
	expect_member(w, "involvedObject.name", "a");
	expect_member(w, "involvedObject.uid", "u-1");
	expect_member(w, "involvedObject.resourceVersion", "7");
	expect_member(w, "type", "Warning");
	expect_member(w, "reason", "ImagePull");
	expect_member(w, "message", "no such \\\"image\\\"");
	expect_member(w, "source.component", "mcp-operator");
	expect_member(w, "source.host", "pod-1");
	expect_member(w, "count", "1");
	expect_member(w, "firstTimestamp", "2026-11-21T07:06:59Z");
	expect_member(w, "lastTimestamp", "2026-11-21T07:06:59Z");
}

TEST(event_again_is_counted_up)
{
	struct world *w = begin();
	struct str name;
	char path[512];

	record("R", "m");
	world_run(w, 5 * SEC);
	REQUIRE(kube_peek(w->body, "metadata.name", &name));
	EXPECT_EQ(name.n, 1 + 1 + 16);
	EXPECT(str_dns1123_subdomain(name));
	snprintf(path, sizeof(path), "PATCH /api/v1/namespaces/ns/events/"
	    "%.*s?fieldManager=mcp-operator\n", (int)name.n, name.p);
	buf_clear(&w->log);
	record("R", "m");
	world_run(w, 5 * SEC);
	EXPECT_STR(buf_view(&w->log), path);
	EXPECT_STR(w->body, "{\"count\":2,"
	    "\"lastTimestamp\":\"2026-11-21T07:07:04Z\"}");
	EXPECT_EQ(w->requests, 2);
	/* Something else is another Event. */
	record("R", "m2");
	event_record(&rec, &about, false, "R", STR("m"));
	world_run(w, SEC);
	EXPECT_EQ(w->requests, 4);
	EXPECT(str_search(buf_view(&w->log), STR("POST")) < w->log.n);
	expect_member(w, "count", "1");
}

TEST(event_is_forgotten)
{
	struct world *w = begin();

	record("R", "m");
	world_run(w, EVENT_FORGET_NS + SEC);
	record("R", "m");
	world_run(w, SEC);
	EXPECT(str_starts(str_from(w->log_mem), STR("POST")));
	expect_member(w, "count", "1");
}

TEST(events_that_wait_are_merged)
{
	struct world *w = begin();

	for (int i = 0; i < 10; i++)
		record("R", "m");
	world_run(w, SEC);
	/* The first left at once, the nine wait together. */
	EXPECT_EQ(w->requests, 2);
	expect_member(w, "count", "10");
}

TEST(event_that_expired_is_created_again)
{
	struct world *w = begin();

	record("R", "m");
	world_run(w, SEC);
	code = 404;
	record("R", "m");
	world_run(w, SEC);
	EXPECT_EQ(w->requests, 3);
	expect_member(w, "kind", "Event");
	expect_member(w, "count", "2");
	EXPECT_EQ(rec.failed, 0);
}

TEST(event_that_is_refused_is_dropped)
{
	struct world *w = begin();

	code = 403;
	record("R", "m");
	world_run(w, SEC);
	EXPECT(event_idle(&rec));
	EXPECT_EQ(rec.failed, 1);
	EXPECT_EQ(w->requests, 1);
	code = 0;
	record("R", "m");
	world_run(w, SEC);
	expect_member(w, "count", "1");
	EXPECT_EQ(rec.sent, 1);
}

TEST(events_of_an_object_have_a_rate)
{
	struct world *w = begin();
	struct event_ref other = about;
	char message[16];

	for (int i = 0; i < 40; i++) {
		snprintf(message, sizeof(message), "m%d", i);
		record("R", message);
		world_run(w, SEC);
	}
	EXPECT_EQ(w->requests, EVENT_BURST);
	EXPECT_EQ(rec.dropped, 40 - EVENT_BURST);
	other.name = STR("b");
	event_record(&rec, &other, true, "R", STR("m"));
	world_run(w, SEC);
	EXPECT_EQ(w->requests, EVENT_BURST + 1);
	world_run(w, EVENT_REFILL_NS);
	record("R", "x");
	record("R", "y");
	world_run(w, SEC);
	EXPECT_EQ(w->requests, EVENT_BURST + 2);
	/* After a long time the burst is there again, and no more. */
	world_run(w, 100 * EVENT_REFILL_NS);
	w->requests = 0;
	for (int i = 0; i < 40; i++) {
		snprintf(message, sizeof(message), "n%d", i);
		record("R", message);
		world_run(w, SEC);
	}
	EXPECT_EQ(w->requests, EVENT_BURST);
}

TEST(events_beyond_the_queue_are_dropped)
{
	struct world *w = begin();
	struct event_ref other = about;
	char name[16];

	w->serve = NULL;
	for (int i = 0; i < EVENT_QUEUE_MAX + 10; i++) {
		snprintf(name, sizeof(name), "o%d", i);
		other.name = str_from(name);
		event_record(&rec, &other, true, "R", STR("m"));
	}
	EXPECT_EQ(rec.queued, EVENT_QUEUE_MAX);
	EXPECT_EQ(rec.dropped, 10);
	w->serve = serve;
	world_run(w, 60 * SEC);
	EXPECT(event_idle(&rec));
	EXPECT_EQ(rec.sent + rec.failed, EVENT_QUEUE_MAX);
}

TEST(event_of_a_cluster_scoped_object_stands_in_default)
{
	struct world *w = begin();
	struct event_ref other = about;

	other.namespace = STR_NONE;
	event_record(&rec, &other, false, "R", STR("m"));
	world_run(w, SEC);
	EXPECT(str_starts(buf_view(&w->log),
	    STR("POST /api/v1/namespaces/default/events")));
	expect_member(w, "metadata.namespace", "default");
	expect_member(w, "type", "Normal");
}

TEST(event_texts_of_any_kind)
{
	struct world *w = begin();
	static char name[254], message[5000];
	struct event_ref other = about;
	struct str got;

	memset(name, 'a', 253);
	name[235] = '.';
	memset(message, 1, sizeof(message));
	other.name = (struct str){ name, 253 };
	other.uid = STR("\xff\xff");
	event_record(&rec, &other, true, "R",
	    (struct str){ message, sizeof(message) });
	world_run(w, SEC);
	EXPECT_EQ(rec.sent, 1);
	REQUIRE(kube_peek(w->body, "metadata.name", &got));
	EXPECT(str_dns1123_subdomain(got));
	REQUIRE(kube_peek(w->body, "message", &got));
	EXPECT_EQ(got.n, 6 * EVENT_MESSAGE_MAX);
	/* Cut between characters. */
	for (size_t i = 0; i < sizeof(message); i += 2)
		memcpy(message + i, "\xc3\xa9", 2);
	event_record(&rec, &about, true, "R",
	    (struct str){ message + 1, sizeof(message) - 1 });
	event_record(&rec, &about, true, "R",
	    (struct str){ message, sizeof(message) });
	world_run(w, SEC);
	EXPECT_EQ(rec.sent, 3);
	REQUIRE(kube_peek(w->body, "message", &got));
	EXPECT(got.n == EVENT_MESSAGE_MAX);
}
