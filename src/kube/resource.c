#include "kube_int.h"

const struct gvr kube_crds = {
	.group = "apiextensions.k8s.io", .version = "v1",
	.plural = "customresourcedefinitions",
};

void kube_api_version(struct buf *out, const struct gvr *r)
{
	if (r->group[0]) {
		buf_cstr(out, r->group);
		buf_char(out, '/');
	}
	buf_cstr(out, r->version);
}

static void segment(struct buf *out, struct str s)
{
	buf_char(out, '/');
	url_escape(out, s);
}

void kube_path(struct buf *out, const struct gvr *r, struct str namespace,
    struct str name, const char *sub)
{
	buf_cstr(out, r->group[0] ? "/apis/" : "/api/");
	kube_api_version(out, r);
	if (r->namespaced && namespace.n) {
		buf_cstr(out, "/namespaces");
		segment(out, namespace);
	}
	segment(out, str_from(r->plural));
	if (name.n)
		segment(out, name);
	if (sub) {
		CHECK(name.n);
		segment(out, str_from(sub));
	}
}

void kube_query(struct buf *out, const char *key, struct str value)
{
	struct str so_far = buf_view(out);

	buf_char(out, str_find(so_far, '?') == so_far.n ? '?' : '&');
	buf_cstr(out, key);
	buf_char(out, '=');
	url_escape(out, value);
}
