/*
 * A whole MCPServer of any group: what server_decode takes keeps what model.h
 * promises of a canonical spec, and what is written of one in the first
 * group's form is read back as the same. The first byte picks the group.
 */
#include "fuzz.h"
#include "model.h"

enum { TOKENS = FUZZ_MAX, ROOM = 64 * FUZZ_MAX };
static struct json_tok tok[TOKENS];
static char room[ROOM], first[ROOM], second[ROOM];
static struct server server, again;

static struct str encode(const struct server_spec *s, char *mem)
{
	struct buf b;
	struct jw w;

	buf_init(&b, mem, ROOM);
	jw_init(&w, &b);
	jw_open(&w);
	jw_kopen(&w, "metadata");
	jw_kcstr(&w, "name", "x");
	jw_close(&w);
	jw_key(&w, STR("spec"));
	schema_encode(&server_spec_schema, IN_ALLBEONE, s, &w);
	jw_close(&w);
	FUZZ_CHECK(!b.over);
	return buf_view(&b);
}

static void check_canonical(const struct server_spec *s)
{
	FUZZ_CHECK(HAS(s, server_spec, replicas));
	FUZZ_CHECK(HAS(s, server_spec, termination_grace_s));
	FUZZ_CHECK(HAS(&s->transport, transport, type));
	FUZZ_CHECK(s->transport.path.n > 0);
	FUZZ_CHECK(HAS(&s->service, service_spec, type));
	FUZZ_CHECK(HAS(&s->strategy, strategy, type));
	FUZZ_CHECK(s->ports.n > 0 ||
	    s->transport.type == TRANSPORT_STDIO);
	for (uint32_t i = 0; i < s->ports.n; i++) {
		const struct server_port *p = &s->ports.p[i];

		FUZZ_CHECK(HAS(p, server_port, name) && p->name.n > 0);
		FUZZ_CHECK(p->target_port > 0 && p->target_port < 65536);
	}
	for (uint32_t i = 0; i < s->env.n; i++)
		for (uint32_t j = 0; j < i; j++)
			FUZZ_CHECK(!str_eq(s->env.p[i].name,
			    s->env.p[j].name));
	for (size_t i = 0; i < server_spec_schema.n; i++)
		FUZZ_CHECK(!(server_spec_schema.row[i].flags & FIELD_ALIAS) ||
		    !(s->has >> i & 1));
}

static void count_ref(void *ctx, enum ref_kind kind, struct str name,
    struct str key, bool optional, bool live)
{
	(void)kind, (void)name, (void)key, (void)optional, (void)live;
	++*(size_t *)ctx;
}

/* The first of all faults is the one that is told alone. */
struct faults_seen { struct diag first; size_t n; };
static void see_fault(void *ctx, const struct diag *d)
{
	struct faults_seen *seen = ctx;

	FUZZ_CHECK(diag_is_set(d));
	if (!seen->n++)
		seen->first = *d;
}

static void check(const struct server *s, struct arena *a, struct diag *d)
{
	struct faults_seen seen = { .n = 0 };
	int err = server_check(s, a, d);

	FUZZ_CHECK(err == 0 || err == ERR_INVALID);
	FUZZ_CHECK((err != 0) == diag_is_set(d));
	FUZZ_CHECK(server_check_all(s, a, see_fault, &seen) == err);
	FUZZ_CHECK((err != 0) == (seen.n > 0));
	FUZZ_CHECK(!err || (!strcmp(seen.first.path, d->path) &&
	    !strcmp(seen.first.text, d->text)));
}

/* All that reads a server, for the sanitizers to watch. */
static void use(const struct server *s, struct arena *a, struct diag *d)
{
	struct conditions cs;
	struct server_status st = s->status;
	struct buf b;
	struct jw w;
	size_t refs = 0;

	diag_clear(d);
	check(s, a, d);
	server_refs(s, count_ref, &refs);
	buf_init(&b, second, sizeof(second));
	server_unacted(s, &b);
	status_endpoint(s, &b);
	cond_from(&cs, &s->status);
	cond_set(&cs, "Ready", COND_TRUE, "R", STR("m"), 1, 1);
	cond_lend(&cs, &st);
	FUZZ_CHECK(st.conditions.n == 1);
	jw_init(&w, &b);
	status_write(s->group, &st, &w);
	for (uint32_t i = 0; i < s->spec.volumes.n; i++) {
		buf_clear(&b);
		jw_init(&w, &b);
		volume_write(&s->spec.volumes.p[i], &w);
		FUZZ_CHECK(!json_scan(buf_view(&b), NULL));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	enum group g = (enum group)(fuzz_u8(&in) % GROUPS);
	struct json_doc doc;
	struct arena a;
	struct diag d;
	struct str text;
	int err;

	if (json_parse(&doc, (struct str){ (const char *)in.p, in.n }, tok,
	    TOKENS, NULL))
		return 0;
	arena_init(&a, room, sizeof(room));
	diag_clear(&d);
	err = server_decode(g, &doc, JSON_ROOT, &a, &server, &d);
	FUZZ_CHECK(err == 0 || err == ERR_BAD || err == ERR_INVALID);
	FUZZ_CHECK((err != 0) == diag_is_set(&d));
	if (err)
		return 0;
	check_canonical(&server.spec);
	use(&server, &a, &d);
	if (g != GROUP_ALLBEONE)
		return 0;
	text = encode(&server.spec, first);
	FUZZ_CHECK(!json_parse(&doc, text, tok, TOKENS, NULL));
	FUZZ_CHECK(!server_decode(g, &doc, JSON_ROOT, &a, &again, &d));
	FUZZ_CHECK(str_eq(text, encode(&again.spec, second)));
	return 0;
}
