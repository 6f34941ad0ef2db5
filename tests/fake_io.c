#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_io.h"

/* Turns without time passing after which a program is said to spin. */
enum { STILL_MAX = 100000 };

static void die(const char *what)
{
	fprintf(stderr, "fake_io: %s\n", what);
	abort();
}

static void *grow(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		die("out of memory");
	return p;
}

/* ---- clocks and the like ------------------------------------------------- */

static int64_t fake_mono(void *ctx)
{
	struct fake_io *f = ctx;

	return f->now_ns;
}

static int64_t fake_wall(void *ctx)
{
	struct fake_io *f = ctx;

	return f->now_ns + f->wall_offset_ns;
}

static int64_t fake_cpu(void *ctx)
{
	struct fake_io *f = ctx;

	return f->cpu_ns;
}

static int fake_random(void *ctx, void *p, size_t n)
{
	struct fake_io *f = ctx;
	unsigned char *c = p;

	while (n--) {
		f->rng ^= f->rng << 13;
		f->rng ^= f->rng >> 7;
		f->rng ^= f->rng << 17;
		*c++ = (unsigned char)(f->rng >> 24);
	}
	return 0;
}

static unsigned fake_signals(void *ctx)
{
	struct fake_io *f = ctx;
	unsigned signals = f->signals;

	f->signals = 0;
	return signals;
}

static void *fake_map(void *ctx, size_t n)
{
	void *p = NULL;

	(void)ctx;
	n = n ? n : 1;
	if (posix_memalign(&p, 4096, n))
		return NULL;
	memset(p, 0, n);
	return p;
}

static void fake_unmap(void *ctx, void *p, size_t n)
{
	(void)ctx;
	(void)n;
	free(p);
}

/* What is trimmed may be poisoned, as the kernel does not know. */
__attribute__((no_sanitize("address")))
static void fake_trim(void *ctx, void *p, size_t n)
{
	volatile uint64_t *word = p;

	(void)ctx;
	if ((uintptr_t)p % sizeof(*word))
		die("fake_trim: not aligned");
	for (; n >= sizeof(*word); n -= sizeof(*word))
		*word++ = 0;
}

static int fake_rss(void *ctx, size_t *ret_file, size_t *ret_anon)
{
	(void)ctx;
	*ret_file = 600 * 1024;
	*ret_anon = 400 * 1024;
	return 0;
}

static void fake_exit(void *ctx, int status)
{
	(void)ctx;
	(void)status;
	die("the program calls exit");
}

static int fake_run(void *ctx, const char *const *argv,
		    const char *const *env, void *p, size_t cap,
		    int64_t timeout_ms, int *ret_status)
{
	(void)ctx, (void)argv, (void)env, (void)p, (void)cap;
	(void)timeout_ms, (void)ret_status;
	return ERR_UNSUPPORTED;
}

/* ---- files, environment, standard streams -------------------------------- */

static int file_find(const struct fake_io *f, const char *name)
{
	int i;

	for (i = 0; i < f->files; i++)
		if (!strcmp(f->file[i].name, name))
			return i;
	return -1;
}

void fake_file(struct fake_io *f, const char *name, struct str data)
{
	int i = file_find(f, name);

	if (i < 0) {
		if (f->files == FAKE_FILES)
			die("too many files");
		i = f->files++;
		f->file[i].name = strdup(name);
	}
	f->file[i].data = grow(f->file[i].data, data.n);
	if (data.n)
		memcpy(f->file[i].data, data.p, data.n);
	f->file[i].n = data.n;
}

static int fake_read_file(void *ctx, const char *path, void *p, size_t cap)
{
	struct fake_io *f = ctx;
	int i = file_find(f, path);

	if (i < 0)
		return ERR_NOENT;
	if (f->file[i].n > cap)
		return ERR_LIMIT;
	memcpy(p, f->file[i].data, f->file[i].n);
	return (int)f->file[i].n;
}

static int fake_write_file(void *ctx, const char *path, const void *p,
			   size_t n, unsigned mode)
{
	(void)mode;
	fake_file(ctx, path, (struct str){ p, n });
	return 0;
}

void fake_env(struct fake_io *f, const char *name, const char *value)
{
	int i;

	for (i = 0; i < f->envs && strcmp(f->env[i].name, name); i++)
		;
	if (i == FAKE_FILES)
		die("too many variables");
	if (i == f->envs) {
		f->envs++;
		f->env[i].name = strdup(name);
	}
	free(f->env[i].value);
	f->env[i].value = value ? strdup(value) : NULL;
}

