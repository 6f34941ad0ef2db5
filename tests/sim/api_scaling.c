#include <string.h>

#include "codec.h"

#include "api_int.h"

/*
 * HorizontalPodAutoscalers and PodDisruptionBudgets: what is added to them,
 * and what is refused.
 */

/* ---- defaults -------------------------------------------------------- */

static const char first_metric[] =
	"[{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\",\"target\":{"
	"\"type\":\"Utilization\",\"averageUtilization\":80}}}]";
static const char up_rules[] =
	"{\"stabilizationWindowSeconds\":0,\"selectPolicy\":\"Max\","
	"\"policies\":[{\"type\":\"Pods\",\"value\":4,\"periodSeconds\":15},"
	"{\"type\":\"Percent\",\"value\":100,\"periodSeconds\":15}]}";
static const char down_rules[] =
	"{\"selectPolicy\":\"Max\",\"policies\":[{\"type\":\"Percent\","
	"\"value\":100,\"periodSeconds\":15}]}";

static struct node *read_text(struct tree *t, const char *text)
{
	const char *why = NULL;
	struct node *v = node_parse(t, str_from(text), &why);

	CHECK(v);
	return v;
}

static void default_rules(struct tree *t, struct node *behavior,
    const char *key, const char *text)
{
	struct node *rules = node_need(t, behavior, key);
	const struct node *all = read_text(t, text);

	for (uint32_t i = 0; i < all->n; i++)
		if (!node_get_str(rules, all->member[i].key))
			node_set_str(t, rules, all->member[i].key,
			    all->member[i].value);
}

void hpa_default(struct tree *t, struct node *spec)
{
	struct node *behavior = node_get(spec, "behavior");

	if (!node_path(spec, "metrics.0"))
		node_set(t, spec, "metrics", read_text(t, first_metric));
	if (!behavior)
		return;
	default_rules(t, behavior, "scaleUp", up_rules);
	default_rules(t, behavior, "scaleDown", down_rules);
}

/* ---- causes ---------------------------------------------------------- */

static const char *field_of(struct check *c, const char *at, const char *key)
{
	return tree_fmt(c->t, "%s.%s", at, key).p;
}

static void required(struct check *c, const char *at, const char *key,
    const char *why)
{
	cause_add(c->t, c->causes, "FieldValueRequired", field_of(c, at, key),
	    "Required value%s%s", why[0] ? ": " : "", why);
}

static void forbidden(struct check *c, const char *at, const char *key,
    const char *why)
{
	cause_add(c->t, c->causes, "FieldValueForbidden",
	    field_of(c, at, key), "Forbidden: %s", why);
}

static void invalid(struct check *c, const char *at, const struct node *v,
    const char *key, const char *why)
{
	const struct node *value = node_path(v, key);

	cause_add(c->t, c->causes, "FieldValueInvalid", field_of(c, at, key),
	    "Invalid value: %s: %s", value ? json_of(c->t, value).p : "\"\"",
	    why);
}

/* words ends with NULL. */
static void check_word(struct check *c, const char *at, const struct node *v,
    const char *key, const char *const *words)
{
	struct str s = node_text(v, key), all = STR("");

	for (size_t i = 0; words[i]; i++) {
		if (str_is(s, words[i]))
			return;
		all = tree_fmt(c->t, "%s%s\"%s\"", all.p, i ? ", " : "",
		    words[i]);
	}
	cause_add(c->t, c->causes, "FieldValueNotSupported",
	    field_of(c, at, key), "Unsupported value: \"%.*s\": supported "
	    "values: %s", (int)s.n, s.p ? s.p : "", all.p);
}

/* What may stand between two slashes of a path. */
static void check_segment(struct check *c, const char *at,
    const struct node *v, const char *key, const char *missing)
{
	struct str s = node_text(v, key);

	if (!s.n)
		required(c, at, key, missing);
	if (str_is(s, "."))
		invalid(c, at, v, key, "may not be '.'");
	if (str_is(s, ".."))
		invalid(c, at, v, key, "may not be '..'");
	if (str_find(s, '/') < s.n)
		invalid(c, at, v, key, "may not contain '/'");
	if (str_find(s, '%') < s.n)
		invalid(c, at, v, key, "may not contain '%'");
}

