#include "check.h"
#include "model.h"

TEST(group_names)
{
	enum group g;

	for (int i = 0; i < GROUPS; i++) {
		const struct group_info *info = group_info((enum group)i);

		REQUIRE(!group_find(str_from(info->group), &g));
		EXPECT_EQ(g, i);
		EXPECT(str_starts(str_from(info->api_version),
		    str_from(info->group)));
		EXPECT(str_starts(str_from(info->finalizer),
		    str_from(info->group)));
		EXPECT_EQ(group_mode(g)->groups, 1 << i);
	}
	EXPECT_EQ(group_find(STR("apps"), &g), ERR_NOENT);
	EXPECT_EQ(group_find(STR("mcp.allbeone.io/v1"), &g), ERR_NOENT);
	EXPECT_CRASH(group_info(GROUPS));
}

TEST(group_phases_are_the_groups_own_words)
{
	EXPECT_EQ(group_info(GROUP_ALLBEONE)->phase[PHASE_RUNNING],
	    PHASE_RUNNING);
	EXPECT_EQ(group_info(GROUP_ALLBEONE)->phase[PHASE_DEGRADED],
	    PHASE_RUNNING);
	EXPECT_EQ(group_info(GROUP_EXAMPLE)->phase[PHASE_RUNNING],
	    PHASE_READY);
	EXPECT_EQ(group_info(GROUP_EXAMPLE)->phase[PHASE_DEGRADED],
	    PHASE_PENDING);
	EXPECT_EQ(group_info(GROUP_MCPDEV)->phase[PHASE_FAILED],
	    PHASE_FAILED);
	EXPECT_STR(str_from(group_info(GROUP_NTAKATSU)->wait_for),
	    "Available");
}

/* No row has two defaults in a group, or one that its own bounds refuse. */
TEST(group_rules_are_consistent)
{
	for (int g = 0; g < GROUPS; g++) {
		const struct schema_mode *m = group_mode((enum group)g);

		for (size_t i = 0; i < m->rules; i++)
			for (size_t j = 0; j < i; j++)
				EXPECT(m->rule[i].table != m->rule[j].table ||
				    m->rule[i].row != m->rule[j].row ||
				    m->rule[i].what != m->rule[j].what ||
				    !(m->rule[i].groups & m->rule[j].groups));
	}
}

/* Keys that stand twice in a table must not meet in one group. */
TEST(group_keys_do_not_meet)
{
	const struct schema *s = &server_spec_schema;

	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < i; j++)
			if (str_eq(str_from(s->row[i].key),
			    str_from(s->row[j].key)))
				EXPECT(!(s->row[i].groups &
				    s->row[j].groups & 0xf));
}
