#include "extend.h"

#define SCHEMA_DEF "extend.def"
#include "schema_tables.h"

static const struct schema_rule rules[] = {
	{ &extension_schema, extension_AT_timeout_s, IN_ALL, RULE_DEFAULT, 0,
	  0, "5" },
	{ &ext_service_schema, ext_service_AT_port, IN_ALL, RULE_DEFAULT, 0,
	  0, "443" },
	{ &ext_service_schema, ext_service_AT_path, IN_ALL, RULE_DEFAULT, 0,
	  0, "\"/\"" },
};
const struct schema_mode ext_mode = {
	IN_ALL, true, rules, ARRAY_LEN(rules)
};

/* One row that is being looked at. */
struct looked {
	uint32_t i;
	const struct extension *row;
	struct arena *a;
	struct diag *d;
};

static int bad(const struct looked *l, const char *member, const char *text)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "extensions[%u].%s", l->i, member);
	diag_set(l->d, buf_view(&b), "%s", text);
	return ERR_BAD;
}

/* ---- where ---- */

/* "name.namespace.svc", also with the cluster's domain behind it. */
static void service_of(struct ext *e)
{
	struct str name, ns, svc, rest = str_cut(e->host, '.', &name);

	rest = str_cut(rest, '.', &ns);
	rest = str_cut(rest, '.', &svc);
	if (!str_is(svc, "svc") ||
	    (rest.n > 0 && !str_is(rest, "cluster.local")) ||
	    !str_dns1123_label(name) || !str_dns1123_label(ns))
		return;
	e->service = name;
	e->ns = ns;
}

static int url_read(struct looked *l, struct ext *e)
{
	struct diag why = { 0 };
	struct url u;

	if (url_parse(l->row->url, &u, &why) < 0)
		return bad(l, "url", why.text);
	if (!u.tls)
		return bad(l, "url", "must begin with https://: what is sent "
		    "and answered is for nobody else");
	if (!u.host_is_ip && !str_dns1123_subdomain(u.host))
		return bad(l, "url", "has no host name of lower-case letters, "
		    "digits, '-' and '.'");
	e->host = u.host;
	e->port = u.port;
	e->path = u.path.n > 0 ? u.path : STR("/");
	service_of(e);
	return 0;
}

static int service_read(struct looked *l, struct ext *e)
{
	const struct ext_service *s = &l->row->service;
	struct buf b;

	if (!str_dns1123_label(s->name))
		return bad(l, "service.name", "is not the name of a Service");
	if (!str_dns1123_label(s->ns))
		return bad(l, "service.namespace", "is not the name of a "
		    "namespace");
	if (s->path.p[0] != '/')
		return bad(l, "service.path", "must begin with /");
	b = arena_buf(l->a);
	buf_fmt(&b, "%S.%S.svc", s->name, s->ns);
	e->host = arena_keep(l->a, &b);
	e->service = s->name;
	e->ns = s->ns;
	e->port = (uint16_t)s->port;
	e->path = s->path;
	return 0;
}

static bool is_printable(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '#')
			return false;
	return true;
}

static int place_read(struct looked *l, struct ext *e)
{
	bool url = HAS(l->row, extension, url);
	struct buf b;
	int err;

	if (url == HAS(l->row, extension, service))
		return bad(l, "url", "give one of url and service");
	err = url ? url_read(l, e) : service_read(l, e);
	if (err < 0)
		return err;
	if (!is_printable(e->path))
		return bad(l, url ? "url" : "service.path", "has a path with "
		    "what must be escaped");
	b = arena_buf(l->a);
	buf_fmt(&b, str_find(e->host, ':') < e->host.n ? "[%S]:%u" : "%S:%u",
	    e->host, (unsigned)e->port);
	e->authority = arena_keep(l->a, &b);
	return 0;
}

static int file_read(struct looked *l, const char *member, struct str path,
    const char **ret)
{
	struct buf b = arena_buf(l->a);

	if (path.p[0] != '/')
		return bad(l, member, "must be a path that begins with /");
	buf_str(&b, path);
	buf_char(&b, '\0');
	*ret = arena_keep(l->a, &b).p;
	return 0;
}

/* ---- for whom ---- */

static int check_selector(const struct looked *l)
{
	const struct ext_selector *s = &l->row->selector;
	uint32_t i;

	for (i = 0; i < s->labels.n; i++)
		if (!str_label_key(s->labels.p[i].key) ||
		    !str_label_value(s->labels.p[i].value))
			return bad(l, "labelSelector.matchLabels", "has what "
			    "is no label");
	for (i = 0; i < s->expressions.n; i++) {
		const struct ext_requirement *q = &s->expressions.p[i];
		bool some = q->operator == EXT_IN ||
		    q->operator == EXT_NOT_IN;

		if (!str_label_key(q->key))
			return bad(l, "labelSelector.matchExpressions",
			    "has a key that is none of a label");
		if (some != (q->values.n > 0))
			return bad(l, "labelSelector.matchExpressions",
			    "needs values with In and NotIn, and takes none "
			    "with Exists and DoesNotExist");
	}
	return 0;
}

static int check_whom(const struct looked *l)
{
	const struct extension *x = l->row;
	enum group g;
	uint32_t i;

	for (i = 0; i < x->groups.n; i++)
		if (group_find(x->groups.p[i], &g) < 0)
			return bad(l, "groups", "has what is none of "
			    "mcp.allbeone.io, mcp.n-takatsu.dev, "
			    "mcp.example.com and mcp.mcp.dev");
	for (i = 0; i < x->namespaces.n; i++)
		if (!str_dns1123_label(x->namespaces.p[i]))
			return bad(l, "namespaces", "has what is not the name "
			    "of a namespace");
	return check_selector(l);
}

