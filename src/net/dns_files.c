#include "dns_int.h"

#define DNS_PORT 53
/* As resolv.conf(5) has them. */
#define TRY_DEFAULT_S 5
#define TRY_MAX_S 30
#define ATTEMPTS_DEFAULT 2
#define ATTEMPTS_MAX 5
#define NDOTS_DEFAULT 1
#define NDOTS_MAX 15
/* As Kubernetes has it for a pod; the file is read anew for each. */
#define SEARCHES_MAX 32

/* The file in the loop's scratch; empty when it cannot be read whole. */
static struct str file_read(struct dns *d, const char *path)
{
	const struct io *io = d->loop->io;
	int n = io->read_file(io->ctx, path, d->loop->scratch,
	    LOOP_SCRATCH_MAX);

	return (struct str){ d->loop->scratch, n < 0 ? 0 : (size_t)n };
}

/* The next line without its comment. */
static struct str line_next(struct str *in, const char *comments)
{
	struct str line;

	*in = str_cut(*in, '\n', &line);
	for (; *comments; comments++)
		line = str_sub(line, 0, str_find(line, *comments));
	return line;
}

static struct str word_next(struct str *in)
{
	size_t n = 0;
	struct str word;

	*in = str_trim(*in);
	while (n < in->n && in->p[n] != ' ' && in->p[n] != '\t')
		n++;
	word = str_sub(*in, 0, n);
	*in = str_sub(*in, n, in->n);
	return word;
}

void dns_hosts_search(struct dns *d)
{
	struct str file = file_read(d, "/etc/hosts"), name = dns_name(d);

	if (str_ends(name, STR(".")))
		name = str_sub(name, 0, name.n - 1);
	while (file.n) {
		struct str line = line_next(&file, "#"), word;
		struct net_addr a = { 0 };

		if (addr_parse(word_next(&line), &a))
			continue;
		while ((word = word_next(&line)).n) {
			if (!str_eq_nocase(word, name))
				continue;
			dns_found(d, &a);
			break;
		}
	}
}

/* "ndots:5": its number within the limits, else *ret as it was. */
static void option_read(struct str word, const char *name, uint32_t max,
    uint32_t *ret)
{
	struct str key;
	uint64_t v;

	word = str_cut(word, ':', &key);
	if (str_is(key, name) && !str_u64(word, &v))
		*ret = v > max ? max : (uint32_t)v;
}

static void server_add(struct dns *d, struct str word)
{
	struct net_addr a = { .port = DNS_PORT };

	if (d->servers < DNS_SERVERS_MAX && !addr_parse(word, &a))
		d->server[d->servers++] = a;
}

void dns_resolv_read(struct dns *d)
{
	struct str file = file_read(d, "/etc/resolv.conf"), word;
	uint32_t try_s = TRY_DEFAULT_S;

	d->servers = d->searches = 0;
	d->ndots = NDOTS_DEFAULT;
	d->attempts = ATTEMPTS_DEFAULT;
	while (file.n) {
		struct str line = line_next(&file, "#;");
		struct str key = word_next(&line);

		if (str_is(key, "nameserver"))
			server_add(d, word_next(&line));
		/* The last one counts. */
		if (str_is(key, "search") || str_is(key, "domain"))
			for (d->searches = 0; d->searches < SEARCHES_MAX &&
			    word_next(&line).n; )
				d->searches++;
		while (str_is(key, "options") && (word = word_next(&line)).n) {
			option_read(word, "ndots", NDOTS_MAX, &d->ndots);
			option_read(word, "timeout", TRY_MAX_S, &try_s);
			option_read(word, "attempts", ATTEMPTS_MAX,
			    &d->attempts);
		}
	}
	if (!d->servers)
		server_add(d, STR("127.0.0.1"));
	if (!d->attempts)
		d->attempts = 1;
	d->try_ns = (try_s ? try_s : 1) * NS_PER_S;
}

struct str dns_search_domain(struct dns *d, uint32_t i)
{
	struct str file = file_read(d, "/etc/resolv.conf"), domain, word;

	domain = STR_NONE;
	while (file.n) {
		struct str line = line_next(&file, "#;");
		struct str key = word_next(&line);
		uint32_t at = 0;

		if (!str_is(key, "search") && !str_is(key, "domain"))
			continue;
		domain = STR_NONE;
		while ((word = word_next(&line)).n)
			if (at++ == i)
				domain = word;
	}
	return domain;
}
