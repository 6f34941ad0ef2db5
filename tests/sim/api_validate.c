#include <string.h>

#include "codec.h"

#include "api_int.h"

struct str json_of(struct tree *t, const struct node *v)
{
	struct text text = { 0 };
	struct str s;

	if (!v)
		return STR("null");
	node_write(v, &text);
	s = tree_str(t, text_view(&text));
	text_free(&text);
	return s;
}

static void required(struct check *c, const char *field)
{
	cause_add(c->t, c->causes, "FieldValueRequired", field,
	    "Required value");
}

static void immutable(struct check *c, const char *field,
    const struct node *v)
{
	cause_add(c->t, c->causes, "FieldValueInvalid", field,
	    "Invalid value: %s: field is immutable", json_of(c->t, v).p);
}

/* ---- names ----------------------------------------------------------- */

static bool is_alnum(char c, bool upper)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    (upper && c >= 'A' && c <= 'Z');
}

static bool is_label_name(struct str s)
{
	if (!s.n || s.n > 63 || !is_alnum(s.p[0], false) ||
	    !is_alnum(s.p[s.n - 1], false))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i], false) && s.p[i] != '-')
			return false;
	return true;
}

static bool is_subdomain(struct str s)
{
	struct str one;

	for (;;) {
		bool last = str_find(s, '.') == s.n;

		s = str_cut(s, '.', &one);
		if (!is_label_name(str_sub(one, 0, 63)))
			return false;
		if (last)
			return true;
	}
}

#define SUBDOMAIN "a lowercase RFC 1123 subdomain must consist of lower " \
	"case alphanumeric characters, '-' or '.', and must start and end " \
	"with an alphanumeric character (e.g. 'example.com', regex used for " \
	"validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]" \
	"([-a-z0-9]*[a-z0-9])?)*')"
#define KEY "must consist of alphanumeric characters, '-', '_' or '.', and " \
	"must start and end with an alphanumeric character (e.g. 'MyName',  " \
	"or 'my.name',  or '123-abc', regex used for validation is " \
	"'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

static bool is_qualified(struct str s)
{
	if (!s.n || !is_alnum(s.p[0], true) || !is_alnum(s.p[s.n - 1], true))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i], true) && !memchr("-_.", s.p[i], 3))
			return false;
	return true;
}

static bool is_label_value(struct str s)
{
	return !s.n || (s.n <= 63 && is_qualified(s));
}

static void key_cause(struct check *c, struct str key, const char *field,
    const char *why)
{
	cause_add(c->t, c->causes, "FieldValueInvalid", field,
	    "Invalid value: \"%.*s\": %s", (int)key.n, key.p, why);
}

/* [prefix/]name */
static void key_check(struct check *c, struct str key, const char *field)
{
	size_t slash = str_find(key, '/');
	bool two = slash < key.n;
	struct str prefix = str_sub(key, 0, two ? slash : 0);
	struct str name = str_sub(key, two ? slash + 1 : 0, key.n);

	if (str_find(name, '/') < name.n) {
		key_cause(c, key, field, "a valid label key " KEY " with an "
		    "optional DNS subdomain prefix and '/' (e.g. "
		    "'example.com/MyName')");
		return;
	}
	if (two && !prefix.n)
		key_cause(c, key, field, "prefix part must be non-empty");
	if (prefix.n > 253)
		key_cause(c, key, field, "prefix part must be no more than "
		    "253 bytes");
	if (prefix.n && !is_subdomain(prefix))
		key_cause(c, key, field, "prefix part " SUBDOMAIN);
	if (!name.n)
		key_cause(c, key, field, "name part must be non-empty");
	if (name.n > 63)
		key_cause(c, key, field, "name part must be no more than 63 "
		    "bytes");
	if (!is_qualified(name))
		key_cause(c, key, field, "name part " KEY);
}

