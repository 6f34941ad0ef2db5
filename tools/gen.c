/*
 * usage: gen FOLDER
 *
 * Writes what is generated from the field tables below FOLDER: the CRDs
 * (crds/), the reference (docs/reference.md) and the fuzz dictionary of an
 * MCPServer (fuzz/dict/server.dict).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "extend.h"
#include "model.h"

#include "gen_crds.h"
#include "gen_docs.h"

/* ---- output ---- */

static FILE *out;
static int indent;

static void line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void line(const char *fmt, ...)
{
	va_list ap;

	fprintf(out, "%*s", indent, "");
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fputc('\n', out);
}

/* key: "text", the text as a YAML double-quoted scalar. */
static void quoted(const char *key, const char *text)
{
	fprintf(out, "%*s%s: \"", indent, "", key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputs("\"\n", out);
}

static void file_open(const char *folder, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	for (char *p = strchr(path + strlen(folder) + 1, '/'); p;
	    p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0777) && errno != EEXIST)
			perror(path);
		*p = '/';
	}
	out = fopen(path, "w");
	if (!out) {
		perror(path);
		exit(1);
	}
	indent = 0;
}

static void file_close(void)
{
	if (fclose(out)) {
		perror("gen");
		exit(1);
	}
}

/* ---- OpenAPI schemas ---- */

static const struct schema_rule *rule(const struct schema *s, size_t row,
    enum group g, enum schema_what what)
{
	return schema_rule_find(group_mode(g), s, row, what);
}

/* The groups where what is not given gets a default, and is never missing. */
static unsigned defaulted(const struct schema *s, size_t row)
{
	unsigned groups = 0;

	for (int g = 0; g < GROUPS; g++)
		if (rule(s, row, (enum group)g, RULE_DEFAULT))
			groups |= 1u << g;
	return groups;
}

static bool required(const struct schema *s, size_t row, enum group g)
{
	return !(defaulted(s, row) >> g & 1) &&
	    (s->row[row].flags & FIELD_REQ ||
	    rule(s, row, g, RULE_REQ) != NULL);
}

static bool in_group(const struct schema_field *f, enum group g)
{
	return f->groups >> g & 1 && f->type != FIELD_SELF;
}

static void bounds(const struct schema *s, size_t row, enum group g,
    int64_t *ret_min, int64_t *ret_max)
{
	const struct schema_rule *r = rule(s, row, g, RULE_BOUNDS);

	*ret_min = r ? r->min : s->row[row].min;
	*ret_max = r ? r->max : s->row[row].max;
}

static void validations(const struct place *at, size_t n, enum group g)
{
	bool first = true;

	for (size_t i = 0; i < n * ARRAY_LEN(cels); i++) {
		const struct cel *c = &cels[i % ARRAY_LEN(cels)];

		if (!is_about(c, &at[i / ARRAY_LEN(cels)], g))
			continue;
		if (first)
			line("x-kubernetes-validations:");
		first = false;
		quoted("- rule", c->rule);
		quoted("  message", c->message);
		if (c->told != NULL)
			quoted("  messageExpression", c->told);
	}
}

static void text_of(const struct schema *s, size_t row, enum group g)
{
	const struct place at = { s, (int)row, true };
	int max = text_max(s, row);

	line("type: string");
	if (max)
		line("maxLength: %d", max);
	validations(&at, 1, g);
}

/* What a quantity looks like: a number and a suffix or an exponent. */
#define QUANTITY_PATTERN "^[+-]?([0-9]+\\\\.?[0-9]*|\\\\.[0-9]+)" \
	"([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"

static void number_bounds(int64_t min, int64_t max)
{
	if (!min && !max)
		return;
	line("minimum: %lld", (long long)min);
	if (max)
		line("maximum: %lld", (long long)max);
}

/* Bounds are for numbers: a text is not held against them. */
static void int_or_string(int64_t min, int64_t max)
{
	line("anyOf:");
	line("- type: integer");
	line("- type: string");
	number_bounds(min, max);
	line("x-kubernetes-int-or-string: true");
}

/*
 * Core resources take "cpu: 0.5" without quotes, which int-or-string
 * refuses, and a schema has no number-or-string: any scalar, then. What a
 * boolean would mean is left to server_check.
 */
static void any_quantity(void)
{
	line("pattern: \"%s\"", QUANTITY_PATTERN);
	line("maxProperties: 0");
	line("maxItems: 0");
	line("x-kubernetes-preserve-unknown-fields: true");
}

