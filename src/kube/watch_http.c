#include <string.h>

#include "kube_int.h"

/* What objects may leave resident: more while a list passes by. */
#define LIST_KEEP (8 * KUBE_PAGE)
#define STREAM_KEEP KUBE_PAGE

/* ---- one line -------------------------------------------------------- */

static const char *const line_types[] = {
	[KUBE_LINE_ADDED] = "ADDED", [KUBE_LINE_MODIFIED] = "MODIFIED",
	[KUBE_LINE_DELETED] = "DELETED", [KUBE_LINE_BOOKMARK] = "BOOKMARK",
	[KUBE_LINE_ERROR] = "ERROR",
};

static bool line_type(struct str quoted, enum kube_line_type *ret)
{
	struct str name;

	if (quoted.n < 2 || quoted.p[0] != '"')
		return false;
	name = str_sub(quoted, 1, quoted.n - 1);
	for (size_t i = 0; i < ARRAY_LEN(line_types); i++)
		if (str_is(name, line_types[i])) {
			*ret = (enum kube_line_type)i;
			return true;
		}
	return false;
}

/* The bookmark that ends the initial events says so in an annotation, whose
 * name holds dots. */
static bool ends_initial(struct str object)
{
	struct str notes, key, value;
	size_t at = 0;

	if (!peek_raw(object, "metadata.annotations", &notes))
		return false;
	while (peek_member(notes, &at, &key, &value))
		if (str_is(key, "k8s.io/initial-events-end"))
			return str_is(value, "\"true\"");
	return false;
}

int kube_line_decode(struct str line, struct kube_line *ret)
{
	struct kube_line out = { .object = STR_NONE };
	struct str type;

	if (!peek_raw(line, "type", &type) || !line_type(type, &out.type) ||
	    !peek_raw(line, "object", &out.object) ||
	    out.object.p[0] != '{')
		return ERR_BAD;
	if (!kube_peek(out.object, "metadata.resourceVersion", &out.version))
		out.version = STR_NONE;
	out.initial_end = out.type == KUBE_LINE_BOOKMARK &&
	    ends_initial(out.object);
	*ret = out;
	return 0;
}

/* ---- the request ----------------------------------------------------- */

static void stream_query(struct kube_watch *w, struct buf *b)
{
	char digits[20];
	struct buf n;

	kube_query(b, "watch", STR("true"));
	kube_query(b, "allowWatchBookmarks", STR("true"));
	buf_init(&n, digits, sizeof(digits));
	buf_u64(&n, KUBE_WATCH_SECONDS +
	    rng_below(&w->shared->client->rng, KUBE_WATCH_SECONDS));
	kube_query(b, "timeoutSeconds", buf_view(&n));
	if (w->step == STEP_STREAM) {
		kube_query(b, "resourceVersion",
		    (struct str){ w->version, w->version_n });
		return;
	}
	kube_query(b, "sendInitialEvents", STR("true"));
	kube_query(b, "resourceVersionMatch", STR("NotOlderThan"));
}

static void page_query(const struct kube_watch *w, struct buf *b)
{
	if (!w->whole)
		kube_query(b, "limit", STR(KUBE_LIST_PAGE));
	if (w->more_n)
		kube_query(b, "continue",
		    (struct str){ w->more, w->more_n });
}

static void watch_path(struct kube_watch *w, struct buf *b)
{
	const struct kube_watch_row *row = &w->row;

	kube_path(b, row->gvr, row->namespace, STR_NONE, NULL);
	if (row->labels)
		kube_query(b, "labelSelector", str_from(row->labels));
	if (row->fields)
		kube_query(b, "fieldSelector", str_from(row->fields));
	if (w->step == STEP_PAGES)
		page_query(w, b);
	else
		stream_query(w, b);
}

static const char *watch_accept(const struct kube_watch *w)
{
	if (!w->row.metadata)
		return KUBE_JSON;
	return w->step == STEP_PAGES ? KUBE_METADATA_LIST : KUBE_METADATA;
}