void labels_check(struct check *c, const struct node *labels,
    const char *field)
{
	for (uint32_t i = 0; labels && i < labels->n; i++) {
		struct str v = labels->member[i].value->text;

		key_check(c, labels->member[i].key, field);
		if (v.n > 63)
			cause_add(c->t, c->causes, "FieldValueTooLong",
			    field, "Too long: may not be more than 63 "
			    "bytes");
		if (!is_label_value(v))
			cause_add(c->t, c->causes, "FieldValueInvalid",
			    field, "Invalid value: \"%.*s\": a valid label "
			    "must be an empty string or consist of "
			    "alphanumeric characters, '-', '_' or '.', and "
			    "must start and end with an alphanumeric "
			    "character (e.g. 'MyValue',  or 'my_value',  or "
			    "'12345', regex used for validation is "
			    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
			    (int)v.n, v.p);
	}
}

static void annotations_check(struct check *c, const struct node *notes)
{
	for (uint32_t i = 0; notes && i < notes->n; i++)
		key_check(c, notes->member[i].key, "metadata.annotations");
}

static void check_name(struct check *c, enum api_kind k, struct str name)
{
	if (!name.n) {
		cause_add(c->t, c->causes, "FieldValueRequired",
		    "metadata.name", "Required value: name or generateName "
		    "is required");
	} else if (k == API_SERVICE && name.n > 63) {
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    "metadata.name", "Invalid value: \"%.*s\": must be no "
		    "more than 63 characters", (int)name.n, name.p);
	} else if (k == API_SERVICE && !is_label_name(name)) {
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    "metadata.name", "Invalid value: \"%.*s\": a lowercase "
		    "RFC 1123 label must consist of lower case alphanumeric "
		    "characters or '-', and must start and end with an "
		    "alphanumeric character (e.g. 'my-name',  or '123-abc', "
		    "regex used for validation is "
		    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')", (int)name.n, name.p);
	} else {
		if (name.n > 253)
			cause_add(c->t, c->causes, "FieldValueInvalid",
			    "metadata.name", "Invalid value: \"%.*s\": must "
			    "be no more than 253 characters", (int)name.n,
			    name.p);
		if (is_subdomain(name))
			return;
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    "metadata.name", "Invalid value: \"%.*s\": " SUBDOMAIN,
		    (int)name.n, name.p);
	}
}

static void check_owners(struct check *c, const struct node *refs)
{
	static const char *const need[] = { "apiVersion", "kind", "name",
		"uid" };
	uint32_t controllers = 0;

	for (uint32_t i = 0; refs && i < refs->n; i++) {
		controllers += node_true(refs->item[i], "controller");
		for (size_t j = 0; j < ARRAY_LEN(need); j++)
			if (!node_text(refs->item[i], need[j]).n)
				cause_add(c->t, c->causes,
				    "FieldValueInvalid", tree_fmt(c->t,
				    "metadata.ownerReferences.%s",
				    need[j]).p, "Invalid value: \"\": must "
				    "not be empty");
	}
	if (controllers > 1)
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    "metadata.ownerReferences", "Invalid value: null: Only "
		    "one reference can have Controller set to true");
}

static bool is_among(const struct node *list, struct str s)
{
	for (uint32_t i = 0; list && i < list->n; i++)
		if (str_eq(list->item[i]->text, s))
			return true;
	return false;
}

/* Who goes takes up no new finalizer. */
static void check_finalizers(struct check *c, const struct node *v,
    const struct node *old)
{
	const struct node *list = node_path(v, "metadata.finalizers");
	const struct node *was = node_path(old, "metadata.finalizers");

	if (!node_path(old, "metadata.deletionTimestamp"))
		return;
	for (uint32_t i = 0; list && i < list->n; i++)
		if (!is_among(was, list->item[i]->text))
			cause_add(c->t, c->causes, "FieldValueForbidden",
			    "metadata.finalizers", "Forbidden: no new "
			    "finalizers can be added if the object is being "
			    "deleted, found new finalizers []string{\"%.*s\"}",
			    (int)list->item[i]->text.n,
			    list->item[i]->text.p);
}

static void check_meta(struct check *c, enum api_kind k,
    const struct node *v, const struct node *old)
{
	const struct node *meta = node_get(v, "metadata");

	if (!old)
		check_name(c, k, node_text(meta, "name"));
	check_owners(c, node_get(meta, "ownerReferences"));
	check_finalizers(c, v, old);
	if (old && !str_eq(node_text(meta, "uid"),
	    node_text(old, "metadata.uid")))
		immutable(c, "metadata.uid", node_get(meta, "uid"));
	labels_check(c, node_get(meta, "labels"), "metadata.labels");
	annotations_check(c, node_get(meta, "annotations"));
}

