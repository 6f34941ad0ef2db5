#include "model_test.h"

static struct model m;

#define ENTRY(entry) "{\"image\":\"a\",\"entry\":{" entry "}}"
#define INGRESS(more) ENTRY("\"ingress\":{\"enabled\":true," more "}")
#define ROUTE(more) ENTRY("\"httpRoute\":{\"enabled\":true," more "}")
#define STDIO(entry) "{\"image\":\"a\",\"transport\":{\"type\":\"stdio\"}," \
	"\"entry\":{" entry "}}"

static void bad(const char *spec, const char *path, const char *rule)
{
	model_bad(&m, GROUP_ALLBEONE, spec, path, rule);
}

static void good(const char *spec)
{
	model_good(&m, GROUP_ALLBEONE, spec);
}

TEST(rules_entry_hosts)
{
	bad(ENTRY("\"hosts\":[\"a\",\"*\"]"), "spec.entry.hosts[1]",
	    "* is not a host name");
	bad(ENTRY("\"hosts\":[\"https://a\"]"), "spec.entry.hosts[0]",
	    "https://a is not a host name");
	bad(ENTRY("\"hosts\":[\"10.0.0.1\"]"), "spec.entry.hosts[0]",
	    "10.0.0.1 is not a host name");
	bad(ENTRY("\"hosts\":[\"a\",\"b\",\"a\"]"), "spec.entry.hosts[2]",
	    "a is there twice");
	good(ENTRY("\"hosts\":[\"a.example.com\",\"*.example.com\"]"));
}

TEST(rules_entry_path)
{
	static const char *const wrong[] = {
		"/a//b", "/./a", "/a/../b", "/a%2fb", "/a%2Fb", "/a#b"
	};
	char spec[128];
	struct buf b;

	bad(ENTRY("\"path\":\"a\""), "spec.entry.path",
	    "a must begin with '/'");
	bad(ENTRY("\"path\":\"/a/..\""), "spec.entry.path",
	    "/a/.. must not end in '/.' or '/..'");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		buf_init(&b, spec, sizeof(spec) - 1);
		buf_fmt(&b, ENTRY("\"path\":\"%s\""), wrong[i]);
		spec[b.n] = '\0';
		EXPECT(model_spec(&m, GROUP_ALLBEONE, spec) == 0 &&
		    server_check(&m.s, &m.arena, &m.diag) == ERR_INVALID);
		EXPECT_STR(str_from(m.diag.path), "spec.entry.path");
	}
	good(ENTRY("\"path\":\"/a.b/..c\""));
}

#define AT(path, entry) "{\"image\":\"a\",\"transport\":{\"type\":" \
	"\"streamable-http\",\"path\":" \
	"\"" path "\"},\"entry\":{" entry "}}"

/* It is the one of the Ingress when none is given for that. */
TEST(rules_entry_path_of_the_transport)
{
	bad(AT("/a//b", "\"ingress\":{\"enabled\":true}"),
	    "spec.transport.path", "/a//b must not hold '//', '/./', '/../', "
	    "'%2f' or '#'");
	bad(AT("/a/.", "\"httpRoute\":{\"enabled\":true,\"parentRefs\":[{"
	    "\"name\":\"g\"}]}"), "spec.transport.path",
	    "/a/. must not end in '/.' or '/..'");
	good(AT("/a//b", "\"ingress\":{\"enabled\":false}"));
	good(AT("/a//b", "\"path\":\"/\",\"ingress\":{\"enabled\":true}"));
}

/* An Ingress takes more than an HTTPRoute. */
TEST(rules_entry_path_of_a_route)
{
	static const char rule[] = " holds what no HTTPRoute takes: letters, "
	    "digits, -/._~!$&'()*+,;=:@ and % with two hex digits only";
	static const char route[] = "\"httpRoute\":{\"enabled\":%s,"
	    "\"parentRefs\":[{\"name\":\"g\"}]}";
	static const char *const wrong[] = {
		"/a?b", "/a%", "/a%2", "/a%2g", "/{a}", "/a|b", "/a b",
		"/\303\244"
	};
	char spec[256], on[128], text[256];

	cut_fmt(on, sizeof(on), route, "true");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		cut_fmt(spec, sizeof(spec), ENTRY("\"path\":\"%s\",%s"),
		    wrong[i], on);
		cut_fmt(text, sizeof(text), "%s%s", wrong[i], rule);
		bad(spec, "spec.entry.path", text);
	}
	cut_fmt(spec, sizeof(spec), AT("/a?b", "%s"), on);
	cut_fmt(text, sizeof(text), "/a?b%s", rule);
	bad(spec, "spec.transport.path", text);
	cut_fmt(spec, sizeof(spec), AT("/a?b", "\"path\":\"/\",%s"), on);
	good(spec);
	cut_fmt(spec, sizeof(spec), ENTRY("\"path\":\"/a.B-9_~!$&'()*+,;=:@"
	    "%%20/%%fF/\",%s"), on);
	good(spec);
	good(ENTRY("\"path\":\"/a?b\",\"ingress\":{\"enabled\":true}"));
}

