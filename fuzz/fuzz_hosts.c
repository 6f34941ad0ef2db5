/*
 * /etc/hosts: the addresses found are those that stand before the name, in
 * the order of their lines, and blank lines and comments that speak of the
 * name change nothing. The first line of the input is the name, the others
 * are the file.
 */
#include "etc_file.h"
#include "net.h"

enum { WORDS = FUZZ_MAX / 2 + 1, PORT = 443 };
static struct str word[WORDS];
static struct dns d, again;

static void search(struct dns *ret, struct str name, struct str text)
{
	memset(ret, 0, sizeof(*ret));
	ret->loop = &etc_loop;
	ret->port = PORT;
	ret->name_n = name.n;
	memcpy(ret->name, name.p, name.n);
	etc_set("/etc/hosts", text);
	dns_hosts_search(ret);
	FUZZ_CHECK(ret->found_n <= DNS_ADDRS_MAX);
}

static bool is_same(const struct net_addr *a, const struct net_addr *b)
{
	return a->family == b->family && a->scope == b->scope &&
	    !memcmp(a->ip, b->ip, sizeof(a->ip));
}

/* The address of a line that has the name. */
static bool line_has(struct str line, struct str name, struct net_addr *ret)
{
	size_t n = etc_words(line, "#", word, WORDS);

	*ret = (struct net_addr){ 0 };
	if (!n || addr_parse(word[0], ret))
		return false;
	for (size_t i = 1; i < n; i++)
		if (word[i].n == name.n && str_eq_nocase(word[i], name))
			return true;
	return false;
}

static void check_found(struct str text, struct str name)
{
	struct net_addr a;
	uint32_t n = 0;
	size_t end;

	for (size_t at = 0; at < text.n; at = end + 1) {
		end = etc_line_end(text, at);
		if (!line_has((struct str){ text.p + at, end - at }, name,
		    &a) || n == DNS_ADDRS_MAX)
			continue;
		FUZZ_CHECK(n < d.found_n && is_same(&d.found[n], &a));
		FUZZ_CHECK(d.found[n++].port == PORT);
	}
	FUZZ_CHECK(n == d.found_n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size }, name, plain;
	char said[2 * sizeof(d.name)];
	struct buf b;

	if (size > FUZZ_MAX)
		return 0;
	text = str_cut(text, '\n', &name);
	/* A name with a blank is none; it is refused before it is asked. */
	if (!name.n || name.n >= sizeof(d.name) ||
	    memchr(name.p, '\r', name.n))
		return 0;
	search(&d, name, text);
	plain = str_ends(name, STR(".")) ? str_sub(name, 0, name.n - 1) : name;
	check_found(text, plain);
	buf_init(&b, said, sizeof(said));
	buf_fmt(&b, "10.9.8.7 %S", plain);
	said[b.n] = '\0';
	text = etc_dress(text, '#', said);
	if (text.n > LOOP_SCRATCH_MAX)
		return 0;
	search(&again, name, text);
	FUZZ_CHECK(again.found_n == d.found_n);
	for (uint32_t i = 0; i < d.found_n; i++)
		FUZZ_CHECK(is_same(&d.found[i], &again.found[i]));
	return 0;
}
