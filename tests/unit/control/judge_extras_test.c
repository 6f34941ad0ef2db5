#include "judge_test.h"

/* Children that not all servers have. */

#define HPA_SPEC "{\"image\":\"r/x:1\",\"replicas\":2,\"autoscaling\":{" \
	"\"hpa\":{\"enabled\":true,\"maxReplicas\":3},\"vpa\":{" \
	"\"enabled\":true}}}"

static void judge_scaled(void)
{
	read_server(GROUP_ALLBEONE, "", HPA_SPEC, "{}");
	workload(3, 3, 3);
	record.workload.asked = 3;
	record.workload.scaled = true;
}

TEST(judge_counts_what_the_autoscaler_asks_for)
{
	judge_scaled();
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "True/DeploymentReady");
	EXPECT_STR(said("Ready"), "3 of 3 pods are ready");
	EXPECT_STR(cond("ChildrenComplete"), "");
}

TEST(judge_children_without_room)
{
	judge_scaled();
	in.allowed = ~(UINT32_C(1) << CHILD_HPA);
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "True/DeploymentReady");
	EXPECT_STR(cond("ChildrenComplete"), "False/CapacityReached");
	EXPECT_STR(said("ChildrenComplete"), "there is no room for "
	    "HorizontalPodAutoscaler, see --max-extra-children; it is made "
	    "when there is");
	EXPECT_STR(str_from(verdict.reason), "CapacityReached");
	EXPECT(verdict.warning);
}

TEST(judge_children_of_a_missing_api)
{
	judge_scaled();
	in.allowed = ~(UINT32_C(1) << CHILD_VPA);
	in.absent = UINT32_C(1) << CHILD_VPA;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("ChildrenComplete"), "False/APIMissing");
	EXPECT_STR(said("ChildrenComplete"), "the cluster has no "
	    "VerticalPodAutoscaler of autoscaling.k8s.io/v1; it is made when "
	    "that is installed");
	in.made = ~(UINT32_C(1) << CHILD_VPA);
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("ChildrenComplete"), "False/NotMade");
}

/* The pods run all the same. */
TEST(judge_a_refused_autoscaler)
{
	struct diag d = { 0 };

	judge_scaled();
	diag_set(&d, STR_NONE, "must be greater");
	in.failed = &d;
	in.failed_child = CHILD_HPA;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "True/DeploymentReady");
	EXPECT_STR(cond("Degraded"), "False/AsExpected");
	EXPECT_STR(cond("Applied"), "False/ApplyFailed");
	EXPECT_STR(cond("ChildrenComplete"), "False/ApplyFailed");
	EXPECT_STR(said("ChildrenComplete"), "HorizontalPodAutoscaler one: "
	    "must be greater");
	EXPECT_STR(str_from(verdict.reason), "ApplyFailed");
	EXPECT_STR(cond("ConfigurationValid"), "True/ConfigurationValid");
	in.failed_invalid = true;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("ConfigurationValid"), "False/InvalidSpec");
	EXPECT_STR(said("ConfigurationValid"), "HorizontalPodAutoscaler one: "
	    "must be greater");
}

/* As the first system's users know it: a column shows it. */
TEST(judge_tells_whether_the_mesh_is_set_up)
{
	static const uint32_t rule = UINT32_C(1) << CHILD_DESTINATION_RULE;
	static struct extra extra;
	static uint32_t next[1];
	struct records records = { 0 };
	struct diag d = { 0 };

	read_server(GROUP_ALLBEONE, "", "{\"image\":\"x\",\"istio\":{"
	    "\"enabled\":true,\"destinationRule\":{}}}", "{}");
	workload(1, 1, 1);
	in.allowed = in.made = UINT32_MAX;
	pool_init(&records.extras.pool, &extra, next, 1, sizeof(extra));
	in.records = &records;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("IstioConfigured"), "False/IstioConfigurationFailed");
	REQUIRE(child_take(&records, &record, CHILD_DESTINATION_RULE) !=
	    NULL);
	extra.state.exists = true;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("IstioConfigured"), "True/IstioConfigured");
	extra.state.exists = false;
	in.allowed = ~rule;
	in.absent = rule;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("IstioConfigured"), "False/IstioConfigurationFailed");
	in.allowed = UINT32_MAX;
	in.absent = 0;
	diag_set(&d, STR_NONE, "not here");
	in.failed = &d;
	in.failed_child = CHILD_DESTINATION_RULE;
	judge(&in, &arena, &verdict);
	EXPECT_STR(said("IstioConfigured"), "DestinationRule one: not here");
	read_server(GROUP_ALLBEONE, "", "{\"image\":\"x\"}", "{}");
	in.failed = NULL;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("IstioConfigured"), "");
}