static void whole_number(int64_t min, int64_t max, const char *format)
{
	line("type: integer");
	line("format: %s", format);
	number_bounds(min, max);
}

static void text(int64_t min, int64_t max)
{
	line("type: string");
	if (min)
		line("minLength: %lld", (long long)min);
	if (max)
		line("maxLength: %lld", (long long)max);
}

/*
 * The length says nothing new, but Kubernetes 1.27 reckons what a CEL rule may
 * cost without looking at the words.
 */
static void words(const struct schema *s, size_t row, enum group g)
{
	const struct schema_words *w = s->row[row].of.words;
	const struct schema_rule *r = rule(s, row, g, RULE_WORDS);
	size_t longest = 0;

	line("type: string");
	for (uint32_t i = 0; i < w->n; i++)
		if (strlen(w->text[i]) > longest)
			longest = strlen(w->text[i]);
	line("maxLength: %zu", longest);
	line("enum:");
	for (uint32_t i = 0; i < w->n; i++)
		if (!r || r->min >> i & 1)
			line("- \"%s\"", w->text[i]);
}

static void map(const struct schema *s, size_t row, enum group g, int64_t max)
{
	line("type: object");
	if (max)
		line("maxProperties: %lld", (long long)max);
	line("additionalProperties:");
	indent += 2;
	if (s->row[row].type == FIELD_QUANTITIES)
		any_quantity();
	else
		text_of(s, row, g);
	indent -= 2;
}

static void list_head(int64_t max)
{
	line("type: array");
	if (max)
		line("maxItems: %lld", (long long)max);
	line("items:");
}

static void object(const struct schema *s, const struct place *at,
    enum group g);

static void list(const struct schema *s, size_t row, enum group g,
    int64_t max)
{
	const struct schema_field *f = &s->row[row];

	if (f->flags & (FIELD_BY_TYPE | FIELD_BY_NAME)) {
		line("x-kubernetes-list-type: map");
		line("x-kubernetes-list-map-keys:");
		line("- %s", f->flags & FIELD_BY_TYPE ? "type" : "name");
	}
	list_head(max);
	indent += 2;
	object(f->of.table, NULL, g);
	indent -= 2;
}

static void raw(const struct schema_field *f)
{
	if (f->type == FIELD_RAW_LIST) {
		line("type: array");
		line("items:");
		line("  type: object");
		line("  x-kubernetes-preserve-unknown-fields: true");
	} else {
		if (f->type == FIELD_RAW_OBJ)
			line("type: object");
		line("x-kubernetes-preserve-unknown-fields: true");
	}
}

static bool is_object(const struct schema_field *f)
{
	return f->type == FIELD_OBJ ||
	    (f->type == FIELD_RAW_OBJ && f->of.table);
}

static void items_of(const struct schema *s, size_t row, enum group g,
    int64_t max)
{
	list_head(max);
	indent += 2;
	if (s->row[row].type == FIELD_INTS)
		line("type: integer");
	else
		text_of(s, row, g);
	indent -= 2;
}

static void value(const struct schema *s, size_t row, enum group g)
{
	const struct schema_field *f = &s->row[row];
	int64_t min, max;

	bounds(s, row, g, &min, &max);
	switch (f->type) {
	case FIELD_STR:
		text(min, max);
		break;
	case FIELD_BOOL:
		line("type: boolean");
		break;
	case FIELD_I32:
	case FIELD_I64:
		whole_number(min, max,
		    f->type == FIELD_I32 ? "int32" : "int64");
		break;
	case FIELD_INT_OR_STR:
		int_or_string(min, max);
		break;
	case FIELD_QUANTITY:
		any_quantity();
		break;
	case FIELD_DURATION:
		line("type: string");
		line("format: duration");
		break;
	case FIELD_TIME:
	case FIELD_TIME_MICRO:
		line("type: string");
		line("format: date-time");
		break;
	case FIELD_ENUM:
		words(s, row, g);
		break;
	case FIELD_STRS:
	case FIELD_INTS:
		items_of(s, row, g, max);
		break;
	case FIELD_MAP:
	case FIELD_QUANTITIES:
		map(s, row, g, max);
		break;
	case FIELD_LIST:
		list(s, row, g, max);
		break;
	case FIELD_RAW:
	case FIELD_RAW_OBJ:
	case FIELD_RAW_LIST:
		raw(f);
		break;
	default:
		line("type: string");
		break;
	}
}

