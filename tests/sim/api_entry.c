#include "api_int.h"

/* Ingresses: what is refused of them. */

static void invalid(struct check *c, const char *at, const char *why)
{
	cause_add(c->t, c->causes, "FieldValueInvalid", at,
	    "Invalid value: \"\": %s", why);
}

static void required(struct check *c, const char *at, const char *why)
{
	cause_add(c->t, c->causes, "FieldValueRequired", at,
	    "Required value%s%s", why[0] ? ": " : "", why);
}

static void check_service(struct check *c, const struct node *v,
    const char *at)
{
	const struct node *port = node_get(v, "port");
	int64_t number = node_number(port, "number", 0);
	bool named = node_text(port, "name").n > 0;

	if (!node_text(v, "name").n)
		required(c, tree_fmt(c->t, "%s.service.name", at).p, "");
	if (named && number)
		invalid(c, at, "cannot set both port name & port number");
	else if (!named && !number)
		required(c, at, "port name or number is required");
	else if (!named && (number < 1 || number > 65535))
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    tree_fmt(c->t, "%s.service.port.number", at).p,
		    "Invalid value: %lld: must be between 1 and 65535, "
		    "inclusive", (long long)number);
}

static void check_backend(struct check *c, const struct node *v,
    const char *at)
{
	const struct node *service = node_get(v, "service");
	bool resource = node_get(v, "resource") != NULL;

	if (service && resource)
		invalid(c, at, "cannot set both resource and service "
		    "backends");
	else if (service)
		check_service(c, service, at);
	else if (!resource)
		invalid(c, at, "resource or service backend is required");
}

void ingress_check(struct check *c, const struct node *spec)
{
	const struct node *whole = node_get(spec, "defaultBackend");
	const struct node *rules = node_get(spec, "rules"), *paths;

	if (!whole && (!rules || !rules->n))
		cause_add(c->t, c->causes, "FieldValueInvalid", "spec",
		    "Invalid value: %s: either `defaultBackend` or `rules` "
		    "must be specified", rules ? "[]" : "null");
	if (whole)
		check_backend(c, whole, "spec.defaultBackend");
	for (uint32_t i = 0; rules && i < rules->n; i++) {
		paths = node_path(rules->item[i], "http.paths");
		for (uint32_t j = 0; paths && j < paths->n; j++)
			check_backend(c, node_get(paths->item[j], "backend"),
			    tree_fmt(c->t, "spec.rules[%u].http.paths[%u]"
			    ".backend", i, j).p);
	}
}
