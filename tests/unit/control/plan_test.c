#include <string.h>

#include "check.h"
#include "control/control_int.h"

static char arena_mem[1 << 20], more_mem[1 << 20];
static struct arena arena, more;
static struct json_tok tok[4096];
static struct record record;
static struct server server;

#define UID "0188f7f2-9b3a-4c5d-8e6f-0123456789ab"

/* Reads an MCPServer with this spec, in meta, more of its metadata, and a
 * status. */
static void read_told(enum group g, const char *meta, const char *spec,
    const char *status)
{
	struct json_doc doc;
	struct buf b;
	struct diag d = { 0 };

	arena_init(&arena, arena_mem, sizeof(arena_mem));
	arena_init(&more, more_mem, sizeof(more_mem));
	b = arena_buf(&more);
	buf_fmt(&b, "{\"metadata\":{\"name\":\"one\",\"namespace\":\"ns\","
	    "\"uid\":\"" UID "\",\"resourceVersion\":\"5\","
	    "\"generation\":1%s},\"spec\":%s,\"status\":%s}", meta, spec,
	    status);
	REQUIRE(json_parse(&doc, arena_keep(&more, &b), tok, ARRAY_LEN(tok),
	    &d) == 0);
	REQUIRE(server_decode(g, &doc, JSON_ROOT, &arena, &server, &d) == 0);
}

static void read_server(enum group g, const char *meta, const char *spec)
{
	read_told(g, meta, spec, "{}");
}

static struct str sidecar;

static struct plan make_plan(uint64_t refs)
{
	struct plan_in in = {
		.server = &server, .record = &record, .marks.refs = refs,
		.sidecar = sidecar
	};
	struct plan p;

	REQUIRE(plan_children(&in, &arena, &p) == 0);
	return p;
}

/* As if every step of the plan had been done; of extras nothing is kept. */
static void carry_out(const struct plan *p)
{
	uint32_t i;

	for (i = 0; i < p->steps; i++) {
		const struct step *s = &p->step[i];
		struct child_state *c;

		if (s->child >= CHILD_KINDS)
			continue;
		c = &record.child[s->child];
		if (s->what == STEP_DELETE) {
			memset(c, 0, sizeof(*c));
			continue;
		}
		c->exists = true;
		c->digest = c->wrote = p->out.child[s->child].digest;
		c->version = ++c->own;
		if (s->child == CHILD_DEPLOYMENT) {
			record.workload.note_revision = RENDER_REVISION;
			record.workload.note_template =
			    p->out.template_digest;
		}
	}
	record.wanted = p->wanted;
}

TEST(plan_of_a_new_server)
{
	struct plan p;

	read_server(GROUP_ALLBEONE, "",
	    "{\"image\":\"x\",\"config\":{\"a\":1}}");
	p = make_plan(0);
	EXPECT_EQ(p.steps, 3);
	EXPECT_EQ(p.step[0].child, CHILD_CONFIG_MAP);
	EXPECT_EQ(p.step[1].child, CHILD_SERVICE);
	EXPECT_EQ(p.step[2].child, CHILD_DEPLOYMENT);
	EXPECT(!p.step[0].force && !p.step[1].force && !p.step[2].force);
	EXPECT(!p.add_finalizer && !p.drop_finalizers);
}

TEST(plan_is_empty_when_all_is_done)
{
	struct plan p;

	read_server(GROUP_ALLBEONE, "",
	    "{\"image\":\"x\",\"config\":{\"a\":1}}");
	p = make_plan(3);
	carry_out(&p);
	p = make_plan(3);
	EXPECT_EQ(p.steps, 0);
}

TEST(plan_applies_by_force_what_is_known)
{
	struct plan p;

	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}");
	p = make_plan(0);
	carry_out(&p);
	read_server(GROUP_MCPDEV, "", "{\"image\":\"y\"}");
	p = make_plan(0);
	EXPECT_EQ(p.steps, 1);
	EXPECT_EQ(p.step[0].child, CHILD_DEPLOYMENT);
	EXPECT(p.step[0].force && !p.step[0].repair);
}

