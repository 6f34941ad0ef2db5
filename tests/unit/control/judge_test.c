#include "judge_test.h"

TEST(judge_running)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"r/x:1\",\"replicas\":2}",
	    "{}");
	workload(2, 2, 2);
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.phase, PHASE_RUNNING);
	EXPECT_STR(cond("Ready"), "True/DeploymentReady");
	EXPECT_STR(cond("Available"), "True/PodsAvailable");
	EXPECT_STR(cond("Progressing"), "False/DeploymentComplete");
	EXPECT_STR(cond("Degraded"), "False/AsExpected");
	EXPECT_STR(cond("ConfigurationValid"), "True/ConfigurationValid");
	EXPECT_STR(said("Ready"), "2 of 2 pods are ready");
	EXPECT_STR(said("Available"), "2 of 2 pods are available");
	EXPECT_STR(said("Progressing"), "2 of 2 pods are of the current spec");
	EXPECT_STR(verdict.status.image, "r/x");
	EXPECT_STR(verdict.status.tag, "1");
	EXPECT_EQ(verdict.status.observed_generation, 3);
	EXPECT_EQ(verdict.status.replicas, 2);
	EXPECT_EQ(verdict.status.ready_replicas, 2);
	EXPECT_EQ(verdict.status.available_replicas, 2);
	EXPECT_EQ(verdict.status.updated_replicas, 2);
	/* The Service and the Deployment. */
	EXPECT_EQ(verdict.status.children.n, 2);
	EXPECT(verdict.reason == NULL);
}

/* Its own field manager wrote it: what is left out would stay. */
TEST(what_a_note_said_is_taken_back)
{
	uint64_t absent;

	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}", "{\"reason\":"
	    "\"CapacityReached\",\"message\":\"no room\"}");
	workload(1, 1, 1);
	judge(&in, &arena, &verdict);
	EXPECT(HAS(&verdict.status, server_status, reason));
	EXPECT(HAS(&verdict.status, server_status, message));
	EXPECT_EQ(verdict.status.reason.n + verdict.status.message.n, 0);
	absent = status_digest(GROUP_MCPDEV, &verdict.status, &arena);
	EXPECT(absent != status_digest(GROUP_MCPDEV, &server.status,
	    &arena));
	/* Then it is as if it were not there. */
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}",
	    "{\"reason\":\"\",\"message\":\"\"}");
	workload(1, 1, 1);
	judge(&in, &arena, &verdict);
	EXPECT(!HAS(&verdict.status, server_status, reason));
	EXPECT_EQ(status_digest(GROUP_MCPDEV, &verdict.status, &arena),
	    absent);
}

TEST(judge_starting_and_partly_ready)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\",\"replicas\":2}",
	    "{}");
	workload(2, 2, 0);
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.phase, PHASE_PENDING);
	EXPECT_STR(cond("Ready"), "False/DeploymentPending");
	EXPECT_STR(cond("Progressing"), "True/DeploymentInProgress");
	workload(2, 2, 1);
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.phase, PHASE_RUNNING);
	EXPECT_STR(cond("Ready"), "False/DeploymentPartiallyReady");
}

TEST(judge_rolling_keeps_running)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\",\"replicas\":2}",
	    "{}");
	workload(3, 1, 2);
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.phase, PHASE_RUNNING);
	EXPECT_STR(cond("Ready"), "False/RollingUpdate");
	EXPECT_STR(cond("Available"), "True/PodsAvailable");
	EXPECT_STR(said("Progressing"), "1 of 2 pods are of the current spec");
}

/* The old pod is the ready one; the new one's image is not to be had. */
TEST(judge_does_not_count_the_old_pods)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\",\"replicas\":1}",
	    "{}");
	workload(2, 1, 1);
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "False/RollingUpdate");
	EXPECT_STR(cond("Available"), "True/PodsAvailable");
	workload(2, 1, 2);
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "True/DeploymentReady");
}

TEST(judge_an_old_generation_is_not_ready)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\",\"replicas\":1}",
	    "{}");
	workload(1, 1, 1);
	record.workload.generation = 9;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "False/RollingUpdate");
}

