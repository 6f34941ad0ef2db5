#ifndef JUDGE_TEST_H
#define JUDGE_TEST_H

/* What the tests of a judgement share: one server, its workload, a verdict. */

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "control/control_int.h"

static char arena_mem[1 << 20], text_mem[1 << 18];
static struct arena arena, texts;
static struct json_tok tok[4096];
static struct record record;
static struct server server;
static struct verdict verdict;
static struct judge_in in;

#define HOUR (3600 * NS_PER_S)

static void read_server(enum group g, const char *meta, const char *spec,
    const char *status)
{
	struct json_doc doc;
	struct diag d = { 0 };
	struct buf b;

	arena_init(&arena, arena_mem, sizeof(arena_mem));
	arena_init(&texts, text_mem, sizeof(text_mem));
	b = arena_buf(&texts);
	buf_fmt(&b, "{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\","
	    "\"uid\":\"u\",\"resourceVersion\":\"5\",\"generation\":3%s},"
	    "\"spec\":%s,\"status\":%s}", meta, spec, status);
	REQUIRE(json_parse(&doc, arena_keep(&texts, &b), tok,
	    ARRAY_LEN(tok), &d) == 0);
	REQUIRE(server_decode(g, &doc, JSON_ROOT, &arena, &server, &d) == 0);
	memset(&record, 0, sizeof(record));
	memcpy(record.name, "one", 4);
	memcpy(record.ns, "ns", 3);
	record.group = (uint8_t)g;
	record.desired = server.spec.replicas;
	record.transport = (uint8_t)server.spec.transport.type;
	in = (struct judge_in){
		.server = &server, .record = &record, .wall_ns = HOUR,
		.made = UINT32_MAX, .allowed = UINT32_MAX
	};
}

static void workload(int32_t replicas, int32_t updated, int32_t ready)
{
	struct workload *w = &record.workload;

	record.child[CHILD_DEPLOYMENT].exists = true;
	record.child[CHILD_SERVICE].exists = true;
	w->generation = w->observed = 2;
	w->replicas = replicas;
	w->updated = updated;
	w->ready = w->available = ready;
}

/* "Status/Reason" of a condition, or "". */
static struct str cond(const char *type)
{
	const struct condition *c = cond_get(&verdict.conditions, type);
	struct buf b = arena_buf(&texts);

	if (c != NULL)
		buf_fmt(&b, "%s/%S", schema_word(&cond_status_words,
		    (uint32_t)c->status), c->reason);
	return arena_keep(&texts, &b);
}

static struct str said(const char *type)
{
	const struct condition *c = cond_get(&verdict.conditions, type);

	return c != NULL ? c->message : STR_NONE;
}

#endif
