#include <string.h>

#include "net.h"

/* A try of one address is not cut short below this. */
#define ADDR_TRY_MIN_NS (250 * NS_PER_MS)

static void conn_on_fd(void *ctx, uint8_t io_bits);

static bool is_tls(const struct conn *c)
{
	return c->target.trust != NULL;
}

/* ---- the gate ------------------------------------------------------------ */

static void gate_turn(struct conn_gate *g)
{
	if (g->busy || !g->head)
		return;
	g->busy = g->head;
	g->head = g->head->gate_next;
	if (!g->head)
		g->tail = NULL;
	work_post(g->busy->loop, &g->busy->work);
}

static void gate_enter(struct conn *c)
{
	struct conn_gate *g = c->gate;

	c->gate_next = NULL;
	*(g->tail ? g->tail : &g->head) = c;
	g->tail = &c->gate_next;
	gate_turn(g);
}

/* Also when it stands in the queue, or nowhere. */
static void gate_leave(struct conn *c)
{
	struct conn_gate *g = c->gate;
	struct conn **at;

	if (!g)
		return;
	if (g->busy == c) {
		g->busy = NULL;
		gate_turn(g);
		return;
	}
	for (at = &g->head; *at; at = &(*at)->gate_next) {
		if (*at != c)
			continue;
		*at = c->gate_next;
		if (g->tail == &c->gate_next)
			g->tail = g->head ? at : NULL;
		return;
	}
}

/* ---- ends ---------------------------------------------------------------- */

static void socket_close(struct conn *c)
{
	const struct io *io = c->loop->io;

	if (c->fd < 0)
		return;
	loop_watch(c->loop, c->fd, 0, NULL, NULL);
	io->close(io->ctx, c->fd);
	c->fd = -1;
	c->io_bits = 0;
}

static void reset(struct conn *c)
{
	socket_close(c);
	dns_cancel(&c->dns);
	timer_stop(c->loop, &c->timer);
	work_cancel(c->loop, &c->work);
	gate_leave(c);
	c->state = CONN_CLOSED;
	c->opened++;
}

/* While opening; the last thing that a function does. */
static void fail(struct conn *c, int err)
{
	struct diag d;

	if (c->state == CONN_HANDSHAKE)
		count_add(c->counts, COUNT_TLS_FAILURES, 1);
	diag_set(&c->diag, c->target.host, "%s", err_text(err));
	d = c->diag;
	reset(c);
	c->events->on_close(c->ctx, err, &d);
}

static bool watch(struct conn *c, uint8_t bits)
{
	if (bits == c->io_bits)
		return true;
	if (loop_watch(c->loop, c->fd, bits, conn_on_fd, c) < 0)
		return false;
	c->io_bits = bits;
	return true;
}

static bool interest(struct conn *c)
{
	bool write = c->want_write || c->wire_full;

	return watch(c, (uint8_t)((c->want_read ? IO_READ : 0) |
	    (write ? IO_WRITE : 0)));
}

/* ---- bytes --------------------------------------------------------------- */

/* Sends what the engine has: 0, ERR_AGAIN, or an error. */
static int wire_flush(struct conn *c)
{
	const struct io *io = c->loop->io;
	struct str out;

	while ((out = tls_wire_out(c->tls)).n) {
		int n = io->write(io->ctx, c->fd, out.p, out.n);

		if (!n)
			n = ERR_AGAIN;
		c->wire_full = n == ERR_AGAIN;
		if (n < 0)
			return n;
		tls_wire_sent(c->tls, (size_t)n);
	}
	c->wire_full = false;
	return 0;
}

/* One read into the engine: 0, ERR_AGAIN, ERR_CLOSED, or an error. */
static int wire_fill(struct conn *c)
{
	const struct io *io = c->loop->io;
	size_t room;
	void *at = tls_wire_room(c->tls, &room);
	int n;

	/* It must say something first; or it has failed. */
	if (!at) {
		n = tls_wire_got(c->tls, 0);
		return n ? n : ERR_AGAIN;
	}
	n = io->read(io->ctx, c->fd, at, room);
	if (n > 0)
		return tls_wire_got(c->tls, (size_t)n);
	return n && n != ERR_CLOSED ? n : ERR_IO;
}

/* The engine may have something to say to each step, and to its end. */
static int wire_step(struct conn *c)
{
	int err = wire_fill(c), sent = wire_flush(c);

	if (err == ERR_AGAIN && sent && sent != ERR_AGAIN)
		return sent;
	return err;
}

