#!/usr/bin/python3
"""Every field of every MCPServer does something, on the real API server.

The fields are those of the CRDs, which are made from the field tables. For
each one there are servers that differ in nothing else: with one value, with
another, without it. Their children must differ outside of our own labels and
annotations, or their statuses in more than the generation. A field that has no
effect fails, unless it is one of an area that is not acted on yet: then the
status has to say so. Runs with the controllers stopped: no pod is made, but nobody
counts for a quota either, so that each of those gets a namespace of its own.
"""

import copy
import itertools
import json
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import APPLY, GROUPS, Client, check, say, server_path  # noqa: E402

NS = os.environ["FIELDS_NS"]
LANES = 6
DEADLINE = 360
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
OURS = "mcp.allbeone.io/"
KINDS = [
    "/api/v1 configmaps", "/api/v1 services", "/apis/apps/v1 deployments",
    "/apis/autoscaling/v2 horizontalpodautoscalers",
    "/apis/policy/v1 poddisruptionbudgets",
    "/apis/autoscaling.k8s.io/v1 verticalpodautoscalers",
    "/apis/networking.istio.io/v1 virtualservices",
    "/apis/networking.istio.io/v1 destinationrules",
    "/apis/security.istio.io/v1 peerauthentications",
    "/apis/networking.k8s.io/v1 ingresses",
    "/apis/networking.k8s.io/v1 networkpolicies",
    "/apis/gateway.networking.k8s.io/v1 httproutes",
    "/apis/monitoring.coreos.com/v1 servicemonitors",
    "/apis/monitoring.coreos.com/v1 prometheusrules",
    "/api/v1 resourcequotas", "/api/v1 limitranges",
    "/apis/rbac.authorization.k8s.io/v1 roles",
    "/apis/rbac.authorization.k8s.io/v1 rolebindings",
]

# Areas still to come; FieldsActedOn=False names them.
LATER = re.compile(r"(gateway\.(image|port|args|env)|registry|plugins|"
                   r"securityPolicy)\b")
# Seen in other tests: in what a running server is asked (32-verified.sh), when
# a rollout fails (35-rollback.sh), and in that pods are made anew, for no other
# reason than this note of ours.
ELSEWHERE = {"verification.path", "rollbackOnFailure", "restartedAt"}
# Kubernetes takes one value only, the default.
ONE_VALUE = re.compile(r"probes\.(liveness|startup)\.successThreshold$|"
                       r".*\.fieldRef\.apiVersion$")
# Kubernetes takes none.
NO_VALUE = {"probes.readiness.terminationGracePeriodSeconds"}
# A metric's type says which source and which value it has: none is ever alone.
# Of a hash there is one source, so this is there or another one is.
TIED = re.compile(r"autoscaling\.hpa\.metrics\.\[\]\.(type|\w+\.target\.type|"
                  r"(external|object|pods)\.target\.averageUtilization|"
                  r"(pods|resource)\.target\.value)$|"
                  r".*\.consistentHash\.useSourceIp$")

# ---- two values of a field --------------------------------------------------

SELECTORS = tuple({"matchLabels": {"a": value}} for value in "bc")
BY_NAME = {
    "image": ("ghcr.io/a/b:1", "ghcr.io/a/b:2"), "sizeLimit": ("1Gi", "2Gi"),
    "mountPath": ("/data", "/data2"), "path": ("/x", "/y"),
    "cidr": ("10.0.0.0/8", "11.0.0.0/8"), "schedule": ("1 * * * *", "2 * * * *"),
    "except": (["10.1.0.0/16"], ["10.2.0.0/16"]),
    "host": ("h.example.com", "i.example.com"),
    "hosts": (["h.example.com"], ["i.example.com"]),
    "fieldPath": ("metadata.name", "metadata.namespace"),
    "divisor": ("1", "2"), "value": ("1", "2"), "averageValue": ("1", "2"),
    "ip": ("10.0.0.1", "10.0.0.2"), "nameserver": ("10.0.0.1", "10.0.0.2"),
    "resource": ("limits.cpu", "limits.memory"),
    "seLinuxOptions": ({"level": "s0:c1"}, {"level": "s0:c2"}),
    "windowsOptions": ({"runAsUserName": "a"}, {"runAsUserName": "b"}),
    "sysctls": tuple([{"name": "net.ipv4.ip_unprivileged_port_start", "value": n}]
                     for n in ("1", "2")),
    "httpCode": (404, 500),
    "podSelector": SELECTORS, "namespaceSelector": SELECTORS, "allowedPods": SELECTORS,
    "selector": SELECTORS,
}
TIMES = ("timeout", "perTryTimeout", "connectTimeout", "idleTimeout", "interval",
         "scrapeTimeout", "ttl", "baseEjectionTime", "maxConnectionDuration")
