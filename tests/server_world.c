#include <string.h>

#include "check.h"
#include "server_world.h"

struct server_world sw;

void sw_begin(const struct http_route *routes, size_t n)
{
	memset(&sw, 0, sizeof(sw));
	fake_io_init(&sw.f);
	mem_init(&sw.mem, &sw.f.io);
	REQUIRE(!loop_init(&sw.loop, &sw.mem, &sw.f.io));
	REQUIRE(!http_server_new(&sw.mem, &sw.loop, routes, (uint32_t)n,
	    &sw.server));
}

void sw_listen(uint16_t port)
{
	struct net_addr at = { .family = 4, .port = port };

	REQUIRE(!http_server_listen(sw.server, &at));
}

void sw_end(void)
{
	http_server_stop(sw.server);
	EXPECT_EQ(fake_open_fds(&sw.f), 0);
	EXPECT_EQ(sw.loop.heap.n, 0);
	EXPECT(!sw.loop.work_head);
	/* It has not turned for nothing. */
	EXPECT(sw.f.waits < 40000);
	mem_free_all(&sw.mem);
	fake_io_free(&sw.f);
}

void sw_run(int64_t ns)
{
	int64_t until_ns = sw.f.now_ns + ns;

	do
		loop_turn(&sw.loop, until_ns);
	while (sw.f.now_ns < until_ns || sw.loop.work_head);
}

void sw_settle(void)
{
	int i;

	for (i = 0; i < 200; i++)
		loop_turn(&sw.loop, sw.f.now_ns);
}
