#include <stdarg.h>
#include <string.h>

#include "api_int.h"

struct node *status_node(struct tree *t, int code, const char *reason,
    struct str message, struct node *details)
{
	struct node *v = node_object(t);

	node_set(t, v, "kind", node_cstr(t, "Status"));
	node_set(t, v, "apiVersion", node_cstr(t, "v1"));
	node_set(t, v, "metadata", node_object(t));
	node_set(t, v, "status", node_cstr(t,
	    code < 400 ? "Success" : "Failure"));
	if (message.n)
		node_set(t, v, "message", node_str(t, message));
	if (reason[0])
		node_set(t, v, "reason", node_cstr(t, reason));
	if (details)
		node_set(t, v, "details", details);
	if (code)
		node_set(t, v, "code", node_int(t, code));
	return v;
}

void answer_node(struct call *c, int code, const struct node *v)
{
	struct api *a = c->a;

	a->out.n = 0;
	node_write(v, &a->out);
	text_add(&a->out, "\n", 1);
	c->ans->status = code;
	c->ans->content_type = "application/json";
	c->ans->body = text_view(&a->out);
}

void answer_object(struct call *c, int code, struct version *v)
{
	struct api *a = c->a;
	const char *p;
	size_t n;

	a->out.n = 0;
	p = c->metadata ? version_meta(v, &n) : version_text(v, &n);
	text_add(&a->out, p, n);
	text_add(&a->out, "\n", 1);
	c->ans->status = code;
	c->ans->content_type = "application/json";
	c->ans->body = text_view(&a->out);
}

bool refuse_details(struct call *c, int code, const char *reason,
    struct node *details, struct str message)
{
	answer_node(c, code, status_node(c->t, code, reason, message,
	    details));
	return false;
}

bool refuse(struct call *c, int code, const char *reason,
    const char *fmt, ...)
{
	struct str message;
	va_list ap;

	va_start(ap, fmt);
	message = tree_vfmt(c->t, fmt, ap);
	va_end(ap);
	return refuse_details(c, code, reason, NULL, message);
}

struct node *status_about(struct call *c, enum api_kind k, struct str name)
{
	struct tree *t = c->t;
	struct node *d = node_object(t);

	if (name.n)
		node_set(t, d, "name", node_str(t, name));
	if (kinds[k].group[0])
		node_set(t, d, "group", node_cstr(t, kinds[k].group));
	node_set(t, d, "kind", node_cstr(t, kinds[k].plural));
	return d;
}

bool refuse_missing(struct call *c, enum api_kind k, struct str name)
{
	return refuse_details(c, 404, "NotFound", status_about(c, k, name),
	    tree_fmt(c->t, "%s \"%.*s\" not found", kind_resource(k),
	    (int)name.n, name.p));
}

bool refuse_conflict(struct call *c, struct str name, const char *why)
{
	return refuse_details(c, 409, "Conflict",
	    status_about(c, c->kind, name), tree_fmt(c->t,
	    "Operation cannot be fulfilled on %s \"%.*s\": %s",
	    kind_resource(c->kind), (int)name.n, name.p, why));
}

bool refuse_expired(struct call *c, const char *message, struct node *meta)
{
	struct node *v = status_node(c->t, 410, "Expired",
	    str_from(message), NULL);

	if (meta)
		node_set(c->t, v, "metadata", meta);
	answer_node(c, 410, v);
	return false;
}

void cause_add(struct tree *t, struct node *causes, const char *reason,
    const char *field, const char *fmt, ...)
{
	struct node *v = node_object(t);
	struct str message;
	va_list ap;

	va_start(ap, fmt);
	message = tree_vfmt(t, fmt, ap);
	va_end(ap);
	node_set(t, v, "reason", node_cstr(t, reason));
	node_set(t, v, "message", node_str(t, message));
	node_set(t, v, "field", node_cstr(t, field));
	node_append(t, causes, v);
}

bool refuse_option(struct call *c, const char *kind, const char *field,
    const char *reason, const char *message)
{
	struct node *causes = node_list(c->t), *details = node_object(c->t);

	cause_add(c->t, causes, reason, field, "%s", message);
	node_set(c->t, details, "group", node_cstr(c->t, "meta.k8s.io"));
	node_set(c->t, details, "kind", node_cstr(c->t, kind));
	node_set(c->t, details, "causes", causes);
	return refuse_details(c, 422, "Invalid", details, tree_fmt(c->t,
	    "%s.meta.k8s.io \"\" is invalid: %s: %s", kind, field, message));
}

bool refuse_listing(struct call *c, const char *field, const char *message)
{
	return refuse_option(c, "ListOptions", field, "FieldValueForbidden",
	    message);
}

/* PUT without a version: named by the resource, not by the kind. */
bool refuse_unversioned(struct call *c)
{
	struct node *causes = node_list(c->t);
	struct node *details = status_about(c, c->kind, c->name);

	cause_add(c->t, causes, "FieldValueInvalid",
	    "metadata.resourceVersion", "Invalid value: 0: must be "
	    "specified for an update");
	node_set(c->t, details, "causes", causes);
	return refuse_details(c, 422, "Invalid", details, tree_fmt(c->t,
	    "%s \"%.*s\" is invalid: metadata.resourceVersion: Invalid "
	    "value: 0: must be specified for an update",
	    kind_resource(c->kind), (int)c->name.n, c->name.p));
}

