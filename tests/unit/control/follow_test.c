#include <string.h>

#include "manager_world.h"

static struct json_tok tok[JSON_TOKENS_MAX];
static char arena_mem[1 << 16];
static struct arena arena;

static uint64_t digest(enum ref_kind kind, const char *text)
{
	uint64_t d = 0;

	arena_init(&arena, arena_mem, sizeof(arena_mem));
	EXPECT_EQ(ref_digest(guard_copy(text, strlen(text)), kind, tok,
	    &arena, &d), 0);
	EXPECT_EQ(arena.n, 0);
	return d;
}

#define CM(meta, rest) \
	"{\"metadata\":{\"uid\":\"u1\"" meta "}" rest "}"

TEST(only_contents_count)
{
	uint64_t one = digest(REF_CONFIG_MAP,
	    CM("", ",\"data\":{\"a\":\"1\",\"b\":\"2\"}"));

	EXPECT_EQ(one, digest(REF_CONFIG_MAP,
	    CM(",\"labels\":{\"x\":\"y\"},\"resourceVersion\":\"9\"",
	    ",\"data\":{\"a\":\"1\",\"b\":\"2\"}")));
	EXPECT_EQ(one, digest(REF_CONFIG_MAP,
	    CM("", ",\"data\":{\"b\":\"2\",\"a\":\"1\"}")));
	EXPECT_EQ(one, digest(REF_CONFIG_MAP,
	    CM("", ",\"data\":{\"\\u0061\":\"\\u0031\",\"b\":\"2\"}")));
	EXPECT_EQ(one, digest(REF_CONFIG_MAP,
	    "{\"metadata\":{\"uid\":\"u2\"},\"data\":{\"a\":\"1\","
	    "\"b\":\"2\"}}"));
}

TEST(contents_are_told_apart)
{
	static const char *const all[] = {
		CM("", ""),
		CM("", ",\"data\":{\"a\":\"1\"}"),
		CM("", ",\"data\":{\"a\":\"2\"}"),
		CM("", ",\"data\":{\"a1\":\"\"}"),
		CM("", ",\"data\":{\"a\":\"1\",\"b\":\"1\"}"),
		CM("", ",\"data\":{\"a\":\"b\",\"b\":\"a\"}"),
		CM("", ",\"data\":{\"a\":\"a\",\"b\":\"b\"}"),
		CM("", ",\"binaryData\":{\"a\":\"1\"}"),
	};
	uint64_t d[ARRAY_LEN(all)];
	size_t i, k;

	for (i = 0; i < ARRAY_LEN(all); i++) {
		d[i] = digest(REF_CONFIG_MAP, all[i]);
		for (k = 0; k < i; k++)
			EXPECT(d[i] != d[k]);
	}
	EXPECT_EQ(d[0], digest(REF_CONFIG_MAP, CM("", ",\"data\":{}")));
}

TEST(a_secret_cannot_be_guessed_without_its_uid)
{
	EXPECT(digest(REF_SECRET, CM("", ",\"data\":{\"a\":\"MQ==\"}")) !=
	    digest(REF_SECRET, "{\"metadata\":{\"uid\":\"u2\"},"
	    "\"data\":{\"a\":\"MQ==\"}}"));
}

TEST(what_is_no_object_has_no_digest)
{
	static const char *const bad[] = {
		"", "{", "[", "{\"data\":{\"a\":1}}", "{\"data\":[\"a\"]}",
		"{\"data\":{\"a\":{}}}", "{\"binaryData\":{\"a\":null}}",
	};
	uint64_t d = 7;
	size_t i;

	arena_init(&arena, arena_mem, sizeof(arena_mem));
	for (i = 0; i < ARRAY_LEN(bad); i++)
		EXPECT_EQ(ref_digest(guard_copy(bad[i], strlen(bad[i])),
		    REF_CONFIG_MAP, tok, &arena, &d), ERR_BAD);
	EXPECT_EQ(ref_digest(STR("{\"data\":{}}"), REF_SECRET, tok, &arena,
	    &d), ERR_BAD);
	EXPECT_EQ(d, 7);
	EXPECT_EQ(arena.n, 0);
}

