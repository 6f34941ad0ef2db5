#include <string.h>

#include "api_try.h"

TEST(api_creates_with_metadata_of_its_own)
{
	struct try *t = try_begin(NULL);

	EXPECT_EQ(try_post(t, SERVERS, SERVER(",\"uid\":\"x\","
	    "\"generation\":7", ",\"junk\":1")), 201);
	EXPECT_EQ(try_text(t, "metadata.uid").n, 36);
	EXPECT_STR(try_text(t, "metadata.creationTimestamp"),
	    "2023-11-14T22:13:21Z");
	EXPECT_STR(try_json(t, "metadata.generation"), "1");
	EXPECT_STR(try_text(t, "metadata.namespace"), "default");
	EXPECT_STR(try_json(t, "spec"),
	    "{\"image\":\"i\",\"port\":8080,\"replicas\":1}");
	EXPECT_EQ(try_post(t, SERVERS, SERVER("", "")), 409);
	EXPECT_STR(try_text(t, "reason"), "AlreadyExists");
	try_end(t);
}

TEST(api_is_the_same_for_the_same_seed)
{
	struct try *a = try_begin(NULL), *b = try_begin(NULL);
	struct api_options o = { .seed = 2, .crds = 15 };
	struct try *c = try_begin(&o);

	(void)try_post(a, MAPS, MAP("", ""));
	(void)try_post(b, MAPS, MAP("", ""));
	(void)try_post(c, MAPS, MAP("", ""));
	EXPECT(str_eq(a->ans.body, b->ans.body));
	EXPECT(!str_eq(try_text(a, "metadata.uid"),
	    try_text(c, "metadata.uid")));
	try_end(a);
	try_end(b);
	try_end(c);
}

TEST(api_names_by_a_stem)
{
	struct try *t = try_begin(NULL);

	EXPECT_EQ(try_post(t, MAPS, "{\"apiVersion\":\"v1\",\"kind\":"
	    "\"ConfigMap\",\"metadata\":{\"generateName\":\"x-\"}}"), 201);
	EXPECT_EQ(try_text(t, "metadata.name").n, 7);
	EXPECT(str_starts(try_text(t, "metadata.name"), STR("x-")));
	try_end(t);
}

TEST(api_counts_generations_by_kind)
{
	struct try *t = try_begin(NULL);

	(void)try_post(t, SERVERS, SERVER("", ""));
	(void)try_merge(t, SERVERS "/m", "{\"metadata\":{\"labels\":"
	    "{\"a\":\"b\"}}}");
	EXPECT_STR(try_json(t, "metadata.generation"), "1");
	(void)try_merge(t, SERVERS "/m", "{\"spec\":{\"replicas\":2}}");
	EXPECT_STR(try_json(t, "metadata.generation"), "2");
	(void)try_merge(t, SERVERS "/m/status",
	    "{\"status\":{\"phase\":\"Running\"}}");
	EXPECT_STR(try_json(t, "metadata.generation"), "2");
	(void)try_post(t, DEPLOYMENTS, DEPLOYMENT("", ""));
	EXPECT_STR(try_json(t, "metadata.generation"), "1");
	(void)try_merge(t, DEPLOYMENTS "/d", "{\"metadata\":"
	    "{\"annotations\":{\"a\":\"b\"}}}");
	EXPECT_STR(try_json(t, "metadata.generation"), "2");
	(void)try_post(t, MAPS, MAP("", ""));
	EXPECT_STR(try_json(t, "metadata.generation"), "");
	try_end(t);
}

TEST(api_refuses_stale_writes)
{
	struct try *t = try_begin(NULL);
	const char *stale;

	(void)try_post(t, MAPS, MAP("", "\"a\":\"1\""));
	stale = try_fmt(t, "%s", try_text(t, "metadata.resourceVersion").p);
	EXPECT_EQ(try_merge(t, MAPS "/c", "{\"data\":{\"a\":\"2\"}}"), 200);
	EXPECT_EQ(try_merge(t, MAPS "/c", try_fmt(t, "{\"metadata\":"
	    "{\"resourceVersion\":\"%s\"}}", stale)), 409);
	EXPECT_STR(try_text(t, "reason"), "Conflict");
	EXPECT_EQ(try_do(t, "PUT", MAPS "/c", NULL, try_fmt(t,
	    MAP(",\"resourceVersion\":\"%s\"", ""), stale)), 409);
	EXPECT_EQ(try_do(t, "PUT", MAPS "/c", NULL, MAP("", "")), 200);
	(void)try_post(t, SERVERS, SERVER("", ""));
	EXPECT_EQ(try_do(t, "PUT", SERVERS "/m", NULL, SERVER("", "")), 422);
	try_end(t);
}