TEST(judge_scaled_to_zero)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\",\"replicas\":0}",
	    "{}");
	workload(0, 0, 0);
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.phase, PHASE_PENDING);
	EXPECT_STR(cond("Ready"), "False/ScaledToZero");
	EXPECT_STR(cond("Progressing"), "False/DeploymentComplete");
}

TEST(judge_hard_trouble_fails_and_tells_once)
{
	struct trouble t = { TROUBLE_HARD, "ImagePullBackOff",
	    "pod p: no such image", false };

	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}", "{}");
	workload(1, 1, 0);
	in.trouble = &t;
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.phase, PHASE_FAILED);
	EXPECT_STR(cond("Degraded"), "True/ImagePullBackOff");
	EXPECT_STR(verdict.status.message, "pod p: no such image");
	EXPECT(verdict.reason != NULL && verdict.warning);

	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}",
	    "{\"conditions\":[{\"type\":\"Degraded\",\"status\":\"True\","
	    "\"reason\":\"ImagePullBackOff\",\"lastTransitionTime\":"
	    "\"1970-01-01T00:00:05Z\"}]}");
	workload(1, 1, 0);
	in.trouble = &t;
	judge(&in, &arena, &verdict);
	EXPECT(verdict.reason == NULL);
	EXPECT_EQ(cond_get(&verdict.conditions, "Degraded")->changed,
	    5 * NS_PER_S);
}

TEST(judge_tells_why_it_is_not_ready_yet)
{
	struct trouble t = { TROUBLE_SLOW, "Unhealthy",
	    "pod p: Startup probe failed: connection refused", false };

	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}", "{}");
	workload(1, 1, 0);
	in.trouble = &t;
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.phase, PHASE_PENDING);
	EXPECT_STR(cond("Ready"), "False/DeploymentPending");
	EXPECT_STR(said("Ready"), "0 of 1 pods are ready; pod p: Startup "
	    "probe failed: connection refused");
	EXPECT_STR(cond("Degraded"), "False/AsExpected");
	EXPECT_STR(cond("Progressing"), "True/DeploymentInProgress");
	EXPECT_STR(verdict.status.reason, "Unhealthy");
	EXPECT_STR(verdict.status.message, t.message);
	EXPECT(verdict.reason == NULL);
	/* What is wrong comes first. */
	record.workload.deadline_exceeded = true;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "False/DeploymentTimeout");
	EXPECT_STR(verdict.status.reason, "DeploymentTimeout");
	/* Nor is it told of one more than was asked for. */
	workload(2, 1, 1);
	record.workload.deadline_exceeded = false;
	in.trouble = &t;
	record.workload.replicas = 1;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "True/DeploymentReady");
	EXPECT(!HAS(&verdict.status, server_status, reason));
}

TEST(judge_refused_spec_keeps_what_runs)
{
	struct diag d;

	diag_clear(&d);
	diag_set(&d, STR("spec.port"), "70000 is over 65535");
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}",
	    "{\"image\":\"old\",\"tag\":\"7\"}");
	workload(1, 1, 1);
	record.workload.asked = 1;
	in.refused = &d;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("ConfigurationValid"), "False/InvalidSpec");
	EXPECT_STR(verdict.status.message,
	    "spec.port: 70000 is over 65535");
	EXPECT_EQ(verdict.status.phase, PHASE_DEGRADED);
	EXPECT_STR(verdict.status.image, "old");
	EXPECT_STR(verdict.status.tag, "7");
}

/* The CRDs have the same bound: with more the API server takes no status. */
TEST(judge_names_all_children_that_one_server_can_have)
{
	static char status[4096];
	struct buf b;
	int k;

	buf_init(&b, status, sizeof(status) - 1);
	buf_cstr(&b, "{\"resources\":[");
	for (k = 0; k < CHILD_KINDS_ALL; k++)
		buf_fmt(&b, "%s{\"kind\":\"%s\",\"name\":\"one%s\"}",
		    k > 0 ? "," : "", child_info[k].kind,
		    child_info[k].suffix);
	buf_cstr(&b, "]}");
	REQUIRE(!b.over);
	read_server(GROUP_ALLBEONE, "", "{\"image\":\"x\"}", status);
	EXPECT_EQ(server.status.children.n, CHILD_KINDS_ALL);
	EXPECT(server_status_schema.row[server_status_AT_children].max >=
	    CHILD_KINDS_ALL);
}

