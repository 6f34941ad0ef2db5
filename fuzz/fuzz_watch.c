/*
 * A watch over fake sockets, for 100 seconds. The input is a list of answers,
 * one a request: a byte that chooses the status and how the answer ends, two
 * bytes of length, the body. What the handler is told obeys the order that
 * kube.h promises, does not depend on how the answers are cut, and whatever
 * comes, there are few requests a second and nothing is left at the end. Where
 * the last byte is not ASCII it chooses what is watched.
 */
#include "fake_io.h"
#include "fuzz.h"
#include "kube.h"
#include "pages.h"

enum { LOG_MAX = 4096, SECONDS = 100, REQUESTS_MAX = 400 };

static const struct gvr things = { "x.io", "v1", "things", true };
static const int codes[] = { 200, 200, 200, 200, 404, 403, 410, 422, 429,
	500, 504, 401, 204, 301, 400, 503 };

struct outcome {
	uint64_t log[LOG_MAX];	/* event and hash of its text */
	size_t n;
	unsigned requests;
};

static struct fake_io f;
static struct outcome whole, pieces, *now;
static struct fuzz_input answers;
static uint32_t seed;
static bool listing;

static void handle(void *ctx, struct kube_watch *w,
    enum kube_watch_event event, struct str text)
{
	(void)ctx;
	FUZZ_CHECK((text.n == 0) == (event == WATCH_BEGIN ||
	    event == WATCH_ERROR));
	FUZZ_CHECK(!text.n || text.p[0] == '{' || !w->synced ||
	    event == WATCH_SYNCED);
	if (event == WATCH_BEGIN)
		listing = true;
	if (event == WATCH_SYNCED) {
		FUZZ_CHECK(listing && w->synced);
		listing = false;
	}
	if (text.n)
		FUZZ_CHECK(listing || w->synced ||
		    w->state == WATCH_STREAMING);
	if (event == WATCH_ERROR)
		FUZZ_CHECK(w->status.err && diag_is_set(&w->diag));
	if (now->n < LOG_MAX)
		now->log[now->n++] = hash_more(event, text.n ? text.p : "",
		    text.n);
}

static void send_cut(int peer, struct str s)
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

/* Chunked, by Content-Length, or until the connection ends. */
static void answer(int peer)
{
	static char text[2 * FUZZ_MAX];
	uint8_t how = fuzz_u8(&answers);
	size_t n = (size_t)fuzz_u8(&answers) << 8;
	struct buf b;
	bool chunked = (how & 0x30) == 0x10, open = (how & 0x30) == 0x20;

	n |= fuzz_u8(&answers);
	if (n > answers.n)
		n = answers.n;
	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "HTTP/1.1 %d X\r\n", codes[how & 15]);
	if (how & 0x40)
		buf_cstr(&b, "Retry-After: 3\r\n");
	if (chunked || open)
		buf_cstr(&b, "Transfer-Encoding: chunked\r\n\r\n");
	else
		buf_fmt(&b, "Content-Length: %U\r\n\r\n", (uint64_t)n);
	if ((chunked || open) && n)
		buf_fmt(&b, "%x\r\n", (uint64_t)n);
	buf_put(&b, answers.p, n);
	if ((chunked || open) && n)
		buf_cstr(&b, "\r\n");
	if (chunked)
		buf_cstr(&b, "0\r\n\r\n");
	answers.p += n;
	answers.n -= n;
	send_cut(peer, buf_view(&b));
	if (how & 0x80)
		fake_end(&f, peer, NS_PER_S);
}

static void react(void *ctx, struct fake_io *io, int peer)
{
	struct str got = fake_got(io, peer);
	size_t end = str_search(got, STR("\r\n\r\n"));

	(void)ctx;
	if (end == got.n)
		return;
	fake_take(io, peer, end + 4);
	now->requests++;
	if (answers.n)
		answer(peer);
}

static struct kube_watch_row row_make(uint8_t how)
{
	struct kube_watch_row row = { .gvr = &things };

	if (how & 0x80) {
		row.labels = how & 1 ? "a=b" : NULL;
		row.fields = how & 2 ? "metadata.name=c" : NULL;
		row.metadata = how & 4;
	}
	return row;
}

static void exchange(const uint8_t *data, size_t size, uint32_t cuts)
{
	static const struct kube_client_options o = { .conns = 1 };
	static struct kube_watch_row row;
	static struct kube_config config;
	static struct kube_client client;
	static struct kube_watches shared;
	static struct kube_watch watch;
	struct loop loop;
	struct mem mem;
	int64_t until_ns;

	answers = (struct fuzz_input){ data, size };
	row = row_make(data[size - 1]);
	seed = cuts;
	listing = false;
	fake_io_init(&f);
	pages_use(&f);
	fake_serve(&f, "10.0.0.1", 80, FAKE_ACCEPT);
	f.react = react;
	mem_init(&mem, &f.io);
	config = (struct kube_config){ .io = &f.io, .mem = &mem,
		.target = { .host = STR("10.0.0.1"), .port = 80 },
		.host = STR("h") };
	FUZZ_CHECK(!loop_init(&loop, &mem, &f.io));
	loop.now_ns = f.now_ns;
	FUZZ_CHECK(!kube_client_init(&client, &mem, &loop, &config, NULL,
	    &o));
	FUZZ_CHECK(!kube_watches_init(&shared, &mem, &client, 1));
	kube_watch_init(&watch, &shared, &row, handle, NULL);
	kube_watch_start(&watch);
	until_ns = f.now_ns + SECONDS * NS_PER_S;
	while (f.now_ns < until_ns)
		loop_turn(&loop, until_ns);
	FUZZ_CHECK(now->requests < REQUESTS_MAX);
	FUZZ_CHECK(f.waits < 8 * FUZZ_MAX);
	kube_watch_stop(&watch);
	FUZZ_CHECK(!fake_open_fds(&f) && !loop.heap.n && !loop.work_head);
	mem_free_all(&mem);
	fake_io_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n;

	if (size > FUZZ_MAX / 2 || size < 4)
		return 0;
	now = &whole;
	*now = (struct outcome){ .n = 0 };
	exchange(data, size, 0);
	now = &pieces;
	*now = (struct outcome){ .n = 0 };
	exchange(data, size, (uint32_t)(data[0] << 8 | data[3]) | 1);
	/* The last tries may fall on either side of the end. */
	n = whole.n < pieces.n ? whole.n : pieces.n;
	FUZZ_CHECK(!memcmp(whole.log, pieces.log, n * sizeof(whole.log[0])));
	return 0;
}