BY_PATH = {
    "service.loadBalancerSourceRanges": (["10.0.0.0/8"], ["11.0.0.0/8"]),
    "service.externalTrafficPolicy": ("Local", "Cluster"),
    "resources.cpu": ("1", "2"), "resources.memory": ("1Gi", "2Gi"),
    "selector": ({"a": "b"}, {"a": "c"}), "envFrom.[].prefix": ("A_", "B_"),
    "affinity": ({"nodeAffinity": {}}, {"podAffinity": {}}),
    "topologySpreadConstraints": tuple(
        [{"maxSkew": n, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}]
        for n in (1, 2)),
    "podTemplatePatch": ({"spec": {"hostNetwork": True}}, {"spec": {"hostNetwork": False}}),
    "pod.dnsPolicy": ("Default", "ClusterFirstWithHostNet"),
    "transport.type": ("http", "stdio"), "transport": ("http", "stdio"),
    "runtime.type": ("docker", "stdio"),
    "autoscaling.hpa.maxReplicas": (5, 6),
    "autoscaling.hpa.behavior.scaleDown.policies.[].value": (1, 2),
    "autoscaling.hpa.behavior.scaleUp.policies.[].value": (1, 2),
    "autoscaling.vpa.resourcePolicy.containerPolicies.[].controlledResources":
        (["cpu"], ["memory"]),
    "tenancy.resourceQuotas.memory": ("100Ti", "200Ti"),
    "tolerations.[].effect": ("NoSchedule", "NoExecute"),
    "tolerations.[].operator": ("Equal", "Exists"),
    "volumes.[].projected.sources.[].serviceAccountToken.expirationSeconds": (601, 602),
    "restartedAt": ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
}
BIG = 100000
NODE_PORTS = itertools.count(31100)
ASKED_PORTS = set()
FILE = re.compile(r".*(items\.\[\]|serviceAccountToken)\.path$")  # within a volume


def two_values(schema, path):
    dotted, name = ".".join(path), [p for p in path if p != "[]"][-1]
    kind = schema.get("type")
    if dotted in BY_PATH:
        return BY_PATH[dotted]
    if name == "nodePort":  # each is had once in the cluster
        asked = next(NODE_PORTS), next(NODE_PORTS)
        ASKED_PORTS.update(asked)
        return asked
    if FILE.match(dotted):
        return "x", "y"
    if dotted.startswith("tenancy.resourceQuotas."):
        return BIG, 2 * BIG  # what is tried here must not be short of it
    if "enum" in schema:
        return schema["enum"][0], schema["enum"][-1]
    if kind == "boolean":
        return True, False
    if kind in ("integer", "number"):
        low = max(schema.get("minimum", 1), 1)
        high = min(low + 1, schema.get("maximum", low + 1))
        return BY_NAME.get(name) or (high, min(low, high - 1))
    if name in BY_NAME and (kind != "object" or isinstance(BY_NAME[name][0], dict)):
        return BY_NAME[name]
    if name in TIMES:
        return "1s", "2s"
    if schema.get("x-kubernetes-int-or-string"):
        return 1, 2
    if kind == "object":
        amounts = schema.get("additionalProperties", {})
        if name in ("limits", "requests", "minAllowed", "maxAllowed") or (
                isinstance(amounts, dict) and amounts.get("x-kubernetes-int-or-string")):
            return {"cpu": "1"}, {"cpu": "2"}
        return {"a": "b"}, {"a": "c"}
    if kind == "array":
        one, other = two_values(schema["items"], path[:-1] + (name.rstrip("s"),))
        return [one], [other]
    return "aa", "bb"


def least(schema, path):
    """The smallest value that the schema takes."""
    if schema.get("type") == "object" and "properties" in schema:
        return {k: least(schema["properties"][k], path + (k,))
                for k in schema.get("required", [])}
    if schema.get("type") == "array":
        return [least(schema["items"], path + ("[]",))]
    return two_values(schema, path)[0]


def leaves(schema, path=()):
    """(path, schema) of each field that has no fields of its own."""
    items = schema.get("items", {})
    if schema.get("type") == "object" and schema.get("properties"):
        for name, part in schema["properties"].items():
            yield from leaves(part, path + (name,))
    elif items.get("type") == "object" and items.get("properties"):
        yield from leaves(items, path + ("[]",))
    else:
        yield path, schema


