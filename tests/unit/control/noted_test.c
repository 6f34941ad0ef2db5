#include <string.h>

#include "manager_world.h"

/* What a Deployment was made with, and when its pods are made anew. */

static struct manager m;
static struct manager_options options;
static struct mem mem;
static struct record *record;
static struct server server;
static struct env_from from[RECORD_REFS_MAX + 1];
static char arena_mem[4096];
static struct arena arena;
static bool taken_up;

/* Small letters are ConfigMaps, capital ones Secrets, '?' after one makes
 * it optional. */
static void names(const char *list)
{
	uint32_t n = 0;

	memset(from, 0, sizeof(from));
	for (; *list != '\0'; list++) {
		struct env_from *e = &from[n];
		struct str name = { list, 1 };

		if (*list == '?') {
			e[-1].config_map.optional = true;
			e[-1].secret.optional = true;
			continue;
		}
		n++;
		if (*list >= 'a') {
			HAS_SET(e, env_from, config_map);
			e->config_map.name = name;
		} else {
			HAS_SET(e, env_from, secret);
			e->secret.name = name;
		}
	}
	server.spec.env_from.p = from;
	server.spec.env_from.n = n;
	refs_follow(&m, record, &server);
}

static void secrets(bool followed)
{
	m.refs.followed[REF_SECRET] = followed;
	refs_follow(&m, record, &server);
}

/* The i-th of those followed holds that; 0: it does not exist. */
static void holds(uint8_t i, uint64_t what)
{
	struct ref_slot *s = &m.refs.r[record->ref[i]];

	REQUIRE(i < record->refs);
	s->known = true;
	s->digest = what;
	s->version = what != 0 ? 5 : 0;
}

static void set_up(const char *list)
{
	static const struct uid uid = { { 1 } };

	taken_up = false;
	mw_bare(&m, &mem, &options);
	m.refs.followed[REF_CONFIG_MAP] = m.refs.followed[REF_SECRET] = true;
	REQUIRE(refs_init(&m, &mem, 32) == 0);
	record = record_at(&m.records, record_add(&m.records, &uid,
	    GROUP_MCPDEV, STR("ns"), STR("one")));
	memset(&server, 0, sizeof(server));
	server.meta.ns = STR("ns");
	names(list);
}

static struct ref_marks marks(void)
{
	struct ref_marks ret;

	arena_init(&arena, arena_mem, sizeof(arena_mem));
	refs_mark(&m, record, &server, taken_up, &arena, &ret);
	EXPECT(!arena.over);
	return ret;
}

/* As if the Deployment had been written. */
static uint64_t written(void)
{
	struct ref_marks now = marks();

	record->child[CHILD_DEPLOYMENT].exists = true;
	record->workload.note_refs = now.refs;
	(void)seen_take(&record->workload, now.seen);
	EXPECT_EQ(record->workload.note_refs, now.refs);
	return now.refs;
}

static bool nothing_to_write(void)
{
	struct ref_marks now = marks();
	struct workload w = record->workload;

	return now.refs == w.note_refs && !seen_take(&w, now.seen);
}

TEST(a_new_deployment_notes_all_at_once)
{
	set_up("aB");
	holds(0, 7);
	holds(1, 8);
	EXPECT(written() != 0);
	EXPECT_EQ(record->workload.seen_n, 2);
	EXPECT(nothing_to_write());
	set_up("");
	EXPECT_EQ(written(), 0);
	EXPECT_EQ(marks().seen.n, 0);
}

TEST(a_change_is_written_once)
{
	uint64_t before;

	set_up("ab");
	holds(0, 7);
	holds(1, 8);
	before = written();
	holds(1, 9);
	EXPECT(marks().refs != before);
	EXPECT_EQ(marks().refs, marks().refs);
	EXPECT(written() != before);
	EXPECT(nothing_to_write());
}

TEST(who_begins_to_follow_more_only_notes_it)
{
	uint64_t before;

	set_up("aB");
	secrets(false);
	holds(0, 7);
	before = written();
	secrets(true);
	holds(1, 8);
	EXPECT(!nothing_to_write());
	EXPECT_EQ(written(), before);
	EXPECT(nothing_to_write());
	holds(1, 9);
	EXPECT(written() != before);
	EXPECT(nothing_to_write());
}

