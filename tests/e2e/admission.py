#!/usr/bin/python3
"""Faulty servers by the hundred, offered to an API server that asks the
operator: each is refused, with the path of its fault and the rule, by the
webhook or, where the row says so, by the CRD already. Nothing is stored. See
33-webhooks.sh.
"""

import os
import sys

from world import Client, check, failures, server_path

NS = os.environ["ADMISSION_NS"]
ALLBEONE, NTAKATSU = "mcp.allbeone.io", "mcp.n-takatsu.dev"
EXAMPLE, MCPDEV = "mcp.example.com", "mcp.mcp.dev"
ALL = (ALLBEONE, NTAKATSU, EXAMPLE, MCPDEV)

KEYS = ["a b", "-a", "a/b/c", "/a", "a/", "x" * 64]
VALUES = ["b c", "-b", "b-", "y" * 64, "ä"]
NAMES = ["A", "a_b", "-a", "a-", "a..b"]

cases = []  # (group, spec, path, words, by the CRD)


def nested(path, value):
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def case(groups, spec, path, words, crd=False):
    for group in groups:
        cases.append((group, spec, f"spec.{path}" if path else "spec", words, crd))


def at(groups, path, value, words, where=None, crd=False):
    case(groups, nested(path, value), where or path, words, crd)


def labels(groups, path, ours=True):
    for key in KEYS:
        at(groups, path, {key: "v"}, "is not a label key")
    for value in VALUES:
        at(groups, path, {"k": value}, "is not a label value")
    if ours:
        for key in ("app", "managed-by", "app.kubernetes.io/name",
                    "mcp.allbeone.io/x"):
            at(groups, path, {key: "v"}, "is a label that the operator sets")


def notes(groups, path):
    for key in KEYS:
        at(groups, path, {key: "v"}, "is not an annotation key")
    at(groups, path, {"mcp.allbeone.io/digest": "v"},
       "is an annotation that the operator sets")


def of_all_groups():
    for path in ("selector", "podLabels", "service.labels"):
        labels(ALL, path)
    labels(ALL, "nodeSelector", ours=False)
    for path in ("podAnnotations", "service.annotations"):
        notes(ALL, path)
    for image in ("a b", "a\tb", "bild:ä"):
        at(ALL, "image", image, "holds a character that no image has")
    for name in NAMES:
        at(ALL, "serviceAccountName", name,
           "is not a name of a ServiceAccount")
        at(ALL, "priorityClassName", name, "is not a name of a PriorityClass")
        at(ALL, "imagePullSecrets", [{"name": "a"}, {"name": name}],
           "is not a name of a Secret", "imagePullSecrets[1].name")
    for name in ("-a", "a-", "a--b", "1", "a_b", "A"):
        at(ALL, "ports", [{"port": 9, "name": name}], "is not a port name",
           "ports[0].name")
    at(ALL, "ports", [{"port": 9, "nodePort": 30000}],
       "needs service.type NodePort or LoadBalancer", "ports[0].nodePort")
    at(ALL, "service", {"loadBalancerClass": "a.b/c"},
       "needs type LoadBalancer", "service.loadBalancerClass")
    for value in ("x", "%", "1.5%"):
        at(ALL, "strategy.rollingUpdate.maxSurge", value,
           "is neither a number nor a percentage")
    at(ALL, "minReadySeconds", 600,
       "must be less than progressDeadlineSeconds")
    at(ALL, "tolerations", [{"key": "a", "effect": "Never"}],
       "is not one of NoSchedule", "tolerations[0].effect")
    at(ALL, "tolerations", [{"operator": "Equal"}],
       "may be empty with operator Exists only", "tolerations[0].key")
    for name in ("A", "a.b", "mcp-tmp"):
        at(ALL, "volumes", [{"name": name, "emptyDir": {}}],
           "volume", "volumes[0].name")
    at(ALL, "volumeMounts", [{"name": "v", "mountPath": "/a"}],
       "names no volume of spec.volumes", "volumeMounts[0].name")
    for path in ("../a", "a/../b", "/a"):
        case(ALL, {"volumes": [{"name": "v", "emptyDir": {}}],
                   "volumeMounts": [{"name": "v", "mountPath": "/a",
                                     "subPath": path}]},
             "volumeMounts[0].subPath", "must be a path below the volume")
    at(ALL, "probes.startup", {"exec": {"command": []}},
       "has an exec without a command")
    at(ALL, "resources.limits.memory", "-1Gi", "must not be negative")
    case(ALL, {"resources": {"requests": {"cpu": "2"},
                             "limits": {"cpu": "1500m"}}},
         "resources.requests.cpu", "is over the limit")
    for path in ("mcp", "/a b", "/a#b"):
        at(ALL, "verification.path", path,
           "must begin with '/'" if path == "mcp" else
           "holds what no request can have")


