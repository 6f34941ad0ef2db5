/*
 * Requests to the server over fake sockets. The first byte: bit 0 the stream
 * is closed, bits 1-2 how much the peer reads at a time; the next four seed
 * the cuts. What the server says is the same however the requests are cut,
 * and it is exactly the answers that the requests should get.
 */
#include "fake_io.h"
#include "fuzz.h"
#include "net.h"

enum { OUT_MAX = 64 * FUZZ_MAX };

struct outcome {
	bool gone;
	size_t n;
	char out[OUT_MAX];
};

static struct fake_io f;
static struct outcome whole, pieces;

static int long_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	(void)ctx;
	while (out->n < 3000)
		buf_cstr(out, "text and more text ");
	return ++*cursor < 3;
}

static void handle(void *ctx, struct str path, struct str query,
    struct http_reply *ret)
{
	(void)ctx;
	(void)query;
	ret->more = str_is(path, "/l") ? long_more : NULL;
}

static const struct http_route routes[] = {
	{ "/", handle, NULL }, { "/l", handle, NULL },
};

static void pieces_send(int peer, struct str s, uint32_t seed)
{
	int64_t at_ns = 0;

	while (s.n) {
		size_t n = s.n;

		if (seed) {
			seed = seed * 1664525 + 1013904223;
			n = 1 + (seed >> 24) % (seed & 0x10000 ? 9 : 200);
		}
		fake_send(&f, peer, at_ns, str_sub(s, 0, n));
		s = str_sub(s, n, s.n);
		at_ns += 1000;
	}
}

/* The peer may read slowly, but reads all. */
static void run(struct loop *loop, int peer, size_t window)
{
	int64_t until_ns = f.now_ns + 100 * NS_PER_MS;
	int64_t step_ns = window == SIZE_MAX ? until_ns : NS_PER_MS / 2;

	while (f.now_ns < until_ns || loop->work_head) {
		int64_t next_ns = f.now_ns + step_ns;

		loop_turn(loop, next_ns < until_ns ? next_ns : until_ns);
		fake_window(&f, peer, window);
	}
}

static void serve(uint8_t how, struct str s, uint32_t seed,
    struct outcome *ret)
{
	static const struct net_addr at = { .family = 4, .port = 80 };
	static const size_t windows[] = { SIZE_MAX, 70000, 20000, 9000 };
	struct http_server *server;
	struct loop loop;
	struct mem mem;
	struct str got;
	int peer;

	fake_io_init(&f);
	mem_init(&mem, &f.io);
	FUZZ_CHECK(!loop_init(&loop, &mem, &f.io));
	FUZZ_CHECK(!http_server_new(&mem, &loop, routes, 2, &server));
	FUZZ_CHECK(!http_server_listen(server, &at));
	peer = fake_connect(&f, 80);
	pieces_send(peer, s, seed);
	if (how & 1)
		fake_end(&f, peer, FUZZ_MAX * INT64_C(1000));
	run(&loop, peer, seed ? windows[how >> 1 & 3] : SIZE_MAX);
	got = fake_got(&f, peer);
	FUZZ_CHECK(got.n <= OUT_MAX);
	memcpy(ret->out, got.n ? got.p : "", got.n);
	ret->n = got.n;
	fake_window(&f, peer, SIZE_MAX);
	do
		loop_turn(&loop, f.now_ns + 2 * NS_PER_S);
	while (loop.work_head);
	ret->gone = fake_gone(&f, peer);
	http_server_stop(server);
	FUZZ_CHECK(!fake_open_fds(&f) && !loop.heap.n && !loop.work_head);
	FUZZ_CHECK(f.waits < 8 * FUZZ_MAX);
	mem_free_all(&mem);
	fake_io_free(&f);
}

static int status_for(const struct http_head *h)
{
	struct str path, host, target = h->target;

	if (h->chunked || h->length)
		return 413;
	if (!str_is(h->method, "GET") && !str_is(h->method, "HEAD"))
		return 405;
	if (target.p[0] != '/') {
		target = str_sub(target, str_find(target, '/') + 2, target.n);
		str_cut(target, '/', &host);
		target = str_sub(target, host.n, target.n);
	}
	str_cut(target, '?', &path);
	return str_is(path, "/") || str_is(path, "/l") ? 200 : 404;
}

/* Takes one answer off *out: its head. */
static struct http_head answer_take(struct str *out, bool head_request)
{
	struct http_head h;
	struct chunk c;
	struct str data;
	int done = 0, n = http_parse_response(*out, head_request, &h, NULL);

	FUZZ_CHECK(n > 0);
	*out = str_sub(*out, (size_t)n, out->n);
	chunk_init(&c);
	while (h.chunked && !done && out->n)
		done = chunk_push(&c, out, &data);
	FUZZ_CHECK(!h.chunked || done == 1);
	if (h.has_length) {
		FUZZ_CHECK(h.length <= out->n);
		*out = str_sub(*out, (size_t)h.length, out->n);
	} else if (!h.chunked) {
		*out = STR_NONE;
	}
	return h;
}

/* Reads requests as the server should, beside its answers. */
static void answers_check(struct str in, struct str out)
{
	struct http_head ask, answer;
	bool goes_on = true;
	int n = 1, status;

	while (goes_on) {
		n = in.n ? http_parse_request(in, &ask, NULL) : ERR_MORE;
		if (n == ERR_MORE)
			break;
		status = n == ERR_BAD ? 400 : n == ERR_LIMIT ? 431 :
		    status_for(&ask);
		answer = answer_take(&out, n > 0 &&
		    str_is(ask.method, "HEAD"));
		FUZZ_CHECK(answer.status == status);
		goes_on = n > 0 && answer.keep_alive;
		FUZZ_CHECK(goes_on <= (n > 0 && ask.keep_alive));
		in = str_sub(in, n > 0 ? (size_t)n : 0, in.n);
	}
	FUZZ_CHECK(!out.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint8_t how = fuzz_u8(&in);
	uint32_t seed = fuzz_u32(&in) | 1;
	struct str s = { (const char *)in.p, in.n };

	/* Else thousands of answers are all it tests, and a peer that reads
	 * slowly does not come to their end in time. */
	if (s.n > (how & 6 ? 4096 : 2 * HTTP_HEAD_MAX))
		s.n = how & 6 ? 4096 : 2 * HTTP_HEAD_MAX;
	serve(how, s, 0, &whole);
	serve(how, s, seed, &pieces);
	FUZZ_CHECK(whole.n == pieces.n && whole.gone == pieces.gone);
	FUZZ_CHECK(!memcmp(whole.out, pieces.out, whole.n));
	answers_check(s, (struct str){ whole.out, whole.n });
	return 0;
}
