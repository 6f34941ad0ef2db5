#include <stdlib.h>
#include <string.h>

#include "codec.h"

#include "api_int.h"

void read_get(struct call *c)
{
	struct slot *s = store_find(c->a, c->kind, c->ns, c->name);

	if (!s)
		(void)refuse_missing(c, c->kind, c->name);
	else
		answer_object(c, 200, s->v);
}

/* ---- lists ----------------------------------------------------------- */

struct page {
	uint64_t version;
	uint64_t limit;			/* 0: all */
	struct str after;		/* "ns/name" or "name" */
};

static struct str place_key(struct tree *t, const struct node *root)
{
	struct str ns = node_text(root, "metadata.namespace");
	struct str name = node_text(root, "metadata.name");

	return ns.n ? tree_fmt(t, "%.*s/%.*s", (int)ns.n, ns.p, (int)name.n,
	    name.p) : name;
}

static struct str token_make(struct tree *t, int64_t version,
    struct str after)
{
	char text[1024];
	struct buf b;
	struct str plain;

	plain = tree_fmt(t, "{\"v\":\"meta.k8s.io/v1\",\"rv\":%lld,"
	    "\"start\":\"%.*s\"}", (long long)version, (int)after.n,
	    after.p);
	buf_init(&b, text, sizeof(text));
	b64url_encode(&b, plain.p, plain.n);
	return tree_str(t, buf_view(&b));
}

static bool token_read(struct call *c, struct str token, struct page *p)
{
	char plain[1024];
	struct node *v;
	int64_t version;
	size_t n;

	if (b64url_decode(token, plain, sizeof(plain), &n))
		return refuse(c, 400, "BadRequest",
		    "continue key is not valid: illegal base64 data");
	v = node_parse(c->t, (struct str){ plain, n }, NULL);
	if (!v)
		return refuse(c, 400, "BadRequest", "invalid continue token: "
		    "continue key is not valid: invalid character '%c' "
		    "looking for beginning of value", n ? plain[0] : ' ');
	version = node_number(v, "rv", 0);
	p->after = node_text(v, "start");
	if (!version || !p->after.n)
		return refuse(c, 400, "BadRequest",
		    "continue key is not valid: incorrect encoded start "
		    "resourceVersion (version meta.k8s.io/v1)");
	/* A negative one goes on with what is there now. */
	p->version = version < 0 ? c->a->number : (uint64_t)version;
	if (version > 0 && p->version <= c->a->compacted) {
		struct node *meta = node_object(c->t);

		node_set(c->t, meta, "continue", node_str(c->t,
		    token_make(c->t, -1, p->after)));
		return refuse_expired(c, "The provided continue parameter is "
		    "too old to display a consistent list result. You can "
		    "start a new list without the continue parameter, or use "
		    "the continue token in this response to retrieve the "
		    "remainder of the results. Continuing with the provided "
		    "token results in an inconsistent list - objects that "
		    "were created, modified, or deleted between the time the "
		    "first chunk was returned and now may show up in the "
		    "list.", meta);
	}
	return true;
}

static bool too_large(struct call *c, uint64_t version)
{
	struct node *details = node_object(c->t), *causes = node_list(c->t);
	struct node *cause = node_object(c->t);

	node_set(c->t, cause, "reason",
	    node_cstr(c->t, "ResourceVersionTooLarge"));
	node_set(c->t, cause, "message",
	    node_cstr(c->t, "Too large resource version"));
	node_append(c->t, causes, cause);
	node_set(c->t, details, "causes", causes);
	node_set(c->t, details, "retryAfterSeconds", node_int(c->t, 1));
	c->ans->retry_after_s = 1;
	return refuse_details(c, 504, "Timeout", details, tree_fmt(c->t,
	    "Timeout: Too large resource version: %llu, current: %llu",
	    (unsigned long long)version, (unsigned long long)c->a->number));
}

static bool read_version(struct call *c, struct page *p)
{
	struct str version = query_get(c, "resourceVersion");
	struct str match = query_get(c, "resourceVersionMatch");
	uint64_t v = 0;

	p->version = c->a->number;
	if (version.n && str_u64(version, &v))
		return refuse(c, 400, "BadRequest", "invalid resource "
		    "version: resourceVersion: Invalid value: \"%.*s\": "
		    "strconv.ParseUint: parsing \"%.*s\": invalid syntax",
		    (int)version.n, version.p, (int)version.n, version.p);
	if (match.n && !version.n)
		return refuse_listing(c, "resourceVersionMatch",
		    "Forbidden: resourceVersionMatch "
		    "is forbidden unless resourceVersion is provided");
	if (str_is(match, "Exact") && !v)
		return refuse_listing(c, "resourceVersionMatch",
		    "Forbidden: resourceVersionMatch "
		    "\"exact\" is forbidden for resourceVersion \"0\"");
	if (v > c->a->number)
		return too_large(c, v);
	/* With a limit and no match an old server's meaning: exactly. */
	if (str_is(match, "Exact") || (v && !match.n && p->limit)) {
		if (v <= c->a->compacted)
			return refuse_expired(c, "The resourceVersion for "
			    "the provided list is too old.", NULL);
		p->version = v;
	}
	return true;
}

