#!/bin/bash
# With --webhook-dry-run kubectl apply says what only the API server knows of a
# server's children; without it such a server is stored. What says nothing of
# the server lets it pass, with a warning.
# budget: 240
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
overlay=$TOP/manifests/overlays/webhooks
kind=mcpservers.mcp.allbeone.io

operator_push "$(operator_archive mcp-operator:e2e)" mcp-operator:0.1.0
at_end 'kube delete --ignore-not-found -f "$overlay/40-webhooks.yaml" \
		-f "$overlay/10-rbac.yaml" >/dev/null
	kube -n mcp-system delete secret mcp-operator-webhook >/dev/null
	rm -f "$S/operator.sha256"'
rolled() { k -n mcp-system rollout status deployment/mcp-operator --timeout=90s; }
bundled() { [ -n "$(k get validatingwebhookconfigurations mcp-operator \
	-o 'jsonpath={.webhooks[0].clientConfig.caBundle}')" ]; }
check "it installs" k apply -f "$TOP/manifests/" -f "$overlay"
check "the operator becomes available" rolled
check "the configurations have the CA" wait_for 30 bundled

# server NAME SPEC...: applied, what kubectl says in $said
server() {
	local name=$1
	shift
	said=$(printf '%s\n' 'apiVersion: mcp.allbeone.io/v1' 'kind: MCPServer' \
		"metadata: {name: $name}" 'spec:' '  image: x:1' '  replicas: 0' \
		"$@" | k -n "$ns" apply $how -f - 2>&1)
}
says() { grep -qF -- "$1" <<<"$said" || { echo "$said"; return 1; }; }
how=

# faulty NAME FIELD WORDS SPEC...: stored as long as nothing is tried; else it
# is refused with the field and the API server's words.
mode=off
faulty() {
	local name=$1 field=$2 words=$3
	shift 3
	if [ $mode = off ]; then
		check "off: $name is stored" server "off-$name" "$@"
		return
	fi
	server "on-$name" "$@"
	check "on: $name is refused" says "is invalid: $field: is refused by the API server"
	check "on: in the API server's words" says "$words"
	same "on: it is not stored" "" "$(k -n "$ns" get "$kind" "on-$name" --ignore-not-found -o name)"
}
faults() {
	local a='  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:'
	faulty affinity spec.affinity 'nodeSelectorTerms[0].matchExpressions[0].operator' \
		"$a {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Junk}]}]}}}"
	faulty unknown spec.affinity 'field not declared in schema' \
		'  affinity: {nodeAffinty: {}}'
	faulty confined spec.securityContext 'appArmorProfile.localhostProfile: Required value' \
		'  securityContext: {appArmorProfile: {type: Localhost}}'
	faulty class spec.service.loadBalancerClass 'Invalid value: "a b"' \
		'  service: {type: LoadBalancer, loadBalancerClass: a b}'
	faulty spread spec.topologySpreadConstraints 'maxSkew: Invalid value: 0' \
		'  topologySpreadConstraints: [{maxSkew: 0, topologyKey: a, whenUnsatisfiable: DoNotSchedule}]'
	faulty patched spec.podTemplatePatch 'initContainers[0].image: Required value' \
		'  podTemplatePatch: {spec: {initContainers: [{name: a}]}}'
}

faults
k -n "$ns" delete "$kind" --all --timeout=30s >/dev/null

k -n mcp-system patch deployment mcp-operator --type=json -p \
	'[{"op":"add","path":"/spec/template/spec/containers/0/args/-","value":"--webhook-dry-run"}]' >/dev/null
check "the operator is back with --webhook-dry-run" rolled
refuses() {
	server "first-$RANDOM" '  service: {type: LoadBalancer, loadBalancerClass: a b}'
	says 'is refused by the API server'
}
check "it tries the children" wait_for 40 refuses
mode=on
faults
server both '  affinity: {nodeAffinty: {}}' \
	'  service: {type: LoadBalancer, loadBalancerClass: a b}'
check "faults of two children are told at once" eval \
	'says "spec.affinity" && says "spec.service.loadBalancerClass"'

# A good one leaves nothing behind but itself.
children() { k -n "$ns" get deployments,services,configmaps -o name | grep -c "/$1\b"; }
how=--dry-run=server
server good '  ports: [{port: 80}]'
check "a good one as a dry run is taken" says 'good created (server dry run)'
check "without a warning of it" eval '! says Warning'
sleep 2
same "and nothing is made" 0 "$(children good)"
how=
server good '  ports: [{port: 80}]'
check "a good one is taken" says 'good created'
check "without a warning" eval '! says Warning'
check "it is served" wait_for 30 field_is ScaledToZero "$kind/good" \
	'.status.conditions[?(@.type=="Ready")].reason'
version=$(get deployment/good .metadata.resourceVersion)
server good '  ports: [{port: 80}]' '  affinity: {nodeAffinty: {}}'
check "nor is it changed to a faulty one" says 'spec.affinity: is refused'
same "its Deployment is as it was" "$version" "$(get deployment/good .metadata.resourceVersion)"

# What others put there, and what cannot be changed, is no fault of a server's.
k -n "$ns" patch service good --type=json -p \
	'[{"op":"add","path":"/spec/ports/-","value":{"name":"more","port":81}}]' >/dev/null
server good '  ports: [{port: 80, name: one}, {port: 81, name: two}]'
check "what is in the way of it is no fault" says 'good configured'
said=$(printf '%s\n' 'apiVersion: mcp.allbeone.io/v1' 'kind: MCPServer' \
	'metadata: {generateName: nameless-}' 'spec: {image: "x:1", replicas: 0}' |
	k -n "$ns" create -f - 2>&1)
check "one that is given a name is tried by that" eval 'says created && ! says Warning'
k -n "$ns" create deployment strange --image=x:1 --replicas=0 >/dev/null
server strange '  ports: [{port: 80}]'
check "nor is a name that is taken" says 'strange created'
check "which is told" says 'Warning: Deployment strange: does not go together with what is there'

# Neither rights nor kinds that there are not.
server lacks '  autoscaling: {vpa: {enabled: true}}'
check "a kind that there is not lets it pass" says 'lacks created'
check "with a warning" says 'Warning: VerticalPodAutoscaler lacks: could not be tried'
server roles '  tenancy: {tenantId: acme, members: [{kind: User, name: ann}]}'
check "so does one that may not be made" eval 'says "roles created" &&
	says "Warning: Role roles-tenant: could not be tried"'

# Nothing of the operator's own asks: status, finalizers, labels.
sleep 5
audit_mark
k -n "$ns" label "$kind" good a=b >/dev/null
k -n "$ns" patch "$kind" good --subresource=status --type=merge -p '{"status":{"reason":"x"}}' >/dev/null
sleep 5
same "what leaves the spec as it is tries nothing" 0 "$(tail -c +$((mark + 1)) "$S/audit.log" |
	grep dryRun=All | grep -c '"userAgent":"mcp-operator')"
finish
