#include "job_int.h"

/*
 * Labels that a server's tenancy asks for at its namespace. Each server
 * applies its own under a field manager of its own, so that those of several
 * add up and each goes when the last who asks for it does. Nothing is forced:
 * a label that somebody else has set to something else stays. The condition
 * tells which ones were set, in full: that is what is known of them after a
 * restart, for namespaces are not watched. So it says Pending before any is
 * changed: whoever ends between the two leaves one that the next looks into.
 *
 * Labels of a namespace decide how it is trusted. Who may make a server gains
 * no more by that than the operator's flag says, and never a label of
 * Kubernetes' own: pod security, say, is switched off by one.
 */

static const struct gvr namespaces = { "", "v1", "namespaces", false };

#define MANAGER "mcp-operator/tenant/"

void labels_rule(const struct manager *m, struct label_rule *ret)
{
	ret->on = m->o->tenancy;
	ret->keys = m->o->label_keys;
}

void labels_doubt(struct manager *m)
{
	uint32_t i;

	for (i = record_next(&m->records, 0); i != RECORD_NONE;
	    i = record_next(&m->records, i + 1))
		record_at(&m->records, i)->labelled = 0;
}

/* ---- what is asked for ---- */

static bool is_allowed(struct str key, struct str keys)
{
	struct str one;

	while (keys.n > 0) {
		keys = str_cut(keys, ',', &one);
		one = str_trim(one);
		if (str_ends(one, STR("/")) ? str_starts(key, one) :
		    str_eq(key, one))
			return !server_label_is_reserved(key);
	}
	return false;
}

/* What the message begins with where none of them is allowed. */
#define NOT_ALLOWED "the operator's --namespace-label-keys does not allow "

static void message_write(const struct pairs *asked,
    const struct label_rule *rule, struct ns_labels *l, struct buf *out)
{
	const char *before = "";
	uint32_t i;

	for (i = 0; i < l->set.n; i++)
		buf_fmt(out, "%s%S=%S", i ? ", " : "", l->set.p[i].key,
		    l->set.p[i].value);
	if (l->set.n == asked->n)
		return;
	buf_fmt(out, "%s" NOT_ALLOWED, l->set.n ? "; " : "");
	for (i = 0; i < asked->n; i++) {
		if (is_allowed(asked->p[i].key, rule->keys))
			continue;
		buf_fmt(out, "%s%S", before, asked->p[i].key);
		before = ", ";
	}
}

int labels_wanted(const struct server *s, const struct label_rule *rule,
    struct arena *a, struct ns_labels *ret)
{
	struct ns_labels l = { 0 };
	struct tenancy_spec t;
	struct pair *set;
	struct buf b;
	uint32_t i;

	*ret = l;
	if (!rule->on || !HAS(&s->spec, server_spec, tenancy))
		return 0;
	if (server_area(s, server_spec_AT_tenancy, a, &t) < 0)
		return ERR_FULL;
	if (t.namespace_labels.n == 0)
		return 0;
	set = arena_array(a, struct pair, t.namespace_labels.n);
	if (set == NULL)
		return ERR_FULL;
	l.set.p = set;
	for (i = 0; i < t.namespace_labels.n; i++)
		if (is_allowed(t.namespace_labels.p[i].key, rule->keys))
			set[l.set.n++] = t.namespace_labels.p[i];
	l.status = l.set.n == t.namespace_labels.n ? COND_TRUE : COND_FALSE;
	l.reason = l.status == COND_TRUE ? "Labelled" : "KeyNotAllowed";
	b = arena_buf(a);
	message_write(&t.namespace_labels, rule, &l, &b);
	l.message = arena_keep(a, &b);
	if (a->over)
		return ERR_FULL;
	*ret = l;
	return 0;
}

uint32_t labels_mark(const struct ns_labels *l)
{
	uint64_t h = HASH_SEED;
	uint32_t i;

	for (i = 0; i < l->set.n; i++) {
		const struct pair *p = &l->set.p[i];

		h = hash_more(h, p->key.p, p->key.n);
		h = hash_more(h, "=", 1);
		h = hash_more(h, p->value.p, p->value.n);
		h = hash_more(h, ",", 1);
	}
	return l->set.n == 0 ? 1 : (uint32_t)h | 4;
}

/* Does the status say that there are none of this server? */
static bool tells_of_none(const struct condition *c)
{
	return c == NULL || (str_is(c->reason, "KeyNotAllowed") &&
	    str_starts(c->message, STR(NOT_ALLOWED)));
}

bool labels_left(const struct server *s, const struct record *r)
{
	return r->labelled > 1 || !tells_of_none(status_condition(&s->status,
	    LABELS_CONDITION));
}

/* All other reasons have the next one look. */
bool labels_unannounced(const struct server *s)
{
	const struct condition *c = status_condition(&s->status,
	    LABELS_CONDITION);

	return c == NULL || str_is(c->reason, "Labelled") ||
	    str_is(c->reason, "KeyNotAllowed");
}

