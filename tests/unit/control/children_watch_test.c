#include <string.h>

#include "manager_world.h"

static struct manager m;
static struct manager_options options;
static struct mem mem;
static struct json_tok tok[1024];
static char arena_mem[64 * 1024];

#define OWNER "0188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define CHILD "11111111-9b3a-4c5d-8e6f-0123456789ab"

static void set_up(void)
{
	mw_bare(&m, &mem, &options);
	m.tok = tok;
	arena_init(&m.intake, arena_mem, sizeof(arena_mem));
}

/* What a watch tells of the Service of the server "one" in "ns". */
static void told(enum kube_watch_event e, const char *owner)
{
	char text[1024];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\","
	    "\"uid\":\"" CHILD "\",\"resourceVersion\":\"7\",\"labels\":{\""
	    LABEL_KEY "\":\"m.one\"}%s}}", owner);
	REQUIRE(!b.over);
	child_event(&m, CHILD_SERVICE, 0, e, buf_view(&b));
}

#define OWNED_BY(group) ",\"ownerReferences\":[{\"apiVersion\":\"" group \
	"\",\"kind\":\"X\",\"name\":\"one\",\"uid\":\"" OWNER \
	"\",\"controller\":true}]"
#define OURS OWNED_BY("mcp.mcp.dev/v1alpha1")

static struct record *owner(void)
{
	struct uid uid;
	uint32_t i;

	REQUIRE(uid_parse(STR(OWNER), &uid));
	i = record_find(&m.records, &uid);
	return i == RECORD_NONE ? NULL : record_at(&m.records, i);
}

TEST(child_is_its_owners)
{
	set_up();
	told(WATCH_ITEM, OURS);
	REQUIRE(owner() != NULL);
	EXPECT(owner()->child[CHILD_SERVICE].exists);
	EXPECT_EQ(owner()->child[CHILD_SERVICE].version, 7);
	/* Of a server that nobody has seen: dropped with its last child. */
	told(WATCH_DELETED, OURS);
	EXPECT(owner() == NULL);
}

TEST(child_without_owner_is_nobodys)
{
	set_up();
	told(WATCH_ITEM, "");
	told(WATCH_ITEM, OWNED_BY("apps/v1"));
	EXPECT_EQ(m.records.pool.used, 0);
}

TEST(child_that_lost_its_owner_is_missed)
{
	struct record *r;

	set_up();
	told(WATCH_ITEM, OURS);
	r = owner();
	REQUIRE(r != NULL);
	record_live(&m.records, record_index(&m.records, r), true);
	r->flags |= RECORD_PLANNED;
	r->wanted = 1 << CHILD_SERVICE;
	r->child[CHILD_SERVICE].own = 7;
	told(WATCH_ITEM, "");
	EXPECT(!r->child[CHILD_SERVICE].exists);
	EXPECT(r->flags & RECORD_QUEUED);
}

TEST(child_given_away_is_missed)
{
	struct record *r;

	set_up();
	told(WATCH_ITEM, OURS);
	r = owner();
	REQUIRE(r != NULL);
	record_live(&m.records, record_index(&m.records, r), true);
	told(WATCH_ITEM, OWNED_BY("apps/v1"));
	EXPECT(!r->child[CHILD_SERVICE].exists);
}

/* Deleted with --cascade=orphan: a successor must not wait for them. */
TEST(orphans_are_no_ghosts)
{
	struct uid next = { { 1 } };
	uint32_t i;

	set_up();
	told(WATCH_ITEM, OURS);
	i = record_add(&m.records, &next, GROUP_MCPDEV, STR("ns"),
	    STR("one"));
	record_live(&m.records, i, true);
	EXPECT(record_has_ghost(&m.records, record_at(&m.records, i)));
	told(WATCH_ITEM, "");
	EXPECT(!record_has_ghost(&m.records, record_at(&m.records, i)));
	EXPECT(owner() == NULL);
}

