#include "model.h"

/* "http://host:port/path" without its scheme, its path, or both. */
static struct str endpoint_part(struct str url, bool scheme)
{
	size_t host = str_search(url, STR("://"));
	size_t end;

	host = host < url.n ? host + 3 : 0;
	end = host + str_find(str_sub(url, host, url.n), '/');
	return str_sub(url, scheme ? 0 : host, end);
}

const struct condition *status_condition(const struct server_status *s,
    const char *type)
{
	uint32_t i;

	for (i = 0; i < s->conditions.n; i++)
		if (str_is(s->conditions.p[i].type, type))
			return &s->conditions.p[i];
	return NULL;
}

void status_write(enum group g, const struct server_status *s, struct jw *w)
{
	struct server_status out = *s;

	out.phase = (enum phase)group_info(g)->phase[s->phase];
	if (HAS(s, server_status, endpoint) && s->endpoint.n &&
	    !str_starts(s->endpoint, STR("stdio:"))) {
		out.service_endpoint = endpoint_part(s->endpoint, false);
		HAS_SET(&out, server_status, service_endpoint);
		if (g == GROUP_EXAMPLE)
			out.endpoint = endpoint_part(s->endpoint, true);
	}
	schema_encode(&server_status_schema,
	    (uint8_t)group_mode(g)->groups, &out, w);
}

void status_endpoint(const struct server *s, struct buf *out)
{
	const struct server_spec *spec = &s->spec;
	struct str path = spec->transport.path;

	if (spec->transport.type == TRANSPORT_STDIO || !spec->ports.n) {
		buf_fmt(out, "stdio://%S", s->meta.name);
		return;
	}
	buf_fmt(out, "%s://%S.%S.svc.cluster.local:%d%S",
	    spec->transport.type == TRANSPORT_WEBSOCKET ? "ws" : "http",
	    s->meta.name, s->meta.ns, (int)spec->ports.p[0].port, path);
}
