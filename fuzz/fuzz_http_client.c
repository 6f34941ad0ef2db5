/*
 * A byte stream through the client over fake sockets. The first byte: bit 0
 * HEAD, bits 1-2 how the stream ends (not at all, closed, reset), bit 3 a
 * body is sent; the next four seed the cuts, the rest is what the server
 * says. The owner is told the same whether it comes at once or in pieces,
 * and exactly one on_done.
 */
#include "fake_io.h"
#include "fuzz.h"
#include "net.h"

struct outcome {
	int heads, dones, err, status;
	bool open, fresh;
	size_t body_n;
	char body[FUZZ_MAX];
};

static struct fake_io f;
static struct outcome whole, pieces, *now;

static int on_head(void *ctx, const struct http_head *head)
{
	(void)ctx;
	FUZZ_CHECK(!now->heads && !now->dones && head->status >= 200);
	now->heads++;
	now->status = head->status;
	return 0;
}

static int on_body(void *ctx, struct str data)
{
	(void)ctx;
	FUZZ_CHECK(now->heads == 1 && !now->dones && data.n);
	FUZZ_CHECK(data.n <= FUZZ_MAX - now->body_n);
	memcpy(now->body + now->body_n, data.p, data.n);
	now->body_n += data.n;
	return 0;
}

static void on_done(void *ctx, int err, const struct diag *d)
{
	FUZZ_CHECK(!now->dones && (err != 0) == diag_is_set(d));
	FUZZ_CHECK(err || now->heads);
	FUZZ_CHECK(!http_client_busy(ctx));
	now->dones++;
	now->err = err;
}

static const struct http_client_events events = { on_head, on_body, on_done };

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

static void stream_end(int peer, uint8_t how)
{
	int64_t at_ns = FUZZ_MAX * INT64_C(1000);

	if ((how >> 1 & 3) == 1)
		fake_end(&f, peer, at_ns);
	else if ((how >> 1 & 3) == 2)
		fake_reset(&f, peer, at_ns);
}

static void exchange(uint8_t how, struct str s, uint32_t seed)
{
	static const struct conn_target to = {
		.host = STR_INIT("10.0.0.1"), .port = 80 };
	struct http_request r = { how & 1 ? "HEAD" : "POST", STR("/"),
		STR("h"), STR_NONE, how & 8 ? STR("{}") : STR_NONE };
	static struct http_client http;
	struct loop loop;
	struct mem mem;
	int64_t until_ns;

	fake_io_init(&f);
	fake_serve(&f, "10.0.0.1", 80, FAKE_ACCEPT);
	mem_init(&mem, &f.io);
	FUZZ_CHECK(!loop_init(&loop, &mem, &f.io));
	http_client_init(&http, &loop, NULL, NULL, &events, &http);
	until_ns = f.now_ns + 20 * NS_PER_S;
	http_client_send(&http, &to, &r, f.now_ns + 10 * NS_PER_S, 0);
	loop_turn(&loop, f.now_ns);
	pieces_send(fake_accept(&f), s, seed);
	stream_end(0, how);
	while (f.now_ns < until_ns || loop.work_head)
		loop_turn(&loop, until_ns);
	FUZZ_CHECK(now->dones == 1 && !http_client_busy(&http));
	FUZZ_CHECK(f.waits < 4 * FUZZ_MAX);
	now->open = http_client_open(&http);
	now->fresh = http.fresh;
	http_client_cancel(&http);
	FUZZ_CHECK(!fake_open_fds(&f) && !loop.heap.n && !loop.work_head);
	mem_free_all(&mem);
	fake_io_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint8_t how = fuzz_u8(&in);
	uint32_t seed = fuzz_u32(&in) | 1;
	struct str s = { (const char *)in.p, in.n };

	if (size > FUZZ_MAX)
		return 0;
	now = &whole;
	*now = (struct outcome){ 0 };
	exchange(how, s, 0);
	now = &pieces;
	*now = (struct outcome){ 0 };
	exchange(how, s, seed);
	FUZZ_CHECK(whole.heads == pieces.heads && whole.err == pieces.err);
	FUZZ_CHECK(whole.status == pieces.status);
	FUZZ_CHECK(whole.open == pieces.open && whole.fresh == pieces.fresh);
	FUZZ_CHECK(whole.body_n == pieces.body_n);
	FUZZ_CHECK(!memcmp(whole.body, pieces.body, whole.body_n));
	return 0;
}