static const char *fake_getenv(void *ctx, const char *name)
{
	struct fake_io *f = ctx;
	int i;

	for (i = 0; i < f->envs; i++)
		if (!strcmp(f->env[i].name, name))
			return f->env[i].value;
	return NULL;
}

static int fake_std_read(void *ctx, void *p, size_t cap)
{
	(void)ctx, (void)p, (void)cap;
	return 0;
}

static int fake_std_write(void *ctx, int stream, const void *p, size_t n)
{
	struct fake_io *f = ctx;

	if (stream < 1 || stream > 2)
		die("write to a stream other than 1 and 2");
	f->std[stream] = grow(f->std[stream], f->std_n[stream] + n);
	memcpy(f->std[stream] + f->std_n[stream], p, n);
	f->std_n[stream] += n;
	return 0;
}

struct str fake_std(const struct fake_io *f, int stream)
{
	return (struct str){ f->std[stream], f->std_n[stream] };
}

/* ---- descriptors and peers ----------------------------------------------- */

/* Round robin, so that the use of one that is closed is seen. */
static int fd_take(struct fake_io *f)
{
	int i, fd;

	for (i = 1; i <= FAKE_FDS; i++) {
		fd = (f->fd_last + i) % FAKE_FDS;
		if (!f->fd[fd].used)
			break;
	}
	if (i > FAKE_FDS)
		return ERR_FULL;
	f->fd_last = fd;
	f->fd[fd] = (struct fake_fd){ .used = true, .peer = -1 };
	return fd;
}

static struct fake_fd *fd_get(struct fake_io *f, int fd)
{
	if (fd < 0 || fd >= FAKE_FDS || !f->fd[fd].used)
		die("use of a descriptor that is not open");
	return &f->fd[fd];
}

static struct fake_peer *peer_get(const struct fake_io *f, int peer)
{
	if (peer < 0 || peer >= f->peers)
		die("no such peer");
	return (struct fake_peer *)(uintptr_t)&f->peer[peer];
}

static struct fake_peer *peer_of(struct fake_io *f, int fd)
{
	struct fake_fd *d = fd_get(f, fd);

	if (d->listening)
		die("a listener is no connection");
	return peer_get(f, d->peer);
}

static int peer_new(struct fake_io *f, enum fake_how how)
{
	struct fake_peer *p;
	int i = 0;

	while (i < f->peers && !f->peer[i].free)
		i++;
	if (i == FAKE_PEERS)
		die("too many peers");
	if (i == f->peers)
		f->peers++;
	p = &f->peer[i];
	*p = (struct fake_peer){ .fd = -1, .how = how,
		.window = f->window };
	p->tail = &p->head;
	return i;
}

int fake_open_fds(const struct fake_io *f)
{
	int i, n = 0;

	for (i = 0; i < FAKE_FDS; i++)
		n += f->fd[i].used;
	return n;
}

static bool same_addr(const struct net_addr *a, const struct net_addr *b)
{
	size_t n = a->family == 4 ? 4 : 16;

	return a->family == b->family && a->port == b->port &&
		!memcmp(a->ip, b->ip, n);
}

static int served_find(const struct fake_io *f, const struct net_addr *a)
{
	int i;

	for (i = 0; i < f->served_n; i++)
		if (same_addr(&f->served[i].addr, a))
			return i;
	return -1;
}

void fake_serve(struct fake_io *f, const char *ip, uint16_t port,
		enum fake_how how)
{
	struct net_addr a = { 0 };
	int i;

	if (addr_parse(str_from(ip), &a))
		die("fake_serve: not an address");
	a.port = port;
	i = served_find(f, &a);
	if (i < 0) {
		if (f->served_n == FAKE_SERVED)
			die("too many served addresses");
		i = f->served_n++;
		f->served[i].addr = a;
	}
	f->served[i].how = how;
}

int fake_accept(struct fake_io *f)
{
	while (f->accepted < f->peers) {
		int i = f->accepted++;

		if (!f->peer[i].accepted && f->peer[i].how == FAKE_ACCEPT)
			return i;
	}
	return -1;
}

int fake_connect(struct fake_io *f, uint16_t port)
{
	int i, peer;

	for (i = 0; i < FAKE_FDS; i++)
		if (f->fd[i].used && f->fd[i].listening &&
		    f->fd[i].addr.port == port)
			break;
	if (i == FAKE_FDS)
		die("the program does not listen there");
	peer = peer_new(f, FAKE_ACCEPT);
	f->peer[peer].addr = f->fd[i].addr;
	f->peer[peer].accepted = true;
	f->peer[peer].open_ns = f->now_ns;
	return peer;
}

