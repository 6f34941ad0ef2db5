#include <string.h>

#include "kube_int.h"

static const struct gvr events = {
	.group = "", .version = "v1", .plural = "events", .namespaced = true,
};

/* An Event that exists, as far as we know. */
struct event_key {
	uint64_t hash;		/* 0: free */
	uint64_t stamp;		/* the end of its name */
	int64_t last_ns, first_wall_ns;
	uint32_t count;
};

/* Token bucket of an object. */
struct event_source {
	uint64_t hash;		/* 0: free */
	int64_t at_ns;
	uint32_t tokens;
};

/* An Event to be created, or counted up when count is over 1. */
struct event_slot {
	uint64_t seq;		/* order; 0: free */
	uint64_t hash, stamp;
	int64_t first_wall_ns, last_wall_ns;
	uint32_t count;
	bool warning, create;
	char api_version[128], kind[64], namespace[64], name[254];
	char uid[64], version[64], reason[128];
	char message[EVENT_MESSAGE_MAX + 1];
};

static int64_t mono(const struct event_recorder *r)
{
	return r->client->loop->now_ns;
}

/* ---- remembering ----------------------------------------------------- */

static uint64_t hash_text(uint64_t h, struct str s)
{
	return hash_more(hash_more(h, &s.n, sizeof(s.n)), s.n ? s.p : "",
	    s.n);
}

static uint64_t hash_object(const struct event_ref *o)
{
	uint64_t h = hash_text(HASH_SEED, o->api_version);

	h = hash_text(h, o->kind);
	h = hash_text(h, o->namespace);
	h = hash_text(h, o->name);
	return hash_text(h, o->uid) | 1;
}

static struct event_key *key_set(struct event_recorder *r, uint64_t hash)
{
	return r->key +
	    (hash >> 8) % (EVENT_KEYS_MAX / EVENT_WAYS) * EVENT_WAYS;
}

/* The key of this hash; a fresh one in place of the oldest if need be. */
static struct event_key *find_key(struct event_recorder *r, uint64_t hash)
{
	struct event_key *set = key_set(r, hash), *oldest = set;

	for (size_t i = 0; i < EVENT_WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].last_ns < oldest->last_ns)
			oldest = &set[i];
	}
	*oldest = (struct event_key){ .hash = hash };
	return oldest;
}

/* What is not known to exist is created when it is recorded again. */
static void forget_key(struct event_recorder *r, uint64_t hash)
{
	struct event_key *set = key_set(r, hash);

	for (size_t i = 0; i < EVENT_WAYS; i++)
		if (set[i].hash == hash)
			set[i] = (struct event_key){ .hash = 0 };
}

static struct event_source *find_source(struct event_recorder *r,
    uint64_t hash)
{
	struct event_source *set = r->source +
	    (hash >> 8) % (EVENT_SOURCES_MAX / EVENT_WAYS) * EVENT_WAYS;
	struct event_source *oldest = set;

	for (size_t i = 0; i < EVENT_WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (!set[i].hash || set[i].at_ns < oldest->at_ns)
			oldest = &set[i];
	}
	*oldest = (struct event_source){
		.hash = hash, .at_ns = mono(r), .tokens = EVENT_BURST,
	};
	return oldest;
}

static bool take_token(struct event_recorder *r, uint64_t hash)
{
	struct event_source *s = find_source(r, hash);
	int64_t due = (mono(r) - s->at_ns) / EVENT_REFILL_NS;

	if (due >= EVENT_BURST - (int64_t)s->tokens) {
		s->tokens = EVENT_BURST;
		s->at_ns = mono(r);
	} else {
		s->tokens += (uint32_t)due;
		s->at_ns += due * EVENT_REFILL_NS;
	}
	if (!s->tokens)
		return false;
	s->tokens--;
	return true;
}

/* ---- the queue ------------------------------------------------------- */

/* A slot that is not on its way and holds this very Event. */
static struct event_slot *queued_same(struct event_recorder *r,
    uint64_t hash)
{
	for (size_t i = 0; i < EVENT_QUEUE_MAX; i++)
		if (r->slot[i].seq && &r->slot[i] != r->sending &&
		    r->slot[i].hash == hash)
			return &r->slot[i];
	return NULL;
}