/* What lost its label is not seen, and stands there all the same. */
TEST(judge_refused_spec_keeps_the_names_of_its_children)
{
	const struct child_ref *c;
	struct diag d;

	diag_clear(&d);
	diag_set(&d, STR("spec.port"), "70000 is over 65535");
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}",
	    "{\"resources\":[{\"kind\":\"ConfigMap\",\"name\":"
	    "\"one-config\",\"version\":\"12\"},{\"kind\":\"Service\","
	    "\"name\":\"one\"},{\"kind\":\"Service\",\"name\":\"two\"}]}");
	workload(1, 1, 1);
	in.refused = &d;
	judge(&in, &arena, &verdict);
	REQUIRE(verdict.status.children.n == 3);
	c = verdict.status.children.p;
	EXPECT_STR(c[0].name, "one-config");
	EXPECT_STR(c[0].version, "12");
	EXPECT_STR(c[1].kind, "Service");
	EXPECT_STR(c[1].name, "one");
	EXPECT_STR(c[2].kind, "Deployment");
	/* Nor has a plan that failed looked for them. */
	in.refused = NULL;
	in.failed = &d;
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.children.n, 3);
	in.failed = NULL;
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.children.n, 2);
}

/* No plan looks for what it has no room to make. */
TEST(judge_keeps_the_name_of_a_child_that_there_is_no_room_for)
{
	read_server(GROUP_ALLBEONE, "", "{\"image\":\"x\",\"autoscaling\":"
	    "{\"hpa\":{\"enabled\":true,\"maxReplicas\":3}}}",
	    "{\"resources\":[{\"kind\":\"HorizontalPodAutoscaler\","
	    "\"name\":\"one\"}]}");
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.children.n, 0);
	in.allowed = ~(UINT32_C(1) << CHILD_HPA);
	judge(&in, &arena, &verdict);
	REQUIRE(verdict.status.children.n == 1);
	EXPECT_STR(verdict.status.children.p[0].kind,
	    "HorizontalPodAutoscaler");
	in.absent = UINT32_C(1) << CHILD_HPA;
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.children.n, 0);
}

TEST(judge_name_taken)
{
	struct diag d;

	diag_clear(&d);
	diag_set(&d, STR_NONE, "conflict");
	read_server(GROUP_ALLBEONE, "", "{\"image\":\"x\"}", "{}");
	in.failed = &d;
	in.failed_why = KUBE_WHY_OWNED;
	in.failed_child = CHILD_SERVICE;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Degraded"), "True/NameTaken");
	EXPECT_STR(cond("Applied"), "False/ApplyFailed");
	EXPECT_STR(verdict.status.message, "Service one: conflict");
	EXPECT_EQ(verdict.status.phase, PHASE_FAILED);
}

/* The old pods are well, but they are not what was asked for. */
TEST(judge_what_cannot_be_written_is_not_ready)
{
	struct diag d;

	diag_clear(&d);
	diag_set(&d, STR_NONE, "no such image here");
	read_server(GROUP_EXAMPLE, "", "{\"image\":\"new:2\","
	    "\"transport\":\"streamable-http\"}",
	    "{\"image\":\"old\",\"tag\":\"1\"}");
	workload(1, 1, 1);
	in.failed = &d;
	in.failed_why = KUBE_WHY_ADMISSION;
	in.failed_child = CHILD_DEPLOYMENT;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "False/AdmissionDenied");
	EXPECT_STR(cond("DeploymentReady"), "False/DeploymentNotReady");
	EXPECT_STR(cond("ServiceReady"), "True/ServiceReady");
	EXPECT_STR(cond("Available"), "True/PodsAvailable");
	EXPECT_STR(cond("Progressing"), "False/AdmissionDenied");
	EXPECT_EQ(verdict.status.phase, PHASE_DEGRADED);
	EXPECT_STR(verdict.status.image, "old");
	EXPECT_STR(verdict.status.tag, "1");

	in.failed_why = KUBE_WHY_NONE;
	in.failed_child = CHILD_SERVICE;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "False/ApplyFailed");
	EXPECT_STR(cond("ServiceReady"), "False/ServiceNotFound");
	EXPECT_STR(verdict.status.image, "new");

	in.failed_child = CHILD_CONFIG_MAP;
	judge(&in, &arena, &verdict);
	EXPECT_STR(verdict.status.message,
	    "ConfigMap one-config: no such image here");
}