TEST(rules_entry_stdio)
{
	static const char rule[] =
	    "needs a transport other than stdio, or a gateway";

	bad(STDIO("\"ingress\":{\"enabled\":true}"),
	    "spec.entry.ingress.enabled", rule);
	bad(STDIO("\"httpRoute\":{\"enabled\":true,\"parentRefs\":[{\"name\""
	    ":\"g\"}]}"), "spec.entry.httpRoute.enabled", rule);
	good(STDIO("\"ingress\":{\"enabled\":false}"));
	good("{\"image\":\"a\",\"transport\":{\"type\":\"stdio\"},"
	    "\"gateway\":{\"enabled\":true},\"entry\":{\"ingress\":{"
	    "\"enabled\":true}}}");
}

TEST(rules_entry_ingress)
{
	bad(INGRESS("\"className\":\"A\""), "spec.entry.ingress.className",
	    "A is not a name of an IngressClass");
	bad(INGRESS("\"tlsSecretName\":\"a/b\""),
	    "spec.entry.ingress.tlsSecretName",
	    "a/b is not a name of a Secret");
	bad(INGRESS("\"annotations\":{\"a b\":\"c\"}"),
	    "spec.entry.ingress.annotations",
	    "a b is not an annotation key");
	bad(INGRESS("\"annotations\":{\"mcp.allbeone.io/digest\":\"c\"}"),
	    "spec.entry.ingress.annotations", "mcp.allbeone.io/digest is an "
	    "annotation that the operator sets");
	good(INGRESS("\"className\":\"nginx\",\"tlsSecretName\":\"a.b\""));
}

TEST(rules_entry_route)
{
	bad(ROUTE("\"parentRefs\":[]"), "spec.entry.httpRoute.parentRefs",
	    "is required when it is enabled: a route belongs to a Gateway");
	bad(ROUTE("\"parentRefs\":[{}]"),
	    "spec.entry.httpRoute.parentRefs[0].name", "is required");
	bad(ROUTE("\"parentRefs\":[{\"name\":\"g\"},{\"name\":\"G\"}]"),
	    "spec.entry.httpRoute.parentRefs[1].name",
	    "G is not a name of a Gateway");
	bad(ROUTE("\"parentRefs\":[{\"name\":\"g\",\"namespace\":\"a.b\"}]"),
	    "spec.entry.httpRoute.parentRefs[0].namespace",
	    "a.b is not a name of a namespace");
	bad(ROUTE("\"parentRefs\":[{\"name\":\"g\",\"group\":\"A\"}]"),
	    "spec.entry.httpRoute.parentRefs[0].group",
	    "A is not an API group");
	bad(ROUTE("\"parentRefs\":[{\"name\":\"h\"},{\"name\":\"g\"},{"
	    "\"name\":\"g\",\"kind\":\"Gateway\",\"group\":"
	    "\"gateway.networking.k8s.io\"}]"),
	    "spec.entry.httpRoute.parentRefs[2]", "g is there twice");
	bad(ROUTE("\"parentRefs\":[{\"name\":\"g\",\"sectionName\":\"s\","
	    "\"namespace\":\"n\",\"port\":1},{\"name\":\"g\","
	    "\"sectionName\":\"s\",\"namespace\":\"n\",\"port\":1}]"),
	    "spec.entry.httpRoute.parentRefs[1]", "g is there twice");
	good(ROUTE("\"parentRefs\":[{\"name\":\"g\",\"sectionName\":\"s\"},{"
	    "\"name\":\"g\",\"sectionName\":\"t\"},{\"name\":\"g\",\"kind\":"
	    "\"Service\",\"group\":\"\"},{\"name\":\"g\",\"namespace\":"
	    "\"n\"}]"));
	bad(ROUTE("\"parentRefs\":[{\"name\":\"g\"}],\"timeout\":\"-1s\""),
	    "spec.entry.httpRoute.timeout", "must not be negative");
	good(ROUTE("\"parentRefs\":[{\"name\":\"g\",\"group\":\"\",\"kind\":"
	    "\"Service\"}],\"timeout\":\"0s\""));
}
