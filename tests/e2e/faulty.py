"""Faulty servers by the hundred. Of each it is known at what path it is wrong,
some words of what is said there, and whether the CRD says so already, where no
operator is asked. For admission.py and oldest.py.
"""

ALLBEONE, NTAKATSU = "mcp.allbeone.io", "mcp.n-takatsu.dev"
EXAMPLE, MCPDEV = "mcp.example.com", "mcp.mcp.dev"
ALL = (ALLBEONE, NTAKATSU, EXAMPLE, MCPDEV)

KEYS = ["a b", "-a", "a/b/c", "/a", "a/", "x" * 64]
VALUES = ["b c", "-b", "b-", "y" * 64, "ä"]
NAMES = ["A", "a_b", "-a", "a-", "a..b"]

# (group, spec, path, words, by the CRD): the last one is True where the CRD says
# the same, False where CEL cannot say it, else what it says instead, (path, words).
cases = []


def nested(path, value):
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def case(groups, spec, path, words, crd=True):
    for group in groups:
        cases.append((group, spec, f"spec.{path}" if path else "spec", words, crd))


def at(groups, path, value, words, where=None, crd=True):
    case(groups, nested(path, value), where or path, words, crd)


def labels(groups, path, ours=True):
    for key in KEYS:
        at(groups, path, {"a": "v", key: "v"}, f"{key} is not a label key")
    for value in VALUES:
        at(groups, path, {"a": "v", "k": value}, f"{value} is not a label value")
    if ours:
        for key in ("app", "managed-by", "app.kubernetes.io/name",
                    "mcp.allbeone.io/x"):
            at(groups, path, {key: "v"}, f"{key} is a label that the operator sets",
               crd=key != "app")
        where = f"spec.{path}"
        at(groups, path, {"pod-template-hash": "v"}, "is a label that Deployments set",
           crd=(where, "pod-template-hash is a label that the operator sets, or Deployments set"))


