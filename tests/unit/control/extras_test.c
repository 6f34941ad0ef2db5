#include <string.h>

#include "manager_world.h"

enum { CAP = 3 };
#define HPA (UINT32_C(1) << CHILD_HPA)
#define PDB (UINT32_C(1) << CHILD_PDB)
#define VPA (UINT32_C(1) << CHILD_VPA)
#define RULE (UINT32_C(1) << CHILD_DESTINATION_RULE)
#define ROLE (UINT32_C(1) << CHILD_ROLE)
#define OWNER "0188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define CHILD "11111111-9b3a-4c5d-8e6f-0123456789ab"

static struct manager m;
static struct manager_options options;
static struct mem mem;
static struct watch_slot slot[2];
static struct json_tok tok[1024];
static char arena_mem[64 * 1024];

/* As if the watches of both kinds had been listed. */
static void set_up(void)
{
	mw_bare(&m, &mem, &options);
	memset(slot, 0, sizeof(slot));
	options.hpa = true;
	m.leading = true;
	m.tok = tok;
	m.slot = slot;
	m.slots = 2;
	slot[0].role = slot[1].role = ROLE_CHILDREN;
	slot[0].of = CHILD_HPA;
	slot[1].of = CHILD_PDB;
	slot[0].started = slot[1].started = true;
	slot[0].watch.synced = slot[1].watch.synced = true;
	slot[0].m = slot[1].m = &m;
	arena_init(&m.intake, arena_mem, sizeof(arena_mem));
	slot[0].started_ns = slot[1].started_ns = m.loop.now_ns;
	REQUIRE(extras_init(&m, &mem, CAP) == 0);
}

static struct record *server(uint8_t id)
{
	struct uid uid = { { id } };
	uint32_t i;

	if (id == 1)
		REQUIRE(uid_parse(STR(OWNER), &uid));
	i = record_add(&m.records, &uid, GROUP_MCPDEV, STR("ns"),
	    STR("one"));
	record_live(&m.records, i, true);
	return record_at(&m.records, i);
}

static uint32_t used(void)
{
	return m.records.extras.pool.used;
}

TEST(extras_have_slots_while_they_are_asked_for)
{
	struct record *r;

	set_up();
	r = server(1);
	EXPECT(child_slot(&m.records, r, CHILD_HPA) == NULL);
	EXPECT(!child_at(&m.records, r, CHILD_HPA)->exists);
	extras_follow(&m, r, HPA | PDB);
	EXPECT_EQ(used(), 2);
	EXPECT_EQ(extras_allowed(&m, r), HPA | PDB);
	EXPECT(child_slot(&m.records, r, CHILD_HPA) !=
	    child_slot(&m.records, r, CHILD_PDB));
	extras_follow(&m, r, PDB);
	EXPECT_EQ(used(), 1);
	EXPECT_EQ(extras_allowed(&m, r), PDB);
	EXPECT(child_slot(&m.records, r, CHILD_HPA) == NULL);
	/* Not while a job may have an answer to come, nor while it is there. */
	r->flags |= RECORD_BUSY;
	extras_follow(&m, r, 0);
	EXPECT_EQ(used(), 1);
	EXPECT_EQ(extras_allowed(&m, r), 0);
	r->flags &= ~(uint32_t)RECORD_BUSY;
	child_slot(&m.records, r, CHILD_PDB)->exists = true;
	extras_tidy(&m, r);
	EXPECT_EQ(record_children(&m.records, r), PDB);
	child_forget(&m.records, r, CHILD_PDB);
	extras_tidy(&m, r);
	EXPECT_EQ(used(), 0);
	EXPECT_EQ(m.records.extras.of_kind[CHILD_PDB], 0);
}