TEST(judge_names_why_a_replica_set_failed)
{
	static const char *const all[][2] = {
		{ "pods \"x\" is forbidden: violates PodSecurity \"r\"",
		  "True/PodSecurity" },
		{ "pods \"x\" is forbidden: maximum memory usage per "
		  "Container is 1Gi", "True/LimitRange" },
		{ "pods \"x\" is forbidden: exceeded quota: q",
		  "True/QuotaExceeded" },
		{ "no service account", "True/ReplicaFailure" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++) {
		read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}", "{}");
		workload(0, 0, 0);
		record.workload.replica_failure = true;
		strcpy(record.workload.failure, all[i][0]);
		judge(&in, &arena, &verdict);
		EXPECT_STR(cond("Degraded"), all[i][1]);
	}
}

TEST(judge_quota_and_deadline)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}", "{}");
	workload(0, 0, 0);
	record.workload.replica_failure = true;
	memcpy(record.workload.failure, "exceeded quota: q", 18);
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Degraded"), "True/QuotaExceeded");
	EXPECT_STR(str_from(verdict.message), "exceeded quota: q");
	record.workload.replica_failure = false;
	record.workload.deadline_exceeded = true;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Degraded"), "True/DeploymentTimeout");
}

TEST(judge_of_a_paused_rollout)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\",\"replicas\":2,"
	    "\"paused\":true}", "{}");
	workload(2, 2, 2);
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "True/DeploymentReady");
	EXPECT_STR(cond("Progressing"), "False/DeploymentComplete");
	record.workload.updated = 0;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "False/Paused");
	EXPECT_STR(cond("Progressing"), "False/Paused");
	EXPECT_STR(cond("Available"), "True/PodsAvailable");
	EXPECT_STR(cond("Degraded"), "False/AsExpected");
}

#define ROLLS "{\"image\":\"r/new:2\",\"rollbackOnFailure\":true}"
#define PULLS "ImagePullBackOff: pod \"p\": no such image"

static void rolled_back(const char *status)
{
	read_server(GROUP_MCPDEV, "", ROLLS, status);
	workload(1, 1, 1);
	record.workload.rolled_from = 7;
	record.workload.rolled_to = 4;
	record.workload.good = record.workload.revision = 6;
}

TEST(judge_says_what_was_rolled_back_and_why)
{
	static const char message[] = "the pods are those of revision 4 "
	    "again, for the rollout of what is asked for has failed: " PULLS;

	rolled_back("{\"image\":\"r/new\",\"tag\":\"2\"}");
	in.fell = STR(PULLS);
	in.rolled_image = STR("r/old:1");
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Progressing"), "False/RolledBack");
	EXPECT_STR(cond("Degraded"), "True/RolledBack");
	EXPECT_STR(cond("Ready"), "True/DeploymentReady");
	EXPECT_STR(said("Degraded"), message);
	EXPECT_STR(said("Progressing"), message);
	EXPECT_STR(verdict.status.reason, "RolledBack");
	EXPECT_STR(verdict.status.image, "r/old");
	EXPECT_STR(verdict.status.tag, "1");
	EXPECT_EQ(verdict.status.phase, PHASE_RUNNING);
	EXPECT_EQ(verdict.status.good_revision, 6);
	REQUIRE(verdict.reason != NULL && verdict.warning);
	EXPECT(strcmp(verdict.reason, "RolledBack") == 0);
	EXPECT(strcmp(verdict.message, message) == 0);
}

/* Another operator took them back: nobody reads that image once more. */
TEST(judge_tells_the_image_of_a_rollback_while_it_is_held)
{
	rolled_back("{\"image\":\"r/new\",\"tag\":\"2\"}");
	in.rolled_image = STR("r/old:1");
	in.hold = &(const struct hold){ .reason = "HookFailed" };
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "False/HookFailed");
	EXPECT_STR(verdict.status.image, "r/old");
	EXPECT_STR(verdict.status.tag, "1");
}