/* ---- what peers do ------------------------------------------------------- */

static void piece_drop(struct fake_peer *p)
{
	struct fake_piece *x = p->head;

	p->head = x->next;
	if (!p->head)
		p->tail = &p->head;
	free(x);
}

static void piece_add(struct fake_io *f, int peer, int64_t delay_ns,
		      enum fake_event what, struct str s)
{
	struct fake_peer *p = peer_get(f, peer);
	struct fake_piece *x = grow(NULL, sizeof(*x) + s.n);

	*x = (struct fake_piece){ .at_ns = f->now_ns + delay_ns,
		.what = what, .n = s.n };
	if (s.n)
		memcpy(x->data, s.p, s.n);
	*p->tail = x;
	p->tail = &x->next;
}

void fake_send(struct fake_io *f, int peer, int64_t delay_ns, struct str s)
{
	if (s.n)
		piece_add(f, peer, delay_ns, FAKE_DATA, s);
}

void fake_end(struct fake_io *f, int peer, int64_t delay_ns)
{
	piece_add(f, peer, delay_ns, FAKE_END, STR_NONE);
}

void fake_reset(struct fake_io *f, int peer, int64_t delay_ns)
{
	piece_add(f, peer, delay_ns, FAKE_RESET, STR_NONE);
}

void fake_window(struct fake_io *f, int peer, size_t n)
{
	peer_get(f, peer)->window = n;
}

struct str fake_got(const struct fake_io *f, int peer)
{
	const struct fake_peer *p = peer_get(f, peer);

	return (struct str){ p->out, p->out_n };
}

void fake_take(struct fake_io *f, int peer, size_t n)
{
	struct fake_peer *p = peer_get(f, peer);

	if (n > p->out_n)
		die("fake_take: so much was not written");
	p->out_n -= n;
	if (n)
		memmove(p->out, p->out + n, p->out_n);
}

bool fake_gone(const struct fake_io *f, int peer)
{
	return peer_get(f, peer)->gone;
}

void fake_release(struct fake_io *f, int peer)
{
	struct fake_peer *p = peer_get(f, peer);

	if (!p->gone || p->free)
		die("a peer is released that is not gone");
	while (p->head)
		piece_drop(p);
	free(p->out);
	p->out = NULL;
	p->free = p->noticed = true;
}

/* ---- sockets ------------------------------------------------------------- */

static int socket_open(struct fake_io *f, const struct net_addr *to, bool udp)
{
	int at = served_find(f, to), fd = fd_take(f), peer;

	if (fd < 0)
		return fd;
	peer = peer_new(f, at < 0 ? FAKE_REFUSE : f->served[at].how);
	f->peer[peer].addr = *to;
	f->peer[peer].fd = fd;
	f->peer[peer].udp = udp;
	f->peer[peer].open_ns = f->now_ns + (udp ? 0 : f->connect_ns);
	f->fd[fd].peer = peer;
	return fd;
}

static int fake_tcp_connect(void *ctx, const struct net_addr *to)
{
	return socket_open(ctx, to, false);
}

static void fake_tcp_unacked(void *ctx, int64_t limit_ns)
{
	struct fake_io *f = ctx;

	f->unacked_ns = limit_ns;
}

static int fake_udp_open(void *ctx, const struct net_addr *to)
{
	return socket_open(ctx, to, true);
}

static int fake_tcp_connected(void *ctx, int fd)
{
	struct fake_io *f = ctx;
	const struct fake_peer *p = peer_of(f, fd);

	if (p->how == FAKE_SILENT || f->now_ns < p->open_ns)
		return ERR_AGAIN;
	return p->how == FAKE_REFUSE ? ERR_REFUSED : 0;
}

static int fake_tcp_listen(void *ctx, const struct net_addr *at)
{
	struct fake_io *f = ctx;
	int i, fd;

	for (i = 0; i < FAKE_FDS; i++)
		if (f->fd[i].used && f->fd[i].listening &&
		    same_addr(&f->fd[i].addr, at))
			return ERR_EXIST;
	fd = fd_take(f);
	if (fd >= 0) {
		f->fd[fd].listening = true;
		f->fd[fd].addr = *at;
	}
	return fd;
}