/* ---- what the watches tell ---- */

static struct manager m;
static struct manager_options options;
static struct mem mem;
static struct record *record;
static uint32_t record_i;
static struct server server;
static struct env_from from[2];

/* A server in ns that takes its environment from the ConfigMap c. */
static void set_up(void)
{
	static const struct uid uid = { { 1 } };

	mw_bare(&m, &mem, &options);
	m.refs.followed[REF_CONFIG_MAP] = true;
	REQUIRE(refs_init(&m, &mem, 8) == 0);
	record_i = record_add(&m.records, &uid, GROUP_MCPDEV, STR("ns"),
	    STR("one"));
	record = record_at(&m.records, record_i);
	record_live(&m.records, record_i, true);
	memset(&server, 0, sizeof(server));
	server.meta.ns = STR("ns");
	memset(from, 0, sizeof(from));
	HAS_SET(&from[0], env_from, config_map);
	from[0].config_map.name = STR("c");
	server.spec.env_from.p = from;
	server.spec.env_from.n = 1;
	refs_follow(&m, record, &server);
	REQUIRE(record->refs == 1);
}

static void tell(enum kube_watch_event e, const char *ns, const char *name,
    const char *version)
{
	static char text[256];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	if (name != NULL)
		buf_fmt(&b, "{\"metadata\":{\"namespace\":\"%s\",\"name\":"
		    "\"%s\",\"resourceVersion\":\"%s\"}}", ns, name, version);
	refs_event(&m, REF_CONFIG_MAP, 0, e, buf_view(&b));
}

static void listed(const char *version)
{
	tell(WATCH_BEGIN, NULL, NULL, NULL);
	if (version != NULL)
		tell(WATCH_ITEM, "ns", "c", version);
	tell(WATCH_SYNCED, NULL, NULL, NULL);
}

static bool queued(void)
{
	return queue_take(&m.queue) == record_i;
}

/* As a job does: what was unknown is read, at this version. */
static void read_it(uint64_t version, uint64_t of)
{
	struct ref_content c = { .version = version, .digest = of };
	enum ref_kind kind;
	struct str name;

	REQUIRE(refs_unknown(&m, &server, &kind, &name));
	EXPECT_EQ(kind, REF_CONFIG_MAP);
	EXPECT_STR(name, "c");
	c.tick = refs_tick(&m, kind, server.meta.ns, name);
	refs_told(&m, kind, server.meta.ns, name, &c);
}

TEST(labels_alone_change_nothing)
{
	uint64_t before;

	set_up();
	listed("5");
	EXPECT(queued());
	EXPECT(!refs_ready(&m, record));
	read_it(5, 77);
	EXPECT(refs_ready(&m, record));
	before = refs_state(&m, record);
	tell(WATCH_ITEM, "ns", "c", "6");
	EXPECT(queued());
	EXPECT(!refs_ready(&m, record));
	read_it(6, 77);
	EXPECT_EQ(refs_state(&m, record), before);
	tell(WATCH_ITEM, "ns", "c", "7");
	read_it(7, 78);
	EXPECT(refs_state(&m, record) != before);
}

TEST(the_same_version_again_is_no_news)
{
	set_up();
	listed("5");
	EXPECT(queued());
	read_it(5, 77);
	listed("5");
	EXPECT(!queued());
	EXPECT(refs_ready(&m, record));
	tell(WATCH_ITEM, "other", "c", "9");
	tell(WATCH_ITEM, "ns", "d", "9");
	EXPECT(!queued());
}

