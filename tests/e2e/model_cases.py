"""The request sequences of model.py: what the operator sends, recorded as
goldens, each kind of answer by name, and generated ones."""
import glob
import json
import random

from model_kinds import HANDOVER

MERGE = "application/merge-patch+json"
META = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1," \
       "application/json"
METAS = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

CORE = "/api/v1/namespaces/{ns}/"
APPS = "/apis/apps/v1/namespaces/{ns}/"
SCALERS = "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers"
BUDGETS = "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets"
NETWORKING = "/apis/networking.k8s.io/v1/namespaces/{ns}/"
INGRESSES = NETWORKING + "ingresses"
POLICIES = NETWORKING + "networkpolicies"
QUOTAS = CORE + "resourcequotas"
LIMITS = CORE + "limitranges"
RIGHTS = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/"
ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/{ns}/httproutes"
SIZERS = "/apis/autoscaling.k8s.io/v1/namespaces/{ns}/verticalpodautoscalers"
MESH = "/apis/networking.istio.io/v1/namespaces/{ns}/"
VIRTUAL = MESH + "virtualservices"
DESTINATIONS = MESH + "destinationrules"
AUTHS = "/apis/security.istio.io/v1/namespaces/{ns}/peerauthentications"
MONITORING = "/apis/monitoring.coreos.com/v1/namespaces/{ns}/"
MONITORS = MONITORING + "servicemonitors"
ALERTS = MONITORING + "prometheusrules"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases"
GROUPS = {
    "mcp.allbeone.io": "v1", "mcp.n-takatsu.dev": "v1alpha1",
    "mcp.example.com": "v1alpha1", "mcp.mcp.dev": "v1alpha1",
}


def servers(group):
    return "/apis/%s/%s/namespaces/{ns}/mcpservers" % (group, GROUPS[group])


# ---- objects ----------------------------------------------------------------

def config(name="c", data=None, **meta):
    return {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": dict({"name": name}, **meta),
            "data": {"a": "1"} if data is None else data}


def container(**more):
    return dict({"name": "main", "image": "server:1"}, **more)


def deployment(name="d", spec=None, pod=None, **of_container):
    out = {"replicas": 1, "selector": {"matchLabels": {"app": name}},
           "template": {"metadata": {"labels": {"app": name}},
                        "spec": dict({"containers": [
                            container(**of_container)]}, **(pod or {}))}}
    out.update(spec or {})
    return {"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name}, "spec": out}


def service(name="s", **spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": dict({"selector": {"app": name},
                          "ports": [{"name": "http", "port": 80}]}, **spec)}


def autoscaler(name="h", **spec):
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": name},
            "spec": dict({"maxReplicas": 3, "scaleTargetRef": {
                "apiVersion": "apps/v1", "kind": "Deployment",
                "name": "d"}}, **spec)}


def budget(name="b", **spec):
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": {"name": name},
            "spec": dict({"selector": {"matchLabels": {"app": "d"}}},
                         **spec)}


def way(**more):
    """A path of an Ingress."""
    return dict({"path": "/mcp", "pathType": "Prefix", "backend": {
        "service": {"name": "s", "port": {"number": 80}}}}, **more)


def ingress(name="i", path=None, **spec):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": name},
            "spec": dict({"rules": [{"host": "a.example", "http": {
                "paths": [path or way()]}}]}, **spec)}


def policy(name="p", **spec):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name},
            "spec": dict({"podSelector": {"matchLabels": {"app": "d"}},
                          "policyTypes": ["Ingress"],
                          "ingress": [{"from": [{"namespaceSelector": {
                              "matchLabels": {"a": "b"}}}]}]}, **spec)}


def route(name="r", **spec):
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": name},
            "spec": dict({"parentRefs": [{"name": "g"}],
                          "hostnames": ["a.example"], "rules": [{
                              "matches": [{"path": {"type": "PathPrefix",
                                                    "value": "/mcp"}}],
                              "backendRefs": [{"name": "s", "port": 80}]}]},
                         **spec)}


def sizer(name="v", **spec):
    return {"apiVersion": "autoscaling.k8s.io/v1",
            "kind": "VerticalPodAutoscaler", "metadata": {"name": name},
            "spec": dict({"targetRef": {
                "apiVersion": "apps/v1", "kind": "Deployment", "name": "d"},
                "updatePolicy": {"updateMode": "Off"}}, **spec)}


def virtual(name="v", **spec):
    return {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": {"name": name},
            "spec": dict({"hosts": ["a.example"], "gateways": ["mesh"],
                          "http": [{"match": [{"uri": {"prefix": "/"}}],
                                    "route": [{"destination": {
                                        "host": "s",
                                        "port": {"number": 80}}}]}]},
                         **spec)}


def destination(name="d", **spec):
    return {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
            "metadata": {"name": name},
            "spec": dict({"host": "s", "trafficPolicy": {
                "loadBalancer": {"simple": "RANDOM"}}}, **spec)}


def auth(name="a", **spec):
    return {"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
            "metadata": {"name": name},
            "spec": dict({"selector": {"matchLabels": {"app": "d"}},
                          "mtls": {"mode": "STRICT"}}, **spec)}


def monitor(name="m", **spec):
    return {"apiVersion": "monitoring.coreos.com/v1",
            "kind": "ServiceMonitor", "metadata": {"name": name},
            "spec": dict({"selector": {"matchLabels": {"app": "d"}},
                          "endpoints": [{"port": "http",
                                         "path": "/metrics"}]}, **spec)}


def alerts(name="r", *groups):
    return {"apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule", "metadata": {"name": name},
            "spec": {"groups": list(groups) or [
                {"name": "g", "rules": [{"alert": "A", "expr": "up == 0",
                                         "for": "5m"}]}]}}


def quota(name="q", **hard):
    """Of nothing that is made here: nobody counts what is used."""
    return {"apiVersion": "v1", "kind": "ResourceQuota",
            "metadata": {"name": name},
            "spec": {"hard": hard or {"persistentvolumeclaims": "7"}}}


def limits(name="l", **item):
    return {"apiVersion": "v1", "kind": "LimitRange",
            "metadata": {"name": name},
            "spec": {"limits": [dict({"type": "PersistentVolumeClaim",
                                      "max": {"storage": "1Gi"}}, **item)]}}


RBAC = "rbac.authorization.k8s.io"


def role(name="r", **rule):
    return {"apiVersion": RBAC + "/v1", "kind": "Role",
            "metadata": {"name": name},
            "rules": [dict({"apiGroups": [""], "resources": ["services"],
                            "resourceNames": ["s"], "verbs": ["get"]},
                           **rule)]}


def binding(name="b", to="r", *subjects):
    return {"apiVersion": RBAC + "/v1", "kind": "RoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": to},
            "subjects": list(subjects) or [
                {"apiGroup": RBAC, "kind": "User", "name": "u"},
                {"kind": "ServiceAccount", "name": "a", "namespace": "n"}]}


def server(group="mcp.mcp.dev", name="m", **spec):
    return {"apiVersion": "%s/%s" % (group, GROUPS[group]),
            "kind": "MCPServer", "metadata": {"name": name},
            "spec": dict({"image": "server:1"}, **spec)}


# The kinds that the operator makes of a server, and one of each: all that
# says what is cleared, followed and listed, and which goldens are applied.
CHILDREN = (
    (CORE + "configmaps", config),
    (CORE + "services", service),
    (APPS + "deployments", deployment),
    (SCALERS, autoscaler),
    (BUDGETS, budget),
    (INGRESSES, ingress),
    (POLICIES, policy),
    (ROUTES, route),
    (SIZERS, sizer),
    (VIRTUAL, virtual),
    (DESTINATIONS, destination),
    (AUTHS, auth),
    (MONITORS, monitor),
    (ALERTS, alerts),
    (QUOTAS, quota),
    (LIMITS, limits),
    (RIGHTS + "roles", role),
    (RIGHTS + "rolebindings", binding),
)
# And what neither server has: it is asked for, and no more.
LACKING = ["/apis/lacking.example.com/v1/namespaces/{ns}/lacks"]


def clean(real, ns):
    """Leaves the namespace as empty as it was."""
    paths = [path for path, _ in CHILDREN] + [
        CORE + "secrets", CORE + "events", CORE + "pods",
        APPS + "replicasets", LEASES] + [servers(g) for g in GROUPS]
    for path in (p.replace("{ns}", ns) for p in paths):
        status, text = real.request("GET", path)
        for item in json.loads(text).get("items", []):
            meta = item["metadata"]
            if meta["name"] == "kube-root-ca.crt":
                continue
            one = path + "/" + meta["name"]
            if meta.get("finalizers"):
                real.request("PATCH", one, '{"metadata":{"finalizers":null}}',
                             MERGE)
            real.request("DELETE", one,
                         '{"kind":"DeleteOptions","apiVersion":"v1",'
                         '"gracePeriodSeconds":0,'
                         '"propagationPolicy":"Background"}',
                         "application/json")


# ---- by name ----------------------------------------------------------------

def create_get_delete(p):
    p.do("POST", CORE + "configmaps", config(labels={"x": "y"}), keep="c")
    p.do("POST", CORE + "configmaps", config())
    p.get(CORE + "configmaps/c")
    p.get(CORE + "configmaps/c", accept=META)
    p.get(CORE + "configmaps/none")
    p.do("DELETE", CORE + "configmaps/c")
    p.do("DELETE", CORE + "configmaps/c")
    p.do("POST", CORE + "secrets", {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "stringData": {"a": "b"}})
    p.do("POST", CORE + "services", service())
    p.do("DELETE", CORE + "services/s")
    p.do("POST", APPS + "deployments", deployment())
    p.do("DELETE", APPS + "deployments/d")
    p.do("POST", servers("mcp.mcp.dev"), server())
    p.do("DELETE", servers("mcp.mcp.dev") + "/m")


def refused_bodies(p):
    p.do("POST", CORE + "configmaps", '{"apiVersion":"v1"')
    p.do("POST", CORE + "configmaps", {"kind": "ConfigMap"})
    p.do("POST", CORE + "configmaps", dict(config(), apiVersion="v2"))
    p.do("POST", CORE + "configmaps", config(namespace="other"))
    p.do("POST", CORE + "configmaps", config(name="Bad_Name"))
    p.do("POST", CORE + "configmaps", config(name=""))
    p.do("POST", CORE + "configmaps", config(resourceVersion="1"))
    p.do("POST", CORE + "configmaps", config(data={"a b": "c"}))
    p.do("POST", CORE + "configmaps", config(data={"a": 1}))
    p.do("POST", CORE + "configmaps", config(labels={"a": "-b"}))
    p.do("POST", CORE + "configmaps", config(), kind="text/plain")
    p.do("POST", "/api/v1/namespaces/none/configmaps", config())
    p.do("POST", CORE + "configmaps", dict(config(), junk=1))
    p.get("/api/v1/namespaces/{ns}/nothings")
    p.get("/apis/nothing.example.com/v1/nothings")
    p.do("PUT", CORE + "configmaps", config())