static bool read_page(struct call *c, struct page *p)
{
	struct str token = query_get(c, "continue");
	struct str limit = query_get(c, "limit");
	struct str version = query_get(c, "resourceVersion");

	*p = (struct page){ 0 };
	if (limit.n && str_u64(limit, &p->limit))
		return refuse(c, 400, "BadRequest", "strconv.ParseInt: "
		    "parsing \"%.*s\": invalid syntax", (int)limit.n,
		    limit.p);
	/* The cache has all and gives all. */
	if (str_is(version, "0") && !token.n)
		p->limit = 0;
	if (c->a->o.page_max && p->limit > c->a->o.page_max)
		p->limit = c->a->o.page_max;
	if (!token.n)
		return read_version(c, p);
	if (version.n && !str_is(version, "0"))
		return refuse(c, 400, "BadRequest", "specifying resource "
		    "version is not allowed when using continue");
	return token_read(c, token, p);
}

static bool is_after(struct tree *t, const struct node *root,
    struct str after)
{
	struct str key = place_key(t, root);
	size_t n = key.n < after.n ? key.n : after.n;
	int c = memcmp(key.p, after.p, n);

	return c > 0 || (c == 0 && key.n > after.n);
}

static void put_item(struct call *c, struct version *v, bool first)
{
	struct text *out = &c->a->out;
	const char *p;
	size_t n;

	if (!first)
		text_add(out, ",", 1);
	if (c->metadata) {
		p = version_meta(v, &n);
		text_add(out, p, n);
	} else if (kind_is_custom(c->kind)) {
		p = version_text(v, &n);
		text_add(out, p, n);
	} else {
		struct node bare = *v->root;
		struct member keep[16];
		uint32_t i = 0;

		/* Without apiVersion and kind. */
		for (bare.n = 0; i < v->root->n; i++)
			if (!str_is(v->root->member[i].key, "kind") &&
			    !str_is(v->root->member[i].key, "apiVersion")) {
				CHECK(bare.n < ARRAY_LEN(keep));
				keep[bare.n++] = v->root->member[i];
			}
		bare.member = keep;
		node_write(&bare, out);
	}
}

/* The page's objects move to the front of all. */
static uint32_t choose(struct call *c, const struct page *p,
    struct version **all, uint32_t n, uint32_t *ret_left)
{
	uint32_t chosen = 0, left = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct node *root = all[i]->root;

		if ((p->after.n && !is_after(c->t, root, p->after)) ||
		    (c->ns.n && !str_eq(node_text(root,
		    "metadata.namespace"), c->ns)) ||
		    !select_matches(&c->select, c->kind, root))
			continue;
		if (p->limit && chosen == p->limit)
			left++;
		else
			all[chosen++] = all[i];
	}
	*ret_left = left;
	return chosen;
}

static void put_head(struct call *c, const struct page *p, uint32_t left,
    const struct version *last)
{
	struct tree *t = c->t;
	struct node *meta = node_object(t);

	node_set(t, meta, "resourceVersion", node_str(t, tree_fmt(t, "%llu",
	    (unsigned long long)p->version)));
	if (kind_is_custom(c->kind) && !c->metadata)
		node_set(t, meta, "continue", node_cstr(t, ""));
	if (left) {
		node_set(t, meta, "continue", node_str(t, token_make(t,
		    (int64_t)p->version, place_key(t, last->root))));
		if (!c->select.labels && !c->select.fields)
			node_set(t, meta, "remainingItemCount",
			    node_int(t, left));
	}
	c->a->out.n = 0;
	text_fmt(&c->a->out, "{\"kind\":\"%sList\",\"apiVersion\":\"%s\","
	    "\"metadata\":", c->metadata ? "PartialObjectMetadata" :
	    c->info->kind, c->metadata ? "meta.k8s.io/v1" :
	    kind_api_version(c->kind));
	node_write(meta, &c->a->out);
	text_str(&c->a->out, STR(",\"items\":"));
}

/* The real one has null for no metadata. */
static void put_list(struct call *c, struct version **all, uint32_t n)
{
	bool null = c->metadata && n == 0;

	text_str(&c->a->out, null ? STR("null") : STR("["));
	for (uint32_t i = 0; i < n; i++)
		put_item(c, all[i], i == 0);
	text_str(&c->a->out, null ? STR("}\n") : STR("]}\n"));
	c->ans->status = 200;
	c->ans->content_type = "application/json";
	c->ans->body = text_view(&c->a->out);
}

void answer_list(struct call *c, struct version **all, uint32_t n)
{
	struct page page = { .version = c->a->number };

	put_head(c, &page, 0, NULL);
	put_list(c, all, n);
}

void read_list(struct call *c)
{
	struct version **all;
	struct page page;
	uint32_t n, left;

	if (!select_parse(c) || !read_page(c, &page))
		return;
	all = store_at(c->a, c->kind, page.version, &n);
	n = choose(c, &page, all, n, &left);
	put_head(c, &page, left, n ? all[n - 1] : NULL);
	put_list(c, all, n);
}
