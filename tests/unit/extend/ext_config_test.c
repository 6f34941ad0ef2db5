#include <string.h>

#include "check.h"
#include "extend.h"

static char mem[EXT_TEXTS_MAX], scratch_mem[YAML_SCRATCH_MAX];
static struct ext_set set;

/* NULL: it is taken; else "path: why". */
static const char *read_text(const char *yaml)
{
	static char told[2 * DIAG_TEXT_MAX];
	struct diag d = { 0 };
	struct arena a, scratch;
	int err;

	arena_init(&a, mem, sizeof(mem));
	arena_init(&scratch, scratch_mem, sizeof(scratch_mem));
	err = ext_read(guard_copy(yaml, strlen(yaml)), &scratch, &a, &set,
	    &d);
	EXPECT_EQ(err != 0, diag_is_set(&d));
	EXPECT_EQ(arena_mark(&scratch), 0);
	cut_fmt(told, sizeof(told), "%s%s%s", d.path, d.path[0] ? ": " : "",
	    d.text);
	return err == 0 ? NULL : told;
}

#define HEAD "extensions:\n- name: one\n  type: PreReconcile\n"
#define FILES "  caFile: /c\n  keyFile: /k\n"
#define URL "  url: https://hooks.tools.svc:8443/pre\n"
#define TOLD(yaml, what) EXPECT_STR(str_from(read_text(yaml)), what)

TEST(ext_reads_a_row_with_its_defaults)
{
	const struct ext *e;

	REQUIRE(read_text(HEAD URL FILES) == NULL);
	REQUIRE(set.n == 1);
	e = &set.e[0];
	EXPECT_STR(e->host, "hooks.tools.svc");
	EXPECT_STR(e->service, "hooks");
	EXPECT_STR(e->ns, "tools");
	EXPECT_EQ(e->port, 8443);
	EXPECT_STR(e->authority, "hooks.tools.svc:8443");
	EXPECT_STR(e->path, "/pre");
	EXPECT_STR(str_from(e->ca_file), "/c");
	EXPECT_STR(str_from(e->key_file), "/k");
	EXPECT_EQ(e->timeout_ns, 5 * NS_PER_S);
	EXPECT_EQ(e->row->policy, EXT_FAIL);
}

TEST(ext_reads_a_service_in_parts_and_hosts_of_other_kinds)
{
	REQUIRE(read_text(HEAD "  service: {name: h, namespace: t}\n" FILES)
	    == NULL);
	EXPECT_STR(set.e[0].authority, "h.t.svc:443");
	EXPECT_STR(set.e[0].service, "h");
	EXPECT_STR(set.e[0].path, "/");
	REQUIRE(read_text(HEAD "  service: {name: h, namespace: t, port: 8, "
	    "path: /a/b}\n" FILES) == NULL);
	EXPECT_EQ(set.e[0].port, 8);
	EXPECT_STR(set.e[0].path, "/a/b");
	REQUIRE(read_text(HEAD "  url: https://h.t.svc.cluster.local\n" FILES)
	    == NULL);
	EXPECT_STR(set.e[0].ns, "t");
	REQUIRE(read_text(HEAD "  url: https://h.example\n" FILES) == NULL);
	EXPECT_EQ(set.e[0].service.n, 0);
	REQUIRE(read_text(HEAD "  url: https://[fd00::1]:7/\n" FILES) ==
	    NULL);
	EXPECT_STR(set.e[0].authority, "[fd00::1]:7");
}

TEST(ext_says_what_is_wrong_and_where)
{
	TOLD("", "extensions: is required");
	TOLD("{}", "extensions: is required");
	TOLD("extensions: 1", "extensions: must be a list, is a number");
	TOLD(HEAD URL, "extensions[0].caFile: is required");
	TOLD(HEAD URL "  caFile: /c\n", "extensions[0].keyFile: is required");
	TOLD(HEAD FILES, "extensions[0].url: give one of url and service");
	TOLD(HEAD URL FILES "  service: {name: h, namespace: t}\n",
	    "extensions[0].url: give one of url and service");
	TOLD(HEAD "  url: http://h\n" FILES, "extensions[0].url: must begin "
	    "with https://: what is sent and answered is for nobody else");
	TOLD(HEAD "  service: {name: H, namespace: t}\n" FILES,
	    "extensions[0].service.name: is not the name of a Service");
	TOLD(HEAD "  service: {name: h, namespace: t, path: x}\n" FILES,
	    "extensions[0].service.path: must begin with /");
	TOLD(HEAD "  service: {name: h, namespace: t, path: \"/a b\"}\n"
	    FILES, "extensions[0].service.path: has a path with what must be "
	    "escaped");
	TOLD(HEAD URL "  caFile: c\n  keyFile: /k\n", "extensions[0].caFile: "
	    "must be a path that begins with /");
	TOLD(HEAD URL FILES "  timeoutSeconds: 31\n",
	    "extensions[0].timeoutSeconds: 31 is over 30");
	TOLD(HEAD URL FILES "  retries: 3\n",
	    "extensions[0].retries: is not a known field");
	TOLD(HEAD URL FILES "  groups: [example.com]\n",
	    "extensions[0].groups: has what is none of mcp.allbeone.io, "
	    "mcp.n-takatsu.dev, mcp.example.com and mcp.mcp.dev");
	TOLD(HEAD URL FILES "  namespaces: [A]\n", "extensions[0].namespaces: "
	    "has what is not the name of a namespace");
	TOLD(HEAD URL FILES "  labelSelector: {matchExpressions: [{key: a, "
	    "operator: In}]}\n", "extensions[0].labelSelector."
	    "matchExpressions: needs values with In and NotIn, and takes none "
	    "with Exists and DoesNotExist");
	TOLD(HEAD URL FILES "- name: one\n  type: Validator\n" URL FILES,
	    "extensions[1].name: is that of another one, too");
	TOLD("extensions:\n- name: x\n  type: PostReconcile\n"
	    "  failurePolicy: Ignore\n" URL FILES,
	    "extensions[0].failurePolicy: is for a PreReconcile or "
	    "Validator: nothing waits for what is told afterwards");
	TOLD("extensions:\n- name: x\n  type: Validator\n  revision: a\n" URL
	    FILES, "extensions[0].revision: is for a PreReconcile");
}

