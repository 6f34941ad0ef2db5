/*
 * usage: tls_live HOST PORT CA NAME get PATH [CERT KEY]
 *        tls_live HOST PORT CA NAME shake COUNT [CERT KEY]
 *        tls_live HOST PORT CA NAME hold COUNT [CERT KEY]
 *        tls_live HOST PORT CA NAME echo BYTES [CERT KEY]
 *
 * Connections against real servers: one GET and its answer; COUNT handshakes
 * one after the other and what each cost; COUNT connections held at once and
 * what is resident for them; or BYTES sent to a server that sends them back.
 * NAME is what the certificate has to name.  Prints why, when it fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

#define CONNS_MAX 64
#define WAIT_NS (10 * NS_PER_S)

enum mode { GET, SHAKE, HOLD, ECHO };

struct one {
	struct conn conn;
	uint64_t sent, got;
};

static struct {
	const struct io *io;
	struct mem mem;
	struct loop loop;
	struct trust *trust;
	struct conn_gate gate;
	struct conn_target to;
	struct counts counts;
	struct one *one;
	enum mode mode;
	uint64_t count, opened;
	char request[4096];
	char buf[65536];
	int64_t cpu_ns, start_ns;
	bool failed, done;
} w;

static uint8_t pattern(uint64_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

static void fail(const char *what, const struct diag *d)
{
	printf("%s: %s: %s\n", what, d->path, d->text);
	w.failed = true;
	loop_stop(&w.loop);
}

static void say(const char *what)
{
	size_t file = 0, anon = 0;

	w.io->rss(w.io->ctx, &file, &anon);
	printf("%s: file %zu KiB, anonymous %zu KiB\n", what, file / 1024,
	       anon / 1024);
}

static void send_pattern(struct one *o)
{
	while (o->sent < w.count) {
		size_t n = sizeof(w.buf);
		int done;

		if (n > w.count - o->sent)
			n = (size_t)(w.count - o->sent);
		for (size_t i = 0; i < n; i++)
			w.buf[i] = (char)pattern(o->sent + i);
		done = conn_write(&o->conn, w.buf, n);
		if (done <= 0)
			break;
		o->sent += (uint64_t)done;
	}
	conn_flush(&o->conn);
}

static void open_one(struct one *o)
{
	conn_open(&o->conn, &w.to, w.loop.now_ns + WAIT_NS);
}

static void shaken(struct one *o)
{
	if (w.opened < w.count) {
		conn_close(&o->conn);
		open_one(o);
		return;
	}
	printf("%llu handshakes: %.2f ms CPU, %.2f ms each\n",
	       (unsigned long long)w.opened,
	       (double)(w.io->cpu_ns(w.io->ctx) - w.cpu_ns) / 1e6 /
	       (double)w.opened,
	       (double)(w.io->mono_ns(w.io->ctx) - w.start_ns) / 1e6 /
	       (double)w.opened);
	loop_stop(&w.loop);
}

static void on_open(void *ctx)
{
	struct one *o = ctx;

	w.opened++;
	if (w.mode == SHAKE) {
		shaken(o);
	} else if (w.mode == ECHO) {
		send_pattern(o);
	} else {
		conn_write(&o->conn, w.request, strlen(w.request));
		conn_flush(&o->conn);
	}
}

static void take(struct one *o, size_t n)
{
	if (w.mode == GET)
		fwrite(w.buf, 1, n, stdout);
	for (size_t i = 0; w.mode == ECHO && i < n; i++) {
		if ((uint8_t)w.buf[i] == pattern(o->got + i))
			continue;
		printf("byte %llu differs\n",
		       (unsigned long long)(o->got + i));
		exit(1);
	}
	o->got += n;
	if (w.mode == ECHO && o->got == w.count) {
		printf("%llu bytes there and back, %.2f s CPU\n",
		       (unsigned long long)o->got,
		       (double)w.io->cpu_ns(w.io->ctx) / 1e9);
		loop_stop(&w.loop);
	}
}

static void on_io(void *ctx)
{
	struct one *o = ctx;
	static char in[65536];
	int n;

	if (w.mode == ECHO)
		send_pattern(o);
	while ((n = conn_read(&o->conn, in, sizeof(in))) > 0) {
		memcpy(w.buf, in, (size_t)n);
		take(o, (size_t)n);
	}
	if (n == ERR_AGAIN)
		return;
	if (w.mode == GET && n == ERR_CLOSED)
		loop_stop(&w.loop);
	else if (w.mode != HOLD)
		fail("read", &o->conn.diag);
}

static void on_close(void *ctx, int err, const struct diag *d)
{
	(void)ctx;
	fail(err_name(err), d);
}

static const struct conn_events events = { on_open, on_io, on_close };

static struct str file(const char *path)
{
	static char mem[1 << 20];
	static size_t used;
	int n = w.io->read_file(w.io->ctx, path, mem + used,
				sizeof(mem) - used);
	struct str s = { mem + used, n < 0 ? 0 : (size_t)n };

	if (n < 0) {
		printf("%s: %s\n", path, err_text(n));
		exit(111);
	}
	used += s.n;
	return s;
}

static void setup(int argc, char **argv)
{
	struct diag d;
	int64_t wall_ns;

	w.io = io_linux();
	mem_init(&w.mem, w.io);
	wall_ns = w.io->wall_ns(w.io->ctx);
	diag_clear(&d);
	if (loop_init(&w.loop, &w.mem, w.io) || trust_new(&w.mem, &w.trust))
		exit(111);
	if (trust_load_anchors(w.trust, file(argv[3]), wall_ns, &d) ||
	    (argc > 8 && trust_load_client(w.trust, file(argv[7]),
					   file(argv[8]), &d))) {
		printf("%s\n", d.text);
		exit(1);
	}
	w.to = (struct conn_target){ str_from(argv[1]),
		(uint16_t)atoi(argv[2]), w.trust, str_from(argv[4]) };
	snprintf(w.request, sizeof(w.request), "GET %s HTTP/1.1\r\nHost: x\r\n"
		 "Connection: %s\r\n\r\n", w.mode == GET ? argv[6] : "/",
		 w.mode == GET ? "close" : "keep-alive");
	w.one = mem_reserve(&w.mem, "conns", CONNS_MAX, sizeof(*w.one));
	for (int i = 0; i < CONNS_MAX; i++)
		conn_init(&w.one[i].conn, &w.loop, &w.gate,
			  mem_reserve(&w.mem, "tls", 1, tls_size()), &events,
			  &w.one[i]);
}

static void hold(void)
{
	uint64_t n = w.count < CONNS_MAX ? w.count : CONNS_MAX;
	int64_t until_ns;

	say("before");
	for (uint64_t i = 0; i < n; i++) {
		open_one(&w.one[i]);
		while (w.opened <= i && !w.failed)
			loop_turn(&w.loop, w.loop.now_ns + NS_PER_S);
		until_ns = w.loop.now_ns + 300 * NS_PER_MS;
		while (w.loop.now_ns < until_ns && !w.failed)
			loop_turn(&w.loop, until_ns);
		if (i == 0 || i + 1 == n || i == 3)
			say(i == 0 ? "1 held" : i == 3 ? "4 held" : "all");
	}
}

int main(int argc, char **argv)
{
	static const char *const modes[] = { "get", "shake", "hold", "echo" };

	if (argc < 7)
		return 100;
	while (w.mode < 4 && strcmp(argv[5], modes[w.mode]))
		w.mode++;
	if (w.mode == 4)
		return 100;
	w.count = strtoull(argv[6], NULL, 10);
	setup(argc, argv);
	w.cpu_ns = w.io->cpu_ns(w.io->ctx);
	w.start_ns = w.io->mono_ns(w.io->ctx);
	if (w.mode == HOLD) {
		hold();
	} else {
		open_one(&w.one[0]);
		loop_run(&w.loop);
	}
	return w.failed;
}
