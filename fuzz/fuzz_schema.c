/*
 * Field tables: whatever decodes is written and decodes again to the same
 * text; random objects of a table come back as they went. The first byte
 * picks the table, the second the group, whether the rest is JSON text or a
 * seed, whether a key may be unknown, and whether there is little room.
 */
#include "fuzz.h"
#include "model.h"
#include "schema_random.h"

enum { ROOM = 64 * FUZZ_MAX, RANDOM_ROOM = 8 * FUZZ_MAX };
static char room[ROOM], first[ROOM], second[ROOM];

static const struct schema *const tables[] = {
	&server_spec_schema, &server_status_schema, &object_meta_schema,
	&autoscaling_schema, &tenancy_spec_schema, &istio_spec_schema,
	&gateway_spec_schema, &volume_schema, &probe_schema
};

static struct str encode(const struct schema *s, uint8_t groups,
    const void *o, char *mem)
{
	struct buf b;
	struct jw w;

	buf_init(&b, mem, ROOM);
	jw_init(&w, &b);
	schema_encode(s, groups, o, &w);
	FUZZ_CHECK(!b.over);
	FUZZ_CHECK(!json_scan(buf_view(&b), NULL));
	return buf_view(&b);
}

/* o, once written, is read again and writes the same. */
static void round_trip(const struct schema *s, uint8_t groups, const void *o,
    struct arena *a)
{
	const struct schema_mode m = { groups, true, NULL, 0 };
	struct str text = encode(s, groups, o, first);
	void *back = arena_alloc(a, s->size, _Alignof(int64_t));

	FUZZ_CHECK(back);
	FUZZ_CHECK(!schema_decode_text(s, &m, text, a, back, NULL));
	FUZZ_CHECK(str_eq(text, encode(s, groups, back, second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const struct schema *s = tables[fuzz_u8(&in) % ARRAY_LEN(tables)];
	uint8_t pick = fuzz_u8(&in);
	uint8_t groups = (uint8_t)(1 << (pick & 3));
	const struct schema_mode m = { groups, pick & 8, NULL, 0 };
	struct arena a;
	struct diag d;
	struct rng r;
	void *o;
	int err;

	/* ASan has a byte of its own for each eight of these. */
	arena_init(&a, room, pick & 4 ? RANDOM_ROOM :
	    pick & 16 ? s->size + 64 + 16 * in.n : sizeof(room));
	o = arena_alloc(&a, s->size, _Alignof(int64_t));
	FUZZ_CHECK(o);
	if (pick & 4) {
		rng_seed(&r, (uint64_t)fuzz_u32(&in) << 32 | fuzz_u32(&in));
		schema_random(s, groups, &r, &a, o);
		round_trip(s, groups, o, &a);
		return 0;
	}
	diag_clear(&d);
	err = schema_decode_text(s, &m, (struct str){ (const char *)in.p,
	    in.n }, &a, o, &d);
	FUZZ_CHECK((err != 0) == diag_is_set(&d));
	if (!err && !(pick & 16))
		round_trip(s, groups, o, &a);
	return 0;
}
