/*
 * The tables themselves, for one .c file of the room that owns SCHEMA_DEF;
 * see schema.h.
 */

#define VALUES(name) static const char *const name##_text[] = {
#define V(name, id, text) text,
#define VALUES_END(name) }; \
	const struct schema_words name##_words = { \
		name##_text, ARRAY_LEN(name##_text) \
	};
#define SCHEMA_ROW(name, type, member, key, of, groups, flags, min, max) \
	{ key, of, min, max, offsetof(struct name, member), FIELD_##type, \
	  groups, flags },
#define TABLE(name, doc) static const struct schema_field name##_row[] = {
#define F(name, type, member, key, groups, flags, min, max, doc) \
	SCHEMA_ROW(name, type, member, key, { NULL }, groups, flags, min, max)
#define E(name, values, member, key, groups, flags, doc) \
	SCHEMA_ROW(name, ENUM, member, key, { .words = &values##_words }, \
	    groups, flags, 0, 0)
#define O(name, sub, member, key, groups, flags, doc) \
	SCHEMA_ROW(name, OBJ, member, key, { .table = &sub##_schema }, \
	    groups, flags, 0, 0)
#define L(name, sub, member, key, groups, flags, max, doc) \
	SCHEMA_ROW(name, LIST, member, key, { .table = &sub##_schema }, \
	    groups, flags, 0, max)
#define R(name, sub, member, key, groups, flags, doc) \
	SCHEMA_ROW(name, RAW_OBJ, member, key, { .table = &sub##_schema }, \
	    groups, flags, 0, 0)
#define END(name) }; \
	const struct schema name##_schema = { \
		#name, name##_row, ARRAY_LEN(name##_row), \
		sizeof(struct name) \
	};
#include SCHEMA_DEF
#undef VALUES
#undef V
#undef VALUES_END
#undef SCHEMA_ROW
#undef TABLE
#undef F
#undef E
#undef O
#undef L
#undef R
#undef END
#undef SCHEMA_DEF