static bool matches(enum group g, const char *ns, const char *key,
    const char *value)
{
	struct pair label = { str_from(key), str_from(value) };
	struct pairs labels = { &label, key[0] != '\0' };
	const struct ext_who who = { g, str_from(ns), &labels };

	EXPECT_EQ(ext_salt(&set, &who) != 0, ext_matches(&set.e[0], &who));
	return ext_matches(&set.e[0], &who);
}

TEST(ext_is_for_whom_it_says)
{
	REQUIRE(read_text(HEAD URL FILES) == NULL);
	EXPECT(matches(GROUP_MCPDEV, "a", "", ""));
	REQUIRE(read_text(HEAD URL FILES "  groups: [mcp.mcp.dev]\n"
	    "  namespaces: [a, b]\n") == NULL);
	EXPECT(matches(GROUP_MCPDEV, "b", "", ""));
	EXPECT(!matches(GROUP_MCPDEV, "c", "", ""));
	EXPECT(!matches(GROUP_ALLBEONE, "a", "", ""));
	REQUIRE(read_text(HEAD URL FILES "  labelSelector: {matchLabels: "
	    "{team: x}}\n") == NULL);
	EXPECT(matches(GROUP_MCPDEV, "b", "team", "x"));
	EXPECT(!matches(GROUP_MCPDEV, "b", "team", "y"));
	EXPECT(!matches(GROUP_MCPDEV, "b", "", ""));
}

#define SELECTS(op, values) (read_text(HEAD URL FILES "  labelSelector: " \
	"{matchExpressions: [{key: team, operator: " op values "}]}\n") == NULL)

TEST(ext_compares_labels_as_kubernetes_does)
{
	REQUIRE(SELECTS("In", ", values: [x, w]"));
	EXPECT(matches(GROUP_MCPDEV, "b", "team", "w"));
	EXPECT(!matches(GROUP_MCPDEV, "b", "team", "z"));
	EXPECT(!matches(GROUP_MCPDEV, "b", "", ""));
	REQUIRE(SELECTS("NotIn", ", values: [x]"));
	EXPECT(matches(GROUP_MCPDEV, "b", "team", "y"));
	EXPECT(!matches(GROUP_MCPDEV, "b", "team", "x"));
	EXPECT(matches(GROUP_MCPDEV, "b", "", ""));
	REQUIRE(SELECTS("Exists", ""));
	EXPECT(matches(GROUP_MCPDEV, "b", "team", ""));
	EXPECT(!matches(GROUP_MCPDEV, "b", "", ""));
	REQUIRE(SELECTS("DoesNotExist", ""));
	EXPECT(!matches(GROUP_MCPDEV, "b", "team", ""));
	EXPECT(matches(GROUP_MCPDEV, "b", "", ""));
}

/* Only what changes what a hook puts in counts. */
TEST(ext_salt_is_that_of_the_hooks)
{
	const struct pairs none = { NULL, 0 };
	const struct ext_who who = { GROUP_MCPDEV, STR("a"), &none };
	uint64_t before;

	REQUIRE(read_text(HEAD URL FILES) == NULL);
	before = ext_salt(&set, &who);
	REQUIRE(read_text(HEAD URL FILES "  timeoutSeconds: 9\n"
	    "  failurePolicy: Ignore\n- name: v\n  type: Validator\n" URL
	    FILES) == NULL);
	EXPECT_EQ(ext_salt(&set, &who), before);
	REQUIRE(read_text(HEAD URL FILES "  revision: \"2\"\n") == NULL);
	EXPECT(ext_salt(&set, &who) != before);
}