TEST(extras_without_room_come_back)
{
	struct record *a, *b;

	set_up();
	a = server(1);
	b = server(2);
	extras_follow(&m, a, HPA | PDB);
	extras_follow(&m, b, HPA | PDB);
	EXPECT_EQ(used(), CAP);
	EXPECT(b->flags & RECORD_CROWDED);
	EXPECT(!(a->flags & RECORD_CROWDED));
	EXPECT_EQ(extras_allowed(&m, b), HPA);
	EXPECT_EQ(m.counts.v[COUNT_CAPACITY_REFUSED], 1);
	extras_follow(&m, b, HPA | PDB);
	EXPECT_EQ(m.counts.v[COUNT_CAPACITY_REFUSED], 1);
	EXPECT(!timer_is_set(&m.records.extras.room));
	extras_follow(&m, a, PDB);
	REQUIRE(timer_is_set(&m.records.extras.room));
	EXPECT(!(b->flags & RECORD_QUEUED));
	m.records.extras.room.fn(m.records.extras.room.ctx);
	EXPECT(b->flags & RECORD_QUEUED);
	EXPECT(!(a->flags & RECORD_QUEUED));
	extras_follow(&m, b, HPA | PDB);
	EXPECT(!(b->flags & RECORD_CROWDED));
	EXPECT_EQ(extras_allowed(&m, b), HPA | PDB);
}

/* It would take none, and the one behind it would be told of none. */
TEST(extras_pass_over_who_has_no_use_for_room)
{
	struct record *a, *b, *c;

	set_up();
	a = server(1);
	b = server(2);
	c = server(3);
	extras_follow(&m, a, HPA | PDB | VPA);
	extras_follow(&m, b, HPA);
	extras_follow(&m, c, HPA);
	b->flags |= RECORD_REFUSED;
	extras_follow(&m, a, HPA | PDB);
	REQUIRE(timer_is_set(&m.records.extras.room));
	m.records.extras.room.fn(m.records.extras.room.ctx);
	EXPECT(!(b->flags & RECORD_QUEUED));
	EXPECT(c->flags & RECORD_QUEUED);
}

TEST(extras_are_waited_for_but_not_for_ever)
{
	struct record *r;

	set_up();
	r = server(1);
	extras_follow(&m, r, HPA);
	EXPECT(extras_ready(&m, r));
	slot[0].watch.synced = false;
	EXPECT(!extras_ready(&m, r));
	m.loop.now_ns += EXTRAS_AWAIT_NS;
	EXPECT(extras_ready(&m, r));
}

TEST(extras_of_a_missing_api_are_not_made)
{
	struct record *r;

	set_up();
	r = server(1);
	extras_follow(&m, r, HPA | PDB);
	slot[0].watch.synced = false;
	slot[0].watch.state = WATCH_ABSENT;
	EXPECT(extras_ready(&m, r));
	EXPECT_EQ(extras_allowed(&m, r), PDB);
}

TEST(extras_follow_the_flags)
{
	set_up();
	EXPECT_EQ(extras_made(&m) & (HPA | PDB), HPA | PDB);
	options.hpa = false;
	EXPECT_EQ(extras_made(&m) & (HPA | PDB), PDB);
	EXPECT_EQ(extras_made(&m) & (VPA | RULE), 0);
	options.vpa = options.istio = true;
	EXPECT_EQ(extras_made(&m) & (VPA | RULE), VPA | RULE);
	EXPECT_EQ(extras_made(&m) & ROLE, 0);
	options.tenancy = true;
	EXPECT_EQ(extras_made(&m) & ROLE, ROLE);
}

/* What the status names is looked for, until its list was told. */
TEST(extras_that_a_status_names_are_looked_for)
{
	struct record *r;

	set_up();
	r = server(1);
	extras_named(&m, r, CHILD_HPA);
	EXPECT_EQ(used(), 0);
	slot[0].watch.synced = false;
	extras_named(&m, r, CHILD_HPA);
	EXPECT_EQ(used(), 1);
	EXPECT(!extras_ready(&m, r));
	EXPECT_EQ(extras_allowed(&m, r), 0);
	extras_tidy(&m, r);
	EXPECT_EQ(used(), 1);
	slot[0].watch.synced = true;
	child_event(&m, CHILD_HPA, 0, WATCH_SYNCED, STR_NONE);
	EXPECT_EQ(used(), 0);
	EXPECT(r->flags & RECORD_QUEUED);
}

