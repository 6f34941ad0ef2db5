#!/bin/bash
# The operator looks at servers before they are stored, installed as the
# overlay's head says: all faults in one answer, warnings, defaults. Nothing
# is held up while no operator answers, and a CA that is lost or replaced, or
# a restart, goes by unnoticed.
# budget: 300
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
overlay=$TOP/manifests/overlays/webhooks

operator_push "$(operator_archive mcp-operator:e2e)" mcp-operator:0.1.0
at_end 'kube delete --ignore-not-found -f "$overlay/40-webhooks.yaml" \
		-f "$overlay/10-rbac.yaml" >/dev/null
	kube -n mcp-system delete secret mcp-operator-webhook >/dev/null
	rm -f "$S/operator.sha256"'
rolled() { k -n mcp-system rollout status deployment/mcp-operator --timeout=90s; }
check "it installs" k apply -f "$TOP/manifests/" -f "$overlay"
check "the operator becomes available" rolled

bundle() { k get "$1" mcp-operator -o 'jsonpath={.webhooks[0].clientConfig.caBundle}'; }
bundled() { [ -n "$(bundle validatingwebhookconfigurations)" ] &&
	[ "$(bundle mutatingwebhookconfigurations)" = "$(bundle validatingwebhookconfigurations)" ]; }
check "both configurations have the CA" wait_for 30 bundled

# server NAME SPEC...: applied, what kubectl says in $said
server() {
	local name=$1
	shift
	said=$(printf '%s\n' 'apiVersion: mcp.allbeone.io/v1' 'kind: MCPServer' \
		"metadata: {name: $name}" 'spec:' "$@" | k -n "$ns" apply -f - 2>&1)
}
says() { grep -qF -- "$1" <<<"$said"; }
# Two faults that only the operator sees: CEL knows nothing of quantities.
faulty=('  image: x:1' '  replicas: 0' '  resources: {requests: {cpu: 2}, limits: {cpu: 1, memory: -1Gi}}')
# What was stored before the API server asked is in the way: kubectl would not
# send the same again.
refuses() {
	server faulty "${faulty[@]}"
	says 'spec.resources.limits.memory: -1Gi must not be' && return
	k -n "$ns" delete mcpservers.mcp.allbeone.io faulty --ignore-not-found >/dev/null
	return 1
}

check "a faulty server is refused" wait_for 40 refuses
check "one fault is named" says 'spec.resources.limits.memory: -1Gi must not be negative'
check "so is the other" says 'spec.resources.requests.cpu: 2 is over the limit'
same "it is not stored" "" "$(k -n "$ns" get mcpservers.mcp.allbeone.io -o name)"

server plain '  image: x' '  replicas: 0' '  transport: {type: http}' '  ports: [{port: 80}]'
check "a good server is taken" says 'plain created'
check "with a warning" says 'Warning: spec.image: names no version'
same "its defaults are written down" /mcp \
	"$(get mcpservers.mcp.allbeone.io/plain '{.spec.transport.path}')"
check "it is served" wait_for 30 field_is ScaledToZero mcpservers.mcp.allbeone.io/plain \
	'.status.conditions[?(@.type=="Ready")].reason'
server plain '  image: x' '  replicas: 0' '  transport: {type: http}' '  ports: [{port: 80}]'
same "applied again it is as it was" 1 "$(get mcpservers.mcp.allbeone.io/plain .metadata.generation)"

server idle '  image: x:1' '  replicas: 0' '  service: {externalTrafficPolicy: Local}'
check "a field without effect is taken with a warning" \
	says 'Warning: spec.service.externalTrafficPolicy: has no effect on a Service of type ClusterIP'
check "and stands in a condition" wait_for 30 field_is NoEffect mcpservers.mcp.allbeone.io/idle \
	'.status.conditions[?(@.type=="FieldsActedOn")].reason'

export ADMISSION_NS=$ns
checks admission.py

# A restart, during which servers come and go.
k -n mcp-system rollout restart deployment mcp-operator >/dev/null
held=0
for i in 1 2 3 4 5 6 7 8; do
	server "during-$i" '  image: x:1' '  replicas: 0' || held=$((held + 1))
	sleep 0.5
done
same "servers that a restart holds up" 0 "$held"
check "the operator is back" rolled
before=$(bundle validatingwebhookconfigurations)
check "it refuses again" wait_for 30 refuses
same "with the CA that it had" "$before" "$(bundle validatingwebhookconfigurations)"

# Another CA: the Secret goes, and the one who knew what was in it as well.
k -n mcp-system scale deployment mcp-operator --replicas=0 >/dev/null
wait_for 60 eval '[ -z "$(k -n mcp-system get pods -o name)" ]'
server faulty "${faulty[@]}"
check "nobody is held up while no operator answers" says 'faulty created'
k -n mcp-system delete secret mcp-operator-webhook >/dev/null
k -n mcp-system scale deployment mcp-operator --replicas=1 >/dev/null
check "the operator is back" rolled
other() { [ "$(bundle validatingwebhookconfigurations)" != "$before" ] && bundled; }
check "another CA is made and told" wait_for 30 other
stored() { server faulty "${faulty[@]}" "  minReadySeconds: $((RANDOM % 500))"; says 'spec.resources'; }
check "the stored one may not be changed to another faulty one" wait_for 30 stored
check "its condition tells" wait_for 20 field_is False mcpservers.mcp.allbeone.io/faulty \
	'.status.conditions[?(@.type=="ConfigurationValid")].status'
said=$(k -n "$ns" label mcpservers.mcp.allbeone.io faulty a=b 2>&1)
check "its metadata may" says 'faulty labeled'
check "with its faults as warnings" says 'Warning: spec.resources'
server faulty '  image: x:1' '  replicas: 0'
check "it may be mended" says 'faulty configured'
check "and deleted" k -n "$ns" delete mcpservers.mcp.allbeone.io faulty --timeout=20s
finish