def put(spec, schema, path, value, drop=False):
    at = spec
    for i, name in enumerate(path):
        if name == "[]":
            at, schema = at[0], schema["items"]
            continue
        part = schema["properties"][name]
        if i == len(path) - 1:
            if drop:
                at.pop(name, None)
            else:
                at[name] = value
            return
        if not at.get(name):
            at[name] = least(part, path[:i + 1])
        if "enabled" in part.get("properties", {}):
            at[name].setdefault("enabled", True)
        at, schema = at[name], part


# What else a spec needs for fields of a part to mean something: the first whose
# pattern matches.
HPA = {"enabled": True, "maxReplicas": 5}
PODS = {"metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "1"}}
VALUE = {"metric": {"name": "m"}, "target": {"type": "Value", "value": "1"}}
OBJECT = dict(VALUE, describedObject={"kind": "Service", "name": "s"})
CPU = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
MEMORY = {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "1"}}
MESH = {"enabled": True, "virtualService": {"host": "h.example.com"}}
HTTP = {"httpGet": {"path": "/x", "port": 8080}}


def metric(kind, **source):
    return {"autoscaling": {"hpa": dict(HPA, metrics=[dict(source, type=kind)])}}


def mesh(**traffic):
    return {"istio": dict(MESH, destinationRule={"trafficPolicy": traffic})}


def policy(rules):
    """Of a server, and of a tenant."""
    return {"networkPolicy": dict(rules, enabled=True),
            "tenancy": {"tenantId": "t", "networkPolicy": dict(rules, enabled=True)}}


def volume(kind, **source):
    return {"volumes": [{"name": "aa", kind: source}]}


def items(path):
    return [{"key": "k", "path": path}]


def scaled(way):
    return {"autoscaling": {"hpa": dict(HPA, behavior={
        way: {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 5}]}})}}


def beside(pattern, **more):
    """Of the containers beside the server's."""
    return [(rf"pod\.{kind}\.\[\]\.{pattern}", {
        "volumes": [{"name": n, "emptyDir": {}} for n in ("aa", "bb")],
        "pod": {kind: [dict(more, name="c", image="a:1")]}})
            for kind in ("initContainers", "sidecars")]


