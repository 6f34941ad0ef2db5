#include "check.h"
#include "rendering.h"

#define SERVER(spec) \
	STR("{\"apiVersion\":\"mcp.allbeone.io/v1\",\"metadata\":" \
	"{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\"}," \
	"\"spec\":{\"image\":\"i:1\"" spec "}}")
#define INGRESS(more) "\"entry\":{\"ingress\":{\"enabled\":true}" more "}"
#define ROUTE(route, more) "\"entry\":{\"httpRoute\":{\"enabled\":true," \
	"\"parentRefs\":[{\"name\":\"g\"}]" route "}" more "}"
#define NGINX "metadata|annotations|nginx.ingress.kubernetes.io/"
#define STICKY \
	"metadata|annotations|traefik.ingress.kubernetes.io/" \
	"service.sticky.cookie"

static struct child made(struct str json, enum child_kind kind)
{
	(void)rendering_server(json);
	return *rendering_extra(kind);
}

static struct str at(struct str json, enum child_kind kind, const char *path)
{
	struct child c = made(json, kind);

	REQUIRE(c.wanted);
	return rendering_at(c.body, path);
}

static struct str service_at(struct str json, const char *path)
{
	return rendering_at(rendering_of(json, 0)->child[CHILD_SERVICE].body,
	    path);
}

TEST(entry_only_what_is_enabled)
{
	struct str off = SERVER(",\"entry\":{\"hosts\":[\"h\"],\"ingress\":{"
	    "\"enabled\":false},\"httpRoute\":{\"enabled\":false}}");

	EXPECT(!made(SERVER(""), CHILD_INGRESS).wanted);
	EXPECT(!made(SERVER(""), CHILD_HTTP_ROUTE).wanted);
	EXPECT(!made(off, CHILD_INGRESS).wanted);
	EXPECT(!made(off, CHILD_HTTP_ROUTE).wanted);
	EXPECT(!made(SERVER(",\"transport\":{\"type\":\"stdio\"},"
	    INGRESS("")), CHILD_INGRESS).wanted);
	EXPECT(!made(SERVER(",\"transport\":{\"type\":\"stdio\"},"
	    ROUTE("", "")), CHILD_HTTP_ROUTE).wanted);
}

/* Health checks and metrics are nobody's outside. */
TEST(entry_lets_in_to_the_endpoint_only)
{
	static const char path[] = "spec|rules|0|http|paths|0|path";

	EXPECT_STR(at(SERVER("," INGRESS("")), CHILD_INGRESS, path),
	    "\"/mcp\"");
	EXPECT_STR(at(SERVER(",\"transport\":{\"type\":\"http\",\"path\":"
	    "\"/x\"}," INGRESS("")), CHILD_INGRESS, path), "\"/x\"");
	EXPECT_STR(at(SERVER(",\"transport\":{\"type\":\"sse\"},"
	    INGRESS("")), CHILD_INGRESS, path), "\"/\"");
	EXPECT_STR(at(SERVER("," INGRESS(",\"path\":\"/y\"")), CHILD_INGRESS,
	    path), "\"/y\"");
	EXPECT_STR(at(SERVER("," ROUTE("", ",\"path\":\"/y\"")),
	    CHILD_HTTP_ROUTE, "spec|rules|0|matches"),
	    "[{\"path\":{\"type\":\"PathPrefix\",\"value\":\"/y\"}}]");
}

TEST(entry_ingress_of_any_host)
{
	struct str json = SERVER("," INGRESS(""));

	EXPECT_STR(at(json, CHILD_INGRESS, "spec|rules|0|host"), "");
	EXPECT_STR(at(json, CHILD_INGRESS, "spec|rules|1"), "");
	EXPECT_STR(at(json, CHILD_INGRESS, "spec|tls"), "");
	EXPECT_STR(at(json, CHILD_INGRESS, "spec|ingressClassName"), "");
	EXPECT_STR(at(SERVER("," ROUTE("", "")), CHILD_HTTP_ROUTE,
	    "spec|hostnames"), "");
}

TEST(entry_ingress_leads_to_the_service)
{
	struct str json = SERVER(",\"ports\":[{\"port\":80,\"targetPort\":"
	    "8080},{\"port\":9090,\"name\":\"x\"}]," INGRESS(""));

	EXPECT_STR(at(json, CHILD_INGRESS,
	    "spec|rules|0|http|paths|0|backend|service"),
	    "{\"name\":\"a\",\"port\":{\"number\":80}}");
}