TEST(api_writes_nothing_that_changes_nothing)
{
	struct try *t = try_begin(NULL);
	uint64_t version;

	(void)try_post(t, MAPS, MAP("", "\"a\":\"1\""));
	version = api_version(t->api);
	EXPECT_EQ(try_merge(t, MAPS "/c", "{\"data\":{\"a\":\"1\"}}"), 200);
	EXPECT_EQ(try_do(t, "PUT", MAPS "/c", NULL,
	    MAP("", "\"a\":\"1\"")), 200);
	EXPECT_EQ(api_version(t->api), version);
	EXPECT_EQ(try_merge(t, MAPS "/c", "{\"data\":{\"a\":\"2\"}}"), 200);
	EXPECT_EQ(api_version(t->api), version + 1);
	try_end(t);
}

TEST(api_keeps_status_and_spec_apart)
{
	struct try *t = try_begin(NULL);

	(void)try_post(t, SERVERS, "{\"apiVersion\":\"mcp.mcp.dev/v1alpha1\","
	    "\"kind\":\"MCPServer\",\"metadata\":{\"name\":\"m\"},\"spec\":"
	    "{\"image\":\"i\"},\"status\":{\"phase\":\"Running\"}}");
	EXPECT_STR(try_json(t, "status"), "");
	(void)try_merge(t, SERVERS "/m/status", "{\"spec\":{\"image\":"
	    "\"no\"},\"metadata\":{\"labels\":{\"a\":\"b\"}},"
	    "\"status\":{\"phase\":\"Running\"}}");
	EXPECT_STR(try_text(t, "spec.image"), "i");
	EXPECT_STR(try_json(t, "metadata.labels"), "");
	EXPECT_STR(try_text(t, "status.phase"), "Running");
	(void)try_merge(t, SERVERS "/m", "{\"status\":{\"phase\":\"x\"}}");
	EXPECT_STR(try_text(t, "status.phase"), "Running");
	try_end(t);
}

TEST(api_validates_custom_objects)
{
	struct try *t = try_begin(NULL);

	EXPECT_EQ(try_post(t, SERVERS, SERVER("", ",\"replicas\":-1")), 422);
	EXPECT_STR(try_text(t, "details.causes.0.field"), "spec.replicas");
	EXPECT_EQ(try_post(t, SERVERS, SERVER("", ",\"replicas\":\"x\"")),
	    422);
	EXPECT_STR(try_text(t, "details.causes.0.reason"),
	    "FieldValueTypeInvalid");
	EXPECT_EQ(try_post(t, SERVERS, "{\"apiVersion\":"
	    "\"mcp.mcp.dev/v1alpha1\",\"kind\":\"MCPServer\",\"metadata\":"
	    "{\"name\":\"m\"},\"spec\":{}}"), 422);
	EXPECT_STR(try_text(t, "message"), "MCPServer.mcp.mcp.dev \"m\" is "
	    "invalid: spec.image: Required value");
	EXPECT_EQ(api_find(t->api, API_MCPDEV, STR("default"),
	    STR("m")) != NULL, 0);
	try_end(t);
}

TEST(api_validates_deployments)
{
	struct try *t = try_begin(NULL);

	EXPECT_EQ(try_post(t, DEPLOYMENTS, DEPLOYMENT("",
	    ",\"volumeMounts\":[{\"name\":\"x\",\"mountPath\":\"/x\"}]")),
	    422);
	EXPECT_STR(try_text(t, "details.causes.0.reason"),
	    "FieldValueNotFound");
	EXPECT_EQ(try_post(t, DEPLOYMENTS, DEPLOYMENT("", "")), 201);
	EXPECT_EQ(try_merge(t, DEPLOYMENTS "/d", "{\"spec\":{\"selector\":"
	    "{\"matchLabels\":{\"c\":\"d\"}},\"template\":{\"metadata\":"
	    "{\"labels\":{\"c\":\"d\"}}}}}"), 422);
	EXPECT_STR(try_text(t, "details.causes.0.field"), "spec.selector");
	try_end(t);
}

