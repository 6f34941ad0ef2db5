#!/bin/bash
# What pods have besides the server: containers before it and beside it, lines
# of /etc/hosts, a resolver of their own; in a namespace that enforces the
# restricted Pod Security Standard.
# budget: 180
. "$(dirname "$0")/lib.sh"
. "$E2E/servers.sh"
node_up
operator_up
namespace pod-security.kubernetes.io/enforce=restricted

python() { # PROGRAM: a command
	printf '[python3, -c, "%s"]' "${1//$'\n'/\\n}"
}
one_pod() { [ "$(k -n "$ns" get pods -o name | wc -l)" = 1 ]; }
log() { k -n "$ns" logs deployment/full -c "$1" 2>/dev/null; }
# All of it is read: who is cut off while it writes has failed.
logged() { log "$1" | grep "$2" >/dev/null; }
shows() { wait_for 20 logged look "$1"; }

looks="import os, time
def text(path): return open(path).read()
print(text('/data/fetched'), os.environ['WORD'], os.getuid(), flush=True)
print(text('/etc/hosts'), text('/etc/resolv.conf'), flush=True)
time.sleep(3600)"

k -n "$ns" create configmap words --from-literal=WORD=aardvark >/dev/null
apply <<Y
apiVersion: mcp.allbeone.io/v1
kind: MCPServer
metadata: {name: full}
spec:
  image: my-mcp-server
  port: 8080
  volumes: [{name: data, emptyDir: {}}]
  volumeMounts: [{name: data, mountPath: /data}]
  podSecurityContext: {fsGroup: 2000}
  pod:
    initContainers:
    - name: fetch
      image: my-mcp-server
      command: $(python "open('/data/fetched', 'w').write('by the first')")
      volumeMounts: [{name: data, mountPath: /data}]
    sidecars:
    - name: look
      image: my-mcp-server
      command: $(python "$looks")
      envFrom: [{configMapRef: {name: words}}]
      volumeMounts: [{name: data, mountPath: /data, readOnly: true}]
      resources: {limits: {memory: 64Mi}}
    hostAliases: [{ip: 10.1.2.3, hostnames: [db.example.com]}]
    dnsPolicy: None
    dnsConfig: {nameservers: [10.1.2.4], searches: [of.example.com], options: [{name: ndots, value: "3"}]}
Y
ready() { k -n "$ns" wait "$S1/full" --for=condition=Ready --timeout=90s; }
check "the server is ready beside them" ready ||
	k -n "$ns" get pods,events
check "what the first container made is there" shows 'by the first'
check "the Secrets and ConfigMaps that one names are its environment" shows aardvark
check "names of /etc/hosts" shows 'db\.example\.com'
check "the name server" shows 'nameserver 10\.1\.2\.4'
check "where it looks" shows 'search of\.example\.com'
check "options of the resolver" shows 'options ndots:3'
check "it is not root" shows '^ *1000$\| 1000$'
same "the server is the container that logs are read of" mcp-server \
	"$(get deployment/full '.spec.template.spec.containers[0].name')"
same "what is passed through" 64Mi \
	"$(get deployment/full '.spec.template.spec.containers[1].resources.limits.memory')"

# What a container beside the server refers to is followed like the server's.
k -n "$ns" patch configmap words --type=merge -p '{"data":{"WORD":"zebra"}}' >/dev/null
check "new contents of what one refers to bring new pods" wait_for 90 logged look zebra
check "which become ready" ready
wait_for 60 one_pod

# One that cannot start is told of.
change full '{"pod":{"initContainers":[{"name":"fetch","image":"my-mcp-server","command":["no-such-program"]}]}}'
degraded() { one full '.status.conditions[?(@.type=="Degraded")].status' | grep -q True; }
check "one that cannot start is told of" wait_for 120 degraded
one full '.status.conditions[?(@.type=="Degraded")].message' >"$OUT/message"
check "by its name" grep -q fetch "$OUT/message" || cat "$OUT/message"
same "the pods before run on" 1 "$(get deployment/full .status.readyReplicas)"
change full '{"pod":null}'
check "without them the server is ready" ready
same "alone" mcp-server "$(get deployment/full '.spec.template.spec.containers[*].name')"

# The API server keeps an account's name in two fields.
account_is() { # BOTH: '' for none
	local field
	for field in serviceAccountName serviceAccount; do
		field_is "$1" deployment/full ".spec.template.spec.$field" || return
	done
}
change full '{"replicas":0,"serviceAccountName":"other"}'
check "an account is given" wait_for 20 account_is other
change full '{"serviceAccountName":null,"podTemplatePatch":{"spec":{"serviceAccountName":"third"}}}'
check "also by a patch" wait_for 20 account_is third
change full '{"podTemplatePatch":null}'
check "and taken away" wait_for 20 account_is ""

k -n "$ns" apply -f - >"$OUT/wrong" 2>&1 <<Y
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: wrong}
spec:
  image: my-mcp-server
  replicas: 0
  pod:
    sidecars: [{name: a, image: b, volumeMounts: [{name: none, mountPath: /x}]}]
Y
check "a mount of nothing is refused" grep -q 'volumeMounts of pod.sidecars: each names a volume' "$OUT/wrong"
finish
