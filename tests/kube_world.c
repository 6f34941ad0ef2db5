#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube_world.h"

static const char kubeconfig[] =
    "apiVersion: v1\n"
    "kind: Config\n"
    "current-context: c\n"
    "contexts:\n"
    "- {name: c, context: {cluster: k, user: u}}\n"
    "clusters:\n"
    "- {name: k, cluster: {server: \"http://127.0.0.1:8001\"}}\n"
    "users:\n"
    "- {name: u, user: {token: secret}}\n";

/* The whole request at the head of what the program wrote, or false. */
static bool request_at(struct str got, struct world_request *r, size_t *ret_n)
{
	size_t end = str_search(got, STR("\r\n\r\n")), at, n = 0;
	struct str length;

	if (end == got.n)
		return false;
	end += 4;
	at = str_search(got, STR("Content-Length: "));
	if (at < end) {
		uint64_t v = 0;

		length = str_sub(got, at + 16, got.n);
		length = str_sub(length, 0, str_find(length, '\r'));
		REQUIRE(str_u64(length, &v) == 0);
		n = (size_t)v;
	}
	if (got.n - end < n)
		return false;
	r->head = str_sub(got, 0, end);
	r->body = str_sub(got, end, end + n);
	got = str_cut(got, ' ', &r->method);
	(void)str_cut(got, ' ', &r->path);
	*ret_n = end + n;
	return true;
}

static struct str keep(char *to, size_t cap, struct str s)
{
	REQUIRE(s.n <= cap);
	memcpy(to, s.p, s.n);
	return (struct str){ to, s.n };
}

static void react(void *ctx, struct fake_io *f, int peer)
{
	struct world *w = ctx;
	struct world_request r = { .peer = peer };
	size_t n;

	while (request_at(fake_got(f, peer), &r, &n)) {
		w->requests++;
		buf_fmt(&w->log, "%S %S\n", r.method, r.path);
		REQUIRE(!w->log.over);
		w->head = keep(w->head_mem, sizeof(w->head_mem), r.head);
		w->body = keep(w->body_mem, sizeof(w->body_mem), r.body);
		if (w->serve)
			w->serve(w, &r);
		fake_take(f, peer, n);
	}
}

struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	REQUIRE(w);
	fake_io_init(&w->io);
	mem_init(&w->mem, &w->io.io);
	buf_init(&w->log, w->log_mem, sizeof(w->log_mem));
	w->io.react = react;
	w->io.react_ctx = w;
	return w;
}

void world_serve(struct world *w)
{
	fake_file(&w->io, "/kubeconfig", str_from(kubeconfig));
	fake_serve(&w->io, "127.0.0.1", 8001, FAKE_ACCEPT);
}

struct world *world_begin(const struct kube_client_options *o)
{
	static const struct kube_client_options defaults;
	struct kube_config_source from = { .kubeconfig = STR("/kubeconfig") };
	struct world *w = world_new();
	struct diag d;

	diag_clear(&d);
	world_serve(w);
	REQUIRE(loop_init(&w->loop, &w->mem, &w->io.io) == 0);
	if (kube_config_load(&w->config, &w->mem, &w->io.io, &from, &d))
		test_fail(__FILE__, __LINE__, "%s: %s", d.path, d.text);
	REQUIRE(kube_client_init(&w->client, &w->mem, &w->loop, &w->config,
	    &w->counts, o ? o : &defaults) == 0);
	w->loop.now_ns = w->io.now_ns;
	return w;
}

void world_run(struct world *w, int64_t ns)
{
	int64_t until = w->io.now_ns + ns;

	while (w->io.now_ns < until)
		loop_turn(&w->loop, until);
}

bool world_until(struct world *w, const bool *flag, int64_t ns)
{
	int64_t until = w->io.now_ns + ns;

	while (!*flag && w->io.now_ns < until)
		loop_turn(&w->loop, until);
	return *flag;
}

void world_reply_str(struct world *w, int peer, int status,
    const char *headers, struct str body)
{
	char head[1024];
	int n = snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\n%s"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
	    status, headers ? headers : "", body.n);

	fake_send(&w->io, peer, MS, (struct str){ head, (size_t)n });
	fake_send(&w->io, peer, MS, body);
}

void world_reply(struct world *w, int peer, int status, const char *headers,
    const char *body)
{
	world_reply_str(w, peer, status, headers, str_from(body));
}

void world_stream(struct world *w, int peer)
{
	fake_send(&w->io, peer, MS, STR("HTTP/1.1 200 OK\r\n"
	    "Content-Type: application/json\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n"));
}

void world_chunk(struct world *w, int peer, int64_t delay_ns,
    struct str text)
{
	char size[32];
	int n = snprintf(size, sizeof(size), "%zx\r\n", text.n);

	fake_send(&w->io, peer, delay_ns, (struct str){ size, (size_t)n });
	fake_send(&w->io, peer, delay_ns, text);
	fake_send(&w->io, peer, delay_ns, STR("\r\n"));
}

void world_stream_end(struct world *w, int peer, int64_t delay_ns)
{
	fake_send(&w->io, peer, delay_ns, STR("0\r\n\r\n"));
}

const char *world_status(int code, const char *reason, const char *message)
{
	static char text[4096];

	snprintf(text, sizeof(text), "{\"kind\":\"Status\",\"apiVersion\":"
	    "\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"%s\","
	    "\"reason\":\"%s\",\"code\":%d}\n", message, reason, code);
	return text;
}