/* The first connection to this listener that waits. */
static int backlog_find(const struct fake_io *f, const struct fake_fd *d)
{
	int i;

	for (i = 0; i < f->peers; i++)
		if (f->peer[i].accepted && f->peer[i].fd < 0 &&
		    !f->peer[i].gone && same_addr(&f->peer[i].addr, &d->addr))
			return i;
	return -1;
}

static int fake_tcp_accept(void *ctx, int fd, struct net_addr *ret_from)
{
	struct fake_io *f = ctx;
	struct fake_fd *d = fd_get(f, fd);
	int peer = backlog_find(f, d), got;

	if (!d->listening)
		die("accept on what does not listen");
	if (peer < 0)
		return ERR_AGAIN;
	if (f->accept_errs) {
		f->accept_errs--;
		return f->accept_err;
	}
	got = fd_take(f);
	if (got < 0)
		return got;
	f->fd[got].peer = peer;
	f->peer[peer].fd = got;
	*ret_from = d->addr;
	return got;
}

static size_t cut(struct fake_io *f, size_t n)
{
	size_t k = n && f->cut ? f->cut(f->cut_ctx, n) : n;

	if (k > n)
		die("cut gives more than there is");
	return k;
}

/* What is there for the program by now, or NULL. */
static struct fake_piece *piece_due(const struct fake_io *f,
				    const struct fake_peer *p)
{
	return p->head && p->head->at_ns <= f->now_ns ? p->head : NULL;
}

static int fake_read(void *ctx, int fd, void *buf, size_t cap)
{
	struct fake_io *f = ctx;
	struct fake_peer *p = peer_of(f, fd);
	struct fake_piece *x = piece_due(f, p);
	size_t n;

	f->reads++;
	if (p->reset || p->how == FAKE_REFUSE)
		return p->how == FAKE_REFUSE ? ERR_REFUSED : ERR_CLOSED;
	if (!x || p->how == FAKE_SILENT || f->now_ns < p->open_ns)
		return ERR_AGAIN;
	if (x->what == FAKE_END)
		return 0;
	if (x->what == FAKE_RESET) {
		p->reset = true;
		return ERR_CLOSED;
	}
	n = x->n - x->taken < cap ? x->n - x->taken : cap;
	if (!p->udp && n) {
		n = cut(f, n);
		if (!n)
			return ERR_AGAIN;
	}
	memcpy(buf, x->data + x->taken, n);
	x->taken += n;
	if (x->taken == x->n || p->udp)
		piece_drop(p);
	return (int)n;
}

static int fake_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct fake_io *f = ctx;
	struct fake_peer *p = peer_of(f, fd);
	struct fake_piece *x = piece_due(f, p);

	f->writes++;
	if (p->reset || (x && x->what == FAKE_RESET))
		return ERR_CLOSED;
	if (p->how == FAKE_REFUSE)
		return ERR_REFUSED;
	if (p->how == FAKE_SILENT && !p->udp)
		return ERR_AGAIN;
	if (f->now_ns < p->open_ns || !p->window)
		return ERR_AGAIN;
	n = n < p->window ? n : p->window;
	if (!p->udp && n) {
		n = cut(f, n);
		if (!n)
			return ERR_AGAIN;
	}
	if (p->out_n + n > p->out_cap) {
		p->out_cap = 2 * (p->out_n + n);
		p->out = grow(p->out, p->out_cap);
	}
	memcpy(p->out + p->out_n, buf, n);
	p->out_n += n;
	p->window -= p->window == SIZE_MAX ? 0 : n;
	p->noticed = false;
	return (int)n;
}

static void fake_close(void *ctx, int fd)
{
	struct fake_io *f = ctx;
	struct fake_fd *d = fd_get(f, fd);

	if (d->watch)
		die("a descriptor is closed while it is watched");
	if (!d->listening) {
		struct fake_peer *p = peer_get(f, d->peer);

		p->gone = true;
		p->noticed = false;
		p->fd = -1;
	}
	d->used = false;
}

/* ---- waiting ------------------------------------------------------------- */

static int fake_watch(void *ctx, int fd, uint8_t bits, uint64_t tag)
{
	struct fake_fd *d = fd_get(ctx, fd);

	d->watch = bits;
	d->tag = tag;
	return 0;
}

