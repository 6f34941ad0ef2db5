#include <string.h>

#include "api_int.h"

/* ---- the request's target -------------------------------------------- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 32);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct str unescape(struct tree *t, struct str s)
{
	char *p = tree_alloc(t, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 &&
		    hex(s.p[i + 2]) >= 0) {
			p[n++] = (char)(hex(s.p[i + 1]) * 16 +
			    hex(s.p[i + 2]));
			i += 2;
		} else {
			p[n++] = s.p[i] == '+' ? ' ' : s.p[i];
		}
	}
	p[n] = '\0';
	return (struct str){ p, n };
}

static struct node *parse_query(struct tree *t, struct str s)
{
	struct node *query = node_object(t);
	struct str one, key;

	while (s.n) {
		s = str_cut(s, '&', &one);
		one = str_cut(one, '=', &key);
		if (!node_get_str(query, key))
			node_set_str(t, query, key,
			    node_str(t, unescape(t, one)));
	}
	return query;
}

struct str query_get(const struct call *c, const char *name)
{
	const struct node *v = node_get(c->query, name);

	return v ? v->text : STR_NONE;
}

bool query_true(const struct call *c, const char *name)
{
	struct str s = query_get(c, name);

	return str_is(s, "true") || str_is(s, "1");
}

/* A group that is there does not have the resource. */
static bool no_resource(struct call *c)
{
	return refuse_details(c, 404, "NotFound", node_object(c->t),
	    STR("the server could not find the requested resource"));
}

static bool not_found(struct call *c)
{
	c->ans->status = 404;
	c->ans->content_type = "text/plain; charset=utf-8";
	c->ans->body = STR("404 page not found\n");
	return false;
}

bool kind_is_served(const struct api *a, enum api_kind k)
{
	char name[96];
	struct buf b;

	if (!kind_is_custom(k))
		return true;
	buf_init(&b, name, sizeof(name));
	buf_fmt(&b, "%s.%s", kinds[k].plural, kinds[k].group);
	return store_find(a, API_CRD, STR_NONE, buf_view(&b));
}

static bool find_kind(struct call *c, struct str group, struct str version,
    struct str plural)
{
	for (int k = 0; k < API_KINDS; k++)
		if (str_is(group, kinds[k].group) &&
		    str_is(version, kinds[k].version) &&
		    str_is(plural, kinds[k].plural)) {
			c->kind = (enum api_kind)k;
			c->info = &kinds[k];
			return kind_is_served(c->a, c->kind);
		}
	return false;
}

static struct str segment(struct call *c, struct str *rest)
{
	struct str s;

	*rest = str_cut(*rest, '/', &s);
	return unescape(c->t, s);
}

/* path begins behind "/api/" or "/apis/<group>/". */
static bool find_target(struct call *c, struct str group, struct str path)
{
	struct str version = segment(c, &path), plural = segment(c, &path);

	if (str_is(plural, "namespaces") && path.n) {
		struct str ns = segment(c, &path), next;
		struct str after = str_cut(path, '/', &next);

		if (path.n && !str_is(next, "status") &&
		    !str_is(next, "finalize")) {
			c->ns = ns;
			plural = unescape(c->t, next);
			path = after;
		} else {
			c->name = ns;
		}
	}
	if (!find_kind(c, group, version, plural))
		return false;
	if (c->ns.n && !c->info->namespaced)
		return false;
	if (!c->name.n && path.n)
		c->name = segment(c, &path);
	if (path.n)
		c->sub = segment(c, &path);
	/* Objects of namespaced kinds are only found within one. */
	return !path.n && !(c->info->namespaced && c->name.n && !c->ns.n);
}

static bool has_sub(const struct call *c)
{
	return !c->sub.n || (str_is(c->sub, "status") && c->info->status) ||
	    (str_is(c->sub, "scale") && c->info->scale) ||
	    (str_is(c->sub, "finalize") && c->kind == API_NAMESPACE);
}

static struct str default_manager(const struct call *c)
{
	struct str s = query_get(c, "fieldManager");

	if (s.n)
		return s;
	s = str_sub(c->r->agent, 0, str_find(c->r->agent, '/'));
	return s.n ? s : STR("unknown");
}

/* What the answer shall look like: the first form that is known. */
static bool wants_metadata(const struct call *c)
{
	struct str first;

	str_cut(c->r->accept, ',', &first);
	return str_search(first, STR("as=PartialObjectMetadata")) < first.n;
}

