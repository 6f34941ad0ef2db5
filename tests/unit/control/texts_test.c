#include <string.h>

#include "manager_world.h"

/* ---- texts that records have no room for ---- */

static struct texts texts;

static void begin(void)
{
	static struct world *w;

	w = world_new();
	REQUIRE(texts_init(&texts, &w->mem) == 0);
}

static struct str number(unsigned n, char mem[static 16])
{
	struct buf b;

	buf_init(&b, mem, 16);
	buf_fmt(&b, "text %u", n);
	return buf_view(&b);
}

TEST(a_text_is_found_by_what_it_says)
{
	uint64_t one, two;

	begin();
	one = text_keep(&texts, STR("one"));
	two = text_keep(&texts, STR("two"));
	EXPECT(one != two);
	EXPECT_EQ(text_keep(&texts, STR("one")), one);
	EXPECT_STR(str_from(text_find(&texts, one)), "one");
	EXPECT_STR(str_from(text_find(&texts, two)), "two");
	EXPECT(text_find(&texts, 77) == NULL);
}

TEST(the_oldest_text_gives_way)
{
	uint64_t hash[TEXTS_MAX + 1];
	char mem[16];
	unsigned i;

	begin();
	for (i = 0; i <= TEXTS_MAX; i++)
		hash[i] = text_keep(&texts, number(i, mem));
	EXPECT(text_find(&texts, hash[0]) == NULL);
	for (i = 1; i <= TEXTS_MAX; i++)
		EXPECT(str_eq(str_from(text_find(&texts, hash[i])),
		    number(i, mem)));
}

TEST(a_text_that_is_too_long_says_so)
{
	static char text[2 * TEXT_MAX];
	const char *kept;

	begin();
	memset(text, 'x', sizeof(text));
	kept = text_find(&texts, text_keep(&texts,
	    (struct str){ text, sizeof(text) }));
	EXPECT_EQ(strlen(kept), TEXT_MAX - 1);
	EXPECT_STR(str_from(kept + TEXT_MAX - 5), "x...");
}

/* ---- a refusal by Pod Security, as the user reads it ---- */

#define UID "1188f7f2-9b3a-4c5d-8e6f-0123456789ab"
#define REFUSAL "pods \\\"one-5584697db5-twl56\\\" is forbidden: violates " \
	"PodSecurity \\\"restricted:latest\\\": " \
	"allowPrivilegeEscalation != false (container \\\"mcp-server\\\" " \
	"must set securityContext.allowPrivilegeEscalation=false), " \
	"unrestricted capabilities (container \\\"mcp-server\\\" must set " \
	"securityContext.capabilities.drop=[\\\"ALL\\\"]), runAsNonRoot " \
	"!= true (pod or container \\\"mcp-server\\\" must set " \
	"securityContext.runAsNonRoot=true), seccompProfile (pod or " \
	"container \\\"mcp-server\\\" must set " \
	"securityContext.seccompProfile.type to \\\"RuntimeDefault\\\" or " \
	"\\\"Localhost\\\")"

static bool told;

static const char *watch(const struct world_request *r, struct str path)
{
	(void)r;
	if (str_ends(path, STR("/mcp.mcp.dev/v1alpha1/mcpservers")))
		return MW_LINE("ADDED", "{\"metadata\":{\"name\":\"one\","
		    "\"namespace\":\"ns\",\"generation\":1,\"uid\":\"" UID
		    "\",\"resourceVersion\":\"5\"},\"spec\":{\"image\":"
		    "\"x\"}}");
	if (str_ends(path, STR("/deployments")))
		return MW_LINE("ADDED", "{\"metadata\":{\"name\":\"one\","
		    "\"namespace\":\"ns\",\"resourceVersion\":\"6\","
		    "\"uid\":\"2188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
		    "\"generation\":1,\"ownerReferences\":[{\"uid\":\"" UID
		    "\",\"apiVersion\":\"mcp.mcp.dev/v1alpha1\",\"kind\":"
		    "\"MCPServer\",\"name\":\"one\",\"controller\":true}]},"
		    "\"spec\":{\"replicas\":1},\"status\":{\"conditions\":["
		    "{\"type\":\"ReplicaFailure\",\"status\":\"True\","
		    "\"message\":\"" REFUSAL "\"}]}}");
	return "";
}

static void serve(const struct world_request *r, struct str path)
{
	if (str_ends(path, STR("/status")))
		told = told || str_search(r->body,
		    STR("\"message\":\"" REFUSAL "\"")) < r->body.n;
	world_reply(mw.w, r->peer, 200, NULL, "{\"metadata\":{\"uid\":"
	    "\"2188f7f2-9b3a-4c5d-8e6f-0123456789ab\","
	    "\"resourceVersion\":\"90\",\"generation\":1}}");
}

TEST(a_refusal_by_pod_security_is_told_to_its_end)
{
	mw.watch = watch;
	mw.serve = serve;
	mw_begin(NULL);
	mw_run(20 * SEC);
	EXPECT(told);
}
