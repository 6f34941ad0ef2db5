#include "model_int.h"

#define MCP_PATH "/mcp"
#define ALLBEONE_PORT 8080

/* Whether a text was given: an empty one counts as none. */
#define GIVEN(o, table, member) \
	(HAS(o, table, member) && (o)->member.n > 0)

static int two_spellings(struct diag *d, const char *path, const char *other)
{
	diag_set(d, str_from(path), "says something else than %s", other);
	return ERR_INVALID;
}

/* One of two spellings of a text, or both when they agree. */
static int merge_str(struct str *to, bool *to_has, struct str from,
    bool from_has, const char *path, const char *other, struct diag *d)
{
	if (!from_has)
		return 0;
	if (*to_has && !str_eq(*to, from))
		return two_spellings(d, path, other);
	*to = from;
	*to_has = true;
	return 0;
}

static bool strs_eq(const struct strs *a, const struct strs *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!str_eq(a->p[i], b->p[i]))
			return false;
	return true;
}

void image_split(struct str image, struct str *ret_name, struct str *ret_tag)
{
	size_t at = str_find(image, '@');
	size_t colon = str_rfind(image, ':');
	size_t slash = str_rfind(image, '/');

	*ret_name = str_sub(image, 0, at);
	if (at < image.n) {
		*ret_tag = str_sub(image, at + 1, image.n);
		/* "name:tag@digest": the digest is what is pulled. */
		colon = str_rfind(*ret_name, ':');
		slash = str_rfind(*ret_name, '/');
		if (colon < at && (slash == at || colon > slash))
			*ret_name = str_sub(*ret_name, 0, colon);
	} else if (colon < image.n && (slash == image.n || colon > slash)) {
		*ret_name = str_sub(image, 0, colon);
		*ret_tag = str_sub(image, colon + 1, image.n);
	} else {
		*ret_tag = STR("latest");
	}
}

/* An image that has neither tag nor digest. */
static bool image_is_bare(struct str image)
{
	struct str name, tag;

	image_split(image, &name, &tag);
	return name.n == image.n;
}

static int adapt_image(struct arena *a, struct server_spec *s,
    struct diag *d)
{
	bool has = GIVEN(s, server_spec, image);
	int err = merge_str(&s->image, &has, s->runtime.image,
	    GIVEN(&s->runtime, runtime, image), "spec.image",
	    "spec.runtime.image", d);
	struct buf b;

	if (err)
		return err;
	if (has && GIVEN(s, server_spec, tag) && image_is_bare(s->image)) {
		b = arena_buf(a);
		buf_fmt(&b, "%S:%S", s->image, s->tag);
		if (b.over)
			return ERR_FULL;
		s->image = arena_keep(a, &b);
		if (s->image.n > IMAGE_MAX) {
			diag_set(d, STR("spec.image"),
			    "is too long with its tag");
			return ERR_INVALID;
		}
	}
	HAS_CLEAR(s, server_spec, image);
	if (has)
		HAS_SET(s, server_spec, image);
	HAS_CLEAR(s, server_spec, tag);
	HAS_CLEAR(&s->runtime, runtime, image);
	s->tag = s->runtime.image = STR_NONE;
	return 0;
}

static int adapt_command(struct server_spec *s, struct diag *d)
{
	struct runtime *r = &s->runtime;

	if (HAS(r, runtime, command)) {
		if (HAS(s, server_spec, command) &&
		    !strs_eq(&s->command, &r->command))
			return two_spellings(d, "spec.command",
			    "spec.runtime.command");
		s->command = r->command;
		HAS_SET(s, server_spec, command);
	}
	if (HAS(r, runtime, args)) {
		if (HAS(s, server_spec, args) &&
		    !strs_eq(&s->args, &r->args))
			return two_spellings(d, "spec.args",
			    "spec.runtime.args");
		s->args = r->args;
		HAS_SET(s, server_spec, args);
	}
	r->command = r->args = (struct strs){ NULL, 0 };
	HAS_CLEAR(r, runtime, command);
	HAS_CLEAR(r, runtime, args);
	return 0;
}

