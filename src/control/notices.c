#include <string.h>

#include "control_int.h"

/*
 * What has happened is told to hooks and integrations one after the other, by
 * a call of their own, so that nothing waits for them. What cannot be told is
 * logged and counted, and not tried again: who must know everything reads
 * the servers.
 */

struct notice {
	uint64_t id;
	int64_t wall_ns, generation;
	uint32_t applied, deleted;	/* bit per child_kind */
	uint8_t group, phase, was;
	uint8_t whom;			/* bit per extension, not told yet */
	bool moved;			/* its phase has: for integrations */
	char ns[64], name[254], uid[40];
};
_Static_assert(EXTENSIONS_MAX <= 8, "a bit each in notice.whom");

/* It had no status. */
#define NO_PHASE UINT8_MAX

static void notices_next(struct hooks *h);

static const char *phase_name(uint8_t phase)
{
	return schema_word(&phase_words, phase);
}

/* ---- what is sent ---- */

static void server_write(const struct notice *n, struct buf *out)
{
	const struct group_info *g = group_info((enum group)n->group);
	struct jw w;

	jw_init(&w, out);
	jw_open(&w);
	jw_kopen(&w, "metadata");
	jw_kcstr(&w, "name", n->name);
	jw_kcstr(&w, "namespace", n->ns);
	jw_kcstr(&w, "uid", n->uid);
	jw_ki64(&w, "generation", n->generation);
	jw_close(&w);
	jw_kopen(&w, "status");
	jw_kcstr(&w, "phase", phase_name(g->phase[n->phase]));
	jw_close(&w);
	jw_close(&w);
}

static uint32_t changes_of(const struct notice *n,
    struct ext_change ret[CHILD_KINDS_ALL],
    char mem[CHILD_KINDS_ALL][sizeof(n->name) + 16])
{
	uint32_t i = 0;
	int k;

	for (k = 0; k < CHILD_KINDS_ALL; k++) {
		if (!((n->applied | n->deleted) >> k & 1))
			continue;
		cut_fmt(mem[i], sizeof(mem[i]), "%s%s", n->name,
		    child_info[k].suffix);
		ret[i] = (struct ext_change){
			child_info[k].kind, str_from(mem[i]),
			!(n->applied >> k & 1)
		};
		i++;
	}
	return i;
}

static int notice_write(void *ctx, const struct ext *e, struct buf *out,
    struct diag *d)
{
	struct hooks *h = ctx;
	const struct notice *n = &h->notice[h->first];
	const struct group_info *g = group_info((enum group)n->group);
	struct ext_change change[CHILD_KINDS_ALL];
	char names[CHILD_KINDS_ALL][sizeof(n->name) + 16];
	char mem[1024], id_mem[16];
	struct buf server, id;
	struct ext_request r = {
		.ext = e, .operation = n->moved ? "PhaseChanged" :
		    "Reconciled", .wall_ns = n->wall_ns,
		.group = (enum group)n->group, .change = change
	};

	buf_init(&server, mem, sizeof(mem));
	server_write(n, &server);
	buf_init(&id, id_mem, sizeof(id_mem));
	buf_hex64(&id, n->id);
	CHECK(!server.over && !id.over);
	r.id = buf_view(&id);
	r.server = buf_view(&server);
	r.changes = changes_of(n, change, names);
	if (n->moved && n->was != NO_PHASE)
		r.phase = phase_name(g->phase[n->was]);
	return ext_request_write(&r, h->m->tok, JSON_TOKENS_MAX, out, d);
}

/* ---- turns ---- */

