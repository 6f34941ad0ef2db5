#include <stdio.h>
#include <string.h>

#include "check.h"

/*
 * Extensions of the cluster's, for seeds with OPT_HOOKS: a validator that
 * refuses some images for good; one that may be missing; a hook that marks
 * each Deployment; one that is told of passes, and one of phases. Until all
 * is calm they refuse some passes besides, and fail in others. They answer
 * where the API server does, over the same network; TLS is left out.
 */

enum { ROWS = 5 };
static const struct row {
	const char *name, *type, *more;
} rows[ROWS] = {
	{ "images", "Validator", "" },
	{ "maybe", "Validator", "  failurePolicy: Ignore\n" },
	{ "mark", "PreReconcile", "" },
	{ "passes", "PostReconcile", "" },
	{ "phases", "Integration", "" },
};

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
	char text[2048];
	struct buf b;

	if (!(in->s->sc.options & OPT_HOOKS))
		return;
	ca_file(in);
	fake_file(&in->f, "/etc/mcp/key", STR("0123456789abcdef"));
	buf_init(&b, text, sizeof(text));
	buf_cstr(&b, "extensions:\n");
	for (int i = 0; i < ROWS; i++)
		buf_fmt(&b, "- name: %s\n  type: %s\n"
		    "  url: https://127.0.0.1:6443" SIM_HOOK "%s\n"
		    "  caFile: /etc/mcp/ca.crt\n  keyFile: /etc/mcp/key\n%s",
		    rows[i].name, rows[i].type, rows[i].name, rows[i].more);
	CHECK(!b.over);
	fake_file(&in->f, SIM_HOOKS, buf_view(&b));
}

void hook_plain(struct inst *in)
{
	for (int i = 0; in->m->hooks != NULL && i < ROWS; i++)
		in->m->hooks->trust[i] = NULL;
}

bool is_hook(const struct api_request *r)
{
	return str_starts(r->path, STR(SIM_HOOK));
}

/* ---- what they answer ---- */

static void images(const struct node *asked, struct buf *out)
{
	if (is_refused_image(node_text(asked, "server.spec.image")))
		buf_cstr(out, "{\"allowed\":false,\"message\":\"no such "
		    "image\"}");
	else
		buf_cstr(out, "{\"allowed\":true}");
}

static void mark(const struct node *asked, struct buf *out)
{
	struct str name = node_text(asked, "server.metadata.name");

	buf_fmt(out, "{\"allowed\":true,\"patches\":[{\"kind\":"
	    "\"Deployment\",\"name\":\"%S\",\"patch\":[{\"op\":\"add\","
	    "\"path\":\"/metadata/annotations/marked\",\"value\":"
	    "\"yes\"}]}]}", name);
}

/* False: it fails. */
static bool answer(struct sim *s, const struct row *row,
    const struct node *asked, struct buf *out)
{
	uint64_t how = s->calm ? 9 : roll(&s->net, 16);

	if (!strcmp(row->type, "Integration") ||
	    !strcmp(row->type, "PostReconcile")) {
		hook_told(s, asked);
		return how > 1;
	}
	if (how <= 1 && strcmp(row->name, "maybe") != 0)
		buf_cstr(out, how ? "" : "{\"allowed\":false,"
		    "\"message\":\"not now\"}");
	else if (!strcmp(row->name, "mark"))
		mark(asked, out);
	else if (!strcmp(row->name, "images"))
		images(asked, out);
	else
		buf_cstr(out, "{\"allowed\":true}");
	return how != 1;
}

void hook_serve(struct sim *s, const struct api_request *r,
    struct api_answer *ret)
{
	static char text[1024];
	struct str name = str_sub(r->path, strlen(SIM_HOOK), r->path.n);
	struct tree t = { 0 };
	const struct node *asked = node_parse(&t, r->body, NULL);
	bool good = false;
	struct buf b;

	buf_init(&b, text, sizeof(text));
	for (int i = 0; i < ROWS; i++)
		if (str_is(name, rows[i].name))
			good = answer(s, &rows[i], asked, &b);
	CHECK(asked && !b.over);
	tree_free(&t);
	*ret = (struct api_answer){
		.status = good ? 200 : 500, .retry_after_s = -1,
		.content_type = "application/json", .body = buf_view(&b)
	};
}
