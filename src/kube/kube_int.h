#ifndef KUBE_INT_H
#define KUBE_INT_H

/* What the files of the room share; see include/kube.h for the rest. */

#include "kube.h"

/* peek.c */

/*
 * Members and elements of JSON text without tokens, in one pass. The text
 * may be cut or malformed: then less is found, nothing is read beyond it.
 * *at is a cursor that starts at 0.
 */
bool peek_member(struct str object, size_t *at, struct str *ret_key,
    struct str *ret_value);
bool peek_element(struct str array, size_t *at, struct str *ret_value);
/* What stands from a member's value on, which may be cut. */
bool peek_rest(struct str object, struct str key, struct str *ret_rest);
/* The raw value at a dotted path, strings with their quotes. */
bool peek_raw(struct str object, const char *path, struct str *ret_value);
/* A string value unescaped into out (ERR_BAD, ERR_FULL); a number. */
int peek_string(struct str object, const char *path, struct buf *out);
int peek_i64(struct str object, const char *path, int64_t *ret);

/* client.c */

/*
 * What all requests have alike. kube_request_begin puts the server's prefix
 * into mem, the caller appends path and query, kube_request_end the header
 * lines. mem stays in use until the request is sent; both users put it where
 * the answer goes afterwards, and refuse an answer that comes before.
 */
void kube_request_begin(const struct kube_client *c, struct buf *mem);
void kube_request_end(const struct kube_client *c, const char *accept,
    const char *content_type, struct buf *mem, struct http_request *ret);

#define KUBE_PAGE 4096
/* An engine's memory in whole pages, so that they can be given back. */
size_t kube_tls_stride(void);

/* watch.c and watch_http.c */

/* What happens to a watch. */
enum watch_happen {
	HAPPEN_BEGIN,		/* started, kicked, or waited long enough */
	HAPPEN_PAGE,		/* a page of the list, more follow */
	HAPPEN_LISTED,		/* the last page */
	HAPPEN_SYNCED,		/* the initial events of a stream are over */
	HAPPEN_ENDED,		/* the server ended the stream */
	HAPPEN_FAILED,		/* anything that may be better next time */
	HAPPEN_GONE,		/* 410 */
	HAPPEN_REFUSED,		/* 400, 422: not this way */
	HAPPEN_ABSENT,		/* 404 */
	HAPPEN_DENIED,		/* 401, 403 */
	HAPPENS
};
enum watch_step {
	STEP_STOPPED,
	STEP_WAIT,
	STEP_INITIAL,		/* a stream that begins with all objects */
	STEP_PAGES,
	STEP_STREAM,
	STEPS
};
void watch_happens(struct kube_watch *w, enum watch_happen happen);
/* Calls the handler; false when it stopped the watch. */
bool watch_emit(struct kube_watch *w, enum kube_watch_event event,
    struct str text);
void watch_enter(struct kube_watch *w, enum kube_watch_state state);

/* Sends the request of w->step. */
void watch_request(struct kube_watch *w);
void watch_http_init(struct kube_watch *w, char *tls);

#endif