bool labels_due(const struct server *s, const struct record *r,
    const struct ns_labels *want)
{
	const struct condition *c = status_condition(&s->status,
	    LABELS_CONDITION);

	if (r->labelled != 0)
		return r->labelled != labels_mark(want);
	if (tells_of_none(c))
		return want->set.n > 0;
	return want->reason == NULL || c->status != want->status ||
	    !str_is(c->reason, want->reason) ||
	    !str_eq(c->message, want->message);
}

/* ---- setting them ---- */

static struct str labels_body(struct job *j)
{
	const struct pairs *set = &j->plan.labels.set;
	struct buf b = arena_buf(&j->arena), uid;
	char mem[40];
	struct jw w;
	uint32_t i;

	buf_init(&uid, mem, sizeof(mem));
	uid_format(&j->named, &uid);
	CHECK(!uid.over);
	jw_init(&w, &b);
	jw_open(&w);
	jw_kcstr(&w, "apiVersion", "v1");
	jw_kcstr(&w, "kind", "Namespace");
	jw_kopen(&w, "metadata");
	jw_kcstr(&w, "name", job_record(j)->ns);
	jw_kstr(&w, "uid", buf_view(&uid));
	/* An empty object of labels would be one that is ours. */
	if (set->n > 0)
		jw_kopen(&w, "labels");
	for (i = 0; i < set->n; i++) {
		jw_key(&w, set->p[i].key);
		jw_str(&w, set->p[i].value);
	}
	if (set->n > 0)
		jw_close(&w);
	jw_close(&w);
	jw_close(&w);
	return arena_keep(&j->arena, &b);
}

/*
 * An apply makes what is not there, and a namespace may have gone since: so it
 * is asked for its uid, and only that very one is written to.
 */
void job_label(struct job *j)
{
	job_forget_request(j);
	job_call(j);
	kube_call_get(&j->call, &namespaces, STR_NONE,
	    str_from(job_record(j)->ns));
	j->call.accept = KUBE_METADATA;
	job_send(j, JOB_SPACE);
}

/* Named after the server: one that is made anew has what its namesake left. */
static void label_write(struct job *j)
{
	char mem[sizeof(MANAGER) + 64];
	struct str body;
	struct buf b;

	job_forget_request(j);
	body = labels_body(j);
	if (j->arena.over) {
		job_failed(j, "arena is full");
		return;
	}
	buf_init(&b, mem, sizeof(mem) - 1);
	buf_cstr(&b, MANAGER);
	render_key(j->server.group, j->server.meta.name, &b);
	CHECK(!b.over);
	mem[b.n] = '\0';
	/* Whatever becomes of the answer: there may be some from now on. */
	job_record(j)->labelled = LABELS_UNSURE;
	job_call(j);
	kube_call_apply(&j->call, &namespaces, STR_NONE,
	    str_from(job_record(j)->ns), NULL, mem, false, body);
	job_send(j, JOB_LABEL);
}

/* Without the right to it nothing was set, and nothing has to be undone. */
static bool was_never_set(const struct job *j)
{
	const struct condition *c = status_condition(&j->server.status,
	    LABELS_CONDITION);

	return j->call.status.err == ERR_FORBIDDEN && c != NULL &&
	    j->plan.labels.set.n == 0 && str_is(c->reason, "NotPermitted");
}

/* A server that goes is not held by what it may not give back. */
static void labelled(struct job *j)
{
	int err = was_never_set(j) ? 0 : j->call.status.err;

	if (err == ERR_CONFLICT && j->call.status.why == KUBE_WHY_UID) {
		job_later(j, j->m->loop.now_ns + TERMINATING_WAIT_NS);
		return;
	}
	if (err < 0 && job_transient(err)) {
		job_failed(j, "cannot label the namespace");
		return;
	}
	j->plan.relabel = false;
	job_record(j)->labelled = err < 0 ? 0 :
	    labels_mark(&j->plan.labels);
	if (err < 0) {
		j->label_failed = true;
		j->label_status = j->call.status;
		j->label_diag = j->call.diag;
	}
	job_next(j);
}

static void space_done(struct job *j)
{
	struct str uid;

	if (j->call.status.err == 0 && kube_peek(j->call.reply,
	    "metadata.uid", &uid) && uid_parse(uid, &j->named)) {
		label_write(j);
	} else if (j->call.status.err != ERR_NOENT) {
		labelled(j);
	} else if (j->plan.labels.set.n > 0) {
		/* The server goes with it. */
		job_later(j, j->m->loop.now_ns + TERMINATING_WAIT_NS);
	} else {
		/* And so have they. */
		j->call.status.err = 0;
		labelled(j);
	}
}

void job_label_done(struct job *j)
{
	if (j->step == JOB_SPACE)
		space_done(j);
	else
		labelled(j);
}