/* ---- pods ------------------------------------------------------------ */

/* Kinds of volumes, in the order in which the second one is refused. */
static const char *const sources[] = { "emptyDir", "hostPath", "secret",
	"persistentVolumeClaim", "downwardAPI", "configMap", "projected",
	"csi", "ephemeral" };

/* The nth of its kinds; NULL: it has less. */
static const char *volume_source(const struct node *v, uint32_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (node_get(v, sources[i]) && n-- == 0)
			return sources[i];
	return NULL;
}

/* One that is not valid counts for none. */
static bool has_volume(const struct node *list, struct str name)
{
	for (uint32_t i = 0; list && i < list->n; i++)
		if (str_eq(node_text(list->item[i], "name"), name) &&
		    !volume_source(list->item[i], 1))
			return true;
	return false;
}

static void check_volumes(struct check *c, const struct node *list,
    const char *at)
{
	const char *more;

	for (uint32_t i = 0; list && i < list->n; i++)
		for (uint32_t n = 1;
		    (more = volume_source(list->item[i], n)); n++)
			cause_add(c->t, c->causes, "FieldValueForbidden",
			    tree_fmt(c->t, "%s.volumes[%u].%s", at, i,
			    more).p, "Forbidden: may not specify more than "
			    "1 volume type");
}

static void check_port(struct check *c, int64_t port, struct str field)
{
	if (port < 1 || port > 65535)
		cause_add(c->t, c->causes, "FieldValueInvalid", field.p,
		    "Invalid value: %lld: must be between 1 and 65535, "
		    "inclusive", (long long)port);
}

/* What is asked for cannot be more than what is allowed. */
static void check_resources(struct check *c, const struct node *v,
    struct str at)
{
	const struct node *limits = node_get(v, "limits");
	const struct node *requests = node_get(v, "requests");
	int64_t high, low;

	for (uint32_t i = 0; limits && i < limits->n; i++) {
		const struct member *m = &limits->member[i];
		const struct node *want = node_get_str(requests, m->key);

		if (!want || quantity_parse(m->value->text, &high) ||
		    quantity_parse(want->text, &low) || low <= high)
			continue;
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    tree_fmt(c->t, "%s.resources.requests", at.p).p,
		    "Invalid value: \"%.*s\": must be less than or equal to "
		    "%.*s limit of %.*s", (int)want->text.n, want->text.p,
		    (int)m->key.n, m->key.p, (int)m->value->text.n,
		    m->value->text.p);
	}
}

static void check_probe(struct check *c, const struct node *v,
    const char *at)
{
	static const char *const handlers[] = { "exec", "httpGet",
		"tcpSocket", "grpc" };
	uint32_t n = 0;

	if (!v)
		return;
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
		const struct node *h = node_get(v, handlers[i]), *port;

		if (h && n++) {
			cause_add(c->t, c->causes, "FieldValueForbidden",
			    tree_fmt(c->t, "%s.%s", at, handlers[i]).p,
			    "Forbidden: may not specify more than 1 handler "
			    "type");
			continue;
		}
		port = node_get(h, "port");
		if (node_is(port, NODE_INT))
			check_port(c, port->integer, tree_fmt(c->t,
			    "%s.%s.port", at, handlers[i]));
	}
	if (!n)
		cause_add(c->t, c->causes, "FieldValueRequired", at,
		    "Required value: must specify a handler type");
}

static void check_env(struct check *c, const struct node *list,
    struct str at)
{
	for (uint32_t i = 0; list && i < list->n; i++) {
		const struct node *from = node_get(list->item[i],
		    "valueFrom");

		if (from && node_text(list->item[i], "value").n)
			cause_add(c->t, c->causes, "FieldValueInvalid",
			    tree_fmt(c->t, "%s.env[%u].valueFrom", at.p,
			    i).p, "Invalid value: \"\": may not be "
			    "specified when `value` is not empty");
		else if (from && from->n > 1)
			cause_add(c->t, c->causes, "FieldValueInvalid",
			    tree_fmt(c->t, "%s.env[%u].valueFrom", at.p,
			    i).p, "Invalid value: \"\": may not have more "
			    "than one field specified at a time");
	}
}

