#!/bin/bash
# An autoscaler and disruption budgets: made, left alone, and taken away with
# the number of pods given back.
# budget: 240
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace

server() {	# name, more of the spec
	apply <<Y
apiVersion: mcp.allbeone.io/v1
kind: MCPServer
metadata: {name: $1}
spec:
  image: my-mcp-server
  port: 8080
$2
Y
}
one() { get "mcpservers.mcp.allbeone.io/$1" "$2"; }
replicas_are() { [ "$(get "deployment/$1" .spec.replicas)" = "$2" ]; }
there() { k -n "$ns" get "$1" >/dev/null 2>&1; }
gone() { ! there "$1"; }
number_is() {	# who has spec.replicas of a Deployment
	k -n "$ns" get "deployment/$1" -o json --show-managed-fields | python3 -c '
import json, sys
for f in json.load(sys.stdin)["metadata"]["managedFields"]:
    if "f:replicas" in f["fieldsV1"].get("f:spec", {}):
        print(f["manager"])'
}

server pair '  replicas: 2'
server single '  replicas: 1'
server auto '  replicas: 1
  autoscaling: {hpa: {enabled: true, minReplicas: 2, maxReplicas: 4, targetCPUUtilizationPercentage: 50}}'
server without '  replicas: 1
  autoscaling: {hpa: {enabled: false, minReplicas: 2, maxReplicas: 4}}'

check "several pods get a disruption budget" wait_for 60 there pdb/pair
check "one pod gets none" gone pdb/single
check "an autoscaler is made" wait_for 60 there hpa/auto
same "its range" "2 4" "$(get hpa/auto .spec.minReplicas) $(get hpa/auto .spec.maxReplicas)"
same "what it scales" "Deployment auto" \
	"$(get hpa/auto .spec.scaleTargetRef.kind) $(get hpa/auto .spec.scaleTargetRef.name)"
check "and none where it is not enabled" gone hpa/without
check "it raises the number to its least" wait_for 60 replicas_are auto 2
check "the server is ready" wait_for 60 field_is True mcpservers.mcp.allbeone.io/auto \
	'.status.conditions[?(@.type=="Ready")].status'
check "the number is not the operator's own" [ "$(number_is auto)" != mcp-operator/mcp.allbeone.io ]
same "both are among its resources" "HorizontalPodAutoscaler PodDisruptionBudget" \
	"$(one auto '.status.resources[*].kind' | tr ' ' '\n' | grep -E 'Autoscaler|Budget' | sort | xargs)"

# As the autoscaler would; a change of the spec leaves the number alone.
k -n "$ns" scale deployment/auto --replicas=3 >/dev/null
k -n "$ns" patch mcpservers.mcp.allbeone.io auto --type=merge \
	-p '{"spec":{"env":[{"name":"A","value":"1"}]}}' >/dev/null
check "the change arrives" wait_for 30 field_is 1 deployment/auto \
	'.spec.template.spec.containers[0].env[?(@.name=="A")].value'
check "the number stays" replicas_are auto 3

k -n "$ns" delete hpa auto --wait=false >/dev/null
check "an autoscaler that is deleted comes back" wait_for 30 there hpa/auto
k -n "$ns" patch hpa auto --type=merge -p '{"spec":{"maxReplicas":9}}' >/dev/null
check "one that is edited, too" wait_for 30 field_is 4 hpa/auto .spec.maxReplicas

k -n "$ns" patch mcpservers.mcp.allbeone.io auto --type=merge \
	-p '{"spec":{"autoscaling":{"hpa":{"enabled":false}}}}' >/dev/null
check "switched off, it goes" wait_for 30 gone hpa/auto
check "and the number is the spec's again" wait_for 30 replicas_are auto 1
check "with it the budget" wait_for 30 gone pdb/auto

# What is left over from before a restart is found.
k -n mcp-system scale deployment mcp-operator --replicas=0 >/dev/null
wait_for 60 eval '[ -z "$(k -n mcp-system get pods -o name)" ]'
k -n "$ns" patch mcpservers.mcp.allbeone.io pair --type=merge -p '{"spec":{"replicas":1}}' >/dev/null
k -n mcp-system scale deployment mcp-operator --replicas=1 >/dev/null
check "the operator is back" k -n mcp-system rollout status deployment/mcp-operator --timeout=60s
check "a budget nobody wants any more goes" wait_for 60 gone pdb/pair

k -n "$ns" patch mcpservers.mcp.allbeone.io without --type=merge -p \
	'{"spec":{"autoscaling":{"hpa":{"enabled":true,"minReplicas":5,"maxReplicas":4}}}}' >/tmp/answer.$$ 2>&1
invalid() {
	field_is False mcpservers.mcp.allbeone.io/without '.status.conditions[?(@.type=="ConfigurationValid")].status'
}
check "a least over the most is refused, or told" eval \
	"grep -q minReplicas /tmp/answer.$$ || wait_for 30 invalid"
rm -f /tmp/answer.$$
finish
