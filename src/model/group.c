#include "model.h"

static const struct schema_rule rules[] = {
#define RULE(table, member, groups, kind, min, max, text) \
	{ &table##_schema, table##_AT_##member, groups, kind, min, max, text },
#include "defaults.def"
#undef RULE
};

static const struct schema_mode modes[GROUPS] = {
	[GROUP_ALLBEONE] = { IN_ALLBEONE, false, rules, ARRAY_LEN(rules) },
	[GROUP_NTAKATSU] = { IN_NTAKATSU, false, rules, ARRAY_LEN(rules) },
	[GROUP_EXAMPLE] = { IN_EXAMPLE, false, rules, ARRAY_LEN(rules) },
	[GROUP_MCPDEV] = { IN_MCPDEV, false, rules, ARRAY_LEN(rules) },
};

/*
 * Which of its words a group has for a phase. Only some pods being ready is
 * Running where Running means that it serves, else Pending.
 */
#define PHASES(running, degraded) { \
	[PHASE_PENDING] = PHASE_PENDING, [PHASE_RUNNING] = running, \
	[PHASE_DEGRADED] = degraded, [PHASE_FAILED] = PHASE_FAILED, \
	[PHASE_TERMINATING] = PHASE_TERMINATING, [PHASE_READY] = running }

#define NAMES(group, version) group, version, group "/" version, \
	"MCPServer", "mcpservers", group "/finalizer", group "/", \
	"mcp-operator/" group

static const struct group_info infos[GROUPS] = {
	[GROUP_ALLBEONE] = {
		NAMES("mcp.allbeone.io", "v1"), "mcp",
		PHASES(PHASE_RUNNING, PHASE_RUNNING),
		{ PROBE_TCP, NULL, 30, 10, 5, 3, true },
		{ PROBE_TCP, NULL, 5, 5, 3, 3, true }, "Ready"
	},
	/*
	 * n-takatsu has no probes and its server no /health. That the port
	 * is open makes Available truthful, and restarts nobody.
	 */
	[GROUP_NTAKATSU] = {
		NAMES("mcp.n-takatsu.dev", "v1alpha1"), "mcp",
		PHASES(PHASE_RUNNING, PHASE_RUNNING),
		{ PROBE_TCP, NULL, 0, 0, 0, 0, false },
		{ PROBE_TCP, NULL, 5, 5, 3, 3, true }, "Available"
	},
	[GROUP_EXAMPLE] = {
		NAMES("mcp.example.com", "v1alpha1"), "mcp",
		PHASES(PHASE_READY, PHASE_PENDING),
		{ PROBE_HTTP, "/health", 30, 10, 5, 3, true },
		{ PROBE_HTTP, "/ready", 5, 5, 3, 3, true }, "Ready"
	},
	/*
	 * mcpdev leaves the timeouts to Kubernetes: one second, which on a
	 * loaded board ends servers that are well.
	 */
	[GROUP_MCPDEV] = {
		NAMES("mcp.mcp.dev", "v1alpha1"), "http",
		PHASES(PHASE_RUNNING, PHASE_PENDING),
		{ PROBE_HTTP, "/health", 5, 5, 5, 3, true },
		{ PROBE_HTTP, "/health", 5, 5, 3, 3, true }, "Ready"
	},
};

const char *const group_foreign_finalizers[] = {
	"mcp.allbeone.io/finalizer", "mcp.n-takatsu.dev/finalizer",
	"mcp.example.com/finalizer", "mcp.mcp.dev/finalizer", ""
};

const struct group_info *group_info(enum group g)
{
	CHECK(g < GROUPS);
	return &infos[g];
}

int group_find(struct str name, enum group *ret)
{
	for (int g = 0; g < GROUPS; g++)
		if (str_is(name, infos[g].group)) {
			*ret = (enum group)g;
			return 0;
		}
	return ERR_NOENT;
}

const struct schema_mode *group_mode(enum group g)
{
	CHECK(g < GROUPS);
	return &modes[g];
}
