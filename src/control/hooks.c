#include <string.h>

#include "control_int.h"

/*
 * Calls of extensions: few at a time, each over a connection that is kept for
 * the next call of the same one. Who asks waits his turn, and is answered
 * once, from the loop. Nothing of this is there without --extensions.
 */

static const struct gvr services_gvr = { "", "v1", "services", true };

struct hook_slot {
	struct hooks *h;
	struct ask *ask;		/* NULL: free */
	const struct ext *ext;		/* whom the connection leads to */
	struct http_client client;
	struct kube_call call;		/* where its Service is */
	struct conn_target target;
	struct http_request sent;
	struct timer idle;
	char *body, *answer;
	size_t body_n, answer_n;
	uint16_t status;
	bool again;			/* sent over a new connection */
	char headers[320], dial[330];
};

/* What is read of an extension's files. */
struct hook_files {
	uint8_t ca[SHA256_LEN];		/* digest of what was loaded */
	size_t key_n;
	int64_t read_ns;
	bool loaded;
	char key[EXT_KEY_MAX + 1];
};

/* ---- files ---- */

static int bad_file(const struct ext *e, const char *member, uint32_t i,
    const char *why, struct diag *d)
{
	char mem[DIAG_PATH_MAX];
	struct buf b;

	buf_init(&b, mem, sizeof(mem));
	buf_fmt(&b, "extensions[%u].%s", i, member);
	diag_set(d, buf_view(&b), "%s: %s", member[0] == 'c' ? e->ca_file :
	    e->key_file, why);
	return ERR_BAD;
}

static int ca_load(struct hooks *h, uint32_t i, struct diag *d)
{
	const struct io *io = h->m->io;
	const struct ext *e = &h->set.e[i];
	struct hook_files *f = &h->files[i];
	uint8_t digest[SHA256_LEN];
	struct diag why = { 0 };
	int n = io->read_file(io->ctx, e->ca_file, h->pem, TLS_PEM_MAX);

	if (n < 0)
		return bad_file(e, "caFile", i, err_text(n), d);
	sha256(h->pem, (size_t)n, digest);
	if (f->loaded && memcmp(digest, f->ca, sizeof(digest)) == 0)
		return 0;
	n = trust_load_anchors(h->trust[i], (struct str){ h->pem, (size_t)n },
	    io->wall_ns(io->ctx), &why);
	if (n < 0)
		return bad_file(e, "caFile", i, why.text[0] != '\0' ?
		    why.text : err_text(n), d);
	memcpy(f->ca, digest, sizeof(digest));
	return 0;
}

static int key_load(struct hooks *h, uint32_t i, struct diag *d)
{
	const struct io *io = h->m->io;
	const struct ext *e = &h->set.e[i];
	struct hook_files *f = &h->files[i];
	int n = io->read_file(io->ctx, e->key_file, h->pem,
	    EXT_KEY_MAX + 1);

	if (n < 0)
		return bad_file(e, "keyFile", i, err_text(n), d);
	while (n > 0 && (h->pem[n - 1] == '\n' || h->pem[n - 1] == '\r'))
		n--;
	if (n < EXT_KEY_MIN || n > EXT_KEY_MAX)
		return bad_file(e, "keyFile", i, "a key has 16 to 4096 bytes",
		    d);
	memcpy(f->key, h->pem, (size_t)n);
	f->key_n = (size_t)n;
	return 0;
}

/* Files that cannot be read any more leave those that were. */
static int files_load(struct hooks *h, uint32_t i, struct diag *d)
{
	struct hook_files *f = &h->files[i];
	int64_t now = h->m->io->mono_ns(h->m->io->ctx);
	int err;

	if (f->loaded && now - f->read_ns < EXT_FILES_AGE_NS)
		return 0;
	f->read_ns = now;
	err = ca_load(h, i, d);
	if (err == 0)
		err = key_load(h, i, d);
	memset(h->pem, 0, EXT_KEY_MAX + 1);
	if (err < 0 && f->loaded) {
		log_line(&h->m->log, LOG_WARN, "an extension's files cannot "
		    "be read; those before are used", "path=%s error=%s",
		    d->path, d->text);
		diag_clear(d);
		return 0;
	}
	f->loaded = f->loaded || err == 0;
	return err;
}

/* ---- the end of a call ---- */

static void feed_soon(struct hooks *h)
{
	work_post(&h->m->loop, &h->feed);
}

static void hang_up(struct hook_slot *s)
{
	http_client_cancel(&s->client);
	timer_stop(&s->h->m->loop, &s->idle);
	s->ext = NULL;
}

static void on_idle(void *ctx)
{
	hang_up(ctx);
}