static int read_tls(struct conn *c, void *p, size_t cap)
{
	int n = ERR_AGAIN, err = 0;

	for (int i = 0; i < CONN_READS_MAX && !err; i++) {
		n = tls_read(c->tls, p, cap);
		if (n != ERR_AGAIN)
			break;
		err = wire_step(c);
	}
	if (err && err != ERR_AGAIN)
		return err;
	/* The socket may stay silent about what is left in the engine. */
	if (tls_in_ready(c->tls) || (!err && n == ERR_AGAIN))
		work_post(c->loop, &c->work);
	return n;
}

static int read_plain(struct conn *c, void *p, size_t cap)
{
	const struct io *io = c->loop->io;
	int n = io->read(io->ctx, c->fd, p, cap);

	/* A reset is not the orderly end that may stand for a body's. */
	if (n == ERR_CLOSED)
		return ERR_IO;
	return n ? n : ERR_CLOSED;
}

/* Why an open connection has come to its end. */
static void end_explain(struct conn *c, int err)
{
	struct diag d;

	diag_clear(&c->diag);
	diag_clear(&d);
	if (is_tls(c) && tls_error(c->tls, &d))
		diag_set(&c->diag, c->target.host, "%s", d.text);
	else if (is_tls(c) && err == ERR_IO)
		diag_set(&c->diag, c->target.host, "connection cut: it ended "
		    "without close_notify");
	else if (err == ERR_IO)
		diag_set(&c->diag, c->target.host, "connection reset");
	else
		diag_set(&c->diag, c->target.host, "%s", err_text(err));
}

int conn_read(struct conn *c, void *p, size_t cap)
{
	int n;

	CHECK(cap > 0);
	if (c->state != CONN_OPEN)
		return ERR_CLOSED;
	c->reading = true;
	if (c->end)
		return c->end;
	c->want_read = true;
	n = is_tls(c) ? read_tls(c, p, cap) : read_plain(c, p, cap);
	if (n == ERR_AGAIN)
		return interest(c) ? n : ERR_FULL;
	if (n > 0) {
		count_add(c->counts, COUNT_BYTES_IN, (uint64_t)n);
	} else {
		c->end = n;
		c->want_read = false;
		end_explain(c, n);
	}
	interest(c);
	return n;
}

static int write_tls(struct conn *c, const char *p, size_t n)
{
	size_t taken = 0;
	int done = 0, err = 0;

	while (taken < n && !err) {
		done = tls_write(c->tls, p + taken, n - taken);
		if (done > 0)
			taken += (size_t)done;
		else if (done == ERR_AGAIN && tls_wire_out(c->tls).n)
			err = wire_flush(c);
		else
			err = done;
	}
	return taken ? (int)taken : err;
}

static int write_plain(struct conn *c, const char *p, size_t n)
{
	const struct io *io = c->loop->io;
	int done = io->write(io->ctx, c->fd, p, n);

	return done ? done : ERR_AGAIN;
}

int conn_write(struct conn *c, const void *p, size_t n)
{
	int done;

	CHECK(n > 0);
	if (c->state != CONN_OPEN)
		return ERR_CLOSED;
	done = is_tls(c) ? write_tls(c, p, n) : write_plain(c, p, n);
	/* Kept until on_io has told, whatever a flush gets rid of before. */
	if (done == ERR_AGAIN || (done > 0 && (size_t)done < n))
		c->want_write = true;
	if (done > 0)
		count_add(c->counts, COUNT_BYTES_OUT, (uint64_t)done);
	return interest(c) || done > 0 ? done : ERR_FULL;
}

int conn_flush(struct conn *c)
{
	int err;

	if (c->state != CONN_OPEN)
		return ERR_CLOSED;
	if (!is_tls(c))
		return 0;
	tls_flush(c->tls);
	err = wire_flush(c);
	if (err == ERR_AGAIN)
		c->want_write = true;
	return interest(c) || err != ERR_AGAIN ? err : ERR_FULL;
}

/* ---- opening ------------------------------------------------------------- */

static void opened(struct conn *c)
{
	gate_leave(c);
	timer_stop(c->loop, &c->timer);
	work_cancel(c->loop, &c->work);
	c->state = CONN_OPEN;
	c->end = 0;
	c->want_read = true;
	c->want_write = false;
	if (!interest(c)) {
		fail(c, ERR_FULL);
		return;
	}
	if (is_tls(c)) {
		count_add(c->counts, COUNT_TLS_HANDSHAKES, 1);
		if (tls_in_ready(c->tls))
			work_post(c->loop, &c->work);
	}
	c->events->on_open(c->ctx);
}