def notes(groups, path):
    for key in KEYS:
        at(groups, path, {key: "v"}, f"{key} is not an annotation key")
    at(groups, path, {"mcp.allbeone.io/digest": "v"},
       "mcp.allbeone.io/digest is an annotation that the operator sets")


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
       "needs service.type NodePort or LoadBalancer", "ports[0].nodePort",
       ("spec", "ports: nodePort needs service.type"))
    at(ALL, "service", {"loadBalancerClass": "a.b/c"},
       "needs type LoadBalancer", "service.loadBalancerClass",
       ("spec", "service.loadBalancerClass needs type LoadBalancer"))
    for value in ("x", "%", "1.5%"):
        at(ALL, "strategy.rollingUpdate.maxSurge", value,
           "is neither a number nor a percentage")
    at(ALL, "strategy.rollingUpdate.maxUnavailable", "101%", "is over 100%")
    at(ALL, "strategy.rollingUpdate.maxSurge", -1, "is under 0",
       crd=("spec.strategy.rollingUpdate.maxSurge", "should be greater than or equal to 0"))
    at(ALL, "runtimeClassName", "k_v", "is not a name of a RuntimeClass")
    at(ALL, "service", {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0"]},
       "is not a network", "service.loadBalancerSourceRanges[0]")
    at(ALL, "tolerations", [{"key": "a", "operator": "Exists", "value": "b"}],
       "must not stand with operator Exists", "tolerations[0].value",
       ("spec.tolerations[0]", "value must not stand with operator Exists"))
    for name in ("A", "a.b", "mcp-tmp"):
        at(ALL, "volumes", [{"name": name, "emptyDir": {}}],
           "volume", "volumes[0].name")
    at(ALL, "volumeMounts", [{"name": "v", "mountPath": "/a"}],
       "names no volume of spec.volumes", "volumeMounts[0].name",
       ("spec", "volumeMounts: each names a volume"))
    for path in ("../a", "a/../b", "/a"):
        case(ALL, {"volumes": [{"name": "v", "emptyDir": {}}],
                   "volumeMounts": [{"name": "v", "mountPath": "/a",
                                     "subPath": path}]},
             "volumeMounts[0].subPath", "must be a path below the volume")
    at(ALL, "probes.startup", {"exec": {"command": []}},
       "has an exec without a command")
    at(ALL, "resources.limits.memory", "-1Gi", "must not be negative", crd=False)
    case(ALL, {"resources": {"requests": {"cpu": "2"},
                             "limits": {"cpu": "1500m"}}},
         "resources.requests.cpu", "is over the limit", False)
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
         "replicas", "is not within minReplicas and maxReplicas",
         ("spec", "replicas is not within minReplicas"))
    at(one, "autoscaling.pdb", {"maxUnavailable": "101%"}, "is over 100%",
       "autoscaling.pdb.maxUnavailable")
    at(one, "autoscaling", {"hpa": {"enabled": True, "maxReplicas": 3}, "vpa": {"enabled": True}},
       "is what hpa scales by", "autoscaling.vpa",
       ("spec.autoscaling", "vpa: cpu is what hpa scales by"))
    for policy in ({"containerName": "proxy", "controlledResources": ["memory"]},
                   {"containerName": "config-reloader", "mode": "Off"}):
        at(one, "autoscaling", {"hpa": {"enabled": True, "maxReplicas": 3}, "vpa": {
            "enabled": True, "resourcePolicy": {"containerPolicies": [policy]}}},
           "is what hpa scales by", "autoscaling.vpa",
           ("spec.autoscaling", "vpa: cpu is what hpa scales by"))
    case(one, {"tenancy": {"tenantId": "t", "isolationLevel": "None"}, "networkPolicy": {
        "enabled": True, "ingressRules": [{"ports": [{"port": 9}]}]}},
         "networkPolicy.ingressRules[0].ports", "lets nobody in",
         ("spec", "networkPolicy.ingressRules lets nobody in"))
    at(one, "tenancy", {"tenantId": "t", "resourceQuotas": {"mcpServers": 0}},
       "leaves no room for the server itself", "tenancy.resourceQuotas.mcpServers")
    case(one, {"resources": {"requests": {"cpu": "5m"}, "limits": {"memory": "300Mi"}},
               "tenancy": {"tenantId": "t", "resourceQuotas": {"memory": "200Mi"}}},
         "tenancy.resourceQuotas.memory", "is less than the server's own pods request", False)
    at(one, "tenancy", {"tenantId": "t", "namespaceLabels": {"a.k8s.io/b": "c"}},
       "a.k8s.io/b is Kubernetes' own", "tenancy.namespaceLabels")
    at(one, "istio", {"enabled": True, "mtls": "STRICT", "sidecarInject": False},
       "needs sidecarInject", "istio.mtls", ("spec.istio", "mtls needs sidecarInject"))
    at(one, "istio", {"enabled": True, "virtualService": {
        "host": "a", "timeout": "1s", "retries": {"perTryTimeout": "2s"}}}, "is over timeout",
       "istio.virtualService.retries.perTryTimeout",
       ("spec.istio.virtualService", "retries.perTryTimeout is over timeout"))
    at(one, "monitoring.serviceMonitor", {"enabled": True, "port": "nowhere"}, "names no port",
       "monitoring.serviceMonitor.port",
       ("spec", "monitoring.serviceMonitor.port names no port"))
    at(one, "networkPolicy", {"enabled": True, "allowedNamespaces": ["A"]},
       "is not a name of a namespace", "networkPolicy.allowedNamespaces[0]")
    for key in ("a/b", ".", "..a"):
        at((EXAMPLE,), "config", {key: "v"}, "cannot name a file")
    at((EXAMPLE,), "config", {"config.json": "v"},
       "is the name of the operator's own file")