/* Pages of large texts are not kept for the small ones. */
static void trim(struct hook_slot *s)
{
	struct mem *mem = s->h->m->mem;

	if (s->body_n > HTTP_POST_KEEP_MAX)
		mem_trim(mem, s->body, EXT_BODY_MAX);
	if (s->answer_n > HTTP_POST_KEEP_MAX)
		mem_trim(mem, s->answer, EXT_ANSWER_MAX);
	s->body_n = s->answer_n = 0;
}

static void slot_over(struct hook_slot *s, int err, const struct diag *d)
{
	struct ask *a = s->ask;
	struct loop *l = &s->h->m->loop;

	s->ask = NULL;
	a->busy = false;
	if (http_client_open(&s->client))
		timer_set(l, &s->idle, l->now_ns + EXT_IDLE_NS);
	else
		s->ext = NULL;
	count_add(&s->h->m->counts, COUNT_EXT_CALLS, 1);
	if (err < 0)
		count_add(&s->h->m->counts, COUNT_EXT_FAILURES, 1);
	a->done(a->ctx, err, (struct str){ s->answer, s->answer_n }, d);
	trim(s);
	feed_soon(s->h);
}

static void slot_failed(struct hook_slot *s, int err, const char *text)
{
	struct diag d = { 0 };

	diag_set(&d, STR_NONE, "%s", text);
	hang_up(s);
	slot_over(s, err, &d);
}

/* ---- one call ---- */

static int on_head(void *ctx, const struct http_head *head)
{
	struct hook_slot *s = ctx;

	s->status = head->status;
	return 0;
}

static int on_body(void *ctx, struct str data)
{
	struct hook_slot *s = ctx;

	if (data.n > EXT_ANSWER_MAX - s->answer_n)
		return ERR_LIMIT;
	memcpy(s->answer + s->answer_n, data.p, data.n);
	s->answer_n += data.n;
	return 0;
}

static void slot_send(struct hook_slot *s)
{
	s->answer_n = 0;
	s->status = 0;
	http_client_send(&s->client, &s->target, &s->sent,
	    s->ask->until_ns, 0);
}

static void on_done(void *ctx, int err, const struct diag *d)
{
	struct hook_slot *s = ctx;
	char text[64];

	/* It was kept, and the other end has given it up. */
	if (err == ERR_CLOSED && !s->client.fresh && !s->again) {
		s->again = true;
		slot_send(s);
	} else if (err == ERR_LIMIT && s->status != 0) {
		slot_failed(s, err, "its answer is too large");
	} else if (err < 0) {
		slot_failed(s, err, d->text[0] != '\0' ? d->text :
		    err_text(err));
	} else if (s->status < 200 || s->status > 299) {
		cut_fmt(text, sizeof(text), "it answered with HTTP status %u",
		    (unsigned)s->status);
		slot_failed(s, ERR_HTTP, text);
	} else {
		slot_over(s, 0, d);
	}
}

static const struct http_client_events events = {
	on_head, on_body, on_done
};

static void slot_dial(struct hook_slot *s, struct str host)
{
	const struct ext *e = s->ext;

	cut_fmt(s->dial, sizeof(s->dial), "%S", host);
	s->target = (struct conn_target){
		.host = str_from(s->dial), .port = e->port,
		.trust = s->h->trust[e - s->h->set.e],
		.tls_name = e->host
	};
	slot_send(s);
}

/* A headless Service has no address, and who may not read it asks the
 * cluster's DNS. */
static void service_told(void *ctx, struct kube_call *call)
{
	struct hook_slot *s = ctx;
	struct net_addr addr;
	struct str ip;

	if (call->status.err == 0 &&
	    kube_peek(call->reply, "spec.clusterIP", &ip) &&
	    addr_parse(ip, &addr) == 0)
		slot_dial(s, ip);
	else if (call->status.err == ERR_NOENT)
		slot_failed(s, ERR_NOENT, "its Service does not exist");
	else
		slot_dial(s, s->ext->host);
}

static void slot_connect(struct hook_slot *s)
{
	const struct ext *e = s->ask->ext;

	if (s->ext == e && http_client_open(&s->client)) {
		slot_send(s);
		return;
	}
	hang_up(s);
	s->ext = e;
	if (e->service.n == 0) {
		slot_dial(s, e->host);
		return;
	}
	kube_call_init(&s->call, service_told, s);
	kube_call_get(&s->call, &services_gvr, e->ns, e->service);
	/* An old one does, and costs no trip to the store. */
	kube_call_not_older(&s->call, 0);
	s->call.deadline_ns = s->ask->until_ns;
	kube_send(&s->h->m->client, &s->call);
}

