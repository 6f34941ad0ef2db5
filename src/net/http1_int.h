#ifndef HTTP1_INT_H
#define HTTP1_INT_H

#include "net.h"

/* http1_parse.c */

/* RFC 9110 section 5.6.2; not empty. */
bool http_is_token(struct str s);
/* Visible ASCII without '#'; not empty. */
bool http_is_target(struct str s);
/* What may stand in a Host field (RFC 9110 section 7.2); may be empty. */
bool http_is_host(struct str s);
/* One line without its CRLF; slices of it. 0 or ERR_BAD. */
int http_parse_field(struct str line, struct http_header *ret,
    struct diag *d);
/*
 * Bytes came in behind the first `before`: can the parser's answer differ
 * from what it said then? It looks at whole lines, and at the first bytes
 * of the first line.
 */
bool http_parse_again(struct str in, size_t before);

/* http1_post.c */

/* The requests with bodies that there is room for. */
struct http_posts {
	struct mem *mem;
	struct http_post *post;
	uint32_t n;
};
int posts_init(struct http_posts *all, struct mem *m, uint32_t n);
/* For a request that says how long its body is; NULL: there is no room. */
struct http_post *post_begin(struct http_posts *all, void *peer,
    const struct http_head *head, struct str query, int64_t now_ns);
/* The one whose body has been coming, or whose answer been read, for longest,
 * since then or before; or NULL. */
struct http_post *post_slowest(const struct http_posts *all,
    int64_t since_ns);
/*
 * Takes what is the body's off *in. 1: it is complete, 0: more is to come,
 * ERR_LIMIT: too long, ERR_BAD: malformed chunks.
 */
int post_eat(struct http_post *post, struct str *in);
/* Complete, and about to be handed out. */
void post_lend(struct http_post *post);
/* The peer waits no more: its room is free, once it is answered. */
void post_leave(struct http_post *post);
/* As http_reply has it; ctx is the post. */
int post_more(void *ctx, uint64_t *cursor, struct buf *out);

/* http1_answer.c */

/* Room in front of the body for the head, or a chunk's size, and behind it
 * for the end of a chunk and of the body. */
enum { ANSWER_FRONT_MAX = 512, ANSWER_BACK_MAX = 16 };

/* One answer on its way, and how the connection goes on. */
struct answer {
	const struct io *io;		/* for the date */
	struct http_reply reply;
	void *more_ctx;			/* of reply.more */
	const char *allow;		/* methods, for 405 */
	/* The connection is kept afterwards; HTTP/1.0; without its body. */
	bool keep, old, head_only;
	/* private: in chunks; nothing of it is out yet; its last window is */
	bool chunked, first, last;
	uint64_t cursor;
	struct str rest;		/* to be sent first */
	char out[HTTP_SERVER_OUT_MAX];
};
void answer_begin(struct answer *a);
/* 1: all of it is out, and keep says what comes next; 0: go on soon;
 * ERR_AGAIN: when the connection can; else it is at its end. */
int answer_send(struct answer *a, struct conn *c);

/* http1_server.c */

#define HTTP_TEXT_PLAIN "text/plain; charset=utf-8"

/* Its peer is to be sent this. */
void peer_post_answered(void *peer, const struct http_reply *reply);

/* http1_client.c */

/* Writes *rest and advances it: 0 when all is taken (but maybe not flushed),
 * ERR_AGAIN, or the connection's error. */
int http_push(struct conn *c, struct str *rest);

#endif