/* The lowest free one, so that memory follows the most ever queued. */
static struct event_slot *free_slot(struct event_recorder *r)
{
	for (size_t i = 0; i < EVENT_QUEUE_MAX; i++)
		if (!r->slot[i].seq)
			return &r->slot[i];
	return NULL;
}

static struct event_slot *oldest_slot(struct event_recorder *r)
{
	struct event_slot *best = NULL;

	for (size_t i = 0; i < EVENT_QUEUE_MAX; i++)
		if (r->slot[i].seq && (!best || r->slot[i].seq < best->seq))
			best = &r->slot[i];
	return best;
}

/* Cut where a character begins. */
static void keep(char *to, size_t cap, struct str s)
{
	size_t n = s.n < cap ? s.n : cap - 1;

	while (n < s.n && n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	if (n)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

static void fill(struct event_slot *s, const struct event_ref *o,
    const char *reason, struct str message)
{
	keep(s->api_version, sizeof(s->api_version), o->api_version);
	keep(s->kind, sizeof(s->kind), o->kind);
	keep(s->namespace, sizeof(s->namespace), o->namespace);
	keep(s->name, sizeof(s->name), o->name);
	keep(s->uid, sizeof(s->uid), o->uid);
	keep(s->version, sizeof(s->version), o->version);
	keep(s->reason, sizeof(s->reason), str_from(reason));
	keep(s->message, sizeof(s->message), message);
}

/* ---- the object ------------------------------------------------------ */

/* "<object>.<stamp>", at most 253 characters and a DNS name. */
static void event_name(struct buf *b, const struct event_slot *s)
{
	struct str object = str_sub(str_from(s->name), 0, 253 - 17);

	while (object.n && (object.p[object.n - 1] == '-' ||
	    object.p[object.n - 1] == '.'))
		object.n--;
	buf_str(b, object);
	buf_char(b, '.');
	buf_hex64(b, s->stamp);
}

/* Those of cluster-scoped objects stand in default. */
static struct str event_namespace(const struct event_slot *s)
{
	return s->namespace[0] ? str_from(s->namespace) : STR("default");
}

static void put_time(struct jw *w, const char *key, int64_t wall_ns)
{
	char text[32];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	time_rfc3339(&b, wall_ns);
	jw_kstr(w, key, buf_view(&b));
}

static void put_object(struct jw *w, const struct event_slot *s)
{
	jw_kopen(w, "involvedObject");
	jw_kcstr(w, "apiVersion", s->api_version);
	jw_kcstr(w, "kind", s->kind);
	if (s->namespace[0])
		jw_kcstr(w, "namespace", s->namespace);
	jw_kcstr(w, "name", s->name);
	if (s->uid[0])
		jw_kcstr(w, "uid", s->uid);
	if (s->version[0])
		jw_kcstr(w, "resourceVersion", s->version);
	jw_close(w);
}

static void write_event(const struct event_recorder *r,
    const struct event_slot *s, struct str name, struct jw *w)
{
	jw_open(w);
	jw_kcstr(w, "apiVersion", "v1");
	jw_kcstr(w, "kind", "Event");
	jw_kopen(w, "metadata");
	jw_kstr(w, "name", name);
	jw_kstr(w, "namespace", event_namespace(s));
	jw_close(w);
	put_object(w, s);
	jw_kcstr(w, "type", s->warning ? "Warning" : "Normal");
	jw_kcstr(w, "reason", s->reason);
	jw_kcstr(w, "message", s->message);
	jw_kopen(w, "source");
	jw_kcstr(w, "component", r->component);
	if (r->host.n)
		jw_kstr(w, "host", r->host);
	jw_close(w);
	jw_kcstr(w, "reportingComponent", r->component);
	jw_kstr(w, "reportingInstance", r->host);
	put_time(w, "firstTimestamp", s->first_wall_ns);
	put_time(w, "lastTimestamp", s->last_wall_ns);
	jw_ki64(w, "count", s->count);
	jw_close(w);
}

static void write_count(const struct event_slot *s, struct jw *w)
{
	jw_open(w);
	jw_ki64(w, "count", s->count);
	put_time(w, "lastTimestamp", s->last_wall_ns);
	jw_close(w);
}

/* ---- sending --------------------------------------------------------- */

static void on_sent(void *ctx, struct kube_call *call);

static void send_slot(struct event_recorder *r, struct event_slot *s)
{
	char text[256];
	struct buf name, body;
	struct jw w;

	r->sending = s;
	buf_init(&name, text, sizeof(text));
	event_name(&name, s);
	buf_init(&body, r->body, sizeof(r->body));
	jw_init(&w, &body);
	kube_call_init(&r->call, on_sent, r);
	if (s->create) {
		write_event(r, s, buf_view(&name), &w);
		kube_call_create(&r->call, &events, event_namespace(s),
		    r->component, buf_view(&body));
	} else {
		write_count(s, &w);
		kube_call_merge(&r->call, &events, event_namespace(s),
		    buf_view(&name), NULL, r->component, buf_view(&body));
	}
	CHECK(!name.over && !body.over);
	r->call.class = KUBE_LOW;
	kube_send(r->client, &r->call);
}

static void send_next(struct event_recorder *r)
{
	struct event_slot *s = oldest_slot(r);

	if (s && !r->sending)
		send_slot(r, s);
}

static void on_sent(void *ctx, struct kube_call *call)
{
	struct event_recorder *r = ctx;
	struct event_slot *s = r->sending;
	int err = call->status.err;

	r->sending = NULL;
	if (err == ERR_NOENT && !s->create &&
	    call->status.why != KUBE_WHY_NO_NAMESPACE) {
		/* It has outlived the server's memory of it. */
		s->create = true;
		send_slot(r, s);
		return;
	}
	if (err == 0 || err == ERR_EXIST) {
		r->sent++;
	} else {
		r->failed++;
		forget_key(r, s->hash);
	}
	s->seq = 0;
	r->queued--;
	send_next(r);
}

/* ---- from outside ---------------------------------------------------- */

/* Into a slot that waits, or a free one; false when there is none. */
static bool enqueue(struct event_recorder *r, struct event_key *k,
    const struct event_ref *about, bool warning, const char *reason,
    struct str message)
{
	const struct io *io = r->client->loop->io;
	struct event_slot *s = queued_same(r, k->hash);
	int64_t now = io->wall_ns(io->ctx);

	if (!s) {
		s = free_slot(r);
		if (!s)
			return false;
		fill(s, about, reason, message);
		s->seq = ++r->seq;
		s->hash = k->hash;
		s->warning = warning;
		s->create = k->count == 0;
		r->queued++;
	}
	if (k->count == 0) {
		k->stamp = rng_next(&r->client->rng);
		k->first_wall_ns = now;
	}
	k->count++;
	k->last_ns = mono(r);
	s->stamp = k->stamp;
	s->count = k->count;
	s->first_wall_ns = k->first_wall_ns;
	s->last_wall_ns = now;
	return true;
}

void event_record(struct event_recorder *r, const struct event_ref *about,
    bool warning, const char *reason, struct str message)
{
	uint64_t object = hash_object(about), hash;
	struct event_key *k;

	hash = hash_text(object, str_from(reason));
	hash = hash_text(hash, warning ? STR("W") : STR("N"));
	hash = hash_text(hash, message) | 1;
	if (!take_token(r, object)) {
		r->dropped++;
		return;
	}
	k = find_key(r, hash);
	if (mono(r) - k->last_ns > EVENT_FORGET_NS)
		*k = (struct event_key){ .hash = hash };
	if (!enqueue(r, k, about, warning, reason, message)) {
		r->dropped++;
		return;
	}
	send_next(r);
}

bool event_full(const struct event_recorder *r)
{
	return r->queued == EVENT_QUEUE_MAX;
}

bool event_idle(const struct event_recorder *r)
{
	return r->queued == 0;
}

int event_init(struct event_recorder *r, struct mem *m,
    struct kube_client *client, const char *component, struct str host)
{
	memset(r, 0, offsetof(struct event_recorder, call));
	r->client = client;
	r->component = component;
	r->host = host;
	kube_call_init(&r->call, on_sent, r);
	r->key = mem_reserve(m, "event keys", EVENT_KEYS_MAX,
	    sizeof(*r->key));
	r->source = mem_reserve(m, "event sources", EVENT_SOURCES_MAX,
	    sizeof(*r->source));
	r->slot = mem_reserve(m, "event queue", EVENT_QUEUE_MAX,
	    sizeof(*r->slot));
	return r->key && r->source && r->slot ? 0 : ERR_FULL;
}