static void slot_begin(struct hook_slot *s, struct ask *a)
{
	struct hooks *h = s->h;
	uint32_t i = (uint32_t)(a->ext - h->set.e);
	int64_t now = h->m->loop.now_ns;
	const struct io *io = h->m->io;
	struct diag d = { 0 };
	struct buf b;
	int err;

	s->ask = a;
	s->again = false;
	timer_stop(&h->m->loop, &s->idle);
	a->until_ns = now + a->ext->timeout_ns;
	if (a->until_ns > a->limit_ns)
		a->until_ns = a->limit_ns;
	buf_init(&b, s->body, EXT_BODY_MAX);
	err = files_load(h, i, &d);
	if (err == 0)
		err = a->write(a->ctx, a->ext, &b, &d);
	s->body_n = b.n;
	if (err < 0) {
		slot_failed(s, err, d.text[0] != '\0' ? d.text :
		    err_text(err));
		return;
	}
	s->sent = (struct http_request){
		.method = "POST", .path = a->ext->path,
		.host = a->ext->authority, .body = buf_view(&b)
	};
	buf_init(&b, s->headers, sizeof(s->headers));
	ext_sign((struct str){ h->files[i].key, h->files[i].key_n },
	    io->wall_ns(io->ctx), s->sent.body, &b);
	CHECK(!b.over);
	s->sent.headers = buf_view(&b);
	slot_connect(s);
}

/* ---- turns ---- */

/* What is only told has the first slot, and no other. */
static struct hook_slot *slot_for(struct hooks *h, const struct ask *a)
{
	struct hook_slot *any = NULL;
	uint32_t i, end = a->low ? 1 : EXT_CALLS_MAX;

	for (i = a->low ? 0 : 1; i < end; i++) {
		struct hook_slot *s = &h->slot[i];

		if (s->ask != NULL)
			continue;
		if (s->ext == a->ext)
			return s;
		if (any == NULL || s->ext == NULL)
			any = s;
	}
	return any;
}

static struct ask *ask_take(struct hooks *h, struct ask **at)
{
	struct ask *a = *at;

	*at = a->next;
	if (*at == NULL)
		h->tail = at;
	return a;
}

/* Nobody could be asked, or nobody is asked any more. */
static void ask_over(struct ask *a, int err, const char *text)
{
	struct diag d = { 0 };

	diag_set(&d, STR_NONE, "%s", text);
	a->busy = false;
	a->done(a->ctx, err, STR_NONE, &d);
}

/* One of those that wait is begun, or given up. False: none can be. */
static bool ask_next(struct hooks *h)
{
	int64_t now = h->m->loop.now_ns;
	struct ask **at;

	for (at = &h->head; *at != NULL; at = &(*at)->next) {
		struct hook_slot *s = slot_for(h, *at);

		if (h->m->stopping)
			ask_over(ask_take(h, at), ERR_CANCELLED,
			    "the operator stops");
		else if ((*at)->until_ns <= now)
			ask_over(ask_take(h, at), ERR_TIMEOUT,
			    "too many calls wait for an answer");
		else if (s != NULL)
			slot_begin(s, ask_take(h, at));
		else
			continue;
		return true;
	}
	return false;
}

static void hooks_feed(void *ctx)
{
	struct hooks *h = ctx;
	int64_t due = TIME_NEVER;
	const struct ask *a;

	while (ask_next(h))
		continue;
	for (a = h->head; a != NULL; a = a->next)
		if (a->until_ns < due)
			due = a->until_ns;
	if (due == TIME_NEVER)
		timer_stop(&h->m->loop, &h->late);
	else
		timer_set(&h->m->loop, &h->late, due);
}

void hooks_ask(struct hooks *h, struct ask *a)
{
	int64_t now = h->m->loop.now_ns;

	CHECK(!a->busy);
	a->busy = true;
	a->next = NULL;
	a->until_ns = now + EXT_WAIT_NS;
	if (a->until_ns > a->limit_ns)
		a->until_ns = a->limit_ns;
	*h->tail = a;
	h->tail = &a->next;
	feed_soon(h);
}

/* ---- from start to end ---- */

uint64_t hooks_salt(const struct manager *m, const struct server *s)
{
	const struct ext_who who = { s->group, s->meta.ns, &s->meta.labels };

	return m->hooks != NULL ? ext_salt(&m->hooks->set, &who) : 0;
}

const struct ext *hooks_next(const struct hooks *h, enum ext_type type,
    const struct ext_who *who, uint32_t *at)
{
	while (*at < h->set.n) {
		const struct ext *e = &h->set.e[(*at)++];

		if (e->row->type == type && ext_matches(e, who))
			return e;
	}
	return NULL;
}

void hooks_stop(struct hooks *h)
{
	uint32_t i;

	for (i = 0; i < EXT_CALLS_MAX; i++) {
		struct hook_slot *s = &h->slot[i];

		kube_cancel(&h->m->client, &s->call);
		if (s->ask != NULL)
			slot_failed(s, ERR_CANCELLED, "the operator stops");
		hang_up(s);
	}
	hooks_feed(h);
}

