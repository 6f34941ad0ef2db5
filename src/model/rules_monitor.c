#include "model_int.h"

#define SCRAPE "spec.monitoring.serviceMonitor"

static bool port_known(const struct server_spec *s, struct str name)
{
	uint32_t i;

	for (i = 0; i < s->ports.n; i++)
		if (str_eq(s->ports.p[i].name, name))
			return true;
	return false;
}

/* Prometheus refuses a time-out over the interval. */
static void check_times(const struct monitor_scrape *v, struct faults *f)
{
	const int64_t ms = 1000000;
	bool every = HAS(v, monitor_scrape, interval);

	if (every && v->interval < ms)
		rule_broken(f, STR(SCRAPE ".interval"), STR_NONE,
		    "must be at least 1ms");
	if (!HAS(v, monitor_scrape, timeout))
		return;
	if (v->timeout < ms)
		rule_broken(f, STR(SCRAPE ".scrapeTimeout"), STR_NONE,
		    "must be at least 1ms");
	else if (every && v->timeout > v->interval)
		rule_broken(f, STR(SCRAPE ".scrapeTimeout"), STR_NONE,
		    "is over interval");
}

static void check_scrape(const struct server *s,
    const struct monitor_scrape *v, bool gateway, struct faults *f)
{
	if (v->enabled && !gateway &&
	    s->spec.transport.type == TRANSPORT_STDIO)
		rule_broken(f, STR(SCRAPE ".enabled"), STR_NONE,
		    "needs a transport other than stdio, or a gateway");
	if (v->enabled && v->port.n && !port_known(&s->spec, v->port))
		rule_broken(f, STR(SCRAPE ".port"), v->port,
		    "names no port of the server");
	if (v->path.n && v->path.p[0] != '/')
		rule_broken(f, STR(SCRAPE ".path"), v->path,
		    "must begin with '/'");
	check_times(v, f);
}

/* As Prometheus names labels; those with "__" first are its own. */
static bool alert_label_valid(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    c != '_' && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return s.n > 0 && !str_starts(s, STR("__"));
}

static void check_alerts(const struct monitor_rules *v, struct faults *f)
{
	uint32_t i;

	for (i = 0; i < v->labels.n; i++)
		if (!alert_label_valid(v->labels.p[i].key))
			rule_broken(f, STR("spec.monitoring."
			    "prometheusRule.alertLabels"),
			    v->labels.p[i].key,
			    "is not a label of an alert: letters, digits "
			    "and '_', no digit first");
}

void check_monitoring(const struct server *s, const struct monitoring_spec *m,
    bool gateway, struct faults *f)
{
	check_labels(&m->labels, "spec.monitoring.labels", s->meta.name,
	    true, f);
	check_scrape(s, &m->scrape, gateway, f);
	check_alerts(&m->rules, f);
	check_labels(&m->dashboard.labels, "spec.monitoring.dashboard.labels",
	    s->meta.name, true, f);
	check_notes(&m->dashboard.annotations,
	    "spec.monitoring.dashboard.annotations", f);
}
