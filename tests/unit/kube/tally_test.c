#include <string.h>

#include "check.h"
#include "kube.h"

static struct kube_tally tally;

static uint64_t counted(const char *method, uint16_t code)
{
	uint32_t at = 0;
	const char *m;
	uint16_t c;
	uint64_t n;

	while (kube_tally_next(&tally, &at, &m, &c, &n))
		if (strcmp(m, method) == 0 && c == code)
			return n;
	return 0;
}

TEST(tally_counts_by_method_and_code)
{
	uint32_t at = 0, rows = 0;
	const char *m;
	uint16_t c;
	uint64_t n;

	memset(&tally, 0, sizeof(tally));
	EXPECT(!kube_tally_next(&tally, &at, &m, &c, &n));
	kube_tally_add(&tally, "GET", 200);
	kube_tally_add(&tally, "GET", 200);
	kube_tally_add(&tally, "PATCH", 200);
	kube_tally_add(&tally, "DELETE", 504);
	kube_tally_add(&tally, "GET", 0);
	EXPECT_EQ(counted("GET", 200), 2);
	EXPECT_EQ(counted("PATCH", 200), 1);
	EXPECT_EQ(counted("DELETE", 504), 1);
	EXPECT_EQ(counted("GET", 0), 1);
	EXPECT_EQ(counted("POST", 200), 0);
	for (at = 0; kube_tally_next(&tally, &at, &m, &c, &n);)
		rows++;
	EXPECT_EQ(rows, 4);
}

TEST(tally_counts_other_codes_together)
{
	memset(&tally, 0, sizeof(tally));
	kube_tally_add(&tally, "POST", 418);
	kube_tally_add(&tally, "POST", 302);
	EXPECT_EQ(counted("POST", UINT16_MAX), 2);
}