TEST(who_had_nothing_to_follow_begins_without_a_mark)
{
	set_up("B");
	secrets(false);
	EXPECT_EQ(written(), 0);
	secrets(true);
	holds(0, 8);
	EXPECT_EQ(written(), 0);
	EXPECT(nothing_to_write());
	holds(0, 9);
	EXPECT(written() != 0);
	EXPECT(nothing_to_write());
}

TEST(what_is_not_followed_any_more_stays_as_it_was)
{
	uint64_t before;

	set_up("aB");
	holds(0, 7);
	holds(1, 8);
	before = written();
	secrets(false);
	EXPECT_EQ(record->refs, 1);
	EXPECT(nothing_to_write());
	holds(0, 17);
	EXPECT(written() != before);
	before = record->workload.note_refs;
	/* With it again: no change, and then one that was not seen. */
	secrets(true);
	holds(0, 17);
	holds(1, 8);
	EXPECT(nothing_to_write());
	holds(1, 18);
	EXPECT(written() != before);
	EXPECT(nothing_to_write());
}

/* Whichever of them writes, it is the same. */
TEST(who_follows_less_writes_the_same)
{
	struct ref_marks one, other;
	char seen[256];

	set_up("aBc");
	holds(0, 7);
	holds(1, 8);
	holds(2, 9);
	(void)written();
	holds(0, 17);
	one = marks();
	REQUIRE(one.seen.n < sizeof(seen));
	memcpy(seen, one.seen.p, one.seen.n);
	secrets(false);
	other = marks();
	EXPECT_EQ(one.refs, other.refs);
	EXPECT(str_eq(other.seen, (struct str){ seen, one.seen.n }));
}

TEST(pods_stay_while_what_they_need_is_gone)
{
	uint64_t before;

	set_up("a");
	holds(0, 7);
	before = written();
	holds(0, 0);
	EXPECT(nothing_to_write());
	holds(0, 7);
	EXPECT(nothing_to_write());
	holds(0, 0);
	holds(0, 8);
	EXPECT(written() != before);
	EXPECT(nothing_to_write());
}

TEST(what_is_optional_may_go_and_come)
{
	uint64_t before;

	set_up("a?");
	holds(0, 7);
	before = written();
	holds(0, 0);
	EXPECT(written() != before);
	EXPECT(nothing_to_write());
	holds(0, 7);
	EXPECT_EQ(written(), before);
	EXPECT(nothing_to_write());
}

TEST(what_is_needed_once_is_needed)
{
	set_up("a?a");
	EXPECT_EQ(record->refs, 1);
	holds(0, 7);
	(void)written();
	holds(0, 0);
	EXPECT(nothing_to_write());
}

/* A pod may have started, and it changed before it was ever read. */
TEST(what_comes_late_is_a_change)
{
	uint64_t before;

	set_up("a");
	holds(0, 0);
	before = written();
	EXPECT(before != 0);
	holds(0, 7);
	EXPECT(written() != before);
	EXPECT(nothing_to_write());
}

TEST(what_was_dropped_from_the_spec_is_forgotten)
{
	uint64_t before;

	set_up("ab");
	holds(0, 7);
	holds(1, 8);
	before = written();
	names("b");
	holds(0, 8);
	EXPECT(written() != before);
	EXPECT_EQ(record->workload.seen_n, 1);
	EXPECT(nothing_to_write());
	/* Back with other contents, and then with those of the beginning. */
	names("ab");
	holds(0, 17);
	holds(1, 8);
	EXPECT(written() != before);
	holds(0, 7);
	EXPECT(record->workload.note_refs != marks().refs);
	names("");
	EXPECT_EQ(written(), 0);
	EXPECT_EQ(record->workload.seen_n, 0);
}

TEST(an_order_is_no_change)
{
	uint64_t before;

	set_up("ab");
	holds(0, 7);
	holds(1, 8);
	before = written();
	names("ba");
	holds(0, 8);
	holds(1, 7);
	EXPECT_EQ(written(), before);
}

/* Marked by a release that noted nothing beside the template. */
TEST(an_older_mark_is_taken_over)
{
	uint64_t old;

	set_up("aB");
	holds(0, 7);
	holds(1, 8);
	record->child[CHILD_DEPLOYMENT].exists = true;
	old = record->workload.note_refs = refs_state(&m, record);
	EXPECT_EQ(written(), old);
	EXPECT_EQ(record->workload.seen_n, 2);
	EXPECT(nothing_to_write());

	record->workload.seen_n = 0;
	holds(1, 9);
	EXPECT(written() != old);
	EXPECT(nothing_to_write());

	names("B");
	secrets(false);
	record->workload.seen_n = 0;
	record->workload.note_refs = old;
	EXPECT(nothing_to_write());
}