TEST(api_defaults_deployments)
{
	struct try *t = try_begin(NULL);

	(void)try_post(t, DEPLOYMENTS, DEPLOYMENT("",
	    ",\"resources\":{\"limits\":{\"cpu\":\"0.5\"}}"));
	EXPECT_STR(try_json(t, "spec.replicas"), "1");
	EXPECT_STR(try_json(t, "spec.strategy"), "{\"rollingUpdate\":"
	    "{\"maxSurge\":\"25%\",\"maxUnavailable\":\"25%\"},"
	    "\"type\":\"RollingUpdate\"}");
	EXPECT_STR(try_json(t, "spec.template.spec.containers.0"),
	    "{\"image\":\"i:1\",\"imagePullPolicy\":\"IfNotPresent\","
	    "\"name\":\"main\",\"resources\":{\"limits\":{\"cpu\":\"500m\"}},"
	    "\"terminationMessagePath\":\"/dev/termination-log\","
	    "\"terminationMessagePolicy\":\"File\"}");
	EXPECT_STR(try_text(t, "spec.template.spec.restartPolicy"),
	    "Always");
	try_end(t);
}

#define SERVICES "/api/v1/namespaces/default/services"

TEST(api_allocates_for_services)
{
	struct try *t = try_begin(NULL);
	struct str ip;

	EXPECT_EQ(try_post(t, SERVICES, "{\"apiVersion\":\"v1\",\"kind\":"
	    "\"Service\",\"metadata\":{\"name\":\"s\"},\"spec\":{\"type\":"
	    "\"NodePort\",\"ports\":[{\"port\":80}]}}"), 201);
	ip = try_text(t, "spec.clusterIP");
	EXPECT(ip.n > 0);
	EXPECT(node_number(t->got, "spec.ports.0.nodePort", 0) >= 30000);
	EXPECT_STR(try_json(t, "spec.ports.0.targetPort"), "80");
	EXPECT_EQ(try_merge(t, SERVICES "/s",
	    "{\"spec\":{\"clusterIP\":\"10.96.3.3\"}}"), 422);
	EXPECT_EQ(try_merge(t, SERVICES "/s",
	    "{\"spec\":{\"type\":\"ClusterIP\"}}"), 200);
	EXPECT(str_eq(try_text(t, "spec.clusterIP"), ip));
	EXPECT_STR(try_json(t, "spec.ports.0.nodePort"), "");
	EXPECT_STR(try_json(t, "spec.externalTrafficPolicy"), "");
	try_end(t);
}

TEST(api_scales)
{
	struct try *t = try_begin(NULL);

	(void)try_post(t, SERVERS, SERVER("", ""));
	EXPECT_EQ(try_get(t, SERVERS "/m/scale"), 200);
	EXPECT_STR(try_json(t, "spec"), "{\"replicas\":1}");
	EXPECT_EQ(try_merge(t, SERVERS "/m/scale",
	    "{\"spec\":{\"replicas\":3}}"), 200);
	EXPECT_STR(try_text(t, "kind"), "Scale");
	(void)try_get(t, SERVERS "/m");
	EXPECT_STR(try_json(t, "spec.replicas"), "3");
	EXPECT_STR(try_json(t, "metadata.generation"), "2");
	EXPECT_EQ(try_get(t, MAPS "/c/scale"), 404);
	try_end(t);
}

TEST(api_runs_dry)
{
	struct try *t = try_begin(NULL);

	EXPECT_EQ(try_post(t, MAPS "?dryRun=All", MAP("", "")), 201);
	EXPECT_EQ(try_get(t, MAPS "/c"), 404);
	(void)try_post(t, MAPS, MAP("", ""));
	EXPECT_EQ(try_delete(t, MAPS "/c?dryRun=All", ""), 200);
	EXPECT_EQ(try_get(t, MAPS "/c"), 200);
	try_end(t);
}

/* ---- what goes wrong on demand --------------------------------------- */

static int with_fault(struct try *t, enum api_fault fault)
{
	t->fault = fault;
	t->retry_after_s = 3;
	return try_post(t, MAPS, MAP("", ""));
}