TEST(plan_repairs_a_foreign_change)
{
	struct plan p;

	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}");
	p = make_plan(0);
	carry_out(&p);
	record.child[CHILD_SERVICE].version += 7;
	p = make_plan(0);
	EXPECT_EQ(p.steps, 1);
	EXPECT_EQ(p.step[0].child, CHILD_SERVICE);
	EXPECT(p.step[0].force && p.step[0].repair);
}

/* Another operator knows other references: a fight, to be slowed down. */
TEST(plan_repairs_what_was_written_over_with_its_note)
{
	struct plan p;

	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}");
	p = make_plan(3);
	carry_out(&p);
	record.child[CHILD_DEPLOYMENT].digest ^= 1;
	p = make_plan(3);
	EXPECT_EQ(p.steps, 1);
	EXPECT(p.step[0].force && p.step[0].repair);
	p = make_plan(4);
	EXPECT_EQ(p.steps, 1);
	EXPECT(p.step[0].force && !p.step[0].repair);
}

TEST(plan_prunes_in_the_reverse_order)
{
	struct plan p;

	read_server(GROUP_ALLBEONE, "",
	    "{\"image\":\"x\",\"config\":{\"a\":1}}");
	p = make_plan(0);
	carry_out(&p);
	read_server(GROUP_ALLBEONE, "",
	    "{\"image\":\"x\",\"transport\":{\"type\":\"stdio\"}}");
	p = make_plan(0);
	EXPECT_EQ(p.steps, 3);
	EXPECT_EQ(p.step[0].what, STEP_APPLY);
	EXPECT_EQ(p.step[0].child, CHILD_DEPLOYMENT);
	EXPECT_EQ(p.step[1].what, STEP_DELETE);
	EXPECT_EQ(p.step[1].child, CHILD_SERVICE);
	EXPECT_EQ(p.step[2].what, STEP_DELETE);
	EXPECT_EQ(p.step[2].child, CHILD_CONFIG_MAP);
}

TEST(plan_does_not_delete_twice)
{
	struct plan p;

	read_server(GROUP_ALLBEONE, "",
	    "{\"image\":\"x\",\"transport\":{\"type\":\"stdio\"}}");
	p = make_plan(0);
	carry_out(&p);
	record.child[CHILD_SERVICE].exists = true;
	record.child[CHILD_SERVICE].going = true;
	p = make_plan(0);
	EXPECT_EQ(p.steps, 0);
}

/* Whatever became of it: it was wanted, is no more, and nobody sees it. */
TEST(plan_looks_for_what_was_wanted_and_is_not_seen)
{
	struct plan p;

	read_server(GROUP_ALLBEONE, "",
	    "{\"image\":\"x\",\"config\":{\"a\":1}}");
	p = make_plan(0);
	EXPECT_EQ(p.seek, 0);
	carry_out(&p);
	memset(&record.child[CHILD_SERVICE], 0, sizeof(struct child_state));
	p = make_plan(0);
	EXPECT_EQ(p.seek, 0);
	read_server(GROUP_ALLBEONE, "",
	    "{\"image\":\"x\",\"transport\":{\"type\":\"stdio\"}}");
	p = make_plan(0);
	EXPECT_EQ(p.seek, 1u << CHILD_SERVICE);
	record.wanted = p.wanted;
	p = make_plan(0);
	EXPECT_EQ(p.seek, 0);
}

