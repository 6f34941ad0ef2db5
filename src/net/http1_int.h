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

/* http1_client.c */

/* Writes *rest and advances it: 0 when all is taken (but maybe not flushed),
 * ERR_AGAIN, or the connection's error. */
int http_push(struct conn *c, struct str *rest);

#endif
