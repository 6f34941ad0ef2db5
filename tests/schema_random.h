/*
 * Random objects of any field table, for round trips: whatever is made here
 * decodes without a complaint. Rules of a mode are not heeded.
 */
#ifndef SCHEMA_RANDOM_H
#define SCHEMA_RANDOM_H

#include <string.h>

#include "codec.h"

static inline struct str random_pick(struct rng *r, const char *const *of,
    size_t n)
{
	return str_from(of[rng_below(r, n)]);
}

/* Text of min..max bytes, with what needs escaping in it. */
static inline struct str random_text(struct rng *r, struct arena *a,
    int64_t min, int64_t max)
{
	static const char *const parts[] = {
		"a", "B", "0", "-", ".", "/", "\"", "\\", "\n", "\t", " ",
		"\x01", "\x7f", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80", "\xe2\x80\xa8"
	};
	int64_t most = max && max < min + 12 ? max : min + 12;
	int64_t want = min + (int64_t)rng_below(r, (uint64_t)(most - min + 1));
	char mem[64];
	struct buf b;

	CHECK(most <= (int64_t)sizeof(mem));
	buf_init(&b, mem, sizeof(mem));
	while ((int64_t)b.n < want) {
		struct str part = random_pick(r, parts, ARRAY_LEN(parts));

		if ((int64_t)(b.n + part.n) > most)
			part = STR("x");
		buf_str(&b, part);
	}
	return arena_str(a, buf_view(&b));
}

static inline int64_t random_int(struct rng *r, int64_t min, int64_t max)
{
	if (rng_below(r, 4) == 0)
		return rng_below(r, 2) ? min : max;
	return min + (int64_t)rng_below(r, (uint64_t)(max - min) + 1);
}

static inline struct str random_quantity(struct rng *r)
{
	static const char *const q[] = {
		"0", "1", "100m", "1.5Gi", "2e3", "128974", "64Mi", "0.5"
	};

	return random_pick(r, q, ARRAY_LEN(q));
}

static inline struct str random_raw(struct rng *r, enum field_type type)
{
	static const char *const any[] = {
		"{}", "{\"a\":[1,2.50,null],\"b\":{\"c\":\"\\u00e9\"}}",
		"[]", "[{\"x\":1},{}]", "1", "\"s\"", "true"
	};

	if (type == FIELD_RAW_OBJ)
		return random_pick(r, any, 2);
	if (type == FIELD_RAW_LIST)
		return random_pick(r, any + 2, 2);
	return random_pick(r, any, ARRAY_LEN(any));
}

static inline uint32_t random_count(struct rng *r, int64_t max)
{
	return (uint32_t)rng_below(r, max && max < 3 ? (uint64_t)max + 1 : 4);
}

static inline void random_list_put(char *to, void *p, uint32_t n)
{
	memcpy(to, &p, sizeof(p));
	memcpy(to + offsetof(struct strs, n), &n, sizeof(n));
}

static inline void random_items(const struct schema_field *f, struct rng *r,
    struct arena *a, char *to)
{
	uint32_t n = random_count(r, f->max);
	bool text = f->type == FIELD_STRS;
	void *p = arena_alloc_array(a, n, text ? sizeof(struct str) :
	    sizeof(int64_t), _Alignof(int64_t));

	CHECK(p);
	for (uint32_t i = 0; i < n; i++) {
		if (text)
			((struct str *)p)[i] = random_text(r, a, 0, 0);
		else
			((int64_t *)p)[i] = random_int(r, -5, 70000);
	}
	random_list_put(to, p, n);
}

static inline void random_pairs(const struct schema_field *f, struct rng *r,
    struct arena *a, char *to)
{
	uint32_t n = random_count(r, f->max);
	struct pair *p = arena_array(a, struct pair, n);
	char mem[16];
	struct buf b;

	CHECK(p);
	for (uint32_t i = 0; i < n; i++) {
		buf_init(&b, mem, sizeof(mem));
		buf_fmt(&b, "k\"%u", (unsigned)i);
		p[i].key = arena_str(a, buf_view(&b));
		p[i].value = f->type == FIELD_MAP &&
		    !(f->flags & FIELD_SHORT) ?
		    random_text(r, a, 0, 0) : random_quantity(r);
	}
	random_list_put(to, p, n);
}