/* Whoever looks next has nothing but the status to know it by. */
TEST(judge_keeps_what_the_status_says_of_a_rollback)
{
	rolled_back("{\"image\":\"r/old\",\"tag\":\"1\",\"conditions\":["
	    "{\"type\":\"Progressing\",\"status\":\"False\",\"reason\":"
	    "\"RolledBack\",\"message\":\"why\"},{\"type\":\"Degraded\","
	    "\"status\":\"True\",\"reason\":\"RolledBack\",\"message\":"
	    "\"why\"}]}");
	judge(&in, &arena, &verdict);
	EXPECT_STR(said("Degraded"), "why");
	EXPECT_STR(said("Progressing"), "why");
	EXPECT_STR(verdict.status.image, "r/old");
	EXPECT(verdict.reason == NULL);
	/* Nor is it lost while a spec is refused. */
	in.refused = &(const struct diag){ .path = "spec", .text = "bad" };
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Degraded"), "True/InvalidSpec");
	EXPECT_STR(said("Progressing"), "why");
}

TEST(judge_of_a_rollback_that_ended_half_way)
{
	rolled_back("{\"image\":\"r/new\",\"tag\":\"2\",\"conditions\":["
	    "{\"type\":\"Degraded\",\"status\":\"True\",\"reason\":"
	    "\"ImagePullBackOff\",\"message\":\"no such image\"}]}");
	judge(&in, &arena, &verdict);
	EXPECT(str_ends(said("Degraded"),
	    STR("has failed: ImagePullBackOff: no such image")));
	rolled_back("{}");
	judge(&in, &arena, &verdict);
	EXPECT(str_ends(said("Degraded"),
	    STR("has failed: it made no progress within its deadline")));
}

/* Pods of before may have a trouble of their own. */
TEST(judge_of_pods_that_do_not_come_back)
{
	struct trouble t = { 0 };

	rolled_back("{}");
	record.workload.ready = record.workload.available = 0;
	trouble_set(&t, TROUBLE_HARD, STR("CrashLoopBackOff"),
	    "pod \"%S\": %S", STR("p"), STR("exit code 1"));
	in.trouble = &t;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Ready"), "False/CrashLoopBackOff");
	EXPECT_STR(cond("Degraded"), "True/RolledBack");
	EXPECT_EQ(verdict.status.phase, PHASE_FAILED);
	EXPECT(strcmp(verdict.reason, "RolledBack") == 0);
}

static void failed_rollout(const char *spec)
{
	struct workload *w = &record.workload;

	read_server(GROUP_MCPDEV, "", spec, "{}");
	workload(1, 1, 0);
	w->deadline_exceeded = w->timed_out = true;
	w->note_template = 7;
	w->revision = 2;
}

TEST(judge_says_why_nothing_is_rolled_back)
{
	failed_rollout(ROLLS);
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Progressing"), "False/NotRolledBack");
	EXPECT_STR(said("Progressing"), "the rollout made no progress within "
	    "its deadline; it is not rolled back: none of its earlier "
	    "revisions is known to have been available in full");
	EXPECT_STR(cond("Degraded"), "True/DeploymentTimeout");
	EXPECT(!HAS(&verdict.status, server_status, good_revision));
	record.workload.good = 1;
	in.stays = STR("gone");
	judge(&in, &arena, &verdict);
	EXPECT(str_ends(said("Progressing"), STR("not rolled back: gone")));
	EXPECT_EQ(verdict.status.good_revision, 1);
	/* Which failed is not known yet. */
	in.stays = STR_NONE;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Progressing"), "False/DeploymentTimeout");
	failed_rollout("{\"image\":\"x\"}");
	record.workload.good = 1;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("Progressing"), "False/DeploymentTimeout");
	EXPECT(!HAS(&verdict.status, server_status, good_revision));
}

TEST(judge_says_what_is_not_acted_on)
{
	read_server(GROUP_NTAKATSU, "",
	    "{\"image\":\"x\",\"plugins\":[\"p\"],"
	    "\"securityPolicy\":\"s\"}", "{}");
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("FieldsActedOn"), "False/NotActedOn");
	read_server(GROUP_ALLBEONE, "",
	    "{\"image\":\"x\",\"transport\":{\"type\":\"stdio\"}}", "{}");
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("GatewayReady"), "False/NoGateway");
	EXPECT_STR(cond("FieldsActedOn"), "");
}

