#include <string.h>

#include "kube_int.h"

/*
 * The path is built in the call's own text; small bodies follow it there.
 */
static struct buf text_begin(struct kube_call *call)
{
	struct buf b;

	buf_init(&b, call->text, sizeof(call->text));
	return b;
}

static void text_path(struct kube_call *call, const struct buf *b)
{
	CHECK(!b->over);
	call->path = buf_view(b);
}

/* Everything but the query. */
static struct buf target(struct kube_call *call, const char *method,
    const struct gvr *r, struct str namespace, struct str name,
    const char *sub)
{
	struct buf b = text_begin(call);

	CHECK(!kube_call_busy(call));
	call->method = method;
	call->content_type = NULL;
	call->body = STR_NONE;
	kube_path(&b, r, namespace, name, sub);
	return b;
}

static void write_query(struct buf *b, const char *manager)
{
	kube_query(b, "fieldManager", str_from(manager));
}

static void write_body(struct kube_call *call, const char *type,
    struct str body)
{
	call->content_type = type;
	call->body = body;
	call->accept = KUBE_METADATA;
}

void kube_call_get(struct kube_call *call, const struct gvr *r,
    struct str namespace, struct str name)
{
	struct buf b;

	CHECK(name.n);
	b = target(call, "GET", r, namespace, name, NULL);
	call->accept = KUBE_JSON;
	text_path(call, &b);
}

/* One more parameter, while nothing follows the path. */
static void query_add(struct kube_call *call, const char *key,
    struct str value)
{
	struct buf b = text_begin(call);

	CHECK(call->path.p == call->text);
	b.n = call->path.n;
	kube_query(&b, key, value);
	text_path(call, &b);
}

void kube_call_not_older(struct kube_call *call, uint64_t version)
{
	char digits[20];
	struct buf n;

	buf_init(&n, digits, sizeof(digits));
	buf_u64(&n, version);
	CHECK(!kube_call_writes(call));
	query_add(call, "resourceVersion", buf_view(&n));
}

void kube_call_dry_run(struct kube_call *call)
{
	struct str method = str_from(call->method);

	CHECK(str_is(method, "POST") || str_is(method, "PATCH"));
	query_add(call, "dryRun", STR("All"));
	call->dry = true;
}

void kube_call_list(struct kube_call *call, const struct gvr *r,
    struct str namespace, const char *labels, const char *fields,
    uint32_t limit, struct str continue_token)
{
	struct buf b = target(call, "GET", r, namespace, STR_NONE, NULL);
	char digits[10];
	struct buf n;

	call->accept = KUBE_JSON;
	if (labels)
		kube_query(&b, "labelSelector", str_from(labels));
	if (fields)
		kube_query(&b, "fieldSelector", str_from(fields));
	if (limit) {
		buf_init(&n, digits, sizeof(digits));
		buf_u64(&n, limit);
		kube_query(&b, "limit", buf_view(&n));
	}
	if (continue_token.n)
		kube_query(&b, "continue", continue_token);
	text_path(call, &b);
}

void kube_call_create(struct kube_call *call, const struct gvr *r,
    struct str namespace, const char *manager, struct str body)
{
	struct buf b = target(call, "POST", r, namespace, STR_NONE, NULL);

	write_query(&b, manager);
	text_path(call, &b);
	write_body(call, KUBE_JSON, body);
}

void kube_call_apply(struct kube_call *call, const struct gvr *r,
    struct str namespace, struct str name, const char *sub,
    const char *manager, bool force, struct str body)
{
	struct buf b;

	CHECK(name.n);
	b = target(call, "PATCH", r, namespace, name, sub);
	write_query(&b, manager);
	if (force)
		kube_query(&b, "force", STR("true"));
	text_path(call, &b);
	write_body(call, KUBE_APPLY, body);
}

void kube_call_merge(struct kube_call *call, const struct gvr *r,
    struct str namespace, struct str name, const char *sub,
    const char *manager, struct str body)
{
	struct buf b;

	CHECK(name.n);
	b = target(call, "PATCH", r, namespace, name, sub);
	write_query(&b, manager);
	text_path(call, &b);
	write_body(call, KUBE_MERGE, body);
}

void kube_call_update(struct kube_call *call, const struct gvr *r,
    struct str namespace, struct str name, const char *sub,
    const char *manager, struct str body)
{
	struct buf b;

	CHECK(name.n);
	b = target(call, "PUT", r, namespace, name, sub);
	write_query(&b, manager);
	text_path(call, &b);
	write_body(call, KUBE_JSON, body);
}

static const char *const propagations[] = {
	[KUBE_PROPAGATE_DEFAULT] = NULL,
	[KUBE_BACKGROUND] = "Background",
	[KUBE_FOREGROUND] = "Foreground",
	[KUBE_ORPHAN] = "Orphan",
};

static void delete_options(struct buf *b, struct str uid, struct str version,
    const char *propagation)
{
	struct jw w;

	jw_init(&w, b);
	jw_open(&w);
	jw_kcstr(&w, "kind", "DeleteOptions");
	jw_kcstr(&w, "apiVersion", "v1");
	if (uid.n || version.n) {
		jw_kopen(&w, "preconditions");
		if (uid.n)
			jw_kstr(&w, "uid", uid);
		if (version.n)
			jw_kstr(&w, "resourceVersion", version);
		jw_close(&w);
	}
	if (propagation)
		jw_kcstr(&w, "propagationPolicy", propagation);
	jw_close(&w);
}

void kube_call_delete(struct kube_call *call, const struct gvr *r,
    struct str namespace, struct str name, struct str uid,
    struct str version, enum kube_propagation propagation)
{
	struct buf b;
	size_t path_n;

	CHECK(name.n && (size_t)propagation < ARRAY_LEN(propagations));
	b = target(call, "DELETE", r, namespace, name, NULL);
	text_path(call, &b);
	path_n = b.n;
	delete_options(&b, uid, version, propagations[propagation]);
	CHECK(!b.over);
	write_body(call, KUBE_JSON, str_sub(buf_view(&b), path_n, b.n));
}
