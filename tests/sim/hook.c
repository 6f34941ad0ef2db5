#include <stdio.h>
#include <string.h>

#include "sim.h"

/*
 * A hook of the cluster's, for seeds with OPT_HOOKS: it marks each Deployment
 * and, until all is calm, refuses some passes and fails in others. It answers
 * where the API server does, over the same network; TLS is left out.
 */

static void ca_file(struct inst *in)
{
	uint8_t seed[CERT_SEED_LEN] = { 7 };
	struct cert_key key;
	struct cert_make how = {
		.name = STR("ca"), .issuer_name = STR("ca"), .key = &key,
		.not_after_s = INT64_C(8000000000), .ca = true
	};
	char der[CERT_MADE_MAX], pem[2 * CERT_MADE_MAX];
	struct buf b, p;

	cert_key_make(&key, seed);
	buf_init(&b, der, sizeof(der));
	cert_write(&how, &b);
	buf_init(&p, pem, sizeof(pem));
	pem_write(STR("CERTIFICATE"), buf_view(&b), &p);
	CHECK(!b.over && !p.over);
	fake_file(&in->f, "/etc/mcp/ca.crt", buf_view(&p));
}

void hook_files(struct inst *in)
{
	if (!(in->s->sc.options & OPT_HOOKS))
		return;
	ca_file(in);
	fake_file(&in->f, "/etc/mcp/key", STR("0123456789abcdef"));
	fake_file(&in->f, SIM_HOOKS, STR("extensions:\n- name: mark\n"
	    "  type: PreReconcile\n  url: https://127.0.0.1:6443/hook\n"
	    "  caFile: /etc/mcp/ca.crt\n  keyFile: /etc/mcp/key\n"));
}

void hook_plain(struct inst *in)
{
	if (in->m->hooks != NULL)
		in->m->hooks->trust[0] = NULL;
}

bool is_hook(const struct api_request *r)
{
	return str_is(r->path, "/hook");
}

static struct str deployment_of(struct str body)
{
	static const struct str head = STR_INIT("\"kind\":\"Deployment\","
	    "\"metadata\":{\"name\":\"");
	size_t at = str_search(body, head);

	CHECK(at < body.n);
	body = str_sub(body, at + head.n, body.n);
	return str_sub(body, 0, str_find(body, '"'));
}

void hook_serve(struct sim *s, const struct api_request *r,
    struct api_answer *ret)
{
	static char text[1024];
	struct str name = deployment_of(r->body);
	uint64_t how = s->calm ? 9 : roll(&s->net, 16);
	struct buf b;

	buf_init(&b, text, sizeof(text));
	if (how == 0)
		buf_cstr(&b, "{\"allowed\":false,\"message\":\"not now\"}");
	else if (how > 1)
		buf_fmt(&b, "{\"allowed\":true,\"patches\":[{\"kind\":"
		    "\"Deployment\",\"name\":\"%S\",\"patch\":[{\"op\":"
		    "\"add\",\"path\":\"/metadata/annotations/marked\","
		    "\"value\":\"yes\"}]}]}", name);
	CHECK(!b.over);
	*ret = (struct api_answer){
		.status = how == 1 ? 500 : 200, .retry_after_s = -1,
		.content_type = "application/json", .body = buf_view(&b)
	};
}
