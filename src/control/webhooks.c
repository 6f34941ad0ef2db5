#include <string.h>

#include "control_int.h"

/*
 * The API server asks here before it stores an MCPServer (reviews.c has the
 * answers). It trusts what a CA of ours has signed: every instance reads the
 * CAs from a Secret and makes a certificate of its own; whoever leads makes
 * the Secret, renews the CAs and writes them into the webhook configurations.
 * Nothing of this is needed where a folder with a certificate is given.
 */

static const struct gvr secrets_gvr = { "", "v1", "secrets", true };
static const struct gvr config_gvr[WEBHOOK_CONFIGS] = {
	{ "admissionregistration.k8s.io", "v1",
	  "validatingwebhookconfigurations", false },
	{ "admissionregistration.k8s.io", "v1",
	  "mutatingwebhookconfigurations", false }
};
static const char *const config_kind[WEBHOOK_CONFIGS] = {
	"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"
};

#define FIELD_MANAGER "mcp-operator/webhooks"

static struct str own_namespace(const struct manager *m)
{
	return m->o->namespace.n ? m->o->namespace : m->config.namespace;
}

/* ---- reviews ---- */

/* The second pair is known from the system that had webhooks before. */
static void routes_set(struct webhooks *h)
{
	static const char *const path[] = {
		"/validate", "/mutate",
		"/validate-mcp-allbeone-io-v1-mcpserver",
		"/mutate-mcp-allbeone-io-v1-mcpserver"
	};

	for (size_t i = 0; i < ARRAY_LEN(h->route); i++)
		h->route[i] = (struct http_post_route){ path[i],
		    i % 2 ? reviews_mutate : reviews_validate,
		    h->m };
}

/* ---- the CAs ---- */

static void look_in(struct webhooks *h, int64_t ns)
{
	if (!h->m->stopping)
		timer_set(&h->m->loop, &h->timer,
		    h->m->loop.now_ns + ns);
}

/* Told once until it goes well again. */
static void failed(struct webhooks *h, const char *what, int err)
{
	const char *text = h->call.diag.text;

	if (h->m->stopping)
		return;
	if (!h->failing)
		log_line(&h->m->log, LOG_WARN, what, "error=%s",
		    err == h->call.status.err && *text ? text :
		    err_text(err));
	h->failing = true;
	look_in(h, WEBHOOKS_RETRY_NS);
}

static void ask(struct webhooks *h)
{
	if (!h->m->stopping)
		kube_send(&h->m->client, &h->call);
}

static void config_get(struct webhooks *h);

static void settled(struct webhooks *h)
{
	h->failing = false;
	look_in(h, WEBHOOKS_LOOK_NS);
}

/* From now on what is shown is signed by a CA of these. */
static void take(struct webhooks *h, const struct authority *a)
{
	const struct io *io = h->m->io;
	struct diag d;
	int err;

	h->known = *a;
	diag_clear(&d);
	err = certs_sign(&h->certs, authority_signer(&h->known,
	    io->wall_ns(io->ctx) / NS_PER_S), &d);
	if (err < 0) {
		failed(h, "cannot make a certificate for webhooks", err);
		return;
	}
	if (!h->shown)
		log_line(&h->m->log, LOG_INFO, "webhooks are served", NULL);
	h->shown = true;
	h->config = 0;
	if (h->m->leading)
		config_get(h);
	else
		settled(h);
}

static void on_written(void *ctx, struct kube_call *call)
{
	struct webhooks *h = ctx;
	int err = call->status.err;

	if (err == 0)
		take(h, &h->wanted);
	else if (err == ERR_EXIST || err == ERR_CONFLICT)
		look_in(h, 0);		/* another was first */
	else
		failed(h, "cannot write the Secret of the webhooks' CA", err);
}

static void secret_write(struct webhooks *h, struct str version)
{
	struct manager *m = h->m;
	struct str ns = own_namespace(m), name = STR(WEBHOOK_SECRET);
	struct buf body;
	int err;

	buf_init(&body, h->body, WEBHOOKS_BODY_MAX);
	err = authority_write(&h->wanted, ns, name, version, &m->intake,
	    &body);
	CHECK(err == 0);
	kube_call_init(&h->call, on_written, h);
	if (version.n)
		kube_call_update(&h->call, &secrets_gvr, ns, name, NULL,
		    FIELD_MANAGER, buf_view(&body));
	else
		kube_call_create(&h->call, &secrets_gvr, ns, FIELD_MANAGER,
		    buf_view(&body));
	ask(h);
}

