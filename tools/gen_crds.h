/*
 * What src/model/crds.def says, for gen.c: short names, columns and CEL rules.
 * Here are the words that its rules are written in.
 */

/* ---- forms of a text, which is `self` ---- */

#define IS_LABEL_RE "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define IS_SUBDOMAIN_RE IS_LABEL_RE "([.]" IS_LABEL_RE ")*"
#define IS_LABEL "self.matches('^" IS_LABEL_RE "$')"
#define IS_SUBDOMAIN "self.matches('^" IS_SUBDOMAIN_RE "$')"
/* Of what may be left out, an empty text says nothing. */
#define NONE_OR_LABEL "self.matches('^(" IS_LABEL_RE ")?$')"
#define NONE_OR_SUBDOMAIN "self.matches('^(" IS_SUBDOMAIN_RE ")?$')"
#define NONE_OR_HOST "self.matches('^([*]|([*][.])?" IS_SUBDOMAIN_RE ")?$')"
#define NONE_OR_GATEWAY \
	"self.matches('^((" IS_LABEL_RE "/)?" IS_SUBDOMAIN_RE ")?$')"
/* The operator looks closer. */
#define IS_ADDRESS_RE \
	"([0-9]+([.][0-9]+){3}|[0-9a-fA-F:.%]*:[0-9a-fA-F:.%]*)"
#define IS_ADDRESS "self.matches('^" IS_ADDRESS_RE "$')"
#define IS_NETWORK "self.matches('^" IS_ADDRESS_RE "/[0-9]+$')"
#define IS_IMAGE "self.matches('^[!-~]*$')"
#define IS_REQUEST "self.matches('^[!-~]*$') && !self.contains('#')"
#define IS_PERCENT "self.matches('^[0-9]+%$')"
/* Of a percentage. */
#define IS_PART "(!self.matches('[1-9]..+%$') || self.matches('^0*100%$'))"
#define IS_BELOW "!self.startsWith('/') && " \
	"!self.matches('(^|/)[.][.](/|$)')"

/* ---- what is usual of several fields ---- */

#define LABEL_PART "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
#define IS_KEY "k.matches('^(" IS_SUBDOMAIN_RE "/)?" LABEL_PART "$')"
#define IS_VALUE "self[k].matches('^(" LABEL_PART ")?$')"
#define IS_OWN "(k in ['managed-by', 'app.kubernetes.io/component', " \
	"'app.kubernetes.io/instance', 'app.kubernetes.io/managed-by', " \
	"'app.kubernetes.io/name', 'app.kubernetes.io/part-of', " \
	"'mcp.example.com/transport', 'pod-template-hash'] || " IS_NOTE ")"
#define IS_NOTE "k.startsWith('mcp.allbeone.io/')"
#define IS_RESERVED "k.matches('^([^/]*[.])?(kubernetes|k8s)[.]io/')"
#define FIRST_OF(what) "self.filter(k, " what ")[0]"

/* A key `k` must not be such; the first one that is so is told. */
#define NO_KEY(groups, table, member, what, rule) \
	CEL_TOLD(groups, table, member, "!self.exists(k, " what ")", \
	  "a key " rule, FIRST_OF(what) " + ' " rule "'")

/* Labels, of which `OWN_LABELS` forbids those that the operator sets. */
#define LABELS(groups, table, member) \
	LENGTH(table, member, 253) \
	NO_KEY(groups, table, member, "!" IS_KEY, "is not a label key") \
	CEL_TOLD(groups, table, member, "!self.exists(k, !" IS_VALUE ")", \
	  "a value is not a label value: at most 63 letters, digits, '-', " \
	  "'_' and '.'", "self[" FIRST_OF("!" IS_VALUE) "] + ' is not a " \
	  "label value: at most 63 letters, digits, \\'-\\', \\'_\\' " \
	  "and \\'.\\''")
/* "app" may be the name of the server, which only a rule of the root sees. */
#define OWN_LABELS(groups, table, member) \
	LABELS(groups, table, member) \
	NO_KEY(groups, table, member, IS_OWN, \
	  "is a label that the operator sets, or Deployments set")
#define NOTES(groups, table, member) \
	NO_KEY(groups, table, member, "!" IS_KEY, \
	  "is not an annotation key") \
	NO_KEY(groups, table, member, IS_NOTE, \
	  "is an annotation that the operator sets")
#define COUNT(groups, table, member, none) \
	CEL_FIELD(groups, table, member, "type(self) == int || " none \
	  IS_PERCENT, "is neither a number nor a percentage")
#define PART(groups, table, member) \
	CEL_FIELD(groups, table, member, "type(self) == int || " IS_PART, \
	  "is over 100%")
#define UNIQUE(groups, table, member, item, what) \
	CEL_FIELD(groups, table, member, \
	  "self.all(a, self.exists_one(b, " item "))", \
	  "each " what " may be given once")
#define AT_LEAST_1MS(table, member) \
	CEL_FIELD(IN_ALLBEONE, table, member, "self >= duration('1ms')", \
	  "must be at least 1ms")
#define NOT_NEGATIVE(table, member) \
	CEL_FIELD(IN_ALLBEONE, table, member, "self >= duration('0s')", \
	  "must not be negative")

/* ---- of a whole spec ---- */

#define IS_ON(object) \
	"has(self." object ".enabled) && self." object ".enabled"
#define SERVICE_TYPE "(has(self.service) && has(self.service.type) ? " \
	"self.service.type : has(self.serviceType) ? self.serviceType : " \
	"'ClusterIP')"
