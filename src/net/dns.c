#include <string.h>

#include "dns_int.h"

static void query_start(struct dns *d);
static void dns_on_fd(void *ctx, uint8_t io_bits);

/* ---- the name and what is found -------------------------------------- */

struct str dns_name(const struct dns *d)
{
	return (struct str){ d->name, d->name_n };
}

void dns_found(struct dns *d, const struct net_addr *a)
{
	if (d->found_n == DNS_ADDRS_MAX)
		return;
	d->found[d->found_n] = *a;
	d->found[d->found_n++].port = d->port;
}

/* RFC 6761 section 6.3: known without asking anybody. */
static void localhost_add(struct dns *d)
{
	struct net_addr v4 = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct net_addr v6 = { .family = 6, .ip = { [15] = 1 } };
	struct str name = dns_name(d);

	if (str_eq_nocase(name, STR("localhost")) ||
	    str_eq_nocase(name, STR("localhost."))) {
		dns_found(d, &v4);
		dns_found(d, &v6);
	}
}

/* ---- names to ask for --------------------------------------------------- */

static struct str asked_name(const struct dns *d)
{
	return (struct str){ d->asked, d->asked_n };
}

/* asked = name, or name.domain; ERR_BAD when there is no such name. */
static int asked_set(struct dns *d, struct str domain)
{
	uint8_t packet[DNS_PACKET_MAX];
	struct buf b;

	buf_init(&b, d->asked, sizeof(d->asked));
	buf_str(&b, dns_name(d));
	if (domain.n) {
		buf_char(&b, '.');
		buf_str(&b, domain);
	}
	d->asked_n = b.n;
	if (b.over || dns_encode(asked_name(d), 0, DNS_TYPE_A, packet,
	    sizeof(packet)) < 0)
		return ERR_BAD;
	return 0;
}

/*
 * The next name of the search: the name itself first where it has ndots
 * dots, last where it has fewer, alone where it ends in a dot.
 */
static int candidate_next(struct dns *d)
{
	uint32_t dots = 0;
	struct str name = dns_name(d);
	bool absolute = str_ends(name, STR("."));

	for (size_t i = 0; i < name.n; i++)
		dots += name.p[i] == '.';
	if (absolute)
		d->searches = 0;
	for (;;) {
		bool first = absolute || dots >= d->ndots;
		uint32_t i = d->candidate++;

		if (i > d->searches)
			return ERR_DNS;
		if (i == (first ? 0 : d->searches)) {
			if (!asked_set(d, STR_NONE))
				return 0;
			continue;
		}
		name = dns_search_domain(d, first ? i - 1 : i);
		if (name.n && !asked_set(d, name))
			return 0;
	}
}

/* ---- asking ------------------------------------------------------------- */

static void socket_close(struct dns *d)
{
	const struct io *io = d->loop->io;

	if (d->fd < 0)
		return;
	loop_watch(d->loop, d->fd, 0, NULL, NULL);
	io->close(io->ctx, d->fd);
	d->fd = -1;
}

static void stop(struct dns *d)
{
	socket_close(d);
	timer_stop(d->loop, &d->timer);
	work_cancel(d->loop, &d->work);
}

static void finish(struct dns *d, int err)
{
	dns_fn *fn = d->fn;

	stop(d);
	d->fn = NULL;
	fn(d->ctx, err, d->found, err ? 0 : d->found_n);
}

/* The next name, the IPv4 addresses first; there may be none left. */
static void name_start(struct dns *d)
{
	int err = candidate_next(d);

	if (err) {
		finish(d, err);
		return;
	}
	d->type = DNS_TYPE_A;
	d->tries = 0;
	query_start(d);
}

/* The other server, or the same once more; at last what A has brought. */
static void query_failed(struct dns *d, int err)
{
	socket_close(d);
	if (d->loop->now_ns >= d->deadline_ns)
		err = ERR_TIMEOUT;
	else if (++d->tries < d->servers * d->attempts && !d->found_n) {
		d->server_at = (d->server_at + 1) % d->servers;
		query_start(d);
		return;
	}
	finish(d, d->found_n ? 0 : err);
}

static int query_encode(struct dns *d, uint8_t *out, size_t cap)
{
	return dns_encode(asked_name(d), d->id, d->type, out, cap);
}

static int query_send(struct dns *d)
{
	const struct io *io = d->loop->io;
	uint8_t out[DNS_PACKET_MAX];
	size_t head = d->tcp ? 2 : 0;
	int n = query_encode(d, out + head, sizeof(out) - head), sent;

	if (n < 0)
		return n;
	if (d->tcp) {
		out[0] = (uint8_t)(n >> 8);
		out[1] = (uint8_t)n;
		n += 2;
	}
	sent = io->write(io->ctx, d->fd, out, (size_t)n);
	return sent == n ? 0 : sent < 0 ? sent : ERR_IO;
}

static void query_open(struct dns *d, bool tcp)
{
	const struct io *io = d->loop->io;
	const struct net_addr *to = &d->server[d->server_at];
	int64_t at_ns = d->loop->now_ns + d->try_ns;
	int err;

	socket_close(d);
	d->tcp = tcp;
	d->packet_n = 0;
	timer_set(d->loop, &d->timer,
	    at_ns < d->deadline_ns ? at_ns : d->deadline_ns);
	err = tcp ? io->tcp_connect(io->ctx, to) : io->udp_open(io->ctx, to);
	if (err >= 0) {
		d->fd = err;
		err = loop_watch(d->loop, d->fd, tcp ? IO_WRITE : IO_READ,
		    dns_on_fd, d);
	}
	if (err >= 0 && !tcp)
		err = query_send(d);
	/* Told by the timer, which ends the nesting of one try in another. */
	if (err < 0) {
		socket_close(d);
		d->err = err;
		timer_set(d->loop, &d->timer, d->loop->now_ns);
	}
}

