#include <stdio.h>
#include <string.h>

#include "check.h"
#include "fake_io.h"
#include "net.h"

/* ---- packets ------------------------------------------------------------- */

static int encode(const char *name, uint8_t *out, size_t cap)
{
	return dns_encode(str_from(name), 0x1234, DNS_TYPE_A, out, cap);
}

TEST(dns_encode_a_query)
{
	static const uint8_t want[] = {
		0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
		1, 'A', 2, 'b', 'c', 0, 0, 1, 0, 1
	};
	uint8_t *out = guard_space(sizeof(want));

	EXPECT_EQ(encode("A.bc", out, sizeof(want)), sizeof(want));
	EXPECT_MEM(out, want, sizeof(want));
	EXPECT_EQ(encode("A.bc.", out, sizeof(want)), sizeof(want));
	EXPECT_EQ(encode("A.bc", out, sizeof(want) - 1), ERR_FULL);
}

TEST(dns_encode_refuses)
{
	char label[65], name[300];
	uint8_t out[512];

	memset(label, 'a', 64);
	label[64] = '\0';
	EXPECT_EQ(encode(label, out, sizeof(out)), ERR_BAD);
	EXPECT(encode(label + 1, out, sizeof(out)) > 0);
	EXPECT_EQ(encode("", out, sizeof(out)), ERR_BAD);
	EXPECT_EQ(encode(".", out, sizeof(out)), ERR_BAD);
	EXPECT_EQ(encode(".a", out, sizeof(out)), ERR_BAD);
	EXPECT_EQ(encode("a..b", out, sizeof(out)), ERR_BAD);
	EXPECT_EQ(encode("a..", out, sizeof(out)), ERR_BAD);
	EXPECT_EQ(encode("a b", out, sizeof(out)), ERR_BAD);
	EXPECT_EQ(encode("a\x80", out, sizeof(out)), ERR_BAD);
	for (int i = 0; i < 254; i++)
		name[i] = i % 2 ? '.' : 'a';
	name[254] = '\0';
	EXPECT_EQ(encode(name, out, sizeof(out)), 12 + 255 + 4);
	name[253] = 'a';
	EXPECT_EQ(encode(name, out, sizeof(out)), ERR_BAD);
	name[253] = '\0';
	EXPECT(encode(name, out, sizeof(out)) > 0);
}

/* An answer in the making. */
struct answer {
	uint8_t p[4096];
	size_t n;
};

static void put(struct answer *a, const void *p, size_t n)
{
	memcpy(a->p + a->n, p, n);
	a->n += n;
}

static void put16(struct answer *a, unsigned v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(a, b, 2);
}

/* The query with its flags turned into an answer's. */
static void answer_to(struct answer *a, const void *query, size_t n,
		      unsigned flags)
{
	a->n = 0;
	put(a, query, n);
	a->p[2] = (uint8_t)(flags >> 8);
	a->p[3] = (uint8_t)flags;
}

static void record(struct answer *a, unsigned type, const void *data,
		   unsigned n)
{
	put16(a, 0xc00c);
	put16(a, type);
	put16(a, 1);
	put16(a, 0);
	put16(a, 60);
	put16(a, n);
	put(a, data, n);
	a->p[7]++;
}

static void answer_init(struct answer *a, const char *name, unsigned type,
			unsigned flags)
{
	uint8_t q[300];
	int n = dns_encode(str_from(name), 7, (uint16_t)type, q, sizeof(q));

	REQUIRE(n > 0);
	answer_to(a, q, (size_t)n, flags);
}

static struct net_addr got[DNS_ADDRS_MAX];

static int decode(const struct answer *a, const char *name, unsigned type)
{
	return dns_decode(guard_copy(a->p, a->n), str_from(name), 7,
			  (uint16_t)type, got, DNS_ADDRS_MAX);
}

