#include <string.h>

#include "kube_int.h"

static const struct gvr leases = {
	.group = "coordination.k8s.io", .version = "v1",
	.plural = "leases", .namespaced = true,
};

/* What the call at hand is, or that the timer runs. */
enum lease_step {
	LEASE_WAITS, LEASE_READS, LEASE_CREATES, LEASE_WRITES, LEASE_RELEASES
};

static int64_t mono(const struct lease *l)
{
	return l->client->loop->now_ns;
}

static int64_t wall(const struct lease *l)
{
	const struct io *io = l->client->loop->io;

	return io->wall_ns(io->ctx);
}

/* ---- options --------------------------------------------------------- */

int lease_options_check(const struct lease_options *o, struct diag *d)
{
	if (!o->name.n || !o->namespace.n || !o->identity.n ||
	    o->identity.n >= LEASE_IDENTITY_MAX)
		diag_set(d, STR("leader-elect"), "a lease needs a namespace, "
		    "a name and an identity");
	else if (o->duration_ns < NS_PER_S || o->renew_ns <= 0 ||
	    o->retry_ns <= 0)
		diag_set(d, STR("leader-elect"), "the lease duration must be "
		    "at least 1s, the other times more than 0");
	else if (o->duration_ns <= o->renew_ns)
		diag_set(d, STR("leader-elect"), "the lease duration must be "
		    "longer than the renew deadline");
	else if (o->renew_ns <= o->retry_ns + o->retry_ns / 5)
		diag_set(d, STR("leader-elect"), "the renew deadline must be "
		    "longer than 1.2 retry periods");
	else
		return 0;
	return ERR_USAGE;
}

int64_t lease_write_timeout_ns(const struct lease_options *o)
{
	return (o->duration_ns - o->renew_ns) / 10 * 9;
}

/* ---- the object ------------------------------------------------------ */

static int decode_text(struct str object, const char *path, char *to,
    size_t cap)
{
	struct buf b;
	int err;

	buf_init(&b, to, cap - 1);
	err = peek_string(object, path, &b);
	if (err && err != ERR_NOENT)
		return err;
	to[b.n] = '\0';
	return 0;
}

static int decode_time(struct str object, const char *path, int64_t *ret)
{
	struct str s;

	*ret = 0;
	if (!kube_peek(object, path, &s) || str_is(s, "null"))
		return 0;
	return time_parse(s, ret);
}

static int decode_count(struct str object, const char *path, int64_t *ret)
{
	struct str s;

	*ret = 0;
	if (!kube_peek(object, path, &s) || str_is(s, "null"))
		return 0;
	return str_i64(s, ret);
}

int lease_decode(struct str object, struct lease_record *ret,
    struct diag *d)
{
	struct lease_record r;
	struct str holder;
	int err = json_scan(object, d);

	if (err)
		return err;
	memset(&r, 0, sizeof(r));
	/* null is how some write that nobody holds it. */
	if (peek_raw(object, "spec.holderIdentity", &holder) &&
	    !str_is(holder, "null"))
		err = decode_text(object, "spec.holderIdentity", r.holder,
		    sizeof(r.holder));
	if (!err)
		err = decode_text(object, "metadata.resourceVersion",
		    r.version, sizeof(r.version));
	if (!err)
		err = decode_count(object, "spec.leaseDurationSeconds",
		    &r.duration_s);
	if (!err)
		err = decode_count(object, "spec.leaseTransitions",
		    &r.transitions);
	if (!err)
		err = decode_time(object, "spec.acquireTime",
		    &r.acquire_wall_ns);
	if (!err)
		err = decode_time(object, "spec.renewTime",
		    &r.renew_wall_ns);
	if (err || !r.version[0]) {
		diag_set(d, STR("lease"), "not a Lease that can be read");
		return err ? err : ERR_BAD;
	}
	*ret = r;
	return 0;
}

static void encode_time(struct jw *w, const char *key, int64_t wall_ns)
{
	char text[40];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	time_rfc3339_micro(&b, wall_ns);
	jw_kstr(w, key, buf_view(&b));
}

void lease_encode(struct buf *out, const struct lease_options *o,
    const struct lease_record *r)
{
	struct jw w;

	jw_init(&w, out);
	jw_open(&w);
	jw_kcstr(&w, "apiVersion", "coordination.k8s.io/v1");
	jw_kcstr(&w, "kind", "Lease");
	jw_kopen(&w, "metadata");
	jw_kstr(&w, "name", o->name);
	jw_kstr(&w, "namespace", o->namespace);
	if (r->version[0])
		jw_kcstr(&w, "resourceVersion", r->version);
	jw_close(&w);
	jw_kopen(&w, "spec");
	jw_kcstr(&w, "holderIdentity", r->holder);
	jw_ki64(&w, "leaseDurationSeconds", r->duration_s);
	jw_ki64(&w, "leaseTransitions", r->transitions);
	encode_time(&w, "acquireTime", r->acquire_wall_ns);
	encode_time(&w, "renewTime", r->renew_wall_ns);
	jw_close(&w);
	jw_close(&w);
}