static void notice_told(void *ctx, int err, struct str answer,
    const struct diag *d)
{
	struct hooks *h = ctx;
	struct notice *n = &h->notice[h->first];

	(void)answer;
	if (err == ERR_CANCELLED)
		return;
	log_correlate(&h->m->log, n->id);
	if (err < 0)
		log_line(&h->m->log, LOG_WARN, "an extension could not be told",
		    "hook=%S group=%s namespace=%s name=%s error=%s",
		    h->told.ext->row->name,
		    group_info((enum group)n->group)->group, n->ns, n->name,
		    d->text);
	log_correlate(&h->m->log, 0);
	n->whom &= (uint8_t)~(1u << (h->told.ext - h->set.e));
	if (n->whom == 0) {
		h->first = (h->first + 1) % EXT_NOTICES_MAX;
		h->notices--;
	}
	notices_next(h);
}

static void notices_next(struct hooks *h)
{
	struct notice *n = &h->notice[h->first];
	uint32_t i = 0;

	if (h->told.busy || h->m->stopping)
		return;
	if (h->notices == 0) {
		h->dropping = false;
		return;
	}
	while (!(n->whom >> i & 1))
		i++;
	h->told.ext = &h->set.e[i];
	hooks_ask(h, &h->told);
}

static uint8_t whom(const struct hooks *h, enum ext_type type,
    const struct ext_who *who)
{
	const struct ext *e;
	uint32_t at = 0;
	uint8_t bits = 0;

	while ((e = hooks_next(h, type, who, &at)) != NULL)
		bits |= (uint8_t)(1u << (e - h->set.e));
	return bits;
}

static void notice_add(struct hooks *h, const struct notice *n)
{
	if (n->whom == 0)
		return;
	if (h->notices == EXT_NOTICES_MAX) {
		count_add(&h->m->counts, COUNT_EXT_DROPPED, 1);
		if (!h->dropping)
			log_line(&h->m->log, LOG_WARN, "what extensions are "
			    "told is dropped: they are too slow",
			    "namespace=%s name=%s", n->ns, n->name);
		h->dropping = true;
		return;
	}
	h->notice[(h->first + h->notices++) % EXT_NOTICES_MAX] = *n;
	notices_next(h);
}

static struct notice notice_of(struct manager *m, const struct server *s,
    uint64_t id)
{
	struct notice n = {
		.id = id, .wall_ns = m->io->wall_ns(m->io->ctx),
		.generation = s->meta.generation, .group = (uint8_t)s->group
	};

	text_set(n.ns, sizeof(n.ns), s->meta.ns);
	text_set(n.name, sizeof(n.name), s->meta.name);
	text_set(n.uid, sizeof(n.uid), s->meta.uid);
	return n;
}

void notices_written(struct job *j, uint8_t phase)
{
	const struct server *s = &j->server;
	const struct ext_who who = { s->group, s->meta.ns, &s->meta.labels };
	struct hooks *h = j->m->hooks;
	struct notice n;

	if (h == NULL || (j->applied | j->deleted) == 0)
		return;
	n = notice_of(j->m, s, j->id);
	n.applied = j->applied;
	n.deleted = j->deleted;
	n.phase = phase;
	n.whom = whom(h, EXT_POST, &who);
	notice_add(h, &n);
}

void notices_phase(struct job *j, uint8_t phase)
{
	const struct server *s = &j->server;
	const struct ext_who who = { s->group, s->meta.ns, &s->meta.labels };
	struct hooks *h = j->m->hooks;
	struct notice n;

	if (h == NULL || !phase_moved(s->group, &s->status,
	    (enum phase)phase))
		return;
	n = notice_of(j->m, s, j->id);
	n.moved = true;
	n.was = HAS(&s->status, server_status, phase) ?
	    (uint8_t)s->status.phase : NO_PHASE;
	n.phase = phase;
	n.whom = whom(h, EXT_INTEGRATION, &who);
	notice_add(h, &n);
}

int notices_init(struct hooks *h, struct mem *mem)
{
	h->notice = mem_reserve(mem, "extension notices", EXT_NOTICES_MAX,
	    sizeof(*h->notice));
	h->told = (struct ask){
		.write = notice_write, .done = notice_told, .ctx = h,
		.limit_ns = TIME_NEVER, .low = true
	};
	return h->notice != NULL ? 0 : ERR_FULL;
}