/* Another process may have made it: its status has it. */
TEST(plan_looks_for_what_the_status_names)
{
	static const char told[] = "{\"resources\":[{\"kind\":\"Service\","
	    "\"name\":\"one\"},{\"kind\":\"PodDisruptionBudget\",\"name\":"
	    "\"one\"},{\"kind\":\"Deployment\",\"name\":\"one\"},"
	    "{\"kind\":\"ConfigMap\",\"name\":\"two-config\"},"
	    "{\"kind\":\"ConfigMap\",\"name\":\"one-other\"}]}";
	struct plan p;

	memset(&record, 0, sizeof(record));
	text_set(record.name, sizeof(record.name), STR("one"));
	read_told(GROUP_ALLBEONE, "", "{\"image\":\"x\",\"replicas\":1,"
	    "\"transport\":{\"type\":\"stdio\"}}", told);
	p = make_plan(0);
	EXPECT_EQ(p.seek, 1u << CHILD_SERVICE | 1u << CHILD_PDB);
	record.child[CHILD_SERVICE].exists = true;
	p = make_plan(0);
	EXPECT_EQ(p.seek, 1u << CHILD_PDB);
	/* It is asked for, and there is no slot for it. */
	read_told(GROUP_ALLBEONE, "", "{\"image\":\"x\",\"replicas\":2}",
	    told);
	p = make_plan(0);
	EXPECT_EQ(p.wanted >> CHILD_PDB & 1, 0);
	EXPECT_EQ(p.seek, 0);
}

TEST(plan_changed_references_bring_new_pods_only)
{
	struct plan p;

	read_server(GROUP_MCPDEV, "",
	    "{\"image\":\"x\",\"secretName\":\"s\"}");
	p = make_plan(11);
	carry_out(&p);
	p = make_plan(12);
	EXPECT_EQ(p.steps, 1);
	EXPECT_EQ(p.step[0].child, CHILD_DEPLOYMENT);
}

TEST(plan_replicas_alone_leave_the_template)
{
	struct plan p;
	uint64_t was;

	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}");
	p = make_plan(0);
	was = p.out.template_digest;
	carry_out(&p);
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\",\"replicas\":4}");
	p = make_plan(0);
	EXPECT_EQ(p.steps, 1);
	EXPECT_EQ(p.out.template_digest, was);
}

/* As the operator left it that did not know of configSources. */
static void made_at(uint32_t revision)
{
	struct render_in how = {
		.server = &server, .revision = revision
	};
	struct render_out out;
	struct plan p = make_plan(0);

	carry_out(&p);
	REQUIRE(render_server(&how, &arena, &out) == 0);
	record.workload.note_revision = revision;
	record.workload.note_template = out.template_digest;
	record.child[CHILD_DEPLOYMENT].digest =
	    record.child[CHILD_DEPLOYMENT].wrote =
	    out.child[CHILD_DEPLOYMENT].digest;
}

#define SOURCES "\"configSources\":[{\"mountPath\":\"/a\",\"configMap\":" \
	"{\"name\":\"c\"}}]}"

TEST(plan_keeps_the_pods_of_an_operator_before)
{
	struct plan p;
	struct str body;

	memset(&record, 0, sizeof(record));
	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"," SOURCES);
	made_at(1);
	p = make_plan(0);
	EXPECT_EQ(p.steps, 0);
	read_server(GROUP_MCPDEV, "",
	    "{\"image\":\"x\",\"replicas\":4," SOURCES);
	p = make_plan(0);
	EXPECT_EQ(p.steps, 1);
	EXPECT_EQ(p.out.template_digest, record.workload.note_template);
	body = p.out.child[CHILD_DEPLOYMENT].body;
	EXPECT(str_search(body, STR("mcp-source-0")) == body.n);
	read_server(GROUP_MCPDEV, "", "{\"image\":\"y\"," SOURCES);
	p = make_plan(0);
	EXPECT_EQ(p.steps, 1);
	body = p.out.child[CHILD_DEPLOYMENT].body;
	EXPECT(str_search(body, STR("mcp-source-0")) < body.n);
	EXPECT(str_search(body, STR("\"2.")) < body.n);
}

#define GOING ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"," \
	"\"finalizers\":[\"mcp.example.com/finalizer\",\"other/one\"]"

TEST(plan_deletion_waits_for_the_children)
{
	struct plan p;

	read_server(GROUP_MCPDEV, "", "{\"image\":\"x\"}");
	p = make_plan(0);
	carry_out(&p);
	read_server(GROUP_MCPDEV, GOING, "{\"image\":\"x\"}");
	p = make_plan(0);
	EXPECT_EQ(p.steps, 2);
	EXPECT_EQ(p.step[0].what, STEP_DELETE);
	EXPECT_EQ(p.step[0].child, CHILD_DEPLOYMENT);
	EXPECT(!p.drop_finalizers);
	carry_out(&p);
	p = make_plan(0);
	EXPECT_EQ(p.steps, 0);
	EXPECT(p.drop_finalizers);
}

