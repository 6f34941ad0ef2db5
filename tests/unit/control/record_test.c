#include <string.h>

#include "check.h"
#include "control/control_int.h"

static struct mem mem;
static struct records records;

static void set_up(uint32_t cap)
{
	mem_init(&mem, io_linux());
	REQUIRE(records_init(&records, &mem, cap) == 0);
}

TEST(uid_text_round_trip)
{
	static const char text[] = "0188f7f2-9b3a-4c5d-8e6f-0123456789ab";
	char out[40];
	struct uid uid;
	struct buf b;

	EXPECT(uid_parse(str_from(text), &uid));
	buf_init(&b, out, sizeof(out));
	uid_format(&uid, &b);
	EXPECT_STR(buf_view(&b), text);
}

TEST(uid_of_another_form_is_hashed_and_tells_apart)
{
	static const char *const odd[] = {
		"", "x", "0188f7f2-9b3a-4c5d-8e6f-0123456789aG",
		"0188F7F2-9b3a-4c5d-8e6f-0123456789ab",
		"0188f7f2+9b3a-4c5d-8e6f-0123456789ab"
	};
	struct uid u[ARRAY_LEN(odd)];
	size_t i, k;

	for (i = 0; i < ARRAY_LEN(odd); i++) {
		EXPECT(!uid_parse(guard_copy(odd[i], strlen(odd[i])), &u[i]));
		for (k = 0; k < i; k++)
			EXPECT(memcmp(&u[i], &u[k], sizeof(u[i])) != 0);
	}
}

TEST(records_fill_up_and_find_room_again)
{
	struct uid uid = { { 0 } };
	uint32_t i, at[8];

	set_up(8);
	for (i = 0; i < 8; i++) {
		uid.b[0] = (uint8_t)i;
		at[i] = record_add(&records, &uid, GROUP_EXAMPLE, STR("ns"),
		    STR("same-name"));
		EXPECT(at[i] != RECORD_NONE);
		EXPECT_EQ(record_find(&records, &uid), at[i]);
	}
	uid.b[0] = 99;
	EXPECT_EQ(record_add(&records, &uid, GROUP_EXAMPLE, STR("ns"),
	    STR("one-more")), RECORD_NONE);
	EXPECT_EQ(records.refused, 1);
	EXPECT(records.full);
	uid.b[0] = 3;
	record_drop(&records, at[3]);
	EXPECT_EQ(record_find(&records, &uid), RECORD_NONE);
	uid.b[0] = 99;
	EXPECT(record_add(&records, &uid, GROUP_EXAMPLE, STR("ns"),
	    STR("one-more")) != RECORD_NONE);
}

TEST(of_namesakes_the_living_is_found)
{
	struct uid uid = { { 0 } };
	uint32_t i, at[3];
	uint64_t key;

	set_up(8);
	for (i = 0; i < 3; i++) {
		uid.b[0] = (uint8_t)i;
		at[i] = record_add(&records, &uid, GROUP_EXAMPLE, STR("ns"),
		    STR("same-name"));
	}
	key = record_at(&records, at[0])->key_hash;
	EXPECT_EQ(record_find_live(&records, key), RECORD_NONE);
	for (i = 0; i < 3; i++) {
		record_live(&records, at[i], true);
		EXPECT_EQ(record_find_live(&records, key), at[i]);
		record_live(&records, at[i], false);
	}
}

TEST(record_next_walks_what_is_in_use)
{
	struct uid uid = { { 0 } };
	uint32_t i, n = 0;

	set_up(16);
	for (i = 0; i < 10; i++) {
		uid.b[0] = (uint8_t)i;
		(void)record_add(&records, &uid, GROUP_MCPDEV, STR("ns"),
		    STR("n"));
	}
	record_drop(&records, 0);
	record_drop(&records, 5);
	for (i = record_next(&records, 0); i != RECORD_NONE;
	    i = record_next(&records, i + 1))
		n++;
	EXPECT_EQ(n, 8);
}

TEST(child_drift)
{
	struct record r = { 0 };
	struct child_state *c = &r.child[CHILD_SERVICE];

	EXPECT(!child_drifted(NULL, &r, CHILD_SERVICE));
	r.wanted = 1 << CHILD_SERVICE;
	EXPECT(child_drifted(NULL, &r, CHILD_SERVICE));	/* deleted */
	c->exists = true;
	c->version = c->own = 7;
	EXPECT(!child_drifted(NULL, &r, CHILD_SERVICE));
	c->version = 8;
	EXPECT(child_drifted(NULL, &r, CHILD_SERVICE));	/* edited */
	r.wanted = 0;
	EXPECT(child_drifted(NULL, &r, CHILD_SERVICE));	/* to be pruned */
	c->going = true;
	EXPECT(!child_drifted(NULL, &r, CHILD_SERVICE));	/* under way */
}

TEST(key_hash_tells_namespace_and_name_apart)
{
	EXPECT(key_hash(STR("a"), STR("bc")) != key_hash(STR("ab"),
	    STR("c")));
	EXPECT(key_hash(STR("a"), STR("b")) != key_hash(STR("b"),
	    STR("a")));
}

TEST(a_child_made_anew_has_not_been_asked_to_go)
{
	static struct record r;
	struct child_state *c = &r.child[CHILD_CONFIG_MAP];

	(void)child_written(NULL, &r, CHILD_CONFIG_MAP, STR("{\"metadata\":{"
	    "\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
	    "\"resourceVersion\":\"5\"}}"));
	c->going = true;
	(void)child_written(NULL, &r, CHILD_CONFIG_MAP, STR("{\"metadata\":{"
	    "\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
	    "\"resourceVersion\":\"6\"}}"));
	EXPECT(c->going);
	(void)child_written(NULL, &r, CHILD_CONFIG_MAP, STR("{\"metadata\":{"
	    "\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-0123456789ac\","
	    "\"resourceVersion\":\"7\"}}"));
	EXPECT(!c->going);
	EXPECT_EQ(c->own, 7);
}