static uint8_t peer_ready(const struct fake_io *f, const struct fake_peer *p)
{
	const struct fake_piece *x = piece_due(f, p);
	uint8_t bits = 0;

	if ((p->how == FAKE_SILENT && !p->udp) || f->now_ns < p->open_ns)
		return 0;
	if (p->how == FAKE_REFUSE)
		return p->udp ? IO_READ :
			IO_READ | IO_WRITE | IO_HANGUP;
	if (p->reset || (x && x->what == FAKE_RESET))
		return IO_READ | IO_WRITE | IO_HANGUP;
	if (x)
		bits |= IO_READ;
	if (p->window)
		bits |= IO_WRITE;
	return bits;
}

static int ready_collect(const struct fake_io *f, struct io_event *ret,
			 int cap)
{
	int i, n = 0;

	for (i = 0; i < FAKE_FDS && n < cap; i++) {
		const struct fake_fd *d = &f->fd[i];
		uint8_t bits;

		if (!d->used || !d->watch)
			continue;
		if (d->listening)
			bits = backlog_find(f, d) < 0 ? 0 : IO_READ;
		else
			bits = peer_ready(f, peer_get(f, d->peer));
		/* A hangup is told unasked, as the kernel does. */
		bits &= d->watch | IO_HANGUP;
		if (bits)
			ret[n++] = (struct io_event){ i, bits, d->tag };
	}
	return n;
}

static void sooner(const struct fake_io *f, int64_t at_ns, int64_t *next_ns)
{
	if (at_ns > f->now_ns && at_ns < *next_ns)
		*next_ns = at_ns;
}

bool fake_ready(const struct fake_io *f)
{
	struct io_event one;

	return f->signals || ready_collect(f, &one, 1) > 0;
}

int64_t fake_next_ns(const struct fake_io *f)
{
	int64_t next_ns = TIME_NEVER;
	int i;

	for (i = 0; i < f->peers; i++) {
		const struct fake_peer *p = &f->peer[i];

		if (p->gone)
			continue;
		sooner(f, p->open_ns, &next_ns);
		if (p->head)
			sooner(f, p->head->at_ns, &next_ns);
	}
	return next_ns;
}

void fake_react(struct fake_io *f)
{
	int i;

	for (i = 0; f->react && i < f->peers; i++) {
		if (f->peer[i].noticed || f->peer[i].how != FAKE_ACCEPT)
			continue;
		f->peer[i].noticed = true;
		f->react(f->react_ctx, f, i);
	}
}

static int fake_wait(void *ctx, struct io_event *ret, int cap,
		     int64_t deadline_ns)
{
	struct fake_io *f = ctx;
	int n;

	f->waits++;
	if (++f->still > STILL_MAX)
		die("the program turns and turns, but no time passes");
	fake_react(f);
	while (!(n = ready_collect(f, ret, cap)) && f->now_ns < deadline_ns) {
		int64_t next_ns = fake_next_ns(f);

		if (next_ns > deadline_ns)
			next_ns = deadline_ns;
		if (next_ns == TIME_NEVER)
			die("a wait that would never end");
		f->now_ns = next_ns;
		f->still = 0;
	}
	return n;
}

/* ---- all of it ----------------------------------------------------------- */

void fake_io_init(struct fake_io *f)
{
	memset(f, 0, sizeof(*f));
	f->io = (struct io){ f, fake_mono, fake_wall, fake_cpu, fake_random,
		fake_read_file, fake_write_file, fake_getenv, fake_std_read,
		fake_std_write, fake_tcp_connect, fake_tcp_connected,
		fake_tcp_unacked, fake_tcp_listen, fake_tcp_accept,
		fake_udp_open, fake_read, fake_write, fake_close, fake_watch,
		fake_wait, fake_signals, fake_run, fake_map, fake_unmap,
		fake_trim, fake_rss, fake_exit };
	f->now_ns = 1000 * NS_PER_S;
	/* The wall clock then shows 2026-11-21T07:06:59Z. */
	f->wall_offset_ns = INT64_C(1795244819) * NS_PER_S - f->now_ns;
	f->cpu_ns = 1234567890;
	f->rng = UINT64_C(0x9e3779b97f4a7c15);
	f->fd_last = 2;
	f->connect_ns = 1000 * 1000;
	f->window = SIZE_MAX;
}

void fake_io_free(struct fake_io *f)
{
	int i;

	for (i = 0; i < f->peers; i++) {
		while (f->peer[i].head)
			piece_drop(&f->peer[i]);
		free(f->peer[i].out);
	}
	for (i = 0; i < f->files; i++) {
		free(f->file[i].name);
		free(f->file[i].data);
	}
	for (i = 0; i < f->envs; i++) {
		free(f->env[i].name);
		free(f->env[i].value);
	}
	free(f->std[1]);
	free(f->std[2]);
}
