#include "base_int.h"

static const struct {
	const char *name, *type, *help;
} counters[] = {
#define COUNT(id, name, type, help) { name, type, help },
#include "metrics.def"
#undef COUNT
};
_Static_assert(ARRAY_LEN(counters) == COUNT_IDS, "one row an id");

void count_add(struct counts *c, enum count_id id, uint64_t n)
{
	CHECK(id < COUNT_IDS);
	if (c)
		c->v[id] += n;
}

const char *count_name(enum count_id id)
{
	CHECK(id < COUNT_IDS);
	return counters[id].name;
}

const char *count_type(enum count_id id)
{
	CHECK(id < COUNT_IDS);
	return counters[id].type;
}

const char *count_help(enum count_id id)
{
	CHECK(id < COUNT_IDS);
	return counters[id].help;
}