/* kubectl explain shows no defaults: the description says them. */
static void description(const struct schema *s, size_t row, enum group g)
{
	const struct schema_rule *def = rule(s, row, g, RULE_DEFAULT);
	char said[1024];

	if (!def)
		def = rule(s, row, g, RULE_DEFAULT_HIDDEN);
	snprintf(said, sizeof(said), "%s%s%s%s%s", docs_of(s)[row + 1],
	    def ? " Default: " : "", def ? def->text : "", def ? "." : "",
	    s->row[row].flags & FIELD_LATER ? " Not acted on yet." : "");
	quoted("description", said);
}

static void property(const struct schema *s, size_t row, enum group g)
{
	const struct schema_rule *def = rule(s, row, g, RULE_DEFAULT);
	const struct place at = { s, (int)row, false };

	line("%s:", s->row[row].key);
	indent += 2;
	description(s, row, g);
	if (is_object(&s->row[row]))
		object(s->row[row].of.table, &at, g);
	else
		value(s, row, g);
	if (def)
		line("default: %s", def->text);
	if (!is_object(&s->row[row]))
		validations(&at, 1, g);
	indent -= 2;
}

/* at: the row that it is of, which may have rules as well, or NULL. */
static void object(const struct schema *s, const struct place *at,
    enum group g)
{
	const struct place both[] = {
		{ s, -1, false }, at ? *at : (struct place){ NULL, -1, true }
	};
	bool first = true, open = false;

	line("type: object");
	for (size_t i = 0; i < s->n; i++) {
		open |= s->row[i].type == FIELD_SELF;
		if (!in_group(&s->row[i], g) || !required(s, i, g))
			continue;
		if (first)
			line("required:");
		first = false;
		line("- %s", s->row[i].key);
	}
	if (open)
		line("x-kubernetes-preserve-unknown-fields: true");
	validations(both, ARRAY_LEN(both), g);
	line("properties:");
	indent += 2;
	for (size_t i = 0; i < s->n; i++)
		if (in_group(&s->row[i], g))
			property(s, i, g);
	indent -= 2;
}

/* ---- CRDs ---- */

/* The rule's `stdio` stands for what the group spells it as. */
static void root_validations(enum group g)
{
	const char *stdio = g == GROUP_ALLBEONE ?
	    "(has(self.spec) && (has(self.spec.transport) ? "
	    "self.spec.transport.type == 'stdio' : "
	    "has(self.spec.runtime) && has(self.spec.runtime.type) && "
	    "self.spec.runtime.type == 'stdio'))" :
	    "(has(self.spec.transport) && self.spec.transport == 'stdio')";

	line("x-kubernetes-validations:");
	for (size_t i = 0; i < ARRAY_LEN(cels); i++) {
		const struct cel *c = &cels[i];
		char rule_text[1024];

		if (c->table || !(c->groups >> g & 1))
			continue;
		if (strncmp(c->rule, "stdio", 5))
			snprintf(rule_text, sizeof(rule_text), "%s", c->rule);
		else
			snprintf(rule_text, sizeof(rule_text), "%s%s", stdio,
			    c->rule + 5);
		quoted("- rule", rule_text);
		quoted("  message", c->message);
	}
}

static bool spec_required(enum group g)
{
	for (size_t i = 0; i < server_spec_schema.n; i++)
		if (in_group(&server_spec_schema.row[i], g) &&
		    (server_spec_schema.row[i].flags & FIELD_REQ ||
		    rule(&server_spec_schema, i, g, RULE_REQ)))
			return true;
	return false;
}

static void crd_names(enum group g)
{
	char list_of[256];

	line("names:");
	indent += 2;
	line("kind: %s", group_info(g)->kind);
	line("listKind: %sList", group_info(g)->kind);
	line("plural: %s", group_info(g)->plural);
	line("singular: mcpserver");
	if (*crds[g].short_name)
		line("shortNames: [%s]", crds[g].short_name);
	snprintf(list_of, sizeof(list_of), "%s", crds[g].categories);
	for (char *p = list_of; *p; p++)
		if (*p == ' ')
			*p = ',';
	line("categories: [%s]", list_of);
	indent -= 2;
}

static void crd_columns(enum group g)
{
	line("additionalPrinterColumns:");
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const struct column *c = &columns[i];

		if (!(c->groups >> g & 1))
			continue;
		line("- name: %s", c->name);
		line("  type: %s", c->type);
		quoted("  jsonPath", c->path);
		quoted("  description", c->doc);
		if (c->priority)
			line("  priority: %d", c->priority);
	}
}

