/*
 * What only some may read is told to nobody: no token, no value of a Secret or
 * ConfigMap and no environment variable's is in the log, an Event or a status.
 */
#include <stdlib.h>

#include "check.h"

/* The environment's is as users.c writes it, raw or escaped; the others are
 * what users give Secrets and ConfigMaps, unless each time another. */
static const char *const values[] = {
	"\xc3\xa9\"", "\xc3\xa9\\\"", "\\u00e9", "eA==", "eQ=="
};

static bool holds(struct str text, struct str word)
{
	return word.n > 0 && str_search(text, word) < text.n;
}

static void look(struct sim *s, const char *where, struct str text)
{
	struct str token = str_from(s->token);

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (holds(text, str_from(values[i])))
			sim_fail(s, "secrets", "%s tells a value: %.*s", where,
			    sim_shown(text, 400), text.p);
	if (holds(text, str_sub(token, 0, str_find(token, '-') + 1)))
		sim_fail(s, "secrets", "%s tells a token: %.*s", where,
		    sim_shown(text, 400), text.p);
}

static void line_told(struct sim *s, struct inst *in, struct str line)
{
	(void)in;
	look(s, "the log", line);
}

static void write(struct sim *s, const struct api_write *w)
{
	bool event = w->kind == API_EVENT;
	const struct node *told = event ? w->new :
	    w->new && is_server_kind(w->kind) ? node_get(w->new, "status") :
	    NULL;
	struct text text = { 0 };

	if (!from_operator(w) || !told)
		return;
	node_write(told, &text);
	look(s, event ? "an Event" : "a status", text_view(&text));
	free(text.p);
}

const struct checker check_secrets = { .name = "secrets", .log = line_told,
    .write = write };