TEST(what_is_not_listed_does_not_exist)
{
	enum ref_kind kind;
	struct str name;

	set_up();
	listed(NULL);
	EXPECT(queued());
	EXPECT(refs_ready(&m, record));
	EXPECT(refs_missing(&m, &server, &kind, &name));
	tell(WATCH_ITEM, "ns", "c", "6");
	EXPECT(queued());
	EXPECT(!refs_missing(&m, &server, &kind, &name));
	read_it(6, 1);
	tell(WATCH_DELETED, "ns", "c", "7");
	EXPECT(queued());
	EXPECT(refs_missing(&m, &server, &kind, &name));
}

TEST(an_answer_older_than_the_watch_counts_for_nothing)
{
	struct ref_content c = { .version = 5, .digest = 77 };

	set_up();
	listed("5");
	c.tick = refs_tick(&m, REF_CONFIG_MAP, STR("ns"), STR("c"));
	tell(WATCH_DELETED, "ns", "c", "6");
	refs_told(&m, REF_CONFIG_MAP, STR("ns"), STR("c"), &c);
	EXPECT(refs_ready(&m, record));
	EXPECT_EQ(m.refs.r[record->ref[0]].version, 0);
}

TEST(what_may_not_be_read_is_gone_on_without)
{
	struct ref_content c = { .denied = true };
	enum ref_kind kind;
	struct str name;
	uint64_t before;

	set_up();
	listed("5");
	EXPECT(queued());
	before = refs_state(&m, record);
	c.tick = refs_tick(&m, REF_CONFIG_MAP, STR("ns"), STR("c"));
	refs_told(&m, REF_CONFIG_MAP, STR("ns"), STR("c"), &c);
	EXPECT(refs_ready(&m, record));
	EXPECT(refs_denied(&m, record, REF_CONFIG_MAP));
	EXPECT(!refs_denied(&m, record, REF_SECRET));
	EXPECT(!refs_unknown(&m, &server, &kind, &name));
	EXPECT(!refs_missing(&m, &server, &kind, &name));
	EXPECT(refs_state(&m, record) != before);
	/* Its next change is a reason to ask again, and so is a new list. */
	tell(WATCH_ITEM, "ns", "c", "6");
	EXPECT(queued());
	EXPECT(!refs_denied(&m, record, REF_CONFIG_MAP));
	EXPECT(refs_unknown(&m, &server, &kind, &name));
	c.tick = refs_tick(&m, REF_CONFIG_MAP, STR("ns"), STR("c"));
	refs_told(&m, REF_CONFIG_MAP, STR("ns"), STR("c"), &c);
	EXPECT(!refs_unknown(&m, &server, &kind, &name));
	listed("6");
	EXPECT(queued());
	read_it(6, 77);
	EXPECT(refs_ready(&m, record));
}

TEST(who_comes_while_it_is_listed_asks)
{
	enum ref_kind kind;
	struct str name;

	set_up();
	tell(WATCH_BEGIN, NULL, NULL, NULL);
	tell(WATCH_ITEM, "ns", "c", "5");
	/* "d" has passed by before anybody wanted it. */
	HAS_SET(&from[1], env_from, config_map);
	from[1].config_map.name = STR("d");
	server.spec.env_from.n = 2;
	refs_follow(&m, record, &server);
	tell(WATCH_SYNCED, NULL, NULL, NULL);
	EXPECT(queued());
	read_it(5, 1);
	EXPECT(refs_unknown(&m, &server, &kind, &name));
	EXPECT_STR(name, "d");
	EXPECT(!refs_missing(&m, &server, &kind, &name));
}

TEST(a_list_of_one_namespace_tells_nothing_of_another)
{
	set_up();
	listed("5");
	EXPECT(queued());
	read_it(5, 77);
	refs_event(&m, REF_CONFIG_MAP, scope_of(STR("other")), WATCH_BEGIN,
	    STR_NONE);
	refs_event(&m, REF_CONFIG_MAP, scope_of(STR("other")), WATCH_SYNCED,
	    STR_NONE);
	EXPECT(!queued());
	EXPECT(m.refs.r[record->ref[0]].version == 5);
}

