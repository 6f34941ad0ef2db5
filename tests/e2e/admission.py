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
    at(ALL, "strategy.rollingUpdate.maxUnavailable", "101%", "is over 100%")
    at(ALL, "runtimeClassName", "k_v", "is not a name of a RuntimeClass")
    at(ALL, "service", {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0"]},
       "is not a network", "service.loadBalancerSourceRanges[0]")
    at(ALL, "tolerations", [{"key": "a", "operator": "Exists", "value": "b"}],
       "must not stand with operator Exists", "tolerations[0].value")
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
    for path in ("/a b", "/a#b"):
        at(ALL, "verification.path", path, "holds what no request can have")


def of_one_group():
    one = (ALLBEONE,)
    at(one, "transport", {"type": "http", "path": "mcp"},
       "must begin with '/'", "transport.path")
    labels(one, "monitoring.labels")
    for host in ("a_b", "*", "A.b", "a..b"):
        at(one, "entry.hosts", [host], "is not a host name", "entry.hosts[0]")
    for path in ("//", "/a/../b", "/a#b", "/a/.."):
        at(one, "entry.path", path, "must", "entry.path")
    case(one, {"replicas": 9, "autoscaling": {"hpa": {"enabled": True, "maxReplicas": 3}}},
         "replicas", "is not within minReplicas and maxReplicas")
    at(one, "autoscaling.pdb", {"maxUnavailable": "101%"}, "is over 100%",
       "autoscaling.pdb.maxUnavailable")
    at(one, "autoscaling", {"hpa": {"enabled": True, "maxReplicas": 3}, "vpa": {"enabled": True}},
       "is what hpa scales by", "autoscaling.vpa")
    case(one, {"tenancy": {"tenantId": "t", "isolationLevel": "None"}, "networkPolicy": {
        "enabled": True, "ingressRules": [{"ports": [{"port": 9}]}]}},
         "networkPolicy.ingressRules[0].ports", "lets nobody in")
    at(one, "tenancy", {"tenantId": "t", "resourceQuotas": {"mcpServers": 0}},
       "leaves no room for the server itself", "tenancy.resourceQuotas.mcpServers")
    at(one, "tenancy", {"tenantId": "t", "namespaceLabels": {"a.k8s.io/b": "c"}},
       "is Kubernetes' own", "tenancy.namespaceLabels")
    at(one, "istio", {"enabled": True, "mtls": "STRICT", "sidecarInject": False},
       "needs sidecarInject", "istio.mtls")
    at(one, "istio", {"enabled": True, "virtualService": {
        "host": "a", "timeout": "1s", "retries": {"perTryTimeout": "2s"}}}, "is over timeout",
       "istio.virtualService.retries.perTryTimeout")
    at(one, "monitoring.serviceMonitor", {"enabled": True, "port": "nowhere"}, "port",
       "monitoring.serviceMonitor.port")
    at(one, "networkPolicy", {"enabled": True, "allowedNamespaces": ["A"]},
       "is not a name of a namespace", "networkPolicy.allowedNamespaces[0]")
    for key in ("a/b", ".", "..a"):
        at((EXAMPLE,), "config", {key: "v"}, "cannot name a file")
    at((EXAMPLE,), "config", {"config.json": "v"},
       "is the name of the operator's own file")


def of_the_areas(one):
    for tenant in ("A", "a_b", "-a", "a-"):
        at(one, "tenancy", {"tenantId": tenant}, "tenantId must be", crd=True)
    at(one, "tenancy", {"tenantId": "t", "isolationLevel": "Strict",
                        "networkPolicy": {"enabled": False}}, "must not be false with", crd=True)
    at(one, "tenancy", {"tenantId": "t", "members": [
        {"kind": "User", "name": "a", "namespace": "b"}]}, "for kind ServiceAccount only",
       "tenancy.members[0]", True)
    case(one, {"command": ["a"], "runtime": {"command": ["b"]}}, "", "give one", True)
    at(one, "entry", {"path": "a"}, "path must begin with '/'", crd=True)
    at(one, "entry.httpRoute", {"enabled": True}, "parentRefs are required", crd=True)
    at(one, "autoscaling.hpa", {"enabled": True, "minReplicas": 5, "maxReplicas": 3},
       "must not be over maxReplicas", crd=True)
    for words, target in (
            ("belongs to type Utilization", {"type": "Utilization"}),
            ("for types Object and External", {"type": "Value", "averageValue": "1"}),
            ("the one that is its own",
             {"type": "AverageValue", "averageValue": "1", "value": "1"})):
        at(one, "autoscaling.hpa", {"enabled": True, "maxReplicas": 3, "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": target}}]},
           words, "autoscaling.hpa.metrics[0].resource.target",
           target["type"] == "Utilization")
    at(one, "autoscaling.hpa", {"enabled": True, "maxReplicas": 3, "metrics": [{"type": "Pods"}]},
       "give the metric of the type", "autoscaling.hpa.metrics[0]", True)
    at(one, "autoscaling.pdb", {"maxUnavailable": 1, "minAvailable": 1}, "not both", crd=True)
    for port in ({"port": 9, "endPort": 8}, {"port": "a", "endPort": 8}, {"endPort": 8}):
        at(one, "networkPolicy", {"enabled": True, "ingressRules": [{"ports": [port]}]},
           "endPort needs a port", "networkPolicy.ingressRules[0].ports[0]", True)
    for peer in ({}, {"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}):
        at(one, "networkPolicy", {"enabled": True, "egressRules": [{"to": [peer]}]},
           "give ipBlock, or selectors", "networkPolicy.egressRules[0].to[0]", True)
    at(one, "gateway", {"enabled": True, "istio": {"enabled": True}}, "istio.host is required",
       crd=True)
    at(one, "istio", {"enabled": True, "gateway": "a"}, "virtualService is required", crd=True)
    at(one, "istio.virtualService", {"host": "a", "path": "b"}, "path must begin with '/'",
       crd=True)
    traffic = "istio.destinationRule.trafficPolicy."
    at(one, traffic + "loadBalancer.consistentHash", {"httpHeaderName": "a", "useSourceIp": True},
       "give one of", crd=True)
    at(one, traffic + "tls", {"mode": "MUTUAL"}, "mode MUTUAL needs", crd=True)


def beside(path):
    """Containers beside the server's."""
    for words, member, crd, more in (
            ("is not a container name", "name", False, {"name": "A"}),
            ("of the operator's own", "name", False, {"name": "mcp-server"}),
            ("no image has", "image", False, {"image": "a b"}),
            ("must not hold '='", "env[0]", True, {"env": [{"name": "A=", "value": "b"}]}),
            ("give one of configMapRef and", "envFrom[0]", True, {"envFrom": [{}]}),
            ("names no volume", "volumeMounts[0].name", False,
             {"volumeMounts": [{"name": "v", "mountPath": "/a"}]})):
        at(ALL, path, [{"name": "c", "image": "a", **more}], words,
           f"{path}[0].{member}", crd)


def of_the_crds():
    """What CEL can say, a cluster without webhooks says as well."""
    at(ALL, "ports", [{"port": 9}, {"port": 9}], "given once", "ports", True)
    at(ALL, "env", [{"name": "A=B"}], "must not hold '='", "env[0]", True)
    at(ALL, "strategy", {"type": "Recreate", "rollingUpdate": {}},
       "must not stand with type Recreate", "strategy", True)
    at(ALL, "probes.liveness", {}, "exactly one of", crd=True)
    at(ALL, "probes.readiness", {"tcpSocket": {"port": 1}, "terminationGracePeriodSeconds": 3},
       "has no meaning", "probes.readiness.terminationGracePeriodSeconds")
    at(ALL, "envFrom", [{"prefix": "a"}], "give one of", "envFrom[0]", True)
    case(ALL, {"minReadySeconds": 600}, "",
         "minReadySeconds must be less than progressDeadlineSeconds", True)
    at(ALL, "service", {"sessionAffinityTimeoutSeconds": 9}, "needs sessionAffinity ClientIP",
       crd=True)
    for wrong in ({"key": "a", "effect": "Never"}, {"key": "a", "operator": "Like"},
                  {"operator": "Equal"}):
        at(ALL, "tolerations", [wrong], "must be" if "key" in wrong else "may be empty",
           "tolerations[0]", True)
    at(ALL, "verification", {"path": "mcp"}, "path must begin with '/'", crd=True)
    for path, value in (("service.externalTrafficPolicy", "Sometimes"),
                        ("service.internalTrafficPolicy", "Never"),
                        ("securityContext.procMount", "all"),
                        ("podSecurityContext.fsGroupChangePolicy", "Never"),
                        ("securityContext.seccompProfile", {"type": "Own"})):
        at(ALL, path, value, "supported values",
           path + (".type" if isinstance(value, dict) else ""), True)
    at(ALL, "probes.liveness", {"httpGet": {"port": 1, "scheme": "FTP"}}, "supported values",
       "probes.liveness.httpGet.scheme", True)
    at(ALL, "volumes", [{"name": "a", "hostPath": {"path": "/a", "type": "Link"}}],
       "supported values", "volumes[0].hostPath.type", True)
    of_the_areas((ALLBEONE,))
    for signal in ("SIGKILL", "HUP", ""):
        at(ALL, "reload.signal", signal, "supported values", crd=True)
    beside("pod.initContainers")
    beside("pod.sidecars")
    case(ALL, {"pod": {"initContainers": [{"name": "c", "image": "a"}],
                       "sidecars": [{"name": "c", "image": "a"}]}},
         "pod.sidecars[0].name", "is the name of another container")
    at(ALL, "pod.hostAliases", [{"ip": "a", "hostnames": ["b"]}],
       "is not an address", "pod.hostAliases[0].ip")
    at(ALL, "pod.hostAliases", [{"ip": "10.0.0.1", "hostnames": ["b_c"]}],
       "is not a host name", "pod.hostAliases[0].hostnames")
    at(ALL, "pod.dnsPolicy", "Any", "supported values", crd=True)
    at(ALL, "pod", {"dnsPolicy": "None"}, "nameservers are required", crd=True)
    at(ALL, "pod.dnsConfig.nameservers", ["a"], "is not an address",
       "pod.dnsConfig.nameservers[0]")
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
