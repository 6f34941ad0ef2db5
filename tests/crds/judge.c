/*
 * usage: judge
 *
 * What the operator itself says of servers, for tests/e2e/oldest.py: one
 * MCPServer a line from standard input, one answer a line,
 *
 *	{"faults": [{"field": "spec.image", "message": "..."}]}
 */
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

enum { ROOM = 8 << 20, TEXT = 1 << 20 };

static char room[ROOM], out[TEXT];
static struct json_tok tok[JSON_TOKENS_MAX];
static struct server server;
static struct jw w;

static void tell(void *ctx, const struct diag *d)
{
	(void)ctx;
	jw_open(&w);
	jw_kcstr(&w, "field", d->path);
	jw_kcstr(&w, "message", d->text);
	jw_close(&w);
}

static void fail(const char *what)
{
	fprintf(stderr, "judge: %s\n", what);
	exit(1);
}

static enum group group_of(const struct json_doc *doc)
{
	struct str raw = json_raw(doc, json_get(doc, JSON_ROOT,
	    STR("apiVersion")));

	for (int g = 0; g < GROUPS; g++)
		if (str_is(str_sub(raw, 1, raw.n - 1),
		    group_info((enum group)g)->api_version))
			return (enum group)g;
	fail("no apiVersion that is known");
	return GROUPS;
}

static void judge(struct str line)
{
	struct json_doc doc;
	struct arena a;
	struct diag d;
	struct buf b;
	int err;

	arena_init(&a, room, sizeof(room));
	buf_init(&b, out, sizeof(out));
	diag_clear(&d);
	jw_init(&w, &b);
	jw_open(&w);
	jw_kopen_list(&w, "faults");
	if (json_parse(&doc, line, tok, JSON_TOKENS_MAX, &d))
		fail(d.text);
	err = server_decode(group_of(&doc), &doc, JSON_ROOT, &a, &server, &d);
	if (err)
		tell(NULL, &d);
	else
		err = server_check_all(&server, &a, tell, NULL);
	jw_close_list(&w);
	jw_close(&w);
	if (b.over || err == ERR_FULL)
		fail("an object is too large");
	printf("%.*s\n", (int)b.n, b.p);
}

int main(void)
{
	char *line = NULL;
	size_t room_of_line = 0;
	ssize_t n;

	while ((n = getline(&line, &room_of_line, stdin)) > 0) {
		judge((struct str){ line, (size_t)n - 1 });
		fflush(stdout);
	}
	free(line);
	return 0;
}
