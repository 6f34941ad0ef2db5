#!/bin/bash
# A service in the cluster has a say in what servers become: it patches and
# refuses, is waited for no longer than it may be, knows by the signature who
# asks, and is told what was done. A restart asks nobody.
# budget: 300
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace
overlays=$TOP/manifests/overlays
S1=mcpservers.mcp.allbeone.io

# ---- the service -------------------------------------------------------------

pki=$OUT/pki
mkdir -p "$pki"
(
	cd "$pki" || exit
	openssl ecparam -genkey -name prime256v1 -noout -out ca.key
	openssl req -x509 -new -key ca.key -days 30 -subj /CN=hooks-ca -out ca.crt
	openssl ecparam -genkey -name prime256v1 -noout -out tls.key
	openssl req -new -key tls.key -subj /CN=hooks -out tls.csr
	openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out tls.crt \
		-extfile <(echo "subjectAltName=DNS:hooks.$ns.svc")
	openssl rand -hex 32 >key
) >/dev/null 2>&1
k -n "$ns" create secret generic files --from-file="$pki/tls.crt" --from-file="$pki/tls.key" \
	--from-file="$pki/key" >/dev/null
k -n "$ns" create configmap program --from-file="$E2E/hooks.py" >/dev/null
apply <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: hooks, labels: {run: hooks}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: hooks
    image: my-mcp-server
    command: [python3, /program/hooks.py]
    readinessProbe: {tcpSocket: {port: 8443}, periodSeconds: 1}
    volumeMounts:
    - {name: files, mountPath: /files}
    - {name: program, mountPath: /program}
  volumes:
  - {name: files, secret: {secretName: files}}
  - {name: program, configMap: {name: program}}
---
apiVersion: v1
kind: Service
metadata: {name: hooks}
spec:
  selector: {run: hooks}
  ports: [{port: 443, targetPort: 8443}]
Y
check "the service runs" k -n "$ns" wait --for=condition=Ready pod/hooks --timeout=60s
at="https://$(get service/hooks .spec.clusterIP)/calls"
calls() { "$NODE_DIR/node.sh" x curl -sk "$at"; }
called() { calls | grep -c -- "$1"; }

# ---- the operator ------------------------------------------------------------

operator_push "$(operator_archive mcp-operator:e2e)" mcp-operator:0.1.0
at_end 'kube delete --ignore-not-found -f "$overlays/webhooks/40-webhooks.yaml" \
		-f "$overlays/webhooks/10-rbac.yaml" -f "$overlays/extensions/05-extensions.yaml" >/dev/null
	kube -n mcp-system delete --ignore-not-found secret mcp-operator-extensions mcp-operator-webhook >/dev/null
	rm -f "$S/operator.sha256"'
rolled() { k -n mcp-system rollout status deployment/mcp-operator --timeout=90s; }
k -n mcp-system delete --ignore-not-found secret mcp-operator-extensions >/dev/null
k -n mcp-system create secret generic mcp-operator-extensions --from-file="$pki/ca.crt" \
	--from-file="$pki/key" >/dev/null