TEST(what_may_not_be_watched_is_left_in_its_scope_only)
{
	struct watch_slot slot = { .role = ROLE_REF_CONFIG_MAPS,
	    .gave_up = true, .scope = scope_of(STR("other")) };

	set_up();
	listed("5");
	queue_forget(&m.queue, record_i);
	m.slot = &slot;
	m.slots = 1;
	refs_give_up(&m, slot.scope);
	EXPECT(!queued());
	EXPECT(refs_followed(&m, REF_CONFIG_MAP, STR("ns")));
	slot.scope = scope_of(STR("ns"));
	refs_give_up(&m, slot.scope);
	EXPECT(queued());
	EXPECT_EQ(m.refs.pool.used, 0);
	refs_follow(&m, record, &server);
	EXPECT_EQ(record->refs, 0);
	EXPECT(!refs_dropped(&m, record, &server, REF_CONFIG_MAP));
	slot.gave_up = false;
	refs_resume(&m, slot.scope);
	EXPECT(queued());
	refs_follow(&m, record, &server);
	EXPECT_EQ(record->refs, 1);
}

/* More than are kept of one server, all of them names of ConfigMaps. */
static struct env_from many[RECORD_REFS_MAX + 1];

static void refers_to(const char *names)
{
	uint32_t i;

	memset(many, 0, sizeof(many));
	for (i = 0; names[i] != '\0'; i++) {
		HAS_SET(&many[i], env_from, config_map);
		many[i].config_map.name = (struct str){ names + i, 1 };
	}
	server.spec.env_from.p = many;
	server.spec.env_from.n = i;
	refs_follow(&m, record, &server);
}

TEST(more_references_than_are_kept_are_told)
{
	set_up();
	refs_leave(&m, record);
	REQUIRE(refs_init(&m, &mem, 64) == 0);
	refers_to("abcdefghijkl");
	EXPECT_EQ(record->refs, RECORD_REFS_MAX);
	EXPECT(!refs_dropped(&m, record, &server, REF_CONFIG_MAP));
	refers_to("abcdefghijklm");
	EXPECT_EQ(record->refs, RECORD_REFS_MAX);
	EXPECT(refs_dropped(&m, record, &server, REF_CONFIG_MAP));
	EXPECT(!refs_dropped(&m, record, &server, REF_SECRET));
	/* It is not for want of room, so none is waited for. */
	EXPECT(!m.refs.full);
}

TEST(references_turned_away_are_taken_up_when_there_is_room)
{
	static const struct uid uid = { { 2 } };
	struct record *other;
	uint32_t i;

	set_up();
	refers_to("abcdefgh");
	i = record_add(&m.records, &uid, GROUP_MCPDEV, STR("ns"),
	    STR("two"));
	record_live(&m.records, i, true);
	other = record_at(&m.records, i);
	server.spec.env_from.p = &many[8];
	HAS_SET(&many[8], env_from, config_map);
	many[8].config_map.name = STR("x");
	server.spec.env_from.n = 1;
	refs_follow(&m, other, &server);
	refs_follow(&m, other, &server);
	EXPECT(refs_dropped(&m, other, &server, REF_CONFIG_MAP));
	EXPECT_EQ(m.counts.v[COUNT_CAPACITY_REFUSED], 1);
	EXPECT(!timer_is_set(&m.refs.room));
	refs_leave(&m, record);
	EXPECT(timer_is_set(&m.refs.room));
	EXPECT(!(other->flags & RECORD_QUEUED));
	m.refs.room.fn(m.refs.room.ctx);
	EXPECT(other->flags & RECORD_QUEUED);
	refs_follow(&m, other, &server);
	EXPECT(!refs_dropped(&m, other, &server, REF_CONFIG_MAP));
	EXPECT(!(other->flags & RECORD_UNFOLLOWED));
}