/* The Secret as it stands, or there is none: version is empty then. */
static void judge_secret(struct webhooks *h, bool found, struct str version)
{
	struct manager *m = h->m;
	int changed;

	if (!m->leading) {
		if (found)
			take(h, &h->wanted);
		else
			look_in(h, WEBHOOKS_RETRY_NS);
		return;
	}
	changed = authority_renew(&h->wanted, m->io);
	if (changed < 0)
		failed(h, "cannot make a CA for webhooks", changed);
	else if (changed > 0 || !found)
		secret_write(h, version);
	else
		take(h, &h->wanted);
}

static void on_secret(void *ctx, struct kube_call *call)
{
	struct webhooks *h = ctx;
	struct manager *m = h->m;
	struct str version;
	int err = call->status.err;

	if (err < 0 && err != ERR_NOENT) {
		failed(h, "cannot read the Secret of the webhooks' CA", err);
		return;
	}
	/* What was lost is made again as it was. */
	h->wanted = h->known;
	if (err == ERR_NOENT) {
		judge_secret(h, false, STR_NONE);
		return;
	}
	if (!kube_peek(call->reply, "metadata.resourceVersion", &version))
		version = STR_NONE;
	err = authority_read(call->reply, m->tok, JSON_TOKENS_MAX, &m->intake,
	    &h->wanted);
	if (err < 0)
		log_line(&m->log, LOG_WARN, "the Secret of the webhooks' CA "
		    "holds none of ours", "error=%s", err_text(err));
	judge_secret(h, err == 0, version);
}

void webhooks_look(void *ctx)
{
	struct webhooks *h = ctx;

	if (h->m->stopping || kube_call_busy(&h->call))
		return;
	kube_call_init(&h->call, on_secret, h);
	kube_call_get(&h->call, &secrets_gvr, own_namespace(h->m),
	    STR(WEBHOOK_SECRET));
	ask(h);
}

/* ---- the configurations ---- */

static void config_next(struct webhooks *h)
{
	if (++h->config < WEBHOOK_CONFIGS)
		config_get(h);
	else
		settled(h);
}

static void on_applied(void *ctx, struct kube_call *call)
{
	struct webhooks *h = ctx;

	if (call->status.err == 0)
		config_next(h);
	else
		failed(h, "cannot write the CA into a webhook configuration",
		    call->status.err);
}

/* Whether one of its webhooks has another bundle, and the apply that sets it
 * in all of them. */
static bool config_write(const struct json_doc *doc, const char *kind,
    struct str bundle, struct jw *w)
{
	uint32_t list = json_get(doc, JSON_ROOT, STR("webhooks")), e;
	bool differs = false;

	jw_open(w);
	jw_kcstr(w, "apiVersion", "admissionregistration.k8s.io/v1");
	jw_kcstr(w, "kind", kind);
	jw_kopen(w, "metadata");
	jw_kcstr(w, "name", WEBHOOK_CONFIG);
	jw_kraw(w, "uid", json_raw(doc, json_path(doc, JSON_ROOT,
	    "metadata.uid")));
	jw_close(w);
	jw_kopen_list(w, "webhooks");
	for (e = json_first(doc, list); e != JSON_NIL;
	    e = json_next(doc, list, e)) {
		uint32_t to = json_get(doc, e, STR("clientConfig"));
		struct str had = json_raw(doc, json_get(doc, to,
		    STR("caBundle")));

		differs = differs || had.n < 2 ||
		    !str_eq(str_sub(had, 1, had.n - 1), bundle);
		jw_open(w);
		jw_kraw(w, "name", json_raw(doc, json_get(doc, e,
		    STR("name"))));
		jw_kopen(w, "clientConfig");
		jw_kstr(w, "caBundle", bundle);
		jw_close(w);
		jw_close(w);
	}
	jw_close_list(w);
	jw_close(w);
	return differs;
}

static void config_judge(struct webhooks *h, struct str object)
{
	struct manager *m = h->m;
	size_t mark = arena_mark(&m->intake);
	struct buf pem = arena_buf(&m->intake), b64, body;
	struct json_doc doc;
	struct str bundle;
	struct jw w;
	int err = json_parse(&doc, object, m->tok, JSON_TOKENS_MAX, NULL);

	authority_bundle(&h->known, &pem);
	bundle = arena_keep(&m->intake, &pem);
	b64 = arena_buf(&m->intake);
	b64_encode(&b64, bundle.p, bundle.n);
	CHECK(!pem.over && !b64.over);
	buf_init(&body, h->body, WEBHOOKS_BODY_MAX);
	jw_init(&w, &body);
	if (err < 0) {
		failed(h, "cannot read a webhook configuration", err);
	} else if (!config_write(&doc, config_kind[h->config],
	    buf_view(&b64), &w)) {
		config_next(h);
	} else if (body.over) {
		failed(h, "a webhook configuration is too large", ERR_FULL);
	} else {
		kube_call_init(&h->call, on_applied, h);
		kube_call_apply(&h->call, &config_gvr[h->config], STR_NONE,
		    STR(WEBHOOK_CONFIG), NULL, FIELD_MANAGER, true,
		    buf_view(&body));
		ask(h);
	}
	arena_reset(&m->intake, mark);
}

