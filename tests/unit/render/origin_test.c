#include "check.h"
#include "render.h"

static const char *first(enum child_kind k, const char *path)
{
	uint32_t cursor = 0;
	const char *field = render_origin(k, str_from(path), &cursor);

	return field ? field : "";
}

#define FIRST(kind, path, field) EXPECT_STR(str_from(first(kind, path)), field)

TEST(places_come_from_fields)
{
	FIRST(CHILD_DEPLOYMENT, "spec.template.spec.affinity.nodeAffinity",
	    "spec.affinity");
	FIRST(CHILD_DEPLOYMENT, "spec.template.spec.containers[0].env[3].name",
	    "spec.env");
	FIRST(CHILD_DEPLOYMENT, "spec.template.spec.containers[0].envFrom",
	    "spec.envFrom");
	FIRST(CHILD_DEPLOYMENT, "spec.template.spec.containers[name="
	    "\"mcp-server\"].livenessProbe", "spec.probes.liveness");
	FIRST(CHILD_DEPLOYMENT, "spec.template.spec.containers[1].image",
	    "spec.reload");
	FIRST(CHILD_SERVICE, "spec.ports[1].port", "spec.ports");
	FIRST(CHILD_SERVICE, "", "spec.service");
	FIRST(CHILD_HPA, "spec.metrics", "spec.autoscaling.hpa");
	FIRST(CHILD_ROLE, "", "spec.tenancy.members");
}

/* Only what others put there has no field of its own. */
TEST(a_neighbour_is_no_place)
{
	FIRST(CHILD_DEPLOYMENT, "spec.template.spec.containers[2].image",
	    "spec.pod.sidecars");
	FIRST(CHILD_DEPLOYMENT, "spec.template.spec.initContainersX",
	    "spec.podTemplatePatch");
	FIRST(CHILD_DEPLOYMENT, "spec.template.spec.affinityX",
	    "spec.podTemplatePatch");
	FIRST(CHILD_DEPLOYMENT, "spec.strategyX", "");
	FIRST(CHILD_SERVICE, "spec.template.spec.containers[0].image",
	    "spec.service");
	FIRST(CHILD_CONFIG_MAP, "metadata", "");
}

TEST(one_place_may_come_from_several)
{
	struct str path = STR("spec.ports");
	uint32_t cursor = 0;

	EXPECT_STR(str_from(render_origin(CHILD_SERVICE, path, &cursor)),
	    "spec.ports");
	EXPECT_STR(str_from(render_origin(CHILD_SERVICE, path, &cursor)),
	    "spec.port");
	EXPECT_STR(str_from(render_origin(CHILD_SERVICE, path, &cursor)),
	    "spec.service");
	EXPECT_STR(str_from(render_origin(CHILD_SERVICE, path, &cursor)),
	    "spec.serviceType");
	EXPECT(render_origin(CHILD_SERVICE, path, &cursor) == NULL);
	EXPECT(render_origin(CHILD_SERVICE, path, &cursor) == NULL);
}
