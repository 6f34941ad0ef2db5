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
/* The raw value at a dotted path, strings with their quotes. */
bool peek_raw(struct str object, const char *path, struct str *ret_value);
/* A string value unescaped into out (ERR_BAD, ERR_FULL); a number. */
int peek_string(struct str object, const char *path, struct buf *out);
int peek_i64(struct str object, const char *path, int64_t *ret);

/* config.c */

/* Where things lie in kube_config.work while a file is read. */
struct config_work {
	char file[KUBECONFIG_MAX];
	char json[JSON_OBJECT_MAX];
	struct json_tok tok[JSON_TOKENS_MAX];
	char yaml[YAML_SCRATCH_MAX];
};
struct config_work *config_work(struct kube_config *c);
/* Ends the use of work->yaml as an arena. */
void config_work_free(struct kube_config *c, struct arena *a);
/* A copy in c->text that ends in NUL; NULL when c->text is full. */
const char *config_cstr(struct kube_config *c, struct str s);
/* Contents of a file in work, at most cap bytes; ERR_* told in d. */
int config_read(struct kube_config *c, const char *path, size_t cap,
    struct str *ret, struct diag *d);
/* Sets the Authorization value: scheme "Bearer" or "Basic". */
int config_set_auth(struct kube_config *c, const char *scheme,
    struct str credentials, struct diag *d);
/* Fills host, prefix and target from a server URL in c->text. */
int config_set_server(struct kube_config *c, struct str url, struct diag *d);
int config_load_client(struct kube_config *c, struct str cert,
    struct str key, struct diag *d);

/* config_file.c */

/* From one file that must be there, or from several, some of which may not:
 * ERR_NOENT when none is. */
int config_from_files(struct kube_config *c, struct str paths, bool one,
    const struct kube_config_source *from, struct diag *d);

/* config_exec.c */

/* Reads a user's exec entry. */
int config_exec_read(struct kube_config *c, const struct json_doc *doc,
    uint32_t exec, struct str dir, struct diag *d);
/* The cluster as the plugin is told of it, if it wants to be. config: raw
 * JSON or empty; ca: PEM or empty. */
struct exec_cluster {
	struct str server, tls_name, ca, config;
};
/* Makes KUBERNETES_EXEC_INFO; cluster may be NULL. */
int config_exec_info(struct kube_config *c,
    const struct exec_cluster *cluster);
/* Runs the plugin and takes up what it says. */
int config_exec_run(struct kube_config *c, struct diag *d);

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
/* While initial events come: the next within KUBE_INITIAL_NS. */
void watch_await_initial(struct kube_watch *w);
/* Calls the handler; false when it stopped the watch. */
bool watch_emit(struct kube_watch *w, enum kube_watch_event event,
    struct str text);
void watch_enter(struct kube_watch *w, enum kube_watch_state state);

/* Gives back what large objects left of the line. No text is in use. */
void watch_trim_line(struct kube_watch *w);
/* Sends the request of w->step. */
void watch_request(struct kube_watch *w);
void watch_http_init(struct kube_watch *w);

#endif