LOCALHOST = {"type": "Localhost"}
AROUND = [
    *beside("volumeMounts", volumeMounts=[{"name": "aa", "mountPath": "/data"}]),
    *beside(r"env\.\[\]\.valueFrom\.resource", env=[{
        "name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]),
    *beside(r"envFrom\.\[\]\.prefix", envFrom=[{"configMapRef": {"name": "aa"}}]),
    *beside(r"securityContext\.appArmorProfile\.l",
            securityContext={"appArmorProfile": LOCALHOST}),
    *beside(r"securityContext\.seccompProfile\.l",
            securityContext={"seccompProfile": LOCALHOST}),
    ("volumeMounts", {"volumes": [{"name": n, "emptyDir": {}} for n in ("aa", "bb")],
                      "volumeMounts": [{"name": "aa", "mountPath": "/data"}]}),
    (r"configSources\.\[\]\.configMap",
     {"configSources": [{"mountPath": "/data", "configMap": {"name": "aa"}}]}),
    ("reload", {"reload": {"policy": "Signal"}, "config": {"a": "b"}}),
    ("configSources", {"configSources": [{"mountPath": "/data", "secret": {"name": "aa"}}]}),
    (r"volumes\.\[\]\.configMap\.items", volume("configMap", name="aa", items=items("p"))),
    (r"volumes\.\[\]\.configMap", volume("configMap", name="aa")),
    (r"volumes\.\[\]\.secret\.items", volume("secret", secretName="aa", items=items("p"))),
    (r"volumes\.\[\]\.secret\.name", {}),
    (r"volumes\.\[\]\.secret", volume("secret", secretName="aa")),
    (r".*projected\.sources\.\[\]\.configMap",
     volume("projected", sources=[{"configMap": {"name": "aa", "items": items("p")}}])),
    (r".*projected\.sources\.\[\]\.secret",
     volume("projected", sources=[{"secret": {"name": "aa", "items": items("p")}}])),
    (r".*projected\.sources\.\[\]\.serviceAccountToken",
     volume("projected", sources=[{"serviceAccountToken": {"path": "p"}}])),
    (r"volumes\.\[\]\.projected", volume("projected", sources=[{}])),
    (r".*Policy\.egressRules\.\[\]\.ports\.\[\]\.endPort",
     policy({"egressRules": [{"ports": [{"port": 1}]}]})),
    (r".*Policy\.ingressRules\.\[\]\.ports\.\[\]\.endPort",
     policy({"ingressRules": [{"ports": [{"port": 1}]}, {}]})),
    (r".*Policy\.ingressRules\.\[\]\.ports",
     policy({"ingressRules": [{"ports": [{"port": 80}]}, {}]})),
    (r".*Policy\.(in|e)gressRules\.\[\]\.(to|from)\.\[\]\.ipBlock",
     policy({})),
    (r".*Policy\.egressRules\.\[\]\.to",
     policy({"egressRules": [{"to": [{"podSelector": {"matchLabels": {"x": "y"}}}]}]})),
    (r".*Policy\.ingressRules\.\[\]\.from",
     policy({"ingressRules": [{"from": [{"podSelector": {"matchLabels": {"x": "y"}}}]}]})),
    (r"tenancy\.networkPolicy", {"tenancy": {"tenantId": "t", "networkPolicy": {"enabled": True}}}),
    (r"tenancy\.members\.\[\]\.kind",
     {"tenancy": {"tenantId": "t", "members": [{"kind": "User", "name": "x"}]}}),
    (r"tenancy\.members", {"tenancy": {"tenantId": "t", "members": [
        {"kind": "ServiceAccount", "name": "x", "namespace": "q"}]}}),
    (r"tenancy\.tenantId", {"tenancy": {"tenantId": "t", "isolationLevel": "Strict"}}),
    ("tenancy", {"tenancy": {"tenantId": "t"}}),
    ("gateway", {"gateway": {"enabled": True, "istio": {"enabled": True, "host": "h"}}}),
    (r".*consistentHash\.useSourceIp", mesh(
        loadBalancer={"consistentHash": {"httpHeaderName": "x"}})),
    (r".*trafficPolicy\.tls\.(client|private)", mesh(
        tls={"mode": "MUTUAL", "clientCertificate": "/c", "privateKey": "/k"})),
    (r".*trafficPolicy\.tls\.c", mesh(tls={"mode": "SIMPLE"})),
    ("istio", {"istio": MESH}),
    (r".*metrics\.\[\]\.external\.target\.averageV", metric("External", external=dict(
        VALUE, target={"type": "AverageValue", "averageValue": "1"}))),
    (r".*metrics\.\[\]\.object\.target\.averageV", metric("Object", object=dict(
        OBJECT, target={"type": "AverageValue", "averageValue": "1"}))),
    (r".*metrics\.\[\]\.external", metric("External", external=VALUE)),
    (r".*metrics\.\[\]\.object", metric("Object", object=OBJECT)),
    (r".*metrics\.\[\]\.pods", metric("Pods", pods=PODS)),
    (r".*metrics\.\[\]\.resource\.target\.average[V]", metric("Resource", resource=MEMORY)),
    (r".*metrics\.\[\]", metric("Resource", resource=CPU)),
    (r".*behavior\.scaleDown\.policies", scaled("scaleDown")),
    (r".*behavior\.scaleUp\.policies", scaled("scaleUp")),
    (r"autoscaling\.hpa", {"autoscaling": {"hpa": HPA}}),
    (r"autoscaling\.vpa", {"autoscaling": {"vpa": {"enabled": True}}}),
    (r"strategy\.rolling", {"strategy": {"type": "RollingUpdate"}}),
    (r"deploymentStrategy\.rolling", {"deploymentStrategy": {"type": "RollingUpdate"}}),
    ("entry|transport.path", {"entry": {"hosts": ["z.example.com"], "ingress": {"enabled": True},
                         "httpRoute": {"enabled": True, "parentRefs": [{"name": "p"}]}}}),
    (r"monitoring\.serviceMonitor\.port",
     {"monitoring": {"serviceMonitor": {"enabled": True}},
      "ports": [{"name": "aa", "port": 80}, {"name": "bb", "port": 81}]}),
    ("monitoring", {"monitoring": {"serviceMonitor": {"enabled": True}}}),
    (r"service\.(load|external)", {"service": {"type": "LoadBalancer"}}),
    (r"service\.sessionAffinityT", {"service": {"sessionAffinity": "ClientIP"}}),
    (r"ports\.\[\]\.nodePort", {"service": {"type": "NodePort"}}),
    (r"probes\.liveness\.[^.]*$", {"probes": {"liveness": HTTP}}),
    (r"probes\.readiness\.[^.]*$", {"probes": {"readiness": HTTP}}),
    (r"probes\.startup\.[^.]*$", {"probes": {"startup": HTTP}}),
    (r"tolerations\.\[\]\.tolerationSeconds",
     {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute"}]}),
    ("tolerations", {"tolerations": [{"key": "a"}]}),
    (r"(.*)ecurityContext\.appArmorProfile\.l", {
        "securityContext": {"appArmorProfile": {"type": "Localhost"}},
        "podSecurityContext": {"appArmorProfile": {"type": "Localhost"}}}),
    (r"(.*)ecurityContext\.seccompProfile\.l", {
        "securityContext": {"seccompProfile": {"type": "Localhost"}},
        "podSecurityContext": {"seccompProfile": {"type": "Localhost"}}}),
    (r"envFrom\.\[\]\.prefix", {"envFrom": [{"configMapRef": {"name": "aa"}}]}),
    (r"env\.\[\]\.valueFrom\.resource", {"env": [{
        "name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]}),
]


WHOLE = ("volumeMounts", "monitoring", "reload", "pod")


def around(path):
    dotted = ".".join(path)
    spec = {"image": "ghcr.io/a/b:1"}
    if dotted == "tag":
        spec["image"] = "ghcr.io/a/b"
    if dotted == "runtime.image":
        del spec["image"]
    for pattern, more in AROUND:
        if re.match(pattern, dotted):
            own = path[0]
            more = copy.deepcopy(more)
            # Of one for two parts of a spec, the part at hand.
            spec.update({k: v for k, v in more.items()
                         if own not in more or k == own or own in WHOLE})
            break
    return spec


# ---- the servers ------------------------------------------------------------


def quota_of(spec):
    return "resourceQuotas" in spec.get("tenancy", {})


def all_items(api, root, plural, selector=""):
    """Those in our namespaces."""
    return [one for one in api.items(f"{root}/{plural}{selector}")
            if one["metadata"]["namespace"].startswith(NS)]


def all_servers(api):
    for group, (version, _) in GROUPS.items():
        yield from all_items(api, f"/apis/{group}/{version}", "mcpservers")


class Servers:
    """Those of one spec are one server."""

    def __init__(self):
        self.by_spec, self.all, self.refused = {}, [], {}

    def name(self, group, spec):
        key = (group, json.dumps(spec, sort_keys=True))
        if key not in self.by_spec:
            self.by_spec[key] = f"f{len(self.all):05d}"
            self.all.append((self.by_spec[key], group, spec))
        return self.by_spec[key]

    def lane(self, of):
        api = Client()
        for name, group, spec in self.all[of::LANES]:
            body = {"apiVersion": f"{group}/{GROUPS[group][0]}", "kind": "MCPServer",
                    "metadata": {"name": name}, "spec": spec}
            ns = NS
            if quota_of(spec):
                ns = f"{NS}-{name}"
                api.ask("POST", "/api/v1/namespaces", {
                    "apiVersion": "v1", "kind": "Namespace",
                    "metadata": {"name": ns, "labels": {"e2e": NS}}})
            path = server_path(group, ns, name)
            code, answer = api.ask("PATCH", path + "?fieldManager=fields&force=true"
                                   "&fieldValidation=Strict", body, APPLY)
            if code not in (200, 201):
                self.refused[name] = f"{code} {answer.get('message')}"

    def apply(self):
        lanes = [threading.Thread(target=self.lane, args=(n,)) for n in range(LANES)]
        for one in lanes:
            one.start()
        for one in lanes:
            one.join()


class Fields:
    """What is tried of each: names of servers to compare, in order."""

    def __init__(self, api, servers):
        self.of = {}
        for group in GROUPS:
            crd = api.get(f"{CRDS}/mcpservers.{group}")
            schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
            schema = schema["properties"]["spec"]
            for path, part in leaves(schema):
                self.of[group, ".".join(path)] = [
                    servers.name(group, spec)
                    for spec in self.variants(schema, path, part)]

    @staticmethod
    def variants(schema, path, part):
        one, other = two_values(part, path)
        for value, drop in ((one, False), (other, False), (None, True)):
            spec = around(path)
            put(spec, schema, path, value)
            if drop:
                put(spec, schema, path, None, True)
            yield spec


# ---- what became of them ----------------------------------------------------


def without_ours(meta):
    for part in ("labels", "annotations"):
        kept = {k: v for k, v in meta.get(part, {}).items() if not k.startswith(OURS)}
        meta.pop(part, None)
        if kept:
            meta[part] = kept


def strip(node):
    if isinstance(node, list):
        return [strip(v) for v in node]
    if not isinstance(node, dict):
        return node
    if "metadata" in node:
        meta = dict(node["metadata"])
        without_ours(meta)
        node = dict(node, metadata=meta)
    return {k: strip(v) for k, v in node.items()}


STORED = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
GIVEN = ("clusterIP", "clusterIPs")


def child_text(child, name):
    child.pop("status", None)
    for key in STORED:
        child["metadata"].pop(key, None)
    for owner in child["metadata"].get("ownerReferences", []):
        owner.pop("uid", None)
    for key in GIVEN:
        if child.get("spec", {}).get(key) not in ("None", ["None"]):
            child.get("spec", {}).pop(key, None)
    for port in child.get("spec", {}).get("ports", []) if child["kind"] == "Service" else []:
        if port.get("nodePort") not in ASKED_PORTS:
            port.pop("nodePort", None)
    return json.dumps(strip(child), sort_keys=True).replace(name, "NAME")


def status_text(status, name):
    status = copy.deepcopy(status)
    for key in ("observedGeneration", "lastUpdateTime", "lastTransitionTime", "resources"):
        status.pop(key, None)
    for condition in status.get("conditions", []):
        for key in ("observedGeneration", "lastTransitionTime", "message"):
            condition.pop(key, None)
    return json.dumps(status, sort_keys=True).replace(name, "NAME")


class Outcome:
    def __init__(self, api):
        self.text, self.later, self.invalid = {}, {}, {}
        for one in all_servers(api):
            self.take(one)
        for kind in KINDS:
            root, plural = kind.split()
            for child in all_items(api, root, plural, f"?labelSelector={OURS}server-key"):
                name = child["metadata"]["labels"][OURS + "server-key"].split(".")[1]
                if name in self.text:
                    child.setdefault("kind", plural[:-1].capitalize())
                    self.text[name].append(plural + " " + child_text(child, name))

    def take(self, one):
        name, status = one["metadata"]["name"], one.get("status", {})
        self.text[name] = ["status " + status_text(status, name)]
        for c in status.get("conditions", []):
            if c["type"] == "FieldsActedOn" and c["status"] == "False":
                self.later[name] = c["message"]
            if c["type"] == "ConfigurationValid" and c["status"] == "False":
                self.invalid[name] = c["message"]

    def differ(self, one, other):
        return sorted(self.text[one]) != sorted(self.text[other])


def pending(api):
    return sum(one.get("status", {}).get("observedGeneration") !=
               one["metadata"]["generation"] for one in all_servers(api))


def settle(api):
    end, beat = time.monotonic() + DEADLINE, time.monotonic()
    while (left := pending(api)) and time.monotonic() < end:
        if time.monotonic() > beat:
            say(f"{left} servers without a status")
            beat += 15
        time.sleep(2)
    return left


def judge(fields, servers, outcome):
    dead, untried, untold = [], [], []
    later = apart = 0
    for (group, path), names in fields.of.items():
        good = [n for n in names if n not in servers.refused and n not in outcome.invalid]
        what = f"{group} {path}"
        if path in ELSEWHERE | NO_VALUE or ONE_VALUE.match(path) or TIED.match(path):
            apart += 1
            continue
        if LATER.match(path):
            later += 1
            if not any(n in outcome.later for n in good):
                untold.append(what)
        elif len(good) < 2:
            why = [servers.refused.get(n) or outcome.invalid.get(n) for n in names]
            untried.append(f"{what}: {next(filter(None, why))}")
        elif not any(outcome.differ(good[0], n) for n in good[1:]):
            dead.append(what)
    say(f"{later} are of areas still to come, {apart} are not tried here")
    tried = len(fields.of) - later - apart
    check(f"{tried} fields: each one does something", not dead, *dead)
    check("each one could be tried", not untried, *untried)
    check("what is not acted on yet is told", not untold, *untold)


def main():
    api, servers = Client(), Servers()
    fields = Fields(api, servers)
    say(f"{len(fields.of)} fields, {len(servers.all)} servers")
    servers.apply()
    say(f"{len(servers.refused)} of them are refused")
    left = settle(api)
    check("each server has a status", not left, f"{left} have none")
    judge(fields, servers, Outcome(api))


main()