/* A connection that began with other certificates is not used again. */
static void check_trust(struct kube_watch *w)
{
	const struct kube_config *config = w->shared->client->config;
	uint32_t now;

	if (!config->trust)
		return;
	now = trust_generation(config->trust);
	if (http_client_open(&w->http) && w->trust != now)
		http_client_close(&w->http);
	w->trust = now;
}

void watch_request(struct kube_watch *w)
{
	struct kube_client *c = w->shared->client;
	struct http_request req = { .method = "GET" };
	int64_t now = c->loop->now_ns;
	struct buf mem;

	(void)kube_config_refresh(c->config, KUBE_REFRESH_DUE);
	check_trust(w);
	w->code = 0;
	w->retry_after_ns = -1;
	w->ended = false;
	w->opened_ns = now;
	if (w->step != STEP_STREAM && !w->more_n)
		w->listed_ns = now;
	buf_init(&mem, w->line, JSON_OBJECT_MAX);
	kube_request_begin(c, &mem);
	watch_path(w, &mem);
	kube_request_end(c, watch_accept(w), NULL, &mem, &req);
	count_add(c->counts, COUNT_HTTP_REQUESTS, 1);
	http_client_send(&w->http, &c->config->target, &req,
	    now + KUBE_WATCH_OPEN_NS, w->step == STEP_PAGES ?
	    KUBE_LIST_SILENCE_NS : w->shared->silence_ns);
}

/* ---- the answer ------------------------------------------------------ */

static int on_head(void *ctx, const struct http_head *head)
{
	struct kube_watch *w = ctx;
	const struct io *io = w->shared->client->loop->io;
	struct str after = http_header_get(head, "Retry-After");
	bool first = w->step == STEP_INITIAL ||
	    (w->step == STEP_PAGES && !w->more_n);

	/* The request lies where the answer goes. */
	if (w->http.sending)
		return ERR_PROTO;
	w->code = head->status;
	kube_tally_add(&w->shared->client->tally, "GET", w->code);
	if (after.n)
		(void)kube_retry_after(after, io->wall_ns(io->ctx),
		    &w->retry_after_ns);
	if (w->code != 200) {
		buf_init(&w->split.out, w->line, KUBE_ERROR_BODY_MAX);
		return 0;
	}
	w->more_n = 0;
	w->renewed = false;
	w->status = (struct kube_status){ .retry_after_ns = -1 };
	diag_clear(&w->diag);
	split_init(&w->split, w->step == STEP_PAGES ? SPLIT_LIST :
	    SPLIT_WATCH, w->line, JSON_OBJECT_MAX);
	watch_enter(w, w->step == STEP_STREAM ? WATCH_STREAMING :
	    WATCH_LISTING);
	if (!first)
		return 0;
	watch_await_initial(w);
	w->relists++;
	w->version_n = 0;
	count_add(w->shared->client->counts, COUNT_WATCH_RELISTS, 1);
	return watch_emit(w, WATCH_BEGIN, STR_NONE) ? 0 : ERR_CANCELLED;
}

static int keep(char *to, size_t *n, size_t cap, struct str s)
{
	if (s.n > cap)
		return ERR_LIMIT;
	memcpy(to, s.p, s.n);
	*n = s.n;
	return 0;
}

static int keep_version(struct kube_watch *w, struct str version)
{
	if (!version.n)
		return 0;
	return keep(w->version, &w->version_n, sizeof(w->version), version);
}

/* An ERROR line holds a Status: its code says what to do. */
static int take_error(struct kube_watch *w, struct str object)
{
	int64_t code;

	if (peek_i64(object, "code", &code) || code < 400 || code > 599)
		code = 500;
	diag_clear(&w->diag);
	kube_status_decode((uint16_t)code, object, &w->status, &w->diag);
	w->retry_after_ns = w->status.retry_after_ns;
	return w->status.err;
}

static int take_item(struct kube_watch *w, enum kube_watch_event event,
    struct str object)
{
	w->items++;
	watch_await_initial(w);
	count_add(w->shared->client->counts, COUNT_WATCH_EVENTS, 1);
	return watch_emit(w, event, object) ? 0 : ERR_CANCELLED;
}