static void adapt_transport(struct server_spec *s)
{
	struct transport *t = &s->transport;

	if (HAS(s, server_spec, transport_name)) {
		t->type = s->transport_name;
		HAS_CLEAR(s, server_spec, transport_name);
		s->transport_name = TRANSPORT_STDIO;
	} else if (!HAS(t, transport, type)) {
		t->type = str_eq(s->runtime.type, STR("stdio")) ?
		    TRANSPORT_STDIO : TRANSPORT_HTTP;
	}
	if (!GIVEN(t, transport, path))
		t->path = STR(MCP_PATH);
	HAS_SET(t, transport, type);
	HAS_SET(t, transport, path);
	HAS_SET(s, server_spec, transport);
}

/* ---- ports ---- */

static bool port_name_taken(const struct server_spec *s, struct str name)
{
	for (uint32_t i = 0; i < s->ports.n; i++)
		if (HAS(&s->ports.p[i], server_port, name) &&
		    str_eq(s->ports.p[i].name, name))
			return true;
	return false;
}

/* The group's own name for the first, else what makes it unique. */
static int name_port(enum group g, struct arena *a, struct server_spec *s,
    struct server_port *p)
{
	struct str own = str_from(group_info(g)->port_name);
	struct buf b;

	if (!port_name_taken(s, own)) {
		p->name = own;
	} else {
		b = arena_buf(a);
		buf_fmt(&b, "%s-%d", p->protocol == PROTOCOL_UDP ? "udp" :
		    p->protocol == PROTOCOL_SCTP ? "sctp" : "port",
		    (int)p->port);
		if (b.over)
			return ERR_FULL;
		p->name = arena_keep(a, &b);
	}
	HAS_SET(p, server_port, name);
	return 0;
}

static int fill_ports(enum group g, struct arena *a, struct server_spec *s)
{
	int err = 0;

	for (uint32_t i = 0; i < s->ports.n && !err; i++) {
		struct server_port *p = &s->ports.p[i];

		if (!HAS(p, server_port, protocol))
			p->protocol = PROTOCOL_TCP;
		if (!HAS(p, server_port, target_port))
			p->target_port = p->port;
		HAS_SET(p, server_port, protocol);
		HAS_SET(p, server_port, target_port);
		if (!HAS(p, server_port, name))
			err = name_port(g, a, s, p);
	}
	return err;
}

static int adapt_ports(enum group g, struct arena *a, struct server_spec *s,
    struct diag *d)
{
	struct runtime *r = &s->runtime;
	bool has_old = HAS(r, runtime, port) && r->port;
	struct server_port *p;

	if (has_old && HAS(s, server_spec, port) && s->port != r->port)
		return two_spellings(d, "spec.port", "spec.runtime.port");
	if (!HAS(s, server_spec, port))
		s->port = has_old ? r->port : ALLBEONE_PORT;
	HAS_CLEAR(r, runtime, port);
	r->port = 0;
	if (!s->ports.n && s->transport.type != TRANSPORT_STDIO) {
		p = arena_new(a, struct server_port);
		if (!p)
			return ERR_FULL;
		p->port = s->port;
		HAS_SET(p, server_port, port);
		s->ports.p = p;
		s->ports.n = 1;
		HAS_SET(s, server_spec, ports);
	}
	if (fill_ports(g, a, s))
		return ERR_FULL;
	if (s->ports.n)
		s->port = s->ports.p[0].target_port;
	HAS_SET(s, server_spec, port);
	return 0;
}

/* n-takatsu's server is told by its arguments how to listen. */
static int adapt_args(struct arena *a, struct server_spec *s)
{
	bool network = s->transport.type != TRANSPORT_STDIO;
	struct str *arg;
	struct buf b;

	if (s->command.n || s->args.n)
		return 0;
	arg = arena_array(a, struct str, 4);
	b = arena_buf(a);
	buf_i64(&b, s->port);
	if (!arg || b.over)
		return ERR_FULL;
	arg[0] = STR("--transport");
	arg[1] = str_from(schema_word(&transport_type_words,
	    s->transport.type));
	arg[2] = STR("--port");
	arg[3] = arena_keep(a, &b);
	s->args = (struct strs){ arg, network ? 4 : 2 };
	HAS_SET(s, server_spec, args);
	return 0;
}

/* ---- the rest ---- */

static int adapt_service(struct server_spec *s, struct diag *d)
{
	struct service_spec *v = &s->service;

	if (HAS(s, server_spec, service_type)) {
		if (HAS(v, service_spec, type) && v->type != s->service_type)
			return two_spellings(d, "spec.serviceType",
			    "spec.service.type");
		v->type = s->service_type;
	} else if (!HAS(v, service_spec, type)) {
		v->type = SERVICE_CLUSTER_IP;
	}
	HAS_SET(v, service_spec, type);
	HAS_SET(s, server_spec, service);
	HAS_CLEAR(s, server_spec, service_type);
	s->service_type = SERVICE_CLUSTER_IP;
	return 0;
}

