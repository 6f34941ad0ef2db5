#ifndef API_TRY_H
#define API_TRY_H

/*
 * One model API server and requests to it, for the tests of this folder.
 */

#include "check.h"
#include "sim/api.h"

#define SEC NS_PER_S

struct try {
	struct api *api;
	struct api_options o;
	int64_t now_ns;
	struct tree tree;		/* of the answers */
	struct api_answer ans;
	struct node *got;		/* the answer's body, or NULL */
	enum api_fault fault;		/* of the next request */
	int retry_after_s;
	const char *accept;
};

/* One per test; a second goes by with each request. */
struct try *try_begin(const struct api_options *o);
void try_end(struct try *t);
/* type NULL: JSON.  The status; t->got is the body. */
int try_do(struct try *t, const char *method, const char *path,
    const char *type, const char *body);
int try_get(struct try *t, const char *path);
int try_post(struct try *t, const char *path, const char *body);
int try_merge(struct try *t, const char *path, const char *body);
int try_apply(struct try *t, const char *path, const char *manager,
    bool force, const char *body);
int try_delete(struct try *t, const char *path, const char *options);
/* Of the last answer; "" where there is none. */
struct str try_text(const struct try *t, const char *path);
/* What stands at `path` as JSON. */
struct str try_json(struct try *t, const char *path);
/* printf, into memory that lasts. */
const char *try_fmt(struct try *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "ADDED a, MODIFIED b, ..." of all lines that there are; "END" at the end,
 * BOOKMARK! for the one that ends the initial events. */
struct str try_lines(struct try *t, struct api_watch *w);
struct api_watch *try_watch(struct try *t, const char *path);

#define MAPS "/api/v1/namespaces/default/configmaps"
#define DEPLOYMENTS "/apis/apps/v1/namespaces/default/deployments"
#define SERVERS "/apis/mcp.mcp.dev/v1alpha1/namespaces/default/mcpservers"
/* A ConfigMap called c. */
#define MAP(meta, data) "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"," \
	"\"metadata\":{\"name\":\"c\"" meta "},\"data\":{" data "}}"
#define SERVER(meta, spec) "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\"," \
	"\"kind\":\"MCPServer\",\"metadata\":{\"name\":\"m\"" meta "}," \
	"\"spec\":{\"image\":\"i\"" spec "}}"
#define DEPLOYMENT(spec, container) "{\"apiVersion\":\"apps/v1\"," \
	"\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"}," \
	"\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}}," \
	"\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":" \
	"{\"containers\":[{\"name\":\"main\",\"image\":\"i:1\"" container \
	"}]}}" spec "}}"

#endif