static void fail_handshake(struct conn *c, int err)
{
	struct diag d;

	diag_clear(&d);
	tls_error(c->tls, &d);
	if (diag_is_set(&d))
		diag_set(&c->diag, c->target.host, "%s", d.text);
	else
		diag_set(&c->diag, c->target.host, "TLS handshake: %s",
		    err == ERR_IO ? err_text(ERR_CLOSED) : err_text(err));
	fail(c, err == ERR_IO ? ERR_CLOSED : err);
}

static bool in_steps(const struct conn *c)
{
	return c->gate && c->gate->steps;
}

/* For the peer, who may never go on. */
static void handshake_wait(struct conn *c)
{
	if (in_steps(c))
		gate_leave(c);
	if (!interest(c))
		fail(c, ERR_FULL);
}

static void handshake_step(struct conn *c)
{
	int i, err = 0;

	/* Of records without content there may be any number: what is still
	 * in the socket has its turn with the others. */
	for (i = 0; i < CONN_READS_MAX && !err && !tls_is_open(c->tls); i++)
		err = wire_step(c);
	if (err && err != ERR_AGAIN)
		fail_handshake(c, err);
	else if (tls_is_open(c->tls))
		opened(c);
	else
		handshake_wait(c);
}

/* What has come waits for its turn, too. */
static void handshake_on_fd(struct conn *c)
{
	if (!in_steps(c)) {
		handshake_step(c);
		return;
	}
	watch(c, 0);
	gate_enter(c);
}

static void handshake_begin(struct conn *c)
{
	const struct io *io = c->loop->io;
	int64_t hold_ns = c->loop->now_ns + CONN_GATE_MS * NS_PER_MS;
	struct tls_start how = {
		.trust = c->target.trust,
		.name = c->target.tls_name.n ? c->target.tls_name :
		    c->target.host,
		.wall_ns = io->wall_ns(io->ctx),
	};
	int err = io->random(io->ctx, how.seed, sizeof(how.seed));

	c->state = CONN_HANDSHAKE;
	c->want_read = true;
	c->want_write = c->wire_full = false;
	timer_set(c->loop, &c->timer, in_steps(c) ||
	    hold_ns > c->deadline_ns ? c->deadline_ns : hold_ns);
	if (err < 0) {
		fail(c, err);
		return;
	}
	err = c->accepted ? tls_accept(c->tls, &how) :
	    tls_begin(c->tls, &how);
	if (err)
		fail_handshake(c, err);
	else
		handshake_step(c);
}

static void connected(struct conn *c)
{
	if (!is_tls(c)) {
		opened(c);
		return;
	}
	c->state = CONN_QUEUED;
	timer_set(c->loop, &c->timer, c->deadline_ns);
	watch(c, 0);
	if (c->gate)
		gate_enter(c);
	else
		work_post(c->loop, &c->work);
}

static int connect_start(struct conn *c)
{
	const struct io *io = c->loop->io;
	int fd = io->tcp_connect(io->ctx, &c->dns.found[c->addr_at]);

	if (fd < 0)
		return fd;
	c->fd = fd;
	return watch(c, IO_WRITE) ? 0 : ERR_FULL;
}

/* The try of this address has failed. */
static void connect_note(struct conn *c, int err)
{
	char text[80];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	addr_format(&b, &c->dns.found[c->addr_at]);
	diag_clear(&c->diag);
	diag_set(&c->diag, c->target.host, "connect to %S port %u: %s",
	    buf_view(&b), (unsigned)c->target.port, err_text(err));
	socket_close(c);
	c->addr_at++;
}

/* An equal share of the time that is left, so that none eats it all. */
static int64_t connect_share(const struct conn *c)
{
	int64_t left_ns = c->deadline_ns - c->loop->now_ns;
	int64_t share_ns = left_ns / (int64_t)(c->addrs - c->addr_at);

	if (share_ns < ADDR_TRY_MIN_NS)
		share_ns = ADDR_TRY_MIN_NS;
	return c->loop->now_ns + (share_ns < left_ns ? share_ns : left_ns);
}

/* From addr_at on; err is what the address before gave. */
static void connect_from(struct conn *c, int err)
{
	while (c->addr_at < c->addrs) {
		timer_set(c->loop, &c->timer, connect_share(c));
		err = connect_start(c);
		if (!err)
			return;
		connect_note(c, err);
	}
	fail(c, err);
}

static void connect_failed(struct conn *c, int err)
{
	connect_note(c, err);
	connect_from(c, err);
}

static void connect_check(struct conn *c)
{
	const struct io *io = c->loop->io;
	int err = io->tcp_connected(io->ctx, c->fd);

	if (!err)
		connected(c);
	else if (err != ERR_AGAIN)
		connect_failed(c, err);
}