/* Of a list's elements, one before this has the name. */
static bool is_double(const struct node *list, uint32_t i)
{
	struct str name = node_text(list->item[i], "name");

	for (uint32_t j = 0; name.n && j < i; j++)
		if (str_eq(node_text(list->item[j], "name"), name))
			return true;
	return false;
}

static void duplicate(struct check *c, const struct node *list, uint32_t i,
    struct str field)
{
	struct str name = node_text(list->item[i], "name");

	cause_add(c->t, c->causes, "FieldValueDuplicate", field.p,
	    "Duplicate value: \"%.*s\"", (int)name.n, name.p);
}

static void check_container(struct check *c, const struct node *v,
    const struct node *volumes, struct str at)
{
	static const char *const probes[] = { "livenessProbe",
		"readinessProbe", "startupProbe" };
	const struct node *list = node_get(v, "ports");
	uint32_t i;

	check_resources(c, node_get(v, "resources"), at);
	check_env(c, node_get(v, "env"), at);
	for (i = 0; i < ARRAY_LEN(probes); i++)
		check_probe(c, node_get(v, probes[i]), tree_fmt(c->t,
		    "%s.%s", at.p, probes[i]).p);
	if (!node_text(v, "name").n)
		required(c, tree_fmt(c->t, "%s.name", at.p).p);
	if (!node_text(v, "image").n)
		required(c, tree_fmt(c->t, "%s.image", at.p).p);
	for (i = 0; list && i < list->n; i++) {
		struct str field = tree_fmt(c->t,
		    "%s.ports[%u].containerPort", at.p, i);
		int64_t port = node_number(list->item[i], "containerPort",
		    0);

		if (is_double(list, i))
			duplicate(c, list, i, tree_fmt(c->t,
			    "%s.ports[%u].name", at.p, i));
		if (port)
			check_port(c, port, field);
		else
			required(c, field.p);
	}
	list = node_get(v, "volumeMounts");
	for (i = 0; list && i < list->n; i++) {
		struct str name = node_text(list->item[i], "name");

		if (!has_volume(volumes, name))
			cause_add(c->t, c->causes, "FieldValueNotFound",
			    tree_fmt(c->t, "%s.volumeMounts[%u].name", at.p,
			    i).p, "Not found: \"%.*s\"", (int)name.n,
			    name.p);
	}
}

static void check_pod(struct check *c, const struct node *spec,
    const char *at)
{
	const struct node *list = node_get(spec, "containers");

	if (!list || !list->n)
		required(c, tree_fmt(c->t, "%s.containers", at).p);
	check_volumes(c, node_get(spec, "volumes"), at);
	for (uint32_t i = 0; list && i < list->n; i++)
		check_container(c, list->item[i], node_get(spec, "volumes"),
		    tree_fmt(c->t, "%s.containers[%u]", at, i));
}

/* ---- workloads ------------------------------------------------------- */

static bool selects(const struct node *selector, const struct node *labels)
{
	const struct node *match = node_get(selector, "matchLabels");

	for (uint32_t i = 0; match && i < match->n; i++)
		if (!node_equal(match->member[i].value,
		    node_get_str(labels, match->member[i].key)))
			return false;
	return true;
}

static bool is_zero(const struct node *v)
{
	return (node_is(v, NODE_INT) && !v->integer) ||
	    (node_is(v, NODE_STRING) && str_is(v->text, "0%"));
}