/* ---- leading --------------------------------------------------------- */

static int64_t deadline_ns(const struct lease *l)
{
	return l->renewed_ns + l->o.renew_ns;
}

bool lease_valid(const struct lease *l, int64_t now_ns)
{
	return l->leading && now_ns < deadline_ns(l);
}

static void lead(struct lease *l, bool leading)
{
	if (l->leading == leading)
		return;
	l->leading = leading;
	l->on_change(l->ctx, leading);
}

static bool held_by_us(const struct lease *l)
{
	return str_is(l->o.identity, l->seen.holder);
}

/* By our own clock since we saw it change: theirs may be wrong. */
static bool expired(const struct lease *l)
{
	int64_t duration = l->seen.duration_s > 0 &&
	    l->seen.duration_s < INT32_MAX ?
	    l->seen.duration_s * NS_PER_S : l->o.duration_ns;

	return mono(l) - l->seen_ns >= duration;
}

/* ---- requests -------------------------------------------------------- */

static void on_call(void *ctx, struct kube_call *call);

static void wait_until(struct lease *l, int64_t at_ns)
{
	l->step = LEASE_WAITS;
	if (l->leading && deadline_ns(l) < at_ns)
		at_ns = deadline_ns(l);
	timer_set(l->client->loop, &l->timer, at_ns);
}

/* Up to a fifth later, so that candidates do not come at the same time. */
static void wait_retry(struct lease *l)
{
	int64_t more = (int64_t)rng_below(&l->client->rng,
	    (uint64_t)l->o.retry_ns / 5 + 1);

	wait_until(l, mono(l) + l->o.retry_ns + more);
}

static void failed(struct lease *l)
{
	if (l->on_failed != NULL)
		l->on_failed(l->ctx);
	wait_retry(l);
}

static void call_begin(struct lease *l, enum lease_step step)
{
	l->step = (uint8_t)step;
	kube_call_init(&l->call, on_call, l);
}

/* A try has a quarter of the deadline, so that there can be others. */
static void call_send(struct lease *l)
{
	l->call.class = KUBE_LEASE;
	l->call.deadline_ns = mono(l) + l->o.renew_ns / 4;
	if (l->leading && deadline_ns(l) < l->call.deadline_ns)
		l->call.deadline_ns = deadline_ns(l);
	if (l->stopping)
		l->call.deadline_ns = l->stop_ns;
	l->sent_ns = mono(l);
	kube_send(l->client, &l->call);
}

static void read_lease(struct lease *l)
{
	call_begin(l, LEASE_READS);
	kube_call_get(&l->call, &leases, l->o.namespace, l->o.name);
	call_send(l);
}

static struct str encode(struct lease *l, const struct lease_record *r)
{
	struct buf b;

	buf_init(&b, l->body, sizeof(l->body));
	lease_encode(&b, &l->o, r);
	CHECK(!b.over);
	return buf_view(&b);
}

static void put_holder(struct lease_record *r, struct str holder)
{
	CHECK(holder.n < sizeof(r->holder));
	memcpy(r->holder, holder.p, holder.n);
	r->holder[holder.n] = '\0';
}

/* Creates the lease, or takes or renews the one we have seen. */
static void write_lease(struct lease *l, bool create)
{
	struct lease_record r;

	memset(&r, 0, sizeof(r));
	if (!create)
		r = l->seen;
	if (create || !held_by_us(l)) {
		r.acquire_wall_ns = wall(l);
		r.transitions += !create;
	}
	put_holder(&r, l->o.identity);
	r.duration_s = l->o.duration_ns / NS_PER_S;
	r.renew_wall_ns = wall(l);
	l->acquire_wall_ns = r.acquire_wall_ns;
	l->transitions = r.transitions;
	call_begin(l, create ? LEASE_CREATES : LEASE_WRITES);
	if (create)
		kube_call_create(&l->call, &leases, l->o.namespace,
		    "mcp-operator", encode(l, &r));
	else
		kube_call_merge(&l->call, &leases, l->o.namespace, l->o.name,
		    NULL, "mcp-operator", encode(l, &r));
	call_send(l);
}

/* Nobody holds it any more, so that the next one need not wait. */
static void release_lease(struct lease *l)
{
	struct lease_record r = l->seen;

	r.holder[0] = '\0';
	r.duration_s = 1;
	r.acquire_wall_ns = r.renew_wall_ns = wall(l);
	call_begin(l, LEASE_RELEASES);
	kube_call_merge(&l->call, &leases, l->o.namespace, l->o.name, NULL,
	    "mcp-operator", encode(l, &r));
	call_send(l);
}

/*
 * A step towards the end. A write under way is waited for, since what it
 * comes to decides whether there is something to release.
 */