static void crd_schema(enum group g)
{
	line("schema:");
	line("  openAPIV3Schema:");
	indent += 4;
	quoted("description", "An MCP (Model Context Protocol) server. It "
	    "becomes a Deployment, a Service unless its transport is stdio, "
	    "and a ConfigMap if it has config.");
	line("type: object");
	if (spec_required(g)) {
		line("required:");
		line("- spec");
	}
	root_validations(g);
	line("properties:");
	indent += 2;
	line("apiVersion:");
	line("  type: string");
	line("kind:");
	line("  type: string");
	line("metadata:");
	line("  type: object");
	line("spec:");
	indent += 2;
	quoted("description", docs_of(&server_spec_schema)[0]);
	object(&server_spec_schema, NULL, g);
	indent -= 2;
	line("status:");
	indent += 2;
	quoted("description", docs_of(&server_status_schema)[0]);
	object(&server_status_schema, NULL, g);
	indent -= 8;
}

static void crd(const char *folder, enum group g)
{
	const struct group_info *info = group_info(g);
	char name[256];

	snprintf(name, sizeof(name), "crds/%s_%s.yaml", info->group,
	    info->plural);
	file_open(folder, name);
	line("# Generated from the field tables: make generate");
	line("apiVersion: apiextensions.k8s.io/v1");
	line("kind: CustomResourceDefinition");
	line("metadata:");
	line("  name: %s.%s", info->plural, info->group);
	line("  labels:");
	line("    app.kubernetes.io/name: mcp-operator");
	line("    app.kubernetes.io/part-of: mcp-operator");
	line("spec:");
	indent += 2;
	line("group: %s", info->group);
	crd_names(g);
	line("scope: Namespaced");
	line("versions:");
	line("- name: %s", info->version);
	indent += 2;
	line("served: true");
	line("storage: true");
	line("subresources:");
	line("  status: {}");
	line("  scale:");
	line("    specReplicasPath: .spec.replicas");
	line("    statusReplicasPath: .status.replicas");
	line("    labelSelectorPath: .status.selector");
	crd_columns(g);
	crd_schema(g);
	file_close();
}

/* ---- reference ---- */

static const char *const type_text[FIELD_TYPES] = {
	[FIELD_STR] = "string", [FIELD_BOOL] = "boolean",
	[FIELD_I32] = "integer", [FIELD_I64] = "integer",
	[FIELD_INT_OR_STR] = "integer or string",
	[FIELD_QUANTITY] = "quantity", [FIELD_DURATION] = "duration",
	[FIELD_TIME] = "time", [FIELD_TIME_MICRO] = "time",
	[FIELD_STRS] = "list of strings", [FIELD_INTS] = "list of integers",
	[FIELD_MAP] = "map of strings",
	[FIELD_QUANTITIES] = "map of quantities", [FIELD_RAW] = "any",
	[FIELD_RAW_OBJ] = "object", [FIELD_RAW_LIST] = "list of objects",
	[FIELD_ENUM] = "word", [FIELD_OBJ] = "object",
	[FIELD_LIST] = "list of objects"
};

static const char *const group_letter[GROUPS] = {
	[GROUP_ALLBEONE] = "A", [GROUP_NTAKATSU] = "N",
	[GROUP_EXAMPLE] = "E", [GROUP_MCPDEV] = "M"
};

static void group_letters(unsigned groups)
{
	if ((groups & 15) == 15) {
		fputs(" all", out);
		return;
	}
	for (int g = 0; g < GROUPS; g++)
		if (groups >> g & 1)
			fprintf(out, " %s", group_letter[g]);
}

/* The rules about a row, each with the groups it is for unless all. */
static void row_rules(const struct schema *s, size_t row)
{
	const struct schema_mode *m = group_mode(GROUP_ALLBEONE);

	for (size_t i = 0; i < m->rules; i++) {
		const struct schema_rule *r = &m->rule[i];
		unsigned groups = r->groups;

		if (r->what == RULE_REQ)
			groups &= ~defaulted(s, row);
		if (r->table != s || r->row != row || !groups)
			continue;
		fputs("; ", out);
		if (r->what == RULE_REQ)
			fputs("required", out);
		else if (r->what == RULE_BOUNDS)
			fprintf(out, "%lld to %lld", (long long)r->min,
			    (long long)r->max);
		else if (r->what != RULE_WORDS)
			fprintf(out, "default `%s`", r->text);
		if ((groups & 15) != 15) {
			fputs(" in", out);
			group_letters(groups);
		}
	}
}

