#include <string.h>

#include "kube_int.h"

static bool same_version(const struct gvr *a, const struct gvr *b)
{
	return str_is(str_from(a->group), b->group) &&
	    str_is(str_from(a->version), b->version);
}

static bool names_resource(struct str list, const char *plural)
{
	struct str one, name;
	size_t at = 0;

	while (peek_element(list, &at, &one))
		if (kube_peek(one, "name", &name) && str_is(name, plural))
			return true;
	return false;
}

int discovery_decode(struct str text, const struct gvr *group_version,
    struct discovery_row *rows, uint32_t n, struct diag *d)
{
	struct str kind, list;

	if (json_scan(text, d))
		return ERR_BAD;
	if (!kube_peek(text, "kind", &kind) ||
	    !str_is(kind, "APIResourceList") ||
	    !peek_raw(text, "resources", &list)) {
		diag_set(d, STR("discovery"), "not an APIResourceList");
		return ERR_BAD;
	}
	for (uint32_t i = 0; i < n; i++)
		if (same_version(rows[i].gvr, group_version))
			rows[i].found = names_resource(list,
			    rows[i].gvr->plural);
	return 0;
}

/* "27", and "27+" as some distributions have it. */
static uint32_t leading_number(struct str s)
{
	size_t n = 0;
	uint64_t v;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return str_u64(str_sub(s, 0, n), &v) || v > 9999 ? 0 : (uint32_t)v;
}

static void on_call(void *ctx, struct kube_call *call);

static void ask(struct discovery *d, struct str path)
{
	kube_call_init(&d->call, on_call, d);
	CHECK(path.n <= sizeof(d->call.text));
	memcpy(d->call.text, path.p, path.n);
	d->call.method = "GET";
	d->call.path = (struct str){ d->call.text, path.n };
	d->call.deadline_ns = d->deadline_ns;
	kube_send(d->client, &d->call);
}

static void finish(struct discovery *d, int err)
{
	if (!err)
		for (uint32_t i = 0; i < d->rows; i++)
			d->row[i].present = d->row[i].found;
	d->err = err;
	d->on_done(d->ctx, err);
}

/* The next row whose group version was not asked for by an earlier one. */
static bool next_row(struct discovery *d)
{
	for (d->at++; d->at < d->rows; d->at++) {
		uint32_t i = 0;

		while (!same_version(d->row[i].gvr, d->row[d->at].gvr))
			i++;
		if (i == d->at)
			return true;
	}
	return false;
}

static void ask_next(struct discovery *d)
{
	char text[512];
	struct buf b;

	if (!next_row(d)) {
		finish(d, 0);
		return;
	}
	buf_init(&b, text, sizeof(text));
	buf_cstr(&b, d->row[d->at].gvr->group[0] ? "/apis/" : "/api/");
	kube_api_version(&b, d->row[d->at].gvr);
	CHECK(!b.over);
	ask(d, buf_view(&b));
}

static int take_version(struct discovery *d)
{
	struct str major, minor;

	if (!kube_peek(d->call.reply, "major", &major) ||
	    !kube_peek(d->call.reply, "minor", &minor)) {
		diag_set(&d->diag, STR("/version"), "not a Kubernetes API");
		return ERR_PROTO;
	}
	d->major = leading_number(major);
	d->minor = leading_number(minor);
	return 0;
}

static void on_call(void *ctx, struct kube_call *call)
{
	struct discovery *d = ctx;
	bool version = d->at == UINT32_MAX;
	int err = call->status.err;

	if (!err && version)
		err = take_version(d);
	else if (!err)
		err = discovery_decode(call->reply, d->row[d->at].gvr,
		    d->row, d->rows, &d->diag);
	else if (err == ERR_NOENT && !version)
		err = 0;		/* not served: its rows stay absent */
	else
		d->diag = call->diag;
	if (err)
		finish(d, err);
	else
		ask_next(d);
}

void discovery_init(struct discovery *d, struct kube_client *client,
    struct discovery_row *rows, uint32_t n)
{
	memset(d, 0, offsetof(struct discovery, call));
	d->client = client;
	d->row = rows;
	d->rows = n;
	kube_call_init(&d->call, on_call, d);
}

bool discovery_busy(const struct discovery *d)
{
	return kube_call_busy(&d->call);
}

void discovery_run(struct discovery *d, int64_t deadline_ns,
    void (*on_done)(void *ctx, int err), void *ctx)
{
	CHECK(!discovery_busy(d));
	d->on_done = on_done;
	d->ctx = ctx;
	d->deadline_ns = deadline_ns;
	/* One before the first row: next_row() comes to it by counting on. */
	d->at = UINT32_MAX;
	diag_clear(&d->diag);
	for (uint32_t i = 0; i < d->rows; i++)
		d->row[i].found = false;
	ask(d, STR("/version"));
}
