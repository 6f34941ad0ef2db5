#include <stdio.h>
#include <string.h>

#include "manager_world.h"

/* Flags that say how the operator works, seen by what it does. */

#define DONE "{\"metadata\":{\"uid\":" \
	"\"2188f7f2-9b3a-4c5d-8e6f-0123456789ab\"," \
	"\"resourceVersion\":\"90\",\"generation\":1}}"
#define READ "GET /apis/mcp.mcp.dev/v1alpha1/namespaces/ns/mcpservers/one"

static bool hangs;	/* writes of Deployments are not answered */

static void serve(const struct world_request *r, struct str path)
{
	if (mw_one_serve(r, path))
		return;
	if (str_is(r->method, "GET"))
		world_reply(mw.w, r->peer, 404, NULL,
		    world_status(404, "NotFound", "not found"));
	else if (!hangs || str_search(path, STR("/deployments/")) == path.n)
		world_reply(mw.w, r->peer, 200, NULL, DONE);
}

static void begin(const char *spec, const char *flag)
{
	const char *const args[] = { flag, NULL };

	mw.watch = mw_one_watch;
	mw.serve = serve;
	mw_one_begin(spec);
	mw_begin(args);
}

/* ---- --resync-period ---- */

static unsigned reads_of_an_hour(const char *flag)
{
	begin("{\"image\":\"x\",\"replicas\":0}", flag);
	mw_run(20 * SEC);
	mw_one_tell();
	mw_run(20 * SEC);
	mw_forget();
	mw_run(3600 * SEC);
	return mw_count(READ);
}

TEST(a_resync_looks_at_every_server_again)
{
	unsigned n = reads_of_an_hour("--resync-period=10m");

	EXPECT(n >= 5 && n <= 7);
}

TEST(without_a_resync_nothing_is_read_again)
{
	EXPECT_EQ(reads_of_an_hour(NULL), 0);
}

/* ---- --reconcile-timeout ---- */

static const struct record *only(void)
{
	return record_at(&mw.m->records, record_next(&mw.m->records, 0));
}

TEST(a_reconcile_ends_at_its_time_out)
{
	hangs = true;
	begin("{\"image\":\"x\"}", "--reconcile-timeout=3s");
	mw_run(2 * SEC);
	EXPECT(only()->flags & RECORD_BUSY);
	EXPECT_EQ(only()->failures, 0);
	mw_run(1500 * MS);
	EXPECT(only()->failures > 0);
	/* Well before a request of its own would be given up. */
	begin("{\"image\":\"x\"}", NULL);
	mw_run(5 * SEC);
	EXPECT(only()->flags & RECORD_BUSY);
	EXPECT_EQ(only()->failures, 0);
	hangs = false;
}

/* ---- --fail-fast ---- */

static void no_cluster(struct fake_io *f)
{
	fake_serve(f, "127.0.0.1", 8001, FAKE_REFUSE);
}

TEST(fail_fast_ends_with_111)
{
	mw.before = no_cluster;
	begin("{\"image\":\"x\"}", "--fail-fast");
	EXPECT_EQ(manager_run(mw.m), 111);
}

TEST(without_it_the_api_server_is_waited_for)
{
	mw.before = no_cluster;
	begin("{\"image\":\"x\"}", NULL);
	mw_run(60 * SEC);
	EXPECT(!mw.m->stopped);
	fake_serve(&mw.w->io, "127.0.0.1", 8001, FAKE_ACCEPT);
	mw_run(60 * SEC);
	EXPECT(mw_count("/deployments/one") > 0);
}

/* ---- --indexing-enabled ---- */

static unsigned of_config_maps;

static const char *watch_config_maps(const struct world_request *r,
    struct str path)
{
	/* Those with a selector are for children. */
	if (str_ends(path, STR("/configmaps")) &&
	    str_search(r->path, STR("labelSelector")) == r->path.n)
		of_config_maps++;
	return mw_one_watch(r, path);
}

static void index_by(const char *flag)
{
	of_config_maps = 0;
	begin("{\"image\":\"x\",\"replicas\":0,\"envFrom\":[{\"configMapRef\":"
	    "{\"name\":\"c\",\"optional\":true}}]}", flag);
	mw.watch = watch_config_maps;
	mw_run(20 * SEC);
}

TEST(without_an_index_no_config_map_is_watched_and_it_is_told)
{
	index_by("--indexing-enabled=false");
	EXPECT_EQ(of_config_maps, 0);
	EXPECT_EQ(mw_count("/configmaps/c"), 0);
	EXPECT(mw_count("/deployments/one") > 0);
	EXPECT(strstr(mw_one.status, "\"ConfigMapsFollowed\",\"status\":"
	    "\"False\"") != NULL);
	EXPECT(strstr(mw_one.status, "\"NotGranted\"") != NULL);
	index_by(NULL);
	EXPECT_EQ(of_config_maps, 1);
	EXPECT(strstr(mw_one.status, "ConfigMapsFollowed") == NULL);
}

/* ---- --concurrent-reconciles ---- */

static const char *watch_many(const struct world_request *r, struct str path)
{
	static char text[1 << 14];
	size_t n = 0;
	int i;

	(void)r;
	if (!str_ends(path, STR(MW_SERVERS)))
		return "";
	for (i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    MW_LINE("ADDED", "{\"metadata\":{\"namespace\":\"ns\","
		    "\"name\":\"s%d\",\"uid\":\"0188f7f2-9b3a-4c5d-8e6f-"
		    "%012d\",\"resourceVersion\":\"5\",\"generation\":1},"
		    "\"spec\":{\"image\":\"x\"}}"), i, i);
	REQUIRE(n < sizeof(text));
	return text;
}

static void ignore(const struct world_request *r, struct str path)
{
	(void)r;
	(void)path;
}

static unsigned at_a_time(const char *flag)
{
	unsigned n = 0, most = 0, s;
	uint32_t i;

	begin("{\"image\":\"x\"}", flag);
	mw.watch = watch_many;
	mw.serve = ignore;
	for (s = 0; s < 50; s++) {
		mw_run(100 * MS);
		for (n = 0, i = record_next(&mw.m->records, 0);
		    i != RECORD_NONE; i = record_next(&mw.m->records, i + 1))
			n += (record_at(&mw.m->records, i)->flags &
			    RECORD_BUSY) != 0;
		most = n > most ? n : most;
	}
	EXPECT_EQ(mw.m->records.pool.used, 40);
	return most;
}

TEST(no_more_servers_are_worked_on_at_a_time_than_is_said)
{
	EXPECT_EQ(at_a_time("--concurrent-reconciles=1"), 1);
	EXPECT_EQ(at_a_time("--concurrent-reconciles=3"), 3);
	EXPECT_EQ(at_a_time("--concurrent-reconciles=32"), JOBS_MAX);
	EXPECT_EQ(at_a_time(NULL), 5);
}