/* An Event tells of it once. */
TEST(judge_tells_of_missing_children_once)
{
	read_server(GROUP_ALLBEONE, "", HPA_SPEC, "{\"conditions\":[{"
	    "\"type\":\"ChildrenComplete\",\"status\":\"False\","
	    "\"reason\":\"APIMissing\"}]}");
	workload(2, 2, 2);
	in.allowed = ~(UINT32_C(1) << CHILD_VPA);
	in.absent = UINT32_C(1) << CHILD_VPA;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("ChildrenComplete"), "False/APIMissing");
	EXPECT(verdict.reason == NULL);
}

/* Nothing else tells who was kept out by it. */
TEST(judge_names_the_policy_that_may_keep_the_operator_out)
{
	static struct extra extra;
	static struct mcp_probe probe;
	static uint32_t next[1];
	struct records records = { 0 };

	read_server(GROUP_ALLBEONE, "", "{\"image\":\"x\"}", "{}");
	workload(1, 1, 1);
	pool_init(&records.extras.pool, &extra, next, 1, sizeof(extra));
	in.records = &records;
	in.verified = VERIFIED_UNSURE;
	in.news = &probe;
	probe.verdict = MCP_SILENT;
	diag_set(&probe.diag, STR_NONE, "no answer");
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Verified"), "Unknown/Unreachable");
	EXPECT_STR(said("Verified"), "no answer");
	REQUIRE(child_take(&records, &record, CHILD_NETWORK_POLICY) != NULL);
	extra.state.exists = true;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "True/DeploymentReady");
	EXPECT_STR(said("Verified"), "no answer; its NetworkPolicy lets in "
	    "only whom it names, and the operator has to be among them");
	/* Who was let in would have been answered no better. */
	probe.heard = true;
	judge(&in, &arena, &verdict);
	EXPECT_STR(said("Verified"), "no answer");
	probe.heard = false;
}

TEST(judge_keeps_why_it_is_not_known_who_a_server_is)
{
	static const struct { enum mcp_verdict of; const char *says; } why[] = {
		{ MCP_SILENT, "Unknown/Unreachable" },
		{ MCP_GUARDED, "Unknown/AuthorizationRequired" },
		{ MCP_DECLINED, "Unknown/InitializeRefused" },
		{ MCP_SECURED, "Unknown/TLSRequired" }
	};
	static struct mcp_probe probe;
	char status[256];
	size_t i;

	for (i = 0; i < ARRAY_LEN(why); i++) {
		read_server(GROUP_ALLBEONE, "", "{\"image\":\"x\"}", "{}");
		workload(1, 1, 1);
		in.verified = VERIFIED_UNSURE;
		in.news = &probe;
		probe.verdict = why[i].of;
		judge(&in, &arena, &verdict);
		EXPECT_STR(cond("Verified"), why[i].says);
		snprintf(status, sizeof(status), "{\"conditions\":[{\"type\":"
		    "\"Verified\",\"status\":\"Unknown\",\"reason\":\"%s\"}]}",
		    strchr(why[i].says, '/') + 1);
		read_server(GROUP_ALLBEONE, "", "{\"image\":\"x\"}", status);
		workload(1, 1, 1);
		in.verified = VERIFIED_UNSURE;
		judge(&in, &arena, &verdict);
		EXPECT_STR(cond("Verified"), why[i].says);
	}
}