/* A gateway speaks HTTP for it. */
#define NO_SERVICE "has(self.transport) && self.transport.type == 'stdio' " \
	"&& !(has(self.gateway) && " IS_ON("gateway") ")"
#define KNOWN_MOUNTS "has(self.volumes) && " \
	"self.volumes.exists(v, v.name == m.name)"
#define KNOWN_MOUNTS_OF(list) "!has(self.pod) || !has(self.pod." list \
	") || self.pod." list ".all(c, !has(c.volumeMounts) || " \
	"c.volumeMounts.all(m, " KNOWN_MOUNTS "))"

/* Where the spec says nothing of a port, it is 8080. */
#define FIRST_PORT "(has(self.ports) && size(self.ports) > 0 ? " \
	"(has(self.ports[0].targetPort) ? self.ports[0].targetPort : " \
	"self.ports[0].port) : has(self.port) ? self.port : " \
	"has(self.runtime) && has(self.runtime.port) && " \
	"self.runtime.port != 0 ? self.runtime.port : 8080)"

/*
 * Of autoscaling: what both scale by. `none` says that hpa has nothing else to
 * go by, when it takes the CPU. Of containers that no policy is for VPA sets
 * all.
 */
#define VPA "self.vpa.resourcePolicy.containerPolicies"
#define METRICS "self.hpa.metrics"
#define AGAINST_EACH_OTHER(name, key, none) \
	"!has(self.hpa) || !self.hpa.enabled || !has(self.vpa) || " \
	"!self.vpa.enabled || " \
	"(has(self.vpa.updateMode) && self.vpa.updateMode == 'Off') || " \
	"!(has(self.hpa.target" key "UtilizationPercentage) || (has(" \
	METRICS ") && " METRICS ".exists(m, m.type == 'Resource' && " \
	"has(m.resource) && m.resource.name == '" name "'))" none ") || " \
	"!(!has(self.vpa.resourcePolicy) || !has(" VPA ") || " \
	"!" VPA ".exists(p, !has(p.containerName) || " \
	"p.containerName in ['', '*', 'mcp-server']) || " \
	VPA ".exists(p, !(has(p.mode) && p.mode == 'Off') && " \
	"(!has(p.controlledResources) || " \
	"p.controlledResources.exists(r, r == '" name "'))))"
#define NO_METRIC " || (!has(self.hpa.targetMemoryUtilizationPercentage) " \
	"&& (!has(" METRICS ") || size(" METRICS ") == 0))"

/* ---- the tables ---- */

#define CRD(g, name, categories) [g] = { name, categories },
#define COLUMN(groups, name, type, path, priority, doc)
#define LENGTH(table, member, max)
#define CEL(groups, table, rule, message)
#define CEL_ROOT(groups, rule, message)
#define CEL_FIELD(groups, table, member, rule, message)
#define CEL_ITEMS(groups, table, member, rule, message)
#define CEL_TOLD(groups, table, member, rule, message, told)
static const struct {
	const char *short_name, *categories;
} crds[GROUPS] = {
#include "model/crds.def"
};
#undef CRD
#undef COLUMN
#define CRD(g, name, categories)
#define COLUMN(groups, name, type, path, priority, doc) \
	{ groups, name, type, path, priority, doc },
static const struct column {
	unsigned groups;
	const char *name, *type, *path;
	int priority;
	const char *doc;
} columns[] = {
#include "model/crds.def"
};
#undef COLUMN
#undef LENGTH
#define COLUMN(groups, name, type, path, priority, doc)
#define LENGTH(table, member, max) \
	{ &table##_schema, table##_AT_##member, max },
static const struct {
	const struct schema *table;
	int row, max;
} lengths[] = {
#include "model/crds.def"
};
#undef LENGTH
#undef CEL
#undef CEL_ROOT
#undef CEL_FIELD
#undef CEL_ITEMS
#undef CEL_TOLD
#define LENGTH(table, member, max)
#define CEL(groups, table, rule, message) \
	{ groups, &table##_schema, -1, false, rule, message, NULL },
#define CEL_ROOT(groups, rule, message) \
	{ groups, NULL, -1, false, rule, message, NULL },
#define CEL_FIELD(groups, table, member, rule, message) \
	CEL_TOLD(groups, table, member, rule, message, NULL)
#define CEL_ITEMS(groups, table, member, rule, message) \
	{ groups, &table##_schema, table##_AT_##member, true, rule, message, \
	  NULL },
#define CEL_TOLD(groups, table, member, rule, message, told) \
	{ groups, &table##_schema, table##_AT_##member, false, rule, message, \
	  told },
static const struct cel {
	unsigned groups;
	const struct schema *table;	/* NULL: the whole object */
	int row;			/* -1: the table itself */
	bool items;			/* each text in the row */
	const char *rule, *message;
	const char *told;		/* a rule that says it; or NULL */
} cels[] = {
#include "model/crds.def"
};

/* About a row, or with `items` about each text in it; -1: the table itself. */
struct place {
	const struct schema *s;
	int row;
	bool items;
};

static bool is_about(const struct cel *c, const struct place *at, enum group g)
{
	return c->table == at->s && c->row == at->row &&
	    c->items == at->items && c->groups >> g & 1;
}

/* Longest text in a list or map; see LENGTH. */
static int text_max(const struct schema *s, size_t row)
{
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		if (lengths[i].table == s && lengths[i].row == (int)row)
			return lengths[i].max;
	return 0;
}
