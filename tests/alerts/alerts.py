#!/usr/bin/python3
"""usage: alerts.py GOLDENS OUT

Writes OUT/*.rules.yaml, the rules of two servers of one name in two
namespaces, and OUT/alerts.test.yaml, which promtool runs against them: each
alert when it is to be told and when it is not. The series are always of the
first server, or of both, so that the other's alert is told, or not, by its own.
"""

import json
import os
import sys

GOLDENS = {"tools": "allbeone-alerts", "other": "allbeone-alerts-namesake"}
NAMESPACES = list(GOLDENS)
POD = "web-5d9c7b6f4d-x2x8z"
GROUP = "mcp.allbeone.io"
READY = "mcp_server_ready"


def rules_of(path):
    """The alerts of a golden's PrometheusRule, by name, and its spec."""
    with open(path) as f:
        text = f.read()
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        one, at = decoder.raw_decode(text, at)
        if one["kind"] == "PrometheusRule":
            rules = one["spec"]["groups"][0]["rules"]
            return {rule["alert"]: rule for rule in rules}, one["spec"]
    sys.exit(f"{path}: holds no PrometheusRule")


# ---- series, as kube-state-metrics, the kubelets, Prometheus and we name them


def series(name, values, **labels):
    text = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return {"series": f"{name}{{{text}}}", "values": values}


def deployment(what, values, ns="tools"):
    return series(f"kube_deployment_{what}", values, namespace=ns, deployment="web",
                  job="kube-state-metrics")


def container(name, values, ns="tools", pod=POD, container="mcp-server", **more):
    return series(name, values, namespace=ns, pod=pod, container=container, **more)


def hpa(what, values, ns="tools"):
    return series(f"kube_horizontalpodautoscaler_{what}", values, namespace=ns,
                  horizontalpodautoscaler="web")


def own(name, values, ns="tools", **more):
    """Of the operator, where Prometheus keeps what it tells of namespaces."""
    return series(name, values, namespace=ns, **more)


def renamed(name, values, ns="tools", **more):
    """Of the operator, where Prometheus gives its labels another name."""
    return series(name, values, namespace="mcp-system", exported_namespace=ns, **more)


def ready(how, values, ns="tools", name="web", group=GROUP, **more):
    """how: own or renamed"""
    return how(READY, values, ns, mcpserver=name, group=group, **more)


def pods(available, wanted, ns="tools"):
    return [deployment("status_replicas_available", available, ns),
            deployment("spec_replicas", wanted, ns)]


def throttled(part, ns="tools"):
    return [container("container_cpu_cfs_throttled_periods_total", f"0+{part}x60", ns),
            container("container_cpu_cfs_periods_total", "0+100x60", ns)]


def memory(used, limit, ns="tools", **more):
    return [container("container_memory_working_set_bytes", used, ns, **more),
            container("kube_pod_container_resource_limits", limit, ns, resource="memory", **more)]


ERRORS = "mcp_controller_reconcile_errors_total"
RESTARTS = "kube_pod_container_status_restarts_total"
OTHERS = {"pod": "web-two-5d9c7b6f4d-x2x8z"}