static int config_read(struct hooks *h, struct mem *mem, struct diag *d)
{
	struct manager *m = h->m;
	char *text = mem_reserve(mem, "extension file", 1, EXT_FILE_MAX);
	char *scratch = mem_reserve(mem, "extension YAML", 1,
	    YAML_SCRATCH_MAX);
	char *texts = mem_reserve(mem, "extension texts", 1, EXT_TEXTS_MAX);
	char path[CERT_PATH_MAX];
	struct diag why = { 0 };
	struct arena a, yaml;
	int n;

	if (text == NULL || scratch == NULL || texts == NULL)
		return ERR_FULL;
	cut_fmt(path, sizeof(path), "%S", m->o->extensions);
	n = m->io->read_file(m->io->ctx, path, text, EXT_FILE_MAX);
	if (n < 0) {
		diag_set(d, m->o->extensions, "%s", err_text(n));
		return n;
	}
	arena_init(&a, texts, EXT_TEXTS_MAX);
	arena_init(&yaml, scratch, YAML_SCRATCH_MAX);
	n = ext_read((struct str){ text, (size_t)n }, &yaml, &a, &h->set,
	    &why);
	(void)arena_buf(&yaml);		/* nothing stays poisoned */
	mem_trim(mem, scratch, YAML_SCRATCH_MAX);
	mem_trim(mem, text, EXT_FILE_MAX);
	if (n < 0)
		diag_set(d, m->o->extensions, "%s%s%s", why.path,
		    why.path[0] != '\0' ? ": " : "", why.text);
	return n;
}

static int slots_init(struct hooks *h, struct mem *mem)
{
	size_t tls_n = (tls_size() + 15) & ~(size_t)15;
	char *tls = mem_reserve(mem, "extension TLS", EXT_CALLS_MAX, tls_n);
	char *body = mem_reserve(mem, "extension bodies", EXT_CALLS_MAX,
	    EXT_BODY_MAX);
	char *answer = mem_reserve(mem, "extension answers", EXT_CALLS_MAX,
	    EXT_ANSWER_MAX);
	uint32_t i;

	h->slot = mem_reserve(mem, "extension calls", EXT_CALLS_MAX,
	    sizeof(*h->slot));
	if (tls == NULL || body == NULL || answer == NULL || h->slot == NULL)
		return ERR_FULL;
	h->gate.steps = true;
	for (i = 0; i < EXT_CALLS_MAX; i++) {
		struct hook_slot *s = &h->slot[i];

		s->h = h;
		s->body = body + (size_t)i * EXT_BODY_MAX;
		s->answer = answer + (size_t)i * EXT_ANSWER_MAX;
		kube_call_init(&s->call, service_told, s);
		timer_init(&s->idle, on_idle, s);
		http_client_init(&s->client, &h->m->loop, &h->gate,
		    tls + i * tls_n, &events, s);
	}
	return 0;
}

static int files_init(struct hooks *h, struct mem *mem, struct diag *d)
{
	struct diag why = { 0 };
	uint32_t i;
	int err;

	h->pem = mem_reserve(mem, "extension CAs", 1, TLS_PEM_MAX);
	h->files = mem_reserve(mem, "extension keys", EXTENSIONS_MAX,
	    sizeof(*h->files));
	if (h->pem == NULL || h->files == NULL)
		return ERR_FULL;
	for (i = 0; i < h->set.n; i++) {
		if (trust_new(mem, &h->trust[i]) < 0)
			return ERR_FULL;
		err = files_load(h, i, &why);
		if (err == 0)
			continue;
		diag_set(d, h->m->o->extensions, "%s: %s", why.path,
		    why.text);
		return err;
	}
	return 0;
}

int hooks_init(struct manager *m, struct mem *mem, struct diag *d)
{
	struct hooks *h = mem_reserve(mem, "extensions", 1, sizeof(*h));
	int err;

	if (h == NULL)
		return ERR_FULL;
	h->m = m;
	h->tail = &h->head;
	work_init(&h->feed, hooks_feed, h);
	timer_init(&h->late, hooks_feed, h);
	h->work = (struct json_ops){
		m->tok, JSON_TOKENS_MAX,
		mem_reserve(mem, "extension patches", JSON_OPS_TEXTS,
		    JSON_OBJECT_MAX), JSON_OBJECT_MAX
	};
	if (h->work.mem == NULL)
		return ERR_FULL;
	err = config_read(h, mem, d);
	if (err == 0)
		err = slots_init(h, mem);
	if (err == 0)
		err = files_init(h, mem, d);
	if (err == 0)
		err = notices_init(h, mem);
	if (err == 0)
		m->hooks = h;
	return err;
}
