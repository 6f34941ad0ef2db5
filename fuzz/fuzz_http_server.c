/*
 * Requests to the server over fake sockets. The first byte: bit 0 the stream
 * is closed, bits 1-2 how much the peer reads at a time; the next four seed
 * the cuts. What the server says is the same however the requests are cut,
 * and it is exactly the answers that the requests should get. /p and /a say
 * back a POST's body, /a later.
 */
#include "fake_io.h"
#include "fuzz.h"
#include "net.h"
#include "pages.h"

enum { OUT_MAX = 64 * FUZZ_MAX };

struct outcome {
	bool gone;
	size_t n;
	char out[OUT_MAX];
};

static struct fake_io f;
static struct outcome whole, pieces;
static struct http_post *waits;
static char body_mem[FUZZ_MAX], answer_mem[FUZZ_MAX];

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

static void post_echo(void *ctx, struct http_post *post)
{
	(void)ctx;
	buf_str(&post->out, post->body);
	http_post_answer(post, 200, "text/plain");
}

static void post_later(void *ctx, struct http_post *post)
{
	(void)ctx;
	FUZZ_CHECK(!waits);
	waits = post;
}

static const struct http_post_route post_routes[] = {
	{ "/p", post_echo, NULL }, { "/a", post_later, NULL },
};

static void turn(struct loop *loop, int64_t until_ns)
{
	struct http_post *post = waits;

	loop_turn(loop, until_ns);
	if (!post)
		return;
	waits = NULL;
	post_echo(NULL, post);
}

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

	while (f.now_ns < until_ns || loop->work_head || waits) {
		int64_t next_ns = f.now_ns + step_ns;

		turn(loop, next_ns < until_ns ? next_ns : until_ns);
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
	pages_use(&f);
	mem_init(&mem, &f.io);
	FUZZ_CHECK(!loop_init(&loop, &mem, &f.io));
	FUZZ_CHECK(!http_server_new(&mem, &loop, routes, 2, &server));
	FUZZ_CHECK(!http_server_posts(server, &mem, post_routes, 2, 1));
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
		turn(&loop, f.now_ns + 2 * NS_PER_S);
	while (loop.work_head || waits);
	ret->gone = fake_gone(&f, peer);
	http_server_stop(server);
	FUZZ_CHECK(!fake_open_fds(&f) && !loop.heap.n && !loop.work_head);
	FUZZ_CHECK(f.waits < 8 * FUZZ_MAX);
	mem_free_all(&mem);
	fake_io_free(&f);
}

static bool is_post(const struct http_head *h, struct str path)
{
	return str_is(h->method, "POST") &&
	    (str_is(path, "/p") || str_is(path, "/a"));
}

static struct str path_of(const struct http_head *h)
{
	struct str path, host, target = h->target;

	if (target.p[0] != '/') {
		target = str_sub(target, str_find(target, '/') + 2, target.n);
		str_cut(target, '/', &host);
		target = str_sub(target, host.n, target.n);
	}
	str_cut(target, '?', &path);
	return path;
}

static bool expects(const struct http_head *h)
{
	return h->minor && http_header_get(h, "expect").p;
}

/* Before its body has come, if it may have one; then 0: it is taken. */
static int status_for(const struct http_head *h)
{
	struct str path = path_of(h);
	bool gets = str_is(path, "/") || str_is(path, "/l") || !path.n;
	bool posts = str_is(path, "/p") || str_is(path, "/a");

	if (is_post(h, path)) {
		if (!h->chunked && !h->has_length)
			return 411;
		if (h->length > HTTP_BODY_MAX)
			return 413;
		return expects(h) && !str_eq_nocase(http_header_get(h,
		    "expect"), STR("100-continue")) ? 417 : 0;
	}
	if (h->chunked || h->length)
		return posts ? 405 : gets ? 413 : 404;
	if (!str_is(h->method, "GET") && !str_is(h->method, "HEAD"))
		return 405;
	return gets ? 200 : posts ? 405 : 404;
}

/* 1: all of it, 0: there is more to come, or ERR_BAD. */
static int body_take(const struct http_head *h, struct str *in,
    struct buf *body)
{
	struct chunk c;
	struct str data;
	int done = 0;

	buf_init(body, body_mem, sizeof(body_mem));
	if (!h->chunked) {
		data = str_sub(*in, 0, h->length < in->n ?
		    (size_t)h->length : in->n);
		*in = str_sub(*in, data.n, in->n);
		buf_str(body, data);
		return data.n == h->length;
	}
	chunk_init(&c);
	while (!done && in->n) {
		done = chunk_push(&c, in, &data);
		buf_str(body, data);
	}
	return done;
}

/* Takes one answer off *out: its head, and its body. */
static struct http_head answer_take(struct str *out, bool head_request,
    struct buf *body)
{
	struct http_head h;
	struct chunk c;
	struct str data;
	int done = 0, n = http_parse_response(*out, head_request, &h, NULL);

	FUZZ_CHECK(n > 0);
	*out = str_sub(*out, (size_t)n, out->n);
	buf_init(body, answer_mem, sizeof(answer_mem));
	chunk_init(&c);
	while (h.chunked && !done && out->n) {
		done = chunk_push(&c, out, &data);
		buf_str(body, data);
	}
	FUZZ_CHECK(!h.chunked || done == 1);
	if (h.has_length) {
		FUZZ_CHECK(h.length <= out->n);
		buf_str(body, str_sub(*out, 0, (size_t)h.length));
		*out = str_sub(*out, (size_t)h.length, out->n);
	} else if (!h.chunked) {
		buf_str(body, *out);
		*out = STR_NONE;
	}
	return h;
}

/* A POST whose body the server reads: its status, 0 when that is not all. */
static int post_check(const struct http_head *ask, struct str *in,
    struct str *out, struct buf *body)
{
	int done;

	if (expects(ask))
		FUZZ_CHECK(answer_take(out, false, body).status == 100);
	done = body_take(ask, in, body);
	return done < 0 ? 400 : done ? 200 : 0;
}

/* Reads requests as the server should, beside its answers. */
static void answers_check(struct str in, struct str out)
{
	struct http_head ask, answer;
	struct buf sent, got;
	bool goes_on = true, posted;
	int n = 1, status;

	while (goes_on) {
		n = in.n ? http_parse_request(in, &ask, NULL) : ERR_MORE;
		if (n == ERR_MORE)
			break;
		in = str_sub(in, n > 0 ? (size_t)n : 0, in.n);
		status = n == ERR_BAD ? 400 : n == ERR_LIMIT ? 431 :
		    status_for(&ask);
		posted = !status;
		if (posted)
			status = post_check(&ask, &in, &out, &sent);
		if (!status)
			break;
		answer = answer_take(&out, n > 0 &&
		    str_is(ask.method, "HEAD"), &got);
		FUZZ_CHECK(answer.status == status);
		if (posted && status == 200 && sent.n)
			FUZZ_CHECK(str_eq(buf_view(&got), buf_view(&sent)));
		goes_on = n > 0 && answer.keep_alive;
		FUZZ_CHECK(goes_on <= (n > 0 && ask.keep_alive));
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
