/*
 * usage: kube_live all | hold SECONDS | lease NAME SECONDS
 *
 * The kube room against a real API server, whose administrator KUBECONFIG
 * names.  `all` goes through list, watch, apply, conflicts, status, deletion,
 * Events and discovery in a namespace of its own and prints a line a check;
 * `hold` keeps ten watches open and prints what is resident; `lease` takes
 * part in an election and prints when it begins and ends to lead.  See
 * tests/live/kube_live.sh.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube.h"

#define MS NS_PER_MS
#define SEC NS_PER_S
#define NS "kube-live"
#define OBJECTS 1200

static const struct gvr namespaces = { "", "v1", "namespaces", false };
static const struct gvr configmaps = { "", "v1", "configmaps", true };
static const struct gvr secrets = { "", "v1", "secrets", true };
static const struct gvr pods = { "", "v1", "pods", true };
static const struct gvr services = { "", "v1", "services", true };
static const struct gvr quotas = { "", "v1", "resourcequotas", true };
static const struct gvr events = { "", "v1", "events", true };
static const struct gvr accounts = { "", "v1", "serviceaccounts", true };
static const struct gvr deployments = { "apps", "v1", "deployments", true };
static const struct gvr sets = { "apps", "v1", "replicasets", true };
static const struct gvr nothings = { "nothing.example.com", "v1", "nothings",
	true };

static struct io io;
static struct mem mem;
static struct loop loop;
static struct kube_config config;
static struct kube_client client;
static struct kube_watches shared;
static struct counts counts;
static struct event_recorder recorder;
static int failed;
static int dead_fd = -1;	/* reads of it end */

