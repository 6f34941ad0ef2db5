#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "api_try.h"

static const struct api_options usual = {
	.seed = 1, .crds = 15, .wall_ns = 1700000000 * NS_PER_S,
};

struct try *try_begin(const struct api_options *o)
{
	struct try *t = calloc(1, sizeof(*t));

	REQUIRE(t);
	t->o = o ? *o : usual;
	t->o.wall_ns = usual.wall_ns;
	t->now_ns = usual.wall_ns;
	t->api = api_new(&t->o);
	return t;
}

void try_end(struct try *t)
{
	api_free(t->api);
	tree_free(&t->tree);
	free(t);
}

int try_do(struct try *t, const char *method, const char *path,
    const char *type, const char *body)
{
	struct api_request r = {
		.method = str_from(method), .path = str_from(path),
		.content_type = str_from(type ? type : "application/json"),
		.accept = str_from(t->accept ? t->accept :
		    "application/json"),
		.agent = STR("tester/1"), .body = str_from(body),
		.fault = t->fault, .retry_after_s = t->retry_after_s,
	};

	t->now_ns += SEC;
	t->fault = API_OK;
	api_request(t->api, t->now_ns, &r, &t->ans);
	t->got = node_parse(&t->tree, t->ans.body, NULL);
	return t->ans.status;
}

int try_get(struct try *t, const char *path)
{
	return try_do(t, "GET", path, NULL, "");
}

int try_post(struct try *t, const char *path, const char *body)
{
	return try_do(t, "POST", path, NULL, body);
}

int try_merge(struct try *t, const char *path, const char *body)
{
	return try_do(t, "PATCH", path, "application/merge-patch+json",
	    body);
}

int try_apply(struct try *t, const char *path, const char *manager,
    bool force, const char *body)
{
	return try_do(t, "PATCH", try_fmt(t, "%s?fieldManager=%s%s", path,
	    manager, force ? "&force=true" : ""),
	    "application/apply-patch+yaml", body);
}

int try_delete(struct try *t, const char *path, const char *options)
{
	return try_do(t, "DELETE", path, NULL, options);
}

struct str try_text(const struct try *t, const char *path)
{
	struct str s = node_text(t->got, path);

	return s.p ? s : STR("");
}

struct str try_json(struct try *t, const char *path)
{
	const struct node *v = node_path(t->got, path);
	struct text text = { 0 };
	struct str s;

	if (!v)
		return STR("");
	node_write(v, &text);
	s = tree_str(&t->tree, text_view(&text));
	text_free(&text);
	return s;
}

const char *try_fmt(struct try *t, const char *fmt, ...)
{
	char line[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return tree_str(&t->tree, str_from(line)).p;
}

struct api_watch *try_watch(struct try *t, const char *path)
{
	struct api_request r = {
		.method = STR("GET"), .path = str_from(path),
		.accept = str_from(t->accept ? t->accept :
		    "application/json"),
		.agent = STR("tester/1"),
	};
	struct api_watch *w;

	w = api_watch_open(t->api, t->now_ns, &r, &t->ans);
	t->got = node_parse(&t->tree, t->ans.body, NULL);
	return w;
}

static void put_line(struct try *t, struct str line, struct text *out)
{
	const struct node *v = node_parse(&t->tree, line, NULL);
	struct str type = node_text(v, "type");
	struct str name = node_text(v, "object.metadata.name");
	const struct node *notes = node_path(v,
	    "object.metadata.annotations");

	if (out->n)
		text_add(out, ", ", 2);
	text_str(out, type);
	if (node_get(notes, "k8s.io/initial-events-end"))
		text_add(out, "!", 1);
	if (name.n) {
		text_add(out, " ", 1);
		text_str(out, name);
	}
}

struct str try_lines(struct try *t, struct api_watch *w)
{
	struct text out = { 0 };
	enum api_next next;
	struct str line, s;

	while ((next = api_watch_next(w, t->now_ns, &line)) ==
	    API_WATCH_LINE)
		put_line(t, line, &out);
	if (next == API_WATCH_END)
		text_str(&out, out.n ? STR(", END") : STR("END"));
	s = tree_str(&t->tree, text_view(&out));
	text_free(&out);
	return s;
}