/* ---- the whole ---- */

static int check_type(const struct looked *l)
{
	const struct extension *x = l->row;

	if (HAS(x, extension, policy) && x->type != EXT_PRE &&
	    x->type != EXT_VALIDATOR)
		return bad(l, "failurePolicy", "is for a PreReconcile or "
		    "Validator: nothing waits for what is told afterwards");
	if (HAS(x, extension, revision) && x->type != EXT_PRE)
		return bad(l, "revision", "is for a PreReconcile");
	return 0;
}

static uint64_t digest_of(const struct ext *e)
{
	const struct extension *x = e->row;
	struct str part[] = {
		x->name, e->authority, e->path, x->revision
	};
	uint64_t h = HASH_SEED;
	size_t i;

	for (i = 0; i < ARRAY_LEN(part); i++) {
		h = hash_more(h, &part[i].n, sizeof(part[i].n));
		h = hash_more(h, part[i].n > 0 ? part[i].p : "", part[i].n);
	}
	return h;
}

static int row_read(struct looked *l, const struct extension_list *all,
    struct ext *e)
{
	const struct extension *x = l->row;
	uint32_t i;
	int err;

	e->row = x;
	e->timeout_ns = x->timeout_s * NS_PER_S;
	if (!str_dns1123_label(x->name))
		return bad(l, "name", "must be of lower-case letters, digits "
		    "and '-'");
	for (i = 0; i < l->i; i++)
		if (str_eq(all->p[i].name, x->name))
			return bad(l, "name", "is that of another one, too");
	err = place_read(l, e);
	if (err == 0)
		err = file_read(l, "caFile", x->ca_file, &e->ca_file);
	if (err == 0)
		err = file_read(l, "keyFile", x->key_file, &e->key_file);
	if (err == 0)
		err = check_type(l);
	if (err == 0)
		err = check_whom(l);
	e->digest = digest_of(e);
	return err;
}

static int rows_read(const struct ext_file *f, struct arena *a,
    struct ext_set *ret, struct diag *d)
{
	uint32_t n = f->extensions.n, i;
	struct ext *e = arena_array(a, struct ext, n);
	int err = 0;

	for (i = 0; i < n && err == 0 && e != NULL; i++) {
		struct looked l = { i, &f->extensions.p[i], a, d };

		err = row_read(&l, &f->extensions, &e[i]);
	}
	if (err < 0)
		return err;
	*ret = (struct ext_set){ e, n };
	return a->over ? ERR_LIMIT : 0;
}

int ext_read(struct str file, struct arena *scratch, struct arena *a,
    struct ext_set *ret, struct diag *d)
{
	struct ext_file f;
	struct buf json = arena_buf(a);
	struct str text, rest = file;
	int err = yaml_to_json(&rest, scratch, &json, d);

	text = arena_keep(a, &json);
	if (err == ERR_NOENT) {
		diag_set(d, STR("extensions"), "is required");
		return ERR_BAD;
	}
	if (err == 0)
		err = schema_decode_text(&ext_file_schema, &ext_mode, text, a,
		    &f, d);
	if (err == 0)
		err = rows_read(&f, a, ret, d);
	if (err == ERR_FULL || err == ERR_LIMIT) {
		diag_set(d, STR_NONE, "is too large");
		err = ERR_LIMIT;
	}
	return err;
}

/* ---- whom it is for ---- */

static bool has(const struct strs *list, struct str s)
{
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (str_eq(list->p[i], s))
			return true;
	return false;
}

static bool holds(const struct ext_requirement *q,
    const struct pairs *labels)
{
	bool there = pairs_have(labels, q->key);

	switch (q->operator) {
	case EXT_IN:
		return there && has(&q->values, pairs_get(labels, q->key));
	case EXT_NOT_IN:
		return !there || !has(&q->values, pairs_get(labels, q->key));
	case EXT_EXISTS:
		return there;
	case EXT_DOES_NOT_EXIST:
		return !there;
	}
	UNREACHABLE();
}

static bool selects(const struct ext_selector *s, const struct pairs *labels)
{
	uint32_t i;

	for (i = 0; i < s->labels.n; i++)
		if (!pairs_have(labels, s->labels.p[i].key) ||
		    !str_eq(pairs_get(labels, s->labels.p[i].key),
		    s->labels.p[i].value))
			return false;
	for (i = 0; i < s->expressions.n; i++)
		if (!holds(&s->expressions.p[i], labels))
			return false;
	return true;
}

bool ext_matches(const struct ext *e, const struct ext_who *who)
{
	const struct extension *x = e->row;
	struct str group = str_from(group_info(who->group)->group);

	return (x->groups.n == 0 || has(&x->groups, group)) &&
	    (x->namespaces.n == 0 || has(&x->namespaces, who->ns)) &&
	    selects(&x->selector, who->labels);
}

uint64_t ext_salt(const struct ext_set *set, const struct ext_who *who)
{
	uint64_t h = HASH_SEED;
	bool any = false;
	uint32_t i;

	for (i = 0; i < set->n; i++) {
		const struct ext *e = &set->e[i];

		if (e->row->type != EXT_PRE || !ext_matches(e, who))
			continue;
		h = hash_more(h, &e->digest, sizeof(e->digest));
		any = true;
	}
	return any ? h | 1 : 0;
}