TEST(dns_decode_addresses)
{
	static const uint8_t v4[] = { 10, 1, 2, 3 }, v6[16] = { 0xfd };
	struct answer a;

	answer_init(&a, "x.test", DNS_TYPE_A, 0x8180);
	record(&a, 5, "\x01y\xc0\x0e", 4);	/* an alias */
	record(&a, DNS_TYPE_A, v4, 4);
	record(&a, DNS_TYPE_AAAA, v6, 16);
	REQUIRE(decode(&a, "X.TEST.", DNS_TYPE_A) == 1);
	EXPECT_EQ(got[0].family, 4);
	EXPECT_MEM(got[0].ip, v4, 4);
	answer_init(&a, "x.test", DNS_TYPE_AAAA, 0x8180);
	record(&a, DNS_TYPE_AAAA, v6, 16);
	record(&a, DNS_TYPE_A, v4, 4);
	REQUIRE(decode(&a, "x.test", DNS_TYPE_AAAA) == 1);
	EXPECT_EQ(got[0].family, 6);
	EXPECT_MEM(got[0].ip, v6, 16);
}

TEST(dns_decode_stops_at_the_cap)
{
	struct answer a;

	answer_init(&a, "x", DNS_TYPE_A, 0x8180);
	for (uint8_t i = 0; i < DNS_ADDRS_MAX + 3; i++)
		record(&a, DNS_TYPE_A, (uint8_t[]){ 10, 0, 0, i }, 4);
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_A), DNS_ADDRS_MAX);
	EXPECT_EQ(got[DNS_ADDRS_MAX - 1].ip[3], DNS_ADDRS_MAX - 1);
	/* What stands behind is not even looked at. */
	a.n -= 30;
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_A), DNS_ADDRS_MAX);
}

TEST(dns_decode_codes)
{
	struct answer a;

	answer_init(&a, "x", DNS_TYPE_A, 0x8183);
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_A), ERR_NOENT);
	answer_init(&a, "x", DNS_TYPE_A, 0x8182);
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_A), ERR_IO);
	answer_init(&a, "x", DNS_TYPE_A, 0x8380);
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_A), ERR_MORE);
	answer_init(&a, "x", DNS_TYPE_A, 0x8180);
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_A), 0);
}

TEST(dns_decode_not_ours)
{
	struct answer a;

	answer_init(&a, "x", DNS_TYPE_A, 0x8180);
	EXPECT_EQ(decode(&a, "y", DNS_TYPE_A), ERR_BAD);
	EXPECT_EQ(decode(&a, "x.y", DNS_TYPE_A), ERR_BAD);
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_AAAA), ERR_BAD);
	EXPECT_EQ(dns_decode(guard_copy(a.p, a.n), STR("x"), 8, DNS_TYPE_A,
			     got, 8), ERR_BAD);
	answer_init(&a, "x", DNS_TYPE_A, 0x0180);	/* a query */
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_A), ERR_BAD);
	answer_init(&a, "x", DNS_TYPE_A, 0xa980);	/* a notify */
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_A), ERR_BAD);
}

TEST(dns_decode_cut_and_damaged)
{
	static const uint8_t v4[] = { 10, 1, 2, 3 };
	struct answer a, b;

	answer_init(&a, "name.test", DNS_TYPE_A, 0x8180);
	record(&a, DNS_TYPE_A, v4, 4);
	for (size_t n = 0; n < a.n; n++) {
		b = a;
		b.n = n;
		EXPECT_EQ(decode(&b, "name.test", DNS_TYPE_A), ERR_BAD);
	}
	for (size_t i = 0; i < a.n * 256; i++) {
		b = a;
		b.p[i / 256] = (uint8_t)i;
		decode(&b, "name.test", DNS_TYPE_A);
		guard_reset();
	}
	/* An address of another size. */
	answer_init(&a, "x", DNS_TYPE_A, 0x8180);
	record(&a, DNS_TYPE_A, v4, 3);
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_A), ERR_BAD);
	/* A label that is neither one nor a pointer; a cut pointer. */
	answer_init(&a, "x", DNS_TYPE_A, 0x8180);
	record(&a, DNS_TYPE_A, v4, 4);
	a.p[a.n - 16] = 0x80;
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_A), ERR_BAD);
	a.p[a.n - 16] = 0xc0;
	a.n -= 15;
	EXPECT_EQ(decode(&a, "x", DNS_TYPE_A), ERR_BAD);
}