TEST(plan_deletion_that_orphans_deletes_nothing)
{
	struct plan p;

	read_server(GROUP_ALLBEONE, ",\"deletionTimestamp\":"
	    "\"2026-01-01T00:00:00Z\",\"finalizers\":"
	    "[\"mcp.allbeone.io/finalizer\",\"orphan\"]",
	    "{\"image\":\"x\"}");
	memset(&record, 0, sizeof(record));
	record.child[CHILD_DEPLOYMENT].exists = true;
	p = make_plan(0);
	EXPECT_EQ(p.steps, 0);
	EXPECT(!p.drop_finalizers);
	record.child[CHILD_DEPLOYMENT].exists = false;
	p = make_plan(0);
	EXPECT_EQ(p.steps, 0);
	EXPECT(p.drop_finalizers);
}

TEST(plan_deletion_without_our_finalizers_does_nothing)
{
	struct plan p;

	record.child[CHILD_DEPLOYMENT].exists = true;
	read_server(GROUP_MCPDEV, ",\"deletionTimestamp\":"
	    "\"2026-01-01T00:00:00Z\",\"finalizers\":[\"other/one\"]",
	    "{\"image\":\"x\"}");
	p = make_plan(0);
	EXPECT_EQ(p.steps, 0);
	EXPECT(!p.drop_finalizers);
}

/*
 * A look before the last finalizer goes: for what the spec asks for and what
 * was wanted before, not for all that any server may have.
 */
TEST(plan_deletion_looks_for_what_there_may_be)
{
	static const char told[] = "{\"resources\":[{\"kind\":"
	    "\"HorizontalPodAutoscaler\",\"name\":\"one\"}]}";
	static const char spec[] = "{\"image\":\"x\",\"autoscaling\":"
	    "{\"pdb\":{\"enabled\":true}}}";
	const uint32_t pdb = UINT32_C(1) << CHILD_PDB;
	const uint32_t hpa = UINT32_C(1) << CHILD_HPA;
	struct plan p;

	memset(&record, 0, sizeof(record));
	text_set(record.name, sizeof(record.name), STR("one"));
	read_server(GROUP_MCPDEV, GOING, "{\"image\":\"x\"}");
	EXPECT_EQ(make_plan(0).seek, KINDS_CORE);
	read_told(GROUP_ALLBEONE, GOING, spec, told);
	p = make_plan(0);
	EXPECT(p.drop_finalizers);
	EXPECT_EQ(p.seek, KINDS_CORE | pdb | hpa);
	/* What the next status does not tell of is looked for before it. */
	record.child[CHILD_DEPLOYMENT].exists = true;
	p = make_plan(0);
	EXPECT(!p.drop_finalizers);
	EXPECT_EQ(p.seek, hpa);
	record.child[CHILD_DEPLOYMENT].exists = false;
	read_told(GROUP_ALLBEONE, GOING, spec, "{}");
	EXPECT_EQ(make_plan(0).seek, KINDS_CORE | pdb);
	record.wanted = hpa;
	EXPECT_EQ(make_plan(0).seek, KINDS_CORE | pdb | hpa);
	/* Nobody knows what the last good spec asked for. */
	record.flags = RECORD_REFUSED;
	EXPECT_EQ(make_plan(0).seek, KINDS_EVERY);
	memset(&record, 0, sizeof(record));
}

/* ---- the container that signals ---- */

#define SIGNALLED "\"reload\":{\"policy\":\"Signal\"},\"config\":{}}"

static struct plan plan_signalled(const char *spec, const char *image,
    const char *told)
{
	char status[64];

	sidecar = str_from(image);
	cut_fmt(status, sizeof(status), "{\"sidecarImage\":\"%s\"}", told);
	read_told(GROUP_MCPDEV, "", spec, status);
	return make_plan(0);
}