/* ---- autoscalers ----------------------------------------------------- */

static void check_positive(struct check *c, const char *at,
    const struct node *v, const char *key)
{
	int64_t n;

	if (node_get(v, key) && quantity_parse(node_text(v, key), &n) == 0 &&
	    n <= 0)
		invalid(c, at, v, key, "must be positive");
}

static void check_target(struct check *c, const struct node *source,
    const char *above)
{
	static const char *const types[] = { "Utilization", "Value",
		"AverageValue" };
	const struct node *v = node_get(source, "target");
	const char *at = field_of(c, above, "target");
	struct str type = node_text(v, "type");
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		known = known || str_is(type, types[i]);
	if (!type.n)
		required(c, at, "type", "must specify a metric target type");
	if (!known)
		invalid(c, at, v, "type",
		    "must be either Utilization, Value, or AverageValue");
	check_positive(c, at, v, "value");
	check_positive(c, at, v, "averageValue");
	if (node_number(v, "averageUtilization", 1) < 1)
		invalid(c, at, v, "averageUtilization",
		    "must be greater than 0");
}

static void check_named(struct check *c, const struct node *v,
    const char *at)
{
	check_segment(c, field_of(c, at, "metric"), node_get(v, "metric"),
	    "name", "must specify a metric name");
	check_target(c, v, at);
}

static void check_resource(struct check *c, const struct node *v,
    const char *at)
{
	bool raw = node_path(v, "target.averageValue") != NULL;
	bool used = node_path(v, "target.averageUtilization") != NULL;

	if (!node_text(v, "name").n)
		required(c, at, "name", "must specify a resource name");
	check_target(c, v, at);
	if (!raw && !used)
		required(c, at, "target.averageUtilization", "must set "
		    "either a target raw value or a target utilization");
	if (raw && used)
		forbidden(c, at, "target.averageValue", "may not set both a "
		    "target raw value and a target utilization");
}

static void check_container_resource(struct check *c, const struct node *v,
    const char *at)
{
	if (!node_text(v, "container").n)
		required(c, at, "container", "must specify a container");
	check_resource(c, v, at);
}

static void check_pods(struct check *c, const struct node *v, const char *at)
{
	check_named(c, v, at);
	if (!node_path(v, "target.averageValue"))
		required(c, at, "target.averageValue",
		    "must specify a positive target averageValue");
}

static void check_object(struct check *c, const struct node *v,
    const char *at)
{
	const struct node *what = node_get(v, "describedObject");
	const char *where = field_of(c, at, "describedObject");

	check_segment(c, where, what, "kind", "");
	check_segment(c, where, what, "name", "");
	check_named(c, v, at);
	if (!node_path(v, "target.value") &&
	    !node_path(v, "target.averageValue"))
		required(c, at, "target.averageValue",
		    "must set either a target value or averageValue");
}

static void check_external(struct check *c, const struct node *v,
    const char *at)
{
	bool value = node_path(v, "target.value") != NULL;
	bool average = node_path(v, "target.averageValue") != NULL;

	check_named(c, v, at);
	if (!value && !average)
		required(c, at, "target.averageValue", "must set either a "
		    "target value for metric or a per-pod target");
	if (value && average)
		forbidden(c, at, "target.value", "may not set both a target "
		    "value for metric and a per-pod target");
}

/* In the order in which the first one is looked at. */
static const struct source {
	const char *key, *type;
	void (*check)(struct check *c, const struct node *v, const char *at);
} sources[] = {
	{ "object", "Object", check_object },
	{ "external", "External", check_external },
	{ "pods", "Pods", check_pods },
	{ "resource", "Resource", check_resource },
	{ "containerResource", "ContainerResource",
		check_container_resource },
};