/* ---- what tells of a change ---- */

static void told_of(enum child_kind k, enum kube_watch_event e,
    const char *version, const char *note, const char *rest)
{
	char text[1024];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "{\"metadata\":{\"name\":\"one%s\",\"namespace\":\"ns\","
	    "\"uid\":\"" CHILD "\",\"resourceVersion\":\"%s\",\"labels\":{\""
	    LABEL_KEY "\":\"m.one\"},\"annotations\":{\"x\":\"%s\"},"
	    "\"ownerReferences\":[{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\","
	    "\"kind\":\"X\",\"name\":\"one\",\"uid\":\"" OWNER "\","
	    "\"controller\":true}]}%s}", child_info[k].suffix, version, note,
	    rest);
	REQUIRE(!b.over);
	if (e == WATCH_ERROR)
		(void)child_written(&m.records, record_at(&m.records, 0), k,
		    buf_view(&b));
	else
		child_event(&m, child_watched_as(k), 0, e, buf_view(&b));
}

/* Two kinds of ConfigMaps, and what one is told is not the other's. */
TEST(one_watch_tells_of_all_children_of_its_api)
{
	const struct child_state *config, *dashboard;
	struct record *r;

	set_up();
	slot[0].of = CHILD_CONFIG_MAP;
	EXPECT_EQ(child_watched_as(CHILD_DASHBOARD), CHILD_CONFIG_MAP);
	EXPECT_EQ(child_watched_as(CHILD_PDB), CHILD_PDB);
	r = server(1);
	extras_follow(&m, r, UINT32_C(1) << CHILD_DASHBOARD);
	config = &r->child[CHILD_CONFIG_MAP];
	dashboard = child_at(&m.records, r, CHILD_DASHBOARD);
	told_of(CHILD_DASHBOARD, WATCH_ITEM, "5", "", "");
	EXPECT(dashboard->exists && !config->exists);
	EXPECT_EQ(dashboard->version, 5);
	told_of(CHILD_CONFIG_MAP, WATCH_ITEM, "6", "", "");
	EXPECT(config->exists);
	told_of(CHILD_DASHBOARD, WATCH_DELETED, "7", "", "");
	EXPECT(config->exists && !dashboard->exists);
	/* What a new list has not got is gone, of either. */
	told_of(CHILD_DASHBOARD, WATCH_ITEM, "8", "", "");
	child_event(&m, CHILD_CONFIG_MAP, 0, WATCH_BEGIN, STR_NONE);
	told_of(CHILD_CONFIG_MAP, WATCH_ITEM, "6", "", "");
	child_event(&m, CHILD_CONFIG_MAP, 0, WATCH_SYNCED, STR_NONE);
	EXPECT(config->exists && !dashboard->exists);
	/* It is known once the ConfigMaps are. */
	slot[0].watch.synced = false;
	EXPECT(!watches_child_answered(&m, CHILD_DASHBOARD));
	slot[0].watch.synced = true;
	EXPECT(watches_child_answered(&m, CHILD_DASHBOARD));
}

static void told(enum kube_watch_event e, const char *version,
    const char *note, const char *rest)
{
	told_of(CHILD_HPA, e, version, note, rest);
}

static bool is_edited(const struct record *r)
{
	return child_edited(child_at(&m.records, r, CHILD_HPA));
}

