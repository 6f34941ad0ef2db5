/*
 * Docs: the column of the field tables that no release binary has. For
 * tools/gen.c alone, after the headers of the tables.
 */
#ifndef GEN_DOCS_H
#define GEN_DOCS_H


#define VALUES(name)
#define V(name, id, text)
#define VALUES_END(name)
#define TABLE(name, doc) static const char *const name##_docs[] = { doc,
#define F(name, type, member, key, groups, flags, min, max, doc) doc,
#define E(name, values, member, key, groups, flags, doc) doc,
#define O(name, table, member, key, groups, flags, doc) doc,
#define L(name, table, member, key, groups, flags, max, doc) doc,
#define R(name, table, member, key, groups, flags, doc) doc,
#define END(name) };
#include "pod.def"
#include "areas.def"
#include "server.def"
#include "status.def"
#include "extend.def"
#undef TABLE
#undef F
#undef E
#undef O
#undef L
#undef R
#undef END
#define TABLE(name, doc)
#define F(name, type, member, key, groups, flags, min, max, doc)
#define E(name, values, member, key, groups, flags, doc)
#define O(name, table, member, key, groups, flags, doc)
#define L(name, table, member, key, groups, flags, max, doc)
#define R(name, table, member, key, groups, flags, doc)
#define END(name) { &name##_schema, name##_docs },
struct table_doc {
	const struct schema *table;
	const char *const *doc;		/* the table's, then one a row */
};
static const struct table_doc docs[] = {
#include "pod.def"
#include "areas.def"
#include "server.def"
#include "status.def"
};
static const struct table_doc ext_docs[] = {
#include "extend.def"
};

static const char *const *docs_of(const struct schema *s)
{
	for (size_t i = 0; i < ARRAY_LEN(docs); i++)
		if (docs[i].table == s)
			return docs[i].doc;
	for (size_t i = 0; i < ARRAY_LEN(ext_docs); i++)
		if (ext_docs[i].table == s)
			return ext_docs[i].doc;
	fprintf(stderr, "gen: no docs of table %s\n", s->name);
	exit(1);
}

#endif