TEST(judge_says_what_has_no_effect)
{
	read_server(GROUP_ALLBEONE, "", "{\"image\":\"x\",\"service\":{"
	    "\"externalTrafficPolicy\":\"Local\",\"loadBalancerSourceRanges\""
	    ":[\"10.0.0.0/8\"]}}", "{}");
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("FieldsActedOn"), "False/NoEffect");
	EXPECT_STR(said("FieldsActedOn"), "spec.service.externalTrafficPolicy "
	    "has no effect on a Service of type ClusterIP; spec.service."
	    "loadBalancerSourceRanges has no effect on a Service of type "
	    "ClusterIP");
	read_server(GROUP_NTAKATSU, "", "{\"image\":\"x\",\"plugins\":[\"p\"],"
	    "\"service\":{\"externalTrafficPolicy\":\"Local\"}}", "{}");
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("FieldsActedOn"), "False/NotActedOn");
	EXPECT_STR(said("FieldsActedOn"), "not acted on yet: spec.plugins; "
	    "spec.service.externalTrafficPolicy has no effect on a Service of "
	    "type ClusterIP");
}

#define SIGNALLED "{\"image\":\"x\",\"config\":{},\"reload\":{\"policy\":" \
	"\"Signal\"}}"

TEST(judge_says_who_cannot_be_signalled)
{
	read_server(GROUP_MCPDEV, "", SIGNALLED, "{}");
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("FieldsActedOn"), "");
	in.no_sidecar = true;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("FieldsActedOn"), "False/NoEffect");
	EXPECT_STR(said("FieldsActedOn"), "spec.reload.policy has no effect: "
	    "this operator has no --sidecar-image");
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\",\"reload\":{"
	    "\"policy\":\"Signal\"}}", "{}");
	in.no_sidecar = true;
	judge(&in, &arena, &verdict);
	EXPECT_STR(said("FieldsActedOn"), "spec.reload.policy has no effect: "
	    "no ConfigMap or Secret comes by itself as files that running "
	    "pods see change");
}

TEST(judge_keeps_the_image_that_pods_are_signalled_by)
{
	struct diag d = { .text = "no" };

	read_server(GROUP_MCPDEV, "", SIGNALLED,
	    "{\"sidecarImage\":\"i:1\"}");
	in.sidecar = STR("i:2");
	judge(&in, &arena, &verdict);
	EXPECT_STR(verdict.status.sidecar, "i:2");
	in.refused = &d;
	judge(&in, &arena, &verdict);
	EXPECT_STR(verdict.status.sidecar, "i:1");
	in.refused = NULL;
	in.failed = &d;
	in.failed_child = CHILD_DEPLOYMENT;
	judge(&in, &arena, &verdict);
	EXPECT_STR(verdict.status.sidecar, "i:1");
	in.failed = NULL;
	in.sidecar = STR_NONE;
	judge(&in, &arena, &verdict);
	EXPECT(!HAS(&verdict.status, server_status, sidecar));
}

TEST(judge_drops_conditions_that_hold_no_more)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}",
	    "{\"conditions\":[{\"type\":\"FieldsActedOn\",\"status\":"
	    "\"False\",\"reason\":\"NotActedOn\"},{\"type\":\"Strange\","
	    "\"status\":\"True\"}]}");
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("FieldsActedOn"), "");
	EXPECT_STR(cond("Strange"), "");
}

TEST(judge_terminating)
{
	read_server(GROUP_MCPDEV, ",\"deletionTimestamp\":"
	    "\"2026-01-01T00:00:00Z\"", "{\"image\":\"x\"}", "{}");
	workload(1, 1, 1);
	judge(&in, &arena, &verdict);
	EXPECT_EQ(verdict.status.phase, PHASE_TERMINATING);
	EXPECT_STR(cond("Ready"), "False/Terminating");
}

/*
 * The heart of a quiet restart: a status that was written, read back and
 * judged again in the same state has the same digest.
 */