/* ---- the resolver -------------------------------------------------------- */

#define SERVER "10.0.0.53"
#define OTHER "10.0.0.54"

struct zone {
	const char *name;
	unsigned type, flags;
	const char *ip;			/* NULL: no address */
	int copies;
};

static struct {
	struct fake_io f;
	struct mem mem;
	struct loop l;
	struct dns d;
	const struct zone *zone;
	char asked[1024];
	int calls, err;
	struct net_addr addr[DNS_ADDRS_MAX];
	uint32_t n;
	int64_t delay_ns;
	bool lie;			/* send others' answers first */
} w;

static void on_done(void *ctx, int err, const struct net_addr *addrs,
		    uint32_t n)
{
	EXPECT(ctx == &w);
	w.calls++;
	w.err = err;
	w.n = n;
	memcpy(w.addr, addrs, n * sizeof(*addrs));
	/* It may be asked again at once. */
	EXPECT(!w.d.fn);
}

static void name_of(const char *q, size_t n, char *out)
{
	size_t at = 12;

	while (at < n && q[at]) {
		memcpy(out, q + at + 1, (size_t)q[at]);
		out += q[at];
		*out++ = '.';
		at += 1 + (size_t)q[at];
	}
	out[-1] = '\0';
}

static void lie(int peer, const struct answer *a)
{
	struct answer b = *a;

	b.p[0] ^= 1;
	fake_send(&w.f, peer, 0, (struct str){ (char *)b.p, b.n });
	b = *a;
	b.p[13] ^= 1;
	fake_send(&w.f, peer, 0, (struct str){ (char *)b.p, b.n });
	fake_send(&w.f, peer, 0, STR("short"));
}

static void answer(int peer, const char *q, size_t n, bool tcp)
{
	unsigned type = (unsigned)q[n - 3];
	struct net_addr ip = { 0 };
	const struct zone *z;
	struct answer a, framed;
	char name[256];

	name_of(q, n, name);
	snprintf(w.asked + strlen(w.asked), sizeof(w.asked) -
		 strlen(w.asked), "%s%s/%u", tcp ? "tcp:" : "", name, type);
	strcat(w.asked, " ");
	for (z = w.zone; z->name; z++)
		if (z->type == type && !strcmp(z->name, name))
			break;
	if (z->name && z->flags == 0xdead)
		return;
	answer_to(&a, q, n, z->name ? z->flags : 0x8183);
	if (tcp)
		a.p[2] &= (uint8_t)~2;
	for (int i = 0; z->ip && i < (z->copies ? z->copies : 1); i++) {
		REQUIRE(addr_parse(str_from(z->ip), &ip) == 0);
		ip.ip[3] = (uint8_t)(ip.ip[3] + i);
		record(&a, type, ip.ip, ip.family == 4 ? 4 : 16);
	}
	if (w.lie)
		lie(peer, &a);
	framed.n = 0;
	if (tcp)
		put16(&framed, (unsigned)a.n);
	put(&framed, a.p, a.n);
	fake_send(&w.f, peer, w.delay_ns,
		  (struct str){ (char *)framed.p, framed.n });
}

static void server(void *ctx, struct fake_io *f, int peer)
{
	struct str q = fake_got(f, peer);
	bool tcp = !f->peer[peer].udp;

	(void)ctx;
	if (!q.n || f->peer[peer].addr.port != 53)
		return;
	if (tcp)
		answer(peer, q.p + 2, q.n - 2, true);
	else
		answer(peer, q.p, q.n, false);
	fake_take(f, peer, q.n);
}