static void row_bounds(const struct schema_field *f)
{
	long long min = f->min, max = f->max;

	switch (f->type) {
	case FIELD_STR:
		if (max)
			fprintf(out, ", %s%lld bytes", min ? "1 to " :
			    "at most ", max);
		break;
	case FIELD_I32:
	case FIELD_I64:
		if (max)
			fprintf(out, ", %lld to %lld", min, max);
		break;
	case FIELD_STRS:
	case FIELD_INTS:
	case FIELD_LIST:
	case FIELD_MAP:
	case FIELD_QUANTITIES:
		if (max)
			fprintf(out, ", at most %lld", max);
		break;
	case FIELD_ENUM:
		for (uint32_t i = 0; i < f->of.words->n; i++)
			fprintf(out, "%s`%s`", i ? ", " : ": ",
			    f->of.words->text[i]);
		break;
	default:
		break;
	}
}

static void reference_rows(const struct schema *s, unsigned within,
    const char *path)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_field *f = &s->row[i];
		char below[512];

		if (f->type == FIELD_SELF || !(f->groups & within))
			continue;
		fprintf(out, "| `%s%s%s` |", path, f->key,
		    f->type == FIELD_LIST ? "[]" : "");
		group_letters(f->groups & within);
		fprintf(out, " | %s", type_text[f->type]);
		row_bounds(f);
		if (f->flags & FIELD_REQ)
			fputs("; required", out);
		row_rules(s, i);
		fprintf(out, " | %s%s |\n", docs_of(s)[i + 1],
		    f->flags & FIELD_LATER ? " Not acted on yet." : "");
		if (f->type != FIELD_OBJ && f->type != FIELD_LIST &&
		    f->type != FIELD_RAW_OBJ)
			continue;
		snprintf(below, sizeof(below), "%s%s%s.", path, f->key,
		    f->type == FIELD_LIST ? "[]" : "");
		if (f->of.table)
			reference_rows(f->of.table, f->groups & within, below);
	}
}

/* Without groups: of what is no MCPServer. */
static void plain_rows(const struct schema *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_field *f = &s->row[i];
		const char *list = f->type == FIELD_LIST ? "[]" : "";
		char below[512];

		fprintf(out, "| `%s%s%s` | %s", path, f->key, list,
		    type_text[f->type]);
		row_bounds(f);
		fprintf(out, "%s | %s |\n", f->flags & FIELD_REQ ?
		    "; required" : "", docs_of(s)[i + 1]);
		snprintf(below, sizeof(below), "%s%s%s.", path, f->key, list);
		if (f->type == FIELD_OBJ || f->type == FIELD_LIST)
			plain_rows(f->of.table, below);
	}
}

static void plain_table(const struct schema *s)
{
	line("%s", "");
	/* A heading has no full stop. */
	line("## %.*s", (int)strlen(docs_of(s)[0]) - 1, docs_of(s)[0]);
	line("%s", "");
	line("| field | type | what it says |");
	line("|---|---|---|");
	plain_rows(s, "");
}

static void reference_table(const struct schema *s)
{
	line("| field | groups | type | what it says |");
	line("|---|---|---|---|");
	reference_rows(s, IN_ALL, "");
}

/* What defaults.def says of resources. */
static void reference_resources(void)
{
	enum { ABSENT, PARTIAL };
	static const struct {
		unsigned groups, transports, when;
		const char *list, *cpu, *memory;
	} rows[] = {
#define RESOURCE(groups, transports, list, when, cpu, memory) \
	{ groups, transports, when, #list, cpu, memory },
#include "model/defaults.def"
#undef RESOURCE
	};

	line("| group | transport | list | cpu | memory | when |");
	line("|---|---|---|---|---|---|");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool any = true;

		fputs("|", out);
		group_letters(rows[i].groups);
		fputs(" |", out);
		for (uint32_t t = 0; t < transport_type_words.n; t++)
			any &= rows[i].transports >> t & 1;
		for (uint32_t t = 0; !any && t < transport_type_words.n; t++)
			if (rows[i].transports >> t & 1)
				fprintf(out, " %s",
				    transport_type_words.text[t]);
		fprintf(out, "%s | %s | %s | %s | %s |\n",
		    any ? " any" : "", rows[i].list, rows[i].cpu,
		    rows[i].memory, rows[i].when == ABSENT ?
		    "the list is absent" : "the list is there without it");
	}
}