TEST(who_loses_the_place_of_a_reference_keeps_its_pods)
{
	uint64_t before;

	set_up("ab");
	holds(0, 7);
	holds(1, 8);
	before = written();
	refs_leave(&m, record);
	EXPECT(nothing_to_write());
	refs_follow(&m, record, &server);
	/* Not read yet. */
	EXPECT(nothing_to_write());
	holds(0, 7);
	holds(1, 8);
	EXPECT(nothing_to_write());
	holds(1, 9);
	EXPECT(written() != before);
}

TEST(what_may_not_be_read_stays_as_it_was_noted)
{
	uint64_t before;

	set_up("aB");
	holds(0, 7);
	holds(1, 8);
	before = written();
	m.refs.r[record->ref[1]].known = false;
	m.refs.r[record->ref[1]].denied = true;
	EXPECT(nothing_to_write());
	holds(0, 9);
	EXPECT(written() != before);
	EXPECT_EQ(record->workload.seen_n, 2);
	m.refs.r[record->ref[1]].denied = false;
	holds(1, 8);
	EXPECT(nothing_to_write());
}

TEST(a_deployment_made_anew_begins_anew)
{
	uint64_t before;

	set_up("a");
	holds(0, 7);
	(void)written();
	child_forget(NULL, record, CHILD_DEPLOYMENT);
	holds(0, 8);
	before = written();
	EXPECT(before != 0);
	child_forget(NULL, record, CHILD_DEPLOYMENT);
	EXPECT_EQ(written(), before);
}

/* One that was let go is looked at before it is taken up. */
TEST(a_deployment_that_is_taken_up_keeps_its_mark)
{
	struct ref_marks now;
	char text[256];
	struct buf b;

	set_up("a");
	holds(0, 7);
	now = marks();
	EXPECT(now.refs != 0xab);
	buf_init(&b, text, sizeof(text));
	buf_cstr(&b, "{\"metadata\":{\"annotations\":{\"" NOTE_SEEN
	    "\":\"00000000000000ab");
	buf_str(&b, str_sub(now.seen, 16, now.seen.n));
	buf_cstr(&b, "\"}}}");
	child_seen_notes(record, buf_view(&b));
	taken_up = true;
	EXPECT_EQ(marks().refs, 0xab);
	holds(0, 8);
	EXPECT(marks().refs != 0xab);
}

/* It had nothing that was followed: its pods have no mark. */
TEST(one_that_is_taken_up_without_notes_gets_no_mark)
{
	set_up("B");
	holds(0, 7);
	EXPECT(marks().refs != 0);
	taken_up = true;
	EXPECT_EQ(marks().refs, 0);
	EXPECT(marks().seen.n > 0);
}

#define ONE "00000000000000ab,"

static bool takes(const char *note)
{
	return seen_take(&record->workload, guard_copy(note, strlen(note)));
}

TEST(notes_are_read_as_written_or_not_at_all)
{
	struct workload *w;

	set_up("a");
	w = &record->workload;
	EXPECT(!takes(""));
	EXPECT_EQ(w->note_refs, 0);
	EXPECT(takes(ONE "00000001000000ff,0000000200000000"));
	EXPECT_EQ(w->note_refs, 0xab);
	EXPECT_EQ(w->seen_n, 2);
	EXPECT_EQ(w->seen[0].ref, 1);
	EXPECT_EQ(w->seen[0].content, 255);
	EXPECT_EQ(w->seen[1].ref, 2);
	EXPECT_EQ(w->seen[1].content, 0);
	EXPECT(!takes("00000000000000ac,00000001000000ff,"
	    "0000000200000000"));
	EXPECT_EQ(w->note_refs, 0xac);
	EXPECT(takes(ONE "00000001000000ff"));
	EXPECT_EQ(w->seen_n, 1);
	w->note_refs = 9;
	EXPECT(takes(ONE "00000001000000ff,x"));
	EXPECT_EQ(w->seen_n, 0);
	EXPECT(!takes(ONE "00000001000000ff,,00000001000000ff"));
	EXPECT(!takes(ONE "00000001000000f"));
	EXPECT(!takes(ONE));
	EXPECT(!takes("x,00000001000000ff"));
	EXPECT_EQ(w->note_refs, 9);
}