/* What a watch tells of a Deployment. */
static void deployment(const char *version, const char *generation,
    const char *notes)
{
	char text[1024];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\","
	    "\"uid\":\"" CHILD "\",\"resourceVersion\":\"%s\","
	    "\"generation\":%s,\"labels\":{\"" LABEL_KEY "\":\"m.one\"},"
	    "\"annotations\":{%s}" OURS "},\"status\":{\"readyReplicas\":"
	    "%s}}", version, generation, notes, version);
	REQUIRE(!b.over);
	child_event(&m, CHILD_DEPLOYMENT, 0, WATCH_ITEM, buf_view(&b));
}

static void written(struct record *r, const char *version,
    const char *notes)
{
	char text[512];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "{\"metadata\":{\"uid\":\"" CHILD "\","
	    "\"resourceVersion\":\"%s\",\"generation\":1,\"labels\":{\""
	    LABEL_KEY "\":\"m.one\"},\"annotations\":{%s}}}", version, notes);
	(void)child_written(&m.records, r, CHILD_DEPLOYMENT, buf_view(&b));
}

TEST(an_edit_of_a_deployments_metadata_is_seen)
{
	struct child_state *c;
	struct record *r;

	set_up();
	m.leading = true;
	deployment("5", "1", "\"a\":\"1\"");
	r = owner();
	REQUIRE(r != NULL);
	c = &r->child[CHILD_DEPLOYMENT];
	/* As an older operator told it. */
	child_own_told(c, CHILD_DEPLOYMENT, STR("1"), true);
	EXPECT(!child_edited(c));
	/* Its controller counts there, and its status moves on. */
	deployment("6", "1", "\"a\":\"1\",\"deployment.kubernetes.io/"
	    "revision\":\"2\"");
	EXPECT(!child_edited(c));
	deployment("7", "1", "\"a\":\"2\"");
	EXPECT(child_edited(c));
	written(r, "8", "\"a\":\"1\"");
	EXPECT(!child_edited(c));
	deployment("8", "1", "\"a\":\"1\"");
	EXPECT(!child_edited(c));
	deployment("9", "1", "");
	EXPECT(child_edited(c));
	/* What stays after our write is not ours to change. */
	written(r, "9", "");
	EXPECT(!child_edited(c));
}

/* As its status tells it of the child that is known. */
static struct str own_of(const struct child_state *c, struct buf *b)
{
	buf_clear(b);
	child_own_write(c, b);
	return buf_view(b);
}

TEST(what_another_leader_wrote_is_right)
{
	const enum child_kind k = CHILD_DEPLOYMENT;
	struct child_state *c;
	struct child_state first, second;
	char mem1[32], mem2[32];
	struct buf one, two;

	buf_init(&one, mem1, sizeof(mem1));
	buf_init(&two, mem2, sizeof(mem2));
	set_up();
	deployment("5", "1", "\"a\":\"1\"");
	REQUIRE(owner() != NULL);
	c = &owner()->child[k];
	first = second = *c;
	first.own = second.own = 1;
	first.own_meta = c->meta;
	child_own_told(c, k, own_of(&first, &one), false);
	EXPECT(!child_edited(c));
	/* Somebody's, while nobody leads; and then the other's. */
	deployment("6", "1", "\"a\":\"2\"");
	EXPECT(child_edited(c));
	second.own_meta = c->meta;
	child_own_told(c, k, own_of(&second, &two), false);
	EXPECT(!child_edited(c));
	/* From here on only what we do ourselves. */
	child_own_told(c, k, own_of(&first, &one), true);
	EXPECT(!child_edited(c));
	deployment("7", "1", "\"a\":\"3\"");
	EXPECT(child_edited(c));
	child_own_told(c, k, own_of(&first, &one), true);
	EXPECT(child_edited(c));
}