static void reference_groups(void)
{
	line("| group | letter | short name | wait for | "
	    "phase of a server that runs |");
	line("|---|---|---|---|---|");
	for (int g = 0; g < GROUPS; g++) {
		const struct group_info *info = group_info((enum group)g);

		line("| `%s` | %s | %s | `condition=%s` | %s |",
		    info->api_version, group_letter[g],
		    *crds[g].short_name ? crds[g].short_name : "-",
		    info->wait_for, schema_word(&phase_words,
		    info->phase[PHASE_RUNNING]));
	}
}

static void reference_checks(void)
{
	for (size_t i = 0; i < ARRAY_LEN(cels); i++) {
		const struct cel *c = &cels[i];

		fputs("- ", out);
		if (c->table && c->table != &server_spec_schema)
			fprintf(out, "%s ", docs_of(c->table)[0]);
		if (c->row >= 0)
			fprintf(out, "`%s%s`: ", c->table->row[c->row].key,
			    c->items ? "[]" : "");
		fputs(c->message, out);
		if ((c->groups & 15) != 15) {
			fputs(", in", out);
			group_letters(c->groups);
		}
		fputs("\n", out);
	}
}

static void reference(const char *folder)
{
	file_open(folder, "docs/reference.md");
	line("# MCPServer, field by field");
	line("%s", "");
	line("Generated from the field tables: `make generate`. The same "
	    "text is in `kubectl explain`.");
	line("%s", "");
	reference_groups();
	line("%s", "");
	line("## spec");
	line("%s", "");
	reference_table(&server_spec_schema);
	line("%s", "");
	line("## status");
	line("%s", "");
	reference_table(&server_status_schema);
	line("%s", "");
	line("## Resources of a server that does not say");
	line("%s", "");
	line("A request is never put over a limit that was given, nor a limit "
	    "under a request.");
	line("%s", "");
	reference_resources();
	line("%s", "");
	line("## What the API server checks besides");
	line("%s", "");
	reference_checks();
	plain_table(&ext_file_schema);
	plain_table(&ext_answer_schema);
	file_close();
}

/* ---- fuzz dictionary ---- */

static const char *dict_seen[1024];
static size_t dict_n;

/* A word once; short names like "name" stand in many tables. */
static void dict_word(const char *word, const char *after)
{
	for (size_t i = 0; i < dict_n; i++)
		if (!strcmp(dict_seen[i], word))
			return;
	if (dict_n < ARRAY_LEN(dict_seen))
		dict_seen[dict_n++] = word;
	line("\"\\\"%s\\\"%s\"", word, after);
}

static void dict_words(const struct schema *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_field *f = &s->row[i];

		if (f->type == FIELD_SELF)
			continue;
		dict_word(f->key, ":");
		if (f->type == FIELD_ENUM)
			for (uint32_t k = 0; k < f->of.words->n; k++)
				dict_word(f->of.words->text[k], "");
	}
}

static void dictionary(const char *folder)
{
	static const char *const ops[] = {
		"op", "path", "from", "value", "add", "remove", "replace",
		"move", "copy", "test", "/metadata/labels/app",
		"/spec/ports/0", NULL
	};

	file_open(folder, "fuzz/dict/server.dict");
	line("# Generated from the field tables: make generate");
	line("\"\\\"metadata\\\":{\\\"name\\\":\\\"a\\\"}\"");
	line("\"\\\"spec\\\":{\"");
	line("\"\\\"status\\\":{\"");
	for (size_t i = 0; i < ARRAY_LEN(docs); i++)
		dict_words(docs[i].table);
	file_close();
	dict_n = 0;
	file_open(folder, "fuzz/dict/extend.dict");
	line("# Generated from the field tables: make generate");
	for (size_t i = 0; i < ARRAY_LEN(ext_docs); i++)
		dict_words(ext_docs[i].table);
	for (const char *const *op = ops; *op; op++)
		dict_word(*op, "");
	file_close();
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: gen FOLDER\n");
		return 100;
	}
	for (int g = 0; g < GROUPS; g++)
		crd(argv[1], (enum group)g);
	reference(argv[1]);
	dictionary(argv[1]);
	return 0;
}