TEST(entry_keeps_clients_by_a_cookie)
{
	struct str json = SERVER("," INGRESS(""));

	EXPECT_STR(at(json, CHILD_INGRESS, NGINX "affinity"), "\"cookie\"");
	EXPECT_STR(at(json, CHILD_INGRESS, NGINX "upstream-hash-by"), "");
	EXPECT_STR(service_at(json, STICKY), "\"true\"");
	/* The Service is as it was for who has no Ingress. */
	EXPECT_STR(service_at(SERVER(""), STICKY), "");
	EXPECT_STR(service_at(SERVER("," ROUTE("", "")), STICKY), "");
}

TEST(entry_keeps_clients_by_their_address)
{
	struct str json = SERVER("," INGRESS(
	    ",\"sessionAffinity\":\"ClientIP\""));
	struct str like = SERVER(",\"service\":{\"sessionAffinity\":"
	    "\"ClientIP\"}," INGRESS(""));

	EXPECT_STR(at(json, CHILD_INGRESS, NGINX "upstream-hash-by"),
	    "\"$remote_addr\"");
	EXPECT_STR(at(json, CHILD_INGRESS, NGINX "affinity"), "");
	EXPECT_STR(service_at(json, STICKY), "");
	EXPECT_STR(at(like, CHILD_INGRESS, NGINX "upstream-hash-by"),
	    "\"$remote_addr\"");
}

TEST(entry_keeps_no_clients_when_told_so)
{
	struct str json = SERVER("," INGRESS(
	    ",\"sessionAffinity\":\"None\""));
	struct str service = SERVER(",\"service\":{\"sessionAffinity\":"
	    "\"None\"}," INGRESS(""));

	EXPECT_STR(at(service, CHILD_INGRESS, NGINX "affinity"),
	    "\"cookie\"");
	EXPECT_STR(at(json, CHILD_INGRESS, NGINX "upstream-hash-by"), "");
	EXPECT_STR(at(json, CHILD_INGRESS, NGINX "affinity"), "");
	EXPECT_STR(at(json, CHILD_INGRESS, NGINX "proxy-read-timeout"),
	    "\"3600\"");
	EXPECT_STR(service_at(json, STICKY), "");
}

TEST(entry_notes_of_the_user_win)
{
	struct str json = SERVER(",\"service\":{\"annotations\":{\"traefik."
	    "ingress.kubernetes.io/service.sticky.cookie\":\"false\"}},"
	    "\"entry\":{\"ingress\":{\"enabled\":true,\"annotations\":{"
	    "\"nginx.ingress.kubernetes.io/affinity\":\"none\","
	    "\"mcp.allbeone.io/digest\":\"x\"}}}");

	EXPECT_STR(at(json, CHILD_INGRESS, NGINX "affinity"), "\"none\"");
	EXPECT_STR(service_at(json, STICKY), "\"false\"");
	EXPECT(!str_is(at(json, CHILD_INGRESS,
	    "metadata|annotations|" NOTE_DIGEST), "\"x\""));
}

static struct str timeout(struct str json)
{
	return at(json, CHILD_HTTP_ROUTE, "spec|rules|0|timeouts|request");
}

/* No decimals, and nothing under a millisecond. */
TEST(entry_route_timeouts)
{
	EXPECT_STR(timeout(SERVER("," ROUTE("", ""))), "");
	EXPECT_STR(timeout(SERVER("," ROUTE(",\"timeout\":\"0s\"", ""))),
	    "\"0s\"");
	EXPECT_STR(timeout(SERVER("," ROUTE(",\"timeout\":\"1.5s\"", ""))),
	    "\"1s500ms\"");
	EXPECT_STR(timeout(SERVER("," ROUTE(",\"timeout\":\"1us\"", ""))),
	    "\"1ms\"");
	EXPECT_STR(timeout(SERVER("," ROUTE(",\"timeout\":\"90m\"", ""))),
	    "\"1h30m\"");
}

TEST(entry_route_persistence_is_asked_for)
{
	static const char path[] = "spec|rules|0|sessionPersistence";

	EXPECT_STR(at(SERVER("," ROUTE("", "")), CHILD_HTTP_ROUTE, path),
	    "");
	EXPECT_STR(at(SERVER("," ROUTE("",
	    ",\"sessionAffinity\":\"ClientIP\"")), CHILD_HTTP_ROUTE, path),
	    "");
	EXPECT_STR(at(SERVER("," ROUTE("",
	    ",\"sessionAffinity\":\"Cookie\"")), CHILD_HTTP_ROUTE, path),
	    "{\"type\":\"Cookie\",\"cookieConfig\":{\"lifetimeType\":"
	    "\"Session\"}}");
}