def keys(p):
    """Of labels and annotations: each way to be wrong."""
    long = "a" * 64
    for key in ("-x", "a/b/c", "/b", "A_/b", "a/", "/", "", "a b/-c", long,
                "x/" + long, "p." * 130 + "q/x", "a" * 63, "A.b_c-D",
                "a.b-c/" + "x" * 63):
        for kind in ("labels", "annotations"):
            p.do("POST", CORE + "configmaps?dryRun=All", config(
                **{kind: {key: "1"}}))
    for name in ("a" * 254, "a." * 127 + "-"):
        p.do("POST", CORE + "configmaps?dryRun=All", config(name))


def conflicts(p):
    p.do("POST", CORE + "configmaps", config(), keep="c")
    p.do("PUT", CORE + "configmaps/c", config(data={"a": "2"}))
    p.do("PUT", CORE + "configmaps/c", config(
        data={"a": "3"}, resourceVersion="{=c.metadata.resourceVersion}"))
    p.do("PUT", CORE + "configmaps/c", config(
        data={"a": "4"}, uid="01234567-89ab-cdef-0123-456789abcdef"))
    p.merge(CORE + "configmaps/c", {"data": {"b": "1"}, "metadata": {
        "resourceVersion": "{=c.metadata.resourceVersion}"}})
    p.merge(CORE + "configmaps/c", {"data": {"b": "1"}, "metadata": {
        "uid": "01234567-89ab-cdef-0123-456789abcdef"}})
    p.do("PUT", CORE + "configmaps/c", config(name="other"))
    p.do("PUT", CORE + "configmaps/none", config(name="none"))
    p.merge(CORE + "configmaps/none", {"data": {}})
    p.merge(CORE + "configmaps/c", {"metadata": {"name": "x"}})
    p.merge(CORE + "configmaps/c", [])
    p.merge(CORE + "configmaps/c", "{")
    p.get(CORE + "configmaps/c")


def merge_and_json_patches(p):
    p.do("POST", CORE + "configmaps", config(data={"a": "1", "b": "2"}))
    one = CORE + "configmaps/c"
    p.merge(one, {"data": {"a": None, "c": "3"}})
    p.merge(one, {"data": {"c": "3"}})
    p.patch(one, [{"op": "test", "path": "/data/c", "value": "3"},
                  {"op": "replace", "path": "/data/c", "value": "4"}])
    p.patch(one, [{"op": "test", "path": "/data/c", "value": "3"}])
    p.patch(one, [{"op": "remove", "path": "/data/none"}])
    p.patch(one, [{"op": "add", "path": "/metadata/annotations",
                   "value": {"a/b": "c"}}])
    p.patch(one, [{"op": "add", "path": "/metadata/annotations/x~1y",
                   "value": "z"},
                  {"op": "copy", "from": "/data/b", "path": "/data/d"},
                  {"op": "move", "from": "/data/d", "path": "/data/e"}])
    p.merge(one, {"data": None})
    p.do("PATCH", one, {}, "application/nonsense")
    p.get(one)


def apply_config(p):
    one = CORE + "configmaps/c"
    p.apply(one, config(labels={"x": "1"}), keep="c")
    p.apply(one, config(labels={"x": "1"}))
    p.apply(one, config(data={"b": "2"}))
    p.apply(one, config(data={"b": "3"}), manager="other")
    p.apply(one, config(data={"b": "3"}), manager="other", force=True)
    p.apply(one, config(data={"b": "2"}))
    p.apply(one, config(data={"z": "1"}), accept=META)
    p.apply(one, config(data={}, uid="{=c.metadata.uid}"))
    p.apply(one, config(uid="01234567-89ab-cdef-0123-456789abcdef"))
    p.apply(one, config(resourceVersion="{=c.metadata.resourceVersion}"))
    p.apply(CORE + "configmaps/new", config(
        "new", uid="01234567-89ab-cdef-0123-456789abcdef"))
    p.apply(CORE + "configmaps/new", config("other"))
    p.apply(one, config(managedFields=[{}]))
    p.apply(one, dict(config(), junk=1))
    p.apply(one, config(data={"a": 1}))
    p.apply(one, {"apiVersion": "v1", "kind": "Secret",
                  "metadata": {"name": "c"}})
    p.apply(one, {"metadata": {"name": "c"}})
    p.do("PATCH", one, config(), "application/apply-patch+yaml")
    p.merge(one, {"data": {"w": "1"}})
    p.apply(one, config(data={"w": "2"}))
    p.apply(one, config(data={"w": "1"}))
    p.get(one)


def apply_over_others(p):
    """Of objects that were made by other ways."""
    one = CORE + "configmaps/c"
    p.do("POST", CORE + "configmaps", config(data={"a": "1", "b": "2"}))
    p.apply(one, config(data={"a": "2"}))
    p.apply(one, config(data={"a": "2"}), force=True)
    p.do("PUT", one, config(data={"q": "2"}))
    p.merge(one, {"metadata": {"managedFields": [{}]}})
    p.apply(one, config(data={"q": "2"}))
    p.get(one)


def apply_deployment(p):
    one = APPS + "deployments/d"
    p.apply(one, deployment(ports=[{"containerPort": 80}], env=[
        {"name": "A", "value": "1"}, {"name": "B", "value": ""}]))
    p.apply(one, deployment(ports=[{"containerPort": 80}], env=[
        {"name": "A", "value": "1"}, {"name": "B", "value": ""}]))
    p.apply(one, deployment(env=[
        {"name": "B", "value": "2"}, {"name": "C", "valueFrom": {
            "fieldRef": {"fieldPath": "metadata.name"}}}]))
    p.merge(one, {"spec": {"replicas": 3}})
    p.apply(one, deployment())
    p.apply(one, deployment(), force=True)
    p.apply(one, deployment(resources={
        "limits": {"cpu": "0.5", "memory": "1024Mi"},
        "requests": {"cpu": "100m", "memory": "1.5Gi"}}))
    p.apply(one, deployment(resources={
        "limits": {"cpu": "0.5", "memory": "2048Mi"}}), keep="d")
    p.apply(one, deployment(pod={"volumes": [
        {"name": "t", "emptyDir": {}}, {"name": "x", "configMap": {
            "name": "c"}}]}, volumeMounts=[
                {"name": "t", "mountPath": "/tmp"},
                {"name": "x", "mountPath": "/x", "readOnly": True}]))
    p.apply(one, deployment(spec={"strategy": {"type": "Recreate"}}))
    p.apply(one, deployment(spec={"selector": {"matchLabels": {
        "app": "other"}}}), force=True)
    p.apply(one, deployment(spec={"selector": {"matchLabels": {
        "app": "d", "b": "c"}}}), force=True)
    p.apply(one, deployment(image=None))
    p.apply(one, deployment(image=""))
    p.apply(one, deployment(spec={"replicas": "3"}))
    p.apply(one, deployment(spec={"replicas": -1}))
    p.apply(one, deployment(volumeMounts=[
        {"name": "none", "mountPath": "/x"}]))
    p.apply(one, deployment(ports=[{"containerPort": 0}]))
    p.apply(one, deployment(env=[{"name": "A"}, {"name": "A"}]))
    p.apply(one, deployment(junk=1))
    p.apply(one, deployment(resources={"limits": {"cpu": "abc"}}))
    p.apply(one, deployment(envFrom=[{"configMapRef": {"name": 1}}]))
    p.apply(one, deployment(envFrom=[{}, {"junk": 1}]))
    p.apply(one, deployment(args=["a", 1]))
    p.get(one)
    p.apply(one + "/status", {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "d"}, "status": {
            "replicas": 1, "observedGeneration": 1, "conditions": [
                {"type": "Available", "status": "True"}]}})
    p.merge(one + "/status", {"status": {"replicas": 2},
                              "spec": {"replicas": 9}})
    p.merge(one, {"metadata": {"annotations": {"x": "y"}}})
    p.get(one + "/scale")
    p.merge(one + "/scale", {"spec": {"replicas": 5}})
    p.get(one)


def list_types(p):
    """Elements in other orders, removed, and owned by two."""
    one = APPS + "deployments/d"
    env = [{"name": n, "value": n} for n in "ABCD"]
    p.apply(one, deployment(env=env))
    p.apply(one, deployment(env=env[::-1]))
    p.apply(one, deployment(env=[env[2], {"name": "E", "value": "e"},
                                 env[0]]))
    p.apply(one, deployment(env=[env[3], env[0]]), manager="other")
    p.apply(one, deployment(env=[env[1], env[3]]), manager="other")
    p.apply(one, deployment(), manager="other")
    mine = deployment()
    mine["spec"] = {"template": {"spec": {"containers": [
        {"name": "main", "env": [{"name": "Z", "value": "z"}]},
        {"name": "side", "image": "side:1"}]}}}
    p.apply(one, mine, manager="side")
    p.apply(one, deployment(env=[env[1]]))
    p.apply(one, deployment())
    p.apply(one, {"apiVersion": "apps/v1", "kind": "Deployment",
                  "metadata": {"name": "d"}}, manager="side")
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "o",
             "uid": "01234567-89ab-cdef-0123-456789abcdef"}
    both = dict(deployment(), metadata={"name": "d", "finalizers": [
        "a.example.com/x", "a.example.com/y"], "ownerReferences": [owner]})
    p.apply(one, both)
    both["metadata"] = {"name": "d", "finalizers": ["a.example.com/y"],
                        "ownerReferences": [dict(owner, controller=True)]}
    p.apply(one, both)
    p.apply(one, deployment(args=["a", "b"], command=["x"]))
    p.apply(one, deployment(args=["b"]))
    p.apply(one, deployment(pod={"tolerations": [{"key": "a"}],
                                 "imagePullSecrets": [{"name": "a"}],
                                 "nodeSelector": {"a": "b"}}))
    p.apply(one, deployment(pod={"nodeSelector": {"c": "d"}}))
    p.get(one)


