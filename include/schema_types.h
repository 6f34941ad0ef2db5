/*
 * The C types of the tables in SCHEMA_DEF; see schema.h. Meant to be
 * included many times, with SCHEMA_DEF defined before each.
 */

#define FIELD_C_STR struct str
#define FIELD_C_BOOL bool
#define FIELD_C_I32 int32_t
#define FIELD_C_I64 int64_t
#define FIELD_C_INT_OR_STR struct int_or_str
#define FIELD_C_QUANTITY struct str
#define FIELD_C_DURATION int64_t
#define FIELD_C_TIME int64_t
#define FIELD_C_TIME_MICRO int64_t
#define FIELD_C_STRS struct strs
#define FIELD_C_INTS struct ints
#define FIELD_C_MAP struct pairs
#define FIELD_C_QUANTITIES struct pairs
#define FIELD_C_RAW struct str
#define FIELD_C_RAW_OBJ struct str
#define FIELD_C_RAW_LIST struct str
#define FIELD_C_SELF struct str

/* Words and presence bits. */
#define VALUES(name) enum name {
#define V(name, id, text) id,
#define VALUES_END(name) }; \
	_Static_assert(sizeof(enum name) == sizeof(int), "stored as int"); \
	extern const struct schema_words name##_words;
#define TABLE(name, doc) enum name##_rows {
#define F(name, type, member, key, groups, flags, min, max, doc) \
	name##_AT_##member,
#define E(name, values, member, key, groups, flags, doc) name##_AT_##member,
#define O(name, table, member, key, groups, flags, doc) name##_AT_##member,
#define L(name, table, member, key, groups, flags, max, doc) \
	name##_AT_##member,
#define R(name, table, member, key, groups, flags, doc) name##_AT_##member,
#define END(name) name##_ROWS }; \
	_Static_assert((int)name##_ROWS <= 64, "one bit a row");
#include SCHEMA_DEF
#undef VALUES
#undef V
#undef VALUES_END
#undef TABLE
#undef F
#undef E
#undef O
#undef L
#undef R
#undef END

/* Structs. */
#define VALUES(name)
#define V(name, id, text)
#define VALUES_END(name)
#define TABLE(name, doc) struct name { \
	uint64_t has;
#define F(name, type, member, key, groups, flags, min, max, doc) \
	FIELD_C_##type member;
#define E(name, values, member, key, groups, flags, doc) \
	enum values member;
#define O(name, table, member, key, groups, flags, doc) \
	struct table member;
#define L(name, table, member, key, groups, flags, max, doc) \
	struct table##_list member;
#define R(name, table, member, key, groups, flags, doc) \
	struct str member;
#define END(name) }; \
	struct name##_list { struct name *p; uint32_t n; }; \
	extern const struct schema name##_schema;
#include SCHEMA_DEF
#undef VALUES
#undef V
#undef VALUES_END
#undef TABLE
#undef F
#undef E
#undef O
#undef L
#undef R
#undef END

#undef SCHEMA_DEF