def of_one_group():
    one = (ALLBEONE,)
    at(one, "transport", {"type": "http", "path": "mcp"},
       "must begin with '/'", "transport.path")
    for tenant in ("A", "a_b", "-a", "a-"):
        at(one, "tenancy.tenantId", tenant, "is not a tenant's id")
    labels(one, "monitoring.labels")
    for host in ("a_b", "*", "A.b", "a..b"):
        at(one, "entry.hosts", [host], "is not a host name", "entry.hosts[0]")
    for path in ("a", "//", "/a/../b", "/a#b", "/a/.."):
        at(one, "entry.path", path, "must", "entry.path")
    at(one, "entry.httpRoute.enabled", True, "is required when it is enabled",
       "entry.httpRoute.parentRefs")
    at(one, "autoscaling.hpa", {"enabled": True, "minReplicas": 5,
                                "maxReplicas": 3}, "is over maxReplicas",
       "autoscaling.hpa.minReplicas")
    at(one, "networkPolicy", {"enabled": True, "ingressRules": [
        {"ports": [{"port": 9, "endPort": 8}]}]}, "has an endPort under its",
       "networkPolicy.ingressRules[0].ports")
    at(one, "networkPolicy", {"enabled": True, "allowedNamespaces": ["A"]},
       "is not a name of a namespace", "networkPolicy.allowedNamespaces[0]")
    for key in ("a/b", ".", "..a"):
        at((EXAMPLE,), "config", {key: "v"}, "cannot name a file")
    at((EXAMPLE,), "config", {"config.json": "v"},
       "is the name of the operator's own file")


def of_the_crds():
    """What CEL can say, a cluster without webhooks says as well."""
    at(ALL, "ports", [{"port": 9}, {"port": 9}], "given once", "ports", True)
    at(ALL, "env", [{"name": "A=B"}], "must not hold '='", "env[0]", True)
    at(ALL, "strategy", {"type": "Recreate", "rollingUpdate": {}},
       "must not stand with type Recreate", "strategy", True)
    at(ALL, "probes.liveness", {}, "exactly one of", crd=True)
    at(ALL, "envFrom", [{"prefix": "a"}], "give one of", "envFrom[0]", True)
    for signal in ("SIGKILL", "HUP", ""):
        at(ALL, "reload.signal", signal, "supported values", crd=True)
    case(ALL, {"rollbackOnFailure": True, "revisionHistoryLimit": 0}, "",
         "revisionHistoryLimit must be at least 1 with", True)


def offer(api, row):
    """What is wrong with the answer, or None."""
    group, spec, path, words, crd = row
    version = "v1" if group == ALLBEONE else "v1alpha1"
    code, answer = api.ask(
        "POST", server_path(group, NS) + "?dryRun=All", {
            "apiVersion": f"{group}/{version}", "kind": "MCPServer",
            "metadata": {"name": "faulty"},
            "spec": {"image": "a:1", **spec}})
    message = answer.get("message", "")
    by_crd = "admission webhook" not in message
    causes = answer.get("details", {}).get("causes", [])
    if code == 422 and by_crd == crd and any(
            c.get("field") == path and words in c.get("message", "")
            for c in causes):
        return None
    return f"{group} {path} ({words}): {code} {message}"


def main():
    api = Client()
    of_all_groups()
    of_one_group()
    of_the_crds()
    wrong = [w for w in (offer(api, row) for row in cases) if w]
    check(f"{len(cases)} faulty servers are refused for what is wrong",
          not wrong and len(cases) >= 300, *wrong)
    sys.exit(bool(failures))


main()