/* A server that does not know sendInitialEvents sends plain bookmarks. */
static int take_initial_bookmark(struct kube_watch *w,
    const struct kube_line *line)
{
	uint32_t epoch = w->epoch;

	if (!line->initial_end) {
		diag_set(&w->diag, STR_NONE, "sendInitialEvents is not "
		    "honoured");
		w->status.err = ERR_UNSUPPORTED;
		return ERR_UNSUPPORTED;
	}
	if (!w->version_n)
		return ERR_PROTO;
	watch_happens(w, HAPPEN_SYNCED);
	return w->epoch == epoch ? 0 : ERR_CANCELLED;
}

static int take_line(struct kube_watch *w, struct str text)
{
	struct kube_line line;
	int err;

	if (kube_line_decode(text, &line))
		return ERR_PROTO;
	if (line.type == KUBE_LINE_ERROR)
		return take_error(w, line.object);
	/* Before the initial events are over, versions come in any order. */
	if (w->step == STEP_STREAM || line.initial_end) {
		err = keep_version(w, line.version);
		if (err)
			return err;
	}
	if (line.type != KUBE_LINE_BOOKMARK)
		return take_item(w, line.type == KUBE_LINE_DELETED ?
		    WATCH_DELETED : WATCH_ITEM, line.object);
	return w->step == STEP_INITIAL ? take_initial_bookmark(w, &line) : 0;
}

/* What is kept of an object that is too large; in a stream, of its line. */
static int take_oversize(struct kube_watch *w, struct str head)
{
	struct str version, type = STR_NONE;

	count_add(w->shared->client->counts, COUNT_OVERSIZE, 1);
	if (w->step != STEP_PAGES) {
		(void)kube_peek(head, "type", &type);
		if (!peek_raw(head, "object", &head))
			return ERR_PROTO;
		if (w->step == STEP_STREAM && kube_peek(head,
		    "metadata.resourceVersion", &version) &&
		    keep_version(w, version))
			return ERR_LIMIT;
	}
	return take_item(w, str_is(type, "DELETED") ? WATCH_DELETED :
	    WATCH_OVERSIZE, head);
}

static int take_list_meta(struct kube_watch *w, struct str meta)
{
	struct str s;

	if (!kube_peek(meta, "resourceVersion", &s) || !s.n ||
	    keep_version(w, s))
		return ERR_PROTO;
	if (kube_peek(meta, "continue", &s))
		return keep(w->more, &w->more_n, sizeof(w->more), s);
	return 0;
}

static int take(struct kube_watch *w, enum split_event event,
    struct str text)
{
	switch (event) {
	case SPLIT_ITEM:
		return w->step == STEP_PAGES ?
		    take_item(w, WATCH_ITEM, text) : take_line(w, text);
	case SPLIT_META:
		return take_list_meta(w, text);
	case SPLIT_OVERSIZE:
		return take_oversize(w, text);
	case SPLIT_END:
		w->ended = true;
		return 0;
	case SPLIT_MORE:
		return 0;
	case SPLIT_BAD:
		return ERR_PROTO;
	}
	UNREACHABLE();
}

void watch_trim_line(struct kube_watch *w)
{
	mem_trim(w->shared->client->mem, w->line + KUBE_PAGE,
	    JSON_OBJECT_MAX - KUBE_PAGE);
}

static void trim_after(struct kube_watch *w, enum split_event event,
    size_t n)
{
	size_t keep = w->step == STEP_STREAM ? STREAM_KEEP : LIST_KEEP;

	if (event == SPLIT_OVERSIZE || n > keep)
		watch_trim_line(w);
}

static int on_body(void *ctx, struct str data)
{
	struct kube_watch *w = ctx;
	struct buf *out = &w->split.out;
	enum split_event event;
	struct str text = STR_NONE;
	int err;

	if (w->code != 200) {
		buf_str(out, str_sub(data, 0, out->cap - out->n));
		return 0;
	}
	do {
		event = split_push(&w->split, &data, &text);
		err = take(w, event, text);
		if (err)
			return err;
		trim_after(w, event, text.n);
		text = STR_NONE;
	} while (event != SPLIT_MORE);
	return 0;
}