static void query_start(struct dns *d)
{
	const struct io *io = d->loop->io;

	if (io->random(io->ctx, &d->id, sizeof(d->id)) < 0)
		finish(d, ERR_IO);
	else
		query_open(d, false);
}

/* ---- answers ------------------------------------------------------------- */

static void answer_take(struct dns *d, int n, const struct net_addr *addrs)
{
	for (int i = 0; i < n; i++)
		dns_found(d, &addrs[i]);
	/* A name that does not exist has no addresses of the other kind. */
	if (n != ERR_NOENT && d->type == DNS_TYPE_A &&
	    d->found_n < DNS_ADDRS_MAX) {
		d->type = DNS_TYPE_AAAA;
		d->tries = 0;
		query_start(d);
	} else if (d->found_n) {
		finish(d, 0);
	} else {
		name_start(d);
	}
}

/* What is not an answer to our question is passed over. */
static void packet_take(struct dns *d, struct str packet)
{
	struct net_addr addrs[DNS_ADDRS_MAX];
	int n = dns_decode(packet, asked_name(d), d->id, d->type, addrs,
	    DNS_ADDRS_MAX);

	if (n >= 0 || n == ERR_NOENT)
		answer_take(d, n, addrs);
	else if (n == ERR_MORE && !d->tcp)
		query_open(d, true);
	else if (n == ERR_IO || d->tcp)
		query_failed(d, ERR_DNS);
}

static void udp_read(struct dns *d)
{
	const struct io *io = d->loop->io;
	char *p = d->loop->scratch;
	int n = io->read(io->ctx, d->fd, p, LOOP_SCRATCH_MAX);

	if (n == ERR_AGAIN)
		return;
	if (n < 0)
		query_failed(d, n);
	else
		packet_take(d, (struct str){ p, (size_t)n });
}

/* Two bytes of length, then the packet; we are content with its head. */
static void tcp_read(struct dns *d)
{
	const struct io *io = d->loop->io;
	size_t want = 2;
	int n;

	n = io->read(io->ctx, d->fd, d->packet + d->packet_n,
	    sizeof(d->packet) - d->packet_n);
	if (n == ERR_AGAIN)
		return;
	if (n <= 0) {
		query_failed(d, n ? n : ERR_CLOSED);
		return;
	}
	d->packet_n += (size_t)n;
	if (d->packet_n >= 2)
		want += (size_t)d->packet[0] << 8 | d->packet[1];
	if (want > sizeof(d->packet))
		want = sizeof(d->packet);
	if (d->packet_n >= want && want > 2)
		packet_take(d, (struct str){ (char *)d->packet + 2,
		    want - 2 });
}

static void tcp_connected(struct dns *d)
{
	const struct io *io = d->loop->io;
	int err = io->tcp_connected(io->ctx, d->fd);

	if (err == ERR_AGAIN)
		return;
	if (!err)
		err = query_send(d);
	if (err >= 0)
		err = loop_watch(d->loop, d->fd, IO_READ, dns_on_fd, d);
	if (err < 0)
		query_failed(d, err);
}

static void dns_on_fd(void *ctx, uint8_t io_bits)
{
	struct dns *d = ctx;

	if (!d->tcp)
		udp_read(d);
	else if (io_bits & IO_WRITE)
		tcp_connected(d);
	else
		tcp_read(d);
}

static void dns_on_timer(void *ctx)
{
	struct dns *d = ctx;

	query_failed(d, d->fd < 0 ? d->err : ERR_TIMEOUT);
}

/* ---- calls --------------------------------------------------------------- */

static void dns_on_work(void *ctx)
{
	struct dns *d = ctx;

	if (d->found_n) {
		finish(d, 0);
		return;
	}
	dns_resolv_read(d);
	d->candidate = d->server_at = 0;
	name_start(d);
}

void dns_init(struct dns *d, struct loop *l)
{
	memset(d, 0, offsetof(struct dns, packet));
	d->loop = l;
	d->fd = -1;
	timer_init(&d->timer, dns_on_timer, d);
	work_init(&d->work, dns_on_work, d);
}

void dns_resolve(struct dns *d, struct str host, uint16_t port,
    int64_t deadline_ns, dns_fn *fn, void *ctx)
{
	struct net_addr literal = { 0 };

	CHECK(!d->fn && fn);
	d->fn = fn;
	d->ctx = ctx;
	d->port = port;
	d->deadline_ns = deadline_ns;
	d->found_n = 0;
	/* One that does not fit has no label that does: it will not resolve. */
	d->name_n = host.n < sizeof(d->name) ? host.n : 0;
	if (d->name_n)
		memcpy(d->name, host.p, d->name_n);
	if (!addr_parse(host, &literal))
		dns_found(d, &literal);
	if (!d->found_n)
		dns_hosts_search(d);
	if (!d->found_n)
		localhost_add(d);
	work_post(d->loop, &d->work);
}

void dns_cancel(struct dns *d)
{
	stop(d);
	d->fn = NULL;
}