static void check_workload(struct check *c, const struct node *v,
    const struct node *old)
{
	const struct node *spec = node_get(v, "spec");
	const struct node *selector = node_get(spec, "selector");
	const struct node *labels = node_path(spec,
	    "template.metadata.labels");
	const struct node *rolling = node_path(spec,
	    "strategy.rollingUpdate");

	if (!selector)
		required(c, "spec.selector");
	else if (!node_path(selector, "matchLabels") &&
	    !node_path(selector, "matchExpressions"))
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    "spec.selector", "Invalid value: {}: empty selector is "
		    "invalid for deployment");
	if (!selector || !selects(selector, labels))
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    "spec.template.metadata.labels", "Invalid value: %s: "
		    "`selector` does not match template `labels`",
		    json_of(c->t, labels).p);
	if (node_number(spec, "replicas", 0) < 0)
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    "spec.replicas", "Invalid value: %lld: must be greater "
		    "than or equal to 0",
		    (long long)node_number(spec, "replicas", 0));
	if (rolling && str_is(node_text(spec, "strategy.type"), "Recreate"))
		cause_add(c->t, c->causes, "FieldValueForbidden",
		    "spec.strategy.rollingUpdate", "Forbidden: may not be "
		    "specified when strategy `type` is 'Recreate'");
	else if (rolling && is_zero(node_get(rolling, "maxSurge")) &&
	    is_zero(node_get(rolling, "maxUnavailable")))
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    "spec.strategy.rollingUpdate.maxUnavailable",
		    "Invalid value: 0: may not be 0 when `maxSurge` is 0");
	labels_check(c, labels, "spec.template.labels");
	check_pod(c, node_path(spec, "template.spec"), "spec.template.spec");
	if (old && !node_equal(selector, node_path(old, "spec.selector")))
		immutable(c, "spec.selector", selector);
}

/* ---- services -------------------------------------------------------- */

static void check_service(struct check *c, const struct node *v,
    const struct node *old)
{
	const struct node *spec = node_get(v, "spec");
	const struct node *ports = node_get(spec, "ports"), *list;
	struct str was = node_text(old, "spec.clusterIP");
	uint32_t i;

	if (!ports || !ports->n)
		required(c, "spec.ports");
	for (i = 0; ports && i < ports->n; i++) {
		const struct node *p = ports->item[i];
		struct str name = node_text(p, "name");

		if (ports->n > 1 && !name.n)
			required(c, tree_fmt(c->t, "spec.ports[%u].name",
			    i).p);
		check_port(c, node_number(p, "port", 0),
		    tree_fmt(c->t, "spec.ports[%u].port", i));
		if (node_is(node_get(p, "targetPort"), NODE_INT))
			check_port(c, node_number(p, "targetPort", 0),
			    tree_fmt(c->t, "spec.ports[%u].targetPort", i));
		if (is_double(ports, i))
			duplicate(c, ports, i, tree_fmt(c->t,
			    "spec.ports[%u].name", i));
	}
	if (!was.n || str_eq(node_text(spec, "clusterIP"), was))
		return;
	list = node_list(c->t);
	cause_add(c->t, c->causes, "FieldValueInvalid", "spec.clusterIPs[0]",
	    "Invalid value: %s: may not change once set",
	    json_of(c->t, node_get(spec, "clusterIPs") ?
	    node_get(spec, "clusterIPs") : list).p);
}

/* ---- the rest -------------------------------------------------------- */

static bool is_data_key(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i], true) && !memchr("-_.", s.p[i], 3))
			return false;
	return s.n && s.n <= 253 && !str_is(s, ".") && !str_is(s, "..");
}

/* What was immutable stays so, and as it is. */
static void check_immutable(struct check *c, const struct node *v,
    const struct node *old)
{
	static const char *const keys[] = { "data", "binaryData" };

	if (!node_true(old, "immutable"))
		return;
	if (!node_true(v, "immutable"))
		cause_add(c->t, c->causes, "FieldValueForbidden",
		    "immutable", "Forbidden: field is immutable when "
		    "`immutable` is set");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (!node_equal(node_get(v, keys[i]), node_get(old,
		    keys[i])))
			cause_add(c->t, c->causes, "FieldValueForbidden",
			    keys[i], "Forbidden: field is immutable when "
			    "`immutable` is set");
}

