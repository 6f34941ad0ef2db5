/*
 * usage: simapi [SEED]
 *
 * The model API server behind standard input and output, one JSON object a
 * line, for tests/e2e/model.py: requests in, answers out.
 *
 *	{"now": ns, "method": "GET", "path": "...", "type": content type,
 *	 "accept": "...", "agent": "...", "body": "text"}
 *	-> {"status": 200, "body": "text"}
 *	{"now": ns, "watch": "path", "accept": "..."}
 *	-> {"status": 200, "id": 1}, or an answer as above
 *	{"now": ns, "next": id} -> {"lines": ["...", ...], "end": false}
 *	{"now": ns, "close": id}, {"now": ns, "tick": true},
 *	{"now": ns, "compact": true} -> {}
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/api.h"

enum { WATCHES = 64 };

static struct api *api;
static struct api_watch *watches[WATCHES];
static struct tree tree;
static struct text out;

static void put(struct node *to, const char *key, struct node *v)
{
	node_set(&tree, to, key, v);
}

static void put_answer(struct node *to, const struct api_answer *a)
{
	put(to, "status", node_int(&tree, a->status));
	put(to, "body", node_str(&tree, a->body));
	if (a->retry_after_s >= 0)
		put(to, "retryAfter", node_int(&tree, a->retry_after_s));
}

static struct api_request request_of(const struct node *in)
{
	return (struct api_request){
		.method = node_text(in, "method"),
		.path = node_text(in, "path"),
		.content_type = node_text(in, "type"),
		.accept = node_text(in, "accept"),
		.agent = node_text(in, "agent"),
		.body = node_text(in, "body"),
	};
}

static void open_watch(const struct node *in, int64_t now, struct node *to)
{
	struct api_request r = request_of(in);
	struct api_answer a;
	int id = 1;

	r.method = STR("GET");
	r.path = node_text(in, "watch");
	while (id < WATCHES && watches[id])
		id++;
	CHECK(id < WATCHES);
	watches[id] = api_watch_open(api, now, &r, &a);
	put_answer(to, &a);
	if (watches[id])
		put(to, "id", node_int(&tree, id));
}

static void next_lines(int64_t id, int64_t now, struct node *to)
{
	struct node *lines = node_list(&tree);
	enum api_next next;
	struct str line;

	CHECK(id > 0 && id < WATCHES && watches[id]);
	while ((next = api_watch_next(watches[id], now, &line)) ==
	    API_WATCH_LINE)
		node_append(&tree, lines, node_str(&tree, line));
	put(to, "lines", lines);
	put(to, "end", node_bool(&tree, next == API_WATCH_END));
}

static void serve(const struct node *in, struct node *to)
{
	int64_t now = node_number(in, "now", 0);
	int64_t id = node_number(in, "close", 0);
	struct api_request r = request_of(in);
	struct api_answer a;

	if (node_get(in, "watch")) {
		open_watch(in, now, to);
	} else if (node_get(in, "next")) {
		next_lines(node_number(in, "next", 0), now, to);
	} else if (id) {
		CHECK(id > 0 && id < WATCHES && watches[id]);
		api_watch_close(watches[id]);
		watches[id] = NULL;
	} else if (node_get(in, "tick")) {
		api_tick(api, now);
	} else if (node_get(in, "compact")) {
		api_compact(api);
	} else {
		api_request(api, now, &r, &a);
		put_answer(to, &a);
	}
}

int main(int argc, char **argv)
{
	const struct api_options o = {
		.seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1,
		.crds = (1u << API_CRDS) - 1, .wall_ns = 1700000000 * NS_PER_S,
	};
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	api = api_new(&o);
	while ((n = getline(&line, &cap, stdin)) > 0) {
		struct node *in, *to;

		tree_reset(&tree);
		in = node_parse(&tree, (struct str){ line, (size_t)n }, NULL);
		CHECK(in);
		to = node_object(&tree);
		serve(in, to);
		out.n = 0;
		node_write(to, &out);
		text_add(&out, "\n", 1);
		fwrite(out.p, 1, out.n, stdout);
		fflush(stdout);
	}
	for (int i = 0; i < WATCHES; i++)
		if (watches[i])
			api_watch_close(watches[i]);
	api_free(api);
	tree_free(&tree);
	text_free(&out);
	free(line);
	return 0;
}