TEST(a_newer_image_to_signal_with_makes_no_pods_anew)
{
	struct plan p;

	memset(&record, 0, sizeof(record));
	p = plan_signalled("{\"image\":\"x\"," SIGNALLED, "i:1", "");
	EXPECT_STR(p.out.sidecar, "i:1");
	carry_out(&p);
	p = plan_signalled("{\"image\":\"x\"," SIGNALLED, "i:2", "i:1");
	EXPECT_EQ(p.steps, 0);
	EXPECT_STR(p.out.sidecar, "i:1");
	/* Nor with another number of them. */
	p = plan_signalled("{\"image\":\"x\",\"replicas\":4," SIGNALLED,
	    "i:2", "i:1");
	EXPECT_EQ(p.steps, 1);
	EXPECT_EQ(p.out.template_digest, record.workload.note_template);
	/* Pods that are made anyway have it. */
	p = plan_signalled("{\"image\":\"y\"," SIGNALLED, "i:2", "i:1");
	EXPECT_EQ(p.steps, 1);
	EXPECT_STR(p.out.sidecar, "i:2");
	/* Whose status was lost gets today's. */
	p = plan_signalled("{\"image\":\"x\"," SIGNALLED, "i:2", "");
	EXPECT_EQ(p.steps, 1);
	EXPECT_STR(p.out.sidecar, "i:2");
	/* Who does not want such containers has none. */
	p = plan_signalled("{\"image\":\"x\"," SIGNALLED, "", "i:1");
	EXPECT_EQ(p.steps, 1);
	EXPECT_STR(p.out.sidecar, "");
}

/* ---- autoscaling ---- */

#define SCALED(enabled, more) "{\"image\":\"x\",\"replicas\":2," \
	"\"autoscaling\":{\"hpa\":{\"enabled\":" enabled "," \
	"\"minReplicas\":3,\"maxReplicas\":5" more "}}}"

static struct plan plan_scaled(bool scaled)
{
	struct plan_in in = {
		.server = &server, .record = &record,
		.kinds = scaled ? UINT32_C(1) << CHILD_HPA : 0
	};
	struct plan p;

	REQUIRE(plan_children(&in, &arena, &p) == 0);
	return p;
}

static bool has_replicas(const struct plan *p)
{
	struct str body = p->out.child[CHILD_DEPLOYMENT].body;

	return str_search(body, STR("\"replicas\"")) < body.n;
}

/* There is no moment in which whoever likes may connect. */
TEST(plan_guards_pods_before_they_are_made)
{
	struct plan_in in = {
		.server = &server, .record = &record,
		.kinds = UINT32_C(1) << CHILD_NETWORK_POLICY
	};
	struct plan p;

	memset(&record, 0, sizeof(record));
	read_server(GROUP_ALLBEONE, "", "{\"image\":\"x\","
	    "\"networkPolicy\":{\"enabled\":true}}");
	REQUIRE(plan_children(&in, &arena, &p) == 0);
	REQUIRE(p.steps == 3);
	EXPECT_EQ(p.step[0].child, CHILD_NETWORK_POLICY);
	EXPECT_EQ(p.step[1].child, CHILD_SERVICE);
	EXPECT_EQ(p.step[2].child, CHILD_DEPLOYMENT);
	EXPECT_EQ(p.wanted >> CHILD_NETWORK_POLICY, 1);
}

/* It has one pod by itself, and more are asked for by another manager. */
TEST(plan_of_a_new_server_that_is_scaled)
{
	struct plan p;

	memset(&record, 0, sizeof(record));
	read_server(GROUP_ALLBEONE, "", SCALED("true", ""));
	p = plan_scaled(true);
	REQUIRE(p.steps == 4);
	EXPECT_EQ(p.step[1].child, CHILD_DEPLOYMENT);
	EXPECT_EQ(p.step[2].what, STEP_SCALE);
	EXPECT(p.step[2].force);
	EXPECT_EQ(p.scale_to, 3);
	EXPECT_EQ(p.step[3].child, CHILD_HPA);
	EXPECT(!has_replicas(&p));
	EXPECT_EQ(p.wanted >> CHILD_HPA, 1);
}