TEST(an_edit_while_nobody_looked_is_seen)
{
	const enum child_kind k = CHILD_DEPLOYMENT;
	struct child_state *c, was;
	char text[32];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	set_up();
	m.leading = true;
	deployment("5", "1", "\"a\":\"1\"");
	REQUIRE(owner() != NULL);
	was = owner()->child[k];
	was.own = 1;
	was.own_meta = was.meta;
	set_up();
	m.leading = true;
	deployment("6", "1", "\"a\":\"2\"");
	REQUIRE(owner() != NULL);
	c = &owner()->child[k];
	child_own_told(c, k, own_of(&was, &b), true);
	EXPECT(child_edited(c));
	written(owner(), "7", "\"a\":\"1\"");
	EXPECT(!child_edited(c));
	/* A child that is told of before it is seen. */
	child_forget(&m.records, owner(), k);
	child_own_told(c, k, own_of(&was, &b), true);
	deployment("8", "1", "\"a\":\"2\"");
	EXPECT(child_edited(c));
	/* What is no such text tells nothing. */
	child_forget(&m.records, owner(), k);
	child_own_told(c, k, STR("x.1"), true);
	EXPECT_EQ(c->own, 0);
}

/* What is known by its resource version needs no more than that. */
TEST(other_kinds_are_told_by_their_version)
{
	struct child_state c = { .own = 12, .version = 12, .exists = true };
	char text[32];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	EXPECT(str_is(own_of(&c, &b), "12"));
	child_own_told(&c, CHILD_SERVICE, STR("13"), false);
	EXPECT_EQ(c.own, 13);
	EXPECT_EQ(c.own_meta, 0);
	EXPECT(child_edited(&c));
}

TEST(a_late_line_of_a_child_undoes_nothing)
{
	struct child_state *c;
	struct record *r;

	set_up();
	m.leading = true;
	deployment("5", "1", "");
	r = owner();
	REQUIRE(r != NULL);
	c = &r->child[CHILD_DEPLOYMENT];
	written(r, "8", "\"a\":\"1\"");
	deployment("7", "0", "");
	EXPECT(!child_edited(c));
	EXPECT_EQ(r->workload.ready, 5);
	deployment("9", "1", "\"a\":\"1\"");
	EXPECT(!child_edited(c));
	EXPECT_EQ(r->workload.ready, 9);
	/* A list may be of a restored etcd. */
	child_event(&m, CHILD_DEPLOYMENT, 0, WATCH_BEGIN, STR_NONE);
	deployment("6", "1", "\"a\":\"1\"");
	EXPECT_EQ(r->workload.ready, 6);
	/* One made anew has versions of its own. */
	c->uid.b[0] ^= 1;
	c->told = 20;
	deployment("10", "1", "\"a\":\"1\"");
	EXPECT_EQ(r->workload.ready, 10);
}

#define SEEN_OF(content) "\"" NOTE_SEEN \
	"\":\"00000000000000cd,00000001000000" content "\""
#define SEEN SEEN_OF("ff")

TEST(what_was_written_is_noted_before_the_watch_tells)
{
	struct record *r;
	struct workload *w;

	set_up();
	deployment("5", "1", SEEN);
	r = owner();
	REQUIRE(r != NULL);
	w = &r->workload;
	REQUIRE(w->seen_n == 1);
	EXPECT_EQ(w->seen[0].content, 255);
	(void)child_written(&m.records, r, CHILD_DEPLOYMENT,
	    STR("{\"metadata\":{\"uid\":\"" CHILD "\","
	    "\"resourceVersion\":\"8\",\"generation\":2,"
	    "\"annotations\":{\"x\":\"\\\"" NOTE_SEEN "\\\":\\\"1\","
	    "\"" NOTE_SEEN "\":\"00000000000000ab,0000000100000001,"
	    "0000000200000002\"}}}"));
	EXPECT_EQ(w->seen_n, 2);
	EXPECT_EQ(w->seen[1].content, 2);
	EXPECT_EQ(w->note_refs, 0xab);
	deployment("7", "1", SEEN);
	EXPECT_EQ(w->seen_n, 2);
	/* An answer that the watch was faster than. */
	deployment("9", "3", SEEN);
	EXPECT_EQ(w->seen_n, 1);
	written(r, "8", "");
	EXPECT_EQ(w->seen_n, 1);
	EXPECT_EQ(w->note_refs, 0xcd);
	written(r, "10", "");
	EXPECT_EQ(w->seen_n, 0);
	EXPECT_EQ(w->note_refs, 0);
}

