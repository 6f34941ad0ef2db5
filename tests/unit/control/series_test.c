#include <stdio.h>
#include <string.h>

#include "manager_world.h"
#include "metrics_text.h"

static char page_mem[1 << 20];

/* The page as a scrape takes it, piece by piece. */
static struct str page(void)
{
	uint64_t at = 0;
	struct buf b;

	buf_init(&b, page_mem, sizeof(page_mem));
	while (series_emit(mw.m, &at, &b) == 1)
		continue;
	REQUIRE(!b.over);
	EXPECT(metrics_text_check(buf_view(&b)) == NULL);
	return buf_view(&b);
}

static void expect_value(const char *sample, const char *want)
{
	struct str is = metrics_text_value(page(), sample);

	if (want == NULL ? is.p != NULL : !str_is(is, want))
		test_fail(__FILE__, __LINE__, "%s is %.*s, not %s", sample,
		    is.p ? (int)is.n : 4, is.p ? is.p : "none",
		    want ? want : "none");
}

static struct record *add(int n, const char *ns, enum phase phase)
{
	struct uid uid = { { (uint8_t)n, (uint8_t)(n >> 8), 1 } };
	char name[16];
	uint32_t i;

	snprintf(name, sizeof(name), "s%d", n);
	i = record_add(&mw.m->records, &uid, GROUP_MCPDEV, str_from(ns),
	    str_from(name));
	REQUIRE(i != RECORD_NONE);
	record_live(&mw.m->records, i, true);
	record_at(&mw.m->records, i)->phase = (uint8_t)phase;
	return record_at(&mw.m->records, i);
}

static void drop(struct record *r)
{
	record_drop(&mw.m->records, record_index(&mw.m->records, r));
}

TEST(the_page_has_each_family)
{
	mw_begin(NULL);
	add(1, "a", PHASE_RUNNING);
	expect_value("mcp_operator_leader", "1");
	expect_value("mcp_operator_status_writes_total", "0");
	expect_value("mcp_operator_events_sent_total", "0");
	expect_value("mcp_operator_events_dropped_total", "0");
	expect_value("mcp_operator_capacity_used{what=\"servers\"}", "1");
	expect_value("mcp_operator_capacity_used{what=\"references\"}", "0");
	expect_value("mcp_operator_capacity_used{what=\"pods\"}", "0");
	for (size_t i = 0; i < ARRAY_LEN(mw.m->source); i++)
		EXPECT(mw.m->source[i].emit != NULL &&
		    mw.m->source[i].ctx != NULL);
}

#define ANSWERS(code, method) "rest_client_requests_total{code=\"" code \
	"\",method=\"" method "\"}"

TEST(answers_are_counted_by_method_and_code)
{
	struct kube_tally *t;

	mw_begin(NULL);
	t = &mw.m->client.tally;
	memset(t, 0, sizeof(*t));
	kube_tally_add(t, "PATCH", 422);
	kube_tally_add(t, "PATCH", 422);
	kube_tally_add(t, "GET", 0);
	kube_tally_add(t, "DELETE", 418);
	expect_value(ANSWERS("422", "PATCH"), "2");
	expect_value(ANSWERS("<error>", "GET"), "1");
	expect_value(ANSWERS("other", "DELETE"), "1");
	expect_value(ANSWERS("200", "GET"), NULL);
}

TEST(the_pages_have_what_they_show)
{
	const struct observe *o;

	mw_begin(NULL);
	o = &mw.m->observe;
	EXPECT_STR(str_from(o->healthz.name), "healthz");
	EXPECT_STR(str_from(o->readyz.name), "readyz");
	EXPECT(o->readyz.checks > o->healthz.checks);
	EXPECT(o->mem == mw.m->mem && o->counts == &mw.m->counts);
	EXPECT(o->loop == &mw.m->loop);
}

TEST(servers_are_counted_by_namespace)
{
	mw_begin(NULL);
	expect_value("mcpserver_total{namespace=\"a\"}", NULL);
	add(1, "a", PHASE_RUNNING);
	add(2, "a", PHASE_FAILED);
	add(3, "b", PHASE_RUNNING);
	expect_value("mcpserver_total{namespace=\"a\"}", "2");
	expect_value("mcp_servers_total{namespace=\"a\",phase=\"Running\"}",
	    "1");
	expect_value("mcpserver_phase{namespace=\"b\",phase=\"Running\"}",
	    "1");
	expect_value("mcpserver_phase{namespace=\"b\",phase=\"Failed\"}",
	    "0");
	expect_value("mcpserver_total{namespace=\"\"}", NULL);
}