row() {	# name, type, path, more
	printf '%s\n' "    - name: $1" "      type: $2" \
		"      service: {name: hooks, namespace: $ns, path: $3}" \
		"      caFile: /etc/mcp-operator/files/ca.crt" \
		"      keyFile: /etc/mcp-operator/files/key" "      namespaces: [$ns]" "      timeoutSeconds: 2"
	[ $# -lt 4 ] || printf '      %s\n' "${@:4}"
}
nobody() { row "$1" PreReconcile /pre "labelSelector: {matchLabels: {hook: $1}}" "failurePolicy: $2" |
	sed 's/name: hooks,/name: nobody,/'; }
configure() {
	{
		sed '/^data:/,$d' "$overlays/extensions/05-extensions.yaml"
		printf '%s\n' 'data:' '  extensions.yaml: |' '    extensions:'
		cat
	} | k apply -f - >/dev/null
}
{
	row patcher PreReconcile /pre
	nobody ignored Ignore
	nobody missed Fail
	row rules Validator /validate
	row log PostReconcile /post
	row pager Integration /phase
} | configure
check "it installs" k apply -f "$TOP/manifests/" -f "$overlays/extensions/20-operator.yaml"
check "the operator becomes available" rolled

# server NAME HOOK: what kubectl says in $said
server() {
	said=$(k -n "$ns" apply -f - 2>&1 <<Y
apiVersion: mcp.allbeone.io/v1
kind: MCPServer
metadata: {name: $1, labels: {hook: "$2"}}
spec: {image: my-mcp-server, port: 8080, replicas: 0}
Y
	)
}
condition() { get "$S1/$1" ".status.conditions[?(@.type==\"$2\")]$3"; }
is() { [ "$(condition "$1" "$2" "$3")" = "$4" ]; }
there() { k -n "$ns" get "$1" >/dev/null 2>&1; }
says() { grep -qF -- "$1" <<<"$said"; }

# ---- hooks -------------------------------------------------------------------

server plain ""
check "a server is served" wait_for 30 is plain Ready .reason ScaledToZero
same "its Deployment is patched" yes "$(get deployment/plain .metadata.annotations.hooked)"
same "and its pods" patched "$(get deployment/plain .spec.template.spec.hostname)"
check "the hook is asked once" [ "$(called '^/pre plain Create signed')" = 1 ]
check "what was done is told" wait_for 10 eval '[ "$(called "^/post plain Reconciled signed")" -ge 1 ]'
check "so is the phase" wait_for 10 eval '[ "$(called "^/phase plain PhaseChanged signed")" -ge 1 ]'
same "nothing is said of hooks" "" "$(condition plain HooksPassed .status)"

server denied pre-deny
check "one that is refused is told so" wait_for 30 is denied HooksPassed .reason HookRefused
same "in its words" 'PreReconcile "patcher": denied is not wanted here' \
	"$(condition denied HooksPassed .message)"
same "it is degraded" HookRefused "$(condition denied Degraded .reason)"
same "its spec is valid" True "$(condition denied ConfigurationValid .status)"
check "an Event tells" wait_for 10 eval \
	'k -n "$ns" get events --field-selector=involvedObject.name=denied | grep HookRefused >/dev/null'
check "nothing is made of it" eval '! there deployment/denied && ! there service/denied'
k -n "$ns" label "$S1" denied hook=ok --overwrite >/dev/null
check "let by, it is served" wait_for 30 is denied Ready .reason ScaledToZero
same "and the condition is gone" "" "$(condition denied HooksPassed .status)"

k -n "$ns" label "$S1" plain hook=pre-deny --overwrite >/dev/null
k -n "$ns" patch "$S1" plain --type=merge -p '{"spec":{"image":"other"}}' >/dev/null
check "a change may be refused" wait_for 30 is plain HooksPassed .status False
same "what runs is as it was" my-mcp-server "$(get deployment/plain '.spec.template.spec.containers[0].image')"

server slow pre-slow
check "one that takes too long is given up" wait_for 30 is slow HooksPassed .reason HookFailed
same "why" 'PreReconcile "patcher": no answer in time' "$(condition slow HooksPassed .message)"
server rename pre-rename
check "what is not for a hook is not done" wait_for 30 is rename HooksPassed .reason HookFailed
check "why" grep -q 'metadata.name is not for a hook to change' <<<"$(condition rename HooksPassed .message)"
server missed missed
check "one that is not there holds all" wait_for 30 is missed HooksPassed .reason HookFailed
same "why" 'PreReconcile "missed": its Service does not exist' "$(condition missed HooksPassed .message)"
check "nothing is made of them" eval '! there service/slow && ! there service/rename && ! there service/missed'
server ignored ignored
check "unless it may be missed" wait_for 30 is ignored Ready .reason ScaledToZero
check "an Event tells" wait_for 10 eval \
	'k -n "$ns" get events --field-selector=involvedObject.name=ignored | grep HookIgnored >/dev/null'
same "the other one is asked all the same" yes "$(get deployment/ignored .metadata.annotations.hooked)"

# ---- validators --------------------------------------------------------------

server faulty validate-deny
check "a validator makes it invalid" wait_for 30 is faulty ConfigurationValid .status False
same "in its words" 'Validator "rules": faulty is not wanted here' \
	"$(condition faulty ConfigurationValid .message)"
check "nothing is made of it" eval '! there deployment/faulty'
k -n "$ns" delete "$S1" faulty slow rename missed denied >/dev/null
server plain ""
check "what was refused before is let by" wait_for 30 is plain Degraded .status False

# ---- a restart ---------------------------------------------------------------

sleep 3
before=$(calls | wc -l)
audit_mark
k -n mcp-system rollout restart deployment mcp-operator >/dev/null
check "the operator restarts" rolled
sleep 8
same "it asks and tells nobody" "$before" "$(calls | wc -l)"
same "it writes nothing" 0 "$(audit_count agent='mcp-operator/.*' "verb=$WRITES" "namespace=$ns" 'resource=!events')"

# ---- with webhooks -----------------------------------------------------------

check "webhooks are added" k apply -f "$overlays/webhooks/10-rbac.yaml" -f "$overlays/webhooks/40-webhooks.yaml"
sed -e 's|^        - --leader-elect=false|&\n        - --enable-webhooks|' \
	-e 's|^        - name: health|        - name: webhook\n          containerPort: 9443\n&|' \
	"$overlays/extensions/20-operator.yaml" >"$OUT/20-operator.yaml"
check "and their flag" k apply -f "$OUT/20-operator.yaml"
check "the operator is back" rolled
refused() {
	server asked validate-deny
	says 'Validator "rules": asked is not wanted here' && return
	echo "$said"
	k -n "$ns" delete "$S1" asked --ignore-not-found >/dev/null
	return 1
}
check "kubectl is told what a validator says" wait_for 40 refused
check "it is not stored" eval '! there $S1/asked'
server late validate-slow
check "one that does not answer refuses" says 'Validator "rules" could not be asked: no answer in time'
check "it is not stored" eval '! there $S1/late'
server good ""
check "a good one is stored" says 'good created'
check "and served" wait_for 30 is good Ready .reason ScaledToZero
same "calls with a wrong signature" 0 "$(called FORGED)"
finish