static void check_data(struct check *c, const struct node *v,
    const struct node *old)
{
	const struct node *data = node_get(v, "data");
	size_t n = 0;

	check_immutable(c, v, old);

	for (uint32_t i = 0; data && i < data->n; i++) {
		struct str key = data->member[i].key;

		n += data->member[i].value->text.n;
		if (!is_data_key(key))
			cause_add(c->t, c->causes, "FieldValueInvalid",
			    tree_fmt(c->t, "data[%.*s]", (int)key.n,
			    key.p).p, "Invalid value: \"%.*s\": a valid "
			    "config key must consist of alphanumeric "
			    "characters, '-', '_' or '.' (e.g. 'key.name',  "
			    "or 'KEY_NAME',  or 'key-name', regex used for "
			    "validation is '[-._a-zA-Z0-9]+')", (int)key.n,
			    key.p);
		if (node_get_str(node_get(v, "binaryData"), key))
			cause_add(c->t, c->causes, "FieldValueInvalid",
			    tree_fmt(c->t, "data[%.*s]", (int)key.n,
			    key.p).p, "Invalid value: \"%.*s\": duplicate "
			    "of key present in binaryData", (int)key.n,
			    key.p);
	}
	if (n > 1 << 20)
		cause_add(c->t, c->causes, "FieldValueTooLong", "",
		    "Too long: may not be more than 1048576 bytes");
}

static void check_event(struct check *c, const struct node *v)
{
	struct str ns = node_text(v, "involvedObject.namespace");

	if (!str_eq(ns, node_text(v, "metadata.namespace")) && !(!ns.n &&
	    str_is(node_text(v, "metadata.namespace"), "default")))
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    "involvedObject.namespace", "Invalid value: \"%.*s\": "
		    "does not match event.namespace", (int)ns.n,
		    ns.p ? ns.p : "");
}

static void check_lease(struct check *c, const struct node *v)
{
	const struct node *n = node_path(v, "spec.leaseDurationSeconds");

	if (n && n->integer <= 0)
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    "spec.leaseDurationSeconds", "Invalid value: %lld: must "
		    "be greater than 0", (long long)n->integer);
	n = node_path(v, "spec.leaseTransitions");
	if (n && n->integer < 0)
		cause_add(c->t, c->causes, "FieldValueInvalid",
		    "spec.leaseTransitions", "Invalid value: %lld: must be "
		    "greater than or equal to 0", (long long)n->integer);
}

static void check_binding(struct check *c, const struct node *v,
    const struct node *old)
{
	const struct node *role = node_get(v, "roleRef");

	if (old && !node_equal(role, node_get(old, "roleRef")))
		cause_add(c->t, c->causes, "FieldValueInvalid", "roleRef",
		    "Invalid value: {\"APIGroup\":%s,\"Kind\":%s,\"Name\":%s}"
		    ": cannot change roleRef",
		    json_of(c->t, node_get(role, "apiGroup")).p,
		    json_of(c->t, node_get(role, "kind")).p,
		    json_of(c->t, node_get(role, "name")).p);
	if (!node_text(role, "name").n)
		cause_add(c->t, c->causes, "FieldValueRequired",
		    "roleRef.name", "Required value");
}

void object_validate(struct call *call, const struct node *v,
    const struct node *old, struct node *causes)
{
	struct check c = { .t = call->t, .causes = causes };

	check_meta(&c, call->kind, v, old);
	if (kind_is_custom(call->kind)) {
		shape_check(call->t, kind_shape(call->kind), v, causes);
		if (node_number(v, "spec.replicas", 0) < 0)
			cause_add(call->t, causes, "FieldValueInvalid",
			    ".spec.replicas", "Invalid value: %lld: should "
			    "be a non-negative integer", (long long)
			    node_number(v, "spec.replicas", 0));
		return;
	}
	switch (call->kind) {
	case API_DEPLOYMENT:
	case API_REPLICA_SET:
		check_workload(&c, v, old);
		break;
	case API_HPA:
		hpa_check(&c, node_get(v, "spec"));
		break;
	case API_PDB:
		pdb_check(&c, node_get(v, "spec"));
		if (str_is(call->sub, "status"))
			pdb_status_check(&c, node_get(v, "status"));
		break;
	case API_INGRESS:
		ingress_check(&c, node_get(v, "spec"));
		break;
	case API_POD:
		check_pod(&c, node_get(v, "spec"), "spec");
		break;
	case API_SERVICE:
		check_service(&c, v, old);
		break;
	case API_CONFIG_MAP:
	case API_SECRET:
		check_data(&c, v, old);
		break;
	case API_ROLE_BINDING:
		check_binding(&c, v, old);
		break;
	case API_EVENT:
		check_event(&c, v);
		break;
	case API_LEASE:
		check_lease(&c, v);
		break;
	default:
		break;
	}
}