static void check(bool good, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void check(bool good, const char *fmt, ...)
{
	va_list ap;

	printf(good ? "ok    " : "FAIL  ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	failed += !good;
}

static int live_read(void *ctx, int fd, void *p, size_t cap)
{
	return fd == dead_fd ? 0 : io_linux()->read(ctx, fd, p, cap);
}

static int64_t now(void)
{
	return io.mono_ns(io.ctx);
}

static void run_until(const bool *flag, int64_t ns)
{
	int64_t until = now() + ns;

	while (!(flag && *flag) && now() < until)
		loop_turn(&loop, until);
}

static void print_rss(const char *when)
{
	size_t file = 0, anon = 0;

	io.rss(io.ctx, &file, &anon);
	printf("rss   %s: %zu KiB text and file, %zu KiB anonymous\n", when,
	    file / 1024, anon / 1024);
}

static void begin(uint32_t watches)
{
	const struct kube_client_options o = { .lease = true };
	const struct kube_config_source from = { .allow_exec = true };
	struct diag d;

	io = *io_linux();
	io.read = live_read;
	mem_init(&mem, &io);
	diag_clear(&d);
	if (loop_init(&loop, &mem, &io) ||
	    kube_config_load(&config, &mem, &io, &from, &d) ||
	    kube_client_init(&client, &mem, &loop, &config, &counts, &o) ||
	    kube_watches_init(&shared, &mem, &client, watches) ||
	    event_init(&recorder, &mem, &client, "kube-live", STR("here"))) {
		fprintf(stderr, "kube_live: %s: %s\n", d.path, d.text);
		exit(111);
	}
	loop.now_ns = now();
	mem_seal(&mem);
}

/* ---- one request at a time ------------------------------------------- */

static struct kube_call call;
static bool call_done;
static char reply[1 << 20];

static void on_done(void *ctx, struct kube_call *c)
{
	(void)ctx;
	(void)c;
	call_done = true;
}

static void prepare(void)
{
	kube_call_init(&call, on_done, NULL);
	call.reply_mem = reply;
	call.reply_cap = sizeof(reply);
}

static int finish(void)
{
	call_done = false;
	kube_send(&client, &call);
	run_until(&call_done, 40 * SEC);
	return call_done ? call.status.err : ERR_TIMEOUT;
}

static void expect(const char *what, int err, int want, enum kube_why why)
{
	check(err == want && call.status.why == why,
	    "%s: %s, why %d, HTTP %u%s%s", what, err ? err_name(err) : "0",
	    (int)call.status.why, call.status.code,
	    call.diag.text[0] ? ": " : "", call.diag.text);
}

static struct str text_of(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
static struct str text_of(const char *fmt, ...)
{
	static char text[4][4096];
	static int at;
	va_list ap;
	int n;

	at = (at + 1) % 4;
	va_start(ap, fmt);
	n = vsnprintf(text[at], sizeof(text[at]), fmt, ap);
	va_end(ap);
	return (struct str){ text[at], (size_t)n };
}

static struct str configmap(const char *name, const char *value,
    const char *uid)
{
	return text_of("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
	    "\"metadata\":{\"name\":\"%s\",\"namespace\":\"" NS "\"%s%s%s,"
	    "\"labels\":{\"live\":\"yes\"}},\"data\":{\"k\":\"%s\"}}", name,
	    uid ? ",\"uid\":\"" : "", uid ? uid : "", uid ? "\"" : "", value);
}

static struct str workload(const char *selector, int replicas)
{
	return text_of("{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\","
	    "\"metadata\":{\"name\":\"d\",\"namespace\":\"" NS "\"},\"spec\":"
	    "{\"replicas\":%d,\"selector\":{\"matchLabels\":{\"a\":\"%s\"}},"
	    "\"template\":{\"metadata\":{\"labels\":{\"a\":\"%s\"}},\"spec\":"
	    "{\"containers\":[{\"name\":\"c\",\"image\":\"i:1\"}]}}}}",
	    replicas, selector, selector);
}

static int apply(const struct gvr *r, const char *name, const char *sub,
    const char *manager, bool force, struct str body)
{
	prepare();
	kube_call_apply(&call, r, STR(NS), str_from(name), sub, manager,
	    force, body);
	return finish();
}

static void check_writes(void)
{
	struct str uid = STR_NONE, version;
	int64_t from;
	char own[64];

	prepare();
	kube_call_create(&call, &namespaces, STR_NONE, "live",
	    STR("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\","
	    "\"metadata\":{\"name\":\"" NS "\"}}"));
	expect("create a namespace", finish(), 0, KUBE_WHY_NONE);
	expect("apply", apply(&configmaps, "a", NULL, "one", false,
	    configmap("a", "1", NULL)), 0, KUBE_WHY_NONE);
	(void)kube_peek(call.reply, "metadata.uid", &uid);
	snprintf(own, sizeof(own), "%.*s", (int)uid.n, uid.p);
	check(uid.n == 36 && kube_peek(call.reply,
	    "metadata.resourceVersion", &version) &&
	    !kube_peek(call.reply, "data", &version),
	    "the answer is metadata only, %zu bytes", call.reply.n);
	from = now();
	expect("apply the same", apply(&configmaps, "a", NULL, "one", false,
	    configmap("a", "1", NULL)), 0, KUBE_WHY_NONE);
	printf("      %.1f ms a request\n", (double)(now() - from) / 1e6);
	expect("apply another's field", apply(&configmaps, "a", NULL, "two",
	    false, configmap("a", "2", NULL)), ERR_CONFLICT, KUBE_WHY_OWNED);
	expect("the same by force", apply(&configmaps, "a", NULL, "two",
	    true, configmap("a", "2", NULL)), 0, KUBE_WHY_NONE);
	expect("with its uid", apply(&configmaps, "a", NULL, "two", true,
	    configmap("a", "3", own)), 0, KUBE_WHY_NONE);
	expect("with another uid", apply(&configmaps, "a", NULL, "two", true,
	    configmap("a", "3", "00000000-0000-0000-0000-000000000000")),
	    ERR_CONFLICT, KUBE_WHY_UID);
	expect("with a uid of nothing", apply(&configmaps, "none", NULL,
	    "two", true, configmap("none", "3", own)), ERR_CONFLICT,
	    KUBE_WHY_UID);
	expect("what is no object", apply(&configmaps, "a", NULL, "two",
	    true, STR("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
	    "\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":1}}")),
	    ERR_INVALID, KUBE_WHY_NONE);
	expect("a bad name", apply(&configmaps, "A_b", NULL, "two", true,
	    configmap("A_b", "3", NULL)), ERR_INVALID, KUBE_WHY_NONE);
	prepare();
	kube_call_create(&call, &configmaps, STR(NS), "one",
	    configmap("a", "1", NULL));
	expect("create what exists", finish(), ERR_EXIST, KUBE_WHY_NONE);
	prepare();
	kube_call_create(&call, &configmaps, STR("nowhere"), "one",
	    STR("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
	    "\"metadata\":{\"name\":\"a\"}}"));
	expect("create in no namespace", finish(), ERR_NOENT,
	    KUBE_WHY_NO_NAMESPACE);
}

static void check_workload(void)
{
	expect("apply a Deployment", apply(&deployments, "d", NULL, "one",
	    false, workload("x", 0)), 0, KUBE_WHY_NONE);
	expect("change its selector", apply(&deployments, "d", NULL, "one",
	    true, workload("y", 0)), ERR_INVALID, KUBE_WHY_IMMUTABLE);
	expect("apply its status", apply(&deployments, "d", "status", "one",
	    false, STR("{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\","
	    "\"metadata\":{\"name\":\"d\"},\"status\":{\"conditions\":[{"
	    "\"type\":\"Live\",\"status\":\"True\"}]}}")), 0, KUBE_WHY_NONE);
	prepare();
	kube_call_get(&call, &deployments, STR(NS), STR("d"));
	check(finish() == 0 && str_search(call.reply, STR("\"Live\"")) <
	    call.reply.n, "the status is there");
	prepare();
	kube_call_merge(&call, &deployments, STR(NS), STR("d"), NULL, "one",
	    STR("{\"metadata\":{\"finalizers\":[\"live.example.com/f\"]}}"));
	expect("add a finalizer", finish(), 0, KUBE_WHY_NONE);
	prepare();
	kube_call_delete(&call, &deployments, STR(NS), STR("d"),
	    STR("00000000-0000-0000-0000-000000000000"), STR_NONE,
	    KUBE_BACKGROUND);
	expect("delete with another uid", finish(), ERR_CONFLICT,
	    KUBE_WHY_UID);
	prepare();
	kube_call_delete(&call, &deployments, STR(NS), STR("d"), STR_NONE,
	    STR_NONE, KUBE_BACKGROUND);
	expect("delete", finish(), 0, KUBE_WHY_NONE);
	prepare();
	kube_call_merge(&call, &deployments, STR(NS), STR("d"), NULL, "one",
	    STR("{\"metadata\":{\"finalizers\":null}}"));
	expect("release the finalizer", finish(), 0, KUBE_WHY_NONE);
	prepare();
	kube_call_get(&call, &deployments, STR(NS), STR("d"));
	expect("get what is gone", finish(), ERR_NOENT, KUBE_WHY_NONE);
}

static void check_refusals(void)
{
	prepare();
	kube_call_create(&call, &quotas, STR(NS), "one", STR("{"
	    "\"apiVersion\":\"v1\",\"kind\":\"ResourceQuota\",\"metadata\":{"
	    "\"name\":\"q\"},\"spec\":{\"hard\":{\"count/secrets\":0}}}"));
	expect("create a quota", finish(), 0, KUBE_WHY_NONE);
	for (int i = 0; i < 50; i++) {
		prepare();
		kube_call_create(&call, &secrets, STR(NS), "one",
		    text_of("{\"apiVersion\":\"v1\",\"kind\":\"Secret\","
		    "\"metadata\":{\"name\":\"s%d\"}}", i));
		if (finish())
			break;
		run_until(NULL, 100 * MS);
	}
	expect("exceed it", call.status.err, ERR_FORBIDDEN, KUBE_WHY_QUOTA);
	prepare();
	kube_call_get(&call, &nothings, STR(NS), STR("x"));
	expect("a kind that is not there", finish(), ERR_NOENT,
	    KUBE_WHY_NONE);
	prepare();
	call.method = "GET";
	call.path = STR("/api/v1/configmaps?limit=x");
	expect("a bad query", finish(), ERR_INVALID, KUBE_WHY_NONE);
}

/* ---- many requests --------------------------------------------------- */

static struct { struct kube_call call; char body[512]; } many[16];
static int many_next, many_done;
static bool many_all;

static void many_send(int i);

static void on_many(void *ctx, struct kube_call *c)
{
	int i = (int)(intptr_t)ctx;

	if (c->status.err)
		check(false, "apply %d: %s", many_next, c->diag.text);
	many_done++;
	if (many_next < OBJECTS)
		many_send(i);
	many_all = many_done == OBJECTS;
}

static void many_send(int i)
{
	char name[32];
	struct str body;

	snprintf(name, sizeof(name), "m%d", many_next++);
	body = configmap(name, "1", NULL);
	memcpy(many[i].body, body.p, body.n);
	kube_call_init(&many[i].call, on_many, (void *)(intptr_t)i);
	kube_call_apply(&many[i].call, &configmaps, STR(NS), str_from(name),
	    NULL, "one", true, (struct str){ many[i].body, body.n });
	kube_send(&client, &many[i].call);
}

static void apply_many(void)
{
	int64_t from = now(), cpu = io.cpu_ns(io.ctx);

	for (int i = 0; i < (int)ARRAY_LEN(many); i++)
		many_send(i);
	run_until(&many_all, 120 * SEC);
	check(many_all, "%d objects applied over 5 connections in %.2f s, "
	    "%.0f us of CPU each", many_done, (double)(now() - from) / 1e9,
	    (double)(io.cpu_ns(io.ctx) - cpu) / 1e3 / OBJECTS);
}

/* ---- watches --------------------------------------------------------- */

static struct kube_watch watch[12];
static unsigned began, items, deleted, synced_n, errors;
static bool synced;

static void handle(void *ctx, struct kube_watch *w,
    enum kube_watch_event event, struct str text)
{
	(void)ctx;
	if (event == WATCH_BEGIN)
		began++, items = 0;
	else if (event == WATCH_ITEM)
		items++;
	else if (event == WATCH_DELETED)
		deleted++;
	else if (event == WATCH_SYNCED)
		synced_n++, synced = true;
	else if (event == WATCH_ERROR)
		errors++;
	if (text.n && (json_scan(text, NULL) ||
	    str_search(text, STR("managedFields")) < text.n))
		check(false, "an object that is not clean");
	if (event == WATCH_ERROR)
		printf("      %s: %s: %s\n", kube_watch_state_name(w->state),
		    err_name(w->status.err), w->diag.text);
}

static void start(struct kube_watch *w, const char *how)
{
	int64_t from = now(), cpu = io.cpu_ns(io.ctx);

	synced = false;
	kube_watch_start(w);
	run_until(&synced, 30 * SEC);
	check(synced && items >= OBJECTS, "%s: %u objects in %.1f ms, "
	    "%.1f ms of CPU with the handshake", how, items,
	    (double)(now() - from) / 1e6,
	    (double)(io.cpu_ns(io.ctx) - cpu) / 1e6);
}

/* Its connection ends; it must go on. */
static void cut(struct kube_watch *w)
{
	dead_fd = w->http.conn.fd;
	run_until(NULL, 10 * MS);
	conn_flush(&w->http.conn);
	apply(&configmaps, "m1", NULL, "one", true, configmap("m1",
	    text_of("%lld", (long long)now()).p, NULL));
	run_until(NULL, 300 * MS);
	dead_fd = -1;
	run_until(NULL, 2 * SEC);
}

static void check_watches(void)
{
	const struct kube_watch_row row = { .gvr = &configmaps,
		.namespace = STR(NS), .labels = "live=yes" };
	struct kube_watch_row meta = row;
	struct kube_watch *w = &watch[0];
	unsigned before;

	meta.metadata = true;
	kube_watch_init(w, &shared, &row, handle, NULL);
	kube_watch_init(&watch[1], &shared, &meta, handle, NULL);
	start(w, "WatchList");
	check(!shared.no_watch_list && w->relists == 1 && began == 1,
	    "by one stream");
	before = items;
	apply(&configmaps, "m0", NULL, "one", true,
	    configmap("m0", "2", NULL));
	run_until(NULL, 300 * MS);
	check(items == before + 1, "a change is seen");
	before = items;
	cut(w);
	check(w->relists == 1 && items == before + 1 &&
	    w->state == WATCH_STREAMING, "resumed after a cut: %u event",
	    items - before);
	memcpy(w->version, "1", 1);
	w->version_n = 1;
	dead_fd = w->http.conn.fd;
	apply(&configmaps, "m1", NULL, "one", true,
	    configmap("m1", "x", NULL));
	run_until(NULL, 100 * MS);
	dead_fd = -1;
	synced = false;
	run_until(&synced, 10 * SEC);
	check(w->relists >= 2 && began >= 2 && items >= OBJECTS,
	    "listed again from a version that is too old: %u items", items);
	kube_watch_stop(w);
	start(&watch[1], "metadata only");
	kube_watch_stop(&watch[1]);
	shared.no_watch_list = true;
	start(w, "LIST by pages");
	kube_watch_stop(w);
	shared.no_watch_list = false;
}

/* ---- Events and discovery -------------------------------------------- */

static void check_events(void)
{
	struct event_ref about = {
		.api_version = STR("v1"), .kind = STR("ConfigMap"),
		.namespace = STR(NS), .name = STR("a"), .uid = STR("u"),
	};

	for (int i = 0; i < 3; i++) {
		event_record(&recorder, &about, true, "LiveTest",
		    STR("it happens"));
		run_until(NULL, 200 * MS);
	}
	check(event_idle(&recorder) && recorder.sent == 3 &&
	    recorder.failed == 0, "events: %u sent, %u failed",
	    (unsigned)recorder.sent, (unsigned)recorder.failed);
	prepare();
	kube_call_list(&call, &events, STR(NS), NULL,
	    "involvedObject.name=a,reason=LiveTest", 0, STR_NONE);
	check(finish() == 0 && str_search(call.reply,
	    STR("\"count\":3")) < call.reply.n, "one Event, counted up");
}

static bool disc_done;

static void on_discovery(void *ctx, int err)
{
	(void)ctx;
	(void)err;
	disc_done = true;
}

static void check_discovery(void)
{
	static struct discovery_row rows[] = {
		{ .gvr = &deployments }, { .gvr = &nothings },
		{ .gvr = &pods }, { .gvr = &kube_crds },
	};
	static struct discovery d;

	discovery_init(&d, &client, rows, ARRAY_LEN(rows));
	discovery_run(&d, now() + 10 * SEC, on_discovery, NULL);
	run_until(&disc_done, 20 * SEC);
	check(d.err == 0 && d.major == 1 && d.minor > 20 && rows[0].present &&
	    !rows[1].present && rows[2].present && rows[3].present,
	    "discovery: %u.%u", d.major, d.minor);
}

static int run_all(void)
{
	begin(2);
	check_discovery();
	check_writes();
	check_workload();
	check_refusals();
	apply_many();
	check_watches();
	check_events();
	prepare();
	kube_call_delete(&call, &namespaces, STR_NONE, STR(NS), STR_NONE,
	    STR_NONE, KUBE_BACKGROUND);
	expect("delete the namespace", finish(), 0, KUBE_WHY_NONE);
	prepare();
	kube_call_create(&call, &configmaps, STR(NS), "one",
	    configmap("late", "1", NULL));
	expect("create in it", finish(), ERR_FORBIDDEN,
	    KUBE_WHY_TERMINATING);
	print_rss("at the end");
	printf("%d failed\n", failed);
	return failed != 0;
}

/* ---- hold and lease -------------------------------------------------- */

static int run_hold(int seconds)
{
	static const struct gvr *const kinds[] = { &configmaps, &secrets,
		&pods, &services, &deployments, &sets, &namespaces,
		&accounts, &kube_crds, &quotas };
	unsigned open = 0;

	begin(ARRAY_LEN(kinds));
	print_rss("before");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct kube_watch_row row = { .gvr = kinds[i] };

		kube_watch_init(&watch[i], &shared, &row, handle, NULL);
		kube_watch_start(&watch[i]);
	}
	run_until(NULL, 5 * SEC);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		open += watch[i].state == WATCH_STREAMING;
	check(open == ARRAY_LEN(kinds), "%u watches open, %llu objects seen",
	    open, (unsigned long long)counts.v[COUNT_WATCH_EVENTS]);
	print_rss("with ten watches");
	run_until(NULL, seconds * SEC);
	print_rss("at the end");
	printf("      %llu requests, %llu watch restarts\n",
	    (unsigned long long)counts.v[COUNT_HTTP_REQUESTS],
	    (unsigned long long)counts.v[COUNT_WATCH_RESTARTS]);
	return failed != 0;
}

static void on_change(void *ctx, bool leading)
{
	printf("%.2f %s %s\n", (double)now() / 1e9, (const char *)ctx,
	    leading ? "leads" : "ends");
	fflush(stdout);
}

static bool lease_stopped;

static void on_stopped(void *ctx)
{
	(void)ctx;
	lease_stopped = true;
}

static int run_lease(char *name, int seconds)
{
	const struct lease_options o = {
		.namespace = STR("default"), .name = STR("kube-live"),
		.identity = str_from(name), .duration_ns = LEASE_DURATION_NS,
		.renew_ns = LEASE_RENEW_NS, .retry_ns = LEASE_RETRY_NS,
	};
	static struct lease lease;

	begin(1);
	lease_init(&lease, &client, &o, on_change, on_stopped, name);
	lease_start(&lease);
	run_until(NULL, seconds * SEC);
	lease_stop(&lease);
	run_until(&lease_stopped, 5 * SEC);
	printf("%.2f %s stopped\n", (double)now() / 1e9, name);
	return !lease_stopped;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "all"))
		return run_all();
	if (argc == 3 && !strcmp(argv[1], "hold"))
		return run_hold(atoi(argv[2]));
	if (argc == 4 && !strcmp(argv[1], "lease"))
		return run_lease(argv[2], atoi(argv[3]));
	fprintf(stderr, "usage: kube_live all | hold SECONDS | "
	    "lease NAME SECONDS\n");
	return 100;
}