static void check_metric(struct check *c, const struct node *v,
    const char *at)
{
	static const char *const types[] = { "ContainerResource", "External",
		"Object", "Pods", "Resource", NULL };
	struct str type = node_text(v, "type");
	const struct source *s;
	uint32_t n = 0;

	if (!type.n)
		required(c, at, "type", "must specify a metric source type");
	check_word(c, at, v, "type", types);
	for (s = sources; s < sources + ARRAY_LEN(sources); s++)
		if (node_get(v, s->key) && n++ == 0)
			s->check(c, node_get(v, s->key),
			    field_of(c, at, s->key));
	for (s = sources; s < sources + ARRAY_LEN(sources); s++) {
		bool told = str_is(type, s->type);

		if (told && !node_get(v, s->key))
			required(c, at, s->key, "must populate information "
			    "for the given metric source");
		if (!told && node_get(v, s->key) && n > 1)
			forbidden(c, at, s->key,
			    "must populate the given metric source only");
	}
}

static void check_policy(struct check *c, const struct node *v,
    const char *at)
{
	static const char *const types[] = { "Percent", "Pods", NULL };

	check_word(c, at, v, "type", types);
	if (node_number(v, "value", 0) <= 0)
		invalid(c, at, v, "value", "must be greater than zero");
	if (node_number(v, "periodSeconds", 0) <= 0)
		invalid(c, at, v, "periodSeconds",
		    "must be greater than zero");
	if (node_number(v, "periodSeconds", 0) > 1800)
		invalid(c, at, v, "periodSeconds",
		    "must be less than or equal to 1800");
}

static void check_rules(struct check *c, const struct node *behavior,
    const char *key)
{
	static const char *const selects[] = { "Disabled", "Max", "Min",
		NULL };
	const struct node *v = node_get(behavior, key), *list;
	const char *at = field_of(c, "spec.behavior", key);
	int64_t seconds = node_number(v, "stabilizationWindowSeconds", 0), n;

	if (!v)
		return;
	if (seconds < 0)
		invalid(c, at, v, "stabilizationWindowSeconds",
		    "must be greater than or equal to zero");
	if (seconds > 3600)
		invalid(c, at, v, "stabilizationWindowSeconds",
		    "must be less than or equal to 3600");
	check_word(c, at, v, "selectPolicy", selects);
	list = node_get(v, "policies");
	if (!list || !list->n)
		required(c, at, "policies",
		    "must specify at least one Policy");
	for (uint32_t i = 0; list && i < list->n; i++)
		check_policy(c, list->item[i], tree_fmt(c->t,
		    "%s.policies[%u]", at, i).p);
	if (node_get(v, "tolerance") && quantity_parse(node_text(v,
	    "tolerance"), &n) == 0 && n < 0)
		invalid(c, at, v, "tolerance",
		    "must be greater than or equal to 0");
}

/* Which of its own resource a target is, has to be told. */
static void check_scaled(struct check *c, const struct node *v)
{
	static const char at[] = "spec.scaleTargetRef";
	struct str version = node_text(v, "apiVersion"), group, rest;

	check_segment(c, at, v, "kind", "");
	check_segment(c, at, v, "name", "");
	rest = str_cut(version, '/', &group);
	if (group.n == version.n)
		invalid(c, at, v, "apiVersion",
		    "apiVersion must specify API group");
	else if (str_find(rest, '/') < rest.n)
		invalid(c, at, v, "apiVersion", tree_fmt(c->t,
		    "unexpected GroupVersion string: %.*s", (int)version.n,
		    version.p).p);
}

static void check_bounds(struct check *c, const struct node *spec)
{
	int64_t min = node_number(spec, "minReplicas", 1);
	int64_t max = node_number(spec, "maxReplicas", 0);

	if (min < 1)
		invalid(c, "spec", spec, "minReplicas",
		    "must be greater than or equal to 1");
	if (max == 0)
		required(c, "spec", "maxReplicas",
		    "must be set and greater than 0");
	if (max < 0)
		invalid(c, "spec", spec, "maxReplicas",
		    "must be greater than or equal to 1");
	if (max < min)
		invalid(c, "spec", spec, "maxReplicas",
		    "must be greater than or equal to `minReplicas`");
}