static int adapt_account(struct server_spec *s, struct diag *d)
{
	bool has = GIVEN(s, server_spec, service_account);
	int err = merge_str(&s->service_account, &has,
	    s->service_account_alias,
	    GIVEN(s, server_spec, service_account_alias),
	    "spec.serviceAccount", "spec.serviceAccountName", d);

	if (err)
		return err;
	HAS_CLEAR(s, server_spec, service_account);
	HAS_CLEAR(s, server_spec, service_account_alias);
	s->service_account_alias = STR_NONE;
	if (has)
		HAS_SET(s, server_spec, service_account);
	return 0;
}

static int adapt_strategy(struct server_spec *s, struct diag *d)
{
	if (HAS(s, server_spec, strategy_alias)) {
		if (HAS(s, server_spec, strategy)) {
			diag_set(d, STR("spec.deploymentStrategy"),
			    "is another name of spec.strategy: give one");
			return ERR_INVALID;
		}
		s->strategy = s->strategy_alias;
		s->strategy_alias = (struct strategy){ 0 };
		HAS_CLEAR(s, server_spec, strategy_alias);
	}
	if (!HAS(&s->strategy, strategy, type))
		s->strategy.type = STRATEGY_ROLLING_UPDATE;
	HAS_SET(&s->strategy, strategy, type);
	HAS_SET(s, server_spec, strategy);
	return 0;
}

static int adapt_volumes(struct server_spec *s, struct diag *d)
{
	for (uint32_t i = 0; i < s->volumes.n; i++) {
		struct volume *v = &s->volumes.p[i];
		struct secret_volume *sec = &v->secret;

		if (!HAS(sec, secret_volume, name))
			continue;
		if (GIVEN(sec, secret_volume, secret_name) &&
		    !str_eq(sec->secret_name, sec->name))
			return two_spellings(d, "spec.volumes.secret.name",
			    "secretName");
		sec->secret_name = sec->name;
		sec->name = STR_NONE;
		HAS_SET(sec, secret_volume, secret_name);
		HAS_CLEAR(sec, secret_volume, name);
		/* What came in says it the other way: see volume_write. */
		v->raw = STR_NONE;
		HAS_CLEAR(v, volume, raw);
	}
	return 0;
}

static void adapt_registry(struct registry_ref *r)
{
	if (GIVEN(r, registry_ref, registry) &&
	    !GIVEN(r, registry_ref, name)) {
		r->name = r->registry;
		HAS_SET(r, registry_ref, name);
	}
	HAS_CLEAR(r, registry_ref, registry);
	r->registry = STR_NONE;
}

/* Sessions are streams where there is one: they take longer to end. */
static void adapt_grace(struct server_spec *s)
{
	static const uint8_t seconds[] = {
		[TRANSPORT_STDIO] = 5, [TRANSPORT_HTTP] = 15,
		[TRANSPORT_STREAMABLE_HTTP] = 30, [TRANSPORT_SSE] = 30,
		[TRANSPORT_WEBSOCKET] = 30
	};

	if (!HAS(s, server_spec, termination_grace_s))
		s->termination_grace_s = seconds[s->transport.type];
	HAS_SET(s, server_spec, termination_grace_s);
}

int adapt_spec(enum group g, struct arena *a, struct server_spec *s,
    struct diag *d)
{
	int err = adapt_image(a, s, d);

	if (!err)
		err = adapt_command(s, d);
	adapt_transport(s);
	if (!err)
		err = adapt_ports(g, a, s, d);
	if (!err && g == GROUP_NTAKATSU)
		err = adapt_args(a, s);
	if (!err)
		err = adapt_env(a, s);
	if (!err)
		err = adapt_resources(g, a, s);
	if (!err)
		err = adapt_service(s, d);
	if (!err)
		err = adapt_account(s, d);
	if (!err)
		err = adapt_strategy(s, d);
	if (!err)
		err = adapt_volumes(s, d);
	adapt_registry(&s->registry);
	adapt_grace(s);
	if (err == ERR_FULL)
		diag_set(d, STR("spec"), "no memory left for this");
	return err;
}