static bool is_allowed(struct call *c)
{
	struct str token = c->r->authorization;

	if (!c->a->o.token)
		return true;
	if (str_starts(token, STR("Bearer ")) &&
	    str_is(str_sub(token, 7, token.n), c->a->o.token))
		return true;
	return refuse(c, 401, "Unauthorized", "Unauthorized");
}

bool call_route(struct call *c, struct api *a, int64_t now_ns,
    const struct api_request *r, struct api_answer *ans)
{
	struct str path, query = str_cut(r->path, '?', &path), group;

	tree_reset(&a->scratch);
	a->now_ns = now_ns;
	*ans = (struct api_answer){ .retry_after_s = -1 };
	*c = (struct call){
		.a = a, .t = &a->scratch, .now_ns = now_ns, .r = r,
		.ans = ans, .info = &kinds[0],
	};
	c->query = parse_query(c->t, query);
	c->manager = default_manager(c);
	c->dry = query_get(c, "dryRun").n > 0;
	c->metadata = wants_metadata(c);
	if (!is_allowed(c))
		return false;
	if (str_starts(path, STR("/apis/"))) {
		struct str rest = str_sub(path, 6, path.n);

		rest = str_cut(rest, '/', &group);
		if (find_target(c, group, rest))
			return has_sub(c) ? fault_early(c) : not_found(c);
	} else if (str_starts(path, STR("/api/"))) {
		if (find_target(c, STR_NONE, str_sub(path, 5, path.n)))
			return has_sub(c) ? fault_early(c) : not_found(c);
		if (str_starts(path, STR("/api/v1/")))
			return no_resource(c);
	}
	if (fault_early(c))
		discovery_answer(c, path);
	return false;
}

/* ---- what is done ---------------------------------------------------- */

static bool not_allowed(struct call *c)
{
	return refuse_details(c, 405, "MethodNotAllowed", node_object(c->t),
	    STR("the server does not allow this method on the requested "
	    "resource"));
}

static void dispatch(struct call *c)
{
	struct str m = c->r->method;

	if (str_is(c->sub, "scale"))
		scale_call(c);
	else if (str_is(m, "GET"))
		c->name.n ? read_get(c) : read_list(c);
	else if (str_is(m, "POST") && !c->name.n && (c->ns.n ||
	    !c->info->namespaced))
		write_create(c);
	else if (str_is(m, "PUT") && c->name.n)
		write_put(c);
	else if (str_is(m, "PATCH") && c->name.n)
		write_patch(c);
	else if (str_is(m, "DELETE") && !c->sub.n)
		c->name.n ? write_delete(c) : write_delete_all(c);
	else
		(void)not_allowed(c);
}

static void trace(struct api *a, int64_t now_ns, const struct api_request *r,
    const struct api_answer *ans)
{
	for (uint32_t i = 0; i < a->tracers; i++)
		a->tracer[i].fn(a->tracer[i].ctx, now_ns, r, ans);
}

void api_request(struct api *a, int64_t now_ns, const struct api_request *r,
    struct api_answer *ret)
{
	struct call c;

	if (call_route(&c, a, now_ns, r, ret))
		dispatch(&c);
	fault_late(&c);
	trace(a, now_ns, r, ret);
}

bool api_is_watch(const struct api_request *r)
{
	struct str path, query = str_cut(r->path, '?', &path), one;

	while (str_is(r->method, "GET") && query.n) {
		query = str_cut(query, '&', &one);
		if (str_is(one, "watch=true") || str_is(one, "watch=1"))
			return true;
	}
	return false;
}

int api_do(struct api *a, int64_t now_ns, const char *agent,
    const char *method, const char *path, const char *content_type,
    struct str body, struct api_answer *ret)
{
	struct api_request r = {
		.method = str_from(method), .path = str_from(path),
		.agent = str_from(agent), .body = body,
		.accept = STR("application/json"),
	};
	struct text token = { 0 };
	struct api_answer ans;

	if (content_type)
		r.content_type = str_from(content_type);
	text_fmt(&token, "Bearer %s", a->o.token ? a->o.token : "");
	r.authorization = text_view(&token);
	api_request(a, now_ns, &r, &ans);
	text_free(&token);
	if (ret)
		*ret = ans;
	return ans.status;
}
