#include <string.h>

#include "api_int.h"

/* ---- labels ---------------------------------------------------------- */

/* Requirements as { key, op, values }; op: = ! in notin exists missing. */
static void require(struct tree *t, struct node *list, struct str key,
    const char *op, struct str values)
{
	struct node *v = node_object(t), *all = node_list(t);
	struct str one;

	node_set(t, v, "key", node_str(t, str_trim(key)));
	node_set(t, v, "op", node_cstr(t, op));
	while (values.p) {
		bool last = str_find(values, ',') == values.n;

		values = str_cut(values, ',', &one);
		node_append(t, all, node_str(t, str_trim(one)));
		if (last)
			break;
	}
	node_set(t, v, "values", all);
	node_append(t, list, v);
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
		    "WXYZ0123456789-_./", s.p[i], 66))
			return false;
	return true;
}

static bool parse_set(struct tree *t, struct node *list, struct str one)
{
	size_t at = str_search(one, STR(" in ("));
	bool in = at < one.n;
	size_t skip = in ? 5 : 8;

	if (!in)
		at = str_search(one, STR(" notin ("));
	if (at == one.n || one.p[one.n - 1] != ')')
		return false;
	require(t, list, str_sub(one, 0, at), in ? "in" : "notin",
	    str_sub(one, at + skip, one.n - 1));
	return true;
}

static bool parse_label(struct tree *t, struct node *list, struct str one)
{
	size_t at;

	one = str_trim(one);
	if (str_find(one, '(') < one.n)
		return parse_set(t, list, one);
	at = str_search(one, STR("!="));
	if (at < one.n) {
		require(t, list, str_sub(one, 0, at), "notin",
		    str_sub(one, at + 2, one.n));
		return true;
	}
	at = str_find(one, '=');
	if (at < one.n) {
		size_t to = at + 1 < one.n && one.p[at + 1] == '=' ?
		    at + 2 : at + 1;

		require(t, list, str_sub(one, 0, at), "in",
		    str_sub(one, to, one.n));
		return true;
	}
	if (one.n && one.p[0] == '!')
		require(t, list, str_sub(one, 1, one.n), "missing",
		    STR_NONE);
	else
		require(t, list, one, "exists", STR_NONE);
	return is_name(one.n && one.p[0] == '!' ? str_sub(one, 1, one.n) :
	    one);
}

/* Up to the next comma that is in no bracket. */
static struct str cut_label(struct str s, struct str *ret)
{
	size_t i = 0;
	int depth = 0;

	for (; i < s.n && (depth || s.p[i] != ','); i++)
		depth += (s.p[i] == '(') - (s.p[i] == ')');
	*ret = str_sub(s, 0, i);
	return i < s.n ? str_sub(s, i + 1, s.n) : STR_NONE;
}

/* ---- fields ---------------------------------------------------------- */

static bool field_known(enum api_kind k, struct str key)
{
	static const char *const event[] = { "reason", "type", "source",
		"reportingComponent" };
	static const char *const pod[] = { "spec.nodeName", "status.phase",
		"spec.restartPolicy", "spec.serviceAccountName",
		"spec.schedulerName", "status.podIP",
		"status.nominatedNodeName", "spec.hostNetwork" };
	size_t i;

	if (str_is(key, "metadata.name") || str_is(key, "metadata.namespace"))
		return true;
	for (i = 0; k == API_EVENT && i < ARRAY_LEN(event); i++)
		if (str_is(key, event[i]))
			return true;
	for (i = 0; k == API_POD && i < ARRAY_LEN(pod); i++)
		if (str_is(key, pod[i]))
			return true;
	return (k == API_EVENT && str_starts(key, STR("involvedObject."))) ||
	    (k == API_SECRET && str_is(key, "type")) ||
	    (k == API_SERVICE && (str_is(key, "spec.clusterIP") ||
	    str_is(key, "spec.type"))) ||
	    (k == API_REPLICA_SET && str_is(key, "status.replicas")) ||
	    (k == API_NAMESPACE && str_is(key, "status.phase"));
}

