/*
 * /etc/resolv.conf: every number is within its limits, the servers are the
 * first that are named, the search list is the last one's, and the options
 * are what a plain reading says; blank lines and comments change nothing.
 */
#include "etc_file.h"
#include "net.h"

enum { WORDS = FUZZ_MAX / 2 + 1, DOMAINS = 32 };
static struct str word[WORDS];
static struct dns d, again;

/* What a plain reading finds. */
struct plain {
	struct net_addr server[DNS_SERVERS_MAX];
	uint32_t servers, domains;
	uint64_t ndots, timeout, attempts;
	struct str domain[DOMAINS];
};

static void plain_option(struct str option, const char *name, uint64_t max,
    uint64_t *ret)
{
	size_t n = strlen(name);
	uint64_t v;

	if (option.n <= n || memcmp(option.p, name, n) != 0 ||
	    str_u64(str_sub(option, n, option.n), &v) < 0)
		return;
	*ret = v < max ? v : max;
}

static void plain_line(struct plain *p, size_t n)
{
	struct net_addr a = { 0 };

	if (str_is(word[0], "nameserver") && n > 1 &&
	    p->servers < DNS_SERVERS_MAX && !addr_parse(word[1], &a))
		p->server[p->servers++] = a;
	if (str_is(word[0], "search") || str_is(word[0], "domain"))
		for (p->domains = 0; p->domains + 1 < n &&
		    p->domains < DOMAINS; p->domains++)
			p->domain[p->domains] = word[p->domains + 1];
	if (!str_is(word[0], "options"))
		return;
	for (size_t i = 1; i < n; i++) {
		plain_option(word[i], "ndots:", 15, &p->ndots);
		plain_option(word[i], "timeout:", 30, &p->timeout);
		plain_option(word[i], "attempts:", 5, &p->attempts);
	}
}

static void plain_read(struct plain *p, struct str text)
{
	size_t end, n;

	*p = (struct plain){ .ndots = 1, .timeout = 5, .attempts = 2 };
	for (size_t at = 0; at < text.n; at = end + 1) {
		end = etc_line_end(text, at);
		n = etc_words((struct str){ text.p + at, end - at }, "#;",
		    word, WORDS);
		if (n)
			plain_line(p, n);
	}
	if (!p->servers)
		FUZZ_CHECK(!addr_parse(STR("127.0.0.1"),
		    &p->server[p->servers++]));
	if (!p->timeout)
		p->timeout = 1;
	if (!p->attempts)
		p->attempts = 1;
}

static void resolv_read(struct dns *ret, struct str text)
{
	/* What was there before counts for nothing. */
	memset(ret, 0x5a, sizeof(*ret));
	ret->loop = &etc_loop;
	etc_set("/etc/resolv.conf", text);
	dns_resolv_read(ret);
	FUZZ_CHECK(ret->servers >= 1 && ret->servers <= DNS_SERVERS_MAX);
	FUZZ_CHECK(ret->attempts >= 1 && ret->attempts <= 5);
	FUZZ_CHECK(ret->ndots <= 15 && ret->searches <= DOMAINS);
	FUZZ_CHECK(ret->try_ns >= NS_PER_S && ret->try_ns <= 30 * NS_PER_S);
}

static void check_plain(struct dns *got, const struct plain *p)
{
	FUZZ_CHECK(got->ndots == p->ndots && got->attempts == p->attempts);
	FUZZ_CHECK(got->try_ns == (int64_t)p->timeout * NS_PER_S);
	FUZZ_CHECK(got->servers == p->servers);
	for (uint32_t i = 0; i < p->servers; i++)
		FUZZ_CHECK(got->server[i].port == 53 &&
		    got->server[i].family == p->server[i].family &&
		    got->server[i].scope == p->server[i].scope &&
		    !memcmp(got->server[i].ip, p->server[i].ip, 16));
	FUZZ_CHECK(got->searches == p->domains);
	for (uint32_t i = 0; i < p->domains; i++)
		FUZZ_CHECK(str_eq(dns_search_domain(got, i), p->domain[i]));
	if (p->domains < DOMAINS)
		FUZZ_CHECK(!dns_search_domain(got, p->domains).n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct plain p;

	if (size > FUZZ_MAX)
		return 0;
	plain_read(&p, text);
	resolv_read(&d, text);
	check_plain(&d, &p);
	text = etc_dress(text, size % 2 ? '#' : ';',
	    "nameserver 10.9.8.7 options ndots:9 search x");
	if (text.n > LOOP_SCRATCH_MAX)
		return 0;
	resolv_read(&again, text);
	check_plain(&again, &p);
	return 0;
}
