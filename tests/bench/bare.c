/*
 * usage: bare apply CONNECTIONS
 *        bare check
 *        bare start
 *
 * What the operator's work costs a client that has nothing to decide; see
 * converge.py and start.py. `apply` reads all servers of the first group,
 * renders their children, and then sends the operator's own first applies of
 * them, over so many connections, as fast as they are answered. `check` says
 * whether the children that are there have the very bodies that would be
 * sent. `start` opens the operator's watches all at once and then looks for
 * and applies the first child of the first server.
 *
 * KUBECONFIG names the administrator. Prints one line; exits with 111 when
 * an answer was not what it should be.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kube.h"
#include "render.h"

enum {
	REQUESTS_MAX = 32768,
	WATCHES = CHILD_KINDS + GROUPS,
	BODIES_MAX = 128 << 20,
	SCRATCH_MAX = 4 * JSON_OBJECT_MAX
};
#define WAIT_NS (600 * NS_PER_S)

enum mode { APPLY, CHECK_BODIES, START };

struct request {
	enum child_kind kind;
	struct str ns, name, body;
	uint64_t digest;
};

struct lane {
	struct kube_call call;
	uint32_t request;
	bool looked;
};

struct slot {
	struct kube_watch watch;
	struct gvr gvr;
	int group;		/* -1: a child's kind */
};

static struct {
	enum mode mode;
	struct mem mem;
	struct loop loop;
	struct kube_config config;
	struct kube_client client;
	struct kube_watches shared;
	struct counts counts;
	struct arena keep, scratch;
	struct json_tok *tok;
	struct request *request;
	struct server server;
	struct slot slot[WATCHES];
	struct lane lane[KUBE_CONNS_MAX];
	uint32_t requests, next, done, failed, lanes;
	uint32_t servers, watches, synced;
	int64_t start_ns;
} b;

static const struct gvr child_gvr[CHILD_KINDS] = {
	[CHILD_CONFIG_MAP] = { "", "v1", "configmaps", true },
	[CHILD_SERVICE] = { "", "v1", "services", true },
	[CHILD_DEPLOYMENT] = { "apps", "v1", "deployments", true },
};

static void line(int fd, const char *fmt, ...)
{
	const struct io *io = io_linux();
	char mem[1024];
	struct buf out;
	va_list ap;

	buf_init(&out, mem, sizeof(mem));
	va_start(ap, fmt);
	buf_vfmt(&out, true, str_from(fmt), &ap);
	va_end(ap);
	(void)io->std_write(io->ctx, fd, out.p, out.n);
}

static void give_up(const char *what, const char *why)
{
	line(2, "bare: %s: %s\n", what, why);
	exit(111);
}

/* ---- requests ---- */

static void lane_send(struct lane *l);

static bool has_digest(struct str reply, uint64_t digest)
{
	char mem[16];
	struct str notes;
	struct buf hex;

	buf_init(&hex, mem, sizeof(mem));
	buf_hex64(&hex, digest);
	return kube_peek(reply, "metadata.annotations", &notes) &&
	    str_search(notes, buf_view(&hex)) < notes.n;
}

static void lane_done(void *ctx, struct kube_call *call)
{
	struct lane *l = ctx;
	const struct request *r = &b.request[l->request];
	bool looks = b.mode == START && !l->looked;
	bool good = b.mode == CHECK_BODIES ?
	    call->status.err == 0 && has_digest(call->reply, r->digest) :
	    call->status.code == (looks ? 404 : 201);

	if (!good && b.failed++ == 0)
		line(2, "bare: %S: %s, HTTP %u %s\n", r->name,
		    call->method, (unsigned)call->status.code,
		    call->diag.text);
	if (looks) {
		l->looked = true;
		lane_send(l);
		return;
	}
	b.done++;
	if (b.next < b.requests) {
		l->request = b.next++;
		lane_send(l);
	} else if (b.done == b.requests) {
		loop_stop(&b.loop);
	}
}

/* As src/control/job.c does it for a child that is new. */
static void lane_send(struct lane *l)
{
	const struct request *r = &b.request[l->request];

	kube_call_init(&l->call, lane_done, l);
	if (b.mode == CHECK_BODIES || (b.mode == START && !l->looked)) {
		kube_call_get(&l->call, &child_gvr[r->kind], r->ns, r->name);
		l->call.accept = KUBE_METADATA;
	} else {
		kube_call_apply(&l->call, &child_gvr[r->kind], r->ns, r->name,
		    NULL, group_info(GROUP_ALLBEONE)->manager, false,
		    r->body);
	}
	kube_send(&b.client, &l->call);
}

static void requests_begin(void)
{
	uint32_t i;

	if (b.mode == START && b.requests > 1)
		b.requests = 1;
	if (b.requests == 0)
		give_up("servers", "there are none");
	b.start_ns = b.loop.now_ns;
	for (i = 0; i < b.lanes && b.next < b.requests; i++) {
		b.lane[i].request = b.next++;
		lane_send(&b.lane[i]);
	}
}

/* ---- servers ---- */

static struct str kept(struct str s)
{
	struct str copy = arena_str(&b.keep, s);

	if (copy.n != s.n)
		give_up("memory", "too many servers");
	return copy;
}

