#include "check.h"
#include "model.h"

static bool set(struct conditions *cs, const char *type,
    enum cond_status status, const char *reason, int64_t now)
{
	return cond_set(cs, type, status, reason, STR("why"), 1, now);
}

TEST(conditions_time_moves_with_status_only)
{
	struct conditions cs = { .n = 0 };

	EXPECT(set(&cs, "Ready", COND_FALSE, "Waiting", 10));
	EXPECT_EQ(cond_get(&cs, "Ready")->changed, 10);
	EXPECT(!set(&cs, "Ready", COND_FALSE, "Waiting", 20));
	EXPECT_EQ(cond_get(&cs, "Ready")->changed, 10);
	EXPECT(set(&cs, "Ready", COND_FALSE, "Failed", 30));
	EXPECT_EQ(cond_get(&cs, "Ready")->changed, 10);
	EXPECT(cond_set(&cs, "Ready", COND_FALSE, "Failed", STR("why"), 2,
	    35));
	EXPECT_EQ(cond_get(&cs, "Ready")->changed, 10);
	EXPECT(cond_set(&cs, "Ready", COND_TRUE, "Failed", STR("why"), 2,
	    40));
	EXPECT_EQ(cond_get(&cs, "Ready")->changed, 40);
	EXPECT_EQ(cs.n, 1);
	EXPECT(!cond_get(&cs, "Other"));
}

static struct condition live[CONDITIONS_MAX + 4];

static struct server_status status_of(uint32_t n)
{
	static const char *const types[] = {
		"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l",
		"m", "n", "Ready", "p", "q", "r", "s", "t", "u", "v",
		"w", "x", "y", "z", "0", "1"
	};
	struct server_status s = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		live[i] = (struct condition){
			.type = str_from(types[i]), .status = COND_TRUE,
			.changed = i
		};
		HAS_SET(&live[i], condition, type);
		HAS_SET(&live[i], condition, status);
		HAS_SET(&live[i], condition, changed);
	}
	s.conditions = (struct condition_list){ live, n };
	HAS_SET(&s, server_status, conditions);
	return s;
}

TEST(conditions_keep_their_times_from_the_live_status)
{
	struct server_status s = status_of(3);
	struct conditions cs;

	cond_from(&cs, &s);
	EXPECT_EQ(cs.n, 3);
	/* status as before, but reason and message are new */
	EXPECT(set(&cs, "b", COND_TRUE, "R", 99));
	EXPECT_EQ(cond_get(&cs, "b")->changed, 1);
	EXPECT(set(&cs, "c", COND_FALSE, "R", 99));
	EXPECT_EQ(cond_get(&cs, "c")->changed, 99);
	cond_lend(&cs, &s);
	EXPECT_EQ(s.conditions.n, 2);
	EXPECT_STR(s.conditions.p[0].type, "b");
	EXPECT_STR(s.conditions.p[1].type, "c");
}

/* Anybody may have filled the status with anything. */
TEST(conditions_of_others_make_room)
{
	static const char *const own[] = {
		"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L",
		"M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X"
	};
	struct server_status s = status_of(CONDITIONS_MAX + 4);
	struct conditions cs;

	cond_from(&cs, &s);
	EXPECT_EQ(cs.n, CONDITIONS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		EXPECT(set(&cs, own[i], COND_TRUE, "R", 5));
	EXPECT_EQ(cs.n, CONDITIONS_MAX);
	cond_lend(&cs, &s);
	EXPECT_EQ(s.conditions.n, CONDITIONS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		EXPECT(cond_get(&cs, own[i]) != NULL);
	EXPECT_CRASH(set(&cs, "Y", COND_TRUE, "R", 5));
}

TEST(conditions_twice_in_the_live_status)
{
	struct server_status s = status_of(2);
	struct conditions cs;

	live[1].type = live[0].type;
	cond_from(&cs, &s);
	EXPECT_EQ(cs.n, 1);
}

TEST(conditions_drop)
{
	struct server_status s = status_of(3);
	struct conditions cs;

	cond_from(&cs, &s);
	set(&cs, "a", COND_TRUE, "R", 5);
	set(&cs, "c", COND_TRUE, "R", 5);
	cond_drop(&cs, "a");
	cond_drop(&cs, "nobody");
	cond_lend(&cs, &s);
	EXPECT_EQ(s.conditions.n, 1);
	EXPECT_STR(s.conditions.p[0].type, "c");
}