TEST(a_deployment_of_other_references_is_doubted)
{
	struct record *r;

	set_up();
	deployment("5", "1", SEEN);
	r = owner();
	REQUIRE(r != NULL);
	r->flags |= RECORD_PLANNED;
	REQUIRE(refs_init(&m, &mem, 1) == 0);
	r->ref[0] = pool_take(&m.refs.pool);
	m.refs.r[r->ref[0]] = (struct ref_slot){
		.hash = 1, .version = 5, .digest = 255, .known = true
	};
	r->refs = 1;
	deployment("6", "1", SEEN);
	EXPECT(!(r->flags & RECORD_DOUBTED));
	deployment("7", "1", SEEN_OF("fe"));
	EXPECT(r->flags & RECORD_DOUBTED);
	/* The same once more is no news. */
	r->flags &= ~(uint32_t)RECORD_DOUBTED;
	deployment("8", "1", SEEN_OF("fe"));
	EXPECT(!(r->flags & RECORD_DOUBTED));
}

TEST(a_note_that_somebody_took_away_counts_no_more)
{
	set_up();
	deployment("5", "1", "\"" NOTE_RENDERED
	    "\":\"3.00000000000000ab\"");
	REQUIRE(owner() != NULL);
	EXPECT_EQ(owner()->workload.note_revision, 3);
	EXPECT_EQ(owner()->workload.note_template, 0xab);
	EXPECT_EQ(owner()->workload.ready, 5);
	deployment("6", "1", "");
	EXPECT_EQ(owner()->workload.note_revision, 0);
	EXPECT_EQ(owner()->workload.note_template, 0);
	EXPECT_EQ(owner()->workload.ready, 6);
}

/* Its Service, as an answer to our own write tells of it. */
static bool service_written(struct record *r, const char *version)
{
	char text[256];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "{\"metadata\":{\"uid\":\"" CHILD "\","
	    "\"resourceVersion\":\"%s\"}}", version);
	return child_written(&m.records, r, CHILD_SERVICE, buf_view(&b));
}

static void services_listed(const char *version)
{
	child_event(&m, CHILD_SERVICE, 0, WATCH_SYNCED, str_from(version));
}

/* It went before the list was made, so no DELETED comes. */
TEST(an_answer_from_before_a_list_without_it_is_about_what_has_gone)
{
	struct child_state *c;
	struct record *r;

	set_up();
	deployment("5", "1", "");
	r = owner();
	REQUIRE(r != NULL);
	c = &r->child[CHILD_SERVICE];
	child_event(&m, CHILD_SERVICE, 0, WATCH_BEGIN, STR_NONE);
	services_listed("9");
	EXPECT(!service_written(r, "8"));
	EXPECT(!c->exists);
	EXPECT(service_written(r, "10"));
	EXPECT(c->exists);
	/* The same, while the list comes. */
	child_event(&m, CHILD_SERVICE, 0, WATCH_BEGIN, STR_NONE);
	EXPECT(service_written(r, "18"));
	EXPECT(c->exists);
	services_listed("19");
	EXPECT(!c->exists);
	child_event(&m, CHILD_SERVICE, 0, WATCH_BEGIN, STR_NONE);
	EXPECT(service_written(r, "30"));
	services_listed("29");
	EXPECT(c->exists);
	/* etcd was restored from a copy, and nothing is as it was. */
	child_event(&m, CHILD_SERVICE, 0, WATCH_BEGIN, STR_NONE);
	services_listed("4");
	EXPECT(!c->exists);
	EXPECT(service_written(r, "5"));
	EXPECT(c->exists);
}

/* Generations begin anew, and the status tells of the one before still. */
TEST(what_is_told_of_the_deployment_before_is_not_its_own)
{
	struct child_state *c;
	struct record *r;

	set_up();
	deployment("5", "1", "");
	r = owner();
	REQUIRE(r != NULL);
	c = &r->child[CHILD_DEPLOYMENT];
	written(r, "6", "");
	EXPECT(!child_edited(c));
	deployment("7", "2", "");
	EXPECT(child_edited(c));
	child_own_told(c, CHILD_DEPLOYMENT, STR("2.12346"), true);
	EXPECT(child_edited(c));
	child_own_told(c, CHILD_DEPLOYMENT, STR("3.12346"), true);
	EXPECT(child_edited(c));
}