static void on_config(void *ctx, struct kube_call *call)
{
	struct webhooks *h = ctx;
	int err = call->status.err;

	if (err == 0)
		config_judge(h, call->reply);
	else if (err == ERR_NOENT)
		config_next(h);		/* nobody is to ask */
	else
		failed(h, "cannot read a webhook configuration", err);
}

static void config_get(struct webhooks *h)
{
	kube_call_init(&h->call, on_config, h);
	kube_call_get(&h->call, &config_gvr[h->config], STR_NONE,
	    STR(WEBHOOK_CONFIG));
	/* An old one does: what is written then is there already. */
	kube_call_not_older(&h->call, 0);
	ask(h);
}

/* ---- calls --------------------------------------------------------------- */

const char *webhooks_check(void *ctx)
{
	const struct webhooks *h = ctx;

	return h->shown ? NULL : "there is no certificate for webhooks yet";
}

/* The Service of manifests/overlays/webhooks. */
static void names_set(struct webhooks *h)
{
	struct certs *c = &h->certs;
	struct buf b;

	buf_init(&b, c->name_mem, sizeof(c->name_mem));
	buf_fmt(&b, WEBHOOK_SERVICE ".%S.svc", own_namespace(h->m));
	c->name[c->names++] = buf_view(&b);
	c->name[c->names++] = STR("localhost");
	c->name[c->names++] = STR("127.0.0.1");
}

int webhooks_init(struct manager *m, struct mem *mem)
{
	struct webhooks *h = mem_reserve(mem, "webhooks", 1, sizeof(*h));
	uint8_t suites, ecdsa;
	int err;

	if (h == NULL)
		return ERR_FULL;
	h->m = m;
	h->body = mem_reserve(mem, "webhook texts", 1, WEBHOOKS_BODY_MAX);
	timer_init(&h->timer, webhooks_look, h);
	routes_set(h);
	h->posts = m->o->webhook_dry_run ?
	    WEBHOOKS_POSTS + WEBHOOKS_TRIALS : WEBHOOKS_POSTS;
	if (h->body == NULL || reviews_init(m, h, mem) < 0 ||
	    certs_init(&h->certs, m, mem) < 0)
		return ERR_FULL;
	h->certs.dir = m->o->webhook_cert_path.n ? m->o->webhook_cert_path :
	    m->o->webhook_cert_dir;
	h->certs.cert_name = m->o->webhook_cert;
	h->certs.key_name = m->o->webhook_key;
	names_set(h);
	CHECK(!tls_suites_parse(m->o->webhook_suites, &suites, &ecdsa, NULL));
	trust_set_suites(h->certs.trust, suites);
	err = http_server_new(mem, &m->loop, NULL, 0, &h->server);
	if (err == 0)
		err = http_server_secure(h->server, mem, h->certs.trust,
		    certs_lost, &h->certs);
	if (err == 0)
		err = http_server_posts(h->server, mem, h->route,
		    ARRAY_LEN(h->route), h->posts);
	if (err == 0 && m->o->webhook_dry_run)
		err = trials_init(h, mem);
	if (err == 0)
		m->webhooks = h;
	return err;
}

int webhooks_begin(struct webhooks *h, struct diag *d)
{
	struct net_addr at;
	int err = certs_begin(&h->certs, d);

	if (err < 0)
		return err;
	CHECK(addr_parse_bind(STR(":0"), &at) == 0);
	at.port = (uint16_t)h->m->o->webhook_port;
	err = http_server_listen(h->server, &at);
	if (err < 0) {
		diag_set(d, STR("--webhook-port"), "cannot listen on %D: %s",
		    h->m->o->webhook_port, err_text(err));
		return err;
	}
	h->shown = h->certs.dir.n > 0;
	if (!h->shown)
		look_in(h, 0);
	return 0;
}

void webhooks_lead(struct webhooks *h)
{
	if (h->certs.dir.n == 0)
		look_in(h, 0);
}

void webhooks_stop(struct webhooks *h)
{
	timer_stop(&h->m->loop, &h->timer);
}