static inline void random_scalar(const struct schema_field *f, struct rng *r,
    struct arena *a, void *to)
{
	bool bounded = f->min || f->max;
	struct int_or_str ios = { true, 0, STR_NONE };
	int64_t v;
	int word;

	switch (f->type) {
	case FIELD_STR:
		*(struct str *)to = random_text(r, a, f->min, f->max);
		break;
	case FIELD_QUANTITY:
		*(struct str *)to = random_quantity(r);
		break;
	case FIELD_BOOL:
		*(bool *)to = rng_below(r, 2);
		break;
	case FIELD_I32:
		*(int32_t *)to = (int32_t)(bounded ?
		    random_int(r, f->min, f->max) :
		    random_int(r, INT32_MIN, INT32_MAX));
		break;
	case FIELD_I64:
		v = bounded ? random_int(r, f->min, f->max) :
		    random_int(r, INT64_MIN / 4, INT64_MAX / 4);
		*(int64_t *)to = v;
		break;
	case FIELD_INT_OR_STR:
		if (rng_below(r, 2)) {
			ios.is_int = false;
			ios.s = random_text(r, a, 0, 0);
		} else {
			ios.i = (int32_t)random_int(r, f->min, bounded ?
			    f->max : 1000);
		}
		*(struct int_or_str *)to = ios;
		break;
	case FIELD_ENUM:
		word = (int)rng_below(r, f->of.words->n);
		memcpy(to, &word, sizeof(word));
		break;
	case FIELD_DURATION:
		*(int64_t *)to = random_int(r, 0, INT64_C(1) << 50);
		break;
	default:
		/* 1970 to 2106, whole seconds or microseconds */
		v = random_int(r, 0, UINT32_MAX) * NS_PER_S;
		if (f->type == FIELD_TIME_MICRO)
			v += random_int(r, 0, 999999) * 1000;
		*(int64_t *)to = v;
		break;
	}
}

static inline void schema_random(const struct schema *s, uint8_t groups,
    struct rng *r, struct arena *a, void *o);

static inline void random_row(const struct schema_field *f, uint8_t groups,
    struct rng *r, struct arena *a, char *to)
{
	uint32_t n;
	char *p;
	struct str raw;

	switch (f->type) {
	case FIELD_OBJ:
		schema_random(f->of.table, groups, r, a, to);
		break;
	case FIELD_LIST:
		n = random_count(r, f->max);
		p = arena_alloc_array(a, n, f->of.table->size,
		    _Alignof(int64_t));
		CHECK(p);
		for (uint32_t i = 0; i < n; i++)
			schema_random(f->of.table, groups, r, a,
			    p + i * f->of.table->size);
		random_list_put(to, p, n);
		break;
	case FIELD_STRS:
	case FIELD_INTS:
		random_items(f, r, a, to);
		break;
	case FIELD_MAP:
	case FIELD_QUANTITIES:
		random_pairs(f, r, a, to);
		break;
	case FIELD_RAW:
	case FIELD_RAW_OBJ:
	case FIELD_RAW_LIST:
		raw = random_raw(r, (enum field_type)f->type);
		if (f->type == FIELD_RAW_OBJ && f->of.table) {
			struct buf b;
			struct jw w;

			p = arena_alloc(a, f->of.table->size,
			    _Alignof(int64_t));
			CHECK(p);
			schema_random(f->of.table, groups, r, a, p);
			b = arena_buf(a);
			jw_init(&w, &b);
			schema_encode(f->of.table, groups, p, &w);
			raw = arena_keep(a, &b);
		}
		memcpy(to, &raw, sizeof(raw));
		break;
	default:
		random_scalar(f, r, a, to);
		break;
	}
}

/* Half of what may be absent is. *o is zeroed first. */
static inline void schema_random(const struct schema *s, uint8_t groups,
    struct rng *r, struct arena *a, void *o)
{
	uint64_t has = 0;

	memset(o, 0, s->size);
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_field *f = &s->row[i];

		if (!(f->groups & groups) || f->type == FIELD_SELF ||
		    (!(f->flags & FIELD_REQ) && rng_below(r, 2)))
			continue;
		random_row(f, groups, r, a, (char *)o + f->offset);
		has |= UINT64_C(1) << i;
	}
	memcpy(o, &has, sizeof(has));
}

#endif