static void conn_on_resolved(void *ctx, int err, const struct net_addr *addrs,
    uint32_t n)
{
	struct conn *c = ctx;

	(void)addrs;
	if (err) {
		diag_set(&c->diag, c->target.host, "resolving the name: %s",
		    err_text(err));
		fail(c, err);
		return;
	}
	c->addrs = n;
	c->addr_at = 0;
	c->state = CONN_CONNECTING;
	connect_from(c, ERR_UNREACH);
}

/* ---- events -------------------------------------------------------------- */

static void io_tell(struct conn *c, bool readable)
{
	uint32_t before = c->opened;

	c->reading = false;
	c->events->on_io(c->ctx);
	if (c->opened != before)
		return;
	/* It does not want to read now: level-triggered, that would spin. */
	if (readable && !c->reading)
		c->want_read = false;
	interest(c);
}

static void open_on_fd(struct conn *c, uint8_t io_bits)
{
	bool readable = io_bits & IO_READ;
	bool blocked = io_bits & IO_WRITE && is_tls(c) &&
	    wire_flush(c) == ERR_AGAIN;

	if (io_bits & IO_WRITE && !blocked)
		c->want_write = false;
	if (readable || !blocked)
		io_tell(c, readable);
}

static void conn_on_fd(void *ctx, uint8_t io_bits)
{
	struct conn *c = ctx;

	if (c->state == CONN_CONNECTING)
		connect_check(c);
	else if (c->state == CONN_HANDSHAKE)
		handshake_on_fd(c);
	else if (c->state == CONN_OPEN)
		open_on_fd(c, io_bits);
}

static void conn_on_work(void *ctx)
{
	struct conn *c = ctx;

	if (c->state == CONN_QUEUED)
		handshake_begin(c);
	else if (c->state == CONN_HANDSHAKE)
		handshake_step(c);
	else if (c->state == CONN_OPEN)
		io_tell(c, false);
}

static void conn_on_timer(void *ctx)
{
	struct conn *c = ctx;
	bool late = c->loop->now_ns >= c->deadline_ns;

	if (c->state == CONN_CONNECTING && !late) {
		connect_failed(c, ERR_TIMEOUT);
	} else if (c->state == CONN_CONNECTING) {
		connect_note(c, ERR_TIMEOUT);
		fail(c, ERR_TIMEOUT);
	} else if (c->state == CONN_HANDSHAKE && !late) {
		gate_leave(c);
		timer_set(c->loop, &c->timer, c->deadline_ns);
	} else {
		diag_set(&c->diag, c->target.host, "TLS handshake: %s",
		    err_text(ERR_TIMEOUT));
		fail(c, ERR_TIMEOUT);
	}
}

/* ---- calls --------------------------------------------------------------- */

void conn_init(struct conn *c, struct loop *l, struct conn_gate *gate,
    void *tls_mem, const struct conn_events *events, void *ctx)
{
	memset(c, 0, offsetof(struct conn, dns));
	c->loop = l;
	c->gate = gate;
	c->tls = tls_mem;
	c->events = events;
	c->ctx = ctx;
	c->fd = -1;
	timer_init(&c->timer, conn_on_timer, c);
	work_init(&c->work, conn_on_work, c);
	dns_init(&c->dns, l);
}

void conn_open(struct conn *c, const struct conn_target *to,
    int64_t deadline_ns)
{
	CHECK(c->state == CONN_CLOSED && (!to->trust || c->tls));
	c->target = *to;
	c->accepted = false;
	c->deadline_ns = deadline_ns;
	c->wire_full = false;
	diag_clear(&c->diag);
	c->state = CONN_RESOLVING;
	dns_resolve(&c->dns, to->host, to->port, deadline_ns,
	    conn_on_resolved, c);
}

void conn_accept(struct conn *c, int fd, const struct trust *trust,
    int64_t deadline_ns)
{
	CHECK(c->state == CONN_CLOSED && fd >= 0 && (!trust || c->tls));
	c->target = (struct conn_target){ .host = STR("peer"),
		.trust = trust };
	c->accepted = true;
	c->deadline_ns = deadline_ns;
	diag_clear(&c->diag);
	c->fd = fd;
	c->want_write = c->wire_full = false;
	if (trust) {
		connected(c);
		return;
	}
	c->state = CONN_OPEN;
	c->end = 0;
	c->want_read = true;
	if (interest(c))
		return;
	c->end = ERR_FULL;
	work_post(c->loop, &c->work);
}

void conn_close(struct conn *c)
{
	if (c->state == CONN_OPEN && is_tls(c)) {
		tls_close(c->tls);
		wire_flush(c);
	}
	if (c->state != CONN_CLOSED)
		reset(c);
}
