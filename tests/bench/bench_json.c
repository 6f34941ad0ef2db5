/*
 * usage: bench_json [FILE]
 *
 * Megabytes a CPU second of the scan, the parser and the splitter, the last
 * two together as a list is read. FILE is a list as an API server sends it;
 * without one, Deployments much like those are made up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec.h"

enum { OBJECTS = 1000, LIST_MAX = 64 << 20, PIECE = 16384, ROUNDS = 5 };

static struct json_tok tok[JSON_TOKENS_MAX];
static char item[JSON_OBJECT_MAX];
static char *list;
static size_t list_n;

static void put(const char *s)
{
	size_t n = strlen(s);

	if (n > LIST_MAX - list_n)
		abort();
	memcpy(list + list_n, s, n);
	list_n += n;
}

/* Half of an object is managedFields, as it is in a cluster. */
static void object_make(int i)
{
	char s[512];
	int k;

	snprintf(s, sizeof(s), "%s{\"metadata\":{\"name\":\"server-%d\","
	    "\"namespace\":\"team-%d\",\"uid\":\"7f1c0a52-93be-4c0e-8d0e-%012d"
	    "\",\"resourceVersion\":\"%d\",\"generation\":3,\"labels\":{"
	    "\"app.kubernetes.io/name\":\"mcpserver\"},\"managedFields\":[",
	    i ? "," : "", i, i % 17, i, 1000 + i);
	put(s);
	for (k = 0; k < 40; k++) {
		put(k ? "," : "");
		put("{\"f:containers\":{\"k:{\\\"name\\\":\\\"mcp\\\"}\":{"
		    "\".\":{},\"f:image\":{},\"f:imagePullPolicy\":{}}}}");
	}
	put("]},\"spec\":{\"replicas\":2,\"template\":{\"spec\":{"
	    "\"containers\":[{\"name\":\"mcp\",\"image\":\"registry.example."
	    "com/mcp/everything:1.2.3\",\"env\":[");
	for (k = 0; k < 40; k++) {
		snprintf(s, sizeof(s), "%s{\"name\":\"VARIABLE_%d\",\"value\":"
		    "\"some value of ordinary length\"}", k ? "," : "", k);
		put(s);
	}
	put("],\"resources\":{\"limits\":{\"cpu\":\"500m\"}},\"args\":[");
	for (k = 0; k < 20; k++)
		put(k ? ",\"--flag=value\"" : "\"--flag=value\"");
	put("]}]}}},\"status\":{\"conditions\":[{\"type\":\"Available\","
	    "\"status\":\"True\",\"lastTransitionTime\":"
	    "\"2026-11-21T07:06:59Z\"}],\"readyReplicas\":2}}");
}

static void list_make(void)
{
	int i;

	put("{\"kind\":\"DeploymentList\",\"apiVersion\":\"apps/v1\","
	    "\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[");
	for (i = 0; i < OBJECTS; i++)
		object_make(i);
	put("]}\n");
}

static void list_read(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		exit(111);
	}
	list_n = fread(list, 1, LIST_MAX, f);
	fclose(f);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t split_items;

static void split_run(bool parse)
{
	struct str rest = { list, list_n }, text;
	struct json_doc doc;
	struct split s;

	split_items = 0;
	split_init(&s, SPLIT_LIST, item, sizeof(item));
	while (rest.n) {
		struct str in = str_sub(rest, 0, PIECE);
		enum split_event e;

		rest = str_sub(rest, in.n, rest.n);
		while ((e = split_push(&s, &in, &text)) != SPLIT_MORE) {
			if (e == SPLIT_BAD)
				exit(1);
			if (e != SPLIT_ITEM)
				continue;
			split_items++;
			if (parse && json_parse(&doc, text, tok,
			    JSON_TOKENS_MAX, NULL))
				exit(1);
		}
	}
}

static void scan_run(bool parse)
{
	(void)parse;
	if (json_scan((struct str){ list, list_n }, NULL))
		exit(1);
}

/* The first item again and again, as many bytes as the list has. */
static void parse_run(bool parse)
{
	struct str in = { list, list_n }, text;
	struct json_doc doc;
	struct split s;
	enum split_event e;
	size_t done;

	(void)parse;
	split_init(&s, SPLIT_LIST, item, sizeof(item));
	do
		e = split_push(&s, &in, &text);
	while (e == SPLIT_META);
	if (e != SPLIT_ITEM)
		exit(1);
	for (done = 0; done < list_n; done += text.n)
		if (json_parse(&doc, text, tok, JSON_TOKENS_MAX, NULL))
			exit(1);
}

static void measure(const char *what, void (*run)(bool), bool parse)
{
	double best = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		double t = now(), rate;

		run(parse);
		rate = (double)list_n / 1e6 / (now() - t);
		if (rate > best)
			best = rate;
	}
	printf("%-22s %7.0f MB/s\n", what, best);
}

int main(int argc, char **argv)
{
	list = malloc(LIST_MAX);
	if (!list)
		return 111;
	if (argc > 1)
		list_read(argv[1]);
	else
		list_make();
	measure("json_scan", scan_run, false);
	measure("json_parse", parse_run, true);
	measure("split", split_run, false);
	measure("split + json_parse", split_run, true);
	printf("%zu items, %zu bytes each\n", split_items,
	    split_items ? list_n / split_items : 0);
	return 0;
}