static void world_init(const char *resolv, const struct zone *zone)
{
	memset(&w, 0, sizeof(w));
	fake_io_init(&w.f);
	fake_file(&w.f, "/etc/resolv.conf", str_from(resolv));
	fake_file(&w.f, "/etc/hosts", STR("127.0.0.1 localhost\n"
	    "10.9.8.7\tregistry  Registry.Local # no.not.this\n"
	    "fd00::1 registry\nbad.line registry\n#10.1.1.1 hidden\n"));
	fake_serve(&w.f, SERVER, 53, FAKE_ACCEPT);
	w.f.react = server;
	w.zone = zone;
	mem_init(&w.mem, &w.f.io);
	REQUIRE(loop_init(&w.l, &w.mem, &w.f.io) == 0);
	dns_init(&w.d, &w.l);
}

static void resolve(const char *name)
{
	int64_t until_ns = w.f.now_ns + 100 * NS_PER_S;

	w.calls = 0;
	w.asked[0] = '\0';
	dns_resolve(&w.d, str_from(name), 443, w.f.now_ns + 60 * NS_PER_S,
		    on_done, &w);
	EXPECT_EQ(w.calls, 0);
	while (!w.calls && w.f.now_ns < until_ns)
		loop_turn(&w.l, until_ns);
	EXPECT_EQ(w.calls, 1);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	EXPECT_EQ(w.l.heap.n, 0);
	EXPECT(!w.l.work_head);
}

static const char *addrs_text(void)
{
	static char text[512];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	for (uint32_t i = 0; i < w.n; i++) {
		EXPECT_EQ(w.addr[i].port, 443);
		buf_cstr(&b, i ? " " : "");
		addr_format(&b, &w.addr[i]);
	}
	text[b.n] = '\0';
	return text;
}

#define EXPECT_ADDRS(want) \
	EXPECT_STR(str_from(addrs_text()), want)
#define EXPECT_ASKED(want) \
	EXPECT_STR(str_from(w.asked), want)

#define CLUSTER "nameserver " SERVER "\n" \
	"search ns.svc.cluster.local svc.cluster.local cluster.local\n" \
	"options ndots:5\n"

static const struct zone zone[] = {
	{ "kubernetes.default.svc.cluster.local", DNS_TYPE_A, 0x8180,
	  "10.96.0.1", 0 },
	{ "kubernetes.default.svc.cluster.local", DNS_TYPE_AAAA, 0x8180,
	  NULL, 0 },
	{ "dual.test", DNS_TYPE_A, 0x8180, "10.0.0.9", 2 },
	{ "dual.test", DNS_TYPE_AAAA, 0x8180, "fd00::9", 0 },
	{ "six.test", DNS_TYPE_A, 0x8180, NULL, 0 },
	{ "six.test", DNS_TYPE_AAAA, 0x8180, "fd00::6", 0 },
	{ "none.test", DNS_TYPE_A, 0x8180, NULL, 0 },
	{ "none.test", DNS_TYPE_AAAA, 0x8180, NULL, 0 },
	{ "fails.test", DNS_TYPE_A, 0x8182, NULL, 0 },
	{ "half.test", DNS_TYPE_A, 0x8180, "10.0.0.8", 0 },
	{ "half.test", DNS_TYPE_AAAA, 0xdead, NULL, 0 },
	{ "silent.test", DNS_TYPE_A, 0xdead, NULL, 0 },
	{ "many.test", DNS_TYPE_A, 0x8380, "10.0.1.1", 100 },
	{ "host", DNS_TYPE_A, 0x8180, "10.0.0.2", 0 },
	{ "host", DNS_TYPE_AAAA, 0x8180, NULL, 0 },
	{ NULL, 0, 0, NULL, 0 }
};

TEST(dns_literals_ask_nobody)
{
	world_init(CLUSTER, zone);
	resolve("10.1.2.3");
	EXPECT_EQ(w.err, 0);
	EXPECT_ADDRS("10.1.2.3");
	resolve("fe80::1%3");
	EXPECT_EQ(w.addr[0].scope, 3);
	EXPECT_ASKED("");
}

