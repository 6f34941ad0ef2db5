#include "check.h"
#include "observe.h"

static const char *check_state(void *ctx)
{
	return *(const char **)ctx;
}

static const char *cache_why, *lease_why;
static const struct health_check checks[] = {
	{ "cache", check_state, &cache_why },
	{ "lease", check_state, &lease_why },
};
static struct health health = { "readyz", checks, 2 };
static char mem[HTTP_SERVER_WINDOW];
static struct buf out;

static int ask(const char *query)
{
	struct http_reply r = { .status = 200 };
	struct str q = guard_copy(query, str_from(query).n);

	health_handle(&health, STR("/readyz"), q, &r);
	guard_reset();
	buf_init(&out, mem, sizeof(mem));
	EXPECT_EQ(r.more(&health, &r.cursor, &out), 0);
	EXPECT(!out.over);
	return r.status;
}

TEST(health_says_ok_in_a_word)
{
	EXPECT_EQ(ask(""), 200);
	EXPECT_STR(buf_view(&out), "ok");
	health.checks = 0;
	EXPECT_EQ(ask(""), 200);
	EXPECT_STR(buf_view(&out), "ok");
}

TEST(health_lists_its_checks)
{
	EXPECT_EQ(ask("verbose"), 200);
	EXPECT_STR(buf_view(&out), "[+]cache ok\n[+]lease ok\n"
	    "readyz check passed\n");
	EXPECT_EQ(ask("a=b&verbose=1"), 200);
	EXPECT(str_starts(buf_view(&out), STR("[+]cache ok\n")));
	EXPECT_EQ(ask("xverbose&verbosey&=verbose&&"), 200);
	EXPECT_STR(buf_view(&out), "ok");
}

TEST(health_names_what_fails)
{
	lease_why = "lost to somebody";
	EXPECT_EQ(ask(""), 503);
	EXPECT_STR(buf_view(&out), "[+]cache ok\n"
	    "[-]lease failed: lost to somebody\nreadyz check failed\n");
	cache_why = "not filled";
	EXPECT_EQ(ask("verbose"), 503);
	EXPECT_STR(buf_view(&out), "[-]cache failed: not filled\n"
	    "[-]lease failed: lost to somebody\nreadyz check failed\n");
}

TEST(health_leaves_out_what_is_excluded)
{
	lease_why = "lost";
	EXPECT_EQ(ask("exclude=lease"), 200);
	EXPECT_STR(buf_view(&out), "ok");
	EXPECT_EQ(ask("verbose&exclude=lease"), 200);
	EXPECT_STR(buf_view(&out), "[+]cache ok\n[+]lease excluded: ok\n"
	    "readyz check passed\n");
	cache_why = "x";
	EXPECT_EQ(ask("exclude=lease&exclude=cache"), 200);
	EXPECT_EQ(ask("exclude=lease"), 503);
	cache_why = lease_why = NULL;
	EXPECT_EQ(ask("exclude=foo&verbose"), 200);
	EXPECT_STR(buf_view(&out), "[+]cache ok\n[+]lease ok\n"
	    "warn: some health checks cannot be excluded: no such name\n"
	    "readyz check passed\n");
	EXPECT_EQ(ask("exclude&exclude="), 200);
	EXPECT_STR(buf_view(&out), "ok");
}

/* The page is written a moment after the status was decided. */
TEST(health_copes_with_a_recovery_in_between)
{
	struct http_reply r = { .status = 200 };

	cache_why = "x";
	health_handle(&health, STR("/readyz"), STR_NONE, &r);
	EXPECT_EQ(r.status, 503);
	cache_why = NULL;
	buf_init(&out, mem, sizeof(mem));
	EXPECT_EQ(r.more(&health, &r.cursor, &out), 0);
	EXPECT(str_starts(buf_view(&out),
	    STR("[-]cache failed: just recovered\n")));
}

TEST(health_takes_the_most_checks_and_not_one_more)
{
	static struct health_check many[HEALTH_CHECKS_MAX + 1];
	struct health h = { "readyz", many, HEALTH_CHECKS_MAX };
	struct http_reply r = { .status = 200 };
	uint32_t i;

	lease_why = "x";
	for (i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct health_check){ "name", check_state,
			&cache_why };
	many[HEALTH_CHECKS_MAX - 1].ctx = &lease_why;
	health_handle(&h, STR("/readyz"), STR_NONE, &r);
	EXPECT_EQ(r.status, 503);
	buf_init(&out, mem, sizeof(mem));
	EXPECT_EQ(r.more(&h, &r.cursor, &out), 0);
	EXPECT(str_ends(buf_view(&out),
	    STR("[-]name failed: x\nreadyz check failed\n")));
	h.checks++;
	EXPECT_CRASH(health_handle(&h, STR("/readyz"), STR_NONE, &r));
}
