#include <string.h>

#include "api_int.h"

static const char version[] =
	"{\n  \"major\": \"1\",\n  \"minor\": \"36\",\n"
	"  \"gitVersion\": \"v1.36.3\",\n  \"platform\": \"linux/amd64\"\n}";

static void plain(struct call *c, int status, const char *type,
    const char *text)
{
	c->ans->status = status;
	c->ans->content_type = type;
	c->ans->body = str_from(text);
}

static void add_verbs(struct tree *t, struct node *v, const char *verbs)
{
	struct node *list = node_list(t);
	struct str rest = str_from(verbs), one;

	while (rest.n) {
		rest = str_cut(rest, ' ', &one);
		node_append(t, list, node_str(t, one));
	}
	node_set(t, v, "verbs", list);
}

static void add_resource(struct tree *t, struct node *list,
    const struct kind_info *i, const char *sub)
{
	struct node *v = node_object(t);

	node_set(t, v, "name", node_str(t, tree_fmt(t, "%s%s%s", i->plural,
	    sub ? "/" : "", sub ? sub : "")));
	node_set(t, v, "singularName", node_cstr(t,
	    sub ? "" : i->singular));
	node_set(t, v, "namespaced", node_bool(t, i->namespaced));
	node_set(t, v, "kind", node_cstr(t, sub && !strcmp(sub, "scale") ?
	    "Scale" : i->kind));
	if (sub && !strcmp(sub, "scale")) {
		node_set(t, v, "group", node_cstr(t, "autoscaling"));
		node_set(t, v, "version", node_cstr(t, "v1"));
	}
	add_verbs(t, v, sub ? "get patch update" : i->crd ?
	    "delete deletecollection get list patch create update watch" :
	    "create delete deletecollection get list patch update watch");
	if (i->crd && !sub) {
		const struct node *names = node_path(kind_crd(
		    (enum api_kind)(i - kinds)), "spec.names");
		static const char *const of[] = { "categories",
			"shortNames" };

		for (size_t n = 0; n < ARRAY_LEN(of); n++)
			if (node_get(names, of[n]))
				node_set(t, v, of[n], node_copy(t,
				    node_get(names, of[n])));
	}
	node_append(t, list, v);
}

static bool resources(struct call *c, struct str group_version)
{
	struct tree *t = c->t;
	struct node *v = node_object(t), *list = node_list(t);

	for (int k = 0; k < API_KINDS; k++) {
		const struct kind_info *i = &kinds[k];

		if (!str_is(group_version,
		    kind_api_version((enum api_kind)k)) ||
		    !kind_is_served(c->a, (enum api_kind)k))
			continue;
		add_resource(t, list, i, NULL);
		if (i->status)
			add_resource(t, list, i, "status");
		if (i->scale)
			add_resource(t, list, i, "scale");
	}
	if (!list->n)
		return false;
	node_set(t, v, "kind", node_cstr(t, "APIResourceList"));
	node_set(t, v, "apiVersion", node_cstr(t, "v1"));
	node_set(t, v, "groupVersion", node_str(t, group_version));
	node_set(t, v, "resources", list);
	answer_node(c, 200, v);
	return true;
}

static struct node *group_node(struct tree *t, const struct kind_info *i)
{
	struct node *v = node_object(t), *one = node_object(t);
	struct node *list = node_list(t);

	node_set(t, one, "groupVersion", node_str(t,
	    tree_fmt(t, "%s/%s", i->group, i->version)));
	node_set(t, one, "version", node_cstr(t, i->version));
	node_append(t, list, one);
	node_set(t, v, "name", node_cstr(t, i->group));
	node_set(t, v, "versions", list);
	node_set(t, v, "preferredVersion", one);
	return v;
}

static void groups(struct call *c)
{
	struct tree *t = c->t;
	struct node *v = node_object(t), *list = node_list(t);

	for (int k = 0; k < API_KINDS; k++) {
		int same = 0;

		while (strcmp(kinds[same].group, kinds[k].group) ||
		    !kind_is_served(c->a, (enum api_kind)same))
			if (++same > k)
				break;
		if (kinds[k].group[0] && same == k &&
		    kind_is_served(c->a, (enum api_kind)k))
			node_append(t, list, group_node(t, &kinds[k]));
	}
	node_set(t, v, "kind", node_cstr(t, "APIGroupList"));
	node_set(t, v, "apiVersion", node_cstr(t, "v1"));
	node_set(t, v, "groups", list);
	answer_node(c, 200, v);
}

static bool one_group(struct call *c, struct str name)
{
	struct node *v;

	for (int k = 0; k < API_KINDS; k++)
		if (kinds[k].group[0] && str_is(name, kinds[k].group) &&
		    kind_is_served(c->a, (enum api_kind)k)) {
			v = group_node(c->t, &kinds[k]);
			node_set(c->t, v, "kind",
			    node_cstr(c->t, "APIGroup"));
			node_set(c->t, v, "apiVersion",
			    node_cstr(c->t, "v1"));
			answer_node(c, 200, v);
			return true;
		}
	return false;
}

void discovery_answer(struct call *c, struct str path)
{
	bool found = false;

	if (str_is(path, "/version")) {
		plain(c, 200, "application/json", version);
		return;
	}
	if (str_is(path, "/healthz") || str_is(path, "/livez") ||
	    str_is(path, "/readyz")) {
		plain(c, 200, "text/plain; charset=utf-8", "ok");
		return;
	}
	if (!c->a->o.no_discovery) {
		found = true;
		if (str_is(path, "/apis"))
			groups(c);
		else if (str_is(path, "/api"))
			plain(c, 200, "application/json",
			    "{\"kind\":\"APIVersions\",\"versions\":"
			    "[\"v1\"]}\n");
		else if (str_is(path, "/api/v1"))
			found = resources(c, STR("v1"));
		else if (str_starts(path, STR("/apis/")))
			found = resources(c, str_sub(path, 6, path.n)) ||
			    one_group(c, str_sub(path, 6, path.n));
		else
			found = false;
	}
	if (!found)
		plain(c, 404, "text/plain; charset=utf-8",
		    "404 page not found\n");
}