TEST(api_fails_on_demand)
{
	struct try *t = try_begin(NULL);

	EXPECT_EQ(with_fault(t, API_THROTTLE), 429);
	EXPECT_EQ(t->ans.retry_after_s, 3);
	EXPECT_EQ(with_fault(t, API_UNAVAILABLE), 503);
	EXPECT_EQ(with_fault(t, API_INTERNAL), 500);
	EXPECT_EQ(with_fault(t, API_ETCD_SLOW), 500);
	EXPECT_EQ(with_fault(t, API_TIMEOUT), 504);
	EXPECT_EQ(with_fault(t, API_BAD_GATEWAY), 502);
	EXPECT_EQ(with_fault(t, API_UNAUTHORIZED), 401);
	EXPECT_EQ(with_fault(t, API_FORBIDDEN), 403);
	EXPECT_EQ(with_fault(t, API_ADMISSION), 403);
	EXPECT_EQ(with_fault(t, API_ADMISSION_GONE), 500);
	EXPECT_EQ(with_fault(t, API_QUOTA), 403);
	EXPECT_EQ(try_get(t, MAPS "/c"), 404);
	EXPECT_EQ(with_fault(t, API_INTERNAL_LATE), 500);
	EXPECT_EQ(try_get(t, MAPS "/c"), 200);
	t->fault = API_CONFLICT;
	EXPECT_EQ(try_merge(t, MAPS "/c", "{\"data\":{\"a\":\"b\"}}"), 409);
	t->fault = API_TIMEOUT_LATE;
	EXPECT_EQ(try_delete(t, MAPS "/c", ""), 504);
	EXPECT_EQ(try_get(t, MAPS "/c"), 404);
	t->fault = API_GONE;
	EXPECT_EQ(try_get(t, MAPS), 410);
	try_end(t);
}

TEST(api_asks_for_its_token)
{
	struct api_options o = { .seed = 1, .crds = 15, .token = "good" };
	struct try *t = try_begin(&o);

	EXPECT_EQ(try_get(t, MAPS), 401);
	EXPECT_EQ(api_do(t->api, t->now_ns, "a", "GET", MAPS, NULL,
	    STR_NONE, NULL), 200);
	try_end(t);
}

/* ---- observers ------------------------------------------------------- */

struct seen {
	char text[512];
	size_t n;
};

static void see(void *ctx, const struct api_write *w)
{
	struct seen *s = ctx;
	struct buf b;

	buf_init(&b, s->text + s->n, sizeof(s->text) - s->n);
	buf_fmt(&b, "%s %s %S%s%s by %S; ", w->verb, api_kind_name(w->kind),
	    w->name, w->old ? " old" : "", w->new ? " new" : "",
	    w->manager);
	s->n += b.n;
}

TEST(api_tells_observers_of_each_write)
{
	struct try *t = try_begin(NULL);
	struct seen seen = { .n = 0 };

	api_observe(t->api, see, &seen);
	(void)try_post(t, MAPS, MAP("", ""));
	(void)try_apply(t, MAPS "/c", "mcp", false, MAP("", "\"a\":\"b\""));
	(void)try_apply(t, MAPS "/c", "mcp", false, MAP("", "\"a\":\"b\""));
	(void)try_get(t, MAPS "/c");
	(void)try_delete(t, MAPS "/c", "");
	EXPECT_STR(((struct str){ seen.text, seen.n }),
	    "create ConfigMap c new by tester; "
	    "apply ConfigMap c old new by mcp; "
	    "delete ConfigMap c old by tester; ");
	try_end(t);
}

TEST(lists_that_are_maps_have_a_key_once)
{
	static const struct api_options with = { .seed = 1,
		.crds = 1u << (API_PROMETHEUS_RULE - API_ALLBEONE) };
	struct try *t = try_begin(&with);

	EXPECT_EQ(try_post(t, "/apis/monitoring.coreos.com/v1/namespaces/"
	    "default/prometheusrules", "{\"apiVersion\":"
	    "\"monitoring.coreos.com/v1\",\"kind\":\"PrometheusRule\","
	    "\"metadata\":{\"name\":\"r\"},\"spec\":{\"groups\":[{"
	    "\"name\":\"g\"},{\"name\":\"h\"},{\"name\":\"g\"}]}}"), 422);
	EXPECT_STR(try_text(t, "message"), "PrometheusRule.monitoring.coreos"
	    ".com \"r\" is invalid: spec.groups[2]: Duplicate value: "
	    "{\"name\":\"g\"}");
	try_end(t);
}
