#include <string.h>

#include "http1_int.h"

/*
 * A request with its body lies in one piece of memory: the query, the body
 * and behind it what is answered. Whoever has to answer may be at it when the
 * peer has long gone, so the piece is free only when both are done with it.
 */
enum post_state {
	POST_FREE,
	POST_READING,
	POST_ASKED,		/* lent until http_post_answer */
	POST_ANSWERED
};

#define POST_MEM (HTTP_HEAD_MAX + HTTP_BODY_MAX + HTTP_POST_OUT_MAX)

int posts_init(struct http_posts *all, struct mem *m, uint32_t n)
{
	char *mem = mem_reserve(m, "http bodies", n, POST_MEM);
	uint32_t i;

	all->post = mem_reserve(m, "http requests", n, sizeof(*all->post));
	if (!mem || !all->post)
		return ERR_FULL;
	all->mem = m;
	all->n = n;
	for (i = 0; i < n; i++) {
		all->post[i].all = all;
		buf_init(&all->post[i].in, mem + (size_t)i * POST_MEM,
		    POST_MEM);
	}
	return 0;
}

struct http_post *post_begin(struct http_posts *all, void *peer,
    const struct http_head *head, struct str query, int64_t now_ns)
{
	struct http_post *post = all->post;
	uint32_t i = 0;

	while (i < all->n && post[i].state != POST_FREE)
		i++;
	if (i == all->n)
		return NULL;
	post += i;
	post->peer = peer;
	post->state = POST_READING;
	post->since_ns = now_ns;
	post->chunked = head->chunked;
	post->left = head->length;
	chunk_init(&post->chunk);
	buf_clear(&post->in);
	buf_clear(&post->out);
	buf_str(&post->in, query);
	post->query_n = query.n;
	return post;
}

struct http_post *post_slowest(const struct http_posts *all,
    int64_t since_ns)
{
	struct http_post *slowest = NULL;
	uint32_t i;

	for (i = 0; i < all->n; i++) {
		if ((all->post[i].state != POST_READING &&
		    all->post[i].state != POST_ANSWERED) ||
		    all->post[i].since_ns > since_ns)
			continue;
		slowest = &all->post[i];
		since_ns = slowest->since_ns;
	}
	return slowest;
}

static int body_add(struct http_post *post, struct str data)
{
	if (data.n > HTTP_BODY_MAX - (post->in.n - post->query_n))
		return ERR_LIMIT;
	buf_str(&post->in, data);
	CHECK(!post->in.over);
	return 0;
}

static int chunks_eat(struct http_post *post, struct str *in)
{
	struct str data;
	int done = 0, err = 0;

	while (!done && !err && in->n) {
		done = chunk_push(&post->chunk, in, &data);
		err = body_add(post, data);
	}
	return err ? err : done;
}

int post_eat(struct http_post *post, struct str *in)
{
	size_t n = in->n;
	int err;

	if (post->chunked)
		return chunks_eat(post, in);
	if (n > post->left)
		n = (size_t)post->left;
	err = body_add(post, str_sub(*in, 0, n));
	*in = str_sub(*in, n, in->n);
	post->left -= n;
	return err ? err : !post->left;
}

void post_lend(struct http_post *post)
{
	struct str all = buf_view(&post->in);

	post->state = POST_ASKED;
	post->query = str_sub(all, 0, post->query_n);
	post->body = str_sub(all, post->query_n, all.n);
	buf_init(&post->out, post->in.p + all.n, HTTP_POST_OUT_MAX);
}

static void post_free(struct http_post *post)
{
	if (post->in.n + post->out.n > HTTP_POST_KEEP_MAX)
		mem_trim(post->all->mem, post->in.p, POST_MEM);
	post->state = POST_FREE;
}

void post_leave(struct http_post *post)
{
	post->peer = NULL;
	if (post->state != POST_ASKED)
		post_free(post);
}

int post_more(void *ctx, uint64_t *cursor, struct buf *out)
{
	const struct http_post *post = ctx;
	struct str rest = str_sub(buf_view(&post->out), (size_t)*cursor,
	    post->out.n);

	rest = str_sub(rest, 0, out->cap);
	buf_str(out, rest);
	*cursor += rest.n;
	return *cursor < post->out.n;
}

void http_post_answer(struct http_post *post, uint16_t status,
    const char *type)
{
	struct http_reply reply = { .status = status, .type = type };

	CHECK(post->state == POST_ASKED);
	post->state = POST_ANSWERED;
	if (post->out.over) {
		reply.status = 500;
		buf_clear(&post->out);
	}
	if (post->out.n)
		reply.more = post_more;
	else
		reply.type = HTTP_TEXT_PLAIN;
	if (post->peer)
		peer_post_answered(post->peer, &reply);
	else
		post_free(post);
}