TEST(dns_hosts_file)
{
	world_init(CLUSTER, zone);
	resolve("registry");
	EXPECT_ADDRS("10.9.8.7 fd00::1");
	resolve("REGISTRY.local.");
	EXPECT_ADDRS("10.9.8.7");
	resolve("localhost");
	EXPECT_ADDRS("127.0.0.1");
	resolve("hidden");
	EXPECT_EQ(w.err, ERR_DNS);
	fake_file(&w.f, "/etc/hosts", STR_NONE);
	resolve("localhost");
	EXPECT_ADDRS("127.0.0.1 ::1");
}

TEST(dns_search_list)
{
	world_init(CLUSTER, zone);
	resolve("kubernetes.default.svc");
	EXPECT_EQ(w.err, 0);
	EXPECT_ADDRS("10.96.0.1");
	EXPECT_ASKED("kubernetes.default.svc.ns.svc.cluster.local/1 "
	    "kubernetes.default.svc.svc.cluster.local/1 "
	    "kubernetes.default.svc.cluster.local/1 "
	    "kubernetes.default.svc.cluster.local/28 ");
	resolve("dual.test");
	EXPECT_ASKED("dual.test.ns.svc.cluster.local/1 "
	    "dual.test.svc.cluster.local/1 dual.test.cluster.local/1 "
	    "dual.test/1 dual.test/28 ");
	EXPECT_ADDRS("10.0.0.9 10.0.0.10 fd00::9");
	resolve("dual.test.");
	EXPECT_ASKED("dual.test/1 dual.test/28 ");
	resolve("nowhere.test.");
	EXPECT_EQ(w.err, ERR_DNS);
	EXPECT_ASKED("nowhere.test/1 ");
}

TEST(dns_ndots)
{
	world_init("nameserver " SERVER "\nsearch a.test b.test\n", zone);
	resolve("six.test");
	EXPECT_ADDRS("fd00::6");
	EXPECT_ASKED("six.test/1 six.test/28 ");
	resolve("none.test");
	EXPECT_EQ(w.err, ERR_DNS);
	EXPECT_ASKED("none.test/1 none.test/28 none.test.a.test/1 "
	    "none.test.b.test/1 ");
	resolve("host");
	EXPECT_ASKED("host.a.test/1 host.b.test/1 host/1 host/28 ");
	EXPECT_ADDRS("10.0.0.2");
}

TEST(dns_last_search_line_counts)
{
	world_init("search a b c\n; nameserver 1.2.3.4\ndomain d # e\n"
	    "nameserver nonsense\nnameserver " SERVER "\n", zone);
	resolve("x");
	EXPECT_ASKED("x.d/1 x/1 ");
	EXPECT_EQ(w.err, ERR_DNS);
}

TEST(dns_search_names_too_long_are_passed_over)
{
	char line[512] = "nameserver " SERVER "\nsearch ";

	for (int i = 0; i < 120; i++)
		strcat(line, "a.");
	strcat(line, "a b.test\n");
	world_init(line, zone);
	resolve("this-is-a-name-that-makes-it-too-long");
	EXPECT_ASKED("this-is-a-name-that-makes-it-too-long.b.test/1 "
	    "this-is-a-name-that-makes-it-too-long/1 ");
}

TEST(dns_names_that_cannot_be)
{
	char longest[300];

	world_init(CLUSTER, zone);
	memset(longest, 'a', 299);
	longest[299] = '\0';
	resolve(longest);
	EXPECT_EQ(w.err, ERR_DNS);
	resolve("");
	EXPECT_EQ(w.err, ERR_DNS);
	resolve("a b");
	EXPECT_EQ(w.err, ERR_DNS);
	EXPECT_ASKED("");
}

TEST(dns_servers_take_turns)
{
	int64_t start_ns;

	world_init("nameserver " OTHER "\nnameserver " SERVER "\n", zone);
	/* Refused: at once to the next, and it is kept. */
	resolve("dual.test");
	EXPECT_EQ(w.err, 0);
	EXPECT_EQ(w.f.peers, 3);
	/* Silent: after five seconds. */
	fake_serve(&w.f, OTHER, 53, FAKE_SILENT);
	start_ns = w.f.now_ns;
	resolve("dual.test");
	EXPECT_EQ(w.err, 0);
	EXPECT_EQ((w.f.now_ns - start_ns) / NS_PER_S, 5);
}

