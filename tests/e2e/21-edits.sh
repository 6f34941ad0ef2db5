#!/bin/bash
# Edits of children that server-side apply cannot be merged with any more: each
# is taken out again, and told, while what goes together with ours stays.
# budget: 240
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace

M=mcpservers.mcp.mcp.dev/one
server() {
	apply <<Y
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: one}
spec:
  image: mcp-server-sample:latest
  replicas: 1
  config: {a: b}
  env: [{name: A, value: "1"}]
  ${STRATEGY:+strategy: {type: $STRATEGY\}}
  ${TERMS:+affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [$TERMS]\}\}\}}
Y
}
part() { get "$1" "${2:-.spec}"; }
is_again() { [ "$(part "$1" "$2")" = "$3" ]; }
patch() { k -n "$ns" patch "$1" --type=json -p "$2" >/dev/null; }

# edited WHAT OBJECT PATCH [PATH]: made, and undone to what it was
edited() {
	local was
	was=$(part "$2" "${4:-.spec}")
	patch "$2" "$3" || fail "the edit is possible: $1"
	check "$1" wait_for 20 is_again "$2" "${4:-.spec}" "$was"
}
add() { printf '[{"op":"add","path":"%s","value":%s}]' "$1" "$2"; }

server
made() { get "$1" .metadata.uid | grep -q .; }
for o in deployment/one service/one configmap/one-config; do
	check "$o is made" wait_for 20 made "$o"
done
check "it is ready" wait_for 60 field_is True $M \
	'.status.conditions[?(@.type=="Ready")].status'
pod=$(k -n "$ns" get pods -o 'jsonpath={.items[*].metadata.uid}')

# What shows in no pod restarts none.
k -n "$ns" annotate service/one deployment/one note=mine >/dev/null
edited "a Service's port that got another number" service/one \
	"$(add /spec/ports/0/port 9090)"
edited "source ranges of a load balancer" service/one \
	'[{"op":"replace","path":"/spec/type","value":"LoadBalancer"},
	{"op":"add","path":"/spec/loadBalancerSourceRanges","value":["10.0.0.0/8"]}]'
same "a stranger's annotation stays" mine "$(get service/one .metadata.annotations.note)"
edited "a value that became binary data" configmap/one-config \
	'[{"op":"remove","path":"/data"},{"op":"add","path":"/binaryData","value":{"config.json":"eA=="}}]' \
	'{.data}{.binaryData}'
edited "a ConfigMap that was spoilt and made immutable" configmap/one-config \
	'[{"op":"add","path":"/data/config.json","value":"x"},{"op":"add","path":"/immutable","value":true}]' \
	'{.data}{.immutable}'
same "none of that restarts a pod" "$pod" \
	"$(k -n "$ns" get pods -o 'jsonpath={.items[*].metadata.uid}')"

STRATEGY=Recreate server
recreates() { [ "$(get deployment/one .spec.strategy.type)" = Recreate ]; }
check "the strategy is Recreate" wait_for 10 recreates
edited "another strategy, which has its own settings" deployment/one \
	"$(add /spec/strategy '{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}')"
same "nor does that" "$pod" \
	"$(k -n "$ns" get pods -o 'jsonpath={.items[*].metadata.uid}')"

# In the template; what rolled out with the edit rolls back to what there was.
set_name=$(k -n "$ns" get replicasets -o 'jsonpath={.items[*].metadata.name}')
C=/spec/template/spec/containers/0
env=$(get deployment/one '{range .spec.template.spec.containers[0].env[*]}{.name}{"\n"}{end}' |
	grep -nx A | cut -d: -f1)
tmp=$(get deployment/one '{.spec.template.spec.volumes[0].name}')
edited "a probe of another kind" deployment/one \
	"$(add $C/livenessProbe '{"exec":{"command":["true"]}}')"
edited "a probe of another kind beside ours" deployment/one \
	"$(add $C/readinessProbe '{"tcpSocket":{"port":8080}}')"
edited "a value that became a reference" deployment/one \
	"$(add $C/env/$((env - 1)) '{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}' |
	sed 's/"add"/"replace"/')"
edited "a volume from elsewhere" deployment/one \
	"$(add /spec/template/spec/volumes/0 \
	"{\"name\":\"$tmp\",\"hostPath\":{\"path\":\"/x\"}}" | sed 's/"add"/"replace"/')"
edited "a container's port that got another number" deployment/one \
	"$(add $C/ports/0/containerPort 9090)"
same "a stranger's annotation stays there, too" mine \
	"$(get deployment/one .metadata.annotations.note)"
runs() {
	[ "$(k -n "$ns" get replicasets -o \
		'jsonpath={.items[?(@.spec.replicas>0)].metadata.name}')" = "$1" ]
}
check "the pods are of the same template as before" wait_for 60 runs "$set_name"
check "it is ready again" wait_for 60 field_is True $M \
	'.status.conditions[?(@.type=="Ready")].status'

repaired() {
	[ "$(k -n "$ns" get events --field-selector reason=Repaired -o name | wc -l)" -ge 8 ]
}
check "each is told, with who did it" wait_for 10 repaired
same "and how it was refused" 1 "$(k -n "$ns" get events \
	--field-selector reason=Repaired -o 'jsonpath={.items[*].message}' |
	grep -c 'kubectl-patch had added.*may not specify more than 1 handler type')"

# A mistake in the server itself is told, and takes nothing from others.
patch deployment/one "$(add /spec/template/spec/containers/- \
	'{"name":"side","image":"registry.k8s.io/pause:lab"}')"
TERMS='{matchExpressions: [{key: a, operator: In}]}' server
check "what ours has wrong is told" wait_for 20 field_is ApplyFailed $M \
	'.status.conditions[?(@.type=="Degraded")].reason'
check "in the API server's words" wait_for 5 sh -c "$K -n $ns get $M -o yaml |
	grep -q nodeSelectorTerms.*values"
same "and another's container stays" side \
	"$(get deployment/one '.spec.template.spec.containers[?(@.name=="side")].name')"
k -n "$ns" patch $M --type=merge -p '{"spec":{"affinity":null}}' >/dev/null
check "until it is mended, and after" wait_for 30 field_is AsExpected $M \
	'.status.conditions[?(@.type=="Degraded")].reason'
same "it is still there" side \
	"$(get deployment/one '.spec.template.spec.containers[?(@.name=="side")].name')"
finish