TEST(work_is_counted_by_namespace)
{
	struct record *a;

	mw_begin(NULL);
	a = add(1, "a", PHASE_RUNNING);
	add(2, "b", PHASE_RUNNING);
	series_reconciled(mw.m, a, RESULT_ERROR, 20 * MS);
	series_reconciled(mw.m, a, RESULT_SUCCESS, 20 * MS);
	series_child(mw.m, a, CHILD_SERVICE, CHILD_REFUSED);
	series_child(mw.m, a, CHILD_DEPLOYMENT, CHILD_APPLIED);
	expect_value("mcp_controller_reconcile_total{namespace=\"a\","
	    "result=\"started\"}", "2");
	expect_value("mcp_controller_reconcile_total{namespace=\"a\","
	    "result=\"error\"}", "1");
	expect_value("mcp_controller_reconcile_errors_total"
	    "{namespace=\"b\"}", "0");
	expect_value("mcp_controller_reconcile_duration_seconds_count"
	    "{namespace=\"a\"}", "2");
	expect_value("mcpserver_reconcile_duration_seconds_count"
	    "{namespace=\"b\"}", "0");
	expect_value("mcp_deployment_operations_total{namespace=\"a\","
	    "operation=\"apply\",result=\"success\"}", "1");
	expect_value("mcp_service_operations_total{namespace=\"a\","
	    "operation=\"apply\",result=\"error\"}", "1");
	expect_value("mcpserver_service_creation_errors_total"
	    "{namespace=\"a\",name=\"s1\",group=\"mcp.mcp.dev\"}", "1");
	expect_value("mcpserver_service_creation_errors_total"
	    "{namespace=\"b\",name=\"s2\",group=\"mcp.mcp.dev\"}", NULL);
}

static void ready_by(struct record *r, const char *type,
    enum cond_status status)
{
	struct condition c = { .type = str_from(type), .status = status };
	struct server_status st = { .conditions = { .p = &c, .n = 1 } };

	series_ready(r, &st);
}

TEST(each_server_is_ready_or_not)
{
	static const char sample[] = "mcp_server_ready{namespace=\"a\","
	    "mcpserver=\"s1\",group=\"mcp.mcp.dev\"}";
	struct record *r;

	mw_begin(NULL);
	expect_value(sample, NULL);
	r = add(1, "a", PHASE_RUNNING);
	add(2, "a", PHASE_RUNNING);
	expect_value(sample, "0");
	ready_by(r, "Ready", COND_TRUE);
	expect_value(sample, "1");
	expect_value("mcp_server_ready{namespace=\"a\",mcpserver=\"s2\","
	    "group=\"mcp.mcp.dev\"}", "0");
	ready_by(r, "Ready", COND_UNKNOWN);
	expect_value(sample, "0");
	ready_by(r, "Available", COND_TRUE);
	expect_value(sample, "0");
	drop(r);
	expect_value(sample, NULL);
}

/* Nothing is left of a namespace, nor shown under its successor's name. */
TEST(a_namespace_without_servers_goes)
{
	struct record *a;

	mw_begin(NULL);
	a = add(1, "a", PHASE_RUNNING);
	series_reconciled(mw.m, a, RESULT_SUCCESS, MS);
	expect_value("mcpserver_total{namespace=\"a\"}", "1");
	drop(a);
	expect_value("mcpserver_total{namespace=\"a\"}", NULL);
	a = add(2, "b", PHASE_RUNNING);
	series_reconciled(mw.m, a, RESULT_SUCCESS, MS);
	expect_value("mcp_controller_reconcile_total{namespace=\"b\","
	    "result=\"success\"}", "1");
	add(3, "a", PHASE_RUNNING);
	expect_value("mcp_controller_reconcile_total{namespace=\"a\","
	    "result=\"success\"}", "0");
}

TEST(namespaces_over_the_cap_are_counted_together)
{
	struct record *last = NULL;
	char ns[16];
	int n;

	mw_begin(NULL);
	for (n = 0; n < SERIES_SPACES_MAX + 3; n++) {
		snprintf(ns, sizeof(ns), "ns%d", n);
		last = add(n, ns, PHASE_RUNNING);
		series_reconciled(mw.m, last, RESULT_SUCCESS, MS);
	}
	expect_value("mcpserver_total{namespace=\"ns0\"}", "1");
	expect_value("mcpserver_total{namespace=\"\"}", "3");
	expect_value("mcp_controller_reconcile_total{namespace=\"\","
	    "result=\"success\"}", "3");
	/* Room again: from now on by its own name. */
	drop(record_at(&mw.m->records, 0));
	(void)page();
	series_reconciled(mw.m, last, RESULT_SUCCESS, MS);
	expect_value("mcpserver_total{namespace=\"\"}", "2");
}