def apply_service(p):
    one = CORE + "services/s"
    p.apply(one, service())
    p.apply(one, service(ports=[{"name": "http", "port": 80},
                                {"name": "more", "port": 81,
                                 "targetPort": "x"}]))
    p.apply(one, service(ports=[{"name": "more", "port": 81}]))
    p.apply(one, service(type="NodePort"))
    p.apply(one, service(type="ClusterIP"))
    p.apply(one, service(sessionAffinity="ClientIP"))
    p.apply(one, service(sessionAffinity="ClientIP", sessionAffinityConfig={
        "clientIP": {"timeoutSeconds": 60}}))
    p.apply(one, service())
    p.apply(one, service(type="LoadBalancer",
                         loadBalancerSourceRanges=["10.0.0.0/8"]))
    p.apply(one, service(internalTrafficPolicy="Local"))
    p.apply(one, service(clusterIP="10.96.77.77"))
    p.apply(one, service(ports=[]))
    p.apply(one, service(ports=[{"port": 1}, {"port": 2}]))
    p.apply(one, service(ports=[{"port": 70000}]))
    p.apply(CORE + "services/1bad", service("1bad"))
    p.merge(one, {"spec": {"ports": [{"name": "x", "port": 99}]}})
    p.merge(one, {"spec": {"selector": {"a": "b"}}})
    p.apply(one, service())
    p.apply(one, service(), force=True)
    p.get(one)


def entry(manager, operation, version, fields):
    return {"manager": manager, "operation": operation,
            "apiVersion": version, "time": "2026-01-02T03:04:05Z",
            "fieldsType": "FieldsV1", "fieldsV1": fields}


def disown(p, one, body, edit, version, *entries):
    """What others added is refused with ours, until it is ours to drop."""
    p.apply(one, body, force=True)
    p.patch(one + "?fieldManager=edit", edit)
    p.apply(one, body, force=True)
    p.do("POST", one.rpartition("/")[0] + "?fieldManager=mcp&dryRun=All",
         body)
    p.get(one, keep="it")
    p.merge(one + "?fieldManager=mcp", {"metadata": {
        "uid": "{=it.metadata.uid}",
        "resourceVersion": "{=it.metadata.resourceVersion}",
        "managedFields": [entry(who, how, version, fields)
                          for who, how, fields in entries]}})
    p.apply(one, body, force=True)
    p.get(one)


def disown_service(p):
    disown(p, CORE + "services/s", service(), [
        {"op": "replace", "path": "/spec/ports/0/port", "value": 81}], "v1",
        ("mcp", "Apply", {"f:spec": {"f:selector": {}, "f:ports": {
            'k:{"port":80,"protocol":"TCP"}': {
                ".": {}, "f:name": {}, "f:port": {}},
            'k:{"port":81,"protocol":"TCP"}': {
                ".": {}, "f:name": {}, "f:port": {}, "f:protocol": {},
                "f:targetPort": {}}}}}))
    p.apply(CORE + "services/s", service(ports=[{"name": "x", "port": 82}]))


def disown_config(p):
    disown(p, CORE + "configmaps/c", config(), [
        {"op": "remove", "path": "/data"},
        {"op": "add", "path": "/metadata/labels", "value": {"x": "y"}},
        {"op": "add", "path": "/binaryData", "value": {"a": "eA=="}}], "v1",
        ("edit", "Update", {"f:metadata": {"f:labels": {
            ".": {}, "f:x": {}}}}),
        ("mcp", "Apply", {"f:data": {"f:a": {}}, "f:binaryData": {
            ".": {}, "f:a": {}}}))
    p.patch(CORE + "configmaps/c", [
        {"op": "add", "path": "/data", "value": {"a": "2"}},
        {"op": "add", "path": "/immutable", "value": True}])
    p.apply(CORE + "configmaps/c", config(), force=True)
    p.merge(CORE + "configmaps/c", {"immutable": None})
    p.merge(CORE + "configmaps/c", {"data": None})


DISOWNED = {
    "livenessProbe": ({"httpGet": {"path": "/", "port": 80}},
                      {"exec": {"command": ["x"]}},
                      {"f:exec": {"f:command": {}}}),
    "readinessProbe": ({"httpGet": {"path": "/", "port": 80}},
                       {"grpc": {"port": 80}},
                       {"f:grpc": {"f:port": {}, "f:service": {}}}),
}


def of_container(fields):
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": {
        'k:{"name":"main"}': dict({".": {}, "f:image": {}, "f:name": {}},
                                  **fields)}}}}}


