#!/bin/bash
# What servers refer to: new contents bring new pods, once, and nothing else
# does; neither that they are followed or not, nor that one is missing.
# budget: 480
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace

one=mcpservers.mcp.mcp.dev/one
NOTE='.metadata.annotations.mcp\.allbeone\.io/seen-references'
operator() { k -n mcp-system "$@"; }
operator_ready() { operator rollout status deployment mcp-operator --timeout=60s; }
args() { operator get deployment mcp-operator -o 'jsonpath={.spec.template.spec.containers[0].args}'; }

# watch_secrets add|remove
watch_secrets() {
	local at=- value='"value": "--watch-secrets", '
	[ "$1" = add ] || { at=$(args | tr ',' '\n' | grep -n watch-secrets | cut -d: -f1) value=; at=$((at - 1)); }
	operator patch deployment mcp-operator --type=json -p \
		"[{$value\"op\": \"$1\", \"path\": \"/spec/template/spec/containers/0/args/$at\"}]" &&
	operator_ready
}
operator_anew() { operator rollout restart deployment mcp-operator && operator_ready; }
grant() { k apply -f "$TOP/manifests/overlays/secrets/10-rbac.yaml"; }
withdraw() { k delete --ignore-not-found -f "$TOP/manifests/overlays/secrets/10-rbac.yaml"; }

uids() {	# of a server's pods that run
	k -n "$ns" get pods -l "app=${1:-one}" --field-selector=status.phase=Running \
		-o 'jsonpath={.items[*].metadata.uid}'
}
steady() { field_is "1 1 1" deployment/one '{.status.replicas} {.status.updatedReplicas} {.status.readyReplicas}'; }
settled() { wait_for 60 steady && wait_for 30 eval '[ "$(uids | wc -w)" = 1 ]'; }
noted() { [ "$(get deployment/one "$NOTE" | tr ',' '\n' | wc -l)" = "$1" ]; }
other_pod() { settled && [ "$(uids)" != "$pod" ]; }
# Long enough for an operator that has just started to have read all of it.
stays() { sleep 5; same "$1" "$pod" "$(uids)"; }
brings() { check "$1" wait_for 60 other_pod; pod=$(uids); }
holds() { k -n "$ns" patch "$1" --type=merge -p "{\"data\":{\"A\":\"$2\"}}" >/dev/null; }
reason() { field_is "$1" $one '.status.conditions[?(@.type=="Degraded")].reason'; }
config() { k -n "$ns" create configmap "$1" "--from-literal=A=$2" >/dev/null; }


three=mcpservers.mcp.mcp.dev/three
apply_three() {
	apply <<'Y'
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: three}
spec:
  image: my-mcp-server:latest
  envFrom: [{secretRef: {name: hidden}}]
Y
}
taken_up() { field_is "$(get $three .metadata.uid)" deployment/three '{.metadata.ownerReferences[0].uid}'; }

at_end 'withdraw >/dev/null 2>&1; args | grep -q watch-secrets && watch_secrets remove >/dev/null'
withdraw >/dev/null

# ---- one write, and one more for each change --------------------------------

config needed 1
k -n "$ns" create secret generic hidden --from-literal=B=1 >/dev/null
audit_mark
apply <<'Y'
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: one}
spec:
  image: my-mcp-server:latest
  envFrom:
  - configMapRef: {name: needed}
  - configMapRef: {name: maybe, optional: true}
  - secretRef: {name: hidden}
Y
check "a server that refers to three objects runs" settled
applies() { audit_count agent='mcp-operator/.*' verb=patch resource=deployments "namespace=$ns" name=one; }
same "its Deployment is written once" 1 "$(applies)"
pod=$(uids)
holds configmap/needed 2
brings "another content brings another pod"
same "by one write" 2 "$(applies)"

# ---- who follows what -------------------------------------------------------

apply_three
check "one that refers to a Secret alone runs" wait_for 60 field_is 1 deployment/three .status.readyReplicas
left=$(uids three)
k -n "$ns" delete $three --cascade=orphan >/dev/null
grant >/dev/null
check "the operator begins to watch Secrets" watch_secrets add
check "it notes the Secret" wait_for 20 noted 3
stays "no pod is made anew for that"
apply_three
check "a Deployment that was let go is taken up" wait_for 20 taken_up
sleep 5
same "with its pods, although a Secret is followed now" "$left" "$(uids three)"
k -n "$ns" delete $three >/dev/null
holds secret/hidden Mg==
brings "a changed Secret brings another pod"
check "the operator does not watch Secrets any more" watch_secrets remove
stays "no pod is made anew for that, either"
holds secret/hidden Mw==
stays "nor for a Secret that nobody watches"
holds configmap/needed 3
brings "ConfigMaps are followed as before"
check "the operator watches Secrets again" watch_secrets add
brings "the Secret had changed meanwhile"
withdraw >/dev/null
k -n "$ns" create secret generic other --from-literal=C=1 >/dev/null
sleep 2
apply <<'Y'
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: two}
spec:
  image: my-mcp-server:latest
  replicas: 0
  envFrom: [{secretRef: {name: other}}]
Y
check "who loses the right while it runs makes new servers all the same" \
	wait_for 20 k -n "$ns" get deployment two
check "and tells that it does not follow" wait_for 20 field_is NotGranted mcpservers.mcp.mcp.dev/two \
	'.status.conditions[?(@.type=="SecretsFollowed")].reason'
check "it may not any more, and starts anew" operator_anew
stays "no pod is made anew for want of a right"
holds configmap/needed 4
brings "ConfigMaps are followed without it"
grant >/dev/null
check "it may again" operator_anew
stays "no pod is made anew for that"

# ---- two that differ --------------------------------------------------------

rival() {
	nsenter "--net=/run/netns/$NS" "$TOP/build/release/mcp-operator" manager --kubeconfig "$S/admin.kubeconfig" \
		--metrics-bind-address=127.0.0.1:18080 --health-probe-bind-address=127.0.0.1:18081 \
		"--watch-namespaces=$ns" >"$OUT/rival.log" 2>&1 &
	at_end "kill $! 2>/dev/null"
	rival=$!
}
rival
wait_for 30 grep -q . "$OUT/rival.log"
audit_mark
sleep 15
same "of two with different flags neither makes pods anew" "$pod" "$(uids)"
at_most "writes of the Deployment" 0 "$(applies)"
holds secret/hidden NA==
brings "a Secret that one of them follows brings another pod"
holds configmap/needed 5
brings "and a ConfigMap that both follow"
sleep 20
audit_mark
sleep 10
at_most "writes of its status when both are content" 0 \
	"$(audit_count agent='mcp-operator/.*' verb=patch resource=mcpservers/status "namespace=$ns")"
kill "$rival"

# ---- what goes and comes ----------------------------------------------------

k -n "$ns" delete configmap needed >/dev/null
check "a needed ConfigMap that goes is told" wait_for 20 reason ReferenceMissing
stays "its pod runs on"
same "and is ready" True "$(get $one '.status.conditions[?(@.type=="Ready")].status')"
check "the operator starts anew" operator_anew
stays "its pod still runs"
check "it is still told" reason ReferenceMissing
config needed 5
check "back as it was, all is well" wait_for 20 reason AsExpected
stays "with the pod that ran"
k -n "$ns" delete configmap needed >/dev/null
check "it goes again" wait_for 20 reason ReferenceMissing
config needed 6
brings "back with another content it brings another pod"
config maybe 1
brings "an optional one that comes brings another pod"
k -n "$ns" delete configmap maybe >/dev/null
brings "and when it goes"
check "which is no trouble" reason AsExpected
finish
