/*
 * Random objects of a field table, for harnesses: bytes of the input decide
 * which rows are there and what they hold. Mostly what the table allows, so
 * that what comes after decoding is reached; not always what rules allow.
 */
#ifndef FUZZ_OBJECT_H
#define FUZZ_OBJECT_H

#include "codec.h"
#include "fuzz.h"

static inline void object_make(struct fuzz_input *in, const struct schema *s,
    uint8_t groups, struct jw *w);

static inline struct str object_word(struct fuzz_input *in,
    const char *const *words, size_t n)
{
	return str_from(words[fuzz_u8(in) % n]);
}

/* Words that mean something in one place or another, or a few raw bytes. */
static inline struct str object_text(struct fuzz_input *in)
{
	static const char long_name[] = "a123456789b123456789c123456789"
	    "d123456789e123456789f123456789gabc";
	static const char *const words[] = {
		"a", "web", "x-1", "app", "A", "MCP_PORT", "POD_NAME",
		"mcp-tmp", "mcp-config", "config.json", "/tmp", "/etc/mcp",
		"mcp.allbeone.io/config", "kubernetes.io/a", "i@sha256:0",
		"10%", "0%", "Local", "Exists", "NoSchedule", "SYS_ADMIN",
		"ALL", "RuntimeDefault", "", "\"\\\n\t", "\xc3\xa4", long_name
	};
	struct str s;
	uint8_t n;

	if (fuzz_u8(in) < 200)
		return object_word(in, words, ARRAY_LEN(words));
	n = fuzz_u8(in) % 16;
	s = (struct str){ (const char *)in->p, n < in->n ? n : in->n };
	in->p += s.n;
	in->n -= s.n;
	return s;
}

/* Few words where others must meet them: names, places. */
static inline struct str object_text_of(struct fuzz_input *in,
    const struct schema_field *f)
{
	static const char *const names[] = {
		"a", "b", "c", "d", "MCP_PORT"
	};
	static const char *const places[] = {
		"/tmp", "/tmp/", "/etc/mcp", "/etc/mcp//", "/a", "/a/b", "/"
	};

	if (!strcmp(f->key, "image"))
		return STR("i:1");
	if (fuzz_u8(in) >= 240)
		return object_text(in);
	if (!strcmp(f->key, "name") || !strcmp(f->key, "envVar"))
		return object_word(in, names, ARRAY_LEN(names));
	if (!strcmp(f->key, "mountPath") || !strcmp(f->key, "path"))
		return object_word(in, places, ARRAY_LEN(places));
	return object_text(in);
}

static inline int64_t object_number(struct fuzz_input *in,
    const struct schema_field *f)
{
	static const int64_t few[] = { 0, 1, 2, 80, 8080, 65535 };
	uint8_t c = fuzz_u8(in);
	int64_t v = few[c % ARRAY_LEN(few)];

	if (c >= 250)
		return (int32_t)fuzz_u32(in);
	if (f->min == 0 && f->max == 0)
		return v;
	return v < f->min ? f->min : v > f->max ? f->max : v;
}

static inline struct str object_quantity(struct fuzz_input *in)
{
	static const char *const some[] = {
		"1", "100m", "64Mi", "1.5", "0", "2e3", "1000m", "-1"
	};

	return str_from(some[fuzz_u8(in) % ARRAY_LEN(some)]);
}

static inline void object_map(struct fuzz_input *in, bool quantities,
    struct jw *w)
{
	static const char *const keys[] = {
		"a", "b", "cpu", "memory", "app", "team", "config.json",
		"mcp.allbeone.io/config", "app.kubernetes.io/name"
	};
	uint32_t bits = fuzz_u32(in);

	jw_open(w);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (bits >> i & 1) {
			jw_key(w, str_from(keys[i]));
			jw_str(w, quantities ? object_quantity(in) :
			    object_text(in));
		}
	jw_close(w);
}

static inline void object_list(struct fuzz_input *in,
    const struct schema_field *f, uint8_t groups, struct jw *w)
{
	uint32_t n = fuzz_u8(in) % 4;

	jw_open_list(w);
	for (uint32_t i = 0; i < n; i++)
		if (f->type == FIELD_LIST)
			object_make(in, f->of.table, groups, w);
		else if (f->type == FIELD_STRS)
			jw_str(w, object_text(in));
		else
			jw_i64(w, object_number(in, f));
	jw_close_list(w);
}

static inline void object_raw(struct fuzz_input *in,
    const struct schema_field *f, uint8_t groups, struct jw *w)
{
	if (f->type == FIELD_RAW_OBJ && f->of.table)
		object_make(in, f->of.table, groups, w);
	else if (f->type == FIELD_RAW_LIST)
		jw_raw(w, fuzz_u8(in) & 1 ? STR("[{\"a\" : [1]}]") :
		    STR("[]"));
	else
		jw_raw(w, fuzz_u8(in) & 1 ? STR("{\"a\": {\"b\":null}}") :
		    STR("{}"));
}

static inline void object_value(struct fuzz_input *in,
    const struct schema_field *f, uint8_t groups, struct jw *w)
{
	switch ((enum field_type)f->type) {
	case FIELD_BOOL:
		jw_bool(w, fuzz_u8(in) & 1);
		break;
	case FIELD_I32:
	case FIELD_I64:
		jw_i64(w, object_number(in, f));
		break;
	case FIELD_INT_OR_STR:
		if (fuzz_u8(in) & 1)
			jw_str(w, object_text(in));
		else
			jw_i64(w, object_number(in, f));
		break;
	case FIELD_QUANTITY:
		jw_str(w, object_quantity(in));
		break;
	case FIELD_DURATION:
		jw_str(w, STR("1m30s"));
		break;
	case FIELD_TIME:
	case FIELD_TIME_MICRO:
		jw_str(w, STR("2026-11-21T07:06:59Z"));
		break;
	case FIELD_STRS:
	case FIELD_INTS:
	case FIELD_LIST:
		object_list(in, f, groups, w);
		break;
	case FIELD_MAP:
	case FIELD_QUANTITIES:
		object_map(in, f->type == FIELD_QUANTITIES, w);
		break;
	case FIELD_RAW:
	case FIELD_RAW_OBJ:
	case FIELD_RAW_LIST:
		object_raw(in, f, groups, w);
		break;
	case FIELD_ENUM:
		jw_str(w, str_from(schema_word(f->of.words,
		    fuzz_below(in, f->of.words->n))));
		break;
	case FIELD_OBJ:
		object_make(in, f->of.table, groups, w);
		break;
	default:
		jw_str(w, object_text_of(in, f));
	}
}

static inline void object_make(struct fuzz_input *in, const struct schema *s,
    uint8_t groups, struct jw *w)
{
	uint8_t bar = fuzz_u8(in) | 0xc0;

	jw_open(w);
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_field *f = &s->row[i];

		if (f->type == FIELD_SELF || !(f->groups & groups))
			continue;
		/* An input at its end gives zeros: then nothing is there. */
		if (!(f->flags & FIELD_REQ) && fuzz_u8(in) < bar)
			continue;
		jw_key(w, str_from(f->key));
		object_value(in, f, groups, w);
	}
	jw_close(w);
}

#endif