TEST(plan_hands_replicas_over_before_it_leaves_them_out)
{
	struct plan p;

	memset(&record, 0, sizeof(record));
	read_server(GROUP_ALLBEONE, "", "{\"image\":\"x\",\"replicas\":4}");
	p = plan_scaled(false);
	carry_out(&p);
	EXPECT(has_replicas(&p));
	record.workload.asked = 4;
	read_server(GROUP_ALLBEONE, "", SCALED("true", ""));
	p = plan_scaled(true);
	REQUIRE(p.steps == 3);
	EXPECT_EQ(p.step[0].what, STEP_SCALE);
	EXPECT(!p.step[0].force);
	EXPECT_EQ(p.scale_to, 4);
	EXPECT_EQ(p.step[1].child, CHILD_DEPLOYMENT);
	EXPECT_EQ(p.step[2].child, CHILD_HPA);
	/* It has none, and would be let be. */
	record.workload.asked = 0;
	p = plan_scaled(true);
	EXPECT(p.step[0].force);
	EXPECT_EQ(p.scale_to, 3);
	/* Done already, and cut off behind it. */
	record.workload.scaled = true;
	p = plan_scaled(true);
	EXPECT_EQ(p.step[0].what, STEP_APPLY);
}

/* Capacity that is full is no reason to stop pods that run. */
TEST(plan_leaves_replicas_to_an_autoscaler_without_a_slot)
{
	struct plan p;

	memset(&record, 0, sizeof(record));
	read_server(GROUP_ALLBEONE, "", SCALED("true", ""));
	p = plan_scaled(true);
	carry_out(&p);
	record.workload.scaled = true;
	record.workload.asked = 5;
	record.flags = RECORD_CROWDED;
	p = plan_scaled(false);
	EXPECT_EQ(p.steps, 0);
	EXPECT(!has_replicas(&p));
	/* One that never had any has its own number. */
	record.workload.scaled = false;
	p = plan_scaled(false);
	EXPECT(has_replicas(&p));
	/* And so it is where none is made. */
	record.workload.scaled = true;
	record.flags = 0;
	p = plan_scaled(false);
	EXPECT(has_replicas(&p));
	memset(&record, 0, sizeof(record));
}

TEST(plan_takes_replicas_back)
{
	static struct extra extra;
	static uint32_t next[1];
	struct records records = { 0 };
	struct plan_in in = {
		.server = &server, .record = &record, .records = &records
	};
	struct plan p;

	memset(&record, 0, sizeof(record));
	pool_init(&records.extras.pool, &extra, next, 1, sizeof(extra));
	read_server(GROUP_ALLBEONE, "", SCALED("false", ""));
	REQUIRE(child_take(&records, &record, CHILD_HPA) != NULL);
	child_slot(&records, &record, CHILD_HPA)->exists = true;
	record.child[CHILD_SERVICE].exists = true;
	record.child[CHILD_DEPLOYMENT].exists = true;
	record.workload.scaled = true;
	REQUIRE(plan_children(&in, &arena, &p) == 0);
	REQUIRE(p.steps == 3);
	/* It would undo what is applied behind it. */
	EXPECT_EQ(p.step[0].what, STEP_DELETE);
	EXPECT_EQ(p.step[0].child, CHILD_HPA);
	EXPECT_EQ(p.step[2].child, CHILD_DEPLOYMENT);
	EXPECT(p.step[2].force);
	EXPECT(has_replicas(&p));
	EXPECT_EQ(p.wanted >> CHILD_HPA, 0);
}

/* ---- rollouts that are taken back ---- */

#define ROLLS(image) "{\"image\":\"" image "\"," \
	"\"rollbackOnFailure\":true}"