/* ---- the end of an answer -------------------------------------------- */

/* True when other credentials were found, and the request was sent again. */
static bool with_new_credentials(struct kube_watch *w,
    enum kube_refresh why)
{
	if (w->renewed)
		return false;
	w->renewed = true;
	if (!kube_config_refresh(w->shared->client->config, why))
		return false;
	watch_request(w);
	return true;
}

static void ended_well(struct kube_watch *w)
{
	if (w->step == STEP_STREAM) {
		watch_happens(w, HAPPEN_ENDED);
	} else if (w->step == STEP_INITIAL) {
		w->status.err = ERR_CLOSED;
		diag_set(&w->diag, STR_NONE, "the server ends the watch "
		    "before all objects were listed");
		watch_happens(w, HAPPEN_FAILED);
	} else if (!w->ended || !w->version_n) {
		w->status.err = ERR_PROTO;
		diag_set(&w->diag, STR_NONE, "the list is cut");
		watch_happens(w, HAPPEN_FAILED);
	} else {
		watch_happens(w, w->more_n ? HAPPEN_PAGE : HAPPEN_LISTED);
	}
}

static enum watch_happen refusal(int err)
{
	switch (err) {
	case ERR_GONE:
		return HAPPEN_GONE;
	case ERR_INVALID:
		return HAPPEN_REFUSED;
	case ERR_NOENT:
		return HAPPEN_ABSENT;
	case ERR_DENIED:
	case ERR_FORBIDDEN:
		return HAPPEN_DENIED;
	default:
		return HAPPEN_FAILED;
	}
}

static void ended_refused(struct kube_watch *w)
{
	diag_clear(&w->diag);
	kube_status_decode(w->code, buf_view(&w->split.out), &w->status,
	    &w->diag);
	if (w->status.err == 0) {
		w->status.err = ERR_HTTP;
		diag_set(&w->diag, STR_NONE, "HTTP %u is no answer to a "
		    "list or watch", (unsigned)w->code);
	}
	if (w->retry_after_ns < 0)
		w->retry_after_ns = w->status.retry_after_ns;
	if (w->status.err == ERR_DENIED &&
	    with_new_credentials(w, KUBE_REFRESH_DENIED))
		return;
	watch_happens(w, refusal(w->status.err));
}

static void ended_badly(struct kube_watch *w, int err, const struct diag *d)
{
	/* An ERROR line has told why itself. */
	if (w->status.err != err || !w->code) {
		w->status = (struct kube_status){
			.err = err, .code = w->code, .retry_after_ns = -1 };
		diag_clear(&w->diag);
		if (d)
			w->diag = *d;
	}
	count_add(w->shared->client->counts, COUNT_HTTP_ERRORS, 1);
	if (!w->code)
		kube_tally_add(&w->shared->client->tally, "GET", 0);
	if (err == ERR_TLS_TRUST &&
	    with_new_credentials(w, KUBE_REFRESH_TRUST))
		return;
	/* No bookmark comes before there is a version to tell, and none ever
	 * from an API server without its watch cache: quiet is no fault. */
	watch_happens(w, err == ERR_GONE ? HAPPEN_GONE :
	    err == ERR_TIMEOUT && w->step == STEP_STREAM && w->code == 200 ?
	    HAPPEN_ENDED : err == ERR_UNSUPPORTED && w->step == STEP_INITIAL ?
	    HAPPEN_REFUSED : HAPPEN_FAILED);
}

static void on_done(void *ctx, int err, const struct diag *d)
{
	struct kube_watch *w = ctx;

	if (err == ERR_CLOSED && !w->code && !w->http.fresh)
		watch_request(w);	/* a kept connection had ended */
	else if (err)
		ended_badly(w, err, d);
	else if (w->code == 200)
		ended_well(w);
	else
		ended_refused(w);
}

static const struct http_client_events watch_events = {
	on_head, on_body, on_done,
};

void watch_http_init(struct kube_watch *w)
{
	struct kube_client *c = w->shared->client;

	http_client_init(&w->http, c->loop, &c->gate, w->tls, &watch_events,
	    w);
	w->http.conn.counts = c->counts;
}