/* ---- what a signal tells of ---- */

/* Small letters as files, too. */
static void as_files(const char *list)
{
	static struct config_source source[RECORD_REFS_MAX];
	uint32_t n = 0;

	memset(source, 0, sizeof(source));
	for (; *list != '\0'; list++, n++) {
		HAS_SET(&source[n], config_source, config_map);
		source[n].config_map.name = (struct str){ list, 1 };
		source[n].mount_path = STR("/m");
	}
	server.spec.config_sources.p = source;
	server.spec.config_sources.n = n;
	refs_follow(&m, record, &server);
}

TEST(what_a_signal_tells_of_brings_no_new_pods)
{
	uint64_t was;

	set_up("a");
	options.sidecar_image = STR("i");
	server.spec.reload.policy = RELOAD_SIGNAL;
	as_files("b");
	holds(0, 7);
	holds(1, 7);
	was = written();
	EXPECT_EQ(record->workload.seen_n, 1);
	holds(1, 8);
	EXPECT(nothing_to_write());
	/* What is used in both ways does. */
	holds(0, 8);
	EXPECT(marks().refs != was);
	was = written();
	as_files("ab");
	EXPECT(nothing_to_write());
	holds(0, 9);
	EXPECT(marks().refs != was);
}

TEST(who_only_asks_for_a_signal_goes_on_with_his_pods)
{
	uint64_t was;

	set_up("");
	as_files("b");
	holds(0, 7);
	was = written();
	EXPECT(was != 0);
	/* There is nobody to signal. */
	server.spec.reload.policy = RELOAD_SIGNAL;
	EXPECT(nothing_to_write());
	holds(0, 8);
	EXPECT(marks().refs != was);
	options.sidecar_image = STR("i");
	EXPECT_EQ(written(), 0);
	EXPECT_EQ(record->workload.seen_n, 0);
	holds(0, 9);
	EXPECT(nothing_to_write());
	/* Not asked for any more: it counts from then on. */
	server.spec.reload.policy = RELOAD_ROLL;
	was = written();
	holds(0, 10);
	EXPECT(marks().refs != was);
}

TEST(no_more_are_noted_than_there_is_room_for)
{
	char note[17 * (RECORD_REFS_MAX + 2)];
	size_t i;

	set_up("a");
	for (i = 0; i < sizeof(note); i += 17)
		memcpy(note + i, "0000000100000001,", 17);
	note[17 * (RECORD_REFS_MAX + 1) - 1] = '\0';
	EXPECT(takes(note));
	EXPECT_EQ(record->workload.seen_n, RECORD_REFS_MAX);
	note[17 * (RECORD_REFS_MAX + 1) - 1] = ',';
	note[sizeof(note) - 1] = '\0';
	EXPECT(takes(note));
	EXPECT_EQ(record->workload.seen_n, 0);
}

/* ---- what others know of them ---- */

static bool unknown(void)
{
	enum ref_kind kind;
	struct str name;

	return refs_unknown(&m, &server, &kind, &name);
}

TEST(what_somebody_knows_otherwise_is_read_again)
{
	struct ref_note *note;

	set_up("a");
	m.refs.synced[REF_CONFIG_MAP] = true;
	holds(0, 7);
	(void)written();
	note = &record->workload.seen[0];
	record->flags |= RECORD_PLANNED;
	refs_compare(&m, record);
	refs_doubt(&m, record);
	EXPECT(!unknown());
	note->content ^= 1;
	refs_compare(&m, record);
	refs_doubt(&m, record);
	EXPECT(unknown());
	holds(0, 8);
	/* Once for each time that they differ. */
	refs_doubt(&m, record);
	EXPECT(refs_ready(&m, record));
}

TEST(what_somebody_else_does_not_know_is_not_doubted)
{
	set_up("a");
	m.refs.synced[REF_CONFIG_MAP] = true;
	holds(0, 7);
	record->flags |= RECORD_PLANNED;
	EXPECT(takes(ONE "0000000100000001"));
	refs_compare(&m, record);
	EXPECT(!(record->flags & RECORD_DOUBTED));
}
