#include <string.h>

#include "manager_world.h"

static struct manager m;
static struct manager_options options;
static struct mem mem;

static void set_up(void)
{
	mw_bare(&m, &mem, &options);
	REQUIRE(extras_init(&m, &mem, 8) == 0);
}

/* A server that was listed, and has a Deployment that was. */
static uint32_t listed(struct str ns, uint8_t id)
{
	struct uid uid = { { id } };
	uint32_t i = record_add(&m.records, &uid, GROUP_MCPDEV, ns,
	    STR("one"));
	struct record *r = record_at(&m.records, i);

	record_live(&m.records, i, true);
	r->flags |= RECORD_LISTED;
	r->child[CHILD_DEPLOYMENT].exists = true;
	r->child[CHILD_DEPLOYMENT].listed = true;
	return i;
}

static bool is_live(uint32_t i)
{
	return (record_at(&m.records, i)->flags & RECORD_LIVE) != 0;
}

TEST(servers_of_another_namespace_survive_a_list)
{
	uint64_t scope = scope_of(STR("a"));
	uint32_t a, b;

	set_up();
	a = listed(STR("a"), 1);
	b = listed(STR("b"), 2);
	intake_event(&m, GROUP_MCPDEV, scope, WATCH_BEGIN, STR_NONE);
	intake_event(&m, GROUP_EXAMPLE, 0, WATCH_BEGIN, STR_NONE);
	intake_event(&m, GROUP_EXAMPLE, 0, WATCH_SYNCED, STR_NONE);
	EXPECT(is_live(a) && is_live(b));
	intake_event(&m, GROUP_MCPDEV, scope, WATCH_SYNCED, STR_NONE);
	EXPECT(!is_live(a) && is_live(b));
	intake_event(&m, GROUP_MCPDEV, 0, WATCH_BEGIN, STR_NONE);
	intake_event(&m, GROUP_MCPDEV, 0, WATCH_SYNCED, STR_NONE);
	EXPECT(!is_live(b));
}

TEST(children_of_another_namespace_survive_a_list)
{
	uint64_t scope = scope_of(STR("a"));
	struct record *a, *b;

	set_up();
	a = record_at(&m.records, listed(STR("a"), 1));
	b = record_at(&m.records, listed(STR("b"), 2));
	child_event(&m, CHILD_DEPLOYMENT, scope, WATCH_BEGIN, STR_NONE);
	child_event(&m, CHILD_SERVICE, 0, WATCH_BEGIN, STR_NONE);
	child_event(&m, CHILD_SERVICE, 0, WATCH_SYNCED, STR_NONE);
	EXPECT(a->child[CHILD_DEPLOYMENT].exists);
	child_event(&m, CHILD_DEPLOYMENT, scope, WATCH_SYNCED, STR_NONE);
	EXPECT(!a->child[CHILD_DEPLOYMENT].exists);
	EXPECT(b->child[CHILD_DEPLOYMENT].exists);
}

static struct json_tok tokens[4096];
static char intake_mem[1 << 20];

static void line(const char *version, const char *generation)
{
	static char text[512];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "{\"metadata\":{\"name\":\"one\",\"namespace\":\"a\","
	    "\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
	    "\"resourceVersion\":\"%s\",\"generation\":%s},"
	    "\"spec\":{\"image\":\"x\",\"replicas\":%s}}", version,
	    generation, generation);
	intake_event(&m, GROUP_MCPDEV, 0, WATCH_ITEM, buf_view(&b));
}