/* "Kind.group "name" is invalid: field: message", or [a, b]. */
bool refuse_invalid_as(struct call *c, const char *group, const char *kind,
    struct str name, struct node *causes)
{
	struct node *details = node_object(c->t);
	struct text text = { 0 };
	struct str message;

	if (name.n)
		node_set(c->t, details, "name", node_str(c->t, name));
	if (group[0])
		node_set(c->t, details, "group", node_cstr(c->t, group));
	node_set(c->t, details, "kind", node_cstr(c->t, kind));
	text_fmt(&text, "%s%s%s \"%.*s\" is invalid: ", kind,
	    group[0] ? "." : "", group, (int)name.n, name.p ? name.p : "");
	if (causes->n > 1)
		text_add(&text, "[", 1);
	for (uint32_t i = 0; i < causes->n; i++) {
		if (i)
			text_add(&text, ", ", 2);
		text_str(&text, node_text(causes->item[i], "field"));
		text_add(&text, ": ", 2);
		text_str(&text, node_text(causes->item[i], "message"));
	}
	if (causes->n > 1)
		text_add(&text, "]", 1);
	message = tree_str(c->t, text_view(&text));
	text_free(&text);
	node_set(c->t, details, "causes", causes);
	return refuse_details(c, 422, "Invalid", details, message);
}

bool refuse_invalid(struct call *c, struct str name, struct node *causes)
{
	return refuse_invalid_as(c, c->info->group, c->info->kind, name,
	    causes);
}

/* ---- faults ---------------------------------------------------------- */

static bool refuse_retry(struct call *c, int code, const char *reason,
    const char *message)
{
	struct node *details = node_object(c->t);

	c->ans->retry_after_s = c->r->retry_after_s;
	if (c->r->retry_after_s > 0)
		node_set(c->t, details, "retryAfterSeconds",
		    node_int(c->t, c->r->retry_after_s));
	return refuse_details(c, code, reason, details, str_from(message));
}

static bool refuse_page(struct call *c, int code, const char *text)
{
	c->ans->status = code;
	c->ans->content_type = "text/html";
	c->ans->body = str_from(text);
	return false;
}

bool fault_early(struct call *c)
{
	switch (c->r->fault) {
	case API_THROTTLE:
		return refuse_retry(c, 429, "TooManyRequests",
		    "too many requests, please try again later");
	case API_UNAVAILABLE:
		return refuse_retry(c, 503, "ServiceUnavailable",
		    "apiserver is shutting down");
	case API_INTERNAL:
		return refuse(c, 500, "InternalError",
		    "Internal error occurred: an injected fault");
	case API_ETCD_SLOW:
		return refuse(c, 500, "", "etcdserver: request timed out");
	case API_TIMEOUT:
		return refuse(c, 504, "Timeout", "Timeout: request did not "
		    "complete within the allotted timeout");
	case API_BAD_GATEWAY:
		return refuse_page(c, 502,
		    "<html><h1>502 Bad Gateway</h1></html>\n");
	case API_UNAUTHORIZED:
		return refuse(c, 401, "Unauthorized", "Unauthorized");
	case API_GONE:
		return refuse_expired(c, "The resourceVersion for the "
		    "provided watch is too old.", NULL);
	case API_FORBIDDEN:
		return refuse_details(c, 403, "Forbidden",
		    status_about(c, c->kind, c->name), tree_fmt(c->t,
		    "%s is forbidden: User \"system:serviceaccount:mcp-"
		    "system:mcp-operator\" cannot do this to resource \"%s\" "
		    "in API group \"%s\"", kind_resource(c->kind),
		    c->info->plural, c->info->group));
	default:
		return true;
	}
}

bool fault_admission(struct call *c, bool create)
{
	switch (c->r->fault) {
	case API_ADMISSION:
		return refuse(c, 403, "Forbidden", "admission webhook "
		    "\"policy.example.com\" denied the request: not allowed "
		    "by policy");
	case API_ADMISSION_GONE:
		return refuse(c, 500, "InternalError", "Internal error "
		    "occurred: failed calling webhook \"policy.example.com\""
		    ": failed to call webhook: connection refused");
	case API_CONFLICT:
		return create || refuse_conflict(c, c->name, "the object has "
		    "been modified; please apply your changes to the latest "
		    "version and try again");
	case API_QUOTA:
		return !create || refuse_details(c, 403, "Forbidden",
		    status_about(c, c->kind, c->name), tree_fmt(c->t,
		    "%s \"%.*s\" is forbidden: exceeded quota: objects, "
		    "requested: count/%s=1, used: count/%s=10, limited: "
		    "count/%s=10", kind_resource(c->kind), (int)c->name.n,
		    c->name.p ? c->name.p : "", kind_resource(c->kind),
		    kind_resource(c->kind), kind_resource(c->kind)));
	default:
		return true;
	}
}

void fault_late(struct call *c)
{
	if (c->ans->status >= 400)
		return;
	if (c->r->fault == API_INTERNAL_LATE)
		refuse(c, 500, "InternalError",
		    "Internal error occurred: an injected fault");
	else if (c->r->fault == API_TIMEOUT_LATE)
		refuse(c, 504, "Timeout", "Timeout: request did not "
		    "complete within the allotted timeout");
}