TEST(judge_is_stable_in_every_group)
{
	static const char *const spec[GROUPS] = {
		("{\"image\":\"r:5000/x\",\"tag\":\"2\",\"tenancy\":"
		 "{\"tenantId\":\"t\"}}"),
		"{\"image\":\"x:1\",\"plugins\":[\"a\"]}",
		"{\"image\":\"x@sha256:00\",\"transport\":\"http\"}",
		"{\"image\":\"x\"}"
	};
	static char written[1 << 16];
	struct buf b;
	struct jw w;
	uint64_t first;
	int g, ready;

	for (g = 0; g < GROUPS; g++)
		for (ready = 0; ready < 2; ready++) {
			read_server((enum group)g, "", spec[g], "{}");
			workload(1, 1, ready);
			record.child[CHILD_SERVICE].own = 77;
			judge(&in, &arena, &verdict);
			first = status_digest((enum group)g, &verdict.status,
			    &arena);
			buf_init(&b, written, sizeof(written) - 1);
			jw_init(&w, &b);
			status_write((enum group)g, &verdict.status, &w);
			REQUIRE(!b.over);
			written[b.n] = '\0';

			read_server((enum group)g, "", spec[g], written);
			workload(1, 1, ready);
			record.child[CHILD_SERVICE].own = 77;
			in.wall_ns = 5 * HOUR;
			EXPECT_EQ(status_digest((enum group)g,
			    &server.status, &arena), first);
			judge(&in, &arena, &verdict);
			EXPECT_EQ(status_digest((enum group)g,
			    &verdict.status, &arena), first);
			EXPECT(status_is_minor((enum group)g, &server.status,
			    &verdict.status));
		}
}

TEST(judge_drops_one_condition_and_no_other)
{
	read_server(GROUP_EXAMPLE, "", "{\"image\":\"x\","
	    "\"transport\":\"stdio\",\"replicas\":0}",
	    "{\"conditions\":[{\"type\":\"Foreign\","
	    "\"status\":\"True\"},{\"type\":\"ServiceReady\","
	    "\"status\":\"True\"}]}");
	workload(0, 0, 0);
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("GatewayReady"), "False/NoGateway");
	EXPECT_STR(cond("DeploymentReady"), "False/DeploymentNotReady");
	EXPECT_STR(cond("ServiceReady"), "");
	EXPECT_STR(cond("Foreign"), "");
}

TEST(judge_tells_which_kind_is_not_followed)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}", "{}");
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("ConfigMapsFollowed"), "");
	EXPECT_STR(cond("SecretsFollowed"), "");
	in.unfollowed[REF_CONFIG_MAP] = in.full[REF_SECRET] = true;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("ConfigMapsFollowed"), "False/NotGranted");
	EXPECT_STR(cond("SecretsFollowed"), "False/CapacityReached");
}

/* As installed: Secrets are not watched, which hides nothing else. */
TEST(judge_tells_of_no_room_beside_what_is_not_granted)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}", "{}");
	in.unfollowed[REF_SECRET] = in.full[REF_CONFIG_MAP] = true;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("SecretsFollowed"), "False/NotGranted");
	EXPECT_STR(said("SecretsFollowed"), "changes of the Secrets it refers "
	    "to do not restart its pods: the operator does not watch them, or "
	    "may not read one");
	EXPECT_STR(cond("ConfigMapsFollowed"), "False/CapacityReached");
	EXPECT_STR(said("ConfigMapsFollowed"), "changes of some ConfigMaps it "
	    "refers to do not restart its pods: the operator follows 12 of a "
	    "server, and --max-refs of all");
	EXPECT_EQ(RECORD_REFS_MAX, 12);
}

TEST(judge_tells_both_of_one_kind)
{
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}", "{}");
	in.unfollowed[REF_SECRET] = in.full[REF_SECRET] = true;
	judge(&in, &arena, &verdict);
	EXPECT_STR(cond("ConfigMapsFollowed"), "");
	EXPECT_STR(cond("SecretsFollowed"), "False/CapacityReached");
	EXPECT_STR(said("SecretsFollowed"), "changes of some Secrets it "
	    "refers to do not restart its pods: the operator follows 12 of a "
	    "server, and --max-refs of all; it may not read one");
}