TEST(an_older_line_does_not_undo_what_was_read)
{
	struct record *r;
	uint64_t facts;

	set_up();
	m.tok = tokens;
	arena_init(&m.intake, intake_mem, sizeof(intake_mem));
	REQUIRE(held_init(&m, &mem) == 0);
	line("5", "2");
	r = record_at(&m.records, record_next(&m.records, 0));
	EXPECT_EQ(r->desired, 2);
	/* A read was ahead of the watch. */
	EXPECT(record_version(r, STR("9")));
	facts = r->facts;
	queue_forget(&m.queue, 0);
	line("7", "1");
	EXPECT_EQ(r->desired, 2);
	EXPECT_EQ(r->facts, facts);
	EXPECT(r->flags & RECORD_QUEUED);
	queue_forget(&m.queue, 0);
	line("8", "2");
	EXPECT(!(r->flags & RECORD_QUEUED));
	line("9", "3");
	EXPECT_EQ(r->desired, 3);
}

static void own_line(const char *version)
{
	static char text[512];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "{\"metadata\":{\"name\":\"one\",\"namespace\":\"a\","
	    "\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
	    "\"resourceVersion\":\"%s\",\"generation\":1},"
	    "\"spec\":{\"image\":\"x\"},\"status\":{\"resources\":[{"
	    "\"kind\":\"Service\",\"name\":\"one\","
	    "\"version\":\"%s\"}],\"phase\":\"Running\",\"conditions\":"
	    "[{\"type\":\"Ready\",\"status\":\"True\"}]}}", version,
	    version);
	intake_event(&m, GROUP_MCPDEV, 0, WATCH_ITEM, buf_view(&b));
}

TEST(a_standby_knows_what_the_leader_wrote)
{
	struct record *r;

	set_up();
	m.tok = tokens;
	arena_init(&m.intake, intake_mem, sizeof(intake_mem));
	REQUIRE(held_init(&m, &mem) == 0);
	own_line("5");
	r = record_at(&m.records, record_next(&m.records, 0));
	EXPECT_EQ(r->child[CHILD_SERVICE].own, 5);
	EXPECT(r->flags & RECORD_READY);
	EXPECT_EQ(r->phase, PHASE_RUNNING);
	own_line("6");
	EXPECT_EQ(r->child[CHILD_SERVICE].own, 6);
	/* Who leads knows better than a status that is on its way. */
	m.leading = m.stopping = true;
	r->phase = PHASE_FAILED;
	own_line("7");
	EXPECT_EQ(r->child[CHILD_SERVICE].own, 6);
	EXPECT_EQ(r->phase, PHASE_FAILED);
}

/* Two that lead without a Lease must come to tell the same. */
TEST(of_two_leaders_the_later_write_that_is_right_counts)
{
	struct child_state *c;

	set_up();
	m.tok = tokens;
	arena_init(&m.intake, intake_mem, sizeof(intake_mem));
	REQUIRE(held_init(&m, &mem) == 0);
	own_line("5");
	c = &record_at(&m.records, record_next(&m.records, 0))->child[
	    CHILD_SERVICE];
	m.leading = m.stopping = true;
	c->exists = true;
	c->version = 7;
	own_line("7");
	EXPECT_EQ(c->own, 7);
	own_line("8");
	EXPECT_EQ(c->own, 7);
	/* Somebody has edited it: neither has got it right. */
	c->version = 20;
	own_line("9");
	EXPECT_EQ(c->own, 9);
	c->own = 12;
	own_line("10");
	EXPECT_EQ(c->own, 12);
}

TEST(versions_may_begin_anew_with_a_list)
{
	struct record *r;

	set_up();
	m.tok = tokens;
	arena_init(&m.intake, intake_mem, sizeof(intake_mem));
	REQUIRE(held_init(&m, &mem) == 0);
	line("900", "2");
	r = record_at(&m.records, record_next(&m.records, 0));
	intake_event(&m, GROUP_MCPDEV, scope_of(STR("b")), WATCH_BEGIN,
	    STR_NONE);
	EXPECT_EQ(r->version, 900);
	intake_event(&m, GROUP_MCPDEV, 0, WATCH_BEGIN, STR_NONE);
	line("5", "1");
	EXPECT_EQ(r->version, 5);
	EXPECT_EQ(r->desired, 1);
}
