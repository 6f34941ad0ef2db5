#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shape.h"

/* Reader of shapes.txt. */

enum { TYPES_MAX = 256, FIELDS_MAX = 64 };

static struct tree memory;
static struct shape *types;
static uint32_t types_n;

static const struct {
	const char *name;
	struct shape shape;
} scalars[] = {
	{ "string", { .type = SHAPE_STRING, .builtin = true } },
	{ "int", { .type = SHAPE_INT, .builtin = true } },
	{ "number", { .type = SHAPE_NUMBER, .builtin = true } },
	{ "bool", { .type = SHAPE_BOOL, .builtin = true } },
	{ "intstr", { .type = SHAPE_INTSTR, .builtin = true } },
	{ "quantity", { .type = SHAPE_QUANTITY, .builtin = true } },
	{ "time", { .type = SHAPE_TIME, .builtin = true } },
};

const struct shape shape_any = { .type = SHAPE_ANY, .preserve = true };

static struct shape *type_find(struct str name)
{
	for (uint32_t i = 0; i < types_n; i++)
		if (str_eq(types[i].name, name))
			return &types[i];
	return NULL;
}

static struct shape *type_add(struct str name)
{
	struct shape *s = type_find(name);

	if (s)
		return s;
	CHECK(types_n < TYPES_MAX);
	s = &types[types_n++];
	*s = (struct shape){
		.type = SHAPE_STRUCT, .name = tree_str(&memory, name),
		.builtin = true };
	return s;
}

static const struct shape *read_type(struct str s, struct str options)
{
	struct shape *to;
	struct str key;

	if (s.p[0] == '[' || s.p[0] == '{') {
		to = tree_alloc(&memory, sizeof(*to));
		*to = (struct shape){ .builtin = true,
			.type = s.p[0] == '[' ? SHAPE_LIST : SHAPE_MAP };
		to->item = read_type(str_sub(s, 1, s.n - 1), STR_NONE);
		to->atomic = str_is(options, "atomic") ||
		    (s.p[0] == '[' && !options.n);
		to->set = str_is(options, "set");
		while (options.n && !to->atomic && !to->set) {
			options = str_cut(options, ',', &key);
			CHECK(to->keys < SHAPE_KEYS);
			to->key[to->keys++] = tree_str(&memory, key);
		}
		return to;
	}
	if (str_is(s, "any"))
		return &shape_any;
	for (size_t i = 0; i < ARRAY_LEN(scalars); i++)
		if (str_is(s, scalars[i].name))
			return &scalars[i].shape;
	return type_add(s);
}

static void read_field(struct shape *owner, struct str line)
{
	struct shape_field *f = &owner->field[owner->n++];
	struct str name, type, options, value = STR_NONE;
	size_t at = str_search(line, STR(" ="));

	CHECK(owner->n <= FIELDS_MAX);
	if (at < line.n) {
		value = str_sub(line, at + 2, line.n);
		line = str_sub(line, 0, at);
	}
	line = str_cut(line, ' ', &name);
	options = str_cut(line, ' ', &type);
	*f = (struct shape_field){ .shape = read_type(type, options) };
	f->always = name.p[name.n - 1] == '!';
	name.n -= f->always;
	f->pointer = name.p[name.n - 1] == '*';
	name.n -= f->pointer;
	f->name = tree_str(&memory, name);
	if (value.n) {
		f->value = node_parse(&memory, value, NULL);
		CHECK(f->value);
	}
}

struct str shape_file(struct tree *t, const char *path)
{
	struct text text = { 0 };
	char block[8192];
	FILE *f = fopen(path, "r");
	struct str all;
	size_t n;

	if (!f) {
		fprintf(stderr, "%s: cannot be read; the working directory "
		    "must be the repository\n", path);
		exit(1);
	}
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		text_add(&text, block, n);
	fclose(f);
	all = tree_str(t, text_view(&text));
	text_free(&text);
	return all;
}

static int field_order(const void *a, const void *b)
{
	const struct shape_field *x = a, *y = b;

	return strcmp(x->name.p, y->name.p);
}

static void load(void)
{
	struct str rest, line, name;
	struct shape *at = NULL;

	types = tree_alloc(&memory, TYPES_MAX * sizeof(*types));
	rest = shape_file(&memory, "tests/sim/shapes.txt");
	while (rest.n) {
		rest = str_cut(rest, '\n', &line);
		if (!line.n || line.p[0] == '#')
			continue;
		if (line.p[0] == '\t') {
			CHECK(at);
			read_field(at, str_sub(line, 1, line.n));
			continue;
		}
		line = str_cut(line, ' ', &name);
		at = type_add(name);
		at->atomic = str_is(line, "atomic");
		at->field = tree_alloc(&memory,
		    FIELDS_MAX * sizeof(*at->field));
	}
	for (uint32_t i = 0; i < types_n; i++) {
		CHECK(types[i].n);
		qsort(types[i].field, types[i].n, sizeof(*types[i].field),
		    field_order);
	}
}

const struct shape *shape_builtin(const char *name)
{
	const struct shape *s;

	if (!types)
		load();
	s = type_find(str_from(name));
	CHECK(s);
	return s;
}

const struct shape_field *shape_field(const struct shape *s, struct str name)
{
	uint32_t low = 0, high = s->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int c = key_order(s->field[mid].name, name);

		if (!c)
			return &s->field[mid];
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const struct shape *shape_member(const struct shape *s, struct str name)
{
	const struct shape_field *f;

	if (s->type == SHAPE_ANY)
		return &shape_any;
	if (s->type == SHAPE_MAP)
		return s->item;
	if (s->type != SHAPE_STRUCT)
		return NULL;
	f = shape_field(s, name);
	if (f)
		return f->shape;
	return s->item ? s->item : s->preserve ? &shape_any : NULL;
}

const struct shape *shape_item(const struct shape *s)
{
	return s->type == SHAPE_LIST && s->item ? s->item : &shape_any;
}