static void server_take(struct str text)
{
	struct render_in in = {
		.server = &b.server, .revision = RENDER_REVISION
	};
	struct render_out out;
	struct json_doc doc;
	struct diag d = { 0 };
	int k;

	arena_reset(&b.scratch, 0);
	if (json_parse(&doc, text, b.tok, JSON_TOKENS_MAX, &d) < 0 ||
	    server_decode(GROUP_ALLBEONE, &doc, JSON_ROOT, &b.scratch,
	    &b.server, &d) < 0 ||
	    render_server(&in, &b.scratch, &out) < 0)
		give_up("server", d.text);
	b.servers++;
	for (k = 0; k < CHILD_KINDS; k++) {
		struct request *r = &b.request[b.requests];

		if (!out.child[k].wanted)
			continue;
		if (++b.requests > REQUESTS_MAX)
			give_up("memory", "too many children");
		*r = (struct request){
			.kind = (enum child_kind)k,
			.ns = kept(b.server.meta.ns),
			.name = kept(out.child[k].name),
			.body = kept(out.child[k].body),
			.digest = out.child[k].digest
		};
	}
}

static void on_event(void *ctx, struct kube_watch *w,
    enum kube_watch_event e, struct str text)
{
	const struct slot *s = ctx;
	uint32_t i;

	if (e == WATCH_ITEM && s->group == GROUP_ALLBEONE)
		server_take(text);
	if (e == WATCH_ERROR && w->state != WATCH_ABSENT)
		give_up(w->row.gvr->plural, w->diag.text);
	if ((e != WATCH_SYNCED && e != WATCH_ERROR) ||
	    ++b.synced < b.watches)
		return;
	if (b.mode != START)
		for (i = 0; i < b.watches; i++)
			kube_watch_stop(&b.slot[i].watch);
	requests_begin();
}

static void watch_start(const struct gvr *gvr, int group, const char *labels,
    bool metadata)
{
	struct slot *s = &b.slot[b.watches++];
	struct kube_watch_row row = {
		.gvr = &s->gvr, .labels = labels, .metadata = metadata
	};

	/* `apply` keeps to the servers that were there before others. */
	if (b.mode != START)
		row.namespace = STR("default");

	s->gvr = *gvr;
	s->group = group;
	kube_watch_init(&s->watch, &b.shared, &row, on_event, s);
	kube_watch_start(&s->watch);
}

/* The operator's, as src/control/watches.c has them, up to the servers. */
static void watches_start(void)
{
	struct gvr gvr;
	int i;

	for (i = CHILD_KINDS - 1; i >= 0 && b.mode == START; i--)
		watch_start(&child_gvr[i], -1, LABEL_KEY,
		    i != CHILD_DEPLOYMENT);
	for (i = 0; i < GROUPS; i++) {
		const struct group_info *g = group_info((enum group)i);

		gvr = (struct gvr){ g->group, g->version, g->plural, true };
		if (i == GROUP_ALLBEONE || b.mode == START)
			watch_start(&gvr, i, NULL, false);
	}
}

/* ---- the whole ---- */

static void begin(uint32_t conns)
{
	const struct kube_client_options o = {
		.conns = conns, .agent = "bare/1"
	};
	const struct kube_config_source from = { 0 };
	struct diag d = { 0 };
	struct mem *m = &b.mem;
	void *keep, *scratch;

	b.lanes = conns;
	mem_init(m, io_linux());
	keep = mem_reserve(m, "bodies", 1, BODIES_MAX);
	scratch = mem_reserve(m, "scratch", 1, SCRATCH_MAX);
	b.tok = mem_reserve(m, "tokens", JSON_TOKENS_MAX, sizeof(*b.tok));
	b.request = mem_reserve(m, "requests", REQUESTS_MAX,
	    sizeof(*b.request));
	if (keep == NULL || scratch == NULL || b.tok == NULL ||
	    b.request == NULL || loop_init(&b.loop, m, io_linux()) < 0 ||
	    kube_config_load(&b.config, m, io_linux(), &from, &d) < 0 ||
	    kube_client_init(&b.client, m, &b.loop, &b.config, &b.counts,
	    &o) < 0 || kube_watches_init(&b.shared, m, &b.client, WATCHES) < 0)
		give_up("start", d.text);
	arena_init(&b.keep, keep, BODIES_MAX);
	arena_init(&b.scratch, scratch, SCRATCH_MAX);
	mem_seal(m);
}

static int usage(void)
{
	line(2, "usage: bare apply CONNECTIONS | check | start\n");
	return 100;
}

int main(int argc, char **argv)
{
	int conns = 1;

	if (argc == 3 && strcmp(argv[1], "apply") == 0)
		conns = atoi(argv[2]);
	else if (argc == 2 && strcmp(argv[1], "check") == 0)
		b.mode = CHECK_BODIES;
	else if (argc == 2 && strcmp(argv[1], "start") == 0)
		b.mode = START;
	else
		return usage();
	if (conns < 1 || conns > KUBE_CONNS_MAX)
		return usage();
	begin((uint32_t)(b.mode == CHECK_BODIES ? KUBE_CONNS_MAX : conns));
	watches_start();
	(void)loop_run(&b.loop);
	line(1, "%u servers, %u requests, %u failed, %D us\n", b.servers,
	    b.requests, b.failed, (b.loop.now_ns - b.start_ns) / 1000);
	return b.failed > 0 ? 111 : 0;
}
