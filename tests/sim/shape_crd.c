#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "shape.h"

/* Structural schemas of CRDs (apiextensions.k8s.io/v1). */

static const struct shape *make(struct tree *t, const struct node *schema);

static void take_list(struct tree *t, struct shape *s,
    const struct node *schema)
{
	struct str kind = node_text(schema, "x-kubernetes-list-type");
	const struct node *keys = node_get(schema,
	    "x-kubernetes-list-map-keys");
	const struct node *items = node_get(schema, "items");

	s->type = SHAPE_LIST;
	s->item = items ? make(t, items) : &shape_any;
	s->set = str_is(kind, "set");
	s->atomic = !s->set && !str_is(kind, "map");
	for (uint32_t i = 0; keys && i < keys->n; i++) {
		CHECK(s->keys < SHAPE_KEYS);
		s->key[s->keys++] = keys->item[i]->text;
	}
}

static void take_object(struct tree *t, struct shape *s,
    const struct node *schema)
{
	const struct node *all = node_get(schema, "properties");
	const struct node *more = node_get(schema, "additionalProperties");

	s->type = more && !all ? SHAPE_MAP : SHAPE_STRUCT;
	s->atomic = str_is(node_text(schema, "x-kubernetes-map-type"),
	    "atomic");
	if (node_is(more, NODE_OBJECT))
		s->item = make(t, more);
	else if (node_is(more, NODE_BOOL) && more->boolean)
		s->item = &shape_any;
	if (!all && !more && s->preserve)
		s->type = SHAPE_ANY;
	if (!all)
		return;
	s->field = tree_alloc(t, all->n * sizeof(*s->field));
	for (uint32_t i = 0; i < all->n; i++)
		s->field[s->n++] = (struct shape_field){
			.name = all->member[i].key,
			.shape = make(t, all->member[i].value),
			.value = node_get(all->member[i].value, "default"),
		};
}

static const struct shape *make(struct tree *t, const struct node *schema)
{
	struct shape *s = tree_alloc(t, sizeof(*s));
	struct str type = node_text(schema, "type");

	*s = (struct shape){ .type = SHAPE_ANY, .schema = schema };
	s->preserve = node_true(schema,
	    "x-kubernetes-preserve-unknown-fields");
	s->nullable = node_true(schema, "nullable");
	if (node_true(schema, "x-kubernetes-int-or-string"))
		s->type = SHAPE_INTSTR;
	else if (str_is(type, "object"))
		take_object(t, s, schema);
	else if (str_is(type, "array"))
		take_list(t, s, schema);
	else if (str_is(type, "string"))
		s->type = SHAPE_STRING;
	else if (str_is(type, "integer"))
		s->type = SHAPE_INT;
	else if (str_is(type, "number"))
		s->type = SHAPE_NUMBER;
	else if (str_is(type, "boolean"))
		s->type = SHAPE_BOOL;
	return s;
}

const struct shape *shape_crd(struct tree *t, const struct node *crd)
{
	const struct node *schema = node_path(crd,
	    "spec.versions.0.schema.openAPIV3Schema");
	const struct shape *s;

	CHECK(schema);
	s = make(t, schema);
	for (uint32_t i = 0; i < s->n; i++)
		if (str_is(s->field[i].name, "metadata"))
			s->field[i].shape = shape_builtin("ObjectMeta");
	return s;
}

/* The next of a file's documents; NULL: there is none left. */
static struct node *document(struct tree *t, const char *path,
    struct str *in, char *scratch, struct buf *out)
{
	struct arena a;
	struct diag d;
	struct node *v;
	int err;

	diag_clear(&d);
	arena_init(&a, scratch, YAML_SCRATCH_MAX);
	out->n = 0;
	err = yaml_to_json(in, &a, out, &d);
	if (err == ERR_NOENT)
		return NULL;
	if (err) {
		fprintf(stderr, "%s: %s\n", path, d.text);
		exit(1);
	}
	v = node_parse(t, buf_view(out), NULL);
	CHECK(v);
	(void)arena_buf(&a);
	return v;
}

struct node *shape_crd_file(struct tree *t, const char *path,
    const char *name)
{
	enum { OUT = 1 << 20 };
	char *scratch = malloc(YAML_SCRATCH_MAX), *json = malloc(OUT);
	struct str in = shape_file(t, path);
	struct node *v;
	struct buf out;

	CHECK(scratch && json);
	buf_init(&out, json, OUT);
	do
		v = document(t, path, &in, scratch, &out);
	while (v && !str_is(node_text(v, "metadata.name"), name));
	CHECK(v);
	free(scratch);
	free(json);
	return v;
}