static bool refuse_field(struct call *c, struct str one, struct str key,
    bool whole)
{
	if (!whole)
		return refuse(c, 400, "BadRequest", "invalid selector: "
		    "'%.*s'; can't understand '%.*s'", (int)one.n, one.p,
		    (int)one.n, one.p);
	if (c->kind == API_POD || c->kind == API_EVENT ||
	    kind_is_custom(c->kind))
		return refuse(c, 400, "BadRequest",
		    "field label not supported: %.*s", (int)key.n, key.p);
	return refuse(c, 400, "BadRequest", "\"%.*s\" is not a known field "
	    "selector: only \"metadata.name\", \"metadata.namespace\"",
	    (int)key.n, key.p);
}

static bool parse_fields(struct call *c, struct str s)
{
	struct str one, key;

	c->select.fields = node_list(c->t);
	while (s.n) {
		size_t at;
		bool not;

		s = str_cut(s, ',', &one);
		at = str_find(one, '=');
		not = at > 0 && at < one.n && one.p[at - 1] == '!';
		key = str_sub(one, 0, not ? at - 1 : at);
		if (at == one.n || !field_known(c->kind, key))
			return refuse_field(c, one, key, at < one.n);
		if (at + 1 < one.n && one.p[at + 1] == '=')
			at++;
		require(c->t, c->select.fields, key, not ? "notin" : "in",
		    str_sub(one, at + 1, one.n));
	}
	return true;
}

bool select_parse(struct call *c)
{
	struct str labels = query_get(c, "labelSelector"), one;
	struct str fields = query_get(c, "fieldSelector"), rest = labels;

	if (labels.n)
		c->select.labels = node_list(c->t);
	while (rest.n) {
		rest = cut_label(rest, &one);
		if (!parse_label(c->t, c->select.labels, one))
			return refuse(c, 400, "BadRequest",
			    "unable to parse requirement: invalid selector "
			    "\"%.*s\"", (int)labels.n, labels.p);
	}
	return !fields.n || parse_fields(c, fields);
}

/* ---- matching -------------------------------------------------------- */

static bool is_among(const struct node *values, struct str s)
{
	for (uint32_t i = 0; i < values->n; i++)
		if (str_eq(values->item[i]->text, s))
			return true;
	return false;
}

/* v NULL: there is no such label. */
static bool holds(const struct node *need, const struct node *v)
{
	struct str op = node_text(need, "op");
	const struct node *values = node_get(need, "values");

	if (str_is(op, "exists"))
		return v;
	if (str_is(op, "missing"))
		return !v;
	if (str_is(op, "in"))
		return v && is_among(values, v->text);
	return !v || !is_among(values, v->text);
}

static bool labels_match(const struct node *needs, const struct node *root)
{
	const struct node *labels = node_path(root, "metadata.labels");

	for (uint32_t i = 0; i < needs->n; i++) {
		struct str key = node_text(needs->item[i], "key");

		if (!holds(needs->item[i], node_get_str(labels, key)))
			return false;
	}
	return true;
}

/* A field that is absent is an empty one. */
static bool fields_match(const struct node *needs, enum api_kind k,
    const struct node *root)
{
	static struct node none = { .type = NODE_STRING };

	for (uint32_t i = 0; i < needs->n; i++) {
		const struct node *v = node_path(root,
		    node_text(needs->item[i], "key").p);

		if (k == API_EVENT && str_is(node_text(needs->item[i],
		    "key"), "source"))
			v = node_path(root, "source.component");
		if (!node_is(v, NODE_STRING))
			v = &none;
		if (!holds(needs->item[i], v))
			return false;
	}
	return true;
}

bool select_matches(const struct selector *s, enum api_kind k,
    const struct node *root)
{
	return (!s->labels || labels_match(s->labels, root)) &&
	    (!s->fields || fields_match(s->fields, k, root));
}