static void stop_step(struct lease *l)
{
	lead(l, false);
	if (l->step == LEASE_READS)
		kube_cancel(l->client, &l->call);
	if (mono(l) < l->stop_ns && kube_call_busy(&l->call)) {
		timer_set(l->client->loop, &l->timer, l->stop_ns);
	} else if (mono(l) < l->stop_ns && l->known && held_by_us(l)) {
		timer_set(l->client->loop, &l->timer, l->stop_ns);
		release_lease(l);
	} else {
		timer_stop(l->client->loop, &l->timer);
		kube_cancel(l->client, &l->call);
		l->stopping = false;
		l->on_stopped(l->ctx);
	}
}

/* ---- answers --------------------------------------------------------- */

/* A change, by whomever, is a sign of life. */
static void observe(struct lease *l, const struct lease_record *r)
{
	if (!l->known || !str_is(str_from(r->version), l->seen.version))
		l->seen_ns = mono(l);
	l->seen = *r;
	l->known = true;
}

static void on_read(struct lease *l)
{
	struct lease_record r;
	int err = lease_decode(l->call.reply, &r, &l->diag);

	if (err) {
		l->status = (struct kube_status){
			.err = err, .code = l->call.status.code,
			.retry_after_ns = -1
		};
		failed(l);
		return;
	}
	observe(l, &r);
	if (held_by_us(l) || !l->seen.holder[0] || expired(l)) {
		write_lease(l, false);
		return;
	}
	lead(l, false);
	if (l->running)
		wait_retry(l);
}

/* The record as we wrote it, with the version it was given. */
static bool take_written(struct lease *l)
{
	struct lease_record r = l->seen;
	struct buf version;

	if (l->step == LEASE_CREATES)
		memset(&r, 0, sizeof(r));
	buf_init(&version, r.version, sizeof(r.version) - 1);
	if (peek_string(l->call.reply, "metadata.resourceVersion", &version))
		return false;
	r.version[version.n] = '\0';
	put_holder(&r, l->o.identity);
	r.duration_s = l->o.duration_ns / NS_PER_S;
	r.acquire_wall_ns = l->acquire_wall_ns;
	r.transitions = l->transitions;
	observe(l, &r);
	l->renewed_ns = l->sent_ns;
	return true;
}

static void on_written(struct lease *l)
{
	if (!take_written(l)) {
		read_lease(l);		/* ours, but of what version? */
		return;
	}
	wait_until(l, mono(l) + l->o.renew_ns / 2);
	lead(l, true);
}

static void on_failed(struct lease *l)
{
	int err = l->call.status.err;

	l->status = l->call.status;
	l->diag = l->call.diag;
	if (l->step == LEASE_READS && err == ERR_NOENT) {
		write_lease(l, true);
		return;
	}
	/* Somebody was faster, or removed it: look. Where nothing can be made,
	 * there is no namespace. */
	if (l->step != LEASE_READS && (err == ERR_CONFLICT ||
	    err == ERR_EXIST || (err == ERR_NOENT &&
	    l->step != LEASE_CREATES)))
		read_lease(l);
	else
		failed(l);
}

static void on_call_stopping(struct lease *l)
{
	if (l->call.status.err || l->step == LEASE_RELEASES ||
	    !take_written(l))
		l->known = false;
	stop_step(l);
}

/* False when leading ended and the owner wants no more of it. */
static bool check_deadline(struct lease *l)
{
	if (l->leading && mono(l) >= deadline_ns(l))
		lead(l, false);
	return l->running;
}

static void on_call(void *ctx, struct kube_call *call)
{
	struct lease *l = ctx;

	if (l->stopping) {
		on_call_stopping(l);
	} else if (call->status.err) {
		if (check_deadline(l))
			on_failed(l);
	} else {
		l->status.err = 0;
		diag_clear(&l->diag);
		if (l->step == LEASE_READS)
			on_read(l);
		else
			on_written(l);
	}
}

static void on_timer(void *ctx)
{
	struct lease *l = ctx;

	if (l->stopping) {
		stop_step(l);
		return;
	}
	if (!check_deadline(l))
		return;
	/* A leader writes over what it wrote; others look first. */
	if (l->leading)
		write_lease(l, false);
	else
		read_lease(l);
}

/* ---- from outside ---------------------------------------------------- */

void lease_init(struct lease *l, struct kube_client *client,
    const struct lease_options *o,
    void (*on_change)(void *ctx, bool leading),
    void (*on_stopped)(void *ctx), void *ctx)
{
	CHECK(lease_options_check(o, NULL) == 0);
	memset(l, 0, offsetof(struct lease, call));
	l->o = *o;
	l->client = client;
	l->on_change = on_change;
	l->on_stopped = on_stopped;
	l->ctx = ctx;
	kube_call_init(&l->call, on_call, l);
	timer_init(&l->timer, on_timer, l);
}

void lease_start(struct lease *l)
{
	CHECK(!l->running && !l->stopping);
	l->running = true;
	l->known = false;
	timer_set(l->client->loop, &l->timer, mono(l));
}

void lease_stop(struct lease *l)
{
	CHECK(l->running);
	l->running = false;
	l->stopping = true;
	l->stop_ns = mono(l) + LEASE_RELEASE_NS;
	timer_set(l->client->loop, &l->timer, mono(l));
}