def disown_deployment(p):
    one = APPS + "deployments/d"
    for key, (ours, theirs, fields) in DISOWNED.items():
        disown(p, one, deployment(**{key: ours}), [
            {"op": "replace", "value": theirs,
             "path": "/spec/template/spec/containers/0/" + key}], "apps/v1",
            ("mcp", "Apply", of_container({"f:" + key: fields})))
    disown(p, one, deployment(env=[{"name": "A", "value": "1"}]), [
        {"op": "replace", "path": "/spec/template/spec/containers/0/env/0",
         "value": {"name": "A", "valueFrom": {"fieldRef": {
             "fieldPath": "metadata.name"}}}}], "apps/v1",
        ("mcp", "Apply", of_container({"f:env": {'k:{"name":"A"}': {
            ".": {}, "f:name": {}, "f:valueFrom": {"f:fieldRef": {}}}}})))
    disown(p, one, deployment(ports=[{"containerPort": 80, "name": "x"}]), [
        {"op": "replace", "value": 81,
         "path": "/spec/template/spec/containers/0/ports/0/containerPort"}],
        "apps/v1", ("mcp", "Apply", of_container({"f:ports": {
            'k:{"containerPort":81,"protocol":"TCP"}': {
                ".": {}, "f:containerPort": {}, "f:name": {},
                "f:protocol": {}}}})))
    volumes = {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}
    disown(p, one, deployment(pod=volumes, volumeMounts=[
        {"name": "v", "mountPath": "/v"}]), [
            {"op": "replace", "path": "/spec/template/spec/volumes/0",
             "value": {"name": "v", "hostPath": {"path": "/x"}}}],
        "apps/v1", ("mcp", "Apply", {"f:spec": {"f:template": {"f:spec": {
            "f:volumes": {'k:{"name":"v"}': {
                ".": {}, "f:name": {}, "f:hostPath": {
                    ".": {}, "f:path": {}, "f:type": {}}}}}}}}))
    disown(p, one, deployment(spec={"strategy": {"type": "Recreate"}}), [
        {"op": "replace", "path": "/spec/strategy", "value": {
            "type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}],
        "apps/v1", ("mcp", "Apply", {"f:spec": {"f:strategy": {
            "f:type": {}, "f:rollingUpdate": {
                ".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}}}}}))
    p.do("POST", APPS + "deployments?dryRun=All",
         deployment(livenessProbe={"exec": {"command": ["x"]},
                                   "tcpSocket": {"port": 1}}))


def resource(name="cpu", kind="Utilization", **target):
    return {"type": "Resource", "resource": {
        "name": name, "target": dict({"type": kind}, **target)}}


def of_pods(name="m", **target):
    return {"type": "Pods", "pods": {"metric": {"name": name}, "target": dict(
        {"type": "AverageValue", "averageValue": "10"}, **target)}}


def apply_autoscaler(p):
    """What is left out, what is added to it, and by whom."""
    one = SCALERS + "/h"
    p.do("POST", SCALERS, autoscaler(), keep="h")
    p.apply(one, autoscaler(minReplicas=2))
    p.apply(one, autoscaler(minReplicas=2), force=True)
    p.apply(one, autoscaler(minReplicas=2, metrics=[
        resource(averageUtilization=50),
        resource("memory", "AverageValue", averageValue="0.5Gi")]))
    p.apply(one, autoscaler(metrics=[
        resource(averageUtilization=50),
        resource("memory", "AverageValue", averageValue="0.5Gi")]),
        force=True)
    p.apply(one, autoscaler(metrics=[
        of_pods(averageValue="1500m"),
        {"type": "ContainerResource", "containerResource": {
            "name": "cpu", "container": "main",
            "target": {"type": "Utilization", "averageUtilization": 7}}},
        {"type": "Object", "object": {
            "describedObject": {"kind": "Service", "name": "s"},
            "metric": {"name": "m", "selector": {"matchLabels": {"a": "b"}}},
            "target": {"type": "Value", "value": "2k"}}},
        {"type": "External", "external": {
            "metric": {"name": "q"},
            "target": {"type": "Value", "value": "1000"}}}]), force=True)
    p.apply(one, autoscaler(metrics=[]))
    p.apply(one, autoscaler())
    for behavior in (
            {}, {"scaleUp": {}}, {"scaleDown": {"selectPolicy": "Min"}},
            {"scaleUp": {"stabilizationWindowSeconds": 0}},
            {"scaleDown": {"stabilizationWindowSeconds": 60, "policies": [
                {"type": "Pods", "value": 1, "periodSeconds": 60}]}},
            {"scaleUp": {"tolerance": "0.05"}, "scaleDown": {
                "selectPolicy": "Disabled"}}):
        p.apply(one, autoscaler(behavior=behavior))
        p.do("PUT", one, autoscaler(behavior=behavior))
        p.apply(one, autoscaler(behavior=behavior), force=True)
    p.apply(one, autoscaler(scaleTargetRef={"kind": "Deployment",
                                            "name": "e"}))
    p.merge(one, {"spec": {"minReplicas": None, "metrics": None,
                           "behavior": None}})
    p.merge(one, {"spec": {"scaleTargetRef": {"name": "f"}}})
    p.apply(one, autoscaler())
    p.patch(one, [{"op": "replace", "path": "/spec/metrics", "value": []}])
    p.merge(one, {"metadata": {"labels": {"a": "b"}}})
    p.get(one)
    p.merge(one + "/status", {"spec": {"maxReplicas": 9}, "status": {
        "currentReplicas": 1, "desiredReplicas": 2, "currentMetrics": [
            {"type": "Resource", "resource": {"name": "cpu", "current": {
                "averageUtilization": 3, "averageValue": "3m"}}}],
        "conditions": [{"type": "AbleToScale", "status": "True",
                        "lastTransitionTime": "2026-01-02T03:04:05Z"}]}})
    p.merge(one + "/status", {"status": {"currentMetrics": None}})
    p.get(one, accept=META)
    p.do("DELETE", one, {"kind": "DeleteOptions", "apiVersion": "v1",
                         "propagationPolicy": "Background",
                         "preconditions": {"uid": "{=h.metadata.uid}"}})
    p.apply(one, dict(autoscaler(), metadata={
        "name": "h", "uid": "{=h.metadata.uid}"}))


def refused_autoscalers(p):
    """What the schema of a server would let through, and more."""
    one = SCALERS + "/h"
    p.apply(one, autoscaler())
    for spec in (
            {"maxReplicas": 0}, {"maxReplicas": -1}, {"minReplicas": 0},
            {"minReplicas": -1}, {"minReplicas": 4}, {"maxReplicas": "3"},
            {"minReplicas": 0, "maxReplicas": 0}, {"junk": 1},
            {"minReplicas": 0, "metrics": [{"type": "External", "external": {
                "metric": {"name": "q"}, "target": {
                    "type": "Value", "value": "1"}}}]},
            {"scaleTargetRef": {}}, {"scaleTargetRef": {"kind": "x/y",
                                                        "name": "a/b"}},
            {"scaleTargetRef": {"kind": "..", "name": "a%b",
                                "apiVersion": "v1"}},
            {"scaleTargetRef": {"kind": "D", "name": "d",
                                "apiVersion": "a/b/c"}}):
        p.apply(one, autoscaler(**spec), force=True)
    for metric in (
            {"type": "Resource"}, {"type": "None"}, {"type": ""}, {},
            resource(""), resource(averageUtilization=0),
            resource(averageUtilization=-1), resource(),
            resource(averageUtilization=1, averageValue="1"),
            resource(kind="AverageValue", averageValue="-1"),
            resource(kind="AverageValue", averageValue="abc"),
            resource(kind="Value", value="1"), resource(kind="x"),
            resource("a b", averageUtilization=1),
            resource(kind="", averageUtilization=1), resource(
                averageUtilization="50"),
            of_pods(""), of_pods(averageValue="0"), of_pods("a/b"),
            of_pods(type="Value", value="1"),
            of_pods(type="Value", averageValue=None, value="1"),
            dict(of_pods(), **resource(averageUtilization=1)),
            {"type": "Pods", "pods": {"metric": {"name": "m", "selector": {
                "matchLabels": {"a": "-b"}}}, "target": {
                    "type": "AverageValue", "averageValue": "1"}}},
            {"type": "ContainerResource", "containerResource": {
                "name": "cpu", "target": {
                    "type": "Utilization", "averageUtilization": 7}}},
            {"type": "Object", "object": {
                "describedObject": {"kind": "Service"},
                "metric": {"name": "m"}, "target": {"type": "Value"}}},
            {"type": "Object", "object": {
                "describedObject": {"kind": "Service", "name": "s"},
                "metric": {"name": ""}, "target": {
                    "type": "Value", "value": "1", "averageValue": "1"}}},
            {"type": "External", "external": {
                "metric": {"name": "m"}, "target": {"type": "Value"}}},
            {"type": "External", "external": {
                "metric": {"name": ""}, "target": {
                    "type": "Value", "value": "1", "averageValue": "1"}}}):
        p.apply(one, autoscaler(metrics=[metric]), force=True)
    for rules in (
            {"stabilizationWindowSeconds": -1}, {"policies": []},
            {"stabilizationWindowSeconds": 3601}, {"selectPolicy": "x"},
            {"selectPolicy": ""}, {"tolerance": "-1"}, {"policies": [{}]},
            {"policies": [{"type": "x", "value": 0, "periodSeconds": 0}]},
            {"policies": [{"type": "Pods", "value": -1,
                           "periodSeconds": 1801}]},
            {"policies": [{"type": "Pods", "value": 1,
                           "periodSeconds": 1800}]}):
        for key in ("scaleUp", "scaleDown"):
            p.apply(one, autoscaler(behavior={key: rules}), force=True)
    p.do("POST", SCALERS, {"kind": "HorizontalPodAutoscaler",
                           "apiVersion": "autoscaling/v2",
                           "metadata": {"name": "n"}})
    p.get(one)


def apply_budget(p):
    one = BUDGETS + "/b"
    p.do("POST", BUDGETS, budget(), keep="b")
    p.apply(one, budget(maxUnavailable=1))
    p.apply(one, budget(maxUnavailable=1))
    p.apply(one, budget(maxUnavailable="1"))
    p.apply(one, budget(maxUnavailable="10%",
                        unhealthyPodEvictionPolicy="AlwaysAllow"))
    p.apply(one, budget(minAvailable=0))
    p.apply(one, budget(minAvailable="0%"))
    p.apply(one, budget(minAvailable=1, maxUnavailable=1))
    p.merge(one, {"spec": {"minAvailable": None, "maxUnavailable": 2}})
    p.apply(one, budget(maxUnavailable=1))
    p.apply(one, budget(maxUnavailable=1), force=True)
    p.apply(one, budget(selector={"matchLabels": {"app": "e"}}))
    p.apply(one, budget(selector={}))
    p.apply(one, budget(selector={"matchExpressions": [
        {"key": "a", "operator": "In", "values": ["b"]}]}))
    p.do("PUT", one, budget())
    p.get(one, keep="b2")
    p.do("PUT", one, dict(budget(maxUnavailable=3), metadata={
        "name": "b", "resourceVersion": "{=b2.metadata.resourceVersion}"}))
    p.merge(one, {"metadata": {"annotations": {"x": "y"}}})
    p.merge(one + "/status", {"spec": {"maxUnavailable": 9}, "status": {
        "currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0,
        "expectedPods": 1, "observedGeneration": 2, "conditions": [
            {"type": "DisruptionAllowed", "status": "False", "reason": "X",
             "message": "", "lastTransitionTime": "2026-01-02T03:04:05Z"}]}})
    p.merge(one + "/status", {"status": {"currentHealthy": -1}})
    p.get(one)
    p.get(one, accept=META)
    p.do("DELETE", one, {"kind": "DeleteOptions", "apiVersion": "v1",
                         "propagationPolicy": "Background",
                         "preconditions": {"uid": "{=b.metadata.uid}"}})
    p.apply(one, dict(budget(), metadata={
        "name": "b", "uid": "{=b.metadata.uid}"}))
    for spec in (
            {"maxUnavailable": -1}, {"minAvailable": -1}, {"junk": 1},
            {"maxUnavailable": "101%"}, {"minAvailable": "x"},
            {"maxUnavailable": "1.5%"}, {"minAvailable": "-1%"},
            {"unhealthyPodEvictionPolicy": "x"},
            {"unhealthyPodEvictionPolicy": ""},
            {"unhealthyPodEvictionPolicy": "IfHealthyBudget"},
            {"selector": {"matchLabels": {"a": "-b"}}},
            {"minAvailable": "50%", "maxUnavailable": 1}):
        p.apply(one, budget(**spec), force=True)
    p.do("POST", BUDGETS, {"kind": "PodDisruptionBudget",
                           "apiVersion": "policy/v1",
                           "metadata": {"name": "n"}})


def collected(p, one, body, keep):
    """Deleted as the operator does it, and then not made again by mistake."""
    p.do("DELETE", one, {"kind": "DeleteOptions", "apiVersion": "v1",
                         "propagationPolicy": "Background",
                         "preconditions": {"uid": "{=%s.metadata.uid}" %
                                           keep}})
    p.apply(one, dict(body, metadata=dict(
        body["metadata"], uid="{=%s.metadata.uid}" % keep)))


def apply_ingress(p):
    one = INGRESSES + "/i"
    p.do("POST", INGRESSES, ingress(), keep="i")
    p.apply(one, ingress())
    p.apply(one, ingress(ingressClassName="nginx", tls=[
        {"hosts": ["a.example"], "secretName": "t"}]))
    p.merge(one, {"spec": {"rules": [{"host": "other.example"}]}})
    p.merge(one, {"spec": {"ingressClassName": "other"}})
    p.apply(one, ingress())
    p.apply(one, ingress(), force=True)
    p.apply(one, ingress(rules=[{"http": {"paths": [way()]}}]), force=True)
    p.merge(one, {"metadata": {"annotations": {"x": "y"}}})
    p.merge(one + "/status", {"spec": {"ingressClassName": "x"}, "status": {
        "loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}})
    p.get(one)
    p.get(one, accept=META)
    collected(p, one, ingress(), "i")
    service, other = way()["backend"]["service"], {"kind": "X", "name": "x"}
    for backend in (
            {}, {"resource": other}, {"resource": other, "service": service},
            {"service": {"name": "s"}}, {"service": {"port": {"number": 80}}},
            {"service": {"name": "s", "port": {"number": 80, "name": "x"}}},
            {"service": {"name": "s", "port": {"number": 70000}}}):
        p.apply(one, ingress(path=way(backend=backend)), force=True)
        p.apply(one, ingress(rules=[], defaultBackend=backend), force=True)
    p.do("POST", INGRESSES, {"kind": "Ingress", "metadata": {"name": "n"},
                             "apiVersion": "networking.k8s.io/v1"})


def apply_tenancy(p):
    one = QUOTAS + "/q"
    p.do("POST", QUOTAS, quota(), keep="q")
    p.apply(one, quota())
    p.apply(one, quota(persistentvolumeclaims="8",
                       **{"requests.storage": "1024Mi"}))
    p.merge(one, {"spec": {"hard": {"persistentvolumeclaims": "9"}}})
    p.apply(one, quota())
    p.apply(one, quota(), force=True)
    p.merge(one + "/status", {"spec": {"hard": {"pods": "1"}}, "status": {
        "hard": {"persistentvolumeclaims": "7"},
        "used": {"persistentvolumeclaims": "0"}}})
    p.get(one)
    collected(p, one, quota(), "q")
    one = LIMITS + "/l"
    p.do("POST", LIMITS, limits(), keep="l")
    p.apply(one, limits())
    p.apply(one, limits(max={"storage": "2Gi"}))
    p.merge(one, {"spec": {"limits": []}})
    p.apply(one, limits())
    p.apply(one, limits(), force=True)
    collected(p, one, limits(), "l")
    path = RIGHTS + "roles"
    one = path + "/r"
    p.do("POST", path, role(), keep="r")
    p.apply(one, role())
    p.apply(one, role(verbs=["get", "list"]))
    p.merge(one, {"rules": []})
    p.apply(one, role())
    p.apply(one, role(), force=True)
    p.get(one, accept=META)
    collected(p, one, role(), "r")
    path = RIGHTS + "rolebindings"
    one = path + "/b"
    p.do("POST", path, binding(), keep="b")
    p.apply(one, binding())
    p.merge(one, {"subjects": None})
    p.apply(one, binding())
    p.apply(one, binding(), force=True)
    p.apply(one, binding(to="other"), force=True)
    p.apply(path + "/c", binding("c", ""))
    collected(p, one, binding(), "b")


def apply_policy(p):
    one = POLICIES + "/p"
    p.do("POST", POLICIES, policy(), keep="p")
    p.apply(one, policy())
    p.apply(one, policy(egress=[
        {"to": [{"ipBlock": {"cidr": "10.0.0.0/8",
                             "except": ["10.1.0.0/16"]}}],
         "ports": [{"port": 53, "protocol": "UDP"},
                   {"port": 443, "endPort": 445}, {"port": "x"}]}],
        policyTypes=["Ingress", "Egress"]))
    p.apply(one, policy(ingress=[{}]))
    p.apply(one, policy(ingress=[{}]), force=True)
    p.merge(one, {"spec": {"ingress": []}})
    p.merge(one, {"spec": {"podSelector": {"matchLabels": {"x": "y"}}}})
    p.apply(one, policy())
    p.apply(one, policy(), force=True)
    p.merge(one, {"metadata": {"annotations": None}})
    p.get(one)
    p.get(one, accept=META)
    collected(p, one, policy(), "p")


def apply_route(p):
    one = ROUTES + "/r"
    p.do("POST", ROUTES, route(), keep="r")
    p.apply(one, route())
    p.apply(one, route(hostnames=["b.example"]), force=True)
    p.merge(one, {"spec": {"hostnames": ["other.example"]}})
    p.merge(one, {"spec": {"parentRefs": None}})
    p.apply(one, route())
    p.apply(one, route(), force=True)
    p.apply(one, route(junk=1))
    p.merge(one + "/status", {"spec": {"hostnames": []}, "status": {
        "parents": [{"controllerName": "x"}]}})
    p.get(one)
    p.get(one, accept=META)
    collected(p, one, route(), "r")


def optional(p, path, make, edits, **other):
    """One of those kinds that may be lacking, as the operator writes it."""
    body = make()
    one = path + "/" + body["metadata"]["name"]
    p.do("POST", path, body, keep="o")
    p.apply(one, body)
    p.apply(one, make(**other), force=True)
    for edit in edits:
        p.merge(one, edit)
    p.apply(one, body)
    p.apply(one, body, force=True)
    p.apply(one, dict(body, spec=dict(body["spec"], junk=1)))
    p.merge(one, {"metadata": {"annotations": None}})
    p.merge(one + "/status", {"spec": {}, "status": {"x": "y"}})
    p.get(one)
    p.get(one, accept=META)
    collected(p, one, body, "o")


def apply_optional(p):
    optional(p, SIZERS, sizer, [
        {"spec": {"updatePolicy": {"updateMode": "Recreate"}}},
        {"spec": {"resourcePolicy": None, "updatePolicy": None}},
        {"spec": {"updatePolicy": {"updateMode": "Never"}}},
        {"spec": {"targetRef": None}}],
        resourcePolicy={"containerPolicies": [
            {"containerName": "*", "minAllowed": {"cpu": "10m"}}]})
    optional(p, VIRTUAL, virtual, [
        {"spec": {"hosts": ["other.example"]}}, {"spec": {"gateways": None}}],
        gateways=["gw"])
    optional(p, DESTINATIONS, destination, [
        {"spec": {"host": "other"}}, {"spec": {"trafficPolicy": None}}],
        trafficPolicy={"tls": {"mode": "DISABLE"},
                       "outlierDetection": {"consecutive5xxErrors": 5}})
    optional(p, AUTHS, auth, [
        {"spec": {"mtls": None}}, {"spec": {"selector": {
            "matchLabels": {"x": "y"}}}}], mtls={"mode": "DISABLE"})
    optional(p, MONITORS, monitor, [
        {"spec": {"endpoints": []}},
        {"spec": {"selector": {"matchLabels": {"x": "y"}}}}],
        endpoints=[{"port": "http", "path": "/m"}])
    optional(p, ALERTS, alerts, [
        {"spec": {"groups": []}}, {"spec": {"groups": [
            {"name": "h", "rules": [{"expr": 1}]}]}},
        {"spec": {"groups": [{"name": "h"}, {"name": "h"}]}}])


def disown_entry(p):
    v1 = "networking.k8s.io/v1"
    disown(p, INGRESSES + "/i", ingress(), [
        {"op": "replace", "path": "/spec/rules/0/http/paths/0/backend",
         "value": {"resource": {"kind": "X", "name": "x"}}}], v1,
        ("mcp", "Apply", {"f:spec": {"f:rules": {}}}))
    disown(p, POLICIES + "/p", policy(), [
        {"op": "replace", "path": "/spec/policyTypes", "value": ["Egress"]}],
        v1, ("mcp", "Apply", {"f:spec": {
            "f:ingress": {}, "f:podSelector": {}, "f:policyTypes": {}}}))
    disown(p, ROUTES + "/r", route(), [
        {"op": "replace", "path": "/spec/rules", "value": []}],
        "gateway.networking.k8s.io/v1", ("mcp", "Apply", {"f:spec": {
            "f:hostnames": {}, "f:parentRefs": {}, "f:rules": {}}}))


def disown_scaling(p):
    disown(p, BUDGETS + "/b", budget(maxUnavailable=1), [
        {"op": "remove", "path": "/spec/maxUnavailable"},
        {"op": "add", "path": "/spec/minAvailable", "value": 1}],
        "policy/v1", ("mcp", "Apply", {"f:spec": {
            "f:maxUnavailable": {}, "f:minAvailable": {},
            "f:selector": {}}}))
    disown(p, SCALERS + "/h", autoscaler(), [
        {"op": "replace", "path": "/spec/metrics", "value": [
            resource("memory", averageUtilization=5)]},
        {"op": "add", "path": "/spec/behavior", "value": {
            "scaleUp": {"selectPolicy": "Min"}}}],
        "autoscaling/v2", ("mcp", "Apply", {"f:spec": {
            "f:maxReplicas": {}, "f:metrics": {}, "f:scaleTargetRef": {},
            "f:behavior": {"f:scaleUp": {"f:selectPolicy": {}}}}}))


def handover(p):
    """The number of pods goes from the operator to an autoscaler, and back:
    what job_scale.c sends, and the controller with it."""
    one = APPS + "deployments/d"

    def number(n, uid="{=d.metadata.uid}", name="d"):
        return {"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": name, "namespace": "{ns}", "uid": uid},
                "spec": {"replicas": n}}

    def scale(n):
        return {"apiVersion": "autoscaling/v1", "kind": "Scale",
                "metadata": {"name": "d", "namespace": "{ns}"},
                "spec": {"replicas": n}}
    ours, without = deployment(), deployment()
    del without["spec"]["replicas"]
    p.apply(one, ours, keep="d")
    p.apply(one, number(2), manager=HANDOVER)
    p.apply(one, number(1), manager=HANDOVER)
    p.apply(one, number(1), manager=HANDOVER, force=True)
    p.apply(one, without)
    p.get(one)
    p.get(one + "/scale")
    p.do("PUT", one + "/scale", scale(3))
    p.get(one)
    p.do("PUT", one + "/scale", scale(3))
    p.do("PUT", one + "/scale", scale(4))
    p.apply(one, number(3), manager=HANDOVER)
    p.apply(one, number(4), manager=HANDOVER)
    p.apply(one, number(2), manager=HANDOVER, force=True)
    p.merge(one + "/scale?fieldManager=user", {"spec": {"replicas": 5}})
    p.apply(one, ours)
    p.apply(one, ours, force=True)
    p.apply(one, number(1), manager=HANDOVER, force=True)
    p.apply(one, without)
    p.apply(one, number(1, uid="01234567-89ab-cdef-0123-456789abcdef"),
            manager=HANDOVER, force=True)
    p.apply(one, number(-1), manager=HANDOVER, force=True)
    p.do("PUT", one + "/scale", scale(-1))
    p.do("PUT", one + "/scale", scale(0))
    p.apply(one, without)
    p.get(one, keep="it")
    p.merge(one + "?fieldManager=mcp", {"metadata": {
        "resourceVersion": "{=it.metadata.resourceVersion}",
        "managedFields": [entry("mcp-operator/handover", "Apply", "apps/v1",
                                {"f:spec": {"f:replicas": {}}})]}})
    p.do("DELETE", one)
    p.apply(one, number(1), manager=HANDOVER, force=True)
    p.do("PUT", one + "/scale", scale(1))
    # Whom nobody has told is not told by an autoscaler either.
    p.apply(one, without)
    p.do("PUT", one + "/scale", scale(3))
    p.get(one)
    # To tell what there is parts it from what else was written.
    p.merge(one + "?fieldManager=user", {"spec": {
        "replicas": 2, "minReadySeconds": 1}})
    p.do("PUT", one + "/scale", scale(2))
    p.get(one)
    p.apply(one, ours)


def custom(p):
    for group in GROUPS:
        path = servers(group)
        one = path + "/m"
        p.do("POST", path, server(group, junk=1, port=9000), keep="m")
        p.do("PUT", one, server(group, port=9001))
        body = server(group, port=9001)
        body["metadata"]["resourceVersion"] = "{=m.metadata.resourceVersion}"
        p.do("PUT", one, body)
        p.do("PUT", one, body)
        p.apply(one + "/status", {
            "apiVersion": body["apiVersion"], "kind": "MCPServer",
            "metadata": {"name": "m", "uid": "{=m.metadata.uid}"},
            "status": {"phase": "Running", "conditions": [
                {"type": "Ready", "status": "True", "reason": "X",
                 "message": "", "lastTransitionTime":
                     "2026-01-01T00:00:00Z"}]}}, force=True)
        p.apply(one + "/status", {
            "apiVersion": body["apiVersion"], "kind": "MCPServer",
            "metadata": {"name": "m", "uid": "{=m.metadata.uid}"},
            "status": {"phase": "Pending", "conditions": [
                {"type": "Other", "status": "False", "reason": "Y",
                 "message": "", "lastTransitionTime":
                     "2026-01-01T00:00:00Z"}]}}, force=True)
        p.merge(one + "/status", {"status": {"phase": "Failed"},
                                  "spec": {"image": "no"}})
        p.merge(one, {"spec": {"image": "server:2"},
                      "status": {"phase": "no"}})
        p.merge(one, {"metadata": {"labels": {"a": "b"}}})
        p.merge(one, {"metadata": {"labels": None}})
        p.apply(one, server(group, "m", port=7))
        p.apply(one, server(group, "m", port=7, image="server:2"), force=True)
        p.apply(one, server(group, "m", image="server:2"))
        p.get(one + "/scale")
        p.merge(one + "/scale", {"spec": {"replicas": 4}})
        p.merge(one + "/scale", {"spec": {"replicas": 0}})
        p.merge(one + "/scale", {"spec": {"replicas": -1}})
        p.get(one, accept=META)
        p.get(one)


def custom_refused(p):
    path = servers("mcp.allbeone.io")
    p.do("POST", path, server("mcp.allbeone.io", replicas=-1))
    p.do("POST", path, server("mcp.allbeone.io", replicas="x", port="y"))
    p.do("POST", path, server("mcp.allbeone.io", port=0))
    p.do("POST", path, server("mcp.allbeone.io", port=70000, replicas=-2))
    p.do("POST", path, server("mcp.allbeone.io", image=7))
    p.do("POST", path, server("mcp.allbeone.io", image=""))
    p.do("POST", path, server("mcp.allbeone.io", image="x" * 2000))
    p.do("POST", path, server("mcp.allbeone.io", ports=[{}]))
    p.do("POST", path, server("mcp.allbeone.io", ports=[
        {"port": 1, "protocol": "ICMP"}]))
    p.do("POST", path, server("mcp.allbeone.io", resources={
        "limits": {"cpu": "abc"}}))
    p.do("POST", path, dict(server("mcp.allbeone.io"), spec=[]))
    p.do("POST", path, {k: v for k, v in server("mcp.allbeone.io").items()
                        if k != "spec"})
    p.do("POST", path, server("mcp.allbeone.io", env=[{"value": "x"}]))
    p.do("POST", path, server("mcp.allbeone.io", image=None))
    p.apply(path + "/m", server("mcp.allbeone.io", replicas="x"))
    p.apply(path + "/m", server("mcp.allbeone.io", junk=1))
    p.apply(path + "/m", server("mcp.allbeone.io", replicas=-1))
    p.get(path)
    p.apply(path + "/m/status", server("mcp.allbeone.io"))


def lists(p):
    for i in range(7):
        p.do("POST", CORE + "configmaps", config(
            "c%d" % i, labels={"n": str(i), "odd": str(i % 2), "m": "y"}))
    path = CORE + "configmaps?labelSelector=m"
    p.get(path)
    p.get(path, accept=METAS)
    p.get(path + "%3Dy,odd%3D1")
    p.get(path + ",odd%21%3D1")
    p.get(path + ",n%20in%20(1,3)")
    p.get(path + ",n%20notin%20(1,3),!z")
    p.get(path + "&limit=3", keep="l")
    p.get(path + "&limit=3&continue={=l.metadata.continue}", keep="l")
    p.do("DELETE", CORE + "configmaps/c6")
    p.get(path + "&limit=3&continue={=l.metadata.continue}")
    p.get(path + "&limit=3&continue=abc")
    p.get(path + "&limit=2&resourceVersion=0")
    p.get(CORE + "configmaps?fieldSelector=metadata.name%3Dc1")
    p.get(CORE + "configmaps?fieldSelector=metadata.name%21%3Dkube-root-ca.crt"
          "&limit=3")
    p.get(CORE + "configmaps?fieldSelector=data.a%3Dc1")
    p.get(path + "&resourceVersion={=l.metadata.resourceVersion}"
          "&resourceVersionMatch=Exact")
    p.get(path + "&resourceVersion={=l.metadata.resourceVersion}"
          "&resourceVersionMatch=NotOlderThan")
    p.get(path + "&resourceVersionMatch=Exact")
    p.get(path + "&resourceVersion=0&resourceVersionMatch=Exact")
    p.get(path + "&resourceVersion=99999999&resourceVersionMatch=Exact")
    p.get(path + "&resourceVersion=x")
    p.do("POST", servers("mcp.mcp.dev"), server())
    p.get(servers("mcp.mcp.dev"))
    p.get(servers("mcp.mcp.dev"), accept=METAS)
    p.do("DELETE", path)
    p.get(path)


def watches(p):
    path = CORE + "configmaps?labelSelector=m%3Dy"
    p.do("POST", CORE + "configmaps", config("c0", labels={"m": "y"}))
    p.get(path, keep="l")
    since = "&watch=true&resourceVersion={=l.metadata.resourceVersion}"
    live = p.watch(path + since)
    meta = p.watch(path + since, accept=META)
    p.do("POST", CORE + "configmaps", config("c1", labels={"m": "y"}))
    p.do("POST", CORE + "configmaps", config("c2", labels={"m": "n"}))
    p.merge(CORE + "configmaps/c2", {"metadata": {"labels": {"m": "y"}}})
    p.merge(CORE + "configmaps/c1", {"metadata": {"labels": {"m": "n"}}})
    p.merge(CORE + "configmaps/c0", {"data": {"x": "y"}})
    p.merge(CORE + "configmaps/c0", {"data": {"x": "y"}})
    p.do("DELETE", CORE + "configmaps/c2")
    live()
    meta()
    p.watch(path + since)()
    p.watch(path + "&watch=true")()
    p.watch(path + "&watch=true&resourceVersion=0")()
    first = "&watch=true&sendInitialEvents=true"
    p.watch(path + first + "&resourceVersionMatch=NotOlderThan"
            "&allowWatchBookmarks=true&timeoutSeconds=100")()
    p.watch(path + first + "&resourceVersionMatch=NotOlderThan"
            "&allowWatchBookmarks=true", accept=META)()
    p.watch(path + first + "&allowWatchBookmarks=true")()
    p.watch(path + "&watch=true&resourceVersionMatch=NotOlderThan")()
    p.watch(path + "&watch=true&resourceVersion=x")()
    p.watch(CORE + "configmaps?watch=true&fieldSelector=metadata.name%3Dc0")()


def bookmarks(p):
    """Of each kind, as the list that begins a watch ends."""
    first = "?watch=true&sendInitialEvents=true&allowWatchBookmarks=true" \
        "&resourceVersionMatch=NotOlderThan&labelSelector=m"
    paths = [path for path, _ in CHILDREN] + [APPS + "replicasets", LEASES]
    paths += [CORE + k for k in ("secrets", "pods", "events",
                                 "serviceaccounts")]
    paths += [servers(g) for g in GROUPS]
    for path in paths:
        p.watch(path + first)()
    p.watch(APPS + "deployments" + first, accept=META)()


def whole_cluster(p):
    """As the operator lists and follows each kind, and reads one object."""
    key = "mcp.allbeone.io/server-key"
    labels = {key: "m.one"}
    select = "labelSelector=" + key.replace("/", "%2F")
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "t"},
              "stringData": {"a": "1"}}
    kinds = [(path, make(), select) for path, make in CHILDREN]
    kinds += [(CORE + "configmaps", config("other"), ""),
              (CORE + "secrets", secret, ""),
              # Admission adds to pods what the model does not.
              (CORE + "pods", None, select)]
    kinds += [(servers(g), server(g), "") for g in GROUPS]
    first = "watch=true&allowWatchBookmarks=true&timeoutSeconds=1000"
    initial = first + "&sendInitialEvents=true" \
        "&resourceVersionMatch=NotOlderThan"
    for where, body, query in kinds:
        path = where.replace("namespaces/{ns}/", "") + "?" + (
            query + "&" if query else "")
        if body:
            one = where + "/" + body["metadata"]["name"]
            if query:
                body["metadata"]["labels"] = labels
            p.do("POST", where, body)
        p.get(path + "limit=500", keep="l")
        p.get(path[:-1])
        whole = p.watch(path + initial)
        since = p.watch(path + first +
                        "&resourceVersion={=l.metadata.resourceVersion}")
        if body:
            p.merge(one, {"metadata": {"annotations": {"x": "y"}}}, keep="o")
            p.get(one)
            p.get(one + "?resourceVersion={=o.metadata.resourceVersion}")
        whole()
        since()
        if body:
            p.do("DELETE", one + "?gracePeriodSeconds=0")
    for where in LACKING:
        path = where.replace("namespaces/{ns}/", "") + "?" + select + "&"
        p.get(path + "limit=500")
        p.watch(path + initial)()
        p.get(where + "/x")
    # Who installed them differs: that the list ends is what is waited for.
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?"
    p.get(path + "limit=500", accept=METAS, keep="l")
    p.watch(path + initial, accept=META, only="BOOKMARK")()
    p.watch(path + first + "&resourceVersion={=l.metadata.resourceVersion}",
            accept=META)()
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"},
             "type": "Warning", "reason": "FailedMount", "message": "x",
             "involvedObject": {"kind": "Pod", "namespace": "{ns}",
                                "name": "p", "uid": "u-1"}}
    p.do("POST", CORE + "events", event)
    for uid in ("u-1", "u-2"):
        p.get(CORE + "events?fieldSelector=type%3DWarning%2C"
              "involvedObject.uid%3D" + uid + "&limit=64")


def revisions(p):
    """What a rollback reads of the Deployment's earlier templates."""
    sets = APPS + "replicasets"
    for i in range(3):
        spec = deployment()["spec"]
        spec["template"]["spec"]["containers"][0]["image"] = "server:%d" % i
        p.do("POST", sets, {
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": spec,
            "metadata": {"name": "d-%d" % i, "labels": {"app": "d"},
                         "annotations": {
                             "deployment.kubernetes.io/revision": str(i)}}})
    p.get(sets + "?labelSelector=app%3Dd&limit=20", accept=METAS)
    p.get(sets + "?labelSelector=app%3Dd&limit=2", accept=METAS, keep="page")
    p.get(sets + "?labelSelector=app%3Dd&limit=2&continue="
          "{=page.metadata.continue}", accept=METAS)
    p.get(sets + "?labelSelector=app%3Dnone&limit=20", accept=METAS)
    p.get(sets + "/d-1")
    p.get(sets + "/d-9")
    p.do("DELETE", sets + "/d-1")
    p.get(sets + "/d-1")


def lent_labels(p):
    """Labels of a namespace, by a manager for each who asks for some."""
    one = "/api/v1/namespaces/{ns}-t"

    def ask(who, labels, to="{ns}-t", uid="{=space.metadata.uid}"):
        p.apply("/api/v1/namespaces/" + to, {
            "apiVersion": "v1", "kind": "Namespace", "metadata": dict(
                {"name": to, "uid": uid},
                **({"labels": labels} if labels else {}))},
                manager="mcp-operator%2Ftenant%2Fa." + who)
    p.do("POST", "/api/v1/namespaces", {
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "{ns}-t", "labels": {"theirs": "1"}}})
    p.get(one, accept=META, keep="space")
    p.get(one + "-none", accept=META)
    ask("one", {"t/a": "1"}, to="{ns}-t-none")
    ask("one", {"t/a": "1"}, uid="01234567-89ab-cdef-0123-456789abcdef")
    ask("one", {"t/a": "1", "t/b": "2"})
    ask("one", {"t/a": "1", "t/b": "2"})
    ask("two", {"t/b": "2", "t/c": "3"})
    ask("two", {"t/b": "3"})
    ask("two", {"theirs": "2"})
    ask("two", {"theirs": "1"})
    ask("two", {"-x": "1"})
    ask("two", {"t/a": "a b"})
    ask("one", {"t/b": "2"})
    ask("one", {})
    ask("two", {})
    ask("two", {})
    p.get(one)
    p.do("DELETE", one)


def finalizers(p):
    one = CORE + "configmaps/c"
    p.do("POST", CORE + "configmaps", config(finalizers=["x.example.com/a"]),
         keep="c")
    p.do("DELETE", one, {"kind": "DeleteOptions", "apiVersion": "v1",
                         "preconditions": {"uid": "no"}})
    p.do("DELETE", one, {"kind": "DeleteOptions", "apiVersion": "v1",
                         "preconditions": {"resourceVersion": "1"}})
    p.do("DELETE", one, {"kind": "DeleteOptions", "apiVersion": "v1",
                         "preconditions": {"uid": "{=c.metadata.uid}"}})
    p.do("DELETE", one)
    p.merge(one, {"data": {"x": "y"}})
    p.merge(one, {"metadata": {"finalizers": ["x.example.com/a",
                                              "x.example.com/b"]}})
    p.apply(one, config(finalizers=["x.example.com/c"]))
    p.do("POST", CORE + "configmaps", config())
    p.merge(one, {"metadata": {"finalizers": None}})
    p.get(one)
    p.do("POST", servers("mcp.mcp.dev"), dict(server(), metadata={
        "name": "m", "finalizers": ["x.example.com/a"]}), keep="m")
    one = servers("mcp.mcp.dev") + "/m"
    p.do("DELETE", one, {"kind": "DeleteOptions", "apiVersion": "v1",
                         "propagationPolicy": "Foreground"})
    p.do("DELETE", one, {"kind": "DeleteOptions", "apiVersion": "v1",
                         "propagationPolicy": "Background"})
    p.do("DELETE", one + "?propagationPolicy=Orphan")
    p.get(one)
    p.merge(one, {"metadata": {"resourceVersion":
                               "{=m.metadata.resourceVersion}",
                               "finalizers": []}})
    p.merge(one, {"metadata": {"finalizers": []}})
    p.get(one)


def leases(p):
    def lease(**more):
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": dict({"name": "l"}, **more), "spec": {
                    "holderIdentity": "a", "leaseDurationSeconds": 30,
                    "leaseTransitions": 0,
                    "acquireTime": "2026-01-01T00:00:00.000000Z",
                    "renewTime": "2026-01-01T00:00:00.123456Z"}}
    one = LEASES + "/l"
    p.get(one)
    p.do("POST", LEASES + "?fieldManager=mcp", lease(), keep="l")
    p.do("POST", LEASES + "?fieldManager=mcp", lease())
    p.merge(one + "?fieldManager=mcp", {"metadata": {
        "resourceVersion": "{=l.metadata.resourceVersion}"},
        "spec": {"renewTime": "2026-01-01T00:00:10.000000Z"}})
    p.merge(one + "?fieldManager=mcp", {"metadata": {
        "resourceVersion": "{=l.metadata.resourceVersion}"},
        "spec": {"holderIdentity": "b"}})
    p.merge(one, {"spec": {"holderIdentity": "", "renewTime": None}})
    p.merge(one, {"spec": {"leaseDurationSeconds": 0}})
    p.do("PUT", one, lease())
    p.get(one)


def events(p):
    def event(**more):
        return dict({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": "m.1", "namespace": "{ns}"},
            "involvedObject": {"kind": "MCPServer", "namespace": "{ns}",
                               "name": "m", "apiVersion": "mcp.mcp.dev/v1"},
            "type": "Normal", "reason": "Created", "message": "made",
            "source": {"component": "mcp-operator"},
            "reportingComponent": "mcp-operator", "reportingInstance": "x",
            "firstTimestamp": "2026-01-01T00:00:00Z",
            "lastTimestamp": "2026-01-01T00:00:00Z", "count": 1}, **more)
    path = CORE + "events"
    p.do("POST", path + "?fieldManager=mcp-operator", event(), accept=META)
    p.get(path + "/m.1")
    p.merge(path + "/m.1?fieldManager=mcp-operator", {
        "count": 2, "lastTimestamp": "2026-01-01T00:01:00Z"})
    p.merge(path + "/none", {"count": 2})
    p.get(path + "?fieldSelector=reason%3DCreated,involvedObject.name%3Dm")
    p.do("POST", path, event(involvedObject={"namespace": "other"},
                             metadata={"name": "m.2", "namespace": "{ns}"}))


def dry_runs(p):
    p.do("POST", CORE + "configmaps?dryRun=All", config())
    p.get(CORE + "configmaps/c")
    p.do("POST", CORE + "configmaps", config())
    p.apply(CORE + "configmaps/c?dryRun=All", config(data={"b": "2"}),
            manager="mcp&force=true")
    p.do("DELETE", CORE + "configmaps/c?dryRun=All")
    p.get(CORE + "configmaps/c")


def discovery(p):
    for path in ("/apis/mcp.mcp.dev/v1alpha1", "/apis/mcp.allbeone.io/v1",
                 "/apis/monitoring.coreos.com/v1",
                 "/apis/networking.istio.io/v1",
                 "/apis/autoscaling.k8s.io/v1",
                 "/apis/nothing.example.com/v1"):
        p.get(path)


def goldens(name):
    """What the operator renders, applied as it does: first not forced, then
    again, then forced with the uid."""
    decoder = json.JSONDecoder()
    paths = {make()["kind"]: path for path, make in CHILDREN}
    with open("tests/golden/render/%s.out.json" % name) as f:
        text = f.read().strip()
    with open("tests/golden/render/%s.json" % name) as f:
        owner = json.load(f)
    bodies = []
    while text:
        body, end = decoder.raw_decode(text)
        text = text[end:].strip()
        body["metadata"]["namespace"] = "{ns}"
        bodies.append(body)

    def case(p):
        group = owner["apiVersion"].partition("/")[0]
        source = dict(owner, metadata={
            k: v for k, v in owner["metadata"].items()
            if k in ("name", "labels", "annotations")})
        p.do("POST", servers(group), source, keep="o")
        for body in bodies:
            for ref in body["metadata"]["ownerReferences"]:
                ref["uid"] = "{=o.metadata.uid}"
            if body["kind"] not in paths:
                continue  # of a kind that the model does not have
            path = paths[body["kind"]] + "/" + body["metadata"]["name"]
            p.get(path, accept=META)
            p.apply(path, body, keep="x", accept=META)
            p.apply(path, body)
            forced = json.loads(json.dumps(body))
            forced["metadata"]["uid"] = "{=x.metadata.uid}"
            p.apply(path, forced, force=True)
            p.get(path)
    return case


# ---- generated --------------------------------------------------------------

class Generator:
    """A few objects of each kind, and whoever may write them."""
    MANAGERS = ("mcp", "other", "third")

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def some(self, names, low=0):
        return self.rng.sample(names, self.rng.randint(low, len(names)))

    def value(self):
        return str(self.rng.randint(0, 2))

    def meta(self, name):
        out = {"name": name}
        for key in self.some(["labels", "annotations"]):
            out[key] = {k: self.value() for k in self.some(["a", "b", "c"])}
        return out

    def config(self):
        return CORE + "configmaps", dict(config(
            "g1", {k: self.value() for k in self.some(["a", "b", "c"])}),
            metadata=self.meta("g1"))

    def container(self, name, full):
        out = {"name": name}
        if full or self.rng.random() < 0.5:
            out["image"] = "i:%s" % self.value()
        for key in self.some(["env", "ports", "args", "resources",
                              "livenessProbe", "volumeMounts",
                              "securityContext", "imagePullPolicy"]):
            out[key] = {
                "env": lambda: [{"name": n, "value": self.value()}
                                for n in self.some(["A", "B", "C"])],
                "ports": lambda: [{"containerPort": n, "name": "p%d" % n}
                                  for n in self.some([80, 81, 82])],
                "args": lambda: self.some(["a", "b", "c"]),
                "resources": lambda: {k: {"cpu": self.rng.choice(
                    ["1", "500m", "0.5", "1000m"])}
                    for k in self.some(["limits"])},
                "livenessProbe": lambda: {"httpGet": {
                    "port": 80, "path": "/" + self.value()},
                    "periodSeconds": self.rng.randint(1, 3)},
                "volumeMounts": lambda: [
                    {"name": "t", "mountPath": "/" + n}
                    for n in self.some(["x", "y"])],
                "securityContext": lambda: {
                    k: self.rng.random() < 0.5 for k in self.some(
                        ["readOnlyRootFilesystem", "runAsNonRoot"])},
                "imagePullPolicy": lambda: self.rng.choice(
                    ["Always", "Never"]),
            }[key]()
        return out

    def deployment(self, full=False):
        spec = {"template": {"spec": {"containers": [
            self.container(n, full) for n in self.rng.sample(
                ["main", "side"], self.rng.randint(1, 2))],
            "volumes": [{"name": "t", "emptyDir": {}}]}}}
        if full or self.rng.random() < 0.7:
            spec["selector"] = {"matchLabels": {"app": "d"}}
            spec["template"]["metadata"] = {"labels": {"app": "d"}}
        if self.rng.random() < 0.6:
            spec["replicas"] = self.rng.randint(0, 3)
        if self.rng.random() < 0.3:
            spec["strategy"] = self.rng.choice([
                {"type": "Recreate"}, {"rollingUpdate": {"maxSurge": 1}},
                {"type": "RollingUpdate"}])
        return APPS + "deployments", {
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": self.meta("g1"), "spec": spec}

    def service(self):
        spec = {"ports": [{"name": "p%d" % n, "port": n, **({
            "targetPort": self.rng.choice([80, "x"])}
            if self.rng.random() < 0.5 else {})}
            for n in self.some([80, 81, 82], 1)]}
        if self.rng.random() < 0.6:
            spec["type"] = self.rng.choice(["ClusterIP", "NodePort"])
        if self.rng.random() < 0.6:
            spec["selector"] = {"a": self.value()}
        if self.rng.random() < 0.3:
            spec["sessionAffinity"] = self.rng.choice(["None", "ClientIP"])
        return CORE + "services", {
            "apiVersion": "v1", "kind": "Service",
            "metadata": self.meta("g1"), "spec": spec}

    def autoscaler(self):
        spec = {"maxReplicas": self.rng.randint(0, 4)}
        for key in self.some(["minReplicas", "metrics", "behavior"]):
            spec[key] = {
                "minReplicas": lambda: self.rng.randint(1, 3),
                "metrics": lambda: [
                    resource(n, averageUtilization=self.rng.randint(0, 2))
                    for n in self.some(["cpu", "memory"])],
                "behavior": lambda: {k: {
                    "stabilizationWindowSeconds": self.rng.randint(0, 2)}
                    if self.rng.random() < 0.5 else {
                        "policies": [{"type": "Pods", "periodSeconds": 9,
                                      "value": self.rng.randint(0, 2)}]}
                    for k in self.some(["scaleUp", "scaleDown"])},
            }[key]()
        return SCALERS, dict(autoscaler("g1", **spec),
                             metadata=self.meta("g1"))

    def budget(self):
        spec = {k: self.rng.choice([0, 1, 2, "50%", "x"])
                for k in self.some(["minAvailable", "maxUnavailable"])}
        if self.rng.random() < 0.3:
            spec["unhealthyPodEvictionPolicy"] = self.rng.choice(
                ["AlwaysAllow", "IfHealthyBudget"])
        if self.rng.random() < 0.3:
            spec["selector"] = {"matchLabels": {"a": self.value()}}
        return BUDGETS, dict(budget("g1", **spec), metadata=self.meta("g1"))

    def ingress(self):
        spec = {"rules": [{"host": n + ".example", "http": {"paths": [way()]}}
                          for n in self.some(["a", "b"], 1)]}
        for key in self.some(["ingressClassName", "defaultBackend"]):
            spec[key] = {
                "ingressClassName": self.value,
                "defaultBackend": lambda: {"service": {
                    "name": "s" + self.value(), "port": {"name": "x"}}},
            }[key]()
        return INGRESSES, dict(ingress("g1", **spec),
                               metadata=self.meta("g1"))

    def policy(self):
        peer = {"podSelector": {"matchLabels": {"a": self.value()}}}
        spec = {}
        for key in self.some(["ingress", "egress", "policyTypes"]):
            spec[key] = {
                "ingress": lambda: [{"from": [peer]}],
                "egress": lambda: [{"to": [peer], "ports": [
                    {"port": n} for n in self.some([80, "x"])]}],
                "policyTypes": lambda: self.some(["Ingress", "Egress"], 1),
            }[key]()
        return POLICIES, dict(policy("g1", **spec), metadata=self.meta("g1"))

    def route(self):
        spec = {key: value() for key, value in {
            "hostnames": lambda: self.some(["a.example", "b.example"]),
            "parentRefs": lambda: [{"name": self.value()}],
        }.items() if self.rng.random() < 0.5}
        return ROUTES, dict(route("g1", **spec), metadata=self.meta("g1"))

    def optional(self):
        path, body = self.rng.choice([
            (SIZERS, sizer("g1", updatePolicy={"updateMode": self.rng.choice(
                ["Off", "Auto", "Never"])})),
            (VIRTUAL, virtual("g1", hosts=self.some(
                ["a.example", "b.example"]))),
            (DESTINATIONS, destination("g1", trafficPolicy={
                "tls": {k: self.value() for k in self.some(
                    ["sni", "privateKey"])}})),
            (AUTHS, auth("g1", selector={"matchLabels": {
                k: self.value() for k in self.some(["a", "b"])}})),
            (MONITORS, monitor("g1", selector={"matchLabels": {
                k: self.value() for k in self.some(["a", "b"])}})),
            (ALERTS, alerts("g1", *[
                {"name": n, "rules": [{"expr": self.value()}]}
                for n in self.some(["x", "y"])]))])
        return path, dict(body, metadata=self.meta("g1"))

    def server(self):
        group = self.rng.choice(sorted(GROUPS))
        spec = {"image": "i:%s" % self.value()}
        for key in self.some(["port", "replicas", "env", "junk", "resources",
                              "nodeSelector"]):
            spec[key] = {
                "port": lambda: self.rng.randint(0, 3),
                "replicas": lambda: self.rng.randint(-1, 3),
                "env": lambda: [{"name": n, "value": self.value()}
                                for n in self.some(["A", "B"])],
                "junk": lambda: {"x": 1},
                "resources": lambda: {"limits": {"cpu": self.value()}},
                "nodeSelector": lambda: {k: self.value()
                                         for k in self.some(["a", "b"])},
            }[key]()
        return servers(group), dict(server(group, "g1"),
                                    metadata=self.meta("g1"), spec=spec)

    def body(self):
        return self.rng.choice([
            self.config, self.deployment, self.deployment, self.service,
            self.autoscaler, self.budget, self.ingress, self.policy,
            self.route, self.optional, self.server])()

    def scale(self, p):
        """The number of pods, by whoever else may tell it."""
        one = APPS + "deployments/g1"
        number = {"spec": {"replicas": self.rng.randint(-1, 3)}}
        if self.rng.random() < 0.5:
            p.merge(one + "/scale?fieldManager=hpa", number)
        else:
            p.apply(one, dict(number, apiVersion="apps/v1", kind="Deployment",
                              metadata={"name": "g1", "namespace": "{ns}"}),
                    manager=HANDOVER, force=self.rng.random() < 0.5)

    def step(self, p):
        if self.rng.random() < 0.1:
            self.scale(p)
            return
        path, body = self.body()
        one = path + "/g1"
        manager = self.rng.choice(self.MANAGERS)
        how = self.rng.random()
        if how < 0.55:
            p.apply(one, body, manager=manager,
                    force=self.rng.random() < 0.4)
        elif how < 0.65:
            p.do("POST", path, body)
        elif how < 0.8:
            patch = {k: body[k] for k in self.some(
                [k for k in ("metadata", "spec", "data") if k in body], 1)}
            p.merge(one + "?fieldManager=" + manager, patch)
        elif how < 0.88:
            p.do("PUT", one + "?fieldManager=" + manager, body)
        elif how < 0.92:
            p.do("DELETE", one)
        else:
            p.get(one)


def generated(seed):
    def case(p):
        g = Generator(seed)
        path, body = g.deployment(full=True)
        p.do("POST", path, body)
        for _ in range(60):
            g.step(p)
    return case


# ---- with the controllers ---------------------------------------------------

def owned(name, owner="o", kind="m", **more):
    """A ConfigMap that belongs to one of what kept() has made."""
    return config(name, ownerReferences=[dict({
        "apiVersion": "mcp.mcp.dev/v1alpha1", "kind": "MCPServer",
        "name": kind, "uid": "{=%s.metadata.uid}" % owner,
        "controller": True, "blockOwnerDeletion": True}, **more)],
                  labels={"m": "y"})


def options(policy):
    return {"kind": "DeleteOptions", "apiVersion": "v1",
            "propagationPolicy": policy}


MAPS = CORE + "configmaps?labelSelector=m"
ONE = servers("mcp.mcp.dev") + "/m"


def family(p, **more):
    p.do("POST", servers("mcp.mcp.dev"), server(), keep="o")
    for name in ("a", "b"):
        p.do("POST", CORE + "configmaps", dict(owned(name), **more))
    p.do("POST", CORE + "configmaps", config("alone", labels={"m": "y"}))


def gc_background(p):
    family(p)
    p.do("DELETE", ONE, options("Background"))
    p.settled(MAPS, ONE)


def gc_default(p):
    family(p)
    p.do("DELETE", ONE)
    p.settled(MAPS, ONE)


def gc_orphan(p):
    family(p)
    p.do("DELETE", ONE, options("Orphan"))
    p.settled(MAPS, ONE)


def gc_foreground(p):
    family(p)
    p.merge(CORE + "configmaps/b", {"metadata": {
        "finalizers": ["x.example.com/a"]}})
    p.do("DELETE", ONE, options("Foreground"))
    p.settled(MAPS, ONE)
    p.merge(CORE + "configmaps/b", {"metadata": {"finalizers": None}})
    p.settled(MAPS, ONE)


def gc_foreground_unblocked(p):
    """Dependents that block nobody are not waited for, but go as well."""
    p.do("POST", servers("mcp.mcp.dev"), server(), keep="o")
    p.do("POST", CORE + "configmaps", owned("a", blockOwnerDeletion=False))
    p.merge(CORE + "configmaps/a", {"metadata": {
        "finalizers": ["x.example.com/a"]}})
    p.do("DELETE", ONE, options("Foreground"))
    p.settled(MAPS, ONE)


def gc_absent_owner(p):
    p.do("POST", servers("mcp.mcp.dev"), server(), keep="o")
    p.do("POST", CORE + "configmaps", owned("a"))
    p.do("POST", CORE + "configmaps", owned(
        "b", uid="01234567-89ab-cdef-0123-456789abcdef"))
    p.do("POST", CORE + "configmaps", owned("c", kind="none"))
    p.settled(MAPS, ONE)


def gc_two_owners(p):
    p.do("POST", servers("mcp.mcp.dev"), server(), keep="o")
    p.do("POST", servers("mcp.mcp.dev"), server(name="n"), keep="n")
    body = owned("a")
    body["metadata"]["ownerReferences"] += owned(
        "a", "n", "n", controller=False)["metadata"]["ownerReferences"]
    p.do("POST", CORE + "configmaps", body)
    p.do("DELETE", ONE)
    p.settled(MAPS, ONE)
    p.do("DELETE", servers("mcp.mcp.dev") + "/n")
    p.settled(MAPS)


def gc_namespace(p):
    space = "/api/v1/namespaces/{ns}-x"
    p.do("POST", "/api/v1/namespaces", {
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "{ns}-x"}})
    p.do("POST", space + "/configmaps", config(
        "held", finalizers=["x.example.com/a"], labels={"m": "y"}))
    p.do("POST", space + "/configmaps", config("free", labels={"m": "y"}))
    p.do("DELETE", space)
    p.settled(space + "/configmaps?labelSelector=m")
    p.do("POST", space + "/configmaps", config("new"))
    p.apply(space + "/configmaps/new", config("new"))
    p.merge(space + "/configmaps/held", {"data": {"x": "y"}})
    p.merge(space + "/configmaps/held", {"metadata": {"finalizers": None}})
    p.settled(space, space + "/configmaps?labelSelector=m")
    p.do("POST", space + "/configmaps", config("new"))


def gc_frozen_child(p):
    """What the operator does when it deletes a child by its uid."""
    family(p)
    p.get(CORE + "configmaps/a", keep="a")
    p.do("DELETE", CORE + "configmaps/a", dict(
        options("Foreground"), preconditions={"uid": "{=a.metadata.uid}"}))
    p.do("DELETE", CORE + "configmaps/b", dict(
        options("Background"), preconditions={"uid": "{=a.metadata.uid}"}))
    p.settled(MAPS, ONE)


COLLECTED = (gc_background, gc_default, gc_orphan, gc_foreground,
             gc_foreground_unblocked, gc_absent_owner, gc_two_owners,
             gc_namespace, gc_frozen_child)

NAMED = (create_get_delete, refused_bodies, keys, conflicts,
         merge_and_json_patches, apply_config, apply_over_others,
         apply_deployment, list_types, apply_service, disown_service,
         disown_config, disown_deployment, apply_autoscaler,
         refused_autoscalers, apply_budget, disown_scaling, handover,
         apply_ingress, apply_policy, apply_tenancy, apply_route,
         apply_optional, disown_entry, custom, custom_refused, lists, watches, bookmarks,
         whole_cluster, revisions, lent_labels, finalizers, leases, events,
         dry_runs, discovery)


def cases(phase, seeds):
    if phase == "still":
        for case in NAMED:
            yield case.__name__, case
        for path in sorted(glob.glob("tests/golden/render/*.out.json")):
            name = path.split("/")[-1][:-len(".out.json")]
            yield "golden " + name, goldens(name)
        for seed in seeds:
            yield "seed %d" % seed, generated(seed)
    if phase == "gc":
        for case in COLLECTED:
            yield case.__name__, case