# alert, what is the case, series, minute, namespaces told with the value
CASES = [
    ("Unavailable", "none is there", pods("0x60", "2x60") + pods("2x60", "2x60", "other"),
     6, {"tools": "0"}),
    ("Unavailable", "not for five minutes yet", pods("2x10 0x50", "2x60"), 14, {}),
    ("Unavailable", "none is wanted", pods("0x60", "0x60"), 30, {}),
    ("Unavailable", "of both", pods("0x60", "2x60") + pods("0x60", "1x60", "other"),
     6, {"tools": "0", "other": "0"}),
    ("Degraded", "one of two", pods("1x60", "2x60") + pods("2x60", "2x60", "other"),
     16, {"tools": "1"}),
    ("Degraded", "all of them", pods("2x60", "2x60"), 30, {}),
    ("Degraded", "a rollout of ten minutes", pods("2x5 1x10 2x45", "2x60"), 30, {}),
    ("Restarting", "five in ten minutes",
     [container(RESTARTS, "0x4 1 2 3 4 5x50"), container(RESTARTS, "0x60", "other")],
     15, {"tools": None}),
    ("Restarting", "once", [container(RESTARTS, "0x4 1x55")], 15, {}),
    ("Restarting", "another server, whose name begins with this one's",
     [container(RESTARTS, "0x4 1 2 3 4 5x50", **OTHERS)], 15, {}),
    ("Restarting", "a sidecar", [container(RESTARTS, "0x4 1 2 3 4 5x50", container="proxy")],
     15, {}),
    ("MemoryHigh", "95 of 100", memory("95x60", "100x60") + memory("10x60", "100x60", "other"),
     11, {"tools": "0.95"}),
    ("MemoryHigh", "80 of 100", memory("80x60", "100x60"), 30, {}),
    ("MemoryHigh", "without a limit", memory("95x60", "100x60")[:1], 30, {}),
    ("Throttled", "60 of 100", throttled(60) + throttled(1, "other"), 22, {"tools": "0.6"}),
    ("Throttled", "40 of 100", throttled(40), 40, {}),
    ("NotReady", "0 of this one",
     [ready(own, "0x60"), ready(own, "1x60", "other"), ready(own, "1x60", name="web-two")],
     11, {"tools": "0"}),
    ("NotReady", "0 of this one, under another label",
     [ready(renamed, "0x60"), ready(renamed, "1x60", "other")], 11, {"tools": "0"}),
    ("NotReady", "0 of both, under another label",
     [ready(renamed, "0x60"), ready(renamed, "0x60", "other")], 11, {"tools": "0", "other": "0"}),
    ("NotReady", "0 of this one, 1 of another group's of its name",
     [ready(how, v, group=g) for how in (own, renamed)
      for g, v in ((GROUP, "0x60"), ("mcp.mcp.dev", "1x60"))], 11, {"tools": "0"}),
    ("NotReady", "1", [ready(own, "1x60")], 30, {}),
    ("NotReady", "0 for five minutes", [ready(own, "1x5 0x5 1x50")], 30, {}),
    ("NotReady", "0 of another one", [ready(own, "0x60", name="web-two")], 30, {}),
    ("NotReady", "0 of another group's of its name",
     [ready(own, "0x60", group="mcp.mcp.dev")], 30, {}),
    ("NotReady", "1 by the operator that leads",
     [ready(renamed, "0x60", pod="waits"), ready(renamed, "1x60", pod="leads")], 30, {}),
    ("NotReady", "0 elsewhere, by an operator that runs in this namespace",
     [series(READY, "0x60", namespace="tools", exported_namespace="third", mcpserver="web",
             group=GROUP)], 30, {}),
    ("NotReady", "nobody tells", [], 30, {}),
    ("ReconcileFailing", "once a minute", [own(ERRORS, "0+1x60"), own(ERRORS, "0x60", "other")],
     20, {"tools": "15"}),
    ("ReconcileFailing", "once a minute, under another label",
     [renamed(ERRORS, "0+1x60"), renamed(ERRORS, "3x60", "other")], 20, {"tools": "15"}),
    ("ReconcileFailing", "of two operators",
     [renamed(ERRORS, "0+1x60", pod="a"), renamed(ERRORS, "0+1x60", pod="b")],
     20, {"tools": "30"}),
    ("ReconcileFailing", "long ago", [own(ERRORS, "7x60")], 40, {}),
    ("ReconcileFailing", "elsewhere, by an operator that runs in this namespace",
     [series(ERRORS, "0+1x60", namespace="tools", exported_namespace="third")], 40, {}),
    ("ScaledOut", "three of three",
     [hpa("status_current_replicas", "3x60"), hpa("spec_max_replicas", "3x60"),
      hpa("status_current_replicas", "1x60", "other"), hpa("spec_max_replicas", "3x60", "other")],
     31, {"tools": "3"}),
    ("ScaledOut", "two of three",
     [hpa("status_current_replicas", "2x60"), hpa("spec_max_replicas", "3x60")], 40, {}),
    ("NotScraped", "none of two",
     [series("up", "0x60", namespace="tools", service="web", pod=p) for p in ("a", "b")] +
     [series("up", "1x60", namespace="other", service="web", pod="a")], 11, {"tools": "0"}),
    ("NotScraped", "one of two",
     [series("up", v, namespace="tools", service="web", pod=p)
      for p, v in (("a", "0x60"), ("b", "1x60"))], 30, {}),
    ("NotScraped", "there are no pods", [], 30, {}),
]

# What a metric's labels add to those of its alert.
BY_POD = ("MemoryHigh", "Throttled")
AS_SERIES = {
    "Unavailable": {"deployment": "web", "job": "kube-state-metrics"},
    "Degraded": {"deployment": "web", "job": "kube-state-metrics"},
    "ScaledOut": {"horizontalpodautoscaler": "web"},
}
# Of five restarts.
RESTARTED = "5"


def told(name, ns, rule, value):
    labels = {"severity": rule["labels"]["severity"], "namespace": ns, "mcpserver": "web"}
    labels.update(AS_SERIES.get(name, {"pod": POD} if name in BY_POD else {}))
    notes = {key: text.replace("{{ $value }}", value or RESTARTED)
             for key, text in rule["annotations"].items()}
    return {"exp_labels": labels, "exp_annotations": notes}


def main():
    goldens, out = sys.argv[1:]
    rules = {}
    for ns, name in GOLDENS.items():
        rules[ns], spec = rules_of(f"{goldens}/{name}.out.json")
        with open(f"{out}/{ns}.rules.yaml", "w") as f:
            json.dump(spec, f)
    both = {name: set() for name in rules["tools"]}
    for name, _, _, _, who in CASES:
        both["MCPServer" + name].add(bool(who))
    for name, seen in both.items():
        if seen != {True, False}:
            sys.exit(f"{name}: no case in which it is told, or none in which it is not")
    with open(f"{out}/alerts.test.yaml", "w") as f:
        json.dump({
            "rule_files": [f"{ns}.rules.yaml" for ns in NAMESPACES],
            "evaluation_interval": "1m",
            "tests": [{
                "name": f"{name}: {what}", "interval": "1m", "input_series": given,
                "alert_rule_test": [{
                    "eval_time": f"{minute}m", "alertname": "MCPServer" + name,
                    "exp_alerts": [told(name, ns, rules[ns]["MCPServer" + name], who[ns])
                                   for ns in NAMESPACES if ns in who],
                }],
            } for name, what, given, minute, who in CASES],
        }, f, indent=1)
    rests, _ = rules_of(f"{goldens}/allbeone-alerts-rests.out.json")
    if "MCPServerNotReady" in rests:
        sys.exit("MCPServerNotReady: is there for a server that is to have no pods")
    print(f"{len(CASES)} cases of {len(both)} alerts")


main()