/* Its newest template has failed, and revision 3 was good. */
static void has_failed(void)
{
	struct workload *w = &record.workload;
	struct plan p;

	memset(&record, 0, sizeof(record));
	read_server(GROUP_MCPDEV, "", ROLLS("bad"));
	p = make_plan(0);
	carry_out(&p);
	EXPECT_EQ(p.out.rolled_to, 0);
	w->timed_out = true;
	w->generation = w->observed = 5;
	w->revision = 4;
	w->good = 3;
}

static bool has_note(const struct plan *p)
{
	struct str body = p->out.child[CHILD_DEPLOYMENT].body;

	return str_search(body, STR(NOTE_ROLLED_BACK)) < body.n;
}

TEST(plan_takes_back_what_failed_once)
{
	struct workload *w = &record.workload;
	struct plan p;
	struct str body;

	has_failed();
	p = make_plan(0);
	EXPECT_EQ(p.steps, 1);
	EXPECT_EQ(p.step[0].child, CHILD_DEPLOYMENT);
	EXPECT_EQ(p.out.rolled_to, 3);
	EXPECT(has_note(&p));
	REQUIRE(kube_peek(p.out.child[CHILD_DEPLOYMENT].body,
	    "spec.template", &body));
	EXPECT(str_starts(body, STR("{\"metadata\":{\"labels\":")));
	EXPECT(str_ends(body, STR("}")));
	/* It stays there, whatever the counters say. */
	carry_out(&p);
	w->rolled_from = w->note_template;
	w->rolled_to = 3;
	w->good = w->revision = 5;
	w->timed_out = false;
	p = make_plan(0);
	EXPECT_EQ(p.steps, 0);
	w->timed_out = true;
	p = make_plan(0);
	EXPECT_EQ(p.steps, 0);
	/* Scaled it is the same pods. */
	read_server(GROUP_MCPDEV, "", "{\"image\":\"bad\",\"replicas\":4,"
	    "\"rollbackOnFailure\":true}");
	p = make_plan(0);
	EXPECT_EQ(p.steps, 1);
	EXPECT_EQ(p.out.rolled_to, 3);
	/* Other pods are tried, and so are these if nobody asks any more. */
	read_server(GROUP_MCPDEV, "", ROLLS("other"));
	p = make_plan(0);
	EXPECT_EQ(p.steps, 1);
	EXPECT_EQ(p.out.rolled_to, 0);
	EXPECT(!has_note(&p));
	read_server(GROUP_MCPDEV, "", "{\"image\":\"bad\"}");
	p = make_plan(0);
	EXPECT_EQ(p.steps, 1);
	EXPECT_EQ(p.out.rolled_to, 0);
}

static uint32_t planned_steps(void)
{
	struct plan p = make_plan(0);

	EXPECT_EQ(p.out.rolled_to, 0);
	return p.steps;
}

TEST(plan_takes_nothing_back_without_reason)
{
	struct workload *w = &record.workload;
	struct plan_in how = {
		.server = &server, .record = &record, .stays = true
	};
	struct plan p;

	has_failed();
	w->good = 0;
	EXPECT_EQ(planned_steps(), 0);
	/* What has failed was good once. */
	w->good = w->revision;
	EXPECT_EQ(planned_steps(), 0);
	w->good = 3;
	w->timed_out = false;
	EXPECT_EQ(planned_steps(), 0);
	/* Of a spec before. */
	w->timed_out = true;
	w->observed--;
	EXPECT_EQ(planned_steps(), 0);
	w->observed++;
	REQUIRE(plan_children(&how, &arena, &p) == 0);
	EXPECT_EQ(p.steps + p.out.rolled_to, 0);
	/* By now another one is asked for. */
	read_server(GROUP_MCPDEV, "", ROLLS("other"));
	EXPECT_EQ(planned_steps(), 1);
	read_server(GROUP_MCPDEV, "", "{\"image\":\"bad\",\"paused\":true,"
	    "\"rollbackOnFailure\":true}");
	EXPECT_EQ(planned_steps(), 1);
	read_server(GROUP_MCPDEV, "", "{\"image\":\"bad\"}");
	EXPECT_EQ(planned_steps(), 0);
}