TEST(dns_servers_that_fail)
{
	world_init("nameserver " SERVER "\n", zone);
	resolve("fails.test");
	EXPECT_EQ(w.err, ERR_DNS);
	EXPECT_ASKED("fails.test/1 fails.test/1 ");
	fake_serve(&w.f, SERVER, 53, FAKE_REFUSE);
	resolve("dual.test");
	EXPECT_EQ(w.err, ERR_REFUSED);
}

TEST(dns_time_runs_out)
{
	int64_t start_ns;

	world_init("nameserver " SERVER "\noptions timeout:2 attempts:3\n",
		   zone);
	start_ns = w.f.now_ns;
	resolve("silent.test");
	EXPECT_EQ(w.err, ERR_TIMEOUT);
	EXPECT_EQ((w.f.now_ns - start_ns) / NS_PER_S, 6);
	EXPECT_ASKED("silent.test/1 silent.test/1 silent.test/1 ");
	start_ns = w.f.now_ns;
	w.calls = 0;
	dns_resolve(&w.d, STR("silent.test"), 1, start_ns + NS_PER_S, on_done,
		    &w);
	while (!w.calls)
		loop_turn(&w.l, TIME_NEVER);
	EXPECT_EQ(w.err, ERR_TIMEOUT);
	EXPECT_EQ((w.f.now_ns - start_ns) / NS_PER_MS, 1000);
}

TEST(dns_half_an_answer_is_one)
{
	world_init("nameserver " SERVER "\n", zone);
	resolve("half.test");
	EXPECT_EQ(w.err, 0);
	EXPECT_ADDRS("10.0.0.8");
	EXPECT_ASKED("half.test/1 half.test/28 ");
}

static size_t one_byte(void *ctx, size_t n)
{
	(void)ctx;
	return n > 64 ? 7 : n;
}

TEST(dns_truncated_goes_by_tcp)
{
	world_init("nameserver " SERVER "\n", zone);
	resolve("many.test");
	EXPECT_EQ(w.err, 0);
	EXPECT_EQ(w.n, DNS_ADDRS_MAX);
	EXPECT_ASKED("many.test/1 tcp:many.test/1 ");
	w.f.cut = one_byte;
	resolve("many.test");
	EXPECT_EQ(w.err, 0);
	EXPECT_EQ(w.n, DNS_ADDRS_MAX);
}

TEST(dns_answers_of_others_are_passed_over)
{
	world_init("nameserver " SERVER "\n", zone);
	w.lie = true;
	w.delay_ns = 20 * NS_PER_MS;
	resolve("dual.test");
	EXPECT_EQ(w.err, 0);
	EXPECT_ADDRS("10.0.0.9 10.0.0.10 fd00::9");
}

TEST(dns_cancel_is_silent)
{
	world_init("nameserver " SERVER "\n", zone);
	w.delay_ns = NS_PER_S;
	dns_resolve(&w.d, STR("dual.test"), 1, TIME_NEVER, on_done, &w);
	dns_cancel(&w.d);
	loop_turn(&w.l, w.f.now_ns + 1);
	dns_resolve(&w.d, STR("dual.test"), 1, TIME_NEVER, on_done, &w);
	for (int i = 0; i < 3; i++)
		loop_turn(&w.l, w.f.now_ns + NS_PER_MS);
	EXPECT_EQ(fake_open_fds(&w.f), 1);
	dns_cancel(&w.d);
	dns_cancel(&w.d);
	EXPECT_EQ(fake_open_fds(&w.f), 0);
	loop_turn(&w.l, w.f.now_ns + 9 * NS_PER_S);
	EXPECT_EQ(w.calls, 0);
}

/* No files at all: the name is asked of this machine. */
TEST(dns_without_files)
{
	world_init("", zone);
	fake_serve(&w.f, "127.0.0.1", 53, FAKE_ACCEPT);
	resolve("dual.test");
	EXPECT_ADDRS("10.0.0.9 10.0.0.10 fd00::9");
}
