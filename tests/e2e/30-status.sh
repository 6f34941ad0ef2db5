#!/bin/bash
# Status tells what is wrong: with the pods, with what they refer to, with the
# spec. And changed ConfigMaps bring new pods.
# budget: 420
. "$(dirname "$0")/lib.sh"
node_up
operator_up
namespace

reason() { get "mcpservers.mcp.mcp.dev/$1" '.status.conditions[?(@.type=="Degraded")].reason'; }
is() { [ "$(reason "$1")" = "$2" ]; }
message_has() { get "mcpservers.mcp.mcp.dev/$1" .status.message | grep "$2" >/dev/null; }
server() {	# name, more of the spec
	apply <<Y
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: $1}
spec:
  image: my-mcp-server:latest
$2
Y
}

server pull '  image: no-such-image:1'
server crash '  command: ["python3", "-c", "import sys; sys.exit(3)"]'
server nowhere '  nodeSelector: {disk: none}'
server nosecret '  env: [{name: X, valueFrom: {secretKeyRef: {name: absent, key: k}}}]'
server noconfig '  envFrom: [{configMapRef: {name: absent}}]'
server oom '  command: ["python3", "-c", "x = bytearray(1 << 29)"]
  resources: {limits: {memory: 32Mi}}'

server novolume '  volumes: [{name: v, secret: {secretName: missing}}]
  volumeMounts: [{name: v, mountPath: /v}]'

check "a failed pull" wait_for 60 is pull ImagePullBackOff
check "it names the image" message_has pull no-such-image
check "no node fits" wait_for 30 is nowhere Unschedulable
check "a missing Secret" wait_for 60 is nosecret CreateContainerConfigError
check "it is named" message_has nosecret absent
check "a missing ConfigMap" wait_for 60 sh -c \
	"$K -n $ns get mcpservers.mcp.mcp.dev/noconfig -o jsonpath='{.status.message}' | grep absent >/dev/null"
check "a crash loop" wait_for 90 is crash CrashLoopBackOff
check "with its exit code" message_has crash 'exit code 3'
check "out of memory" wait_for 90 is oom OOMKilled
check "a volume's missing Secret, from the kubelet's Events" wait_for 90 is novolume FailedMount
check "it is named" message_has novolume missing
same "phase of what cannot run" Failed "$(get mcpservers.mcp.mcp.dev/crash .status.phase)"

# It gets well by itself when the cause is gone.
k -n "$ns" create configmap absent --from-literal=A=1 >/dev/null
check "the ConfigMap appears: the server runs" wait_for 90 \
	field_is Running mcpservers.mcp.mcp.dev/noconfig .status.phase
pod() { k -n "$ns" get pods -l app="$1" -o 'jsonpath={.items[0].metadata.name}'; }
new_pod() { [ -n "$(pod "$1")" ] && [ "$(pod "$1")" != "$2" ]; }
was=$(pod noconfig)
generation=$(get deployment/noconfig .metadata.generation)
k -n "$ns" label configmap absent note=1 >/dev/null
sleep 4
same "a label of a ConfigMap brings none" "$generation" "$(get deployment/noconfig .metadata.generation)"
k -n "$ns" patch configmap absent --type=merge -p '{"data":{"A":"2"}}' >/dev/null
check "a changed ConfigMap brings new pods" wait_for 60 new_pod noconfig "$was"


# A rollout that waits, and then does not.
change() { k -n "$ns" patch mcpservers.mcp.mcp.dev "$1" --type=merge -p "{\"spec\":$2}" >/dev/null; }
progress() { get "mcpservers.mcp.mcp.dev/$1" '.status.conditions[?(@.type=="Progressing")].reason'; }
progress_is() { [ "$(progress "$1")" = "$2" ]; }
check "the new pods run" wait_for 60 progress_is noconfig DeploymentComplete
was=$(pod noconfig)
change noconfig '{"paused": true, "env": [{"name": "B", "value": "1"}]}'
check "a paused rollout is told" wait_for 30 progress_is noconfig Paused
sleep 3
same "the pod stays meanwhile" "$was" "$(pod noconfig)"
change noconfig '{"paused": null}'
check "it goes on when it is not paused any more" wait_for 60 new_pod noconfig "$was"

k -n "$ns" create secret generic missing --from-literal=A=1 >/dev/null
check "the Secret appears: the server runs" wait_for 150 \
	field_is Running mcpservers.mcp.mcp.dev/novolume .status.phase

# A quota.
k create namespace "$ns-quota" >/dev/null
k -n "$ns-quota" create quota q --hard=pods=0 >/dev/null
k -n "$ns-quota" apply -f - >/dev/null <<'Y'
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: full}
spec: {image: "my-mcp-server:latest"}
Y
check "a used-up quota" wait_for 40 sh -c \
	"$K -n $ns-quota get mcpservers.mcp.mcp.dev/full -o jsonpath='{.status.reason}' | grep QuotaExceeded >/dev/null"
k delete namespace "$ns-quota" --wait=false >/dev/null

# A spec that a schema cannot refuse but is wrong: the last good state stays.
server valid ''
check "a good server" wait_for 60 field_is Running mcpservers.mcp.mcp.dev/valid .status.phase
was=$(pod valid)
k -n "$ns" patch mcpservers.mcp.mcp.dev/valid --type=merge \
	-p '{"spec":{"resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1"}}}}' >/dev/null
check "a wrong spec is told" wait_for 20 field_is False mcpservers.mcp.mcp.dev/valid \
	'.status.conditions[?(@.type=="ConfigurationValid")].status'
check "with path and rule" message_has valid 'spec.resources'
same "its pod runs on" "$was" "$(pod valid)"
k -n "$ns" patch mcpservers.mcp.mcp.dev/valid --type=json \
	-p '[{"op":"remove","path":"/spec/resources"}]' >/dev/null
check "mended, it is well again" wait_for 20 field_is True mcpservers.mcp.mcp.dev/valid \
	'.status.conditions[?(@.type=="ConfigurationValid")].status'

# What a schema can refuse is refused at once.
refused() { ! k -n "$ns" apply -f - >/dev/null 2>&1; }
check "a port out of range" refused <<'Y'
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: bad1}
spec: {image: x, port: 70000}
Y
check "a missing image" refused <<'Y'
apiVersion: mcp.example.com/v1alpha1
kind: MCPServer
metadata: {name: bad2}
spec: {replicas: 1}
Y
check "a null spec" refused <<'Y'
apiVersion: mcp.mcp.dev/v1alpha1
kind: MCPServer
metadata: {name: bad3}
spec:
Y
check "a privileged port in the group that forbids it" refused <<'Y'
apiVersion: mcp.n-takatsu.dev/v1alpha1
kind: MCPServer
metadata: {name: bad4}
spec: {port: 80}
Y
finish
