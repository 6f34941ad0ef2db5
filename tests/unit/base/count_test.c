#include <string.h>

#include "check.h"

TEST(counters_add_up_one_by_one)
{
	struct counts c = { { 0 } };

	count_add(&c, COUNT_HTTP_REQUESTS, 1);
	count_add(&c, COUNT_HTTP_REQUESTS, 2);
	count_add(NULL, COUNT_HTTP_REQUESTS, 5);
	EXPECT_EQ(c.v[COUNT_HTTP_REQUESTS], 3);
	EXPECT_EQ(c.v[COUNT_HTTP_ERRORS], 0);
	EXPECT_CRASH(count_add(&c, COUNT_IDS, 1));
	EXPECT_CRASH(count_name(COUNT_IDS));
}

/* What the Prometheus text format and its linter ask of a name. */
TEST(counters_are_named_as_prometheus_wants)
{
	for (int i = 0; i < COUNT_IDS; i++) {
		enum count_id id = (enum count_id)i;
		struct str name = str_from(count_name(id));
		const char *type = count_type(id);
		bool counter = !strcmp(type, "counter");

		EXPECT(counter || !strcmp(type, "gauge"));
		EXPECT_EQ(str_ends(name, STR("_total")), counter);
		EXPECT(str_starts(name, STR("mcp_operator_")));
		EXPECT(*count_help(id));
		for (int j = 0; j < i; j++)
			EXPECT(!str_is(name, count_name((enum count_id)j)));
	}
}