TEST(without_a_valid_spec_the_deployment_says_how_many)
{
	static struct server s;
	static struct record r;

	r.workload.asked = 3;
	s.spec.replicas = 2;
	s.spec.transport.type = TRANSPORT_SSE;
	record_facts(&r, &s, true);
	EXPECT_EQ(record_desired(&r), 2);
	record_facts(&r, &s, false);
	EXPECT_EQ(record_desired(&r), 3);
}

TEST(a_fight_slows_down)
{
	struct contest c = { .last_ns = 100 * NS_PER_S, .n = 3 };

	EXPECT_EQ(contest_calm_ns(&c), 0);
	c.n = 4;
	EXPECT_EQ(contest_calm_ns(&c), 102 * NS_PER_S);
	c.n = 7;
	EXPECT_EQ(contest_calm_ns(&c), 116 * NS_PER_S);
	c.n = 16;
	EXPECT_EQ(contest_calm_ns(&c), 356 * NS_PER_S);
}

/* Also when the waits have grown longer than what counts as a fight. */
TEST(a_fight_is_over_when_nobody_answers)
{
	struct contest c = { 0 };
	int i;

	contest_note(&c, NS_PER_S);
	EXPECT_EQ(c.n, 0);
	for (i = 1; i <= 16; i++) {
		int64_t at_ns = contest_calm_ns(&c);

		contest_note(&c, NS_PER_S + (at_ns > c.last_ns ? at_ns :
		    c.last_ns));
		EXPECT_EQ(c.n, i);
	}
	contest_note(&c, contest_calm_ns(&c) + REPAIR_CALM_NS);
	EXPECT_EQ(c.n, 0);
}

TEST(an_answer_about_a_child_that_has_gone_since_makes_none)
{
	static struct record r;
	struct child_state *c = &r.child[CHILD_SERVICE];
	struct str reply = STR("{\"metadata\":{\"uid\":"
	    "\"0188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
	    "\"resourceVersion\":\"5\"}}");

	c->gone = 6;
	EXPECT(!child_written(NULL, &r, CHILD_SERVICE, reply));
	EXPECT(!c->exists);
	c->gone = 4;
	EXPECT(child_written(NULL, &r, CHILD_SERVICE, reply));
	EXPECT(c->exists);
}

/* The status would tell of pods for ever: nothing is told of them any more. */
TEST(a_deployment_that_has_gone_takes_its_counters_along)
{
	static const struct uid one = { { 1 } }, two = { { 2 } };
	static struct record r;

	r.child[CHILD_DEPLOYMENT].exists = true;
	r.child[CHILD_DEPLOYMENT].uid = one;
	r.child[CHILD_DEPLOYMENT].gone = 9;
	r.workload.ready = 2;
	child_forget_uid(NULL, &r, CHILD_DEPLOYMENT, &two);
	EXPECT(r.child[CHILD_DEPLOYMENT].exists);
	EXPECT_EQ(r.workload.ready, 2);
	child_forget_uid(NULL, &r, CHILD_DEPLOYMENT, &one);
	EXPECT(!r.child[CHILD_DEPLOYMENT].exists);
	EXPECT_EQ(r.child[CHILD_DEPLOYMENT].gone, 9);
	EXPECT_EQ(r.workload.ready, 0);
}

TEST(who_is_not_planned_is_not_overwritten)
{
	static struct record r;

	r.status_told = 1;
	r.flags = RECORD_LIVE;
	EXPECT(!record_overwritten(&r));
	r.flags |= RECORD_PLANNED;
	EXPECT(record_overwritten(&r));
	r.status_said = 1;
	EXPECT(!record_overwritten(&r));
}

TEST(a_rollout_that_keeps_the_old_pods_lacks_the_new)
{
	struct record r = { .desired = 1 };

	EXPECT(record_lacks(&r));
	r.workload.ready = r.workload.replicas = 1;
	EXPECT(!record_lacks(&r));
	r.workload.replicas = 2;
	EXPECT(record_lacks(&r));
	r.workload.ready = 2;
	EXPECT(!record_lacks(&r));
}

TEST(who_was_never_planned_is_due)
{
	static struct manager m;
	struct record r = { .flags = RECORD_LIVE | RECORD_PLANNED,
		.facts = 7, .planned_facts = 7 };

	r.planned_inputs = record_inputs(&m, &r);
	EXPECT(!record_due(&m, &r));
	r.flags = RECORD_LIVE;
	EXPECT(record_due(&m, &r));
	r.flags = RECORD_PLANNED;
	EXPECT(!record_due(&m, &r));
	r.flags = RECORD_LIVE | RECORD_PLANNED;
	r.facts = 8;
	EXPECT(record_due(&m, &r));
}

TEST(the_living_and_those_that_went_are_counted)
{
	struct uid uid = { { 1 } };
	uint32_t i;

	set_up(8);
	i = record_add(&records, &uid, GROUP_EXAMPLE, STR("ns"), STR("a"));
	EXPECT_EQ(records.live[GROUP_EXAMPLE], 0);
	EXPECT_EQ(records.ghosts, 1);
	record_live(&records, i, true);
	record_live(&records, i, true);
	EXPECT_EQ(records.live[GROUP_EXAMPLE], 1);
	EXPECT_EQ(records.ghosts, 0);
	record_live(&records, i, false);
	EXPECT_EQ(records.live[GROUP_EXAMPLE], 0);
	EXPECT_EQ(records.ghosts, 1);
	record_drop(&records, i);
	EXPECT_EQ(records.ghosts, 0);
}