TEST(an_autoscaler_is_known_by_its_spec)
{
	struct record *r;

	set_up();
	r = server(1);
	extras_follow(&m, r, HPA);
	told(WATCH_ERROR, "5", "a", ",\"spec\":{\"a\":1}");
	EXPECT(!is_edited(r));
	told(WATCH_ITEM, "6", "a", ",\"spec\":{\"a\":1},\"status\":{\"b\":2}");
	EXPECT(!is_edited(r));
	told(WATCH_ITEM, "7", "b", ",\"spec\":{\"a\":1}");
	EXPECT(is_edited(r));
	told(WATCH_ITEM, "8", "a", ",\"spec\":{\"a\":2}");
	EXPECT(is_edited(r));
	told(WATCH_ERROR, "9", "a", ",\"spec\":{\"a\":1}");
	EXPECT(!is_edited(r));
	told(WATCH_DELETED, "10", "a", ",\"spec\":{\"a\":1}");
	EXPECT(!child_at(&m.records, r, CHILD_HPA)->exists);
	EXPECT_EQ(used(), 1);
}

TEST(a_child_without_a_slot_is_told_again)
{
	struct record *a, *b;

	set_up();
	a = server(2);
	b = server(3);
	extras_follow(&m, a, HPA | PDB);
	extras_follow(&m, b, HPA);
	told(WATCH_ITEM, "5", "a", ",\"spec\":{}");
	EXPECT_EQ(m.records.extras.lost, HPA);
	/* Nor a record for a server that nobody has seen. */
	EXPECT_EQ(m.records.pool.used, 2);
	extras_follow(&m, b, 0);
	EXPECT(timer_is_set(&m.records.extras.room));
	told(WATCH_ITEM, "5", "a", ",\"spec\":{}");
	EXPECT_EQ(m.records.pool.used, 3);
}

/* As who takes one for a pattern makes it, with all its metadata. */
TEST(a_copy_of_a_child_is_not_the_child)
{
	static const char copy[] = "{\"metadata\":{\"name\":\"two\","
	    "\"namespace\":\"ns\",\"uid\":\"22222222-9b3a-4c5d-8e6f-"
	    "0123456789ab\",\"resourceVersion\":\"9\",\"labels\":{\""
	    LABEL_KEY "\":\"m.one\"},\"ownerReferences\":[{\"apiVersion\":"
	    "\"mcp.mcp.dev/v1alpha1\",\"kind\":\"X\",\"name\":\"one\","
	    "\"uid\":\"" OWNER "\",\"controller\":true}]}}";
	const struct child_state *c;
	struct record *r;
	struct uid uid;

	set_up();
	r = server(1);
	extras_follow(&m, r, PDB);
	c = child_at(&m.records, r, CHILD_PDB);
	child_event(&m, CHILD_PDB, 0, WATCH_ITEM, str_from(copy));
	EXPECT(!c->exists);
	told_of(CHILD_PDB, WATCH_ITEM, "5", "a", "");
	child_event(&m, CHILD_PDB, 0, WATCH_ITEM, str_from(copy));
	REQUIRE(uid_parse(STR(CHILD), &uid));
	EXPECT(c->exists && uid_same(&c->uid, &uid));
	child_event(&m, CHILD_PDB, 0, WATCH_DELETED, str_from(copy));
	EXPECT(c->exists);
}

/* Its controller writes addresses into its status. */
TEST(an_ingress_is_known_by_its_generation)
{
	const struct child_state *c;
	struct record *r;

	set_up();
	slot[1].of = CHILD_INGRESS;
	r = server(1);
	extras_follow(&m, r, UINT32_C(1) << CHILD_INGRESS);
	told_of(CHILD_INGRESS, WATCH_ERROR, "5\",\"generation\":1,\"a\":\"",
	    "a", "");
	c = child_at(&m.records, r, CHILD_INGRESS);
	EXPECT(c->exists && !child_edited(c));
	told_of(CHILD_INGRESS, WATCH_ITEM, "6\",\"generation\":1,\"a\":\"",
	    "a", ",\"status\":{\"b\":2}");
	EXPECT(!child_edited(c));
	told_of(CHILD_INGRESS, WATCH_ITEM, "7\",\"generation\":2,\"a\":\"",
	    "a", "");
	EXPECT(child_edited(c));
}