def of_the_areas(one):
    for tenant in ("A", "a_b", "-a", "a-"):
        at(one, "tenancy.tenantId", tenant, "is not a tenant's id")
    at(one, "tenancy", {"tenantId": "t", "isolationLevel": "Strict",
                        "networkPolicy": {"enabled": False}}, "must not be false with",
       "tenancy.networkPolicy.enabled",
       ("spec.tenancy", "networkPolicy.enabled must not be false with"))
    at(one, "tenancy", {"tenantId": "t", "members": [
        {"kind": "User", "name": "a", "namespace": "b"}]}, "for kind ServiceAccount only",
       "tenancy.members[0].namespace",
       ("spec.tenancy.members[0]", "namespace is for kind ServiceAccount only"))
    case(one, {"command": ["a"], "runtime": {"command": ["b"]}}, "command",
         "says something else than spec.runtime.command",
         ("spec", "command and runtime.command are the same"))
    at(one, "entry.path", "a", "must begin with '/'")
    at(one, "entry.httpRoute", {"enabled": True}, "is required",
       "entry.httpRoute.parentRefs", ("spec.entry.httpRoute", "parentRefs are required"))
    at(one, "entry.httpRoute", {"enabled": True, "parentRefs": [
        {"name": "g"}, {"name": "g", "kind": "Gateway"}]}, "is there twice",
       "entry.httpRoute.parentRefs[1]", False)
    for path in ("/a?b", "/a%2", "/{a}"):
        at(one, "entry", {"path": path, "httpRoute": {
            "enabled": True, "parentRefs": [{"name": "g"}]}},
           "holds what no HTTPRoute takes", "entry.path", False)
    at(one, "autoscaling.hpa", {"enabled": True, "minReplicas": 5, "maxReplicas": 3},
       "is over maxReplicas", "autoscaling.hpa.minReplicas",
       ("spec.autoscaling.hpa", "minReplicas must not be over maxReplicas"))
    for words, target in (
            ("the one that is its own", {"type": "Utilization"}),
            ("for types Object and External", {"type": "Value", "averageValue": "1"}),
            ("the one that is its own",
             {"type": "AverageValue", "averageValue": "1", "value": "1"})):
        at(one, "autoscaling.hpa", {"enabled": True, "maxReplicas": 3, "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": target}}]},
           words, "autoscaling.hpa.metrics[0].resource.target",
           target["type"] != "AverageValue")
    at(one, "autoscaling.hpa", {"enabled": True, "maxReplicas": 3, "metrics": [{"type": "Pods"}]},
       "needs the metric of that name", "autoscaling.hpa.metrics[0].type",
       ("spec.autoscaling.hpa.metrics[0]", "give the metric of the type"))
    at(one, "autoscaling.pdb", {"maxUnavailable": 1, "minAvailable": 1},
       "must not stand with maxUnavailable", "autoscaling.pdb.minAvailable",
       ("spec.autoscaling.pdb", "not both"))
    for port, words in (({"port": 9, "endPort": 8}, "has an endPort under its port"),
                        ({"port": "a", "endPort": 8}, "has an endPort without a port"),
                        ({"endPort": 8}, "has an endPort without a port")):
        at(one, "networkPolicy", {"enabled": True, "ingressRules": [{"ports": [port]}]},
           words, "networkPolicy.ingressRules[0].ports",
           ("spec.networkPolicy.ingressRules[0].ports[0]", "endPort needs a port"))
    at(one, "schedule", "0 0 31 2 *", "never comes", "schedule", False)
    for port, words in (("a_b", "is not a port name"), ("80", "is not a port name")):
        at(one, "networkPolicy", {"enabled": True, "egressRules": [{"ports": [{"port": port}]}]},
           words, "networkPolicy.egressRules[0].ports", False)
    for port, words, crd in ((0, "is under 1", "should be greater than or equal to 1"),
                             (65536, "is over 65535", "should be less than or equal to 65535")):
        where = "networkPolicy.egressRules[0].ports[0].port"
        at(one, "networkPolicy", {"enabled": True, "egressRules": [{"ports": [{"port": port}]}]},
           words, where, ("spec." + where, crd))
    for field in ("minAvailable", "maxUnavailable"):
        where = "autoscaling.pdb." + field
        at(one, "autoscaling.pdb", {field: -1}, "is under 0", where,
           ("spec." + where, "should be greater than or equal to 0"))
    for cidr, part in (("10.0.0.0/8", "11.0.0.0/16"), ("10.0.0.0/8", "10.0.0.0/8"),
                       ("10.0.0.0/8", "fd00::/16")):
        at(one, "networkPolicy", {"enabled": True, "ingressRules": [
            {"from": [{"ipBlock": {"cidr": cidr, "except": [part]}}]}]},
           "is no smaller network within its cidr", "networkPolicy.ingressRules[0].from", False)
    for peer, words in (({}, "has a peer without ipBlock"),
                        ({"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}},
                         "ipBlock beside a selector")):
        at(one, "networkPolicy", {"enabled": True, "egressRules": [{"to": [peer]}]},
           words, "networkPolicy.egressRules[0].to",
           ("spec.networkPolicy.egressRules[0].to[0]", "give ipBlock, or selectors"))
    at(one, "gateway", {"enabled": True, "istio": {"enabled": True}}, "is required",
       "gateway.istio.host", ("spec.gateway", "istio.host is required"))
    at(one, "istio", {"enabled": True, "gateway": "a"}, "is required", "istio.virtualService",
       ("spec.istio", "virtualService is required"))
    at(one, "istio.virtualService", {"host": "a", "path": "b"}, "must begin with '/'",
       "istio.virtualService.path")
    traffic = "istio.destinationRule.trafficPolicy."
    at(one, traffic + "loadBalancer.consistentHash", {"httpHeaderName": "a", "useSourceIp": True},
       "needs one of")
    at(one, traffic + "tls", {"mode": "MUTUAL"}, "needs clientCertificate and privateKey")


def beside(path):
    """Containers beside the server's."""
    for words, member, crd, more in (
            ("is not a container name", "name", True, {"name": "A"}),
            ("of the operator's own", "name", True, {"name": "mcp-server"}),
            ("no image has", "image", True, {"image": "a b"}),
            ("holds '='", "env[0].name", True, {"env": [{"name": "A=", "value": "b"}]}),
            ("A is given twice", "env[1].name", False,
             {"env": [{"name": "A", "value": "b"}, {"name": "A", "value": "c"}]}),
            ("is given twice with this protocol", "ports[1].containerPort", False,
             {"ports": [{"containerPort": 9}, {"containerPort": 9, "protocol": "TCP"}]}),
            ("needs one of configMapRef and", "envFrom[0]", True, {"envFrom": [{}]}),
            ("names no volume", "volumeMounts[0].name",
             ("spec", f"volumeMounts of {path}: each names a volume"),
             {"volumeMounts": [{"name": "v", "mountPath": "/a"}]})):
        at(ALL, path, [{"name": "c", "image": "a", **more}], words,
           f"{path}[0].{member}", crd)


def word(path, value, where=None):
    """Not one of a set."""
    where = where or path
    at(ALL, path, value, "is not one of", where, (f"spec.{where}", "supported values"))


def of_all_sets():
    for path, value in (("service.externalTrafficPolicy", "Sometimes"),
                        ("service.internalTrafficPolicy", "Never"),
                        ("securityContext.procMount", "all"),
                        ("podSecurityContext.fsGroupChangePolicy", "Never"),
                        ("securityContext.seccompProfile", {"type": "Own"})):
        word(path, value, path + (".type" if isinstance(value, dict) else ""))
    word("probes.liveness", {"httpGet": {"port": 1, "scheme": "FTP"}},
         "probes.liveness.httpGet.scheme")
    word("volumes", [{"name": "a", "hostPath": {"path": "/a", "type": "Link"}}],
         "volumes[0].hostPath.type")
    for signal in ("SIGKILL", "HUP", ""):
        word("reload.signal", signal)
    word("pod.dnsPolicy", "Any")


def of_the_rest():
    at(ALL, "ports", [{"port": 9}, {"port": 9}], "is another port's number", "ports[1].port",
       ("spec.ports", "given once"))
    at(ALL, "env", [{"name": "A=B"}], "holds '='", "env[0].name")
    at(ALL, "strategy", {"type": "Recreate", "rollingUpdate": {}},
       "must not stand with type Recreate", "strategy.rollingUpdate",
       ("spec.strategy", "rollingUpdate must not stand with type Recreate"))
    at(ALL, "probes.liveness", {}, "needs one of")
    at(ALL, "probes.readiness", {"tcpSocket": {"port": 1}, "terminationGracePeriodSeconds": 3},
       "has no meaning", "probes.readiness.terminationGracePeriodSeconds",
       ("spec.probes.readiness", "terminationGracePeriodSeconds has no meaning"))
    at(ALL, "envFrom", [{"prefix": "a"}], "needs one of", "envFrom[0]")
    case(ALL, {"minReadySeconds": 600}, "minReadySeconds",
         "must be less than progressDeadlineSeconds",
         ("spec", "minReadySeconds must be less than progressDeadlineSeconds"))
    at(ALL, "service", {"sessionAffinityTimeoutSeconds": 9}, "needs sessionAffinity ClientIP",
       "service.sessionAffinityTimeoutSeconds",
       ("spec.service", "sessionAffinityTimeoutSeconds needs sessionAffinity ClientIP"))
    at(ALL, "tolerations", [{"key": "a", "effect": "Never"}], "is not one of",
       "tolerations[0].effect")
    at(ALL, "tolerations", [{"key": "a", "operator": "Like"}], "is not one of",
       "tolerations[0].operator")
    at(ALL, "tolerations", [{"operator": "Equal"}], "may be empty", "tolerations[0].key",
       ("spec.tolerations[0]", "key may be empty with operator Exists only"))
    at(ALL, "tolerations", [{"key": "a", "tolerationSeconds": 3}], "needs effect NoExecute",
       "tolerations[0].tolerationSeconds", False)
    at(ALL, "securityContext", {"privileged": True, "allowPrivilegeEscalation": False},
       "must not be false with privileged", "securityContext.allowPrivilegeEscalation", False)
    for profile, words in (({"type": "Localhost"}, "is required with type Localhost"),
                           ({"type": "Localhost", "localhostProfile": "/a"}, "must be a path"),
                           ({"type": "Unconfined", "localhostProfile": "a"}, "is for type")):
        at(ALL, "podSecurityContext.seccompProfile", profile, words,
           "podSecurityContext.seccompProfile.localhostProfile", False)
    case(ALL, {"volumes": [{"name": "v", "emptyDir": {}}], "volumeMounts": [
        {"name": "v", "mountPath": "/a", "mountPropagation": "Bidirectional"}]},
         "volumeMounts[0].mountPropagation", "needs a privileged container", False)
    at(ALL, "verification.path", "mcp", "must begin with '/'")
    of_the_areas((ALLBEONE,))
    beside("pod.initContainers")
    beside("pod.sidecars")
    case(ALL, {"pod": {"initContainers": [{"name": "c", "image": "a"}],
                       "sidecars": [{"name": "c", "image": "a"}]}},
         "pod.sidecars[0].name", "is the name of another container",
         ("spec.pod", "sidecars: a name is the name of another container"))
    at(ALL, "pod.hostAliases", [{"ip": "a", "hostnames": ["b"]}],
       "is not an address", "pod.hostAliases[0].ip")
    at(ALL, "pod.hostAliases", [{"ip": "10.0.0.1", "hostnames": ["b_c"]}],
       "is not a host name", "pod.hostAliases[0].hostnames",
       ("spec.pod.hostAliases[0].hostnames[0]", "is not a host name"))
    at(ALL, "pod", {"dnsPolicy": "None"}, "is required", "pod.dnsConfig.nameservers",
       ("spec.pod", "nameservers are required"))
    at(ALL, "pod.dnsConfig.nameservers", ["a"], "is not an address",
       "pod.dnsConfig.nameservers[0]")
    for domain in ("", "A", "a..b", "-a"):
        at(ALL, "pod.dnsConfig.searches", ["b.c.", domain], "is not a domain",
           "pod.dnsConfig.searches[1]", False)
    case(ALL, {"rollbackOnFailure": True, "revisionHistoryLimit": 0}, "revisionHistoryLimit",
         "must be at least 1 with rollbackOnFailure",
         ("spec", "revisionHistoryLimit must be at least 1 with"))


def whole(group, spec):
    """The object of a row's spec."""
    version = "v1" if group == ALLBEONE else "v1alpha1"
    return {"apiVersion": f"{group}/{version}", "kind": "MCPServer",
            "metadata": {"name": "faulty"},
            "spec": {"image": "a:1", **spec}}


of_all_groups()
of_one_group()
of_all_sets()
of_the_rest()