void hpa_check(struct check *c, const struct node *spec)
{
	const struct node *list = node_get(spec, "metrics");
	bool outside = false;

	check_bounds(c, spec);
	check_scaled(c, node_get(spec, "scaleTargetRef"));
	for (uint32_t i = 0; list && i < list->n; i++) {
		struct str type = node_text(list->item[i], "type");

		outside = outside || str_is(type, "Object") ||
		    str_is(type, "External");
		check_metric(c, list->item[i], tree_fmt(c->t,
		    "spec.metrics[%u]", i).p);
	}
	if (node_number(spec, "minReplicas", 1) == 0 && !outside)
		forbidden(c, "spec", "metrics", "must specify at least one "
		    "Object or External metric to support scaling to zero "
		    "replicas");
	check_rules(c, node_get(spec, "behavior"), "scaleUp");
	check_rules(c, node_get(spec, "behavior"), "scaleDown");
}

/* ---- disruption budgets ---------------------------------------------- */

static void check_amount(struct check *c, const struct node *spec,
    const char *key)
{
	const struct node *v = node_get(spec, key);
	struct str digits;
	int64_t n;

	if (!v)
		return;
	if (v->type == NODE_INT) {
		if (v->integer < 0)
			invalid(c, "spec", spec, key,
			    "must be greater than or equal to 0");
		return;
	}
	digits = str_sub(v->text, 0, v->text.n ? v->text.n - 1 : 0);
	if (!digits.n || v->text.p[digits.n] != '%' ||
	    digits.p[0] < '0' || str_i64(digits, &n))
		invalid(c, "spec", spec, key, "a valid percent string must "
		    "be a numeric string followed by an ending '%' (e.g. "
		    "'1%',  or '93%', regex used for validation is "
		    "'[0-9]+%')");
	else if (n > 100)
		invalid(c, "spec", spec, key,
		    "must not be greater than 100%");
}

/* The names are those that the real server has for itself. */
static void check_one_amount(struct check *c, const struct node *spec)
{
	const struct node *min = node_get(spec, "minAvailable");
	const struct node *max = node_get(spec, "maxUnavailable");

	if (min && max)
		cause_add(c->t, c->causes, "FieldValueInvalid", "spec",
		    "Invalid value: {\"MinAvailable\":%s,\"Selector\":%s,"
		    "\"MaxUnavailable\":%s,\"UnhealthyPodEvictionPolicy\":%s}"
		    ": minAvailable and maxUnavailable cannot be both set",
		    json_of(c->t, min).p,
		    json_of(c->t, node_get(spec, "selector")).p,
		    json_of(c->t, max).p, json_of(c->t, node_get(spec,
		    "unhealthyPodEvictionPolicy")).p);
}

void pdb_check(struct check *c, const struct node *spec)
{
	static const char *const policies[] = { "AlwaysAllow",
		"IfHealthyBudget", NULL };

	check_one_amount(c, spec);
	check_amount(c, spec, "minAvailable");
	check_amount(c, spec, "maxUnavailable");
	labels_check(c, node_path(spec, "selector.matchLabels"),
	    "spec.selector.matchLabels");
	if (node_get(spec, "unhealthyPodEvictionPolicy"))
		check_word(c, "spec", spec, "unhealthyPodEvictionPolicy",
		    policies);
}

void pdb_status_check(struct check *c, const struct node *status)
{
	static const char *const counts[] = { "disruptionsAllowed",
		"currentHealthy", "desiredHealthy", "expectedPods" };

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (node_number(status, counts[i], 0) < 0)
			invalid(c, "status", status, counts[i],
			    "must be greater than or equal to 0");
}
